"""Counters of a Parquet file that need no mending, as columns: what `sources` and `clean` make.

Whatever would have to be judged value by value (a text that is no number, a value that is not
possible, a missing key) makes a file odd: it is read by `sources` and cleaned by `clean`, which say
what was wrong. Times and ids are judged by their rules here too, each distinct one once. A column
is decoded when it is asked for, and not kept: so a file of any size takes little memory.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from contracts.fields import FIELDS, Field
from contracts.settings.sections import Settings
from contracts.source import Source, parts_of
from contracts.tables import COUNTED, LINEAGE, TABLES
from ingest.clean import columns, doubts, rows
from ingest.clean.findings import Findings
from ingest.clock import UTC_TIME, local_days
from ingest.containers import paths
from ingest.counters.dense import Key, Numbers
from ingest.counters.rollup import HOUR_S
from ingest.sources import meaning, numbers_of_nothing

_PM = TABLES["pm"]
_KEY = ("cell_id", "period_start_utc")
_KINDS = {"BIGINT": pa.int64(), "INTEGER": pa.int32(), "DOUBLE": pa.float64()}
_RELATED = (
    *("call_attempts", "call_setups", "dropped_calls", "unavail_s", "period_s"),
    *("prb_dl_used", "prb_dl_avail", "prb_ul_used", "prb_ul_avail"),
)
_LOOKED_AT = {*_RELATED, *doubts.LOADS}
# a file of no more rows is read whole: asking for each column has a price of its own
_ROWS_AT_ONCE = 100_000


def suits(source: Source) -> bool:
    """Whether files of a source can be plain: Parquet whose columns are ours under other names.

    `source`: the mapping.
    """
    asks_more = (source.counters, source.objects, source.from_name, source.patterns)
    return (
        (source.table, source.reader, source.time_is) == ("pm", "parquet", "start")
        and not any(asks_more)
        and not numbers_of_nothing(source)
        and all(parts_of(theirs) == [theirs] for theirs in source.columns.values())
        and {*_KEY} <= source.columns.keys()
        and "period_s" in source.given
        and source.given <= {*_PM.columns} - {*COUNTED, *LINEAGE}
        and all(FIELDS[name].is_number for name in source.constants)
    )


@dataclass(frozen=True)
class Coded:
    """A column as its distinct values, typed, and the position of each row's among them."""

    distinct: pd.Series
    code: npt.NDArray[np.int64]


class PlainFile:
    """One file of counters, column by column under our names."""

    def __init__(self, path: Path, source: Source, settings: Settings) -> None:
        self._source, self._settings = source, settings
        self._all: pa.Table | None = None
        self._file = pq.ParquetFile(
            paths.seekable(path, source.max_gigabytes), read_dictionary=[source.columns["cell_id"]]
        )
        self.n_rows: int = self._file.metadata.num_rows

    def coded(self, name: str) -> Coded | None:
        """Ids of cells or starts of periods; None = a value is missing, or odd.

        `name`: one of the key's first two columns.
        """
        values = self._theirs(name)
        if name != "cell_id" and not pa.types.is_timestamp(values.type):
            return None
        if not pa.types.is_dictionary(values.type):
            values = values.dictionary_encode()
        if values.null_count or not self.n_rows:
            return None
        whole = values.unify_dictionaries().combine_chunks()
        whole.validate(full=True)
        raw = whole.dictionary.to_pandas()
        frame = pd.DataFrame({"source_row": range(1, len(raw) + 1), name: raw})
        frame[name] = meaning(frame[name], name, self._source)
        findings = Findings()
        typed = columns.typed(frame, FIELDS[name], self._source, self._settings, findings)
        # how many rows have ids that were unwrapped is counted row by row
        is_odd = bool(findings.rows or findings.file or any(findings.unwrapped.values()))
        if is_odd or typed.isna().any():
            return None
        return Coded(typed, whole.indices.to_numpy(zero_copy_only=False).astype(np.int64))

    def column(self, name: str, *, is_checked: bool = True) -> pa.Array | None:
        """One column as its contract types it; None = a value is odd.

        `name`: a column that the source gives. `is_checked`: whether its values are known to be
        sound.
        """
        field = FIELDS[name]
        if name in self._source.constants:
            return self._repeated(field)
        values = self._theirs(name).combine_chunks()
        if field.type == "BOOLEAN":
            return values.fill_null(False) if pa.types.is_boolean(values.type) else None
        kind, scale = _KINDS.get(field.type), self._source.scale.get(name, 1.0)
        is_float = pa.types.is_floating(values.type)
        if kind is None or not (pa.types.is_integer(values.type) or is_float):
            return None
        if scale != 1.0:
            values = pc.multiply(values.cast(pa.float64()), scale)
        if is_checked and not _is_sound(values, field):
            return None
        if kind != pa.float64() and is_float:
            values = _without_nan(values)
        try:
            return values.cast(kind)
        except pa.ArrowInvalid:
            return None

    def is_plain(self, ids: Coded) -> bool:
        """Whether every value but those of the key can be used as it is.

        `ids`: of the rows' cells, as `coded` gives them.
        """
        looked: dict[str, npt.NDArray[Any]] = {}
        for name in self._source.given - {*_KEY}:
            values = self.column(name)
            if values is None or (name == "period_s" and not _is_period(values)):
                return False
            if name in _LOOKED_AT:
                looked[name] = values.to_numpy(zero_copy_only=False)
        findings = Findings()
        related = pd.DataFrame({n: looked[n] for n in _RELATED if n in looked}, copy=False)
        rows.relate(related, related.assign(source_row=1), findings)
        first = pd.DataFrame({"cell_id": ids.code[: doubts.ROWS]}).assign(
            **{name: values[: doubts.ROWS] for name, values in looked.items()}
        )
        return not findings.rows and not any(doubts.faults(first, self._source.direct))

    def table(self, file: str, file_hash: str, loaded: pd.Timestamp) -> pa.Table:
        """All rows as table `pm` has them; of a file that is plain.

        `file`, `file_hash`: name and content of the file. `loaded`: when it arrived.
        """
        n = self.n_rows
        of_file = {"source_file": file, "file_hash": file_hash, "loaded_utc": loaded}
        arrays = {
            "suspect": pa.repeat(pa.scalar(False), n),
            **{name: pa.array(np.zeros(n, np.int64)) for name in COUNTED},
            **{name: pa.repeat(pa.scalar(value), n) for name, value in of_file.items()},
            "source_row": pa.array(np.arange(1, n + 1)),
        }
        for name in self._source.given - {*_KEY}:
            arrays[name] = _without_nan(self.column(name, is_checked=False))
        for name in _KEY:
            coded = self.coded(name)
            arrays[name] = None if coded is None else pa.array(coded.distinct).take(coded.code)
        parts = [
            pa.nulls(n, field.type)
            if arrays.get(field.name) is None
            else arrays[field.name].cast(field.type)
            for field in _PM.schema
        ]
        return pa.Table.from_arrays(parts, schema=_PM.schema)

    def gives(self, name: str) -> bool:
        """Whether the source gives a column. `name`: ours."""
        return name in self._source.given

    def _theirs(self, name: str) -> pa.ChunkedArray:
        theirs = self._source.columns[name]
        if self.n_rows > _ROWS_AT_ONCE:
            return self._file.read(columns=[theirs], use_threads=False)[theirs]
        if self._all is None:
            self._all = self._file.read(columns=list(self._source.theirs), use_threads=False)
        return self._all[theirs]

    def _repeated(self, field: Field) -> pa.Array | None:
        """A constant in every row; None = it is odd."""
        findings = Findings()
        text = str(self._source.constants[field.name])
        frame = pd.DataFrame({"source_row": [1], field.name: [text]})
        value = columns.typed(frame, field, self._source, self._settings, findings)[0]
        if findings.rows or findings.file or pd.isna(value):
            return None
        return pa.repeat(pa.scalar(float(value)), self.n_rows).cast(_KINDS[field.type])


class PlainRows:
    """Rows of plain files one after the other, as a day is made of them."""

    def __init__(self, files: Sequence[PlainFile]) -> None:
        self._files = files

    @property
    def key(self) -> Key | None:
        """Cell and period of every row; None where a file is no longer plain."""
        ids = [file.coded("cell_id") for file in self._files]
        starts = [file.coded("period_start_utc") for file in self._files]
        lengths = [file.column("period_s", is_checked=False) for file in self._files]
        doubts = [file.column("suspect") for file in self._files if file.gives("suspect")]
        names, id_code = _together(ids)
        times, start_code = _together(starts)
        if names is None or times is None or any(length is None for length in lengths):
            return None
        instants = times.astype(UTC_TIME).to_numpy("datetime64[us]").astype(np.int64)
        return Key(
            names.to_numpy(object),
            id_code,
            instants[start_code],
            np.concatenate([length.to_numpy() for length in lengths if length is not None]),
            any(bool(pc.any(doubt).as_py()) for doubt in doubts),
        )

    def numbers(self, name: str) -> Numbers | None:
        """A column of all rows; None = no file gives it, or all values are missing.

        `name`: of table `pm`.
        """
        if name in COUNTED:
            return np.zeros(sum(file.n_rows for file in self._files))
        parts = [
            file.column(name, is_checked=False) if file.gives(name) else None
            for file in self._files
        ]
        if all(part is None or part.null_count == len(part) for part in parts):
            return None
        arrays = [
            np.full(file.n_rows, np.nan) if part is None else part.to_numpy(zero_copy_only=False)
            for file, part in zip(self._files, parts, strict=True)
        ]
        return arrays[0] if len(arrays) == 1 else np.concatenate(arrays)


def days_of(
    ids: Coded, starts: Coded, zones: dict[str, str], default: str
) -> tuple[list[str], npt.NDArray[np.int64]]:
    """Local days that rows lie on, as YYYY-MM-DD ascending, and the position of each row's.

    `ids`, `starts`: of the rows. `zones`: of cells that have their own, by cell_id. `default`: of
    all others.
    """
    zone_of_id = ids.distinct.map(lambda one: zones.get(one, default)) if zones else default
    zone_code, names = pd.factorize(pd.Series(zone_of_id, index=ids.distinct.index, dtype="str"))
    by_zone = np.array([local_days(starts.distinct, str(zone)) for zone in names], object)
    days, position = np.unique(by_zone.astype(str), return_inverse=True)
    # a day that stands in the table and on which no row lies is none of theirs
    of_row = position.reshape(by_zone.shape)[zone_code[ids.code], starts.code]
    used, of_row = np.unique(of_row, return_inverse=True)
    return days[used].tolist(), of_row


def _together(parts: Sequence[Coded | None]) -> tuple[pd.Series | None, npt.NDArray[np.int64]]:
    """Distinct values of all parts, maybe repeated, and the code of each row."""
    whole = [part for part in parts if part is not None]
    if len(whole) < len(parts):
        return None, np.empty(0, np.int64)
    first = np.cumsum([0, *(len(part.distinct) for part in whole)])
    codes = [part.code + shift for part, shift in zip(whole, first, strict=False)]
    return pd.concat([part.distinct for part in whole], ignore_index=True), np.concatenate(codes)


def _without_nan(values: pa.Array | None) -> pa.Array | None:
    """The column; what is no number is missing."""
    if values is None or not pa.types.is_floating(values.type):
        return values
    return pa.array(values.to_numpy(zero_copy_only=False), from_pandas=True)


def _is_sound(numbers: pa.Array, field: Field) -> bool:
    """Whether all numbers are finite and possible, and in the unit they should be in."""
    ends = pc.min_max(numbers).as_py()
    if ends["min"] is None or np.isnan(ends["min"]):
        return True
    low = -np.inf if field.low is None else field.low
    high = np.inf if field.high is None else field.high
    if not low <= ends["min"] <= ends["max"] <= high or np.isinf([*ends.values()]).any():
        return False
    if field.unit and doubts.may_be_code(ends["max"]):
        return False
    if field.unit in ("%", "share") and any(columns.unit_faults(numbers.to_pandas(), field)):
        return False
    is_float_count = doubts.is_count(field.name) and pa.types.is_floating(numbers.type)
    return not (is_float_count and doubts.of_fractions(numbers.to_pandas()))


def _is_period(seconds: pa.Array) -> bool:
    """Whether every period is known, and none spans hours."""
    return not seconds.null_count and bool(pc.max(seconds).as_py() <= HOUR_S)
