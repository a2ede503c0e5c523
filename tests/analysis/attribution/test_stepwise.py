"""Generalised least squares agrees with plain least squares on whitened data; steps come back."""

import numpy as np
import pytest

from analysis.attribution import stepwise
from analysis.attribution.wander import Wander

WANDER = Wander(0.12, 0.5, 0.08, 0.97)


def _noise(rng: np.random.Generator, n_rows: int, n_days: int) -> tuple[np.ndarray, np.ndarray]:
    """Rows of remembering noise, and its precision."""
    covariance = WANDER.covariance(n_days) + 0.02 * np.eye(n_days)
    values = rng.multivariate_normal(np.zeros(n_days), covariance, n_rows)
    return values, np.repeat(np.linalg.inv(covariance)[None], n_rows, axis=0)


def test_heights_are_those_of_least_squares_on_whitened_data() -> None:
    values, precision = _noise(np.random.default_rng(3), 1, 30)
    gram, moment = (part[0] for part in stepwise.equations(values, precision))
    heights, covariance = stepwise.heights(gram, moment, [9, 20])
    day = np.arange(30)
    design = np.column_stack([day >= start for start in (0, 9, 20)]).astype(float)
    white = np.linalg.cholesky(precision[0]).T
    plain = np.linalg.lstsq(white @ design, white @ values[0])[0]
    assert heights == pytest.approx(plain)
    assert covariance == pytest.approx(np.linalg.inv(design.T @ precision[0] @ design))


def test_the_first_day_chosen_is_the_best_of_all_days_tried_one_by_one() -> None:
    values, precision = _noise(np.random.default_rng(5), 1, 40)
    values[0, 17:] += 1.2
    found = stepwise.equations(values, precision)
    white = np.linalg.cholesky(precision[0]).T
    day = np.arange(40)
    left = [
        np.linalg.lstsq(white @ np.column_stack([np.ones(40), day >= start]), white @ values[0])[1][
            0
        ]
        for start in range(3, 38)
    ]
    assert stepwise.search(found, np.full((1, 40), 12.0), stepwise.may_stand_together(40, 3))[
        0
    ] == [3 + int(np.argmin(left))]


def test_what_a_step_explains_is_what_it_takes_from_the_whitened_squares() -> None:
    values, precision = _noise(np.random.default_rng(2), 1, 30)
    gram, moment = (part[0] for part in stepwise.equations(values, precision))
    white = np.linalg.cholesky(precision[0]).T
    day = np.arange(30)

    def left(*starts: int) -> float:
        design = np.column_stack([day >= start for start in (0, *starts)]).astype(float)
        return float(np.linalg.lstsq(white @ design, white @ values[0])[1][0])

    one, two = stepwise.explained(gram, moment, []), stepwise.explained(gram, moment, [9])
    assert one[20] == pytest.approx(left() - left(20))
    assert two[20] == pytest.approx(left(9) - left(9, 20))


def test_steps_and_stretches_come_back_and_noise_hardly_alarms() -> None:
    values, precision = _noise(np.random.default_rng(7), 300, 56)
    values[:100, 30:] += 1.0
    values[100:200, 20:34] += 1.0
    equations, price = stepwise.equations(values, precision), np.full(values.shape, 3.5**2)
    found = stepwise.search(equations, price, stepwise.may_stand_together(56, 3))
    right = [any(abs(day - 30) <= 1 for day in row) for row in found[:100]]
    both = [{20, 34} <= {d + o for d in row for o in (-1, 0, 1)} for row in found[100:200]]
    assert np.mean(right) > 0.9
    assert np.mean(both) > 0.85
    assert np.mean([bool(row) for row in found[200:]]) < 0.06
