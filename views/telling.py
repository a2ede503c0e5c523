"""What a report says: its sentences, the lines of its lists and its pictures, from answers.

Nothing is computed here; figures are picked, written out and drawn.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from types import SimpleNamespace
from typing import Any

import geopandas as gpd
import pandas as pd
from markupsafe import Markup

from contracts.errors import InputError
from contracts.settings import Settings
from geo.regions import read_regions
from ingest.warehouse.store import Warehouse
from views import charts, legend, stillmap
from views.legend import LOOKS, Look, amount, interval, look_of, number, rows
from views.periods import Period

_LISTED, _MARKED, _PICTURED, _CHANGES, _CUSTOMERS, _WORST = 10, 8, 3, 15, 5, 10
_HISTORY_DAYS = 70
_OF_WORST_CELLS = ("breach_days", "min_attempts", "worst_cell_drop_rate_pct")
# of several classes the one a network planner can do something about
_CLASSES = ("network", "relationship", "all")
_PEOPLE = {"complaints_per_1000": "subscribers", "complaints_per_10k_attempts": "call attempts",
           "nps": "answers", "call_drop_rate": "reports"}  # fmt: skip

Answers = dict[str, pd.DataFrame]
"""Answers of the queries a report asks, by the name of its table."""


def context(
    warehouse: Warehouse, period: Period, row: pd.Series, answers: Answers, settings: Settings
) -> dict[str, Any]:
    """What the template shows: words, lines of lists and pictures.

    `row`: the period's row of the query `periods`; `answers`: as `report` asks them.
    """
    facts = warehouse.query("run_facts").iloc[-1]
    zone = str(facts["timezone"])
    regions, lost = _regions(settings)
    draw = partial(stillmap.draw, regions=regions)
    return {
        "period": period,
        "operator": facts["operator_name"],
        "as_of": _as_of(facts["as_of_utc"], zone),
        "facts": facts,
        "covered": _covered(period, row),
        "headline": _headline(period, answers["network"]),
        "short": list(_in_short(period, answers, row, zone)),
        "trend": _trend(period, answers["network"]),
        "where": _where(warehouse, period, answers, draw),
        "hexagons": list(_hexagons(answers)),
        "cells": list(_cells(answers["cells"].head(_LISTED), zone)),
        "n_cells": len(answers["cells"]),
        "changes": list(_changes(warehouse, answers["changes"], period, zone)),
        "n_changes": len(answers["changes"]),
        "look_first": list(_look_first(answers["look_first"])),
        "look_days": _look_days(answers["look_first"]),
        "look_by": legend.ranked_by(answers["look_first"])[1],
        "customers": list(_customers(answers["customers"], draw)),
        "worst_cells": list(_worst_cells(answers.get("worst_cells"))),
        "n_worst_cells": len(answers.get("worst_cells", ())),
        "percentiles": list(_percentiles(answers.get("percentiles"))),
        "limits": list(rows(_limits(warehouse, period))),
        "works": _works(answers["works"]),
        "receipt": list(rows(answers["receipt"])),
        "notes": [note for note in rows(answers["notes"]) if note.verdict != "ok"],
        "n_fine": int((answers["notes"]["verdict"] == "ok").sum()),
        "lost": lost,
        "files": list(answers),
    }


def _regions(settings: Settings) -> tuple[gpd.GeoDataFrame | None, str]:
    if not settings.operator.regions:
        return None, ""
    try:
        return read_regions(settings.resolve(settings.operator.regions)), ""
    except InputError as error:
        return None, f"The regions are not drawn. {error}"


def _limits(warehouse: Warehouse, period: Period) -> pd.DataFrame:
    """The limits that the period's regulator tables are held to."""
    known = warehouse.query("thresholds")
    of_a_week = known["threshold_name"].isin(_OF_WORST_CELLS)
    return known[
        of_a_week if period.grain == "week" else ~known["threshold_name"].eq("breach_days")
    ]


# --------------------------------------------------------------------------- what is said of it


def _as_of(at: Any, zone: str) -> str:
    if pd.isna(at):
        return "no time: nothing has one"
    local = pd.Timestamp(at).tz_convert(zone)
    return f"{local.day} {local:%b %Y, %H:%M} ({zone})"


def _covered(period: Period, row: pd.Series) -> str:
    """What must be said if the data does not cover all of the period; else empty."""
    known, days = int(row["n_days_known"]), int(row["n_days"])
    if not known:
        return f"Which days of this {period.grain} the data covers is not known: no counters."
    if known < days:
        return f"Only {known} of this {period.grain}'s {days} days are known."
    return "" if row["is_over"] else f"The last day of this {period.grain} is not over yet."


def _headline(period: Period, network: pd.DataFrame) -> dict[str, str]:
    now = _of_period(network, period)
    if now is None:
        return {
            "rate": "",
            "said": "The network's drop rate is not known: no counters.",
            "tone": "",
        }
    said = {
        "worse": f"more than in the {period.grain} before, and beyond chance",
        "better": f"fewer than in the {period.grain} before, and beyond chance",
        "same": f"no change beyond chance from the {period.grain} before",
    }.get(str(now["step"]), f"there is no {period.grain} before to compare with")
    return {
        "rate": number(now["drop_rate"], "share"),
        "said": f"of calls dropped: {said}{_crept(network, period, now)}.",
        "tone": str(now["step"]),
    }


def _of_period(network: pd.DataFrame, period: Period) -> pd.Series | None:
    mine = network[pd.to_datetime(network["period_start"]) == pd.Timestamp(period.first)]
    return mine.iloc[0] if len(mine) else None


def _in_short(
    period: Period, answers: Answers, row: pd.Series, zone: str
) -> Iterator[tuple[str, str]]:
    """What a manager reads: a word, and one sentence with its figures."""
    now = _of_period(answers["network"], period)
    if now is not None:
        yield "Drop rate", _rate_in_words(period, now) + _once(answers["network"], period, now)
    if len(answers["look_first"]):
        yield "To do first", _first_in_words(answers["look_first"].iloc[0])
    if len(answers["cells"]):
        yield "Worst cell", _worst_in_words(answers["cells"].iloc[0])
    if len(answers["cells"]) or len(answers["changes"]):
        yield "Changes", _changes_in_words(answers["changes"], zone)
    if told := _customers_in_words(answers["customers"]):
        yield "Customers", told
    done = len(answers["works"])
    yield "Works", f"{done} began or ended." if done else "None began or ended."
    yield "Data", _data_in_words(row, now, answers["notes"])


def _rate_in_words(period: Period, now: pd.Series) -> str:
    told = (
        f"{amount(now['dropped_calls'])} of {amount(now['call_attempts'])} calls; 90 % interval "
        f"{_between(now, 'drop_rate', 'share')}."
    )
    if pd.isna(now["difference"]):
        return told
    before = number(now["previous_rate"], "share")
    low, high = (_points(now[f"difference_{end}"]) for end in ("lo", "hi"))
    return (
        f"{told} The {period.grain} before: {before}; difference {_points(now['difference'])} "
        f"percentage points ({low} to {high})."
    )


def _once(network: pd.DataFrame, period: Period, now: pd.Series) -> str:
    """The oldest rate that is drawn: what creeps is in no step from one period to the next."""
    first = _oldest(network, now)
    if first is None:
        return ""
    rate, between = number(first["drop_rate"], "share"), _between(first, "drop_rate", "share")
    return f" In {_when(period, first)} it was {rate} ({between})."


def _crept(network: pd.DataFrame, period: Period, now: pd.Series) -> str:
    """How far the rate has come since the oldest one drawn, where their intervals do not meet."""
    first = _oldest(network, now)
    if first is None or not (
        now["drop_rate_lo"] > first["drop_rate_hi"] or now["drop_rate_hi"] < first["drop_rate_lo"]
    ):
        return ""
    way = "up" if now["drop_rate"] > first["drop_rate"] else "down"
    return f"; {way} from {number(first['drop_rate'], 'share')} in {_when(period, first)}"


def _oldest(network: pd.DataFrame, now: pd.Series) -> pd.Series | None:
    """The first of at least three rates; None where there are fewer, or it is the newest."""
    first = network.sort_values("period_start").iloc[0]
    alone = len(network) < 3 or first["period_start"] == now["period_start"]
    return None if alone else first


def _when(period: Period, row: pd.Series) -> str:
    the = "the " if period.grain == "week" else ""
    return the + legend.period(period.grain, row["period_start"], row["period_end"])


def _points(difference: float) -> str:
    text = f"{100 * difference:+.2f}"
    return text.replace("-", "−") if float(text) else "0.00"


def _between(row: Any, name: str, figure: legend.Figure) -> str:
    return interval(row[f"{name}_lo"], row[f"{name}_hi"], figure)


def _first_in_words(place: pd.Series) -> str:
    name, _ = legend.ranked_by(place.to_frame().T)
    what = "fewer a month" if name == "benefit_month" else "a month above normal"
    advice = legend.in_short(place["reason"]).partition(". ")[0]
    return (
        f"{place['place_name']}: {advice[0].lower()}{advice[1:]}. {amount(place[name])} dropped "
        f"calls {what} ({legend.between(place, name)})."
    )


def _worst_in_words(worst: pd.Series) -> str:
    return (
        f"{worst['cell_id']}, {_place(worst)}: "
        f"{number(worst['drops_excess_month'], 'count')} drops a month above normal "
        f"({_between(worst, 'drops_excess_month', 'count')}), "
        f"{number(worst['drop_rate'], 'share')} of {amount(worst['call_attempts'])} calls."
    )


def _changes_in_words(changes: pd.DataFrame, zone: str) -> str:
    if changes.empty:
        return "No change of drop rate is dated in these days."
    worse = int((changes["direction"] == "up").sum())
    first = next(iter(rows(changes)))
    return (
        f"{len(changes)} dated in these days: {worse} for the worse, {len(changes) - worse} for "
        f"the better. Most drops: {charts.label(first)}, {legend.when(first, zone)}."
    )


def _customers_in_words(customers: pd.DataFrame) -> str:
    offered = list(_offers(customers))
    if not offered:
        return ""
    look, places = offered[0]
    shown = places[places["value"].notna()]
    month = pd.Timestamp(places["period_start"].iloc[0])
    if shown.empty:
        return f"{look.title} of {month:%B %Y}: no place has persons enough to show a figure."
    worst = shown.iloc[0]
    return (
        f"{look.title} in {month:%B %Y} surely worst in {_place(worst)}: "
        f"{number(worst['value'], look.figure)} {look.unit} "
        f"({_between(worst, 'value', look.figure)})."
    )


def _data_in_words(row: pd.Series, now: pd.Series | None, notes: pd.DataFrame) -> str:
    told = f"{row['n_days_known']} of {row['n_days']} days"
    if now is not None:
        up = number(now["availability"], "share")
        told += f", {amount(now['n_cells'])} cells, available {up} of the time"
    unsafe, mind = (int((notes["verdict"] == verdict).sum()) for verdict in ("unsafe", "warn"))
    if unsafe:
        return f"{told}; {unsafe} notes say: do not rely on it (below)."
    return (
        f"{told}; {mind} notes to read with care (below)."
        if mind
        else f"{told}; all checks in order."
    )


def _place(row: Any) -> str:
    """A place as people know it: Morley 02 · Morley, else its region, else its hexagon."""
    site, region = (row.get(name) for name in ("site_name", "region"))
    where = " · ".join(part for part in (site, region) if isinstance(part, str) and part)
    return where or str(row.get("hex_text", "place unknown"))


# -------------------------------------------------------------------------------- its sections


def _trend(period: Period, network: pd.DataFrame) -> Markup:
    if len(network) < 2:
        return Markup()
    chart = charts.trend(network, grain=period.grain)
    return _picture(charts.still(chart, width=420, title="Drop rate of the network over time"))


def _picture(svg: str) -> Markup:
    # made by ourselves or by Vega, which both escape what comes from data
    return Markup(svg)  # noqa: S704


def _where(
    warehouse: Warehouse, period: Period, answers: Answers, draw: Callable[..., stillmap.Still]
) -> dict[str, Any] | None:
    layers = warehouse.query("map_layers")
    mine = layers[(layers["period_grain"] == period.grain)
                  & (layers["period_start"] == pd.Timestamp(period.first))
                  & (layers["n_shown"] > 0)]  # fmt: skip
    metric = next((name for name in LOOKS if name in set(mine["metric"])), None)
    if metric is None:
        return None
    layer = mine[mine["metric"] == metric].sort_values(["outcome_class", "level"]).iloc[-1]
    keys = {name: layer[name] for name in ("metric", "outcome_class", "period_grain")}
    hexes = warehouse.query("hex_map", **keys, period_start=period.first, level=int(layer["level"]))
    worst = _one_a_cell(answers["hexagons"])
    marks = [stillmap.Mark(row.lat, row.lon, str(n)) for n, row in enumerate(rows(worst), 1)]
    return _map(hexes, look_of(metric), draw, marks=marks)


def _map(
    hexes: pd.DataFrame, look: Look, draw: Callable[..., stillmap.Still], **more: Any
) -> dict[str, Any]:
    still = draw(hexes, look, title=f"Map: {look.title}, {look.unit}", **more)
    kinds = [kind for kind in legend.UNRELEASED if (hexes["shown"] == kind).any()]
    return {
        "svg": _picture(still.svg),
        "look": look,
        "ramp": still.ramp,
        "ticks": still.light.ticks() if still.light else [],
        "grey": " or ".join(legend.UNRELEASED[kind] for kind in kinds),
        "left_out": still.n_all - still.n_drawn,
    }


@dataclass(frozen=True)
class Line:
    """One row of a ranked list: what, how much with its interval, and why."""

    name: str
    under: str
    value: str
    between: str
    whisker: str
    why: str
    unsafe: str = ""


def _one_a_cell(hexagons: pd.DataFrame) -> pd.DataFrame:
    """The worst hexagons, one for each cell behind: its others would tell the same again."""
    behind = hexagons["dominant_cell_id"].fillna(hexagons["hex_text"])
    return hexagons[~behind.duplicated()].head(_MARKED)


def _hexagons(answers: Answers) -> Iterator[Line]:
    worst = _one_a_cell(answers["hexagons"])
    for row, whisker in zip(_records(worst), _whiskers(worst, "drops_excess_month"), strict=True):
        cell = row["dominant_cell_id"]
        why = f"Most of it in cell {cell}." if isinstance(cell, str) else ""
        yield _line(row, _place(row), row["hex_text"], whisker, f"{_rate_of(row)} {why}")


def _cells(cells: pd.DataFrame, zone: str) -> Iterator[Line]:
    named = zip(_records(cells), rows(cells), _whiskers(cells, "drops_excess_month"), strict=True)
    for row, told, whisker in named:
        name = row["cell_name"] if isinstance(row["cell_name"], str) else row["cell_id"]
        yield _line(row, name, _place(row), whisker, f"{_rate_of(row)} {_reason(row, told, zone)}")


def _line(row: Any, name: str, under: str, whisker: str, why: str) -> Line:
    return Line(
        name, under, number(row["drops_excess_month"], "count"),
        _between(row, "drops_excess_month", "count"), whisker, why, _unsafe(row),
    )  # fmt: skip


def _rate_of(row: Any) -> str:
    return (
        f"{number(row['drop_rate'], 'share')} of calls dropped "
        f"({_between(row, 'drop_rate', 'share')}): {amount(row['dropped_calls'])} of "
        f"{amount(row['call_attempts'])}."
    )


def _reason(row: Any, told: Any, zone: str) -> str:
    if isinstance(row["change_id"], str):
        work = row["intervention_id"]
        after = f" It follows work {work}." if isinstance(work, str) else ""
        return f"{legend.change(told, zone)}{after}"
    load = number(row["prb_dl_util_bh_pct"], "percent")
    return f"No dated change in force; busy-hour PRB {load}."


def _unsafe(row: Any) -> str:
    reason = row.get("unsafe_reason")
    return reason if isinstance(reason, str) else ""


def _records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(k): v for k, v in row.items()} for row in frame.to_dict("records")]


def _whiskers(frame: pd.DataFrame, name: str) -> Iterator[str]:
    """Where value and interval stand on an axis that all rows share, as custom properties."""
    low, value, high = (frame[f"{name}{end}"].astype(float) for end in ("_lo", "", "_hi"))
    left, right = min(low.min(), 0.0), max(high.max(), 1e-9)
    for each in zip(low.fillna(value), value, high.fillna(value), strict=True):
        a, b, c = (100 * (v - left) / (right - left) for v in each)
        yield f"--a:{a:.1f}%;--b:{b:.1f}%;--c:{c:.1f}%"


def _changes(
    warehouse: Warehouse, changes: pd.DataFrame, period: Period, zone: str
) -> Iterator[dict[str, Any]]:
    for n, (row, told) in enumerate(
        zip(_records(changes.head(_CHANGES)), rows(changes), strict=False)
    ):
        cell = row["cell_id"]
        pictured = n < _PICTURED and isinstance(cell, str)
        picture = _history(warehouse, changes, cell, period, zone) if pictured else ""
        work = row["intervention_id"]
        yield {
            "place": legend.place(told),
            "region": row["region"] if isinstance(row["region"], str) else "",
            "direction": row["direction"],
            "said": legend.change(told, zone) + _noted(row),
            "drops": number(row["drops_excess"], "count"),
            "between": _between(row, "drops_excess", "count"),
            "work": work if isinstance(work, str) else "",
            "picture": picture,
            "unsafe": _unsafe(row),
        }


def _history(
    warehouse: Warehouse, changes: pd.DataFrame, cell: str, period: Period, zone: str
) -> Markup:
    days = warehouse.query("cell_history", cell_id=cell)
    last = pd.Timestamp(period.last)
    seen = pd.to_datetime(days["day_local"]).between(last - timedelta(days=_HISTORY_DAYS), last)
    mine = changes[changes["cell_id"] == cell]
    chart = charts.history(days[seen], mine, timezone=zone)
    return _picture(charts.still(chart, width=420, title=f"Daily drop rate of cell {cell}"))


def _look_first(places: pd.DataFrame) -> Iterator[Line]:
    name, _ = legend.ranked_by(places)
    for row, whisker in zip(_records(places), _whiskers(places, name), strict=True):
        under = row["region"] if isinstance(row["region"], str) else ""
        counts = f" {amount(row['dropped_calls'])} of {amount(row['call_attempts'])} calls."
        yield Line(
            row["place_name"], under, amount(row[name]) if pd.notna(row[name]) else "",
            legend.between(row, name), whisker,
            legend.in_short(row["reason"]) + counts + _treatment(row) + _noted(row), _unsafe(row),
        )  # fmt: skip


def _treatment(row: Mapping[str, Any]) -> str:
    told = legend.treatment(row)
    return f" {told}" if told else ""


def _noted(row: Mapping[str, Any]) -> str:
    said = legend.noted(SimpleNamespace(**row))
    return f" Acknowledged: {said}." if said else ""


def _look_days(places: pd.DataFrame) -> str:
    if places.empty:
        return ""
    first, last = (pd.Timestamp(places[name].iloc[0]) for name in ("period_start", "period_end"))
    return f"{legend.day(first)} to {legend.day(last)}"


def _customers(
    customers: pd.DataFrame, draw: Callable[..., stillmap.Still]
) -> Iterator[dict[str, Any]]:
    for look, places in _offers(customers):
        shown = places[places["value"].notna()]
        worst = shown.head(_CUSTOMERS)
        marks = [stillmap.Mark(row.lat, row.lon, str(n)) for n, row in enumerate(rows(worst), 1)]
        yield {
            "title": look.title,
            "month": f"{pd.Timestamp(places['period_start'].iloc[0]):%B %Y}",
            "level": int(places["level"].iloc[0]),
            "map": _map(places, look, draw, marks=marks),
            "lines": [_customer_line(row, look) for row in _records(worst)],
            "n_shown": len(shown),
            "n_few": int((places["shown"] == "few").sum()),
            "n_hidden": int((places["shown"] == "hidden").sum()),
        }


def _offers(customers: pd.DataFrame) -> Iterator[tuple[Look, pd.DataFrame]]:
    """Each metric of persons with its places, of the class that speaks of the network."""
    for metric, places in customers.groupby("metric", sort=True):
        chosen = next((c for c in _CLASSES if c in set(places["outcome_class"])), None)
        if chosen is not None:
            yield look_of(str(metric)), places[places["outcome_class"] == chosen]


def _customer_line(row: Any, look: Look) -> Line:
    people = _PEOPLE[look.metric]
    counts = f"{amount(row['denominator'])} {people}"
    if pd.notna(row["numerator"]):
        counts = f"{amount(row['numerator'])} of {counts}"
    behind = (counts, legend.alone(look, row["value_raw"]),
              legend.worse(look, row["p_worse"], row["target"]))  # fmt: skip
    return Line(
        _place(row), row["hex_text"], number(row["value"], look.figure),
        _between(row, "value", look.figure), "", " · ".join(filter(None, behind)), _unsafe(row),
    )  # fmt: skip


def _worst_cells(found: pd.DataFrame | None) -> Iterator[dict[str, Any]]:
    """The first of each region of the week's persistent worst cells."""
    if found is None:
        return
    for row in rows(found[found["rank"] <= _WORST]):
        site = next((x for x in (row.site_name, row.site_id) if isinstance(x, str)), "")
        yield {
            "region": row.region, "rank": row.rank, "cell": row.cell_id, "site": site,
            "rate": number(row.drop_rate, "share"),
            "between": interval(row.drop_rate_lo, row.drop_rate_hi, "share"),
            "counts": f"{amount(row.dropped_calls)} of {amount(row.call_attempts)}",
            "days": f"{row.n_days_breached} of {row.n_days_judged}",
            "since": legend.day(pd.Timestamp(row.first_breach)),
            "trend": number(row.ratio_to_4_weeks, "ratio"),
            "load": number(row.prb_dl_util_bh_pct, "percent"), "noted": legend.noted(row),
        }  # fmt: skip


def _percentiles(found: pd.DataFrame | None) -> Iterator[dict[str, str]]:
    if found is None:
        return
    for row in rows(found):
        start, end = (pd.Timestamp(x) for x in (row.period_start, row.period_end))
        yield {
            "days": f"{legend.day(start)} to {legend.day(end)}, {row.n_days_known} days known",
            "region": row.region or "whole network",
            "cells": amount(row.n_cells),
            "rate": number(row.drop_rate, "share"),
            "between": interval(row.drop_rate_lo, row.drop_rate_hi, "share"),
            "qsd": legend.kept(row, "qsd_drop_rate_pct", "qsd"),
            "qtd": legend.kept(row, "qtd_drop_rate_pct", "qtd"),
            "worst": legend.kept(row, "worst_cells_pct", "worst_cells"),
        }


def _works(works: pd.DataFrame) -> list[dict[str, Any]]:
    return _records(works.astype(object).where(works.notna(), None))
