"""The list of places where action helps most, with the evidence for each."""

from typing import Any

import pandas as pd
import streamlit as st

from ingest.warehouse.acknowledgements import Subject
from views.panels import acknowledging, evidence
from views.shared import data, pickers, url
from views.shared.page import head, plain, run_facts
from views.words import sentences
from views.words.numbers import between, day, interval, number, rows, sure
from views.words.sentences import action_name, in_full, in_short, noted, ranked_by, unsafe

# what a planner decides by stands first: where, how much, how sure, why, what to do, at what cost
_ORDER = ["rank", "place", "amount", "likely", "p_top20", "why", "best_action", "cost_amount",
          "per_cost", "action_reach", "noted", "ranks", "simple_rank", "drop_rate",
          "prb_dl_util_bh_pct", "complainants", "nps"]  # fmt: skip
_COUNTED = {
    "Dropped calls": ("drops_avoidable_month", {"per_drop": 1.0}),
    "Complainants": ("complainants_avoided", {"per_drop": 0.0, "per_complainant": 1.0}),
    "Detractors": ("detractors_avoided", {"per_drop": 0.0, "per_detractor": 1.0}),
}
"""What is counted: its column, and the weights that worst_places ranks by."""
_BY = {
    "Dropped calls": ("fewer a month", ""),
    "Complainants": ("complainants fewer a month", "complainants a month that follow from the "
                     "dropped calls avoided (provisional)"),
    # who answers 0 to 6 is a state, not an event: so many fewer at any time
    "Detractors": ("detractors fewer", "subscribers who would answer 0 to 6 no more, as follows "
                   "from the dropped calls avoided (provisional)"),
}  # fmt: skip
"""What is counted: the head of its column, and what the list is then ranked by."""
_RANKED = {"Most benefit": False, "Most benefit for its cost": True}
_SURE = ("rank_lo", "rank_hi", "p_top20")
_KINDS = {"site": "Sites", "hex": "Hexagons", "cell": "Cells", "region": "Regions"}
_KEYS = {"site": "site_id", "hex": "hex_text", "cell": "cell_id", "region": "region"}


def page() -> None:
    """Draws the page: which kind of place, the ranked list, the chosen place's evidence."""
    facts = run_facts()
    head(facts, "Where action helps most, and why")
    lists = {kind: data.answer("worst_places", place_type=kind, top=200) for kind in _KINDS}
    kinds = [kind for kind, places in lists.items() if len(places)]
    if not kinds:
        st.info("No ranked list: it needs counters with call attempts and dropped calls. The map "
                "shows what the other sources hold.")  # fmt: skip
        return
    with st.container(horizontal=True):
        kind = _kind(kinds)
        counted = _counted(lists[kind])
        per_cost = _per_cost(lists[kind])
    places = data.answer(
        "worst_places", place_type=kind, top=200, per_cost=per_cost, **_COUNTED[counted][1]
    )
    _about(places, counted, per_cost=per_cost)
    ranks = {name: places[f"cost_{name}"] for name in _SURE} if per_cost else {}
    chosen = _table(places.assign(**ranks), counted)
    if chosen is not None:
        _chosen(places.iloc[chosen])
        evidence.show(places.iloc[chosen], kind, facts)
        acknowledging.panel(_subject(places.iloc[chosen]), facts["timezone"])
    if kind == "region":
        _months()


def _kind(kinds: list[str]) -> str:
    if len(kinds) == 1:
        return kinds[0]
    picked = st.segmented_control("Kind of place", kinds, format_func=_KINDS.__getitem__,
                                  default=kinds[0], label_visibility="collapsed")  # fmt: skip
    return picked or kinds[0]


def _counted(places: pd.DataFrame) -> str:
    """What counts: dropped calls, or the persons that follow from them where those are known."""
    offered = [what for what, (column, _) in _COUNTED.items() if (places[column] > 0).any()]
    if len(offered) < 2:
        return "Dropped calls"
    picked = st.segmented_control("What counts", offered, default=offered[0],
                                  label_visibility="collapsed")  # fmt: skip
    return picked or offered[0]


def _per_cost(places: pd.DataFrame) -> bool:
    """Whether places stand by benefit per cost; asked only where actions have costs."""
    if places["action"].isna().all():
        return False
    picked = st.segmented_control("Order", list(_RANKED), default=next(iter(_RANKED)),
                                  label_visibility="collapsed")  # fmt: skip
    return _RANKED.get(picked or "", False)


def _about(places: pd.DataFrame, counted: str, *, per_cost: bool) -> None:
    first = places.iloc[0]
    cost = " for each unit of cost" if per_cost else ""
    st.caption(
        f"{len(places)} places by {_BY[counted][1] or ranked_by(places)[1]}{cost}, with 90 % "
        "intervals, a month being 30 days; "
        f"{day(first['period_start'])} to {day(first['period_end'])}. "
        "Choose a row to see why, from the counts and files on."
    )
    if places["costs_invented"].eq(other=True).any():
        st.caption(":orange[The costs are invented placeholders of the packaged catalogue, no "
                   "prices: name your own in `[plan] catalogue`.]")  # fmt: skip


def _table(places: pd.DataFrame, counted: str) -> int | None:
    name, _ = ranked_by(places)
    what = _BY[counted][0] if name == "benefit_month" else "excess drops a month"
    unknown = [column for column in ("p_top20", "complainants", "nps")
               if places[column].isna().all()]  # fmt: skip
    if places["action"].isna().all():
        unknown += ["best_action", "cost_amount", "per_cost", "action_reach"]
    if places["ack_status"].isna().all():
        unknown += ["noted"]
    event = st.dataframe(
        places.assign(
            drop_rate=100 * places["drop_rate"],
            noted=[noted(row) for row in rows(places)],
            place=[_where(place) for place in places.to_dict("records")],
            amount=places[name].round(),
            likely=[between(place, name) for place in places.to_dict("records")],
            ranks=[_span(*ends) for ends in zip(places["rank_lo"], places["rank_hi"], strict=True)],
            p_top20=places["p_top20"].map(sure),
            best_action=[_action(place) for place in places.to_dict("records")],
            per_cost=[sentences.per_cost(place) for place in places.to_dict("records")],
            action_reach=100 * places["action_reach"],
            why=[unsafe(place) + in_short(place) for place in places.to_dict("records")],
        ),
        hide_index=True, height=620 if len(places) > 9 else "content", placeholder="",
        row_height=92,  # more than four times the text: from there on a long text is wrapped
        on_select="rerun", selection_mode="single-row",
        key=pickers.key_of("places", places["place_name"]),
        column_order=[column for column in _ORDER if column not in unknown],
        column_config=_columns(what, float(places[name].max()),
                               ", ".join(places["cost_currency"].dropna().unique())),
    )  # fmt: skip
    picked = event["selection"]["rows"]
    return int(picked[0]) if picked else None


def _where(place: Any) -> str:
    """A place's name, and its region where the name does not hold it."""
    name, region = str(place["place_name"]), place["region"]
    return f"{name}, {region}" if isinstance(region, str) and region not in name else name


def _span(low: Any, high: Any) -> str:
    if pd.isna(low):
        return ""
    return f"{low:.0f}" if low == high else f"{low:.0f}–{high:.0f}"


def _action(place: Any) -> str:
    """The action named beside a place and where it is taken, or why there is none."""
    if isinstance(place["action"], str):
        return f"{action_name(place['action'])} at {place['action_at']}"
    return place["no_action_reason"] if isinstance(place["no_action_reason"], str) else ""


def _columns(what: str, most: float, currency: str) -> dict[str, Any]:
    number_column, text = st.column_config.NumberColumn, st.column_config.TextColumn
    return {
        "rank": number_column("#", width=40),
        "place": text("place", width=115),
        "amount": st.column_config.ProgressColumn(
            what, width=120, format="localized", min_value=0,
            max_value=max(most, 1.0)),
        "likely": text("90 % interval", width=110),
        "p_top20": text("in first 20", width=78, help="How sure it is to be among the first 20"),
        "why": text("why", width=400),
        "best_action": text("best for its cost", width=150, help="The action of the catalogue that "
                     "avoids most drops there for its cost, of those that reach enough of them"),
        "cost_amount": number_column("cost", format="localized", width=55, help=currency),
        "per_cost": text("drops per cost", width=120, help="Dropped calls a month fewer for each "
                         "unit of the action's cost, and the 90 % interval"),
        "action_reach": number_column("reaches", format="%.0f %%", width=65, help="Share of the "
                                      "avoidable drops there that this action avoids"),
        "noted": text("acknowledged", width=150),
        "ranks": text("rank, 90 %", help="By avoidable drops, or those for each unit of "
                      "cost, whatever counts here"),
        "simple_rank": number_column("simple rank", help="By drops above the network's normal "
                                     "rate: where most calls drop, avoidable or not"),
        "drop_rate": number_column("drop rate", format="%.2f %%"),
        "prb_dl_util_bh_pct": number_column("PRB, busy hour", format="%.0f %%"),
        "complainants": text("complainants", help="Distinct complainants in the newest month; "
                             "fewer than five are not counted out"),
        "nps": number_column("NPS", format="%+.0f"),
    }  # fmt: skip


def _chosen(place: Any) -> None:
    with st.container(horizontal=True, vertical_alignment="center", border=True):
        doubt = f":red[{plain(unsafe(place))}]" if unsafe(place) else ""
        name, text = plain(str(place["place_name"])), plain(in_full(place))
        st.markdown(f"**{name}**: {doubt}{text}", width="stretch")
        hex_text = place["shown_hex_text"]
        if isinstance(hex_text, str) and st.button("Show on the map", type="primary"):
            url.open_map(hex_text)


def _subject(place: Any) -> Subject:
    kind = str(place["place_type"])
    return Subject(kind, str(place[_KEYS[kind]]))


def _months() -> None:
    """Drop rate of each region, month by month: the newest months as columns."""
    rates = data.answer("region_rates", metric="drop_rate")
    rates = rates.assign(
        region=rates["region"].replace("", "outside all regions"),
        month=pd.to_datetime(rates["period_start"]).dt.strftime("%Y-%m"),
        said=[f"{number(row.value, 'share')} ({interval(row.value_lo, row.value_hi, 'share')})"
              for row in rows(rates)],
    )  # fmt: skip
    if len(rates):
        st.markdown("**Drop rate by month**, with 90 % intervals")
        st.caption("They hold the network's own scatter, not how far footprints are off.")
        table = rates.set_index(["region", "month"])["said"].unstack()  # noqa: PD010  text has no mean
        st.dataframe(table.iloc[:, ::-1].iloc[:, :6], height="content")
