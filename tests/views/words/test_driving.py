from typing import Any

import numpy as np
import pandas as pd

from tests.bench.town_association import associations
from views.words import driving
from views.words.numbers import rows


def row(name: str, lag: int, **given: Any) -> Any:
    frame = associations().assign(**given)
    return next(iter(rows(frame[(frame["outcome_class"] == name) & (frame["lag_months"] == lag)])))


def test_each_kind_has_a_verdict_and_what_is_not_known_says_why() -> None:
    assert "more than complaints about bills do" in driving.verdict(row("network", 1))
    assert "no network causes" in driving.verdict(row("promoters", 0))
    assert "chance alone" in driving.verdict(row("network", 0))
    assert driving.verdict(row("detractors", 0)).startswith("Not known: 40 cases")


def test_places_that_are_left_out_are_counted_aloud() -> None:
    assert "5 of 29 places are left out" in driving.counted_in(row("network", 1))
    whole = driving.counted_in(row("network", 1, n_places_dropped=0))
    assert whole == "24 places over 10 months."


def test_what_is_foreseen_stands_beside_two_naive_guesses() -> None:
    said = driving.foreseen(row("network", 1))
    assert "own past alone foresees 15 %" in said
    assert "its month before less than one rate for all would" in said
    assert "adds 5 points" in said
    assert "adds nothing" in driving.foreseen(row("network", 1, explained_ahead=0.1))
    assert "too few months" in driving.foreseen(row("network", 1, explained_ahead=np.nan))


def test_the_control_is_subtracted_and_a_difference_that_may_be_none_says_so() -> None:
    assert driving.beyond(row("network", 1)) == (
        "Beyond what complaints about bills do: 2.5 % (0.5 to 4.5)."
    )
    assert "holds zero" in driving.beyond(row("network", 0))
    assert driving.beyond(row("account", 0)) == ""
    assert "too few complaints about bills" in driving.beyond(row("network", 1, beyond_pct=np.nan))


def test_a_score_is_written_in_points_and_a_rank_with_its_independent_places() -> None:
    assert driving.effect(_score()) == "3.0 points (1.0 to 5.0)"
    assert "−0.30 (p under .001)" in driving.ranked(row("network", 1))
    assert "17 independent" in driving.ranked(row("network", 1))


def _score() -> Any:
    frame = associations()
    frame = frame[frame["association_kind"] == "network"].assign(outcome_class="nps")
    return next(iter(rows(frame)))


def test_in_short_counts_what_was_looked_at_survives_and_is_trusted() -> None:
    said = driving.in_short(associations())
    assert said.startswith("9 relations were looked at together. **2** survive, and **1** of")
    assert driving.in_short(pd.DataFrame({"association_kind": []})).startswith("0 relations")


def test_what_is_not_the_network_s_is_said_with_what_could_have_been_seen() -> None:
    share = {
        "metric": "nps",
        "region": "",
        "elsewhere_lo": 0.72,
        "elsewhere_hi": 0.85,
        "network_share_lo": 0.15,
        "network_share_visible": 0.2,
        "network_class_share": np.nan,
        "device_class_share": 0.1,
        "account_class_share": 0.2,
        "other_class_share": 0.1,
    }
    (seen,) = rows(pd.DataFrame([share]))
    assert driving.elsewhere(seen) == (
        "72 % to 85 % of what makes detractors in the whole network is not about drops and load."
    )
    assert driving.classes(seen) == ""
    unseen = {
        "metric": "complaints_per_1000",
        "region": "Leeds",
        "network_share_lo": 0.0,
        "network_class_share": 0.6,
    }
    (row,) = rows(pd.DataFrame([share | unseen]))
    assert (
        "in Leeds is not about drops and load; that they matter at all is not seen (from 20 %"
        in (driving.elsewhere(row))
    )
    assert driving.classes(row) == ("the network 60 %, devices 10 %, bills 20 %, other things 10 %")
