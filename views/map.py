"""The home page: the map, the worst places, and one hexagon's story."""

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from contracts.errors import InputError
from views import charts, data, hexmap, parts
from views.legend import (
    UNKNOWN,
    Look,
    Scale,
    change,
    counts,
    day,
    interval,
    legend_html,
    number,
    period,
    rows,
    scale,
)

_HEIGHT = 640
_WIDTH = 800
_VIEW = "whole map"
_MOST_MASTS = 10_000


def page() -> None:
    """Draws the page: pickers, the map, and beside it the list or the chosen hexagon."""
    facts = parts.run_facts()
    layers = data.answer("map_layers")
    title, layer_box, period_box = st.columns([0.46, 0.27, 0.27], vertical_alignment="bottom")
    with title:
        parts.head(facts, "Where the network hurts its customers")
    if layers.empty:
        st.info(
            "No figure of any hexagon is published: neither counters nor events had a position "
            "inside the operator's box. The page Quality tells what became of each source."
        )
        return
    with layer_box:
        layer = parts.layer_picker(layers)
    with period_box:
        span = parts.period_picker(layers, layer)
    hexes, said = _hexes(layers, layer, span)
    left, right = st.columns([0.63, 0.37], gap="medium")
    with left:
        _map(hexes, layer.look)
        _said(said)
    with right:
        _beside(facts, hexes, layer)


# ------------------------------------------------------------------------------------ the map


def _hexes(
    layers: pd.DataFrame, layer: parts.Layer, span: parts.Period
) -> tuple[pd.DataFrame, str]:
    """Values of one layer and period at the finest level that can be drawn; what to say of it."""
    mine = parts.of_layer(layers, layer)
    mine = mine[(mine["period_grain"] == span.grain)
                & (pd.to_datetime(mine["period_start"]) == pd.Timestamp(span.start))]  # fmt: skip
    level = level_to_draw(mine)
    values = data.answer(
        "hex_map", metric=layer.metric, outcome_class=layer.outcome_class or "",
        period_grain=span.grain, period_start=span.start, level=level,
    )  # fmt: skip
    said = ""
    if level < mine["level"].max():
        said = f"Drawn at the coarser level {level}: the finer one has too many hexagons at once."
    if len(values) > hexmap.MOST:
        said = f"The {hexmap.MOST:,} busiest of {len(values):,} hexagons are drawn."
        values = values.nlargest(hexmap.MOST, "denominator")
    return values, said


def level_to_draw(offers: pd.DataFrame) -> int:
    """The finest level with few enough hexagons; else the coarsest there is.

    `offers`: rows of map_layers for one layer and period: level, n_hexes.
    """
    fitting = offers[offers["n_hexes"] <= hexmap.MOST]
    return int(fitting["level"].max() if len(fitting) else offers["level"].min())


def _map(hexes: pd.DataFrame, look: Look) -> None:
    theme = parts.theme()
    colours = scale(hexes, look, theme)
    clicked = hexmap.draw(
        painted(hexes, look, colours), ground=_ground(hexes), view=_view(hexes),
        chosen=parts.chosen_hex(), theme=theme, height=_HEIGHT,
    )  # fmt: skip
    if clicked:
        parts.remember("hex", clicked)
    unreleased = [kind for kind in ("few", "hidden") if (hexes["shown"] == kind).any()]
    st.html(legend_html(colours, look, unreleased))


def _ground(hexes: pd.DataFrame) -> hexmap.Ground:
    box = hexmap.extent(hexes["hex_text"])
    try:
        regions = data.regions()
    except InputError as error:
        st.warning(f"The regions are not drawn. {parts.plain(str(error))}")
        regions = None
    sites = data.answer("sites")
    # more masts than that hide the map; an inventory of crowd positions has one a cell
    sites = sites if len(sites) <= _MOST_MASTS else sites.head(0)
    return hexmap.Ground(box, data.outlines(_around(box)), regions, sites)


def _view(hexes: pd.DataFrame) -> hexmap.View:
    focus = parts.focus()
    near = hexmap.view_of(hexmap.extent(_busy(hexes)), width=_WIDTH, height=_HEIGHT)
    # the first view stays: layers and periods are compared at the same place
    whole: hexmap.View = st.session_state.setdefault(_VIEW, near)
    return hexmap.view_at(focus) if focus else whole


def _busy(hexes: pd.DataFrame) -> pd.Series:
    # where most calls or people are: empty outskirts would make the rest small
    busiest = hexes.sort_values("denominator", ascending=False)
    share = busiest["denominator"].cumsum() / busiest["denominator"].sum()
    return busiest["hex_text"][(share <= 0.8) | share.isna()]


def painted(hexes: pd.DataFrame, look: Look, colours: Scale | None) -> pd.DataFrame:
    """Hexagons with their colour and the lines of their tooltip, as `hexmap.draw` takes them."""
    if colours is None:
        paint = np.tile(UNKNOWN, (len(hexes), 1))
    else:
        alpha = colours.opacities(hexes["value_lo"], hexes["value_hi"])
        alpha = np.where(hexes["value"].isna(), UNKNOWN[3], alpha)
        paint = np.column_stack([colours.colours(hexes["value"]), alpha])
    lines = pd.DataFrame([_lines(row, look) for row in rows(hexes)], index=hexes.index)
    colour = pd.DataFrame(paint, columns=["red", "green", "blue", "alpha"], index=hexes.index)
    return pd.concat([hexes[["hex_text"]], lines, colour], axis=1)


def _lines(row: Any, look: Look) -> dict[str, str]:
    between = interval(row.value_lo, row.value_hi, look.figure)
    behind = counts(look, row.numerator, row.denominator)
    region = row.region if isinstance(row.region, str) else ""
    return {
        "head": f"{look.title}, {look.unit}",
        "value": _value(row, look),
        "detail": " · ".join(
            part for part in (f"90 %: {between}" if between else "", behind) if part
        ),
        "place": " · ".join(part for part in (region, row.hex_text) if part),
    }


def _value(row: Any, look: Look) -> str:
    if row.shown == "few":
        return "fewer than 5 cases"
    if row.shown == "hidden":
        return "too few persons to show"
    return number(row.value, look.figure)


def _around(box: data.Box) -> data.Box:
    west, south, east, north = box
    margin = 1.5 * max(east - west, north - south, 0.5)
    return (round(max(west - margin, -180), 1), round(max(south - margin, -90), 1),
            round(min(east + margin, 180), 1), round(min(north + margin, 90), 1))  # fmt: skip


def _said(said: str) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        if said:
            st.caption(said)
        parts.notes()


# ---------------------------------------------------------------------------- beside the map


def _beside(facts: pd.Series, hexes: pd.DataFrame, layer: parts.Layer) -> None:
    chosen = parts.chosen_hex()
    with st.container(height=_HEIGHT + 60, border=False, gap="xsmall"):
        if chosen:
            _story(chosen, facts, hexes, layer)
        else:
            _worst(hexes, layer, int(facts["level"]))


def _worst(hexes: pd.DataFrame, layer: parts.Layer, level: int) -> None:
    places = data.answer("worst_places", top=10)
    if places.empty:
        _worst_hexes(hexes, layer)
        return
    first = places.iloc[0]
    st.markdown("##### Where to look first")
    drops = "drops" if data.answer("counts")["n_cells"].iloc[0] else "reported drops"
    st.caption(
        f"{_KINDS[first['place_type']]} by {drops} a month above the network's normal rate of "
        f"{number(first['normal_rate'], 'share')}, with 90 % intervals; "
        f"{day(first['period_start'])} to {day(first['period_end'])}"
    )
    for place in rows(places):
        _place(place, level)


_KINDS = {"site": "Sites", "hex": "Hexagons", "cell": "Cells"}


def _place(place: Any, level: int) -> None:
    between = interval(place.drops_excess_month_lo, place.drops_excess_month_hi, "count")
    # a hexagon's name tells a person nothing; its region does
    region = place.region if place.place_type == "hex" and isinstance(place.region, str) else ""
    name = "  ".join(part for part in (str(place.rank), region, str(place.place_name)) if part)
    _entry(name, str(place.reason), parts.hex_of(place, level),
           number(place.drops_excess_month, "count"), between)  # fmt: skip


def _entry(name: str, reason: str, hex_text: str | None, value: str, between: str) -> None:
    left, right = st.columns([0.72, 0.28], gap="small")
    with left, st.container(gap=None):
        st.button(f"**{parts.plain(name)}**", key=f"place {name}", type="tertiary",
                  on_click=parts.go_to, args=[hex_text], disabled=hex_text is None,
                  help="Show on the map" if hex_text else "No position is known")  # fmt: skip
        st.caption(parts.plain(reason))
    with right, st.container(gap=None):
        st.markdown(f":orange[**{parts.plain(value)}**]", text_alignment="right")
        st.caption(parts.plain(between), text_alignment="right")


def _worst_hexes(hexes: pd.DataFrame, layer: parts.Layer) -> None:
    look = layer.look
    # by the end of the interval nearer to good: few cases can't put a place on top
    high = look.bad == "high"
    end = "value_lo" if high else "value_hi"
    known = hexes.dropna(subset="value")
    # a census has no interval
    known = known.assign(**{end: known[end].fillna(known["value"])})
    known = known.sort_values(end, ascending=not high, kind="stable")
    st.markdown("##### Where to look first")
    st.caption(f"Hexagons by {look.title.lower()}, surely {'above' if high else 'below'} the rest")
    for place in rows(known.head(10)):
        region = place.region if isinstance(place.region, str) else ""
        name = f"{region} {place.hex_text}".strip()
        _entry(name, counts(look, place.numerator, place.denominator),
               place.hex_text, number(place.value, look.figure),
               interval(place.value_lo, place.value_hi, look.figure))  # fmt: skip


# --------------------------------------------------------------------------- one hexagon's story


def _story(chosen: str, facts: pd.Series, hexes: pd.DataFrame, layer: parts.Layer) -> None:
    here = hexes[hexes["hex_text"] == chosen]
    region = here["region"].iloc[0] if len(here) else None
    with st.container(horizontal=True, horizontal_alignment="distribute", gap="small"):
        st.markdown(f"##### {parts.plain(region) if isinstance(region, str) else 'Hexagon'} "
                    f":gray[{parts.plain(chosen)}]", width="content")  # fmt: skip
        st.button("Back to the list", on_click=parts.go_to, args=[None], type="tertiary")
    for row in rows(here):
        _headline(row, layer)
    days = data.answer("hex_history", hex_text=chosen)
    rates = data.answer("hex_rates", hex_text=chosen)
    if days.empty and rates.empty:
        st.info("Nothing is known of this hexagon in what is published now.")
        return
    if days.empty:
        st.caption("No counters for this hexagon: its released figures, month by month.")
        _months(rates)
    else:
        _network(chosen, days, facts["timezone"])
    _customers(rates)


def _headline(row: Any, layer: parts.Layer) -> None:
    lines = _lines(row, layer.look)
    with st.container(gap=None):
        st.markdown(f"{layer.title}: **{parts.plain(lines['value'])}** "
                    f"{parts.plain(layer.look.unit)}")  # fmt: skip
        st.caption(parts.plain(lines["detail"]))


def _network(chosen: str, days: pd.DataFrame, timezone: str) -> None:
    changes = data.answer("hex_changes", hex_text=chosen)
    changes = changes.sort_values("drops_excess_here", key=abs, ascending=False)
    st.altair_chart(charts.history(days, changes, timezone=timezone), width="stretch")
    st.markdown("**What changed**")
    st.markdown("\n".join(f"- {parts.plain(told)}" for told in changes_in_words(changes, timezone)))
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


def changes_in_words(changes: pd.DataFrame, timezone: str, *, most: int = 3) -> list[str]:
    """Each change as a sentence, the costliest first; how many more there are, aloud."""
    if changes.empty:
        return ["No dated change in the cells that serve this hexagon."]
    told = [change(row, timezone) for row in rows(changes.head(most))]
    if (more := len(changes) - most) > 0:
        told.append(f"{more} smaller change{'s' * (more > 1)}; the page Changes has them all.")
    return told


def _months(rates: pd.DataFrame) -> None:
    monthly = rates[rates["period_grain"] == "month"]
    for (metric, kind), mine in monthly.groupby(["metric", "outcome_class"], sort=False):
        layer = parts.Layer(str(metric), str(kind))
        look = replace(layer.look, title=layer.title)
        st.altair_chart(charts.months(mine, look), width="stretch")


def _customers(rates: pd.DataFrame) -> None:
    newest = rates[rates["period_grain"].isin(["month", "all"])]
    newest = newest.sort_values("period_start").groupby(
        ["metric", "outcome_class"], dropna=False, sort=False).tail(1)  # fmt: skip
    table = pd.DataFrame([_figure(row) for row in rows(newest)])
    if len(table):
        st.markdown("**Released figures**, newest period of each")
        st.dataframe(table, hide_index=True, height="content")


def _figure(row: Any) -> dict[str, str]:
    layer = parts.Layer(row.metric, row.outcome_class or None)
    return {
        "figure": layer.title,
        "value": _value(row, layer.look),
        "90 %": interval(row.value_lo, row.value_hi, layer.look.figure),
        "unit": layer.look.unit,
        "period": period(row.period_grain, row.period_start, row.period_end),
        "counted": counts(layer.look, row.numerator, row.denominator),
    }
