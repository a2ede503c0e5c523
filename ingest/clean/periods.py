"""Counters against time: periods that overlap, leave gaps or come twice; counters that run on.

Each would be read without a word, and every sum of the file would be wrong. What is right in spite
of it is given under [source.counters], where nothing of this is asked.
"""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from contracts.source import Source
from contracts.tables import ADDITIVE, Table

KEY = ["cell_id", "period_start_utc", "period_s"]
"""Columns that name a row of counters."""

CALLS = ("call_attempts", "dropped_calls")
"""Counters by which one that runs on is known."""

# steps or rows needed, and the share of steps of one length
_ENOUGH, _MOST, _NEARLY_ALL = 20, 0.5, 0.95
# lengths of periods that there are
_LENGTHS = (300, 600, 900, 1800, 3600, 86_400)
# begins of days lie no nearer, where clocks change too
_SHORTEST_DAY = pd.Timedelta(hours=22)
# a share of repeated rows that is no accident
_REPEATED = 0.01
# rises needed of a counter that runs on, falls for each of them, and what a fall leaves at most
_RISES, _FALLS, _LEFT = 40, 0.05, 0.5


def faults(ours: pd.DataFrame, source: Source) -> Iterator[str]:
    """Why the rows of a file can't be periods of counters, in words; none = they can.

    `ours`: the typed columns, a row a period. `source`: its constants, and which columns are theirs
    as they are.
    """
    if not {*KEY} <= {*ours}:
        return
    rows = ours.dropna(subset=KEY)
    if source.repeated_rows == "refuse":
        yield from _repeats(rows)
    if "period_s" not in source.counters:
        yield from _lengths(rows, is_constant="period_s" in source.constants)
    if {*CALLS} <= source.direct.keys() and {*CALLS} <= {*rows} and _runs_on(rows):
        yield (
            "call_attempts and dropped_calls: they hardly ever fall from one period of a cell to "
            "the next, so they seem to be counters that run on; give the differences of periods; "
            "if they are counts in spite of that, give them under [source.counters]"
        )


def rate_faults(ours: pd.DataFrame, table: Table) -> Iterator[str]:
    """Why rates of drops are not those of days, in words; none = they are.

    `ours`: the typed columns cell_id and period_start_utc. `table`: whose rows they are; of another
    than `cell_rate` there is no fault. Rates of hours can't be made one of a day without counts.
    """
    key = ["cell_id", "period_start_utc"]
    if table.name != "cell_rate" or not {*key} <= {*ours}:
        return
    rows = ours.dropna(subset=key).drop_duplicates(key).sort_values(key)
    steps = rows.groupby("cell_id")["period_start_utc"].diff()
    is_short = steps < _SHORTEST_DAY
    if is_short.any():
        n = int(is_short.sum())
        yield (
            f"period_start_utc: {n:,} of {len(rows):,} rows begin less than a day after another of "
            "their cell: rates of hours can't be made one of a day; export them by the day, or "
            'give the counts (table = "pm")'
        )


def _repeats(rows: pd.DataFrame) -> Iterator[str]:
    """Rows of one cell and period that count something else."""
    again = rows[rows.duplicated(KEY)]
    if len(again) < max(_ENOUGH, _REPEATED * len(rows)):
        return
    names = [name for name in ADDITIVE if name in rows]
    is_other = again.index.isin(rows.drop_duplicates([*KEY, *names]).index)
    n = int(is_other.sum())
    if n < max(_ENOUGH, _REPEATED * len(rows)):
        return
    row = f", the first in row {again['source_row'][is_other].iloc[0]}" * ("source_row" in again)
    yield (
        f"cell_id and period_start_utc: {n:,} of {len(rows):,} rows repeat a cell and period with "
        f"other counts{row}. Give [source.columns] period_s where periods differ, put cell_id "
        "together of all columns that tell cells apart, give technology, or say "
        'repeated_rows = "sum" or "combine"'
    )


def _lengths(rows: pd.DataFrame, *, is_constant: bool) -> Iterator[str]:
    """Periods that overlap; of a length that is said for all, also those that leave gaps.

    `is_constant`: whether [source.constants] says how long they are.
    """
    starts = rows.drop_duplicates(KEY).sort_values(KEY)
    steps = starts.groupby(["cell_id", "period_s"])["period_start_utc"].diff().dt.total_seconds()
    pairs = pd.DataFrame({"step": steps, "period_s": starts["period_s"]}).dropna()
    if len(pairs) < _ENOUGH:
        return
    usual = float(pairs["step"].mode()[0])
    length = float(pairs["period_s"].mode()[0])
    is_usual = (pairs["step"] == usual).mean()
    is_overlap = (pairs["step"] < pairs["period_s"]).mean()
    words = f"rows of a cell are {usual:,.0f} s apart, and period_s is {length:,.0f}"
    if is_overlap > _MOST:
        yield f"period_s: {words}: periods overlap, and counts would add up twice; mend period_s"
    elif is_constant and usual > length and usual in _LENGTHS and is_usual >= _NEARLY_ALL:
        yield (
            f"period_s: {words}: give [source.constants] period_s = {usual:.0f}; if they are as "
            f'short in spite of that, give [source.counters] period_s = "{length:.0f}"'
        )


def _runs_on(rows: pd.DataFrame) -> bool:
    """Whether calls and drops only rise within a cell, but for where they begin anew."""
    ordered = rows.sort_values(["cell_id", "period_start_utc"])
    return all(_only_rises(ordered["cell_id"], ordered[name]) for name in CALLS)


def _only_rises(cells: pd.Series, counts: pd.Series) -> bool:
    """Whether a counter, in the order of time within each cell, falls only to begin anew."""
    known = counts.notna()
    values = counts[known].to_numpy(float)
    is_same = (cells[known] == cells[known].shift()).to_numpy()[1:]
    before, after = values[:-1][is_same], values[1:][is_same]
    n_rises, is_fall = int((after > before).sum()), after < before
    begins_anew = np.all(after[is_fall] <= _LEFT * before[is_fall])
    return n_rises >= _RISES and is_fall.sum() <= _FALLS * n_rises and bool(begins_anew)
