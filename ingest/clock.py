"""Instants in UTC, and what the local calendar and clock read at them."""

from typing import Final

import pandas as pd

UTC_TIME: Final = "datetime64[us, UTC]"
HALF_DAY: Final = pd.Timedelta(hours=12)
"""From the begin of a day to an instant that lies in it by any clock nearby."""


def day_instant(rows: pd.DataFrame) -> pd.Series:
    """The instant whose local day a counter row belongs to: its start, or a long period's middle.

    `rows`: period_start_utc, and period_s in seconds. Of a period of more than an hour the middle
    counts: a day that an archive totals by another clock's midnight falls on the local day that
    holds most of it.

    >>> rows = pd.DataFrame({"period_start_utc": [pd.Timestamp("2026-03-01 22:00Z")] * 2})
    >>> day_instant(rows.assign(period_s=[900, 86_400])).dt.strftime("%d %H:%M").tolist()
    ['01 22:00', '02 10:00']
    """
    start, length = rows["period_start_utc"], rows["period_s"].astype("int64")
    return start + pd.to_timedelta((length // 2).where(length > 3600, 0), unit="s")


def local_days(utc: pd.Series, zones: pd.Series | str) -> pd.Series:
    """Calendar day of each instant in its zone, as YYYY-MM-DD text; missing stays missing.

    `utc`: instants in UTC. `zones`: the IANA zone of each, or one for all.

    >>> local_days(pd.Series(pd.to_datetime(["2026-03-01 20:00Z"])), "Asia/Kolkata").tolist()
    ['2026-03-02']
    """
    return wall_clock(utc, zones).dt.strftime("%Y-%m-%d")


def wall_clock(utc: pd.Series, zones: pd.Series | str) -> pd.Series:
    """Local clock reading of each instant, without a zone; missing stays missing.

    `utc`: instants in UTC. `zones`: the IANA zone of each, or one for all.

    >>> wall_clock(pd.Series(pd.to_datetime(["2026-07-01 12:00Z"])), "Europe/London").tolist()
    [Timestamp('2026-07-01 13:00:00')]
    """
    if isinstance(zones, str):
        return utc.dt.tz_convert(zones).dt.tz_localize(None)
    clock = pd.Series(pd.NaT, index=utc.index, dtype="datetime64[us]")
    for zone in zones.unique():
        there = zones == zone
        clock[there] = utc[there].dt.tz_convert(zone).dt.tz_localize(None)
    return clock
