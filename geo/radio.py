"""Which part of a hexagon each antenna serves: received power, and who is heard best.

docs/methods.md 2.2, after Eurostat's multimno and Tennekes and Gootzen's mobloc: power falls with
distance and off the antenna's axis, and a logistic curve says who serves. Here the curve compares a
signal with the strongest one of the place, not only with a fixed power: in a city, where all are
strong, a fixed power would give every mast within kilometres the same part. Height, tilt, terrain
and buildings are not in it.

In private functions a pair is one hexagon with one antenna that may serve it. Pairs are sorted by
hexagon, then by the mast's distance, then by antenna; arrays of pairs have shape (p,).
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
    {
        "exponent": [3.75, 6.0, 6.0, 6.0],
        "power_dbm": [40.0, 37.0, 30.0, 30.0],
        "range_m": [10_000.0, 1_000.0, 500.0, 500.0],
    },
    index=["macro", "micro", "pico", "indoor"],
)
# masts that can compete for a hexagon: the 17th nearest is heard some 20 dB fainter
_MASTS = 16
LEAST_SHARE = 0.01
"""Smallest part of a hexagon that counts as served."""
_HEXES_AT_ONCE = 20_000


@dataclass(frozen=True)
class Antennas:
    """What radiates: one entry a mast, direction and strength; cells alike are one antenna.

    Antennas are sorted by mast, then by sector.
    """

    lat: Floats
    """Latitude of each mast, degrees, shape (masts,)."""
    lon: Floats
    """Longitude of each mast, degrees, shape (masts,)."""
    mast: Ints
    """Mast of each antenna, shape (antennas,), as are all below but the last."""
    sector: Ints
    azimuth_deg: Floats
    """Clockwise from north; NaN = all round."""
    beam_deg: Floats
    """Width of the beam at half power."""
    power_dbm: Floats
    exponent: Floats
    """Path-loss exponent."""
    reach_m: Floats
    """How far it serves at most."""
    of_cell: Ints
    """Antenna of each cell, shape (cells,)."""

    @property
    def reach(self) -> float:
        """Farthest any of them serves, in metres."""
        return float(self.reach_m.max())


def antennas(cells: pd.DataFrame, *, max_range_m: float) -> Antennas:
    """The antennas of placed cells that compete: of one operator, technology and size.

    `cells`: lat, lon, sector_id, azimuth_deg (NaN = all round), h_beamwidth_deg, power_dbm,
    cell_type, range_m. A missing cell_type is macro, a missing beam 65 degrees wide, a missing
    power the median of the others, else that of its kind, a missing range that of its kind.
    `max_range_m`: how far a cell reaches at most, in metres. Masts are taken by place, not by name:
    heads of one site may stand far apart.
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
    # cells alike in all facts are one antenna; `_pairs` counts on the order by mast and sector
    alike = facts.groupby(list(facts), dropna=False, sort=True)
    distinct = alike.size().reset_index()
    places = cells.groupby(mast)[["lat", "lon"]].median()
    return Antennas(
        lat=places["lat"].to_numpy(float),
        lon=places["lon"].to_numpy(float),
        mast=distinct["mast"].to_numpy(),
        sector=distinct["sector"].to_numpy(),
        azimuth_deg=distinct["azimuth"].to_numpy(),
        beam_deg=distinct["beam"].to_numpy(),
        power_dbm=distinct["power"].to_numpy(),
        exponent=distinct["exponent"].to_numpy(),
        reach_m=distinct["reach"].to_numpy(),
        of_cell=np.asarray(alike.ngroup(), np.intp),
    )


def _sector_of(cells: pd.DataFrame, mast: Ints) -> Ints:
    """Number of each cell's sector: by its own name at its mast, else by its direction there."""
    names = cells["sector_id"].fillna("") if "sector_id" in cells else pd.Series("", cells.index)
    group = pd.Series(mast.astype(str), cells.index) + "/" + names
    azimuth = cells["azimuth_deg"].to_numpy(float)
    return sectors(group.factorize(sort=True)[0], np.where(names == "", azimuth, np.nan))


def shares(cells: pd.DataFrame, *, level: int, max_range_m: float) -> tuple[Ints, pd.DataFrame]:
    """Antenna of each cell, and the part of each hexagon that it serves: antenna, hex_id, weight.

    `cells`: as for `antennas`. `level`: H3 level of the hexagons. `max_range_m`: how far a cell
    reaches at most, in metres. An antenna competes with the strongest antenna of every other
    sector; carriers of its own sector overlay it and take nothing away. Where even the strongest is
    below what is usable, a hexagon is served in part only. Parts under .01 are left out.
    """
    network = antennas(cells, max_range_m=max_range_m)
    tree = cKDTree(sphere.unit_vectors(network.lat, network.lon))
    lat, lon = network.lat[network.mast], network.lon[network.mast]
    hexes = hexgrid.hexes_near(lat=lat, lon=lon, reach_m=network.reach_m, level=level)
    # a hexagon is not nearer to the mast in it than half its edge: it is no point
    nearest_m = hexgrid.edge_m(level) / 2
    parts = [
        _parts(network, tree, hexes[start : start + _HEXES_AT_ONCE], nearest_m)
        for start in range(0, len(hexes), _HEXES_AT_ONCE)
    ]
    return network.of_cell, pd.concat(parts, ignore_index=True)


def _parts(
    network: Antennas, tree: cKDTree, hexes: hexgrid.Hexes, nearest_m: float
) -> pd.DataFrame:
    """Part of each of some hexagons that each antenna serves, where it is not too small."""
    lat, lon = hexgrid.centres(hexes)
    place, antenna, metres = _pairs(network, tree, lat, lon)
    mast = network.mast[antenna]
    bearing = sphere.bearings(network.lat[mast], network.lon[mast], lat[place], lon[place])
    off_axis = _angle(bearing, network.azimuth_deg[antenna])
    power = received(network, antenna, np.maximum(metres, nearest_m), off_axis)
    # of each hexagon the strongest signal, shape (hexes,)
    strongest = np.full(len(hexes), _USABLE_DBM)
    np.maximum.at(strongest, place, power)
    strength = expit(_STEEPNESS * (power - strongest[place]))
    served = strength / _competition(strength, place, network.sector[antenna], len(hexes))
    counts = served >= LEAST_SHARE
    return pd.DataFrame(
        {"antenna": antenna[counts], "hex_id": hexes[place[counts]], "weight": served[counts]}
    )


def received(network: Antennas, antenna: Ints, metres: Floats, off_axis_deg: Floats) -> Floats:
    """Power received from antennas at a distance and an angle, dBm, shape (p,).

    `network`: what radiates. `antenna`: the number of each pair's antenna in it, shape (p,).
    `metres`: distance from it, above 0, shape (p,). `off_axis_deg`: angle between its direction and
    the receiver, 0..180, shape (p,); NaN = it radiates all round. The beam is the parabola of 3GPP
    TR 36.814: 3 dB less at half the beam width off the axis, and never more than 30 dB less.
    """
    pattern = np.minimum(12 * (off_axis_deg / network.beam_deg[antenna]) ** 2, _BACK_DB)
    loss = 10 * network.exponent[antenna] * np.log10(metres)
    return np.asarray(network.power_dbm[antenna] - loss - np.nan_to_num(pattern))


def _pairs(network: Antennas, tree: cKDTree, lat: Floats, lon: Floats) -> tuple[Ints, Ints, Floats]:
    """Hexagon, antenna and metres between them, of all pairs that may compete.

    `tree`: the masts. `lat`, `lon`: centres of hexagons, degrees, shape (hexes,). A hexagon is
    named by its position in them.
    """
    hexagon, mast, metres = _masts_near(network, tree, lat, lon)
    position, antenna = _antennas_of(network, mast)
    is_within = metres[position] <= network.reach_m[antenna]
    position, antenna = position[is_within], antenna[is_within]
    return hexagon[position], antenna, metres[position]


def _masts_near(
    network: Antennas, tree: cKDTree, lat: Floats, lon: Floats
) -> tuple[Ints, Ints, Floats]:
    """Hexagon, mast and metres between them: of each hexagon the nearest masts within reach.

    Each of shape (m,), sorted by hexagon, then by distance.
    """
    n_masts = min(_MASTS, len(network.lat))
    # chord and mast: shape (hexes, n_masts), nearest first; chord infinite = beyond reach
    chord, mast = tree.query(
        sphere.unit_vectors(lat, lon),
        k=np.arange(1, n_masts + 1),
        distance_upper_bound=sphere.chord(network.reach),
    )
    is_near = np.isfinite(chord)
    hexagon = np.nonzero(is_near)[0]
    return hexagon, mast[is_near], sphere.metres(chord[is_near])


def _antennas_of(network: Antennas, mast: Ints) -> tuple[Ints, Ints]:
    """Every antenna of each of the masts: position of its mast in `mast`, and the antenna.

    `mast`: shape (m,); both answers have shape (p,), p the antennas of all m together.
    """
    # antennas of mast k are numbered from first[k] to before first[k + 1]
    first = np.searchsorted(network.mast, np.arange(len(network.lat) + 1))
    n_antennas = np.diff(first)[mast]
    position = np.repeat(np.arange(len(mast)), n_antennas)
    # 0, 1, ... within each mast: the running number less what came before its mast
    n_before = np.cumsum(n_antennas) - n_antennas
    number = np.arange(len(position)) - n_before[position]
    return position, first[mast][position] + number


def _competition(strength: Floats, place: Ints, sector: Ints, n_hexes: int) -> Floats:
    """What each pair's strength is divided by: itself and the best of every other sector there.

    `strength`: 0..1/2, shape (p,). `place`: position of the hexagon. `sector`: the antenna's.
    """
    # a run = pairs of one hexagon and one sector, side by side; best = its strongest pair
    begins = np.flatnonzero(np.diff(place, prepend=-1) | np.diff(sector, prepend=-1))
    best = np.maximum.reduceat(strength, begins)
    best_of_pair = np.repeat(best, np.diff(np.r_[begins, len(strength)]))
    total = np.bincount(place[begins], best, minlength=n_hexes)
    # 1/2 is what one alone has where it is just usable
    return np.maximum(total[place] - best_of_pair + strength, 0.5)


def _angle(bearing_deg: Floats, azimuth_deg: Floats) -> Floats:
    """Degrees between two directions, 0..180."""
    return np.asarray(np.abs((bearing_deg - azimuth_deg + 180) % 360 - 180))
