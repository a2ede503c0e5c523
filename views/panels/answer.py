"""An answer to any question: as a table, a chart or a map, and to take away."""

from collections.abc import Sequence
from functools import partial

import numpy as np
import pandas as pd
import streamlit as st

from contracts.errors import HexperienceError
from contracts.fields import FIELDS
from geo import hexgrid
from views import hexmap
from views.console import export
from views.drawing import charts
from views.panels.placed import BY, Placed, placed
from views.shared import data, pickers
from views.shared.page import picture, plain, theme
from views.words.colours import scale
from views.words.looks import look_of

_MOST, _FEW, _TALL = 2_000, 11, 420
_DRAWN = 5_000
"""Rows of an answer that a chart draws at most."""
_FILES = {
    "CSV": ("csv", "csv", "text/csv"),
    "Excel": ("xlsx", "xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    "Parquet": ("parquet", "parquet", "application/vnd.apache.parquet"),
    "GeoPackage": ("gpkg", "gpkg", "application/geopackage+sqlite3"),
    "KMZ": ("kmz", "kmz", "application/vnd.google-earth.kmz"),
}
_OF_MAPS = ("GeoPackage", "KMZ")
_SHOWN = {"table": "Table", "chart": "Chart", "map": "Map"}
_NOTHING = ["value_lo", "value_hi", "numerator", "denominator", "value_raw", "p_worse", "target"]


def panel(
    frame: pd.DataFrame, name: str, *, notes: Sequence[str] = (), seconds: float | None = None
) -> None:
    """Draws an answer: table, chart or map as chosen, files to take away, meanings of columns.

    `frame`: the answer. `name`: of the files. `notes`: what cut it. `seconds`: how long it took;
    None = nobody asks.
    """
    with st.container(horizontal=True, vertical_alignment="center"):
        kinds = {kind: title for kind, title in _SHOWN.items() if kind != "map" or {*BY} & {*frame}}
        shown = pickers.segments("Show as", kinds, param="show")
        first = f"the first {_MOST:,} of " if shown == "table" and len(frame) > _MOST else ""
        took = "" if seconds is None else f" in {seconds:.2g} s"
        st.caption(f"{first}{len(frame):,} rows{took}; times in UTC", width="content")
        files(frame, name)
    for note in notes:
        st.warning(plain(note))
    {"table": _table, "chart": _chart, "map": on_map}[shown](frame)
    _meanings(frame)


def files(frame: pd.DataFrame, name: str) -> None:
    """Draws the ways to take an answer away.

    `frame`: the answer; with hexagons, or lat and lon, it has files of maps too. `name`: of them.
    """
    with st.popover("Download", type="tertiary"):
        for title, (form, ending, mime) in _FILES.items():
            is_placed = bool({"hex_text", "hex_id"} & {*frame}) or {"lat", "lon"} <= {*frame}
            if title in _OF_MAPS and not is_placed:
                continue
            st.download_button(
                title, partial(_encoded, frame, form), f"{name}.{ending}", mime, on_click="ignore",
                key=f"download {form}", width="stretch",
            )  # fmt: skip


def _encoded(frame: pd.DataFrame, form: str) -> bytes:
    if form in ("gpkg", "kmz") and "hex_text" not in frame and "hex_id" in frame:
        known = frame.dropna(subset=["hex_id"])
        texts = hexgrid.as_text(known["hex_id"].to_numpy(np.uint64))
        return export.encoded(known.assign(hex_text=texts), form)
    return export.encoded(frame, form)


def _table(frame: pd.DataFrame) -> None:
    # sixteen digits are more than a browser's numbers hold
    shown = frame.head(_MOST).astype(dict.fromkeys({"hex_id"} & {*frame}, "str"))
    days = {str(name): st.column_config.DateColumn() for name in frame.select_dtypes("datetime")}
    st.dataframe(shown, hide_index=True, placeholder="", column_config=days,
                 height=_TALL if len(shown) > _FEW else "content")  # fmt: skip


def _meanings(frame: pd.DataFrame) -> None:
    meanings = [
        {"column": name, "unit": FIELDS[name].unit, "meaning": FIELDS[name].meaning}
        for name in map(str, frame)
        if name in FIELDS
    ]
    if not meanings:
        return
    with st.expander("What the columns mean"):
        st.dataframe(meanings, hide_index=True,
                     height=_TALL if len(meanings) > _FEW else "content",
                     column_config={"meaning": st.column_config.TextColumn(width=700)})  # fmt: skip


# --- chart ------------------------------------------------------------------------------------


def _chart(frame: pd.DataFrame) -> None:
    numbers = _names(frame.select_dtypes("number"))
    if not numbers:
        st.info("No column has numbers, so there is nothing to draw: show it as a table.")
        return
    times = _names(frame.select_dtypes(["datetime", "datetimetz"]))
    others = [name for name in _names(frame) if name not in (*numbers, *times)]
    with st.container(horizontal=True):
        kind = _pick("Chart", list(charts.KINDS), "chart", "line" if times else "bar")
        x = _pick("Across", _names(frame), "x", (times or others or numbers)[0])
        y = _pick("Up", numbers, "y", next((n for n in numbers if n != x), numbers[0]))
        colour = _pick("Colour", ["", *_names(frame)], "colour", "")
    if len(frame) > _DRAWN:
        st.caption(f"The first {_DRAWN:,} rows are drawn: sum them up in SQL to draw all.")
    picture(charts.plain, frame.head(_DRAWN), kind=kind, x=x, y=y, colour=colour)


def _names(frame: pd.DataFrame) -> list[str]:
    return [str(name) for name in frame if str(name) != "hex_id"]


def _pick(label: str, options: Sequence[str], param: str, like: str) -> str:
    with st.container(width=190):
        st.caption(label)
        return pickers.pick(label, options, key=str, title=_titled, param=param, like=like)


def _titled(name: str) -> str:
    return name or "none"


# --- map --------------------------------------------------------------------------------------


def on_map(frame: pd.DataFrame) -> None:
    """Draws an answer on a map, coloured by the column that is picked.

    `frame`: with a column of `placed.BY`, and numbers.
    """
    where = placed(frame)
    numbers = [name for name in _names(frame.select_dtypes("number")) if name not in ("lat", "lon")]
    if where is None or where.rows.empty or not numbers:
        st.info("A map needs rows with a place of ours and a column of numbers.")
        return
    value = _pick("Value", numbers, "value", numbers[0])
    if where.n_elsewhere:
        st.caption(f"{where.n_elsewhere:,} rows have no place, or one of another level.")
    _draw(where, value)


def _draw(where: Placed, value: str) -> None:
    look, ground = look_of(value), theme()
    hexes = _summed(where, value)
    box = hexmap.extent(hexes["hex_id"].to_numpy("uint64"))
    home = hexmap.view_of(box, width=900, height=_TALL)
    key = hash((box, value))
    hexmap.draw(
        hexmap.Picture(
            hexes=hexes, look=look, scale=scale(hexes, look, ground), ground=_ground(box),
            goal=hexmap.Goal(abs(key) % 1_000_000, home), home=home, chosen=None, places=(),
            theme=ground, heading=value, file=value, unreleased="", hidden={},
        ),
        name="answer map", height=520, on_choose=_chosen,
    )  # fmt: skip


def _summed(where: Placed, value: str) -> pd.DataFrame:
    """One row a hexagon; of several rows in one the mean is drawn, the busiest hexagons first."""
    rows = where.rows
    region = rows["region"] if "region" in rows else pd.Series("", index=rows.index)
    hexes = (
        pd.DataFrame({"hex_id": rows["hex_id"], "value": rows[value].astype(float),
                      "region": region})
        .groupby("hex_id", as_index=False).agg({"value": "mean", "region": "first"})
    )  # fmt: skip
    drawn = hexes.head(hexmap.MOST).assign(**dict.fromkeys(_NOTHING, np.nan), shown="shown")
    return drawn.sort_values("hex_id", ignore_index=True)


def _ground(box: tuple[float, float, float, float]) -> hexmap.Ground:
    none = pd.DataFrame({"lat": [], "lon": [], "azimuth_deg": [], "h_beamwidth_deg": []})
    west, south, east, north = box
    margin = 1.5 * max(east - west, north - south, 0.5)
    wide = east - west + 2 * margin >= 360
    around = (
        -180.0 if wide else round(west - margin, 1), round(max(south - margin, -90), 1),
        180.0 if wide else round(east + margin, 1), round(min(north + margin, 90), 1),
    )  # fmt: skip
    try:
        regions = data.regions()
    except HexperienceError:
        regions = None
    return hexmap.Ground(box, data.outlines(around), regions, none, none, none)


def _chosen(_: str | None) -> None:
    """A click in the map of an answer chooses nothing."""
