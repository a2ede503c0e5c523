"""What kinds of works brought, and what is said of the next ones."""

import numpy as np
import pandas as pd
import pytest

from analysis.effects import ledger
from contracts.tables import TABLES, assemble

AS_OF = pd.Timestamp("2026-06-01", tz="UTC")


def _effects(
    kinds: list[str], log_effects: np.ndarray, sd: float
) -> tuple[pd.DataFrame, pd.Series]:
    ids = [f"w{n}" for n in range(len(kinds))]
    ends = {"": 0.0, "_lo": -1.645 * sd, "_hi": 1.645 * sd}
    frame = pd.DataFrame(
        {f"effect_size{end}": 100 * np.expm1(log_effects + z) for end, z in ends.items()}
    ).assign(sheet_kind="intervention", sheet_id=ids, metric="drop_rate", effect_kind="better",
             value_expected=np.arange(len(ids)) * 1.0)  # fmt: skip
    return assemble([frame], TABLES["effect"]), pd.Series(kinds, ids)


def test_the_interval_of_the_next_work_holds_nine_times_in_ten() -> None:
    rng = np.random.default_rng(5)
    n_held = n_all = 0
    for _ in range(60):
        mean = rng.normal(-0.2, 0.2, 4)
        truth = mean.repeat(8) + rng.normal(0, 0.1, 32)
        kinds = np.repeat(list("abcd"), 8).tolist()
        of = ledger.learnt(*_effects(kinds, truth + rng.normal(0, 0.15, 32), 0.15))
        following = mean + rng.normal(0, 0.1, 4)
        away = np.abs(of.kinds["effect"].to_numpy(float) - following)
        n_held += int((away <= 1.645 * of.kinds["sd"].to_numpy(float)).sum())
        n_all += 4
    assert 0.84 <= n_held / n_all <= 0.96


def test_a_kind_with_one_work_leans_to_all_others() -> None:
    kinds = ["a"] * 10 + ["b"]
    effects, of_ids = _effects(kinds, np.r_[np.full(10, -0.3), 0.6], 0.3)
    of = ledger.learnt(effects, of_ids)
    b = of.kinds.set_index("kind").loc["b"]
    assert -0.3 < b["effect"] < 0.55
    assert b["n_judged"] == 1


def test_of_fewer_than_five_works_nothing_is_said() -> None:
    of = ledger.learnt(*_effects(["a"] * 4, np.full(4, -0.3), 0.1))
    assert ledger.kind_rows(of).empty
    coming = pd.DataFrame({"intervention_id": ["n"], "kind": ["a"], "drops": [280.0]})
    assert ledger.registered(assemble([], TABLES["prediction"]), coming, of, AS_OF).empty


def test_a_prediction_is_registered_once_and_never_changed() -> None:
    none = assemble([], TABLES["prediction"])
    coming = pd.DataFrame({"intervention_id": ["n", "m"], "kind": ["a", "new"],
                           "drops": [280.0, np.nan]})  # fmt: skip
    of = ledger.learnt(*_effects(["a"] * 8, np.full(8, -0.3), 0.1))
    first = ledger.registered(none, coming, of, AS_OF)
    # without drops at the place nothing is registered
    assert first["intervention_id"].tolist() == ["n"]
    row = first.iloc[0]
    assert row["predicted_size"] == pytest.approx(100 * np.expm1(-0.3))
    assert row["predicted"] == pytest.approx(-300 * np.expm1(-0.3))
    assert row["predicted_lo"] < row["predicted"] < row["predicted_hi"]
    other = ledger.learnt(*_effects(["a"] * 8, np.full(8, 0.5), 0.1))
    later = ledger.registered(
        first, coming.assign(drops=500.0), other, AS_OF + pd.Timedelta(days=1)
    )
    assert later["intervention_id"].tolist() == ["n", "m"]
    pd.testing.assert_series_equal(later.iloc[0][list(first)], row, check_names=False)
