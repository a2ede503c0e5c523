"""Sums of counts and of states, whatever is missing."""

import numpy as np
import pandas as pd
import pytest

from contracts.tables import TABLES
from ingest.counters import hexagons, rollup


def _pm(**changes: list[object]) -> pd.DataFrame:
    n = max((len(v) for v in changes.values()), default=1)
    start = pd.date_range("2026-07-01", periods=n, freq="15min", tz="UTC")
    base = {
        "cell_id": ["a"] * n,
        "period_start_utc": start,
        "period_s": [900] * n,
        "call_attempts": [10.0] * n,
        "dropped_calls": [1.0] * n,
        "prb_dl_used": [50.0] * n,
        "prb_dl_avail": [100.0] * n,
        "rrc_users_mean": [5.0] * n,
        "suspect": [False] * n,
    }
    frame = pd.DataFrame({**base, **changes})
    return frame.assign(**{c: np.nan for c in TABLES["pm"].columns if c not in frame})


def _hour(pm: pd.DataFrame) -> pd.Series:
    return rollup.cell_hours(pm, "UTC").iloc[0]


def test_half_of_a_pair_counts_as_none_of_it() -> None:
    hour = _hour(_pm(call_attempts=[10, 10], dropped_calls=[1, None], prb_dl_avail=[100, None]))
    assert (hour["call_attempts"], hour["dropped_calls"]) == (10, 1)
    assert hour["prb_dl_used_prb_s"] / hour["prb_dl_avail_prb_s"] == 0.5


def test_what_was_never_measured_is_missing_not_zero() -> None:
    hour = _hour(_pm(dropped_calls=[None, None]))
    assert np.isnan(hour["dropped_calls"])
    assert np.isnan(hour["dl_vol_kbit"])


def test_doubted_rows_are_left_out() -> None:
    hour = _hour(_pm(suspect=[False, True]))
    assert hour["call_attempts"] == 10
    assert hour["covered_s"] == 900


def test_utilisation_is_weighted_by_bandwidth_and_time() -> None:
    hour = _hour(_pm(prb_dl_used=[10, 80], prb_dl_avail=[20, 100], period_s=[300, 900]))
    share = hour["prb_dl_used_prb_s"] / hour["prb_dl_avail_prb_s"]
    assert share == pytest.approx((10 * 300 + 80 * 900) / (20 * 300 + 100 * 900))


@pytest.mark.parametrize(
    ("day", "hours"), [("2026-03-29", 23), ("2026-10-25", 25), ("2026-07-01", 24)]
)
def test_a_day_of_a_clock_change_has_its_own_length(day: str, hours: int) -> None:
    start = pd.Timestamp(day, tz="Europe/London").tz_convert("UTC")
    starts = list(pd.date_range(start, periods=4 * hours, freq="15min"))
    days = rollup.cell_days(rollup.cell_hours(_pm(period_start_utc=starts), "Europe/London"))
    assert days["day_local"].astype(str).tolist() == [day]
    assert days["n_hours"].tolist() == [hours]
    assert days["covered_s"].tolist() == [hours * 3600]


def test_a_thinly_covered_hour_is_not_the_busy_one() -> None:
    users = [1.0] * 4 + [99.0]
    days = rollup.cell_days(rollup.cell_hours(_pm(rrc_users_mean=users), "UTC"))
    assert days["bh_hour_start_utc"][0] == pd.Timestamp("2026-07-01", tz="UTC")


def test_hexagons_split_counts_and_keep_what_is_missing_missing() -> None:
    days = rollup.cell_days(rollup.cell_hours(_pm(cell_id=["a", "b"]), "UTC"))
    days.loc[days["cell_id"] == "b", "call_attempts"] = np.nan
    weights = pd.DataFrame(
        {
            "cell_id": ["a", "a", "b"],
            "hex_id": [1, 2, 3],
            "level": 8,
            "weight": [0.25, 0.75, 1.0],
            "valid_from": None,
            "valid_to": None,
        }
    )
    split = hexagons.split_of(weights)
    hexes = hexagons.hex_day(days, days["day_local"][0], split).set_index("hex_id")
    assert hexes["call_attempts"].tolist()[:2] == [2.5, 7.5]
    assert np.isnan(hexes["call_attempts"][3])
    assert hexes["n_cells"].tolist() == [1, 1, 0]
    assert hexes["n_cells_effective"].tolist()[:2] == [1, 1]


def test_effective_cells_count_those_that_carry_the_traffic() -> None:
    days = rollup.cell_days(
        rollup.cell_hours(_pm(cell_id=["a", "b"], call_attempts=[90, 10]), "UTC")
    )
    weights = pd.DataFrame({"cell_id": ["a", "b"], "hex_id": 1, "level": 8, "weight": 1.0,
                            "valid_from": None, "valid_to": None})  # fmt: skip
    (effective,) = hexagons.hex_day(days, days["day_local"][0], hexagons.split_of(weights))[
        "n_cells_effective"
    ]
    assert effective == pytest.approx(100**2 / (90**2 + 10**2))


@pytest.mark.parametrize(
    ("zone", "start", "day", "seconds"),
    [
        ("Europe/London", "2026-10-25 00:00+01:00", "2026-10-25", 90_000),
        ("Europe/London", "2026-03-29 00:00+00:00", "2026-03-29", 82_800),
        # an archive that cuts its days at UTC midnight: the day that holds most of it
        ("America/New_York", "2026-07-02 00:00+00:00", "2026-07-02", 86_400),
        ("Pacific/Auckland", "2026-07-02 00:00+00:00", "2026-07-03", 86_400),
    ],
)
def test_a_total_over_a_day_is_a_day_without_hours(
    zone: str, start: str, day: str, seconds: int
) -> None:
    pm = _pm(period_start_utc=[pd.Timestamp(start).tz_convert("UTC")], period_s=[seconds],
             call_attempts=[500.0], rsrp_p50_dbm=[-90.0])  # fmt: skip
    hours = rollup.cell_hours(pm, zone)
    assert hours.empty
    only = rollup.cell_days(hours, rollup.day_totals(pm, zone)).iloc[0]
    assert str(only["day_local"]) == day
    assert (only["covered_s"], only["n_hours"]) == (seconds, seconds / 3600)
    assert (only["call_attempts"], only["rsrp_p50_dbm"]) == (500, -90)
    assert only["prb_dl_used_prb_s"] / only["prb_dl_avail_prb_s"] == 0.5
    assert only[["bh_hour_start_utc", "bh_prb_dl_used_prb_s", "bh_call_attempts"]].isna().all()


def test_a_day_of_hours_beside_a_day_of_totals_keeps_its_busy_hour() -> None:
    start = pd.Timestamp("2026-07-01", tz="UTC")
    later = start + pd.Timedelta(hours=1)
    pm = _pm(cell_id=["a", "a", "b"], period_start_utc=[start, later, start],
             period_s=[3600, 3600, 86_400], rrc_users_mean=[5.0, 9.0, 7.0])  # fmt: skip
    days = rollup.cell_days(rollup.cell_hours(pm, "UTC"), rollup.day_totals(pm, "UTC"))
    assert days["n_hours"].tolist() == [2, 24]
    assert days["bh_hour_start_utc"].tolist() == [later, pd.NaT]
