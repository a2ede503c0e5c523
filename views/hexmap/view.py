"""Where a map looks, and which hexagons belong there. Web Mercator; no Streamlit, no data."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from geo import hexgrid, sphere
from views.drawing.outlines import Box

MOST = 15_000
"""Hexagons drawn at a time: software rendering still moves them, and they are 5 pixels wide."""

_MARGIN = 0.1
_CLOSEST = 13.0
_WIDEST = 16_384


@dataclass(frozen=True)
class View:
    """Middle of a map in degrees, and its zoom: the world is 512 * 2 ** zoom pixels wide."""

    lat: float
    lon: float
    zoom: float

    @property
    def text(self) -> str:
        """As it stands in the URL: 53.8012,-1.5500,9.2."""
        return f"{self.lat:.4f},{self.lon:.4f},{self.zoom:.2f}"


@dataclass(frozen=True)
class Seen:
    """What a map shows, as the browser tells it.

    Size in pixels; `goal`: key of the goal it went to, -1 = none; `holds`: parcels it has.
    """

    view: View
    width: int
    height: int
    goal: int = -1
    holds: tuple[str, ...] = ()


def seen_of(message: Any) -> Seen | None:
    """What the browser shows, by its message; None where there is none that makes sense."""
    try:
        view = View(*(float(message[key]) for key in ("lat", "lon", "zoom")))
        width, height, goal = (int(message[key]) for key in ("width", "height", "goal"))
        holds = tuple(str(name) for name in message["holds"])
    except (KeyError, TypeError, ValueError, OverflowError):
        return None
    if not (_sound(view) and 0 < width <= _WIDEST and 0 < height <= _WIDEST):
        return None
    return Seen(view, width, height, goal, holds)


def view_from(text: str | None) -> View | None:
    """The view that a URL names; None without one, or if it is none.

    `text`: latitude, longitude and zoom, as `View.text` writes them; None or empty = no view.
    """
    try:
        view = View(*(float(part) for part in (text or "").split(",")))
    except (TypeError, ValueError):
        return None
    return view if _sound(view) else None


def _sound(view: View) -> bool:
    return abs(view.lat) <= 90 and abs(view.lon) <= 180 and 0 <= view.zoom <= 20


def extent(hexes: hexgrid.Hexes) -> Box:
    """West, south, east, north around all hexagons, in degrees.

    East is above 180 where they lie on both sides of the date line.

    `hexes`: shape (n,), at least one, all of one level.
    """
    lat, lon = hexgrid.centres(hexes)
    # as far beyond the centres as the first hexagon's corners are from its own
    corners = np.array(hexgrid.outline(int(hexes[0])))
    up = np.abs(corners[:, 0] - lat[0]).max()
    aside = np.abs(sphere.wrapped(corners[:, 1] - lon[0])).max()
    lon = sphere.together(lon)
    return (float(lon.min() - aside), float(lat.min() - up),
            float(lon.max() + aside), float(lat.max() + up))  # fmt: skip


def view_of(box: Box, *, width: int, height: int) -> View:
    """The closest view that shows a whole box on a map of so many pixels.

    `box`: west, south, east, north in degrees, as `extent` gives it. `width`, `height`: of the map,
    in pixels.
    """
    west, south, east, north = box
    margin = 1.06
    wide = max(east - west, 1e-3) * margin / 360
    high = max(_down(south) - _down(north), 1e-5) * margin
    zoom = min(math.log2(width / 512 / wide), math.log2(height / 512 / high))
    middle = float(sphere.wrapped((west + east) / 2))
    return View((south + north) / 2, middle, round(max(1.0, min(zoom, _CLOSEST)), 2))


def view_at(hex_text: str) -> View:
    """A view in which one hexagon stands among its neighbours.

    `hex_text`: the hexagon, of any level.
    """
    hexes = hexgrid.from_text([hex_text])
    lat, lon = hexgrid.centres(hexes)
    # a level is 2.65 times as wide as the next finer one: 1.4 steps of zoom
    zoom = 11.2 - 1.4 * (8 - int(hexgrid.levels(hexes)[0]))
    return View(float(lat[0]), float(lon[0]), round(zoom, 2))


def box_of(seen: Seen) -> Box:
    """What a map shows and a margin, on a raster of 256 pixels: small moves leave it as it is.

    `seen`: what the map shows. Returns west, south, east, north in degrees; west is above east
    where it crosses the date line.
    """
    world = 512 * 2**seen.view.zoom
    cell = 1 / 2 ** (math.floor(seen.view.zoom) + 1)
    wide, high = ((0.5 + _MARGIN) * side / world for side in (seen.width, seen.height))
    x, y = (seen.view.lon + 180) / 360, _down(seen.view.lat)
    west, east = (math.floor((x - wide) / cell) * cell, math.ceil((x + wide) / cell) * cell)
    north, south = (math.floor((y - high) / cell) * cell, math.ceil((y + high) / cell) * cell)
    around = east - west >= 1
    return (-180.0 if around else _lon(west), _lat(south),
            180.0 if around else _lon(east), _lat(north))  # fmt: skip


def level_to_draw(levels: pd.DataFrame) -> int:
    """The finest level with few enough hexagons; else the coarsest there is.

    `levels`: level, n_hexes of one layer and period, at least one row.
    """
    fitting = levels[levels["n_hexes"] <= MOST]
    return int(fitting["level"].max() if len(fitting) else levels["level"].min())


def _down(lat: float) -> float:
    """How far down the square world a latitude lies: 0 north, 1 south."""
    radians = math.radians(float(np.clip(lat, -85.05, 85.05)))
    return 0.5 - math.log(math.tan(math.pi / 4 + radians / 2)) / (2 * math.pi)


def _lat(down: float) -> float:
    if not 0 < down < 1:
        return -90.0 if down >= 1 else 90.0
    return math.degrees(math.atan(math.sinh((0.5 - down) * 2 * math.pi)))


def _lon(across: float) -> float:
    lon = across * 360 - 180
    return lon if -180 <= lon <= 180 else (lon + 180) % 360 - 180
