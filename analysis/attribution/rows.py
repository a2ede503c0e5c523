"""What is told of a change and of a cell: rows of tables."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.arrays import Floats, Instants
from analysis.attribution import response
from analysis.attribution.cell_hours import Cell
from analysis.attribution.dating import Candidate
from analysis.attribution.drop_steps import DropChannel
from analysis.attribution.load_share import Verdict
from analysis.attribution.response import FACTOR, Hours

METHOD_VERSION = "two-channels-3"
MIN_SD_DROPS = 3.7

Columns = dict[str, Any]

_CHANGE_TYPES = {
    "cell_id": "str",
    **dict.fromkeys(("change_utc", "change_lo_utc", "change_hi_utc", "ramp_end_utc", "until_utc"),
                    "datetime64[us, UTC]"),
    "direction": "str",
    **dict.fromkeys(("ratio", "ratio_lo", "ratio_hi", "drops_excess", "drops_excess_lo",
                     "drops_excess_hi"), "float64"),
    "attribution": "str",
    **dict.fromkeys(("p_load", "load_share", "load_share_lo", "load_share_hi", "drops_load",
                     "drops_other", "prb_before_pct", "prb_after_pct", "prb_per_traffic_ratio",
                     "attempts_before", "attempts_after", "min_visible_ratio"), "float64"),
    "method_version": "str",
}  # fmt: skip
_VISIBILITY_TYPES = {
    "cell_id": "str",
    "n_days_searched": "int64",
    "min_visible_ratio": "float64",
    "refused": "str",
}


@dataclass(frozen=True)
class Change:
    """A candidate that was judged; `end`: hour of the next change or of the end."""

    at: Candidate
    before: slice
    after: slice
    end: int
    verdict: Verdict


# --- changes ----------------------------------------------------------------------------------


def row_of(cell: Cell, change: Change, clock: Instants) -> dict[str, Any]:
    """One row of `change_point`; `clock`: instant of each hour and of the end."""
    verdict, at = change.verdict, change.at
    low, high = _interval(verdict.log_ratio, verdict.weight)
    # of a mixture with a rare, far part the mean may lie outside its own interval
    ratio, low, high = np.exp([verdict.mean, min(low, verdict.mean), max(high, verdict.mean)])
    drops = cell.counted[at.whole : change.end].sum()
    share = float(np.clip(verdict.weight @ np.clip(verdict.share, -1.0, 2.0), 0.0, 1.0))
    share_lo, share_hi = np.clip(_interval(verdict.share, verdict.weight), 0.0, 1.0)
    excess, excess_lo, excess_hi = (drops * (1 - 1 / r) for r in (ratio, low, high))
    return {
        "change_utc": clock[at.start],
        "change_lo_utc": clock[max(at.earliest, 0)],
        "change_hi_utc": clock[min(max(at.latest, at.start) + 1, len(clock) - 1)],
        "ramp_end_utc": clock[at.whole] if at.whole > at.start else np.datetime64("NaT"),
        "until_utc": clock[change.end],
        "direction": "up" if verdict.mean > 0 else "down",
        "ratio": ratio,
        "ratio_lo": low,
        "ratio_hi": high,
        "drops_excess": excess,
        "drops_excess_lo": excess_lo,
        "drops_excess_hi": excess_hi,
        "attribution": verdict.attribution,
        "p_load": verdict.p_load,
        "load_share": share,
        "load_share_lo": min(share_lo, share),
        "load_share_hi": max(share_hi, share),
        "drops_load": share * excess,
        "drops_other": (1 - share) * excess,
        **_beside(cell, at),
        "prb_per_traffic_ratio": float(np.exp(verdict.per_traffic)),
        "min_visible_ratio": float(np.exp(MIN_SD_DROPS * np.sqrt(verdict.variance))),
        "method_version": METHOD_VERSION,
    }


def days_of(cell: Cell, change: Change, row: dict[str, Any], day: np.datetime64) -> Columns:
    """What was counted each day from four weeks before to the end, and what it is held against.

    Before the change that is its level then; after it, what had been without, A00, and with load's
    part of the difference. Sums over the days after are those of the row.
    """
    first, whole, end = change.before.start, change.at.whole, change.end
    usual = cell.exposure[first:end] * cell.mean_factor(slice(first, end), 0.0)
    after = np.arange(first, end) >= whole
    without = cell.exposure[first:end] * cell.mean_factor(slice(first, end), change.verdict.moved)
    expected = np.where(after, without, usual)
    counted = cell.counted[first:end]
    old = cell.drops[change.before].sum() / max(usual[: change.before.stop - first].sum(), 1e-9)
    new = counted[after].sum() / row["ratio"] / max(without[after].sum(), 1e-9)
    expected = expected * np.where(after, new, old)
    loaded = expected * np.where(after, 1 + row["load_share"] * (row["ratio"] - 1), 1.0)
    number = np.arange(first, end) // 24
    known, place = np.unique(number, return_inverse=True)
    days = {
        name: np.bincount(place, values, len(known))
        for name, values in (
            ("call_attempts", cell.attempts[first:end]),
            ("dropped_calls", counted),
            ("drops_usual", expected),
            ("drops_with_load", loaded),
        )
    }
    some = days["call_attempts"] > 0
    at = (day + known).astype("datetime64[s]")
    return {"day_local": at[some], **{name: values[some] for name, values in days.items()}}


def curve_of(cell: Cell, change: Change) -> Columns:
    """Drop rate by load on both sides of a change, beside the cell's curve at its old rate."""
    middle = np.arange(2.5, 100, 5.0)
    prb = response.shown(np.nan_to_num(cell.load))
    rates = []
    for side in (change.before, change.after):
        bins = np.minimum(prb[side] // 5, len(middle) - 1).astype(np.intp)
        attempts, drops = (
            np.bincount(bins, values[side], len(middle)) for values in (cell.attempts, cell.drops)
        )
        # a rate of fewer calls than show ten drops at the usual rate says nothing
        enough = attempts * cell.drops.sum() >= 10 * cell.attempts.sum()
        rates.append(np.where(enough, drops / np.maximum(attempts, 1), np.nan))
    curve = cell.mean_weights @ FACTOR.T
    level = cell.drops[change.before].sum() / max(
        (cell.attempts[change.before] * cell.mean_factor(change.before, 0.0)).sum(), 1e-9
    )
    at = response.bins_of(response.stretched(middle))
    return {
        "prb_pct": middle,
        "drop_rate_before": rates[0],
        "drop_rate_after": rates[1],
        "drop_rate_curve": np.minimum(level * curve[at], 1.0),
    }


def _interval(values: Floats, weight: Floats) -> tuple[float, float]:
    """The 5th and 95th percentile of weighted draws."""
    order = np.argsort(values, kind="stable")
    held = np.cumsum(weight[order])
    low, high = (
        values[order[min(int(np.searchsorted(held, q * held[-1])), len(order) - 1)]]
        for q in (0.05, 0.95)
    )
    return float(low), float(high)


def _beside(cell: Cell, at: Candidate) -> dict[str, float]:
    """Mean PRB % of each day's fullest hour, and attempts a day, in the fortnight on each side."""
    told = dict[str, float]()
    for side, first, end in (
        ("before", max(at.start - 14 * 24, 0), at.start),
        ("after", at.whole, min(at.whole + 14 * 24, len(cell.load))),
    ):
        # whole days counted from the change
        days = np.pad(cell.load[first:end], (0, -(end - first) % 24), constant_values=np.nan)
        known = ~np.isnan(days)
        fullest = np.where(known, days, -1.0).reshape(-1, 24).max(axis=1)
        n_days = max(known.sum() / 24, 1e-9)
        told[f"prb_{side}_pct"] = _mean(response.shown(fullest[fullest >= 0]))
        told[f"attempts_{side}"] = float(cell.attempts[first:end].sum() / n_days)
    return told


def _mean(values: Floats) -> float:
    return float(values.mean()) if len(values) else 0.0


# --- tables -----------------------------------------------------------------------------------


def typed(rows: list[dict[str, Any]]) -> pd.DataFrame:
    """The table of changes with its types."""
    table = pd.DataFrame(rows, columns=list(_CHANGE_TYPES))
    for name, kind in _CHANGE_TYPES.items():
        if kind.startswith("datetime"):
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
NO_CURVE = pd.DataFrame(
    columns=["change", "prb_pct", "drop_rate_before", "drop_rate_after", "drop_rate_curve"],
    dtype="float64",
)


def stacked(parts: list[Columns], none: pd.DataFrame) -> pd.DataFrame:
    """One frame of many dicts of columns; much faster than as many frames."""
    if not parts:
        return none
    lengths = [len(part[none.columns[-1]]) for part in parts]
    columns = {name: np.concatenate([part[name] for part in parts]) for name in none.columns[1:]}
    return pd.DataFrame(
        {"change": np.repeat([part["change"] for part in parts], lengths), **columns}
    )


# --- cells ------------------------------------------------------------------------------------


def visibility_of(
    names: npt.NDArray[np.object_],
    hours: Hours,
    drops: DropChannel,
    refused: npt.NDArray[np.str_],
) -> pd.DataFrame:
    """The smallest rise of `MIN_SD_DROPS` in the middle of the days, one row a cell."""
    n_days = (hours.attempts.sum(axis=2) > 0).sum(axis=1)
    some = hours.drops.sum(axis=(1, 2)) > 0
    log_ratio = MIN_SD_DROPS * drops.rates.sd_in_the_middle()
    ratio = np.exp(np.where(some & (log_ratio < np.log(1000)), log_ratio, np.nan))
    rows = {
        "cell_id": names,
        "n_days_searched": n_days,
        "min_visible_ratio": ratio,
        "refused": refused,
    }
    return pd.DataFrame(rows).astype(_VISIBILITY_TYPES)


def hours_from(hours: Hours, clock: Instants) -> pd.Series:
    """Start of each cell's first local day with hours to search; NaT = none."""
    searched = hours.attempts.sum(axis=2) > 0
    first = clock[np.arange(len(clock)), 24 * searched.argmax(axis=1)]
    known = pd.Series(first).where(searched.any(axis=1))
    return known.dt.tz_localize("UTC").dt.as_unit("us")
