"""KPIs by place and month: sums are divided last, missing is not zero."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from analysis.association.kpis import by_place_month
from contracts.kpis import catalogue
from geo import hexgrid

FINE = hexgrid.hexes_of(lat=[53.0, 55.0], lon=[-1.0, -1.0], level=8)
PLACES = hexgrid.parents(FINE, level=6)


def _days(n_days: int = 45) -> pd.DataFrame:
    """Cells a and b, from 1 March 2026; b has no drops known in April."""
    days = [dt.date(2026, 3, 1) + dt.timedelta(days=i) for i in range(n_days)]
    rows = [
        {"cell_id": cell, "day_local": day, "call_attempts": attempts, "dropped_calls": drops,
         "call_setups": 0.9 * attempts}
        for cell, attempts, drops in (("a", 1000.0, 10.0), ("b", 3000.0, 90.0))
        for day in days
    ]  # fmt: skip
    frame = pd.DataFrame(rows)
    is_unknown = (frame["cell_id"] == "b") & (frame["day_local"] >= dt.date(2026, 4, 1))
    frame.loc[is_unknown, "dropped_calls"] = np.nan
    return frame


def _weights() -> pd.DataFrame:
    return pd.DataFrame({
        "cell_id": ["a", "b", "b"], "hex_id": FINE[[0, 0, 1]], "weight": [1.0, 0.5, 0.5],
        "valid_from": None, "valid_to": None,
    })  # fmt: skip


def test_drop_rate_of_a_place_is_its_drops_over_its_attempts() -> None:
    kpis = by_place_month(_days(), _weights(), catalogue(), level=6)
    rate = np.exp(kpis["drop_rate"].values)
    march, april = pd.Timestamp("2026-03-01"), pd.Timestamp("2026-04-01")
    assert rate.loc[PLACES[0], march] == pytest.approx(55 / 2500, rel=1e-3)
    assert rate.loc[PLACES[1], march] == pytest.approx(45 / 1500, rel=1e-3)
    # of b nothing is known in April, so a speaks alone, and the other place has no rate
    assert rate.loc[PLACES[0], april] == pytest.approx(10 / 1000, rel=1e-2)
    assert np.isnan(rate.loc[PLACES[1], april])
    assert kpis["drop_rate"].words == "Drop rate a tenth higher"


def test_of_a_success_rate_it_is_the_share_that_fails() -> None:
    kpi = by_place_month(_days(), _weights(), catalogue(), level=6)["volte_setup_sr"]
    assert np.exp(kpi.values).to_numpy() == pytest.approx(0.1, rel=1e-2)
    assert kpi.words == "Voice set-up success failing a tenth more often"


def test_a_month_of_few_days_and_a_kpi_without_counters_are_left_out() -> None:
    kpis = by_place_month(_days(40), _weights(), catalogue(), level=6)
    assert list(kpis["drop_rate"].values) == [pd.Timestamp("2026-03-01")]
    assert "prb_dl_util_pct" not in kpis


def test_without_footprints_no_place_has_a_kpi() -> None:
    assert by_place_month(_days(), _weights().iloc[:0], catalogue(), level=6) == {}
