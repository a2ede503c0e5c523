"""Which actions to take for a budget, so that most dropped calls are avoided?

docs/methods.md 8.7. A mixed-integer programme (HiGHS through scipy): most expected benefit within
the budget and each region's crew weeks, at least the floors for regions, and no cell treated twice:
two actions on one cell do not add up, and `placed_actions` has bundles whose joint benefit is
known. So the benefits of the actions chosen add. What one does to its neighbours' interference is
left out.

The plan is made of expectations. P(in plan) says how far it depends on what is not known: how often
an action is chosen where the benefits are those of one draw. For that the programme is solved once
a draw with actions divisible, which splits at most as many of them as there are limits.
"""

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import sparse
from scipy.optimize import Bounds, LinearConstraint, linprog, milp

from analysis.arrays import Flags, Floats
from analysis.plan.actions import Actions
from contracts.errors import SettingsError
from contracts.settings.sections import Plan as PlanSettings

METHOD_VERSION = "plan-1"
GAP = 1e-4
"""Relative gap at which a plan counts as the best."""

# a plan this much worse than the best is no alternative; one in so many actions must be another
_CHANGED = 10
_WAITING = 0.1
_INFEASIBLE = 2
_NO_PLAN = "no plan keeps the limits of [plan]"
# actions that are decided as whole ones at first; what lies in rounding
_CORE, _DUST = 400, 1e-9


@dataclass(frozen=True, eq=False)
class Limit:
    """One condition on a plan: low <= sum of weight over the actions chosen <= high."""

    name: str
    region: str
    weight: Floats
    low: float = -np.inf
    high: float = np.inf


@dataclass(frozen=True)
class Plan:
    """What was found for one budget; `chosen` and `alternatives` are flags of the actions, (A,)."""

    budget: float
    chosen: Flags
    alternatives: tuple[Flags, ...]
    p_in_plan: Floats
    gap: float
    lost: tuple[tuple[Limit, float], ...]
    """Each limit with the benefit a month that there would be more without it."""


# --- one programme ----------------------------------------------------------------------------


@dataclass(frozen=True)
class Programme:
    """The limits on some actions as rows: low <= rows @ x <= high."""

    actions: Actions
    limits: tuple[Limit, ...]
    rows: sparse.csr_array
    low: Floats
    high: Floats


def programme(actions: Actions, limits: Sequence[Limit]) -> Programme:
    """Limits, and that no cell is treated twice, as rows.

    `actions`: those to choose from. `limits`: each with a weight and bounds. A cell that two
    actions or more treat is a row of its own.
    """
    shared = actions.treats.T.tocsr()
    shared = shared[np.diff(shared.indptr) > 1]
    weights = [sparse.csr_array(limit.weight[None, :]) for limit in limits]
    n = shared.shape[0]
    return Programme(
        actions, tuple(limits), sparse.vstack([*weights, shared], format="csr"),
        np.array([*(limit.low for limit in limits), *[-np.inf] * n]),
        np.array([*(limit.high for limit in limits), *[1.0] * n]),
    )  # fmt: skip


def best(problem: Programme, benefit: Floats, *, gap: float = GAP) -> tuple[Flags, float]:
    """Which actions to do, (A,), for most `benefit`; and by what share the best may lie above.

    `problem`: actions and their limits. `benefit`: of each action, (A,). `gap`: share of the best
    at which the search may stop.

    Divisible actions first: their reduced costs say what it would cost at least to decide otherwise
    about each. A programme of whole actions decides the closest cases; it holds for all as soon as
    every other is farther from its turn than whole actions lose. Raises SettingsError where no plan
    keeps the limits.
    """
    if not len(benefit):
        _refuse_if_asked(problem)
        return np.zeros(0, bool), 0.0
    x, reduced = divided(problem, benefit)
    bound, far = float(benefit @ x), np.abs(reduced)
    order, n_open = np.argsort(far, kind="stable"), min(_CORE, len(x))
    while True:
        chosen = _decided(problem, benefit, np.round(x), order[:n_open], gap)
        left = np.inf if chosen is None else max(bound - float(benefit @ chosen), 0.0)
        if chosen is not None and left <= gap * bound:
            return chosen, left / bound if bound > 0 else 0.0
        needed = int((far <= left + _DUST * (1 + bound)).sum())
        if needed <= n_open:
            if chosen is None:
                raise SettingsError(_NO_PLAN, list(_why_not(problem)))
            return chosen, gap
        n_open = min(needed, 8 * n_open)


def divided(problem: Programme, benefit: Floats) -> tuple[Floats, Floats]:
    """How much of each action to do if actions could be done in part, and their reduced costs.

    `problem`: actions and their limits. `benefit`: of each action, (A,). Both answers have shape
    (A,). Raises SettingsError where no plan keeps the limits.
    """
    above, below = np.isfinite(problem.high), np.isfinite(problem.low)
    result = linprog(
        -benefit,
        A_ub=sparse.vstack([problem.rows[above], -problem.rows[below]]),
        b_ub=np.concatenate([problem.high[above], -problem.low[below]]),
        bounds=(0, 1),
    )
    if result.status == _INFEASIBLE:
        raise SettingsError(_NO_PLAN, list(_why_not(problem)))
    return result.x, result.lower.marginals + result.upper.marginals


def _decided(
    problem: Programme, benefit: Floats, x: Floats, free: npt.NDArray[np.intp], gap: float
) -> Flags | None:
    """Whole actions with all but the `free` ones settled as in `x`; None = none keep the limits."""
    settled = x.copy()
    settled[free] = 0
    used = problem.rows @ settled
    rows = LinearConstraint(problem.rows[:, free], problem.low - used, problem.high - used)
    with _hushed():
        result = milp(-benefit[free], integrality=1, bounds=Bounds(0, 1), constraints=rows,
                     options={"mip_rel_gap": gap})  # fmt: skip
    if result.status == _INFEASIBLE:
        return None
    settled[free] = result.x
    return settled > 0.5


@contextmanager
def _hushed() -> Iterator[None]:
    """Keeps off standard output what HiGHS writes there past Python, whatever `disp` says."""
    sys.stdout.flush()
    kept = os.dup(1)
    with Path(os.devnull).open("w") as nowhere:
        os.dup2(nowhere.fileno(), 1)
        try:
            yield
        finally:
            os.dup2(kept, 1)
            os.close(kept)


def _refuse_if_asked(problem: Programme) -> None:
    floors = [limit.region for limit in problem.limits if limit.low > 0]
    if floors:
        faults = [f"floors: {region}: there is no action to choose from" for region in floors]
        raise SettingsError(_NO_PLAN, faults)


def _why_not(problem: Programme) -> Iterator[str]:
    """Which floors can't be kept, and what would help."""
    floors = [limit for limit in problem.limits if limit.name == "floor"]
    others = [limit for limit in problem.limits if limit not in floors]
    alone = [fault for floor in floors if (fault := _too_high(problem.actions, floor, others))]
    yield from alone or [_together(floors, others)]


def _together(floors: list[Limit], others: list[Limit]) -> str:
    """What keeps floors from being kept together, each of which could be kept alone."""
    whole, budget = sum(floor.low for floor in floors), others[0].high
    more = f" (they come to {whole:,.0f} of {budget:,.0f})" if whole > budget else ""
    named = ", ".join(floor.region for floor in floors)
    return (
        f"floors: those of {named} can be kept one by one, not together{more}; lower some of them"
    )


def _too_high(actions: Actions, floor: Limit, others: list[Limit]) -> str:
    """Why one floor can't be kept even alone; empty = it can."""
    if floor.low > 0:
        most = float(floor.weight @ best(programme(actions, others), floor.weight)[0])
        is_kept = most >= floor.low
        fault = f"shall get {floor.low:,.0f}, but its actions come to {most:,.0f} at most"
    else:
        within = programme(actions, [*others, floor])
        is_kept = bool(best(within, actions.benefit.mean(axis=1))[0].any())
        fault = "has no actions that avoid its share of what any plan avoids"
    crews = any(limit.name == "crew_weeks" and limit.region == floor.region for limit in others)
    within_limits = f"{fault} within budget{' and crew_weeks' * crews}"
    remedy = f"lower its floor{' or raise crew_weeks there' * crews}"
    return "" if is_kept else f"floors: {floor.region} {within_limits}; {remedy}"


def _refuse_nothing(problem: Programme, mean: Floats, chosen: Flags) -> None:
    """A share of what is avoided is kept by doing nothing, too: that is no plan."""
    floors = [limit for limit in problem.limits if limit.name == "floor"]
    others = [limit for limit in problem.limits if limit not in floors]
    if floors and not chosen.any() and best(programme(problem.actions, others), mean)[0].any():
        raise SettingsError(_NO_PLAN, list(_why_not(problem)))


# --- the limits -------------------------------------------------------------------------------


def limits_of(actions: Actions, budget: float, settings: PlanSettings) -> list[Limit]:
    """Budget, crew weeks and floors, as the settings have them.

    `actions`: those to choose from. `budget`: in the currency of their cost. `settings`: section
    [plan]; a region without a limit of its own has that of "*", if there is one.
    """
    regions = sorted(set(actions.region) | set(settings.crew_weeks) | set(settings.floors))
    regions = [region for region in regions if region != "*"]
    limits = [Limit("budget", "", actions.cost, high=budget)]
    for region in regions:
        here = actions.region == region
        weeks = settings.crew_weeks.get(region, settings.crew_weeks.get("*", np.inf))
        if np.isfinite(weeks) and here.any():
            limits.append(Limit("crew_weeks", region, actions.crew_weeks * here, high=weeks))
        share = settings.floors.get(region, settings.floors.get("*", 0.0) if region else 0.0)
        if share > 0:
            limits.append(_floor(actions, region, share, budget, settings.floor_of))
    return limits


def _floor(actions: Actions, region: str, share: float, budget: float, floor_of: str) -> Limit:
    here = actions.region == region
    if floor_of == "budget":
        return Limit("floor", region, actions.cost * here, low=share * budget)
    mean = actions.benefit.mean(axis=1)
    return Limit("floor", region, mean * (here - share), low=0.0)


# --- the plans --------------------------------------------------------------------------------


def plan(actions: Actions, budget: float, settings: PlanSettings, *, gap: float = GAP) -> Plan:
    """The plan of one budget, what else comes near it, and how sure each action of it is.

    `actions`: those to choose from. `budget`: in the currency of their cost. `settings`: section
    [plan]. `gap`: as of `best`. Raises SettingsError where no plan keeps the limits.
    """
    limits = limits_of(actions, budget, settings)
    mean = actions.benefit.mean(axis=1)
    problem = programme(actions, limits)
    chosen, left = best(problem, mean, gap=gap)
    _refuse_nothing(problem, mean, chosen)
    return Plan(
        budget,
        chosen,
        tuple(_alternatives(problem, mean, chosen, settings, gap)),
        p_in_plan(problem, settings.draws),
        left,
        tuple(_lost(problem, mean, chosen, gap)),
    )


def p_in_plan(problem: Programme, draws: int) -> Floats:
    """How often each action is chosen where the benefits are those of one draw, (A,).

    `problem`: actions and their limits. `draws`: how many draws of the benefits are tried, the
    first ones.
    """
    if not len(problem.actions.cost):
        return np.zeros(0)
    # a floor on benefits speaks of what is expected: it stays as it is
    chosen = [divided(problem, draw)[0] for draw in problem.actions.benefit[:, :draws].T]
    return np.asarray(np.clip(np.mean(chosen, axis=0), 0, 1))


def _alternatives(
    problem: Programme, mean: Floats, first: Flags, settings: PlanSettings, gap: float
) -> Iterator[Flags]:
    """Plans nearly as good as the first; each leaves out one in ten actions of all before it."""
    least = (1 - settings.within) * float(mean @ first)
    chosen, limits = first, list(problem.limits)
    for _ in range(settings.alternatives if first.any() else 0):
        leave = max(1, int(chosen.sum()) // _CHANGED)
        limits.append(Limit("other plans", "", chosen.astype(float), high=chosen.sum() - leave))
        try:
            chosen, _ = best(programme(problem.actions, limits), mean, gap=gap)
        except SettingsError:
            return
        if float(mean @ chosen) < least:
            return
        yield chosen


def _lost(
    problem: Programme, mean: Floats, chosen: Flags, gap: float
) -> Iterator[tuple[Limit, float]]:
    """What each limit costs: the benefit of the plan without it, less that with it."""
    for limit in problem.limits:
        lost = 0.0
        if limit.low > -np.inf or limit.weight.sum() > limit.high:
            others = [other for other in problem.limits if other is not limit]
            without, _ = best(programme(problem.actions, others), mean, gap=gap)
            lost = max(float(mean @ without) - float(mean @ chosen), 0.0)
        yield limit, lost


# --- the tables -------------------------------------------------------------------------------


def ladder(actions: Actions, settings: PlanSettings) -> dict[str, pd.DataFrame]:
    """Tables plan, plan_budget and plan_limit for each budget of the settings.

    `actions`: those to choose from. `settings`: section [plan]. A budget whose limits no plan keeps
    has one row in `plan_budget`, whose unsafe_reason says why.
    """
    parts: dict[str, list[pd.DataFrame]] = {"plan": [], "plan_budget": [], "plan_limit": []}
    for budget in sorted(set(settings.budgets)):
        try:
            solved = plan(actions, budget, settings)
        except SettingsError as error:
            nothing = np.zeros(len(actions.cost), bool)
            row = _budget_row(actions, budget, 1, nothing).assign(unsafe_reason=str(error))
            parts["plan_budget"].append(row)
            continue
        parts["plan"].append(_rows(actions, solved))
        parts["plan_budget"].append(_budgets(actions, solved))
        parts["plan_limit"].append(_limits(actions, solved))
    return {
        name: pd.concat(frames, ignore_index=True).assign(method_version=METHOD_VERSION)
        for name, frames in parts.items()
        if frames
    }


def _rows(actions: Actions, solved: Plan) -> pd.DataFrame:
    """The actions of the plan and its alternatives; those often wanted and in none as number 0."""
    plans = (solved.chosen, *solved.alternatives)
    waiting = ~np.logical_or.reduce(plans) & (solved.p_in_plan >= _WAITING)
    low, high = np.quantile(actions.benefit, (0.05, 0.95), axis=1)
    rows = actions.known.assign(
        budget=solved.budget, cost_amount=actions.cost, crew_weeks=actions.crew_weeks,
        benefit_month=actions.benefit.mean(axis=1), benefit_month_lo=low, benefit_month_hi=high,
        p_in_plan=solved.p_in_plan,
    )  # fmt: skip
    return pd.concat(
        [
            rows[is_in_plan].assign(plan_number=number)
            for number, is_in_plan in enumerate((waiting, *plans))
        ]
    )


def _budgets(actions: Actions, solved: Plan) -> pd.DataFrame:
    plans = enumerate((solved.chosen, *solved.alternatives), 1)
    rows = [_budget_row(actions, solved.budget, number, chosen) for number, chosen in plans]
    return pd.concat(rows).assign(optimality_gap=solved.gap)


def _budget_row(actions: Actions, budget: float, number: int, chosen: Flags) -> pd.DataFrame:
    draws = chosen @ actions.benefit
    low, high = np.quantile(draws, (0.05, 0.95)) if chosen.any() else (0.0, 0.0)
    return pd.DataFrame(
        {
            "budget": [budget],
            "plan_number": number,
            "n_actions_offered": len(chosen),
            "n_actions": int(chosen.sum()),
            "cost_amount": float(chosen @ actions.cost),
            "crew_weeks": float(chosen @ actions.crew_weeks),
            "benefit_month": float(draws.mean()),
            "benefit_month_lo": low,
            "benefit_month_hi": high,
        }
    )


def _limits(actions: Actions, solved: Plan) -> pd.DataFrame:
    amounts = [_amounts(actions, limit, solved.chosen) for limit, _ in solved.lost]
    return pd.DataFrame({
        "budget": solved.budget,
        "limit_name": [limit.name for limit, _ in solved.lost],
        "region": [limit.region for limit, _ in solved.lost],
        "limit_amount": [limit for _, limit in amounts],
        "used_amount": [used for used, _ in amounts],
        "benefit_lost_month": [lost for _, lost in solved.lost],
    })  # fmt: skip


def _amounts(actions: Actions, limit: Limit, chosen: Flags) -> tuple[float, float]:
    """What a plan uses of a limit, and the limit."""
    used = float(limit.weight @ chosen)
    if limit.name != "floor" or limit.low > 0:
        return used, limit.low if limit.name == "floor" else limit.high
    # a share of what is avoided is held as the difference to it
    here = actions.benefit.mean(axis=1) * (actions.region == limit.region)
    return float(here @ chosen), float(here @ chosen) - used
