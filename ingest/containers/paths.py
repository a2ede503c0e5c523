"""Paths that lead into archives and workbooks: pm.zip/march/pm_01.csv, cells.xlsx/Sites.

Such a path is a plain `Path` whose first part is a file. All that opens source files asks here.
`gigabytes` is everywhere how many a file may have when it is unpacked.
"""

import hashlib
import io
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from fnmatch import fnmatchcase
from itertools import groupby
from pathlib import Path
from typing import IO, NamedTuple, cast

from ingest.containers import archives, workbooks
from ingest.containers.kinds import HEAD, NotOpened, is_zip, packing
from ingest.containers.streams import Unpacked, pieces

_WORKBOOKS = (".xlsx", ".xlsm")


class Place(NamedTuple):
    """Where a path leads: a file on disk; the member of an archive; the sheet of a workbook."""

    outer: Path
    member: str = ""
    sheet: str = ""


def outer(path: Path) -> Path:
    """The file on disk that a path names or leads into; the path where there is none.

    `path`: of a file, a member or a sheet.
    """
    return next((one for one in (path, *path.parents) if one.is_file()), path)


def place(path: Path, gigabytes: float) -> Place:
    """Where a path leads. `path`: as of `outer`. NotOpened where there is no such member."""
    base = outer(path)
    if base == path:
        return Place(base)
    rest = path.relative_to(base).as_posix()
    kind = archives.kind(base)
    if kind == "workbook":
        return Place(base, sheet=rest)
    if not kind:
        raise NotOpened(f"{base.name} is no archive and no workbook")
    before, _, last = rest.rpartition("/")
    is_sheet = not archives.holds(base, rest, gigabytes) and archives.holds(base, before, gigabytes)
    return Place(base, before, last) if is_sheet else Place(base, rest)


def packed(path: Path, gigabytes: float) -> IO[bytes]:
    """A file's bytes as they stand on disk or in the archive; of a sheet those of its workbook.

    `path`: as of `outer`. OSError, of which NotOpened is one, where it can't be opened.
    """
    base, member, _ = place(path, gigabytes)
    return archives.opened(base, member, gigabytes) if member else base.open("rb")


def opened(path: Path, gigabytes: float) -> IO[bytes]:
    """A file's bytes, unpacked if they are packed; it must be closed.

    `path`: as of `outer`. NotOpened, here or when it is read, where it can't be opened, is damaged,
    or is an archive or a workbook.
    """
    _refuse_broken(path, gigabytes)
    return cast(IO[bytes], io.BufferedReader(Unpacked(packed(path, gigabytes), gigabytes)))


def unpacked(path: Path, gigabytes: float) -> Iterator[bytes]:
    """A file's bytes in small pieces and unpacked, as `streams.pieces` gives them.

    `path`: as of `outer`.
    """
    _refuse_broken(path, gigabytes)
    with packed(path, gigabytes) as file:
        yield from pieces(file, gigabytes)


def _refuse_broken(path: Path, gigabytes: float) -> None:
    """Raises NotOpened, saying why, for an archive that can't be listed."""
    if path.is_file() and archives.kind(path) in ("zip", "tar"):
        archives.members(path, gigabytes)


def seekable(path: Path, gigabytes: float) -> Path | IO[bytes]:
    """The file, to be read from its middle: its path, or of what is packed its bytes.

    `path`: as of `outer`.
    """
    if outer(path) == path and not packing(_head(path, gigabytes)):
        return path
    with opened(path, gigabytes) as file:
        return io.BytesIO(file.read())


def content_hash(path: Path, gigabytes: float) -> str:
    """SHA-256 of a file's bytes, as `packed` gives them; of a sheet with its name behind them.

    `path`: as of `outer`.
    """
    digest = hashlib.sha256()
    with packed(path, gigabytes) as file:
        while data := file.read(1 << 20):
            digest.update(data)
    digest.update(place(path, gigabytes).sheet.encode())
    return digest.hexdigest()


def _head(path: Path, gigabytes: float) -> bytes:
    with packed(path, gigabytes) as file:
        return file.read(HEAD)


# ---------------------------------------------------------------------------------- workbooks


def is_workbook(path: Path, gigabytes: float) -> bool:
    """Whether a path is a workbook or leads to one of its sheets. `path`: as of `outer`."""
    where = place(path, gigabytes)
    if not where.member:
        return where.outer.is_file() and archives.kind(where.outer) == "workbook"
    return is_zip(_head(path, gigabytes)) and where.member.lower().endswith(_WORKBOOKS)


def sheets(path: Path, gigabytes: float) -> list[workbooks.Sheet]:
    """The sheets that a path means: the one it names, or all that are not hidden.

    `path`: of a workbook or of a sheet in it. NotOpened where there is no such sheet.
    """
    with _book(path, gigabytes) as book:
        every = workbooks.sheets(book, gigabytes)
    name = place(path, gigabytes).sheet
    if not name:
        return [sheet for sheet in every if not sheet.is_hidden]
    named = [sheet for sheet in every if sheet.name == name]
    if not named:
        names = archives.shown([sheet.name for sheet in every])
        raise NotOpened(f"no sheet '{name}'; the workbook has {names}")
    return named


def rows(
    path: Path, sheet: workbooks.Sheet, gigabytes: float, decimal: str = "."
) -> Iterator[tuple[int, list[str]]]:
    """Rows of a sheet, as `workbooks.rows` gives them.

    `path`: of the workbook or of the sheet. `sheet`: one of `sheets`. `decimal`: mark in numbers.
    """
    with _book(path, gigabytes) as book:
        yield from workbooks.rows(book, sheet, gigabytes, decimal)


@contextmanager
def _book(path: Path, gigabytes: float) -> Iterator[Path | IO[bytes]]:
    base, member, _ = place(path, gigabytes)
    if not member:
        yield base
        return
    with archives.opened(base, member, gigabytes) as file:
        yield file


# ------------------------------------------------------------------------------------ globs


def found(glob: Path, gigabytes: float) -> list[Path]:
    """Files that a path or glob names, ascending, those in archives and workbooks among them.

    `glob`: its parts may hold `*`, `?`, `[...]` and be `**`; below an archive they name members,
    below a workbook sheets that are not hidden (one that is, by its whole name). An archive alone
    means all of its members. What can't be opened is named as it is: opening it says why.
    """
    root = Path(glob.anchor or ".")
    parts = glob.relative_to(root).parts if glob.is_absolute() else glob.parts
    files: dict[Path, None] = {}
    for n in range(1, len(parts) + 1):
        for path in sorted(root.glob(str(Path(*parts[:n])))):
            if path.is_file():
                files |= dict.fromkeys(_inside(path, parts[n:], gigabytes))
    return sorted(files)


def _inside(path: Path, parts: tuple[str, ...], gigabytes: float) -> Iterator[Path]:
    """Files of a path's that the rest of a glob names; the path itself, where it has no inside."""
    kind = archives.kind(path)
    if kind in ("zip", "tar"):
        yield from _members(path, parts, gigabytes)
    elif not parts:
        yield path
    elif kind == "workbook" and len(parts) == 1:
        yield from _sheets(path, parts[0], gigabytes)


def _members(path: Path, parts: tuple[str, ...], gigabytes: float) -> Iterator[Path]:
    try:
        names = archives.members(path, gigabytes)
    except NotOpened:
        yield path
        return
    for name in names:
        steps = tuple(name.split("/"))
        if not parts or _fits(steps, parts):
            yield path / name
        elif name.lower().endswith(_WORKBOOKS) and _fits(steps, parts[:-1]):
            yield from _sheets(path / name, parts[-1], gigabytes)


def _sheets(path: Path, pattern: str, gigabytes: float) -> Iterator[Path]:
    try:
        with _book(path, gigabytes) as book:
            every = workbooks.sheets(book, gigabytes)
    except OSError:
        yield path
        return
    for sheet in every:
        if sheet.name == pattern or (not sheet.is_hidden and fnmatchcase(sheet.name, pattern)):
            yield path / sheet.name


def _fits(steps: tuple[str, ...], parts: tuple[str, ...]) -> bool:
    """Whether the steps of a member's name fit the parts of a glob."""
    if not parts or not steps:
        return not steps and all(part == "**" for part in parts)
    if parts[0] == "**":
        return _fits(steps, parts[1:]) or _fits(steps[1:], parts)
    return fnmatchcase(steps[0], parts[0]) and _fits(steps[1:], parts[1:])


def described(files: Iterable[Path], gigabytes: float) -> Iterator[str]:
    """Of each archive and workbook that files lie in, which part of it they are, in words.

    `files`: paths as `found` gives them.
    """
    for base, inside in groupby(sorted(files), outer):
        names = [path.relative_to(base).as_posix() for path in inside if path != base]
        if names and archives.kind(base) == "workbook":
            yield f"{base.name} is a workbook, sheets read: {archives.shown(names)}"
        elif names:
            kind = {"zip": "ZIP"}.get(archives.kind(base), "tar")
            n = len(archives.members(base, gigabytes))
            members = {place(base / name, gigabytes).member for name in names}
            yield f"{base.name} is a {kind} archive, of its {n:,} file(s) {len(members):,} are read"


def held(glob: Path, gigabytes: float) -> str:
    """What the archive or workbook holds that a glob leads into, in words; "" where it is none.

    `glob`: that names no file.
    """
    base = outer(glob)
    if base == glob or not archives.kind(base):
        return ""
    if archives.kind(base) == "workbook":
        names = [sheet.name for sheet in sheets(base, gigabytes)]
    else:
        names = archives.members(base, gigabytes)
    return f"{base.name} holds {archives.shown(names)}"
