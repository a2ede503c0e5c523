"""What does a place's benefit cost? The work that spares most drops for its cost, place by place.

docs/methods.md 8.6: benefit / cost. A place can be treated in many ways; the one told is the work
of the catalogue (an action or bundle at one cell, sector or site) that spares most in the place for
all that it costs, among those that reach at least a set share of what could be avoided there. What
a work spares in other places is theirs. What several works together do is the plan's question.
"""

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import sparse

from analysis.arrays import Floats
from analysis.association.per_drop import Slopes
from analysis.benefit.gain import Gain
from analysis.plan.on_offer import Offered, action_at
from analysis.priority.rank import rank_intervals
from analysis.uncertainty.draws import with_interval

UNKNOWN, NOTHING = "no benefit is known here", "there are no drops to avoid"
NO_WORK = "no work of the catalogue that would help can be done here"
NOT_LISTED = "no cell here is in the inventory: what can be done is not known"
_LEAST_DROPS = 1e-6

Rows = npt.NDArray[np.intp]


def of_places(
    share: sparse.csr_array,
    offered: Offered,
    gain: Gain,
    slopes: Slopes,
    at_most: Floats,
    *,
    least_reach: float,
) -> pd.DataFrame:
    """Columns of the work with most benefit per cost at each place, one row a place.

    `share`: which part of each cell is the place's, (place, cell). `gain`, `at_most`: of the same
    places. A work that costs nothing has no benefit per cost and comes before all others. Where
    there is no work its columns are missing and no_action_reason says why.
    """
    spared = _expected(share, offered)
    work, expected = _best(spared, offered.options.cost, least_reach * gain.expected)
    some = np.flatnonzero(work >= 0)
    drops = np.full(gain.drops.shape, np.nan)
    drops[some] = _drawn(share[some], work[some], offered)
    known = offered.options.known.assign(
        action_at=action_at(offered.options.known), cost_amount=offered.options.cost
    )
    told = known[["action", "action_at", "cost_amount"]].reindex(np.where(work < 0, -1, work))
    cost = told["cost_amount"].to_numpy(float)
    value = slopes["value_month"].of(expected, drops, at_most) if "value_month" in slopes else None
    named = told["action"].notna()
    invented = pd.Series(offered.catalogue.invented, told.index, dtype="boolean")
    currency = pd.Series(offered.catalogue.currency, told.index, dtype="str")
    return told.assign(
        cost_currency=currency.where(named),
        costs_invented=invented.where(named),
        action_reach=_ratio(expected, gain.expected).round(6),
        **_per_cost("drops_per_cost", expected, drops, cost),
        **(_per_cost("value_per_cost", *value, cost) if value else {}),
        **_ranked(expected, drops, cost),
        no_action_reason=_why_not(work, spared, gain, share @ offered.is_listed > 0, least_reach),
    ).reset_index(drop=True)


def _expected(share: sparse.csr_array, offered: Offered) -> sparse.csr_array:
    """Drops a month that each work spares in each place, (place, work)."""
    names = list(offered.spared)
    mean = np.array([drops.mean(axis=1) for drops in offered.spared.values()])
    treats = offered.treats.tocoo()
    action = pd.Index(names).get_indexer(pd.Index(offered.options.known["action"]))
    work, cell = treats.coords
    by_cell = sparse.csr_array((mean[action[work], cell], (work, cell)), treats.shape)
    return sparse.csr_array(share @ by_cell.T)


def _best(spared: sparse.csr_array, cost: Floats, least: Floats) -> tuple[Rows, Floats]:
    """The work with most spared for its cost in each place, and that, (place,); -1 = none, NaN."""
    pairs = spared.tocoo()
    place, work = pairs.coords
    held = (pairs.data > _LEAST_DROPS) & (pairs.data >= least[place])
    place, work, drops = place[held], work[held], pairs.data[held]
    free = cost[work] <= 0
    ratio = np.where(free, np.inf, drops / np.where(free, 1, cost[work]))
    # of works as good for their cost the one that spares more; ties go by the works' order
    order = np.lexsort((work, -drops.round(9), -ratio.round(9), place))
    at, first = np.unique(place[order], return_index=True)
    found, most = np.full(spared.shape[0], -1), np.full(spared.shape[0], np.nan)
    found[at], most[at] = work[order][first], drops[order][first]
    return found, most


def _drawn(share: sparse.csr_array, work: Rows, offered: Offered) -> Floats:
    """Drops a month that one work spares in each place, (place, draw)."""
    parts = sparse.csr_array(share.multiply(offered.treats[work]))
    action = offered.options.known["action"].to_numpy()[work]
    n_draws = offered.options.benefit.shape[1]
    found = np.zeros((len(work), n_draws))
    for name, drops in offered.spared.items():
        mine = np.flatnonzero(action == name)
        found[mine] = parts[mine] @ drops
    return found


def _per_cost(name: str, expected: Floats, draws: Floats, cost: Floats) -> dict[str, Floats]:
    return with_interval(name, _ratio(expected, cost), _ratio(draws, cost[:, None]))


def _ranked(expected: Floats, draws: Floats, cost: Floats) -> dict[str, Floats]:
    """Rank by benefit per cost, its interval, and P(among the first 20); NaN = no work."""
    # what costs nothing comes first, by what it spares
    each = np.where(cost > 0, cost, 1e-12)
    ratio = expected / each
    order = np.argsort(-np.nan_to_num(ratio, nan=-1.0), kind="stable")
    rank = np.full(len(cost), np.nan)
    rank[order] = np.arange(1, len(cost) + 1)
    found = rank_intervals(ratio, draws / each[:, None])
    named = {"cost_rank_lo": "rank_lo", "cost_rank_hi": "rank_hi", "cost_p_top20": "p_top20"}
    return {"cost_rank": np.where(np.isnan(ratio), np.nan, rank)} | {
        name: found[of] for name, of in named.items()
    }


def _ratio(above: Floats, below: Floats) -> Floats:
    below = np.broadcast_to(below, above.shape)
    return np.divide(above, below, out=np.full(above.shape, np.nan), where=below > 0)


def _why_not(
    work: Rows,
    spared: sparse.csr_array,
    gain: Gain,
    is_listed: npt.NDArray[np.bool_],
    least_reach: float,
) -> npt.NDArray[np.object_]:
    """Why no work is told of each place, in words; None = one is."""
    most = spared.max(axis=1).toarray().ravel() if spared.shape[1] else np.zeros(len(work))
    reached = np.nan_to_num(_ratio(most, gain.expected))
    least = f"no single work reaches {100 * least_reach:.0f} % of it"
    few = [f"{least}, the largest {100 * part:.0f} %: see the plan" for part in reached]
    found = np.where(most > _LEAST_DROPS, np.array(few, object), NO_WORK)
    found = np.where(is_listed, found, NOT_LISTED)
    found = np.where(gain.expected > _LEAST_DROPS, found, NOTHING)
    found = np.where(np.isnan(gain.expected), UNKNOWN, found)
    found[work >= 0] = None
    return found
