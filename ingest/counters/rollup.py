"""Counters rolled up: measuring periods -> local clock hours -> local days.

Everything adds: counts as they are, states (PRB, users) times their time. Each step takes rows in
a fixed order, so that the sums are the same to the last bit however the files were cut. Any rows
are taken; `dense` does the same, faster, for days on which nothing is odd.
"""

import numpy as np
import pandas as pd

from contracts.tables import ADDITIVE, COUNTED, TABLES, TIME_WEIGHTED
from ingest.clock import UTC_TIME, day_instant, wall_clock
from ingest.counters import sums

HOUR_S = 3600
_SUMMED = ["covered_s", *ADDITIVE, *TIME_WEIGHTED, *COUNTED, "_rsrp", "_rsrp_s"]
# three quarters of an hour must be covered for the hour to be the busy one (docs/standards.md 1.5)
BUSY_COVER_S = 2700


def cell_hours(pm: pd.DataFrame, zones: pd.Series | str) -> pd.DataFrame:
    """Table `cell_hour` of settled pm rows; NaN = not measured in that hour.

    `pm`: settled rows of table `pm`. `zones`: zone of each row, or one for all. A period counts in
    the hour in which it starts; one longer than an hour in none. Rows that their source doubts are
    left out.
    """
    rows = _weighted(pm, zones, pm["period_s"] <= HOUR_S)
    keys = ["cell_id", "hour_start_utc", "day_local"]
    hours = _summed(rows.sort_values([*keys, "period_start_utc"], kind="stable"), keys)
    hours["rsrp_p50_dbm"] = hours["_rsrp"] / hours["_rsrp_s"]
    return hours[list(TABLES["cell_hour"].columns)]


def day_totals(pm: pd.DataFrame, zones: pd.Series | str) -> pd.DataFrame:
    """Periods longer than an hour as rows of `cell_hour` whose hour is missing.

    `pm`: settled rows of table `pm`. `zones`: zone of each row, or one for all. NaN = not measured
    that day.

    Archives keep old days so. A period counts on the local day in which its middle lies.
    """
    long = pm["period_s"] > HOUR_S
    if not long.any():
        return pd.DataFrame(columns=list(TABLES["cell_hour"].columns))
    rows = _weighted(pm, zones, long)
    rows["hour_start_utc"] = pd.Series(pd.NaT, index=rows.index, dtype=UTC_TIME)
    return rows[list(TABLES["cell_hour"].columns)]


def cell_days(hours: pd.DataFrame, totals: pd.DataFrame | None = None) -> pd.DataFrame:
    """Table `cell_day` of `cell_hour` rows and `day_totals`, with the busy hour where known.

    `hours`: rows of `cell_hour`. `totals`: as `day_totals` gives them; None = there are none. NaN =
    not measured that day.
    """
    n_hours = pd.Series(1.0, index=hours.index)
    if totals is not None and len(totals):
        n_hours = pd.concat([n_hours, totals["covered_s"] / HOUR_S], ignore_index=True)
        hours = pd.concat([hours, totals], ignore_index=True) if len(hours) else totals
        n_hours = n_hours.set_axis(hours.index)
    hours = hours.assign(_n_hours=n_hours).sort_values(["cell_id", "hour_start_utc"], kind="stable")
    hours = hours.assign(_rsrp=hours["rsrp_p50_dbm"] * hours["covered_s"])
    hours["_rsrp_s"] = hours["covered_s"].where(hours["_rsrp"].notna())
    days = _summed(hours, ["cell_id", "day_local"], also=("_n_hours",))
    days["n_hours"] = days["_n_hours"].astype(int)
    days["rsrp_p50_dbm"] = days["_rsrp"] / days["_rsrp_s"]
    days = days.join(_busy_hours(hours), on=["cell_id", "day_local"])
    return days[list(TABLES["cell_day"].columns)]


def _summed(rows: pd.DataFrame, keys: list[str], *, also: tuple[str, ...] = ()) -> pd.DataFrame:
    """One row a group of `keys`, in their order, with the sums of its rows in theirs."""
    names = [*_SUMMED, *also]
    group = np.asarray(rows.groupby(keys, sort=True).ngroup(), np.int64)
    # each group's rows together, and in their order
    order = np.argsort(group, kind="stable")
    values = rows[names].to_numpy(float)[order]
    firsts = rows[keys].iloc[order[np.diff(group[order], prepend=-1) > 0]].reset_index(drop=True)
    totals = pd.DataFrame(sums.by_group(values, group[order]), columns=names)
    return pd.concat([firsts, totals], axis=1)


def _weighted(pm: pd.DataFrame, zones: pd.Series | str, wanted: pd.Series) -> pd.DataFrame:
    """The wanted rows that their source does not doubt, their states times their time."""
    wanted &= ~pm["suspect"].astype(bool)
    rows, zones = pm[wanted].copy(), zones if isinstance(zones, str) else zones[wanted]
    instant = day_instant(rows)
    clock = wall_clock(instant, zones)
    ahead = clock - instant.dt.tz_localize(None)
    hour = clock.dt.floor("h")
    rows["hour_start_utc"] = (hour - ahead).dt.tz_localize("UTC")
    rows["day_local"] = hour.dt.date
    seconds = rows["covered_s"] = rows["period_s"].astype(float)
    for way in ("dl", "ul"):
        used, available = rows[f"prb_{way}_used"], rows[f"prb_{way}_avail"]
        whole = used.notna() & available.notna()
        rows[f"prb_{way}_used_prb_s"] = (used * seconds).where(whole)
        rows[f"prb_{way}_avail_prb_s"] = (available * seconds).where(whole)
    rows["rrc_user_s"] = rows["rrc_users_mean"] * seconds
    rows["rrc_covered_s"] = seconds.where(rows["rrc_users_mean"].notna())
    rows["_rsrp"] = rows["rsrp_p50_dbm"] * seconds
    rows["_rsrp_s"] = seconds.where(rows["rsrp_p50_dbm"].notna())
    # a rate needs both: half of a pair would bias it
    pair = ["call_attempts", "dropped_calls"]
    rows[pair] = rows[pair].astype(float).where(rows[pair].notna().all(axis=1))
    added = [*ADDITIVE, *COUNTED]
    rows[added] = rows[added].astype(float)
    return rows


def _busy_hours(hours: pd.DataFrame) -> pd.DataFrame:
    """Per cell and local day the hour with most RRC users, then most attempts (after E.600)."""
    covered = hours[(hours["covered_s"] >= BUSY_COVER_S) & hours["hour_start_utc"].notna()]
    users = (covered["rrc_user_s"] / covered["rrc_covered_s"]).fillna(-1)
    order = ["cell_id", "day_local", "_users", "call_attempts", "hour_start_utc"]
    last = covered.assign(_users=users).sort_values(order, na_position="first", kind="stable")
    chosen = last.drop_duplicates(["cell_id", "day_local"], keep="last")
    names = {
        "hour_start_utc": "bh_hour_start_utc",
        "prb_dl_used_prb_s": "bh_prb_dl_used_prb_s",
        "prb_dl_avail_prb_s": "bh_prb_dl_avail_prb_s",
        "call_attempts": "bh_call_attempts",
        "dropped_calls": "bh_dropped_calls",
    }
    return chosen.set_index(["cell_id", "day_local"])[list(names)].rename(columns=names)
