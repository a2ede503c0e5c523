"""Which cells could take load of a full one: those that reach the same ground and have room."""

import numpy as np
import pandas as pd
from scipy import sparse

LEAST_OVERLAP, MOST_NAMED = 0.1, 3


def relief_cells(
    weights: pd.DataFrame, prb_pct: pd.Series, wanted: pd.Series, *, room_pct: float
) -> pd.Series:
    """Up to three cells with room for each wanted one, by cell_id: `LDS02A2 (31 %), ...`.

    `weights`: cell_id, hex_id, weight of one day. `prb_pct`: busy-hour PRB % by cell_id; NaN = not
    known, and then no room is. `wanted`: cells to relieve, by place; missing = none. `room_pct`:
    busy-hour PRB % below which a cell has room. Two cells reach the same ground where the cosine of
    their footprints is at least .1; of those, the ones that overlap most. Missing = there is none.
    """
    cells, row = np.unique(weights["cell_id"].to_numpy(object), return_inverse=True)
    _, column = np.unique(weights["hex_id"].to_numpy(), return_inverse=True)
    whole = sparse.csr_array((weights["weight"].to_numpy(float), (row, column)))
    length = np.sqrt(whole.multiply(whole).sum(axis=1))
    footprint = sparse.csr_array(sparse.diags_array(1 / np.maximum(length, 1e-12)) @ whole)
    prb = prb_pct.reindex(cells).to_numpy(float)
    wanted_rows = pd.Index(cells).get_indexer(pd.Index(wanted.dropna().unique()))
    wanted_rows = wanted_rows[wanted_rows >= 0]
    overlap = sparse.csr_array(footprint[wanted_rows] @ footprint.T).tocoo()
    one, other = overlap.coords
    pairs = pd.DataFrame(
        {
            "cell_id": cells[wanted_rows[one]],
            "other": cells[other],
            "overlap": overlap.data,
            "prb": prb[other],
        }
    )
    near = (pairs["overlap"] >= LEAST_OVERLAP) & (pairs["cell_id"] != pairs["other"])
    pairs = pairs[near & (pairs["prb"] < room_pct)]
    pairs = pairs.sort_values(["cell_id", "overlap", "other"], ascending=[True, False, True])
    some = pairs.groupby("cell_id").head(MOST_NAMED)
    names = [f"{o} ({p:.0f} %)" for o, p in zip(some["other"], some["prb"], strict=True)]
    labels = pd.Series(names, some["cell_id"].to_numpy(), dtype="str")
    return labels.groupby(level=0).agg(", ".join)
