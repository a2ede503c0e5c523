"""The demo operator's country: towns, kinds of place, hours of the day, the calendar, distances.

Real coordinates around Leeds; everything else about it is invented. Degrees are WGS84.
"""

from dataclasses import dataclass
from datetime import date, timedelta

import holidays
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Span = tuple[float, float]

TIMEZONE = "Europe/London"
WEST, SOUTH, EAST, NORTH = -2.05, 53.55, -1.15, 54.10
KM_PER_DEGREE = np.array([111.3, 65.8])  # of latitude, and of longitude at Leeds


@dataclass(frozen=True)
class Town:
    """A town, where it is (degrees), how far it reaches and how many thousand live there."""

    name: str
    code: str
    lat: float
    lon: float
    radius_km: float
    people: float


TOWNS = (
    Town("Leeds", "LDS", 53.7997, -1.5492, 3.2, 520),
    Town("Bradford", "BRD", 53.7938, -1.7564, 2.3, 300),
    Town("Wakefield", "WKF", 53.683, -1.499, 1.5, 110),
    Town("Harrogate", "HGT", 53.992, -1.541, 1.4, 75),
    Town("Otley", "OTL", 53.905, -1.691, 0.8, 15),
    Town("Wetherby", "WTB", 53.928, -1.386, 0.8, 13),
    Town("Garforth", "GAR", 53.792, -1.381, 0.8, 15),
    Town("Ilkley", "ILK", 53.925, -1.822, 0.8, 15),
    Town("Morley", "MOR", 53.745, -1.599, 1.0, 44),
    Town("Castleford", "CAS", 53.726, -1.363, 1.1, 45),
)
CENTRES = np.array([(town.lat, town.lon) for town in TOWNS])
LEEDS, BRADFORD = 0, 1


@dataclass(frozen=True)
class Setting:
    """What cells of a kind of place are like: ranges to draw from, reach and antenna gain."""

    busy_attempts: Span
    prb_busy_pct: Span
    height_m: Span
    rsrp_dbm: Span
    range_km: float
    gain_db: float


SETTINGS = {
    "city": Setting((180, 850), (28, 88), (18, 35), (-90, -82), 5, 0),
    "town": Setting((90, 400), (22, 80), (20, 32), (-97, -87), 8, 3),
    "country": Setting((6, 100), (8, 50), (35, 60), (-105, -95), 25, 10),
}

# share of a working day's busiest hour, by local hour of day
VOICE_BY_HOUR = np.array(
    [.10, .06, .04, .03, .04, .08, .22, .48, .82, .92, .88, .85,
     .88, .86, .83, .86, .94, 1.0, .97, .86, .70, .52, .34, .20]
)  # fmt: skip
DATA_BY_HOUR = np.array(
    [.30, .20, .14, .10, .10, .14, .28, .52, .72, .76, .75, .77,
     .82, .81, .79, .81, .88, .95, .98, .98, 1.0, .92, .72, .50]
)  # fmt: skip


@dataclass(frozen=True)
class Clock:
    """The hours of the invented history, each array of shape (hour,) but the last."""

    local: pd.DatetimeIndex
    """Instants, in the country's zone."""
    hour: Ints
    """Local hour of day, 0..23."""
    day: Ints
    """Number of the local day, from 0."""
    is_free: npt.NDArray[np.bool_]
    """A Saturday, a Sunday or an English bank holiday."""
    is_holiday: npt.NDArray[np.bool_]
    """An English bank holiday."""
    days: pd.DatetimeIndex
    """Local midnights, shape (day,)."""

    def by_day(self, counts: Floats) -> Floats:
        """Sums of `counts` over the hours of each local day, (cell, hour) -> (cell, day)."""
        firsts = np.flatnonzero(np.diff(self.day, prepend=-1))
        return np.add.reduceat(counts, firsts, axis=1)


def clock_of(first_day: date, n_days: int) -> Clock:
    """Every hour of `n_days` local days from `first_day` on; a day may have 23 or 25 hours."""
    days = pd.date_range(first_day, periods=n_days, freq="D", tz=TIMEZONE)
    end = pd.Timestamp(first_day + timedelta(days=n_days), tz=TIMEZONE)
    local = pd.date_range(days[0], end, freq="h", inclusive="left")
    day = (days.searchsorted(local, side="right") - 1).astype(np.int64)
    bank_holidays = holidays.country_holidays("GB", subdiv="ENG", years=days.year.unique())
    is_holiday = np.array([d.date() in bank_holidays for d in days])
    is_free = is_holiday | (days.day_of_week >= 5)
    hour = local.hour.to_numpy(np.int64)
    return Clock(local, hour, day, is_free[day], is_holiday[day], days)


def km_between(points: Floats, others: Floats) -> Floats:
    """Distances in km, shape (n points, n others); exact enough around Leeds.

    `points`, `others`: latitude and longitude in degrees, shapes (n points, 2) and (n others, 2).
    """
    difference = (points[:, None, :] - others[None, :, :]) * KM_PER_DEGREE
    return np.asarray(np.hypot(difference[..., 0], difference[..., 1]))


def regions() -> dict[str, object]:
    """Planning regions: all that lies nearer to one town than to the others, as GeoJSON."""
    corners = np.array([(WEST, SOUTH), (EAST, NORTH)]) * KM_PER_DEGREE[::-1]
    box = shapely.box(*corners.ravel())
    seats = shapely.points(CENTRES[:, ::-1] * KM_PER_DEGREE[::-1])
    parts = shapely.voronoi_polygons(shapely.multipoints(seats), extend_to=box).geoms
    features = []
    for town, seat in zip(TOWNS, seats, strict=True):
        part = next(p for p in parts if p.contains(seat)).intersection(box)
        ring = (shapely.get_coordinates(part) / KM_PER_DEGREE[::-1]).round(6)
        shape = {"type": "Polygon", "coordinates": [ring.tolist()]}
        features.append({"type": "Feature", "properties": {"name": town.name}, "geometry": shape})
    return {"type": "FeatureCollection", "features": features}
