"""Where complaints are: a place each, or the whole footprint of the cell they are known by."""

import pandas as pd

from ingest.clock import local_days

_SPAN = ["cell_id", "valid_from"]


def located(complaints: pd.DataFrame, cell_hex: pd.DataFrame, *, zone: str) -> pd.DataFrame:
    """The complaints with `hex_id` and `weight`, which sums to 1 over the rows of each.

    A complaint with a hexagon keeps it, with weight 1. One that is known by its cell alone gets a
    row for each hexagon of the footprint that held on its local day (of the trouble, where that is
    stated), weighted as the footprint is; so it is never drawn as a point. Any other keeps a row
    without a hexagon.

    `cell_hex`: table `cell_hex` at any one level.
    """
    by_cell = complaints["hex_id"].isna() & complaints["cell_id"].notna()
    spans = cell_hex[[*_SPAN, "valid_to"]].drop_duplicates(_SPAN).rename_axis("span").reset_index()
    held = _held(complaints[by_cell], spans, zone)
    parts = cell_hex[[*_SPAN, "hex_id", "weight"]].merge(spans[[*_SPAN, "span"]], on=_SPAN)
    spread = held.merge(parts[["span", "hex_id", "weight"]], on="span")
    spread = complaints.drop(columns="hex_id").join(spread.set_index("row"), how="right")
    whole = complaints[~complaints.index.isin(held["row"])].assign(weight=1.0)
    both = pd.concat([whole, spread.astype({"hex_id": "UInt64"})[whole.columns]])
    return both.sort_index(kind="stable").reset_index(drop=True)


def _held(complaints: pd.DataFrame, spans: pd.DataFrame, zone: str) -> pd.DataFrame:
    """Which footprint held of each complaint's cell on its day: `row` and `span`."""
    utc = complaints["event_utc"].fillna(complaints["created_utc"])
    asked = complaints[["cell_id"]].assign(row=complaints.index, day=_day(local_days(utc, zone)))
    found = asked.merge(spans, on="cell_id")
    begun = found["valid_from"].isna() | (_day(found["valid_from"]) <= found["day"])
    lasting = found["valid_to"].isna() | (_day(found["valid_to"]) > found["day"])
    return found.loc[begun & lasting, ["row", "span"]]


def _day(days: pd.Series) -> pd.Series:
    return pd.to_datetime(days).astype("datetime64[s]")
