"""Columns that are not what they are given as: a rate as a count, a capacity as a load.

Judged by values, by names and by neighbours. `by_name` is for `ingest.inspection` too, so that it
proposes nothing that reading refuses. What is right in spite of its name or its fractions is given
under [source.counters], where nothing of this is asked.
"""

import re
from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd

from contracts.fields import FIELDS

_OF_RATES = {"rate", "ratio", "pct", "percent", "percentage", "quote", "taux", "tasa", "taxa"}
_OF_CAPACITY = {
    "available",
    "avail",
    "free",
    "idle",
    "unused",
    "capacity",
    "configured",
    "bandwidth",
}
_OF_USE = {
    "used", "use", "usage", "util", "utilisation", "utilization", "utilised", "utilized", "load",
    "occupied", "occupancy", "busy", "auslastung",
}  # fmt: skip
LOADS = ("prb_dl_util_pct", "prb_ul_util_pct", "prb_dl_used", "prb_ul_used")
"""Our columns of load."""

ROWS = 20_000
"""How many rows of a file loads are judged by, the first."""

_BUT = "if it is one in spite of that, give it under [source.counters]"
# share of values that are no whole numbers from which a column counts nothing
_MOST_FRACTIONS = 0.01
# rows needed, and a rank correlation with attempts that no load has
_ENOUGH, _AGAINST = 100, -0.5
# blocks that carriers of LTE have
_CARRIERS = {6, 15, 25, 50, 75, 100}


def is_count(name: str) -> bool:
    """Whether our column counts something, so that its values are whole. `name`: ours."""
    return FIELDS[name].unit == "n" and FIELDS[name].is_number


def by_name(ours: str, theirs: str) -> str:
    """Why a column's name says that it is not what it is given as, in words; empty = it does not.

    `ours`: our column. `theirs`: name of their column that is taken for it.

    >>> by_name("prb_dl_util_pct", "PRB_Available_DL")[:38]
    '"PRB_Available_DL" is by its name what'
    >>> by_name("dropped_calls", "Dropped call rate (%)")[:42]
    '"Dropped call rate (%)" is by its name a r'
    >>> by_name("prb_dl_util_pct", "PRB utilisation of available (%)")
    ''
    """
    words = {word.lower() for word in re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])", theirs)}
    if ours in LOADS and words & _OF_CAPACITY and not words & _OF_USE:
        return f'"{theirs}" is by its name what there is, and not what is used: no load; {_BUT}'
    if is_count(ours) and (words & _OF_RATES or "%" in theirs):
        return f'"{theirs}" is by its name a rate, and no count; {_BUT}'
    return ""


def of_fractions(values: pd.Series) -> str:
    """Why a column of counts counts nothing, in words; empty = it may.

    `values`: its numbers, NaN = missing.

    >>> of_fractions(pd.Series([0.01, 0.025, 0.0]))[:35]
    '2 of 3 values are no whole numbers,'
    """
    numbers = values.dropna()
    n = int((~is_whole(numbers)).sum())
    if not len(numbers) or n <= _MOST_FRACTIONS * len(numbers):
        return ""
    what = "and none is above 1: a share, no count" if numbers.max() <= 1 else "and counts are"
    return (
        f"{n:,} of {len(numbers):,} values are no whole numbers, {what}; give the count behind it, "
        f"or the rate times what it is a rate of; {_BUT}"
    )


def is_whole(numbers: pd.Series) -> pd.Series:
    """Whether each number is whole, but for what multiplying by a factor leaves behind."""
    return (numbers - numbers.round()).abs() <= 1e-9 * numbers.abs().clip(lower=1)


def faults(ours: pd.DataFrame, given: Mapping[str, str]) -> Iterator[str]:
    """Why columns of a file are not what they are given as, by names and neighbours, in words.

    `ours`: the typed columns. `given`: our columns that are one of theirs, by ours, with the name
    of theirs.
    """
    for name, theirs in given.items():
        if doubt := by_name(name, theirs) or of_loads(ours, name):
            yield f"{name}: {doubt}"


def of_loads(ours: pd.DataFrame, name: str) -> str:
    """Why a column of loads seems to be a capacity, in words; empty = it may be a load.

    `ours`: the typed columns, cell_id and where it is known call_attempts among them. `name`: the
    column. What is free falls where calls rise; what is there stays, at the blocks of carriers.
    """
    if name not in LOADS or not {"cell_id", name} <= {*ours}:
        return ""
    rows = ours.head(ROWS).dropna(subset=["cell_id", name])
    if len(rows) < _ENOUGH:
        return ""
    by_cell = rows.groupby("cell_id")[name]
    fixed = by_cell.first()[by_cell.max() == by_cell.min()]
    if len(fixed) == by_cell.ngroups and len({*fixed}) > 1 and {*fixed} <= _CARRIERS:
        return f"stays in every cell what a carrier has: a capacity, no load; {_BUT}"
    if "call_attempts" in rows and _ranks_against(rows, name) <= _AGAINST:
        return f"falls where call_attempts rise: what is free, no load; {_BUT}"
    return ""


def _ranks_against(rows: pd.DataFrame, name: str) -> float:
    """Rank correlation within cells of a column with call_attempts; 0 = none is known."""
    pairs = rows.dropna(subset=["call_attempts"])
    ranks = pairs.groupby("cell_id")[[name, "call_attempts"]].rank(pct=True) - 0.5
    if len(pairs) < _ENOUGH or (ranks.std() < 1e-9).any():
        return 0.0
    return float(np.corrcoef(ranks[name], ranks["call_attempts"])[0, 1])
