"""The stage that foresees: busy hours and knees -> when each cell and sector is full."""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr
from scipy import sparse

from analysis import cube, safety
from analysis.arrays import Flags, Floats
from analysis.inputs import Findings, Inputs
from analysis.outlook.crossing import Limit
from analysis.outlook.rows import Asked, outlook_of
from analysis.places.members import sectors_of
from contracts.tables import TABLES, assemble

_NEWEST_DAYS = 28
"""Days that say what a cell's capacity is today."""
_SECONDS_A_DAY = 86_400.0
_NO_KNEE = "no knee"


def find(inputs: Inputs, earlier: Findings) -> Findings:
    """Table capacity_outlook: months until each cell and sector meets each limit.

    `inputs`: without counters the table is empty. `earlier`: holds `load_response`, of family
    changes.
    """
    asked = list(_asked(inputs, earlier.table("load_response"))) if inputs.has_counters else []
    newest = pd.Timestamp(inputs.newest_day)
    rows = [outlook_of(each, newest) for each in asked]
    return Findings(capacity_outlook=assemble(rows, TABLES["capacity_outlook"]))


def _asked(inputs: Inputs, responses: pd.DataFrame) -> Iterator[Asked]:
    """Cells and sectors with their knees, and with the limits that are set."""
    counters, limits = inputs.counters, inputs.settings.outlook
    cells = counters["cell_id"].to_numpy()
    sectors, member = _sectors(inputs, cells)
    knees = responses.set_index("cell_id").reindex(cells)
    used, capacity = _busy_hours(inputs)
    for kind, places, parts in (("cell", cells, None), ("sector", sectors, member)):
        load = _load(used, capacity, parts)
        rest = _rest_days(counters, parts)
        unsafe = _unsafe(counters, parts)
        knee, reasons = _knees(knees, capacity, parts)
        yield Asked(kind, "knee", places, load, rest, knee, reasons, unsafe)
        none = np.full(len(places), "", object)
        if limits.prb_pct:
            prb = _same(limits.prb_pct, len(places))
            yield Asked(kind, "prb", places, load, rest, prb, none, unsafe)
        if limits.user_mbps:
            slowness = _slowness(inputs, counters, parts)
            slow = _same(1 / limits.user_mbps, len(places))
            yield Asked(kind, "throughput", places, slowness, rest, slow, none, unsafe)


def _sectors(
    inputs: Inputs, cells: npt.NDArray[np.object_]
) -> tuple[npt.NDArray[np.object_], sparse.csr_array]:
    """Names of the sectors, and which cells make up each, (sector, cell), 1 = it does."""
    newest = inputs.newest_cells
    names = sectors_of(newest).fillna(newest["site_id"]).set_axis(newest["cell_id"])
    of_cell = names.reindex(cells)
    code, sectors = pd.factorize(of_cell, sort=True)
    column = np.flatnonzero(code >= 0)
    ones = np.ones(len(column))
    return sectors.to_numpy(object), sparse.csr_array(
        (ones, (code[column], column)), shape=(len(sectors), len(cells))
    )


def _summed(values: Floats, parts: sparse.csr_array | None) -> Floats:
    """The values of cells, or their sums over each place, NaN where one cell is not known.

    `values`: (cell, day). `parts`: as of `_sectors`; None = each cell is a place. A cell counts
    from its first known day on: before that it was not there.
    """
    if parts is None:
        return values
    is_known = np.isfinite(values)
    has_begun = np.maximum.accumulate(is_known, axis=1)
    n_known, n_missing = (parts @ x.astype(float) for x in (is_known, has_begun & ~is_known))
    is_whole = (n_missing == 0) & (n_known > 0)
    return np.where(is_whole, parts @ np.nan_to_num(values), np.nan)


def _busy_hours(inputs: Inputs) -> tuple[Floats, Floats]:
    """Blocks in use in each busy hour, times time, (cell, day), and there today, (cell,).

    Days that failed a check and days of outages count as not known. Of days that are known by their
    totals alone the busy hour is taken to have the part of the day that it has on other days.
    """
    counters = inputs.counters
    is_odd = (counters["failed"].to_numpy() > 0) | counters["outage"].to_numpy()
    (of_day,) = cube.day_values(inputs.table("cell_day"), counters, "prb_dl_used_prb_s")
    used, there, of_day = (
        np.where(is_odd, np.nan, values)
        for values in (
            counters["bh_prb_dl_used_prb_s"].to_numpy(),
            counters["bh_prb_dl_avail_prb_s"].to_numpy(),
            _SECONDS_A_DAY * of_day / counters["covered_s"].to_numpy(),
        )
    )
    part = _newest(used / np.where(of_day > 0, of_day, np.nan))
    return np.where(np.isnan(used), part[:, None] * of_day, used), _newest(there)


def _load(used: Floats, capacity: Floats, parts: sparse.csr_array | None) -> Floats:
    """Busy-hour PRB % at today's capacity, (place, day).

    `used`, `capacity`: as of `_busy_hours`. What a cell had in use is held against the blocks that
    it has now: a carrier that was widened did not lose traffic.
    """
    whole = capacity if parts is None else parts @ np.nan_to_num(capacity)
    return 100 * _summed(used, parts) / np.where(whole > 0, whole, np.nan)[:, None]


def _newest(values: Floats) -> Floats:
    """Mean of the newest known days of each cell; NaN = none is known."""
    is_known = np.isfinite(values)
    from_end = np.cumsum(is_known[:, ::-1], axis=1)[:, ::-1]
    chosen = is_known & (from_end <= _NEWEST_DAYS)
    total = np.where(chosen, values, 0.0).sum(axis=1)
    n_days = chosen.sum(axis=1)
    return np.divide(total, n_days, out=np.full(len(values), np.nan), where=n_days > 0)


def _rest_days(counters: xr.Dataset, parts: sparse.csr_array | None) -> Flags:
    """Whether each day is a rest day, of a sector by its first cell; (place, day)."""
    rest: Flags = counters["rest_day"].to_numpy()
    return rest if parts is None else rest[parts.argmax(axis=1)]


def _unsafe(counters: xr.Dataset, parts: sparse.csr_array | None) -> npt.NDArray[np.object_]:
    """Why each place can't be trusted, None = it can; (place,)."""
    failed = counters["failed"].mean("day").to_numpy()
    if parts is not None:
        failed = (parts @ failed) / parts.sum(axis=1)
    return safety.of_places(pd.Series(failed)).to_numpy(object)


def _knees(
    responses: pd.DataFrame, capacity: Floats, parts: sparse.csr_array | None
) -> tuple[Limit, npt.NDArray[np.object_]]:
    """The knee of each place with its interval, and why there is none.

    `responses`: table `load_response`, one row a cell. A sector's knee is that of its cells with
    one, weighted by today's blocks; their errors are taken to go together.
    """
    value, low, high = (
        responses[name].to_numpy(float) for name in ("knee_pct", "knee_lo_pct", "knee_hi_pct")
    )
    reasons = (
        responses["unsafe_reason"]
        .map(f"{_NO_KNEE}: {{}}".format, na_action="ignore")
        # without any reason the column is one of numbers
        .astype("object")
        .fillna(_NO_KNEE)
    )
    if parts is None:
        return Limit(value, low, high), reasons.to_numpy(object)
    weight = np.where(np.isfinite(value), np.nan_to_num(capacity), 0.0)
    total = parts @ weight
    ends = (
        np.divide(parts @ (np.nan_to_num(x) * weight), total,
                  out=np.full(len(total), np.nan), where=total > 0)
        for x in (value, low, high)
    )  # fmt: skip
    return Limit(*ends), np.full(len(total), f"{_NO_KNEE} of any of its cells", object)


def _same(value: float, n_places: int) -> Limit:
    """One limit for all, which is set and has no interval."""
    values = np.full(n_places, value)
    return Limit(values, values, values)


def _slowness(inputs: Inputs, counters: xr.Dataset, parts: sparse.csr_array | None) -> Floats:
    """Time over volume of users' downlink bursts, 1 / Mbps, of each day; (place, day)."""
    days = cube.day_values(inputs.table("cell_day"), counters, "dl_thp_vol_kbit", "dl_thp_time_ms")
    volume, spent = (_summed(values, parts) for values in days)
    return np.divide(spent, volume, out=np.full(volume.shape, np.nan), where=volume > 0)
