"""A cluster's workers compared with this machine, before any of them works.

A worker that computes with another version, sees another folder or has another key would not fail:
it would give other results. So each is asked what it has, and a difference is refused.
"""

import hashlib
import platform
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from uuid import uuid4

from dask.distributed import Client

from contracts.errors import HexperienceError, InputError
from contracts.settings.sections import Settings
from ingest.containers import paths
from ingest.privacy import keys
from ingest.warehouse.store import Warehouse

# those whose arithmetic or files could differ
_PACKAGES = ("dask", "numpy", "pandas", "pyarrow", "scipy", "h3", "ruptures", "tzdata", "holidays")
_HOUSE = Path(__file__).resolve().parents[2]
_OURS = ("contracts", "geo", "ingest", "analysis")
_WAIT_S = 30


def same_everywhere(client: Client, settings: Settings, files: Sequence[Path]) -> None:
    """Nothing, where every worker has what this machine has; else InputError, worker by worker.

    `client`: of the cluster. `settings`: of the run. `files`: the source files that it will read.
    Compared are versions, our code, the warehouse's folder (seen and writable), the source files
    and the pseudonym key. InputError also where no worker comes within 30 seconds, or `wait_s` of a
    cluster that the run starts itself. Workers that join later are not asked.
    """
    starts_its_own = settings.run.where == "cluster"
    wait_s = settings.run.cluster.wait_s if starts_its_own else _WAIT_S
    try:
        client.wait_for_workers(1, timeout=wait_s)
    except TimeoutError:
        remedy = f"start some on machines that see the same folders: dask worker {_address(client)}"
        if starts_its_own:
            remedy = "look at the queue that [run.cluster] sends jobs to, or raise its wait_s"
        raise InputError("the Dask cluster has no worker", [remedy]) from None
    warehouse = Warehouse(settings.resolve(settings.warehouse.path))
    mark = uuid4().hex
    with warehouse.marked(mark):
        here = facts(settings, files, mark)
        there = client.run(facts, settings, files, mark, on_error="return")
    differences = [line for worker, one in there.items() for line in faults(worker, one, here)]
    if differences:
        raise InputError("workers of the Dask cluster differ from this machine", differences)


def facts(settings: Settings, files: Sequence[Path], mark: str) -> dict[str, str]:
    """What results depend on, as it is where this runs: name -> value.

    `settings`: of the run. `files`: the source files. `mark`: what stands in the warehouse's
    folder, if it is the right one.
    """
    warehouse = Warehouse(settings.resolve(settings.warehouse.path))
    return {
        "Python": platform.python_version(),
        "Hexperience": f"{_version('hexperience')} (code {code_id()})",
        **{name: _version(name) for name in _PACKAGES},
        f"folder {warehouse.path}": _folder(warehouse, mark),
        "source files": _missing(files),
        "pseudonym key": _key(settings),
    }


def faults(worker: str, there: object, here: Mapping[str, str]) -> Iterator[str]:
    """What one worker has otherwise, a line each.

    `worker`: its address. `there`: its `facts`, or the error that it gave instead. `here`: those of
    this machine.
    """
    if not isinstance(there, Mapping):
        yield f"{worker} can't run Hexperience ({there!r}): install the same version there"
        return
    for name, value in here.items():
        if there.get(name) != value:
            yield f"{worker}: {name}: {there.get(name, 'not known')}; here: {value}"


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"


@cache
def code_id() -> str:
    """A name for our own code as it stands on this machine."""
    digest = hashlib.sha256()
    for path in sorted(path for part in _OURS for path in (_HOUSE / part).rglob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:8]


def _folder(warehouse: Warehouse, mark: str) -> str:
    if warehouse.mark != mark:
        return "not the same folder; share it under the same path"
    try:
        with tempfile.TemporaryFile(dir=warehouse.path):
            return "shared"
    except OSError as error:
        return f"can't be written there: {error.strerror}"


def _missing(files: Sequence[Path]) -> str:
    missing = [path for path in files if not paths.outer(path).is_file()]
    return f"{len(missing)} missing, first {missing[0]}" if missing else "all there"


def _key(settings: Settings) -> str:
    try:
        return keys.pseudonym_key(settings).id
    except HexperienceError:
        return "none"


def _address(client: Client) -> str:
    return str(client.scheduler_info(n_workers=0)["address"])
