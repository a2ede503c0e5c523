"""Questions of pairs of cells, against plain arithmetic on a few rows."""

from collections.abc import Iterator
from typing import Any

import duckdb
import pandas as pd
import pytest

from contracts.tables import table
from ingest.warehouse.duck import empty_marts
from ingest.warehouse.questions import read_query, typed
from tests.bench.frames import rows

PAIRS = rows(
    "neighbour",
    cell_id=["a", "a", "a", "b", "c"],
    neighbour_cell_id=["b", "c", "x", "a", "a"],
    neighbour_rank=[1, 2, 3, 1, 1],
    handover_share=[0.6, 0.3, 0.1, 1.0, 1.0],
    ho_exe_att=[6_000, 3_000, 1_000, 10_000, None],
    ho_exe_succ=[5_950, 2_700, 998, 9_950, None],
    basis=["handovers"] * 4 + ["geography"],
    method_version="neighbour-1",
    run_id="r",
)
CELLS = rows(
    "cell",
    cell_id=["a", "a", "b", "c"],
    lat=[50.0, 53.8, 53.8, 53.9],
    lon=[0.0, -1.5, -1.5, -1.5],
    azimuth_deg=[0.0, 0.0, 180.0, None],
    valid_from=[pd.Timestamp("2020-01-01").date(), pd.Timestamp("2024-01-01").date(), None, None],
)


@pytest.fixture(scope="module")
def marts() -> Iterator[duckdb.DuckDBPyConnection]:
    with empty_marts() as connection:
        for name, frame in {"neighbour": PAIRS, "cell": CELLS}.items():
            connection.register("given", frame)
            columns = ", ".join(table(name).columns)
            connection.execute(f"insert into {name} ({columns}) select {columns} from given")
            connection.unregister("given")
        yield connection


def _answer(marts: duckdb.DuckDBPyConnection, name: str, **params: Any) -> pd.DataFrame:
    query = read_query(name)
    return marts.execute(query.sql, typed(query, params)).df()


def test_a_failing_relation_is_one_whose_interval_lies_above_twice_the_network_s_rate(
    marts: duckdb.DuckDBPyConnection,
) -> None:
    failing = _answer(marts, "failing_relations")
    assert failing[["cell_id", "neighbour_cell_id"]].to_numpy().tolist() == [["a", "c"]]
    row = failing.iloc[0]
    network = (50 + 300 + 2 + 50) / 20_000
    assert row["network_fail_rate"] == pytest.approx(network)
    assert row["ho_failed"] == 300
    assert row["ho_failed_excess"] == pytest.approx(300 - 3_000 * network)
    assert row["ho_fail_rate_lo"] < 0.1 < row["ho_fail_rate_hi"]
    assert _answer(marts, "failing_relations", times="10").empty
    assert _answer(marts, "failing_relations", cell_id="b").empty


def test_neighbours_of_a_cell_come_by_share_with_places_to_draw(
    marts: duckdb.DuckDBPyConnection,
) -> None:
    of_a = _answer(marts, "neighbours", cell_id="a")
    assert of_a["neighbour_cell_id"].tolist() == ["b", "c", "x"]
    # the newest place of the cell, 300 m before its antenna; b looks the other way
    assert of_a["lat"].tolist() == pytest.approx([53.8 + 0.3 / 111.2] * 3)
    assert of_a["neighbour_lat"].iloc[0] == pytest.approx(53.8 - 0.3 / 111.2)
    assert of_a["neighbour_lat"].iloc[1] == 53.9
    # a cell that the inventory does not know has no place
    assert pd.isna(of_a["neighbour_lat"].iloc[2])
    (of_c,) = _answer(marts, "neighbours", cell_id="c").itertuples()
    assert of_c.basis == "geography"
    assert pd.isna(of_c.ho_fail_rate)
