"""Sums whose bits depend on the terms and their order alone, not on what else is summed beside.

pandas and numpy add in an order of their own, which changes with a missing value elsewhere in the
frame. Here terms are added one after the other, with what rounding loses carried along (Kahan).
"""

from collections.abc import Iterable, Iterator

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


def total(parts: Iterable[Floats]) -> Floats:
    """The sum of arrays of one shape, place by place; NaN where all of them are NaN.

    `parts`: one or more, in the order of adding; NaN = no term.
    """
    arrays = iter(parts)
    first = next(arrays)
    is_missing = np.isnan(first)
    result = np.where(is_missing, 0.0, first)
    lost = np.zeros_like(result)
    for array in arrays:
        term = array - lost
        added = result + term
        is_absent = np.isnan(added)
        if is_absent.any():
            # a missing term leaves the sum, and what was lost of it, as they are
            lost = np.where(is_absent, lost, (added - result) - term)
            result = np.where(is_absent, result, added)
            is_missing &= is_absent
        else:
            lost, result = (added - result) - term, added
            is_missing[:] = False
    result[is_missing] = np.nan
    return result


def by_group(values: Floats, group: npt.NDArray[np.int64]) -> Floats:
    """Sums of each group's rows in their order, (group, column); NaN where no row has a value.

    `values`: (row, column); NaN = no term. `group`: of each row, from 0, ascending, every one.

    >>> by_group(np.array([[1.0], [2.0], [np.nan]]), np.array([0, 0, 1])).tolist()
    [[3.0], [nan]]
    """
    if not len(values):
        return np.empty((0, values.shape[1]))
    return total(_by_place(values, group))


def _by_place(values: Floats, group: npt.NDArray[np.int64]) -> Iterator[Floats]:
    """The first row of every group, the second one, and so on; NaN where a group has fewer."""
    n = np.bincount(group)
    place = np.arange(len(group)) - (np.cumsum(n) - n)[group]
    for k in range(int(n.max())):
        rows = np.flatnonzero(place == k)
        terms = np.full((len(n), values.shape[1]), np.nan)
        terms[group[rows]] = values[rows]
        yield terms
