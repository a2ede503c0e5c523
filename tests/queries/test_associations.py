"""A KPI and what customers say, place by place, on rows whose answer is known."""

from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import pytest

from ingest.warehouse.marts import Marts
from ingest.warehouse.publish import publish
from ingest.warehouse.store import Warehouse
from tests.bench.frames import rows
from tests.bench.marts import run_row

PLACE, OTHER = 0x861942037FFFFFF, 0x861942087FFFFFF


@pytest.fixture(scope="module")
def marts(tmp_path_factory: pytest.TempPathFactory) -> Marts:
    warehouse = Warehouse(tmp_path_factory.mktemp("associated"))
    parts = [
        _rates("drop_rate", "all", value=[0.01, 0.03], denominator=[1000, 3000]),
        _rates(
            "complaints_per_1000",
            "network",
            numerator=[10, np.nan],
            denominator=[2000, 2000],
            shown=["shown", "few"],
        ),
        _rates(
            "nps",
            "relationship",
            denominator=[50, 50],
            n_effective=[40, 60],
            promoter_share=[0.5, 0.25],
            detractor_share=[0.25, 0.25],
        ),
        # a hidden month, and a place of which no drop rate is known
        _rates("complaints_per_1000", "network", hex_id=OTHER, numerator=5, denominator=900),
        _rates("complaints_per_1000", "account", numerator=np.nan, shown="hidden"),
    ]
    warehouse.write("place_rate", pd.concat(parts, ignore_index=True))
    places = np.array([PLACE, OTHER], np.uint64)
    warehouse.write("hex_place", rows("hex_place", hex_id=places, level=6, run_id="r"))
    warehouse.write("run", run_row("Aire", "Europe/London", 8))
    publish(warehouse, "associated", keep=2)
    return Marts(warehouse.path)


def _rates(metric: str, outcome_class: str, hex_id: int = PLACE, **given: Any) -> pd.DataFrame:
    starts = [date(2026, 1, 1), date(2026, 2, 1)]
    common: dict[str, Any] = {"shown": "shown"} | given
    return rows(
        "place_rate",
        place_type="hex",
        hex_id=np.uint64(hex_id),
        level=6,
        cell_id="",
        metric=metric,
        outcome_class=outcome_class,
        period_grain="month",
        period_start=starts,
        period_end=starts,
        run_id="r",
        **common,
    )


def test_months_are_added_and_a_month_of_few_is_one_case_to_four(marts: Marts) -> None:
    (row,) = marts.query("associated_places").to_dict("records")
    assert (row["n_months"], row["n_few"]) == (2, 1)
    assert row["kpi_value"] == pytest.approx((0.01 * 1000 + 0.03 * 3000) / 4000)
    assert (row["cases_lo"], row["cases_hi"]) == (11, 14)
    assert row["value"] == pytest.approx(1000 * 12.5 / 4000)
    # the exact ends of counts of 11 and of 14 are 6.17 and 21.89
    assert row["value_lo"] == pytest.approx(1000 * 6.17 / 4000, abs=0.01)
    assert row["value_hi"] == pytest.approx(1000 * 21.89 / 4000, abs=0.01)


def test_a_score_is_of_all_its_answers(marts: Marts) -> None:
    ask = {"metric": "nps", "outcome_class": "nps"}
    (row,) = marts.query("associated_places", **ask).to_dict("records")
    assert row["value"] == pytest.approx(100 * ((20 + 15) - (10 + 15)) / 100)
    assert row["value_lo"] < row["value"] < row["value_hi"]
    ask["outcome_class"] = "promoters"
    (row,) = marts.query("associated_places", **ask).to_dict("records")
    assert row["value"] == pytest.approx(0.35)


def test_what_is_hidden_has_no_place(marts: Marts) -> None:
    assert marts.query("associated_places", outcome_class="account").empty
