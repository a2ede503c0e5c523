"""Charts of what came of works: each beside the others, and one day by day."""

import altair as alt
import pandas as pd

from views.drawing.marks import DOT, DOWN, QUIET, UP, heading, labels_inside, layered
from views.words import effected
from views.words.numbers import number, rows

_COLOURS = {"better": DOWN, "worse": UP, "no effect shown": QUIET}


def ledger(effects: pd.DataFrame) -> alt.LayerChart:
    """What each work did to drops, by its date, with intervals.

    `effects`: answer of effects about the drop rate, one row at least that is known.
    """
    known = effects[effects["effect_kind"].isin(["better", "worse", "not_shown"])]
    frame = known.assign(
        said=known["effect_kind"].map(effected.SAID),
        title=[effected.title(row) for row in rows(known)],
        size=[effected.size(row) for row in rows(known)],
        between=[effected.size_between(row) for row in rows(known)],
    )
    low, high = frame["effect_size"].min(), frame["effect_size"].max()
    # intervals of few drops reach far: the axis ends a little beyond the effects
    ends = alt.Scale(domain=[max(low - 15, -100), max(high + 15, 15)], nice=False)
    base = alt.Chart(frame).encode(
        x=alt.X("work_until:T", title=None, axis=alt.Axis(grid=False)),
        color=alt.Color(
            "said:N",
            legend=None,
            scale=alt.Scale(domain=list(_COLOURS), range=list(_COLOURS.values())),
        ),
    )
    zero = alt.Chart(pd.DataFrame({"effect_size": [0.0]})).mark_rule(strokeDash=[3, 3], color=QUIET)
    size = alt.Y("effect_size:Q", scale=ends, axis=labels_inside(tickCount=5))
    return layered(
        zero.encode(y=size),
        base.mark_rule(opacity=0.45, clip=True).encode(
            y=alt.Y("effect_size_lo:Q", scale=ends), y2="effect_size_hi:Q"
        ),
        base.mark_circle(size=50, opacity=1).encode(
            y=size,
            tooltip=[
                alt.Tooltip("title:N", title="works"),
                alt.Tooltip("said:N", title="drops"),
                alt.Tooltip("size:N", title="against expected"),
                alt.Tooltip("between:N", title="90 %"),
            ],
        ),
    ).properties(
        height=200,
        title=heading(
            "Drops after each work against what was expected without it, %, 90 % intervals: "
            "blue = better, orange = worse, grey = no effect shown"
        ),
    )


def days(of_days: pd.DataFrame) -> alt.LayerChart:
    """Drop rate of one work's place day by day, beside what untouched places let expect.

    `of_days`: answer of effect_days, one row at least.
    """
    frame = of_days.assign(
        part=(of_days["event_day"] > 0).map({True: "after", False: "before"}),
        said=[number(value, "share") for value in of_days["value_of_day"]],
        expected=[number(value, "share") for value in of_days["expected_of_day"]],
    )
    base = alt.Chart(frame).encode(
        x=alt.X(
            "event_day:Q",
            title="days before and after the works",
            axis=alt.Axis(grid=False, format="d"),
        ),
        detail="part:N",
    )
    value = alt.Y("value_of_day:Q", axis=labels_inside(tickCount=4, format=".2~%"))
    works = alt.Chart(pd.DataFrame({"event_day": [0]})).mark_rule(color=UP, strokeDash=[4, 3])
    return layered(
        base.mark_area(color=QUIET, opacity=0.22).encode(
            y="expected_of_day_lo:Q", y2="expected_of_day_hi:Q"
        ),
        base.mark_line(color=QUIET, strokeWidth=1.6).encode(y="expected_of_day:Q"),
        base.mark_line(
            color=DOT, strokeWidth=1.6, point=alt.OverlayMarkDef(color=DOT, size=16)
        ).encode(
            y=value,
            tooltip=[
                alt.Tooltip("event_day:Q", title="day"),
                alt.Tooltip("said:N", title="drop rate"),
                alt.Tooltip("expected:N", title="expected"),
            ],
        ),
        works.encode(x="event_day:Q"),
    ).properties(
        height=210,
        title=heading(
            [
                "Drop rate: blue = counted; grey = what untouched places with such a past let "
                "expect, with the 90 % interval of a day",
                "before the works both have the same mean; after them the gap is the effect",
            ]
        ),
    )
