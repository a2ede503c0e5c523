"""What a reader must know about what went in, in words: table `quality`.

Verdicts: ok, warn (read the figures with this in mind), unsafe (do not trust them).
"""

from collections.abc import Iterator

import pandas as pd

from contracts.settings import Settings
from ingest.repeats import repeats
from ingest.sources.delimited import CUT_OFF
from ingest.warehouse import Warehouse

Note = tuple[str, str, str, str]
"""Table, check, verdict, message."""

_REFUSED_DOUBT = 0.01
_CONTACT = ("complaint_id", "subscriber_id", "complaint_class", "created_utc", "is_repeat")
_CATEGORY = ("complaint_class", "complaint_type")
_COARSE = ("month",)
_HALF = 0.5
_DAY_COLUMNS = ("cell_id", "day_local", "covered_s", "call_attempts", "prb_dl_avail_prb_s")


def notes(warehouse: Warehouse, receipt: pd.DataFrame, settings: Settings) -> pd.DataFrame:
    """Every note on one warehouse: table_name, check_name, verdict, message."""
    counts = receipt.set_index("table_name")
    found = [
        *_refused(counts),
        *_cut_off(warehouse, counts),
        *_lost_values(warehouse, counts),
        *_categories(warehouse, counts),
        *_counters(warehouse, counts),
        *_positions(warehouse, counts),
        *_repeats(warehouse, counts, settings),
        *_time_grain(warehouse, counts),
        *_subscribers(counts),
        *_calendar(counts, settings),
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


def _completeness(days: pd.DataFrame) -> Iterator[Note]:
    whole = days["cell_id"].nunique() * days["day_local"].nunique() * 86_400
    share = days["covered_s"].sum() / max(whole, 1)
    verdict = "ok" if share >= 1 - 5 * _REFUSED_DOUBT else "warn"
    yield "pm", "completeness", verdict, f"{share:.1%} of all cells' time is covered by counters."


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
        how = rows["loc_method"].where(rows["hex_id"].notna())
        if by_cell:
            spread = rows["cell_id"].isin(
                warehouse.read("cell_hex", columns=["cell_id"])["cell_id"]
            )
            how = how.mask(how.isna() & spread, "cell")
        share = how.notna().mean()
        ways = ", ".join(f"{n / len(rows):.1%} {way}" for way, n in how.value_counts().items())
        text = f"{share:.1%} of {len(rows):,} rows can be located"
        text += f" ({ways}); the rest is on no map." if share else "; none is on a map."
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
