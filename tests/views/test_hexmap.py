import json
from typing import Any
from urllib.parse import unquote

import numpy as np
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from geo import hexgrid
from views import hexmap
from views.legend import UNKNOWN, look_of, scale
from views.map import level_to_draw, painted


def around(lat: float, lon: float, level: int, k: int = 4) -> list[str]:
    centre = int(hexgrid.hexes_of(lat=[lat], lon=[lon], level=level)[0])
    return hexgrid.as_text(hexgrid.disk(centre, k))


@pytest.mark.parametrize(("lat", "lon", "level"), [(53.8, -1.55, 8), (-33.9, 151.2, 6), (0, 20, 4)])
def test_the_extent_holds_nearly_every_corner(lat: float, lon: float, level: int) -> None:
    hexes = around(lat, lon, level)
    west, south, east, north = hexmap.extent(pd.Series(hexes))
    corners = np.array([c for h in hexgrid.from_text(hexes) for c in hexgrid.outline(int(h))])
    slack = 0.05 * (east - west)
    assert corners[:, 1].min() >= west - slack
    assert corners[:, 1].max() <= east + slack
    assert corners[:, 0].min() >= south - slack
    assert corners[:, 0].max() <= north + slack


@pytest.mark.parametrize("box", [(-1.9, 53.6, -1.2, 54.0), (68.0, 8.0, 97.0, 35.0), (0, 50, 5, 51)])
def test_the_view_shows_the_whole_box_and_little_more(box: hexmap.Box) -> None:
    west, south, east, north = box
    view = hexmap.view_of(box, width=800, height=640)
    # Web Mercator: the world is 512 * 2 ** zoom pixels wide
    world = 512 * 2**view.zoom
    wide = (east - west) / 360 * world
    high = world * (_mercator(north) - _mercator(south))
    assert wide <= 800
    assert high <= 640
    assert wide > 0.9 * 800 or high > 0.9 * 640


def _mercator(lat: float) -> float:
    return float(np.arcsinh(np.tan(np.radians(lat))) / (2 * np.pi))


def test_a_hexagon_of_any_level_is_seen_at_about_the_same_size() -> None:
    widths = []
    for level in (5, 6, 7, 8):
        hex_text = around(20.0, 78.0, level, 0)[0]
        corners = np.array(hexgrid.outline(int(hexgrid.from_text([hex_text])[0])))
        world = 512 * 2 ** hexmap.view_at(hex_text).zoom
        widths.append(np.ptp(corners[:, 1]) / 360 * world)
    assert max(widths) < 1.5 * min(widths)


# ------------------------------------------------------------------------------------- colours


def hexes() -> pd.DataFrame:
    return pd.DataFrame({
        "hex_text": ["a", "b", "c"], "region": ["<i>North</i>", None, "South"],
        "numerator": [12.0, np.nan, np.nan], "denominator": [1000.0, np.nan, np.nan],
        "value": [12.0, np.nan, np.nan], "value_lo": [8.0, np.nan, np.nan],
        "value_hi": [17.0, np.nan, np.nan], "shown": ["shown", "few", "hidden"],
    })  # fmt: skip


def test_a_hexagon_says_its_value_interval_counts_and_place() -> None:
    look = look_of("complaints_per_1000")
    first = painted(hexes(), look, scale(hexes(), look, "light")).iloc[0]
    assert first["head"] == "Complaints, per 1,000 subscribers a month"
    assert first["value"] == "12.0"
    assert first["detail"] == "90 %: 8.0 to 17.0 · 12 complainants of 1,000 subscribers"
    assert first["place"] == "<i>North</i> · a"  # text; the browser test sees that it stays text


def test_what_is_not_released_is_grey_and_says_why() -> None:
    look = look_of("complaints_per_1000")
    for colours in (scale(hexes(), look, "light"), None):
        grey = painted(hexes(), look, colours).iloc[1:]
        assert grey["value"].tolist() == ["fewer than 5 cases", "too few persons to show"]
        assert grey[["red", "green", "blue", "alpha"]].to_numpy().tolist() == [list(UNKNOWN)] * 2


def test_the_finest_level_that_can_be_drawn_is_drawn() -> None:
    offers = pd.DataFrame({"level": [8, 7, 6], "n_hexes": [90_000, 14_000, 2_000]})
    assert level_to_draw(offers) == 7
    assert level_to_draw(offers.iloc[:1]) == 8
    assert level_to_draw(offers.iloc[1:]) == 7


# ---------------------------------------------------------------------------------------- deck


def script(theme: str) -> None:
    import pandas as pd  # noqa: PLC0415 - AppTest runs the text of this function

    from views import hexmap  # noqa: PLC0415

    drawn = pd.DataFrame({
        "hex_text": ["881942c401fffff"], "red": [1], "green": [2], "blue": [3], "alpha": [4],
        "head": ["h"], "value": ["v"], "detail": ["d"], "place": ["p"],
    })  # fmt: skip
    line = {"type": "LineString", "coordinates": [[0, 0], [1, 1]]}
    ground = hexmap.Ground((0, 0, 1, 1), {"land": line, "border": line}, None,
                           pd.DataFrame({"lat": [1.0], "lon": [2.0]}))  # fmt: skip
    hexmap.draw(drawn, ground=ground, view=hexmap.View(1, 2, 9), chosen="881942c401fffff",
                theme=theme, height=300)  # fmt: skip


def deck(theme: str) -> dict[str, Any]:
    at = AppTest.from_function(script, args=(theme,), default_timeout=30).run()
    assert not at.exception
    return json.loads(at.get("deck_gl_json_chart")[0].proto.json)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_map_names_no_other_machine(theme: str) -> None:
    made = deck(theme)
    assert made["mapStyle"].startswith("data:application/json,")
    assert json.loads(unquote(made["mapStyle"].split(",", 1)[1]))["sources"] == {}
    assert "://" not in json.dumps(made)


def test_hexagons_travel_as_text_with_their_colour() -> None:
    layers = {layer["id"]: layer for layer in deck("light")["layers"]}
    drawn = layers["hexes-0"]["data"][0]
    assert (drawn["hex_text"], drawn["fill"]) == ("881942c401fffff", [1, 2, 3, 4])
    assert layers["chosen"]["data"] == [{"hex_text": "881942c401fffff"}]
    assert [id_ for id_, layer in layers.items() if layer["pickable"]] == ["hexes-0"]
