"""The busy-hour load of each cell, week by week."""

import numpy as np

from analysis.arrays import Flags, Floats

_LEAST_DAYS = 2


def weekly(daily: Floats, rest_day: Flags) -> Floats:
    """Mean of each week over the cell's fuller kind of day, (cell, week); the last is the newest.

    `daily`: (cell, day), above 0; NaN = not known. `rest_day`: weekend or public holiday, (cell,
    day). A cell that is fuller on rest days is judged by those. Weeks are counted back from the
    last day, and days before the first whole one are left out. NaN = fewer than two days known.
    Fewer than seven days are one week of which nothing is known.
    """
    working, resting = (_mean(np.where(kind, daily, np.nan)) for kind in (~rest_day, rest_day))
    is_resting = np.nan_to_num(resting) > np.nan_to_num(working)
    counted = np.where(rest_day == is_resting[:, None], daily, np.nan)
    n_weeks = daily.shape[1] // 7
    if n_weeks == 0:
        return np.full((len(daily), 1), np.nan)
    weeks = counted[:, daily.shape[1] - 7 * n_weeks :].reshape(len(daily), n_weeks, 7)
    is_enough = np.isfinite(weeks).sum(axis=2) >= _LEAST_DAYS
    return np.where(is_enough, _mean(weeks), np.nan)


def _mean(values: Floats) -> Floats:
    """Mean over the last axis of what is known; NaN where nothing is."""
    is_known = np.isfinite(values)
    n_known = is_known.sum(axis=-1)
    total = np.where(is_known, values, 0.0).sum(axis=-1)
    return np.divide(total, n_known, out=np.full(total.shape, np.nan), where=n_known > 0)
