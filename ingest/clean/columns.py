"""Columns typed: numbers, flags and times from text, units and marks judged over the column."""

import re
from collections.abc import Iterator
from zoneinfo import available_timezones

import pandas as pd

from contracts.fields import Field
from contracts.settings.sections import Settings
from contracts.source import FromName, Source
from contracts.tables import TABLES
from ingest.clean import cell_identity, dates, degrees
from ingest.clean.findings import FILE_DOUBT, POSITION, Findings
from ingest.clock import UTC_TIME
from ingest.privacy import door
from ingest.sources.expressions import numbers_of

_OFFSET = re.compile(r"\d{2}:\d{2}.*(?:Z|[+-]\d{1,2}(?::?\d{1,2})?)$")
_TRUE, _FALSE = ("true", "t", "yes", "y", "1"), ("false", "f", "no", "n", "0")
_YEARS = (1990, 2100)
# a share of impossible values above this is a wrong unit, not a few bad rows
_UNIT_DOUBT = 0.01


# ------------------------------------------------------------------------------ single columns


def typed(
    theirs: pd.DataFrame, of: Field, source: Source, settings: Settings, found: Findings
) -> pd.Series:
    """One column as its contract types it; a value that can't be read is missing and `found`."""
    raw = theirs[of.name]
    if of.is_time or of.type == "DATE":
        return _as_time(theirs, of, source, settings, found)
    if of.type == "BOOLEAN":
        values, bad = _as_flag(raw)
        wrong = "neither yes nor no"
    elif of.is_number:
        values, bad = _as_number(raw, of, source)
        wrong = "not a whole number" if of.type != "DOUBLE" else "not a number"
        if of.name in POSITION and pd.api.types.is_string_dtype(raw):
            found.file.extend(_mark_faults(raw[bad], int(raw.notna().sum()), of, source))
            values = values.fillna(degrees.decimal(raw[bad], letters=degrees.LETTERS[of.name]))
            bad &= values.isna()
            wrong = "neither decimal degrees nor degrees, minutes and seconds"
    else:
        values = raw.astype("str").mask(raw.isna())
        bad = values.str.contains("\n", na=False) & (of.name not in door.FREE_TEXT)
        values, wrong = values.mask(bad), "holds a line break; look for a stray quotation mark"
        if of.name in cell_identity.IDENTIFIERS:
            values = _without_numbers(values, theirs, of, found)
    found.add("value", of.name, theirs, bad, wrong)
    return values if of.name in POSITION else _possible(values, theirs, of, found)


def _without_numbers(
    values: pd.Series, theirs: pd.DataFrame, of: Field, found: Findings
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
    theirs: pd.DataFrame, of: Field, source: Source, settings: Settings, found: Findings
) -> pd.Series:
    """One column as its contract types it; a value that can't be read is missing and `found`."""
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


def _unambiguous(theirs: pd.DataFrame, of: Field, source: Source, found: Findings) -> pd.Series:
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


def _possible(values: pd.Series, theirs: pd.DataFrame, of: Field, found: Findings) -> pd.Series:
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


def _mark_faults(odd: pd.Series, n_given: int, of: Field, source: Source) -> Iterator[str]:
    """A column of numbers with the other decimal mark than the source says."""
    other = "." if source.decimal == "," else ","
    n = int(odd.str.fullmatch(rf"[+-]?\d{{1,3}}{re.escape(other)}\d+", na=False).sum())
    if n > FILE_DOUBT * n_given:
        yield (
            f"{of.name}: {n} of {n_given} numbers have the decimal mark {other}; "
            f'set [source] decimal = "{other}"'
        )
