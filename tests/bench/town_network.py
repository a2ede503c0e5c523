"""The invented town's network: six cells in a ring, whom each serves, and what they count.

Planted: cell LDS-02 drops twice as many calls from day 40 on; nothing else changes.
"""

from datetime import date, timedelta

import numpy as np
import pandas as pd

from geo import hexgrid
from tests.bench.frames import rows

CENTRE = {"lat": 53.80, "lon": -1.55}
FIRST_DAY = date(2025, 3, 3)
DAYS = 60
CHANGE_DAY = 40
WORSE_CELL = "LDS-02"


def cells() -> pd.DataFrame:
    """The six cells, as rows of `cell`."""
    angle = np.arange(6) * np.pi / 3
    names = [f"LDS-{number:02d}" for number in range(1, 7)]
    return rows(
        "cell",
        cell_id=names,
        site_id=[f"S{n // 2 + 1}" for n in range(6)],
        site_name=[f"Mast {n // 2 + 1}" for n in range(6)],
        technology="lte",
        band="B20",
        region=["East"] * 3 + ["West & <b>hills</b>"] * 3,
        lat=CENTRE["lat"] + 0.05 * np.sin(angle),
        lon=CENTRE["lon"] + 0.09 * np.cos(angle),
    )


def hexes() -> hexgrid.Hexes:
    """The hexagons of level 8 about the middle of the town, ascending."""
    centre = int(hexgrid.hexes_of(lat=[CENTRE["lat"]], lon=[CENTRE["lon"]], level=8)[0])
    return np.sort(hexgrid.disk(centre, 9))


def served_hexes(cells: pd.DataFrame, hexes: hexgrid.Hexes) -> pd.DataFrame:
    """Each hexagon with its nearest cell, as rows of `cell_hex`; those of a cell weigh the same."""
    lat, lon = hexgrid.centres(hexes)
    north = lat[:, None] - cells["lat"].to_numpy()
    east = (lon[:, None] - cells["lon"].to_numpy()) * 0.59
    nearest = cells["cell_id"].to_numpy()[np.hypot(north, east).argmin(axis=1)]
    frame = pd.DataFrame({"cell_id": nearest, "hex_id": hexes})
    weight = 1 / frame.groupby("cell_id")["hex_id"].transform("size")
    return rows("cell_hex", cell_id=nearest, hex_id=hexes, level=8, weight=weight, method="voronoi")


def wide_hexes(hexes: hexgrid.Hexes) -> hexgrid.Hexes:
    """The hexagons of level 6 above these."""
    return np.unique(hexgrid.parents(hexes, level=6))


def _places(hexes: hexgrid.Hexes, level: int) -> pd.DataFrame:
    lat, lon = hexgrid.centres(hexes)
    region = np.where(lon < CENTRE["lon"], "West & <b>hills</b>", "East")
    return rows("hex_place", hex_id=hexes, level=level, lat=lat, lon=lon, region=region)


def places(hexes: hexgrid.Hexes) -> pd.DataFrame:
    """Its hexagons and, for NPS, those of level 6 about them, as rows of `hex_place`."""
    return pd.concat([_places(hexes, 8), _places(wide_hexes(hexes), 6)])


def cell_days(cells: pd.DataFrame) -> pd.DataFrame:
    """What the cells counted, as rows of `cell_day`: the change is planted here."""
    rng = np.random.default_rng(7)
    day, cell = np.meshgrid(np.arange(DAYS), np.arange(len(cells)), indexing="ij")
    attempts = rng.poisson(4000 + 900 * cell * (1 - 0.3 * (day % 7 >= 5)))
    rate = 0.006 + 0.004 * cell
    worse = (cells["cell_id"].to_numpy()[cell] == WORSE_CELL) & (day >= CHANGE_DAY)
    drops = rng.binomial(attempts, rate * np.where(worse, 2.0, 1.0))
    busy = np.clip(0.45 + 0.05 * cell + 0.18 * worse + rng.normal(0, 0.03, day.shape), 0, 1)
    return rows(
        "cell_day",
        cell_id=cells["cell_id"].to_numpy()[cell].ravel(),
        day_local=[FIRST_DAY + timedelta(days=int(d)) for d in day.ravel()],
        covered_s=86_400.0,
        n_hours=24,
        call_attempts=attempts.ravel().astype(float),
        dropped_calls=drops.ravel().astype(float),
        unavail_s=0.0,
        prb_dl_used_prb_s=(busy * 0.6 * 86_400 * 50).ravel(),
        prb_dl_avail_prb_s=86_400.0 * 50,
        bh_prb_dl_used_prb_s=(busy * 3600 * 50).ravel(),
        bh_prb_dl_avail_prb_s=3600.0 * 50,
        bh_call_attempts=(attempts // 10).ravel().astype(float),
        bh_dropped_calls=(drops // 10).ravel().astype(float),
    )


def hex_days(served: pd.DataFrame, days: pd.DataFrame) -> pd.DataFrame:
    """The same spread over the hexagons, as rows of `hex_day`."""
    joined = served[["cell_id", "hex_id", "weight"]].merge(
        days.drop(columns=["call_setups"]), on="cell_id"
    )
    parts = ["call_attempts", "dropped_calls", "prb_dl_used_prb_s", "prb_dl_avail_prb_s"]
    joined[parts] = joined[parts].mul(joined["weight"], axis=0)
    return rows(
        "hex_day",
        **joined[["hex_id", "day_local", *parts]],
        level=8,
        n_cells=1,
        n_cells_effective=1.0,
    )
