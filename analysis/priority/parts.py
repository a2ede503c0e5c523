"""Which cells a place's avoidable drops lie in, and which of those cells rose: `place_part`.

docs/methods.md 8.5. What is said of a place speaks of these cells, and each cell that the action
named beside the place treats is among them.
"""

import numpy as np
import pandas as pd
from scipy import sparse

from analysis.arrays import Flags, Floats, Indices

MOST = 0.8
"""Share of a place's avoidable drops that the cells spoken of make up at least."""
_LEAST_DROPS = 1e-6


def largest(share: sparse.csr_array, avoidable: Floats) -> pd.DataFrame:
    """The cells that a place's avoidable drops lie in, one row a place and cell, the largest first.

    `share`: which part of each cell is the place's, (place, cell), 0 to 1. `avoidable`: of each
    cell, in drops a month, (cell,); NaN = not known. Columns: `row` and `cell`, their places in
    `share`; `drops_avoidable_month`; `avoidable_part`, 0 to 1; `is_most`: whether the cell is one
    of those that together make up MOST of the place's.
    """
    entry = share.tocoo()
    row, cell = entry.coords
    drops = entry.data * np.nan_to_num(avoidable)[cell]
    parts = pd.DataFrame({"row": row, "cell": cell, "drops_avoidable_month": drops})
    parts = parts[parts["drops_avoidable_month"] > _LEAST_DROPS]
    parts = parts.sort_values(
        ["row", "drops_avoidable_month", "cell"], ascending=[True, False, True], ignore_index=True
    )
    whole = parts.groupby("row")["drops_avoidable_month"].transform("sum")
    before = parts.groupby("row")["drops_avoidable_month"].cumsum() - parts["drops_avoidable_month"]
    return parts.assign(
        avoidable_part=(parts["drops_avoidable_month"] / whole).clip(upper=1.0).round(6),
        is_most=before < MOST * whole,
    )


def spoken_of(parts: pd.DataFrame, treats: sparse.csr_array, action: Indices) -> pd.DataFrame:
    """The cells that are spoken of: those that make up most, and those that the action treats.

    `parts`: as of `largest`. `treats`: which cells each action treats, (action, cell). `action`:
    the one named beside each place, (place,); -1 = none. Adds `is_treated`.
    """
    is_treated = _is_treated(parts, treats, action)
    return parts.assign(is_treated=is_treated)[parts["is_most"] | is_treated]


def _is_treated(parts: pd.DataFrame, treats: sparse.csr_array, action: Indices) -> Flags:
    """Whether the action named beside the place treats the cell, (part,)."""
    named = action[parts["row"]]
    has_action = np.flatnonzero(named >= 0)
    flags = np.zeros(len(parts), bool)
    if len(has_action):
        cells, n = parts["cell"].to_numpy()[has_action], len(has_action)
        own = sparse.csr_array((np.ones(n), (np.arange(n), cells)), (n, treats.shape[1]))
        flags[has_action] = treats[named[has_action]].multiply(own).sum(axis=1) > 0
    return flags


def with_rises(parts: pd.DataFrame, rises: pd.DataFrame, cells: pd.DataFrame) -> pd.DataFrame:
    """The parts with the rise that each cell is still in, and what is known of the cell.

    `parts`: with cell_id. `rises`: rows of `change_point`, at most one a cell. `cells`: by cell_id:
    knee_pct, min_visible_ratio and prb_dl_util_bh_pct. A cell without a rise has no change_id.
    """
    columns = ["cell_id", "change_id", "change_utc", "ratio", "prb_before_pct", "prb_after_pct",
               "intervention_id", "attribution", "p_load", "load_share"]  # fmt: skip
    known = parts.join(cells, on="cell_id")
    return known.merge(rises[columns], on="cell_id", how="left")


def without_avoidable(dominant: pd.Series, parts: pd.DataFrame) -> pd.DataFrame:
    """One part for each place that has none: the cell with most excess drops there.

    `dominant`: that cell by place, missing = none has any. `parts`: those that there are. What is
    avoidable in such a cell is not known, or nothing: avoidable_part is missing.
    """
    others = dominant[~dominant.index.isin(parts["row"])].dropna()
    return pd.DataFrame(
        {"row": others.index, "cell_id": others.to_numpy(), "avoidable_part": np.nan,
         "drops_avoidable_month": np.nan, "is_treated": False},
    )  # fmt: skip


def of_table(parts: pd.DataFrame, places: pd.DataFrame) -> pd.DataFrame:
    """Rows of table `place_part` of one kind of place.

    `parts`: with `row`, the largest first within each. `places`: by that row: place_type, place_id.
    """
    rank = parts.groupby("row").cumcount() + 1
    return parts.assign(part_rank=rank).join(places, on="row")
