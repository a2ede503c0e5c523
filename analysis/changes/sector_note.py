"""Did load only move between the carriers of a sector? Each change beside its sector as a whole."""

import numpy as np
import pandas as pd
import xarray as xr

from analysis.arrays import Floats
from analysis.places.members import sectors_of

# calls of both carriers shifted by so much (log), in opposite ways, across the change
MIN_SHIFT = float(np.log(1.2))
# days on each side, at least and at most
LEAST_DAYS, MOST_DAYS = 7, 14


def notes(changes: pd.DataFrame, cells: pd.DataFrame, counters: xr.Dataset) -> pd.Series:
    """Note on each change whose calls went to, or came from, another carrier of its sector.

    What is load on one carrier and relief on its twin may be nothing for the sector: the note gives
    calls and drops a day of all its cells, in up to a fortnight after against one before. Missing =
    no such shift, fewer than 7 days on a side, or a cell without azimuth. `changes`: cell_id,
    change_utc and ramp_end_utc. `cells`: site_id and azimuth_deg by cell_id. `counters`: as of
    `cube.of_cell_days`.
    """
    cell_ids = pd.Index(counters["cell_id"].to_numpy())
    sector = sectors_of(cells).reindex(cell_ids)
    members_of = pd.Series(np.arange(len(cell_ids))).groupby(sector.to_numpy()).agg(list)
    sentences = list[str | None]()
    for _, change in changes.iterrows():
        members = members_of.get(sector.get(change["cell_id"]), [])
        has_twin = len(members) > 1
        sentences.append(_note(change, counters.isel(cell=members)) if has_twin else None)
    return pd.Series(sentences, index=changes.index, dtype="str")


def _note(change: pd.Series, sector: xr.Dataset) -> str | None:
    """The sentence on one change; None = its calls did not go to, or come from, a twin."""
    calls, drops = (_a_day(sector[name], change) for name in ("call_attempts", "dropped_calls"))
    if not (calls > 0).all():
        return None
    cell_ids, shift = sector["cell_id"].to_numpy(), np.log(calls[:, 1] / calls[:, 0])
    own_shift = shift[cell_ids == change["cell_id"]][0]
    twins = cell_ids[(np.abs(shift) >= MIN_SHIFT) & (shift * own_shift < 0)]
    if abs(own_shift) < MIN_SHIFT or not len(twins):
        return None
    before, after = np.array([calls.sum(axis=0), drops.sum(axis=0)]).T  # calls and drops
    calls_pct, drops_pct = 100 * (after / np.maximum(before, 1e-9) - 1)
    return (
        f"load moved between carriers, with {', '.join(sorted(twins))}: the whole sector has "
        f"{calls_pct:+.0f} % calls and {drops_pct:+.0f} % drops a day"
    )


def _a_day(counts: xr.DataArray, change: pd.Series) -> Floats:
    """Mean a day before and after a change, shape (cell, 2); NaN = fewer than 7 days."""
    is_step = pd.isna(change["ramp_end_utc"])
    ramp_end = change["change_utc"] if is_step else change["ramp_end_utc"]
    day = pd.DatetimeIndex(counts["day_local"].to_numpy())
    # the days of the change itself belong to neither side
    before = counts.to_numpy()[:, day < _day_of(change["change_utc"])][:, -MOST_DAYS:]
    after = counts.to_numpy()[:, day > _day_of(ramp_end)][:, :MOST_DAYS]
    return np.stack([_mean(side) for side in (before, after)], axis=1)


def _day_of(instant: pd.Timestamp) -> pd.Timestamp:
    return instant.tz_convert("UTC").tz_localize(None).normalize()


def _mean(days: Floats) -> Floats:
    """Mean over the days, (cell,); NaN = too few that are known."""
    n = (~np.isnan(days)).sum(axis=1)
    return np.where(n >= LEAST_DAYS, np.nansum(days, axis=1) / np.maximum(n, 1), np.nan)
