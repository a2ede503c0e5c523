"""Why a place stands where it stands: the figures of the list come back from its sources."""

import hashlib
import re
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache, partial
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pytest

from contracts.errors import NothingFound
from contracts.settings.load import load
from ingest.counters import references
from ingest.warehouse import lineage
from ingest.warehouse.acknowledgements import Subject, Word
from ingest.warehouse.store import Warehouse
from tests.bench.asked import asked
from tests.bench.town import Town

KEYS = {"cell": "cell_id", "site": "site_id", "hex": "hex_text", "region": "region"}


def _first(demo: Warehouse, kind: str) -> dict[str, Any]:
    return demo.marts.query("worst_places", place_type=kind, top=1).to_dict("records")[0]


@pytest.fixture(scope="module")
def why(demo: Warehouse) -> Callable[..., pd.DataFrame]:
    """Returns the steps behind a place of the list, each place asked for once."""

    @cache
    def steps(kind: str, place: str) -> pd.DataFrame:
        return demo.marts.query("why", place=place, place_type=kind).set_index("step")

    return steps


@pytest.mark.parametrize("kind", KEYS)
def test_figures_of_the_list_come_back_to_the_last_digit(
    kind: str, demo: Warehouse, why: Callable[..., pd.DataFrame]
) -> None:
    places = demo.marts.query("worst_places", place_type=kind, top=40)
    # what is outside all regions is no place that could be asked for
    known = places[places["drops_avoidable_month"].notna() & (places["region"] != "")]
    assert len(known) > 3
    for place in known.to_dict("records"):
        steps = why(kind, place[KEYS[kind]])
        assert steps.loc[8, "value"] == place["drops_avoidable_month"] == steps.loc[8, "published"]
        for step, name in ((10, "complainants_avoided"), (12, "detractors_avoided")):
            same = steps.loc[step, ["value", "published"]].astype(float)
            assert same.isna().all() or (same == place[name]).all()
        assert (21 in steps.index) == pd.notna(place["action"])
        if place["cost_amount"] > 0:
            assert steps.loc[21, "value"] == place["drops_per_cost"] == steps.loc[21, "published"]


def test_of_a_place_that_is_not_listed_nothing_is_known(demo: Warehouse) -> None:
    assert len(demo.marts.query("why", place=_first(demo, "site")["site_id"])) > 0
    assert demo.marts.query("why", place="Nowhere").empty


def test_every_step_follows_from_those_before_it(demo: Warehouse) -> None:
    steps = demo.marts.query("why", place=_first(demo, "site")["site_id"])
    parts = steps[steps["step"] <= 7].pivot_table(index="cell_id", columns="step", values="value")
    assert len(parts) > 1
    pd.testing.assert_series_equal(parts[3], 30 * parts[1] / parts[2], check_names=False)
    spared = parts[3] * (parts[4] + parts[5]) * parts[6]
    pd.testing.assert_series_equal(parts[7], spared, check_names=False)
    total = steps.loc[steps["step"] == 8, "value"].iloc[0]
    assert parts[7].sum() == pytest.approx(total, abs=1e-6)


def test_a_hexagon_has_the_parts_that_footprints_give_it(demo: Warehouse) -> None:
    steps = demo.marts.query("why", place=_first(demo, "hex")["hex_text"])
    weights = steps.loc[steps["step"] == 6, "value"]
    assert weights.between(0, 1, inclusive="right").all()
    assert (weights < 1).any()


def test_drops_counted_are_those_of_the_files_named(demo: Warehouse, demo_config: Path) -> None:
    place = _first(demo, "cell")
    steps = demo.marts.query("why", place=place["cell_id"], place_type="cell")
    (step,) = steps[steps["step"] == 1].to_dict("records")
    read = partial(references.rows_on, demo, load(demo_config))
    rows = lineage.behind(demo, place["cell_id"], read)
    assert rows["dropped_calls"].sum() == step["value"]
    assert f"{rows['day_local'].min()} to {rows['day_local'].max()}" == step["how"]
    with pytest.raises(NothingFound, match="no benefit is known of a cell 'Nowhere'"):
        lineage.behind(demo, "Nowhere", read)
    files = steps[steps["step"] == 23]
    assert (files["value"] == files["n_rows"]).all()
    named = files[files["source"] == "pm"].set_index("what")["note"]
    assert set(rows["source_file"]) <= set(named.index)
    name = rows["source_file"].iloc[0]
    content = (demo_config.parent / name).read_bytes()
    assert hashlib.sha256(content).hexdigest()[:16] == named.loc[[name]].iloc[0]
    # the row is where it is said to be, the header being row 1
    line = content.decode().splitlines()[int(rows["source_row"].iloc[0]) - 1]
    assert str(int(rows["call_attempts"].iloc[0])) in line


@pytest.mark.parametrize("kind", KEYS)
def test_customers_stand_beside_a_place_as_they_are_released(
    kind: str, demo: Warehouse, why: Callable[..., pd.DataFrame]
) -> None:
    places = demo.marts.query("worst_places", place_type=kind, top=40)
    heard = 0
    for place in places[places["region"] != ""].to_dict("records"):
        steps = why(kind, place[KEYS[kind]])
        if isinstance(place["hex_text"], str) and pd.notna(place["nps"]):
            assert steps.loc[16, "value"] == place["nps"]
            assert re.search(r"answers, 90 % -?\d+ to -?\d+$", steps.loc[16, "how"])
            heard += 1
        if kind == "region":
            released = demo.marts.query("region_rates", metric="nps", region=place["region"])
            newest = released.iloc[-1]
            assert steps.loc[16, "value"] == newest["value"] or newest["shown"] == "hidden"
            heard += newest["shown"] != "hidden"
    assert heard > 2


def test_what_relief_would_spare_stands_in_the_evidence_as_in_the_ladder(demo: Warehouse) -> None:
    place = _first(demo, "site")
    steps = (
        demo.marts.query("why", place=place["site_id"], place_type="site").set_index("step").loc[22]
    )
    ladder = demo.marts.query("what_if", cell_id=place["dominant_cell_id"])
    assert steps["value"].tolist() == ladder["drops_avoided_month"].tolist()
    assert steps["note"].notna().tolist() == ladder["is_beyond_seen"].tolist()


def test_lineage_has_every_accepted_row_once(demo: Warehouse) -> None:
    totals = asked(demo.marts, "select table_name, sum(n_rows) as n from lineage group by all")
    receipt = demo.read("receipt").set_index("table_name")
    kept = totals.set_index("table_name")["n"].astype(float)
    # rows that repeat a key are refused after their file was read
    repeated = {name: (demo.read_refused(name)["reason"].str.contains("repeats")).sum()
                for name in kept.index}  # fmt: skip
    for name, n in kept.items():
        assert n - repeated[name] <= receipt.loc[name, "n_accepted"] <= n


def test_days_of_persons_are_not_shown(demo: Warehouse) -> None:
    persons = asked(
        demo.marts, "select * from lineage where table_name in ('complaint', 'nps', 'call')"
    )
    assert len(persons) > 0
    assert persons["day_local"].isna().all()


# --- what if ----------------------------------------------------------------------------------


def test_between_two_steps_a_what_if_goes_straight(demo: Warehouse) -> None:
    cell = _first(demo, "cell")["dominant_cell_id"]
    steps = demo.marts.query("what_if", cell_id=cell).set_index("relief_pct")
    assert steps.index.tolist() == [10, 20, 30, 40, 50]
    assert steps["drops_avoided_month"].is_monotonic_increasing
    asked = demo.marts.query("what_if", cell_id=cell, relief_pct=25).iloc[0]
    for name in ("drops_avoided_month", "drops_avoided_month_lo", "drops_avoided_month_hi"):
        assert asked[name] == pytest.approx((steps.loc[20, name] + steps.loc[30, name]) / 2)
    small = demo.marts.query("what_if", cell_id=cell, relief_pct=5).iloc[0]
    assert small["drops_avoided_month"] == pytest.approx(steps.loc[10, "drops_avoided_month"] / 2)
    exact = demo.marts.query("what_if", cell_id=cell, relief_pct=30).iloc[0]
    assert exact["drops_avoided_month"] == pytest.approx(steps.loc[30, "drops_avoided_month"])
    last = demo.marts.query("what_if", cell_id=cell, relief_pct=50).iloc[0]
    assert last["drops_avoided_month"] == pytest.approx(steps.loc[50, "drops_avoided_month"])


@pytest.mark.parametrize("share", [-1, 51])
def test_beyond_the_ladder_there_is_no_answer(share: float, demo: Warehouse) -> None:
    cell = _first(demo, "cell")["dominant_cell_id"]
    assert demo.marts.query("what_if", cell_id=cell, relief_pct=share).empty


# --- weights ----------------------------------------------------------------------------------


def test_other_weights_rank_anew_and_change_no_figure(demo: Warehouse) -> None:
    plain = demo.marts.query("worst_places", place_type="cell", top=1000)
    assert plain["rank"].tolist() == list(range(1, len(plain) + 1))
    plain = plain[plain["drops_avoidable_month"].notna()]
    assert (plain["benefit_month"] == plain["drops_avoidable_month"]).all()
    doubled = demo.marts.query("worst_places", place_type="cell", top=1000, per_drop=2)
    doubled = doubled[doubled["benefit_month"].notna()]
    assert doubled["cell_id"].tolist() == plain["cell_id"].tolist()
    assert (doubled["benefit_month"] == 2 * plain["benefit_month"]).all()
    persons = (
        demo.marts.query("worst_places", place_type="cell", top=1000, per_drop=0, per_complainant=1)
        .set_index("cell_id")
        .loc[plain["cell_id"]]
    )
    some = persons["complainants_avoided"].fillna(0.0)
    assert (persons["benefit_month"] == some).all()
    same = ["drops_avoidable_month", "rank_lo", "rank_hi", "p_top20", "simple_rank"]
    left, right = persons.sort_index()[same], plain.set_index("cell_id").sort_index()[same]
    pd.testing.assert_frame_equal(left, right)


@pytest.mark.parametrize("kind", KEYS)
def test_the_list_can_stand_by_benefit_for_its_cost(kind: str, demo: Warehouse) -> None:
    plain = demo.marts.query("worst_places", place_type=kind, top=100_000).set_index("place_name")
    found = demo.marts.query("worst_places", place_type=kind, top=100_000, per_cost=True)
    known = found[found["action"].notna()]
    assert len(known) > 0
    assert known["benefit_per_cost"].is_monotonic_decreasing
    assert known["cost_rank"].tolist() == list(range(1, len(known) + 1))
    # who has no work comes last, and says why
    assert found["action"].iloc[len(known) :].isna().all()
    assert found["no_action_reason"].iloc[len(known) :].notna().all()
    assert known["no_action_reason"].isna().all()
    assert (known["drops_per_cost_lo"] <= known["drops_per_cost"]).all()
    assert (known["drops_per_cost"] <= known["drops_per_cost_hi"]).all()
    assert known["costs_invented"].all()
    # but for the order, and the benefit's parts, nothing is another
    pd.testing.assert_frame_equal(
        found.set_index("place_name").loc[plain.index].drop(columns="rank"),
        plain.drop(columns="rank"),
    )


def test_a_weighed_benefit_is_held_against_the_same_cost(demo: Warehouse) -> None:
    persons = {"per_drop": 0.0, "per_complainant": 1.0, "per_cost": True}
    found = demo.marts.query("worst_places", place_type="site", top=1000, **persons)
    known = found[found["cost_amount"] > 0]
    by_hand = known["complainants_avoided"] * known["action_reach"] / known["cost_amount"]
    pd.testing.assert_series_equal(known["benefit_per_cost"], by_hand, check_names=False)
    assert known["benefit_per_cost"].is_monotonic_decreasing


def test_nobody_is_spared_who_is_not_there(demo: Warehouse) -> None:
    places = demo.read("priority")
    known = places[places["persons_at_most"].notna()]
    assert set(known["place_type"]) == {"cell", "site", "hex", "region"}
    for name in ("complainants_avoided_hi", "detractors_avoided_hi"):
        known_places = known.dropna(subset=[name])
        assert len(known_places) > 0
        assert (known_places[name] <= known_places["persons_at_most"] + 1e-6).all()
    assert (known["persons_at_most"] % 16 == 0).all()


def test_works_of_the_plan_show_who_looks_after_their_place(town: Town, tmp_path: Path) -> None:
    shutil.copytree(town.warehouse, tmp_path / "warehouse", symlinks=True)
    warehouse = Warehouse(tmp_path / "warehouse")
    assert warehouse.marts.query("plan")["ack_status"].isna().all()
    work = warehouse.marts.query("plan").dropna(subset=["cell_id", "site_id"]).iloc[0]
    at = datetime(2026, 6, 1, tzinfo=UTC)
    for subject, owner in (("site", "Ann"), ("cell", "Bob")):
        word = Word("in_work", owner, "antenna ordered")
        warehouse.marts.acknowledge(Subject(subject, work[f"{subject}_id"]), word, by="Ann", at=at)
        works = warehouse.marts.query("plan").set_index(["action", "cell_id"])
        assert works.loc[(work["action"], work["cell_id"]), "ack_owner"] == owner


def test_a_work_at_a_place_whose_data_failed_is_marked(town: Town, tmp_path: Path) -> None:
    shutil.copytree(town.warehouse, tmp_path / "warehouse", symlinks=True)
    warehouse = Warehouse(tmp_path / "warehouse")
    with duckdb.connect(str(warehouse.marts.file)) as connection:
        connection.execute("update plan set cell_id = null where action = 'add_carrier'")
        connection.execute("update priority set unsafe_reason = 'no data' where rank = 1")
    works = warehouse.marts.query("plan", budget=100.0, plan_number=1).set_index("action")
    assert works["unsafe_reason"].dropna().to_dict() == {"add_carrier": "no data"}
    assert len(works) == 2
