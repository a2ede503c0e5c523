"""One hexagon's story: its figures, its days, what changed, the cells that serve it."""

from dataclasses import replace
from typing import Any

import pandas as pd
import streamlit as st

from ingest.warehouse.acknowledgements import Subject
from views.drawing import charts
from views.panels import acknowledging, capacity
from views.panels.drawn import Drawn
from views.shared import data, page, pickers, url
from views.words.numbers import interval, number, period, rows
from views.words.sentences import change, counts, evidence, worse


def story(chosen: str, facts: pd.Series, drawn: Drawn) -> None:
    """Draws what is known of one hexagon of any level.

    `chosen`: its hex_text. `facts`: of the run, with timezone. `drawn`: layer and period of the
    map.
    """
    days = data.answer("hex_history", hex_text=chosen)
    rates = data.answer("hex_rates", hex_text=chosen)
    region = data.answer("hex_region", hex_text=chosen)["region"]
    named = page.plain(region.iloc[0]) if len(region) else "Hexagon"
    with st.container(horizontal=True, horizontal_alignment="distribute", gap="small"):
        st.markdown(f"##### {named} :gray[{page.plain(chosen)}]", width="content")
        if st.button("All about it", type="tertiary", icon=":material/article:"):
            url.open_place(url.PlaceKey("hex", chosen))
        st.button("Back to the list", on_click=url.go_to, args=[None], type="tertiary")
    acknowledging.panel(Subject("hex", chosen), facts["timezone"])
    here = _of(rates, drawn)
    for row in rows(here):
        _headline(row, drawn.layer)
    if here.empty and len(rates):
        st.caption(page.plain(_why_none(rates, drawn)))
    if days.empty and rates.empty:
        st.info("Nothing is known of this hexagon in what is published now.")
        return
    if days.empty:
        st.caption("No counters for this hexagon: its released figures, month by month.")
        _months(rates)
        changes = data.answer("hex_changes", hex_text=chosen)
        if len(changes):
            _what_changed(changes, facts["timezone"])
    else:
        _network(chosen, days, facts["timezone"])
        capacity.panel("hex", chosen)
    _customers(rates)


def _of(rates: pd.DataFrame, drawn: Drawn) -> pd.DataFrame:
    asked = drawn.asked
    starts = pd.to_datetime(rates["period_start"]) == pd.Timestamp(asked.pop("period_start"))
    same = (rates[list(asked)].fillna("") == pd.Series(asked)).all(axis=1)
    return rates[same & starts]


def _why_none(rates: pd.DataFrame, drawn: Drawn) -> str:
    """Why the hexagon has no value of the layer and period that the map shows."""
    text = f"No {drawn.layer.title.lower()} here in {drawn.span.title}"
    mine = rates[rates["metric"] == drawn.layer.metric]
    if mine.empty:
        return f"{text}: hexagons of this size have none; one of another size may."
    return f"{text}: nothing was counted here then. Other periods stand below."


def _headline(row: Any, layer: pickers.Layer) -> None:
    with st.container(gap=None):
        st.markdown(f"{layer.title}: **{page.plain(value_of(row, layer))}** "
                    f"{page.plain(layer.look.unit)}")  # fmt: skip
        st.caption(page.plain(evidence(layer.look, row)))


def value_of(row: Any, layer: pickers.Layer) -> str:
    """A released value as people read it, else why there is none.

    `row`: shown and value, NaN = not known. `layer`: whose value it is.
    """
    return HIDDEN.get(row.shown) or number(row.value, layer.look.figure)


HIDDEN = {"few": "fewer than 5 cases", "hidden": "hidden to protect persons",
          "unsafe": "its data failed a check: not to be trusted"}  # fmt: skip


def _network(chosen: str, days: pd.DataFrame, timezone: str) -> None:
    changes = data.answer("hex_changes", hex_text=chosen)
    changes = changes.sort_values("drops_excess_here", key=abs, ascending=False)
    page.picture(charts.history, days, changes, timezone=timezone)
    _what_changed(changes, timezone)
    if len(changes):
        _cell_of(changes, timezone)
    st.markdown("**Cells that serve it**, newest 28 days")
    cells = data.answer("hex_cells", hex_text=chosen)
    st.dataframe(
        cells.assign(drop_rate=100 * cells["drop_rate"],
                     call_attempts_here=cells["call_attempts_here"].round()),
        hide_index=True, height="content", column_order=[
            "cell_id", "band", "call_attempts_here", "drop_rate", "prb_dl_util_bh_pct"],
        column_config={
            "cell_id": "cell",
            "call_attempts_here": st.column_config.NumberColumn("calls here", format="localized"),
            "drop_rate": st.column_config.NumberColumn("drop rate", format="%.2f %%"),
            "prb_dl_util_bh_pct": st.column_config.NumberColumn("PRB, busy hour", format="%.0f %%"),
        },
    )  # fmt: skip


def _cell_of(changes: pd.DataFrame, timezone: str) -> None:
    """The days of the cell that the first sentence speaks of: the hexagon's own are a mixture."""
    cell = changes["cell_id"].iloc[0]
    if not isinstance(cell, str):
        return
    st.markdown(f"**Cell {page.plain(cell)} alone**, in all its hexagons")
    mine = changes[changes["cell_id"] == cell]
    page.picture(charts.history, data.answer("cell_history", cell_id=cell), mine,
                 timezone=timezone)  # fmt: skip


def _what_changed(changes: pd.DataFrame, timezone: str) -> None:
    st.markdown("**What changed**")
    st.markdown("\n".join(f"- {page.plain(text)}" for text in changes_in_words(changes, timezone)))


def changes_in_words(changes: pd.DataFrame, timezone: str, *, most: int = 3) -> list[str]:
    """Each change as a sentence, the costliest first; how many more there are, aloud.

    `changes`: rows of hex_changes, the costliest first. `timezone`: days are of this IANA zone.
    `most`: how many get a sentence.
    """
    if changes.empty:
        return ["No dated change in the cells that serve this hexagon."]
    texts = [change(row, timezone) for row in rows(changes.head(most))]
    if (more := len(changes) - most) > 0:
        texts.append(f"{more} smaller change{'s' * (more > 1)}; the page Changes has them all.")
    return texts


def _months(rates: pd.DataFrame) -> None:
    monthly = rates[rates["period_grain"] == "month"]
    for (metric, kind), mine in monthly.groupby(["metric", "outcome_class"], sort=False):
        layer = pickers.Layer(str(metric), str(kind))
        look = replace(layer.look, title=layer.title)
        page.picture(charts.months, mine, look)


def _customers(rates: pd.DataFrame) -> None:
    newest = rates[rates["period_grain"].isin(["month", "all"])]
    newest = newest.sort_values("period_start").groupby(
        ["metric", "outcome_class"], dropna=False, sort=False).tail(1)  # fmt: skip
    table = pd.DataFrame([_figure(row) for row in rows(newest)])
    if len(table):
        st.markdown("**Released figures**, newest period of each")
        st.dataframe(table, hide_index=True, height="content")


def _figure(row: Any) -> dict[str, str]:
    layer = pickers.Layer(row.metric, row.outcome_class or None)
    return {
        "figure": layer.title,
        "value": value_of(row, layer),
        "90 %": interval(row.value_lo, row.value_hi, layer.look.figure),
        "unit": layer.look.unit,
        "period": period(row.period_grain, row.period_start, row.period_end),
        "counted": counts(layer.look, row.numerator, row.denominator),
        "measured there": number(row.value_raw, layer.look.figure),
        "against the target": worse(layer.look, row.p_worse, row.target),
    }
