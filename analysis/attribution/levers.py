"""What would lower each cell's drops: relief of its load, and a fix of what load leaves open."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr

from analysis.arrays import Flags, Floats
from analysis.attribution import response
from analysis.attribution.response import FACTOR, Hours
from analysis.uncertainty.draws import N_DRAWS, cell_rng

LADDER = np.arange(0.0, 0.51, 0.1)

# a curve of the shelf is not the cell's own: log sd of how much load does
_CURVE_SD = 0.2
# a level is judged by no fewer days, however new it is
_MIN_DAYS = 2
# of the drops that count, so many may lie at loads the cell has hardly been at
_BEYOND, _RARE = 0.05, 0.01

Days = npt.NDArray[np.datetime64]


class Lasting(NamedTuple):
    """The last change of a cell: whole from hour `whole` on, with its verdict's weighted draws.

    `other`: log factor on drops by what is not load; of draw i stands curve i modulo their number.
    `level`: drops to expect since then over those counted.
    """

    whole: int
    weight: Floats
    other: Floats
    level: float


@dataclass(frozen=True)
class Levers:
    """By which factor drops of each cell's present level fall; C cells, S steps, D draws."""

    cell_id: npt.NDArray[np.object_]
    present_since: Days
    """First local day of the present level, (C,)."""
    relieved: npt.NDArray[np.float32]
    """With load less by each step of LADDER, (C, S, D); NaN = no curve."""
    without_other: npt.NDArray[np.float32]
    """Without what else raised the drops, (C, D); 1 = nothing did; NaN = not known."""
    is_beyond_seen: Flags
    """Whether the relieved cell would be where it has hardly been, (C, S)."""
    why_not: npt.NDArray[np.object_]
    """Why nothing is known, in words; "" = it is."""
    wander: Floats
    """Log sd by which a level differs from month to month for no reason, (C,)."""
    expected_over_counted: Floats
    """Drops to expect over those counted since the last change, (C,): the rest was luck."""


# --- the levers -------------------------------------------------------------------------------


def levers_of(
    names: npt.NDArray[np.object_],
    hours: Hours,
    exposure: Floats,
    log_weights: Floats,
    *,
    lasting: Mapping[int, Lasting],
    refused: npt.NDArray[np.str_],
    wander: float,
    newest: Days,
) -> Levers:
    """What hours tell of each cell, from the `newest` days of them.

    `exposure`: attempts by the course of the day, (cell, day, 24). `log_weights`: log posterior of
    each curve, (cell, curve). `lasting`: last change of the cells that had one, by row. `refused`:
    why a cell can't be judged, "" = it can.
    """
    n_cells, n_days = hours.rest.shape
    since = np.array([_first(lasting.get(i), n_days, len(newest)) for i in range(n_cells)])
    relieved = np.full((n_cells, len(LADDER), N_DRAWS), np.nan, np.float32)
    fixed = np.full((n_cells, N_DRAWS), np.nan, np.float32)
    beyond = np.zeros((n_cells, len(LADDER)), bool)
    for i in np.flatnonzero(refused == ""):
        load, calls = hours.load[i, since[i] :].ravel(), exposure[i, since[i] :].ravel()
        curve, fixed[i] = _drawn(str(names[i]), log_weights[i], lasting.get(int(i)))
        kept = np.array([_mean_factor(load * (1 - step), calls) for step in LADDER])
        doubt = np.exp(_CURVE_SD * cell_rng(str(names[i]), "curve").normal(size=N_DRAWS))
        relieved[i] = (kept / np.maximum(kept[0], 1e-12))[:, curve] ** doubt
        beyond[i] = _is_beyond(hours.load[i], load, calls)
    day = newest[since - n_days]
    why_not, wanders = refused.astype(np.object_), np.full(n_cells, wander)
    level = np.array([lasting[i].level if i in lasting else 1.0 for i in range(n_cells)])
    return Levers(names, day, relieved, fixed, beyond, why_not, wanders, level)


def _first(last: Lasting | None, n_days: int, days: int) -> int:
    """First day of a cell's present level: the first whole one after its last change."""
    changed = 0 if last is None else -(-last.whole // 24)
    return max(min(max(changed, n_days - days), n_days - _MIN_DAYS), 0)


def _drawn(name: str, log_weights: Floats, last: Lasting | None) -> tuple[Floats, Floats]:
    """Curve of each draw, and factor on drops without what else raised them; jointly drawn."""
    if last is None:
        weight, other = np.exp(log_weights - log_weights.max()), np.zeros(len(log_weights))
    else:
        weight, other = last.weight, last.other
    held = np.cumsum(weight)
    rng = cell_rng(name, "levers")
    # one draw of each N-th part of the probability: the mean is then nearly that of all
    at = rng.permutation((np.arange(N_DRAWS) + rng.random(N_DRAWS)) / N_DRAWS)
    drawn = np.minimum(np.searchsorted(held, at * held[-1]), len(held) - 1)
    return drawn % len(log_weights), np.exp(-np.maximum(other[drawn], 0.0))


def _mean_factor(load: Floats, calls: Floats) -> Floats:
    """Load's mean factor on drops under each curve, (curve,)."""
    bins = response.bins_of(load)
    return np.asarray(np.bincount(bins, calls, len(FACTOR)) @ FACTOR)


def _is_beyond(seen: Floats, load: Floats, calls: Floats) -> Flags:
    """Whether more than a twentieth of calls would be at loads below the lowest hundredth seen."""
    known = seen[~np.isnan(seen)]
    if not len(known) or not calls.sum() > 0:
        return np.zeros(len(LADDER), bool)
    lowest = np.quantile(known, _RARE)
    below = np.array([calls[load * (1 - step) < lowest].sum() for step in LADDER])
    return below > _BEYOND * calls.sum()


def together(parts: Sequence[Levers]) -> Levers:
    """The levers of all parts, in their order."""
    return Levers(*(np.concatenate([getattr(p, f.name) for p in parts]) for f in fields(Levers)))


def unknown(cell_ids: Sequence[str], why: str) -> Levers:
    """Cells of which nothing is known, for one reason."""
    n = len(cell_ids)
    return Levers(
        np.array(cell_ids, np.object_),
        np.full(n, np.datetime64("NaT"), "datetime64[D]"),
        np.full((n, len(LADDER), N_DRAWS), np.nan, np.float32),
        np.full((n, N_DRAWS), np.nan, np.float32),
        np.zeros((n, len(LADDER)), bool),
        np.full(n, why, np.object_),
        np.zeros(n),
        np.ones(n),
    )


def aligned(levers: Levers, cell_ids: npt.NDArray[np.object_], why: str) -> Levers:
    """The levers in the order of `cell_ids`; cells without any get `why`."""
    known = pd.Index(levers.cell_id)
    absent = [name for name in cell_ids if name not in known]
    whole = together([levers, unknown(absent, why)])
    order = pd.Index(whole.cell_id).get_indexer(pd.Index(cell_ids))
    return Levers(*(getattr(whole, f.name)[order] for f in fields(Levers)))


def levers_dataset(levers: Levers) -> xr.Dataset:
    """The levers as families pass them on, with the dimensions cell, step and draw."""
    rest = {
        "relieved": ("step", "draw"),
        "without_other": ("draw",),
        "is_beyond_seen": ("step",),
    }
    return xr.Dataset(
        {
            part.name: (("cell", *rest.get(part.name, ())), getattr(levers, part.name))
            for part in fields(Levers)
        }
    )


def levers_from(dataset: xr.Dataset) -> Levers:
    """The levers of a dataset that `levers_dataset` made."""
    return Levers(*(dataset[part.name].to_numpy() for part in fields(Levers)))
