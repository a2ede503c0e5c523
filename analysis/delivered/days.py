"""When did a drop rate change that is delivered by cell and day, without the calls behind it?

Without counts nothing says how sure a day's rate is but the scatter of the days. So the rates are
searched as `changes.daily` searches counts, with as many calls behind each day as would scatter so
by chance alone. Load, drops in excess and sums over cells are not known.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from analysis import cube
from analysis.arrays import Floats, Instants
from analysis.changes import daily
from contracts.settings.sections import Operator
from contracts.tables import TABLES, assemble

METHOD_VERSION = "delivered-1"
# calls a day of the first look, of which the scatter says how many there seem to be
_CALLS = 1e6


def of_days(rates: pd.DataFrame, operator: Operator) -> xr.Dataset:
    """Days of each cell as the cube that `daily.search` takes, a million calls behind each rate.

    `rates`: rows of table `cell_rate`, one or more. `operator`: gives the zone and rest days. A day
    without a rate is a gap.
    """
    drops = _CALLS * rates["drop_rate_pct"] / 100
    days = rates[["cell_id", "day_local"]].assign(call_attempts=_CALLS, dropped_calls=drops)
    return cube.of_cell_days(
        assemble([days], TABLES["cell_day"]),
        zones=operator.timezone,
        outages=assemble([], TABLES["outage"]),
        weekend=operator.weekend,
        country=operator.country,
        subdivision=operator.subdivision,
    )


def search(days: xr.Dataset, look: Callable[[xr.Dataset], daily.Search]) -> daily.Search:
    """Dated changes of each cell's rate, and what could be seen, as of `daily.search`.

    `days`: as of `of_days`. `look`: `daily.search`, or the same on workers. Columns of drops,
    attempts and load say nothing here. Where the rates scatter `phi` times as widely as a million
    calls would, a million / `phi` calls scatter as they do.
    """
    first_look = look(days)
    phi = first_look.visibility["phi"].fillna(1.0).to_numpy()
    scale = xr.DataArray(1 / phi, dims="cell")
    scaled = days.assign({name: days[name] * scale for name in ("call_attempts", "dropped_calls")})
    return look(scaled)


def rates_beside(changes: pd.DataFrame, days: xr.Dataset) -> pd.DataFrame:
    """The changes with the mean rate in per cent on up to 14 days before and after each.

    `changes`: cell_id, change_utc and until_utc, sorted by cell and date. `days`: as of `of_days`.
    """
    cells = pd.Index(days["cell_id"].to_numpy())
    rates = 100 * (days["dropped_calls"] / days["call_attempts"]).to_numpy()
    starts = days["day_start_utc"].to_numpy().astype("datetime64[s]")
    begins = changes.groupby("cell_id")["change_utc"].shift()
    rows = changes[["change_utc", "until_utc"]].assign(begin=begins)
    means = [
        _means(rates[cell], starts[cell], *(_instant(at) for at in row))
        for cell, row in zip(
            cells.get_indexer(pd.Index(changes["cell_id"])),
            rows[["begin", "change_utc", "until_utc"]].to_numpy(),
            strict=True,
        )
    ]
    names = ["rate_before_pct", "rate_after_pct"]
    return changes.join(pd.DataFrame(means, changes.index, names, dtype="float64"))


def _instant(at: Any) -> np.datetime64:
    return np.datetime64("NaT") if pd.isna(at) else np.datetime64(at.tz_convert(None), "s")


def _means(
    rates: Floats,
    starts: Instants,
    begin: np.datetime64,
    change: np.datetime64,
    until: np.datetime64,
) -> tuple[float, float]:
    """Mean rates of the last days from `begin` to `change`, and of the first ones to `until`."""
    is_known = np.isfinite(rates)
    is_old = is_known & (starts < change) & ~(starts < begin)
    is_new = is_known & (starts >= change) & (starts < until)
    old, new = rates[is_old][-daily.BESIDE_DAYS :], rates[is_new][: daily.BESIDE_DAYS]
    return float(old.mean()), float(new.mean())
