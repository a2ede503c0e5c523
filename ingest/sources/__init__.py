"""A shelf of readers: bytes -> our names, identifiers already pseudonyms; nothing judged.

Each reader offers ``header(path, source)`` and ``read(path, source)``. All text stays text; what a
value means is for `ingest.clean` to say.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import pandas as pd

from contracts.errors import InputError
from contracts.settings import FromName, Source, parts_of
from ingest import privacy
from ingest.sources import delimited, parquet, trouble_ticket

_READERS: dict[str, ModuleType] = {
    "delimited": delimited,
    "parquet": parquet,
    "trouble_ticket": trouble_ticket,
}


@dataclass(frozen=True)
class Raw:
    """One file as read: our columns and `source_row`; and the rows that could not be taken apart.

    `malformed` has columns source_row and reason.
    """

    frame: pd.DataFrame
    malformed: pd.DataFrame


def missing_columns(path: Path, source: Source) -> list[str]:
    """Faults of a file's header against the mapping, in words; none = it can be read."""
    reader = _READERS[source.reader]
    try:
        header: list[str] = reader.header(path, source)
    except reader.UNREADABLE as error:
        return [f"{path}: can't be read as {source.reader}: {_first_line(error)}"]
    if not header:
        return [f"{path}: the file is empty"]
    faults = [
        f"{path}: no column '{theirs}' (for {', '.join(ours)}); it has: {', '.join(header)}"
        for theirs, ours in source.theirs.items()
        if theirs not in header
    ]
    twice = sorted(theirs for theirs in source.theirs if header.count(theirs) > 1)
    faults += [f"{path}: column '{theirs}' stands twice in the header" for theirs in twice]
    if source.from_name and not _from_name(path, source):
        pattern = source.from_name["pattern"]
        faults.append(f"{path}: its name does not fit [source.from_name] pattern '{pattern}'")
    return faults


def read(path: Path, source: Source, *, key: Callable[[], bytes]) -> Raw:
    """One file in our names; raises InputError, naming the file, where it can't be read whole."""
    reader = _READERS[source.reader]
    try:
        theirs, malformed = reader.read(path, source)
    except reader.UNREADABLE as error:
        hint = "; set [source] encoding" if "UTF8" in str(error) else ""
        raise InputError(f"{path}: can't be read whole: {_first_line(error)}{hint}", []) from None
    return Raw(_ours_of(theirs, path, source, key), malformed)


def _ours_of(
    theirs: pd.DataFrame, path: Path, source: Source, key: Callable[[], bytes]
) -> pd.DataFrame:
    ours = pd.DataFrame({"source_row": theirs["source_row"]})
    for name, their_name in source.columns.items():
        ours[name] = _meaning(_joined(theirs, their_name), name, source)
    for name, value in source.constants.items():
        ours[name] = str(value)
    for name, text in _from_name(path, source).items():
        ours[name] = text
    for name in privacy.IDENTIFIERS:
        if name in ours:
            ours[name] = privacy.pseudonyms(ours[name], key=key())
    for name in privacy.FREE_TEXT:
        if name in ours:
            ours[name] = privacy.redact(ours[name])
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
