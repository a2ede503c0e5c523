"""What the address keeps, and ways from page to page."""

from dataclasses import dataclass

import streamlit as st
from streamlit.navigation.page import StreamlitPage as Page

from geo import hexgrid
from views.hexmap import Goal, View, view_at, view_from

_HOME, _PLACE = "home page", "place page"
_GOAL = "map goal"
KEYS = {"cell": "cell_id", "site": "site_id", "hex": "hex_text", "region": "region"}
"""Column of worst_places that names a place of each kind."""


@dataclass(frozen=True)
class PlaceKey:
    """Names one place of the lists: its kind, and its key there."""

    kind: str
    id: str

    @property
    def text(self) -> str:
        """What the URL calls it: site.LDS21."""
        return f"{self.kind}.{self.id}"


def recalled(param: str) -> str | None:
    """What the URL says, else what it said when this page was left for another.

    `param`: the name there. Returns None where it never said anything.
    """
    value = st.query_params.get(param, st.session_state.get(f"url {param}"))
    if value:
        remember(param, value)
    return value


def remember(param: str, value: str | None) -> None:
    """Puts a value into the URL, or takes it out.

    `param`: the name there. `value`: None or empty = take it out.
    """
    st.session_state[f"url {param}"] = value
    if value:
        st.query_params[param] = value
    else:
        st.query_params.pop(param, None)


def chosen_hex() -> str | None:
    """The hexagon that the URL names; None without one, or if it is none."""
    value = recalled("hex")
    return value if value and hexgrid.from_text([value])[0] != hexgrid.NO_HEX else None


def chosen_place() -> PlaceKey | None:
    """The place of a list that the URL names; None without one, or if its kind is none."""
    kind, _, key = (recalled("place") or "").partition(".")
    return PlaceKey(kind, key) if kind in KEYS and key else None


def named_place() -> PlaceKey | None:
    """The place that the URL names for a page of its own; sectors have one too, but no list."""
    kind, _, key = (recalled("place") or "").partition(".")
    return PlaceKey(kind, key) if kind in (*KEYS, "sector") and key else None


def goal(whole: View) -> Goal:
    """Where the map was last sent: at first where the URL says, else to the hexagon it names.

    Without either, and with no hexagon chosen any more, `whole` is shown.
    """
    if _GOAL not in st.session_state:
        chosen = chosen_hex()
        st.session_state[_GOAL] = 0, view_from(recalled("at")) or (chosen and view_at(chosen))
    key, view = st.session_state[_GOAL]
    # the first whole view stays: layers and periods are compared at the same place
    return Goal(key, view or st.session_state.setdefault("whole map", whole))


def go_to(hex_text: str | None, place: PlaceKey | None = None) -> None:
    """Chooses a place or a hexagon and moves the map there; None and None show the whole map.

    `hex_text`: the hexagon that the map shows, or None. `place`: the place of a list that was
    chosen; None = the hexagon itself was.
    """
    remember("hex", hex_text)
    remember("place", place.text if place else None)
    key, _ = st.session_state.get(_GOAL, (0, None))
    st.session_state[_GOAL] = key + 1, view_at(hex_text) if hex_text else None


def set_home(page: Page) -> None:
    """Tells which page holds the map."""
    st.session_state[_HOME] = page


def set_place(page: Page) -> None:
    """Tells which page shows one place.

    `page`: as `st.Page` makes it.
    """
    st.session_state[_PLACE] = page


def open_place(place: PlaceKey) -> None:
    """Leaves for the page of one place.

    `place`: its kind and its key.
    """
    remember("place", place.text)
    st.switch_page(st.session_state[_PLACE], query_params={"place": place.text})


def open_map(hex_text: str | None, place: PlaceKey | None = None) -> None:
    """Leaves for the map with one hexagon, or one place of a list, chosen.

    `hex_text`: the hexagon that is shown, or None. `place`: as of `go_to`.
    """
    go_to(hex_text, place)
    params = ({"hex": hex_text} if hex_text else {}) | ({"place": place.text} if place else {})
    st.switch_page(st.session_state[_HOME], query_params=params)
