"""Rows of persons that came after the figures of their month had left, and are not in them.

What has left stays as it left (`ingest.privacy.once`). How many rows a month had then is noted in
the warehouse at every run; what it has more of today came too late.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from contracts.settings.sections import Settings
from ingest.warehouse.store import Warehouse

Note = tuple[str, str, str, str]
"""Table, check, verdict, message."""
Months = dict[str, dict[str, Any]]
"""By month as YYYY-MM: `n` rows as its figures left, `stamp` of their grid ("" = they have not
left), and `last`, the rows of the newest run."""

METRICS = {
    "complaint": ("complaints_per_1000", "complaints_per_10k_attempts"),
    "nps": ("nps",),
    "call": ("call_drop_rate", "rating_mean"),
}
"""Metrics of `place_rate` by the source table they are made of."""

_NOTED = "arrived"
_COLUMNS = ("metric", "period_grain", "period_start", "method_version")
# months named in a note
_NAMED = 6


def note_arrivals(warehouse: Warehouse, settings: Settings) -> None:
    """Notes how many rows each month of persons' tables has, and had as its figures left.

    `warehouse`: settled, with `place_rate` of the run before. `settings`: which sources are of
    persons; what is of none leaves anew in every run.
    """
    rates = warehouse.read("place_rate", columns=_COLUMNS)
    for name in METRICS:
        if settings.holds_persons(name):
            before = warehouse.read_settled(_NOTED, name) or {}
            months = arrivals(before, _rows_of_months(warehouse, name), _left(rates, name))
            # a run that changes nothing writes nothing
            if months != before:
                warehouse.write_settled(_NOTED, name, months)


def arrivals(before: Months, n_rows: Mapping[str, int], left: Mapping[str, str]) -> Months:
    """The note of a run, from that of the run before.

    `before`: that note; empty = there was none, and what has come by now counts as in time.
    `n_rows`: rows of each month today. `left`: grid on which the figures of a month left, by month.

    >>> note = arrivals({}, {"2026-02": 40}, {})
    >>> note = arrivals(note, {"2026-02": 40}, {"2026-02": "grid"})
    >>> arrivals(note, {"2026-02": 52}, {"2026-02": "grid"})["2026-02"]
    {'n': 40, 'stamp': 'grid', 'last': 52}
    """
    months: Months = {}
    for month, now in n_rows.items():
        start = 0 if before else now
        known = before.get(month, {"n": start, "stamp": "", "last": start})
        stamp = left.get(month, "")
        # figures that left in the run before left with the rows of that run
        n_left = known["n"] if stamp == known["stamp"] else known["last"]
        months[month] = {"n": n_left if stamp else now, "stamp": stamp, "last": now}
    return months


def late(months: Months) -> dict[str, int]:
    """Rows that came after the figures of their month had left, by month; none = no such month.

    `months`: the note of the newest run.
    """
    more = {month: facts["last"] - facts["n"] for month, facts in months.items()}
    return {month: n for month, n in sorted(more.items()) if n > 0}


def late_months(warehouse: Warehouse, name: str) -> Months:
    """Of the months with rows that came too late what is noted of each.

    `warehouse`: settled. `name`: complaint, nps or call.
    """
    months: Months = warehouse.read_settled(_NOTED, name) or {}
    return {month: months[month] for month in late(months)}


def late_rows(warehouse: Warehouse, name: str, *, fewest: int) -> Iterator[Note]:
    """A note on rows of a source table that came too late for figures that have left; one at most.

    `warehouse`: settled. `name`: of the table. `fewest`: rows below which a month's are not
    counted, since they may be of one person.
    """
    if name not in METRICS:
        return
    rows = late(late_months(warehouse, name))
    if not rows:
        return
    parts = [
        f"{n:,} of {month}" if n >= fewest else f"fewer than {fewest} of {month}"
        for month, n in rows.items()
    ]
    rest = f" and rows of {len(parts) - _NAMED:,} months more" if parts[_NAMED:] else ""
    yield (
        name,
        "rows that came too late",
        "warn",
        f"Rows came after the figures of their month had left: {', '.join(parts[:_NAMED])}{rest}. "
        "What has left stays as it left, so they are not in those figures.",
    )


def _rows_of_months(warehouse: Warehouse, name: str) -> dict[str, int]:
    """Accepted rows of a source table by month as YYYY-MM."""
    n_rows: dict[str, int] = {}
    for day in warehouse.days(name):
        facts = warehouse.read_settled(name, day) or {}
        n_rows[day[:7]] = n_rows.get(day[:7], 0) + int(facts.get("n_accepted", 0))
    return n_rows


def _left(rates: pd.DataFrame, name: str) -> dict[str, str]:
    """Grid on which the figures of each month left, by month as YYYY-MM."""
    is_month = rates["metric"].isin(METRICS[name]) & (rates["period_grain"] == "month")
    rows = rates[is_month].drop_duplicates(["period_start", "method_version"])
    months = pd.to_datetime(rows["period_start"]).dt.strftime("%Y-%m")
    return dict(zip(months, rows["method_version"].astype("str"), strict=True))
