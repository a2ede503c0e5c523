"""Which hours of a cell may be judged, and how loaded was the cell in each?

docs/methods.md 5.0. Arrays have shape (cell, day, 24) by the cell's own clock; the two
hours that share a name when clocks go back are one.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import xarray as xr

from analysis.arrays import Flags, Floats, Indices
from analysis.attribution.offered import FULL_PCT, USUAL, Scale, offered

MIN_AVAILABILITY = 0.98
# an hour or a day is an incident where it drops so many times what is usual
INCIDENT_HOUR, INCIDENT_DAY = 10.0, 5.0


@dataclass(frozen=True)
class Hours:
    """Hours of some cells that may be judged, shape (cell, day, 24) but for `rest_day`."""

    attempts: Floats
    """Call attempts; 0 = the hour is left out."""
    drops: Floats
    """Dropped calls; 0 where the hour is left out."""
    prb: Floats
    """PRB in % of the fuller direction; NaN = left out."""
    load: Floats
    """Load in % that was offered to that direction, as of `offered`; NaN = left out."""
    scale: Scale
    """By which PRB stands for load."""
    is_uplink_fuller: Flags
    prb_per_traffic: tuple[Floats, Floats]
    """Log of PRB per own volume, users or attempts, the first of them that is counted; of downlink
    and of uplink. NaN = unknown, or PRB is full."""
    rest_day: Flags
    """Weekend or public holiday, shape (cell, day)."""


def hours_of(cube: xr.Dataset, scale: Scale = USUAL) -> Hours:
    """The hours of `cube` (as of `analysis.cube.of_cell_hours`) that may be judged.

    `scale`: by which PRB stands for load, as of `offered.learn_scale`.
    Attempts, drops and PRB are known, the cell is available, an outage is more than an hour away,
    and it is no incident of hours or of one day, which is no lasting change.
    """
    attempts, drops = cube["call_attempts"].to_numpy(), cube["dropped_calls"].to_numpy()
    prb_dl, prb_ul = cube["prb_dl_util_pct"].to_numpy(), cube["prb_ul_util_pct"].to_numpy()
    prb = np.fmax(prb_dl, prb_ul)
    is_known = (attempts > 0) & ~np.isnan(drops) & ~np.isnan(prb)
    is_usable = is_known & ~_near_outage(cube)
    has_room = is_usable & (prb < FULL_PCT)
    grid = _Grid.of(cube)

    def prb_per_traffic(way: str) -> Floats:
        log_ratio = _log(cube[f"prb_{way}_util_pct"].to_numpy()) - _log_traffic(cube, way)
        return grid.means(np.where(has_room, log_ratio, np.nan))

    day_attempts = grid.sums(np.where(is_usable, attempts, 0.0))
    day_drops = grid.sums(np.where(is_usable, drops, 0.0))
    is_sound = ~_incidents(day_attempts, day_drops)
    is_uplink_fuller = np.nan_to_num(prb_ul) > np.nan_to_num(prb_dl)
    rest_day = np.nan_to_num(grid.means(cube["rest_day"].to_numpy().astype(float)))
    day_prb = grid.means(np.where(is_usable, prb, np.nan))
    return Hours(
        attempts=day_attempts * is_sound,
        drops=day_drops * is_sound,
        prb=day_prb,
        load=offered(day_prb, day_attempts, scale),
        scale=scale,
        is_uplink_fuller=grid.means(is_uplink_fuller.astype(float)) > 0.5,
        prb_per_traffic=(prb_per_traffic("dl"), prb_per_traffic("ul")),
        rest_day=rest_day.max(axis=2) > 0,
    )


def _near_outage(cube: xr.Dataset) -> Flags:
    """Hours of outages, hours of low availability, and those next to them; (cell, hour)."""
    is_down = cube["outage"].to_numpy() | (cube["availability"].to_numpy() < MIN_AVAILABILITY)
    is_near = is_down.copy()
    is_near[:, 1:] |= is_down[:, :-1]
    is_near[:, :-1] |= is_down[:, 1:]
    return np.asarray(is_near)


def median(values: Floats, axis: int) -> Floats:
    """Median along `axis` over values that are not NaN, 0 where there is none.

    `values`: any shape, NaN = left out. Several times faster than `numpy.nanmedian`.

    >>> median(np.array([[1.0, np.nan, 4.0], [np.nan, np.nan, np.nan]]), axis=1).tolist()
    [2.5, 0.0]
    """
    n = (~np.isnan(values)).sum(axis=axis, keepdims=True)
    # NaN goes to the end
    ordered = np.sort(values, axis=axis)
    low, high = (
        np.take_along_axis(ordered, np.maximum(place, 0), axis) for place in ((n - 1) // 2, n // 2)
    )
    # without any value both are NaN
    return np.where(n > 0, (low + np.where(n > 0, high, 0.0)) / 2, 0.0).squeeze(axis)


def _log(values: Floats) -> Floats:
    return np.log(np.where(values > 0, values, np.nan))


def _log_traffic(cube: xr.Dataset, way: str) -> Floats:
    """Log volume of a direction if it is counted, else users, else attempts; (cell, hour)."""
    for name in (f"{way}_vol_kbit", "rrc_users_mean", "call_attempts"):
        if name in cube and (cube[name].to_numpy() > 0).any():
            return _log(cube[name].to_numpy())
    return np.full(cube["call_attempts"].shape, np.nan)


# --- incidents --------------------------------------------------------------------------------


def _incidents(attempts: Floats, drops: Floats) -> Flags:
    """Hours, and days, that drop many times what is usual: a core outage, a counter that jumped."""
    day_attempts, day_drops = attempts.sum(axis=2), drops.sum(axis=2)
    usual = _usual_rate(day_attempts, day_drops)
    is_bad_hour = _far_above(drops, INCIDENT_HOUR * usual[..., None] * attempts)
    is_bad_day = _far_above(day_drops, INCIDENT_DAY * usual * day_attempts)
    return is_bad_hour | is_bad_day[..., None]


def _usual_rate(attempts: Floats, drops: Floats) -> Floats:
    """Usual drop rate about each day; all (cell, day).

    It is the median of the five days about, which any change that lasts three days or more moves,
    and no less than the rate of all but the cell's worst three days.
    """
    rate = np.divide(drops, attempts, out=np.full_like(attempts, np.nan), where=attempts > 0)
    padded = np.pad(rate, ((0, 0), (2, 2)), constant_values=np.nan)
    near = median(np.lib.stride_tricks.sliding_window_view(padded, 5, axis=1), axis=2)
    better_days = np.argsort(drops, axis=1)[:, :-3]
    few_drops, calls = (
        np.take_along_axis(counts, better_days, axis=1).sum(axis=1) for counts in (drops, attempts)
    )
    return np.maximum(near, (few_drops / np.maximum(calls, 1.0))[:, None])


def _far_above(drops: Floats, most: Floats) -> Flags:
    # few drops scatter by chance: four standard deviations of a Poisson count, and six drops
    return np.asarray(drops > most + 4 * np.sqrt(most) + 6)


# --- the cell's own clock ---------------------------------------------------------------------


@dataclass(frozen=True)
class _Grid:
    """Where each (cell, hour) of a cube stands in (cell, day, 24)."""

    place: Indices
    """Index into the flattened grid, shape (cell, hour)."""
    shape: tuple[int, int, int]

    @classmethod
    def of(cls, cube: xr.Dataset) -> "_Grid":
        dates = cube["day_local"].transpose("cell", "hour").to_numpy().astype("datetime64[D]")
        clock = cube["hour_local"].transpose("cell", "hour").to_numpy().astype(np.intp)
        day = (dates - dates.min()).astype(np.intp)
        shape = (len(dates), int(day.max()) + 1, 24)
        cell = np.arange(len(dates))[:, None]
        return cls(np.ravel_multi_index((cell, day, clock), shape), shape)

    def sums(self, values: Floats) -> Floats:
        """Sum of (cell, hour) values over the hours of one name."""
        size = int(np.prod(self.shape))
        total = np.bincount(self.place.ravel(), values.ravel(), size)
        return total.astype(np.float64).reshape(self.shape)

    def means(self, values: Floats) -> Floats:
        """Mean of those that are not NaN; NaN = none."""
        is_known = ~np.isnan(values)
        n = self.sums(is_known.astype(float))
        total = self.sums(np.where(is_known, values, 0.0))
        return np.divide(total, n, out=np.full(self.shape, np.nan), where=n > 0)


def clock_of(cube: xr.Dataset) -> npt.NDArray[np.datetime64]:
    """Instant in UTC of each hour of `Hours` and of the end, shape (cell, 24 days + 1).

    `cube`: as of `hours_of`. An hour that clocks skip is the one that follows; one that is missing
    stands where it would.
    """
    grid = _Grid.of(cube)
    n_hours = grid.shape[1] * 24
    starts = cube["hour_start_utc"].to_numpy().astype("datetime64[ns]").astype(np.int64)
    places = grid.place - np.arange(grid.shape[0])[:, None] * n_hours
    if (places == places[0]).all():
        instants = _instants(places[0], starts, n_hours)
        return np.broadcast_to(instants, (grid.shape[0], n_hours + 1))
    return np.array([_instants(place, starts, n_hours) for place in places])


def _instants(
    place: Indices, starts: npt.NDArray[np.int64], n_hours: int
) -> npt.NDArray[np.datetime64]:
    """Instants of places 0 to `n_hours`; `place` of each of `starts`, both (hour,)."""
    nanoseconds, every_place = 3_600_000_000_000, np.arange(n_hours + 1)
    place, first = np.unique(place, return_index=True)
    # differences from the first: a float holds them to the nanosecond
    instants = np.interp(every_place, place, starts[first] - starts[0]).astype(np.int64) + starts[0]
    # before the first and after the last hour of the cube, hour by hour
    after = starts[-1] + nanoseconds * (every_place - place[-1])
    before = starts[0] - nanoseconds * (place[0] - every_place)
    instants = np.where(every_place > place[-1], after, instants)
    instants = np.where(every_place < place[0], before, instants)
    return instants.astype("datetime64[ns]")
