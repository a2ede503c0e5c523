"""The one door to regions: named polygons, the region of a hexagon, hexagons as polygons."""

from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
import shapely.affinity

from contracts.errors import InputError
from contracts.settings.sections import Settings
from geo import hexgrid, sphere


def polygons(settings: Settings) -> gpd.GeoDataFrame | None:
    """The operator's planning regions in WGS84: `name`, `geometry`; None where none are set.

    `settings`: `[operator] regions` is the file (GeoPackage, GeoJSON or GeoParquet, in any CRS),
    `[operator] region_name` its column of names. Polygons without a name are left out; polygons of
    one name are one region. One across the date line may be written in two parts, with longitudes
    beyond 180, or with a jump from 180 to -180, and leaves here in parts: an edge goes the shorter
    way round the Earth. InputError where the file can't be read, has no such column, names no
    coordinate system, or has a region around a pole.
    """
    if not settings.operator.regions:
        return None
    path, column = settings.resolve(settings.operator.regions), settings.operator.region_name
    table = _read(path)
    if faults := _faults(table, path, column):
        raise InputError("[operator] regions can't be used", faults)
    named = table[[column, "geometry"]].rename(columns={column: "name"}).dropna(subset=["name"])
    regions = named.astype({"name": "str"}).to_crs("EPSG:4326")
    if polar := sorted(regions.loc[[_is_polar(g) for g in regions.geometry], "name"]):
        remedy = "cut it at the date line and at the pole (RFC 7946), or leave it out"
        faults = [f"{path}: region '{name}' goes around a pole; {remedy}" for name in polar]
        raise InputError("[operator] regions can't be used", faults)
    whole = [_in_the_world(shape) for shape in regions.geometry]
    return regions.set_geometry(gpd.GeoSeries(whole, index=regions.index, crs=regions.crs))


def _read(path: Path) -> gpd.GeoDataFrame:
    reader = gpd.read_parquet if path.suffix == ".parquet" else gpd.read_file
    try:
        return reader(path)
    except (OSError, ValueError, RuntimeError) as error:
        raise InputError("[operator] regions can't be read", [f"{path}: {error}"]) from None


def _faults(table: gpd.GeoDataFrame, path: Path, column: str) -> list[str]:
    """Why the polygons can't be used, in words."""
    faults = []
    if column not in table:
        names = ", ".join(str(name) for name in table.columns.drop("geometry"))
        faults.append(
            f"{path}: no column '{column}'; set [operator] region_name to one of: {names}"
        )
    if table.crs is None:
        faults.append(f"{path}: says no coordinate system; write it with one")
    return faults


def regions_of(hexes: hexgrid.Hexes, regions: gpd.GeoDataFrame) -> pd.Series:
    """Name of the region in which each hexagon's centre lies, shape (n,); missing = in none.

    `hexes`: hexagons of any H3 levels, shape (n,). `regions`: as `polygons` gives them. Where two
    regions hold a centre, the name that is first in the alphabet wins, so that runs agree.
    """
    lat, lon = hexgrid.centres(hexes)
    points = gpd.GeoDataFrame(geometry=gpd.points_from_xy(lon, lat), crs="EPSG:4326")
    # one row for each region that holds the point; index = number of the point
    pairs = points.sjoin(regions, predicate="within")
    names = pairs.sort_values("name").groupby(level=0)["name"].first()
    return pd.Series(names.reindex(range(len(points))), dtype="str")


def outlines(hexes: hexgrid.Hexes) -> gpd.GeoDataFrame:
    """Polygon of each hexagon, WGS84, in their order; cut in two at the date line (RFC 7946).

    `hexes`: hexagons of any H3 levels, shape (n,).
    """
    shapes = [_polygon(hexgrid.outline(hex_id)) for hex_id in hexes.tolist()]
    return gpd.GeoDataFrame(geometry=gpd.GeoSeries(shapes, crs="EPSG:4326"))


def _polygon(corners: list[tuple[float, float]]) -> shapely.Geometry:
    lat, lon = np.array(corners).T
    return _cut(shapely.Polygon(np.column_stack([sphere.together(lon), lat])))


# --- the date line ----------------------------------------------------------------------------


def _in_the_world(shape: shapely.Geometry) -> shapely.Geometry:
    """The same area in longitudes of -180..180, in parts where it crosses the date line."""
    parts = shapely.get_parts(shape).tolist()
    mended = [_cut(_unwound(part)) for part in parts]
    is_same = all(new is old for new, old in zip(mended, parts, strict=True))
    return shape if is_same else shapely.union_all(mended)


def _cut(shape: shapely.Geometry) -> shapely.Geometry:
    """The shape in parts, moved by whole turns into -180..180; as it is where it lies there."""
    west, _, east, _ = shape.bounds
    if west >= -180 and east <= 180:
        return shape
    turns = np.arange(np.floor((west + 180) / 360), np.ceil((east + 180) / 360)) * 360
    worlds = [shapely.box(turn - 180, -90, turn + 180, 90) for turn in turns]
    parts = [
        shapely.affinity.translate(shape.intersection(world), xoff=-turn)
        for turn, world in zip(turns, worlds, strict=True)
    ]
    return shapely.union_all(parts)


def _unwound(part: shapely.Geometry) -> shapely.Geometry:
    """The polygon without jumps of its outline: longitudes go on beyond 180."""
    if part.geom_type != "Polygon" or not _jumps(part.exterior):
        return part
    shell = _unwound_ring(part.exterior)
    middle = shell[:, 0].mean()
    holes = [_unwound_ring(ring) for ring in part.interiors]
    # a hole lies in the same turn as what it is a hole of
    near = [hole - [360 * np.round((hole[:, 0].mean() - middle) / 360), 0] for hole in holes]
    return shapely.Polygon(shell, near)


def _unwound_ring(ring: shapely.Geometry) -> np.ndarray:
    lon, lat = np.array(ring.coords)[:, :2].T
    return np.column_stack([np.unwrap(lon, period=360), lat])


def _jumps(ring: shapely.Geometry) -> bool:
    """Whether an outline crosses the date line by a jump from one side of the world to the other.

    Edges of 360 degrees run along the rim of a world map, unless all else is near the date line.
    """
    lon = np.array(ring.coords)[:, 0]
    steps = np.abs(np.diff(lon))
    is_near = (np.abs(lon) > 90).all() and (np.abs(lon) < 180).any()
    return bool(((steps > 180) & ((steps < 360) | is_near)).any())


def _is_polar(shape: shapely.Geometry) -> bool:
    """Whether an outline goes all round the Earth, so that nobody can tell what is inside."""
    rings = [part.exterior for part in shapely.get_parts(shape) if part.geom_type == "Polygon"]
    unwound = [_unwound_ring(ring)[:, 0] for ring in rings if _jumps(ring)]
    return any(abs(lon[-1] - lon[0]) > 180 for lon in unwound)
