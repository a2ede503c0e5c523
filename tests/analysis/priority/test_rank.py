"""The list is in order, and says what to do and what is seen."""

import numpy as np
import pandas as pd
import pytest

from analysis.association.per_drop import PerDrop
from analysis.benefit.gain import Gain
from analysis.priority import rank, reasons
from analysis.uncertainty.draws import N_DRAWS


def _places(**changes: object) -> pd.DataFrame:
    base = {
        "place_name": ["Quiet", "Bad", "Worse"], "dominant_cell_id": ["q", "b", "w"],
        "drop_rate": [0.005, 0.01, 0.02], "normal_rate": 0.005, "prb_dl_util_bh_pct": 71.4,
        "min_visible_ratio": 1.25,
        "drops_excess_month": [0.0, 50.0, 900.0], "knee_pct": np.nan,
        "persons_at_most": np.nan,
    }  # fmt: skip
    return pd.DataFrame({**base, **changes})


def _change(cell: str, direction: str, day: str, **changes: object) -> dict[str, object]:
    return {
        "cell_id": cell, "change_id": f"{cell}-{direction}", "direction": direction,
        "change_utc": pd.Timestamp(day, tz="UTC"), "ratio": 2.0, "prb_before_pct": 55.0,
        "prb_after_pct": 81.0, "intervention_id": None, "attribution": "undecided",
        "p_load": None, "load_share": None, **changes,
    }  # fmt: skip


def _gain(*drops: float, load: float = 0.0) -> Gain:
    """Places whose drops to avoid are known to a tenth; `load`: relief's part. NaN = not known."""
    expected = np.array(drops)
    draws = expected[:, None] * (1 + 0.1 * np.linspace(-1, 1, N_DRAWS))
    by_load = expected * load
    return Gain(by_load, expected - by_load, draws, np.isnan(expected).astype(int))


def _rank(
    places: pd.DataFrame, *changes: dict[str, object], gain: Gain | None = None, **slopes: PerDrop
) -> pd.DataFrame:
    frame = pd.DataFrame(changes or [_change("none", "up", "2026-06-01")])
    unknown = _gain(*[np.nan] * len(places))
    return rank.rank(places, gain or unknown, frame, slopes, zone="Europe/London")


def test_worst_comes_first_and_ties_go_by_name() -> None:
    assert _rank(_places())["place_name"].tolist() == ["Worse", "Bad", "Quiet"]
    tied = _rank(_places(drops_excess_month=7.0))
    assert tied["place_name"].tolist() == ["Bad", "Quiet", "Worse"]
    assert tied["rank"].tolist() == [1, 2, 3]


def test_a_rise_that_lasts_stands_with_its_local_date_and_load() -> None:
    row = _rank(_places(), _change("w", "up", "2026-06-01T23:00")).iloc[0]
    assert pd.isna(row["advice"])
    assert row["seen"] == (
        "2.00 % of calls dropped, 4.0 times the network's 0.50 %, mostly in w. "
        "Up ×2.0 since 2 Jun 2026, busy-hour PRB 55 to 81 %; "
        "whether due to load is undecided: not tested against load by the hour."
    )
    assert row["change_id"] == "w-up"


@pytest.mark.parametrize(
    ("attribution", "p_load", "words"),
    [
        ("load", 0.97, "due to load (load's part 80 %)."),
        ("other", 0.02, "mostly not due to load (load's part 80 %)."),
        ("undecided", 0.5, "whether due to load is undecided (load's part 80 %, p(load) 50 %)."),
    ],
)
def test_what_is_seen_names_what_the_rise_is_due_to(
    attribution: str, p_load: float, words: str
) -> None:
    tested = {"attribution": attribution, "p_load": p_load, "load_share": 0.8}
    row = _rank(_places(), _change("w", "up", "2026-06-01", **tested)).iloc[0]
    assert row["seen"].endswith(words)


def test_a_rise_that_is_over_is_not_seen() -> None:
    changes = _change("w", "up", "2026-06-01"), _change("w", "down", "2026-06-05")
    row = _rank(_places(), *changes).iloc[0]
    assert row["seen"].endswith(
        "No rise is dated there (one below ×1.2 could not be seen); busy-hour PRB 71 %."
    )
    assert pd.isna(row["change_id"])


def test_an_intervention_that_came_before_is_named_and_unknown_load_is_left_out() -> None:
    change = _change("w", "up", "2026-06-01", intervention_id="W7", prb_before_pct=np.nan)
    assert "after intervention W7" in _rank(_places(), change)["seen"][0]
    no_load = _rank(_places(prb_dl_util_bh_pct=np.nan, min_visible_ratio=np.nan))["seen"][0]
    assert no_load.endswith("No rise is dated there (none could be seen).")


def test_a_network_whose_normal_is_no_drop_at_all_is_ranked() -> None:
    assert "against the network's 0.00 %" in _rank(_places(normal_rate=0.0))["seen"][0]


# --- by what could be avoided -----------------------------------------------------------------


def test_what_could_be_avoided_comes_before_what_drops_most() -> None:
    ranked = _rank(_places(), gain=_gain(np.nan, 300, 20))
    assert ranked["place_name"].tolist() == ["Bad", "Worse", "Quiet"]
    assert ranked["simple_rank"].tolist() == [2, 1, 3]
    assert ranked["drops_avoidable_month"].tolist()[:2] == [300, 20]
    # of three places all are among the first twenty: no finding
    assert ranked["p_top20"].isna().all()
    assert ranked[["rank_lo", "drops_avoidable_month"]].iloc[2].isna().all()
    assert ranked["n_cells_unknown"].tolist() == [0, 0, 1]


def test_ranks_that_cannot_be_distinguished_share_their_interval() -> None:
    apart, alike = _gain(100, 1000, 2000), _gain(1000, 1000, 10)
    # the second place is drawn the other way round
    alike.drops[1] = alike.drops[1][::-1]
    assert _rank(_places(), gain=apart)["rank_hi"].tolist() == [1, 2, 3]
    ranked = _rank(_places(), gain=alike)
    assert ranked[["rank_lo", "rank_hi"]].to_numpy().tolist() == [[1, 2], [1, 2], [3, 3]]


def test_of_many_places_the_first_twenty_are_as_sure_as_their_draws() -> None:
    n = reasons.TOP + 1
    drops = np.full(n, 1000.0)
    gain = _gain(*drops)
    gain.drops[:] = 1000 + np.arange(n)[:, None]
    gain.drops[0, : N_DRAWS // 4] = 5000
    names = [f"p{i:02}" for i in range(n)]
    places = _places().iloc[[0] * n].assign(place_name=names, dominant_cell_id="q")
    ranked = _rank(places.reset_index(drop=True), gain=gain).set_index("place_name")
    assert ranked["p_top20"].loc[["p00", "p02"]].tolist() == [0.25, 1.0]
    p = rank.rank_intervals(gain.expected, gain.drops)["p_top20"]
    assert p[0] == 0.25
    assert p[1] == 0.75
    assert (p[2:] == 1).all()


def test_the_advice_says_what_to_do() -> None:
    persons = PerDrop(0.02, np.full(N_DRAWS, 0.02))
    ranked = _rank(
        _places(knee_pct=61.0), gain=_gain(0, 100, 1000, load=0.9),
        complainants_avoided=persons, detractors_avoided=persons,
    )  # fmt: skip
    assert ranked["advice"].iloc[0] == "Add capacity."
    assert ranked["seen"].iloc[0].startswith("2.00 % of calls dropped")
    assert "in w, which drops more from 61 % PRB on" in ranked["seen"].iloc[0]
    assert ranked["detractors_avoided"].tolist() == [20, 2, 0]
    # nothing to gain: no advice
    assert pd.isna(ranked["advice"].iloc[2])
    other = _rank(_places(), gain=_gain(0, 100, 1000, load=0.1))["advice"]
    assert other.iloc[0] == "Find what raised drops beside load."


def test_no_more_persons_are_spared_than_there_are() -> None:
    draws = np.linspace(0.0, 0.2, N_DRAWS)
    ranked = _rank(
        _places(persons_at_most=[16.0, 16.0, np.nan]), gain=_gain(0, 100, 1000),
        detractors_avoided=PerDrop(0.5, draws), value_month=PerDrop(0.5, draws, worth=2.0),
    ).set_index("place_name")  # fmt: skip
    assert ranked["detractors_avoided"].to_dict() == {"Worse": 500, "Bad": 16, "Quiet": 0}
    assert ranked.loc["Bad", "detractors_avoided_hi"] == 16
    assert 0 < ranked.loc["Bad", "detractors_avoided_lo"] < 2
    assert ranked.loc["Bad", "value_month"] == 32
