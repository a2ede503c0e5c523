"""Sheets come out as a person reads them, and what Excel does not know is not made up."""

import zipfile
from pathlib import Path

import pytest

from ingest.containers import paths
from ingest.containers.kinds import NotOpened
from ingest.containers.workbooks import UNCOMPUTED, moment, plain
from tests.ingest.workbook_files import DAY, LONG, TIME, ZEROS, Cell, written


def rows_of(folder: Path, rows: list[list[Cell]], **how: object) -> list[tuple[int, list[str]]]:
    path = folder / "book.xlsx"
    path.write_bytes(written({"One": rows}, **how))  # type: ignore[arg-type]
    return [*paths.rows(path, paths.sheets(path, 1)[0], 1)]


def test_every_kind_of_cell_is_the_text_that_a_person_reads(tmp_path: Path) -> None:
    row: list[Cell] = [
        *("00123", 12, 0.1 + 0.2, 234560000000001.0, True),
        *(("n", 46082.427083333336, TIME), ("n", 46082, DAY), ("n", 1.25, LONG)),
        *(("n", 123, ZEROS), ("e", "#DIV/0!"), ("str", "word"), ("f", 5), ("d", "2026-03-01")),
    ]
    assert rows_of(tmp_path, [[], row]) == [
        (
            2,
            [
                *("00123", "12", "0.3", "234560000000001", "TRUE"),
                *("2026-03-01 10:15:00", "2026-03-01", "30:00:00"),
                *("00123", "#DIV/0!", "word", "5", "2026-03-01"),
            ],
        )
    ]


def test_shared_texts_lose_reading_aids_and_escapes(tmp_path: Path) -> None:
    texts = [
        "<si><r><t>Tokyo </t></r><r><t>7</t></r><rPh><t>aid</t></rPh></si>",
        "<si><t>a_x000A_b</t></si>",
    ]
    cells: list[Cell] = [("s", 0), ("s", 1)]
    assert rows_of(tmp_path, [cells], texts=texts) == [(1, ["Tokyo 7", "a\nb"])]


def test_days_of_a_workbook_of_1904_are_the_same_days(tmp_path: Path) -> None:
    cells: list[Cell] = [("n", 44620.5, TIME)]
    assert rows_of(tmp_path, [cells], from_1904=True) == [(1, ["2026-03-01 12:00:00"])]


@pytest.mark.parametrize(
    ("serial", "text"), [(1, "1900-01-01"), (59, "1900-02-28"), (61, "1900-03-01"), (-1, ""),
                         (3e6, "")],
)  # fmt: skip
def test_days_before_march_1900_are_those_that_excel_shows(serial: float, text: str) -> None:
    assert moment(serial, "d") == text


def test_a_time_is_right_to_the_millisecond() -> None:
    assert moment(46082 + 1 / 3, "d h") == "2026-03-01 08:00:00"
    assert moment(46082 + 0.0015 / 86_400, "d h") == "2026-03-01 00:00:00.002"


def test_what_is_merged_downwards_stands_in_every_row(tmp_path: Path) -> None:
    rows: list[list[Cell]] = [["Title"], ["site A", 1], [None, 2], [None, 3], [None, 4]]
    merged = rows_of(tmp_path, rows, merged=["A1:D1", "A2:A4"])
    assert [texts[0] for _, texts in merged] == ["Title", "site A", "site A", "site A", ""]


def test_a_formula_without_a_value_is_kept_apart_from_an_empty_cell(tmp_path: Path) -> None:
    cells: list[Cell] = [("f", None), ("f", 0), ("f", "")]
    assert rows_of(tmp_path, [cells]) == [(1, [UNCOMPUTED, "0", UNCOMPUTED])]
    # some libraries write 0 for all, and leave it to Excel
    assert rows_of(tmp_path, [cells], to_compute=True)[0][1] == [UNCOMPUTED] * 3


@pytest.mark.parametrize(("number", "text"), [(1.0, "1"), (-2.50, "-2.5"), (1e300, "1e+300")])
def test_numbers_have_no_more_digits_than_excel(number: float, text: str) -> None:
    assert plain(number) == text


def test_a_workbook_with_a_password_or_of_an_older_excel_is_refused_with_the_remedy(
    tmp_path: Path,
) -> None:
    path = tmp_path / "old.xls"
    path.write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600))
    with pytest.raises(NotOpened, match=r"save it as \.xlsx without a password"):
        paths.opened(path, 1).read()


def test_a_damaged_sheet_is_refused_without_a_word_of_what_it_holds(tmp_path: Path) -> None:
    with pytest.raises(NotOpened, match=r"at row 2 .*points to text 9"):
        rows_of(tmp_path, [["a"], [("s", 9)]])
    with pytest.raises(NotOpened, match=r"damaged at row 2 or below .ValueError."):
        rows_of(tmp_path, [["a"], [("s", "Ann Smith")]])


def test_entities_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "book.xlsx"
    path.write_bytes(written({"One": [["a"]]}))
    with zipfile.ZipFile(path) as book:
        parts = {name: book.read(name).decode() for name in book.namelist()}
    sheet = '<!DOCTYPE x [<!ENTITY y "z">]>' + parts["xl/worksheets/s1.xml"]
    with zipfile.ZipFile(path, "w") as book:
        for name, text in {**parts, "xl/worksheets/s1.xml": sheet}.items():
            book.writestr(name, text)
    with pytest.raises(NotOpened, match="entities"):
        list(paths.rows(path, paths.sheets(path, 1)[0], 1))
