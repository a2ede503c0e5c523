"""How many more calls does a cell drop when it is fuller? Its curve, its knee, or no knee at all.

docs/methods.md 5.1. A curve gives the factor by which drops per attempt rise with load:
1 up to a knee, then up to a height over a width. A cell's posterior over a shelf of such curves
comes from how its drops spread over the hours of each day: what makes whole days better or worse,
a fault as well, cancels. How common each curve is, and how drops go with the hour of day, is learnt
from the network (empirical Bayes; Robbins 1956): most cells alone have too few drops to show it.

Arrays of hours have shape (cell, day, 24), as in `Hours`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.arrays import Floats, Indices
from analysis.attribution.hours import Hours
from analysis.attribution.offered import FULL_PCT, Scale

METHOD_VERSION = "shelf-2"
# log sd of the waves by which a cell's course over the day differs from the network's
HARMONIC_SD = 0.08
ROUNDS = 2
# rounds of the network's prior, and of its weights in each
_PRIOR_ROUNDS, _WEIGHT_ROUNDS = 3, 60
# share of the flat weights that the network's always keep
_FLAT_SHARE = 0.05
# bins of load in %; below the first edge no curve has risen, so all of it is one bin
_FIRST_EDGE, _LAST_EDGE, _BIN = 36.0, 180.0, 1.06
EDGES = _FIRST_EDGE * _BIN ** np.arange(29)
CENTRES = np.concatenate([[_FIRST_EDGE / _BIN**0.5], EDGES * _BIN**0.5])

# a knee is shown where the cell surely has one within the load that it has seen
KNEE_P = 0.7
# the drop rate at the knee, over the plain one
KNEE_RATIO = 1.1
_COLUMN_TYPES = {
    "cell_id": "str",
    "knee_pct": "float64",
    "knee_lo_pct": "float64",
    "knee_hi_pct": "float64",
    "slope": "float64",
    "method_version": "str",
    "unsafe_reason": "str",
}


# --- the shelf of curves ----------------------------------------------------------------------


def _shelf(load: Floats) -> Floats:
    """Log of each curve's factor on drops per attempt at these loads in %, (load, curve).

    The first is flat. Then three families: up from a knee to a height and no farther; straight up
    from a knee without an end; a power of the load.
    """
    load = load[:, None]
    knees = np.arange(40.0, 111.0, 6.0)
    widths, heights = (14.0, 30.0), (0.3, 0.6, 0.95, 1.35, 1.8)
    knee, width, height = np.array(list(product(knees, widths, heights))).T
    risen = height * np.clip((load - knee) / width, 0, 1)
    knee, steepness = np.array(list(product(knees[::2], (0.35, 1.0, 2.5)))).T
    straight = np.log1p(steepness * np.maximum(load - knee, 0) / 30)
    power, height = np.array(list(product((2.5, 5.0), (0.3, 1.0, 2.5)))).T
    powers = np.log1p(height * (load / 100) ** power)
    return np.hstack([np.zeros_like(load), risen, straight, powers])


LOG_FACTOR = _shelf(CENTRES)
FACTOR = np.exp(LOG_FACTOR)
"""Factor on drops per attempt by load bin, shape (bin, curve); the first curve is flat."""


def bins_of(load: Floats) -> Indices:
    """Row of FACTOR for each load in %, in its shape; NaN goes to the first.

    `load`: that was offered, as in `Hours`.
    """
    return np.searchsorted(EDGES, np.nan_to_num(load), side="right").astype(np.intp)


# --- what the network teaches -----------------------------------------------------------------


@dataclass(frozen=True)
class Prior:
    """What is known of a cell before it is looked at."""

    weights: Floats
    """How common each curve of the shelf is, shape (curve,); they sum to 1."""
    by_hour: Floats
    """Drops per attempt by local hour over the day's mean, load's part taken out; shape (24,)."""


FLAT = Prior(np.full(FACTOR.shape[1], 1 / FACTOR.shape[1]), np.ones(24))
"""The prior of those who know nothing: every curve is as common, every hour alike."""


def prior_of(hours: Hours) -> Prior:
    """The prior of these cells, by expectation and maximisation over curves and hours in turn.

    `hours`: of cells that stand for the network.
    """
    prior = FLAT
    for _ in range(_PRIOR_ROUNDS):
        response = respond(hours, prior)
        prior = Prior(_weights(response.log_likelihood), _by_hour(hours, response))
    return prior


def _weights(log_likelihood: Floats) -> Floats:
    """Shares of the curves in the network that make what was seen likeliest, (curve,)."""
    likelihood = np.exp(log_likelihood - log_likelihood.max(axis=1, keepdims=True))
    weights = FLAT.weights
    for _ in range(_WEIGHT_ROUNDS):
        posterior = likelihood * weights
        posterior /= posterior.sum(axis=1, keepdims=True)
        # a little of everything stays: the next month may bring what this one did not show
        weights = (1 - _FLAT_SHARE) * posterior.mean(axis=0) + _FLAT_SHARE * FLAT.weights
    return weights


def _by_hour(hours: Hours, response: "Response") -> Floats:
    """Drops of each hour of the day over those expected by load and attempts alone, (24,)."""
    weighted_attempts = response.mean_factor() * hours.attempts
    day_drops, day_attempts = hours.drops.sum(axis=2), weighted_attempts.sum(axis=2)
    is_known = day_attempts > 0
    rate = np.divide(day_drops, day_attempts, out=np.zeros_like(day_attempts), where=is_known)
    expected = (rate[..., None] * weighted_attempts).sum(axis=(0, 1))
    # with few drops the hours are as good as alike
    return np.asarray((hours.drops.sum(axis=(0, 1)) + 100.0) / (expected + 100.0))


# --- each cell --------------------------------------------------------------------------------


@dataclass(frozen=True)
class Response:
    """How each cell's drops answer load."""

    log_likelihood: Floats
    """Of each curve by the hours within days, over `phi`; shape (cell, curve)."""
    weights: Floats
    """Posterior of each curve, shape (cell, curve); each row sums to 1."""
    exposure: Floats
    """Attempts times the cell's own course over the day, shape (cell, day, 24)."""
    bins: Indices
    """Bin of load of each hour, shape (cell, day, 24)."""
    phi: Floats
    """Dispersion of an hour's drops, 1 or more; shape (cell,)."""

    def mean_factor(self) -> Floats:
        """Expected factor of load on the drop rate in each hour, shape (cell, day, 24)."""
        factor = self.weights @ FACTOR.T  # (cell, bin)
        of_hours = np.take_along_axis(factor, self.bins.reshape(len(factor), -1), 1)
        return of_hours.reshape(self.bins.shape)


def respond(hours: Hours, prior: Prior) -> Response:
    """The posterior of each cell's curve.

    `hours`: of all cells. `prior`: as of `prior_of`, or FLAT. A cell without drops keeps the
    prior's weights.
    """
    waves = np.zeros((len(hours.drops), len(_WAVES)))
    phi, bins = np.full(len(waves), 1.5), bins_of(hours.load)
    response = _posterior(hours, hours.attempts * prior.by_hour, bins, phi, prior)
    for _ in range(ROUNDS):
        waves = waves + _newton_step(hours, response, waves)
        course = prior.by_hour * np.exp(waves @ _WAVES)[:, None, :]
        phi = _hourly_dispersion(hours, response)
        response = _posterior(hours, hours.attempts * course, bins, phi, prior)
    return response


def _posterior(
    hours: Hours, exposure: Floats, bins: Indices, phi: Floats, prior: Prior
) -> Response:
    """The posterior of each curve, for given `exposure`, load `bins` and dispersion.

    Given a day's drops D, its hours are multinomial: hour h has the share e_h f(h) / sum e f, with
    exposure e and factor f of the curve. So the log likelihood of a curve is
    sum_h y_h log f(h) - sum_d D_d log sum_h e_h f(h), but for what is alike in all curves.
    """
    n_cells, n_days, _ = exposure.shape
    n_bins = len(FACTOR)
    # all hours of a day in one bin of load are one: (cell, day, bin)
    place = np.arange(n_cells * n_days).reshape(n_cells, n_days, 1) * n_bins + bins
    size = n_cells * n_days * n_bins
    bin_exposure = np.bincount(place.ravel(), exposure.ravel(), size).reshape(-1, n_bins)
    bin_drops = np.bincount(place.ravel(), hours.drops.ravel(), size)
    bin_drops = bin_drops.reshape(n_cells, n_days, n_bins)
    expected = np.maximum(bin_exposure @ FACTOR, 1e-12).reshape(n_cells, n_days, -1)  # per curve
    log_factors = bin_drops.sum(axis=1) @ LOG_FACTOR
    log_sums = np.einsum("cd,cdk->ck", bin_drops.sum(axis=2), np.log(expected))
    log_likelihood = log_factors - log_sums
    # over the flat curve's, and of drops that scatter phi times as much as independent ones
    log_likelihood = (log_likelihood - log_likelihood[:, :1]) / phi[:, None]
    likelihood = np.exp(log_likelihood - log_likelihood.max(axis=1, keepdims=True))
    weights = likelihood * prior.weights
    weights = weights / weights.sum(axis=1, keepdims=True)
    return Response(log_likelihood, weights, exposure, bins, phi)


def _shares(hours: Hours, response: Response) -> tuple[Floats, Floats]:
    """Share of each hour in its day's expected drops, (cell, day, 24), and the day's drops."""
    mean = response.exposure * response.mean_factor()
    total = mean.sum(axis=2, keepdims=True)
    share = np.divide(mean, total, out=np.zeros_like(mean), where=total > 0)
    return share, hours.drops.sum(axis=2)


_ANGLE = 2 * np.pi * np.arange(24) / 24
# cosine and sine once and twice a day, (wave, 24), and their products, (24, wave x wave)
_WAVES = np.array([wave(k * _ANGLE) for k in (1, 2) for wave in (np.cos, np.sin)])
_PRODUCTS = (_WAVES[:, None] * _WAVES[None]).reshape(-1, 24).T


def _newton_step(hours: Hours, response: Response, waves: Floats) -> Floats:
    """One Newton step of each cell's own course over the day beside the network's, (cell, wave).

    Log drop rates go with the hour as `waves` @ _WAVES. Each wave is drawn towards none, as if it
    were known to be 0 +- HARMONIC_SD; drops scatter by phi, so in their units that is worth phi.
    """
    share, day_drops = _shares(hours, response)
    expected = day_drops[..., None] * share
    gradient = (hours.drops - expected).sum(axis=1) @ _WAVES.T
    # information of multinomials: sum of D (E[w w'] - E[w] E[w]') over the days, (cell, wave, wave)
    information = (expected.sum(axis=1) @ _PRODUCTS).reshape(-1, len(_WAVES), len(_WAVES))
    daily = share @ _WAVES.T * np.sqrt(day_drops)[..., None]
    information -= daily.transpose(0, 2, 1) @ daily
    prior = np.eye(len(_WAVES)) / HARMONIC_SD**2 * response.phi[:, None, None]
    gradient -= waves / HARMONIC_SD**2 * response.phi[:, None]
    return np.asarray(np.linalg.solve(information + prior, gradient[..., None])[..., 0])


def _hourly_dispersion(hours: Hours, response: Response) -> Floats:
    """Pearson's chi-square of hours within days over its freedom, at least 1; (cell,)."""
    share, day_drops = _shares(hours, response)
    expected = day_drops[..., None] * share
    # hours in which hardly a drop is expected make the quotient wild
    is_usable = expected > 0.05
    squares = (hours.drops - expected) ** 2 / np.where(is_usable, expected, 1.0)
    chi_square = np.where(is_usable, squares, 0.0).sum(axis=(1, 2))
    n_free = np.where(is_usable, 1 - share, 0.0).sum(axis=(1, 2))
    return np.asarray(np.maximum(chi_square / np.maximum(n_free, 1), 1.0))


# --- the rows of the table --------------------------------------------------------------------


def table(
    cell_ids: npt.NDArray[np.object_],
    hours: Hours,
    response: Response,
    refused: npt.NDArray[np.str_],
) -> pd.DataFrame:
    """Rows of table `load_response`, without month, one a cell; a knee where drops surely rise.

    `cell_ids`, `refused`: shape (cell,); why a cell was not searched, "" = it was. `hours`: of the
    same cells. `response`: as of `respond`. `knee_pct`: PRB at which the cell's drop rate is a
    tenth above its plain one, the median over its curves, with its 90 % interval. Missing = no knee
    below the load that the cell has seen; `unsafe_reason` says how far that was. `slope`: rise of
    the log drop rate over the ten points above the knee.
    """
    load = np.where(np.isnan(hours.load), 0.0, hours.load).reshape(len(cell_ids), -1)
    highest_load = np.quantile(load, 0.99, axis=1)
    rows = [
        (
            name,
            *_knee_and_slope(weights, highest, hours.scale),
            METHOD_VERSION,
            _reason(weights, highest, hours.scale),
        )
        if not why
        else (name, *(np.nan,) * 4, METHOD_VERSION, str(why))
        for name, weights, highest, why in zip(
            cell_ids, response.weights, highest_load, refused, strict=True
        )
    ]
    return pd.DataFrame(rows, columns=list(_COLUMN_TYPES)).astype(_COLUMN_TYPES)


def _has_knee(weights: Floats, highest_load: float) -> bool:
    """Whether the knee surely lies within the load that the cell has seen."""
    p_within = weights @ (highest_load >= _KNEE_LOAD)
    return bool(p_within >= KNEE_P)


def _knee_and_slope(weights: Floats, highest_load: float, scale: Scale) -> tuple[float, ...]:
    """Knee, its lower and upper end in PRB %, and slope; NaN = no knee."""
    if not _has_knee(weights, highest_load):
        return (np.nan,) * 4
    low, middle, high = _quantiles(np.minimum(_KNEE_LOAD, _LAST_EDGE), weights, (0.05, 0.5, 0.95))
    # the shelf's knees stand six points apart
    knees = scale.prb_of(np.array([middle, low - 3, high + 3]))
    return (*knees, float(np.log(weights @ np.exp(_RISE))))


def _reason(weights: Floats, highest_load: float, scale: Scale) -> str | None:
    """How far the cell's load went, where no knee was seen and it never was full; else None."""
    if highest_load >= FULL_PCT or _has_knee(weights, highest_load):
        return None
    return f"never above {scale.prb_of(np.asarray(highest_load)):.0f} %"


_LOADS = np.arange(0.0, _LAST_EDGE + 10.5, 0.5)


def _knee_load() -> Floats:
    """Load % at which each curve has risen by a tenth, (curve,); inf = never."""
    has_risen = _shelf(_LOADS) >= np.log(KNEE_RATIO)
    return np.where(has_risen.any(axis=0), _LOADS[has_risen.argmax(axis=0)], np.inf)


def _rise() -> Floats:
    """Rise of the log drop rate over the ten points above each curve's knee, (curve,)."""
    knee = np.minimum(_KNEE_LOAD, _LAST_EDGE)
    here, there = (np.diagonal(_shelf(load)) for load in (knee, knee + 10))
    return np.asarray(there - here)


_KNEE_LOAD = _knee_load()
_RISE = _rise()


def _quantiles(values: Floats, weights: Floats, shares: Sequence[float]) -> list[float]:
    """Smallest values below or at which these shares of the weight lie."""
    order = np.argsort(values, kind="stable")
    cumulated = np.cumsum(weights[order])
    places = [int(np.searchsorted(cumulated, share * cumulated[-1])) for share in shares]
    return [float(values[order[min(place, len(order) - 1)]]) for place in places]
