"""The actions that a plan can choose from, as arrays."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import sparse

from analysis.arrays import Floats


@dataclass(frozen=True)
class Actions:
    """Actions that could be done, A of them, in an order that does not hang on that of any file."""

    known: pd.DataFrame
    """What they are: action, place_type, cell_id, sector_id, site_id, region, reason, ..."""
    cost: Floats
    """Cost of each in the catalogue's currency, (A,)."""
    crew_weeks: Floats
    """Weeks of one crew that each takes, (A,)."""
    benefit: Floats
    """Drops avoided a month by each, (A, draw)."""
    treats: sparse.csr_array
    """Which cells each treats, (A, cell), 1 or 0."""

    @property
    def region(self) -> npt.NDArray[np.object_]:
        """Region of each; "" = in none."""
        return self.known["region"].to_numpy(object)
