"""Rates of places are sums over sums, and what is above normal adds up."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from analysis.places.members import of_weights
from analysis.rates import network
from analysis.uncertainty.intervals import Noise

CELLS = {"a": (1000.0, 10.0), "b": (3000.0, 15.0), "c": (10.0, 5.0)}
HALVES = pd.DataFrame(
    {"cell_id": ["a", "a", "b", "zz"], "place": [1, 2, 2, 2], "weight": [0.25, 0.75, 1.0, 1.0]}
)


def _noise(n: int) -> Noise:
    return Noise(np.full(n, 2.0), np.full(n, 0.3))


def test_periods_are_whole_enough_weeks_and_months(
    counters: Callable[..., xr.Dataset],
) -> None:
    periods = network.periods_of(counters(CELLS, n_days=32))  # 1 June is a Monday
    weeks = [p.start.date().isoformat() for p in periods if p.grain == "week"]
    assert weeks == ["2026-06-01", "2026-06-08", "2026-06-15", "2026-06-22", "2026-06-29"]
    assert [p.start.month for p in periods if p.grain == "month"] == [6]


def test_a_place_s_rate_is_weighted_drops_over_weighted_attempts(
    counters: Callable[..., xr.Dataset],
) -> None:
    cube = counters(CELLS)
    members = of_weights(HALVES, cube)
    found = network.drop_rates(cube, members, network.newest_days(cube, 7), _noise(3))
    assert found["place"].tolist() == [1, 2]
    assert found["call_attempts"].tolist() == [0.25 * 7000, 0.75 * 7000 + 21_000]
    assert found["drop_rate"].tolist() == pytest.approx([0.01, (7.5 + 15) / (750 + 3000)])
    assert (found["drop_rate_lo"] < found["drop_rate"]).all()
    assert found["prb_dl_util_bh_pct"].tolist() == [50, 50]


@pytest.mark.parametrize("memory", [0.0, 0.4, 0.7])
def test_the_network_s_interval_holds_when_days_move_all_cells_alike(memory: float) -> None:
    rng, held, alarms, n = np.random.default_rng(11), 0, 0, 0
    for _ in range(60):
        found = pd.concat(network.whole_network(_quiet_network(rng, memory)), ignore_index=True)
        weeks = found[found["period_grain"] == "week"]
        held += int(((weeks["value_lo"] <= 0.006) & (weeks["value_hi"] >= 0.006)).sum())
        alarms += int(_beyond_chance(weeks).sum())
        n += len(weeks)
    # 0.9 promised; the sum of the cells' own intervals would hold about half of the time
    assert 0.86 <= held / n <= 0.97
    assert alarms / n <= 0.10


def _quiet_network(rng: np.random.Generator, memory: float) -> xr.Dataset:
    """Eight weeks of forty cells at one rate, all moved alike by days that remember."""
    days, cells, sd = 56, 40, 0.04
    day = np.zeros(days)
    for t in range(days):
        step = rng.normal(0, sd * np.sqrt(1 - memory**2)) if t else rng.normal(0, sd)
        day[t] = memory * day[max(t - 1, 0)] + step
    attempts = np.full((cells, days), 12_000.0)
    drops = rng.poisson(attempts * 0.006 * np.exp(day - sd**2 / 2)).astype(float)
    axes = ("cell", "day")
    return xr.Dataset(
        {
            "call_attempts": (axes, attempts),
            "dropped_calls": (axes, drops),
            "rest_day": (axes, np.zeros((cells, days), bool)),
        },
        coords={"day_local": ("day", pd.date_range("2026-06-01", periods=days))},
    )


def _beyond_chance(weeks: pd.DataFrame) -> pd.Series:
    """As the query network_periods says it."""
    rate, low, high = (weeks[name] for name in ("value", "value_lo", "value_hi"))
    step = rate - rate.shift()
    up = step - np.hypot(rate - low, high.shift() - rate.shift()) > 0
    return up | (step + np.hypot(high - rate, rate.shift() - low.shift()) < 0)


@pytest.mark.parametrize("week", [5, 6])
def test_a_network_that_got_worse_by_a_fifth_is_seen(week: int) -> None:
    rng = np.random.default_rng(12)
    seen = 0
    for _ in range(20):
        cube = _quiet_network(rng, 0.4)
        cube["dropped_calls"][:, 7 * week :] *= 1.2
        found = pd.concat(network.whole_network(cube), ignore_index=True)
        seen += bool(_beyond_chance(found[found["period_grain"] == "week"]).iloc[week])
    assert seen >= 17


def test_normal_is_the_rate_at_the_middle_attempt() -> None:
    drops, attempts = np.array([10.0, 15, 5]), np.array([1000.0, 3000, 10])
    assert network.normal_rate(drops, attempts) == 0.005
    assert np.isnan(network.normal_rate(np.zeros(2), np.zeros(2)))


def test_excess_is_rate_above_normal_times_attempts_a_month(
    counters: Callable[..., xr.Dataset],
) -> None:
    cube = counters(CELLS)
    every = pd.DataFrame({"cell_id": list("abc"), "place": list("abc"), "weight": 1.0})
    found = network.drop_rates(
        cube, of_weights(every, cube), network.newest_days(cube, 10), _noise(3)
    )
    assert found["drops_excess_month"].tolist() == pytest.approx([5 * 30, 0, 4.95 * 30])


def test_the_dominant_cell_has_most_excess_drops(counters: Callable[..., xr.Dataset]) -> None:
    cube = counters(CELLS)
    weights = pd.DataFrame({"cell_id": list("abc"), "place": "site", "weight": 1.0})
    members, newest = of_weights(weights, cube), network.newest_days(cube, 7)
    found = network.drop_rates(cube, members, newest, _noise(3))
    assert network.dominant_cells(cube, members, newest, found).tolist() == ["a"]


def test_a_place_s_change_is_the_sum_of_its_cells(counters: Callable[..., xr.Dataset]) -> None:
    cube = counters(CELLS)
    changes = pd.DataFrame(
        {"cell_id": ["a"], "ratio": 2.0, "ratio_lo": 1.6, "ratio_hi": 2.5,
         "change_utc": pd.to_datetime(["2026-06-01"], utc=True)}
    )  # fmt: skip
    members = of_weights(HALVES, cube)
    found = network.change_ratios(cube, members, network.newest_days(cube, 28), changes)
    # cell a dropped 10 a day where 5 would have been; cell b did not change
    assert found["value"].tolist() == pytest.approx([2.0, (7.5 + 15) / (3.75 + 15)])
    # of one changed cell the interval is its own
    assert found["value_lo"].iloc[0] == pytest.approx(1.6)
    assert found["value_hi"].iloc[0] == pytest.approx(2.5)
    both = pd.concat([changes, changes.assign(cell_id="b")])
    site = of_weights(pd.DataFrame({"cell_id": ["a", "b"], "place": 1, "weight": 1.0}), cube)
    ratio = network.change_ratios(cube, site, network.newest_days(cube, 28), both).iloc[0]
    assert ratio["value"] == pytest.approx(2.0)
    assert 1.6 < ratio["value_lo"] < 2.0 < ratio["value_hi"] < 2.5
    only_b = of_weights(HALVES[HALVES["cell_id"] == "b"], cube)
    assert network.change_ratios(cube, only_b, network.newest_days(cube, 28), changes).empty


def test_levels_between_changes_do_not_count_as_noise(
    counters: Callable[..., xr.Dataset], rng: np.random.Generator
) -> None:
    cube = counters({"a": (5000.0, 50.0)}, n_days=60)
    means = np.where(np.arange(60) < 30, 50, 150)
    cube["dropped_calls"] = (("cell", "day"), rng.poisson(means)[None, :].astype(float))
    change = pd.DataFrame({"cell_id": ["a"], "change_utc": cube["day_start_utc"].to_numpy()[0, 30]})
    change["change_utc"] = change["change_utc"].dt.tz_localize("UTC")
    assert network.noise_of(cube, change).phi[0] < 2
    assert network.noise_of(cube, change.iloc[:0]).phi[0] > 10
