"""Settled tables as labelled arrays: gaps are explicit, units stand in the attributes.

Arrays of counters are float, NaN = not measured; flags are bool.
"""

import shutil
import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import holidays
import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr

from contracts.errors import InputError
from contracts.fields import FIELDS
from geo import hexgrid

_DAILY = (
    "call_attempts",
    "dropped_calls",
    "covered_s",
    "unavail_s",
    "bh_prb_dl_used_prb_s",
    "bh_prb_dl_avail_prb_s",
)
HOURLY = (
    "covered_s",
    "call_attempts",
    "call_setups",
    "dropped_calls",
    "unavail_s",
    "dl_vol_kbit",
    "ul_vol_kbit",
    "prb_dl_used_prb_s",
    "prb_dl_avail_prb_s",
    "prb_ul_used_prb_s",
    "prb_ul_avail_prb_s",
    "rrc_user_s",
    "rrc_covered_s",
)
_WEEK = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_DAY, _HOUR = np.timedelta64(1, "D"), np.timedelta64(1, "h")


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

    `days`: rows of the table, one or more. Every calendar day between the first and the last is
    there. `zones`: IANA zone of each cell by cell_id, or one for all. `outages`: cell_id, start_utc
    and end_utc, missing = not over. `weekend`: English names of days, lower case. `country`,
    `subdivision`: codes of public holidays as in `holidays`; "" = none.

    Beside the counters it holds `availability` (0..1), `bh_prb_dl_util_pct`, `rest_day` (weekend or
    public holiday), `outage` (known outage on that day), `day_start_utc`, and `failed`, 0 until
    `safety.with_failed_days` has looked.
    """
    cells = np.sort(days["cell_id"].unique())
    calendar = day_axis(days["day_local"])
    places = _places(cells, days["cell_id"], calendar, pd.to_datetime(days["day_local"]))
    cube = _counted(days, _DAILY, ("cell", "day"), places)
    cube = cube.assign_coords(cell_id=("cell", cells), day_local=("day", calendar))
    starts = _by_zone(cells, zones, lambda zone: _day_starts(calendar, zone))
    rest = _rest_days(calendar, weekend, country, subdivision)
    cube["day_start_utc"] = (("cell", "day"), starts)
    cube["availability"] = 1 - cube["unavail_s"] / cube["covered_s"]
    cube["bh_prb_dl_util_pct"] = 100 * cube["bh_prb_dl_used_prb_s"] / cube["bh_prb_dl_avail_prb_s"]
    cube["rest_day"] = (("cell", "day"), np.broadcast_to(rest, starts.shape).copy())
    cube["outage"] = (("cell", "day"), _in_outage(cells, starts, _DAY, outages))
    cube["failed"] = (("cell", "day"), np.zeros(starts.shape))
    return cube


def of_cell_hours(
    hours: pd.DataFrame,
    *,
    zones: pd.Series | str,
    outages: pd.DataFrame,
    weekend: Sequence[str],
    country: str = "",
    subdivision: str = "",
    axis: pd.DatetimeIndex | None = None,
) -> xr.Dataset:
    """Dataset (cell, hour) of table `cell_hour`; NaN = not measured in that hour.

    `hours`: rows of the table, each with `hour_start_utc`. `axis`: instants in UTC at which local
    clock hours start; by default every hour between the first and the last row. A day of a clock
    change has 23 or 25 of them, a half-hour zone's start at half past. Where zones lie half an hour
    apart, each has its own instants and NaN at the others'. Raises ValueError if a row is not on
    it. `zones`, `outages`, `weekend`, `country`, `subdivision`: as of `of_cell_days`.

    Beside the counters it holds `availability` (0..1), `prb_dl_util_pct`, `prb_ul_util_pct`,
    `rrc_users_mean`, and by the cell's own clock `day_local`, `hour_local` (0 to 23), `rest_day`
    (weekend or public holiday), and `outage` (a known outage touches the hour).
    """
    cells = np.sort(hours["cell_id"].unique())
    axis = hour_axis(hours["hour_start_utc"]) if axis is None else axis
    places = _places(cells, hours["cell_id"], axis, _naive(hours["hour_start_utc"]))
    cube = _counted(hours, HOURLY, ("cell", "hour"), places)
    cube = cube.assign_coords(cell_id=("cell", cells), hour_start_utc=("hour", axis))
    cube["availability"] = 1 - cube["unavail_s"] / cube["covered_s"]
    for way in ("dl", "ul"):
        share = cube[f"prb_{way}_used_prb_s"] / cube[f"prb_{way}_avail_prb_s"]
        cube[f"prb_{way}_util_pct"] = 100 * share
    cube["rrc_users_mean"] = cube["rrc_user_s"] / cube["rrc_covered_s"]
    return _described(_on_the_clock(cube, zones, outages, (weekend, country, subdivision)))


def of_hex_days(days: pd.DataFrame, *, axis: pd.DatetimeIndex | None = None) -> xr.Dataset:
    """Dataset (hex, day) of table `hex_day`; NaN = no cell of the hexagon was measured that day.

    `days`: rows of the table, of one level. `axis`: its days; by default every calendar day between
    the first and the last row.
    """
    hexes = np.sort(days["hex_id"].astype("uint64").unique())
    calendar = day_axis(days["day_local"]) if axis is None else axis
    places = _places(hexes, days["hex_id"], calendar, pd.to_datetime(days["day_local"]))
    names = [str(name) for name in days if name not in ("hex_id", "level", "day_local")]
    cube = _counted(days, names, ("hex", "day"), places)
    cube = cube.assign_coords(
        hex_id=("hex", hexes),
        hex_text=("hex", np.array(hexgrid.as_text(hexes), object)),
        day_local=("day", calendar),
    )
    return _described(cube)


def day_values(
    days: pd.DataFrame, counters: xr.Dataset, *names: str
) -> list[npt.NDArray[np.float64]]:
    """Further counters of cells and days, each as (cell, day); NaN = not measured.

    `days`: rows of table `cell_day`. `counters`: as of `of_cell_days`, of the same rows. `names`:
    columns of the table.
    """
    calendar = pd.DatetimeIndex(counters["day_local"].to_numpy())
    cells = counters["cell_id"].to_numpy()
    places = _places(cells, days["cell_id"], calendar, pd.to_datetime(days["day_local"]))
    return [_dense(days[name], places) for name in names]


def hour_axis(starts: pd.Series) -> pd.DatetimeIndex:
    """Every hour from the first to the last of these instants, in UTC without a zone.

    `starts`: instants in UTC, one or more. Hours that start at another minute, as in a half-hour
    zone, have their own.
    """
    instants = pd.DatetimeIndex(_naive(starts).unique())
    axis = pd.DatetimeIndex([], dtype="datetime64[ns]")
    for minute in sorted(set(instants.minute)):
        of_zone = instants[instants.minute == minute]
        axis = axis.union(pd.date_range(of_zone.min(), of_zone.max(), freq="h"))
    return axis.as_unit("ns")


def write_zarr(parts: Iterable[xr.Dataset], path: Path) -> None:
    """Puts cubes together along their first axis in one Zarr store, whole or not at all.

    Zarr format 3; `xarray.open_zarr(path, consolidated=False)` gives the same values, gaps, units
    and times, piece by piece through Dask. `parts`: of the same second axis and, but for the last,
    of equal length. Raises InputError if there is something at `path`.
    """
    if path.exists():
        raise InputError(f"{path} is there already", ["remove it, or choose another name"])
    building = Path(tempfile.mkdtemp(prefix=".building-", dir=path.parent))
    try:
        for number, part in enumerate(parts):
            first_axis = str(next(iter(part.sizes)))
            options: dict[str, Any] = {"encoding": _chunks(part)}
            if number:
                options = {"append_dim": first_axis}
            _storable(part).to_zarr(building / "cube", zarr_format=3, consolidated=False, **options)
        (building / "cube").rename(path)
    finally:
        shutil.rmtree(building)


def _chunks(part: xr.Dataset) -> dict[str, Any]:
    """Lengths of chunks of each variable: all places of the part by a month of hours."""
    most = dict(zip(part.sizes, (part.sizes[next(iter(part.sizes))], 744), strict=True))
    return {
        str(name): {"chunks": [min(most[str(d)], n) for d, n in array.sizes.items()]}
        for name, array in part.variables.items()
    }


def _storable(part: xr.Dataset) -> xr.Dataset:
    """The part with texts of the type that Zarr 3 has for them."""
    text = np.dtypes.StringDType()
    texts = [name for name, array in part.variables.items() if array.dtype == object]
    return part.assign_coords(
        {n: part[n].copy(data=part[n].to_numpy().astype(text)) for n in texts}
    )


# ------------------------------------------------------------------------------------ arrays


@dataclass(frozen=True)
class _Places:
    """Where each row of a frame stands in an array of this shape."""

    shape: tuple[int, int]
    row: npt.NDArray[np.intp]
    column: npt.NDArray[np.intp]


def _places(
    labels: npt.NDArray[Any], label: pd.Series, axis: pd.DatetimeIndex, time: pd.Series
) -> _Places:
    """Where rows with this `label` and `time` stand in an array of `labels` by `axis`."""
    # texts are looked up once each, not once a row
    code, different_labels = pd.factorize(label)
    row = pd.Index(labels).get_indexer(pd.Index(different_labels))[code]
    column = axis.get_indexer(pd.DatetimeIndex(time))
    if (column < 0).any():
        raise ValueError(f"{time[column < 0].iloc[0]} is not on the axis given")
    return _Places((len(labels), len(axis)), row, column)


def _counted(
    rows: pd.DataFrame, names: Sequence[str], dims: tuple[str, str], places: _Places
) -> xr.Dataset:
    return xr.Dataset({n: (dims, _dense(rows[n], places), _attributes(n)) for n in names})


def _dense(values: pd.Series, places: _Places) -> npt.NDArray[np.float64]:
    """The values in their places, NaN elsewhere."""
    if not values.notna().any():
        # a counter that nobody delivers costs no memory
        return np.broadcast_to(np.nan, places.shape)
    dense = np.full(places.shape, np.nan)
    dense[places.row, places.column] = values.to_numpy(float, na_value=np.nan)
    return dense


def _attributes(name: str) -> dict[str, str]:
    """Unit and meaning of a field, as the dictionary has them."""
    field = FIELDS[name]
    # an instant's unit is the business of whoever stores it
    unit = {} if field.is_time or field.type == "DATE" or not field.unit else {"units": field.unit}
    return {**unit, "long_name": field.meaning}


_OURS = {
    "hex_text": {"long_name": "The hexagon's 15-character text."},
    "hour_local": {"units": "h", "long_name": "Hour of the day by the cell's own clock, 0 to 23."},
    "rest_day": {"long_name": "Weekend or public holiday by the cell's own calendar."},
    "outage": {"long_name": "A known outage touches the period."},
}


def _described(cube: xr.Dataset) -> xr.Dataset:
    for name, array in cube.variables.items():
        attributes = _OURS[str(name)] if name in _OURS else _attributes(str(name))
        array.attrs = dict(attributes)
    return cube


# ---------------------------------------------------------------------------------- calendar


def _naive(instants: pd.Series) -> pd.Series:
    return instants.dt.tz_convert("UTC").dt.tz_localize(None)


def day_axis(day_local: pd.Series) -> pd.DatetimeIndex:
    """Every calendar day from the first to the last of these.

    `day_local`: local days, one or more.

    >>> len(day_axis(pd.Series(["2026-06-01", "2026-06-03"])))
    3
    """
    days = pd.to_datetime(day_local)
    return pd.date_range(days.min(), days.max(), freq="D", unit="s")


def _by_zone(
    cells: npt.NDArray[np.object_], zones: pd.Series | str, read: Callable[[str], npt.NDArray[Any]]
) -> npt.NDArray[Any]:
    """What each cell's zone reads, shape (cell, n); costs nothing where all have the same."""
    zone_of_cell = pd.Series(zones, index=cells) if isinstance(zones, str) else zones.reindex(cells)
    by_zone = {zone: read(zone) for zone in zone_of_cell.unique()}
    if len(by_zone) == 1:
        (of_all,) = by_zone.values()
        return np.broadcast_to(of_all, (len(cells), len(of_all)))
    return np.stack([by_zone[zone] for zone in zone_of_cell])


def _day_starts(calendar: pd.DatetimeIndex, zone: str) -> npt.NDArray[np.datetime64]:
    """Instant at which each local day starts, datetime64[ns] in UTC."""
    # where midnight itself is skipped by a clock change, the day starts at the next hour
    local = calendar.tz_localize(zone, ambiguous=True, nonexistent="shift_forward")
    return local.tz_convert("UTC").tz_localize(None).as_unit("ns").to_numpy()


def _on_the_clock(
    cube: xr.Dataset,
    zones: pd.Series | str,
    outages: pd.DataFrame,
    rest: tuple[Sequence[str], str, str],
) -> xr.Dataset:
    """The cube with days and hours by each cell's own clock, rest days and outages.

    `rest`: weekend, country and subdivision, as of `of_cell_days`.
    """
    cells, dims = cube["cell_id"].to_numpy(), ("cell", "hour")
    utc = pd.DatetimeIndex(cube["hour_start_utc"].to_numpy()).tz_localize("UTC")

    def clock(zone: str) -> pd.DatetimeIndex:
        return utc.tz_convert(zone).tz_localize(None)

    starts = np.broadcast_to(cube["hour_start_utc"].to_numpy(), tuple(cube.sizes.values()))
    return cube.assign_coords(
        day_local=(dims, _by_zone(cells, zones, lambda z: clock(z).normalize().to_numpy())),
        hour_local=(dims, _by_zone(cells, zones, lambda z: clock(z).hour.to_numpy(np.int8))),
        rest_day=(dims, _by_zone(cells, zones, lambda z: _rest_days(clock(z), *rest))),
    ).assign(outage=(dims, _in_outage(cells, starts, _HOUR, outages)))


def _rest_days(
    calendar: pd.DatetimeIndex, weekend: Sequence[str], country: str, subdivision: str
) -> npt.NDArray[np.bool_]:
    """Whether each instant of a local calendar lies on a weekend or a public holiday."""
    is_rest = np.isin(calendar.day_of_week, [_WEEK.index(day) for day in weekend])
    if country:
        days = calendar.normalize().unique()
        public = holidays_of(days, country, subdivision)
        is_rest |= calendar.normalize().isin(days[[name is not None for name in public]])
    return is_rest


def holidays_of(days: pd.DatetimeIndex, country: str, subdivision: str) -> list[str | None]:
    """The public holiday on each day, None where there is none.

    `days`: local days, ascending. `country`, `subdivision`: as of `of_cell_days`.
    """
    if not country or not len(days):
        return [None] * len(days)
    years = range(days[0].year, days[-1].year + 1)
    public = holidays.country_holidays(country, subdiv=subdivision or None, years=years)
    return [public.get(day) for day in days.date]


def calendar_days(
    first: date, last: date, *, weekend: Sequence[str], country: str = "", subdivision: str = ""
) -> pd.DataFrame:
    """Rows of table `calendar`, without run_id: every day of the years of `first` and `last`.

    `weekend`, `country`, `subdivision`: as of `of_cell_days`.
    """
    days = pd.date_range(date(first.year, 1, 1), date(last.year, 12, 31))
    iso = days.isocalendar()
    return pd.DataFrame(
        {
            "day_local": days.date,
            "weekday": iso["day"].to_numpy(),
            "iso_year": iso["year"].to_numpy(),
            "iso_week": iso["week"].to_numpy(),
            "month": days.to_period("M").start_time.date,
            "rest_day": _rest_days(days, weekend, country, subdivision),
            "holiday": holidays_of(days, country, subdivision),
            "last_year_day": (days - pd.Timedelta(days=364)).date,
        }
    )


def _in_outage(
    cells: npt.NDArray[np.object_],
    starts: npt.NDArray[np.datetime64],
    length: np.timedelta64,
    outages: pd.DataFrame,
) -> npt.NDArray[np.bool_]:
    """Whether a known outage touches each period, (cell, period).

    `starts`: of the periods, (cell, period), all of this `length`.
    """
    is_out = np.zeros(starts.shape, bool)
    rows = pd.Index(cells).get_indexer(pd.Index(outages["cell_id"]))
    begins, ends = _naive(outages["start_utc"]).to_numpy(), _naive(outages["end_utc"]).to_numpy()
    for row, begin, end in zip(rows, begins, ends, strict=True):
        if row >= 0:
            # an outage without an end is not over
            is_before_end = np.isnat(end) | (starts[row] < end)
            is_out[row] |= (starts[row] + length > begin) & is_before_end
    return is_out
