"""Outlines for orientation under any map: land and borders of the world, clipped. No Streamlit."""

import json
from pathlib import Path
from typing import Any

import shapely

Box = tuple[float, float, float, float]
"""West, south, east, north in degrees."""

_WORLD = Path(__file__).with_name("world.geojson")


def outlines(box: Box) -> dict[str, Any]:
    """Land and borders of the world (Natural Earth) within a box, as geometries by kind."""
    world = json.loads(_WORLD.read_text(encoding="utf-8"))
    return {
        feature["properties"]["kind"]: shapely.clip_by_rect(
            shapely.geometry.shape(feature["geometry"]), *box
        )
        for feature in world["features"]
    }
