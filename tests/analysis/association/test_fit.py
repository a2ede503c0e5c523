"""Coefficients are those of statsmodels and pyfixest; hidden small counts do not bend them."""

import numpy as np
import numpy.typing as npt
import pytest
from scipy import optimize, special

from analysis.arrays import Floats
from analysis.association.fit import (
    Outcome,
    covariance,
    degrees_of_freedom,
    fit,
    standard_errors,
)
from analysis.association.panels import lagged
from tests.bench.panels import COMPLAINTS, Planted, planted_panel

# of statsmodels 0.15 (GLM with dummies) and pyfixest 0.60 (fepois), which agree; errors clustered
# by site without factors for few clusters
COEFFICIENTS = [0.1952992051, 0.0124246546]
ERRORS_BY_SITE = [0.0258159991, 0.0294753875]


def _small(*, few: bool = False) -> tuple[Outcome, Floats, npt.NDArray[np.intp]]:
    """12 places of 6 sites, 8 months, two regressors; no dice, so that it is the same anywhere."""
    place, month = np.indices((12, 8))
    x = np.stack([np.sin(1.7 * place + 0.9 * month), np.cos(place * month + 0.3 * place)])
    counts = (3 + place + 2 * ((place * 7 + month * 5) % 4) + np.round(2 * x[0])).astype(float)
    exposure = 100.0 + 10 * place
    is_few = (counts < 5) & (counts > 0) & few
    return Outcome(counts, exposure, is_few), x, np.arange(12) // 2


def test_coefficients_and_errors_are_those_of_other_libraries() -> None:
    outcome, x, site = _small()
    found = fit(outcome, x)
    assert found.coefficient == pytest.approx(COEFFICIENTS, abs=1e-7)
    by_site = found.influence.sum(axis=2).reshape(2, 6, 2).sum(axis=2)
    errors = np.sqrt((by_site**2).sum(axis=1))
    assert errors == pytest.approx(ERRORS_BY_SITE, rel=1e-6)
    assert (standard_errors(found.influence, site) >= errors).all()
    assert degrees_of_freedom(found, site) == 5


def test_counts_known_to_be_one_to_four_are_fitted_as_that() -> None:
    outcome, x, _ = _small(few=True)
    assert outcome.is_few.sum() > 5
    found = fit(outcome, x)
    place, month = (axis.ravel() for axis in np.indices((12, 8)))
    few, counts = outcome.is_few.ravel(), outcome.amount.ravel()
    offset, flat = np.log(outcome.exposure).ravel(), x.reshape(2, -1)

    def misfit(theta: Floats) -> float:
        effects = np.append(0.0, theta[14:])
        index = offset + theta[:2] @ flat + theta[2:14][place] + effects[month]
        mean = np.exp(index)
        each = counts * index - mean
        inside = special.gammainc(1, mean) - special.gammainc(5, mean)
        return float(-np.where(few, np.log(np.maximum(inside, 1e-300)), each).sum())

    start = np.concatenate([np.zeros(2), np.full(12, -2.5), np.zeros(7)])
    best = optimize.minimize(misfit, start, method="BFGS", options={"gtol": 1e-5})
    assert found.coefficient == pytest.approx(best.x[:2], abs=1e-4)


def test_places_without_a_case_and_with_one_month_are_left_out_and_counted() -> None:
    outcome, x, _ = _small()
    amount, exposure = outcome.amount.copy(), outcome.exposure.copy()
    amount[3], exposure[4, 1:] = 0, 0
    found = fit(outcome._replace(amount=amount, exposure=exposure), x)
    assert found.n_places_known - found.n_places == 2
    assert not found.is_used[[3, 4]].any()
    nobody = fit(outcome._replace(exposure=np.zeros((12, 8))), x)
    assert np.isnan(nobody.coefficient).all()


def test_lags_that_are_the_same_are_refused() -> None:
    outcome, x, _ = _small()
    assert np.isnan(fit(outcome, np.stack([x[0], x[0]])).coefficient).all()


def test_a_score_is_fitted_by_weighted_least_squares() -> None:
    outcome, x, _ = _small()
    place, month = np.indices((12, 8))
    score = outcome._replace(amount=2 * x[0] - 3 * x[1] + place + month**2.0, is_score=True)
    assert fit(score, x).coefficient == pytest.approx([2, -3])


def test_planted_coefficients_lie_in_their_intervals() -> None:
    """Nine in ten; 80 panels."""
    holds = []
    for seed in range(80):
        lag = seed % 3
        panel = planted_panel(seed, Planted(coefficients={"network": {lag: 0.3}}))
        x = lagged(panel.kpis["drop_rate"], 3)
        found = fit(panel.outcomes[COMPLAINTS, "network"], x)
        error = standard_errors(found.influence, panel.site)[lag]
        holds.append(abs(found.coefficient[lag] - 0.3) < 1.73 * error)
    assert 0.8 <= np.mean(holds) <= 0.98


def test_the_difference_of_two_fits_knows_what_they_share() -> None:
    panel = planted_panel(3, Planted())
    x = lagged(panel.kpis["drop_rate"], 2)
    one, other = (
        fit(panel.outcomes[COMPLAINTS, name], x).influence for name in ("network", "account")
    )
    together = covariance(one - other, one - other, panel.site)
    parts = [covariance(a, b, panel.site) for a, b in ((one, one), (other, other), (one, other))]
    assert together == pytest.approx(parts[0] + parts[1] - parts[2] - parts[2].T, rel=0.05)
