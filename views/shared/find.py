"""The search box: a place by its name, its id, its hexagon or its coordinates."""

import re
from typing import Any

import streamlit as st

from geo import hexgrid
from views.shared import data, url
from views.shared.page import plain
from views.words.numbers import rows

_MOST = 8
_ICONS = {"region": ":material/map:", "site": ":material/cell_tower:",
          "cell": ":material/network_cell:"}  # fmt: skip
_POINT = re.compile(r"\s*([-+−]?\d{1,2}(?:\.\d+)?)\s*[,;\s]\s*([-+−]?\d{1,3}(?:\.\d+)?)\s*")


def box() -> None:
    """Draws the box, and below it the places that fit what was typed, each a way to the map."""
    with st.popover("Find", icon=":material/search:", type="tertiary"):
        text = st.text_input("Cell, site, region, hexagon or latitude, longitude", key="find",
                             placeholder="Leeds 21, LDS21B1, 53.80, -1.55")  # fmt: skip
        if text.strip():
            _found(text)


def _found(text: str) -> None:
    hex_text = hexagon_of(text, level=int(data.facts()["level"]))
    if hex_text:
        _way(f"Hexagon {hex_text}", ":material/hexagon:", hex_text, None)
    places = data.answer("find_places", text=text, top=_MOST)
    for place in rows(places):
        key = url.PlaceKey(place.place_type, place.place_id)
        _way(_label(place), _ICONS[place.place_type], place.shown_hex_text, key)
    if not hex_text and places.empty:
        st.caption("No cell, site or region goes by that. Two numbers are latitude and longitude "
                   "in degrees, with points.")  # fmt: skip


def _way(label: str, icon: str, hex_text: object, key: url.PlaceKey | None) -> None:
    shown = hex_text if isinstance(hex_text, str) else None
    with st.container(horizontal=True, horizontal_alignment="distribute"):
        if st.button(plain(label), icon=icon, type="tertiary", key=f"find {label}"):
            url.open_map(shown, key)
        of_place = key or (url.PlaceKey("hex", shown) if shown else None)
        if of_place and st.button("All about it", type="tertiary", key=f"about {label}"):
            url.open_place(of_place)


def _label(place: Any) -> str:
    """A place's name, the name that fits if it is another, and its region."""
    names = [place.place_name, place.goes_by, place.region]
    return " · ".join(dict.fromkeys(name for name in names if isinstance(name, str)))


def hexagon_of(text: str, level: int) -> str | None:
    """The hexagon that a text names, by its H3 index or as a point; None where it names none.

    `text`: an H3 index in letters and digits, or latitude and longitude in degrees. `level`: H3
    level of the hexagon around a point.
    """
    index = hexgrid.from_text([text.strip().lower()])
    if index[0] != hexgrid.NO_HEX:
        return text.strip().lower()
    point = _POINT.fullmatch(text)
    if point is None:
        return None
    lat, lon = (float(part.replace("−", "-")) for part in point.groups())
    around = hexgrid.hexes_of(lat=[lat], lon=[lon], level=level)
    return hexgrid.as_text(around)[0] if around[0] != hexgrid.NO_HEX else None
