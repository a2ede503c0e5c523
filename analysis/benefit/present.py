"""The drops that each cell has now, by the month: counted since its last change."""

from typing import NamedTuple

import numpy as np
import xarray as xr

from analysis.arrays import Flags, Floats
from analysis.attribution.levers import Levers
from analysis.uncertainty import intervals

DAYS_A_MONTH = 30.0
_DAY_S = 86_400


class Present(NamedTuple):
    """What each cell counted since its last change, each (cell,).

    `drops`: dropped calls. `days_worth`: usual whole days that they were counted in. `noise`:
    variance of the sum of drops over that of a Poisson count.
    """

    drops: Floats
    days_worth: Floats
    noise: Floats


def present_of(cube: xr.Dataset, levers: Levers, noise: intervals.Noise, days: int) -> Present:
    """What was counted since each cell's last change, in no more than the `days` newest days.

    `cube`: counters by cell and day (`cube.of_cell_days`). `levers`: of the same cells; they know
    since when the present lasts. `noise`: how daily drops scatter in each of them. A day counts by
    the part of it that is known and in which the cell was up, and by what usual rest days and other
    days bring: three days over a weekend are no three days.
    """
    newest = cube.isel(day=slice(-days, None))
    drops = newest["dropped_calls"].to_numpy()
    is_known = (newest["call_attempts"].to_numpy() > 0) & ~np.isnan(drops)
    is_present = newest["day_local"].to_numpy()[None] >= levers.present_since[:, None]
    n_days = (is_known & is_present).sum(axis=1)
    return Present(
        np.where(is_known & is_present, drops, 0.0).sum(axis=1),
        np.where(is_present, np.nan_to_num(_worth(newest, is_known)), 0.0).sum(axis=1),
        noise.phi * intervals.inflation(noise.rho, np.maximum(n_days, 1)),
    )


def _worth(newest: xr.Dataset, is_known: Flags) -> Floats:
    """How many usual days each day is worth, (cell, day); NaN where no day of its kind is known."""
    up_s = newest["covered_s"].to_numpy() - np.nan_to_num(newest["unavail_s"].to_numpy())
    part = np.where(is_known, up_s, 0.0) / _DAY_S
    attempts = np.where(is_known, newest["call_attempts"].to_numpy(), 0)
    is_rest = newest["rest_day"].to_numpy()
    usual = _ratio(attempts.sum(axis=1), part.sum(axis=1))
    on_rest_days, on_others = (
        _ratio((attempts * kind).sum(axis=1), (part * kind).sum(axis=1)) / usual
        for kind in (is_rest, ~is_rest)
    )
    return np.asarray(part * np.where(is_rest, on_rest_days[:, None], on_others[:, None]))


def drops_month(present: Present) -> Floats:
    """Drops a month of 30 days as they were counted, (cell,); NaN = no day is known.

    `present`: what each cell counted.
    """
    return DAYS_A_MONTH * _ratio(present.drops, present.days_worth)


def _ratio(above: Floats, below: Floats) -> Floats:
    return np.divide(above, below, out=np.full(len(above), np.nan), where=below > 0)
