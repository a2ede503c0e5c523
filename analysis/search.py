"""The stage that finds changes: settled counters -> dated changes of cells, and what load did.

Hours of load and drops are searched by `attribution`, in the newest `HOURLY_DAYS` days; days
before them, and cells without hours or without PRB, by `daily`, where attribution is undecided.
What the network teaches is the only step that cells share, and is frozen for a month.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import xarray as xr
from dask.distributed import Client

from analysis import attribution, cube, daily, identity, load_response
from analysis.channels import Noise
from contracts.settings import Settings
from contracts.tables import TABLES, assemble
from ingest.settle import newest_rows, zones_of
from ingest.warehouse import Warehouse
from ingest.workers import Progress, each

HOURLY_DAYS = 120
CELLS_A_TASK = 100
PRIOR_CELLS = 400
# an hourly search needs days before a change; nearer to its begin the daily one tells
_BLIND_DAYS = 3
_SAME = pd.Timedelta(days=4)
_TWINS_APART = pd.Timedelta(hours=48)
_NO_HOURS = "load is not known by the hour: what it is owed to was not tested"


class Found(NamedTuple):
    """Tables `change_point`, `change_day`, `change_curve`, `load_response`, without run_id.

    `visible`: smallest rise that could be seen in each cell, by cell_id; NaN = none.
    """

    changes: pd.DataFrame
    days: pd.DataFrame
    curves: pd.DataFrame
    responses: pd.DataFrame
    visible: pd.Series


def find(
    counters: xr.Dataset,
    warehouse: Warehouse,
    settings: Settings,
    client: Client,
    progress: Progress,
) -> Found:
    """Changes of every cell, named and told beside works. `counters`: `cube.of_cell_days`."""
    by_day = _by_day(counters, settings, client, progress)
    by_hour = _by_hour(warehouse, settings, client, progress)
    changes = _merged(by_day.changes, by_hour, _hours_from(counters))
    named = _identified(changes, warehouse)
    seen = by_hour.visibility[by_hour.visibility["refused"] == ""].set_index("cell_id")
    fallback = by_day.visibility.set_index("cell_id")["min_visible_ratio"]
    month = str(warehouse.read("run")["as_of_utc"].iloc[0])[:7]
    return Found(
        named.drop(columns="change"),
        _of_changes(by_hour.days, named),
        _of_changes(by_hour.curves, named),
        by_hour.response.assign(month=pd.Timestamp(f"{month}-01").date()),
        seen["min_visible_ratio"].reindex(fallback.index).fillna(fallback),
    )


# --- by day -----------------------------------------------------------------------------------


def _by_day(
    counters: xr.Dataset, settings: Settings, client: Client, progress: Progress
) -> daily.Search:
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
    network: attribution.Network | None = None


def _by_hour(
    warehouse: Warehouse, settings: Settings, client: Client, progress: Progress
) -> attribution.Search:
    days = tuple(warehouse.days("cell_hour")[-HOURLY_DAYS:])
    cells = _cells_with_hours(warehouse, days) if len(days) >= attribution.MIN_DAYS else ()
    if not cells:
        return _nothing()
    network = _network(warehouse, settings, cells, days)
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
    zones = zones_of(cells, warehouse.read("cell"), settings)
    operator = settings.operator
    return cube.of_cell_hours(
        hours[hours["hour_start_utc"].notna()],
        zones=zones if isinstance(zones, str) else zones.set_axis(cells),
        outages=warehouse.read("outage"),
        weekend=operator.weekend,
        country=operator.country,
        subdivision=operator.subdivision,
    )


def _search(task: _Task) -> attribution.Search:
    network = task.network or attribution.learn(_cube(task))
    return attribution.search(_cube(task), network, min_ratio=task.settings.changes.min_ratio)


def _together(parts: list[attribution.Search]) -> attribution.Search:
    """One search of many; rows of days and curves keep pointing at their change."""
    shift = np.cumsum([0, *(len(part.changes) for part in parts)])
    moved = [
        part._replace(
            days=part.days.assign(change=part.days["change"] + first),
            curves=part.curves.assign(change=part.curves["change"] + first),
        )
        for part, first in zip(parts, shift, strict=False)
    ]
    return attribution.Search(
        *(pd.concat(each_, ignore_index=True) for each_ in zip(*moved, strict=True))
    )


# --- what the network taught ------------------------------------------------------------------


def _network(
    warehouse: Warehouse, settings: Settings, cells: tuple[str, ...], days: tuple[str, ...]
) -> attribution.Network:
    """What was learnt this month, from cells spread evenly over all; learnt once, then frozen."""
    month = pd.Timestamp(days[-1]).replace(day=1).date()
    kept = warehouse.read("load_prior")
    mine = kept[(kept["month"] == month) & (kept["method_version"] == attribution.METHOD_VERSION)]
    if len(mine):
        return _of_rows(mine)
    some = cells[:: max(len(cells) // PRIOR_CELLS, 1)][:PRIOR_CELLS]
    learnt = attribution.learn(_cube(_Task(settings, some, days)))
    rows = pd.DataFrame(_as_rows(learnt), columns=["parameter", "step", "value"])
    rows = rows.assign(month=month, method_version=attribution.METHOD_VERSION)
    others = kept[kept["month"] != month]
    warehouse.write("load_prior", assemble([others, rows], TABLES["load_prior"]))
    return learnt


def _as_rows(network: attribution.Network) -> Iterator[tuple[str, int, float]]:
    for parameter, values in (
        ("curve_weight", network.prior.weights),
        ("drops_by_hour", network.prior.by_hour),
        ("noise", network.noise),
        ("wander", [network.wander]),
    ):
        yield from ((parameter, step, float(value)) for step, value in enumerate(values))


def _of_rows(rows: pd.DataFrame) -> attribution.Network:
    def values(parameter: str) -> Any:
        mine = rows[rows["parameter"] == parameter].sort_values("step")
        return mine["value"].to_numpy(float)

    prior = load_response.Prior(values("curve_weight"), values("drops_by_hour"))
    return attribution.Network(prior, Noise(*values("noise")), float(values("wander")[0]))


# --- both together ----------------------------------------------------------------------------


def _hours_from(counters: xr.Dataset) -> pd.Timestamp:
    days = counters["day_start_utc"].to_numpy()
    first = days[0, max(days.shape[1] - HOURLY_DAYS, 0)]
    return pd.Timestamp(first, tz="UTC")


def _merged(
    by_day: pd.DataFrame, by_hour: attribution.Search, hours_from: pd.Timestamp
) -> pd.DataFrame:
    """Hourly finds where hours were searched, daily ones elsewhere and before.

    `change`: row of the hourly finds, NaN for a daily one. A daily level ends where hours show the
    next change; its drops are cut in proportion.
    """
    searched = set(by_hour.visibility.loc[by_hour.visibility["refused"] == "", "cell_id"])
    numbered = np.arange(len(by_hour.changes), dtype=float)
    hourly = by_hour.changes.assign(attribution_note=None, change=numbered)
    early = by_day["change_utc"] < hours_from + pd.Timedelta(days=_BLIND_DAYS)
    old = by_day[early | ~by_day["cell_id"].isin(searched)]
    old = old.assign(attribution="undecided", attribution_note=_NO_HOURS, change=np.nan)
    first = hourly.drop_duplicates("cell_id").set_index("cell_id")["change_utc"]
    ends = pd.to_datetime(first, utc=True).reindex(old["cell_id"]).set_axis(old.index)
    told_again = (ends - old["change_utc"]).abs() <= _SAME
    old, ends = old[~told_again], ends[~told_again]
    cut = ends.notna() & (ends < old["until_utc"])
    part = ((ends - old["change_utc"]) / (old["until_utc"] - old["change_utc"])).where(cut, 1.0)
    for name in ("drops_excess", "drops_excess_lo", "drops_excess_hi"):
        old[name] = old[name] * part
    old["until_utc"] = old["until_utc"].where(~cut, ends)
    parts = [part for part in (old, hourly) if len(part)]
    none = old.reindex(columns=list(dict.fromkeys([*old, *hourly])))
    both = pd.concat(parts, ignore_index=True) if parts else none
    return both.sort_values(["cell_id", "change_utc"], ignore_index=True)


def _identified(found: pd.DataFrame, warehouse: Warehouse) -> pd.DataFrame:
    """The changes with their names, the works they follow, and what their sector did."""
    as_of = warehouse.read("run")["as_of_utc"].iloc[0]
    found = found.assign(metric="drop_rate", place_type="cell")
    named = identity.keep_identity(found, warehouse.read("change_point"), as_of=as_of)
    cells = newest_rows(warehouse.read("cell")).set_index("cell_id")
    works = identity.name_works(found, warehouse.read("intervention"), cells["site_id"])
    named["attribution_note"] = _with_twins(named, cells)
    return named.assign(intervention_id=works)


def _with_twins(found: pd.DataFrame, cells: pd.DataFrame) -> pd.Series:
    """The notes, with word of load that moved between carriers of one sector.

    What is load on the one and relief on the other within 48 h is none for the sector as a whole.
    """
    sector = cells["site_id"] + " " + cells["azimuth_deg"].map("{:.0f}".format).astype("str")
    sectors = found["cell_id"].map(sector)
    notes = dict(found["attribution_note"])
    by_load = found[found["attribution"].isin(["load", "relief"]) & sectors.notna()]
    for _, changes in by_load.groupby(sectors[by_load.index]):
        for i, one in changes.iterrows():
            apart = (changes["change_utc"] - one["change_utc"]).abs()
            twins = changes[(apart <= _TWINS_APART) & (changes["direction"] != one["direction"])]
            if len(twins):
                net = one["drops_excess"] + twins["drops_excess"].sum()
                names = ", ".join(sorted(twins["cell_id"]))
                notes[i] = f"load moved between carriers: with {names} {net:+.0f} drops in all"
    return pd.Series(notes, index=found.index, dtype="str")


def _of_changes(rows: pd.DataFrame, named: pd.DataFrame) -> pd.DataFrame:
    """Rows of days or curves under the names of their changes."""
    known = named.dropna(subset=["change"]).set_index("change")[["change_id", "cell_id"]]
    told = rows.join(known, on="change").dropna(subset=["change_id"])
    return told.drop(columns="change")


def nothing() -> Found:
    """No change of no cell."""
    none = pd.DataFrame()
    return Found(none, none, none, none, pd.Series(dtype="float64"))


def _nothing() -> attribution.Search:
    none = pd.DataFrame(columns=["cell_id", "min_visible_ratio", "refused"])
    response = pd.DataFrame(columns=list(TABLES["load_response"].columns))
    changes = attribution.no_changes()
    return attribution.Search(changes, none, response, attribution.NO_DAYS, attribution.NO_CURVE)
