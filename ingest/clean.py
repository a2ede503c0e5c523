"""Typed, plausible, in UTC: what each value means, and whether it can be.

A row whose key or required column can't be is refused; any other impossible value is set to
missing in an accepted row. Both leave a line in `refused`: nothing disappears.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from zoneinfo import available_timezones

import numpy as np
import pandas as pd

from contracts.complaints import CLASS_OF, UNKNOWN
from contracts.fields import FIELDS, Field
from contracts.settings import Settings
from contracts.source import FromName, Source
from contracts.tables import COUNTED, LINEAGE, TABLES, Table
from geo import hexgrid
from ingest import cell_identity, dates, degrees, privacy
from ingest.centroids import keys, of_operator
from ingest.clock import UTC_TIME
from ingest.sources import Raw
from ingest.sources.expressions import numbers_of

_OFFSET = re.compile(r"\d{2}:\d{2}.*(?:Z|[+-]\d{1,2}(?::?\d{1,2})?)$")
_TRUE, _FALSE = ("true", "t", "yes", "y", "1"), ("false", "f", "no", "n", "0")
_YEARS = (1990, 2100)
_NO_POSITION = ((0.0, 0.0), (-1.0, -1.0))
_POSITION = ("lat", "lon")
# what is looked up among the operator's centroids, what it then is, and what it is better than:
# where the trouble is comes before where the customer lives
_LOOKED_UP = (
    ("postcode", "postcode", ["none"]),
    ("place_text", "stated_place", ["none", "postcode", "address"]),
)
# a share of impossible values above this is a wrong unit, not a few bad rows
_UNIT_DOUBT = 0.01
# what a counter of 32 bits holds after a reset, and no cell counts in any period
_CALLS, _MOST_CALLS = ("call_attempts", "call_setups", "dropped_calls"), 100_000_000
# a fault of so many of a file's positions is the file's
_FILE_DOUBT = 0.5
_MOST_DEGREES, _FACTORS = 360, (1e-5, 1e-6, 1e-7)


@dataclass
class Cleaned:
    """Rows accepted, faults of single rows as `refused` has them, and faults of the whole file."""

    accepted: pd.DataFrame
    refused: pd.DataFrame
    faults: list[str]
    absent: dict[str, str] = field(default_factory=dict)
    """Our columns that the file can't give, each with the reason."""


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
        if name in theirs and name not in (*COUNTED, *LINEAGE):
            ours[name] = _typed(theirs, FIELDS[name], source, settings, found)
    if source.time_is == "end":
        ours["period_start_utc"] -= pd.to_timedelta(ours["period_s"], unit="s")
    _take_instead(ours)
    _classify(ours, theirs, of, found)
    _relate(ours, theirs, found)
    _name_globally(ours, theirs, found)
    _place(ours, theirs, of, settings, found)
    _identify(ours, of, source, file_hash)
    _count_lost(ours, of, found)
    kept = _refuse_incomplete(ours, theirs, of, found)
    ours = ours[kept].assign(source_file=file, file_hash=file_hash)
    refused = _told(found, raw, of, file, file_hash)
    return Cleaned(_shaped(ours, of), refused, found.file, raw.absent)


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
        if of.name in _POSITION and pd.api.types.is_string_dtype(raw):
            found.file.extend(_mark_faults(raw[bad], int(raw.notna().sum()), of, source))
            values = values.fillna(degrees.decimal(raw[bad], letters=degrees.LETTERS[of.name]))
            bad &= values.isna()
            wrong = "neither decimal degrees nor degrees, minutes and seconds"
    else:
        values = raw.astype("str").mask(raw.isna())
        bad = values.str.contains("\n", na=False) & (of.name not in privacy.FREE_TEXT)
        values, wrong = values.mask(bad), "holds a line break; look for a stray quotation mark"
        if of.name in cell_identity.IDENTIFIERS:
            values = _without_numbers(values, theirs, of, found)
    found.add("value", of.name, theirs, bad, wrong)
    return values if of.name in _POSITION else _possible(values, theirs, of, found)


def _without_numbers(
    values: pd.Series, theirs: pd.DataFrame, of: Field, found: _Findings
) -> pd.Series:
    """Identifiers that a spreadsheet made numbers of are none."""
    bad = cell_identity.from_a_spreadsheet(values)
    found.add("value", of.name, theirs, bad, cell_identity.SPREADSHEET)
    if bad.mean() > _UNIT_DOUBT:
        found.file.append(f"{of.name}: {int(bad.sum())} texts are {cell_identity.SPREADSHEET}")
    return values.mask(bad)


def _as_number(raw: pd.Series, of: Field, source: Source) -> tuple[pd.Series, pd.Series]:
    values = numbers_of(raw, source.decimal) * source.scale.get(of.name, 1.0)
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
    if not layout and pd.api.types.is_string_dtype(raw):
        raw = _unambiguous(theirs, of, source, found)
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


def _unambiguous(theirs: pd.DataFrame, of: Field, source: Source, found: _Findings) -> pd.Series:
    """The column's texts as ISO 8601, where one can tell; missing where one can't."""
    key = TABLES[source.table].key[0]
    texts = theirs[of.name].str.upper()
    read = dates.iso(texts, theirs[key] if key in theirs and key != of.name else None)
    remedy = f'give [source.formats] {of.name}, such as "%d/%m/%Y" or "%m/%d/%Y"'
    if read.fault:
        found.file.append(f"{of.name}: {read.fault}; {remedy}")
    found.add("value", of.name, theirs, read.unsure, f"may be day or month first; {remedy}")
    return read.texts.mask(read.unsure)


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
    """Availability becomes seconds, which add up."""
    if "availability" in ours and "unavail_s" not in ours:
        ours["unavail_s"] = (1 - ours["availability"]) * ours["period_s"]


def _classify(ours: pd.DataFrame, theirs: pd.DataFrame, of: Table, found: _Findings) -> None:
    """Class of each complaint by its type; where neither is known it is other, unknown."""
    if of.name != "complaint":
        return
    none = pd.Series(None, index=ours.index, dtype="str")
    kind, stated = ours.get("complaint_type", none), ours.get("complaint_class", none)
    implied = kind.map(CLASS_OF)
    given = [name for name in ("complaint_class", "complaint_type") if name in theirs]
    empty = theirs[given].isna().all(axis=1)
    found.add("value", "complaint_class", theirs, empty, "no category; counted as other")
    strange = stated.notna() & implied.notna() & (stated != implied)
    found.add("value", "complaint_type", theirs, strange, "of another class than complaint_class")
    unknown = strange | (kind.isna() & (stated.isna() | ("complaint_type" in given)))
    ours["complaint_type"] = kind.mask(unknown, UNKNOWN)
    ours["complaint_class"] = stated.fillna(implied).fillna("other")


def _relate(ours: pd.DataFrame, theirs: pd.DataFrame, found: _Findings) -> None:
    """Values that contradict each other are missing: which of them is wrong nobody knows."""
    for name in _CALLS:
        if name in ours:
            bad = ours[name] > _MOST_CALLS
            found.add("value", name, theirs, bad, f"above {_MOST_CALLS:,}: a counter gone round")
            ours[name] = ours[name].mask(bad)
    limits = {
        "call_setups": ("call_attempts", 1.0, 0),
        # a call is counted as it starts, a drop as it ends, and calls are handed over
        "dropped_calls": ("call_attempts", 5.0, 20),
        "prb_dl_used": ("prb_dl_avail", 1.02, 0),
        "prb_ul_used": ("prb_ul_avail", 1.02, 0),
        "unavail_s": ("period_s", 1.0, 0),
    }
    for name, (limit, factor, more) in limits.items():
        if name in ours and limit in ours:
            bad = ours[name] > ours[limit] * factor + more
            times = f"{factor:g} times " if factor >= 2 else ""
            found.add("value", name, theirs, bad, f"more than {times}{limit}")
            ours[name] = ours[name].mask(bad)


def _name_globally(ours: pd.DataFrame, theirs: pd.DataFrame, found: _Findings) -> None:
    """Global identities in one spelling, and the eNodeB that those of lte name."""
    if "ecgi_or_ncgi" not in ours:
        return
    technology = ours.get("technology", pd.Series("", index=ours.index))
    ids, reason = cell_identity.global_ids(ours["ecgi_or_ncgi"], technology)
    found.add("value", "ecgi_or_ncgi", theirs, reason != "", reason)
    ours["ecgi_or_ncgi"] = ids
    if "enb_id" not in ours:
        ours["enb_id"] = cell_identity.enb_ids(ids).where(technology == "lte")


def _place(
    ours: pd.DataFrame, theirs: pd.DataFrame, of: Table, settings: Settings, found: _Findings
) -> None:
    """Position, how it is known, and the hexagon; an unusable position is none."""
    if "hex_text" in ours:
        named = pd.Series(hexgrid.from_text(ours["hex_text"]), index=ours.index, dtype="UInt64")
        ours["hex_id"] = named.mask(named == hexgrid.NO_HEX)
    _judge_position(ours, theirs, settings, found)
    if "loc_method" in of.columns:
        _locate(ours, theirs, settings, found)
    if {*_POSITION} <= set(ours):
        hexes = hexgrid.hexes_of(lat=ours["lat"], lon=ours["lon"], level=settings.grid.level + 1)
        hex_id = pd.Series(hexes, index=ours.index).astype("UInt64")
        ours["hex_id"] = hex_id.where(ours["lat"].notna())


def _judge_position(
    ours: pd.DataFrame, theirs: pd.DataFrame, settings: Settings, found: _Findings
) -> None:
    """A position outside the operator's box, or half of one, is none; why, is told."""
    if not {*_POSITION} <= {*ours}:
        ours[[name for name in _POSITION if name in ours]] = np.nan
        return
    usable = _usable(ours, settings)
    given = ours["lat"].notna() & ours["lon"].notna()
    swapped = given & ~usable & _usable(_exchanged(ours), settings)
    found.file.extend(_swap_faults(int(swapped.sum()), int(given.sum())))
    found.file.extend(_factor_faults(ours[given & ~usable], int(given.sum()), settings))
    reason = pd.Series("no position in [operator] bbox", index=ours.index)
    reason = reason.mask(
        swapped, "in [operator] bbox only with lat and lon exchanged; mend the row"
    )
    found.add("value", "lat", theirs, given & ~usable, reason)
    ours[[*_POSITION]] = ours[[*_POSITION]].where(usable)


def _locate(ours: pd.DataFrame, theirs: pd.DataFrame, settings: Settings, found: _Findings) -> None:
    """The best position of an event and how it is known: point, stated place, address, postcode.

    Of an event known by its cell the mast's position is none: its cell's footprint stands for it.
    """
    for name in _POSITION:
        ours[name] = ours.get(name, np.nan)
    method = ours["loc_method"] if "loc_method" in ours else pd.Series("point", index=ours.index)
    method = method.fillna("point").where(ours["lat"].notna() & (method != "cell"), "none")
    centroids = of_operator(settings)
    for name, kind, worse in _LOOKED_UP if len(centroids) else ():
        if name in ours:
            at = centroids.reindex(keys(ours[name])).set_index(ours.index)
            at = at.where(_usable(at, settings))
            strange = ours[name].notna() & at["lat"].isna()
            found.add(
                "value", name, theirs, strange, "not in [operator] postcodes, or outside bbox"
            )
            better = at["lat"].notna() & method.isin(worse)
            ours[[*_POSITION]] = ours[[*_POSITION]].mask(better, at)
            method = method.mask(better, kind)
    ours[[*_POSITION]] = ours[[*_POSITION]].where(method != "none")
    by_cell = method == "none"
    by_cell &= ours["cell_id"].notna() if "cell_id" in ours else False
    ours["loc_method"] = method.mask(by_cell, "cell")


def _usable(ours: pd.DataFrame, settings: Settings) -> pd.Series:
    west, south, east, north = settings.operator.bbox
    inside = ours["lat"].between(south, north) & ours["lon"].between(west, east)
    for lat, lon in _NO_POSITION:
        inside &= ~((ours["lat"] == lat) & (ours["lon"] == lon))
    return inside


def _exchanged(ours: pd.DataFrame) -> pd.DataFrame:
    return ours[[*_POSITION]].rename(columns={"lat": "lon", "lon": "lat"})


def _swap_faults(n: int, n_given: int) -> Iterator[str]:
    if n > _FILE_DOUBT * n_given:
        yield (
            f"lat and lon: {n} of {n_given} positions lie in [operator] bbox only when "
            "exchanged; exchange them in [source.columns]"
        )


def _factor_faults(outside: pd.DataFrame, n_given: int, settings: Settings) -> Iterator[str]:
    """Positions in whole millionths of a degree, or the like."""
    at = outside[[*_POSITION]]
    whole = at[(at == at.round()).all(axis=1) & (at.abs() > _MOST_DEGREES).any(axis=1)]
    for factor in _FACTORS:
        n = int(_usable(whole * factor, settings).sum())
        if n > _FILE_DOUBT * n_given:
            yield (
                f"lat and lon: {n} of {n_given} positions are whole numbers, degrees only times "
                f"{factor:g}; give [source.scale] lat = {factor:g} and lon = {factor:g}"
            )
            return


def _mark_faults(odd: pd.Series, n_given: int, of: Field, source: Source) -> Iterator[str]:
    """A column of numbers with the other decimal mark than the source says."""
    other = "." if source.decimal == "," else ","
    n = int(odd.str.fullmatch(rf"[+-]?\d{{1,3}}{re.escape(other)}\d+", na=False).sum())
    if n > _FILE_DOUBT * n_given:
        yield (
            f"{of.name}: {n} of {n_given} numbers have the decimal mark {other}; "
            f'set [source] decimal = "{other}"'
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


def _count_lost(ours: pd.DataFrame, of: Table, found: _Findings) -> None:
    """How many values of each row were impossible, and how many of them below zero."""
    if not {*COUNTED} <= {*of.columns}:
        return
    values = [part[part["scope"] == "value"] for part in found.rows]
    lost = pd.concat([ours[["source_row"]].iloc[:0].assign(masked_value=""), *values])
    below = lost[lost["masked_value"].str.startswith("-")]
    for name, rows in zip(COUNTED, (lost, below), strict=True):
        ours[name] = ours["source_row"].map(rows["source_row"].value_counts()).fillna(0)


def _shaped(ours: pd.DataFrame, of: Table) -> pd.DataFrame:
    absent = {c: None for c in of.columns if c not in ours}
    return ours.assign(**absent)[list(of.columns)].reset_index(drop=True)


def _told(found: _Findings, raw: Raw, of: Table, file: str, file_hash: str) -> pd.DataFrame:
    malformed = raw.malformed.assign(column_name="", scope="row", masked_value="")
    columns = list(TABLES["refused"].columns)
    kept_out = raw.kept_out.assign(masked_value="")
    faults = pd.concat([malformed, kept_out, *found.rows]).assign(
        table_name=of.name, source_file=file, file_hash=file_hash
    )
    # a value that made its row refused is told once: as the row's, with the value's own reason
    faults = faults.sort_values(
        ["source_row", "column_name", "scope"], ascending=[True, True, False]
    )
    faults["scope"] = faults.groupby(["source_row", "column_name"])["scope"].transform("min")
    return faults.drop_duplicates(["source_row", "column_name"])[columns].reset_index(drop=True)
