"""What reading changed is said: beside the cell, of ids, of what the inventory shares out."""

from datetime import date
from typing import Any

import pandas as pd

from contracts.tables import TABLES, assemble
from ingest.quality.cell_days import unreadable_ends
from ingest.quality.reading import ids_alike, ids_shared, wrapped_ids


class _Warehouse:
    """As a warehouse of which only notes of loads and an empty inventory are asked for."""

    def __init__(self, **facts: Any) -> None:
        self._facts = facts

    def loads(self, table: str) -> dict[str, Any]:
        return {"1": self._facts} if table == "outage" else {}

    def read(self, table: str) -> pd.DataFrame:
        return assemble([], TABLES[table])


def test_an_unreadable_end_stands_beside_its_cell() -> None:
    warehouse: Any = _Warehouse(beside=[["A", "2026-09-04", "why"], ["A", "2026-09-04", "why"]])
    rows = unreadable_ends(warehouse)
    assert rows.to_numpy().tolist() == [["A", date(2026, 9, 4), "unreadable end", "unsafe", "why"]]
    nothing: Any = _Warehouse()
    assert unreadable_ends(nothing).empty


def test_wrapped_ids_are_said_once() -> None:
    warehouse: Any = _Warehouse(unwrapped={"cell_id": 3, "outage_id": 2})
    (note,) = wrapped_ids(warehouse, "outage")
    assert note[:3] == ("outage", "wrapped identifiers", "ok")
    assert "5 identifiers (cell_id, outage_id)" in note[3]
    assert list(wrapped_ids(warehouse, "pm")) == []


def test_ids_that_join_nothing_are_named() -> None:
    (alike,) = ids_alike(pd.Series(["abc1", "X"]), pd.Series(["ABC1"]))
    assert "first: abc1 and ABC1" in alike[3]
    assert list(ids_alike(pd.Series(["ABC1"]), pd.Series(["ABC1"]))) == []
    (shared,) = ids_shared(pd.Series(["1", "2"]), ["1"])
    assert shared[2] == "unsafe"
    assert list(ids_shared(pd.Series(["1 nr"]), ["1"])) == []
