"""What moved a KPI at a change? Load is the first suspect of speed, traffic and room of load."""

from typing import NamedTuple

import numpy as np
import pandas as pd
import xarray as xr

from analysis.arrays import Floats
from analysis.attribution.rows import load_moved_by
from analysis.events.searching import Asked, spans

# a mean wanders by itself so much (log)
MIN_SHIFT = 0.07
# known days of load without which it is no suspect
_LEAST_DAYS = 20
_NO_SHARE = (None, np.nan)


class Helpers(NamedTuple):
    """Load, traffic and room by cell and day; NaN = not known."""

    load_pct: Floats
    """Downlink PRB utilisation of the day."""
    traffic: Floats
    """Downlink volume, else users, else attempts."""
    room: Floats
    """Mean blocks available."""


def helpers_of(columns: dict[str, Floats]) -> Helpers:
    """What moves KPIs, from sums of `cell_day`.

    `columns`: prb_dl_used_prb_s, prb_dl_avail_prb_s, covered_s, dl_vol_kbit, rrc_user_s,
    rrc_covered_s and call_attempts, (cell, day), NaN = not known.
    """
    users = _ratio(columns["rrc_user_s"], columns["rrc_covered_s"])
    candidates = (columns["dl_vol_kbit"], users, columns["call_attempts"])
    traffic = np.full_like(users, np.nan)
    for values in candidates:
        # one kind of traffic a cell: kinds have units of their own
        is_unknown = ~np.isfinite(traffic).any(axis=1, keepdims=True)
        traffic = np.where(is_unknown, values, traffic)
    return Helpers(
        100 * _ratio(columns["prb_dl_used_prb_s"], columns["prb_dl_avail_prb_s"]),
        traffic,
        _ratio(columns["prb_dl_avail_prb_s"], columns["covered_s"]),
    )


def _ratio(above: Floats, below: Floats) -> Floats:
    return np.divide(above, below, out=np.full_like(above, np.nan), where=below > 0)


def moved_by(changes: pd.DataFrame, one: Asked, helpers: Helpers) -> pd.DataFrame:
    """The changes of one KPI with `moved_by` and `load_share`; missing = not known.

    `changes`: cell_id, change_utc, until_utc and ratio. `one`: the KPI. `helpers`: of all cells.
    Of how fast a cell is: load, where the cell's own line of log KPI over log load explains half of
    the change or more, else other. Of how full it is: room, demand or efficiency. Failures: not
    asked.
    """
    if one.how == "failures" or changes.empty:
        return changes.assign(moved_by=None, load_share=np.nan)
    sides = spans(changes, one.days)
    if one.of.family == "utilisation":
        names = _of_utilisation(changes, sides, one, helpers)
        return changes.assign(moved_by=names, load_share=np.nan)
    rows = [_by_load(one.days, helpers, *side) for side in sides]
    shares = pd.DataFrame(rows, changes.index, ["moved_by", "load_share"])
    return changes.assign(moved_by=shares["moved_by"], load_share=shares["load_share"])


def _of_utilisation(
    changes: pd.DataFrame, sides: list[tuple[int, slice, slice]], one: Asked, helpers: Helpers
) -> pd.Series:
    """room, demand or efficiency of each change of load, traffic, users or capacity."""
    if one.of.numerator in ("prb_dl_avail", "prb_ul_avail"):
        return pd.Series("room", changes.index, dtype="str")
    if one.of.better == "neither":
        return pd.Series("demand", changes.index, dtype="str")
    shifts = pd.DataFrame(
        [
            [_shift(values[cell], before, after) for values in helpers]
            for cell, before, after in sides
        ],
        changes.index,
        ["load", "traffic", "room"],
        dtype="float64",
    )
    shift = np.log(changes["ratio"])
    same_traffic = pd.DataFrame(
        {
            "prb_before_pct": 1.0,
            "prb_after_pct": changes["ratio"],
            "prb_per_traffic_ratio": np.exp(shift - shifts["traffic"]),
        }
    )
    moved = load_moved_by(same_traffic)
    # fewer blocks make a cell as full as a lost efficiency does; where blocks are counted, they say
    has_moved = (shifts["room"].abs() >= MIN_SHIFT) & (shifts["room"] * shift < 0)
    return moved.where(~has_moved, "room")


def _shift(values: Floats, before: slice, after: slice) -> float:
    """Log of the mean after over that before; NaN = not known on a side."""
    sides = (values[before], values[after])
    if not all(np.isfinite(side).any() for side in sides):
        return float("nan")
    means = [float(np.nanmean(side)) for side in sides]
    return float(np.log(means[1] / means[0])) if min(means) > 0 else float("nan")


def _by_load(
    days: xr.Dataset, helpers: Helpers, cell: int, before: slice, after: slice
) -> tuple[str | None, float]:
    """What moved a KPI of speed, and load's share of the log ratio; none where load is not known.

    The line is fitted within the two sides, so that the step itself does not make it.
    """
    load = np.log(np.where(helpers.load_pct[cell] > 0, helpers.load_pct[cell], np.nan))
    # as it was counted: load has its weeks too, and the line is drawn over both
    value = _ratio(days["above"].to_numpy()[[cell]], days["below"].to_numpy()[[cell]])[0]
    level = np.log(np.where(value > 0, value, np.nan))
    is_known = np.isfinite(load) & np.isfinite(level)
    sides = [np.flatnonzero(is_known[part]) + part.start for part in (before, after)]
    if min(len(side) for side in sides) < 3 or sum(len(side) for side in sides) < _LEAST_DAYS:
        return _NO_SHARE
    x, y = (
        np.concatenate([values[side] - values[side].mean() for side in sides])
        for values in (load, level)
    )
    slope = float(x @ y) / max(float(x @ x), 1e-9)
    error = float(np.sqrt(np.sum((y - slope * x) ** 2) / (len(x) - 3) / max(x @ x, 1e-9)))
    shift_of_load, shift = (
        values[sides[1]].mean() - values[sides[0]].mean() for values in (load, level)
    )
    # a slope that chance could make explains nothing
    part = slope * shift_of_load if abs(slope) > 2 * error else 0.0
    share = float(np.clip(part / shift, 0.0, 1.0)) if shift else 0.0
    return ("load" if share >= 0.5 else "other"), share
