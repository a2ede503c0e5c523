"""The console as a person uses it: answers on the screen or in files, refusals with a remedy."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest
import typer
from typer.testing import CliRunner

from hexperience import app
from ingest.warehouse.questions import QUERIES, headed, query_names, read_query

CONSOLE = [sys.executable, "-m", "hexperience"]


def _ask(
    *words: str, config: Path | None = None, given: str = "", **environ: str
) -> subprocess.CompletedProcess[str]:
    """What the console answers in this process; a fault that it does not word is raised."""
    answer = CliRunner().invoke(app, words, input=given, env=_environ(config, environ))
    if answer.exception is not None and not isinstance(answer.exception, SystemExit):
        raise answer.exception
    return subprocess.CompletedProcess(words, answer.exit_code, answer.stdout, answer.stderr)


def _ask_from_a_shell(
    *words: str, config: Path | None = None, **environ: str
) -> subprocess.CompletedProcess[str]:
    """The same in a process of its own, which takes seconds to start."""
    return subprocess.run(
        [*CONSOLE, *words],
        env={**os.environ, **_environ(config, environ)},
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )


def _environ(config: Path | None, others: dict[str, str]) -> dict[str, str]:
    return {"HEXPERIENCE_CONFIG": str(config), **others} if config else others


def test_a_query_is_answered_as_a_table(demo_config: Path) -> None:
    answer = _ask_from_a_shell("query", "worst_places", "--param", "top=3", config=demo_config)
    assert answer.returncode == 0, answer.stderr
    assert answer.stdout.splitlines()[0].split()[:2] == ["place_type", "rank"]
    assert len(answer.stdout.splitlines()) == 4


@pytest.mark.parametrize("form", ["csv", "json", "parquet"])
def test_a_query_is_written_to_a_file(demo_config: Path, tmp_path: Path, form: str) -> None:
    out = tmp_path / f"changes.{form}"
    words = ["query", "change_points", "--format", form, "--out", str(out)]
    answer = _ask(*words, "--config", str(demo_config))
    assert answer.returncode == 0, answer.stderr
    readers = {"csv": pd.read_csv, "parquet": pd.read_parquet,
               "json": lambda path: pd.DataFrame(json.loads(path.read_text()))}  # fmt: skip
    frame = readers[form](out)
    assert f"{len(frame):,} rows written to" in answer.stderr
    assert pd.to_datetime(frame["change_utc"], utc=True).notna().all()
    assert list(tmp_path.iterdir()) == [out]


def test_the_rows_behind_a_cell_of_the_list_are_shown(demo_config: Path, tmp_path: Path) -> None:
    steps, out = tmp_path / "why.csv", tmp_path / "rows.csv"
    sql = "select dominant_cell_id from priority where place_type = 'site' and rank = 1"
    cell = _ask("sql", sql, "--format", "csv", config=demo_config).stdout.split()[-1]
    why = ["query", "why", "--param", f"place={cell}", "--param", "place_type=cell"]
    for words, to in ((why, steps), (["rows", cell], out)):
        answer = _ask(*words, "--format", "csv", "--out", str(to), config=demo_config)
        assert answer.returncode == 0, answer.stderr
    rows = pd.read_csv(out)
    assert rows[["source_file", "file_hash", "source_row"]].notna().all(axis=None)
    assert rows["dropped_calls"].sum() == pd.read_csv(steps).query("step == 1")["value"].iloc[0]


def test_ad_hoc_sql_is_answered_and_only_selects_are(demo_config: Path) -> None:
    sql = "select count(distinct cell_id) as n from cell_day"
    answer = _ask("sql", sql, "--format", "csv", config=demo_config)
    assert answer.stdout.split() == ["n", "120"]
    refused = _ask("sql", "drop table cell_day", config=demo_config)
    assert refused.returncode == 2
    assert "exactly one SELECT" in refused.stderr
    lost = _ask("sql", "select drop_rate from cell_day", config=demo_config)
    assert lost.returncode == 2
    assert "drop_rate stands in table priority, and in query cell_history" in lost.stderr


def test_files_of_queries_and_sql_behind_a_comment_run(demo_config: Path) -> None:
    worst = (QUERIES / "places" / "worst_places.sql").read_text("utf-8")
    asked = ["--param", "top=2", "--format", "csv"]
    answers = [
        _ask("sql", worst, *asked, config=demo_config),
        _ask("sql", "-", *asked, config=demo_config, given=worst),
        _ask("query", "worst_places", *asked, config=demo_config),
    ]
    assert [answer.returncode for answer in answers] == [0, 0, 0]
    assert answers[0].stdout == answers[1].stdout == answers[2].stdout
    for select in ("-- how many\nselect 1 as n", "--many\n\n-- and more\nselect 1 as n; -- done",
                   "/* so */ select 1 as n", "--\nselect $n as n"):  # fmt: skip
        given = ["--param", "n=1"] if "$n" in select else []
        answer = _ask("sql", select, *given, "--format", "csv", config=demo_config)
        assert answer.stdout.split() == ["n", "1"], answer.stderr
    assert "No such option" in _ask("sql", "--fromat", "csv", config=demo_config).stderr


def test_every_file_of_queries_is_read_as_a_question_of_its_own_name() -> None:
    for name in query_names():
        question = headed(read_query(name).sql)
        assert question is not None, name
        assert question.name == name
    assert headed("-- note: not a head\nselect 1") is None


@pytest.mark.parametrize(
    ("words", "remedy"),
    [
        (["sql", "from read_csv('x.csv')"], "read_csv looks beyond the marts"),
        (["sql", "-- nothing else"], "give exactly one SELECT"),
        (["query", "worst"], "no query 'worst'; there are:"),
        (["query", "works"], "no query 'works'; it is called 'interventions' since 0.2"),
        (
            ["query", "worst_places", "--param", "weak=1"],
            "unknown parameter weak; it takes: place_type",
        ),
        (["query", "worst_places", "--param", "top"], "write it as name=value"),
        (["query", "worst_places", "--format", "xml"], "no 'xml'; there are: table, csv"),
        (["run", "--config", "nowhere.toml"], "nowhere.toml: no such configuration"),
        (["fly"], "No such command 'fly'"),
        (["sql", "selct 1"], "syntax error"),
        (["sql", "select n_options from plan_budget"], "is called n_actions_offered since 0.2"),
        (["sql", "select * from nowhere"], "nowhere does not exist"),
        (["query", "receipt", "--out", "/nowhere/x.csv"], "No such file or directory"),
    ],
)
def test_a_refusal_has_a_remedy(demo_config: Path, words: list[str], remedy: str) -> None:
    answer = _ask(*words, config=demo_config)
    assert answer.returncode == 2
    assert remedy in answer.stderr


def test_a_refusal_ends_a_process_with_2_and_no_traceback(demo_config: Path) -> None:
    answer = _ask_from_a_shell("query", "worst", config=demo_config)
    assert answer.returncode == 2
    assert "no query 'worst'" in answer.stderr
    assert "Traceback" not in answer.stderr


def test_an_acknowledgement_is_noted_listed_and_exported(small: Path) -> None:
    site = json.loads(_ask("query", "worst_places", "--format", "json", config=small).stdout)[0]
    subject = f"site:{site['site_id']}"
    words = ["--status", "in_work", "--owner", "Ann Lee", "--comment", "=cmd|' /C calc'!A0"]
    noted = _ask("acknowledge", subject, *words, "--by", "Bo", config=small)
    assert noted.returncode == 0, noted.stderr
    assert noted.stdout == f"entry 1: {subject} is in_work, Ann Lee\n"
    listed = _ask("acknowledge", "--list", config=small).stdout
    assert "in_work" in listed
    assert "Ann Lee" in _ask("acknowledge", subject, "--list", config=small).stdout
    exported = _ask("query", "acknowledgements", "--format", "csv", config=small).stdout
    assert ",'=cmd|' /C calc'!A0,Bo," in exported
    joined = _ask("query", "worst_places", "--format", "csv", config=small).stdout
    assert "in_work,Ann Lee," in joined.splitlines()[1]
    assert _ask("acknowledge", "--remove", "1", config=small).stdout == "entries taken out: 1\n"
    assert "Ann Lee" not in _ask("acknowledge", subject, "--list", config=small).stdout
    refused = _ask("acknowledge", "site:nowhere", "--owner", "Ann", config=small)
    assert refused.returncode == 2
    assert "no site 'nowhere' is published" in refused.stderr


def test_queries_are_listed_with_their_questions(demo_config: Path) -> None:
    answer = _ask("query", config=demo_config)
    line = "worst_places          Where would action help customers most, and why?"
    assert line in answer.stdout


def test_the_version_is_printed() -> None:
    answer = CliRunner().invoke(app, ["--version"])
    assert answer.exit_code == 0
    assert re.fullmatch(r"hexperience (\d+\.\d+\.\d+|checkout)\n", answer.output)


def test_help_tells_all_that_is_written_in_the_code() -> None:
    group = typer.main.get_group(app)
    for name, command in group.commands.items():
        said = [command.help, *(getattr(param, "help", None) for param in command.params)]
        wide = {"COLUMNS": "400", "TERMINAL_WIDTH": "400"}
        shown = " ".join(CliRunner().invoke(app, [name, "--help"], env=wide).output.split())
        # a word in square brackets is markup to what draws the help, and vanishes
        assert [text for text in said if text and " ".join(text.split()) not in shown] == [], name


@pytest.fixture(scope="module")
def small_demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """Folder of the smallest demo, run from a shell with a log, and what the run printed."""
    folder = tmp_path_factory.mktemp("small") / "a demo"
    words = ["demo", "--folder", str(folder), "--cells", "12", "--days", "20", "--months", "0"]
    answer = _ask_from_a_shell(*words, NO_APP="1", HEXPERIENCE_RUN__LOG="run.log")
    assert answer.returncode == 0, answer.stderr
    return folder, answer.stdout


@pytest.fixture(scope="module")
def small(small_demo: tuple[Path, str]) -> Path:
    """Configuration of the smallest demo."""
    return small_demo[0] / "hexperience.toml"


def test_the_demo_runs_to_its_receipt_in_a_path_with_a_space(small_demo: tuple[Path, str]) -> None:
    folder, said = small_demo
    assert "rows: read = accepted + refused" in said
    assert "what to do first: avoidable drops a month" in said
    assert "data as of" in said
    assert (folder / "warehouse" / "current" / "marts.duckdb").exists()


def test_the_log_names_the_run_and_no_person(small: Path) -> None:
    folder = small.parent
    (log,) = folder.glob("run.log*")
    text = log.read_text("utf-8")
    run_id = pd.read_parquet(folder / "warehouse" / "tables" / "run" / "all.parquet")["run_id"][0]
    assert f"run={run_id} published 000001-{run_id}" in text
    assert re.search(rf"run={run_id} pm: \d+ read, \d+ accepted, \d+ refused", text)
    assert (folder / "pseudonym.key").read_text().strip() not in text
    persons = pd.concat(
        pd.read_csv(path, sep=None, engine="python", dtype=str) for path in folder.glob("raw/crm/*")
    )
    numbers = set(persons["MSISDN"].dropna())
    pseudonyms = pd.read_parquet(folder / "warehouse" / "tables" / "complaint")["subscriber_id"]
    assert len(numbers) > 10
    assert not any(number in text for number in (numbers | set(pseudonyms.dropna())))


def test_check_leaves_the_warehouse_alone_and_ends_with_1_on_a_fault(small: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in small.parent.rglob("*")}
    sound = _ask("check", config=small)
    assert sound.returncode == 0, sound.stderr + sound.stdout
    assert "ok     marts: they keep all promises of queries/checks" in sound.stdout
    assert {path: path.stat().st_mtime_ns for path in small.parent.rglob("*")} == before
    stale = _ask("check", "--published", "--max-age-hours", "1", "--format", "json", config=small)
    assert stale.returncode == 1
    assert [one["verdict"] for one in json.loads(stale.stdout)] == ["ok", "fault"]


def test_check_of_wrong_settings_ends_with_2(tmp_path: Path) -> None:
    config = tmp_path / "wrong.toml"
    config.write_text("[grid]\nlevel = 99\nlevels = 1\n", "utf-8")
    answer = _ask("check", config=config)
    assert answer.returncode == 2
    assert "3 fault(s) in the configuration" in answer.stderr


@pytest.mark.slow
def test_ctrl_c_ends_with_its_own_code_and_a_rerun_goes_on(tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    size = ["--cells", "12", "--days", "20", "--months", "0"]
    words = [*CONSOLE, "demo", "--folder", str(folder), *size]
    environ = {**os.environ, "NO_APP": "1"}
    running = subprocess.Popen(
        words, env=environ, stderr=subprocess.PIPE, text=True,
        # what a shell starts in the background ignores Ctrl-C, and so would its children
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509
    )  # fmt: skip
    deadline = time.monotonic() + 600
    while not (folder / "warehouse" / "loads").exists():
        assert time.monotonic() < deadline
        time.sleep(0.05)
    running.send_signal(signal.SIGINT)
    _, errors = running.communicate(timeout=600)
    assert running.returncode == 3, errors
    assert "Traceback" not in errors
    assert not (folder / "warehouse" / "current").exists()
    assert _ask("run", config=folder / "hexperience.toml").returncode == 0


def test_changes_are_found_from_counters_alone(demo_config: Path, tmp_path: Path) -> None:
    parts = demo_config.read_text(encoding="utf-8").split("[[source]]")
    feed = next(part for part in parts if "raw/pm/PM_" in part)
    for path in sorted((demo_config.parent / "raw" / "pm").glob("PM_*.csv"))[-28:]:
        (tmp_path / path.name).symlink_to(path)
    head = '[operator]\ntimezone = "Europe/London"\n[warehouse]\npath = "warehouse"\n'
    config, out = tmp_path / "counters.toml", tmp_path / "changes.parquet"
    config.write_text(f"{head}[[source]]{feed.replace('raw/pm/', '')}", encoding="utf-8")
    answer = _ask("changes", "--out", str(out), config=config)
    assert answer.returncode == 0, answer.stderr
    found = pd.read_parquet(out)
    assert len(found) > 0
    assert set(found["attribution"]) <= {"load", "relief", "other", "undecided"}
    assert found["p_load"].notna().any()
    refused = _ask("changes", "--out", "changes.xls", config=config)
    assert refused.returncode == 2
    assert "end it in .parquet, .csv or .json" in refused.stderr


@pytest.fixture(scope="module")
def reported(small: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of a copy of the smallest demo, its reports written."""
    folder = tmp_path_factory.mktemp("reported") / "copy"
    shutil.copytree(small.parent, folder, symlinks=True)
    answer = _ask("batch", config=folder / "hexperience.toml")
    assert answer.returncode == 0, answer.stderr
    return folder


@pytest.fixture
def town_of_persons(reported: Path, tmp_path: Path) -> Path:
    """Configuration of the smallest demo with its reports, to be changed."""
    shutil.copytree(reported, tmp_path / "copy", symlinks=True)
    return tmp_path / "copy" / "hexperience.toml"


def test_forget_publishes_anew_and_leaves_no_older_snapshot(town_of_persons: Path) -> None:
    folder = town_of_persons.parent
    tickets = pd.read_csv(next(folder.glob("raw/crm/*")), sep=None, engine="python", dtype=str)
    number = tickets["MSISDN"].dropna().iloc[0]
    n_before = len(pd.read_parquet(folder / "warehouse" / "tables" / "complaint"))
    n_theirs = int((tickets["MSISDN"] == number).sum())
    answer = _ask("forget", "-", config=town_of_persons, given=f"{number}\n")
    assert answer.returncode == 0, answer.stderr
    assert "still holds the number" in answer.stdout
    assert (
        len(pd.read_parquet(folder / "warehouse" / "tables" / "complaint")) == n_before - n_theirs
    )
    (left,) = (folder / "warehouse" / "snapshots").iterdir()
    assert left.name.startswith("000002-")
    assert (folder / "warehouse" / "current").resolve() == left
    assert re.search(r"snapshot +000001-\w+ +removed", answer.stdout)
    notes = [json.loads(path.read_text("utf-8")) for path in folder.glob("reports/*/report.json")]
    assert len(notes) == answer.stdout.count("written anew") > 0
    # an earlier edition beside it would tell of one person
    assert all((note["revision"], note["before"]) == (1, None) for note in notes)
    said = answer.stdout + answer.stderr + "".join(p.read_text() for p in folder.glob("run.log*"))
    assert number.strip("+") not in said


def test_retain_tells_what_goes_and_a_run_goes_on(town_of_persons: Path) -> None:
    words = ["retain", "--now", "2029-01-01T00:00Z"]
    dry = _ask(*words, "--dry-run", config=town_of_persons)
    assert dry.returncode == 0, dry.stderr
    assert re.search(r"pieces/complaint .* would go", dry.stdout)
    assert _ask(*words, config=town_of_persons).returncode == 0
    again = _ask(*words, config=town_of_persons)
    assert again.stdout == "nothing is older than [retention] allows\n"
    assert not list((town_of_persons.parent / "warehouse" / "pieces" / "pm").iterdir())
    answer = _ask("run", config=town_of_persons)
    assert answer.returncode == 0, answer.stderr
    sql = "select count(*) as n from cell_day"
    assert _ask("sql", sql, "--format", "csv", config=town_of_persons).stdout == "n\n240\n"
    assert _ask("retain", "--now", "yesterday", config=town_of_persons).returncode == 2
