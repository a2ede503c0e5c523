"""Changes found by day, changes found by hour and those that stand: one list of each cell."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from analysis.attribution.search import Search
from analysis.changes import standing

HOURLY_DAYS = 120
"""Newest days that are searched by the hour."""

# two searches may date one change so far apart
_SAME = pd.Timedelta(days=4)
_DROPS = ("drops_excess", "drops_excess_lo", "drops_excess_hi", "drops_load", "drops_other")
_NO_HOURS = "load is not known by the hour"
_BEFORE = f"it is older than the {HOURLY_DAYS} days searched by the hour, or than the cell's hours"
_NOT_TESTED = ": what it is due to was not tested"


def merged(by_day: pd.DataFrame, by_hour: Search, standing_rows: pd.DataFrame) -> pd.DataFrame:
    """Hourly finds where a cell's hours were searched, daily ones elsewhere and before.

    `by_day`: as of `daily.search`. `by_hour`: as of `hourly.by_hour`. `standing_rows`: changes of
    an earlier run, as of `standing.standing_changes`. Rows of `change_point` with `change`: row of
    the hourly finds, -1 for one that stands, NaN for a daily one. A daily or standing change ends
    where hours show the next one; its drops are cut in proportion.
    """
    visibility = by_hour.visibility.set_index("cell_id")
    numbers = np.arange(len(by_hour.changes), dtype=float)
    hourly = by_hour.changes.assign(attribution_note=None, change=numbers)
    hourly = hourly[~again(hourly, standing_rows, on=["cell_id", "direction"])]
    with_load = joined([_cut(standing_rows, hourly), hourly])
    daily = _daily_finds(by_day, visibility)
    is_repeated = again(daily, with_load, on=["cell_id"]) | _within(daily, standing_rows)
    daily = daily[~is_repeated]
    rows = joined([_cut(daily, with_load), with_load])
    return rows.sort_values(["cell_id", "change_utc"], ignore_index=True)


def _daily_finds(by_day: pd.DataFrame, visibility: pd.DataFrame) -> pd.DataFrame:
    """Daily finds before each cell's hours, and all of cells without hours; undecided."""
    is_searched = visibility["refused"] == ""
    hours_from = visibility.loc[is_searched, "hours_from_utc"].reindex(by_day["cell_id"])
    decided_from = hours_from.set_axis(by_day.index) + standing.BLIND
    # never later than an instant that is missing: of cells without hours every find stays
    rows = by_day[~(by_day["change_utc"] >= decided_from)]
    notes = _why_undecided(rows["cell_id"], visibility["refused"])
    return rows.assign(attribution="undecided", attribution_note=notes, change=np.nan)


def _why_undecided(cell_ids: pd.Series, refused: pd.Series) -> pd.Series:
    """Why it was not tested what each change is due to; `refused`: reason by cell_id."""
    reason = cell_ids.map(refused)
    note = reason.where(reason != "", _BEFORE).where(reason.notna(), _NO_HOURS)
    return note.astype("str") + _NOT_TESTED


def joined(parts: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """All rows of the parts, in their order; a part without rows gives its columns alone.

    `parts`: one or more. Unlike `pandas.concat` on parts without rows, types of columns stay.
    """
    with_rows = [part for part in parts if len(part)]
    if with_rows:
        return pd.concat(with_rows, ignore_index=True)
    names = list(dict.fromkeys(name for part in parts for name in part))
    return parts[0].reindex(columns=names)


def again(some: pd.DataFrame, others: pd.DataFrame, *, on: list[str]) -> pd.Series:
    """Which of `some` changes are one of the others, dated at most four days apart.

    `some`, `others`: change_utc, until_utc and the columns `on`, which must be the same. Flags by
    the index of `some`.
    """
    pairs = _pairs(some, others, on)
    is_near = (pairs["change_utc_other"] - pairs["change_utc"]).abs() <= _SAME
    return some.index.to_series().isin(pairs.loc[is_near, "index"])


def _within(some: pd.DataFrame, others: pd.DataFrame) -> pd.Series:
    """Which changes lie in days of which hours showed that nothing but the others happened."""
    pairs = _pairs(some, others, ["cell_id"])
    is_inside = pairs["change_utc"].between(pairs["change_utc_other"], pairs["until_other"])
    return some.index.to_series().isin(pairs.loc[is_inside, "index"])


def _pairs(some: pd.DataFrame, others: pd.DataFrame, on: list[str]) -> pd.DataFrame:
    """Each change with each of the others of its cell: index, change_utc, _other, until_other."""
    right = others[[*on, "change_utc", "until_utc"]]
    left = some[[*on, "change_utc"]].reset_index()
    pairs = left.merge(right, on=on, suffixes=("", "_other"))
    return pairs.rename(columns={"until_utc": "until_other"})


def _cut(rows: pd.DataFrame, newer: pd.DataFrame) -> pd.DataFrame:
    """The changes, each until the first newer one after it, and its drops with it."""
    pairs = _pairs(rows, newer, ["cell_id"])
    later = pairs[pairs["change_utc_other"] > pairs["change_utc"]]
    ends = pd.to_datetime(later.groupby("index")["change_utc_other"].min(), utc=True)
    ends = ends.reindex(rows.index)
    is_cut = ends < rows["until_utc"]
    length = rows["until_utc"] - rows["change_utc"]
    part = ((ends - rows["change_utc"]) / length).where(is_cut, 1.0)
    drops = {name: rows[name] * part for name in _DROPS if name in rows}
    return rows.assign(**drops, until_utc=rows["until_utc"].where(~is_cut, ends))
