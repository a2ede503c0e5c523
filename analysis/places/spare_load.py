"""Which cells could take load of a full one: its neighbours that have room."""

import pandas as pd

from analysis.places.neighbours import GEOGRAPHY, HANDOVERS

MOST_NAMED = 3


def relief_cells(
    neighbour: pd.DataFrame, prb_pct: pd.Series, wanted: pd.Series, *, room_pct: float
) -> pd.Series:
    """Up to three cells with room for each wanted one, by cell_id: `LDS02A2 (31 %), ...`.

    `neighbour`: table `neighbour`. `prb_pct`: busy-hour PRB % by cell_id; NaN = not known, and then
    no room is. `wanted`: cells to relieve, by place; missing = none. `room_pct`: busy-hour PRB %
    below which a cell has room. Of the neighbours with room, those with the largest share; where
    handovers say so, the share stands beside; where footprints do, `by geography` at the end.
    Missing = there is none.
    """
    pairs = neighbour[neighbour["cell_id"].isin(wanted.dropna())]
    pairs = pairs.assign(prb=pairs["neighbour_cell_id"].map(prb_pct))
    some = pairs[pairs["prb"] < room_pct].sort_values(["cell_id", "neighbour_rank"])
    some = some.groupby("cell_id").head(MOST_NAMED)
    columns = [some[name] for name in ("neighbour_cell_id", "prb", "handover_share", "basis")]
    texts = [_named(*values) for values in zip(*columns, strict=True)]
    labels = pd.Series(texts, some["cell_id"].to_numpy(), dtype="str")
    joined = labels.groupby(level=0).agg(", ".join)
    by_ground = joined.index.isin(some.loc[some["basis"] == GEOGRAPHY, "cell_id"])
    return joined.where(~by_ground, joined + ", by geography")


def _named(cell_id: str, prb_pct: float, share: float, basis: str) -> str:
    """One cell in words, with its load, and its part of the handovers where that is known."""
    part = f", {100 * share:.0f} % of handovers" if basis == HANDOVERS else ""
    return f"{cell_id} ({prb_pct:.0f} %{part})"
