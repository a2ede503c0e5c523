"""Columns typed: numbers, flags and times from text; units and marks judged over the column."""

from collections.abc import Iterator
from zoneinfo import available_timezones

import pandas as pd

from contracts.fields import Field
from contracts.settings.sections import Settings
from contracts.source import Source
from ingest.clean import cell_identity, degrees, doubts
from ingest.clean.findings import FILE_DOUBT, POSITION, Findings
from ingest.clean.times import as_time
from ingest.numerals import (
    mark_doubt,
    numbers_of,
    other_mark,
    scale_numbers,
    sizes_differ,
    units_in,
)
from ingest.privacy import door

_TRUE, _FALSE = ("true", "t", "yes", "y", "1"), ("false", "f", "no", "n", "0")
# a share of impossible values above this is a wrong unit, not a few bad rows
_UNIT_DOUBT = 0.01
# values that show a column of shares, the per cent below which a cell is idle, and a gap that
# shares and per cent of one column leave between them
_SHARE_ROWS, _IDLE_PCT, _BETWEEN_PCT = 24, 0.1, 4
# units named in one fault
_MOST_UNITS = 4
# largest number of a scale of answers
_SCALE = 10
# columns in which a missing value is drawn as something
_NONE_IS_DRAWN = {"azimuth_deg": "an antenna that serves all directions"}


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
        values, findings.days[column.name] = as_time(theirs, column, source, settings, findings)
        return values
    if column.type == "BOOLEAN":
        values, bad = _as_flag(raw)
        wrong = "neither yes nor no"
    elif column.is_number:
        values, bad, wrong = _as_number(raw, column, source, findings)
    else:
        values = raw.astype("str").mask(raw.isna())
        bad = values.str.contains("\n", na=False) & (column.name not in door.FREE_TEXT)
        if cell_identity.is_id(column):
            values = _without_wraps(values.mask(bad), column, source, findings)
        values, wrong = values.mask(bad), "holds a line break; look for a stray quotation mark"
        if column.name in cell_identity.IDENTIFIERS:
            values = _without_numbers(values, theirs, column, source, findings)
    findings.add("value", column.name, theirs, bad, wrong)
    return values if column.name in POSITION else _possible(values, theirs, column, findings)


def _without_wraps(
    values: pd.Series, column: Field, source: Source, findings: Findings
) -> pd.Series:
    """Identifiers as they are, in the source's case; how many were wrapped is noted."""
    bare = cell_identity.unwrapped(values)
    findings.unwrapped[column.name] = int((bare != values)[values.notna()].sum())
    if not source.id_case:
        return bare
    return bare.str.upper() if source.id_case == "upper" else bare.str.lower()


def _without_numbers(
    values: pd.Series, theirs: pd.DataFrame, column: Field, source: Source, findings: Findings
) -> pd.Series:
    """Identifiers; missing where a spreadsheet made a number of one, or where totals stand."""
    is_nothing = cell_identity.of_nothing(values)
    findings.add("value", column.name, theirs, is_nothing, cell_identity.NONE)
    values = values.mask(is_nothing)
    if column.name == "cell_id":
        is_total = cell_identity.of_totals(values)
        findings.add("value", column.name, theirs, is_total, cell_identity.TOTALS)
        values = values.mask(is_total)
    bad = cell_identity.from_a_spreadsheet(values)
    findings.add("value", column.name, theirs, bad, cell_identity.SPREADSHEET)
    if bad.mean() > _UNIT_DOUBT:
        findings.file.append(
            f"{column.name}: {int(bad.sum())} texts are {cell_identity.SPREADSHEET}"
        )
    if column.name in source.direct and cell_identity.are_rounded(values):
        findings.file.append(f"{column.name}: {cell_identity.ROUNDED}")
    return values.mask(bad)


def _as_number(
    raw: pd.Series, column: Field, source: Source, findings: Findings
) -> tuple[pd.Series, pd.Series, str]:
    """Numbers, whether each value is none, and what it then is; faults of the column are noted."""
    is_text = pd.api.types.is_string_dtype(raw)
    units = source.units_of(column.name)
    values = numbers_of(
        raw, source.decimal, thousands=source.thousands, units=units, whole=is_count(column)
    )
    bad, wrong = values.isna() & raw.notna(), "not a number"
    doubted = [*_faults_of_texts(raw, bad, column, source)] if is_text else []
    findings.file.extend(doubted)
    if is_text and _is_scale(column):
        values = values.fillna(scale_numbers(raw[bad], column.high or 0))
    code_doubt = doubts.of_codes(values) if _may_have_codes(column, source) else ""
    if (scale := source.scale.get(column.name, 1.0)) != 1.0:
        values = values * scale
    if column.name in POSITION and is_text:
        values = values.fillna(degrees.decimal(raw[bad], letters=degrees.LETTERS[column.name]))
        if source.columns.get("lat") == source.columns.get("lon"):
            values = values.fillna(degrees.of_pairs(raw[bad], column.name))
        wrong = "neither decimal degrees nor degrees, minutes and seconds"
    is_asked = doubts.is_count(column.name) and column.name in source.columns and not doubted
    fraction_doubt = doubts.of_fractions(values) if is_asked else ""
    is_scaled = column.name in source.scale
    is_rate = column.name == "drop_rate_pct"
    rate_doubt = doubts.of_rates(values, is_scaled=is_scaled) if is_rate else ""
    column_doubts = (code_doubt, fraction_doubt, rate_doubt)
    findings.file.extend(f"{column.name}: {one}" for one in column_doubts if one)
    if column.type != "DOUBLE":
        values, wrong = values.round().where(doubts.is_whole(values)), "not a whole number"
    if column.name in _NONE_IS_DRAWN:
        wrong += f", so that it is taken for {_NONE_IS_DRAWN[column.name]}"
    return values, values.isna() & raw.notna(), wrong


def _may_have_codes(column: Field, source: Source) -> bool:
    """Whether a column of theirs is given as it is, and measures or counts something."""
    return bool(column.unit) and column.name in source.columns and column.name not in POSITION


def is_count(column: Field) -> bool:
    """Whether a column counts something, so that its values are whole. `column`: ours."""
    return column.type != "DOUBLE" or column.unit == "n"


def _as_flag(raw: pd.Series) -> tuple[pd.Series, pd.Series]:
    """Flags, and whether each value is none."""
    words = raw.astype("str").str.lower()
    values = pd.Series(pd.NA, index=raw.index, dtype="boolean")
    values[words.isin(_TRUE)], values[words.isin(_FALSE)] = True, False
    return values, values.isna() & raw.notna()


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
        bad = values < low if low is not None else bad
        bad = bad | (values > high) if high is not None else bad
        reason = f"outside {_end(low)}..{_end(high)} {column.unit}".strip()
        findings.file.extend(unit_faults(values, column))
    findings.add("value", column.name, theirs, bad, reason)
    return values.mask(bad) if bad.any() else values


def unit_faults(values: pd.Series, column: Field) -> Iterator[str]:
    """Why a column of shares or per cent seems to have the other unit.

    `values`: its numbers. `column`: which it is; one of another unit has no such fault.
    """
    numbers = values.dropna()
    if column.unit not in ("%", "share") or numbers.empty or column.high is None:
        return
    largest = numbers.max()
    if (numbers > column.high).mean() > _UNIT_DOUBT:
        yield (
            f"{column.name}: a {column.unit} of 0..{column.high:g}, and the file has {largest:g}: "
            f"another unit; give [source.scale] {column.name} = factor"
        )
    elif column.name != "drop_rate_pct" and column.unit == "%" and _are_shares(numbers):
        yield (
            f"{column.name}: a % of 0..100, and the file has no more than {largest:g}: "
            f"a share; give [source.scale] {column.name} = 100"
        )
    elif column.unit == "%" and (n := _n_shares(numbers)):
        yield (
            f"{column.name}: {n:,} of {len(numbers):,} numbers are below 1 and the others about a "
            "hundred times as large: shares and per cent in one column; export it in one unit"
        )


def _are_shares(numbers: pd.Series) -> bool:
    """Whether no value of a load in per cent is above one, and the loads are not those of nights.

    A thousand cells or hours under one per cent are no network at work; of fewer, not even the
    usual one may be next to nothing.
    """
    is_long = len(numbers) >= 1000 or (
        len(numbers) >= _SHARE_ROWS and numbers.median() >= _IDLE_PCT
    )
    return is_long and bool(0 < numbers.max() <= 1)


def _n_shares(numbers: pd.Series) -> int:
    """How many of a column's per cent are shares; 0 = none seem to be.

    A cell that carries next to nothing has values below 1 too, but not a hundredth of the others.
    """
    shares, others = numbers[(numbers > 0) & (numbers < 1)], numbers[numbers >= 1]
    fewest = max(_SHARE_ROWS, 0.1 * len(numbers))
    if min(len(shares), len(others)) < fewest or (others < _BETWEEN_PCT).any():
        return 0
    return len(shares) if 0.5 <= 100 * shares.median() / others.median() <= 2 else 0


def _end(bound: float | None) -> str:
    return "" if bound is None else f"{bound:g}"


def _mark_faults(raw: pd.Series, bad: pd.Series, column: Field, source: Source) -> Iterator[str]:
    """Why a column of numbers seems to have other marks than the source says.

    `raw`: its texts. `bad`: whether each is no number.
    """
    n = other_mark(raw[bad], source.decimal) if bad.any() else 0
    n_given = int(raw.notna().sum()) if n else 0
    if n > (FILE_DOUBT if column.name in POSITION else _UNIT_DOUBT) * n_given:
        other = "." if source.decimal == "," else ","
        yield (
            f'{column.name}: {n} of {n_given} numbers have the mark "{other}"; set [source] '
            f'decimal = "{other}", or, if it divides thousands, thousands = "{other}"'
        )
    doubt = mark_doubt(raw, source.decimal, thousands=source.thousands, whole=is_count(column))
    if doubt and column.name not in POSITION:
        yield f"{column.name}: {doubt}"


def _faults_of_texts(
    raw: pd.Series, bad: pd.Series, column: Field, source: Source
) -> Iterator[str]:
    """Why a column of numbers seems to have other marks or units than the source says.

    `raw`: its texts. `bad`: whether each is no number.
    """
    yield from _mark_faults(raw, bad, column, source)
    yield from _faults_of_units(raw, bad, column)
    units = {*source.units_of(column.name)}
    present = units_in(raw) if units else {}
    if {*present} <= units and sizes_differ(present):
        yield f"{column.name}: {_of_sizes(present)}"


def _faults_of_units(raw: pd.Series, bad: pd.Series, column: Field) -> Iterator[str]:
    """Why a column's numbers seem to have units behind them.

    `raw`: its texts. `bad`: whether each is no number.
    """
    if not bad.any() or column.name in POSITION or _is_scale(column):
        return
    units, n_given = units_in(raw[bad]), int(raw.notna().sum())
    if sum(units.values()) <= _UNIT_DOUBT * n_given:
        return
    if sizes_differ(units):
        yield f"{column.name}: {_of_sizes(units)}"
        return
    most = list(units)[:_MOST_UNITS]
    names = ", ".join(f'"{unit}"' for unit in most)
    listed = names if len(most) == 1 else f"[{names}]"
    ours = f" and, where it is not {column.unit}, [source.scale] {column.name}" * bool(column.unit)
    yield (
        f"{column.name}: {sum(units.values())} of {n_given} numbers have a unit behind them; give "
        f"[source.units] {column.name} = {listed}{ours}"
    )


def _of_sizes(units: dict[str, int]) -> str:
    """Why numbers of several units can't be read as one column; `units`: each with its rows."""
    names = ", ".join(f"{unit} in {n:,}" for unit, n in list(units.items())[:_MOST_UNITS])
    return f"its numbers have units of several sizes ({names} rows): export them in one"


def _is_scale(column: Field) -> bool:
    """Whether a column holds answers on a scale, at whose ends words may stand."""
    return column.type != "DOUBLE" and column.high is not None and column.high <= _SCALE
