"""Every check finds the row that was planted for it, and none in sound marts."""

import shutil
from datetime import date
from pathlib import Path

import duckdb
import pytest

from contracts.errors import ContractError
from contracts.settings.sections import Privacy
from contracts.tables import SCHEMA_VERSION
from ingest.warehouse.duck import connect
from ingest.warehouse.marts import guilty_rows
from ingest.warehouse.publish import publish
from ingest.warehouse.questions import BLOCKING, check_names, read_check
from ingest.warehouse.store import Warehouse
from tests.bench.frames import rows
from tests.bench.town import Town

PLANTED = {
    "change_order": [
        "update change_point set change_hi_utc = change_utc - interval 1 day",
        "update change_point set until_utc = change_utc",
        "update change_point set ramp_end_utc = change_utc - interval 1 hour",
    ],
    "change_ratios": [
        "update change_point set ratio = 3",
        "update change_point set direction = 'down'",
        "update change_point set drops_excess = 0",
    ],
    "counters": [
        "update cell_day set prb_dl_used_prb_s = 1.1 * prb_dl_avail_prb_s where {one_day}",
        "update cell_day set unavail_s = covered_s + 1 where {one_day}",
        "update cell_day set bh_call_attempts = call_attempts + 1 where {one_day}",
    ],
    "footprint_weights": [
        "update cell_hex set weight = 0.9 * weight where cell_id = 'LDS-01'",
        "update cell_hex set weight = null where cell_id = 'LDS-01'",
    ],
    "future_days": ["update cell_day set day_local = '2031-01-01' where {one_day}"],
    "hex_levels": [
        "update hex_place set level = 7 where hex_id = {hex}",
        "update place_rate set level = 9 where {one_rate}",
    ],
    "hex_totals": [
        "update hex_day set dropped_calls = dropped_calls + 1e-4 "
        "where day_local = '2025-03-03' and hex_id = {hex}",
        "delete from hex_day where day_local = '2025-03-03'",
    ],
    "mixed_runs": [
        "update quality set run_id = 'older' where verdict = 'warn'",
        "update change_day set run_id = 'older'",
        "update change_curve set run_id = 'older'",
        "insert into load_response (cell_id, run_id) values ('LDS-01', 'older')",
    ],
    "orphan_cells": [
        "update change_point set cell_id = 'LDS-99'",
        "update change_day set cell_id = 'LDS-99'",
        "update change_curve set cell_id = 'LDS-99'",
        "insert into load_response (cell_id, run_id) values ('LDS-99', 'r')",
        "delete from cell where cell_id = 'LDS-04'",
    ],
    "orphan_hexes": [
        "delete from hex_place where hex_id = {hex}",
        "insert into change_point (change_id, place_type, hex_id) values ('h', 'hex', 1)",
    ],
    "ranks": [
        "delete from priority where place_type = 'hex' and rank = 2",
        "update priority set rank = 2 where place_type = 'site' and rank = 1",
    ],
    "rate_intervals": [
        "update place_rate set value_hi = value - 1e-3 where {one_rate}",
        "update priority set drop_rate_lo = 1 where place_type = 'hex' and rank = 1",
    ],
    "rate_parts": [
        "update place_rate set numerator = numerator + 1 where {one_rate}",
        "update place_rate set value = 'inf'::double, value_hi = 'inf'::double where {one_rate}",
        "update place_rate set value = 101, value_hi = 101 where rowid = "
        "(select min(rowid) from place_rate where metric = 'nps')",
    ],
    "receipt_sums": ["update receipt set n_accepted = n_accepted - 1 where table_name = 'pm'"],
    "response_parts": [
        "update survey_response set n_completed = n_invited + 1 where stratum = 'a'",
        "update survey_response set n_delivered = n_invited + 1 where stratum = 'a'",
        "update survey_response set n_completed = 4 where stratum = 'a'",
        "update survey_response set n_invited = 15, n_delivered = 15 where stratum = 'a'",
        "update survey_response set n_answers = 3 where stratum = 'b'",
    ],
    "released_changes": [
        "insert into change_point (change_id, place_type, hex_id) values ('1', 'hex', {hex})",
        "insert into place_rate (place_type, hex_id, metric, shown) "
        "values ('hex', {hex}, 'call_drop_rate', 'shown'); "
        "insert into change_point (change_id, place_type, hex_id, attempts_after) "
        "values ('2', 'hex', {hex}, 90)",
        "insert into place_rate (place_type, hex_id, metric, shown) "
        "values ('hex', {hex}, 'call_drop_rate', 'shown'); "
        "insert into change_point (change_id, place_type, hex_id) values ('3', 'hex', {hex}); "
        "insert into change_day (change_id) values ('3')",
    ],
    "released_figures": [
        "update place_rate set numerator = 3 where {one_count} and shown = 'shown'",
        "update place_rate set denominator = 15 where {one_count} and shown = 'shown'",
        "update place_rate set denominator = 29 where rowid = "
        "(select min(rowid) from place_rate where metric = 'nps')",
        "update place_rate set value = 1 where rowid = "
        "(select min(rowid) from place_rate where shown = 'hidden')",
        "update place_rate set denominator = 9 where rowid = "
        "(select min(rowid) from place_rate where shown = 'hidden')",
        "update place_rate set shown = null where {one_count} and shown = 'shown'",
    ],
    "released_parts": [
        "insert into rate_part (place_type, metric, split, part, shown, numerator) "
        "values ('network', 'complaints_per_1000', 'channel', 'app', 'shown', 4)",
        "insert into rate_part (place_type, metric, split, part, shown, value) "
        "values ('network', 'complaints_per_1000', 'channel', 'web', 'hidden', .1)",
        "insert into rate_part (place_type, metric, split, part, shown, denominator) "
        "values ('network', 'call_drop_rate', 'operator', 'A', 'shown', 9)",
    ],
}  # fmt: skip
RULE = Privacy()


@pytest.mark.parametrize(
    ("name", "planted"),
    [(name, sql) for name, statements in PLANTED.items() for sql in statements],
)
def test_a_planted_row_is_found(name: str, planted: str, town: Town, tmp_path: Path) -> None:
    marts = tmp_path / "marts.duckdb"
    shutil.copyfile(Warehouse(town.warehouse).marts.file, marts)
    with duckdb.connect(str(marts)) as connection:
        connection.execute(_placed(planted, connection))
    guilty = guilty_rows(marts, RULE)
    assert name in set(guilty["check"])
    assert guilty["reason"].str.len().min() > 0


def _placed(planted: str, connection: duckdb.DuckDBPyConnection) -> str:
    """The statement with rows of the town in its braces."""
    one = {
        "hex": "select min(hex_id) from hex_day",
        "one_rate": "select min(rowid) from place_rate "
        "where metric = 'drop_rate' and place_type = 'hex'",
        "one_count": "select min(rowid) from place_rate "
        "where metric = 'complaints_per_1000' and shown = 'shown' and numerator > 0",
        "one_day": "select min(rowid) from cell_day",
    }
    known = {name: connection.execute(sql).fetchone() for name, sql in one.items()}
    found = {name: str(row[0]) for name, row in known.items() if row is not None}
    rowids = {name: f"rowid = {found[name]}" for name in ("one_rate", "one_count", "one_day")}
    return planted.format(**{**found, **rowids})


def test_every_check_has_a_planted_row() -> None:
    assert set(PLANTED) == set(check_names()) > BLOCKING


def test_footprints_that_need_no_inventory_are_not_accused(town: Town, tmp_path: Path) -> None:
    marts = tmp_path / "marts.duckdb"
    shutil.copyfile(Warehouse(town.warehouse).marts.file, marts)
    with duckdb.connect(str(marts)) as connection:
        connection.execute("delete from cell where cell_id in ('LDS-03', 'LDS-04')")
        connection.execute("update cell_hex set method = 'coverage' where cell_id = 'LDS-03'")
        connection.execute("update cell_hex set method = 'event_shares' where cell_id = 'LDS-04'")
    assert guilty_rows(marts, RULE).empty


def test_the_demo_keeps_every_promise(demo: Warehouse) -> None:
    assert demo.marts.guilty(RULE).empty


@pytest.mark.parametrize("name", check_names())
def test_the_grain_of_a_check_is_unique(name: str, town: Town, tmp_path: Path) -> None:
    marts = tmp_path / "marts.duckdb"
    shutil.copyfile(Warehouse(town.warehouse).marts.file, marts)
    with duckdb.connect(str(marts)) as connection:
        for statement in PLANTED[name]:
            connection.execute(_placed(statement, connection))
    check = read_check(name)
    limits = {key: RULE.model_dump()[key] for key in check.params}
    with connect(marts) as connection:
        found = connection.execute(check.sql, limits).fetchall()
    columns = list(check.returns)
    keys = [tuple(row[columns.index(name)] for name in check.grain) for row in found]
    assert len(keys) == len(set(keys)) > 0


def test_a_harder_rule_makes_yesterdays_figures_guilty(town: Town) -> None:
    harder = RULE.model_copy(update={"min_nps": 50})
    guilty = Warehouse(town.warehouse).marts.guilty(harder)
    assert set(guilty["check"]) == {"released_figures"}


def test_what_breaks_a_promise_is_not_published(tmp_path: Path) -> None:
    warehouse = Warehouse(tmp_path)
    warehouse.write("run", rows("run", run_id=["r"], level=8))
    receipt = {"table_name": ["pm"], "n_read": 10, "n_accepted": 9, "n_refused": 1, "run_id": "r"}
    warehouse.write("receipt", rows("receipt", **receipt))
    first = publish(warehouse, "first", keep=2)
    warehouse.write("receipt", rows("receipt", **{**receipt, "n_accepted": 8}))
    refusal = r"not published.*\n.*receipt_sums: 1 row\(s\), such as: pm: 10 read, 8 accepted"
    with pytest.raises(ContractError, match=refusal):
        publish(warehouse, "second", keep=2)
    assert warehouse.marts.file.parent == first
    assert [path.name for path in (tmp_path / "snapshots").iterdir()] == [first.name]


def test_one_odd_cell_is_published_and_noted(tmp_path: Path) -> None:
    warehouse = Warehouse(tmp_path)
    run = {"run_id": ["r"], "level": 8, "schema_version": SCHEMA_VERSION}
    warehouse.write("run", rows("run", **run))
    odd = {"cell_id": ["a", "b"], "call_attempts": [9.0, 9.0], "bh_call_attempts": [9.0, 10.0]}
    warehouse.write("cell_day", rows("cell_day", day_local=date(2025, 3, 3), **odd))
    publish(warehouse, "first", keep=2)
    (note,) = warehouse.marts.query("quality_notes").to_dict("records")
    assert (note["table_name"], note["check_name"], note["verdict"]) == (
        "cell_day", "counters", "unsafe",
    )  # fmt: skip
    violation = "cell b on 2025-03-03: busy hour has more calls than its day"
    assert note["message"] == f"1 row(s) break the check counters, such as: {violation}."
    assert warehouse.marts.guilty(RULE)["check"].tolist() == ["counters"]
    assert not warehouse.marts.file.stat().st_mode & 0o222
