"""Which findings rest on data that failed a check? They are published, and marked unsafe.

`verdicts` is table `cell_quality` throughout; only its verdict unsafe counts here.
"""

import numpy as np
import pandas as pd
import xarray as xr

from ingest.quality.lateness import Months

# a place in which more of the cells' days failed than this can't be judged
_MOST_FAILED = 0.25
# a figure that lacks more of its month's rows can't be relied on
_MOST_LATE, _LATE = 0.1, " of the month's rows came after its figures had left"
# a change dated this near a day that failed may be that day's work
_NEAR = pd.Timedelta(days=2)


def with_failed_days(counters: xr.Dataset, verdicts: pd.DataFrame) -> xr.Dataset:
    """The daily cube with `failed` (cell, day): 1 where the day can't be relied on, else 0.

    `counters`: as of `cube.of_cell_days`. `verdicts`: table `cell_quality`; those on other cells
    and days are left out.
    """
    unsafe = verdicts[verdicts["verdict"] == "unsafe"]
    cells = pd.Index(counters["cell_id"].to_numpy()).get_indexer(pd.Index(unsafe["cell_id"]))
    calendar = pd.DatetimeIndex(counters["day_local"].to_numpy())
    days = calendar.get_indexer(pd.DatetimeIndex(pd.to_datetime(unsafe["day_local"])))
    failed = np.zeros((counters.sizes["cell"], counters.sizes["day"]))
    is_in_cube = (cells >= 0) & (days >= 0)
    failed[cells[is_in_cube], days[is_in_cube]] = 1.0
    return counters.assign(failed=(("cell", "day"), failed))


def of_places(failed_share: pd.Series) -> pd.Series:
    """Why each place's figure can't be trusted; missing = it can.

    `failed_share`: share 0..1 of the place's cells' days that failed, NaN = none was counted.
    """
    reason = pd.Series(None, index=failed_share.index, dtype="object")
    failed = failed_share[failed_share > _MOST_FAILED]
    if len(failed):
        percent = (100 * failed).map("{:.0f} %".format).astype("object")
        reason[failed.index] = percent + " of its cells' days fail a check of the data"
    return reason


def of_changes(changes: pd.DataFrame, verdicts: pd.DataFrame) -> pd.Series:
    """Why each change can't be trusted: its cell failed a check within two days; missing = it can.

    `changes`: cell_id and change_utc. `verdicts`: table `cell_quality`. A reason that a change has
    already, in `unsafe_reason`, is kept.
    """
    unsafe = verdicts.loc[verdicts["verdict"] == "unsafe"]
    days = changes[["cell_id", "change_utc"]].reset_index().merge(unsafe, on="cell_id")
    noon = pd.to_datetime(days["day_local"]).dt.tz_localize("UTC") + pd.Timedelta(hours=12)
    is_near = (noon - days["change_utc"]).abs() <= _NEAR
    near_days = days[is_near].sort_values(["index", "day_local"])
    first = near_days.drop_duplicates("index").set_index("index")
    day = first["day_local"].astype("str")
    new_reasons = first["check_name"] + " on " + day + ": " + first["message"]
    reasons = changes.get("unsafe_reason", pd.Series(None, index=changes.index, dtype="object"))
    return reasons.fillna(new_reasons.reindex(changes.index))


def of_rates(
    rates: pd.DataFrame, notes: pd.DataFrame, table: str, months: Months
) -> pd.Series | str | None:
    """Why rates of customers can't be trusted, each or all of them; missing = they can.

    `rates`: rows of `place_rate` or `rate_part`. `notes`: table `quality`. `table`: name of the
    source table. `months`: of months with rows that came too late what `ingest.quality.lateness`
    noted; a month that lacks many of its rows is not safe.
    """
    reason = of_table(notes, table)
    if reason or rates.empty or not months:
        return reason
    missing = {month: 1 - facts["n"] / facts["last"] for month, facts in months.items()}
    of_month = pd.to_datetime(rates["period_start"]).dt.strftime("%Y-%m")
    share = of_month.map(missing).astype(float)
    if "period_grain" in rates:
        share = share.where(rates["period_grain"] == "month")
    percent = (100 * share).map("{:.0f} %".format)
    return (percent + _LATE).where(share > _MOST_LATE, None)


def of_table(notes: pd.DataFrame, table: str) -> str | None:
    """Why nothing that a source table gives can be trusted; None = no note of `quality` says so.

    `notes`: table `quality`. `table`: name of the source table.
    """
    unsafe = notes[(notes["table_name"] == table) & (notes["verdict"] == "unsafe")]
    return str(unsafe["message"].iloc[0]) if len(unsafe) else None
