"""Whether there is anything to do at a place: `place_state` of `priority`.

docs/methods.md 8.5. Most places of a network are well. What a list says of them would be advice
where nothing is wrong: chance makes some of them stand higher than others.
"""

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.arrays import Flags

ACT, HIGH, WELL = "act", "high", "well"
LEAST_DROPS = 1.0
"""Avoidable drops a month below which nothing is advised."""
LEAST_SURE = 0.5
"""Lower end of an interval, in drops a month, below which it reaches zero as it is written."""
HIGH_TIMES = 1.5
"""Times a typical cell's rate from which on a place drops many calls, avoidable or not."""


def states(places: pd.DataFrame, has_rise: Flags) -> npt.NDArray[np.object_]:
    """Whether there is something to do at each place, (place,): `act`, `high` or `well`.

    `places`: drop_rate_lo, normal_rate, drops_avoidable_month and its lower end, both NaN where
    what is avoidable is not known. `has_rise`: whether a cell that is spoken of is still in a rise,
    (place,).

    `act`: the place is worse than a typical cell or than it was, and some of its drops can surely
    be avoided. Where that is not known, being worse is enough. `high`: it drops many calls, and
    nothing that is known would surely avoid them.
    """
    is_worse = is_above(places) | has_rise
    is_known = places["drops_avoidable_month"].notna().to_numpy()
    is_act = is_worse & np.where(is_known, is_sure(places), True)
    is_high = (places["drop_rate_lo"] > HIGH_TIMES * places["normal_rate"]).to_numpy()
    return np.select([is_act, is_high], [ACT, HIGH], WELL).astype(object)


def is_above(places: pd.DataFrame) -> Flags:
    """Whether each place surely drops more calls than a typical cell, (place,).

    `places`: drop_rate_lo and normal_rate.
    """
    return (places["drop_rate_lo"] > places["normal_rate"]).to_numpy()


def is_sure(places: pd.DataFrame) -> Flags:
    """Whether some drops can surely be avoided at each place, (place,); not known = no.

    `places`: drops_avoidable_month and its lower end.
    """
    is_some = places["drops_avoidable_month"] >= LEAST_DROPS
    return (is_some & (places["drops_avoidable_month_lo"] >= LEAST_SURE)).to_numpy()
