"""Members of ZIP and tar archives, opened in place: nothing is ever unpacked to a path.

A tar that is packed can't be read from its middle: it is unpacked once into a file without a name.
"""

import io
import re
import tarfile
import zipfile
from collections import Counter
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import IO, Any, cast

from ingest.containers.kinds import HEAD, NotOpened, is_tar, is_zip, packing
from ingest.containers.streams import BROKEN, ByPlace, Unpacked, copied, refuse_bombs

_MOST_MEMBERS = 100_000
_JUNK = {"__MACOSX", "Thumbs.db", "desktop.ini"}
_SHEETS = "xl/workbook.xml"
_METHODS = {0, 8, 12, 14}
_ENCRYPTED = 0x1


def kind(path: Path) -> str:
    """zip, tar, workbook; "" = a file of its own, packed or not. `path`: an existing file."""
    stat = path.stat()
    return _kind(path, stat.st_mtime_ns, stat.st_size)


@lru_cache(maxsize=10_000)
def _kind(path: Path, _changed_ns: int, _size: int) -> str:
    with path.open("rb") as file:
        head = file.read(HEAD)
    if is_zip(head):
        return "workbook" if _is_workbook(path) else "zip"
    if packing(head) in ("gzip", "bzip2", "xz"):
        start = _first_unpacked(path)
        # what has no sound byte is opened as an archive, which says so
        return "tar" if start is None or is_tar(start) else ""
    return "tar" if is_tar(head) else ""


def _is_workbook(path: Path) -> bool:
    try:
        with zipfile.ZipFile(path) as archive:
            return _SHEETS in archive.namelist()
    except (zipfile.BadZipFile, OSError, NotImplementedError, UnicodeError):
        return False


def _first_unpacked(path: Path) -> bytes | None:
    """The first unpacked bytes; None where it is damaged before."""
    with path.open("rb") as file:
        try:
            # not through `pieces`, which refuses archives
            return _tar_stream(file, 1.0).read(HEAD)
        except (OSError, EOFError, *BROKEN):
            return None


def members(path: Path, gigabytes: float) -> list[str]:
    """Names of the files in an archive, ascending, without those that systems add of their own.

    `path`: a ZIP or tar archive. `gigabytes`: how many a packed tar may have when unpacked.
    NotOpened where it can't be read, or where one of its names climbs out of it or stands twice.
    """
    return sorted(name for name in _index(path, gigabytes) if not _is_junk(name))


def holds(path: Path, name: str, gigabytes: float) -> bool:
    """Whether an archive has a member. `path`, `name`, `gigabytes`: as of `opened`."""
    return name in _index(path, gigabytes)


def opened(path: Path, name: str, gigabytes: float) -> IO[bytes]:
    """The bytes of one member as they stand in the archive.

    `path`: the archive. `name`: of the member, as `members` gives it. `gigabytes`: how many it may
    have. NotOpened where there is no such member, or it can't be opened.
    """
    index = _index(path, gigabytes)
    if name not in index:
        raise NotOpened(f"no member '{name}'; it holds {shown([*index])}")
    if kind(path) == "zip":
        return _of_zip(_zip(path), index[name], gigabytes)
    info = index[name]
    if not info.isreg() or info.issparse():
        raise NotOpened("no plain file, but a link or a device: pack the file itself")
    part = ByPlace(_tar(path, gigabytes), first=info.offset_data, size=info.size)
    return cast(IO[bytes], io.BufferedReader(part))


def shown(names: list[str]) -> str:
    """Some names, for a message. `names`: of members or sheets."""
    return ", ".join(names[:8]) + (f", ... ({len(names)})" if names[8:] else "") or "nothing"


def _is_junk(name: str) -> bool:
    parts = name.split("/")
    return any(part in _JUNK or part.startswith(".") for part in parts)


def _index(path: Path, gigabytes: float) -> Mapping[str, Any]:
    stat = path.stat()
    return _index_of(path, stat.st_mtime_ns, stat.st_size, gigabytes)


@lru_cache(maxsize=8)
def _index_of(path: Path, _changed_ns: int, _size: int, gigabytes: float) -> Mapping[str, Any]:
    """Name of each file in an archive -> what its library says of it."""
    is_zip_file = kind(path) == "zip"
    infos = _in_zip(_zip(path)) if is_zip_file else _in_tar(_tar(path, gigabytes))
    if len(infos) > _MOST_MEMBERS:
        raise NotOpened(f"it holds more than {_MOST_MEMBERS:,} files: split it")
    names = [_safe(name) for name, _ in infos]
    twice = [name for name, n in Counter(names).items() if n > 1]
    if twice:
        raise NotOpened(f"the archive holds {shown(twice)} twice: pack it anew")
    return dict(zip(names, (info for _, info in infos), strict=True))


def _safe(name: str) -> str:
    """A member's name as a path below the archive; NotOpened where it leads out of it."""
    plain = name.replace("\\", "/").removeprefix("./")
    if not plain.isprintable():
        raise NotOpened("a name in the archive has marks that can't be shown: pack it anew")
    if plain.startswith("/") or ".." in plain.split("/") or re.match("[A-Za-z]:", plain):
        raise NotOpened(f"the name '{plain}' leads out of the archive: pack it anew")
    return "/".join(part for part in plain.split("/") if part not in ("", "."))


# ----------------------------------------------------------------------------------------- zip


def _zip(path: Path) -> zipfile.ZipFile:
    stat = path.stat()
    return _zip_of(path, stat.st_mtime_ns, stat.st_size)


@lru_cache(maxsize=4)
def _zip_of(path: Path, _changed_ns: int, _size: int) -> zipfile.ZipFile:
    try:
        with path.open("rb") as file:
            return zipfile.ZipFile(cast(IO[bytes], ByPlace(file)))
    except (zipfile.BadZipFile, OSError, NotImplementedError, UnicodeError) as error:
        fault = str(error)
    raise NotOpened(f"a ZIP archive that is cut off or damaged ({fault}): send it again")


def _in_zip(archive: zipfile.ZipFile) -> list[tuple[str, Any]]:
    return [(info.filename, info) for info in archive.infolist() if not info.is_dir()]


def _of_zip(archive: zipfile.ZipFile, info: zipfile.ZipInfo, gigabytes: float) -> IO[bytes]:
    # no more than the size it states is ever unpacked
    refuse_bombs(info.file_size, info.compress_size, gigabytes)
    if info.flag_bits & _ENCRYPTED:
        raise NotOpened("it has a password: unpack it, or pack it without one")
    if info.compress_type not in _METHODS:
        raise NotOpened(f"it is packed by method {info.compress_type}: pack it anew as plain ZIP")
    try:
        return cast(IO[bytes], io.BufferedReader(_Checked(archive.open(info))))
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
        fault = str(error)
    raise NotOpened(f"damaged in its archive ({fault}): send it again")


class _Checked(io.RawIOBase):
    """A member of a ZIP; damaged, it raises NotOpened."""

    def __init__(self, file: IO[bytes]) -> None:
        super().__init__()
        self._file = file

    def readable(self) -> bool:
        return True

    def tell(self) -> int:
        # what was unpacked so far: its packed size is known before
        return self._file.tell()

    def readinto(self, buffer: Any) -> int:
        into = memoryview(buffer)
        try:
            data = self._file.read(len(into))
        except (zipfile.BadZipFile, EOFError, *BROKEN) as error:
            fault = str(error) or "it ends too early"
        else:
            into[: len(data)] = data
            return len(data)
        raise NotOpened(f"damaged in its archive ({fault}): send it again")


# ----------------------------------------------------------------------------------------- tar


def _tar(path: Path, gigabytes: float) -> ByPlace:
    """The tar without its packing: the file itself, or one without a name."""
    stat = path.stat()
    return _tar_of(path, stat.st_mtime_ns, stat.st_size, gigabytes)


@lru_cache(maxsize=2)
def _tar_of(path: Path, _changed_ns: int, _size: int, gigabytes: float) -> ByPlace:
    with path.open("rb") as file:
        if not packing(file.read(HEAD)):
            return ByPlace(file)
        file.seek(0)
        return copied(_tar_stream(file, gigabytes))


def _tar_stream(file: IO[bytes], gigabytes: float) -> Unpacked:
    return Unpacked(file, gigabytes, archive=True)


def _in_tar(file: ByPlace) -> list[tuple[str, Any]]:
    try:
        file.seek(0)
        tar = tarfile.TarFile(fileobj=cast(IO[bytes], file))
        infos = [info for info, _ in zip(tar, range(_MOST_MEMBERS + 2), strict=False)]
        file.seek(tar.offset)
        end = file.read(tarfile.BLOCKSIZE)
    except (tarfile.TarError, OSError, EOFError, ValueError) as error:
        fault = str(error)
    else:
        if len(infos) > _MOST_MEMBERS or end == bytes(tarfile.BLOCKSIZE):
            return [(info.name, info) for info in infos if not info.isdir()]
        fault = "it has no end"
    raise NotOpened(f"a tar archive that is cut off or damaged ({fault}): send it again")
