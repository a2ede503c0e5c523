"""Runs the main job from every state of its folder that a kill can leave behind.

`python -m tests.ingest.killer CONFIG NEW_FILES` prints one JSON line a step: what the step was,
whether readers saw a whole snapshot before it, and whether a run from there ended with the marts
of a run nobody disturbed. One run is watched, and its folder is copied before each step it takes
on disk: what it holds then is what a process that dies there leaves. Some runs do die, so that
this is seen. A process of its own, because it forks: in pytest Dask's threads live.
"""

import hashlib
import itertools
import json
import os
import re
import shutil
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

import analysis.changes.daily
import analysis.changes.hourly
import analysis.run
import ingest.run
import ingest.settle.days
from contracts.errors import NothingFound
from contracts.settings.load import load
from contracts.settings.sections import Settings
from contracts.tables import PUBLISHED
from ingest.warehouse.duck import connect
from ingest.warehouse.publish import publish
from ingest.warehouse.store import Warehouse

# what Python does to a folder; Parquet and DuckDB write under names that no reader looks for
STEPS = ("os.mkdir", "os.rename", "os.remove", "os.symlink", "os.chmod", "shutil.rmtree")
KILLED = 137
DEATHS = 3
# what tempfile draws for the end of a name
RANDOM = re.compile(r"(\.part-|\.building-|\.link-)[^/]*")


def main(config: Path, delivery: Path) -> None:
    """One line of JSON for each step of the run that takes the delivery in."""
    settings = load(config, environ={})
    for module in (ingest.run, ingest.settle.days, analysis.changes.hourly, analysis.changes.daily):
        module.each = _each  # type: ignore[attr-defined]
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
    for number, step in enumerate(steps, 1):
        _restore(states / str(number), home)
        seen, again = _in_child(lambda: f"{_digest(settings)}\n{_job(settings)}").splitlines()
        outcome = {
            "step": step,
            "whole": seen in (before, after),
            "same": again == after,
            "left": sorted(str(path.relative_to(home)) for path in home.rglob(".*")),
        }
        _say(json.dumps(outcome))


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
    reading, writing = os.pipe()
    if child := os.fork():
        os.close(writing)
        with os.fdopen(reading) as pipe:
            said = pipe.read()
        _, status = os.waitpid(child, 0)
        if os.waitstatus_to_exitcode(status) not in (0, KILLED):
            raise SystemExit(f"the job failed by itself: {said}")
        return said.strip()
    os.close(reading)
    sys.stdout = os.fdopen(writing, "w")
    try:
        _say(work())
    except BaseException as error:  # noqa: BLE001  a child must not come back as its parent
        _say(repr(error))
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
    main(Path(sys.argv[1]), Path(sys.argv[2]))
