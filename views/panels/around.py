"""What stands around a place: interventions, customers, neighbours, and what failed a check."""

from typing import Any

import pandas as pd
import streamlit as st

from views.panels.hexagon import value_of
from views.shared import data, page, pickers, url
from views.words import effected
from views.words.care import action_kind, away, came_of
from views.words.numbers import amount, between, day, interval, number, period, rows
from views.words.sentences import action_name, counts, ground, worse

_STATES = {"act": "something to do", "high": "high, nothing surely helps", "well": "well"}
_MOST = 40


def interventions(place_interventions: pd.DataFrame) -> None:
    """Draws what was done and what is planned, and what came of it.

    `place_interventions`: answer of that query.
    """
    st.markdown("**Interventions**, done and planned")
    if place_interventions.empty:
        st.caption("None is logged here.")
        return
    st.dataframe(
        pd.DataFrame(
            [
                {
                    "day": day(row.start_day) if pd.notna(row.start_day) else "",
                    "what": action_kind(str(row.kind)),
                    "state": str(row.status).replace("_", " "),
                    "where": row.cell_id if isinstance(row.cell_id, str) else row.site_name,
                    "verdict": effected.verdict_of_work(row),
                    "what came of it": came_of(row),
                    "what for": row.description,
                }
                for row in rows(place_interventions.head(_MOST))
            ]
        ),
        hide_index=True,
        height="content" if len(place_interventions) < 9 else 320,
        placeholder="",
    )
    if place_interventions["effect_kind"].notna().any():
        st.caption(
            "Verdict: drops against what untouched places let expect. Page [Effects](effects) has "
            "the sheet of each."
        )


def actions(key: url.PlaceKey) -> None:
    """Draws which actions the best plans take there, and from which budget on.

    `key`: of the place.
    """
    chosen = data.answer("place_actions", place_type=key.kind, place_id=key.id)
    st.markdown("**Actions of the plans**, not decided yet")
    if chosen.empty:
        st.caption("No plan takes an action here.")
        return
    st.dataframe(
        pd.DataFrame(
            [
                {
                    "action": action_name(row["action"]),
                    "where": ground(row),
                    "drops fewer a month": amount(row["benefit_month"]),
                    "90 % interval": between(row, "benefit_month"),
                    "cost": f"{amount(row['cost_amount'])} {row['cost_currency']}",
                    "from a budget of": amount(row["budget_least"]),
                }
                for row in chosen.head(_MOST).to_dict("records")
            ]
        ),
        hide_index=True,
        height="content" if len(chosen) < 9 else 320,
        placeholder="",
    )


def customers(key: url.PlaceKey) -> None:
    """Draws complaints by class and NPS as released: of the finest ground that has a figure.

    `key`: of the place.
    """
    figures = data.answer("place_customers", place_type=key.kind, place_id=key.id)
    st.markdown(
        "**What customers say**",
        help="Figures of persons leave by the release rule only: "
        "where too few were asked or complained, a larger ground stands in.",
    )
    if figures.empty:
        st.caption("No figure of customers is released here.")
        return
    st.dataframe(
        pd.DataFrame([_said(row) for row in rows(figures)]), hide_index=True, height="content"
    )


def _said(row: Any) -> dict[str, str]:
    layer = pickers.Layer(row.metric, row.outcome_class or None)
    grounds = {"hex": f"hexagon of level {row.level:.0f} around it", "region": "its region"}
    span = interval(row.value_lo, row.value_hi, layer.look.figure)
    return {
        "figure": layer.title,
        "value": f"{value_of(row, layer)} ({span})" if span else value_of(row, layer),
        "of": grounds.get(row.of_type, ""),
        "month": period("month", row.period_start, row.period_end),
        "against the rest": worse(layer.look, row.p_worse, row.target),
        "counted": counts(layer.look, row.numerator, row.denominator),
        "unit": layer.look.unit,
    }


def neighbours(key: url.PlaceKey, card: pd.Series) -> None:
    """Draws the nearest sites, each a way to its page.

    `key`: of the place. `card`: row of place_card.
    """
    if key.kind == "region" or pd.isna(card["lat"]):
        return
    sites = data.answer("nearest_sites", lat=float(card["lat"]), lon=float(card["lon"]), top=7)
    sites = sites[sites["site_id"] != card["site_id"]].head(6)
    if sites.empty:
        return
    st.markdown("**Neighbours**")
    for row in rows(sites):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            if st.button(
                page.plain(str(row.site_name)),
                type="tertiary",
                key=f"neighbour {row.site_id}",
                icon=":material/cell_tower:",
            ):
                url.open_place(url.PlaceKey("site", row.site_id))
            st.caption(page.plain(" · ".join(filter(None, _neighbour(row)))), width="content")


def _neighbour(site: Any) -> tuple[str, ...]:
    # the bearing is that from the neighbour to here
    return (
        away(site.distance_km, (site.bearing_deg + 180) % 360),
        f"{number(site.drop_rate, 'share')} of calls dropped",
        f"{number(site.prb_dl_util_bh_pct, 'percent')} PRB in the busy hour",
        _STATES.get(site.place_state, ""),
    )


def quality(key: url.PlaceKey) -> None:
    """Draws which of its cells' newest days failed a check.

    `key`: of the place.
    """
    failed = data.answer("place_quality", place_type=key.kind, place_id=key.id)
    st.markdown("**Its data**, newest 28 days")
    if failed.empty:
        st.caption("Every day of every cell passed every check.")
    for row in rows(failed):
        doubt = "not to be relied on" if row.verdict == "unsafe" else "odd, and used"
        st.caption(
            page.plain(
                f"{str(row.check_name).capitalize()}: {row.n_days} days of {row.n_cells} cells, "
                f"{day(row.first_day)} to {day(row.last_day)}; {doubt}."
            )
        )
