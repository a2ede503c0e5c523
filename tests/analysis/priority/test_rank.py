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
        "place_name": ["Quiet", "Bad", "Worse"], "place_type": "site", "place_state": "act",
        "drop_rate": [0.005, 0.01, 0.02], "drop_rate_lo": [0.004, 0.009, 0.019],
        "normal_rate": 0.005, "drops_excess_month": [0.0, 50.0, 900.0], "persons_at_most": np.nan,
    }  # fmt: skip
    return pd.DataFrame({**base, **changes})


def _rise(**changes: object) -> dict[str, object]:
    return {
        "change_id": "up", "change_utc": pd.Timestamp("2026-06-01", tz="UTC"), "ratio": 2.0,
        "prb_before_pct": 55.0, "prb_after_pct": 81.0, "intervention_id": None,
        "attribution": "undecided", "p_load": None, "load_share": None, **changes,
    }  # fmt: skip


def _part(row: int, cell: str, share: float = 1.0, **changes: object) -> dict[str, object]:
    """A cell that is spoken of, without a rise unless one is given."""
    none = dict.fromkeys(_rise())
    return {
        "row": row, "cell_id": cell, "avoidable_part": share, "is_treated": False,
        "knee_pct": np.nan, "min_visible_ratio": 1.25, "prb_dl_util_bh_pct": 71.4,
        **none, **changes,
    }  # fmt: skip


PARTS = [_part(0, "q"), _part(1, "b"), _part(2, "w")]


def _gain(*drops: float, load: float = 0.0) -> Gain:
    """Places whose drops to avoid are known to a tenth; `load`: relief's part. NaN = not known."""
    expected = np.array(drops)
    draws = expected[:, None] * (1 + 0.1 * np.linspace(-1, 1, N_DRAWS))
    by_load = expected * load
    return Gain(by_load, expected - by_load, draws, np.isnan(expected).astype(int))


def _rank(
    places: pd.DataFrame, *parts: dict[str, object], gain: Gain | None = None, **slopes: PerDrop
) -> pd.DataFrame:
    gain = gain or _gain(*[np.nan] * len(places))
    frame = pd.DataFrame(list(parts) or PARTS)
    known = places.assign(**rank.avoidable(gain))
    return rank.rank(known, gain, frame, slopes, zone="Europe/London")


def _seen(*parts: dict[str, object], **changes: object) -> str:
    """What is said of Worse, the third place."""
    return str(_rank(_places(**changes), *parts)["seen"].iloc[0])


def test_worst_comes_first_and_ties_go_by_name() -> None:
    assert _rank(_places())["place_name"].tolist() == ["Worse", "Bad", "Quiet"]
    tied = _rank(_places(drops_excess_month=7.0))
    assert tied["place_name"].tolist() == ["Bad", "Quiet", "Worse"]
    assert tied["rank"].tolist() == [1, 2, 3]


def test_a_rise_that_lasts_stands_with_its_cell_its_local_date_and_load() -> None:
    rise = _rise(change_utc=pd.Timestamp("2026-06-01T23:00", tz="UTC"))
    row = _rank(_places(), *PARTS[:2], _part(2, "w", **rise)).iloc[0]
    assert pd.isna(row["advice"])
    assert row["seen"] == (
        "2.00 % of calls dropped, 4.0 times a typical cell's rate; its avoidable drops are all in "
        "w. w: up ×2.0 since 2 Jun 2026, busy-hour PRB 55 to 81 %; "
        "whether due to load is undecided: not tested against load by the hour."
    )
    assert row["change_id"] == "up"


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
    assert _seen(_part(2, "w", **_rise(**tested))).endswith(words)


def test_a_cell_without_a_rise_says_so_and_since_when_it_would_have_been_seen() -> None:
    row = _rank(_places(), *PARTS).iloc[0]
    assert row["seen"].endswith(
        "w: no rise is dated (one below ×1.2 could not be seen); busy-hour PRB 71 %."
    )
    assert pd.isna(row["change_id"])


def test_an_intervention_that_came_before_is_named_and_unknown_load_is_left_out() -> None:
    after = _rise(intervention_id="W7", prb_before_pct=np.nan)
    assert "after intervention W7" in _seen(_part(2, "w", **after))
    blind = _part(2, "w", prb_dl_util_bh_pct=np.nan, min_visible_ratio=np.nan)
    assert _seen(blind).endswith("w: no rise is dated (none could be seen).")


def test_a_network_whose_normal_is_no_drop_at_all_is_ranked() -> None:
    assert "of calls dropped, a typical cell drops none; its" in _seen(normal_rate=0.0)


def test_every_rise_behind_a_place_is_said_with_its_share_and_its_own_date() -> None:
    later = _rise(change_utc=pd.Timestamp("2026-06-20", tz="UTC"), ratio=1.4)
    text = _seen(_part(2, "w", 0.6, **_rise()), _part(2, "v", 0.4, **later))
    assert "of its avoidable drops most (60 %) are in w, 40 % in v. " in text
    assert "w: up ×2.0 since 1 Jun 2026" in text
    assert "v: up ×1.4 since 20 Jun 2026" in text


def test_most_is_said_from_half_on() -> None:
    half = _seen(_part(2, "w", 0.5), _part(2, "v", 0.3))
    less = _seen(_part(2, "w", 0.49), _part(2, "v", 0.3))
    assert "most (50 %) are in w, 30 % in v" in half
    assert "of its avoidable drops 49 % are in w, 30 % in v" in less


def test_a_region_s_text_never_reads_as_if_it_had_risen_as_its_worst_cell_did() -> None:
    cells = [_part(2, f"c{i}", 0.16, **_rise(ratio=3.0 - i / 10)) for i in range(5)]
    text = _seen(*cells, place_type="region")
    rises = [sentence for sentence in text.split(". ") if "up ×" in sentence.lower()]
    assert len(rises) == 3
    assert all(sentence.startswith(f"c{i}: up ×") for i, sentence in enumerate(rises))
    assert "32 % in 2 more cells" in text
    assert text.endswith("The 2 other cells rose, too.")


def test_cells_that_the_action_treats_are_named_however_small_their_part() -> None:
    cells = [_part(2, f"c{i}", 0.2) for i in range(4)]
    text = _seen(*cells, _part(2, "small", 0.001, is_treated=True))
    assert "under 1 % in small, 20 % in 1 more cell. " in text
    assert "small: no rise is dated" in text


def test_a_cell_is_not_said_to_drop_mostly_in_itself() -> None:
    text = _seen(_part(2, "w", **_rise()), place_type="cell")
    assert "4.0 times a typical cell's rate. Up ×2.0 since 1 Jun 2026" in text
    assert "w" not in text.split(". ")[0].split()


def test_of_a_place_that_is_well_no_shares_of_next_to_nothing_are_said() -> None:
    text = _seen(_part(2, "w", 0.6), _part(2, "v", 0.4), place_state="well")
    assert text == "2.00 % of calls dropped, 4.0 times a typical cell's rate."
    assert "w: up ×2.0" in _seen(_part(2, "w", 0.6, **_rise()), place_state="well")


def test_without_avoidable_drops_the_cell_with_most_above_normal_stands_there() -> None:
    assert "; w drops most calls above that. " in _seen(_part(2, "w", np.nan))


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
    places = _places().iloc[[0] * n].assign(place_name=names)
    ranked = _rank(places.reset_index(drop=True), gain=gain).set_index("place_name")
    assert ranked["p_top20"].loc[["p00", "p02"]].tolist() == [0.25, 1.0]
    p = rank.rank_intervals(gain.expected, gain.drops)["p_top20"]
    assert p[0] == 0.25
    assert p[1] == 0.75
    assert (p[2:] == 1).all()


def test_the_advice_says_what_to_do() -> None:
    persons = PerDrop(0.02, np.full(N_DRAWS, 0.02))
    ranked = _rank(
        _places(), _part(2, "w", knee_pct=61.0), gain=_gain(0, 100, 1000, load=0.9),
        complainants_avoided=persons, detractors_avoided=persons,
    )  # fmt: skip
    assert ranked["advice"].iloc[0] == "Add capacity."
    assert ranked["seen"].iloc[0].startswith("2.00 % of calls dropped")
    assert "; it drops more from 61 % PRB on." in ranked["seen"].iloc[0]
    assert ranked["detractors_avoided"].tolist() == [20, 2, 0]
    # nothing to gain: no advice
    assert pd.isna(ranked["advice"].iloc[2])
    other = _rank(_places(), gain=_gain(0, 100, 1000, load=0.1))["advice"]
    assert other.iloc[0] == "Find what raised drops beside load."


def test_no_capacity_is_advised_where_nothing_is_wrong() -> None:
    by_load = _gain(300, 200, 100, load=0.9)
    ranked = _rank(_places(place_state=["well", "high", "act"]), gain=by_load)
    assert ranked["advice"].fillna("").tolist() == ["", "", "Add capacity."]
    # it rose, but drops no more calls than a typical cell
    risen = _places(drop_rate_lo=0.0049)
    assert _rank(risen, gain=by_load)["advice"].isna().all()
    mixed = _rank(risen, gain=_gain(300, 200, 100, load=0.5))["advice"]
    assert set(mixed) == {"Find what raised drops beside load."}


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
