"""Instants in UTC, and what the local calendar and clock read at them."""

from typing import Final

import pandas as pd

UTC_TIME: Final = "datetime64[us, UTC]"


def day_instant(rows: pd.DataFrame) -> pd.Series:
    """The instant whose local day a counter row speaks of: its start, or a long period's middle.

    Days that an archive totals by another clock's midnight so fall on the day that holds most of
    them.
    """
    start, length = rows["period_start_utc"], rows["period_s"].astype("int64")
    return start + pd.to_timedelta((length // 2).where(length > 3600, 0), unit="s")


def local_days(utc: pd.Series, zones: pd.Series | str) -> pd.Series:
    """Calendar day of each instant in its zone, as YYYY-MM-DD text."""
    return wall_clock(utc, zones).dt.strftime("%Y-%m-%d")


def wall_clock(utc: pd.Series, zones: pd.Series | str) -> pd.Series:
    """Local clock reading of each instant, without a zone."""
    if isinstance(zones, str):
        return utc.dt.tz_convert(zones).dt.tz_localize(None)
    clock = pd.Series(pd.NaT, index=utc.index, dtype="datetime64[us]")
    for zone in zones.unique():
        there = zones == zone
        clock[there] = utc[there].dt.tz_convert(zone).dt.tz_localize(None)
    return clock
