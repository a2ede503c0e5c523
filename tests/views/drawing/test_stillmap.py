import re
from xml.etree import ElementTree as ET

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from geo import hexgrid
from views.drawing import stillmap
from views.words.looks import look_of

LOOK = look_of("drop_rate")
SVG = "{http://www.w3.org/2000/svg}"


def hexes(n: int = 3, lat: float = 53.8, lon: float = -1.55) -> pd.DataFrame:
    ids = hexgrid.disk(int(hexgrid.hexes_of(lat=[lat], lon=[lon], level=8)[0]), n)
    value = np.linspace(0.01, 0.03, len(ids))
    return pd.DataFrame({
        "hex_text": hexgrid.as_text(ids), "value": value, "value_lo": value - 0.001,
        "value_hi": value + 0.001, "denominator": 100.0,
    })  # fmt: skip


def parsed(still: stillmap.Still) -> ET.Element:
    return ET.fromstring(still.svg)  # noqa: S314  our own


def outlines(still: stillmap.Still) -> int:
    paths = [p for p in parsed(still).iter(f"{SVG}path") if p.get("class") == "hex"]
    return sum(path.get("d", "").count("M") for path in paths)


def test_every_hexagon_is_drawn_once_and_inside_the_picture() -> None:
    still = stillmap.draw(hexes(), LOOK, title="x")
    assert outlines(still) == still.n_drawn == still.n_all == 37
    _, _, wide, high = map(float, str(parsed(still).get("viewBox")).split())
    for path in parsed(still).iter(f"{SVG}path"):
        if path.get("class") == "hex":
            starts = re.findall(r"M([\d.-]+) ([\d.-]+)", path.get("d", ""))
            assert all(0 <= float(x) <= wide and 0 <= float(y) <= high for x, y in starts)


def test_unknown_is_grey_and_the_unsure_fainter() -> None:
    three = hexes(1).head(3).assign(value=[0.01, 0.03, np.nan], value_lo=[0.01, 0.0, np.nan],
                                    value_hi=[0.01, 0.06, np.nan])  # fmt: skip
    paths = [p for p in parsed(stillmap.draw(three, LOOK, title="x")).iter(f"{SVG}path")
             if p.get("class") == "hex"]  # fmt: skip
    grey = [p for p in paths if "#8c8c8c" in str(p.get("style"))]
    assert len(grey) == 1
    sure, unsure = sorted((float(str(p.get("fill-opacity"))) for p in paths if p not in grey),
                          reverse=True)  # fmt: skip
    assert sure > unsure > float(str(grey[0].get("fill-opacity")))


def test_a_mark_stands_on_its_hexagon_with_the_north_up() -> None:
    places = hexes(4)
    lat, lon = hexgrid.centres(hexgrid.from_text(places["hex_text"]))
    north, south = int(lat.argmax()), int(lat.argmin())
    marks = [stillmap.Mark(lat[i], lon[i], name) for i, name in ((north, "n"), (south, "s"))]
    drawn = parsed(stillmap.draw(places, LOOK, title="x", marks=marks))
    at = [g.get("transform") for g in drawn.iter(f"{SVG}g")]
    first, second = (float(re.findall(r"[\d.]+", str(text))[1]) for text in at)
    assert first < second


def test_regions_are_drawn_and_their_names_are_only_text() -> None:
    box = shapely.box(-1.7, 53.7, -1.4, 53.9)
    regions = gpd.GeoDataFrame({"name": ["<script>x</script>"]}, geometry=[box], crs=4326)
    still = stillmap.draw(hexes(), LOOK, title='"><script>', regions=regions)
    assert "<script>" not in still.svg
    assert next(t.text for t in parsed(still).iter(f"{SVG}text")) == "<script>x</script>"
    assert parsed(still).get("aria-label") == '"><script>'


@pytest.mark.parametrize("lat", [0.0, 60.0])
def test_the_scale_bar_knows_the_latitude(lat: float) -> None:
    # counts unknown: the frame holds all hexagons
    places = hexes(6, lat=lat, lon=10.0).assign(denominator=np.nan)
    drawn = parsed(stillmap.draw(places, LOOK, title="x"))
    bar = next(str(p.get("d")) for p in drawn.iter(f"{SVG}path") if p.get("class") == "bar")
    start, end = (float(re.findall(pattern, bar)[0]) for pattern in (r"M([\d.]+)", r"H([\d.]+)"))
    scale = next(str(t.text) for t in drawn.iter(f"{SVG}text") if t.get("class") == "scale")
    ids = hexgrid.from_text(places["hex_text"]).tolist()
    lats = [lat for hex_id in ids for lat, _ in hexgrid.outline(hex_id)]
    high_km = (max(lats) - min(lats)) * 111.2
    _, _, _, height = map(float, str(drawn.get("viewBox")).split())
    # the picture is as high as the hexagons and two margins of 14
    assert float(scale.split()[0]) / (end - start) == pytest.approx(
        high_km / (height - 28), rel=0.03
    )


def test_too_many_hexagons_leave_out_the_least_busy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stillmap, "MOST", 10)
    busy = hexes().assign(denominator=np.arange(37.0))
    still = stillmap.draw(busy, LOOK, title="x")
    assert (outlines(still), still.n_drawn, still.n_all) == (10, 10, 37)


def test_the_frame_follows_the_calls_and_not_an_outlier() -> None:
    near, far = hexes(3), hexes(0, lat=56.0).assign(denominator=1.0)
    alone = stillmap.draw(near, LOOK, title="x")
    both = stillmap.draw(pd.concat([near, far], ignore_index=True), LOOK, title="x")
    assert parsed(both).get("viewBox") == parsed(alone).get("viewBox")


def test_a_hexagon_with_nearly_all_calls_is_framed() -> None:
    framed = stillmap.reaching(pd.Series([5.0, 90.0, 5.0]), share=0.8)
    assert framed.tolist() == [False, True, False]
    assert stillmap.reaching(pd.Series([np.nan, np.nan]), share=0.8).all()


def test_where_most_hexagons_are_hidden_all_are_framed() -> None:
    assert stillmap.reaching(pd.Series([9.0, np.nan, np.nan]), share=0.8).all()
    assert stillmap.reaching(pd.Series([9.0, 1.0, np.nan]), share=0.8).tolist() == [
        True,
        False,
        False,
    ]
