"""A starter tried on its own file by the readers themselves, so that the two can't contradict."""

import os
import tomllib
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import pandas as pd

from contracts.errors import HexperienceError, InputError
from contracts.settings.sections import Settings
from contracts.source import Source
from contracts.tables import TABLES
from ingest import sources
from ingest.clean.rows import Cleaned, clean
from ingest.containers import paths
from ingest.privacy.door import Door
from ingest.privacy.keys import Key

_LARGEST = 1 << 26
"""Bytes on disk up to which a file is tried."""
_MOST = 6
_CHOOSE = "CHOOSE"
_OF_COLUMNS = ("formats", "scale", "units", "values", "patterns")


def tried(path: Path, lines: Sequence[str]) -> list[str]:
    """What becomes of a file's rows when it is read by a starter, in words.

    `path`: the file. `lines`: the starter's [[source]], line by line; what says CHOOSE is left out.
    """
    return [*_tried(path, "\n".join(lines))]


@lru_cache(maxsize=64)
def _tried(path: Path, lines: str) -> tuple[str, ...]:
    return tuple(_outcome(path, lines))


def _outcome(path: Path, lines: str) -> list[str]:
    source = _source_of(lines)
    if source is None:
        return []
    if paths.outer(path).stat().st_size > _LARGEST:
        return [f"not tried, as it is large: `hexperience check` tells what becomes of {path.name}"]
    try:
        faults = sources.missing_columns(path, source)
        if faults:
            return [f"tried: fault: {fault}" for fault in faults[:_MOST]]
        # pseudonyms are thrown away with the rows
        raw = sources.read(path, source, door=Door(lambda: [Key(os.urandom(32))]))
        cleaned = clean(raw, source, Settings(), file=path.name, file_hash="")
    except InputError as error:
        return [f"tried: fault: {line}" for line in str(error).splitlines()[:_MOST]]
    except HexperienceError as error:
        return [f"not tried: {error}"]
    return [*_judged(cleaned, source)]


def _source_of(lines: str) -> Source | None:
    """The [[source]] without what is to be chosen; None where that is no source yet."""
    (given,) = tomllib.loads(lines)["source"]
    for part, value in list(given.items()):
        if isinstance(value, dict):
            given[part] = {name: one for name, one in value.items() if _CHOOSE not in str(one)}
        elif _CHOOSE in str(value):
            del given[part]
    chosen: dict[str, Any] = {**given.get("columns", {}), **given.get("from_name", {})}
    for part in _OF_COLUMNS:
        given[part] = {name: one for name, one in given.get(part, {}).items() if name in chosen}
    try:
        return Source.model_validate(given)
    except ValueError:
        return None


def _judged(cleaned: Cleaned, source: Source) -> Iterator[str]:
    refused = cleaned.refused[cleaned.refused["scope"] == "row"]
    n_refused = refused["source_row"].nunique()
    yield f"tried: {len(cleaned.accepted) + n_refused:,} rows read, {n_refused:,} refused"
    yield from (f"tried: fault: {fault}" for fault in cleaned.faults[:_MOST])
    alike = cleaned.refused.groupby(["scope", "column_name", "reason"]).size()
    most = alike.sort_values(ascending=False).head(_MOST).reset_index()
    for scope, column, reason, n in most.itertuples(index=False, name=None):
        what = "refused" if scope == "row" else "set to missing"
        yield f"tried: {n:,} {scope}(s) {what}: {f'{column}: ' * bool(column)}{reason}"
    n = _repeated(cleaned.accepted, source)
    if n:
        key = ", ".join(TABLES[source.table].key)
        yield f"tried: {n:,} row(s) repeat the key ({key}) of another; only one of each counts"


def _repeated(rows: pd.DataFrame, source: Source) -> int:
    key = [name for name in TABLES[source.table].key if name in rows]
    known = rows[key].dropna(subset=key[:1])
    return int(known.duplicated().sum()) if key else 0
