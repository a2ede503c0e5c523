"""Planted levels come back with their date and size; nothing planted, next to nothing found."""

import logging
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
import ruptures
import xarray as xr
from scipy.special import xlogy

from analysis.arrays import Floats
from analysis.changes import daily, daily_noise, segments

log = logging.getLogger(__name__)  # what was measured: pytest --log-cli-level=info

N_DAYS = 60
FIRST_DAY = pd.Timestamp("2026-03-02")
MONTHS = N_DAYS / 30


def find(cube: xr.Dataset, **limits: float) -> pd.DataFrame:
    """Returns the changes that a search finds."""
    return daily.search(cube, **limits).changes


def cube_of(drops: Floats, attempts: Floats, **others: npt.ArrayLike) -> xr.Dataset:
    """Returns a cube of always available cells in UTC, weekends resting; `others` replace parts."""
    n_cells, n_days = np.shape(drops)
    days = pd.date_range(FIRST_DAY, periods=n_days)
    parts: dict[str, npt.ArrayLike] = {
        "call_attempts": attempts,
        "dropped_calls": drops,
        "bh_prb_dl_util_pct": np.nan,
        "availability": np.nan,
        "rest_day": days.day_of_week >= 5,
        "outage": False,
        "day_start_utc": days.to_numpy().astype("datetime64[ns]"),
    } | others
    return xr.Dataset(
        {
            k: (("cell", "day"), np.broadcast_to(v, (n_cells, n_days)).copy())
            for k, v in parts.items()
        },
        coords={
            "cell_id": ("cell", [f"{i:05d}" for i in range(n_cells)]),
            "day_local": ("day", days),
        },
    )


def remembering(rng: np.random.Generator, n_cells: int, rho: float) -> Floats:
    """Returns standard normal AR(1) days, shape (cell, day)."""
    days = rng.normal(size=(n_cells, N_DAYS))
    for day in range(1, N_DAYS):
        days[:, day] = rho * days[:, day - 1] + np.sqrt(1 - rho**2) * days[:, day]
    return days


def network(
    rng: np.random.Generator, drops_a_day: Floats, rise: Floats | float = 1.0, rho: float = 0.3
) -> tuple[Floats, Floats]:
    """Returns drops and attempts of noisy cells: lognormal AR(1) days, gamma-Poisson counts.

    Weekends have .7 of the attempts and 1.2 of the drop rate; `rise` multiplies the rate.
    """
    n_cells = len(drops_a_day)
    weekend = (np.arange(N_DAYS) + FIRST_DAY.day_of_week) % 7 >= 5
    attempts = np.round(drops_a_day[:, None] / 0.01 * np.where(weekend, 0.7, 1.0))
    effect = np.exp(0.12 * remembering(rng, n_cells, rho) - 0.12**2 / 2)
    mean = attempts * 0.01 * np.where(weekend, 1.2, 1.0) * effect * rise
    return rng.poisson(rng.gamma(50, mean / 50)).astype(float), attempts


def steps(start: npt.NDArray[np.int64], ratio: Floats) -> Floats:
    return np.where(np.arange(N_DAYS) >= start[:, None], ratio[:, None], 1.0)


def steady(rate: Floats | float, n_cells: int = 1, attempts: float = 10_000) -> xr.Dataset:
    """Returns cells without any noise, whose drops are exactly `rate` times their attempts."""
    drops = np.broadcast_to(np.asarray(rate) * attempts, (n_cells, N_DAYS))
    return cube_of(drops, np.full((n_cells, N_DAYS), float(attempts)))


def instant(day: int) -> pd.Timestamp:
    return FIRST_DAY.tz_localize("UTC") + pd.Timedelta(days=day)


# --- the search is exact ----------------------------------------------------------------------


def cost(drops: Floats, exposure: Floats, start: int, end: int, noise: float) -> float:
    d, e = drops[start:end], exposure[start:end]
    own_rate = d.sum() / e.sum()
    return float(2 * (xlogy(d, d / e).sum() - xlogy(d, own_rate).sum()) / noise)


def least_cost(drops: Floats, exposure: Floats, noise: float, penalty: float, least: int) -> float:
    """Returns the cost of the best segmentation by the plain dynamic programme (Jackson 2005)."""
    best = np.full(len(drops) + 1, np.inf)
    best[0] = -penalty
    for end in range(least, len(drops) + 1):
        best[end] = min(
            best[start] + cost(drops, exposure, start, end, noise) + penalty
            for start in range(end - least + 1)
        )
    return float(best[-1])


def wild_series(seed: int, n_days: int) -> tuple[Floats, Floats]:
    rng = np.random.default_rng(seed)
    level = np.repeat(rng.uniform(0.002, 0.03, n_days), 4)[:n_days]
    exposure = rng.uniform(100, 1500, n_days)
    return rng.poisson(level * exposure).astype(float), exposure


def fit_of(drops: Floats, exposure: Floats, noise: float) -> daily_noise.Fit:
    days = np.arange(len(drops))
    series = daily_noise.Series(days, drops, exposure, np.zeros(len(drops), np.bool_))
    return daily_noise.Fit(series, drops, exposure, phi=noise, rho=0.0)


@pytest.mark.parametrize("min_days", [2, 3, 5])
@pytest.mark.parametrize("seed", range(12))
def test_no_segmentation_costs_less_than_the_one_found(seed: int, min_days: int) -> None:
    n_days, noise = 20 + 3 * seed, 0.3
    drops, exposure = wild_series(seed, n_days)
    fit = fit_of(drops, exposure, noise)

    edges = (0, *daily._starts([fit], min_days)[0], n_days)

    assert min(np.diff(edges)) >= min_days
    total = sum(cost(drops, exposure, a, b, noise) for a, b in pairwise(edges))
    total += fit.penalty * (len(edges) - 2)
    assert total == pytest.approx(least_cost(drops, exposure, noise, fit.penalty, min_days))


@pytest.mark.parametrize("seed", range(5))
def test_found_levels_are_those_of_ruptures_own_exact_search(seed: int) -> None:
    drops, exposure = wild_series(100 + seed, 40)
    fit = fit_of(drops, exposure, 1.0)
    starts = daily._starts([fit], 3)[0]
    assert starts

    exact = ruptures.Dynp(custom_cost=segments.CountRate(), min_size=3, jump=1)
    exact.fit(np.column_stack([drops, exposure]))

    assert exact.predict(n_bkps=len(starts)) == [*starts, 40]


# --- planted changes come back ----------------------------------------------------------------


@pytest.fixture(scope="module")
def planted() -> pd.DataFrame:
    """One material step in each of 500 noisy cells: truth and what was found within 3 days."""
    rng = np.random.default_rng(11)
    start = rng.integers(8, N_DAYS - 6, 500)
    ratio = rng.uniform(1.5, 2.5, 500) ** rng.choice([-1, 1], 500)
    size = rng.choice([30.0, 100.0, 300.0], 500)
    found = find(cube_of(*network(rng, size, steps(start, ratio))))
    cell = found["cell_id"].astype(int).to_numpy()
    found["true_ratio"], found["true_utc"] = ratio[cell], [instant(int(d)) for d in start[cell]]
    found["days_off"] = (found["change_utc"] - found["true_utc"]) / pd.Timedelta(days=1)
    return found


def test_material_steps_are_found_on_their_day(planted: pd.DataFrame) -> None:
    matched = planted[planted["days_off"].abs() <= 3]
    recall = matched["cell_id"].nunique() / 500
    on_the_day = (matched["days_off"] == 0).mean()
    log.info(f"recall {recall:.3f}, on the very day {on_the_day:.3f}")
    assert recall > 0.9
    assert on_the_day > 0.75
    assert (matched["direction"] == np.where(matched["true_ratio"] > 1, "up", "down")).all()
    assert len(planted) - len(matched) < 0.05 * 500


def test_ninety_per_cent_intervals_of_ratio_and_date_hold_the_truth(planted: pd.DataFrame) -> None:
    matched = planted[planted["days_off"].abs() <= 3]
    in_ratio = matched["true_ratio"].between(matched["ratio_lo"], matched["ratio_hi"]).mean()
    in_date = matched["true_utc"].between(matched["change_lo_utc"], matched["change_hi_utc"]).mean()
    log.info(f"{len(matched)} changes, ratio held {in_ratio:.3f}, date held {in_date:.3f}")
    assert len(matched) >= 200
    assert 0.80 <= in_ratio <= 0.97
    assert in_date >= 0.90


def test_a_step_during_a_day_lies_within_the_dates_given() -> None:
    rng = np.random.default_rng(12)
    start, part_old = rng.integers(8, N_DAYS - 6, 200), rng.uniform(0, 1, 200)
    rise = steps(start, np.full(200, 2.0))
    rise[np.arange(200), start] = 2 - part_old
    found = find(cube_of(*network(rng, np.full(200, 100.0), rise)))
    cell = found["cell_id"].astype(int).to_numpy()
    truth = pd.Series(instant(0) + pd.to_timedelta((start + part_old)[cell], unit="D"))
    assert found["cell_id"].nunique() > 190
    assert truth.between(found["change_lo_utc"], found["change_hi_utc"]).mean() >= 0.90


@pytest.mark.parametrize("rho", [0.0, 0.3])
def test_quiet_cells_hardly_ever_alarm(rho: float) -> None:
    rng = np.random.default_rng(13)
    size = rng.choice([5.0, 30.0, 100.0, 300.0], 400)
    alarms = len(find(cube_of(*network(rng, size, rho=rho)))) / 400 / MONTHS
    log.info(f"false alarms a quiet cell and month at AR(1) {rho}: {alarms:.4f}")
    assert alarms <= 0.02


def test_bursts_shorter_than_a_level_are_no_change() -> None:
    rng = np.random.default_rng(14)
    burst = np.ones((200, N_DAYS))
    for row in burst:
        row[rng.choice(N_DAYS, 2, replace=False)] = 5.0
    found = find(cube_of(*network(rng, np.full(200, 50.0), burst)))
    log.info(f"false alarms a cell and month with two bursts each: {len(found) / 200 / MONTHS:.4f}")
    assert len(found) / 200 / MONTHS <= 0.05


def test_smallest_visible_rise_is_seen_about_every_other_time() -> None:
    rng = np.random.default_rng(15)
    size = np.full(200, 60.0)
    limit = daily.search(cube_of(*network(rng, size))).visibility["min_visible_ratio"].median()
    rise = steps(np.full(200, N_DAYS // 2), np.full(200, limit))
    recall = find(cube_of(*network(rng, size, rise)))["cell_id"].nunique() / 200
    log.info(f"rise of {limit:.2f}, the smallest visible, was seen with probability {recall:.2f}")
    assert 0.3 <= recall <= 0.7


# --- what a row says --------------------------------------------------------------------------


def test_excess_is_what_exceeds_the_level_before() -> None:
    days = np.arange(N_DAYS)
    attempts = 10_000.0 + 100 * days
    rate = np.where(days < 20, 0.01, np.where(days < 45, 0.02, 0.012))
    cube = cube_of((rate * attempts)[None], attempts[None], rest_day=False)

    up, down = find(cube).to_dict("records")

    assert (up["direction"], down["direction"]) == ("up", "down")
    assert (up["ratio"], down["ratio"]) == pytest.approx((2.0, 0.6))
    assert up["drops_excess"] == pytest.approx(0.01 * attempts[20:45].sum())
    assert down["drops_excess"] == pytest.approx(-0.008 * attempts[45:].sum())
    assert (up["change_utc"], up["until_utc"]) == (instant(20), instant(45))
    assert (down["change_utc"], down["until_utc"]) == (instant(45), instant(60))
    assert up["attempts_before"] == pytest.approx(attempts[6:20].mean())
    assert up["attempts_after"] == pytest.approx(attempts[20:34].mean())


def test_rows_agree_with_themselves(planted: pd.DataFrame) -> None:
    p = planted
    actual = p["drops_excess"] / (1 - 1 / p["ratio"])
    assert (p["ratio_lo"] < p["ratio"]).all()
    assert (p["ratio"] < p["ratio_hi"]).all()
    assert np.allclose(p["drops_excess_lo"], actual * (1 - 1 / p["ratio_lo"]))
    assert np.allclose(p["drops_excess_hi"], actual * (1 - 1 / p["ratio_hi"]))
    assert (p["change_lo_utc"] < p["change_utc"]).all()
    assert (p["change_utc"] < p["change_hi_utc"]).all()
    assert (p["change_utc"] < p["until_utc"]).all()
    assert (p["min_visible_ratio"] >= 1.18).all()
    assert p.equals(p.sort_values(["cell_id", "change_utc"], ignore_index=True))


def test_load_stands_beside_the_change_and_unknown_load_stays_unknown() -> None:
    load = np.full((2, N_DAYS), np.nan)
    load[0] = np.where(np.arange(N_DAYS) < 30, 40.0, 85.0)
    load[0, 28] = np.nan
    cube = steady(np.where(np.arange(N_DAYS) < 30, 0.01, 0.02), n_cells=2)
    cube["bh_prb_dl_util_pct"] = (("cell", "day"), load)

    known, unknown = find(cube).to_dict("records")

    assert (known["prb_before_pct"], known["prb_after_pct"]) == (40.0, 85.0)
    assert np.isnan([unknown["prb_before_pct"], unknown["prb_after_pct"]]).all()


def test_dates_follow_each_cells_own_clock() -> None:
    london = pd.date_range("2026-03-02", periods=N_DAYS, tz="Europe/London")  # 29 March: 23 hours
    kolkata = pd.date_range("2026-03-02", periods=N_DAYS, tz="Asia/Kolkata")
    cube = steady(np.where(np.arange(N_DAYS) < 30, 0.01, 0.02), n_cells=2)
    starts = [zone.tz_convert("UTC").tz_localize(None).to_numpy() for zone in (london, kolkata)]
    cube["day_start_utc"] = (("cell", "day"), np.array(starts))

    found = find(cube)

    assert found["change_utc"].tolist() == [london[30], kolkata[30]]
    assert found["until_utc"].tolist() == [
        day[-1] + pd.Timedelta(days=1) for day in (london, kolkata)
    ]


# --- days that are not searched ---------------------------------------------------------------


@pytest.mark.parametrize("mask", ["outage", "availability"])
def test_a_masked_outage_makes_no_change(mask: str) -> None:
    down = (np.arange(N_DAYS) >= 30) & (np.arange(N_DAYS) < 36)
    cube = steady(np.where(down, 0.1, 0.01))
    assert len(find(cube)) == 2
    cube[mask] = (
        ("cell", "day"),
        down[None] if mask == "outage" else np.where(down, 0.9, 1.0)[None],
    )
    assert find(cube).empty


def test_gaps_do_not_shift_dates() -> None:
    cube = steady(np.where(np.arange(N_DAYS) < 30, 0.01, 0.02))
    gaps = [3, 4, 5, 11, 40, 41]
    cube["dropped_calls"][0, gaps] = np.nan
    cube["call_attempts"][0, gaps] = np.nan
    assert find(cube)["change_utc"].tolist() == [instant(30)]


def test_a_change_inside_a_gap_is_dated_after_it_and_may_be_anywhere_within() -> None:
    cube = steady(np.where(np.arange(N_DAYS) < 30, 0.01, 0.02))
    cube["call_attempts"][0, 26:34] = np.nan
    row = find(cube).iloc[0]
    assert row["change_utc"] == instant(34)
    assert row["change_lo_utc"] <= instant(26)
    assert row["change_hi_utc"] >= instant(35)


@pytest.mark.parametrize("rate", [0.0, 0.01])
def test_a_flat_series_has_no_change(rate: float) -> None:
    found = find(steady(rate))
    assert found.empty
    assert found["change_utc"].dtype == "datetime64[us, UTC]"
    assert found["ratio"].dtype == "float64"


def test_a_cell_that_stops_dropping_has_a_finite_ratio() -> None:
    row = find(steady(np.where(np.arange(N_DAYS) < 30, 0.01, 0.0))).iloc[0]
    assert row["direction"] == "down"
    assert 0 < row["ratio_lo"] < row["ratio"] < row["ratio_hi"] < 0.01


def test_weekends_alone_are_no_change() -> None:
    weekend = (np.arange(N_DAYS) + FIRST_DAY.day_of_week) % 7 >= 5
    assert find(steady(np.where(weekend, 0.02, 0.01))).empty


def test_small_changes_are_left_out_unless_asked_for() -> None:
    cube = steady(np.where(np.arange(N_DAYS) < 30, 0.01, 0.011), attempts=1e6)
    assert find(cube).empty
    assert len(find(cube, min_ratio=1.05)) == 1


# --- what could be seen, and what is refused --------------------------------------------------


def test_too_little_data_is_refused_in_words() -> None:
    cube = steady(np.array([[0.01], [0.00004], [0.0], [0.01]]), n_cells=4)
    cube["call_attempts"][3, 5:] = np.nan

    seen = daily.search(cube).visibility

    assert seen["refused"].tolist() == [
        "",
        "too little data: 24 drops, 30 are needed",
        "too little data: 0 drops, 30 are needed",
        "too little data: 5 searched days, 6 are needed",
    ]
    assert seen["n_days_searched"].tolist() == [60, 60, 60, 5]
    assert seen["min_visible_ratio"].isna().tolist() == [False, False, True, False]
    assert seen["min_visible_ratio"][1] > seen["min_visible_ratio"][0]
    assert find(cube).empty


def test_dispersion_and_memory_are_recovered_beside_real_steps() -> None:
    rng = np.random.default_rng(16)
    rise = steps(np.full(150, 25), np.full(150, 2.5))
    seen = daily.search(cube_of(*network(rng, np.full(150, 200.0), rise, rho=0.5))).visibility
    # per day: lognormal and gamma parts of a mean of 200 drops, times 1.75 on average by the step
    per_drop = np.expm1(0.12**2) + 1 / 50
    share_that_remembers = np.expm1(0.12**2) / (per_drop + 1 / 300)
    assert seen["phi"].median() == pytest.approx(1 + 300 * per_drop, rel=0.2)
    assert seen["rho"].median() == pytest.approx(0.5 * share_that_remembers, abs=0.08)


def test_a_cells_answer_does_not_depend_on_its_neighbours() -> None:
    rng = np.random.default_rng(17)
    rise = steps(np.full(8, 30), np.full(8, 2.0))
    cube = cube_of(*network(rng, np.full(8, 80.0), rise))
    together = find(cube)
    apart = [find(cube.isel(cell=[i])) for i in range(8)]
    pd.testing.assert_frame_equal(together, pd.concat(apart, ignore_index=True))


def test_every_fault_of_a_cube_is_named_at_once() -> None:
    cube = steady(0.01).drop_vars("outage").isel(day=[0, 1, 5])
    with pytest.raises(ValueError, match=r"outage is missing.*day_local has gaps.*min_days is 1"):
        find(cube, min_days=1)
    with pytest.raises(ValueError, match=r"day_start_utc has missing.*min_ratio is 1;"):
        find(
            steady(0.01).assign(day_start_utc=steady(0.01)["day_start_utc"].where(False)),
            min_ratio=1,
        )
    with pytest.raises(ValueError, match=r"rest_day has dims \('day',\)"):
        find(steady(0.01).assign(rest_day=("day", np.zeros(N_DAYS, bool))))


@pytest.mark.parametrize("n_days", [10, 14, 20])
def test_a_threefold_step_is_seen_in_a_short_history_too(n_days: int) -> None:
    rng = np.random.default_rng(n_days)
    days = pd.date_range("2026-06-01", periods=n_days)
    shape, half = (40, n_days), np.arange(n_days) >= n_days // 2
    names = ("call_attempts", "dropped_calls", "bh_prb_dl_util_pct", "availability")
    for ratio, least, most in ((3.0, 0.8, 1.0), (1.0, 0.0, 0.05)):
        drops = rng.poisson(np.where(half, 96 * ratio, 96), shape).astype(float)
        values = (np.full(shape, 9600.0), drops, np.full(shape, 50.0), np.ones(shape))
        cube = xr.Dataset(
            {
                **{n: (("cell", "day"), v) for n, v in zip(names, values, strict=True)},
                "rest_day": (("cell", "day"), np.tile(days.day_of_week >= 5, (40, 1))),
                "outage": (("cell", "day"), np.zeros(shape, bool)),
                "day_start_utc": (
                    ("cell", "day"),
                    np.tile(days.to_numpy("datetime64[ns]"), (40, 1)),
                ),
            },
            coords={"cell_id": ("cell", [f"c{i}" for i in range(40)]), "day_local": ("day", days)},
        )
        assert least <= find(cube)["cell_id"].nunique() / 40 <= most
