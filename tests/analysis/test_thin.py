"""Operators with little: the chain says what it can and never falls over what is not there."""

from pathlib import Path

import pytest

import analysis.run
import ingest.run
from contracts.settings.load import load
from ingest.running.workers import workers
from ingest.warehouse.publish import publish
from ingest.warehouse.store import Warehouse

HEAD = "[operator]\nbbox = [-2, 53, -1, 54]\n"
SOURCES = {
    "pm": ("cell_id period_start_utc call_attempts dropped_calls", "period_s = 3600"),
    "cell": ("cell_id lat lon", ""),
    "complaint": ("complaint_id created_utc lat lon", 'complaint_class = "network"'),
}
CELLS = "a,53.8,-1.5\nb,53.9,-1.4\n"


def _counters(attempts: int, drops: int) -> str:
    return "".join(
        f"{cell},2026-06-{day:02}T{hour:02}:00Z,{attempts},{drops}\n"
        for cell in "ab"
        for day in range(1, 15)
        for hour in range(24)
    )


def _run(folder: Path, **files: str) -> Warehouse:
    text = HEAD
    for table, rows in files.items():
        columns, constants = SOURCES[table]
        (folder / f"{table}.csv").write_text(columns.replace(" ", ",") + "\n" + rows, "utf-8")
        text += f'[[source]]\ntable = "{table}"\npath = "{table}.csv"\n[source.columns]\n'
        text += "".join(f'{name} = "{name}"\n' for name in columns.split())
        text += f"[source.constants]\n{constants}\n"
    (folder / "hexperience.toml").write_text(text, "utf-8")
    settings = load(folder / "hexperience.toml", environ={})
    with workers(settings.run) as client:
        ingest.run.run(settings, client)
        analysis.run.run(settings, client)
    warehouse = Warehouse(folder / "warehouse")
    publish(warehouse, "thin", keep=2)
    return warehouse


def test_counters_alone_give_changes_and_a_list_of_cells(tmp_path: Path) -> None:
    marts = _run(tmp_path, pm=_counters(100, 1)).marts
    # both are alike and without a rise: nothing is to do at either
    assert marts.query("worst_places").empty
    places = marts.query("worst_places", every_place=True)
    assert places["place_type"].unique().tolist() == ["cell"]
    assert places["place_name"].tolist() == ["a", "b"]


@pytest.mark.parametrize(("attempts", "drops"), [(100, 0), (0, 0), (1, 2)])
def test_no_drops_no_calls_or_more_drops_than_calls(
    tmp_path: Path, attempts: int, drops: int
) -> None:
    warehouse = _run(tmp_path, pm=_counters(attempts, drops), cell=CELLS)
    days = warehouse.read("cell_day")
    assert days["dropped_calls"].sum() == 2 * 14 * 24 * drops
    assert warehouse.marts.query("change_points").empty
    places = warehouse.marts.query("worst_places", every_place=True)
    assert len(places) == (2 if attempts else 0)


def test_an_inventory_alone_or_a_header_alone_is_no_fault(tmp_path: Path) -> None:
    warehouse = _run(tmp_path, cell=CELLS, complaint="")
    receipt = warehouse.marts.query("receipt").set_index("table_name")
    assert receipt["n_accepted"].to_dict() == {"cell": 2, "complaint": 0}
    assert warehouse.marts.query("worst_places").empty


def test_complaints_without_a_base_are_per_call_attempts(tmp_path: Path) -> None:
    rows = "".join(f"c{i},2026-06-{1 + i % 14:02}T10:00Z,53.8,-1.5\n" for i in range(28))
    # those of days without counters do not count against the calls of other days
    rows += "".join(f"d{i},2026-06-20T10:00Z,53.8,-1.5\n" for i in range(50))
    # hexagons have figures of months that are over
    rows += "e,2026-07-06T10:00Z,53.8,-1.5\n"
    warehouse = _run(tmp_path, pm=_counters(100, 1), cell=CELLS, complaint=rows)
    rates = warehouse.read("place_rate").query(
        "metric == 'complaints_per_10k_attempts' and level == 7"
    )
    assert rates["numerator"].sum() == 28
    assert rates["value_raw"].max() == pytest.approx(
        1e4 * 28 / rates.loc[rates["numerator"] == 28, "denominator"].iloc[0]
    )
