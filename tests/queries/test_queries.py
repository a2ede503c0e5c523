"""Every query file: one SELECT, an exact head, and a grain that holds on the demo operator."""

import json
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pytest

from analysis.uncertainty import draws
from contracts.errors import NothingFound, QuestionError
from contracts.settings.audiences import ALERTS
from contracts.tables import SCHEMA_VERSION, TABLES, assemble
from geo import hexgrid
from ingest.warehouse import duck
from ingest.warehouse.duck import empty_marts
from ingest.warehouse.publish import publish
from ingest.warehouse.questions import (
    RENAMED,
    RENAMED_COLUMNS,
    RENAMED_IN_PART,
    Query,
    check_names,
    query_names,
    read_check,
    read_query,
    typed,
    where_it_stands,
)
from ingest.warehouse.store import Warehouse
from tests.bench.frames import rows

EXAMPLES = {"VARCHAR": "x", "DATE": "2026-01-05", "INTEGER": "3", "DOUBLE": "1",
            "BOOLEAN": "true"}  # fmt: skip
LONG = {"TIMESTAMPTZ": "TIMESTAMP WITH TIME ZONE"}
NAMES = query_names()
CHECKS = check_names()
HEX, ONE = 8 << 52 | 1 << 20, 1 << 20
"""A number that says it is a hexagon of level 8, and the way to the next: exact as floats too."""
OF_NO_DEMO = ("delivered_days", "delivered_rates", "effect_days", "kind_effects", "predictions")
"""Questions of what the demo lacks; tests/ingest/clean/test_rates_alone.py asks the first two. Its
works have no 28 days before and 28 after them."""
RUN = {"run_id": ["r"], "timezone": "Europe/London", "level": 8, "schema_version": SCHEMA_VERSION}


@pytest.fixture(scope="module")
def marts() -> Iterator[duckdb.DuckDBPyConnection]:
    """All tables of the contracts, without rows."""
    with empty_marts() as connection:
        yield connection


def _params(query: Query) -> dict[str, Any]:
    return typed(query, {n: EXAMPLES[kind] for n, (kind, _) in query.params.items()})


def _tables(sql: str) -> set[str]:
    """Tables that a query reads, common table expressions left out, by DuckDB's own parser."""
    with duckdb.connect() as connection:
        found = connection.execute("select json_serialize_sql($sql)", {"sql": sql}).fetchone()
    assert found is not None
    tables, expressions = set[str](), set[str]()
    open_nodes: list[Any] = [json.loads(found[0])]
    while open_nodes:
        node = open_nodes.pop()
        if isinstance(node, dict):
            if node.get("type") == "BASE_TABLE":
                tables.add(node["table_name"])
            expressions |= {entry["key"] for entry in node.get("cte_map", {}).get("map", [])}
            open_nodes += node.values()
        elif isinstance(node, list):
            open_nodes += node
    return tables - expressions


@pytest.mark.parametrize(
    "query", [*map(read_query, NAMES), *map(read_check, CHECKS)], ids=[*NAMES, *CHECKS]
)
def test_the_head_says_what_the_sql_does(query: Query, marts: duckdb.DuckDBPyConnection) -> None:
    (statement,) = duckdb.extract_statements(query.sql)
    assert statement.type == duckdb.StatementType.SELECT
    assert statement.named_parameters == set(query.params)
    assert _tables(query.sql) == set(query.reads)
    assert query.question.endswith("?")
    answer = marts.execute(query.sql, _params(query))
    assert {c[0]: str(c[1]) for c in answer.description} == {
        n: LONG.get(kind, kind) for n, kind in query.returns.items()
    }

    assert "\norder by " in query.sql


@pytest.mark.parametrize("name", NAMES)
def test_the_grain_is_unique_on_the_demo(name: str, demo: Warehouse) -> None:
    query = read_query(name)
    answer = demo.marts.query(name, **_fitting(query.params, demo))
    assert len(answer) > 0 or name in (*OF_NO_DEMO, *ALERTS)
    assert not answer.duplicated(list(query.grain)).any()


def _fitting(params: dict[str, tuple[str, str | None]], demo: Warehouse) -> dict[str, Any]:
    """Values for the parameters that have no default, taken from the demo."""
    layer = demo.marts.query("map_layers").query("metric == 'drop_rate'").iloc[0]
    worst = demo.marts.query("worst_places", place_type="hex", top=1).iloc[0]
    known = {
        "hex_text": worst["hex_text"],
        "cell_id": worst["dominant_cell_id"],
        "place": worst["hex_text"],
        "text": worst["dominant_cell_id"],
        "place_type": "hex",
        "place_id": worst["hex_text"],
        "metric": layer["metric"],
        "period_grain": layer["period_grain"],
        "period_start": layer["period_start"].date(),
        "since": date(2026, 9, 21),
        "until": date(2026, 11, 8),
        "level": int(layer["level"]),
        "limit_value": 0.0,
        "subject_type": "hex",
        "subject_id": worst["hex_text"],
        "sheet_id": demo.marts.query("intervention_places")["intervention_id"].iloc[0],
        "lat": worst["lat"],
        "lon": worst["lon"],
    }
    return {name: known[name] for name, (_, default) in params.items() if default is None}


def test_a_layer_has_every_hexagon_once(demo: Warehouse) -> None:
    layers = demo.marts.query("map_layers").drop_duplicates(["metric", "outcome_class"])
    assert len(layers) > 6
    for layer in layers.to_dict("records"):
        names = ("metric", "outcome_class", "period_grain", "period_start", "level")
        hexes = demo.marts.query("hex_map", **{name: layer[name] for name in names})
        assert len(hexes) == layer["n_hexes"]
        assert not hexes["hex_text"].duplicated().any()


def test_a_map_takes_the_finest_level_unless_another_is_asked_for(demo: Warehouse) -> None:
    layers = demo.marts.query("map_layers").query("metric == 'complaints_per_1000'")
    layer = layers.iloc[0][["metric", "outcome_class", "period_grain", "period_start"]].to_dict()
    assert set(layers["level"]) == {5, 6, 7}
    assert set(demo.marts.query("hex_map", **layer)["level"]) == {7}
    assert set(demo.marts.query("hex_map", **layer, level=6)["level"]) == {6}


@pytest.fixture
def moved(tmp_path: Path) -> Warehouse:
    """One cell that was sharpened onto its only hexagon on 7 March, and its change of the 10th."""
    warehouse = Warehouse(tmp_path)
    first, then = date(2025, 3, 3), date(2025, 3, 7)
    at = pd.Timestamp("2025-03-10T06:00Z")
    week = {"period_grain": "week", "period_start": first, "period_end": date(2025, 3, 9)}
    drops = {"numerator": 50.0, "denominator": 1000.0, "shown": "shown", "run_id": "r", **week}
    for name, frame in {
        "run": rows("run", **RUN),
        "cell_day": rows("cell_day", cell_id=["A", "B"], day_local=first),
        "cell_hex": rows(
            "cell_hex",
            cell_id=["A", "A", "B", "B"],
            hex_id=[HEX, HEX, HEX, HEX + ONE],
            level=8,
            weight=[1.0, 1.0, 1.0, 1.0],
            method="coverage",
            valid_from=[None, then, None, then],
            valid_to=[then, None, then, None],
        ),
        "hex_place": rows("hex_place", hex_id=[HEX, HEX + ONE], level=8),
        "place_cell": rows(
            "place_cell",
            place_type="hex",
            place_id=[f"{HEX:x}", f"{HEX:x}", f"{HEX:x}", f"{HEX + ONE:x}"],
            cell_id=["A", "A", "B", "B"],
            weight=1.0,
            valid_from=[None, then, None, then],
            valid_to=[then, None, then, None],
            run_id="r",
        ),
        "change_point": rows(
            "change_point",
            change_id=["c"],
            place_type="cell",
            cell_id="A",
            change_utc=at,
            change_lo_utc=at,
            change_hi_utc=at,
            ratio=2.0,
            ratio_lo=1.5,
            ratio_hi=2.5,
            drops_excess=100.0,
            drops_excess_lo=60.0,
            drops_excess_hi=140.0,
            drops_load=80.0,
            drops_other=20.0,
            load_share=0.8,
            load_share_lo=0.7,
            load_share_hi=0.9,
            p_load=0.9,
            run_id="r",
        ),
        "place_rate": pd.concat(
            [
                rows(
                    "place_rate",
                    place_type="hex",
                    hex_id=[HEX],
                    level=8,
                    metric="drop_rate",
                    outcome_class="all",
                    value=0.05,
                    value_lo=0.04,
                    value_hi=0.06,
                    **drops,
                ),
                rows(
                    "place_rate",
                    place_type="cell",
                    cell_id=["A", "B"],
                    metric="drops_excess_month",
                    outcome_class="all",
                    value=[5.0, 90.0],
                    value_lo=1.0,
                    value_hi=99.0,
                    **drops,
                ),
            ]
        ),
    }.items():
        warehouse.write(name, frame)
    publish(warehouse, "moved", keep=2)
    return warehouse


def test_a_change_counts_once_where_its_cell_has_had_two_footprints(moved: Warehouse) -> None:
    sums = moved.marts.query("drops_by_attribution", place_type="hex")
    totals = sums[["n_changes", "drops", "drops_load", "drops_other"]].to_numpy()
    assert totals.tolist() == [pytest.approx([1, 100.0, 80.0, 20.0])]
    assert moved.marts.query("drops_by_attribution", place_type="hex", since="2025-03-11").empty


SITES = {"a": "S", "b": "S", "c": "T"}


def _changed(folder: Path, **changes: Any) -> Warehouse:
    """Three cells on two sites, and changes of them, each of 100 drops counted."""
    warehouse, n = Warehouse(folder), len(changes["cell_id"])
    ratio = np.array(changes["ratio"])
    given = {"ratio_lo": ratio / 1.25, "ratio_hi": ratio * 1.25, "load_share_lo": 0.4,
             "load_share": 0.5, "load_share_hi": 0.6, **changes}  # fmt: skip
    at = pd.Timestamp("2025-03-10T06:00Z") + pd.to_timedelta(np.arange(n), unit="D")
    for name, frame in {
        "run": rows("run", **RUN),
        "place_cell": rows("place_cell", cell_id=list(SITES), place_id=list(SITES.values()),
                           place_type="site", weight=1.0, run_id="r"),
        "change_point": rows("change_point", change_id=[str(i) for i in range(n)], run_id="r",
                             place_type="cell", change_utc=at, change_lo_utc=at, change_hi_utc=at,
                             drops_excess=100 * (1 - 1 / ratio), **given),
    }.items():  # fmt: skip
        warehouse.write(name, frame)
    publish(warehouse, "owed", keep=2)
    return warehouse


def test_errors_of_cells_add_up_by_the_rule_of_the_maps(tmp_path: Path) -> None:
    warehouse = _changed(tmp_path, cell_id=["a", "b", "c"], ratio=[2.0, 4.0, 0.5])
    sites = warehouse.marts.query("drops_by_attribution").set_index("place")
    assert sites.loc["S", "drops"] == pytest.approx(50 + 75)
    # what either could be more without its change: 50 and 25, times a quarter
    half = np.array([50.0, 25.0]) / 4
    alone, alike = (half**2).sum(), half.sum() ** 2
    wide = np.sqrt((1 - draws.CORRELATION) * alone + draws.CORRELATION * alike)
    assert sites.loc["S", "drops"] - sites.loc["S", "drops_lo"] == pytest.approx(wide)
    whole = warehouse.marts.query("drops_by_attribution", place_type="network").iloc[0]
    assert whole["drops"] == pytest.approx(50 + 75 - 100)
    assert whole[["drops_load", "drops_other"]].sum() == pytest.approx(whole["drops"])
    assert (whole["drops_hi"] - whole["drops_lo"]) < sum(sites["drops_hi"] - sites["drops_lo"])


def test_what_came_and_went_comes_to_what_it_did_while_it_was_there(tmp_path: Path) -> None:
    warehouse = _changed(tmp_path, cell_id=["a", "a"], ratio=[2.0, 0.5], load_share=[1.0, 1.0])
    (totals,) = warehouse.marts.query("drops_by_attribution").to_dict("records")
    assert totals["n_changes"] == 2
    # 100 drops where 50 would have been, then 100 as before: not 50 more and 100 fewer
    assert totals["drops"] == pytest.approx(50)
    assert totals["drops_load"] == pytest.approx(50)
    # load came and a fault went: what is there now is load's doing, and the fault's less
    both = _changed(tmp_path / "both", cell_id=["a", "a"], ratio=[2.0, 0.5], load_share=[1.0, 0.0])
    (totals,) = both.marts.query("drops_by_attribution").to_dict("records")
    assert totals["drops"] == pytest.approx(50)
    assert totals["drops_load"] == pytest.approx(50 + 100 * (2 - 1 + 1 - 0.5) / 2)


def test_untested_changes_are_counted_beside(tmp_path: Path) -> None:
    warehouse = _changed(tmp_path, cell_id=["a", "a"], ratio=[2.0, 2.0], load_share=[np.nan, 1.0])
    (totals,) = warehouse.marts.query("drops_by_attribution").to_dict("records")
    assert totals["drops_untested"] == pytest.approx(50)
    assert totals["drops"] == totals["drops_load"] == pytest.approx(50)


@pytest.mark.parametrize("kind", ["cell", "sector", "site", "hex", "region", "network"])
def test_every_grain_sums_to_the_network(kind: str, demo: Warehouse) -> None:
    places = demo.marts.query("drops_by_attribution", place_type=kind, top=100_000)
    cells = demo.marts.query("drops_by_attribution", place_type="cell", top=100_000)
    assert places["n_changes"].sum() > 0
    if kind in ("cell", "sector", "site", "network"):
        assert places["drops"].sum() == pytest.approx(cells["drops"].sum())
    else:
        assert 0.5 < places["drops"].sum() / cells["drops"].sum() < 1.001


def test_the_cell_behind_a_hexagon_is_one_that_serves_it_at_the_period_s_end(
    moved: Warehouse,
) -> None:
    hexes = moved.marts.query("period_hexes", period_grain="week", period_start=date(2025, 3, 3))
    assert hexes["dominant_cell_id"].tolist() == ["A"]


def test_a_customer_is_counted_once_and_a_subscriber_never(tmp_path: Path) -> None:
    warehouse = Warehouse(tmp_path)
    month = {"period_grain": "month", "period_start": date(2025, 4, 1),
             "period_end": date(2025, 4, 30), "run_id": "r"}  # fmt: skip
    grid = {"hex_id": [HEX, HEX + ONE, HEX + ONE + ONE], "level": [8, 8, 5], "place_type": "hex"}
    warehouse.write("run", rows("run", **RUN))
    warehouse.write("place_rate", assemble([
        rows("place_rate", **grid, metric="complaints_per_1000", outcome_class="network",
             numerator=[7.0, None, 9.0], denominator=[900.0, 800.0, 1700.0],
             value=[7.0, None, 5.0], shown=["shown", "few", "shown"], **month),
        rows("place_rate", **grid, metric="nps", outcome_class="all",
             denominator=[40.0, None, 55.0], value=[10.0, None, 5.0],
             shown=["shown", "hidden", "shown"], **month),
        rows("place_rate", place_type=["region"], region="East", metric="complaints_per_1000",
             outcome_class="network", numerator=9.0, denominator=1700.0, value=5.0,
             shown="shown", **month),
    ], TABLES["place_rate"]))  # fmt: skip
    files = str(tmp_path / "tables" / "place_rate" / "all.parquet")
    with empty_marts() as connection:
        connection.execute("insert into run by name from read_parquet($f)",
                           {"f": files.replace("place_rate", "run")})  # fmt: skip
        connection.execute("insert into place_rate by name from read_parquet($f)", {"f": files})
        period_rows = connection.execute(read_query("periods").sql).fetchall()
    columns = list(read_query("periods").returns)
    assert period_rows[0][columns.index("n_customer_cases")] == 7 + 40
    assert period_rows[0][columns.index("n_customer_figures")] == 5


def test_the_network_s_step_is_beyond_chance_where_the_interval_leaves_out_zero(
    demo: Warehouse,
) -> None:
    answer = demo.marts.query(
        "network_periods", period_grain="week", period_start=date(2026, 9, 21)
    )
    days = demo.read("cell_day")
    week = days[days["day_local"].between(date(2026, 9, 21), date(2026, 9, 27))]
    newest, before = answer.iloc[0], answer.iloc[1]
    assert newest["drop_rate"] == week["dropped_calls"].sum() / week["call_attempts"].sum()
    assert newest["difference"] == newest["drop_rate"] - before["drop_rate"]
    # Newcombe 1998, method 10, by hand
    below = (
        newest["drop_rate"] - newest["drop_rate_lo"],
        before["drop_rate_hi"] - before["drop_rate"],
    )
    assert newest["difference_lo"] == pytest.approx(newest["difference"] - np.hypot(*below))
    known = answer[answer["difference"].notna()]
    assert len(known) == len(answer) - 1  # the first week has none before it
    worse, better = known["difference_lo"] > 0, known["difference_hi"] < 0
    assert (known["step"] == np.select([worse, better], ["worse", "better"], "same")).all()


def test_the_worst_cells_of_a_week_agree_with_pandas(demo: Warehouse) -> None:
    week = date(2026, 11, 2)
    answer = demo.marts.query("period_cells", period_grain="week", period_start=week, top=1000)
    days = demo.read("cell_day")
    days = days[days["day_local"].between(week, date(2026, 11, 8))]
    sums = days.groupby("cell_id")[["dropped_calls", "call_attempts"]].sum()
    mine = sums.loc[answer["cell_id"]]
    assert answer["dropped_calls"].tolist() == mine["dropped_calls"].tolist()
    excess = answer["drops_excess_month"]
    assert excess.is_monotonic_decreasing
    normal = answer["drop_rate"] - excess * 7 / 30 / answer["call_attempts"]
    assert normal.to_numpy() == pytest.approx(normal.iloc[0])
    # a change in force began before the week's end and reached into the week
    changes = demo.read("change_point").set_index("change_id")
    named = changes.loc[answer["change_id"].dropna()]
    assert len(named) > 3
    assert (named["change_utc"] < pd.Timestamp("2026-11-09T00:00Z")).all()
    assert (named["until_utc"] >= pd.Timestamp("2026-11-02T00:00Z")).all()


def test_changes_and_works_are_dated_on_the_operator_s_days(demo: Warehouse) -> None:
    every = demo.read("change_point")
    local = every["change_utc"].dt.tz_convert("Europe/London").dt.date
    monday = date(2026, 10, 12)
    week = {"since": monday, "until": monday + timedelta(days=6)}
    found = demo.marts.query("change_points", **week)
    assert set(found["change_id"]) == set(every.loc[local.between(*week.values()), "change_id"])
    assert len(found) > 0
    works = demo.marts.query("interventions", **week)
    assert (works["start_day"].between(*map(pd.Timestamp, week.values()))).all()
    assert (
        len(works)
        == demo.marts.query("periods")
        .set_index("period_start")
        .loc["2026-10-12", "n_interventions"]
    )


def test_an_unknown_query_is_refused_with_the_known_ones() -> None:
    with pytest.raises(NothingFound, match="no query 'worst'; there are: acknowledgement_log"):
        read_query("worst")


@pytest.mark.parametrize(
    ("old", "new"),
    [("works", "interventions"), ("work_places", "intervention_places"),
     ("owed", "drops_by_attribution")],
)  # fmt: skip
def test_a_question_asked_by_its_old_name_is_refused_with_the_new_one(old: str, new: str) -> None:
    with pytest.raises(NothingFound, match=f"no query '{old}'; it is called '{new}' since 0.2"):
        read_query(old)


def test_every_renamed_question_and_column_leads_to_one_that_is_there() -> None:
    assert set(RENAMED.values()) <= set(query_names())
    assert not set(RENAMED) & set(query_names())
    columns = {column for table in TABLES.values() for column in table.columns}
    columns |= {column for name in query_names() for column in read_query(name).returns}
    for old, new in RENAMED_COLUMNS.items():
        assert old not in columns
        assert new.split(",")[0] in columns
    assert set(RENAMED_IN_PART) <= columns


@pytest.mark.parametrize(("old", "table"), [("reason", "priority"), ("reason", "worst_places")])
def test_a_column_renamed_in_one_table_and_not_in_another_is_refused_with_both(
    old: str, table: str
) -> None:
    places, new = RENAMED_IN_PART[old]
    assert table in places
    columns = read_query("worst_places").returns.keys() & set(TABLES["priority"].columns)
    assert old not in columns
    assert set(new.split(", or ")) <= columns
    with empty_marts() as marts, pytest.raises(QuestionError) as refused:
        duck.answer(marts, "select reason from priority", {})
    hint = where_it_stands(str(refused.value))
    assert "reason stands in table plan, and in query plan; " in hint
    assert f"that of {places} is called {new} since 0.2" in hint


def test_a_column_that_a_table_still_has_is_not_refused() -> None:
    with empty_marts() as marts:
        assert duck.answer(marts, "select reason from plan", {}).empty


def test_a_coarse_hexagon_is_the_sum_of_the_finer_ones_in_it(demo: Warehouse) -> None:
    days = demo.read("hex_day")
    busiest = days.groupby("hex_id")["call_attempts"].sum().nlargest(1).index.to_numpy("uint64")
    level = int(hexgrid.levels(busiest)[0])
    for coarse in (level - 1, level - 3):
        parent = hexgrid.parents(busiest, level=coarse)
        inside = hexgrid.parents(days["hex_id"], level=coarse) == parent[0]
        known = days[inside].groupby("day_local")[["call_attempts", "dropped_calls"]].sum()
        (text,) = hexgrid.as_text(parent)
        answer = demo.marts.query("hex_history", hex_text=text)
        assert answer["call_attempts"].to_numpy() == pytest.approx(
            known["call_attempts"].to_numpy()
        )
        assert answer["dropped_calls"].to_numpy() == pytest.approx(
            known["dropped_calls"].to_numpy()
        )
        served = demo.read("cell_hex").query("level == @level")
        here = served[hexgrid.parents(served["hex_id"], level=coarse) == parent[0]]
        weights = here.groupby("cell_id")["weight"].sum()
        cells = demo.marts.query("hex_cells", hex_text=text).set_index("cell_id")["weight"]
        assert cells.sort_index().to_dict() == pytest.approx(weights.sort_index().to_dict())


def test_hexagons_of_a_box_are_those_whose_middle_lies_in_it(demo: Warehouse) -> None:
    layer = _fitting(dict.fromkeys(("metric", "period_grain", "period_start"), ("", None)), demo)
    places = demo.read("hex_place").query("level == 7")
    middle = {"lat": places["lat"].median(), "lon": places["lon"].median()}
    box = {"west": places["lon"].min(), "east": middle["lon"],
           "south": middle["lat"], "north": places["lat"].max()}  # fmt: skip
    answer = demo.marts.query("hex_map", **layer, level=7, **box)
    inside = places["lon"].between(box["west"], box["east"]) & places["lat"].between(
        box["south"], box["north"]
    )
    whole = demo.marts.query("hex_map", **layer, level=7)
    wanted = set(whole["hex_id"]) & set(places.loc[inside, "hex_id"])
    assert set(answer["hex_id"]) == wanted
    assert 0 < len(wanted) < len(whole)
    counted = demo.marts.query("levels_in_view", **layer, **box).set_index("level")["n_hexes"]
    assert counted[7] == len(wanted)
    # west above east: all that is not between them
    around = {**box, "west": box["east"] + 1e-9, "east": box["west"] - 1e-9}
    north = demo.marts.query("hex_map", **layer, level=7, **around)
    rows = places["lat"].between(box["south"], box["north"])
    assert set(north["hex_id"]) | wanted == set(whole["hex_id"]) & set(places.loc[rows, "hex_id"])
