"""Figures of customers on the released grids, suppressed together."""

import numpy as np
import pandas as pd

from contracts.tables import TABLES
from geo import hexgrid
from ingest.clock import wall_clock
from ingest.privacy import release

METHOD_VERSION = "customers-3"
# a month known for fewer days has no rate worth a place on the map
_MIN_DAYS = 7
COLUMNS = [
    name
    for name in TABLES["place_rate"].columns
    if name not in ("cell_id", "unsafe_reason", "run_id")
]
_SECRET = ["numerator", "value", "value_lo", "value_hi", "n_effective", "promoter_share",
           "detractor_share"]  # fmt: skip
BY = ["period_start", "outcome_class"]
PLACE_MONTH = [*BY, *release.PLACE]


def months_of(utc: pd.Series, zone: str) -> pd.Series:
    """First day of each instant's local calendar month."""
    return wall_clock(utc, zone).dt.to_period("M").dt.start_time.dt.as_unit("s")


def placed_rows(events: pd.DataFrame, level: int, utc: pd.Series, zone: str) -> pd.DataFrame:
    """Events with a hexagon: hex_id at `level`, and the month of `utc` as period_start."""
    known = events["hex_id"].notna()
    rows = events[known].copy()
    rows["hex_id"] = hexgrid.parents(rows["hex_id"], level=level)
    rows["period_start"] = months_of(utc[known], zone)
    return rows


def covered_days(utc: pd.Series, zone: str) -> pd.DataFrame:
    """Days from the first to the last event, with their month; months of a few days left out."""
    clock = wall_clock(utc, zone)
    day = pd.Series(pd.date_range(clock.min().normalize(), clock.max().normalize(), freq="D"))
    start = day.dt.to_period("M").dt.start_time.dt.as_unit("s")
    days = pd.DataFrame({"day": day.dt.as_unit("s"), "period_start": start})
    return days[days.groupby("period_start")["day"].transform("size") >= _MIN_DAYS]


def days_in_month(places: pd.DataFrame) -> pd.Series:
    """Days of each row's month."""
    return places["period_start"].dt.days_in_month


def released(found: pd.DataFrame) -> pd.DataFrame:
    """The figures without what may not leave."""
    secret = [name for name in _SECRET if name in found]
    found[secret] = found[secret].where(found["shown"] == "shown")
    # where too few live or answer, not even how many is said
    return found.assign(denominator=found["denominator"].where(found["shown"] != "hidden"))


def as_rows(found: pd.DataFrame) -> pd.DataFrame:
    """Rows of `place_rate`."""
    of_hex, monthly = found["level"] != release.REGION, found["period_grain"] == "month"
    start = found["period_start"]
    found = found.assign(
        place_type=np.where(of_hex, "hex", "region"),
        level=found["level"].where(of_hex),
        hex_id=found["hex_id"].astype("UInt64").where(of_hex),
        region=found["region"].where(~of_hex),
        period_end=start.where(~monthly, start + pd.offsets.MonthEnd()),
        method_version=METHOD_VERSION,
    )
    return found[[name for name in COLUMNS if name in found]]
