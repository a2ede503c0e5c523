"""Dated changes of hexagons, as pages and reports tell them where there are no counters."""

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from contracts.settings.load import load
from geo import hexgrid
from ingest.warehouse.publish import publish
from ingest.warehouse.store import Warehouse
from tests.bench.frames import rows
from views.report import write
from views.words.periods import parse

AT = datetime(2018, 4, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def dated(reports_town: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Returns the configuration of the callers' country, with one hexagon's change published."""
    folder = tmp_path_factory.mktemp("of reports") / "dated"
    shutil.copytree(reports_town.config.parent, folder, symlinks=True)
    warehouse = Warehouse(folder / "warehouse")
    day = timedelta(days=1)
    warehouse.write("change_point", rows(
        "change_point", change_id=[f"{reports_town.worse_hex}-up-20180412T00"], place_type="hex",
        hex_id=np.array(hexgrid.from_text([reports_town.worse_hex]), np.uint64),
        metric="drop_rate", change_utc=[AT], change_lo_utc=AT - day, change_hi_utc=AT + day,
        until_utc=AT + 40 * day, direction="up", ratio=2.0, ratio_lo=1.7, ratio_hi=2.4,
        drops_excess=90.0, drops_excess_lo=70.0, drops_excess_hi=110.0, attribution="undecided",
        attribution_note="no load is known here: what it is due to was not tested", run_id="r",
    ))  # fmt: skip
    publish(warehouse, "dated", keep=2)
    return folder / "hexperience.toml"


def _page_text(page: str, **params: str) -> str:
    at = AppTest.from_string(f"from views.pages import {page}\n{page}.page()", default_timeout=60)
    for name, value in params.items():
        at.query_params[name] = value
    at.run()
    assert not at.exception
    return "\n".join(part.value for part in [*at.markdown, *at.caption]).replace("\\", "")


def test_pages_name_the_hexagon(
    dated: Path, reports_town: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HEXPERIENCE_CONFIG", str(dated))
    said = f"drops of hexagon {reports_town.worse_hex} went up to ×2"
    page_text = _page_text("changes")
    assert said in page_text
    assert "no load is known here" in page_text
    assert said in _page_text("map", hex=reports_town.worse_hex)


def test_the_report_names_the_hexagon(dated: Path, reports_town: Any) -> None:
    settings = load(dated, environ={})
    built = write.build(Warehouse(dated.parent / "warehouse").marts, parse("2018-04"), settings)
    page = built["2018-04.html"].decode()
    assert f"<h3>hexagon {reports_town.worse_hex}" in page
    assert "1 dated in these days: 1 for the worse" in page
    assert reports_town.worse_hex in built["changes.csv"].decode()


def test_a_hexagon_s_changes_hold_for_it_and_the_wider_ones(dated: Path, reports_town: Any) -> None:
    warehouse = Warehouse(dated.parent / "warehouse")
    here = np.array(hexgrid.from_text([reports_town.worse_hex]), np.uint64)
    wider = hexgrid.as_text(hexgrid.parents(here, level=4))[0]
    for text in (reports_town.worse_hex, wider):
        found = warehouse.marts.query("hex_changes", hex_text=text)
        assert found[["hex_text", "drops_excess_here"]].to_numpy().tolist() == [
            [reports_town.worse_hex, 90.0]
        ]
    other = next(text for text in reports_town.hexes if text != reports_town.worse_hex)
    assert warehouse.marts.query("hex_changes", hex_text=other).empty
