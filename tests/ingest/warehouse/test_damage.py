"""What was cut, emptied or changed on the disk is noticed, in every file, and nothing else is."""

import os
import shutil
import stat
from pathlib import Path

import pandas as pd
import pytest

from contracts.errors import Damaged, InputError
from ingest.warehouse import files
from ingest.warehouse.acknowledgements import Subject, Word, note, read
from ingest.warehouse.migration import migrate
from ingest.warehouse.publish import publish
from ingest.warehouse.retain import retain
from ingest.warehouse.store import Warehouse
from tests.bench.asked import asked
from tests.bench.damage import KINDS, spoil
from tests.bench.operator import CONFIG, Operator

PERSONS = """
[[source]]
table = "complaint"
path = "raw/complaints.csv"
[source.columns]
complaint_id = "id"
created_utc = "at"
complaint_class = "class"
subscriber_id = "who"
"""
AT = pd.Timestamp("2026-03-05T09:30Z").to_pydatetime()


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Operator:
    """A small operator with persons, whose days were ingested and published twice."""
    folder = tmp_path_factory.mktemp("published")
    one = Operator(folder)
    one.config.write_text(CONFIG + PERSONS + '[privacy]\nkey_file = "a.key"\n', "utf-8")
    (folder / "a.key").write_text("k" * 40, "utf-8")
    (folder / "a.key").chmod(0o600)
    one.write("cells.csv", "cell,tech,lat,lon,azimuth\n001,lte,19.00,73.00,0\n")
    starts = pd.date_range("2026-03-02", periods=96 * 2, freq="15min")
    lines = [f"001,{start.isoformat()},20,{i % 3},50,5" for i, start in enumerate(starts)]
    one.write("pm_1.csv", "\n".join(["cell,start,attempts,drops,prb,users", *lines]) + "\n")
    people = [f"c{i},2026-03-02T10:00:00Z,network,+91981012345{i}" for i in range(3)]
    lines = ["id,at,class,who", *people, people[0], "c9,never,network,"]
    one.write("complaints.csv", "\n".join(lines) + "\n")
    one.ingest()
    publish(one.warehouse, "first", keep=3)
    retain(one.settings, now=AT)
    publish(one.warehouse, "second", keep=3)
    return one


@pytest.fixture
def copied(published: Operator, tmp_path: Path) -> Operator:
    """A copy of it, to spoil."""
    shutil.copytree(published.folder, tmp_path / "op", symlinks=True)
    return Operator(tmp_path / "op")


def _files(warehouse: Warehouse) -> list[Path]:
    """Every file of a warehouse that holds anything."""
    paths = (path for path in warehouse.path.rglob("*") if not path.is_symlink())
    return sorted(path for path in paths if path.is_file() and path.name != "lock")


def test_a_warehouse_as_it_was_written_has_no_damage(published: Operator) -> None:
    assert list(published.warehouse.damages()) == []
    kinds = {path.relative_to(published.warehouse.path).parts[0] for path in _files(
        published.warehouse)}  # fmt: skip
    assert kinds == {
        "pieces", "loads", "refused", "repeated", "settled", "tables", "snapshots",
        "schema.json", "kept_from.json",
    }  # fmt: skip


ENDS = [(kind, 0.5) for kind in ("empty", "shorter", "longer")]
WAYS = [(kind, at) for kind in ("cut", "flipped", "zeroed") for at in (0.0, 0.03, 0.5, 0.9, 1.0)]


@pytest.mark.parametrize(("kind", "at"), [*ENDS, *WAYS])
def test_damage_is_noticed_in_every_file(copied: Operator, kind: str, at: float) -> None:
    paths = _files(copied.warehouse)
    # marts and the note of their checksum speak for each other: one of both at a time
    for spared in ("marts.json", "marts.duckdb"):
        before = {path: path.read_bytes() for path in paths if path.name != spared}
        for path in before:
            path.chmod(0o600)
            spoil(path, kind, at)
        changed = {str(path) for path, content in before.items() if path.read_bytes() != content}
        named = {str(error).split(" is damaged")[0] for error in copied.warehouse.damages()}
        assert named == changed
        assert len(changed) > 0.9 * len(before) > 30
        for path, content in before.items():
            path.write_bytes(content)


@pytest.mark.parametrize("part", ["tables/cell_hour", "tables/receipt", "loads/pm"])
def test_every_byte_counts(copied: Operator, part: str) -> None:
    path = sorted((copied.warehouse.path / part).iterdir())[0]
    content = path.read_bytes()
    for place in range(0, len(content), 1 + len(content) // 700):
        changed = bytearray(content)
        changed[place] ^= 1 << place % 8
        path.write_bytes(changed)
        with pytest.raises(Damaged, match=f"{path.name} is damaged: "):
            files.verify(path) if path.suffix == ".parquet" else files.read_note(path)
    path.write_bytes(content)
    assert list(copied.warehouse.damages()) == []


def test_a_damaged_table_is_refused_by_every_reader_and_made_anew_by_its_remedy(
    copied: Operator,
) -> None:
    warehouse, before = copied.warehouse, copied.warehouse.read("cell_hour")
    path = warehouse.files("cell_hour")[0]
    spoil(path, "flipped")
    with pytest.raises(Damaged, match="checksum is another"):
        warehouse.read("cell_hour", columns=["cell_id"])
    spoil(day := warehouse.files("cell_day")[0], "flipped")
    with pytest.raises(Damaged, match=r"cell_day.*checksum is another"):
        publish(warehouse, "third", keep=3)
    assert warehouse.marts.file.parent.name == "000002-second"
    for one in (path, day, warehouse.path / "settled" / "pm" / f"{path.stem}.json"):
        one.unlink()
    copied.ingest()
    pd.testing.assert_frame_equal(warehouse.read("cell_hour"), before)
    assert list(warehouse.damages()) == []


def test_a_damaged_piece_is_read_again_by_its_remedy(copied: Operator) -> None:
    path = next((copied.warehouse.path / "pieces" / "pm").glob("*/*.parquet"))
    before = copied.warehouse.read_pieces("pm", path.parent.name)
    spoil(path, "zeroed")
    with pytest.raises(Damaged, match="the note of its load in loads/"):
        copied.warehouse.read_pieces("pm", path.parent.name)
    path.unlink()
    (copied.warehouse.path / "loads" / "pm" / f"{path.stem}.json").unlink()
    copied.ingest()
    again = copied.warehouse.read_pieces("pm", path.parent.name)
    columns = [name for name in before if name != "loaded_utc"]
    pd.testing.assert_frame_equal(again[columns], before[columns])


@pytest.mark.parametrize("kind", ["empty", "flipped"])
def test_what_damaged_notes_speak_of_is_done_again(
    copied: Operator, kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    warehouse = copied.warehouse
    before = copied.ingest()
    for path in [*warehouse.path.glob("loads/*/*.json"), *warehouse.path.glob("settled/*/*.json")]:
        spoil(path, kind)
    # of what is over, the receipt knows no more: those rows are not kept any longer
    pd.testing.assert_frame_equal(copied.ingest(), before)
    assert list(warehouse.damages()) == []
    assert "pm" in caplog.text
    assert "what it spoke of is done again" in caplog.text


@pytest.mark.parametrize("name", ["kept_from.json", "schema.json"])
@pytest.mark.parametrize("kind", KINDS)
def test_notes_that_cannot_be_made_again_are_refused_with_the_remedy(
    copied: Operator, name: str, kind: str
) -> None:
    spoil(copied.warehouse.path / name, kind)
    with pytest.raises(Damaged, match=f"{name} is damaged: .*restore it from the backup"):
        copied.ingest()


def test_notes_and_tables_of_before_have_no_checksums_and_are_read(tmp_path: Path) -> None:
    path = tmp_path / "kept_from.json"
    path.write_text('{"call": "2026-01-01"}', "utf-8")
    assert Warehouse(tmp_path).kept_from() == {"call": "2026-01-01"}
    rows = pd.DataFrame({"a": [1, 2]})
    rows.to_parquet(tmp_path / "a.parquet")
    assert files.read_rows(tmp_path / "a.parquet").to_pandas()["a"].tolist() == [1, 2]
    spoil(tmp_path / "a.parquet", "cut")
    with pytest.raises(Damaged, match="is damaged"):
        files.read_rows(tmp_path / "a.parquet")
    for text in ("[]", "3", '"facts"', '{"facts": {}}', '{"crc32": "00000000"}', "", "\0" * 40):
        path.write_text(text, "utf-8")
        with pytest.raises(Damaged, match="is damaged"):
            files.read_note(path)


def test_a_file_is_on_the_disk_before_it_has_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    events = []
    replace, fsync = Path.replace, os.fsync

    def replaced(self: Path, target: Path) -> Path:
        events.append(f"named {target.name}")
        return replace(self, target)

    def synced(handle: int) -> None:
        is_folder = stat.S_ISDIR(os.fstat(handle).st_mode)
        events.append("folder" if is_folder else "file")
        fsync(handle)

    monkeypatch.setattr(Path, "replace", replaced)
    monkeypatch.setattr(os, "fsync", synced)
    files.write_note(tmp_path / "new" / "a.json", {"a": 1})
    assert events == ["folder", "file", "named a.json", "folder"]


# ------------------------------------------------------------------ what another user may do


def _of_another(path: Path, user: int = 65534) -> Path:
    """The path, as if another user had put it there; only root can show it."""
    if os.geteuid() != 0:
        pytest.skip("only root gives files away")
    os.chown(path, user, user, follow_symlinks=False)
    return path


@pytest.mark.parametrize("work", ["run", "batch"])
def test_a_lock_is_neither_followed_nor_emptied(tmp_path: Path, work: str) -> None:
    target = tmp_path / "pseudonym.key"
    target.write_text("secret", "utf-8")
    warehouse = Warehouse(tmp_path / "warehouse")
    warehouse.path.mkdir()
    lock = warehouse.path / ("lock" if work == "run" else "lock-batch")
    lock.symlink_to(target)
    with pytest.raises(InputError, match="is a symbolic link"), warehouse.alone(work):
        pass
    lock.unlink()
    os.mkfifo(lock)
    with pytest.raises(InputError, match="is no file"), warehouse.alone(work):
        pass
    lock.unlink()
    lock.write_text("kept", "utf-8")
    with warehouse.alone(work):
        pass
    assert (target.read_text("utf-8"), lock.read_text("utf-8")) == ("secret", "kept")


@pytest.mark.parametrize("name", ["kept_from.json", "schema.json", "loads", "tables", ".part-x"])
def test_what_another_user_puts_into_the_folder_stops_a_run(copied: Operator, name: str) -> None:
    path = copied.warehouse.path / name
    if name.startswith(".part"):
        path.touch()
    _of_another(path)
    with pytest.raises(InputError, match=f"{name}: user 65534 put it there"), (
        copied.warehouse.alone()):  # fmt: skip
        pass


def test_a_note_of_another_user_hides_nothing(copied: Operator) -> None:
    path = copied.warehouse.path / "kept_from.json"
    path.write_text('{"complaint": "2999-01-01"}', "utf-8")
    _of_another(path)
    with pytest.raises(InputError, match=r"kept_from.json is not believed\n.*user 65534 wrote it"):
        copied.warehouse.kept_from()
    path.unlink()
    path.symlink_to(copied.folder / "a.key")
    with pytest.raises(InputError, match="it is a symbolic link"):
        copied.warehouse.kept_from()


def test_what_another_user_publishes_is_not_believed(copied: Operator) -> None:
    link = copied.warehouse.path / "current"
    assert copied.warehouse.marts.run_id
    _of_another(link)
    with pytest.raises(InputError, match="current is not believed"):
        copied.warehouse.marts.query("receipt")


SQL = {
    "a view": "create view acknowledgement as with recursive n(i) as "
    "(select 1 union all select i + 1 from n) select i as entry_id from n",
    "other columns": "create table acknowledgement (a text); "
    "insert into acknowledgement values ('x')",
    "no table": "create table other (a text)",
}


def _spoil_log(log: Path, how: str) -> None:
    if how in SQL:
        import sqlite3  # noqa: PLC0415  the test stands in for an attacker

        log.unlink()
        with sqlite3.connect(log) as connection:
            connection.executescript(SQL[how])
        connection.close()
    elif how == "a link":
        log.rename(log.with_name("elsewhere"))
        log.symlink_to(log.with_name("elsewhere"))
    elif how == "a pipe":
        log.unlink()
        os.mkfifo(log)
    elif how == "a folder":
        log.unlink()
        log.mkdir()
    elif how == "empty long since":
        log.write_bytes(b"")
        os.utime(log, (1e9, 1e9))
    else:
        spoil(log, how, 0.0 if how == "zeroed" else 0.01)


@pytest.mark.parametrize(
    "how", ["cut", "zeroed", "a link", "a pipe", "a folder", "empty long since", *SQL]
)
def test_a_log_that_cannot_be_read_is_a_warning_and_ends_no_answer(
    copied: Operator, how: str, caplog: pytest.LogCaptureFixture
) -> None:
    marts = copied.warehouse.marts
    note(marts.log, Subject("cell", "001"), Word("open", "Ann"), by="Ann", at=AT)
    assert len(asked(marts, "from acknowledgement")) == 1
    _spoil_log(marts.log, how)
    assert "can't be read" in marts.log_fault
    assert marts.log_state
    assert asked(marts, "from acknowledgement").empty
    assert "answers are without acknowledgements" in caplog.text
    assert len(marts.query("receipt")) > 0
    gone = retain(copied.settings, now=AT).set_index("what")
    assert "not looked at" in gone.loc["acknowledgements", "done"]


def test_the_log_is_written_by_its_owner_alone(copied: Operator) -> None:
    log = copied.warehouse.marts.log
    note(log, Subject("cell", "001"), Word("open", "Ann"), by="Ann", at=AT)
    assert log.parent == copied.warehouse.path / "acknowledgements"
    _of_another(log)
    with pytest.raises(InputError, match="acknowledge as that user: sudo -u"):
        note(log, Subject("cell", "001"), Word("open", "Bo"), by="Bo", at=AT)
    assert read(log)["ack_owner"].tolist() == ["Ann"]
    gone = retain(copied.settings, now=AT.replace(year=2036)).set_index("what")
    assert "still there" in gone.loc["acknowledgements", "done"]


def test_a_log_of_before_moves_into_the_folder_of_its_own(copied: Operator) -> None:
    before = copied.warehouse.path / "acknowledgements.sqlite"
    note(before, Subject("cell", "001"), Word("open", "Ann"), by="Ann", at=AT)
    assert copied.warehouse.marts.log == before
    migrate(copied.warehouse)
    assert not before.exists()
    assert len(read(copied.warehouse.marts.log)) == 1
    with copied.warehouse.alone():
        pass
