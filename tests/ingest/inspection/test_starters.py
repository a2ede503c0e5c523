"""A starter is what the readers make of the file, for kinds that were proposed wrongly before."""

import io
import tarfile
import tomllib
from pathlib import Path
from typing import Any

import pytest

from contracts.errors import InputError
from ingest.inspection import draft
from ingest.inspection.look import look, look_at
from tests.ingest.workbook_files import TIME, Cell, written

CELLS = "radio,mcc,net,area,cell,lon,lat\nLTE,262,1,6,428,13.4,52.5\nGSM,262,1,6,428,13.5,52.6\n"


def starters(folder: Path, **files: str | bytes) -> list[dict[str, Any]]:
    """The [[source]]s of files; their names with `__` for the point."""
    paths = []
    for name, content in files.items():
        path = folder / name.replace("__", ".")
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        paths.append(path)
    sources: list[dict[str, Any]] = tomllib.loads(draft.toml(*look_at(paths)))["source"]
    return sources


def table(head: str, rows: int, line: Any) -> str:
    return "\n".join([head, *(line(n) for n in range(rows)), ""])


def test_a_key_is_what_is_unique_in_the_file(tmp_path: Path) -> None:
    (source,) = starters(tmp_path, cells__csv=CELLS)
    assert source["columns"]["cell_id"] == "{radio}-{mcc}-{net}-{area}-{cell}"
    assert "region" not in source["columns"]


def test_a_key_that_nothing_makes_unique_is_marked(tmp_path: Path) -> None:
    text = table("Cell,Lat,Lon", 6, lambda n: f"C{n // 2},59.{n},10.{n}")
    path = tmp_path / "cells.csv"
    path.write_text(text, encoding="utf-8")
    looks = look(path)
    assert "3 of 6 rows looked at repeat Cell; of each only one row will count" in looks.repeats
    assert 'cell_id = "Cell"  # CHOOSE: 3 of 6 rows' in draft.toml(looks)
    assert any("repeat the key (cell_id" in line for line in draft.summary(looks))


@pytest.mark.parametrize(
    ("date", "hours", "layout", "end"),
    [
        ("1{}.03.2026", range(24), "%d.%m.%Y %H", "start"),
        ("2026-03-0{}", range(24), "%Y-%m-%d %H", "start"),
        ("2026-03-0{}", range(1, 25), "%Y-%m-%d %H", "end"),
        ("2026-03-0{}", [f"{hour:02d}:00" for hour in range(24)], "", "start"),
    ],
)
def test_date_and_hour_in_two_columns_are_one_time(
    date: str, hours: Any, layout: str, end: str, tmp_path: Path
) -> None:
    lines = [f"{date.format(day)};{hour};C1;{day}7;1" for day in range(1, 9) for hour in hours]
    text = "\n".join(["Date;Hour;Cell Name;Attempts;Drops", *lines]) + "\n"
    (source,) = starters(tmp_path, pm__csv=text)
    assert source["columns"]["period_start_utc"] == "{Date} {Hour}"
    assert source.get("formats", {}).get("period_start_utc", "") == layout
    assert source.get("time_is", "start") == end
    assert source["constants"]["period_s"] == 3600
    assert "# tried: 192 rows read, 0 refused" in draft.toml(look(tmp_path / "pm.csv"))


def test_a_capacity_is_no_load_and_a_rate_no_count(tmp_path: Path) -> None:
    head = "Time,Cell,PRB_Available_DL,Call_Drop_Rate,dropped_calls,Calls"
    text = table(head, 24, lambda n: f"2026-03-01T{n:02d}:00:00Z,C1,50,.01{n},0.0{n}1,{n}00")
    columns = starters(tmp_path, pm__csv=text)[0]["columns"]
    assert columns["prb_dl_avail"] == "PRB_Available_DL"
    assert "prb_dl_util_pct" not in columns
    assert columns["dropped_calls"] == "CHOOSE_THEIR_COLUMN"


def test_a_class_that_follows_from_the_type_is_not_asked_for(tmp_path: Path) -> None:
    text = table("Ticket,Created,Issue", 9, lambda n: f"T{n},2026-03-01 10:0{n}:00,Availability")
    columns = starters(tmp_path, tickets__csv=text)[0]["columns"]
    assert columns["complaint_type"] == "Issue"
    assert "complaint_class" not in columns


ASKED = "How likely is it that you would recommend us to a friend?"
SURVEYS = {
    "SurveyMonkey": (
        f"Respondent ID,End Date,IP Address,Email Address,{ASKED},Why?\n"
        ",,,,Response,Open-Ended Response\n",
        "1{},03/1{}/2026 10:00:00 AM,10.0.0.1,a@example.org,{},slow\n",
        {"response_id": "Respondent ID", "answered_utc": "End Date", "score": ASKED},
    ),
    "Medallia": (
        "surveyid,responsedate,LTR,unitid\n",
        "S{},2026-03-1{} 10:00:00,{},U1\n",
        {"response_id": "surveyid", "answered_utc": "responsedate", "score": "LTR"},
    ),
}


@pytest.mark.parametrize("tool", SURVEYS)
def test_surveys_of_known_tools_are_known_and_ends_with_words_are_scores(
    tool: str, tmp_path: Path
) -> None:
    head, line, wanted = SURVEYS[tool]
    scores = ["10 - Extremely likely", "0 - Not at all likely", *map(str, range(3, 10))]
    text = head + "".join(line.format(n, n, score) for n, score in enumerate(scores))
    (source,) = starters(tmp_path, answers__csv=text)
    assert source["table"] == "nps"
    assert source["columns"] == wanted
    n = int(tool == "SurveyMonkey")
    assert f"# tried: {9 + n} rows read, {n} refused" in draft.toml(look(tmp_path / "answers.csv"))


def test_units_behind_numbers_are_named(tmp_path: Path) -> None:
    text = table("Cell,Lat,Lon,Bandwidth", 9, lambda n: f"C{n},59.{n},10,20 MHz")
    (source,) = starters(tmp_path, cells__csv=text)
    assert source["units"] == {"bandwidth_mhz": ["MHz"]}


def test_separators_at_the_end_of_rows_are_no_column(tmp_path: Path) -> None:
    text = table("cell_id;start;attempts;drops", 9, lambda n: f"A;2026-03-01 0{n}:00;7{n};1;")
    path = tmp_path / "pm.csv"
    path.write_text(text, encoding="utf-8")
    assert look(path).header == ("cell_id", "start", "attempts", "drops")


def test_several_files_are_one_configuration(tmp_path: Path) -> None:
    line = "A;2026-03-0{}T0{}:00:00Z;7{};1".format
    days = {
        f"pm_{day}__csv": table("Cell;Time;Calls;Drops", 9, lambda n, day=day: line(day, n, n))
        for day in (1, 2, 3)
    }
    sources = starters(tmp_path, cells__txt=CELLS, **days)
    assert [source["table"] for source in sources] == ["cell", "pm"]
    assert sources[1]["path"] == str(tmp_path / "*.csv")


def test_members_of_an_archive_that_look_alike_are_one_source(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "pm.tar.gz", "w:gz") as archive:
        for day in (1, 2):
            text = table(
                "Cell;Time;Calls;Drops", 9, lambda n, day=day: f"A;2026-03-0{day} 0{n}:00;7;1"
            )
            info = tarfile.TarInfo(f"days/{day}.csv")
            info.size = len(text)
            archive.addfile(info, io.BytesIO(text.encode()))
    (looks,) = look_at([tmp_path / "pm.tar.gz"])
    assert looks.path == tmp_path / "pm.tar.gz"
    assert len(looks.files) == 2
    assert "2 files look so" in draft.report(looks)


def test_the_sheet_with_the_table_is_named(tmp_path: Path) -> None:
    rows: list[list[Cell]] = [["C1", ("n", 46082 + n / 24, TIME), 70.0 + n, 1] for n in range(9)]
    head: list[Cell] = ["Cell", "Time", "Calls", "Drops"]
    book = written({"Info": [["by x"]], "KPI": [["Report"], [], head, *rows]}, merged=["A1:D1"])
    (source,) = starters(tmp_path, pm__xlsx=book)
    assert source["path"].endswith("pm.xlsx/KPI")
    assert source["columns"]["period_start_utc"] == "Time"
    assert source["constants"]["period_s"] == 3600
    with pytest.raises(InputError, match="no such file"):
        look_at([tmp_path / "nothing.xlsx"])
