"""A network across 180 degrees is like the same network elsewhere: regions, boxes, footprints."""

from pathlib import Path

import geopandas as gpd
import h3.api.basic_int as h3
import numpy as np
import pandas as pd
import pytest
import shapely
from shapely.geometry import MultiPolygon, Polygon, box

from contracts.errors import InputError
from contracts.settings.sections import Operator, Settings
from geo import footprint, hexgrid, regions, sphere
from tests.geo.test_footprint import DAYS, NONE, TOWN

# degrees east by which the town of test_footprint moves to stand on both sides of 180
MOVED = 181.53
ACROSS = TOWN.assign(lon=sphere.wrapped(TOWN["lon"] + MOVED))
# where each of three hexagons stands: west of the date line, east of it, far away
WEST, EAST, AWAY = (-17.0, 179.5), (-17.0, -179.5), (-17.0, 0.0)

SPLIT = MultiPolygon([box(179, -18, 180, -16), box(-180, -18, -179, -16)])
JUMP = Polygon([(179, -18), (-179, -18), (-179, -16), (179, -16)])
ON_THE_LINE = Polygon(
    [(179, -18), (180, -18), (-180, -18), (-179, -18), (-179, -16), (-180, -16), (180, -16),
     (179, -16)]
)  # fmt: skip


def polygons(folder: Path, shape: shapely.Geometry, crs: str = "EPSG:4326") -> gpd.GeoDataFrame:
    """One region named Fiji, as Hexperience reads it from a file in a coordinate system."""
    path = folder / "regions.parquet"
    table = gpd.GeoDataFrame({"name": ["Fiji"]}, geometry=[shape], crs="EPSG:4326")
    table.to_crs(crs).to_parquet(path)
    read = regions.polygons(Settings(operator=Operator(regions=path.name), folder=folder))
    assert read is not None
    return read


def names(read: gpd.GeoDataFrame, *places: tuple[float, float]) -> list[str | None]:
    lat, lon = np.array(places).T
    found = regions.regions_of(hexgrid.hexes_of(lat=lat, lon=lon, level=8), read)
    return found.astype(object).where(found.notna(), None).tolist()


@pytest.mark.parametrize(
    ("shape", "crs"),
    [
        pytest.param(SPLIT, "EPSG:4326", id="in two parts"),
        pytest.param(box(179, -18, 181, -16), "EPSG:4326", id="179 to 181"),
        pytest.param(box(-181, -18, -179, -16), "EPSG:4326", id="-181 to -179"),
        pytest.param(JUMP, "EPSG:4326", id="a jump"),
        pytest.param(ON_THE_LINE, "EPSG:4326", id="a jump on the line"),
        # the centre of this projection is 150 degrees east: there is no jump in its metres
        pytest.param(SPLIT, "EPSG:3832", id="metres"),
    ],
)
def test_a_region_across_the_date_line_is_one_however_it_is_written(
    tmp_path: Path, shape: shapely.Geometry, crs: str
) -> None:
    read = polygons(tmp_path, shape, crs)
    assert names(read, WEST, EAST, AWAY) == ["Fiji", "Fiji", None]
    west, _, east, _ = read.total_bounds
    assert -180 <= west < east <= 180
    assert shapely.area(read.geometry.array).sum() == pytest.approx(4.0)


def test_a_hole_across_the_date_line_stays_a_hole(tmp_path: Path) -> None:
    hole = [(179.4, -17.1), (-179.6, -17.1), (-179.6, -16.9), (179.4, -16.9)]
    read = polygons(tmp_path, Polygon(JUMP.exterior, [hole]))
    assert names(read, WEST, EAST) == [None, "Fiji"]
    assert shapely.area(read.geometry.array).sum() == pytest.approx(4.0 - 0.2)


def test_what_does_not_cross_stays_as_it_was_drawn(tmp_path: Path) -> None:
    world = box(-180, -90, 180, -60)
    for shape in (world, SPLIT, box(-100, 20, 70, 30)):
        assert polygons(tmp_path, shape).geometry[0].equals_exact(shape, 0)


def test_a_region_around_a_pole_is_refused_by_name(tmp_path: Path) -> None:
    ring = Polygon([(lon, -80) for lon in range(-180, 180, 30)])
    with pytest.raises(InputError, match=r"region 'Fiji' goes around a pole; cut it at the date"):
        polygons(tmp_path, ring)


def test_a_box_across_the_date_line_is_that_of_its_two_sides() -> None:
    across = hexgrid.hexes_in_box(west=179.9, south=-17, east=-179.9, north=-16.8, level=7)
    sides = [
        hexgrid.hexes_in_box(west=west, south=-17, east=east, north=-16.8, level=7)
        for west, east in ((179.9, 180), (-180, -179.9))
    ]
    assert across.tolist() == sorted(np.concatenate(sides).tolist())
    assert min(map(len, sides)) > 20


def test_the_middle_of_places_on_both_sides_lies_between_them() -> None:
    lon = pd.Series([179.0, -179.5, 10.0, 30.0, np.nan, 5.0])
    places = pd.DataFrame({"lat": [-16.0, -18.0, 0.0, 1.0, 2.0, 3.0], "lon": lon})
    middle = sphere.middles(places, pd.Series(["a", "a", "b", "b", "b", None]))
    assert middle.index.tolist() == ["a", "b"]
    assert middle["lat"].tolist() == [-17.0, 1.0]
    assert middle["lon"].tolist() == [179.75, 20.0]


@pytest.mark.parametrize("azimuths", [True, False], ids=["sector model", "Voronoi"])
def test_a_town_across_the_date_line_has_the_footprints_of_the_same_town_elsewhere(
    azimuths: bool,
) -> None:
    def spread(cells: pd.DataFrame) -> pd.DataFrame:
        cells = cells if azimuths else cells.assign(azimuth_deg=np.nan, sector_id=None)
        weights = footprint.footprints(cells, NONE, level=9, max_range_m=4_000, days=DAYS)
        lat, lon = hexgrid.centres(weights["hex_id"])
        return weights.assign(lat=lat * weights["weight"], lon=lon)

    here, there = spread(TOWN), spread(ACROSS)
    assert {True, False} == set(there["lon"] > 0)
    # back to where the town stood: the same distance from each mast, whatever the grid
    there["lon"] = sphere.wrapped(there["lon"] - MOVED)
    for one in (here, there):
        one["lon"] *= one["weight"]
        one["is_west"] = one["lon"] < -1.53 * one["weight"]
    cells = [one.groupby("cell_id")[["weight", "lat", "lon"]].sum() for one in (here, there)]
    np.testing.assert_allclose(cells[0]["weight"], 1)
    np.testing.assert_allclose(cells[1]["weight"], 1)
    # 200 m: a hexagon of this level is 350 m wide
    np.testing.assert_allclose(cells[0]["lat"], cells[1]["lat"], atol=0.2 / 111)
    np.testing.assert_allclose(cells[0]["lon"], cells[1]["lon"], atol=0.2 / 66)
    # hexagons of this level are of other sizes in other places: the area is the same
    areas = [len(one) * h3.cell_area(int(one["hex_id"].iloc[0]), "km^2") for one in (here, there)]
    assert areas[1] == pytest.approx(areas[0], rel=0.05)
    # calls west and east of the line
    sides = [one.groupby("is_west")["weight"].sum() for one in (here, there)]
    np.testing.assert_allclose(sides[0], sides[1], rtol=0.03)
