"""KPIs of places are sums over sums, with intervals that fit how each is counted."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from analysis.places.members import Places, of_weights
from analysis.rates import kpis, network
from contracts.kpis import Kpi, catalogue
from contracts.tables import TABLES, check
from tests.bench.frames import rows

CELLS = {"a": (1000.0, 10.0), "b": (3000.0, 15.0)}
HALVES = pd.DataFrame({"cell_id": ["a", "a", "b"], "place": [1, 2, 2], "weight": [0.25, 0.75, 1.0]})
OWN = {
    "busy": Kpi(name="Users for one attempt", numerator="rrc_att", denominator="call_attempts",
                better="lower", least=0),
}  # fmt: skip


def _days(cube: xr.Dataset) -> pd.DataFrame:
    """Days of the cube's cells; cell b hands nothing over."""
    rng = np.random.default_rng(5)
    days = cube["day_local"].to_numpy()
    frame = pd.DataFrame([(c, d) for c in CELLS for d in days], columns=["cell_id", "day_local"])
    n = len(frame)
    given = {
        "call_attempts": 1000.0, "dropped_calls": 10.0, "covered_s": 86_400.0,
        "rrc_user_s": 5 * 86_400.0, "rrc_covered_s": 86_400.0,
        "dl_thp_vol_kbit": rng.uniform(5e6, 6e6, n), "dl_thp_time_ms": 1e6,
        "ho_exe_att": np.where(frame["cell_id"] == "a", 2000.0, np.nan), "ho_exe_succ": 1980.0,
        "ho_prep_att": 3000.0, "ho_prep_succ": 2970.0, "dl_vol_kbit": 8e6, "rrc_att": 500.0,
    }  # fmt: skip
    return rows("cell_day", **frame.to_dict("list"), **given)


def _rated(cube: xr.Dataset) -> dict[str, kpis.Rated]:
    known = catalogue(OWN)
    return {one.kpi: one for one in kpis.rated(_days(cube), cube, known, frozenset())}


def _rows(cube: xr.Dataset, places: Places, kpi: str, n_days: int = 7) -> pd.DataFrame:
    return kpis.rows_of(_rated(cube)[kpi], cube, places, network.newest_days(cube, n_days))


def test_only_kpis_whose_counters_are_there_are_rated(counters: Callable[..., xr.Dataset]) -> None:
    there = _rated(counters(CELLS))
    assert {"drop_rate", "ho_sr", "dl_user_thp_mbps", "rrc_users_mean", "busy"} <= set(there)
    assert not {"rrc_setup_sr", "accessibility", "retain_rate_h"} & set(there)


def test_a_cell_without_a_counter_is_in_neither_sum(counters: Callable[..., xr.Dataset]) -> None:
    cube = counters(CELLS)
    found = _rows(cube, of_weights(HALVES, cube), "ho_exec_sr")
    assert found["denominator"].tolist() == [0.25 * 7 * 2000, 0.75 * 7 * 2000]
    assert found["value"].tolist() == pytest.approx([0.99, 0.99])
    assert ((found["value_lo"] < 0.99) & (found["value_hi"] > 0.99)).all()


def test_a_product_is_of_sums_and_its_interval_is_wider_than_a_part_s(
    counters: Callable[..., xr.Dataset],
) -> None:
    cube = counters(CELLS)
    places = of_weights(HALVES, cube)
    whole, part = (_rows(cube, places, kpi) for kpi in ("ho_sr", "ho_exec_sr"))
    assert whole["value"].tolist() == pytest.approx([0.99 * 0.99] * 2)
    assert whole["numerator"].isna().all()
    assert (whole["value"] - whole["value_lo"] > 0.99 * (part["value"] - part["value_lo"])).all()


def test_states_add_over_cells_and_are_means_over_time(counters: Callable[..., xr.Dataset]) -> None:
    cube = counters(CELLS)
    found = _rows(cube, of_weights(HALVES, cube), "rrc_users_mean")
    assert found["value"].tolist() == pytest.approx([0.25 * 5, 1.75 * 5])


def test_sums_have_no_interval_and_no_denominator(counters: Callable[..., xr.Dataset]) -> None:
    cube = counters(CELLS)
    found = _rows(cube, of_weights(HALVES, cube), "dl_volume_gb")
    assert found["value"].tolist() == pytest.approx([0.25 * 7, 1.75 * 7])
    assert found[["denominator", "value_lo", "value_hi"]].isna().all(axis=None)


def test_below_the_least_denominator_there_is_no_value(counters: Callable[..., xr.Dataset]) -> None:
    cube = counters(CELLS)
    slight = HALVES.assign(weight=[0.001, 0.75, 1.0])
    found = _rows(cube, of_weights(slight, cube), "ho_exec_sr")
    assert found["value"].isna().tolist() == [True, False]
    assert found["denominator"].tolist() == pytest.approx([14.0, 10_500.0])


@pytest.mark.parametrize("n_days", [7, 28])
def test_intervals_of_throughput_hold_nine_times_of_ten(n_days: int) -> None:
    rng = np.random.default_rng(3)
    truth, spread = 5.0, 0.2
    above = rng.normal(truth, spread, (4000, n_days))
    figures = kpis._mean_of_days(above, np.ones_like(above))
    held = np.mean((figures.lo <= truth) & (truth <= figures.hi))
    assert 0.88 <= held <= 0.92


def test_rows_meet_their_tables(counters: Callable[..., xr.Dataset]) -> None:
    cube = counters(CELLS)
    noise = pd.concat([kpis.noise_rows(one, cube) for one in _rated(cube).values()])
    assert check(noise.assign(run_id="r"), TABLES["kpi_noise"]) == []
    assert set(noise["kpi"]) >= {"drop_rate", "ho_exec_sr", "ho_sr"}
    assert noise.loc[noise["kpi"] == "ho_sr", "kpi_part"].unique().tolist() == [1, 2]


def test_months_and_the_newest_weeks_are_rated(counters: Callable[..., xr.Dataset]) -> None:
    grains = [period.grain for period in kpis.periods(counters(CELLS, n_days=60))]
    assert grains == ["month", "month", "week", "week"]
