"""Hexagons know the region their centre lies in."""

from pathlib import Path

import geopandas as gpd
import pytest
from shapely.geometry import box

from contracts.errors import InputError
from contracts.settings.sections import Operator, Settings
from geo import hexgrid, regions

POLYGONS = gpd.GeoDataFrame(
    {"name": ["west", "east"], "colour": [1, 2]},
    geometry=[box(-2, 53, -1.5, 54), box(-1.5, 53, -1, 54)],
    crs="EPSG:4326",
)


def settings_of(path: Path, column: str = "name") -> Settings:
    """Settings whose regions are a file, named by one of its columns."""
    return Settings(operator=Operator(regions=path.name, region_name=column), folder=path.parent)


def names_in(path: Path, column: str = "name") -> list[str]:
    polygons = regions.polygons(settings_of(path, column))
    assert polygons is not None
    return polygons["name"].tolist()


def test_where_none_are_set_there_are_none() -> None:
    assert regions.polygons(Settings()) is None


@pytest.mark.parametrize("suffix", [".gpkg", ".geojson", ".parquet"])
def test_every_format_gives_the_same_regions(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"regions{suffix}"
    metric = POLYGONS.to_crs("EPSG:27700") if suffix == ".gpkg" else POLYGONS
    _ = metric.to_parquet(path) if suffix == ".parquet" else metric.to_file(path)
    polygons = regions.polygons(settings_of(path))
    hexes = hexgrid.hexes_of(lat=[53.5, 53.5, 53.5], lon=[-1.7, -1.2, 5.0], level=8)
    names = regions.regions_of(hexes, polygons)
    assert names.tolist()[:2] == ["west", "east"]
    assert names.isna()[2]


def test_a_file_without_names_or_missing_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "regions.geojson"
    POLYGONS[["colour", "geometry"]].to_file(path)
    with pytest.raises(InputError, match=r"regions\.geojson: no column 'name'"):
        regions.polygons(settings_of(path))
    with pytest.raises(InputError, match="regions can't be read"):
        regions.polygons(settings_of(tmp_path / "none.gpkg"))


def test_names_may_stand_in_another_column_and_odd_shapes_are_mended(tmp_path: Path) -> None:
    path = tmp_path / "regions.gpkg"
    POLYGONS.rename(columns={"name": "NUTS3"}).to_file(path)
    with pytest.raises(InputError, match=r"set \[operator\] region_name to one of: NUTS3, colour"):
        regions.polygons(settings_of(path))
    assert names_in(path, "NUTS3") == ["west", "east"]
    assert names_in(path, "colour") == ["1", "2"]


def test_outlines_hold_their_centre_and_are_cut_at_the_date_line() -> None:
    hexes = hexgrid.hexes_of(lat=[53.8, -16.5], lon=[-1.5, 180.0], level=5)
    here, cut = regions.outlines(hexes).geometry
    lat, lon = hexgrid.centres(hexes)
    assert here.contains(gpd.points_from_xy(lon[:1], lat[:1])[0])
    assert here.geom_type == "Polygon"
    assert cut.geom_type == "MultiPolygon"
    assert sorted(part.bounds[0] > 0 for part in cut.geoms) == [False, True]
    assert cut.area == pytest.approx(here.area, rel=0.8)
    assert len(regions.outlines(hexes[:0])) == 0
