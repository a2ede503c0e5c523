"""What changed at a cell beside its drops, in sentences."""

from typing import Any

import pandas as pd

from views.words.numbers import interval, number
from views.words.sentences import when

_MOVED_BY = {
    "load": "load", "other": "other than load", "demand": "demand", "room": "capacity",
    "efficiency": "efficiency of the radio",
}  # fmt: skip


def what(row: Any) -> str:
    """What changed: RRC set-up success: failures; or the name of the KPI alone.

    `row`: of kpi_changes.
    """
    return f"{row.kpi_name}: failures" if row.failures and row.kpi_unit == "share" else row.kpi_name


def level(row: Any, side: str) -> str:
    """The KPI on one side of a change: 98.4 %, 12.3 Mbit/s; empty where it is not known.

    `row`: of kpi_changes. `side`: before or after.
    """
    value = getattr(row, f"kpi_{side}")
    if pd.isna(value):
        return ""
    if row.kpi_unit == "share":
        return f"{100 * value:.2f} %"
    return f"{value:,.3g} {row.kpi_unit}" if value < 1000 else f"{value:,.0f} {row.kpi_unit}"


def moved_by(row: Any) -> str:
    """What moved a KPI; empty where it is not known.

    `row`: of kpi_changes.
    """
    return _MOVED_BY.get(row.moved_by, "")


def turn(row: Any) -> str:
    """Whether a change is for the worse or the better; empty of a KPI that says how much.

    `row`: of kpi_changes.
    """
    return "" if pd.isna(row.is_worse) else "worse" if row.is_worse else "better"


def symptom(row: Any, timezone: str) -> str:
    """One symptom in a line: 12 Apr 2025: RRC set-up success: failures ×2.1 (×1.8 to ×2.5), first.

    `row`: of kpi_changes. `timezone`: days are of this IANA zone.
    """
    ratio = f"{number(row.ratio, 'ratio')} ({interval(row.ratio_lo, row.ratio_hi, 'ratio')})"
    cause = f", moved by {moved_by(row)}" if moved_by(row) else ""
    first = ", among the first" if row.moves_first else ", after the first"
    return f"{when(row, timezone)}: {what(row)} {ratio}{cause}{first}"
