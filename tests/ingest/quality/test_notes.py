"""Notes never write a share that none can be, and say what is missing where little was given."""

import re
from collections.abc import Callable

import pandas as pd
import pytest

from ingest.quality import notes
from tests.bench.operator import COMPLAINTS, KEY, Operator

HEAD, COUNTERS = "id,at,class,who\n", "cell,start,attempts,drops,prb,users\n"


def messages(operator: Operator) -> pd.Series:
    """Every note on an operator's warehouse after a run, by its check."""
    operator.ingest()
    return operator.warehouse.read("quality").set_index("check_name")["message"]


def shares(texts: pd.Series) -> list[float]:
    return [float(n) for text in texts for n in re.findall(r"([\d.]+|nan) %", text)]


@pytest.fixture
def complained(operator: Operator) -> Callable[[str], Operator]:
    """The small operator with complaints, without a counter."""

    def with_rows(rows: str) -> Operator:
        operator.configure(KEY + COMPLAINTS + '[source.values.complaint_class]\nnetwork = "net"\n')
        operator.give_key("k" * 32)
        operator.write("complaints.csv", HEAD + rows)
        operator.write("pm_1.csv", COUNTERS)
        return operator

    return with_rows


def test_values_of_refused_rows_are_a_share_of_what_was_read(
    complained: Callable[[str], Operator],
) -> None:
    # nine rows have no time and an unknown category, one is accepted
    bad = "".join(f"{n},never,other,\n" for n in range(9))
    texts = messages(complained(f"{bad}10,2026-03-01 10:00,net,\n"))
    assert max(shares(texts)) <= 100
    assert "over 100 %" not in " ".join(texts)


def test_of_no_complaint_nothing_is_said_to_repeat(complained: Callable[[str], Operator]) -> None:
    texts = messages(complained(""))
    assert "repeats" not in texts.index
    assert not texts.str.contains("nan|–").any()


@pytest.mark.parametrize("period", ["daily", "hourly"])
def test_totals_of_days_say_that_hours_are_needed_to_name_load(
    operator: Operator, period: str
) -> None:
    operator.configure("", "period_s = 900", f"period_s = {86_400 if period == 'daily' else 3600}")
    times = pd.date_range("2026-03-01", periods=3, freq="1D" if period == "daily" else "1h")
    rows = [f"{cell},{at.isoformat()},100,1,20,3" for cell in ("001", "002") for at in times]
    operator.write("pm_1.csv", COUNTERS + "\n".join(rows) + "\n")
    texts = messages(operator)
    assert ("daily totals" in texts.index) == (period == "daily")
    if period == "daily":
        assert "hours are needed to name load" in texts["daily totals"]


def test_a_share_of_a_note_is_written_as_everywhere() -> None:
    table, check, verdict, text = notes._note("pm", "completeness", "ok", share=735.0)
    assert (table, check, verdict) == ("pm", "completeness", "ok")
    assert text == "over 100 % of all cells' time is covered by counters."
