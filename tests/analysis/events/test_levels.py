"""Levels of KPIs on the log scale: steps, weeks, the network, gaps, and what is refused."""

import numpy as np
import pytest

from analysis.arrays import Floats
from analysis.events import levels
from analysis.events.levels import Limits

LIMITS = Limits(min_ratio=1.18, min_days=3, min_sd=3.0)


def _noisy(n_cells: int, n_days: int, sd: float = 0.05, seed: int = 1) -> Floats:
    return np.exp(np.random.default_rng(seed).normal(3, sd, (n_cells, n_days)))


def _fits(values: Floats, *, has_network: bool = False) -> list[levels.Fit]:
    clean = levels.without_weeks_and_network(values, has_network=has_network)
    return levels.fits(clean, LIMITS)


def _starts(values: Floats) -> list[list[int]]:
    return [[int(fit.day[start]) for start in fit.starts] for fit in _fits(values)]


def test_a_step_is_dated_and_sized_and_a_quiet_cell_is_quiet() -> None:
    values = _noisy(2, 56)
    values[0, 30:] *= 1.5
    fits = _fits(values)
    assert [fit.starts for fit in fits] == [(30,), ()]
    ratio, low, high = levels.ends_of(fits[0])
    assert low[0] < 1.5 < high[0]
    assert ratio[0] == pytest.approx(1.5, rel=0.06)
    assert list(levels.likely_starts(fits[0], 3)) == [(30, 30)]


def test_blocks_without_any_noise_have_a_step_all_the_same() -> None:
    blocks = np.full((1, 40), 75.0)
    blocks[0, 25:] = 100.0
    assert _starts(blocks) == [[25]]


def test_weeks_are_no_change() -> None:
    values = _noisy(3, 70)
    values[:, np.arange(70) % 7 >= 5] *= 0.5
    assert _starts(values) == [[], [], []]


def test_what_all_cells_do_is_no_change_of_one() -> None:
    values = _noisy(40, 56)
    values[:, 20:] *= 1.4
    values[0, 35:] *= 0.6
    assert _fits(values, has_network=True)[0].starts == (35,)
    assert _fits(values)[0].starts == (20, 35)
    # under 30 cells nothing tells the network from its cells
    held = levels.without_weeks_and_network(values[:20], has_network=True)
    assert np.allclose(held, levels.without_weeks_and_network(values[:20], has_network=False))


def test_a_gap_is_stepped_over_and_a_burst_is_no_change() -> None:
    values = _noisy(2, 56)
    values[0, 18:26], values[0, 26:] = np.nan, values[0, 26:] * 2
    values[1, 30:32] *= 4
    assert _starts(values) == [[26], []]


def test_too_few_days_are_refused_with_their_number() -> None:
    values = _noisy(1, 40)
    values[0, 10:] = np.nan
    fit = _fits(values)[0]
    assert fit.refused == "too little data: 10 known days, 14 are needed"
    assert np.isnan(levels.visible_ratio(fit, 5, 5, LIMITS))
    assert _fits(np.full((1, 30), np.nan))[0].refused


def test_a_cell_s_answer_is_its_own() -> None:
    values = _noisy(8, 56, sd=0.1, seed=4)
    values[::2, 22:] *= 1.5
    assert _starts(values) == _starts(values[::-1])[::-1]


def test_the_smallest_visible_rise_is_seen_about_every_other_time() -> None:
    values = _noisy(60, 56, sd=0.15, seed=7)
    visible = np.median([levels.visible_ratio(fit, 28, 28, LIMITS) for fit in _fits(values)])
    values[:, 28:] *= visible
    seen = np.mean([len(starts) > 0 for starts in _starts(values)])
    assert 0.25 < seen < 0.85
