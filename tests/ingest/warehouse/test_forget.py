"""Who asked to be forgotten is gone, stays gone, and is all that is gone."""

import itertools
import shutil
from collections.abc import Callable
from datetime import date

import pandas as pd
import pytest

from contracts.errors import QuestionError
from ingest.privacy import door
from ingest.privacy.keys import pseudonym_key, pseudonym_keys
from ingest.warehouse.forget import forget
from ingest.warehouse.parts import rows_of, take_out
from ingest.warehouse.store import Warehouse
from tests.bench.operator import CALLS, COMPLAINTS, KEY, Operator

TODAY = date(2026, 11, 22)
GONE, OTHER = "+447700900123", "+447700900124"


@pytest.fixture
def town(operator: Operator, counters: Callable[..., str]) -> Operator:
    """Two persons who complain and call, one of them in two files and on two days."""
    operator.configure(KEY + COMPLAINTS + CALLS)
    operator.give_key(f"1 = {'a' * 32}")
    operator.write("pm_1.csv", counters("2026-03-01"))
    head = "id,at,class,who\n"
    operator.write(
        "complaints_1.csv",
        f"{head}1,2026-03-01 10:00,network,{GONE}\n2,2026-03-01 11:00,network,{OTHER}\n"
        f"3,never,network,{GONE}\n",
    )
    operator.write("complaints_2.csv", f"{head}4,soon,network,0044 7700 900123\n")
    operator.write("complaints_3.csv", f"{head}5,2026-03-02 10:00,network,tel:{GONE}\n")
    operator.write(
        "calls.csv",
        f"at,outcome,who\n2026-03-01 10:00,drop,{GONE}\n2026-03-01 11:00,success,{OTHER}\n",
    )
    operator.ingest()
    return operator


def _tables(warehouse: Warehouse) -> dict[str, pd.DataFrame]:
    held = {name: warehouse.read(name) for name in ("complaint", "call", "receipt")}
    # a row refused before has its old reason: nobody can tell any more whose it was
    refused = [warehouse.read_refused(name) for name in ("complaint", "call")]
    held["refused"] = pd.concat(refused)[["source_file", "source_row", "scope", "table_name"]]
    held["quality"] = warehouse.read("quality")
    return {
        name: frame.drop(columns=["loaded_utc", "run_id"], errors="ignore")
        .sort_values(list(frame.columns[:4])).reset_index(drop=True)
        for name, frame in held.items()
    }  # fmt: skip


def _pieces_hold(operator: Operator, number: str) -> int:
    keys = pseudonym_keys(operator.settings, {})
    who = {key.pseudonym("msisdn", number.strip("+")) for key in keys}
    complaints, calls = (
        rows_of(operator.warehouse, name, column="subscriber_id", values=who)
        for name in ("complaint", "call")
    )
    return sum(len(part.rows) for part in [*complaints, *calls])


def test_what_counts_goes_though_its_source_row_went_before(town: Operator) -> None:
    counted = town.warehouse.read("complaint_counted")
    # the complaint of the second day repeats that of the first
    assert len(counted) == 2
    # as a run leaves it that is killed between the two tables
    town.warehouse.forget_days("complaint", keep=set(), tables=("complaint",))
    shutil.rmtree(town.warehouse.path / "pieces" / "complaint")
    tried = forget(GONE, "msisdn", town.settings, today=TODAY, dry_run=True)
    lines = forget(GONE, "msisdn", town.settings, today=TODAY)
    for table in (tried, lines):
        assert "tables/complaint_counted/2026-03-01.parquet" in table["where"].tolist()
    assert town.warehouse.read("complaint_counted").empty


def test_what_is_left_is_what_a_run_without_the_person_gives(town: Operator) -> None:
    assert _pieces_hold(town, GONE) == 2 * 3
    others = _pieces_hold(town, OTHER)
    erasures = forget("07700 900123".replace("0", "+44", 1), "msisdn", town.settings, today=TODAY)
    assert _pieces_hold(town, GONE) == 0
    assert _pieces_hold(town, OTHER) == others == 2 * 2
    sources = erasures[erasures["what"] == "source file"].set_index("where")["rows"]
    names = ["raw/calls.csv", "raw/complaints_1.csv", "raw/complaints_3.csv"]
    assert sources.index.tolist() == names
    assert sources.tolist() == [1, 1, 1]
    town.ingest()
    kept = _tables(town.warehouse)
    receipt = kept["receipt"].set_index("table_name")
    assert receipt.loc["call", ["n_read", "n_accepted", "n_refused"]].tolist() == [2, 1, 1]
    # the same files in a new warehouse, with the list of the forgotten
    town.warehouse.path.rename(town.folder / "aside")
    town.ingest()
    for name, frame in _tables(town.warehouse).items():
        pd.testing.assert_frame_equal(frame, kept[name], obj=name)


def test_a_later_file_does_not_bring_them_back(town: Operator) -> None:
    forget(GONE, "msisdn", town.settings, today=TODAY)
    town.write("complaints_9.csv", f"id,at,class,who\n9,2026-03-05 10:00,network,{GONE}\n")
    town.ingest()
    assert _pieces_hold(town, GONE) == 0
    refused = town.warehouse.read_refused("complaint")
    (row,) = refused[refused["source_file"] == "raw/complaints_9.csv"].to_dict("records")
    assert (row["reason"], row["scope"], row["masked_value"]) == (door.FORGOTTEN, "row", "")


def test_another_run_id_tells_that_figures_changed(town: Operator) -> None:
    before = town.warehouse.read("run")["run_id"].iloc[0]
    forget(GONE, "msisdn", town.settings, today=TODAY)
    town.ingest()
    assert town.warehouse.read("run")["run_id"].iloc[0] != before


def test_keys_of_all_epochs_are_looked_under(town: Operator) -> None:
    key = town.folder / "a.key"
    town.give_key(key.read_text("utf-8") + f"\n2 = {'b' * 32}\n")
    # nothing was read under the new key yet
    erasures = forget(GONE, "msisdn", town.settings, today=TODAY)
    assert erasures.loc[erasures["what"] == "piece", "rows"].sum() == 3
    town.ingest()
    assert _pieces_hold(town, GONE) == 0
    town.give_key(key.read_text("utf-8") + f"\n3 = {'c' * 32}\n")
    town.ingest()
    assert _pieces_hold(town, GONE) == 0
    assert _pieces_hold(town, OTHER) == 2 * 2


def test_a_dry_run_changes_nothing_and_tells_the_same(town: Operator) -> None:
    before = {path: path.stat().st_mtime_ns for path in town.folder.rglob("*")}
    dry = forget(GONE, "msisdn", town.settings, today=TODAY, dry_run=True)
    assert {path: path.stat().st_mtime_ns for path in town.folder.rglob("*")} == before
    done = forget(GONE, "msisdn", town.settings, today=TODAY)
    pd.testing.assert_frame_equal(dry.drop(columns="done"), done.drop(columns="done"))


def test_killed_at_any_step_a_rerun_ends_the_same(
    town: Operator, monkeypatch: pytest.MonkeyPatch
) -> None:
    work, safe = town.folder / "warehouse", town.folder / "safe"
    shutil.copytree(work, safe)
    ends = []
    for limit in itertools.count():
        killed = _forget_until(limit, town, monkeypatch)
        if killed:
            forget(GONE, "msisdn", town.settings, today=TODAY)
        ends.append({path.relative_to(work): path.read_bytes()
                     for path in work.rglob("*") if path.is_file()})  # fmt: skip
        assert len((town.folder / "forgotten.txt").read_text("utf-8").splitlines()) == 1
        if not killed:
            break
        shutil.rmtree(work)
        shutil.copytree(safe, work)
        (town.folder / "forgotten.txt").unlink()
    assert len(ends) > 15
    assert all(end == ends[-1] for end in ends)


def _step_of(step: Callable[..., None], real: Callable[..., None]) -> Callable[..., None]:
    return lambda *args, **how: step(real, *args, **how)


def _forget_until(limit: int, town: Operator, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Whether the power went before the step of that number."""
    count = itertools.count()

    def step(real: Callable[..., None], *args: object, **how: object) -> None:
        if next(count) == limit:
            raise KeyboardInterrupt
        real(*args, **how)

    with monkeypatch.context() as patched:
        for name in ("forget_settled", "write_refused", "write_load"):
            patched.setattr(Warehouse, name, _step_of(step, getattr(Warehouse, name)))
        patched.setattr("ingest.warehouse.forget.take_out", _step_of(step, take_out))
        try:
            forget(GONE, "msisdn", town.settings, today=TODAY)
        except KeyboardInterrupt:
            return True
    return False


def test_the_list_holds_no_number_and_is_its_owner_s(town: Operator) -> None:
    forget(GONE, "msisdn", town.settings, today=TODAY)
    path = town.folder / "forgotten.txt"
    assert path.stat().st_mode & 0o777 == 0o600
    key_id, pseudonym, day = path.read_text("utf-8").split()
    assert key_id == pseudonym_key(town.settings, {}).id
    assert (len(pseudonym), day) == (32, "2026-11-22")


def test_what_is_no_number_is_refused_without_quoting_it(town: Operator) -> None:
    with pytest.raises(QuestionError, match="nobody can be found: no telephone number") as refusal:
        forget("+12", "msisdn", town.settings, today=TODAY)
    assert "12" not in str(refusal.value)
