"""How many subscribers are at a place? No more complainants or detractors can be avoided there.

A limit, not a figure: it is rounded up to whole crowds of the release rule (16 by default), so that
it speaks of nobody.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr
from scipy import sparse

from analysis.arrays import Floats
from geo import hexgrid


def subscribers(base: pd.DataFrame, cell_hex: pd.DataFrame, *, level: int) -> pd.DataFrame:
    """Active subscribers per hexagon and month: hex_id, period_start, n.

    `base`: table `subscriber_base`. `cell_hex`: footprints, at one or more levels; the finest
    counts. Places of type hex must be as fine as `level`; those of type cell are spread by the
    cells' footprints, and are then no whole numbers. Regions are not spread: they give no row.
    """
    base = base.assign(month=pd.to_datetime(base["month"]).dt.to_period("M").dt.start_time)
    on_hex = base[base["place_type"] == "hex"]
    hexes = hexgrid.from_text(on_hex["place_id"])
    fine = hexgrid.levels(hexes) >= level
    direct = pd.DataFrame(
        {
            "hex_id": hexgrid.parents(hexes[fine], level=level),
            "month": on_hex.loc[fine, "month"].to_numpy(),
            "n": on_hex.loc[fine, "n_active_subscribers"].to_numpy(float),
        }
    )
    finest = cell_hex[cell_hex["level"] == cell_hex["level"].max()]
    # one month is given by hexagon or by cell: both would count everybody twice
    by_cell = base[(base["place_type"] == "cell") & ~base["month"].isin(on_hex["month"].unique())]
    on_cell = by_cell.merge(
        finest[["cell_id", "hex_id", "weight"]], left_on="place_id", right_on="cell_id"
    )
    spread = pd.DataFrame(
        {
            "hex_id": hexgrid.parents(on_cell["hex_id"], level=level),
            "month": on_cell["month"],
            "n": on_cell["n_active_subscribers"] * on_cell["weight"],
        }
    )
    both = pd.concat([direct, spread.astype(direct.dtypes)], ignore_index=True)
    both["period_start"] = pd.to_datetime(both["month"]).dt.as_unit("s")
    return both.groupby(["hex_id", "period_start"])["n"].sum().reset_index()


@dataclass(frozen=True)
class Residents:
    """Subscribers of the newest month that is known, by where they live and by who serves them."""

    by_hex: "pd.Series[float]"
    """By hex_id of the map's level; empty = nothing is known."""
    by_cell: Floats
    """By cell of the counters; NaN = no footprint."""
    crowd: int

    def at_most(self, kind: str, ids: npt.NDArray[np.generic], share: sparse.csr_array) -> Floats:
        """Subscribers of each place, rounded up, (place,); NaN where they are not known.

        `kind`: cell, site, hex or region. `ids`: of the places, (place,). `share`: which part of
        each cell is the place's, (place, cell).
        """
        if self.by_hex.empty:
            return np.full(len(ids), np.nan)
        if kind == "hex":
            # where the base has nobody there is less than a crowd
            n = self.by_hex.reindex(ids).fillna(0.0).to_numpy(float)
        else:
            n = share @ self.by_cell
        return np.asarray(np.maximum(np.ceil(n / self.crowd), 1) * self.crowd)

    def of_cells(self) -> Floats:
        """`at_most` of each cell of the counters."""
        n = len(self.by_cell)
        return self.at_most("cell", np.arange(n), sparse.eye_array(n, format="csr"))


def known(
    base: pd.DataFrame,
    finer: pd.DataFrame,
    weights: pd.DataFrame,
    counters: xr.Dataset,
    *,
    level: int,
    crowd: int,
) -> Residents:
    """Subscribers of table `subscriber_base` on hexagons of `level`, and of the cells there.

    `base`: table `subscriber_base`. `finer`, `weights`: footprints of the newest day, cell_id,
    hex_id, weight, one level finer and on `level`. `counters`: by cell and day, as of
    `cube.of_cell_days`. `crowd`: subscribers that a crowd of the release rule has. A hexagon's
    subscribers are shared out to cells as its calls are: by footprint and attempts.
    """
    names = pd.Index(counters["cell_id"].to_numpy())
    lived = subscribers(base, finer, level=level)
    newest = lived[lived["period_start"] == lived["period_start"].max()]
    by_hex = newest.set_index("hex_id")["n"].astype(float)
    cell, hexes = names.get_indexer(pd.Index(weights["cell_id"])), pd.Index(weights["hex_id"])
    seen, calls = cell >= 0, np.nansum(counters["call_attempts"].to_numpy(), axis=1)
    part = pd.Series(weights["weight"].to_numpy(float)[seen] * calls[cell[seen]], hexes[seen])
    part /= part.groupby(level=0).transform("sum")
    served = np.nan_to_num(part.to_numpy() * by_hex.reindex(hexes[seen]).to_numpy(float))
    by_cell = np.full(len(names), np.nan)
    by_cell[cell[seen]] = 0.0
    np.add.at(by_cell, cell[seen], served)
    return Residents(by_hex, by_cell, crowd)
