"""A terminal, a log, and whoever asks elsewhere are shown how far the work is."""

from pathlib import Path

import pytest

from contracts.errors import InputError
from ingest.warehouse.store import Warehouse
from views.console.progress import Stage, Stages, progress, span, status_lines


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.4, "0 s"), (59.6, "1 min 0 s"), (200, "3 min 20 s"), (7500, "2 h 5 min")],
)
def test_a_span_has_its_two_largest_units(seconds: float, text: str) -> None:
    assert span(seconds) == text


def test_a_stage_says_its_pace_and_the_time_left_where_they_can_be_known() -> None:
    stage = Stage("reading files", 100, 100, done=0, total=40)
    assert stage.worded(110) == "reading files: 0 of 40, 10 s"
    stage.done, stage.rows = 10, 1_200_000
    assert stage.worded(130) == (
        "reading files: 10 of 40, 30 s, 1,200,000 rows, 40,000 a second, about 1 min 30 s left"
    )
    assert Stage("publishing", 0, 0, done=1, total=1).worded(3) == "publishing: 3 s"


def test_a_line_is_written_at_a_stages_end_and_every_half_minute(
    capsys: pytest.CaptureFixture[str],
) -> None:
    clock = iter([0.0, 2.0, 29.0, 31.0, 33.0, 62.0, 70.0, 80.0, 120.0])
    stages = Stages(None, clock=lambda: next(clock))
    stages.tell("rolling up days", 0, 4)
    for _ in range(5):
        stages.remind()
    stages.tell("rolling up days", 3, 4)
    stages.tell("rolling up days", 4, 4)
    stages.remind()
    assert capsys.readouterr().err.splitlines() == [
        "rolling up days: 0 of 4, 31 s",
        "rolling up days: 0 of 4, 1 min 2 s",
        "rolling up days: 4 of 4, 1 min 20 s",
    ]


def test_a_stage_that_begins_again_has_a_new_clock() -> None:
    now = 0.0
    stages = Stages(None, clock=lambda: now)
    stages.tell("searching days", 0, 2)
    stages.tell("searching days", 2, 2)
    now = 50.0
    stages.tell("searching days", 0, 2)
    now = 60.0
    assert stages.lines() == ["searching days: 0 of 2, 10 s"]


def test_status_says_who_is_at_work_how_far_and_how_it_ended(tmp_path: Path) -> None:
    warehouse = Warehouse(tmp_path)
    assert _status(warehouse) == ["no run is at work here, and none was"]
    with warehouse.alone():
        assert _status(warehouse) == ["a run is beginning"]
        with progress(warehouse) as stages:
            stages.tell("reading files", 3, 4)
            noted = warehouse.progress
        assert noted is None or noted["end"] == ""
        assert _status(warehouse)[0].startswith("a run is at work since ")
    ended = _status(warehouse)
    assert ended[0].endswith(" UTC: done")
    assert ended[1].startswith("  reading files: 3 of 4, ")


@pytest.mark.parametrize(
    ("error", "end"),
    [
        (KeyboardInterrupt(), "stopped; run again to go on from there"),
        (InputError("no", ["file x"]), "failed; its console or log says why"),
    ],
)
def test_status_says_that_a_run_stopped_or_failed(
    error: BaseException, end: str, tmp_path: Path
) -> None:
    warehouse = Warehouse(tmp_path)
    with pytest.raises(type(error)), warehouse.alone(), progress(warehouse):
        raise error
    assert _status(warehouse)[0].endswith(end)


def test_a_run_that_was_killed_has_no_end(tmp_path: Path) -> None:
    warehouse = Warehouse(tmp_path)
    with progress(warehouse):
        pass
    noted = {**(warehouse.progress or {}), "end": ""}
    assert status_lines(noted, is_at_work=False)[0].endswith(
        "killed; run again to go on from there"
    )


def _status(warehouse: Warehouse) -> list[str]:
    return status_lines(warehouse.progress, is_at_work=warehouse.is_taken())


def test_a_stage_without_anything_to_do_is_not_printed(capsys: pytest.CaptureFixture[str]) -> None:
    stages = Stages(None, lambda: 0.0)
    stages.tell("reading files", 0, 0)
    assert (stages.lines(), capsys.readouterr().err) == ([], "")
    stages.tell("reading files", 1, 1)
    assert "reading files" in capsys.readouterr().err
