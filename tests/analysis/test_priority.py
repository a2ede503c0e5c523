"""The list is in order, and says why in words."""

import numpy as np
import pandas as pd
import pytest

from analysis import priority


def _places(**changes: object) -> pd.DataFrame:
    base = {
        "place_name": ["Quiet", "Bad", "Worse"], "dominant_cell_id": ["q", "b", "w"],
        "drop_rate": [0.005, 0.01, 0.02], "normal_rate": 0.005, "prb_dl_util_bh_pct": 71.4,
        "min_visible_ratio": 1.25,
        "drops_excess_month": [0.0, 50.0, 900.0],
    }  # fmt: skip
    return pd.DataFrame({**base, **changes})


def _change(cell: str, direction: str, day: str, **changes: object) -> dict[str, object]:
    return {
        "cell_id": cell, "change_id": f"{cell}-{direction}", "direction": direction,
        "change_utc": pd.Timestamp(day, tz="UTC"), "ratio": 2.0, "prb_before_pct": 55.0,
        "prb_after_pct": 81.0, "intervention_id": None, "attribution": "undecided",
        "p_load": None, "load_share": None, **changes,
    }  # fmt: skip


def _rank(places: pd.DataFrame, *changes: dict[str, object]) -> pd.DataFrame:
    frame = pd.DataFrame(changes or [_change("none", "up", "2026-06-01")])
    return priority.rank(places, frame, zone="Europe/London")


def test_worst_comes_first_and_ties_go_by_name() -> None:
    assert _rank(_places())["place_name"].tolist() == ["Worse", "Bad", "Quiet"]
    tied = _rank(_places(drops_excess_month=7.0))
    assert tied["place_name"].tolist() == ["Bad", "Quiet", "Worse"]
    assert tied["rank"].tolist() == [1, 2, 3]


def test_a_rise_that_lasts_is_told_with_its_local_date_and_load() -> None:
    row = _rank(_places(), _change("w", "up", "2026-06-01T23:00")).iloc[0]
    assert row["reason"] == (
        "2.00% of calls dropped, 4.0 x the network's 0.50%, mostly in cell w. "
        "Up x2.0 since 2 Jun 2026, busy-hour PRB 55 to 81 %; "
        "cause undecided, not tested against load by the hour."
    )
    assert row["change_id"] == "w-up"


@pytest.mark.parametrize(
    ("attribution", "p_load", "told"),
    [
        ("load", 0.97, "owed to load (load's part 80%, p(load) 0.97)."),
        ("other", 0.02, "mostly not load (load's part 80%, p(load) 0.02)."),
        ("undecided", 0.5, "load or not is undecided (load's part 80%, p(load) 0.50)."),
    ],
)
def test_the_reason_names_what_the_rise_is_owed_to(
    attribution: str, p_load: float, told: str
) -> None:
    owed = {"attribution": attribution, "p_load": p_load, "load_share": 0.8}
    row = _rank(_places(), _change("w", "up", "2026-06-01", **owed)).iloc[0]
    assert row["reason"].endswith(told)


def test_a_rise_that_is_over_is_not_the_reason() -> None:
    changes = _change("w", "up", "2026-06-01"), _change("w", "down", "2026-06-05")
    row = _rank(_places(), *changes).iloc[0]
    assert row["reason"].endswith(
        "No rise is dated there (one below x1.2 could not be seen); busy-hour PRB 71 %."
    )
    assert pd.isna(row["change_id"])


def test_a_work_that_came_before_is_named_and_unknown_load_is_left_out() -> None:
    change = _change("w", "up", "2026-06-01", intervention_id="W7", prb_before_pct=np.nan)
    assert "after work W7" in _rank(_places(), change)["reason"][0]
    no_load = _rank(_places(prb_dl_util_bh_pct=np.nan, min_visible_ratio=np.nan))["reason"][0]
    assert no_load.endswith("No rise is dated there (none could be seen).")


def test_a_network_whose_normal_is_no_drop_at_all_is_ranked() -> None:
    assert "against the network's 0.00%" in _rank(_places(normal_rate=0.0))["reason"][0]
