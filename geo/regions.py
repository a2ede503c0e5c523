"""Polygons with names -> the region of each hexagon."""

from pathlib import Path

import geopandas as gpd
import pandas as pd

from contracts.errors import InputError
from geo import hexgrid


def read_regions(path: Path) -> gpd.GeoDataFrame:
    """Polygons with a `name`, WGS84, from GeoPackage, GeoJSON or GeoParquet."""
    try:
        reader = gpd.read_parquet if path.suffix == ".parquet" else gpd.read_file
        regions = reader(path)
    except (OSError, ValueError, RuntimeError) as error:
        raise InputError("[operator] regions can't be read", [f"{path}: {error}"]) from None
    faults = [] if "name" in regions else [f"{path}: no column 'name'; it has {list(regions)}"]
    if regions.crs is None:
        faults.append(f"{path}: says no coordinate system; write it with one")
    if faults:
        raise InputError("[operator] regions can't be used", faults)
    return regions[["name", "geometry"]].to_crs("EPSG:4326")


def regions_of(hexes: hexgrid.Hexes, regions: gpd.GeoDataFrame) -> pd.Series:
    """Name of the region in which each hexagon's centre lies; missing = in none."""
    lat, lon = hexgrid.centres(hexes)
    points = gpd.GeoDataFrame(geometry=gpd.points_from_xy(lon, lat), crs="EPSG:4326")
    found = points.sjoin(regions, predicate="within")
    # on a shared border the first name wins, so that every run says the same
    first = found.sort_values("name").groupby(level=0)["name"].first()
    return pd.Series(first.reindex(range(len(points))), dtype="str")
