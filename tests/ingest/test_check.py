"""The dry run tells everything at once, and leaves no trace."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
from shapely.geometry import box

from contracts.settings.audiences import Audience
from contracts.settings.load import load
from ingest.check import Finding, promises, rehearse
from ingest.running.workers import workers
from tests.bench.operator import COMPLAINTS, Operator
from tests.bench.town import Town


def _rehearse(operator: Operator, newest: int = 0) -> list[Finding]:
    with workers(operator.settings.run) as client:
        return rehearse(operator.settings, client, newest=newest)


def _messages(found: list[Finding], verdict: str) -> str:
    return "\n".join(f"{one.about}: {one.message}" for one in found if one.verdict == verdict)


def test_sound_data_has_no_fault_and_nothing_is_written(
    operator: Operator, counters: Callable[..., str]
) -> None:
    operator.write("pm_1.csv", counters("2026-03-01") + "001,2026-03-01T00:00:00,9,9,9,9\n")
    before = sorted(operator.folder.rglob("*"))
    found = _rehearse(operator)
    assert _messages(found, "fault") == ""
    assert "pm: 1 file(s): 289 rows read, 1 refused" in _messages(found, "ok")
    assert "pm: 1 row(s) refused: repeats the key" in _messages(found, "warn")
    assert "cell: 1 value(s) set to missing: lat: no position" in _messages(found, "warn")
    assert "disk: " in _messages(found, "ok")
    assert sorted(operator.folder.rglob("*")) == before


def test_all_faults_are_named_at_once(
    operator: Operator, counters: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("HEXPERIENCE_KEY", raising=False)
    key = operator.folder / "open.key"
    key.write_text("k" * 40)
    key.chmod(0o644)
    more = COMPLAINTS + '[[source]]\ntable = "outage"\npath = "raw/none_*.csv"\n[source.columns]\n'
    more += 'outage_id = "id"\ncell_id = "cell"\nstart_utc = "start"\n'
    more += '[privacy]\nkey_file = "open.key"\n'
    operator.configure(more, "[grid]", 'regions = "nowhere.gpkg"\n[grid]')
    text = counters("2026-03-01")
    operator.write("pm_1.csv", text.replace("attempts", "tries"))
    operator.write("pm_2.csv", "\n".join(f"{line}99" for line in text.splitlines()[:200]))
    operator.write("pm_3.csv", "cell,start,attempts,drops,prb,users\n001,2026-03-01,1,0,900,1\n")
    operator.write("complaints.csv", "id,at,class,who\n1,2026-03-01 10:00,network,+44123456\n")
    faults = _messages(_rehearse(operator), "fault")
    assert "key: [privacy] key_file is open to others: do: chmod 600" in faults
    assert "regions: [operator] regions can't be read" in faults
    assert "no file at" in faults
    assert "pm_1.csv: no column 'attempts'" in faults
    assert "pm_2.csv: no column 'users'" in faults
    assert "pm_3.csv: prb_dl_util_pct: a % of 0..100, and the file has 900" in faults
    assert "complaint: " not in faults


def test_polygons_may_carry_their_names_in_another_column(
    operator: Operator, counters: Callable[..., str]
) -> None:
    outline = box(72, 18, 74, 20)
    polygons = gpd.GeoDataFrame({"NUTS3": ["coast"]}, geometry=[outline], crs="EPSG:4326")
    polygons.to_file(operator.folder / "regions.geojson")
    operator.configure("", "[grid]", 'regions = "regions.geojson"\nregion_name = "NUTS3"\n[grid]')
    operator.write("pm_1.csv", counters("2026-03-01"))
    assert _messages(_rehearse(operator), "fault") == ""


def test_a_source_of_which_no_row_is_accepted_is_a_fault(
    operator: Operator, counters: Callable[..., str]
) -> None:
    operator.configure('[source.formats]\nperiod_start_utc = "%d.%m.%Y"\n')
    operator.write("pm_1.csv", counters("2026-03-01", n=2))
    found = _rehearse(operator)
    assert _messages(found, "fault") == "pm: 1 file(s): 6 rows read, 6 refused"
    assert "6 row(s) refused: period_start_utc: not a time of format %d.%m.%Y" in _messages(
        found, "warn"
    )


def test_only_the_newest_files_are_tried_if_so_wished(
    operator: Operator, counters: Callable[..., str]
) -> None:
    for day in (1, 2, 3):
        operator.write(f"pm_{day}.csv", counters(f"2026-03-0{day}"))
    found = _rehearse(operator, newest=2)
    assert "pm: 2 file(s): 576 rows read" in _messages(found, "ok")
    assert "cell: 1 file(s)" in _messages(found, "ok")


def test_published_marts_are_held_against_promises_and_age(
    town: Town, unpublished: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = load(town.config, environ={})
    now = datetime(2025, 5, 3, tzinfo=UTC)
    assert _messages(promises(settings, now=now), "ok") == (
        "marts: they keep all promises of queries/checks"
    )
    fresh = promises(settings, now=now, max_age=timedelta(hours=26))
    assert _messages(fresh, "ok").endswith("age: data as of 2025-05-01 23:00 UTC")
    stale = promises(settings, now=now, max_age=timedelta(hours=24))
    assert _messages(stale, "fault") == "age: data as of 2025-05-01 23:00 UTC"
    monkeypatch.setattr(
        "ingest.warehouse.marts.guilty_rows",
        lambda *_: pd.DataFrame({"check": "ranks", "reason": [str(n) for n in range(30)]}),
    )
    assert _messages(promises(settings, now=now), "fault").splitlines()[-1] == "ranks: and 10 more"
    nothing = load(unpublished, environ={})
    assert "nothing is published yet" in _messages(promises(nothing, now=now), "warn")
    assert "nothing is published" in _messages(
        promises(nothing, now=now, max_age=timedelta(1)), "fault"
    )


def test_a_region_of_an_audience_that_is_not_there_is_a_fault(town: Town) -> None:
    audience = Audience(regions=("Leds",), recipients=("out",))
    settings = load(town.config, environ={}).model_copy(update={"audience": {"head": audience}})
    faults = _messages(promises(settings, now=datetime.now(UTC)), "fault")
    assert "audience head: no cell lies in a region 'Leds'; known: East" in faults
