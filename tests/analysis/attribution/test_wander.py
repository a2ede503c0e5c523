"""Planted memories are learnt; the likelihood is the plain one written out."""

import numpy as np
import pytest

from analysis.attribution import wander
from analysis.attribution.wander import Wander

TRUE = Wander(0.12, 0.5, 0.08, 0.97)


def test_planted_wandering_is_learnt_beside_steps() -> None:
    rng = np.random.default_rng(11)
    variance = rng.uniform(0.005, 0.03, (60, 56))
    log_rate = rng.multivariate_normal(np.zeros(56), TRUE.covariance(56), 60)
    log_rate += rng.normal(size=variance.shape) * np.sqrt(variance)
    log_rate[:20, 25:] += 1.0
    found = wander.learn_wander(log_rate, variance, [[25]] * 20 + [[]] * 40)
    assert found.day_sd == pytest.approx(TRUE.day_sd, abs=0.03)
    assert found.day_memory == pytest.approx(TRUE.day_memory, abs=0.2)
    assert found.between(14) == pytest.approx(TRUE.between(14), abs=0.025)


@pytest.mark.parametrize("n_upgraded", [60, 30])
def test_a_step_that_many_cells_take_at_once_is_no_wandering(n_upgraded: int) -> None:
    rng = np.random.default_rng(12)
    variance = rng.uniform(0.005, 0.03, (60, 56))
    log_rate = rng.multivariate_normal(np.zeros(56), TRUE.covariance(56), 60)
    log_rate += rng.normal(size=variance.shape) * np.sqrt(variance)
    plain = wander.learn_wander(log_rate, variance, [[]] * 60)
    log_rate[:n_upgraded, 30:] += np.log(1.4)
    assert [abs(day - 30) <= 1 for day in wander.common_steps(log_rate)] == [True]
    found = wander.learn_wander(log_rate, variance, [[]] * 60)
    assert found.between(14) == pytest.approx(plain.between(14), abs=0.03)


def test_what_all_cells_drift_by_over_months_is_no_step() -> None:
    rng = np.random.default_rng(13)
    log_rate = rng.multivariate_normal(np.zeros(56), TRUE.covariance(56), 60)
    assert wander.common_steps(log_rate - np.linspace(0, 0.5, 56)) == []
    assert wander.common_steps(log_rate[:, :9]) == []


def test_few_cells_teach_nothing() -> None:
    assert wander.learn_wander(np.zeros((3, 20)), np.ones((3, 20)), [[]] * 3) == Wander()


def test_deviance_is_that_of_whatever_the_mean_leaves() -> None:
    rng = np.random.default_rng(13)
    log_rate, variance = rng.normal(size=(1, 12)), rng.uniform(0.1, 0.3, (1, 12))
    # contrasts between neighbouring days know nothing of the mean (Harville 1974)
    contrast = np.diff(np.eye(12), axis=0)

    def plain(of: Wander) -> float:
        covariance = contrast @ (of.covariance(12) + np.diag(variance[0])) @ contrast.T
        apart = contrast @ log_rate[0]
        return float(np.linalg.slogdet(covariance)[1] + apart @ np.linalg.solve(covariance, apart))

    design = np.ones((1, 12, 1))
    ours = [wander.deviance(of, log_rate, variance, design) for of in (TRUE, Wander())]
    assert ours[0] - ours[1] == pytest.approx(plain(TRUE) - plain(Wander()))
