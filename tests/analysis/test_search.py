"""Finds by the hour and by the day become one table; what the network taught is frozen a month."""

from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from analysis import attribution, load_response, search
from analysis.channels import Noise
from benchmarks.attribution import cube_of
from contracts.settings import Settings
from contracts.tables import TABLES, assemble
from ingest.synth.network import invent_network
from ingest.warehouse import Warehouse
from ingest.workers import workers

FROM = pd.Timestamp("2026-06-01", tz="UTC")


def change(cell_id: str, day: float, until: float = 90.0, **others: Any) -> dict[str, Any]:
    """Returns one change, in days from FROM."""
    return {
        "cell_id": cell_id, "change_utc": FROM + pd.Timedelta(days=day),
        "until_utc": FROM + pd.Timedelta(days=until), "direction": "up", "attribution": "load",
        "attribution_note": None, "drops_excess": 100.0, "drops_excess_lo": 80.0,
        "drops_excess_hi": 120.0, **others,
    }  # fmt: skip


def hourly(*changes: dict[str, Any], searched: tuple[str, ...]) -> attribution.Search:
    """Returns a search by the hour with these finds."""
    visible = pd.DataFrame({"cell_id": list(searched), "min_visible_ratio": 1.4, "refused": ""})
    found = pd.DataFrame(changes, columns=list(change("a", 0)))
    none = pd.DataFrame()
    return attribution.Search(found, visible, none, none, none)


def test_days_tell_of_the_time_before_hours_and_of_cells_without_them() -> None:
    by_day = pd.DataFrame(
        [change("a", -50), change("a", 40), change("b", 40)]
    ).drop(columns=["attribution", "attribution_note"])  # fmt: skip
    merged = search._merged(by_day, hourly(change("a", 41.5), searched=("a",)), FROM)
    assert merged["cell_id"].tolist() == ["a", "a", "b"]
    assert merged["attribution"].tolist() == ["undecided", "load", "undecided"]
    assert merged["attribution_note"].notna().tolist() == [True, False, True]
    # the old level ends where hours show the next one, and its drops with it
    first = merged.iloc[0]
    assert first["until_utc"] == FROM + pd.Timedelta(days=41.5)
    assert first["drops_excess"] == pytest.approx(100 * 91.5 / 140)


def test_a_change_at_the_border_is_told_once() -> None:
    by_day = pd.DataFrame([change("a", 1)]).drop(columns=["attribution", "attribution_note"])
    merged = search._merged(by_day, hourly(change("a", 3.2), searched=("a",)), FROM)
    assert merged["attribution"].tolist() == ["load"]


def test_nothing_found_is_an_empty_table() -> None:
    by_day = pd.DataFrame([change("a", 1)]).drop(columns=["attribution", "attribution_note"])
    merged = search._merged(by_day.iloc[:0], hourly(searched=("a",)), FROM)
    assert merged.empty
    assert {"cell_id", "attribution_note", "change"} <= set(merged)


def test_load_that_moves_between_carriers_is_told_of_both() -> None:
    cells = pd.DataFrame(
        {"site_id": ["s", "s", "s"], "azimuth_deg": [0.0, 0.0, 120.0]}, index=["a", "b", "c"]
    )
    found = pd.DataFrame(
        [
            change("a", 5),
            change("b", 5.5, direction="down", attribution="relief", drops_excess=-90.0),
            change("c", 5, direction="down", attribution="relief"),
        ]
    )
    notes = search._with_twins(found, cells)
    assert notes[0] == "load moved between carriers: with b +10 drops in all"
    assert notes[1] == "load moved between carriers: with a +10 drops in all"
    assert pd.isna(notes[2])


@pytest.fixture
def measured(tmp_path: Path) -> Settings:
    """Settings of a warehouse that holds 30 days of hours of 20 invented cells."""
    network = invent_network(np.random.default_rng(8), n_cells=20, n_days=30)
    hours = cube_of(network).to_dataframe().reset_index()
    hours["hour_start_utc"] = hours["hour_start_utc"].dt.tz_localize("UTC")
    hours["day_local"] = hours["day_local"].dt.date
    hours["covered_s"] = hours["prb_dl_avail_prb_s"] = hours["prb_ul_avail_prb_s"] = 3600.0
    for way in ("dl", "ul"):
        hours[f"prb_{way}_used_prb_s"] = hours[f"prb_{way}_util_pct"] * 36
    hours["unavail_s"] = 3600 * (1 - hours["availability"])
    warehouse = Warehouse(tmp_path / "warehouse")
    of = TABLES["cell_hour"]
    known = hours[[name for name in of.columns if name in hours]]
    for day, part in known.groupby("day_local"):
        warehouse.write("cell_hour", assemble([part], of), day=str(day))
    return Settings(folder=tmp_path)


def test_the_answer_is_the_same_for_any_cut_into_chunks(
    measured: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    warehouse = Warehouse(measured.resolve(measured.warehouse.path))
    with workers(measured.run) as client:
        whole = search._by_hour(warehouse, measured, client, lambda *_: None)
        monkeypatch.setattr(search, "CELLS_A_TASK", 7)
        cut = search._by_hour(warehouse, measured, client, lambda *_: None)
    assert len(whole.changes) > 0
    for name in whole._fields:
        pd.testing.assert_frame_equal(getattr(cut, name), getattr(whole, name), rtol=1e-9)


def test_what_the_network_taught_is_frozen_for_a_month(
    measured: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    warehouse = Warehouse(measured.resolve(measured.warehouse.path))
    days = tuple(warehouse.days("cell_hour"))
    cells = search._cells_with_hours(warehouse, days)
    assert len(cells) == 20
    learnt = search._network(warehouse, measured, cells, days)
    taught = attribution.Network(load_response.FLAT, Noise(9.0, 9.0), 0.2)
    monkeypatch.setattr(attribution, "learn", lambda _: taught)
    again = search._network(warehouse, measured, cells, days)
    assert again.wander == learnt.wander
    assert again.noise == pytest.approx(learnt.noise)
    assert again.prior.weights.tolist() == learnt.prior.weights.tolist()
    next_month = (*days, "2026-12-01")
    assert search._network(warehouse, measured, cells, next_month) is taught
    months = warehouse.read("load_prior")["month"].unique().tolist()
    assert months == [date(2026, 9, 1), date(2026, 12, 1)]
