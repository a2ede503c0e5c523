"""Dask, as the rest of the house sees it: one function over many items, with progress.

Results come back in the items' order, whatever the scheduler did. A worker that dies costs time
only: its items go to others, and every function writes whole files or none, the same each time.
Ctrl-C stops at once; what was written until then is kept and not done again.
"""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TypeVar

import dask.config
from dask.distributed import CancelledError, Client, KilledWorker, LocalCluster, as_completed

from contracts.errors import InputError, Interrupted
from contracts.settings.sections import Run

# None would take Dask's usual port, on all interfaces, and fail where a second run has it
_ANY_PORT = "127.0.0.1:0"
# cubes travel with their tasks, by intent; Dask would warn from 10 MB on
_LARGE_TASKS = {"distributed.admin.large-graph-warning-threshold": "1GiB"}

Item = TypeVar("Item")
Result = TypeVar("Result")
Progress = Callable[[str, int, int], None]
"""Called with a label, how many items are done and how many there are."""


def silent(label: str, done: int, total: int) -> None:
    """Progress for those who don't watch: `label`, `done` and `total` go nowhere."""


@contextmanager
def workers(run: Run) -> Iterator[Client]:
    """A Dask client on threads, on processes, or on a cluster; closed at the end.

    `run`: `[run] scheduler` and `workers`. InputError where no scheduler answers.
    """
    with dask.config.set(_LARGE_TASKS), _client(run) as client:
        yield client


@contextmanager
def _client(run: Run) -> Iterator[Client]:
    if run.on_a_cluster:
        with _join(run.scheduler) as client:
            yield client
        return
    n = run.workers or os.cpu_count() or 1
    processes = run.scheduler == "processes"
    with (
        LocalCluster(
            n_workers=n if processes else 1,
            threads_per_worker=1 if processes else n,
            processes=processes,
            dashboard_address=_ANY_PORT,
        ) as cluster,
        Client(cluster) as client,
    ):
        yield client


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
) -> list[Result]:
    """The function's answer for every item, in their order.

    `client`: of the workers. `function`: called once for each of `items`; what it raises is raised
    here. `label`: what is being done, for `progress` and for messages. InputError where the
    scheduler goes away, or an item's worker dies again and again; Interrupted at Ctrl-C.
    """
    progress(label, 0, len(items))
    futures = client.map(function, items, pure=False)
    try:
        for done, _ in enumerate(as_completed(futures), 1):
            progress(label, done, len(items))
        return list(client.gather(futures))
    except KilledWorker as killed:
        times = killed.allowed_failures + 1
        remedy = "as a rule memory runs out: give [run] workers fewer, or each more memory"
        raise InputError(
            f"while {label} a worker died {times} times at one item", [remedy]
        ) from None
    except CancelledError:
        remedy = "start it again and run again: what was finished is kept"
        raise InputError(f"the Dask scheduler went away while {label}", [remedy]) from None
    except KeyboardInterrupt:
        client.cancel(futures, force=True)
        raise Interrupted(f"stopped while {label}; run again to go on from here") from None
