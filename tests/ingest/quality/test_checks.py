"""Days of cells that can't be relied on are named, and no others."""

from datetime import date

import numpy as np
import pandas as pd
import pytest

from ingest.quality import checks
from ingest.quality.checks import Activity
from ingest.synth.radio.network import invent_network

WHOLE = 86_400.0


def _days(**columns: list[object]) -> pd.DataFrame:
    n = len(columns["day_local"])
    usual = {"cell_id": ["a"] * n, "covered_s": [WHOLE] * n, "n_hours": [24] * n,
             "n_values_missing": [0.0] * n, "n_resets": [0.0] * n}  # fmt: skip
    frame = pd.DataFrame({**usual, **columns})
    return frame.assign(day_local=[date(2026, 3, day) for day in columns["day_local"]])


def _failures(days: pd.DataFrame, length_s: float = WHOLE) -> list[tuple[int, str, str]]:
    table = checks.of_days(days, pd.Series(length_s, index=days.index))
    return [
        (row.day_local.day, row.check_name, row.verdict) for row in table.itertuples(index=False)
    ]


def test_whole_days_without_faults_pass() -> None:
    assert _failures(_days(day_local=[1, 2, 3])) == []


def test_a_short_day_of_a_clock_change_is_whole() -> None:
    days = _days(day_local=[29], covered_s=[82_800.0], n_hours=[23])
    assert _failures(days, 82_800) == []
    assert _failures(_days(day_local=[29], covered_s=[77_000.0]), WHOLE) == [
        (29, "incomplete", "warn")
    ]


def test_each_fault_has_its_name() -> None:
    days = _days(
        day_local=[1, 2, 3, 4, 5],
        covered_s=[WHOLE, 0.4 * WHOLE, WHOLE, WHOLE, WHOLE],
        n_values_missing=[1.0, 0.0, 13.0, 1.0, 0.0],
        n_resets=[0.0, 0.0, 0.0, 1.0, 0.0],
    )
    assert _failures(days) == [
        (2, "incomplete", "unsafe"),
        (1, "impossible values", "warn"),
        (3, "impossible values", "unsafe"),
        (4, "impossible values", "warn"),
        (4, "reset", "unsafe"),
    ]


def test_days_without_counters_are_gaps_within_and_silence_at_the_end() -> None:
    days = pd.concat(
        [_days(day_local=[1, 3, 6]), _days(day_local=[2, 3, 4]).assign(cell_id="b")],
        ignore_index=True,
    )
    table = checks.of_days(days, pd.Series(WHOLE, index=days.index))
    failures = set(zip(table["cell_id"], table["day_local"], table["check_name"], strict=True))
    gaps = {("a", date(2026, 3, day), "gap") for day in (2, 4, 5)}
    # b begins later than a, which is no fault, and is not heard of after the fourth
    assert failures == gaps | {("b", date(2026, 3, 5), "silent")}


@pytest.fixture(scope="module", params=["normal", "heavy"])
def activity(request: pytest.FixtureRequest) -> Activity:
    """Calls of a network with every planted cause, by the clock as it is."""
    network = invent_network(
        np.random.default_rng(11), n_cells=120, n_days=42, first_day=date(2026, 6, 1),
        noise=request.param,
    )  # fmt: skip
    calls = network.counters["call_attempts"].reshape(120, 42, 24).astype(float)
    days = pd.date_range("2026-06-01", periods=42).date
    return Activity(calls, np.array([f"{i:03}" for i in range(120)], object), np.array(days))


def test_no_clock_is_blamed_where_none_is_off(activity: Activity) -> None:
    assert len(checks.clock_shifts(activity)) <= 2


@pytest.mark.parametrize("hours", [2, -3])
def test_clocks_that_are_off_for_five_days_are_dated(activity: Activity, hours: int) -> None:
    calls = activity.calls.copy()
    wrong = np.flatnonzero(calls.sum(axis=(1, 2)) / 42 > 500)[::8]
    flat = calls.reshape(120, -1)
    span = slice(20 * 24, 25 * 24)
    flat[wrong, span] = np.roll(flat, hours, axis=1)[wrong, span]
    table = checks.clock_shifts(Activity(calls, activity.cells, activity.days))
    shifts = table[table["cell_id"].isin(activity.cells[wrong])]
    late = "late" if hours > 0 else "early"
    assert shifts["message"].str.contains(f"{abs(hours)} h {late}").mean() > 0.9
    right = shifts["day_local"].isin(activity.days[20:25])
    assert right.mean() > 0.9
    assert right.sum() > 0.8 * 5 * len(wrong)


def test_a_clock_that_is_off_for_all_cells_is_the_networks(activity: Activity) -> None:
    flat = activity.calls.reshape(120, -1).copy()
    span = slice(20 * 24, 25 * 24)
    flat[:, span] = np.roll(flat, 5, axis=1)[:, span]
    shifted = Activity(flat.reshape(activity.calls.shape), activity.cells, activity.days)
    rows = checks.clock_shifts(shifted)
    of_all = rows[rows["check_name"] == "clock of all cells"]
    assert set(of_all["day_local"]) == set(activity.days[20:25])
    assert set(of_all["message"]) == {"every cell's day is 5 h late: a clock or zone is off"}
    assert len(rows) - len(of_all) <= 4
