"""What a reader must know about what went in, in words: table `quality`.

Verdicts: ok, warn (read the figures with this in mind), unsafe (do not trust them).
"""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from contracts.settings import Settings
from contracts.tables import TABLES, assemble
from ingest import availability, inventory, retain, surveys, verdicts
from ingest.carriers import ASSUMED
from ingest.clock import wall_clock
from ingest.repeats import repeats
from ingest.settle import zones_of
from ingest.sources.delimited import CUT_OFF
from ingest.warehouse import Warehouse

Note = tuple[str, str, str, str]
"""Table, check, verdict, message."""

_REFUSED_DOUBT = 0.01
_CONTACT = ("complaint_id", "subscriber_id", "complaint_class", "created_utc", "is_repeat")
_CATEGORY = ("complaint_class", "complaint_type")
_UNPLACED = {
    "call": "none is on a map: give lat and lon.",
    "complaint": "none is on a map: give lat and lon, postcode, place_text or cell_id.",
    "nps": "none is on a map: give lat and lon; of an answer the cell alone is not spread.",
}
_COARSE = ("month",)
_OF_HISTORY = ("valid_to", "previous_cell_id", "stable_cell_key")
_HALF = 0.5
# weights that cost more than half of the answers
_DEAR = 2.0
_DAY_COLUMNS = ("cell_id", "day_local", "covered_s", "call_attempts", "prb_dl_avail_prb_s")
_CHECKED = ("cell_id", "day_local", "covered_s", "n_hours", "n_values_missing", "n_resets")
# days whose clocks are looked at: two months tell what is usual
_CLOCK_DAYS = 56
_HOURS = 24


def of_cells(warehouse: Warehouse, settings: Settings) -> pd.DataFrame:
    """Table `cell_quality`: every check that a cell's day does not pass."""
    days = warehouse.read("cell_day", columns=_CHECKED)
    if days.empty:
        return assemble([], TABLES["cell_quality"])
    zones = zones_of(days["cell_id"], warehouse.read("cell"), settings)
    parts = [verdicts.of_days(days, _length_s(days["day_local"], zones))]
    if activity := _activity(warehouse, settings):
        parts.append(verdicts.clock_shifts(activity))
    return assemble(parts, TABLES["cell_quality"])


def _length_s(days: pd.Series, zones: pd.Series | str) -> pd.Series:
    """Seconds of each local day, on which a clock may change."""
    known = pd.DataFrame({"day": days, "zone": zones}, index=days.index)
    kinds = known.drop_duplicates()
    lengths = [
        (_midnight(day + pd.Timedelta(days=1), zone) - _midnight(day, zone)).total_seconds()
        for day, zone in zip(pd.to_datetime(kinds["day"]), kinds["zone"], strict=True)
    ]
    known = known.merge(kinds.assign(length_s=lengths), how="left")
    return known.set_axis(days.index)["length_s"]


def _midnight(day: pd.Timestamp, zone: str) -> pd.Timestamp:
    return day.tz_localize(zone, nonexistent="shift_forward", ambiguous=True)


def _activity(warehouse: Warehouse, settings: Settings) -> verdicts.Activity | None:
    """Calls by the hour of the newest days; None where no hour is known."""
    days = warehouse.days("cell_hour", filled=True)[-_CLOCK_DAYS:]
    inventory = warehouse.read("cell")
    hours = ["cell_id", "hour_start_utc", "call_attempts"]
    read = [warehouse.read("cell_hour", days=[day], columns=hours) for day in days]
    cells = pd.Index(sorted({cell for rows in read for cell in rows["cell_id"].unique()}))
    if cells.empty:
        return None
    calls = np.full((len(cells), len(days), _HOURS), np.nan)
    for day, rows in enumerate(read):
        known = rows[rows["hour_start_utc"].notna()]
        zones = zones_of(known["cell_id"], inventory, settings)
        hour = wall_clock(known["hour_start_utc"], zones).dt.hour.to_numpy()
        calls[cells.get_indexer(pd.Index(known["cell_id"])), day, hour] = known["call_attempts"]
    dates = pd.to_datetime(pd.Series(days)).dt.date.to_numpy()
    return verdicts.Activity(calls, cells.to_numpy(object), dates)


def notes(warehouse: Warehouse, receipt: pd.DataFrame, settings: Settings) -> pd.DataFrame:
    """Every note on one warehouse: table_name, check_name, verdict, message.

    Table `cell_quality` is written before.
    """
    counts = receipt.set_index("table_name")
    found = [
        *_refused(counts),
        *_cut_off(warehouse, counts),
        *_lost_values(warehouse, counts),
        *_categories(warehouse, counts),
        *_counters(warehouse, counts),
        *_cells(warehouse),
        *_inventory(warehouse, counts, settings),
        *availability.notes(warehouse.loads("pm").values()),
        *_positions(warehouse, counts),
        *_repeats(warehouse, counts, settings),
        *_surveys(warehouse, counts, settings),
        *_time_grain(warehouse, counts),
        *_subscribers(counts),
        *_calendar(counts, settings),
        *retain.notes(warehouse),
    ]
    return pd.DataFrame(found, columns=["table_name", "check_name", "verdict", "message"])


def _refused(counts: pd.DataFrame) -> Iterator[Note]:
    for name, row in counts.iterrows():
        share = row["n_refused"] / max(row["n_read"], 1)
        verdict = "warn" if share > _REFUSED_DOUBT else "ok"
        text = f"{row['n_refused']:,} of {row['n_read']:,} rows refused"
        missing = row["n_values_missing"]
        yield (
            str(name),
            "refused rows",
            verdict,
            text + (f", {missing:,} impossible values set to missing." if missing else "."),
        )


def _cut_off(warehouse: Warehouse, counts: pd.DataFrame) -> Iterator[Note]:
    for name in counts.index:
        refused = warehouse.read_refused(str(name))
        cut = refused[refused["reason"].str.endswith(CUT_OFF)]
        for row in cut.to_dict("records"):
            yield (
                str(name),
                f"cut off: {row['source_file']}",
                "warn",
                f"{row['source_file']} ends in the middle of row {row['source_row']}: "
                "it may have been cut off on its way; deliver it again.",
            )


def _lost_values(warehouse: Warehouse, counts: pd.DataFrame) -> Iterator[Note]:
    """Columns that lost more than a few values; positions and categories have their own notes."""
    for name, row in counts.iterrows():
        refused = warehouse.read_refused(str(name))
        told = refused["column_name"].isin(["lat", *_CATEGORY])
        values = refused[(refused["scope"] == "value") & ~told]
        for column, n in values.groupby("column_name").size().items():
            share = n / max(row["n_accepted"], 1)
            if share > _REFUSED_DOUBT:
                verdict = "unsafe" if share > _HALF else "warn"
                text = f"{share:.1%} of {column} were impossible and set to missing: "
                reasons = values.loc[values["column_name"] == column, "reason"]
                yield str(name), f"lost values: {column}", verdict, text + reasons.mode()[0] + "."


def _categories(warehouse: Warehouse, counts: pd.DataFrame) -> Iterator[Note]:
    """Complaints whose category is not mapped: they count, but not where they belong."""
    refused = warehouse.read_refused("complaint")
    lost = refused[(refused["scope"] == "value") & refused["column_name"].isin(_CATEGORY)]
    lost = lost.drop_duplicates(["source_file", "source_row"])
    if len(lost):
        share = len(lost) / max(counts["n_accepted"].loc["complaint"], 1)
        first = lost.iloc[0]
        yield (
            "complaint",
            "categories",
            "warn" if share > _REFUSED_DOUBT else "ok",
            f"{len(lost):,} complaints ({share:.1%}) have a category that is not mapped: they "
            "count as class other, type unknown; add it to [source.values] or [source.patterns]. "
            f"First: {first['source_file']} row {first['source_row']}.",
        )


def _counters(warehouse: Warehouse, counts: pd.DataFrame) -> Iterator[Note]:
    if "pm" not in counts.index:
        yield (
            "pm",
            "no counters",
            "warn",
            "No counters were given: without load no cause can be named, "
            "and no cell's history can be searched for changes.",
        )
        return
    days = warehouse.read("cell_day", columns=_DAY_COLUMNS)
    weights = warehouse.read("cell_hex", columns=["cell_id", "valid_from", "valid_to"])
    seen, placed = set(days["cell_id"]), set(weights["cell_id"])
    if "cell" not in counts.index:
        yield (
            "cell",
            "no inventory",
            "warn",
            "No cell inventory was given: changes are found, and no map can be drawn.",
        )
    elif lost := len(seen - placed):
        yield (
            "cell",
            "cells without a position",
            "warn",
            f"{lost} of {len(seen)} cells with counters have no usable position: "
            "they count in the network, and reach no hexagon.",
        )
    yield from _unplaced(warehouse, days, weights)
    if days["prb_dl_avail_prb_s"].isna().all():
        yield (
            "pm",
            "no load",
            "warn",
            "The counters hold no PRB utilisation: without load no cause can be named.",
        )
    if days["call_attempts"].isna().all():
        yield (
            "pm",
            "no calls",
            "warn",
            "The counters hold no pair of call_attempts and dropped_calls: "
            "without it there is no drop rate, no change and no rank.",
        )
    yield from _completeness(days)


def _inventory(warehouse: Warehouse, counts: pd.DataFrame, settings: Settings) -> Iterator[Note]:
    if "cell" not in counts.index:
        return
    cells, refused = warehouse.read("cell"), warehouse.read_refused("cell")
    odd = refused[refused["column_name"].isin(_OF_HISTORY)]
    for row in odd.head(1).to_dict("records"):
        yield (
            "cell",
            "periods of validity",
            "warn",
            f"{len(odd)} rows of the inventory contradict others; the first, {row['source_file']} "
            f"row {row['source_row']}, {row['column_name']}: {row['reason']}.",
        )
    gaps, alike = inventory.gaps(cells), inventory.look_alikes(cells)
    for row in gaps.head(1).to_dict("records"):
        yield (
            "cell",
            "gaps in validity",
            "warn",
            f"{gaps['cell_id'].nunique()} cells have days on which none of their rows is valid; "
            f"the first: {row['cell_id']}, {row['since']} to {row['until']}.",
        )
    for row in alike.head(1).to_dict("records"):
        yield (
            "cell",
            "changed ids",
            "warn",
            f"{len(alike)} cells end on the day on which another of the same identity or antenna "
            f"begins; the first: {row['old']} and {row['new']}, {row['on']}. Where it is one cell, "
            "give previous_cell_id, and its history goes on.",
        )
    yield from _per_cents(warehouse, cells, settings)


def _per_cents(warehouse: Warehouse, cells: pd.DataFrame, settings: Settings) -> Iterator[Note]:
    if not any({"prb_dl_util_pct", "prb_ul_util_pct"} & source.given for source in settings.source):
        return
    seen = set(warehouse.read("cell_day", columns=["cell_id"])["cell_id"])
    if lost := len(seen - set(cells.dropna(subset=["n_prb_dl"])["cell_id"])):
        yield (
            "cell",
            "PRB in per cent",
            "warn",
            f"{lost} of {len(seen)} cells with counters have no known bandwidth: where PRB is "
            f"given in per cent they weigh {ASSUMED:.0f} blocks in hexagons and sums.",
        )


def _completeness(days: pd.DataFrame) -> Iterator[Note]:
    whole = days["cell_id"].nunique() * days["day_local"].nunique() * 86_400
    share = days["covered_s"].sum() / max(whole, 1)
    verdict = "ok" if share >= 1 - 5 * _REFUSED_DOUBT else "warn"
    yield "pm", "completeness", verdict, f"{share:.1%} of all cells' time is covered by counters."


def _cells(warehouse: Warehouse) -> Iterator[Note]:
    """What the checks of single cells and days come to, and what befell all cells at once."""
    failed = warehouse.read("cell_quality")
    for name, rows in failed.groupby("check_name"):
        unsafe = (rows["verdict"] == "unsafe").sum()
        text = (
            f"{str(name).capitalize()}: {rows['cell_id'].nunique():,} cells, on {len(rows):,} days "
            f"of cells; what is found on {unsafe:,} of them is marked unsafe (query cell_quality)."
        )
        if name == "clock of all cells":
            first, last = rows["day_local"].min(), rows["day_local"].max()
            text += f" {first} to {last}: mend [source] timezone for the files of those days."
        yield "pm", str(name), "warn", text


def _unplaced(warehouse: Warehouse, days: pd.DataFrame, weights: pd.DataFrame) -> Iterator[Note]:
    """Attempts on days on which no row of their cell's inventory was valid."""
    if weights[["valid_from", "valid_to"]].isna().all(axis=None):
        return
    mine = days[days["cell_id"].isin(weights["cell_id"])]["call_attempts"].sum()
    spread = warehouse.read("hex_day", columns=["call_attempts"])["call_attempts"].sum()
    share = 1 - spread / mine if mine > 0 else 0.0
    if share > 1e-6:
        yield (
            "cell",
            "no inventory that day",
            "warn",
            f"{share:.1%} of call attempts fall on days on which no row of their cell is valid "
            "(valid_from, valid_to): they count in the network, and reach no hexagon.",
        )


def _positions(warehouse: Warehouse, counts: pd.DataFrame) -> Iterator[Note]:
    for name in ("call", "complaint", "nps"):
        if name not in counts.index:
            continue
        by_cell = name == "complaint"
        columns = ["hex_id", "loc_method", *(["cell_id"] if by_cell else [])]
        rows = warehouse.read(name, columns=columns)
        if rows.empty:
            continue
        how = rows["loc_method"].where(rows["hex_id"].notna())
        if by_cell:
            spread = rows["cell_id"].isin(
                warehouse.read("cell_hex", columns=["cell_id"])["cell_id"]
            )
            how = how.mask(how.isna() & spread, "cell")
        share = how.notna().mean()
        ways = ", ".join(f"{n / len(rows):.1%} {way}" for way, n in how.value_counts().items())
        text = f"{share:.1%} of {len(rows):,} rows can be located"
        text += f" ({ways}); the rest is on no map." if share else f"; {_UNPLACED[name]}"
        verdict = "ok" if share > 1 - 10 * _REFUSED_DOUBT else "warn"
        yield name, "positions", verdict if share > _HALF else "unsafe", text


def _repeats(warehouse: Warehouse, counts: pd.DataFrame, settings: Settings) -> Iterator[Note]:
    if "complaint" in counts.index:
        rows = warehouse.read("complaint", columns=_CONTACT)
        days = settings.complaints.repeat_days
        n = int(repeats(rows, days=days, zone=settings.operator.timezone).sum())
        share, anonymous = n / max(len(rows), 1), rows["subscriber_id"].isna().mean()
        yield (
            "complaint",
            "repeats",
            "ok",
            f"{n:,} of {len(rows):,} contacts ({share:.1%}) repeat one of the {days} days before "
            f"and count once with it; {anonymous:.1%} name no subscriber and join none.",
        )


def _surveys(warehouse: Warehouse, counts: pd.DataFrame, settings: Settings) -> Iterator[Note]:
    if "nps" not in counts.index:
        return
    answers = warehouse.read("nps")
    again = surveys.repeated(answers, settings.operator.timezone)
    if n := int(again.sum()):
        yield (
            "nps",
            "several answers of one person",
            "ok",
            f"{n:,} of {len(answers):,} answers are earlier ones of a person who answered again in "
            "the same survey and wave: the last one counts.",
        )
    for kind, weights in answers[~again].groupby("survey_type")["survey_weight"]:
        effect = surveys.design_effect(weights)
        if effect > 1 + _REFUSED_DOUBT:
            worth = len(weights) / effect
            yield (
                "nps",
                f"weights: {kind}",
                "ok" if effect < _DEAR else "warn",
                f"Survey weights make {len(weights):,} {kind} answers worth {worth:,.0f} "
                f"(Kish's design effect {effect:.2f}); intervals are that much wider.",
            )
    yield from _response_rates(warehouse)


def _response_rates(warehouse: Warehouse) -> Iterator[Note]:
    """The newest wave's; all of them are in queries/response_rates.sql."""
    told = warehouse.read("survey_response").query("shown == 'shown'").fillna({"survey_type": ""})
    for kind, waves in told.groupby("survey_type"):
        newest = waves[waves["wave"] == waves["wave"].max()]
        completed, invited = newest["n_completed"].sum(), newest["n_invited"].sum()
        yield (
            "nps_invite",
            f"response rate {kind}".strip(),
            "ok",
            f"{completed / invited:.1%} of {invited:,.0f} invited in wave {newest['wave'].iloc[0]} "
            "answered: the others may think otherwise.",
        )


def _time_grain(warehouse: Warehouse, counts: pd.DataFrame) -> Iterator[Note]:
    for name in ("call", "complaint", "nps"):
        if name not in counts.index:
            continue
        if warehouse.read(name, columns=["time_grain"])["time_grain"].isin(_COARSE).any():
            yield (
                name,
                "time known to the month",
                "warn",
                "Times are known to the month only: no change can be dated.",
            )


def _subscribers(counts: pd.DataFrame) -> Iterator[Note]:
    if "complaint" in counts.index and "subscriber_base" not in counts.index:
        yield (
            "complaint",
            "no subscriber base",
            "warn",
            "No subscriber base was given: complaints are per 10,000 call attempts.",
        )


def _calendar(counts: pd.DataFrame, settings: Settings) -> Iterator[Note]:
    if "pm" in counts.index and not settings.operator.country:
        yield (
            "pm",
            "no holidays",
            "ok",
            "[operator] country is not set: public holidays count as ordinary days.",
        )
