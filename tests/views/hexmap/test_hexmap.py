"""The map looks where it should, draws what is in view, and the browser reads what Python sends."""

import base64
import json
import subprocess
from dataclasses import replace
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from playwright._impl._driver import compute_driver_executable

from geo import hexgrid
from views import hexmap
from views.hexmap import wire
from views.hexmap.ground import names, parcels
from views.hexmap.view import seen_of
from views.pages.map import hexes_in_view
from views.panels.drawn import Drawn
from views.shared import data, pickers
from views.words.colours import scale
from views.words.looks import LOOKS, look_of
from views.words.numbers import number
from views.words.sentences import evidence


def around(lat: float, lon: float, level: int, k: int = 4) -> hexgrid.Hexes:
    centre = int(hexgrid.hexes_of(lat=[lat], lon=[lon], level=level)[0])
    return np.sort(hexgrid.disk(centre, k))


def asked(question: str, **given: Any) -> Any:
    """What the map's own code answers; playwright brings a Node.js along."""
    node, _ = compute_driver_executable()
    script = Path(__file__).with_name("answer.mjs")
    text = json.dumps({"question": question, **given})
    answer = subprocess.run([node, script], input=text, capture_output=True, text=True, check=True)
    return json.loads(answer.stdout)


# ---------------------------------------------------------------------------------- where it looks


@pytest.mark.parametrize(("lat", "lon", "level"), [(53.8, -1.55, 8), (-33.9, 151.2, 6), (0, 20, 4)])
def test_the_extent_holds_nearly_every_corner(lat: float, lon: float, level: int) -> None:
    hexes = around(lat, lon, level)
    west, south, east, north = hexmap.extent(hexes)
    corners = np.array([c for h in hexes for c in hexgrid.outline(int(h))])
    slack = 0.05 * (east - west)
    assert corners[:, 1].min() >= west - slack
    assert corners[:, 1].max() <= east + slack
    assert corners[:, 0].min() >= south - slack
    assert corners[:, 0].max() <= north + slack


@pytest.mark.parametrize("box", [(-1.9, 53.6, -1.2, 54.0), (68.0, 8.0, 97.0, 35.0), (0, 50, 5, 51)])
def test_the_view_shows_the_whole_box_and_little_more(box: hexmap.Box) -> None:
    west, south, east, north = box
    view = hexmap.view_of(box, width=800, height=640)
    wide = (east - west) / 360 * world(view)
    high = world(view) * (mercator(north) - mercator(south))
    assert wide <= 800
    assert high <= 640
    assert wide > 0.9 * 800 or high > 0.9 * 640


def world(view: hexmap.View) -> float:
    return 512 * 2**view.zoom


def mercator(lat: float) -> float:
    return float(np.arcsinh(np.tan(np.radians(lat))) / (2 * np.pi))


def test_a_hexagon_of_any_level_is_seen_at_about_the_same_size() -> None:
    widths = []
    for level in (5, 6, 7, 8):
        hexes = around(20.0, 78.0, level, 0)
        corners = np.array(hexgrid.outline(int(hexes[0])))
        view = hexmap.view_at(hexgrid.as_text(hexes)[0])
        widths.append(np.ptp(corners[:, 1]) / 360 * world(view))
    assert max(widths) < 1.5 * min(widths)


def test_a_view_goes_through_the_address_and_nonsense_is_none() -> None:
    view = hexmap.View(53.8012, -1.55, 9.25)
    assert hexmap.view_from(view.text) == view
    for text in (None, "", "1,2", "a,b,c", "91,0,3", "0,0,nan", "1,2,3,4", "0,181,3"):
        assert hexmap.view_from(text) is None


SOUND = {"lat": 1, "lon": 2, "zoom": 9, "width": 8, "height": 6, "goal": 0, "holds": ["a"]}
WRONG = [{"lat": "x"}, {"width": 0}, {"zoom": float("inf")}, {"holds": 3}, {"goal": None},
         {"height": 10**9}]  # fmt: skip


@pytest.mark.parametrize(
    "payload", [None, 3, {}, {"missing": "set"}, *({**SOUND, **w} for w in WRONG)]
)
def test_what_a_browser_makes_up_is_taken_for_nothing(payload: Any) -> None:
    assert seen_of(SOUND) == hexmap.Seen(hexmap.View(1, 2, 9), 8, 6, 0, ("a",))
    assert seen_of(payload) is None


@pytest.mark.parametrize("zoom", np.arange(2, 16, 0.7).round(1).tolist())
def test_the_box_of_a_view_holds_it_and_not_much_more(zoom: float) -> None:
    view = hexmap.View(53.8, -1.55, zoom)
    west, south, east, north = hexmap.box_of(hexmap.Seen(view, 800, 640))
    across, down = 400 / world(view), 320 / world(view)
    here = mercator(view.lat)
    assert west <= max(-180, view.lon - 360 * across)
    assert east >= min(180, view.lon + 360 * across)
    assert mercator(max(south, -85)) <= max(here - down, mercator(-85))
    assert mercator(min(north, 85)) >= min(here + down, mercator(85))
    if zoom > 4:
        area = (east - west) / 360 * (mercator(north) - mercator(south)) * world(view) ** 2
        assert area < 5 * 800 * 640


def test_a_small_move_leaves_the_box_as_it_is() -> None:
    boxes = {
        hexmap.box_of(
            hexmap.Seen(hexmap.View(53.8, -1.55 + pixels * 360 / 512 / 2**9, 9), 800, 640)
        )
        for pixels in range(0, 250, 10)
    }
    assert len(boxes) <= 3


def test_a_box_crosses_the_date_line() -> None:
    west, _, east, _ = hexmap.box_of(hexmap.Seen(hexmap.View(-17, 179.9, 8), 800, 640))
    assert 170 < west < 180
    assert -180 < east < -170


# ----------------------------------------------------------------------- which hexagons it shows

LAYER = Drawn(
    pickers.Layer("drop_rate", "all"), pickers.Period("month", date(2025, 4, 1), date(2025, 4, 30))
)


class Marts:
    """Answers as the query files do, for one layer at four levels around a town."""

    def __init__(self, most: int) -> None:
        finest = around(53.8, -1.55, 8, 25)
        levels = {level: np.unique(hexgrid.parents(finest, level=level)) for level in (5, 6, 7, 8)}
        self.hexes = pd.concat([self._of(level, ids) for level, ids in levels.items()])
        self.offers = self.hexes.groupby("level").size().reset_index(name="n_hexes")
        self.most = most

    @staticmethod
    def _of(level: int, ids: hexgrid.Hexes) -> pd.DataFrame:
        lat, lon = hexgrid.centres(ids)
        return pd.DataFrame({"hex_id": ids, "level": level, "lat": lat, "lon": lon,
                             "denominator": np.arange(len(ids), dtype=float)})  # fmt: skip

    def answer(self, query: str, *, level: int | None = None, **given: Any) -> pd.DataFrame:
        west, south, east, north = (
            given.get(side, whole) for side, whole in
            (("west", -180), ("south", -90), ("east", 180), ("north", 90))
        )  # fmt: skip
        here = self.hexes[self.hexes["lat"].between(south, north)
                          & self.hexes["lon"].between(west, east)]  # fmt: skip
        if query == "levels_in_view":
            return here.groupby("level").size().reset_index(name="n_hexes")
        assert query == "hex_map"
        return here[here["level"] == level]

    def inside(self, view: hexmap.View, level: int) -> set[int]:
        mine = self.hexes[self.hexes["level"] == level]
        across, down = 400 / world(view) * 360, 320 / world(view)
        high = np.arcsinh(np.tan(np.radians(mine["lat"]))) / (2 * np.pi) - mercator(view.lat)
        seen = (np.abs(mine["lon"] - view.lon) <= across) & (np.abs(high) <= down)
        return set(mine.loc[seen, "hex_id"])


@pytest.fixture
def marts(monkeypatch: pytest.MonkeyPatch) -> Marts:
    made = Marts(most=500)
    monkeypatch.setattr(hexmap, "MOST", made.most)
    monkeypatch.setattr("views.hexmap.view.MOST", made.most)
    monkeypatch.setattr(data, "answer", made.answer)
    return made


def drawn_at(marts: Marts, view: hexmap.View) -> tuple[pd.DataFrame, int]:
    return hexes_in_view(LAYER, marts.offers, hexmap.Seen(view, 800, 640))


def test_the_level_follows_the_zoom(marts: Marts) -> None:
    levels = [drawn_at(marts, hexmap.View(53.8, -1.55, zoom))[1] for zoom in np.arange(6, 15, 0.25)]
    assert levels == sorted(levels)
    assert (levels[0], levels[-1]) == (7, 8)


def test_every_hexagon_in_view_is_drawn_and_never_too_many(marts: Marts) -> None:
    rng = np.random.default_rng(3)
    for zoom in rng.uniform(7, 15, 60):
        lat, lon = 53.8 + rng.normal(0, 0.1), -1.55 + rng.normal(0, 0.15)
        view = hexmap.View(lat, lon, zoom)
        hexes, level = drawn_at(marts, view)
        assert len(hexes) <= marts.most
        assert set(hexes["level"]) <= {level}
        assert marts.inside(view, level) <= set(hexes["hex_id"])
        assert hexes["hex_id"].is_monotonic_increasing


def test_few_enough_hexagons_come_all_at_once(
    marts: Marts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hexmap, "MOST", 5000)
    far = hexmap.View(-40, 100, 12)
    hexes, level = drawn_at(marts, far)
    assert level == 8
    assert len(hexes) == (marts.hexes["level"] == 8).sum()


def test_of_too_many_the_busiest_are_drawn(marts: Marts) -> None:
    only = Marts(marts.most)
    marts.hexes = only.hexes[only.hexes["level"] == 8]
    marts.offers = only.offers[only.offers["level"] == 8]
    hexes, level = drawn_at(marts, hexmap.View(53.8, -1.55, 9))
    assert (level, len(hexes)) == (8, 500)
    assert hexes["denominator"].min() > marts.hexes["denominator"].quantile(0.5)


def test_over_the_sea_there_is_nothing_to_draw(marts: Marts) -> None:
    hexes, _ = drawn_at(marts, hexmap.View(0, 0, 9))
    assert hexes.empty
    header, _ = wire.decode(hexmap.payload(picture(shown(0)), name="map", height=9))
    assert header["regions"] == []


def test_the_finest_level_that_can_be_drawn_is_drawn() -> None:
    offers = pd.DataFrame({"level": [8, 7, 6], "n_hexes": [90_000, 14_000, 2_000]})
    assert hexmap.level_to_draw(offers) == 7
    assert hexmap.level_to_draw(offers.iloc[:1]) == 8
    assert hexmap.level_to_draw(offers.iloc[1:]) == 7


# ---------------------------------------------------------------------------------- what it sends


def shown(n: int = 19) -> pd.DataFrame:
    value = np.linspace(0.001, 0.03, n)
    frame = pd.DataFrame({
        "hex_id": around(53.8, -1.55, 8, 2)[:n], "region": "<i>North</i>",
        "numerator": 10 * value, "denominator": 1000.0, "value": value, "value_lo": 0.8 * value,
        "value_hi": 1.3 * value, "value_raw": np.nan, "p_worse": np.nan, "target": np.nan,
        "shown": "shown",
    })  # fmt: skip
    gone = {"value": np.nan, "value_lo": np.nan, "value_hi": np.nan, "numerator": np.nan}
    for row, kind in ((3, "few"), (4, "hidden")) if n else ():
        frame.loc[row, list(gone)] = list(gone.values())
        frame.loc[row, "shown"] = kind
        frame.loc[row, "region"] = None
    return frame


def ground() -> hexmap.Ground:
    land = shapely.Polygon([(-3, 52), (0, 52), (0, 55), (-3, 55)], [[(-2, 53), (-1, 53), (-1, 54)]])
    lake = shapely.MultiPolygon([land, shapely.box(1, 52, 2, 53)])
    line = shapely.LineString([(-3, 53), (0, 54)])
    regions = gpd.GeoDataFrame({"name": ["West & <b>hills</b>", "Far"]}, crs=4326, geometry=[
        shapely.box(-2, 53, -1.5, 54), shapely.box(50, 50, 51, 51)])  # fmt: skip
    at = pd.DataFrame({"lat": [53.8], "lon": [-1.5]})
    sectors = pd.concat([at, at]).assign(azimuth_deg=[0, 120], h_beamwidth_deg=[65, 360])
    works = pd.DataFrame({"lat": [53.8, np.nan], "lon": [-1.5, np.nan]})
    box = (-2.5, 53.0, -1.0, 54.5)
    outlines = {"land": shapely.geometry.mapping(lake), "border": shapely.geometry.mapping(line)}
    return hexmap.Ground(box, outlines, regions, at, sectors, works)


def picture(hexes: pd.DataFrame, *, theme: str = "light", **other: Any) -> hexmap.Picture:
    look = look_of("drop_rate")
    view = hexmap.View(53.8, -1.55, 9.0)
    made = hexmap.Picture(
        hexes=hexes, look=look, scale=scale(hexes, look, theme), ground=ground(),
        goal=hexmap.Goal(0, view), home=view, chosen=None,
        places=[hexmap.Place("881942c401fffff", "1 Mast <1>")], theme=theme, heading="April 2025",
        file="drop_rate-month", unreleased="<5 cases", hidden={"few": "few", "hidden": "hidden"},
    )  # fmt: skip
    return replace(made, **other)


def sent(made: hexmap.Picture, held: tuple[str, ...] = ()) -> bytes:
    return hexmap.payload(made, name="map", height=640, held=held)


def test_what_is_sent_is_what_is_read() -> None:
    header, read = wire.decode(sent(picture(shown())))
    assert header["look"]["title"] == "Drop rate"
    ids = read["set"]["ids"].view("<u8")
    assert ids.tolist() == shown()["hex_id"].tolist()
    assert read["values"]["value"] == pytest.approx(shown()["value"], nan_ok=True)
    named = [header["regions"][i] for i in read["set"]["region"]]
    assert named == shown()["region"].fillna("").tolist()


def test_the_browser_reads_what_python_reads() -> None:
    (picture_read,) = asked("open", payloads=[base64.b64encode(sent(picture(shown()))).decode()])
    header, read = wire.decode(sent(picture(shown())))
    assert picture_read["header"] == header
    assert picture_read["missing"] is None
    for name, columns in read.items():
        for key, column in columns.items():
            known = [None if np.isnan(value) else value for value in column.tolist()]
            assert picture_read["parcels"][name][key] == known, (name, key)


def test_another_layer_over_the_same_hexagons_sends_values_only() -> None:
    first = sent(picture(shown()))
    header, read = wire.decode(first)
    assert set(read) == {"set", "values", "land", "border", "regions", "points"}
    held = tuple(parcel["hash"] for parcel in header["parcels"].values())
    other = picture(shown().assign(value=lambda t: 2 * t["value"]))
    again = sent(other, held)
    _, kept = wire.decode(again)
    assert set(kept) == {"values"}
    # and the browser puts them together; without the first it says what it lacks
    texts = [base64.b64encode(part).decode() for part in (first, again)]
    whole = asked("open", payloads=texts)[1]
    assert whole["parcels"]["set"]["ids"] == read["set"]["ids"].tolist()
    assert asked("open", payloads=texts[1:])[0]["missing"] == "set"


def test_the_same_picture_is_the_same_bytes() -> None:
    assert sent(picture(shown())) == sent(picture(shown()))


def test_bytes_of_something_else_are_refused() -> None:
    with pytest.raises(ValueError, match="not a payload"):
        wire.decode(b"PK\3\4 and more")


def test_hexagons_of_a_country_stay_small() -> None:
    """15,000 hexagons with all that the tooltip says of them: about 20 bytes each."""
    rng = np.random.default_rng(1)
    ids = around(53.8, -1.55, 8, 70)
    calls = rng.lognormal(7, 1, len(ids)).round()
    rate = rng.beta(2, 150, len(ids))
    hexes = pd.DataFrame({
        "hex_id": ids, "region": "North", "numerator": (calls * rate).round(), "denominator": calls,
        "value": rate, "value_lo": 0.8 * rate, "value_hi": 1.2 * rate, "shown": "shown",
        "value_raw": np.nan, "p_worse": np.nan, "target": np.nan,
    })  # fmt: skip
    assert 14_000 < len(ids) <= hexmap.MOST
    assert len(sent(picture(hexes))) < 400_000


def test_lines_begin_where_the_one_before_ends() -> None:
    made = parcels(ground())
    starts = made["land"]["at"].tolist()
    # two shells and a hole, each closed
    assert np.diff(starts).tolist() == [5, 4, 5]
    assert made["land"]["xy"].size == 2 * starts[-1]
    assert made["border"]["at"].tolist() == [0, 2]
    assert made["points"]["interventions"].size == 2  # those without a place have no marker
    assert made["points"]["beams"].tolist() == [0, 65]  # a cell all round has no direction


def test_only_regions_with_hexagons_around_are_named() -> None:
    region_names, at = names(ground())
    assert region_names == ["West & <b>hills</b>"]
    assert -2 < at[0] < -1.5


# ------------------------------------------------------------------------- colours and words


def test_what_is_not_released_is_hatched() -> None:
    for colours in (scale(shown(), look_of("drop_rate"), "light"), None):
        made = hexmap.shades(shown(), colours)
        assert made["shade"][[3, 4]].tolist() == [254, 255]
        assert made["alpha"][[3, 4]].tolist() == [0, 0]
    assert (hexmap.shades(shown(), None)["alpha"] == 0).all()


def test_a_wide_interval_is_fainter() -> None:
    hexes = shown().assign(value_lo=0.0, value_hi=[*np.linspace(0.001, 0.03, 19)])
    made = hexmap.shades(hexes, scale(hexes, look_of("drop_rate"), "light"))
    assert made["alpha"][18] < made["alpha"][9] < made["alpha"][1]


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("metric", ["drop_rate", "drops_excess_month", "nps"])
def test_the_browser_paints_as_the_legend_does(metric: str, theme: str) -> None:
    colours = scale(shown(), look_of(metric), theme)
    assert colours
    values = np.linspace(colours.low, colours.high, 251)
    painted = np.array(asked("ramp", stops=colours.stops))[:251]
    at = np.round(250 * colours.place(values)).astype(int)
    assert np.abs(painted[at] - colours.colours(values).astype(int)).max() <= 1


NUMBERS = [0.0, 0.5, 1.5, 2.5, 0.049, 0.05, 0.1, 0.12345, 0.99, 0.9999, 1.0, 1.84, 9.94, 9.95, 9.96,
           10.0, 10.5, 11.5, 99.4, 99.95, 100.0, 999.5, 1234.5, 123456.7, 1e7, 3.14159]  # fmt: skip


THEIRS = {"low": "value_lo", "high": "value_hi", "raw": "value_raw", "worse": "p_worse"}


@pytest.mark.parametrize("metric", list(LOOKS))
def test_the_browser_writes_figures_as_the_page_does(metric: str) -> None:
    look = look_of(metric)
    # as the browser gets them: four bytes each
    sizes = np.float32(NUMBERS).astype(float).tolist()
    # shares and the like are never negative
    below = [-size for size in sizes if size] if look.figure in ("count", "points") else []
    rows: list[dict[str, Any]] = [
        {"value": value, "low": value, "high": 3.5, "denominator": abs(value),
         "numerator": value if value > 0 else None, "raw": value, "target": 2.5,
         "worse": min(abs(value), 1.0), "hex": "88", "region": "<i>North</i>"}
        for value in (*sizes, *below)
    ]  # fmt: skip
    rows.append(dict.fromkeys(rows[0]) | {"hex": "88", "region": "<i>North</i>"})
    given = {"title": look.title, "unit": look.unit, "figure": look.figure, "counted": look.counted}
    lines = asked("lines", look=given, rows=rows)
    for row, line in zip(rows, lines, strict=True):
        as_released = SimpleNamespace(**{THEIRS.get(name, name): x for name, x in row.items()})
        assert line["value"] == number(row["value"], look.figure), row
        assert line["detail"] == evidence(look, as_released)
        assert line["place"] == "<i>North</i> · 88"


def test_a_reason_stands_in_place_of_a_value() -> None:
    row = {"value": 3, "hidden": "fewer than 5 cases", "hex": "x", "region": ""}
    look = {"title": "T", "unit": "", "figure": "plain", "counted": ["", ""]}
    (line,) = asked("lines", look=look, rows=[row])
    assert line == {"head": "T", "value": "fewer than 5 cases", "detail": "", "place": "x"}
