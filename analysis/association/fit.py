"""Counts of places and months on what the network did there, with place and month effects.

    E[n] = exposure exp(place + month + sum over lags of coefficient x)

Poisson by maximum likelihood (Santos Silva and Tenreyro 2006, Review of Economics and Statistics
88: consistent whatever the scatter). A count that left as 1 to 4 enters as a count of 1 to 4. A
score is fitted on the same right side by weighted least squares. Errors are clustered by site and
by month (Cameron, Gelbach and Miller 2011, Journal of Business and Economic Statistics 29).

Both sets of effects are solved for exactly: those of places one by one, those of months by one
small system (the Schur complement). Why it is our own: docs/decisions/0010-association.md.
"""

from typing import NamedTuple

import numpy as np
from scipy import special

from analysis.arrays import Flags, Floats, Indices

FEW = np.arange(1.0, 5.0)
"""Counts that leave as <5."""
_STEPS = 40
_LARGEST_STEP = 2.0
_TINY = 1e-10


class Outcome(NamedTuple):
    """What customers said in places and months, each (place, month).

    `amount`: cases, or a score; what stands where nothing is known is not read. `exposure`: who
    could have been a case, or the answers behind a score; 0 = not known. `is_few`: 1 to 4 cases,
    not known which. `is_score`: a mean of scores rather than a count.
    """

    amount: Floats
    exposure: Floats
    is_few: Flags
    is_score: bool = False


class Fit(NamedTuple):
    """Coefficients, (lag,), and what each place and month contributed to them.

    `influence`: (lag, place, month); sums of it by cluster make covariances, of two fits too.
    `place`: effect of each place, (place,); NaN where not used. `is_used`: (place, month).
    `n_places_known`: places with an outcome and the KPI, dropped ones among them.
    """

    coefficient: Floats
    influence: Floats
    place: Floats
    is_used: Flags
    n_places_known: int

    @property
    def n_places(self) -> int:
        """Places that were used."""
        return int(self.is_used.any(axis=1).sum())


def fit(outcome: Outcome, x: Floats) -> Fit:
    """The coefficients of an outcome on what the network did, lag by lag, all lags together.

    Places that say nothing are left out: known in one month alone, or without a case (their own
    effect explains them whole). Where nothing is left the coefficients are NaN.

    `outcome`: of each place and month.
    `x`: (lag, place, month); NaN = not known, and then the month of that place is not used.
    """
    is_known = (outcome.exposure > 0) & ~np.isnan(x).any(axis=0)
    is_used = _informative(outcome, is_known)
    n_known = int(is_known.any(axis=1).sum())
    rows, months = is_used.any(axis=1), is_used.any(axis=0)
    influence, place = np.zeros(x.shape), np.full(x.shape[1], np.nan)
    nothing = Fit(np.full(len(x), np.nan), influence, place, is_used, n_known)
    if rows.sum() < 2 or months.sum() < 2:
        return nothing
    kept = np.ix_(rows, months)
    part = Outcome(outcome.amount[kept], outcome.exposure[kept], outcome.is_few[kept],
                   outcome.is_score)  # fmt: skip
    used = is_used[kept]
    regressors = np.where(used, x[:, rows][:, :, months], 0.0)
    solved = _solved(part, regressors, used)
    if solved is None:
        return nothing
    coefficient, each, place[rows] = solved
    influence[np.ix_(np.arange(len(x)), rows, months)] = each
    return Fit(coefficient, influence, place, is_used, n_known)


def _informative(outcome: Outcome, is_known: Flags) -> Flags:
    """Places and months that can tell something, (place, month)."""
    used = is_known
    # leaving out a month may leave a place with one, and the other way round
    for _ in range(3):
        has_case = used if outcome.is_score else used & (outcome.is_few | (outcome.amount > 0))
        places = (used.sum(axis=1) > 1) & has_case.any(axis=1)
        months = (used & places[:, None]).sum(axis=0) > 1
        months &= (has_case & places[:, None]).any(axis=0)
        used = used & places[:, None] & months
    return used


def _solved(outcome: Outcome, x: Floats, used: Flags) -> tuple[Floats, Floats, Floats] | None:
    """Coefficients, influence and place effects by Newton's method; None = it does not end.

    `x`: (lag, place, month), 0 where not `used`.
    """
    offset = np.zeros(used.shape) if outcome.is_score else _log(outcome.exposure)
    place, month = _start(outcome, used), np.zeros(used.shape[1])
    coefficient = np.zeros(len(x))
    for _ in range(_STEPS):
        index = offset + place[:, None] + month + np.tensordot(coefficient, x, axes=1)
        residual, weight = _working(outcome, index, used)
        within = x - _effects(x * weight, weight, used)[2]
        bread = np.einsum("kpt,lpt->kl", within * weight, within)
        if not np.isfinite(bread).all() or np.linalg.matrix_rank(bread) < len(x):
            return None
        step = np.linalg.solve(bread, np.einsum("kpt,pt->k", within, residual))
        left = residual - weight * np.tensordot(step, x, axes=1)
        by_place, by_month, both = _effects(left[None], weight, used)
        change = np.abs(both[0] + np.tensordot(step, x, axes=1))[used].max()
        damped = min(1.0, _LARGEST_STEP / max(change, _TINY))
        coefficient = coefficient + damped * step
        place, month = place + damped * by_place[:, 0], month + damped * by_month[:, 0]
        if change < 1e-7:
            influence = np.einsum("kl,lpt->kpt", np.linalg.inv(bread), within * residual)
            return coefficient, influence, place
    return None


def _log(values: Floats) -> Floats:
    return np.asarray(np.log(np.maximum(values, _TINY)))


def _start(outcome: Outcome, used: Flags) -> Floats:
    """Effect of each place to start from: its own mean, on the scale of the model."""
    amount = np.where(outcome.is_few, FEW.mean(), outcome.amount)
    exposure = np.where(used, outcome.exposure, 0.0)
    if outcome.is_score:
        return np.asarray((np.where(used, amount, 0.0) * exposure).sum(1) / exposure.sum(1))
    return _log(np.where(used, amount, 0.0).sum(axis=1) / exposure.sum(axis=1))


def _working(outcome: Outcome, index: Floats, used: Flags) -> tuple[Floats, Floats]:
    """Score, and weight (minus its derivative), of each place and month."""
    if outcome.is_score:
        weight = np.where(used, outcome.exposure, 0.0)
        return weight * np.where(used, outcome.amount - index, 0.0), weight
    mean = np.where(used, np.exp(np.minimum(index, 30.0)), 0.0)
    amount, spared = np.where(used, outcome.amount, 0.0), np.zeros(mean.shape)
    is_few = used & outcome.is_few
    if is_few.any():
        amount[is_few], spared[is_few] = _of_few(mean[is_few])
    # a count known to be 1 to 4 tells less than one that is known
    weight = np.where(used, np.maximum(mean - spared, 1e-9 * mean), 0.0)
    return np.where(used, amount - mean, 0.0), weight


def _of_few(mean: Floats) -> tuple[Floats, Floats]:
    """Mean and variance of a Poisson count that is known to be 1 to 4, each (row,)."""
    logs = FEW * _log(mean)[:, None] - special.gammaln(FEW + 1)
    share = special.softmax(logs, axis=1)
    expected = share @ FEW
    return expected, share @ FEW**2 - expected**2


def _effects(weighted: Floats, weight: Floats, used: Flags) -> tuple[Floats, Floats, Floats]:
    """Weighted place and month effects of values: (place, k), (month, k), and their sum.

    The sum is (k, place, month), 0 where not `used`; the effect of the first month is 0.

    `weighted`: values times weight, (k, place, month). `weight`, `used`: (place, month).
    """
    by_place, by_month = weight.sum(axis=1), weight.sum(axis=0)
    totals = weighted.sum(axis=2).T
    share = weight / by_place[:, None]
    system = np.diag(by_month) - weight.T @ share
    right = weighted.sum(axis=1).T - share.T @ totals
    month = np.zeros(right.shape)
    month[1:] = np.linalg.lstsq(system[1:, 1:], right[1:], rcond=None)[0]
    place = (totals - weight @ month) / by_place[:, None]
    both = place.T[:, :, None] + month.T[:, None, :]
    return place, month, np.where(used, both, 0.0)


# --- errors -----------------------------------------------------------------------------------


def covariance(one: Floats, other: Floats, site: Indices) -> Floats:
    """Covariance of the coefficients of two fits, (lag, lag), clustered by site and by month.

    `one`, `other`: their `influence`, over the same places and months.
    `site`: number of the cluster of each place, (place,).
    """
    by_site = _product(_by_site(one, site).sum(axis=2), _by_site(other, site).sum(axis=2))
    by_month = _product(one.sum(axis=1), other.sum(axis=1))
    cells = (_flat(_by_site(values, site)) for values in (one, other))
    return by_site + by_month - _product(*cells)


def standard_errors(influence: Floats, site: Indices) -> Floats:
    """Standard error of each coefficient, (lag,); never below that of clusters by site alone.

    With few months the part of the months is noisy and may come out below 0.

    `influence`: (lag, place, month). `site`: number of the cluster of each place, (place,).
    """
    both = np.diag(covariance(influence, influence, site))
    return np.asarray(np.sqrt(np.maximum(both, np.diag(by_site(influence, site)))))


def by_site(influence: Floats, site: Indices) -> Floats:
    """Covariance of the coefficients, (lag, lag), clustered by site alone.

    `influence`, `site`: as of `standard_errors`.
    """
    sums = _by_site(influence, site).sum(axis=2)
    return _product(sums, sums)


def degrees_of_freedom(fitted: Fit, site: Indices) -> int:
    """Of the t distribution that coefficients are held against: the fewer clusters, less one.

    `fitted`: the fit. `site`: as of `standard_errors`.
    """
    places, months = fitted.is_used.any(axis=1), fitted.is_used.any(axis=0)
    return int(min(len(np.unique(site[places])), months.sum())) - 1


def _by_site(influence: Floats, site: Indices) -> Floats:
    sums = np.zeros((len(influence), site.max() + 1, influence.shape[2]))
    for lag, values in enumerate(influence):
        np.add.at(sums[lag], site, values)
    return sums


def _flat(sums: Floats) -> Floats:
    return sums.reshape(len(sums), -1)


def _product(one: Floats, other: Floats) -> Floats:
    """Sum over clusters of products, (lag, lag), with the factor for few clusters."""
    n = int((np.abs(one).sum(axis=0) + np.abs(other).sum(axis=0) > 0).sum())
    return np.asarray(one @ other.T * n / max(n - 1, 1))
