"""Changes of one cell at the same time are one event with several symptoms."""

from collections.abc import Mapping

import pandas as pd

APART = pd.Timedelta(days=3)
"""So long after an event's first symptom another one still belongs to it."""
ALONE_SD = 4.5
"""Standard deviations that a change needs where no KPI of another family changes beside it."""


def with_events(changes: pd.DataFrame, families: Mapping[str, str]) -> pd.DataFrame:
    """The changes with `event`, a number, and `moves_first`; lone weak ones are left out.

    `changes`: cell_id, kpi, change_utc, change_lo_utc, change_hi_utc and change_sd of all KPIs;
    NaN in change_sd = judged elsewhere, and never left out. `families`: of each KPI. One cell's
    changes are one event from its first to three days later. `moves_first`: no other symptom's
    interval ends before its own begins.
    """
    rows = _numbered(changes)
    n_families = rows["kpi"].map(families).groupby(rows["event"]).transform("nunique")
    is_sure = (n_families > 1) | ~(rows["change_sd"] < ALONE_SD)
    rows = _numbered(rows[is_sure])
    first_end = rows.groupby("event")["change_hi_utc"].transform("min")
    return rows.assign(moves_first=rows["change_lo_utc"] < first_end)


def _numbered(changes: pd.DataFrame) -> pd.DataFrame:
    """The changes by cell and date, with the number of each one's event."""
    rows = changes.sort_values(["cell_id", "change_utc", "kpi"], ignore_index=True)
    numbers, number, last_day, of_cell = list[int](), -1, pd.Timestamp.min, ""
    times = rows["change_utc"].dt.tz_convert(None)
    for cell, at in zip(rows["cell_id"], times, strict=True):
        if cell != of_cell or at > last_day:
            number, last_day, of_cell = number + 1, at + APART, cell
        numbers.append(number)
    return rows.assign(event=pd.Series(numbers, rows.index, dtype="int64"))
