"""Every question of queries/, answered on the spot: to read, to draw, or to take away."""

import streamlit as st

from contracts.errors import NothingFound, QuestionError
from ingest.warehouse.questions import Query, query_names, read_query
from views.panels import answer
from views.shared import data, pickers
from views.shared.heading import head
from views.shared.page import plain, run_facts

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
    _forget_others(question)
    given = _given(question)
    try:
        rows = data.answer(question.name, **given)
    except QuestionError as error:
        st.info(plain(str(error)))
        return
    answer.panel(rows, question.name)


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


def _forget_others(question: Query) -> None:
    """Takes what was typed for other questions out of the address."""
    for param in list(st.query_params):
        if "." in param and not param.startswith(f"{question.name}."):
            st.query_params.pop(param)


def _given(question: Query) -> dict[str, str]:
    """What is typed into the fields of its parameters; what has a default may stay empty."""
    if not question.params:
        return {}
    with st.container(horizontal=True):
        typed = {
            name: pickers.text(
                f"{name} ({_KINDS.get(kind, kind)})", param=f"{question.name}.{name}", width=190,
                placeholder="needed" if default is None else _EMPTY.get(default, default),
            )
            for name, (kind, default) in question.params.items()
        }  # fmt: skip
    return {name: text for name, text in typed.items() if text}
