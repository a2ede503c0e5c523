"""The drops a month that relief and a fix would avoid in cells, and in places made of cells."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import sparse

from analysis.arrays import Floats
from analysis.benefit.present import Present, drops_month
from analysis.benefit.spared import Treatable, avoidable, of_both

# --- what is told -----------------------------------------------------------------------------


@dataclass(frozen=True)
class Gain:
    """What relief and fix together would spare of cells or places, in drops a month.

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
    """The gain of each cell, its expectation plain arithmetic on what is published."""
    month = drops_month(present)
    by_load, by_other = (month * share for share in avoidable(cells.levers, relief))
    drops = of_both(cells, relief)
    return Gain(by_load, by_other, drops, np.isnan(by_load + drops[:, 0]).astype(np.int64))


def gain_of_places(share: sparse.csr_array, cells: Gain) -> Gain:
    """The gain of places of which each cell is a part. `share`: (place, cell)."""
    known = cells.n_unknown == 0
    parts = share[:, np.flatnonzero(known)]
    some = parts.sum(axis=1) > 0
    by_load, by_other = (
        np.where(some, parts @ values[known], np.nan) for values in (cells.by_load, cells.by_other)
    )
    drops = np.where(some[:, None], parts @ cells.drops[known], np.nan)
    unknown_cells = (share[:, np.flatnonzero(~known)] > 0).sum(axis=1)
    return Gain(by_load, by_other, drops, np.asarray(unknown_cells, np.int64))
