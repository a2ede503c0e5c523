"""The stage that says what treating cells would spare: finds of the search -> benefits, what-ifs.

Drops avoided come from the cells' own curves and changes (`benefit`), complainants, detractors and
value from them by one coefficient for the network each (`chain`).
"""

from typing import NamedTuple

import numpy as np
import pandas as pd
import xarray as xr

from analysis.arrays import Floats
from analysis.association.per_drop import Slopes
from analysis.attribution.levers import Levers, aligned
from analysis.benefit import spared, tables
from analysis.benefit.gain import Gain, gain_of_cells
from analysis.benefit.present import present_of
from analysis.uncertainty import draws
from analysis.uncertainty.intervals import Noise
from contracts.settings.sections import Settings

_NO_HOURS = "load is not known by the hour"


class Found(NamedTuple):
    """What treating each cell of the counters would spare, and tables without run_id.

    `slopes`: cases a drop less spares, by the name of the column that they fill.
    """

    cells: Gain
    slopes: Slopes
    benefits: pd.DataFrame
    ladder: pd.DataFrame
    associations: pd.DataFrame


def find(
    counters: xr.Dataset,
    levers: Levers,
    noise: Noise,
    associations: pd.DataFrame,
    slopes: Slopes,
    *,
    at_most: Floats,
    settings: Settings,
) -> Found:
    """The gain of each cell of `counters` (`cube.of_cell_days`), in their order.

    `at_most`: subscribers whom each cell serves (`residents`).
    """
    known = aligned(levers, counters["cell_id"].to_numpy(), _NO_HOURS)
    present = present_of(counters, known, noise, settings.priority.days)
    cells, relief = spared.treatable(known, present), settings.priority.relief_pct / 100
    gain = gain_of_cells(cells, present, relief)
    until = pd.Timestamp(counters["day_local"].to_numpy()[-1])
    benefits = tables.table(cells, present, gain, relief=relief).assign(level_until=until)
    ladder = tables.what_if(cells, present, slopes, at_most)
    return Found(gain, slopes, benefits, ladder, associations)


def nothing() -> Found:
    """No gain of no cell."""
    none, empty = pd.DataFrame(), np.empty(0)
    gain = Gain(empty, empty, np.empty((0, draws.N_DRAWS)), empty.astype(np.int64))
    return Found(gain, {}, none, none, none)
