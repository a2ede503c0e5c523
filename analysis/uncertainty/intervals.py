"""How sure are we of a rate? Drop rates and crowd reports with 90 % intervals.

Every function takes whole arrays. A place without exposure has NaN, never 0.

Drops are overdispersed and days remember: the variance of a day's drops is `phi` times their mean
(quasi-likelihood, McCullagh and Nelder 1989, section 6.2), and one day's deviation correlates with
the next one's by `rho`. A rate over m days then stands on `n / (phi inflation(rho, m))` independent
attempts. What the intervals of drop rates hold is the long-run rate of the process: the mean over
all days like these, of which the days counted are a sample.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import sparse

from analysis.arrays import Flags, Floats

Z90 = 1.6448536269514722
"""Half the width of a 90 % interval of a normal distribution, in standard deviations."""

MAX_RHO = 0.9
# a cell's own noise weighs as much as the network's once it has this many degrees of freedom
NETWORK_DAYS = 20.0

# rounds of fitting segments and rest days in turn
_FITTING_ROUNDS = 20

Labels = npt.NDArray[np.integer]


class Interval(NamedTuple):
    """A value with its 90 % interval; all three are NaN where nothing is known."""

    value: Floats
    lo: Floats
    hi: Floats


class Rate(NamedTuple):
    """A rate (0..1) with its 90 % interval and the independent attempts it stands on."""

    rate: Floats
    lo: Floats
    hi: Floats
    n_eff: Floats


class Noise(NamedTuple):
    """How daily drops scatter in each cell."""

    phi: Floats
    """Variance of a day's drops over their mean, 1 or more; shape (cell,)."""
    rho: Floats
    """Correlation of a day's deviation with the next day's, 0 to .9; shape (cell,)."""


# --- the noise of a day -----------------------------------------------------------------------


def dispersion(
    drops: Floats, attempts: Floats, segments: Labels, rest_day: npt.ArrayLike = False
) -> Noise:
    """Dispersion and day-to-day correlation of each cell's drops about its own segments' rates.

    `drops`, `attempts`: (cell, day), NaN = a day to leave out. `segments`: (cell, day), label of
    the stretch between changes that a day belongs to, 0, 1, ... within each cell. `rest_day`:
    (cell, day) or (day,), weekends and holidays, which have a rate of their own.

    A cell's own figures are Pearson's chi-square over its degrees of freedom and the lag-one
    correlation of its residuals, corrected for the rates fitted (Kendall 1954). They are noisy, so
    each is averaged with what the network's pooled day effect predicts at the cell's volume (`phi`
    by its logarithm), with weight `n_free / (n_free + 20)`. A cell without drops takes the pooled
    figures.
    """
    is_known = (attempts > 0) & ~np.isnan(drops)
    counts, calls = np.where(is_known, drops, 0.0), np.where(is_known, attempts, 0.0)
    is_rest = np.broadcast_to(np.asarray(rest_day, np.bool_), counts.shape)
    expected = _expected(counts, calls, segments, is_rest)
    n_fitted = _n_fitted(segments, is_known, is_rest)
    own, n_free = _own_noise(counts, expected, is_known, n_fitted)
    volume = expected.sum(axis=1) / np.maximum(is_known.sum(axis=1), 1)
    return _shrunk(own, _network_noise(own, n_free, volume), n_free)


def _expected(counts: Floats, calls: Floats, segments: Labels, is_rest: Flags) -> Floats:
    """Drops expected of each day, (cell, day): attempts x the segment's rate x rest-day effect.

    By iterative proportional fitting: each segment, and each cell's rest days, get as many drops as
    were counted (Deming and Stephan 1940).
    """
    n_cells, n_segments = len(counts), int(segments.max(initial=0)) + 1
    place = (np.arange(n_cells)[:, None] * n_segments + segments).ravel()

    def per_segment(values: Floats) -> Floats:
        # the sum of its segment beside each day, (cell, day)
        sums = np.bincount(place, values.ravel(), minlength=n_cells * n_segments)
        return np.reshape(sums[place], values.shape)

    segment_drops, expected = per_segment(counts), calls
    rest_drops = (counts * is_rest).sum(axis=1, keepdims=True)
    effect = np.ones((n_cells, 1))
    for _ in range(_FITTING_ROUNDS):
        exposure = calls * np.where(is_rest, effect, 1.0)
        expected = exposure * _ratio(segment_drops, per_segment(exposure), 0.0)
        rest_expected = (expected * is_rest).sum(axis=1, keepdims=True)
        effect = effect * _ratio(rest_drops, rest_expected, 1.0)
    return expected


def _n_fitted(segments: Labels, is_known: Flags, is_rest: Flags) -> Floats:
    """How many parameters each cell's expectation took: its segments and its rest-day effect."""
    n_segments = np.where(is_known, segments, 0).max(axis=1, initial=0) + 1.0
    has_rest_days = (is_known & is_rest).any(axis=1)
    return np.asarray(n_segments + has_rest_days)


def _own_noise(
    counts: Floats, expected: Floats, is_known: Flags, n_fitted: Floats
) -> tuple[Noise, Floats]:
    """Each cell's own `phi` and `rho`, not yet bounded, and its degrees of freedom; all (cell,)."""
    is_seen = is_known & (expected > 0)
    residual = np.where(is_seen, counts - expected, 0.0)
    residual = residual / np.sqrt(np.where(is_seen, expected, 1.0))
    n, squares = is_seen.sum(axis=1).astype(np.float64), (residual**2).sum(axis=1)
    n_pairs = (is_seen[:, 1:] & is_seen[:, :-1]).sum(axis=1)
    product = _ratio((residual[:, 1:] * residual[:, :-1]).sum(axis=1), n_pairs, 0.0)
    correlation = _ratio(product * n, squares, 0.0)
    # each rate fitted lowers the correlation by about (1 + 3 rho) / n (Kendall 1954)
    rho = (correlation * n + n_fitted) / np.maximum(n - 3 * n_fitted, 1.0)
    rho = np.clip(rho, -MAX_RHO, MAX_RHO)
    # where days remember, a rate fitted takes more than one day's freedom
    memory = (1 + np.maximum(rho, 0)) / (1 - np.maximum(rho, 0))
    n_free = np.where(n > n_fitted, np.maximum(n - n_fitted * memory, n / 2), 0.0)
    return Noise(_ratio(squares, n_free, 1.0), rho), n_free


def _network_noise(own: Noise, n_free: Floats, volume: Floats) -> Noise:
    """What the network's day effect makes of each cell's volume (mean drops a day).

    A day effect of variance v and memory r on Poisson counts of mean E gives phi = 1 + v E and
    rho = r (1 - 1 / phi). v is a weighted median, so a few wild cells do not move it.
    """
    start = max(float(_ratio(n_free @ (own.phi - 1), n_free @ volume, 0.0)), 0.0)
    # of a cell's own v: the variance of phi is about 2 phi^2 / n_free
    precision = n_free * (volume / (1 + start * volume)) ** 2
    variance = max(_weighted_median(_ratio(own.phi - 1, volume, 0.0), precision), 0.0)
    phi = 1 + variance * volume
    part = 1 - 1 / phi
    # least squares of rho on 1 - 1 / phi, through 0
    memory = _ratio((n_free * part) @ own.rho, (n_free * part) @ part, 0.0)
    return Noise(phi, np.clip(memory * part, 0.0, MAX_RHO))


def _shrunk(own: Noise, network: Noise, n_free: Floats) -> Noise:
    """The mean of a cell's own noise and the network's, by the cell's degrees of freedom."""
    weight = n_free / (n_free + NETWORK_DAYS)
    log_phi = weight * np.log(np.maximum(own.phi, 1.0)) + (1 - weight) * np.log(network.phi)
    rho = weight * own.rho + (1 - weight) * network.rho
    return Noise(np.exp(log_phi), np.clip(rho, 0.0, MAX_RHO))


def _weighted_median(values: Floats, weights: Floats) -> float:
    if not weights.sum() > 0:
        return 0.0
    order = np.argsort(values, kind="stable")
    cumulated = np.cumsum(weights[order])
    return float(values[order][np.searchsorted(cumulated, cumulated[-1] / 2)])


def inflation(rho: npt.ArrayLike, n_days: npt.ArrayLike) -> Floats:
    """Variance of a mean over days that remember, over that of as many independent days.

    `rho`: correlation of a day with the next, of a first-order memory. `n_days`: m, whole numbers;
    the two broadcast. It is `1 + 2 sum_k (1 - k/m) rho^k` for k < m, in closed form, exact for any
    m. NaN for no day.

    >>> inflation(0.5, [1, 2, 0]).tolist()
    [1.0, 1.5, nan]
    """
    r, m = np.broadcast_arrays(np.asarray(rho, np.float64), np.asarray(n_days, np.float64))
    days = np.where(m >= 1, m, np.nan)
    beyond = 2 * r * (1 - r**days) / (days * (1 - r) ** 2)
    return np.asarray((1 + r) / (1 - r) - beyond)


# --- drop rates -------------------------------------------------------------------------------


def drop_rate(
    drops: npt.ArrayLike,
    attempts: npt.ArrayLike,
    phi: npt.ArrayLike,
    rho: npt.ArrayLike,
    n_days: npt.ArrayLike,
) -> Rate:
    """Drop rate of each place over `n_days` days, by Wilson's interval on independent attempts.

    `drops`, `attempts`: sums over the days, NaN = no data. `phi` and `rho`: as of `dispersion`. All
    arguments broadcast. NaN where there is no attempt. Wilson 1927, with n replaced by
    `n / (phi inflation(rho, n_days))` (docs/methods.md 3.1).

    >>> rate = drop_rate(10, 1000, phi=1.0, rho=0.0, n_days=1)
    >>> f"{rate.rate:.4f} from {rate.lo:.4f} to {rate.hi:.4f}"
    '0.0100 from 0.0060 to 0.0167'
    """
    counts, calls = np.asarray(drops, np.float64), np.asarray(attempts, np.float64)
    n_eff = calls / (np.asarray(phi, np.float64) * inflation(rho, n_days))
    rate = _ratio(counts, calls, np.nan)
    return Rate(rate, *_wilson(rate, n_eff), np.where(np.isnan(rate), np.nan, n_eff))


def spread_rate(  # noqa: PLR0917  # those of `drop_rate`, after the weights
    weights: sparse.sparray,
    drops: Floats,
    attempts: Floats,
    phi: npt.ArrayLike,
    rho: npt.ArrayLike,
    n_days: npt.ArrayLike,
) -> Rate:
    """Drop rate of each hexagon: weighted drops of its cells over their weighted attempts.

    `weights`: sparse (hex, cell), taken as known. `drops`, `attempts`: sums over the days, (cell,),
    NaN = no data from that cell. `phi`, `rho`: (cell,), as of `dispersion`. `n_days`: days with
    data of each cell, (cell,) or one number. NaN where no cell of a hexagon has an attempt.

    The variance of the drops is the sum of `w^2 Var_cell` (docs/methods.md 3.2) with `Var_cell = n
    p (1 - p) phi inflation`, where a cell's p is drawn towards the hexagon's rate by one expected
    drop, so that a cell that happened to have none still varies. `n_eff` is the number of
    independent attempts with that variance: of one cell alone it is the cell's own.
    """
    is_known = (attempts > 0) & ~np.isnan(drops)
    counts, calls = np.where(is_known, drops, 0.0), np.where(is_known, attempts, 0.0)
    total_drops, total_calls = weights @ counts, weights @ calls
    rate = _ratio(total_drops, total_calls, np.nan)
    noise = np.where(is_known, np.asarray(phi) * inflation(rho, n_days), 0.0)
    variance = _spread_variance(weights, counts, calls, noise, rate)
    # no drop anywhere: only the attempts show how little is known
    by_attempts = _ratio(total_calls**2, weights.multiply(weights) @ (calls * noise), np.nan)
    n_eff = _ratio(rate * (1 - rate) * total_calls**2, variance, by_attempts)
    return Rate(rate, *_wilson(rate, n_eff), np.where(np.isnan(rate), np.nan, n_eff))


def _spread_variance(
    weights: sparse.sparray, counts: Floats, calls: Floats, noise: Floats, rate: Floats
) -> Floats:
    """Variance of each hexagon's weighted drops, shape (hex,).

    `counts`, `calls`, `noise`: (cell,), noise being phi times inflation. `rate`: (hex,).
    """
    entries = weights.tocoo()
    place, cell = entries.coords
    # one expected drop at the hexagon's rate
    prior_calls = _ratio(1.0, np.nan_to_num(rate), np.inf)[place]
    p = _ratio(counts[cell] + 1, calls[cell] + prior_calls, 0.0)
    variances = entries.data**2 * calls[cell] * p * (1 - p) * noise[cell]
    return np.bincount(place, variances, minlength=len(rate)).astype(np.float64)


# --- what customers say -----------------------------------------------------------------------


def crowd_rate(successes: npt.ArrayLike, n: npt.ArrayLike, deff: npt.ArrayLike = 1.0) -> Interval:
    """Share of crowd reports that say so, 0..1, by Wilson's interval on n / `deff` reports.

    `successes`: reports that say so, of `n`. `deff`: as of `design_effect`. All arguments
    broadcast. NaN where there is no report. Wilson 1927, Kish 1965.

    >>> share = crowd_rate([3, 0], [10, 0])
    >>> share.value.tolist(), share.lo.round(3).tolist()
    ([0.3, nan], [0.127, nan])
    """
    reports = np.asarray(n, np.float64)
    rate = _ratio(np.asarray(successes, np.float64), reports, np.nan)
    return Interval(rate, *_wilson(rate, reports / np.asarray(deff, np.float64)))


def design_effect(cluster: Labels, outcome: npt.NDArray[np.floating], group: Labels) -> float:
    """How many times wider a variance is because reports of one cluster resemble each other.

    One entry a report: `cluster` (say, its exact position), `outcome` (0/1 or any number, NaN =
    left out) and `group` (the place a rate is formed for; a cluster may touch several). The ratio
    of cluster-robust to independent variance, each summed over the groups of two clusters or more;
    1 where there are none, and never less. Kish 1965, section 8.2; Liang and Zeger 1986.
    """
    is_known = ~np.isnan(outcome)
    if not is_known.any():
        return 1.0
    y = outcome[is_known]
    place = np.unique(group[is_known], return_inverse=True)[1]
    # each cluster in each group that it touches, (pair, 2), and the pair of each report
    pairs, pair = np.unique(
        np.column_stack([place, cluster[is_known]]), axis=0, return_inverse=True
    )
    n_reports, n_clusters = np.bincount(place), np.bincount(pairs[:, 0])
    residual = y - (np.bincount(place, y) / n_reports)[place]
    cluster_squares = np.bincount(pair, residual) ** 2
    # (group,): variances of the sum of a group's reports
    robust = np.bincount(pairs[:, 0], cluster_squares) * _per_freedom(n_clusters)
    independent = np.bincount(place, residual**2) * _per_freedom(n_reports)
    has_several = n_clusters > 1
    return max(1.0, float(_ratio(robust[has_several].sum(), independent[has_several].sum(), 1.0)))


def _per_freedom(n: Labels) -> Floats:
    """The quotient n / (n - 1); 1 for a single one."""
    return np.asarray(n / np.maximum(n - 1.0, 1.0))


# --- arithmetic -------------------------------------------------------------------------------


def _ratio(above: npt.ArrayLike, below: npt.ArrayLike, otherwise: npt.ArrayLike) -> Floats:
    """`above / below` where `below` is positive, else `otherwise`; all broadcast."""
    top, bottom = np.broadcast_arrays(np.asarray(above, np.float64), np.asarray(below, np.float64))
    quotient = np.broadcast_to(np.asarray(otherwise, np.float64), top.shape).copy()
    np.divide(top, bottom, out=quotient, where=bottom > 0)
    return quotient


def _wilson(rate: Floats, n: Floats) -> tuple[Floats, Floats]:
    """Ends of the 90 % score interval of a share `rate` in `n` independent tries, in their shape.

    They are the shares that differ from `rate` by Z90 of their own standard deviations.
    """
    tries = np.where(n > 0, n, np.nan)
    shrink = 1 + Z90**2 / tries
    centre = (rate + Z90**2 / (2 * tries)) / shrink
    spread = np.maximum(rate * (1 - rate), 0.0) / tries + (Z90 / (2 * tries)) ** 2
    half = Z90 / shrink * np.sqrt(spread)
    # rounding may put an end beyond a rate of 0 or 1; more drops than calls are a rate above 1
    return np.clip(centre - half, 0.0, rate), np.clip(centre + half, rate, np.maximum(rate, 1.0))
