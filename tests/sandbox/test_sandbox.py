"""Strangers' SQL reads the marts and nothing else, and ends where the settings say."""

import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from contracts.errors import QuestionError, TooMuch
from contracts.settings.sections import Settings, Sql
from ingest.sandbox.asking import Asker
from ingest.sandbox.confine import KEPT_CALLS
from tests.bench.town import Town
from tests.sandbox.attempts import ANALYSIS, BOMBS, ENDLESS, ESCAPES

CANARY = "canary-in-the-coal-mine"
ON_LINUX = pytest.mark.skipif(
    not sys.platform.startswith("linux") or os.uname().machine != "x86_64",
    reason="the kernel's filter is that of Linux on x86-64",
)


def settings(town: Town, **limits: object) -> Settings:
    return Settings(folder=town.config.parent, sql=Sql(audit="", **limits))


@pytest.fixture(scope="module")
def planted(town: Town, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("planted")
    folder.chmod(0o777)
    secret = folder / "secret.csv"
    secret.write_text(f"a\n{CANARY}\n", "utf-8")
    duckdb.sql("select 1 as a").write_parquet(str(folder / "plain.parquet"))
    marts = (town.warehouse / "current").resolve() / "marts.duckdb"
    return {"secret": str(secret), "folder": str(folder), "marts": str(marts)}


@pytest.fixture(scope="module")
def asker(town: Town) -> Iterator[Asker]:
    """One process for all attempts; the key stands in the environment that starts it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HEXPERIENCE_KEY", CANARY)
        with Asker(settings(town), user="a", door="test") as one:
            yield one


@pytest.fixture(scope="module")
def hasty(town: Town) -> Iterator[Asker]:
    with Asker(settings(town, seconds=0.4, memory_mb=300), user="a", door="test") as one:
        yield one


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(text, id=f"{kind}-{n}")
        for kind in ESCAPES
        for n, text in enumerate(ESCAPES[kind])
    ],
)
def test_no_way_out_is_open(asker: Asker, planted: dict[str, str], text: str) -> None:
    before = contents(planted)
    sql = text.replace("{", "{{").replace("}", "}}") if "{" not in text else text.format(**planted)
    with pytest.raises(QuestionError) as refusal:
        asker.sql(sql)
    assert CANARY not in str(refusal.value)
    # a path that the SQL itself names may come back, and no other
    paths = re.findall(r"(?<![\w/])/(?:[\w.+@-]+/)+[\w.+@-]*", str(refusal.value))
    assert [path for path in paths if path.rstrip(".") not in sql] == []
    assert contents(planted) == before


def contents(planted: dict[str, str]) -> list[tuple[str, int, int]]:
    """Returns name, size and instant of change of every file beside the marts and the secret."""
    folders = [Path(planted["folder"]), Path(planted["marts"]).parent]
    files = [path for folder in folders for path in sorted(folder.rglob("*"))]
    return [(str(path), path.stat().st_size, path.stat().st_mtime_ns) for path in files]


def test_there_are_a_hundred_ways_and_each_is_another() -> None:
    texts = [text for kind in ESCAPES.values() for text in kind] + ENDLESS + BOMBS
    assert len(set(texts)) == len(texts) >= 150


@pytest.mark.parametrize("text", ANALYSIS, ids=range(len(ANALYSIS)))
def test_what_analysts_write_is_answered(asker: Asker, text: str) -> None:
    assert asker.sql(text).table.num_columns


@pytest.mark.parametrize("text", ENDLESS, ids=range(len(ENDLESS)))
def test_what_has_no_end_is_stopped_at_its_time(hasty: Asker, text: str) -> None:
    with pytest.raises(TooMuch, match=r"after 0\.4 s, which is \[sql\] seconds|memory_mb"):
        hasty.sql(text)


@pytest.mark.parametrize("text", BOMBS, ids=range(len(BOMBS)))
def test_what_wants_all_memory_is_refused_it(hasty: Asker, text: str) -> None:
    with pytest.raises(TooMuch, match=r"\[sql\] (memory_mb|seconds)"):
        hasty.sql(text)


def test_a_regular_expression_takes_no_more_than_its_time(asker: Asker) -> None:
    bombs = ["(a*)*b", "(a|aa)+$b", "(.*)*(.*)*(.*)*x"]
    for bomb in bombs:
        answer = asker.sql(f"select regexp_matches(repeat('a', 50000), '{bomb}') as is_there")
        assert answer.table["is_there"].to_pylist() == [False]


def test_an_answer_has_as_many_rows_and_bytes_as_the_settings_allow(town: Town) -> None:
    with Asker(settings(town, max_rows=1000, max_mb=1), user="a", door="test") as small:
        many = small.sql("select i from range(1000000000) r(i)")
        assert (many.table.num_rows, len(many.notes)) == (1000, 1)
        assert "only the first 1,000 rows: that is [sql] max_rows" in many.notes[0]
        large = small.sql("select repeat('x', 10000) as x from range(900)")
        assert 90 <= large.table.num_rows <= 100
        assert "[sql] max_mb" in large.notes[0]
        exact = small.sql("select i from range(1000) r(i)")
        assert (exact.table.num_rows, exact.notes) == (1000, ())
        with pytest.raises(TooMuch, match="its first row has more than"):
            small.sql("select repeat('x', 2000000) as x")


def test_a_person_has_one_question_at_a_time(asker: Asker) -> None:
    with asker._alone(), pytest.raises(QuestionError, match="another question is being answered"):
        asker.sql("select 1")
    assert asker.sql("select 1 as a").table["a"].to_pylist() == [1]


def test_a_question_can_be_cancelled_and_the_next_is_answered(asker: Asker) -> None:
    refusals: list[QuestionError] = []

    def ask() -> None:
        try:
            asker.sql(ENDLESS[1])
        except QuestionError as refusal:
            refusals.append(refusal)

    thread = threading.Thread(target=ask)
    thread.start()
    while thread.is_alive():
        asker.cancel()
        thread.join(0.01)
    assert [str(refusal) for refusal in refusals] == ["cancelled"]
    assert asker.sql("select 1 as a").table["a"].to_pylist() == [1]


def test_who_asked_what_is_kept(town: Town, tmp_path: Path) -> None:
    log = tmp_path / "deep" / "audit.jsonl"
    how = Settings(folder=town.config.parent, sql=Sql(audit=str(log)))
    with Asker(how, user="ann", door="test") as one:
        one.sql("select $a as a", {"a": "b"})
        with pytest.raises(QuestionError):
            one.sql("drop table cell")
        one.query("worst_places", {"top": "3"})
    lines = [json.loads(line) for line in log.read_text("utf-8").splitlines()]
    assert [line["asked"] for line in lines] == ["sql", "sql", "worst_places"]
    assert {(line["user"], line["door"]) for line in lines} == {("ann", "test")}
    assert (lines[0]["sql"], lines[0]["params"], lines[0]["rows"]) == (
        "select $a as a",
        {"a": "b"},
        1,
    )
    assert lines[1]["refused"] == "sql: give exactly one SELECT"
    assert log.stat().st_mode & 0o007 == 0


def test_a_log_that_cannot_be_written_is_warned_of(
    town: Town, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "audit.jsonl").symlink_to(tmp_path / "elsewhere")
    how = Settings(folder=town.config.parent, sql=Sql(audit=str(tmp_path / "audit.jsonl")))
    with Asker(how, user="ann", door="test") as one:
        one.sql("select 1")
    assert "not noted who asked in SQL" in caplog.text
    assert not (tmp_path / "elsewhere").exists()


TRIED = """
import ctypes, errno, os, socket, sys, threading
from ingest.sandbox.confine import confine
parent, marts = os.getppid(), os.open(sys.argv[1], os.O_RDONLY)
assert confine(300_000_000)
def refused(what, *how):
    try:
        what(*how)
    except (OSError, RuntimeError, MemoryError):
        return True
    return False
attempts = {
    "open": (os.open, sys.argv[1], os.O_RDONLY), "create": (os.open, "/tmp/x", os.O_CREAT),
    "list": (os.listdir, "/"), "socket": (socket.socket,), "pair": (socket.socketpair,),
    "fork": (os.fork,), "exec": (os.execv, sys.executable, ["python"]),
    "thread": (threading.Thread(target=print).start,), "kill": (os.kill, parent, 0),
    "unlink": (os.unlink, sys.argv[1]), "mkdir": (os.mkdir, "/tmp/x"), "pipe": (os.pipe,),
    "root": (os.setuid, 0), "write": (os.pwrite, marts, b"x", 0), "memory": (bytearray, 10**9),
}
os.write(1, ",".join(name for name, how in attempts.items() if not refused(*how)).encode())
os.read(marts, 1) or os.write(1, b"marts can't be read")
os._exit(0)
"""


@ON_LINUX
def test_the_kernel_refuses_what_duckdb_would_let_by(planted: dict[str, str]) -> None:
    house = Path(__file__).resolve().parents[2]
    command = [sys.executable, "-c", TRIED, planted["marts"]]
    tried = subprocess.run(command, cwd=house, capture_output=True, text=True, check=False)
    assert (tried.stdout, tried.stderr, tried.returncode) == ("", "", 0)
    assert not {"open", "openat", "socket", "clone", "execve"} & set(KEPT_CALLS)


@ON_LINUX
def test_the_process_has_no_environment_and_no_rights(asker: Asker) -> None:
    asker.sql("select 1")
    assert asker._sandbox is not None
    assert asker._sandbox.is_shut
    process = Path("/proc") / str(asker._sandbox._process.pid)
    status = dict(
        line.split(":\t", 1) for line in (process / "status").read_text("ascii").splitlines()
    )
    assert (status["NoNewPrivs"], status["Seccomp"]) == ("1", "2")
    assert int(status["CapEff"], 16) == 0
    if os.geteuid() == 0:
        assert status["Uid"].split() == ["65534"] * 4
        assert CANARY not in (process / "environ").read_text("utf-8")


def test_what_is_published_next_is_what_is_asked_next(asker: Asker) -> None:
    asker.sql("select 1")
    before = asker._sandbox
    asker.sql("select 1")
    assert asker._sandbox is before


def test_a_missing_column_is_refused_with_its_place(asker: Asker) -> None:
    with pytest.raises(QuestionError, match="drop_rate stands in"):
        asker.sql("select drop_rate from cell_day")
