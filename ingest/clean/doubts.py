"""Columns that are not what they are given as: a rate as a count, a capacity as a load, a code.

Judged by values, by names and by neighbours. `by_name` is for `ingest.inspection` too, so that it
proposes nothing that reading refuses. What is right in spite of its name or its fractions is given
under [source.counters], where nothing of this is asked.
"""

import re
from collections.abc import Iterator, Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd

from contracts.fields import FIELDS
from contracts.tables.columns import names

Floats = npt.NDArray[np.float64]

_OF_RATES = {*names("rate ratio pct percent percentage share quote taux tasa taxa")}
_OF_CAPACITY = {
    *names("available avail free idle unused capacity configured bandwidth total max maximum")
}
_OF_USE = {
    *names("""used use usage util utilisation utilization utilised utilized load occupied occupancy
        busy auslastung""")
}
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
# the largest numbers of so many digits or bits, which stand where nothing was measured
_CODES = [*(10.0**digits - 1 for digits in range(3, 13)), 2.0**15 - 1, 2.0**16 - 1]
_CODES += [2.0**31 - 1, 2.0**32 - 1]
# how often a short one must stand there, from where it is long, and how far it lies above the rest
_CODE_ROWS, _LONG_CODE, _CODE_ABOVE = 2, 9999, 3
# rows and calls from which a share of drops says something, and one that no network has
_CALL_ROWS, _CALLS, _NO_DROP_RATE = 20, 1000, 0.5
# rates from which their unit is known, and a mean in per cent that hardly a network reaches
_RATE_ROWS, _LEAST_RATE_PCT = 24, 0.05
_WELL = "Give [source.counters] drop_rate_pct = '100 - their column'"
# answers from which their scale is known, and scales that NPS is not asked on, by their ends
_ANSWERS, _OTHER_SCALES = 30, ((1, 5), (1, 7))


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


def may_be_code(number: float) -> bool:
    """Whether a number is one of those that stand where nothing was measured.

    `number`: in the unit of the file.
    """
    return number in _CODES


def of_codes(values: pd.Series) -> str:
    """Which number of a column stands for a missing value, in words; empty = none seems to.

    `values`: its numbers, in the unit of the file; NaN = missing. Such a number is the largest of
    its digits or bits (9999, 65535), and lies far above all others.

    >>> of_codes(pd.Series([12, 9999, 40, 9999]))[:39]
    '2 of 4 values are 9999, all others 40 o'
    """
    numbers = values.dropna()
    largest = float(numbers.max()) if len(numbers) else 0.0
    if not may_be_code(largest):
        return ""
    others, n = numbers[numbers < largest], int((numbers == largest).sum())
    below = float(others.max()) if len(others) else 0.0
    if _CODE_ABOVE * max(below, 1.0) > largest or (n < _CODE_ROWS and largest < _LONG_CODE):
        return ""
    rest = f"all others {below:g} or less" if len(others) else "and nothing else is there"
    return (
        f"{n:,} of {len(numbers):,} values are {largest:.0f}, {rest}: it seems to mean missing; "
        f'name it in [source] na = ["{largest:.0f}"]; {_BUT}'
    )


def of_drops(ours: pd.DataFrame) -> str:
    """Why drops of a file are no drops of its calls, in words; empty = they may be.

    `ours`: typed columns call_attempts and dropped_calls, NaN = missing.
    """
    rows = ours[["call_attempts", "dropped_calls"]].dropna()
    calls, drops = rows.sum()
    if len(rows) < _CALL_ROWS or calls < _CALLS or drops <= _NO_DROP_RATE * calls:
        return ""
    return (
        f"{drops:,.0f} of {calls:,.0f} call_attempts: no network drops so many; calls that ended "
        f"well, or columns exchanged? {_BUT[0].upper()}{_BUT[1:]}"
    )


def of_rates(rates: pd.Series, *, is_scaled: bool) -> str:
    """Why drop rates are not in per cent, or not of drops, in words; empty = they may be.

    `rates`: as they are taken, in per cent, NaN = missing. `is_scaled`: whether [source.scale]
    says which unit theirs have, so that small ones are taken as they are.

    >>> of_rates(pd.Series([0.004, 0.011] * 20), is_scaled=False)[:37]
    'a mean of 0.0075 % of calls dropped: '
    """
    known = rates.dropna()
    if len(known) < _RATE_ROWS:
        return ""
    mean = known.mean()
    if mean > 100 * _NO_DROP_RATE:
        return f"a mean of {mean:.3g} % of calls dropped: calls that ended well? {_WELL}"
    if 0 < mean < _LEAST_RATE_PCT and not is_scaled:
        what = f"a mean of {mean:.2g} % of calls dropped: a share? Give [source.scale]"
        return f"{what} drop_rate_pct = 100, or 1 if it is in per cent"
    return ""


def of_scale(scores: pd.Series) -> str:
    """Why answers are not on the scale of NPS, 0 to 10, in words; empty = they may be.

    `scores`: typed answers, NaN = missing. A detractor's 6 is above a scale of 1 to 5.

    >>> of_scale(pd.Series([1, 2, 3, 4, 5] * 6))[:40]
    'all 30 answers lie within 1 to 5: a scal'
    """
    known = scores.dropna()
    for low, high in _OTHER_SCALES if len(known) >= _ANSWERS else ():
        if known.min() >= low and known.max() <= high:
            return (
                f"all {len(known):,} answers lie within {low} to {high}: a scale of stars or of "
                f"satisfaction, and NPS is asked on 0 to 10; {_BUT}"
            )
    return ""


def is_whole(numbers: pd.Series) -> pd.Series:
    """Whether each number is whole, but for what multiplying by a factor leaves behind."""
    values = numbers.to_numpy(float, na_value=np.nan)
    # infinite less infinite is no number, and none is whole
    with np.errstate(invalid="ignore"):
        left = np.abs(values - values.round())
    return pd.Series(left <= 1e-9 * np.maximum(np.abs(values), 1), index=numbers.index)


def faults(ours: pd.DataFrame, given: Mapping[str, str]) -> Iterator[str]:
    """Why columns of a file are not what they are given as, by names and neighbours, in words.

    `ours`: the typed columns. `given`: our columns that are one of theirs, by ours, with the name
    of theirs.
    """
    for name, theirs in given.items():
        if doubt := by_name(name, theirs) or of_loads(ours, name):
            yield f"{name}: {doubt}"
    has_calls = {"call_attempts", "dropped_calls"} <= {*ours} and "dropped_calls" in given
    if has_calls and (doubt := of_drops(ours)):
        yield f"dropped_calls: {doubt}"
    if {"score"} <= {*ours} & {*given} and (doubt := of_scale(ours["score"])):
        yield f"score: {doubt}"


def of_loads(ours: pd.DataFrame, name: str) -> str:
    """Why a column of loads seems to be a capacity, in words; empty = it may be a load.

    `ours`: the typed columns, cell_id and where it is known call_attempts among them. `name`: the
    column. What is free falls where calls rise; what is there stays, at the blocks of carriers.
    """
    if name not in LOADS or not {"cell_id", name} <= {*ours}:
        return ""
    cell, _ = pd.factorize(ours["cell_id"].head(ROWS))
    values = _floats(ours[name])
    is_known = (cell >= 0) & ~np.isnan(values)
    if is_known.sum() < _ENOUGH:
        return ""
    if _is_fixed(cell[is_known], values[is_known]):
        return f"stays in every cell what a carrier has: a capacity, no load; {_BUT}"
    if "call_attempts" not in ours:
        return ""
    attempts = _floats(ours["call_attempts"])
    is_pair = is_known & ~np.isnan(attempts)
    correlation = _rank_correlation(cell[is_pair], values[is_pair], attempts[is_pair])
    if correlation <= _AGAINST:
        return f"falls where call_attempts rise: what is free, no load; {_BUT}"
    return ""


def _floats(column: pd.Series) -> Floats:
    """The first values of a column, NaN = missing."""
    return column.head(ROWS).to_numpy(np.float64, na_value=np.nan)


def _is_fixed(cell: npt.NDArray[np.intp], values: Floats) -> bool:
    """Whether values stay the same within every cell, are of several carriers, and of no others."""
    order = np.argsort(cell, kind="stable")
    first = np.flatnonzero(np.diff(cell[order], prepend=-1))
    low, high = (of.reduceat(values[order], first) for of in (np.minimum, np.maximum))
    return bool((low == high).all()) and len({*low}) > 1 and {*low} <= _CARRIERS


def _rank_correlation(cell: npt.NDArray[np.intp], one: Floats, other: Floats) -> float:
    """Correlation of ranks within cells; 0 = there are too few, or one is the same throughout."""
    if len(cell) < _ENOUGH:
        return 0.0
    ranks, other_ranks = _ranks(cell, one), _ranks(cell, other)
    if min(ranks.std(), other_ranks.std()) < 1e-9:
        return 0.0
    return float(np.corrcoef(ranks, other_ranks)[0, 1])


def _ranks(cell: npt.NDArray[np.intp], values: Floats) -> Floats:
    """Rank of each value within its cell as a part of it, -0.5 to 0.5; equal ones share theirs."""
    order = np.lexsort((values, cell))
    ordered_cell, ordered = cell[order], values[order]
    is_new_cell = np.diff(ordered_cell, prepend=-1) != 0
    is_new = is_new_cell | (np.diff(ordered, prepend=np.nan) != 0)
    n_equal = np.diff(np.flatnonzero(is_new), append=len(order))
    n_of_cell = np.diff(np.flatnonzero(is_new_cell), append=len(order))
    begin = np.repeat(np.flatnonzero(is_new_cell), n_of_cell)
    # the middle of the places that equal values take up
    place = np.repeat(np.flatnonzero(is_new) + (n_equal + 1) / 2, n_equal) - begin
    ranks = np.empty(len(order))
    ranks[order] = place / np.repeat(n_of_cell, n_of_cell) - 0.5
    return ranks
