"""The pooled slope of complaints on drops comes back; where the control responds it may be none."""

import numpy as np
import pandas as pd
import pytest

from analysis.association import slopes
from analysis.association.slopes import Slope

PER_DROP = 0.02
WEEKS = pd.date_range("2025-06-02", periods=16, freq="W-MON")
Parts = tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]


def _invented(seed: int, *, per_drop: float = PER_DROP, confounded: float = 0) -> Parts:
    """Cases, subscribers and drops of 60 places over 16 weeks; cases come a week after the drops.

    `confounded`: how much more of anything is complained of where drops are many.
    """
    rng = np.random.default_rng(seed)
    bad, people = rng.lognormal(0, 0.8, (60, 1)), rng.uniform(2000, 9000, (60, 1))
    drops = rng.poisson(people * 0.05 * bad * rng.lognormal(0, 0.3, (60, len(WEEKS))))
    mean = people * (0.001 + confounded * bad) + per_drop * np.roll(drops, 1, axis=1)
    place, week = (axis.ravel() for axis in np.indices(drops.shape))
    keys = {"place": place, "week": WEEKS[week]}
    cases = pd.DataFrame({**keys, "n": rng.poisson(mean).ravel()})
    exposure = pd.DataFrame({**keys, "exposure": np.broadcast_to(people, drops.shape).ravel()})
    counted = pd.DataFrame({**keys, "cluster": place // 3, "drops": drops.ravel(),
                            "attempts": 20.0 * exposure["exposure"]})  # fmt: skip
    return cases[cases["week"] > WEEKS[0]], exposure, counted


@pytest.mark.parametrize("confounded", [0, 0.002])
def test_the_planted_slope_lies_within_its_interval_nine_times_in_ten(confounded: float) -> None:
    found = [slopes.complainants(*_invented(seed, confounded=confounded)) for seed in range(40)]
    holds = [low <= PER_DROP <= high for low, high in (f.interval for f in found)]
    assert 0.8 <= np.mean(holds) <= 0.98
    assert np.mean([f.value for f in found]) == pytest.approx(PER_DROP, rel=0.05)


def test_what_drops_do_not_cause_has_no_slope() -> None:
    found = [slopes.complainants(*_invented(seed, per_drop=0)) for seed in range(60)]
    assert np.mean([f.responds for f in found]) <= 0.15


def test_detractors_follow_the_drops_of_four_weeks() -> None:
    found = []
    for seed in range(30):
        _, exposure, drops = _invented(seed)
        rng = np.random.default_rng(seed)
        # everybody calls as often, so the rate at 80 calls is what each had
        felt = drops.groupby("place")["drops"].rolling(4).sum().to_numpy()
        share = 0.1 + 0.2 * felt / exposure["exposure"].to_numpy()
        asked = exposure[["place", "week"]].assign(answers=80)
        answers = asked.assign(n=rng.binomial(80, np.nan_to_num(share).clip(0, 1)))
        found.append(slopes.detractors(answers, exposure, drops))
    assert np.mean([f.value for f in found]) == pytest.approx(0.2, rel=0.15)
    holds = [low <= 0.2 <= high for low, high in (f.interval for f in found)]
    assert np.mean(holds) >= 0.8


def test_too_little_is_refused_with_what_is_missing() -> None:
    cases, exposure, drops = _invented(1)
    few = slopes.complainants(cases, exposure, drops[drops["place"] < 4])
    assert np.isnan(few.value)
    assert few.why.endswith("in 4 places and 14 weeks; 100, 10 and 5 are needed")
    assert np.isnan(slopes.per_drop("complainants", few).draws).all()


def test_a_place_without_a_complaint_counts_as_none() -> None:
    cases, exposure, drops = _invented(2)
    some = cases[cases["n"] > 0]
    assert slopes.complainants(some, exposure, drops) == slopes.complainants(cases, exposure, drops)


def test_what_follows_is_never_below_nothing_and_reaches_it_where_the_control_responds() -> None:
    sure, control = Slope(0.02, 0.002, 60), Slope(0.01, 0.001, 60)
    plain = slopes.per_drop("complainants", sure)
    assert plain.expected == 0.02
    assert np.quantile(plain.draws, [0.05, 0.95]) == pytest.approx([0.0167, 0.0233], abs=0.001)
    silent = slopes.per_drop("complainants", sure, Slope(0.0, 0.001, 60))
    assert (plain.draws == silent.draws).all()
    doubted = slopes.per_drop("complainants", sure, control)
    assert np.quantile(doubted.draws, 0.05) == 0
    assert 0 < doubted.expected < plain.expected
    none = slopes.per_drop("complainants", Slope(-0.001, 0.01, 60))
    assert none.expected == none.draws.min() == 0
    persons, drawn = plain._replace(worth=3).of(np.ones(1), np.ones((1, 1)), np.full(1, np.nan))
    assert persons == 3 * plain.expected
    assert (drawn == 3 * plain.draws).all()
