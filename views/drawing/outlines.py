"""Outlines for orientation under any map: land and borders of the world, clipped. No Streamlit."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

Box = tuple[float, float, float, float]
"""West, south, east, north in degrees; west is below -180 or east above 180 at the date line."""

_WORLD = Path(__file__).with_name("world.geojson")


def outlines(box: Box) -> dict[str, Any]:
    """Land and borders of the world (Natural Earth) within a box, as geometries by kind."""
    world = json.loads(_WORLD.read_text(encoding="utf-8"))
    kinds = [feature["properties"]["kind"] for feature in world["features"]]
    shapes = [shapely.geometry.shape(feature["geometry"]) for feature in world["features"]]
    return dict(zip(kinds, clipped(shapes, box), strict=True))


def clipped(shapes: npt.ArrayLike, box: Box) -> npt.NDArray[np.object_]:
    """The part of each shape within a box, shape (n,), in one piece across the date line.

    `shapes`: of longitudes of -180..180, shape (n,). `box`: of at most 360 degrees; the parts have
    its longitudes.
    """
    west, south, east, north = box
    whole = np.asarray(shapes, object)
    parts = shapely.clip_by_rect(whole, west, south, east, north)
    turns = [turn for turn, beyond in ((-360, west < -180), (360, east > 180)) if beyond]
    for turn in turns:
        there = shapely.transform(whole, lambda xy, turn=turn: np.add(xy, [turn, 0]))
        parts = shapely.union(parts, shapely.clip_by_rect(there, west, south, east, north))
    return parts
