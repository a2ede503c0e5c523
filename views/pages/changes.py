"""Dated changes: when which cell's or hexagon's drops changed, by how much, what load did."""

from typing import Any

import pandas as pd
import streamlit as st

from ingest.warehouse.acknowledgements import Subject
from views.drawing import charts
from views.panels import acknowledging, delivered, kpi_changes
from views.shared import data, filters, pickers, url
from views.shared.heading import head
from views.shared.page import picture, plain, run_facts
from views.words.numbers import between, day, interval, number, rows, sure
from views.words.sentences import DUE_TO, change, noted, place, when

_MOST = 500
_DIRECTIONS = {"both": "both", "worse": "worse", "better": "better"}
_WAYS = {"both": None, "worse": "up", "better": "down"}


def page() -> None:
    """Draws the page: filters, the changes by date, the table, and one cell's history."""
    facts = run_facts()
    head(facts, "Dated changes of drop rate, place by place", filtered=True)
    filters.caption("Shown are changes of such cells; of hexagons, whose cells are not known, none")
    if data.answer("change_points", top=1).empty:
        st.info("No dated change. It takes counters with call attempts and dropped calls, or "
                "positioned calls with times, of at least some weeks; a quiet network has none "
                "either.")  # fmt: skip
        delivered.panel(facts["timezone"])
        kpi_changes.listed(facts["timezone"])
        return
    changes = _filtered()
    if changes.empty:
        st.info("No change matches. Choose an earlier day or both directions.")
        return
    if len(changes) == _MOST:
        st.caption(f"The {_MOST} with most drops more or fewer are shown.")
    picture(charts.timeline, changes, timezone=facts["timezone"])
    left, right = st.columns([0.66, 0.34], gap="medium")
    with left:
        row = _table(changes, facts["timezone"])
    with right:
        _history(changes.iloc[row], facts["timezone"])
    _sums()
    delivered.panel(facts["timezone"])
    kpi_changes.listed(facts["timezone"])


def _filtered() -> pd.DataFrame:
    since_box, direction_box, text_box, _ = st.columns([0.18, 0.3, 0.22, 0.3])
    with since_box:
        since = pickers.since("Since", param="since")
    with direction_box:
        direction = pickers.segments("Direction", _DIRECTIONS, param="direction")
    with text_box:
        text = pickers.text("Cell, hexagon, site or region", param="like",
                            placeholder="part of its name")  # fmt: skip
    changes = data.answer("change_points", since=since, direction=_WAYS[direction], top=_MOST,
                          **filters.chosen())  # fmt: skip
    names = changes[["cell_id", "hex_text", "site_id", "region"]].fillna("").agg(" ".join, axis=1)
    return changes[names.str.contains(text.strip(), case=False, regex=False)]


def _table(changes: pd.DataFrame, timezone: str) -> int:
    number_column, text = st.column_config.NumberColumn, st.column_config.TextColumn
    ids = changes["change_id"].tolist()
    key = pickers.key_of("changes", ids)
    event = st.dataframe(
        changes.assign(
            when=[when(row, timezone) for row in rows(changes)],
            place=[place(row) for row in rows(changes)],
            likely=[interval(low, high, "ratio") for low, high in zip(
                changes["ratio_lo"], changes["ratio_hi"], strict=True)],
            drops_excess=changes["drops_excess"].round(),
            noted=[noted(row) for row in rows(changes)],
            excess_likely=[between(row, "drops_excess") for row in changes.to_dict("records")],
            attribution=changes["attribution"].map(DUE_TO),
            load_part=[_part(row) for row in rows(changes)],
            p_load=changes["p_load"].map(sure),
        ),
        hide_index=True, height=430 if len(changes) > 11 else "content", placeholder="",
        on_select="rerun", selection_mode="single-row",
        key=key, selection_default=pickers.first_choice(key, ids, param="change"),
        column_order=["when", "place", "ratio", "likely", "attribution", "load_part",
                      "drops_excess", "excess_likely", "prb_before_pct", "prb_after_pct", "p_load",
                      "region", "intervention_id", "noted"],
        column_config={
            "when": text("since (90 % interval)", width=165),
            "place": text("place", width=78),
            "ratio": number_column("times", format="×%.2f", width=55),
            "likely": text("90 % interval", width=98),
            "drops_excess": number_column("drops since", format="localized", width=78,
                                          help="Dropped calls more (or fewer) than without "
                                          "the change, until the next change or the end"),
            "prb_before_pct": number_column("PRB before", format="%.0f %%"),
            "prb_after_pct": number_column("PRB after", format="%.0f %%"),
            "excess_likely": text("90 % interval", width=128),
            "attribution": text("due to", width=98),
            "load_part": text("load's part", width=100, help="Per cent of the change that load "
                              "explains, and its 90 % interval"),
            "p_load": text("p(load)",
                           help="Probability that load is the larger part"),
            "intervention_id": "intervention",
            "noted": "acknowledged",
        },
    )  # fmt: skip
    return pickers.choice(event, ids, param="change") or 0


def _sums() -> None:
    """What all changes came to, by any kind of place."""
    kinds = {"sites": "site", "sectors": "sector", "cells": "cell", "hexagons": "hex",
             "regions": "region", "the network": "network"}  # fmt: skip
    st.markdown("##### What the changes come to")
    kind_box, since_box, _ = st.columns([0.5, 0.2, 0.3])
    with kind_box:
        kind = pickers.segments("Added up by", {name: name for name in kinds}, param="by")
    with since_box:
        since = pickers.since("Changes since", param="summed_since")
    sums = data.answer("drops_by_attribution", place_type=kinds[kind], since=since, top=_MOST)
    if sums.empty:
        st.info("No change of a cell here. Sites, sectors, hexagons and regions take an inventory.")
        return
    # a sum of nothing is 0, not -0
    amounts = sums.columns[sums.columns.str.startswith("drops")]
    sums = sums.assign(**(sums[amounts].round() + 0))
    for name in ("drops", "drops_load", "drops_other"):
        sums[f"{name}_likely"] = [between(row, name) for row in sums.to_dict("records")]
    st.caption(
        "Of changes that were found. On planted networks the intervals held 90 to 95 % of "
        "sites and regions, under heavy noise 87 to 92 % (docs/accuracy/sums.md)."
    )
    number_column = st.column_config.NumberColumn
    st.dataframe(
        sums,
        hide_index=True, height=430 if len(sums) > 11 else "content", placeholder="",
        column_order=["place", "n_changes", "drops", "drops_likely", "drops_load",
                      "drops_load_likely", "drops_other", "drops_other_likely", "drops_untested"],
        column_config={
            "n_changes": "changes",
            "drops": number_column("drops more", format="localized", help="Dropped calls more (or "
                                   "fewer) than without any of each cell's changes"),
            "drops_likely": "90 % interval",
            "drops_load": number_column("due to load", format="localized"),
            "drops_load_likely": "90 % interval of it",
            "drops_other": number_column("due to the rest", format="localized"),
            "drops_other_likely": "90 % interval of that",
            "drops_untested": number_column("not tested", format="localized", help="By changes of "
                                            "which load was not known by the hour; not in the "
                                            "others"),
        },
    )  # fmt: skip


def _part(row: Any) -> str:
    if pd.isna(row.load_share):
        return ""
    # a share of nothing is 0, not -0
    low, high = 100 * row.load_share_lo + 0.0, 100 * row.load_share_hi + 0.0
    return f"{number(row.load_share, 'part')} ({low:.0f} to {high:.0f})"


def _history(row: Any, timezone: str) -> None:
    with st.container(horizontal=True, horizontal_alignment="distribute"):
        st.markdown(f"##### {plain(place(row))}", width="content")
        if st.button("All about it", type="tertiary", icon=":material/article:"):
            url.open_place(_ranked(row) or url.PlaceKey("hex", str(row["hex_text"])))
        if isinstance(row["hex_text"], str) and st.button("Show on the map", type="tertiary"):
            url.open_map(row["hex_text"], _ranked(row))
    acknowledging.panel(Subject("change", str(row["change_id"])), timezone)
    where = "cell_id" if row["place_type"] == "cell" else "hex_text"
    changes = data.answer("change_points", top=_MOST)
    alike = changes[changes["place_type"] == row["place_type"]]
    mine = alike[alike[where] == row[where]].sort_values("change_utc")
    if where == "cell_id":
        _pictures(row, mine, timezone)
        kpi_changes.of_drops(row["change_id"], row["cell_id"], timezone)
    for each in rows(mine):
        st.markdown(f"- {plain(change(each, timezone))}")
    if isinstance(row["attribution_note"], str) and row["attribution_note"]:
        st.caption(plain(row["attribution_note"]))
    if isinstance(row["unsafe_reason"], str) and row["unsafe_reason"]:
        st.warning(f"Not to be trusted: {plain(row['unsafe_reason'])}")


def _ranked(row: Any) -> url.PlaceKey | None:
    """The cell of a change as the list has it; None where the change is a hexagon's."""
    return url.PlaceKey("cell", row["cell_id"]) if row["place_type"] == "cell" else None


def _pictures(row: Any, mine: pd.DataFrame, timezone: str) -> None:
    """A cell's days with its changes; a hexagon's days of calls are persons' and don't leave."""
    days = data.answer("cell_history", cell_id=row["cell_id"])
    picture(charts.history, days, mine, timezone=timezone)
    parts_by_day = data.answer("change_days", change_id=row["change_id"])
    if len(parts_by_day):
        curve = data.answer("change_curves", change_id=row["change_id"])
        picture(charts.attributed, parts_by_day, curve, row, timezone=timezone)
    names = data.answer("cell_names", cell_id=row["cell_id"])
    for old in rows(names[names["name"] != row["cell_id"]].dropna(subset=["valid_to"])):
        st.caption(f"Known as {plain(str(old.name))} until {day(old.valid_to)}.")
