"""Where a cell's traffic is: cells -> weights over hexagons that sum to 1 per cell and level.

Voronoi, one operator and technology at a time: each hexagon is served by the nearest antenna
direction, and a cell's traffic spreads evenly over its hexagons. Known to be worse than footprints
that overlap; the interval of a hexagon's rate does not include that error.
"""

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.spatial import cKDTree

from geo import hexgrid

_EARTH_M = 6_371_008.8
# an antenna stands a little way from its mast, in its direction: this parts a site into sectors
_STEP_M = 30.0
_TILE_DEG = 0.25
_COLUMNS = ["cell_id", "hex_id", "level", "weight", "method"]


def voronoi(cells: pd.DataFrame, *, level: int, max_range_m: float) -> pd.DataFrame:
    """Table `cell_hex` at `level`: the hexagons nearest to each cell, within its range.

    `cells`: cell_id, operator, technology, lat, lon, azimuth_deg, range_m; one row per cell. Cells
    at one place and azimuth share their hexagons. A cell without a position gets none.
    """
    placed = cells[cells["lat"].notna() & cells["lon"].notna()]
    groups = placed.groupby(["operator", "technology"], dropna=False, sort=True)
    parts = [_one_layer(layer, level, max_range_m) for _, layer in groups]
    if not parts:
        return pd.DataFrame(columns=_COLUMNS)
    return pd.concat(parts, ignore_index=True).sort_values(["cell_id", "hex_id"], ignore_index=True)


def coarser(cell_hex: pd.DataFrame, *, level: int) -> pd.DataFrame:
    """The same weights summed to a coarser level."""
    up = cell_hex.assign(hex_id=hexgrid.parents(cell_hex["hex_id"], level=level), level=level)
    keys = ["cell_id", "hex_id", "level", "method"]
    return up.groupby(keys, sort=True)[["weight"]].sum().reset_index()[_COLUMNS]


def _one_layer(cells: pd.DataFrame, level: int, max_range_m: float) -> pd.DataFrame:
    lat, lon = _antennas(cells)
    antennas, of_cell = np.unique(np.column_stack([lat, lon]), axis=0, return_inverse=True)
    reach = _reach(cells, of_cell, len(antennas), max_range_m)
    hexes = _candidates(antennas, reach, level)
    served_by, distance = _nearest(hexes, antennas)
    near = distance <= reach[served_by]
    served = pd.DataFrame({"antenna": served_by[near], "hex_id": hexes[near]})
    served = pd.concat([served, _own_hexes(antennas, served, level)])
    served["weight"] = 1 / served.groupby("antenna")["hex_id"].transform("size")
    owners = pd.DataFrame({"cell_id": cells["cell_id"].to_numpy(), "antenna": of_cell.ravel()})
    return owners.merge(served).assign(level=level, method="voronoi")[_COLUMNS]


def _antennas(cells: pd.DataFrame) -> tuple[hexgrid.Degrees, hexgrid.Degrees]:
    lat, lon = cells["lat"].to_numpy(float), cells["lon"].to_numpy(float)
    azimuth = np.radians(cells["azimuth_deg"].to_numpy(float))
    step = np.degrees(_STEP_M / _EARTH_M)
    north = np.nan_to_num(np.cos(azimuth)) * step
    east = np.nan_to_num(np.sin(azimuth)) * step / np.cos(np.radians(lat))
    return lat + north, lon + east


def _reach(
    cells: pd.DataFrame, of_cell: npt.NDArray[np.intp], n: int, max_range_m: float
) -> npt.NDArray[np.float64]:
    reach = np.zeros(n)
    own = cells["range_m"].fillna(max_range_m).clip(upper=max_range_m).to_numpy(float)
    np.maximum.at(reach, of_cell.ravel(), own)
    return reach


def _candidates(
    antennas: npt.NDArray[np.float64], reach: npt.NDArray[np.float64], level: int
) -> hexgrid.Hexes:
    """Hexagons of all tiles that some antenna may reach."""
    high = np.degrees(reach / _EARTH_M)
    wide = high / np.maximum(np.cos(np.radians(antennas[:, 0])), 0.05)
    tiles: set[tuple[int, int]] = set()
    for (lat, lon), up, out in zip(antennas, high, wide, strict=True):
        for y in range(_tile(lat - up), _tile(lat + up) + 1):
            tiles.update((y, x) for x in range(_tile(lon - out), _tile(lon + out) + 1))
    boxes = [_hexes_of_tile(y, x, level) for y, x in sorted(tiles)]
    return np.unique(np.concatenate(boxes))


def _tile(degrees: float) -> int:
    return int(np.floor(degrees / _TILE_DEG))


def _hexes_of_tile(y: int, x: int, level: int) -> hexgrid.Hexes:
    south, west = y * _TILE_DEG, x * _TILE_DEG
    return hexgrid.hexes_in_box(
        west=west, south=south, east=west + _TILE_DEG, north=south + _TILE_DEG, level=level
    )


def _nearest(
    hexes: hexgrid.Hexes, antennas: npt.NDArray[np.float64]
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.float64]]:
    """Nearest antenna of each hexagon's centre, and its distance in metres."""
    lat, lon = hexgrid.centres(hexes)
    chord, nearest = cKDTree(_on_sphere(*antennas.T)).query(_on_sphere(lat, lon))
    return nearest, 2 * np.arcsin(np.clip(chord / 2, 0, 1)) * _EARTH_M


def _on_sphere(lat: hexgrid.Degrees, lon: hexgrid.Degrees) -> npt.NDArray[np.float64]:
    north, east = np.radians(lat), np.radians(lon)
    flat = np.cos(north)
    return np.column_stack([flat * np.cos(east), flat * np.sin(east), np.sin(north)])


def _own_hexes(antennas: npt.NDArray[np.float64], served: pd.DataFrame, level: int) -> pd.DataFrame:
    """Antennas that are nearest to no hexagon's centre keep the hexagon they stand in."""
    alone = np.setdiff1d(np.arange(len(antennas)), served["antenna"])
    own = hexgrid.hexes_of(lat=antennas[alone, 0], lon=antennas[alone, 1], level=level)
    return pd.DataFrame({"antenna": alone, "hex_id": own})
