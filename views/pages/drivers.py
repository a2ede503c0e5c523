"""Drivers: what of the network goes with what customers say, when, and how far to trust it."""

from typing import Any

import pandas as pd
import streamlit as st

from contracts.written import per_cent
from views.drawing import drivers as drawn
from views.shared import data, pickers
from views.shared.heading import head
from views.shared.page import choosing, picture, plain, run_facts
from views.words import driving
from views.words.looks import Look, look_of, look_of_kpi
from views.words.numbers import interval, rows

_MOST = 30
_CONTROL = "account"


def page() -> None:
    """Draws the page: every association at a glance, the one that is chosen, and the survivors."""
    facts = run_facts()
    head(facts, "What of the network goes with what customers say, and how far to trust it")
    associations = data.answer("associations")
    _network_shares()
    if not (associations["association_kind"] != "unknown").any():
        _nothing(associations)
        return
    st.markdown(driving.in_short(associations))
    clicked = choosing(drawn.heat, associations, name=drawn.PICKED)
    chosen = _chosen(associations, clicked)
    _one(associations, chosen)
    _survivors(associations)
    st.caption(driving.CANNOT)


def _nothing(associations: pd.DataFrame) -> None:
    st.info(
        "No relation is known. It takes counters of six months, and complaints or answers with "
        "places whose figures may leave; see docs/methods.md, 6."
    )
    for reason in associations["unsafe_reason"].dropna().unique()[:5]:
        st.caption(plain(reason))


# --- how much is the network's -------------------------------------------------------------------


def _network_shares() -> None:
    """How much of complaints and detractors the network accounts for, in the newest month."""
    shares = data.answer("network_shares")
    newest = shares[shares["is_newest"].fillna(value=False).astype(bool)]
    newest = newest.dropna(subset=["network_share"])
    for row in rows(newest[newest["place_type"] == "network"]):
        st.markdown(f"**{plain(driving.elsewhere(row))}** {plain(driving.classes(row))}")
    regions = newest[newest["place_type"] == "region"]
    if regions.empty:
        return
    with st.expander("How much is the network's, region by region"):
        st.dataframe(
            pd.DataFrame([_region(row) for row in rows(regions)]), hide_index=True, height="content"
        )
        st.caption(
            "Of all complainants, or of the detractors, those there would not be if drops and load "
            "were as in the best tenth of places and months; beyond what complaints about bills "
            "do. A region of which a class is hidden is not shown."
        )


def _region(row: Any) -> dict[str, str]:
    return {
        "region": row.region,
        "of": "detractors" if row.metric == "nps" else "complainants",
        "by drops and load": per_cent(row.network_share),
        "90 % interval": interval(row.network_share_lo, row.network_share_hi, "part"),
        "would be seen from": per_cent(row.network_share_visible),
        "said to be about": driving.classes(row),
        "month": f"{pd.Timestamp(row.period_start):%b %Y}",
    }


# --- which one ----------------------------------------------------------------------------------


def _chosen(associations: pd.DataFrame, clicked: dict[str, Any] | None) -> Any:
    """The association that is looked at: the one clicked, else the one that the URL names."""
    if clicked:
        st.session_state["kpi"] = clicked["kpi"]
        st.session_state["outcome"] = clicked["outcome_class"]
        st.session_state["lag"] = str(clicked["lag_months"])
    known = associations[associations["association_kind"] != "unknown"]
    with st.container(horizontal=True):
        names = {str(row.kpi): str(row.kpi_name) for row in rows(known)}
        kpi = pickers.pick("KPI", list(names), key=str, title=names.__getitem__, param="kpi")
        of_kpi = known[known["kpi"] == kpi]
        classes = [name for name in driving.OUTCOMES if name in set(of_kpi["outcome_class"])]
        outcome = pickers.pick(
            "Goes with", classes, key=str, title=driving.outcome, param="outcome"
        )
        of_both = of_kpi[of_kpi["outcome_class"] == outcome].sort_values("lag_months")
        lags = [str(lag) for lag in of_both["lag_months"]]
        surest = str(of_both.sort_values("p_adjusted")["lag_months"].iloc[0])
        lag = pickers.pick("When", lags, key=str, title=_when, param="lag", like=surest)
    return next(iter(rows(of_both[of_both["lag_months"] == int(lag)])))


def _when(lag: str) -> str:
    return {"0": "in the same month", "1": "one month later"}.get(lag, f"{lag} months later")


# --- one ----------------------------------------------------------------------------------------


def _one(associations: pd.DataFrame, chosen: Any) -> None:
    """The verdict, the lags with the control beside, the places, and what it stands on."""
    st.markdown(f"**{plain(chosen.reading)}** {driving.verdict(chosen)}")
    if isinstance(chosen.unsafe_reason, str):
        st.error(plain(chosen.unsafe_reason))
    left, right = st.columns(2, gap="medium")
    with left:
        _lags(associations, chosen)
    with right:
        _places(chosen)
    said = (
        driving.beyond(chosen),
        driving.counted_in(chosen),
        driving.foreseen(chosen),
        driving.ranked(chosen),
    )
    st.markdown("\n".join(f"- {plain(text)}" for text in said if text))


def _lags(associations: pd.DataFrame, chosen: Any) -> None:
    of_kpi = associations[associations["kpi"] == chosen.kpi].dropna(subset=["effect_pct"])
    mine = of_kpi[of_kpi["outcome_class"] == chosen.outcome_class]
    control = of_kpi[of_kpi["outcome_class"] == _CONTROL]
    # points of a score are not per cent of complaints
    is_beside = chosen.outcome_class not in (_CONTROL, "nps")
    picture(drawn.lags, mine, control if is_beside else control.iloc[:0], chosen)


def _places(chosen: Any) -> None:
    places = data.answer(
        "associated_places",
        kpi=chosen.kpi,
        metric=chosen.metric,
        outcome_class=chosen.outcome_class,
    )
    if places.empty:
        st.caption("Place by place this KPI and this figure are not both published.")
        return
    picture(drawn.scatter, places, _look_of_kpi(chosen.kpi), _look_of_outcome(chosen))
    if (few := int(places["n_few"].sum())) > 0:
        st.caption(
            f"{few} months of these places left as `<5` cases: their intervals run from one "
            "case to four."
        )


def _look_of_kpi(kpi: str) -> Look:
    known = data.answer("kpis")
    mine = known[known["kpi"] == kpi]
    if mine.empty:
        return look_of(kpi)
    row = mine.iloc[0]
    return look_of_kpi(kpi, row["kpi_name"], row["kpi_unit"], row["better"])


def _look_of_outcome(chosen: Any) -> Look:
    title = driving.outcome(chosen.outcome_class)
    if chosen.metric != "nps":
        unit = look_of(chosen.metric).unit
        return Look(chosen.metric, f"{title} {unit}", "plain")
    return Look("nps", title, "points" if chosen.outcome_class == "nps" else "share")


# --- what survives ------------------------------------------------------------------------------


def _survivors(associations: pd.DataFrame) -> None:
    survive = associations[associations["association_kind"].isin(["network", "control_too"])]
    st.markdown("##### What survives")
    if survive.empty:
        st.caption(
            "Nothing: whatever moves with the network here is too small to be told from "
            "chance by these months. The intervals above say how large it could be."
        )
        return
    first = survive.head(_MOST)
    st.dataframe(
        first.assign(
            verdict=first["association_kind"].map(
                {"network": "more than bills", "control_too": "bills may move as much"}
            ),
            beyond=[driving.effect(row, "beyond_pct") for row in rows(first)],
        ),
        hide_index=True,
        height="content",
        placeholder="",
        column_order=["reading", "verdict", "beyond", "n_places", "n_places_dropped"],
        column_config={
            "reading": st.column_config.TextColumn("relation", width=640),
            "beyond": "beyond the control (90 %)",
            "n_places": "places",
            "n_places_dropped": "left out",
        },
    )
    if (more := len(survive) - _MOST) > 0:
        st.caption(f"{more} more: question associations has them all.")
