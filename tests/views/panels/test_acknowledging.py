"""Who acknowledges on the screen is heard at once, on every page and in the report."""

import shutil
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from streamlit.runtime.context import ContextProxy, StreamlitHeaders
from streamlit.testing.v1 import AppTest

from contracts.settings.load import load
from ingest.warehouse.acknowledgements import Subject, Word
from ingest.warehouse.store import Warehouse
from tests.views.pages.test_pages import shown, texts
from views.report import write
from views.words.periods import by_period, choose

AT = datetime(2025, 5, 2, 9, 30, tzinfo=UTC)
Configured = Callable[[Path], None]


@pytest.fixture
def config(town: Any, tmp_path: Path, configured: Configured) -> Path:
    """A copy of the town: what is noted in one test is not known in another."""
    shutil.copytree(town.config.parent, tmp_path / "t", symlinks=True)
    copied = tmp_path / "t" / town.config.name
    configured(copied)
    return copied


@pytest.fixture
def warehouse(config: Path) -> Warehouse:
    return Warehouse(config.parent / "warehouse")


def _note(at: AppTest, status: str, **said: str) -> AppTest:
    (box,) = (box for box in at.selectbox if box.label == "Status")
    box.select(status)
    inputs = {field.label: field for field in [*at.text_input, *at.text_area]}
    for label, text in said.items():
        inputs[label.replace("_", " ")].input(text)
    (button,) = (button for button in at.button if button.label == "Note it")
    button.click().run()
    assert not at.exception
    return at


def test_what_is_noted_of_a_change_stands_on_its_page(warehouse: Warehouse) -> None:
    at = shown("changes")
    assert "Acknowledged by nobody" in texts(at)
    said = {"Owner": "Ann <b>", "Comment": "call jo@example.org", "Your_name": "Bo"}
    _note(at, "in_work", **said)
    assert "in work, Ann <b>: call [e-mail]" in texts(at)
    log = warehouse.marts.query("acknowledgements")
    assert log[["ack_status", "ack_owner", "ack_by"]].to_numpy().tolist() == [
        ["in_work", "Ann <b>", "Bo"]
    ]
    assert at.dataframe[0].value["noted"].tolist()[0] == "in work, Ann <b>: call [e-mail]"


def test_a_name_left_out_is_asked_for_and_nothing_is_noted(warehouse: Warehouse) -> None:
    at = _note(shown("changes"), "open", Owner="Ann")
    assert "not acknowledged: by: missing" in texts(at)
    assert warehouse.marts.query("acknowledgements").empty


@pytest.mark.parametrize(
    ("headers", "by"),
    [([("X-Remote-User", " ann@op ")], ["ann@op"]), ([], []),
     ([("X-Remote-User", "ann"), ("X-Remote-User", "mallory")], [])],
)  # fmt: skip
def test_whom_the_proxy_names_signs_and_nobody_else(
    config: Path,
    warehouse: Warehouse,
    monkeypatch: pytest.MonkeyPatch,
    headers: list[tuple[str, str]],
    by: list[str],
) -> None:
    text = config.read_text("utf-8")
    config.write_text(text + '\n[screen]\nuser_header = "X-Remote-User"\n', "utf-8")
    sent = StreamlitHeaders(headers)
    monkeypatch.setattr(ContextProxy, "headers", property(lambda _: sent))
    at = shown("changes")
    assert "Your name" not in {field.label for field in at.text_input}
    _note(at, "open", Owner="Ann")
    assert warehouse.marts.query("acknowledgements")["ack_by"].tolist() == by
    assert by or "The proxy names nobody" in texts(at)


def test_a_hexagon_is_acknowledged_beside_the_map(town: Any, warehouse: Warehouse) -> None:
    at = shown("map", hex=town.worse_hex)
    _note(at, "done", Owner="Ann", Your_name="Ann")
    assert "done, Ann" in texts(at)
    assert warehouse.marts.query("acknowledgements")["subject_id"].tolist() == [town.worse_hex]


def test_lists_and_report_tell_what_is_noted(config: Path, warehouse: Warehouse) -> None:
    site = warehouse.marts.query("worst_places", place_type="site", top=1)["site_id"].iloc[0]
    change = warehouse.marts.query("change_points")["change_id"].iloc[0]
    for subject in (Subject("site", site), Subject("change", change)):
        said = Word("acknowledged", "Ann", f"of {subject.kind} =1")
        warehouse.marts.acknowledge(subject, said, by="Ann", at=AT)
    assert "acknowledged, Ann: of site =1" in texts(shown("map"))
    assert shown("places").dataframe[0].value["noted"].tolist()[0] == (
        "acknowledged, Ann: of site =1"
    )
    period = choose(by_period(warehouse.marts.query("periods")), "2025-04")
    files = write.build(warehouse.marts, period, load(config, environ={}))
    page = files["2025-04.html"].decode()
    assert "Acknowledged: acknowledged, Ann: of site =1." in page
    assert "Acknowledged: acknowledged, Ann: of change =1." in page
    assert b"of site =1" in files["look_first.csv"]
    assert period.first == date(2025, 4, 1)
