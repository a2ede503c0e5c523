"""Did many cells change alike at once? Then what they share comes before any cell's own cause."""

import numpy as np
import numpy.typing as npt
import pandas as pd

# a cell's changes lie three days apart, so it is in this span about a date once
NEAR = pd.Timedelta(hours=36)
MIN_SHARE, MIN_CELLS = 0.2, 5


def notes(found: pd.DataFrame, n_cells: int) -> pd.Series:
    """What is told of each change that a fifth of all `n_cells`, or more, made in the same days.

    New software or a counter that is counted otherwise is one event; its rows are many. Missing =
    no such company. `found`: cell_id, change_utc and direction, one row a change.
    """
    company = pd.Series(0, found.index)
    for _, alike in found.groupby("direction"):
        company[alike.index] = _near(alike["change_utc"])
    many = company >= max(MIN_SHARE * n_cells, MIN_CELLS)
    told = (
        company.astype("str") + f" of {n_cells} cells went the same way within a day and a half: "
        "look first for what they share, as new software, another way of counting, the calendar"
    )
    return told.where(many).astype("str")


def _near(at: pd.Series) -> npt.NDArray[np.intp]:
    """How many of the dates, itself among them, lie near each."""
    ordered = np.sort(at.to_numpy())
    first = np.searchsorted(ordered, (at - NEAR).to_numpy(), side="left")
    return np.searchsorted(ordered, (at + NEAR).to_numpy(), side="right") - first
