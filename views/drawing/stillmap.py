"""The map as a still picture: inline SVG that needs no script, no font and no outside request.

Every colour is there twice, `--l` on light ground and `--d` on dark; the page's style picks one.
Hexagons of a like colour and certainty share one path, so that 15,000 of them stay a light page.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from html import escape

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from geo import hexgrid, sphere
from views.drawing.outlines import Box, clipped, outlines
from views.words.colours import UNKNOWN, Scale, scale
from views.words.looks import Look

MOST = 20_000
"""Hexagons in one picture; of more the busiest are drawn."""

_WIDTH, _TALLEST, _LOWEST = 720, 620, 300
_SHADES, _CERTAINTIES = 24, 5
_MARGIN = 14
_EARTH_M = 6_371_008.8
_MOST_HIDDEN = 0.5
_METRES = (100_000, 50_000, 20_000, 10_000, 5_000, 2_000, 1_000, 500, 200, 100)

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Mark:
    """A numbered place on the map."""

    lat: float
    lon: float
    text: str


@dataclass(frozen=True)
class Still:
    """A picture, the scale of its colours on light and on dark ground, and how much it shows."""

    svg: str
    light: Scale | None
    dark: Scale | None
    n_drawn: int
    n_all: int

    @property
    def ramp(self) -> str:
        """Both gradients of the legend, as custom properties."""
        if self.light is None or self.dark is None:
            return ""
        stops = (", ".join(f"#{s}" for s in each.stops) for each in (self.light, self.dark))
        light, dark = (f"linear-gradient(to right, {each})" for each in stops)
        return f"--l: {light}; --d: {dark}"


def draw(
    hexes: pd.DataFrame,
    look: Look,
    *,
    title: str,
    regions: gpd.GeoDataFrame | None = None,
    marks: Iterable[Mark] = (),
) -> Still:
    """A picture of one metric's hexagons, fainter where unsure, over land, borders and regions.

    `hexes`: hex_text, value, value_lo, value_hi, denominator; a value that is missing is grey.
    `look`: the metric. `title`: what is read out instead of the picture. `regions`: outlines; None
    = none. `marks`: numbered places, drawn over the hexagons. The frame holds the hexagons with 95
    % of the calls or persons; empty outskirts would make the rest small. Web Mercator, north up; a
    map across the antimeridian is drawn in two parts far from each other.
    """
    shown = hexes if len(hexes) <= MOST else hexes.nlargest(MOST, "denominator")
    light, dark = (scale(hexes, look, theme) for theme in ("light", "dark"))
    rings = _rings(shown["hex_text"])
    # nearly all: a picture on paper can't be moved to the rest
    framed = np.flatnonzero(reaching(shown["denominator"], share=0.95))
    paper = _Paper.around([rings[i] for i in framed])
    body = "".join([
        *_ground(paper, regions),
        *_hexagons(paper, rings, shown, light, dark),
        *_borders(paper, regions),
        *_marks(paper, marks),
        _bar(paper),
    ])  # fmt: skip
    svg = (
        f'<svg class="map" viewBox="0 0 {_WIDTH} {paper.height}" role="img" '
        f'aria-label="{escape(title)}" xmlns="http://www.w3.org/2000/svg">{body}</svg>'
    )
    return Still(svg, light, dark, len(shown), len(hexes))


def reaching(denominator: pd.Series, *, share: float) -> npt.NDArray[np.bool_]:
    """Which hexagons, the busiest first, reach `share` of what was counted; all where most is not.

    `denominator`: calls or persons of each hexagon, NaN = not known. Where it is not known of more
    than half of them, as of figures that did not leave, all are taken: the few that are known do
    not say where the rest is. The hexagon with which the share is reached is among them, so that
    there is always one.
    """
    if denominator.isna().mean() > _MOST_HIDDEN:
        return np.ones(len(denominator), bool)
    carried = denominator.fillna(0).sort_values(ascending=False, kind="stable").cumsum()
    before = carried.shift(fill_value=0).reindex(denominator.index).to_numpy(float)
    return before <= share * float(denominator.sum())


@dataclass(frozen=True)
class _Paper:
    """From degrees to the picture's points."""

    west: float
    north: float
    per_unit: float
    height: int
    box: Box

    @classmethod
    def around(cls, rings: list[Floats]) -> "_Paper":
        corners = np.concatenate(rings) if rings else np.array([[0.0, 0.0], [1.0, 1.0]])
        corners[:, 1] = sphere.together(corners[:, 1])
        (south, west), (north, east) = corners.min(axis=0), corners.max(axis=0)
        wide, high = float(_x(east) - _x(west)), float(_y(north) - _y(south))
        per_unit = min((_WIDTH - 2 * _MARGIN) / wide, (_TALLEST - 2 * _MARGIN) / high)
        height = max(round(per_unit * high) + 2 * _MARGIN, _LOWEST)
        left = float(_x(west)) - (_WIDTH / per_unit - wide) / 2
        top = float(_y(north)) + (height / per_unit - high) / 2
        right, bottom = left + _WIDTH / per_unit, top - height / per_unit
        west, east = (float(np.degrees(x)) for x in (left, right))
        south, north = (float(_latitude(y)) for y in (bottom, top))
        return cls(left, top, per_unit, height, (west, south, east, north))

    def points(self, lat: npt.ArrayLike, lon: npt.ArrayLike) -> Floats:
        """Points of the picture, shape (n, 2)."""
        west, _, east, _ = self.box
        # the copy of a meridian that is nearest to the picture: the date line parts nothing
        turns = np.round((np.asarray(lon, float) - (west + east) / 2) / 360)
        across = (_x(np.asarray(lon, float) - 360 * turns) - self.west) * self.per_unit
        down = (self.north - _y(np.asarray(lat, float))) * self.per_unit
        return np.column_stack([across, down])

    @property
    def metres_per_point(self) -> float:
        """Ground length of one point in the middle of the picture."""
        middle = _latitude(self.north - self.height / self.per_unit / 2)
        return float(_EARTH_M * np.cos(np.radians(middle)) / self.per_unit)


def _x(lon: npt.ArrayLike) -> Floats:
    return np.radians(np.asarray(lon, float))


def _y(lat: npt.ArrayLike) -> Floats:
    return np.asarray(np.arctanh(np.sin(np.radians(np.clip(lat, -85, 85)))))


def _latitude(y: npt.ArrayLike) -> Floats:
    return np.asarray(np.degrees(np.arcsin(np.tanh(np.asarray(y, float)))))


def _rings(texts: pd.Series) -> list[Floats]:
    """Corners of each hexagon, shape (corners, 2) of latitude and longitude."""
    return [np.array(hexgrid.outline(h)) for h in hexgrid.from_text(texts).tolist()]


# --- layers -----------------------------------------------------------------------------------


def _ground(paper: _Paper, regions: gpd.GeoDataFrame | None) -> Iterator[str]:
    yield f'<rect class="sea" width="{_WIDTH}" height="{paper.height}"/>'
    shapes = outlines(paper.box)
    yield f'<path class="land" d="{_path(paper, shapes["land"])}"/>'
    yield f'<path class="border" d="{_path(paper, shapes["border"])}"/>'
    if regions is not None:
        yield f'<path class="region under" d="{_regions(paper, regions)}"/>'


def _hexagons(
    paper: _Paper, rings: list[Floats], hexes: pd.DataFrame, light: Scale | None, dark: Scale | None
) -> Iterator[str]:
    if light is None or dark is None:
        places, sure = np.full(len(hexes), np.nan), np.zeros(len(hexes))
    else:
        places = np.round(light.place(hexes["value"]) * _SHADES) / _SHADES
        alpha = light.opacities(hexes["value_lo"], hexes["value_hi"]) / 255
        sure = np.round(alpha * _CERTAINTIES) / _CERTAINTIES
    sure = np.where(np.isnan(places), UNKNOWN[3] / 255, sure)
    alike = pd.DataFrame({"place": places, "sure": sure})
    for _, members in alike.groupby(["place", "sure"], dropna=False):
        place, certainty = members.iloc[0]
        outlines = "".join(_ring(paper.points(*rings[i].T)) for i in members.index)
        paint = f"--l:{_colour(light, place)};--d:{_colour(dark, place)}"
        yield f'<path class="hex" style="{paint}" fill-opacity="{certainty:.2f}" d="{outlines}"/>'


def _colour(colours: Scale | None, place: float) -> str:
    rgb = UNKNOWN[:3] if colours is None or np.isnan(place) else colours.at([place])[0].tolist()
    return "#{:02x}{:02x}{:02x}".format(*rgb)


def _borders(paper: _Paper, regions: gpd.GeoDataFrame | None) -> Iterator[str]:
    if regions is None:
        return
    yield f'<path class="region" d="{_regions(paper, regions)}"/>'
    frame = shapely.box(*paper.box)
    parts = clipped(regions.geometry.array, paper.box)
    for name, seen in zip(regions["name"], parts, strict=True):
        if seen.area > 0.01 * frame.area:
            spot = seen.representative_point()
            x, y = paper.points([spot.y], [spot.x])[0]
            yield f'<text class="name" x="{x:.0f}" y="{y:.0f}">{escape(str(name))}</text>'


def _marks(paper: _Paper, marks: Iterable[Mark]) -> Iterator[str]:
    for mark in marks:
        x, y = paper.points([mark.lat], [mark.lon])[0]
        yield (
            f'<g class="mark" transform="translate({x:.1f} {y:.1f})"><circle r="9"/>'
            f'<text dy=".35em">{escape(mark.text)}</text></g>'
        )


def _bar(paper: _Paper) -> str:
    most = 0.25 * _WIDTH * paper.metres_per_point
    metres = next((m for m in _METRES if m <= most), _METRES[-1])
    long = metres / paper.metres_per_point
    text = f"{metres // 1000} km" if metres >= 1000 else f"{metres} m"
    x, y = _WIDTH - _MARGIN, paper.height - _MARGIN
    return (
        f'<path class="bar" d="M{x - long:.1f} {y - 5}v5H{x}v-5"/>'
        f'<text class="scale" x="{x}" y="{y - 9}">{text}</text>'
    )


# --- paths ------------------------------------------------------------------------------------


def _ring(points: Floats) -> str:
    # whole tenths, each point relative to the last: half the length of absolute ones
    tenths = np.round(points * 10).astype(int)
    steps = np.diff(tenths, axis=0)
    start = f"M{tenths[0, 0] / 10:g} {tenths[0, 1] / 10:g}l"
    return start + " ".join(f"{dx / 10:g} {dy / 10:g}" for dx, dy in steps.tolist()) + "z"


def _regions(paper: _Paper, regions: gpd.GeoDataFrame) -> str:
    return "".join(_path(paper, part) for part in clipped(regions.geometry.array, paper.box))


def _path(paper: _Paper, shape: shapely.Geometry) -> str:
    """Outlines of a geometry of any kind; lines stay open."""
    lines = shapely.get_parts(shape)
    rings = [
        ring
        for part in lines
        for ring in ([part.exterior, *part.interiors] if part.geom_type == "Polygon" else [part])
        if part.geom_type in ("Polygon", "LineString")
    ]
    return "".join(_line(paper, ring) for ring in rings if len(ring.coords) > 1)


def _line(paper: _Paper, ring: shapely.Geometry) -> str:
    lon, lat = np.array(ring.coords)[:, :2].T
    path = _ring(paper.points(lat, lon))
    return path if ring.is_closed else path.removesuffix("z")
