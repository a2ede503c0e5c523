"""Which part of a hexagon each antenna serves: received power, and who is heard best.

METHODS section 2, after Eurostat's multimno and Tennekes and Gootzen's mobloc: power falls with
distance and off the antenna's axis, and a logistic curve says who serves. Here the curve is held
against the strongest signal of the place, not only against a fixed level: in a city, where all are
strong, a fixed level would give every mast within kilometres the same part. Height, tilt, terrain
and buildings are not in it.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.spatial import cKDTree
from scipy.special import expit

from geo import hexgrid, sphere
from geo.sites import masts, sectors
from geo.sphere import Floats, Ints

# half at what is just usable (multimno); multimno's steepness of .2 per dB let masts far away take
# more than shadowing of 5 to 10 dB does: .5 was best on planted networks (docs/decisions/0004)
_STEEPNESS, _USABLE_DBM = 0.5, -92.5
_BEAM_DEG, _BACK_DB = 65.0, 30.0
# path-loss exponent, power and range of each kind (multimno; pico and indoor are ours)
_KINDS = pd.DataFrame(
    {"exponent": [3.75, 6.0, 6.0, 6.0], "power_dbm": [40.0, 37.0, 30.0, 30.0],
     "range_m": [10_000.0, 1_000.0, 500.0, 500.0]},
    index=["macro", "micro", "pico", "indoor"],
)  # fmt: skip
# masts that can compete for a hexagon: the 17th nearest is heard some 20 dB fainter
_MASTS = 16
LEAST_SHARE = 0.01
_HEXES_AT_ONCE = 20_000


@dataclass(frozen=True)
class Antennas:
    """What radiates: one entry a mast, direction and strength; cells alike are one antenna."""

    lat: Floats
    lon: Floats
    mast: Ints
    sector: Ints
    azimuth_deg: Floats
    beam_deg: Floats
    power_dbm: Floats
    exponent: Floats
    reach_m: Floats
    of_cell: Ints
    """Antenna of each cell."""

    @property
    def reach(self) -> float:
        """Farthest any of them serves, in metres."""
        return float(self.reach_m.max())


def antennas(cells: pd.DataFrame, *, max_range_m: float) -> Antennas:
    """The antennas of placed cells that compete: of one operator, technology and size.

    `cells`: lat, lon, sector_id, azimuth_deg (NaN = all round), h_beamwidth_deg, power_dbm,
    cell_type, range_m. What is missing: beam 65 degrees, power the median of the others, else that
    of its kind. Masts are taken by place, not by name: heads of one site may stand far apart.
    """
    mast = masts(cells["lat"].to_numpy(float), cells["lon"].to_numpy(float))
    kind = _KINDS.reindex(cells["cell_type"].fillna("macro"))
    power = cells["power_dbm"].fillna(cells["power_dbm"].median()).to_numpy(float)
    reach = cells["range_m"].fillna(kind["range_m"].set_axis(cells.index))
    facts = pd.DataFrame(
        {
            "mast": mast,
            "sector": _sector_of(cells, mast),
            "azimuth": cells["azimuth_deg"].to_numpy(float),
            "beam": cells["h_beamwidth_deg"].replace(0.0, np.nan).fillna(_BEAM_DEG).to_numpy(),
            "power": np.where(np.isnan(power), kind["power_dbm"], power),
            "exponent": kind["exponent"].to_numpy(),
            "reach": reach.clip(upper=max_range_m).to_numpy(float),
        }
    )
    # sorted by mast and sector, as `_chunk` counts on
    each = facts.groupby(list(facts), dropna=False, sort=True)
    only = each.size().reset_index()
    place = cells.groupby(mast)[["lat", "lon"]].median()
    of = {name: only[name].to_numpy() for name in only}
    return Antennas(
        lat=place["lat"].to_numpy(float), lon=place["lon"].to_numpy(float), mast=of["mast"],
        sector=of["sector"], azimuth_deg=of["azimuth"], beam_deg=of["beam"], power_dbm=of["power"],
        exponent=of["exponent"], reach_m=of["reach"], of_cell=np.asarray(each.ngroup(), np.intp),
    )  # fmt: skip


def _sector_of(cells: pd.DataFrame, mast: Ints) -> Ints:
    """A sector's own name at its mast, else its direction there."""
    named = cells["sector_id"].fillna("") if "sector_id" in cells else pd.Series("", cells.index)
    group = pd.Series(mast.astype(str), cells.index) + "/" + named
    aimed = cells["azimuth_deg"].to_numpy(float)
    return sectors(group.factorize(sort=True)[0], np.where(named == "", aimed, np.nan))


def shares(cells: pd.DataFrame, *, level: int, max_range_m: float) -> tuple[Ints, pd.DataFrame]:
    """Antenna of each cell, and the part of each hexagon that it serves: antenna, hex_id, weight.

    `cells`: as for `antennas`. An antenna competes with the strongest antenna of every other
    sector; carriers of its own sector overlay it and take nothing away. Where even the strongest is
    below what is usable, a hexagon is served in part only. Parts under .01 are left out.
    """
    of = antennas(cells, max_range_m=max_range_m)
    tree = cKDTree(sphere.unit_vectors(of.lat, of.lon))
    hexes = hexgrid.hexes_near(
        lat=of.lat[of.mast], lon=of.lon[of.mast], reach_m=of.reach_m, level=level
    )
    nearest = hexgrid.edge_m(level) / 2
    parts = [
        _chunk(of, tree, hexes[start : start + _HEXES_AT_ONCE], nearest)
        for start in range(0, len(hexes), _HEXES_AT_ONCE)
    ]
    return of.of_cell, pd.concat(parts, ignore_index=True)


def _chunk(of: Antennas, tree: cKDTree, hexes: hexgrid.Hexes, nearest_m: float) -> pd.DataFrame:
    lat, lon = hexgrid.centres(hexes)
    at, antenna, metres = _pairs(of, tree, lat, lon)
    mast = of.mast[antenna]
    off_axis = _angle(
        sphere.bearings(of.lat[mast], of.lon[mast], lat[at], lon[at]), of.azimuth_deg[antenna]
    )
    power = received(of, antenna, np.maximum(metres, nearest_m), off_axis)
    strongest = np.full(len(hexes), _USABLE_DBM)
    np.maximum.at(strongest, at, power)
    heard = expit(_STEEPNESS * (power - strongest[at]))
    served = heard / _competition(heard, at, of.sector[antenna], len(hexes))
    kept = served >= LEAST_SHARE
    return pd.DataFrame(
        {"antenna": antenna[kept], "hex_id": hexes[at[kept]], "weight": served[kept]}
    )


def received(of: Antennas, antenna: Ints, metres: Floats, off_axis_deg: Floats) -> Floats:
    """Power received from antennas at a distance and angle, dBm; NaN angle = all round."""
    pattern = np.minimum(12 * (off_axis_deg / of.beam_deg[antenna]) ** 2, _BACK_DB)
    loss = 10 * of.exponent[antenna] * np.log10(metres)
    return np.asarray(of.power_dbm[antenna] - loss - np.nan_to_num(pattern))


def _pairs(of: Antennas, tree: cKDTree, lat: Floats, lon: Floats) -> tuple[Ints, Ints, Floats]:
    """Hexagon, antenna and metres between them, for all that may compete; by hexagon and mast."""
    n = min(_MASTS, len(of.lat))
    chord, mast = tree.query(
        sphere.unit_vectors(lat, lon), k=np.arange(1, n + 1),
        distance_upper_bound=sphere.chord(of.reach),
    )  # fmt: skip
    near = np.isfinite(chord)
    at, mast, metres = np.nonzero(near)[0], mast[near], sphere.metres(chord[near])
    first = np.searchsorted(of.mast, np.arange(len(of.lat) + 1))
    n_here = np.diff(first)[mast]
    pair = np.repeat(np.arange(len(at)), n_here)
    before = np.cumsum(n_here) - n_here
    antenna = (first[mast] - before)[pair] + np.arange(len(pair))
    within = metres[pair] <= of.reach_m[antenna]
    pair, antenna = pair[within], antenna[within]
    return at[pair], antenna, metres[pair]


def _competition(heard: Floats, at: Ints, sector: Ints, n_hexes: int) -> Floats:
    """What each pair's part is divided by: itself and the best of every other sector there."""
    begins = np.flatnonzero(np.diff(at, prepend=-1) | np.diff(sector, prepend=-1))
    best = np.maximum.reduceat(heard, begins)
    of_pair = np.repeat(best, np.diff(np.r_[begins, len(heard)]))
    total = np.bincount(at[begins], best, minlength=n_hexes)
    # 1/2 is what one alone has where it is just usable
    return np.maximum(total[at] - of_pair + heard, 0.5)


def _angle(bearing_deg: Floats, azimuth_deg: Floats) -> Floats:
    """Degrees between two directions, 0..180."""
    return np.asarray(np.abs((bearing_deg - azimuth_deg + 180) % 360 - 180))
