"""The list of places where action helps most, with the evidence for each."""

from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from ingest.warehouse.acknowledgements import Subject
from views.panels import acknowledging, evidence
from views.shared import data, filters, pickers, url
from views.shared.heading import head
from views.shared.page import plain, run_facts
from views.words import sentences
from views.words.numbers import between, day, interval, number, period, rows, sure
from views.words.sentences import action_name, in_full, in_short, noted, ranked_by, unsafe

# what a planner decides by stands first: where, how much, how sure, why, what to do, at what cost
_ORDER = ["rank", "place", "amount", "likely", "p_top20", "state", "why", "best_action",
          "cost_amount", "per_cost", "action_reach", "noted", "ranks", "simple_rank", "drop_rate",
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
_ORDERS = {"benefit": "Most benefit", "cost": "Most benefit for its cost"}
_MOST = 200
_LINE, _LETTERS = 18, 66
"""Height of a line of the column of reasons, in pixels, and letters on it."""
_SURE = ("rank_lo", "rank_hi", "p_top20")
_KINDS = {"site": "Sites", "hex": "Hexagons", "cell": "Cells", "region": "Regions"}
_STATES = {"act": "something to do", "high": "high, nothing surely helps", "well": "well"}
_HIDDEN = {
    "p_top20": "how sure it is to be among the first 20, as there are no more than 20 places",
    "complainants": "complainants, as none are released here",
    "nps": "NPS, as none is released here",
    "best_action": "actions, as none is known",
}
"""Columns that are left out where they say nothing, and why, in words."""


def page() -> None:
    """Draws the page: which kind of place, the ranked list, the chosen place's evidence."""
    facts = run_facts()
    head(facts, "Where action helps most, and why", filtered=True)
    filters.caption(
        "Shown are places with at least one such cell; ranks and figures are those of the whole "
        "list and the whole place"
    )
    lists = {kind: data.answer("worst_places", place_type=kind, top=_MOST, every_place=True)
             for kind in _KINDS}  # fmt: skip
    kinds = [kind for kind, places in lists.items() if len(places)]
    if not kinds:
        st.info("No ranked list: it needs counters with call attempts and dropped calls. The map "
                "shows what the other sources hold.")  # fmt: skip
        return
    with st.container(horizontal=True):
        kind = _kind(kinds)
        counted = _counted(lists[kind])
        per_cost = _per_cost(lists[kind])
        every_place = pickers.switch("All places", "all", help="Also those that are well")
    places = data.answer(
        "worst_places", place_type=kind, top=_MOST, per_cost=per_cost, every_place=every_place,
        **_COUNTED[counted][1], **filters.chosen(),
    )  # fmt: skip
    if len(places):
        _about(places, counted, per_cost=per_cost)
    if filters.chosen() and places.empty:
        st.info("The filter lets no such place through.")
    if not filters.chosen():
        _others(kind)
    ranks = {name: places[f"cost_{name}"] for name in _SURE} if per_cost else {}
    chosen = _table(places.assign(**ranks), counted) if len(places) else None
    if chosen is not None:
        _chosen(places.iloc[chosen])
        evidence.show(places.iloc[chosen], kind, facts)
        acknowledging.panel(_subject(places.iloc[chosen]), facts["timezone"])
    if kind == "region":
        _months()


def _kind(kinds: list[str]) -> str:
    if len(kinds) == 1:
        return kinds[0]
    return pickers.segments("Kind of place", {kind: _KINDS[kind] for kind in kinds}, param="kind")


def _counted(places: pd.DataFrame) -> str:
    """What counts: dropped calls, or the persons that follow from them where those are known."""
    offered = [what for what, (column, _) in _COUNTED.items() if (places[column] > 0).any()]
    if len(offered) < 2:
        return "Dropped calls"
    return pickers.segments("What counts", {what: what for what in offered}, param="counted")


def _per_cost(places: pd.DataFrame) -> bool:
    """Whether places stand by benefit per cost; asked only where actions have costs."""
    if places["action"].isna().all():
        return False
    return pickers.segments("Order", _ORDERS, param="order") == "cost"


def _others(kind: str) -> None:
    """What is to be said of the places that are not listed, or of all where none is."""
    if text := sentences.others(data.answer("place_states"), kind):
        st.caption(plain(text))


def _about(places: pd.DataFrame, counted: str, *, per_cost: bool) -> None:
    first = places.iloc[0]
    cost = " for each unit of cost" if per_cost else ""
    n_places = f"{len(places)} place{'s' * (len(places) > 1)}"
    is_counted = data.has_counters()
    by = _BY[counted][1] or ranked_by(places, reported=not is_counted)[1]
    st.caption(
        f"{n_places} by {by}{cost}, with 90 % "
        "intervals, a month being 30 days; "
        f"{day(first['period_start'])} to {day(first['period_end'])}. "
        "Choose a row to see why, from the counts and files on.",
        help=sentences.TYPICAL if is_counted else None,
    )
    if places["costs_invented"].eq(other=True).any():
        st.caption(":orange[The costs are invented placeholders of the packaged catalogue, no "
                   "prices: name your own in `[plan] catalogue`.]")  # fmt: skip


def _table(places: pd.DataFrame, counted: str) -> int | None:
    name, _ = ranked_by(places)
    what = _BY[counted][0] if name == "benefit_month" else "excess drops a month"
    unknown = _unknown(places)
    ids = [_key(place).text for place in places.to_dict("records")]
    key = pickers.key_of("places", ids)
    why = [unsafe(place) + in_short(place) for place in places.to_dict("records")]
    event = st.dataframe(
        places.assign(
            drop_rate=100 * places["drop_rate"],
            noted=[noted(row) for row in rows(places)],
            place=[_where(place) for place in places.to_dict("records")],
            amount=places[name].round(),
            likely=[between(place, name) for place in places.to_dict("records")],
            ranks=[_span(*ends) for ends in zip(places["rank_lo"], places["rank_hi"], strict=True)],
            p_top20=[_in_first(place) for place in places.to_dict("records")],
            state=places["place_state"].map(_STATES),
            best_action=[_action(place) for place in places.to_dict("records")],
            per_cost=[sentences.per_cost(place) for place in places.to_dict("records")],
            action_reach=100 * places["action_reach"],
            why=why,
        ),
        hide_index=True, height=620 if len(places) > 9 else "content", placeholder="",
        row_height=_row_height(max(map(len, why))),
        on_select="rerun", selection_mode="single-row",
        key=key, selection_default=pickers.first_choice(key, ids, param="row"),
        column_order=[column for column in _ORDER if column not in unknown],
        column_config=_columns(what, float(places[name].max()),
                               ", ".join(places["cost_currency"].dropna().unique())),
    )  # fmt: skip
    if left_out := [why for column, why in _HIDDEN.items() if column in unknown]:
        st.caption(f"Not shown: {'; '.join(left_out)}.")
    return pickers.choice(event, ids, param="row")


def _row_height(longest: int) -> int:
    """Height of a row that holds all of a text of so many letters, within reason."""
    # from four times the text on a long text is wrapped
    return int(np.clip(_LINE * np.ceil(longest / _LETTERS) + 20, 92, 200))


def _unknown(places: pd.DataFrame) -> list[str]:
    """Columns of the table that say nothing of any of these places."""
    unknown = [column for column in ("p_top20", "complainants", "nps")
               if places[column].isna().all()]  # fmt: skip
    if places["action"].isna().all():
        unknown += ["best_action", "cost_amount", "per_cost", "action_reach"]
    if places["ack_status"].isna().all():
        unknown += ["noted"]
    if places["place_state"].fillna("act").eq("act").all():
        unknown += ["state"]
    return unknown


def _in_first(place: Any) -> str:
    """How sure a place is to be among the first 20, where some of its drops can be avoided."""
    is_some = place["drops_avoidable_month_lo"] >= sentences.NOTHING
    return sure(place["p_top20"]) if is_some else ""


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
        return f"{action_name(place['action'])}, {sentences.ground(place)}"
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
        "p_top20": text("in first 20", width=78, help="How sure it is to be among the first 20; "
                        "empty where perhaps none of its drops can be avoided"),
        "state": text("state", width=110, help="Whether there is something to do"),
        "why": text("why", width=440),
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
        "simple_rank": number_column("simple rank", help="By drops above a typical cell's "
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
        if st.button("All about it"):
            url.open_place(_key(place))
        hex_text = place["shown_hex_text"]
        if isinstance(hex_text, str) and st.button("Show on the map", type="primary"):
            url.open_map(hex_text, _key(place))


def _key(place: Any) -> url.PlaceKey:
    kind = str(place["place_type"])
    return url.PlaceKey(kind, str(place[url.KEYS[kind]]))


def _subject(place: Any) -> Subject:
    key = _key(place)
    return Subject(key.kind, key.id)


def _months() -> None:
    """Drop rate of each region, month by month: the newest months as columns."""
    rates = data.answer("region_rates", metric="drop_rate")
    rates = rates.assign(
        region=rates["region"].replace("", "outside all regions"),
        month=[period("month", row.period_start, row.period_end) for row in rows(rates)],
        said=[f"{number(row.value, 'share')} ({interval(row.value_lo, row.value_hi, 'share')})"
              for row in rows(rates)],
    )  # fmt: skip
    if len(rates):
        st.markdown("**Drop rate by month**, with 90 % intervals")
        st.caption("They hold the network's own scatter, not how far footprints are off.")
        newest = rates.sort_values("period_start", ascending=False)["month"].unique()[:6]
        table = rates.set_index(["region", "month"])["said"].unstack()  # noqa: PD010  text has no mean
        st.dataframe(table[list(newest)], height="content")
