"""Bytes of a file, unpacked as they are read, and never more of them than an honest file has."""

import bz2
import io
import lzma
import os
import tempfile
import zlib
from collections.abc import Callable, Iterator
from typing import IO, Any

import pyarrow as pa

from ingest.containers.kinds import HEAD, NotOpened, is_tar, is_zip, packing, refuse_strangers

CHUNK = 1 << 15
_GZIP = 16 + zlib.MAX_WBITS
_RATIO = 250
_UNTIL = 1 << 28
"""Unpacked bytes up to which no ratio is asked for."""
BROKEN = (zlib.error, lzma.LZMAError, pa.ArrowException)
"""Errors of packed bytes that are damaged; where they only end, it is EOFError."""


class _Bzip2:
    """As its library's, but damage is no OSError, which would be the disk's."""

    def __init__(self) -> None:
        self._inner = bz2.BZ2Decompressor()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def decompress(self, data: bytes, most: int) -> bytes:
        try:
            return self._inner.decompress(data, most)
        except OSError as error:
            fault = str(error)
        raise zlib.error(fault)


_NEW: dict[str, Callable[[], Any]] = {
    "gzip": lambda: zlib.decompressobj(_GZIP),
    "bzip2": _Bzip2,
    "xz": lzma.LZMADecompressor,
}


def pieces(file: IO[bytes], gigabytes: float, *, archive: bool = False) -> Iterator[bytes]:
    """A file's bytes in small pieces, unpacked if its content says that it is packed.

    `file`: open, at its start. `gigabytes`: how many it may have when unpacked. `archive`: whether
    it may be an archive, packed or not. EOFError where
    packed bytes are cut off, one of `BROKEN` or OSError where they are damaged. NotOpened for more
    than the limit, and for what must be unpacked by hand: an archive, or something packed twice.
    """
    head = file.read(HEAD)
    kind = packing(head)
    unpacked = _PLAIN.get(kind, _unpacked)(file, head, kind)
    start, fault = b"", None
    try:
        while len(start) < HEAD and (piece := next(unpacked, None)) is not None:
            start += piece
    except (EOFError, *BROKEN) as error:
        # what stands before the break is of use
        fault = error
    if not archive:
        _refuse_containers(start, kind)
    yield from _limited(start, unpacked, file, gigabytes, kind)
    if fault:
        raise fault


def _refuse_containers(start: bytes, kind: str) -> None:
    refuse_strangers(start)
    if is_zip(start) or is_tar(start):
        where = f"inside {kind}" if kind else "where a file is expected"
        raise NotOpened(
            f"a {'ZIP' if is_zip(start) else 'tar'} archive {where}: unpack the outer one, and "
            "name what is in it"
        )
    if kind and packing(start):
        raise NotOpened(f"packed twice ({kind}, then {packing(start)}): unpack it once")


def _limited(
    start: bytes, rest: Iterator[bytes], file: IO[bytes], gigabytes: float, kind: str
) -> Iterator[bytes]:
    size = len(start)
    yield start
    for piece in rest:
        size += len(piece)
        refuse_bombs(size, file.tell() if kind else size, gigabytes)
        yield piece


def refuse_bombs(size: int, packed: int, gigabytes: float) -> None:
    """Raises NotOpened for what unpacks to more than an honest file would.

    `size`: bytes unpacked. `packed`: bytes that they came from. `gigabytes`: how many there may be.
    """
    if size > gigabytes * 1e9:
        fault = f"unpacked it has more than {gigabytes:g} GB"
        raise NotOpened(f"{fault}; split it or raise [[source]] max_gigabytes")
    if size > _UNTIL and size > _RATIO * max(packed, 1):
        raise NotOpened(
            f"it unpacks to more than {_RATIO} times its size, as no honest file does; "
            "if it is one, unpack it yourself"
        )


def _as_it_is(file: IO[bytes], head: bytes, _: str) -> Iterator[bytes]:
    yield head
    yield from iter(lambda: file.read(CHUNK), b"")


def _by_arrow(file: IO[bytes], head: bytes, kind: str) -> Iterator[bytes]:
    whole = pa.PythonFile(_Joined(head, file), mode="r")
    with pa.CompressedInputStream(whole, kind) as stream:
        yield from iter(lambda: stream.read(CHUNK), b"")


def _unpacked(file: IO[bytes], packed: bytes, kind: str) -> Iterator[bytes]:
    """Out of gzip, bzip2 or xz; a file may be several on end, and padded with zeros."""
    unpacker = _NEW[kind]()
    while packed := packed or file.read(CHUNK):
        if unpacker.eof:
            unpacker = _NEW[kind]()
        yield unpacker.decompress(packed, CHUNK)
        while not unpacker.eof and not _is_hungry(unpacker):
            yield unpacker.decompress(_kept_back(unpacker), CHUNK)
        packed = unpacker.unused_data.lstrip(b"\0")
    # zlib may hold the last piece when it has had all of the file
    while not unpacker.eof and (piece := unpacker.decompress(b"", CHUNK)):
        yield piece
    if not unpacker.eof:
        raise EOFError(f"the {kind} has no end")


def _is_hungry(unpacker: Any) -> bool:
    """Whether it needs more packed bytes to go on."""
    if hasattr(unpacker, "unconsumed_tail"):
        return not unpacker.unconsumed_tail
    return bool(unpacker.needs_input)


def _kept_back(unpacker: Any) -> bytes:
    return getattr(unpacker, "unconsumed_tail", b"")


class _Joined:
    """A file whose first bytes have been read."""

    closed = False

    def __init__(self, head: bytes, file: IO[bytes]) -> None:
        self._head, self._file = head, file

    def read(self, n: int) -> bytes:
        head, self._head = self._head[:n], self._head[n:]
        return head or self._file.read(n)

    def close(self) -> None:
        self.closed = True


_PLAIN: dict[str, Callable[[IO[bytes], bytes, str], Iterator[bytes]]] = {
    "": _as_it_is,
    "zstd": _by_arrow,
    "lz4": _by_arrow,
}


class Unpacked(io.RawIOBase):
    """A file of bytes over `pieces`; damaged or cut, it raises NotOpened."""

    def __init__(self, file: IO[bytes], gigabytes: float, *, archive: bool = False) -> None:
        super().__init__()
        self._file, self._rest = file, memoryview(b"")
        self._pieces = pieces(file, gigabytes, archive=archive)

    def readable(self) -> bool:
        """True: it can be read."""
        return True

    def readinto(self, buffer: Any) -> int:
        """How many bytes were put into `buffer`; 0 = the end."""
        while not self._rest:
            piece = self._next()
            if piece is None:
                return 0
            self._rest = memoryview(piece)
        into = memoryview(buffer)
        n = min(len(into), len(self._rest))
        into[:n], self._rest = self._rest[:n], self._rest[n:]
        return n

    def _next(self) -> bytes | None:
        try:
            return next(self._pieces, None)
        except (EOFError, *BROKEN) as error:
            fault = f"{error or 'it'}".splitlines()[0]
        raise NotOpened(f"its packed bytes are cut off or damaged ({fault}): send it again")

    def close(self) -> None:
        """Closes the file below."""
        self._file.close()
        super().close()


class ByPlace(io.RawIOBase):
    """A file, or a part of it, read by place: several may read it at a time, each its own part.

    `file`: open; it may be closed afterwards. `first`: place of its first byte. `size`: how many
    bytes; None = all.
    """

    def __init__(
        self, file: IO[bytes] | "ByPlace", first: int = 0, size: int | None = None
    ) -> None:
        super().__init__()
        self._number = os.dup(file.fileno())
        self._first, self._at = first, 0
        self._size = os.fstat(self._number).st_size if size is None else size

    def readable(self) -> bool:
        """True: it can be read."""
        return True

    def seekable(self) -> bool:
        """True: it can be read from any place."""
        return True

    def fileno(self) -> int:
        """Number of the open file."""
        return self._number

    def tell(self) -> int:
        """The place of the next byte."""
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """The new place, `offset` bytes from the start, the place so far or the end."""
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        self._at = max(start + offset, 0)
        return self._at

    def readinto(self, buffer: Any) -> int:
        """How many bytes were put into `buffer`; 0 = the end."""
        into = memoryview(buffer)
        n = max(min(len(into), self._size - self._at), 0)
        data = os.pread(self._number, n, self._first + self._at)
        into[: len(data)] = data
        self._at += len(data)
        return len(data)

    def close(self) -> None:
        """Closes it; the file it was made of stays as it is."""
        if not self.closed:
            os.close(self._number)
        super().close()


def copied(file: IO[bytes] | io.RawIOBase) -> ByPlace:
    """The same bytes in a file without a name, which can be read from its middle.

    `file`: open, at its start.
    """
    with tempfile.TemporaryFile() as copy:
        while data := file.read(1 << 20):
            copy.write(data)
        copy.flush()
        return ByPlace(copy)
