"""Cell days as a labelled array: gaps are explicit, units stand in the attributes."""

from collections.abc import Sequence

import holidays
import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr

from contracts.fields import FIELDS

_COUNTS = (
    "call_attempts",
    "dropped_calls",
    "covered_s",
    "unavail_s",
    "bh_prb_dl_used_prb_s",
    "bh_prb_dl_avail_prb_s",
)
_WEEK = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def of_cell_days(
    days: pd.DataFrame,
    *,
    zones: pd.Series | str,
    outages: pd.DataFrame,
    weekend: Sequence[str],
    country: str = "",
    subdivision: str = "",
) -> xr.Dataset:
    """Dataset (cell, day) of table `cell_day`; NaN = no data that day.

    Every calendar day between the first and the last is there. `zones`: zone of each cell by
    cell_id, or one for all. Beside the counters it holds `availability`,
    `bh_prb_dl_util_pct`, `rest_day` (weekend or public holiday), `outage` (known outage on that
    day) and `day_start_utc`.
    """
    cells = np.sort(days["cell_id"].unique())
    calendar = _calendar(days["day_local"])
    index = pd.MultiIndex.from_product([cells, calendar], names=["cell", "day"])
    keyed = days.assign(day=pd.to_datetime(days["day_local"])).set_index(["cell_id", "day"])
    whole = keyed[list(_COUNTS)].reindex(index)
    shape = (len(cells), len(calendar))
    cube = xr.Dataset(
        {
            name: (("cell", "day"), whole[name].to_numpy(float).reshape(shape), _attributes(name))
            for name in _COUNTS
        },
        coords={"cell_id": ("cell", cells), "day_local": ("day", calendar)},
    )
    starts = _day_starts(cells, calendar, zones)
    cube["day_start_utc"] = (("cell", "day"), starts)
    cube["availability"] = 1 - cube["unavail_s"] / cube["covered_s"]
    cube["bh_prb_dl_util_pct"] = 100 * cube["bh_prb_dl_used_prb_s"] / cube["bh_prb_dl_avail_prb_s"]
    rest = _rest_days(calendar, weekend, country, subdivision)
    cube["rest_day"] = (("cell", "day"), np.broadcast_to(rest, shape).copy())
    cube["outage"] = (("cell", "day"), _in_outage(cells, starts, outages))
    return cube


def _attributes(name: str) -> dict[str, str]:
    return {"units": FIELDS[name].unit, "long_name": FIELDS[name].meaning}


def _calendar(day_local: pd.Series) -> pd.DatetimeIndex:
    known = pd.to_datetime(day_local)
    return pd.date_range(known.min(), known.max(), freq="D", unit="s")


def _day_starts(
    cells: npt.NDArray[np.object_], calendar: pd.DatetimeIndex, zones: pd.Series | str
) -> npt.NDArray[np.datetime64]:
    """Instant at which each cell's local day starts, datetime64[ns] in UTC, shape (cell, day)."""
    names = pd.Series(zones, index=cells) if isinstance(zones, str) else zones.reindex(cells)
    starts = np.empty((len(cells), len(calendar)), "datetime64[ns]")
    for zone in names.unique():
        # where midnight itself is skipped by a clock change, the day starts at the next hour
        local = calendar.tz_localize(zone, ambiguous=True, nonexistent="shift_forward")
        starts[names.to_numpy() == zone] = local.tz_convert("UTC").tz_localize(None).as_unit("ns")
    return starts


def _rest_days(
    calendar: pd.DatetimeIndex, weekend: Sequence[str], country: str, subdivision: str
) -> npt.NDArray[np.bool_]:
    rest = np.isin(calendar.day_of_week, [_WEEK.index(day) for day in weekend])
    if country:
        years = range(calendar[0].year, calendar[-1].year + 1)
        public = holidays.country_holidays(country, subdiv=subdivision or None, years=years)
        rest |= np.array([day in public for day in calendar.date])
    return rest


def _in_outage(
    cells: npt.NDArray[np.object_], starts: npt.NDArray[np.datetime64], outages: pd.DataFrame
) -> npt.NDArray[np.bool_]:
    hit = np.zeros(starts.shape, bool)
    ends = starts + np.timedelta64(1, "D")
    places = pd.Index(cells).get_indexer(pd.Index(outages["cell_id"]))
    begins = outages["start_utc"].dt.tz_convert("UTC").dt.tz_localize(None).to_numpy()
    over = outages["end_utc"].dt.tz_convert("UTC").dt.tz_localize(None).to_numpy()
    for place, begin, end in zip(places, begins, over, strict=True):
        if place >= 0:
            # an outage without an end is not over
            hit[place] |= (ends[place] > begin) & (np.isnat(end) | (starts[place] < end))
    return hit
