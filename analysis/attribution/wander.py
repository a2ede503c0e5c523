"""How much do a cell's drops wander for no reason, and for how long does it last?

The log drop rate of a day is a mean that steps where something changed, plus two stationary
first-order memories, one of days and one of weeks, plus the scatter of the counts. The parameters
are the network's. They are learnt by restricted maximum likelihood (Patterson and Thompson 1971)
from its steadiest cells.
"""

from typing import NamedTuple

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit, logit

from analysis.arrays import Floats

# cells to learn from: at most, and at least; and trials of the likelihood
MOST_CELLS, MIN_CELLS, MOST_TRIES = 60, 10, 150
# a step of more than COMMON_STEP (log) that a share of all cells takes up, beyond those that take
# it down, or the other way, is no wandering of theirs
COMMON_SHARE, COMMON_STEP, COMMON_DAYS = 0.3, float(np.log(1.18)), 7
# least and most of each parameter; memory from one day to the next: of days it fades within the
# week, of weeks after it
BOUNDS = ((0.0, 0.5), (0.0, 0.75), (0.0, 0.5), (0.85, 0.995))


class Wander(NamedTuple):
    """Log sd of each memory, and its correlation from one day to the next."""

    day_sd: float = 0.1
    day_memory: float = 0.35
    week_sd: float = 0.05
    week_memory: float = 0.97

    def covariance(self, n_days: int) -> Floats:
        """Covariance of the log rates of `n_days` days without their scatter, shape (day, day)."""
        lag = np.abs(np.subtract.outer(np.arange(n_days), np.arange(n_days)))
        days = self.day_memory**lag
        weeks = self.week_memory**lag
        return np.asarray(self.day_sd**2 * days + self.week_sd**2 * weeks)

    def between(self, n_days: int) -> float:
        """Log sd of the mean of `n_days` about that of the `n_days` before.

        >>> round(Wander(day_sd=0.1, day_memory=0.0, week_sd=0.0).between(2), 6)
        0.1
        """
        contrast = np.repeat([-1.0, 1.0], n_days) / n_days
        return float(np.sqrt(contrast @ self.covariance(2 * n_days) @ contrast))


def learn_wander(log_rate: Floats, variance: Floats, steps: list[list[int]]) -> Wander:
    """The wandering that makes log rates likeliest; the default where there are too few cells.

    `log_rate`: of each day, shape (cell, day), without NaN. `variance`: of each by its counts
    alone, in the same shape. `steps`: days on which each cell steps, which it may do by any height.
    On days on which many cells step alike (`common_steps`) all may.
    """
    if len(log_rate) < MIN_CELLS:
        return Wander()
    steadiest = np.argsort(np.median(variance, axis=1), kind="stable")[:MOST_CELLS]
    common_days = common_steps(log_rate[steadiest])
    own_steps = [_with_days(steps[i], common_days) for i in steadiest]
    design = _design(own_steps, log_rate.shape[1])
    log_rate, variance = log_rate[steadiest], variance[steadiest]

    def cost(free: Floats) -> float:
        return deviance(_wander_of(free), log_rate, variance, design)

    simplex = np.vstack([np.zeros(4), np.eye(4)])
    options = {"initial_simplex": simplex, "xatol": 0.1, "fatol": 0.3, "maxfev": MOST_TRIES}
    return _wander_of(minimize(cost, simplex[0], method="Nelder-Mead", options=options).x)


def common_steps(log_rate: Floats) -> list[int]:
    """Days on which many cells step alike: new software, another way of counting.

    `log_rate`: of each day, shape (cell, day). The week from each day on is held against the week
    before. What all drift by over months is smaller than that, and wanders.
    """
    # (cell, day): mean of each day and the six after it, then its step against the week before
    week = np.lib.stride_tricks.sliding_window_view(log_rate, COMMON_DAYS, axis=1).mean(axis=2)
    step = week[:, COMMON_DAYS:] - week[:, :-COMMON_DAYS]
    share_up = (step > COMMON_STEP).mean(axis=0) - (step < -COMMON_STEP).mean(axis=0)
    days = list[int]()
    for day in np.argsort(-np.abs(share_up), kind="stable"):
        if abs(share_up[day]) < COMMON_SHARE:
            break
        days = _with_days(days, [int(day)])
    return [day + COMMON_DAYS for day in days]


def _with_days(steps: list[int], more_days: list[int]) -> list[int]:
    """The steps, and those of `more_days` that are farther than a week from any of them."""
    far_days = [day for day in more_days if all(abs(day - step) > COMMON_DAYS for step in steps)]
    return sorted([*steps, *far_days])


def _wander_of(free: Floats) -> Wander:
    """The default where all four `free` numbers are 0, and within BOUNDS whatever they are."""
    low, high = np.array(BOUNDS).T
    start = logit((np.array(Wander()) - low) / (high - low))
    bounded = low + (high - low) * expit(free + start)
    return Wander(*map(float, bounded))


def _design(steps: list[list[int]], n_days: int) -> Floats:
    """The mean and each step as columns, (cell, day, 1 + most steps), 0 where there are fewer."""
    design = np.zeros((len(steps), n_days, 1 + max(map(len, steps))))
    for own, days in zip(design, steps, strict=True):
        for column, day in enumerate([0, *days]):
            own[day:, column] = 1.0
    return design


def deviance(wander: Wander, log_rate: Floats, variance: Floats, design: Floats) -> float:
    """Minus twice the restricted log likelihood of all cells, but for a constant.

    `wander`: the parameters that are tried. `log_rate`, `variance`: as of `learn_wander`. `design`:
    shape (cell, day, column), the mean and steps of each cell, whose heights are free. With
    covariance V and design X it is log |V| + log |X'V^-1 X| + y'(V^-1 - V^-1 X (X'V^-1 X)^-1
    X'V^-1) y (Harville 1974).
    """
    n_days, n_columns = design.shape[1:]
    covariance = wander.covariance(n_days) + variance[:, :, None] * np.eye(n_days)
    # V = L L'; whitened by L, errors are independent and of variance 1
    root = np.linalg.cholesky(covariance)
    white = np.linalg.solve(root, np.concatenate([design, log_rate[..., None]], axis=2))
    x, y = white[..., :-1], white[..., -1]
    # a column that a cell does not have is worth 1 alone
    is_absent = ~(design != 0).any(axis=1)
    gram = x.transpose(0, 2, 1) @ x + is_absent[:, :, None] * np.eye(n_columns)
    moment = (x * y[..., None]).sum(axis=1)
    explained = (moment * np.linalg.solve(gram, moment[..., None])[..., 0]).sum(axis=1)
    squares = (y**2).sum(axis=1) - explained
    log_determinant = 2 * np.log(np.diagonal(root, axis1=1, axis2=2)).sum(axis=1)
    return float((log_determinant + np.linalg.slogdet(gram)[1] + squares).sum())
