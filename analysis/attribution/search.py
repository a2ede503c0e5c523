"""When did a cell's drops change, and how many of the drops are owed to load?

METHODS section 5, step by step: how each cell answers load (`analysis.load_response`, steps 0 and
1); on which days load stepped, and drops beyond load's part (`analysis.channels`, 2 and 3); the
hour of each (`analysis.onsets`, 4); what it did, and load's share (`analysis.verdict`, 5). The
parts are counts of drops and add up over cells. This module leads through them and keeps what is
clear enough (6). Rows are written in `analysis.change_rows`.

PRB is also an outcome. Where it rose and the volume carried did not, cells lost efficiency
(interference, coverage): that is no load. Where it fell at the same volume, room was gained: that
is relief.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr

from analysis.arrays import Floats
from analysis.attribution import dating, drop_steps, load_share, load_steps
from analysis.attribution import wander as wandering
from analysis.attribution.cell_hours import Cell, cells_of
from analysis.attribution.dating import REACH_DAYS, Candidate
from analysis.attribution.levers import Lasting, Levers, levers_of
from analysis.attribution.load_steps import LoadChannel, Steps
from analysis.attribution.response import (
    Hours,
    Prior,
    Response,
    clock_of,
    hours_of,
    prior_of,
    respond,
    table,
)
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
from analysis.attribution.wander import Wander

MIN_RATIO, MIN_SD_LOAD = 1.18, 1.0
# where learning how levels wander begins, and the steps that it leaves out
WIDE, CLEAR_SD = Wander(0.12, 0.4, 0.1, 0.975), 4.0
MIN_DROPS, MIN_HOURS, MIN_DAYS = 30, 40, 14
# shifts of load are blurred by so much where too few cells are quiet to tell
MIN_QUIET, USUAL_BLUR = 10, 1.3
# no curve of the shelf is a cell's own: what many drops say in its favour counts as from so many
CURVE_DROPS = 1000.0


class Search(NamedTuple):
    """What one search found.

    `changes`: rows of table `change_point`, by cell and date. `visibility`: one row a cell with
    the smallest rise that could be seen in the middle of it, the start of its first local day with
    hours to search (NaT = none), and why it was refused ("" = not).
    `response`, `days`, `curves`: rows of tables `load_response`, `change_day`, `change_curve`; of
    the last two `change` is the row of `changes`.
    """

    changes: pd.DataFrame
    visibility: pd.DataFrame
    response: pd.DataFrame
    days: pd.DataFrame
    curves: pd.DataFrame
    levers: Levers


@dataclass(frozen=True)
class NetworkPrior:
    """What the network teaches about a cell before it is looked at.

    `wander`: how levels of drops wander for no reason. `blur`: how much larger shifts of load are
    than their sd where nothing changed (METHODS 5, step 7).
    """

    prior: Prior
    wander: Wander
    blur: float


def learn_prior(cube: xr.Dataset) -> NetworkPrior:
    """The network's prior from the cells of `cube`; some 400 cells are plenty.

    How levels wander is learnt twice, since what counts as a clear step depends on it; steps that
    are not clear are taken for wandering.
    """
    hours = hours_of(cube)
    prior = prior_of(hours)
    response, load = respond(hours, prior), load_steps.load_channel(hours)
    enough = np.flatnonzero(hours.drops.sum(axis=(1, 2)) >= MIN_DROPS)

    def wander_and_steps(known: Wander) -> tuple[Wander, Steps]:
        drops = drop_steps.drop_channel(hours, response, load.steps, known, CLEAR_SD)
        rates, steps = drops.rates, [drops.steps[i] for i in enough]
        return wandering.learn(rates.log_rate[enough], rates.variance[enough], steps), steps

    wander, steps = wander_and_steps(wander_and_steps(WIDE)[0])
    quiet = [i for i, own in zip(enough, steps, strict=True) if not (load.steps[i] or own)]
    return NetworkPrior(prior, wander, _blur(hours, load, quiet))


def _blur(hours: Hours, load: LoadChannel, quiet: list[np.intp]) -> float:
    """Root mean square of load's shifts across cuts in quiet cells, over their sd; at least 1."""
    if len(quiet) < MIN_QUIET:
        return USUAL_BLUR
    n_hours, reach = hours.load[0].size, REACH_DAYS * 24
    square = list[float]()
    for i in quiet:
        for cut in (n_hours // 4, n_hours // 2, 3 * n_hours // 4):
            shift, sd = load_share.shift_of(
                load.residual[i].ravel(),
                hours.load[i].ravel(),
                (slice(max(cut - reach, 0), cut), slice(cut, cut + reach)),
                (float(load.long_run_sd[i]), float(load.jump_sd[i])),
            )
            square += [(shift / sd) ** 2] if sd > 0 else []
    return max(float(np.sqrt(np.mean(square))), 1.0) if square else 1.0


def search(
    cube: xr.Dataset, network: NetworkPrior, *, min_ratio: float = MIN_RATIO, days: int = REACH_DAYS
) -> Search:
    """Dated changes of each cell's drops with load's share; a cell's answer stands for itself.

    `cube`: as of `analysis.cube.of_cell_hours`. Searched are hours with attempts, drops and PRB, in
    which the cell was available, an hour away from its outages, and no incident of hours or a day
    (`response.hours_of`). A change is reported where its ratio is at least `min_ratio` (or its
    inverse) and 1 standard deviation from 1 if load clearly moved on that day, which is date
    enough, 3.7 if not. `ratio` is actual over counterfactual
    drops (A11 / A00) from `change_utc`, of a ramp from `ramp_end_utc`, until `until_utc`, at actual
    attempts.
    `attribution` is load or relief where p_load >= .65, other where <= .35, else undecided.
    Intervals hold 90 %; what they reached stands in docs/accuracy/attribution.md. `days`: newest
    days that `levers` look at.
    """
    hours = hours_of(cube)
    response = respond(hours, network.prior)
    load = load_steps.load_channel(hours)
    drops = drop_steps.drop_channel(hours, response, load.steps, network.wander)
    log_weights = _log_weights(response, network, drops.rates.drops.sum(axis=1))
    cells = cells_of(hours, response, log_weights, load, drops, blur=network.blur)
    refused, clock = _refusals(hours), clock_of(cube)
    names = cube["cell_id"].to_numpy()
    first = cube["day_local"].to_numpy().min().astype("datetime64[D]")
    rows, told, curves = list[dict[str, Any]](), list[Columns](), list[Columns]()
    lasting = dict[int, Lasting]()
    for i in map(int, np.flatnonzero(refused == "")):
        if not (load.steps[i] or drops.steps[i]):
            continue
        cell = cells(i)
        for found in _search_cell(cell, dating.candidates(cell, load, drops, i), min_ratio):
            row = row_of(cell, found, clock[i])
            told.append({"change": len(rows), **days_of(cell, found, row, first)})
            curves.append({"change": len(rows), **curve_of(cell, found)})
            rows.append({"cell_id": names[i], **row})
            draws = found.verdict
            lasting[i] = Lasting(found.at.whole, draws.weight, draws.other, _level(found))
    visible = visibility_of(names, hours, drops, refused)
    return Search(
        _at_least(typed(rows), min_ratio),
        _at_least(visible, min_ratio).assign(hours_from_utc=hours_from(hours, clock)),
        table(names, hours, response, refused),
        stacked(told, NO_DAYS),
        stacked(curves, NO_CURVE),
        levers_of(
            names, hours, response.exposure, log_weights,
            lasting=lasting, refused=refused, wander=network.wander.between(REACH_DAYS),
            newest=(first + np.arange(hours.rest.shape[1]))[-days:],
        ),
    )  # fmt: skip


def _at_least(rows: pd.DataFrame, min_ratio: float) -> pd.DataFrame:
    """Rows whose smallest visible ratio is none below which nothing is reported."""
    return rows.assign(min_visible_ratio=rows["min_visible_ratio"].clip(lower=min_ratio))


def _log_weights(found: Response, network: NetworkPrior, n_drops: Floats) -> Floats:
    """Log posterior of each curve, (cell, curve), as far as its likelihood is trusted.

    All drops of a cell share how far its own curve is from the shelf's, so what they tell of the
    curve levels off, as the size of a sample of clusters does (Kish 1965).
    """
    trust = 1 / (1 + n_drops / CURVE_DROPS)
    return np.asarray(np.log(network.prior.weights) + trust[:, None] * found.log_likelihood)


def _refusals(hours: Hours) -> npt.NDArray[np.str_]:
    """Why each cell can't be searched, in words; "" = it can."""
    n_days, n_drops = (hours.attempts.sum(axis=2) > 0).sum(axis=1), hours.drops.sum(axis=(1, 2))
    told = [
        f"too little data: {days} days with hours of load and drops, {MIN_DAYS} are needed"
        if days < MIN_DAYS
        else f"too little data: {drops:.0f} drops, {MIN_DROPS} are needed"
        if drops < MIN_DROPS
        else ""
        for days, drops in zip(n_days, n_drops, strict=True)
    ]
    return np.array(told, dtype=np.str_)


# --- one cell ---------------------------------------------------------------------------------


def _search_cell(cell: Cell, candidates: list[Candidate], min_ratio: float) -> list[Change]:
    """Step 6: judge the candidates together, drop the weakest and judge the rest anew."""
    while candidates:
        found = list(_judged(cell, candidates))
        strength, needed = np.array([_strength(change) for change in found]).T
        small = np.array([abs(change.verdict.mean) < np.log(min_ratio) for change in found])
        weak = (strength < needed) | small
        if not weak.any():
            return found
        del candidates[int(np.argmin(np.where(weak, strength, np.inf)))]
    return []


def _judged(cell: Cell, candidates: list[Candidate]) -> Iterator[Change]:
    """Each candidate against up to 28 days on either side, no farther than its neighbours."""
    reach = REACH_DAYS * 24
    lefts = [0, *(c.whole for c in candidates)]
    rights = [*(c.start for c in candidates[1:]), len(cell.drops)]
    rates = load_share.rate_changes(cell, [(c.start, c.whole) for c in candidates])
    for candidate, rate, left, right in zip(candidates, rates, lefts, rights, strict=False):
        before = slice(max(left, candidate.start - reach), candidate.start)
        after = slice(candidate.whole, min(right, candidate.whole + reach))
        known = min((cell.attempts[side] > 0).sum() for side in (before, after))
        enough = known >= MIN_HOURS
        found = load_share.judge(cell, before, after, rate) if enough else load_share.NOTHING
        yield Change(candidate, before, after, right, found)


def _level(change: Change) -> float:
    """Drops to expect of the level since a change, over those counted in it; at most 1.

    Changes are found because they look large, which luck helped some to. What the verdict takes
    for luck lies mostly on the side with fewer days: given what a change did, the mean of m days
    after n days is off by n / (n + m) of it. Where luck made a level look too low it stays so:
    no more is promised than was counted.
    """
    before, after = (side.stop - side.start for side in (change.before, change.after))
    found, part = change.verdict, before / (before + after)
    return min(float(found.weight @ np.exp(-part * found.luck)), 1.0)


def _strength(change: Change) -> tuple[float, float]:
    """How many sd a change is, and how many it needs.

    Of load that clearly moved on that day what it did to drops, of all else the height in drops.
    """
    verdict = change.verdict
    if change.at.load and verdict.moved:
        return verdict.strength, MIN_SD_LOAD
    return verdict.sds, MIN_SD_DROPS
