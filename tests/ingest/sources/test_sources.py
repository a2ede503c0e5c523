"""Readers give every row a number and a name, and hide who it is of."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from contracts.errors import InputError
from contracts.settings.sections import Settings
from contracts.source import FromName, Source
from ingest import sources
from ingest.clean.rows import clean
from ingest.privacy.door import Door
from ingest.privacy.keys import Key

KEY = Key(b"k" * 32)


def _source(**changes: object) -> Source:
    given = {
        "table": "complaint",
        "path": "x",
        "columns": {"complaint_id": "Ticket", "complaint_class": "Category", "lat": "Lat"},
        **changes,
    }
    return Source.model_validate(given)


def _read(path: Path, source: Source) -> sources.Raw:
    return sources.read(path, source, door=Door(lambda: [KEY]))


def test_rows_are_numbered_as_records_and_odd_ones_put_aside(tmp_path: Path) -> None:
    path = tmp_path / "c.csv"
    path.write_text('Ticket,Category,Lat\n1,a,53\n2,b\n"3","c\nd",54\n4,e,55,9\n5,f', "utf-8")
    raw = _read(path, _source())
    assert raw.frame["source_row"].tolist() == [2, 4]
    assert raw.frame["complaint_class"].tolist() == ["a", "c\nd"]
    assert raw.malformed["source_row"].tolist() == [3, 5, 6]
    assert raw.malformed["reason"].tolist() == [
        "2 columns, the header has 3",
        "4 columns, the header has 3",
        "2 columns, the header has 3; the file may have been cut off here",
    ]


def test_missing_texts_values_and_constants(tmp_path: Path) -> None:
    path = tmp_path / "c.csv"
    path.write_text("Ticket;Category;Lat\n 1 ;Billing;NA\n2;Drops;53,5\n", "latin-1")
    source = _source(
        delimiter=";",
        encoding="latin-1",
        na=["NA"],
        values={"complaint_class": {"account": ["Billing", "Charges"], "network": "Drops"}},
        constants={"channel": "app"},
    )
    frame = _read(path, source).frame
    assert frame["complaint_id"].tolist() == ["1", "2"]
    assert frame["complaint_class"].tolist() == ["account", "network"]
    assert frame["lat"].isna().tolist() == [True, False]
    assert frame["channel"].unique().tolist() == ["app"]


def test_columns_whose_names_have_points_are_put_together(tmp_path: Path) -> None:
    path = tmp_path / "c.csv"
    path.write_text("A.Id,B-2[0],Category\n7,x,n\n,y,n\n", "utf-8")
    columns = {"complaint_id": "{A.Id}/{B-2[0]}", "complaint_class": "Category"}
    ids = _read(path, _source(columns=columns)).frame["complaint_id"]
    assert ids.fillna("none").tolist() == ["7/x", "none"]


def test_the_first_pattern_that_fits_names_a_free_text(tmp_path: Path) -> None:
    path = tmp_path / "c.csv"
    path.write_text(
        "Ticket,Category,Lat\n1,My bill dropped,1\n2,DROPS,1\n3,call_drop,1\n4,?,1\n5,,1\n"
    )
    source = _source(
        columns={"complaint_id": "Ticket", "complaint_type": "Category"},
        values={"complaint_type": {"outage": "?"}},
        patterns={"complaint_type": {"billing": "bill", "call_drop": r"\b(drop)s?\b"}},
    )
    assert list(source.faults()) == ["[source.columns] created_utc: required by complaint; "
                                     "name their column"]  # fmt: skip
    types = _read(path, source).frame["complaint_type"]
    assert types[:4].tolist() == ["billing", "call_drop", "call_drop", "outage"]
    assert types.isna()[4]


def test_a_pattern_must_name_a_value_of_ours_and_be_a_regex() -> None:
    patterns = {"complaint_class": {"netwrok": "x", "device": "("}, "nothing": {"a": "b"}}
    faults = list(_source(patterns=patterns).faults())
    assert any("netwrok: no value of complaint_class; did you mean network" in t for t in faults)
    assert any("[source.patterns.complaint_class] device: no regex" in t for t in faults)
    assert any("[source.patterns] nothing: no column of complaint" in t for t in faults)


def test_values_stand_in_the_file_s_name(tmp_path: Path) -> None:
    path = tmp_path / "Calls_May_2026.csv"
    path.write_text("Ticket,Category,Lat\n1,a,1\n", "utf-8")
    rule = FromName(text="{year} {month}", format="%Y %B", grain="month")
    pattern = r"Calls_(?P<month>\w+)_(?P<year>\d{4})"
    source = _source(from_name={"pattern": pattern, "created_utc": rule})
    assert _read(path, source).frame["created_utc"].tolist() == ["2026 May"]
    other = path.rename(tmp_path / "Calls.csv")
    assert "does not fit [source.from_name] pattern" in sources.missing_columns(other, source)[0]


def test_identifiers_are_pseudonyms_and_texts_are_redacted(tmp_path: Path) -> None:
    path = tmp_path / "c.csv"
    path.write_text(
        "Ticket,Category,Lat,Who,Text\n"
        "1,a,1,+44 7700 900123,call me on 07700 900123 or a.b@example.org\n"
        "2,a,1,+447700900123,room 12\n3,a,1,,\n",
        "utf-8",
    )
    columns = {**_source().columns, "subscriber_id": "Who", "text_redacted": "Text"}
    frame = _read(path, _source(columns=columns)).frame
    assert frame["subscriber_id"][0] == frame["subscriber_id"][1]
    assert frame["subscriber_id"].str.fullmatch("[0-9a-f]{32}")[:2].all()
    assert frame["subscriber_id"].isna()[2]
    assert frame["text_redacted"].tolist()[:2] == ["call me on [number] or [e-mail]", "room 12"]


def test_a_row_in_place_of_the_header_is_not_quoted(tmp_path: Path) -> None:
    path = tmp_path / "c.csv"
    path.write_text("1,network,07700 900123\n", "utf-8")
    text = " ".join(sources.missing_columns(path, _source()))
    assert "is there a header line?" in text
    assert "07700" not in text


def test_a_missing_column_is_named_with_what_is_there(tmp_path: Path) -> None:
    path = tmp_path / "c.csv"
    path.write_text("Ticket,Lat,Lat\n1,2,3\n", "utf-8")
    assert sources.missing_columns(path, _source()) == [
        f"{path}: no column 'Category' (for complaint_class); it has: Ticket, Lat, Lat",
        f"{path}: column 'Lat' stands twice in the header",
    ]


@pytest.mark.parametrize("content", [b"", b"PAR1 no parquet PAR1"])
def test_a_broken_parquet_file_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "c.parquet"
    path.write_bytes(content)
    (fault,) = sources.missing_columns(path, _source(reader="parquet"))
    assert str(path) in fault
    assert "can't be read as parquet" in fault


def test_parquet_keeps_types_and_whole_numbers(tmp_path: Path) -> None:
    path = tmp_path / "c.parquet"
    table = pa.table(
        {"Ticket": pa.array([7, None], pa.int64()), "Category": ["a", "b"], "Lat": [1.5, None]}
    )
    pq.write_table(table, path)
    frame = _read(path, _source(reader="parquet")).frame
    assert frame["complaint_id"][0] == 7
    assert frame["source_row"].tolist() == [1, 2]


def test_a_quotation_mark_that_never_closes_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "c.csv"
    path.write_text('Ticket,Category,Lat\n1,a,1\n2,b,"53\n3,c,54\n', "utf-8")
    with pytest.raises(ValueError, match=r"c\.csv.*row 3: a quotation mark opens and never closes"):
        _read(path, _source())


def test_a_quotation_mark_that_swallows_the_rest_as_an_odd_row_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "c.csv"
    path.write_text('Ticket,Category,Lat\n1,a,1\n"2,b,53\n3,c,54\n4,d,55\n', "utf-8")
    with pytest.raises(ValueError, match="row 3: a quotation mark opens and never closes"):
        _read(path, _source())


def test_an_empty_file_is_named_as_such(tmp_path: Path) -> None:
    path = tmp_path / "c.csv"
    path.write_bytes(b"")
    assert sources.missing_columns(path, _source()) == [f"{path}: the file is empty"]


def test_line_ends_of_any_kind(tmp_path: Path) -> None:
    path = tmp_path / "c.csv"
    for end in ("\n", "\r\n", "\r"):
        path.write_bytes(end.join(["Ticket,Category,Lat", "1,a,53", "", "2,b,54", ""]).encode())
        assert sources.missing_columns(path, _source()) == []
        assert _read(path, _source()).frame["complaint_id"].tolist() == ["1", "2"]


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_row_of_another_width_that_no_encoding_fits_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "c.csv"
    path.write_bytes(b"Ticket,Category,Lat\n1,a,53\n2,\xff,54,7\n")
    with pytest.raises(ValueError, match=r"row 3: .* no UTF8; set \[source\] encoding"):
        _read(path, _source())


def test_a_parquet_file_with_texts_that_are_none_is_refused_whole(tmp_path: Path) -> None:
    texts = pa.StringArray.from_buffers(
        2, pa.py_buffer(np.array([0, 2, 4], np.int32)), pa.py_buffer(b"ok\xff\xfe")
    )
    pq.write_table(pa.table({"cell": texts}), tmp_path / "a.parquet")
    source = Source(table="pm", path="a.parquet", reader="parquet", columns={"cell_id": "cell"})
    with pytest.raises(InputError, match=r"can't be read whole: .*UTF8"):
        sources.read(tmp_path / "a.parquet", source, door=Door(lambda: [KEY]))


def test_a_position_that_is_a_time_is_none(tmp_path: Path) -> None:
    frame = pd.DataFrame({"id": ["1"], "lat": pd.to_datetime(["2026-03-01"]), "lon": [1.5]})
    frame.to_parquet(tmp_path / "a.parquet")
    columns = {"cell_id": "id", "lat": "lat", "lon": "lon"}
    source = Source(table="cell", path="a.parquet", reader="parquet", columns=columns)
    raw = sources.read(tmp_path / "a.parquet", source, door=Door(lambda: [KEY]))
    cleaned = clean(raw, source, Settings(), file="a.parquet", file_hash="h")
    assert cleaned.accepted["lat"].isna().all()
    assert "lat" in set(cleaned.refused["column_name"])


ENDED = "Cell;Lat;Lon"


@pytest.mark.parametrize(
    ("text", "rows", "refused"),
    [
        # rows end with a separator, the header does not
        (f"{ENDED}\nA;1;2;\nB;3;4;\n", ["A", "B"], {}),
        (f"top\n{ENDED}\nA;1;2;\n\nB;3;4;\nC;5\n", ["A", "B"], {4: "2 columns"}),
        (f"{ENDED}\nA;1;2;\n" * 1 + "B;3;4;x\n" * 0 + "B;3;4;\n" * 300 + "C;1;2;x\n",
         ["A", *"B" * 300], {303: "4 columns"}),
        # the reverse
        (f"{ENDED};\nA;1;2\nB;3;4\n", ["A", "B"], {}),
        # both
        (f"{ENDED};\nA;1;2;\nB;3;4;\n", ["A", "B"], {}),
    ],
)  # fmt: skip
def test_a_separator_at_the_end_of_rows_or_header_adds_no_column(
    text: str, rows: list[str], refused: dict[int, str], tmp_path: Path
) -> None:
    path = tmp_path / "cells.csv"
    path.write_text(text, encoding="utf-8")
    columns = {"cell_id": "Cell", "lat": "Lat", "lon": "Lon"}
    source = Source.model_validate(
        {
            "table": "cell",
            "path": "x",
            "delimiter": ";",
            "columns": columns,
            "header_column": "Cell",
        }
    )
    assert sources.missing_columns(path, source) == []
    raw = sources.read(path, source, door=Door(list))
    assert raw.frame["cell_id"].tolist() == rows
    assert dict.fromkeys(raw.malformed["source_row"]) == dict.fromkeys(refused)
    for reason, words in zip(raw.malformed["reason"], refused.values(), strict=True):
        assert words in reason


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_utf_16_is_seen_whatever_the_source_says(encoding: str, tmp_path: Path) -> None:
    path = tmp_path / "cells.csv"
    path.write_bytes("Cell,Lat\nÅ1,59.5\n".encode(encoding))
    source = Source.model_validate({"table": "cell", "path": "x", "columns": {"cell_id": "Cell"}})
    assert sources.missing_columns(path, source) == []
    assert sources.read(path, source, door=Door(list)).frame["cell_id"].tolist() == ["Å1"]


@pytest.mark.parametrize(
    "data", [bytes(range(256)), b"\x89PNG\r\n\x1a\n" + bytes(99), b"\x00a,b\n1"]
)
def test_no_message_shows_raw_bytes(data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "cells.csv"
    path.write_bytes(data)
    source = Source.model_validate({"table": "cell", "path": "x", "columns": {"cell_id": "Cell"}})
    (fault,) = sources.missing_columns(path, source)
    assert fault.isprintable()
    assert "\ufffd" not in fault


def test_an_object_that_fits_no_pattern_costs_the_row_only_where_its_key_comes_of_it(
    tmp_path: Path,
) -> None:
    path = tmp_path / "c.csv"
    path.write_text("Id,At,Place\n1,2026-03-01,TX (30.5; -97.5)\n2,2026-03-01,TX\n3,2026-03-01,\n")
    pattern = r"\((?P<la>[-\d.]+); (?P<lo>[-\d.]+)\)"
    columns = {"complaint_id": "Id", "created_utc": "At", "lat": "{la}", "lon": "{lo}"}
    given: dict[str, Any] = {"table": "complaint", "path": "x", "objects": {"Place": pattern}}
    raw = _read(path, Source.model_validate({**given, "columns": columns}))
    assert raw.frame["lat"].fillna("").tolist() == ["30.5", "", ""]
    assert len(raw.malformed) == 0
    assert raw.kept_out["source_row"].tolist() == [3, 3]
    assert {*raw.kept_out["scope"]} == {"value"}
    keyed = {**columns, "complaint_id": "{la}"}
    raw = _read(path, Source.model_validate({**given, "columns": keyed}))
    assert raw.malformed["source_row"].tolist() == [3, 4]
