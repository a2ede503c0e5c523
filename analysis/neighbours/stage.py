"""The stage of pairs of cells: handovers, or footprints where there are none -> table neighbour."""

import pandas as pd

from analysis.inputs import Findings, Inputs
from analysis.neighbours.named import under_cell_ids
from analysis.places.neighbours import by_geography, by_handovers
from contracts.tables import TABLES, assemble

METHOD_VERSION = "neighbour-1"
NEWEST_DAYS = 28
_COUNTED = ["ho_exe_att", "ho_exe_succ"]
_PAIR = ["cell_id", "neighbour_cell_id"]


def find(inputs: Inputs, earlier: Findings) -> Findings:  # noqa: ARG001  as every family has it
    """Table neighbour: the cells that each cell hands over to, or that share its ground.

    `inputs`: handovers of the newest 28 days with counters count. A cell without any has the
    neighbours of its footprint; one without a footprint has none. `earlier`: nothing of it is read.
    """
    newest = pd.Timestamp(inputs.newest_day)
    first = newest - pd.Timedelta(days=NEWEST_DAYS - 1)
    known = by_handovers(_counted(inputs, first, newest))
    others = {*inputs.newest_cells["cell_id"]} - {*known["cell_id"]}
    weights = inputs.newest_weights(inputs.settings.grid.level)
    parts = [known, by_geography(weights, others)] if len(weights) else [known]
    rows = [
        part.assign(period_start=first, period_end=newest, method_version=METHOD_VERSION)
        for part in parts
    ]
    return Findings(neighbour=assemble(rows, TABLES["neighbour"]))


def _counted(inputs: Inputs, first: pd.Timestamp, newest: pd.Timestamp) -> pd.DataFrame:
    """Handovers of each pair from the first day to the newest; NaN = successes never came."""
    warehouse = inputs.warehouse
    days = [day for day in warehouse.days("pm_relation") if str(first.date()) <= day]
    days = [day for day in days if day <= str(newest.date())]
    # a day at a time: of hours and large networks all rows would not fit
    sums = [
        _summed(warehouse.read("pm_relation", days=[day], columns=_PAIR + _COUNTED)) for day in days
    ]
    counted = _summed(pd.concat(sums)) if sums else pd.DataFrame(columns=_PAIR + _COUNTED)
    named = under_cell_ids(counted, inputs.newest_cells)
    return _summed(named[named["cell_id"] != named["neighbour_cell_id"]])


def _summed(rows: pd.DataFrame) -> pd.DataFrame:
    """Counts of each pair added up; successes are missing where they are missing in a row."""
    rows = rows.assign(ho_exe_succ=rows["ho_exe_succ"].astype(float))
    lacks = rows["ho_exe_succ"].isna().groupby([rows[name] for name in _PAIR]).any()
    sums = rows.groupby(_PAIR)[_COUNTED].sum()
    return sums.assign(ho_exe_succ=sums["ho_exe_succ"].mask(lacks)).reset_index()
