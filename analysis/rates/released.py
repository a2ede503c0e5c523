"""Figures of customers on the released grids: what the three kinds of them share."""

import numpy as np
import pandas as pd

from contracts.tables import TABLES
from geo import hexgrid
from ingest.clock import wall_clock
from ingest.privacy import release

METHOD_VERSION = "customers-4"
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
    """First day of each instant's local calendar month.

    `utc`: instants in UTC. `zone`: IANA zone.
    """
    return _months(wall_clock(utc, zone))


def day_of(counted: pd.DataFrame) -> pd.Series:
    """Local day of each counted complaint or answer, as midnight without a zone.

    `counted`: rows of `complaint_counted` or `answer_counted`.
    """
    return pd.to_datetime(counted["day_local"]).dt.as_unit("s")


def month_of(counted: pd.DataFrame) -> pd.Series:
    """First day of the local month of each counted complaint or answer.

    `counted`: rows of `complaint_counted` or `answer_counted`.
    """
    return _months(day_of(counted))


def _months(days: pd.Series) -> pd.Series:
    return days.dt.to_period("M").dt.start_time.dt.as_unit("s")


def on_level(events: pd.DataFrame, level: int) -> pd.DataFrame:
    """A copy of the events that have a hexagon, with hex_id at `level`.

    `events`: with hex_id, missing = no position. `level`: H3 level, no finer than theirs.
    """
    placed = events[events["hex_id"].notna()].copy()
    placed["hex_id"] = hexgrid.parents(placed["hex_id"], level=level)
    return placed


def nowhere_if_unknown(events: pd.DataFrame, blocks: pd.DataFrame, level: int) -> pd.DataFrame:
    """A copy of all events with hex_id at `level`; NO_HEX where it is missing or no block.

    `events`: with hex_id and period_start. `blocks`: hexagons that readers know, hex_id of `level`;
    with period_start where they differ by month. `level`: H3 level, no finer than theirs.
    """
    rows = events.copy()
    keys = [name for name in ("hex_id", "period_start") if name in blocks]
    nowhere = np.uint64(hexgrid.NO_HEX)
    rows["hex_id"] = hexgrid.parents(rows["hex_id"].fillna(nowhere), level=level)
    known = blocks[keys].drop_duplicates().astype({"hex_id": "uint64"})
    is_known = rows[keys].merge(known, "left", keys, indicator="_")["_"] == "both"
    rows["hex_id"] = rows["hex_id"].where(is_known.to_numpy(), nowhere)
    return rows


def covered_days(counted: pd.DataFrame) -> pd.DataFrame:
    """Days from the first to the last event, with their month; months of a few days left out.

    `counted`: rows of `complaint_counted` or `answer_counted`, at least one.
    """
    event_day = day_of(counted)
    day = pd.Series(pd.date_range(event_day.min(), event_day.max(), freq="D")).dt.as_unit("s")
    days = pd.DataFrame({"day": day, "period_start": _months(day)})
    return days[days.groupby("period_start")["day"].transform("size") >= _MIN_DAYS]


def days_in_month(places: pd.DataFrame) -> pd.Series:
    """Days of each row's month.

    `places`: rows with `period_start`.
    """
    return places["period_start"].dt.days_in_month


def released(figures: pd.DataFrame) -> pd.DataFrame:
    """The figures without what may not leave.

    `figures`: with `shown` (shown, few or hidden) and `denominator`; it is changed.
    """
    secret = [name for name in _SECRET if name in figures]
    figures[secret] = figures[secret].where(figures["shown"] == "shown")
    # where too few live or answer, not even how many is said
    return figures.assign(denominator=figures["denominator"].where(figures["shown"] != "hidden"))


def as_rows(figures: pd.DataFrame) -> pd.DataFrame:
    """The figures as rows of `place_rate`; only hexagons have a hexagon, only regions a region.

    `figures`: as of `released`, with level, period_grain and period_start.
    """
    level, is_monthly = figures["level"], figures["period_grain"] == "month"
    is_hex, is_region = level > release.REGION, level == release.REGION
    start = figures["period_start"]
    rows = figures.assign(
        place_type=np.select([is_hex, is_region], ["hex", "region"], "network"),
        level=level.where(is_hex),
        hex_id=figures["hex_id"].astype("UInt64").where(is_hex),
        region=figures["region"].where(is_region),
        period_end=start.where(~is_monthly, start + pd.offsets.MonthEnd()),
        method_version=METHOD_VERSION,
    )
    return rows[[name for name in COLUMNS if name in rows]]
