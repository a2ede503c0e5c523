"""Typed, plausible, in UTC, unique by key: what each value means, and whether it can be.

A row whose key or required column can't be is refused; any other impossible value is set to
missing in an accepted row. Both leave a line in `refused`: nothing disappears.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final
from zoneinfo import available_timezones

import numpy as np
import pandas as pd

from contracts.fields import FIELDS, Field
from contracts.settings import FromName, Settings, Source
from contracts.tables import LINEAGE, TABLES, Table
from geo import hexgrid
from ingest import privacy
from ingest.sources import Raw

UTC_TIME: Final = "datetime64[us, UTC]"
_OFFSET = re.compile(r"\d{2}:\d{2}.*(?:Z|[+-]\d{1,2}(?::?\d{1,2})?)$")
_THOUSANDS = re.compile(r"[+-]?\d{1,3}(?:\.\d{3})+(?:,\d+)?")
_TRUE, _FALSE = ("true", "t", "yes", "y", "1"), ("false", "f", "no", "n", "0")
_YEARS = (1990, 2100)
_NO_POSITION = ((0.0, 0.0), (-1.0, -1.0))
_POSITION = ("lat", "lon")
# a share of impossible values above this is a wrong unit, not a few bad rows
_UNIT_DOUBT = 0.01
_SWAP_DOUBT = 0.5


@dataclass
class Cleaned:
    """Rows accepted, faults of single rows as `refused` has them, and faults of the whole file."""

    accepted: pd.DataFrame
    refused: pd.DataFrame
    faults: list[str]


@dataclass
class _Findings:
    """Faults as they are found: of rows, of values, of the file."""

    rows: list[pd.DataFrame] = field(default_factory=list)
    file: list[str] = field(default_factory=list)

    def add(
        self, scope: str, name: str, frame: pd.DataFrame, bad: pd.Series, reason: str | pd.Series
    ) -> None:
        if bad.any():
            raw = frame[name] if name in frame else pd.Series("", index=frame.index)
            found = pd.DataFrame({"source_row": frame["source_row"], "reason": reason})[bad]
            found["masked_value"] = privacy.masked(raw[bad].astype("object").fillna(""))
            self.rows.append(found.assign(column_name=name, scope=scope))


def clean(raw: Raw, source: Source, settings: Settings, *, file: str, file_hash: str) -> Cleaned:
    """The rows of one file as their table's contract wants them, and what was refused of it."""
    of, found = TABLES[source.table], _Findings()
    theirs = raw.frame
    ours = pd.DataFrame({"source_row": theirs["source_row"]})
    for name in (*of.columns, *of.read_instead):
        if name in theirs and name not in LINEAGE:
            ours[name] = _typed(theirs, FIELDS[name], source, settings, found)
    _take_instead(ours)
    _relate(ours, theirs, found)
    _place(ours, theirs, settings, found)
    _identify(ours, of, source, file_hash)
    kept = _refuse_incomplete(ours, theirs, of, found)
    ours = ours[kept].assign(source_file=file, file_hash=file_hash)
    return Cleaned(_shaped(ours, of), _told(found, raw, of, file, file_hash), found.file)


def settle(pieces: pd.DataFrame, of: Table) -> tuple[pd.DataFrame, pd.DataFrame]:
    """One row per key, in the key's order, and the refused repetitions.

    Kept is the row the source does not doubt, then the one that arrived last; the order in which
    files are listed does not matter.
    """
    doubt = ["suspect"] if "suspect" in of.columns else []
    order = [*of.key, *doubt, "loaded_utc", "source_file", "source_row"]
    rising = [True] * len(of.key) + [True] * len(doubt) + [False, False, True]
    ordered = pieces.sort_values(order, ascending=rising, kind="stable")
    again = ordered.duplicated(list(of.key))
    kept, refused = ordered[~again], _repetitions(ordered[again], of)
    if of.name == "pm":
        covering = _covers_shorter(kept)
        told = _repetitions(kept[covering], of, "covers shorter periods that were delivered too")
        kept, refused = kept[~covering], pd.concat([refused, told], ignore_index=True)
    return kept.reset_index(drop=True), refused


def _covers_shorter(pm: pd.DataFrame) -> pd.Series:
    """Whether a shorter period of the same cell starts within a row's own: counted once, finely."""
    covering = pd.Series(False, index=pm.index)
    for length in sorted(pm["period_s"].unique())[1:]:
        shorter = pm.loc[pm["period_s"] < length, ["cell_id", "period_start_utc"]]
        mine = pm.loc[pm["period_s"] == length, ["cell_id", "period_start_utc"]]
        found = pd.merge_asof(
            mine.reset_index().sort_values("period_start_utc"),
            shorter.assign(inner=shorter["period_start_utc"]).sort_values("period_start_utc"),
            on="period_start_utc",
            by="cell_id",
            direction="forward",
        ).set_index("index")
        end = found["period_start_utc"] + pd.to_timedelta(length, unit="s")
        covering |= (found["inner"] < end).reindex(pm.index, fill_value=False)
    return covering


def day_instant(rows: pd.DataFrame) -> pd.Series:
    """The instant whose local day a counter row speaks of: its start, or a long period's middle.

    Days that an archive totals by another clock's midnight so fall on the day that holds most of
    them.
    """
    start, length = rows["period_start_utc"], rows["period_s"].astype("int64")
    return start + pd.to_timedelta((length // 2).where(length > 3600, 0), unit="s")


def local_days(utc: pd.Series, zones: pd.Series | str) -> pd.Series:
    """Calendar day of each instant in its zone, as YYYY-MM-DD text."""
    return wall_clock(utc, zones).dt.strftime("%Y-%m-%d")


def wall_clock(utc: pd.Series, zones: pd.Series | str) -> pd.Series:
    """Local clock reading of each instant, without a zone."""
    if isinstance(zones, str):
        return utc.dt.tz_convert(zones).dt.tz_localize(None)
    clock = pd.Series(pd.NaT, index=utc.index, dtype="datetime64[us]")
    for zone in zones.unique():
        there = zones == zone
        clock[there] = utc[there].dt.tz_convert(zone).dt.tz_localize(None)
    return clock


# ------------------------------------------------------------------------------ single columns


def _typed(
    theirs: pd.DataFrame, of: Field, source: Source, settings: Settings, found: _Findings
) -> pd.Series:
    raw = theirs[of.name]
    if of.is_time or of.type == "DATE":
        return _as_time(theirs, of, source, settings, found)
    if of.type == "BOOLEAN":
        values, bad = _as_flag(raw)
        wrong = "neither yes nor no"
    elif of.is_number:
        values, bad = _as_number(raw, of, source)
        wrong = "not a whole number" if of.type != "DOUBLE" else "not a number"
    else:
        values = raw.astype("str").mask(raw.isna())
        bad = values.str.contains("\n", na=False) & (of.name not in privacy.FREE_TEXT)
        values, wrong = values.mask(bad), "holds a line break; look for a stray quotation mark"
    found.add("value", of.name, theirs, bad, wrong)
    return _possible(values, theirs, of, found)


def _as_number(raw: pd.Series, of: Field, source: Source) -> tuple[pd.Series, pd.Series]:
    if pd.api.types.is_string_dtype(raw) and source.decimal == ",":
        # a point may only part thousands: 401.0 would become 4010
        odd = raw.str.contains(".", regex=False, na=False) & ~raw.str.fullmatch(
            _THOUSANDS, na=False
        )
        raw = raw.mask(odd, "?").str.replace(".", "").str.replace(",", ".")
    values = pd.to_numeric(raw, errors="coerce").astype(float)
    values = values.mask(np.isinf(values)) * source.scale.get(of.name, 1.0)
    if of.type != "DOUBLE":
        values = values.where(values == values.round())
    return values, values.isna() & raw.notna()


def _as_flag(raw: pd.Series) -> tuple[pd.Series, pd.Series]:
    words = raw.astype("str").str.lower()
    values = pd.Series(pd.NA, index=raw.index, dtype="boolean")
    values[words.isin(_TRUE)], values[words.isin(_FALSE)] = True, False
    return values, values.isna() & raw.notna()


def _as_time(
    theirs: pd.DataFrame, of: Field, source: Source, settings: Settings, found: _Findings
) -> pd.Series:
    raw, rule = theirs[of.name], source.from_name.get(of.name)
    layout = rule.format if isinstance(rule, FromName) else source.formats.get(of.name, "")
    naive, instant, bad = _parsed(raw, layout)
    found.add("value", of.name, theirs, bad, "not a time" + (f" of format {layout}" * bool(layout)))
    if of.type == "DATE":
        clock = naive.fillna(instant.dt.tz_localize(None)).dt.normalize()
        return clock.dt.date.where(clock.notna(), None)
    local = naive.dt.tz_localize(settings.zone(source), ambiguous="NaT", nonexistent="NaT")
    unsure = naive.notna() & local.isna()
    found.add(
        "value",
        of.name,
        theirs,
        unsure,
        "a local time that a clock change makes ambiguous or impossible; give UTC or offset",
    )
    return instant.fillna(local.dt.tz_convert("UTC")).astype(UTC_TIME)


def _parsed(raw: pd.Series, layout: str) -> tuple[pd.Series, pd.Series, pd.Series]:
    """Times without an offset, times with one (in UTC), and what is neither."""
    naive = pd.Series(pd.NaT, index=raw.index, dtype="datetime64[us]")
    instant = pd.Series(pd.NaT, index=raw.index, dtype=UTC_TIME)
    if isinstance(raw.dtype, pd.DatetimeTZDtype):
        instant = raw.dt.tz_convert("UTC").astype(UTC_TIME)
    elif pd.api.types.is_datetime64_any_dtype(raw):
        naive = raw.astype("datetime64[us]")
    else:
        text = raw.astype("str").mask(raw.isna())
        text = text if layout else text.str.upper()
        offset = (
            text.str.contains(_OFFSET, na=False)
            if not layout
            else pd.Series("%z" in layout, index=raw.index)
        )
        how = layout or "ISO8601"
        with_offset = pd.to_datetime(text[offset], format=how, utc=True, errors="coerce")
        instant[offset] = with_offset.astype(UTC_TIME)
        # as UTC, so that an offset nobody looks for is no error
        without = pd.to_datetime(text[~offset], format=how, utc=True, errors="coerce")
        naive[~offset] = without.dt.tz_localize(None).astype("datetime64[us]")
    naive = naive.where(naive.dt.year.between(*_YEARS))
    instant = instant.where(instant.dt.year.between(*_YEARS))
    return naive, instant, naive.isna() & instant.isna() & raw.notna()


def _possible(values: pd.Series, theirs: pd.DataFrame, of: Field, found: _Findings) -> pd.Series:
    bad = pd.Series(False, index=values.index)
    reason = ""
    if of.name == "timezone":
        bad = values.notna() & ~values.isin(available_timezones())
        reason = "no IANA zone"
    elif of.choices:
        bad = values.notna() & ~values.isin(of.choices)
        reason = f"not among {', '.join(of.choices)}; map it in [source.values.{of.name}]"
    elif of.is_number:
        low, high = of.low, of.high
        bad = (values < low if low is not None else bad) | (
            values > high if high is not None else bad
        )
        reason = f"outside {_end(low)}..{_end(high)} {of.unit}".strip()
        found.file.extend(_unit_faults(values, of))
    if of.name not in _POSITION:
        found.add("value", of.name, theirs, bad, reason)
    return values.mask(bad)


def _unit_faults(values: pd.Series, of: Field) -> Iterator[str]:
    known = values.dropna()
    if of.unit not in ("%", "share") or known.empty or of.high is None:
        return
    if (known > of.high).mean() > _UNIT_DOUBT:
        yield (
            f"{of.name}: a {of.unit} of 0..{of.high:g}, and the file has {known.max():g}: "
            f"another unit; give [source.scale] {of.name} = factor"
        )
    # a thousand cells or hours that all stay under one per cent are no network at work
    elif of.unit == "%" and len(known) >= 1000 and 0 < known.max() <= 1:
        yield (
            f"{of.name}: a % of 0..100, and the file has no more than {known.max():g}: "
            f"a share; give [source.scale] {of.name} = 100"
        )


def _end(bound: float | None) -> str:
    return "" if bound is None else f"{bound:g}"


# ------------------------------------------------------------------------------- whole rows


def _take_instead(ours: pd.DataFrame) -> None:
    """Per cents become blocks of 100, availability becomes seconds: both then add up."""
    for way in ("dl", "ul"):
        if f"prb_{way}_util_pct" in ours and f"prb_{way}_used" not in ours:
            ours[f"prb_{way}_used"] = ours[f"prb_{way}_util_pct"]
            ours[f"prb_{way}_avail"] = ours[f"prb_{way}_used"] * 0 + 100
    if "availability" in ours and "unavail_s" not in ours:
        ours["unavail_s"] = (1 - ours["availability"]) * ours["period_s"]


def _relate(ours: pd.DataFrame, theirs: pd.DataFrame, found: _Findings) -> None:
    """Values that contradict each other are missing: which of them is wrong nobody knows."""
    # dropped_calls > call_attempts is possible: a call is counted as it starts, a drop as it ends
    limits = {
        "call_setups": ("call_attempts", 1.0),
        "prb_dl_used": ("prb_dl_avail", 1.02),
        "prb_ul_used": ("prb_ul_avail", 1.02),
        "unavail_s": ("period_s", 1.0),
    }
    for name, (limit, factor) in limits.items():
        if name in ours and limit in ours:
            bad = ours[name] > ours[limit] * factor
            found.add("value", name, theirs, bad, f"more than {limit}")
            ours[name] = ours[name].mask(bad)


def _place(ours: pd.DataFrame, theirs: pd.DataFrame, settings: Settings, found: _Findings) -> None:
    """Position, how it is known, and the hexagon; an unusable position is none."""
    if "hex_text" in ours:
        named = pd.Series(hexgrid.from_text(ours["hex_text"]), index=ours.index, dtype="UInt64")
        ours["hex_id"] = named.mask(named == hexgrid.NO_HEX)
    if "lat" not in ours or "lon" not in ours:
        return
    usable = _usable(ours, settings)
    given = ours["lat"].notna() & ours["lon"].notna()
    found.file.extend(_swap_faults(ours[given & ~usable], int(given.sum()), settings))
    found.add("value", "lat", theirs, given & ~usable, "no position in [operator] bbox")
    ours[["lat", "lon"]] = ours[["lat", "lon"]].where(usable)
    method = ours["loc_method"] if "loc_method" in ours else pd.Series("point", index=ours.index)
    ours["loc_method"] = method.fillna("point").where(usable, "none")
    hexes = hexgrid.hexes_of(lat=ours["lat"], lon=ours["lon"], level=settings.grid.level + 1)
    ours["hex_id"] = pd.Series(hexes, index=ours.index).astype("UInt64").where(usable)


def _usable(ours: pd.DataFrame, settings: Settings) -> pd.Series:
    west, south, east, north = settings.operator.bbox
    inside = ours["lat"].between(south, north) & ours["lon"].between(west, east)
    for lat, lon in _NO_POSITION:
        inside &= ~((ours["lat"] == lat) & (ours["lon"] == lon))
    return inside


def _swap_faults(outside: pd.DataFrame, n_given: int, settings: Settings) -> Iterator[str]:
    exchanged = outside.rename(columns={"lat": "lon", "lon": "lat"})
    n = int(_usable(exchanged, settings).sum()) if len(outside) else 0
    if n > _SWAP_DOUBT * n_given:
        yield (
            f"lat and lon: {n} of {n_given} positions lie in [operator] bbox only when "
            "exchanged; exchange them in [source.columns]"
        )


def _identify(ours: pd.DataFrame, of: Table, source: Source, file_hash: str) -> None:
    if "call_id" in of.columns and "call_id" not in ours:
        ours["call_id"] = file_hash + "-" + ours["source_row"].astype("str")
    if "time_grain" in of.columns:
        rule = source.from_name.get(of.day_of)
        grain = rule.grain if isinstance(rule, FromName) else "instant"
        ours["time_grain"] = ours["time_grain"].fillna(grain) if "time_grain" in ours else grain
    if of.name == "nps" and "survey_weight" not in ours:
        ours["survey_weight"] = 1.0
    if of.name == "pm":
        suspect = ours["suspect"] if "suspect" in ours else pd.Series(False, index=ours.index)
        ours["suspect"] = suspect.astype("boolean").fillna(False)


def _refuse_incomplete(
    ours: pd.DataFrame, theirs: pd.DataFrame, of: Table, found: _Findings
) -> pd.Series:
    kept = pd.Series(True, index=ours.index)
    needed = dict.fromkeys((*of.key, *of.required))
    for name in needed:
        # a cell without a position still counts; a row of history without a start is always valid
        if name in ours and name not in (*_POSITION, "valid_from"):
            absent = ours[name].isna()
            found.add("row", name, theirs, absent, "missing or impossible, and required")
            kept &= ~absent
    return kept


def _shaped(ours: pd.DataFrame, of: Table) -> pd.DataFrame:
    absent = {c: None for c in of.columns if c not in ours}
    return ours.assign(**absent)[list(of.columns)].reset_index(drop=True)


def _told(found: _Findings, raw: Raw, of: Table, file: str, file_hash: str) -> pd.DataFrame:
    malformed = raw.malformed.assign(column_name="", scope="row", masked_value="")
    columns = list(TABLES["refused"].columns)
    faults = pd.concat([malformed, *found.rows]).assign(
        table_name=of.name, source_file=file, file_hash=file_hash
    )
    # a value that made its row refused is told once: as the row's, with the value's own reason
    faults = faults.sort_values(
        ["source_row", "column_name", "scope"], ascending=[True, True, False]
    )
    faults["scope"] = faults.groupby(["source_row", "column_name"])["scope"].transform("min")
    return faults.drop_duplicates(["source_row", "column_name"])[columns].reset_index(drop=True)


def _repetitions(again: pd.DataFrame, of: Table, reason: str = "") -> pd.DataFrame:
    told = again[["source_file", "file_hash", "source_row"]].assign(
        table_name=of.name,
        column_name="",
        scope="row",
        masked_value="",
        reason=reason or f"repeats the key ({', '.join(of.key)}) of a newer row",
    )
    return told[list(TABLES["refused"].columns)].reset_index(drop=True)
