"""Numbers, amounts, intervals and days as the screen writes them."""

import calendar
import math
from collections.abc import Callable, Iterable
from datetime import date, timedelta
from typing import Any, Literal

import pandas as pd

from contracts.written import MISSING, per_cent

Figure = Literal["share", "part", "percent", "count", "ratio", "points", "plain", "size"]


def number(value: float | None, figure: Figure) -> str:
    """A value as people read it: 1.84 %, 71 %, +1,234, ×1.9, -12; a dash for missing.

    `value`: None or not finite = missing. `figure`: how it is written; share and part are 0 to 1,
    percent is 0 to 100.
    """
    if value is None or not math.isfinite(value):
        return MISSING
    return _WRITTEN[figure](value).replace("-", "−")


_WRITTEN: dict[Figure, Callable[[float], str]] = {
    "share": lambda v: per_cent(v, 1 if v >= 0.1 else 2),
    "part": per_cent,
    "percent": lambda v: f"{v:.0f} %",
    "count": lambda v: _signed(v, 0 if abs(v) >= 10 else 1),
    "ratio": lambda v: f"×{v:.2g}" if v < 10 else f"×{v:.0f}",
    "points": lambda v: _signed(v, 0),
    "size": lambda v: f"{v:,.0f}",
    "plain": lambda v: f"{v:,.{0 if abs(v) >= 100 else 1}f}",
}


def amount(value: float | None) -> str:
    """A count without a sign: 1,234, or 3.2 where it is small; a dash for missing.

    `value`: at least 0; None or not finite = missing.
    """
    if value is None or not math.isfinite(value):
        return MISSING
    return f"{value:,.{0 if value >= 10 or value == round(value) else 1}f}"


def interval(low: float | None, high: float | None, figure: Figure) -> str:
    """A 90 % interval: 1.6 % to 2.1 %; empty where there is none.

    `low`, `high`: its ends; None or not finite = there is none. `figure`: as of `number`.
    """
    if low is None or high is None or not (math.isfinite(low) and math.isfinite(high)):
        return ""
    return f"{number(low, figure)} to {number(high, figure)}"


def between(row: Any, name: str) -> str:
    """The 90 % interval of a count that is never below 0: 310 to 420; empty if it is not known.

    `row`: with `name`_lo and `name`_hi, NaN = not known. `name`: column of the count.
    """
    low, high = row[f"{name}_lo"], row[f"{name}_hi"]
    return "" if pd.isna(low) else f"{low:,.0f} to {high:,.0f}".replace("-", "−")


def brief(value: float) -> str:
    """Two digits of a small number, whole ones of a large one: 0.27, 91, under 0.01.

    `value`: at least 0; not finite = not known, which gives no text.
    """
    if not math.isfinite(value):
        return ""
    if 0 < value < _LEAST:
        return f"under {_LEAST:g}"
    return f"{value:,.0f}" if value >= 10 or value == 0 else f"{float(f'{value:.2g}'):g}"


_LEAST = 0.01


def sure(p: float | None) -> str:
    """A probability, never a certainty: 78 %, over 99 %, under 1 %; empty if it is not known.

    `p`: 0 to 1; None or NaN = not known.
    """
    if p is None or math.isnan(p):
        return ""
    if round(100 * p) in (0, 100):
        return "over 99 %" if p > 0.5 else "under 1 %"
    return f"{100 * p:.0f} %"


def day(value: date) -> str:
    """A calendar day: 9 Jun 2025.

    `value`: of whichever calendar the caller shows.
    """
    return f"{value.day} {value:%b %Y}"


def period(grain: str, start: date, end: date) -> str:
    """A period: 9 Jun 2025; week of 9 Jun 2025; June 2025; 3 Mar 2025 to 1 May 2025.

    `grain`: day, week or month; any other is written as a span. `start`, `end`: first and last day.
    A week or month that ends before its last day is marked: June 2025, to 15 Jun.
    """
    match grain:
        case "day":
            return day(start)
        case "week":
            return f"week of {day(start)}{_to(end, start + timedelta(days=6))}"
        case "month":
            last = start.replace(day=calendar.monthrange(start.year, start.month)[1])
            return f"{start:%B %Y}{_to(end, last)}"
        case _ if start == end:
            return day(start)
        case _:
            return f"{day(start)} to {day(end)}"


def _to(end: date, last: date) -> str:
    """The last day of what is known of a week or month; empty if that is all of it."""
    # both may be dates or instants
    known, whole = (when.timetuple()[:3] for when in (end, last))
    return f", to {end.day} {end:%b}" if known < whole else ""


def rows(frame: pd.DataFrame) -> Iterable[Any]:
    """The rows of a frame, each with its columns as attributes."""
    return frame.itertuples()


def _signed(value: float, decimals: int) -> str:
    text = f"{value:+,.{decimals}f}"
    return text if text.strip("+-0.,") else "0"
