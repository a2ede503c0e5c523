"""What came of works: planted effects, null works placed where it was worst, refusals."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from analysis.arrays import Flags, Floats
from analysis.effects import judge
from analysis.effects.judge import AFTER_DAYS, When
from analysis.effects.panel import Panel, sums
from analysis.effects.sheets import Works
from analysis.effects.verdicts import Verdict, days_of, of_works, verdict_of
from analysis.uncertainty.intervals import Noise
from benchmarks import effects as bench

START = 100


def _panel(n_units: int = 60, n_days: int = 160, seed: int = 1) -> Panel:
    """Poisson drops of 1 % of a thousand attempts, at levels that units keep."""
    rng = np.random.default_rng(seed)
    rate = 0.01 * np.exp(rng.normal(0, 0.2, n_units))[:, None]
    attempts = np.full((n_units, n_days), 1000.0)
    drops = rng.poisson(attempts * rate).astype(float)
    return Panel(drops, attempts, Noise(np.ones(n_units), np.zeros(n_units)))


def _verdict(panel: Panel, *units: int, flags: Flags | None = None) -> Verdict:
    works = [Works("cell", str(unit), START, START + 1, 3, (f"w{unit}",)) for unit in units]
    touched = np.zeros(panel.above.shape, bool) if flags is None else flags
    for unit in units:
        touched[unit, START] = True
    return verdict_of(panel, of_works(panel, works, np.array(units), touched))


def _with_effect(panel: Panel, unit: int, ratio: float) -> Panel:
    above = panel.above.copy()
    above[unit, START + 1 :] = np.round(above[unit, START + 1 :] * ratio)
    return replace(panel, above=above)


def test_a_planted_effect_is_found_with_its_size() -> None:
    verdict = _verdict(_with_effect(_panel(), 7, 0.6), 7)
    assert verdict.reason is None
    assert verdict.low < np.log(0.6) < verdict.high < 0
    # 118 placebos: the smallest p that they can show
    assert verdict.p_value == 1 / (1 + verdict.n_placebo)
    assert verdict.n_controls == 59
    assert verdict.value_expected == pytest.approx(verdict.value_after / 0.6, rel=0.1)


def test_the_interval_leaves_out_no_effect_just_where_the_p_value_is_below_a_tenth() -> None:
    panel = _panel()
    for unit in range(12):
        verdict = _verdict(panel, unit)
        z = verdict.effect / (verdict.high - verdict.effect)
        # both ends are read from the placebos; the error with an effect differs a little
        assert (abs(z) > 1.1) <= (verdict.p_value < 0.1)
        assert (abs(z) < 0.9) <= (verdict.p_value > 0.1)


def test_what_all_untouched_places_do_is_no_effect() -> None:
    panel = _panel()
    panel.above[:, START:] *= 1.5
    verdict = _verdict(panel, 3)
    assert verdict.low < 0 < verdict.high
    assert verdict.value_after / verdict.value_before == pytest.approx(1.5, rel=0.1)


def test_places_near_works_are_no_controls() -> None:
    panel = _panel()
    flags = np.zeros(panel.above.shape, bool)
    flags[40:, START + 5] = True
    assert _verdict(panel, 3, flags=flags).n_controls == 39


def test_works_at_several_places_are_judged_as_one() -> None:
    panel = _panel()
    for unit in (1, 2, 3):
        panel = _with_effect(panel, unit, 0.7)
    verdict = _verdict(panel, 1, 2, 3)
    one = _verdict(panel, 1)
    assert verdict.n_treated == 3
    assert verdict.low < np.log(0.7) < verdict.high < 0
    assert verdict.high - verdict.low < one.high - one.low


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda above: above[:, : START + 20], "the 28 days after it are not over"),
        (lambda above: _without(above, slice(60, START)), "too few days before it are known"),
        (lambda above: _without(above, slice(START, START + 20)),
         "too few of the 28 days after it are known"),
        (lambda above: np.where(np.arange(60)[:, None] == 0, 0.0, above),
         "fewer than 10 were counted before it"),
        (lambda above: np.where(np.arange(60)[:, None] == 0, 8 * above, above),
         "no untouched place had such a past"),
        (lambda above: above[:15], "only 14 untouched places, 20 are needed"),
    ],
)  # fmt: skip
def test_what_can_not_be_judged_is_refused_with_its_reason(spoil, reason: str) -> None:  # type: ignore[no-untyped-def]
    panel = _panel()
    above = spoil(panel.above)
    n_units, n_days = above.shape
    noise = Noise(np.ones(n_units), np.zeros(n_units))
    verdict = _verdict(Panel(above, panel.below[:n_units, :n_days], noise), 0)
    assert verdict.reason == reason
    assert np.isnan([verdict.effect, verdict.low, verdict.p_value]).all()


def _without(above: Floats, days: slice) -> Floats:
    spoilt = above.copy()
    spoilt[0, days] = np.nan
    return spoilt


def test_days_before_add_up_to_what_was_counted_and_days_after_to_what_was_expected() -> None:
    panel = _with_effect(_panel(), 7, 0.6)
    works = [Works("cell", "7", START, START + 1, 3, ("w",))]
    flags = np.zeros(panel.above.shape, bool)
    flags[7, START] = True
    (member,) = of_works(panel, works, np.array([7]), flags)
    days = days_of(panel, member)
    assert days is not None
    is_before = days.event_day < 0
    assert days.event_day[[0, -1]].tolist() == [-56, AFTER_DAYS]
    assert 0 not in days.event_day
    assert days.expected[is_before].sum() == pytest.approx(days.above[is_before].sum())
    expected = member.judged.expected[0] * days.below[~is_before].sum()
    assert days.expected[~is_before].sum() == pytest.approx(expected)


def test_a_measure_that_is_no_count_is_judged_by_how_units_scatter() -> None:
    rng = np.random.default_rng(2)
    below = np.ones((60, 160))
    above = 0.99 + 0.002 * rng.normal(size=below.shape)
    above[5, START:] -= 0.02
    verdict = _verdict(Panel(above, below, None, is_log=False), 5)
    assert verdict.low < -0.02 < verdict.high < 0


def test_sums_of_a_span_leave_out_unknown_days_and_need_most_of_them() -> None:
    panel = _panel(2, 10)
    panel.above[0, :5] = np.nan
    of = sums(panel, np.array([0, 1]), 0, 10)
    assert of.is_known.tolist() == [False, True]
    assert of.below.tolist() == [5000, 10000]
    assert np.isnan(of.values[0])


def test_null_works_at_the_worst_cells_are_seldom_praised_and_planted_ones_are_seen() -> None:
    # four networks here, forty in docs/accuracy/effects.md
    null, planted = (bench.measured(4, 100, log_effect=effect) for effect in (0.0, -0.5))
    assert (null["p_value"] <= 0.1).mean() <= 0.2
    assert abs(null["effect"].mean()) < 0.06
    assert planted["holds"].mean() >= 0.75
    assert (planted["p_value"] <= 0.1).mean() > 0.6
    # what two plain means say of works that do nothing
    assert null["plain"].mean() < -0.04


def test_an_earlier_date_brings_placebos_of_its_own() -> None:
    panel = _panel()
    others = np.arange(1, 60)
    one = judge.judged(panel, np.array([0]), When(START, START + 1), others)
    both = judge.with_placebo_dates(panel, np.array([0]), When(START, START + 1), others)
    assert np.isfinite(one.placebo).sum() == 59
    assert np.isfinite(both.placebo).sum() == 118
    assert pd.Series(both.effect).equals(pd.Series(one.effect))
