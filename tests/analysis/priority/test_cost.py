"""What a place's benefit costs, against sums done by hand."""

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from analysis.arrays import Floats
from analysis.association.per_drop import PerDrop
from analysis.benefit.gain import Gain
from analysis.plan.actions import Actions
from analysis.plan.catalogue import Catalogue
from analysis.plan.possible_actions import PossibleActions
from analysis.priority import cost

DRAWS = 41
AROUND = np.linspace(0.5, 1.5, DRAWS)
"""Draws around their mean; 90 % of them from .55 to 1.45."""


def _possible(costs: tuple[float, float, float] = (5, 40, 250)) -> PossibleActions:
    """Cells a and b of site A: a fix at a, a carrier in the sector of a, a mast for both."""
    fix = {"name": "fix", "kind": "parameter", "at": "cell", "cost": 5, "fix": (0.2, 0.5, 0.8)}
    known = pd.DataFrame({
        "action": ["carrier", "fix", "mast"], "place_type": ["sector", "cell", "site"],
        "cell_id": [None, "a", None], "sector_id": ["A/0", "A/0", None],
        "site_id": "A", "region": "North",
    })  # fmt: skip
    order = [1, 0, 2]
    avoided = {"fix": [20.0, 0.0], "carrier": [60.0, 0.0], "mast": [60.0, 30.0]}
    drops = {name: np.array(mean)[:, None] * AROUND for name, mean in avoided.items()}
    treats = sparse.csr_array(np.array([[1.0, 0], [1, 0], [1, 1]]))
    benefit = np.array([drops[name].sum(axis=0) for name in known["action"]])
    actions = Actions(known, np.array(costs, float)[order], np.ones(3), benefit, treats)
    names = np.array(["a", "b"], object)
    catalogue = Catalogue(currency="EUR", invented=True, action=(fix,))
    return PossibleActions(catalogue, actions, treats, drops, np.array([100.0, 50.0]), names,
                   np.array([True, True]))  # fmt: skip


def _helpless(*listed: bool) -> PossibleActions:
    """The same actions, of which none avoids anything."""
    whole = _possible()
    avoided = {name: 0 * drops for name, drops in whole.avoided.items()}
    return replace(whole, avoided=avoided, is_listed=np.array(listed))


def _gain(*avoidable: float) -> Gain:
    expected = np.array(avoidable)
    draws = expected[:, None] * AROUND
    return Gain(expected, 0 * expected, draws, np.isnan(expected).astype(int))


def _costs(
    *, reach: float = 0.25, possible: PossibleActions | None = None, slopes: Any = None,
    share: Floats | None = None, gain: Gain | None = None, may: cost.Allowed | None = None,
) -> pd.DataFrame:  # fmt: skip
    """The site, a hexagon with half of cell a, and one of which nothing is known."""
    places = np.array([[1, 1], [0.5, 0], [0, 0]]) if share is None else share
    gain = gain or _gain(100, 50, np.nan)
    at_most = np.array([4.0, np.nan, np.nan])[: len(places)]
    shares = sparse.csr_array(places)
    return cost.of_places(
        shares, possible or _possible(), gain, slopes or {}, at_most, least_reach=reach,
        may=may or _any(len(places)),
    )  # fmt: skip


def _any(n_places: int, **given: Any) -> cost.Allowed:
    """Every action may be named beside each place, but for what is given."""
    flags = np.ones(n_places, bool)
    none = np.full(n_places, None, object)
    return replace(cost.Allowed(flags, flags, none), **given)


@pytest.mark.parametrize(
    ("reach", "action", "reached", "each"),
    [
        (0.1, ("fix", "a", 5), 0.2, 4.0),
        (0.25, ("carrier", "A/0", 40), 0.6, 1.5),
        (0.7, ("mast", "A", 250), 0.9, 0.36),
    ],
)
def test_the_action_that_avoids_most_for_its_cost_is_named(
    reach: float, action: tuple[str, str, float], reached: float, each: float
) -> None:
    site = _costs(reach=reach).iloc[0]
    assert (site["action"], site["action_at"], site["cost_amount"]) == action
    assert (site["cost_currency"], site["costs_invented"]) == ("EUR", True)
    assert site["action_reach"] == pytest.approx(reached)
    assert site["drops_per_cost"] == pytest.approx(each)
    ends = site[["drops_per_cost_lo", "drops_per_cost_hi"]].tolist()
    assert ends == pytest.approx([0.55 * each, 1.45 * each])
    assert pd.isna(site["no_action_reason"])


def test_only_what_is_spared_in_the_place_counts_against_the_whole_cost() -> None:
    half = _costs().iloc[1]
    # half of the cell's 60 for the carrier's 40, of 50 that could be avoided
    assert (half["action"], half["drops_per_cost"], half["action_reach"]) == ("carrier", 0.75, 0.6)


def test_where_there_is_no_action_it_is_said_why() -> None:
    none = _costs(reach=0.95)
    assert none["action"].isna().all()
    assert none["no_action_reason"].tolist() == [
        "no single action reaches 95 % of it, the largest 90 %: see the plan",
        "no single action reaches 95 % of it, the largest 60 %: see the plan",
        cost.UNKNOWN,
    ]
    without = ["drops_per_cost", "cost_amount", "cost_currency", "costs_invented", "cost_rank"]
    assert none[without].isna().all(axis=None)
    helpless = _helpless(True, True)
    elsewhere = _costs(possible=helpless, share=np.array([[1.0, 0], [0, 1]]), gain=_gain(10, 0))
    assert elsewhere["no_action_reason"].tolist() == [cost.NO_ACTION, cost.NOTHING]


def test_cells_that_no_inventory_names_are_distinguished_from_those_without_an_action() -> None:
    helpless = _helpless(True, False)
    costs = _costs(
        possible=helpless, share=np.array([[1.0, 0], [0, 1], [1, 1]]), gain=_gain(9, 9, 9)
    )
    assert costs["no_action_reason"].tolist() == [cost.NO_ACTION, cost.NOT_LISTED, cost.NO_ACTION]


def test_value_for_cost_is_that_of_no_more_persons_than_there_are() -> None:
    value = PerDrop(0.1, np.full(DRAWS, 0.1), worth=20.0)
    costs = _costs(slopes={"value_month": value})
    # 60 drops would be 6 persons, but 4 are there: 4 x 20 for 40
    assert costs["value_per_cost"].tolist()[:2] == [2.0, 1.5]
    assert costs["value_per_cost_hi"].iloc[0] == 2.0
    assert "value_per_cost" not in _costs()


def test_ranks_by_cost_have_intervals_and_leave_out_who_has_none() -> None:
    costs = _costs()
    assert costs["cost_rank"].tolist()[:2] == [1, 2]
    assert costs[["cost_rank_lo", "cost_rank_hi"]].to_numpy()[:2].tolist() == [[1, 1], [2, 2]]
    assert costs[["cost_rank", "cost_rank_lo"]].iloc[2].isna().all()


def test_what_costs_nothing_comes_first_and_has_no_number() -> None:
    costs = _costs(possible=_possible((5, 40, 0)), reach=0.25)
    site = costs.iloc[0]
    assert (site["action"], site["cost_amount"], site["cost_rank"]) == ("mast", 0, 1)
    assert np.isnan(site["drops_per_cost"])


def test_without_any_action_all_places_have_a_reason() -> None:
    whole = _possible()
    none = Actions(
        whole.actions.known.iloc[:0], np.empty(0), np.empty(0), np.empty((0, DRAWS)),
        whole.actions.treats[:0],
    )  # fmt: skip
    empty = replace(whole, actions=none, treats=whole.treats[:0])
    costs = _costs(possible=empty)
    assert costs["no_action_reason"].tolist() == [cost.NO_ACTION, cost.NO_ACTION, cost.UNKNOWN]


# --- where nothing is wrong -------------------------------------------------------------------


def test_no_action_is_named_where_nothing_is_wrong_and_it_is_said_why() -> None:
    places = pd.DataFrame({
        "place_state": ["act", "well", "well", "act"],
        "drop_rate_lo": [0.008, 0.004, 0.004, 0.004], "normal_rate": 0.005,
        "drops_avoidable_month": [100.0, 100.0, 30.0, 100.0],
        "drops_avoidable_month_lo": [60.0, 60.0, 0.0, 60.0],
    })  # fmt: skip
    share, gain = np.ones((4, 2)), _gain(100, 100, 30, 100)
    costs = _costs(share=share, gain=gain, may=cost.allowed(places))
    # the last one has a rise, but drops no more than a typical cell: it is mended, not enlarged
    assert costs["action"].fillna("").tolist() == ["carrier", "", "", ""]
    assert costs["no_action_reason"].tolist()[1:3] == [cost.NOT_WORSE, cost.NOT_SURE]
    mended = _costs(share=share, gain=gain, may=cost.allowed(places), reach=0.1)
    assert mended["action"].fillna("").tolist() == ["fix", "", "", "fix"]


def test_capacity_alone_is_not_named_where_no_more_calls_drop_than_in_a_typical_cell() -> None:
    fixless = replace(_possible(), avoided=_possible().avoided | {"fix": np.zeros((2, DRAWS))})
    costs = _costs(possible=fixless, may=_any(3, capacity=np.zeros(3, bool)))
    assert costs["action"].isna().all()
    assert costs["no_action_reason"].iloc[0] == cost.NOT_ABOVE


def test_an_action_whose_effect_may_be_none_is_not_best() -> None:
    whole = _possible()
    doubtful = {"carrier": np.array([np.linspace(-0.1, 120, DRAWS), np.zeros(DRAWS)])}
    # one draw in ten avoids nothing: the 5th percentile is none
    doubtful["carrier"][0, : DRAWS // 10] = 0
    unsure = replace(whole, avoided=whole.avoided | doubtful)
    site = _costs(possible=unsure).iloc[0]
    assert (site["action"], site["drops_per_cost_lo"] > 0) == ("mast", True)
    alone = replace(unsure, avoided={**doubtful, "fix": np.zeros((2, DRAWS)),
                                     "mast": np.zeros((2, DRAWS))})  # fmt: skip
    none = _costs(possible=alone).iloc[0]
    assert pd.isna(none["action"])
    assert none["no_action_reason"] == cost.NO_EFFECT


def test_no_action_avoids_more_than_all_there_is_to_avoid() -> None:
    # the mast relieves of more load than the list reckons with
    costs = _costs(reach=0.8, gain=_gain(80, 50, np.nan))
    assert costs["action_reach"].iloc[0] == 1.0


def test_what_the_action_treats_is_named_with_its_kind() -> None:
    costs = _costs()
    assert costs["action_place_type"].tolist()[:2] == ["sector", "sector"]
    assert costs["action_row"].tolist() == [0, 0, -1]
