"""Which antenna is nearest to each hexagon: all that positions alone can say.

Footprints that overlap are nearer to the truth: here one antenna serves a hexagon, wholly.
"""

import numpy as np
import pandas as pd
from scipy.spatial import cKDTree

from geo import hexgrid, sphere
from geo.sphere import Floats, Ints

# an antenna stands this far from its mast, in its direction: that divides a site into sectors
_STEP_M = 30.0


def shares(cells: pd.DataFrame, *, level: int, max_range_m: float) -> tuple[Ints, pd.DataFrame]:
    """Antenna of each cell, shape (n,), and the hexagons nearest to it: antenna, hex_id, weight 1.

    `cells`: lat, lon, azimuth_deg (NaN = all round), range_m (NaN = `max_range_m`); placed, and of
    one operator, technology and size. Cells at one place and azimuth are one antenna, of the widest
    range among them. `level`: H3 level of the hexagons. `max_range_m`: how far a cell reaches at
    most, in metres.
    """
    lat, lon = _ahead(cells)
    # antennas: distinct positions, shape (m, 2); antenna: the number of each cell's, shape (n,)
    antennas, antenna = np.unique(np.column_stack([lat, lon]), axis=0, return_inverse=True)
    antenna = antenna.ravel().astype(np.intp)
    range_m = cells["range_m"].fillna(max_range_m).clip(upper=max_range_m).to_numpy(float)
    reach_m = np.zeros(len(antennas))
    np.maximum.at(reach_m, antenna, range_m)
    lat, lon = antennas.T
    hexes = hexgrid.hexes_near(lat=lat, lon=lon, reach_m=reach_m, level=level)
    tree = cKDTree(sphere.unit_vectors(lat, lon))
    chord, nearest = tree.query(sphere.unit_vectors(*hexgrid.centres(hexes)))
    is_near = sphere.metres(chord) <= reach_m[nearest]
    parts = {"antenna": nearest[is_near], "hex_id": hexes[is_near], "weight": 1.0}
    return antenna, pd.DataFrame(parts)


def _ahead(cells: pd.DataFrame) -> tuple[Floats, Floats]:
    """Position of each cell's antenna, degrees; of one without an azimuth the mast's own."""
    lat, lon = cells["lat"].to_numpy(float), cells["lon"].to_numpy(float)
    azimuth = np.radians(cells["azimuth_deg"].to_numpy(float))
    step = np.degrees(_STEP_M / sphere.EARTH_M)
    north = np.nan_to_num(np.cos(azimuth)) * step
    east = np.nan_to_num(np.sin(azimuth)) * step / np.maximum(np.cos(np.radians(lat)), 0.01)
    return lat + north, lon + east
