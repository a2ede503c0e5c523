"""Counters of a plain day rolled up as dense arrays: the same tables as `rollup`, bit for bit.

A day is plain where every row has its own key, all periods have one length that parts an hour, and
the source doubts no row: then a counter is one array, cell by period. Any other day is for
`one_per_key` and `rollup`, which know what to do with it. Arrays have the shape (cell, period),
(cell, hour) or (cell,); NaN = not measured, and None stands for an array of NaN alone.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from contracts.fields import FIELDS
from contracts.tables import ADDITIVE, COUNTED, TABLES, Table
from ingest.clock import wall_clock
from ingest.counters import carriers
from ingest.counters.rollup import BUSY_COVER_S, HOUR_S
from ingest.counters.sums import Floats, total

Flags = npt.NDArray[np.bool_]
Whole = npt.NDArray[np.int64]
Arrays = dict[str, Floats | None]
Zones = Callable[[pd.Series], pd.Series | str]
"""Zone of each of some cells by cell_id, or one for all of them."""

Numbers = npt.NDArray[np.number]
Column = Callable[[str], Numbers | None]
"""A column of table `pm` by its name, row by row; None where all of it is missing."""

READ = (
    *("cell_id", "period_start_utc", "period_s", "suspect", *ADDITIVE, *COUNTED),
    *("prb_dl_used", "prb_dl_avail", "prb_ul_used", "prb_ul_avail", "prb_dl_util_pct"),
    *("prb_ul_util_pct", "rrc_users_mean", "rsrp_p50_dbm"),
)
"""Columns of table `pm` that a roll-up reads."""
_SECOND_US = 1_000_000
# minutes of a day of 25 hours; a day of shorter periods goes the other way
_MOST_PERIODS = 1_500
_RSRP = ("_rsrp", "_rsrp_s")


@dataclass(frozen=True)
class Key:
    """Whose rows are at hand, and when they were measured."""

    ids: npt.NDArray[np.object_]
    """Ids of cells; two of one cell may be there after a change of ids."""
    id_code: Whole
    """Position of each row's id."""
    start_us: Whole
    """Instant at which each row's period starts, microseconds in UTC."""
    period_s: npt.NDArray[np.integer]
    is_doubted: bool
    """Whether the source doubts any row."""


def key_of(rows: pa.Table) -> Key:
    """Cell and period of each row. `rows`: of table `pm`, `cell_id` as a dictionary."""
    ids = rows["cell_id"].unify_dictionaries().combine_chunks()
    return Key(
        ids.dictionary.to_numpy(zero_copy_only=False),
        ids.indices.to_numpy().astype(np.int64),
        rows["period_start_utc"].cast(pa.int64()).to_numpy(),
        rows["period_s"].to_numpy(),
        bool(pc.any(rows["suspect"]).as_py()),
    )


def column_of(rows: pa.Table, name: str) -> Numbers | None:
    """A column of rows as numbers; None = all of it is missing.

    `rows`: of table `pm`. `name`: of a column.
    """
    values = rows[name]
    return None if values.null_count == len(values) else values.to_numpy()


@dataclass(frozen=True)
class Day:
    """One plain day: where each row stands, and which hour each period counts in."""

    day: date
    cells: npt.NDArray[np.object_]
    """Ids of its cells, ascending."""
    order: Whole
    """Rows of the files in the order of cell and period."""
    present: Flags
    """Whether a row is there, (cell, period)."""
    period_s: int
    hour: Whole
    """Position of each period's hour, ascending, (period,)."""
    hour_start_us: Whole
    """Instant at which each hour starts, microseconds in UTC, (hour,)."""
    newest_us: int
    """End of the newest period, microseconds in UTC."""

    @cached_property
    def n_periods(self) -> Whole:
        """How many periods with a row each hour has, (cell, hour)."""
        first_of_hour = np.flatnonzero(np.diff(self.hour, prepend=-1))
        n: Whole = np.add.reduceat(self.present.astype(np.int64), first_of_hour, axis=1)
        return n

    @cached_property
    def has_hour(self) -> Flags:
        """Whether any row counts in an hour, (cell, hour)."""
        return self.n_periods > 0

    @cached_property
    def covered_s(self) -> Floats:
        """Seconds that rows cover of each hour, (cell, hour)."""
        return np.where(self.has_hour, self.n_periods * float(self.period_s), np.nan)

    def blocks(self, n_cells: int) -> Iterator["Day"]:
        """The day in blocks of cells, in their order.

        `n_cells`: most cells of a block.
        """
        n = self.present.sum(axis=1)
        end = np.cumsum(n)
        for first in range(0, len(self.cells), n_cells):
            some = slice(first, first + n_cells)
            order = self.order[end[first] - n[first] : end[some][-1]]
            yield replace(self, cells=self.cells[some], order=order, present=self.present[some])

    def dense(self, values: Numbers) -> Floats:
        """A column of the files as an array, (cell, period).

        `values`: of each row.
        """
        ordered = values[self.order].astype(float, copy=False)
        if len(self.order) == self.present.size:
            return ordered.reshape(self.present.shape)
        array = np.full(self.present.shape, np.nan)
        array[self.present] = ordered
        return array

    def by_hour(self, array: Floats) -> Floats:
        """Sums over the periods of each hour, (cell, hour).

        `array`: (cell, period).
        """
        if len(self.hour) == len(self.hour_start_us):
            return array
        missing = np.full(len(array), np.nan)
        by_period = np.vstack([array.T, missing])
        return total(by_period[periods] for periods in self._periods_of_hours).T

    @cached_property
    def _periods_of_hours(self) -> Whole:
        """The first, the second... period of each hour, (n, hour); -1 where an hour has fewer."""
        n = np.bincount(self.hour)
        within = np.arange(len(self.hour)) - (np.cumsum(n) - n)[self.hour]
        periods = np.full((int(n.max()), len(n)), -1)
        periods[within, self.hour] = np.arange(len(self.hour))
        return periods


# -------------------------------------------------------------------------- is the day plain?


def plain_day(key: Key, day: date, zones: Zones) -> Day | None:
    """Where the rows of a day stand; None = the day is not plain.

    `key`: of accepted rows of table `pm`, under newest ids. `day`: the local day. `zones`: of
    cells.
    """
    start = key.start_us
    if not len(start) or key.is_doubted:
        return None
    length = int(key.period_s[0])
    if HOUR_S % length or (key.period_s != length).any():
        return None
    first, last = int(start.min()), int(start.max())
    n_periods = (last - first) // (length * _SECOND_US) + 1
    period, rest = np.divmod(start - first, length * _SECOND_US)
    if rest.any() or n_periods > _MOST_PERIODS:
        return None
    cells, cell = _cells(key)
    row = np.full(len(cells) * n_periods, -1)
    row[cell * n_periods + period] = np.arange(len(period))
    present = row >= 0
    # of two rows that want one place, one is in none
    if np.count_nonzero(present) < len(period):
        return None
    places = present.reshape(len(cells), n_periods)
    hours = _hours(first + np.arange(n_periods) * length * _SECOND_US, day, places, cells, zones)
    if hours is None:
        return None
    starts, hour = np.unique(hours, return_inverse=True)
    newest = last + length * _SECOND_US
    return Day(day, cells, row[present], places, length, hour, starts, newest)


def _cells(key: Key) -> tuple[npt.NDArray[np.object_], Whole]:
    """The cells that have rows, ascending, and the position of each row's cell."""
    used = np.flatnonzero(np.bincount(key.id_code, minlength=len(key.ids)))
    cells, position = np.unique(key.ids[used], return_inverse=True)
    position_of_code = np.zeros(len(key.ids), np.int64)
    position_of_code[used] = position
    return cells, position_of_code[key.id_code]


def _hours(
    axis: Whole, day: date, present: Flags, cells: npt.NDArray[np.object_], zones: Zones
) -> Whole | None:
    """Instant at which the hour of each period starts; None where cells differ, or leave the day.

    `axis`: instants at which periods start, microseconds in UTC.
    """
    names = zones(pd.Series(cells))
    zone_of_cell = pd.Series(names, index=range(len(cells))).to_numpy(object)
    instants = pd.Series(pd.to_datetime(axis, unit="us", utc=True)).dt.as_unit("us")
    hours = np.zeros(len(axis), np.int64)
    for zone in np.unique(zone_of_cell):
        has_rows = present[zone_of_cell == zone].any(axis=0)
        clock = wall_clock(instants, str(zone))
        hour = clock.dt.floor("h")
        starts = (hour - (clock - instants.dt.tz_localize(None))).dt.as_unit("us")
        theirs = np.where(has_rows, starts.to_numpy().astype(np.int64), hours)
        is_same = (hours == 0) | (theirs == hours)
        if not is_same.all() or not (hour.dt.date[has_rows] == day).all():
            return None
        hours = theirs
    return np.where(hours == 0, axis, hours)


# ----------------------------------------------------------------------------------- the sums


def hours_of(column: Column, day: Day, n_prb_dl: pd.Series) -> Arrays:
    """Columns of table `cell_hour` that add, and the received power, as arrays (cell, hour).

    `column`: of the rows whose key gave `day`. `n_prb_dl`: blocks by cell_id, as of
    `carriers.in_blocks`.
    """
    blocks = np.asarray(n_prb_dl.reindex(day.cells).fillna(carriers.ASSUMED), np.float64)
    summed = {
        name: None if array is None else day.by_hour(array)
        for name, array in _weighted(column, day, blocks[:, None])
    }
    power, seconds = (summed.pop(name) for name in _RSRP)
    mean = None if power is None or seconds is None else power / seconds
    return {"covered_s": day.covered_s, **summed, "rsrp_p50_dbm": mean}


def days_of(hours: Arrays, day: Day) -> Arrays:
    """Columns of table `cell_day` as arrays (cell,), those of the busy hour among them.

    `hours`: as `hours_of` gives them. `day`: as of `plain_day`.
    """
    mean = hours["rsrp_p50_dbm"]
    summed: Arrays = dict(hours)
    if mean is not None:
        power = mean * day.covered_s
        summed["_rsrp"] = power
        summed["_rsrp_s"] = np.where(np.isnan(power), np.nan, day.covered_s)
    # so that an hour of all cells lies together, and is added at once
    days = {
        name: None if a is None else total(np.ascontiguousarray(a.T)) for name, a in summed.items()
    }
    days["n_hours"] = day.has_hour.sum(axis=1).astype(float)
    if mean is not None:
        days["rsrp_p50_dbm"] = _divided(days.pop("_rsrp"), days.pop("_rsrp_s"))
    return days | _busy_hours(hours, day)


def _divided(above: Floats | None, below: Floats | None) -> Floats | None:
    return None if above is None or below is None else above / below


def _weighted(column: Column, day: Day, blocks: Floats) -> Iterator[tuple[str, Floats | None]]:
    """Name and array (cell, period) of all that adds: counts, and states times their time."""
    attempts, drops = _dense(column, day, "call_attempts"), _dense(column, day, "dropped_calls")
    # a rate needs both: half of a pair would bias it
    yield from zip(("call_attempts", "dropped_calls"), _both(attempts, drops), strict=True)
    for name in (*ADDITIVE, *COUNTED):
        if name not in ("call_attempts", "dropped_calls"):
            yield name, _dense(column, day, name)
    for way in ("dl", "ul"):
        used, available = _both(*_in_blocks(column, day, way, blocks))
        yield f"prb_{way}_used_prb_s", _times(used, day.period_s)
        yield f"prb_{way}_avail_prb_s", _times(available, day.period_s)
    for state, weighted, seconds in (
        ("rrc_users_mean", "rrc_user_s", "rrc_covered_s"),
        ("rsrp_p50_dbm", *_RSRP),
    ):
        values = _dense(column, day, state)
        yield weighted, _times(values, day.period_s)
        yield seconds, None if values is None else np.where(np.isnan(values), np.nan, day.period_s)


def _dense(column: Column, day: Day, name: str) -> Floats | None:
    values = column(name)
    return None if values is None else day.dense(values)


def _times(values: Floats | None, seconds: int) -> Floats | None:
    return None if values is None else values * float(seconds)


def _both(one: Floats | None, other: Floats | None) -> tuple[Floats | None, Floats | None]:
    """Two arrays, each missing where the other is."""
    if one is None or other is None:
        return None, None
    is_missing = np.isnan(one) | np.isnan(other)
    if not is_missing.any():
        return one, other
    return np.where(is_missing, np.nan, one), np.where(is_missing, np.nan, other)


def _in_blocks(
    column: Column, day: Day, way: str, blocks: Floats
) -> tuple[Floats | None, Floats | None]:
    """Blocks used and available, where they were given in per cent too: as `carriers.in_blocks`."""
    used, available = (_dense(column, day, f"prb_{way}_{name}") for name in ("used", "avail"))
    if used is not None and np.isnan(used).sum() == day.present.size - len(day.order):
        return used, available
    share = _dense(column, day, f"prb_{way}_util_pct")
    if share is None:
        return used, available
    nothing = np.full(day.present.shape, np.nan)
    used, available = (nothing if a is None else a for a in (used, available))
    is_share_only = np.isnan(used) & ~np.isnan(share)
    whole = np.where(np.isnan(available), blocks, available)
    used = np.where(is_share_only, whole * share / 100, used)
    return used, np.where(is_share_only, whole, available)


def _busy_hours(hours: Arrays, day: Day) -> Arrays:
    """Per cell the hour with most users, then most attempts, then the last (as `rollup`)."""
    is_covered = day.covered_s >= BUSY_COVER_S
    users = _divided(hours["rrc_user_s"], hours["rrc_covered_s"])
    is_busiest = is_covered
    for values in (users, hours["call_attempts"]):
        if values is not None:
            # a missing value stands before all others
            ranked = np.where(is_busiest, np.nan_to_num(values, nan=-1.0), -2.0)
            is_busiest = is_busiest & (ranked == ranked.max(axis=1, keepdims=True))
    last = is_busiest.shape[1] - 1 - np.argmax(is_busiest[:, ::-1], axis=1)
    has_any, cell = is_busiest.any(axis=1), np.arange(len(last))
    names = ("prb_dl_used_prb_s", "prb_dl_avail_prb_s", "call_attempts", "dropped_calls")
    chosen: Arrays = {"bh_hour_start_utc": np.where(has_any, day.hour_start_us[last], np.nan)}
    for name in names:
        array = hours[name]
        chosen[f"bh_{name}"] = (
            None if array is None else np.where(has_any, array[cell, last], np.nan)
        )
    return chosen


# --------------------------------------------------------------------------------- the tables


def cell_hours(hours: Arrays, day: Day) -> pa.Table:
    """Table `cell_hour` of a plain day.

    `hours`: as `hours_of` gives them. `day`: as of `plain_day`.
    """
    n, n_rows = day.has_hour.sum(axis=1), int(day.has_hour.sum())
    columns: dict[str, pa.Array] = {
        "cell_id": _texts(day.cells, np.repeat(np.arange(len(n)), n)),
        "hour_start_utc": _instants(np.tile(day.hour_start_us, (len(n), 1))[day.has_hour]),
        "day_local": pa.repeat(pa.scalar(day.day), n_rows),
    }
    for name, array in hours.items():
        columns[name] = _numbers(name, _flat(array, day.has_hour), n_rows)
    return _table(columns, TABLES["cell_hour"])


def cell_days(days: Arrays, day: Day) -> pa.Table:
    """Table `cell_day` of a plain day.

    `days`: as `days_of` gives them. `day`: as of `plain_day`.
    """
    n = len(day.cells)
    columns: dict[str, pa.Array] = {
        "cell_id": pa.array(day.cells, pa.string()),
        "day_local": pa.repeat(pa.scalar(day.day), n),
    }
    for name, array in days.items():
        if name == "bh_hour_start_utc" and array is not None:
            columns[name] = _instants(array)
        else:
            columns[name] = _numbers(name, array, n)
    return _table(columns, TABLES["cell_day"])


def _table(columns: dict[str, pa.Array], of: Table) -> pa.Table:
    return pa.Table.from_arrays([columns[name] for name in of.columns], schema=of.schema)


def _flat(array: Floats | None, has_hour: Flags) -> Floats | None:
    if array is None:
        return None
    return array.ravel() if has_hour.all() else array[has_hour]


def _texts(texts: npt.NDArray[np.object_], position: Whole) -> pa.Array:
    codes = pa.array(position.astype(np.int32))
    return pa.DictionaryArray.from_arrays(codes, pa.array(texts, pa.string())).cast(pa.string())


def _instants(microseconds: npt.NDArray[np.number]) -> pa.Array:
    whole = pa.array(microseconds, from_pandas=True).cast(pa.int64())
    return whole.cast(pa.timestamp("us", tz="UTC"))


def _numbers(name: str, values: Floats | None, n: int) -> pa.Array:
    """A column of its contract's type; missing where NaN."""
    kind = {"BIGINT": pa.int64(), "INTEGER": pa.int32()}.get(FIELDS[name].type, pa.float64())
    if values is None:
        return pa.nulls(n, kind)
    if kind != pa.float64() and not np.isnan(values).any():
        return pa.array(values.astype(np.int64)).cast(kind)
    return pa.array(values, from_pandas=True).cast(kind)
