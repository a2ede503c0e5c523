"""Marts that many tests read: an invented town, monthly reports, and the demo operator.

How they are made stands in tests/bench/.
"""

import fcntl
import gc
import os
import shutil
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

# Before numpy is there: tests run beside one another, and threads of linear algebra that wait for
# one another cost twice the processor time.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import pytest

from ingest.warehouse.store import Warehouse
from tests.bench.demo import build_demo
from tests.bench.marts import write_config
from tests.bench.reports import build_reports
from tests.bench.town import Town, build_town

PYTEST = sys.modules["__main__"]
# as in ingest.running.workers: the tests' frames are many, and their circles few
gc.set_threshold(50_000, 10, 10)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """One file that reads the demo first, all others of them last: no worker waits for the demo.

    `items`: the tests, file by file.
    """
    of_demo = [item.path for item in items if "demo_config" in getattr(item, "fixturenames", ())]
    later = {path for path in of_demo if path != of_demo[0]}
    items.sort(key=lambda item: (item.path not in of_demo[:1], item.path in later))


@pytest.fixture(autouse=True)
def _process_stays_as_it_was() -> Iterator[None]:
    """Undoes what a test leaves behind in the process that runs the others.

    Streamlit's AppTest leaves its page as __main__, and processes started later would run that.
    The verb `batch` takes a stop by a timer as one by hand.
    """
    before = signal.getsignal(signal.SIGTERM)
    yield
    sys.modules["__main__"] = PYTEST
    signal.signal(signal.SIGTERM, before)


@pytest.fixture(scope="session", autouse=True)
def _no_wait_for_the_disk() -> Iterator[None]:
    """No test takes the power away, and a run waits for the disk a thousand times."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda _: None)
        yield


@pytest.fixture(scope="session")
def town(tmp_path_factory: pytest.TempPathFactory) -> Town:
    """A town with counters, complaints, NPS and one planted change."""
    return build_town(tmp_path_factory.mktemp("town of tests"))


@pytest.fixture(scope="session")
def reports_town(tmp_path_factory: pytest.TempPathFactory) -> Town:
    """A country of which only monthly reports of calls are known, as MyCall's."""
    return build_reports(tmp_path_factory.mktemp("reports"))


@pytest.fixture
def unpublished(tmp_path: Path) -> Path:
    """A configuration for which nothing was ever published."""
    return write_config(tmp_path, "Nobody Mobile", "UTC", level=8)


@pytest.fixture
def configured(monkeypatch: pytest.MonkeyPatch) -> Callable[[Path], None]:
    """Makes the screen read one configuration."""
    return lambda config: monkeypatch.setenv("HEXPERIENCE_CONFIG", str(config))


@pytest.fixture(scope="session")
def demo_config(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Configuration of the demo operator, its marts published.

    All workers of a run share it: a test that would change it works on a copy.
    """
    return built_once(tmp_path_factory, "demo operator", build_demo) / "hexperience.toml"


@pytest.fixture(scope="session")
def demo(demo_config: Path) -> Warehouse:
    """Warehouse of the demo operator."""
    return Warehouse(demo_config.parent / "warehouse")


def built_once(factory: pytest.TempPathFactory, name: str, build: Callable[[Path], None]) -> Path:
    """Folder that `build` has filled, once for all workers of this run of the tests."""
    common = factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        common = common.parent
    folder, done = common / name, common / f"{name}.done"
    with (common / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not done.exists():
            # what a build that failed has left would not be whole
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            build(folder)
            done.touch()
    return folder
