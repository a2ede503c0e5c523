"""Files that appear whole or not at all, and are known as they were written: tables and notes.

A file is on the disk before it gets its name, and its folder's entry before anybody trusts it. A
table holds a checksum of each page and one of the whole file, a note one of its facts; what was
cut, emptied or changed since is `Damaged`. Files of before 0.3 have no checksums and are read as
far as their format tells.
"""

import json
import logging
import os
import re
import stat
import tempfile
import zlib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from contracts.errors import Damaged, InputError
from contracts.tables import Table, to_arrow

log = logging.getLogger("hexperience.warehouse")
"""What a person is to know though the work goes on."""

_ROWS_A_GROUP = 24_000
"""Rows a Parquet row group of a table sorted by cell: 1,000 cells' hours of a day.

A task of the search reads some hundred cells of each day: with one group a file it would decode
the day of every cell. Smaller groups cost more in heads than they spare: 100 cells of a day of
10,000 take 1.8 ms, and 3.8 with groups of 5,000 rows.
"""
_SEAL_KEY = b"hexperience.seal"
_SEAL = re.compile(rb"crc32:([0-9a-f]{8})")
_UNSEALED = b"crc32:00000000"
_NOTE_KEYS = {"crc32", "facts"}
_REMEDIES = {
    "pieces": "take it away, and the note of its load in loads/, and run: its source file is read "
    "again",
    "refused": "take it away, and the note of its load in loads/, and run: its source file is read "
    "again",
    "repeated": "take it away, and the notes of its day in settled/, and run: the day is made anew",
    "tables": "take it away, and the notes of its day in settled/, and run: it is made anew, but "
    "for what docs/install.md names under 'When a file is damaged'",
    "kept_from.json": "restore it from the backup, or take it away and call 'hexperience retain'",
    "open.json": "take its folder away: what its message said is said anew",
    "report.json": "take its folder away: the report is written anew, as a first edition",
    "schema.json": "restore it from the backup, or take it away if no newer hexperience ran here: "
    "all days are settled anew",
}
"""What to do about a damaged file, by the part of the warehouse that it stands in."""


# --------------------------------------------------------------------------------- any file


@contextmanager
def whole(path: Path) -> Iterator[Path]:
    """Another name to write the file under; it is moved into place once it is on the disk.

    `path`: where the file belongs; its folder is made. After an error it stays what it was.
    """
    make_folder(path.parent)
    handle, name = tempfile.mkstemp(prefix=".part-", dir=path.parent)
    os.close(handle)
    part = Path(name)
    try:
        yield part
        to_disk(part)
        part.replace(path)
        to_disk(path.parent)
    finally:
        part.unlink(missing_ok=True)


def make_folder(path: Path) -> None:
    """Makes a folder, and those above it, so that they outlive a loss of power.

    `path`: of the folder; one that is there already stays.
    """
    if not path.is_dir():
        make_folder(path.parent)
        path.mkdir(exist_ok=True)
        to_disk(path.parent)


def to_disk(path: Path) -> None:
    """Waits until a file's bytes, or a folder's entries, are on the disk.

    `path`: of a file or a folder that is there.
    """
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def changed_ns(path: Path) -> int:
    """When a file was changed, in nanoseconds; 0 = nobody may tell.

    `path`: of the file; a link is looked at itself.
    """
    try:
        return path.lstat().st_mtime_ns
    except OSError:
        return 0


def damaged(path: Path, why: str) -> Damaged:
    """The refusal of a file that is not as it was written, with the remedy.

    `path`: of the file. `why`: what was seen of it.
    """
    parts = (path.name, *(folder.name for folder in path.parents))
    remedies = [_REMEDIES[part] for part in parts if part in _REMEDIES]
    remedy = f"; {remedies[0]}" if remedies else ""
    return Damaged(f"{path} is damaged: {why}{remedy}")


def crc32_of(path: Path) -> str:
    """Checksum of a whole file, as 8 hex digits. `path`: of the file, of any size."""
    checksum = 0
    with path.open("rb") as file:
        while block := file.read(1 << 22):
            checksum = zlib.crc32(block, checksum)
    return f"{checksum:08x}"


# ------------------------------------------------------------------------------------ notes


def write_note(path: Path, facts: Mapping[str, Any]) -> None:
    """Puts facts in place as JSON, with a checksum.

    `path`: of the note. `facts`: values that JSON can hold, by name.
    """
    with whole(path) as part:
        part.write_text(_sealed(facts), encoding="utf-8")


def _sealed(facts: Mapping[str, Any]) -> str:
    checksum = zlib.crc32(json.dumps(facts, sort_keys=True).encode())
    return json.dumps({"crc32": f"{checksum:08x}", "facts": facts}, indent=1, sort_keys=True)


def read_note(path: Path, *, owners: Collection[int] | None = None) -> dict[str, Any] | None:
    """Facts as written; None = there is no such note.

    `path`: of the note. `owners`: users whose notes are believed; None = anybody's. Raises Damaged
    where it is not as it was written, and InputError where somebody else wrote it.
    """
    try:
        text = _text_of(path, owners)
    except FileNotFoundError:
        return None
    try:
        note = json.loads(text)
    except ValueError:
        raise damaged(path, "it is empty" if not text.strip() else "it is no JSON") from None
    if not isinstance(note, dict):
        raise damaged(path, "it is no note")
    if not _NOTE_KEYS & {*note}:
        return note  # of before 0.3
    facts = note.get("facts")
    # byte for byte: then no change at all can pass
    if not isinstance(facts, dict) or text != _sealed(facts):
        raise damaged(path, "its checksum is another")
    return facts


def _text_of(path: Path, owners: Collection[int] | None) -> str:
    """A note's text; a link, which somebody may have put there, is not followed."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError as error:
        if path.is_symlink():
            raise _foreign(path, "it is a symbolic link") from None
        raise error
    with os.fdopen(handle, "rb") as file:
        facts = os.fstat(file.fileno())
        if not stat.S_ISREG(facts.st_mode):
            raise _foreign(path, "it is no file")
        if owners is not None and facts.st_uid not in owners:
            raise _foreign(path, f"user {facts.st_uid} wrote it, who does not own the warehouse")
        content = file.read()
    try:
        return content.decode("utf-8")
    except UnicodeError:
        raise damaged(path, "it is no text") from None


def _foreign(path: Path, why: str) -> InputError:
    return InputError(f"{path} is not believed", [f"{why}: take it away"])


# ----------------------------------------------------------------------------------- tables


def write_parquet(path: Path, frame: pd.DataFrame, of: Table) -> None:
    """Puts rows of a table in place.

    `path`: of the file. `frame`: rows with all columns of the table. `of`: its contract.
    """
    write_arrow(path, [to_arrow(frame, of)], of)


def write_arrow(path: Path, parts: Iterable[pa.Table], of: Table) -> None:
    """Puts rows of a table in place, part by part.

    `path`: of the file. `parts`: rows as the contract's schema has them, in the file's order. `of`:
    the contract.
    """
    by_cell = of.layer == "middle" and of.key[0] == "cell_id"
    _put(path, parts, of.schema, _packing(of), rows_a_group=_ROWS_A_GROUP if by_cell else None)


def put_rows(path: Path, rows: pa.Table) -> None:
    """Puts rows in place as they are. `path`: of the file. `rows`: of any columns."""
    _put(path, [rows], rows.schema, {"compression": "zstd"})


def _put(
    path: Path,
    parts: Iterable[pa.Table],
    schema: pa.Schema,
    packing: Mapping[str, Any],
    *,
    rows_a_group: int | None = None,
) -> None:
    """Writes Parquet with checksums of its pages and of the whole file."""
    with whole(path) as part:
        with pq.ParquetWriter(part, schema, write_page_checksum=True, **packing) as writer:
            for rows in parts:
                writer.write_table(rows, row_group_size=rows_a_group)
            writer.add_key_value_metadata({_SEAL_KEY: _UNSEALED})
        with part.open("r+b") as file:
            content = file.read()
            file.seek(content.rindex(_UNSEALED))
            file.write(b"crc32:%08x" % zlib.crc32(content))


def _packing(of: Table) -> dict[str, Any]:
    """How columns are stored: counters by the streams of their bytes, which packs best and fast."""
    if not {"call_attempts", "period_s"} & {*of.columns} or of.key[0] != "cell_id":
        return {"compression": "zstd"}
    numbers = [field.name for field in of.fields if field.type in ("DOUBLE", "BIGINT")]
    others = [name for name in of.columns if name not in numbers]
    return {
        "compression": "lz4",
        "use_dictionary": others,
        "write_statistics": others,
        "column_encoding": dict.fromkeys(numbers, "BYTE_STREAM_SPLIT"),
    }


def read_rows(path: Path, **how: Any) -> pa.Table:
    """Rows of one Parquet file of ours; raises Damaged where it is not as it was written.

    `path`: of the file. `how`: as `pyarrow.parquet.read_table` takes it.
    """
    is_sealed = verify(path)
    try:
        return _read_rows(path, **how)
    except (pa.ArrowException, OSError) as error:
        if is_sealed and not _is_checksum(error):
            raise
        raise damaged(path, _first_line(error)) from None


def _read_rows(
    path: Path, *, schema: pa.Schema | None = None, columns: list[str] | None = None, **how: Any
) -> pa.Table:
    """As `read_rows`; a file as its contract has it is read by itself, in half the time."""
    if "filters" not in how:
        dictionary = how.get("read_dictionary")
        with pq.ParquetFile(
            path, page_checksum_verification=True, read_dictionary=dictionary
        ) as file:
            kept = file.schema_arrow.names if columns is None else columns
            if schema is None or _is_of(file.schema_arrow, schema, kept):
                rows = file.read(columns=columns, use_threads=how.get("use_threads", True))
                return rows.select(kept)
    return pq.read_table(
        path, page_checksum_verification=True, schema=schema, columns=columns, **how
    )


def _is_of(own: pa.Schema, schema: pa.Schema, columns: Iterable[str]) -> bool:
    """Whether a file has these columns, of the types that they have in a schema."""
    held = {*own.names}
    return all(name in held and own.field(name).equals(schema.field(name)) for name in columns)


def read_head(path: Path) -> pq.FileMetaData:
    """The head of one Parquet file of ours: numbers of rows, columns and their ends.

    `path`: of the file. Raises Damaged as `read_rows` does.
    """
    verify(path)
    return pq.read_metadata(path)


def verify(path: Path) -> bool:
    """Raises Damaged where a Parquet file is not as it was written; whether it has a checksum.

    `path`: of the file. A file is looked at once a process as long as it stays the same.
    """
    facts = path.stat()
    return _verified(path, facts.st_ino, facts.st_size, facts.st_mtime_ns, facts.st_ctime_ns)


@lru_cache(maxsize=1 << 16)
def _verified(path: Path, *version: int) -> bool:  # noqa: ARG001  (a changed file is read anew)
    content = path.read_bytes()
    if not content:
        raise damaged(path, "it is empty")
    key = content.rfind(_SEAL_KEY)
    seals = list(_SEAL.finditer(content, max(key, 0)))
    if key < 0 and not seals:
        _refuse_what_is_not_whole(path)
        return False  # of before 0.3
    if key < 0 or len(seals) != 1:
        raise damaged(path, "its checksum is gone")
    at, view = seals[0].start(1), memoryview(content)
    checksum = zlib.crc32(b"00000000", zlib.crc32(view[:at]))
    checksum = zlib.crc32(view[at + 8 :], checksum)
    if checksum != int(seals[0][1], 16):
        raise damaged(path, "its checksum is another")
    return True


def _refuse_what_is_not_whole(path: Path) -> None:
    """Raises Damaged where a file without a seal is not all that Arrow wrote before 0.3."""
    try:
        pq.read_table(path, page_checksum_verification=True)
        notes = pq.read_metadata(path).metadata
    except (pa.ArrowException, OSError) as error:
        raise damaged(path, _first_line(error)) from None
    if b"ARROW:schema" not in (notes or {}):
        raise damaged(path, "its end is garbled")


def _is_checksum(error: Exception) -> bool:
    return "checksum" in str(error).lower() or "crc" in str(error).lower()


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]


def read_parquet(
    paths: list[Path],
    of: Table,
    *,
    columns: Sequence[str] | None = None,
    only: tuple[str, Sequence[Any]] | None = None,
) -> pd.DataFrame:
    """Rows of a table from these files in turn, or some of its columns; without files no rows.

    `paths`: files that are there. `of`: the table's contract. `columns`: None = all. `only`: a
    column and its values; rows with others stay on disk.
    """
    kept = list(of.columns if columns is None else columns)
    how: dict[str, Any] = {"schema": of.schema, "columns": kept}
    if only is not None:
        name, values = only
        wanted = pa.array(values, of.schema.field(name).type)
        ends, column = pc.min_max(wanted), pc.field(name)
        # a row group is passed over by its ends alone: pyarrow does not do so for isin
        within = (column >= ends["min"]) & (column <= ends["max"])
        how["filters"] = within & column.isin(wanted)
    empty = of.empty().select(kept)
    return as_frame(pa.concat_tables([empty, *(read_rows(path, **how) for path in paths)]))


def as_frame(arrow: pa.Table, *, date_as_object: bool = True) -> pd.DataFrame:
    """The same table in pandas; hexagons stay whole numbers.

    `arrow`: any table. `date_as_object`: days as `datetime.date`, else as instants at midnight.
    """
    # hexagons must not pass through floats, which is what missing ones would make of them
    return arrow.to_pandas(
        types_mapper={pa.uint64(): pd.UInt64Dtype()}.get, date_as_object=date_as_object
    )
