"""On which days does a series step? Generalised least squares, where the noise remembers.

A row y of n days is modelled as S b + noise. Column 0 of S is the row's height from its first day
on, column d is 1 from day d on, so b_d is the height of a step on day d. The noise has a known
covariance V, and Q is its inverse. All that is needed of a row are S'QS and S'Qy: neighbours that
remember each other are weighed as they should be, and what wanders back is no step.

Days are added alone and in pairs (a stretch that is worse, and its end). They are moved, and
dropped, while the squares that they explain exceed their price. Stepwise regression: Efroymson
1960; on correlated errors: Aitken 1936.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from analysis.arrays import Flags, Floats

MOST_ROUNDS = 30
# squares that a pair of days must explain beyond the prices of its two days
PAIR_PRICE = 2.0
_TINY = 1e-9


class Equations(NamedTuple):
    """The normal equations of rows, with a step on every day."""

    gram: Floats
    """S'QS, shape (row, day, day)."""
    moment: Floats
    """S'Qy, shape (row, day)."""


def equations(values: Floats, precision: Floats) -> Equations:
    """The normal equations of rows.

    `values`: y, shape (row, day), without NaN. `precision`: Q, the inverse of the covariance of
    each row's noise, shape (row, day, day).
    """
    weighted = (precision @ values[..., None])[..., 0]
    # column d of S is 1 from day d on, so S'x sums x over day d and those after it
    gram = _from_each_day(_from_each_day(precision, 1), 2)
    return Equations(gram, _from_each_day(weighted, 1))


def _from_each_day(values: Floats, axis: int) -> Floats:
    """Sum over each day and those after it, in the shape of `values`."""
    return np.flip(np.cumsum(np.flip(values, axis), axis), axis)


def may_stand_together(n_days: int, least_days: int) -> Flags:
    """Which steps may stand beside which, shape (day, day): those `least_days` or more apart.

    `n_days`: days of the series; `least_days`: of a segment at least. Row 0 says which may stand at
    all: those as far from both ends.

    >>> may_stand_together(6, 2)[0].tolist()
    [False, False, True, True, True, False]
    """
    day = np.arange(n_days)
    is_allowed = np.abs(np.subtract.outer(day, day)) >= least_days
    is_allowed[0] &= day <= n_days - least_days
    return is_allowed


class Rules(NamedTuple):
    """What the steps of one row must keep to."""

    price: Floats
    """Squares that a step on each day must explain to be taken, shape (day,)."""
    is_allowed: Flags
    """Which steps may stand beside which, as of `may_stand_together`, shape (day, day)."""


def search(rows: Equations, price: Floats, is_allowed: Flags) -> list[list[int]]:
    """Days on which each row steps, ascending; [] = it does not.

    `rows`: normal equations of each row, as of `equations`. `price`: squares that a step on each
    day must explain, shape (row, day). `is_allowed`: as of `may_stand_together`. The equations may
    be those of other shapes than steps, if column 0 is the row's height.
    """
    return [
        _stepwise(gram, moment, Rules(own_price, is_allowed))
        for gram, moment, own_price in zip(*rows, price, strict=True)
    ]


def heights(gram: Floats, moment: Floats, days: list[int]) -> tuple[Floats, Floats]:
    """Height of one row's first days and of each of its steps, and their covariance.

    `gram`, `moment`: of the row, (day, day) and (day,). `days`: of its k steps. Shapes (k + 1,) and
    (k + 1, k + 1).
    """
    columns = [0, *days]
    covariance = np.asarray(np.linalg.inv(gram[np.ix_(columns, columns)]), np.float64)
    return covariance @ moment[columns], covariance


def explained(gram: Floats, moment: Floats, days: list[int]) -> Floats:
    """Squares that one more step on each day would explain of what steps on `days` leave, (day,).

    `gram`, `moment`: of the row, (day, day) and (day,).
    """
    return _squares(*_remainder(gram, moment, days))


def _stepwise(gram: Floats, moment: Floats, rules: Rules) -> list[int]:
    days = list[int]()
    for _ in range(MOST_ROUNDS):
        new_days = _added(gram, moment, rules, days)
        if not new_days:
            break
        days = _moved(gram, moment, rules, days + new_days)
    return sorted(days)


def _added(gram: Floats, moment: Floats, rules: Rules, days: list[int]) -> list[int]:
    """The day that explains most beyond its price; else the pair of days; else none."""
    is_free = rules.is_allowed[[0, *days]].all(axis=0)
    remainder = _remainder(gram, moment, days)
    gain = np.where(is_free, _squares(*remainder) - rules.price, -np.inf)
    if gain.max() > 0:
        return [int(gain.argmax())]
    return _pair(*remainder, rules, np.flatnonzero(is_free))


def _moved(gram: Floats, moment: Floats, rules: Rules, days: list[int]) -> list[int]:
    """Each day where it explains most given the others, or dropped, until none moves."""
    for _ in range(MOST_ROUNDS):
        days_before = set(days)
        for day in sorted(days_before):
            others = [other for other in days if other != day]
            is_free = rules.is_allowed[[0, *others]].all(axis=0)
            gain = np.where(is_free, explained(gram, moment, others) - rules.price, -np.inf)
            days = [*others, int(gain.argmax())] if gain.max() > 0 else others
        if set(days) == days_before:
            break
    return days


def _remainder(gram: Floats, moment: Floats, days: list[int]) -> tuple[Floats, Floats]:
    """S'QS and S'Qy of what the row's height and steps on `days` leave (Frisch and Waugh 1933)."""
    columns = [0, *days]
    # projection of every column on those taken, (day, column)
    part = np.linalg.solve(gram[np.ix_(columns, columns)], gram[columns]).T
    return gram - part @ gram[columns], moment - part @ moment[columns]


def _squares(gram: Floats, moment: Floats) -> Floats:
    """Squares that one more step on each day explains, (day,): of its height over its sd."""
    # a step's height is moment / information, its variance 1 / information
    information = np.diagonal(gram)
    is_known = information > _TINY
    return np.where(is_known, moment**2 / np.maximum(information, _TINY), 0.0)


def _pair(gram: Floats, moment: Floats, rules: Rules, free_days: npt.NDArray[np.intp]) -> list[int]:
    """The two free days that together explain most beyond their prices; none if that is not more.

    There are more pairs than days: a pair costs a little more than its two days.
    """
    # of each day (day,) and of each pair (day, day): with a, b on the diagonal and c beside it,
    # two steps explain (m1^2 b + m2^2 a - 2 m1 m2 c) / (a b - c^2)
    own, both = np.diagonal(gram)[free_days], gram[np.ix_(free_days, free_days)]
    m = moment[free_days]
    determinant = np.outer(own, own) - both**2
    is_known = determinant > _TINY * np.outer(own, own)
    is_pair = is_known & np.triu(rules.is_allowed[np.ix_(free_days, free_days)], 1)
    if not is_pair.any():
        return []
    above = m[:, None] ** 2 * own + m**2 * own[:, None] - 2 * np.outer(m, m) * both
    squares = above / np.where(is_pair, determinant, 1.0)
    prices = np.add.outer(rules.price[free_days], rules.price[free_days])
    gain = np.where(is_pair, squares - prices, -np.inf)
    if gain.max() <= PAIR_PRICE:
        return []
    first, second = np.unravel_index(gain.argmax(), gain.shape)
    return [int(free_days[first]), int(free_days[second])]
