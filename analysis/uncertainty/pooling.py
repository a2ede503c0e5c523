"""Estimates of many places together: each one's own figure, drawn toward its family's.

A place with few cases says little by itself; its siblings say what is usual around it. Places of
one *family* scatter about the family's mean, and how much they scatter (the dispersion) is common
to all families. Neither is known: both are integrated out on a grid of nodes, so that an interval
also holds the doubt about them (plugging in the family's mean as known held .79 where .90 was
promised: docs/methods.md 3.6). In that integral each place's count enters once, as its own; what a
place borrows is what the *others* of its family say.

Arrays over the grid have shape (family, node, dispersion) or (place, node, dispersion).

Gamma-Poisson for counts, beta-binomial for scores: Clayton and Kaldor 1987, Biometrics 43; Gelman
and others, "Bayesian Data Analysis", 3rd edition, sections 2.7 and 5.3. The dispersions' priors are
flat in the variance: flat in the standard deviation they left the intervals of a score's dozen of
places short by up to .03. A posterior is a mixture over the nodes, and is published as the gamma or
beta of the same mean and variance.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import betainc, betaincinv, betaln, gammaincc, gammaincinv, gammaln, logsumexp

from analysis.arrays import Floats

Codes = npt.NDArray[np.integer]

# standard deviation of places' rates over their family's mean
_SCATTER = np.array([0.02, 0.1, 0.2, 0.3, 0.45, 0.65, 0.95, 1.4, 2.0])
# square root of the likeness (intraclass correlation) of two answers in one place
_LIKENESS = np.array([0.01, 0.03, 0.05, 0.08, 0.12, 0.17, 0.24, 0.33, 0.5])
# answers by which a place's shares lean to its family's where only their variance is wanted
_LEAN = 10.0
# nodes of a family's mean, in standard deviations about its pooled figure
_NODES = np.linspace(-4.0, 4.0, 17)
# families' rates scatter about the grid's by so much, in the logarithm: hardly a bound
_FAMILIES = 1.0


@dataclass(frozen=True)
class Rates:
    """Rates of places in counts per exposure, each a gamma distribution; all of shape (place,)."""

    shape: Floats
    exposure: Floats
    """The gamma's rate parameter: the mean is shape over exposure."""
    borrowed: Floats
    """Weight, 0..1, that the family has in the mean; the place itself has the rest."""

    @property
    def mean(self) -> Floats:
        """Best estimate, in counts per exposure."""
        return self.shape / self.exposure

    def quantile(self, p: float) -> Floats:
        """What the rate is below with probability `p`, shape (place,)."""
        return np.asarray(gammaincinv(self.shape, p) / self.exposure)

    def above(self, target: npt.ArrayLike) -> Floats:
        """Probability that the rate is above the target; NaN where that is NaN.

        `target`: in counts per exposure, one or (place,).
        """
        return np.asarray(gammaincc(self.shape, np.asarray(target) * self.exposure))


@dataclass(frozen=True)
class Scores:
    """Net scores of places from -1 to 1, each a stretched beta distribution; shape (place,)."""

    a: Floats
    b: Floats
    """Parameters of the beta that (score + 1) / 2 has."""
    borrowed: Floats
    """Weight, 0..1, that the family has in the mean; the place itself has the rest."""

    @property
    def mean(self) -> Floats:
        """Best estimate of promoters minus detractors."""
        return (self.a - self.b) / (self.a + self.b)

    def quantile(self, p: float) -> Floats:
        """What the score is below with probability `p`, shape (place,)."""
        return np.asarray(2 * betaincinv(self.a, self.b, p) - 1)

    def below(self, target: npt.ArrayLike) -> Floats:
        """Probability that the score is below the target; NaN where that is NaN.

        `target`: -1 to 1, one or (place,).
        """
        share = np.clip((np.asarray(target) + 1) / 2, 0, 1)
        return np.asarray(betainc(self.a, self.b, share))


def rates(low: Floats, high: Floats, exposure: Floats, family: Codes) -> Rates:
    """Rates of all places of one grid; of those known between bounds, as if in the middle.

    `low`, `high`: (place,), the count, or the least and the most that it can be, whole numbers.
    `exposure`: (place,), positive. `family`: (place,), 0, 1, ..., none left out.

    >>> count = np.array([0.0, 5.0, 10.0])
    >>> together = rates(count, count, np.full(3, 100.0), np.zeros(3, np.int64))
    >>> bool(count[0] / 100 < together.mean[0] < together.mean[1])
    True
    """
    middle = (low + high) / 2
    shape = 1 / _SCATTER**2
    mean, log_prior = _family_rates(middle, exposure, family)
    log_likelihood = _negative_binomial(low, high, exposure, mean[family], shape)
    weight = _posterior(log_likelihood, log_prior, family, _SCATTER)[family]
    # at each node a place's rate is a gamma of these two: (place, node, scatter)
    node_shape = shape + middle[:, None, None]
    node_exposure = shape / mean[family] + exposure[:, None, None]
    first = _mixed(weight, node_shape / node_exposure)
    second = _mixed(weight, node_shape * (node_shape + 1) / node_exposure**2)
    # a gamma of the mixture's mean and variance
    variance = second - first**2
    borrowed = _mixed(weight, 1 - exposure[:, None, None] / node_exposure)
    return Rates(first**2 / variance, first / variance, borrowed)


def scores(answers: Floats, family: Codes) -> Scores:
    """Net promoter scores of all places of one grid.

    `answers`: (place, 3), promoters, passives and detractors, as effective counts: they sum to the
    place's effective n, which is positive. `family`: (place,), 0, 1, ..., none left out.

    Beta-binomial, the score stretched from 0 to 1, in as many trials as have the variance of the
    answers. A Dirichlet over the three shares would tie how far scores scatter to how shares do;
    where promoters fall as detractors rise it held .855 (benchmarks.rates, level 5).
    """
    tried, won = _trials(answers, family)
    size = 1 / _LIKENESS**2 - 1
    mean, log_prior = _family_scores(tried, won, family)
    n, y, pull = tried[:, None, None], won[:, None, None], mean[family] * size
    # beta-binomial, (place, node, likeness), but for what is alike at all nodes
    log_likelihood = betaln(y + pull, n - y + size - pull) - betaln(pull, size - pull)
    weight = _posterior(log_likelihood, log_prior, family, _LIKENESS)[family]
    first = _mixed(weight, (y + pull) / (n + size))
    second = _mixed(weight, (y + pull) * (y + pull + 1) / ((n + size) * (n + size + 1)))
    # a beta of the mixture's mean and variance
    total = (first - second) / (second - first**2)
    return Scores(total * first, total * (1 - first), _mixed(weight, size / (n + size)))


def surely_worse(p_worse: Floats, *, sure: float, false_discovery: float) -> npt.NDArray[np.bool_]:
    """Which places of one grid to call bad: each surely worse, and few of them all wrongly called.

    `p_worse`: (place,), probability 0..1 that a place is worse than its target; NaN is never
    called. Each that is called has `p_worse` above `sure`, and of all of them at most the share
    `false_discovery` is expected not to be worse (Mueller, Parmigiani, Robert and Rousseau 2004,
    JASA 99).

    >>> surely_worse(np.array([0.99, 0.95, 0.5, np.nan]), sure=0.9, false_discovery=0.1).tolist()
    [True, True, False, False]
    """
    doubt = np.where(np.isnan(p_worse), 1.0, 1 - p_worse)
    order = np.argsort(doubt, kind="stable")
    expected_false = np.cumsum(doubt[order]) / np.arange(1, len(order) + 1)
    is_called = np.zeros(len(order), np.bool_)
    is_called[order] = expected_false <= false_discovery
    return is_called & (doubt < 1 - sure)


# --- the families' means ------------------------------------------------------------------------


def _family_rates(count: Floats, exposure: Floats, family: Codes) -> tuple[Floats, Floats]:
    """Nodes of each family's mean, (family, node, scatter), and the log of their prior mass."""
    family_count = np.bincount(family, count) + 0.5
    family_exposure = np.bincount(family, exposure)
    grid_rate = (count.sum() + 0.5) / exposure.sum()
    # sd of the log of the pooled rate: of its count, and of places that scatter
    concentration = np.bincount(family, exposure**2) / family_exposure**2
    variance = 1 / family_count[:, None] + concentration[:, None] * _SCATTER**2
    sd = np.sqrt(variance)[:, None, :]
    pooled = np.log(family_count / (family_exposure + 0.5 / grid_rate))[:, None, None]
    log_mean = pooled + sd * _NODES[:, None]
    # a node stands for a width of sd in the logarithm; the prior is normal about the grid's rate
    log_prior = -(((log_mean - np.log(grid_rate)) / _FAMILIES) ** 2) / 2
    return np.exp(log_mean), np.log(sd) + log_prior


def _trials(answers: Floats, family: Codes) -> tuple[Floats, Floats]:
    """Trials, and won ones, with each place's mean answer (stretched from 0 to 1) and its variance.

    Both (place,). Passives make a score surer than as many yes and no would: by shares that lean to
    the family's.
    """
    family_answers = _family_sums(answers, family) + 1
    usual = (family_answers / family_answers.sum(axis=1, keepdims=True))[family]
    n = answers.sum(axis=1)
    shares = (answers + _LEAN * usual) / (n + _LEAN)[:, None]
    score = shares[:, 0] - shares[:, 2]
    # an answer of -1, 0 or 1 varies by 1 - passives - score^2, one of -1 or 1 by 1 - score^2
    tried = n * (1 - score**2) / (1 - shares[:, 1] - score**2)
    return tried, tried * (1 + (answers[:, 0] - answers[:, 2]) / n) / 2


def _family_scores(tried: Floats, won: Floats, family: Codes) -> tuple[Floats, Floats]:
    """Nodes of each family's mean, 0..1, (family, node, likeness), and the log of their prior mass.

    The prior is flat.
    """
    # effective trials of each place: answers of one place are alike
    weight = 1 / (1 / tried[:, None] + _LIKENESS**2)
    family_tried = _family_sums(weight, family)
    family_won = _family_sums(weight * (won / tried)[:, None], family)
    centre = (family_won + 1) / (family_tried + 2)
    sd = 1 / np.sqrt(family_tried * centre * (1 - centre))[:, None, :]
    log_odds = np.log(centre / (1 - centre))[:, None, :] + sd * _NODES[:, None]
    mean = 1 / (1 + np.exp(-log_odds))
    # a node stands for a width of sd in the log odds, so of sd m (1 - m) in the mean
    return mean, np.log(sd) + np.log(mean * (1 - mean))


def _family_sums(values: Floats, family: Codes) -> Floats:
    """Sum of the places of each family, (family, column); `values`: (place, column)."""
    return np.stack([np.bincount(family, column) for column in values.T], axis=1)


def _negative_binomial(
    low: Floats, high: Floats, exposure: Floats, mean: Floats, shape: Floats
) -> Floats:
    """Log-likelihood of each place's count, (place, node, scatter), but for what is alike in all.

    `mean`: (place, node, scatter). `shape`: (scatter,). Of a place known between bounds: of any of
    these whole numbers.
    """
    is_between = high > low
    count, expected = np.where(is_between, low, (low + high) / 2), mean * exposure[:, None, None]
    odds = expected / shape
    log_more = np.log1p(odds)
    likelihood: Floats = count[:, None, None] * (np.log(odds) - log_more) - shape * log_more
    likelihood += (gammaln(count[:, None] + shape) - gammaln(shape))[:, None, :]
    if is_between.any():
        bounds = low[is_between, None, None], high[is_between, None, None]
        likelihood[is_between] += np.log(_up_to(*bounds, odds[is_between], shape))
    return likelihood


def _up_to(low: Floats, high: Floats, odds: Floats, shape: Floats) -> Floats:
    """Probability of any count from `low` to `high` over that of `low`, (place, node, scatter)."""
    step = odds / (1 + odds)
    ratio, total = np.ones_like(step), np.ones_like(step)
    for more in range(int((high - low).max())):
        count = low + more
        # each further case is this much likelier or less than the one before
        ratio = ratio * step * (count + shape) / (count + 1)
        total += np.where(count < high, ratio, 0.0)
    return total


def _posterior(
    log_likelihood: Floats, log_prior: Floats, family: Codes, dispersion: Floats
) -> Floats:
    """Posterior mass of each family's nodes and all dispersions, (family, node, dispersion).

    `log_likelihood`: (place, node, dispersion). `log_prior`: (family, node, dispersion).
    """
    order = np.argsort(family, kind="stable")
    starts = np.flatnonzero(np.diff(family[order], prepend=-1))
    joint = np.add.reduceat(log_likelihood[order], starts, axis=0) + log_prior
    # of each family and dispersion, whatever its mean: (family, 1, dispersion)
    marginal = logsumexp(joint, axis=1, keepdims=True)
    # families share the dispersion, whose prior is flat in the variance
    log_dispersion = marginal.sum(axis=(0, 1)) + np.log(np.gradient(dispersion**2))
    return np.exp(joint - marginal) * np.exp(log_dispersion - logsumexp(log_dispersion))


def _mixed(weight: Floats, values: Floats) -> Floats:
    """Mean over nodes and dispersions, (place,)."""
    return np.asarray((weight * values).sum(axis=(1, 2)))
