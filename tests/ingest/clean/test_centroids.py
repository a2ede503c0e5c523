"""Postcodes and named places become positions; what is not known is named."""

from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from contracts.errors import InputError
from contracts.settings.sections import Operator, Settings
from contracts.source import Source
from ingest.clean import centroids
from ingest.clean.rows import Cleaned, clean
from ingest.settle.load import FileToLoad, _load_id
from ingest.sources import Raw

TABLE = "Postcode;Place;Lat;Lon\nBD1 1AA;Bradford;53.79;-1.75\nls29-9aa;Ilkley;53.93;-1.82\n"
NEWPORTS = "X1;Newport;51.58;-3.00\nX2;Newport;52.77;-2.38\nX3;;0;0\nX4;;bad;1\n"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    (tmp_path / "postcodes.csv").write_text(TABLE + NEWPORTS, encoding="utf-8-sig")
    operator = Operator(bbox=(-4, 51, 0, 55), postcodes="postcodes.csv")
    return Settings(operator=operator, folder=tmp_path)


def _clean(settings: Settings, *rows: dict[str, object]) -> Cleaned:
    base = {"created_utc": "2026-06-01", "complaint_class": "network"}
    frame = pd.DataFrame([{"complaint_id": str(i), **base, **row} for i, row in enumerate(rows)])
    columns = {name: name for name in frame}
    source = Source.model_validate({"table": "complaint", "path": "x", "columns": columns})
    raw = Raw(
        frame.assign(source_row=range(len(rows))), pd.DataFrame({"source_row": [], "reason": []})
    )
    return clean(raw, source, settings, file="f.csv", file_hash="h")


HOME = {"lat": "53.10", "lon": "-1.10"}


@pytest.mark.parametrize(
    ("row", "method", "lat"),
    [
        ({"postcode": "bd11aa"}, "postcode", 53.79),
        ({"postcode": " LS29  9AA"}, "postcode", 53.93),
        ({"place_text": "ILKLEY"}, "stated_place", 53.93),
        ({"place_text": "Ilkley", "postcode": "BD1 1AA"}, "stated_place", 53.93),
        ({"postcode": "BD1 1AA", **HOME}, "point", 53.10),
        ({"place_text": "Ilkley", **HOME}, "point", 53.10),
        ({"place_text": "Ilkley", **HOME, "loc_method": "address"}, "stated_place", 53.93),
        ({"postcode": "BD1 1AA", **HOME, "loc_method": "address"}, "address", 53.10),
        ({"postcode": "BD1 1AA", "lat": "0", "lon": "0"}, "postcode", 53.79),
        ({"cell_id": "7"}, "cell", None),
        ({"cell_id": "7", "postcode": "BD1 1AA"}, "postcode", 53.79),
        ({"cell_id": "7", **HOME, "loc_method": "cell"}, "cell", None),
        ({**HOME, "loc_method": "cell"}, "none", None),
        ({}, "none", None),
    ],
)
def test_the_best_position_is_taken_and_its_kind_noted(
    settings: Settings, row: dict[str, object], method: str, lat: float | None
) -> None:
    (found,) = _clean(settings, row).accepted.to_dict("records")
    assert found["loc_method"] == method
    assert pd.isna(found["hex_id"]) == pd.isna(found["lat"]) == (lat is None)
    assert lat is None or found["lat"] == lat


@pytest.mark.parametrize("text", ["Newport", "X3", "X4", "nowhere"])
def test_unknown_ambiguous_and_impossible_places_are_refused(settings: Settings, text: str) -> None:
    cleaned = _clean(settings, {"place_text": text})
    assert cleaned.accepted["loc_method"].tolist() == ["none"]
    (refused,) = cleaned.refused.to_dict("records")
    assert (refused["column_name"], refused["scope"]) == ("place_text", "value")
    assert "not in [operator] postcodes" in refused["reason"]


def test_the_table_may_be_parquet_and_is_read_anew_when_it_changes(tmp_path: Path) -> None:
    path = tmp_path / "places.parquet"
    settings = Settings(operator=Operator(postcodes=path.name), folder=tmp_path)
    columns = {"complaint_id": "i", "created_utc": "t", "complaint_class": "c", "postcode": "p"}
    source = Source.model_validate({"table": "complaint", "path": "x", "columns": columns})
    (tmp_path / "x").touch()
    loads = []
    for lat in (1.0, 2.0):
        pq.write_table(pa.table({"postcode": ["1234"], "lat": [lat], "lon": [5.0]}), path)
        assert centroids.of_operator(settings).loc["1234", "lat"] == lat
        loads.append(_load_id(FileToLoad(tmp_path / "x", source, settings), "hash"))
    assert loads[0] != loads[1]


@pytest.mark.parametrize("content", [None, "", "code,lat,lon\n1,2,3\n", "postcode,lat\n1,2\n"])
def test_a_table_that_can_t_be_read_is_named(tmp_path: Path, content: str | None) -> None:
    if content is not None:
        (tmp_path / "p.csv").write_text(content)
    settings = Settings(operator=Operator(postcodes="p.csv"), folder=tmp_path)
    with pytest.raises(InputError, match="postcodes can't be read") as refused:
        centroids.of_operator(settings)
    assert "p.csv" in refused.value.faults[0]


def test_a_postcode_without_the_table_is_a_fault() -> None:
    columns = {"complaint_id": "i", "created_utc": "t", "complaint_class": "c", "postcode": "p"}
    source = Source.model_validate({"table": "complaint", "path": "x", "columns": columns})
    (fault,) = Settings(source=(source,)).faults()
    assert fault.endswith("postcode: without [operator] postcodes it changes nothing")
