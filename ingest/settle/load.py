"""One source file -> accepted rows in pieces by day, refused rows, and a note that it is done.

Loading a file again does nothing: its load is named after its content, its mapping and all that
changes how it is read.
"""

import functools
import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from contracts.errors import HexperienceError, InputError
from contracts.settings.sections import Settings
from contracts.source import Source
from contracts.tables import TABLES
from ingest import sources
from ingest.clean import doubts, periods
from ingest.clean.rows import Cleaned, clean
from ingest.clock import HALF_DAY, day_instant, local_days
from ingest.containers import paths
from ingest.counters import plain, references
from ingest.counters.plain import Coded, PlainFile
from ingest.privacy import door, redact
from ingest.running.logs import where
from ingest.sources import parquet
from ingest.warehouse import retain
from ingest.warehouse.store import WHOLE, Warehouse

_METHOD = "load-5"
_DAYS_OF_A_YEAR = 366


@dataclass(frozen=True)
class FileToLoad:
    """One file, how to read it, and the zones of cells that have their own."""

    path: Path
    source: Source
    settings: Settings
    zones: tuple[tuple[str, str], ...] = ()
    shared: tuple[str, ...] = ()
    """Ids under which the inventory has cells of several technologies."""


@dataclass(frozen=True)
class Loaded:
    """What became of one file's rows, or its faults."""

    table: str
    load: str
    facts: dict[str, Any]
    faults: list[str]


def files_of(source: Source, settings: Settings) -> list[Path]:
    """Files that a source names, ascending; none where its glob finds nothing.

    `source`: its path may hold `*`, and lead into archives and workbooks. `settings`: a relative
    path begins at their folder.
    """
    files = paths.found(settings.resolve(source.path), source.max_gigabytes)
    return [part for file in files for part in sources.parts(file, source)]


def files_to_load(settings: Settings) -> list[FileToLoad]:
    """All files to load; raises InputError with every fault of every header.

    `settings`: the sources, and the key of pseudonyms.

    SettingsError where a source holds subscribers' numbers and there is no key to hide them.
    """
    files, faults = listed(settings)
    if faults:
        raise InputError(f"{len(faults)} fault(s) in the source files", faults)
    for task in files:
        _key_id(task)
        _names(task)
    return files


def listed(settings: Settings) -> tuple[list[FileToLoad], list[str]]:
    """Files whose header fits their mapping, and the faults of the others, in words.

    `settings`: the sources; one that names no file is a fault.
    """
    files, faults = [], []
    for source in settings.source:
        files_named = files_of(source, settings)
        if not files_named:
            faults.append(_no_file(source, settings))
        missing = {path: sources.missing_columns(path, source) for path in files_named}
        fitting = [path for path in files_named if not missing[path]]
        faults += [fault for path in files_named for fault in missing[path]]
        faults += _strangers(source, settings, fitting, len(files_named))
        files += [FileToLoad(path, source, settings) for path in fitting]
    return files, faults


def _strangers(
    source: Source, settings: Settings, fitting: list[Path], n_named: int
) -> Iterator[str]:
    """Of an archive that was named alone, the line that names only the members that fit."""
    path = settings.resolve(source.path)
    if fitting and len(fitting) < n_named and path.is_file():
        remedy = f"path = '{source.path}/**/*{fitting[0].suffix}'"
        yield f"{path}: it holds other files too; name those that are meant, such as {remedy}"


def _no_file(source: Source, settings: Settings) -> str:
    path = settings.resolve(source.path)
    holds = paths.held(path, source.max_gigabytes)
    return f"[[source]] {source.table}: no file at {path}" + (f"; {holds}" if holds else "")


def load(task: FileToLoad) -> Loaded:
    """Loads one file, unless it is loaded already.

    `task`: the file and how to read it. Its faults come back in `Loaded.faults` and are not raised;
    `facts` is then empty.
    """
    warehouse = Warehouse(task.settings.resolve(task.settings.warehouse.path))
    name = task.source.table
    try:
        file_hash = paths.content_hash(task.path, task.source.max_gigabytes)[:16]
    except OSError as error:
        return Loaded(name, "", {}, [f"{task.path}: can't be read: {error}"])
    load_id = _load_id(task, file_hash)
    facts = warehouse.read_load(name, load_id)
    if facts is not None:
        return Loaded(name, load_id, facts, [])
    if (facts := _keep_plain(task, load_id, file_hash, warehouse)) is not None:
        return Loaded(name, load_id, facts, [])
    try:
        cleaned = _clean(task, file_hash)
    except InputError as error:
        return Loaded(name, load_id, {}, [str(error)])
    if cleaned.faults:
        return Loaded(name, load_id, {}, [f"{task.path}: {fault}" for fault in cleaned.faults])
    return Loaded(name, load_id, _keep(task, load_id, file_hash, cleaned, warehouse), [])


def _clean(task: FileToLoad, file_hash: str) -> Cleaned:
    raw = _read(task)
    file = _name(task, file_hash)
    cleaned = clean(
        raw, task.source, task.settings, file=file, file_hash=file_hash, shared=task.shared
    )
    cleaned.accepted["loaded_utc"] = _arrived(task)
    return cleaned


def _arrived(task: FileToLoad) -> pd.Timestamp:
    seconds = int(paths.outer(task.path).stat().st_mtime)
    return pd.Timestamp(datetime.fromtimestamp(seconds, UTC))


def _read(task: FileToLoad) -> sources.Raw:
    """The file as read; a crash says where, and not what: Dask prints what an error quotes."""
    try:
        return sources.read(
            task.path, task.source, door=door.door(task.settings, cells=_cells(task))
        )
    except HexperienceError:
        raise
    except Exception as error:  # noqa: BLE001  of any kind, a row may stand in it
        crash = f"reading {_name(task, '')} crashed: {type(error).__name__} in {where(error)}"
    # outside of the except block, or the error would travel along as the context
    raise RuntimeError(crash)


def _name(task: FileToLoad, file_hash: str) -> str:
    name = str(_relative(task.path, task.settings.folder))
    return door.file_name(name, task.source.table, file_hash)


def _keep(
    task: FileToLoad, load_id: str, file_hash: str, cleaned: Cleaned, warehouse: Warehouse
) -> dict[str, Any]:
    name, refused, days = task.source.table, cleaned.refused, _days(cleaned.accepted, task)
    rows, expired = retain.cut(cleaned.accepted, days, name, warehouse.kept_from())
    refused = refused[~refused["source_row"].isin(expired["source_row"])]
    if name == "cell_rate":
        # cells may have zones of their own
        rows = rows.assign(day_local=pd.to_datetime(days[rows.index]).dt.date)
    for day, piece in rows.groupby(days[rows.index], sort=True):
        warehouse.write_piece(name, str(day), load_id, piece)
    if len(refused):
        warehouse.write_refused(name, load_id, refused)
    n_refused = int(refused.loc[refused["scope"] == "row", "source_row"].nunique())
    facts = {
        **_facts(task, file_hash, len(rows) + n_refused, cleaned.absent),
        "n_refused": n_refused,
        "n_expired": len(expired),
        "n_values_missing": int((refused["scope"] == "value").sum()),
        "beside": cleaned.beside,
        "unwrapped": cleaned.unwrapped,
        "losses": cleaned.losses,
    }
    # an inventory says itself which ids are of several cells
    if not any(source.table == "cell" for source in task.settings.source):
        facts["technologies"] = cleaned.technologies
    warehouse.write_load(name, load_id, facts)
    return facts


def _keep_plain(
    task: FileToLoad, load_id: str, file_hash: str, warehouse: Warehouse
) -> dict[str, Any] | None:
    """Keeps the rows of counters that need no mending; None = the file is for the other way."""
    if not plain.suits(task.source):
        return None
    try:
        file = PlainFile(task.path, task.source, task.settings)
        ids, starts = file.coded("cell_id"), file.coded("period_start_utc")
        if ids is None or starts is None or not file.is_plain(ids):
            return None
        if any(periods.faults(_first_rows(file, ids, starts, task.source), task.source)):
            return None
    except parquet.UNREADABLE:
        return None
    zone = task.settings.operator.timezone
    days, day = plain.days_of(ids, starts, dict(task.zones), zone)
    if days[0] < warehouse.kept_from().get("pm", "") or _has_gap(days):
        return None
    name, arrived = _name(task, file_hash), _arrived(task)
    if len(days) == 1 and task.path.is_file():
        path = _relative(task.path, task.settings.folder)
        lineage = {"source_file": name, "file_hash": file_hash, "loaded_utc": str(arrived)}
        note = references.reference(path, task.source, file, **lineage)
        warehouse.write_reference(days[0], load_id, note)
    else:
        # of a file of many days every day would read the whole of it
        rows = file.table(name, file_hash, arrived)
        for position, one in enumerate(days):
            warehouse.write_counters(one, load_id, rows.filter(pa.array(day == position)))
    facts = _facts(task, file_hash, file.n_rows, {})
    warehouse.write_load("pm", load_id, facts)
    return facts


def _has_gap(days: list[str]) -> bool:
    """Whether more than a year lies between two of a file's days, as behind a mistyped one."""
    steps = np.diff(np.array(days, dtype="datetime64[D]")).astype(int)
    return bool((steps > _DAYS_OF_A_YEAR).any())


def _first_rows(file: PlainFile, ids: Coded, starts: Coded, source: Source) -> pd.DataFrame:
    """What of a plain file's first rows is held against time."""
    times = starts.distinct.iloc[starts.code[: doubts.ROWS]].reset_index(drop=True)
    rows = pd.DataFrame({"cell_id": ids.code[: doubts.ROWS], "period_start_utc": times})
    for name in (*periods.CALLS, "period_s"):
        column = file.column(name, is_checked=False) if name in source.given else None
        if column is not None:
            rows[name] = column.slice(0, doubts.ROWS).to_numpy(zero_copy_only=False)
    return rows


def _facts(task: FileToLoad, file_hash: str, n_read: int, absent: dict[str, str]) -> dict[str, Any]:
    """What is noted of a file of which no row was refused."""
    return {
        "file": _name(task, file_hash),
        "hash": file_hash,
        "key": _key_id(task),
        "n_read": n_read,
        "n_refused": 0,
        "n_expired": 0,
        "n_values_missing": 0,
        "given": sorted(task.source.given - absent.keys()),
        "absent": absent,
        "partial": task.source.partial,
    }


def _days(rows: pd.DataFrame, task: FileToLoad) -> pd.Series:
    table, zone = TABLES[task.source.table], task.settings.operator.timezone
    if not table.day_of:
        return pd.Series(WHOLE, index=rows.index)
    instant = day_instant(rows) if table.name == "pm" else rows[table.day_of]
    if table.name == "cell_rate":
        instant = instant + HALF_DAY
    if "cell_id" in rows and task.zones:
        return local_days(instant, rows["cell_id"].map(dict(task.zones)).fillna(zone))
    return local_days(instant, zone)


def _hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:16]


def _load_id(task: FileToLoad, file_hash: str) -> str:
    settings = task.settings
    how = [
        _METHOD,
        file_hash,
        str(_relative(task.path, settings.folder)),
        # without defaults, so that a key that a later version adds changes no name
        task.source.model_dump(mode="json", exclude_defaults=True),
        settings.operator.model_dump(mode="json"),
        settings.grid.level,
        _key_id(task),
        _names(task),
        task.zones,
        task.shared,
        _centroids_hash(task),
        _cells_id(task),
    ]
    text = json.dumps(how, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _centroids_hash(task: FileToLoad) -> str:
    path = task.settings.resolve(task.settings.operator.postcodes)
    located = task.source.given & {"postcode", "place_text"}
    return _hash_once(path, path.stat().st_mtime_ns) if located and path.is_file() else ""


@functools.lru_cache(maxsize=1)
def _hash_once(path: Path, changed: int) -> str:  # noqa: ARG001  (a new file is hashed anew)
    return _hash(path)


def _key_id(task: FileToLoad) -> str:
    holds_persons = task.source.given & set(door.IDENTIFIERS)
    return door.door(task.settings).keys()[-1].id if holds_persons else ""


def _cells(task: FileToLoad) -> frozenset[str]:
    """Bare ids of the inventory, by which the door knows what is a cell and no telephone number."""
    if task.source.table not in door.PERSONS or not task.source.given & set(door.CELL_IDS):
        return frozenset()
    warehouse = Warehouse(task.settings.resolve(task.settings.warehouse.path))
    columns = ["cell_id", "known_as", "previous_cell_id", "ecgi_or_ncgi"]
    ids = warehouse.read("cell", columns=columns).melt()["value"].dropna().unique()
    return frozenset(door.bare(text) for text in ids if redact.code(text) != text)


def _cells_id(task: FileToLoad) -> list[str]:
    """What of the inventory a file is read with: another cell of many digits reads it anew."""
    return sorted(_cells(task))


def _names(task: FileToLoad) -> list[str]:
    holds_text = task.source.given & set(door.FREE_TEXT)
    return sorted(door.door(task.settings).names) if holds_text else []


def _relative(path: Path, folder: Path) -> Path:
    return path.relative_to(folder) if path.is_relative_to(folder) else path
