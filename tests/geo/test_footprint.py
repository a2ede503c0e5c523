"""Footprints share out each cell whole, by the nearest antenna."""

import numpy as np
import pandas as pd
import pytest

from geo import footprint, hexgrid


def _cells(*rows: tuple[str, float, float, float]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["cell_id", "lat", "lon", "azimuth_deg"])
    return frame.assign(operator=None, technology="lte", range_m=np.nan)


TOWN = _cells(
    ("a", 53.80, -1.55, np.nan),
    ("b", 53.83, -1.50, np.nan),
    ("c", 53.75, -1.60, np.nan),
    ("n", 53.85, -1.60, 0.0),
    ("s", 53.85, -1.60, 180.0),
)


def _weights(cells: pd.DataFrame, max_range_m: float = 4_000) -> pd.DataFrame:
    return footprint.voronoi(cells, level=9, max_range_m=max_range_m)


def test_weights_sum_to_one_per_cell_at_every_level() -> None:
    fine = _weights(TOWN)
    for weights in (fine, footprint.coarser(fine, level=8)):
        sums = weights.groupby("cell_id")["weight"].sum()
        assert sums.index.tolist() == ["a", "b", "c", "n", "s"]
        np.testing.assert_allclose(sums, 1, rtol=1e-12)


def test_each_hexagon_belongs_to_the_nearest_cell_within_range() -> None:
    weights = _weights(TOWN.head(3))
    lat, lon = hexgrid.centres(weights["hex_id"])
    # flat distances are good to a few metres over a town
    east = (lon[:, None] - TOWN["lon"].to_numpy()[:3]) * np.cos(np.radians(53.8))
    metres = np.hypot(lat[:, None] - TOWN["lat"].to_numpy()[:3], east) * 111_195
    assert metres.min(axis=1).max() < 4_020
    second = np.sort(metres, axis=1)
    clear = second[:, 1] - second[:, 0] > 20
    nearest = np.array(["a", "b", "c"])[metres.argmin(axis=1)]
    assert (nearest == weights["cell_id"].to_numpy())[clear].all()


def test_sectors_of_a_site_part_its_ground() -> None:
    weights = _weights(TOWN[TOWN["cell_id"].isin(["n", "s"])])
    lat, _ = hexgrid.centres(weights["hex_id"])
    assert (lat[weights["cell_id"] == "n"] > 53.85 - 0.002).all()
    assert (lat[weights["cell_id"] == "s"] < 53.85 + 0.002).all()


def test_cells_at_one_place_share_it_and_layers_do_not_compete() -> None:
    twins = pd.concat([TOWN.head(1), TOWN.head(1).assign(cell_id="twin")])
    other = TOWN.head(2).assign(technology="nr", cell_id=["nr1", "nr2"])
    weights = _weights(pd.concat([twins, other]))
    hexes = weights.groupby("cell_id")["hex_id"].agg(set)
    assert hexes["a"] == hexes["twin"]
    assert hexes["nr1"] < hexes["a"]  # on its own layer it has a neighbour


def test_a_cell_squeezed_out_keeps_the_hexagon_it_stands_in() -> None:
    crowd = _cells(*[(str(i), 53.8 + i * 1e-5, -1.55, np.nan) for i in range(9)])
    assert _weights(crowd)["cell_id"].nunique() == 9


def test_own_range_beats_the_setting_only_downwards() -> None:
    near = _weights(TOWN.head(1).assign(range_m=800.0))
    far = _weights(TOWN.head(1).assign(range_m=50_000.0))
    assert len(near) < len(far) == len(_weights(TOWN.head(1)))


def test_no_position_no_footprint() -> None:
    nowhere = TOWN.assign(lat=np.nan)
    assert _weights(nowhere).empty
    assert footprint.coarser(_weights(nowhere), level=8).empty


@pytest.mark.parametrize("lat", [0.0, 69.6, -54.8])
def test_it_works_near_the_equator_and_far_from_it(lat: float) -> None:
    weights = _weights(_cells(("a", lat, 18.95, np.nan)), max_range_m=2_000)
    # 12.57 km2 of ground; hexagons vary in size by where they are
    assert 80 < len(weights) < 200
