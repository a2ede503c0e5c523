"""Pooled estimates hold what was planted, agree with brute force, and are never surer than that."""

import itertools
import logging

import numpy as np
import numpy.typing as npt
import pytest
from scipy import stats

from analysis.arrays import Floats
from analysis.uncertainty import pooling

log = logging.getLogger(__name__)  # what was measured: pytest --log-cli-level=info

FAMILY = np.repeat(np.arange(40), 6)


def held(found: pooling.Rates | pooling.Scores, truth: Floats) -> npt.NDArray[np.bool_]:
    return (found.quantile(0.05) <= truth) & (truth <= found.quantile(0.95))


def planted_rates(rng: np.random.Generator, scatter: float) -> tuple[Floats, Floats, Floats]:
    """True rates of 40 families of six, exposures from tiny to large, and the counts."""
    mean = 3 * np.exp(rng.normal(0, 0.4, 40))[FAMILY]
    truth = mean * rng.gamma(1 / scatter**2, scatter**2, len(mean))
    exposure = rng.lognormal(1, 0.8, len(mean))
    return truth, exposure, rng.poisson(truth * exposure).astype(float)


def planted_answers(rng: np.random.Generator, alike: float) -> tuple[Floats, Floats]:
    """True net scores of 40 families of six, and promoters, passives and detractors of each."""
    mean = rng.dirichlet([36, 24, 20], 40)[FAMILY]
    shares = np.array([rng.dirichlet(m * alike) for m in mean])
    n = np.maximum(30, rng.poisson(70, len(mean)))
    answers = np.array([rng.multinomial(k, p) for k, p in zip(n, shares, strict=True)])
    return shares[:, 0] - shares[:, 2], answers.astype(float)


@pytest.mark.parametrize("scatter", [0.1, 0.4, 0.9])
def test_rates_of_shown_places_hold_whatever_the_scatter(scatter: float) -> None:
    rng, holds, ours, raws = np.random.default_rng(41), [], 0.0, 0.0
    for _ in range(12):
        truth, exposure, count = planted_rates(rng, scatter)
        few = (count > 0) & (count < 5)
        low, high = np.where(few, 1.0, count), np.where(few, 4.0, count)
        found = pooling.rates(low, high, exposure, FAMILY)
        holds.append(held(found, truth)[~few].mean())
        ours += ((found.mean - truth)[~few] ** 2).sum()
        raws += ((count / exposure - truth)[~few] ** 2).sum()
    log.info(f"scatter {scatter}: held {np.mean(holds):.3f}, error {ours / raws:.2f} of raw")
    assert 0.87 <= np.mean(holds) <= 0.93
    assert ours < raws


def test_scores_hold_where_promoters_fall_as_detractors_rise() -> None:
    rng, holds = np.random.default_rng(48), []
    for _ in range(120):
        bad = rng.normal(0, 0.3, 20)
        up, down = 0.45 * np.exp(-bad / 3), 0.25 * np.exp(bad / 2)
        shares = np.column_stack([up, 1 - up - down, down])
        answers = np.array([rng.multinomial(300, p) for p in shares]).astype(float)
        holds.append(held(pooling.scores(answers, np.zeros(20, np.int64)), up - down).mean())
    log.info(f"promoters against detractors: held {np.mean(holds):.3f}")
    assert 0.87 <= np.mean(holds) <= 0.93


@pytest.mark.parametrize("alike", [15.0, 80.0, 500.0])
def test_scores_hold_whatever_the_scatter(alike: float) -> None:
    rng = np.random.default_rng(42)
    holds = []
    for _ in range(12):
        truth, answers = planted_answers(rng, alike)
        holds.append(held(pooling.scores(answers, FAMILY), truth).mean())
    log.info(f"concentration {alike}: held {np.mean(holds):.3f}")
    assert 0.87 <= np.mean(holds) <= 0.93


# --- against brute force ------------------------------------------------------------------------


def drawn(rng: np.random.Generator, values: Floats, n: int) -> Floats:
    """Draws from a prior that is flat in the squares of unequally spaced values."""
    mass = np.gradient(values**2)
    return rng.choice(values, n, p=mass / mass.sum())


def summary(draws: Floats, weight: Floats) -> list[float]:
    """Mean and 90 % interval of weighted draws."""
    order = np.argsort(draws)
    carried = np.cumsum(weight[order]) / weight.sum()
    ends = [draws[order][np.searchsorted(carried, p)] for p in (0.05, 0.95)]
    return [float(draws @ weight / weight.sum()), *map(float, ends)]


def test_rates_are_those_of_the_model_drawn_at_random() -> None:
    count, exposure = np.array([7.0, 20.0, 12.0]), np.array([2.0, 4.0, 5.0])
    rng, n = np.random.default_rng(43), 2_000_000
    mean = (count.sum() + 0.5) / exposure.sum() * np.exp(rng.normal(size=n))
    shape = 1 / drawn(rng, pooling._SCATTER, n) ** 2
    rate = rng.gamma(shape, mean / shape, (3, n))
    weight = np.exp(stats.poisson.logpmf(count[:, None], rate * exposure[:, None]).sum(axis=0))
    found = pooling.rates(count, count, exposure, np.zeros(3, np.int64))
    for place in range(3):
        ours = [q[place] for q in (found.mean, found.quantile(0.05), found.quantile(0.95))]
        assert ours == pytest.approx(summary(rate[place], weight), rel=0.03)


def test_scores_are_those_of_the_model_drawn_at_random() -> None:
    answers = np.array([[20, 8, 4], [12, 14, 10], [15, 9, 8.0]])
    tried, won = pooling._trials(answers, np.zeros(3, np.int64))
    rng, n = np.random.default_rng(44), 2_000_000
    mean, alike = rng.random(n), drawn(rng, pooling._LIKENESS, n)
    size = 1 / alike**2 - 1
    share = rng.beta(mean * size, (1 - mean) * size, (3, n)).clip(1e-12, 1 - 1e-12)
    lost = (tried - won)[:, None]
    log_weight = (won[:, None] * np.log(share) + lost * np.log1p(-share)).sum(axis=0)
    weight = np.exp(log_weight - log_weight.max())
    found = pooling.scores(answers, np.zeros(3, np.int64))
    for place in range(3):
        ours = [q[place] for q in (found.mean, found.quantile(0.05), found.quantile(0.95))]
        assert ours == pytest.approx(summary(2 * share[place] - 1, weight), abs=0.02)


def test_trials_have_the_mean_and_the_variance_of_the_answers() -> None:
    answers = np.array([[500, 300, 200.0]])
    (tried,), (won,) = pooling._trials(answers, np.zeros(1, np.int64))
    share = won / tried
    assert 2 * share - 1 == pytest.approx(0.3)
    assert 4 * share * (1 - share) / tried == pytest.approx(0.61 / 1000, rel=1e-4)


# --- what a place borrows -----------------------------------------------------------------------


def test_a_large_place_keeps_its_own_figure_and_a_tiny_one_takes_its_family_s() -> None:
    exposure = np.array([1e4, 1e-3, *[10.0] * 12])
    count = np.array([4e4, 0, *[11, 9, 10, 8.0] * 3])
    found = pooling.rates(count, count, exposure, np.array([0, *[1] * 13]))
    assert found.mean[0] == pytest.approx(4, rel=0.01)
    assert found.mean[1] == pytest.approx(0.95, rel=0.15)
    assert found.borrowed[0] < 0.03
    assert found.borrowed[1] > 0.99


def test_a_family_says_nothing_of_another() -> None:
    rng = np.random.default_rng(45)
    _, exposure, count = planted_rates(rng, 0.4)
    alone = pooling.rates(count, count, exposure, FAMILY)
    more = count.copy()
    more[FAMILY == 3] *= 1.3
    moved = np.abs(pooling.rates(more, more, exposure, FAMILY).mean / alone.mean - 1)
    assert moved[FAMILY != 3].max() < 0.02
    assert moved[FAMILY == 3].min() > 0.05


def test_less_than_five_is_known_no_better_than_that() -> None:
    one = np.ones(6)
    count = np.array([2.0, 9, 12, 8, 10, 11])
    exact = pooling.rates(count, count, one * 3, np.zeros(6, np.int64))
    low, high = np.where(count < 5, 1, count), np.where(count < 5, 4, count)
    bounded = pooling.rates(low, high, one * 3, np.zeros(6, np.int64))
    assert bounded.mean[1:] == pytest.approx(exact.mean[1:], rel=0.1)
    assert (bounded.mean[1:] != exact.mean[1:]).all()


def test_what_is_known_between_bounds_has_the_chance_of_all_in_between() -> None:
    low, high, exposure = np.array([1.0, 6.0]), np.array([4.0, 6.0]), np.array([2.0, 3.0])
    mean, shape = np.array([[[3.0]], [[3.0]]]), np.array([2.5])
    found = pooling._negative_binomial(low, high, exposure, mean, shape).ravel()
    chance = [stats.nbinom.pmf(range(int(a), int(b) + 1), 2.5, 1 / (1 + 3 * e / 2.5)).sum()
              for a, b, e in zip(low, high, exposure, strict=True)]  # fmt: skip
    # what is alike whatever the rate is left out: the ways of the first case
    ways = [1, 720]
    assert np.exp(found) / ways == pytest.approx(chance)


def test_places_without_any_case_have_a_rate_above_zero() -> None:
    nothing = np.zeros(4)
    found = pooling.rates(nothing, nothing, np.full(4, 5.0), np.zeros(4, np.int64))
    assert (found.mean > 0).all()
    assert (found.quantile(0.95) < 0.6).all()
    assert np.isnan(found.above(np.nan)).all()


# --- which are bad ------------------------------------------------------------------------------


def test_bad_places_are_as_many_as_the_false_ones_among_them_allow() -> None:
    rng = np.random.default_rng(46)
    for _ in range(30):
        p = np.append(rng.beta(3, 0.4, 9), np.nan)
        found = pooling.surely_worse(p, sure=0.9, false_discovery=0.04)
        sure = np.flatnonzero(p > 0.9)
        subsets = [s for k in range(len(sure) + 1) for s in itertools.combinations(sure, k)]
        most = max(len(s) for s in subsets if not s or np.mean(1 - p[list(s)]) <= 0.04)
        assert found.sum() == most
        assert set(np.flatnonzero(found)) == set(np.argsort(-np.nan_to_num(p))[:most])


def test_few_places_called_bad_are_not() -> None:
    rng = np.random.default_rng(47)
    called = false = 0
    for _ in range(20):
        truth, exposure, count = planted_rates(rng, 0.6)
        found = pooling.rates(count, count, exposure, FAMILY)
        bad = pooling.surely_worse(found.above(3.0), sure=0.9, false_discovery=0.05)
        called, false = called + bad.sum(), false + (bad & (truth <= 3)).sum()
    log.info(f"{called} called bad, {false} wrongly")
    assert called > 200
    assert false / called < 0.07
