"""Every SELECT of docs/sql.md answers on the demo's marts."""

import re
from pathlib import Path

import pytest

from ingest.warehouse.store import Warehouse
from tests.bench.asked import asked

PAGE = Path(__file__).resolve().parents[2] / "docs/sql.md"
SHOWN = re.findall(r"```sql\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)


@pytest.mark.parametrize("sql", SHOWN, ids=range(len(SHOWN)))
def test_what_the_page_shows_answers(demo: Warehouse, sql: str) -> None:
    assert len(asked(demo.marts, sql))


def test_drops_of_regions_are_those_of_their_hexagons(demo: Warehouse) -> None:
    by_cells = SHOWN[0].replace("/ nullif(sum(weight * call_attempts), 0)", "")
    by_hexes = asked(
        demo.marts,
        "select sum(dropped_calls) as n from hex_day join hex_place using (hex_id) "
        "where region is not null",
    )
    assert asked(demo.marts, by_cells)["drop_rate"].sum() == pytest.approx(by_hexes["n"].iloc[0])
