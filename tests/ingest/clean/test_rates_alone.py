"""Drop rates that come without counts: taken as what they are, or refused with the remedy."""

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

import analysis.run
from ingest import run
from ingest.running.workers import workers
from ingest.warehouse.publish import publish
from tests.bench.operator import CELLS, Operator

CONFIG = f"""
[operator]
name = "Rates"
timezone = "Africa/Cairo"
bbox = [25, 22, 36, 32]
[grid]
level = 8
{CELLS.strip()}
[[source]]
table = "cell_rate"
path = "raw/rates*.csv"
[source.columns]
cell_id = "cell"
period_start_utc = "date"
drop_rate_pct = "rate"
"""


@pytest.fixture
def small(tmp_path: Path) -> Operator:
    (tmp_path / "hexperience.toml").write_text(CONFIG, encoding="utf-8")
    one = Operator(tmp_path)
    one.write("cells.csv", "cell,tech,lat,lon\n001,lte,30.0,31.2\n002,lte,30.1,31.2\n")
    return one


def _rates(days: pd.DatetimeIndex, rates: np.ndarray, form: str = "%Y-%m-%d") -> str:
    lines = [
        f"{cell},{day.strftime(form)},{rate:.4g}"
        for cell in ("001", "002")
        for day, rate in zip(days, rates, strict=True)
    ]
    return "\n".join(["cell,date,rate", *lines]) + "\n"


def test_the_newest_rate_of_each_local_day_is_kept_searched_and_shown(
    small: Operator, configured: Callable[[Path], None]
) -> None:
    # in Cairo 24 April 2026 begins at one o'clock
    days = pd.date_range("2026-04-10", periods=40)
    rates = np.where(np.arange(40) < 22, 0.8, 2.0) * np.tile([1.1, 1.0, 0.95, 0.95], 10)
    small.write("rates_1.csv", _rates(days, rates))
    newer = small.write("rates_2.csv", _rates(days[:1], np.array([0.85])))
    os.utime(newer, (2_000_000_000, 2_000_000_000))
    with workers(small.settings.run) as client:
        receipt = run.run(small.settings, client).set_index("table_name")
        analysis.run.run(small.settings, client)
    publish(small.warehouse, "rates", keep=2)
    assert receipt.loc["cell_rate", ["n_read", "n_accepted", "n_refused"]].tolist() == [82, 80, 2]

    marts = small.warehouse.marts
    of_cell = marts.query("delivered_days", cell_id="001")
    assert of_cell["day_local"].dt.date.tolist() == list(days.date)
    assert of_cell["drop_rate_pct"].iloc[0] == 0.85
    (change,) = np.flatnonzero(of_cell["is_change"])
    assert abs(change - 22) <= 1
    cells = marts.query("delivered_rates").set_index("cell_id")
    assert (cells["ratio_lo"] < 2.5).all()
    assert (cells["ratio_hi"] > 2.5).all()
    assert cells.loc["002", "rate_before_pct"] == pytest.approx(0.8, rel=0.05)
    # nothing of it is in a sum
    assert marts.query("network_rates").empty

    configured(small.config)
    at = AppTest.from_string("from views.pages import changes\nchanges.page()").run(timeout=60)
    assert not at.exception
    assert any("Drop rates delivered without counts" in text.value for text in at.markdown)
    assert at.dataframe[0].value["cell_id"].tolist() == ["001", "002"]


@pytest.mark.parametrize(
    ("step", "rate", "words"),
    [
        ("1h", 1.0, "rates of hours can't be made one of a day"),
        ("1D", 0.004, "drop_rate_pct = 100, or 1 if it is in per cent"),
        ("1D", 99.2, "'100 - their column'"),
        ("1D", 130.0, "another unit"),
    ],
)
def test_what_is_no_rate_of_a_day_in_per_cent_is_refused_with_the_remedy(
    small: Operator, step: str, rate: float, words: str
) -> None:
    times = pd.date_range("2026-03-02", periods=48, freq=step)
    small.write("rates.csv", _rates(times, np.full(48, rate), "%Y-%m-%d %H:%M"))
    with pytest.raises(Exception, match="fault") as refusal:
        small.ingest()
    assert words in str(refusal.value)
