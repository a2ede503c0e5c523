"""Drop rates that came by the day without counts: each cell's rate and its last change."""

import streamlit as st

from views.drawing import delivered
from views.shared import data, pickers
from views.shared.page import picture, plain
from views.words.numbers import interval, rows
from views.words.sentences import when

_MOST = 1000


def panel(timezone: str) -> None:
    """Draws the cells whose rates came without counts; draws nothing where there are none.

    `timezone`: IANA zone of the dates.
    """
    cells = data.answer("delivered_rates", top=_MOST)
    if cells.empty:
        return
    st.markdown("##### Drop rates delivered without counts")
    st.caption("How many calls are behind a rate is not known, so it is in no sum, no hexagon and "
               "no rank, and what a change is due to was not tested. Intervals come from the "
               "scatter of the days: they held 87 to 91 % on planted changes; where days scatter "
               "by 40 %, 55 % on changes of half, and 87 % on doublings.")  # fmt: skip
    table = cells.assign(
        since=[when(row, timezone) for row in rows(cells)],
        likely=[interval(row.ratio_lo, row.ratio_hi, "ratio") for row in rows(cells)],
    )
    number_column = st.column_config.NumberColumn
    left, right = st.columns([0.62, 0.38], gap="medium")
    event = left.dataframe(
        table, hide_index=True, height=330 if len(table) > 8 else "content", placeholder="",
        on_select="rerun", selection_mode="single-row",
        key=pickers.key_of("delivered", cells["cell_id"]),
        column_order=["cell_id", "site_id", "drop_rate_pct", "n_days", "since", "ratio", "likely",
                      "rate_before_pct", "rate_after_pct", "min_visible_ratio", "intervention_id",
                      "unknown_reason"],
        column_config={
            "cell_id": "cell", "site_id": "site", "n_days": "days",
            "drop_rate_pct": number_column("usual rate", format="%.2f %%",
                                           help="Median of the days"),
            "since": "last change (90 % interval)",
            "ratio": number_column("times", format="×%.2f"),
            "likely": "90 % interval",
            "rate_before_pct": number_column("before", format="%.2f %%"),
            "rate_after_pct": number_column("after", format="%.2f %%"),
            "min_visible_ratio": number_column(
                "could be seen from", format="×%.2f",
                help="The smallest rise that the scatter of the days would have let be seen"),
            "intervention_id": "intervention", "unknown_reason": "not searched because",
        },
    )  # fmt: skip
    picked = event["selection"]["rows"]
    cell = cells.iloc[int(picked[0]) if picked else 0]["cell_id"]
    with right:
        st.markdown(f"**{plain(str(cell))}**")
        picture(delivered.history, data.answer("delivered_days", cell_id=str(cell)))
