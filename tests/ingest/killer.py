"""Runs the main job again and again, killed before each step it takes on disk.

`python -m tests.ingest.killer CONFIG NEW_FILES` prints one JSON line a step: what the step was,
whether readers saw a whole snapshot after it, and whether the run after that ended with the marts
of a run nobody disturbed. A process of its own, because it forks: in pytest Dask's threads live.
"""

import hashlib
import itertools
import json
import os
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import analysis.changes.daily
import analysis.changes.hourly
import analysis.run
import ingest.run
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


def main(config: Path, delivery: Path) -> None:
    """One line of JSON for each step of the run that takes the delivery in."""
    settings = load(config, environ={})
    for module in (ingest.run, analysis.changes.hourly, analysis.changes.daily):
        module.each = _each  # type: ignore[attr-defined]
    # a third snapshot makes the oldest go
    _in_child(lambda: _job(settings))
    before, after = (_in_child(lambda: _job(settings)) for _ in _deliveries(config, delivery))
    home = config.parent
    for end in _killed(settings, home):
        seen = _in_child(lambda: _digest(settings))
        again = _in_child(lambda: _job(settings))
        outcome = {
            "step": end,
            "whole": seen in (before, after),
            "same": again == after,
            "left": sorted(str(path.relative_to(home)) for path in home.rglob(".*")),
        }
        _say(json.dumps(outcome))


def _deliveries(config: Path, delivery: Path) -> Iterator[int]:
    """Before the delivery, then after it; the state between them is kept beside."""
    yield 0
    shutil.copytree(config.parent, _kept(config.parent), symlinks=True)
    for path in delivery.iterdir():
        shutil.copy2(path, _kept(config.parent) / "raw")
        shutil.copy2(path, config.parent / "raw")
    yield 1


def _kept(folder: Path) -> Path:
    return folder.with_name(folder.name + "-before")


def _killed(settings: Settings, home: Path) -> Iterator[str]:
    """The step before which each run died, until one lives to its end."""
    for number in itertools.count(1):
        _clear(home)
        shutil.copytree(_kept(home), home, symlinks=True)
        end = _in_child(partial(_dying, settings, home, number))
        if not end.startswith(STEPS):
            return
        yield end


def _clear(folder: Path) -> None:
    for path in folder.rglob("*"):
        if not path.is_symlink():
            path.chmod(0o755)
    shutil.rmtree(folder)


def _dying(settings: Settings, home: Path, number: int) -> str:
    left = number

    def count(event: str, args: tuple[Any, ...]) -> None:
        nonlocal left
        if event in STEPS and (path := _changed(event, args)).startswith(str(home)):
            left -= 1
            if left == 0:
                _say(f"{event} {path.removeprefix(str(home))}")
                os._exit(KILLED)

    sys.addaudithook(count)
    return _job(settings)


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
    nobody: Any = None
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
