"""The filter that pages share: by region, technology, band, vendor, cell type and owner.

It lets whole places through, by their cells, and never changes a figure.
"""

from typing import Any

import pandas as pd
import streamlit as st

from views.shared import data
from views.shared.page import plain
from views.shared.url import recalled, remember

DIMENSIONS = {
    "region": "Region", "technology": "Technology", "band": "Band", "vendor": "Vendor",
    "cell_type": "Cell type", "owner": "Owner",
}  # fmt: skip
"""By what is filtered, as queries and the URL call it, and as people do."""
OF_CELLS = ("technology", "band", "vendor", "cell_type")
"""What a cell is; figures of persons are never told apart by it."""
_PARTED_BY = "|"
_SHORT = {"lte": "LTE", "nr": "NR", "umts": "UMTS", "gsm": "GSM"}
PERSONS = frozenset({"complaints_per_1000", "complaints_per_10k_attempts", "nps", "rating_mean",
                     "call_drop_rate"})  # fmt: skip
"""Metrics of the map that count persons or what they reported."""


def box() -> None:
    """Draws the filter, and beside it what it is set to; only what the data has is offered."""
    values = data.answer("filter_values")
    with st.popover("Filter", icon=":material/filter_alt:", type="tertiary"):
        for dimension, title in DIMENSIONS.items():
            mine = values[values["dimension"] == dimension]
            if len(mine):
                _picker(dimension, title, mine)
        if chosen():
            st.button("Show everything", on_click=_clear)


def _picker(dimension: str, title: str, values: pd.DataFrame) -> None:
    """Several values of one dimension; none = all."""
    cells = dict(zip(values["value"], values["n_cells"], strict=True))
    key = f"filter {dimension}"
    before = st.session_state.get(key, _split(recalled(dimension)))
    st.session_state[key] = [value for value in before if value in cells]
    picked = st.multiselect(title, list(cells), key=key, placeholder="all",
                            format_func=lambda value: _named(value, cells[value]))  # fmt: skip
    remember(dimension, _PARTED_BY.join(picked))


def _named(value: str, n_cells: Any) -> str:
    name = _SHORT.get(value, value)
    return name if pd.isna(n_cells) else f"{name} ({n_cells:,.0f} cells)"


def _split(text: str | None) -> list[str]:
    return text.split(_PARTED_BY) if text else []


def _clear() -> None:
    for dimension in DIMENSIONS:
        remember(dimension, None)
        st.session_state.pop(f"filter {dimension}", None)


def chosen() -> dict[str, str]:
    """What is filtered by, as parameters of the queries that take a filter; empty = nothing is."""
    values = {dimension: recalled(dimension) for dimension in DIMENSIONS}
    return {dimension: value for dimension, value in values.items() if value}


def of_hexagons(metric: str) -> dict[str, str]:
    """The part of the filter that holds for a layer of the map, as parameters of its queries.

    `metric`: of the layer. Figures of persons are filtered by region alone; who looks after a place
    is not known of hexagons.
    """
    kept = {"region"} if metric in PERSONS else {"region", *OF_CELLS}
    return {dimension: value for dimension, value in chosen().items() if dimension in kept}


def caption(shown: str, *, metric: str = "") -> None:
    """Says what the filter lets through, and what it does not touch; nothing where none is set.

    `shown`: what the page shows of it, as a sentence without its end. `metric`: of the layer that
    the map shows; empty = no map.
    """
    if not chosen():
        return
    by = "; ".join(f"{DIMENSIONS[dimension].lower()} {written(value)}"
                   for dimension, value in chosen().items())  # fmt: skip
    left_out = [DIMENSIONS[name].lower() for name in chosen() if name not in of_hexagons(metric)]
    unfiltered = ""
    if metric and left_out:
        unfiltered = f" The map is not filtered by {' and '.join(left_out)}{_why(metric)}."
    elif not metric and set(chosen()) & set(OF_CELLS):
        unfiltered = (" Figures of customers are those of all customers there: they are never "
                      "told apart by technology, band, vendor or cell type.")  # fmt: skip
    st.caption(plain(f"Filtered by {by}. {shown}.{unfiltered}"))


def _why(metric: str) -> str:
    return ": figures of customers are not told apart by cells" if metric in PERSONS else ""


def written(value: str) -> str:
    """Values of a dimension as people write them: LTE or NR.

    `value`: as the inventory has it; several are parted as in the address, or by commas.
    """
    if ", " in value:
        return ", ".join(_SHORT.get(one, one) for one in value.split(", "))
    return " or ".join(_SHORT.get(one, one) for one in _split(value))
