"""When did a cell's drops change, and how many of the drops are owed to load?

METHODS section 5, step by step; `analysis.load_response` is steps 0 and 1, `analysis.channels`
steps 2 and 3. Where load stepped, or drops beyond load's part, one question is asked of the hours
after: how many drops had there been if only load had changed (A10), only the rest (A01), or
neither (A00)? Load's share of A11 - A00 is its part when it comes first and when it comes last,
averaged (Shapley); so the parts are counts of drops and add up over cells.

PRB is also an outcome. Where it rose and the volume carried did not, cells lost efficiency
(interference, coverage): that is no load. Where it fell at the same volume, room was gained: that
is relief.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr

from analysis import benefit, channels, load_response
from analysis.channels import DropChannel, LoadChannel, Noise
from analysis.load_response import FACTOR, Hours, Prior, Response

METHOD_VERSION = "two-channels-1"
MIN_RATIO = 1.18
MIN_SD_DROPS, MIN_SD_LOAD = 3.2, 2.6
REACH_DAYS = 28
MIN_DROPS, MIN_HOURS, MIN_DAYS = 30, 40, 14
LOAD, OTHER = 0.65, 0.35
# before the data: does something else change where a candidate stands, and by how much (log)
P_OTHER, OTHER_SD = 0.5, 0.6
# a curve's likelihood counts so much: hours are not as independent as the model has them
TRUST_IN_CURVE = 0.3
MIN_SHIFT, MIN_SHIFT_SD, MIN_LOST = np.log(1.07), 2.5, 0.05
EFFICIENCY_SD = 0.03
HOUR_OF_LOAD_SD = 0.2
SEEK_HOURS = 60

Columns = dict[str, Any]
Floats = npt.NDArray[np.float64]
Instants = npt.NDArray[np.datetime64]

# three points that stand for a normal distribution (Gauss and Hermite)
_NORMAL = ((-np.sqrt(3.0), 1 / 6), (0.0, 2 / 3), (np.sqrt(3.0), 1 / 6))
_CHANGE_TYPES = {
    "cell_id": "str",
    **dict.fromkeys(("change_utc", "change_lo_utc", "change_hi_utc", "ramp_end_utc", "until_utc"),
                    "datetime64[us, UTC]"),
    "direction": "str",
    **dict.fromkeys(("ratio", "ratio_lo", "ratio_hi", "drops_excess", "drops_excess_lo",
                     "drops_excess_hi"), "float64"),
    "attribution": "str",
    **dict.fromkeys(("p_load", "load_share", "load_share_lo", "load_share_hi", "drops_load",
                     "drops_other", "prb_before_pct", "prb_after_pct", "attempts_before",
                     "attempts_after", "min_visible_ratio"), "float64"),
    "method_version": "str",
}  # fmt: skip
_VISIBILITY_TYPES = {
    "cell_id": "str",
    "n_days_searched": "int64",
    "min_visible_ratio": "float64",
    "refused": "str",
}


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
    levers: benefit.Levers


@dataclass(frozen=True)
class Network:
    """What the network teaches about a cell before it is looked at.

    `noise`: how daily drops scatter. `wander`: log sd by which a cell's level differs from month to
    month for no reason, found where nothing changed (METHODS 5, step 7).
    """

    prior: Prior
    noise: Noise
    wander: float


def learn(cube: xr.Dataset) -> Network:
    """The network's prior from the cells of `cube`; some 400 cells are plenty."""
    hours = load_response.hours_of(cube)
    prior = load_response.prior_of(hours)
    load = channels.load_channel(hours)
    drops = channels.drop_channel(hours, load_response.respond(hours, prior), load.steps, Noise())
    still = [not a and not b for a, b in zip(load.steps, drops.steps, strict=True)]
    quiet = np.array(still) & (drops.drops.sum(axis=1) >= MIN_DROPS)
    if quiet.sum() < 10:
        return Network(prior, Noise(), 0.05)
    size, noise = drops.drops.mean(axis=1)[quiet], drops.noise[quiet]
    size, noise = np.minimum(size, 100), np.minimum(noise, 10)
    slope = max(np.cov(size, noise)[0, 1] / max(size.var(ddof=1), 1e-9), 0.0)
    usual = Noise(max(float(noise.mean() - slope * size.mean()), 1.0), float(slope))
    return Network(prior, usual, _wander(drops, quiet))


def _wander(found: DropChannel, quiet: npt.NDArray[np.bool_]) -> float:
    """Log sd of levels that makes differences across cuts in quiet cells as large as they are."""
    n_days = found.drops.shape[1]
    square, variance = list[Floats](), list[Floats]()
    for cut in (n_days // 4, n_days // 2, 3 * n_days // 4):
        d, e = (
            np.array([x[quiet, :cut].sum(axis=1), x[quiet, cut:].sum(axis=1)])
            for x in (found.drops, found.expected)
        )
        enough = d.min(axis=0) > 50
        d, e = d[:, enough], e[:, enough]
        square.append(np.diff(np.log(d / e), axis=0)[0] ** 2)
        variance.append(found.noise[quiet][enough] * (1 / d).sum(axis=0))
    for wander in np.arange(0.0, 0.3, 0.005):
        chi_square = np.concatenate(square) / (np.concatenate(variance) + wander**2)
        if len(chi_square) == 0 or np.median(chi_square) <= 0.455:
            return float(wander)
    return 0.3


def search(
    cube: xr.Dataset, network: Network, *, min_ratio: float = MIN_RATIO, days: int = REACH_DAYS
) -> Search:
    """Dated changes of each cell's drops with load's share; a cell's answer stands for itself.

    `cube`: as of `analysis.cube.of_cell_hours`. Searched are hours with attempts, drops and PRB, in
    which the cell was available, an hour away from its outages. A change is reported where its
    ratio is at least `min_ratio` (or its inverse) and 2.6 standard deviations from 1 if load
    stepped on that day, 3.2 if not. `ratio` is actual over counterfactual drops (A11 / A00) from
    `change_utc`, of a ramp from `ramp_end_utc`, until `until_utc`, at actual attempts.
    `attribution` is load or relief where p_load >= .65, other where <= .35, else undecided.
    Intervals hold 90 %; what they reached stands in docs/accuracy.md. `days`: newest days that
    `levers` look at.
    """
    hours = load_response.hours_of(cube)
    response = load_response.respond(hours, network.prior)
    load = channels.load_channel(hours)
    drops = channels.drop_channel(hours, response, load.steps, network.noise)
    refused = _refusals(hours)
    cells = _cells(hours, response, load, drops, network)
    clock = load_response.clock_of(cube)
    names = cube["cell_id"].to_numpy()
    first = cube["day_local"].to_numpy().min().astype("datetime64[D]")
    rows, told, curves = list[dict[str, Any]](), list[Columns](), list[Columns]()
    lasting = dict[int, benefit.Lasting]()
    for i in np.flatnonzero(refused == ""):
        if not (load.steps[i] or drops.steps[i]):
            continue
        cell = cells(int(i))
        for found in _search_cell(cell, load, drops, int(i), min_ratio):
            row = _row(cell, found, clock[i])
            told.append({"change": len(rows), **_days(cell, found, row, first)})
            curves.append({"change": len(rows), **_curve(cell, found)})
            rows.append({"cell_id": names[i], **row})
            verdict = found.verdict
            lasting[int(i)] = benefit.Lasting(found.at.whole, verdict.weight, verdict.other)
    visible = _visibility(names, hours, drops, network, refused).assign(
        hours_from_utc=_hours_from(hours, clock)
    )
    table = _typed(rows)
    return Search(
        table.assign(min_visible_ratio=table["min_visible_ratio"].clip(lower=min_ratio)),
        visible.assign(min_visible_ratio=visible["min_visible_ratio"].clip(lower=min_ratio)),
        load_response.table(names, hours, response, refused),
        _stacked(told, NO_DAYS),
        _stacked(curves, NO_CURVE),
        benefit.levers_of(
            names, hours, response.exposure, _log_weights(response, network),
            lasting=lasting, refused=refused, wander=network.wander,
            newest=(first + np.arange(hours.rest.shape[1]))[-days:],
        ),
    )  # fmt: skip


def _log_weights(found: Response, network: Network) -> Floats:
    """Log posterior of each curve, (cell, curve), as far as its likelihood is trusted."""
    return np.asarray(np.log(network.prior.weights) + TRUST_IN_CURVE * found.log_likelihood)


def _stacked(parts: list[Columns], none: pd.DataFrame) -> pd.DataFrame:
    """One frame of many dicts of columns; much faster than as many frames."""
    if not parts:
        return none
    lengths = [len(part[none.columns[-1]]) for part in parts]
    columns = {name: np.concatenate([part[name] for part in parts]) for name in none.columns[1:]}
    return pd.DataFrame(
        {"change": np.repeat([part["change"] for part in parts], lengths), **columns}
    )


def no_changes() -> pd.DataFrame:
    """The table of changes without rows."""
    return _typed([])


NO_DAYS = pd.DataFrame(
    columns=[
        "change",
        "day_local",
        "call_attempts",
        "dropped_calls",
        "drops_usual",
        "drops_with_load",
    ],
    dtype="float64",
)
NO_CURVE = pd.DataFrame(
    columns=["change", "prb_pct", "drop_rate_before", "drop_rate_after", "drop_rate_curve"],
    dtype="float64",
)


def _typed(rows: list[dict[str, Any]]) -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=list(_CHANGE_TYPES))
    for name, kind in _CHANGE_TYPES.items():
        if kind.startswith("datetime"):
            table[name] = pd.to_datetime(table[name], utc=True)
    return table.astype(_CHANGE_TYPES)


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


@dataclass(frozen=True)
class Cell:
    """One cell's hours in a row, shape (hour,), and what is known of it."""

    attempts: Floats
    drops: Floats
    """Bursts cut, as the drop channel has them."""
    counted: Floats
    """Drops as they were counted."""
    exposure: Floats
    """Attempts by the course of the day."""
    factor: Floats
    """Expected factor of load."""
    load: Floats
    load_residual: Floats
    efficiency_residual: Floats
    log_weights: Floats
    """Log posterior of each curve of the shelf, shape (curve,)."""
    mean_weights: Floats
    """Posterior of each curve, as the channels have it."""
    jump_sd: float
    long_run_sd: float
    phi: float
    noise: float
    wander: float


def _cells(
    hours: Hours, found: Response, load: LoadChannel, drops: DropChannel, network: Network
) -> Callable[[int], Cell]:
    raw = hours.drops.sum(axis=2)
    kept = np.divide(drops.drops, raw, out=np.ones_like(raw), where=raw > 0)
    factor, sd = found.mean_factor(), load.long_run_sd
    efficiency = hours.efficiency - channels.usual(hours.efficiency, hours)
    log_weights = _log_weights(found, network)

    def cell(i: int) -> Cell:
        return Cell(
            attempts=hours.attempts[i].ravel(),
            drops=(hours.drops[i] * kept[i][:, None]).ravel(),
            counted=hours.drops[i].ravel(),
            exposure=found.exposure[i].ravel(),
            factor=factor[i].ravel(),
            load=hours.load[i].ravel(),
            load_residual=load.residual[i].ravel(),
            efficiency_residual=efficiency[i].ravel(),
            log_weights=log_weights[i],
            mean_weights=found.weights[i],
            jump_sd=float(load.jump_sd[i]),
            long_run_sd=float(sd[i]),
            phi=float(drops.phi[i]),
            noise=float(drops.noise[i]),
            wander=network.wander,
        )

    return cell


@dataclass(frozen=True)
class Candidate:
    """Where a change may stand, in hours from the first; `whole`: where a ramp ends."""

    start: int
    whole: int
    load: bool
    """Whether load stepped there."""
    earliest: int = 0
    latest: int = 0


def _search_cell(
    cell: Cell, load: LoadChannel, drops: DropChannel, i: int, min_ratio: float
) -> list["Change"]:
    """Steps 4 to 6: judge the candidates together, drop the weakest and judge the rest anew."""
    candidates = _dated(cell, list(_candidates(load, drops, i)))
    while candidates:
        found = list(_judged(cell, candidates))
        strength = np.array([change.verdict.strength for change in found])
        needed = np.array([MIN_SD_LOAD if c.load else MIN_SD_DROPS for c in candidates])
        small = np.array([abs(change.verdict.mean) < np.log(min_ratio) for change in found])
        weak = (strength < needed) | small
        if not weak.any():
            return found
        del candidates[int(np.argmin(np.where(weak, strength, np.inf)))]
    return []


def _candidates(
    load: LoadChannel, drops: DropChannel, i: int
) -> Iterator[tuple[int, int, bool, bool]]:
    """Step 4: (first day, first whole day, whether load and whether drops stepped), by day.

    Steps of both channels within two days are one.
    """
    alone = list(drops.steps[i])
    found = list[tuple[int, int, bool, bool]]()
    for first, whole in channels.ramps(load, i):
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
    old, new = slice(max(left, first - REACH_DAYS * 24), first), slice(last, last + REACH_DAYS * 24)
    new = slice(last, min(right, new.stop))
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


# --- one change: the counterfactuals ----------------------------------------------------------


@dataclass(frozen=True)
class Verdict:
    """What a change did, as weighted draws: log ratio A11 / A00, and load's share of it.

    Of draw i stands curve i modulo the number of curves.
    """

    log_ratio: Floats
    share: Floats
    other: Floats
    """Log factor by what is not load."""
    weight: Floats
    variance: float
    """Of the log rate of drops, before and after, from their scatter alone."""
    moved: float = 0.0
    """Shift of log load."""

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


_NOTHING = Verdict(np.zeros(1), np.zeros(1), np.zeros(1), np.ones(1), np.inf)


@dataclass(frozen=True)
class Change:
    """A candidate that was judged; `end`: hour of the next change or of the end."""

    at: Candidate
    before: slice
    after: slice
    end: int
    verdict: Verdict


def _judged(cell: Cell, candidates: list[Candidate]) -> Iterator[Change]:
    """Each candidate against up to 28 days on either side, no farther than its neighbours."""
    reach = REACH_DAYS * 24
    lefts = [0, *(c.whole for c in candidates)]
    rights = [*(c.start for c in candidates[1:]), len(cell.drops)]
    for candidate, left, right in zip(candidates, lefts, rights, strict=False):
        before = slice(max(left, candidate.start - reach), candidate.start)
        after = slice(candidate.whole, min(right, candidate.whole + reach))
        known = min((cell.attempts[side] > 0).sum() for side in (before, after))
        verdict = judge(cell, before, after) if known >= MIN_HOURS else _NOTHING
        yield Change(candidate, before, after, right, verdict)


def judge(cell: Cell, before: slice, after: slice) -> Verdict:
    """Step 5 for the hours `after` a change, over every curve that the cell may have.

    Either nothing but load changed, or something else did as well, by a factor that the drops on
    both sides tell; both are kept with the probability that the data give them.
    """
    moved, moved_sd = _moved(cell, before, after)
    lost = min(_lost_efficiency(cell, before, after), max(moved, 0.0))
    now = _factor(cell, after, 0.0)
    asked = _factor(cell, after, lost) if lost else now
    seen, variance = _rate_change(cell, before, after, now)
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
            (cell.log_weights + np.log(p) + log_p, by_load, by_loss + other)
            for log_p, other in worlds
        ]
    log_weight, load, other = (np.concatenate(part) for part in zip(*draws, strict=True))
    weight = np.exp(log_weight - log_weight.max())
    share, weight = shapley(load, other), weight / weight.sum()
    return Verdict(load + other, share, other, weight, variance, moved)


def shapley(load: Floats, other: Floats) -> Floats:
    """Load's share of what two log factors do together, unclipped; 0 where they do nothing."""
    a10, a01, a11 = np.exp(load), np.exp(other), np.exp(load + other)
    part, whole = (a10 - 1) + (a11 - a01), 2 * (a11 - 1)
    return np.divide(part, whole, out=np.zeros_like(whole), where=np.abs(whole) > 1e-3)


def _factor(cell: Cell, hours: slice, by: float) -> Floats:
    """Load's mean factor over these hours under each curve, had log load been less `by`."""
    bins = load_response.bins_of(cell.load[hours] * np.exp(-by))
    exposure = np.bincount(bins, cell.exposure[hours], len(FACTOR))
    return np.asarray(exposure @ FACTOR / max(exposure.sum(), 1e-9))


def _rate_change(cell: Cell, before: slice, after: slice, now: Floats) -> tuple[Floats, float]:
    """Log change of the drop rate beyond load's factor under each curve, and its variance."""
    then = _factor(cell, before, 0.0)
    (old, e_old), (new, e_new) = (
        (cell.drops[side].sum(), cell.exposure[side].sum()) for side in (before, after)
    )
    # half of what a common rate would give keeps an empty side from being sure
    common = (old + new) / (e_old + e_new) / 2
    n_old, n_new = max(old, e_old * common, 1.0), max(new, e_new * common, 1.0)
    variance = cell.noise * (1 / n_old + 1 / n_new) + cell.wander**2
    rate = np.log(max(new, 0.5) / e_new) - np.log(max(old, 0.5) / e_old)
    return rate - np.log(now / then), float(variance)


def _log_normal(values: Floats, variance: float) -> Floats:
    return -0.5 * (values**2 / variance + np.log(variance))


def _moved(cell: Cell, before: slice, after: slice) -> tuple[float, float]:
    """By how much log load shifted, and its sd; 0 where it is not clear that it did."""
    shift, sd = _shift(
        cell.load_residual, cell.load, before, after, (cell.long_run_sd, cell.jump_sd)
    )
    clear = abs(shift) >= max(MIN_SHIFT, MIN_SHIFT_SD * sd)
    return (shift, sd) if clear else (0.0, 0.0)


def _lost_efficiency(cell: Cell, before: slice, after: slice) -> float:
    """By how much log PRB rose at the same volume; 0 where it is not clear, or none is known."""
    shift, sd = _shift(
        cell.efficiency_residual, cell.load, before, after, (EFFICIENCY_SD, EFFICIENCY_SD)
    )
    return shift if shift > max(MIN_LOST, 2 * sd) else 0.0


def _shift(
    residual: Floats, load: Floats, before: slice, after: slice, noise: tuple[float, float]
) -> tuple[float, float]:
    """Shift of a level and its sd, from the means of both sides and from the jump between them.

    Noise that remembers blurs the means; from one day to the next it moves little.
    """
    weight = np.where(np.isnan(residual), 0.0, channels.weight_of(load))
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


# --- rows -------------------------------------------------------------------------------------


def _row(cell: Cell, change: Change, clock: Instants) -> dict[str, Any]:
    """One row of `change_point`; `clock`: instant of each hour and of the end."""
    verdict, at = change.verdict, change.at
    low, high = _interval(verdict.log_ratio, verdict.weight)
    # of a mixture with a rare, far part the mean may lie outside its own interval
    ratio, low, high = np.exp([verdict.mean, min(low, verdict.mean), max(high, verdict.mean)])
    drops = cell.counted[at.whole : change.end].sum()
    share = float(np.clip(verdict.weight @ np.clip(verdict.share, -1.0, 2.0), 0.0, 1.0))
    share_lo, share_hi = np.clip(_interval(verdict.share, verdict.weight), 0.0, 1.0)
    excess, excess_lo, excess_hi = (drops * (1 - 1 / r) for r in (ratio, low, high))
    return {
        "change_utc": clock[at.start],
        "change_lo_utc": clock[max(at.earliest, 0)],
        "change_hi_utc": clock[min(max(at.latest, at.start) + 1, len(clock) - 1)],
        "ramp_end_utc": clock[at.whole] if at.whole > at.start else np.datetime64("NaT"),
        "until_utc": clock[change.end],
        "direction": "up" if verdict.mean > 0 else "down",
        "ratio": ratio,
        "ratio_lo": low,
        "ratio_hi": high,
        "drops_excess": excess,
        "drops_excess_lo": excess_lo,
        "drops_excess_hi": excess_hi,
        "attribution": verdict.attribution,
        "p_load": verdict.p_load,
        "load_share": share,
        "load_share_lo": min(share_lo, share),
        "load_share_hi": max(share_hi, share),
        "drops_load": share * excess,
        "drops_other": (1 - share) * excess,
        **_beside(cell, at),
        "min_visible_ratio": float(np.exp(MIN_SD_DROPS * np.sqrt(verdict.variance))),
        "method_version": METHOD_VERSION,
    }


def _days(cell: Cell, change: Change, row: dict[str, Any], day: np.datetime64) -> Columns:
    """What was counted each day from four weeks before to the end, and what it is held against.

    Before the change that is its level then; after it, what had been without, A00, and with load's
    part of the difference. Sums over the days after are those of the row.
    """
    first, whole, end = change.before.start, change.at.whole, change.end
    usual = cell.exposure[first:end] * _mean_factor(cell, slice(first, end), 0.0)
    after = np.arange(first, end) >= whole
    without = cell.exposure[first:end] * _mean_factor(cell, slice(first, end), change.verdict.moved)
    expected = np.where(after, without, usual)
    counted = cell.counted[first:end]
    old = cell.drops[change.before].sum() / max(usual[: change.before.stop - first].sum(), 1e-9)
    new = counted[after].sum() / row["ratio"] / max(without[after].sum(), 1e-9)
    expected = expected * np.where(after, new, old)
    loaded = expected * np.where(after, 1 + row["load_share"] * (row["ratio"] - 1), 1.0)
    number = np.arange(first, end) // 24
    known, place = np.unique(number, return_inverse=True)
    days = {
        name: np.bincount(place, values, len(known))
        for name, values in (
            ("call_attempts", cell.attempts[first:end]),
            ("dropped_calls", counted),
            ("drops_usual", expected),
            ("drops_with_load", loaded),
        )
    }
    some = days["call_attempts"] > 0
    at = (day + known).astype("datetime64[s]")
    return {"day_local": at[some], **{name: values[some] for name, values in days.items()}}


def _curve(cell: Cell, change: Change) -> Columns:
    """Drop rate by load on both sides of a change, beside the cell's curve at its old rate."""
    middle = np.arange(2.5, 100, 5.0)
    prb = load_response.shown(np.nan_to_num(cell.load))
    rates = []
    for side in (change.before, change.after):
        bins = np.minimum(prb[side] // 5, len(middle) - 1).astype(np.intp)
        attempts, drops = (
            np.bincount(bins, values[side], len(middle)) for values in (cell.attempts, cell.drops)
        )
        # a rate of fewer calls than show ten drops at the usual rate says nothing
        enough = attempts * cell.drops.sum() >= 10 * cell.attempts.sum()
        rates.append(np.where(enough, drops / np.maximum(attempts, 1), np.nan))
    curve = cell.mean_weights @ FACTOR.T
    level = cell.drops[change.before].sum() / max(
        (cell.attempts[change.before] * _mean_factor(cell, change.before, 0.0)).sum(), 1e-9
    )
    at = load_response.bins_of(load_response.stretched(middle))
    return {
        "prb_pct": middle,
        "drop_rate_before": rates[0],
        "drop_rate_after": rates[1],
        "drop_rate_curve": np.minimum(level * curve[at], 1.0),
    }


def _mean_factor(cell: Cell, hours: slice, by: float) -> Floats:
    """Load's expected factor in each hour, had log load been less `by`."""
    bins = load_response.bins_of(cell.load[hours] * np.exp(-by))
    return np.asarray((cell.mean_weights @ FACTOR.T)[bins])


def _interval(values: Floats, weight: Floats) -> tuple[float, float]:
    """The 5th and 95th percentile of weighted draws."""
    order = np.argsort(values, kind="stable")
    held = np.cumsum(weight[order])
    low, high = (
        values[order[min(int(np.searchsorted(held, q * held[-1])), len(order) - 1)]]
        for q in (0.05, 0.95)
    )
    return float(low), float(high)


def _beside(cell: Cell, at: Candidate) -> dict[str, float]:
    """Mean PRB % of each day's fullest hour, and attempts a day, in the fortnight on each side."""
    told = dict[str, float]()
    for side, first, end in (
        ("before", max(at.start - 14 * 24, 0), at.start),
        ("after", at.whole, min(at.whole + 14 * 24, len(cell.load))),
    ):
        # whole days counted from the change
        days = np.pad(cell.load[first:end], (0, -(end - first) % 24), constant_values=np.nan)
        known = ~np.isnan(days)
        fullest = np.where(known, days, -1.0).reshape(-1, 24).max(axis=1)
        n_days = max(known.sum() / 24, 1e-9)
        told[f"prb_{side}_pct"] = _mean(load_response.shown(fullest[fullest >= 0]))
        told[f"attempts_{side}"] = float(cell.attempts[first:end].sum() / n_days)
    return told


def _hours_from(hours: Hours, clock: Instants) -> pd.Series:
    """Start of each cell's first local day with hours to search; NaT = none."""
    searched = hours.attempts.sum(axis=2) > 0
    first = clock[np.arange(len(clock)), 24 * searched.argmax(axis=1)]
    known = pd.Series(first).where(searched.any(axis=1))
    return known.dt.tz_localize("UTC").dt.as_unit("us")


def _visibility(
    names: npt.NDArray[np.object_],
    hours: Hours,
    drops: DropChannel,
    network: Network,
    refused: npt.NDArray[np.str_],
) -> pd.DataFrame:
    """The smallest rise of `MIN_SD_DROPS` with at most 28 days on each side, one row a cell."""
    n_days = (hours.attempts.sum(axis=2) > 0).sum(axis=1)
    a_day = drops.drops.sum(axis=1) / np.maximum(n_days, 1)
    side = np.maximum(a_day * np.minimum(n_days / 2, REACH_DAYS), 1e-9)
    variance = 2 * drops.noise / side + network.wander**2
    ratio = np.exp(np.minimum(MIN_SD_DROPS * np.sqrt(variance), np.log(1000)))
    rows = {
        "cell_id": names,
        "n_days_searched": n_days,
        "min_visible_ratio": np.where((a_day > 0) & (ratio < 1000), ratio, np.nan),
        "refused": refused,
    }
    return pd.DataFrame(rows).astype(_VISIBILITY_TYPES)
