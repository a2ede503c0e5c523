"""The places to look at first, as they are listed beside the map."""

from dataclasses import dataclass
from typing import Any

import pandas as pd
import streamlit as st

from views.panels.drawn import Drawn
from views.shared import data, page, url
from views.words.looks import Look
from views.words.numbers import amount, between, day, interval, number, rows
from views.words.sentences import best_action, counts, in_short, noted, ranked_by, unsafe, worse

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


@dataclass(frozen=True)
class Worst:
    """The list: what it is sorted by, in words, and its places."""

    about: str
    entries: tuple[Entry, ...]


def worst(drawn: Drawn, *, finest: int) -> Worst:
    """The places that hurt most: the ranked ones, else hexagons of the layer that is drawn.

    `finest`: the finest H3 level of the layer.
    """
    places = data.answer("worst_places", top=_TOP)
    return _ranked(places) if len(places) else _worst_hexes(drawn, finest)


def _ranked(places: pd.DataFrame) -> Worst:
    first, (name, by) = places.iloc[0], ranked_by(places)
    if not data.answer("counts")["n_cells"].iloc[0]:
        by = f"reported {by}"
    # what is avoided is held against each cell's own past, not against the network
    above = name == "drops_excess_month"
    normal = f", normal being {number(first['normal_rate'], 'share')}" if above else ""
    about = (
        f"{_KINDS[first['place_type']]} by {by}"
        f"{normal}, with 90 % intervals; "
        f"{day(first['period_start'])} to {day(first['period_end'])}"
    )
    return Worst(about, tuple(_place(place, name) for _, place in places.iterrows()))


def _place(place: pd.Series, by: str) -> Entry:
    # a hexagon's name tells a person nothing; its region does
    is_hex, region = place["place_type"] == "hex", place["region"]
    region = region if is_hex and isinstance(region, str) else ""
    name = "  ".join(x for x in (str(place["rank"]), region, str(place["place_name"])) if x)
    value = amount(place[by]) if pd.notna(place[by]) else ""
    return Entry(
        name, in_short(place), _shown(place), value, between(place, by), noted(place),
        unsafe(place).strip(), best_action(place),
    )  # fmt: skip


def _shown(place: pd.Series) -> str | None:
    """The hexagon that the map shows for a place; None = no position is known."""
    return place["shown_hex_text"] if isinstance(place["shown_hex_text"], str) else None


def _worst_hexes(drawn: Drawn, level: int) -> Worst:
    look = drawn.layer.look
    hexes = data.answer("worst_hexes", **drawn.asked, level=level, bad=look.bad, top=_TOP)
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
    return Worst(f"Hexagons by {look.title.lower()}, surely {surely} the rest", entries)


def _counted(look: Look, place: Any) -> str:
    parts = (counts(look, place.numerator, place.denominator),
             worse(look, place.p_worse, place.target))  # fmt: skip
    return " · ".join(part for part in parts if part)


def listed(places: Worst) -> None:
    """Draws the list; each place is a button that moves the map there.

    `places`: what it is ranked by, and its entries; one without a position can't be clicked.
    """
    st.markdown("##### Where to look first")
    st.caption(places.about)
    for entry in places.entries:
        _entry(entry)


def _entry(entry: Entry) -> None:
    is_placed = entry.hex_text is not None
    with st.container(gap=None):
        with st.container(horizontal=True, horizontal_alignment="distribute",
                          vertical_alignment="center", gap="small"):  # fmt: skip
            st.button(f"**{page.plain(entry.name)}**", key=f"place {entry.name}", type="tertiary",
                      on_click=url.go_to, args=[entry.hex_text], disabled=not is_placed,
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
