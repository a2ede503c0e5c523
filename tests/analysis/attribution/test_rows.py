"""What moved the load is demand unless the same traffic takes clearly less or more PRB."""

import math

import pandas as pd
import pytest

from analysis.attribution.rows import load_moved_by


@pytest.mark.parametrize(
    ("before", "after", "ratio", "moved_by"),
    [
        (90.0, 50.0, 0.57, "room"),
        # full before and after: the room is there, and traffic filled it
        (99.7, 99.7, 0.8, "room"),
        (90.0, 50.0, 1.01, "demand"),
        # less than half of the shift
        (90.0, 50.0, 0.9, "demand"),
        (50.0, 70.0, 1.4, "efficiency"),
        # the other way round
        (50.0, 40.0, 1.1, "demand"),
        (50.0, 70.0, 0.8, "demand"),
        # within what wanders
        (50.0, 52.0, 1.05, "demand"),
        (0.0, 52.0, 1.05, "demand"),
    ],
)
def test_the_cell_s_own_part_must_be_most_of_the_shift(
    before: float, after: float, ratio: float, moved_by: str
) -> None:
    changes = pd.DataFrame(
        {"prb_before_pct": [before], "prb_after_pct": after, "prb_per_traffic_ratio": ratio}
    )
    assert load_moved_by(changes).tolist() == [moved_by]


def test_without_prb_nothing_is_known() -> None:
    changes = pd.DataFrame(
        {
            "prb_before_pct": [math.nan, 50.0, 0.0],
            "prb_after_pct": [50.0, 50.0, 0.0],
            "prb_per_traffic_ratio": [0.8, math.nan, 1.0],
        },
        index=[7, 8, 9],
    )
    moved_by = load_moved_by(changes)
    assert moved_by.isna().all()
    assert moved_by.index.tolist() == [7, 8, 9]
