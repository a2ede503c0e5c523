"""The plan: what to do for a budget, what else comes near it, and what the limits cost."""

from collections.abc import Callable
from typing import Any

import pandas as pd
import streamlit as st

from contracts.errors import QuestionError
from views.drawing import charts
from views.panels import answer
from views.shared import data, filters, pickers, solving, url
from views.shared.heading import head
from views.shared.page import picture, plain, run_facts
from views.words.numbers import amount, interval, rows, sure
from views.words.sentences import action_name, ground, noted, unsafe

_LIMITS = {"budget": "the budget", "crew_weeks": "crew weeks", "floor": "the floor"}

_DRAWN = {"benefit_month": "drops fewer a month", "cost_amount": "cost", "crew_weeks": "crew weeks"}
"""Columns of a plan that its map shows, and what they are called there."""
_NAMED = {"shown_hex_text": "hex_text", **_DRAWN}
_NOTHING = 0.05
"""Drops a month that are none as they are written."""


def page() -> None:
    """Draws the page: budget and plan, its actions, those that wait, and what limits cost."""
    facts = run_facts()
    head(facts, "Actions that avoid most dropped calls for a budget", filtered=True)
    filters.caption(
        "The plan is that of the whole network; of its actions those are listed that treat at "
        "least one such cell"
    )
    budgets = data.answer("plan_budgets")
    if budgets.empty:
        st.info("No plan: it takes counters by the hour and `[plan] budgets` in the settings. "
                "The actions, their costs and effects stand in a catalogue of your own; "
                "see docs/plan.md.")  # fmt: skip
        return
    _warn(budgets)
    left, right = st.columns([0.62, 0.38], gap="medium")
    with left:
        ask, offered = _asked(budgets)
        plan = _picked(offered)
    with right:
        picture(charts.ladder, budgets, currency=_currency(plan))
    if isinstance(plan.unsafe_reason, str):
        st.error(plain(plan.unsafe_reason))
        return
    actions = ask("plan", budget=float(plan.budget), **filters.chosen())
    chosen = actions[actions["plan_number"] == plan.plan_number]
    with left:
        _headline(plan)
    _taken_away(chosen)
    _doubts(chosen)
    surely = chosen["is_sure"].fillna(value=False).astype(bool)
    _listed(chosen[surely], _currency(plan), name="actions")
    _unsure(chosen[~surely], _currency(plan))
    if plan.plan_number == 1:
        _limits(ask("plan_limits", budget=float(plan.budget)))
        _waiting(actions[actions["plan_number"] == 0])
    _about(plan)


def _warn(budgets: pd.DataFrame) -> None:
    if budgets["costs_invented"].fillna(value=False).any():
        st.warning("The costs are invented: the catalogue in use holds placeholders, no prices. "
                   "Which action comes first here depends on them. Name a catalogue of your own in "
                   "`[plan] catalogue`.")  # fmt: skip


def _asked(budgets: pd.DataFrame) -> tuple[Callable[..., pd.DataFrame], pd.DataFrame]:
    """Whom to ask for the plan, the published ones or one solved on demand, and its budgets.

    `budgets`: answer of plan_budgets.
    """
    own = _own_budget()
    if own is None:
        st.caption("Plans of the newest run, for the budgets of `[plan] budgets`.")
        return data.answer, budgets
    try:
        solved = solving.solve(*own)
        offered = solved.answer("plan_budgets")
    except QuestionError as error:
        st.error(plain(str(error)))
        return data.answer, budgets
    st.caption("Solved on demand, exactly as the plans of the newest run are, from its actions and "
               "their benefits.")  # fmt: skip
    return solved.answer, offered


def _own_budget() -> tuple[float, str, str] | None:
    """A budget, crew weeks and floors of the reader's own, kept in the URL; None = none."""
    with st.popover("Another budget", icon=":material/calculate:"):
        st.caption("Empty: the plans of the newest run. Limits as REGION=number with commas "
                   "between, * = every other region; empty: those of the settings.")  # fmt: skip
        budget = pickers.text("Budget", param="own", placeholder="500", key="own budget")
        crews = pickers.text("Crew weeks", param="crews", placeholder="*=20, Leeds=10")
        floors = pickers.text("Floors, as shares", param="floors", placeholder="Leeds=0.2")
    if not budget:
        return None
    try:
        amount_asked = float(budget.replace(",", "").replace(" ", ""))
    except ValueError:
        amount_asked = float("nan")
    if not amount_asked > 0:
        st.warning(f"{plain(budget[:40])} is no budget: write a number above 0.")
        return None
    return amount_asked, crews, floors


def _currency(plan: Any) -> str:
    return plan.cost_currency if isinstance(plan.cost_currency, str) else ""


def _picked(budgets: pd.DataFrame) -> Any:
    """The row of plan_budgets that is looked at: a budget, and its best plan or another."""
    offered = sorted(budgets["budget"].unique())
    budget = pickers.segments("Budget", {f"{b:g}": amount(b) for b in offered}, param="budget")
    mine = budgets[budgets["budget"] == float(budget)].set_index("plan_number", drop=False)
    names = {str(n): "Best plan" if n == 1 else f"Alternative {n - 1}" for n in mine.index}
    picked = pickers.segments("Plan", names, param="plan")
    return next(iter(rows(mine.loc[[int(picked)]])))


def _headline(plan: Any) -> None:
    between = interval(plan.benefit_month_lo, plan.benefit_month_hi, "plain")
    st.markdown(
        f"**{amount(plan.benefit_month)}** dropped calls fewer a month "
        f"({between}, 90 %) by **{amount(plan.n_actions)}** of "
        f"{amount(plan.n_actions_offered)} actions, for **{amount(plan.cost_amount)}** "
        f"{plain(_currency(plan))} and {amount(plan.crew_weeks)} crew weeks."
    )
    if plan.plan_number > 1:
        st.caption(f"{amount(plan.short_of_best)} drops a month fewer avoided than by the "
                   "best plan; at least one in ten of its actions is another.")  # fmt: skip


def _taken_away(actions: pd.DataFrame) -> None:
    """The plan as files, and on a map."""
    if actions.empty:
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        is_drawn = pickers.switch("On a map", "drawn", help="Where the plan's actions are taken")
        answer.files(actions, f"plan-{actions['budget'].iloc[0]:g}")
    if is_drawn:
        answer.on_map(actions[["shown_hex_text", "region", *_DRAWN]].rename(columns=_NAMED))


def _doubts(actions: pd.DataFrame) -> None:
    doubted = actions[actions["unsafe_reason"].notna()]
    if len(doubted):
        drops = amount(doubted["benefit_month"].sum())
        st.error(f"{drops} of these drops are not to be relied on: the data of {len(doubted)} of "
                 "the places failed checks, which stand with them.")  # fmt: skip


def _unsure(actions: pd.DataFrame, currency: str) -> None:
    """Actions of the plan that may avoid nothing: they are expected to help, and not advised."""
    if actions.empty:
        return
    one = len(actions) == 1
    cost = f"{amount(actions['cost_amount'].sum())} {currency}"
    st.warning(f"{len(actions)} of these actions, for {plain(cost)}, {'is' if one else 'are'} not "
               "advised: the best plan on expectation has them, and each may avoid nothing. "
               "Kept, that money could wait for surer ones.")  # fmt: skip
    with st.expander("Actions that may avoid nothing"):
        _listed(actions, currency, name="unsure")


def _listed(actions: pd.DataFrame, currency: str, *, name: str) -> None:
    if actions.empty:
        return
    number_column, text = st.column_config.NumberColumn, st.column_config.TextColumn
    ids = [_id(action) for action in actions.to_dict("records")]
    key = pickers.key_of(name, ids)
    event = st.dataframe(
        actions.assign(
            likely=[interval(row.benefit_month_lo, row.benefit_month_hi, "plain")
                    for row in rows(actions)],
            action=actions["action"].map(action_name),
            place_name=[ground(action) for action in actions.to_dict("records")],
            # as fine as its interval is written
            benefit_month=actions["benefit_month"].round().where(
                actions["benefit_month"] >= 10, actions["benefit_month"].round(1)
            ),
            p_in_plan=actions["p_in_plan"].map(sure),
            reason=[unsafe(row) + row["reason"] for row in actions.to_dict("records")],
            noted=[noted(row) for row in rows(actions)],
        ),
        hide_index=True, height=480 if len(actions) > 12 else "content", placeholder="",
        on_select="rerun", selection_mode="single-row",
        key=key, selection_default=pickers.first_choice(key, ids, param=name),
        column_order=["action", "place_name", "region", "benefit_month", "likely", "p_in_plan",
                      "cost_amount", "crew_weeks", "reason",
                      *(["noted"] if actions["ack_status"].notna().any() else [])],
        column_config={
            "action": text("action", width=95), "place_name": text("where", width=330),
            "region": text("region", width=90), "noted": "acknowledged",
            "benefit_month": number_column("avoided a month", format="localized", width=110,
                                           help="Dropped calls fewer a month"),
            "likely": text("90 % interval", width=110),
            "p_in_plan": text("P(in plan)", width=85, help="How often it is in the best plan when "
                              "the benefits are those of one draw of what is not known"),
            "cost_amount": number_column("cost", format="localized", width=60, help=currency),
            "crew_weeks": number_column("crew weeks", format="%.1f", width=85),
            "reason": text("what it does", width=420),
        },
    )  # fmt: skip
    picked = pickers.choice(event, ids, param=name)
    if picked is not None:
        _chosen(actions.iloc[picked])


def _id(action: Any) -> str:
    """What the URL calls an action: add_carrier.LDS21/170."""
    return f"{action['action']}.{action['action_at']}"


def _chosen(chosen: Any) -> None:
    hex_text = chosen["shown_hex_text"]
    with st.container(horizontal=True, vertical_alignment="center", border=True):
        action, where, effect = (
            plain(text) for text in (action_name(chosen["action"]), ground(chosen),
                                     unsafe(chosen) + chosen["reason"])
        )  # fmt: skip
        st.markdown(f"**{action}**, {where}: {effect}", width="stretch")
        place = _place(chosen)
        if place and st.button("All about it"):
            url.open_place(place)
        if isinstance(hex_text, str) and st.button("Show on the map", type="primary"):
            url.open_map(hex_text, place)


def _place(chosen: Any) -> url.PlaceKey | None:
    """The place of the list at which the action is taken; of a sector, its site."""
    kind = "cell" if chosen["place_type"] == "cell" else "site"
    key = chosen[url.KEYS[kind]]
    return url.PlaceKey(kind, key) if isinstance(key, str) else None


def _limits(limits: pd.DataFrame) -> None:
    dear = limits[limits["benefit_lost_month"] >= _NOTHING]
    st.markdown("**What the limits cost**")
    st.markdown("\n".join(f"- {_limit(row)}" for row in rows(dear)))
    if more := len(limits) - len(dear):
        st.caption(f"{more} other limit{'s' * (more > 1)} cost{'s' * (more == 1)} nothing.")


def _limit(row: Any) -> str:
    where = f" of {plain(row.region)}" if row.region else ""
    most = "at least" if row.limit_name == "floor" else "at most"
    text = f"{_LIMITS[row.limit_name]}{where}: {amount(row.used_amount)}, {most} "
    lost = amount(row.benefit_lost_month)
    return f"{text}{amount(row.limit_amount)}; without it **{lost}** more drops a month avoided"


def _waiting(actions: pd.DataFrame) -> None:
    if actions.empty:
        return
    with st.expander(
        f"{len(actions)} actions that wait: in no plan here, but in the best of some draws"
    ):
        st.dataframe(
            actions.assign(action=actions["action"].map(action_name),
                           place_name=[ground(row) for row in actions.to_dict("records")],
                           p_in_plan=actions["p_in_plan"].map(sure),
                         benefit_month=actions["benefit_month"].round(1)),
            hide_index=True,
            column_order=["action", "place_name", "region", "benefit_month", "cost_amount",
                          "p_in_plan"],
            column_config={"place_name": "where", "cost_amount": "cost",
                           "benefit_month": "drops avoided a month", "p_in_plan": "P(in plan)"},
        )  # fmt: skip


def _about(plan: Any) -> None:
    gap_pct = 100 * max(plan.optimality_gap, 1e-4)
    st.caption(
        "Made by a mixed-integer programme on expected benefits; no plan within these limits "
        f"avoids over {gap_pct:.2f} % more. A cell gets at most one action: several on one cell do "
        "not add up. What an action does to the interference of its neighbours is not counted, nor "
        "that its effect wears off as traffic grows. How far an action relieves a cell is the "
        "catalogue's word. Plans of noisy networks delivered 2 to 7 % less than promised on "
        "planted truth; those at cells that changed in the last three days a fifth to a half less."
    )
