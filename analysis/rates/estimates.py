"""What stands beside a place's raw count: the estimate, its interval, and whether it is bad.

Everything here is computed from rows as they are released, so it gives nothing away that an
attacker could not compute: the raw figures of shown places, `<5` and its denominator, and the
figure of a parent less what is shown below it. A hidden place has no estimate, and its count moves
no other place's, as long as what is published of its parent stays the same.

A place's family is what lies under its nearest shown parent, on its own grid; where a parent is
shown, what it holds beyond its shown children is one more member. The days of a region are a family
under its month, and so are the network's. Where there is no parent (regions, the coarsest hexagons,
days of a month that has not left), all places of the grid are one family. The network's month is
alone.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.arrays import Flags, Floats
from analysis.uncertainty import pooling
from contracts.settings.sections import Targets
from geo import hexgrid
from ingest.privacy import release
from ingest.privacy.pieces import FEWEST_CASES

ESTIMATES = ["value", "value_lo", "value_hi", "value_raw", "borrowed", "target", "p_worse",
             "standing"]  # fmt: skip

Codes = npt.NDArray[np.int64]
Names = npt.NDArray[Any]


@dataclass(frozen=True)
class _Grid:
    """The places of one grid, class and month, and what else belongs to their families.

    `rows`: (place,), where they stand. `amounts`: (member, k), first the places', then what their
    parents hold beyond them. `family`: (member,).
    """

    rows: Codes
    amounts: Floats
    family: Codes


def of_counts(released: pd.DataFrame, metric: str, targets: Targets) -> pd.DataFrame:
    """The rows with ESTIMATES of a rate of counts; high is worse.

    `released`: one metric's rows with PLACE, outcome_class, period_grain, period_start, shown,
        numerator (missing where not shown) and exposure (missing where hidden; rate = numerator /
        exposure).
    `metric`: name of the rate, as `targets` has it.
    `targets`: what each class's rate is held against.
    """
    shown, few = (released["shown"].to_numpy() == kind for kind in ("shown", "few"))
    count, exposure = (released[name].to_numpy(float) for name in ("numerator", "exposure"))
    low, high = np.where(few, 1.0, count), np.where(few, FEWEST_CASES - 1.0, count)
    is_known = (shown | few) & (exposure > 0)
    raw = np.divide(count, exposure, out=np.full(len(count), np.nan), where=is_known & shown)
    parts = []
    amounts = np.column_stack([low, high, exposure])
    for grid in _grids(released, amounts, is_known, _counts_beyond):
        places = pooling.rates(grid.amounts[:, 0], grid.amounts[:, 1], grid.amounts[:, 2],
                               grid.family)  # fmt: skip
        own = (grid.amounts[:, :2].mean(axis=1).sum() + 0.5) / grid.amounts[:, 2].sum()
        target = _target(released, grid, getattr(targets, metric), own)
        parts.append(_estimates(grid, places, places.above(target), targets, target=target))
    return _beside(released, parts, raw, shown)


def of_scores(released: pd.DataFrame, targets: Targets) -> pd.DataFrame:
    """The rows with ESTIMATES of a net promoter score in points; low is worse.

    `released`: as for `of_counts`, with n_effective, promoter_share and detractor_share, missing
        where not shown.
    `targets`: what each survey type's score is held against.
    """
    n, up, down = (released[name].to_numpy(float)
                   for name in ("n_effective", "promoter_share", "detractor_share"))  # fmt: skip
    shown = (released["shown"].to_numpy() == "shown") & (n > 0)
    amounts = n[:, None] * np.column_stack([up, np.maximum(1 - up - down, 0.0), down])
    parts = []
    for grid in _grids(released, amounts, shown, _answers_beyond):
        places = pooling.scores(grid.amounts, grid.family)
        sums = grid.amounts.sum(axis=0) + 1
        target = _target(released, grid, targets.nps, 100 * (sums[0] - sums[2]) / sums.sum())
        p_worse = places.below(target / 100)
        parts.append(_estimates(grid, places, p_worse, targets, target=target, unit=100.0))
    return _beside(released, parts, 100 * (up - down), shown)


def _estimates(
    grid: _Grid,
    places: pooling.Rates | pooling.Scores,
    p_worse: Floats,
    targets: Targets,
    *,
    target: float,
    unit: float = 1.0,
) -> pd.DataFrame:
    """Estimates of one grid's places, by the row they stand in; what else is in a family is cut."""
    rows = pd.DataFrame({
        "value": unit * places.mean, "value_lo": unit * places.quantile(0.05),
        "value_hi": unit * places.quantile(0.95), "borrowed": places.borrowed, "target": target,
        "p_worse": p_worse,
    }).iloc[: len(grid.rows)].set_index(grid.rows)  # fmt: skip
    p = rows["p_worse"].to_numpy()
    bad = pooling.surely_worse(p, sure=targets.sure, false_discovery=targets.false_discovery)
    return rows.assign(standing=np.select([bad, p < 1 - targets.sure], ["bad", "fine"], "unsure"))


def _beside(
    released: pd.DataFrame, parts: list[pd.DataFrame], raw: Floats, shown: Flags
) -> pd.DataFrame:
    """The released rows with the estimates of those that are shown.

    `parts`: estimates of each grid, by the row that they stand in. `raw`, `shown`: (row,).
    """
    nothing = pd.DataFrame(columns=ESTIMATES).astype({"standing": "object"})
    beside = pd.concat(parts or [nothing]).reindex(range(len(released)))
    beside = beside.assign(value_raw=raw)[ESTIMATES].where(pd.Series(shown), axis=0)
    return released.assign(**{name: beside[name].to_numpy() for name in ESTIMATES})


def _target(
    released: pd.DataFrame, grid: _Grid, of_class: Mapping[str, float], own: float
) -> float:
    """The class's target, else the figure of all places of the grid together.

    Such a figure has half a case, or an answer of each kind, too many: it is never extreme.
    """
    return of_class.get(str(released["outcome_class"].iloc[grid.rows[0]]), own)


# --- the families -------------------------------------------------------------------------------


_Beyond = Callable[[Floats, Floats], Floats]
"""Amounts of parents less those of what is known below them; NaN where nothing more is in them."""


def _grids(
    released: pd.DataFrame, amounts: Floats, is_known: Flags, beyond: _Beyond
) -> Iterator[_Grid]:
    """Every grid of every class and month, with the families of its places.

    `amounts`: (row, k). `is_known`: rows of which they are known, (row,).
    """
    month = released["period_start"].dt.to_period("M")
    group = released.groupby([released["outcome_class"], month]).ngroup().to_numpy()
    for number in np.unique(group):
        rows = np.flatnonzero(group == number)
        places, has_amounts = released.iloc[rows], is_known[rows]
        grid, shown = _grid_of(places), has_amounts & (places["shown"].to_numpy() == "shown")
        above = _above(places, grid, shown)
        for level in np.unique(grid[has_amounts]):
            own = has_amounts & (grid == level)
            # a shown hexagon between a place and its parent speaks for all that lies in it
            between = shown & (grid < level) & (grid > release.REGION) & (level < _FIRST_OF_DAYS)
            below = np.where((own | between) & (above >= 0), above, -1)
            yield _with_the_rest(rows, amounts[rows], own, below, beyond)


_DAYS = {release.REGION: 99, release.NETWORK: 100}
"""Stand for the grids by day, finer than any hexagon."""
_FIRST_OF_DAYS = min(_DAYS.values())


def _grid_of(places: pd.DataFrame) -> Codes:
    level = places["level"].to_numpy(np.int64)
    daily = places["period_grain"].to_numpy() == "day"
    for place, grid in _DAYS.items():
        level = np.where(daily & (level == place), grid, level)
    return level


def _above(places: pd.DataFrame, grid: Codes, shown: Flags) -> Codes:
    """Which row is each place's nearest shown parent; -1 = none."""
    above = np.full(len(places), -1)
    hexes = places["hex_id"].to_numpy(np.uint64)
    is_hex = (grid > release.REGION) & (grid < _FIRST_OF_DAYS)
    for level in np.unique(grid[is_hex]):
        finer = np.flatnonzero(is_hex & (grid > level))
        parents = hexgrid.parents(hexes[finer], level=int(level))
        _look_up(above, finer, parents, np.flatnonzero(shown & (grid == level)), hexes)
    regions = places["region"].fillna("").to_numpy(object)
    for place, daily in _DAYS.items():
        days, months = np.flatnonzero(grid == daily), np.flatnonzero(shown & (grid == place))
        _look_up(above, days, regions[days], months, regions)
    return above


def _look_up(above: Codes, places: Codes, parents: Names, shown: Codes, names: Names) -> None:
    """Writes into `above` the shown row that each place's parent has, if it has one.

    `places`: rows of the places, (place,). `parents`: names of their parents, (place,).
    `shown`: rows that are shown. `names`: name of each row.
    """
    position = pd.Index(names[shown]).get_indexer(pd.Index(parents))
    has_parent = position >= 0
    above[places[has_parent]] = shown[position[has_parent]]


def _with_the_rest(
    rows: Codes, amounts: Floats, own: Flags, below: Codes, beyond: _Beyond
) -> _Grid:
    """The grid of the `own` rows; `below`: the parent from which each row is taken, -1 = none."""
    parents = np.unique(below[own & (below >= 0)])
    taken = np.zeros_like(amounts)
    np.add.at(taken, below[below >= 0], amounts[below >= 0])
    left = beyond(amounts[parents], taken[parents])
    more = ~np.isnan(left).any(axis=1)
    family = np.concatenate([below[own], parents[more]])
    members = np.concatenate([amounts[own], left[more]])
    return _Grid(rows[own], members, np.unique(family, return_inverse=True)[1])


def _counts_beyond(parents: Floats, taken: Floats) -> Floats:
    """What is left, in the middle of what it can be; NaN where no exposure is."""
    count = (parents[:, :2] - taken[:, 1::-1]).mean(axis=1).clip(0)
    exposure = parents[:, 2] - taken[:, 2]
    left = np.column_stack([count, count, exposure])
    return np.where((exposure > 1e-6 * parents[:, 2])[:, None], left, np.nan)


def _answers_beyond(parents: Floats, taken: Floats) -> Floats:
    """What is left of each kind of answer; NaN where no whole answer is."""
    left = (parents - taken).clip(0)
    return np.where((left.sum(axis=1) >= 1)[:, None], left, np.nan)
