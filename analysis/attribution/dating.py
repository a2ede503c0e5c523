"""Where a cell's changes may stand: steps of both channels put together, and dated to the hour."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from analysis.arrays import Floats
from analysis.attribution import load_steps
from analysis.attribution.cell_hours import Cell
from analysis.attribution.drop_steps import DropChannel
from analysis.attribution.load_steps import LoadChannel

REACH_DAYS = 28
HOUR_OF_LOAD_SD = 0.2
SEEK_HOURS = 60
MIN_LEVEL_HOURS = 72


@dataclass(frozen=True)
class Candidate:
    """Where a change may stand, in hours from the first; `whole`: where a ramp ends."""

    start: int
    whole: int
    load: bool
    """Whether load stepped there."""
    earliest: int = 0
    latest: int = 0


def candidates(cell: Cell, load: LoadChannel, drops: DropChannel, i: int) -> list[Candidate]:
    """Step 4: where changes of cell `i` may stand, ascending, dated to the hour."""
    return _without_bursts(_dated(cell, list(_steps(load, drops, i))))


def _without_bursts(found: list[Candidate]) -> list[Candidate]:
    """Without steps of drops alone that last less than three days: days are bad for no reason."""
    kept = list[Candidate]()
    for candidate in found:
        if kept and _is_burst(kept[-1], candidate):
            kept.pop()
        else:
            kept.append(candidate)
    return kept


def _is_burst(step: Candidate, over: Candidate) -> bool:
    return not (step.load or over.load) and over.start - step.start < MIN_LEVEL_HOURS


def _steps(load: LoadChannel, drops: DropChannel, i: int) -> Iterator[tuple[int, int, bool, bool]]:
    """(first day, first whole day, whether load and whether drops stepped), by day.

    Steps of both channels within two days are one.
    """
    alone = list(drops.steps[i])
    found = list[tuple[int, int, bool, bool]]()
    for first, whole in load_steps.ramps(load, i):
        near = [day for day in alone if first - 2 <= day <= whole + 2]
        alone = [day for day in alone if day not in near]
        found.append((first, whole, True, bool(near)))
    return iter(sorted(found + [(day, day, False, True) for day in alone]))


def _dated(cell: Cell, days: list[tuple[int, int, bool, bool]]) -> list[Candidate]:
    edges = [0, *(whole * 24 for _, whole, _, _ in days)]
    nexts = [*(first * 24 for first, _, _, _ in days[1:]), len(cell.drops)]
    dated = []
    for (first, whole, load, drops), left, right in zip(days, edges, nexts, strict=False):
        if whole > first:
            # a ramp's first day is known to a day or two
            ramp = Candidate(first * 24, whole * 24, True, first * 24 - 36, first * 24 + 36)
            dated.append(ramp)
        else:
            dated.append(_onset(cell, first * 24, left, right, load=load, drops=drops))
    return dated


def _onset(cell: Cell, near: int, left: int, right: int, *, load: bool, drops: bool) -> Candidate:
    """The hour at which a step came: median and 90 % of its probability, by the hours about it."""
    first, last = max(left + 24, near - SEEK_HOURS), min(right - 24, near + SEEK_HOURS)
    if last <= first:
        return Candidate(near, near, load, near - 24, near + 24)
    reach = REACH_DAYS * 24
    old, new = slice(max(left, first - reach), first), slice(last, min(right, last + reach))
    hours = slice(first, last)
    gain = np.zeros(last - first)
    if load:
        residual = cell.load_residual
        before, after = (_mean(residual[side]) for side in (old, new))
        squares = (residual[hours] - after) ** 2 - (residual[hours] - before) ** 2
        gain += np.nan_to_num(squares) / (2 * HOUR_OF_LOAD_SD**2)
    if drops:
        expected = cell.exposure * cell.factor
        before, after = (
            max(cell.drops[side].sum(), 0.5) / max(expected[side].sum(), 1e-9)
            for side in (old, new)
        )
        fewer = expected[hours] * (after - before)
        gain += (fewer - cell.drops[hours] * np.log(after / before)) / cell.phi
    # each hour that is taken for an old one adds its gain
    likelihood = np.cumsum(np.concatenate([[0.0], gain]))
    held = np.cumsum(np.exp(likelihood - likelihood.max()))
    middle, early, late = (int(np.searchsorted(held, q * held[-1])) for q in (0.5, 0.05, 0.95))
    return Candidate(first + middle, first + middle, load, first + early, first + late)


def _mean(values: Floats) -> float:
    known = values[~np.isnan(values)]
    return float(known.mean()) if len(known) else 0.0
