"""What stands in a report: the lines of its lists and its pictures, from answers of queries.

Nothing is computed here; figures are picked, written out and drawn.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from functools import partial
from types import SimpleNamespace
from typing import Any

import geopandas as gpd
import pandas as pd
from markupsafe import Markup

from contracts.errors import InputError
from contracts.settings.sections import Settings
from geo.regions import polygons
from ingest.warehouse.marts import Marts
from views.drawing import charts, stillmap
from views.report import part
from views.report.in_short import as_of, covered, headline, in_short
from views.report.lines import (
    Answers,
    Line,
    between,
    by_metric,
    place,
    records,
    still_true,
    unsafe,
)
from views.report.part import EVERYBODY, Reader
from views.words import effected, numbers, sentences
from views.words.looks import LOOKS, Look, look_of
from views.words.numbers import amount, interval, number, rows
from views.words.periods import Period

_LISTED, _MARKED, _PICTURED, _CHANGES, _CUSTOMERS, _WORST = 10, 8, 3, 15, 5, 10
_HISTORY_DAYS = 70
_OF_WORST_CELLS = ("breach_days", "min_attempts", "worst_cell_drop_rate_pct")
_PEOPLE = {"complaints_per_1000": "subscribers", "complaints_per_10k_attempts": "call attempts",
           "nps": "answers", "call_drop_rate": "reports"}  # fmt: skip
"""Whom or what a figure of persons was counted among, by metric."""


def context(
    marts: Marts,
    period: Period,
    row: pd.Series,
    answers: Answers,
    settings: Settings,
    *,
    reader: Reader = EVERYBODY,
) -> dict[str, Any]:
    """What the template shows: words, lines of lists and pictures.

    `marts`: what is published. `period`: the week or month. `row`: its row of the query `periods`.
    `answers`: as `write.build` asks them, narrowed to the reader's part. `settings`: name the file
    of the regions. `reader`: whose report it is.
    """
    facts = marts.query("run_facts").iloc[-1]
    zone = str(facts["timezone"])
    regions, lost = _regions(settings)
    n_cells = marts.query("counts")["n_cells"].iloc[0]
    draw = partial(stillmap.draw, regions=regions)
    return {
        "period": period,
        "operator": facts["operator_name"],
        "as_of": as_of(facts["as_of_utc"], zone),
        "facts": facts,
        "covered": covered(period, row),
        "title": f"{reader.title}, " if reader.title else "",
        "shows": reader.shows,
        "headline": _headline(period, answers, reader),
        "steps": _steps(answers, reader, period),
        "short": _short(period, answers, row, zone, reader),
        "trend": _trend(period, answers["network"]),
        "where": _where(marts, period, answers, draw, reader) if reader.shows("where") else None,
        "hexagons": list(_hexagons(answers)),
        "cells": list(_cells(answers["cells"].head(_LISTED), zone)),
        "n_cells": len(answers["cells"]),
        "changes": _changes_of(marts, answers, period, zone, reader),
        "n_changes": len(answers["changes"]),
        "look_first": list(_look_first(answers["look_first"].head(_LISTED))),
        "look_days": _look_days(answers["look_first"]),
        "look_by": sentences.ranked_by(answers["look_first"], reported=not n_cells)[1],
        # they are counted in the whole network
        "others": _others(marts, period) if reader.audience is None else "",
        "customers": _customers_of(answers, draw, reader),
        "worst_cells": list(_worst_cells(answers.get("worst_cells"))),
        "n_worst_cells": len(answers.get("worst_cells", ())),
        "percentiles": list(_percentiles(answers.get("percentiles"))),
        "limits": list(rows(_limits(marts, period))),
        "interventions": _interventions(answers["interventions"]),
        "effects": [_effect(row) for row in rows(answers["effects"])],
        "receipt": list(rows(answers["receipt"])),
        "notes": [note for note in rows(answers["notes"]) if note.verdict != "ok"],
        "n_fine": int((answers["notes"]["verdict"] == "ok").sum()),
        "lost": lost,
        "files": reader.beside(answers),
    }


def _regions(settings: Settings) -> tuple[gpd.GeoDataFrame | None, str]:
    """The operator's polygons, None where there are none, and why they can't be drawn."""
    try:
        return polygons(settings), ""
    except InputError as error:
        return None, f"The regions are not drawn. {error}"


def _limits(marts: Marts, period: Period) -> pd.DataFrame:
    """The limits that the period's regulator tables are held to."""
    limits = marts.query("thresholds")
    names = limits["threshold_name"]
    if period.grain == "week":
        return limits[names.isin(_OF_WORST_CELLS)]
    return limits[names != "breach_days"]


def _headline(period: Period, answers: Answers, reader: Reader) -> dict[str, str]:
    whole = headline(period, answers["network"])
    if reader.audience is None:
        return whole
    return part.headline(whole, answers["steps"], reader.audience)


def _short(
    period: Period, answers: Answers, row: pd.Series, zone: str, reader: Reader
) -> list[tuple[str, str]]:
    lines = list(in_short(period, answers, row, zone))
    if reader.audience is None or not reader.audience.regions:
        return lines
    # the only line of them that is not of the audience's part
    return [("Whole network" if word == "Drop rate" else word, said) for word, said in lines]


def _steps(answers: Answers, reader: Reader, period: Period) -> list[part.Step]:
    if reader.audience is None or not reader.shows("regions"):
        return []
    return list(part.steps(answers["steps"], reader.audience, period))


def _changes_of(
    marts: Marts, answers: Answers, period: Period, zone: str, reader: Reader
) -> list[dict[str, Any]]:
    if not reader.shows("changes"):
        return []
    return list(_changes(marts, answers["changes"], period, zone))


def _customers_of(
    answers: Answers, draw: Callable[..., stillmap.Still], reader: Reader
) -> list[dict[str, Any]]:
    if not reader.shows("customers"):
        return []
    return list(_customers(answers["customers"], draw))


# --- its sections -----------------------------------------------------------------------------


def _trend(period: Period, network: pd.DataFrame) -> Markup:
    if len(network) < 2:
        return Markup()
    chart = charts.trend(network, grain=period.grain)
    return _picture(charts.still(chart, width=420, title="Drop rate of the network over time"))


def _picture(svg: str) -> Markup:
    # made by ourselves or by Vega, which both escape what comes from data
    return Markup(svg)  # noqa: S704


def _where(
    marts: Marts,
    period: Period,
    answers: Answers,
    draw: Callable[..., stillmap.Still],
    reader: Reader,
) -> dict[str, Any] | None:
    layers = marts.query("map_layers")
    mine = layers[(layers["period_grain"] == period.grain)
                  & (layers["period_start"] == pd.Timestamp(period.first))
                  & (layers["n_shown"] > 0)]  # fmt: skip
    metric = next((name for name in LOOKS if name in set(mine["metric"])), None)
    if metric is None:
        return None
    layer = mine[mine["metric"] == metric].sort_values(["outcome_class", "level"]).iloc[-1]
    keys = {name: layer[name] for name in ("metric", "outcome_class", "period_grain")}
    hexes = marts.query("hex_map", **keys, period_start=period.first, level=int(layer["level"]))
    if reader.audience is not None and reader.audience.regions:
        hexes = hexes[hexes["region"].isin(reader.audience.regions)]
    if hexes.empty:
        return None
    worst = _one_a_cell(answers["hexagons"])
    marks = [stillmap.Mark(row.lat, row.lon, str(n)) for n, row in enumerate(rows(worst), 1)]
    return _map(hexes, look_of(metric), draw, marks=marks)


def _map(
    hexes: pd.DataFrame, look: Look, draw: Callable[..., stillmap.Still], **more: Any
) -> dict[str, Any]:
    still = draw(hexes, look, title=f"Map: {look.title}, {look.unit}", **more)
    kinds = [kind for kind in sentences.UNRELEASED if (hexes["shown"] == kind).any()]
    return {
        "svg": _picture(still.svg),
        "look": look,
        "ramp": still.ramp,
        "ticks": still.light.ticks() if still.light else [],
        "grey": " or ".join(sentences.UNRELEASED[kind] for kind in kinds),
        "left_out": still.n_all - still.n_drawn,
    }


def _one_a_cell(hexagons: pd.DataFrame) -> pd.DataFrame:
    """The worst hexagons, one for each cell behind: its others would say the same again."""
    behind = hexagons["dominant_cell_id"].fillna(hexagons["hex_text"])
    return hexagons[~behind.duplicated()].head(_MARKED)


def _hexagons(answers: Answers) -> Iterator[Line]:
    worst = _one_a_cell(answers["hexagons"])
    for row, whisker in zip(records(worst), _whiskers(worst, "drops_excess_month"), strict=True):
        cell = row["dominant_cell_id"]
        why = f"Cell {cell} has the largest part of it." if isinstance(cell, str) else ""
        yield _line(row, place(row), row["hex_text"], whisker, f"{_rate_of(row)} {why}")


def _cells(cells: pd.DataFrame, zone: str) -> Iterator[Line]:
    named = zip(records(cells), rows(cells), _whiskers(cells, "drops_excess_month"), strict=True)
    for row, attributes, whisker in named:
        name = row["cell_name"] if isinstance(row["cell_name"], str) else row["cell_id"]
        why = f"{_rate_of(row)} {_reason(row, attributes, zone)}"
        yield _line(row, name, place(row), whisker, why)


def _line(row: Any, name: str, under: str, whisker: str, why: str) -> Line:
    return Line(
        name, under, number(row["drops_excess_month"], "count"),
        between(row, "drops_excess_month", "count"), whisker, why, unsafe(row),
    )  # fmt: skip


def _rate_of(row: Any) -> str:
    return (
        f"{number(row['drop_rate'], 'share')} of calls dropped "
        f"({between(row, 'drop_rate', 'share')}): {amount(row['dropped_calls'])} of "
        f"{amount(row['call_attempts'])}."
    )


def _reason(row: Any, attributes: Any, zone: str) -> str:
    if isinstance(row["change_id"], str):
        made = row["intervention_id"]
        after = f" It follows intervention {made}." if isinstance(made, str) else ""
        return f"{sentences.change(attributes, zone)}{after}"
    load = number(row["prb_dl_util_bh_pct"], "percent")
    return f"No dated change in force; busy-hour PRB {load}."


def _whiskers(frame: pd.DataFrame, name: str) -> Iterator[str]:
    """Where value and interval stand on an axis that all rows share, as custom properties."""
    low, value, high = (frame[f"{name}{end}"].astype(float) for end in ("_lo", "", "_hi"))
    left, right = min(low.min(), 0.0), max(high.max(), 1e-9)
    for each in zip(low.fillna(value), value, high.fillna(value), strict=True):
        a, b, c = (100 * (v - left) / (right - left) for v in each)
        yield f"--a:{a:.1f}%;--b:{b:.1f}%;--c:{c:.1f}%"


def _changes(
    marts: Marts, changes: pd.DataFrame, period: Period, zone: str
) -> Iterator[dict[str, Any]]:
    for n, (row, attributes) in enumerate(
        zip(records(changes.head(_CHANGES)), rows(changes), strict=False)
    ):
        cell = row["cell_id"]
        pictured = n < _PICTURED and isinstance(cell, str)
        picture = _history(marts, changes, cell, period, zone) if pictured else ""
        made = row["intervention_id"]
        yield {
            "place": sentences.place(attributes),
            "region": row["region"] if isinstance(row["region"], str) else "",
            "direction": row["direction"],
            "said": sentences.change(attributes, zone) + _noted(row),
            "drops": number(row["drops_excess"], "count"),
            "between": between(row, "drops_excess", "count"),
            "intervention": made if isinstance(made, str) else "",
            "picture": picture,
            "unsafe": unsafe(row),
        }


def _history(marts: Marts, changes: pd.DataFrame, cell: str, period: Period, zone: str) -> Markup:
    days = marts.query("cell_history", cell_id=cell)
    last = pd.Timestamp(period.last)
    seen = pd.to_datetime(days["day_local"]).between(last - timedelta(days=_HISTORY_DAYS), last)
    mine = changes[changes["cell_id"] == cell]
    chart = charts.history(days[seen], mine, timezone=zone)
    return _picture(charts.still(chart, width=420, title=f"Daily drop rate of cell {cell}"))


def _look_first(places: pd.DataFrame) -> Iterator[Line]:
    name, _ = sentences.ranked_by(places)
    for row, whisker in zip(records(places), _whiskers(places, name), strict=True):
        under = row["region"] if isinstance(row["region"], str) else ""
        counts = f" {amount(row['dropped_calls'])} of {amount(row['call_attempts'])} calls."
        yield Line(
            row["place_name"], under, amount(row[name]) if pd.notna(row[name]) else "",
            numbers.between(row, name), whisker,
            sentences.in_short(row) + counts + _best_action(row) + _noted(row), unsafe(row),
        )  # fmt: skip


def _best_action(row: Mapping[str, Any]) -> str:
    text = sentences.best_action(row)
    return f" {text}" if text else ""


def _noted(row: Mapping[str, Any]) -> str:
    text = sentences.noted(SimpleNamespace(**row))
    return f" Acknowledged: {text}." if text else ""


def _look_days(places: pd.DataFrame) -> str:
    if places.empty:
        return ""
    first, last = (pd.Timestamp(places[name].iloc[0]) for name in ("period_start", "period_end"))
    return f"{numbers.day(first)} to {numbers.day(last)}"


def _others(marts: Marts, period: Period) -> str:
    """What is to be said of the places that are not listed; of an older period nothing is."""
    first = still_true(marts.query("worst_places", every_place=True, top=1), period)
    if first.empty:
        return ""
    return sentences.others(marts.query("place_states"), first["place_type"].iloc[0])


def _customers(
    customers: pd.DataFrame, draw: Callable[..., stillmap.Still]
) -> Iterator[dict[str, Any]]:
    for look, places in by_metric(customers):
        shown = places[places["value"].notna()]
        worst = shown.head(_CUSTOMERS)
        marks = [stillmap.Mark(row.lat, row.lon, str(n)) for n, row in enumerate(rows(worst), 1)]
        yield {
            "title": look.title,
            "month": f"{pd.Timestamp(places['period_start'].iloc[0]):%B %Y}",
            "level": int(places["level"].iloc[0]),
            "map": _map(places, look, draw, marks=marks),
            "lines": [_customer_line(row, look) for row in records(worst)],
            "n_shown": len(shown),
            "n_few": int((places["shown"] == "few").sum()),
            "n_hidden": int((places["shown"] == "hidden").sum()),
        }


def _customer_line(row: Any, look: Look) -> Line:
    people = _PEOPLE[look.metric]
    counts = f"{amount(row['denominator'])} {people}"
    if pd.notna(row["numerator"]):
        counts = f"{amount(row['numerator'])} of {counts}"
    behind = (counts, sentences.alone(look, row["value_raw"]),
              sentences.worse(look, row["p_worse"], row["target"]))  # fmt: skip
    return Line(
        place(row), row["hex_text"], number(row["value"], look.figure),
        between(row, "value", look.figure), "", " · ".join(filter(None, behind)), unsafe(row),
    )  # fmt: skip


def _worst_cells(answer: pd.DataFrame | None) -> Iterator[dict[str, Any]]:
    """The first of each region of the week's persistent worst cells."""
    if answer is None:
        return
    for row in rows(answer[answer["rank"] <= _WORST]):
        site = next((x for x in (row.site_name, row.site_id) if isinstance(x, str)), "")
        yield {
            "region": row.region, "rank": row.rank, "cell": row.cell_id, "site": site,
            "rate": number(row.drop_rate, "share"),
            "between": interval(row.drop_rate_lo, row.drop_rate_hi, "share"),
            "counts": f"{amount(row.dropped_calls)} of {amount(row.call_attempts)}",
            "days": f"{row.n_days_breached} of {row.n_days_judged}",
            "since": numbers.day(pd.Timestamp(row.first_breach)),
            "trend": number(row.ratio_to_4_weeks, "ratio"),
            "load": number(row.prb_dl_util_bh_pct, "percent"), "noted": sentences.noted(row),
        }  # fmt: skip


def _percentiles(answer: pd.DataFrame | None) -> Iterator[dict[str, str]]:
    if answer is None:
        return
    for row in rows(answer):
        start, end = (pd.Timestamp(x) for x in (row.period_start, row.period_end))
        yield {
            "days": f"{numbers.day(start)} to {numbers.day(end)}, {row.n_days_known} days known",
            "region": row.region or "whole network",
            "cells": amount(row.n_cells),
            "rate": number(row.drop_rate, "share"),
            "between": interval(row.drop_rate_lo, row.drop_rate_hi, "share"),
            "qsd": sentences.kept(row, "qsd_drop_rate_pct", "qsd"),
            "qtd": sentences.kept(row, "qtd_drop_rate_pct", "qtd"),
            "worst": sentences.kept(row, "worst_cells_pct", "worst_cells"),
        }


def _interventions(answer: pd.DataFrame) -> list[dict[str, Any]]:
    return records(answer.astype(object).where(answer.notna(), None))


def _effect(row: Any) -> dict[str, str]:
    """What came of one intervention or project whose 28 days are over now."""
    return {
        "title": effected.title(row),
        "verdict": effected.verdict(row),
        "avoided": effected.avoided(row) if row.effect_kind in ("better", "worse") else "",
    }
