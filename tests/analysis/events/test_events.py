"""Changes of every KPI: one event of several symptoms, what moved them, and planted truth."""

import numpy as np
import pandas as pd
import pytest

from analysis.arrays import Floats
from analysis.events import merging, moved, searching
from analysis.events.levels import Limits
from analysis.events.moved import Helpers
from benchmarks import kpi_changes as bench
from benchmarks.worlds import counted
from contracts.kpis import BUILT_IN, Kpi, catalogue

LIMITS = Limits(min_ratio=1.18, min_days=3, min_sd=3.0)
FAMILIES = {
    "rrc_setup_sr": "accessibility",
    "ho_exec_sr": "mobility",
    "dl_volume_gb": "utilisation",
    "drop_rate": "retainability",
}


def _changes(*rows: tuple[str, str, int, float]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["cell_id", "kpi", "day", "change_sd"])
    at = pd.Timestamp("2026-03-01", tz="UTC") + pd.to_timedelta(frame["day"], unit="D")
    day = pd.Timedelta(days=1)
    return frame.assign(change_utc=at, change_lo_utc=at - day, change_hi_utc=at + day)


def test_changes_of_a_cell_within_three_days_are_one_event() -> None:
    changes = _changes(
        ("A", "rrc_setup_sr", 10, 5.0),
        ("A", "ho_exec_sr", 13, 5.0),
        ("A", "dl_volume_gb", 14, 9.0),
        ("B", "ho_exec_sr", 10, 9.0),
    )
    rows = merging.with_events(changes, FAMILIES)
    assert rows["event"].tolist() == [0, 0, 1, 2]
    # the 13th less a day comes after the 10th and a day
    assert rows["moves_first"].tolist() == [True, False, True, True]


def test_a_weak_change_counts_beside_another_family_alone() -> None:
    pair = _changes(("A", "rrc_setup_sr", 10, 3.5), ("A", "ho_exec_sr", 11, 3.6))
    assert len(merging.with_events(pair, FAMILIES)) == 2
    alone = _changes(("A", "rrc_setup_sr", 10, 3.5), ("A", "rrc_setup_sr", 30, 5.0))
    assert merging.with_events(alone, FAMILIES)["day"].tolist() == [30]
    # drops are judged by the hour
    judged = _changes(("A", "drop_rate", 10, np.nan))
    assert len(merging.with_events(judged, FAMILIES)) == 1


def _moved(kpi: str, values: Floats, helpers: Helpers) -> pd.DataFrame:
    """What moved a KPI of one cell at each of its changes."""
    n_cells, n_days = values.shape
    counters = counted.invent(1, noise="normal", n_cells=n_cells, n_days=n_days).counters
    below = np.full_like(values, 86_400.0 * 75)
    one = searching.asked(kpi, BUILT_IN[kpi], "level", (values * below, below), counters)
    return moved.moved_by(searching.search(one, LIMITS).changes, one, helpers)


@pytest.fixture
def noise() -> Floats:
    """Days that scatter by 3 %."""
    return np.exp(np.random.default_rng(5).normal(0, 0.03, (1, 56)))


def test_a_step_of_capacity_is_told_from_a_change_of_demand(noise: Floats) -> None:
    step = np.where(np.arange(56) >= 30, 100 / 75, 1.0)[None]
    traffic, load, blocks = 1e8 * noise, 0.4 * noise, np.full((1, 56), 75.0)
    less, more = load / step, load * step
    cases = {
        # per-cent PRB alone: less of it for the same traffic
        "room": (less, Helpers(100 * less, traffic, blocks)),
        "demand": (less, Helpers(100 * less, traffic / step, blocks)),
        "efficiency": (more, Helpers(100 * more, traffic, blocks)),
    }
    for expected, (values, helpers) in cases.items():
        rows = _moved("prb_dl_util_pct", values, helpers)
        assert rows["moved_by"].tolist() == [expected]
    # blocks that went look like lost efficiency, where they are not counted
    gone = _moved("prb_dl_util_pct", more, Helpers(100 * more, traffic, blocks / step))
    assert gone["moved_by"].tolist() == ["room"]


def test_load_is_the_first_suspect_of_throughput(noise: Floats) -> None:
    is_after = np.arange(56) >= 30
    load = 40 * np.exp(np.random.default_rng(8).normal(0, 0.15, (1, 56)))
    fuller = np.where(is_after, 1.8, 1.0) * load
    traffic, blocks = fuller * 1e6, np.full((1, 56), 75.0)
    # Mbps halve as load doubles
    by_load = _moved("dl_user_thp_mbps", 500 / fuller * noise, Helpers(fuller, traffic, blocks))
    assert by_load["moved_by"].tolist() == ["load"]
    assert by_load["load_share"].item() > 0.8
    slower = np.where(is_after, 0.6, 1.0) * noise * 500 / load
    by_other = _moved("dl_user_thp_mbps", slower, Helpers(load, traffic, blocks))
    assert by_other["moved_by"].tolist() == ["other"]
    unknown = Helpers(np.full((1, 56), np.nan), traffic, blocks)
    assert _moved("dl_user_thp_mbps", slower, unknown)["moved_by"].isna().all()


def test_traffic_is_of_one_kind_a_cell() -> None:
    nothing, ones = np.full((2, 3), np.nan), np.ones((2, 3))
    volume = np.array([[5.0, np.nan, 5.0], [np.nan, np.nan, np.nan]])
    columns = dict.fromkeys(("prb_dl_used_prb_s", "prb_dl_avail_prb_s", "covered_s"), ones)
    columns |= {"dl_vol_kbit": volume, "rrc_user_s": nothing, "rrc_covered_s": nothing}
    traffic = moved.helpers_of({**columns, "call_attempts": 7 * ones}).traffic
    assert np.array_equal(traffic, [[5, np.nan, 5], [7, 7, 7]], equal_nan=True)


def test_planted_steps_are_found_with_what_the_kpi_was_before_and_after() -> None:
    world = counted.invent(11, noise="normal", n_cells=30)
    found = bench.found_in(world, catalogue())
    clear = [step for step in world.planted if step.sd >= 8]
    rows = [
        found[(found["cell_id"] == counted.cell_id(step.cell)) & (found["kpi"] == step.kpi)]
        for step in clear
    ]
    assert len(clear) >= 5
    assert np.mean([len(mine) > 0 for mine in rows]) >= 0.9
    for step, mine in zip(clear, rows, strict=True):
        if len(mine) == 1:
            row = mine.iloc[0]
            assert row["ratio"] == pytest.approx(step.ratio, rel=0.25)
            # of a success rate it is the failures that change by the ratio
            before, after = row["kpi_before"], row["kpi_after"]
            if BUILT_IN[step.kpi].unit == "share":
                before, after = 1 - before, 1 - after
            assert after / before == pytest.approx(step.ratio, rel=0.35)


@pytest.mark.parametrize(
    ("own", "how"),
    [
        (
            {"numerator": "rrc_att - rrc_succ", "denominator": "rrc_att", "failures": True},
            "failures",
        ),
        ({"numerator": "rrc_att - rrc_succ", "denominator": "rrc_att"}, "none"),
        ({"numerator": "unavail_s", "denominator": "period_s", "failures": True}, "level"),
        ({"numerator": "dl_vol_kbit", "denominator": "rrc_att", "unit": "kbit"}, "level"),
        ({"form": "sum", "numerator": "rrc_att", "unit": "n"}, "level"),
    ],
)
def test_own_kpis_are_searched_by_what_they_are(own: dict[str, object], how: str) -> None:
    kpi = Kpi(name="Own", better="lower", **own)  # type: ignore[arg-type]
    assert catalogue({"own": kpi}).search("own") == how


def test_the_bench_scores_what_it_says() -> None:
    figures = {"steps": 4.0, "hits": 3.0, "false": 1.0, "holds": 3.0, "dated": 2.0}
    rows = pd.DataFrame([
        {f"{kpi} {name}": value for kpi in counted.PLANTED for name, value in figures.items()}
        | {"noise": "normal", "false events": 2.0, "quiet months": 100.0, "false ho_prep_sr": 1.0}
    ] * 2)  # fmt: skip
    row = bench.scores(rows).iloc[0]
    assert (row["f1"], row["recall"], row["precision"]) == (0.75, 0.75, 0.75)
    assert (row["holds"], row["error"]) == (1.0, 0.0)
    alarm = bench.alarms(rows).iloc[0]
    assert (alarm["events"], alarm["worst kpi"], alarm["of worst kpi"]) == (
        0.02,
        "ho_prep_sr",
        0.01,
    )
