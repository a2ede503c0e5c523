"""Answers leave in the formats that planners' tools open."""

import io
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest

from contracts.errors import QuestionError
from geo import hexgrid
from views.console import export

TEXTS = hexgrid.as_text(hexgrid.hexes_of(lat=[53.8, -36.8], lon=[-1.5, 179.9999], level=7))
ANSWER = pd.DataFrame({
    "hex_text": TEXTS, "value": [1.5, np.nan], "at": pd.to_datetime(["2026-03-01", None], utc=True),
})  # fmt: skip


@pytest.mark.parametrize("form", ["geojson", "gpkg", "geoparquet"])
def test_hexagons_leave_with_their_outlines(tmp_path: Path, form: str) -> None:
    path = tmp_path / f"answer.{form}"
    export.write(export.encoded(ANSWER, form), path)
    read = gpd.read_parquet(path) if form == "geoparquet" else gpd.read_file(path)
    assert read.crs == "EPSG:4326"
    assert read["hex_text"].tolist() == TEXTS
    assert read["value"].isna().tolist() == [False, True]
    # a level-7 hexagon has some 5 km2, also where the date line cuts it
    assert read.to_crs("+proj=moll").area.between(3e6, 8e6).all()
    lat, lon = hexgrid.centres(hexgrid.from_text(TEXTS[:1]))
    inside = gpd.points_from_xy(lon, lat, crs="EPSG:4326")
    assert read.geometry.iloc[0].contains(inside[0])


def test_places_leave_as_points_and_what_has_no_place_is_refused() -> None:
    places = pd.DataFrame({"name": ["a"], "lat": [53.8], "lon": [-1.5]})
    read = gpd.read_file(io.BytesIO(export.encoded(places, "geojson")))
    assert (read.geometry.iloc[0].x, read.geometry.iloc[0].y) == (-1.5, 53.8)
    with pytest.raises(QuestionError, match="neither hex_text nor lat and lon; it has: name"):
        export.encoded(places[["name"]], "gpkg")


def test_a_table_for_eyes_is_aligned_and_one_too_wide_goes_down_row_by_row() -> None:
    frame = pd.DataFrame({
        "place": ["Leeds", "Otley 01"], "n_calls": [12, 7], "rate": [0.0150868154, np.nan],
        "drops": [1_307_552_000.0, 21.0], "why": ["up", "more than half a line " * 3],
    })  # fmt: skip
    assert export.table(frame.drop(columns="why")).splitlines() == [
        "place     n_calls       rate       drops",
        "Leeds          12  0.0150868  1307552000",
        "Otley 01        7                     21",
    ]
    wide = export.table(frame, width=40).splitlines()
    assert max(map(len, wide)) <= 40
    assert [line for line in wide if line.startswith("--")] == [
        "-- 1 of 2 ------------------------------", "-- 2 of 2 ------------------------------",
    ]  # fmt: skip
    assert "rate     0.0150868" in wide
    assert sum(line.startswith("rate") for line in wide) == 1, "a missing value has no line"
    assert export.table(frame, width=1000).count("\n") == 3
    assert export.table(frame.head(0)) == "no rows; columns: place, n_calls, rate, drops, why\n"
