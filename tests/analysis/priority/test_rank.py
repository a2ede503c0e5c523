"""The list is in order, and says why in words."""

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


def test_a_rise_that_lasts_is_told_with_its_local_date_and_load() -> None:
    row = _rank(_places(), _change("w", "up", "2026-06-01T23:00")).iloc[0]
    assert row["reason"] == (
        "2.00 % of calls dropped, 4.0 times the network's 0.50 %, mostly in w. "
        "Up ×2.0 since 2 Jun 2026, busy-hour PRB 55 to 81 %; "
        "cause undecided, not tested against load by the hour."
    )
    assert row["change_id"] == "w-up"


@pytest.mark.parametrize(
    ("attribution", "p_load", "told"),
    [
        ("load", 0.97, "owed to load (load's part 80 %)."),
        ("other", 0.02, "mostly not load (load's part 80 %)."),
        ("undecided", 0.5, "load or not is undecided (load's part 80 %, p(load) 50 %)."),
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
        "No rise is dated there (one below ×1.2 could not be seen); busy-hour PRB 71 %."
    )
    assert pd.isna(row["change_id"])


def test_a_work_that_came_before_is_named_and_unknown_load_is_left_out() -> None:
    change = _change("w", "up", "2026-06-01", intervention_id="W7", prb_before_pct=np.nan)
    assert "after work W7" in _rank(_places(), change)["reason"][0]
    no_load = _rank(_places(prb_dl_util_bh_pct=np.nan, min_visible_ratio=np.nan))["reason"][0]
    assert no_load.endswith("No rise is dated there (none could be seen).")


def test_a_network_whose_normal_is_no_drop_at_all_is_ranked() -> None:
    assert "against the network's 0.00 %" in _rank(_places(normal_rate=0.0))["reason"][0]


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


def test_ranks_that_cannot_be_told_apart_share_their_interval() -> None:
    apart, alike = _gain(100, 1000, 2000), _gain(1000, 1000, 10)
    # the second place is drawn the other way round
    alike.drops[1] = alike.drops[1][::-1]
    assert _rank(_places(), gain=apart)["rank_hi"].tolist() == [1, 2, 3]
    told = _rank(_places(), gain=alike)
    assert told[["rank_lo", "rank_hi"]].to_numpy().tolist() == [[1, 2], [1, 2], [3, 3]]


def test_of_many_places_the_first_twenty_are_as_sure_as_their_draws() -> None:
    n = reasons.TOP + 1
    drops = np.full(n, 1000.0)
    gain = _gain(*drops)
    gain.drops[:] = 1000 + np.arange(n)[:, None]
    gain.drops[0, : N_DRAWS // 4] = 5000
    names = [f"p{i:02}" for i in range(n)]
    places = _places().iloc[[0] * n].assign(place_name=names, dominant_cell_id="q")
    told = _rank(places.reset_index(drop=True), gain=gain).set_index("place_name")["reason"]
    assert ", 25 % sure to be in the first 20. " in told["p00"]
    assert ", over 99 % sure to be in the first 20. " in told["p02"]
    p = rank.rank_intervals(gain.expected, gain.drops)["p_top20"]
    assert p[0] == 0.25
    assert p[1] == 0.75
    assert (p[2:] == 1).all()


def test_the_advice_says_what_to_do_and_what_for_with_intervals() -> None:
    persons = PerDrop(0.02, np.full(N_DRAWS, 0.02))
    ranked = _rank(
        _places(knee_pct=61.0), gain=_gain(0, 100, 1000, load=0.9),
        complainants_avoided=persons, detractors_avoided=persons,
    )  # fmt: skip
    told = ranked["reason"].iloc[0]
    assert told.startswith(
        "Add capacity: about 1,000 (910 to 1,090) dropped calls a month fewer; provisionally "
        "20 (18 to 22) complainants a month and 20 (18 to 22) detractors. 2.00 % of calls dropped"
    )
    assert "in w, which drops more from 61 % PRB on" in told
    assert ranked["detractors_avoided"].tolist() == [20, 2, 0]
    # nothing to gain: no advice
    assert ranked["reason"].iloc[2].startswith("0.50 % of calls dropped")
    other = _rank(_places(), gain=_gain(0, 100, 1000, load=0.1))["reason"].iloc[0]
    assert other.startswith(
        "Find what raised drops beside load: about 1,000 (910 to 1,090) dropped calls"
    )


def test_no_more_persons_are_spared_than_there_are() -> None:
    draws = np.linspace(0.0, 0.2, N_DRAWS)
    told = _rank(
        _places(persons_at_most=[16.0, 16.0, np.nan]), gain=_gain(0, 100, 1000),
        detractors_avoided=PerDrop(0.5, draws), value_month=PerDrop(0.5, draws, worth=2.0),
    ).set_index("place_name")  # fmt: skip
    assert told["detractors_avoided"].to_dict() == {"Worse": 500, "Bad": 16, "Quiet": 0}
    assert told.loc["Bad", "detractors_avoided_hi"] == 16
    assert 0 < told.loc["Bad", "detractors_avoided_lo"] < 2
    assert told.loc["Bad", "value_month"] == 32


def test_who_is_not_surely_fewer_is_left_out_of_the_words() -> None:
    draws = np.linspace(0, 0.04, N_DRAWS)
    told = _rank(_places(), gain=_gain(0, 100, 1000), complainants_avoided=PerDrop(0.02, draws))
    assert told["complainants_avoided"].iloc[0] == 20
    assert told["complainants_avoided_lo"].iloc[0] < 3
    assert "complainants" in told["reason"].iloc[0]
    assert "complainants" not in told["reason"].iloc[1]
