"""When a cell is full, in sentences."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from views.words import foreseen


def _row(**changes: Any) -> SimpleNamespace:
    row = {
        "outlook": "within_6", "months_to_full": 5.24, "months_to_full_lo": 3.1,
        "months_to_full_hi": 9.0, "limit_kind": "knee", "limit_value": 71.2, "load_now": 62.4,
        "growth_year_pct": 22.4, "growth_year_pct_lo": -1.0, "growth_year_pct_hi": 33.0,
        "season_peak_pct": 6.1, "n_weeks": 60, "p_full_6_months": 0.61, "no_month_reason": None,
    }  # fmt: skip
    return SimpleNamespace(**{**row, **changes})


_LATER = {"outlook": "not_within_24", "months_to_full": np.nan, "months_to_full_hi": np.nan}


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (_row(), "in 5.2 months (3.1 to 9.0)"),
        (_row(months_to_full_hi=np.nan), "in 5.2 months (3.1 to later than two years)"),
        (_row(**_LATER, months_to_full_lo=17.0),
         "not within two years; in 17.0 months at the earliest"),
        (_row(**_LATER, months_to_full_lo=np.nan), "not within two years"),
        (_row(months_to_full=0, months_to_full_lo=0.0, months_to_full_hi=0.0), "full now"),
        (_row(months_to_full=0, months_to_full_lo=0.0), "full now (0.0 to 9.0 months)"),
        (_row(outlook="unknown", no_month_reason="no knee"), "not known: no knee"),
    ],
)  # fmt: skip
def test_a_month_is_said_with_its_interval_or_why_there_is_none(
    row: SimpleNamespace, said: str
) -> None:
    assert foreseen.when(row) == said


def test_limit_load_growth_and_season_have_their_units() -> None:
    row = _row()
    assert foreseen.limit(row) == "its knee at 71 % PRB"
    assert foreseen.now(row) == "62 % PRB"
    assert foreseen.growth(row) == "+22 % (−1 to 33)"
    assert foreseen.season(row) == "+6 %"
    assert foreseen.season(_row(season_peak_pct=np.nan)) == "none claimed, 60 weeks known"
    assert foreseen.soon(row) == "61 %"
    slow = _row(limit_kind="throughput", limit_value=3.0, load_now=7.12)
    assert (foreseen.limit(slow), foreseen.now(slow)) == ("3 Mbps", "7.12 Mbps")
    nothing = _row(limit_value=np.nan, load_now=np.nan, growth_year_pct=np.nan)
    assert [write(nothing) for write in (foreseen.limit, foreseen.now, foreseen.growth)] == [""] * 3


def test_the_report_says_how_many_cells_are_full_and_of_how_many_it_is_not_known() -> None:
    counts = pd.Series({
        "n_places": 240, "n_unknown": 100, "n_full": 12, "n_within_6": 9, "first_months": 2.31,
        "first_place_id": "LDS01A1",
    })  # fmt: skip
    assert foreseen.in_short(counts) == (
        "12 of 140 cells with a knee are full in their busy hour; 9 more are foreseen to be within "
        "six months, the first in 2.3 months: LDS01A1. Of 100 no month is known."
    )
    counts["n_unknown"] = 240
    assert foreseen.in_short(counts) == "When cells are full is not known of any of 240."
