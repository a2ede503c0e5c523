"""Hexagons know the region their centre lies in."""

from pathlib import Path

import geopandas as gpd
import pytest
from shapely.geometry import box

from contracts.errors import InputError
from geo import hexgrid, regions

POLYGONS = gpd.GeoDataFrame(
    {"name": ["west", "east"], "colour": [1, 2]},
    geometry=[box(-2, 53, -1.5, 54), box(-1.5, 53, -1, 54)],
    crs="EPSG:4326",
)


@pytest.mark.parametrize("suffix", [".gpkg", ".geojson", ".parquet"])
def test_every_format_gives_the_same_regions(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"regions{suffix}"
    metric = POLYGONS.to_crs("EPSG:27700") if suffix == ".gpkg" else POLYGONS
    _ = metric.to_parquet(path) if suffix == ".parquet" else metric.to_file(path)
    read = regions.read_regions(path)
    hexes = hexgrid.hexes_of(lat=[53.5, 53.5, 53.5], lon=[-1.7, -1.2, 5.0], level=8)
    found = regions.regions_of(hexes, read)
    assert found.tolist()[:2] == ["west", "east"]
    assert found.isna()[2]


def test_a_file_without_names_or_missing_is_told(tmp_path: Path) -> None:
    path = tmp_path / "regions.geojson"
    POLYGONS[["colour", "geometry"]].to_file(path)
    with pytest.raises(InputError, match=r"regions\.geojson: no column 'name'"):
        regions.read_regions(path)
    with pytest.raises(InputError, match="regions can't be read"):
        regions.read_regions(tmp_path / "none.gpkg")
