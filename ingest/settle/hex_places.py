"""Centre and region of every hexagon that a table names."""

from typing import Any

import numpy as np
import pandas as pd

from contracts.settings.sections import Settings
from geo import hexgrid, regions
from ingest.privacy import release
from ingest.warehouse.store import Warehouse

# a tenth of a metre
_DECIMALS = 6
_EVENTS = ("call", "complaint", "nps")


def write_hex_places(warehouse: Warehouse, settings: Settings) -> None:
    """Hexagons of footprints, events and subscribers, on the levels on which they may leave.

    `warehouse`: with footprints, events and the subscriber base. `settings`: levels of the grid,
    and the regions.
    """
    levels = settings.grid.levels
    footprints = warehouse.read("cell_hex", days=[str(levels["network"])])["hex_id"].unique()
    base = warehouse.read("subscriber_base").query("place_type == 'hex'")
    homes = hexgrid.from_text(base["place_id"].unique())
    homes = homes[hexgrid.levels(homes) >= levels["complaint"]]
    named: list[tuple[Any, int]] = [(footprints, finest) for finest in levels.values()]
    named.append((homes, levels["complaint"]))
    named += [(warehouse.read(name)["hex_id"].dropna(), levels[name]) for name in _EVENTS]
    parts = [hexgrid.parents(footprints, level=level) for level in settings.grid.map_levels]
    parts += [
        hexgrid.parents(hexes, level=level)
        for hexes, finest in named
        for level in release.levels(finest)
    ]
    hexes = np.unique(np.concatenate(parts))
    lat, lon = hexgrid.centres(hexes)
    places = pd.DataFrame({"hex_id": hexes, "level": hexgrid.levels(hexes), "lat": lat, "lon": lon})
    shapes = regions.outlines(hexes).to_wkt(rounding_precision=_DECIMALS)["geometry"]
    outlines = pd.DataFrame({"hex_id": hexes, "outline_wkt": shapes})
    warehouse.write("hex_outline", outlines)
    polygons = regions.polygons(settings)
    if polygons is not None and len(places):
        places["region"] = regions.regions_of(hexes, polygons)
    else:
        places["region"] = places["hex_id"].map(_stated_regions(warehouse.read("call"), settings))
    warehouse.write("hex_place", places)


def _stated_regions(calls: pd.DataFrame, settings: Settings) -> pd.Series:
    """The region that most calls in a hexagon state, where enough state one."""
    stated = calls.dropna(subset=["hex_id", "region"])
    hex_id = hexgrid.parents(stated["hex_id"], level=settings.grid.levels["call"])
    counted = (
        stated.assign(hex_id=hex_id).groupby(["hex_id", "region"]).size().reset_index(name="n")
    )
    counted = counted[counted["n"] >= settings.privacy.min_respondents]
    # of equal ones the first by name
    counted = counted.sort_values(["n", "region"], ascending=[False, True])
    return counted.drop_duplicates("hex_id").set_index("hex_id")["region"]
