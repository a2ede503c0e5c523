"""A place is found by its name, its id, its hexagon or its coordinates."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from ingest.warehouse.store import Warehouse
from tests.bench.town import Town
from views.shared.find import hexagon_of

LEEDS = "881942c58bfffff"


@pytest.mark.parametrize(
    "text", [LEEDS, f" {LEEDS.upper()} ", "53.8, -1.55", "53.8;-1.55", "53.8 −1.55"]
)
def test_an_index_and_a_point_name_a_hexagon(text: str) -> None:
    assert hexagon_of(text, level=8) == LEEDS


@pytest.mark.parametrize("text", ["", "Leeds 21", "99, -1.55", "53.8, 181", "53.8", "1, 2, 3"])
def test_no_other_text_names_one(text: str) -> None:
    assert hexagon_of(text, level=8) is None


def _names(warehouse: Warehouse, text: str) -> list[str]:
    found = warehouse.marts.query("find_places", text=text, top=5)
    return (found["place_type"] + " " + found["place_id"]).tolist()


@pytest.mark.parametrize("text", ["LDS01", "lds 1", "lds-001", "Lds_01 "])
def test_every_spelling_of_a_site_comes_first(text: str, demo: Warehouse) -> None:
    assert _names(demo, text)[0] == "site LDS01"


def test_what_begins_alike_follows_and_nothing_fits_nothing(demo: Warehouse) -> None:
    names = _names(demo, "leeds")
    assert names[0] == "region Leeds"
    assert set(names[1:]) <= {f"site LDS{site:02}" for site in range(100)}
    assert _names(demo, "no such place") == []
    assert _names(demo, " -/ ") == []
    assert _names(demo, "'; drop table cell; --") == []


def test_the_box_offers_ways_to_what_was_typed(
    town: Town, configured: Callable[[Path], None]
) -> None:
    configured(town.config)
    at = AppTest.from_string("from views.pages import plan\nplan.page()", default_timeout=60).run()
    at.text_input(key="find").set_value(town.worse_cell.lower()).run()
    assert not at.exception
    labels = [button.label.replace("\\", "") for button in at.button]
    assert any(label.startswith(town.worse_cell) for label in labels)
    at.text_input(key="find").set_value("no such place").run()
    said: list[Any] = [caption.value for caption in at.caption]
    assert any("No cell, site or region goes by that" in text for text in said)
