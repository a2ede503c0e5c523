"""Neighbours by handovers and by ground, and the cells that a work can spill over to."""

import pandas as pd
import pytest

from analysis.neighbours.named import under_cell_ids
from analysis.places.neighbours import by_geography, by_handovers, spillover


def _counted(*rows: tuple[str, str, float]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["cell_id", "neighbour_cell_id", "ho_exe_att"])
    return frame.assign(ho_exe_succ=frame["ho_exe_att"])


HANDOVERS = _counted(
    *(("a", "b", 60), ("a", "c", 36), ("a", "d", 3), ("a", "e", 1), ("a", "f", 0)),
    *(("b", "a", 90), ("b", "g", 10)),
)


def test_shares_of_a_cell_add_to_one_and_the_largest_comes_first() -> None:
    rows = by_handovers(HANDOVERS)
    of_a = rows[rows["cell_id"] == "a"]
    assert of_a["neighbour_cell_id"].tolist() == ["b", "c", "d", "e"]
    assert of_a["handover_share"].tolist() == [0.6, 0.36, 0.03, 0.01]
    assert of_a["neighbour_rank"].tolist() == [1, 2, 3, 4]
    assert set(rows["basis"]) == {"handovers"}


@pytest.mark.parametrize(
    ("cells", "share", "spilled"),
    [
        (["a"], 0.95, ["b", "c"]),
        (["a"], 0.96, ["b", "c"]),
        (["a"], 0.97, ["b", "c", "d"]),
        (["a"], 1.0, ["b", "c", "d", "e"]),
        # cells that are treated themselves are no neighbours of the work
        (["a", "b"], 0.95, ["c", "g"]),
        (["nobody"], 0.95, []),
        ([], 0.95, []),
    ],
)
def test_the_fewest_neighbours_that_take_the_share(
    cells: list[str], share: float, spilled: list[str]
) -> None:
    assert spillover(by_handovers(HANDOVERS), cells, share=share) == spilled


def test_without_handovers_cells_that_reach_the_same_ground_stand_in() -> None:
    weights = pd.DataFrame(
        {
            "cell_id": ["a", "a", "b", "b", "c", "d"],
            "hex_id": [1, 2, 1, 2, 2, 3],
            "weight": [0.5, 0.5, 0.4, 0.6, 1.0, 1.0],
        }
    )
    rows = by_geography(weights, ["a", "d"])
    assert rows["neighbour_cell_id"].tolist() == ["b", "c"]
    assert rows["handover_share"].sum() == pytest.approx(1)
    assert rows["handover_share"].is_monotonic_decreasing
    assert set(rows["basis"]) == {"geography"}
    assert spillover(rows, ["a"], share=0.5) == ["b"]


def test_a_neighbour_named_by_its_global_identity_is_the_inventory_s_cell() -> None:
    cells = pd.DataFrame({"cell_id": ["a", "b"], "ecgi_or_ncgi": ["234-15-315905", None]})
    names = ["b", "234-15-315905", "234-15-1234-1", "23415-1234-1", "23415-1234-2", "far away"]
    pairs = pd.DataFrame({"cell_id": "c", "neighbour_cell_id": names})
    named = under_cell_ids(pairs, cells)["neighbour_cell_id"]
    assert named.tolist() == ["b", "a", "a", "a", "23415-1234-2", "far away"]
    assert under_cell_ids(pairs.head(0), cells).empty
