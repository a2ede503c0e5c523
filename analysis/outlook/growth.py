"""How does a load grow, and how does it go with the season? A posterior over weeks, cell by cell.

docs/methods.md 8.8. The log of a week's load is a level, a season and noise. The level grows by an
amount that changes slowly, and wanders beside that (local linear trend; Harvey 1989); the season is
two waves a year. How much all of it scatters is weighed over a grid. What is usual for growth,
season and scatter is learnt from the network (empirical Bayes).

Arrays of weeks have shape (cell, week); the last week is the newest, NaN = not known.
"""

from dataclasses import dataclass, replace
from itertools import product

import numpy as np

from analysis.arrays import Floats, Indices

WEEKS_A_YEAR = 365.25 / 7
SEASON_WEEKS = 52
"""Fewest weeks of history from which a season is learnt."""
LEAST_WEEKS = 13
"""Fewest known weeks from which growth is told."""
N_STATES = 6
"""Level, growth a week, and two waves of the year, cosine and sine each."""
LEVEL, GROWTH, SEASON = 0, 1, slice(2, N_STATES)

# sd of a week's wander of the level and of its noise, and of how growth a year changes in a year;
# all of the log load
_WANDER_SD = (0.001, 0.006, 0.014, 0.025, 0.04)
_NOISE_SD = (0.012, 0.03, 0.06, 0.12)
_BEND_SD = (0.01, 0.1)
_GRID = np.array(list(product(_WANDER_SD, _NOISE_SD, _BEND_SD))).T
WANDER, NOISE, BEND = _GRID[0] ** 2, _GRID[1] ** 2, _GRID[2] ** 2 / WEEKS_A_YEAR**3
"""Variances of a week in each point of the grid, of level, noise and growth a week; (grid,)."""
_FLAT_SHARE = 0.05
_ROUNDS, _SAMPLE = 10, 300
# fewer cells are no network to learn from
_LEAST_CELLS = 20
# no growth and no season is known better than this from other cells, log a year and log
_LEAST_GROWTH_SD, _LEAST_SEASON_SD = 0.03, 0.01
_FIRST_LEVEL_SD = 1.0
# an odd week lies this many sd off the median of the five around it
_ODD = 3.5


@dataclass(frozen=True)
class Prior:
    """What is usual in the network: log growth a year, waves of the season, weights of scatter."""

    growth: float = 0.15
    growth_sd: float = 0.2
    season: tuple[float, ...] = (0.0, 0.0, 0.0, 0.0)
    season_sd: tuple[float, ...] = (0.05, 0.05, 0.02, 0.02)
    weights: tuple[float, ...] = (1 / len(WANDER),) * len(WANDER)


@dataclass(frozen=True)
class Posterior:
    """What is known of each cell in the newest week."""

    mean: Floats
    """Of level, growth a week and waves, shape (cell, grid, state)."""
    covariance: Floats
    """Shape (cell, grid, state, state)."""
    weights: Floats
    """Of the grid, shape (cell, grid); each row sums to 1."""


def waves(weeks: Floats | Indices) -> Floats:
    """The four waves of the season, shape (week, 4).

    `weeks`: weeks from the newest one; negative = before it.
    """
    angle = 2 * np.pi * np.asarray(weeks, float)[:, None] / WEEKS_A_YEAR
    return np.hstack([np.cos(angle), np.sin(angle), np.cos(2 * angle), np.sin(2 * angle)])


def without_odd_weeks(load: Floats) -> Floats:
    """The weeks with those missing that stand apart for at most two weeks, as at Christmas.

    `load`: log load, (cell, week). A step stays: most of the five weeks around share its level.
    """
    padded = np.pad(load, ((0, 0), (2, 2)), constant_values=np.nan)
    around = np.lib.stride_tricks.sliding_window_view(padded, 5, axis=1)
    distance = np.abs(load - _median(around, axis=2))
    sd = 1.4826 * _median(distance, axis=1)
    # of weeks that hardly scatter none is odd for a thousandth
    limit = _ODD * np.maximum(sd, 0.01)
    return np.where(distance > limit[:, None], np.nan, load)


def _median(values: Floats, axis: int) -> Floats:
    """Median of what is known; NaN where nothing is."""
    ranked = np.sort(values, axis=axis)
    n_known = np.isfinite(ranked).sum(axis=axis, keepdims=True)
    low = np.take_along_axis(ranked, np.maximum(n_known - 1, 0) // 2, axis)
    high = np.take_along_axis(ranked, np.minimum(n_known // 2, ranked.shape[axis] - 1), axis)
    return np.asarray(np.squeeze((low + high) / 2, axis))


def prior_of(load: Floats) -> Prior:
    """What is usual in a network, by expectation and maximisation.

    `load`: log load of its cells, (cell, week). From less than a year of weeks neither growth nor
    season is learnt, as one looks like the other: then both stay as wide as before any data. Fewer
    than 20 cells teach nothing.
    """
    prior = Prior()
    known_weeks = np.isfinite(load).sum(axis=1)
    sample = load[known_weeks >= LEAST_WEEKS]
    if len(sample) < _LEAST_CELLS:
        return prior
    sample = sample[:: max(len(sample) // _SAMPLE, 1)]
    has_season = np.median(span_weeks(sample)) >= SEASON_WEEKS
    for _ in range(_ROUNDS):
        posterior = fit(sample, prior)
        weights = (1 - _FLAT_SHARE) * posterior.weights.mean(axis=0) + _FLAT_SHARE / len(WANDER)
        prior = replace(prior, weights=tuple(weights / weights.sum()))
        if has_season:
            prior = _learnt(posterior, prior)
    return prior


def span_weeks(load: Floats) -> Indices:
    """Weeks from the first known one to the newest, shape (cell,).

    `load`: log load, (cell, week).
    """
    is_known = np.isfinite(load)
    first = np.where(is_known.any(axis=1), is_known.argmax(axis=1), load.shape[1])
    return np.asarray(load.shape[1] - first, np.intp)


def _learnt(posterior: Posterior, prior: Prior) -> Prior:
    """The prior with mean and sd of growth and waves over cells, their own uncertainty included."""
    weights = posterior.weights[..., None]
    n_cells = len(weights)
    mean = (weights * posterior.mean).sum(axis=1)  # (cell, state)
    variance = np.diagonal(posterior.covariance, axis1=2, axis2=3)
    spread = (weights * (variance + (posterior.mean - mean[:, None]) ** 2)).sum(axis=1)
    centre = mean.mean(axis=0)
    sd = np.sqrt((spread + (mean - centre) ** 2).sum(axis=0) / n_cells)
    return replace(
        prior,
        growth=float(centre[GROWTH] * WEEKS_A_YEAR),
        growth_sd=float(max(sd[GROWTH] * WEEKS_A_YEAR, _LEAST_GROWTH_SD)),
        season=tuple(centre[SEASON]),
        season_sd=tuple(np.maximum(sd[SEASON], _LEAST_SEASON_SD)),
    )


def fit(load: Floats, prior: Prior) -> Posterior:
    """The posterior of each cell in the newest week (Kalman filter over a grid of scatter).

    `load`: log load, (cell, week). `prior`: as of `prior_of`.
    """
    n_cells, n_weeks = load.shape
    mean, covariance = _start(load, prior)
    log_weights = np.broadcast_to(np.log(prior.weights), (n_cells, len(WANDER))).copy()
    shape = np.hstack([np.ones((n_weeks, 1)), np.zeros((n_weeks, 1)),
                       waves(np.arange(n_weeks) - n_weeks + 1)])  # fmt: skip
    for week in range(n_weeks):
        # the level grows and wanders
        mean[..., LEVEL] += mean[..., GROWTH]
        covariance[..., LEVEL, :] += covariance[..., GROWTH, :]
        covariance[..., :, LEVEL] += covariance[..., :, GROWTH]
        covariance[..., LEVEL, LEVEL] += WANDER
        covariance[..., GROWTH, GROWTH] += BEND
        gain = covariance @ shape[week]  # (cell, grid, state)
        variance = gain @ shape[week] + NOISE
        surprise = load[:, week, None] - mean @ shape[week]
        # a week that is not known teaches nothing
        is_known = np.isfinite(surprise)
        surprise = np.where(is_known, surprise, 0.0)
        weight = np.where(is_known, 1 / variance, 0.0)
        mean += gain * (weight * surprise)[..., None]
        covariance -= gain[..., :, None] * (gain * weight[..., None])[..., None, :]
        log_weights -= np.where(is_known, np.log(variance) + surprise**2 / variance, 0.0) / 2
    weights = np.exp(log_weights - log_weights.max(axis=1, keepdims=True))
    return Posterior(mean, covariance, weights / weights.sum(axis=1, keepdims=True))


def _start(load: Floats, prior: Prior) -> tuple[Floats, Floats]:
    """Mean and covariance before the first week, shapes as of `Posterior`."""
    n_cells = len(load)
    mean = np.zeros((n_cells, len(WANDER), N_STATES))
    first_level = np.nan_to_num(_median(load[:, : 2 * LEAST_WEEKS], axis=1))
    mean[..., LEVEL] = first_level[:, None]
    mean[..., GROWTH] = prior.growth / WEEKS_A_YEAR
    mean[..., SEASON] = prior.season
    sd = [_FIRST_LEVEL_SD, prior.growth_sd / WEEKS_A_YEAR, *prior.season_sd]
    covariance = np.broadcast_to(np.diag(np.square(sd)), (*mean.shape, N_STATES)).copy()
    return mean, covariance
