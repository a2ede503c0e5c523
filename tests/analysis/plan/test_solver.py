"""Plans against every other plan there is, on small cases; against a known answer on the rest."""

from itertools import product

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from analysis.plan import solver
from analysis.plan.actions import Actions
from analysis.plan.solver import Limit, best, limits_of, programme
from contracts.errors import SettingsError
from contracts.settings.sections import Plan as Settings

REGIONS = np.array(["North", "South"], object)


def _actions(seed: int, n: int = 11, n_cells: int = 7, draws: int = 8) -> Actions:
    """Random actions on random cells, several of them on the same."""
    rng = np.random.default_rng(seed)
    treats = np.zeros((n, n_cells))
    for row in treats:
        row[rng.choice(n_cells, rng.integers(1, 3), replace=False)] = 1
    region = REGIONS[rng.integers(0, 2, n)]
    cost = rng.choice([1.0, 2.0, 4.0, 7.0], n)
    benefit = rng.lognormal(2, 1, (n, 1)) * rng.lognormal(0, 0.6, (n, draws))
    return _of(cost, benefit, region=region, treats=treats, crew_weeks=rng.integers(1, 4, n) / 2)


def _of(cost: object, benefit: object, **given: object) -> Actions:
    cost, benefit = np.asarray(cost, float), np.asarray(benefit, float)
    n = len(cost)
    draws = benefit if benefit.ndim == 2 else benefit[:, None] * np.ones((1, 8))
    names = [f"c{i}" for i in range(n)]
    known = pd.DataFrame({"action": "tilt", "place_type": "cell", "cell_id": names,
                          "sector_id": "", "site_id": names,
                          "region": given.get("region", np.repeat("North", n))})  # fmt: skip
    crew = np.asarray(given.get("crew_weeks", np.zeros(n)), float)
    return Actions(known, cost, crew, draws, sparse.csr_array(given.get("treats", np.eye(n))))


def _kept(actions: Actions, limits: list[Limit], x: np.ndarray) -> bool:
    sums = [(float(limit.weight @ x), limit) for limit in limits]
    within = all(limit.low - 1e-9 <= held <= limit.high + 1e-9 for held, limit in sums)
    return within and bool((actions.treats.T @ x <= 1).all())


def _by_trial(actions: Actions, limits: list[Limit]) -> float | None:
    """Most benefit of all plans there are, one by one; None = none keeps the limits."""
    mean = actions.benefit.mean(axis=1)
    held = [np.array(x) for x in product([0, 1], repeat=len(mean))]
    return max((float(mean @ x) for x in held if _kept(actions, limits, x)), default=None)


SETTINGS = {
    "budget alone": Settings(),
    "crews": Settings(crew_weeks={"*": 2.0, "South": 1.0}),
    "floors of the budget": Settings(floors={"*": 0.3}),
    "floors of the benefit": Settings(floors={"North": 0.45, "South": 0.35}, floor_of="benefit"),
    "all": Settings(crew_weeks={"*": 2.5}, floors={"South": 0.25}),
}


@pytest.mark.parametrize("core", [1, 400])
@pytest.mark.parametrize("name", SETTINGS)
def test_no_other_plan_is_better(name: str, core: int, monkeypatch: pytest.MonkeyPatch) -> None:
    # a core of one option: what is settled by reduced costs must still be right
    monkeypatch.setattr(solver, "_CORE", core)
    n_kept = 0
    for seed in range(12):
        actions = _actions(seed)
        limits = limits_of(actions, 9.0, SETTINGS[name])
        truth = _by_trial(actions, limits)
        asked = programme(actions, limits)
        if truth is None:
            with pytest.raises(SettingsError, match="no plan keeps the limits"):
                best(asked, actions.benefit.mean(axis=1), gap=0)
            continue
        chosen, gap = best(asked, actions.benefit.mean(axis=1), gap=0)
        assert _kept(actions, limits, chosen.astype(float))
        assert actions.benefit.mean(axis=1) @ chosen == pytest.approx(truth, rel=1e-9)
        assert gap == 0
        n_kept += 1
    assert n_kept >= 6


def test_a_limit_costs_what_the_plan_without_it_would_bring_more() -> None:
    settings = SETTINGS["all"]
    for seed in range(6):
        actions = _actions(seed)
        limits = limits_of(actions, 9.0, settings)
        truth = _by_trial(actions, limits)
        if truth is None:
            continue
        found = solver.plan(actions, 9.0, settings, gap=0)
        assert [limit.name for limit, _ in found.lost] == [limit.name for limit in limits]
        for i, (_, lost) in enumerate(found.lost):
            without = _by_trial(actions, [*limits[:i], *limits[i + 1 :]])
            assert without is not None
            assert lost == pytest.approx(without - truth, abs=1e-9)


def test_alternatives_are_other_plans_within_reach_of_the_best() -> None:
    actions = _actions(3)
    settings = Settings(alternatives=3, within=0.15)
    found = solver.plan(actions, 9.0, settings, gap=0)
    mean = actions.benefit.mean(axis=1)
    limits = limits_of(actions, 9.0, settings)
    plans = [found.chosen, *found.alternatives]
    assert len(plans) >= 2
    assert len({tuple(held) for held in plans}) == len(plans)
    values = [float(mean @ held) for held in plans]
    assert values == sorted(values, reverse=True)
    assert values[-1] >= 0.85 * values[0]
    assert all(_kept(actions, limits, held.astype(float)) for held in plans)
    # the second is the best of all that leave out an action of the first
    cut = Limit("other plans", "", found.chosen.astype(float), high=found.chosen.sum() - 1)
    assert values[1] == pytest.approx(_by_trial(actions, [*limits, cut]))


def test_how_often_an_action_is_wanted_follows_what_is_known_of_it() -> None:
    rng = np.random.default_rng(2)
    sure, never = np.full(64, 100.0), np.full(64, 1.0)
    either = np.where(rng.random(64) < 0.7, 40.0, 10.0)
    actions = _of([1, 1, 1, 1], np.array([sure, either, 50 - either, never]))
    found = solver.plan(actions, 2.0, Settings())
    wanted = (either > 25).mean()
    assert found.p_in_plan == pytest.approx([1, wanted, 1 - wanted, 0])
    assert found.chosen.tolist() == [True, True, False, False]


def test_floors_that_cannot_be_kept_name_the_region_and_the_remedy() -> None:
    actions = _of([4, 4, 4], [9, 8, 7], region=np.array(["North", "North", "South"], object))
    settings = Settings(budgets=(10.0,), floors={"South": 0.5})
    with pytest.raises(SettingsError, match="South shall get 5, but its actions come to 4 at most"):
        solver.plan(actions, 10.0, settings)
    tables = solver.ladder(actions, settings)
    assert "plan" not in tables
    assert tables["plan_budget"]["n_actions"].tolist() == [0]
    assert "lower its floor" in tables["plan_budget"]["unsafe_reason"].iloc[0]
    with pytest.raises(SettingsError, match="North, South can be kept one by one, not together;"):
        solver.plan(actions, 7.0, Settings(floors={"North": 0.55, "South": 0.45}))
    with pytest.raises(SettingsError, match=r"not together \(they come to 10 of 8\); lower some"):
        solver.plan(actions, 8.0, Settings(floors={"North": 0.75, "South": 0.5}))


def test_a_share_of_what_is_spared_is_not_kept_by_sparing_nothing() -> None:
    actions = _of([4, 4], [9, 8], region=REGIONS)
    shares = Settings(floors={"North": 0.8, "South": 0.8}, floor_of="benefit")
    with pytest.raises(SettingsError, match="North, South can be kept one by one, not together"):
        solver.plan(actions, 10.0, shares)
    idle = Settings(floors={"South": 0.1}, floor_of="benefit", crew_weeks={"South": 0.0})
    busy = _of([4, 4], [9, 8], region=REGIONS, crew_weeks=[1, 1])
    with pytest.raises(SettingsError, match=r"South has no actions .* raise crew_weeks there"):
        solver.plan(busy, 10.0, idle)
    # where no action would fit anyway, nothing is the plan
    assert not solver.plan(actions, 1.0, shares).chosen.any()


def test_the_table_of_limits_tells_what_is_used_of_each() -> None:
    actions = _of([4, 4], [9, 8], region=REGIONS, crew_weeks=[1, 2])
    for of, used, limit in (("budget", 4.0, 3.0), ("benefit", 8.0, 5.1)):
        settings = Settings(
            budgets=(10.0,), floors={"South": 0.3}, floor_of=of, crew_weeks={"South": 3.0}
        )
        tables = solver.ladder(actions, settings)["plan_limit"].set_index("limit_name")
        assert tables.loc["floor", "used_amount"] == used
        assert tables.loc["floor", "limit_amount"] == pytest.approx(limit)
        assert tables.loc["crew_weeks", ["used_amount", "limit_amount"]].tolist() == [2.0, 3.0]
        assert tables.loc["budget", ["used_amount", "limit_amount"]].tolist() == [8.0, 10.0]


def test_crews_are_no_remedy_where_there_is_no_limit_on_them() -> None:
    actions = _of([4, 4], [9, 8], region=REGIONS)
    with pytest.raises(SettingsError, match=r"come to 4 at most within budget; lower its floor$"):
        solver.plan(actions, 1e6, Settings(floors={"South": 0.1}))


def test_a_floor_without_any_action_is_refused() -> None:
    nothing = _of([], np.zeros((0, 8)))
    assert solver.plan(nothing, 5.0, Settings()).chosen.size == 0
    with pytest.raises(SettingsError, match="South: there is no action to choose from"):
        solver.plan(nothing, 5.0, Settings(floors={"South": 0.1}))


def test_equal_actions_are_chosen_alike_every_time() -> None:
    actions = _of(np.ones(40), np.full(40, 5.0))
    plans = [solver.plan(actions, 7.0, Settings()) for _ in range(3)]
    assert plans[0].chosen.sum() == 7
    assert all((other.chosen == plans[0].chosen).all() for other in plans)


def test_more_budget_never_brings_less_and_the_tables_add_up() -> None:
    actions = _actions(5, n=40, n_cells=30)
    tables = solver.ladder(actions, Settings(budgets=(30.0, 5.0, 12.0), crew_weeks={"*": 9.0}))
    budgets, rows = tables["plan_budget"], tables["plan"]
    first = budgets[budgets["plan_number"] == 1]
    assert first["budget"].tolist() == [5.0, 12.0, 30.0]
    assert first["benefit_month"].is_monotonic_increasing
    assert (budgets["cost_amount"] <= budgets["budget"]).all()
    sums = rows[rows["plan_number"] > 0].groupby(["budget", "plan_number"])
    known = budgets.set_index(["budget", "plan_number"])
    for name in ("cost_amount", "benefit_month", "crew_weeks"):
        assert sums[name].sum().to_numpy() == pytest.approx(known[name].to_numpy())
    assert sums.size().tolist() == known["n_actions"].tolist()
    assert set(tables["plan_limit"]["limit_name"]) == {"budget", "crew_weeks"}
    assert (rows["benefit_month_lo"] <= rows["benefit_month"]).all()
