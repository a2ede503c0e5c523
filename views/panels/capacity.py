"""When the cells of one place are full: a table beside its story."""

import streamlit as st

from views.shared import data
from views.words import foreseen
from views.words.numbers import rows

_MOST = 30


def panel(kind: str, key: str) -> None:
    """Draws when each cell of a place is full; draws nothing where none of its cells has counters.

    `kind`: cell, site, hex or region. `key`: its key.
    """
    cells = data.answer("full_in_place", place_type=kind, place_id=key)
    if cells.empty:
        return
    st.markdown("**When it is full**", help="The load of its busy hour grows until it meets the "
                "cell's own knee, from which on more calls drop; 90 % intervals in brackets. "
                "Without a knee there is no month.")  # fmt: skip
    first = cells.head(_MOST)
    st.dataframe(
        first.assign(
            **{
                name: [write(row) for row in rows(first)]
                for name, write in (
                    ("when", foreseen.when), ("limit", foreseen.limit), ("now", foreseen.now),
                    ("growth", foreseen.growth), ("season", foreseen.season),
                    ("soon", foreseen.soon),
                )
            }
        ),
        hide_index=True, height="content" if len(first) < 9 else 320, placeholder="",
        column_order=["cell_id", "when", "now", "limit", "growth", "soon", "season"],
        column_config={
            "cell_id": "cell", "when": "full, in months", "now": "busy hour now",
            "limit": "full at", "growth": "growth a year", "soon": "within 6 months",
            "season": "fullest week of the year",
        },
    )  # fmt: skip
    if (more := len(cells) - _MOST) > 0:
        st.caption(f"{more} more, later or not known: question full_in_place has them all.")
