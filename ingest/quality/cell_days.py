"""Table `cell_quality`: every check that a day of a cell does not pass.

What the checks are stands in `ingest.quality.checks`; here they get the tables they judge.
"""

import numpy as np
import pandas as pd

from contracts.settings.sections import Settings
from contracts.tables import TABLES, assemble
from ingest.clock import wall_clock
from ingest.quality import checks
from ingest.settle import inventory
from ingest.settle.cells import zones_of
from ingest.warehouse.store import Warehouse

_CHECKED = ("cell_id", "day_local", "covered_s", "n_hours", "n_values_missing", "n_resets")
# days whose clocks are looked at: two months show what is usual
_CLOCK_DAYS = 56
_HOURS = 24


def find(warehouse: Warehouse, settings: Settings) -> pd.DataFrame:
    """Table `cell_quality`, from the settled days and hours of the cells.

    `warehouse`: its tables cell, cell_day and cell_hour are read. `settings`: the operator's zone.
    """
    days = warehouse.read("cell_day", columns=_CHECKED)
    if days.empty:
        return assemble([], TABLES["cell_quality"])
    zones = zones_of(days["cell_id"], warehouse.read("cell"), settings)
    parts = [checks.of_days(days, _length_s(days["day_local"], zones))]
    parts.append(unreadable_ends(warehouse))
    if activity := _activity(warehouse, settings, days["cell_id"]):
        parts.append(checks.clock_shifts(activity))
    return assemble(parts, TABLES["cell_quality"])


def unreadable_ends(warehouse: Warehouse) -> pd.DataFrame:
    """Days of cells on which an event begins whose end can't be read; columns of `checks`.

    `warehouse`: what was noted of its outages and interventions, and its inventory.
    """
    loads = [load for name in ("outage", "intervention") for load in warehouse.loads(name).values()]
    rows = [row for load in loads for row in load.get("beside", [])]
    days = pd.DataFrame(rows, columns=["cell_id", "day_local", "message"], dtype="str")
    days = days.drop_duplicates(["cell_id", "day_local"])
    days = inventory.under_newest_ids(days, warehouse.read("cell"), days["day_local"])
    dates = pd.to_datetime(days["day_local"]).dt.date
    verdicts = {"check_name": "unreadable end", "verdict": "unsafe"}
    return days.assign(day_local=dates, **verdicts)[checks.COLUMNS]


def _length_s(days: pd.Series, zones: pd.Series | str) -> pd.Series:
    """Seconds of each local day, on which a clock may change."""
    rows = pd.DataFrame({"day": days, "zone": zones}, index=days.index)
    distinct = rows.drop_duplicates()
    lengths = [
        (_midnight(day + pd.Timedelta(days=1), zone) - _midnight(day, zone)).total_seconds()
        for day, zone in zip(pd.to_datetime(distinct["day"]), distinct["zone"], strict=True)
    ]
    rows = rows.merge(distinct.assign(length_s=lengths), how="left")
    return rows.set_axis(days.index)["length_s"]


def _midnight(day: pd.Timestamp, zone: str) -> pd.Timestamp:
    return day.tz_localize(zone, nonexistent="shift_forward", ambiguous=True)


def _activity(
    warehouse: Warehouse, settings: Settings, cell_ids: pd.Series
) -> checks.Activity | None:
    """Calls by the hour of the newest days; None where no hour is known.

    `cell_ids`: all that have days. Hours are read day by day: together they would be the largest
    table that a run holds.
    """
    days = warehouse.days("cell_hour", filled=True)[-_CLOCK_DAYS:]
    inventory, cells = warehouse.read("cell"), pd.Index(np.sort(cell_ids.unique()))
    columns = ["cell_id", "hour_start_utc", "call_attempts"]
    calls = np.full((len(cells), len(days), _HOURS), np.nan)
    has_rows = np.zeros(len(cells), bool)
    for day, name in enumerate(days):
        hours = warehouse.read("cell_hour", days=[name], columns=columns)
        # texts are looked up once each, not once a row
        code, ids = pd.factorize(hours["cell_id"])
        cell = cells.get_indexer(pd.Index(ids))[code]
        has_rows[cell] = True
        # what is counted by the day has no hour
        is_hour = hours["hour_start_utc"].notna().to_numpy()
        rows = hours[is_hour]
        zones = zones_of(rows["cell_id"], inventory, settings)
        hour = wall_clock(rows["hour_start_utc"], zones).dt.hour.to_numpy()
        calls[cell[is_hour], day, hour] = rows["call_attempts"]
    if not has_rows.any():
        return None
    dates = pd.to_datetime(pd.Series(days)).dt.date.to_numpy()
    return checks.Activity(calls[has_rows], cells[has_rows].to_numpy(object), dates)
