"""Files that appear whole or not at all: tables as Parquet, notes as JSON."""

import json
import os
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from contracts.tables import Table, to_arrow

_ROWS_A_GROUP = 5_000
"""Rows a Parquet row group of a table sorted by cell: 200 cells' hours of a day.

A task of the search reads some hundred cells of each day: with one group a file it would decode
the day of every cell. Much smaller groups cost more in heads than they spare.
"""


@contextmanager
def whole(path: Path) -> Iterator[Path]:
    """Another name to write the file under; it is moved into place once it is written.

    `path`: where the file belongs; its folder is made. After an error it stays what it was.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=".part-", dir=path.parent)
    os.close(handle)
    part = Path(name)
    try:
        yield part
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def write_note(path: Path, facts: Mapping[str, Any]) -> None:
    """Puts facts in place as JSON.

    `path`: of the note. `facts`: values that JSON can hold, by name.
    """
    with whole(path) as part:
        part.write_text(json.dumps(facts, indent=1, sort_keys=True), encoding="utf-8")


def read_note(path: Path) -> dict[str, Any] | None:
    """Facts as written; None = there is no such note.

    `path`: of the note.
    """
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else None


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
    size = _ROWS_A_GROUP if by_cell else None
    with whole(path) as part, pq.ParquetWriter(part, of.schema, **_packing(of)) as file:
        for rows in parts:
            file.write_table(rows, row_group_size=size)


def _packing(of: Table) -> dict[str, Any]:
    """How columns are stored: counters by the streams of their bytes, which packs best and fast."""
    if not {"call_attempts", "period_s"} & {*of.columns} or of.key[0] != "cell_id":
        return {"compression": "zstd"}
    numbers = [field.name for field in of.fields if field.type in ("DOUBLE", "BIGINT")]
    return {
        "compression": "lz4",
        "use_dictionary": [name for name in of.columns if name not in numbers],
        "column_encoding": dict.fromkeys(numbers, "BYTE_STREAM_SPLIT"),
    }


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
    return as_frame(pa.concat_tables([empty, *(pq.read_table(p, **how) for p in paths)]))


def as_frame(arrow: pa.Table, *, date_as_object: bool = True) -> pd.DataFrame:
    """The same table in pandas; hexagons stay whole numbers.

    `arrow`: any table. `date_as_object`: days as `datetime.date`, else as instants at midnight.
    """
    # hexagons must not pass through floats, which is what missing ones would make of them
    return arrow.to_pandas(
        types_mapper={pa.uint64(): pd.UInt64Dtype()}.get, date_as_object=date_as_object
    )
