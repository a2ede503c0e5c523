"""How many more calls does a cell drop when it is fuller? Its curve, its knee, or no knee at all.

A curve says by what factor drops per attempt rise with load: none up to a knee, then up to a
height over a width. A cell's posterior over a shelf of such curves comes from how drops spread
over the hours of each day: what makes whole days better or worse, a fault as well, cancels. How
common each curve is, and how drops go with the hour of day, is learnt from the network
(empirical Bayes; Robbins 1956): most cells alone have too few drops to tell.

Arrays have shape (cell, day, 24) by the cell's own clock, NaN = not measured; the two hours that
share a name when clocks go back are one.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr

from analysis.arrays import Flags, Floats, Indices

METHOD_VERSION = "shelf-1"
MIN_AVAILABILITY = 0.98
FULL_PCT = 90.0
HARMONIC_SD = 0.08
ROUNDS = 2
# an hour or a day is no part of any level where it drops so many times what is usual
INCIDENT_HOUR, INCIDENT_DAY = 10.0, 5.0
PRIOR_CELLS = 400
# no drops at all up to here depend on load: one bin
_FIRST_EDGE, _LAST_EDGE, _BIN = 36.0, 126.0, 3.0
EDGES = np.arange(_FIRST_EDGE, _LAST_EDGE, _BIN)
CENTRES = np.concatenate([[_FIRST_EDGE - _BIN], EDGES + _BIN / 2])


# --- the shelf of curves ----------------------------------------------------------------------


def _shelf() -> tuple[Floats, Floats]:
    """Knee, width and height of each curve, shape (3, curve), and its log factor by load bin."""
    knees = np.arange(40.0, 111.0, 6.0)
    kinds = [(knee, width, height) for knee in knees for width in (14.0, 30.0)
             for height in (0.3, 0.6, 0.95, 1.35, 1.8)]  # fmt: skip
    kinds.insert(0, (np.inf, 1.0, 0.0))
    knee, width, height = np.array(kinds).T
    return np.array([knee, width, height]), height * np.clip(
        (CENTRES[:, None] - knee) / width, 0, 1
    )


SHELF, LOG_FACTOR = _shelf()
FACTOR = np.exp(LOG_FACTOR)
"""Factor on drops per attempt by load bin, shape (bin, curve); the first curve is flat."""


def stretched(prb_pct: Floats) -> Floats:
    """Load that PRB stands for: above 90 % the last points hide ever more that is asked for.

    The queue before a server filled to u grows as 1 / (1 - u).
    """
    hidden = np.clip((100.0 - prb_pct) / (100.0 - FULL_PCT), 0.03, 1.0)
    return np.asarray(np.minimum(prb_pct, FULL_PCT) - (100.0 - FULL_PCT) * np.log(hidden))


def shown(load: Floats) -> Floats:
    """PRB % that stands for a load; the inverse of `stretched`."""
    room = 100.0 - FULL_PCT
    return np.asarray(
        np.where(load <= FULL_PCT, load, 100 - room * np.exp((FULL_PCT - load) / room))
    )


def bins_of(load: Floats) -> Indices:
    """Row of FACTOR for each load; NaN goes to the first."""
    return np.searchsorted(EDGES, np.nan_to_num(load), side="right").astype(np.intp)


# --- hours ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Hours:
    """Usable hours of some cells, shape (cell, day, 24); attempts and drops are 0 elsewhere."""

    attempts: Floats
    drops: Floats
    load: Floats
    """Stretched PRB % of the fuller direction; NaN = unknown."""
    uplink: Flags
    """Whether uplink is the fuller direction."""
    efficiency: tuple[Floats, Floats]
    """Log PRB of downlink and of uplink per own volume, users or attempts, the first counted; NaN =
    unknown, or PRB is full."""
    rest: Flags
    """Rest days, shape (cell, day)."""


def hours_of(cube: xr.Dataset) -> Hours:
    """Step 0: the hours of `cube` (`analysis.cube.of_cell_hours`) that may be judged.

    Attempts, drops and load known, the cell available, an hour away from its own outages, and no
    incident of a few hours, which is no level.
    """
    down = cube["outage"].to_numpy() | (cube["availability"].to_numpy() < MIN_AVAILABILITY)
    near = down.copy()
    near[:, 1:] |= down[:, :-1]
    near[:, :-1] |= down[:, 1:]
    attempts, drops = cube["call_attempts"].to_numpy(), cube["dropped_calls"].to_numpy()
    dl, ul = cube["prb_dl_util_pct"].to_numpy(), cube["prb_ul_util_pct"].to_numpy()
    prb = np.fmax(dl, ul)
    usable = (attempts > 0) & ~np.isnan(drops) & ~np.isnan(prb) & ~near
    load, below = np.where(usable, stretched(prb), np.nan), usable & (prb < FULL_PCT)
    grid = _Grid.of(cube)

    def efficiency(way: str) -> Floats:
        used = _log(cube[f"prb_{way}_util_pct"].to_numpy()) - _log_demand(cube, way)
        return grid.means(np.where(below, used, np.nan))

    calls, dropped = (grid.sums(np.where(usable, of, 0.0)) for of in (attempts, drops))
    sound = ~_incidents(calls, dropped)
    return Hours(
        calls * sound,
        dropped * sound,
        grid.means(load),
        grid.means((np.nan_to_num(ul) > np.nan_to_num(dl)).astype(float)) > 0.5,
        (efficiency("dl"), efficiency("ul")),
        np.nan_to_num(grid.means(cube["rest_day"].to_numpy().astype(float))).max(axis=2) > 0,
    )


def _incidents(attempts: Floats, drops: Floats) -> Flags:
    """Hours, and days, that drop many times what is usual: a core outage, a counter that jumped.

    Usual is the median of the five days about, which any level of three days or more moves, and
    no less than the rate of all but the cell's worst three days.
    """
    calls, dropped = attempts.sum(axis=2), drops.sum(axis=2)
    rate = np.divide(dropped, calls, out=np.full_like(calls, np.nan), where=calls > 0)
    about = np.pad(rate, ((0, 0), (2, 2)), constant_values=np.nan)
    near = median(np.lib.stride_tricks.sliding_window_view(about, 5, axis=1), axis=2)
    rest = np.argsort(dropped, axis=1)[:, :-3]
    least, of = (np.take_along_axis(x, rest, axis=1).sum(axis=1) for x in (dropped, calls))
    usual = np.maximum(near, (least / np.maximum(of, 1.0))[:, None])
    hours = _far_above(drops, INCIDENT_HOUR * usual[..., None] * attempts)
    return hours | _far_above(dropped, INCIDENT_DAY * usual * calls)[..., None]


def _far_above(drops: Floats, most: Floats) -> Flags:
    # few drops scatter by chance
    return np.asarray(drops > most + 4 * np.sqrt(most) + 6)


@dataclass(frozen=True)
class _Grid:
    """Where each (cell, hour) of a cube stands in (cell, day, 24)."""

    flat: Indices
    shape: tuple[int, int, int]

    @classmethod
    def of(cls, cube: xr.Dataset) -> "_Grid":
        days = cube["day_local"].transpose("cell", "hour").to_numpy().astype("datetime64[D]")
        clock = cube["hour_local"].transpose("cell", "hour").to_numpy().astype(np.intp)
        day = (days - days.min()).astype(np.intp)
        shape = (len(days), int(day.max()) + 1, 24)
        return cls(np.ravel_multi_index((np.arange(len(days))[:, None], day, clock), shape), shape)

    def sums(self, values: Floats) -> Floats:
        size = int(np.prod(self.shape))
        total = np.bincount(self.flat.ravel(), values.ravel(), size)
        return total.astype(np.float64).reshape(self.shape)

    def means(self, values: Floats) -> Floats:
        known = ~np.isnan(values)
        n = self.sums(known.astype(float))
        total = self.sums(np.where(known, values, 0.0))
        return np.divide(total, n, out=np.full(self.shape, np.nan), where=n > 0)


def median(values: Floats, axis: int) -> Floats:
    """Median over known values, 0 where there is none; several times faster than nanmedian."""
    n = (~np.isnan(values)).sum(axis=axis, keepdims=True)
    ordered = np.sort(values, axis=axis)
    low, high = (
        np.take_along_axis(ordered, np.maximum(place, 0), axis) for place in ((n - 1) // 2, n // 2)
    )
    # without any value both are NaN
    return np.where(n > 0, (low + np.where(n > 0, high, 0.0)) / 2, 0.0).squeeze(axis)


def _log(values: Floats) -> Floats:
    return np.log(np.where(values > 0, values, np.nan))


def clock_of(cube: xr.Dataset) -> npt.NDArray[np.datetime64]:
    """Instant of each (day, hour) and of the end, shape (cell, 24 days + 1), in UTC.

    An hour that clocks skip is the one that follows, one that is missing stands where it would.
    """
    grid = _Grid.of(cube)
    n = grid.shape[1] * 24
    starts = cube["hour_start_utc"].to_numpy().astype("datetime64[ns]").astype(np.int64)
    places = grid.flat - np.arange(grid.shape[0])[:, None] * n
    if (places == places[0]).all():
        return np.broadcast_to(_instants(places[0], starts, n), (grid.shape[0], n + 1))
    return np.array([_instants(place, starts, n) for place in places])


def _instants(place: Indices, starts: npt.NDArray[np.int64], n: int) -> npt.NDArray[np.datetime64]:
    hour, at = 3_600_000_000_000, np.arange(n + 1)
    place, known = np.unique(place, return_index=True)
    out = np.interp(at, place, starts[known] - starts[0]).astype(np.int64) + starts[0]
    out = np.where(at > place[-1], starts[-1] + hour * (at - place[-1]), out)
    out = np.where(at < place[0], starts[0] - hour * (place[0] - at), out)
    return out.astype("datetime64[ns]")


def _log_demand(cube: xr.Dataset, way: str) -> Floats:
    """Log volume of a direction if it is counted, else users, else attempts."""
    for name in (f"{way}_vol_kbit", "rrc_users_mean", "call_attempts"):
        if name in cube and (cube[name].to_numpy() > 0).any():
            return _log(cube[name].to_numpy())
    return np.full(cube["call_attempts"].shape, np.nan)


# --- what the network knows -------------------------------------------------------------------


@dataclass(frozen=True)
class Prior:
    """What is known of a cell before it is looked at.

    `weights`: how common each curve of the shelf is. `by_hour`: drops per attempt by local hour
    over the day's mean, load's part taken out.
    """

    weights: Floats
    by_hour: Floats


FLAT = Prior(np.full(FACTOR.shape[1], 1 / FACTOR.shape[1]), np.ones(24))


def prior_of(hours: Hours, rounds: int = 3) -> Prior:
    """The prior of these cells, by expectation and maximisation over curves and hours in turn."""
    prior = FLAT
    for _ in range(rounds):
        found = respond(hours, prior)
        prior = Prior(_weights(found.log_likelihood), _by_hour(hours, found))
    return prior


def _weights(log_likelihood: Floats, rounds: int = 60) -> Floats:
    """Shares of the curves in the network that make what was seen likeliest."""
    likelihood = np.exp(log_likelihood - log_likelihood.max(axis=1, keepdims=True))
    weights = FLAT.weights
    for _ in range(rounds):
        posterior = likelihood * weights
        posterior /= posterior.sum(axis=1, keepdims=True)
        # a little of everything stays: the next month may bring what this one did not show
        weights = 0.95 * posterior.mean(axis=0) + 0.05 * FLAT.weights
    return weights


def _by_hour(hours: Hours, found: "Response") -> Floats:
    mean = found.mean_factor() * hours.attempts
    drops, day = hours.drops.sum(axis=2), mean.sum(axis=2)
    level = np.divide(drops, day, out=np.zeros_like(day), where=day > 0)
    expected = (level[..., None] * mean).sum(axis=(0, 1))
    # with few drops the hours are as good as alike
    return np.asarray((hours.drops.sum(axis=(0, 1)) + 100.0) / (expected + 100.0))


# --- each cell --------------------------------------------------------------------------------


@dataclass(frozen=True)
class Response:
    """What each cell is known to be like; K curves, B bins of load."""

    log_likelihood: Floats
    """Of each curve by the hours within days, shape (cell, K), scaled by the dispersion."""
    weights: Floats
    """Posterior of each curve, shape (cell, K)."""
    exposure: Floats
    """Attempts times the cell's own course over the day, shape (cell, day, 24)."""
    bins: Indices
    """Bin of load of each hour, shape (cell, day, 24)."""
    phi: Floats
    """Dispersion of an hour's drops, shape (cell,)."""

    def mean_factor(self) -> Floats:
        """Expected factor of load on the drop rate in each hour, shape (cell, day, 24)."""
        factor = self.weights @ FACTOR.T
        return np.take_along_axis(factor, self.bins.reshape(len(factor), -1), 1).reshape(
            self.bins.shape
        )


def respond(hours: Hours, prior: Prior) -> Response:
    """The posterior of each cell's curve."""
    waves = np.zeros((len(hours.drops), len(_WAVES)))
    phi, bins = np.full(len(waves), 1.5), bins_of(hours.load)
    found = _posterior(hours, hours.attempts * prior.by_hour, bins, phi, prior)
    for _ in range(ROUNDS):
        waves = waves + _own_course(hours, found, waves)
        course = prior.by_hour * np.exp(waves @ _WAVES)[:, None, :]
        phi = _hourly_dispersion(hours, found)
        found = _posterior(hours, hours.attempts * course, bins, phi, prior)
    return found


def _posterior(
    hours: Hours, exposure: Floats, bins: Indices, phi: Floats, prior: Prior
) -> Response:
    """Given each day's drops, they fall on its hours as exposure and the curve say."""
    n_cells, n_days, _ = exposure.shape
    n_bins = len(FACTOR)
    row = np.arange(n_cells * n_days).reshape(n_cells, n_days, 1) * n_bins + bins
    size = n_cells * n_days * n_bins
    per_bin = np.bincount(row.ravel(), exposure.ravel(), size).reshape(-1, n_bins)
    drops = np.bincount(row.ravel(), hours.drops.ravel(), size).reshape(n_cells, n_days, n_bins)
    expected = np.maximum(per_bin @ FACTOR, 1e-12).reshape(n_cells, n_days, -1)
    by_day = drops.sum(axis=2)
    raised = drops.sum(axis=1) @ LOG_FACTOR
    likelihood = raised - np.einsum("cd,cdk->ck", by_day, np.log(expected))
    likelihood = (likelihood - likelihood[:, :1]) / phi[:, None]
    weights = np.exp(likelihood - likelihood.max(axis=1, keepdims=True)) * prior.weights
    return Response(likelihood, weights / weights.sum(axis=1, keepdims=True), exposure, bins, phi)


def _shares(hours: Hours, found: Response) -> tuple[Floats, Floats]:
    """Share of each hour in its day's expected drops, and the day's drops."""
    mean = found.exposure * found.mean_factor()
    total = mean.sum(axis=2, keepdims=True)
    share = np.divide(mean, total, out=np.zeros_like(mean), where=total > 0)
    return share, hours.drops.sum(axis=2)


_ANGLE = 2 * np.pi * np.arange(24) / 24
_WAVES = np.array([f(k * _ANGLE) for k in (1, 2) for f in (np.cos, np.sin)])
_SQUARES = (_WAVES[:, None] * _WAVES[None]).reshape(-1, 24).T


def _own_course(hours: Hours, found: Response, waves: Floats) -> Floats:
    """One Newton step of how a cell's drop rate goes over the day beside the network's.

    Waves are drawn towards none as if each were known to be 0 +- .08; shape (cell, wave).
    """
    share, by_day = _shares(hours, found)
    expected = by_day[..., None] * share
    gradient = (hours.drops - expected).sum(axis=1) @ _WAVES.T
    seen = (expected.sum(axis=1) @ _SQUARES).reshape(-1, len(_WAVES), len(_WAVES))
    daily = share @ _WAVES.T * np.sqrt(by_day)[..., None]
    seen -= daily.transpose(0, 2, 1) @ daily
    known = np.eye(len(_WAVES)) / HARMONIC_SD**2 * found.phi[:, None, None]
    gradient -= waves / HARMONIC_SD**2 * found.phi[:, None]
    return np.asarray(np.linalg.solve(seen + known, gradient[..., None])[..., 0])


def _hourly_dispersion(hours: Hours, found: Response) -> Floats:
    """Pearson's chi-square of hours within days over its freedom, at least 1."""
    share, by_day = _shares(hours, found)
    expected = by_day[..., None] * share
    usable = expected > 0.05
    square = np.where(usable, (hours.drops - expected) ** 2 / np.where(usable, expected, 1.0), 0.0)
    free = np.where(usable, 1 - share, 0.0)
    return np.asarray(
        np.maximum(square.sum(axis=(1, 2)) / np.maximum(free.sum(axis=(1, 2)), 1), 1.0)
    )


# --- what is told -----------------------------------------------------------------------------

KNEE_P = 0.7
_TYPES = {
    "cell_id": "str",
    "knee_pct": "float64",
    "knee_lo_pct": "float64",
    "knee_hi_pct": "float64",
    "slope": "float64",
    "method_version": "str",
    "unsafe_reason": "str",
}


def table(
    names: npt.NDArray[np.object_], hours: Hours, found: Response, refused: npt.NDArray[np.str_]
) -> pd.DataFrame:
    """Rows of table `load_response`, without month; a knee where drops surely rise within reach.

    `knee_pct`: PRB at which the cell's drop rate is a tenth above its plain one, the median over
    its curves. Missing = no knee below the load the cell has seen; `unsafe_reason` tells how far
    that was. `slope`: rise of the log drop rate over the ten points above the knee.
    """
    known = np.where(np.isnan(hours.load), 0.0, hours.load).reshape(len(names), -1)
    highest = np.quantile(known, 0.99, axis=1)
    knee = _knees()
    rows = []
    for name, weights, most, why in zip(names, found.weights, highest, refused, strict=True):
        within = weights @ (knee <= most) >= KNEE_P
        lo, middle, hi = _quantiles(np.minimum(knee, 126.0), weights, (0.05, 0.5, 0.95))
        rise = float(np.log(weights @ np.exp(_RISE)))
        reason = why or ("" if most >= FULL_PCT or within else f"never above {shown(most):.0f} %")
        # the shelf's knees stand six points apart
        knees = shown(np.array([middle, lo - 3, hi + 3]))
        told = (*knees, rise) if within and not why else (np.nan,) * 4
        rows.append((name, *told, METHOD_VERSION, reason or None))
    return pd.DataFrame(rows, columns=list(_TYPES)).astype(_TYPES)


def _knees() -> Floats:
    """Load at which each curve has risen by a tenth; inf = never."""
    knee, width, height = SHELF
    part = np.divide(np.log(1.1), height, out=np.full_like(height, np.inf), where=height > 0)
    return np.asarray(np.where(part <= 1, knee + width * np.minimum(part, 1), np.inf))


_RISE = SHELF[2] * np.minimum(10 / SHELF[1], 1)


def _quantiles(values: Floats, weights: Floats, at: tuple[float, ...]) -> list[float]:
    order = np.argsort(values, kind="stable")
    held = np.cumsum(weights[order])
    places = [min(int(np.searchsorted(held, q * held[-1])), len(order) - 1) for q in at]
    return [float(values[order[place]]) for place in places]
