"""The same marts bit for bit: on threads, processes or a cluster, whoever dies, however cut."""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from dask.distributed import Client

import analysis.run
import ingest.run
from contracts.errors import InputError
from contracts.settings.load import load
from contracts.settings.sections import Run
from contracts.tables import PUBLISHED
from ingest.running import cluster as cluster_check
from ingest.running.workers import each, workers
from ingest.synth import write_operator
from ingest.warehouse.duck import connect
from ingest.warehouse.publish import publish
from ingest.warehouse.store import Warehouse

pytestmark = pytest.mark.slow

Marts = dict[str, pa.Table]
CONSOLE = [sys.executable, "-m", "hexperience", "run", "--config"]
DAYS = 20
"""Fewest that an operator can be invented with; each is a file of counters."""
HERE = ["--host", "127.0.0.1", "--dashboard-address", "127.0.0.1:0"]


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_operator(tmp_path_factory.mktemp("operator"), n_cells=12, n_days=DAYS, n_months=0)


@pytest.fixture(scope="module")
def undisturbed(config: Path) -> Marts:
    """Marts of one run on threads that nobody disturbed."""
    return _run_here(config, "undisturbed")


def _run_here(config: Path, warehouse: str) -> Marts:
    settings = load(config, environ={}, arguments={"warehouse": {"path": warehouse}})
    with workers(settings.run) as client:
        ingest.run.run(settings, client)
        analysis.run.run(settings, client)
    publish(Warehouse(config.parent / warehouse), "run", keep=1)
    return _marts(config, warehouse)


def _start(config: Path, warehouse: str, scheduler: str) -> subprocess.Popen[str]:
    ours = {"HEXPERIENCE_WAREHOUSE__PATH": f'"{warehouse}"', "HEXPERIENCE_RUN__WORKERS": "2"}
    return subprocess.Popen(
        [*CONSOLE, str(config), "--scheduler", scheduler],
        env={**os.environ, **ours},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def _done(run: subprocess.Popen[str]) -> None:
    output, _ = run.communicate(timeout=600)
    assert run.returncode == 0, output


def _marts(config: Path, warehouse: str) -> Marts:
    with connect(Warehouse(config.parent / warehouse).marts.file) as connection:
        ordered = (f"select * from {name} order by all" for name in PUBLISHED)
        tables = [connection.sql(sql).to_arrow_table() for sql in ordered]
    return dict(zip(PUBLISHED, tables, strict=True))


def _same(one: Marts, other: Marts, *, apart_from: tuple[str, ...] = ()) -> None:
    for name in PUBLISHED:
        kept = [column for column in one[name].column_names if column not in apart_from]
        mine, theirs = one[name].select(kept), other[name].select(kept)
        if not mine.equals(theirs):
            frames = (t.to_pandas(types_mapper=pd.ArrowDtype) for t in (mine, theirs))
            pd.testing.assert_frame_equal(*frames, check_exact=True, obj=name)
            pytest.fail(f"{name}: not the same bits")


def _until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + 600
    while not true():
        assert time.monotonic() < end, "it did not come to that"
        time.sleep(0.01)


# ------------------------------------------------------------------------------- schedulers


@dataclass
class Cluster:
    """A scheduler and its workers, each a process of its own."""

    folder: Path
    scheduler: subprocess.Popen[bytes]
    workers: list[subprocess.Popen[bytes]]

    @property
    def address(self) -> str:
        return str(pd.read_json(self.folder / "scheduler.json", typ="series")["address"])

    def start(self, *words: str, **environ: str) -> subprocess.Popen[bytes]:
        address = ["--scheduler-file", str(self.folder / "scheduler.json")]
        command = [sys.executable, "-m", "dask", *words, *HERE, *address]
        with (self.folder / f"{words[0]}.log").open("ab") as log:
            environ = {**os.environ, **environ}
            return subprocess.Popen(command, stdout=log, stderr=log, env=environ, cwd=self.folder)

    def join(self, **environ: str) -> None:
        alone = ["--no-nanny", "--nthreads", "1", "--local-directory", str(self.folder)]
        self.workers.append(self.start("worker", *alone, **environ))


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    """A scheduler on a free port, and two workers."""
    one = Cluster(tmp_path, None, [])  # type: ignore[arg-type]
    one.scheduler = one.start("scheduler", "--port", "0")
    try:
        _until((tmp_path / "scheduler.json").exists)
        one.join()
        one.join()
        yield one
    finally:
        for process in (*one.workers, one.scheduler):
            process.kill()
            process.wait()


def test_processes_give_the_same_marts(config: Path, undisturbed: Marts) -> None:
    _done(_start(config, "processes", "processes"))
    _same(undisturbed, _marts(config, "processes"))


def test_a_scheduler_that_goes_away_is_named(config: Path, cluster: Cluster) -> None:
    run = _start(config, "lost", cluster.address)
    _until(lambda: any((config.parent / "lost" / "loads" / "pm").glob("*")))
    cluster.scheduler.kill()
    output, _ = run.communicate(timeout=600)
    assert run.returncode == 2, output
    # under load the last file may have been read before the scheduler dies
    assert re.search("the Dask scheduler went away while [a-z]+", output), output


def test_workers_that_differ_are_refused(config: Path, cluster: Cluster) -> None:
    cluster.join(HEXPERIENCE_KEY="another key of more than thirty-two characters")
    old = cluster.folder / "old"
    for part in ("contracts", "geo", "ingest", "analysis"):
        shutil.copytree(Path(cluster_check.__file__).parents[2] / part, old / part)
    (old / "geo" / "__init__.py").write_text("# of last year", encoding="utf-8")
    cluster.join(PYTHONPATH=str(old))
    with Client(cluster.address) as client:
        client.wait_for_workers(4, timeout=600)
    run = _start(config, "never", cluster.address)
    output, _ = run.communicate(timeout=600)
    assert run.returncode == 2
    assert "workers of the Dask cluster differ from this machine" in output
    assert output.count("  - tcp://") == 2
    assert output.count("pseudonym key: ") == 1
    assert output.count(": Hexperience: ") == 1
    assert not (config.parent / "never" / "loads").exists()


def test_another_folder_another_version_and_lost_files_are_named(
    config: Path, tmp_path: Path
) -> None:
    settings = load(config, environ={}, arguments={"warehouse": {"path": str(tmp_path)}})
    with Warehouse(tmp_path).marked("here"):
        here = cluster_check.facts(settings, [config], "here")
        assert list(cluster_check.faults("w", here, here)) == []
    there = {
        **cluster_check.facts(settings, [config, tmp_path / "gone"], "here"),
        "pandas": "1.0",
    }
    pandas, folder, files = cluster_check.faults("w", there, here)
    assert pandas == f"w: pandas: 1.0; here: {pd.__version__}"
    assert folder.endswith("not the same folder; share it under the same path; here: shared")
    assert files == f"w: source files: 1 missing, first {tmp_path / 'gone'}; here: all there"


# ----------------------------------------------------------------------------------- deaths


def test_a_cluster_gives_the_same_marts_and_workers_that_are_killed_cost_time_only(
    config: Path, undisturbed: Marts, cluster: Cluster
) -> None:
    cluster.join()
    run, folder = _start(config, "deaths", cluster.address), config.parent / "deaths"
    for victim, notes in enumerate(("loads/pm", "settled/pm")):
        _until(lambda notes=notes: len([*(folder / notes).glob("*.json")]) >= 3)
        cluster.workers[victim].kill()
        assert len([*(folder / notes).glob("*.json")]) < DAYS
    _done(run)
    assert [worker.poll() is None for worker in cluster.workers] == [False, False, True]
    _same(undisturbed, _marts(config, "deaths"))


def test_an_item_that_takes_every_worker_down_is_named() -> None:
    with workers(Run(scheduler="processes", workers=2)) as client:
        with pytest.raises(InputError, match="while dying a worker died 4 times at one item"):
            each(client, os._exit, [1], label="dying")
        assert each(client, str, [1], label="living") == ["1"]


def test_a_run_that_is_killed_leaves_no_half_snapshot_and_goes_on(
    config: Path, undisturbed: Marts
) -> None:
    folder, dice = config.parent / "killed", np.random.default_rng(7)
    for part in ("loads/pm", "settled/pm", "tables/change_point", "snapshots"):
        run = _start(config, "killed", "processes")
        _until(lambda part=part: any((folder / part).glob("*")))
        time.sleep(dice.uniform(0, 0.3))
        run.send_signal(signal.SIGKILL)
        run.communicate()
        if (folder / "current").exists():
            _same(undisturbed, _marts(config, "killed"))
    _same(undisturbed, _run_here(config, "killed"))
    assert [path.name for path in folder.rglob(".*")] == []


# ------------------------------------------------------------------------------------- cuts


def _cut(config: Path, folder: Path, file_of: Callable[[int, str], str]) -> Path:
    """The operator with each row of its counters in the file that `file_of` names, shuffled."""
    for name in ("raw", config.name, "pseudonym.key", "regions.geojson"):
        copy = shutil.copytree if (config.parent / name).is_dir() else shutil.copy2
        copy(config.parent / name, folder / name)
    files = sorted((folder / "raw" / "pm").glob("*.csv"))
    header = files[0].read_text("utf-8").splitlines()[0]
    rows = [row for file in files for row in file.read_text("utf-8").splitlines()[1:]]
    for file in files:
        file.unlink()
    np.random.default_rng(7).shuffle(rows)
    names = [file_of(i, row) for i, row in enumerate(rows)]
    for name, part in pd.Series(rows).groupby(names):
        path = folder / "raw" / "pm" / f"PM_{name}.csv"
        path.write_text("\n".join([header, *part]) + "\n", "utf-8")
    return folder / config.name


def _day_or_hour(row: str) -> str:
    # one malformed row has its cell twice
    day, _, hour = row.split(";")[1].partition(" ")
    return f"{day} {hour[:2]}" if day < "03" else day


@pytest.mark.parametrize(
    "file_of",
    [
        pytest.param(lambda _, __: "all", id="one file"),
        pytest.param(lambda _, row: _day_or_hour(row), id="a file a day or an hour"),
        pytest.param(lambda i, _: f"{i * 7919 % 13}", id="thirteen files at random"),
    ],
)
def test_any_cut_of_the_files_gives_the_same_marts(
    config: Path, undisturbed: Marts, tmp_path: Path, file_of: Callable[[int, str], str]
) -> None:
    cut = _run_here(_cut(config, tmp_path, file_of), "warehouse")
    # a run is named after its files, and the lineage tells them
    cut["lineage"] = undisturbed["lineage"]
    _same(undisturbed, cut, apart_from=("run_id",))
