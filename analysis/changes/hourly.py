"""Changes found in hours of load and drops, cell by cell, on the workers.

The newest `HOURLY_DAYS` days are searched. What the network teaches is the only step that cells
share. It is a function of what was delivered, not of which runs there were, and the days of one
month are judged by the days before it. As long as none of those files changes it is not learnt
again.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, is_dataclass
from typing import Any, get_type_hints

import numpy as np
import pandas as pd
import xarray as xr
from dask.distributed import Client

from analysis import cube
from analysis.attribution.levers import together, unknown
from analysis.attribution.rows import NO_CURVE, NO_DAYS, no_changes
from analysis.attribution.search import MIN_DAYS, NetworkPrior, Search, learn_prior, search
from analysis.changes import masks
from analysis.changes.daily import CELLS_A_TASK
from analysis.changes.merge import HOURLY_DAYS
from contracts.settings.sections import Settings
from contracts.tables import TABLES
from ingest.running.cluster import code_id
from ingest.running.workers import Progress, each
from ingest.settle.cells import newest_rows, zones_of
from ingest.settle.digest import digest
from ingest.warehouse.store import WHOLE, Warehouse

PRIOR_CELLS = 400
_READ = ("cell_id", "hour_start_utc", *cube.HOURLY)
_LOAD = ("prb_dl_used_prb_s", "prb_ul_used_prb_s")
_NEEDED = (*_LOAD, "call_attempts")
_LESSON = "network"
_MASKING = ("outage", "intervention")


@dataclass(frozen=True)
class _Task:
    """Some cells to search by the hour."""

    settings: Settings
    cells: tuple[str, ...]
    days: tuple[str, ...]
    network: NetworkPrior | None = None


def by_hour(warehouse: Warehouse, settings: Settings, client: Client, progress: Progress) -> Search:
    """One search over the newest days of all cells that have hours of load, drops and attempts.

    `warehouse`: with settled hours; `settings`: zones, rest days and limits. `client`: the Dask
    cluster; its workers read the hours of their own cells. `progress`: whom to show how many tasks
    are done. Raises whatever a task raises. Cells with hours on too few days are refused in
    `visibility`.
    """
    all_days = tuple(warehouse.days("cell_hour", filled=True))
    days = all_days[-HOURLY_DAYS:]
    cells = _cells_with_hours(warehouse, days)
    if not cells or len(days) < MIN_DAYS:
        return _nothing(cells, len(days))
    network = _network(warehouse, settings, all_days)
    tasks = [
        _Task(settings, cells[start : start + CELLS_A_TASK], days, network)
        for start in range(0, len(cells), CELLS_A_TASK)
    ]
    parts = each(client, _search, tasks, label="searching hours", progress=progress)
    return _together(parts)


def _cells_with_hours(warehouse: Warehouse, days: tuple[str, ...]) -> tuple[str, ...]:
    """Cells with hours of load, drops and attempts on the first, the middle or the last day."""
    some_days = sorted({days[0], days[len(days) // 2], days[-1]}) if days else []
    hours = warehouse.read("cell_hour", days=some_days, columns=_READ[:2] + _NEEDED)
    hours = hours[hours["hour_start_utc"].notna()]
    has_load = hours[list(_LOAD)].notna().any(axis=1)
    is_usable = has_load & hours["call_attempts"].notna()
    return tuple(sorted(hours.loc[is_usable, "cell_id"].unique()))


def _cube(task: _Task) -> xr.Dataset:
    """The hours of a task's cells, masked where somebody worked on them."""
    settings = task.settings
    warehouse = Warehouse(settings.resolve(settings.warehouse.path))
    hours = warehouse.read(
        "cell_hour", days=list(task.days), columns=_READ, only=("cell_id", task.cells)
    )
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


def _search(task: _Task) -> Search:
    network = task.network or learn_prior(_cube(task))
    limits, days = task.settings.changes, task.settings.priority.days
    return search(_cube(task), network, min_ratio=limits.min_ratio, days=days)


def _together(parts: list[Search]) -> Search:
    """One search of many; rows of days and curves keep pointing at their change."""
    shift = np.cumsum([0, *(len(part.changes) for part in parts)])
    renumbered = [
        part._replace(
            days=part.days.assign(change=part.days["change"] + first),
            curves=part.curves.assign(change=part.curves["change"] + first),
        )
        for part, first in zip(parts, shift, strict=False)
    ]
    frames = zip(*(part[:-1] for part in renumbered), strict=True)
    tables = [pd.concat(frame, ignore_index=True) for frame in frames]
    return Search._make([*tables, together([part.levers for part in renumbered])])


def _network(warehouse: Warehouse, settings: Settings, all_days: tuple[str, ...]) -> NetworkPrior:
    """What the newest day is judged by, learnt from cells spread evenly over all, or kept."""
    cells, days = _lesson(warehouse, all_days)
    some_cells = cells[:: max(len(cells) // PRIOR_CELLS, 1)][:PRIOR_CELLS]
    task = _Task(settings, some_cells, days)
    return learnt_once(lambda: learn_prior(_cube(task)), warehouse, settings, some_cells, days)


def _lesson(
    warehouse: Warehouse, all_days: tuple[str, ...]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Cells and days to learn from: those before the newest day's month, else the newest.

    `all_days`: ascending, as ISO dates. So another day of a month does not change what the month is
    judged by, from the second month on.
    """
    month = f"{all_days[-1][:7]}-01"
    days = tuple(day for day in all_days if day < month)[-HOURLY_DAYS:]
    cells = _cells_with_hours(warehouse, days)
    if cells and len(days) >= MIN_DAYS:
        return cells, days
    newest = all_days[-HOURLY_DAYS:]
    return _cells_with_hours(warehouse, newest), newest


def _nothing(cells: Sequence[str], n_days: int) -> Search:
    """No search of cells that have hours on too few days."""
    reason = f"too little data: {n_days} days with hours, {MIN_DAYS} are needed"
    visibility = pd.DataFrame({"cell_id": pd.Series(list(cells), dtype="str"), "refused": reason})
    visibility = visibility.assign(
        min_visible_ratio=np.nan,
        hours_from_utc=pd.Series(pd.NaT, visibility.index, "datetime64[us, UTC]"),
    ).astype({"refused": "str"})
    return Search(
        changes=no_changes(),
        visibility=visibility,
        response=pd.DataFrame(columns=list(TABLES["load_response"].columns)),
        days=NO_DAYS,
        curves=NO_CURVE,
        levers=unknown(cells, reason),
    )


# --- what the network teaches, kept beside the files that it was learnt from -------------------


def learnt_once(
    learn: Callable[[], NetworkPrior],
    warehouse: Warehouse,
    settings: Settings,
    cells: Sequence[str],
    days: Sequence[str],
) -> NetworkPrior:
    """What `learn` gives, or gave when it was last asked of the same files.

    `warehouse`: with the settled days. `settings`: the operator's zone and rest days. `cells` and
    `days`: of which the network is learnt.
    """
    signature = _name_of_lesson(warehouse, settings, cells, days)
    done = warehouse.read_settled(_LESSON, WHOLE)
    if done is not None and done["signature"] == signature:
        prior: NetworkPrior = _rebuilt(NetworkPrior, done["prior"])
        return prior
    prior = learn()
    warehouse.write_settled(_LESSON, WHOLE, {"signature": signature, "prior": _plain(prior)})
    return prior


def _name_of_lesson(
    warehouse: Warehouse, settings: Settings, cells: Sequence[str], days: Sequence[str]
) -> str:
    """A name of all that the lesson depends on: code, settings, and the files by their hashes."""
    made_from = {
        name: [_signature(warehouse, name, day) for day in warehouse.days(name)]
        for name in _MASKING
    }
    counters = [_signature(warehouse, "pm", day) for day in days]
    inventory = _signature(warehouse, "cell", WHOLE)
    operator = settings.operator.model_dump(mode="json")
    return digest(code_id(), operator, inventory, made_from, list(cells), list(days), counters)


def _signature(warehouse: Warehouse, name: str, day: str) -> Any:
    done = warehouse.read_settled(name, day)
    return None if done is None else done["signature"]


def _plain(value: Any) -> Any:
    """Records as dictionaries, arrays as lists: what JSON can hold, to the last bit."""
    if isinstance(value, np.ndarray):
        return value.tolist()
    if is_dataclass(value):
        return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
    if hasattr(value, "_asdict"):
        return {name: _plain(part) for name, part in value._asdict().items()}
    return value


def _rebuilt(kind: Any, value: Any) -> Any:
    """The record of this kind that `_plain` took apart."""
    if isinstance(value, dict):
        kinds = get_type_hints(kind)
        return kind(**{name: _rebuilt(kinds[name], part) for name, part in value.items()})
    return np.array(value) if isinstance(value, list) else value
