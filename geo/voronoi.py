"""Which antenna is nearest to each hexagon: all that positions alone can tell.

Known to be worse than footprints that overlap: a place is served by one antenna, wholly.
"""

import numpy as np
import pandas as pd
from scipy.spatial import cKDTree

from geo import hexgrid, sphere
from geo.sphere import Floats, Ints

# an antenna stands a little way from its mast, in its direction: this parts a site into sectors
_STEP_M = 30.0


def shares(cells: pd.DataFrame, *, level: int, max_range_m: float) -> tuple[Ints, pd.DataFrame]:
    """Antenna of each cell, and the hexagons nearest to each: antenna, hex_id, weight 1.

    `cells`: lat, lon, azimuth_deg, range_m; of one operator, technology and size. Cells at one
    place and azimuth are one antenna, of the widest range among them.
    """
    lat, lon = _ahead(cells)
    antennas, of_cell = np.unique(np.column_stack([lat, lon]), axis=0, return_inverse=True)
    reach = np.zeros(len(antennas))
    own = cells["range_m"].fillna(max_range_m).clip(upper=max_range_m).to_numpy(float)
    np.maximum.at(reach, of_cell.ravel(), own)
    lat, lon = antennas.T
    hexes = hexgrid.hexes_near(lat=lat, lon=lon, reach_m=reach, level=level)
    chord, nearest = cKDTree(sphere.unit_vectors(lat, lon)).query(
        sphere.unit_vectors(*hexgrid.centres(hexes))
    )
    near = sphere.metres(chord) <= reach[nearest]
    found = pd.DataFrame({"antenna": nearest[near], "hex_id": hexes[near], "weight": 1.0})
    return of_cell.ravel().astype(np.intp), found


def _ahead(cells: pd.DataFrame) -> tuple[Floats, Floats]:
    lat, lon = cells["lat"].to_numpy(float), cells["lon"].to_numpy(float)
    azimuth = np.radians(cells["azimuth_deg"].to_numpy(float))
    step = np.degrees(_STEP_M / sphere.EARTH_M)
    north = np.nan_to_num(np.cos(azimuth)) * step
    east = np.nan_to_num(np.sin(azimuth)) * step / np.maximum(np.cos(np.radians(lat)), 0.01)
    return lat + north, lon + east
