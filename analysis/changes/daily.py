"""When did a cell's drop rate change, by how much, and how loaded was the cell on each side?

Cells go through `_fits`: the days worth searching, the rest-day effect, bursts, the noise of a
day (`daily_noise`), segments by the exact search of `segments`, weak changes dropped; then one row
a change. What explains a change (load, a fault, an intervention) joins on these rows; nothing here
decides it.

A sum of drops over many days varies by `phi (1 + rho) / (1 - rho)` times its mean, with `phi` and
`rho` of `daily_noise`. Bursts shorter than `min_days` are cut to what that noise allows: they are
neither a change nor part of a segment's rate.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import NamedTuple

import numpy as np
import pandas as pd
import xarray as xr
from dask.distributed import Client
from scipy.optimize import brentq

from analysis.arrays import Flags, Floats, Instants
from analysis.changes import segments
from analysis.changes.daily_noise import (
    Fit,
    Series,
    clipped,
    exposure_of,
    provisional_noise,
    segment_sums,
    with_noise,
)
from analysis.uncertainty.intervals import Z90, inflation
from contracts.settings.sections import Settings
from ingest.running.workers import Progress, each

CELLS_A_TASK = 100
METHOD_VERSION = "daily-poisson-1"
# ratio that a change must reach, or its inverse, and standard deviations from 1
MIN_RATIO, MIN_SD = 1.18, 3.0
# days that a segment lasts at least
MIN_DAYS = 3
MIN_DROPS = 30
MIN_AVAILABILITY = 0.98
# days on each side over which the columns prb_* and attempts_* average
BESIDE_DAYS = 14
# rises above it are not called visible
LARGEST_RATIO = 1000.0

_CHANGE_TYPES = {
    "cell_id": "str",
    "change_utc": "datetime64[us, UTC]",
    "change_lo_utc": "datetime64[us, UTC]",
    "change_hi_utc": "datetime64[us, UTC]",
    "until_utc": "datetime64[us, UTC]",
    "direction": "str",
    "ratio": "float64",
    "ratio_lo": "float64",
    "ratio_hi": "float64",
    "drops_excess": "float64",
    "drops_excess_lo": "float64",
    "drops_excess_hi": "float64",
    "min_visible_ratio": "float64",
    "prb_before_pct": "float64",
    "prb_after_pct": "float64",
    "attempts_before": "float64",
    "attempts_after": "float64",
    "method_version": "str",
}
_VISIBILITY_TYPES = {
    "cell_id": "str",
    "n_days_searched": "int64",
    "phi": "float64",
    "rho": "float64",
    "min_visible_ratio": "float64",
    "refused": "str",
}
_SHAPES = {
    "cell_id": ("cell",),
    "day_local": ("day",),
    "day_start_utc": ("cell", "day"),
    "call_attempts": ("cell", "day"),
    "dropped_calls": ("cell", "day"),
    "bh_prb_dl_util_pct": ("cell", "day"),
    "availability": ("cell", "day"),
    "rest_day": ("cell", "day"),
    "outage": ("cell", "day"),
}


class Search(NamedTuple):
    """What one search found, and what it could have seen."""

    changes: pd.DataFrame
    """Dated changes of each cell's daily drop rate, one row a change, by cell and date.

    - `change_utc` starts the first searched day of the new segment and `until_utc` ends it: the
      next change, or the end of the last searched day. The true instant lies within
      `change_lo_utc` and `change_hi_utc` with at least 90 % probability: from the start of the last
      day that may be all old to the end of the first that may be all new.
    - `ratio` is actual over counterfactual drops on the searched days of the new segment, at actual
      attempts; the counterfactual is the rate of the segment before. `drops_excess` is actual minus
      counterfactual. `_lo`, `_hi`: 90 % intervals. No drop at all counts as half a drop.
    - `min_visible_ratio`: smallest rise that could have been seen at this place, see
      `_min_visible_ratio`; NaN = not even a thousandfold one.
    - `prb_*_pct`, `attempts_*`: means over up to 14 searched days of the old and the new segment
      next to the change, busy-hour PRB in % (NaN = unknown) and attempts a day. Both are raw: with
      few days the mix of rest days may differ between the two sides.
    """
    visibility: pd.DataFrame
    """What the search could see in each cell, one row a cell in the order of the cube.

    `phi` and `rho`: dispersion (1 or more) and day-to-day correlation of the drops, NaN = too few
    days, or no drop. `min_visible_ratio`: smallest rise that could be seen if it came in the middle
    of the searched days, where it is easiest; NaN = none. `refused`: why the cell was not
    searched, "" = it was.
    """


def search(cube: xr.Dataset, *, min_ratio: float = MIN_RATIO, min_days: int = MIN_DAYS) -> Search:
    """Changes and visibility from one search; a cell's answer does not depend on the others.

    `cube`: dims (cell, day); coordinates `cell_id` (cell) and consecutive `day_local` (day);
    `call_attempts`, `dropped_calls` (NaN = no data), `bh_prb_dl_util_pct` (NaN = unknown) and
    `availability` (0..1, NaN = unknown and taken as available) as float, `rest_day` and `outage`
    as bool, `day_start_utc` as instants in UTC, all (cell, day). Days without attempts, with
    availability below .98 or in an outage are not searched. The last day is taken as 24 hours.

    A change is reported where its ratio is at least `min_ratio` (or at most its inverse) and 3
    standard deviations from 1; segments last `min_days` searched days or more. Raises ValueError
    with every fault of `cube`, and for settings that allow no search.

    After docs/methods.md 5.8. About 5 ms a cell of 60 days on one core, 15 of 365 days, 25
    of 450.
    """
    _refuse_faults(_faults(cube, min_ratio, min_days))
    fits = _fits(_searched(cube), min_ratio, min_days)
    return Search(_changes(cube, fits, min_ratio, min_days), _visibility(cube, fits, min_ratio))


def _faults(cube: xr.Dataset, min_ratio: float, min_days: int) -> Iterator[str]:
    yield from _missing(cube)
    day_local, day_start = cube.get("day_local"), cube.get("day_start_utc")
    if day_local is not None and (np.diff(day_local) != np.timedelta64(1, "D")).any():
        yield "day_local has gaps or repeats; reindex to every calendar day, NaN = no data"
    if day_start is not None and day_start.isnull().any():  # noqa: PD003  # xarray's isna is no method
        yield "day_start_utc has missing instants; every day needs one, with or without data"
    if min_ratio <= 1:
        yield f"min_ratio is {min_ratio}; it must exceed 1"
    if min_days < 2:
        yield f"min_days is {min_days}; it must be 2 or more, one day is no segment"


def _missing(cube: xr.Dataset) -> Iterator[str]:
    for name, dims in _SHAPES.items():
        if name not in cube.variables:
            yield f"{name} is missing; add it with dims {dims}"
        elif set(cube[name].dims) != set(dims):
            yield f"{name} has dims {cube[name].dims}; make them {dims}"


def _refuse_faults(faults: Iterator[str]) -> None:
    if messages := list(faults):
        msg = "change search: " + "; ".join(messages)
        raise ValueError(msg)


def _searched(cube: xr.Dataset) -> Iterator[Series]:
    """The days of each cell that are searched, in the order of the cube."""
    attempts, drops = _floats(cube, "call_attempts"), _floats(cube, "dropped_calls")
    is_down = (_floats(cube, "availability") < MIN_AVAILABILITY) | _flags(cube, "outage")
    is_searched = (attempts > 0) & ~np.isnan(drops) & ~is_down
    rest_day = _flags(cube, "rest_day")
    for cell, of_cell in enumerate(is_searched):
        day = np.flatnonzero(of_cell)
        yield Series(day, drops[cell, day], attempts[cell, day], rest_day[cell, day])


def _floats(cube: xr.Dataset, name: str) -> Floats:
    return cube[name].transpose("cell", "day").to_numpy().astype(np.float64)


def _flags(cube: xr.Dataset, name: str) -> Flags:
    return cube[name].transpose("cell", "day").to_numpy().astype(np.bool_)


def _refusal(series: Series, min_days: int) -> str:
    """Why a cell is not searched, in words; "" = it is."""
    n_days, n_drops = len(series.day), series.drops.sum()
    if n_days < 2 * min_days:
        return f"too little data: {n_days} searched days, {2 * min_days} are needed"
    if n_drops < MIN_DROPS:
        return f"too little data: {n_drops:.0f} drops, {MIN_DROPS} are needed"
    return ""


def _fits(searched: Iterable[Series], min_ratio: float, min_days: int) -> list[Fit]:
    """Each cell's segments, each of its changes large and certain enough, in the order of cells."""
    fits = [_begun(series, min_days) for series in searched]
    groups: dict[int, list[int]] = {}
    for i, fit in enumerate(fits):
        if not fit.refused:
            groups.setdefault(len(fit.drops), []).append(i)
    # twice: the first segments take the steps out of the noise, the second are judged by that noise
    for cells in (group for group in groups.values() for _ in range(2)):
        for i, starts in zip(cells, _starts([fits[i] for i in cells], min_days), strict=True):
            fits[i] = with_noise(replace(fits[i], starts=tuple(starts)))
    return [fit if fit.refused else _without_weak(fit, min_ratio, min_days) for fit in fits]


def _begun(series: Series, min_days: int) -> Fit:
    """One cell's days with their noise, before any segment; or why they are not searched."""
    if refused := _refusal(series, min_days):
        return with_noise(Fit(series, series.drops, series.attempts, refused=refused))
    return _without_bursts(series, min_days)


def _without_bursts(series: Series, min_days: int) -> Fit:
    """The fit of one segment, its bursts cut to what the noise of a day allows."""
    exposure = exposure_of(series, series.drops)
    phi, _ = provisional_noise(series.drops, exposure)
    drops = clipped(series.drops, exposure, phi, min_days)
    exposure = exposure_of(series, drops)
    phi, rho = provisional_noise(drops, exposure)
    return Fit(series, drops, exposure, phi=phi, rho=rho)


def _without_weak(fit: Fit, min_ratio: float, min_days: int) -> Fit:
    """Drop the weakest change and refit the rest until each is large and certain enough."""
    while fit.starts:
        fit = with_noise(_at_likeliest(fit, min_days))
        log_ratio, sd = _log_ratios(fit)
        sds = np.abs(log_ratio) / sd
        is_weak = (sds < MIN_SD) | (np.abs(log_ratio) < np.log(min_ratio))
        if not is_weak.any():
            break
        weakest = int(np.argmin(np.where(is_weak, sds, np.inf)))
        fit = replace(fit, starts=fit.starts[:weakest] + fit.starts[weakest + 1 :])
    return with_noise(fit)


# --- segments and where they start ------------------------------------------------------------


def _starts(fits: Sequence[Fit], min_days: int) -> list[list[int]]:
    """First day of each new segment: the segmentation of least cost, found exactly.

    `fits`: of cells of as many searched days, which are searched side by side.
    """
    cost = segments.CountRates(
        np.array([fit.drops for fit in fits]), np.array([fit.exposure for fit in fits])
    )
    penalties = np.array([fit.penalty * fit.noise for fit in fits])
    n_days = len(fits[0].drops)
    return segments.starts_of(cost.errors, len(fits), n_days, penalty=penalties, least=min_days)


def _cost(fit: Fit) -> segments.CountRate:
    """Deviance of any stretch of the cell's days about its own rate."""
    return segments.CountRate().fit(np.column_stack([fit.drops, fit.exposure]))


def _at_likeliest(fit: Fit, min_days: int) -> Fit:
    """The fit with each change where its neighbours make it likeliest."""
    cost, starts, starts_before = _cost(fit), list(fit.starts), [-1]
    while starts != starts_before:
        starts_before = starts.copy()
        for i in range(len(starts)):
            edges = (0, *starts, len(fit.drops))
            first, profile = _profile(cost, edges[i], edges[i + 2], min_days)
            starts[i] = first + int(np.argmin(profile))
    return replace(fit, starts=tuple(starts))


def _profile(cost: segments.CountRate, left: int, right: int, min_days: int) -> tuple[int, Floats]:
    """First possible start of a segment in days [left, right), and the deviance of each start."""
    starts = np.arange(left + min_days, right - min_days + 1)
    before, after = cost.errors(np.array([left]), starts), cost.errors(starts, right)
    return left + min_days, before + after


def _likely_starts(fit: Fit, min_days: int) -> Iterator[tuple[int, int]]:
    """First and last of the likeliest starts of each change that together hold 90 %.

    Each start's probability is its share of the profile likelihood; a flat prior over places.
    """
    cost = _cost(fit)
    for left, _, right in zip(fit.edges, fit.edges[1:], fit.edges[2:], strict=False):
        first, profile = _profile(cost, left, right, min_days)
        # phi, not noise: the days next to a start decide, and what they share cancels
        likelihood = np.exp((profile.min() - profile) / (2 * fit.phi))
        likeliest = np.argsort(-likelihood, kind="stable")
        cumulated = np.cumsum(likelihood[likeliest]) / likelihood.sum()
        likely_starts = likeliest[: int(np.searchsorted(cumulated, 0.9)) + 1]
        yield first + int(likely_starts.min()), first + int(likely_starts.max())


# --- how large a change is, and how small a one could be seen ---------------------------------


def _drops(fit: Fit) -> Floats:
    """Drops of each segment, (segment,)."""
    # half a drop keeps the ratio of an empty segment finite
    return np.maximum(segment_sums(fit, fit.drops), 0.5)


def _counterfactual(fit: Fit) -> Floats:
    """Drops of each segment but the first, had the rate before it lasted, (change,)."""
    exposure = segment_sums(fit, fit.exposure)
    return _drops(fit)[:-1] / exposure[:-1] * exposure[1:]


def _log_ratios(fit: Fit) -> tuple[Floats, Floats]:
    """Log of each change's ratio and its standard deviation, by the delta method; (change,)."""
    drops, n_days = _drops(fit), np.diff(fit.edges)
    # of the log of each segment's drops: the variance of the drops over their square
    variance = fit.phi * inflation(fit.rho, n_days) / drops
    return np.log(drops[1:] / _counterfactual(fit)), np.sqrt(variance[1:] + variance[:-1])


def _min_visible_ratio(
    before: float, after: float, noise: float, penalty: float, min_ratio: float
) -> float:
    """Smallest rise whose expected gain in likelihood pays its penalty; NaN = above a thousandfold.

    `before`: drops of the old segment; `after`: drops expected in the new one, had nothing changed.
    With a rise of R the drops after are R `after`, and a common rate is
    m = (before + R after) / (before + after); R solves
    `2 (R after log(R / m) - before log m) / noise = penalty`, and is at least `min_ratio`. A rise
    of that size is seen about every other time.
    """

    def shortfall(log_ratio: float) -> float:
        risen = after * np.exp(log_ratio)
        log_common = np.log((before + risen) / (before + after))
        gain = 2 * (risen * (log_ratio - log_common) - before * log_common) / noise
        return float(penalty - gain)

    # no drops, or no noise because of no drops: nothing to compare a rise with
    if not (before > 0 and after > 0 and noise > 0) or shortfall(np.log(LARGEST_RATIO)) > 0:
        return float("nan")
    root = brentq(shortfall, 0.0, np.log(LARGEST_RATIO))
    return max(min_ratio, float(np.exp(root)))


# --- tables -----------------------------------------------------------------------------------


def _visibility(cube: xr.Dataset, fits: list[Fit], min_ratio: float) -> pd.DataFrame:
    """One row a cell, as `Search.visibility`."""
    rows = [
        {
            "cell_id": cell_id,
            "n_days_searched": len(fit.drops),
            "phi": fit.phi,
            "rho": fit.rho,
            "min_visible_ratio": _visible_halfway(fit, min_ratio),
            "refused": fit.refused,
        }
        for cell_id, fit in zip(cube["cell_id"].to_numpy(), fits, strict=True)
    ]
    return pd.DataFrame(rows, columns=list(_VISIBILITY_TYPES)).astype(_VISIBILITY_TYPES)


def _visible_halfway(fit: Fit, min_ratio: float) -> float:
    """The smallest visible rise in the middle of a cell's drops; NaN = none."""
    half = float(fit.drops.sum()) / 2
    return _min_visible_ratio(half, half, fit.noise, fit.penalty, min_ratio)


def _changes(cube: xr.Dataset, fits: list[Fit], min_ratio: float, min_days: int) -> pd.DataFrame:
    """The rows of changes of all cells, as `Search.changes`."""
    cell_ids, edges = cube["cell_id"].to_numpy(), _day_edges(cube)
    prb = _floats(cube, "bh_prb_dl_util_pct")
    parts = []
    for i, fit in enumerate(fits):
        if fit.starts:
            day_edges = pd.DatetimeIndex(edges[i], tz="UTC")
            rows = _cell_changes(fit, day_edges, prb[i], min_ratio, min_days)
            parts.append(rows.assign(cell_id=cell_ids[i]))
    table = pd.concat(parts) if parts else pd.DataFrame(columns=list(_CHANGE_TYPES))
    table = table[list(_CHANGE_TYPES)].astype(_CHANGE_TYPES)
    return table.sort_values(["cell_id", "change_utc"], ignore_index=True)


def _cell_changes(
    fit: Fit, day_edges: pd.DatetimeIndex, prb: Floats, min_ratio: float, min_days: int
) -> pd.DataFrame:
    """Rows of one cell's changes.

    `day_edges`: start of each day of the cube and the end of the last. `prb`: busy-hour PRB in % of
    each day of the cube, NaN = unknown.
    """
    day, starts = fit.series.day, np.array(fit.starts)
    likely = np.array(list(_likely_starts(fit, min_days)))
    drops, counterfactual = _drops(fit), _counterfactual(fit)
    log_ratio, sd = _log_ratios(fit)
    ratio, low, high = (np.exp(log_ratio + z * sd) for z in (0.0, -Z90, Z90))
    prb_before, prb_after = _beside(fit, prb[day])
    attempts_before, attempts_after = _beside(fit, fit.series.attempts)
    change_utc = day_edges[day[starts]]
    return pd.DataFrame(
        {
            "change_utc": change_utc,
            # a step at noon leaves half a day on either side, a gap may hide it altogether
            "change_lo_utc": day_edges[day[likely[:, 0] - 1]],
            "change_hi_utc": day_edges[day[likely[:, 1]] + 1],
            "until_utc": change_utc[1:].append(day_edges[day[-1:] + 1]),
            "direction": np.where(log_ratio > 0, "up", "down"),
            "ratio": ratio,
            "ratio_lo": low,
            "ratio_hi": high,
            "drops_excess": drops[1:] - counterfactual,
            "drops_excess_lo": drops[1:] * (1 - 1 / low),
            "drops_excess_hi": drops[1:] * (1 - 1 / high),
            "min_visible_ratio": [
                _min_visible_ratio(before, after, fit.noise, fit.penalty, min_ratio)
                for before, after in zip(drops[:-1], counterfactual, strict=True)
            ],
            "prb_before_pct": prb_before,
            "prb_after_pct": prb_after,
            "attempts_before": attempts_before,
            "attempts_after": attempts_after,
            "method_version": METHOD_VERSION,
        }
    )


def _beside(fit: Fit, per_day: Floats) -> tuple[list[float], list[float]]:
    """Means over up to `BESIDE_DAYS` days of the old and of the new segment, per change."""
    before, after = [], []
    for left, start, right in zip(fit.edges, fit.edges[1:], fit.edges[2:], strict=False):
        before.append(_mean(per_day[max(left, start - BESIDE_DAYS) : start]))
        after.append(_mean(per_day[start : min(right, start + BESIDE_DAYS)]))
    return before, after


def _mean(values: Floats) -> float:
    known_values = values[~np.isnan(values)]
    return float(known_values.mean()) if len(known_values) else float("nan")


def _day_edges(cube: xr.Dataset) -> Instants:
    """Start of each day and the end of the last, shape (cell, n_days + 1)."""
    start = cube["day_start_utc"].transpose("cell", "day").to_numpy().astype("datetime64[us]")
    return np.concatenate([start, start[:, -1:] + np.timedelta64(24, "h")], axis=1)


def by_day(counters: xr.Dataset, settings: Settings, client: Client, progress: Progress) -> Search:
    """The daily search over all series of a cube, on the workers; the same for any chunks.

    `counters`: as of `search`, with one cell or more. `settings`: section [changes] limits what is
    reported. `client`: the Dask cluster to give tasks to. `progress`: whom to show how many tasks
    are done. Raises ValueError as `search` does.
    """
    starts = range(0, counters.sizes["cell"], CELLS_A_TASK)
    parts = [counters.isel(cell=slice(start, start + CELLS_A_TASK)) for start in starts]
    limits = settings.changes
    task = partial(search, min_ratio=limits.min_ratio, min_days=limits.min_days)
    answers = each(client, task, parts, label="searching days", progress=progress)
    return Search(
        pd.concat([answer.changes for answer in answers], ignore_index=True),
        pd.concat([answer.visibility for answer in answers], ignore_index=True),
    )
