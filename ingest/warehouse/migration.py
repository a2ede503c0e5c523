"""An older warehouse under newer software: what stays, what is renamed, what is made anew.

Pieces of source files, receipts, acknowledgements and what was stated of changes stay. Tables that
can be made of them are taken away, and the run that follows makes them anew.
"""

import hashlib
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from contracts.errors import InputError, NothingFound
from contracts.tables import SCHEMA_VERSION, TABLES
from ingest.warehouse.files import make_folder, put_rows, read_rows, write_note
from ingest.warehouse.store import Warehouse

_SETTLED = ("source", "middle")
"""Layers that ingest makes of the files."""

_LASTING = ("cell_hour", "cell_day")
"""Tables whose days stay where the files behind them are no longer kept."""

_RENAMED = {5: {"change_point": {"told_utc": "stated_utc"}}}
"""Columns that a schema renamed, old -> new, by its version and by table.

Only tables whose rows outlive a run stand here; all others are made anew.
"""


_REMADE = ("benefit", "plan_budget", "priority")
"""Finding tables whose columns schema 5 or 6 changed: nobody may read them before the next run."""


def migrate(warehouse: Warehouse) -> None:
    """Brings an older warehouse up to this software's tables; a second call changes nothing.

    `warehouse`: one without tables is only marked with the schema.

    Raises InputError where a newer software wrote here.
    """
    wanted = {"version": SCHEMA_VERSION, "columns": _columns_id()}
    present = _schema(warehouse)
    if present["version"] > SCHEMA_VERSION:
        fault = f"it has schema {present['version']}, this software knows {SCHEMA_VERSION}: "
        remedy = "install the newer hexperience again, or restore a backup of the folder"
        raise InputError(f"{warehouse.path} was written by a newer hexperience", [fault + remedy])
    _move_log(warehouse)
    if present != wanted:
        _rename_columns(warehouse, since=present["version"])
        _take_settled(warehouse)
        # last: a stop before it is mended by the next call
        write_note(_note(warehouse), wanted)


def refuse_older(warehouse: Warehouse) -> None:
    """Raises NothingFound where the tables are of an older schema, and names the remedy.

    `warehouse`: as a run left it; one without a run is not refused. For who reads tables without a
    run before it.
    """
    version = _schema(warehouse)["version"]
    if warehouse.days("run") and version < SCHEMA_VERSION:
        fault = f"its tables are of schema {version}, this software reads {SCHEMA_VERSION}"
        raise NothingFound(f"{warehouse.path}: {fault}; do 'hexperience run' first")


def _schema(warehouse: Warehouse) -> dict[str, Any]:
    # the first layout had no note
    return warehouse.note(_note(warehouse)) or {"version": 1}


def _note(warehouse: Warehouse) -> Path:
    return warehouse.path / "schema.json"


def _columns_id() -> str:
    """A name for all columns that settled tables are made of: another one = settle anew."""
    columns = {
        table.name: [*map(str, table.schema), *table.key, table.day_of]
        for table in TABLES.values()
        if table.layer in _SETTLED
    }
    return hashlib.sha256(json.dumps(columns, sort_keys=True).encode()).hexdigest()[:16]


def _move_log(warehouse: Warehouse) -> None:
    """Moves the log of acknowledgements into the folder that it has since 0.3, if it is ours.

    Another user's stays where that one can write it, and is read there.
    """
    before, log = warehouse.path / "acknowledgements.sqlite", warehouse.marts.log
    is_at_work = before.with_name(f"{before.name}-journal").exists()
    if log == before and before.lstat().st_uid == os.geteuid() and not is_at_work:
        make_folder(before.with_suffix(""))
        before.rename(before.with_suffix("") / before.name)


# ----------------------------------------------------------------------------- what is renamed


def _rename_columns(warehouse: Warehouse, *, since: int) -> None:
    """Gives columns their present names in tables that outlive a run; rows stay as they are."""
    for version, tables in sorted(_RENAMED.items()):
        for name, names in tables.items() if version > since else ():
            for path in warehouse.files(name):
                _rename(path, names)


def _rename(path: Path, names: Mapping[str, str]) -> None:
    rows = read_rows(path)
    columns = [names.get(column, column) for column in rows.column_names]
    if columns != rows.column_names:
        put_rows(path, rows.rename_columns(columns))


# --------------------------------------------------------------------------- what is made anew


def _take_settled(warehouse: Warehouse) -> None:
    # the notes first: a crash from here on must not leave them without their tables
    if (notes := warehouse.path / "settled").exists():
        shutil.rmtree(notes)
    for path in [path for name in _REMADE for path in warehouse.files(name)]:
        path.unlink()
    lasting = [day for day, loads in warehouse.counter_days().items() if not loads]
    for path in _settled_files(warehouse):
        if not (path.parent.name in _LASTING and path.stem in lasting):
            path.unlink()


def _settled_files(warehouse: Warehouse) -> Iterator[Path]:
    for table in TABLES.values():
        if table.layer in _SETTLED:
            yield from warehouse.files(table.name)
