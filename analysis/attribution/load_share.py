"""What did one change do to a cell's drops, and how much of that is due to load?

docs/methods.md 5.5. Each change has four worlds, asked at the attempts that came after it:
A11 drops as both load and the rest are now, A10 if only load had changed, A01 if only the rest had,
A00 if neither had. The change's ratio is A11 / A00. Load's share of A11 - A00 is its part when it
comes first and when it comes last, averaged (Shapley 1953).

All is judged over weighted draws: the curves of the shelf, times whether something else changed and
by how much, times how far load shifted.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from analysis.arrays import Floats
from analysis.attribution.cell_hours import Cell
from analysis.attribution.load_steps import weight_of
from analysis.attribution.response import FACTOR, bins_of

# load or relief from this probability on that load's part is the larger, other up to that one
LOAD, OTHER = 0.65, 0.35
# before the data: does something else change where a candidate stands, and by how much (log sd)
P_OTHER, OTHER_SD = 0.42, 0.6
# log sd of what load did, over what the curve says: no curve of the shelf is a cell's own
CURVE_ERROR = 0.1
# load has shifted where it did by so much (log), and by so many sd
MIN_SHIFT, MIN_SHIFT_SD = np.log(1.07), 2.5
# efficiency is lost where PRB of the same traffic rose by so much (log), and by two sd
MIN_LOST = 0.05
# log sd of a day's PRB of the same traffic
PRB_PER_TRAFFIC_SD = 0.03

# three points that stand for a normal distribution, and their weights (Gauss and Hermite)
_NORMAL = ((-np.sqrt(3.0), 1 / 6), (0.0, 2 / 3), (np.sqrt(3.0), 1 / 6))


@dataclass(frozen=True)
class LoadShare:
    """What a change did, as weighted draws of shape (draw,), and load's share of it.

    Draw i stands on the curve i modulo the number of curves.
    """

    log_ratio: Floats
    """log A11 / A00."""
    share: Floats
    """Load's share of A11 - A00; below 0 where load worked against the change, above 1 where all
    else did."""
    other: Floats
    """Log factor on drops by what is not load."""
    luck: Floats
    """Log change beyond load that was seen and is not in `other`: luck of days on both sides."""
    weight: Floats
    """Probability of each draw; they sum to 1."""
    variance: float
    """Of the log change of the drop rate, from its scatter alone."""
    load_shift: float = 0.0
    """Shift of log load; 0 = it is not clear that it shifted."""
    prb_per_traffic_shift: float = np.nan
    """Shift of log PRB of the same traffic; NaN = not known."""
    height_sds: float = 0.0
    """Log change of the drop rate beyond load, under the cell's mean curve, over its sd."""

    @property
    def mean_log_ratio(self) -> float:
        """Mean of log A11 / A00 over the draws; above 0 = a rise."""
        return float(self.weight @ self.log_ratio)

    @property
    def ratio_sds(self) -> float:
        """Mean log ratio over its standard deviation, 0 or more."""
        sd = np.sqrt(self.weight @ (self.log_ratio - self.mean_log_ratio) ** 2)
        return abs(self.mean_log_ratio) / max(float(sd), 1e-6)

    @property
    def p_load(self) -> float:
        """Probability that load's part is the larger."""
        return min(float(self.weight @ (self.share > 0.5)), 1.0)

    @property
    def attribution(self) -> str:
        """`load` (a rise) or `relief` (a fall) where it is surely load, `other`, or `undecided`."""
        if self.p_load >= LOAD:
            return "load" if self.mean_log_ratio > 0 else "relief"
        return "other" if self.p_load <= OTHER else "undecided"


NO_CHANGE = LoadShare(np.zeros(1), np.zeros(1), np.zeros(1), np.zeros(1), np.ones(1), np.inf)
"""What stands for a change with too few hours on a side to be judged."""


# --- the height of the changes ----------------------------------------------------------------


class RateChange(NamedTuple):
    """Log change of the drop rate beyond load's factor."""

    log_ratio: Floats
    """Under each curve, shape (curve,)."""
    variance: float


def rate_changes(cell: Cell, changes: list[tuple[int, int]]) -> list[RateChange]:
    """By how much each change moved the log drop rate, all of them fitted together.

    `cell`: whose changes they are. `changes`: hour of each start and of the end of its ramp, of a
    step the same. By generalised least squares (Aitken 1936) on whole series: days near a change
    say more of it than those from which rates have wandered.
    """
    shapes = [np.ones(len(cell.log_rate)), *(_shape(cell, *hours) for hours in changes)]
    weighted = cell.precision @ np.column_stack(shapes)  # (day, shape)
    gram = np.array(shapes) @ weighted
    covariance = np.linalg.inv(gram + 1e-9 * np.eye(len(gram)))
    heights = covariance @ (weighted.T @ cell.log_rates)  # (shape, curve)
    variances = np.diagonal(covariance)
    return [
        RateChange(height, float(variance))
        for height, variance in zip(heights[1:], variances[1:], strict=True)
    ]


def _shape(cell: Cell, start: int, ramp_end: int) -> Floats:
    """What part of a change is there on each day, 0 to 1, shape (day,): by exposure."""
    hour = np.arange(len(cell.drops))
    part = np.clip((hour - start + 1) / max(ramp_end - start, 1), 0.0, 1.0)
    day_exposure = cell.exposure.reshape(-1, 24).sum(axis=1)
    changed_exposure = (cell.exposure * part).reshape(-1, 24).sum(axis=1)
    # of a day without exposure, by the clock
    plain = part.reshape(-1, 24).mean(axis=1)
    has_exposure = day_exposure > 0
    by_exposure = changed_exposure / np.where(has_exposure, day_exposure, 1.0)
    return np.where(has_exposure, by_exposure, plain)


# --- load's share -----------------------------------------------------------------------------


class _Draws(NamedTuple):
    """Draws of one world, each of shape (curve,)."""

    log_weight: Floats
    load: Floats
    """log A10 / A00."""
    other: Floats
    """log A01 / A00."""
    luck: Floats


def judge(cell: Cell, before: slice, after: slice, rate: RateChange) -> LoadShare:
    """What a change did in the hours `after` it against those `before`, and load's share.

    `cell`: that changed. `before`, `after`: hours of the cell. `rate`: as of `rate_changes`. Either
    nothing but load changed, or something else did as well, by a factor that the drops on both
    sides show; both are kept with the probability that the data give them.
    """
    load_shift, load_sd = _load_shift(cell, before, after)
    per_traffic, per_traffic_sd = _prb_per_traffic_shift(cell, before, after)
    lost = _lost_efficiency(load_shift, per_traffic, per_traffic_sd)
    parts = list(_worlds(cell, after, rate, (load_shift, load_sd), lost))
    log_weight, load, other, luck = (np.concatenate(part) for part in zip(*parts, strict=True))
    weight = np.exp(log_weight - log_weight.max())
    return LoadShare(
        log_ratio=load + other,
        share=shapley(load, other),
        other=other,
        luck=luck,
        weight=weight / weight.sum(),
        variance=rate.variance,
        load_shift=load_shift,
        prb_per_traffic_shift=per_traffic,
        height_sds=float(abs(cell.mean_weights @ rate.log_ratio) / np.sqrt(rate.variance)),
    )


def _lost_efficiency(load_shift: float, per_traffic: float, per_traffic_sd: float) -> float:
    """The part of load's log shift that is more PRB for the same traffic: no load, but a fault."""
    is_clear = per_traffic > max(MIN_LOST, 2 * per_traffic_sd)
    return min(per_traffic if is_clear else 0.0, max(load_shift, 0.0))


def _worlds(
    cell: Cell, after: slice, rate: RateChange, shift: tuple[float, float], lost: float
) -> Iterator[_Draws]:
    """Draws of each way in which something else changed, and in which the curve errs.

    `shift`: of log load, and its sd. `lost`: the part of it that is lost efficiency. What was seen
    beyond load is the sum of luck, of the curve's error (a part of what load did, and what the
    doubt about the shift makes of it) and of what else changed. All three are normal, so what was
    seen is divided among them by their variances.
    """
    load_shift, shift_sd = shift
    now = _mean_factor(cell, after, 0.0)
    # without the efficiency lost, load had been less, and its factor with it
    as_asked = _mean_factor(cell, after, lost) if lost else now
    low, middle, high = (
        _mean_factor(cell, after, load_shift + z * shift_sd) if load_shift else now
        for z in (-1.0, 0.0, 1.0)
    )
    by_load, by_lost = np.log(as_asked / middle), np.log(now / as_asked)
    doubt = (CURVE_ERROR * (by_load + by_lost)) ** 2 + (np.log(low / high) / 2) ** 2
    is_lost = np.divide(by_lost, by_load + by_lost, out=np.zeros_like(now), where=by_lost > 0)
    for log_p, other in _other_changes(rate, doubt):
        left = rate.log_ratio - other
        shrink = doubt / (doubt + rate.variance)
        for z, p in _NORMAL:
            error = shrink * left + z * np.sqrt(shrink * rate.variance)
            yield _Draws(
                cell.log_weights + log_p + np.log(p),
                by_load + (1 - is_lost) * error,
                by_lost + other + is_lost * error,
                left - error,
            )


def _other_changes(rate: RateChange, doubt: Floats) -> Iterator[tuple[Floats, Floats]]:
    """Log probability, and log factor, of what is not load, each (curve,): none, or three sizes.

    `doubt`: variance of the curve's error, (curve,). What changed is normal about 0 with OTHER_SD,
    what was seen is that plus scatter and the curve's error. Given what was seen, it is normal
    about `shrink` times that, with `shrink` times their variance.
    """
    seen, scatter = rate.log_ratio, rate.variance + doubt
    shrink = OTHER_SD**2 / (OTHER_SD**2 + scatter)
    yield np.log(1 - P_OTHER) + _log_normal(seen, scatter), 0 * seen
    for z, p in _NORMAL:
        log_p = np.log(P_OTHER * p) + _log_normal(seen, scatter + OTHER_SD**2)
        yield log_p, shrink * seen + z * np.sqrt(shrink * scatter)


def shapley(load: Floats, other: Floats) -> Floats:
    """Load's share of what two log factors do together, not clipped; 0 where they do nothing.

    `load`, `other`: log A10 / A00 and log A01 / A00, one shape. Shapley 1953.

    >>> shapley(np.log([2.0, 2.0]), np.log([1.0, 2.0])).round(6).tolist()
    [1.0, 0.5]
    """
    # with A00 = 1
    a10, a01, a11 = np.exp(load), np.exp(other), np.exp(load + other)
    comes_first, comes_last = a10 - 1, a11 - a01
    twice_all = 2 * (a11 - 1)
    does_something = np.abs(twice_all) > 1e-3
    return np.divide(
        comes_first + comes_last, twice_all, out=np.zeros_like(twice_all), where=does_something
    )


def _mean_factor(cell: Cell, hours: slice, log_less: float) -> Floats:
    """Load's mean factor over these hours under each curve, had log load been less."""
    bins = bins_of(cell.load[hours] * np.exp(-log_less))
    exposure = np.bincount(bins, cell.exposure[hours], len(FACTOR))
    return np.asarray(exposure @ FACTOR / max(exposure.sum(), 1e-9))


def _log_normal(values: Floats, variance: Floats) -> Floats:
    """Log density of a normal distribution about 0, but for a constant."""
    return -0.5 * (values**2 / variance + np.log(variance))


# --- shifts of load ---------------------------------------------------------------------------


def _load_shift(cell: Cell, before: slice, after: slice) -> tuple[float, float]:
    """By how much log load shifted, and its sd; (0, 0) where it is not clear that it did."""
    noise = (cell.long_run_sd, cell.jump_sd)
    shift, sd = shift_of(cell.load_residual, cell.load, (before, after), noise)
    is_clear = abs(shift) >= max(MIN_SHIFT, MIN_SHIFT_SD * sd)
    return (shift, sd) if is_clear else (0.0, 0.0)


def _prb_per_traffic_shift(cell: Cell, before: slice, after: slice) -> tuple[float, float]:
    """By how much log PRB of the same traffic shifted, and its sd; (NaN, 0) = not known."""
    noise = (PRB_PER_TRAFFIC_SD, PRB_PER_TRAFFIC_SD)
    shift, sd = shift_of(cell.prb_per_traffic_residual, cell.load, (before, after), noise)
    return (shift, sd) if sd else (np.nan, 0.0)


def shift_of(
    residual: Floats, load: Floats, sides: tuple[slice, slice], noise: tuple[float, float]
) -> tuple[float, float]:
    """Shift of a mean and its sd, from the means of both sides and from the jump between them.

    `residual`: one cell's values, (hour,), NaN = not known. `load`: its load in %, by which hours
    are weighed. `sides`: hours before and after. `noise`: sd of a mean of n days times root n, and
    of a day about the day before over root 2. (0, 0) where a side has no hours.

    Noise that remembers blurs the means of both sides; from one day to the next it moves little.
    The two are averaged by the inverse of their variances.
    """
    before, after = sides
    long_run_sd, jump_sd = noise
    weight = np.where(np.isnan(residual), 0.0, weight_of(load))
    values = np.nan_to_num(residual)
    shift, inverse_days = _difference(values, weight, before, after)
    if not np.isfinite(inverse_days):
        return 0.0, 0.0
    estimates = [(shift, long_run_sd**2 * inverse_days)]
    if after.start == before.stop:
        # the last day before, and the first after
        eve = slice(max(before.start, before.stop - 24), before.stop)
        morrow = slice(after.start, min(after.stop, after.start + 24))
        jump, inverse_days = _difference(values, weight, eve, morrow)
        estimates.append((jump, 1.3 * jump_sd**2 * inverse_days))
    information = sum(1 / variance for _, variance in estimates)
    mean = sum(value / variance for value, variance in estimates) / information
    return float(mean), float(1 / np.sqrt(information))


def _difference(values: Floats, weight: Floats, old: slice, new: slice) -> tuple[float, float]:
    """Mean of the new side less that of the old, and the sum of 1 / days; (0, inf) = no hours."""
    totals = [weight[side].sum() for side in (old, new)]
    if min(totals) == 0:
        return 0.0, np.inf
    # twenty hours that are known are worth a day
    days = [max((weight[side] > 0).sum() / 20, 0.3) for side in (old, new)]
    means = [
        weight[side] @ values[side] / total for side, total in zip((old, new), totals, strict=True)
    ]
    return float(means[1] - means[0]), sum(1 / n_days for n_days in days)
