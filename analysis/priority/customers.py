"""What customers say in each ranked place."""

import pandas as pd

from geo import hexgrid


def with_customers(
    places: pd.DataFrame, rates: pd.DataFrame, levels: dict[str, int]
) -> pd.DataFrame:
    """The places with `complainants` and `nps` of the coarser hexagon they lie in, as released.

    `rates`: table `place_rate`.
    """
    columns = ["metric", "outcome_class", "period_start", "level", "hex_id", "numerator", "value",
               "shown"]  # fmt: skip
    figures = rates[columns]
    network = figures[figures["metric"].str.startswith("complaints_")]
    network = network[network["level"] == levels["complaint"]]
    complaints = _newest(network[network["outcome_class"] == "network"])
    nps = _newest(figures[(figures["metric"] == "nps") & (figures["level"] == levels["nps"])])
    told = complaints["numerator"].map("{:.0f}".format).where(complaints["shown"] == "shown", "<5")
    told = told.where(complaints["shown"] != "hidden")
    return places.assign(
        complainants=_of_parent(places["hex_id"], told, levels["complaint"]),
        nps=_of_parent(places["hex_id"], nps["value"], levels["nps"]),
    )


def _newest(found: pd.DataFrame) -> pd.DataFrame:
    newest = found[found["period_start"] == found["period_start"].max()]
    return newest.drop_duplicates("hex_id").set_index("hex_id")


def _of_parent(hexes: pd.Series, values: pd.Series, level: int) -> pd.Series:
    known = hexes.notna()
    parent = pd.Series(hexgrid.parents(hexes[known], level=level), index=hexes.index[known])
    return parent.map(values).reindex(hexes.index)
