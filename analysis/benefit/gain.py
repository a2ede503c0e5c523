"""The drops a month that relief and a fix would avoid in cells, and in places made of cells."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import sparse

from analysis.arrays import Floats
from analysis.benefit.present import Present, drops_month
from analysis.benefit.spared import Treatable, avoidable, of_both


@dataclass(frozen=True)
class Gain:
    """What relief and fix together would avoid in cells or places, in drops a month.

    `by_load`, `by_other`: (place,), as expected; `drops`: both together, (place, draw). NaN where
    nothing is known. `n_unknown`: cells of the place of which nothing is.
    """

    by_load: Floats
    by_other: Floats
    drops: Floats
    n_unknown: npt.NDArray[np.int64]

    @property
    def expected(self) -> Floats:
        """Drops a month, (place,)."""
        return self.by_load + self.by_other


def gain_of_cells(cells: Treatable, present: Present, relief: float) -> Gain:
    """The gain of each cell, its expectation plain arithmetic on what is published.

    `cells` and `present`: of the same cells. `relief`: share of its load that each is relieved of,
    0 to .5.
    """
    month = drops_month(present)
    by_load, by_other = (month * share for share in avoidable(cells.levers, relief))
    drops = of_both(cells, relief)
    return Gain(by_load, by_other, drops, np.isnan(by_load + drops[:, 0]).astype(np.int64))


def gain_of_places(share: sparse.csr_array, cells: Gain) -> Gain:
    """The gain of places that cells make up: the sum of their parts.

    `share`: which part of each cell is the place's, (place, cell), 0 to 1. `cells`: gain of each
    cell. NaN for a place without a cell of which anything is known.
    """
    is_known = cells.n_unknown == 0
    parts = share[:, np.flatnonzero(is_known)]
    has_any = parts.sum(axis=1) > 0
    by_load = np.where(has_any, parts @ cells.by_load[is_known], np.nan)
    by_other = np.where(has_any, parts @ cells.by_other[is_known], np.nan)
    drops = np.where(has_any[:, None], parts @ cells.drops[is_known], np.nan)
    n_unknown = (share[:, np.flatnonzero(~is_known)] > 0).sum(axis=1)
    return Gain(by_load, by_other, drops, np.asarray(n_unknown, np.int64))
