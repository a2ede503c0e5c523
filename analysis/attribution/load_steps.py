"""On which days did a cell's load step, and on which its drops beyond what load explains?

Steps 2 and 3 of METHODS section 5, over many cells at once. Both channels are searched by
generalised least squares (`steps`), each on the covariance of what wanders in it for no reason.

Arrays have shape (cell, day) or (cell, day, 24); a step on day d starts a level with that day.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from analysis.arrays import Floats
from analysis.attribution import stepwise
from analysis.attribution.response import FULL_PCT, Hours, median

MIN_DAYS = 3
# a step between the parts of a day shows through what makes whole days fuller
PARTS = (slice(0, 7), slice(7, 24))
LOAD_STEP_SD = 4.5
# variance of the log rate of a day without hours
UNKNOWN = 1e4
RAMP_GAIN = 6.0
RAMP_DAYS = (3, 4, 5, 6, 7, 8, 10, 12, 14, 16, 18, 20)
RAMP_STEPS_APART = 14
# memory and noise of a cell are drawn to what is usual as if that stood on so many days
_MEMORY_DAYS, _LOAD_MEMORY = 30, 0.35
# a cell whose known days hardly follow one another is taken to jump as cells do
_MIN_PAIRS, _LOAD_SD = 7, 0.08
_SD_OF_MAD = 1.4826

Steps = list[list[int]]


@dataclass(frozen=True)
class LoadChannel:
    """Each cell's steps of load, and log load about what is usual for the hour."""

    steps: Steps
    residual: Floats
    daily: Floats
    jump_sd: Floats
    """Sd of a day about the day before, over root 2; shape (cell,)."""
    memory: Floats
    """Correlation of a day with the next, shape (cell,)."""

    @property
    def long_run_sd(self) -> Floats:
        """Sd of a mean of n days times root n."""
        return np.asarray(self.jump_sd * np.sqrt(1 + self.memory) / (1 - self.memory))


# --- load -------------------------------------------------------------------------------------


def load_channel(hours: Hours) -> LoadChannel:
    """Step 2: least squares on daily log load; hours are judged against their own kind."""
    # twice: what is usual for an hour is not known before the levels are
    first = _searched(hours, np.zeros(hours.rest.shape))
    return _searched(hours, _levels(first.daily, first.steps))


def _searched(hours: Hours, level: Floats) -> LoadChannel:
    flat = np.log(np.maximum(hours.load, 1.0)) - level[..., None]
    residual = flat - usual(flat, hours) + level[..., None]
    daily = _daily(residual, hours)
    found = LoadChannel([], residual, _bridged(daily), *_memory(daily))
    return replace(found, steps=_load_steps(found, hours))


def usual(values: Floats, hours: Hours) -> Floats:
    """Median over working days, or over rest days, of each hour; shape of `values`."""
    out = np.zeros_like(values)
    for kind in (False, True):
        of_kind = (hours.rest == kind)[..., None]
        middle = median(np.where(of_kind, values, np.nan), axis=1)
        out = np.where(of_kind, middle[:, None, :], out)
    return out


def weight_of(load: Floats) -> Floats:
    """How much an hour tells of load: busy ones more, full ones less, unknown ones nothing."""
    known = np.nan_to_num(load)
    return np.asarray(np.sqrt(np.minimum(known, 60.0)) * np.where(known >= FULL_PCT, 0.2, 1.0))


def _daily(residual: Floats, hours: Hours) -> Floats:
    """Mean log load of each day, (cell, day); NaN = a day of few known hours."""
    weight = np.sqrt(np.minimum(np.nan_to_num(hours.load), 60.0))
    total = weight.sum(axis=2)
    mean = (weight * np.nan_to_num(residual)).sum(axis=2) / np.where(total > 0, total, 1.0)
    return np.where(total <= 0.2 * np.median(total, axis=1, keepdims=True), np.nan, mean)


def _bridged(daily: Floats) -> Floats:
    """The days with straight lines across gaps; 0 where none is known."""
    out, at = np.nan_to_num(daily), np.arange(daily.shape[1])
    gap = np.isnan(daily)
    for row, none in zip(out, gap, strict=True):
        if none.any() and not none.all():
            row[none] = np.interp(at[none], at[~none], row[~none])
    return out


def _memory(daily: Floats) -> tuple[Floats, Floats]:
    """Sd of jumps over root 2, and memory; from days one and two apart, as in `changes`.

    From known days alone: a gap that is bridged does not jump. Where hardly any day follows a
    known one, days two apart stand for both.
    """
    near, far = (_jump_sd(daily, lag) for lag in (1, 2))
    near, far = np.where(np.isnan(near), far, near), np.where(np.isnan(far), near, far)
    near, far = (np.maximum(np.nan_to_num(sd, nan=_LOAD_SD), 0.01) for sd in (near, far))
    own, n = np.clip((far / near) ** 2 - 1, 0.0, 0.8), (~np.isnan(daily)).sum(axis=1)
    return near, (n * own + _MEMORY_DAYS * _LOAD_MEMORY) / (n + _MEMORY_DAYS)


def _jump_sd(daily: Floats, lag: int) -> Floats:
    """Robust sd of a day about the day `lag` before, over root 2; NaN = too few pairs to tell."""
    apart = daily[:, lag:] - daily[:, :-lag]
    enough = (~np.isnan(apart)).sum(axis=1) >= _MIN_PAIRS
    middle = median(apart, axis=1)[:, None]
    sd = _SD_OF_MAD * median(np.abs(apart - middle), axis=1) / np.sqrt(2)
    return np.where(enough, sd, np.nan)


def _load_steps(found: LoadChannel, hours: Hours) -> Steps:
    """Days on which load steps, by generalised least squares on the levels of nights and days.

    What makes a day fuller for no reason moves both of its parts alike; a step between them does
    not.
    """
    parts = [_part(found.residual, hours, part) for part in PARTS]
    values, n_hours = (np.stack(both, axis=2) for both in zip(*parts, strict=True))
    precision = np.asarray(np.linalg.inv(_covariance(found, values, n_hours)), np.float64)
    equations = stepwise.equations(values.reshape(len(values), -1), precision)
    price = np.full(equations.moment.shape, LOAD_STEP_SD**2)
    together = stepwise.may_stand_together(len(PARTS) * values.shape[1], MIN_DAYS * len(PARTS))
    chosen = stepwise.search(equations, price, together)
    return [[part // len(PARTS) for part in row] for row in chosen]


def _part(residual: Floats, hours: Hours, part: slice) -> tuple[Floats, Floats]:
    """Mean log load of a part of each day, 0 where it is not known, and its known hours."""
    weight = np.sqrt(np.minimum(np.nan_to_num(hours.load[..., part]), 60.0))
    total = weight.sum(axis=2)
    mean = (weight * np.nan_to_num(residual[..., part])).sum(axis=2)
    return mean / np.where(total > 0, total, 1.0), (weight > 0).sum(axis=2).astype(np.float64)


def _covariance(found: LoadChannel, values: Floats, n_hours: Floats) -> Floats:
    """Of the parts of all days in a row, (cell, part, part): days remember, hours scatter.

    How hours scatter is told by the parts of one day, and how days do by what that leaves.
    """
    of_hour = _scatter_of_hours(values, n_hours)
    whole = found.jump_sd**2 / (1 - found.memory)
    of_day = np.maximum(whole - of_hour / 24, whole / 4)
    day = np.repeat(np.arange(values.shape[1]), len(PARTS))
    apart = np.abs(np.subtract.outer(day, day))
    known = n_hours.reshape(len(values), -1)
    scatter = np.where(known > 0, of_hour[:, None] / np.maximum(known, 1), UNKNOWN)
    remembered = of_day[:, None, None] * found.memory[:, None, None] ** apart
    return np.asarray(remembered + scatter[:, :, None] * np.eye(len(day)))


def _scatter_of_hours(values: Floats, n_hours: Floats) -> Floats:
    """Variance of a part's mean times its hours, by the difference of a day's parts."""
    apart = np.where((n_hours > 0).all(axis=2), values[..., 0] - values[..., 1], np.nan)
    middle = median(apart, axis=1)[:, None]
    sd = _SD_OF_MAD * median(np.abs(apart - middle), axis=1)
    return np.asarray(np.maximum(sd**2 / sum(1 / (p.stop - p.start) for p in PARTS), 1e-4))


def _levels(daily: Floats, steps: Steps) -> Floats:
    level = np.empty_like(daily)
    for row, out, starts in zip(daily, level, steps, strict=True):
        for first, end in pairwise((0, *starts, len(row))):
            out[first:end] = np.median(row[first:end])
    return level


# --- ramps ------------------------------------------------------------------------------------


def ramps(found: LoadChannel, cell: int) -> Iterator[tuple[int, int]]:
    """Each change of load as (first day, first whole day); the same day = a step.

    Neighbouring steps in one direction are one ramp where a ramp explains the days better.
    """
    daily, steps = found.daily[cell], found.steps[cell]
    edges = [0, *steps, len(daily)]
    height = np.diff([daily[first:end].mean() for first, end in pairwise(edges)])
    runs = list(_runs(steps, np.sign(height)))
    ends = [0, *(run[-1] for run in runs)]
    begins = [*(run[0] for run in runs), len(daily)]
    for run, left, right in zip(runs, ends, begins[1:], strict=False):
        ramp = _ramp(found, cell, run, left, right)
        yield from [ramp] if ramp else [(day, day) for day in run]


def _runs(steps: list[int], sign: Floats) -> Iterator[list[int]]:
    run: list[int] = []
    for i, day in enumerate(steps):
        if run and (sign[i] != sign[i - 1] or day - run[-1] > RAMP_STEPS_APART):
            yield run
            run = []
        run.append(day)
    if run:
        yield run


def _ramp(
    found: LoadChannel, cell: int, run: list[int], left: int, right: int
) -> tuple[int, int] | None:
    """The ramp that explains days [left, right) clearly better than any step; None = none does."""
    n, memory = right - left, found.memory[cell]
    first = np.arange(max(run[0] - left - 12, 2), min(run[-1] - left + 5, n - 2))
    ramp = np.array([(s, s + k) for s in first for k in RAMP_DAYS if s + k <= n - 2])
    if len(ramp) == 0:
        return None
    day = np.arange(n)
    rising = np.clip((day - ramp[:, [0]] + 0.5) / (ramp[:, [1]] - ramp[:, [0]]), 0, 1)
    # a step during a day leaves a part of it old
    stepped = np.concatenate(
        [(day >= first[:, None]) - old * (day == first[:, None]) for old in (0, 0.25, 0.5, 0.75)]
    )
    daily = found.daily[cell, left:right]
    noise = found.jump_sd[cell] ** 2 * (1 + memory)
    gain, of_step = (_explained(daily, x, memory) / noise for x in (rising, stepped))
    best = int(gain.argmax())
    if gain[best] < of_step.max() + RAMP_GAIN:
        return None
    return left + int(ramp[best, 0]), left + int(ramp[best, 1])


def _explained(daily: Floats, shapes: Floats, memory: float) -> Floats:
    """Squares that each shape explains once the memory is taken out."""
    y = daily[1:] - memory * daily[:-1]
    x = shapes[:, 1:] - memory * shapes[:, :-1]
    x = x - x.mean(axis=1, keepdims=True)
    return np.asarray((x @ (y - y.mean())) ** 2 / np.maximum((x**2).sum(axis=1), 1e-9))
