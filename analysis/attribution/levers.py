"""What would lower each cell's drops: relief of its load, and removal of what else raised them.

Both are factors on the drops that a cell has since its last change, over the same draws.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr

from analysis.arrays import Flags, Floats
from analysis.attribution.hours import Hours
from analysis.attribution.response import FACTOR, bins_of
from analysis.uncertainty.draws import N_DRAWS, cell_rng

LADDER = np.arange(0.0, 0.51, 0.1)
"""Shares of the load that are taken away: none, a tenth, ... half."""

# a curve of the shelf is not the cell's own: log sd of how much load does
_CURVE_SD = 0.2
# a cell's present drops are judged by no fewer days, however new they are
_MIN_DAYS = 2
# relief goes beyond what was seen where more than a twentieth of the exposure would lie at loads
# below all but the lowest hundredth of those seen
_BEYOND_SHARE, _RARE_SHARE = 0.05, 0.01

Days = npt.NDArray[np.datetime64]


class LastChange(NamedTuple):
    """The last change of a cell, with its draws, of which number i is of curve i modulo K."""

    ramp_end: int
    """Hour from which on it is complete."""
    weight: Floats
    """Probability of each draw, (draw,)."""
    other: Floats
    """Log factor on drops by what is not load, (draw,)."""
    expected_over_counted: float
    """Drops to expect since then over those counted, at most 1."""


@dataclass(frozen=True)
class Levers:
    """By which factor the drops fall that each cell has since its last change.

    C cells, S steps of LADDER, D draws. Factors are 0..1, up to rounding.
    """

    cell_id: npt.NDArray[np.object_]
    present_since: Days
    """First local day of the present drops, (C,); NaT = not known."""
    relieved: npt.NDArray[np.float32]
    """With load less by each step of LADDER, (C, S, D); NaN = no curve."""
    without_other: npt.NDArray[np.float32]
    """Without what else raised the drops, (C, D); 1 = nothing did; NaN = not known."""
    is_beyond_seen: Flags
    """Whether the relieved cell would be where it has hardly been, (C, S)."""
    why_not: npt.NDArray[np.object_]
    """Why nothing is known, in words; "" = it is."""
    wander: Floats
    """Log sd by which drops differ from month to month for no reason, (C,)."""
    expected_over_counted: Floats
    """Drops to expect over those counted since the last change, (C,): the rest was luck."""


def levers_of(
    cell_ids: npt.NDArray[np.object_],
    hours: Hours,
    exposure: Floats,
    log_weights: Floats,
    *,
    last_changes: Mapping[int, LastChange],
    refused: npt.NDArray[np.str_],
    wander: float,
    newest_days: Days,
) -> Levers:
    """What would lower the drops of each cell, by the `newest_days` of its hours.

    `cell_ids`: shape (cell,). `exposure`: attempts by the course of the day, (cell, day, 24).
    `log_weights`: log posterior of each curve, (cell, curve). `last_changes`: of the cells that
    changed, by row. `refused`: why a cell can't be judged, "" = it can, (cell,). `wander`: log sd
    by which the drops of one month differ from the next for no reason. `newest_days`: local days,
    consecutive, up to the last of `hours`.
    """
    n_cells, n_days = hours.rest_day.shape
    first_days = np.array(
        [_first_day(last_changes.get(i), n_days, len(newest_days)) for i in range(n_cells)]
    )
    relieved = np.full((n_cells, len(LADDER), N_DRAWS), np.nan, np.float32)
    without_other = np.full((n_cells, N_DRAWS), np.nan, np.float32)
    is_beyond_seen = np.zeros((n_cells, len(LADDER)), bool)
    for i in np.flatnonzero(refused == ""):
        name, first = str(cell_ids[i]), first_days[i]
        load, calls = hours.load[i, first:].ravel(), exposure[i, first:].ravel()
        curve, without_other[i] = _drawn(name, log_weights[i], last_changes.get(int(i)))
        relieved[i] = _relieved(name, load, calls, curve)
        is_beyond_seen[i] = _is_beyond_seen(hours.load[i], load, calls)
    return Levers(
        cell_id=cell_ids,
        present_since=newest_days[first_days - n_days],
        relieved=relieved,
        without_other=without_other,
        is_beyond_seen=is_beyond_seen,
        why_not=refused.astype(np.object_),
        wander=np.full(n_cells, wander),
        expected_over_counted=np.array(
            [
                last_changes[i].expected_over_counted if i in last_changes else 1.0
                for i in range(n_cells)
            ]
        ),
    )


def _first_day(last: LastChange | None, n_days: int, n_newest: int) -> int:
    """First day of a cell's present drops: the first whole one after its last change."""
    changed = 0 if last is None else -(-last.ramp_end // 24)
    return max(min(max(changed, n_days - n_newest), n_days - _MIN_DAYS), 0)


def _drawn(cell_id: str, log_weights: Floats, last: LastChange | None) -> tuple[Floats, Floats]:
    """Curve of each draw and factor on drops without what else raised them, drawn jointly, (D,)."""
    if last is None:
        weight, other = np.exp(log_weights - log_weights.max()), np.zeros(len(log_weights))
    else:
        weight, other = last.weight, last.other
    cumulated = np.cumsum(weight)
    rng = cell_rng(cell_id, "levers")
    # one draw of each N-th part of the probability: the mean is then nearly that of all
    p = rng.permutation((np.arange(N_DRAWS) + rng.random(N_DRAWS)) / N_DRAWS)
    drawn = np.minimum(np.searchsorted(cumulated, p * cumulated[-1]), len(cumulated) - 1)
    return drawn % len(log_weights), np.exp(-np.maximum(other[drawn], 0.0))


def _relieved(cell_id: str, load: Floats, calls: Floats, curve: Floats) -> Floats:
    """Factor on drops with load less by each step of LADDER, (S, D).

    `load`, `calls`: load in % and exposure, (hour,). `curve`: of each draw, (D,).
    """
    factors = np.array([_mean_factor(load * (1 - step), calls) for step in LADDER])
    ratios = factors / np.maximum(factors[0], 1e-12)  # (S, curve)
    # log-normal doubt about how much load does
    power = np.exp(_CURVE_SD * cell_rng(cell_id, "curve").normal(size=N_DRAWS))
    return np.asarray(ratios[:, curve] ** power)


def _mean_factor(load: Floats, calls: Floats) -> Floats:
    """Sum of calls times load's factor on drops, under each curve, (curve,)."""
    return np.asarray(np.bincount(bins_of(load), calls, len(FACTOR)) @ FACTOR)


def _is_beyond_seen(seen_load: Floats, load: Floats, calls: Floats) -> Flags:
    """Whether relief by each step takes the cell where it has hardly been, (S,).

    `seen_load`: of all its hours, any shape; `load`, `calls`: of those since its last change.
    """
    known_load = seen_load[~np.isnan(seen_load)]
    if not len(known_load) or not calls.sum() > 0:
        return np.zeros(len(LADDER), bool)
    lowest = np.quantile(known_load, _RARE_SHARE)
    calls_below = np.array([calls[load * (1 - step) < lowest].sum() for step in LADDER])
    return calls_below > _BEYOND_SHARE * calls.sum()


# --- levers of several searches ---------------------------------------------------------------


def together(parts: Sequence[Levers]) -> Levers:
    """The levers of all parts, in their order; `parts`: one or more."""
    return Levers(
        **{
            field.name: np.concatenate([getattr(part, field.name) for part in parts])
            for field in fields(Levers)
        }
    )


def unknown(cell_ids: Sequence[str], why: str) -> Levers:
    """Cells of which nothing is known, for one reason `why`, in words.

    `cell_ids`: of these cells, (cell,); may be empty.
    """
    n_cells = len(cell_ids)
    return Levers(
        cell_id=np.array(cell_ids, np.object_),
        present_since=np.full(n_cells, np.datetime64("NaT"), "datetime64[D]"),
        relieved=np.full((n_cells, len(LADDER), N_DRAWS), np.nan, np.float32),
        without_other=np.full((n_cells, N_DRAWS), np.nan, np.float32),
        is_beyond_seen=np.zeros((n_cells, len(LADDER)), bool),
        why_not=np.full(n_cells, why, np.object_),
        wander=np.zeros(n_cells),
        expected_over_counted=np.ones(n_cells),
    )


def aligned(levers: Levers, cell_ids: npt.NDArray[np.object_], why: str) -> Levers:
    """The levers in the order of `cell_ids`; cells without any get the reason `why`, in words.

    `levers`: of any cells, each at most once. `cell_ids`: shape (cell,).
    """
    with_levers = pd.Index(levers.cell_id)
    absent = [name for name in cell_ids if name not in with_levers]
    all_levers = together([levers, unknown(absent, why)])
    order = pd.Index(all_levers.cell_id).get_indexer(pd.Index(cell_ids))
    return Levers(
        **{field.name: getattr(all_levers, field.name)[order] for field in fields(Levers)}
    )


# --- levers as families pass them on ----------------------------------------------------------

# dimensions of each part beyond the cell
_BEYOND_CELL = {
    "relieved": ("step", "draw"),
    "without_other": ("draw",),
    "is_beyond_seen": ("step",),
}


def levers_dataset(levers: Levers) -> xr.Dataset:
    """The levers as families pass them on, with the dimensions cell, step and draw.

    `levers`: of any cells, in their order.
    """
    names = [field.name for field in fields(Levers)]
    return xr.Dataset(
        {name: (("cell", *_BEYOND_CELL.get(name, ())), getattr(levers, name)) for name in names}
    )


def levers_from(dataset: xr.Dataset) -> Levers:
    """The levers of a dataset that `levers_dataset` made.

    `dataset`: by cell, step and draw.
    """
    return Levers(**{field.name: dataset[field.name].to_numpy() for field in fields(Levers)})
