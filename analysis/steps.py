"""Where do levels of a series step whose noise remembers? By generalised least squares.

The noise of each row has a known covariance V. A model is a set of days at which the level steps;
day 0 stands for the level itself. With Q the inverse of V and S the steps on every day, all that is
needed of a row are S'QS and S'Qy: neighbours that remember each other are weighed as they should,
and what wanders back is no step. Days are added alone and in pairs (a stretch that is worse and
over), moved, and dropped while the squares that they explain exceed their price (stepwise
regression, Efroymson 1960; on correlated errors, Aitken 1936).
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

MOST_ROUNDS, PAIR_PRICE = 30, 2.0
_TINY = 1e-9

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


class Equations(NamedTuple):
    """Of steps on every day: S'QS, shape (row, day, day), and S'Qy, (row, day)."""

    gram: Floats
    moment: Floats


def equations(values: Floats, precision: Floats) -> Equations:
    """Of rows `values`, (row, day); `precision`: of their noise, (row, day, day)."""
    weighted = (precision @ values[..., None])[..., 0]
    return Equations(_from_each_day(_from_each_day(precision, 1), 2), _from_each_day(weighted, 1))


def _from_each_day(values: Floats, axis: int) -> Floats:
    """Sum over each day and those after it."""
    return np.flip(np.cumsum(np.flip(values, axis), axis), axis)


def search(found: Equations, price: Floats, least: int) -> list[list[int]]:
    """Days of each row on which its level steps, ascending, `least` days apart and from the ends.

    `price`: squares that a step on each day must explain to be taken, (row, day).
    """
    return [
        _stepwise(gram, moment, own, least) for gram, moment, own in zip(*found, price, strict=True)
    ]


def levels(gram: Floats, moment: Floats, days: list[int]) -> tuple[Floats, Floats]:
    """Height of the first level and of each step of one row, and their covariance."""
    chosen = [0, *days]
    covariance = np.asarray(np.linalg.inv(gram[np.ix_(chosen, chosen)]), np.float64)
    return covariance @ moment[chosen], covariance


def _stepwise(gram: Floats, moment: Floats, price: Floats, least: int) -> list[int]:
    days = list[int]()
    for _ in range(MOST_ROUNDS):
        more = _added(gram, moment, price, days, least)
        if not more:
            break
        days = _settled(gram, moment, price, days + more, least)
    return sorted(days)


def _added(gram: Floats, moment: Floats, price: Floats, days: list[int], least: int) -> list[int]:
    """The day that explains most beyond its price; else the pair of days; else none."""
    free = _free(len(moment), days, least)
    left, explained = _left(gram, moment, days)
    gain = np.where(free, _squares(left, explained) - price, -np.inf)
    if gain.max() > 0:
        return [int(gain.argmax())]
    return _pair(left, explained, price, np.flatnonzero(free), least)


def _settled(gram: Floats, moment: Floats, price: Floats, days: list[int], least: int) -> list[int]:
    """Each day moved to where it explains most given the others, or dropped, until none moves."""
    for _ in range(MOST_ROUNDS):
        before = set(days)
        for day in sorted(before):
            others = [other for other in days if other != day]
            left, explained = _left(gram, moment, others)
            free = _free(len(moment), others, least)
            gain = np.where(free, _squares(left, explained) - price, -np.inf)
            days = [*others, int(gain.argmax())] if gain.max() > 0 else others
        if set(days) == before:
            break
    return days


def _free(n_days: int, days: list[int], least: int) -> Flags:
    """Days on which another step may stand."""
    apart = np.abs(np.subtract.outer(np.arange(n_days), [0, *days, n_days])).min(axis=1)
    return np.asarray(apart >= least)


def _left(gram: Floats, moment: Floats, days: list[int]) -> tuple[Floats, Floats]:
    """S'QS and S'Qy of what the level and these steps leave."""
    chosen = [0, *days]
    part = np.linalg.solve(gram[np.ix_(chosen, chosen)], gram[chosen]).T
    return gram - part @ gram[chosen], moment - part @ moment[chosen]


def _squares(gram: Floats, moment: Floats) -> Floats:
    """Squares that one more step on each day explains: of its height over its sd."""
    known = np.diagonal(gram)
    return np.where(known > _TINY, moment**2 / np.maximum(known, _TINY), 0.0)


def _pair(
    gram: Floats, moment: Floats, price: Floats, free: npt.NDArray[np.intp], least: int
) -> list[int]:
    """The two free days that together explain most beyond their prices; none if that is not more.

    There are more pairs than days: a pair costs a little more than its two days.
    """
    own, both, m = np.diagonal(gram)[free], gram[np.ix_(free, free)], moment[free]
    known = np.outer(own, own) - both**2
    some = (known > _TINY * np.outer(own, own)) & (np.subtract.outer(free, free) <= -least)
    if not some.any():
        return []
    first = m[:, None] ** 2 * own + m**2 * own[:, None] - 2 * np.outer(m, m) * both
    explained = first / np.where(some, known, 1.0)
    gain = np.where(some, explained - np.add.outer(price[free], price[free]), -np.inf)
    if gain.max() <= PAIR_PRICE:
        return []
    i, j = np.unravel_index(gain.argmax(), gain.shape)
    return [int(free[i]), int(free[j])]
