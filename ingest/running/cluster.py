"""A cluster's workers held against this machine, before any of them works.

A worker that computes with another version, sees another folder or holds another key would not
fail: it would give other results. So each is asked what it has, and a difference is refused.
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
from ingest.privacy import keys
from ingest.warehouse.store import Warehouse

# those whose arithmetic or files could differ
_PACKAGES = ("dask", "numpy", "pandas", "pyarrow", "scipy", "h3", "ruptures", "tzdata", "holidays")
_HOUSE = Path(__file__).resolve().parents[2]
_OURS = ("contracts", "geo", "ingest", "analysis")
_WAIT_S = 30


def same_everywhere(client: Client, settings: Settings, files: Sequence[Path]) -> None:
    """Raises InputError telling what any worker has otherwise than this machine, worker by worker.

    Compared are versions, our code, the warehouse's folder (seen and writable), the source files
    and the pseudonym key. Workers that join later are not asked.
    """
    try:
        client.wait_for_workers(1, timeout=_WAIT_S)
    except TimeoutError:
        remedy = f"start some on machines that see the same folders: dask worker {_address(client)}"
        raise InputError("the Dask cluster has no worker", [remedy]) from None
    warehouse = Warehouse(settings.resolve(settings.warehouse.path))
    mark = uuid4().hex
    with warehouse.marked(mark):
        here = standing(settings, files, mark)
        there = client.run(standing, settings, files, mark, on_error="return")
    if found := [fault for worker, at in there.items() for fault in faults(worker, at, here)]:
        raise InputError("workers of the Dask cluster differ from this machine", found)


def standing(settings: Settings, files: Sequence[Path], mark: str) -> dict[str, str]:
    """What results depend on, as it is where this runs: name -> value.

    `mark`: what stands in the warehouse's folder, if it is the right one.
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


def faults(worker: str, at: object, here: Mapping[str, str]) -> Iterator[str]:
    """What one worker has otherwise, a line each; `at`: its standing, or why it told none."""
    if not isinstance(at, Mapping):
        yield f"{worker} can't run Hexperience ({at!r}): install the same version there"
        return
    for name, mine in here.items():
        if at.get(name) != mine:
            yield f"{worker}: {name}: {at.get(name, 'not told')}; here: {mine}"


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"


@cache
def code_id() -> str:
    """A name for our own code as it stands on this machine."""
    found = hashlib.sha256()
    for path in sorted(path for part in _OURS for path in (_HOUSE / part).rglob("*.py")):
        found.update(path.read_bytes())
    return found.hexdigest()[:8]


def _folder(warehouse: Warehouse, mark: str) -> str:
    if warehouse.mark != mark:
        return "not the same folder; share it under the same path"
    try:
        with tempfile.TemporaryFile(dir=warehouse.path):
            return "shared"
    except OSError as error:
        return f"can't be written there: {error.strerror}"


def _missing(files: Sequence[Path]) -> str:
    absent = [path for path in files if not path.is_file()]
    return f"{len(absent)} missing, first {absent[0]}" if absent else "all there"


def _key(settings: Settings) -> str:
    try:
        return keys.pseudonym_key(settings).id
    except HexperienceError:
        return "none"


def _address(client: Client) -> str:
    return str(client.scheduler_info(n_workers=0)["address"])
