"""Percentiles and worst cells by the regulator's rules, against plain arithmetic."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from contracts import regulator
from contracts.tables import SCHEMA_VERSION
from ingest.warehouse.acknowledgements import Subject, Word
from ingest.warehouse.marts import Marts
from ingest.warehouse.publish import publish
from ingest.warehouse.store import Warehouse
from tests.bench.frames import rows

FIRST = date(2025, 3, 3)  # a Monday
N_DAYS, CALLS = 35, 1000.0
REGIONS = {"A": "North", "B": "North", "C": "South", "D": "South"}
LAST_WEEK = FIRST + timedelta(days=28)
N_TOWNS, N_CELLS = 40, 12


@pytest.fixture(scope="module")
def per_cent() -> pd.DataFrame:
    """Drop rate of each cell (column) on each day, in per cent."""
    rng = np.random.default_rng(51)
    found = pd.DataFrame(rng.integers(5, 20, (N_DAYS, 4)) / 10, columns=list(REGIONS))
    found.loc[[2, 30, 31], "A"] = 4.0  # two days of the last week
    found.loc[[29, 30, 33], "B"] = [3.5, 4.0, 3.1]  # three
    found.loc[[28, 29, 30], "C"] = 9.0  # three, of too few calls
    found.loc[28:, "D"] = 6.0  # all of them, and before
    found.loc[18:20, "D"] = 5.0  # three days of an earlier week
    return found


@pytest.fixture(scope="module")
def marts(per_cent: pd.DataFrame, tmp_path_factory: pytest.TempPathFactory) -> Marts:
    """Four cells in two regions over five weeks, their limits, a rise and a work."""
    long = per_cent.melt(var_name="cell_id", value_name="pct", ignore_index=False).reset_index()
    few = (long["cell_id"] == "C") & long["index"].isin([28, 29, 30])
    calls = np.where(few, 90.0, CALLS)
    drops, days = calls * long["pct"] / 100, [FIRST + timedelta(days=int(i)) for i in long["index"]]
    rise = pd.Timestamp("2025-03-31T06:00Z")
    warehouse = Warehouse(tmp_path_factory.mktemp("regulator"))
    for name, frame in {
        "run": rows("run", run_id=["r"], timezone=["Europe/London"], level=[8],
                    schema_version=[SCHEMA_VERSION]),
        "cell": rows("cell", cell_id=[*REGIONS], region=[*REGIONS.values()], lat=53.8, lon=-1.5,
                     site_id="S", site_name="Mill", technology="lte", band="B3"),
        "cell_day": rows("cell_day", cell_id=long["cell_id"].to_numpy(), day_local=days,
                         call_attempts=calls, dropped_calls=drops, bh_call_attempts=calls,
                         bh_dropped_calls=drops, covered_s=86_400.0, unavail_s=864.0),
        "place_rate": rows("place_rate", place_type="cell", cell_id=["B", "D"], shown="shown",
                           metric="drop_rate", outcome_class="all", period_grain="week",
                           period_start=LAST_WEEK, value=[0.02, 0.06], value_lo=[0.01, 0.05],
                           value_hi=[0.03, 0.07], run_id="r"),
        "change_point": rows("change_point", change_id=["c"], place_type="cell", cell_id="D",
                             change_utc=rise, until_utc=rise + timedelta(days=7), direction="up",
                             attribution="load", run_id="r"),
        "intervention": rows("intervention", intervention_id=["w1", "w2", "w3"], kind="tilt",
                             cell_id=["D", "D", "D"], start_utc=[
                                 rise - timedelta(days=d) for d in (20, 3, -30)]),
        "threshold": regulator.in_force({"qtd_drop_rate_pct": 1.9}, "our licence").assign(
            run_id="r"),
    }.items():  # fmt: skip
        warehouse.write(name, frame)
    publish(warehouse, "regulator", keep=2)
    return warehouse.marts


@pytest.mark.parametrize("counted_over", ["busy_hour", "day"])
def test_percentiles_are_those_of_plain_arithmetic(
    marts: Marts, per_cent: pd.DataFrame, counted_over: str
) -> None:
    found = marts.query("regulator_percentiles", period_grain="month", counted_over=counted_over)
    march = found[pd.to_datetime(found["period_start"]) == "2025-03-01"].set_index("region")
    judged = per_cent.mask(per_cent == 9.0).iloc[:29]  # until 31 March; few calls are not judged
    for region, cells in {"": [*REGIONS], "North": ["A", "B"], "South": ["C", "D"]}.items():
        mine = judged[cells]
        qsd = np.percentile([np.percentile(mine[c].dropna(), 90) for c in cells], 90)
        qtd = np.percentile([np.percentile(day.dropna(), 97) for _, day in mine.iterrows()], 90)
        row = march.loc[region]
        assert row["qsd_drop_rate_pct"] == pytest.approx(qsd, abs=1e-5)
        assert row["qtd_drop_rate_pct"] == pytest.approx(qtd, abs=1e-5)
        assert (row["qsd_kept"], row["qtd_kept"]) == (qsd <= 2.0, qtd <= 1.9)
        assert row["n_cell_days_few"] == ("C" in cells)
        assert (row["n_cells"], row["n_days_known"]) == (len(cells), 29)


def test_a_quarter_is_judged_as_a_whole(marts: Marts) -> None:
    found = marts.query("regulator_percentiles")
    assert set(found["period_start"].astype("str")) == {"2025-01-01", "2025-04-01"}
    assert set(found["period_end"].astype("str")) == {"2025-03-31", "2025-06-30"}
    assert len(found) == 6


def test_worst_affected_cells_are_a_share_of_those_judged(marts: Marts) -> None:
    april = marts.query("regulator_percentiles", period_grain="month").head(3).set_index("region")
    # in April D drops 6 % and B 3 of 5 days little more than it may
    assert april.loc["South", "n_worst_cells"] == 1
    assert april.loc["South", "worst_cells_pct"] == 50
    assert not april.loc["South", "worst_cells_kept"]


def _planted(n_days: int, rng: np.random.Generator) -> np.ndarray:
    """Drops (region, cell, day) of 1,000 calls each; days of a region remember each other."""
    day = rng.normal(size=(N_TOWNS, 1, n_days))
    for t in range(1, n_days):
        day[..., t] = 0.4 * day[..., t - 1] + np.sqrt(1 - 0.4**2) * day[..., t]
    rate = np.random.default_rng(8).lognormal(np.log(10), 0.5, (N_TOWNS, N_CELLS, 1))
    return rng.poisson(rate * np.exp(0.15 * day + 0.2 * rng.normal(size=(*rate.shape[:2], n_days))))


def _figures(drops: np.ndarray) -> dict[str, np.ndarray]:
    pct = 100 * drops / CALLS
    return {
        "drop_rate": pct.mean(axis=(1, 2)) / 100,
        "qsd_drop_rate_pct": np.percentile(np.percentile(pct, 90, axis=2), 90, axis=1),
        "qtd_drop_rate_pct": np.percentile(np.percentile(pct, 97, axis=1), 90, axis=1),
    }


def test_intervals_of_percentiles_hold_what_all_days_would_give(tmp_path: Path) -> None:
    rng, quarter = np.random.default_rng(52), pd.date_range("2025-01-01", "2025-03-31")
    drops = _planted(len(quarter), rng)
    town, cell, day = (index.ravel() for index in np.indices(drops.shape))
    ids = np.char.add(np.char.add(town.astype(str), "-"), cell.astype(str))
    known = pd.DataFrame({"cell_id": ids, "region": town.astype(str)}).drop_duplicates()
    warehouse = Warehouse(tmp_path)
    for name, frame in {
        "run": rows("run", run_id=["r"], timezone="Europe/London", level=8,
                    schema_version=SCHEMA_VERSION),
        "cell": rows("cell", cell_id=known["cell_id"].to_numpy(), lat=53.8, lon=-1.5,
                     region=known["region"].to_numpy()),
        "cell_day": rows("cell_day", cell_id=ids, day_local=quarter[day].date,
                         call_attempts=CALLS, dropped_calls=drops.ravel().astype(float)),
        "threshold": regulator.in_force({}, "").assign(run_id="r"),
    }.items():  # fmt: skip
        warehouse.write(name, frame)
    publish(warehouse, "intervals", keep=2)
    found = warehouse.marts.query("regulator_percentiles", counted_over="day",
                            period_start=date(2025, 1, 1))  # fmt: skip
    found = found[found["place_type"] == "region"].set_index("region")
    found = found.loc[[str(town) for town in range(N_TOWNS)]]
    for name, truth in _figures(_planted(2000, rng)).items():
        low, high = (found[f"{name}_{end}"].to_numpy() for end in ("lo", "hi"))
        assert (low <= found[name]).all()
        assert 0.8 <= ((low <= truth) & (truth <= high)).mean() <= 0.98
        # an interval that tells nothing would hold too
        assert np.median((high - low) / truth) < 0.35


def test_fewer_than_sixteen_days_have_no_interval(marts: Marts) -> None:
    found = marts.query("regulator_percentiles", period_grain="month")
    ends = [name for name in found if name.endswith(("_lo", "_hi"))]
    assert len(ends) == 8
    april = pd.to_datetime(found["period_start"]) == "2025-04-01"
    assert found.loc[april, ends].isna().all(axis=None)
    for name in ("drop_rate", "qsd_drop_rate_pct", "qtd_drop_rate_pct"):
        assert (found.loc[~april, f"{name}_lo"] < found.loc[~april, f"{name}_hi"]).all()


def test_a_figure_that_no_half_of_the_days_moves_has_no_interval(marts: Marts) -> None:
    march = date(2025, 3, 1)
    found = marts.query("regulator_percentiles", period_grain="month", period_start=march)
    assert found["worst_cells_pct"].tolist() == [0.0, 0.0, 0.0]
    assert found[["worst_cells_pct_lo", "worst_cells_pct_hi"]].isna().all(axis=None)


def test_one_period_can_be_asked_for_and_is_the_same(marts: Marts) -> None:
    every = marts.query("regulator_percentiles", period_grain="month")
    one = marts.query("regulator_percentiles", period_grain="month", period_start=date(2025, 3, 1))
    assert len(one) == 3
    pd.testing.assert_frame_equal(one, every.tail(3).reset_index(drop=True))


def test_each_limit_stands_beside_its_source(marts: Marts) -> None:
    found = marts.query("regulator_percentiles").iloc[0]
    assert (found["qtd_limit_pct"], found["qtd_limit_source"]) == (1.9, "our licence")
    assert "TRAI" in found["qsd_limit_source"]
    assert "2009" in found["worst_cells_limit_source"]


def test_persistent_worst_cells_break_the_limit_on_three_days_of_enough_calls(
    marts: Marts,
) -> None:
    found = marts.query("worst_cells")
    assert found[["region", "rank", "cell_id"]].to_numpy().tolist() == [
        ["North", 1, "B"], ["South", 1, "D"],
    ]  # fmt: skip
    assert found["n_days_breached"].tolist() == [3, 7]
    assert found["n_days_judged"].tolist() == [7, 7]
    b, d = found.iloc[0], found.iloc[1]
    assert str(d["first_breach"])[:10] == str(FIRST + timedelta(days=18))
    assert d["dropped_calls"] == pytest.approx(7 * 60)
    assert d["drop_rate"] == pytest.approx(0.06)
    assert d["ratio_to_4_weeks"] > 3
    assert (d["attribution"], d["change_id"]) == ("load", "c")
    assert (d["intervention_id"], str(d["intervention_day"])[:10]) == ("w2", "2025-03-28")
    assert pd.isna(b["change_id"])
    assert b["availability"] == pytest.approx(0.99)
    assert (b["limit_pct"], b["drop_rate_lo"]) == (3.0, 0.01)
    assert "TRAI" in b["threshold_source"]


def test_another_week_and_one_region_can_be_asked_for(marts: Marts) -> None:
    (cell,) = marts.query("worst_cells", week=FIRST + timedelta(days=14))["cell_id"]
    assert cell == "D"
    assert marts.query("worst_cells", region="South")["cell_id"].tolist() == ["D"]


def test_an_operator_s_own_limit_has_its_own_source(marts: Marts) -> None:
    limits = marts.query("thresholds").set_index("threshold_name")
    assert limits.loc["qtd_drop_rate_pct", "threshold_value"] == 1.9
    assert limits.loc["qtd_drop_rate_pct", "threshold_source"] == "our licence"
    assert limits.loc["qsd_drop_rate_pct", "threshold_value"] == 2.0


def test_a_worst_cell_shows_who_looks_after_its_rise_itself_or_its_site(
    marts: Marts,
) -> None:
    def owners() -> list[str]:
        return marts.query("worst_cells")["ack_owner"].fillna("").tolist()

    assert owners() == ["", ""]
    for subject, owner, shown in (
        (Subject("site", "S"), "Ann", ["Ann", "Ann"]),
        (Subject("cell", "D"), "Bob", ["Ann", "Bob"]),
        (Subject("change", "c"), "Cem", ["Ann", "Cem"]),
        (Subject("site", "S"), "Dee", ["Dee", "Cem"]),
    ):
        at = datetime(2025, 4, 8, tzinfo=UTC)
        marts.acknowledge(subject, Word("in_work", owner), by=owner, at=at)
        assert owners() == shown
