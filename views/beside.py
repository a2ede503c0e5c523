"""What stands beside the map: the places to look at first, or one hexagon's story."""

from dataclasses import dataclass, replace
from typing import Any

import pandas as pd
import streamlit as st

from ingest.warehouse.acknowledgements import Subject
from views import acknowledging, charts, data, parts
from views.legend import (
    amount,
    between,
    change,
    counts,
    day,
    evidence,
    in_short,
    interval,
    noted,
    number,
    period,
    ranked_by,
    rows,
    treatment,
    unsafe,
    worse,
)

_KINDS = {"site": "Sites", "hex": "Hexagons", "cell": "Cells"}
_TOP = 10


@dataclass(frozen=True)
class Drawn:
    """What one map draws: a layer in a period."""

    layer: parts.Layer
    span: parts.Period

    @property
    def asked(self) -> dict[str, Any]:
        """As the queries about hexagons want it."""
        return {
            "metric": self.layer.metric, "outcome_class": self.layer.outcome_class or "",
            "period_grain": self.span.grain, "period_start": self.span.start,
        }  # fmt: skip


@dataclass(frozen=True)
class Entry:
    """One place of the list."""

    name: str
    reason: str
    hex_text: str | None
    value: str
    between: str
    noted: str = ""
    unsafe: str = ""
    cost: str = ""


@dataclass(frozen=True)
class Worst:
    """The list: what it is sorted by, in words, and its places."""

    about: str
    entries: tuple[Entry, ...]


# ----------------------------------------------------------------------------------- the list


def worst(drawn: Drawn, *, level: int, finest: int) -> Worst:
    """The places that hurt most: the ranked ones, else hexagons of the layer that is drawn.

    `level`: the operator's; `finest`: the finest one of the layer.
    """
    places = data.answer("worst_places", top=_TOP)
    return _ranked(places, level) if len(places) else _worst_hexes(drawn, finest)


def _ranked(places: pd.DataFrame, level: int) -> Worst:
    first, (name, by) = places.iloc[0], ranked_by(places)
    if not data.answer("counts")["n_cells"].iloc[0]:
        by = f"reported {by}"
    # what is spared is held against each cell's own past, not against the network
    above = name == "drops_excess_month"
    normal = f", normal being {number(first['normal_rate'], 'share')}" if above else ""
    about = (
        f"{_KINDS[first['place_type']]} by {by}"
        f"{normal}, with 90 % intervals; "
        f"{day(first['period_start'])} to {day(first['period_end'])}"
    )
    return Worst(about, tuple(_place(place, name, level) for _, place in places.iterrows()))


def _place(place: pd.Series, by: str, level: int) -> Entry:
    # a hexagon's name tells a person nothing; its region does
    is_hex, region = place["place_type"] == "hex", place["region"]
    region = region if is_hex and isinstance(region, str) else ""
    name = "  ".join(x for x in (str(place["rank"]), region, str(place["place_name"])) if x)
    value = amount(place[by]) if pd.notna(place[by]) else ""
    text = parts.hex_of(place, level)
    told = (value, between(place, by), noted(place), unsafe(place).strip(), treatment(place))
    return Entry(name, in_short(str(place["reason"])), text, *told)


def _worst_hexes(drawn: Drawn, level: int) -> Worst:
    look = drawn.layer.look
    found = data.answer("worst_hexes", **drawn.asked, level=level, bad=look.bad, top=_TOP)
    surely = "above" if look.bad == "high" else "below"
    entries = tuple(
        Entry(
            f"{place.region} {place.hex_text}" if isinstance(place.region, str) else place.hex_text,
            " · ".join(
                filter(
                    None,
                    (
                        counts(look, place.numerator, place.denominator),
                        worse(look, place.p_worse, place.target),
                    ),
                )
            ),
            place.hex_text,
            number(place.value, look.figure),
            interval(place.value_lo, place.value_hi, look.figure),
        )
        for place in rows(found)
    )
    return Worst(f"Hexagons by {look.title.lower()}, surely {surely} the rest", entries)


def listed(places: Worst) -> None:
    """Draws the list; each place is a button that moves the map there."""
    st.markdown("##### Where to look first")
    st.caption(places.about)
    for entry in places.entries:
        _entry(entry)


def _entry(entry: Entry) -> None:
    known = entry.hex_text is not None
    with st.container(gap=None):
        with st.container(horizontal=True, horizontal_alignment="distribute",
                          vertical_alignment="center", gap="small"):  # fmt: skip
            st.button(f"**{parts.plain(entry.name)}**", key=f"place {entry.name}", type="tertiary",
                      on_click=parts.go_to, args=[entry.hex_text], disabled=not known,
                      help="Show on the map" if known else "No position is known")  # fmt: skip
            value, between = parts.plain(entry.value), parts.plain(entry.between)
            st.markdown(f":orange[**{value}**] :gray[:small[{between}]]", width="content")
        if entry.unsafe:
            st.caption(f":red[{parts.plain(entry.unsafe)}]")
        st.caption(parts.plain(entry.reason))
        if entry.cost:
            st.caption(parts.plain(entry.cost))
        if entry.noted:
            st.caption(f":blue[{parts.plain(entry.noted)}]")


# --------------------------------------------------------------------------- one hexagon's story


def story(chosen: str, facts: pd.Series, drawn: Drawn) -> None:
    """Draws what is known of one hexagon of any level."""
    days = data.answer("hex_history", hex_text=chosen)
    rates = data.answer("hex_rates", hex_text=chosen)
    region = data.answer("hex_region", hex_text=chosen)["region"]
    named = parts.plain(region.iloc[0]) if len(region) else "Hexagon"
    with st.container(horizontal=True, horizontal_alignment="distribute", gap="small"):
        st.markdown(f"##### {named} :gray[{parts.plain(chosen)}]", width="content")
        st.button("Back to the list", on_click=parts.go_to, args=[None], type="tertiary")
    acknowledging.panel(Subject("hex", chosen), facts["timezone"])
    for row in rows(_of(rates, drawn)):
        _headline(row, drawn.layer)
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
    _customers(rates)


def _of(rates: pd.DataFrame, drawn: Drawn) -> pd.DataFrame:
    asked = drawn.asked
    starts = pd.to_datetime(rates["period_start"]) == pd.Timestamp(asked.pop("period_start"))
    same = (rates[list(asked)].fillna("") == pd.Series(asked)).all(axis=1)
    return rates[same & starts]


def _headline(row: Any, layer: parts.Layer) -> None:
    with st.container(gap=None):
        st.markdown(f"{layer.title}: **{parts.plain(value_of(row, layer))}** "
                    f"{parts.plain(layer.look.unit)}")  # fmt: skip
        st.caption(parts.plain(evidence(layer.look, row)))


def value_of(row: Any, layer: parts.Layer) -> str:
    """A released value as people read it, else why there is none."""
    return HIDDEN.get(row.shown) or number(row.value, layer.look.figure)


HIDDEN = {"few": "fewer than 5 cases", "hidden": "hidden to protect persons",
          "unsafe": "its data failed a check: not to be trusted"}  # fmt: skip


def _network(chosen: str, days: pd.DataFrame, timezone: str) -> None:
    changes = data.answer("hex_changes", hex_text=chosen)
    changes = changes.sort_values("drops_excess_here", key=abs, ascending=False)
    parts.picture(charts.history, days, changes, timezone=timezone)
    _what_changed(changes, timezone)
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


def _what_changed(changes: pd.DataFrame, timezone: str) -> None:
    st.markdown("**What changed**")
    st.markdown("\n".join(f"- {parts.plain(told)}" for told in changes_in_words(changes, timezone)))


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
        parts.picture(charts.months, mine, look)


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
        "value": value_of(row, layer),
        "90 %": interval(row.value_lo, row.value_hi, layer.look.figure),
        "unit": layer.look.unit,
        "period": period(row.period_grain, row.period_start, row.period_end),
        "counted": counts(layer.look, row.numerator, row.denominator),
        "measured there": number(row.value_raw, layer.look.figure),
        "against the target": worse(layer.look, row.p_worse, row.target),
    }
