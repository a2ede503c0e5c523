"""Chart of a drop rate that was delivered by the day, without the calls behind it."""

import altair as alt
import pandas as pd

from views.drawing.marks import DOT, UP, heading, labels_inside, layered


def history(days: pd.DataFrame) -> alt.LayerChart:
    """Daily drop rate of one cell, and the days from which on it is another.

    `days`: answer of delivered_days: day_local, drop_rate_pct, is_change.
    """
    x = alt.X("day_local:T", title=None, axis=alt.Axis(grid=False))
    y = alt.Y("drop_rate_pct:Q", axis=labels_inside(tickCount=4), scale=alt.Scale(zero=True))
    lines = alt.Chart(days).mark_line(color=DOT, strokeWidth=1.5, point={"size": 12}).encode(
        x=x, y=y,
        tooltip=[alt.Tooltip("day_local:T", title="day"),
                 alt.Tooltip("drop_rate_pct:Q", title="drop rate %", format=".2f")],
    )  # fmt: skip
    changes = alt.Chart(days[days["is_change"]]).mark_rule(color=UP, strokeDash=[4, 3]).encode(x=x)
    title = heading("Drop rate in per cent, as delivered by the day; dashed: from here another")
    return layered(changes, lines).properties(height=220, title=title)
