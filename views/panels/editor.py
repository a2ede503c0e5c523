"""The editor for one SELECT, with completion of tables, columns and macros."""

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import streamlit as st

_HERE = Path(__file__).parent
_TEXT, _VERSION, _KEY = "sql text", "sql version", "sql editor"
_HTML = (
    '<div class="editor"><pre aria-hidden="true"></pre>'
    '<textarea spellcheck="false" aria-label="SQL"></textarea><ul role="listbox" hidden></ul></div>'
)


def text() -> str:
    """The SQL as it stands in the editor; empty before anything was put or typed."""
    return str(st.session_state.get(_TEXT, ""))


def put(sql: str) -> None:
    """Puts SQL into the editor in place of what stands there.

    `sql`: one SELECT, as a rule.
    """
    st.session_state[_TEXT] = sql
    # a text that is put, unlike one that is typed, is to be shown
    st.session_state[_VERSION] = st.session_state.get(_VERSION, 0) + 1


def draw(words: Sequence[tuple[str, str]]) -> bool:
    """Draws the editor; returns whether Ctrl+Enter was pressed in it.

    `words`: names that it completes, each with what it is.
    """
    result = _component()(
        key=_KEY,
        data={"text": text(), "version": st.session_state.get(_VERSION, 0), "words": list(words)},
        on_text_change=_typed,
        on_run_change=_typed,
    )
    return bool(result.get("run"))


def _typed() -> None:
    typed = st.session_state[_KEY].get("text")
    if typed is not None:
        st.session_state[_TEXT] = str(typed)


@cache
def _component() -> Any:
    # a few kB: small enough to travel with the page
    js, css = ((_HERE / f"editor.{kind}").read_text("utf-8") for kind in ("js", "css"))
    return st.components.v2.component("hexperience_editor", html=_HTML, js=js, css=css)
