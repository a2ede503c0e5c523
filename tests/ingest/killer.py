"""Runs the main job from every state of its folder that a kill can leave behind.

`python -m tests.ingest.killer CONFIG NEW_FILES` prints one JSON line a step: what the step was,
whether readers saw a whole snapshot before it, and whether a run from there ended with the marts
of a run nobody disturbed. One run is watched, and its folder is copied before each step it takes
on disk: what it holds then is what a process that dies there leaves. Some runs do die, so that
this is seen. Of steps of one kind (`kind_of`) the first and the last are tried; all of them with
HEXPERIENCE_SOAK_KILLS set, as in `make soak`.

`python -m tests.ingest.killer CONFIG NEW_FILES N` kills the console's run at N moments instead,
and prints one JSON line: what readers saw after each kill, before all of them and at the end.

A process of its own, because it forks: in pytest Dask's threads live.
"""

import gc
import hashlib
import itertools
import json
import os
import pickle
import re
import shutil
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NoReturn, TextIO

import numpy as np

import analysis.changes.daily
import analysis.changes.hourly
import analysis.events.stage
import analysis.run
import hexperience
import ingest.run
import ingest.settle.days
from analysis.inputs import Findings, Inputs
from contracts.errors import NothingFound
from contracts.settings.load import load
from contracts.settings.sections import Settings
from contracts.tables import PUBLISHED, TABLES
from ingest.warehouse.duck import connect
from ingest.warehouse.publish import publish
from ingest.warehouse.store import Warehouse
from tests.bench.asked import asked

# what Python does to a folder; Parquet and DuckDB write under names that no reader looks for
STEPS = ("os.mkdir", "os.rename", "os.remove", "os.symlink", "os.chmod", "shutil.rmtree")
KILLED = 137
DEATHS = 3
# what tempfile draws for the end of a name
RANDOM = re.compile(r"(\.part-|\.building-|\.link-)[^/]*")
DAY, LOAD = re.compile(r"\d{4}-\d\d-\d\d"), re.compile(r"/[0-9a-f]{16}\.")
FINDINGS = {name for name, table in TABLES.items() if table.layer == "finding"}
# what families after the changes may read: what files gave, what was released or foretold before
READ = {*TABLES} - FINDINGS | {
    *("receipt", "run", "quality", "cell_quality", "kpi"),
    *("place_rate", "rate_part", "prediction"),
}


def at_every_step(config: Path, delivery: Path) -> None:
    """One line of JSON for each step of the run that takes the delivery in."""
    settings = load(config, environ={})
    searching = (analysis.changes.hourly, analysis.changes.daily, analysis.events.stage)
    for module in (ingest.run, ingest.settle.days, *searching):
        module.each = _each  # type: ignore[attr-defined]
    changes, *others = analysis.run.FAMILIES
    once = _once(others, config.parent.with_name("remembered"))
    analysis.run.FAMILIES = (changes, once)  # type: ignore[assignment]
    # a third snapshot makes the oldest go
    _in_child(lambda: _job(settings))
    before = _in_child(lambda: _job(settings))
    home, states = config.parent, config.parent.with_name("states")
    _copy(home, states / "0")
    for path in delivery.iterdir():
        shutil.copy2(path, states / "0" / "raw")
    _restore(states / "0", home)
    steps = _in_child(partial(_watched, settings, home, states)).splitlines()
    after = steps.pop()
    for number in np.linspace(1, len(steps), DEATHS).astype(int):
        _restore(states / "0", home)
        end = _in_child(partial(_dying, settings, home, number))
        state = _files(states / str(number))
        assert (_plain(end), _files(home)) == (_plain(steps[number - 1]), state)
    # a run makes objects by the million and few circles of them
    gc.disable()
    for number in tried(steps):
        step = steps[number - 1]
        _restore(states / str(number), home)
        seen, again = _in_child(lambda: f"{_digest(settings)}\n{_job(settings)}").splitlines()
        outcome = {
            "step": step,
            "whole": seen in (before, after),
            "same": again == after,
            "left": sorted(str(path.relative_to(home)) for path in home.rglob(".*")),
        }
        _say(json.dumps(outcome))


def tried(steps: Sequence[str]) -> list[int]:
    """Numbers of the steps before which a run is to die, counted from 1.

    `steps`: all that a run takes, in order. Between two of a kind nothing else is at stake: another
    finding of a row of findings is new, another day is settled.
    """
    numbers = range(1, len(steps) + 1)
    if "HEXPERIENCE_SOAK_KILLS" in os.environ:
        return [*numbers]
    last = {kind_of(step): number for number, step in zip(numbers, steps, strict=True)}
    first = {kind_of(steps[number - 1]): number for number in reversed(numbers)}
    return sorted({*first.values(), *last.values()})


def kind_of(step: str) -> str:
    """What a step does, whatever day, load or finding it does it to. `step`: as it is said."""
    event, path = _plain(step).split()
    parts = ["FINDING" if part in FINDINGS else part for part in path.split("/")]
    return f"{event} {LOAD.sub('/LOAD.', DAY.sub('DAY', '/'.join(parts)))}"


def at_moments(config: Path, delivery: Path, n: int) -> None:
    """One line of JSON: what readers saw of runs killed at random moments."""

    def run() -> str:
        hexperience.app(["run", "--config", str(config)], standalone_mode=False)
        return ""

    def counted() -> str:
        """What the screen would show of the counters."""
        warehouse = Warehouse(config.parent / "warehouse")
        select = "select count(*), sum(dropped_calls) from cell_day"
        return asked(warehouse.marts, select).to_string()

    started = time.monotonic()
    _in_child(run)
    lasted, before = time.monotonic() - started, _in_child(counted)
    for path in delivery.iterdir():
        shutil.copy2(path, config.parent / "raw")
    dice, seen = np.random.default_rng(7), []
    for _ in range(n):
        with _child(run) as (child, _):
            time.sleep(dice.uniform(0, 1.1) * lasted)
            os.kill(child, signal.SIGKILL)
        seen.append(_in_child(counted))
    _in_child(run)
    _say(json.dumps({"before": before, "seen": seen, "after": _in_child(counted)}))


def _once(families: Sequence[Any], folder: Path) -> SimpleNamespace:
    """Families as one that works once for the same tables, and gives what it gave then.

    That they find the same in the same tables is held in tests/analysis/test_run.py; here they
    would take half of the time.
    """
    folder.mkdir()

    def find(inputs: Inputs, earlier: Findings) -> Findings:
        known = folder / _key(inputs.warehouse, earlier)
        if not known.exists():
            # with tables of its own, so that one sees which of them were read
            own, findings = Inputs(inputs.settings, inputs.client), Findings(earlier)
            for family in families:
                findings |= family.find(own, findings)
            others = {name.split()[0] for name in own._tables} - READ
            assert not others, f"READ lacks {others}"
            known.write_bytes(pickle.dumps(findings))
        return pickle.loads(known.read_bytes())  # noqa: S301  written above

    return SimpleNamespace(__name__="analysis.others.stage", find=find)


def _key(warehouse: Warehouse, earlier: Findings) -> str:
    """A name for the tables that families may read and for what was found before them."""
    digest = hashlib.sha256(pickle.dumps(dict(earlier)))
    for name in sorted(READ):
        for path in warehouse.files(name):
            digest.update(f"{name} {path.name}".encode() + path.read_bytes())
    return digest.hexdigest()


def _copy(home: Path, state: Path) -> None:
    shutil.copytree(home, state, symlinks=True)


def _restore(state: Path, home: Path) -> None:
    _clear(home)
    _copy(state, home)


def _files(folder: Path) -> list[str]:
    """Every path below a folder, without what is random in it."""
    return sorted(_plain(str(path.relative_to(folder))) for path in folder.rglob("*"))


def _plain(text: str) -> str:
    return RANDOM.sub(r"\1", text)


def _clear(folder: Path) -> None:
    for path in folder.rglob("*"):
        if not path.is_symlink():
            path.chmod(0o755)
    shutil.rmtree(folder)


def _watched(settings: Settings, home: Path, states: Path) -> str:
    """The steps of a run that lives, its folder kept before each, and the digest of its marts."""
    steps: list[str] = []

    def keep(step: str) -> None:
        steps.append(step)
        _copy(home, states / str(len(steps)))

    _at_steps(home, keep)
    digest = _job(settings)
    return "\n".join([*steps, digest])


def _dying(settings: Settings, home: Path, number: int) -> str:
    """The step before which a run dies: the one of this number, counted from 1."""
    left = itertools.count(number - 1, -1)

    def die(step: str) -> None:
        if next(left) == 0:
            _say(step)
            os._exit(KILLED)

    _at_steps(home, die)
    return _job(settings)


def _at_steps(home: Path, act: Callable[[str], None]) -> None:
    """Does something before each step that this process takes on disk below a folder."""

    def heard(event: str, args: tuple[Any, ...]) -> None:
        if event in STEPS and (path := _changed(event, args)).startswith(f"{home}/"):
            act(f"{event} {path.removeprefix(str(home))}")

    sys.addaudithook(heard)


def _changed(event: str, args: tuple[Any, ...]) -> str:
    """The path that the step changes; empty where it finds nothing to do."""
    path = str(args[1] if event == "os.symlink" else args[0])
    idle = Path(path).exists() if event == "os.mkdir" else not os.path.lexists(path)
    return "" if idle and event != "os.symlink" else path


def _in_child(work: Callable[[], str]) -> str:
    """What the work says, done in a process that may die of it."""
    with _child(work) as (_, pipe):
        said = pipe.read()
    return said.strip()


@contextmanager
def _child(work: Callable[[], str]) -> Iterator[tuple[int, TextIO]]:
    """A process that does the work, and the pipe on which it says what came of it."""
    reading, writing = os.pipe()
    if not (child := os.fork()):
        os.close(reading)
        _work(work, writing)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        yield child, pipe
    _, status = os.waitpid(child, 0)
    if os.waitstatus_to_exitcode(status) not in (0, KILLED, -signal.SIGKILL):
        raise SystemExit("the job failed by itself")


def _work(work: Callable[[], str], writing: int) -> NoReturn:
    """Does the work in a child, which must not come back as its parent."""
    sys.stdout = os.fdopen(writing, "w")
    try:
        _say(work())
    except BaseException as error:  # noqa: BLE001  whatever it is, stderr has it
        sys.stderr.write(f"{error!r}\n")
        sys.stderr.flush()
        os._exit(1)
    os._exit(0)


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def _job(settings: Settings) -> str:
    warehouse = Warehouse(settings.resolve(settings.warehouse.path))
    nobody: Any = SimpleNamespace(nthreads=lambda: {"here": 1})
    with warehouse.alone():
        receipt = ingest.run.run(settings, nobody)
        analysis.run.run(settings, nobody)
        publish(warehouse, receipt["run_id"].iloc[0], keep=settings.warehouse.keep_snapshots)
    return _digest(settings)


def _each(_: Any, function: Callable[[Any], Any], items: Sequence[Any], **__: Any) -> list[Any]:
    return [function(item) for item in items]


def _digest(settings: Settings) -> str:
    """A name for all that a reader finds in the published marts."""
    try:
        marts = Warehouse(settings.resolve(settings.warehouse.path)).marts.file
    except NothingFound:
        return "nothing published"
    digest = hashlib.sha256()
    with connect(marts) as connection:
        for name in PUBLISHED:
            rows = connection.sql(f"select * from {name} order by all").to_arrow_table()
            digest.update(str(rows.to_pylist()).encode())
    return digest.hexdigest()


if __name__ == "__main__":
    # killed is the process; the power stays
    os.fsync = lambda _: None
    paths, moments = [Path(word) for word in sys.argv[1:3]], sys.argv[3:]
    if moments:
        at_moments(*paths, int(moments[0]))
    else:
        at_every_step(*paths)
