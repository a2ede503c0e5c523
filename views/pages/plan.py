"""The plan: what to do for a budget, what else comes near it, and what the limits cost."""

from typing import Any

import pandas as pd
import streamlit as st

from views.drawing import charts
from views.shared import data, pickers, url
from views.shared.page import head, hex_of, picture, plain, run_facts
from views.words.numbers import amount, interval, rows, sure
from views.words.sentences import noted, unsafe, work

_LIMITS = {"budget": "the budget", "crew_weeks": "crew weeks", "floor": "the floor"}

_NOTHING = 0.05
"""Drops a month that are none as they are written."""


def page() -> None:
    """Draws the page: budget and plan, its works, the works that wait, and what limits cost."""
    facts = run_facts()
    head(facts, "Works that spare most dropped calls for a budget")
    budgets = data.answer("plan_budgets")
    if budgets.empty:
        st.info("No plan: it takes counters by the hour and `[plan] budgets` in the settings. "
                "The works, their costs and effects stand in a catalogue of your own; "
                "docs/plan.md tells how.")  # fmt: skip
        return
    _warn(budgets)
    left, right = st.columns([0.62, 0.38], gap="medium")
    with left:
        plan = _picked(budgets)
    with right:
        picture(charts.ladder, budgets, currency=_currency(plan))
    if isinstance(plan.unsafe_reason, str):
        st.error(plain(plan.unsafe_reason))
        return
    works = data.answer("plan", budget=float(plan.budget))
    with left:
        _headline(plan)
    _doubts(works[works["plan_number"] == plan.plan_number])
    _listed(works[works["plan_number"] == plan.plan_number], int(facts["level"]), _currency(plan))
    if plan.plan_number == 1:
        _limits(float(plan.budget))
        _waiting(works[works["plan_number"] == 0])
    _about(plan)


def _warn(budgets: pd.DataFrame) -> None:
    if budgets["costs_invented"].fillna(value=False).any():
        st.warning("The costs are invented: the catalogue in use holds placeholders, no prices. "
                   "Which work comes first here depends on them. Name a catalogue of your own in "
                   "`[plan] catalogue`.")  # fmt: skip


def _currency(plan: Any) -> str:
    return plan.cost_currency if isinstance(plan.cost_currency, str) else ""


def _picked(budgets: pd.DataFrame) -> Any:
    """The row of plan_budgets that is looked at: a budget, and its best plan or another."""
    known = sorted(budgets["budget"].unique())
    budget = st.segmented_control("Budget", known, default=known[0], format_func=amount)
    mine = budgets[budgets["budget"] == (budget or known[0])].set_index("plan_number", drop=False)
    numbers = list(mine.index)
    names = {n: "Best plan" if n == 1 else f"Alternative {n - 1}" for n in numbers}
    number_ = st.segmented_control("Plan", numbers, default=numbers[0],
                                   format_func=names.__getitem__)  # fmt: skip
    return next(iter(rows(mine.loc[[number_ or numbers[0]]])))


def _headline(plan: Any) -> None:
    between = interval(plan.benefit_month_lo, plan.benefit_month_hi, "plain")
    st.markdown(
        f"**{amount(plan.benefit_month)}** dropped calls fewer a month "
        f"({between}, 90 %) by **{amount(plan.n_works)}** of {amount(plan.n_options)} works, for "
        f"**{amount(plan.cost_amount)}** {plain(_currency(plan))} and "
        f"{amount(plan.crew_weeks)} crew weeks."
    )
    if plan.plan_number > 1:
        st.caption(f"{amount(plan.short_of_best)} drops a month fewer spared than by the "
                   "best plan; at least one in ten of its works is another.")  # fmt: skip


def _doubts(works: pd.DataFrame) -> None:
    doubted = works[works["unsafe_reason"].notna()]
    if len(doubted):
        drops = amount(doubted["benefit_month"].sum())
        st.error(f"{drops} of these drops are not to be relied on: the data of {len(doubted)} of "
                 "the works' places failed checks, which stand with them.")  # fmt: skip


def _listed(works: pd.DataFrame, level: int, currency: str) -> None:
    number_column, text = st.column_config.NumberColumn, st.column_config.TextColumn
    event = st.dataframe(
        works.assign(
            likely=[interval(row.benefit_month_lo, row.benefit_month_hi, "plain")
                    for row in rows(works)],
            action=works["action"].map(work),
            # as fine as its interval is told
            benefit_month=works["benefit_month"].round().where(
                works["benefit_month"] >= 10, works["benefit_month"].round(1)
            ),
            p_in_plan=works["p_in_plan"].map(sure),
            reason=[unsafe(row) + row["reason"] for row in works.to_dict("records")],
            noted=[noted(row) for row in rows(works)],
        ),
        hide_index=True, height=480 if len(works) > 12 else "content", placeholder="",
        on_select="rerun", selection_mode="single-row",
        key=pickers.key_of("works", works["place_name"]),
        column_order=["action", "place_name", "region", "benefit_month", "likely", "p_in_plan",
                      "cost_amount", "crew_weeks", "reason",
                      *(["noted"] if works["ack_status"].notna().any() else [])],
        column_config={
            "action": text("work", width=95), "place_name": text("where", width=95),
            "region": text("region", width=90), "noted": "acknowledged",
            "benefit_month": number_column("spared a month", format="localized", width=110,
                                           help="Dropped calls fewer a month"),
            "likely": text("90 % interval", width=110),
            "p_in_plan": text("P(in plan)", width=85, help="How often it is in the best plan when "
                              "the benefits are those of one draw of what is not known"),
            "cost_amount": number_column("cost", format="localized", width=60, help=currency),
            "crew_weeks": number_column("crew weeks", format="%.1f", width=85),
            "reason": text("what it does", width=560),
        },
    )  # fmt: skip
    picked = event["selection"]["rows"]
    if picked:
        _chosen(works.iloc[int(picked[0])], level)


def _chosen(chosen: Any, level: int) -> None:
    hex_text = hex_of(chosen, level)
    with st.container(horizontal=True, vertical_alignment="center", border=True):
        told = (work(chosen["action"]), chosen["place_name"], unsafe(chosen) + chosen["reason"])
        st.markdown("**{}** at {}: {}".format(*map(plain, told)), width="stretch")
        if hex_text and st.button("Show on the map", type="primary"):
            url.open_map(hex_text)


def _limits(budget: float) -> None:
    limits = data.answer("plan_limits", budget=budget)
    dear = limits[limits["benefit_lost_month"] >= _NOTHING]
    st.markdown("**What the limits cost**")
    st.markdown("\n".join(f"- {_limit(row)}" for row in rows(dear)))
    if more := len(limits) - len(dear):
        st.caption(f"{more} other limit{'s' * (more > 1)} cost{'s' * (more == 1)} nothing.")


def _limit(row: Any) -> str:
    where = f" of {plain(row.region)}" if row.region else ""
    most = "at least" if row.limit_name == "floor" else "at most"
    said = f"{_LIMITS[row.limit_name]}{where}: {amount(row.used_amount)}, {most} "
    lost = amount(row.benefit_lost_month)
    return f"{said}{amount(row.limit_amount)}; without it **{lost}** more drops a month spared"


def _waiting(works: pd.DataFrame) -> None:
    if works.empty:
        return
    with st.expander(f"{len(works)} works that wait: in no plan here, but wanted in some draws"):
        st.dataframe(
            works.assign(action=works["action"].map(work), p_in_plan=works["p_in_plan"].map(sure),
                         benefit_month=works["benefit_month"].round(1)),
            hide_index=True,
            column_order=["action", "place_name", "region", "benefit_month", "cost_amount",
                          "p_in_plan"],
            column_config={"action": "work", "place_name": "where", "cost_amount": "cost",
                           "benefit_month": "drops spared a month", "p_in_plan": "P(in plan)"},
        )  # fmt: skip


def _about(plan: Any) -> None:
    gap_pct = 100 * max(plan.optimality_gap, 1e-4)
    st.caption(
        "Made by a mixed-integer programme on expected benefits; no plan within these limits "
        f"spares over {gap_pct:.2f} % more. A cell is treated at most once: works on one cell do "
        "not add up. What a work does to the interference of its neighbours is not counted, nor "
        "that its effect wears off as traffic grows. How far a work relieves a cell is the "
        "catalogue's word. Plans of noisy networks delivered 2 to 7 % less than promised on "
        "planted truth; works at cells that changed in the last three days a fifth to a half less."
    )
