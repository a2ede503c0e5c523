"""Polygons with names -> the region of each hexagon; hexagons -> polygons for other tools."""

from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
import shapely.affinity

from contracts.errors import InputError
from geo import hexgrid


def read_regions(path: Path, *, name: str = "name") -> gpd.GeoDataFrame:
    """Polygons with their `name`, WGS84, from GeoPackage, GeoJSON or GeoParquet in any CRS.

    `name`: the file's column of names. Polygons of one name are one region.
    """
    try:
        reader = gpd.read_parquet if path.suffix == ".parquet" else gpd.read_file
        regions = reader(path)
    except (OSError, ValueError, RuntimeError) as error:
        raise InputError("[operator] regions can't be read", [f"{path}: {error}"]) from None
    faults = []
    if name not in regions:
        known = ", ".join(str(column) for column in regions.columns.drop("geometry"))
        faults.append(f"{path}: no column '{name}'; set [operator] region_name to one of: {known}")
    if regions.crs is None:
        faults.append(f"{path}: says no coordinate system; write it with one")
    if faults:
        raise InputError("[operator] regions can't be used", faults)
    named = regions[[name, "geometry"]].rename(columns={name: "name"}).dropna(subset=["name"])
    return named.astype({"name": "str"}).to_crs("EPSG:4326")


def regions_of(hexes: hexgrid.Hexes, regions: gpd.GeoDataFrame) -> pd.Series:
    """Name of the region in which each hexagon's centre lies; missing = in none."""
    lat, lon = hexgrid.centres(hexes)
    points = gpd.GeoDataFrame(geometry=gpd.points_from_xy(lon, lat), crs="EPSG:4326")
    found = points.sjoin(regions, predicate="within")
    # on a shared border the first name wins, so that every run says the same
    first = found.sort_values("name").groupby(level=0)["name"].first()
    return pd.Series(first.reindex(range(len(points))), dtype="str")


def outlines(hexes: hexgrid.Hexes) -> gpd.GeoDataFrame:
    """Polygon of each hexagon, WGS84, in their order; cut in two at the date line (RFC 7946)."""
    shapes = [_polygon(hexgrid.outline(hex_id)) for hex_id in hexes.tolist()]
    return gpd.GeoDataFrame(geometry=gpd.GeoSeries(shapes, crs="EPSG:4326"))


def _polygon(corners: list[tuple[float, float]]) -> shapely.Geometry:
    lat, lon = np.array(corners).T
    if np.ptp(lon) < 180:
        return shapely.Polygon(np.column_stack([lon, lat]))
    # seen from the other side of the Earth it is whole
    whole = shapely.Polygon(np.column_stack([lon % 360, lat]))
    west, east = (shapely.clip_by_rect(whole, x, -90, x + 180, 90) for x in (0, 180))
    return shapely.MultiPolygon([west, shapely.affinity.translate(east, xoff=-360)])
