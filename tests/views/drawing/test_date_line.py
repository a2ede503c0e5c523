"""Maps of a network across 180 degrees are framed like those of the same network elsewhere."""

import geopandas as gpd
import numpy as np
import pytest
import shapely
from shapely.geometry import box

from geo import hexgrid
from tests.views.drawing.test_stillmap import LOOK, hexes, parsed
from views import hexmap
from views.drawing import stillmap
from views.drawing.outlines import clipped, outlines
from views.hexmap.ground import Ground, names
from views.pages.map import _around

LAT = -16.8
# hexagons of one level around a place, here and on the date line
HERE, THERE = (
    hexgrid.disk(int(hexgrid.hexes_of(lat=[LAT], lon=[lon], level=6)[0]), 6) for lon in (120.0, 180)
)


def test_the_map_opens_on_the_middle_and_as_close() -> None:
    here, there = hexmap.extent(HERE), hexmap.extent(THERE)
    assert there[0] < 180 < there[2]
    # the grid has its hexagons turned, and a little larger or smaller, in another place
    assert there[2] - there[0] == pytest.approx(here[2] - here[0], rel=0.15)
    views = [hexmap.view_of(box, width=800, height=640) for box in (here, there)]
    assert views[1].zoom == pytest.approx(views[0].zoom, abs=0.2)
    assert abs(views[1].lon) == pytest.approx(180, abs=0.05)
    assert views[1].lat == pytest.approx(views[0].lat, abs=0.05)
    assert hexmap.view_from(views[1].text) is not None


def test_land_and_regions_go_on_across_the_date_line() -> None:
    fiji = (176.0, -20.0, 184.0, -15.0)
    land = outlines(fiji)["land"]
    # Vanua Levu and Taveuni, which the date line crosses
    assert shapely.clip_by_rect(land, 179.5, -17, 180, -16).area > 0
    assert shapely.clip_by_rect(land, 180, -17, 180.2, -16).area > 0
    west, _, east, _ = land.bounds
    assert fiji[0] <= west < 180 < east <= fiji[2]
    halves = shapely.MultiPolygon([box(179, 0, 180, 1), box(-180, 0, -179, 1)])
    (one,) = clipped([halves], (176.0, -1.0, 184.0, 2.0))
    assert one.bounds == (179, 0, 181, 1)


def test_a_region_on_both_sides_has_one_name() -> None:
    halves = shapely.MultiPolygon([box(179, -18, 180, -16), box(-180, -18, -178, -16)])
    regions = gpd.GeoDataFrame({"name": ["Fiji"]}, geometry=[halves], crs="EPSG:4326")
    nothing = gpd.pd.DataFrame({"lat": [], "lon": []})
    ground = Ground(hexmap.extent(THERE), {}, regions, nothing, nothing, nothing)
    texts, at = names(ground)
    assert texts == ["Fiji"]
    assert ground.box[0] < at[0] < ground.box[2]


def test_the_land_around_a_map_is_wider_than_the_map_and_no_wider_than_the_world() -> None:
    assert _around((178.0, -18.0, 181.0, -16.0)) == (173.5, -22.5, 185.5, -11.5)
    assert _around((-100.0, -50.0, 100.0, 50.0)) == (-180.0, -90.0, 180.0, 90.0)


def test_a_still_map_is_one_picture_and_not_the_whole_world() -> None:
    stills = [stillmap.draw(hexes(lat=LAT, lon=lon), LOOK, title="x") for lon in (120.0, 180.0)]
    here, there = (parsed(still).get("viewBox", "").split() for still in stills)
    assert float(there[3]) == pytest.approx(float(here[3]), rel=0.15)
    scales = [
        next(t.text for t in parsed(still).iter() if t.get("class") == "scale") for still in stills
    ]
    assert scales[0] == scales[1]
    assert np.diff([still.n_drawn for still in stills]).tolist() == [0]
