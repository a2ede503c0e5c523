"""When a cell is full, in sentences."""

from typing import Any

import pandas as pd

from views.words.numbers import amount, sure

_LIMIT = {"knee": "its knee at {:.0f} % PRB", "prb": "{:.0f} % PRB", "throughput": "{:.3g} Mbps"}
_NOW = {"knee": "{:.0f} % PRB", "prb": "{:.0f} % PRB", "throughput": "{:.3g} Mbps"}


def when(row: Any) -> str:
    """When a place is full, with its interval: in 5.2 months (3.1 to 9.0); or why it is not known.

    `row`: of when_full or full_in_place.
    """
    if row.outlook == "unknown":
        return f"not known: {row.no_month_reason}"
    low = f"{row.months_to_full_lo:.1f}" if pd.notna(row.months_to_full_lo) else ""
    high = f"{row.months_to_full_hi:.1f}" if pd.notna(row.months_to_full_hi) else ""
    if pd.isna(row.months_to_full):
        return f"not within two years{f'; in {low} months at the earliest' if low else ''}"
    span = f"{low} to {high}" if high else f"{low} to later than two years"
    if row.months_to_full == 0:
        return "full now" if high == "0.0" else f"full now ({span} months)"
    return f"in {row.months_to_full:.1f} months ({span})"


def limit(row: Any) -> str:
    """What full means for a place: its knee at 71 % PRB; empty where it has no knee.

    `row`: as of `when`.
    """
    return "" if pd.isna(row.limit_value) else _LIMIT[row.limit_kind].format(row.limit_value)


def now(row: Any) -> str:
    """Where a place stands today: 62 % PRB, or 7.1 Mbps; empty where that is not known.

    `row`: as of `when`.
    """
    return "" if pd.isna(row.load_now) else _NOW[row.limit_kind].format(row.load_now)


def growth(row: Any) -> str:
    """Growth a year with its interval: +22 % (12 to 33); empty where it is not known.

    `row`: as of `when`.
    """
    if pd.isna(row.growth_year_pct):
        return ""
    span = f"{row.growth_year_pct_lo:.0f} to {row.growth_year_pct_hi:.0f}"
    return f"{row.growth_year_pct:+.0f} % ({span})".replace("-", "−")


def season(row: Any) -> str:
    """How far the fullest week stands above the year's mean: +6 %; or that none is claimed.

    `row`: as of `when`.
    """
    known = pd.notna(row.season_peak_pct)
    return f"+{row.season_peak_pct:.0f} %" if known else f"none claimed, {row.n_weeks} weeks known"


def soon(row: Any) -> str:
    """How sure it is that a place is full within six months: 78 %; empty where it is not known.

    `row`: as of `when`.
    """
    return sure(row.p_full_6_months)


def in_short(counts: pd.Series) -> str:
    """How many cells are full or soon will be, in a sentence.

    `counts`: a row of full_counts, of cells and their knees.
    """
    known = counts["n_places"] - counts["n_unknown"]
    unknown = f"Of {amount(counts['n_unknown'])} no month is known."
    if not known:
        return f"When cells are full is not known of any of {amount(counts['n_places'])}."
    text = (
        f"{amount(counts['n_full'])} of {amount(known)} cells with a knee are full in their busy "
        f"hour; {amount(counts['n_within_6'])} more are foreseen to be within six months"
    )
    if pd.notna(counts["first_months"]):
        text += f", the first in {counts['first_months']:.1f} months: {counts['first_place_id']}"
    return f"{text}. {unknown}" if counts["n_unknown"] else f"{text}."
