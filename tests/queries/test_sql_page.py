"""Every SELECT of docs/sql.md answers on the demo's marts."""

import re
from pathlib import Path

import pytest

from ingest.warehouse import Warehouse

PAGE = Path(__file__).resolve().parents[2] / "docs/sql.md"
SHOWN = re.findall(r"```sql\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)


@pytest.mark.parametrize("sql", SHOWN, ids=range(len(SHOWN)))
def test_what_the_page_shows_answers(demo: Warehouse, sql: str) -> None:
    assert len(demo.sql(sql))


def test_regions_come_to_the_network(demo: Warehouse) -> None:
    by_region = SHOWN[0].replace("/ nullif(sum(weight * call_attempts), 0)", "")
    placed = demo.sql(
        "select sum(dropped_calls) as n from cell_day where cell_id in (select cell_id from "
        "place_cell where place_type = 'region')"
    )
    assert demo.sql(by_region)["drop_rate"].sum() == pytest.approx(placed["n"].iloc[0])
