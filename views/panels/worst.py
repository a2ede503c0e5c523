"""The places to look at first, as they are listed beside the map."""

from dataclasses import dataclass
from typing import Any

import pandas as pd
import streamlit as st

from views.panels.drawn import Drawn
from views.shared import data, filters, page, pickers, url
from views.shared.url import KEYS, PlaceKey
from views.words.looks import Look
from views.words.numbers import amount, between, day, interval, number, rows
from views.words.sentences import (
    TYPICAL,
    best_action,
    counts,
    in_short,
    noted,
    others,
    ranked_by,
    title,
    unsafe,
    worse,
)

_KINDS = {"site": "Sites", "hex": "Hexagons", "cell": "Cells"}
_TOP = 10


@dataclass(frozen=True)
class Entry:
    """One place of the list."""

    name: str
    why: str
    hex_text: str | None
    value: str
    between: str
    noted: str = ""
    unsafe: str = ""
    action: str = ""
    place: PlaceKey | None = None
    """The place of the list; None = a hexagon that is in no list."""


@dataclass(frozen=True)
class Worst:
    """The list: what it is sorted by, in words, its places, and what is said of the others."""

    about: str
    entries: tuple[Entry, ...]
    others: str = ""
    help: str = ""


LIST = "list"
"""What the URL calls the list that is chosen."""
_LISTS = {"first": "What to do first", "layer": "What the map shows"}


def worst(drawn: Drawn, *, finest: int, by: str = "first") -> Worst:
    """The places that hurt most: the ranked ones, or hexagons of the layer that is drawn.

    `finest`: the finest H3 level of the layer. `by`: first = the ranked list, where there is one;
    layer = by the layer and period of the map.
    """
    places = data.answer("worst_places", top=_TOP, **filters.chosen())
    states = data.answer("place_states")
    if by == "layer" or (places.empty and states.empty):
        return _worst_hexes(drawn, finest)
    if len(places):
        return _ranked(places, states)
    if filters.chosen():
        return Worst("Nothing to act on that the filter lets through.", ())
    return _nothing(states)


def _list_picker() -> None:
    """Which list stands beside the map, where there are two; kept in the URL as `list`."""
    if len(data.answer("worst_places", top=1)) or len(data.answer("place_states")):
        pickers.segments("List", _LISTS, param=LIST)


def _nothing(states: pd.DataFrame) -> Worst:
    """A network in which there is nothing to do."""
    kind = next(kind for kind in _KINDS if kind in set(states["place_type"]))
    return Worst("Nothing to act on.", (), others(states, kind))


def _ranked(places: pd.DataFrame, states: pd.DataFrame) -> Worst:
    first, is_counted = places.iloc[0], data.has_counters()
    name, by = ranked_by(places, reported=not is_counted)
    # what is avoided is held against each cell's own past, not against the network
    above = name == "drops_excess_month"
    normal = f" ({number(first['normal_rate'], 'share')})" if above else ""
    about = (
        f"{_KINDS[first['place_type']]} by {by}"
        f"{normal}, with 90 % intervals; "
        f"{day(first['period_start'])} to {day(first['period_end'])}, whatever layer and period "
        "the map shows"
    )
    entries = tuple(_place(place, name) for _, place in places.iterrows())
    rest = _rest(states, str(first["place_type"]))
    return Worst(about, entries, rest, TYPICAL if is_counted else "")


def _rest(states: pd.DataFrame, kind: str) -> str:
    """What is said of the places that are not listed; the filter's are not counted."""
    if filters.chosen():
        return ""
    return f"{_more(states, kind)} {others(states, kind)}".strip()


def _more(states: pd.DataFrame, kind: str) -> str:
    """How many places more there are at which there is something to do; empty = none."""
    mine = states[(states["place_type"] == kind) & (states["place_state"] == "act")]
    more = int(mine["n_places"].sum()) - _TOP
    return f"{more} more stand on the page Places." if more > 0 else ""


def _place(place: pd.Series, by: str) -> Entry:
    name = f"{place['rank']}  {title(place)}"
    value = amount(place[by]) if pd.notna(place[by]) else ""
    return Entry(
        name, in_short(place), _shown(place), value, between(place, by), noted(place),
        unsafe(place).strip(), best_action(place), _key(place),
    )  # fmt: skip


def _key(place: pd.Series) -> PlaceKey | None:
    kind = str(place["place_type"])
    key = place[KEYS[kind]]
    # of a hexagon without counters its own page says more
    is_known = isinstance(key, str) and data.has_counters()
    return PlaceKey(kind, key) if is_known else None


def _shown(place: pd.Series) -> str | None:
    """The hexagon that the map shows for a place; None = no position is known."""
    return place["shown_hex_text"] if isinstance(place["shown_hex_text"], str) else None


def _worst_hexes(drawn: Drawn, level: int) -> Worst:
    look = drawn.layer.look
    kept = filters.of_hexagons(drawn.layer.metric)
    hexes = data.answer("worst_hexes", **drawn.asked, **kept, level=level, bad=look.bad, top=_TOP)
    surely = "above" if look.bad == "high" else "below"
    entries = tuple(
        Entry(
            f"{place.region} {place.hex_text}" if isinstance(place.region, str) else place.hex_text,
            _counted(look, place),
            place.hex_text,
            number(place.value, look.figure),
            interval(place.value_lo, place.value_hi, look.figure),
        )
        for place in rows(hexes)
    )
    when = f"{drawn.span.title[0].lower()}{drawn.span.title[1:]}"
    when = drawn.span.title if drawn.span.grain in ("month", "day") else when
    about = f"Hexagons by {look.title.lower()}, surely {surely} the rest; {when}"
    return Worst(about, entries)


def _counted(look: Look, place: Any) -> str:
    parts = (counts(look, place.numerator, place.denominator),
             worse(look, place.p_worse, place.target))  # fmt: skip
    return " · ".join(part for part in parts if part)


def listed(places: Worst) -> None:
    """Draws the list; each place is a button that moves the map there.

    `places`: what it is ranked by, and its entries; one without a position can't be clicked.
    """
    st.markdown("##### Where to look first")
    _list_picker()
    st.caption(page.plain(places.about), help=places.help or None)
    for entry in places.entries:
        _entry(entry)
    if places.others:
        st.caption(page.plain(places.others))


def _entry(entry: Entry) -> None:
    is_placed = entry.hex_text is not None
    with st.container(gap=None):
        with st.container(horizontal=True, horizontal_alignment="distribute",
                          vertical_alignment="center", gap="small"):  # fmt: skip
            st.button(f"**{page.plain(entry.name)}**", key=f"place {entry.name}", type="tertiary",
                      on_click=url.go_to, args=[entry.hex_text, entry.place],
                      disabled=not is_placed,
                      help="Show on the map" if is_placed else "No position is known")  # fmt: skip
            value, between = page.plain(entry.value), page.plain(entry.between)
            st.markdown(f":orange[**{value}**] :gray[:small[{between}]]", width="content")
        if entry.unsafe:
            st.caption(f":red[{page.plain(entry.unsafe)}]")
        st.caption(page.plain(entry.why))
        if entry.action:
            st.caption(page.plain(entry.action))
        if entry.noted:
            st.caption(f":blue[{page.plain(entry.noted)}]")
