"""The list of places that hurt most, with the reason for each."""

from typing import Any

import pandas as pd
import streamlit as st

from ingest.acknowledgements import Subject
from views import acknowledging, data, parts
from views.legend import day, interval, noted, number, rows

_KINDS = {"site": "Sites", "hex": "Hexagons", "cell": "Cells", "region": "Regions"}
_KEYS = {"site": "site_id", "hex": "hex_text", "cell": "cell_id", "region": "region"}


def page() -> None:
    """Draws the page: which kind of place, the ranked list, the chosen place's reason."""
    facts = parts.run_facts()
    parts.head(facts, "Places to look at first, and why")
    lists = {kind: data.answer("worst_places", place_type=kind, top=200) for kind in _KINDS}
    kinds = [kind for kind, places in lists.items() if len(places)]
    if not kinds:
        st.info("No ranked list: it needs counters with call attempts and dropped calls. The map "
                "shows what the other sources tell.")  # fmt: skip
        return
    kind = _kind(kinds)
    places = lists[kind]
    _about(places.iloc[0], len(places))
    chosen = _table(places)
    if chosen is not None:
        _chosen(places.iloc[chosen], int(facts["level"]))
        acknowledging.panel(_subject(places.iloc[chosen]), facts["timezone"])
    if kind == "region":
        _months()


def _kind(kinds: list[str]) -> str:
    if len(kinds) == 1:
        return kinds[0]
    picked = st.segmented_control("Kind of place", kinds, format_func=_KINDS.__getitem__,
                                  default=kinds[0], label_visibility="collapsed")  # fmt: skip
    return picked or kinds[0]


def _about(first: pd.Series, n: int) -> None:
    st.caption(
        f"{n} places by calls dropped above the network's normal rate of "
        f"{number(first['normal_rate'], 'share')}, per 30 days; {day(first['period_start'])} to "
        f"{day(first['period_end'])}. Select a row to read it in full and see it on the map."
    )


def _table(places: pd.DataFrame) -> int | None:
    number_column = st.column_config.NumberColumn
    most = float(places["drops_excess_month"].max())
    event = st.dataframe(
        places.assign(
            drop_rate=100 * places["drop_rate"],
            drops_excess_month=places["drops_excess_month"].round(),
            likely=[interval(low, high, "count") for low, high in zip(
                places["drops_excess_month_lo"], places["drops_excess_month_hi"], strict=True)],
            noted=[noted(row) for row in rows(places)],
        ),
        hide_index=True, height=620 if len(places) > 9 else "content", placeholder="",
        row_height=64,  # more than four times the text: from there on a long text is wrapped
        on_select="rerun", selection_mode="single-row", key="places",
        column_order=[
            "rank", "place_name", "region", "drops_excess_month", "likely", "reason", "noted",
            "drop_rate", "prb_dl_util_bh_pct", "complainants", "nps"],
        column_config={
            "rank": st.column_config.NumberColumn("#", width=45),
            "place_name": "place",
            "drops_excess_month": st.column_config.ProgressColumn(
                "excess drops a month", width=165, format="localized", min_value=0,
                max_value=max(most, 1.0)),
            "likely": "90 % interval",
            "drop_rate": number_column("drop rate", format="%.2f %%"),
            "prb_dl_util_bh_pct": number_column("PRB, busy hour", format="%.0f %%"),
            "complainants": st.column_config.TextColumn(
                "complainants", help="Distinct complainants in the newest month; fewer than five "
                "are not counted out"),
            "nps": number_column("NPS", format="%+.0f"),
            "reason": st.column_config.TextColumn("reason", width=430),
            "noted": st.column_config.TextColumn("acknowledged", width=150),
        },
    )  # fmt: skip
    picked = event["selection"]["rows"]
    return int(picked[0]) if picked else None


def _chosen(place: Any, level: int) -> None:
    with st.container(horizontal=True, vertical_alignment="center", border=True):
        name, reason = (parts.plain(str(place[column])) for column in ("place_name", "reason"))
        st.markdown(f"**{name}**: {reason}", width="stretch")
        hex_text = parts.hex_of(place, level)
        if hex_text and st.button("Show on the map", type="primary"):
            parts.open_map(hex_text)


def _subject(place: Any) -> Subject:
    kind = str(place["place_type"])
    return Subject(kind, str(place[_KEYS[kind]]))


def _months() -> None:
    """Drop rate of each region, month by month: the newest months as columns."""
    rates = data.answer("region_rates", metric="drop_rate")
    rates = rates.assign(
        region=rates["region"].replace("", "outside all regions"),
        month=pd.to_datetime(rates["period_start"]).dt.strftime("%Y-%m"),
        told=[f"{number(row.value, 'share')} ({interval(row.value_lo, row.value_hi, 'share')})"
              for row in rows(rates)],
    )  # fmt: skip
    if len(rates):
        st.markdown("**Drop rate by month**, with 90 % intervals")
        st.caption("They tell the network's own scatter, not how far footprints are off.")
        table = rates.set_index(["region", "month"])["told"].unstack()  # noqa: PD010  text has no mean
        st.dataframe(table.iloc[:, ::-1].iloc[:, :6], height="content")
