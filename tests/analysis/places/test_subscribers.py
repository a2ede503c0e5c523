"""Who is at a place, by hand: a town of three hexagons and two cells."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from scipy import sparse

from analysis.places import subscribers
from geo import hexgrid

HEXES = hexgrid.disk(int(hexgrid.hexes_of(lat=[53.8], lon=[-1.5], level=8)[0]), 1)[:3]
BOTH = sparse.csr_array(np.array([[1.0, 1.0]]))


def _known(base: pd.DataFrame | None = None) -> subscribers.Residents:
    """100, 50 and 7 subscribers; a serves the first two, b the second; c has no footprint."""
    if base is None:
        months = pd.DataFrame({"month": pd.to_datetime(["2026-05-01", "2026-06-01"])})
        places = pd.DataFrame({"place_id": hexgrid.as_text(HEXES), "n": [100, 50, 7]})
        base = places.merge(months, how="cross").assign(place_type="hex")
        base["n_active_subscribers"] = base["n"].where(base["month"].dt.month == 6, 1)
    weights = pd.DataFrame({
        "cell_id": ["a", "a", "b"], "hex_id": HEXES[[0, 1, 1]], "weight": [0.5, 0.5, 1.0],
    }).assign(level=8)  # fmt: skip
    calls = np.array([[100.0, 100.0], [150.0, 150.0], [9.0, np.nan]])
    counters = xr.Dataset(
        {"call_attempts": (("cell", "day"), calls)}, coords={"cell_id": ("cell", ["a", "b", "c"])}
    )
    return subscribers.known(base, weights, weights, counters, level=8, crowd=16)


def test_a_hexagon_has_those_of_the_newest_month_rounded_up_to_crowds() -> None:
    found = _known()
    away = hexgrid.hexes_of(lat=[10.0], lon=[10.0], level=8)
    at_most = found.at_most("hex", np.append(HEXES, away), BOTH)
    assert at_most.tolist() == [112, 64, 16, 16]


def test_a_hexagons_subscribers_are_shared_out_as_its_calls_are() -> None:
    found = _known()
    # in the second hexagon a has 100 of 400 calls
    assert found.by_cell[:2].tolist() == pytest.approx([100 + 12.5, 37.5])
    assert found.of_cells()[:2].tolist() == [128, 48]
    assert np.isnan(found.of_cells()[2])
    whole = sparse.csr_array(np.array([[1.0, 1.0, 0.0], [0, 1, 1]]))
    at_most = found.at_most("site", np.array(["A", "B"]), whole)
    assert at_most[0] == 160
    assert np.isnan(at_most[1])


def test_without_a_base_there_is_no_limit() -> None:
    columns = ["place_type", "place_id", "month", "n_active_subscribers"]
    none = _known(pd.DataFrame({name: [] for name in columns}).astype({"month": "datetime64[s]"}))
    assert np.isnan(none.at_most("hex", HEXES, BOTH)).all()
    assert np.isnan(none.of_cells()).all()
