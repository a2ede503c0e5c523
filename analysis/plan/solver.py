"""Which works to do for a budget, so that most dropped calls are spared?

docs/methods.md 8.7. A mixed-integer programme (HiGHS through scipy): most expected benefit within
the budget and each region's crew weeks, at least the floors for regions, and no cell treated twice:
two works on one cell do not add up, and `offer.offer` has bundles whose joint benefit is known. So
the benefits of the works chosen add. What a work does to its neighbours' interference is left out.

The plan is made of expectations. How far it hangs on what is not known, P(in plan) tells: how often
a work is chosen where the benefits are those of one draw. For that the programme is solved once a
draw with works divisible, which splits at most as many of them as there are limits.
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
from analysis.plan.options import Options
from contracts.errors import SettingsError
from contracts.settings.sections import Plan as PlanSettings

METHOD_VERSION = "plan-1"
GAP = 1e-4
"""Relative gap at which a plan counts as the best."""

# a plan this much worse than the best is no alternative; one in so many works must be another
_CHANGED = 10
_WAITING = 0.1
_INFEASIBLE = 2
_NO_PLAN = "no plan keeps the limits of [plan]"
# options that are decided as whole works at first; what lies in rounding
_CORE, _DUST = 400, 1e-9


@dataclass(frozen=True, eq=False)
class Limit:
    """One condition on a plan: low <= sum of weight over the works chosen <= high."""

    name: str
    region: str
    weight: Floats
    low: float = -np.inf
    high: float = np.inf


@dataclass(frozen=True)
class Plan:
    """What was found for one budget; `chosen` and `alternatives` are flags of the options, (O,)."""

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
    """The limits on some options as rows: low <= rows @ x <= high."""

    options: Options
    limits: tuple[Limit, ...]
    rows: sparse.csr_array
    low: Floats
    high: Floats


def programme(options: Options, limits: Sequence[Limit]) -> Programme:
    """Limits, and that no cell is treated twice, as rows."""
    shared = options.treats.T.tocsr()
    shared = shared[np.diff(shared.indptr) > 1]
    told = [sparse.csr_array(limit.weight[None, :]) for limit in limits]
    n = shared.shape[0]
    return Programme(
        options, tuple(limits), sparse.vstack([*told, shared], format="csr"),
        np.array([*(limit.low for limit in limits), *[-np.inf] * n]),
        np.array([*(limit.high for limit in limits), *[1.0] * n]),
    )  # fmt: skip


def best(asked: Programme, benefit: Floats, *, gap: float = GAP) -> tuple[Flags, float]:
    """Which options to do, (O,), for most `benefit`; and by what share the best may lie above.

    Divisible works first: their reduced costs tell what it would cost at least to decide otherwise
    about each. A programme of whole works decides the closest cases; it holds for all as soon as
    every other is farther from its turn than whole works lose. Raises SettingsError where no plan
    keeps the limits.
    """
    if not len(benefit):
        _refuse_if_asked(asked)
        return np.zeros(0, bool), 0.0
    x, reduced = divided(asked, benefit)
    bound, far = float(benefit @ x), np.abs(reduced)
    order, n_open = np.argsort(far, kind="stable"), min(_CORE, len(x))
    while True:
        found = _decided(asked, benefit, np.round(x), order[:n_open], gap)
        left = np.inf if found is None else max(bound - float(benefit @ found), 0.0)
        if found is not None and left <= gap * bound:
            return found, left / bound if bound > 0 else 0.0
        needed = int((far <= left + _DUST * (1 + bound)).sum())
        if needed <= n_open:
            if found is None:
                raise SettingsError(_NO_PLAN, list(_why_not(asked)))
            return found, gap
        n_open = min(needed, 8 * n_open)


def divided(asked: Programme, benefit: Floats) -> tuple[Floats, Floats]:
    """How much of each option to do if works could be done in part, and their reduced costs."""
    above, below = np.isfinite(asked.high), np.isfinite(asked.low)
    found = linprog(
        -benefit, A_ub=sparse.vstack([asked.rows[above], -asked.rows[below]]),
        b_ub=np.concatenate([asked.high[above], -asked.low[below]]), bounds=(0, 1),
    )  # fmt: skip
    if found.status == _INFEASIBLE:
        raise SettingsError(_NO_PLAN, list(_why_not(asked)))
    return found.x, found.lower.marginals + found.upper.marginals


def _decided(
    asked: Programme, benefit: Floats, x: Floats, free: npt.NDArray[np.intp], gap: float
) -> Flags | None:
    """Whole works with all but the `free` ones settled as in `x`; None = none keep the limits."""
    settled = x.copy()
    settled[free] = 0
    held = asked.rows @ settled
    rows = LinearConstraint(asked.rows[:, free], asked.low - held, asked.high - held)
    with _hushed():
        found = milp(-benefit[free], integrality=1, bounds=Bounds(0, 1), constraints=rows,
                     options={"mip_rel_gap": gap})  # fmt: skip
    if found.status == _INFEASIBLE:
        return None
    settled[free] = found.x
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


def _refuse_if_asked(asked: Programme) -> None:
    floors = [limit.region for limit in asked.limits if limit.low > 0]
    if floors:
        told = [f"floors: {region}: there is no work to choose from" for region in floors]
        raise SettingsError(_NO_PLAN, told)


def _why_not(asked: Programme) -> Iterator[str]:
    """Which floors can't be kept, and what would help."""
    floors = [limit for limit in asked.limits if limit.name == "floor"]
    others = [limit for limit in asked.limits if limit not in floors]
    alone = [told for floor in floors if (told := _too_high(asked.options, floor, others))]
    yield from alone or [_together(floors, others)]


def _together(floors: list[Limit], others: list[Limit]) -> str:
    """What keeps floors from being kept together, each of which could be kept alone."""
    whole, budget = sum(floor.low for floor in floors), others[0].high
    more = f" (they come to {whole:,.0f} of {budget:,.0f})" if whole > budget else ""
    named = ", ".join(floor.region for floor in floors)
    return (
        f"floors: those of {named} can be kept one by one, not together{more}; lower some of them"
    )


def _too_high(options: Options, floor: Limit, others: list[Limit]) -> str:
    """Why one floor can't be kept even alone; empty = it can."""
    if floor.low > 0:
        most = float(floor.weight @ best(programme(options, others), floor.weight)[0])
        held = most >= floor.low
        told = f"shall get {floor.low:,.0f}, but its works come to {most:,.0f} at most"
    else:
        within = programme(options, [*others, floor])
        held = bool(best(within, options.benefit.mean(axis=1))[0].any())
        told = "has no works that spare its share of what any plan spares"
    crews = any(limit.name == "crew_weeks" and limit.region == floor.region for limit in others)
    within_limits = f"{told} within budget{' and crew_weeks' * crews}"
    remedy = f"lower its floor{' or raise crew_weeks there' * crews}"
    return "" if held else f"floors: {floor.region} {within_limits}; {remedy}"


def _refuse_nothing(asked: Programme, mean: Floats, chosen: Flags) -> None:
    """A share of what is spared is kept by doing nothing, too: that is no plan."""
    floors = [limit for limit in asked.limits if limit.name == "floor"]
    others = [limit for limit in asked.limits if limit not in floors]
    if floors and not chosen.any() and best(programme(asked.options, others), mean)[0].any():
        raise SettingsError(_NO_PLAN, list(_why_not(asked)))


# --- the limits -------------------------------------------------------------------------------


def limits_of(options: Options, budget: float, settings: PlanSettings) -> list[Limit]:
    """Budget, crew weeks and floors, as the settings have them."""
    regions = sorted(set(options.region) | set(settings.crew_weeks) | set(settings.floors))
    regions = [region for region in regions if region != "*"]
    found = [Limit("budget", "", options.cost, high=budget)]
    for region in regions:
        here = options.region == region
        weeks = settings.crew_weeks.get(region, settings.crew_weeks.get("*", np.inf))
        if np.isfinite(weeks) and here.any():
            found.append(Limit("crew_weeks", region, options.crew_weeks * here, high=weeks))
        share = settings.floors.get(region, settings.floors.get("*", 0.0) if region else 0.0)
        if share > 0:
            found.append(_floor(options, region, share, budget, settings.floor_of))
    return found


def _floor(options: Options, region: str, share: float, budget: float, of: str) -> Limit:
    here = options.region == region
    if of == "budget":
        return Limit("floor", region, options.cost * here, low=share * budget)
    mean = options.benefit.mean(axis=1)
    return Limit("floor", region, mean * (here - share), low=0.0)


# --- the plans --------------------------------------------------------------------------------


def plan(options: Options, budget: float, settings: PlanSettings, *, gap: float = GAP) -> Plan:
    """The plan of one budget, what else comes near it, and how sure each work of it is."""
    limits = limits_of(options, budget, settings)
    mean = options.benefit.mean(axis=1)
    asked = programme(options, limits)
    chosen, left = best(asked, mean, gap=gap)
    _refuse_nothing(asked, mean, chosen)
    return Plan(
        budget,
        chosen,
        tuple(_alternatives(asked, mean, chosen, settings, gap)),
        p_in_plan(asked, settings.draws),
        left,
        tuple(_lost(asked, mean, chosen, gap)),
    )


def p_in_plan(asked: Programme, draws: int) -> Floats:
    """How often each option is chosen where the benefits are those of one draw, (O,)."""
    if not len(asked.options.cost):
        return np.zeros(0)
    # a floor on benefits speaks of what is expected: it stays as it is
    chosen = [divided(asked, draw)[0] for draw in asked.options.benefit[:, :draws].T]
    return np.asarray(np.clip(np.mean(chosen, axis=0), 0, 1))


def _alternatives(
    asked: Programme, mean: Floats, first: Flags, settings: PlanSettings, gap: float
) -> Iterator[Flags]:
    """Plans nearly as good as the first; each leaves out one in ten works of all before it."""
    least = (1 - settings.within) * float(mean @ first)
    held, limits = first, list(asked.limits)
    for _ in range(settings.alternatives if first.any() else 0):
        leave = max(1, int(held.sum()) // _CHANGED)
        limits.append(Limit("other plans", "", held.astype(float), high=held.sum() - leave))
        try:
            held, _ = best(programme(asked.options, limits), mean, gap=gap)
        except SettingsError:
            return
        if float(mean @ held) < least:
            return
        yield held


def _lost(
    asked: Programme, mean: Floats, chosen: Flags, gap: float
) -> Iterator[tuple[Limit, float]]:
    """What each limit costs: the benefit of the plan without it, less that with it."""
    for limit in asked.limits:
        lost = 0.0
        if limit.low > -np.inf or limit.weight.sum() > limit.high:
            others = [other for other in asked.limits if other is not limit]
            without, _ = best(programme(asked.options, others), mean, gap=gap)
            lost = max(float(mean @ without) - float(mean @ chosen), 0.0)
        yield limit, lost


# --- the tables -------------------------------------------------------------------------------


def ladder(options: Options, settings: PlanSettings) -> dict[str, pd.DataFrame]:
    """Tables plan, plan_budget and plan_limit for each budget of the settings.

    A budget whose limits no plan keeps has one row in `plan_budget`, whose unsafe_reason says why.
    """
    parts: dict[str, list[pd.DataFrame]] = {"plan": [], "plan_budget": [], "plan_limit": []}
    for budget in sorted(set(settings.budgets)):
        try:
            found = plan(options, budget, settings)
        except SettingsError as error:
            nothing = np.zeros(len(options.cost), bool)
            row = _budget_row(options, budget, 1, nothing).assign(unsafe_reason=str(error))
            parts["plan_budget"].append(row)
            continue
        parts["plan"].append(_works(options, found))
        parts["plan_budget"].append(_budgets(options, found))
        parts["plan_limit"].append(_limits(options, found))
    return {
        name: pd.concat(frames, ignore_index=True).assign(method_version=METHOD_VERSION)
        for name, frames in parts.items()
        if frames
    }


def _works(options: Options, found: Plan) -> pd.DataFrame:
    """The works of the plan and its alternatives; those often wanted and in none as number 0."""
    plans = (found.chosen, *found.alternatives)
    waiting = ~np.logical_or.reduce(plans) & (found.p_in_plan >= _WAITING)
    low, high = np.quantile(options.benefit, (0.05, 0.95), axis=1)
    told = options.known.assign(
        budget=found.budget, cost_amount=options.cost, crew_weeks=options.crew_weeks,
        benefit_month=options.benefit.mean(axis=1), benefit_month_lo=low, benefit_month_hi=high,
        p_in_plan=found.p_in_plan,
    )  # fmt: skip
    return pd.concat(
        [told[held].assign(plan_number=number) for number, held in enumerate((waiting, *plans))]
    )


def _budgets(options: Options, found: Plan) -> pd.DataFrame:
    plans = enumerate((found.chosen, *found.alternatives), 1)
    rows = [_budget_row(options, found.budget, number, held) for number, held in plans]
    return pd.concat(rows).assign(optimality_gap=found.gap)


def _budget_row(options: Options, budget: float, number: int, held: Flags) -> pd.DataFrame:
    draws = held @ options.benefit
    low, high = np.quantile(draws, (0.05, 0.95)) if held.any() else (0.0, 0.0)
    return pd.DataFrame({
        "budget": [budget], "plan_number": number, "n_options": len(held),
        "n_works": int(held.sum()), "cost_amount": float(held @ options.cost),
        "crew_weeks": float(held @ options.crew_weeks), "benefit_month": float(draws.mean()),
        "benefit_month_lo": low, "benefit_month_hi": high,
    })  # fmt: skip


def _limits(options: Options, found: Plan) -> pd.DataFrame:
    amounts = [_amounts(options, limit, found.chosen) for limit, _ in found.lost]
    return pd.DataFrame({
        "budget": found.budget,
        "limit_name": [limit.name for limit, _ in found.lost],
        "region": [limit.region for limit, _ in found.lost],
        "limit_amount": [limit for _, limit in amounts],
        "used_amount": [used for used, _ in amounts],
        "benefit_lost_month": [lost for _, lost in found.lost],
    })  # fmt: skip


def _amounts(options: Options, limit: Limit, chosen: Flags) -> tuple[float, float]:
    """What a plan uses of a limit, and the limit."""
    used = float(limit.weight @ chosen)
    if limit.name != "floor" or limit.low > 0:
        return used, limit.low if limit.name == "floor" else limit.high
    # a share of what is spared is held as the difference to it
    here = options.benefit.mean(axis=1) * (options.region == limit.region)
    return float(here @ chosen), float(here @ chosen) - used
