"""Every page draws on the demo town, and says what to do where there is nothing to draw."""

import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from ingest.warehouse.publish import publish
from ingest.warehouse.store import Warehouse
from tests.bench.pages import shown
from tests.bench.town import build_town
from views import hexmap
from views.shared import data, pickers

PAGES = ("map", "places", "plan", "changes", "drivers", "effects", "regulator", "reports",
         "questions", "quality", "sql")  # fmt: skip
Configured = Callable[[Path], None]


def texts(at: AppTest) -> str:
    """All text of a page; escapes of Markdown taken out again."""
    parts = [*at.title, *at.markdown, *at.caption, *at.info, *at.warning, *at.error, *at.code]
    buttons = [button.label for button in at.button]
    html = [element.proto.body for element in at.get("html")]
    return "\n".join([*(part.value for part in parts), *buttons, *html]).replace("\\", "")


def on_map(at: AppTest) -> dict[str, Any]:
    """What the first map was sent to draw."""
    return maps(at)[0]


def maps(at: AppTest) -> list[dict[str, Any]]:
    """What each map was sent to draw."""
    drawn = [one.proto for one in at.get("bidi_component") if one.proto.bytes]
    return [hexmap.decode(one.bytes)[0] for one in drawn]


def in_url(at: AppTest, param: str) -> Any:
    value = at.query_params.get(param)
    return value[0] if isinstance(value, list) else value


# ------------------------------------------------------------------------------- every page


@pytest.mark.parametrize("page", PAGES)
def test_every_page_names_the_operator_and_its_newest_data(
    page: str, town: Any, configured: Configured
) -> None:
    configured(town.config)
    page_text = texts(shown(page))
    assert "Aire <Mobile>" in page_text
    assert "data as of 2 May 2025, 00:00 (Europe/London)" in page_text


@pytest.mark.parametrize("page", PAGES)
def test_before_the_first_run_every_page_says_what_to_do(
    page: str, unpublished: Path, configured: Configured
) -> None:
    configured(unpublished)
    page_text = texts(shown(page))
    assert "Nothing is published yet" in page_text
    assert "hexperience run" in page_text


@pytest.mark.parametrize("page", PAGES)
def test_a_faulty_configuration_is_shown_with_every_fault(
    page: str, tmp_path: Path, configured: Configured
) -> None:
    config = tmp_path / "hexperience.toml"
    config.write_text("[operator]\ntimezone = 'Mars/Olympus'\nnames = 'x'\n", encoding="utf-8")
    configured(config)
    page_text = texts(shown(page))
    assert "Mars/Olympus" in page_text
    assert "names" in page_text


@pytest.mark.parametrize("page", PAGES)
def test_reports_without_counters_are_shown_as_far_as_they_go(
    page: str, reports_town: Any, configured: Configured
) -> None:
    configured(reports_town.config)
    assert "Reports" in texts(shown(page))


def test_the_door_opens_on_the_map(town: Any, configured: Configured) -> None:
    configured(town.config)
    at = AppTest.from_file("../../../app.py", default_timeout=60).run()
    assert not at.exception
    assert "Where to look first" in texts(at)


def test_what_keeps_a_page_from_being_drawn_stands_on_it() -> None:
    at = AppTest.from_string(
        "from contracts.errors import NothingFound\n"
        "from views.shared import page as shared\n"
        "def page():\n"
        "    raise NothingFound('the marts are of schema 3; run first')\n"
        "shared.showing_errors(page)()",
    ).run()
    assert not at.exception
    assert "the marts are of schema 3; run first" in texts(at)


# ----------------------------------------------------------------------------------- the map


def test_the_map_opens_on_excess_drops_of_the_newest_month(
    town: Any, configured: Configured
) -> None:
    configured(town.config)
    at = shown("map")
    assert [box.value for box in at.selectbox] == ["drops_excess_month", "month.2025-04-01"]
    assert in_url(at, "layer") == "drops_excess_month"
    assert "drops a month" in texts(at)
    assert "Dots are masts" in texts(at)


def test_another_layer_has_its_own_periods_legend_and_address(
    town: Any, configured: Configured
) -> None:
    configured(town.config)
    at = shown("map", period="week.2025-04-14")
    assert at.selectbox[1].value == "week.2025-04-14"
    at.selectbox[0].select("complaints_per_1000.network").run()
    assert not at.exception
    # complaints have no weeks: the newest month comes instead
    assert at.selectbox[1].value == "month.2025-04-01"
    assert in_url(at, "layer") == "complaints_per_1000.network"
    look = on_map(at)["look"]
    assert look["unit"] == "per 1,000 subscribers a month"
    assert look["unreleased"] == "<5 cases or hidden to protect persons"


@pytest.mark.parametrize(
    "layer", ["drop_rate", "prb_dl_util_bh_pct", "change_ratio", "nps.relationship"]
)
def test_every_layer_draws(layer: str, town: Any, configured: Configured) -> None:
    configured(town.config)
    at = shown("map", layer=layer)
    assert at.selectbox[0].value == layer
    assert len(maps(at)) == 1
    assert on_map(at)["file"].startswith(layer)


def test_a_layer_of_which_nothing_is_released_is_grey_and_says_so(
    town: Any, configured: Configured
) -> None:
    configured(town.config)
    at = shown("map", layer="complaints_per_1000.account")
    assert on_map(at)["look"]["unreleased"] == "hidden to protect persons"
    assert on_map(at)["look"]["stops"] is None


def test_a_layer_whose_counters_never_came_says_why_another_is_drawn(
    town: Any, configured: Configured, monkeypatch: pytest.MonkeyPatch
) -> None:
    configured(town.config)
    answer, reason = data.answer, "no source gives dl_thp_vol_kbit"
    kpis = pd.DataFrame({"kpi": ["dl_user_thp_mbps"], "absent_reason": [reason]})
    monkeypatch.setattr(
        data, "answer", lambda name, **params: kpis if name == "kpis" else answer(name, **params)
    )
    at = shown("map", layer="dl_user_thp_mbps")
    assert at.selectbox[0].value == "drops_excess_month"
    assert f"Downlink user throughput is no layer of these data: {reason}." in texts(at)


def test_an_address_that_names_nothing_real_shows_the_default(
    town: Any, configured: Configured
) -> None:
    configured(town.config)
    at = shown("map", layer="no such", period="month.1999-01-01", hex="<b>no</b>")
    assert at.selectbox[0].value == "drops_excess_month"
    assert "No such is no layer of these data. Shown is Excess drops." in texts(at)
    assert "Where to look first" in texts(at)


def test_the_worst_places_stand_beside_the_map_with_value_and_reason(
    town: Any, configured: Configured
) -> None:
    configured(town.config)
    page_text = texts(shown("map"))
    for said in ("1  Mast 1", "1,234", "1,100 to 1,400", "drops doubled on 12 Apr at LDS-02"):
        assert said in page_text


def test_a_place_whose_data_failed_is_marked_in_every_list(
    town: Any, configured: Configured, monkeypatch: pytest.MonkeyPatch
) -> None:
    configured(town.config)
    answer = data.answer

    def doubted(name: str, **params: Any) -> pd.DataFrame:
        found = answer(name, **params)
        marked = name in ("worst_places", "plan")
        return found.assign(unsafe_reason="half failed") if marked else found

    monkeypatch.setattr(data, "answer", doubted)
    warning = "Not to be relied on: half failed."
    assert f":red[{warning}]" in texts(shown("map"))
    assert shown("places").dataframe[0].value["why"].str.startswith(warning).all()
    plan = shown("plan")
    assert "300 of these drops are not to be relied on" in texts(plan)
    assert plan.dataframe[0].value["reason"].str.startswith(warning).all()


def test_a_place_of_the_list_is_chosen_and_left_again(town: Any, configured: Configured) -> None:
    configured(town.config)
    at = shown("map")
    at.button[0].click().run()
    assert not at.exception
    assert in_url(at, "hex") in town.hexes
    assert "##### Mast 1" in texts(at)
    next(b for b in at.button if b.label == "What is known of that hexagon").click().run()
    assert "What changed" in texts(at)
    back = next(button for button in at.button if button.label == "Back to the list")
    back.click().run()
    assert in_url(at, "hex") is None
    assert "Where to look first" in texts(at)


def test_a_click_on_a_place_opens_that_place_with_the_figure_of_the_list(
    demo_config: Path, configured: Configured
) -> None:
    configured(demo_config)
    at = shown("map")
    first = data.answer("worst_places", top=1).iloc[0]
    at.button[0].click().run()
    assert not at.exception
    assert in_url(at, "place") == f"site.{first['site_id']}"
    said = texts(at)
    assert f"##### {first['place_name']}" in said
    assert f"**{first['benefit_month']:,.0f}**" in said
    assert first["seen"] in said
    # each cell that the text speaks of is drawn with its own days
    parts = data.answer("place_parts", place_type="site", place_id=first["site_id"])
    assert len(at.get("vega_lite_chart")) == min(len(parts), 3)
    named = [cell for cell in parts["cell_id"] if f"**{cell}**" in said]
    assert named == parts["cell_id"].tolist()[:3]
    # an address is enough to come back, and the hexagon is a click away
    same = texts(shown("map", place=f"site.{first['site_id']}"))
    assert f"##### {first['place_name']}" in same
    next(b for b in at.button if b.label == "What is known of that hexagon").click().run()
    assert in_url(at, "place") is None
    assert in_url(at, "hex") == first["shown_hex_text"]


def test_the_action_of_a_place_treats_cells_that_its_text_speaks_of(
    demo_config: Path, configured: Configured
) -> None:
    configured(demo_config)
    for kind in ("site", "hex", "cell", "region"):
        for _, place in data.answer("worst_places", place_type=kind, top=20).iterrows():
            if not isinstance(place["action"], str):
                continue
            key = place[{"site": "site_id", "hex": "hex_text", "cell": "cell_id",
                         "region": "region"}[kind]]  # fmt: skip
            parts = data.answer("place_parts", place_type=kind, place_id=key)
            treated = parts.loc[parts["is_treated"], "cell_id"]
            assert len(treated)
            assert set(treated) <= set(place["action_cells"].split(", "))
            assert kind == "cell" or all(cell in place["seen"] for cell in treated)


def test_no_advice_stands_where_nothing_is_wrong(demo_config: Path, configured: Configured) -> None:
    configured(demo_config)
    for kind in ("site", "hex", "cell", "region"):
        places = data.answer("worst_places", place_type=kind, top=5000, every_place=True)
        calm = (places["drops_avoidable_month_lo"] < 0.5) | (places["place_state"] != "act")
        assert places.loc[calm, ["advice", "action"]].isna().all(axis=None)
        usual = places["drop_rate_lo"] <= places["normal_rate"]
        assert not places.loc[usual, "advice"].fillna("").str.contains("capacity").any()
        assert not places.loc[usual, "action"].isin(["new_site", "add_carrier"]).any()
        assert places["action_reach"].max() <= 1


def test_a_network_that_is_well_says_so(
    town: Any, configured: Configured, monkeypatch: pytest.MonkeyPatch
) -> None:
    configured(town.config)
    answer = data.answer

    def well(name: str, **params: Any) -> pd.DataFrame:
        if name == "place_states":
            return pd.DataFrame({"place_type": ["site"], "place_state": ["well"], "n_places": [3]})
        known = answer(name, **params)
        everything = params.get("every_place", False)
        return known.head(0) if name == "worst_places" and not everything else known

    monkeypatch.setattr(data, "answer", well)
    for page in ("map", "places"):
        said = texts(shown(page))
        assert "The 3 sites are well" in said


def test_the_list_says_that_it_does_not_follow_the_layer_or_follows_it(
    town: Any, configured: Configured
) -> None:
    configured(town.config)
    assert "whatever layer and period the map shows" in texts(shown("map", layer="drop_rate"))
    follows = texts(shown("map", layer="drop_rate", list="layer"))
    assert "Hexagons by drop rate, surely above the rest; April 2025" in follows


def test_a_part_month_is_marked_so_and_a_period_that_is_not_there_says_so(
    town: Any, configured: Configured
) -> None:
    configured(town.config)
    at = shown("map", period="week.2025-04-14", layer="drop_rate")
    assert {"April 2025", "March 2025, 29 of 31 days"} <= set(at.selectbox[1].options)
    at.selectbox[0].select("complaints_per_1000.network").run()
    assert "is not there for the period before" in texts(at)


def test_a_hexagon_in_the_address_tells_its_story(town: Any, configured: Configured) -> None:
    configured(town.config)
    at = shown("map", hex=town.worse_hex)
    page_text = texts(at)
    assert "12 Apr 2025 (11 to 13 Apr): drops of LDS-02 went up to ×2 (×1.8 to ×2.2)" in page_text
    # the hexagon, and the cell that the sentence speaks of
    assert len(at.get("vega_lite_chart")) == 2
    assert f"Cell {town.worse_cell} alone" in page_text
    cells, figures = (table.value for table in at.dataframe)
    assert list(cells["cell_id"]) == [town.worse_cell]
    assert "Complaints" in set(figures["figure"])


def test_a_hexagon_nobody_knows_is_no_error(town: Any, configured: Configured) -> None:
    configured(town.config)
    assert "Nothing is known of this hexagon" in texts(shown("map", hex="85608bcffffffff"))


def test_too_many_hexagons_are_cut_to_the_busiest_aloud(
    town: Any, configured: Configured, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hexmap, "MOST", 100)
    configured(town.config)
    assert "the 100 busiest in view are drawn" in texts(shown("map"))


def test_the_address_holds_layer_period_view_and_selection(
    town: Any, configured: Configured
) -> None:
    configured(town.config)
    at = shown("map", at="53.8100,-1.6000,11.50", hex=town.worse_hex, layer="drop_rate")
    drawn = on_map(at)
    assert drawn["goal"] == {"key": 0, "lat": 53.81, "lon": -1.6, "zoom": 11.5}
    assert drawn["chosen"] == town.worse_hex
    # without a view the hexagon is shown among its neighbours
    assert on_map(shown("map", hex=town.worse_hex))["goal"]["zoom"] == pytest.approx(11.2)


def test_a_place_of_the_list_moves_the_map_and_leaving_it_shows_all(
    town: Any, configured: Configured
) -> None:
    configured(town.config)
    at = shown("map")
    whole = on_map(at)["goal"]
    at.button[0].click().run()
    near = on_map(at)["goal"]
    assert near["key"] > whole["key"]
    assert near["zoom"] > whole["zoom"]
    next(button for button in at.button if button.label == "Back to the list").click().run()
    back = on_map(at)["goal"]
    assert {**back, "key": 0} == {**whole, "key": 0}


def test_the_map_says_how_much_of_what_customers_say_is_not_about_the_network(
    town: Any, configured: Configured
) -> None:
    configured(town.config)
    said = "72 % to 85 % of what makes detractors in the whole network is not about drops and load."
    assert said in texts(shown("map"))


def test_two_maps_are_linked_and_share_colours_of_one_layer(
    town: Any, configured: Configured
) -> None:
    configured(town.config)
    at = shown("map", layer="drop_rate", compare="1")
    assert not at.exception
    assert [box.value for box in at.selectbox] == [
        "drop_rate", "month.2025-04-01", "drop_rate", "month.2025-03-01"
    ]  # fmt: skip
    here, there = maps(at)
    assert here["link"] == there["link"] != ""
    assert here["look"]["ticks"] == there["look"]["ticks"]
    assert here["parcels"]["set"] == {**there["parcels"]["set"]}
    assert here["parcels"]["values"]["hash"] != there["parcels"]["values"]["hash"]


def test_the_table_says_what_the_map_shows(town: Any, configured: Configured) -> None:
    configured(town.config)
    at = shown("map", layer="complaints_per_1000.network", table="1")
    table = at.dataframe[0].value
    assert len(table) == len(town.hexes)
    assert table["Complaints"].iloc[0].replace(".", "").isdigit()
    assert set(table["Complaints"].iloc[-5:]) <= {"fewer than 5 cases", "hidden to protect persons"}


def test_places_of_the_list_can_be_walked_on_the_map(town: Any, configured: Configured) -> None:
    configured(town.config)
    walked = on_map(shown("map"))["places"]
    assert walked[0][1] == "1  Mast 1: 1,234 (1,100 to 1,400)"
    assert {hex_text for hex_text, *_ in walked} <= set(town.hexes)


def test_a_basemap_is_asked_for_only_where_the_settings_name_one(
    town: Any, configured: Configured, tmp_path: Path
) -> None:
    configured(town.config)
    assert on_map(shown("map"))["tiles"]["address"] == ""
    shutil.copytree(town.config.parent, tmp_path / "t", symlinks=True)
    config = tmp_path / "t" / "hexperience.toml"
    named = '[map]\ntiles = "https://maps.example/{z}/{x}/{y}.png"\nattribution = "© Us"\n'
    config.write_text(config.read_text(encoding="utf-8") + named, encoding="utf-8")
    configured(config)
    assert on_map(shown("map"))["tiles"]["attribution"] == "© Us"


def test_without_counters_the_map_shows_reports_and_ranks_hexagons(
    reports_town: Any, configured: Configured
) -> None:
    configured(reports_town.config)
    at = shown("map")
    assert at.selectbox[0].value == "call_drop_rate"
    page_text = texts(at)
    assert "Hexagons by reported drop rate" in page_text
    assert "no cause and no change can be named" in page_text
    at = shown("map", hex=reports_town.worse_hex)
    assert "No counters for this hexagon" in texts(at)
    assert len(at.get("vega_lite_chart")) == 2  # one of each metric


def test_a_note_that_forbids_trust_is_shown_as_a_warning(
    town: Any, configured: Configured, tmp_path: Path
) -> None:
    shutil.copytree(town.config.parent, tmp_path / "t", symlinks=True)
    warehouse = Warehouse(tmp_path / "t" / "warehouse")
    notes = warehouse.read("quality").assign(verdict="unsafe")
    warehouse.write("quality", notes)
    publish(warehouse, "unsafe", keep=3)
    configured(tmp_path / "t" / "hexperience.toml")
    assert len(shown("map").error) == 2


def test_without_any_figure_the_map_says_why(
    town: Any, configured: Configured, tmp_path: Path
) -> None:
    shutil.copytree(town.config.parent, tmp_path / "t", symlinks=True)
    warehouse = Warehouse(tmp_path / "t" / "warehouse")
    warehouse.write("place_rate", warehouse.read("place_rate").iloc[:0])
    publish(warehouse, "empty", keep=3)
    configured(tmp_path / "t" / "hexperience.toml")
    assert "No figure of any hexagon is published" in texts(shown("map"))


# ------------------------------------------------------------------------- the other pages


def test_places_are_listed_with_their_reasons_by_kind(town: Any, configured: Configured) -> None:
    configured(town.config)
    at = shown("places")
    listed = at.dataframe[0].value
    assert list(listed["place_name"]) == ["Mast 1", "Mast 2", "Mast 3"]
    assert listed["why"].iloc[0].startswith("drops doubled")
    at.segmented_control[0].select("hex").run()
    assert not at.exception
    assert set(at.dataframe[0].value["place_name"]) <= set(town.hexes)


def test_places_can_stand_by_benefit_for_their_cost(
    demo_config: Path, configured: Configured
) -> None:
    configured(demo_config)
    at = shown("places")
    assert at.dataframe[0].value["amount"].is_monotonic_decreasing
    order = list(at.segmented_control)[-1]
    order.select("cost").run()
    assert not at.exception
    listed, page_text = at.dataframe[0].value, texts(at)
    assert listed["drops_per_cost"].dropna().is_monotonic_decreasing
    assert listed["cost_rank_lo"].equals(listed["rank_lo"])
    assert "for each unit of cost" in page_text
    assert "costs are invented" in page_text


def test_a_chosen_place_shows_its_arithmetic_its_files_and_a_what_if(
    demo_config: Path, configured: Configured
) -> None:
    configured(demo_config)
    at = AppTest.from_string(
        "from views.panels import evidence\n"
        "from views.shared import data\n"
        "place = data.answer('worst_places', place_type='site', top=1).iloc[0]\n"
        "evidence.show(place, 'site', data.facts())\n",
        default_timeout=60,
    ).run()
    assert not at.exception
    page_text = texts(at)
    assert "the same figures as in the list, to the last digit" in page_text
    assert "by avoidable drops (90 %)" in page_text
    assert "Best for its cost: " in page_text
    assert "100 %" not in page_text
    tables = (table.value for table in at.dataframe)
    sums, cells, files = (table for table in tables if "step_kind" in table)
    assert not {"what_if", "file"} & {*sums["step_kind"], *cells["step_kind"]}
    assert "drops_counted" in set(cells["step_kind"])
    assert "pm" in set(files["source"])
    assert (files["note"].str.len() == 16).all()
    thirty = next(line for line in page_text.splitlines() if line.startswith("Fewer: "))
    at.slider[0].set_value(10).run()
    assert not at.exception
    ten = next(line for line in texts(at).splitlines() if line.startswith("Fewer: "))
    assert "dropped calls" in ten
    assert ten != thirty


def test_without_a_ranked_list_places_say_what_it_needs(
    reports_town: Any, configured: Configured
) -> None:
    configured(reports_town.config)
    assert "needs counters" in texts(shown("places"))


def test_changes_are_filtered_by_direction_and_name(town: Any, configured: Configured) -> None:
    configured(town.config)
    at = shown("changes")
    assert list(at.dataframe[0].value["cell_id"]) == ["LDS-02", "LDS-05"]
    assert "went up to ×2" in texts(at)
    assert "due to load (load's part 70 %, 50 % to 90 %; p(load) 97 %)" in texts(at)
    at.segmented_control(key="direction").select("better").run()
    assert list(at.dataframe[0].value["cell_id"]) == ["LDS-05"]
    at.text_input(key="like").input("nowhere").run()
    assert not at.exception
    assert "No change matches" in texts(at)


def test_a_change_of_id_stands_in_the_cell_s_history(
    tmp_path: Path, configured: Configured
) -> None:
    town, day = build_town(tmp_path), date(2025, 3, 20)
    warehouse = Warehouse(town.warehouse)
    cells = warehouse.read("cell")
    mine = cells["cell_id"] == town.worse_cell
    before = cells[mine].assign(known_as="OLD-02", valid_to=day)
    now = cells[mine].assign(valid_from=day)
    warehouse.write("cell", pd.concat([cells[~mine], before, now], ignore_index=True))
    publish(warehouse, "renamed", keep=1)
    names = warehouse.marts.query("cell_names", cell_id=town.worse_cell)["name"]
    assert names.tolist() == ["OLD-02", town.worse_cell]
    configured(town.config)
    assert "Known as OLD-02 until 20 Mar 2025." in texts(shown("changes"))


def test_a_table_of_other_rows_forgets_what_was_chosen() -> None:
    key = pickers.key_of("changes", ["a", "b"])
    assert pickers.key_of("changes", pd.Series(["a", "b"])) == key
    assert pickers.key_of("changes", ["b"]) != key != pickers.key_of("places", ["a", "b"])


def test_changes_after_a_day_only(town: Any, configured: Configured) -> None:
    configured(town.config)
    at = shown("changes")
    at.date_input[0].set_value("2025-04-01").run()
    assert list(at.dataframe[0].value["cell_id"]) == ["LDS-02"]


def test_quality_shows_every_row_read_and_every_note(town: Any, configured: Configured) -> None:
    configured(town.config)
    at = shown("quality")
    receipt = at.dataframe[0].value
    assert (receipt["n_read"] == receipt["n_accepted"] + receipt["n_refused"]).all()
    assert list(receipt["n_read"]) == [5_120, 345_600]
    assert "2.3 % of rows were refused" in texts(at)
    assert "In order" in texts(at)
    assert "All hours are there." in texts(at)


# --------------------------------------------------------------------------------- reports


def test_a_report_is_made_on_the_spot_and_the_written_ones_are_offered(
    town: Any, configured: Configured
) -> None:
    configured(town.config)
    at = shown("reports")
    assert at.selectbox[0].value == "2025-W17"  # the newest whole week
    assert not at.get("download_button")
    at.button[0].click().run()
    assert not at.exception
    assert [button.proto.label for button in at.get("download_button")] == [
        "Download 2025-W17.html"
    ]
    assert "Week 17, 2025" in at.get("iframe")[0].proto.srcdoc
    at.selectbox[0].select_index(1).run()
    assert not at.get("iframe"), "of another week nothing is made yet"
    written = town.config.parent / "reports" / "2025-W16"
    written.mkdir(parents=True)
    (written / "2025-W16.html").write_text("x")
    (written / "report.json").write_text('{"revision": 2, "counts": {}}')
    labels = [button.proto.label for button in shown("reports").get("download_button")]
    shutil.rmtree(written.parent)
    assert labels == ["Week 16, 2025, revision 2"]


def test_a_question_is_asked_with_its_parameters_and_says_what_it_lacks(
    town: Any, configured: Configured
) -> None:
    configured(town.config)
    at = shown("questions")
    assert list(at.dataframe[0].value["place_name"]) == ["Mast 1", "Mast 2", "Mast 3"]
    assert "benefit_month" in list(at.dataframe[1].value["column"])
    at.text_input(key="worst_places.top").input("1").run()
    assert len(at.dataframe[0].value) == 1
    at.text_input(key="worst_places.top").input("one").run()
    assert "parameter top: 'one' is no INTEGER" in texts(at)
    at = shown("questions", question="cell_history")
    assert "give cell_id=..." in texts(at)
    at.text_input(key="cell_history.cell_id").input(town.worse_cell).run()
    assert not at.exception
    assert len(at.dataframe[0].value) > 7


def test_an_address_with_a_question_s_old_name_says_the_new_one(
    town: Any, configured: Configured
) -> None:
    configured(town.config)
    at = shown("questions", question="works")
    assert "no query 'works'; it is called 'interventions' since 0.2" in texts(at)
    # and the page is of use
    assert list(at.dataframe[0].value["place_name"]) == ["Mast 1", "Mast 2", "Mast 3"]


def test_regions_are_ranked_and_stand_with_their_months(
    demo_config: Path, configured: Configured
) -> None:
    configured(demo_config)
    at = shown("places")
    at.get("button_group")[0].set_value("region").run()
    assert not at.exception
    assert "Drop rate by month" in texts(at)
    months = at.dataframe[-1].value
    assert "outside all regions" in months.index
    assert months.iloc[0, 0].count("%") == 3


# ---------------------------------------------------------------------------------- the plan


def test_the_plan_of_a_budget_lists_its_actions_and_that_costs_are_invented(
    town: Any, configured: Configured
) -> None:
    configured(town.config)
    at = shown("plan")
    page_text = texts(at)
    assert "The costs are invented" in page_text
    assert "**300** dropped calls fewer a month" in page_text
    assert "for **40** <EUR>" in page_text
    assert at.dataframe[0].value["action"].tolist() == ["add carrier"]
    # the second action waits: it is wanted in seven draws of ten
    assert at.dataframe[1].value["p_in_plan"].tolist() == ["70 %"]


def test_another_budget_has_alternatives_and_limits_that_cost(
    town: Any, configured: Configured
) -> None:
    configured(town.config)
    at = shown("plan")
    at.segmented_control(key="budget").select("100").run()
    assert not at.exception
    page_text = texts(at)
    assert "the budget: 90, at most 100; without it **90** more drops a month avoided" in page_text
    assert "1 other limit costs nothing." in page_text
    assert at.dataframe[0].value["action"].tolist() == ["add carrier", "fix + tilt"]
    at.segmented_control(key="plan").select("2").run()
    assert "30 drops a month fewer avoided than by the best plan" in texts(at)
    assert at.dataframe[0].value["action"].tolist() == ["add carrier", "tilt"]


def test_a_chosen_action_is_described_and_shown_on_the_map(
    town: Any, configured: Configured
) -> None:
    configured(town.config)
    at = AppTest.from_string(
        "from views.pages import plan\n"
        "from views.shared import data\n"
        "plan._chosen(data.answer('plan', budget=50.0, plan_number=1).iloc[-1])\n",
        default_timeout=60,
    ).run()
    assert not at.exception
    assert "**add carrier**, cell LDS-" in texts(at)
    assert "Show on the map" in texts(at)


def test_a_budget_that_no_plan_keeps_says_which_setting_is_in_the_way(
    town: Any, configured: Configured
) -> None:
    configured(town.config)
    at = shown("plan")
    at.segmented_control(key="budget").select("500").run()
    assert not at.exception
    assert "floors: East shall get 400; lower its floor" in texts(at)
    assert not at.dataframe


# ------------------------------------------------------------------------------- the regulator


def test_the_regulator_s_page_lists_the_planted_cell_and_whose_limits_they_are(
    town: Any, configured: Configured
) -> None:
    configured(town.config)
    at = shown("regulator", week="2025-W17")
    page_text = texts(at)
    assert "Over 3 % of calls dropped on at least 3 days of the week from 21 Apr 2025" in page_text
    percentiles, limits = at.dataframe[0].value, at.dataframe[-1].value
    assert "whole network" in set(percentiles["region"])
    assert limits["threshold_source"].str.contains("TRAI").any()


def test_the_regulator_s_page_begins_with_the_newest_period_that_is_over(
    town: Any, configured: Configured
) -> None:
    configured(town.config)
    over = shown("regulator", grain="quarter", over="day")
    assert "1 Jan 2025 to 31 Mar 2025: 29 of 90 days known" in texts(over)
    running = shown("regulator", grain="quarter", over="day", **{"from": "2025-04-01"})
    assert "1 Apr 2025 to 30 Jun 2025: 31 of 91 days known" in texts(running)


# ------------------------------------------------------------------------------- drivers


def test_drivers_show_what_survives_with_verdict_control_and_places_left_out(
    town: Any, configured: Configured
) -> None:
    configured(town.config)
    at = shown("drivers", outcome="network", lag="1")
    page_text = texts(at)
    assert "9 relations were looked at together. **2** survive, and **1** of these" in page_text
    assert "72 % to 85 % of what makes detractors in the whole network is not" in page_text
    assert "Reading of network at 1." in page_text
    assert "more than complaints about bills do" in page_text
    assert "Beyond what complaints about bills do: 2.5 % (0.5 to 4.5)." in page_text
    assert "5 of 29 places are left out" in page_text
    assert "It speaks of places, not of persons" in page_text
    assert len(at.get("vega_lite_chart")) == 2
    assert list(at.dataframe[0].value["region"]) == ["Leeds"]
    assert list(at.dataframe[1].value["verdict"]) == ["more than bills", "bills may move as much"]


def test_the_address_of_drivers_names_what_is_looked_at_and_starts_with_the_surest_lag(
    town: Any, configured: Configured
) -> None:
    configured(town.config)
    at = shown("drivers", outcome="network")
    assert (in_url(at, "kpi"), in_url(at, "lag")) == ("drop_rate", "1")
    assert "Reading of promoters at 2." in texts(shown("drivers", outcome="promoters", lag="2"))


def test_without_a_relation_drivers_say_what_it_takes(
    reports_town: Any, configured: Configured
) -> None:
    configured(reports_town.config)
    assert "It takes counters of six months" in texts(shown("drivers"))


# ------------------------------------------------------------------------------- effects


def test_effects_show_what_came_of_works_with_interval_and_plain_means_beside(
    town: Any, configured: Configured
) -> None:
    configured(town.config)
    at = shown("effects")
    page_text = texts(at)
    assert "Of 1 works that can be judged **1** brought fewer drops, **0** more" in page_text
    assert "1 can't be judged, or not yet" in page_text
    assert (
        "Better: drops −30 % against what untouched places let expect (−42 % to −12 %)."
        in page_text
    )
    assert "210 drops a month fewer (70 to 320)." in page_text
    assert "drifting away from the untouched ones by 6.0 % a month" in page_text
    assert "Judged as one with W3" in page_text
    assert "Two plain means, as acceptance sheets have them" in page_text
    listed, sheet = (each.value for each in at.dataframe[:2])
    assert list(listed["said"]) == ["cannot tell", "better"]
    assert sheet["KPI"].tolist() == ["Drop rate", "Downlink user throughput"]
    assert sheet["plain change"].tolist() == ["−39 %", "+5 %"]
    assert len(at.get("vega_lite_chart")) == 2
    assert len(at.get("download_button")) == 1
    following, said = (each.value for each in at.dataframe[2:])
    assert following["between"].tolist() == ["−33 % to +14 %"]
    assert said["came"].tolist() == ["−30 %, as said", ""]


def test_the_address_of_effects_names_the_sheet(town: Any, configured: Configured) -> None:
    configured(town.config)
    page_text = texts(shown("effects", sheet="intervention.W2"))
    assert "Cannot tell: the 28 days after it are not over." in page_text
    assert "No works match" in texts(shown("effects", came="worse"))


def test_without_works_effects_say_what_it_takes(reports_town: Any, configured: Configured) -> None:
    configured(reports_town.config)
    assert "It takes counters of drops, and a log of interventions" in texts(shown("effects"))
