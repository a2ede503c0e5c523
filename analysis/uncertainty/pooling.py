"""Estimates of many places together: each one's own figure, drawn toward its family's.

A place with few cases tells little by itself; its siblings tell what is usual around it. Places of
one *family* scatter about the family's mean, and how much they scatter (the dispersion) is common
to all families. Neither is known: both are integrated out on a grid of nodes, so that an interval
also holds the doubt about them (plugging in the family's mean as known held .79 where .90 was
promised: docs/methods.md 3.6). In that integral each place's count enters once, as its own; what a
place borrows is what the *others* of its family say.

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
    """Rates of places, each a gamma distribution; all of shape (place,).

    `borrowed`: the weight, 0..1, that the family has in the mean; the place itself has the rest.
    """

    shape: Floats
    exposure: Floats
    borrowed: Floats

    @property
    def mean(self) -> Floats:
        """Best estimate, in counts per exposure."""
        return self.shape / self.exposure

    def quantile(self, p: float) -> Floats:
        """What the rate is below with probability `p`."""
        found: Floats = gammaincinv(self.shape, p) / self.exposure
        return found

    def above(self, target: npt.ArrayLike) -> Floats:
        """Probability that the rate is above the target; NaN where there is none."""
        found: Floats = gammaincc(self.shape, np.asarray(target) * self.exposure)
        return found


@dataclass(frozen=True)
class Scores:
    """Net scores of places from -1 to 1, each a stretched beta distribution; shape (place,).

    `borrowed`: as of `Rates`.
    """

    a: Floats
    b: Floats
    borrowed: Floats

    @property
    def mean(self) -> Floats:
        """Best estimate of promoters minus detractors."""
        return (self.a - self.b) / (self.a + self.b)

    def quantile(self, p: float) -> Floats:
        """What the score is below with probability `p`."""
        found: Floats = 2 * betaincinv(self.a, self.b, p) - 1
        return found

    def below(self, target: npt.ArrayLike) -> Floats:
        """Probability that the score is below the target; NaN where there is none."""
        found: Floats = betainc(self.a, self.b, np.clip((np.asarray(target) + 1) / 2, 0, 1))
        return found


def rates(low: Floats, high: Floats, exposure: Floats, family: Codes) -> Rates:
    """Rates of all places of one grid; of those known between bounds, as if in the middle.

    `low`, `high`: (place,), the count, or the least and the most that it can be, whole numbers.
    `exposure`: (place,), positive. `family`: (place,), 0, 1, ...
    """
    middle = (low + high) / 2
    shape = 1 / _SCATTER**2
    mean, log_prior = _family_rates(middle, exposure, family)
    likely = _negative_binomial(low, high, exposure, mean[family], shape)
    weight = _posterior(likely, log_prior, family, _SCATTER)[family]
    top = shape + middle[:, None, None]
    bottom = shape / mean[family] + exposure[:, None, None]
    first, second = _mixed(weight, top / bottom), _mixed(weight, top * (top + 1) / bottom**2)
    spread = second - first**2
    borrowed = _mixed(weight, 1 - exposure[:, None, None] / bottom)
    return Rates(first**2 / spread, first / spread, borrowed)


def scores(answers: Floats, family: Codes) -> Scores:
    """Net promoter scores of all places of one grid.

    `answers`: (place, 3), promoters, passives and detractors, as effective counts: they sum to the
    place's effective n. `family`: (place,), 0, 1, ...

    Beta-binomial, the score stretched from 0 to 1, in as many trials as have the variance of the
    answers. A Dirichlet over the three shares would tie how far scores scatter to how shares do;
    where promoters fall as detractors rise it held .855 (benchmarks.rates, level 5).
    """
    tried, won = _trials(answers, family)
    size = 1 / _LIKENESS**2 - 1
    mean, log_prior = _family_scores(tried, won, family)
    n, y, pull = tried[:, None, None], won[:, None, None], mean[family] * size
    likely = betaln(y + pull, n - y + size - pull) - betaln(pull, size - pull)
    weight = _posterior(likely, log_prior, family, _LIKENESS)[family]
    first = _mixed(weight, (y + pull) / (n + size))
    second = _mixed(weight, (y + pull) * (y + pull + 1) / ((n + size) * (n + size + 1)))
    # a beta of that mean and variance
    whole = (first - second) / (second - first**2)
    return Scores(whole * first, whole * (1 - first), _mixed(weight, size / (n + size)))


def surely_worse(p_worse: Floats, *, sure: float, false_discovery: float) -> npt.NDArray[np.bool_]:
    """Which places of one grid to call bad: each surely worse, and few of them all wrongly called.

    Each has `p_worse` above `sure`, and of all that are called, at most the share `false_discovery`
    is expected not to be worse (Mueller, Parmigiani, Robert and Rousseau 2004, JASA 99). NaN is
    never called.
    """
    doubt = np.where(np.isnan(p_worse), 1.0, 1 - p_worse)
    order = np.argsort(doubt, kind="stable")
    expected_false = np.cumsum(doubt[order]) / np.arange(1, len(order) + 1)
    called = np.zeros(len(order), np.bool_)
    called[order] = expected_false <= false_discovery
    return called & (doubt < 1 - sure)


# --- the families' means ------------------------------------------------------------------------


def _family_rates(count: Floats, exposure: Floats, family: Codes) -> tuple[Floats, Floats]:
    """Nodes of each family's mean, (family, node, scatter), and the log of their prior mass."""
    cases, exposed = np.bincount(family, count) + 0.5, np.bincount(family, exposure)
    grid = (count.sum() + 0.5) / exposure.sum()
    alone = np.bincount(family, exposure**2) / exposed**2
    sd = np.sqrt(1 / cases[:, None] + alone[:, None] * _SCATTER**2)[:, None, :]
    pooled = np.log(cases / (exposed + 0.5 / grid))[:, None, None]
    log_mean = pooled + sd * _NODES[:, None]
    return np.exp(log_mean), np.log(sd) - ((log_mean - np.log(grid)) / _FAMILIES) ** 2 / 2


def _trials(answers: Floats, family: Codes) -> tuple[Floats, Floats]:
    """Trials, and won ones, with each place's mean answer (stretched from 0 to 1) and its variance.

    Passives make a score surer than as many yes and no would: by shares that lean to the family's.
    """
    pooled = np.stack([np.bincount(family, part) for part in answers.T], axis=1) + 1
    usual = (pooled / pooled.sum(axis=1, keepdims=True))[family]
    n = answers.sum(axis=1)
    shares = (answers + _LEAN * usual) / (n + _LEAN)[:, None]
    score = shares[:, 0] - shares[:, 2]
    tried = n * (1 - score**2) / (1 - shares[:, 1] - score**2)
    return tried, tried * (1 + (answers[:, 0] - answers[:, 2]) / n) / 2


def _family_scores(tried: Floats, won: Floats, family: Codes) -> tuple[Floats, Floats]:
    """Nodes of each family's mean, 0..1, (family, node, likeness), and the log of their prior mass.

    The prior is flat.
    """
    weight = 1 / (1 / tried[:, None] + _LIKENESS**2)
    whole, held = (np.stack([np.bincount(family, part) for part in parts.T], axis=1)
                   for parts in (weight, weight * (won / tried)[:, None]))  # fmt: skip
    centre = (held + 1) / (whole + 2)
    sd = 1 / np.sqrt(whole * centre * (1 - centre))[:, None, :]
    log_odds = np.log(centre / (1 - centre))[:, None, :] + sd * _NODES[:, None]
    mean = 1 / (1 + np.exp(-log_odds))
    return mean, np.log(sd) + np.log(mean * (1 - mean))


def _negative_binomial(
    low: Floats, high: Floats, exposure: Floats, mean: Floats, shape: Floats
) -> Floats:
    """Log-likelihood of each place's count, (place, node, scatter), but for what is alike in all.

    Of a place known between bounds: of any of these whole numbers.
    """
    few = high > low
    y, expected = np.where(few, low, (low + high) / 2), mean * exposure[:, None, None]
    log_more = np.log1p(expected / shape)
    likely: Floats = y[:, None, None] * (np.log(expected / shape) - log_more) - shape * log_more
    likely += (gammaln(y[:, None] + shape) - gammaln(shape))[:, None, :]
    if few.any():
        # each further case is this much likelier or less than the one before
        odds = (expected[few] / shape) / (1 + expected[few] / shape)
        each, any_of_them = np.ones_like(odds), np.ones_like(odds)
        for more in range(int((high - low).max())):
            count = low[few, None, None] + more
            each = each * odds * (count + shape) / (count + 1)
            any_of_them += np.where(count < high[few, None, None], each, 0.0)
        likely[few] += np.log(any_of_them)
    return likely


def _posterior(likely: Floats, log_prior: Floats, family: Codes, dispersion: Floats) -> Floats:
    """Posterior mass of each family's nodes and all dispersions, (family, node, dispersion)."""
    order = np.argsort(family, kind="stable")
    starts = np.flatnonzero(np.diff(family[order], prepend=-1))
    joint = np.add.reduceat(likely[order], starts, axis=0) + log_prior
    whole = logsumexp(joint, axis=1, keepdims=True)
    hyper = whole.sum(axis=(0, 1)) + np.log(np.gradient(dispersion**2))
    return np.exp(joint - whole) * np.exp(hyper - logsumexp(hyper))


def _mixed(weight: Floats, values: Floats) -> Floats:
    mixed: Floats = (weight * values).sum(axis=(1, 2))
    return mixed
