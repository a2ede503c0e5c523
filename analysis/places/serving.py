"""How many cells serve each hexagon, by the inventory alone."""

from datetime import date

import numpy as np
import pandas as pd

from geo.footprint import valid_on

METHOD_VERSION = "inventory-1"
_ALL = "all"


def cells_serving(cells: pd.DataFrame, cell_hex: pd.DataFrame, *, day: date) -> pd.DataFrame:
    """Rows of `place_rate`: cells whose footprint reaches each hexagon on one day.

    `cells`: one row a cell; `cell_hex`: weights at one level; `day`: local day on which they must
    be valid. A class for all, and one for each operator and technology where there are several. The
    denominator adds up to the number of cells, each counted by its weight; `n_effective` is (sum
    w)^2 / sum w^2. There is no interval: how far the footprints are off is not known.
    """
    footprints = valid_on(cell_hex, day)[["cell_id", "hex_id", "level", "weight"]]
    named = cells[["operator", "technology"]].fillna("")
    kind = (named["operator"] + " " + named["technology"]).str.strip()
    footprints = footprints.assign(
        outcome_class=footprints["cell_id"].map(pd.Series(kind.to_numpy(), index=cells["cell_id"])),
        squares=footprints["weight"] ** 2,
    )
    classes = [footprints.assign(outcome_class=_ALL)]
    classes += [footprints[footprints["outcome_class"].fillna("") != ""]] * (len(set(kind)) > 1)
    keys = ["outcome_class", "hex_id", "level"]
    grouped = pd.concat(classes, ignore_index=True).groupby(keys, sort=True)
    sums = grouped.agg(
        value=("weight", "size"), total=("weight", "sum"), squares=("squares", "sum")
    )
    sums = sums.reset_index().astype({"value": float})
    midnight = pd.Timestamp(day)
    return sums.assign(
        place_type="hex",
        metric="cells_serving",
        period_grain="all",
        period_start=midnight,
        period_end=midnight,
        numerator=sums["value"],
        denominator=sums["total"],
        value_lo=np.nan,
        value_hi=np.nan,
        n_effective=sums["total"] ** 2 / sums["squares"],
        shown="shown",
        method_version=METHOD_VERSION,
    )
