"""Tables in workbooks and archives, read like any other, and refused by file, sheet and row."""

import zipfile
from pathlib import Path
from typing import Any

import pytest

from contracts.errors import InputError
from contracts.settings.sections import Settings
from contracts.source import Source
from ingest import sources
from ingest.clean.rows import clean
from ingest.containers import paths
from ingest.privacy.door import Door
from ingest.settle.load import files_of, listed
from tests.ingest.workbook_files import DAY, TIME, Cell, written

COLUMNS = {"cell_id": "Cell", "lat": "Lat", "lon": "Lon"}
HEAD: list[Cell] = ["Cell", "Lat", "Lon", "Site"]
DOOR = Door(list)


def cells(**how: Any) -> Source:
    return Source.model_validate({"table": "cell", "path": "book.xlsx", "columns": COLUMNS, **how})


def book(folder: Path, sheets: dict[str, list[list[Cell]]], **how: Any) -> Path:
    path = folder / "book.xlsx"
    path.write_bytes(written(sheets, **how))
    return path


def test_the_header_is_found_below_titles_and_rows_are_numbered_as_excel_does(
    tmp_path: Path,
) -> None:
    rows: list[list[Cell]] = [
        ["Cells of March"],
        [],
        HEAD,
        ["00123", 59.5, 10.25],
        [],
        ["B", 60, 1],
    ]
    path = book(tmp_path, {"Sites": rows}, merged=["A1:D1"])
    assert sources.missing_columns(path, cells()) == []
    raw = sources.read(path, cells(), door=DOOR)
    assert raw.frame.to_dict("list") == {
        "source_row": [4, 6],
        "cell_id": ["00123", "B"],
        "lat": ["59.5", "60"],
        "lon": ["10.25", "1"],
    }


def test_names_of_a_header_of_two_rows_are_found_in_both(tmp_path: Path) -> None:
    rows: list[list[Cell]] = [["Cell", "Place"], [None, "Lat", "Lon"], ["A", 1, 2]]
    path = book(tmp_path, {"S": rows}, merged=["A1:A2", "B1:C1"])
    assert sources.missing_columns(path, cells()) == []
    assert sources.read(path, cells(), door=DOOR).frame["cell_id"].tolist() == ["A"]


def test_of_several_sheets_the_only_one_with_our_columns_is_read(tmp_path: Path) -> None:
    good = [HEAD, ["A", 1, 2]]
    path = book(tmp_path, {"Notes": [["read me"]], "Cells": good, "Old": good}, hidden=["Old"])
    assert sources.parts(path, cells()) == [path / "Cells"]
    assert sources.missing_columns(path / "Cells", cells()) == []


def test_where_several_sheets_or_none_have_our_columns_the_line_to_write_is_named(
    tmp_path: Path,
) -> None:
    good = [HEAD, ["A", 1, 2]]
    path = book(tmp_path, {"May": good, "June": good})
    assert sources.parts(path, cells()) == [path]
    (fault,) = sources.missing_columns(path, cells())
    assert "path = 'book.xlsx/May' for one, 'book.xlsx/*' for all" in fault
    assert paths.found(path / "*", 1) == [path / "June", path / "May"]
    path = book(tmp_path, {"May": [["Cell", "Lat"]], "June": [["x"]]})
    faults = sources.missing_columns(path, cells())
    assert "no sheet has all columns" in faults[0]
    assert "book.xlsx/May: no column 'Lon'" in faults[1]


def test_numbers_have_the_mark_of_the_source_and_dates_its_format(tmp_path: Path) -> None:
    columns = {"outage_id": "Id", "cell_id": "Cell", "start_utc": "From", "end_utc": "To"}
    source = Source.model_validate(
        {
            "table": "outage",
            "path": "book.xlsx",
            "columns": columns,
            "formats": {"start_utc": "%d.%m.%Y %H:%M", "end_utc": "%d.%m.%Y"},
            "decimal": ",",
        }
    )
    row: list[Cell] = [1.5, "A", ("n", 46082.5, TIME), ("n", 46083.5, TIME)]
    path = book(tmp_path, {"S": [["Id", "Cell", "From", "To"], row]})
    frame = sources.read(path, source, door=DOOR).frame
    assert frame["outage_id"].tolist() == ["1,5"]
    assert frame["start_utc"].tolist() == ["01.03.2026 12:00"]
    # a format that would lose the hour is not used: the value is refused, and seen
    assert frame["end_utc"].tolist() == ["2026-03-02 12:00:00"]


def test_errors_in_texts_are_missing_and_counted(tmp_path: Path) -> None:
    rows: list[list[Cell]] = [HEAD, [("e", "#REF!"), 1, 2, "S"], ["B", 1, 2, ("e", "#N/A")]]
    source = cells(columns={**COLUMNS, "site_id": "Site"})
    raw = sources.read(book(tmp_path, {"S": rows}), source, door=DOOR)
    cleaned = clean(raw, source, Settings.model_validate({}), file="book.xlsx/S", file_hash="h")
    assert cleaned.accepted["cell_id"].tolist() == ["B"]
    assert cleaned.accepted["site_id"].isna().tolist() == [True]
    refused = cleaned.refused.set_index("source_row")
    assert refused.loc[2, "scope"] == "row"
    assert refused.loc[3, "reason"] == "an error of the spreadsheet: #N/A"


def test_a_formula_that_nobody_computed_refuses_the_sheet(tmp_path: Path) -> None:
    path = book(tmp_path, {"S": [HEAD, ["A", ("f", None), 2]]})
    with pytest.raises(
        InputError, match=r"column 'Lat', row 2: a formula that nobody has computed"
    ):
        sources.read(path, cells(), door=DOOR)


def test_totals_of_a_sheet_are_refused_as_totals(tmp_path: Path) -> None:
    path = book(tmp_path, {"S": [HEAD, ["A", 1, 2], ["Total", 1, 2]]})
    raw = sources.read(path, cells(footer="^Total"), door=DOOR)
    assert raw.frame["cell_id"].tolist() == ["A"]
    assert raw.malformed["source_row"].tolist() == [3]


def test_a_source_reads_days_of_all_sheets_as_files_of_their_own(tmp_path: Path) -> None:
    rows: list[list[Cell]] = [["Cell", "On"], ["A", ("n", 46082, DAY)]]
    book(tmp_path, {"May": rows, "June": rows})
    source = Source.model_validate(
        {
            "table": "cell",
            "path": "book.xlsx/*",
            "columns": {"cell_id": "Cell", "valid_from": "On"},
            "from_name": {"pattern": "(?P<m>May|June)", "region": {"text": "{m}"}},
        }
    )
    settings = Settings.model_validate({"folder": tmp_path})
    files = files_of(source, settings)
    assert [path.name for path in files] == ["June", "May"]
    frames = [sources.read(path, source, door=DOOR).frame for path in files]
    assert [frame["region"].tolist() for frame in frames] == [["June"], ["May"]]
    assert frames[0]["valid_from"].tolist() == ["2026-03-01"]


def test_days_that_lost_their_format_are_days_all_the_same(tmp_path: Path) -> None:
    columns = {"outage_id": "Id", "cell_id": "Cell", "start_utc": "From", "end_utc": "To"}
    given = {"table": "outage", "path": "book.xlsx", "columns": columns, "decimal": ","}
    rows: list[list[Cell]] = [["Id", "Cell", "From", "To"], [46082, "A", 46082.5, 46083]]
    path = book(tmp_path, {"S": rows})
    frame = sources.read(path, Source.model_validate(given), door=DOOR).frame
    assert frame["start_utc"].tolist() == ["2026-03-01 12:00:00"]
    assert frame["end_utc"].tolist() == ["2026-03-02"]
    assert frame["outage_id"].tolist() == ["46082"]


def test_members_that_are_something_else_are_refused_with_the_line_to_write(
    tmp_path: Path,
) -> None:
    with zipfile.ZipFile(tmp_path / "export.zip", "w") as archive:
        archive.writestr("cells/a.csv", "Cell,Lat,Lon\nA,1,2\n")
        archive.writestr("readme.txt", "hello")
    source = cells(path="export.zip")
    files, faults = listed(Settings.model_validate({"folder": tmp_path, "source": [source]}))
    assert [task.path.name for task in files] == ["a.csv"]
    assert "path = 'export.zip/**/*.csv'" in faults[-1]


def test_where_a_sheet_is_damaged_no_other_is_taken_for_the_only_one(tmp_path: Path) -> None:
    good: list[list[Cell]] = [HEAD, ["A", 1, 2]]
    path = book(tmp_path, {"May": good, "June": [*good, ["B", ("s", 9), 2]]})
    assert sources.parts(path, cells()) == [path]
    (fault,) = sources.missing_columns(path, cells())
    assert "book.xlsx/June: the sheet is damaged" in fault
