"""Where the rows of any answer are: the hexagons that its columns name, or lead to."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from geo import hexgrid
from views.shared import data

_COARSER = 2
"""Regions are drawn so many levels coarser than the map: they have many hexagons."""
BY = ("hex_text", "hex_id", "cell_id", "site_id", "region")
"""Columns that say where a row is, the most exact ones first."""


@dataclass(frozen=True)
class Placed:
    """Rows of an answer with `hex_id` of one level, by which column, and how many are elsewhere."""

    rows: pd.DataFrame
    by: str
    n_elsewhere: int


def placed(frame: pd.DataFrame) -> Placed | None:
    """The rows with the hexagon that each lies in; None where no column says where they are.

    `frame`: an answer. Cells and sites stand in the hexagon of their mast, a region in all of its
    own. Rows without a place, and hexagons of another level than most, are left out and counted.
    """
    by = next((name for name in BY if name in frame), None)
    if by is None:
        return None
    if by == "region":
        rows = _by_region(frame)
        lost = int((~frame["region"].isin(rows["region"])).sum())
        return Placed(rows, by, lost)
    rows = frame.assign(hex_id=_hexes(frame, by)).dropna(subset=["hex_id"])
    rows = rows.astype({"hex_id": "uint64"})
    levels = hexgrid.levels(rows["hex_id"].to_numpy())
    if len(rows):
        rows = rows[levels == np.bincount(levels).argmax()]
    return Placed(rows, by, len(frame) - len(rows))


def _hexes(frame: pd.DataFrame, by: str) -> pd.Series:
    """The hexagon of each row, missing where it has none."""
    if by == "hex_id":
        return pd.to_numeric(frame[by], errors="coerce").astype("UInt64")
    if by == "hex_text":
        texts = frame[by].astype("object").where(frame[by].notna(), "")
        hexes = pd.Series(hexgrid.from_text(texts.astype(str)), index=frame.index)
        return hexes.astype("UInt64").mask(hexes == hexgrid.NO_HEX)
    return frame[by].map(_hexes_of_places(by.removesuffix("_id"))).astype("UInt64")


def _hexes_of_places(kind: str) -> pd.Series:
    positions = data.answer("place_positions")
    positions = positions[positions["place_type"] == kind]
    level = int(data.facts()["level"])
    hexes = hexgrid.hexes_of(lat=positions["lat"], lon=positions["lon"], level=level)
    return pd.Series(hexes, index=positions["place_id"])


def _by_region(frame: pd.DataFrame) -> pd.DataFrame:
    level = max(int(data.facts()["level"]) - _COARSER, 1)
    hexes = data.answer("region_hexes", level=level)
    return frame.drop(columns="hex_id", errors="ignore").merge(hexes, on="region")
