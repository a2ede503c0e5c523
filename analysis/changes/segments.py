"""When did a series change? Dated changes in one series or in many, with one default for all.

The only door to ruptures. A segment is as good as its mean or, for a price, as its straight line
explains it (docs/methods.md 4); the segmentation of least total cost is found exactly, by ruptures
where it is fast enough and by a plain dynamic programme over all starts at once elsewhere.

On stationary noise the default takes memory for changes; `noise="ar1"` does not. What each reaches
on public series, and how often each alarms on noise alone, stands in docs/accuracy/attribution.md.
"""

from collections.abc import Callable
from typing import Literal, Self

import numpy as np
import numpy.typing as npt
from ruptures import Pelt
from ruptures.base import BaseCost
from scipy.special import xlogy

from analysis.arrays import Floats, Indices

# price of one more segment, and of a line in place of a mean, times the log of the points
PENALTY_PER_LOG_POINT, LINE_PER_LOG_POINT = 5.0, 3.0
MIN_POINTS = 5
# ruptures calls Python once a pair of points: 70 to 110 ms here, growing with the square
RUPTURES_POINTS = 100
_SD_OF_MAD = 1.4826

Noise = Literal["white", "ar1"]
Costs = Callable[[Indices, int], Floats]


def segment(values: npt.ArrayLike, *, noise: Noise = "white") -> list[int]:
    """Index of the first observation of each new segment, ascending; none = no change.

    `values`: shape (n,), equally spaced, NaN = a gap, bridged by a straight line. Segments last 5
    points or more. `noise`: "ar1" where neighbouring points may remember each other, at the price
    of missing small changes. Raises ValueError where `values` is no series of finite numbers.

    >>> segment([1.0, 1.1, 0.9] * 5 + [2.0, 2.1, 1.9] * 5)
    [15]
    """
    series = _one_series(values)
    scaled = _scaled(series, noise) if len(series) >= 2 * MIN_POINTS else None
    if scaled is None:
        return []
    n = len(scaled)
    penalty, cost = PENALTY_PER_LOG_POINT * np.log(n), MeanOrLine().fit(scaled)
    if n > RUPTURES_POINTS:
        return starts_of(cost.errors, 1, n, penalty=penalty, least=MIN_POINTS)[0]
    return ruptures_starts(cost, n, penalty=penalty, least=MIN_POINTS)


def segment_many(values: npt.ArrayLike, *, noise: Noise = "white") -> list[list[int]]:
    """What `segment` says of each row of `values`, shape (series, time), much faster for many.

    `noise`: as of `segment`. Raises ValueError for values of another shape, or where `segment`
    does.
    """
    rows = np.asarray(values, np.float64)
    if rows.ndim != 2:
        msg = f"values have shape {rows.shape}; make it (series, time)"
        raise ValueError(msg)
    starts: list[list[int]] = [[] for _ in rows]
    if rows.shape[1] < 2 * MIN_POINTS:
        return starts
    scaled = {
        i: s for i, row in enumerate(rows) if (s := _scaled(_one_series(row), noise)) is not None
    }
    if scaled:
        stack, n = np.array(list(scaled.values())), rows.shape[1]  # (series, time)
        penalty, cost = PENALTY_PER_LOG_POINT * np.log(n), MeanOrLine().fit(stack.T)
        of_scaled = starts_of(cost.errors, len(stack), n, penalty=penalty, least=MIN_POINTS)
        for i, days in zip(scaled, of_scaled, strict=True):
            starts[i] = days
    return starts


# --- the exact search -------------------------------------------------------------------------


def starts_of(
    costs: Costs, n_series: int, n: int, *, penalty: float | Floats, least: int
) -> list[list[int]]:
    """Starts of each series' segments but the first, at least total cost plus penalties.

    `costs(start, end)`: of stretches [start, end), shape (n_series, n_starts). `n_series`: how many
    series. `n`: points of each series. `penalty`: price of one more segment, one for all or one a
    series. `least`: points of a segment at least. All starts that leave `least` points are weighed
    at every end (Jackson 2005), so the answer is the best there is.
    """
    # best total cost of the points before each end, and the start of the last segment there
    best = np.full((n_series, n + 1), np.inf)
    best[:, 0] = -penalty
    origin = np.zeros((n_series, n + 1), np.intp)
    for end in range(least, n + 1):
        start = np.arange(end - least + 1)
        total = best[:, : len(start)] + costs(start, end)
        origin[:, end] = total.argmin(axis=1)
        best[:, end] = np.take_along_axis(total, origin[:, end, None], axis=1)[:, 0] + penalty
    return [_walked_back(row) for row in origin]


def _walked_back(origin: Indices) -> list[int]:
    """Starts, ascending, by following each segment's start from the end."""
    starts, end = list[int](), len(origin) - 1
    while end := int(origin[end]):
        starts.append(end)
    return starts[::-1]


def ruptures_starts(cost: BaseCost, n: int, *, penalty: float, least: int) -> list[int]:
    """The same of one series by ruptures' Pelt.

    `cost`: fitted to the series. `n`, `penalty`, `least`: as of `starts_of`.

    Pelt prunes a start whose cost exceeds the best by the penalty, which is wrong where min_size >
    jump. A stretch that costs `slack` less under a penalty of `slack` more leaves every comparison
    as it was and keeps every start: no stretch costs more than the whole.
    """
    slack = float(cost.error(0, n))
    search = Pelt(custom_cost=_Cheaper(cost, slack), min_size=least, jump=1)
    search.fit(cost.signal)
    return [int(start) for start in search.predict(pen=penalty + slack)[:-1]]


class _Cheaper(BaseCost):  # type: ignore[misc]  # ruptures ships no types
    """A cost that is `slack` less for every stretch."""

    model = "cheaper"
    min_size = 1

    def __init__(self, cost: BaseCost, slack: float) -> None:
        self._cost, self._slack = cost, slack

    def fit(self, signal: Floats) -> Self:
        self.signal = signal
        return self

    def error(self, start: int, end: int) -> float:
        return float(self._cost.error(start, end)) - self._slack


class MeanOrLine(BaseCost):  # type: ignore[misc]  # ruptures ships no types
    """Squares about the mean, or about the least-squares line plus its price, if that is less.

    Signal: shape (n,), or (n, n_series) for many at once; `error` speaks of the first of them.
    """

    model = "mean_or_line"
    min_size = 2

    def fit(self, signal: Floats) -> Self:
        """The cost, ready for stretches of `signal`, shape (n,) or (n, n_series), without NaN."""
        self.signal = np.asarray(signal, np.float64).reshape(len(signal), -1)
        self._price = LINE_PER_LOG_POINT * np.log(len(signal))
        values, time = self.signal.T, np.arange(len(signal), dtype=np.float64)
        self._sums = tuple(_running(x) for x in (values, values**2, values * time))
        return self

    def error(self, start: int, end: int) -> float:
        """Cost of points `start` to `end` - 1 of the first series."""
        return float(self.errors(np.array([start]), end)[0, 0])

    def errors(self, start: Indices, end: int) -> Floats:
        """Cost of each stretch [start, end), shape (n_series, n_starts).

        `start`: first points, (n_starts,). `end`: the point after each stretch.
        """
        total, square, moment = (sums[:, end, None] - sums[:, start] for sums in self._sums)
        n = (end - start).astype(np.float64)
        # mean of the times start ... end - 1, and the sum of their squares about it
        middle, spread = (start + end - 1) / 2, np.maximum(n * (n**2 - 1) / 12, 1e-9)
        about_mean = square - total**2 / n
        explained = (moment - middle * total) ** 2 / spread
        return np.asarray(about_mean - np.maximum(explained - self._price, 0.0))


class CountRate(BaseCost):  # type: ignore[misc]  # ruptures ships no types
    """Poisson deviance of a stretch of counts about its own rate per exposure.

    It is `-2 D log(D / E)`, as docs/methods.md 5.8 has it, plus what is the same for every
    segmentation. Signal: shape (n, 2), counts and exposure.
    """

    model = "count_rate"
    min_size = 1

    def fit(self, signal: Floats) -> Self:
        """The cost, ready for stretches of `signal`, shape (n, 2), counts and exposure above 0."""
        self.signal = signal
        counts, exposure = signal.T
        saturated = xlogy(counts, counts / exposure)
        self._sums = _running(np.array([counts, exposure, saturated]))
        return self

    def error(self, start: int, end: int) -> float:
        """Cost of points `start` to `end` - 1."""
        return float(self.errors(np.array([start]), end)[0])

    def errors(self, start: Indices, end: Indices | int) -> Floats:
        """Cost of each stretch [start, end).

        `start`: first points; `end`: the points after each stretch, one or one a stretch.
        """
        counts, exposure, saturated = self._sums[:, np.atleast_1d(end)] - self._sums[:, start]
        return np.asarray(2 * (saturated - xlogy(counts, counts / exposure)))


class CountRates:
    """`CountRate` of many series of as many points, one row each."""

    def __init__(self, counts: Floats, exposure: Floats) -> None:
        """Ready for stretches of `counts` and `exposure`, shape (n_series, n), exposure above 0."""
        saturated = xlogy(counts, counts / exposure)
        self._sums = tuple(_running(x) for x in (counts, exposure, saturated))

    def errors(self, start: Indices, end: int) -> Floats:
        """Cost of each stretch [start, end), shape (n_series, n_starts).

        `start`: first points, (n_starts,). `end`: the point after each stretch.
        """
        counts, exposure, saturated = (s[:, end, None] - s[:, start] for s in self._sums)
        return np.asarray(2 * (saturated - xlogy(counts, counts / exposure)))


def _running(values: Floats) -> Floats:
    """Sums of the points before each, (series, time + 1)."""
    return np.concatenate([np.zeros((len(values), 1)), np.cumsum(values, axis=1)], axis=1)


# --- one scale for any series -----------------------------------------------------------------


def _one_series(values: npt.ArrayLike) -> Floats:
    """One dimension of numbers, gaps bridged by straight lines; empty = nothing is known."""
    series = np.asarray(values, np.float64)
    if series.ndim != 1 or np.isinf(series).any():
        msg = f"a series of shape {series.shape}: give one dimension of finite numbers or NaN"
        raise ValueError(msg)
    is_known = ~np.isnan(series)
    if not is_known.any():
        return np.zeros(0)
    point = np.arange(len(series))
    return np.interp(point, point[is_known], series[is_known])


def _scaled(series: Floats, noise: Noise) -> Floats | None:
    """The series in units in which the penalties are meant; None = flat, nothing can change.

    White: units between the series' own sd and its noise, so that slow wandering is not cut into
    pieces. AR(1): units of the noise's long-run sd.
    """
    spread = series.std() if len(series) else 0.0
    if spread <= 1e-12 * max(1.0, np.abs(series).max(initial=0.0)):
        return None
    z = (series - series.mean()) / spread
    if noise == "ar1":
        return np.asarray(z / _long_run_sd(z))
    return np.asarray(z / np.sqrt(max(_noise_sd(z), 1e-3)))


def _noise_sd(z: Floats, lag: int = 1) -> float:
    """Sd of the noise from points `lag` apart, which hardly know of rare changes."""
    jumps = z[lag:] - z[:-lag]
    robust = _SD_OF_MAD * np.median(np.abs(jumps - np.median(jumps)))
    return float((robust if robust > 1e-9 else jumps.std()) / np.sqrt(2))


def _long_run_sd(z: Floats) -> float:
    """Sd that a sum of n points has over sqrt(n): for AR(1) of phi, sigma^2 (1 + phi) / (1 - phi).

    Points one apart vary by 2 sigma^2 (1 - phi), two apart by 2 sigma^2 (1 - phi^2).
    """
    near = max(_noise_sd(z), 1e-3)
    phi = float(np.clip((_noise_sd(z, lag=2) / near) ** 2 - 1, 0.0, 0.95))
    return near * np.sqrt(1 + phi) / (1 - phi)
