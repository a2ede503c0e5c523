"""Cells, sites and hexagons as places that cells' counts add up to."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr
from scipy import sparse

from geo import hexgrid
from ingest.settle import newest_rows


@dataclass(frozen=True)
class Places:
    """Which part of each cell belongs to each place: a sparse matrix (place, cell)."""

    ids: npt.NDArray[np.generic]
    share: sparse.csr_array


@dataclass(frozen=True)
class Kind:
    """One kind of place: what goes into each (cell_id, place, weight), and what is known of it.

    `known`: place, place_name, region, lat, lon, and hex_id where the place is no hexagon.
    """

    name: str
    weights: pd.DataFrame
    known: pd.DataFrame


def of_weights(weights: pd.DataFrame, cube: xr.Dataset) -> Places:
    """Places of a frame (cell_id, place, weight) against the cube's cells."""
    cells = pd.Index(cube["cell_id"].to_numpy())
    column = cells.get_indexer(pd.Index(weights["cell_id"]))
    known = weights[column >= 0]
    ids, row = np.unique(known["place"].to_numpy(), return_inverse=True)
    entries = (known["weight"].to_numpy(float), (row, column[column >= 0]))
    return Places(ids, sparse.csr_array(entries, (len(ids), len(cells))))


def kinds(
    seen: pd.Series, cells: pd.DataFrame, cell_hex: pd.DataFrame, hexes: pd.DataFrame, *, level: int
) -> Iterator[Kind]:
    """Cells, and with an inventory sites and hexagons of `level` too.

    `seen`: cells that have counters; the others are tables `cell`, `cell_hex` and `hex_place`.
    """
    newest = newest_rows(cells)
    named = newest.assign(place_name=newest["cell_name"].fillna(newest["cell_id"]))
    each = pd.DataFrame({"cell_id": seen, "place": seen, "weight": 1.0})
    yield Kind("cell", each, _known(named, "cell_id", level))
    if cells.empty:
        return
    on_site = newest.dropna(subset=["site_id"])
    named = on_site.assign(place_name=on_site["site_name"].fillna(on_site["site_id"]))
    parts = on_site[["cell_id"]].assign(place=on_site["site_id"], weight=1.0)
    yield Kind("site", parts, _known(named, "site_id", level))
    weights = cell_hex[cell_hex["level"] == level]
    parts = weights[["cell_id", "weight"]].assign(place=weights["hex_id"].to_numpy(np.uint64))
    named = hexes.assign(place=hexes["hex_id"].to_numpy(np.uint64))
    named["place_name"] = hexgrid.as_text(hexes["hex_id"])
    yield Kind("hex", parts, named[["place", "place_name", "region", "lat", "lon"]])


def _known(cells: pd.DataFrame, key: str, level: int) -> pd.DataFrame:
    """One row a place: its name, region, middle and hexagon."""
    grouped = cells.groupby(key)
    known = grouped[["place_name", "region"]].first().join(grouped[["lat", "lon"]].mean())
    hexes = hexgrid.hexes_of(lat=known["lat"], lon=known["lon"], level=level)
    known["hex_id"] = pd.Series(hexes, index=known.index, dtype="UInt64").where(hexes > 0)
    return known.reset_index(names="place")
