"""How much do a cell's drops wander for no reason, and for how long does it last?

The log drop rate of a day is its level plus two stationary first-order memories, one of days and
one of weeks, plus the scatter of the counts. The parameters are the network's and are learnt by
restricted maximum likelihood (Patterson & Thompson 1971) from cells in which nothing changed.
"""

from typing import NamedTuple

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit, logit

from analysis.arrays import Floats

MOST_CELLS, MIN_CELLS, MOST_TRIES = 60, 10, 150
# a step that so many more cells take up than down, or the other way, is no wandering of theirs
COMMON_SHARE, COMMON_STEP, COMMON_DAYS = 0.3, float(np.log(1.18)), 7
# memory from one day to the next: of days it fades within the week, of weeks after it
BOUNDS = ((0.0, 0.5), (0.0, 0.75), (0.0, 0.5), (0.85, 0.995))


class Wander(NamedTuple):
    """Log sd of each memory, and its correlation from one day to the next."""

    day_sd: float = 0.1
    day_memory: float = 0.35
    week_sd: float = 0.05
    week_memory: float = 0.97

    def covariance(self, n_days: int) -> Floats:
        """Of the log level of days, shape (day, day)."""
        apart = np.abs(np.subtract.outer(np.arange(n_days), np.arange(n_days)))
        days, weeks = self.day_memory**apart, self.week_memory**apart
        return np.asarray(self.day_sd**2 * days + self.week_sd**2 * weeks)

    def between(self, n_days: int) -> float:
        """Log sd of the mean of `n_days` about that of the `n_days` before."""
        apart = np.repeat([-1.0, 1.0], n_days) / n_days
        return float(np.sqrt(apart @ self.covariance(2 * n_days) @ apart))


def learn(log_rate: Floats, variance: Floats, steps: list[list[int]]) -> Wander:
    """The wandering that makes log rates likeliest; the default where there are too few cells.

    `log_rate`: of each day, (cell, day); `variance`: by counts alone; `steps`: days on which the
    level of each cell steps, which it may do by any amount. On days on which many cells step
    alike (`common_steps`) all may.
    """
    if len(log_rate) < MIN_CELLS:
        return Wander()
    steadiest = np.argsort(np.median(variance, axis=1), kind="stable")[:MOST_CELLS]
    common = common_steps(log_rate[steadiest])
    design = _design([_beside(steps[i], common) for i in steadiest], log_rate.shape[1])
    values, scatter = log_rate[steadiest], variance[steadiest]

    def cost(free: Floats) -> float:
        return deviance(_of(free), values, scatter, design)

    simplex = np.vstack([np.zeros(4), np.eye(4)])
    options = {"initial_simplex": simplex, "xatol": 0.1, "fatol": 0.3, "maxfev": MOST_TRIES}
    return _of(minimize(cost, simplex[0], method="Nelder-Mead", options=options).x)


def common_steps(log_rate: Floats) -> list[int]:
    """Days on which many cells step alike by what would be told of one: new software, new counting.

    The week from each day on is held against the week before. What all drift by over months is
    smaller than that, and wanders.
    """
    week = np.lib.stride_tricks.sliding_window_view(log_rate, COMMON_DAYS, axis=1).mean(axis=2)
    apart = week[:, COMMON_DAYS:] - week[:, :-COMMON_DAYS]
    more = (apart > COMMON_STEP).mean(axis=0) - (apart < -COMMON_STEP).mean(axis=0)
    days = list[int]()
    for day in np.argsort(-np.abs(more), kind="stable"):
        if abs(more[day]) < COMMON_SHARE:
            break
        days = _beside(days, [int(day)])
    return [day + COMMON_DAYS for day in days]


def _beside(steps: list[int], more: list[int]) -> list[int]:
    """The steps, and those of `more` that are farther than a week from any of them."""
    far = [day for day in more if all(abs(day - own) > COMMON_DAYS for own in steps)]
    return sorted([*steps, *far])


def _of(free: Floats) -> Wander:
    """The default where all are 0, within bounds everywhere."""
    low, high = np.array(BOUNDS).T
    return Wander(
        *map(
            float,
            low + (high - low) * expit(free + logit((np.array(Wander()) - low) / (high - low))),
        )
    )


def _design(steps: list[list[int]], n_days: int) -> Floats:
    """The level and each step as columns, (cell, day, 1 + most steps), 0 where there are fewer."""
    design = np.zeros((len(steps), n_days, 1 + max(map(len, steps))))
    for own, days in zip(design, steps, strict=True):
        for column, day in enumerate([0, *days]):
            own[day:, column] = 1.0
    return design


def deviance(wander: Wander, log_rate: Floats, variance: Floats, design: Floats) -> float:
    """Minus twice the restricted log likelihood, but for a constant; heights are free."""
    n_days, n_columns = design.shape[1:]
    covariance = wander.covariance(n_days) + variance[:, :, None] * np.eye(n_days)
    root = np.linalg.cholesky(covariance)
    white = np.linalg.solve(root, np.concatenate([design, log_rate[..., None]], axis=2))
    x, y = white[..., :-1], white[..., -1]
    # a column that a cell has not is worth 1 alone
    none = ~(design != 0).any(axis=1)
    known = x.transpose(0, 2, 1) @ x + none[:, :, None] * np.eye(n_columns)
    moment = (x * y[..., None]).sum(axis=1)
    explained = (moment * np.linalg.solve(known, moment[..., None])[..., 0]).sum(axis=1)
    squares = (y**2).sum(axis=1) - explained
    size = 2 * np.log(np.diagonal(root, axis1=1, axis2=2)).sum(axis=1)
    return float((size + np.linalg.slogdet(known)[1] + squares).sum())
