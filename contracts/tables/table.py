"""What a table is, and how a frame is held against it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from contracts.fields import FIELDS, Field, pick

Layer = Literal["source", "middle", "finding", "log"]

_ARROW: dict[str, pa.DataType] = {
    "VARCHAR": pa.string(),
    "BIGINT": pa.int64(),
    "UBIGINT": pa.uint64(),
    "INTEGER": pa.int32(),
    "DOUBLE": pa.float64(),
    "BOOLEAN": pa.bool_(),
    "DATE": pa.date32(),
    "TIMESTAMPTZ": pa.timestamp("us", tz="UTC"),
}

# by themselves, not by their names: a name is taken apart at every cast
_PANDAS: dict[str, Any] = {
    kind: pd.api.types.pandas_dtype(name)
    for kind, name in {
        "VARCHAR": "str",
        "BIGINT": "float64",
        "INTEGER": "float64",
        "DOUBLE": "float64",
        "UBIGINT": "UInt64",
        "TIMESTAMPTZ": "datetime64[us, UTC]",
    }.items()
}


@dataclass(frozen=True)
class Table:
    """One table: its grain in words, its columns in order, its key and its required columns."""

    name: str
    layer: Layer
    grain: str
    columns: tuple[str, ...]
    key: tuple[str, ...]
    required: tuple[str, ...] = ()
    read_instead: tuple[str, ...] = ()
    """Columns a source may give in place of others; `ingest.clean` turns them into those."""
    day_of: str = ""
    """Time column whose local day partitions the table; empty = one partition."""
    filled: bool = True
    """False: the table is promised, and nothing fills it yet."""

    @property
    def fields(self) -> tuple[Field, ...]:
        """Its columns' definitions, in order."""
        return pick(self.columns)

    @property
    def schema(self) -> pa.Schema:
        """Its columns as Arrow has them."""
        return pa.schema([(field.name, _ARROW[field.type]) for field in self.fields])

    def empty(self) -> pa.Table:
        """The table without rows, for SQL tests and absent sources."""
        return self.schema.empty_table()


def check(frame: pd.DataFrame, of: Table) -> list[str]:
    """All faults of a frame held against its table, in words; none = it keeps its promise.

    `frame`: rows, with columns in any order. `of`: the contract.
    """
    missing = [c for c in of.columns if c not in frame]
    unknown = [str(c) for c in frame if c not in of.columns]
    faults = [f"{of.name}.{c}: missing" for c in missing]
    faults += [f"{of.name}.{c}: not a column of this table" for c in unknown]
    for name in _suspects(frame, of):
        faults += [f"{of.name}.{name}: {fault}" for fault in _faults(frame, FIELDS[name])]
    if not missing and (n := int(frame.duplicated(list(of.key)).sum())):
        faults.append(f"{of.name}: {n} rows repeat the key ({', '.join(of.key)})")
    return faults


def check_arrow(rows: pa.Table, of: Table) -> list[str]:
    """As `check`, of Arrow rows in the contract's schema; whether keys repeat is not looked at.

    `rows`: of the table, in any order. `of`: the contract.
    """
    if rows.schema != of.schema:
        return [f"{of.name}: the columns or their types are not those of this table"]
    suspects = [field.name for field in of.fields if not _is_within(rows[field.name], field)]
    frame = rows.select(suspects).to_pandas()
    return [f"{of.name}.{n}: {fault}" for n in suspects for fault in _faults(frame, FIELDS[n])]


def _is_within(values: pa.ChunkedArray, field: Field) -> bool:
    """Whether no value is out of the field's bounds."""
    if not field.is_number:
        return not field.choices
    ends = pc.min_max(values)
    low, high = ends["min"].as_py(), ends["max"].as_py()
    is_low = low is not None and field.low is not None and low < field.low
    return not is_low and not (high is not None and field.high is not None and high > field.high)


def _suspects(frame: pd.DataFrame, of: Table) -> list[str]:
    """Columns that may be at fault: all numbers within bounds are cleared in one sweep."""
    held = [field for field in of.fields if field.name in frame]
    numbers = frame[[field.name for field in held if field.is_number]].select_dtypes("number")
    bounds = pick(numbers.columns)
    low = np.array([-np.inf if field.low is None else field.low for field in bounds])
    high = np.array([np.inf if field.high is None else field.high for field in bounds])
    # a column without any value is sound: NaN is neither below nor above
    broken = (numbers.min().to_numpy(float, na_value=np.nan) < low) | (
        numbers.max().to_numpy(float, na_value=np.nan) > high
    )
    sound = {field.name for field, bad in zip(bounds, broken, strict=True) if not bad}
    return [f.name for f in held if f.name not in sound and (f.is_number or f.choices)]


def _faults(frame: pd.DataFrame, field: Field) -> Iterator[str]:
    values = frame[field.name].dropna()
    if values.empty:
        return
    if field.is_number and not pd.api.types.is_numeric_dtype(values):
        yield f"{values.dtype}, should be {field.type}"
    elif field.is_number:
        low = values[values < field.low] if field.low is not None else values.iloc[:0]
        high = values[values > field.high] if field.high is not None else values.iloc[:0]
        if len(low):
            yield f"{len(low)} values below {field.low:g} (first: {low.iloc[0]})"
        if len(high):
            yield f"{len(high)} values above {field.high:g} (first: {high.iloc[0]})"
    if field.choices and (odd := sorted({*values.unique()} - {*field.choices})):
        yield f"{', '.join(map(str, odd[:3]))} not among {', '.join(field.choices)}"


def assemble(parts: Iterable[pd.DataFrame], of: Table) -> pd.DataFrame:
    """All parts under each other as one table, absent columns missing, in the key's order.

    `parts`: rows of the table, with some or all of its columns. `of`: its contract. Without parts
    the table has no rows.
    """
    # a type is cast by itself: a hexagon beside a missing one would become a float
    cast = [_cast(part, of) for part in _alike(parts)]
    whole = pd.concat([_no_rows(of), *cast], ignore_index=True)
    return whole.sort_values(list(of.key), ignore_index=True)


@cache
def _no_rows(of: Table) -> pd.DataFrame:
    return _cast(of.empty().to_pandas(), of)


def _alike(parts: Iterable[pd.DataFrame]) -> Iterator[pd.DataFrame]:
    """Parts of the same columns and types under each other: a cast costs as much for one row."""
    kinds: dict[tuple[Any, ...], list[pd.DataFrame]] = {}
    for part in parts:
        kinds.setdefault((*part.columns, *part.dtypes), []).append(part)
    for alike in kinds.values():
        yield alike[0] if len(alike) == 1 else pd.concat(alike, ignore_index=True)


def _cast(part: pd.DataFrame, of: Table) -> pd.DataFrame:
    nothing = pd.Series(None, index=part.index, dtype="object")
    # made once a type: a column of nothing costs as much to cast as one of values
    absent = {field.type for field in of.fields if field.name not in part}
    blank = {kind: nothing.astype(_PANDAS.get(kind, "object")) for kind in absent}
    columns = {}
    for field in of.fields:
        values = part[field.name] if field.name in part else blank[field.type]
        kind = _PANDAS.get(field.type, values.dtype)
        columns[field.name] = values if values.dtype == kind else values.astype(kind)
    return pd.DataFrame(columns, index=part.index)


def to_arrow(frame: pd.DataFrame, of: Table) -> pa.Table:
    """The frame as an Arrow table with the contract's columns, types and order.

    `frame`: rows with all columns of the table. `of`: its contract.
    """
    columns = [
        pa.Array.from_pandas(frame[field.name], type=_ARROW[field.type]) for field in of.fields
    ]
    return pa.Table.from_arrays(columns, schema=of.schema)
