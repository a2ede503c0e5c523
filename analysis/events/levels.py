"""When did the daily level of a KPI change: of throughput, traffic, users, load or capacity?

A level is searched on the log scale: a day is its segment's mean plus noise with memory. What comes
again each week, and what all cells do on the same day, is taken out before. Many cells are searched
at once by the exact search of `changes.segments`; only cells in which something changed are then
looked at one by one.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from analysis.arrays import Floats, Indices
from analysis.changes import segments
from analysis.uncertainty.intervals import Z90, inflation

LEAST_DAYS = 14
"""Known days without which a cell is not searched."""
LEAST_CELLS = 30
"""Cells from which on what all do on a day is taken out; of fewer it can't be told apart."""
PENALTY_PER_LOG_DAY = 4.0
# no day is known better: rounding, and days of which an hour is missing
_LEAST_SD = 0.01
_SD_OF_MAD = 1.4826
_BURST_SD = 3.0
_WEEKS_OF_A_PROFILE = 3


@dataclass(frozen=True)
class Limits:
    """What a change must reach to be reported."""

    min_ratio: float
    """Ratio, or its inverse."""
    min_days: int
    """Known days that a segment lasts at least."""
    min_sd: float
    """Standard deviations of the log ratio from 0."""


@dataclass(frozen=True)
class Fit:
    """One cell's segments: levels of its known days, new at each of `starts`."""

    day: Indices
    """Place of each known day in the calendar."""
    level: Floats
    """Log of each day, weeks and network taken out, bursts cut."""
    starts: tuple[int, ...] = ()
    """First day of each segment but the first, as a place in these arrays."""
    sd: float = np.nan
    """Of a day's noise."""
    rho: float = np.nan
    """Correlation of a day with the next, 0 to .8."""
    refused: str = ""
    """Why the cell is not searched; "" = it is."""

    @property
    def edges(self) -> tuple[int, ...]:
        """Start of each segment, and the end of the last."""
        return (0, *self.starts, len(self.level))

    @property
    def noise(self) -> float:
        """Variance of a sum over many days, a day."""
        return self.sd**2 * (1 + self.rho) / (1 - self.rho)

    @property
    def penalty(self) -> float:
        """Squares over the noise that pay for one more segment."""
        return float(PENALTY_PER_LOG_DAY * np.log(max(len(self.level), 1)))


def without_weeks_and_network(values: Floats, *, has_network: bool) -> Floats:
    """Log levels less each cell's weekly profile and less what the network does on the day.

    `values`: of each cell and day, (cell, day), above 0; NaN or 0 = not known. `has_network`:
    whether cells are held against their network, which takes 30 cells. The profile is the median,
    over weeks, of a weekday against the week around it; under three weeks there is none.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        level = np.where(values > 0, np.log(values), np.nan)
    if has_network and len(level) >= LEAST_CELLS:
        level = level - _of_all(level)
    return level - _weekly_profile(level)


def _of_all(level: Floats) -> Floats:
    """What the typical cell does from day to day, (day,); a median, so that few can't move it."""
    is_known = np.isfinite(level)
    usual = _median(np.where(is_known.any(axis=1, keepdims=True), level, 0.0), axis=1)
    return np.nan_to_num(_median(level - usual[:, None], axis=0))


def _weekly_profile(level: Floats) -> Floats:
    """Each day's part of the cell's usual week, (cell, day)."""
    n_cells, n_days = level.shape
    profile = np.zeros((n_cells, n_days))
    # of few weeks a step would be taken for a weekday
    if n_days < 7 * _WEEKS_OF_A_PROFILE:
        return profile
    around = np.lib.stride_tricks.sliding_window_view(level, 7, axis=1).mean(axis=2)
    apart = np.full((n_cells, n_days), np.nan)
    apart[:, 3 : n_days - 3] = level[:, 3 : n_days - 3] - around
    weekdays = np.arange(n_days) % 7
    for weekday in range(7):
        of_weekday = apart[:, weekdays == weekday]
        is_usual = np.isfinite(of_weekday).sum(axis=1) >= _WEEKS_OF_A_PROFILE - 1
        part = np.where(is_usual, np.nan_to_num(_median(of_weekday, axis=1)), 0.0)
        profile[:, weekdays == weekday] = part[:, None]
    return profile


def _median(values: Floats, axis: int) -> Floats:
    """Median of what is known; NaN = nothing is."""
    is_known = np.isfinite(values).any(axis=axis)
    filled = np.where(np.expand_dims(is_known, axis), values, 0.0)
    return np.where(is_known, np.nanmedian(filled, axis=axis), np.nan)


def fits(levels: Floats, limits: Limits) -> list[Fit]:
    """The segments of each cell, each change large and certain enough, in the order of cells.

    `levels`: as of `without_weeks_and_network`, (cell, day). `limits`: of what is reported.
    """
    is_known = np.isfinite(levels)
    rows = [
        Fit(day := np.flatnonzero(known), level[day])
        for level, known in zip(levels, is_known, strict=True)
    ]
    searched = [i for i, fit in enumerate(rows) if len(fit.day) >= LEAST_DAYS]
    clean = {i: _without_bursts(rows[i], limits.min_days) for i in searched}
    # twice: the first segments take the steps out of the noise, the second are judged by it
    for _ in range(2):
        clean = _segmented(clean, levels.shape[1], limits.min_days)
    for i, fit in enumerate(rows):
        few = f"too little data: {len(fit.day)} known days, {LEAST_DAYS} are needed"
        rows[i] = _without_weak(clean[i], limits) if i in clean else replace(fit, refused=few)
    return rows


def _segmented(clean: dict[int, Fit], n_days: int, min_days: int) -> dict[int, Fit]:
    """The fits with the segments of least cost, and their noise; all cells at once."""
    if not clean:
        return clean
    dense = np.full((len(clean), n_days), np.nan)
    for row, fit in zip(dense, clean.values(), strict=True):
        row[fit.day] = fit.level / np.sqrt(fit.noise)
    cost = _KnownMean(dense, min_days)
    penalties = np.array([fit.penalty for fit in clean.values()])
    days = segments.starts_of(cost.errors, len(clean), n_days, penalty=penalties, least=min_days)
    fitted = {}
    for (i, fit), starts in zip(clean.items(), days, strict=True):
        # a segment that begins in a gap begins on the first known day after it
        places = np.searchsorted(fit.day, starts)
        fitted[i] = _with_noise(replace(fit, starts=tuple(int(place) for place in places)))
    return fitted


class _KnownMean:
    """Squares of the known days of a stretch about their mean; inf = too few days are known."""

    def __init__(self, levels: Floats, least: int) -> None:
        known = np.isfinite(levels)
        filled = np.where(known, levels, 0.0)
        self._least = least
        self._sums = [_running(each) for each in (known.astype(float), filled, filled**2)]

    def errors(self, start: Indices, end: int) -> Floats:
        n, total, square = (sums[:, end, None] - sums[:, start] for sums in self._sums)
        spread = square - total**2 / np.maximum(n, 1.0)
        return np.where(n >= self._least, spread, np.inf)


def _running(values: Floats) -> Floats:
    return np.concatenate([np.zeros((len(values), 1)), np.cumsum(values, axis=1)], axis=1)


# --- noise ------------------------------------------------------------------------------------


def _without_bursts(fit: Fit, min_days: int) -> Fit:
    """The fit of one segment, each day kept within 3 sd of the median of the days around it."""
    sd, _ = _noise_of_pairs(fit.level)
    reach = min_days - 1
    padded = np.pad(fit.level, reach, mode="reflect")
    around = np.median(np.lib.stride_tricks.sliding_window_view(padded, 2 * reach + 1), axis=1)
    level = np.clip(fit.level, around - _BURST_SD * sd, around + _BURST_SD * sd)
    sd, rho = _noise_of_pairs(level)
    return replace(fit, level=level, sd=sd, rho=rho)


def _noise_of_pairs(level: Floats) -> tuple[float, float]:
    """`sd` and `rho` from days three and one apart, before any change is known."""
    far, near = (_sd_of_jumps(level[lag:] - level[:-lag]) for lag in (3, 1))
    sd = max(far, _LEAST_SD)
    return sd, _plausible(1 - (near / sd) ** 2)


def _sd_of_jumps(jumps: Floats) -> float:
    return float(_SD_OF_MAD * np.median(np.abs(jumps - np.median(jumps))) / np.sqrt(2))


def _plausible(rho: float) -> float:
    # negative ones are chance, and above .8 two months no longer separate memory from changes
    return float(np.clip(rho, 0.0, 0.8))


def _with_noise(fit: Fit) -> Fit:
    """The fit with `sd` and `rho` of its residuals; each mean that is fitted costs freedom."""
    n, n_fitted = len(fit.level), len(fit.starts) + 1
    residual = fit.level - np.repeat(_means(fit), np.diff(fit.edges))
    squares = float(residual @ residual)
    is_next = np.diff(fit.day) == 1
    product = float((residual[1:] * residual[:-1] * is_next).sum()) / max(is_next.sum(), 1)
    correlation = product / max(squares / n, 1e-12)
    # each mean fitted lowers the correlation by about (1 + 3 rho) / n
    rho = _plausible((correlation * n + n_fitted) / max(n - 3 * n_fitted, 1))
    n_free = max(n - n_fitted * (1 + rho) / (1 - rho), n / 2)
    return replace(fit, sd=max(np.sqrt(squares / n_free), _LEAST_SD), rho=rho)


def _means(fit: Fit) -> Floats:
    """Mean level of each segment, (segment,)."""
    totals = np.diff(np.concatenate([[0.0], np.cumsum(fit.level)])[list(fit.edges)])
    return np.asarray(totals / np.diff(fit.edges))


# --- changes of one cell ----------------------------------------------------------------------


def _without_weak(fit: Fit, limits: Limits) -> Fit:
    """Drop the weakest change and refit the rest until each is large and certain enough."""
    while fit.starts:
        fit = _with_noise(_at_likeliest(fit, limits.min_days))
        shift, sd = log_ratios(fit)
        sds = np.abs(shift) / sd
        is_weak = (sds < limits.min_sd) | (np.abs(shift) < np.log(limits.min_ratio))
        if not is_weak.any():
            break
        weakest = int(np.argmin(np.where(is_weak, sds, np.inf)))
        fit = replace(fit, starts=fit.starts[:weakest] + fit.starts[weakest + 1 :])
    return _with_noise(fit)


def _at_likeliest(fit: Fit, min_days: int) -> Fit:
    """The fit with each change where its neighbours make it likeliest."""
    starts, starts_before = list(fit.starts), [-1]
    while starts != starts_before:
        starts_before = starts.copy()
        for i in range(len(starts)):
            edges = (0, *starts, len(fit.level))
            first, profile = _profile(fit.level, edges[i], edges[i + 2], min_days)
            starts[i] = first + int(np.argmin(profile))
    return replace(fit, starts=tuple(starts))


def _profile(level: Floats, left: int, right: int, min_days: int) -> tuple[int, Floats]:
    """First possible start of a segment in days [left, right), and the squares of each start."""
    first = min(left + min_days, right - 1)
    starts = np.arange(first, max(right - min_days, first) + 1)
    total, square = (np.concatenate([[0.0], np.cumsum(x[left:right])]) for x in (level, level**2))
    n = starts - left
    before = square[n] - total[n] ** 2 / n
    after = square[-1] - square[n] - (total[-1] - total[n]) ** 2 / (right - starts)
    return first, before + after


def log_ratios(fit: Fit) -> tuple[Floats, Floats]:
    """Log of each change's ratio and its standard deviation, (change,).

    `fit`: of one cell. The noise of a sum of n days with memory is `inflation` times that of n
    days without.
    """
    n_days = np.diff(fit.edges)
    variance = fit.sd**2 * inflation(fit.rho, n_days) / n_days
    return np.diff(_means(fit)), np.sqrt(variance[1:] + variance[:-1])


def likely_starts(fit: Fit, min_days: int) -> Iterator[tuple[int, int]]:
    """First and last of the likeliest starts of each change that together hold 90 %.

    `fit`: of one cell. `min_days`: that a segment lasts at least. Each start's probability is its
    share of the profile likelihood; a flat prior over places.
    """
    for left, _, right in zip(fit.edges, fit.edges[1:], fit.edges[2:], strict=False):
        first, profile = _profile(fit.level, left, right, min_days)
        likelihood = np.exp((profile.min() - profile) / (2 * fit.sd**2))
        likeliest = np.argsort(-likelihood, kind="stable")
        cumulated = np.cumsum(likelihood[likeliest]) / likelihood.sum()
        likely = likeliest[: int(np.searchsorted(cumulated, 0.9)) + 1]
        yield first + int(likely.min()), first + int(likely.max())


def visible_ratio(fit: Fit, n_before: float, n_after: float, limits: Limits) -> float:
    """Smallest rise that pays its penalty and is certain enough between two stretches.

    `fit`: of one cell. `n_before`, `n_after`: known days on each side. `limits`: of what is
    reported. A rise of that size is seen about every other time.
    """
    if not (n_before > 0 and n_after > 0) or np.isnan(fit.sd):
        return float("nan")
    sd = np.sqrt(fit.noise * (1 / n_before + 1 / n_after))
    needed = max(np.sqrt(fit.penalty), limits.min_sd) * sd
    return float(np.exp(max(np.log(limits.min_ratio), needed)))


def ends_of(fit: Fit) -> tuple[Floats, Floats, Floats]:
    """Ratio of each change and the ends of its 90 % interval, (change,).

    `fit`: of one cell.
    """
    shift, sd = log_ratios(fit)
    ratio, low, high = (np.exp(shift + z * sd) for z in (0.0, -Z90, Z90))
    return ratio, low, high
