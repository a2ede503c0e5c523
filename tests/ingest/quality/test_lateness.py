"""Rows that came after the figures of their month had left are counted, and said."""

from typing import Any

import pandas as pd
import pytest

from analysis import safety
from contracts.settings.sections import Settings
from ingest.quality.lateness import arrivals, late, late_months, late_rows, note_arrivals

GRID = "counts-1 abc"


class _Warehouse:
    """As a warehouse of which only notes of days and `place_rate` are asked for."""

    def __init__(self) -> None:
        self.notes: dict[tuple[str, str], dict[str, Any]] = {}
        self.rates = pd.DataFrame(
            columns=["metric", "period_grain", "period_start", "method_version"]
        )

    def read(self, _: str, columns: list[str]) -> pd.DataFrame:
        return self.rates[list(columns)]

    def days(self, table: str) -> list[str]:
        return sorted(day for name, day in self.notes if name == table)

    def read_settled(self, name: str, day: str) -> dict[str, Any] | None:
        return self.notes.get((name, day))

    def write_settled(self, name: str, day: str, facts: dict[str, Any]) -> None:
        self.notes[name, day] = dict(facts)

    def settle(self, day: str, n: int) -> None:
        self.notes["complaint", day] = {"n_accepted": n}

    def leave(self, month: str, stamp: str = GRID) -> None:
        row = ["complaints_per_1000", "month", pd.Timestamp(month), stamp]
        self.rates.loc[len(self.rates)] = row


@pytest.fixture
def warehouse() -> Any:
    made = _Warehouse()
    made.settle("2026-02-03", 30)
    made.settle("2026-02-27", 10)
    made.settle("2026-03-01", 7)
    note_arrivals(made, Settings())  # type: ignore[arg-type]
    made.leave("2026-02-01")
    return made


def _late(warehouse: Any) -> list[str]:
    note_arrivals(warehouse, Settings())
    return [message for *_, message in late_rows(warehouse, "complaint", fewest=5)]


def test_a_run_without_new_rows_says_nothing(warehouse: Any) -> None:
    assert _late(warehouse) == []
    assert _late(warehouse) == []


def test_rows_of_a_month_that_has_left_are_counted_and_stay_said(warehouse: Any) -> None:
    warehouse.settle("2026-02-28", 12)
    warehouse.settle("2026-03-01", 70)
    (said,) = _late(warehouse)
    assert "12 of 2026-02." in said
    assert "2026-03" not in said
    assert _late(warehouse) == [said]


def test_few_rows_are_said_without_their_number(warehouse: Any) -> None:
    warehouse.settle("2026-02-28", 1)
    assert "fewer than 5 of 2026-02" in _late(warehouse)[0]


def test_figures_that_leave_anew_hold_what_came(warehouse: Any) -> None:
    warehouse.settle("2026-02-28", 12)
    _late(warehouse)
    warehouse.rates["method_version"] = "another grid"
    assert _late(warehouse) == []


def test_a_month_that_nobody_knew_of_is_late_as_a_whole() -> None:
    note = arrivals({"2026-03": {"n": 7, "stamp": "", "last": 7}}, {"2026-02": 9}, {"2026-02": "x"})
    assert late(note) == {"2026-02": 9}


def test_a_month_that_lacks_a_tenth_of_its_rows_is_not_safe(warehouse: Any) -> None:
    warehouse.settle("2026-02-28", 12)
    _late(warehouse)
    rates = pd.DataFrame(
        {"period_start": pd.to_datetime(["2026-02-01", "2026-02-01", "2026-03-01"])}
    ).assign(period_grain=["month", "day", "month"])
    months = late_months(warehouse, "complaint")
    notes = pd.DataFrame(columns=["table_name", "verdict", "message"])
    reasons = safety.of_rates(rates, notes, "complaint", months)
    assert isinstance(reasons, pd.Series)
    assert reasons[0] == "23 % of the month's rows came after its figures had left"
    assert reasons[1:].isna().all()
    assert safety.of_rates(rates, notes, "complaint", {}) is None
