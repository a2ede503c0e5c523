"""How many dropped calls a month would treating a cell avoid, and how sure is that?

docs/methods.md 8.1 to 8.3. A cell can be relieved of a part of its load: its own curve says by
which factor its drops would fall. And what else raised its drops, and still lasts, can be fixed.
Both are factors on the drops of the present: the newest days, no farther back than the cell's last
change. What is not known is drawn: the curve, what the change did beside load, and the drops
themselves. A cell's draws depend on its name alone, so that another cell, another order or another
setting do not move them. Errors of two cells correlate by `draws.CORRELATION`, as those of their
changes do: independent draws made sums over towns look too sure (docs/accuracy/sums.md).
"""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import xarray as xr

from analysis.arrays import Floats
from analysis.attribution.levers import LADDER, Levers, levers_dataset, levers_from
from analysis.benefit.present import DAYS_A_MONTH, Present
from analysis.uncertainty.draws import CORRELATION, N_DRAWS, cell_rng

# what wanders over months shows less of it within the weeks it was learnt from
_WANDER = 1.5
# draws are put in order by what such a relief and a whole fix avoid
_ORDERED_BY = 0.3


@dataclass(frozen=True)
class Treatable:
    """Cells that could be treated: their levers, and their drops a month as things are.

    `drops_month`: (cell, draw); NaN = no day is known.
    """

    levers: Levers
    drops_month: Floats


# --- what could be avoided --------------------------------------------------------------------


def of_relief(cells: Treatable, share: npt.ArrayLike) -> Floats:
    """Drops avoided a month if cells were relieved of a `share` of their load, (cell, draw).

    `cells`: with their draws. `share`: 0 to .5, one or one a cell; more counts as .5, for no curve
    reaches there. NaN where no curve is known.
    """
    return cells.drops_month * (1 - _relieved(cells.levers, share))


def of_undoing(cells: Treatable, share: npt.ArrayLike = 1.0) -> Floats:
    """Drops avoided a month if a `share` of what else raised the drops were undone, (cell, draw).

    `cells`: with their draws. `share`: 0 to 1, one or one a cell. 0 where nothing but load has
    raised them; NaN where that is not known.
    """
    return cells.drops_month * (1 - _fixed(cells.levers, share))


def of_both(cells: Treatable, relief: npt.ArrayLike, fix: npt.ArrayLike = 1.0) -> Floats:
    """Drops avoided a month by relief and fix together, (cell, draw).

    `cells`, `relief` and `fix`: as of `of_relief` and `of_undoing`. Both together avoid less than
    the sum of each alone: what is relieved can't be fixed too.
    """
    kept = _relieved(cells.levers, relief) * _fixed(cells.levers, fix)
    return cells.drops_month * (1 - kept)


def shares_of_both(levers: Levers, relief: npt.ArrayLike) -> tuple[Floats, Floats]:
    """Share of its drops that relief and a whole fix avoid, each (cell, draw).

    `levers`: of the cells. `relief`: share of load, 0 to .5, one or one a cell. Each share is the
    mean of coming first and coming last (Shapley 1953), so that both add up to the share of both
    together. NaN where no curve is known.
    """
    kept_load, kept_other = _relieved(levers, relief), _fixed(levers, 1.0)
    # first it avoids 1 - a of all drops, last 1 - a of the share b that the other leaves
    by_load = (1 - kept_load) * (1 + kept_other) / 2
    by_other = (1 - kept_other) * (1 + kept_load) / 2
    return by_load, by_other


def avoidable(levers: Levers, relief: float) -> tuple[Floats, Floats]:
    """Expected share of the counted drops that relief and a whole fix avoid, each (cell,).

    `levers` and `relief`: as of `shares_of_both`.
    """
    by_load, by_other = shares_of_both(levers, relief)
    expected = levers.expected_over_counted
    return expected * by_load.mean(axis=1), expected * by_other.mean(axis=1)


def _relieved(levers: Levers, share: npt.ArrayLike) -> Floats:
    """Factor on drops at any share of load, straight between the steps, (cell, draw)."""
    shares = np.broadcast_to(np.asarray(share, np.float64), len(levers.cell_id))
    # in steps of the ladder: 1.4 lies between the second step and the third
    steps = np.clip(shares, 0.0, LADDER[-1]) / LADDER[1]
    low = np.minimum(steps.astype(np.intp), len(LADDER) - 2)
    cell, part = np.arange(len(steps)), (steps - low)[:, None]
    below, above = levers.relieved[cell, low], levers.relieved[cell, low + 1]
    return np.asarray(below * (1 - part) + above * part, np.float64)


def _fixed(levers: Levers, share: npt.ArrayLike) -> Floats:
    """Factor on drops with a share of what else raised them undone, (cell, draw)."""
    done = np.broadcast_to(np.asarray(share, np.float64), len(levers.cell_id))[:, None]
    return np.asarray(1 - done * (1 - levers.without_other), np.float64)


# --- the drops of the present -----------------------------------------------------------------


def treatable(levers: Levers, present: Present) -> Treatable:
    """The cells with draws of their drops a month.

    `levers` and `present`: of the same cells. Drops are drawn from a gamma distribution, the
    posterior of a Poisson rate under Jeffreys' prior with counts divided by their noise, so that a
    cell that happened to have no drop may still have some. NaN where no day is known.
    """
    drops, days, noise = present
    is_known = days > 0
    shape = (drops + 0.5) / noise
    per_day = levers.expected_over_counted * noise / np.where(is_known, days, np.nan)
    gammas = np.full((len(drops), N_DRAWS), np.nan)
    for i in np.flatnonzero(is_known):
        rng, wander = cell_rng(str(levers.cell_id[i]), "level"), _WANDER * levers.wander[i]
        gammas[i] = rng.gamma(shape[i], size=N_DRAWS)
        # log-normal with mean 1
        gammas[i] *= np.exp(wander * rng.normal(size=N_DRAWS) - wander**2 / 2)
    return _correlated(Treatable(levers, gammas * DAYS_A_MONTH * per_day[:, None]))


def _correlated(cells: Treatable) -> Treatable:
    """The same draws of each cell, in an order that lets what cells avoid correlate.

    Iman and Conover, Communications in Statistics B11 (1982) 311-334: ranks of correlated normals.
    """
    levers, n_cells = cells.levers, len(cells.levers.cell_id)
    common = cell_rng("", "network").normal(size=N_DRAWS)
    draws = [cell_rng(str(name), "order").normal(size=N_DRAWS) for name in levers.cell_id]
    own = np.reshape(draws, (-1, N_DRAWS))
    normals = np.sqrt(CORRELATION) * common + np.sqrt(1 - CORRELATION) * own
    rank = normals.argsort(axis=1).argsort(axis=1)
    by_avoided = of_both(cells, _ORDERED_BY).argsort(axis=1, kind="stable")
    # (cell, draw): which of its draws each cell has in each place of the new order
    draw, cell = np.take_along_axis(by_avoided, rank, axis=1), np.arange(n_cells)[:, None]
    relieved = levers.relieved.transpose(0, 2, 1)[cell, draw].transpose(0, 2, 1)
    ordered = replace(levers, relieved=relieved, without_other=levers.without_other[cell, draw])
    return Treatable(ordered, cells.drops_month[cell, draw])


# --- from family to family --------------------------------------------------------------------


def treatable_dataset(cells: Treatable, present: Present) -> xr.Dataset:
    """Treatable cells and their present as families pass them on, by cell, step and draw.

    `cells`, `present`: of the same cells, in one order.
    """
    counted = {f"present_{name}": ("cell", part) for name, part in present._asdict().items()}
    drops = {"drops_month": (("cell", "draw"), cells.drops_month)}
    return levers_dataset(cells.levers).assign(counted | drops)


def treatable_from(dataset: xr.Dataset) -> tuple[Treatable, Present]:
    """Treatable cells and their present, of a dataset that `treatable_dataset` made.

    `dataset`: by cell, step and draw.
    """
    present = Present(*(dataset[f"present_{name}"].to_numpy() for name in Present._fields))
    return Treatable(levers_from(dataset), dataset["drops_month"].to_numpy()), present
