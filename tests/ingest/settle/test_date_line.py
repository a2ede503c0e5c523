"""An operator across 180 degrees is read, placed and summed like the same operator elsewhere."""

from collections.abc import Callable
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from shapely.geometry import box

from geo import sphere
from tests.bench.operator import COMPLAINTS, CONFIG, KEY, Operator

# degrees east of 73, where the small operator stands, to 180
MOVED = 106.97
HALVES = {"left": (72.0, 73.03), "right": (73.03, 74.0)}


@pytest.fixture
def build(tmp_path: Path, counters: Callable[..., str]) -> Callable[[float, bool], Operator]:
    """The small operator with complaints and two regions, moved east; `beyond`: as 180..360."""

    def built(moved: float, beyond: bool) -> Operator:
        def lon(degrees: float) -> float:
            return round(float(degrees + moved if beyond else sphere.wrapped(degrees + moved)), 6)

        one = Operator(tmp_path / f"{moved}{beyond}")
        one.folder.mkdir()
        given = CONFIG.replace("[72, 18, 74, 20]", f"[{lon(72)}, 18, {lon(74)}, 20]")
        config = given.replace("[grid]", 'regions = "halves.geojson"\n[grid]', 1)
        places = 'lat = "lat"\nlon = "lon"\n'
        one.config.write_text(config + KEY + COMPLAINTS + places, "utf-8")
        one.give_key("k" * 32)
        shapes = [box(west + moved, 18, east + moved, 20) for west, east in HALVES.values()]
        halves = gpd.GeoDataFrame({"name": list(HALVES)}, geometry=shapes, crs="EPSG:4326")
        halves.to_file(one.folder / "halves.geojson")
        one.write(
            "cells.csv",
            f"cell,tech,lat,lon,azimuth\n001,lte,19.00,{lon(73)},0\n002,lte,19.02,{lon(73.05)},\n"
            f"003,lte,89.0,{lon(73)},0\n",
        )
        one.write("pm_1.csv", counters("2026-03-01", cells=("001", "002")))
        one.write(
            "complaints_1.csv",
            f"id,at,class,who,lat,lon\n1,2026-03-01 10:00,network,,19.0,{lon(73)}\n"
            f"2,2026-03-01 10:00,network,,19.0,{lon(73.06)}\n3,2026-03-01 10:00,network,,19.0,0\n",
        )
        one.ingest()
        return one

    return built


def sums(one: Operator) -> pd.DataFrame:
    """Calls and drops of each region, all hexagons of one level together."""
    hexes = one.warehouse.read("hex_day").merge(one.warehouse.read("hex_place"))
    finest = hexes[hexes["level"] == hexes["level"].max()]
    return finest.groupby("region")[["call_attempts", "dropped_calls"]].sum()


@pytest.mark.parametrize("beyond", [False, True], ids=["-180 to 180", "0 to 360"])
def test_an_operator_across_the_date_line_has_the_sums_of_the_same_operator_elsewhere(
    build: Callable[[float, bool], Operator], beyond: bool
) -> None:
    here, there = build(0.0, False), build(MOVED, beyond)
    placed = there.warehouse.read("cell").set_index("cell_id")
    assert np.sign(placed["lon"]).tolist()[:2] == [1, -1]
    assert placed.loc["003", ["lat", "lon"]].isna().all()
    assert there.warehouse.read("complaint")["lon"].round(2).tolist()[:2] == [179.97, -179.97]
    assert there.warehouse.read("complaint")["loc_method"].tolist() == ["point", "point", "none"]
    expected, found = sums(here), sums(there)
    assert found.index.tolist() == ["left", "right"]
    # all calls of all cells, and in each half as many as hexagons of another grid allow
    np.testing.assert_allclose(found.sum(), expected.sum(), rtol=1e-9)
    np.testing.assert_allclose(found, expected, rtol=0.05)
    days = there.warehouse.read("cell_day")
    assert found["call_attempts"].sum() == pytest.approx(days["call_attempts"].sum())


def test_a_place_at_a_pole_is_refused_as_such(build: Callable[[float, bool], Operator]) -> None:
    refused = build(0.0, False).warehouse.read_refused("cell")
    reason = "at a pole: maps and hexagons end at 85 degrees"
    assert refused.loc[refused["column_name"] == "lat", "reason"].tolist() == [reason]
