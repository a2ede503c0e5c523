"""Which hexagon the map shows for a ranked place."""

import pandas as pd

from geo import hexgrid


def with_shown_hexes(lists: list[pd.DataFrame], *, level: int) -> list[pd.DataFrame]:
    """The ranked lists with `shown_hex_id`, the hexagon that the map shows for each place.

    `lists`: one frame of ranked places a kind of place: place_type, rank, dominant_cell_id, hex_id,
    lat and lon, the last four missing where not known. `level`: H3 level of the hexagons. A hexagon
    is shown itself. Another place is shown at the first hexagon of the list whose dominant cell is
    the place's: at the mast it may be calm. Where there is none, the hexagon at the place's
    position is shown; missing = no position either.
    """
    hexes = pd.concat([_placed(places) for places in lists])
    worst = hexes.sort_values("rank").dropna(subset="dominant_cell_id")
    by_cell = worst.drop_duplicates("dominant_cell_id").set_index("dominant_cell_id")["hex_id"]
    return [_with_shown_hex(places, by_cell, level) for places in lists]


def _placed(places: pd.DataFrame) -> pd.DataFrame:
    """Rank, dominant cell and id of those places that are hexagons."""
    columns = ["rank", "dominant_cell_id", "hex_id"]
    return places.loc[places["place_type"] == "hex", columns].astype({"hex_id": "UInt64"})


def _with_shown_hex(places: pd.DataFrame, worst: pd.Series, level: int) -> pd.DataFrame:
    hexes = hexgrid.hexes_of(lat=places["lat"], lon=places["lon"], level=level)
    at_position = pd.Series(hexes, places.index, dtype="UInt64").where(hexes != hexgrid.NO_HEX)
    own = places["hex_id"].astype("UInt64").fillna(at_position)
    of_worst_cell = places["dominant_cell_id"].map(worst).astype("UInt64").fillna(own)
    return places.assign(shown_hex_id=own.where(places["place_type"] == "hex", of_worst_cell))
