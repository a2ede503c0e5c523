"""The map component beside a naive pydeck page, on the same marts in the same browser and run.

    python benchmarks/map.py [--hexes 2000 15000 100000] [--repeat 3]

Prints for each number of hexagons in the marts, as medians: seconds until hexagons are seen, MB
sent by then, seconds until other values are seen and until a click is answered, frames a second
while zooming out over the country; then the ratios. Each page is visited once beforehand. Needs
Chromium, renders in software, and wants a quiet machine: frames are the first thing to suffer.
"""

import argparse
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, date, datetime
from io import BytesIO
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
import pandas as pd
from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright
from playwright.sync_api import TimeoutError as PlaywrightTimeout

from contracts.tables import SCHEMA_VERSION, TABLES
from geo import hexgrid
from ingest.warehouse.publish import publish
from ingest.warehouse.store import Warehouse
from views.console.server import command

FLAGS = ["--no-sandbox", "--use-gl=angle", "--use-angle=swiftshader",
         "--enable-unsafe-swiftshader", "--disable-background-networking"]  # fmt: skip
PATIENCE_S = 90
MIDDLE = {"lat": 53.8, "lon": -1.55}
Measures = dict[str, float]


# ----------------------------------------------------------------------------------- the marts


def write_marts(folder: Path, n_hexes: int) -> float:
    """Publishes two metrics of about `n_hexes` at level 8 and their ancestors; a fitting zoom.

    `folder`: for the warehouse and the configuration.
    """
    finest = _around(n_hexes)
    warehouse = Warehouse(folder / "warehouse")
    sets = [np.unique(hexgrid.parents(finest, level=level)) for level in (8, 7, 6, 5)]
    warehouse.write("hex_place", pd.concat([_places(hexes) for hexes in sets]))
    warehouse.write("place_rate", pd.concat([_rates(hexes) for hexes in sets]))
    warehouse.write("cell", _frame("cell", cell_id=["A"], site_id=["S"], lat=[MIDDLE["lat"]],
                                   lon=[MIDDLE["lon"]], derived=[""]))  # fmt: skip
    run = _frame(
        "run",
        run_id=["r"],
        operator_name=["Benchmark"],
        timezone=["UTC"],
        level=[8],
        as_of_utc=[datetime(2026, 5, 1, tzinfo=UTC)],
        software_version=["0"],
        schema_version=[SCHEMA_VERSION],
    )
    warehouse.write("run", run)
    publish(warehouse, "benchmark", keep=2)
    (folder / "hexperience.toml").write_text(
        '[[source]]\ntable = "call"\npath = "none.csv"\n'
        '[source.columns]\nstart_utc = "a"\noutcome = "b"\n', encoding="utf-8")  # fmt: skip
    lat, _ = hexgrid.centres(finest)
    return float(np.log2(600 / 512 / (np.ptp(lat) / 360 / np.cos(np.radians(MIDDLE["lat"])))))


def _around(n_hexes: int) -> hexgrid.Hexes:
    # k rings hold 3 k (k + 1) + 1 hexagons
    k = int((n_hexes / 3) ** 0.5 - 0.5)
    (centre,) = hexgrid.hexes_of(lat=[MIDDLE["lat"]], lon=[MIDDLE["lon"]], level=8)
    return np.sort(hexgrid.disk(int(centre), k))


def _places(hexes: hexgrid.Hexes) -> pd.DataFrame:
    lat, lon = hexgrid.centres(hexes)
    level = int(hexgrid.levels(hexes)[0])
    return _frame("hex_place", hex_id=hexes, level=level, lat=lat, lon=lon, region="North")


def _rates(hexes: hexgrid.Hexes) -> pd.DataFrame:
    rng = np.random.default_rng(len(hexes))
    calls = rng.lognormal(7, 1.2, len(hexes)).round() + 20
    rate = rng.beta(2, 150, len(hexes))
    half = 1.645 * np.sqrt(rate / calls)
    common = {"place_type": "hex", "hex_id": hexes, "level": int(hexgrid.levels(hexes)[0]),
              "cell_id": "", "outcome_class": "all", "period_grain": "month", "shown": "shown",
              "period_start": date(2026, 4, 1), "period_end": date(2026, 4, 30),
              "denominator": calls, "method_version": "b", "run_id": "r"}  # fmt: skip
    excess = {"value": calls * (rate - 0.013), "value_lo": calls * (rate - half - 0.013),
              "value_hi": calls * (rate + half - 0.013)}  # fmt: skip
    return pd.concat([
        _frame("place_rate", metric="drop_rate", numerator=calls * rate, value=rate,
               value_lo=(rate - half).clip(0), value_hi=rate + half, **common),
        _frame("place_rate", metric="drops_excess_month", **excess, **common),
    ])  # fmt: skip


def _frame(table: str, **given: object) -> pd.DataFrame:
    frame = pd.DataFrame(given)
    missing = {
        field.name: np.nan if field.is_number else None
        for field in TABLES[table].fields if field.name not in frame
    }  # fmt: skip
    return frame.assign(**missing)[list(TABLES[table].columns)]


# --------------------------------------------------------------------------------- the browser


@contextmanager
def served(config: Path, script: Path | None) -> Iterator[str]:
    """Serves our screen, or a script in its place; yields the address.

    `config`: file of the configuration. `script`: None = our screen.
    """
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    line = command(port=port)
    if script:
        line[line.index("run") + 1] = str(script)
    paths = os.pathsep.join([str(Path(__file__).parents[1]), os.environ.get("PYTHONPATH", "")])
    environ = {**os.environ, "HEXPERIENCE_CONFIG": str(config), "PYTHONPATH": paths}
    server = subprocess.Popen(line, env=environ, cwd=config.parent, stdout=subprocess.DEVNULL)
    try:
        _wait(lambda: _answers(f"http://127.0.0.1:{port}/_stcore/health"), lambda: time.sleep(0.2))
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait()


def _answers(url: str) -> bool:
    try:
        urllib.request.urlopen(url).close()  # noqa: S310 - our own server
    except OSError:
        return False
    return True


def _wait(
    holds: Callable[[], bool], pause: Callable[[], None], patience_s: float = PATIENCE_S
) -> float:
    start = time.perf_counter()
    while not holds():
        if time.perf_counter() - start > patience_s:
            raise PlaywrightTimeout(f"waited {patience_s} s")
        pause()
    return time.perf_counter() - start


def measure(browser: Browser, url: str, *, zoom: float, ours: bool) -> Measures:
    """Everything that is measured of one page, once; inf = waited in vain.

    `browser`: a running Chromium. `url`: of the server. `zoom`: of the map. `ours`: whether the
    page is our screen or the naive one.
    """
    with browser.new_context(viewport={"width": 1440, "height": 900}) as context:
        page = context.new_page()
        sent: list[int] = []
        page.on("websocket", lambda socket: socket.on(
            "framereceived", lambda frame: sent.append(len(frame))))  # fmt: skip
        place = f"layer=drop_rate&at={MIDDLE['lat']},{MIDDLE['lon']},{zoom:.2f}"
        page.goto(f"{url}/?{place if ours else f'zoom={zoom:.2f}'}")
        target = page.locator(".hexmap" if ours else "[data-testid=stDeckGlJsonChart]")
        start = time.perf_counter()
        _until(page, lambda: _coloured(_middle(page, target)) > 0.3)
        found = {"seen_s": time.perf_counter() - start, "sent_mb": sum(sent) / 1e6}
        page.wait_for_timeout(1500)
        found["values_s"] = _other_values(page, target)
        page.wait_for_timeout(1500)
        found["click_s"] = _click(page, target, ours=ours)
        page.wait_for_timeout(500)
        found["frames_s"] = _frames(page, target)
        return found


def _until(page: Page, holds: Callable[[], bool], patience_s: float = PATIENCE_S) -> float:
    return _wait(holds, lambda: page.wait_for_timeout(30), patience_s)


def _middle(page: Page, target: object) -> np.ndarray:
    box = target.bounding_box() if target.count() else None  # type: ignore[attr-defined]
    if not box:
        return np.zeros((1, 1, 3), int)
    clip = {"x": box["x"] + box["width"] / 2 - 60, "y": box["y"] + box["height"] / 2 - 60,
            "width": 120, "height": 120}  # fmt: skip
    return np.asarray(Image.open(BytesIO(page.screenshot(clip=clip))).convert("RGB"), int)


def _coloured(seen: np.ndarray) -> float:
    return float((np.ptp(seen, axis=2) > 25).mean())


def _other_values(page: Page, target: object) -> float:
    before = _middle(page, target)
    page.get_by_role("combobox", name="Layer").click()
    page.get_by_role("option").nth(0 if page.url.count("layer=drop_rate") else 1).click()
    # from the choice on: opening the list is not the map's
    return _until(page, lambda: float(np.abs(_middle(page, target) - before).mean()) > 8)


def _click(page: Page, target: object, *, ours: bool) -> float:
    box = target.bounding_box()  # type: ignore[attr-defined]
    at = box["x"] + box["width"] / 2 + 7, box["y"] + box["height"] / 2 + 5
    page.mouse.move(*at)
    page.wait_for_timeout(400)
    chosen = (lambda: "hex=" in urlsplit(page.url).query) if ours else (
        lambda: page.get_by_text("Chosen:").count() > 0)  # fmt: skip
    start = time.perf_counter()
    for _ in range(4):  # a page that draws for long may miss a click, as it would a person's
        page.mouse.click(*at, delay=30)
        with suppress(PlaywrightTimeout):
            _until(page, chosen, 8)
            return time.perf_counter() - start
    return float("inf")


_COUNT = """() => { window.frames_seen = 0; const turn = () => { window.frames_seen++;
    requestAnimationFrame(turn); }; requestAnimationFrame(turn); }"""


def _frames(page: Page, target: object, seconds: float = 2.5) -> float:
    box = target.bounding_box()  # type: ignore[attr-defined]
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.evaluate(_COUNT)
    start = time.perf_counter()
    first = page.evaluate("window.frames_seen")
    while (spent := time.perf_counter() - start) < seconds:
        # out and in again: the whole country stays in view
        page.mouse.wheel(0, 60 if spent < seconds * 0.6 else -60)
        page.wait_for_timeout(60)
    many = page.evaluate("window.frames_seen") - first
    return many / (time.perf_counter() - start)


# -------------------------------------------------------------------------------------- the run


def main() -> None:
    """Measures both pages in turn and prints medians and ratios."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--hexes", type=int, nargs="*", default=[2_000, 15_000, 100_000])
    parser.add_argument("--repeat", type=int, default=3)
    args = parser.parse_args()
    chromium = shutil.which("chromium") or sys.exit("no chromium on PATH")
    naive = Path(__file__).with_name("pydeck_page.py")
    print("hexagons  page        seen s  sent MB  values s  click s  frames/s")
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=chromium, args=FLAGS)
        for n_hexes in args.hexes:
            with tempfile.TemporaryDirectory() as made:
                folder = Path(made)
                zoom = write_marts(folder, n_hexes)
                config = folder / "hexperience.toml"
                with served(config, None) as our_url, served(config, naive) as naive_url:
                    _compare(browser, our_url, naive_url, zoom, n_hexes, args.repeat)
        browser.close()


def _compare(  # noqa: PLR0917
    browser: Browser, our_url: str, naive_url: str, zoom: float, n_hexes: int, repeat: int
) -> None:
    runs: dict[bool, list[Measures]] = {True: [], False: []}
    for turn in range(repeat + 1):
        for ours, url in ((False, naive_url), (True, our_url)):
            found = measure(browser, url, zoom=zoom, ours=ours)
            if turn:  # the first visit is for the server's own imports
                runs[ours].append(found)
    medians = {ours: _medians(found) for ours, found in runs.items()}
    for ours, name in ((False, "pydeck"), (True, "component")):
        line = "  ".join(f"{medians[ours][key]:7.2f}" for key in medians[ours])
        print(f"{n_hexes:8,}  {name:10}  {line}", flush=True)
    one, other = medians[True], medians[False]
    seen, sent = (one[key] / other[key] for key in ("seen_s", "sent_mb"))
    again = one["values_s"] / one["seen_s"]
    print(f"          component / pydeck: seen {seen:.2f}, sent {sent:.3f}; "
          f"its other values / its first hexagons: {again:.2f}", flush=True)  # fmt: skip


def _medians(found: list[Measures]) -> Measures:
    return {key: statistics.median(one[key] for one in found) for key in found[0]}


if __name__ == "__main__":
    main()
