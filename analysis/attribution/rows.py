"""What the search writes of a change and of a cell: rows of tables.

Of a change a row of `change_point`, its days (`change_day`) and its curve (`change_curve`); of a
cell what could have been seen in it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.arrays import Floats, Instants
from analysis.attribution.cell_hours import Cell
from analysis.attribution.dating import Candidate
from analysis.attribution.drop_steps import DropChannel
from analysis.attribution.hours import Hours
from analysis.attribution.load_share import MIN_SHIFT, LoadShare
from analysis.attribution.response import FACTOR, bins_of

METHOD_VERSION = "two-channels-4"
# sd of its height that a change must show where load did not clearly shift
MIN_SD_DROPS = 3.7
# rises above a thousandfold are not called visible
_MOST_RATIO = 1000
# days on each side over which the columns prb_* and attempts_* average
_BESIDE_DAYS = 14
# width of the bins of the curve, in % of PRB
_CURVE_BIN = 5.0

Columns = dict[str, Any]

_INSTANT, _NUMBER = "datetime64[us, UTC]", "float64"
_CHANGE_TYPES = {
    "cell_id": "str",
    "change_utc": _INSTANT,
    "change_lo_utc": _INSTANT,
    "change_hi_utc": _INSTANT,
    "ramp_end_utc": _INSTANT,
    "until_utc": _INSTANT,
    "direction": "str",
    "ratio": _NUMBER,
    "ratio_lo": _NUMBER,
    "ratio_hi": _NUMBER,
    "drops_excess": _NUMBER,
    "drops_excess_lo": _NUMBER,
    "drops_excess_hi": _NUMBER,
    "attribution": "str",
    "p_load": _NUMBER,
    "load_share": _NUMBER,
    "load_share_lo": _NUMBER,
    "load_share_hi": _NUMBER,
    "drops_load": _NUMBER,
    "drops_other": _NUMBER,
    "prb_before_pct": _NUMBER,
    "prb_after_pct": _NUMBER,
    "prb_per_traffic_ratio": _NUMBER,
    "attempts_before": _NUMBER,
    "attempts_after": _NUMBER,
    "min_visible_ratio": _NUMBER,
    "method_version": "str",
}
_VISIBILITY_TYPES = {
    "cell_id": "str",
    "n_days_searched": "int64",
    "min_visible_ratio": _NUMBER,
    "refused": "str",
}


@dataclass(frozen=True)
class Change:
    """A candidate that was judged, in hours of its cell."""

    candidate: Candidate
    before: slice
    """Hours against which it was judged."""
    after: slice
    """Hours in which it was judged, from its ramp's end on."""
    end: int
    """The next change, or the end."""
    load_share: LoadShare


# --- changes ----------------------------------------------------------------------------------


def row_of(cell: Cell, change: Change, clock: Instants) -> Columns:
    """One row of `change_point`, without cell.

    `cell`: that changed. `change`: as it was judged. `clock`: instant of each hour of the cell and
    of the end, shape (hour + 1,).
    """
    ratios = _ratios(change.load_share)
    n_drops = cell.counted[change.candidate.ramp_end : change.end].sum()
    return {
        **_dates(change, clock),
        "direction": "up" if change.load_share.mean_log_ratio > 0 else "down",
        **dict(zip(("ratio", "ratio_lo", "ratio_hi"), ratios, strict=True)),
        **_drops_and_shares(change.load_share, n_drops, ratios),
        **_beside(cell, change.candidate),
        "prb_per_traffic_ratio": float(np.exp(change.load_share.prb_per_traffic_shift)),
        "min_visible_ratio": float(np.exp(MIN_SD_DROPS * np.sqrt(change.load_share.variance))),
        "method_version": METHOD_VERSION,
    }


def _dates(change: Change, clock: Instants) -> Columns:
    """Columns `change_utc` to `until_utc`."""
    candidate = change.candidate
    is_ramp = candidate.ramp_end > candidate.start
    # the hour after the latest one: a change may come at the end of its hour
    latest = max(candidate.latest, candidate.start) + 1
    return {
        "change_utc": clock[candidate.start],
        "change_lo_utc": clock[max(candidate.earliest, 0)],
        "change_hi_utc": clock[min(latest, len(clock) - 1)],
        "ramp_end_utc": clock[candidate.ramp_end] if is_ramp else np.datetime64("NaT"),
        "until_utc": clock[change.end],
    }


def _ratios(share: LoadShare) -> Floats:
    """Ratio of drops, and the ends of its 90 % interval, shape (3,)."""
    low, high = _interval(share.log_ratio, share.weight)
    mean = share.mean_log_ratio
    # of a mixture with a rare, far part the mean may lie outside its own interval
    return np.asarray(np.exp([mean, min(low, mean), max(high, mean)]))


def _drops_and_shares(draws: LoadShare, n_drops: float, ratios: Floats) -> Columns:
    """Columns `drops_excess` to `drops_other`; `n_drops`: counted from the ramp's end to the end.

    With a ratio of r, drops had been n / r, so n (1 - 1 / r) is what the change added.
    """
    excess, excess_lo, excess_hi = (n_drops * (1 - 1 / ratio) for ratio in ratios)
    # a draw in which load and the rest nearly cancel has a share far beyond 0 or 1
    share = float(np.clip(draws.weight @ np.clip(draws.share, -1.0, 2.0), 0.0, 1.0))
    share_lo, share_hi = np.clip(_interval(draws.share, draws.weight), 0.0, 1.0)
    return {
        "drops_excess": excess,
        "drops_excess_lo": excess_lo,
        "drops_excess_hi": excess_hi,
        "attribution": draws.attribution,
        "p_load": draws.p_load,
        "load_share": share,
        "load_share_lo": min(share_lo, share),
        "load_share_hi": max(share_hi, share),
        "drops_load": share * excess,
        "drops_other": (1 - share) * excess,
    }


def _interval(values: Floats, weight: Floats) -> tuple[float, float]:
    """The 5th and 95th percentile of weighted draws."""
    order = np.argsort(values, kind="stable")
    cumulated = np.cumsum(weight[order])
    low, high = (
        values[order[min(int(np.searchsorted(cumulated, p * cumulated[-1])), len(order) - 1)]]
        for p in (0.05, 0.95)
    )
    return float(low), float(high)


def _beside(cell: Cell, candidate: Candidate) -> Columns:
    """Mean PRB % of each day's fullest hour, and attempts a day, in the fortnight on each side."""
    reach = _BESIDE_DAYS * 24
    before = slice(max(candidate.start - reach, 0), candidate.start)
    after = slice(candidate.ramp_end, min(candidate.ramp_end + reach, len(cell.prb)))
    columns = Columns()
    for name, side in (("before", before), ("after", after)):
        # whole days counted from the side's first hour
        n_missing = -(side.stop - side.start) % 24
        prb = np.pad(cell.prb[side], (0, n_missing), constant_values=np.nan)
        is_known = ~np.isnan(prb)
        fullest = np.where(is_known, prb, -1.0).reshape(-1, 24).max(axis=1)
        n_days = max(is_known.sum() / 24, 1e-9)
        columns[f"prb_{name}_pct"] = _mean(fullest[fullest >= 0])
        columns[f"attempts_{name}"] = float(cell.attempts[side].sum() / n_days)
    return columns


def _mean(values: Floats) -> float:
    return float(values.mean()) if len(values) else 0.0


def load_moved_by(changes: pd.DataFrame) -> pd.Series:
    """What moved the load at each change: demand, room or efficiency; missing = not known.

    `changes`: prb_before_pct and prb_after_pct, busy-hour PRB utilisation in the fortnights before
    and after, and prb_per_traffic_ratio, that of the same traffic, after over before; NaN = not
    known. The cell's own part of the shift is that of the same traffic: less PRB for it is room
    that was added, more is efficiency that was lost. It counts where it is at least half of the
    whole shift, goes the same way, and is larger than a rate wanders by itself (7 %). Else traffic
    moved, which is demand.
    """
    ratio = changes["prb_per_traffic_ratio"].to_numpy(float)
    before, after = (changes[f"prb_{side}_pct"].to_numpy(float) for side in ("before", "after"))
    with np.errstate(divide="ignore", invalid="ignore"):
        own_shift, shift = np.log(ratio), np.log(after / before)
    is_large = np.abs(own_shift) >= np.maximum(np.abs(shift) / 2, MIN_SHIFT)
    is_own = is_large & (own_shift * shift >= 0)
    is_room, is_efficiency = is_own & (own_shift < 0), is_own & (own_shift > 0)
    moved_by = np.select([is_room, is_efficiency], ["room", "efficiency"], "demand")
    is_known = ~np.isnan(own_shift) & ~np.isnan(shift)
    return pd.Series(moved_by, changes.index, dtype="str").where(is_known)


# --- the days and the curve of a change -------------------------------------------------------


def days_of(cell: Cell, change: Change, row: Columns, first_day: np.datetime64) -> Columns:
    """Columns of `change_day`: each day's counts from four weeks before a change to its end.

    `cell`: that changed. `change`: as it was judged. `row`: of the change, as of `row_of`.
    `first_day`: local day of the cell's first hour. Beside the counts stand the drops that are
    usual: before the change by the rate then, after it A00, what had been without it, and those
    with load's part of the difference. Sums over the days after are those of the row.
    """
    hours = slice(change.before.start, change.end)
    usual, with_load = _usual_drops(cell, change, row)
    day_number, day = np.unique(np.arange(hours.start, hours.stop) // 24, return_inverse=True)
    columns = {
        name: np.bincount(day, values, len(day_number))
        for name, values in (
            ("call_attempts", cell.attempts[hours]),
            ("dropped_calls", cell.counted[hours]),
            ("drops_usual", usual),
            ("drops_with_load", with_load),
        )
    }
    has_attempts = columns["call_attempts"] > 0
    dates = (first_day + day_number).astype("datetime64[s]")
    return {
        "day_local": dates[has_attempts],
        **{name: values[has_attempts] for name, values in columns.items()},
    }


def _usual_drops(cell: Cell, change: Change, row: Columns) -> tuple[Floats, Floats]:
    """Drops of each hour from `before` to the end without the change, and with load's part of it.

    Both are scaled so that they add up to what the row says: before the change to the drops then,
    after it to the drops counted over the ratio.
    """
    hours = slice(change.before.start, change.end)
    is_after = np.arange(hours.start, hours.stop) >= change.candidate.ramp_end
    exposure, shift = cell.exposure[hours], change.load_share.load_shift
    as_loaded = exposure * cell.mean_factor(hours, 0.0)
    without_shift = exposure * cell.mean_factor(hours, shift)
    n_before = change.before.stop - hours.start
    rate_before = cell.drops[change.before].sum() / max(as_loaded[:n_before].sum(), 1e-9)
    drops_without = cell.counted[hours][is_after].sum() / row["ratio"]
    rate_without = drops_without / max(without_shift[is_after].sum(), 1e-9)
    usual = np.where(is_after, without_shift, as_loaded)
    usual = usual * np.where(is_after, rate_without, rate_before)
    load_ratio = 1 + row["load_share"] * (row["ratio"] - 1)
    return usual, usual * np.where(is_after, load_ratio, 1.0)


def curve_of(cell: Cell, change: Change) -> Columns:
    """Columns of `change_curve`: drop rate by PRB on both sides, and the cell's curve before.

    `cell`: that changed. `change`: as it was judged. One entry for every 5 % of PRB; NaN = fewer
    calls than show ten drops at the cell's usual rate.
    """
    prb_pct = np.arange(_CURVE_BIN / 2, 100, _CURVE_BIN)
    before, after = (
        _rates_by_prb(cell, side, len(prb_pct)) for side in (change.before, change.after)
    )
    curve = cell.mean_weights @ FACTOR.T  # (bin,)
    attempts = cell.attempts[change.before] * cell.mean_factor(change.before, 0.0)
    plain_rate = cell.drops[change.before].sum() / max(attempts.sum(), 1e-9)
    bins = bins_of(cell.scale.load_of(prb_pct))
    return {
        "prb_pct": prb_pct,
        "drop_rate_before": before,
        "drop_rate_after": after,
        "drop_rate_curve": np.minimum(plain_rate * curve[bins], 1.0),
    }


def _rates_by_prb(cell: Cell, side: slice, n_bins: int) -> Floats:
    """Drop rate in each bin of PRB on one side of a change, (bin,)."""
    prb = np.nan_to_num(cell.prb)
    bins = np.minimum(prb[side] // _CURVE_BIN, n_bins - 1).astype(np.intp)
    attempts, drops = (
        np.bincount(bins, values[side], n_bins) for values in (cell.attempts, cell.drops)
    )
    # a rate of fewer calls than show ten drops at the usual rate says nothing
    has_calls = attempts * cell.drops.sum() >= 10 * cell.attempts.sum()
    return np.where(has_calls, drops / np.maximum(attempts, 1), np.nan)


# --- tables -----------------------------------------------------------------------------------


def typed(rows: Sequence[Columns]) -> pd.DataFrame:
    """The rows of changes as a table with its types; `rows`: as of `row_of`, with `cell_id`."""
    table = pd.DataFrame(rows, columns=list(_CHANGE_TYPES))
    for name, kind in _CHANGE_TYPES.items():
        if kind == _INSTANT:
            table[name] = pd.to_datetime(table[name], utc=True)
    return table.astype(_CHANGE_TYPES)


def no_changes() -> pd.DataFrame:
    """The table of changes without rows."""
    return typed([])


NO_DAYS = pd.DataFrame(
    columns=[
        "change",
        "day_local",
        "call_attempts",
        "dropped_calls",
        "drops_usual",
        "drops_with_load",
    ],
    dtype="float64",
)
"""The table of days of changes without rows."""

NO_CURVE = pd.DataFrame(
    columns=["change", "prb_pct", "drop_rate_before", "drop_rate_after", "drop_rate_curve"],
    dtype="float64",
)
"""The table of curves of changes without rows."""


def stacked(parts: list[Columns], no_rows: pd.DataFrame) -> pd.DataFrame:
    """One frame of the columns of many changes, `change` first; much faster than `pandas.concat`.

    `parts`: as of `days_of` or `curve_of`, each with the number of its change. `no_rows`: the
    frame where there are none.
    """
    if not parts:
        return no_rows
    names = list(no_rows.columns[1:])
    lengths = [len(part[names[-1]]) for part in parts]
    numbers = np.repeat([part["change"] for part in parts], lengths)
    columns = {name: np.concatenate([part[name] for part in parts]) for name in names}
    return pd.DataFrame({"change": numbers, **columns})


# --- cells ------------------------------------------------------------------------------------


def visibility_of(
    cell_ids: npt.NDArray[np.object_],
    hours: Hours,
    drops: DropChannel,
    refused: npt.NDArray[np.str_],
) -> pd.DataFrame:
    """One row a cell: its days with hours, and the smallest rise that could have been seen.

    `cell_ids`, `refused`: shape (cell,); why a cell was not searched, "" = it was. `hours`: of the
    same cells. `drops`: their channel, as of `drop_channel`. `min_visible_ratio` is MIN_SD_DROPS of
    the height of a step in the middle of the days; NaN = not even a thousandfold rise, or no drop.
    """
    has_drops = hours.drops.sum(axis=(1, 2)) > 0
    log_ratio = MIN_SD_DROPS * drops.rates.sd_in_the_middle()
    is_visible = has_drops & (log_ratio < np.log(_MOST_RATIO))
    columns = {
        "cell_id": cell_ids,
        "n_days_searched": (hours.attempts.sum(axis=2) > 0).sum(axis=1),
        "min_visible_ratio": np.exp(np.where(is_visible, log_ratio, np.nan)),
        "refused": refused,
    }
    return pd.DataFrame(columns).astype(_VISIBILITY_TYPES)


def hours_from(hours: Hours, clock: Instants) -> pd.Series:
    """Start in UTC of each cell's first local day with hours to search; NaT = none.

    `hours`: of all cells. `clock`: as of `hours.clock_of`, shape (cell, hour + 1).
    """
    is_searched = hours.attempts.sum(axis=2) > 0  # (cell, day)
    first = clock[np.arange(len(clock)), 24 * is_searched.argmax(axis=1)]
    instants = pd.Series(first).where(is_searched.any(axis=1))
    return instants.dt.tz_localize("UTC").dt.as_unit("us")
