"""Where may a cell's changes stand? Steps of load and of drops put together, dated to the hour.

docs/methods.md 5.4, one cell at a time. Hours count from the first local day's hour 0.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from analysis.arrays import Floats
from analysis.attribution import load_steps
from analysis.attribution.cell_hours import Cell
from analysis.attribution.drop_steps import DropChannel
from analysis.attribution.load_steps import LoadChannel

# days on either side by which a change is judged
REACH_DAYS = 28
# sd of an hour's log load about its segment's mean
HOUR_OF_LOAD_SD = 0.2
# hours about a step's day in which it is sought
SEEK_HOURS = 60
# drops alone that are worse for less are a burst, no change
MIN_CHANGE_HOURS = 72
# steps of load and of drops no farther apart are one
_SAME_DAYS = 2


@dataclass(frozen=True)
class Candidate:
    """Where a change may stand, in hours from the first."""

    start: int
    ramp_end: int
    """Where a ramp is complete; of a step its start."""
    is_load_step: bool
    """Whether load stepped there."""
    earliest: int = 0
    latest: int = 0
    """90 % of the start's probability lie from `earliest` to `latest`."""


class _Step(NamedTuple):
    """A step or ramp by day, and which channels show it."""

    first_day: int
    ramp_end_day: int
    in_load: bool
    in_drops: bool


def candidates(cell: Cell, load: LoadChannel, drops: DropChannel, i: int) -> list[Candidate]:
    """Where changes of `cell`, row `i` of the channels, may stand; ascending, dated to the hour.

    `load`, `drops`: channels of all cells, as of `load_channel` and `drop_channel`.
    """
    return _without_bursts(_dated(cell, _steps(load, drops, i)))


def _without_bursts(dated: Iterable[Candidate]) -> list[Candidate]:
    """Without pairs of steps of drops alone less than three days apart: bad days, no change."""
    lasting = list[Candidate]()
    for candidate in dated:
        if lasting and _is_burst(lasting[-1], candidate):
            lasting.pop()
        else:
            lasting.append(candidate)
    return lasting


def _is_burst(begin: Candidate, end: Candidate) -> bool:
    is_drops_alone = not (begin.is_load_step or end.is_load_step)
    return is_drops_alone and end.start - begin.start < MIN_CHANGE_HOURS


def _steps(load: LoadChannel, drops: DropChannel, i: int) -> list[_Step]:
    """Steps of both channels, ascending; those within two days of each other are one."""
    drop_days = list(drops.steps[i])
    steps = list[_Step]()
    for first, ramp_end in load_steps.ramps(load, i):
        near_days = [day for day in drop_days if first - _SAME_DAYS <= day <= ramp_end + _SAME_DAYS]
        drop_days = [day for day in drop_days if day not in near_days]
        steps.append(_Step(first, ramp_end, in_load=True, in_drops=bool(near_days)))
    return sorted(steps + [_Step(day, day, in_load=False, in_drops=True) for day in drop_days])


def _dated(cell: Cell, steps: list[_Step]) -> Iterator[Candidate]:
    """Each step by the hour, between the end of the one before and the start of the next."""
    lefts = [0, *(step.ramp_end_day * 24 for step in steps)]
    rights = [*(step.first_day * 24 for step in steps[1:]), len(cell.drops)]
    for step, left, right in zip(steps, lefts, rights, strict=False):
        if step.ramp_end_day > step.first_day:
            start = step.first_day * 24
            # a ramp's first day is known to a day or two
            yield Candidate(start, step.ramp_end_day * 24, True, start - 36, start + 36)
        else:
            yield _onset(cell, step, left, right)


def _onset(cell: Cell, step: _Step, left: int, right: int) -> Candidate:
    """The hour at which a step came: median and 90 % of its probability, by the hours about it.

    `left`, `right`: hours between which there is no other step.
    """
    near = step.first_day * 24
    first, last = max(left + 24, near - SEEK_HOURS), min(right - 24, near + SEEK_HOURS)
    if last <= first:
        return Candidate(near, near, step.in_load, near - 24, near + 24)
    reach = REACH_DAYS * 24
    old, new = slice(max(left, first - reach), first), slice(last, min(right, last + reach))
    hours = slice(first, last)
    gain = np.zeros(last - first)
    if step.in_load:
        gain += _load_gain(cell, old, new, hours)
    if step.in_drops:
        gain += _drops_gain(cell, old, new, hours)
    # an hour later means that one more hour is old: each adds its gain
    log_likelihood = np.cumsum(np.concatenate([[0.0], gain]))
    cumulated = np.cumsum(np.exp(log_likelihood - log_likelihood.max()))
    middle, early, late = (
        first + int(np.searchsorted(cumulated, share * cumulated[-1]))
        for share in (0.5, 0.05, 0.95)
    )
    return Candidate(middle, middle, step.in_load, early, late)


def _load_gain(cell: Cell, old: slice, new: slice, hours: slice) -> Floats:
    """By how much the log load of each hour is likelier old than new, in log likelihood; (hour,).

    The load of an hour is normal about the mean of its side.
    """
    residual = cell.load_residual
    before, after = (_mean(residual[side]) for side in (old, new))
    squares = (residual[hours] - after) ** 2 - (residual[hours] - before) ** 2
    return np.nan_to_num(squares) / (2 * HOUR_OF_LOAD_SD**2)


def _drops_gain(cell: Cell, old: slice, new: slice, hours: slice) -> Floats:
    """By how much the drops of each hour are likelier old than new, in log likelihood; (hour,).

    Drops are Poisson about expected drops times the rate of their side, dispersed by phi.
    """
    expected = cell.exposure * cell.factor
    # half a drop, so that a side without any has a rate
    before, after = (
        max(cell.drops[side].sum(), 0.5) / max(expected[side].sum(), 1e-9) for side in (old, new)
    )
    mean_difference = expected[hours] * (after - before)
    return np.asarray((mean_difference - cell.drops[hours] * np.log(after / before)) / cell.phi)


def _mean(values: Floats) -> float:
    known_values = values[~np.isnan(values)]
    return float(known_values.mean()) if len(known_values) else 0.0
