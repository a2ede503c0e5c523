"""Drop rates without counts: planted changes are dated, and their intervals hold."""

import numpy as np
import pandas as pd

from analysis.changes import daily
from analysis.delivered import days as delivered
from benchmarks.delivered import OPERATOR, invent, judged
from ingest.clock import wall_clock

FIRST_DAY = pd.Timestamp("2026-03-02")


def test_planted_doublings_are_dated_with_their_ratio() -> None:
    figures = judged(invent(81, 2.0, scatter=0.15, n_cells=60))
    assert figures["hits"] >= 0.75 * figures["shown"]
    assert figures["true"] >= 0.9 * figures["found"]
    assert figures["holds"] >= 0.82 * figures["true"]
    assert figures["true"] >= 30


def test_rates_before_and_after_are_those_of_the_days_beside() -> None:
    world = invent(85, 2.0, scatter=0.15, n_cells=20)
    days = delivered.of_days(world.rates, OPERATOR)
    changes = delivered.search(days, daily.search).changes
    beside = delivered.rates_beside(changes, days)
    of_cell = world.rates.groupby("cell_id")["drop_rate_pct"].apply(np.array)
    beside["day"] = (wall_clock(beside["change_utc"], "Europe/London") - FIRST_DAY).dt.days
    assert len(beside) >= 10
    for cell, rows in beside.groupby("cell_id"):
        if len(rows) == 1:
            (row,) = rows.to_dict("records")
            day, rates = row["day"], of_cell[str(cell)]
            assert np.isclose(row["rate_before_pct"], rates[max(day - 14, 0) : day].mean())
            assert np.isclose(row["rate_after_pct"], rates[day : day + 14].mean())


def test_the_answer_hardly_depends_on_the_unit_of_the_million_calls() -> None:
    rows = invent(82, 1.6, scatter=0.15, n_cells=20).rates
    days = delivered.of_days(rows, OPERATOR)
    tenth = days.assign({name: days[name] / 10 for name in ("call_attempts", "dropped_calls")})
    one, other = (delivered.search(cube, daily.search).changes for cube in (days, tenth))
    assert len(one) >= 5
    assert one["change_utc"].tolist() == other["change_utc"].tolist()
    np.testing.assert_allclose(one["ratio_lo"], other["ratio_lo"], rtol=0.02)


def test_quiet_cells_hardly_alarm() -> None:
    assert judged(invent(83, 1.0, scatter=0.15, n_cells=60))["found"] <= 1


def test_without_a_drop_nothing_is_searched_and_the_reason_is_said() -> None:
    rows = invent(84, 1.0, scatter=0.15, n_cells=2).rates
    silent = rows.assign(drop_rate_pct=rows["drop_rate_pct"].where(rows["cell_id"] != "c000", 0.0))
    search = delivered.search(delivered.of_days(silent, OPERATOR), daily.search)
    refused = search.visibility.set_index("cell_id")["refused"]
    assert "0 drops" in refused["c000"]
    assert refused["c001"] == ""
