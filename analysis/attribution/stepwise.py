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

from analysis.arrays import Flags, Floats

MOST_ROUNDS, PAIR_PRICE = 30, 2.0
_TINY = 1e-9


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


def may_stand_together(n_days: int, least: int) -> Flags:
    """Which steps may stand together: those `least` days apart, and from the ends; (day, day)."""
    day = np.arange(n_days)
    together = np.abs(np.subtract.outer(day, day)) >= least
    together[0] &= day <= n_days - least
    return together


class Rules(NamedTuple):
    """What a row's steps must keep to."""

    price: Floats
    """Squares that a step on each day must explain to be taken, (day,)."""
    together: Flags
    """Which may stand beside which, (day, day); its row 0 tells which may stand at all."""


def search(found: Equations, price: Floats, together: Flags) -> list[list[int]]:
    """Days of each row on which its level steps, ascending.

    The equations may be those of any other shapes in place of steps, the level first.
    `price`, (row, day), and `together` as in `Rules`.
    """
    return [
        _stepwise(gram, moment, Rules(own, together))
        for gram, moment, own in zip(*found, price, strict=True)
    ]


def levels(gram: Floats, moment: Floats, days: list[int]) -> tuple[Floats, Floats]:
    """Height of the first level and of each step of one row, and their covariance."""
    chosen = [0, *days]
    covariance = np.asarray(np.linalg.inv(gram[np.ix_(chosen, chosen)]), np.float64)
    return covariance @ moment[chosen], covariance


def explained(gram: Floats, moment: Floats, days: list[int]) -> Floats:
    """Squares that one more step on each day would explain of what these steps leave, (day,)."""
    return _squares(*_left(gram, moment, days))


def _stepwise(gram: Floats, moment: Floats, rules: Rules) -> list[int]:
    days = list[int]()
    for _ in range(MOST_ROUNDS):
        more = _added(gram, moment, rules, days)
        if not more:
            break
        days = _settled(gram, moment, rules, days + more)
    return sorted(days)


def _added(gram: Floats, moment: Floats, rules: Rules, days: list[int]) -> list[int]:
    """The day that explains most beyond its price; else the pair of days; else none."""
    free = rules.together[[0, *days]].all(axis=0)
    left = _left(gram, moment, days)
    gain = np.where(free, _squares(*left) - rules.price, -np.inf)
    if gain.max() > 0:
        return [int(gain.argmax())]
    return _pair(*left, rules, np.flatnonzero(free))


def _settled(gram: Floats, moment: Floats, rules: Rules, days: list[int]) -> list[int]:
    """Each day moved to where it explains most given the others, or dropped, until none moves."""
    for _ in range(MOST_ROUNDS):
        before = set(days)
        for day in sorted(before):
            others = [other for other in days if other != day]
            free = rules.together[[0, *others]].all(axis=0)
            gain = np.where(free, explained(gram, moment, others) - rules.price, -np.inf)
            days = [*others, int(gain.argmax())] if gain.max() > 0 else others
        if set(days) == before:
            break
    return days


def _left(gram: Floats, moment: Floats, days: list[int]) -> tuple[Floats, Floats]:
    """S'QS and S'Qy of what the level and these steps leave."""
    chosen = [0, *days]
    part = np.linalg.solve(gram[np.ix_(chosen, chosen)], gram[chosen]).T
    return gram - part @ gram[chosen], moment - part @ moment[chosen]


def _squares(gram: Floats, moment: Floats) -> Floats:
    """Squares that one more step on each day explains: of its height over its sd."""
    known = np.diagonal(gram)
    return np.where(known > _TINY, moment**2 / np.maximum(known, _TINY), 0.0)


def _pair(gram: Floats, moment: Floats, rules: Rules, free: npt.NDArray[np.intp]) -> list[int]:
    """The two free days that together explain most beyond their prices; none if that is not more.

    There are more pairs than days: a pair costs a little more than its two days.
    """
    own, both, m = np.diagonal(gram)[free], gram[np.ix_(free, free)], moment[free]
    known = np.outer(own, own) - both**2
    some = (known > _TINY * np.outer(own, own)) & np.triu(rules.together[np.ix_(free, free)], 1)
    if not some.any():
        return []
    first = m[:, None] ** 2 * own + m**2 * own[:, None] - 2 * np.outer(m, m) * both
    squares = first / np.where(some, known, 1.0)
    gain = np.where(some, squares - np.add.outer(rules.price[free], rules.price[free]), -np.inf)
    if gain.max() <= PAIR_PRICE:
        return []
    i, j = np.unravel_index(gain.argmax(), gain.shape)
    return [int(free[i]), int(free[j])]
