"""Which cells are neighbours: by the handovers between them, or by the ground they share."""

from collections.abc import Collection

import numpy as np
import pandas as pd
from scipy import sparse

HANDOVERS, GEOGRAPHY = "handovers", "geography"
SPILL_SHARE = 0.95
LEAST_OVERLAP, MOST_OVERLAPPING = 0.1, 20
_ROUNDING = 1e-9


def spillover(
    neighbour: pd.DataFrame, cells: Collection[str], *, share: float = SPILL_SHARE
) -> list[str]:
    """Cells that an intervention in `cells` can spill over to, ascending; none of `cells`.

    `neighbour`: table `neighbour`, or its columns cell_id, neighbour_cell_id, handover_share.
    `cells`: ids of the cells treated; one without neighbours adds none. `share`: of each cell the
    fewest neighbours are taken that together take this part of its handovers, or of the ground it
    shares where no handovers are known.
    """
    rows = neighbour[neighbour["cell_id"].isin(list(cells))]
    rows = rows.sort_values(
        ["cell_id", "handover_share", "neighbour_cell_id"], ascending=[True, False, True]
    )
    # a neighbour is taken while those before it do not take the share yet
    before = rows.groupby("cell_id")["handover_share"].cumsum() - rows["handover_share"]
    taken = rows.loc[before < share - _ROUNDING, "neighbour_cell_id"]
    return sorted({*taken} - {*cells})


def by_handovers(counted: pd.DataFrame) -> pd.DataFrame:
    """Neighbours of each cell by its handovers, those that take most first.

    `counted`: cell_id, neighbour_cell_id, ho_exe_att, ho_exe_succ (NaN = not known), a row a pair.
    Columns added: `handover_share` of the cell's handovers, `neighbour_rank` from 1, `basis`. Pairs
    without an attempt are left out.
    """
    pairs = counted[counted["ho_exe_att"] > 0]
    total = pairs.groupby("cell_id")["ho_exe_att"].transform("sum")
    return _ranked(pairs.assign(handover_share=pairs["ho_exe_att"] / total, basis=HANDOVERS))


def by_geography(weights: pd.DataFrame, wanted: Collection[str]) -> pd.DataFrame:
    """Neighbours of the wanted cells by the ground they share, those that share most first.

    `weights`: cell_id, hex_id, weight of one day. `wanted`: ids of cells. Two cells are neighbours
    where the cosine of their footprints is at least .1, the 20 with the largest at most;
    `handover_share` is the cosine over the sum of the cell's cosines, and no handovers are known.
    """
    cells, row = np.unique(weights["cell_id"].to_numpy(object), return_inverse=True)
    _, column = np.unique(weights["hex_id"].to_numpy(), return_inverse=True)
    whole = sparse.csr_array((weights["weight"].to_numpy(float), (row, column)))
    length = np.sqrt(whole.multiply(whole).sum(axis=1))
    footprint = sparse.csr_array(sparse.diags_array(1 / np.maximum(length, 1e-12)) @ whole)
    asked = np.flatnonzero(np.isin(cells, list(wanted)))
    overlap = sparse.csr_array(footprint[asked] @ footprint.T).tocoo()
    one, other = overlap.coords
    pairs = pd.DataFrame(
        {
            "cell_id": cells[asked[one]],
            "neighbour_cell_id": cells[other],
            "handover_share": overlap.data,
        }
    )
    is_near = pairs["handover_share"] >= LEAST_OVERLAP
    pairs = pairs[is_near & (pairs["cell_id"] != pairs["neighbour_cell_id"])]
    ranked = _ranked(pairs.assign(basis=GEOGRAPHY))
    ranked = ranked[ranked["neighbour_rank"] <= MOST_OVERLAPPING]
    total = ranked.groupby("cell_id")["handover_share"].transform("sum")
    return ranked.assign(handover_share=ranked["handover_share"] / total)


def _ranked(pairs: pd.DataFrame) -> pd.DataFrame:
    """The pairs by cell, those with the largest share first, and their ranks."""
    order = ["cell_id", "handover_share", "neighbour_cell_id"]
    rows = pairs.sort_values(order, ascending=[True, False, True], ignore_index=True)
    return rows.assign(neighbour_rank=rows.groupby("cell_id").cumcount() + 1)
