"""One ranked place's story beside the map: the figure of the list, its cells, what to do."""

from typing import Any
from urllib.parse import quote

import pandas as pd
import streamlit as st

from ingest.warehouse.acknowledgements import Subject
from views.drawing import charts
from views.panels import acknowledging, capacity
from views.shared import data, page, url
from views.shared.url import PlaceKey
from views.words import effected
from views.words.numbers import amount, between, day, rows
from views.words.sentences import (
    among_first,
    best_action,
    in_short,
    ranked_by,
    title,
    unsafe,
)

_PICTURED, _LEAST = 3, 0.005
_DONE = 3
"""Works of a place that are named, the newest."""


def found(chosen: PlaceKey) -> pd.Series | None:
    """The place as the list has it, a row of worst_places; None where no list has it.

    `chosen`: its kind and its key.
    """
    places = data.answer("worst_places", place_type=chosen.kind, place_id=chosen.id)
    return places.iloc[0] if len(places) else None


def story(chosen: PlaceKey, place: pd.Series, facts: pd.Series) -> None:
    """Draws what is known of one place of the list: the same name and figure as there.

    `chosen`: its kind and its key. `place`: its row of worst_places. `facts`: of the run, with
    timezone.
    """
    with st.container(horizontal=True, horizontal_alignment="distribute", gap="small"):
        st.markdown(f"##### {page.plain(title(place))}", width="content")
        if st.button("All about it", type="tertiary", icon=":material/article:"):
            url.open_place(chosen)
        st.button("Back to the list", on_click=url.go_to, args=[None], type="tertiary")
    acknowledging.panel(Subject(chosen.kind, chosen.id), facts["timezone"])
    _figure(place)
    if text := unsafe(place).strip():
        st.caption(f":red[{page.plain(text)}]")
    st.markdown(page.plain(in_short(place)))
    for text in (best_action(place), among_first(place)):
        if text:
            st.caption(page.plain(f"{text[0].upper()}{text[1:]}"))
    capacity.panel(chosen.kind, chosen.id)
    _done(chosen, place)
    _cells(chosen, str(facts["timezone"]))
    _hexagon(place)


def _figure(place: pd.Series) -> None:
    name, by = ranked_by(place.to_frame().T, reported=not data.has_counters())
    value = amount(place[name]) if pd.notna(place[name]) else "not known"
    st.markdown(f":orange[**{page.plain(value)}**] :gray[{page.plain(between(place, name))}] "
                f"{page.plain(by)}")  # fmt: skip
    st.caption(f"{day(place['period_start'])} to {day(place['period_end'])}, with the 90 % "
               "interval; whatever layer and period the map shows.")  # fmt: skip


def _done(chosen: PlaceKey, place: pd.Series) -> None:
    """What was done at a place of the list, and what came of it; nothing where nothing was.

    `chosen`: its kind and its key. `place`: its row of worst_places; of a hexagon what was done at
    its site counts.
    """
    at = {"cell_id": chosen.id} if chosen.kind == "cell" else {"site_id": place["site_id"]}
    if not all(isinstance(each, str) for each in at.values()):
        return
    effects = data.answer("effects", **at)
    if effects.empty:
        return
    st.markdown("**What was done here**")
    for row in rows(effects.head(_DONE)):
        link = f"[sheet](effects?sheet={quote(f'{row.sheet_kind}.{row.sheet_id}')})"
        st.caption(f"{page.plain(effected.title(row))}: {page.plain(effected.verdict(row))} {link}")


def _cells(chosen: PlaceKey, timezone: str) -> None:
    """The days of the cells that the text speaks of, each with its own changes and load."""
    parts = data.answer("place_parts", place_type=chosen.kind, place_id=chosen.id)
    changes = data.answer("change_points", top=100_000)
    for part in rows(parts.head(_PICTURED)):
        days = data.answer("cell_history", cell_id=part.cell_id)
        if days.empty:
            continue
        st.markdown(f"**{page.plain(part.cell_id)}** :gray[{page.plain(_part(part))}]")
        mine = changes[changes["cell_id"] == part.cell_id]
        page.picture(charts.history, days, mine, timezone=timezone)
    if (more := len(parts) - _PICTURED) > 0:
        st.caption(f"{more} more cell{'s' * (more > 1)}: page Places has them all.")


def _part(part: Any) -> str:
    share = f"{_share(part.avoidable_part)} of it" if pd.notna(part.avoidable_part) else ""
    treated = "treated by the action" if part.is_treated else ""
    return ", ".join(filter(None, (share, treated)))


def _share(part: float) -> str:
    return f"{100 * part:.0f} %" if part >= _LEAST else "under 1 %"


def _hexagon(place: pd.Series) -> None:
    """The way to the hexagon that stands for the place on the map, which has figures of its own."""
    hex_text = place["shown_hex_text"]
    if not isinstance(hex_text, str):
        return
    if place["place_type"] != "hex":
        st.caption("The map marks the hexagon in which its worst cell hurts most.")
    st.button("What is known of that hexagon", on_click=url.go_to, args=[hex_text],
              type="tertiary")  # fmt: skip
