"""The head of every page."""

import pandas as pd
import streamlit as st

from views.shared import filters, find, link
from views.shared.page import as_of, plain


def head(facts: pd.Series, about: str, *, filtered: bool = False) -> None:
    """The operator's name, the search box, what the page shows, and up to when the data goes.

    `facts`: as of `run_facts`. `about`: what the page shows, in words. `filtered`: whether the page
    shows only what the shared filter lets through, which then stands there too.
    """
    with st.container(gap=None):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"#### {plain(str(facts['operator_name']))}", width="content")
            find.box()
            if filtered:
                filters.box()
            link.button()
        st.caption(f"{about} · data as of {as_of(facts)}")
