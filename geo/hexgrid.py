"""The only door to H3: points, boxes, families and outlines of hexagons, on whole arrays.

A hexagon is a ``uint64`` and travels with its level (0 coarse .. 15 fine). 0 means "no hexagon".
Families go by `parents` alone: children do not tile their parent's outline exactly. Longitudes and
latitudes are degrees in WGS84; H3 levels are 0 to 15, and another one raises H3's own error.
"""

from collections.abc import Iterable

import h3.api.basic_int as h3
import numpy as np
import numpy.typing as npt

from geo import sphere

Hexes = npt.NDArray[np.uint64]
Degrees = npt.NDArray[np.float64]

NO_HEX = 0

_TILE_DEG = 0.25
_AROUND = int(360 / _TILE_DEG)


def hexes_of(*, lat: npt.ArrayLike, lon: npt.ArrayLike, level: int) -> Hexes:
    """Hexagon under each point, shape (n,); `NO_HEX` where a coordinate is NaN or off the globe.

    `lat`, `lon`: degrees, shape (n,). `level`: H3 level of the hexagons.

    >>> as_text(hexes_of(lat=[53.8], lon=[-1.55], level=8))
    ['881942c58bfffff']
    >>> hexes_of(lat=[91.0], lon=[0.0], level=8).tolist() == [NO_HEX]
    True
    """
    lats, lons = np.asarray(lat, float), np.asarray(lon, float)
    usable = (np.abs(lats) <= 90) & (np.abs(lons) <= 180)
    hexes = np.zeros(lats.shape, np.uint64)
    points = zip(lats[usable].tolist(), lons[usable].tolist(), strict=True)
    hexes[usable] = _array(h3.latlng_to_cell(la, lo, level) for la, lo in points)
    return hexes


def parents(hexes: npt.ArrayLike, *, level: int) -> Hexes:
    """Ancestor of each hexagon at a coarser (or the same) level, shape (n,).

    `hexes`: shape (n,), of level `level` or finer; `NO_HEX` stays `NO_HEX`. `level`: H3 level.

    >>> fine = hexes_of(lat=[53.8, 53.8], lon=[-1.55, -1.5501], level=9)
    >>> (parents(fine, level=8) == hexes_of(lat=[53.8], lon=[-1.55], level=8)).tolist()
    [True, True]
    """
    distinct, position = np.unique(np.asarray(hexes, np.uint64), return_inverse=True)
    ancestors = _array(h3.cell_to_parent(h, level) if h else NO_HEX for h in distinct.tolist())
    return ancestors[position]


def children(hexes: npt.ArrayLike, *, level: int) -> tuple[Hexes, npt.NDArray[np.intp]]:
    """Descendants at a finer (or the same) level, shape (m,), and the ancestor of each, shape (m,).

    `hexes`: shape (n,), none of them `NO_HEX`. `level`: H3 level of the descendants. An ancestor is
    named by its position in `hexes`.

    >>> descendants, ancestor = children(hexes_of(lat=[53.8], lon=[-1.55], level=8), level=9)
    >>> len(descendants), ancestor.tolist()
    (7, [0, 0, 0, 0, 0, 0, 0])
    """
    families = [h3.cell_to_children(h, level) for h in np.asarray(hexes, np.uint64).tolist()]
    sizes = np.array([len(family) for family in families], np.intp)
    ancestor = np.repeat(np.arange(len(families)), sizes)
    return _array(child for family in families for child in family), ancestor


def edge_m(level: int) -> float:
    """Mean length of a hexagon's edge, in metres. `level`: H3 level."""
    return float(h3.average_hexagon_edge_length(level, unit="m"))


def centres(hexes: npt.ArrayLike) -> tuple[Degrees, Degrees]:
    """Latitude and longitude of each hexagon's centre, each of shape (n,), in degrees.

    `hexes`: of any levels, shape (n,), none of them `NO_HEX`.
    """
    points = [h3.cell_to_latlng(h) for h in np.asarray(hexes, np.uint64).tolist()]
    lat, lon = np.array(points, float).reshape(-1, 2).T
    return lat, lon


def as_text(hexes: npt.ArrayLike) -> list[str]:
    """The 15-character text form, for exports: 64-bit integers break in JSON and Excel.

    `hexes`: of any levels, shape (n,).
    """
    return [h3.int_to_str(h) for h in np.asarray(hexes, np.uint64).tolist()]


def from_text(texts: Iterable[str]) -> Hexes:
    """Hexagons from their text form, shape (n,); `NO_HEX` where a text is no valid hexagon.

    `texts`: such as 881942c58bfffff; NaN and None are no hexagons either.
    """
    return _array(h3.str_to_int(t) if _is_hex(t) else NO_HEX for t in texts)


def levels(hexes: npt.ArrayLike) -> npt.NDArray[np.int64]:
    """Level of each hexagon, shape (n,); -1 for `NO_HEX`.

    `hexes`: of any levels, shape (n,).
    """
    ids = np.asarray(hexes, np.uint64)
    # bits 52-55 of the index hold the level (H3 core documentation, "H3 index")
    return np.where(ids == NO_HEX, -1, (ids >> np.uint64(52)).astype(np.int64) & 15)


def disk(hex_id: int, k: int) -> Hexes:
    """The hexagon `hex_id` and all within `k` steps of it, from the middle outwards."""
    return _array(h3.grid_disk(hex_id, k))


def outline(hex_id: int) -> list[tuple[float, float]]:
    """Corners of the hexagon `hex_id` as (lat, lon) in degrees, not closed."""
    return [(float(lat), float(lon)) for lat, lon in h3.cell_to_boundary(hex_id)]


def hexes_in_box(*, west: float, south: float, east: float, north: float, level: int) -> Hexes:
    """Hexagons whose centre lies inside a box, ascending.

    `west`, `south`, `east`, `north`: degrees of -180..180; west above east = the box crosses the
    date line. `level`: H3 level of the hexagons.
    """
    if west > east:
        parts = [(west, 180.0), (-180.0, east)]
        boxes = [
            hexes_in_box(west=a, south=south, east=b, north=north, level=level) for a, b in parts
        ]
        return np.unique(np.concatenate(boxes))
    ring = [(south, west), (south, east), (north, east), (north, west)]
    return np.sort(_array(h3.polygon_to_cells(h3.LatLngPoly(ring), level)))


def hexes_near(
    *, lat: npt.ArrayLike, lon: npt.ArrayLike, reach_m: npt.ArrayLike, level: int
) -> Hexes:
    """Hexagons that hold all centres within reach of some point, and some more; ascending.

    `lat`, `lon`: degrees, shape (n,), none missing. `reach_m`: how far each point reaches, metres,
    shape (n,). `level`: H3 level of the hexagons. They fill boxes of a quarter of a degree, each
    filled once however many points it serves.
    """
    lats, lons = np.asarray(lat, float), np.asarray(lon, float)
    reach_lat = np.degrees(np.asarray(reach_m, float) / sphere.EARTH_M)
    # meridians close in towards the poles, where a reach is all round the Earth
    reach_lon = np.minimum(reach_lat / np.maximum(np.cos(np.radians(lats)), 0.01), 180)
    tiles: set[tuple[int, int]] = set()
    for rows, columns in zip(_tiles(lats, reach_lat), _tiles(lons, reach_lon), strict=True):
        tiles.update((row, column % _AROUND) for row in rows for column in columns)
    boxes = [_in_tile(row, column, level) for row, column in sorted(tiles)]
    return np.unique(np.concatenate([np.zeros(0, np.uint64), *boxes]))


def _tiles(degrees: Degrees, reach: Degrees) -> list[range]:
    """Numbers of the rows (or columns) of boxes that each point reaches; 0 begins at 0 degrees."""
    first = np.floor((degrees - reach) / _TILE_DEG).astype(int)
    last = np.floor((degrees + reach) / _TILE_DEG).astype(int)
    return [range(a, b + 1) for a, b in zip(first.tolist(), last.tolist(), strict=True)]


def _in_tile(row: int, column: int, level: int) -> Hexes:
    """Hexagons of one box; none where its row lies beyond a pole."""
    south, west = row * _TILE_DEG, (column + _AROUND // 2) % _AROUND * _TILE_DEG - 180
    if not -90 <= south < 90:
        return np.zeros(0, np.uint64)
    return hexes_in_box(
        west=west, south=south, east=west + _TILE_DEG, north=south + _TILE_DEG, level=level
    )


def _array(hexes: Iterable[int]) -> Hexes:
    return np.fromiter(hexes, np.uint64)


def _is_hex(text: str) -> bool:
    try:
        return bool(h3.is_valid_cell(h3.str_to_int(text)))
    except (ValueError, TypeError):
        return False
