"""Points, distances and bearings on the round Earth: date line and poles are like anywhere else."""

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.intp]

EARTH_M = 6_371_008.8


def unit_vectors(lat: npt.ArrayLike, lon: npt.ArrayLike) -> Floats:
    """Each point as a unit vector, shape (n, 3)."""
    north, east = np.radians(np.asarray(lat, float)), np.radians(np.asarray(lon, float))
    flat = np.cos(north)
    return np.column_stack([flat * np.cos(east), flat * np.sin(east), np.sin(north)])


def metres(chord: npt.ArrayLike) -> Floats:
    """Distance on the ground between two points whose unit vectors are so far apart."""
    return np.asarray(2 * np.arcsin(np.clip(np.asarray(chord) / 2, 0, 1)) * EARTH_M)


def chord(metres: float) -> float:
    """How far apart the unit vectors of two points are that are so many metres apart."""
    return float(2 * np.sin(min(metres / (2 * EARTH_M), np.pi / 2)))


def bearings(lat: Floats, lon: Floats, to_lat: Floats, to_lon: Floats) -> Floats:
    """Direction of one point seen from another, degrees clockwise from north, -180..180."""
    north, to_north = np.radians(lat), np.radians(to_lat)
    east = np.radians(to_lon - lon)
    y = np.sin(east) * np.cos(to_north)
    x = np.cos(north) * np.sin(to_north) - np.sin(north) * np.cos(to_north) * np.cos(east)
    return np.asarray(np.degrees(np.arctan2(y, x)))
