"""The stage that plans: on the demo it plans what its settings ask for, and its tables add up."""

from pathlib import Path

import numpy as np
import pytest

from analysis.attribution.levers import LADDER, Levers
from analysis.benefit.present import Present
from analysis.benefit.spared import Treatable
from analysis.plan import stage
from analysis.plan.catalogue import DEFAULT, catalogue_of
from analysis.plan.possible_actions import relievable
from analysis.uncertainty.draws import N_DRAWS
from contracts.errors import SettingsError
from contracts.settings.sections import Plan, Settings
from contracts.tables import TABLES, check
from ingest.warehouse.store import Warehouse
from tests.bench.frames import rows

CELLS = rows("cell", cell_id=["LDS1"], site_id=["MAST1"], region="North")


def test_what_is_known_of_cells_is_handed_over_as_it_is() -> None:
    relieved = np.broadcast_to(1 - LADDER[None, :, None], (1, len(LADDER), N_DRAWS))
    levers = Levers(
        np.array(["a"], object), np.array(["2026-06-01"], "datetime64[D]"),
        relieved.astype(np.float32), np.full((1, N_DRAWS), 0.75, np.float32),
        np.zeros((1, len(LADDER)), bool), np.array([""], object), np.zeros(1), np.array([0.9]),
    )  # fmt: skip
    present = Present(np.array([100.0]), np.array([15.0]), np.ones(1))
    # the level's draws mean 100; 200 a month were counted, a tenth of it by luck
    known = relievable(Treatable(levers, np.full((1, N_DRAWS), 100.0)), present)
    assert known.by_relief[0, :, 0] == pytest.approx(180 * LADDER, abs=1e-4)
    assert known.by_undoing[0, 0] == pytest.approx(45)


def test_without_a_catalogue_of_ones_own_there_is_the_packaged_one() -> None:
    assert catalogue_of(Settings(), CELLS).invented


def test_a_catalogue_that_cannot_be_read_ends_the_run_before_it_begins() -> None:
    with pytest.raises(SettingsError, match="catalogue can't be read"):
        catalogue_of(Settings(plan=Plan(budgets=(1.0,), catalogue="none.toml")), CELLS)


def test_places_that_no_cell_is_at_are_named_together(tmp_path: Path) -> None:
    own = tmp_path / "own.toml"
    text = DEFAULT.read_text(encoding="utf-8")
    own.write_text(text + """
[[exclude]]
cell_id = "LDS10"
[[exclude]]
region = "North"
site_id = "MAST10"
""", encoding="utf-8")  # fmt: skip
    limits = {"crew_weeks": {"Nroth": 3.0, "*": 9.0}, "floors": {"North": 0.1}}
    settings = Settings(plan=Plan(catalogue=str(own), **limits))
    with pytest.raises(SettingsError) as refusal:
        catalogue_of(settings, CELLS)
    assert refusal.value.faults == (
        "crew_weeks: no cell has region 'Nroth'; did you mean North?",
        "[[exclude]] number 1: no cell has cell_id 'LDS10'; did you mean LDS1?",
        "[[exclude]] number 2: no cell has site_id 'MAST10'; did you mean MAST1?",
    )
    # without an inventory no place is known
    assert len(catalogue_of(settings, CELLS.iloc[:0]).exclude) == 2


def test_the_demo_has_a_plan_for_each_budget(demo: Warehouse) -> None:
    for name in stage.NAMES:
        assert check(demo.read(name), TABLES[name]) == []
    budgets = demo.marts.query("plan_budgets")
    best = budgets[budgets["plan_number"] == 1]
    assert best["budget"].tolist() == [200, 600, 1800]
    assert best["benefit_month"].is_monotonic_increasing
    assert (best["cost_amount"] <= best["budget"]).all()
    assert best["costs_invented"].all()
    actions = demo.marts.query("plan", budget=600, plan_number=1)
    assert len(actions) == best["n_actions"].iloc[1]
    assert actions["benefit_month"].sum() == pytest.approx(best["benefit_month"].iloc[1])
    treated = actions["cell_id"].dropna()
    assert treated.is_unique
