"""A warehouse of 0.1.0 goes on under this software: what people noted and what was stated stays."""

import tarfile
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest

import analysis.run
import ingest.run
from analysis.changes import hourly
from contracts.errors import NothingFound
from contracts.settings.load import load
from contracts.settings.sections import Privacy
from contracts.tables import TABLES
from ingest.running.workers import workers
from ingest.warehouse import lineage
from ingest.warehouse.migration import migrate
from ingest.warehouse.publish import publish
from ingest.warehouse.store import Warehouse
from views.report import write as report

ARCHIVE = Path(__file__).with_name("warehouse_of_0_1_0.tar.xz")
"""Made by tests/bench/warehouse_of_0_1_0.py; one more day of counters has arrived since its run."""

HOURLY_DAYS = 14
"""So few that the oldest change is no longer among the days that are searched by the hour."""

STANDS = "WKF01C1-up-20261021T20"
STATED = "stated_utc"
FIGURES = ["change_utc", "change_lo_utc", "change_hi_utc", "ratio", "attribution", "p_load",
           "load_share", "days_hash", "method_version", "first_reported_utc"]  # fmt: skip


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """Returns the folder of an operator as 0.1.0 left it."""
    with tarfile.open(ARCHIVE) as archive:
        archive.extractall(tmp_path, filter="data")
    return tmp_path / "operator"


def stated_before(warehouse: Warehouse) -> pd.DataFrame:
    """Returns the changes as 0.1.0 wrote them, by change_id, under their present names."""
    (path,) = warehouse.files("change_point")
    rows = pq.read_table(path).to_pandas().rename(columns={"told_utc": STATED})
    return rows.set_index("change_id")


def test_older_tables_and_marts_are_refused_with_the_remedy(old: Path) -> None:
    warehouse = Warehouse(old / "warehouse")
    refusal = pytest.raises(NothingFound, match=r"of schema 4, .* do 'hexperience run' first")
    with refusal:
        warehouse.marts.query("worst_places")
    with refusal:
        warehouse.marts.guilty(Privacy())
    with refusal:
        lineage.behind(warehouse, "WKF01C1", lambda *_: pd.DataFrame())


def test_what_was_stated_keeps_its_values_under_new_names(old: Path) -> None:
    warehouse = Warehouse(old / "warehouse")
    before = stated_before(warehouse)
    migrate(warehouse)
    now = warehouse.read("change_point").set_index("change_id")
    pd.testing.assert_frame_equal(now[[STATED, *FIGURES]], before[[STATED, *FIGURES]],
                                  check_dtype=False)  # fmt: skip
    assert now[STATED].notna().all()
    # what is made of the files is made anew
    assert not [name for name, table in TABLES.items()
                if table.layer != "finding" and warehouse.files(name)]  # fmt: skip
    assert warehouse.piece_days("pm")
    migrate(warehouse)
    assert warehouse.read("change_point")[STATED].notna().all()


@pytest.mark.slow
def test_a_run_goes_on_where_the_old_one_ended(old: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings, warehouse = load(old / "hexperience.toml", environ={}), Warehouse(old / "warehouse")
    before = stated_before(warehouse)
    loads = [*(old / "warehouse" / "loads").rglob("*.json")]
    monkeypatch.setattr(hourly, "HOURLY_DAYS", HOURLY_DAYS)
    with workers(settings.run) as client:
        receipt = ingest.run.run(settings, client)
        analysis.run.run(settings, client)
    publish(warehouse, "new", keep=2)

    # every file is read again: 0.1.0 took some values for what they are not
    assert loads
    assert not [path for path in loads if path.exists()]
    assert receipt.set_index("table_name")["n_read"]["pm"] > 0

    now = warehouse.read("change_point").set_index("change_id")
    assert set(before.index) <= set(now.index)
    same = now.loc[before.index]
    pd.testing.assert_series_equal(same["first_reported_utc"], before["first_reported_utc"],
                                   check_dtype=False)  # fmt: skip
    assert same.loc[STANDS, STATED] == before.loc[STANDS, STATED] < now[STATED].max()
    assert same.loc[STANDS, FIGURES].tolist() == before.loc[STANDS, FIGURES].tolist()
    days = warehouse.read("change_day").groupby("change_id").size()
    assert days[STANDS] > 0

    log = warehouse.marts.query("acknowledgements").set_index("subject_id")
    assert set(log.index) == {before.index.min(), "WKF01"}
    assert log["found_now"].all()
    assert log.loc["WKF01", ["ack_status", "ack_owner"]].tolist() == ["in_work", "Ann Lee"]
    assert warehouse.marts.guilty(settings.privacy).empty

    reports = settings.resolve(settings.report.folder)
    assert [(name, revision) for name, _, revision in report.written(reports)] == [("2026-W45", 1)]
