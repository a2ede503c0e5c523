"""A small operator on disk: raw files and the configuration that reads them."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pytest

from contracts.settings.load import load
from contracts.settings.sections import Settings
from ingest import run
from ingest.running.workers import workers
from ingest.warehouse.store import Warehouse

CONFIG = """
[operator]
name = "Test Mobile"
timezone = "Asia/Kolkata"
bbox = [72, 18, 74, 20]
[grid]
level = 8
[[source]]
table = "cell"
path = "raw/cells.csv"
[source.columns]
cell_id = "cell"
technology = "tech"
lat = "lat"
lon = "lon"
azimuth_deg = "azimuth"
[[source]]
table = "pm"
path = "raw/pm_*.csv"
[source.columns]
cell_id = "cell"
period_start_utc = "start"
call_attempts = "attempts"
dropped_calls = "drops"
prb_dl_util_pct = "prb"
rrc_users_mean = "users"
[source.constants]
period_s = 900
"""

PERSONS = """
[[source]]
table = "complaint"
path = "raw/complaints.csv"
[source.columns]
complaint_id = "id"
created_utc = "at"
complaint_class = "class"
subscriber_id = "who"
"""


@dataclass
class Operator:
    """Its folder, and what one does with it."""

    folder: Path

    @property
    def config(self) -> Path:
        return self.folder / "hexperience.toml"

    @property
    def settings(self) -> Settings:
        return load(self.config, environ={})

    def configure(self, more: str, old: str = "", new: str = "") -> None:
        """Adds to the configuration, and replaces what stands in it."""
        text = self.config.read_text("utf-8").replace(old, new)
        self.config.write_text(text + more, "utf-8")

    @property
    def warehouse(self) -> Warehouse:
        return Warehouse(self.folder / "warehouse")

    def write(self, name: str, text: str) -> Path:
        path = self.folder / "raw" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    def ingest(self) -> pd.DataFrame:
        with workers(self.settings.run) as client:
            return run.run(self.settings, client).set_index("table_name")


@pytest.fixture
def operator(tmp_path: Path) -> Operator:
    """Two placed cells and one that is not, counters every quarter of an hour for two days."""
    (tmp_path / "hexperience.toml").write_text(CONFIG, encoding="utf-8")
    one = Operator(tmp_path)
    one.write(
        "cells.csv",
        "cell,tech,lat,lon,azimuth\n001,lte,19.00,73.00,0\n002,lte,19.02,73.05,\n003,lte,0,0,\n",
    )
    return one


@pytest.fixture
def counters() -> Callable[..., str]:
    """Text of a counter file: `counters("2026-03-01", n=96, cells=("001",))`."""

    def text(day: str, *, n: int = 96, cells: tuple[str, ...] = ("001", "002", "003")) -> str:
        starts = pd.date_range(day, periods=n, freq="15min")
        lines = [
            f"{cell},{start.isoformat()},{10 + i % 7 + int(cell)},{i % 3},{20 + i % 60},{i % 9}"
            for cell in cells
            for i, start in enumerate(starts)
        ]
        return "\n".join(["cell,start,attempts,drops,prb,users", *lines]) + "\n"

    return text
