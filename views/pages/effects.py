"""Effects: what was done, and what came of it."""

from typing import Any

import pandas as pd
import streamlit as st

from views.drawing import effects as drawn
from views.report import acceptance
from views.shared import data, pickers
from views.shared.heading import head
from views.shared.page import picture, plain, run_facts
from views.words import effected
from views.words.numbers import rows

_MOST = 1000
_KINDS = {
    "all": "all",
    "better": "better",
    "worse": "worse",
    "not_shown": "no effect shown",
    "unknown": "cannot tell",
}


def page() -> None:
    """Draws the page: all works at a glance, the list, and the sheet of the one that is chosen."""
    facts = run_facts()
    head(facts, "What was done, and what came of it")
    effects = data.answer("effects", top=_MOST)
    if effects.empty:
        st.info(
            "Nothing is judged. It takes counters of drops, and a log of interventions (table "
            "intervention) with works that were done at cells or sites."
        )
        return
    st.markdown(effected.in_short(effects))
    if len(effects) == _MOST:
        st.caption(f"The newest {_MOST} are shown: question effects has them all.")
    if effects["effect_kind"].isin(["better", "worse", "not_shown"]).any():
        picture(drawn.ledger, effects)
    shown = _filtered(effects)
    if shown.empty:
        st.info("No works match. Choose another verdict, or type less.")
        return
    chosen = _table(shown)
    _one(chosen, facts)
    _next()
    _said_before()


def _filtered(effects: pd.DataFrame) -> pd.DataFrame:
    kind_box, text_box, _ = st.columns([0.4, 0.3, 0.3])
    with kind_box:
        kind = pickers.segments("Came of it", _KINDS, param="came")
    with text_box:
        text = pickers.text(
            "Kind, project, place or id", param="works", placeholder="part of its name"
        )
    columns = ["sheet_id", "kind", "site_id", "site_name", "cell_id", "region"]
    names = effects[columns].fillna("").agg(" ".join, axis=1)
    is_shown = names.str.contains(text.strip(), case=False, regex=False)
    if kind != "all":
        is_shown &= effects["effect_kind"] == kind
    return effects[is_shown].reset_index(drop=True)


def _table(effects: pd.DataFrame) -> Any:
    """The list; returns the row that is chosen, at first the newest that can be judged."""
    ids = [f"{row.sheet_kind}.{row.sheet_id}" for row in rows(effects)]
    key = pickers.key_of("effects", ids)
    event = st.dataframe(
        effects.assign(
            what=effects["kind"].str.replace("_", " "),
            place=[effected.where(row) for row in rows(effects)],
            said=effects["effect_kind"].map(effected.SAID),
            size=[effected.size(row) for row in rows(effects)],
            between=[effected.size_between(row) for row in rows(effects)],
            p=[effected.p(row) for row in rows(effects)],
            realised=effects["realised"].round(),
        ),
        hide_index=True,
        height=330 if len(effects) > 8 else "content",
        placeholder="",
        on_select="rerun",
        selection_mode="single-row",
        key=key,
        selection_default=pickers.first_choice(key, ids, param="sheet"),
        column_order=["work_until", "sheet_id", "what", "place", "region", "said", "size",
                      "between", "realised", "p", "no_effect_reason"],
        column_config={
            "work_until": st.column_config.DateColumn("done", format="D MMM YYYY"),
            "sheet_id": "works",
            "what": "kind",
            "said": "came of it",
            "size": st.column_config.TextColumn("drops", help="Against what untouched places with "
                                                "such a past let expect"),
            "between": "90 % interval",
            "realised": st.column_config.NumberColumn("drops avoided a month", format="localized"),
            "no_effect_reason": "why not",
        },
    )  # fmt: skip
    chosen = pickers.choice(event, ids, param="sheet")
    if chosen is None:
        is_known = effects["effect_kind"] != "unknown"
        chosen = int(is_known.argmax()) if is_known.any() else 0
    return next(iter(rows(effects.iloc[[chosen]])))


def _one(sheet: Any, facts: pd.Series) -> None:
    """One sheet: verdict, days before and after, every KPI, and the page to print.

    `sheet`: row of effects about the drop rate. `facts`: of the run.
    """
    asked = {"sheet_kind": sheet.sheet_kind, "sheet_id": sheet.sheet_id}
    figures = data.answer("effect_why", **asked)
    of_days = data.answer("effect_days", **asked)
    st.markdown(f"##### {plain(effected.title(sheet))}")
    st.markdown(f"**{plain(effected.verdict(sheet))}** {plain(effected.avoided(sheet))}")
    if isinstance(sheet.unsafe_reason, str):
        st.error(plain(sheet.unsafe_reason))
    for text in (effected.undone_by(sheet), effected.judged(sheet)):
        if text:
            st.caption(plain(text))
    if len(of_days):
        picture(drawn.days, of_days)
    _sheet(figures)
    st.caption(f"{effected.HOW} Before and after: {effected.PLAIN}")
    st.download_button(
        "Acceptance sheet to print",
        acceptance.page(sheet, figures, facts),
        file_name=f"sheet-{sheet.sheet_id}.html",
        mime="text/html",
    )


def _sheet(figures: pd.DataFrame) -> None:
    """Every KPI: expected against counted first, and the two plain means beside."""
    known = [
        {
            "KPI": effected.kpi_name(row),
            "came of it": effected.SAID[row.effect_kind],
            "effect": effected.size(row),
            "90 % interval": effected.size_between(row),
            "p": effected.p(row),
            "expected": effected.value(row, "value_expected"),
            "after": effected.value(row, "value_after"),
            "before": effected.value(row, "value_before"),
            "plain change": effected.plain_change(row),
            "why not": row.no_effect_reason,
        }
        for row in rows(figures)
    ]
    st.dataframe(pd.DataFrame(known), hide_index=True, height="content", placeholder="")


def _next() -> None:
    """What each kind of works brought so far, and what the next one like it can be expected to."""
    kinds = data.answer("kind_effects")
    if kinds.empty:
        return
    st.markdown("##### What the next one like it can be expected to bring")
    st.dataframe(
        kinds.assign(
            kind=kinds["kind"].str.replace("_", " "),
            drops=[effected.foretold(row) for row in rows(kinds)],
            between=[effected.foretold_between(row) for row in rows(kinds)],
        ),
        hide_index=True, height="content",
        column_order=["kind", "n_judged", "n_better", "drops", "between"],
        column_config={"n_judged": "judged", "n_better": "brought fewer drops",
                       "between": "90 % interval"},
    )  # fmt: skip
    st.caption(effected.NEXT)


def _said_before() -> None:
    """Predictions beside what came of the works."""
    predictions = data.answer("predictions")
    if predictions.empty:
        return
    st.markdown("##### What was said before, and what came of it")
    st.dataframe(
        predictions.assign(
            kind=predictions["kind"].str.replace("_", " "),
            said=[effected.foretold(row) for row in rows(predictions)],
            said_between=[effected.foretold_between(row) for row in rows(predictions)],
            came=[effected.came(row) for row in rows(predictions)],
            came_between=[effected.came_between(row) for row in rows(predictions)],
            predicted=predictions["predicted"].round(),
            realised=predictions["realised"].round(),
        ),
        hide_index=True, height="content", placeholder="",
        column_order=["intervention_id", "kind", "registered_utc", "said", "said_between",
                      "predicted", "came", "came_between", "realised"],
        column_config={
            "intervention_id": "works",
            "registered_utc": st.column_config.DateColumn("said on", format="D MMM YYYY"),
            "said": "drops, as said",
            "said_between": "90 % interval",
            "predicted": st.column_config.NumberColumn("avoided a month, as said",
                                                       format="localized"),
            "came": "came of it",
            "came_between": "90 % interval of it",
            "realised": st.column_config.NumberColumn("avoided a month", format="localized"),
        },
    )  # fmt: skip
