"""The screen's door: which pages there are."""

from types import ModuleType
from typing import Any

import streamlit as st
from streamlit.navigation.page import StreamlitPage

from views.pages import (
    changes,
    drivers,
    effects,
    place,
    places,
    plan,
    quality,
    questions,
    regulator,
    reports,
    sql,
)
from views.pages import map as map_page
from views.shared import page, url


def _page(title: str, module: ModuleType, *, at: str = "", **how: Any) -> StreamlitPage:
    path = at or title.lower()
    return st.Page(page.showing_errors(module.page), title=title, url_path=path, **how)


st.set_page_config(page_title="Hexperience", layout="wide", initial_sidebar_state="collapsed")
home = _page("Map", map_page, at="home", default=True)
url.set_home(home)
one_place = _page("Place", place, visibility="hidden")
url.set_place(one_place)
st.navigation(
    [
        home,
        _page("Places", places),
        _page("Plan", plan),
        _page("Changes", changes),
        _page("Drivers", drivers),
        _page("Effects", effects),
        _page("Regulator", regulator),
        _page("Reports", reports),
        _page("Questions", questions),
        _page("SQL", sql),
        _page("Quality", quality),
        one_place,
        # the first page's own address is /; whoever types /map is to find it too
        _page("Map", map_page, visibility="hidden"),
    ],
    position="top",
).run()
