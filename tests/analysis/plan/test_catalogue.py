"""What the catalogue lets do where, and what its actions avoid, against sums done by hand."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from analysis.plan.catalogue import DEFAULT, Catalogue, read_catalogue
from analysis.plan.placed_actions import Relievable, placed_actions
from contracts.errors import SettingsError

NONE = pd.DataFrame({"kind": ["tilt"], "cell_id": [None], "site_id": ["elsewhere"]})
STEPS = np.array([0.0, 0.25, 0.5])
FIX = {"name": "fix", "kind": "parameter", "at": "cell", "cost": 5, "fix": (0.5, 0.5, 0.5)}
TILT = {"name": "tilt", "kind": "tilt", "at": "cell", "cost": 2, "relief": (0.25, 0.25, 0.25)}
CARRIER = {"name": "carrier", "kind": "new_carrier", "at": "sector", "cost": 40, "crew_weeks": 2,
           "relief": (0.125, 0.125, 0.125), "needs": ("free_band",)}  # fmt: skip


@pytest.fixture
def cells() -> pd.DataFrame:
    """Two sites: A of two sectors, the first with two bands; B of one cell outside all regions."""
    return pd.DataFrame({
        "cell_id": ["a1", "a2", "a3", "b1"], "sector_id": ["A/0", "A/0", "A/120", "B/omni"],
        "site_id": ["A", "A", "A", "B"], "region": ["North", "North", "North", None],
        "technology": "lte", "band": ["B1", "B3", "B1", None],
        "azimuth_deg": [0.0, 0.0, 120.0, np.nan], "lat": 53.0, "lon": [-1.0, -1.0, -1.0, -2.0],
    })  # fmt: skip


@pytest.fixture
def known() -> Relievable:
    """100 drops a month each; relief of a quarter spares 20, of half 30; a fix 40 of a1 alone."""
    drops = np.full((4, 6), 100.0)
    by_relief = np.stack([0 * drops, 0.2 * drops, 0.3 * drops], axis=1)
    by_relief[2] = np.nan
    return Relievable(drops, STEPS, by_relief, drops * np.array([[0.4], [0], [np.nan], [0]]))


def _catalogue(*actions: dict[str, Any], **more: Any) -> Catalogue:
    return Catalogue(currency="EUR", action=actions, **more)


def _avoided(catalogue: Catalogue, cells: pd.DataFrame, known: Relievable) -> dict[Any, float]:
    found = placed_actions(catalogue, cells, known, NONE)
    place = found.known[["cell_id", "sector_id", "site_id"]].bfill(axis=1)["cell_id"]
    keys = zip(found.known["action"], place, strict=True)
    return dict(zip(keys, found.benefit.mean(axis=1).round(9).tolist(), strict=True))


def test_actions_avoid_what_the_curves_say_where_anything_is_known(
    cells: pd.DataFrame, known: Relievable
) -> None:
    avoided = _avoided(_catalogue(FIX, TILT, CARRIER), cells, known)
    assert avoided == {
        ("tilt", "a1"): 20.0, ("tilt", "a2"): 20.0, ("tilt", "b1"): 20.0,
        # half of what is not load; nothing raised a2 and b1 but load
        ("fix", "a1"): 20.0,
    }  # fmt: skip
    # A/0 has both bands; A/120 has one, but no curve; of B/omni the band is not known
    clear = Relievable(
        known.drops_month, STEPS, np.nan_to_num(known.by_relief, nan=10.0), known.by_undoing
    )
    assert _avoided(_catalogue(CARRIER), cells, clear) == {("carrier", "A/120"): 10.0}


def test_an_action_at_a_site_adds_its_cells_and_says_of_which_nothing_is_known(
    cells: pd.DataFrame, known: Relievable
) -> None:
    mast = {**TILT, "name": "mast", "kind": "new_site", "at": "site"}
    found = placed_actions(_catalogue(mast), cells, known, NONE)
    assert found.benefit.mean(axis=1).tolist() == [40.0, 20.0]
    assert found.treats.toarray().tolist() == [[1, 1, 1, 0], [0, 0, 0, 1]]
    assert found.known["reason"].iloc[0] == (
        "takes off 25 % (25 to 25) of the load in 3 cells of the site; of 1 nothing is known, so "
        "nothing is counted"
    )
    assert found.known["region"].tolist() == ["North", ""]
    assert found.known["cell_id"].isna().all()


def test_of_a_doubtful_effect_the_likely_one_is_promised(
    cells: pd.DataFrame, known: Relievable
) -> None:
    doubtful = {**FIX, "fix": (0.2, 0.5, 0.8)}
    drops, by_relief, by_undoing = (
        np.repeat(values[..., :1], 200, axis=-1)
        for values in (known.drops_month, known.by_relief, known.by_undoing)
    )
    many = Relievable(drops, STEPS, by_relief, by_undoing)
    benefit = placed_actions(_catalogue(doubtful), cells, many, NONE).benefit[0]
    assert benefit.mean() == pytest.approx(20.0, abs=1e-6)
    assert np.quantile(benefit, (0.05, 0.95)) == pytest.approx([8.0, 32.0], abs=0.5)


def test_a_bundle_avoids_less_than_its_actions_one_by_one(
    cells: pd.DataFrame, known: Relievable
) -> None:
    avoided = _avoided(_catalogue(FIX, TILT, bundle=({"actions": ("fix", "tilt")},)), cells, known)
    # of 100 the first leaves 80, and the second 80 % of those
    assert avoided["fix + tilt", "a1"] == pytest.approx(36.0)
    cost = placed_actions(
        _catalogue(FIX, TILT, bundle=({"actions": ("fix", "tilt")},)), cells, known, NONE
    )
    assert set(cost.cost[cost.known["action"] == "fix + tilt"]) == {7.0}


def test_no_action_is_possible_where_it_is_excluded_or_decided(
    cells: pd.DataFrame, known: Relievable
) -> None:
    out = {"region": "North", "actions": ("tilt",), "why": "listed towers"}
    assert set(_avoided(_catalogue(FIX, TILT, exclude=(out,)), cells, known)) == {
        ("fix", "a1"), ("tilt", "b1")}  # fmt: skip
    decided = pd.DataFrame({"kind": ["tilt", "tilt"], "cell_id": ["a1", None],
                            "site_id": ["A", "B"]})  # fmt: skip
    found = placed_actions(_catalogue(FIX, TILT), cells, known, decided)
    assert found.known[["action", "cell_id"]].to_numpy().tolist() == [["fix", "a1"], ["tilt", "a2"]]


def test_an_operator_names_the_bands_it_may_use(cells: pd.DataFrame, known: Relievable) -> None:
    avoided = _avoided(_catalogue(CARRIER, bands=("B1", "B3", "B20")), cells, known)
    assert avoided == {("carrier", "A/0"): 20.0}


def test_the_order_of_the_inventory_does_not_matter(cells: pd.DataFrame, known: Relievable) -> None:
    catalogue = read_catalogue(DEFAULT)
    order = [2, 0, 3, 1]
    turned = Relievable(known.drops_month[order], STEPS, known.by_relief[order],
                        known.by_undoing[order])  # fmt: skip
    first = placed_actions(catalogue, cells, known, NONE)
    second = placed_actions(catalogue, cells.iloc[order], turned, NONE)
    pd.testing.assert_frame_equal(first.known, second.known)
    assert first.benefit == pytest.approx(second.benefit)


def test_the_doubt_about_an_action_is_the_same_everywhere(
    cells: pd.DataFrame, known: Relievable
) -> None:
    rough = {**TILT, "relief": (0.1, 0.25, 0.4)}
    found = placed_actions(_catalogue(rough), cells, known, NONE)
    assert np.ptp(found.benefit, axis=1).min() > 1
    assert np.ptp(found.benefit, axis=0) == pytest.approx(0)


def test_without_any_place_there_is_no_action(cells: pd.DataFrame, known: Relievable) -> None:
    blind = Relievable(*(np.full_like(x, np.nan) if x.ndim > 1 else x
                         for x in vars(known).values()))  # fmt: skip
    assert len(placed_actions(read_catalogue(DEFAULT), cells, blind, NONE).cost) == 0


def test_our_own_catalogue_says_that_its_costs_are_invented() -> None:
    held = read_catalogue(DEFAULT)
    assert held.invented
    assert {action.name for action in held.action} == {
        "add_carrier", "split_sector", "new_site", "tilt", "fix"}  # fmt: skip


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("currency = ", "not TOML"),
        ("action = []", "currency: Field required"),
        ("{a}kind = 'dig'\nrelief = [0, 0.1, 0.2]", "action 0 kind: Input should be 'new_site'"),
        ("{a}kind = 'tilt'", "give relief or fix"),
        ("{a}kind = 'tilt'\nrelief = [0.3, 0.2, 0.4]", "low, likely and high, ascending"),
        ("{a}kind = 'tilt'\nrelief = [0, 0.2, 0.7]", "relief: at most 0.5"),
        ("{a}kind = 'tilt'\nrelief = [0, 0, 0.1]\nprice = 3", "action 0 price: Extra inputs"),
        ("{a}kind = 'tilt'\nfix = [0, 0, 1]\n[[bundle]]\nactions = ['x', 'dig']",
         "no action 'dig'; there are: x"),
        ("{a}kind = 'tilt'\nfix = [0, 0, 1]\n[[exclude]]\nactions = ['x']", "name a region"),
        ("{a}kind = 'tilt'\nfix = [0, 0, 1]\n[[bundle]]\nactions = ['x', 'x']",
         "bundle x + x: one action twice"),
        ("{a}kind = 'tilt'\nfix = [0, 0, 1]\ncrew_weeks = inf", "crew_weeks: Input should"),
        ("currency = 'EUR'\naction = []", "no action: there is nothing to choose from"),
    ],
)  # fmt: skip
def test_a_faulty_catalogue_is_refused(text: str, fault: str, tmp_path: Path) -> None:
    path = tmp_path / "actions.toml"
    action = "currency = 'EUR'\n[[action]]\nname = 'x'\nat = 'cell'\ncost = 1\n"
    path.write_text(text.replace("{a}", action))
    with pytest.raises(SettingsError) as refusal:
        read_catalogue(path)
    assert fault in str(refusal.value)


def test_a_catalogue_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="catalogue can't be read"):
        read_catalogue(tmp_path / "none.toml")
