"""Killed at any step it takes on disk: readers see whole snapshots, a rerun makes it good."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.bench.operator import Operator
from tests.ingest import killer

pytestmark = pytest.mark.slow

MOMENTS = int(os.environ.get("HEXPERIENCE_SOAK_KILLS", "5"))
HERE = Path(__file__).parents[2]


def test_a_run_killed_at_any_step_on_disk_costs_time_only(
    operator: Operator, counters: Callable[..., str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    operator.write("pm_1.csv", counters("2026-03-01", n=24))
    late = Operator(tmp_path_factory.mktemp("late"))
    # corrected by another file, and a day more
    late.write("pm_2.csv", counters("2026-03-01", n=12, cells=("001",)).replace(",1,", ",2,"))
    late.write("pm_3.csv", counters("2026-03-02", n=24))
    # and a mast that stands elsewhere
    cells = (operator.folder / "raw" / "cells.csv").read_text("utf-8")
    late.write("cells.csv", cells.replace("19.02,73.05", "19.03,73.02"))
    config = (operator.folder / "hexperience.toml").read_text("utf-8")
    home = tmp_path_factory.mktemp("killed") / "operator"
    shutil.copytree(operator.folder, home)
    (home / "hexperience.toml").write_text(config + "[warehouse]\nkeep_snapshots = 2\n", "utf-8")
    done = _killed(home / "hexperience.toml", late)
    outcomes = [json.loads(line) for line in done]
    steps = " ".join(one["step"] for one in outcomes)
    assert len(outcomes) >= 40
    assert all(kind in steps for kind in killer.STEPS)
    # the enumeration sees what matters: pieces, notes, tables, the snapshot and its switch
    parts = ("pieces", "loads", "settled", "tables", "snapshots/.building-", "snapshots/.link-")
    assert all(part in steps for part in parts)
    assert "shutil.rmtree /warehouse/snapshots/000001" in steps
    assert [one for one in outcomes if not (one["whole"] and one["same"] and not one["left"])] == []


def test_of_steps_of_one_kind_the_first_and_the_last_are_tried(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    findings = [f"os.rename /warehouse/tables/{name}/.part-x" for name in sorted(killer.FINDINGS)]
    days = [f"os.remove /warehouse/settled/pm/2026-03-0{day}.json" for day in (1, 2, 3)]
    steps = [*findings, *days, "os.mkdir /warehouse/repeated"]
    monkeypatch.delenv("HEXPERIENCE_SOAK_KILLS", raising=False)
    n = len(findings)
    assert killer.tried(steps) == [1, n, n + 1, n + 3, n + 4]
    monkeypatch.setenv("HEXPERIENCE_SOAK_KILLS", "50")
    assert killer.tried(steps) == [*range(1, n + 5)]


def _killed(config: Path, late: Operator, *moments: int) -> list[str]:
    """What the killer says, line by line."""
    words = [str(config), str(late.folder / "raw"), *map(str, moments)]
    done = subprocess.run(
        [sys.executable, "-m", "tests.ingest.killer", *words],
        capture_output=True,
        text=True,
        check=False,
        cwd=HERE,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.splitlines()


def test_a_run_killed_at_any_moment_costs_time_only(
    operator: Operator, counters: Callable[..., str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    operator.write("pm_1.csv", counters("2026-03-01"))
    late = Operator(tmp_path_factory.mktemp("late"))
    late.write("pm_2.csv", counters("2026-03-02"))
    (said,) = _killed(operator.config, late, MOMENTS)
    counts = json.loads(said)
    assert len(counts["seen"]) == MOMENTS
    assert set(counts["seen"]) <= {counts["before"], counts["after"]}
    assert counts["before"] != counts["after"]
    assert [path.name for path in (operator.folder / "warehouse").rglob(".*")] == []
