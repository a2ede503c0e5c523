"""A run's workers: of any cluster class, counted as they go, reported on where Dask can draw."""

from pathlib import Path

import pytest

from contracts.errors import InputError, SettingsError
from contracts.settings.load import load, reference
from contracts.settings.sections import DEFAULTS, Run
from ingest.running import workers as running
from ingest.running.cluster import same_everywhere
from ingest.running.workers import dashboard, each, reported, workers

_JOBS = {"cores": 1, "memory": "1GB", "interface": "lo", "scheduler_options": {"port": 0}}
_HERE = {"n_workers": 1, "threads_per_worker": 1, "dashboard_address": "127.0.0.1:0"}


# Its jobs' processes are not waited for when it closes.
_LEAVES_ITS_JOBS = pytest.mark.filterwarnings(
    "ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"
)


def test_a_named_cluster_class_is_where_the_work_goes_unless_another_place_is_asked_for() -> None:
    of_class = {"class": "distributed.LocalCluster"}
    assert Run().where == "threads"
    assert not Run().on_a_cluster
    assert Run(cluster=of_class).where == "cluster"
    assert Run(cluster=of_class).on_a_cluster
    assert Run(scheduler="processes", cluster=of_class).where == "processes"


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("distributed.LocalCluster", _HERE),
        pytest.param("dask_jobqueue.local.LocalCluster", _JOBS, marks=_LEAVES_ITS_JOBS),
    ],
)
def test_a_cluster_of_any_class_is_started_asked_and_closed(
    name: str, arguments: dict[str, object], tmp_path: Path
) -> None:
    if "jobqueue" in name:
        arguments = {**arguments, "log_directory": str(tmp_path)}
    run = Run(workers=1, cluster={"class": name, "arguments": arguments})
    settings = DEFAULTS.model_copy(update={"run": run, "folder": tmp_path})
    seen: list[tuple[str, int, int, int]] = []

    def watch(label: str, done: int, total: int, /, *, rows: int = 0) -> None:
        seen.append((label, done, total, rows))

    with workers(run) as client:
        same_everywhere(client, settings, [])
        answers = each(client, len, ["a", "bb"], label="measuring", progress=watch, rows_of=int)
    assert answers == [1, 2]
    assert seen[0] == ("measuring", 0, 2, 0)
    assert seen[-1] == ("measuring", 2, 2, 3)
    assert client.status == "closed"


@pytest.mark.parametrize(
    ("cluster", "fault"),
    [
        ({"class": "no_such.Cluster"}, "class no_such.Cluster: ModuleNotFoundError"),
        ({"class": "distributed.Nothing"}, "class distributed.Nothing: AttributeError"),
        (
            {"class": "zoneinfo.ZoneInfo", "arguments": {"no": 1}},
            "class zoneinfo.ZoneInfo: TypeError",
        ),
        ({"class": "collections.Counter"}, "class collections.Counter: it is no Dask cluster"),
        ({}, "class is empty: "),
    ],
)
def test_a_cluster_that_cannot_be_started_is_refused_with_class_and_remedy(
    cluster: dict[str, object], fault: str
) -> None:
    run = Run(scheduler="cluster", cluster=cluster)
    with (
        pytest.raises(InputError, match=f"{fault}.*mend class and arguments"),
        workers(run),
    ):
        pass


def test_a_key_that_is_none_is_named_with_its_section(tmp_path: Path) -> None:
    path = tmp_path / "hexperience.toml"
    path.write_text('[run.cluster]\nclas = "a.B"', "utf-8")
    with pytest.raises(SettingsError, match=r"\[run.cluster\] clas: unknown key.*class"):
        load(path, environ={})
    assert "## [run.cluster]\n" in reference()


def test_dask_reports_where_the_time_went_if_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = Run(performance_report="dask.html", workers=1)
    settings = DEFAULTS.model_copy(update={"run": run, "folder": tmp_path})
    with workers(settings.run) as client, reported(settings):
        assert dashboard(client).startswith("http://127.0.0.1:")
        each(client, str, [1], label="writing")
    assert "<html" in (tmp_path / "dask.html").read_text("utf-8")
    monkeypatch.setattr(running, "find_spec", lambda _: None)
    with (
        pytest.raises(InputError, match=r"bokeh.*\n.*hexperience\[dashboard\]"),
        reported(settings),
    ):
        pass
    assert dashboard(client) == ""
