"""When a cell is full: weeks, growth, the month, and what is refused."""

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from analysis.arrays import Floats
from analysis.outlook import growth
from analysis.outlook.crossing import Limit, crossing_of, quantile
from analysis.outlook.rows import Asked, outlook_of
from analysis.outlook.weeks import weekly
from benchmarks import outlook as bench
from benchmarks.worlds import growing

NEWEST = pd.Timestamp("2026-11-29")


def _asked(daily: Floats, knee: float = 80.0, **other: Any) -> Asked:
    n_cells, n_days = daily.shape
    knees = np.full(n_cells, knee)
    rest = np.broadcast_to(np.arange(n_days) % 7 >= 5, daily.shape)
    none = np.full(n_cells, None, object)
    names = np.array([f"c{i}" for i in range(n_cells)], object)
    asked = Asked("cell", "knee", names, daily, rest, Limit(knees, knees, knees),
                  np.full(n_cells, "no knee", object), none)  # fmt: skip
    return replace(asked, **other)


def _growing(start: float, a_year: float, n_weeks: int) -> Floats:
    """Busy hours of a network whose cells grow by the same share each day and scatter by 3 %."""
    days = np.arange(7 * n_weeks) - 7 * n_weeks + 1
    noise = np.random.default_rng(3).normal(0, 0.03, (20, len(days)))
    return start * np.exp(np.log(a_year) * days / 365.25 + noise)


def test_a_week_is_the_mean_of_the_fuller_kind_of_day() -> None:
    daily = np.tile([50.0, 50, 50, 50, 50, 20, 20], 3)[None]
    rest = np.tile([False] * 5 + [True] * 2, 3)[None]
    assert weekly(daily, rest).tolist() == [[50.0, 50.0, 50.0]]
    assert weekly(70 - daily, rest).tolist() == [[50.0, 50.0, 50.0]]
    daily[0, :4] = np.nan
    # one working day is not enough
    assert np.isnan(weekly(daily, rest)[0, 0])
    assert weekly(np.hstack([[[9.0]], daily]), np.hstack([[[False]], rest])).shape == (1, 3)


def test_less_than_a_week_is_a_week_of_which_nothing_is_known() -> None:
    rows = outlook_of(_asked(np.full((2, 3), 50.0)), pd.Timestamp("2026-11-01"))
    assert rows["n_weeks"].tolist() == [0, 0]
    assert rows["months_to_full"].isna().all()
    assert (rows["no_month_reason"] != "").all()


def test_two_odd_weeks_go_and_a_step_stays() -> None:
    load = np.zeros((1, 30))
    load[0, 10:12], load[0, 20:] = -0.4, 0.3
    clean = growth.without_odd_weeks(load)
    assert np.flatnonzero(np.isnan(clean[0])).tolist() == [10, 11]


def test_even_growth_meets_its_knee_when_it_does() -> None:
    # from 60 to 80 at 40 % a year takes 12 ln(80/60) / ln(1.4) months
    rows = outlook_of(_asked(_growing(60, 1.4, 110)), NEWEST)
    truth = 12 * np.log(80 / 60) / np.log(1.4)
    row = rows.iloc[0]
    assert row["months_to_full"] == pytest.approx(truth, abs=1.0)
    assert row["months_to_full_lo"] <= truth <= row["months_to_full_hi"]
    assert row["growth_year_pct"] == pytest.approx(40, abs=5)
    assert row["outlook"] == "within_24"
    assert row["full_on"] - NEWEST == pd.Timedelta(days=round(row["months_to_full"] * 365.25 / 12))


def test_a_cell_above_its_knee_is_full_and_a_shrinking_one_never_is() -> None:
    rows = outlook_of(
        _asked(np.vstack([_growing(90, 1.2, 60)[:1], _growing(40, 0.8, 60)[:1]])), NEWEST
    )
    assert rows["outlook"].tolist() == ["full", "not_within_24"]
    assert rows["months_to_full"].iloc[0] == 0
    assert np.isnan(rows["months_to_full"].iloc[1])
    assert rows["p_full_6_months"].tolist() == [1.0, 0.0]


def test_no_knee_gives_no_month_and_says_so() -> None:
    none = np.full(1, np.nan)
    asked = _asked(_growing(60, 1.4, 60)[:1], limit=Limit(none, none, none),
                   no_limit_reason=np.array(["no knee: never above 71 %"], object))  # fmt: skip
    row = outlook_of(asked, NEWEST).iloc[0]
    assert (row["outlook"], row["no_month_reason"]) == ("unknown", "no knee: never above 71 %")
    assert row[["months_to_full", "p_full_6_months"]].isna().all()
    # growth is known all the same
    assert row["growth_year_pct"] > 0


def test_too_few_weeks_give_no_month_and_less_than_a_year_no_season() -> None:
    few = outlook_of(_asked(_growing(60, 1.4, 12)), NEWEST).iloc[0]
    assert few["no_month_reason"] == "12 weeks are known, 13 are needed"
    assert np.isnan(few["growth_year_pct"])
    months = [outlook_of(_asked(_growing(60, 1.4, n)), NEWEST).iloc[0] for n in (51, 52)]
    assert [pd.isna(row["season_peak_pct"]) for row in months] == [True, False]


def test_throughput_is_met_from_above() -> None:
    # 6 Mbps that halve within a year are at 4 Mbps after 12 log2(6 / 4) months
    slowness = 1 / _growing(6, 0.5, 110)
    limit = np.full(20, 1 / 4.0)
    asked = _asked(slowness, limit_kind="throughput", limit=Limit(limit, limit, limit))
    row = outlook_of(asked, NEWEST).iloc[0]
    assert row["limit_value"] == pytest.approx(4.0)
    assert row["load_now"] == pytest.approx(6.0, rel=0.05)
    assert row["months_to_full"] == pytest.approx(12 * np.log2(6 / 4), abs=1.0)


def test_an_unsure_knee_widens_the_interval() -> None:
    daily = _growing(60, 1.4, 110)
    knee = np.full(20, 80.0)
    sure, unsure = (
        outlook_of(_asked(daily, limit=Limit(knee, knee / by, knee * by)), NEWEST).iloc[0]
        for by in (1.0, 1.15)
    )
    widths = [row["months_to_full_hi"] - row["months_to_full_lo"] for row in (sure, unsure)]
    assert widths[1] > 1.2 * widths[0]


def test_a_cell_s_months_do_not_hang_on_the_order_of_cells() -> None:
    world = growing.invent("steps", 1, n_weeks=60, n_cells=70)
    names = np.array([f"c{i}" for i in range(70)], object)
    rest = np.broadcast_to(world.rest_day, world.prb_pct.shape)
    asked = _asked(world.prb_pct, place_ids=names, rest_day=rest, limit=Limit(*world.knee))
    rows = outlook_of(asked, NEWEST).set_index("place_id")
    other = outlook_of(asked.rows(slice(None, None, -1)), NEWEST).set_index("place_id")
    pd.testing.assert_frame_equal(rows, other.loc[rows.index])


def test_draws_that_never_meet_the_limit_are_draws_too() -> None:
    assert quantile(np.array([[np.inf, 3.0, 1.0, np.inf]]), 0.5).tolist() == [3.0]
    assert quantile(np.array([[np.inf, 3.0, 1.0, np.inf]]), 0.95).tolist() == [np.inf]


def test_without_cells_nothing_is_learnt_and_nothing_found() -> None:
    assert growth.prior_of(np.empty((0, 60))) == growth.Prior()
    assert outlook_of(_asked(np.empty((0, 420))), NEWEST).empty


@pytest.mark.parametrize("kind", growing.KINDS)
def test_intervals_of_planted_growth_hold(kind: str) -> None:
    world = growing.invent(kind, 5, n_weeks=80, n_cells=60)
    load = growth.without_odd_weeks(
        np.log(weekly(world.prb_pct, np.broadcast_to(world.rest_day, world.prb_pct.shape)))
    )
    drawn = crossing_of(growth.fit(load, growth.prior_of(load)), Limit(*world.knee)).weeks
    low, high = (quantile(drawn, share) for share in (0.05, 0.95))
    holds = (low <= world.full_week) & (world.full_week <= high)
    # one network of 60 cells that share a season: docs/accuracy/outlook.md has the figures of many
    assert holds.mean() >= 0.8


def test_the_bench_scores_what_it_says() -> None:
    rows = pd.DataFrame({
        "kind": "smooth", "weeks": 60, "truth": [10.0, 40.0, np.inf], "low": [8.0, 41.0, 60.0],
        "middle": [9.0, 50.0, np.inf], "high": [12.0, 60.0, np.inf], "p_soon": [0.9, 0.6, 0.0],
        "p_best": [1.0, 0.0, 0.0],
        "line": [9.0, 50.0, np.inf],
    })  # fmt: skip
    row = bench.scores(rows).iloc[0]
    assert (row["n_stated"], row["holds"]) == (2, 0.5)
    assert (row["recall"], row["precision"]) == (1.0, 0.5)
    assert (row["best_recall"], row["line_precision"]) == (1.0, 1.0)
