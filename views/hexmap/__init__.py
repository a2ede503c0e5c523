"""The map component: hexagons with value and uncertainty, and which one was clicked.

The one seam between the pages and what draws the map. Pages hand over plain frames and get back
where the map looks and which hexagon was chosen; the drawing is done by `bundle/`, which is built
from `frontend/`. Nothing is asked of any other machine unless the settings name a tile server.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import streamlit as st

from geo import hexgrid
from views.drawing.outlines import Box
from views.hexmap.ground import Ground, names, parcels
from views.hexmap.view import (
    MOST,
    Seen,
    View,
    box_of,
    extent,
    level_to_draw,
    seen_of,
    view_at,
    view_from,
    view_of,
)
from views.hexmap.wire import Columns, decode, encode, words
from views.words.colours import Scale
from views.words.looks import Look

__all__ = [
    "MOST", "Box", "Goal", "Ground", "Picture", "Place", "Seen", "View", "box_of", "decode",
    "draw", "extent", "level_to_draw", "payload", "seen", "view_at", "view_from", "view_of",
]  # fmt: skip

_TOP_SHADE = 250
_UNKNOWN, _UNSAFE, _FEW, _HIDDEN = 252, 253, 254, 255


@dataclass(frozen=True)
class Goal:
    """Where the map shall look. It goes there when the key changes, and is free otherwise."""

    key: int
    view: View


@dataclass(frozen=True)
class Place:
    """A place of the list beside the map, for those who walk it by keyboard."""

    hex_text: str
    label: str


@dataclass(frozen=True)
class Picture:
    """What a map shows.

    `hexes`: hex_id, ascending; value, value_lo, value_hi, numerator, denominator, value_raw,
    p_worse, target; region; shown.
    `scale` None = nothing to colour. `home`: the view of everything. `heading` names the period,
    `file` a saved picture. `unreleased` says what hatched hexagons are, and `hidden` what the
    tooltip says of them, by `shown`. `tiles`: address and attribution of an online basemap.
    """

    hexes: pd.DataFrame
    look: Look
    scale: Scale | None
    ground: Ground
    goal: Goal
    home: View
    chosen: str | None
    places: Sequence[Place]
    theme: str
    heading: str
    file: str
    unreleased: str
    hidden: dict[str, str]
    tiles: tuple[str, str] = ("", "")


def draw(
    picture: Picture,
    *,
    name: str,
    height: int,
    link: str = "",
    on_choose: Callable[[str | None], None],
) -> None:
    """Draws a map of that name; maps with the same `link` move together.

    `picture`: what it shows. `name`: its own on the page. `height`: in pixels. `link`: empty = it
    moves alone. `on_choose` is called before the next run with the hexagon that was clicked; None =
    none.
    """
    held = seen(name)
    sent = payload(picture, name=name, height=height, link=link, held=held.holds if held else ())

    def clicked() -> None:
        chosen = (st.session_state[name].get("clicked") or {}).get("hex")
        if chosen is None or hexgrid.from_text([str(chosen)])[0] != hexgrid.NO_HEX:
            on_choose(chosen)

    _component()(
        key=name, data=sent, height=height, on_seen_change=lambda: None, on_clicked_change=clicked
    )


def seen(name: str) -> Seen | None:
    """What the map of that name last said of itself; None before it did."""
    return seen_of((st.session_state.get(name) or {}).get("seen"))


@cache
def _component() -> Any:
    # found by pyproject.toml of the checkout, or of this package in a wheel
    return st.components.v2.component("hexperience.hexmap", js="hexmap.js", css="hexmap.css")


def payload(
    picture: Picture, *, name: str, height: int, link: str = "", held: Sequence[str] = ()
) -> bytes:
    """The bytes that make the browser show a picture; parcels named in `held` are left out.

    `picture`, `name`, `height`, `link`: as of `draw`. `held`: hashes of the parcels that the
    browser has.
    """
    named = picture.hexes["region"].fillna("").to_numpy(str)
    regions, index = np.unique(named, return_inverse=True)
    header = {
        "name": name, "height": height, "link": link, "theme": picture.theme,
        "look": _look(picture), "heading": picture.heading, "file": picture.file,
        "goal": {"key": picture.goal.key, **vars(picture.goal.view)}, "home": vars(picture.home),
        "chosen": picture.chosen, "regions": regions.tolist(), "names": names(picture.ground)[0],
        "places": _places(picture.places),
        "tiles": dict(zip(("address", "attribution"), picture.tiles, strict=True)),
    }  # fmt: skip
    hexes: dict[str, Columns] = {
        "set": {"ids": words(picture.hexes["hex_id"].to_numpy(np.uint64)),
                "region": index.astype(np.uint16)},
        "values": _values(picture.hexes, picture.scale),
    }  # fmt: skip
    return encode(header, {**hexes, **parcels(picture.ground)}, held=held)


def _look(picture: Picture) -> dict[str, Any]:
    look, scale = picture.look, picture.scale
    return {
        "title": look.title, "unit": look.unit, "figure": look.figure, "counted": look.counted,
        "stops": scale.stops if scale else None, "ticks": scale.ticks() if scale else [],
        "unreleased": picture.unreleased, "hidden": picture.hidden,
    }  # fmt: skip


def _places(places: Sequence[Place]) -> list[tuple[str, str, float, float]]:
    lat, lon = hexgrid.centres(hexgrid.from_text([place.hex_text for place in places]))
    labels = [(place.hex_text, place.label) for place in places]
    return [(*one, *at) for one, at in zip(labels, zip(lat, lon, strict=True), strict=True)]


def _values(hexes: pd.DataFrame, scale: Scale | None) -> Columns:
    figures = {"value": "value", "low": "value_lo", "high": "value_hi",
               "numerator": "numerator", "denominator": "denominator"}  # fmt: skip
    # of these most layers know nothing
    more = {"raw": "value_raw", "worse": "p_worse", "target": "target"}
    figures |= {name: column for name, column in more.items() if hexes[column].notna().any()}
    columns = {name: _float(hexes[column]) for name, column in figures.items()}
    return {**columns, **shades(hexes, scale)}


def shades(hexes: pd.DataFrame, scale: Scale | None) -> dict[str, npt.NDArray[Any]]:
    """Place of each value on the scale, 0..250, or why it has none; alpha 0 = hatched.

    `hexes`: value, value_lo, value_hi, NaN = not known; shown. `scale`: None = nothing to colour.
    """
    kinds = {"few": _FEW, "hidden": _HIDDEN, "unsafe": _UNSAFE}
    unknown = hexes["shown"].map(kinds).fillna(_UNKNOWN).to_numpy(np.uint8)
    if scale is None:
        return {"shade": unknown, "alpha": np.zeros(len(hexes), np.uint8)}
    known = np.isfinite(hexes["value"].to_numpy(float))
    along = np.nan_to_num(scale.place(hexes["value"]))
    alpha = scale.opacities(hexes["value_lo"], hexes["value_hi"])
    return {
        "shade": np.where(known, np.round(_TOP_SHADE * along), unknown).astype(np.uint8),
        "alpha": np.where(known, alpha, 0).astype(np.uint8),
    }


def _float(column: pd.Series) -> npt.NDArray[np.float32]:
    return column.to_numpy(float).astype("<f4")
