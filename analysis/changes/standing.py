"""Which changes of the run before still stand, because their hours are no longer searched?

Days alone can't say what a change is due to. So a change that leaves the newest days that are
searched by the hour keeps its row, with the method that found it and when (`stated_utc`), unless
the data about it were corrected since: then it is searched anew, as far as it still can be. What
stands is no function of the data alone: a warehouse that is given all of them at once never had
the row.
"""

import hashlib
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr

from analysis.arrays import Indices
from analysis.inputs import Inputs
from ingest.settle.inventory import under_newest_ids

REACH = pd.Timedelta(days=28)
"""Days on either side by which a change is judged (`attribution.dating.REACH_DAYS`)."""

BLIND = pd.Timedelta(days=3)
"""Days at the begin of a cell's hours in which the daily search decides: the hourly one needs days
before a change."""

_COUNTS = ("call_attempts", "dropped_calls", "covered_s", "bh_prb_dl_util_pct")


class Earlier(NamedTuple):
    """Tables `change_point`, `change_day` and `change_curve` of the run before, by newest ids."""

    changes: pd.DataFrame
    days: pd.DataFrame
    curves: pd.DataFrame


def earlier_changes(inputs: Inputs) -> Earlier:
    """What the run before stated; tables without rows if there was none.

    `inputs`: with tables `change_point`, `change_day` and `change_curve`, as the run before left
    them.
    """
    changes = inputs.table("change_point")
    dates = changes["change_utc"].dt.strftime("%Y-%m-%d")
    changes = under_newest_ids(changes, inputs.cells, dates)
    days = inputs.table("change_day")
    days["day_local"] = pd.to_datetime(days["day_local"]).astype("datetime64[s]")
    return Earlier(changes, days, inputs.table("change_curve"))


def standing_changes(earlier: Earlier, counters: xr.Dataset, hours_from: pd.Series) -> pd.DataFrame:
    """Changes that hours showed from more days than are searched by the hour now, as they were.

    `earlier`: as of `earlier_changes`. `counters`: as of `cube.of_cell_days`. `hours_from`: start
    of the first day searched by the hour, by cell_id; a cell without one is not. Rows of
    `change_point` with `change` -1 and without note.
    """
    rows = earlier.changes.assign(change=-1.0, attribution_note=None)
    rows = rows[(rows["place_type"] == "cell") & rows["days_hash"].notna()]
    rows = rows[rows["cell_id"].isin(counters["cell_id"].to_numpy())]
    if rows.empty:
        return rows
    n_then, n_now = _n_days_then(rows, earlier.days), _n_days_now(rows, counters, hours_from)
    is_same = days_hash(rows, earlier.days, counters) == rows["days_hash"]
    return rows[(n_then > n_now) & is_same]


def _n_days_then(rows: pd.DataFrame, days: pd.DataFrame) -> pd.Series:
    """How many days about each change it was judged by."""
    dated_days = days.merge(rows[["change_id", "change_utc"]], on="change_id")
    day = dated_days["day_local"].dt.tz_localize("UTC")
    is_near = (day - dated_days["change_utc"]).abs() <= REACH
    n_days = dated_days[is_near].groupby("change_id").size()
    return rows["change_id"].map(n_days).fillna(0)


def _n_days_now(rows: pd.DataFrame, counters: xr.Dataset, hours_from: pd.Series) -> pd.Series:
    """How many days about each change would be searched by the hour now."""
    cells = _cells_of(rows, counters)
    # (change, day), or (change, 1)
    has_calls = counters["call_attempts"].to_numpy()[cells] > 0
    day_start = counters["day_start_utc"].to_numpy()[cells]
    day = counters["day_local"].to_numpy().astype("datetime64[ns]")[None]
    change_utc = _instants(rows["change_utc"])
    searched_from = _instants(rows["cell_id"].map(hours_from))
    is_near = np.abs(day - change_utc) <= REACH
    # no instant is later than a missing one: a cell without hours has no such day
    is_searched = (day_start >= searched_from) & (change_utc >= searched_from + BLIND)
    return pd.Series((has_calls & is_near & is_searched).sum(axis=1), rows.index)


def _cells_of(rows: pd.DataFrame, counters: xr.Dataset) -> Indices:
    """Row of each change's cell in the cube, -1 = it has none, (change,)."""
    return pd.Index(counters["cell_id"].to_numpy()).get_indexer(pd.Index(rows["cell_id"]))


def _instants(times: pd.Series) -> npt.NDArray[np.datetime64]:
    """Times in UTC as a column, (change, 1)."""
    return times.dt.tz_localize(None).to_numpy("datetime64[ns]")[:, None]


def days_hash(rows: pd.DataFrame, days: pd.DataFrame, counters: xr.Dataset) -> pd.Series:
    """Fingerprint of what was counted on the days that each change was judged by.

    `rows`: change_id, cell_id and change_utc. `days`: rows of `change_day`. `counters`: as of
    `cube.of_cell_days`. Missing = no days, or no such cell. The last day is left out: it may not
    have been over.
    """
    day = pd.to_datetime(days["day_local"])
    spans = day.groupby(days["change_id"]).agg(["min", "max"])
    spans = spans.reindex(rows["change_id"]).set_axis(rows.index)
    first_days = spans["min"].to_numpy()
    last_days = spans["max"].clip(upper=(rows["change_utc"] + REACH).dt.tz_localize(None))
    calendar = counters["day_local"].to_numpy()
    counts = np.stack([counters[name].to_numpy() for name in _COUNTS])  # (count, cell, day)
    hashes = [
        _digest(counts[:, cell, (calendar >= first) & (calendar < last)])
        if cell >= 0 and not np.isnat(first)
        else None
        for cell, first, last in zip(
            _cells_of(rows, counters), first_days, last_days.to_numpy(), strict=True
        )
    ]
    return pd.Series(hashes, rows.index, dtype="str")


def _digest(counts: npt.NDArray[np.float64]) -> str:
    # per cents are quotients: their last digits are not what was counted
    rounded = np.nan_to_num(counts.round(6), nan=-1.0) + 0.0
    return hashlib.sha256(np.ascontiguousarray(rounded).tobytes()).hexdigest()[:16]


def notes(rows: pd.DataFrame, as_of: pd.Timestamp) -> pd.Series:
    """Note on the changes that an earlier run reported; missing = this one did.

    `rows`: with `stated_utc`, end of the data of the run that reported each. `as_of`: end of the
    data of this run, in UTC.
    """
    is_standing = rows["stated_utc"] < as_of
    note = (
        "as reported by the run of data up to %Y-%m-%d: hours about it are no longer all searched"
    )
    return rows["stated_utc"].dt.strftime(note).where(is_standing).astype("str")
