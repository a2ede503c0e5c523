"""A shelf of readers: bytes -> our names, identifiers already pseudonyms; nothing judged.

Each reader offers ``header(path, source)``, ``read(path, source)``, ``may_be_absent(name)``
(whether a column that a file lacks is missing rather than a fault) and ``UNREADABLE``, the errors
that mean it can't be read. All text stays text; what a value means is for `ingest.clean` to say.
In this room `theirs` are columns under the file's own names, `ours` under ours.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import islice
from pathlib import Path
from types import ModuleType
from typing import Any

import pandas as pd

from contracts.errors import InputError
from contracts.fields import FIELDS
from contracts.source import FromName, Source, parts_of
from contracts.tables import TABLES
from ingest.containers import paths
from ingest.privacy import redact
from ingest.privacy.door import PERSONS, Door
from ingest.sources import delimited, omes, parquet, pm_xml, qualtrics, trouble_ticket
from ingest.sources.counters import Asked, asked_of, counted, mark_faults

_BRACES = re.compile(r"\{([^{}]+)\}")
_NO_TEXT = re.compile("[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufffd]")
# what a spreadsheet writes where it could compute nothing
_ERRORS = ("#DIV/0!", "#N/A", "#NAME?", "#NULL!", "#NUM!", "#REF!", "#VALUE!", "#SPILL!", "#CALC!")
_READERS: dict[str, ModuleType] = {
    "delimited": delimited,
    "parquet": parquet,
    "qualtrics": qualtrics,
    "pm_xml": pm_xml,
    "omes": omes,
    "trouble_ticket": trouble_ticket,
}
# `ingest.clean` accepts rows without them
_MAY_BE_MISSING = {"lat", "lon", "valid_from"}
# lines looked at for a header below others
_LINES = 50
_OF_TABLES = ("delimited", "qualtrics")
"""Readers of tables, which a sheet of a workbook is too."""


@dataclass(frozen=True)
class Raw:
    """One file as read, and what of it could not be."""

    frame: pd.DataFrame
    """Our columns, and `source_row`: where in the file a row stands."""
    malformed: pd.DataFrame
    """Rows that could not be taken apart: source_row, reason."""
    kept_out: pd.DataFrame = field(default_factory=pd.DataFrame)
    """What the door of identifiers refused: source_row, reason, column_name, scope."""
    absent: dict[str, str] = field(default_factory=dict)
    """Our columns that the file can't give, each with the reason."""


def parts(path: Path, source: Source) -> list[Path]:
    """What of a file is to be read as files of their own: itself, or sheets of a workbook.

    `path`: the file. `source`: the mapping. Of a workbook alone it is the only sheet that can be
    seen and has all of our columns; where none or several have, the workbook itself, whose fault
    `missing_columns` tells.
    """
    if source.reader not in _OF_TABLES:
        return [path]
    try:
        sheets = _sheets(path, source)
    except delimited.UNREADABLE:
        return [path]
    if len(sheets) == 1:
        return sheets
    fitting = [one for one in sheets if not missing_columns(one, source)]
    # which columns a damaged sheet has, nobody knows
    is_whole = not any(_damage(one, source) for one in sheets)
    return fitting if len(fitting) == 1 and is_whole else [path]


def _damage(sheet: Path, source: Source) -> str:
    """Why a sheet can't be read, in words; "" = it can."""
    try:
        _header(sheet, source)
    except qualtrics.NotAsExported:
        # a sheet of another kind is whole
        return ""
    except delimited.UNREADABLE as error:
        return _first_line(error)
    return ""


def _sheets(path: Path, source: Source) -> list[Path]:
    """The sheets of a workbook that can be seen; none where it is no workbook, or a sheet."""
    where = paths.place(path, source.max_gigabytes)
    if where.sheet or not paths.is_workbook(path, source.max_gigabytes):
        return []
    return [path / sheet.name for sheet in paths.sheets(path, source.max_gigabytes)]


def _sheet_faults(sheets: list[Path], source: Source) -> list[str]:
    """Why no one sheet of a workbook was taken, in words."""
    book = sheets[0].parent
    if damaged := [f"{one}: {why}" for one in sheets if (why := _damage(one, source))]:
        return damaged
    faults = {sheet.name: missing_columns(sheet, source) for sheet in sheets}
    fitting = [name for name, lacks in faults.items() if not lacks]
    if len(fitting) > 1:
        names = ", ".join(fitting)
        remedy = f"write path = '{book.name}/{fitting[0]}' for one, '{book.name}/*' for all"
        return [f"{book}: several sheets have these columns ({names}); {remedy}"]
    return [f"{book}: no sheet has all columns", *(lacks[0] for lacks in faults.values() if lacks)]


def missing_columns(path: Path, source: Source) -> list[str]:
    """Faults of a file's header against the mapping, in words; none = it can be read.

    `path`: the file. `source`: the mapping, a [[source]] of the configuration.
    """
    reader = _READERS[source.reader]
    try:
        sheets = _sheets(path, source) if source.reader in _OF_TABLES else []
        if len(sheets) > 1:
            return _sheet_faults(sheets, source)
        header = _header(path, source)
    except reader.UNREADABLE as error:
        return [f"{path}: can't be read as {source.reader}: {_first_line(error)}"]
    if not header and source.header_column:
        fault = f"no line with the column '{source.header_column}' ([source] header_column)"
        return [f"{path}: {fault}"]
    if not header:
        return [f"{path}: the file is empty"]
    if _NO_TEXT.search("".join(header)):
        fault = f"its header line is no text in {source.encoding}; see [source] reader, encoding"
        return [f"{path}: {fault}"]
    names = _shown_names(header, source) + _header_hint(path, header, source)
    faults = [
        f"{path}: no column '{theirs}' (for {', '.join(ours)}); it has: {names}"
        for theirs, ours in source.theirs.items()
        if theirs not in header and not reader.may_be_absent(theirs)
    ]
    faults += [
        f"{path}: no column {' or '.join(columns)} (for {group} of [source.objects])"
        for group, columns in _used_groups(source).items()
        if not {*columns} & {*header}
    ]
    asked = asked_of(source, header)
    faults += [f"{path}: {fault}" for fault in asked.faults(source)]
    columns = {**source.theirs, **dict.fromkeys(asked.column.values())}
    twice = sorted(theirs for theirs in columns if header.count(theirs) > 1)
    faults += [f"{path}: column '{theirs}' stands twice in the header" for theirs in twice]
    if source.from_name and not _from_name(path, source):
        pattern = source.from_name["pattern"]
        faults.append(f"{path}: its name does not fit [source.from_name] pattern '{pattern}'")
    return faults


def _header_hint(path: Path, header: list[str], source: Source) -> str:
    """What would mend a header that lacks columns, in words; "" = nobody knows."""
    wanted = {*source.theirs}
    lacking = wanted - {*header}
    if not lacking or source.reader != "delimited":
        return ""
    plain = {" ".join(name.split()).casefold() for name in lacking}
    if plain <= {" ".join(name.split()).casefold() for name in header}:
        return "; they differ in case or blanks alone: write them as the file does"
    for mark in ";\t|,":
        if len(header) == 1 and wanted <= {*header[0].split(mark)}:
            return f"; set [source] delimiter = {json.dumps(mark)}"
    if lacking != wanted:
        return ""
    rows = islice(delimited.records(path, source), 1, _LINES)
    if any(wanted <= {*row} for row in rows):
        return f"; lines stand above the header: set [source] header_column = '{min(wanted)}'"
    return ""


def _shown_names(header: list[str], source: Source) -> str:
    """The header's names; not those of a file of persons whose first line is a row already."""
    is_row = source.table in PERSONS and redact.texts(pd.Series(header)).tolist() != header
    if is_row:
        return "no names but what looks like a row; is there a header line?"
    # on one line, and none longer than a line
    return _printable(", ".join(" ".join(name.split())[:80] for name in header))


def read(path: Path, source: Source, *, door: Door) -> Raw:
    """One file in our names, identifiers replaced by pseudonyms.

    `path`: the file, whose header has no faults by `missing_columns`. `source`: the mapping.
    `door`: what makes pseudonyms and redacts free text. InputError, naming the file, where it can't
    be read whole.
    """
    reader = _READERS[source.reader]
    try:
        header = _header(path, source) if source.counters or source.objects else []
        asked = asked_of(source, header)
        theirs, malformed = reader.read(path, _all_asked(source, header, asked))
    except reader.UNREADABLE as error:
        hint = "; set [source] encoding" if "UTF8" in str(error) else ""
        raise InputError(f"{path}: can't be read whole: {_first_line(error)}{hint}", []) from None
    if doubts := mark_faults(theirs, asked, source):
        raise InputError(f"{path}: {'; '.join(doubts)}", [])
    theirs, strangers, unfit = _with_groups(theirs, source)
    malformed = pd.concat([malformed, strangers]) if len(strangers) else malformed
    raw = Raw(_ours_of(theirs, path, source), malformed)
    if source.counters:
        raw = replace(raw, frame=counted(theirs, raw.frame, asked, source), absent=asked.absent)
    frame, errors = _without_errors(raw.frame, source)
    ours, kept_out = door.passed(frame, source)
    kept_out = pd.concat([part for part in (kept_out, errors, unfit) if len(part)] or [kept_out])
    return replace(raw, frame=ours.reset_index(drop=True), kept_out=kept_out)


def _without_errors(ours: pd.DataFrame, source: Source) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Our columns without the errors of a spreadsheet in texts, and those errors.

    In a number or a time they are refused where it is read.
    """
    errors = []
    for name in source.columns if source.reader in _OF_TABLES else ():
        if pd.api.types.is_string_dtype(ours[name]) and FIELDS[name].type == "VARCHAR":
            is_error = ours[name].isin(_ERRORS)
            rows = pd.DataFrame({"source_row": ours.loc[is_error, "source_row"]})
            reason = "an error of the spreadsheet: " + ours.loc[is_error, name]
            errors.append(rows.assign(reason=reason, column_name=name, scope="value"))
            ours = ours.assign(**{name: ours[name].mask(is_error)})
    return ours, pd.concat(errors) if errors else pd.DataFrame()


def _header(path: Path, source: Source) -> list[str]:
    stat = paths.outer(path).stat()
    return list(_header_of(path, stat.st_mtime_ns, stat.st_size, source.model_dump_json()))


@lru_cache(maxsize=10_000)
def _header_of(path: Path, _changed_ns: int, _size: int, how: str) -> tuple[str, ...]:
    """Names of a file's columns; the check before a run and the run ask alike, and XML is long."""
    source = Source.model_validate_json(how)
    return tuple(_READERS[source.reader].header(path, source))


def _all_asked(source: Source, header: list[str], asked: Asked) -> Source:
    """The source as its reader is to see it: every column to read is one of its columns."""
    if not source.counters and not source.objects:
        return source
    extra = [name for name in (*source.objects, source.vector_index) if name in header]
    names = dict.fromkeys([*source.theirs, *extra, *asked.column.values()])
    columns = {name: name for name in names}
    return source.model_copy(update={"columns": columns, "objects": {}, "counters": {}})


def _used_groups(source: Source) -> dict[str, list[str]]:
    """Groups of [source.objects] that [source.columns] use, each with their columns."""
    parts = {part for text in source.columns.values() for part in parts_of(text)}
    return {group: columns for group, columns in source.groups.items() if group in parts}


def _with_groups(
    theirs: pd.DataFrame, source: Source
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Their columns and the groups of [source.objects]; rows and values whose object fits none.

    A row is refused only where what it can't do without comes of a group; else the value is
    missing, and counted where there was one.
    """
    none = pd.DataFrame({"source_row": [], "reason": []})
    if not source.objects:
        return theirs, none, none
    groups, unfit = pd.DataFrame(index=theirs.index), []
    for column, pattern in source.objects.items():
        if column in theirs:
            texts = theirs[column].astype("str")
            parts = texts.str.extract(pattern)
            groups = groups.combine_first(parts)
            is_unfit = parts.isna().all(axis=1) & (texts.fillna("").str.strip() != "")
            unfit += [*_unfit(theirs["source_row"][is_unfit], column, parts.columns, source)]
    vital = _vital_groups(source)
    is_strange = groups[[name for name in vital if name in groups]].isna().all(axis=1) & bool(vital)
    reason = f"no cell: its object fits no pattern of [source.objects] {', '.join(source.objects)}"
    strangers = pd.DataFrame({"source_row": theirs["source_row"][is_strange], "reason": reason})
    kept = theirs.assign(**groups)[~is_strange].reset_index(drop=True)
    values = pd.concat(unfit) if unfit else none
    return kept, strangers, values[~values["source_row"].isin(strangers["source_row"])]


def _vital_groups(source: Source) -> list[str]:
    """Groups that a column is made of which a row can't do without."""
    table = TABLES[source.table]
    vital = {*table.key, *table.required} - _MAY_BE_MISSING
    texts = [text for ours, text in source.columns.items() if ours in vital]
    return [part for text in texts for part in parts_of(text) if part in source.groups]


def _unfit(
    rows: pd.Series, column: str, groups: Iterable[str], source: Source
) -> Iterator[pd.DataFrame]:
    """Values that are missing because their object fits no pattern, of columns a row can lack."""
    for ours, text in source.columns.items():
        if {*parts_of(text)} & {*groups} and len(rows):
            reason = f"the text of '{column}' fits no pattern of [source.objects]"
            yield pd.DataFrame(
                {"source_row": rows, "reason": reason, "column_name": ours, "scope": "value"}
            )


def _ours_of(theirs: pd.DataFrame, path: Path, source: Source) -> pd.DataFrame:
    """Our columns: those mapped, the constants, and what the file's name says."""
    ours = pd.DataFrame({"source_row": theirs["source_row"]})
    for name, their_name in source.columns.items():
        ours[name] = meaning(_joined(theirs, their_name), name, source)
    for name, value in source.constants.items():
        ours[name] = str(value)
    for name, text in _from_name(path, source).items():
        ours[name] = text
    return ours


def _joined(theirs: pd.DataFrame, text: str) -> pd.Series:
    """One of their columns; of several in one text, the text with their values in it."""
    names = parts_of(text)
    if names == [text]:
        return theirs[text]
    values = theirs[names].astype("str").apply(lambda column: column.str.strip())
    is_complete = values.notna().all(axis=1) & (values != "").all(axis=1)
    texts = [_put_together(text, row) for row in values[is_complete].to_dict("records")]
    return pd.Series(texts, index=theirs.index[is_complete], dtype="str").reindex(theirs.index)


def _put_together(text: str, row: Mapping[Any, str]) -> str:
    # not str.format: it takes the point in {A.B} for an attribute
    return _BRACES.sub(lambda match: row[match[1]], text)


def meaning(values: pd.Series, name: str, source: Source) -> pd.Series:
    """A column in our words: what means missing is missing, what [source.values] maps is mapped.

    `values`: the column as a file has it; of one that is not of texts only numbers of [source] na
    are missing. `name`: ours.
    `source`: the mapping.
    """
    if not pd.api.types.is_string_dtype(values):
        codes = numbers_of_nothing(source) if pd.api.types.is_numeric_dtype(values) else []
        return values.mask(values.isin(codes)) if codes else values
    text = values.str.strip()
    text = text.mask(text.isin(["", *source.na]))
    words = {
        theirs: ours
        for ours, texts in source.values.get(name, {}).items()
        for theirs in ([texts] if isinstance(texts, str) else texts)
    }
    ours = text.replace(words) if words else text
    if not (patterns := source.patterns.get(name, {})):
        return ours
    return _by_patterns(ours, text.isin(words.keys()), patterns)


def numbers_of_nothing(source: Source) -> list[float]:
    """Numbers that mean missing, where columns are numbers already. `source`: the mapping."""
    numbers = pd.to_numeric(pd.Series(source.na, dtype="str"), errors="coerce")
    return numbers.dropna().astype(float).tolist()


def _by_patterns(texts: pd.Series, is_mapped: pd.Series, patterns: dict[str, str]) -> pd.Series:
    """The texts, those not mapped yet replaced by our word of the first pattern that fits."""
    rules = [(ours, re.compile(pattern, re.IGNORECASE)) for ours, pattern in patterns.items()]
    if not rules:
        return texts
    words = {
        text: next((ours for ours, pattern in rules if pattern.search(text)), text)
        for text in texts[~is_mapped].dropna().unique()
    }
    return texts.where(is_mapped, texts.map(words).astype("str"))


def _from_name(path: Path, source: Source) -> dict[str, str]:
    """Our columns that the file's name gives; none where it does not fit the pattern."""
    pattern = source.from_name.get("pattern", "")
    # a member's or a sheet's own name first, then what holds it
    holders = (path, *path.relative_to(paths.outer(path).parent).parents)
    matches = (re.search(str(pattern), one.name) for one in holders)
    match = next((one for one in matches if one), None)
    if not match:
        return {}
    rules = {n: rule for n, rule in source.from_name.items() if isinstance(rule, FromName)}
    return {name: rule.text.format(**match.groupdict()) for name, rule in rules.items()}


def _first_line(error: Exception) -> str:
    # some libraries quote the bytes that they stumbled over
    return _printable((str(error).splitlines() or [type(error).__name__])[0])


def _printable(text: str) -> str:
    return "".join(letter if letter.isprintable() else "?" for letter in text)
