"""Gaps stay gaps, days start where the cell's zone says, and rest days are the country's."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from analysis import cube
from contracts.errors import InputError
from contracts.tables import ADDITIVE, TIME_WEIGHTED


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


def _hours(*parts: tuple[str, str, int]) -> pd.DataFrame:
    """Rows of (cell, first instant, hours), attempts 0, 1, 2 ..."""
    frames = [
        pd.DataFrame({"cell_id": cell, "at": pd.date_range(first, periods=n, freq="h", tz="UTC")})
        for cell, first, n in parts
    ]
    hours = pd.concat(frames, ignore_index=True).rename(columns={"at": "hour_start_utc"})
    hours = hours.assign(**dict.fromkeys(ADDITIVE + TIME_WEIGHTED, np.nan))
    hours["call_attempts"] = hours.groupby("cell_id").cumcount().astype(float)
    return hours.assign(covered_s=3600.0, unavail_s=900.0)


def _hourly(hours: pd.DataFrame, zones: pd.Series | str, **how: object) -> xr.Dataset:
    given = {"zones": zones, "outages": _outages(), "weekend": ["saturday", "sunday"], **how}
    return cube.of_cell_hours(hours, **given)  # type: ignore[arg-type]


def test_an_hour_without_a_row_is_there_and_missing() -> None:
    hours = _hours(("a", "2026-06-01 00:00", 6), ("b", "2026-06-01 02:00", 3)).drop(index=3)
    hourly = _hourly(hours.sample(frac=1, random_state=1), "UTC")
    assert hourly.sizes == {"cell": 2, "hour": 6}
    nan = np.nan
    attempts = [[0, 1, 2, nan, 4, 5], [nan, nan, 0, 1, 2, nan]]
    np.testing.assert_array_equal(hourly["call_attempts"], attempts)
    assert hourly["availability"].max() == 0.75
    assert np.isnan(hourly["ul_vol_kbit"]).all()


@pytest.mark.parametrize(("day", "n"), [("2026-03-29", 23), ("2026-10-25", 25), ("2026-07-01", 24)])
def test_a_day_of_a_clock_change_has_its_own_hours(day: str, n: int) -> None:
    first = pd.Timestamp(day, tz="Europe/London").tz_convert("UTC")
    hours = _hours(("a", str(first.tz_localize(None)), n + 5))
    hourly = _hourly(hours, "Europe/London").isel(cell=0)
    assert (hourly["day_local"] == np.datetime64(day)).sum() == n
    clock = hourly["hour_local"].to_numpy()[:n]
    hours_of_clock = {23: [0, 2, 3], 24: [0, 1, 2], 25: [0, 1, 1]}
    assert clock[:3].tolist() == hours_of_clock[n]
    assert clock[-1] == 23
    assert np.diff(hourly["hour_start_utc"]).astype("timedelta64[m]").astype(int).max() == 60


def test_hours_of_half_hour_zones_start_at_half_past_and_keep_apart() -> None:
    one = _hourly(_hours(("a", "2026-06-01 18:30", 3)), "Asia/Kolkata")
    assert one["hour_start_utc"].dt.minute.to_numpy().tolist() == [30, 30, 30]
    assert one["hour_local"].to_numpy().tolist() == [[0, 1, 2]]
    hours = _hours(("a", "2026-06-01 18:30", 3), ("b", "2026-06-01 18:00", 3))
    both = _hourly(hours, pd.Series({"a": "Asia/Kolkata", "b": "Europe/London"}))
    nan = np.nan
    np.testing.assert_array_equal(
        both["call_attempts"], [[nan, 0, nan, 1, nan, 2], [0, nan, 1, nan, 2, nan]]
    )
    assert both["hour_local"].to_numpy()[:, 1].tolist() == [0, 19]
    days = both["day_local"].to_numpy().astype("datetime64[D]").astype(str)
    assert days[:, 1].tolist() == ["2026-06-02", "2026-06-01"]


def test_a_row_off_the_axis_is_refused() -> None:
    hours = _hours(("a", "2026-06-01 00:00", 3))
    axis = cube.hour_axis(hours["hour_start_utc"])[:2]
    with pytest.raises(ValueError, match="2026-06-01 02:00:00 is not on the axis given"):
        _hourly(hours, "UTC", axis=axis)


def test_rest_days_and_outages_of_hours_are_by_the_cell_s_clock() -> None:
    # Friday evening by UTC is Saturday in Tokyo
    hours = _hours(("a", "2026-06-05 13:00", 4), ("b", "2026-06-05 13:00", 4))
    out = _outages(
        ("b", "2026-06-05T14:15Z", "2026-06-05T15:00Z"), ("a", "2026-06-05T15:59Z", None)
    )
    zones = pd.Series({"a": "Asia/Tokyo", "b": "Europe/London"})
    hourly = _hourly(hours, zones, outages=out)
    assert hourly["rest_day"].to_numpy().tolist() == [[False, False, True, True], [False] * 4]
    assert hourly["outage"].to_numpy().astype(int).tolist() == [[0, 0, 1, 1], [0, 1, 0, 0]]
    english = _hourly(_hours(("a", "2026-08-30 22:00", 2)), "Europe/London", country="GB",
                      subdivision="ENG", weekend=["friday"])  # fmt: skip
    # midnight by London's clock starts England's summer bank holiday
    assert english["rest_day"].to_numpy().tolist() == [[False, True]]


def test_hexagons_and_days_stand_apart_and_units_stand_beside() -> None:
    days = pd.DataFrame(
        {
            "hex_id": pd.array([2**59 + 1, 2**59 + 1, 2**59], "UInt64"),
            "level": 8,
            "day_local": pd.to_datetime(["2026-06-01", "2026-06-03", "2026-06-01"]).date,
            "call_attempts": [1.5, 2.5, 4.0],
            "dl_vol_kbit": [1.0, np.nan, 3.0],
        }
    )
    hexes = cube.of_hex_days(days)
    assert hexes["hex_id"].to_numpy().tolist() == [2**59, 2**59 + 1]
    np.testing.assert_array_equal(hexes["call_attempts"], [[4, np.nan, np.nan], [1.5, np.nan, 2.5]])
    hourly = _hourly(_hours(("a", "2026-06-01", 3)), "UTC")
    for dataset in (hexes, hourly):
        for name, array in dataset.variables.items():
            assert array.attrs["long_name"], name
        assert dataset["dl_vol_kbit"].attrs["units"] == "kbit"


def _parts() -> list[xr.Dataset]:
    """Cells of two zones over a clock change, three then two at a time, one counter never there."""
    hours = _hours(*((cell, "2026-10-24 20:00", 30) for cell in "abcde"))
    hours = hours.assign(dl_vol_kbit=0.1).drop(index=[3, 40, 41])
    hours.loc[hours["cell_id"] == "b", "hour_start_utc"] += pd.Timedelta("30min")
    zones = pd.Series("Europe/London", index=list("abcde"))
    zones["b"] = "Asia/Kolkata"
    axis = cube.hour_axis(hours["hour_start_utc"])
    some = (hours[hours["cell_id"] < "d"], hours[hours["cell_id"] >= "d"])
    return [_hourly(part, zones, axis=axis) for part in some]


def test_a_cube_comes_back_from_zarr_as_it_was(tmp_path: Path) -> None:
    parts = _parts()
    cube.write_zarr(parts, tmp_path / "cube.zarr")
    whole, back = xr.concat(parts, "cell"), xr.open_zarr(tmp_path / "cube.zarr", consolidated=False)
    assert set(back.variables) == set(whole.variables)
    for name, array in whole.variables.items():
        np.testing.assert_array_equal(back[name], array, err_msg=name)
        assert back[name].attrs == array.attrs, name
        assert back[name].dims == array.dims, name
    assert np.isnan(back["call_attempts"]).any()
    assert back["call_attempts"].chunks == ((3, 2), (whole.sizes["hour"],))
    assert [path.name for path in tmp_path.iterdir()] == ["cube.zarr"]


def test_a_cube_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    def broken() -> Iterator[xr.Dataset]:
        yield _parts()[0]
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        cube.write_zarr(broken(), tmp_path / "cube.zarr")
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "cube.zarr").mkdir()
    with pytest.raises(InputError, match="is there already"):
        cube.write_zarr(_parts(), tmp_path / "cube.zarr")
