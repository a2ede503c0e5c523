"""Rows of the tables `benefit` and `what_if`."""

import numpy as np
import pandas as pd

from analysis.arrays import Floats
from analysis.association.per_drop import Slopes, following
from analysis.attribution.levers import LADDER
from analysis.benefit.gain import Gain
from analysis.benefit.present import Present, drops_month
from analysis.benefit.spared import Treatable, avoidable, of_relief
from analysis.uncertainty.draws import with_interval

METHOD_VERSION = "benefit-2"


def table(cells: Treatable, present: Present, gain: Gain, *, relief: float) -> pd.DataFrame:
    """Rows of table `benefit`, one a cell, without the day until which the present lasts.

    `cells`, `present` and `gain`: of the same cells. `relief`: share of its load that each is
    relieved of, 0 to .5.
    """
    by_load, by_other = avoidable(cells.levers, relief)
    return pd.DataFrame(
        {
            "cell_id": cells.levers.cell_id,
            "present_since": cells.levers.present_since.astype("datetime64[s]"),
            "dropped_calls": present.drops,
            "days_worth": present.days_worth,
            "relief_pct": 100 * relief,
            "avoidable_load": by_load,
            "avoidable_other": by_other,
            **with_interval("drops_avoidable_month", gain.expected, gain.drops),
            "unknown_reason": pd.Series(cells.levers.why_not).replace("", None),
            "method_version": METHOD_VERSION,
        }
    )


def what_if(cells: Treatable, present: Present, slopes: Slopes, at_most: Floats) -> pd.DataFrame:
    """Rows of table `what_if`: each cell with a curve, relieved of each step of LADDER.

    `cells` and `present`: of the same cells. `slopes`: what a drop less avoids. `at_most`: persons
    that each cell serves, (cell,); NaN = not known.
    """
    has_curve = ~np.isnan(cells.levers.relieved[:, 0, 0]) & (present.days_worth > 0)
    month = cells.levers.expected_over_counted * drops_month(present)
    steps = []
    for step, share in enumerate(LADDER[1:], 1):
        expected = month * (1 - cells.levers.relieved[:, step].mean(axis=1, dtype=float))
        drops = of_relief(cells, share)
        columns = {
            "cell_id": cells.levers.cell_id,
            "relief_pct": round(100 * share),
            **with_interval("drops_avoided_month", expected, drops),
            **following(expected, drops, slopes, at_most),
            "is_beyond_seen": cells.levers.is_beyond_seen[:, step],
            "method_version": METHOD_VERSION,
        }
        steps.append(pd.DataFrame(columns)[has_curve])
    return pd.concat(steps, ignore_index=True)
