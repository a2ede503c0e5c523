"""Every question of queries/, answered on the spot: to read, or to take away as CSV."""

from functools import partial

import pandas as pd
import streamlit as st

from contracts.errors import NothingFound, QuestionError
from contracts.fields import FIELDS
from ingest.warehouse.questions import Query, query_names, read_query
from views.console import export
from views.shared import data, pickers
from views.shared.heading import head
from views.shared.page import plain, run_facts

_MOST, _FEW, _TALL = 2_000, 11, 420
_KINDS = {"VARCHAR": "text", "INTEGER": "whole number", "BIGINT": "whole number",
          "DOUBLE": "number", "BOOLEAN": "true or false", "DATE": "day"}  # fmt: skip
_EMPTY = {"": "empty", "NULL": "empty"}


def page() -> None:
    """Draws the page: which question, what it asks, its answer, and what the columns mean."""
    head(run_facts(), "Any question to the published tables, to read or to take away")
    _explain_unknown()
    question = read_query(
        pickers.pick("Question", query_names(), key=str, title=_asked, param="question",
                   like="worst_places")
    )  # fmt: skip
    given = _given(question)
    try:
        answer = data.answer(question.name, **given)
    except QuestionError as error:
        st.info(plain(str(error)))
        return
    _shown(question, answer)
    _meanings(answer)


def _explain_unknown() -> None:
    """Says what became of a question that a shared address names and that is not there."""
    name = st.query_params.get("question")
    try:
        if name:
            read_query(name)
    except NothingFound as error:
        st.warning(plain(str(error)))


def _asked(name: str) -> str:
    return f"{name}: {read_query(name).question}"


def _given(question: Query) -> dict[str, str]:
    """What is typed into the fields of its parameters; what has a default may stay empty."""
    if not question.params:
        return {}
    with st.container(horizontal=True):
        typed = {
            name: st.text_input(
                f"{name} ({_KINDS.get(kind, kind)})", key=f"{question.name} {name}", width=190,
                placeholder="needed" if default is None else _EMPTY.get(default, default),
            )
            for name, (kind, default) in question.params.items()
        }  # fmt: skip
    return {name: text for name, text in typed.items() if text}


def _shown(question: Query, answer: pd.DataFrame) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        first = f"the first {_MOST:,} of " if len(answer) > _MOST else ""
        st.caption(f"{first}{len(answer):,} rows; times in UTC", width="content")
        st.download_button("CSV", partial(export.encoded, answer, "csv"), f"{question.name}.csv",
                           "text/csv", on_click="ignore")  # fmt: skip
    # sixteen digits are more than a browser's numbers hold
    shown = answer.head(_MOST).astype(dict.fromkeys({"hex_id"} & {*answer}, "str"))
    days = {str(name): st.column_config.DateColumn() for name in answer.select_dtypes("datetime")}
    st.dataframe(shown, hide_index=True, placeholder="", column_config=days,
                 height=_TALL if len(shown) > _FEW else "content")  # fmt: skip


def _meanings(answer: pd.DataFrame) -> None:
    meanings = [
        {"column": name, "unit": FIELDS[name].unit, "meaning": FIELDS[name].meaning}
        for name in map(str, answer)
        if name in FIELDS
    ]
    with st.expander("What the columns mean"):
        st.dataframe(meanings, hide_index=True,
                     height=_TALL if len(meanings) > _FEW else "content",
                     column_config={"meaning": st.column_config.TextColumn(width=700)})  # fmt: skip
