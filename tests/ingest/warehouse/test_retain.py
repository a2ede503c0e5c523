"""What is older than its period goes, does not come back, and costs nothing that may stay."""

import os
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from contracts.errors import SettingsError
from contracts.settings.load import load
from contracts.settings.sections import Retention
from ingest.warehouse import acknowledgements
from ingest.warehouse.acknowledgements import Subject, Word
from ingest.warehouse.retain import first_days, retain
from tests.bench.frames import rows
from tests.bench.operator import CALLS, COMPLAINTS, KEY, Operator

NOW = datetime(2026, 5, 20, 12, tzinfo=UTC)
PERIODS = """
[retention]
call_days = 30
complaint_days = 60
text_days = 40
position_days = 40
pm_days = 20
hour_days = 21
"""


@pytest.fixture
def town(operator: Operator, counters: Callable[..., str]) -> Operator:
    """Counters on three days, complaints in three months; the middle ones are half old."""
    places = 'text_redacted = "text"\nlat = "lat"\nlon = "lon"\n'
    operator.configure(KEY + COMPLAINTS + places + CALLS + PERIODS)
    operator.give_key("k" * 32)
    for day in ("2026-04-28", "2026-04-29", "2026-05-19"):
        operator.write(f"pm_{day}.csv", counters(day))
    when = [(3, "+447700900123"), (4, "+447700900123"), (4, ""), (5, "+447700900123")]
    lines = [
        f"{i},2026-0{month}-02 10:00,network,{who},it drops,19.0,73.0"
        for i, (month, who) in enumerate(when)
    ]
    text = "\n".join(["id,at,class,who,text,lat,lon", *lines]) + "\n"
    operator.write("complaints_1.csv", text)
    operator.write("calls.csv", "at,outcome,who\n2026-05-02 10:00,drop,+447700900123\n")
    operator.ingest()
    return operator


def _months(operator: Operator) -> list[int]:
    return operator.warehouse.read("complaint")["created_utc"].dt.month.tolist()


def test_periods_count_back_from_the_local_day_and_persons_by_whole_months() -> None:
    first = first_days(Retention(), NOW)
    assert first["call"] == "2026-03-01"  # 90 days ago is 19 February
    assert first["complaint"] == "2024-06-01"
    assert first["pm"] == "2025-04-15"
    assert first["text"] == "2025-11-21"
    assert first_days(Retention(call_days=19), NOW)["call"] == "2026-05-01"


def test_hours_can_not_go_before_what_they_are_made_of(town: Operator) -> None:
    town.configure("", "hour_days = 21", "hour_days = 3")
    with pytest.raises(SettingsError, match="hour_days: hours are made of what pm_days keeps"):
        load(town.config, environ={})


def test_old_rows_go_and_a_run_over_the_same_files_does_not_bring_them_back(
    town: Operator,
) -> None:
    days, hexes = town.warehouse.read("cell_day"), town.warehouse.read("hex_day")
    gone = retain(town.settings, now=NOW)
    where = dict(zip(gone["what"], gone["rows"], strict=True))
    assert where["pieces/complaint"] == where["tables/complaint"] == 1
    assert where["pieces/pm"] == 2 * 288
    assert where["tables/cell_hour"] == 72  # of the older day: hours may stay for a day longer
    for _ in range(2):
        receipt = town.ingest()
        assert receipt.loc["complaint", ["n_read", "n_accepted", "n_refused"]].tolist() == [3, 3, 0]
        assert receipt.loc["pm", ["n_read", "n_accepted"]].tolist() == [288, 288]
        assert _months(town) == [4, 4, 5]
        # by the day counters stay, and so does their map
        pd.testing.assert_frame_equal(town.warehouse.read("cell_day"), days)
        pd.testing.assert_frame_equal(town.warehouse.read("hex_day"), hexes)
        assert town.warehouse.days("cell_hour") == ["2026-04-29", "2026-05-19"]
    messages = " ".join(town.warehouse.read("quality")["message"])
    assert "1 rows are of days before 2026-04-01 and are not kept" in messages
    # read anew, they are cut as they are read
    (town.folder / "warehouse" / "loads" / "complaint").rename(town.folder / "aside")
    assert town.ingest().loc["complaint", "n_read"] == 3
    assert _months(town) == [4, 4, 5]


def test_texts_and_positions_of_known_persons_go_before_their_rows(town: Operator) -> None:
    retain(town.settings, now=NOW)
    for _ in range(2):
        complaints = town.warehouse.read("complaint").sort_values("complaint_id")
        april, nobody, may = complaints[complaints["created_utc"].dt.month > 3].to_dict("records")
        assert pd.isna(april["text_redacted"])
        assert pd.isna(nobody["text_redacted"])
        assert may["text_redacted"] == "it drops"
        assert np.isnan(april["lat"])
        assert np.isnan(april["lon"])
        # without a person a spot is of nobody
        assert nobody["lat"] == may["lat"] == 19.0
        assert april["hex_id"] == may["hex_id"]
        town.ingest()


def test_released_figures_of_months_that_go_stay(town: Operator) -> None:
    figures = rows(
        "place_rate", place_type="region", region="East", metric=["nps", "complaints_per_1000",
        "complaints_per_1000", "drop_rate"], outcome_class="network", period_grain="month",
        period_start=[date(2026, 3, 1), date(2026, 3, 1), date(2026, 4, 1), date(2026, 3, 1)],
        cell_id="", shown="shown", value=[1.0, 2.0, 3.0, 4.0], run_id="r",
    )  # fmt: skip
    town.warehouse.write("place_rate", figures)
    retain(town.settings, now=NOW)
    # what analysis makes of what is left
    town.warehouse.write("place_rate", figures[figures["value"] == 3.0])
    for _ in range(2):
        assert sorted(town.warehouse.read("place_rate")["value"]) == [2.0, 3.0]
        retain(town.settings, now=NOW)
    run_id = town.ingest()["run_id"].iloc[0]
    kept = town.warehouse.read("place_rate").set_index("value")["run_id"]
    assert kept[2.0] == run_id


def test_a_longer_period_brings_nothing_back_and_a_dry_run_tells_only(town: Operator) -> None:
    before = {path: path.stat().st_mtime_ns for path in town.folder.rglob("*")}
    dry = retain(town.settings, now=NOW, dry_run=True)
    assert {path: path.stat().st_mtime_ns for path in town.folder.rglob("*")} == before
    done = retain(town.settings, now=NOW)
    pd.testing.assert_frame_equal(dry.drop(columns="done"), done.drop(columns="done"))
    kept = town.warehouse.kept_from()
    assert retain(town.settings, now=datetime(2026, 4, 1, tzinfo=UTC)).empty
    assert town.warehouse.kept_from() == kept


def test_old_acknowledgements_go(town: Operator) -> None:
    log = town.warehouse.marts.log
    for owner, at in (("Ann", NOW - timedelta(days=1101)), ("Bo", NOW - timedelta(days=1099))):
        acknowledgements.note(log, Subject("site", "S"), Word("open", owner), by=owner, at=at)
    receipt = retain(town.settings, now=NOW, dry_run=True).set_index("what")
    assert receipt.loc["acknowledgements", ["rows", "done"]].tolist() == [1, "would go"]
    assert len(acknowledgements.read(log)) == 2
    retain(town.settings, now=NOW)
    assert acknowledgements.read(log)["ack_owner"].tolist() == ["Bo"]


def test_old_logs_go(town: Operator, tmp_path: Path) -> None:
    town.configure('[run]\nlog = "run.log"\n')
    for name, year in (("run.log", 2020), ("run.log.1", 2026), ("run.log.2", 2020)):
        path = tmp_path / name
        path.write_text("x", "utf-8")
        at = datetime(year, 5, 1, tzinfo=UTC).timestamp()
        os.utime(path, (at, at))
    gone = retain(town.settings, now=NOW)
    assert gone.loc[gone["what"] == "log", "where"].tolist() == ["run.log.2"]
    assert sorted(path.name for path in tmp_path.glob("run.log*")) == ["run.log", "run.log.1"]
