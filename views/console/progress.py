"""How far the work is: bars on a terminal, lines elsewhere, the log, and `hexperience status`."""

import os
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from rich.progress import BarColumn, Progress, TaskID, TextColumn

from contracts.errors import Interrupted
from ingest.running.logs import log
from ingest.warehouse.store import Warehouse
from views.console.printing import ERR

_LINE_S = 30
"""Seconds without a word after which a stage says how far it is."""
_NOTE_S = 2
"""Seconds between two notes for `hexperience status`."""
_MINUTE, _HOUR = 60, 3600


@dataclass
class Stage:
    """One stage of the work; times in seconds of one clock."""

    label: str
    started: float
    shown: float
    done: int = 0
    total: int = 0
    rows: int = 0

    @property
    def is_over(self) -> bool:
        """Whether all its items are done."""
        return self.done >= self.total

    def worded(self, now: float) -> str:
        """Its label and how far it is: items, time, rows a second and time left where known.

        `now`: on the clock of `started`.
        """
        items = f"{self.done:,} of {self.total:,}, " if self.total > 1 else ""
        return f"{self.label}: {items}{self.pace(now)}"

    def pace(self, now: float) -> str:
        """The time since its start, and the rows a second and the time left where known.

        `now`: on the clock of `started`.
        """
        seconds = now - self.started
        words = [span(seconds)]
        if self.rows and seconds > 0:
            words.append(f"{self.rows:,} rows, {self.rows / seconds:,.0f} a second")
        if 0 < self.done < self.total:
            words.append(f"about {span(seconds * (self.total - self.done) / self.done)} left")
        return ", ".join(words)


def span(seconds: float) -> str:
    """A span of time by its two largest units: 45 s, 3 min 20 s, 2 h 5 min."""
    whole = round(seconds)
    if whole < _MINUTE:
        return f"{whole} s"
    if whole < _HOUR:
        return f"{whole // _MINUTE} min {whole % _MINUTE} s"
    return f"{whole // _HOUR} h {whole % _HOUR // _MINUTE} min"


class Stages:
    """All stages of a piece of work, shown as it goes on; tasks of Dask may call from a thread."""

    def __init__(self, bars: Progress | None, clock: Callable[[], float] = time.monotonic) -> None:
        self._bars, self._clock, self._lock = bars, clock, threading.Lock()
        self._stages, self._tasks = dict[str, Stage](), dict[str, TaskID]()

    def tell(self, label: str, done: int, total: int, /, *, rows: int = 0) -> None:
        """Takes the state of one stage, as `ingest.running.workers.Progress` says."""
        if not total:
            # a stage without anything to do is none
            return
        with self._lock:
            now = self._clock()
            if not done or label not in self._stages:
                self._stages.pop(label, None)
                self._stages[label] = Stage(label, now, now)
            stage = self._stages[label]
            stage.done, stage.total, stage.rows = done, total, rows
            self._draw(stage, now)
            if stage.is_over:
                self._say(stage, now)

    def remind(self) -> None:
        """Says how far the present stage is where nothing was said for half a minute."""
        with self._lock:
            now, stage = self._clock(), self._present
            if stage and not stage.is_over:
                self._draw(stage, now)
                if now - stage.shown >= _LINE_S:
                    self._say(stage, now)

    def lines(self) -> list[str]:
        """Every stage in words, in the order of their beginnings, the present one last."""
        with self._lock:
            now = self._clock()
            over = [stage for stage in self._stages.values() if stage.is_over]
            going = [stage for stage in self._stages.values() if not stage.is_over]
            return [
                *(f"{stage.label}: done" for stage in over),
                *(stage.worded(now) for stage in going),
            ]

    @property
    def _present(self) -> Stage | None:
        going = [stage for stage in self._stages.values() if not stage.is_over]
        return going[-1] if going else None

    def _draw(self, stage: Stage, now: float) -> None:
        if self._bars is None:
            return
        if stage.label not in self._tasks:
            self._tasks[stage.label] = self._bars.add_task(stage.label, total=None, pace="")
        task, pace = self._tasks[stage.label], stage.pace(now)
        self._bars.update(task, completed=stage.done, total=stage.total, pace=pace)

    def _say(self, stage: Stage, now: float) -> None:
        stage.shown = now
        log.info("%s", stage.worded(now))
        if self._bars is None:
            ERR.print(stage.worded(now), markup=False, highlight=False, soft_wrap=True)


@contextmanager
def progress(warehouse: Warehouse | None = None) -> Iterator[Stages]:
    """Shows the stages of a piece of work for as long as it lasts.

    `warehouse`: whose `hexperience status` says how far it is; None = nobody asks.
    """
    with _bars() as bars:
        stages = Stages(bars)
        with _reminded(stages, warehouse):
            yield stages


@contextmanager
def _bars() -> Iterator[Progress | None]:
    """Bars on standard error, if that is a terminal."""
    if not ERR.is_terminal:
        yield None
        return
    columns = (
        TextColumn("{task.description:24}"),
        BarColumn(),
        TextColumn("{task.completed:,.0f}/{task.total:,.0f}"),
        TextColumn("{task.fields[pace]}"),
    )
    with Progress(*columns, console=ERR) as bars:
        yield bars


@contextmanager
def _reminded(stages: Stages, warehouse: Warehouse | None) -> Iterator[None]:
    """Looks at the stages every two seconds, and notes at the end how the work ended."""
    begun, is_over = datetime.now(UTC), threading.Event()

    def note(end: str) -> None:
        if warehouse is not None:
            warehouse.write_progress(_facts(begun, stages, end))

    def look() -> None:
        while not is_over.wait(_NOTE_S):
            stages.remind()
            note("")

    looker = threading.Thread(target=look, name="progress", daemon=True)
    looker.start()
    end = "done"
    try:
        yield
    except (KeyboardInterrupt, Interrupted):
        end = "stopped; run again to go on from there"
        raise
    except BaseException:
        end = "failed; its console or log says why"
        raise
    finally:
        is_over.set()
        looker.join()
        note(end)


def _facts(begun: datetime, stages: Stages, end: str) -> dict[str, Any]:
    now = datetime.now(UTC)
    return {
        "process": os.getpid(),
        "host": socket.gethostname(),
        "begun_utc": f"{begun:%Y-%m-%d %H:%M:%S}",
        "noted_utc": f"{now:%Y-%m-%d %H:%M:%S}",
        "stages": stages.lines(),
        "end": end,
    }


def status_lines(noted: Mapping[str, Any] | None, *, is_at_work: bool) -> list[str]:
    """What a warehouse's work is at, a line each.

    `noted`: what `progress` noted; None = nothing ran yet. `is_at_work`: whether a run holds the
    warehouse now.
    """
    if noted is None:
        return ["a run is beginning" if is_at_work else "no run is at work here, and none was"]
    who = f"process {noted['process']} on {noted['host']}"
    stages = [f"  {line}" for line in noted["stages"]]
    if is_at_work:
        head = f"a run is at work since {noted['begun_utc']} UTC ({who})"
        return [f"{head}; as of {noted['noted_utc']} UTC:", *stages]
    end = noted["end"] or "killed; run again to go on from there"
    head = f"no run is at work; the last one began {noted['begun_utc']} UTC ({who}) and was "
    return [f"{head}last seen {noted['noted_utc']} UTC: {end}", *stages]
