"""On which days did a cell's drops step beyond what load explains?

docs/methods.md 5.3, over many cells at once. Each day's log drop rate over what load, hour
and attempts let expect is searched by generalised least squares (`stepwise`), on the covariance of
how drops wander (`wander`) and of how counts scatter.

Arrays have shape (cell, day); a step on day d starts a segment with that day.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from analysis.arrays import Floats
from analysis.attribution import stepwise
from analysis.attribution.hours import Hours
from analysis.attribution.load_steps import MIN_DAYS, UNKNOWN_VARIANCE, Steps
from analysis.attribution.response import Response
from analysis.attribution.wander import Wander

# sd of its height that a step of drops must show; half the squares on a day on which load steps
STEP_SD = 3.2
# a day is cut where it is farther, in sd, from what all the other days let expect of it
BURST_SD = 2.0
ROUNDS = 2
# drops by which the rate of a week is drawn to the cell's own
_PRIOR_DROPS = 5.0


class DailyRates(NamedTuple):
    """Log drop rate of each day over what load lets expect."""

    log_rate: Floats
    """Shape (cell, day), bursts cut."""
    precision: Floats
    """Inverse of its covariance, (cell, day, day)."""
    variance: Floats
    """Its variance by counts alone, (cell, day)."""
    drops: Floats
    """Drops that stand for it, (cell, day): bursts too short to be a change are cut."""

    def sd_in_the_middle(self) -> Floats:
        """Sd of the log height of a step halfway, had the cell no other; shape (cell,)."""
        day = self.log_rate.shape[1] // 2
        late = self.precision[:, day:]
        # for columns 1 and step, S'QS is ((total, shared), (shared, own)); inverted, at the step
        total, shared = self.precision.sum(axis=(1, 2)), late.sum(axis=(1, 2))
        own = late[:, :, day:].sum(axis=(1, 2))
        return np.asarray(1 / np.sqrt(own - shared**2 / total))


@dataclass(frozen=True)
class DropChannel:
    """Each cell's steps of drops beyond load's part, and how its daily rates scatter."""

    steps: Steps
    rates: DailyRates


def drop_channel(
    hours: Hours, response: Response, load_steps: Steps, wander: Wander, min_sd: float = STEP_SD
) -> DropChannel:
    """Steps of daily drops against what load, hour and attempts let expect.

    `hours`: of all cells. `response`: posterior of their curves. `wander`: the network's, as of
    `learn_wander`. `load_steps`: days on which each cell's load steps. `min_sd`: sd of its height
    that a step must show. A day's log rate is a working response: its fitted log mean, and drops
    about it over their mean (as in quasi-likelihood with correlated errors; Breslow and Clayton
    1993).
    """
    drops = hours.drops.sum(axis=2)
    expected = (response.exposure * response.mean_factor()).sum(axis=2)
    fitted = np.log(_smoothed(drops, expected))
    price = np.full(drops.shape, min_sd**2)
    for row, days in zip(price, load_steps, strict=True):
        row[days] /= 2
    is_allowed = stepwise.may_stand_together(drops.shape[1], MIN_DAYS)
    steps = Steps()
    for _ in range(ROUNDS):
        rates = _daily_rates(drops, expected, fitted, response.phi, wander)
        equations = stepwise.equations(rates.log_rate, rates.precision)
        steps = stepwise.search(equations, price, is_allowed)
        fitted = _fitted(equations, steps)
    return DropChannel(steps, _daily_rates(drops, expected, fitted, response.phi, wander))


def _daily_rates(
    drops: Floats, expected: Floats, fitted: Floats, phi: Floats, wander: Wander
) -> DailyRates:
    """Working responses about the `fitted` log rates; `phi`: (cell,), all else (cell, day)."""
    has_attempts = expected > 0
    mean = np.where(has_attempts, expected * np.exp(fitted), 1.0)
    # of a log count: dispersion over its mean
    variance = np.where(has_attempts, phi[:, None] / mean, UNKNOWN_VARIANCE)
    n_days = drops.shape[1]
    covariance = np.repeat(wander.covariance(n_days)[None], len(drops), axis=0)
    covariance[:, np.arange(n_days), np.arange(n_days)] += variance
    precision = np.asarray(np.linalg.inv(covariance), np.float64)
    deviation = _without_bursts(np.where(has_attempts, drops / mean - 1, 0.0), precision)
    kept_drops = np.where(has_attempts, mean * (1 + deviation), 0.0)
    return DailyRates(fitted + deviation, precision, variance, kept_drops)


def _without_bursts(deviation: Floats, precision: Floats) -> Floats:
    """Days kept within `BURST_SD` of what all the other days let expect of them, (cell, day).

    Given the others, a day's deviation e is off by (Q e)_d / Q_dd, with variance 1 / Q_dd (Besag
    1974).
    """
    own = np.diagonal(precision, axis1=1, axis2=2)
    most = BURST_SD / np.sqrt(own)
    for _ in range(ROUNDS):
        off = (precision @ deviation[..., None])[..., 0] / own
        deviation = deviation - (off - np.clip(off, -most, most))
    return deviation


def _smoothed(drops: Floats, expected: Floats) -> Floats:
    """Rate of the week about each day, drawn to the cell's own, (cell, day)."""
    rate = (drops.sum(axis=1) + 0.5) / np.maximum(expected.sum(axis=1), 1e-9)
    week_drops, week_expected = (_week_about(daily) for daily in (drops, expected))
    prior_expected = _PRIOR_DROPS / rate[:, None]
    return np.asarray((week_drops + _PRIOR_DROPS) / (week_expected + prior_expected))


def _week_about(daily: Floats) -> Floats:
    """Sum of each day and the three on either side, (cell, day)."""
    padded = np.pad(daily, ((0, 0), (MIN_DAYS, MIN_DAYS)))
    sums = np.concatenate([np.zeros((len(padded), 1)), np.cumsum(padded, axis=1)], axis=1)
    week = 2 * MIN_DAYS + 1
    return np.asarray(sums[:, week:] - sums[:, :-week])


def _fitted(equations: stepwise.Equations, steps: Steps) -> Floats:
    """Log rate that the steps of each row fit to its days, (cell, day)."""
    fitted = np.empty_like(equations.moment)
    for row, gram, moment, days in zip(fitted, *equations, steps, strict=True):
        heights, _ = stepwise.heights(gram, moment, days)
        segment_days = np.diff([0, *days, len(row)])
        row[:] = np.repeat(np.cumsum(heights), segment_days)
    return fitted
