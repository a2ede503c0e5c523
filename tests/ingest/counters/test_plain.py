"""Counters read as columns = read and cleaned as any file is; what is odd is left to that way."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from contracts.settings.sections import Settings
from contracts.source import Source
from contracts.tables import TABLES, to_arrow
from ingest import sources
from ingest.clean.rows import clean
from ingest.clock import local_days
from ingest.counters import plain
from ingest.counters.plain import PlainFile
from ingest.privacy.door import Door
from ingest.settle.load import FileToLoad, load

COLUMNS = {
    "cell_id": "cell", "period_start_utc": "at", "call_attempts": "tries", "dropped_calls": "lost",
    "call_setups": "set_up", "prb_dl_used": "used", "prb_dl_avail": "there",
    "prb_dl_util_pct": "load", "v_rel_abn": "ended", "dl_vol_kbit": "volume",
    "rsrp_p50_dbm": "power", "unavail_s": "down",
}  # fmt: skip
ARRIVED = pd.Timestamp("2026-08-01", tz="UTC")


def _rows(n: int = 200) -> pd.DataFrame:
    rng = np.random.default_rng(1)
    return pd.DataFrame(
        {
            "cell": np.resize(["07", "8", " 9 ", "x"], n),
            "at": pd.Timestamp("2026-07-01") + pd.to_timedelta(np.arange(n) // 4, unit="h"),
            "tries": rng.integers(20, 99, n).astype(float),
            "lost": rng.integers(0, 20, n),
            "set_up": rng.integers(0, 20, n),
            "used": np.where(rng.random(n) < 0.2, np.nan, rng.uniform(0, 40, n)),
            "there": 50.0,
            "load": rng.uniform(5, 99, n),
            "ended": pd.Series(rng.integers(0, 9, n), dtype="Int64").where(rng.random(n) < 0.9),
            "volume": rng.gamma(2.0, 1e3, n),
            "power": rng.uniform(-120, -60, n),
            "down": 0,
            "doubt": rng.random(n) < 0.1,
        }
    )


def _source(**given: Any) -> Source:
    how = {
        "table": "pm", "path": "pm.parquet", "reader": "parquet", "columns": COLUMNS,
        "constants": {"period_s": 3600}, "timezone": "Europe/London", **given,
    }  # fmt: skip
    return Source.model_validate(how)


def _plain(path: Path, source: Source) -> PlainFile | None:
    """The file; None = it is odd."""
    file = PlainFile(path, source, Settings())
    ids, starts = file.coded("cell_id"), file.coded("period_start_utc")
    return file if ids is not None and starts is not None and file.is_plain(ids) else None


def _both(path: Path, source: Source) -> tuple[pa.Table | None, pa.Table, int]:
    """Rows as columns; rows as of any file; how many faults that way has noted."""
    settings = Settings()
    rows = _plain(path, source)
    raw = sources.read(path, source, door=Door(tuple))
    cleaned = clean(raw, source, settings, file="pm.parquet", file_hash="h")
    accepted = to_arrow(cleaned.accepted.assign(loaded_utc=ARRIVED), TABLES["pm"])
    ours = None if rows is None else rows.table("pm.parquet", "h", ARRIVED)
    return ours, accepted, len(cleaned.refused) + len(cleaned.faults)


@pytest.mark.parametrize(
    ("changes", "given"),
    [
        ({}, {}),
        ({}, {"columns": {**COLUMNS, "suspect": "doubt"}}),
        ({}, {"scale": {"dl_vol_kbit": 8.0, "prb_dl_util_pct": 0.5}}),
        ({}, {"values": {"cell_id": {"nine": "9"}}, "na": ["y"]}),
        ({"at": _rows()["at"].dt.tz_localize("Asia/Tokyo")}, {}),
        ({"at": _rows()["at"].astype("datetime64[ms]")}, {}),
        ({"cell": np.arange(200) % 7}, {}),
        ({"cell": pd.Categorical(_rows()["cell"])}, {}),
        ({"tries": pd.Series([50, None] * 100, dtype="Int32"), "lost": 3}, {}),
        ({"ended": np.nan}, {}),
        ({"length": 900}, {"columns": {**COLUMNS, "period_s": "length"}, "constants": {}}),
    ],
)
def test_a_plain_file_gives_the_same_rows(
    tmp_path: Path, changes: dict[str, Any], given: dict[str, Any]
) -> None:
    path = tmp_path / "pm.parquet"
    _rows().assign(**changes).to_parquet(path)
    source = _source(**given)
    assert plain.suits(source)
    ours, theirs, n_faults = _both(path, source)
    assert ours is not None
    assert n_faults == 0
    assert ours.equals(theirs)


def test_rows_lie_on_the_local_days_of_their_cells(tmp_path: Path) -> None:
    path, zones = tmp_path / "pm.parquet", {"x": "Asia/Tokyo", "07": "America/New_York"}
    _rows().to_parquet(path)
    file = PlainFile(path, _source(), Settings())
    ids, starts = file.coded("cell_id"), file.coded("period_start_utc")
    assert ids is not None
    assert starts is not None
    days, day = plain.days_of(ids, starts, zones, "Europe/London")
    table = file.table("f", "h", ARRIVED).to_pandas()
    expected = local_days(
        table["period_start_utc"], table["cell_id"].map(zones).fillna("Europe/London")
    )
    assert [days[position] for position in day] == expected.tolist()


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("cell", None), ("cell", "2.34E+14"), ("cell", "a\nb"), ("cell", ""), ("at", pd.NaT),
        ("at", pd.Timestamp("2026-10-25 01:30")), ("at", pd.Timestamp("1980-01-01")),
        ("tries", -1.0), ("tries", np.inf), ("tries", 2e8), ("lost", 5000), ("set_up", 5000),
        ("used", 51.1), ("load", 101.0), ("power", -20.0), ("down", 3601), ("ended", -1),
    ],
)  # fmt: skip
def test_an_odd_value_makes_the_file_odd(tmp_path: Path, column: str, value: object) -> None:
    path = tmp_path / "pm.parquet"
    rows = _rows()
    rows.loc[7, column] = value
    rows.to_parquet(path)
    ours, _, n_faults = _both(path, _source())
    assert ours is None
    assert n_faults > 0


@pytest.mark.parametrize(
    "changes",
    [
        {"tries": "12"}, {"ended": 0.5}, {"at": "2026-07-01T00:00"}, {"load": 0.5},
        {"down": True},
    ],
)  # fmt: skip
def test_what_has_another_type_or_unit_is_for_the_other_way(
    tmp_path: Path, changes: dict[str, Any]
) -> None:
    path = tmp_path / "pm.parquet"
    pd.concat([_rows(1000).assign(**changes)]).to_parquet(path)
    assert _plain(path, _source()) is None


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"tries": np.arange(200) * 90, "lost": np.arange(200) * 3}, "counters that run on"),
        ({"volume": np.where(np.arange(200) % 9, 1e3, 2**32 - 1.0)}, 'na = ["4294967295"]'),
        ({"at": pd.Timestamp("2026-07-01") + pd.to_timedelta(np.arange(200) // 4 * 15, "min")},
         "periods overlap"),
    ],
)  # fmt: skip
def test_what_only_a_whole_file_shows_is_for_the_other_way(
    tmp_path: Path, changes: dict[str, Any], words: str
) -> None:
    path = tmp_path / "pm.parquet"
    _rows().assign(**changes).to_parquet(path)
    settings = Settings.model_validate({"warehouse": {"path": str(tmp_path / "warehouse")}})
    columns = {ours: theirs for ours, theirs in COLUMNS.items() if ours != "call_setups"}
    (fault,) = load(FileToLoad(path, _source(columns=columns), settings)).faults
    assert words in fault


def test_a_mistyped_year_is_refused(tmp_path: Path) -> None:
    path, rows = tmp_path / "pm.parquet", _rows()
    rows.loc[7, "at"] = pd.Timestamp("2062-07-01 01:00")
    rows.to_parquet(path)
    settings = Settings.model_validate({"warehouse": {"path": str(tmp_path / "warehouse")}})
    loaded = load(FileToLoad(path, _source(), settings))
    assert not loaded.faults
    assert loaded.facts["n_refused"] == 1


def test_a_number_that_means_missing_is_missing(tmp_path: Path) -> None:
    path = tmp_path / "pm.parquet"
    _rows().assign(tries=np.where(np.arange(200) % 9, 50, 9999)).to_parquet(path)
    source = _source(na=["9999"])
    assert not plain.suits(source)
    rows = sources.read(path, source, door=Door(tuple)).frame
    assert rows["call_attempts"].max() == 50


@pytest.mark.parametrize(
    "given",
    [
        {"table": "outage", "constants": {}, "columns": {"cell_id": "a", "start_utc": "b",
                                                         "outage_id": "c"}},
        {"reader": "delimited"},
        {"counters": {"rel_norm": "a - b"}},
        {"columns": {**COLUMNS, "cell_id": "{cell}-{doubt}"}},
        {"columns": {**COLUMNS, "availability": "up"}},
        {"time_is": "end"},
    ],
)  # fmt: skip
def test_sources_that_ask_for_more_are_for_the_other_way(given: dict[str, Any]) -> None:
    assert not plain.suits(_source(**given))
