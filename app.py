"""The screen's door: which pages there are."""

import streamlit as st

from views import (
    changes,
    map,  # noqa: A004 - the page is the map
    parts,
    places,
    plan,
    quality,
    questions,
    regulator,
    reports,
)

st.set_page_config(page_title="Hexperience", layout="wide", initial_sidebar_state="collapsed")
home = st.Page(map.page, title="Map", url_path="map", default=True)
parts.set_home(home)
st.navigation(
    [
        home,
        st.Page(places.page, title="Places", url_path="places"),
        st.Page(plan.page, title="Plan", url_path="plan"),
        st.Page(changes.page, title="Changes", url_path="changes"),
        st.Page(regulator.page, title="Regulator", url_path="regulator"),
        st.Page(reports.page, title="Reports", url_path="reports"),
        st.Page(questions.page, title="Questions", url_path="questions"),
        st.Page(quality.page, title="Quality", url_path="quality"),
    ],
    position="top",
).run()
