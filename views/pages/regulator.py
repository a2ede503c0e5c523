"""The regulator's view: percentile limits of each region, and the worst cells week by week."""

from datetime import date
from typing import Any

import pandas as pd
import streamlit as st

from views.console import export
from views.shared import data, pickers
from views.shared.heading import head
from views.shared.page import run_facts
from views.words import periods
from views.words.numbers import amount, day, interval, number, rows
from views.words.sentences import DUE_TO, kept, noted

_GRAINS = {"month": "Months", "quarter": "Quarters"}
_NAMES = {
    "month": lambda first: f"{first:%B %Y}",
    "quarter": lambda first: f"Quarter {first.month // 3 + 1}, {first.year}",
}
_COUNTED = {"busy_hour": "Busy hours", "day": "Whole days"}
_TOP = 20
_NETWORK = "whole network"
_EVERYWHERE = "All regions"


def page() -> None:
    """Draws the page: percentile limits by region, the week's worst cells, and whose limits."""
    facts = run_facts()
    head(facts, "The network as a regulator looks at it: percentiles and worst cells")
    if not len(data.answer("network_periods", period_grain="month", period_start="9999-01-01")):
        st.info("No drop rate of any cell is known: it needs counters with attempts and drops.")
        return
    _percentiles()
    _worst_cells()
    _limits()


# --- percentiles ---------------------------------------------------------------------------------


def _percentiles() -> None:
    st.markdown("##### Percentile limits of the drop rate")
    with st.container(horizontal=True):
        grain = pickers.pick("Period", list(_GRAINS), key=str, title=_GRAINS.__getitem__,
                           param="grain")  # fmt: skip
        over = pickers.pick("Counted over", list(_COUNTED), key=str, title=_COUNTED.__getitem__,
                          param="over")  # fmt: skip
        starts, whole = _starts(grain)
        start = pickers.pick("Which", starts, key=date.isoformat, title=_NAMES[grain],
                           param="from", like=whole)  # fmt: skip
    answer = data.answer(
        "regulator_percentiles", period_grain=grain, counted_over=over, period_start=start
    )
    if answer.empty:
        st.caption("No drop rate is known of these days.")
        return
    st.caption(_span(answer.iloc[0]))
    st.dataframe(pd.DataFrame([_region(row) for row in rows(answer)]), hide_index=True,
                 height="content")  # fmt: skip
    st.caption(
        "QSD: 90 % of cells stay below it on 90 % of days. QTD: on 90 % of days 97 % of cells "
        "stay below it. ✓ within the limit, ✗ over it; where the limit lies inside the 90 % "
        "interval, chance may have decided: it shows how the figure would scatter had other days "
        "fallen out, and is there from 16 days on, where halves of the days differ in it. A cell's "
        "day of few calls is coarse: at 100 calls one drop more is a whole per cent, which alone "
        "lifts both figures in small cells."
    )
    _download(answer, f"percentiles-{grain}-{over}-{start}")


def _starts(grain: str) -> tuple[list[date], str]:
    """First days of the months or quarters with counters, newest first; that of the newest over."""
    months = data.answer("periods").query("period_grain == 'month' and n_days_known > 0")
    each = pd.to_datetime(months["period_start"]).dt.to_period("Q" if grain == "quarter" else "M")
    starts = {period: period.start_time.date() for period in sorted(set(each), reverse=True)}
    ends = set(pd.to_datetime(months["period_end"][months["is_over"]]))
    over = [start for period, start in starts.items() if period.end_time.normalize() in ends]
    return list(starts.values()), over[0].isoformat() if over else ""


def _span(row: Any) -> str:
    start, end = (pd.Timestamp(x) for x in (row.period_start, row.period_end))
    return (
        f"{day(start)} to {day(end)}: {row.n_days_known} of {(end - start).days + 1} days known. "
        f"Left out, by fewer attempts than are judged: {amount(row.n_cell_days_few)} of "
        f"{amount(row.n_cell_days)} days of cells."
    )


def _region(row: Any) -> dict[str, str]:
    return {
        "region": row.region or _NETWORK,
        "cells": amount(row.n_cells),
        "drop rate": number(row.drop_rate, "share"),
        "90 % interval": interval(row.drop_rate_lo, row.drop_rate_hi, "share"),
        "counted": f"{amount(row.dropped_calls)} of {amount(row.call_attempts)}",
        "QSD(90,90)": kept(row, "qsd_drop_rate_pct", "qsd"),
        "QTD(97,90)": kept(row, "qtd_drop_rate_pct", "qtd"),
        "worst-affected cells": kept(row, "worst_cells_pct", "worst_cells"),
    }


# --- worst cells ---------------------------------------------------------------------------------


def _worst_cells() -> None:
    st.markdown("##### Worst cells of a week")
    weeks = [p for p in reversed(periods.by_period(data.answer("periods"))) if p.grain == "week"]
    if not weeks:
        st.caption("No week has a rate yet.")
        return
    with st.container(horizontal=True):
        over = data.answer("periods").query("period_grain == 'week' and is_over")
        whole = f"{pd.Timestamp(over['period_start'].max()):%G-W%V}" if len(over) else ""
        week = pickers.pick("Week", weeks, key=lambda p: p.key, param="week", like=whole,
                          title=lambda p: f"{p.title} · {p.days}")  # fmt: skip
        answer = data.answer("worst_cells", week=week.first)
        regions = [_EVERYWHERE, *sorted(set(answer["region"]) - {""})]
        region = pickers.pick("Region", regions, key=str, title=str, param="worst_in")
    if region != _EVERYWHERE:
        answer = answer[answer["region"] == region]
    st.caption(_persistent(answer, week.first))
    if answer.empty:
        return
    st.dataframe(
        pd.DataFrame([_cell(row) for row in rows(answer[answer["rank"] <= _TOP])]), hide_index=True,
        height=420 if len(answer) > 10 else "content",
    )  # fmt: skip
    _download(answer, f"worst-cells-{week.key}")


def _persistent(answer: pd.DataFrame, week: date) -> str:
    limits = data.answer("thresholds").set_index("threshold_name")["threshold_value"]
    rule = (
        f"Over {limits['worst_cell_drop_rate_pct']:g} % of calls dropped on at least "
        f"{limits['breach_days']:g} days of the week from {day(week)}, days of fewer than "
        f"{limits['min_attempts']:g} attempts left out"
    )
    if answer.empty:
        return f"{rule}: no cell."
    shown = f"; the first {_TOP} of each region" if answer["rank"].max() > _TOP else ""
    order = "ranked in each region by the lower end of the week's 90 % interval"
    chance = "a cell of few calls whose interval begins below the limit may be there by chance"
    cells = f"{len(answer)} cell{'s' * (len(answer) > 1)}"
    return f"{rule}: {cells}, {order}{shown}; {chance}."


def _cell(row: Any) -> dict[str, Any]:
    kind = row.intervention_kind if isinstance(row.intervention_kind, str) else ""
    return {
        "region": row.region,
        "#": row.rank,
        "cell": row.cell_id,
        "site": _first(row.site_name, row.site_id),
        "band": _first(row.band, row.technology),
        "drop rate": number(row.drop_rate, "share"),
        "90 % interval": interval(row.drop_rate_lo, row.drop_rate_hi, "share"),
        "counted": f"{amount(row.dropped_calls)} of {amount(row.call_attempts)}",
        "days over": f"{row.n_days_breached} of {row.n_days_judged}",
        "first over": day(pd.Timestamp(row.first_breach)),
        "times the 4 weeks before": number(row.ratio_to_4_weeks, "ratio"),
        "PRB, busy hour": number(row.prb_dl_util_bh_pct, "percent"),
        "availability": number(row.availability, "share"),
        "rise due to": DUE_TO.get(row.attribution, ""),
        "newest intervention": (
            f"{kind}, {day(pd.Timestamp(row.intervention_day))}" if kind else ""
        ),
        "acknowledged": noted(row),
    }


def _first(*texts: Any) -> str:
    return next((text for text in texts if isinstance(text, str) and text), "")


# --- whose limits ---------------------------------------------------------------------------------


def _limits() -> None:
    st.markdown("##### The limits, and whose they are")
    st.dataframe(
        data.answer("thresholds"), hide_index=True, height="content",
        column_order=["threshold_value", "unit", "meaning", "threshold_source"],
        column_config={
            "threshold_value": st.column_config.NumberColumn("limit", format="%g"),
            "meaning": st.column_config.TextColumn("meaning", width=520),
            "threshold_source": st.column_config.TextColumn("source", width=480),
        },
    )  # fmt: skip
    st.caption(
        "Figures cited as after a regulation are as commonly reported: hold them against the text "
        "that binds you, and set your own in `[regulator]` of the configuration. The drop rate "
        "here is dropped calls per attempt, a habit of operators: 3GPP counts abnormal releases "
        "per second of session, and regulators differ in what they divide by."
    )


def _download(answer: pd.DataFrame, name: str) -> None:
    st.download_button("CSV", export.encoded(answer, "csv"), f"{name}.csv", "text/csv", key=name)
