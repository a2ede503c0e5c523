"""Daily drop rates of many cells, and the days on which they step."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from analysis.arrays import Floats
from analysis.attribution import stepwise
from analysis.attribution.load_steps import MIN_DAYS, UNKNOWN, Steps
from analysis.attribution.response import Hours, Response
from analysis.attribution.wander import Wander

# sd of its height that a step of drops must show; half the squares on a day on which load steps
STEP_SD = 3.2
BURST_SD, ROUNDS, PRIOR_DROPS = 2.0, 2, 5.0


class DailyRates(NamedTuple):
    """Log drop rate of each day over what load lets expect, (cell, day)."""

    log_rate: Floats
    precision: Floats
    """Inverse of its covariance, (cell, day, day)."""
    variance: Floats
    """By counts alone."""
    drops: Floats
    """Drops that stand for it: bursts too short for a level cut to what the other days allow."""

    def sd_in_the_middle(self) -> Floats:
        """Sd of the log height of a step halfway, had the cell no other; shape (cell,)."""
        day = self.log_rate.shape[1] // 2
        late = self.precision[:, day:]
        whole, shared = self.precision.sum(axis=(1, 2)), late.sum(axis=(1, 2))
        own = late[:, :, day:].sum(axis=(1, 2))
        return np.asarray(1 / np.sqrt(own - shared**2 / whole))


@dataclass(frozen=True)
class DropChannel:
    """Each cell's steps of drops beyond load's part, and how drops scatter."""

    steps: Steps
    rates: DailyRates


# --- drops ------------------------------------------------------------------------------------


def drop_channel(
    hours: Hours, found: Response, load: Steps, wander: Wander, needed: float = STEP_SD
) -> DropChannel:
    """Step 3: daily drops against what load, hour and attempts let expect, and their steps.

    `needed`: sd of its height that a step must show. A day's log rate is a working response: its
    level, and drops about it over their mean (as in quasi-likelihood with correlated errors;
    Breslow & Clayton 1993).
    """
    drops = hours.drops.sum(axis=2)
    expected = (found.exposure * found.mean_factor()).sum(axis=2)
    level = np.log(_smoothed(drops, expected))
    price = np.full(drops.shape, needed**2)
    for row, days in zip(price, load, strict=True):
        row[days] /= 2
    together, chosen = stepwise.may_stand_together(drops.shape[1], MIN_DAYS), Steps()
    for _ in range(ROUNDS):
        rates = _rates(drops, expected, level, found.phi, wander)
        equations = stepwise.equations(rates.log_rate, rates.precision)
        chosen = stepwise.search(equations, price, together)
        level = _levels_of(equations, chosen)
    return DropChannel(chosen, _rates(drops, expected, level, found.phi, wander))


def _rates(
    drops: Floats, expected: Floats, level: Floats, phi: Floats, wander: Wander
) -> DailyRates:
    some = expected > 0
    mean = np.where(some, expected * np.exp(level), 1.0)
    variance = np.where(some, phi[:, None] / mean, UNKNOWN)
    n_days = drops.shape[1]
    covariance = wander.covariance(n_days) + variance[:, :, None] * np.eye(n_days)
    precision = np.asarray(np.linalg.inv(covariance), np.float64)
    apart = _without_bursts(np.where(some, drops / mean - 1, 0.0), precision)
    return DailyRates(level + apart, precision, variance, np.where(some, mean * (1 + apart), 0.0))


def _without_bursts(apart: Floats, precision: Floats) -> Floats:
    """Days kept within `BURST_SD` of what all the other days let expect of them.

    Given the others a day's mean is off by (Q e) / Q_dd, and its variance is 1 / Q_dd (Besag 1974).
    """
    known = np.diagonal(precision, axis1=1, axis2=2)
    for _ in range(ROUNDS):
        off = (precision @ apart[..., None])[..., 0] / known
        most = BURST_SD / np.sqrt(known)
        apart = apart - (off - np.clip(off, -most, most))
    return apart


def _smoothed(drops: Floats, expected: Floats) -> Floats:
    """Rate of the week about each day, drawn to the cell's own."""
    rate = (drops.sum(axis=1) + 0.5) / np.maximum(expected.sum(axis=1), 1e-9)
    near, of = (_week_about(daily) for daily in (drops, expected))
    return np.asarray((near + PRIOR_DROPS) / (of + PRIOR_DROPS / rate[:, None]))


def _week_about(daily: Floats) -> Floats:
    """Sum of each day and the three on either side."""
    reach = ((0, 0), (MIN_DAYS, MIN_DAYS))
    sums = _running(np.pad(daily, reach))
    return np.asarray(sums[:, 2 * MIN_DAYS + 1 :] - sums[:, : -2 * MIN_DAYS - 1])


def _levels_of(equations: stepwise.Equations, chosen: Steps) -> Floats:
    level = np.empty_like(equations.moment)
    for out, gram, moment, days in zip(level, *equations, chosen, strict=True):
        heights, _ = stepwise.levels(gram, moment, days)
        lengths = np.diff([0, *days, len(out)])
        out[:] = np.repeat(np.cumsum(heights), lengths)
    return level


# --- small tools ------------------------------------------------------------------------------


def _running(values: Floats) -> Floats:
    return np.concatenate([np.zeros((len(values), 1)), np.cumsum(values, axis=1)], axis=1)
