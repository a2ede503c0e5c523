"""A planted knee comes back, a cell without one has none, and hours stand where clocks put them."""

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
import xarray as xr

from analysis.arrays import Floats
from analysis.attribution import response

N_DAYS = 42
FIRST = pd.Timestamp("2026-06-01")
BY_HOUR = 12 + 10 * np.sin((np.arange(24) - 9) / 24 * 2 * np.pi)


def cube_of(prb: Floats, drops: Floats, attempts: Floats, **others: npt.ArrayLike) -> xr.Dataset:
    """Returns hours of always available cells in UTC, weekends resting; `others` replace parts."""
    shape = prb.shape
    hours = pd.date_range(FIRST, periods=shape[1], freq="h")
    parts: dict[str, npt.ArrayLike] = {
        "call_attempts": attempts, "dropped_calls": drops, "prb_dl_util_pct": prb,
        "prb_ul_util_pct": np.nan, "dl_vol_kbit": prb * 1000, "rrc_users_mean": np.nan,
        "availability": 1.0, "outage": False,
    } | others  # fmt: skip
    dims = ("cell", "hour")
    clock = {
        "day_local": hours.normalize().to_numpy(),
        "hour_local": hours.hour.to_numpy(),
        "rest_day": hours.day_of_week.to_numpy() >= 5,
    }
    return xr.Dataset(
        {k: (dims, np.broadcast_to(v, shape).copy()) for k, v in parts.items()},
        coords={
            "cell_id": ("cell", [f"c{i:03d}" for i in range(shape[0])]),
            "hour_start_utc": ("hour", hours.to_numpy()),
            **{k: (dims, np.broadcast_to(v, shape)) for k, v in clock.items()},
        },
    )


def cells(rng: np.random.Generator, harm: Floats, knee: float) -> xr.Dataset:
    """Returns cells whose drop rate rises by `harm` (log) over 15 points above the knee."""
    n = len(harm)
    noise = np.exp(rng.normal(0, 0.12, (n, N_DAYS * 24)))
    prb = np.clip(np.tile(3 * BY_HOUR + 12, N_DAYS) * noise, 2, 99)
    attempts = np.round(np.tile(60 * BY_HOUR + 100, N_DAYS) * np.ones((n, 1)))
    rate = 0.008 * np.exp(harm[:, None] * np.clip((prb - knee) / 15, 0, 1))
    drops = rng.poisson(rng.gamma(10, attempts * rate / 10)).astype(float)
    return cube_of(prb, drops, attempts)


@pytest.fixture(scope="module")
def fitted() -> tuple[Floats, pd.DataFrame]:
    """Sixty cells, every other with a knee at 60 %: harm, and what was told of them."""
    rng = np.random.default_rng(5)
    harm = np.where(np.arange(60) % 2, 1.0, 0.0)
    cube = cells(rng, harm, 60.0)
    hours = response.hours_of(cube)
    found = response.respond(hours, response.prior_of(hours))
    names = cube["cell_id"].to_numpy()
    return harm, response.table(names, hours, found, np.full(60, ""))


def test_a_planted_knee_is_found_with_its_interval(fitted: tuple[Floats, pd.DataFrame]) -> None:
    harm, told = fitted
    harmed = told[harm > 0]
    assert harmed["knee_pct"].notna().mean() > 0.9
    assert harmed["knee_pct"].median() == pytest.approx(61.4, abs=5)  # a tenth above the plain rate
    held = (harmed["knee_lo_pct"] <= 61.4) & (harmed["knee_hi_pct"] >= 61.4)
    assert held.mean() > 0.8
    assert harmed["slope"].median() == pytest.approx(10 / 15, rel=0.35)


def test_cells_that_load_does_not_harm_have_no_knee(fitted: tuple[Floats, pd.DataFrame]) -> None:
    harm, told = fitted
    assert told.loc[harm == 0, "knee_pct"].isna().mean() > 0.9


def test_a_cell_that_was_never_full_says_how_far_it_went() -> None:
    rng = np.random.default_rng(6)
    cube = cells(rng, np.zeros(4), 60.0)
    cube["prb_dl_util_pct"] = cube["prb_dl_util_pct"] * 0.4
    hours = response.hours_of(cube)
    told = response.table(
        cube["cell_id"].to_numpy(), hours, response.respond(hours, response.FLAT), np.full(4, "")
    )
    assert told["knee_pct"].isna().all()
    assert told["unsafe_reason"].str.fullmatch(r"never above \d\d %").all()


def test_the_scale_of_load_is_stretched_near_the_end_and_comes_back() -> None:
    prb = np.array([0.0, 40.0, 90.0, 95.0, 99.0])
    load = response.stretched(prb)
    assert load[:3].tolist() == [0.0, 40.0, 90.0]
    assert (np.diff(load) > 0).all()
    assert load[4] > 110
    assert response.shown(load) == pytest.approx(prb)


def test_hours_beside_outages_and_without_load_are_left_out() -> None:
    prb = np.full((1, 48), 50.0)
    prb[0, 30] = np.nan
    outage = np.zeros((1, 48), bool)
    outage[0, 10] = True
    up = np.ones((1, 48))
    up[0, 40] = 0.9
    ones = np.ones((1, 48))
    hours = response.hours_of(cube_of(prb, ones, ones * 100, outage=outage, availability=up))
    left_out = np.flatnonzero(hours.attempts.ravel() == 0)
    assert left_out.tolist() == [9, 10, 11, 30, 39, 40, 41]
    assert hours.drops.ravel()[left_out].sum() == 0


@pytest.mark.parametrize("lasts", [slice(254, 256), slice(240, 264)], ids=["two hours", "a day"])
def test_an_incident_of_hours_or_a_day_is_left_out_and_a_lasting_fault_is_not(lasts: slice) -> None:
    drops, ones = np.full((1, 480), 2.0), np.ones((1, 480))
    drops[0, lasts] *= 30
    left = response.hours_of(cube_of(50 * ones, drops, ones * 100)).attempts.ravel() == 0
    assert np.flatnonzero(left).tolist() == [*range(lasts.start, lasts.stop)]
    drops[0, 240:312] = 60
    assert (response.hours_of(cube_of(50 * ones, drops, ones * 100)).attempts > 0).all()


def test_few_drops_scatter_and_are_no_incident() -> None:
    drops = np.random.default_rng(3).poisson(0.3, (200, 24 * 30)).astype(float)
    ones = np.ones_like(drops)
    assert (response.hours_of(cube_of(50 * ones, drops, ones * 100)).attempts > 0).all()


def test_the_fuller_direction_is_the_load() -> None:
    ones = np.ones((1, 24))
    cube = cube_of(ones * 40, ones, ones * 100, prb_ul_util_pct=ones * 70)
    assert (response.hours_of(cube).load == 70).all()


def test_a_day_of_a_clock_change_is_an_ordinary_day() -> None:
    hours = pd.date_range(
        "2026-03-28", "2026-03-31", freq="h", tz="Europe/London", inclusive="left"
    )
    ones = np.ones((1, len(hours)))
    cube = cube_of(ones * 50, ones, ones * 100)
    local = hours.tz_localize(None)
    cube = cube.assign_coords(
        hour_start_utc=("hour", hours.tz_convert("UTC").tz_localize(None).to_numpy()),
        day_local=(("cell", "hour"), local.normalize().to_numpy()[None]),
        hour_local=(("cell", "hour"), local.hour.to_numpy()[None]),
    )
    known = response.hours_of(cube)
    assert known.attempts.sum(axis=2)[0].tolist() == [2400, 2300, 2400]
    clock = response.clock_of(cube)[0]
    assert clock[0] == np.datetime64("2026-03-28T00:00")
    assert clock[24 + 2] == np.datetime64("2026-03-29T01:00")  # 02:00 by the new time
    assert clock[-1] == np.datetime64("2026-03-30T23:00")
