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
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr
from scipy import sparse

from analysis.arrays import Floats
from analysis.association.per_drop import Slopes, following
from analysis.attribution.levers import LADDER, Levers
from analysis.uncertainty import intervals
from analysis.uncertainty.draws import CORRELATION, N_DRAWS, cell_rng, with_interval

METHOD_VERSION = "benefit-2"
DAYS_A_MONTH = 30.0
_DAY_S = 86_400
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
    return levers.level * by_load.mean(axis=1), levers.level * by_other.mean(axis=1)


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
    return np.asarray(1 - done * (1 - levers.fixed), np.float64)


# --- the level --------------------------------------------------------------------------------


def treatable(levers: Levers, present: "Present") -> Treatable:
    """The cells with their drops a month.

    Gamma draws, so that a cell that happened to have no drop may still have some; NaN without days.
    """
    drops, days, noise = present
    known = days > 0
    shape = (drops + 0.5) / noise
    per_day = levers.level * noise / np.where(known, days, np.nan)
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
    fixed, relieved = levers.fixed[cell, draw], levers.relieved.transpose(0, 2, 1)[cell, draw]
    ordered = replace(levers, relieved=relieved.transpose(0, 2, 1), fixed=fixed)
    return Treatable(ordered, cells.drops_month[cell, draw])


"""What a drop less spares, by the name of the column that it fills."""


class Present(NamedTuple):
    """Drops of each cell's present level, the days' worth they were counted in, its noise."""

    drops: Floats
    days_worth: Floats
    noise: Floats


def present_of(cube: xr.Dataset, levers: Levers, noise: intervals.Noise, days: int) -> Present:
    """What was counted since each cell's level began. `cube`: `cube.of_cell_days`, `days` newest.

    A day counts by the part of it that is known and in which the cell was up, and by what usual
    rest days and other days bring: three days over a weekend are no three days.
    """
    new = slice(-days, None)
    counted, drops = (cube[name].to_numpy()[:, new] for name in ("call_attempts", "dropped_calls"))
    known = (counted > 0) & ~np.isnan(drops)
    covered_s, down_s = (cube[name].to_numpy()[:, new] for name in ("covered_s", "unavail_s"))
    part = np.where(known, covered_s - np.nan_to_num(down_s), 0.0) / _DAY_S
    rest = cube["rest_day"].to_numpy()[:, new]
    usual = _ratio(np.where(known, counted, 0).sum(axis=1), part.sum(axis=1))
    of_kind = [_ratio(np.where(known & k, counted, 0).sum(axis=1), (part * k).sum(axis=1)) / usual
               for k in (rest, ~rest)]  # fmt: skip
    worth = part * np.where(rest, of_kind[0][:, None], of_kind[1][:, None])
    since = cube["day_local"].to_numpy()[new][None] >= levers.since[:, None]
    n_days = (known & since).sum(axis=1)
    spread = noise.phi * intervals.inflation(noise.rho, np.maximum(n_days, 1))
    return Present(
        np.where(known & since, drops, 0.0).sum(axis=1),
        np.where(since, np.nan_to_num(worth), 0.0).sum(axis=1),
        spread,
    )


def drops_month(present: Present) -> Floats:
    """Drops a month as they were counted, (cell,); NaN = no day is known."""
    return DAYS_A_MONTH * _ratio(present.drops, present.days_worth)


def _ratio(above: Floats, below: Floats) -> Floats:
    return np.divide(above, below, out=np.full(len(above), np.nan), where=below > 0)


# --- what is told -----------------------------------------------------------------------------


@dataclass(frozen=True)
class Gain:
    """What relief and fix together would spare of cells or places, in drops a month.

    `by_load`, `by_other`: (place,), as expected; `drops`: both together, (place, draw). NaN where
    nothing is known. `n_unknown`: cells of the place of which nothing is.
    """

    by_load: Floats
    by_other: Floats
    drops: Floats
    n_unknown: npt.NDArray[np.int64]

    @property
    def expected(self) -> Floats:
        """Drops a month, (place,)."""
        return self.by_load + self.by_other


def gain_of_cells(cells: Treatable, present: Present, relief: float) -> Gain:
    """The gain of each cell, its expectation plain arithmetic on what is published."""
    month = drops_month(present)
    by_load, by_other = (month * share for share in avoidable(cells.levers, relief))
    drops = of_both(cells, relief)
    return Gain(by_load, by_other, drops, np.isnan(by_load + drops[:, 0]).astype(np.int64))


def gain_of_places(share: sparse.csr_array, cells: Gain) -> Gain:
    """The gain of places of which each cell is a part. `share`: (place, cell)."""
    known = cells.n_unknown == 0
    parts = share[:, np.flatnonzero(known)]
    some = parts.sum(axis=1) > 0
    by_load, by_other = (
        np.where(some, parts @ values[known], np.nan) for values in (cells.by_load, cells.by_other)
    )
    drops = np.where(some[:, None], parts @ cells.drops[known], np.nan)
    unknown_cells = (share[:, np.flatnonzero(~known)] > 0).sum(axis=1)
    return Gain(by_load, by_other, drops, np.asarray(unknown_cells, np.int64))


def table(cells: Treatable, present: Present, gain: Gain, *, relief: float) -> pd.DataFrame:
    """Rows of table `benefit`, without level_until."""
    by_load, by_other = avoidable(cells.levers, relief)
    return pd.DataFrame(
        {
            "cell_id": cells.levers.cell_id,
            "level_since": cells.levers.since.astype("datetime64[s]"),
            "dropped_calls": present.drops,
            "days_worth": present.days_worth,
            "relief_pct": 100 * relief,
            "avoidable_load": by_load,
            "avoidable_other": by_other,
            **with_interval("drops_avoidable_month", gain.expected, gain.drops),
            "unknown_reason": pd.Series(cells.levers.why_not).replace("", None),
            "method_version": METHOD_VERSION,
        }
    )


def what_if(cells: Treatable, present: Present, slopes: Slopes, at_most: Floats) -> pd.DataFrame:
    """Rows of table `what_if`: each cell with a curve, relieved of each step of LADDER.

    `slopes` and `at_most`: as of `following`.
    """
    known = np.flatnonzero(~np.isnan(cells.levers.relieved[:, 0, 0]) & (present.days_worth > 0))
    month = cells.levers.level * drops_month(present)
    rows = []
    for step, share in enumerate(LADDER[1:], 1):
        drops = of_relief(cells, share)
        expected = month * (1 - cells.levers.relieved[:, step].mean(axis=1, dtype=float))
        ladder = {
            "cell_id": cells.levers.cell_id,
            "relief_pct": round(100 * share),
            **with_interval("drops_avoided_month", expected, drops),
            **following(expected, drops, slopes, at_most),
            "is_beyond_seen": cells.levers.beyond[:, step],
            "method_version": METHOD_VERSION,
        }  # fmt: skip
        rows.append(pd.DataFrame(ladder).iloc[known])
    return pd.concat(rows, ignore_index=True)
