"""How many cells serve each hexagon, by the inventory alone."""

from datetime import date

import numpy as np
import pandas as pd

from geo.footprint import valid_on

METHOD_VERSION = "inventory-1"
_ALL = "all"


def cells_serving(cells: pd.DataFrame, cell_hex: pd.DataFrame, *, day: date) -> pd.DataFrame:
    """Rows of `place_rate`: cells whose footprint reaches each hexagon on one day.

    `cells`: one row a cell; `cell_hex`: weights at one level. A class for all, and one for each
    operator and technology where there are several. The denominator adds up to the number of cells,
    each counted by its weight; `n_effective` is (sum w)^2 / sum w^2. There is no interval: how far
    the footprints are off is not known.
    """
    held = valid_on(cell_hex, day)[["cell_id", "hex_id", "level", "weight"]]
    named = cells[["operator", "technology"]].fillna("")
    kind = (named["operator"] + " " + named["technology"]).str.strip()
    held = held.assign(
        outcome_class=held["cell_id"].map(pd.Series(kind.to_numpy(), index=cells["cell_id"])),
        squares=held["weight"] ** 2,
    )
    classes = [held.assign(outcome_class=_ALL)]
    classes += [held[held["outcome_class"].fillna("") != ""]] * (len(set(kind)) > 1)
    keys = ["outcome_class", "hex_id", "level"]
    found = pd.concat(classes, ignore_index=True).groupby(keys, sort=True)
    sums = found.agg(value=("weight", "size"), total=("weight", "sum"), squares=("squares", "sum"))
    sums = sums.reset_index().astype({"value": float})
    at = pd.Timestamp(day)
    return sums.assign(
        place_type="hex", metric="cells_serving", period_grain="all", period_start=at,
        period_end=at, numerator=sums["value"], denominator=sums["total"], value_lo=np.nan,
        value_hi=np.nan, n_effective=sums["total"] ** 2 / sums["squares"], shown="shown",
        method_version=METHOD_VERSION,
    )  # fmt: skip
