"""A place is shown where it suffers most, not at its mast."""

import math

import pandas as pd

from analysis.priority.shown import with_shown_hexes
from geo import hexgrid

MAST, CALM, WORST = 614053066139009023, 614053066130620415, 614053066143203327


def _listed(kind: str, cells: list[str | None], hexes: list[int | None]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "place_type": kind,
            "rank": range(1, len(cells) + 1),
            "dominant_cell_id": pd.Series(cells, dtype="str"),
            "hex_id": pd.Series(hexes, dtype="UInt64"),
            "lat": math.nan,
            "lon": math.nan,
        }
    )


def test_a_site_is_shown_where_its_worst_cell_hurts_most() -> None:
    sites = _listed("site", ["B", "C", None, "C"], [MAST, MAST, MAST, None])
    # the list of hexagons may stand in any order of rows
    hexes = _listed("hex", ["A", "B", "B"], [CALM, WORST, CALM]).iloc[::-1]
    shown = with_shown_hexes([sites, hexes], level=8)[0]["shown_hex_id"]
    # at the mast where no hexagon of the cell is listed, or no cell is dominant
    assert shown.iloc[:3].tolist() == [WORST, MAST, MAST]
    assert pd.isna(shown.iloc[3])


def test_a_hexagon_is_shown_where_it_is() -> None:
    hexes = _listed("hex", ["B", "B"], [WORST, CALM])
    assert with_shown_hexes([hexes], level=8)[0]["shown_hex_id"].tolist() == [WORST, CALM]


def test_without_a_list_of_hexagons_a_place_is_shown_at_its_position() -> None:
    cells = _listed("cell", ["B"], [MAST])
    assert with_shown_hexes([cells], level=8)[0]["shown_hex_id"].tolist() == [MAST]


def test_a_region_without_a_hexagon_of_its_own_is_shown_at_its_middle() -> None:
    regions = _listed("region", [None], [None]).assign(lat=53.8, lon=-1.55)
    shown = with_shown_hexes([regions], level=8)[0]["shown_hex_id"]
    assert shown.tolist() == hexgrid.hexes_of(lat=[53.8], lon=[-1.55], level=8).tolist()
