"""Tables keep their contract, snapshots appear whole, and readers can only read."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from contracts.errors import ContractError, InputError, NothingFound, QuestionError
from contracts.fields import FIELDS
from contracts.tables import PUBLISHED, SCHEMA_VERSION, TABLES
from ingest.warehouse.duck import connect
from ingest.warehouse.files import read_note
from ingest.warehouse.migration import migrate
from ingest.warehouse.publish import publish
from ingest.warehouse.questions import parse_query, typed
from ingest.warehouse.store import Warehouse
from tests.bench.asked import asked

HEXES = pd.DataFrame(
    {
        "hex_id": [613_000_000_000_000_001, 613_000_000_000_000_003],
        "level": 8,
        "lat": 53.8,
        "lon": -1.5,
        "region": None,
    }
)


@pytest.fixture
def warehouse(tmp_path: Path) -> Warehouse:
    one = Warehouse(tmp_path)
    one.write("hex_place", HEXES)
    publish(one, "first", keep=2)
    return one


def test_hexagons_come_back_to_the_last_digit(warehouse: Warehouse) -> None:
    assert warehouse.read("hex_place")["hex_id"].tolist() == HEXES["hex_id"].tolist()
    assert asked(warehouse.marts, "select hex_id from hex_place order by 1")["hex_id"].tolist() == (
        HEXES["hex_id"].tolist()
    )


def test_missing_hexagons_do_not_spoil_the_others(tmp_path: Path) -> None:
    columns = TABLES["change_point"].columns
    frame = pd.DataFrame([dict.fromkeys(columns)] * 2).assign(change_id=["a", "b"])
    frame["hex_id"] = pd.Series([613_000_000_000_000_001, None], dtype="UInt64")
    warehouse = Warehouse(tmp_path)
    warehouse.write("change_point", frame)
    assert warehouse.read("change_point")["hex_id"][0] == 613_000_000_000_000_001


def test_rows_of_some_cells_are_read_without_the_rest(tmp_path: Path) -> None:
    columns = TABLES["cell_hour"].columns
    ids = np.repeat([f"C{n:04}" for n in range(2500)], 24)
    hours = pd.DataFrame(dict.fromkeys(columns, np.nan), index=range(len(ids)))
    clock = pd.Timestamp("2025-03-03T00:00Z") + pd.to_timedelta(np.tile(range(24), 2500), "h")
    hours = hours.assign(cell_id=ids, hour_start_utc=clock, day_local=date(2025, 3, 3))
    hours["covered_s"] = np.arange(len(ids)) / 7 % 3600
    warehouse = Warehouse(tmp_path)
    warehouse.write("cell_hour", hours, day="2025-03-03")
    some = warehouse.read("cell_hour", only=("cell_id", ["C0003", "C0004"]))
    whole = hours[hours["cell_id"].isin(["C0003", "C0004"])]
    assert some["covered_s"].tolist() == whole["covered_s"].tolist()
    heads = pq.read_metadata(tmp_path / "tables" / "cell_hour" / "2025-03-03.parquet")
    held = [heads.row_group(n).column(0).statistics for n in range(heads.num_row_groups)]
    assert [one.min <= "C0003" <= one.max for one in held] == [True, False, False]


def test_a_frame_that_breaks_its_contract_is_not_written(warehouse: Warehouse) -> None:
    with pytest.raises(ContractError, match=r"hex_place\.lat: 2 values above 90"):
        warehouse.write("hex_place", HEXES.assign(lat=99.0))
    assert warehouse.read("hex_place")["lat"].unique().tolist() == [53.8]


def test_findings_carry_the_run_at_hand_and_have_all_columns(warehouse: Warehouse) -> None:
    rows = pd.DataFrame({"cell_id": ["b", "a"], "dropped_calls": [2, 1]})
    with pytest.raises(NothingFound, match="no run is at hand; do 'hexperience run' first"):
        warehouse.write_findings({"benefit": rows})
    run = dict.fromkeys(TABLES["run"].columns) | {"run_id": "r1"}
    warehouse.write("run", pd.DataFrame([run]))
    warehouse.write_findings({"benefit": rows.assign(run_id="an older one")})
    benefits = warehouse.read("benefit")
    assert benefits["run_id"].tolist() == ["r1", "r1"]
    assert benefits["cell_id"].tolist() == ["a", "b"]
    assert benefits["relief_pct"].isna().all()


def test_all_published_tables_are_there_with_types_and_comments(warehouse: Warehouse) -> None:
    with connect(warehouse.marts.file) as connection:
        columns = connection.execute(
            "select table_name, column_name, data_type, comment from duckdb_columns() "
            "where database_name = current_database() and table_name in "
            "(select table_name from duckdb_tables()) order by all"
        ).fetchall()
    assert {row[0] for row in columns} == set(PUBLISHED)
    for _, name, kind, comment in columns:
        assert kind == FIELDS[name].type.replace("TIMESTAMPTZ", "TIMESTAMP WITH TIME ZONE")
        assert comment.startswith(FIELDS[name].meaning)


def test_a_reader_keeps_its_snapshot_while_a_new_one_comes(warehouse: Warehouse) -> None:
    with connect(warehouse.marts.file) as reader:
        warehouse.write("hex_place", HEXES.head(1))
        publish(warehouse, "second", keep=2)
        assert reader.execute("select count(*) from hex_place").fetchone() == (2,)
    assert asked(warehouse.marts, "select count(*) as n from hex_place")["n"].tolist() == [1]


def test_many_read_one_file_at_once(warehouse: Warehouse) -> None:
    def ask(_: int) -> int:
        return int(asked(warehouse.marts, "select count(*) as n from hex_place")["n"].iloc[0])

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(ask, range(40))) == [2] * 40
    with connect(warehouse.marts.file), pytest.raises(QuestionError, match="Cannot access file"):
        asked(warehouse.marts, "select * from read_csv('/etc/passwd')")


def test_old_snapshots_go_and_the_current_one_is_the_newest(warehouse: Warehouse) -> None:
    for name in ("second", "third"):
        publish(warehouse, name, keep=2)
    names = sorted(path.name for path in (warehouse.path / "snapshots").iterdir())
    assert names == ["000002-second", "000003-third"]
    assert warehouse.marts.file.parent.name == "000003-third"


def test_before_the_first_run_the_remedy_is_named(tmp_path: Path) -> None:
    with pytest.raises(NothingFound, match="nothing is published yet; do 'hexperience run' first"):
        _ = Warehouse(tmp_path).marts.file


def test_a_second_run_at_once_is_held_off(warehouse: Warehouse) -> None:
    refusal = pytest.raises(InputError, match="another run is at work here")
    with warehouse.alone(), refusal, warehouse.alone():
        pass
    with warehouse.alone():
        pass


def test_what_a_killed_run_left_is_taken_away(warehouse: Warehouse) -> None:
    part = warehouse.path / "tables" / "hex_place" / ".part-x"
    building = warehouse.path / "snapshots" / ".building-x"
    part.touch()
    building.mkdir()
    (building / "marts.duckdb").touch()
    (warehouse.path / "snapshots" / ".link-x").symlink_to("nowhere")
    with warehouse.alone():
        pass
    assert not part.exists()
    assert [path.name for path in (warehouse.path / "snapshots").iterdir()] == ["000001-first"]
    assert len(warehouse.read("hex_place")) == 2


def test_a_newer_warehouse_is_refused_with_a_remedy(tmp_path: Path) -> None:
    warehouse = Warehouse(tmp_path)
    migrate(warehouse)
    note = tmp_path / "schema.json"
    facts = read_note(note)
    assert facts is not None
    assert facts["version"] == SCHEMA_VERSION
    note.write_text(json.dumps({"version": SCHEMA_VERSION + 1, "columns": "x"}), "utf-8")
    with pytest.raises(InputError, match=r"written by a newer .*\n.*restore a backup"):
        migrate(warehouse)


def test_queries_on_older_marts_tell_the_remedy(tmp_path: Path) -> None:
    folder = tmp_path / "snapshots" / "000001-old"
    folder.mkdir(parents=True)
    (tmp_path / "current").symlink_to(folder)
    with duckdb.connect(str(folder / "marts.duckdb")) as connection:
        connection.execute("create table run as select 'r' as run_id, 1 as schema_version")
    with pytest.raises(NothingFound, match=r"are of schema 1, .* do 'hexperience run' first"):
        Warehouse(tmp_path).marts.query("run_facts")


def test_a_select_cannot_leave_the_marts(warehouse: Warehouse, tmp_path: Path) -> None:
    secret = tmp_path / "secret.csv"
    secret.write_text("a\n1\n", "utf-8")
    with pytest.raises(QuestionError, match="file system operations are disabled"):
        asked(warehouse.marts, f"select * from read_csv('{secret}')")


HEAD = "-- q: What?\n-- reads: run\n-- params: top INTEGER = 3, since DATE\n"
TAIL = "-- returns: run_id VARCHAR\n-- grain: run_id\nselect run_id from run"


def test_parameters_are_cast_filled_in_and_checked() -> None:
    query = parse_query(HEAD + TAIL, "q.sql")
    assert typed(query, {"since": "2026-07-01"})["top"] == 3
    with pytest.raises(
        ValueError, match=r"give since=\.\.\.; it takes: top INTEGER = 3, since DATE"
    ):
        typed(query, {})
    with pytest.raises(ValueError, match="q: parameter top: 'x' is no INTEGER"):
        typed(query, {"since": "2026-07-01", "top": "x"})
    with pytest.raises(ValueError, match="q: unknown parameter tip; it takes: top INTEGER"):
        typed(query, {"since": "2026-07-01", "tip": "x"})


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (HEAD + TAIL.replace("-- grain", "-- grains"), "five head lines"),
        (HEAD.replace("top INTEGER", "top: INTEGER") + TAIL, "is not 'name TYPE'"),
    ],
)
def test_a_bad_head_is_refused(text: str, fault: str) -> None:
    with pytest.raises(ValueError, match=fault):
        parse_query(text, "q.sql")
