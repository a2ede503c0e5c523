"""When did a cell's drops change, and how many of the drops are due to load?

An RF engineer sees two curves of a cell: its load, and its drops. This room reads both by the hour,
finds the days on which either steps, and splits the drops that a step added into load's part and
the rest. The parts are counts of drops and add up over cells. The files in the order in which a
cell goes through them (docs/methods.md 5):

0. `hours`: which hours may be judged (no outage, no incident), and how loaded the cell was;
   `offered`: which load stands behind a PRB that is full.
1. `response`: how each cell's drops answer load: its curve, its knee.
2. `load_steps`: the days on which load steps, and the ramps.
3. `drop_steps`: the days on which drops step beyond what load explains. Both use `stepwise`, the
   search for steps in a series whose noise remembers, and `wander`, how drops wander for no reason.
4. `cell_hours`: all of this for one cell; `dating`: where its changes may stand, by the hour.
5. `load_share`: what each change did to the drops, and load's share of it.
6. `search`, here: leads through these steps and keeps the changes that are clear enough.
7. `levers`: what less load would avoid, and removal of the rest; `rows`: the rows of tables.

PRB is also an outcome. Where it rose and the volume carried did not, the cell lost efficiency
(interference, coverage): that is no load. Where it fell at the same volume, capacity was added:
that is relief.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr

from analysis.arrays import Floats, Instants
from analysis.attribution import dating, load_share
from analysis.attribution.cell_hours import Cell, cells_of
from analysis.attribution.dating import REACH_DAYS, Candidate
from analysis.attribution.drop_steps import DropChannel, drop_channel
from analysis.attribution.hours import Hours, clock_of, hours_of
from analysis.attribution.levers import LastChange, Levers, levers_of
from analysis.attribution.load_steps import LoadChannel, Steps, load_channel
from analysis.attribution.offered import USUAL, Scale, learn_scale
from analysis.attribution.response import Prior, Response, prior_of, respond, table
from analysis.attribution.rows import (
    MIN_SD_DROPS,
    NO_CURVE,
    NO_DAYS,
    Change,
    Columns,
    curve_of,
    days_of,
    hours_from,
    row_of,
    stacked,
    typed,
    visibility_of,
)
from analysis.attribution.wander import Wander, learn_wander

# ratio of drops that a change must reach, or its inverse; sd of it where load clearly shifted
MIN_RATIO, MIN_SD_LOAD = 1.18, 1.0
# drops that a cell must have, hours on each side of a change, and days with hours
MIN_DROPS, MIN_HOURS, MIN_DAYS = 30, 40, 14
# where learning how drops wander begins, and sd of the steps that it leaves out
_WIDE_WANDER, _CLEAR_STEP_SD = Wander(0.12, 0.4, 0.1, 0.975), 4.0
# shifts of load are blurred by so much where too few cells are quiet to show it
_MIN_QUIET_CELLS, _USUAL_BLUR = 10, 1.3
# no curve of the shelf is a cell's own: what many drops say in its favour counts as from so many
_CURVE_DROPS = 1000.0


class Search(NamedTuple):
    """What one search found."""

    changes: pd.DataFrame
    """Rows of table `change_point`, by cell and date."""
    visibility: pd.DataFrame
    """One row a cell: `n_days_searched`; `min_visible_ratio`, the smallest rise that could be seen
    in the middle of them (NaN = none); `hours_from_utc`, start of its first local day with hours to
    search (NaT = none); `refused`, why it was not searched ("" = it was)."""
    response: pd.DataFrame
    """Rows of table `load_response`, without month."""
    days: pd.DataFrame
    """Rows of table `change_day`; column `change` is the row of `changes`."""
    curves: pd.DataFrame
    """Rows of table `change_curve`; column `change` is the row of `changes`."""
    levers: Levers


# --- what the network teaches -----------------------------------------------------------------


@dataclass(frozen=True)
class NetworkPrior:
    """What the network teaches about a cell before it is looked at."""

    prior: Prior
    """How common each curve is, and how drops go with the hour of day."""
    wander: Wander
    """How drops wander for no reason."""
    blur: float
    """How much larger shifts of load are than their sd where nothing changed, 1 or more."""
    scale: Scale = USUAL
    """Which load stands behind PRB."""


def learn_prior(cube: xr.Dataset) -> NetworkPrior:
    """What the cells of `cube` teach of their network; some 400 cells are plenty.

    `cube`: as of `analysis.cube.of_cell_hours`. How drops wander is learnt twice, since what counts
    as a clear step depends on it; steps that are not clear are taken for wandering.
    """
    plain_hours = hours_of(cube)
    scale = learn_scale(plain_hours.prb, plain_hours.attempts)
    hours = hours_of(cube, scale)
    prior = prior_of(hours)
    response, load = respond(hours, prior), load_channel(hours)
    has_drops = np.flatnonzero(hours.drops.sum(axis=(1, 2)) >= MIN_DROPS)

    def wander_and_steps(wander: Wander) -> tuple[Wander, Steps]:
        drops = drop_channel(hours, response, load.steps, wander, _CLEAR_STEP_SD)
        rates, steps = drops.rates, [drops.steps[i] for i in has_drops]
        return learn_wander(rates.log_rate[has_drops], rates.variance[has_drops], steps), steps

    first_wander, _ = wander_and_steps(_WIDE_WANDER)
    wander, steps = wander_and_steps(first_wander)
    quiet_cells = [i for i, own in zip(has_drops, steps, strict=True) if not (load.steps[i] or own)]
    return NetworkPrior(prior, wander, _blur(hours, load, quiet_cells), scale)


def _blur(hours: Hours, load: LoadChannel, quiet_cells: list[np.intp]) -> float:
    """Root mean square of load's shifts across cuts in quiet cells, over their sd; at least 1."""
    if len(quiet_cells) < _MIN_QUIET_CELLS:
        return _USUAL_BLUR
    n_hours = hours.load[0].size
    cuts = (n_hours // 4, n_hours // 2, 3 * n_hours // 4)
    shifts = [_shift_at(hours, load, i, cut) for i in quiet_cells for cut in cuts]
    squares = [(shift / sd) ** 2 for shift, sd in shifts if sd > 0]
    return max(float(np.sqrt(np.mean(squares))), 1.0) if squares else 1.0


def _shift_at(hours: Hours, load: LoadChannel, i: np.intp, cut: int) -> tuple[float, float]:
    """Shift of log load of the cell in row `i` at an hour, and its sd."""
    reach = REACH_DAYS * 24
    return load_share.shift_of(
        load.residual[i].ravel(),
        hours.load[i].ravel(),
        (slice(max(cut - reach, 0), cut), slice(cut, cut + reach)),
        (float(load.long_run_sd[i]), float(load.jump_sd[i])),
    )


# --- the search -------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Reading:
    """What steps 0 to 3 read from the hours of all cells."""

    cell_ids: npt.NDArray[np.object_]
    first_day: np.datetime64
    """Local day of the first hour."""
    clock: Instants
    """Instant in UTC of each hour and of the end, (cell, hour + 1)."""
    hours: Hours
    response: Response
    log_weights: Floats
    """Log posterior of each curve as far as it is trusted, (cell, curve)."""
    load: LoadChannel
    drops: DropChannel
    refused: npt.NDArray[np.str_]
    """Why a cell is not searched, "" = it is, (cell,)."""


def search(
    cube: xr.Dataset,
    network: NetworkPrior,
    *,
    min_ratio: float = MIN_RATIO,
    days: int = REACH_DAYS,
) -> Search:
    """Dated changes of each cell's drops with load's share; a cell's answer stands for itself.

    `cube`: as of `analysis.cube.of_cell_hours`. Hours are searched that `hours.hours_of` lets
    through; a cell with hours on fewer than 14 days, or fewer than 30 drops, is refused. `network`:
    as of `learn_prior`. `days`: newest days that `levers` look at.

    A change is reported where its ratio is at least `min_ratio` (or at most its inverse) and 1
    standard deviation from 1 if load clearly shifted on that day, which is date enough, 3.7 if not.
    `ratio` is actual over counterfactual drops (A11 / A00) from `change_utc`, of a ramp from
    `ramp_end_utc`, until `until_utc`, at actual attempts. `attribution` is load or relief where
    p_load >= .65, other where <= .35, else undecided. Intervals hold 90 %; what they reached stands
    in docs/accuracy/attribution.md.
    """
    reading = _read(cube, network)
    rows, days_rows, curves = list[Columns](), list[Columns](), list[Columns]()
    last_changes = dict[int, LastChange]()
    for i, cell, change in _changes(reading, network, min_ratio):
        number, row = {"change": len(rows)}, row_of(cell, change, reading.clock[i])
        days_rows.append({**number, **days_of(cell, change, row, reading.first_day)})
        curves.append({**number, **curve_of(cell, change)})
        rows.append({"cell_id": reading.cell_ids[i], **row})
        last_changes[i] = _last_change(change)
    return Search(
        changes=_at_least(typed(rows), min_ratio),
        visibility=_visibility(reading, min_ratio),
        response=table(reading.cell_ids, reading.hours, reading.response, reading.refused),
        days=stacked(days_rows, NO_DAYS),
        curves=stacked(curves, NO_CURVE),
        levers=_levers(reading, network, last_changes, days),
    )


def _read(cube: xr.Dataset, network: NetworkPrior) -> _Reading:
    """Steps 0 to 3, over all cells at once."""
    hours = hours_of(cube, network.scale)
    response = respond(hours, network.prior)
    load = load_channel(hours)
    drops = drop_channel(hours, response, load.steps, network.wander)
    return _Reading(
        cell_ids=cube["cell_id"].to_numpy(),
        first_day=cube["day_local"].to_numpy().min().astype("datetime64[D]"),
        clock=clock_of(cube),
        hours=hours,
        response=response,
        log_weights=_log_weights(response, network, drops.rates.drops.sum(axis=1)),
        load=load,
        drops=drops,
        refused=_refusals(hours),
    )


def _log_weights(response: Response, network: NetworkPrior, n_drops: Floats) -> Floats:
    """Log posterior of each curve, (cell, curve), as far as its likelihood is trusted.

    `n_drops`: of each cell, (cell,). All drops of a cell share how far its own curve is from the
    shelf's, so what they say of the curve stops growing, as the effective size of a sample of
    clusters does (Kish 1965).
    """
    trust = 1 / (1 + n_drops / _CURVE_DROPS)
    return np.asarray(np.log(network.prior.weights) + trust[:, None] * response.log_likelihood)


def _refusals(hours: Hours) -> npt.NDArray[np.str_]:
    """Why each cell can't be searched, in words; "" = it can."""
    n_days = (hours.attempts.sum(axis=2) > 0).sum(axis=1)
    n_drops = hours.drops.sum(axis=(1, 2))
    reasons = [_refusal(*counts) for counts in zip(n_days, n_drops, strict=True)]
    return np.array(reasons, dtype=np.str_)


def _refusal(n_days: int, n_drops: float) -> str:
    if n_days < MIN_DAYS:
        return f"too little data: {n_days} days with hours of load and drops, {MIN_DAYS} are needed"
    if n_drops < MIN_DROPS:
        return f"too little data: {n_drops:.0f} drops, {MIN_DROPS} are needed"
    return ""


def _at_least(rows: pd.DataFrame, min_ratio: float) -> pd.DataFrame:
    """Rows with a smallest visible ratio of `min_ratio` or more: nothing below it is reported."""
    return rows.assign(min_visible_ratio=rows["min_visible_ratio"].clip(lower=min_ratio))


def _visibility(reading: _Reading, min_ratio: float) -> pd.DataFrame:
    rows = visibility_of(reading.cell_ids, reading.hours, reading.drops, reading.refused)
    return _at_least(rows, min_ratio).assign(
        hours_from_utc=hours_from(reading.hours, reading.clock)
    )


def _levers(
    reading: _Reading, network: NetworkPrior, last_changes: dict[int, LastChange], days: int
) -> Levers:
    n_days = reading.hours.rest_day.shape[1]
    return levers_of(
        reading.cell_ids,
        reading.hours,
        reading.response.exposure,
        reading.log_weights,
        last_changes=last_changes,
        refused=reading.refused,
        wander=network.wander.between(REACH_DAYS),
        newest_days=(reading.first_day + np.arange(n_days))[-days:],
    )


# --- one cell ---------------------------------------------------------------------------------


def _changes(
    reading: _Reading, network: NetworkPrior, min_ratio: float
) -> Iterator[tuple[int, Cell, Change]]:
    """Steps 4 to 6: row, hours and each change of every cell that has one, by cell and date."""
    load, drops = reading.load, reading.drops
    cell_of = cells_of(
        reading.hours, reading.response, reading.log_weights, load, drops, blur=network.blur
    )
    for i in map(int, np.flatnonzero(reading.refused == "")):
        if not (load.steps[i] or drops.steps[i]):
            continue
        cell = cell_of(i)
        candidates = dating.candidates(cell, load, drops, i)
        for change in _clear_changes(cell, candidates, min_ratio):
            yield i, cell, change


def _clear_changes(cell: Cell, candidates: list[Candidate], min_ratio: float) -> list[Change]:
    """The candidates that are clear: judged together, the weakest dropped, the rest judged anew."""
    while candidates:
        changes = list(_judged(cell, candidates))
        sds, needed_sds = np.array([_strength(change) for change in changes]).T
        log_ratios = np.array([change.load_share.mean_log_ratio for change in changes])
        is_weak = (sds < needed_sds) | (np.abs(log_ratios) < np.log(min_ratio))
        if not is_weak.any():
            return changes
        weakest = int(np.argmin(np.where(is_weak, sds, np.inf)))
        candidates = candidates[:weakest] + candidates[weakest + 1 :]
    return []


def _judged(cell: Cell, candidates: list[Candidate]) -> Iterator[Change]:
    """Each candidate against up to 28 days on either side, no farther than its neighbours."""
    reach = REACH_DAYS * 24
    lefts = [0, *(candidate.ramp_end for candidate in candidates)]
    rights = [*(candidate.start for candidate in candidates[1:]), len(cell.drops)]
    spans = [(candidate.start, candidate.ramp_end) for candidate in candidates]
    rates = load_share.rate_changes(cell, spans)
    for candidate, rate, left, right in zip(candidates, rates, lefts, rights, strict=False):
        before = slice(max(left, candidate.start - reach), candidate.start)
        after = slice(candidate.ramp_end, min(right, candidate.ramp_end + reach))
        n_hours = min((cell.attempts[side] > 0).sum() for side in (before, after))
        share = load_share.NO_CHANGE
        if n_hours >= MIN_HOURS:
            share = load_share.judge(cell, before, after, rate)
        yield Change(candidate, before, after, right, share)


def _strength(change: Change) -> tuple[float, float]:
    """How many sd a change is, and how many it needs.

    Where load clearly shifted on that day, by what it did to drops; else by its height in drops.
    """
    share = change.load_share
    if change.candidate.is_load_step and share.load_shift:
        return share.ratio_sds, MIN_SD_LOAD
    return share.height_sds, MIN_SD_DROPS


def _last_change(change: Change) -> LastChange:
    """What levers need of a cell's last change."""
    share = change.load_share
    expected_over_counted = _expected_over_counted(change)
    return LastChange(change.candidate.ramp_end, share.weight, share.other, expected_over_counted)


def _expected_over_counted(change: Change) -> float:
    """Drops to expect a day since a change, over those counted since it; at most 1.

    Changes are found because they look large, which luck helped some to. What `judge` takes for
    luck lies mostly on the side with fewer days: given what a change did, the mean of m days
    after n days is off by n / (n + m) of it. Where luck made the drops look too few it stays so:
    no more is promised than was counted.
    """
    n_before, n_after = (side.stop - side.start for side in (change.before, change.after))
    share, part = change.load_share, n_before / (n_before + n_after)
    return min(float(share.weight @ np.exp(-part * share.luck)), 1.0)
