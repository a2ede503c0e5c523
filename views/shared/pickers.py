"""Pickers of layer and period, alike on every page."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, TypeVar

import pandas as pd
import streamlit as st
from streamlit.elements.arrow import DataframeStateInput

from contracts.kpis import FAMILIES
from views.shared import data
from views.shared.page import plain
from views.shared.url import recalled, remember
from views.words.looks import LOOKS, Look, look_of, look_of_kpi
from views.words.numbers import period, rows

Option = TypeVar("Option")

_FAMILIES = ["", *FAMILIES]
_CLASSES = {"network": "", "relationship": "", "all": "", "": "",
            "transactional": "after a contact"}  # fmt: skip


@dataclass(frozen=True)
class Layer:
    """What can be drawn: one metric, and a class within it where there are several."""

    metric: str
    outcome_class: str | None
    kpi: tuple[str, str, str] | None = None
    """Of a KPI its name, its unit and which way is better; None = it is none."""
    family: str = ""
    """Of a KPI what it says of a cell; empty = it is none."""

    @property
    def key(self) -> str:
        """What the URL calls it: complaints_per_1000.network, or the metric alone."""
        only = self.outcome_class in (None, "", "all")
        return self.metric if only else f"{self.metric}.{self.outcome_class}"

    @property
    def look(self) -> Look:
        """How its metric is written and coloured."""
        return look_of_kpi(self.metric, *self.kpi) if self.kpi else look_of(self.metric)

    @property
    def title(self) -> str:
        """Its name for people: Complaints about network; Mobility: Handover success."""
        if self.family:
            return f"{self.family.capitalize()}: {self.look.title}"
        kind = self.outcome_class or ""
        if kind in _CLASSES:
            return f"{self.look.title} {_CLASSES[kind]}".strip()
        return f"{self.look.title}{self.look.joint}{kind}"


@dataclass(frozen=True)
class Period:
    """One period for which a layer can be drawn."""

    grain: str
    start: date
    end: date
    n_days: int | None = None
    n_days_known: int | None = None
    """Days of a week or month, and those of them with counters; None = not of counters."""

    @property
    def key(self) -> str:
        """What the URL calls it: month.2026-10-01."""
        return f"{self.grain}.{self.start.isoformat()}"

    @property
    def title(self) -> str:
        """Its name for people: October 2026; of a part, November 2026, 15 of 30 days."""
        if self.n_days is None or self.n_days_known is None:
            text = period(self.grain, self.start, self.end)
        else:
            text = period(self.grain, self.start, self.start + timedelta(days=self.n_days - 1))
            if self.n_days_known < self.n_days:
                text += f", {self.n_days_known} of {self.n_days} days"
        return text[0].upper() + text[1:]


def layer_picker(layers: pd.DataFrame, *, param: str = "layer", like: str = "") -> Layer:
    """The layer to draw, the worst news first; kept in the URL as `param`.

    `layers`: answer of the query map_layers, at least one row. `like`: key of the layer to start
    with; empty = the first.
    """
    order = {metric: n for n, metric in enumerate(LOOKS)}
    named = layers.assign(outcome_class=layers["outcome_class"].fillna(""))
    pairs = named.groupby(["metric", "outcome_class"])["n_shown"].sum().reset_index()
    # a layer that shows nothing is offered, but never first
    pairs["order"] = pairs["metric"].map(order).fillna(len(order)) + 100 * (pairs["n_shown"] == 0)
    pairs["account"] = ~pairs["outcome_class"].isin(["network", "relationship", "all", ""])
    kpis = _kpis(layers)
    # KPIs without a place of their own stand together, family by family
    family = pairs["metric"].map(lambda m: kpis[m][1] if m in kpis else "").map(_FAMILIES.index)
    pairs = pairs.assign(family=family.where(pairs["order"] % 100 == len(order), 0))
    pairs = pairs.sort_values(["order", "account", "family", "metric", "outcome_class"])
    options = [_layer(row.metric, row.outcome_class or None, kpis) for row in rows(pairs)]
    wanted = st.session_state.get(param, recalled(param))
    chosen = pick("Layer", options, key=lambda o: o.key, title=lambda o: o.title, param=param,
                  like=like)  # fmt: skip
    if wanted and wanted != chosen.key:
        st.caption(plain(f"{_lacking(wanted)}. Shown is {chosen.title}."))
    return chosen


def _lacking(key: str) -> str:
    """Why a layer that the address names is not drawn."""
    metric = key.partition(".")[0]
    reasons = data.answer("kpis").set_index("kpi")["absent_reason"].dropna()
    reason = f": {reasons[metric]}" if metric in reasons.index else ""
    return f"{look_of(metric).title} is no layer of these data{reason}"


def _kpis(layers: pd.DataFrame) -> dict[str, tuple[tuple[str, str, str], str]]:
    """Name, unit, which way is better, and family, of each layer that is a KPI."""
    if "family" not in layers:
        return {}
    known = layers.dropna(subset=["family"]).drop_duplicates("metric")
    return {
        row.metric: ((row.kpi_name, row.kpi_unit, row.better), row.family) for row in rows(known)
    }


def _layer(
    metric: str, outcome_class: str | None, kpis: Mapping[str, tuple[tuple[str, str, str], str]]
) -> Layer:
    if metric not in kpis or metric in LOOKS:
        return Layer(metric, outcome_class)
    return Layer(metric, outcome_class, *kpis[metric])


def period_picker(
    layers: pd.DataFrame, layer: Layer, *, param: str = "period", like: str = ""
) -> Period:
    """The period to draw, newest months first; kept in the URL as `param`.

    `layers`: answer of the query map_layers. `layer`: one of these. `like`: key of the period to
    start with; empty = the first.
    """
    mine = of_layer(layers, layer).drop_duplicates(["period_grain", "period_start"])
    grains = {"all": 0, "month": 1, "week": 2, "day": 3}
    mine = mine.assign(grain=mine["period_grain"].map(grains))
    mine = mine.sort_values(["grain", "period_start"], ascending=[True, False])
    options = [_period(row) for row in rows(mine)]
    wanted = st.session_state.get(param, recalled(param))
    chosen = pick("Period", options, key=lambda o: o.key, title=lambda o: o.title, param=param,
                  like=like)  # fmt: skip
    if wanted and wanted != chosen.key:
        st.caption(f"{layer.title} is not there for the period before: {chosen.title} is shown.")
    return chosen


def _period(row: Any) -> Period:
    start, end = (pd.Timestamp(day).date() for day in (row.period_start, row.period_end))
    n_days, n_known = (None if pd.isna(n) else int(n) for n in (row.n_days, row.n_days_known))
    return Period(row.period_grain, start, end, n_days, n_known)


def earlier(layers: pd.DataFrame, layer: Layer, span: Period) -> str:
    """Key of the period of the same grain before one; itself where there is none.

    `layers`: answer of the query map_layers. `layer`: one of these. `span`: the period.
    """
    mine = of_layer(layers, layer)
    starts = pd.to_datetime(mine.loc[mine["period_grain"] == span.grain, "period_start"])
    before = starts[starts < pd.Timestamp(span.start)]
    return span.key if before.empty else f"{span.grain}.{before.max().date().isoformat()}"


def switch(label: str, param: str, *, help: str) -> bool:  # noqa: A002 - as Streamlit calls it
    """Something that is on or off; the URL says 1 where it is on.

    `label`: beside it. `param`: its name in the URL. `help`: what is shown on pointing at it.
    """
    st.session_state.setdefault(param, recalled(param) == "1")
    on = st.toggle(label, key=param, help=help)
    remember(param, "1" if on else None)
    return on


def picked(param: str) -> str | None:
    """What is picked on this page, or else what the URL says; None = neither says anything.

    `param`: name in the URL. For what is drawn before its picker is.
    """
    return st.session_state.get(param) or recalled(param)


def since(label: str, *, param: str) -> date | None:
    """A day to begin with; None = none. The URL holds it.

    `label`: above it. `param`: its name in the URL.
    """
    if param not in st.session_state:
        st.session_state[param] = _day_of(recalled(param))
    day: date | None = st.date_input(label, key=param)
    remember(param, day.isoformat() if day else None)
    return day


def _day_of(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        return None


def text(label: str, *, param: str, placeholder: str, key: str = "", **how: Any) -> str:
    """What is typed into a field, without blanks around it; the URL holds it.

    `label`: above it. `param`: its name in the URL. `placeholder`: what stands there before. `key`:
    of the field, where it is not `param`. `how`: as of `st.text_input`.
    """
    st.session_state.setdefault(key or param, recalled(param) or "")
    typed = st.text_input(label, key=key or param, placeholder=placeholder, **how)
    remember(param, typed.strip())
    return typed.strip()


def segments(name: str, options: Mapping[str, str], *, param: str) -> str:
    """One of a few options side by side; the URL holds it, unless it is the first.

    `name`: for those who hear the page. `options`: their titles, by what the URL calls them.
    `param`: name in the URL.
    """
    first = next(iter(options))
    before = picked(param)
    st.session_state[param] = before if before in options else first
    chosen = st.segmented_control(name, list(options), format_func=options.__getitem__, key=param,
                                  label_visibility="collapsed") or first  # fmt: skip
    remember(param, chosen if chosen != first else None)
    return chosen


def key_of(table: str, ids: Iterable[object]) -> str:
    """Key of a table for choosing a row: with other rows in it, nothing is chosen any more.

    `table`: its name on the page. `ids`: one for each row, in order.
    """
    return f"{table} {hash(tuple(ids))}"


def first_choice(key: str, ids: Sequence[object], *, param: str) -> DataframeStateInput:
    """The row that a table starts with: the one that the URL names, or none.

    `key`: of the table. `ids`: one for each row, in order. `param`: name in the URL. Made for
    `selection_default` of a table, which must stay the same as long as the table does.
    """
    named = recalled(param)
    rows = [n for n, one in enumerate(ids) if str(one) == named][:1]
    start: DataframeStateInput = {"selection": {"rows": rows}}
    kept: DataframeStateInput = st.session_state.setdefault(f"first {key}", start)
    return kept


def choice(event: Any, ids: Sequence[object], *, param: str) -> int | None:
    """The row that is chosen in a table, kept in the URL; None = none is.

    `event`: what the table gave. `ids`: one for each row, in order. `param`: name in the URL.
    """
    picked = event["selection"]["rows"]
    remember(param, str(ids[int(picked[0])]) if picked else None)
    return int(picked[0]) if picked else None


def of_layer(layers: pd.DataFrame, layer: Layer) -> pd.DataFrame:
    """Rows of map_layers that speak of one layer.

    `layers`: answer of that query. `layer`: the one.
    """
    same_class = layers["outcome_class"].fillna("") == (layer.outcome_class or "")
    return layers[(layers["metric"] == layer.metric) & same_class]


def pick(
    name: str,
    options: Sequence[Option],
    *,
    key: Callable[[Option], str],
    title: Callable[[Option], str],
    param: str,
    like: str = "",
) -> Option:
    """One of the options from a list; the URL holds its key, and wins when the page opens.

    `name`: of the list, for those who hear the page. `options`: at least one. `key`, `title`: what
    the URL and the list call an option. `param`: name in the URL. Where it holds no key of an
    option, `like` is the one to start with, else the first one's.
    """
    by_key = {key(option): option for option in options}
    before = st.session_state.get(param, recalled(param))
    # what was chosen may not exist for the layer chosen now
    st.session_state[param] = next((k for k in (before, like) if k in by_key), next(iter(by_key)))
    chosen = st.selectbox(
        name, list(by_key), format_func=lambda k: title(by_key[k]), key=param,
        label_visibility="collapsed",
    )  # fmt: skip
    remember(param, chosen)
    return by_key[chosen]
