"""A cube of hours by hand: given PRB, drops and attempts, everything else plain."""

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr

from analysis.arrays import Floats

FIRST = pd.Timestamp("2026-06-01")


def cube_of_hours(
    prb: Floats, drops: Floats, attempts: Floats, **others: npt.ArrayLike
) -> xr.Dataset:
    """Returns hours of always available cells in UTC, weekends resting, all (cell, hour).

    `others` replace variables, which are PRB of downlink, its volume, and neither uplink nor users.
    """
    shape = prb.shape
    hours = pd.date_range(FIRST, periods=shape[1], freq="h")
    parts: dict[str, npt.ArrayLike] = {
        "call_attempts": attempts,
        "dropped_calls": drops,
        "prb_dl_util_pct": prb,
        "prb_ul_util_pct": np.nan,
        "dl_vol_kbit": prb * 1000,
        "rrc_users_mean": np.nan,
        "availability": 1.0,
        "outage": False,
    }
    parts |= others
    dims = ("cell", "hour")
    clock = {
        "day_local": hours.normalize().to_numpy(),
        "hour_local": hours.hour.to_numpy(),
        "rest_day": hours.day_of_week.to_numpy() >= 5,
    }
    return xr.Dataset(
        {name: (dims, np.broadcast_to(v, shape).copy()) for name, v in parts.items()},
        coords={
            "cell_id": ("cell", [f"c{i:03d}" for i in range(shape[0])]),
            "hour_start_utc": ("hour", hours.to_numpy()),
            **{name: (dims, np.broadcast_to(v, shape)) for name, v in clock.items()},
        },
    )
