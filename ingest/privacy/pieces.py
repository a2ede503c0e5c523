"""Sums over groups, and which members of a piece have to stay: what all figures are suppressed by.

Arrays have one value a member, shape (member,). A `group`, `piece` or `node` is a number for each
member; what is said of a group is repeated on each of its members.
"""

import numpy as np
import numpy.typing as npt
import pandas as pd

FEWEST_CASES = 5
"""A smaller count is shown as <5, or not at all."""

Flags = npt.NDArray[np.bool_]
Codes = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


def cases(rows: pd.DataFrame, of: str = "") -> tuple[Floats, Flags, Flags]:
    """How many cases surely are in each row, whether any may be, and whether all are wholly.

    `rows`: count; where cases count in parts, touched and homes too, as for `release.counts`.
    `of`: what the names of these columns begin with.
    """
    count = rows[f"{of}count"].to_numpy(float)
    if f"{of}touched" not in rows:
        return count, count > 0, np.ones(len(count), bool)
    touched = rows[f"{of}touched"].to_numpy(float)
    homes = rows[f"{of}homes"].to_numpy(float)
    return np.minimum(count, homes), touched > 0, touched == count


def joined(
    piece: Codes, node: Codes, size: Floats, is_some: Flags, *, unfit: Flags, fewest: float
) -> Flags:
    """The unfit nodes, and the smallest fit node of each piece in which the unfit hold too few.

    `size`: of each member. `is_some`: whether it has anything at all. `unfit`: alike over a node.
    `fewest`: that a piece has, or nothing.
    """
    too_few = small(piece, np.where(unfit, size, 0.0), is_some & unfit, fewest)
    is_candidate = too_few & ~unfit & is_some
    candidates = pd.DataFrame(
        {
            "piece": piece[is_candidate],
            "total": total(node, size)[is_candidate],
            "node": node[is_candidate],
        }
    )
    smallest = candidates.sort_values(["total", "node"]).drop_duplicates("piece")
    return unfit | np.isin(node, smallest["node"])


def small(group: Codes, size: Floats, is_some: Flags, fewest: float) -> Flags:
    """Whether a group, seen from each member, has somebody and yet fewer than `fewest`.

    `size` and `is_some`: of each member, as for `joined`.
    """
    return any_of(group, is_some) & (total(group, size) < fewest)


def total(group: Codes, size: Floats) -> Floats:
    """The sum of `size` over a group, seen from each member."""
    sums: Floats = np.bincount(group, size).astype(float)
    return sums[group]


def any_of(group: Codes, flags: Flags) -> Flags:
    """Whether any member of a group has one of the `flags`, seen from each member."""
    return total(group, flags.astype(float)) > 0


def codes(*columns: npt.ArrayLike | pd.Series) -> Codes:
    """A number for each combination of values of the `columns`, in the order they first appear."""
    code = np.zeros(len(np.asarray(columns[0])), np.int64)
    for column in columns:
        part, values = pd.factorize(pd.Series(column), use_na_sentinel=False)
        # numbered anew after each column, so that the product can't overflow
        code = pd.factorize(code * (len(values) + 1) + part)[0].astype(np.int64)
    return code
