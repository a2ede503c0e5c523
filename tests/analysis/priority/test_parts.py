"""The cells that are spoken of in a place, and whether there is anything to do there."""

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from analysis.priority import parts, standing

SHARE = sparse.csr_array(np.array([[1.0, 1, 1, 1], [0, 0.5, 0, 0], [0, 0, 0, 1]]))
"""Three places of four cells."""
AVOIDABLE = np.array([10.0, 60.0, 30.0, np.nan])


def test_the_largest_cells_come_first_each_with_its_share() -> None:
    largest = parts.largest(SHARE, AVOIDABLE)
    assert largest["row"].tolist() == [0, 0, 0, 1]
    assert largest["cell"].tolist() == [1, 2, 0, 1]
    assert largest["avoidable_part"].tolist() == [0.6, 0.3, 0.1, 1.0]
    # what is left are the cells that make up four fifths
    assert largest["is_most"].tolist() == [True, True, False, True]
    assert largest["drops_avoidable_month"].tolist() == [60, 30, 10, 30]


def test_cells_that_the_action_treats_are_spoken_of_too() -> None:
    treats = sparse.csr_array(np.array([[1.0, 0, 0, 0], [0, 1, 1, 0]]))
    largest = parts.largest(SHARE, AVOIDABLE)
    none = parts.spoken_of(largest, treats, np.array([-1, -1, -1]))
    assert none["cell"].tolist() == [1, 2, 1]
    assert not none["is_treated"].any()
    first = parts.spoken_of(largest, treats, np.array([0, 1, -1]))
    assert first["cell"].tolist() == [1, 2, 0, 1]
    assert first["is_treated"].tolist() == [False, False, True, True]


def test_each_part_has_the_rise_of_its_own_cell() -> None:
    rises = pd.DataFrame({
        "cell_id": ["b"], "change_id": ["b-up"],
        "change_utc": [pd.Timestamp("2026-06-01", tz="UTC")],
        "ratio": [2.0], "prb_before_pct": [1.0], "prb_after_pct": [2.0], "intervention_id": [None],
        "attribution": ["load"], "p_load": [0.9], "load_share": [0.8],
    })  # fmt: skip
    cells = pd.DataFrame({"knee_pct": [60.0, np.nan]}, index=["a", "b"])
    frame = pd.DataFrame({"row": [0, 0], "cell_id": ["a", "b"]})
    known = parts.with_rises(frame, rises, cells)
    assert known["change_id"].fillna("").tolist() == ["", "b-up"]
    assert known["knee_pct"].fillna(0).tolist() == [60, 0]


def test_where_nothing_can_be_avoided_the_cell_with_most_excess_drops_stands_for_it() -> None:
    dominant = pd.Series(["b", "b", "d"])
    others = parts.without_avoidable(dominant, parts.largest(SHARE, AVOIDABLE))
    assert others[["row", "cell_id"]].to_numpy().tolist() == [[2, "d"]]
    assert others["avoidable_part"].isna().all()
    table = parts.of_table(others, pd.DataFrame({"place_type": "site", "place_id": list("ABC")}))
    assert table[["place_id", "part_rank"]].to_numpy().tolist() == [["C", 1]]


@pytest.mark.parametrize(
    ("rate_lo", "avoidable", "low", "has_rise", "state"),
    [
        (0.008, 100.0, 60.0, False, standing.ACT),
        (0.004, 100.0, 60.0, True, standing.ACT),
        # neither worse than a typical cell nor than it was
        (0.004, 100.0, 60.0, False, standing.WELL),
        # the interval reaches zero
        (0.006, 100.0, 0.0, True, standing.WELL),
        (0.006, 0.3, 0.2, True, standing.WELL),
        (0.008, 100.0, 0.0, False, standing.HIGH),
        # what is avoidable is not known
        (0.006, np.nan, np.nan, False, standing.ACT),
        (0.004, np.nan, np.nan, False, standing.WELL),
    ],
)
def test_there_is_something_to_do_only_where_it_is_worse_and_drops_can_surely_be_avoided(
    rate_lo: float, avoidable: float, low: float, has_rise: bool, state: str
) -> None:
    places = pd.DataFrame({
        "drop_rate_lo": [rate_lo], "normal_rate": 0.005, "drops_avoidable_month": avoidable,
        "drops_avoidable_month_lo": low,
    })  # fmt: skip
    assert standing.states(places, np.array([has_rise])).tolist() == [state]
