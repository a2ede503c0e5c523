"""How much do a cell's drops wander for no reason, and for how long does it last?

The log drop rate of a day is its level plus two stationary first-order memories, one of days and
one of weeks, plus the scatter of the counts. The parameters are the network's and are learnt by
restricted maximum likelihood (Patterson & Thompson 1971) from cells in which nothing changed.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize
from scipy.special import expit, logit

MOST_CELLS, MIN_CELLS = 80, 10
MAX_SD = 0.5
# memory from one day to the next: of days it fades within the week, of weeks after it
_DAY_MEMORY, _WEEK_MEMORY = (0.0, 0.75), (0.85, 0.995)

Floats = npt.NDArray[np.float64]


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


def learn(residual: Floats, variance: Floats) -> Wander:
    """The wandering that makes residuals likeliest; the default where there are too few cells.

    `residual`: log rate of each day about any level, (cell, day); `variance`: by counts alone.
    """
    if len(residual) < MIN_CELLS:
        return Wander()
    steadiest = np.argsort(np.median(variance, axis=1), kind="stable")[:MOST_CELLS]
    values, scatter = residual[steadiest], variance[steadiest]

    def cost(free: Floats) -> float:
        return deviance(_of(free), values, scatter)

    start = _free(Wander())
    found = minimize(cost, start, method="Nelder-Mead", options={"xatol": 0.05, "fatol": 0.1})
    return _of(found.x)


def deviance(wander: Wander, residual: Floats, variance: Floats) -> float:
    """Minus twice the restricted log likelihood, but for a constant; the level is free."""
    n_days = residual.shape[1]
    covariance = wander.covariance(n_days) + variance[:, :, None] * np.eye(n_days)
    root = np.linalg.cholesky(covariance)
    both = np.stack([np.ones_like(residual), residual], axis=2)
    one, values = np.moveaxis(np.linalg.solve(root, both), 2, 0)
    known, moment = (one**2).sum(axis=1), (one * values).sum(axis=1)
    squares = (values**2).sum(axis=1) - moment**2 / known
    size = 2 * np.log(np.diagonal(root, axis1=1, axis2=2)).sum(axis=1)
    return float((size + np.log(known) + squares).sum())


def _of(free: Floats) -> Wander:
    day_sd, day_memory, week_sd, week_memory = expit(free)
    (d0, d1), (w0, w1) = _DAY_MEMORY, _WEEK_MEMORY
    return Wander(
        float(MAX_SD * day_sd),
        float(d0 + (d1 - d0) * day_memory),
        float(MAX_SD * week_sd),
        float(w0 + (w1 - w0) * week_memory),
    )


def _free(wander: Wander) -> Floats:
    (d0, d1), (w0, w1) = _DAY_MEMORY, _WEEK_MEMORY
    return np.asarray(
        logit(
            [
                wander.day_sd / MAX_SD,
                (wander.day_memory - d0) / (d1 - d0),
                wander.week_sd / MAX_SD,
                (wander.week_memory - w0) / (w1 - w0),
            ]
        )
    )
