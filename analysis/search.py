"""The stage that finds changes: settled counters -> dated changes of cells, and what load did.

Hours of load and drops are searched by `attribution`, in the newest `HOURLY_DAYS` days; days
before them, and cells without hours or without PRB, by `daily`, where attribution is undecided.
What the network teaches is the only step that cells share. It is a function of what was delivered,
not of which runs there were, and the days of one month are judged by the days before it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import NamedTuple

import numpy as np
import pandas as pd
import xarray as xr
from dask.distributed import Client

from analysis import alike, cube, daily, identity, masks, sectors, told
from analysis.attribution import search as attribution_search
from analysis.attribution.levers import Levers, together, unknown
from analysis.attribution.rows import NO_CURVE, NO_DAYS, no_changes
from contracts.settings import Settings
from contracts.tables import TABLES, assemble
from ingest.settle import newest_rows, zones_of
from ingest.warehouse import Warehouse
from ingest.workers import Progress, each

HOURLY_DAYS = 120
CELLS_A_TASK = 100
PRIOR_CELLS = 400
_SAME = pd.Timedelta(days=4)
_DROPS = ("drops_excess", "drops_excess_lo", "drops_excess_hi", "drops_load", "drops_other")
_NO_HOURS = "load is not known by the hour"
_BEFORE = f"it is older than the {HOURLY_DAYS} days searched by the hour, or than the cell's hours"
_NOT_TESTED = ": what it is owed to was not tested"


class Found(NamedTuple):
    """Tables `change_point`, `change_day`, `change_curve`, `load_response`, without run_id.

    `visible`: smallest rise that could be seen in each cell, by cell_id; NaN = none. `levers`:
    what treating each cell that was searched by the hour would do.
    """

    changes: pd.DataFrame
    days: pd.DataFrame
    curves: pd.DataFrame
    responses: pd.DataFrame
    visible: pd.Series
    levers: Levers


def find(
    counters: xr.Dataset,
    warehouse: Warehouse,
    settings: Settings,
    client: Client,
    progress: Progress,
) -> Found:
    """Changes of every cell, named and told beside works. `counters`: `cube.of_cell_days`.

    What hours told before and no longer can stands as it was told (`analysis.told`).
    """
    days = by_day(counters, settings, client, progress)
    by_hour = _by_hour(warehouse, settings, client, progress)
    seen = by_hour.visibility[by_hour.visibility["refused"] == ""].set_index("cell_id")
    earlier = told.before(warehouse)
    kept = told.standing(earlier, counters, seen["hours_from_utc"])
    named = _identified(_merged(days.changes, by_hour, kept), earlier.changes, warehouse, counters)
    changed_days = _of_changes(by_hour.days, earlier.days, named)
    named["days_hash"] = told.days_hash(named, changed_days, counters)
    fallback = days.visibility.set_index("cell_id")["min_visible_ratio"]
    return Found(
        named.drop(columns="change"),
        changed_days,
        _of_changes(by_hour.curves, earlier.curves, named),
        by_hour.response.assign(month=_month(counters)),
        seen["min_visible_ratio"].reindex(fallback.index).fillna(fallback),
        by_hour.levers,
    )


def _month(counters: xr.Dataset) -> date:
    """First day of the month of the last local day; the data may end with the next month's 0:00."""
    newest = pd.Timestamp(counters["day_local"].to_numpy()[-1])
    return newest.replace(day=1).date()


# --- by day -----------------------------------------------------------------------------------


def by_day(
    counters: xr.Dataset, settings: Settings, client: Client, progress: Progress
) -> daily.Search:
    """The daily search over all series of a cube, one or more; the same for any chunks."""
    starts = range(0, counters.sizes["cell"], CELLS_A_TASK)
    parts = [counters.isel(cell=slice(start, start + CELLS_A_TASK)) for start in starts]
    limits = settings.changes
    search = partial(daily.search, min_ratio=limits.min_ratio, min_days=limits.min_days)
    answers = each(client, search, parts, label="searching days", progress=progress)
    return daily.Search(
        pd.concat([answer.changes for answer in answers], ignore_index=True),
        pd.concat([answer.visibility for answer in answers], ignore_index=True),
    )


# --- by hour ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Task:
    """Some cells to search by the hour."""

    settings: Settings
    cells: tuple[str, ...]
    days: tuple[str, ...]
    network: attribution_search.Network | None = None


def _by_hour(
    warehouse: Warehouse, settings: Settings, client: Client, progress: Progress
) -> attribution_search.Search:
    known = tuple(warehouse.days("cell_hour", filled=True))
    days = known[-HOURLY_DAYS:]
    cells = _cells_with_hours(warehouse, days)
    if not cells or len(days) < attribution_search.MIN_DAYS:
        return _nothing(cells, len(days))
    network = _network(warehouse, settings, known)
    tasks = [
        _Task(settings, cells[start : start + CELLS_A_TASK], days, network)
        for start in range(0, len(cells), CELLS_A_TASK)
    ]
    parts = each(client, _search, tasks, label="searching hours", progress=progress)
    return _together(parts)


def _cells_with_hours(warehouse: Warehouse, days: tuple[str, ...]) -> tuple[str, ...]:
    """Cells with hours of load, drops and attempts on the first, the middle or the last day."""
    some = sorted({days[0], days[len(days) // 2], days[-1]}) if days else []
    hours = warehouse.read("cell_hour", days=some)
    hours = hours[hours["hour_start_utc"].notna()]
    known = hours[["prb_dl_used_prb_s", "prb_ul_used_prb_s"]].notna().any(axis=1)
    known &= hours["call_attempts"].notna()
    return tuple(sorted(hours.loc[known, "cell_id"].unique()))


def _cube(task: _Task) -> xr.Dataset:
    settings = task.settings
    warehouse = Warehouse(settings.resolve(settings.warehouse.path))
    hours = warehouse.read("cell_hour", days=list(task.days), only=("cell_id", task.cells))
    cells = pd.Series(list(task.cells))
    rows = warehouse.read("cell")
    zones = zones_of(cells, rows, settings)
    sites = newest_rows(rows).set_index("cell_id")["site_id"]
    operator = settings.operator
    return cube.of_cell_hours(
        hours[hours["hour_start_utc"].notna()],
        zones=zones if isinstance(zones, str) else zones.set_axis(cells),
        outages=masks.masked(warehouse.read("outage"), warehouse.read("intervention"), sites),
        weekend=operator.weekend,
        country=operator.country,
        subdivision=operator.subdivision,
    )


def _search(task: _Task) -> attribution_search.Search:
    network = task.network or attribution_search.learn(_cube(task))
    limits, days = task.settings.changes, task.settings.priority.days
    return attribution_search.search(_cube(task), network, min_ratio=limits.min_ratio, days=days)


def _together(parts: list[attribution_search.Search]) -> attribution_search.Search:
    """One search of many; rows of days and curves keep pointing at their change."""
    shift = np.cumsum([0, *(len(part.changes) for part in parts)])
    moved = [
        part._replace(
            days=part.days.assign(change=part.days["change"] + first),
            curves=part.curves.assign(change=part.curves["change"] + first),
        )
        for part, first in zip(parts, shift, strict=False)
    ]
    frames = zip(*(part[:-1] for part in moved), strict=True)
    whole = [pd.concat(part, ignore_index=True) for part in frames]
    return attribution_search.Search._make([*whole, together([part.levers for part in moved])])


# --- what the network taught ------------------------------------------------------------------


def _network(
    warehouse: Warehouse, settings: Settings, known: tuple[str, ...]
) -> attribution_search.Network:
    """What the newest day is judged by, learnt from cells spread evenly over all."""
    cells, days = _lesson(warehouse, known)
    some = cells[:: max(len(cells) // PRIOR_CELLS, 1)][:PRIOR_CELLS]
    return attribution_search.learn(_cube(_Task(settings, some, days)))


def _lesson(
    warehouse: Warehouse, known: tuple[str, ...]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Cells and days to learn from: those before the newest day's month, else the newest.

    So another day of a month does not change what the month is judged by, from the second month on.
    """
    month = f"{known[-1][:7]}-01"
    days = tuple(day for day in known if day < month)[-HOURLY_DAYS:]
    cells = _cells_with_hours(warehouse, days)
    if cells and len(days) >= attribution_search.MIN_DAYS:
        return cells, days
    newest = known[-HOURLY_DAYS:]
    return _cells_with_hours(warehouse, newest), newest


# --- both together ----------------------------------------------------------------------------


def _merged(
    by_day: pd.DataFrame, by_hour: attribution_search.Search, kept: pd.DataFrame
) -> pd.DataFrame:
    """Hourly finds where a cell's hours were searched, daily ones elsewhere and before.

    `kept`: changes that stand as hours told them before. `change`: row of the hourly finds, -1 for
    a kept one, NaN for a daily one. A daily or kept level ends where hours show the next
    change; its drops are cut in proportion.
    """
    seen = by_hour.visibility.set_index("cell_id")
    hourly = by_hour.changes.assign(
        attribution_note=None, change=np.arange(len(by_hour.changes), dtype=float)
    )
    hourly = hourly[~again(hourly, kept, on=["cell_id", "direction"])]
    sure = _joined([_cut(kept, hourly), hourly])
    begun = seen.loc[seen["refused"] == "", "hours_from_utc"].reindex(by_day["cell_id"])
    tells = begun.set_axis(by_day.index) + told.BLIND
    # never later than an instant that is missing: of cells without hours every find stays
    old = by_day[~(by_day["change_utc"] >= tells)]
    notes = _why_undecided(old["cell_id"], seen["refused"])
    old = old.assign(attribution="undecided", attribution_note=notes, change=np.nan)
    old = old[~(again(old, sure, on=["cell_id"]) | _within(old, kept))]
    both = _joined([_cut(old, sure), sure])
    return both.sort_values(["cell_id", "change_utc"], ignore_index=True)


def _joined(parts: list[pd.DataFrame]) -> pd.DataFrame:
    filled = [part for part in parts if len(part)]
    names = list(dict.fromkeys(name for part in parts for name in part))
    return pd.concat(filled, ignore_index=True) if filled else parts[0].reindex(columns=names)


def _why_undecided(cell_ids: pd.Series, refused: pd.Series) -> pd.Series:
    why = cell_ids.map(refused)
    said = why.where(why != "", _BEFORE).where(why.notna(), _NO_HOURS)
    return said.astype("str") + _NOT_TESTED


def _pairs(some: pd.DataFrame, others: pd.DataFrame, on: list[str]) -> pd.DataFrame:
    """Each change with each of the others of its cell: index, change_utc, _other, until_other."""
    other = others[[*on, "change_utc", "until_utc"]]
    mine = some[[*on, "change_utc"]].reset_index()
    return mine.merge(other, on=on, suffixes=("", "_other")).rename(
        columns={"until_utc": "until_other"}
    )


def again(some: pd.DataFrame, others: pd.DataFrame, *, on: list[str]) -> pd.Series:
    """Which changes are others of their cell, told again."""
    pairs = _pairs(some, others, on)
    near = (pairs["change_utc_other"] - pairs["change_utc"]).abs() <= _SAME
    return some.index.to_series().isin(pairs.loc[near, "index"])


def _within(some: pd.DataFrame, others: pd.DataFrame) -> pd.Series:
    """Which changes lie in days of which hours told that nothing but the others happened."""
    pairs = _pairs(some, others, ["cell_id"])
    inside = pairs["change_utc"].between(pairs["change_utc_other"], pairs["until_other"])
    return some.index.to_series().isin(pairs.loc[inside, "index"])


def _cut(old: pd.DataFrame, newer: pd.DataFrame) -> pd.DataFrame:
    """The changes, each until the first newer one after it, and its drops with it."""
    pairs = _pairs(old, newer, ["cell_id"])
    after = pairs[pairs["change_utc_other"] > pairs["change_utc"]]
    ends = pd.to_datetime(after.groupby("index")["change_utc_other"].min(), utc=True)
    ends = ends.reindex(old.index)
    cut = ends < old["until_utc"]
    part = ((ends - old["change_utc"]) / (old["until_utc"] - old["change_utc"])).where(cut, 1.0)
    shrunk = {name: old[name] * part for name in _DROPS if name in old}
    return old.assign(**shrunk, until_utc=old["until_utc"].where(~cut, ends))


def _identified(
    found: pd.DataFrame, earlier: pd.DataFrame, warehouse: Warehouse, counters: xr.Dataset
) -> pd.DataFrame:
    """The changes with their names, the works they follow, and what their sector did."""
    as_of = warehouse.read("run")["as_of_utc"].iloc[0]
    said = found["told_utc"] if "told_utc" in found else pd.Series(pd.NaT, found.index)
    found = found.assign(
        metric="drop_rate", place_type="cell",
        told_utc=pd.to_datetime(said, utc=True).fillna(as_of).dt.as_unit("us"),
    )  # fmt: skip
    named = identity.keep_identity(found, earlier, as_of=as_of)
    cells = newest_rows(warehouse.read("cell")).set_index("cell_id")
    works = identity.name_works(found, warehouse.read("intervention"), cells["site_id"])
    for beside in (
        sectors.notes(named, cells, counters),
        alike.notes(named, counters.sizes["cell"]),
        told.notes(named, as_of),
    ):
        named["attribution_note"] = _joined_notes(named["attribution_note"], beside)
    return named.assign(intervention_id=works)


def _joined_notes(one: pd.Series, other: pd.Series) -> pd.Series:
    both = one.astype("str") + "; " + other.astype("str")
    return both.fillna(one).fillna(other).astype("str")


def _of_changes(rows: pd.DataFrame, earlier: pd.DataFrame, named: pd.DataFrame) -> pd.DataFrame:
    """Rows of days or curves under the names of their changes; of those that stand, as told."""
    known = named.dropna(subset=["change"])[["change", "change_id", "cell_id"]]
    fresh = rows.join(known.set_index("change"), on="change").dropna(subset=["change_id"])
    kept = known.loc[known["change"] < 0, ["change_id", "cell_id"]]
    stand = earlier.drop(columns=["cell_id", "run_id"]).merge(kept, on="change_id")
    return _joined([fresh.drop(columns="change"), stand])


def nothing() -> Found:
    """No change of no cell."""
    none = pd.DataFrame()
    return Found(
        assemble([], TABLES["change_point"]),
        none,
        none,
        none,
        pd.Series(dtype="float64"),
        unknown([], ""),
    )


def _nothing(cells: Sequence[str], n_days: int) -> attribution_search.Search:
    """No search of cells that have hours on too few days."""
    told = f"too little data: {n_days} days with hours, {attribution_search.MIN_DAYS} are needed"
    visible = pd.DataFrame({"cell_id": pd.Series(list(cells), dtype="str"), "refused": told})
    visible = visible.assign(
        min_visible_ratio=np.nan,
        hours_from_utc=pd.Series(pd.NaT, visible.index, "datetime64[us, UTC]"),
    ).astype({"refused": "str"})
    response = pd.DataFrame(columns=list(TABLES["load_response"].columns))
    return attribution_search.Search(
        no_changes(),
        visible,
        response,
        NO_DAYS,
        NO_CURVE,
        unknown(cells, told),
    )
