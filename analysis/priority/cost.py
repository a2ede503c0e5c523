"""What does a place's benefit cost? The action with most benefit per cost, place by place.

docs/methods.md 8.6: benefit / cost. Several actions can be taken at a place; the one named is that
of the catalogue (an action or bundle at one cell, sector or site) that avoids most drops in the
place for all that it costs, among those that reach at least a set share of what could be avoided
there. What an action avoids in other places counts there. What several do together is the plan's
question. No action is named where nothing is wrong, nor one whose effect can't be distinguished
from none.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import sparse

from analysis.arrays import Flags, Floats
from analysis.association.per_drop import Slopes
from analysis.benefit.gain import Gain
from analysis.plan.catalogue import AND
from analysis.plan.possible_actions import PossibleActions, action_at
from analysis.priority import standing
from analysis.priority.rank import rank_intervals
from analysis.uncertainty.draws import with_interval

UNKNOWN, NOTHING = "no benefit is known here", "there are no drops to avoid"
NO_ACTION = "no action of the catalogue that would help can be done here"
NOT_LISTED = "no cell here is in the inventory: what can be done is not known"
NOT_WORSE = "it is no worse than a typical cell, and no rise is dated there"
NOT_SURE = "whether any of its drops can be avoided is not sure"
NOT_ABOVE = "what is left is capacity, and it drops no more calls than a typical cell"
NO_EFFECT = "what an action would avoid here can't be distinguished from nothing"
_LEAST_DROPS = 1e-6

Rows = npt.NDArray[np.intp]


@dataclass(frozen=True)
class Allowed:
    """Which actions may be named beside each place; both flags have shape (place,).

    `any`: whether one may at all. `capacity`: whether one that does nothing but relieve may.
    `why_not`: why none may, in words; None = one may.
    """

    any: Flags
    capacity: Flags
    why_not: npt.NDArray[np.object_]


def allowed(places: pd.DataFrame) -> Allowed:
    """Which actions may be named beside each place: none where nothing is wrong.

    `places`: place_state, drop_rate_lo, normal_rate, drops_avoidable_month and its lower end.
    """
    may_act = (places["place_state"] == standing.ACT).to_numpy()
    is_sure = standing.is_sure(places)
    why_not = np.where(is_sure, NOT_WORSE, NOT_SURE).astype(object)
    why_not[may_act] = None
    return Allowed(may_act, may_act & standing.is_above(places), why_not)


def of_places(
    share: sparse.csr_array,
    possible: PossibleActions,
    gain: Gain,
    slopes: Slopes,
    at_most: Floats,
    *,
    may: Allowed,
    least_reach: float,
) -> pd.DataFrame:
    """Columns of the action with most benefit per cost at each place, one row a place.

    `share`: which part of each cell is the place's, (place, cell), 0 to 1. `possible`: actions that
    could be done. `gain`: drops to avoid a month, of the same places. `slopes`: what follows from a
    drop avoided. `at_most`: persons there are, (place,), NaN = not known. `may`: which actions can
    be named there. `least_reach`: share of a place's drops to avoid that an action must reach to be
    named, 0 to 1. An action that costs nothing has no benefit per cost and comes before all others.
    Where there is none its columns are missing and no_action_reason says why. `action_row` is the
    action's place among those possible, -1 = none.
    """
    avoided = _expected(share, possible)
    asked = _of_allowed(avoided, possible, may)
    least = least_reach * gain.expected
    best, expected, draws = _surely_best(share, asked, possible, least)
    actions = possible.actions.known.assign(
        action_at=action_at(possible.actions.known), cost_amount=possible.actions.cost
    )
    named = actions[["action", "place_type", "action_at", "cost_amount"]].reindex(best)
    named = named.rename(columns={"place_type": "action_place_type"})
    cost = named["cost_amount"].to_numpy(float)
    value = slopes["value_month"].of(expected, draws, at_most) if "value_month" in slopes else None
    is_named = named["action"].notna()
    invented = pd.Series(possible.catalogue.invented, named.index, dtype="boolean")
    currency = pd.Series(possible.catalogue.currency, named.index, dtype="str")
    is_listed = share @ possible.is_listed > 0
    return named.assign(
        cost_currency=currency.where(is_named),
        costs_invented=invented.where(is_named),
        action_row=best,
        # an action may relieve of more load than the list reckons with: it can't avoid over all
        action_reach=np.minimum(_ratio(expected, gain.expected), 1.0).round(6),
        **_per_cost("drops_per_cost", expected, draws, cost),
        **(_per_cost("value_per_cost", *value, cost) if value else {}),
        **_ranked(expected, draws, cost),
        no_action_reason=_why_not(
            best,
            gain,
            may,
            least_reach,
            is_listed=is_listed,
            most=_most(avoided),
            most_asked=_most(asked),
        ),
    ).reset_index(drop=True)


def _expected(share: sparse.csr_array, possible: PossibleActions) -> sparse.csr_array:
    """Drops a month that each action avoids in each place, (place, action)."""
    names = list(possible.avoided)
    mean = np.array([drops.mean(axis=1) for drops in possible.avoided.values()])
    action, cell = possible.treats.tocoo().coords
    kind = pd.Index(names).get_indexer(pd.Index(possible.actions.known["action"]))
    by_cell = sparse.csr_array((mean[kind[action], cell], (action, cell)), possible.treats.shape)
    return sparse.csr_array(share @ by_cell.T)


def _of_allowed(
    avoided: sparse.csr_array, possible: PossibleActions, may: Allowed
) -> sparse.csr_array:
    """What each action avoids in each place, of those that may be named there."""
    fixing = {action.name for action in possible.catalogue.action if action.fix is not None}
    fixes = np.array(
        [bool(fixing & set(name.split(AND))) for name in possible.actions.known["action"]], bool
    )
    pairs = avoided.tocoo()
    place, action = pairs.coords
    is_allowed = np.where(fixes[action], may.any[place], may.capacity[place])
    kept = (pairs.data[is_allowed], (place[is_allowed], action[is_allowed]))
    return sparse.csr_array(kept, avoided.shape)


def _surely_best(
    share: sparse.csr_array, asked: sparse.csr_array, possible: PossibleActions, least: Floats
) -> tuple[Rows, Floats, Floats]:
    """The best action of each place whose effect is surely more than none.

    Returns which, (place,), what it avoids as expected, (place,), and in each draw, (place, draw);
    -1 and NaN = there is none.
    """
    best, expected = np.full(len(least), -1), np.full(len(least), np.nan)
    draws = np.full((len(least), possible.actions.benefit.shape[1]), np.nan)
    left, places = asked, np.arange(len(least))
    while len(places):
        best[places], expected[places] = _best(left[places], possible.actions.cost, least[places])
        draws[places] = np.nan
        places = places[best[places] >= 0]
        draws[places] = _drawn(share[places], best[places], possible)
        is_unsure = np.quantile(draws[places], 0.05, axis=1) < standing.LEAST_SURE
        places = places[is_unsure]
        # there the next best one is tried
        left = _without(left, places, best)
    return best, expected, draws


def _without(avoided: sparse.csr_array, places: Rows, action: Rows) -> sparse.csr_array:
    """What actions avoid, but for one action in each of some places.

    `action`: that one by place, (place,).
    """
    is_taken = np.zeros(avoided.shape[0], bool)
    is_taken[places] = True
    pairs = avoided.tocoo()
    place, column = pairs.coords
    stays = ~(is_taken[place] & (column == action[place]))
    kept = (pairs.data[stays], (place[stays], column[stays]))
    return sparse.csr_array(kept, avoided.shape)


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
    gain: Gain,
    may: Allowed,
    least_reach: float,
    *,
    is_listed: Flags,
    most: Floats,
    most_asked: Floats,
) -> npt.NDArray[np.object_]:
    """Why no action is named beside each place, in words; None = one is.

    `most`, `most_asked`: what avoids most of all actions, and of those that may be named.
    """
    reached = np.nan_to_num(_ratio(most_asked, gain.expected))
    least = f"no single action reaches {100 * least_reach:.0f} % of it"
    few = [f"{least}, the largest {100 * part:.0f} %: see the plan" for part in reached]
    why = np.where(reached < least_reach, np.array(few, object), NO_EFFECT)
    why = np.where(most_asked > _LEAST_DROPS, why, NOT_ABOVE)
    why = np.where(most > _LEAST_DROPS, why, NO_ACTION)
    why = np.where(is_listed, why, NOT_LISTED)
    why = np.where(may.any, why, may.why_not)
    why = np.where(gain.expected > _LEAST_DROPS, why, NOTHING)
    why = np.where(np.isnan(gain.expected), UNKNOWN, why)
    why[best >= 0] = None
    return why


def _most(avoided: sparse.csr_array) -> Floats:
    """What the action that avoids most avoids in each place, (place,); 0 = none does."""
    if not avoided.shape[1]:
        return np.zeros(avoided.shape[0])
    return np.asarray(avoided.max(axis=1).toarray().ravel(), np.float64)
