"""A small cube of cells and days; the same dice for every run."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from analysis import cube


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
