"""How many dropped calls a month would treating a cell spare, and how sure is that?

METHODS section 8. A cell can be relieved of a part of its load: its own curve says by which factor
its drops would fall. And what else raised its drops, and still lasts, can be fixed. Both are
factors on the drops of the cell's present level: the newest days, no farther back than its last
change. What is not known is drawn: the curve, what the change did beside load, and the level
itself. A cell's draws hang on its name alone, so that another cell, another order or another
setting do not move them. Errors of two cells correlate by `draws.CORRELATION`, as those of their
changes do: independent draws called sums over towns too sure (docs/accuracy/sums.md).
"""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import xarray as xr

from analysis.arrays import Floats
from analysis.attribution.levers import LADDER, Levers, levers_dataset, levers_from
from analysis.benefit.present import DAYS_A_MONTH, Present
from analysis.uncertainty.draws import CORRELATION, N_DRAWS, cell_rng

"""Shares of its load that a cell may be relieved of; between them drops go straight."""
# what wanders over months shows less of it within the weeks it was learnt from
_WANDER = 1.5
# draws are put in order by what such a relief and a whole fix spare
_ORDERED_BY = 0.3


@dataclass(frozen=True)
class Treatable:
    """Cells that could be treated: their levers, and their drops a month as things are, (C, D)."""

    levers: Levers
    drops_month: Floats


# --- what could be spared ---------------------------------------------------------------------


def of_relief(cells: Treatable, share: npt.ArrayLike) -> Floats:
    """Drops avoided a month if cells were relieved of a `share` of their load, (cell, draw).

    `share`: 0 to .5, one or one a cell; more counts as .5, for no curve reaches there. NaN where
    no curve is known.
    """
    return cells.drops_month * (1 - _relieved(cells.levers, share))


def of_fix(cells: Treatable, share: npt.ArrayLike = 1.0) -> Floats:
    """Drops avoided a month if a `share` of what else raised the drops were undone, (cell, draw).

    0 where nothing but load has raised them; NaN where that is not known.
    """
    return cells.drops_month * (1 - _fixed(cells.levers, share))


def of_both(cells: Treatable, relief: npt.ArrayLike, fix: npt.ArrayLike = 1.0) -> Floats:
    """Drops avoided a month by relief and fix together: less than the sum of each alone."""
    kept = _relieved(cells.levers, relief) * _fixed(cells.levers, fix)
    return cells.drops_month * (1 - kept)


def shares_of_both(levers: Levers, relief: npt.ArrayLike) -> tuple[Floats, Floats]:
    """Share of its drops that relief and a whole fix avoid, each when it comes first and last.

    Both (cell, draw); they add up to the share of both together (Shapley).
    """
    a, b = _relieved(levers, relief), _fixed(levers, 1.0)
    return (1 - a) * (1 + b) / 2, (1 - b) * (1 + a) / 2


def avoidable(levers: Levers, relief: float) -> tuple[Floats, Floats]:
    """Expected share of the counted drops that relief and a whole fix avoid, each (cell,)."""
    by_load, by_other = shares_of_both(levers, relief)
    return levers.expected_over_counted * by_load.mean(
        axis=1
    ), levers.expected_over_counted * by_other.mean(axis=1)


def _relieved(levers: Levers, share: npt.ArrayLike) -> Floats:
    """Factor on drops at any share, straight between the steps."""
    asked = np.broadcast_to(np.asarray(share, np.float64), len(levers.cell_id))
    at = np.clip(asked, 0.0, LADDER[-1]) / LADDER[1]
    low = np.minimum(at.astype(np.intp), len(LADDER) - 2)
    cell, part = np.arange(len(at)), (at - low)[:, None]
    below, above = levers.relieved[cell, low], levers.relieved[cell, low + 1]
    return np.asarray(below * (1 - part) + above * part, np.float64)


def _fixed(levers: Levers, share: npt.ArrayLike) -> Floats:
    done = np.broadcast_to(np.asarray(share, np.float64), len(levers.cell_id))[:, None]
    return np.asarray(1 - done * (1 - levers.without_other), np.float64)


# --- the level --------------------------------------------------------------------------------


def treatable(levers: Levers, present: "Present") -> Treatable:
    """The cells with their drops a month.

    Gamma draws, so that a cell that happened to have no drop may still have some; NaN without days.
    """
    drops, days, noise = present
    known = days > 0
    shape = (drops + 0.5) / noise
    per_day = levers.expected_over_counted * noise / np.where(known, days, np.nan)
    level = np.full((len(drops), N_DRAWS), np.nan)
    for i in np.flatnonzero(known):
        rng, wander = cell_rng(str(levers.cell_id[i]), "level"), _WANDER * levers.wander[i]
        level[i] = rng.gamma(shape[i], size=N_DRAWS)
        level[i] *= np.exp(wander * rng.normal(size=N_DRAWS) - wander**2 / 2)
    return _alike(Treatable(levers, level * DAYS_A_MONTH * per_day[:, None]))


def _alike(cells: Treatable) -> Treatable:
    """The same draws of each cell, in an order that lets what cells spare correlate.

    Iman and Conover, Communications in Statistics B11 (1982) 311-334: ranks of correlated normals.
    """
    levers, n_cells = cells.levers, len(cells.levers.cell_id)
    common = cell_rng("", "network").normal(size=N_DRAWS)
    own = [cell_rng(str(name), "order").normal(size=N_DRAWS) for name in levers.cell_id]
    wanted = np.sqrt(CORRELATION) * common + np.sqrt(1 - CORRELATION) * np.reshape(
        own, (-1, N_DRAWS)
    )
    rank = wanted.argsort(axis=1).argsort(axis=1)
    spared = of_both(cells, _ORDERED_BY).argsort(axis=1, kind="stable")
    draw, cell = np.take_along_axis(spared, rank, axis=1), np.arange(n_cells)[:, None]
    fixed, relieved = (
        levers.without_other[cell, draw],
        levers.relieved.transpose(0, 2, 1)[cell, draw],
    )
    ordered = replace(levers, relieved=relieved.transpose(0, 2, 1), without_other=fixed)
    return Treatable(ordered, cells.drops_month[cell, draw])


"""What a drop less spares, by the name of the column that it fills."""


def treatable_dataset(cells: Treatable, present: Present) -> xr.Dataset:
    """Treatable cells and their present as families pass them on, by cell, step and draw."""
    counted = {f"present_{name}": ("cell", part) for name, part in present._asdict().items()}
    drops = {"drops_month": (("cell", "draw"), cells.drops_month)}
    return levers_dataset(cells.levers).assign(counted | drops)


def treatable_from(dataset: xr.Dataset) -> tuple[Treatable, Present]:
    """Treatable cells and their present, of a dataset that `treatable_dataset` made."""
    present = Present(*(dataset[f"present_{name}"].to_numpy() for name in Present._fields))
    return Treatable(levers_from(dataset), dataset["drops_month"].to_numpy()), present
