"""Outlines, masts and interventions as plain columns for the browser; no Streamlit."""

from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from views.drawing.outlines import Box, clipped
from views.hexmap.wire import Columns

_ALL_ROUND = 360.0


@dataclass(frozen=True)
class Ground:
    """What lies under and over the hexagons for orientation; `box` is around all of them.

    `outlines`: land and border as GeoJSON geometries. `sites`, `interventions`: lat, lon.
    `sectors`: lat, lon, azimuth_deg, h_beamwidth_deg.
    """

    box: Box
    outlines: dict[str, Any]
    regions: gpd.GeoDataFrame | None
    sites: pd.DataFrame
    sectors: pd.DataFrame
    interventions: pd.DataFrame


def parcels(ground: Ground) -> dict[str, Columns]:
    """Parcels land, border, regions (xy: lon, lat; at: where each line begins) and points.

    `ground`: what to send. Sectors that serve all round have no beam and are left out.
    """
    land, border = (shapely.geometry.shape(ground.outlines[kind]) for kind in ("land", "border"))
    regions = [] if ground.regions is None else ground.regions.geometry.array
    _, named = names(ground)
    aimed = ground.sectors[ground.sectors["h_beamwidth_deg"] < _ALL_ROUND]
    return {
        "land": _lines(np.array([land])),
        "border": _lines(np.array([border])),
        "regions": _lines(np.asarray(regions, object)),
        "points": {
            "sites": _points(ground.sites),
            "interventions": _points(ground.interventions.dropna(subset=["lat", "lon"])),
            "sectors": _points(aimed),
            "beams": _flat(aimed[["azimuth_deg", "h_beamwidth_deg"]]),
            "names": named,
        },
    }


def names(ground: Ground) -> tuple[list[str], npt.NDArray[np.float32]]:
    """Names of the regions, and where they stand: lon, lat of each.

    `ground`: without regions there are no names; those outside its box have none either.
    """
    if ground.regions is None:
        return [], np.empty(0, "<f4")
    # a name stands in the part of its region that has hexagons around it
    seen = clipped(ground.regions.geometry.array, ground.box)
    points = shapely.point_on_surface(seen)
    drawn = ~shapely.is_empty(points)
    texts = ground.regions["name"].to_numpy()[drawn].astype(str).tolist()
    return texts, shapely.get_coordinates(points[drawn]).astype("<f4").ravel()


def _lines(shapes: npt.NDArray[np.object_]) -> Columns:
    parts = shapely.get_parts(shapes)
    flat = shapely.get_type_id(parts) == shapely.GeometryType.POLYGON
    rings = np.concatenate([shapely.get_rings(parts[flat]), parts[~flat]])
    counts = shapely.get_num_coordinates(rings)
    return {
        "xy": shapely.get_coordinates(rings).astype("<f4").ravel(),
        "at": np.concatenate([[0], np.cumsum(counts)]).astype("<u4"),
    }


def _points(frame: pd.DataFrame) -> npt.NDArray[np.float32]:
    return _flat(frame[["lon", "lat"]])


def _flat(frame: pd.DataFrame) -> npt.NDArray[np.float32]:
    return frame.to_numpy(float).astype("<f4").ravel()
