"""What pages share: the head of a page, pickers, the legend, what stands in the URL."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import wraps
from types import FunctionType
from typing import Any, TypeVar

import altair as alt
import pandas as pd
import streamlit as st
from altair.utils.schemapi import debug_mode
from streamlit.navigation.page import StreamlitPage as Page

from contracts.errors import HexperienceError, NothingFound
from geo import hexgrid
from views import charts, data
from views.hexmap import Goal, View, view_at, view_from
from views.legend import LOOKS, Look, look_of, period, rows

Option = TypeVar("Option")

_CLASSES = {"network": "", "relationship": "", "all": "", "": "",
            "transactional": "after a contact"}  # fmt: skip


@dataclass(frozen=True)
class Layer:
    """What can be drawn: one metric, and a class within it where there are several."""

    metric: str
    outcome_class: str | None

    @property
    def key(self) -> str:
        only = self.outcome_class in (None, "", "all")
        return self.metric if only else f"{self.metric}.{self.outcome_class}"

    @property
    def look(self) -> Look:
        return look_of(self.metric)

    @property
    def title(self) -> str:
        kind = self.outcome_class or ""
        if kind in _CLASSES:
            return f"{self.look.title} {_CLASSES[kind]}".strip()
        return f"{self.look.title}{self.look.joint}{kind}"


@dataclass(frozen=True)
class Period:
    """One period for which a layer can be drawn."""

    grain: str
    start: date
    end: date

    @property
    def key(self) -> str:
        return f"{self.grain}.{self.start.isoformat()}"

    @property
    def title(self) -> str:
        text = period(self.grain, self.start, self.end)
        return text[0].upper() + text[1:]


# ---------------------------------------------------------------------------- head of a page


def run_facts() -> pd.Series:
    """The facts of the published run; where there is none, says how to mend it and ends the page.

    operator_name, timezone, level, as_of_utc, software_version, schema_version, run_id.
    """
    try:
        return data.facts()
    except (NothingFound, IndexError):
        st.title("Nothing is published yet")
        st.markdown(
            "Run `hexperience run` with the configuration this screen was started with, then "
            "reload the page. To look around first: `hexperience demo`."
        )
    except HexperienceError as error:
        st.title("The configuration can't be used")
        st.code(str(error), language=None)
    return st.stop()


def told(page: Callable[[], None]) -> Callable[[], None]:
    """The page; what keeps it from being drawn stands there in our words, with the remedy."""

    @wraps(page)
    def drawn() -> None:
        try:
            page()
        except HexperienceError as error:
            st.error(plain(str(error)))

    return drawn


def head(facts: pd.Series, about: str) -> None:
    """The operator's name, what the page shows, and up to when the data goes."""
    with st.container(gap=None):
        st.markdown(f"#### {plain(str(facts['operator_name']))}")
        st.caption(f"{about} · data as of {as_of(facts)}")


def as_of(facts: pd.Series) -> str:
    """End of the newest data on the operator's clock: 1 May 2025, 23:00 (Europe/London)."""
    if pd.isna(facts["as_of_utc"]):
        return "no time: nothing in it has one"
    at = pd.Timestamp(facts["as_of_utc"]).tz_convert(facts["timezone"])
    return f"{at.day} {at:%b %Y, %H:%M} ({facts['timezone']})"


def notes() -> None:
    """What a reader must know of the data: unsafe notes aloud, many others one click away."""
    told = data.answer("quality_notes")
    for message in told.loc[told["verdict"] == "unsafe", "message"]:
        st.error(plain(message))
    mild = told[told["verdict"] == "warn"]
    if len(mild) <= 2:
        for note in rows(mild):
            st.caption(f"Note on {plain(note.table_name)}: {plain(note.message)}")
        return
    with st.popover(f"{len(mild)} notes on the data", type="tertiary"):
        for note in rows(mild):
            st.markdown(f"**{plain(note.table_name)}**: {plain(note.message)}")


def plain(text: str) -> str:
    """Text from data, so that Markdown shows it as it stands."""
    return "".join(f"\\{c}" if c in r"\`*_{}[]()<>#+-.!|$~:&" else c for c in text)


# --------------------------------------------------------------------------------- pictures


def picture(chart: Callable[..., alt.TopLevelMixin], *of: Any, **how: Any) -> None:
    """Draws what one of `charts` makes of these answers; made once for all who look at them."""
    st.vega_lite_chart(_made(chart, of, how), width="stretch")


@st.cache_data(show_spinner=False, max_entries=100, hash_funcs={FunctionType: repr, Look: repr})
def _made(
    chart: Callable[..., alt.TopLevelMixin], of: tuple[Any, ...], how: dict[str, Any]
) -> dict[str, Any]:
    # tests hold every chart to the schema; doing it at each click took most of a click's time
    with debug_mode(arg=False):
        return charts.written(chart(*of, **how))


# ---------------------------------------------------------------------------------- pickers


def layer_picker(layers: pd.DataFrame, *, param: str = "layer", like: str = "") -> Layer:
    """The layer to draw, the worst news first; kept in the URL as `param`.

    `layers`: answer of the query map_layers, at least one row. `like`: key of the layer to start
    with instead of the first.
    """
    order = {metric: n for n, metric in enumerate(LOOKS)}
    named = layers.assign(outcome_class=layers["outcome_class"].fillna(""))
    pairs = named.groupby(["metric", "outcome_class"])["n_shown"].sum().reset_index()
    # a layer that shows nothing is offered, but never first
    pairs["order"] = pairs["metric"].map(order).fillna(len(order)) + 100 * (pairs["n_shown"] == 0)
    pairs["account"] = ~pairs["outcome_class"].isin(["network", "relationship", "all", ""])
    pairs = pairs.sort_values(["order", "account", "metric", "outcome_class"])
    options = [Layer(row.metric, row.outcome_class or None) for row in rows(pairs)]
    return pick("Layer", options, key=lambda o: o.key, title=lambda o: o.title, param=param,
                like=like)  # fmt: skip


def period_picker(
    layers: pd.DataFrame, layer: Layer, *, param: str = "period", like: str = ""
) -> Period:
    """The period to draw, newest months first; kept in the URL as `param`."""
    mine = of_layer(layers, layer).drop_duplicates(["period_grain", "period_start"])
    grains = {"all": 0, "month": 1, "week": 2, "day": 3}
    mine = mine.assign(grain=mine["period_grain"].map(grains))
    mine = mine.sort_values(["grain", "period_start"], ascending=[True, False])
    options = [
        Period(row.period_grain, pd.Timestamp(row.period_start).date(),
               pd.Timestamp(row.period_end).date())
        for row in rows(mine)
    ]  # fmt: skip
    return pick("Period", options, key=lambda o: o.key, title=lambda o: o.title, param=param,
                like=like)  # fmt: skip


def earlier(layers: pd.DataFrame, layer: Layer, span: Period) -> str:
    """Key of the period of the same grain before one; itself where there is none."""
    mine = of_layer(layers, layer)
    starts = pd.to_datetime(mine.loc[mine["period_grain"] == span.grain, "period_start"])
    before = starts[starts < pd.Timestamp(span.start)]
    return span.key if before.empty else f"{span.grain}.{before.max().date().isoformat()}"


def switch(label: str, param: str, *, help: str) -> bool:  # noqa: A002 - as Streamlit calls it
    """Something that is on or off; the URL says 1 where it is on."""
    st.session_state.setdefault(param, recalled(param) == "1")
    on = st.toggle(label, key=param, help=help)
    remember(param, "1" if on else None)
    return on


def key_of(table: str, ids: Iterable[object]) -> str:
    """Key of a table for choosing a row: with other rows in it, nothing is chosen any more."""
    return f"{table} {hash(tuple(ids))}"


def of_layer(layers: pd.DataFrame, layer: Layer) -> pd.DataFrame:
    """Rows of map_layers that speak of one layer."""
    same_class = layers["outcome_class"].fillna("") == (layer.outcome_class or "")
    return layers[(layers["metric"] == layer.metric) & same_class]


def pick(
    name: str,
    options: Sequence[Option],
    *,
    key: Callable[[Option], str],
    title: Callable[[Option], str],
    param: str,
    like: str = "",
) -> Option:
    """One of the options from a list; the URL holds its key, and wins when the page opens.

    Where it holds none, `like` is the key to start with, else the first one's.
    """
    by_key = {key(option): option for option in options}
    held = st.session_state.get(param, recalled(param))
    # what was chosen may not exist for the layer chosen now
    st.session_state[param] = next((k for k in (held, like) if k in by_key), next(iter(by_key)))
    chosen = st.selectbox(
        name, list(by_key), format_func=lambda k: title(by_key[k]), key=param,
        label_visibility="collapsed",
    )  # fmt: skip
    remember(param, chosen)
    return by_key[chosen]


# ---------------------------------------------------------------------------------- the URL

_HEXES = 200
"""Hexagons of the list that are looked through for the worst one of a cell."""
_HOME = "home page"
_GOAL = "map goal"


def recalled(param: str) -> str | None:
    """What the URL says, else what it said when this page was left for another."""
    value = st.query_params.get(param, st.session_state.get(f"url {param}"))
    if value:
        remember(param, value)
    return value


def remember(param: str, value: str | None) -> None:
    """Puts a value into the URL, or takes it out."""
    st.session_state[f"url {param}"] = value
    if value:
        st.query_params[param] = value
    else:
        st.query_params.pop(param, None)


def chosen_hex() -> str | None:
    """The hexagon that the URL names; None without one, or if it is none."""
    value = recalled("hex")
    return value if value and hexgrid.from_text([value])[0] != hexgrid.NO_HEX else None


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


def go_to(hex_text: str | None) -> None:
    """Chooses a hexagon and moves the map there; None shows the whole map again."""
    remember("hex", hex_text)
    key, _ = st.session_state.get(_GOAL, (0, None))
    st.session_state[_GOAL] = key + 1, view_at(hex_text) if hex_text else None


def set_home(page: Page) -> None:
    """Tells which page holds the map."""
    st.session_state[_HOME] = page


def open_map(hex_text: str) -> None:
    """Leaves for the map with one hexagon chosen."""
    go_to(hex_text)
    st.switch_page(st.session_state[_HOME], query_params={"hex": hex_text})


def hex_of(place: Any, level: int) -> str | None:
    """The hexagon of a place: its own, else the one at its position; None without a position.

    `place`: lat, lon and, if it has a hexagon of its own, hex_text. Of a site, cell or region it is
    the hexagon that suffers most from its worst cell, where one is listed: at its mast may be calm.
    """
    if place.get("place_type") != "hex" and isinstance(cell := place.get("dominant_cell_id"), str):
        hexes = data.answer("worst_places", place_type="hex", top=_HEXES)
        if len(worst := hexes.loc[hexes["dominant_cell_id"] == cell, "hex_text"]):
            return str(worst.iloc[0])
    if isinstance(own := place.get("hex_text"), str):
        return own
    found = hexgrid.hexes_of(lat=[place["lat"]], lon=[place["lon"]], level=level)
    return None if found[0] == hexgrid.NO_HEX else hexgrid.as_text(found)[0]


def theme() -> str:
    """Whether the page is light or dark."""
    return "dark" if st.context.theme.type == "dark" else "light"
