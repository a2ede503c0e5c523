"""Changes of every KPI: a list by family, and the symptoms of one event."""

import pandas as pd
import streamlit as st

from contracts.kpis import FAMILIES
from views.shared import data, filters, pickers
from views.shared.page import plain
from views.words import symptoms
from views.words.numbers import interval, rows
from views.words.sentences import when

_MOST = 500


def listed(timezone: str) -> None:
    """Draws the changes of every KPI by date, family by family, and the event of the chosen one.

    `timezone`: days are of this IANA zone. Draws nothing where no KPI was searched.
    """
    if data.answer("kpi_changes", top=1).empty:
        return
    st.markdown("##### Changes of every KPI")
    families = {"all": "all", **{name: name for name in FAMILIES}}
    family = pickers.segments("Family of KPIs", families, param="family")
    changes = data.answer(
        "kpi_changes", family=None if family == "all" else family, top=_MOST, **filters.chosen()
    )
    if changes.empty:
        st.info("No dated change of this family.")
        return
    if len(changes) == _MOST:
        st.caption(f"The newest {_MOST} are shown.")
    left, right = st.columns([0.66, 0.34], gap="medium")
    with left:
        row = _table(changes, timezone)
    with right:
        st.markdown(f"##### {plain(changes['cell_id'].iloc[row])}")
        _event(changes.iloc[row]["event_id"], changes.iloc[row]["cell_id"], timezone)


def _table(changes: pd.DataFrame, timezone: str) -> int:
    ids = changes["change_id"].tolist()
    key = pickers.key_of("kpi_changes", ids)
    event = st.dataframe(
        changes.assign(
            when=[when(row, timezone) for row in rows(changes)],
            what=[symptoms.what(row) for row in rows(changes)],
            turn=[symptoms.turn(row) for row in rows(changes)],
            before=[symptoms.level(row, "before") for row in rows(changes)],
            after=[symptoms.level(row, "after") for row in rows(changes)],
            moved=[symptoms.moved_by(row) for row in rows(changes)],
            likely=[interval(row.ratio_lo, row.ratio_hi, "ratio") for row in rows(changes)],
        ),
        hide_index=True,
        height=430 if len(changes) > 11 else "content",
        placeholder="",
        on_select="rerun",
        selection_mode="single-row",
        key=key,
        selection_default=pickers.first_choice(key, ids, param="kpi_change"),
        column_order=[
            *("when", "cell_id", "what", "turn", "ratio", "likely", "before", "after", "moved"),
            *("moves_first", "min_visible_ratio", "region", "intervention_id"),
        ],
        column_config={
            "when": "since (90 % interval)",
            "cell_id": "cell",
            "what": "what changed",
            "turn": "for the",
            "ratio": st.column_config.NumberColumn("times", format="×%.2f"),
            "likely": "90 % interval",
            "moved": "moved by",
            "moves_first": "among the first",
            "min_visible_ratio": st.column_config.NumberColumn(
                "visible from", format="×%.2f", help="Smallest rise that could be seen here"
            ),
            "intervention_id": "intervention",
        },
    )
    return pickers.choice(event, ids, param="kpi_change") or 0


def _event(event_id: str, cell_id: str, timezone: str) -> None:
    """The symptoms of one event, in the order in which they began."""
    changes = data.answer("kpi_changes", cell_id=cell_id, top=_MOST)
    mine = changes[changes["event_id"] == event_id].sort_values("change_utc")
    for row in rows(mine):
        st.markdown(f"- {plain(symptoms.symptom(row, timezone))}")
    for reason in mine["unsafe_reason"].dropna().unique():
        st.warning(f"Not to be trusted: {plain(reason)}")


def of_drops(change_id: str, cell_id: str, timezone: str) -> None:
    """Draws what else changed with a change of a cell's drops; nothing where nothing did.

    `change_id`, `cell_id`: of the change. `timezone`: as of `listed`.
    """
    changes = data.answer("kpi_changes", cell_id=cell_id, top=_MOST)
    event = changes.loc[changes["change_id"] == change_id, "event_id"]
    if len(event) and (changes["event_id"] == event.iloc[0]).sum() > 1:
        st.markdown("**One event, several symptoms**")
        _event(event.iloc[0], cell_id, timezone)
