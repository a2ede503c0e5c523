"""Ninety in a hundred intervals hold what was planted, whatever the volume; plain ones do not."""

import logging

import numpy as np
import numpy.typing as npt
import pytest
from scipy import sparse, stats

from analysis.arrays import Floats
from analysis.uncertainty import intervals

log = logging.getLogger(__name__)  # what was measured: pytest --log-cli-level=info

RATE = 0.01
N_WEEKS = 8
N_DAYS = 60
VOLUMES = (50.0, 300.0, 800.0)  # attempts an hour, as in docs/accuracy.md
ONE_LEVEL = np.zeros((1, N_DAYS), np.int64)


def days_of(
    rng: np.random.Generator, attempts_an_hour: Floats, *, sd: float = 0.1, memory: float = 0.3
) -> tuple[Floats, Floats]:
    """Returns drops and attempts of 60 days, counted hour by hour, shape (cell, day).

    A day's effect is lognormal and AR(1), its hours are gamma-Poisson; the mean rate is `RATE`.
    """
    n_cells = len(attempts_an_hour)
    effect = rng.normal(size=(n_cells, N_DAYS))
    for day in range(1, N_DAYS):
        effect[:, day] = memory * effect[:, day - 1] + np.sqrt(1 - memory**2) * effect[:, day]
    busy = 1 + 0.6 * np.sin(np.arange(24) / 24 * 2 * np.pi)
    attempts = rng.poisson(attempts_an_hour[:, None, None] * busy, (n_cells, N_DAYS, 24))
    mean = attempts * RATE * np.exp(sd * effect - sd**2 / 2)[:, :, None]
    drops = rng.poisson(mean * rng.gamma(25, 1 / 25, mean.shape))
    return drops.sum(axis=2).astype(float), attempts.sum(axis=2).astype(float)


def weekly(days: Floats) -> Floats:
    return days[:, : 7 * N_WEEKS].reshape(len(days), N_WEEKS, 7).sum(axis=2)


def held(interval: intervals.Rate | intervals.Interval, truth: Floats | float) -> Floats:
    return np.mean((interval.lo <= truth) & (truth <= interval.hi), axis=-1)


# --- the noise of a day and the intervals of drop rates ---------------------------------------


@pytest.fixture(scope="module")
def cells() -> tuple[Floats, Floats, Floats]:
    """Volume, drops and attempts of 250 noisy cells at each of the three volumes."""
    volume = np.repeat(VOLUMES, 250)
    return volume, *days_of(np.random.default_rng(21), volume)


def test_weekly_intervals_hold_the_long_run_rate_at_every_volume(
    cells: tuple[Floats, Floats, Floats],
) -> None:
    volume, drops, attempts = cells
    noise = intervals.dispersion(drops, attempts, np.zeros(drops.shape, np.int64))

    honest = intervals.drop_rate(
        weekly(drops), weekly(attempts), noise.phi[:, None], noise.rho[:, None], 7
    )
    plain = intervals.drop_rate(weekly(drops), weekly(attempts), 1.0, 0.0, 7)

    for one in VOLUMES:
        ours, naive = (held(r, RATE)[volume == one].mean() for r in (honest, plain))
        log.info(f"{one:.0f} attempts an hour: held {ours:.3f}, plain Wilson {naive:.3f}")
        assert 0.85 <= ours <= 0.95
        assert naive < ours
        assert abs(ours - 0.9) < abs(naive - 0.9)


def test_dispersion_recovers_the_planted_day_effect(cells: tuple[Floats, Floats, Floats]) -> None:
    volume, drops, attempts = cells
    noise = intervals.dispersion(drops, attempts, np.zeros(drops.shape, np.int64))
    for one in VOLUMES:
        a_day = one * 24 * RATE
        day_part = np.expm1(0.1**2) * a_day
        hours = 1 + RATE * one * (1 + 0.6**2 / 2) / 25  # gamma hours, without the day's effect
        here = volume == one
        assert np.median(noise.phi[here]) == pytest.approx(hours + day_part, rel=0.1)
        planted = 0.3 * day_part / (hours + day_part)
        assert np.median(noise.rho[here]) == pytest.approx(planted, abs=0.05)


def test_planted_changes_and_rest_days_are_not_noise() -> None:
    rng = np.random.default_rng(22)
    attempts = np.full((100, N_DAYS), 10_000.0)
    segments = np.broadcast_to((np.arange(N_DAYS) >= 25).astype(int), attempts.shape)
    rest = np.arange(N_DAYS) % 7 >= 5
    mean = attempts * RATE * np.where(segments, 2.5, 1.0) * np.where(rest, 1.5, 1.0)
    drops = rng.poisson(mean).astype(float)

    known = intervals.dispersion(drops, attempts, segments, rest)
    blind = intervals.dispersion(drops, attempts, np.zeros_like(segments))

    assert known.phi.max() < 1.5
    assert np.median(known.rho) < 0.1
    assert np.median(blind.phi) > 10


def test_days_without_data_do_not_count() -> None:
    rng = np.random.default_rng(23)
    drops, attempts = days_of(rng, np.full(40, 300.0))
    wild = drops.copy()
    wild[:, ::9] = 50_000.0
    masked = attempts.copy()
    masked[:, ::9] = np.nan
    holes = np.where(np.arange(N_DAYS) % 9 == 0, np.nan, drops)
    segments = np.zeros(drops.shape, np.int64)
    without = intervals.dispersion(wild, masked, segments)
    assert np.allclose(without.phi, intervals.dispersion(holes, attempts, segments).phi)
    assert without.phi.max() < 5


def test_a_cell_without_drops_takes_the_networks_noise() -> None:
    drops, attempts = days_of(np.random.default_rng(24), np.full(40, 800.0))
    drops[0], attempts[1] = 0.0, np.nan
    noise = intervals.dispersion(drops, attempts, np.zeros(drops.shape, np.int64))
    assert np.isfinite(noise.phi).all()
    assert np.isfinite(noise.rho).all()
    assert noise.phi[:2].tolist() == [1.0, 1.0]
    empty = intervals.dispersion(np.zeros((2, 9)), np.zeros((2, 9)), np.zeros((2, 9), np.int64))
    assert (empty.phi.tolist(), empty.rho.tolist()) == ([1.0, 1.0], [0.0, 0.0])


@pytest.mark.parametrize("rho", [0.0, 0.3, 0.8])
@pytest.mark.parametrize("n_days", [1, 2, 7, 60])
def test_inflation_is_the_sum_over_all_pairs_of_days(rho: float, n_days: int) -> None:
    gap = np.abs(np.subtract.outer(np.arange(n_days), np.arange(n_days)))
    assert intervals.inflation(rho, n_days) == pytest.approx((rho**gap).sum() / n_days)


def test_plain_wilson_is_the_textbooks() -> None:
    found = intervals.drop_rate(np.array([0, 3, 50]), np.array([20, 100, 50]), 1.0, 0.0, 1)
    for i, (k, n) in enumerate([(0, 20), (3, 100), (50, 50)]):
        book = stats.binomtest(k, n).proportion_ci(0.9, method="wilson")
        assert (found.lo[i], found.hi[i]) == pytest.approx((book.low, book.high), abs=1e-12)
    assert found.n_eff.tolist() == [20.0, 100.0, 50.0]


def test_no_attempt_is_no_rate() -> None:
    found = intervals.drop_rate([0.0, np.nan], [0.0, np.nan], 2.0, 0.3, [7, 0])
    assert np.isnan(np.array(found)).all()


# --- hexagons ---------------------------------------------------------------------------------


def test_hexagons_hold_their_own_long_run_rate() -> None:
    rng = np.random.default_rng(25)
    n_cells, n_hexes = 300, 600
    drops, attempts = days_of(rng, rng.choice(VOLUMES, n_cells))
    noise = intervals.dispersion(drops, attempts, np.zeros(drops.shape, np.int64))
    share = rng.dirichlet([0.6] * 3, n_hexes).ravel()
    served = [rng.choice(n_cells, 3, replace=False) for _ in range(n_hexes)]
    place = (np.repeat(np.arange(n_hexes), 3), np.concatenate(served))
    weights = sparse.csr_array((share, place), shape=(n_hexes, n_cells))

    holds = [
        held(intervals.spread_rate(weights, d, n, noise.phi, noise.rho, 7), RATE)
        for d, n in zip(weekly(drops).T, weekly(attempts).T, strict=True)
    ]

    log.info(f"hexagons of three cells: held {np.mean(holds):.3f}")
    assert 0.85 <= np.mean(holds) <= 0.95


def test_a_hexagon_of_one_cell_has_that_cells_rate_whatever_its_weight() -> None:
    drops, attempts = np.array([30.0, 0.0, 4.0]), np.array([2000.0, 500.0, 100.0])
    phi, rho = np.array([3.0, 1.0, 2.0]), np.array([0.2, 0.0, 0.5])
    own = intervals.drop_rate(drops, attempts, phi, rho, 7)
    weights = sparse.csr_array(np.diag([0.1, 1.0, 0.6]))
    for ours, theirs in zip(
        intervals.spread_rate(weights, drops, attempts, phi, rho, 7), own, strict=True
    ):
        assert np.allclose(ours, theirs)


def test_hexagon_rates_are_weighted_sums_and_do_not_gain_from_splitting() -> None:
    weights = sparse.csr_array([[0.5, 0.25, 0.0], [0.0, 0.0, 0.0], [0.0, 0.0, 1.0]])
    drops, attempts = np.array([40.0, 10.0, np.nan]), np.array([1000.0, 2000.0, np.nan])
    found = intervals.spread_rate(weights, drops, attempts, 1.0, 0.0, 7)
    assert found.rate[0] == pytest.approx((20 + 2.5) / (500 + 500))
    assert np.isnan(found.rate[1:]).all()
    assert np.isnan(found.n_eff[1:]).all()
    assert found.lo[0] < found.rate[0] < found.hi[0]
    assert found.n_eff[0] < 3000


def test_a_hexagon_without_any_drop_still_has_an_upper_end() -> None:
    weights = sparse.csr_array([[0.5, 0.5]])
    found = intervals.spread_rate(weights, np.zeros(2), np.full(2, 400.0), 2.0, 0.0, 7)
    assert (found.rate[0], found.lo[0]) == (0.0, 0.0)
    assert found.n_eff[0] == pytest.approx(800 / 2)
    assert found.hi[0] == pytest.approx(intervals.drop_rate(0, 800, 2.0, 0.0, 7).hi)


# --- crowd reports ----------------------------------------------------------------------------


def crowd(
    rng: np.random.Generator, n_places: int, likeness: float
) -> tuple[npt.NDArray[np.int64], Floats, npt.NDArray[np.int64]]:
    """Returns spot, outcome and place of reports, 12 spots of 8 a place, correlated by `likeness`.

    A spot's chance is Beta with mean .2, so that two of its reports correlate by `likeness`.
    """
    of_spot = 1 / likeness - 1
    chance = rng.beta(0.2 * of_spot, 0.8 * of_spot, n_places * 12)
    spot = np.repeat(np.arange(n_places * 12), 8)
    return spot, rng.binomial(1, chance[spot]).astype(float), spot // 12


def test_design_effect_is_that_of_the_planted_likeness() -> None:
    effect = intervals.design_effect(*crowd(np.random.default_rng(28), 300, 0.15))
    assert effect == pytest.approx(1 + 7 * 0.15, rel=0.08)


def test_crowd_intervals_hold_with_the_design_effect_and_not_without() -> None:
    spot, outcome, place = crowd(np.random.default_rng(29), 600, 0.15)
    successes, n = np.bincount(place, outcome), np.bincount(place)
    honest = held(
        intervals.crowd_rate(successes, n, intervals.design_effect(spot, outcome, place)), 0.2
    )
    plain = held(intervals.crowd_rate(successes, n), 0.2)
    log.info(f"crowd shares: held {honest:.3f}, without design effect {plain:.3f}")
    assert 0.86 <= honest <= 0.94
    assert plain < 0.8


def test_reports_that_stand_alone_or_tell_nothing_have_no_design_effect() -> None:
    rng = np.random.default_rng(30)
    alone = np.arange(5000)
    outcome = rng.binomial(1, 0.3, 5000).astype(float)
    assert intervals.design_effect(alone, outcome, alone // 100) == pytest.approx(1.0, abs=0.02)
    one_spot = np.zeros(50, np.int64)
    assert intervals.design_effect(one_spot, outcome[:50], one_spot) == 1.0
    assert intervals.design_effect(alone, np.full(5000, np.nan), alone) == 1.0


def test_unknown_outcomes_are_left_out() -> None:
    spot, outcome, place = crowd(np.random.default_rng(31), 50, 0.3)
    with_gaps = np.concatenate([outcome, [np.nan, np.nan]])
    ends = np.array([0, 1])
    assert intervals.design_effect(
        np.concatenate([spot, ends]), with_gaps, np.concatenate([place, ends])
    ) == intervals.design_effect(spot, outcome, place)


def test_places_without_reports_have_no_share() -> None:
    assert np.isnan(np.array(intervals.crowd_rate([0.0], [0.0], 2.0))).all()
