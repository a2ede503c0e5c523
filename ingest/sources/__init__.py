"""A shelf of readers: bytes -> our names, identifiers already pseudonyms; nothing judged.

Each reader offers ``header(path, source)`` and ``read(path, source)``. All text stays text; what a
value means is for `ingest.clean` to say.
"""

import re
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType

import pandas as pd

from contracts.errors import InputError
from contracts.settings import FromName, Source, parts_of
from ingest import redact
from ingest.privacy import PERSONS, Door
from ingest.sources import delimited, parquet, qualtrics

_READERS: dict[str, ModuleType] = {
    "delimited": delimited,
    "parquet": parquet,
    "qualtrics": qualtrics,
}


@dataclass(frozen=True)
class Raw:
    """One file as read: our columns and `source_row`; and the rows that could not be taken apart.

    `malformed` has columns source_row and reason. `kept_out`: what the door refused, with
    column_name and scope besides.
    """

    frame: pd.DataFrame
    malformed: pd.DataFrame
    kept_out: pd.DataFrame = field(default_factory=pd.DataFrame)


def missing_columns(path: Path, source: Source) -> list[str]:
    """Faults of a file's header against the mapping, in words; none = it can be read."""
    reader = _READERS[source.reader]
    try:
        header: list[str] = reader.header(path, source)
    except reader.UNREADABLE as error:
        return [f"{path}: can't be read as {source.reader}: {_first_line(error)}"]
    if not header:
        return [f"{path}: the file is empty"]
    there = _told(header, source)
    faults = [
        f"{path}: no column '{theirs}' (for {', '.join(ours)}); it has: {there}"
        for theirs, ours in source.theirs.items()
        if theirs not in header
    ]
    twice = sorted(theirs for theirs in source.theirs if header.count(theirs) > 1)
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
        theirs, malformed = reader.read(path, source)
    except reader.UNREADABLE as error:
        hint = "; set [source] encoding" if "UTF8" in str(error) else ""
        raise InputError(f"{path}: can't be read whole: {_first_line(error)}{hint}", []) from None
    ours, kept_out = door.passed(_ours_of(theirs, path, source), source)
    return Raw(ours.reset_index(drop=True), malformed, kept_out)


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
    joined = [text.format_map(row) for row in values[known].to_dict("records")]
    return pd.Series(joined, index=theirs.index[known], dtype="str").reindex(theirs.index)


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
    return text.replace(known) if known else text


def _from_name(path: Path, source: Source) -> dict[str, str]:
    pattern = source.from_name.get("pattern", "")
    found = re.search(str(pattern), path.name)
    if not found:
        return {}
    rules = {n: rule for n, rule in source.from_name.items() if isinstance(rule, FromName)}
    return {name: rule.text.format(**found.groupdict()) for name, rule in rules.items()}


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
