"""Columns typed: numbers, flags and times from text; units and marks judged over the column."""

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


def typed(
    theirs: pd.DataFrame, column: Field, source: Source, settings: Settings, findings: Findings
) -> pd.Series:
    """One column as its contract types it; missing where a value can't be read or is impossible.

    `theirs`: the file's columns under our names, texts or typed. `column`: which of them. `source`:
    its decimal mark, factors, formats and zone. `settings`: the operator's zone. `findings` gets a
    line for each value set to missing, and the faults of the file, such as another unit. The
    bounds of lat and lon are left to `positions.place`.
    """
    raw = theirs[column.name]
    if column.is_time or column.type == "DATE":
        return _as_time(theirs, column, source, settings, findings)
    if column.type == "BOOLEAN":
        values, bad = _as_flag(raw)
        wrong = "neither yes nor no"
    elif column.is_number:
        values, bad = _as_number(raw, column, source)
        wrong = "not a whole number" if column.type != "DOUBLE" else "not a number"
        if column.name in POSITION and pd.api.types.is_string_dtype(raw):
            findings.file.extend(_mark_faults(raw[bad], int(raw.notna().sum()), column, source))
            values = values.fillna(degrees.decimal(raw[bad], letters=degrees.LETTERS[column.name]))
            bad &= values.isna()
            wrong = "neither decimal degrees nor degrees, minutes and seconds"
    else:
        values = raw.astype("str").mask(raw.isna())
        bad = values.str.contains("\n", na=False) & (column.name not in door.FREE_TEXT)
        values, wrong = values.mask(bad), "holds a line break; look for a stray quotation mark"
        if column.name in cell_identity.IDENTIFIERS:
            values = _without_numbers(values, theirs, column, findings)
    findings.add("value", column.name, theirs, bad, wrong)
    return values if column.name in POSITION else _possible(values, theirs, column, findings)


def _without_numbers(
    values: pd.Series, theirs: pd.DataFrame, column: Field, findings: Findings
) -> pd.Series:
    """Identifiers; missing where a spreadsheet made a number of one."""
    bad = cell_identity.from_a_spreadsheet(values)
    findings.add("value", column.name, theirs, bad, cell_identity.SPREADSHEET)
    if bad.mean() > _UNIT_DOUBT:
        findings.file.append(
            f"{column.name}: {int(bad.sum())} texts are {cell_identity.SPREADSHEET}"
        )
    return values.mask(bad)


def _as_number(raw: pd.Series, column: Field, source: Source) -> tuple[pd.Series, pd.Series]:
    """Numbers, and whether each value is none."""
    values = numbers_of(raw, source.decimal) * source.scale.get(column.name, 1.0)
    if column.type != "DOUBLE":
        values = values.where(values == values.round())
    return values, values.isna() & raw.notna()


def _as_flag(raw: pd.Series) -> tuple[pd.Series, pd.Series]:
    """Flags, and whether each value is none."""
    words = raw.astype("str").str.lower()
    values = pd.Series(pd.NA, index=raw.index, dtype="boolean")
    values[words.isin(_TRUE)], values[words.isin(_FALSE)] = True, False
    return values, values.isna() & raw.notna()


def _as_time(
    theirs: pd.DataFrame, column: Field, source: Source, settings: Settings, findings: Findings
) -> pd.Series:
    """A column of times in UTC, or of dates; missing where a value is none or ambiguous."""
    raw, rule = theirs[column.name], source.from_name.get(column.name)
    layout = rule.format if isinstance(rule, FromName) else source.formats.get(column.name, "")
    if not layout and pd.api.types.is_string_dtype(raw):
        raw = _unambiguous(theirs, column, source, findings)
    naive, instant, bad = _parsed(raw, layout)
    findings.add(
        "value", column.name, theirs, bad, "not a time" + (f" of format {layout}" * bool(layout))
    )
    if column.type == "DATE":
        clock = naive.fillna(instant.dt.tz_localize(None)).dt.normalize()
        return clock.dt.date.where(clock.notna(), None)
    local = naive.dt.tz_localize(settings.zone(source), ambiguous="NaT", nonexistent="NaT")
    is_ambiguous = naive.notna() & local.isna()
    findings.add(
        "value",
        column.name,
        theirs,
        is_ambiguous,
        "a local time that a clock change makes ambiguous or impossible; give UTC or offset",
    )
    return instant.fillna(local.dt.tz_convert("UTC")).astype(UTC_TIME)


def _unambiguous(
    theirs: pd.DataFrame, column: Field, source: Source, findings: Findings
) -> pd.Series:
    """The column's texts as ISO 8601; missing where day and month can't be kept apart."""
    key = TABLES[source.table].key[0]
    texts = theirs[column.name].str.upper()
    iso = dates.iso(texts, theirs[key] if key in theirs and key != column.name else None)
    remedy = f'give [source.formats] {column.name}, such as "%d/%m/%Y" or "%m/%d/%Y"'
    if iso.fault:
        findings.file.append(f"{column.name}: {iso.fault}; {remedy}")
    findings.add("value", column.name, theirs, iso.unsure, f"may be day or month first; {remedy}")
    return iso.texts.mask(iso.unsure)


def _parsed(raw: pd.Series, layout: str) -> tuple[pd.Series, pd.Series, pd.Series]:
    """Times without an offset, times with one (in UTC), and whether each value is neither."""
    naive = pd.Series(pd.NaT, index=raw.index, dtype="datetime64[us]")
    instant = pd.Series(pd.NaT, index=raw.index, dtype=UTC_TIME)
    if isinstance(raw.dtype, pd.DatetimeTZDtype):
        instant = raw.dt.tz_convert("UTC").astype(UTC_TIME)
    elif pd.api.types.is_datetime64_any_dtype(raw):
        naive = raw.astype("datetime64[us]")
    else:
        text = raw.astype("str").mask(raw.isna())
        text = text if layout else text.str.upper()
        has_offset = (
            text.str.contains(_OFFSET, na=False)
            if not layout
            else pd.Series("%z" in layout, index=raw.index)
        )
        how = layout or "ISO8601"
        with_offset = pd.to_datetime(text[has_offset], format=how, utc=True, errors="coerce")
        instant[has_offset] = with_offset.astype(UTC_TIME)
        # as UTC, so that an offset nobody looks for is no error
        without = pd.to_datetime(text[~has_offset], format=how, utc=True, errors="coerce")
        naive[~has_offset] = without.dt.tz_localize(None).astype("datetime64[us]")
    naive = naive.where(naive.dt.year.between(*_YEARS))
    instant = instant.where(instant.dt.year.between(*_YEARS))
    return naive, instant, naive.isna() & instant.isna() & raw.notna()


def _possible(
    values: pd.Series, theirs: pd.DataFrame, column: Field, findings: Findings
) -> pd.Series:
    """The values; missing where the contract's choices or bounds exclude one."""
    bad = pd.Series(False, index=values.index)
    reason = ""
    if column.name == "timezone":
        bad = values.notna() & ~values.isin(available_timezones())
        reason = "no IANA zone"
    elif column.choices:
        bad = values.notna() & ~values.isin(column.choices)
        reason = f"not among {', '.join(column.choices)}; map it in [source.values.{column.name}]"
    elif column.is_number:
        low, high = column.low, column.high
        bad = (values < low if low is not None else bad) | (
            values > high if high is not None else bad
        )
        reason = f"outside {_end(low)}..{_end(high)} {column.unit}".strip()
        findings.file.extend(_unit_faults(values, column))
    findings.add("value", column.name, theirs, bad, reason)
    return values.mask(bad)


def _unit_faults(values: pd.Series, column: Field) -> Iterator[str]:
    """Why a column of shares or per cent seems to have the other unit."""
    numbers = values.dropna()
    if column.unit not in ("%", "share") or numbers.empty or column.high is None:
        return
    largest = numbers.max()
    if (numbers > column.high).mean() > _UNIT_DOUBT:
        yield (
            f"{column.name}: a {column.unit} of 0..{column.high:g}, and the file has {largest:g}: "
            f"another unit; give [source.scale] {column.name} = factor"
        )
    # a thousand cells or hours that all stay under one per cent are no network at work
    elif column.unit == "%" and len(numbers) >= 1000 and 0 < largest <= 1:
        yield (
            f"{column.name}: a % of 0..100, and the file has no more than {largest:g}: "
            f"a share; give [source.scale] {column.name} = 100"
        )


def _end(bound: float | None) -> str:
    return "" if bound is None else f"{bound:g}"


def _mark_faults(texts: pd.Series, n_given: int, column: Field, source: Source) -> Iterator[str]:
    """Why a column of numbers seems to have the other decimal mark than the source says.

    `texts`: those that are no numbers. `n_given`: how many values the column has.
    """
    other = "." if source.decimal == "," else ","
    n = int(texts.str.fullmatch(rf"[+-]?\d{{1,3}}{re.escape(other)}\d+", na=False).sum())
    if n > FILE_DOUBT * n_given:
        yield (
            f"{column.name}: {n} of {n_given} numbers have the decimal mark {other}; "
            f'set [source] decimal = "{other}"'
        )
