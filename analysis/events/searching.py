"""The changes of one KPI: of failures by the search of drops, of a level by that of levels."""

from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr

from analysis.arrays import Flags, Floats
from analysis.changes import daily
from analysis.events import levels
from analysis.events.levels import Fit, Limits
from analysis.uncertainty.intervals import Z90
from contracts.kpis import Kpi

FAILURES, LEVEL = "failures-1", "level-1"
"""Versions of the two methods."""
BESIDE_DAYS = 28
"""Days on each side over which a value before and after is taken, at most."""
CELLS_A_TASK = 200
_DIMS = ("cell", "day")
_KEPT = ("bh_prb_dl_util_pct", "availability", "rest_day", "outage", "day_start_utc")


@dataclass(frozen=True)
class Asked:
    """One KPI of all cells, ready to be searched."""

    kpi: str
    of: Kpi
    how: str
    """failures or level."""
    days: xr.Dataset
    """`above` and `below`, what is counted and among what, (cell, day), NaN = not known; `level`,
    the log without weeks and network, where a level is searched; and what `daily.search` asks."""


DATED = (
    *("change_utc", "change_lo_utc", "change_hi_utc", "until_utc", "direction"),
    *("ratio", "ratio_lo", "ratio_hi", "min_visible_ratio"),
)
"""What every search says of a change, beside its cell."""


class Found(NamedTuple):
    """What the search of one KPI found, and what it could have seen."""

    changes: pd.DataFrame
    """cell_id, change_utc, change_lo_utc, change_hi_utc, until_utc, direction, ratio with its 90 %
    interval, change_sd, kpi_before, kpi_after, min_visible_ratio and method_version."""
    searched: pd.DataFrame
    """cell_id, n_days_searched, min_visible_ratio and no_search_reason, "" = it was."""


def asked(
    kpi: str, of: Kpi, how: str, counted: tuple[Floats, Floats], counters: xr.Dataset
) -> Asked:
    """A KPI with its days, what cannot be judged left out.

    `kpi`: its id. `of`: its definition. `how`: failures or level. `counted`: numerators and
    denominators by cell and day, those of a sum missing throughout. `counters`: of the same cells
    and days, as of `cube.of_cell_days`.
    """
    above, below = counted
    is_down = (counters["availability"].to_numpy() < daily.MIN_AVAILABILITY) | counters[
        "outage"
    ].to_numpy()
    above, below = (np.where(is_down, np.nan, side) for side in (above, below))
    days = counters[list(_KEPT)].assign(above=(_DIMS, above), below=(_DIMS, below))
    if how == "level":
        level = levels.without_weeks_and_network(
            _values(above, below, of), has_network=of.numerator not in _OWN_STEPS
        )
        return Asked(kpi, of, how, days.assign(level=(_DIMS, level)))
    failures = above if of.better == "lower" else below - above
    days = days.assign(call_attempts=(_DIMS, below), dropped_calls=(_DIMS, failures))
    return Asked(kpi, of, how, days)


# capacity moves by steps alone; what the network does is in none of them
_OWN_STEPS = frozenset({"prb_dl_avail", "prb_ul_avail"})


def _values(above: Floats, below: Floats, of: Kpi) -> Floats:
    """The KPI of each cell and day but for its factor; NaN = not known, or too little of it."""
    if of.form == "sum":
        return above
    return np.divide(above, below, out=np.full_like(above, np.nan), where=below >= max(of.least, 1))


def parts_of(one: Asked) -> list[Asked]:
    """The same, some cells each, as tasks of workers.

    `one`: a KPI of all cells.
    """
    starts = range(0, one.days.sizes["cell"], CELLS_A_TASK)
    return [
        Asked(one.kpi, one.of, one.how, one.days.isel(cell=slice(start, start + CELLS_A_TASK)))
        for start in starts
    ]


def search(one: Asked, limits: Limits) -> Found:
    """Changes of one KPI, and what could have been seen; a cell's answer is its own.

    `one`: the KPI with its days. `limits`: of what is reported.
    """
    found = _failures(one, limits) if one.how == "failures" else _levels(one, limits)
    low, high = (np.log(found.changes[f"ratio_{end}"]) for end in ("lo", "hi"))
    sds = np.abs(np.log(found.changes["ratio"])) * 2 * Z90 / (high - low)
    changes = with_values(found.changes.assign(change_sd=sds), one)
    return Found(changes, found.searched)


def _failures(one: Asked, limits: Limits) -> Found:
    answer = daily.search(one.days, min_ratio=limits.min_ratio, min_days=limits.min_days)
    rows = answer.changes[["cell_id", *DATED]].assign(method_version=FAILURES)
    searched = answer.visibility[["cell_id", "n_days_searched", "min_visible_ratio", "refused"]]
    reasons = searched["refused"].str.replace(" drops", " failures")
    searched = searched.assign(no_search_reason=reasons)
    return Found(rows, searched.drop(columns="refused"))


def _levels(one: Asked, limits: Limits) -> Found:
    cells, edges = one.days["cell_id"].to_numpy(), day_edges(one.days)
    fits = levels.fits(one.days["level"].to_numpy(), limits)
    rows = [
        _rows(fit, edges[i], limits).assign(cell_id=cells[i])
        for i, fit in enumerate(fits)
        if fit.starts
    ]
    names = [*DATED, "method_version", "cell_id"]
    changes = pd.concat(rows, ignore_index=True) if rows else _typed(pd.DataFrame(columns=names))
    halves = [len(fit.level) / 2 for fit in fits]
    searched = pd.DataFrame(
        {
            "cell_id": cells,
            "n_days_searched": [len(fit.level) for fit in fits],
            "min_visible_ratio": [
                levels.visible_ratio(fit, half, half, limits)
                for fit, half in zip(fits, halves, strict=True)
            ],
            "no_search_reason": [fit.refused for fit in fits],
        }
    )
    return Found(changes, searched)


def _typed(empty: pd.DataFrame) -> pd.DataFrame:
    times = [name for name in empty.columns if str(name).endswith("_utc")]
    amounts = ["ratio", "ratio_lo", "ratio_hi", "min_visible_ratio"]
    types = dict.fromkeys(times, "datetime64[us, UTC]") | dict.fromkeys(amounts, "float64")
    return empty.astype(types | dict.fromkeys(("direction", "method_version", "cell_id"), "str"))


def _rows(fit: Fit, edges: npt.NDArray[np.datetime64], limits: Limits) -> pd.DataFrame:
    """Rows of one cell's changes; `edges`: start of each day of the calendar, and the end."""
    instants, day = pd.DatetimeIndex(edges, tz="UTC"), fit.day
    starts, n_days = np.array(fit.starts), np.diff(fit.edges).astype(float)
    likely = np.array(list(levels.likely_starts(fit, limits.min_days)))
    ratio, low, high = levels.ends_of(fit)
    change_utc = instants[day[starts]]
    return pd.DataFrame(
        {
            "change_utc": change_utc,
            # a step at noon leaves half a day on either side, a gap may hide it altogether
            "change_lo_utc": instants[day[likely[:, 0] - 1]],
            "change_hi_utc": instants[day[likely[:, 1]] + 1],
            "until_utc": change_utc[1:].append(instants[day[-1:] + 1]),
            "direction": np.where(ratio > 1, "up", "down"),
            "ratio": ratio,
            "ratio_lo": low,
            "ratio_hi": high,
            "min_visible_ratio": [
                levels.visible_ratio(fit, before, after, limits)
                for before, after in pairwise(n_days)
            ],
            "method_version": LEVEL,
        }
    )


def day_edges(days: xr.Dataset) -> npt.NDArray[np.datetime64]:
    """Start of each day and the end of the last, (cell, day + 1).

    `days`: with `day_start_utc`; the last day is taken as 24 hours.
    """
    start = days["day_start_utc"].transpose(*_DIMS).to_numpy().astype("datetime64[us]")
    return np.concatenate([start, start[:, -1:] + np.timedelta64(24, "h")], axis=1)


def with_values(changes: pd.DataFrame, one: Asked) -> pd.DataFrame:
    """The changes with `kpi_before` and `kpi_after`, in the unit of the KPI.

    `changes`: cell_id, change_utc and until_utc, by date. `one`: the KPI with its days.
    """
    sides = spans(changes, one.days)
    above, below = one.days["above"].to_numpy(), one.days["below"].to_numpy()
    rows = [
        (
            _value(above[cell, before], below[cell, before], one.of),
            _value(above[cell, after], below[cell, after], one.of),
        )
        for cell, before, after in sides
    ]
    values = pd.DataFrame(rows, changes.index, ["kpi_before", "kpi_after"], dtype="float64")
    return pd.concat([changes, values], axis=1)


def spans(changes: pd.DataFrame, days: xr.Dataset) -> list[tuple[int, slice, slice]]:
    """Row of each change's cell, and the days beside it: up to 28 on each side, to the next change.

    `changes`: cell_id, change_utc and until_utc, of one KPI. `days`: with `cell_id` and
    `day_start_utc`.
    """
    edges, cells = day_edges(days), pd.Index(days["cell_id"].to_numpy())
    at = changes["change_utc"].dt.tz_convert(None).to_numpy().astype("datetime64[us]")
    until = changes["until_utc"].dt.tz_convert(None).to_numpy().astype("datetime64[us]")
    last_end: dict[int, int] = {}
    sides = []
    for cell, begins, ends in zip(
        cells.get_indexer(pd.Index(changes["cell_id"])), at, until, strict=True
    ):
        begin, end = (int(np.searchsorted(edges[cell], when)) for when in (begins, ends))
        earlier = last_end.get(cell, 0)
        sides.append(
            (
                int(cell),
                slice(max(earlier, begin - BESIDE_DAYS), begin),
                slice(begin, min(end, begin + BESIDE_DAYS)),
            )
        )
        last_end[int(cell)] = begin
    return sides


def _value(above: Floats, below: Floats, of: Kpi) -> float:
    """The KPI over some days; of a sum, that of a day. NaN = nothing is known."""
    is_known: Flags = np.isfinite(above) & (np.isfinite(below) | (of.form == "sum"))
    if not is_known.any():
        return float("nan")
    total = is_known.sum() if of.form == "sum" else below[is_known].sum()
    return float(of.factor * above[is_known].sum() / total) if total > 0 else float("nan")


def joined(parts: list[Found]) -> Found:
    """One search of all cells.

    `parts`: those of some cells each, one or more.
    """
    with_rows = [part.changes for part in parts if len(part.changes)]
    changes = pd.concat(with_rows, ignore_index=True) if with_rows else parts[0].changes
    return Found(changes, pd.concat([part.searched for part in parts], ignore_index=True))
