"""Weeks and months as a report names them: 2026-W46, 2026-10. No Streamlit, no data.

Weeks are ISO 8601 weeks, days are those of the operator's calendar.
"""

import calendar
import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

import pandas as pd

from contracts.errors import NothingFound, QuestionError
from views.words.numbers import day

Grain = Literal["week", "month"]
GRAINS: tuple[Grain, ...] = ("week", "month")


@dataclass(frozen=True)
class Period:
    """One ISO week or calendar month."""

    grain: Grain
    first: date

    @property
    def last(self) -> date:
        """Its last day."""
        if self.grain == "week":
            return self.first + timedelta(days=6)
        return self.first.replace(day=calendar.monthrange(self.first.year, self.first.month)[1])

    @property
    def key(self) -> str:
        """Its name in commands and files: 2026-W46 or 2026-10."""
        if self.grain == "month":
            return f"{self.first:%Y-%m}"
        year, week, _ = self.first.isocalendar()
        return f"{year}-W{week:02d}"

    @property
    def title(self) -> str:
        """Its name for people: Week 46, 2026 or October 2026."""
        if self.grain == "month":
            return f"{self.first:%B %Y}"
        year, week, _ = self.first.isocalendar()
        return f"Week {week}, {year}"

    @property
    def days(self) -> str:
        """Its days: 9 to 15 Nov 2026."""
        first, last = self.first, self.last
        short = f"{first.day}" if first.month == last.month else f"{first.day} {first:%b}"
        return f"{short if first.year == last.year else day(first)} to {day(last)}"

    def end(self, timezone: str) -> datetime:
        """The instant at which it is over on the operator's clock.

        `timezone`: the operator's IANA zone.
        """
        midnight = datetime.combine(self.last + timedelta(days=1), time(), ZoneInfo(timezone))
        return midnight.astimezone(UTC)


def parse(text: str) -> Period:
    """The period of a name such as 2026-W46 or 2026-10; raises QuestionError.

    `text`: the name; spaces around it do not count.
    """
    parts = re.fullmatch(r"(\d{4})-(W?)(\d{2})", text.strip())
    try:
        if parts is None:
            raise ValueError
        year, number = int(parts[1]), int(parts[3])
        if parts[2]:
            return Period("week", date.fromisocalendar(year, number, 1))
        return Period("month", date(year, number, 1))
    except ValueError:
        message = f"no week or month '{text}'; write a week as 2026-W46, a month as 2026-10"
        raise QuestionError(message) from None


def by_period(answer: pd.DataFrame) -> dict[Period, pd.Series]:
    """The periods of the query `periods`, each with its row, ascending.

    `answer`: of that query, with period_grain and period_start.
    """
    return {
        Period(row["period_grain"], pd.Timestamp(row["period_start"]).date()): row
        for _, row in answer.iterrows()
    }


def choose(offered: dict[Period, pd.Series], wanted: str = "") -> Period:
    """The period asked for, else the newest whole week, else the newest period.

    `offered`: periods with their rows, as of `by_period`. `wanted`: name of a period; empty = none
    is asked for. Raises NothingFound naming what there is, QuestionError where `wanted` is no name.
    """
    if not offered:
        raise NothingFound("no week or month can be reported: nothing published has a rate")
    if wanted:
        period = parse(wanted)
        if period not in offered:
            raise NothingFound(f"{period.key}: outside the data; there are {_listed(offered)}")
        return period
    whole = [
        p for p, row in offered.items() if row["is_over"] and row["n_days_known"] == row["n_days"]
    ]
    return max(whole or offered, key=lambda p: (p.grain == "week", p.first))


def _listed(offered: dict[Period, pd.Series]) -> str:
    spans: list[str] = []
    for grain in GRAINS:
        keys = [period.key for period in offered if period.grain == grain]
        if keys:
            span = keys[0] if len(keys) == 1 else f"{keys[0]} to {keys[-1]}"
            spans.append(f"{grain}s {span}" if len(keys) > 1 else f"the {grain} {span}")
    return " and ".join(spans)
