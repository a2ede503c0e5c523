"""The report of an audience holds its part alone, and nothing that the whole one does not give."""

import io
import json
import re
import shutil
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from contracts.errors import NothingFound
from contracts.settings.audiences import Audience
from contracts.settings.load import load
from contracts.settings.sections import Settings
from ingest.warehouse.marts import Marts
from views.report import write
from views.report.part import Reader
from views.words.periods import parse

WEEK = parse("2025-W15")
_TABLES = ("hexagons", "cells", "changes", "customers", "look_first", "interventions", "steps")


@pytest.fixture(scope="module")
def settings(town: Any) -> Settings:
    return load(town.config, environ={})


@pytest.fixture(scope="module")
def whole(town: Any, settings: Settings) -> dict[str, bytes]:
    return write.build(Marts(town.warehouse), WEEK, settings)


def _audience(**keys: Any) -> Audience:
    return Audience(**{"recipients": ("out",), "formats": ("csv",), **keys})


def _table(files: dict[str, bytes], name: str) -> pd.DataFrame:
    return pd.read_csv(io.BytesIO(files[f"{name}.csv"]), dtype=str)


@pytest.fixture(scope="module")
def region(whole: dict[str, bytes]) -> str:
    return str(_table(whole, "cells")["region"].dropna().iloc[0])


@pytest.fixture(scope="module")
def part(town: Any, settings: Settings, region: str) -> dict[str, bytes]:
    reader = Reader("one", _audience(regions=(region,), title="One & only"))
    return write.build(Marts(town.warehouse), WEEK, settings, reader=reader)


def test_every_row_of_a_part_stands_in_the_whole_report_as_it_is(
    part: dict[str, bytes], whole: dict[str, bytes]
) -> None:
    for name in _TABLES:
        mine, all_rows = (_table(files, name).fillna("") for files in (part, whole))
        assert {*mine.itertuples(index=False, name=None)} <= {
            *all_rows.itertuples(index=False, name=None)
        }, name


def test_a_part_has_its_region_alone_and_the_network_beside_it(
    part: dict[str, bytes], region: str
) -> None:
    assert {*_table(part, "cells")["region"]} == {region}
    for name in ("hexagons", "customers", "look_first", "changes"):
        assert {*_table(part, name)["region"]} <= {region}
    assert {*_table(part, "steps")["region"].fillna("")} <= {region, ""}
    page = part["2025-W15.html"].decode()
    assert "One &amp; only, Week 15, 2025" in page
    assert "Beside the whole network" in page
    note = json.loads(part["message.json"])
    assert note["subject"] == "Aire <Mobile>: One & only, Week 15, 2025"
    assert dict(note["lines"])["Whole network"].split()[1] == "of"
    assert part["trend.png"].startswith(b"\x89PNG")


def test_generations_sections_and_formats_are_those_asked_for(
    town: Any, settings: Settings
) -> None:
    keys = {"technologies": ("nr",), "sections": ("cells",), "formats": ("xlsx",)}
    reader = Reader("nr", _audience(**keys))
    files = write.build(Marts(town.warehouse), WEEK, settings, reader=reader)
    assert {*files} == {"2025-W15.html", "message.json", "trend.png", "tables.xlsx"}
    page = files["2025-W15.html"].decode()
    assert "The data behind it" not in page
    assert "Interventions</h2>" not in page
    with zipfile.ZipFile(io.BytesIO(files["tables.xlsx"])) as book:
        sheets = re.findall(r'sheet name="(\w+)"', book.read("xl/workbook.xml").decode())
    assert sheets == ["network", "cells", "definitions"]


def test_an_audience_gets_the_newest_period_first_and_then_what_follows(
    town: Any, settings: Settings, tmp_path: Path
) -> None:
    report = settings.report.model_copy(update={"folder": str(tmp_path)})
    short = _audience(sections=("data",), formats=("html",))
    here = settings.model_copy(update={"report": report, "audience": {"a": short}})
    marts, now = Marts(town.warehouse), datetime(2030, 1, 1, tzinfo=UTC)
    reader = write.reader_of(here, "a")
    weeks = [p for p in write.due(marts, here, now) if p.grain == "week"]
    assert write.due_for(marts, here, now, reader) == [weeks[-1]]
    folder = write.folder_of(here, reader)
    write.write(marts, weeks[-3], folder, here, reader=reader)
    assert write.due_for(marts, here, now, reader) == weeks[-2:]
    for week in weeks[-2:]:
        shutil.copytree(folder / weeks[-3].key, folder / week.key)
        note = {"revision": 1, "counts": write.counted(write._offered(marts)[week])}
        (folder / week.key / "report.json").write_text(json.dumps(note))
    # what is older than the first one sent never comes
    assert write.due_for(marts, here, now, reader) == []
    with pytest.raises(NothingFound, match=r"no \[audience.b\]; known: a"):
        write.reader_of(here, "b")
    for week in weeks[-2:]:
        shutil.rmtree(folder / week.key)
    # who is forgotten goes from their reports too, and the folder of no audience goes whole
    (tmp_path / "of-gone").mkdir()
    assert write.anew(marts, tmp_path, here, "") == [f"of-a/{weeks[-3].key}"]
    assert not (tmp_path / "of-gone").exists()
