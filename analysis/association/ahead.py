"""How much of what differs between places is foreseen in months that the fit has not seen."""

from typing import NamedTuple

import numpy as np

from analysis.arrays import Flags, Floats
from analysis.association.fit import FEW, Outcome, fit

_SHARE_AHEAD = 0.25


class Explained(NamedTuple):
    """Share of the variance between places that is explained in later months; NaN = not known.

    `model`: by places and what the network did. `place_mean`: by each place's own past alone.
    `last_month`: by each place's month before. Below 0: worse than the same rate everywhere.
    """

    model: float
    place_mean: float
    last_month: float


UNKNOWN = Explained(np.nan, np.nan, np.nan)


def explained(outcome: Outcome, x: Floats) -> Explained:
    """The shares explained in the last quarter of the months, each month's mean taken as known.

    `outcome`: of each place and month. `x`: (lag, place, month), NaN = not known.
    """
    known = (outcome.exposure > 0) & ~np.isnan(x).any(axis=0)
    months = np.flatnonzero(known.any(axis=0))
    n_ahead = max(1, int(_SHARE_AHEAD * len(months)))
    if len(months) < n_ahead + 2:
        return UNKNOWN
    later = np.zeros(known.shape[1], bool)
    later[months[-n_ahead:]] = True
    earlier = outcome._replace(exposure=np.where(later, 0.0, outcome.exposure))
    fitted = fit(earlier, x)
    if np.isnan(fitted.coefficient).any():
        return UNKNOWN
    value = _values(outcome)
    index = fitted.place[:, None] + np.tensordot(fitted.coefficient, np.nan_to_num(x), axes=1)
    model = index if outcome.is_score else np.exp(np.minimum(index, 30.0))
    guesses = (model, _own_mean(value, earlier), _month_before(value, outcome.exposure))
    tested = known & later & ~np.isnan(sum(guesses))
    if not tested.any():
        return UNKNOWN
    return Explained(*(_share(value, guess, outcome, tested) for guess in guesses))


def _values(outcome: Outcome) -> Floats:
    """Rate or score of each place and month; NaN = not known."""
    known = outcome.exposure > 0
    if outcome.is_score:
        return np.where(known, outcome.amount, np.nan)
    cases = np.where(outcome.is_few, FEW.mean(), outcome.amount)
    return np.divide(cases, outcome.exposure, out=np.full(known.shape, np.nan), where=known)


def _own_mean(value: Floats, earlier: Outcome) -> Floats:
    """Each place's mean against that of all in the same months, (place, 1); NaN = none known."""
    weight = np.where(np.isnan(value), 0.0, earlier.exposure)
    filled = np.nan_to_num(value)
    by_month = _ratio((weight * filled).sum(axis=0), weight.sum(axis=0))
    usual = np.nan_to_num(by_month)
    if earlier.is_score:
        return _ratio((weight * (filled - usual)).sum(axis=1), weight.sum(axis=1))[:, None]
    return _ratio((weight * filled).sum(axis=1), (weight * usual).sum(axis=1))[:, None]


def _month_before(value: Floats, exposure: Floats) -> Floats:
    before = np.full(value.shape, np.nan)
    before[:, 1:] = np.where(exposure[:, :-1] > 0, value[:, :-1], np.nan)
    return before


def _share(value: Floats, guess: Floats, outcome: Outcome, tested: Flags) -> float:
    """1 - squares left over squares there are, weighted by exposure, each month by itself."""
    weight = np.where(tested, outcome.exposure, 0.0)
    guess = np.where(tested, guess, 0.0)
    value = np.where(tested, value, 0.0)
    total = weight.sum(axis=0)
    mean = _ratio((weight * value).sum(axis=0), total)
    guessed = _ratio((weight * guess).sum(axis=0), total)
    scaled = guess - guessed + mean if outcome.is_score else guess * mean / guessed
    left, there = (
        np.nansum(weight * (value - foreseen) ** 2) for foreseen in (scaled, np.nan_to_num(mean))
    )
    return float(1 - left / there) if there > 0 else np.nan


def _ratio(above: Floats, below: Floats) -> Floats:
    return np.divide(above, below, out=np.full(above.shape, np.nan), where=below > 0)
