"""Charts as altair objects: history of a place with its changes, changes by date, months.

Used by pages and reports; no Streamlit in it. Times are the operator's wall-clock time, handed over
as if they were UTC and drawn on UTC scales: a browser anywhere else shows the same days.
"""

from html import escape
from typing import Any, Literal

import altair as alt
import pandas as pd
import vl_convert

from views.drawing.marks import DOT, DOWN, QUIET, UP, heading, labels_inside, layered
from views.words.looks import Look
from views.words.numbers import amount, interval, number, rows
from views.words.sentences import place, when

BY_LOAD, BY_REST = "#e8a33d", "#9488c2"
_DAY, _YEAR = pd.Timedelta(days=1), pd.Timedelta(days=300)
_TIMES: dict[str, Any] = {"values": [0.25, 0.5, 1, 2, 4, 8], "labelExpr": "'×' + datum.label"}
_LOCALE = {"number": {"decimal": ".", "thousands": ",", "grouping": [3], "currency": ["", ""],
                      "percent": "\u00a0%"}}  # fmt: skip
_UTC = alt.Scale(type="utc", nice=False)


def history(
    days: pd.DataFrame, changes: pd.DataFrame, *, timezone: str, labelled: int = 4
) -> alt.VConcatChart:
    """Daily drop rate of one place over its busy-hour PRB load, with its dated changes.

    `days`: day_local, drop_rate, prb_dl_util_bh_pct, call_attempts, dropped_calls. A day without
    data is a gap. `changes`: change_utc and its 90 % interval change_lo_utc to change_hi_utc,
    ratio, direction, cell_id or hex_text; the first of them, at most `labelled`, are drawn and
    named. `timezone`: days are of this IANA zone.
    """
    whole = _every_day(days)
    marked = _local(changes.head(labelled), timezone)
    panels = [_labels(whole, marked)] if len(marked) else []
    panels += [_rate(whole, marked), _load(whole, marked)]
    # each panel keeps a scale of its own: all have the same ends
    return alt.vconcat(*panels, spacing=4).resolve_scale(x="independent", color="independent")


def attributed(
    days: pd.DataFrame, curve: pd.DataFrame, change: Any, *, timezone: str
) -> alt.VConcatChart:
    """One change: drops day by day with the parts due to load and to the rest, over the curve.

    `days`: rows of change_days of one change, one at least; `curve`: rows of change_curves;
    `change`: a row of change_points. Load's part is shaded from the drops usual without the change,
    the rest from there on. `timezone`: days are of this IANA zone.
    """
    marked = _local(pd.DataFrame([change]), timezone)
    return alt.vconcat(_parts(days, change, marked), _response(curve), spacing=12).resolve_scale(
        x="independent", color="independent"
    )


def relief(ladder: pd.DataFrame, asked: Any) -> alt.LayerChart:
    """Drops avoided a month by how much of its load one cell is relieved of, with 90 % intervals.

    `ladder`: answer of what_if; `asked`: the row that is marked. Steps beyond loads at which the
    cell has been are hollow.
    """
    names = ["relief_pct", "drops_avoided_month", "drops_avoided_month_lo",
             "drops_avoided_month_hi"]  # fmt: skip
    steps = ladder[[*names, "is_beyond_seen"]]
    whole = pd.concat([pd.DataFrame([dict.fromkeys(names, 0.0)]), steps[names]])
    share = alt.X(
        "relief_pct:Q", title=None, scale=alt.Scale(domain=[0, 52], nice=False),
        axis=alt.Axis(grid=False, values=[0, 10, 20, 30, 40, 50], labelExpr="datum.label + ' %'"),
    )  # fmt: skip
    drops = alt.Y("drops_avoided_month:Q", axis=labels_inside(format="~s", tickCount=3))
    base = alt.Chart(whole).encode(x=share)
    here = alt.Chart(pd.DataFrame([{name: asked[name] for name in names}])).encode(x=share, y=drops)
    dots = alt.Chart(steps).mark_point(size=40, color=DOT).encode(
        x=share, y=drops, fill=alt.condition("datum.is_beyond_seen", alt.value("transparent"),
                                             alt.value(DOT)),
        tooltip=[alt.Tooltip("relief_pct:Q", title="relief %"),
                 alt.Tooltip("drops_avoided_month:Q", format=",.0f", title="drops fewer"),
                 alt.Tooltip("drops_avoided_month_lo:Q", format=",.0f", title="from"),
                 alt.Tooltip("drops_avoided_month_hi:Q", format=",.0f", title="to")],
    )  # fmt: skip
    return layered(
        base.mark_area(color=BY_LOAD, opacity=0.3).encode(
            y=alt.Y("drops_avoided_month_lo:Q", axis=labels_inside(format="~s", tickCount=3)),
            y2="drops_avoided_month_hi",
        ),
        base.mark_line(color=QUIET, strokeWidth=1.5).encode(y=drops),
        dots,
        here.mark_circle(color=UP, size=110, opacity=1),
    ).properties(
        height=130, title=heading("Drops fewer a month by relief from load, 90 % interval")
    )


_AROUND = pd.Timedelta(days=7)


def timeline(changes: pd.DataFrame, *, timezone: str) -> alt.LayerChart:
    """Dated changes: when, how strong, and how many drops they cost or avoided.

    `changes`: change_utc, change_lo_utc, change_hi_utc, ratio, ratio_lo, ratio_hi, direction,
    drops_excess, cell_id or hex_text. `timezone`: times are of this IANA zone.
    """
    local = _local(changes, timezone)
    local = local.assign(drops=local["drops_excess"].abs())
    strength = alt.Scale(type="log", nice=False, padding=12)
    base = alt.Chart(local).encode(color=_direction())
    unchanged = alt.Chart(pd.DataFrame({"one": [1.0]})).mark_rule(strokeDash=[3, 3], color=QUIET)
    across, upright = base.mark_rule(opacity=0.45), base.mark_rule(opacity=0.45)
    dots = base.mark_circle(opacity=0.85).encode(
        x=_x("at"), y=alt.Y("ratio:Q", scale=strength),
        size=alt.Size("drops:Q", scale=alt.Scale(range=[30, 500]), legend=None),
        tooltip=[alt.Tooltip("label:N", title="change"), alt.Tooltip("when:N", title="since"),
                 alt.Tooltip("drops_excess:Q", title="drops since", format="+,.0f")],
    )  # fmt: skip
    # two lines: a telephone shows no longer one
    title = heading(["Drops as a multiple of those before, with 90 % intervals",
                    "orange = worse, blue = better; larger = more drops"])  # fmt: skip
    first, last = local["at"].min(), local["at"].max()
    # of one change alone the axis would show its hours; on the left stand the labels
    ends = [first - max(_AROUND, 0.04 * (last - first)), last + _AROUND]
    unseen = alt.Chart(pd.DataFrame({"at": ends})).mark_point(opacity=0)
    return layered(
        unseen.encode(x=_x("at", _days(last - first))),
        unchanged.encode(y=alt.Y("one:Q", scale=strength, axis=labels_inside(**_TIMES))),
        across.encode(
            x=_x("from", _days(last - first)), x2="to:T", y=alt.Y("ratio:Q", scale=strength)
        ),
        upright.encode(x=_x("at"), y=alt.Y("ratio_lo:Q", scale=strength), y2="ratio_hi:Q"),
        dots,
    ).properties(height=210, title=title)


def months(rates: pd.DataFrame, look: Look) -> alt.LayerChart:
    """One released metric of one place, month by month, with its 90 % intervals.

    `rates`: period_start, period_end, value, value_lo, value_hi; a value that is not released
    leaves a gap; a month of which a part is known is marked so. `look`: the metric.
    """
    lows, highs = rates["value_lo"], rates["value_hi"]
    frame = rates.assign(
        month=[_month(row) for row in rows(rates)],
        said=[number(value, look.figure) for value in rates["value"]],
        between=[interval(lo, hi, look.figure) for lo, hi in zip(lows, highs, strict=True)],
    )
    base = alt.Chart(frame).encode(
        x=alt.X("month:N", title=None, sort=None, axis=alt.Axis(labelAngle=0))
    )
    bars = base.mark_rule(color=QUIET, strokeWidth=2).encode(y="value_lo:Q", y2="value_hi:Q")
    written = ".1%" if look.figure == "share" else "~s"
    dots = base.mark_point(filled=True, size=60, color=DOT).encode(
        y=alt.Y(
            "value:Q", scale=alt.Scale(zero=False), axis=labels_inside(format=written, tickCount=3)
        ),
        tooltip=[alt.Tooltip("said:N", title=look.title), alt.Tooltip("between:N", title="90 %")],
    )
    title = heading(f"{look.title}, {look.unit}, each month with its 90 % interval")
    return layered(bars, dots).properties(height=130, title=title)


def _month(row: Any) -> str:
    """A month as the axis names it; one that is known in part only is marked so."""
    start, end = (pd.Timestamp(when) for when in (row.period_start, row.period_end))
    part = "" if end.is_month_end else f", to {end.day}"
    return f"{start:%b %Y}{part}"


def trend(periods: pd.DataFrame, *, grain: str) -> alt.LayerChart:
    """The network's drop rate, period by period, with its 90 % intervals; the last one stressed.

    `periods`: answer of network_periods. `grain`: week or month, as those periods are.
    """
    at = pd.to_datetime(periods["period_start"], utc=True)
    newest = at == at.max()
    named = alt.Axis(format="%-d %b" if grain == "week" else "%b %Y", grid=False, ticks=False,
                     values=[{"utc": True, "year": t.year, "month": t.month, "date": t.day}
                             for t in at], labelOverlap="greedy")  # fmt: skip
    base = alt.Chart(periods.assign(at=at, newest=newest)).encode(x=_x("at", named))
    tight = alt.Scale(zero=False, padding=6)
    rate = alt.Y("drop_rate:Q", scale=tight, axis=labels_inside(format=".2%", tickCount=3))
    stress = alt.condition("datum.newest", alt.value(UP), alt.value(DOT))
    bars = base.mark_rule(strokeWidth=2, opacity=0.55).encode(
        y=alt.Y("drop_rate_lo:Q", scale=tight), y2="drop_rate_hi:Q", color=stress
    )
    line = base.mark_line(color=QUIET, strokeWidth=1, opacity=0.7).encode(y=rate)
    dots = base.mark_circle(size=48, opacity=1).encode(y=rate, color=stress)
    title = heading(
        f"Drop rate of the network, {grain} by {grain}, each with its 90 % interval", offset=9
    )
    unseen = _ends(pd.DataFrame({"at": at})).encode(x=_x("at", named))
    return layered(unseen, line, bars, dots).properties(height=130, title=title)


def ladder(budgets: pd.DataFrame, *, currency: str) -> alt.LayerChart:
    """What the best plan for each budget avoids, with its 90 % interval.

    `budgets`: rows of plan_budgets. `currency`: that of their budgets.
    """
    best = budgets[(budgets["plan_number"] == 1) & (budgets["n_actions"] > 0)]
    base = alt.Chart(best.assign(said=best["benefit_month"].map(amount))).encode(
        x=alt.X("budget:Q", title=f"budget, {currency}", axis=alt.Axis(grid=False, tickCount=4)),
        tooltip=[alt.Tooltip("budget:Q", format=","), alt.Tooltip("said:N", title="avoided"),
                 alt.Tooltip("n_actions:Q", title="actions")],
    )  # fmt: skip
    avoided = alt.Y("benefit_month:Q", axis=labels_inside(tickCount=3), scale=alt.Scale(zero=True))
    return layered(
        base.mark_rule(color=QUIET).encode(y="benefit_month_lo:Q", y2="benefit_month_hi:Q"),
        base.mark_line(color=DOT, point={"size": 50, "color": DOT}).encode(y=avoided),
    ).properties(
        height=150, title=heading("Drops avoided a month by the best plan, 90 % intervals")
    )


def still(chart: alt.TopLevelMixin, *, width: int, title: str) -> str:
    """The chart as SVG to stand in a page: its text takes the page's colour and font.

    `width`: in pixels. `title`: what is read out instead of the picture. Made here without a
    browser; data that names an address is refused, not fetched.
    """
    ink, faint = "currentColor", 0.15
    dressed = chart.configure(
        locale=_LOCALE,
        background="transparent",
        font="inherit",
        view=alt.ViewConfig(stroke=None, continuousWidth=width),
        axis=alt.AxisConfig(labelColor=ink, gridColor=ink, gridOpacity=faint, tickColor=ink,
                            tickOpacity=faint, domainColor=ink, domainOpacity=faint),
        title=alt.TitleConfig(color=ink),
    )  # fmt: skip
    svg = vl_convert.vegalite_to_svg(dressed.to_dict(), allowed_base_urls=[])
    # said once: the marks' own labels would be read out one by one
    return svg.replace("<svg ", f'<svg role="img" aria-label="{escape(title)}" ', 1)


def picture(chart: alt.TopLevelMixin, *, width: int) -> bytes:
    """The chart as PNG on white, for mail, whose readers show no SVG.

    `width`: in pixels; twice as many are drawn, for screens that have them.
    """
    dressed = chart.configure(
        locale=_LOCALE,
        background="white",
        view=alt.ViewConfig(stroke=None, continuousWidth=width),
    )
    return bytes(vl_convert.vegalite_to_png(dressed.to_dict(), scale=2, allowed_base_urls=[]))


def written(chart: alt.TopLevelMixin) -> dict[str, Any]:
    """The chart as a page takes it, its numbers written as everywhere: 1.5 %."""
    spec = chart.to_dict(validate=False)
    return spec | {"config": spec.get("config", {}) | {"locale": _LOCALE}}


def label(change: Any) -> str:
    """A change in a few words: ×1.9 up, Leeds-012-2."""
    return f"{number(change.ratio, 'ratio')} {change.direction}, {place(change)}"


# --- what is drawn ----------------------------------------------------------------------------


def _every_day(days: pd.DataFrame) -> pd.DataFrame:
    at = pd.DatetimeIndex(pd.to_datetime(days["day_local"], utc=True), name="at")
    # a missing day becomes an empty row, so that the line breaks there
    whole = days.set_index(at).reindex(pd.date_range(at.min(), at.max(), name="at")).reset_index()
    drops, calls = whole["dropped_calls"].round(1), whole["call_attempts"].round()
    said = [f"{d:g} of {n:,.0f} calls" for d, n in zip(drops, calls, strict=True)]
    return whole.assign(said=said, day=whole["at"].dt.strftime("%a %-d %b %Y"))


def _local(changes: pd.DataFrame, timezone: str) -> pd.DataFrame:
    at, low, high = (
        _wall(changes[column], timezone)
        for column in ("change_utc", "change_lo_utc", "change_hi_utc")
    )
    local = changes.assign(at=at, to=high.fillna(at))
    local["from"] = low.fillna(at)
    local["label"] = [label(change) for change in rows(changes)]
    local["when"] = [when(change, timezone) for change in rows(changes)]
    return local


def _wall(times: pd.Series, timezone: str) -> pd.Series:
    local = pd.to_datetime(times, utc=True).dt.tz_convert(timezone)
    return local.dt.tz_localize(None).dt.tz_localize("UTC")


# --- panels -----------------------------------------------------------------------------------


def _labels(whole: pd.DataFrame, marked: pd.DataFrame) -> alt.LayerChart:
    placed = marked.assign(row=range(len(marked)))
    first, last = whole["at"].min(), whole["at"].max()
    late = placed["at"] > first + (last - first) / 2
    base = _row(placed)
    return layered(
        _ends(whole).encode(x=_x("at", None)),
        base.mark_bar(height=5, opacity=0.4).encode(x=_x("from"), x2="to:T"),
        base.mark_tick(thickness=2, height=11).encode(x=_x("at")),
        # a name stands on the side where there is room for it
        *_names(placed[late], "right", "from"),
        *_names(placed[~late], "left", "to"),
    ).properties(height=16 * len(placed))


def _row(part: pd.DataFrame) -> alt.Chart:
    row = alt.Y("row:O", axis=None)
    return alt.Chart(part).encode(y=row, color=_direction(), tooltip=["label:N", "when:N"])


def _names(part: pd.DataFrame, align: Literal["left", "right"], edge: str) -> list[alt.Chart]:
    away = 7 if align == "left" else -7
    text = _row(part).mark_text(align=align, dx=away, fontSize=11, fontWeight=600)
    return [text.encode(x=_x(edge), text="label:N")] if len(part) else []


def _rate(whole: pd.DataFrame, marked: pd.DataFrame) -> alt.LayerChart:
    rate = alt.Y("drop_rate:Q", axis=labels_inside(format=".1%", tickCount=3))
    base = alt.Chart(whole).encode(x=_x("at"), y=rate)
    dots = base.mark_circle(color=DOT, size=26, opacity=0.95).encode(
        tooltip=[alt.Tooltip("day:N", title="day"),
                 alt.Tooltip("drop_rate:Q", format=".2%", title="drop rate"),
                 alt.Tooltip("said:N", title="dropped")],
    )  # fmt: skip
    return layered(
        _ends(whole).encode(x=_x("at", _days(whole["at"].max() - whole["at"].min()))),
        *_marks(marked),
        base.mark_line(color=QUIET, strokeWidth=1, opacity=0.7),
        dots,
    ).properties(height=135, title=heading("Drop rate, each day"))


def _load(whole: pd.DataFrame, marked: pd.DataFrame) -> alt.LayerChart:
    percent = alt.Y(
        "prb_dl_util_bh_pct:Q", scale=alt.Scale(domain=[0, 100]),
        axis=labels_inside(values=[0, 25, 50, 75, 100], labelExpr="datum.label + ' %'"),
    )  # fmt: skip
    load = alt.Tooltip("prb_dl_util_bh_pct:Q", format=".0f", title="busy-hour PRB %")
    tooltip = [alt.Tooltip("day:N", title="day"), load]
    base = alt.Chart(whole).encode(x=_x("at"), y=percent, tooltip=tooltip)
    area = base.mark_area(color=QUIET, opacity=0.25, line={"color": QUIET, "strokeWidth": 1})
    unseen = _ends(whole).encode(x=_x("at", None))
    return layered(unseen, *_marks(marked), area).properties(
        height=90,
        title=heading("Downlink PRB in the busy hour of each day that is known by the hour"),
    )


def _parts(days: pd.DataFrame, change: Any, marked: pd.DataFrame) -> alt.LayerChart:
    at = pd.to_datetime(days["day_local"], utc=True)
    # the change may come during its first day
    since = at >= marked["at"].iloc[0].floor("D")
    expected = days["drops_usual"] * change["ratio"]
    parts = days.drop(columns="day_local").assign(
        at=at,
        day=at.dt.strftime("%a %-d %b %Y"),
        drops_expected=expected.where(since, days["drops_usual"]),
    )
    base = alt.Chart(parts).encode(x=_x("at", _days()))
    after = alt.Chart(parts[since]).encode(x=_x("at"))
    drops = alt.Y("dropped_calls:Q", axis=labels_inside(tickCount=3))
    dots = base.mark_circle(color=DOT, size=26).encode(
        y=drops,
        tooltip=[alt.Tooltip("day:N", title="day"),
                 alt.Tooltip("dropped_calls:Q", format=",.0f", title="dropped"),
                 alt.Tooltip("drops_usual:Q", format=",.0f", title="usual"),
                 alt.Tooltip("drops_with_load:Q", format=",.0f", title="with load's part")],
    )  # fmt: skip
    text = "Drops a day: line = without the change; amber = due to load, violet = to the rest"
    return layered(
        _ends(parts).encode(x=_x("at", None)),
        *_marks(marked),
        after.mark_area(color=BY_LOAD, opacity=0.6).encode(y="drops_usual:Q", y2="drops_with_load"),
        after.mark_area(color=BY_REST, opacity=0.6).encode(
            y="drops_with_load:Q", y2="drops_expected"
        ),
        base.mark_line(color=QUIET, strokeWidth=1.5).encode(y="drops_usual:Q"),
        dots,
    ).properties(height=150, title=heading(text))


def _response(curve: pd.DataFrame) -> alt.LayerChart:
    load = alt.X(
        "prb_pct:Q", title=None, scale=alt.Scale(domain=[0, 100]),
        axis=alt.Axis(grid=False, values=[0, 25, 50, 75, 100], labelExpr="datum.label + ' %'"),
    )  # fmt: skip
    base = alt.Chart(curve).encode(x=load)
    inside = labels_inside(format=".1%", tickCount=3)
    line = base.mark_line(color=QUIET, strokeWidth=1.5).encode(
        y=alt.Y("drop_rate_curve:Q", axis=inside)
    )
    dots = [
        base.mark_circle(color=colour, size=34, opacity=0.9).encode(
            y=f"drop_rate_{side}:Q",
            tooltip=[alt.Tooltip("prb_pct:Q", title="PRB %"),
                     alt.Tooltip(f"drop_rate_{side}:Q", format=".2%", title=f"rate {side}")],
        )
        for side, colour in (("before", DOWN), ("after", UP))
    ]  # fmt: skip
    text = "Drop rate by PRB load: blue before, orange after; line = the cell's curve before"
    return layered(line, *dots).properties(height=110, title=heading(text))


def _marks(marked: pd.DataFrame) -> list[alt.Chart]:
    base = alt.Chart(marked).encode(color=_direction())
    band = base.mark_rect(opacity=0.12).encode(x=_x("from"), x2="to:T")
    rule = base.mark_rule(strokeWidth=1.5).encode(x=_x("at"))
    return [band, rule] if len(marked) else []


def _ends(whole: pd.DataFrame) -> alt.Chart:
    # unseen marks at both ends give all panels one axis, with room on the left for labels inside
    first, last = whole["at"].min(), whole["at"].max()
    ends = [first - max(0.09 * (last - first), _DAY), last + _DAY / 2]
    return alt.Chart(pd.DataFrame({"at": ends})).mark_rule(opacity=0)


# --- parts ------------------------------------------------------------------------------------


def _x(column: str, axis: Any = alt.Undefined) -> alt.X:
    return alt.X(f"{column}:T", title=None, axis=axis, scale=_UTC)


def _days(span: pd.Timedelta = _DAY) -> alt.Axis:
    # over most of a year a day without its year could be two
    return alt.Axis(format="%b %Y" if span > _YEAR else "%-d %b", grid=False, tickCount=6,
                    labelOverlap=True)  # fmt: skip


def _direction() -> alt.Color:
    scale = alt.Scale(domain=["up", "down"], range=[UP, DOWN])
    return alt.Color("direction:N", scale=scale, legend=None)


# --- any answer -------------------------------------------------------------------------------

KINDS = ("line", "bar", "dots", "area")
"""Kinds of charts that `plain` draws."""


def plain(frame: pd.DataFrame, *, kind: str, x: str, y: str, colour: str = "") -> alt.Chart:
    """Two columns of any answer against each other.

    `frame`: the answer. `kind`: one of KINDS. `x`, `y`: its columns; days and instants are drawn in
    UTC. `colour`: a column by which lines or dots are told apart; empty = none.
    """
    columns = list(dict.fromkeys(filter(None, (x, y, colour))))
    rows = frame[columns].copy()
    for name in rows.select_dtypes("datetimetz"):
        rows[name] = rows[name].dt.tz_convert("UTC").dt.tz_localize(None)
    for name in rows.select_dtypes(["object", "str"]):
        rows[name] = rows[name].astype("str")
    # Vega reads dots and brackets of a name as a path
    named = {name: f"c{position}" for position, name in enumerate(columns)}
    base = alt.Chart(rows.rename(columns=named))
    marks = {
        "line": base.mark_line(point=len(rows) < 60, color=DOT),
        "bar": base.mark_bar(color=DOT),
        "dots": base.mark_circle(size=45, opacity=0.7, color=DOT),
        "area": base.mark_area(opacity=0.6, color=DOT),
    }
    coded: dict[str, Any] = {"x": _any(rows[x], named[x], x), "y": alt.Y(f"{named[y]}:Q", title=y)}
    if colour:
        coded["color"] = alt.Color(f"{named[colour]}:{_kind(rows[colour])}", title=colour)
    tips = [alt.Tooltip(f"{named[name]}:{_kind(rows[name])}", title=name) for name in columns]
    return marks[kind].encode(**coded, tooltip=tips).properties(height=380)


def _kind(values: pd.Series) -> str:
    if pd.api.types.is_datetime64_any_dtype(values):
        return "T"
    is_number = pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values)
    return "Q" if is_number else "N"


def _any(values: pd.Series, column: str, title: str) -> alt.X:
    kind = _kind(values)
    if kind == "T":
        return alt.X(f"{column}:T", title=title, scale=_UTC)
    # rows keep the order that the question gave them
    return alt.X(f"{column}:{kind}", title=title, sort=None if kind == "N" else alt.Undefined)
