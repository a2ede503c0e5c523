"""Did many cells change alike at once? Then what they share comes before any cell's own cause."""

import numpy as np
import numpy.typing as npt
import pandas as pd

# a cell's changes lie three days apart, so it is in this span about a date once
NEAR = pd.Timedelta(hours=36)
MIN_SHARE, MIN_CELLS = 0.2, 5


def notes(changes: pd.DataFrame, n_cells: int) -> pd.Series:
    """Note on each change that a fifth of all `n_cells`, or more, made in the same days.

    New software or a counter that is counted otherwise is one event; its rows are many. Missing =
    fewer than a fifth, or than five. `changes`: change_utc and direction, one row a change.
    """
    n_alike = pd.Series(0, changes.index)
    for _, rows in changes.groupby("direction"):
        n_alike[rows.index] = _n_near(rows["change_utc"])
    are_many = n_alike >= max(MIN_SHARE * n_cells, MIN_CELLS)
    note = (
        n_alike.astype("str") + f" of {n_cells} cells went the same way within a day and a half: "
        "look first for what they share, as new software, another way of counting, the calendar"
    )
    return note.where(are_many).astype("str")


def _n_near(dates: pd.Series) -> npt.NDArray[np.intp]:
    """How many of the dates, itself among them, lie near each."""
    ordered = np.sort(dates.to_numpy())
    first = np.searchsorted(ordered, (dates - NEAR).to_numpy(), side="left")
    return np.searchsorted(ordered, (dates + NEAR).to_numpy(), side="right") - first
