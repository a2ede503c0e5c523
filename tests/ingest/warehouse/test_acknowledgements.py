"""The log of acknowledgements: kept as said, never changed, found again after every run."""

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pandas as pd
import pytest

from analysis.changes.identity import keep_identity
from contracts.errors import InputError, QuestionError
from contracts.tables import SCHEMA_VERSION, TABLES, check
from ingest.warehouse import acknowledgements
from ingest.warehouse.acknowledgements import Subject, Word, note, older, read, remove, state
from ingest.warehouse.migration import migrate
from ingest.warehouse.publish import publish
from ingest.warehouse.store import Warehouse
from tests.bench.asked import asked
from tests.bench.frames import rows

AT = datetime(2025, 5, 2, 9, 30, tzinfo=UTC)
SITE = Subject("site", "LDS1")


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "acknowledgements.sqlite"


def test_the_newest_entry_of_each_subject_is_its_state(log: Path) -> None:
    assert read(log).empty
    assert state(log) == (0, 0)
    note(log, SITE, Word("acknowledged", "Ann"), by="Ann", at=AT)
    note(log, Subject("cell", "LDS1"), Word("open", "Bo"), by="Bo", at=AT)
    number = note(log, SITE, Word("in_work", "Cy", "antenna"), by="Ann", at=AT + timedelta(hours=1))
    entries = read(log)
    assert check(entries, TABLES["acknowledgement"]) == []
    assert number == entries["entry_id"].iloc[-1] == 3
    assert state(log) == (3, 3)
    assert entries["is_newest"].tolist() == [False, True, True]
    newest = entries.set_index("subject_type").query("is_newest").loc["site"]
    assert newest[["ack_status", "ack_owner", "ack_by"]].tolist() == ["in_work", "Cy", "Ann"]


def test_times_are_kept_in_utc_whatever_zone_they_come_in(log: Path) -> None:
    east = AT.astimezone(timezone(timedelta(hours=5, minutes=30)))
    note(log, SITE, Word("open", "Ann"), by="Ann", at=east)
    assert read(log)["ack_utc"].tolist() == [pd.Timestamp(AT)]


def test_a_comment_is_redacted_before_it_reaches_the_disk(log: Path) -> None:
    word = Word("open", "Ann", "  customer +44 7700 900123, jo@example.org, called thrice ")
    note(log, SITE, word, by="Ann", at=AT)
    assert read(log)["ack_comment"].tolist() == ["customer [number], [e-mail] called thrice"]
    held = log.read_bytes()
    assert b"900123" not in held
    assert b"example.org" not in held


def _refuses_changes(log: Path) -> None:
    connection = sqlite3.connect(log)
    for statement in ("update acknowledgement set ack_owner = 'Bo'", "delete from acknowledgement"):
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            connection.execute(statement)
    connection.close()


def test_an_entry_can_be_neither_changed_nor_deleted(log: Path) -> None:
    note(log, SITE, Word("open", "Ann"), by="Ann", at=AT)
    _refuses_changes(log)
    assert read(log)["ack_owner"].tolist() == ["Ann"]


def test_an_entry_taken_out_leaves_nothing_in_the_file(log: Path) -> None:
    for n, owner in enumerate(("Ann Lee", "Bo Ramsbottom", "Cy Hill")):
        word = Word("open", owner, f"a comment by {owner}")
        note(log, SITE, word, by=owner, at=AT + timedelta(days=n))
    assert remove(log, [2, 3]) == 2
    entries = read(log)
    assert entries[["entry_id", "ack_owner", "is_newest"]].to_numpy().tolist() == [
        [1, "Ann Lee", True]
    ]
    assert state(log) == (1, 1)
    held = b"".join(path.read_bytes() for path in log.parent.glob(f"{log.name}*"))
    assert b"Ann Lee" in held
    assert b"Ramsbottom" not in held
    assert note(log, SITE, Word("done", "Di"), by="Di", at=AT) == 4
    _refuses_changes(log)


def test_what_is_not_there_cannot_be_taken_out(log: Path) -> None:
    with pytest.raises(QuestionError, match="no entry 1"):
        remove(log, [1])
    note(log, SITE, Word("open", "Ann"), by="Ann", at=AT)
    with pytest.raises(QuestionError, match="no entry 7"):
        remove(log, [1, 7])
    assert len(read(log)) == 1


def test_entries_before_a_moment_are_named(log: Path) -> None:
    for days in (0, 10, 20):
        note(log, SITE, Word("open", "Ann"), by="Ann", at=AT + timedelta(days=days))
    assert older(log, AT) == []
    assert older(log, AT + timedelta(days=15)) == [1, 2]


def test_many_writers_at_once_lose_no_entry(log: Path) -> None:
    def write(n: int) -> int:
        return note(log, Subject("cell", f"c{n % 7}"), Word("open", f"o{n}"), by="x", at=AT)

    with ThreadPoolExecutor(16) as pool:
        numbers = list(pool.map(write, range(120)))
    entries = read(log)
    assert sorted(numbers) == entries["entry_id"].tolist() == list(range(1, 121))
    assert set(entries["ack_owner"]) == {f"o{n}" for n in range(120)}
    assert entries["is_newest"].sum() == 7


def test_a_writer_that_waits_too_long_is_refused_and_the_log_stays_readable(
    log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    note(log, SITE, Word("open", "Ann"), by="Ann", at=AT)
    monkeypatch.setattr(acknowledgements, "_PATIENCE_S", 0.05)
    other = sqlite3.connect(log)
    other.execute("begin immediate")
    with pytest.raises(InputError, match="database is locked"):
        note(log, SITE, Word("done", "Ann"), by="Ann", at=AT)
    assert len(read(log)) == 1
    other.close()


def test_a_file_that_is_no_log_is_refused(log: Path) -> None:
    log.write_text("something else, long enough to be taken for a database " * 20)
    with pytest.raises(InputError, match="it must be a log of ours"):
        read(log)


@pytest.mark.parametrize(
    ("subject", "word", "by", "fault"),
    [
        (Subject("town", "x"), Word("open", "Ann"), "Ann", "subject: 'town' is none of change"),
        (SITE, Word("finished", "Ann"), "Ann", "status: 'finished' is none of open"),
        (SITE, Word("open", "  "), "Ann", "owner: missing"),
        (SITE, Word("open", "Ann"), "", "by: missing"),
        (SITE, Word("open", "Ann", "x" * 2001), "Ann", "comment: at most 2000 characters"),
    ],
)
def test_what_cannot_be_kept_is_refused(
    subject: Subject, word: Word, by: str, fault: str, log: Path
) -> None:
    with pytest.raises(QuestionError, match=fault):
        note(log, subject, word, by=by, at=AT)
    assert not log.exists()


@pytest.mark.parametrize("text", ["LDS1", "mast:LDS1", "site:", "site: "])
def test_a_subject_is_a_kind_and_a_key(text: str) -> None:
    with pytest.raises(QuestionError, match=r"write it as one of change:\.\.\., site"):
        Subject.parse(text)


def test_a_key_may_hold_colons() -> None:
    assert Subject.parse("cell: 234-10:7 ") == Subject("cell", "234-10:7")


# ---------------------------------------------------------------------------- beside the marts


def _change(change_id: str, at: str) -> pd.DataFrame:
    when = pd.Timestamp(at, tz="UTC")
    return rows("change_point", change_id=[change_id], place_type="cell", cell_id="A",
                metric="drop_rate", direction="up", change_utc=when, change_lo_utc=when,
                change_hi_utc=when, first_reported_utc=when, drops_excess=9.0,
                run_id="r")  # fmt: skip


@pytest.fixture
def warehouse(tmp_path: Path) -> Warehouse:
    held = Warehouse(tmp_path / "warehouse")
    held.write(
        "run", rows("run", run_id=["r"], timezone="UTC", level=8, schema_version=SCHEMA_VERSION)
    )
    held.write("change_point", _change("A-up-20250412T00", "2025-04-12"))
    publish(held, "r", keep=2)
    return held


def test_an_acknowledgement_outlives_refits_publications_and_a_new_layout(
    warehouse: Warehouse,
) -> None:
    changes = warehouse.read("change_point")
    subject = Subject("change", changes["change_id"].iloc[0])
    warehouse.marts.acknowledge(subject, Word("in_work", "Ann", "=1+1"), by="Ann", at=AT)
    refit = _change("", "2025-04-12T09:00").drop(columns=["change_id", "first_reported_utc"])
    moved = keep_identity(refit, changes, as_of=pd.Timestamp(AT))
    warehouse.write("change_point", moved[changes.columns])
    (warehouse.path / "schema.json").write_text('{"version": 1}')
    migrate(warehouse)
    publish(warehouse, "r2", keep=2)
    found = warehouse.marts.query("change_points")
    assert found["change_utc"].dt.hour.tolist() == [9]
    assert found[["ack_status", "ack_owner", "ack_comment"]].to_numpy().tolist() == [
        ["in_work", "Ann", "=1+1"]
    ]
    assert warehouse.marts.query("acknowledgements")["found_now"].tolist() == [True]
    own = asked(warehouse.marts, "select count(*) as n from acknowledgement join change_point "
                        "on subject_id = change_id")  # fmt: skip
    assert own["n"].tolist() == [1]


def test_what_is_no_longer_found_stays_in_the_log(warehouse: Warehouse) -> None:
    subject = Subject("change", "A-up-20250412T00")
    warehouse.marts.acknowledge(subject, Word("open", "Ann"), by="Ann", at=AT)
    warehouse.write("change_point", warehouse.read("change_point").head(0))
    publish(warehouse, "r2", keep=2)
    warehouse.marts.acknowledge(subject, Word("done", "Ann"), by="Ann", at=AT)
    subjects = warehouse.marts.query("acknowledgements")
    assert subjects[["ack_status", "n_entries", "found_now"]].to_numpy().tolist() == [
        ["done", 2, False]
    ]


def test_a_misspelt_subject_is_refused(warehouse: Warehouse) -> None:
    with pytest.raises(QuestionError, match="no change 'A-up' is published"):
        warehouse.marts.acknowledge(Subject("change", "A-up"), Word("open", "Ann"), by="Ann", at=AT)
