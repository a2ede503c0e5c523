"""Gaps stay gaps, days start where the cell's zone says, and rest days are the country's."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from analysis import cube


def _days(rows: list[tuple[str, str]]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["cell_id", "day_local"])
    frame["day_local"] = pd.to_datetime(frame["day_local"]).dt.date
    return frame.assign(
        call_attempts=100.0,
        dropped_calls=1.0,
        covered_s=86_400.0,
        unavail_s=8_640.0,
        bh_prb_dl_used_prb_s=60.0,
        bh_prb_dl_avail_prb_s=80.0,
    )


def _outages(*rows: tuple[str, str, str | None]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["cell_id", "start_utc", "end_utc"])
    for name in ("start_utc", "end_utc"):
        frame[name] = pd.to_datetime(frame[name], utc=True).astype("datetime64[us, UTC]")
    return frame


def _cube(rows: list[tuple[str, str]], **how: object) -> xr.Dataset:
    given = {"zones": "UTC", "outages": _outages(), "weekend": ["friday"], **how}
    return cube.of_cell_days(_days(rows), **given)  # type: ignore[arg-type]


def test_a_day_without_rows_is_there_and_missing() -> None:
    counters = _cube([("a", "2026-06-01"), ("a", "2026-06-03"), ("b", "2026-06-02")])
    assert counters.sizes == {"cell": 2, "day": 3}
    attempts = counters["call_attempts"].to_numpy()
    np.testing.assert_array_equal(attempts, [[100, np.nan, 100], [np.nan, 100, np.nan]])
    assert counters["call_attempts"].attrs["units"] == "n"
    assert counters["bh_prb_dl_util_pct"].max() == 75
    assert counters["availability"].max() == pytest.approx(0.9)


def test_days_start_by_the_cell_s_own_zone() -> None:
    zones = pd.Series({"a": "Europe/London", "b": "Asia/Kolkata"})
    rows = [(cell, f"2026-10-{day}") for cell in "ab" for day in (25, 26)]
    starts = _cube(rows, zones=zones)["day_start_utc"].to_numpy()
    # the clock goes back on the 25th: London's day is 25 hours long
    assert (starts[:, 1] - starts[:, 0]).astype("timedelta64[h]").astype(int).tolist() == [25, 24]
    assert str(starts[1, 0]).startswith("2026-10-24T18:30")


def test_rest_days_are_weekends_and_public_holidays() -> None:
    rows = [("a", f"2026-08-{day}") for day in (28, 29, 30, 31)]
    assert _cube(rows)["rest_day"].to_numpy().tolist() == [[True, False, False, False]]
    english = _cube(rows, country="GB", subdivision="ENG")
    # Friday is the weekend here; Monday the 31st is England's summer bank holiday
    assert english["rest_day"].to_numpy().tolist() == [[True, False, False, True]]


def test_a_day_touched_by_an_outage_is_marked() -> None:
    rows = [("a", f"2026-06-0{day}") for day in (1, 2, 3)]
    short = _outages(
        ("a", "2026-06-02T10:00Z", "2026-06-02T11:00Z"), ("z", "2026-06-01T00:00Z", None)
    )
    assert _cube(rows, outages=short)["outage"].to_numpy().tolist() == [[False, True, False]]
    lasting = _outages(("a", "2026-06-02T10:00Z", None))
    assert _cube(rows, outages=lasting)["outage"].to_numpy().tolist() == [[False, True, True]]
