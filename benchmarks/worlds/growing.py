"""Worlds in which busy hours grow towards a knee: evenly, in steps with a season, or ever slower.

Truth is the first week after the data in which the load that is expected of a working day, without
noise and holidays, is at the knee or above it.
"""

from dataclasses import dataclass

import numpy as np

from analysis.arrays import Flags, Floats, Indices

WEEKS_AHEAD, SOON_WEEKS = 104, 26
_FUTURES = 100
_YEAR = 365.25
KINDS = ("smooth", "steps", "slowing")
"""smooth: the same growth each week, days that scatter. steps: growth comes in steps of cells and
of the whole network, over a season, with holidays. slowing: growth halves each year, with a season.
"""


@dataclass(frozen=True)
class Growing:
    """One network: what is measured, and when each cell is truly full."""

    prb_pct: Floats
    """PRB % of each day's busy hour, (cell, day)."""
    rest_day: Flags
    """Weekend or public holiday, (day,)."""
    knee: Floats
    """As it is measured, and the ends of its 90 % interval; (3, cell)."""
    full_week: Floats
    """First week at the knee, 0 = the newest one, inf = none of 104; (cell,)."""
    p_soon: Floats
    """Probability of that within 26 weeks for who knows all but the steps to come; (cell,)."""


def invent(kind: str, seed: int, *, n_weeks: int, n_cells: int = 150) -> Growing:
    """A network of a kind.

    `kind`: of KINDS. `seed`: of all that is drawn. `n_weeks`: of history. `n_cells`: how many.
    """
    rng = np.random.default_rng([seed, KINDS.index(kind), n_weeks])
    n_all = n_weeks + WEEKS_AHEAD + 1
    first_day = rng.integers(0, 365)
    growth = rng.normal(0.22, 0.12, n_cells)[:, None] / (_YEAR / 7)
    level = _level(kind, rng, growth, n_all)
    season = np.zeros(level.shape)
    if kind != "smooth":
        season = _season(rng, n_cells, 7 * np.arange(n_all) + first_day)
    level += season
    knee = rng.uniform(55, 90, n_cells)
    # at the end of the data cells lie up to half of their load below the knee, few above it
    gap = rng.uniform(-0.03, 0.6, n_cells)
    level += (np.log(knee) - gap - level[:, n_weeks - 1])[:, None]
    days = np.arange(7 * n_weeks)
    is_holiday = _holidays(days + first_day) & (kind == "steps")
    load = np.repeat(level[:, :n_weeks], 7, axis=1) + _noise(kind, rng, n_cells, n_weeks)
    is_weekend = days % 7 >= 5
    load += np.log(0.85) * is_weekend + np.log(0.75) * (is_holiday & ~is_weekend)
    sd = rng.uniform(0.02, 0.05, n_cells)
    measured = knee * np.exp(sd * rng.standard_normal(n_cells))
    ends = np.exp(1.645 * sd)
    ahead = level[:, n_weeks - 1 :] >= np.log(knee)[:, None]
    full = np.where(ahead.any(axis=1), ahead.argmax(axis=1), np.inf)
    # who knows all of the present and how steps come still has to guess those to come
    room = np.log(knee)[:, None] - level[:, [n_weeks - 1]] - season[:, n_weeks - 1 :]
    room += season[:, [n_weeks - 1]]
    n_futures = _FUTURES if kind == "steps" else 1
    guess = [_is_soon(_futures(kind, rng, growth, n_weeks), room) for _ in range(n_futures)]
    return Growing(
        np.minimum(np.exp(load), 100.0),
        # weeks after Christmas are holidays of which the calendar knows the first days alone
        is_weekend | is_holiday & (days % 7 < 2),
        np.array([measured, measured / ends, measured * ends]),
        full,
        np.mean(guess, axis=0),
    )


def _futures(kind: str, rng: np.random.Generator, growth: Floats, n_weeks: int) -> Floats:
    """Growth of the log load from the newest week on, as it could come; (cell, week)."""
    if kind == "steps":
        level = _level(kind, rng, growth, SOON_WEEKS + 1)
    else:
        level = _level(kind, rng, growth, n_weeks + SOON_WEEKS)[:, n_weeks - 1 :]
    return level - level[:, :1]


def _is_soon(growth: Floats, room: Floats) -> Flags:
    """Whether each cell's growth takes all room within six months, (cell,)."""
    return np.asarray((growth >= room[:, : SOON_WEEKS + 1]).any(axis=1))


def _level(kind: str, rng: np.random.Generator, growth: Floats, n_weeks: int) -> Floats:
    """Log load of each week but for a constant, (cell, week); `growth` is a week's, (cell, 1)."""
    n_cells = len(growth)
    if kind == "smooth":
        return growth * np.arange(n_weeks)
    if kind == "slowing":
        return np.cumsum(1.4 * growth * 0.5 ** (np.arange(n_weeks) / (_YEAR / 7)), axis=1)
    # four steps a year, and one of all cells in five of their own; they make up all growth
    own = rng.random((n_cells, n_weeks)) < 3.2 / 52
    common = rng.random(n_weeks) < 0.8 / 52
    height = growth * 52 / 4 * rng.gamma(4, 1 / 4, (n_cells, n_weeks))
    return np.cumsum((own | common) * height, axis=1)


def _season(rng: np.random.Generator, n_cells: int, days: Indices) -> Floats:
    """A season that cells share, each with its own strength and a little of its own time."""
    angle = 2 * np.pi * (days / _YEAR + rng.random())
    own = rng.normal(0, 0.3, (n_cells, 1))
    strength = rng.normal(0.07, 0.02, (n_cells, 1))
    return strength * np.cos(angle + own) + 0.25 * strength * np.cos(2 * angle + own)


def _holidays(days: Indices) -> Flags:
    """Twelve days after Christmas and eight single days, by day since some New Year."""
    day = days % 365
    return (day >= 358) | (day < 5) | np.isin(day, [95, 120, 130, 140, 227, 276, 305, 341])


def _noise(kind: str, rng: np.random.Generator, n_cells: int, n_weeks: int) -> Floats:
    """Log noise of days, and of weeks that remember the one before; (cell, day)."""
    day_sd = rng.uniform(0.05, 0.12, (n_cells, 1))
    weeks = rng.normal(0, 0.02, (n_cells, n_weeks))
    if kind != "smooth":
        for week in range(1, n_weeks):
            weeks[:, week] += 0.5 * weeks[:, week - 1]
    return np.repeat(weeks, 7, axis=1) + day_sd * rng.standard_normal((n_cells, 7 * n_weeks))
