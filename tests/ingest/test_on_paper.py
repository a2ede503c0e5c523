"""The raw files once more with plain pandas: the same totals of hexagons, cells and drop rates."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ingest.warehouse.store import Warehouse
from tests.bench.asked import asked

SUMS = ["call_attempts", "dropped_calls", "dl_vol_kbit"]
THEIRS = {
    "Cell Name": "cell_id",
    "VoLTE Call Attempts": "call_attempts",
    "VoLTE Call Drops": "dropped_calls",
    "DL Traffic (MB)": "dl_vol_kbit",
}


@pytest.fixture(scope="module")
def paper(demo_config: Path) -> pd.DataFrame:
    """Cell days of the raw counters: rows that tell 10 fields, once each, without negative drops.

    A count without its pair says no rate, so both are left out.
    """
    files = sorted((demo_config.parent / "raw" / "pm").glob("PM_*.csv"))
    lines = [line.split(";") for file in files for line in file.read_text("utf-8").splitlines()]
    header = lines[0]
    rows = pd.DataFrame([line for line in lines if len(line) == len(header)], columns=header)
    rows = rows[rows["Cell Name"] != "Cell Name"].rename(columns=THEIRS)
    rows = rows.drop_duplicates(["cell_id", "Start Time"])
    rows["day_local"] = pd.to_datetime(rows["Start Time"].str[:10], format="%d.%m.%Y").dt.date
    rows[SUMS] = rows[SUMS].apply(pd.to_numeric, errors="coerce")
    rows["dl_vol_kbit"] *= 8000
    rows.loc[rows["dropped_calls"] < 0, "dropped_calls"] = np.nan
    lone = rows[["call_attempts", "dropped_calls"]].isna().any(axis=1)
    rows.loc[lone, ["call_attempts", "dropped_calls"]] = np.nan
    return rows.groupby(["cell_id", "day_local"])[SUMS].sum(min_count=1)


def test_cell_days_equal_those_on_paper(demo: Warehouse, paper: pd.DataFrame) -> None:
    ours = asked(demo.marts, f"select cell_id, day_local, {', '.join(SUMS)} from cell_day")
    ours = ours.assign(day_local=ours["day_local"].dt.date).set_index(["cell_id", "day_local"])
    pd.testing.assert_frame_equal(ours.sort_index(), paper, check_index_type=False, rtol=1e-12)


def test_hexagons_and_their_drop_rates_equal_those_on_paper(
    demo: Warehouse, paper: pd.DataFrame
) -> None:
    weights = demo.read("cell_hex")
    weights = weights[weights["level"] == demo.read("run")["level"].iloc[0]]
    parts = weights[["cell_id", "hex_id", "weight"]].merge(paper.reset_index(), on="cell_id")
    parts[SUMS] = parts[SUMS].mul(parts["weight"], axis=0)
    by_day = parts.groupby(["hex_id", "day_local"])[SUMS].sum(min_count=1)
    ours = demo.read("hex_day").set_index(["hex_id", "day_local"])[SUMS].sort_index()
    pd.testing.assert_frame_equal(ours, by_day, check_index_type=False, rtol=1e-9)
    rates = asked(
        demo.marts,
        "select hex_id, period_start, period_end, value from place_rate "
        "where metric = 'drop_rate' and place_type = 'hex' and value is not null "
        "and level = (select max(level) from run)",
    )
    days = by_day.reset_index()
    assert len(rates) > 1000
    for (first, last), period_rates in rates.groupby(["period_start", "period_end"]):
        within = days[days["day_local"].between(first.date(), last.date())]
        sums = within.groupby("hex_id")[SUMS].sum()
        expected = (sums["dropped_calls"] / sums["call_attempts"]).reindex(period_rates["hex_id"])
        np.testing.assert_allclose(period_rates["value"], expected, rtol=1e-9)
