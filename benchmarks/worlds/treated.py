"""Networks with works whose effect is known, and that were placed where it was worst.

Shares no code with `analysis.effects`. Each cell has a level, a weekly wander that remembers, days
that scatter, working days and weekends, and regions with weather of their own.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.stats import poisson

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.intp]

DAYS = 200
WORST_SHARE = 0.1


@dataclass(frozen=True)
class World:
    """Drops and attempts by cell and day, and the works: which cell, on which day, to what end."""

    drops: Floats
    attempts: Floats
    xy: Floats
    """Position of each cell in units of a cell's distance, (cell, 2)."""
    cell: Ints
    """Cell of each work, (work,)."""
    day: Ints
    log_effect: Floats
    """Log of the ratio that each work planted, (work,)."""


def invent(
    seed: int, *, n_cells: int = 150, n_works: int = 10, log_effect: float = 0.0,
    spill: float = 0.0, is_worst: bool = True,
) -> World:  # fmt: skip
    """A network with works at cells that were among the worst tenth of the four weeks before.

    `seed`: of all draws. `n_cells`, `n_works`: how many. `log_effect`: what each work does for
    good. `spill`: share of it that the cells within 1.6 distances get. `is_worst`: False = works
    stand anywhere.
    """
    rng = np.random.default_rng(seed)
    xy = np.stack(np.divmod(np.arange(n_cells), int(np.sqrt(n_cells))), axis=1).astype(float)
    attempts = _attempts(rng, n_cells)
    log_rate = _log_rates(rng, xy)
    # gamma days: counts scatter more than Poisson
    log_rate += np.log(rng.gamma(30, 1 / 30, log_rate.shape))
    uniform = rng.random(log_rate.shape)
    taken = np.zeros(n_cells, bool)
    cell, day = np.zeros(n_works, np.intp), np.zeros(n_works, np.intp)
    for work in range(n_works):
        start = int(rng.integers(100, DAYS - 40))
        lately = slice(start - 28, start)
        counted = _counted(*(each[:, lately] for each in (uniform, attempts, log_rate)))
        score = counted.sum(axis=1) / attempts[:, lately].sum(axis=1)
        score = np.where(taken, -1.0, score if is_worst else rng.random(n_cells))
        worst = np.argsort(-score)[: max(int(WORST_SHARE * n_cells), 1)]
        cell[work], day[work] = rng.choice(worst), start
        taken[cell[work]] = True
        away = np.hypot(*(xy - xy[cell[work]]).T)
        share = np.where(away == 0, 1.0, np.where(away < 1.6, spill, 0.0))
        log_rate[:, start + 1 :] += (share * log_effect)[:, None]
    return World(
        _counted(uniform, attempts, log_rate), attempts, xy, cell, day, np.full(n_works, log_effect)
    )


def _attempts(rng: np.random.Generator, n_cells: int) -> Floats:
    level = rng.lognormal(np.log(1500), 0.6, n_cells)
    week = np.where(np.arange(DAYS) % 7 >= 5, rng.uniform(0.6, 1.2, n_cells)[:, None], 1.0)
    growth = np.exp(rng.normal(0.1, 0.1, n_cells)[:, None] * np.arange(DAYS) / 365)
    return np.asarray(rng.poisson(level[:, None] * week * growth), float)


def _log_rates(rng: np.random.Generator, xy: Floats) -> Floats:
    n_cells = len(xy)
    level = rng.normal(np.log(0.012), 0.5, n_cells)
    wander = np.zeros((n_cells, DAYS))
    step = rng.normal(0, 0.1, wander.shape)
    for day in range(1, DAYS):
        # what a cell has this day is forgotten in some three weeks
        wander[:, day] = 0.95 * wander[:, day - 1] + step[:, day] * np.sqrt(1 - 0.95**2) * 1.8
    region = np.floor(xy[:, 0] / 5).astype(int)
    weather = rng.normal(0, 0.08, (region.max() + 1, DAYS))
    season = 0.15 * np.sin(2 * np.pi * (np.arange(DAYS) + rng.uniform(0, 365)) / 365)
    weekend = rng.normal(-0.1, 0.05, n_cells)[:, None] * (np.arange(DAYS) % 7 >= 5)
    return level[:, None] + wander + weather[region] + season + weekend


def _counted(uniform: Floats, attempts: Floats, log_rate: Floats) -> Floats:
    """Poisson counts, the same for the same draws."""
    return np.asarray(poisson.ppf(uniform, attempts * np.exp(log_rate)))
