"""One command for a timer: what is new is run, what is due is written, and nothing twice."""

import hashlib
import json
import shlex
import shutil
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

import hexperience
from contracts.errors import ContractError
from ingest.synth import write_operator
from ingest.warehouse.marts import Marts
from ingest.warehouse.store import Warehouse
from tests.bench.damage import spoil
from views.report import write

HOUSE = Path(__file__).resolve().parents[1]
# the operator's 21 days end with Sunday 23 August 2026, the end of week 34, 23:00 UTC
MONDAY = "2026-08-24T06:00Z"


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An operator after its first batch; the last day of its counters is not there yet."""
    config = write_operator(
        tmp_path_factory.mktemp("batch") / "op",
        n_cells=12, n_days=21, n_months=0, last_day=date(2026, 8, 23),
    )  # fmt: skip
    late = sorted((config.parent / "raw" / "pm").glob("*"))[-1]
    late.rename(config.parent / "late.csv")
    code, summary, _ = batch(config, MONDAY)
    assert (code, summary["written"]) == (0, ["2026-W32", "2026-W33", "2026-W34"])
    return config


@pytest.fixture
def config(first: Path, tmp_path: Path) -> Path:
    """A copy of it, to do with as a test likes."""
    folder = shutil.copytree(first.parent, tmp_path / "op", symlinks=True)
    return folder / first.name


def batch(config: Path, now: str) -> tuple[int, dict[str, Any], str]:
    """Exit code, summary and what a person reads."""
    words = ["batch", "--until-now", "--now", now, "--config", str(config)]
    answer = CliRunner().invoke(hexperience.app, words)
    assert answer.exception is None or isinstance(answer.exception, SystemExit), answer.exception
    return answer.exit_code, json.loads(answer.stdout.splitlines()[-1]), answer.stderr


def tree(folder: Path) -> dict[str, str]:
    """Every file below a folder, hidden ones too, with its content's digest."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in files
    }


def test_the_first_batch_caught_up_with_every_week(first: Path) -> None:
    assert {path.name for path in (first.parent / "reports").iterdir()} == {
        "2026-W32", "2026-W33", "2026-W34",
    }  # fmt: skip
    page = (first.parent / "reports" / "2026-W34" / "2026-W34.html").read_text()
    assert "Only 6 of this week's 7 days are known." in page.replace("&#39;", "'")


def test_a_second_call_changes_nothing(config: Path) -> None:
    reports, marts = config.parent / "reports", Warehouse(config.parent / "warehouse").marts.file
    before = tree(reports)
    code, summary, _ = batch(config, MONDAY)
    assert (code, summary["new"], summary["written"], summary["revised"]) == (0, False, [], [])
    assert summary["rows"]["read"] == summary["rows"]["accepted"] + summary["rows"]["refused"] > 0
    assert sum(summary["verdicts"].values()) > 0
    assert summary["run_id"]
    assert tree(reports) == before
    # nothing new is not published anew
    assert Warehouse(config.parent / "warehouse").marts.file == marts


def test_an_audience_gets_the_newest_week_once(config: Path) -> None:
    audience = '[audience.head]\nsections = ["data"]\nrecipients = ["out"]\n'
    config.write_text(f"{audience}{config.read_text()}")
    for _ in range(2):
        code, summary, _ = batch(config, MONDAY)
        assert (code, summary["delivery"]["sent"], summary["delivery"]["due"]) == (0, 1, 0)
    assert [
        str(path.relative_to(config.parent)) for path in config.parent.glob("out/**/*.html")
    ] == ["out/2026-W34/2026-W34.html"]
    shown = CliRunner().invoke(hexperience.app, ["deliver", "--list", "--config", str(config)])
    assert shown.stdout.count("2026-W34 revision 1") == 2  # sending, sent


def test_a_clock_in_the_past_writes_nothing_new(config: Path) -> None:
    shutil.rmtree(config.parent / "reports" / "2026-W34")
    code, summary, _ = batch(config, "2026-08-17T06:00+01:00")
    assert (code, summary["written"], summary["revised"]) == (0, [], [])
    assert batch(config, MONDAY)[1]["written"] == ["2026-W34"]


def test_late_data_makes_a_revision_of_its_period_alone(config: Path) -> None:
    folder = config.parent
    (folder / "late.csv").rename(folder / "raw" / "pm" / "PM_20260823.csv")
    before = tree(folder / "reports")
    code, summary, _ = batch(config, MONDAY)
    assert (code, summary["new"], summary["written"]) == (0, True, [])
    assert "2026-W34" in summary["revised"]
    page = (folder / "reports" / "2026-W34" / "2026-W34.html").read_text()
    assert "Revision 2." in page
    assert "days known 6, now 7" in page
    # a week whose counts stayed as they were stays as it was
    kept = {"2026-W32", "2026-W33"} - set(summary["revised"])
    after = tree(folder / "reports")
    assert {k: v for k, v in after.items() if k[:8] in kept} == {
        k: v for k, v in before.items() if k[:8] in kept
    }
    assert kept


def test_a_second_copy_is_refused(config: Path) -> None:
    with Warehouse(config.parent / "warehouse").alone("batch"):
        code, summary, said = batch(config, MONDAY)
    assert (code, summary["exit"]) == (2, 2)
    assert "another batch is at work here" in summary["error"]
    assert "another batch is at work here" in said
    with Warehouse(config.parent / "warehouse").alone():
        assert "another run is at work here" in batch(config, MONDAY)[1]["error"]
    assert batch(config, MONDAY)[0] == 0


def test_what_failed_is_written_at_the_next_call(
    config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reports = config.parent / "reports"
    shutil.rmtree(reports)
    build = write.build

    def full(marts: Marts, period: Any, *more: Any, **how: Any) -> dict[str, bytes]:
        if period.key == "2026-W33":
            raise OSError("no space left on device")
        return build(marts, period, *more, **how)

    monkeypatch.setattr(write, "build", full)
    code, summary, _ = batch(config, MONDAY)
    assert (code, summary["error"]) == (2, "no space left on device")
    assert [path.name for path in reports.iterdir()] == ["2026-W32"]
    monkeypatch.undo()
    assert batch(config, MONDAY)[1]["written"] == ["2026-W33", "2026-W34"]


@pytest.mark.parametrize(
    ("stop", "code"),
    [
        (KeyboardInterrupt(), 3), (ContractError("broken", ["x"]), 1), (KeyError("x"), 1),
        (MemoryError(), 1), (RuntimeError("07700 900123"), 1),
    ],
)  # fmt: skip
def test_every_end_has_its_code_and_its_summary(
    config: Path, monkeypatch: pytest.MonkeyPatch, stop: BaseException, code: int
) -> None:
    def ended(*_: Any, **__: Any) -> None:
        raise stop

    monkeypatch.setattr(hexperience, "_batch", ended)
    text = config.read_text("utf-8")
    config.write_text(text.replace("[run]", '[run]\nlog = "logs/run.log"', 1), "utf-8")
    got, summary, said = batch(config, MONDAY)
    assert got == summary["exit"] == code
    assert summary["error"] in said
    assert summary["log"] == (str(config.parent / "logs" / "run.log") if "[run]" in text else None)
    # what a crash says may quote data: its kind and place stand in the summary
    if not isinstance(stop, KeyboardInterrupt | ContractError):
        assert summary["error"].startswith(f"crashed: {type(stop).__name__} in ")
        assert "900123" not in summary["error"]


@pytest.mark.parametrize("kind", ["cut", "empty", "flipped", "gone"])
def test_a_damaged_snapshot_is_a_fault_and_the_next_batch_publishes_anew(
    config: Path, kind: str
) -> None:
    marts = Warehouse(config.parent / "warehouse").marts.file
    marts.chmod(0o644)
    spoil(marts, kind)
    words = ["check", "--published", "--config", str(config)]
    answer = CliRunner().invoke(hexperience.app, words)
    assert answer.exit_code == 1
    assert f"{marts} is damaged" in answer.stdout
    code, summary, said = batch(config, MONDAY)
    assert (code, summary["written"], summary["revised"]) == (0, [], [])
    assert "marts.duckdb is damaged" in said
    assert not marts.exists()
    answer = CliRunner().invoke(hexperience.app, words)
    assert "damaged" not in answer.stdout, answer.stdout
    assert CliRunner().invoke(
        hexperience.app, ["query", "receipt", "--config", str(config)]
    ).exit_code == 0  # fmt: skip


@pytest.mark.parametrize("now", ["2026-08-24T06:00", "yesterday"])
def test_a_clock_without_an_offset_is_refused(config: Path, now: str) -> None:
    code, summary, _ = batch(config, now)
    assert code == 2
    assert "write it with its offset" in summary["error"]


# ------------------------------------------------------------------------------- the examples


def test_the_crontab_s_command_works_in_its_shell(config: Path, tmp_path: Path) -> None:
    lines = (HOUSE / "examples" / "cron" / "hexperience").read_text().splitlines()
    (line,) = (line for line in lines if line[:1].isdigit())
    *when, user, command = line.split(None, 6)
    assert (len(when), user) == (5, "hexperience")
    assert "%" not in command  # cron would take it for the end of the line
    (tmp_path / "hexperience").write_text(
        f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m hexperience "$@" --now {MONDAY}\n'
    )
    (tmp_path / "hexperience").chmod(0o755)
    environ = {
        "PATH": f"{tmp_path}:/usr/bin:/bin", "HEXPERIENCE_CONFIG": str(config),
        "PYTHONPATH": str(HOUSE),
    }  # fmt: skip
    here = command.replace("/var/log/hexperience", str(tmp_path))
    answer = subprocess.run(
        ["/bin/sh", "-c", here], env=environ, capture_output=True, text=True, check=False
    )
    assert (answer.returncode, answer.stdout) == (0, ""), answer.stdout + answer.stderr
    assert json.loads((tmp_path / "batch.jsonl").read_text())["exit"] == 0
    environ["HEXPERIENCE_CONFIG"] = "nowhere.toml"
    failed = subprocess.run(
        ["/bin/sh", "-c", here], env=environ, capture_output=True, text=True, check=False
    )
    assert "no such configuration" in failed.stdout  # which cron mails


def test_the_units_are_as_systemd_wants_them(tmp_path: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("no systemd-analyze here")
    for path in (HOUSE / "examples" / "systemd").iterdir():
        text = path.read_text().replace("/opt/hexperience/bin/hexperience", "/bin/true")
        (tmp_path / path.name).write_text(text)
    answer = subprocess.run(
        ["systemd-analyze", "verify", *map(str, sorted(tmp_path.iterdir()))],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (answer.returncode, answer.stderr) == (0, "")
