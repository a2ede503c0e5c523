"""The screen in a real Chromium: hexagons are drawn, a click answers, nobody else is asked."""

import os
import shutil
import socket
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image
from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright

from views.console.server import command

pytestmark = pytest.mark.browser

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))),
                None)  # fmt: skip
# WebGL without a graphics card, and none of Chromium's own calls home
FLAGS = [
    "--no-sandbox", "--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader",
    "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
PATIENCE_S = 60
Pixels = npt.NDArray[np.int64]


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    if CHROMIUM is None:
        said = "no Chromium on PATH: install Debian's package chromium to run the browser tests"
        if os.environ.get("CI") == "true":
            pytest.fail(said)
        pytest.skip(said)
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def served() -> Iterator[Callable[[Path], str]]:
    """Serves a configuration as `hexperience app` does; the same one only once."""
    running: dict[Path, tuple[str, subprocess.Popen[bytes]]] = {}

    def serve(config: Path) -> str:
        if config not in running:
            running[config] = _start(config)
        return running[config][0]

    yield serve
    for _, process in running.values():
        process.terminate()
        process.wait(timeout=PATIENCE_S)


def _start(config: Path) -> tuple[str, subprocess.Popen[bytes]]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environ = {**os.environ, "HEXPERIENCE_CONFIG": str(config)}
    # another folder than the checkout: nothing may depend on where it is started
    process = subprocess.Popen(command(port=port), env=environ, cwd=config.parent)
    url = f"http://127.0.0.1:{port}"
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until and process.poll() is None:
        try:
            urllib.request.urlopen(f"{url}/_stcore/health").close()  # noqa: S310 - our own server
        except OSError:
            time.sleep(0.2)
        else:
            return url, process
    process.kill()
    process.wait()
    raise AssertionError(f"the screen did not answer at {url}")


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    """A page that fails its test if it asked anyone but this machine for anything."""
    context = chromium.new_context(viewport={"width": 1440, "height": 900})
    made = context.new_page()
    made.set_default_timeout(1000 * PATIENCE_S)
    asked: list[str] = []
    made.on("request", lambda request: asked.append(request.url))
    made.on("websocket", lambda socket: asked.append(socket.url))
    yield made
    context.close()
    assert asked
    assert [url for url in asked if not _stays_here(url)] == []


def _stays_here(url: str) -> bool:
    parts = urlsplit(url)
    return parts.scheme in {"data", "blob"} or parts.hostname == "127.0.0.1"


def chart(page: Page, nth: int = 0) -> Locator:
    return page.locator(".hexmap").nth(nth)


def pixels(page: Page) -> Pixels:
    """What the map looks like now, shape (height, width, 3)."""
    shot = chart(page).screenshot(animations="disabled")
    return np.asarray(Image.open(BytesIO(shot)).convert("RGB"), np.int64)


def coloured(seen: Pixels) -> float:
    """Share of the map whose colour is far from grey: land, sea and lines are all greyish."""
    return float((np.ptp(seen, axis=2) > 45).mean())


def wait_until(page: Page, holds: Callable[[], bool], what: str) -> None:
    until = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < until, f"waited {PATIENCE_S} s in vain until {what}"
        page.wait_for_timeout(250)  # lets the page tell what became of it, as a sleep would not


def open_map(page: Page, url: str) -> None:
    page.goto(url)
    page.locator(".hexmap[data-drawn]").first.wait_for()
    wait_until(page, lambda: coloured(pixels(page)) > 0.01, "hexagons are drawn")
    wait_until(page, lambda: in_url(page, "at") is not None, "the map said where it looks")


def in_url(page: Page, param: str) -> str | None:
    return parse_qs(urlsplit(page.url).query).get(param, [None])[0]


def view(page: Page) -> tuple[float, float, float]:
    """Where the URL says the map looks: lat, lon, zoom."""
    lat, lon, zoom = (float(part) for part in str(in_url(page, "at")).split(","))
    return lat, lon, zoom


def at(page: Page, across: float, down: float, nth: int = 0) -> tuple[float, float]:
    """Where on the page a place of the map is."""
    box = chart(page, nth).bounding_box()
    assert box is not None
    return box["x"] + across * box["width"], box["y"] + down * box["height"]


def choose(page: Page, across: float, down: float) -> str:
    """Points at a place of the map, clicks as a hand does, and returns the hexagon in the URL."""
    before = in_url(page, "hex")
    page.mouse.move(*at(page, across, down))
    page.locator(".tip").wait_for()
    page.mouse.click(*at(page, across, down), delay=30)
    wait_until(page, lambda: in_url(page, "hex") not in {None, before}, "a hexagon is chosen")
    return str(in_url(page, "hex"))


def drag(page: Page, across: float) -> None:
    """Drags the map at once: of several steps a slow machine would put one into the address."""
    page.mouse.move(*at(page, 0.5, 0.5))
    page.mouse.down()
    page.mouse.move(*at(page, 0.5 + across, 0.5))
    page.mouse.up()


def settled(page: Page) -> None:
    """Waits until the page has taken in everything that the last click brought about."""
    page.locator("[data-testid='stApp'][data-test-script-state='notRunning']").wait_for()


def test_a_click_on_a_hexagon_shows_its_history_and_its_cells(
    page: Page, served: Callable[[Path], str], town: Any
) -> None:
    open_map(page, f"{served(town.config)}/?layer=drop_rate")
    settled(page)
    wait_until(page, lambda: _changed(pixels(page), pixels(page)) == 0, "the map stands still")
    before = pixels(page)
    assert choose(page, 0.5, 0.62) in town.hexes
    page.get_by_text("Cells that serve it").wait_for()
    page.get_by_text("What changed").wait_for()
    # the chart is drawn, not only announced
    page.get_by_test_id("stVegaLiteChart").locator("svg, canvas").first.wait_for()
    page.get_by_test_id("stDataFrame").first.wait_for()
    # one hexagon is outlined; the others keep their colours, and the map its place
    page.mouse.move(5, 5)
    wait_until(page, lambda: 0 < _changed(before, pixels(page)) < 0.05, "one hexagon is outlined")


def _changed(before: Pixels, after: Pixels) -> float:
    return float((np.abs(after - before).max(axis=2) > 20).mean())


def test_a_click_answers_at_every_zoom_and_the_view_stays_through_it(
    page: Page, served: Callable[[Path], str], town: Any
) -> None:
    chosen = set()
    for zoom, across in ((8.5, 0.49), (10.5, 0.45), (13.5, 0.6)):
        open_map(page, f"{served(town.config)}/?layer=drop_rate&at=53.8000,-1.5500,{zoom}")
        drag(page, 0.02)
        wait_until(page, lambda: view(page)[1] != -1.55, "the address follows the map")
        looked = view(page)
        chosen.add(choose(page, across, 0.5))
        page.get_by_role("heading").filter(has_text=str(in_url(page, "hex"))).wait_for()
        settled(page)
        # another layer is another run of everything: the map stays where it was
        page.get_by_role("combobox", name="Layer").click()
        page.get_by_role("option", name="Busy-hour load").click()
        page.locator(".hexmap[data-drawn^='prb_dl_util_bh_pct']").wait_for()
        settled(page)
        assert view(page) == looked
    assert len(chosen) == 3
    assert chosen <= set(town.hexes)


def test_an_address_shows_a_colleague_the_same(
    page: Page, served: Callable[[Path], str], town: Any
) -> None:
    query = f"layer=drop_rate&period=week.2025-04-14&hex={town.worse_hex}&at=53.8100,-1.5000,10.20"
    open_map(page, f"{served(town.config)}/?{query}")
    page.get_by_text("drops of LDS-02 went up to ×2").wait_for()
    expect(page.get_by_role("combobox", name="Period")).to_have_value("Week of 14 Apr 2025")
    assert in_url(page, "layer") == "drop_rate"
    settled(page)
    assert view(page) == (53.81, -1.5, 10.2)


def test_what_comes_from_data_is_shown_as_text(
    page: Page, served: Callable[[Path], str], town: Any
) -> None:
    open_map(page, f"{served(town.config)}/?layer=drop_rate")
    expect(page.get_by_text("Aire <Mobile>")).to_be_visible()
    # the western half lies in a region with markup in its name
    page.mouse.move(*at(page, 0.4, 0.4))
    page.get_by_text("West & <b>hills</b>").wait_for()
    tooltip = page.locator(".tip")
    assert "of calls dropped" in tooltip.inner_text()
    assert tooltip.locator("b").count() == 1  # the value alone is bold


def test_the_keyboard_moves_zooms_walks_and_chooses(
    page: Page, served: Callable[[Path], str], town: Any
) -> None:
    open_map(page, f"{served(town.config)}/?layer=drop_rate&at=53.8000,-1.5500,10.00")
    stage = page.locator(".stage")
    stage.focus()
    for key, which, most in (("ArrowRight", 1, -1.55), ("ArrowUp", 0, 53.8), ("+", 2, 10.5)):
        stage.press(key)
        wait_until(page, lambda n=which, was=most: view(page)[n] > was, f"{key} moved the map")
    stage.press("-")
    wait_until(page, lambda: view(page)[2] == 10, "minus zoomed out")
    stage.press("Enter")
    wait_until(page, lambda: in_url(page, "hex") is not None, "the middle is chosen")
    settled(page)
    before = in_url(page, "hex")
    page.locator(".place").first.focus()
    expect(page.locator(".places .place").first).to_have_text("1  Mast 1: 1,234 (1,100 to 1,400)")
    page.keyboard.press("Enter")
    wait_until(page, lambda: in_url(page, "hex") != before, "a place of the list is chosen")


def test_two_maps_move_together(page: Page, served: Callable[[Path], str], town: Any) -> None:
    open_map(page, f"{served(town.config)}/?layer=drop_rate&compare=1&at=53.8000,-1.5500,10.00")
    page.locator(".hexmap[data-drawn]").nth(1).wait_for()
    settled(page)

    def right() -> Pixels:
        shot = chart(page, 1).screenshot(animations="disabled")
        return np.asarray(Image.open(BytesIO(shot)).convert("RGB"), np.int64)

    before = right()
    drag(page, 0.25)
    page.mouse.move(5, 5)
    wait_until(page, lambda: _changed(before, right()) > 0.1, "the other map moved as well")


def test_a_filter_leaves_no_row_chosen_that_is_gone(
    page: Page, served: Callable[[Path], str], town: Any
) -> None:
    page.goto(f"{served(town.config)}/changes")
    table = page.get_by_test_id("stDataFrame").first.locator("canvas").first
    box = table.bounding_box()
    assert box is not None
    second_row = box["y"] + 2.5 * 35
    page.mouse.click(box["x"] + 15, second_row)
    page.get_by_role("heading", name="LDS-05").wait_for()
    page.get_by_placeholder("part of its name").fill("LDS-02")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="LDS-02").wait_for()
    settled(page)
    expect(page.get_by_text("encountered an error")).to_have_count(0)


def test_the_picture_that_is_saved_shows_hexagons_and_legend(
    page: Page, served: Callable[[Path], str], town: Any, tmp_path: Path
) -> None:
    open_map(page, f"{served(town.config)}/?layer=drop_rate")
    with page.expect_download() as saved:
        page.get_by_role("button", name="Save as a picture").click()
    assert saved.value.suggested_filename == "drop_rate-month.2025-04-01.png"
    saved.value.save_as(tmp_path / "map.png")
    seen = np.asarray(Image.open(tmp_path / "map.png").convert("RGB"), np.int64)
    assert coloured(seen) > 0.1
    assert coloured(seen[-50:-30, 20:300]) > 0.2  # the bar of the legend


def test_lost_graphics_are_announced_and_come_back(
    page: Page, served: Callable[[Path], str], town: Any
) -> None:
    open_map(page, f"{served(town.config)}/?layer=drop_rate")
    canvas = page.locator(".hexmap canvas.hexes")
    canvas.evaluate("""c => {
        window.losing = c.getContext("webgl2").getExtension("WEBGL_lose_context");
        window.losing.loseContext();
    }""")
    page.get_by_text("The browser took the graphics away").wait_for()
    page.evaluate("window.losing.restoreContext()")
    page.get_by_text("The browser took the graphics away").wait_for(state="hidden")
    wait_until(page, lambda: coloured(pixels(page)) > 0.05, "hexagons are drawn again")


def test_without_webgl_the_map_says_so_and_is_drawn_and_clicked(
    page: Page, served: Callable[[Path], str], town: Any
) -> None:
    page.add_init_script("""
        const known = HTMLCanvasElement.prototype.getContext;
        HTMLCanvasElement.prototype.getContext = function (kind, ...rest) {
            return kind === "webgl2" ? null : known.call(this, kind, ...rest);
        };""")
    open_map(page, f"{served(town.config)}/?layer=drop_rate")
    page.get_by_text("This browser offers no WebGL").wait_for()
    assert choose(page, 0.5, 0.62) in town.hexes


def test_a_page_from_right_to_left_has_its_legend_on_the_right(
    page: Page, served: Callable[[Path], str], town: Any
) -> None:
    open_map(page, f"{served(town.config)}/?layer=drop_rate")
    page.evaluate("document.documentElement.dir = 'rtl'")
    legend, tools = (
        page.locator(f".hexmap .{part}").bounding_box() for part in ("legend", "tools")
    )
    middle = at(page, 0.5, 0.5)[0]
    assert legend is not None
    assert tools is not None
    assert legend["x"] > middle - legend["width"] / 2
    assert tools["x"] < middle


def test_pages_keep_the_place_between_them(
    page: Page, served: Callable[[Path], str], town: Any
) -> None:
    open_map(page, f"{served(town.config)}/?layer=drop_rate")
    for name in ("Places", "Quality", "Changes"):
        page.get_by_role("link", name=name, exact=True).click()
        page.get_by_test_id("stDataFrame").first.wait_for()
    page.get_by_role("button", name="Show on the map").click()
    page.get_by_text("Cells that serve it").wait_for()
    assert in_url(page, "hex") in town.hexes
    assert in_url(page, "layer") == "drop_rate"


def test_dark_ground_is_dark_and_shows_hexagons(
    chromium: Browser, served: Callable[[Path], str], town: Any
) -> None:
    with chromium.new_context(color_scheme="dark") as context:
        page = context.new_page()
        open_map(page, f"{served(town.config)}/?layer=drop_rate")
        assert np.median(pixels(page).max(axis=2)) < 200
        assert pixels(page)[4:12, 4:12].mean() < 60


def test_reports_without_counters_are_clicked_too(
    page: Page, served: Callable[[Path], str], reports_town: Any
) -> None:
    open_map(page, served(reports_town.config))
    choose(page, 0.55, 0.5)
    page.get_by_text("No counters for this hexagon").wait_for()
    page.get_by_text("no cause and no change can be named").wait_for()
