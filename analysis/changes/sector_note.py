"""Did load only move between the carriers of a sector? Each change beside its sector as a whole."""

import numpy as np
import pandas as pd
import xarray as xr

from analysis.arrays import Floats
from analysis.places.members import sectors_of

# calls of both carriers moved by so much, in opposite ways, between the days about the change
MOVED = float(np.log(1.2))
LEAST_DAYS, MOST_DAYS = 7, 14


def notes(found: pd.DataFrame, cells: pd.DataFrame, counters: xr.Dataset) -> pd.Series:
    """What is told of each change whose calls went to, or came from, another carrier of its sector.

    What is load on one carrier and relief on its twin may be nothing for the sector: told are the
    calls and drops a day of all its cells, in up to a fortnight after against one before. Missing =
    no such move, fewer than 7 days on a side, or a cell without azimuth. `cells`: site_id and
    azimuth_deg by cell_id. `counters`: `cube.of_cell_days`.
    """
    names = pd.Index(counters["cell_id"].to_numpy())
    sector = sectors_of(cells).reindex(names)
    rows = pd.Series(np.arange(len(names))).groupby(sector.to_numpy()).agg(list)
    told = list[str | None]()
    for _, change in found.iterrows():
        members = rows.get(sector.get(change["cell_id"]), [])
        told.append(_note(change, counters.isel(cell=members)) if len(members) > 1 else None)
    return pd.Series(told, index=found.index, dtype="str")


def _note(change: pd.Series, sector: xr.Dataset) -> str | None:
    calls, drops = (_a_day(sector[name], change) for name in ("call_attempts", "dropped_calls"))
    if not (calls > 0).all():
        return None
    names, moved = sector["cell_id"].to_numpy(), np.log(calls[:, 1] / calls[:, 0])
    own = moved[names == change["cell_id"]][0]
    twins = names[(np.abs(moved) >= MOVED) & (moved * own < 0)]
    if abs(own) < MOVED or not len(twins):
        return None
    before, after = np.array([calls.sum(axis=0), drops.sum(axis=0)]).T
    more = 100 * (after / np.maximum(before, 1e-9) - 1)
    with_ = ", ".join(sorted(twins))
    return (
        f"load moved between carriers, with {with_}: the whole sector has "
        f"{more[0]:+.0f} % calls and {more[1]:+.0f} % drops a day"
    )


def _a_day(counted: xr.DataArray, change: pd.Series) -> Floats:
    """Mean a day on either side of a change, shape (cell, 2); NaN = fewer than 7 days."""
    whole = change["change_utc"] if pd.isna(change["ramp_end_utc"]) else change["ramp_end_utc"]
    day = pd.DatetimeIndex(counted["day_local"].to_numpy())
    # the days of the change itself belong to neither side
    before = counted.to_numpy()[:, day < _day_of(change["change_utc"])][:, -MOST_DAYS:]
    after = counted.to_numpy()[:, day > _day_of(whole)][:, :MOST_DAYS]
    return np.stack([_mean(side) for side in (before, after)], axis=1)


def _day_of(at: pd.Timestamp) -> pd.Timestamp:
    return at.tz_convert("UTC").tz_localize(None).normalize()


def _mean(days: Floats) -> Floats:
    n = (~np.isnan(days)).sum(axis=1)
    return np.where(n >= LEAST_DAYS, np.nansum(days, axis=1) / np.maximum(n, 1), np.nan)
