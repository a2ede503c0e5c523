"""Charts of what goes with what customers say: all at a glance, lag by lag, place by place."""

from typing import Any

import altair as alt
import pandas as pd

from views.drawing.marks import DOT, DOWN, QUIET, UP, heading, labels_inside, layered
from views.words import driving
from views.words.looks import Look
from views.words.numbers import interval, number, rows

PICKED = "picked"
"""Name of the choice of one field of the heat map."""
FIELDS = ["kpi", "metric", "outcome_class", "lag_months"]
"""What is chosen by it."""
_COLOURS = {
    "worse": UP,
    "better": DOWN,
    "worse, bills too": UP,
    "better, bills too": DOWN,
    "the control moves": "#7d6bb0",
    "not sure": QUIET,
}
_OPACITIES = {
    "worse": 1.0,
    "better": 1.0,
    "worse, bills too": 0.4,
    "better, bills too": 0.4,
    "the control moves": 0.75,
    "not sure": 0.12,
}
_ROW, _HEADS = 19, 75
"""Pixels of a KPI, and of what stands over all of them."""
_LABELS_OF_LAGS = 130


def heat(associations: pd.DataFrame) -> alt.LayerChart:
    """Every KPI against every outcome at every lag; what survives stands out.

    `associations`: answer of associations, one known row at least. Fields are chosen by a click.
    """
    known = associations[associations["association_kind"] != "unknown"]
    fields = known[[*FIELDS, "kpi_name", "reading"]].assign(
        tone=[_tone(row) for row in rows(known)],
        strength=[_OPACITIES[_tone(row)] for row in rows(known)],
        outcome=known["outcome_class"].map(driving.outcome),
        effect=[driving.effect(row) for row in rows(known)],
        lag=[f"{lag} months later" if lag else "same month" for lag in known["lag_months"]],
    )
    order = [name for name in driving.OUTCOMES.values() if name in set(fields["outcome"])]
    base = alt.Chart(fields).encode(
        x=alt.X(
            "outcome:N",
            sort=order,
            title=None,
            scale=alt.Scale(paddingInner=0.06),
            axis=alt.Axis(
                orient="top",
                labelAngle=0,
                labelLimit=_LABELS_OF_LAGS,
                ticks=False,
                domain=False,
                labelFontWeight=600,
            ),
        ),
        xOffset=alt.XOffset("lag_months:O", scale=alt.Scale(paddingInner=0.12)),
        y=alt.Y(
            "kpi_name:N",
            title=None,
            scale=alt.Scale(paddingInner=0.12),
            axis=alt.Axis(labelLimit=190, labelOverlap=False, ticks=False, domain=False),
        ),
    )
    one = alt.selection_point(name=PICKED, fields=FIELDS, on="click", clear=False)
    tones = list(_COLOURS)
    squares = (
        base.mark_rect(cornerRadius=2, stroke="transparent", cursor="pointer")
        .encode(
            color=alt.Color(
                "tone:N", legend=None, scale=alt.Scale(domain=tones, range=list(_COLOURS.values()))
            ),
            opacity=alt.Opacity("strength:Q", legend=None, scale=None),
            tooltip=[
                alt.Tooltip("kpi_name:N", title="KPI"),
                alt.Tooltip("outcome:N", title="goes with"),
                alt.Tooltip("lag:N", title="when"),
                alt.Tooltip("tone:N", title="verdict"),
                alt.Tooltip("effect:N", title="a tenth more goes with"),
            ],
        )
        .add_params(one)
    )
    text = [
        "A field is a KPI against what customers say: left the same month, right months later",
        "orange = worse, beyond bills; blue = better; pale = bills may move as much; "
        "grey = not sure",
    ]
    height = _HEADS + _ROW * fields["kpi_name"].nunique()
    return layered(squares).properties(height=height, title=heading(text, offset=6))


def lags(associations: pd.DataFrame, control: pd.DataFrame, chosen: Any) -> alt.LayerChart:
    """One KPI and one outcome, lag by lag, with intervals; the control's beside, in grey.

    `associations`: rows of associations of them, one at least. `control`: those of complaints about
    bills; empty = none, or not in the same unit. `chosen`: the row that is looked at.
    """
    names = ["lag_months", "effect_pct", "effect_pct_lo", "effect_pct_hi"]
    frame = pd.concat(
        [
            associations[names].assign(of="it", at=associations["lag_months"] - 0.08),
            control[names].assign(of="the control", at=control["lag_months"] + 0.08),
        ]
    )
    frame["said"] = [interval(row.effect_pct_lo, row.effect_pct_hi, "plain") for row in rows(frame)]
    months = sorted(set(frame["lag_months"]))
    base = alt.Chart(frame).encode(
        x=alt.X(
            "at:Q",
            title="months later",
            scale=alt.Scale(domain=[-0.5, months[-1] + 0.5]),
            axis=alt.Axis(values=months, format="d", grid=False),
        ),
        color=alt.Color(
            "of:N", legend=None, scale=alt.Scale(domain=["it", "the control"], range=[DOT, QUIET])
        ),
    )
    zero = alt.Chart(pd.DataFrame({"effect_pct": [0.0]})).mark_rule(strokeDash=[3, 3], color=QUIET)
    effect = alt.Y("effect_pct:Q", axis=labels_inside(tickCount=4))
    here = pd.DataFrame({"at": [chosen.lag_months - 0.08], "effect_pct": [chosen.effect_pct]})
    unit = "points" if chosen.outcome_class == "nps" else "%"
    text = [
        f"{unit} more that go with a tenth more of the KPI, 90 % intervals (of what survives, "
        "adjusted for it)",
        "blue = what is looked at; grey = complaints about bills",
    ]
    return layered(
        zero.encode(y=effect),
        base.mark_rule(strokeWidth=2, opacity=0.6).encode(
            y="effect_pct_lo:Q", y2="effect_pct_hi:Q"
        ),
        base.mark_circle(size=60, opacity=1).encode(
            y=effect,
            tooltip=[
                alt.Tooltip("lag_months:Q", title="months later"),
                alt.Tooltip("effect_pct:Q", format=".1f", title=unit),
                alt.Tooltip("said:N", title="90 %"),
                alt.Tooltip("of:N", title="of"),
            ],
        ),
        alt.Chart(here).mark_point(size=170, color=UP, strokeWidth=2).encode(x="at:Q", y=effect),
    ).properties(height=190, title=heading(text))


def scatter(places: pd.DataFrame, kpi: Look, outcome: Look) -> alt.LayerChart:
    """Places by one KPI and by what customers say there, with its 90 % intervals.

    `places`: answer of associated_places, one row at least. `kpi`, `outcome`: how they are written.
    """
    frame = places.assign(
        x_said=[number(value, kpi.figure) for value in places["kpi_value"]],
        y_said=[number(value, outcome.figure) for value in places["value"]],
        between=[interval(row.value_lo, row.value_hi, outcome.figure) for row in rows(places)],
    )
    base = alt.Chart(frame).encode(
        x=alt.X(
            "kpi_value:Q",
            title=kpi.title,
            scale=alt.Scale(zero=False, padding=12),
            axis=alt.Axis(grid=False, tickCount=5, format=_format(kpi)),
        )
    )
    # the axis ends where the dots do: intervals of places of few people reach far
    top = float(frame["value_hi"].quantile(0.8))
    ends = alt.Scale(zero=False, domainMax=max(top, float(frame["value"].max())))
    value = alt.Y("value:Q", scale=ends, axis=labels_inside(tickCount=4, format=_format(outcome)))
    title = heading(
        f"{outcome.title} by {kpi.title}: each dot a place, over all months in which both are known"
    )
    return layered(
        base.mark_rule(color=QUIET, opacity=0.45, clip=True).encode(
            y=alt.Y("value_lo:Q", scale=ends), y2="value_hi:Q"
        ),
        base.mark_circle(color=DOT, opacity=0.85, clip=True).encode(
            y=value,
            size=alt.Size("denominator:Q", legend=None, scale=alt.Scale(range=[12, 180])),
            tooltip=[
                alt.Tooltip("hex_text:N", title="hexagon"),
                alt.Tooltip("x_said:N", title=kpi.title),
                alt.Tooltip("y_said:N", title=outcome.title),
                alt.Tooltip("between:N", title="90 %"),
                alt.Tooltip("n_months:Q", title="months"),
            ],
        ),
    ).properties(height=230, title=title)


def _tone(row: Any) -> str:
    """What a field says: worse or better for customers, and whether bills move as much."""
    way = "worse" if row.is_worse else "better"
    tones = {"network": way, "control_too": f"{way}, bills too", "control": "the control moves"}
    return tones.get(row.association_kind, "not sure")


def _format(look: Look) -> str:
    return ".2~%" if look.figure == "share" else "~s"
