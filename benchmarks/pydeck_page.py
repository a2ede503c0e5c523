"""The naive page that the map is compared with: all hexagons of a layer through st.pydeck_chart.

Served by `benchmarks/map.py`. Colours come from the same scale; the ground is left out.
"""

import json
from urllib.parse import quote

import pydeck
import streamlit as st

from views.shared import data
from views.words.colours import scale
from views.words.looks import look_of
from views.words.numbers import number, rows

_STYLE = {"version": 8, "sources": {}, "layers": [
    {"id": "sea", "type": "background", "paint": {"background-color": "#cfdae2"}}]}  # fmt: skip

st.set_page_config(layout="wide")
metric = st.selectbox("Layer", ["drop_rate", "drops_excess_month"])
layers = data.answer("map_layers").query("metric == @metric")
newest = layers.sort_values("period_start").iloc[-1]
hexes = data.answer(
    "hex_map", metric=metric, period_grain=newest["period_grain"], level=int(layers["level"].max()),
    period_start=newest["period_start"].date(),
)  # fmt: skip
look = look_of(metric)
colours = scale(hexes, look, "light")
assert colours
fills = colours.colours(hexes["value"])
drawn = [
    {"hex": row.hex_text, "fill": [*fill, 220], "value": number(row.value, look.figure)}
    for row, fill in zip(rows(hexes), fills.tolist(), strict=True)
]
middle = data.answer("sites").iloc[0]
deck = pydeck.Deck(
    layers=[pydeck.Layer(
        "H3HexagonLayer", id="hexes", data=drawn, get_hexagon="hex", get_fill_color="fill",
        extruded=False, stroked=False, pickable=True,
    )],
    initial_view_state=pydeck.ViewState(
        latitude=middle["lat"], longitude=middle["lon"], zoom=float(st.query_params["zoom"])
    ),
    map_provider="carto", map_style=f"data:application/json,{quote(json.dumps(_STYLE))}",
    tooltip={"text": "{value}"},
)  # fmt: skip
chosen = st.pydeck_chart(
    deck, height=640, on_select="rerun", selection_mode="single-object", key="map"
)
picked = chosen["selection"]["objects"].get("hexes")
if picked:
    st.markdown(f"Chosen: {picked[0]['hex']}")
