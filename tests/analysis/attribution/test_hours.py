"""Hours stand where clocks put them; outages and incidents are left out."""

import numpy as np
import pandas as pd
import pytest

from analysis.attribution.hours import clock_of, hours_of
from tests.bench.hours import cube_of_hours


def test_hours_beside_outages_and_without_load_are_left_out() -> None:
    prb = np.full((1, 48), 50.0)
    prb[0, 30] = np.nan
    outage = np.zeros((1, 48), bool)
    outage[0, 10] = True
    up = np.ones((1, 48))
    up[0, 40] = 0.9
    ones = np.ones((1, 48))
    hours = hours_of(cube_of_hours(prb, ones, ones * 100, outage=outage, availability=up))
    left_out = np.flatnonzero(hours.attempts.ravel() == 0)
    assert left_out.tolist() == [9, 10, 11, 30, 39, 40, 41]
    assert hours.drops.ravel()[left_out].sum() == 0


@pytest.mark.parametrize("lasts", [slice(254, 256), slice(240, 264)], ids=["two hours", "a day"])
def test_an_incident_of_hours_or_a_day_is_left_out_and_a_lasting_fault_is_not(lasts: slice) -> None:
    drops, ones = np.full((1, 480), 2.0), np.ones((1, 480))
    drops[0, lasts] *= 30
    left = hours_of(cube_of_hours(50 * ones, drops, ones * 100)).attempts.ravel() == 0
    assert np.flatnonzero(left).tolist() == [*range(lasts.start, lasts.stop)]
    drops[0, 240:312] = 60
    assert (hours_of(cube_of_hours(50 * ones, drops, ones * 100)).attempts > 0).all()


def test_few_drops_scatter_and_are_no_incident() -> None:
    drops = np.random.default_rng(3).poisson(0.3, (200, 24 * 30)).astype(float)
    ones = np.ones_like(drops)
    assert (hours_of(cube_of_hours(50 * ones, drops, ones * 100)).attempts > 0).all()


def test_the_fuller_direction_is_the_load() -> None:
    ones = np.ones((1, 24))
    cube = cube_of_hours(ones * 40, ones, ones * 100, prb_ul_util_pct=ones * 70)
    hours = hours_of(cube)
    assert (hours.prb == 70).all()
    assert hours.load == pytest.approx(70 * np.ones((1, 1, 24)))


def test_a_day_of_a_clock_change_is_an_ordinary_day() -> None:
    hours = pd.date_range(
        "2026-03-28", "2026-03-31", freq="h", tz="Europe/London", inclusive="left"
    )
    ones = np.ones((1, len(hours)))
    cube = cube_of_hours(ones * 50, ones, ones * 100)
    local = hours.tz_localize(None)
    cube = cube.assign_coords(
        hour_start_utc=("hour", hours.tz_convert("UTC").tz_localize(None).to_numpy()),
        day_local=(("cell", "hour"), local.normalize().to_numpy()[None]),
        hour_local=(("cell", "hour"), local.hour.to_numpy()[None]),
    )
    known = hours_of(cube)
    assert known.attempts.sum(axis=2)[0].tolist() == [2400, 2300, 2400]
    clock = clock_of(cube)[0]
    assert clock[0] == np.datetime64("2026-03-28T00:00")
    assert clock[24 + 2] == np.datetime64("2026-03-29T01:00")  # 02:00 by the new time
    assert clock[-1] == np.datetime64("2026-03-30T23:00")
