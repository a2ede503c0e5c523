"""Counters of a Parquet file that need no mending, as columns: what `sources` and `clean` make.

Whatever would have to be judged value by value (a text that is no number, a value that is not
possible, a missing key) makes a file odd: it is read by `sources` and cleaned by `clean`, which say
what was wrong. Times and ids are judged by their rules here too, each distinct one once.
"""

from dataclasses import dataclass
from pathlib import Path

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
from ingest.clock import local_days
from ingest.containers import paths
from ingest.counters.rollup import HOUR_S
from ingest.sources import meaning

_PM = TABLES["pm"]
_KEY = ("cell_id", "period_start_utc")
_KINDS = {"BIGINT": pa.int64(), "INTEGER": pa.int32(), "DOUBLE": pa.float64()}
_RELATED = (
    *("call_attempts", "call_setups", "dropped_calls", "unavail_s", "period_s"),
    *("prb_dl_used", "prb_dl_avail", "prb_ul_used", "prb_ul_avail"),
)


@dataclass(frozen=True)
class PlainRows:
    """Rows of a file in the file's order, with ids and times as codes of distinct ones."""

    columns: dict[str, pa.Array]
    """Our columns but for the key's first two."""
    ids: pd.Series
    id_code: npt.NDArray[np.int64]
    starts: pd.Series
    start_code: npt.NDArray[np.int64]

    @property
    def length(self) -> int:
        """How many rows there are."""
        return len(self.id_code)

    def days(self, zones: dict[str, str], default: str) -> tuple[list[str], npt.NDArray[np.int64]]:
        """Local days that rows lie on, as YYYY-MM-DD ascending, and the position of each row's.

        `zones`: of cells that have their own, by cell_id. `default`: of all others.
        """
        zone_code, names = pd.factorize(self.ids.map(zones).fillna(default))
        by_zone = np.array([local_days(self.starts, str(zone)) for zone in names], object)
        days, position = np.unique(by_zone.astype(str), return_inverse=True)
        of_row = position.reshape(by_zone.shape)[zone_code[self.id_code], self.start_code]
        return days.tolist(), of_row

    def table(self, file: str, file_hash: str, loaded: pd.Timestamp) -> pa.Table:
        """Rows of table `pm`.

        `file`, `file_hash`: name and content of the file. `loaded`: when it arrived.
        """
        n = self.length
        of_file = {"source_file": file, "file_hash": file_hash, "loaded_utc": loaded}
        arrays = {
            **self.columns,
            **{name: pa.array(np.zeros(n, np.int64)) for name in COUNTED},
            **{name: pa.repeat(pa.scalar(value), n) for name, value in of_file.items()},
            "source_row": pa.array(np.arange(1, n + 1)),
            "cell_id": pa.array(self.ids, pa.string()).take(pa.array(self.id_code)),
            "period_start_utc": pa.array(self.starts).take(pa.array(self.start_code)),
        }
        parts = [
            arrays[field.name].cast(field.type) if field.name in arrays else pa.nulls(n, field.type)
            for field in _PM.schema
        ]
        return pa.Table.from_arrays(parts, schema=_PM.schema)


def suits(source: Source) -> bool:
    """Whether files of a source can be plain: Parquet whose columns are ours under other names.

    `source`: the mapping.
    """
    asks_more = (source.counters, source.objects, source.from_name, source.patterns)
    return (
        (source.table, source.reader, source.time_is) == ("pm", "parquet", "start")
        and not any(asks_more)
        and all(parts_of(theirs) == [theirs] for theirs in source.columns.values())
        and {*_KEY} <= source.columns.keys()
        and "period_s" in source.given
        and source.given <= {*_PM.columns} - {*COUNTED, *LINEAGE}
        and all(FIELDS[name].is_number for name in source.constants)
    )


def read(path: Path, source: Source, settings: Settings) -> PlainRows | None:
    """The rows of a file whose every value can be used as it is; None = it is odd.

    `path`: the file, whose header fits. `source`: the mapping, one that `suits`. `settings`: the
    zone of local times.
    """
    file = pq.ParquetFile(
        paths.seekable(path, source.max_gigabytes), read_dictionary=[source.columns["cell_id"]]
    )
    theirs = file.read(columns=list(source.theirs), use_threads=False)
    theirs.validate(full=True)
    coded = {name: theirs[source.columns[name]] for name in _KEY}
    if not len(theirs) or not pa.types.is_timestamp(coded["period_start_utc"].type):
        return None
    ids, id_code = _coded(coded["cell_id"], "cell_id", source, settings)
    starts, start_code = _coded(coded["period_start_utc"], "period_start_utc", source, settings)
    ours = {
        name: _column(theirs[their_name], FIELDS[name], source)
        for name, their_name in source.columns.items()
        if name not in _KEY
    }
    ours |= {
        name: _repeated(str(value), FIELDS[name], source, settings, len(theirs))
        for name, value in source.constants.items()
    }
    sound = {name: values for name, values in ours.items() if values is not None}
    if len(sound) < len(ours) or ids is None or starts is None or not _is_possible(sound):
        return None
    if _is_doubtful(sound, id_code, source):
        return None
    if "suspect" not in sound:
        sound["suspect"] = pa.repeat(pa.scalar(False), len(theirs))
    return PlainRows(sound, ids, id_code, starts, start_code)


def _coded(
    values: pa.ChunkedArray, name: str, source: Source, settings: Settings
) -> tuple[pd.Series | None, npt.NDArray[np.int64]]:
    """The distinct values of a column, typed, and which of them each row has; None = one is odd."""
    if not pa.types.is_dictionary(values.type):
        values = values.dictionary_encode()
    whole = values.unify_dictionaries().combine_chunks()
    raw = whole.dictionary.to_pandas()
    code = whole.indices.to_numpy(zero_copy_only=False)
    if values.null_count:
        return None, code
    frame = pd.DataFrame({"source_row": range(1, len(raw) + 1), name: raw})
    frame[name] = meaning(frame[name], name, source)
    findings = Findings()
    typed = columns.typed(frame, FIELDS[name], source, settings, findings)
    # how many rows have ids that were unwrapped is counted row by row
    is_odd = bool(findings.rows or findings.file or any(findings.unwrapped.values()))
    is_odd |= bool(typed.isna().any())
    return None if is_odd else typed, code.astype(np.int64)


def _column(values: pa.ChunkedArray, field: Field, source: Source) -> pa.Array | None:
    """One column as its contract types it; None = a value is odd."""
    if field.type == "BOOLEAN":
        is_flag = pa.types.is_boolean(values.type)
        return values.combine_chunks().fill_null(False) if is_flag else None
    kind, scale = _KINDS.get(field.type), source.scale.get(field.name, 1.0)
    is_whole, is_float = pa.types.is_integer(values.type), pa.types.is_floating(values.type)
    if kind is None or not (is_whole or is_float):
        return None
    numbers = values.combine_chunks()
    if scale != 1.0 or is_float:
        # what is no number is missing, as a null is
        scaled = numbers.cast(pa.float64()).to_numpy(zero_copy_only=False) * scale
        numbers = pa.array(scaled, from_pandas=True)
    return _bounded(numbers, field, kind)


def _is_doubtful(ours: dict[str, pa.Array], id_code: npt.NDArray[np.int64], source: Source) -> bool:
    """Whether a column is not what it is given as, by its name or its neighbours."""
    names = [name for name in (*doubts.LOADS, "call_attempts") if name in ours]
    looked = {
        name: ours[name].slice(0, doubts.ROWS).to_numpy(zero_copy_only=False) for name in names
    }
    frame = pd.DataFrame({**looked, "cell_id": id_code[: doubts.ROWS]})
    return any(doubts.faults(frame, source.direct))


def _bounded(numbers: pa.Array, field: Field, kind: pa.DataType) -> pa.Array | None:
    """The numbers in their contract's type; None = one is out of bounds or not whole."""
    ends = pc.min_max(numbers).as_py()
    if ends["min"] is None:
        return pa.nulls(len(numbers), kind)
    low, high = (np.inf if bound is None else bound for bound in (field.low, field.high))
    low = -np.inf if field.low is None else low
    is_within = low <= ends["min"] and ends["max"] <= high
    if not is_within or not np.isfinite([ends["min"], ends["max"]]).all():
        return None
    if field.unit in ("%", "share") and any(columns.unit_faults(numbers.to_pandas(), field)):
        return None
    if doubts.is_count(field.name) and doubts.of_fractions(numbers.to_pandas()):
        return None
    try:
        return numbers.cast(kind)
    except pa.ArrowInvalid:
        return None


def _repeated(
    text: str, field: Field, source: Source, settings: Settings, n: int
) -> pa.Array | None:
    """A constant in every row; None = it is odd."""
    findings = Findings()
    frame = pd.DataFrame({"source_row": [1], field.name: [text]})
    value = columns.typed(frame, field, source, settings, findings)[0]
    if findings.rows or findings.file or pd.isna(value):
        return None
    return pa.repeat(pa.scalar(float(value)), n).cast(_KINDS[field.type])


def _is_possible(ours: dict[str, pa.Array]) -> bool:
    """Whether no value contradicts another, every period is known, and none spans hours."""
    if ours["period_s"].null_count or pc.max(ours["period_s"]).as_py() > HOUR_S:
        return False
    related = pd.DataFrame(
        {n: ours[n].to_numpy(zero_copy_only=False) for n in _RELATED if n in ours}
    )
    findings = Findings()
    rows.relate(related, related.assign(source_row=1), findings)
    return not findings.rows
