"""Points, distances and bearings on the round Earth: date line and poles are like anywhere else.

Distances are chords between unit vectors, which a k-d tree can search, and metres on the ground.
"""

import numpy as np
import numpy.typing as npt
import pandas as pd

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.intp]

EARTH_M = 6_371_008.8
"""Mean radius of the Earth, metres (IUGG)."""
MOST_LAT = 85.0
"""Latitude, degrees, beyond which a place is at a pole: Web Mercator ends there, as do our maps."""


def unit_vectors(lat: npt.ArrayLike, lon: npt.ArrayLike) -> Floats:
    """Each point as a unit vector from the Earth's centre, shape (n, 3).

    `lat`, `lon`: degrees, shape (n,); NaN gives NaN.

    >>> unit_vectors([0.0, 90.0], [0.0, 0.0]).round(9).tolist()
    [[1.0, 0.0, 0.0], [0.0, 0.0, 1.0]]
    """
    north, east = np.radians(np.asarray(lat, float)), np.radians(np.asarray(lon, float))
    from_axis = np.cos(north)
    return np.column_stack([from_axis * np.cos(east), from_axis * np.sin(east), np.sin(north)])


def metres(chord: npt.ArrayLike) -> Floats:
    """Distance on the ground between two points, metres.

    `chord`: distance of their unit vectors, 0..2, any shape.
    """
    return np.asarray(2 * np.arcsin(np.clip(np.asarray(chord) / 2, 0, 1)) * EARTH_M)


def chord(metres: float) -> float:
    """Distance of the unit vectors of two points, 0..2: the inverse of `metres`.

    `metres`: their distance on the ground; half the Earth's circumference at most counts.
    """
    return float(2 * np.sin(min(metres / (2 * EARTH_M), np.pi / 2)))


def bearings(lat: Floats, lon: Floats, to_lat: Floats, to_lon: Floats) -> Floats:
    """Direction of one point seen from another, degrees clockwise from north, -180..180.

    `lat`, `lon`: where one stands, degrees, shape (n,). `to_lat`, `to_lon`: what one looks at,
    degrees, shape (n,).

    >>> north, east = bearings(np.zeros(2), np.zeros(2), np.array([1.0, 0.0]), np.array([0.0, 1.0]))
    >>> float(north), float(east)
    (0.0, 90.0)
    """
    north, to_north = np.radians(lat), np.radians(to_lat)
    east = np.radians(to_lon - lon)
    y = np.sin(east) * np.cos(to_north)
    x = np.cos(north) * np.sin(to_north) - np.sin(north) * np.cos(to_north) * np.cos(east)
    return np.asarray(np.degrees(np.arctan2(y, x)))


# --- the date line ----------------------------------------------------------------------------


def wrapped(lon: npt.ArrayLike) -> Floats:
    """The same meridians as longitudes of -180..180, degrees, of the shape of `lon`.

    `lon`: degrees, as -180..180, as 0..360 or beyond; those of -180..180 stay as they are.

    >>> wrapped([-1.5, 181.0, -180.5]).tolist()
    [-1.5, -179.0, 179.5]
    """
    degrees = np.asarray(lon, float)
    return np.where(np.abs(degrees) > 180, (degrees + 180) % 360 - 180, degrees)


def together(lon: npt.ArrayLike) -> Floats:
    """The same meridians side by side, degrees, shape (n,): without a jump at the date line.

    `lon`: degrees of -180..180, shape (n,), none missing. They stay as they are, or become 0..360
    where that spans less.

    >>> together([179.5, -179.5]).tolist(), together([-1.5, 1.5]).tolist()
    ([179.5, 180.5], [-1.5, 1.5])
    """
    degrees = np.asarray(lon, float)
    if not degrees.size or np.ptp(degrees) <= 180:
        return degrees
    eastward = degrees % 360
    return eastward if np.ptp(eastward) < np.ptp(degrees) else degrees


def middles(places: pd.DataFrame, by: pd.Series) -> pd.DataFrame:
    """Mean lat and lon of each group of places, by the name of the group.

    `places`: lat, lon in degrees, NaN = not known; a group without any has NaN. `by`: the group of
    each place; a place whose group is missing is left out. A group across the date line has its
    middle there, and not on the other side of the Earth.
    """
    points = places[["lat", "lon"]].astype(float)
    groups = points.groupby(by)
    middle = groups.mean()
    eastward = (points["lon"] % 360).groupby(by)
    span, span_eastward = (g.max() - g.min() for g in (groups["lon"], eastward))
    crosses = (span > 180) & (span_eastward < span)
    middle["lon"] = middle["lon"].mask(crosses, pd.Series(wrapped(eastward.mean()), middle.index))
    return middle
