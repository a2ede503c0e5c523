"""The only door to H3: points, boxes, families and outlines of hexagons, on whole arrays.

A hexagon is a ``uint64`` and travels with its level (0 coarse .. 15 fine). 0 means "no hexagon".
Families go by `parents` alone: children do not tile their parent's outline exactly.
"""

from collections.abc import Iterable

import h3.api.basic_int as h3
import numpy as np
import numpy.typing as npt

Hexes = npt.NDArray[np.uint64]
Degrees = npt.NDArray[np.float64]

NO_HEX = 0


def hexes_of(*, lat: npt.ArrayLike, lon: npt.ArrayLike, level: int) -> Hexes:
    """Hexagon under each point, shape (n,); `NO_HEX` where a coordinate is NaN or off the globe."""
    lats, lons = np.asarray(lat, float), np.asarray(lon, float)
    usable = (np.abs(lats) <= 90) & (np.abs(lons) <= 180)
    hexes = np.zeros(lats.shape, np.uint64)
    points = zip(lats[usable].tolist(), lons[usable].tolist(), strict=True)
    hexes[usable] = _array(h3.latlng_to_cell(la, lo, level) for la, lo in points)
    return hexes


def parents(hexes: npt.ArrayLike, *, level: int) -> Hexes:
    """Ancestor of each hexagon at a coarser (or the same) `level`, shape (n,)."""
    family, place = np.unique(np.asarray(hexes, np.uint64), return_inverse=True)
    ancestors = _array(h3.cell_to_parent(h, level) if h else NO_HEX for h in family.tolist())
    return ancestors[place]


def centres(hexes: npt.ArrayLike) -> tuple[Degrees, Degrees]:
    """Latitude and longitude of each hexagon's centre, each of shape (n,), in degrees."""
    points = [h3.cell_to_latlng(h) for h in np.asarray(hexes, np.uint64).tolist()]
    lat, lon = np.array(points, float).reshape(-1, 2).T
    return lat, lon


def as_text(hexes: npt.ArrayLike) -> list[str]:
    """The 15-character text form, for exports: 64-bit integers break in JSON and Excel."""
    return [h3.int_to_str(h) for h in np.asarray(hexes, np.uint64).tolist()]


def from_text(texts: Iterable[str]) -> Hexes:
    """Hexagons from their text form; `NO_HEX` where a text is no valid hexagon."""
    return _array(h3.str_to_int(t) if _is_hex(t) else NO_HEX for t in texts)


def levels(hexes: npt.ArrayLike) -> npt.NDArray[np.int64]:
    """Level of each hexagon, shape (n,); -1 for `NO_HEX`."""
    known = np.asarray(hexes, np.uint64)
    # bits 52-55 of the index hold the level (H3 core documentation, "H3 index")
    return np.where(known == NO_HEX, -1, (known >> np.uint64(52)).astype(np.int64) & 15)


def disk(hex_id: int, k: int) -> Hexes:
    """The hexagon and all within `k` steps of it."""
    return _array(h3.grid_disk(hex_id, k))


def outline(hex_id: int) -> list[tuple[float, float]]:
    """Corners of one hexagon as (lat, lon), not closed."""
    return [(float(lat), float(lon)) for lat, lon in h3.cell_to_boundary(hex_id)]


def hexes_in_box(*, west: float, south: float, east: float, north: float, level: int) -> Hexes:
    """Hexagons whose centre lies inside a box of degrees, ascending."""
    ring = [(south, west), (south, east), (north, east), (north, west)]
    return np.sort(_array(h3.polygon_to_cells(h3.LatLngPoly(ring), level)))


def _array(hexes: Iterable[int]) -> Hexes:
    return np.fromiter(hexes, np.uint64)


def _is_hex(text: str) -> bool:
    try:
        return bool(h3.is_valid_cell(h3.str_to_int(text)))
    except (ValueError, TypeError):
        return False
