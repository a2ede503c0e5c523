"""Raw files to settled tables: read = accepted + refused, the same for any cut of the files."""

import shutil
import traceback
from collections.abc import Callable
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from shapely.geometry import box

from contracts.errors import InputError, SettingsError
from contracts.settings.sections import Run, Settings
from contracts.source import Source
from geo import hexgrid
from ingest import run
from ingest.running.workers import each, workers
from ingest.settle import days
from ingest.settle.days import settle
from ingest.settle.load import FileToLoad, Loaded, load
from ingest.warehouse.store import Warehouse
from tests.bench.operator import COMPLAINTS, Operator

TABLES = ("cell", "cell_hex", "cell_hour", "cell_day", "hex_day", "hex_place", "receipt", "quality")


def _tables(operator: Operator) -> dict[str, pd.DataFrame]:
    """All tables without what names the files that rows came from."""
    names = ["source_file", "file_hash", "source_row", "loaded_utc", "run_id"]
    return {
        name: operator.warehouse.read(name).drop(columns=names, errors="ignore") for name in TABLES
    }


def _same(one: dict[str, pd.DataFrame], other: dict[str, pd.DataFrame]) -> None:
    for name, frame in one.items():
        pd.testing.assert_frame_equal(frame, other[name], check_exact=True, obj=name)


def test_read_is_accepted_plus_refused(operator: Operator, counters: Callable[..., str]) -> None:
    text = counters("2026-03-01", n=96)
    lines = text.splitlines()
    operator.write(
        "pm_1.csv", text + "001,2026-03-01T00:00:00,9,9,9,9\n" + "002,nonsense,1,1,1,1\n"
    )
    operator.write("pm_2.csv", "\n".join([lines[0], *lines[1:11], "001,cut"]) + "\n")
    receipt = operator.ingest().loc["pm"]
    assert receipt["n_read"] == (288 + 2) + (10 + 1)
    # the repeated key, the nonsense, the ten re-delivered rows and the cut line
    assert receipt["n_refused"] == 1 + 1 + 10 + 1
    assert receipt["n_accepted"] == 288
    reasons = operator.warehouse.read_refused("pm")
    assert len(reasons) == 13
    assert set(reasons["source_file"]) == {"raw/pm_1.csv", "raw/pm_2.csv"}
    messages = " ".join(operator.warehouse.read("quality")["message"])
    assert "raw/pm_2.csv ends in the middle of row 12: it may have been cut off" in messages


def test_rolled_up_counts_equal_plain_pandas(
    operator: Operator, counters: Callable[..., str]
) -> None:
    path = operator.write("pm_1.csv", counters("2026-03-01", n=192))
    operator.ingest()
    raw = pd.read_csv(path, dtype={"cell": str}, parse_dates=["start"])
    raw["day"] = raw["start"].dt.date
    raw["hour"] = raw["start"].dt.floor("h").dt.tz_localize("Asia/Kolkata").dt.tz_convert("UTC")
    days = operator.warehouse.read("cell_day").set_index(["cell_id", "day_local"])
    for (cell, day), rows in raw.groupby(["cell", "day"]):
        got = days.loc[(cell, day)]
        assert got["call_attempts"] == rows["attempts"].sum()
        assert got["dropped_calls"] == rows["drops"].sum()
        assert got["n_hours"] == 24
        share = got["prb_dl_used_prb_s"] / got["prb_dl_avail_prb_s"]
        assert share == pytest.approx(rows["prb"].mean() / 100)
        hours = rows.groupby("hour").agg({"users": "mean", "attempts": "sum"})
        busiest = hours.sort_values(["users", "attempts"], kind="stable").index[-1]
        assert got["bh_hour_start_utc"] == busiest
    hours = operator.warehouse.read("cell_hour")
    # a half-hour zone: local hours start at half past by UTC
    assert set(hours["hour_start_utc"].dt.minute) == {30}
    assert hours.groupby("day_local").size().unique().tolist() == [72]


def test_hexagons_conserve_the_totals_of_placed_cells(
    operator: Operator, counters: Callable[..., str]
) -> None:
    operator.write("pm_1.csv", counters("2026-03-01", n=192))
    operator.ingest()
    days, hexes = (operator.warehouse.read(name) for name in ("cell_day", "hex_day"))
    placed = days[days["cell_id"] != "003"].groupby("day_local")
    for name in ("call_attempts", "dropped_calls", "prb_dl_used_prb_s", "rrc_user_s"):
        totals = hexes.groupby("day_local")[name].sum()
        pd.testing.assert_series_equal(totals, placed[name].sum(), rtol=1e-9)


def test_any_cut_and_any_order_of_files_give_the_same_tables(
    operator: Operator, counters: Callable[..., str]
) -> None:
    header, *rows = counters("2026-03-01", n=192).splitlines()
    operator.write("pm_1.csv", "\n".join([header, *rows]) + "\n")
    operator.ingest()
    whole = _tables(operator)
    (operator.folder / "raw" / "pm_1.csv").unlink()
    for i in range(7):
        text = "\n".join([header, *reversed(rows[i::7])]) + "\n"
        operator.write(f"pm_{7 - i}.csv", text)
    operator.ingest()
    _same(whole, _tables(operator))


def test_a_second_run_changes_nothing_and_reads_nothing_again(
    operator: Operator, counters: Callable[..., str]
) -> None:
    operator.write("pm_1.csv", counters("2026-03-01"))
    first, before = operator.ingest(), _tables(operator)
    written = {
        p: p.stat().st_mtime_ns for p in (operator.folder / "warehouse").rglob("pieces/*/*/*")
    }
    second = operator.ingest()
    pd.testing.assert_frame_equal(first, second)
    _same(before, _tables(operator))
    assert written == {path: path.stat().st_mtime_ns for path in written}


def test_a_file_that_goes_away_takes_its_rows_along(
    operator: Operator, counters: Callable[..., str]
) -> None:
    operator.write("pm_1.csv", counters("2026-03-01"))
    operator.ingest()
    before = _tables(operator)
    extra = operator.write("pm_2.csv", counters("2026-03-02"))
    assert operator.ingest().loc["pm", "n_accepted"] == 576
    extra.unlink()
    operator.ingest()
    _same(before, _tables(operator))


def test_an_interrupted_run_goes_on_from_where_it_was(
    operator: Operator, counters: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    operator.write("pm_1.csv", counters("2026-03-01", n=192))
    operator.ingest()
    whole = _tables(operator)
    operator.write("pm_2.csv", counters("2026-03-03"))

    def die(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    # the files are read, and the power goes as days are settled
    monkeypatch.setattr(run, "settle", die)
    with pytest.raises(KeyboardInterrupt):
        operator.ingest()
    _same({"cell_day": whole["cell_day"]}, {"cell_day": operator.warehouse.read("cell_day")})
    monkeypatch.setattr(run, "settle", settle)
    operator.ingest()
    assert operator.warehouse.days("cell_day") == ["2026-03-01", "2026-03-02", "2026-03-03"]


def test_all_faults_of_all_files_are_named_at_once(
    operator: Operator, counters: Callable[..., str]
) -> None:
    operator.write("pm_1.csv", counters("2026-03-01").replace("drops", "dropped", 1))
    operator.write("pm_2.csv", counters("2026-03-02").replace("start", "begin", 1))
    with pytest.raises(InputError) as refusal:
        operator.ingest()
    faults = str(refusal.value)
    assert "pm_1.csv: no column 'drops' (for dropped_calls)" in faults
    assert "pm_2.csv: no column 'start' (for period_start_utc)" in faults


def test_a_glob_without_files_is_refused(operator: Operator) -> None:
    with pytest.raises(InputError, match=r"\[\[source\]\] pm: no file at .*pm_\*\.csv"):
        operator.ingest()


def test_no_inventory_still_gives_cells_and_days(
    operator: Operator, counters: Callable[..., str]
) -> None:
    config = operator.folder / "hexperience.toml"
    head, cell, pm = config.read_text("utf-8").split("[[source]]")
    config.write_text(head + "[[source]]" + pm, "utf-8")
    assert "azimuth" in cell
    operator.write("pm_1.csv", counters("2026-03-01"))
    operator.ingest()
    assert len(operator.warehouse.read("cell_day")) == 3
    assert operator.warehouse.read("hex_day").empty
    assert "no inventory" in set(operator.warehouse.read("quality")["check_name"])


def test_results_come_in_the_order_of_the_items() -> None:
    progress: list[tuple[str, int, int]] = []
    with workers(Run(workers=2)) as client:
        answers = each(
            client, str, range(5), label="five", progress=lambda *x, **_: progress.append(x)
        )
    assert answers == ["0", "1", "2", "3", "4"]
    assert progress[0] == ("five", 0, 5)
    assert progress[-1] == ("five", 5, 5)


def test_large_items_travel_without_a_warning() -> None:
    items = [np.full(1_000_000, n) for n in range(3)]
    with workers(Run(workers=2)) as client:
        assert each(client, np.max, items, label="looking") == [0, 1, 2]


def test_a_cluster_that_does_not_answer_is_refused() -> None:
    with (
        pytest.raises(InputError, match="no Dask scheduler answers"),
        workers(Run(scheduler="tcp://127.0.0.1:1")),
    ):
        pass


def test_numbers_of_persons_need_a_key_and_another_key_reads_anew(
    operator: Operator, counters: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("HEXPERIENCE_KEY", raising=False)
    operator.configure(COMPLAINTS)
    operator.write("pm_1.csv", counters("2026-03-01"))
    operator.write("complaints.csv", "id,at,class,who\n1,2026-03-01 10:00,network,+44123456\n")
    with pytest.raises(SettingsError, match="there is no pseudonym key"):
        operator.ingest()
    pseudonyms = set[str]()
    for key in ("a" * 32, "b" * 32):
        monkeypatch.setenv("HEXPERIENCE_KEY", key)
        operator.ingest()
        pseudonyms |= set(operator.warehouse.read("complaint")["subscriber_id"])
    assert len(pseudonyms) == 2


def test_other_polygons_give_other_regions(
    operator: Operator, counters: Callable[..., str]
) -> None:
    config, polygons = operator.folder / "hexperience.toml", operator.folder / "regions.geojson"
    text = config.read_text("utf-8").replace("[grid]", 'regions = "regions.geojson"\n[grid]')
    config.write_text(text, "utf-8")
    operator.write("pm_1.csv", counters("2026-03-01"))
    for name in ("west", "coast"):
        frame = gpd.GeoDataFrame({"name": [name]}, geometry=[box(72, 18, 74, 20)], crs="EPSG:4326")
        frame.to_file(polygons)
        operator.ingest()
        cells = operator.warehouse.read("cell").dropna(subset=["lat"])
        assert set(cells["region"]) == {name}
        assert set(operator.warehouse.read("hex_place")["region"]) == {name}


def test_cells_of_two_zones_have_their_own_days(
    operator: Operator, counters: Callable[..., str]
) -> None:
    config = operator.folder / "hexperience.toml"
    text = config.read_text("utf-8").replace('lon = "lon"', 'lon = "lon"\ntimezone = "zone"', 1)
    config.write_text(text, "utf-8")
    operator.write(
        "cells.csv",
        "cell,tech,lat,lon,azimuth,zone\n001,lte,19,73,0,Asia/Tokyo\n002,lte,19,73,,Mars/Base\n",
    )
    operator.write("pm_1.csv", counters("2026-03-01", n=288))
    operator.ingest()
    days = operator.warehouse.read("cell_day")
    assert not days.duplicated(["cell_id", "day_local"]).any()
    # three days of Kolkata's clock touch four of Tokyo's; an unknown zone is the operator's
    assert days.groupby("cell_id").size().to_dict() == {"001": 4, "002": 3, "003": 3}
    assert "no IANA zone" in set(operator.warehouse.read_refused("cell")["reason"])


def test_an_hour_given_whole_and_in_quarters_counts_once(
    operator: Operator, counters: Callable[..., str]
) -> None:
    operator.write("pm_1.csv", counters("2026-03-01", n=8))
    whole = operator.ingest().loc["pm"]
    before = operator.warehouse.read("cell_day")["call_attempts"].sum()
    hourly = "[[source]]" + operator.config.read_text("utf-8").split("[[source]]")[2]
    hourly = hourly.replace("pm_*", "hourly").replace("900", "3600")
    operator.configure(hourly)
    operator.write("hourly.csv", counters("2026-03-01T01:00:00", n=1, cells=("001",)))
    receipt = operator.ingest().loc["pm"]
    assert receipt["n_refused"] - whole["n_refused"] == 1
    assert operator.warehouse.read("cell_day")["call_attempts"].sum() == before


def test_a_crash_between_tables_and_note_is_made_good(
    operator: Operator, counters: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    text = counters("2026-03-01")
    path = operator.write("pm_1.csv", text)
    operator.ingest()
    before = _tables(operator)
    path.write_text(text.replace(",1,", ",2,"), "utf-8")

    def crash(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as broken:
        broken.setattr(Warehouse, "write_settled", crash)
        for room in (run, days):
            broken.setattr(room, "each", lambda _, f, items, **__: [f(item) for item in items])
        with pytest.raises(KeyboardInterrupt):
            operator.ingest()
    path.write_text(text, "utf-8")
    operator.ingest()
    _same(before, _tables(operator))


def test_data_is_as_of_its_newest_end(operator: Operator, counters: Callable[..., str]) -> None:
    operator.write("pm_1.csv", counters("2026-03-01", n=96))
    operator.ingest()
    (as_of,) = operator.warehouse.read("run")["as_of_utc"]
    assert as_of == pd.Timestamp("2026-03-02", tz="Asia/Kolkata")


def test_a_warehouse_of_the_first_schema_is_migrated(
    operator: Operator, counters: Callable[..., str]
) -> None:
    operator.write("pm_1.csv", counters("2026-03-01", n=192))
    operator.ingest()
    wanted = _tables(operator)
    pieces = _written(operator, "pieces") | _written(operator, "loads")
    # schema 1 had no note, other partitions, and not all of today's columns
    stale = operator.warehouse.path / "tables" / "cell_hex" / "older.parquet"
    shutil.copyfile(next(stale.parent.glob("*.parquet")), stale)
    (operator.warehouse.path / "schema.json").unlink()
    for name, column in (("hex_day", "n_cells_effective"), ("cell_day", "n_hours")):
        for path in (operator.warehouse.path / "tables" / name).glob("*.parquet"):
            pq.write_table(pq.read_table(path).drop_columns([column]), path)
    assert operator.warehouse.read("cell_day")["n_hours"].isna().all()
    operator.ingest()
    _same(wanted, _tables(operator))
    assert _written(operator, "pieces") | _written(operator, "loads") == pieces
    settled = _written(operator, "settled")
    operator.ingest()
    assert _written(operator, "settled") == settled


def _written(operator: Operator, part: str) -> set[tuple[Path, int]]:
    files = (operator.warehouse.path / part).rglob("*.*")
    return {(path, path.stat().st_mtime_ns) for path in files}


def test_where_subscribers_live_is_on_the_map_though_nothing_reaches(
    operator: Operator, counters: Callable[..., str]
) -> None:
    source = """
[[source]]
table = "subscriber_base"
path = "raw/base.csv"
[source.columns]
place_type = "type"
place_id = "id"
month = "month"
n_active_subscribers = "n"
"""
    operator.configure(source)
    operator.write("pm_1.csv", counters("2026-03-01"))
    far = hexgrid.hexes_of(lat=[19.9], lon=[73.9], level=8)
    text = hexgrid.as_text(far)[0]
    operator.write(
        "base.csv", f"type,id,month,n\nhex,{text},2026-03-01,50\nregion,x,2026-03-01,9\n"
    )
    operator.ingest()
    shown = operator.warehouse.read("hex_place").query("level == 7")["hex_id"]
    assert hexgrid.parents(far, level=7)[0] in set(shown)


def test_days_given_as_totals_stand_beside_days_given_by_hours(
    operator: Operator, counters: Callable[..., str]
) -> None:
    operator.write("pm_1.csv", counters("2026-03-02", n=96))
    archive = """
[[source]]
table = "pm"
path = "raw/archive.csv"
[source.columns]
cell_id = "cell"
period_start_utc = "day"
call_attempts = "attempts"
dropped_calls = "drops"
[source.constants]
period_s = 86400
"""
    operator.configure(archive)
    days = [f"{cell},2026-03-0{day},700,7" for cell in ("001", "002") for day in (1, 2)]
    operator.write("archive.csv", "\n".join(["cell,day,attempts,drops", *days]) + "\n")
    receipt = operator.ingest().loc["pm"]
    assert receipt["n_refused"] == 2
    assert set(operator.warehouse.read_refused("pm")["reason"]) == {
        "covers shorter periods that were delivered too"
    }
    cell_days = operator.warehouse.read("cell_day").set_index(["day_local", "cell_id"]).sort_index()
    first, second = cell_days.index.levels[0]
    assert cell_days.loc[first, "call_attempts"].tolist() == [700, 700]
    assert cell_days.loc[first, "n_hours"].tolist() == [24, 24]
    assert cell_days.loc[first, "bh_hour_start_utc"].isna().all()
    assert cell_days.loc[second, "bh_hour_start_utc"].notna().all()
    assert set(operator.warehouse.read("cell_hour")["day_local"]) == {second}
    assert operator.warehouse.read("hex_day")["day_local"].nunique() == 2


def test_days_that_fail_a_check_are_listed_by_cell(
    operator: Operator, counters: Callable[..., str]
) -> None:
    whole = counters("2026-03-01T00:00+05:30", n=96 * 4)
    rows = whole.splitlines()
    # a counter that was reset, a day that is missing, half of another
    reset = next(i for i, row in enumerate(rows) if row.startswith("001,2026-03-01T06"))
    cell, start, attempts, _, *rest = rows[reset].split(",")
    rows[reset] = ",".join([cell, start, attempts, "-7", *rest])
    kept = [
        row
        for row in rows
        if not row.startswith("002,2026-03-02") and not row.startswith("003,2026-03-03T0")
    ]
    operator.write("pm_1.csv", "\n".join(kept) + "\n")
    operator.ingest()
    verdicts = operator.warehouse.read("cell_quality")
    found = {
        (row.cell_id, row.day_local.day, row.check_name, row.verdict)
        for row in verdicts.itertuples()
    }
    assert found == {
        ("001", 1, "impossible values", "warn"),
        ("001", 1, "reset", "unsafe"),
        ("002", 2, "gap", "unsafe"),
        ("003", 3, "incomplete", "warn"),
    }
    days = operator.warehouse.read("cell_day").set_index("cell_id")
    assert days["n_resets"].groupby(level=0).sum().to_dict() == {"001": 1, "002": 0, "003": 0}


def test_a_crash_while_reading_quotes_no_row(
    operator: Operator, counters: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = operator.write("pm_1.csv", counters("2026-03-01"))

    def crash(*_: object, **__: object) -> None:
        raise ValueError("could not convert '+447700900123'")

    monkeypatch.setattr("ingest.sources.read", crash)
    source = operator.settings.source[1]
    with pytest.raises(RuntimeError, match="crashed: ValueError in") as error:
        load(FileToLoad(path, source, operator.settings))
    # nor does it travel along with the error
    assert error.value.__cause__ is error.value.__context__ is None
    assert "7700900123" not in "".join(traceback.format_exception(error.value))


def test_without_an_inventory_the_counters_say_which_ids_technologies_share(
    tmp_path: Path,
) -> None:
    source = Source.model_validate({"table": "pm", "path": "x", "constants": {"technology": "nr"}})
    tasks = [FileToLoad(tmp_path / name, source, Settings()) for name in ("lte", "nr")]
    asked: list[tuple[str, ...]] = []

    def read(files: list[FileToLoad]) -> list[Loaded]:
        asked.append(files[0].shared)
        facts = [{"technologies": {file.path.name: ["1", file.path.name]}} for file in files]
        return [Loaded("pm", "", of_file, []) for of_file in facts]

    warehouse = Warehouse(tmp_path)
    run._load_alone(tasks, warehouse, read)
    assert asked == [(), ("1",)]
    run._load_alone(tasks, warehouse, read)
    assert asked[2:] == [("1",)]
