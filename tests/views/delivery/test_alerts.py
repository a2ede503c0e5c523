"""Alerts say what is new and what is over, once, to those whose part it is."""

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from contracts.settings.audiences import Alert, Audience
from contracts.settings.sections import Settings
from contracts.tables import SCHEMA_VERSION
from ingest.alerts import faults
from ingest.warehouse.marts import Marts
from ingest.warehouse.publish import publish
from ingest.warehouse.store import Warehouse
from tests.bench.frames import rows
from views.delivery import alerts, asking, send
from views.delivery.asking import Row

NOW = datetime(2026, 3, 2, 6, tzinfo=UTC)
DAY = date(2026, 3, 2)
DAYS = [date(2026, 2, 1) + timedelta(days=d) for d in range(29)]
CALLS = 100.0


def _row(key: str, **more: Any) -> Row:
    return Row("new_change", key, f"cell {key} drops", more.get("begins", True),
               more.get("muted", False))  # fmt: skip


def test_what_is_new_is_said_once_and_what_is_over_with_its_first_day() -> None:
    fresh, over, known = alerts.compared({}, {"new_change": [_row("a"), _row("b")]}, DAY)
    assert [row.key for row in fresh] == ["a", "b"]
    assert not over

    later = DAY + timedelta(days=3)
    fresh, over, known = alerts.compared(known, {"new_change": [_row("b"), _row("c")]}, later)
    assert [row.key for row in fresh] == ["c"]
    assert over == (("new_change", "cell a drops", "2026-03-02"),)
    assert {key: each["first_day"] for key, each in known["new_change"].items()} == {
        "b": "2026-03-02", "c": "2026-03-05"}  # fmt: skip


def test_a_row_that_does_not_begin_keeps_open_what_was_said_and_says_nothing_new() -> None:
    _, _, known = alerts.compared({}, {"new_change": [_row("a")]}, DAY)
    weak = [_row("a", begins=False), _row("b", begins=False)]
    fresh, over, after = alerts.compared(known, {"new_change": weak}, DAY)
    assert (fresh, over, after) == ((), (), known)


def test_what_somebody_is_with_is_left_out_and_an_alert_that_fails_changes_nothing() -> None:
    fresh, over, known = alerts.compared({}, {"new_change": [_row("a", muted=True)]}, DAY)
    assert (fresh, over, known) == ((), (), {"new_change": {}})
    _, _, known = alerts.compared({}, {"new_change": [_row("a")]}, DAY)
    assert alerts.compared(known, {"new_change": None}, DAY) == ((), (), known)


@pytest.mark.parametrize(
    ("kind", "subject", "status", "grain", "is_muted"),
    [
        ("change", "c1", "in_work", ("change_id",), True),
        ("change", "c1", "done", ("change_id",), True),
        ("change", "c1", "open", ("change_id",), False),
        ("cell", "a", "rejected", ("cell_id",), True),
        ("cell", "a", "done", ("cell_id",), False),
        ("site", "S", "acknowledged", ("place_type", "place_id"), True),
        ("cell", "a", "in_work", ("change_id",), False),
    ],
)
def test_acknowledged_is_the_thing_that_the_grain_names(
    kind: str, subject: str, status: str, grain: tuple[str, ...], *, is_muted: bool
) -> None:
    answer = pd.DataFrame({"change_id": ["c1"], "cell_id": "a", "place_type": "site",
                           "place_id": "S"})  # fmt: skip
    noted = pd.DataFrame({"subject_type": [kind], "subject_id": subject, "ack_status": status})
    (row,) = asking.as_rows(answer, "own", grain, noted)
    assert row.muted == is_muted
    assert (row.begins, row.says) == (
        True, "change_id c1, cell_id a, place_type site, place_id S")  # fmt: skip


def test_an_audience_gets_rows_of_its_regions_and_generations_alone() -> None:
    groups = pd.DataFrame({"cell_id": ["a", "b", "c"], "site_id": ["S", "T", "U"],
                           "region": ["Leeds", "York", None], "technology": "lte"})  # fmt: skip
    leeds = Audience(recipients=("out",), regions=("Leeds",))
    by_cell = pd.DataFrame({"cell_id": ["a", "b", "c"]})
    by_region = pd.DataFrame({"region": ["York", "Leeds", None]})
    assert asking.of_part(by_cell, leeds, groups)["cell_id"].tolist() == ["a"]
    assert asking.of_part(by_region, leeds, groups)["region"].tolist() == ["Leeds"]
    assert asking.of_part(pd.DataFrame({"site_id": ["T"]}), leeds, groups).empty
    nr = Audience(recipients=("out",), technologies=("nr",))
    assert asking.of_part(by_cell, nr, groups).empty


def _marts(folder: Path, awake: dict[str, int]) -> Marts:
    """Marts of 29 days in two regions; `awake`: days with calls of each cell."""
    warehouse = Warehouse(folder)
    regions = {"a": "Leeds", "b": "Leeds", "c": "Leeds", "d": "York"}
    days = [(cell, day, CALLS if number < awake.get(cell, 29) else 0.0)
            for cell in regions for number, day in enumerate(DAYS)]  # fmt: skip
    cells, dates, calls = zip(*days, strict=True)
    rise = datetime(2026, 2, 20, tzinfo=UTC)
    end = datetime(2026, 3, 2, tzinfo=UTC)
    for name, frame in {
        "run": rows("run", run_id=["r"], timezone="Europe/London", level=8, as_of_utc=[end],
                    schema_version=SCHEMA_VERSION),
        "cell": rows("cell", cell_id=[*regions], region=[*regions.values()], lat=53.8, lon=-1.5,
                     site_id="S", technology="lte"),
        "cell_day": rows("cell_day", cell_id=cells, day_local=dates, call_attempts=calls),
        "change_point": rows("change_point", change_id=["c1", "c2", "c3", "c4"],
                             place_type="cell", cell_id=["a", "a", "b", "d"], run_id="r",
                             change_utc=[rise, rise - timedelta(days=5), rise, rise],
                             direction="up", ratio=[3.0, 9.0, 1.5, 4.0], ratio_lo=1.2,
                             ratio_hi=9.0),
        "priority": rows("priority", place_type="cell", rank=range(1, 13), run_id="r",
                         cell_id=[f"p{n}" for n in range(12)], region="Leeds",
                         rank_lo=1, rank_hi=[3] * 2 + [12] * 10),
    }.items():  # fmt: skip
        warehouse.write(name, frame)
    publish(warehouse, "alerts", keep=2)
    return warehouse.marts


@pytest.fixture(scope="module")
def marts(tmp_path_factory: pytest.TempPathFactory) -> Marts:
    """Cell c sleeps since the newest day."""
    return _marts(tmp_path_factory.mktemp("alerts"), {"c": 28})


def _settings(folder: Path, **how: Any) -> Settings:
    audience = Audience(recipients=(str(folder / "out"),), regions=("Leeds",), **how)
    return Settings(audience={"leeds": audience}, folder=folder)


def test_shipped_questions_find_what_is_planted(marts: Marts) -> None:
    changes = marts.query("new_change").set_index("change_id")
    assert changes["begins"].to_dict() == {"c1": True, "c4": True}  # c2 is over, c3 below the ratio
    old = marts.query("new_change", days=5)
    assert not old["begins"].any()

    (asleep,) = marts.query("cell_asleep").to_dict("records")
    assert (asleep["cell_id"], asleep["n_days_asleep"], asleep["begins"]) == ("c", 1, True)
    assert (
        asleep["says"] == "cell c has had no call since 2026-02-28, and 100 attempts a day before"
    )
    assert not marts.query("cell_asleep", days=2)["begins"].any()

    assert marts.query("data_late", today=DAY + timedelta(days=1)).empty
    late = marts.query("data_late", today=DAY + timedelta(days=2))
    assert late["region"].tolist() == ["Leeds", "York"]

    first = marts.query("entered_first_ten")
    assert len(first) == 10
    assert first[first["begins"]]["place_id"].tolist() == ["p0", "p1"]


def test_a_message_goes_once_and_the_next_when_something_is_new(
    marts: Marts, tmp_path: Path
) -> None:
    settings = _settings(tmp_path, alerts=("new_change", "cell_asleep"))
    (would,) = (
        alerts.would_go(marts, settings, NOW).query("alert == 'new_change'").to_dict("records")
    )
    assert (would["message"], would["state"]) == ("due", "new")
    assert not (tmp_path / "deliveries").exists()

    (folder,) = alerts.write_due(marts, settings, NOW)
    note = json.loads((folder / "message.json").read_bytes())
    assert note["headline"] == "2 new; 0 still open of those said before."
    assert [word for word, _ in note["lines"]] == ["New change, new", "Cell asleep, new"]
    assert "cell d" not in json.dumps(note)
    assert send.send_due(settings, NOW)["sent"] == 1
    sent = tmp_path / "out" / folder.name
    assert {path.name for path in sent.iterdir()} == {"alerts.txt", "alerts.csv"}

    assert alerts.write_due(marts, settings, NOW + timedelta(days=9)) == []
    assert send.send_due(settings, NOW)["sent"] == 1


def test_a_quiet_time_is_kept_and_what_is_over_is_said_after_it(
    marts: Marts, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    settings = _settings(tmp_path, alerts=("cell_asleep",), quiet_days=3)
    alerts.write_due(marts, settings, NOW)
    awake = _marts(tmp_path_factory.mktemp("awake"), {})
    assert alerts.write_due(awake, settings, NOW + timedelta(days=2)) == []
    (folder,) = alerts.write_due(awake, settings, NOW + timedelta(days=3))
    note = json.loads((folder / "message.json").read_bytes())
    assert note["lines"] == [["Cell asleep, over",
                              "cell c has had no call since 2026-02-28, and 100 attempts a day "
                              "before (first said 2026-03-02)"]]  # fmt: skip


def test_a_message_that_a_stop_cuts_short_leaves_nothing_behind(
    marts: Marts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = _settings(tmp_path, alerts=("new_change",))

    def full(*_: object) -> None:
        raise OSError("no space left")

    with monkeypatch.context() as patch:
        patch.setattr(alerts, "write_note", full)
        with pytest.raises(OSError, match="no space"):
            alerts.write_due(marts, settings, NOW)
    assert send.send_due(settings, NOW)["sent"] == 0
    assert len(alerts.write_due(marts, settings, NOW)) == 1


def test_a_new_recipient_does_not_get_what_was_said_before(marts: Marts, tmp_path: Path) -> None:
    settings = _settings(tmp_path, alerts=("new_change",))
    alerts.write_due(marts, settings, NOW)
    later = settings.audience["leeds"].model_copy(update={"recipients": ("new",)})
    changed = settings.model_copy(update={"audience": {"leeds": later}})
    assert send.standings(changed, NOW) == []


@pytest.mark.parametrize(
    ("alert", "audience", "fault"),
    [
        (Alert(question="no_such"), {}, "no query 'no_such'"),
        (Alert(question="new_change", params={"ratoi": 2}), {}, "unknown parameter ratoi"),
        (Alert(question="new_change", params={"ratio": "high"}), {}, "'high' is no DOUBLE"),
        (Alert(question="place_card"), {}, "needed"),
        (Alert(question="kpi_beyond"), {}, "no limit"),
        (Alert(question="quality_notes"), {"regions": ("Leeds",)}, "in which region a row lies"),
    ],
)
def test_an_alert_that_cannot_be_asked_is_refused(
    alert: Alert, audience: dict[str, Any], fault: str
) -> None:
    reader = Audience(recipients=("out",), alerts=("own",), **audience)
    found = [*faults(Settings(alert={"own": alert}, audience={"leeds": reader}))]
    assert any(fault in text for _, text in found), found


def test_an_alert_that_nobody_knows_is_named_with_the_nearest() -> None:
    reader = Audience(recipients=("out",), alerts=("cell_aslep",))
    (fault,) = (text for text in Settings(audience={"x": reader}).faults() if "alert" in text)
    assert "no alert 'cell_aslep'" in fault
    assert "cell_asleep" in fault


def test_what_a_limit_is_comes_from_the_thresholds_of_the_audience(marts: Marts) -> None:
    reader = Audience(recipients=("out",), alerts=("kpi_beyond",), thresholds={"drop_rate": 0.01})
    settings = Settings(audience={"x": reader})
    assert not [*faults(settings)]
    assert asking.rows(marts, settings, "kpi_beyond", reader, asking.beside(marts, DAY)) == []
