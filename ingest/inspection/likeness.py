"""Which column of an unknown file looks like which of ours, by its name and by its values.

A confidence is 0..1: how alike the names are, times how many of the values are possible.
"""

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import pandas as pd

from contracts import vendors
from contracts.expressions import Name, parse
from contracts.fields import FIELDS, Field
from contracts.source import Source
from contracts.tables import PAIRS, SOURCES, TABLES, Table
from ingest.clean.columns import is_count
from ingest.clean.doubts import by_name
from ingest.inspection.times import moments_of
from ingest.numerals import numbers_of, scale_numbers, units_in

SURE = 0.6
"""From this confidence on, a column is put into the starter."""
_ALSO = {
    "cell_id": "source cell, cell, cell name, cellname, cell key, eutrancell, lncel name, ecgi, "
    "ncgi, cgi, eci",
    "neighbour_cell_id": "target cell, target, neighbour cell, neighbor cell, neighbour, neighbor, "
    "target cell id, to cell",
    "ho_exe_att": "ho attempts, handover attempts, ho execution attempts",
    "ho_exe_succ": "ho successes, handover successes, ho success, ho execution successes",
    "period_start_utc": "start, start time, timestamp, time, datetime, date time, period start, "
    "date hour, day hour, datum stunde, fecha hora, "
    "period start time, utc datetime id, end, end time, result time, hour, date",
    "period_s": "period, granularity, duration, interval, granularity period",
    "call_attempts": "attempts, calls, call attempts, volte attempts, voice attempts",
    "call_setups": "setups, call setups, volte setups, successful calls",
    "dropped_calls": "drops, dropped, call drops, volte drops, drop calls",
    "drop_rate_pct": "drop rate, call drop rate, dropped call rate, dcr, drop rate %, cdr",
    "prb_dl_util_pct": "dl prb, prb dl, prb, dl prb usage, dl prb utilisation, prb utilization dl",
    "prb_dl_used": "used prb dl, prb used dl, dl prb used, prb dl used avg",
    "prb_dl_avail": "available prb dl, prb available dl, dl prb available, prb dl available",
    "prb_ul_used": "used prb ul, prb used ul, ul prb used",
    "prb_ul_avail": "available prb ul, prb available ul, ul prb available",
    "prb_ul_util_pct": "ul prb, prb ul, ul prb usage, ul prb utilisation",
    "rrc_users_mean": "users, rrc users, connected users, avg users, rrc connected users",
    "availability": "availability, cell availability",
    "lat": "latitude, y",
    "lon": "longitude, long, lng, x",
    "azimuth_deg": "azimuth, bearing",
    "height_m": "height, antenna height",
    "technology": "tech, rat, radio, network type, generation",
    "bandwidth_mhz": "bandwidth, bw",
    "site_id": "site, enodeb, enb, gnb, node, erbs",
    "range_m": "range",
    "operator": "operator, plmn, carrier, network",
    "region": "region, state, state name, province, area",
    "complaint_id": "ticket, ticket id, ticket number, case id, case number, complaint no",
    "created_utc": "created, created at, opened, creation date, date created, ticket created",
    "complaint_class": "category, class, issue type, complaint category",
    "complaint_type": "type, issue, sub category, complaint type",
    "subscriber_id": "msisdn, phone, phone number, subscriber, customer, customer id, imsi, mobile",
    "text_redacted": "text, description, comment, remarks, note, notes, verbatim",
    "resolved_utc": "resolved, closed, resolution date, closed at",
    "response_id": "response, response id, respondent id, answer id, survey id, surveyid",
    "score": "score, nps, nps score, likelihood to recommend, ltr, recommend",
    "answered_utc": "answered, answer date, recorded date, response date, submitted, end date, "
    "date submitted, completed, completion date, responsedate",
    "survey_type": "survey, survey type",
    "start_utc": "start, start time, call start, date, from, down from, outage start, began",
    "end_utc": "end, end time, to, until, up again, outage end, ended, finish, cleared",
    "rating_1to5": "rating, stars",
    "outcome": "outcome, result, call drop category, call result",
    "usage_place": "in out travelling, place, indoor outdoor",
    "month": "month, period",
    "n_active_subscribers": "subscribers, active subscribers, base",
    "place_id": "place, place id, region, area, hexagon, hex",
    "project_id": "project, project id, programme, program, rollout",
    "intervention_id": "work order, change id, crq, work id, ref, reference",
    "kind": "kind, type, work type, activity",
    "outage_id": "outage, alarm id, incident",
    "wave": "wave, campaign",
    "n_invited": "invited, invitations, sent",
    "pixel_weight": "weight, traffic",
}
# our unit, and theirs -> what theirs times this is ours
_UNITS = {
    ("share", "%"): 0.01,
    ("s", "min"): 60,
    ("s", "h"): 3600,
    ("s", "ms"): 0.001,
    ("ms", "s"): 1000,
    ("ms", "us"): 0.001,
    ("kbit", "bit"): 0.001,
    ("kbit", "byte"): 0.008,
    ("kbit", "kb"): 8,
    ("kbit", "mbit"): 1000,
    ("kbit", "mb"): 8000,
    ("kbit", "gb"): 8e6,
    ("m", "km"): 1000,
    ("MHz", "khz"): 0.001,
    ("MHz", "hz"): 1e-6,
    ("MHz", "ghz"): 1000,
}
_CONSTANT = ("period_s", "survey_type", "place_type")
"""What a configuration can say once for a whole file."""
_RATE_COLUMNS = ("cell_id", "period_start_utc", "period_s", "technology")
_WHICH_MANY = ("cell_id", "site_id", "region", "place_id", "wave")
_RECOMMEND = {"recommend", "recommendation", "weiterempfehlen", "recomendar", "recommanderiez"}
_SMALL_WORDS = {"utc", "id", "pct", "s", "deg", "m", "dbm", "n", "text", "no", "number"}


@dataclass(frozen=True)
class Like:
    """One of their columns, the one of ours that it looks like, how sure that is, and why."""

    theirs: str
    ours: str
    confidence: float
    why: str


@dataclass(frozen=True)
class Fit:
    """One of our tables, how well a file fits it, and column by column."""

    table: str
    confidence: float
    columns: tuple[Like, ...]


def fits(sample: pd.DataFrame, na: tuple[str, ...], decimal: str) -> list[Fit]:
    """Our source tables, the best fitting first.

    `sample`: the file's first rows, all columns as text. `na`: texts that mean missing. `decimal`:
    the decimal mark, "." or ",".
    """
    values = {str(name): _without_na(sample[name], na) for name in sample}
    tables = [_fit(name, values, decimal) for name in SOURCES]
    # what counts or measures anything else is a file of counters, whatever rate stands in it too
    (counters,) = (fit for fit in tables if fit.table == "pm")
    sure = {like.ours for like in counters.columns if like.confidence >= SURE}
    if sure - {*_RATE_COLUMNS}:
        tables = [fit for fit in tables if fit.table != "cell_rate"]
    (relations,) = (fit for fit in tables if fit.table == "pm_relation")
    of_relations = {like.ours for like in relations.columns if like.confidence >= SURE}
    # and counters of two cells are of their relation
    if "neighbour_cell_id" in of_relations:
        tables = [fit for fit in tables if fit.table != "pm"]
    return sorted(tables, key=lambda fit: -fit.confidence)


def _without_na(column: pd.Series, na: tuple[str, ...]) -> pd.Series:
    text = column.astype("str").str.strip()
    return text[~text.isin(["", *na])].dropna()


def _fit(table: str, values: Mapping[str, pd.Series], decimal: str) -> Fit:
    """How well a file fits one table; `values`: of each of their columns, none missing."""
    ours = TABLES[table]
    names = [n for n in (*ours.columns, *ours.read_instead) if not n.startswith("source_")]
    likes = [
        _like(theirs, FIELDS[name], values[theirs], decimal) for theirs in values for name in names
    ]
    columns = _assigned(likes, ours)
    sure = {name: like.confidence for name, like in columns.items()}
    needed = _confidences(ours, sure)
    share = sum(sure.values()) / max(len(values), 1)
    confidence = 0.7 * sum(needed) / max(len(needed), 1) + 0.3 * share
    # without its key it is hardly that table
    from_file = {*ours.required} - {*_CONSTANT}
    confidence *= 1 if ours.key[0] in sure or ours.key[0] not in from_file else 0.5
    order = {theirs: n for n, theirs in enumerate(values)}
    return Fit(table, confidence, tuple(sorted(columns.values(), key=lambda c: order[c.theirs])))


def _assigned(likes: list[Like], table: Table) -> dict[str, Like]:
    """Our column -> the one of theirs that it is most like, each of theirs once."""
    columns: dict[str, Like] = {}
    taken: set[str] = set()
    # a cell's name is its key where there is no other
    ahead = dict.fromkeys(table.required, 0.1)
    for like in sorted(likes, key=lambda like: -like.confidence - ahead.get(like.ours, 0.0)):
        if like.confidence >= SURE / 2 and like.ours not in columns and like.theirs not in taken:
            columns[like.ours] = like
            taken.add(like.theirs)
    return columns


def _confidences(table: Table, sure: dict[str, float]) -> list[float]:
    """How sure each thing is that the table can't do without; 0 = the file lacks it."""
    needed = [sure.get(name, 0.0) for name in table.required if name not in _CONSTANT]
    if table.name == "pm":
        pairs = [min(sure.get(name, 0.0) for name in pair) for pair in PAIRS]
        needed.append(max(*pairs, sure.get("prb_dl_util_pct", 0.0)))
    if table.name == "coverage":
        pixel = min(sure.get("lat", 0.0), sure.get("lon", 0.0))
        needed.append(max(pixel, sure.get("hex_id", 0.0), sure.get("hex_text", 0.0)))
    return needed


def _like(theirs: str, ours: Field, values: pd.Series, decimal: str) -> Like:
    """How much one of their columns is like one of ours."""
    confidence, why = _alike(theirs, ours.name)
    if confidence < SURE / 2:
        return Like(theirs, ours.name, confidence, why)
    share = _possible(values, ours, decimal, factor_of(theirs, ours))
    values_say = f"{100 * share:.0f} % of its values are possible" if len(values) else "empty"
    return Like(theirs, ours.name, confidence * share, f"{why}, {values_say}")


def _alike(theirs: str, ours: str) -> tuple[float, str]:
    """How alike two names are, 0..1, and why."""
    mine = _words(theirs)
    if not mine:
        return 0.0, "no name"
    if ours in _counters().get(" ".join(mine), ()):
        return 0.95, "a vendor's name for it"
    if ours == "score" and {*mine} & _RECOMMEND:
        return 0.9, "the question of NPS"
    if by_name(ours, theirs):
        return 0.0, "of another kind, by its name"
    names = [ours.replace("_", " "), *filter(None, _ALSO.get(ours, "").split(", "))]
    best = max(_similar(mine, _words(name), first=n == 0) for n, name in enumerate(names))
    return best, "its name" if best > 0.9 else "a name like it"


def _similar(mine: tuple[str, ...], wanted: tuple[str, ...], *, first: bool) -> float:
    if mine == wanted:
        return 1.0 if first else 0.95
    one, other = set(mine) - _SMALL_WORDS, set(wanted) - _SMALL_WORDS
    if one and one == other:
        return 0.85
    if len(other) > 1 and other < one:
        return 0.7
    shared = len(one & other) / len(one | other) if one | other else 0.0
    spelt = difflib.SequenceMatcher(None, "".join(mine), "".join(wanted)).ratio()
    return max(0.75 * shared, 0.8 * spelt if spelt >= 0.85 else 0.0)


def _words(text: str) -> tuple[str, ...]:
    """Words of a name in lower case, without the unit in brackets behind it."""
    bare = re.sub(r"\s*\([^()]*\)\s*$", "", text)
    apart = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", bare)
    return tuple(re.findall(r"[^\W_]+", apart.lower()))


@cache
def _counters() -> dict[str, set[str]]:
    """Names of single counters on the shelf of vendors, as words, each with ours."""
    counters: dict[str, set[str]] = {}
    for name in vendors.names():
        given = vendors.read(vendors.SHELF / f"{name}.toml")
        formulas = Source.model_construct(
            table="pm", path="", counters=given.get("counters", {})
        ).formulas
        for ours, text in formulas:
            expression = parse(text)
            if isinstance(expression, Name):
                counters.setdefault(" ".join(_words(expression.text)), set()).add(ours)
    return counters


def factor_of(theirs: str, ours: Field) -> float:
    """What their values are multiplied by to be in our unit; 1 = the same or unknown.

    `theirs`: name of their column, its unit in brackets behind it. `ours`: our column.

    >>> factor_of("Traffic (Mbit)", FIELDS["dl_vol_kbit"])
    1000
    """
    unit = re.search(r"\(\s*([^()]+?)\s*\)\s*$", theirs)
    return _UNITS.get((ours.unit, unit[1].lower()), 1.0) if unit else 1.0


def _possible(values: pd.Series, ours: Field, decimal: str, factor: float) -> float:
    """Share of the values that could be of the field."""
    if values.empty:
        return 0.5
    if ours.is_time or ours.type == "DATE":
        return moments_of(values).share
    if ours.is_number:
        return _possible_numbers(values, ours, decimal, factor)
    if ours.choices:
        # other texts for the same can be mapped
        return 0.7 + 0.3 * float(values.str.lower().isin(ours.choices).mean())
    if ours.name.endswith("_id") and ours.name not in _WHICH_MANY:
        return 0.5 + 0.5 * values.nunique() / len(values)
    # a code of a location area is no name of a region
    is_code = ours.name == "region" and values.str.fullmatch(r"\d+").mean() > 0.5
    likely = 0.5 if is_code else 0.9
    return likely if ours.name == "wave" or moments_of(values).share < 0.5 else 0.3


def _possible_numbers(values: pd.Series, ours: Field, decimal: str, factor: float) -> float:
    """Share of the values that could be numbers of the field, read as the column would be."""
    units, whole = units_in(values), is_count(ours)
    numbers = numbers_of(values, decimal, units=units, whole=whole)
    if ours.type != "DOUBLE" and ours.high is not None:
        numbers = numbers.fillna(scale_numbers(values[numbers.isna()], ours.high))
    if whole and factor == 1:
        # a rate is no count
        numbers = numbers.where(numbers == numbers.round())
    numbers *= factor
    low = numbers >= ours.low if ours.low is not None else numbers.notna()
    high = numbers <= ours.high if ours.high is not None else numbers.notna()
    return float((low & high).mean())
