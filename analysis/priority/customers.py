"""What customers say in each ranked place."""

import pandas as pd

from geo import hexgrid


def with_customers(
    places: pd.DataFrame, rates: pd.DataFrame, levels: dict[str, int]
) -> pd.DataFrame:
    """The places with `complainants` and `nps` of the coarser hexagon they lie in, as released.

    `places`: hex_id, missing = no position. `rates`: table `place_rate`. `levels`: H3 level of the
    released grids of `complaint` and `nps`. `complainants` is text (a count, <5), missing where
    hidden; `nps` in points, NaN = not released.
    """
    columns = ["metric", "outcome_class", "period_start", "level", "hex_id", "numerator", "value",
               "shown"]  # fmt: skip
    figures = rates[columns]
    network = figures[figures["metric"].str.startswith("complaints_")]
    network = network[network["level"] == levels["complaint"]]
    complaints = _newest(network[network["outcome_class"] == "network"])
    is_nps = (figures["metric"] == "nps") & (figures["level"] == levels["nps"])
    counts = complaints["numerator"].map("{:.0f}".format)
    counts = counts.where(complaints["shown"] == "shown", "<5")
    counts = counts.where(complaints["shown"] != "hidden")
    return places.assign(
        complainants=_of_parent(places["hex_id"], counts, levels["complaint"]),
        nps=_of_parent(places["hex_id"], _newest(figures[is_nps])["value"], levels["nps"]),
    )


def _newest(figures: pd.DataFrame) -> pd.DataFrame:
    """Figures of the newest period, by hexagon."""
    newest = figures[figures["period_start"] == figures["period_start"].max()]
    return newest.drop_duplicates("hex_id").set_index("hex_id")


def _of_parent(hexes: pd.Series, values: pd.Series, level: int) -> pd.Series:
    """The value of each hexagon's parent at the level; missing = no position or no value."""
    placed = hexes.dropna()
    parents = pd.Series(hexgrid.parents(placed, level=level), index=placed.index)
    return parents.map(values).reindex(hexes.index)
