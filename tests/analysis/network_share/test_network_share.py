"""The network's share of complaints and detractors: exact small cases, and planted truth."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from analysis.association import panels
from analysis.association.associate import Beyond, beyond_control
from analysis.association.panels import Panel
from analysis.network_share import accounted, said, stage
from contracts.tables import TABLES, assemble, check
from tests.bench.panels import COMPLAINTS, Planted, planted_panel

SEEDS = range(8_100, 8_103)
N_REGIONS = 10


def known(*coefficients: float, error: float) -> Beyond:
    matrix = np.eye(len(coefficients)) * error**2
    return Beyond(np.array(coefficients), np.array([matrix, matrix]), 1_000)


def rates(panel: Panel) -> pd.DataFrame:
    """Figures of regions as `place_rate` has them: the means of fifteen places each."""
    region = np.arange(len(panel.site)) * N_REGIONS // len(panel.site)
    rows = []
    for number in range(N_REGIONS):
        mine = region == number
        for n, month in enumerate(panel.months):
            where = {
                "place_type": "region",
                "region": f"R{number}",
                "period_start": month,
                "period_grain": "month",
                "shown": "shown",
            }
            for kpi, values in panel.kpis.items():
                share = np.exp(values[mine, n].mean())
                rows.append(
                    {
                        **where,
                        "metric": kpi,
                        "outcome_class": "all",
                        "numerator": 1e9 * share - 0.5,
                        "denominator": 1e9 - 1,
                    }
                )
            for (metric, name), outcome in panel.outcomes.items():
                if metric == COMPLAINTS:
                    rows.append(
                        {
                            **where,
                            "metric": metric,
                            "outcome_class": name,
                            "numerator": outcome.amount[mine, n].sum(),
                        }
                    )
            rows.append({**where, "metric": "nps", "outcome_class": "relationship"})
    return pd.DataFrame(rows)


def test_the_share_is_what_the_coefficient_makes_of_the_distance() -> None:
    found = accounted.accounted(known(0.3, error=0.01), np.array([[0.5], [0.0], [np.nan]]))
    assert found.value[:2] == pytest.approx([1 - np.exp(-0.15), 0.0])
    assert found.low[0] < found.value[0] < found.high[0]
    assert np.isnan([part[2] for part in found]).all()


def test_where_nothing_is_seen_every_interval_begins_at_zero() -> None:
    found = accounted.accounted(known(0.3, error=0.3), np.array([[0.5], [2.0]]))
    assert (found.low == 0).all()
    assert found.visible[0] == pytest.approx(1 - np.exp(-(1.646 + 0.842) * 0.15), abs=1e-3)


def test_a_region_that_is_better_than_the_best_tenth_owes_nothing() -> None:
    far = accounted.distances(
        {"drop_rate": np.log([[0.001, 0.02]])}, {"drop_rate": np.log(0.01)}, 1
    )
    assert far[0, :, 0] == pytest.approx([0.0, np.log(2)])
    assert far[0, 1, 1] == 0
    assert np.isnan(far[0, 0, 1])


def test_a_few_are_one_to_four_and_a_hidden_class_hides_all_shares() -> None:
    month = pd.Timestamp("2026-01-01")
    row: dict[str, Any] = {"region": "A", "period_start": month, "shown": "shown"}
    counts = {"network": 60.0, "device": 20.0, "account": 18.0, "other": np.nan}
    frame = pd.DataFrame([row | {"outcome_class": k, "numerator": n} for k, n in counts.items()])
    few = frame.assign(shown=["shown", "shown", "shown", "few"])
    shares = said.class_shares(few).loc[("A", month)]
    assert (shares["network_lo"], shares["network_hi"]) == pytest.approx((60 / 102, 60 / 99))
    assert shares["network_lo"] < shares["network"] < shares["network_hi"]
    hidden = frame.assign(shown=["shown", "shown", "shown", "hidden"])
    shares = said.class_shares(hidden).loc[("A", month)]
    assert shares.drop("n_classes").isna().all()


def test_without_complaints_about_bills_no_share_is_known_and_the_row_says_why() -> None:
    panel = planted_panel(1, Planted(n_months=9))
    bare = {key: outcome for key, outcome in panel.outcomes.items() if key[1] != panels.CONTROL}
    beyond = beyond_control(panel._replace(outcomes=bare), (COMPLAINTS, "network"), stage.KPIS)
    assert np.isnan(beyond.coefficient).all()
    assert "complaints about bills" in beyond.why


def test_planted_shares_of_complaints_and_detractors_lie_in_their_intervals() -> None:
    """In a few networks here; in 200 in docs/accuracy/network_share.md."""
    holds = []
    for seed in SEEDS:
        lag = seed % 3
        planted = Planted(coefficients={name: {lag: 0.3} for name in ("network", "detractors")})
        panel = planted_panel(seed, planted)
        passed_on = panels.panel_from(panels.panel_dataset(panel))
        rows = stage.shares(passed_on, rates(panel))
        far = _truth(panel, lag)
        for row in rows.dropna(subset=["network_share"]).to_dict("records"):
            truth = far[row["region"], row["period_start"]]
            if row["metric"] == COMPLAINTS:
                truth *= row["network_class_share"]
            holds.append(row["network_share_lo"] <= truth <= row["network_share_hi"])
    assert len(holds) > 500
    assert np.mean(holds) > 0.75
    check(assemble([rows], TABLES["network_share"]).assign(run_id="r"), TABLES["network_share"])


def _truth(panel: Panel, lag: int) -> dict[tuple[str, pd.Timestamp], float]:
    kpi = panel.kpis["drop_rate"]
    best, region = np.quantile(kpi, 0.1), np.arange(len(kpi)) * N_REGIONS // len(kpi)
    truth = {}
    for number in range(N_REGIONS):
        far = np.maximum(kpi[region == number].mean(axis=0) - best, 0)
        for n, month in enumerate(panel.months):
            truth[f"R{number}", pd.Timestamp(month)] = 1 - np.exp(-0.3 * far[max(n - lag, 0)])
    return truth
