"""What the console writes as a cube is what the warehouse holds, however it is cut into parts."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from analysis import export
from contracts.errors import NothingFound
from contracts.settings.load import load
from ingest.warehouse.store import Warehouse


def _exported(config: Path, table: str, out: Path) -> xr.Dataset:
    export.export(load(config, environ={}), table, out)
    return xr.open_zarr(out, consolidated=False)


def test_hours_of_cells_are_those_of_the_warehouse(
    demo_config: Path, demo: Warehouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export, "_VALUES_A_PART", 50_000)
    hourly = _exported(demo_config, "cell_hour", tmp_path / "hours.zarr")
    assert len(hourly.chunks["cell"]) > 2
    rows = demo.read("cell_hour")
    got = hourly[["call_attempts", "prb_dl_used_prb_s"]].to_dataframe().reset_index()
    got = got.dropna(subset=["prb_dl_used_prb_s"]).set_index(["cell_id", "hour_start_utc"])
    rows["hour_start_utc"] = rows["hour_start_utc"].dt.tz_localize(None)
    rows = rows.dropna(subset=["prb_dl_used_prb_s"]).set_index(["cell_id", "hour_start_utc"])
    assert len(got) == len(rows)
    rows = rows.loc[got.index]
    for name in ("call_attempts", "prb_dl_used_prb_s"):
        np.testing.assert_array_equal(got[name], rows[name])
    np.testing.assert_array_equal(got["day_local"].dt.date, rows["day_local"])
    # each of the cells lacks the hour in which the collector was down
    assert np.isnan(hourly["covered_s"]).any(dim="hour").all()
    assert hourly.attrs["institution"] == "Aire Mobile"


def test_days_of_hexagons_are_those_of_the_warehouse(
    demo_config: Path, demo: Warehouse, tmp_path: Path
) -> None:
    daily = _exported(demo_config, "hex_day", tmp_path / "days.zarr")
    rows = demo.read("hex_day")
    hexes = pd.Index(daily["hex_id"].to_numpy()).get_indexer(rows["hex_id"].astype("uint64"))
    days = pd.DatetimeIndex(daily["day_local"]).get_indexer(pd.to_datetime(rows["day_local"]))
    for name in ("call_attempts", "n_cells"):
        cube = daily[name].to_numpy()
        np.testing.assert_array_equal(cube[hexes, days], rows[name])
        assert np.isfinite(cube).sum() == rows[name].notna().sum()
    assert set(map(len, daily["hex_text"].to_numpy())) == {15}


def test_what_is_no_cube_or_empty_is_refused(
    demo_config: Path, unpublished: Path, tmp_path: Path
) -> None:
    with pytest.raises(NothingFound, match="no cube of 'nps'; there are: cell_hour, hex_day"):
        _exported(demo_config, "nps", tmp_path / "out.zarr")
    with pytest.raises(NothingFound, match="cell_hour is empty; do 'hexperience run' first"):
        _exported(unpublished, "cell_hour", tmp_path / "out.zarr")
    assert not (tmp_path / "out.zarr").exists()
