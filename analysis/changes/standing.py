"""Changes that hours told of, and whose hours are no longer searched: they stand as told last.

Days alone can't say what a change is owed to. So a change that leaves the newest days that are
searched by the hour keeps its row, with the method that told it and when (`told_utc`), unless the
data about it were corrected since: then it is told anew, as far as it still can be. What stands is
no function of the data alone: a warehouse that is given all of them at once never told it.
"""

import hashlib
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr

from analysis.inputs import Inputs
from ingest.settle.inventory import under_newest_ids

REACH = pd.Timedelta(days=28)
"""Days on either side by which a change is judged (`attribution.REACH_DAYS`)."""

BLIND = pd.Timedelta(days=3)
"""An hourly search needs days before a change; nearer to its begin the daily one tells."""

_COUNTS = ("call_attempts", "dropped_calls", "covered_s", "bh_prb_dl_util_pct")


class Told(NamedTuple):
    """Tables `change_point`, `change_day` and `change_curve` of the run before, by newest ids."""

    changes: pd.DataFrame
    days: pd.DataFrame
    curves: pd.DataFrame


def before(inputs: Inputs) -> Told:
    """What the run before stated."""
    told = inputs.table("change_point")
    told = under_newest_ids(told, inputs.cells, told["change_utc"].dt.strftime("%Y-%m-%d"))
    days = inputs.table("change_day")
    days["day_local"] = pd.to_datetime(days["day_local"]).astype("datetime64[s]")
    return Told(told, days, inputs.table("change_curve"))


def standing(told: Told, counters: xr.Dataset, hours_from: pd.Series) -> pd.DataFrame:
    """Changes told by the hour from more days than hours are searched of now, as they were told.

    `counters`: as of `cube.of_cell_days`. `hours_from`: start of the first day searched by the
    hour, by cell_id; a cell without one is not.
    """
    rows = told.changes.assign(change=-1.0, attribution_note=None)
    rows = rows[(rows["place_type"] == "cell") & rows["days_hash"].notna()]
    rows = rows[rows["cell_id"].isin(counters["cell_id"].to_numpy())]
    if rows.empty:
        return rows
    n_told, n_now = _n_told(rows, told.days), _n_now(rows, counters, hours_from)
    same = days_hash(rows, told.days, counters) == rows["days_hash"]
    return rows[(n_told > n_now) & same]


def _n_told(rows: pd.DataFrame, days: pd.DataFrame) -> pd.Series:
    """How many days about each change it was told from."""
    known = days.merge(rows[["change_id", "change_utc"]], on="change_id")
    day = known["day_local"].dt.tz_localize("UTC")
    near = (day - known["change_utc"]).abs() <= REACH
    return rows["change_id"].map(known[near].groupby("change_id").size()).fillna(0)


def _n_now(rows: pd.DataFrame, counters: xr.Dataset, hours_from: pd.Series) -> pd.Series:
    """How many days about each change would be searched by the hour now."""
    cells = pd.Index(counters["cell_id"].to_numpy()).get_indexer(pd.Index(rows["cell_id"]))
    known = counters["call_attempts"].to_numpy()[cells] > 0
    start = counters["day_start_utc"].to_numpy()[cells]
    day = counters["day_local"].to_numpy().astype("datetime64[ns]")[None]
    at = rows["change_utc"].dt.tz_localize(None).to_numpy("datetime64[ns]")[:, None]
    begun = rows["cell_id"].map(hours_from).dt.tz_localize(None)
    begun = begun.to_numpy("datetime64[ns]")[:, None]
    # what no hour was searched of is told from no day: no instant is later than a missing one
    seen = known & (np.abs(day - at) <= REACH) & (start >= begun) & (at >= begun + BLIND)
    return pd.Series(seen.sum(axis=1), rows.index)


def days_hash(rows: pd.DataFrame, days: pd.DataFrame, counters: xr.Dataset) -> pd.Series:
    """Fingerprint of what was counted on the days that each change was judged by; none = no days.

    The last day told of is left out: it may not have been over.
    """
    day = pd.to_datetime(days["day_local"])
    spans = day.groupby(days["change_id"]).agg(["min", "max"])
    spans = spans.reindex(rows["change_id"]).set_axis(rows.index)
    last = spans["max"].clip(upper=(rows["change_utc"] + REACH).dt.tz_localize(None))
    calendar = counters["day_local"].to_numpy()
    cells = pd.Index(counters["cell_id"].to_numpy()).get_indexer(pd.Index(rows["cell_id"]))
    counts = np.stack([counters[name].to_numpy() for name in _COUNTS])
    found = [
        _digest(counts[:, cell, (calendar >= begin) & (calendar < end)])
        if cell >= 0 and not np.isnat(begin)
        else None
        for cell, begin, end in zip(cells, spans["min"].to_numpy(), last.to_numpy(), strict=True)
    ]
    return pd.Series(found, rows.index, dtype="str")


def _digest(counts: npt.NDArray[np.float64]) -> str:
    # per cents are quotients: their last digits are not what was counted
    told = np.nan_to_num(counts.round(6), nan=-1.0) + 0.0
    return hashlib.sha256(np.ascontiguousarray(told).tobytes()).hexdigest()[:16]


def notes(rows: pd.DataFrame, as_of: pd.Timestamp) -> pd.Series:
    """Word of the changes that an earlier run told; missing = told by this one."""
    stands = rows["told_utc"] < as_of
    day = rows["told_utc"].dt.strftime("as told by the run of data up to %Y-%m-%d: "
                                       "hours about it are no longer all searched")  # fmt: skip
    return day.where(stands).astype("str")
