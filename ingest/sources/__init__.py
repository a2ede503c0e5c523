"""A shelf of readers: bytes -> our names, identifiers already pseudonyms; nothing judged.

Each reader offers ``header(path, source)``, ``read(path, source)`` and ``may_be_absent(name)``: a
column that is missing rather than a fault where a file lacks it. All text stays text; what a value
means is for `ingest.clean` to say.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from types import ModuleType
from typing import Any

import pandas as pd

from contracts.errors import InputError
from contracts.source import FromName, Source, parts_of
from ingest.privacy import redact
from ingest.privacy.door import PERSONS, Door
from ingest.sources import delimited, omes, parquet, pm_xml, qualtrics, trouble_ticket
from ingest.sources.counters import Asked, asked_of, counted

_BRACES = re.compile(r"\{([^{}]+)\}")
_READERS: dict[str, ModuleType] = {
    "delimited": delimited,
    "parquet": parquet,
    "qualtrics": qualtrics,
    "pm_xml": pm_xml,
    "omes": omes,
    "trouble_ticket": trouble_ticket,
}


@dataclass(frozen=True)
class Raw:
    """One file as read: our columns and `source_row`; and the rows that could not be taken apart.

    `malformed` has columns source_row and reason; `absent` our columns that the file can't give,
    each with the reason; `kept_out` what the door refused, with column_name and scope besides.
    """

    frame: pd.DataFrame
    malformed: pd.DataFrame
    kept_out: pd.DataFrame = field(default_factory=pd.DataFrame)
    absent: dict[str, str] = field(default_factory=dict)


def missing_columns(path: Path, source: Source) -> list[str]:
    """Faults of a file's header against the mapping, in words; none = it can be read."""
    reader = _READERS[source.reader]
    try:
        header = _header(path, source)
    except reader.UNREADABLE as error:
        return [f"{path}: can't be read as {source.reader}: {_first_line(error)}"]
    if not header and source.header_column:
        named = f"no line with the column '{source.header_column}' ([source] header_column)"
        return [f"{path}: {named}"]
    if not header:
        return [f"{path}: the file is empty"]
    there = _told(header, source)
    faults = [
        f"{path}: no column '{theirs}' (for {', '.join(ours)}); it has: {there}"
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
    read = {**source.theirs, **dict.fromkeys(asked.column.values())}
    twice = sorted(theirs for theirs in read if header.count(theirs) > 1)
    faults += [f"{path}: column '{theirs}' stands twice in the header" for theirs in twice]
    if source.from_name and not _from_name(path, source):
        pattern = source.from_name["pattern"]
        faults.append(f"{path}: its name does not fit [source.from_name] pattern '{pattern}'")
    return faults


def _told(header: list[str], source: Source) -> str:
    """The header's names; not those of a file of persons whose first line is a row already."""
    text = ", ".join(header)
    odd = source.table in PERSONS and redact.texts(pd.Series(header)).tolist() != header
    return "no names but what looks like a row; is there a header line?" if odd else text


def read(path: Path, source: Source, *, door: Door) -> Raw:
    """One file in our names; raises InputError, naming the file, where it can't be read whole."""
    reader = _READERS[source.reader]
    try:
        header = _header(path, source) if source.counters or source.objects else []
        asked = asked_of(source, header)
        theirs, malformed = reader.read(path, _all_asked(source, header, asked))
    except reader.UNREADABLE as error:
        hint = "; set [source] encoding" if "UTF8" in str(error) else ""
        raise InputError(f"{path}: can't be read whole: {_first_line(error)}{hint}", []) from None
    theirs, strangers = _with_groups(theirs, source)
    malformed = pd.concat([malformed, strangers]) if len(strangers) else malformed
    raw = Raw(_ours_of(theirs, path, source), malformed)
    if source.counters:
        raw = replace(raw, frame=counted(theirs, raw.frame, asked, source), absent=asked.absent)
    ours, kept_out = door.passed(raw.frame, source)
    return replace(raw, frame=ours.reset_index(drop=True), kept_out=kept_out)


def _header(path: Path, source: Source) -> list[str]:
    stat = path.stat()
    return list(_header_of(path, stat.st_mtime_ns, stat.st_size, source.model_dump_json()))


@lru_cache(maxsize=10_000)
def _header_of(path: Path, _changed: int, _size: int, how: str) -> tuple[str, ...]:
    """Names of a file's columns; the check before a run and the run ask alike, and XML is long."""
    source = Source.model_validate_json(how)
    return tuple(_READERS[source.reader].header(path, source))


def _all_asked(source: Source, header: list[str], asked: Asked) -> Source:
    """The source as its reader is to see it: every column to read is one of its columns."""
    if not source.counters and not source.objects:
        return source
    extra = [name for name in (*source.objects, source.vector_index) if name in header]
    wanted = dict.fromkeys([*source.theirs, *extra, *asked.column.values()])
    columns = {name: name for name in wanted}
    return source.model_copy(update={"columns": columns, "objects": {}, "counters": {}})


def _used_groups(source: Source) -> dict[str, list[str]]:
    """Groups of [source.objects] that [source.columns] use, each with their columns."""
    used = {part for text in source.columns.values() for part in parts_of(text)}
    return {group: columns for group, columns in source.groups.items() if group in used}


def _with_groups(theirs: pd.DataFrame, source: Source) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Their columns and the groups of [source.objects]; and the rows whose object fits none."""
    if not source.objects:
        return theirs, pd.DataFrame({"source_row": [], "reason": []})
    found = pd.DataFrame(index=theirs.index)
    for column, pattern in source.objects.items():
        if column in theirs:
            found = found.combine_first(theirs[column].astype("str").str.extract(pattern))
    strange = found.isna().all(axis=1)
    reason = f"no cell: its object fits no pattern of [source.objects] {', '.join(source.objects)}"
    strangers = pd.DataFrame({"source_row": theirs["source_row"][strange], "reason": reason})
    return theirs.assign(**found)[~strange].reset_index(drop=True), strangers


def _ours_of(theirs: pd.DataFrame, path: Path, source: Source) -> pd.DataFrame:
    ours = pd.DataFrame({"source_row": theirs["source_row"]})
    for name, their_name in source.columns.items():
        ours[name] = _meaning(_joined(theirs, their_name), name, source)
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
    known = values.notna().all(axis=1) & (values != "").all(axis=1)
    joined = [_put_together(text, row) for row in values[known].to_dict("records")]
    return pd.Series(joined, index=theirs.index[known], dtype="str").reindex(theirs.index)


def _put_together(text: str, row: Mapping[Any, str]) -> str:
    # not str.format: it takes the point in {A.B} for an attribute
    return _BRACES.sub(lambda at: row[at[1]], text)


def _meaning(values: pd.Series, name: str, source: Source) -> pd.Series:
    if not pd.api.types.is_string_dtype(values):
        return values
    text = values.str.strip()
    text = text.mask(text.isin(["", *source.na]))
    known = {
        theirs: ours
        for ours, texts in source.values.get(name, {}).items()
        for theirs in ([texts] if isinstance(texts, str) else texts)
    }
    found = text.replace(known) if known else text
    return _fitting(found, text.isin(known.keys()), source.patterns.get(name, {}))


def _fitting(texts: pd.Series, mapped: pd.Series, patterns: dict[str, str]) -> pd.Series:
    """The texts, those not mapped yet replaced by the first pattern that fits."""
    tried = [(ours, re.compile(pattern, re.IGNORECASE)) for ours, pattern in patterns.items()]
    fitting = {
        text: next((ours for ours, pattern in tried if pattern.search(text)), text)
        for text in texts[~mapped].dropna().unique()
    }
    return texts.where(mapped, texts.map(fitting).astype("str")) if tried else texts


def _from_name(path: Path, source: Source) -> dict[str, str]:
    pattern = source.from_name.get("pattern", "")
    found = re.search(str(pattern), path.name)
    if not found:
        return {}
    rules = {n: rule for n, rule in source.from_name.items() if isinstance(rule, FromName)}
    return {name: rule.text.format(**found.groupdict()) for name, rule in rules.items()}


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
