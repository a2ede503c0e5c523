"""What one change did to a cell's drops, and how much of that is owed to load.

Steps 4 and 5 of METHODS section 5. How many drops had there been if only load had changed (A10),
only the rest (A01), or neither (A00)? Load's share of A11 - A00 is its part when it comes first and
when it comes last, averaged (Shapley 1953). The hours after are asked at the attempts that came.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from analysis.arrays import Floats
from analysis.attribution import load_steps, response
from analysis.attribution.cell_hours import Cell
from analysis.attribution.response import FACTOR

LOAD, OTHER = 0.65, 0.35
# before the data: does something else change where a candidate stands, and by how much (log)
P_OTHER, OTHER_SD = 0.42, 0.6
MIN_SHIFT, MIN_SHIFT_SD, MIN_LOST = np.log(1.07), 2.5, 0.05
EFFICIENCY_SD = 0.03


# three points that stand for a normal distribution (Gauss and Hermite)
_NORMAL = ((-np.sqrt(3.0), 1 / 6), (0.0, 2 / 3), (np.sqrt(3.0), 1 / 6))


@dataclass(frozen=True)
class Verdict:
    """What a change did, as weighted draws: log ratio A11 / A00, and load's share of it.

    Of draw i stands curve i modulo the number of curves.
    """

    log_ratio: Floats
    share: Floats
    other: Floats
    """Log factor by what is not load."""
    luck: Floats
    """Log change beyond load that was seen and is in no `other`: luck of the days on both sides."""
    weight: Floats
    variance: float
    """Of the log rate of drops, before and after, from their scatter alone."""
    moved: float = 0.0
    """Shift of log load; 0 = it is not clear that it shifted."""
    per_traffic: float = np.nan
    """Shift of log PRB of the same traffic; NaN = not known."""
    sds: float = 0.0
    """Log change of the drop rate beyond load, under the cell's mean curve, over its sd."""

    @property
    def mean(self) -> float:
        """Mean log ratio."""
        return float(self.weight @ self.log_ratio)

    @property
    def strength(self) -> float:
        """Mean log ratio over its standard deviation."""
        sd = np.sqrt(self.weight @ (self.log_ratio - self.mean) ** 2)
        return abs(self.mean) / max(float(sd), 1e-6)

    @property
    def p_load(self) -> float:
        """Probability that load's part is the larger."""
        return min(float(self.weight @ (self.share > 0.5)), 1.0)

    @property
    def attribution(self) -> str:
        """Step 6: load or relief, other, or undecided."""
        if self.p_load >= LOAD:
            return "load" if self.mean > 0 else "relief"
        return "other" if self.p_load <= OTHER else "undecided"


NOTHING = Verdict(np.zeros(1), np.zeros(1), np.zeros(1), np.zeros(1), np.ones(1), np.inf)


class RateChange(NamedTuple):
    """Log change of the drop rate beyond load's factor under each curve, and its variance."""

    log_ratio: Floats
    variance: float


def rate_changes(cell: Cell, changes: list[tuple[int, int]]) -> list[RateChange]:
    """What each change did to the level of log drop rates, all of them fitted together.

    `changes`: (first hour, first whole hour). By generalised least squares (Aitken 1936) on whole
    series: days near a change tell more of it than those from which levels have wandered.
    """
    shapes = [np.ones(len(cell.log_rate)), *(_shape(cell, *hours) for hours in changes)]
    weighted = cell.precision @ np.column_stack(shapes)
    known = np.array(shapes) @ weighted
    covariance = np.linalg.inv(known + 1e-9 * np.eye(len(known)))
    heights = covariance @ (weighted.T @ cell.log_rates)
    return [
        RateChange(height, float(own))
        for height, own in zip(heights[1:], np.diagonal(covariance)[1:], strict=True)
    ]


def _shape(cell: Cell, start: int, whole: int) -> Floats:
    """What part of a change is there on each day, 0 to 1, shape (day,)."""
    hour = np.arange(len(cell.drops))
    there = np.clip((hour - start + 1) / max(whole - start, 1), 0.0, 1.0)
    total = cell.exposure.reshape(-1, 24).sum(axis=1)
    of = (cell.exposure * there).reshape(-1, 24).sum(axis=1)
    plain = there.reshape(-1, 24).mean(axis=1)
    return np.where(total > 0, of / np.where(total > 0, total, 1.0), plain)


def judge(cell: Cell, before: slice, after: slice, rate: RateChange) -> Verdict:
    """Step 5 for the hours `after` a change, over every curve that the cell may have.

    Either nothing but load changed, or something else did as well, by a factor that the drops on
    both sides tell; both are kept with the probability that the data give them.
    """
    moved, moved_sd = _moved(cell, before, after)
    per_traffic, per_traffic_sd = _per_traffic(cell, before, after)
    lost = per_traffic if per_traffic > max(MIN_LOST, 2 * per_traffic_sd) else 0.0
    lost = min(lost, max(moved, 0.0))
    now = _factor(cell, after, 0.0)
    asked = _factor(cell, after, lost) if lost else now
    seen, variance = rate
    sds = float(abs(cell.mean_weights @ seen) / np.sqrt(variance))
    keep = OTHER_SD**2 / (OTHER_SD**2 + variance)
    worlds = [(np.log(1 - P_OTHER) + _log_normal(seen, variance), 0 * seen)]
    for z, p in _NORMAL:
        log_p = np.log(P_OTHER * p) + _log_normal(seen, variance + OTHER_SD**2)
        worlds.append((log_p, keep * seen + z * np.sqrt(keep * variance)))
    draws = []
    for z, p in _NORMAL if moved else ((0.0, 1.0),):
        neither = _factor(cell, after, moved + z * moved_sd)
        by_load, by_loss = np.log(asked / neither), np.log(now / asked)
        draws += [
            (cell.log_weights + np.log(p) + log_p, by_load, by_loss + other, seen - other)
            for log_p, other in worlds
        ]
    log_weight, load, other, luck = (np.concatenate(part) for part in zip(*draws, strict=True))
    weight = np.exp(log_weight - log_weight.max())
    share, weight = shapley(load, other), weight / weight.sum()
    return Verdict(load + other, share, other, luck, weight, variance, moved, per_traffic, sds)


def shapley(load: Floats, other: Floats) -> Floats:
    """Load's share of what two log factors do together, unclipped; 0 where they do nothing."""
    a10, a01, a11 = np.exp(load), np.exp(other), np.exp(load + other)
    part, whole = (a10 - 1) + (a11 - a01), 2 * (a11 - 1)
    return np.divide(part, whole, out=np.zeros_like(whole), where=np.abs(whole) > 1e-3)


def _factor(cell: Cell, hours: slice, by: float) -> Floats:
    """Load's mean factor over these hours under each curve, had log load been less `by`."""
    bins = response.bins_of(cell.load[hours] * np.exp(-by))
    exposure = np.bincount(bins, cell.exposure[hours], len(FACTOR))
    return np.asarray(exposure @ FACTOR / max(exposure.sum(), 1e-9))


def _log_normal(values: Floats, variance: float) -> Floats:
    return -0.5 * (values**2 / variance + np.log(variance))


def _moved(cell: Cell, before: slice, after: slice) -> tuple[float, float]:
    """By how much log load shifted, and its sd; 0 where it is not clear that it did."""
    noise = (cell.long_run_sd, cell.jump_sd)
    shift, sd = shift_of(cell.load_residual, cell.load, (before, after), noise)
    clear = abs(shift) >= max(MIN_SHIFT, MIN_SHIFT_SD * sd)
    return (shift, sd) if clear else (0.0, 0.0)


def _per_traffic(cell: Cell, before: slice, after: slice) -> tuple[float, float]:
    """By how much log PRB of the same traffic shifted, and its sd; NaN where it is not known."""
    noise = (EFFICIENCY_SD, EFFICIENCY_SD)
    shift, sd = shift_of(cell.efficiency_residual, cell.load, (before, after), noise)
    return (shift, sd) if sd else (np.nan, 0.0)


def shift_of(
    residual: Floats, load: Floats, sides: tuple[slice, slice], noise: tuple[float, float]
) -> tuple[float, float]:
    """Shift of a level and its sd, from the means of both sides and from the jump between them.

    Noise that remembers blurs the means; from one day to the next it moves little. `noise`: sd of
    both, for one day. (0, 0) where a side has no hours.
    """
    before, after = sides
    weight = np.where(np.isnan(residual), 0.0, load_steps.weight_of(load))
    values = np.nan_to_num(residual)

    def apart(old: slice, new: slice) -> tuple[float, float]:
        total = [weight[side].sum() for side in (old, new)]
        if min(total) == 0:
            return 0.0, np.inf
        days = [max((weight[side] > 0).sum() / 20, 0.3) for side in (old, new)]
        means = [weight[side] @ values[side] / t for side, t in zip((old, new), total, strict=True)]
        return float(means[1] - means[0]), sum(1 / d for d in days)

    means, n = apart(before, after)
    if not np.isfinite(n):
        return 0.0, 0.0
    known = [(means, noise[0] ** 2 * n)]
    if after.start == before.stop:
        eve = slice(max(before.start, before.stop - 24), before.stop)
        jump, n = apart(eve, slice(after.start, min(after.stop, after.start + 24)))
        known.append((jump, 1.3 * noise[1] ** 2 * n))
    information = sum(1 / variance for _, variance in known)
    shift = sum(value / variance for value, variance in known) / information
    return float(shift), float(1 / np.sqrt(information))
