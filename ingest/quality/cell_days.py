"""Table `cell_quality`: every check that a day of a cell does not pass.

What the checks are stands in `ingest.verdicts`; here they get the tables they judge.
"""

import numpy as np
import pandas as pd

from contracts.settings.sections import Settings
from contracts.tables import TABLES, assemble
from ingest.clock import wall_clock
from ingest.quality import checks
from ingest.settle.cells import zones_of
from ingest.warehouse.store import Warehouse

_CHECKED = ("cell_id", "day_local", "covered_s", "n_hours", "n_values_missing", "n_resets")
# days whose clocks are looked at: two months tell what is usual
_CLOCK_DAYS = 56
_HOURS = 24


def find(warehouse: Warehouse, settings: Settings) -> pd.DataFrame:
    """Table `cell_quality`, from the settled days and hours of the cells."""
    days = warehouse.read("cell_day", columns=_CHECKED)
    if days.empty:
        return assemble([], TABLES["cell_quality"])
    zones = zones_of(days["cell_id"], warehouse.read("cell"), settings)
    parts = [checks.of_days(days, _length_s(days["day_local"], zones))]
    if activity := _activity(warehouse, settings):
        parts.append(checks.clock_shifts(activity))
    return assemble(parts, TABLES["cell_quality"])


def _length_s(days: pd.Series, zones: pd.Series | str) -> pd.Series:
    """Seconds of each local day, on which a clock may change."""
    known = pd.DataFrame({"day": days, "zone": zones}, index=days.index)
    kinds = known.drop_duplicates()
    lengths = [
        (_midnight(day + pd.Timedelta(days=1), zone) - _midnight(day, zone)).total_seconds()
        for day, zone in zip(pd.to_datetime(kinds["day"]), kinds["zone"], strict=True)
    ]
    known = known.merge(kinds.assign(length_s=lengths), how="left")
    return known.set_axis(days.index)["length_s"]


def _midnight(day: pd.Timestamp, zone: str) -> pd.Timestamp:
    return day.tz_localize(zone, nonexistent="shift_forward", ambiguous=True)


def _activity(warehouse: Warehouse, settings: Settings) -> checks.Activity | None:
    """Calls by the hour of the newest days; None where no hour is known."""
    days = warehouse.days("cell_hour", filled=True)[-_CLOCK_DAYS:]
    inventory = warehouse.read("cell")
    hours = ["cell_id", "hour_start_utc", "call_attempts"]
    read = [warehouse.read("cell_hour", days=[day], columns=hours) for day in days]
    cells = pd.Index(sorted({cell for rows in read for cell in rows["cell_id"].unique()}))
    if cells.empty:
        return None
    calls = np.full((len(cells), len(days), _HOURS), np.nan)
    for day, rows in enumerate(read):
        known = rows[rows["hour_start_utc"].notna()]
        zones = zones_of(known["cell_id"], inventory, settings)
        hour = wall_clock(known["hour_start_utc"], zones).dt.hour.to_numpy()
        calls[cells.get_indexer(pd.Index(known["cell_id"])), day, hour] = known["call_attempts"]
    dates = pd.to_datetime(pd.Series(days)).dt.date.to_numpy()
    return checks.Activity(calls, cells.to_numpy(object), dates)
