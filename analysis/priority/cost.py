"""What does a place's benefit cost? The action with most benefit per cost, place by place.

docs/methods.md 8.6: benefit / cost. Several actions can be taken at a place; the one named is that
of the catalogue (an action or bundle at one cell, sector or site) that avoids most drops in the
place for all that it costs, among those that reach at least a set share of what could be avoided
there. What an action avoids in other places counts there. What several do together is the plan's
question.
"""

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import sparse

from analysis.arrays import Floats
from analysis.association.per_drop import Slopes
from analysis.benefit.gain import Gain
from analysis.plan.possible_actions import PossibleActions, action_at
from analysis.priority.rank import rank_intervals
from analysis.uncertainty.draws import with_interval

UNKNOWN, NOTHING = "no benefit is known here", "there are no drops to avoid"
NO_ACTION = "no action of the catalogue that would help can be done here"
NOT_LISTED = "no cell here is in the inventory: what can be done is not known"
_LEAST_DROPS = 1e-6

Rows = npt.NDArray[np.intp]


def of_places(
    share: sparse.csr_array,
    possible: PossibleActions,
    gain: Gain,
    slopes: Slopes,
    at_most: Floats,
    *,
    least_reach: float,
) -> pd.DataFrame:
    """Columns of the action with most benefit per cost at each place, one row a place.

    `share`: which part of each cell is the place's, (place, cell), 0 to 1. `possible`: actions that
    could be done. `gain`: drops to avoid a month, of the same places. `slopes`: what follows from a
    drop avoided. `at_most`: persons there are, (place,), NaN = not known. `least_reach`: share of a
    place's drops to avoid that an action must reach to be named, 0 to 1. An action that costs
    nothing has no benefit per cost and comes before all others. Where there is none its columns are
    missing and no_action_reason says why.
    """
    avoided = _expected(share, possible)
    best, expected = _best(avoided, possible.actions.cost, least_reach * gain.expected)
    with_action = np.flatnonzero(best >= 0)
    draws = np.full(gain.drops.shape, np.nan)
    draws[with_action] = _drawn(share[with_action], best[with_action], possible)
    actions = possible.actions.known.assign(
        action_at=action_at(possible.actions.known), cost_amount=possible.actions.cost
    )
    named = actions[["action", "action_at", "cost_amount"]].reindex(best)
    cost = named["cost_amount"].to_numpy(float)
    value = slopes["value_month"].of(expected, draws, at_most) if "value_month" in slopes else None
    is_named = named["action"].notna()
    invented = pd.Series(possible.catalogue.invented, named.index, dtype="boolean")
    currency = pd.Series(possible.catalogue.currency, named.index, dtype="str")
    is_listed = share @ possible.is_listed > 0
    return named.assign(
        cost_currency=currency.where(is_named),
        costs_invented=invented.where(is_named),
        action_reach=_ratio(expected, gain.expected).round(6),
        **_per_cost("drops_per_cost", expected, draws, cost),
        **(_per_cost("value_per_cost", *value, cost) if value else {}),
        **_ranked(expected, draws, cost),
        no_action_reason=_why_not(best, avoided, gain, is_listed, least_reach),
    ).reset_index(drop=True)


def _expected(share: sparse.csr_array, possible: PossibleActions) -> sparse.csr_array:
    """Drops a month that each action avoids in each place, (place, action)."""
    names = list(possible.avoided)
    mean = np.array([drops.mean(axis=1) for drops in possible.avoided.values()])
    action, cell = possible.treats.tocoo().coords
    kind = pd.Index(names).get_indexer(pd.Index(possible.actions.known["action"]))
    by_cell = sparse.csr_array((mean[kind[action], cell], (action, cell)), possible.treats.shape)
    return sparse.csr_array(share @ by_cell.T)


def _best(avoided: sparse.csr_array, cost: Floats, least: Floats) -> tuple[Rows, Floats]:
    """The action that avoids most for its cost in each place, and how much, (place,).

    -1 and NaN = none does.
    """
    pairs = avoided.tocoo()
    place, action = pairs.coords
    is_enough = (pairs.data > _LEAST_DROPS) & (pairs.data >= least[place])
    place, action, drops = place[is_enough], action[is_enough], pairs.data[is_enough]
    is_free = cost[action] <= 0
    ratio = np.where(is_free, np.inf, drops / np.where(is_free, 1, cost[action]))
    # of actions as good for their cost the one that avoids more; ties go by the actions' order
    order = np.lexsort((action, -drops.round(9), -ratio.round(9), place))
    places, first = np.unique(place[order], return_index=True)
    best, most = np.full(avoided.shape[0], -1), np.full(avoided.shape[0], np.nan)
    best[places], most[places] = action[order][first], drops[order][first]
    return best, most


def _drawn(share: sparse.csr_array, action: Rows, possible: PossibleActions) -> Floats:
    """Drops a month that one action avoids in each place, (place, draw)."""
    parts = sparse.csr_array(share.multiply(possible.treats[action]))
    kind = possible.actions.known["action"].to_numpy()[action]
    draws = np.zeros((len(action), possible.actions.benefit.shape[1]))
    for name, drops in possible.avoided.items():
        mine = np.flatnonzero(kind == name)
        draws[mine] = parts[mine] @ drops
    return draws


def _per_cost(name: str, expected: Floats, draws: Floats, cost: Floats) -> dict[str, Floats]:
    return with_interval(name, _ratio(expected, cost), _ratio(draws, cost[:, None]))


def _ranked(expected: Floats, draws: Floats, cost: Floats) -> dict[str, Floats]:
    """Rank by benefit per cost, its interval, and P(among the first 20); NaN = no action."""
    # what costs nothing comes first, by what it avoids
    each = np.where(cost > 0, cost, 1e-12)
    ratio = expected / each
    order = np.argsort(-np.nan_to_num(ratio, nan=-1.0), kind="stable")
    rank = np.full(len(cost), np.nan)
    rank[order] = np.arange(1, len(cost) + 1)
    ends = rank_intervals(ratio, draws / each[:, None])
    return {"cost_rank": np.where(np.isnan(ratio), np.nan, rank)} | {
        f"cost_{name}": values for name, values in ends.items()
    }


def _ratio(above: Floats, below: Floats) -> Floats:
    below = np.broadcast_to(below, above.shape)
    return np.divide(above, below, out=np.full(above.shape, np.nan), where=below > 0)


def _why_not(
    best: Rows,
    avoided: sparse.csr_array,
    gain: Gain,
    is_listed: npt.NDArray[np.bool_],
    least_reach: float,
) -> npt.NDArray[np.object_]:
    """Why no action is named beside each place, in words; None = one is."""
    most = avoided.max(axis=1).toarray().ravel() if avoided.shape[1] else np.zeros(len(best))
    reached = np.nan_to_num(_ratio(most, gain.expected))
    least = f"no single action reaches {100 * least_reach:.0f} % of it"
    few = [f"{least}, the largest {100 * part:.0f} %: see the plan" for part in reached]
    why = np.where(most > _LEAST_DROPS, np.array(few, object), NO_ACTION)
    why = np.where(is_listed, why, NOT_LISTED)
    why = np.where(gain.expected > _LEAST_DROPS, why, NOTHING)
    why = np.where(np.isnan(gain.expected), UNKNOWN, why)
    why[best >= 0] = None
    return why
