"""The story of the wing: source files -> settled tables, hexagons and a receipt."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import pandas as pd
from dask.distributed import Client

from contracts.errors import InputError
from contracts.kpis import catalogue
from contracts.settings.sections import Settings
from contracts.tables import SCHEMA_VERSION, SOURCES
from ingest.clean.cell_identity import shared_of_counters
from ingest.privacy import door
from ingest.quality import availability, cell_days, lateness, notes, surveys
from ingest.running.cluster import code_id, same_everywhere
from ingest.running.workers import Progress, each, silent
from ingest.settle.cells import newest_rows, settle_inventory
from ingest.settle.counted import settle_counted
from ingest.settle.days import DayToSettle, moved_keys, settle
from ingest.settle.digest import digest
from ingest.settle.footprints import settle_footprints
from ingest.settle.hex_places import write_hex_places
from ingest.settle.inventory import changed_ids, names_of_blocks
from ingest.settle.load import FileToLoad, Loaded, files_to_load, load
from ingest.warehouse import lineage, retain
from ingest.warehouse.migration import migrate
from ingest.warehouse.store import WHOLE, Warehouse

# where the ids are noted that counters of several technologies share
_SHARED = "shared"
_NOT_COUNTERS = tuple(name for name in SOURCES if name not in ("cell", "pm"))


def run(settings: Settings, client: Client, progress: Progress = silent) -> pd.DataFrame:
    """Reads everything that is new and settles every day it touches; returns table `receipt`.

    `settings`: all of them. `client`: of the workers. `progress`: called as the work goes on.

    Raises InputError with the faults of all files at once; a file at fault is not loaded, the
    others are kept.
    """
    return run_files(files_to_load(settings), settings, client, progress)


def run_files(
    files: list[FileToLoad], settings: Settings, client: Client, progress: Progress = silent
) -> pd.DataFrame:
    """As `run`, of these files: the warehouse forgets what all others gave.

    `files`: as `files_to_load` gives them. `settings`, `client` and `progress`: as of `run`.
    """
    warehouse = Warehouse(settings.resolve(settings.warehouse.path))
    if settings.run.on_a_cluster:
        same_everywhere(client, settings, [task.path for task in files])
    migrate(warehouse)
    loaded, inventory = _load(files, warehouse, settings, client, progress)
    _forget_absent(warehouse, loaded)
    run_id = run_id_of(loaded, inventory["signature"], settings, warehouse.kept_from())
    events = _days(warehouse, settings)
    facts = settle(client, events, label="settling events", progress=progress)
    _drop_absent(warehouse, events)
    progress("placing cells", 0, 1)
    spread = settle_footprints(warehouse, settings, _made_from(inventory, facts))
    settle_counted(warehouse, settings)
    progress("placing cells", 1, 1)
    counters = _counter_days(warehouse, settings, spread)
    facts += settle(client, counters, label="rolling up days", progress=progress)
    _drop_absent(warehouse, counters, names=("pm",))
    write_hex_places(warehouse, settings)
    # first: all findings from here on carry this run's id
    warehouse.write("run", _run_facts(facts, settings, run_id))
    retain.carry(warehouse)
    warehouse.write_findings(
        {
            "receipt": _receipt(loaded, [inventory, *facts]),
            "lineage": lineage.of_files(warehouse),
            "cell_quality": cell_days.find(warehouse, settings),
            "survey_response": _responses(warehouse, settings),
            "kpi": availability.kpi_rows(warehouse.loads("pm").values(), catalogue(settings.kpi)),
        }
    )
    lateness.note_arrivals(warehouse, settings)
    receipt = warehouse.read("receipt")
    warehouse.write_findings({"quality": notes.notes(warehouse, receipt, settings)})
    return receipt


def run_id_of(
    loaded: list[Loaded], inventory: str, settings: Settings, kept_from: Mapping[str, str]
) -> str:
    """The same for the same input, settings and code: a second run changes nothing.

    `loaded`: all files of the run. `inventory`: signature of the settled one. `settings`: all of
    them; folders, `[run]`, `[report]`, `[retention]` and `[screen]` do not count. `kept_from`:
    first kept days by kind of row, as YYYY-MM-DD. Input is also whose rows are forgotten, and
    which days are no longer kept.
    """
    apart = {"folder", "warehouse", "run", "report", "retention", "screen"}
    how = settings.model_dump(mode="json", exclude=apart)
    forgotten = {key: sorted(who) for key, who in door.read_forgotten(settings).items()}
    loads = sorted(item.load for item in loaded)
    return digest(loads, inventory, how, code_id(), forgotten, kept_from)[:12]


def software_version() -> str:
    """Version of the installed package, or of the checkout."""
    try:
        return version("hexperience")
    except PackageNotFoundError:
        return "checkout"


def _load(
    files: list[FileToLoad],
    warehouse: Warehouse,
    settings: Settings,
    client: Client,
    progress: Progress,
) -> tuple[list[Loaded], dict[str, Any]]:
    """Everything that became of the files, and the facts of the inventory.

    Cells come first: counters are cut into days by their cell's own zone.
    """
    cells = [load(task) for task in files if task.source.table == "cell"]
    warehouse.keep_loads("cell", {item.load for item in cells})
    inventory = settle_inventory(warehouse, settings, cells)
    settled = warehouse.read("cell").dropna(subset=["timezone"])
    before = settled.dropna(subset=["known_as"]).assign(cell_id=lambda rows: rows["known_as"])
    zones = newest_rows(pd.concat([before, newest_rows(settled)]))
    own = tuple(zip(zones["cell_id"], zones["timezone"], strict=True))
    others = [
        replace(task, zones=own if task.source.table == "pm" else ())
        for task in files
        if task.source.table != "cell"
    ]
    read = partial(each, client, load, label="reading files", progress=progress, rows_of=_rows_read)
    if cells:
        loaded = cells + read(_kept_apart(others, inventory["shared"]))
    else:
        loaded = _load_alone(others, warehouse, read)
    if faults := [fault for item in loaded for fault in item.faults]:
        raise InputError(f"{len(faults)} fault(s) in the source files", faults)
    return loaded, inventory


def _kept_apart(files: list[FileToLoad], shared: list[str]) -> list[FileToLoad]:
    """The files; those whose rows tell their technology with the ids that it keeps apart."""
    return [
        replace(task, shared=tuple(shared)) if "technology" in task.source.given else task
        for task in files
    ]


def _load_alone(
    files: list[FileToLoad],
    warehouse: Warehouse,
    read: Callable[[list[FileToLoad]], list[Loaded]],
) -> list[Loaded]:
    """As `_load`, without an inventory: which ids several technologies share, the counters say.

    They are noted, so that the next run reads no file twice.
    """
    shared = (warehouse.read_settled(_SHARED, WHOLE) or {}).get("shared", [])
    loaded = read(_kept_apart(files, shared))
    seen = sorted(shared_of_counters(item.facts.get("technologies", {}) for item in loaded))
    if seen == shared or any(item.faults for item in loaded):
        return loaded
    warehouse.write_settled(_SHARED, WHOLE, {"shared": seen})
    return read(_kept_apart(files, seen))


def _rows_read(loaded: Loaded) -> int:
    return int(loaded.facts.get("n_read", 0))


def _forget_absent(warehouse: Warehouse, loaded: list[Loaded]) -> None:
    for name in SOURCES:
        warehouse.keep_loads(name, {item.load for item in loaded if item.table == name})


def _days(warehouse: Warehouse, settings: Settings) -> list[DayToSettle]:
    """Days of everything but cells and counters."""
    ids = digest(changed_ids(warehouse.read("cell")))
    days_of = {name: warehouse.piece_days(name) for name in _NOT_COUNTERS}
    moved = {name: moved_keys(warehouse, name, days) for name, days in days_of.items()}
    return [
        DayToSettle(name, day, tuple(loads), settings, ids, moved[name].get(day, ()))
        for name, days in days_of.items()
        for day, loads in days.items()
    ]


def _counter_days(
    warehouse: Warehouse, settings: Settings, spread: dict[str, str]
) -> list[DayToSettle]:
    cells = warehouse.read("cell")
    zones = newest_rows(cells)[["cell_id", "timezone"]].dropna()
    own, ids = zones.to_numpy().tolist(), changed_ids(cells)
    days = warehouse.counter_days()
    blocks = names_of_blocks(cells, days)
    return [
        DayToSettle("pm", day, tuple(loads), settings, digest(own, ids, spread[day], blocks[day]))
        for day, loads in days.items()
    ]


def _made_from(inventory: dict[str, Any], facts: list[dict[str, Any]]) -> dict[str, Any]:
    """Signatures of what footprints are made from."""
    return {
        "cell": inventory["signature"],
        "coverage": [fact["signature"] for fact in facts if fact["table"] == "coverage"],
        "call": {fact["day"]: fact["signature"] for fact in facts if fact["table"] == "call"},
    }


def _drop_absent(
    warehouse: Warehouse, days: list[DayToSettle], *, names: tuple[str, ...] = _NOT_COUNTERS
) -> None:
    for name in names:
        kept_days = {task.day for task in days if task.table == name}
        tables = ("cell_hour", "cell_day", "hex_day") if name == "pm" else (name,)
        warehouse.forget_days(name, keep=kept_days, tables=tables)


def _responses(warehouse: Warehouse, settings: Settings) -> pd.DataFrame:
    return surveys.responses(
        warehouse.read("nps_invite"),
        warehouse.read("nps"),
        zone=settings.operator.timezone,
        fewest=settings.privacy.min_subscribers,
    )


def _receipt(loaded: list[Loaded], settled: list[dict[str, Any]]) -> pd.DataFrame:
    names = ["n_read", "n_refused", "n_values_missing"]
    total = pd.DataFrame([{"table_name": i.table, **i.facts} for i in loaded])
    total = total.groupby("table_name")[names].sum()
    again = pd.DataFrame(settled).groupby("table")["n_refused"].sum()
    total["n_refused"] += again.reindex(total.index).fillna(0).astype(int)
    total["n_accepted"] = total["n_read"] - total["n_refused"]
    return total.reset_index()


def _run_facts(facts: list[dict[str, Any]], settings: Settings, run_id: str) -> pd.DataFrame:
    newest = max((fact["as_of"] for fact in facts), default="") or None
    return pd.DataFrame(
        [
            {
                "run_id": run_id,
                "operator_name": settings.operator.name,
                "timezone": settings.operator.timezone,
                "level": settings.grid.level,
                "as_of_utc": pd.Timestamp(newest) if newest else pd.NaT,
                "software_version": software_version(),
                "schema_version": SCHEMA_VERSION,
            }
        ]
    )
