"""Hours of outages and of works are set aside; longer projects and plans are not."""

from typing import Any

import pandas as pd
import pytest

from analysis.changes.masks import masked

SITES = pd.Series({"a": "S", "b": "S", "c": None})
NONE = pd.DataFrame({"cell_id": [], "start_utc": [], "end_utc": []})
BEGIN = pd.Timestamp("2026-06-01T01:00Z")


def works(**changed: Any) -> pd.DataFrame:
    """Returns one work of five hours on cell a, but for what is changed."""
    row = {"cell_id": "a", "site_id": "S", "start_utc": BEGIN,
           "end_utc": BEGIN + pd.Timedelta(hours=5), "status": "done"}  # fmt: skip
    rows = pd.DataFrame([row | changed]).astype({"cell_id": "str", "site_id": "str"})
    return rows.assign(end_utc=pd.to_datetime(rows["end_utc"], utc=True))


def test_a_work_on_a_cell_masks_that_cell_and_one_on_a_site_all_of_its_cells() -> None:
    assert masked(NONE, works(), SITES)["cell_id"].tolist() == ["a"]
    assert masked(NONE, works(cell_id=None), SITES)["cell_id"].tolist() == ["a", "b"]
    assert masked(NONE, works(status=None), SITES)["end_utc"].tolist() == [
        BEGIN + pd.Timedelta(hours=5)
    ]


@pytest.mark.parametrize(
    "changed",
    [
        {"status": "planned"},
        {"end_utc": pd.NaT},
        {"end_utc": BEGIN + pd.Timedelta(days=20)},
        {"end_utc": BEGIN},
    ],
)
def test_plans_and_works_of_no_known_hours_mask_nothing(changed: dict[str, Any]) -> None:
    assert masked(NONE, works(**changed), SITES).empty


def test_outages_stay_as_they_are() -> None:
    outages = pd.DataFrame({"cell_id": ["c"], "start_utc": [BEGIN], "end_utc": [pd.NaT]})
    outages["end_utc"] = pd.to_datetime(outages["end_utc"], utc=True)
    both = masked(outages, works(), SITES)
    assert both["cell_id"].tolist() == ["c", "a"]
    assert both["end_utc"].isna().tolist() == [True, False]
