"""Drop rates without counts: planted changes are dated, and their intervals hold."""

import numpy as np
import pandas as pd

from analysis.changes import daily
from analysis.delivered import days as delivered
from contracts.settings.sections import Operator

OPERATOR = Operator(name="x", timezone="Europe/London", country="")
N_DAYS = 56


def _planted(seed: int, step: float, n_cells: int = 60) -> tuple[pd.DataFrame, dict[str, int]]:
    """Rows of `cell_rate`, and the day of each cell's step; calls are drawn, and not told."""
    random = np.random.default_rng(seed)
    days = pd.date_range("2026-03-02", periods=N_DAYS)
    busy = np.where(days.day_of_week >= 5, 0.75, 1.0)
    calls = random.poisson(np.exp(random.uniform(6, 8.5, (n_cells, 1))) * busy)
    at = random.integers(14, N_DAYS - 14, n_cells)
    factor = np.where(np.arange(N_DAYS) >= at[:, None], step, 1.0)
    scatter = np.exp(random.normal(0, 0.15, calls.shape))
    drops = random.binomial(calls, 0.01 * factor * scatter)
    cells = [f"c{i:02d}" for i in range(n_cells)]
    rows = pd.DataFrame(
        {
            "cell_id": np.repeat(cells, N_DAYS),
            "day_local": np.tile(days.date, n_cells),
            "drop_rate_pct": (100 * drops / calls).round(2).ravel(),
        }
    )
    return rows, dict(zip(cells, at.tolist(), strict=True))


def test_a_planted_doubling_is_dated_with_its_ratio() -> None:
    rows, at = _planted(81, 2.0)
    days = delivered.of_days(rows, OPERATOR)
    changes = delivered.search(days, daily.search).changes
    first_day = pd.Timestamp("2026-03-02", tz="Europe/London")
    off = [
        (change.change_utc.tz_convert("Europe/London") - first_day).days - at[str(change.cell_id)]
        for change in changes.itertuples()
    ]
    assert changes["cell_id"].nunique() >= 54
    assert len(changes) <= 63
    assert np.mean(np.abs(off) <= 2) >= 0.9
    holds = (changes["ratio_lo"] <= 2) & (changes["ratio_hi"] >= 2)
    assert holds.mean() >= 0.82
    beside = delivered.rates_beside(changes, days)
    ratio = beside["rate_after_pct"] / beside["rate_before_pct"]
    assert 1.8 <= ratio.median() <= 2.2


def test_the_answer_does_not_depend_on_the_unit_of_the_million_calls() -> None:
    rows, _ = _planted(82, 1.6, n_cells=10)
    days = delivered.of_days(rows, OPERATOR)
    tenth = days.assign({name: days[name] / 10 for name in ("call_attempts", "dropped_calls")})
    one, other = (delivered.search(cube, daily.search).changes for cube in (days, tenth))
    assert one["change_utc"].tolist() == other["change_utc"].tolist()
    np.testing.assert_allclose(one["ratio_lo"], other["ratio_lo"], rtol=1e-6)


def test_quiet_cells_hardly_alarm() -> None:
    rows, _ = _planted(83, 1.0)
    changes = delivered.search(delivered.of_days(rows, OPERATOR), daily.search).changes
    assert len(changes) <= 1


def test_without_a_drop_nothing_is_searched_and_the_reason_is_said() -> None:
    rows, _ = _planted(84, 1.0, n_cells=2)
    silent = rows.assign(drop_rate_pct=rows["drop_rate_pct"].where(rows["cell_id"] != "c00", 0.0))
    search = delivered.search(delivered.of_days(silent, OPERATOR), daily.search)
    refused = search.visibility.set_index("cell_id")["refused"]
    assert "0 drops" in refused["c00"]
    assert refused["c01"] == ""
