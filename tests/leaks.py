"""A search through every byte that was written, for identifiers in any spelling.

Plain search is blind to compressed pages, so tables are also read back column by column.
"""

import gzip
import re
import struct
from collections.abc import Iterable, Iterator
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

DIGITS = "7712345678"
"""The part of the planted number that all its spellings share."""
WORDS = ("quillfeather", "zoe.q@", "acc-zq-9")
IMSI = "234159876543210"

# up to three signs or zero bytes may part two digits, as in spelled numbers and in UTF-16
_NUMBERS = [re.compile(rb"[\W_]{0,3}".join(digit.encode() for digit in digits))
            for digits in (DIGITS, IMSI)]  # fmt: skip
_WHOLE = [int(f"44{DIGITS}"), int(IMSI)]
_PACKED = [struct.pack(form, number) for number in _WHOLE for form in ("<q", ">q", "<d", ">d")]
_ARABIC = "".join(chr(0x660 + int(digit)) for digit in DIGITS)
_WORDS = [word.encode(code) for word in (*WORDS, _ARABIC) for code in ("utf-8", "utf-16-le")]


def identity_in(content: bytes) -> str | None:
    """What of a person stands in some bytes; None = nothing."""
    for number in _NUMBERS:
        if found := number.search(content):
            return found[0].decode(errors="replace")
    lower = content.lower()
    for needle in _WORDS:
        if needle in lower:
            return needle.decode(errors="replace")
    for packed in _PACKED:
        if packed in content:
            return f"packed {packed.hex()}"
    return None


def leaks(folders: Iterable[Path]) -> list[str]:
    """Every file below some folders that tells of a person: its path, and what it tells."""
    paths = [path for folder in folders for path in sorted(folder.rglob("*"))]
    found = []
    for path in paths:
        named = identity_in(path.name.encode())
        inside = (
            next(filter(None, map(identity_in, _contents(path))), None) if path.is_file() else None
        )
        if named or inside:
            found.append(f"{path}: {named or inside}")
    return found


def _contents(path: Path) -> Iterator[bytes]:
    """A file's bytes, and whatever its format has compressed."""
    raw = path.read_bytes()
    yield raw
    if raw[:2] == b"\x1f\x8b":
        yield gzip.decompress(raw)
    if raw[:4] == b"PAR1":
        yield from _columns(pq.read_table(pa.BufferReader(raw)))
    if raw[8:12] == b"DUCK":
        with duckdb.connect(str(path), read_only=True) as marts:
            for (name,) in marts.execute(
                "select table_name from information_schema.tables"
            ).fetchall():
                yield from _columns(marts.sql(f'select * from "{name}"').to_arrow_table())


def _columns(table: pa.Table) -> Iterator[bytes]:
    yield repr(table.schema).encode()
    for name in table.column_names:
        yield "\n".join(map(str, table[name].to_pylist())).encode()
