"""What protects persons as columns are read: keys, pseudonyms, and who asked to be forgotten.

Raw identifiers never reach disk, logs or other processes' memory: they are replaced in the
function that reads them. A warehouse is of one key and epoch at a time: with another, every file
is read anew, and what it held under the old one goes.
"""

import os
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from contracts.errors import SettingsError
from contracts.fields import FIELDS
from contracts.settings.sections import Settings
from contracts.source import Source
from contracts.tables import LINEAGE, TABLES
from ingest.privacy import msisdn, redact
from ingest.privacy.keys import Key, pseudonym_key, pseudonym_keys

IDENTIFIERS = ("subscriber_id",)
CELL_IDS = ("cell_id", "start_cell_id", "end_cell_id")
"""Columns of persons' rows that name a cell, as somebody typed it."""
_FORGOTTEN_LINE = re.compile(r"\s*[0-9a-f]{8}\s+[0-9a-f]{32}(?:\s+\d{4}-\d\d-\d\d)?\s*$")
FREE_TEXT = ("text_redacted", "description", "expected_effect")
PERSONS = tuple(
    table.name
    for table in TABLES.values()
    if table.layer == "source" and set(IDENTIFIERS) & {*table.columns}
)
"""Source tables whose rows are of persons."""

DOMAINS = ("msisdn", "imsi", "email", "account")
"""What an identifier may be; pseudonyms of two domains never meet."""
FORGOTTEN = "forgotten at their request"
NO_CELL = "a telephone number or an e-mail, and no cell of the inventory"
_NETWORK = ("cell", "pm", "pm_relation", "coverage")
"""Source tables that nobody writes of persons, and whose files are named by machines."""
_KINDS = (".csv", ".txt", ".tsv", ".gz", ".zip", ".json", ".xml", ".xlsx", ".parquet", ".bz2")
_LETTER, _DIGIT = re.compile(r"[^\W\d_]"), re.compile(r"\d")


# ---------------------------------------------------------------------------------- persons


def identifier(text: str, domain: str, country: str) -> tuple[str, str]:
    """One identifier in the only spelling of its domain, or '' and why it has none.

    `text`: as a source or a person writes it. `domain`: msisdn (E.164 digits), imsi (14 or 15
    digits), email (folded) or account (folded). `country`: ISO code by which national telephone
    numbers are understood; '' = none. The reason never quotes the value.
    """
    if domain == "msisdn":
        return msisdn.e164(text, country)
    text = re.sub(r"\s+", "", msisdn.plain(text)).casefold()
    text = re.sub(r"^(\d+)\.0+$", r"\1", text)
    if re.fullmatch(r"\d[.,]\d+e\+\d+", text):
        return "", msisdn.LOST_DIGITS
    if domain == "imsi":
        text = re.sub(r"\D", "", text)
        return (text, "") if len(text) in (14, 15) else ("", "no IMSI of 14 or 15 digits")
    if domain == "email" and not re.fullmatch(r"[^@]+@[^@]+", text):
        return "", "no e-mail address"
    return text, ""


@dataclass(frozen=True)
class Door:
    """What every row of persons passes as it is read.

    `keys`: asked for only by a source that holds identifiers; the last is the one used. `names`:
    folded words to take out of free text. `forgotten`: names of keys, each with the pseudonyms of
    those whose rows are refused. `cells`: `bare` ids of the inventory, by which a cell of many
    digits is told from a telephone number.
    """

    keys: Callable[[], Sequence[Key]]
    country: str = ""
    names: frozenset[str] = frozenset()
    forgotten: Mapping[str, frozenset[str]] | None = None
    cells: frozenset[str] = frozenset()

    def passed(self, ours: pd.DataFrame, source: Source) -> tuple[pd.DataFrame, pd.DataFrame]:
        """The rows without identifiers, and what was refused of them.

        `ours`: rows as read, under our names of columns, with source_row. `source`: its table, and
        the domain of its subscribers. Refused: source_row, column_name ('' = the whole row), scope
        (row or value), reason.
        """
        refused = []
        for name in IDENTIFIERS:
            if name in ours:
                ours, refused_rows = self._hidden(ours, name, source.subscriber)
                refused += refused_rows
        for name in ours.columns.intersection(list(FREE_TEXT)):
            ours[name] = redact.texts(ours[name], self.names)
        labels = [] if source.table in _NETWORK else _labels(source.table)
        for name in ours.columns.intersection(labels):
            if pd.api.types.is_string_dtype(ours[name]):
                ours[name] = redact.codes(ours[name])
        cells = CELL_IDS if source.table in PERSONS else ()
        for name in ours.columns.intersection(list(cells)):
            ours, refused_values = self._of_cells(ours, name)
            refused.append(refused_values)
        return ours, pd.concat([_NOTHING, *refused], ignore_index=True)

    def _hidden(
        self, ours: pd.DataFrame, name: str, domain: str
    ) -> tuple[pd.DataFrame, list[pd.DataFrame]]:
        """Rows with pseudonyms in place of a column's identifiers, and what was refused of them."""
        keys = list(self.keys())
        values = ours[name]
        tokens: dict[Any, str] = {}
        reasons: dict[Any, str] = {}
        forgotten: set[Any] = set()
        # each value once, however many rows have it
        for value in values.dropna().unique():
            text, reason = identifier(str(value), domain, self.country)
            if text:
                tokens[value] = keys[-1].pseudonym(domain, text)
            if reason:
                reasons[value] = reason
            if self._is_forgotten(text, domain, keys):
                forgotten.add(value)
        why = values.map(reasons).astype("str")
        is_forgotten = values.isin(forgotten)
        refused = [
            _refused(ours[why.notna()], name, "value", why[why.notna()]),
            _refused(ours[is_forgotten], "", "row", FORGOTTEN),
        ]
        return ours.assign(**{name: values.map(tokens).astype("str")})[~is_forgotten], refused

    def _of_cells(self, ours: pd.DataFrame, name: str) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Rows without persons' numbers where a cell is named, and what was refused of them."""
        texts = ours[name].astype("str")
        numbers = {
            text
            for text in texts.dropna().unique()
            if redact.code(str(text)) != text and bare(str(text)) not in self.cells
        }
        is_number = texts.isin(numbers)
        if not is_number.any():
            return ours, _NOTHING
        refused = _refused(ours[is_number], name, "value", NO_CELL)
        return ours.assign(**{name: texts.mask(is_number)}), refused

    def _is_forgotten(self, text: str, domain: str, keys: Sequence[Key]) -> bool:
        forgotten = self.forgotten or {}
        asked = [key for key in keys if key.id in forgotten]
        return any(key.pseudonym(domain, text) in forgotten[key.id] for key in asked)


def bare(cell_id: str) -> str:
    """A cell's id without signs and case, to be compared: files spell ids in many ways.

    `cell_id`: as a file or the inventory has it.
    """
    return re.sub(r"[\W_]", "", cell_id).casefold()


def door(
    settings: Settings,
    environ: Mapping[str, str] = os.environ,
    *,
    cells: frozenset[str] = frozenset(),
) -> Door:
    """The door as the settings have it; keys and their faults come up only when asked for.

    `settings`: section [privacy], and the operator's country. `environ`: variables, of which one
    may hold the key. `cells`: `bare` ids of the inventory; none = no cell of many digits is known.
    """
    forgotten = read_forgotten(settings)
    file = settings.privacy.names_file
    names = redact.read_names(settings.resolve(file)) if file else frozenset[str]()

    def keys() -> list[Key]:
        return _keys(settings, environ, forgotten)

    return Door(keys, settings.operator.country, names, forgotten, cells)


def _keys(
    settings: Settings, environ: Mapping[str, str], forgotten: Mapping[str, frozenset[str]]
) -> list[Key]:
    """All keys, the one used last, wherever it stands in the file.

    Raises SettingsError where a key is gone under which somebody asked to be forgotten.
    """
    used = pseudonym_key(settings, environ)
    keys = [key for key in pseudonym_keys(settings, environ) if key != used] + [used]
    if lost := set(forgotten) - {key.id for key in keys}:
        fault = f"{settings.privacy.forgotten_file} names pseudonyms of key {', '.join(lost)}: "
        remedy = "put that key back into the key file, before the newer ones"
        raise SettingsError("who asked to be forgotten can't be recognised", [fault + remedy])
    return keys


def read_forgotten(settings: Settings) -> dict[str, frozenset[str]]:
    """Pseudonyms of all who asked to be forgotten, by the name of their key.

    `settings`: with `[privacy] forgotten_file`; empty where that file is not there.
    """
    path = settings.resolve(settings.privacy.forgotten_file)
    try:
        lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    except UnicodeError:
        raise _garbled(path, 0) from None
    for number, line in enumerate(lines, 1):
        if line.strip() and not _FORGOTTEN_LINE.match(line):
            raise _garbled(path, number)
    pairs = [line.split()[:2] for line in lines if line.strip()]
    return {key: frozenset(p for k, p in pairs if k == key) for key, _ in pairs}


def _garbled(path: Path, line: int) -> SettingsError:
    """Refuses a list that can't be read: a row of who asked to be forgotten would come back."""
    where = f"{path} line {line}" if line else str(path)
    fault = f"{where}: not a key's name, a pseudonym and a day; restore it from the backup"
    return SettingsError("[privacy] forgotten_file is damaged", [fault])


def _labels(table: str) -> list[str]:
    """Text columns of a table that are neither keys, nor chosen from a list, nor free text."""
    apart = {*LINEAGE, *FREE_TEXT, *IDENTIFIERS}
    texts = [FIELDS[name] for name in TABLES[table].columns if name not in apart]
    return [
        field.name
        for field in texts
        if field.type == "VARCHAR" and not field.choices and not field.name.endswith("_id")
    ]


_NOTHING = pd.DataFrame(
    {
        "source_row": pd.Series([], dtype="int64"),
        "column_name": pd.Series([], dtype="str"),
        "scope": pd.Series([], dtype="str"),
        "reason": pd.Series([], dtype="str"),
    }
)


def _refused(rows: pd.DataFrame, name: str, scope: str, reason: str | pd.Series) -> pd.DataFrame:
    refused = pd.DataFrame({"source_row": rows["source_row"], "reason": reason})
    return refused.assign(column_name=name, scope=scope)[list(_NOTHING.columns)]


def masked(values: pd.Series) -> pd.Series:
    """The shape of each value, letters as x and digits as 9, to show why it was refused.

    `values`: texts. Of each its first 40 characters; missing stays missing.
    """
    shape = values.astype("str").str.slice(0, 40)
    shape = shape.str.replace(_LETTER, "x", regex=True)
    return shape.str.replace(_DIGIT, "9", regex=True)


def file_name(name: str, table: str, file_hash: str) -> str:
    """A file's name as it may be kept: without numbers and e-mails, but for files of the network.

    `name`: path of the source file, below the configuration. `table`: which table it gives.

    What is taken out is replaced by the first digits of `file_hash`, which keep names apart.
    """
    kept = name if table in _NETWORK else redact.code(name)
    return name if kept == name else f"{kept}~{file_hash[:8]}"


def published_name(name: str, table: str, file_hash: str) -> str:
    """A file as the marts name it: one of a table of persons by its hash and kind alone.

    `name`: as `file_name` keeps it. `table`: which table it gives. `file_hash`: of its content.
    """
    if table not in (*PERSONS, "nps_invite"):
        return name
    suffixes = Path(name.split("~", maxsplit=1)[0].lower()).suffixes
    kinds = [suffix for suffix in suffixes if suffix in _KINDS]
    return f"{table}~{file_hash[:8]}{''.join(kinds)}"
