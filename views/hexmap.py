"""The map: hexagons over outlines, and which hexagon was clicked.

The one seam between the pages and whatever draws the map. Pages hand over plain frames and get
back the text of a hexagon; pydeck is known here only. Nothing is asked of any other machine: the
ground is drawn from data of our own, and the style is a `data:` address (no style at all would
make the browser ask an outside server for one).
"""

import json
import math
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import geopandas as gpd
import numpy as np
import pandas as pd
import pydeck
import shapely
import streamlit as st

from geo import hexgrid
from views.data import Box

MOST = 15_000
"""Hexagons drawn at a time; more make the browser slow and clicks go unheard."""

_PAPER = {
    "light": {"sea": "#cfdae2", "land": [229, 231, 233], "line": [150, 155, 160],
              "region": [90, 90, 100], "text": [60, 62, 70, 255], "halo": [255, 255, 255, 210],
              "chosen": [15, 15, 20, 255], "site": [40, 44, 52, 190]},
    "dark": {"sea": "#10151b", "land": [29, 32, 38], "line": [95, 100, 108],
             "region": [170, 172, 180], "text": [225, 227, 232, 255], "halo": [10, 12, 16, 210],
             "chosen": [255, 255, 255, 255], "site": [235, 238, 242, 190]},
}  # fmt: skip


@dataclass(frozen=True)
class Ground:
    """What lies under and over the hexagons for orientation; `box` is around all of them."""

    box: Box
    outlines: dict[str, Any]
    regions: gpd.GeoDataFrame | None
    sites: pd.DataFrame


@dataclass(frozen=True)
class View:
    """Where the map looks when it is opened."""

    lat: float
    lon: float
    zoom: float


def extent(hexes: pd.Series) -> Box:
    """West, south, east, north around all hexagons, in degrees."""
    ids = hexgrid.from_text(hexes)
    lat, lon = hexgrid.centres(ids)
    # as far beyond the centres as the first hexagon's corners are from its own
    corners = np.array(hexgrid.outline(int(ids[0])))
    up, aside = np.abs(corners - [lat[0], lon[0]]).max(axis=0)
    return (float(lon.min() - aside), float(lat.min() - up),
            float(lon.max() + aside), float(lat.max() + up))  # fmt: skip


def view_of(box: Box, *, width: int, height: int) -> View:
    """The closest view that shows a whole box on a map of so many pixels (Web Mercator)."""
    west, south, east, north = box
    margin = 1.06
    wide = max(east - west, 1e-3) * margin / 360
    high = max(_mercator(north) - _mercator(south), 1e-5) * margin
    zoom = min(math.log2(width / 512 / wide), math.log2(height / 512 / high))
    return View((south + north) / 2, (west + east) / 2, round(min(zoom, 13.0), 2))


def view_at(hex_text: str) -> View:
    """A view in which one hexagon stands among its neighbours."""
    hexes = hexgrid.from_text([hex_text])
    lat, lon = hexgrid.centres(hexes)
    # a level is 2.65 times as wide as the next finer one: 1.4 steps of zoom
    zoom = 11.2 - 1.4 * (8 - int(hexgrid.levels(hexes)[0]))
    return View(float(lat[0]), float(lon[0]), round(zoom, 2))


def draw(
    hexes: pd.DataFrame, *, ground: Ground, view: View, chosen: str | None, theme: str, height: int
) -> str | None:
    """Draws the map; the hexagon that was just clicked, or None if this run has another reason.

    `hexes`: hex_text; red, green, blue, alpha 0..255; head, value, detail, place: lines of the
    tooltip, shown as text whatever they hold. `chosen` is outlined. `theme`: light or dark.
    """
    clicked = _clicked()
    layers = [
        *_under(ground, theme),
        _hexagons(hexes, theme),
        *_over(ground, theme),
        *_chosen(clicked or chosen, theme),
    ]
    deck = pydeck.Deck(
        layers=layers,
        initial_view_state=pydeck.ViewState(latitude=view.lat, longitude=view.lon, zoom=view.zoom),
        map_provider="carto",
        map_style=_style(theme),
        tooltip=_TOOLTIP[theme],
    )
    st.pydeck_chart(deck, height=height, on_select="rerun", selection_mode="single-object",
                    key=_KEY, alt="Map of hexagons; the tables beside it say the same")  # fmt: skip
    return clicked


_KEY = "hexmap"
_TURN = "hexmap turn"


def _clicked() -> str | None:
    """The hexagon of a click not yet answered.

    Each answer gives the layer of hexagons a new name. The browser then forgets the selection, for
    which it would dim all other hexagons, and an old selection can be told from a new click.
    """
    turn = st.session_state.setdefault(_TURN, 0)
    held = st.session_state.get(_KEY) or {}
    objects = held.get("selection", {}).get("objects", {}).get(_name(turn))
    if not objects:
        return None
    st.session_state[_TURN] = turn + 1
    return str(objects[0]["hex_text"])


def _name(turn: int) -> str:
    return f"hexes-{turn}"


def _hexagons(hexes: pd.DataFrame, theme: str) -> pydeck.Layer:
    columns = ["hex_text", "head", "value", "detail", "place"]
    fills = hexes[["red", "green", "blue", "alpha"]].to_numpy().tolist()
    texts = hexes[columns].to_dict("records")
    rows = [{**text, "fill": fill} for text, fill in zip(texts, fills, strict=True)]
    return pydeck.Layer(
        "H3HexagonLayer", id=_name(st.session_state[_TURN]), data=rows,
        get_hexagon="hex_text", get_fill_color="fill", extruded=False, filled=True, stroked=True,
        # no gaps between them: a click on a gap would go unheard
        get_line_color=[*_PAPER[theme]["land"], 170], get_line_width=25, line_width_min_pixels=0.4,
        line_width_max_pixels=1.2, pickable=True,
    )  # fmt: skip


def _chosen(hex_text: str | None, theme: str) -> list[pydeck.Layer]:
    if not hex_text:
        return []
    return [pydeck.Layer(
        "H3HexagonLayer", id="chosen", data=[{"hex_text": hex_text}], get_hexagon="hex_text",
        extruded=False, filled=False, stroked=True, get_line_color=_PAPER[theme]["chosen"],
        line_width_min_pixels=3, pickable=False,
    )]  # fmt: skip


def _under(ground: Ground, theme: str) -> list[pydeck.Layer]:
    paper = _PAPER[theme]
    common = {"pickable": False, "line_width_min_pixels": 1, "get_line_color": paper["line"]}
    land, border = (ground.outlines[kind] for kind in ("land", "border"))
    return [
        pydeck.Layer("GeoJsonLayer", id="land", data=_feature(land), filled=True, stroked=True,
                     get_fill_color=paper["land"], **common),
        pydeck.Layer("GeoJsonLayer", id="border", data=_feature(border), filled=False, **common),
    ]  # fmt: skip


def _over(ground: Ground, theme: str) -> list[pydeck.Layer]:
    paper = _PAPER[theme]
    layers = [pydeck.Layer(
        "ScatterplotLayer", id="sites", data=ground.sites[["lon", "lat"]].to_dict("records"),
        get_position="[lon, lat]", get_fill_color=paper["site"], get_radius=60,
        radius_min_pixels=1.2, radius_max_pixels=4, pickable=False,
    )]  # fmt: skip
    if ground.regions is not None:
        layers += [
            _region_lines(ground.regions, paper),
            _region_names(ground.regions, ground.box, paper),
        ]
    return layers


def _region_lines(regions: gpd.GeoDataFrame, paper: dict[str, Any]) -> pydeck.Layer:
    return pydeck.Layer(
        "GeoJsonLayer", id="regions", data=json.loads(regions.to_json()), filled=False,
        stroked=True, get_line_color=[*paper["region"], 110], line_width_min_pixels=1.4,
        pickable=False,
    )  # fmt: skip


def _region_names(regions: gpd.GeoDataFrame, box: Box, paper: dict[str, Any]) -> pydeck.Layer:
    # a name stands in the part of its region that has hexagons around it
    seen = shapely.clip_by_rect(regions.geometry.array, *box)
    points = shapely.point_on_surface(seen)
    named = zip(regions["name"], points, strict=True)
    rows = [{"name": name, "at": [at.x, at.y]} for name, at in named if not at.is_empty]
    return pydeck.Layer(
        "TextLayer", id="region names", data=rows, get_position="at", get_text="name", get_size=13,
        get_color=paper["text"], character_set=pydeck.types.String("auto"), pickable=False,
        font_family=pydeck.types.String("Source Sans, sans-serif"), font_weight=600,
        outline_width=3, outline_color=paper["halo"],
        font_settings={"sdf": True, "fontSize": 48, "buffer": 6, "radius": 10},
    )  # fmt: skip


def _feature(geometry: dict[str, Any]) -> dict[str, Any]:
    return {"type": "FeatureCollection", "features": [
        {"type": "Feature", "properties": {}, "geometry": geometry}]}  # fmt: skip


def _style(theme: str) -> str:
    ground = {"id": "sea", "type": "background",
              "paint": {"background-color": _PAPER[theme]["sea"]}}  # fmt: skip
    text = json.dumps({"version": 8, "sources": {}, "layers": [ground]})
    return f"data:application/json,{quote(text)}"


# Streamlit writes the fields into the template escaped; a browser test holds it to that
_LINES = (
    "<div style='font-size:12px;line-height:1.45'>{head}<br/>"
    "<b style='font-size:15px'>{value}</b><br/>{detail}<br/>"
    "<span style='opacity:.7'>{place}</span></div>"
)
_TOOLTIP = {
    theme: {"html": _LINES, "style": {
        "backgroundColor": back, "color": front, "borderRadius": "4px", "padding": "8px 10px",
        "boxShadow": "0 1px 6px rgba(0,0,0,.3)"}}
    for theme, back, front in (("light", "#ffffff", "#1d2129"), ("dark", "#2a2f37", "#eceff3"))
}  # fmt: skip


def _mercator(lat: float) -> float:
    radians = math.radians(float(np.clip(lat, -85, 85)))
    return math.log(math.tan(math.pi / 4 + radians / 2)) / (2 * math.pi)
