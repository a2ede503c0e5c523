"""Lines of a report's lists: a place, its figure with the interval, and why it is there."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pandas as pd

from views.words import numbers
from views.words.looks import Look, look_of
from views.words.numbers import interval
from views.words.periods import Period

# of several classes the one a network planner can do something about
_CLASSES = ("network", "relationship", "all")

Answers = dict[str, pd.DataFrame]


def between(row: Any, name: str, figure: numbers.Figure) -> str:
    """The interval of a row's figure, as `name_lo` and `name_hi` hold it.

    `row`: with these two columns; missing = no interval, which gives no text. `name`: column of the
    figure. `figure`: how it is written.
    """
    return interval(row[f"{name}_lo"], row[f"{name}_hi"], figure)


def place(row: Any) -> str:
    """A place as people know it: Morley 02 · Morley, else its region, else its hexagon.

    `row`: with site_name, region and hex_text, as far as there are such.
    """
    site, region = (row.get(name) for name in ("site_name", "region"))
    where = " · ".join(part for part in (site, region) if isinstance(part, str) and part)
    return where or str(row.get("hex_text", "place unknown"))


@dataclass(frozen=True)
class Line:
    """One row of a ranked list: what, how much with its interval, and why."""

    name: str
    under: str
    value: str
    between: str
    whisker: str
    why: str
    unsafe: str = ""


def unsafe(row: Any) -> str:
    """Why a row rests on unsafe data; empty where it does not."""
    reason = row.get("unsafe_reason")
    return reason if isinstance(reason, str) else ""


def still_true(places: pd.DataFrame, period: Period) -> pd.DataFrame:
    """The ranked list, if the days it speaks of reach into the period and not past its end.

    `places`: answer of worst_places. `period`: the week or month of the report.
    """
    ends = pd.to_datetime(places["period_end"])
    starts = pd.to_datetime(places["period_start"])
    return places[
        (starts <= pd.Timestamp(period.last))
        & (ends >= pd.Timestamp(period.first))
        & (ends <= pd.Timestamp(period.last) + timedelta(days=7))
    ]


def records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows as plain dictionaries, for the template.

    `frame`: an answer of a query.
    """
    return [{str(k): v for k, v in row.items()} for row in frame.to_dict("records")]


def by_metric(customers: pd.DataFrame) -> Iterator[tuple[Look, pd.DataFrame]]:
    """Each metric of persons with its places, of the class that speaks of the network.

    `customers`: answer of customer_places. A metric without such a class is left out.
    """
    for metric, places in customers.groupby("metric", sort=True):
        chosen = next((c for c in _CLASSES if c in set(places["outcome_class"])), None)
        if chosen is not None:
            yield look_of(str(metric)), places[places["outcome_class"] == chosen]
