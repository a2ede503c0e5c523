"""Answers leave in the formats that planners' tools open."""

import io
import json
import re
import zipfile
from datetime import time
from decimal import Decimal
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from lxml import etree

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


@pytest.mark.parametrize(
    ("columns", "form", "fault"),
    [
        ({"fid": [1, 2]}, "gpkg", "can't be called fid"),
        ({"FID": [1, 2]}, "gpkg", "can't be called FID"),
        ({"Geom": ["a", "b"]}, "gpkg", "can't be called Geom"),
        ({"rate": [1, 2], "Rate": [1, 2]}, "gpkg", "two columns are called Rate"),
        ({"geometry": [1, 2]}, "geojson", "can't be called geometry"),
        ({"hex_text": [TEXTS[0], "881942c58bffffg"]}, "geojson",
         "row 2: hex_text '881942c58bffffg'"),
        ({"hex_text": [TEXTS[0], ""]}, "geoparquet", "row 2: hex_text ''"),
        ({"hex_text": [None, TEXTS[0]]}, "gpkg", "row 1 has no hex_text"),
    ],
)  # fmt: skip
def test_what_a_map_cannot_hold_is_refused_by_name(
    columns: dict[str, list[object]], form: str, fault: str
) -> None:
    with pytest.raises(QuestionError, match=f"--format {form}: .*{fault}"):
        export.encoded(pd.DataFrame({"hex_text": TEXTS, **columns}), form)


@pytest.mark.parametrize("lat", [[53.8, 90.5], [53.8, "north"], [53.8, np.inf]])
def test_a_place_off_the_globe_is_refused_and_a_missing_one_leaves_empty(lat: list[object]) -> None:
    places = pd.DataFrame({"lat": lat, "lon": [-1.5, -1.5], "x": [1.0, np.inf]})
    with pytest.raises(QuestionError, match=r"row 2: lat '.*' is not -90 to 90 degrees"):
        export.encoded(places, "geojson")
    read = json.loads(
        export.encoded(places.assign(lat=[53.8, None]), "geojson"), parse_constant=int
    )
    assert [one["geometry"] is None for one in read["features"]] == [False, True]


def test_two_columns_of_one_name_are_refused_in_every_form() -> None:
    twice = pd.DataFrame([[1, 2]], columns=["a", "a"])
    for form in export.FORMATS:
        with pytest.raises(QuestionError, match="two columns are called a"):
            export.encoded(twice, form)


def test_hexagons_and_large_numbers_leave_json_and_csv_as_text() -> None:
    hexes = pd.array([*hexgrid.from_text(TEXTS), None], dtype="UInt64")
    frame = pd.DataFrame({"hex_id": hexes, "key": [2**62 + 1, 2, 3], "n": [1, 2, 2**53]})
    rows = json.loads(export.encoded(frame, "json"))
    assert [row["hex_id"] for row in rows] == [*TEXTS, None]
    assert [row["key"] for row in rows] == [str(2**62 + 1), "2", "3"]
    assert [row["n"] for row in rows] == [1, 2, 2**53]
    lines = export.encoded(frame, "csv").decode().splitlines()
    assert lines[1] == f"{TEXTS[0]},{2**62 + 1},1"
    drawn = json.loads(export.encoded(frame.iloc[:2].assign(hex_text=TEXTS), "geojson"))
    assert [one["properties"]["hex_id"] for one in drawn["features"]] == TEXTS
    parquet = pd.read_parquet(io.BytesIO(export.encoded(frame, "parquet")))
    assert parquet["hex_id"].tolist()[:2] == hexgrid.from_text(TEXTS).tolist()


def test_whatever_a_select_answers_leaves_in_every_form() -> None:
    kinds = pd.DataFrame({
        "hex_text": TEXTS, "list": [np.array([1, 2]), None], "map": [{"a": 1}, {}],
        "time": [time(10), None], "bytes": [b"a", None], "part": [Decimal("1.5"), None],
        "span": [pd.DateOffset(months=0, days=3, nanoseconds=0), None],
        "at": pd.to_datetime(["2026-03-01 10:30", None]),
    })  # fmt: skip
    for form in export.FORMATS:
        assert export.encoded(kinds, form)
    row = json.loads(export.encoded(kinds, "json"))[0]
    assert row["list"] == [1, 2]
    assert (row["time"], row["span"], row["at"]) == ("10:00:00", "P0M3DT0S", "2026-03-01T10:30:00")


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


def test_a_workbook_keeps_types_and_runs_nothing() -> None:
    answer = ANSWER.assign(
        said=["=1+1", "@sum(a1)"], day=pd.to_datetime(["2026-03-01", "2026-03-02"]),
        code=[2**60 + 1, 5], drop_rate=[0.5, np.inf],
    )  # fmt: skip
    content = export.encoded(answer, "xlsx")
    assert content == export.encoded(answer, "xlsx")
    with zipfile.ZipFile(io.BytesIO(content)) as book:
        sheet = book.read("xl/worksheets/sheet1.xml").decode()
        texts = book.read("xl/sharedStrings.xml").decode()
        sheets = book.read("xl/workbook.xml").decode()
    assert "<f>" not in sheet
    assert {"=1+1", "@sum(a1)", str(2**60 + 1)} <= set(re.findall(r"<t[^>]*>([^<]*)</t>", texts))
    # the third column holds an instant and the fifth a day, as numbers with a form
    assert re.search(r'<c r="C2" s="\d"><v>46082</v>', sheet)
    assert re.search(r'<c r="E3" s="\d"><v>46083</v>', sheet)
    assert '<c r="G3"' not in sheet
    assert 'name="answer"' in sheets
    assert 'name="definitions"' in sheets


def test_kml_has_a_mark_for_each_row_and_no_markup_of_data() -> None:
    document = export.encoded(ANSWER.assign(said=["<b>&", "x"]), "kml")
    root = etree.fromstring(document)
    marks = root.findall(".//{*}Placemark")
    assert len(marks) == 2
    assert marks[0].findall(".//{*}value")[-1].text == "<b>&"
    rings = [ring.text.split() for ring in root.findall(".//{*}coordinates")]
    assert all(ring[0] == ring[-1] for ring in rings)
    with zipfile.ZipFile(io.BytesIO(export.encoded(ANSWER, "kmz"))) as archive:
        assert archive.namelist() == ["doc.kml"]
