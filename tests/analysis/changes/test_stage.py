"""Finds by the hour and by the day become one table, the same whichever runs there were before."""

from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from analysis.attribution import levers
from analysis.attribution.search import Search
from analysis.changes import hourly, merge, stage
from contracts.settings.sections import Settings
from contracts.tables import TABLES, assemble
from ingest.running.workers import workers
from ingest.synth.radio.network import invent_network
from ingest.warehouse.store import Warehouse
from tests.bench.networks import cell_hours_of

FROM = pd.Timestamp("2026-06-01", tz="UTC")


def change(cell_id: str, day: float, until: float = 90.0, **others: Any) -> dict[str, Any]:
    """Returns one change, in days from FROM."""
    return {
        "cell_id": cell_id, "change_utc": FROM + pd.Timedelta(days=day),
        "until_utc": FROM + pd.Timedelta(days=until), "direction": "up", "attribution": "load",
        "attribution_note": None, "drops_excess": 100.0, "drops_excess_lo": 80.0,
        "drops_excess_hi": 120.0, **others,
    }  # fmt: skip


def same_levers(one: levers.Levers, other: levers.Levers) -> None:
    """Holds that both are the same, draw by draw."""
    assert one.cell_id.tolist() == other.cell_id.tolist()
    assert (one.present_since == other.present_since).all()
    for name in ("relieved", "without_other", "is_beyond_seen"):
        np.testing.assert_allclose(getattr(one, name), getattr(other, name), rtol=1e-4)


def hourly_finds(*changes: dict[str, Any], searched: tuple[str, ...]) -> Search:
    """Returns a search by the hour with these finds."""
    visible = pd.DataFrame({"cell_id": list(searched), "min_visible_ratio": 1.4,
                            "hours_from_utc": FROM, "refused": ""})  # fmt: skip
    found = pd.DataFrame(changes, columns=list(change("a", 0)))
    found = found.astype({"change_utc": "datetime64[us, UTC]"})
    none = pd.DataFrame()
    return Search(found, visible, none, none, none, levers.unknown([], ""))


def daily(*changes: dict[str, Any]) -> pd.DataFrame:
    """Returns finds of a search by the day."""
    return pd.DataFrame(changes).drop(columns=["attribution", "attribution_note"])


NONE = pd.DataFrame([change("a", 0)]).iloc[:0]


def test_days_tell_of_the_time_before_hours_and_of_cells_without_them() -> None:
    by_day = daily(change("a", -50), change("a", 40), change("b", 40))
    merged = merge.merged(by_day, hourly_finds(change("a", 41.5), searched=("a",)), NONE)
    assert merged["cell_id"].tolist() == ["a", "a", "b"]
    assert merged["attribution"].tolist() == ["undecided", "load", "undecided"]
    notes = merged["attribution_note"]
    assert notes[0].startswith("it is older than the 120 days searched by the hour")
    assert pd.isna(notes[1])
    assert notes[2] == "load is not known by the hour: what it is due to was not tested"
    # the old level ends where hours show the next one, and its drops with it
    first = merged.iloc[0]
    assert first["until_utc"] == FROM + pd.Timedelta(days=41.5)
    assert first["drops_excess"] == pytest.approx(100 * 91.5 / 140)


def test_each_cell_has_hours_from_a_day_of_its_own() -> None:
    by_hour = hourly_finds(searched=("a", "b", "c"))
    begun = [FROM, FROM + pd.Timedelta(days=75), pd.NaT]
    why = ["", "", "too little data: 0 drops, 30 are needed"]
    seen = by_hour.visibility.assign(hours_from_utc=pd.to_datetime(begun, utc=True), refused=why)
    by_day = daily(*(change(cell, day) for cell in "abc" for day in (20, 80)))
    merged = merge.merged(by_day, by_hour._replace(visibility=seen), NONE)
    assert merged["cell_id"].tolist() == ["b", "c", "c"]
    assert merged["change_utc"].iloc[0] == FROM + pd.Timedelta(days=20)
    assert merged["attribution_note"].iloc[1] == why[2] + ": what it is due to was not tested"


def test_a_change_at_the_border_is_reported_once() -> None:
    merged = merge.merged(
        daily(change("a", 1)), hourly_finds(change("a", 3.2), searched=("a",)), NONE
    )  # fmt: skip
    assert merged["attribution"].tolist() == ["load"]


def test_a_daily_level_ends_with_the_first_hourly_change_after_it() -> None:
    finds = hourly_finds(change("a", -9, 20), change("a", 20), searched=("a",))
    merged = merge.merged(daily(change("a", 1, 40)), finds, NONE)
    assert (merged["until_utc"] > merged["change_utc"]).all()
    level = merged[merged["attribution"] == "undecided"].iloc[0]
    assert level["until_utc"] == FROM + pd.Timedelta(days=20)
    assert level["drops_excess_lo"] < level["drops_excess"] == pytest.approx(100 * 19 / 39)


def test_what_hours_showed_stands_and_days_do_not_report_it_again() -> None:
    kept = pd.DataFrame([change("a", -50, -10, change=-1.0, drops_load=60.0)])
    by_day = daily(change("a", -52), change("a", -30), change("a", -5), change("a", -90))
    merged = merge.merged(by_day, hourly_finds(searched=("a",)), kept)
    assert merged["attribution"].tolist() == ["undecided", "load", "undecided"]
    assert merged["until_utc"].iloc[0] == FROM - pd.Timedelta(days=50)
    assert merged.loc[1, ["drops_excess", "drops_load"]].tolist() == [100, 60]


def test_what_stands_ends_with_a_newer_change_and_is_not_found_again() -> None:
    kept = pd.DataFrame([change("a", 5, 65, change=-1.0, drops_load=60.0)])
    merged = merge.merged(
        daily(change("a", 1)),
        hourly_finds(change("a", 6), change("a", 35, direction="down"), searched=("a",)),
        kept,
    )
    assert merged["direction"].tolist() == ["up", "down"]
    assert merged.loc[0, "until_utc"] == FROM + pd.Timedelta(days=35)
    assert merged.loc[0, ["drops_excess", "drops_load"]].tolist() == [50, 30]


def test_nothing_found_is_an_empty_table() -> None:
    none = daily(change("a", 1)).iloc[:0]
    for by_hour in (
        hourly_finds(searched=("a",)),
        hourly._nothing((), 0),
        hourly._nothing(("a",), 5),
    ):
        merged = merge.merged(none, by_hour, NONE)
        assert merged.empty
        assert {"cell_id", "attribution_note", "change"} <= set(merged)


def test_what_is_said_of_a_change_is_joined_and_nothing_stays_missing() -> None:
    own, beside = (
        pd.Series(said, dtype="str")
        for said in (["a", "b", None, None], ["c", None, "d", None])
    )  # fmt: skip
    joined = stage._joined_notes(own, beside)
    assert joined[:3].tolist() == ["a; c", "b", "d"]
    assert joined.isna().tolist() == [False, False, False, True]


def test_hours_of_too_few_days_are_named_as_the_reason() -> None:
    merged = merge.merged(daily(change("a", 1), change("b", 1)), hourly._nothing(("a",), 5), NONE)
    reasons = merged["attribution_note"].str.partition(":")[0].tolist()
    assert reasons == ["too little data", "load is not known by the hour"]


def test_data_that_ends_at_midnight_is_of_the_month_that_is_over() -> None:
    days = pd.date_range("2026-09-30", "2026-10-31", unit="s")
    assert stage._month(xr.Dataset(coords={"day_local": days})) == date(2026, 10, 1)


@pytest.fixture
def measured(tmp_path: Path) -> Settings:
    """Settings of a warehouse that holds hours of 20 invented cells, 3 August to 16 September."""
    known = cell_hours_of(invent_network(np.random.default_rng(8), n_cells=20, n_days=45))
    warehouse = Warehouse(tmp_path / "warehouse")
    of = TABLES["cell_hour"]
    for day, part in known.groupby("day_local"):
        warehouse.write("cell_hour", assemble([part], of), day=str(day))
    return Settings(folder=tmp_path)


def test_hours_of_a_work_on_the_site_are_masked_like_an_outage(measured: Settings) -> None:
    warehouse = Warehouse(measured.resolve(measured.warehouse.path))
    cell = warehouse.read("cell_hour")["cell_id"].iloc[0]
    begin = pd.Timestamp("2026-08-10T01:00Z")
    tables = {"cell": {"cell_id": [cell, "other"], "site_id": ["S", "T"]},
            "intervention": {"intervention_id": ["W"], "kind": ["new_carrier"], "site_id": ["S"],
                             "start_utc": [begin], "end_utc": [begin + pd.Timedelta(hours=5)],
                             "status": ["done"]}}  # fmt: skip
    for name, rows in tables.items():
        warehouse.write(name, assemble([pd.DataFrame(rows)], TABLES[name]))
    seen = hourly._cube(hourly._Task(measured, (str(cell),), ("2026-08-10",)))
    down = seen["hour_start_utc"].to_numpy()[seen["outage"].to_numpy()[0]]
    assert (
        pd.DatetimeIndex(down).tz_localize("UTC").equals(pd.date_range(begin, periods=5, freq="h"))
    )


def test_the_answer_is_the_same_for_any_cut_into_chunks(
    measured: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    warehouse = Warehouse(measured.resolve(measured.warehouse.path))
    with workers(measured.run) as client:
        whole = hourly.by_hour(warehouse, measured, client, lambda *_, **__: None)
        monkeypatch.setattr(hourly, "CELLS_A_TASK", 7)
        cut = hourly.by_hour(warehouse, measured, client, lambda *_, **__: None)
    assert len(whole.changes) > 0
    for name in whole._fields[:-1]:
        pd.testing.assert_frame_equal(getattr(cut, name), getattr(whole, name), rtol=1e-9)
    same_levers(cut.levers, whole.levers)


def test_changes_are_those_of_the_files_whichever_runs_there_were(
    measured: Settings, tmp_path_factory: pytest.TempPathFactory
) -> None:
    whole = Warehouse(measured.resolve(measured.warehouse.path))
    daily_run = Settings(folder=tmp_path_factory.mktemp("daily"))
    grown = Warehouse(daily_run.resolve(daily_run.warehouse.path))
    found = []
    with workers(measured.run) as client:
        for day in (days := whole.days("cell_hour")):
            grown.write("cell_hour", whole.read("cell_hour", days=[day]), day=day)
            if day in (days[19], days[31], days[-1]):
                found.append(hourly.by_hour(grown, daily_run, client, lambda *_, **__: None))
        once = hourly.by_hour(whole, measured, client, lambda *_, **__: None)
    assert len(found[1].changes) < len(once.changes)
    for name in once._fields[:-1]:
        pd.testing.assert_frame_equal(getattr(found[-1], name), getattr(once, name))
    same_levers(found[-1].levers, once.levers)


def test_a_day_more_does_not_change_what_its_month_is_judged_by(measured: Settings) -> None:
    warehouse = Warehouse(measured.resolve(measured.warehouse.path))
    days = tuple(warehouse.days("cell_hour"))
    cells, before = hourly._lesson(warehouse, days)
    assert (len(cells), before[0], before[-1]) == (20, "2026-08-03", "2026-08-31")
    assert hourly._lesson(warehouse, days[:-1]) == (cells, before)
    # too few days before the month: all teach
    assert hourly._lesson(warehouse, days[20:])[1] == days[20:]
    assert hourly._lesson(warehouse, days[:29])[1] == days[:29]


def test_days_of_an_archive_are_no_days_with_hours(measured: Settings) -> None:
    warehouse = Warehouse(measured.resolve(measured.warehouse.path))
    known = warehouse.days("cell_hour")
    none = assemble([], TABLES["cell_hour"])
    for day in pd.date_range("2026-04-01", "2026-08-02").strftime("%Y-%m-%d"):
        warehouse.write("cell_hour", none, day=day)
    assert warehouse.days("cell_hour", filled=True) == known
    with workers(measured.run) as client:
        seen = hourly.by_hour(warehouse, measured, client, lambda *_, **__: None).visibility
    assert len(seen) == 20
    assert (seen["hours_from_utc"].dt.strftime("%m-%d") >= "08-02").all()
    assert seen["hours_from_utc"].min() < pd.Timestamp("2026-08-04", tz="UTC")


def test_load_beside_a_change_is_that_of_busy_hours_as_lists_and_histories_show_it() -> None:
    days = np.arange(np.datetime64("2026-06-01"), np.datetime64("2026-07-01"))
    used = np.where(days < np.datetime64("2026-06-15"), 50.0, 80.0)
    names = ("cell", "day")
    counters = xr.Dataset(
        {
            "bh_prb_dl_used_prb_s": (names, used[None]),
            "bh_prb_dl_avail_prb_s": (names, np.full((1, 30), 100.0)),
            "day_start_utc": (names, days.astype("datetime64[ns]")[None]),
        },
        coords={"cell_id": ("cell", np.array(["a"], object))},
    )
    fullest = {"prb_before_pct": 70.0, "prb_after_pct": 95.0, "ramp_end_utc": pd.NaT}
    changes = pd.DataFrame([
        # half of the day of the change lies on either side: it counts on none
        change("a", 14.4, **fullest),
        # no day is known before it, or none of the cell
        change("a", 0.2, **fullest), change("gone", 14.4, **fullest),
    ])  # fmt: skip
    changes["ramp_end_utc"] = pd.to_datetime(changes["ramp_end_utc"], utc=True)
    beside = stage.with_busy_hour_load(changes, counters)[["prb_before_pct", "prb_after_pct"]]
    assert beside.to_numpy().tolist() == [[50, 80], [70, 95], [70, 95]]
    assert stage.with_busy_hour_load(changes.head(0), counters).empty
