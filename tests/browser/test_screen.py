"""The screen in a real Chromium: hexagons are drawn, a click answers, nobody else is asked."""

import os
import shutil
import socket
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import suppress
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image
from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright
from playwright.sync_api import TimeoutError as PlaywrightTimeout

from views.server import command

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


def chart(page: Page) -> Locator:
    return page.get_by_test_id("stDeckGlJsonChart")


def pixels(page: Page) -> Pixels:
    """What the map looks like now, shape (height, width, 3)."""
    shot = chart(page).screenshot(animations="disabled")
    return np.asarray(Image.open(BytesIO(shot)).convert("RGB"), np.int64)


def coloured(seen: Pixels) -> float:
    """Share of the map whose colour is far from grey: land, sea and lines are all greyish."""
    return float((np.ptp(seen, axis=2) > 45).mean())


def wait_until(holds: Callable[[], bool], what: str) -> None:
    until = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < until, f"waited {PATIENCE_S} s in vain until {what}"
        time.sleep(0.25)


def open_map(page: Page, url: str) -> None:
    page.goto(url)
    chart(page).wait_for()
    wait_until(lambda: coloured(pixels(page)) > 0.1, "hexagons are drawn")


def in_url(page: Page, param: str) -> str | None:
    return parse_qs(urlsplit(page.url).query).get(param, [None])[0]


def choose(page: Page, across: float, down: float) -> str:
    """Points at a place of the map, clicks as a hand does, and returns the hexagon in the URL."""
    box, before = chart(page).bounding_box(), in_url(page, "hex")
    assert box is not None
    at = box["x"] + across * box["width"], box["y"] + down * box["height"]
    until = time.monotonic() + PATIENCE_S
    while in_url(page, "hex") in {None, before}:
        assert time.monotonic() < until, f"clicked for {PATIENCE_S} s and no hexagon was chosen"
        page.mouse.move(*at)
        page.locator(".deck-tooltip").wait_for()
        page.mouse.click(*at, delay=30)
        # a slow machine may miss one click, as it would a person's
        with suppress(PlaywrightTimeout):
            page.wait_for_url(lambda _: in_url(page, "hex") not in {None, before}, timeout=8000)
    return str(in_url(page, "hex"))


def settled(page: Page) -> None:
    """Waits until the page has taken in everything that the last click brought about."""
    page.locator("[data-testid='stApp'][data-test-script-state='notRunning']").wait_for()


def test_a_click_on_a_hexagon_shows_its_history_and_its_cells(
    page: Page, served: Callable[[Path], str], town: Any
) -> None:
    open_map(page, f"{served(town.config)}/?layer=drop_rate")
    before = pixels(page)
    assert choose(page, 0.5, 0.62) in town.hexes
    page.get_by_text("Cells that serve it").wait_for()
    page.get_by_text("What changed").wait_for()
    # the chart is drawn, not only announced
    page.get_by_test_id("stVegaLiteChart").locator("svg, canvas").first.wait_for()
    page.get_by_test_id("stDataFrame").first.wait_for()
    # one hexagon is outlined; the others keep their colours, and the map its place
    page.mouse.move(5, 5)
    wait_until(lambda: 0 < _changed(before, pixels(page)) < 0.05, "one hexagon is outlined")


def _changed(before: Pixels, after: Pixels) -> float:
    return float((np.abs(after - before).max(axis=2) > 20).mean())


def test_a_second_click_chooses_another_hexagon(
    page: Page, served: Callable[[Path], str], town: Any
) -> None:
    open_map(page, f"{served(town.config)}/?layer=drop_rate")
    first = choose(page, 0.5, 0.62)
    settled(page)
    second = choose(page, 0.42, 0.35)
    assert second != first
    page.get_by_role("heading").filter(has_text=second).wait_for()


def test_an_address_shows_a_colleague_the_same(
    page: Page, served: Callable[[Path], str], town: Any
) -> None:
    query = f"layer=drop_rate&period=week.2025-04-14&hex={town.worse_hex}"
    open_map(page, f"{served(town.config)}/?{query}")
    page.get_by_text("drops of LDS-02 went up to ×2").wait_for()
    expect(page.get_by_role("combobox", name="Period")).to_have_value("Week of 14 Apr 2025")
    assert in_url(page, "layer") == "drop_rate"


def test_what_comes_from_data_is_shown_as_text(
    page: Page, served: Callable[[Path], str], town: Any
) -> None:
    open_map(page, f"{served(town.config)}/?layer=drop_rate")
    expect(page.get_by_text("Aire <Mobile>")).to_be_visible()
    box = chart(page).bounding_box()
    assert box is not None
    # the western half lies in a region with markup in its name
    page.mouse.move(box["x"] + 0.4 * box["width"], box["y"] + 0.4 * box["height"])
    page.get_by_text("West & <b>hills</b>").wait_for()
    tooltip = page.locator(".deck-tooltip")
    assert "of calls dropped" in tooltip.inner_text()
    assert tooltip.locator("b").count() == 1  # the value alone is bold


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
