"""The page of one place: the same figures as the lists, for every kind of place."""

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
from streamlit.testing.v1 import AppTest

from ingest.warehouse.store import Warehouse
from views.words.effected import SAID, verdict_of_work
from views.words.numbers import amount, number

Configured = Callable[[Path], None]


def shown(place: str) -> AppTest:
    at = AppTest.from_string("from views.pages import place\nplace.page()", default_timeout=60)
    at.query_params["place"] = place
    at.run()
    assert not at.exception
    return at


def texts(at: AppTest) -> str:
    parts = [*at.markdown, *at.caption, *at.info]
    return "\n".join(part.value for part in parts).replace("\\", "")


@pytest.mark.parametrize("kind", ["site", "cell", "hex", "region"])
def test_a_place_of_the_list_has_the_figure_of_the_list(
    kind: str, demo: Warehouse, demo_config: Path, configured: Configured
) -> None:
    configured(demo_config)
    first = demo.marts.query("worst_places", place_type=kind, top=1).iloc[0]
    key = first[{"hex": "hex_text", "region": "region"}.get(kind, f"{kind}_id")]
    at = shown(f"{kind}.{key}")
    said = texts(at)
    assert "What to tell a customer here" in said
    assert f"{number(first['drop_rate'], 'share')} of calls dropped" in said
    assert f"**{amount(first['drops_avoidable_month'])}** of its drops a month" in said
    months = demo.marts.query("place_months", place_type=kind, place_id=key)
    assert at.dataframe[0].value["drop rate"].iloc[0] == number(
        months["drop_rate"].iloc[-1], "share"
    )
    if kind == "hex":
        assert "### Near " in said or "### At " in said


def test_a_site_sums_its_cells(demo: Warehouse) -> None:
    first = demo.marts.query("worst_places", place_type="site", top=1).iloc[0]
    site = demo.marts.query("place_months", place_type="site", place_id=first["site_id"])
    inventory = demo.read("cell")
    members = inventory.loc[inventory["site_id"] == first["site_id"], "cell_id"].unique()
    parts = [demo.marts.query("place_months", place_type="cell", place_id=cell) for cell in members]
    dropped = sum(part.set_index("period_start")["dropped_calls"] for part in parts)
    assert site["dropped_calls"].tolist() == pytest.approx(dropped.tolist())
    assert (site["drop_rate_lo"] < site["drop_rate"]).all()
    assert (site["drop_rate"] < site["drop_rate_hi"]).all()
    widest = max(part["n_effective"].iloc[-1] for part in parts)
    assert site["n_effective"].iloc[-1] >= widest


def test_the_nearest_site_to_a_mast_is_its_own(demo: Warehouse) -> None:
    mast = demo.marts.query("sites").iloc[3]
    near = demo.marts.query("nearest_sites", lat=mast["lat"], lon=mast["lon"], top=2)
    assert near["site_id"].iloc[0] == mast["site_id"]
    assert near["distance_km"].iloc[0] == pytest.approx(0, abs=1e-6)
    assert near["distance_km"].iloc[1] > 0
    north = demo.marts.query("nearest_sites", lat=mast["lat"] + 1, lon=mast["lon"], top=1_000)
    mine = north.set_index("site_id").loc[mast["site_id"]]
    assert mine["distance_km"] == pytest.approx(111.2, abs=0.1)
    assert mine["bearing_deg"] == pytest.approx(0, abs=1e-6)
    east = demo.marts.query("nearest_sites", lat=mast["lat"], lon=mast["lon"] + 1, top=1_000)
    assert east.set_index("site_id").loc[mast["site_id"], "bearing_deg"] == pytest.approx(90)


def test_works_have_their_verdict_beside_them(
    demo: Warehouse, demo_config: Path, configured: Configured
) -> None:
    configured(demo_config)
    work = demo.marts.query("effects", sheet_kind="intervention", top=1).iloc[0]
    at = shown(f"site.{work['site_id']}")
    beside = next(table.value["verdict"] for table in at.dataframe if "verdict" in table.value)
    assert beside.str.startswith(SAID[work["effect_kind"]].capitalize()).any()
    assert "Verdict: drops against what untouched places let expect." in texts(at)


def test_the_verdict_of_a_work_has_its_size_and_interval_or_its_reason() -> None:
    sizes = {"effect_unit": "pct", "effect_size": -30.0, "effect_size_lo": -42.0,
             "effect_size_hi": -12.0, "no_effect_reason": None}  # fmt: skip
    helped = SimpleNamespace(effect_kind="better", **sizes)
    assert verdict_of_work(helped) == "Better: −30 % (−42 % to −12 %)"
    young = SimpleNamespace(effect_kind="unknown", no_effect_reason="too young")
    assert verdict_of_work(young) == "Cannot tell: too young"
    assert not verdict_of_work(SimpleNamespace(effect_kind=None))


@pytest.mark.parametrize(
    "place", ["", "site.no such", "<script>alert(1)</script>", "hex.zz", "site." + "x" * 10_000]
)
def test_what_is_no_place_says_how_to_find_one(
    place: str, demo_config: Path, configured: Configured
) -> None:
    configured(demo_config)
    assert "No such place" in texts(shown(place))
