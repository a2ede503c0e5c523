"""One place on a page of its own: what to tell a customer, its figures, and all that is known."""

from typing import Any

import pandas as pd
import streamlit as st

from ingest.warehouse.acknowledgements import Subject
from views.drawing import charts
from views.panels import acknowledging, around, capacity, evidence
from views.panels.place import found
from views.shared import data, filters, link, url
from views.shared.heading import head
from views.shared.page import picture, plain, run_facts
from views.words.care import care_card, near
from views.words.looks import LOOKS
from views.words.numbers import amount, between, interval, number, period, rows
from views.words.sentences import best_action, change, in_short, unsafe

_KINDS = {"cell": "Cell", "sector": "Sector", "site": "Site", "hex": "Hexagon", "region": "Region"}
_MOST = 6


def page() -> None:
    """Draws the page: the care card, figures, cells, changes, actions, customers, neighbours."""
    facts = run_facts()
    head(facts, "One place: what is known of it, and what to tell a customer there")
    key = url.named_place()
    cards = data.answer("place_card", place_type=key.kind, place_id=key.id) if key else None
    if key is None or cards is None or cards.empty:
        st.info("No such place. Find one by its name above, or choose one on the map or in a list.")
        return
    card = cards.iloc[0]
    ranked = found(key) if key.kind in url.KEYS else None
    changes = data.answer("place_changes", place_type=key.kind, place_id=key.id)
    done = data.answer("place_interventions", place_type=key.kind, place_id=key.id)
    parts = data.answer("place_parts", place_type=key.kind, place_id=key.id)
    _name(key, card, ranked)
    left, right = st.columns([0.5, 0.5], gap="large")
    with left:
        _card(ranked, _spoken_of(changes, parts), done, facts)
        _figures(key)
        _avoidable(ranked, parts)
        _changes(changes, str(facts["timezone"]))
    with right:
        _noted(key, facts)
        around.interventions(done)
        around.actions(key)
        around.customers(key)
        capacity.panel(key.kind, key.id)
        around.neighbours(key, card)
        around.quality(key)


def _noted(key: url.PlaceKey, facts: pd.Series) -> None:
    """Who looks after the place; sectors are in no list, so nobody is noted for one."""
    if key.kind in url.KEYS:
        acknowledging.panel(Subject(key.kind, key.id), str(facts["timezone"]))


def _name(key: url.PlaceKey, card: pd.Series, ranked: pd.Series | None) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"### {plain(_called(key, card))}", width="content")
        hex_text = ranked["shown_hex_text"] if ranked is not None else None
        if isinstance(hex_text, str) and st.button("Show on the map", type="tertiary"):
            url.open_map(hex_text, key)
        link.print_button()
    parts = [_KINDS[key.kind], _inside(key, card)]
    n_cells = int(card["n_cells"])
    if n_cells:
        parts.append(f"{n_cells} cell{'s' * (n_cells > 1)}")
    parts += [
        filters.written(card[name])
        for name in ("technologies", "bands", "vendors", "cell_types")
        if isinstance(card[name], str)
    ]
    if pd.notna(card["azimuth_deg"]):
        parts.append(f"facing {card['azimuth_deg']:.0f} degrees")
    st.caption(plain(" · ".join(filter(None, parts))))


def _called(key: url.PlaceKey, card: pd.Series) -> str:
    """A place's name; a hexagon has none, and is called by the site next to it."""
    if key.kind != "hex" or pd.isna(card["lat"]):
        return str(card["place_name"])
    sites = data.answer("nearest_sites", lat=float(card["lat"]), lon=float(card["lon"]), top=1)
    if sites.empty:
        return str(card["place_name"])
    site = sites.iloc[0]
    text = near(site["site_name"], site["distance_km"], site["bearing_deg"])
    return f"{text[0].upper()}{text[1:]}"


def _inside(key: url.PlaceKey, card: pd.Series) -> str:
    region = card["region"]
    return str(region) if isinstance(region, str) and key.kind != "region" else ""


def _spoken_of(changes: pd.DataFrame, parts: pd.DataFrame) -> pd.DataFrame:
    """Rises in force that make up most of what is avoidable; of a place in no list, all of them."""
    rises = changes[changes["in_force"].astype(bool) & (changes["direction"] == "up")]
    if parts.empty:
        return rises
    return rises[rises["change_id"].isin(parts["change_id"])]


def _card(
    ranked: pd.Series | None, rises: pd.DataFrame, done: pd.DataFrame, facts: pd.Series
) -> None:
    today = pd.Timestamp(facts["as_of_utc"]).tz_convert(str(facts["timezone"]))
    with st.container(border=True):
        st.markdown("**What to tell a customer here**")
        lines = care_card(ranked, rises, done, today=today)
        st.markdown("\n".join(f"- **{name}**: {plain(text)}" for name, text in lines))


def _figures(key: url.PlaceKey) -> None:
    months = data.answer("place_months", place_type=key.kind, place_id=key.id)
    st.markdown("**Calls dropped**, with 90 % intervals")
    if months.empty:
        st.caption("No drop rate is known here.")
        return
    st.dataframe(
        pd.DataFrame([_month(name, row) for name, row in _compared(months)]),
        hide_index=True,
        height="content",
    )
    whole = months.rename(
        columns={
            "drop_rate": "value",
            "drop_rate_lo": "value_lo",
            "drop_rate_hi": "value_hi",
            "dropped_calls": "numerator",
            "call_attempts": "denominator",
        }
    ).assign(metric="drop_rate", value_raw=float("nan"))
    picture(charts.months, whole, LOOKS["drop_rate"])


def _compared(months: pd.DataFrame) -> list[tuple[str, Any]]:
    """The newest month, the newest whole ones, and the same month a year before."""
    whole = months[months["is_whole"].astype(bool)]
    chosen = [("newest month, in part", months.iloc[-1])] if not months["is_whole"].iloc[-1] else []
    chosen += [
        (name, row)
        for name, (_, row) in zip(
            ("newest whole month", "the month before"), whole[::-1].iterrows(), strict=False
        )
    ]
    if len(whole):
        before = pd.Timestamp(whole["period_start"].iloc[-1]) - pd.DateOffset(years=1)
        same = whole[pd.to_datetime(whole["period_start"]) == before]
        chosen += [("the same month last year", row) for _, row in same.iterrows()]
    return chosen


def _month(name: str, row: Any) -> dict[str, str]:
    return {
        "": name,
        "month": period("month", row["period_start"], row["period_end"]),
        "drop rate": number(row["drop_rate"], "share"),
        "90 % interval": interval(row["drop_rate_lo"], row["drop_rate_hi"], "share"),
        "whole network": number(row["network_rate"], "share"),
        "counted": f"{amount(row['dropped_calls'])} of {amount(row['call_attempts'])} calls",
    }


def _avoidable(ranked: pd.Series | None, parts: pd.DataFrame) -> None:
    if ranked is None:
        return
    avoidable = ranked["drops_avoidable_month"]
    if pd.notna(avoidable):
        st.markdown(
            f"**{amount(avoidable)}** of its drops a month can be avoided "
            f"({plain(between(ranked, 'drops_avoidable_month'))}, 90 %)"
        )
    for text in (unsafe(ranked), in_short(ranked), best_action(ranked)):
        if text:
            st.caption(plain(text))
    evidence.parts_table(parts)


def _changes(changes: pd.DataFrame, timezone: str) -> None:
    st.markdown("**Dated changes**, newest first")
    if changes.empty:
        st.caption("None is dated in its cells.")
        return
    texts = [f"- {plain(change(row, timezone))}" for row in rows(changes)]
    st.markdown("\n".join(texts[:_MOST]))
    if more := texts[_MOST:]:
        with st.expander(f"{len(more)} more"):
            st.markdown("\n".join(more))
