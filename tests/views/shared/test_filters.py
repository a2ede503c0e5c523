"""The filter lets whole places through, stays in the address, and changes no figure."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from ingest.warehouse.store import Warehouse
from tests.bench.pages import shown

Configured = Callable[[Path], None]


def captions(at: AppTest) -> str:
    return "\n".join(caption.value for caption in at.caption).replace("\\", "")


def test_values_count_each_cell_once(demo: Warehouse) -> None:
    values = demo.marts.query("filter_values")
    n_cells = demo.marts.query("counts")["n_cells"].iloc[0]
    assert values.query("dimension == 'technology'")["n_cells"].sum() == n_cells
    assert {"region", "technology", "band"} <= set(values["dimension"])


@pytest.mark.parametrize("kind", ["site", "cell", "hex", "region"])
def test_a_filtered_list_holds_the_places_with_such_a_cell_and_their_own_ranks(
    kind: str, demo: Warehouse
) -> None:
    every = demo.marts.query("worst_places", place_type=kind, top=10_000)
    of_region = demo.marts.query("worst_places", place_type=kind, top=10_000, region="Leeds|York")
    wanted = every[every["region"].isin(["Leeds", "York"])]
    assert 0 < len(wanted) < len(every)
    assert of_region["rank"].tolist() == wanted["rank"].tolist()
    cells = demo.read("cell")
    of_band = demo.marts.query("worst_places", place_type=kind, top=10_000, band="B7")
    assert 0 < len(of_band) < len(every)
    if kind in ("site", "cell"):
        key = f"{kind}_id"
        fitting = set(cells.loc[cells["band"] == "B7", key])
        assert of_band["rank"].tolist() == every[every[key].isin(fitting)]["rank"].tolist()


def test_changes_plan_and_hexagons_are_filtered_alike(demo: Warehouse) -> None:
    cells = demo.read("cell").set_index("cell_id")
    changes = demo.marts.query("change_points", technology="lte", region="Leeds")
    assert len(changes) > 0
    assert set(cells.loc[changes["cell_id"], "region"]) == {"Leeds"}
    plan = demo.marts.query("plan", region="Leeds")
    assert set(plan["region"]) == {"Leeds"}
    layer = demo.marts.query("map_layers").query("metric == 'drop_rate'").iloc[0]
    asked = {"metric": "drop_rate", "period_grain": layer["period_grain"],
             "period_start": layer["period_start"].date()}  # fmt: skip
    every = demo.marts.query("hex_map", **asked)
    leeds = demo.marts.query("hex_map", **asked, region="Leeds")
    assert leeds["hex_id"].tolist() == every.query("region == 'Leeds'")["hex_id"].tolist()
    of_band = demo.marts.query("hex_map", **asked, band="B7")
    assert 0 < len(of_band) < len(every)
    same = every.set_index("hex_id").loc[of_band["hex_id"], "value"]
    assert of_band["value"].tolist() == same.tolist()
    assert demo.marts.query("hex_map", **asked, band="no such").empty


def test_an_address_filters_the_list_and_another_choice_stands_in_it(
    demo_config: Path, configured: Configured
) -> None:
    configured(demo_config)
    at = shown("places", region="Leeds", technology="lte")
    assert set(at.dataframe[0].value["region"]) == {"Leeds"}
    said = captions(at)
    assert "Filtered by region Leeds; technology LTE" in said
    assert "never told apart by technology" in said
    at.multiselect(key="filter region").set_value([]).run()
    assert "region" not in at.query_params
    assert len(set(at.dataframe[0].value["region"])) > 1
    next(button for button in at.button if button.label == "Show everything").click().run()
    assert "technology" not in at.query_params
    assert "Filtered" not in captions(at)


def test_figures_of_customers_are_not_filtered_by_cells(
    demo_config: Path, configured: Configured
) -> None:
    configured(demo_config)
    said = captions(shown("map", layer="nps.relationship", technology="nr"))
    assert "The map is not filtered by technology: figures of customers" in said


@pytest.mark.parametrize("value", ["<script>alert(1)</script>", "Le|eds|", "\u202ex", "x" * 10_000])
def test_a_value_that_the_data_lacks_filters_nothing_and_harms_nothing(
    value: str, demo_config: Path, configured: Configured
) -> None:
    configured(demo_config)
    at: Any = shown("plan", region=value)
    assert "region" not in at.query_params
    assert "Filtered" not in captions(at)
