"""On which days did a cell's load step, and which of the steps are one ramp?

docs/methods.md 5.2, over many cells at once. Log load is held against what is usual for the
hour, and its steps are found by generalised least squares (`stepwise`) on the covariance of what
moves load for no reason.

Arrays have shape (cell, day) or (cell, day, 24); a step on day d starts a segment with that day.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from analysis.arrays import Floats
from analysis.attribution import stepwise
from analysis.attribution.hours import Hours, median
from analysis.attribution.offered import FULL_PCT

# days that a segment lasts at least
MIN_DAYS = 3
# a step between the parts of a day shows through what makes whole days fuller
PARTS = (slice(0, 7), slice(7, 24))
# sd of its height that a step of load must show
LOAD_STEP_SD = 4.5
# variance of the log of a day, or of a part of one, without hours
UNKNOWN_VARIANCE = 1e4
# a busy hour's mean load is surer than a quiet one's up to this load %
_BUSY_PCT = 60.0
# squares that a ramp must explain beyond the best step, and days that it may last
RAMP_GAIN = 6.0
RAMP_DAYS = (3, 4, 5, 6, 7, 8, 10, 12, 14, 16, 18, 20)
# steps one way, no farther from one another, may be one ramp
RAMP_STEP_DAYS = 14
# memory of a cell is drawn to what is usual as if that stood on so many days
_MEMORY_DAYS, _LOAD_MEMORY = 30, 0.35
# a cell whose known days hardly follow one another is taken to jump as cells do
_MIN_PAIRS, _LOAD_SD = 7, 0.08
# sd of a normal distribution over its median absolute deviation
_SD_OF_MAD = 1.4826

Steps = list[list[int]]
"""Days on which each cell steps, ascending."""


@dataclass(frozen=True)
class LoadChannel:
    """Each cell's steps of load, and its log load about what is usual for the hour."""

    steps: Steps
    residual: Floats
    """Log load over what is usual for the hour, (cell, day, 24); NaN = hour left out."""
    daily: Floats
    """Its mean of each day, (cell, day), with straight lines across days without hours."""
    jump_sd: Floats
    """Sd of a day about the day before, over root 2; shape (cell,)."""
    memory: Floats
    """Correlation of a day with the next, shape (cell,)."""

    @property
    def long_run_sd(self) -> Floats:
        """Sd of a mean of n days times root n, shape (cell,)."""
        # of a first-order memory m and variance s2: s2 (1 + m) / (1 - m), with s2 = jump2 / (1 - m)
        return np.asarray(self.jump_sd * np.sqrt(1 + self.memory) / (1 - self.memory))


def load_channel(hours: Hours) -> LoadChannel:
    """Steps of load of all cells, each by itself; hours are held against their own kind.

    `hours`: of all cells.
    """
    # twice: what is usual for an hour is not known before the steps are
    first = _channel(hours, np.zeros(hours.rest_day.shape))
    return _channel(hours, _segment_medians(first.daily, first.steps))


def _channel(hours: Hours, stepped: Floats) -> LoadChannel:
    """The channel, given the log load by which steps move each day, (cell, day)."""
    # taken out while the usual course is read, and put back
    flat = np.log(np.maximum(hours.load, 1.0)) - stepped[..., None]
    residual = flat - usual(flat, hours) + stepped[..., None]
    daily = _daily_means(residual, hours)
    channel = LoadChannel([], residual, _bridged(daily), *_jump_and_memory(daily))
    return replace(channel, steps=_load_steps(channel, hours))


def usual(values: Floats, hours: Hours) -> Floats:
    """Median over working days, or over rest days, of each hour; (cell, day, 24) as `values`.

    `hours`: of the same cells; their rest days part the two kinds of days. NaN in `values` is left
    out; 0 where an hour of that kind has none.
    """
    usual_values = np.zeros_like(values)
    for is_rest in (False, True):
        is_kind = (hours.rest_day == is_rest)[..., None]
        middle = median(np.where(is_kind, values, np.nan), axis=1)  # (cell, 24)
        usual_values = np.where(is_kind, middle[:, None, :], usual_values)
    return usual_values


def weight_of(load: Floats) -> Floats:
    """How much an hour says of load: busy ones more, full ones less, unknown ones nothing.

    `load`: in %, any shape, NaN = unknown.
    """
    is_full = np.nan_to_num(load) >= FULL_PCT
    return np.asarray(_root_load(load) * np.where(is_full, 0.2, 1.0))


def _root_load(load: Floats) -> Floats:
    # the scatter of an hour's load falls with its size
    return np.asarray(np.sqrt(np.minimum(np.nan_to_num(load), _BUSY_PCT)))


def _daily_means(residual: Floats, hours: Hours) -> Floats:
    """Mean log load of each day, (cell, day); NaN = a day of few known hours."""
    weight = _root_load(hours.load)
    total = weight.sum(axis=2)
    mean = (weight * np.nan_to_num(residual)).sum(axis=2) / np.where(total > 0, total, 1.0)
    has_few_hours = total <= 0.2 * np.median(total, axis=1, keepdims=True)
    return np.where(has_few_hours, np.nan, mean)


def _bridged(daily: Floats) -> Floats:
    """The days with straight lines across gaps; 0 where none is known."""
    bridged, day = np.nan_to_num(daily), np.arange(daily.shape[1])
    for row, is_gap in zip(bridged, np.isnan(daily), strict=True):
        if is_gap.any() and not is_gap.all():
            row[is_gap] = np.interp(day[is_gap], day[~is_gap], row[~is_gap])
    return bridged


def _jump_and_memory(daily: Floats) -> tuple[Floats, Floats]:
    """Sd of jumps over root 2, and memory, both (cell,); from days one and two apart.

    With variance s2 and memory m, days one apart differ by 2 s2 (1 - m) and days two apart by
    2 s2 (1 - m^2), so the quotient of the two is 1 + m. From known days alone: a gap that is
    bridged does not jump. Where hardly any day follows a known one, days two apart stand for both.
    """
    near, far = (_jump_sd(daily, lag) for lag in (1, 2))
    near, far = np.where(np.isnan(near), far, near), np.where(np.isnan(far), near, far)
    near, far = (np.maximum(np.nan_to_num(sd, nan=_LOAD_SD), 0.01) for sd in (near, far))
    own_memory = np.clip((far / near) ** 2 - 1, 0.0, 0.8)
    n_days = (~np.isnan(daily)).sum(axis=1)
    memory = (n_days * own_memory + _MEMORY_DAYS * _LOAD_MEMORY) / (n_days + _MEMORY_DAYS)
    return near, memory


def _jump_sd(daily: Floats, lag: int) -> Floats:
    """Robust sd of a day about the day `lag` before, over root 2; NaN = too few pairs of days."""
    jump = daily[:, lag:] - daily[:, :-lag]
    has_pairs = (~np.isnan(jump)).sum(axis=1) >= _MIN_PAIRS
    middle = median(jump, axis=1)[:, None]
    sd = _SD_OF_MAD * median(np.abs(jump - middle), axis=1) / np.sqrt(2)
    return np.where(has_pairs, sd, np.nan)


def _load_steps(channel: LoadChannel, hours: Hours) -> Steps:
    """Days on which load steps, by generalised least squares on the means of nights and days.

    What makes a day fuller for no reason moves both of its parts alike; a step between them does
    not.
    """
    parts = [_part_means(channel.residual, hours, part) for part in PARTS]
    values, n_hours = (np.stack(both, axis=2) for both in zip(*parts, strict=True))
    precision = np.asarray(np.linalg.inv(_covariance(channel, values, n_hours)), np.float64)
    # the parts of all days in a row: (cell, day x part)
    equations = stepwise.equations(values.reshape(len(values), -1), precision)
    price = np.full(equations.moment.shape, LOAD_STEP_SD**2)
    n_parts = len(PARTS)
    is_allowed = stepwise.may_stand_together(n_parts * values.shape[1], MIN_DAYS * n_parts)
    steps = stepwise.search(equations, price, is_allowed)
    return [[part // n_parts for part in row] for row in steps]


def _part_means(residual: Floats, hours: Hours, part: slice) -> tuple[Floats, Floats]:
    """Mean log load of a part of each day, 0 where it is not known, and its known hours."""
    weight = _root_load(hours.load[..., part])
    total = weight.sum(axis=2)
    mean = (weight * np.nan_to_num(residual[..., part])).sum(axis=2)
    return mean / np.where(total > 0, total, 1.0), (weight > 0).sum(axis=2).astype(np.float64)


def _covariance(channel: LoadChannel, values: Floats, n_hours: Floats) -> Floats:
    """Of the parts of all days in a row, (cell, day x part, day x part): days remember.

    `values`, `n_hours`: mean log load of each part and its known hours, (cell, day, part). How the
    parts jump from day to day, together and apart, says what moves whole days and what moves a part
    alone. Where the busy hour wanders, one part loses what the other gains.
    """
    is_known = n_hours.min(axis=2, keepdims=True) > 0
    jumps = np.diff(np.where(is_known, values, np.nan), axis=1)
    night, day = (_variance(jumps[..., part]) for part in range(len(PARTS)))
    both, apart = _variance(jumps.sum(axis=2)), _variance(jumps[..., 1] - jumps[..., 0])
    common = (both - apart) / 4
    # memory moves the days less from one to the next than in the long run
    shared = np.maximum(common, channel.jump_sd**2 / 4)
    own = np.stack([np.maximum(part - shared, 1e-4) for part in (night, day)], axis=1)
    opposed = -np.minimum(np.maximum(shared - common, 0), 0.9 * np.sqrt(own.prod(axis=1)))
    n_days, n_parts = values.shape[1:]
    lag = np.abs(np.subtract.outer(np.arange(n_days), np.arange(n_days)))
    memory = channel.memory[:, None]
    remembered = (shared / (1 - channel.memory))[:, None, None] * (memory ** lag[0])[:, lag]
    lengths = np.array([part.stop - part.start for part in PARTS])
    scatter = own[:, None, :] * lengths / np.maximum(n_hours, 1)
    scatter = np.where(n_hours > 0, scatter, UNKNOWN_VARIANCE).reshape(len(values), -1)
    covariance = np.repeat(np.repeat(remembered, n_parts, axis=1), n_parts, axis=2)
    # of one day, part and other part; the parts of a day stand side by side
    place = np.arange(n_days * n_parts)
    for beside in range(1, n_parts):
        other = place // n_parts * n_parts + (place + beside) % n_parts
        covariance[:, place, other] += opposed[:, None]
    covariance[:, place, place] += scatter
    return np.asarray(covariance)


def _variance(jumps: Floats) -> Floats:
    """Robust variance of a day about the day before, half of that of its jumps; (cell,)."""
    middle = median(jumps, axis=1)[:, None]
    return np.asarray((_SD_OF_MAD * median(np.abs(jumps - middle), axis=1)) ** 2 / 2)


def _segment_medians(daily: Floats, steps: Steps) -> Floats:
    """Median of the segment that each day belongs to, (cell, day)."""
    medians = np.empty_like(daily)
    for row, of_row, starts in zip(daily, medians, steps, strict=True):
        for first, end in pairwise((0, *starts, len(row))):
            of_row[first:end] = np.median(row[first:end])
    return medians


# --- ramps ------------------------------------------------------------------------------------


def ramps(channel: LoadChannel, cell: int) -> Iterator[tuple[int, int]]:
    """Each change of load of the cell in row `cell`: its first day and the day it is complete.

    Both are the same day for a step. Neighbouring steps in one direction are one ramp where a ramp
    explains the days better. `channel`: of all cells, as of `load_channel`.
    """
    daily, steps = channel.daily[cell], channel.steps[cell]
    edges = [0, *steps, len(daily)]
    means = [daily[first:end].mean() for first, end in pairwise(edges)]
    runs = list(_runs(steps, np.sign(np.diff(means))))
    lefts = [0, *(run[-1] for run in runs)]
    rights = [*(run[0] for run in runs[1:]), len(daily)]
    for run, left, right in zip(runs, lefts, rights, strict=False):
        ramp = _ramp(channel, cell, run, left, right)
        yield from [ramp] if ramp else [(day, day) for day in run]


def _runs(steps: list[int], sign: Floats) -> Iterator[list[int]]:
    """Steps in a row that go one way and are no farther apart than steps of a ramp."""
    run: list[int] = []
    for i, day in enumerate(steps):
        if run and (sign[i] != sign[i - 1] or day - run[-1] > RAMP_STEP_DAYS):
            yield run
            run = []
        run.append(day)
    if run:
        yield run


def _ramp(
    channel: LoadChannel, cell: int, run: list[int], left: int, right: int
) -> tuple[int, int] | None:
    """The ramp that explains days [left, right) clearly better than any step; None = none does."""
    n_days, memory = right - left, channel.memory[cell]
    starts = np.arange(max(run[0] - left - 12, 2), min(run[-1] - left + 5, n_days - 2))
    ramp = np.array([(s, s + k) for s in starts for k in RAMP_DAYS if s + k <= n_days - 2])
    if len(ramp) == 0:
        return None
    day = np.arange(n_days)
    # what part of each ramp, or step, is there on each day: (shape, day)
    rising = np.clip((day - ramp[:, [0]] + 0.5) / (ramp[:, [1]] - ramp[:, [0]]), 0, 1)
    # a step during a day leaves a part of it old
    stepped = np.concatenate(
        [(day >= starts[:, None]) - old * (day == starts[:, None]) for old in (0, 0.25, 0.5, 0.75)]
    )
    daily = channel.daily[cell, left:right]
    noise = channel.jump_sd[cell] ** 2 * (1 + memory)
    ramp_gain, step_gain = (
        _explained(daily, shapes, memory) / noise for shapes in (rising, stepped)
    )
    best = int(ramp_gain.argmax())
    if ramp_gain[best] < step_gain.max() + RAMP_GAIN:
        return None
    return left + int(ramp[best, 0]), left + int(ramp[best, 1])


def _explained(daily: Floats, shapes: Floats, memory: float) -> Floats:
    """Squares that each shape explains once the memory is taken out, (shape,)."""
    # what a day does not owe to the day before is independent of it
    y = daily[1:] - memory * daily[:-1]
    x = shapes[:, 1:] - memory * shapes[:, :-1]
    x = x - x.mean(axis=1, keepdims=True)
    return np.asarray((x @ (y - y.mean())) ** 2 / np.maximum((x**2).sum(axis=1), 1e-9))
