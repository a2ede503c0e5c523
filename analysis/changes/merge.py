"""Changes found by day and by hour, merged into one list of each cell."""

import numpy as np
import pandas as pd

from analysis.attribution import search as attribution_search
from analysis.changes import standing

HOURLY_DAYS = 120
_SAME = pd.Timedelta(days=4)
_DROPS = ("drops_excess", "drops_excess_lo", "drops_excess_hi", "drops_load", "drops_other")
_NO_HOURS = "load is not known by the hour"
_BEFORE = f"it is older than the {HOURLY_DAYS} days searched by the hour, or than the cell's hours"
_NOT_TESTED = ": what it is owed to was not tested"


def merged(
    by_day: pd.DataFrame, by_hour: attribution_search.Search, kept: pd.DataFrame
) -> pd.DataFrame:
    """Hourly finds where a cell's hours were searched, daily ones elsewhere and before.

    `kept`: changes that stand as hours told them before. `change`: row of the hourly finds, -1 for
    a kept one, NaN for a daily one. A daily or kept level ends where hours show the next
    change; its drops are cut in proportion.
    """
    seen = by_hour.visibility.set_index("cell_id")
    hourly = by_hour.changes.assign(
        attribution_note=None, change=np.arange(len(by_hour.changes), dtype=float)
    )
    hourly = hourly[~again(hourly, kept, on=["cell_id", "direction"])]
    sure = joined([_cut(kept, hourly), hourly])
    begun = seen.loc[seen["refused"] == "", "hours_from_utc"].reindex(by_day["cell_id"])
    tells = begun.set_axis(by_day.index) + standing.BLIND
    # never later than an instant that is missing: of cells without hours every find stays
    old = by_day[~(by_day["change_utc"] >= tells)]
    notes = _why_undecided(old["cell_id"], seen["refused"])
    old = old.assign(attribution="undecided", attribution_note=notes, change=np.nan)
    old = old[~(again(old, sure, on=["cell_id"]) | _within(old, kept))]
    both = joined([_cut(old, sure), sure])
    return both.sort_values(["cell_id", "change_utc"], ignore_index=True)


def joined(parts: list[pd.DataFrame]) -> pd.DataFrame:
    """All rows of the parts; a part without rows gives its columns alone."""
    filled = [part for part in parts if len(part)]
    names = list(dict.fromkeys(name for part in parts for name in part))
    return pd.concat(filled, ignore_index=True) if filled else parts[0].reindex(columns=names)


def _why_undecided(cell_ids: pd.Series, refused: pd.Series) -> pd.Series:
    why = cell_ids.map(refused)
    said = why.where(why != "", _BEFORE).where(why.notna(), _NO_HOURS)
    return said.astype("str") + _NOT_TESTED


def _pairs(some: pd.DataFrame, others: pd.DataFrame, on: list[str]) -> pd.DataFrame:
    """Each change with each of the others of its cell: index, change_utc, _other, until_other."""
    other = others[[*on, "change_utc", "until_utc"]]
    mine = some[[*on, "change_utc"]].reset_index()
    return mine.merge(other, on=on, suffixes=("", "_other")).rename(
        columns={"until_utc": "until_other"}
    )


def again(some: pd.DataFrame, others: pd.DataFrame, *, on: list[str]) -> pd.Series:
    """Which changes are others of their cell, told again."""
    pairs = _pairs(some, others, on)
    near = (pairs["change_utc_other"] - pairs["change_utc"]).abs() <= _SAME
    return some.index.to_series().isin(pairs.loc[near, "index"])


def _within(some: pd.DataFrame, others: pd.DataFrame) -> pd.Series:
    """Which changes lie in days of which hours told that nothing but the others happened."""
    pairs = _pairs(some, others, ["cell_id"])
    inside = pairs["change_utc"].between(pairs["change_utc_other"], pairs["until_other"])
    return some.index.to_series().isin(pairs.loc[inside, "index"])


def _cut(old: pd.DataFrame, newer: pd.DataFrame) -> pd.DataFrame:
    """The changes, each until the first newer one after it, and its drops with it."""
    pairs = _pairs(old, newer, ["cell_id"])
    after = pairs[pairs["change_utc_other"] > pairs["change_utc"]]
    ends = pd.to_datetime(after.groupby("index")["change_utc_other"].min(), utc=True)
    ends = ends.reindex(old.index)
    cut = ends < old["until_utc"]
    part = ((ends - old["change_utc"]) / (old["until_utc"] - old["change_utc"])).where(cut, 1.0)
    shrunk = {name: old[name] * part for name in _DROPS if name in old}
    return old.assign(**shrunk, until_utc=old["until_utc"].where(~cut, ends))
