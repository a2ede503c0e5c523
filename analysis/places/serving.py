"""How many cells serve each hexagon, and how many of them will soon be full."""

from datetime import date

import numpy as np
import pandas as pd

from geo.footprint import valid_on

METHOD_VERSION = "inventory-1"
OUTLOOK_VERSION = "footprint-1"
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


def full_soon(outlook: pd.DataFrame, cell_hex: pd.DataFrame, *, day: date) -> pd.DataFrame:
    """Rows of `place_rate`: part of each hexagon's cells expected to be full within six months.

    `outlook`: table `capacity_outlook`; of cells and their knees alone. `cell_hex`: weights at one
    level. `day`: local day on which they must be valid. The numerator is the sum of weight times
    probability, the denominator the sum of the weights, of cells with a knee; a hexagon without one
    has no row. There is no interval: the probability says how sure it is.
    """
    is_cell = (outlook["place_type"] == "cell") & (outlook["limit_kind"] == "knee")
    odds = outlook[is_cell].set_index("place_id")["p_full_6_months"].dropna()
    footprints = valid_on(cell_hex, day)[["cell_id", "hex_id", "level", "weight"]]
    footprints = footprints[footprints["cell_id"].isin(odds.index)]
    footprints = footprints.assign(full=footprints["weight"] * footprints["cell_id"].map(odds))
    sums = footprints.groupby(["hex_id", "level"])[["full", "weight"]].sum().reset_index()
    midnight = pd.Timestamp(day)
    return pd.DataFrame(
        {
            "place_type": "hex",
            "hex_id": sums["hex_id"],
            "level": sums["level"],
            "outcome_class": _ALL,
            "metric": "full_6_months_share",
            "period_grain": "all",
            "period_start": midnight,
            "period_end": midnight,
            "numerator": sums["full"],
            "denominator": sums["weight"],
            "value": (sums["full"] / sums["weight"]).clip(upper=1.0),
            "shown": "shown",
            "method_version": OUTLOOK_VERSION,
        }
    )
