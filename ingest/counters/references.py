"""Counters that stay in their file: a plain file of one day has a reference in place of a piece.

A run asks for every file's content first, and forgets references to files that went or changed:
so what a reference names is there, and is what it was. Where rows of a day must be judged one by
one, references become pieces.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.compute as pc

from contracts.errors import InputError
from contracts.settings.sections import Settings
from contracts.source import Source
from ingest.containers import paths
from ingest.counters.plain import PlainFile
from ingest.warehouse.store import Warehouse


def reference(path: Path, source: Source, file: PlainFile, **lineage: str) -> dict[str, Any]:
    """What is noted of a plain file so that its rows can be read again.

    `path`: of the file. `source`: the mapping. `file`: the file. `lineage`: source_file, file_hash
    and loaded_utc, as its rows have them.
    """
    how = source.model_dump(mode="json")
    return {"path": str(path), "source": how, "n_rows": file.n_rows, **lineage}


def opened(note: Mapping[str, Any], settings: Settings) -> PlainFile:
    """The file that a reference names. `note`: the reference. `settings`: of the run."""
    source = Source.model_validate(note["source"])
    return PlainFile(settings.resolve(note["path"]), source, settings)


def make_pieces(warehouse: Warehouse, settings: Settings, day: str) -> None:
    """Puts pieces in place of all references of a day.

    `warehouse`: with the references. `settings`: of the run. `day`: local day as YYYY-MM-DD.
    """
    for load, note in warehouse.references(day).items():
        rows = opened(note, settings).table(*_lineage(note))
        warehouse.write_counters(day, load, rows)
        warehouse.forget_reference(day, load)


def rows_on(warehouse: Warehouse, settings: Settings, day: str, cell_id: str) -> pd.DataFrame:
    """Rows of one cell on a day, from pieces and from the files that references name.

    `warehouse`: with both. `settings`: of its configuration. `day`: local day as YYYY-MM-DD.
    `cell_id`: as the files have it. InputError for a file that is not what it was.
    """
    parts = [warehouse.read_pieces("pm", day, only=("cell_id", [cell_id]))]
    for note in warehouse.references(day).values():
        _refuse_changed(note, settings)
        rows = opened(note, settings).table(*_lineage(note))
        parts.append(rows.filter(pc.equal(rows["cell_id"], cell_id)).to_pandas())
    filled = [part for part in parts if len(part)]
    return pd.concat(filled, ignore_index=True) if filled else parts[0]


def _lineage(note: Mapping[str, Any]) -> tuple[str, str, pd.Timestamp]:
    return note["source_file"], note["file_hash"], pd.Timestamp(note["loaded_utc"])


def _refuse_changed(note: Mapping[str, Any], settings: Settings) -> None:
    path = settings.resolve(note["path"])
    gigabytes = note["source"]["max_gigabytes"]
    if not path.is_file() or paths.content_hash(path, gigabytes)[:16] != note["file_hash"]:
        fault = f"{path}: gone or changed since the run; bring it back, or run again"
        raise InputError("source rows stand in the source files", [fault])
