"""Days of cells spread over hexagons by footprint weights; totals are conserved."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import sparse

from contracts.tables import TABLES

SPREAD = (
    "call_attempts",
    "call_setups",
    "dropped_calls",
    "prb_dl_used_prb_s",
    "prb_dl_avail_prb_s",
    "dl_vol_kbit",
    "rrc_user_s",
)
"""Columns of table `cell_day` that hexagons get their part of."""


@dataclass(frozen=True)
class Split:
    """Weights of one day: which part of each cell lies in each hexagon."""

    cells: pd.Index
    """Ids of cells that have a footprint, ascending."""
    hexes: npt.NDArray[np.uint64]
    """Ascending."""
    weight: sparse.csr_array
    """(hex, cell)."""
    level: int


def split_of(cell_hex: pd.DataFrame) -> Split:
    """The weights as a matrix.

    `cell_hex`: rows of that table of one level that hold on one day.
    """
    column, cells = pd.factorize(cell_hex["cell_id"], sort=True)
    hexes, row = np.unique(cell_hex["hex_id"].to_numpy(np.uint64), return_inverse=True)
    weight = cell_hex["weight"].to_numpy(float)
    matrix = sparse.csr_array((weight, (row, column)), (len(hexes), len(cells)))
    level = int(cell_hex["level"].iloc[0]) if len(cell_hex) else 0
    return Split(pd.Index(cells), hexes, matrix, level)


def hex_day(days: pd.DataFrame, day: date, split: Split) -> pd.DataFrame:
    """Table `hex_day` of one day; NaN = no cell of the hexagon was measured.

    `days`: rows of `cell_day` of that day: cell_id and the columns of `SPREAD`. `day`: the local
    day. `split`: the weights that hold on it. A cell without a footprint reaches no hexagon.
    """
    cell = split.cells.get_indexer(pd.Index(days["cell_id"]))
    values = np.full((len(split.cells), len(SPREAD)), np.nan)
    values[cell[cell >= 0]] = days[list(SPREAD)].to_numpy(float)[cell >= 0]
    is_there = np.zeros(len(split.cells))
    is_there[cell[cell >= 0]] = 1.0
    parts = split.weight.astype(bool).astype(float)
    sums = split.weight @ np.nan_to_num(values)
    # no cell of the hexagon measured it: missing, not zero
    is_measured = (split.weight @ (~np.isnan(values)).astype(float)) > 0
    attempts = np.nan_to_num(values[:, 0])
    squares = split.weight.power(2) @ attempts**2
    with np.errstate(invalid="ignore", divide="ignore"):
        effective = np.where(squares > 0, sums[:, 0] ** 2 / squares, np.nan)
    rows = pd.DataFrame(np.where(is_measured, sums, np.nan), columns=list(SPREAD)).assign(
        hex_id=split.hexes,
        level=split.level,
        day_local=day,
        n_cells=(parts @ (attempts > 0)).astype(int),
        n_cells_effective=effective,
    )
    has_cell = (parts @ is_there) > 0
    return rows.loc[has_cell, list(TABLES["hex_day"].columns)].reset_index(drop=True)


def hex_days(days: pd.DataFrame, split_on: Callable[[date], Split]) -> pd.DataFrame:
    """Table `hex_day` of several days.

    `days`: rows of `cell_day`. `split_on`: the weights that hold on a day.
    """
    parts = [
        hex_day(days[days["day_local"] == day], day, split_on(day))
        for day in sorted(days["day_local"].unique())
    ]
    filled = [part for part in parts if len(part)]
    empty = pd.DataFrame(columns=list(TABLES["hex_day"].columns))
    return pd.concat(filled or [empty], ignore_index=True)
