"""What is planted is found at its lag and trusted; what moves bills as well is not."""

import numpy as np
import pandas as pd
import pytest

from analysis.association import ahead, family, ranks
from analysis.association.associate import associate, n_lags
from analysis.association.fit import Outcome
from analysis.association.panels import lagged, panel, site_of_places
from analysis.association.readings import reading
from contracts.tables import TABLES, assemble, check
from geo import hexgrid
from tests.bench.panels import COMPLAINTS, WORDS, Planted, planted_panel


def _associations(seed: int, planted: Planted) -> pd.DataFrame:
    return associate(planted_panel(seed, planted), WORDS)


def test_a_planted_coefficient_is_found_at_its_lag_and_said_in_words() -> None:
    found = _associations(4, Planted(coefficients={"network": {2: 0.4}}))
    assert len(found) == 2 * 7 * 7
    survivors = found[found["association_kind"] == "network"]
    assert survivors[["kpi", "outcome_class", "lag_months"]].to_numpy().tolist() == [
        ["drop_rate", "network", 2]
    ]
    row = survivors.iloc[0]
    assert row["selected_lo"] < row["coefficient_lo"] < 0.4 < row["coefficient_hi"]
    assert row["effect_pct"] == pytest.approx(100 * (1.1 ** row["coefficient"] - 1))
    assert row["reading"].startswith("Drop rate a tenth higher goes with ")
    assert "more complainants about the network two months later" in row["reading"]
    assert check(
        assemble([found], TABLES["association"]).drop(columns="run_id"), TABLES["association"]
    )


def test_what_moves_complaints_about_bills_as_well_is_not_called_the_networks() -> None:
    found = _associations(5, Planted(everywhere=0.5))
    survives = found["p_adjusted"] < 0.05
    assert survives.any()
    kinds = set(found.loc[survives & (found["lag_months"] == 0), "association_kind"])
    assert kinds == {"control_too", "control"}
    doubted = found.loc[found["association_kind"] == "control_too", "reading"].iloc[0]
    assert doubted.endswith("complaints about bills may move as much, so do not rely on it.")


def test_too_little_is_refused_with_what_is_missing() -> None:
    few = _associations(1, Planted(n_places=8))
    assert (few["association_kind"] == "unknown").all()
    assert "8 places that tell anything; 100 and 10 are needed" in few["unsafe_reason"].iloc[0]
    short = _associations(1, Planted(n_months=5))
    assert (short["unsafe_reason"] == "5 months of counters; 6 are needed").all()
    assert n_lags(np.zeros((3, 24))) == 6
    assert n_lags(np.zeros((3, 8))) == 2


def test_months_ahead_are_better_foreseen_by_what_causes_them() -> None:
    planted = planted_panel(6, Planted(coefficients={"network": {0: 0.8}}, drift=0.05))
    shares = ahead.explained(
        planted.outcomes[COMPLAINTS, "network"], lagged(planted.kpis["drop_rate"], 2)
    )
    assert shares.model > shares.place_mean + 0.05
    assert shares.model > shares.last_month
    nothing = Outcome(np.zeros((3, 8)), np.zeros((3, 8)), np.zeros((3, 8), bool))
    assert np.isnan(ahead.explained(nothing, np.zeros((1, 3, 8))).model)


def test_neighbours_that_are_alike_are_worth_fewer_places() -> None:
    rng = np.random.default_rng(1)
    lat, lon = rng.uniform(50, 52, 400), rng.uniform(0, 2, 400)
    alone = ranks.rank_correlation(
        rng.normal(size=400), rng.normal(size=400), lat, lon, n_sites=400
    )
    assert alone.n_effective > 300
    p_values = []
    for seed in range(60):
        dice = np.random.default_rng(seed)
        fields = [np.sin(2 * lat + a) + np.cos(2 * lon + b) + 0.2 * dice.normal(size=400)
                  for a, b in dice.uniform(0, 6, (2, 2))]  # fmt: skip
        shared = ranks.rank_correlation(fields[0], fields[1], lat, lon, n_sites=400)
        assert shared.n_effective < 60
        p_values.append(shared.p_value)
    assert np.mean(np.array(p_values) < 0.05) <= 0.15
    assert np.isnan(ranks.rank_correlation(lat[:5], lon[:5], lat[:5], lon[:5], n_sites=5).value)


def test_intervals_of_what_was_selected_are_wider() -> None:
    selected = np.array([True, False, False, False])
    reach = family.selected_quantile(selected, 4, np.full(4, 1000.0), miss=0.1)
    assert reach == pytest.approx([2.24, 1.645, 1.645, 1.645], abs=0.01)
    assert family.adjusted(np.array([np.nan])).size == 1


def test_sentences_of_scores_and_of_what_cannot_be_seen() -> None:
    worse = reading("drop rate a tenth higher", "nps", 1, "network", (-2.0, -3.0, -1.0))
    assert (
        worse
        == "Drop rate a tenth higher goes with 2.0 points less of NPS one month later, 1.0 to 3.0."
    )
    unseen = reading("load a tenth higher", "network", 0, "none", (0.4, -1.0, 1.8))
    assert unseen == ("Whether load a tenth higher goes with more or fewer complainants about the "
                      "network in the same month can't be seen: -1.0 to 1.8 %.")  # fmt: skip


def test_an_interval_without_zero_that_does_not_survive_says_why() -> None:
    alone = reading("load a tenth higher", "network", 0, "none", (90.0, 38.0, 170.0))
    assert alone.endswith(
        "can't be seen: 38 to 170 % if it had been looked at alone; of the many relations that "
        "were looked at together, one like it can be chance."
    )


# --- from released figures --------------------------------------------------------------------


def test_only_what_has_left_is_read_and_hidden_months_are_not_known() -> None:
    hexes = hexgrid.hexes_of(lat=[53.0, 54.0], lon=[-1.0, -1.0], level=6)
    months = pd.to_datetime(["2026-01-01", "2026-02-01"]).as_unit("s")
    rates = pd.DataFrame({
        "hex_id": hexes.repeat(2), "period_start": list(months) * 2, "metric": COMPLAINTS,
        "outcome_class": "network", "numerator": [12.0, np.nan, np.nan, 0.0],
        "denominator": [900.0, 900.0, np.nan, 800.0], "n_effective": np.nan,
        "promoter_share": np.nan, "detractor_share": np.nan, "value_raw": np.nan,
        "shown": ["shown", "few", "hidden", "shown"],
    })  # fmt: skip
    values = pd.DataFrame(np.zeros((2, 2)), index=hexes, columns=months)
    whole = panel(rates, {"drop_rate": values}, pd.Series(["s1"], index=hexes[:1]))
    order = np.argsort(hexes)
    outcome = whole.outcomes[COMPLAINTS, "network"]
    assert outcome.amount[np.argsort(order)].tolist() == [[12, 0], [0, 0]]
    assert outcome.exposure[np.argsort(order)].tolist() == [[900, 900], [0, 800]]
    assert outcome.is_few[np.argsort(order)].tolist() == [[False, True], [False, False]]
    # a hexagon without a site is a cluster of its own
    assert len(set(whole.site)) == 2


def test_answers_about_contacts_do_not_stand_for_those_about_the_brand() -> None:
    hexes = hexgrid.hexes_of(lat=[53.0], lon=[-1.0], level=6)
    month = pd.to_datetime(["2026-01-01"]).as_unit("s")
    rates = pd.DataFrame({
        "hex_id": hexes.repeat(2), "period_start": month.repeat(2), "metric": "nps",
        "outcome_class": ["relationship", "transactional"], "numerator": np.nan,
        "denominator": 50.0, "n_effective": [40.0, 45.0], "promoter_share": 0.5,
        "detractor_share": [0.1, 0.4], "value_raw": [40.0, 10.0], "shown": "shown",
    })  # fmt: skip
    values = {"drop_rate": pd.DataFrame(np.zeros((1, 1)), index=hexes, columns=month)}
    nobody = pd.Series([], dtype="object")
    brand = panel(rates, values, nobody).outcomes
    assert brand["nps", "detractors"].amount.item() == pytest.approx(4)
    contacts = panel(rates[1:], values, nobody).outcomes
    assert contacts["nps", "detractors"].amount.item() == pytest.approx(18)


def test_the_site_of_a_place_is_that_of_most_weight() -> None:
    fine = hexgrid.hexes_of(lat=[53.0], lon=[-1.0], level=8)
    place = int(hexgrid.parents(fine, level=6)[0])
    weights = pd.DataFrame({"cell_id": ["a", "b", "c"], "hex_id": fine.repeat(3),
                            "weight": [0.5, 0.3, 0.3]})  # fmt: skip
    cells = pd.DataFrame({"cell_id": ["a", "b", "c"], "site_id": ["one", "two", "two"]})
    assert site_of_places(weights, cells, level=6).to_dict() == {place: "two"}
