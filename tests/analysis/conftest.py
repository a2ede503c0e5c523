"""A small cube of cells and days; hours of an invented network."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from analysis import cube
from benchmarks.attribution import cube_of
from contracts.tables import TABLES
from ingest.synth.radio.network import Network


@pytest.fixture
def counters() -> Callable[..., xr.Dataset]:
    """Cube of cells with constant attempts and drops: `counters({"a": (1000, 10)}, n_days=28)`."""

    def make(cells: dict[str, tuple[float, float]], *, n_days: int = 28) -> xr.Dataset:
        days = pd.date_range("2026-06-01", periods=n_days).date
        rows = [
            {"cell_id": cell, "day_local": day, "call_attempts": attempts, "dropped_calls": drops}
            for cell, (attempts, drops) in cells.items()
            for day in days
        ]
        frame = pd.DataFrame(rows).assign(covered_s=86_400.0, unavail_s=0.0)
        frame["bh_prb_dl_used_prb_s"], frame["bh_prb_dl_avail_prb_s"] = 50.0, 100.0
        none = pd.DataFrame({"cell_id": [], "start_utc": [], "end_utc": []}).astype(
            {"start_utc": "datetime64[us, UTC]", "end_utc": "datetime64[us, UTC]"}
        )
        return cube.of_cell_days(frame, zones="UTC", outages=none, weekend=["saturday", "sunday"])

    return make


@pytest.fixture
def rng() -> np.random.Generator:
    """The same dice for every run."""
    return np.random.default_rng(20261122)


def hours_of(planted: Network) -> pd.DataFrame:
    """Returns what the operator measured of an invented network, as rows of `cell_hour`."""
    hours = cube_of(planted).to_dataframe().reset_index()
    hours["hour_start_utc"] = hours["hour_start_utc"].dt.tz_localize("UTC")
    hours["day_local"] = hours["day_local"].dt.date
    hours["covered_s"] = hours["prb_dl_avail_prb_s"] = hours["prb_ul_avail_prb_s"] = 3600.0
    for way in ("dl", "ul"):
        hours[f"prb_{way}_used_prb_s"] = hours[f"prb_{way}_util_pct"] * 36
    hours["unavail_s"] = 3600 * (1 - hours["availability"])
    return hours[[name for name in TABLES["cell_hour"].columns if name in hours]]
