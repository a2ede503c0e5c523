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
    if activity := _activity(warehouse, settings):
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


def _activity(warehouse: Warehouse, settings: Settings) -> checks.Activity | None:
    """Calls by the hour of the newest days; None where no hour is known."""
    days = warehouse.days("cell_hour", filled=True)[-_CLOCK_DAYS:]
    inventory = warehouse.read("cell")
    columns = ["cell_id", "hour_start_utc", "call_attempts"]
    tables = [warehouse.read("cell_hour", days=[day], columns=columns) for day in days]
    cells = pd.Index(sorted({cell for hours in tables for cell in hours["cell_id"].unique()}))
    if cells.empty:
        return None
    calls = np.full((len(cells), len(days), _HOURS), np.nan)
    for day, hours in enumerate(tables):
        # what is counted by the day has no hour
        rows = hours[hours["hour_start_utc"].notna()]
        zones = zones_of(rows["cell_id"], inventory, settings)
        hour = wall_clock(rows["hour_start_utc"], zones).dt.hour.to_numpy()
        calls[cells.get_indexer(pd.Index(rows["cell_id"])), day, hour] = rows["call_attempts"]
    dates = pd.to_datetime(pd.Series(days)).dt.date.to_numpy()
    return checks.Activity(calls, cells.to_numpy(object), dates)
