"""What went in: rows read, accepted and refused; notes; the run behind it all."""

from typing import Any

import pandas as pd
import streamlit as st

from views.shared import data
from views.shared.heading import head
from views.shared.page import as_of, plain, run_facts
from views.words.numbers import day, rows

_MOST = 1000
_VERDICTS = {"unsafe": ("do not rely on it", "red"), "warn": ("with care", "orange")}


def page() -> None:
    """Draws the page: the receipt, the notes and the facts of the run."""
    facts = run_facts()
    head(facts, "What went in, and what to make of it")
    left, right = st.columns([0.5, 0.5], gap="large")
    with left:
        _receipt()
        _responses()
        _run(facts)
    with right:
        _notes()
    _cells()


def _receipt() -> None:
    st.markdown("##### Rows of each source")
    st.caption("read = accepted + refused; refused rows are kept with file, row and reason")
    receipt = data.answer("receipt")
    if receipt.empty:
        st.info("No receipt was published.")
        return
    st.dataframe(
        receipt, hide_index=True, height="content", placeholder="",
        column_config={
            "table_name": "source",
            "n_read": st.column_config.NumberColumn("read", format="localized"),
            "n_accepted": st.column_config.NumberColumn("accepted", format="localized"),
            "n_refused": st.column_config.NumberColumn("refused", format="localized"),
            "n_values_missing": st.column_config.NumberColumn(
                "values lost", format="localized",
                help="Impossible values in accepted rows: set to missing"),
        },
    )  # fmt: skip


def _responses() -> None:
    answer = data.answer("response_rates").dropna(axis="columns", how="all")
    if answer.empty:
        return
    st.markdown("##### Who answered the surveys")
    st.caption("of all invited, delivered or not; empty: too few persons to tell")
    st.dataframe(
        answer.drop(columns=["shown", "delivered_share"], errors="ignore").assign(
            response_rate=100 * answer["response_rate"]),
        hide_index=True, placeholder="",
        column_config={
            "survey_type": "survey",
            "n_invited": st.column_config.NumberColumn("invited", format="localized"),
            "n_delivered": st.column_config.NumberColumn("delivered", format="localized"),
            "n_completed": st.column_config.NumberColumn("answered", format="localized"),
            "response_rate": st.column_config.NumberColumn("response rate", format="%.1f %%"),
        },
    )  # fmt: skip


def _notes() -> None:
    st.markdown("##### Notes")
    notes = data.answer("quality_notes")
    if notes.empty:
        st.caption("None.")
    # what was refused stands in the receipt beside
    fine = (notes["verdict"] == "ok") & (notes["check_name"] != "refused rows")
    for note in rows(notes[notes["verdict"] != "ok"]):
        said, colour = _VERDICTS.get(str(note.verdict), (str(note.verdict), "gray"))
        with st.container(gap="xxsmall"):
            st.markdown(f":{colour}-badge[{said}] **{plain(str(note.table_name))}**")
            st.markdown(plain(str(note.message)))
    if fine.any():
        st.markdown("**In order**")
        lines = (f"**{plain(note.table_name)}**: {plain(note.message)}"
                 for note in rows(notes[fine]))  # fmt: skip
        st.caption("  \n".join(lines))


def _cells() -> None:
    st.markdown("##### Cells and days")
    failed, whole, unmapped = st.tabs(["Days that fail a check", "Completeness", "Not mapped"])
    with failed:
        st.caption(
            "What is found on an unsafe day is marked so everywhere: a change within two days of "
            "it, a place in which more than a quarter of the cells' days are unsafe."
        )
        _table("cell_quality", "Every day of every cell passes every check.")
    with whole:
        st.caption("Least covered first; days are counted from a cell's first to its last.")
        _table("cell_completeness", "There are no counters.")
    with unmapped:
        _table("unmapped_cells", "Every cell with counters has a place, and the reverse.")


def _table(query: str, none: str) -> None:
    found = data.answer(query)
    if found.empty:
        st.caption(none)
        return
    if len(found) > _MOST:
        st.caption(f"The first {_MOST:,} of {len(found):,}; all: `hexperience query {query}`.")
    if "covered_share" in found:
        found = found.assign(covered_share=100 * found["covered_share"])
    st.dataframe(
        found.head(_MOST), hide_index=True, height="content" if len(found) < 10 else 360,
        placeholder="", column_config=_HEADS,
    )  # fmt: skip


_HEADS: dict[str, Any] = {
    "cell_id": "cell", "check_name": "check", "first_day": st.column_config.DateColumn("from"),
    "last_day": st.column_config.DateColumn("to"), "n_days": "days", "message": "what is wrong",
    "lacks": "lacks", "call_attempts": st.column_config.NumberColumn("calls", format="localized"),
    "n_days_missing": "days without counters", "n_days_unsafe": "unsafe days",
    "covered_share": st.column_config.NumberColumn("covered", format="%.1f %%"),
}  # fmt: skip
"""Heads of the columns of the tables of cells."""


def _run(facts: pd.Series) -> None:
    st.markdown("##### The run")
    lines = {
        "data as of": as_of(facts),
        "hexagons": f"H3 level {facts['level']}",
        "periods of figures": _span(),
        "software": f"Hexperience {facts['software_version']}, schema {facts['schema_version']}",
        "run": str(facts["run_id"]),
    }
    st.markdown("\n".join(f"- {name}: **{plain(value)}**" for name, value in lines.items()))


def _span() -> str:
    layers = data.answer("map_layers")
    if layers.empty:
        return "none of hexagons"
    return f"{day(layers['period_start'].min())} to {day(layers['period_end'].max())}"
