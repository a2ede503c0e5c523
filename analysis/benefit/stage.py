"""The stage that says what treating cells would avoid: levers of the search -> benefits.

Drops avoided come from the cells' own curves and changes (`spared`), complainants, detractors and
value from them by one coefficient for the network each (`association`).
"""

import pandas as pd

from analysis.association import slopes
from analysis.attribution.levers import aligned, levers_from
from analysis.benefit import spared, tables
from analysis.benefit.gain import gain_of_cells
from analysis.benefit.present import present_of
from analysis.inputs import Findings, Inputs
from analysis.rates import network

_NO_HOURS = "load is not known by the hour"


def find(inputs: Inputs, earlier: Findings) -> Findings:
    """Tables benefit and what_if: the gain of each cell with counters, and of less load.

    Beside them `treatable`, the cells with draws of their drops and levers
    (`spared.treatable_dataset`). `inputs`: without counters both tables are empty. `earlier`: holds
    `levers`, `noise` and table `association`.
    """
    if not inputs.has_counters:
        return Findings(benefit=pd.DataFrame(), what_if=pd.DataFrame())
    counters, priority = inputs.counters, inputs.settings.priority
    searched = levers_from(earlier.draws("levers"))
    noise = network.noise_from(earlier.draws("noise"))
    levers = aligned(searched, counters["cell_id"].to_numpy(), _NO_HOURS)
    present = present_of(counters, levers, noise, priority.days)
    cells, relief = spared.treatable(levers, present), priority.relief_pct / 100
    gain = gain_of_cells(cells, present, relief)
    until = pd.Timestamp(counters["day_local"].to_numpy()[-1])
    per_drop = slopes.per_drops(earlier.table("association"), inputs.detractor_revenue)
    at_most = inputs.residents.of_cells()
    return Findings(
        benefit=tables.table(cells, present, gain, relief=relief).assign(present_until=until),
        what_if=tables.what_if(cells, present, per_drop, at_most),
        treatable=spared.treatable_dataset(cells, present),
    )
