"""A small operator on disk: raw files, the configuration that reads them, and its warehouse."""

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from contracts.settings.load import load
from contracts.settings.sections import Settings
from ingest import run
from ingest.running.workers import workers
from ingest.warehouse.store import Warehouse

CELLS = """
[[source]]
table = "cell"
path = "raw/cells.csv"
[source.columns]
cell_id = "cell"
technology = "tech"
lat = "lat"
lon = "lon"
"""

COMPLAINTS = """
[[source]]
table = "complaint"
path = "raw/complaints*.csv"
[source.columns]
complaint_id = "id"
created_utc = "at"
complaint_class = "class"
subscriber_id = "who"
"""

CALLS = """
[[source]]
table = "call"
path = "raw/calls.csv"
[source.columns]
start_utc = "at"
outcome = "outcome"
subscriber_id = "who"
"""

KEY = """
[privacy]
key_file = "a.key"
"""

CONFIG = f"""
[operator]
name = "Test Mobile"
timezone = "Asia/Kolkata"
bbox = [72, 18, 74, 20]
[grid]
level = 8
{CELLS.strip()}
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

    def give_key(self, text: str) -> None:
        """Writes the key of pseudonyms, which its owner alone may read."""
        key = self.folder / "a.key"
        key.write_text(text, "utf-8")
        key.chmod(0o600)

    def ingest(self) -> pd.DataFrame:
        with workers(self.settings.run) as client:
            return run.run(self.settings, client).set_index("table_name")
