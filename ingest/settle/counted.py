"""Complaints and answers as they count: one definition, which rates and slopes read alike.

A complaint counts if it repeats none. It counts at its own place or, where only its cell is known,
in parts over the cell's footprint. An answer counts if its person gave no later one in its wave.
Both tables have a partition a local day. A day is written anew only when its rows, its repeats, the
footprints, the zone or the level changed.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

from contracts.settings.sections import Settings
from contracts.tables import TABLES
from geo import hexgrid
from geo.footprint import coarser
from ingest.clock import local_days
from ingest.settle.digest import digest
from ingest.settle.footprints import names_of_weights
from ingest.settle.repeats import repeats, superseded
from ingest.warehouse.store import Warehouse

_METHOD = "counted-2"
_SPAN = ["cell_id", "valid_from"]
_CONTACT = ("complaint_id", "subscriber_id", "complaint_class", "created_utc", "is_repeat")
_PLACED_CONTACT = (*("complaint_type", "channel", "event_utc", "time_grain", "cell_id", "hex_id"),)
_ANSWER = ("response_id", "subscriber_id", "survey_type", "wave", "answered_utc")
_SCORED_ANSWER = ("time_grain", "score", "survey_weight", "hex_id")


# ---------------------------------------------------------------------------------- the tables


def settle_counted(warehouse: Warehouse, settings: Settings) -> None:
    """Writes the days of `complaint_counted` and `answer_counted` that changed.

    `warehouse`: with settled complaints, answers and footprints. `settings`: zone, levels of the
    grid, and `[complaints] repeat_days`.
    """
    _settle_complaints(warehouse, settings)
    _settle_answers(warehouse, settings)


def _settle_complaints(warehouse: Warehouse, settings: Settings) -> None:
    zone, level = settings.operator.timezone, settings.grid.levels["complaint"]
    contacts = warehouse.read("complaint", columns=_CONTACT)
    # repeats look back over the edges of days, so all contacts are looked at once
    again = contacts[repeats(contacts, days=settings.complaints.repeat_days, zone=zone)]
    again_ids = _ids_by_day(again["complaint_id"], again["created_utc"], zone)
    how = [zone, level, settings.grid.level, names_of_weights(warehouse)]
    signatures = _signatures(warehouse, "complaint", again_ids, how)
    days = _changed_days(warehouse, "complaint_counted", signatures)
    if not days:
        return
    rows = warehouse.read("complaint", days=days, columns=(*_CONTACT, *_PLACED_CONTACT))
    first = rows[~rows["complaint_id"].isin(again["complaint_id"])]
    shown = warehouse.read("cell_hex", days=[str(settings.grid.level)])
    counted = complaints_as_counted(first, coarser(shown, level=level), level=level, zone=zone)
    _write(warehouse, "complaint_counted", counted, {day: signatures[day] for day in days})


def _settle_answers(warehouse: Warehouse, settings: Settings) -> None:
    zone, level = settings.operator.timezone, settings.grid.levels["nps"]
    answers = warehouse.read("nps", columns=_ANSWER)
    # a wave may be longer than a day, so all answers are looked at once
    former = answers[superseded(answers, zone=zone)]
    former_ids = _ids_by_day(former["response_id"], former["answered_utc"], zone)
    signatures = _signatures(warehouse, "nps", former_ids, [zone, level])
    days = _changed_days(warehouse, "answer_counted", signatures)
    if not days:
        return
    rows = warehouse.read("nps", days=days, columns=(*_ANSWER, *_SCORED_ANSWER))
    last = rows[~rows["response_id"].isin(former["response_id"])]
    counted = answers_as_counted(last, level=level, zone=zone)
    _write(warehouse, "answer_counted", counted, {day: signatures[day] for day in days})


def _ids_by_day(ids: pd.Series, utc: pd.Series, zone: str) -> dict[str, list[str]]:
    """The rows that do not count, by the local day on which they lie."""
    grouped = ids.groupby(local_days(utc, zone))
    return {str(day): sorted(of_day) for day, of_day in grouped}


def _signatures(
    warehouse: Warehouse, source: str, left_out: Mapping[str, list[str]], how: Iterable[Any]
) -> dict[str, str]:
    """Name of all that each day's rows depend on, by day."""
    made_from = {day: warehouse.read_settled(source, day) for day in warehouse.days(source)}
    return {
        day: digest(_METHOD, facts["signature"], left_out.get(day, []), *how)
        for day, facts in made_from.items()
        if facts is not None
    }


def _changed_days(warehouse: Warehouse, name: str, signatures: Mapping[str, str]) -> list[str]:
    """Days to write anew; days that are no longer there go."""
    warehouse.forget_days(name, keep=set(signatures), tables=(name,))
    notes = {day: warehouse.read_settled(name, day) for day in signatures}
    return [day for day, note in notes.items() if note != {"signature": signatures[day]}]


def _write(
    warehouse: Warehouse, name: str, counted: pd.DataFrame, signatures: Mapping[str, str]
) -> None:
    by_day = dict(list(counted.groupby(counted["day_local"].astype("str"))))
    for day, signature in signatures.items():
        # a crash from here on must not leave a new table under an old note
        warehouse.forget_settled(name, day)
        warehouse.write(name, by_day.get(day, counted.iloc[:0]), day=day)
        warehouse.write_settled(name, day, {"signature": signature})


# ------------------------------------------------------------------------------ how each counts


def complaints_as_counted(
    complaints: pd.DataFrame, cell_hex: pd.DataFrame, *, level: int, zone: str
) -> pd.DataFrame:
    """Table `complaint_counted`: one row a complaint and hexagon, `weight` summing to 1 over them.

    `complaints`: rows of table `complaint` that repeat none (`repeats`).
    `cell_hex`: table `cell_hex` at `level`.
    `level`: H3 level of the hexagons, that of the complaint rates.
    `zone`: the operator's zone, by which days are local.
    """
    rows = _in_hexes(located(complaints, cell_hex, zone=zone), level)
    return _as_table(
        "complaint_counted", rows, person=rows["subscriber_id"].fillna(rows["complaint_id"]),
        day=local_days(rows["created_utc"], zone),
    )  # fmt: skip


def answers_as_counted(answers: pd.DataFrame, *, level: int, zone: str) -> pd.DataFrame:
    """Table `answer_counted`: one row an answer; hex_id missing = its place is not known.

    `answers`: rows of table `nps` that no later one replaces (`superseded`).
    `level`: H3 level of the hexagons, that of NPS.
    `zone`: the operator's zone, by which days are local.
    """
    rows = _in_hexes(answers, level)
    return _as_table(
        "answer_counted", rows, person=rows["subscriber_id"].fillna(rows["response_id"]),
        day=local_days(rows["answered_utc"], zone),
    )  # fmt: skip


def located(complaints: pd.DataFrame, cell_hex: pd.DataFrame, *, zone: str) -> pd.DataFrame:
    """The complaints with `hex_id` and `weight`, which sums to 1 over the rows of each.

    A complaint with a hexagon keeps it, with weight 1. One whose cell alone is known gets a row for
    each hexagon of the footprint that held on its local day (the day of the trouble, where that is
    stated), weighted as the footprint is; so it is never drawn as a point. Any other keeps one row
    without a hexagon.

    `complaints`: rows of table `complaint`: created_utc, event_utc, cell_id, hex_id.
    `cell_hex`: table `cell_hex` at any one level.
    `zone`: the operator's zone, by which days are local.
    """
    is_by_cell = complaints["hex_id"].isna() & complaints["cell_id"].notna()
    spans = cell_hex[[*_SPAN, "valid_to"]].drop_duplicates(_SPAN).rename_axis("span").reset_index()
    row_spans = _spans_of(complaints[is_by_cell], spans, zone)
    parts = cell_hex[[*_SPAN, "hex_id", "weight"]].merge(spans[[*_SPAN, "span"]], on=_SPAN)
    places = row_spans.merge(parts[["span", "hex_id", "weight"]], on="span").set_index("row")
    spread = complaints.drop(columns="hex_id").join(places, how="right")
    undivided = complaints[~complaints.index.isin(row_spans["row"])].assign(weight=1.0)
    both = pd.concat([undivided, spread.astype({"hex_id": "UInt64"})[undivided.columns]])
    return both.sort_index(kind="stable").reset_index(drop=True)


def _spans_of(complaints: pd.DataFrame, spans: pd.DataFrame, zone: str) -> pd.DataFrame:
    """Which footprint of its cell held on each complaint's day: `row` and `span`.

    spans: span, cell_id, valid_from, valid_to.
    """
    utc = complaints["event_utc"].fillna(complaints["created_utc"])
    rows = complaints[["cell_id"]].assign(row=complaints.index, day=_day(local_days(utc, zone)))
    pairs = rows.merge(spans, on="cell_id")
    has_begun = pairs["valid_from"].isna() | (_day(pairs["valid_from"]) <= pairs["day"])
    is_lasting = pairs["valid_to"].isna() | (_day(pairs["valid_to"]) > pairs["day"])
    return pairs.loc[has_begun & is_lasting, ["row", "span"]]


def _day(days: pd.Series) -> pd.Series:
    return pd.to_datetime(days).astype("datetime64[s]")


def _in_hexes(rows: pd.DataFrame, level: int) -> pd.DataFrame:
    """The rows with their hexagons at `level`; a missing hexagon stays missing."""
    rows, is_placed = rows.copy(), rows["hex_id"].notna()
    hexes = hexgrid.parents(rows.loc[is_placed, "hex_id"], level=level)
    rows["hex_id"] = pd.Series(hexes, rows.index[is_placed], dtype="UInt64").reindex(rows.index)
    return rows


def _as_table(name: str, rows: pd.DataFrame, *, person: pd.Series, day: pd.Series) -> pd.DataFrame:
    rows = rows.assign(person_key=person, day_local=pd.to_datetime(day).dt.date)
    table = TABLES[name]
    return rows[list(table.columns)].sort_values(list(table.key), ignore_index=True)
