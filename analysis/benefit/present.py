"""The drops that each cell has now, by the month: counted since its present level began."""

from typing import NamedTuple

import numpy as np
import xarray as xr

from analysis.arrays import Floats
from analysis.attribution.levers import Levers
from analysis.uncertainty import intervals

DAYS_A_MONTH = 30.0
_DAY_S = 86_400


class Present(NamedTuple):
    """Drops of each cell's present level, the days' worth they were counted in, its noise."""

    drops: Floats
    days_worth: Floats
    noise: Floats


def present_of(cube: xr.Dataset, levers: Levers, noise: intervals.Noise, days: int) -> Present:
    """What was counted since each cell's level began. `cube`: `cube.of_cell_days`, `days` newest.

    A day counts by the part of it that is known and in which the cell was up, and by what usual
    rest days and other days bring: three days over a weekend are no three days.
    """
    new = slice(-days, None)
    counted, drops = (cube[name].to_numpy()[:, new] for name in ("call_attempts", "dropped_calls"))
    known = (counted > 0) & ~np.isnan(drops)
    covered_s, down_s = (cube[name].to_numpy()[:, new] for name in ("covered_s", "unavail_s"))
    part = np.where(known, covered_s - np.nan_to_num(down_s), 0.0) / _DAY_S
    rest = cube["rest_day"].to_numpy()[:, new]
    usual = _ratio(np.where(known, counted, 0).sum(axis=1), part.sum(axis=1))
    of_kind = [_ratio(np.where(known & k, counted, 0).sum(axis=1), (part * k).sum(axis=1)) / usual
               for k in (rest, ~rest)]  # fmt: skip
    worth = part * np.where(rest, of_kind[0][:, None], of_kind[1][:, None])
    since = cube["day_local"].to_numpy()[new][None] >= levers.present_since[:, None]
    n_days = (known & since).sum(axis=1)
    spread = noise.phi * intervals.inflation(noise.rho, np.maximum(n_days, 1))
    return Present(
        np.where(known & since, drops, 0.0).sum(axis=1),
        np.where(since, np.nan_to_num(worth), 0.0).sum(axis=1),
        spread,
    )


def drops_month(present: Present) -> Floats:
    """Drops a month as they were counted, (cell,); NaN = no day is known."""
    return DAYS_A_MONTH * _ratio(present.drops, present.days_worth)


def _ratio(above: Floats, below: Floats) -> Floats:
    return np.divide(above, below, out=np.full(len(above), np.nan), where=below > 0)
