"""Findings on data that failed a check are marked, and no others."""

from datetime import date

import numpy as np
import pandas as pd
import xarray as xr

from analysis import safety

DAYS = pd.date_range("2026-03-01", periods=4)
VERDICTS = pd.DataFrame(
    {
        "cell_id": ["a", "a", "b"],
        "day_local": [date(2026, 3, 2), date(2026, 3, 3), date(2026, 3, 4)],
        "check_name": ["reset", "incomplete", "gap"],
        "verdict": ["unsafe", "warn", "unsafe"],
        "message": ["two counters", "most of it", "none"],
    }
)


def test_unsafe_days_stand_in_the_cube_and_warnings_do_not() -> None:
    counters = xr.Dataset(
        {"dropped_calls": (("cell", "day"), np.ones((2, 4)))},
        coords={"cell_id": ("cell", ["a", "b"]), "day_local": ("day", DAYS)},
    )
    failed = safety.with_failed_days(counters, VERDICTS)["failed"].to_numpy()
    assert failed.tolist() == [[0, 1, 0, 0], [0, 0, 0, 1]]


def test_a_place_is_unsafe_from_a_quarter_of_its_cells_days_on() -> None:
    reasons = safety.of_places(pd.Series([0.0, 0.25, 0.3, np.nan]))
    assert reasons.isna().tolist() == [True, True, False, True]
    assert reasons[2] == "30 % of its cells' days fail a check of the data"


def test_a_change_near_an_unsafe_day_of_its_cell_says_why() -> None:
    at = pd.to_datetime(["2026-03-03T06:00Z", "2026-03-09T00:00Z", "2026-03-04T00:00Z"])
    changes = pd.DataFrame({"cell_id": ["a", "a", "c"], "change_utc": at})
    reasons = safety.of_changes(changes, VERDICTS)
    assert reasons[0] == "reset on 2026-03-02: two counters"
    assert reasons[1:].isna().all()
    kept = safety.of_changes(changes.assign(unsafe_reason=["few calls", None, None]), VERDICTS)
    assert kept[0] == "few calls"


def test_a_source_that_cannot_be_trusted_takes_its_figures_along() -> None:
    notes = pd.DataFrame(
        {"table_name": ["nps", "call"], "verdict": ["warn", "unsafe"], "message": ["so", "no"]}
    )
    assert safety.of_table(notes, "call") == "no"
    assert safety.of_table(notes, "nps") is None
