"""What a reader must know about what went in, in words: table `quality`.

Verdicts: ok, warn (read the figures with this in mind), unsafe (do not trust them).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pandas as pd

from contracts.kpis import catalogue
from contracts.settings.sections import Settings
from contracts.written import per_cent
from ingest.counters.carriers import ASSUMED
from ingest.privacy import door
from ingest.quality import availability, lateness, reading, surveys
from ingest.settle import inventory
from ingest.settle.repeats import repeats, superseded
from ingest.sources.delimited import CUT_OFF
from ingest.warehouse import retain
from ingest.warehouse.store import WHOLE, Warehouse

Note = tuple[str, str, str, str]
"""Table, check, verdict, message."""

# --------------------------------------------------------------------------- what can be said

_MESSAGES = {
    "refused rows": "{n_refused:,} of {n_read:,} rows refused{missing}.",
    "cut off: {source_file}": "{source_file} ends in the middle of row {source_row}: it may have "
        "been cut off on its way; deliver it again.",
    "lost values: {column}": "{share} of {column} were impossible and set to missing: "
        "{reason}.",
    "categories": "{n:,} complaints ({share}) have a category that is not mapped: they count "
        "as class other, type unknown; add it to [source.values] or [source.patterns]. First: "
        "{source_file} row {source_row}.",
    "no counters": "No counters were given: without load no cause can be named, and no "
        "history of counted drops can be searched for changes.",
    "no load": "The counters hold no PRB utilisation: without load no cause can be named.",
    "daily totals": "The counters are totals of days: changes are dated by the day, and hours are "
        "needed to name load. Give counters by the hour.",
    "no calls": "The counters hold no pair of call_attempts and dropped_calls: without it there "
        "is no drop rate, no change and no rank.",
    "rates without counts": "{n_cells:,} cells have a drop rate by the day without the counts "
        "behind it: it is shown and searched cell by cell, and is in no sum, hexagon or rank.",
    "completeness": "{share} of all cells' time is covered by counters.",
    "no inventory": "No cell inventory was given: changes are found, and no map can be drawn.",
    "cells without a position": "{lost} of {n} cells with counters have no usable position: they "
        "count in the network, and reach no hexagon.",
    "no inventory that day": "{share} of call attempts fall on days on which no row of their "
        "cell is valid (valid_from, valid_to): they count in the network, and reach no hexagon.",
    "periods of validity": "{n} rows of the inventory contradict others; the first, {source_file} "
        "row {source_row}, {column_name}: {reason}.",
    "gaps in validity": "{n} cells have days on which none of their rows is valid; the first: "
        "{cell_id}, {since} to {until}.",
    "changed ids": "{n} cells end on the day on which another of the same identity or antenna "
        "begins; the first: {old} and {new}, {on}. Where it is one cell, give previous_cell_id, "
        "and its history goes on.",
    "PRB in per cent": "{lost} of {n} cells with counters have no known bandwidth: where PRB is "
        "given in per cent they weigh {assumed:.0f} blocks in hexagons and sums.",
    "positions": "{share} of {n:,} rows can be located{ways}",
    "time known to the month": "Times are known to the month only: no change can be dated.",
    "repeats": "{again:,} of {n:,} contacts ({share}) repeat one of the {days} days before "
        "and count once with it; {anonymous} name no subscriber and join none.",
    "no subscriber base": "No subscriber base was given: complaints are per 10,000 call attempts.",
    "several answers of one person": "{again:,} of {n:,} answers are earlier ones of a person who "
        "answered again in the same survey and wave: the last one counts.",
    "scale: {kind}": "None of {n:,} {kind} answers is 0: where 0 could not be chosen the scale is "
        "1 to 10, and its NPS can't be compared with one of 0 to 10.",
    "weights: {kind}": "Survey weights make {n:,} {kind} answers worth {worth:,.0f} (Kish's design "
        "effect {effect:.2f}); intervals are that much wider.",
    "response rate {kind}": "{share} of {invited:,.0f} invited in wave {wave} answered: the "
        "others may think otherwise.",
    "invitations {kind}": "In wave {wave} {completed:,.0f} answered and {invited:,.0f} were "
        "invited: invitations are missing, and no response rate is known.",
    "no persons": "These rows are said to be of no persons ([source] persons = false): their "
        "figures are not suppressed.",
    "no holidays": "[operator] country is not set: public holidays count as ordinary days.",
}  # fmt: skip
"""Every note's message by its check; braces are filled where a check fails."""

_UNPLACED = {
    "call": "none is on a map: give lat and lon.",
    "complaint": "none is on a map: give lat and lon, postcode, place_text or cell_id.",
    "nps": "none is on a map: give lat and lon; of an answer the cell alone is not spread.",
}
"""What would put the rows of a table on a map, where none is."""

# --------------------------------------------------------------------------- when it is said

# shares of a table's rows that are worth a doubt
_REFUSED_DOUBT, _COVERED_DOUBT, _PLACED_DOUBT, _HALF = 0.01, 0.05, 0.1, 0.5
# weights that cost more than half of the answers
_DEAR = 2.0
_CONTACT = ("complaint_id", "subscriber_id", "complaint_class", "created_utc", "is_repeat")
_CATEGORY = ("complaint_class", "complaint_type")
_PLACED = ("call", "complaint", "nps")
_OF_HISTORY = ("valid_to", "previous_cell_id", "stable_cell_key")
_DAY_COLUMNS = (
    "cell_id", "day_local", "covered_s", "call_attempts", "prb_dl_avail_prb_s", "bh_hour_start_utc",
)  # fmt: skip
_DAY_S = 86_400
_SHARES = {"share", "anonymous"}


@dataclass(frozen=True)
class Given:
    """What notes are made from."""

    warehouse: Warehouse
    """The settled warehouse."""
    receipt: pd.DataFrame
    """Rows read, accepted and refused, by the name of the table."""
    settings: Settings

    def has(self, table: str) -> bool:
        """Whether the settings name a source of `table`."""
        return table in self.receipt.index

    def read(self, table: str) -> int:
        """Rows read of `table`, at least 1; shares are of these: refused rows had values too."""
        return max(int(self.receipt["n_read"].loc[table]), 1)


def notes(warehouse: Warehouse, receipt: pd.DataFrame, settings: Settings) -> pd.DataFrame:
    """Every note on one warehouse: table_name, check_name, verdict, message.

    `warehouse`: settled, table `cell_quality` written. `receipt`: table `receipt`. `settings`: the
    configuration that filled it.
    """
    given = Given(warehouse, receipt.set_index("table_name"), settings)
    rows = [note for check in _CHECKS for note in check(given)]
    return pd.DataFrame(rows, columns=["table_name", "check_name", "verdict", "message"])


def _note(table: str, check: str, verdict: str = "warn", /, **facts: Any) -> Note:
    """One note of _MESSAGES, its braces filled; a share is written in per cent."""
    facts |= {name: per_cent(facts[name], 1) for name in _SHARES & facts.keys()}
    return table, check.format(**facts).strip(), verdict, _MESSAGES[check].format(**facts)


def _records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(name): value for name, value in row.items()} for row in frame.to_dict("records")]


def _doubt(share: float, doubt: float = _REFUSED_DOUBT) -> str:
    return "warn" if share > doubt else "ok"


# --- rows and values


def _refused(given: Given) -> Iterator[Note]:
    for row in _records(given.receipt.reset_index()):
        lost = row["n_values_missing"]
        missing = f", {lost:,} impossible value{'s' * (lost > 1)} set to missing" if lost else ""
        verdict = _doubt(row["n_refused"] / max(row["n_read"], 1))
        yield _note(row["table_name"], "refused rows", verdict, **row, missing=missing)


def _published(row: dict[str, Any]) -> dict[str, Any]:
    """A row of `refused`, its file named as the marts may name it."""
    name = door.published_name(row["source_file"], row["table_name"], row["file_hash"])
    return {**row, "source_file": name}


def _cut_off(given: Given) -> Iterator[Note]:
    for name in given.receipt.index:
        refused = given.warehouse.read_refused(name)
        for row in _records(refused[refused["reason"].str.endswith(CUT_OFF)]):
            yield _note(name, "cut off: {source_file}", **_published(row))


def _lost_values(given: Given) -> Iterator[Note]:
    """Columns that lost more than a few values; positions and categories have their own notes."""
    for name in given.receipt.index:
        refused = given.warehouse.read_refused(name)
        has_own_note = refused["column_name"].isin(["lat", *_CATEGORY])
        values = refused[(refused["scope"] == "value") & ~has_own_note]
        for column, reasons in values.groupby("column_name")["reason"]:
            share = len(reasons) / given.read(name)
            if share > _REFUSED_DOUBT:
                facts = {"column": column, "share": share, "reason": reasons.mode()[0]}
                yield _note(
                    name, "lost values: {column}", "unsafe" if share > _HALF else "warn", **facts
                )


def _categories(given: Given) -> Iterator[Note]:
    """Complaints whose category is not mapped: they count, but not where they belong."""
    refused = given.warehouse.read_refused("complaint")
    values = refused[(refused["scope"] == "value") & refused["column_name"].isin(_CATEGORY)]
    rows = values.drop_duplicates(["source_file", "source_row"])
    for first in _records(rows.head(1)):
        share = len(rows) / given.read("complaint")
        facts = _published(first)
        yield _note("complaint", "categories", _doubt(share), n=len(rows), share=share, **facts)


# --- counters and cells


def _counters(given: Given) -> Iterator[Note]:
    if not given.has("pm"):
        yield _note("pm", "no counters")
        return
    days = given.warehouse.read("cell_day", columns=_DAY_COLUMNS)
    yield from _without_place(given, days)
    if days["prb_dl_avail_prb_s"].isna().all():
        yield _note("pm", "no load")
    if days["bh_hour_start_utc"].isna().all() and (days["call_attempts"] > 0).any():
        yield _note("pm", "daily totals")
    if days["call_attempts"].isna().all():
        yield _note("pm", "no calls")
    all_s = days["cell_id"].nunique() * days["day_local"].nunique() * _DAY_S
    share = days["covered_s"].sum() / max(all_s, 1)
    yield _note("pm", "completeness", _doubt(1 - share, _COVERED_DOUBT), share=share)


def _without_place(given: Given, days: pd.DataFrame) -> Iterator[Note]:
    """Cells without a position, and attempts on days on which no row of the inventory was valid."""
    weights = given.warehouse.read("cell_hex", columns=["cell_id", "valid_from", "valid_to"])
    # the distinct ones: the table of lookups costs what its values are, and these repeat by hexagon
    is_placed = days["cell_id"].isin(weights["cell_id"].unique())
    if not given.has("cell"):
        yield _note("cell", "no inventory")
        counted = pd.Series(days["cell_id"].unique(), dtype="str")
        settled = given.warehouse.read_settled("shared", WHOLE) or {}
        yield from reading.ids_shared(counted, settled.get("shared", []))
    elif lost := days.loc[~is_placed, "cell_id"].nunique():
        yield _note("cell", "cells without a position", lost=lost, n=days["cell_id"].nunique())
        counted = pd.Series(days.loc[~is_placed, "cell_id"].unique(), dtype="str")
        cells = given.warehouse.read("cell", columns=["cell_id"])["cell_id"]
        yield from reading.ids_alike(counted, pd.Series(cells.unique(), dtype="str"))
        settled = given.warehouse.read_settled("cell", WHOLE) or {}
        yield from reading.ids_shared(counted, settled.get("shared", []))
    if weights[["valid_from", "valid_to"]].isna().all(axis=None):
        return
    attempts = days.loc[is_placed, "call_attempts"].sum()
    spread = given.warehouse.read("hex_day", columns=["call_attempts"])["call_attempts"].sum()
    share = 1 - spread / attempts if attempts > 0 else 0.0
    if share > 1e-6:
        yield _note("cell", "no inventory that day", share=share)


def _cells(given: Given) -> Iterator[Note]:
    """What the checks of single cells and days come to, and what befell all cells at once."""
    failures = given.warehouse.read("cell_quality")
    for name, rows in failures.groupby("check_name"):
        n, unsafe = len(rows), (rows["verdict"] == "unsafe").sum()
        which = "these days" if unsafe == n else f"{unsafe:,} of these days"
        text = (
            f"{str(name).capitalize()}: {n:,} days of {rows['cell_id'].nunique():,} cells. "
            f"{f'What is found on {which}' if unsafe else 'Nothing'} is marked unsafe for it "
            "(query cell_quality)."
        )
        if name == "clock of all cells":
            first, last = rows["day_local"].min(), rows["day_local"].max()
            text += f" {first} to {last}: mend [source] timezone for the files of those days."
        yield "pm", str(name), "warn", text


def _inventory(given: Given) -> Iterator[Note]:
    if not given.has("cell"):
        return
    cells, refused = given.warehouse.read("cell"), given.warehouse.read_refused("cell")
    clashes = refused[refused["column_name"].isin(_OF_HISTORY)]
    gaps, alike = inventory.gaps(cells), inventory.look_alikes(cells)
    failures = (
        ("periods of validity", clashes, len(clashes)),
        ("gaps in validity", gaps, gaps["cell_id"].nunique()),
        ("changed ids", alike, len(alike)),
    )
    for check, rows, n in failures:
        for first in _records(rows.head(1)):
            yield _note("cell", check, n=n, **first)
    if any(
        {"prb_dl_util_pct", "prb_ul_util_pct"} & source.given for source in given.settings.source
    ):
        counted = set(given.warehouse.read("cell_day", columns=["cell_id"])["cell_id"])
        if lost := len(counted - set(cells.dropna(subset=["n_prb_dl"])["cell_id"])):
            yield _note("cell", "PRB in per cent", lost=lost, n=len(counted), assumed=ASSUMED)


def _reading(given: Given) -> Iterator[Note]:
    for name in given.receipt.index:
        yield from reading.wrapped_ids(given.warehouse, name)
        yield from reading.systematic_losses(given.warehouse, name)
        fewest = given.settings.privacy.min_subscribers
        yield from lateness.late_rows(given.warehouse, name, fewest=fewest)


def _availability(given: Given) -> Iterator[Note]:
    loads = given.warehouse.loads("pm").values()
    yield from availability.notes(loads, catalogue(given.settings.kpi))


def _calendar(given: Given) -> Iterator[Note]:
    if given.has("pm") and not given.settings.operator.country:
        yield _note("pm", "no holidays", "ok")


# --- persons


def _persons(given: Given) -> Iterator[Note]:
    for name in filter(given.has, _PLACED):
        if not given.settings.holds_persons(name):
            yield _note(name, "no persons", "ok")


def _positions(given: Given) -> Iterator[Note]:
    for name in filter(given.has, _PLACED):
        how = _located_by(given.warehouse, name)
        if how.empty:
            continue
        share = how.notna().mean()
        parts = ", ".join(
            f"{per_cent(n / len(how), 1)} {way}" for way, n in how.value_counts().items()
        )
        ways = f" ({parts}); the rest is on no map." if share else f"; {_UNPLACED[name]}"
        verdict = "unsafe" if share <= _HALF else "ok" if share > 1 - _PLACED_DOUBT else "warn"
        yield _note(name, "positions", verdict, share=share, n=len(how), ways=ways)


def _located_by(warehouse: Warehouse, name: str) -> pd.Series:
    """How each row is located, missing where it is not; a complaint also by its cell."""
    by_cell = name == "complaint"
    rows = warehouse.read(name, columns=["hex_id", "loc_method", *(["cell_id"] if by_cell else [])])
    how = rows["loc_method"].where(rows["hex_id"].notna())
    if by_cell:
        with_footprint = warehouse.read("cell_hex", columns=["cell_id"])["cell_id"]
        how = how.mask(how.isna() & rows["cell_id"].isin(with_footprint), "cell")
    return how


def _time_grain(given: Given) -> Iterator[Note]:
    for name in filter(given.has, _PLACED):
        if (given.warehouse.read(name, columns=["time_grain"])["time_grain"] == "month").any():
            yield _note(name, "time known to the month")


def _rates_alone(given: Given) -> Iterator[Note]:
    if given.has("cell_rate"):
        cells = given.warehouse.read("cell_rate", columns=["cell_id"])["cell_id"]
        yield _note("cell_rate", "rates without counts", n_cells=cells.nunique())


def _complaints(given: Given) -> Iterator[Note]:
    if not given.has("complaint"):
        return
    rows = given.warehouse.read("complaint", columns=_CONTACT)
    days, zone = given.settings.complaints.repeat_days, given.settings.operator.timezone
    again = int(repeats(rows, days=days, zone=zone).sum())
    if n := len(rows):
        shares = {"share": again / n, "anonymous": rows["subscriber_id"].isna().mean()}
        yield _note("complaint", "repeats", "ok", again=again, n=n, days=days, **shares)
    if not given.has("subscriber_base"):
        yield _note("complaint", "no subscriber base")


def _surveys(given: Given) -> Iterator[Note]:
    if not given.has("nps"):
        return
    answers = given.warehouse.read("nps")
    again = superseded(answers, zone=given.settings.operator.timezone)
    if n := int(again.sum()):
        yield _note("nps", "several answers of one person", "ok", again=n, n=len(answers))
    for kind, scores in answers[~again].groupby("survey_type")["score"]:
        if surveys.lacks_zero(scores):
            yield _note("nps", "scale: {kind}", kind=kind, n=len(scores))
    for kind, weights in answers[~again].groupby("survey_type")["survey_weight"]:
        effect, n = surveys.design_effect(weights), len(weights)
        if effect > 1 + _REFUSED_DOUBT:
            facts = {"kind": kind, "effect": effect, "n": n, "worth": n / effect}
            yield _note("nps", "weights: {kind}", "ok" if effect < _DEAR else "warn", **facts)


def _response_rates(given: Given) -> Iterator[Note]:
    """The newest wave's; all of them are in queries/people/response_rates.sql."""
    if not given.has("nps"):
        return
    shown = given.warehouse.read("survey_response").query("shown == 'shown'")
    for kind, waves in shown.fillna({"survey_type": ""}).groupby("survey_type"):
        newest = waves[waves["wave"] == waves["wave"].max()]
        invited, completed = newest["n_invited"].sum(), newest["n_completed"].sum()
        facts = {"kind": kind, "wave": newest["wave"].iloc[0], "invited": invited}
        if completed > invited:
            yield _note("nps_invite", "invitations {kind}", completed=completed, **facts)
        elif invited:
            share = completed / invited
            yield _note("nps_invite", "response rate {kind}", "ok", share=share, **facts)


def _retained(given: Given) -> Iterator[Note]:
    yield from retain.notes(given.warehouse)


_CHECKS = (
    _refused, _cut_off, _lost_values, _categories, _reading, _counters, _rates_alone, _cells,
    _inventory, _availability, _persons, _positions, _complaints, _surveys, _response_rates,
    _time_grain, _calendar, _retained,
)  # fmt: skip
