"""Dask, as the rest of the house sees it: one function over many items, with progress.

Results come back in the items' order, whatever the scheduler did. A worker that dies costs time
only: its items go to others, and every function writes whole files or none, the same each time.
Ctrl-C stops at once; what was written until then is kept and not done again.
"""

import gc
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec
from typing import Any, Protocol, TypeVar
from urllib.parse import urlsplit

import dask.config
from dask.distributed import (
    CancelledError,
    Client,
    KilledWorker,
    LocalCluster,
    as_completed,
    performance_report,
)
from distributed.comm.core import CommClosedError

from contracts.errors import InputError, Interrupted
from contracts.settings.sections import Run, Settings
from ingest.warehouse.files import whole

# None would take Dask's usual port, on all interfaces, and fail where a second run has it
_ANY_PORT = "127.0.0.1:0"
# cubes travel with their tasks, by intent; Dask would warn from 10 MB on
_LARGE_TASKS = {"distributed.admin.large-graph-warning-threshold": "1GiB"}
# objects are made by the million and rarely stand in circles: looked for after every 700 new ones,
# as Python does by itself, circles cost a tenth of a run
_COLLECT_AFTER = 50_000

Item = TypeVar("Item")
Result = TypeVar("Result")


class Progress(Protocol):
    """Whom to show how far the work is."""

    def __call__(self, label: str, done: int, total: int, /, *, rows: int = 0) -> None:
        """Takes one stage's state: `done` of `total` items, and the rows in them where known."""


def silent(label: str, done: int, total: int, /, *, rows: int = 0) -> None:
    """Progress for those who don't watch: `label`, `done`, `total` and `rows` go nowhere."""


@contextmanager
def workers(run: Run) -> Iterator[Client]:
    """A Dask client on threads, on processes, or on a cluster; closed at the end.

    `run`: `[run]` of the settings. InputError where no scheduler answers, or the cluster of
    `[run.cluster]` can't be started.
    """
    before = gc.get_threshold()
    gc.set_threshold(_COLLECT_AFTER, *before[1:])
    try:
        with dask.config.set(_LARGE_TASKS), _client(run) as client:
            yield client
    finally:
        gc.set_threshold(*before)


@contextmanager
def _client(run: Run) -> Iterator[Client]:
    if run.where not in ("threads", "processes", "cluster"):
        with _join(run.where) as client:
            yield client
        return
    with _cluster(run) as cluster, Client(cluster) as client:
        yield client


def _cluster(run: Run) -> Any:
    """The cluster that a run starts for itself: of its own class, else on this machine."""
    if run.where == "cluster":
        return _of_class(run)
    n = run.workers or os.cpu_count() or 1
    processes = run.where == "processes"
    return LocalCluster(
        n_workers=n if processes else 1,
        threads_per_worker=1 if processes else n,
        processes=processes,
        dashboard_address=_ANY_PORT,
    )


def _of_class(run: Run) -> Any:
    """A cluster of the class that `[run.cluster]` names, with as many workers as asked for."""
    name = run.cluster.class_name
    remedy = "install what it needs on this machine, and mend class and arguments"
    try:
        module, _, kind = name.rpartition(".")
        cluster = getattr(import_module(module), kind)(**run.cluster.arguments)
        if run.workers and hasattr(cluster, "scale"):
            cluster.scale(run.workers)
    # whatever a class from outside raises is the operator's to mend
    except Exception as error:  # noqa: BLE001
        fault = f"{type(error).__name__}: {str(error).partition(chr(10))[0]}"
    else:
        if hasattr(cluster, "scheduler_address"):
            return cluster
        fault = "it is no Dask cluster"
    where = f"[run.cluster] class {name or 'is empty'}"
    raise InputError("the Dask cluster can't be started", [f"{where}: {fault}; {remedy}"])


@contextmanager
def reported(settings: Settings) -> Iterator[None]:
    """Writes Dask's report on where the time went, if `[run] performance_report` asks for it.

    `settings`: of the run. InputError where bokeh, which draws it, is not installed.
    """
    if not settings.run.performance_report:
        yield
        return
    if find_spec("bokeh") is None:
        remedy = "pip install 'hexperience[dashboard]', or leave the setting empty"
        raise InputError("[run] performance_report needs the package bokeh", [remedy])
    with (
        whole(settings.resolve(settings.run.performance_report)) as part,
        performance_report(filename=part),
    ):
        yield


def dashboard(client: Client) -> str:
    """Address of Dask's own page on the work; empty = nothing here can draw one.

    `client`: of the workers.
    """
    if find_spec("bokeh") is None:
        return ""
    link = urlsplit(client.dashboard_link)
    # of threads Dask gives this machine's outer address, on which nothing listens
    is_here = client.scheduler_info(n_workers=0)["address"].startswith("inproc:")
    return link._replace(netloc=f"127.0.0.1:{link.port}").geturl() if is_here else link.geturl()


def _join(address: str) -> Client:
    try:
        return Client(address, timeout="5s")
    except OSError:
        remedy = f"[run] scheduler: start one with 'dask scheduler', or mend the address {address}"
        raise InputError("no Dask scheduler answers", [remedy]) from None


def each(
    client: Client,
    function: Callable[[Item], Result],
    items: Sequence[Item],
    *,
    label: str,
    progress: Progress = silent,
    rows_of: Callable[[Result], int] | None = None,
) -> list[Result]:
    """The function's answer for every item, in their order.

    `client`: of the workers. `function`: called once for each of `items`; what it raises is raised
    here. `label`: what is being done, for `progress` and for messages. `rows_of`: rows that an
    answer stands for, whose sum goes to `progress`; None = not counted. InputError where the
    scheduler goes away, or an item's worker dies again and again; Interrupted at Ctrl-C.
    """
    progress(label, 0, len(items))
    futures = client.map(function, items, pure=False)
    try:
        rows = 0
        for done, future in enumerate(as_completed(futures), 1):
            if rows_of is not None and future.status == "finished":
                rows += rows_of(future.result())
            progress(label, done, len(items), rows=rows)
        return list(client.gather(futures))
    except KilledWorker as killed:
        times = killed.allowed_failures + 1
        remedy = "as a rule memory runs out: give [run] workers fewer, or each more memory"
        raise InputError(
            f"while {label} a worker died {times} times at one item", [remedy]
        ) from None
    except (CancelledError, CommClosedError):
        remedy = "start it again and run again: what was finished is kept"
        raise InputError(f"the Dask scheduler went away while {label}", [remedy]) from None
    except KeyboardInterrupt:
        client.cancel(futures, force=True)
        raise Interrupted(f"stopped while {label}; run again to go on from here") from None
