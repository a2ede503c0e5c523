"""When does a growing load meet its limit? Draws of the weeks to come, cell by cell."""

from dataclasses import dataclass

import numpy as np

from analysis.arrays import Floats, Indices
from analysis.outlook.growth import (
    BEND,
    GROWTH,
    LEVEL,
    SEASON,
    WANDER,
    WEEKS_A_YEAR,
    Posterior,
    waves,
)

N_DRAWS, SEED = 500, 17
HORIZON_MONTHS = 24
MONTHS_A_WEEK = 7 * 12 / 365.25
HORIZON_WEEKS = int(HORIZON_MONTHS / MONTHS_A_WEEK)
Z90 = 1.6448536269514722


@dataclass(frozen=True)
class Limit:
    """The load at which each cell is full, with its 90 % interval; shape (cell,), above 0."""

    value: Floats
    low: Floats
    high: Floats


@dataclass(frozen=True)
class Crossing:
    """When each cell's load meets its limit: draws, and what they rest on."""

    now: Floats
    """Log load of the newest week, season included, mean of the draws; (cell,)."""
    weeks: Floats
    """From the newest week, 0 = it is met already, inf = not within two years; (cell, draw)."""
    growth: Floats
    """Log growth a year, (cell, draw)."""
    season: Floats
    """Log of the fullest week of a year over its mean, by the mean of the draws; (cell,)."""


def crossing_of(posterior: Posterior, limit: Limit) -> Crossing:
    """Draws of when each cell's weekly load, as expected without noise, first meets its limit.

    `posterior`: as of `growth.fit`. `limit`: of the same cells; each draw has a limit of its own,
    log-normal about the value on each side. All cells share the standard normals, which are seeded:
    a cell's figures do not depend on which cells stand beside it.
    """
    normals = np.random.default_rng(SEED)
    state, point = _drawn_states(posterior, normals)
    wander, bend = np.sqrt(WANDER[point]), np.sqrt(BEND[point])
    log_limits = _drawn_limits(limit, normals)
    weeks = np.arange(HORIZON_WEEKS + 1)
    paths, bends = _paths(normals), _paths(normals).cumsum(axis=1)  # (draw, week)
    season = waves(weeks)
    met = np.full(log_limits.shape, np.inf)
    for cell in range(len(log_limits)):
        drawn = state[cell]
        load = drawn[:, LEVEL, None] + drawn[:, GROWTH, None] * weeks
        load += (
            drawn[:, SEASON] @ season.T
            + wander[cell][:, None] * paths
            + bend[cell][:, None] * bends
        )
        is_full = load >= log_limits[cell][:, None]
        met[cell] = np.where(is_full.any(axis=1), is_full.argmax(axis=1), np.inf)
    peak = (state[..., SEASON].mean(axis=1) @ waves(np.arange(52)).T).max(axis=1)
    now = (state[..., LEVEL] + state[..., SEASON] @ season[0]).mean(axis=1)
    return Crossing(now, met, state[..., GROWTH] * WEEKS_A_YEAR, peak)


def _paths(normals: np.random.Generator) -> Floats:
    """Sums of standard normals from 0 on, (draw, week)."""
    steps = normals.standard_normal((N_DRAWS, HORIZON_WEEKS))
    return np.hstack([np.zeros((N_DRAWS, 1)), steps.cumsum(axis=1)])


def _drawn_states(posterior: Posterior, normals: np.random.Generator) -> tuple[Floats, Indices]:
    """States of the newest week, (cell, draw, state), and the point of the grid, (cell, draw)."""
    # evenly spread shares pick each point of the grid as often as its weight says
    shares = (np.arange(N_DRAWS) + 0.5) / N_DRAWS
    cumulated = np.cumsum(posterior.weights, axis=1)
    point = (cumulated[:, None, :] < shares[None, :, None] * cumulated[:, -1:, None]).sum(axis=2)
    cell = np.arange(len(point))[:, None]
    covariance = posterior.covariance
    covariance = (covariance + np.swapaxes(covariance, -1, -2)) / 2
    root = np.linalg.cholesky(covariance + 1e-12 * np.eye(covariance.shape[-1]))
    standard = normals.standard_normal((N_DRAWS, covariance.shape[-1]))
    # draws in another order than the shares, so that the paths of no point are alike
    point = point[:, normals.permutation(N_DRAWS)]
    scatter = np.einsum("cdij,dj->cdi", root[cell, point], standard)
    return posterior.mean[cell, point] + scatter, point


def _drawn_limits(limit: Limit, normals: np.random.Generator) -> Floats:
    """Log of the limit in each draw, (cell, draw)."""
    standard = normals.standard_normal(N_DRAWS)
    value = np.log(limit.value)[:, None]
    above = (np.log(limit.high)[:, None] - value) / Z90
    below = (value - np.log(limit.low)[:, None]) / Z90
    return np.asarray(value + np.where(standard > 0, above, below) * standard)


def quantile(draws: Floats, share: float) -> Floats:
    """The draw below or at which this share of each cell's draws lies; inf is a draw too, (cell,).

    `draws`: (cell, draw). `share`: above 0, at most 1.
    """
    rank = max(int(np.ceil(share * draws.shape[1])) - 1, 0)
    return np.asarray(np.sort(draws, axis=1)[:, rank])
