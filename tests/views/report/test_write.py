"""The report says what the queries answer, stands by itself, and runs nothing from the data."""

import hashlib
import io
import json
import re
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from contracts.settings.load import load
from contracts.settings.sections import Settings
from ingest.warehouse.marts import Marts
from ingest.warehouse.publish import publish
from ingest.warehouse.store import Warehouse
from views.report import in_short
from views.report import write as report_write
from views.words.numbers import amount, day, number
from views.words.periods import Period, parse

WEEK = parse("2025-W15")
"""7 to 13 April: in it the planted change of LDS-02."""

HOSTILE = "<script>alert('x')</script>\"><img src=http://evil.example/x onerror=alert(1)>={{ 7*7 }}"


class Reader(HTMLParser):
    """Text, tags and attributes of a page, as a browser would see them."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.said: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.said.append(data)

    @property
    def text(self) -> str:
        """All that is said, blanks as single spaces."""
        return " ".join(" ".join(self.said).replace("\u00a0", " ").split())


@pytest.fixture(scope="module")
def settings(town: Any) -> Settings:
    return load(town.config, environ={})


@pytest.fixture(scope="module")
def files(town: Any, settings: Settings) -> dict[str, bytes]:
    return report_write.build(Marts(town.warehouse), WEEK, settings, config="hexperience.toml")


@pytest.fixture(scope="module")
def page(files: dict[str, bytes]) -> Reader:
    return Reader(files["2025-W15.html"].decode())


def test_the_headline_is_the_network_s_rate_as_the_query_answers_it(
    page: Reader, town: Any
) -> None:
    days = Warehouse(town.warehouse).read("cell_day")
    mine = days[days["day_local"].between(WEEK.first, WEEK.last)]
    drops, calls = mine["dropped_calls"].sum(), mine["call_attempts"].sum()
    assert f"{number(drops / calls, 'share')} of calls dropped" in page.text
    assert f"{amount(drops)} of {amount(calls)} calls; 90 % interval" in page.text
    assert "The week before:" in page.text
    assert "percentage points (" in page.text
    oldest = Marts(town.warehouse).query(
        "network_periods", period_grain="week", period_start=WEEK.first
    ).iloc[-1]  # fmt: skip
    assert pd.Timestamp(oldest["period_start"]) < pd.Timestamp(WEEK.first)
    sentence = f"In the week of {day(oldest['period_start'])} it was "
    assert f"{sentence}{number(oldest['drop_rate'], 'share')} (" in page.text


def test_regions_are_drawn_whatever_column_names_them(town: Any, tmp_path: Path) -> None:
    polygons = (town.config.parent / "regions.geojson").read_text("utf-8")
    (tmp_path / "regions.geojson").write_text(polygons.replace('"name"', '"NUTS3"'), "utf-8")
    config = town.config.read_text("utf-8").replace("[grid]", 'region_name = "NUTS3"\n[grid]')
    (tmp_path / "hexperience.toml").write_text(config, "utf-8")
    settings = load(tmp_path / "hexperience.toml", environ={})
    html = report_write.build(Marts(town.warehouse), WEEK, settings)["2025-W15.html"].decode()
    assert 'class="region"' in html
    assert "The regions are not drawn" not in html


def test_no_difference_has_no_sign() -> None:
    assert [in_short._points(x) for x in (-0.00001, 0.00001, -0.0012)] == ["0.00", "0.00", "−0.12"]


def test_every_number_of_a_list_is_the_query_s(page: Reader, town: Any) -> None:
    span = {"period_grain": "week", "period_start": WEEK.first}
    for query in ("period_cells", "period_hexes"):
        for _, row in Marts(town.warehouse).query(query, **span, top=3).iterrows():
            for name, figure in (("drop_rate", "share"), ("drops_excess_month", "count")):
                low, high = (number(row[f"{name}_{end}"], figure) for end in ("lo", "hi"))  # type: ignore[arg-type]
                assert f"({low} to {high})" in page.text
                assert number(row[name], figure) in page.text  # type: ignore[arg-type]
            assert f"{amount(row['dropped_calls'])} of {amount(row['call_attempts'])}" in page.text


def test_the_planted_change_and_the_intervention_stand_in_their_weeks(
    page: Reader, town: Any, settings: Settings
) -> None:
    assert "×2 (×1.8 to ×2.2) of those before" in page.text
    assert "1 dated in these days: 1 for the worse, 0 for the better" in page.text
    assert "None began or ended" in page.text
    # 23 April 22:30 UTC is 23:30 in London
    later = report_write.build(Marts(town.warehouse), parse("2025-W17"), settings)
    text = Reader(later["2025-W17.html"].decode()).text
    assert "No change of drop rate is dated in these days" in text
    assert re.search(r"23 Apr 2025 tilt LDS-02 · Mast 1 · East two degrees done", text)


def test_what_is_not_released_is_said_and_not_shown(files: dict[str, bytes], town: Any) -> None:
    april = parse("2025-04")
    built = report_write.build(Marts(town.warehouse), april, load(town.config, environ={}))
    rates = Warehouse(town.warehouse).read("place_rate")
    mine = rates[(rates["metric"] == "complaints_per_1000") & (rates["outcome_class"] == "network")]
    counts = mine["shown"].value_counts()
    text = Reader(built["2025-04.html"].decode()).text
    sentence = f"{counts['shown']} hexagons of level 8 shown, {counts['few']} with <5, "
    assert sentence + f"{counts['hidden']} hidden." in text
    table = pd.read_csv(io.BytesIO(built["customers.csv"]))
    assert (
        table.loc[table["shown"] != "shown", ["numerator", "value", "value_lo"]]
        .isna()
        .all(axis=None)
    )
    # a week shows the newest whole month up to it: April is not over in its second week
    assert "What customers say" not in Reader(files["2025-W15.html"].decode()).text


def test_it_asks_for_nothing_outside_and_runs_no_script(
    files: dict[str, bytes], page: Reader
) -> None:
    html = files["2025-W15.html"].decode()
    assert {"script", "link", "iframe", "img", "object", "base"}.isdisjoint(t for t, _ in page.tags)
    for tag, attributes in page.tags:
        assert {"src", "href", "xlink:href", "srcset", "data"}.isdisjoint(attributes), tag
        assert not [name for name in attributes if name.startswith("on")], tag
    assert not re.search(r"url\(|@import", html)
    policy = next(a["content"] for _, a in page.tags if "http-equiv" in a)
    assert policy == "default-src 'none'; style-src 'unsafe-inline'"


def test_pictures_share_no_name(page: Reader) -> None:
    names = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert len(names) == len(set(names))
    assert sum(tag == "svg" for tag, _ in page.tags) == 3  # trend, map, history


def test_the_same_marts_and_period_give_the_same_bytes(
    files: dict[str, bytes], town: Any, settings: Settings
) -> None:
    again = report_write.build(Marts(town.warehouse), WEEK, settings, config="hexperience.toml")
    assert again == files


def test_tables_lie_beside_and_hold_what_the_queries_answer(
    files: dict[str, bytes], town: Any
) -> None:
    cells = pd.read_csv(io.BytesIO(files["cells.csv"]))
    asked = Marts(town.warehouse).query(
        "period_cells", period_grain="week", period_start=WEEK.first, top=100
    )
    assert cells["cell_id"].tolist() == asked["cell_id"].tolist()
    assert cells["drop_rate"].tolist() == pytest.approx(asked["drop_rate"].tolist())
    assert {
        "network.csv",
        "hexagons.csv",
        "changes.csv",
        "customers.csv",
        "interventions.csv",
        "effects.csv",
    } < set(files)


def test_a_week_lists_worst_cells_and_a_month_percentiles(town: Any, settings: Settings) -> None:
    marts = Marts(town.warehouse)
    week = report_write.build(marts, parse("2025-W17"), settings)
    month = report_write.build(marts, parse("2025-03"), settings)
    assert "worst_cells.csv" in week
    assert "percentiles.csv" in month
    page = month["2025-03.html"].decode()
    assert "As a regulator looks at it" in page
    # March ends a quarter
    assert page.count("<td>whole network</td>") == 2
    assert "TRAI" in page


def test_a_period_that_is_known_in_part_says_so(town: Any, settings: Settings) -> None:
    march = report_write.build(Marts(town.warehouse), parse("2025-03"), settings)
    assert (
        "Only 29 of this month's 31 days are known." in Reader(march["2025-03.html"].decode()).text
    )
    whole = report_write.build(Marts(town.warehouse), parse("2025-04"), settings)
    assert "Only" not in Reader(whole["2025-04.html"].decode()).text


def test_reports_of_callers_alone_make_a_report_too(reports_town: Any) -> None:
    settings = load(reports_town.config, environ={})
    built = report_write.build(Marts(reports_town.warehouse), parse("2018-04"), settings)
    text = Reader(built["2018-04.html"].decode()).text
    assert "The network's drop rate is not known: no counters." in text
    assert "Reported drop rate, April 2018" in text
    assert "Without load and exact times no cause" in text


# ------------------------------------------------------------------------- texts that mean harm


@pytest.fixture
def hostile(town: Any, tmp_path: Path) -> tuple[Marts, Settings]:
    """The town, every text of which tries to break out of the page."""
    folder = tmp_path / "hostile"
    shutil.copytree(town.config.parent, folder, symlinks=True)
    warehouse = Warehouse(folder / "warehouse")
    named = {"LDS-02": HOSTILE}
    for name, columns in {
        "cell": ("cell_name", "site_name", "region"), "intervention": ("description", "status"),
        "quality": ("message",), "priority": ("advice", "seen", "place_name", "region"),
        "hex_place": ("region",), "run": ("operator_name", "software_version"),
    }.items():  # fmt: skip
        warehouse.write(name, warehouse.read(name).assign(**dict.fromkeys(columns, HOSTILE)))
    for name in ("cell", "cell_hex", "cell_day", "change_point", "place_rate", "intervention"):
        table = warehouse.read(name)
        warehouse.write(name, table.assign(cell_id=table["cell_id"].replace(named)))
    ranked = warehouse.read("priority").replace({"dominant_cell_id": named, "cell_id": named})
    warehouse.write("priority", ranked)
    unsafe = warehouse.read("place_rate").assign(unsafe_reason=HOSTILE)
    warehouse.write("place_rate", unsafe)
    warehouse.write("quality", warehouse.read("quality").assign(verdict="unsafe"))
    publish(warehouse, "hostile", keep=2)
    regions = (folder / "regions.geojson").read_text().replace("East", HOSTILE.replace('"', '\\"'))
    (folder / "regions.geojson").write_text(regions)
    return warehouse.marts, load(folder / "hexperience.toml", environ={})


@pytest.mark.parametrize("period", ["2025-W15", "2025-04"])
def test_texts_that_mean_harm_stay_texts(hostile: tuple[Marts, Settings], period: str) -> None:
    marts, settings = hostile
    built = report_write.build(marts, parse(period), settings, config=HOSTILE)
    page = Reader(built[f"{period}.html"].decode())
    assert "alert('x')" in page.text
    assert "{{ 7*7 }}" in page.text
    assert {"script", "img"}.isdisjoint(tag for tag, _ in page.tags)
    assert not [a for _, attributes in page.tags for a in attributes if a.startswith("on")]
    assert "Not to be relied on" in page.text


# ------------------------------------------------------------------------------- on the disk


def tree(folder: Path) -> dict[str, str]:
    """Every file below a folder, hidden ones too, with its content's digest."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.fixture
def write(town: Any, settings: Settings, tmp_path: Path) -> Callable[[], Path]:
    return lambda: report_write.write(Marts(town.warehouse), WEEK, tmp_path / "out", settings)


def test_a_report_lies_in_a_folder_of_its_name(write: Callable[[], Path], tmp_path: Path) -> None:
    assert write() == tmp_path / "out" / "2025-W15" / "2025-W15.html"
    before = tree(tmp_path / "out")
    assert {name.split("/")[0] for name in before} == {"2025-W15"}
    write()
    assert tree(tmp_path / "out") == before
    assert report_write.written(tmp_path / "out") == [("2025-W15", write(), 1)]


def test_a_report_that_fails_leaves_nothing(
    write: Callable[[], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write()
    before = tree(tmp_path / "out")

    def full(*_: Any, **__: Any) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OSError, match="no space left"):
        write()
    monkeypatch.undo()
    assert tree(tmp_path / "out") == before
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["2025-W15"]


def test_a_stop_between_the_two_renames_is_mended(
    write: Callable[[], Path], tmp_path: Path
) -> None:
    target = write().parent
    before = tree(tmp_path / "out")
    note = json.loads((target / "report.json").read_text())
    (target / "report.json").write_text(json.dumps(note | {"revision": 4}))
    target.rename(target.with_name(".old-2025-W15"))
    (tmp_path / "out" / ".building-2025-W15-x").mkdir()
    write()
    assert json.loads((target / "report.json").read_text())["revision"] == 4
    assert set(tree(tmp_path / "out")) == set(before)
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["2025-W15"]


def test_counts_that_changed_make_a_revision_that_says_what(
    write: Callable[[], Path], tmp_path: Path
) -> None:
    note = write().with_name("report.json")
    old = json.loads(note.read_text())
    old["counts"]["call_attempts"] -= 1000
    note.write_text(json.dumps(old))
    text = Reader(write().read_text()).text
    now = old["counts"]["call_attempts"] + 1000
    changed = "Revision 2. Since the report before, what was counted in these days has changed:"
    assert f"{changed} call attempts {amount(now - 1000)}, now {amount(now)}." in text
    # written again from the same, it still says so
    before = tree(tmp_path / "out")
    write()
    assert tree(tmp_path / "out") == before


def test_a_report_of_an_earlier_version_is_no_reason_for_a_revision(
    write: Callable[[], Path],
) -> None:
    note = write().with_name("report.json")
    old = json.loads(note.read_text())
    old["counts"]["n_works"] = old["counts"].pop("n_interventions")
    note.write_text(json.dumps(old))
    write()
    assert json.loads(note.read_text())["revision"] == 1
    # a count that did change is named as it is called now
    n_before = old["counts"]["n_works"]
    old["counts"]["n_works"] += 1
    note.write_text(json.dumps(old))
    words = f"interventions {amount(n_before + 1)}, now {amount(n_before)}."
    assert words in Reader(write().read_text()).text


def test_due_is_what_is_over_and_waited_for_and_not_written(
    town: Any, settings: Settings, tmp_path: Path
) -> None:
    marts = Marts(town.warehouse)
    here = settings.model_copy(update={"folder": tmp_path})

    def due(at: str, **how: Any) -> list[str]:
        wanted = here.model_copy(update={"report": here.report.model_copy(update=how)})
        when = datetime.fromisoformat(at).replace(tzinfo=UTC)
        return [period.key for period in report_write.due(marts, wanted, when)]

    assert due("2025-03-09T23:59") == []
    # week 10 ends on 10 March 00:00 London time, and is waited for six hours
    assert due("2025-03-10T05:59") == []
    assert due("2025-03-10T06:00") == ["2025-W10"]
    assert due("2025-03-10T00:00", after_hours=0) == ["2025-W10"]
    # summer time began on 30 March
    assert "2025-W13" in due("2025-03-31T05:00")
    assert "2025-W13" not in due("2025-03-31T04:59")
    assert due("2025-04-07T06:00", every=("month",)) == ["2025-03"]
    week: Period = parse("2025-W10")
    report_write.write(marts, week, tmp_path / "reports", here)
    assert due("2025-03-10T06:00") == []


@pytest.mark.parametrize(
    ("oldest", "ending"),
    [
        ((0.006, 0.0059, 0.0062), "; up from 0.60 % in the week of 10 Aug 2026."),
        ((0.009, 0.0086, 0.0094), "; down from 0.90 % in the week of 10 Aug 2026."),
        ((0.0078, 0.0075, 0.0081), "from the week before."),
    ],
)
def test_the_headline_says_what_crept(oldest: tuple[float, ...], ending: str) -> None:
    rates = [oldest, (0.0079, 0.0077, 0.0081), (0.008, 0.0079, 0.0081)]
    starts = pd.date_range("2026-08-10", periods=3, freq="7D")
    network = pd.DataFrame(rates, columns=["drop_rate", "drop_rate_lo", "drop_rate_hi"]).assign(
        period_grain="week", period_start=starts, period_end=starts + pd.Timedelta(days=6),
        step=["", "same", "same"],
    )  # fmt: skip
    said = in_short.headline(Period("week", starts[-1].date()), network)["said"]
    assert said.startswith("of calls dropped: no change beyond chance from the week before")
    assert said.endswith(ending)


def test_what_came_of_earlier_works_stands_in_the_report_once_it_can_be_judged(
    town: Any, settings: Settings
) -> None:
    files = report_write.build(Marts(town.warehouse), parse("2025-W17"), settings)
    text = Reader(files["2025-W17.html"].decode()).text
    assert "Of 1 earlier that can be judged now 1 brought fewer drops, 0 more." in text
    assert "Better: drops −30 % against what untouched places let expect" in text
