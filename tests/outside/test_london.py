"""Footprints of a real inventory that nobody here made: OpenCelliD's cells of London."""

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import analysis.run
import ingest.run
from contracts.settings.load import load
from geo import footprint, hexgrid
from ingest.running.workers import workers
from ingest.warehouse.publish import publish
from ingest.warehouse.store import Warehouse

EXAMPLE = Path(__file__).parents[2] / "examples" / "london.toml"
OUTSIDE = os.environ.get("HEXPERIENCE_OUTSIDE", "")
CELLS = 30_553

pytestmark = [
    pytest.mark.outside,
    pytest.mark.skipif(not OUTSIDE, reason="HEXPERIENCE_OUTSIDE names no folder of outside data"),
]


@pytest.fixture(scope="module")
def london(tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    """Published marts of London's cells."""
    folder = str(tmp_path_factory.mktemp("london"))
    environ = {"HEXPERIENCE_OUTSIDE": OUTSIDE}
    settings = load(EXAMPLE, environ=environ, arguments={"warehouse": {"path": folder}})
    with workers(settings.run) as client:
        ingest.run.run(settings, client)
        analysis.run.run(settings, client)
    warehouse = Warehouse(Path(folder))
    publish(warehouse, "london", keep=2)
    return warehouse


def _theirs() -> pd.DataFrame:
    return pd.read_csv(Path(OUTSIDE) / "opencellid_london" / "opencellid_london.csv")


def test_every_cell_is_shared_out_whole_within_its_range(london: Warehouse) -> None:
    (row,) = london.marts.query("receipt").to_dict("records")
    assert (row["n_read"], row["n_accepted"], row["n_refused"]) == (CELLS, CELLS, 0)
    weights = london.read("cell_hex", days=["9"])
    assert weights["cell_id"].nunique() == CELLS
    np.testing.assert_allclose(weights.groupby("cell_id")["weight"].sum(), 1, rtol=1e-9)
    assert set(weights["method"]) == {"voronoi"}
    cells = london.read("cell").set_index("cell_id")
    # cells of a layer at one place share it
    place = cells.groupby(["operator", "technology", "lat", "lon"], dropna=False)
    cells["range_m"] = place["range_m"].transform("max")
    cells = cells.loc[weights["cell_id"]]
    lat, lon = hexgrid.centres(weights["hex_id"])
    east = (lon - cells["lon"].to_numpy()) * np.cos(np.radians(lat))
    metres = np.hypot(lat - cells["lat"].to_numpy(), east) * 111_195
    # the hexagon that a cell stands in may have its centre a little farther away
    assert (metres <= cells["range_m"].clip(upper=10_000).to_numpy() + 210).all()


def test_counts_per_operator_and_technology_are_the_file_s_own(london: Warehouse) -> None:
    rates = london.read("place_rate")
    known = rates.groupby("outcome_class")["denominator"].sum()
    theirs = _theirs()
    assert known["all"] == pytest.approx(CELLS, rel=1e-9)
    for name, codes in {"O2": [10], "Vodafone": [15], "Three": [20], "EE": [30, 31, 32]}.items():
        mine = theirs[theirs["mnc"].isin(codes)]
        for radio, n in mine.groupby("radio").size().items():
            assert known[f"{name} {str(radio).lower()}"] == pytest.approx(n, rel=1e-9)
    layers = london.marts.query("map_layers")
    assert len(layers) == len(known)
    assert (layers["n_shown"] > 0).all()


def test_the_centre_has_more_cells_than_the_outskirts(london: Warehouse) -> None:
    place = {"lat": [51.513, 51.35], "lon": [-0.13, 0.2]}
    centre, outskirts = hexgrid.as_text(hexgrid.hexes_of(**place, level=8))
    day = london.marts.query("map_layers")["period_start"].iloc[0]
    drawn = london.marts.query(
        "hex_map", metric="cells_serving", period_grain="all", period_start=day
    )
    cells = drawn.set_index("hex_text")["value"]
    assert cells[centre] > 100
    assert cells.get(outskirts, 0) < 50
    coarse = footprint.coarser(london.read("cell_hex", days=["8"]), level=5)
    assert coarse["weight"].sum() == pytest.approx(CELLS, rel=1e-9)
