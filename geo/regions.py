"""The one door to regions: named polygons, the region of a hexagon, hexagons as polygons."""

from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
import shapely.affinity

from contracts.errors import InputError
from contracts.settings.sections import Settings
from geo import hexgrid


def polygons(settings: Settings) -> gpd.GeoDataFrame | None:
    """The operator's planning regions in WGS84: `name`, `geometry`; None where none are set.

    `settings`: `[operator] regions` is the file (GeoPackage, GeoJSON or GeoParquet, in any CRS),
    `[operator] region_name` its column of names. Polygons without a name are left out; polygons of
    one name are one region. InputError where the file can't be read, has no such column or names
    no coordinate system.
    """
    if not settings.operator.regions:
        return None
    path, column = settings.resolve(settings.operator.regions), settings.operator.region_name
    table = _read(path)
    if faults := _faults(table, path, column):
        raise InputError("[operator] regions can't be used", faults)
    named = table[[column, "geometry"]].rename(columns={column: "name"}).dropna(subset=["name"])
    return named.astype({"name": "str"}).to_crs("EPSG:4326")


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
    if np.ptp(lon) < 180:
        return shapely.Polygon(np.column_stack([lon, lat]))
    # longitudes of 0..360 have no jump at the date line: the outline is one piece there
    undivided = shapely.Polygon(np.column_stack([lon % 360, lat]))
    west, east = (shapely.clip_by_rect(undivided, x, -90, x + 180, 90) for x in (0, 180))
    return shapely.MultiPolygon([west, shapely.affinity.translate(east, xoff=-360)])
