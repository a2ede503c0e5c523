"""Places add up to the network, whatever their cells' footprints did in between."""

from collections.abc import Callable
from datetime import date

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from analysis.places import members as places_members
from analysis.places import serving
from analysis.rates import network
from analysis.uncertainty.intervals import Noise
from geo import hexgrid

CELLS = {"a": (1000.0, 10.0), "b": (3000.0, 15.0), "lost": (500.0, 7.0)}
HEXES = [int(h) for h in hexgrid.disk(int(hexgrid.hexes_of(lat=[53.8], lon=[-1.5], level=8)[0]), 1)]
TURNED = date(2026, 6, 11)


def _weights() -> pd.DataFrame:
    """a moves from hexagon 0 to 1 on 11 June; b serves 1 and 2; the third has no footprint."""
    rows = [("a", 0, 1.0, None, TURNED), ("a", 1, 1.0, TURNED, None),
            ("b", 1, 0.25, None, None), ("b", 2, 0.75, None, None)]  # fmt: skip
    frame = pd.DataFrame(rows, columns=["cell_id", "hex_id", "weight", "valid_from", "valid_to"])
    return frame.assign(hex_id=pd.array([HEXES[i] for i in frame["hex_id"]], "UInt64"), level=8)


def _kinds(cube: xr.Dataset) -> dict[str, places_members.Kind]:
    cells = pd.DataFrame({"cell_id": list(CELLS), "cell_name": None, "site_id": None,
                          "site_name": None, "region": None, "lat": [53.8, 53.8, np.nan],
                          "lon": [-1.5, -1.5, np.nan], "valid_from": None})  # fmt: skip
    lat, lon = hexgrid.centres(HEXES)
    hexes = pd.DataFrame({"hex_id": pd.array(HEXES, "UInt64"), "level": 8, "lat": lat, "lon": lon,
                          "region": ["west", "east", None, "east", None, None, None]})  # fmt: skip
    found = places_members.kinds(
        pd.Series(cube["cell_id"].to_numpy()), cells.astype({"site_id": "str"}), _weights(), hexes,
        level=8,
    )  # fmt: skip
    return {kind.name: kind for kind in found}


def _rates(cube: xr.Dataset, kind: places_members.Kind, n_days: int) -> pd.DataFrame:
    members = places_members.of_weights(kind.weights, cube, rest=kind.rest)
    noise = Noise(np.full(3, 2.0), np.full(3, 0.3))
    return network.drop_rates(cube, members, network.newest_days(cube, n_days), noise)


def test_a_hexagon_gets_a_cell_s_days_while_its_footprint_holds(
    counters: Callable[..., xr.Dataset],
) -> None:
    cube = counters(CELLS, n_days=28)  # from 1 June: 10 days before the turn, 18 after
    kind = _kinds(cube)["hex"]
    whole = _rates(cube, kind, 28).set_index("place")["call_attempts"]
    assert whole.to_dict() == {
        HEXES[0]: 10 * 1000, HEXES[1]: 18 * 1000 + 28 * 750, HEXES[2]: 28 * 2250,
    }  # fmt: skip
    assert HEXES[0] not in set(_rates(cube, kind, 18)["place"])


def test_regions_and_the_rest_are_the_network(counters: Callable[..., xr.Dataset]) -> None:
    cube = counters(CELLS, n_days=28)
    kinds = _kinds(cube)
    found = _rates(cube, kinds["region"], 28).set_index("place")
    cells = _rates(cube, kinds["cell"], 28)
    for name in ("call_attempts", "dropped_calls", "drops_excess_month"):
        assert found[name].sum() == pytest.approx(cells[name].sum(), rel=1e-9)
    assert found["call_attempts"].to_dict() == pytest.approx({
        "west": 10 * 1000, "east": 18 * 1000 + 28 * 750,
        places_members.OUTSIDE: 28 * 2250 + 28 * 500,
    })  # fmt: skip
    assert kinds["region"].known.set_index("place").loc["", "place_name"] == "outside all regions"
    # the normal rate is of cells, not of their parts
    assert set(found["normal_rate"]) == set(cells["normal_rate"])


def test_the_dominant_cell_counts_all_its_parts(counters: Callable[..., xr.Dataset]) -> None:
    cube = counters({"a": (1000.0, 30.0), "b": (3000.0, 15.0), "lost": (500.0, 2.0)}, n_days=28)
    kind = _kinds(cube)["region"]
    members = places_members.of_weights(kind.weights, cube, rest=kind.rest)
    newest = network.newest_days(cube, 28)
    found = _rates(cube, kind, 28)
    most = network.dominant_cells(cube, members, newest, found)
    assert dict(zip(found["place"], most, strict=True))["east"] == "a"


def test_cells_serving_counts_whole_and_by_weight() -> None:
    cells = pd.DataFrame({"cell_id": ["a", "b"], "operator": ["X", None],
                          "technology": ["lte", "nr"]})  # fmt: skip
    found = serving.cells_serving(cells, _weights(), day=TURNED)
    everything = found[found["outcome_class"] == "all"].set_index("hex_id")
    assert everything["value"].to_dict() == {HEXES[1]: 2.0, HEXES[2]: 1.0}
    assert everything["denominator"].sum() == pytest.approx(2.0)
    assert set(found["outcome_class"]) == {"all", "X lte", "nr"}
    before = serving.cells_serving(cells, _weights(), day=date(2026, 6, 1))
    assert set(before.query("outcome_class == 'X lte'")["hex_id"]) == {HEXES[0]}
