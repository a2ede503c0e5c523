"""The settled inventory: newest rows, time zones, regions."""

import hashlib
from typing import Any

import pandas as pd

from contracts.errors import InputError
from contracts.settings.sections import Settings
from contracts.tables import TABLES
from geo import hexgrid, regions
from geo.sites import with_sites
from ingest.clean.cell_identity import kept_apart, shared_ids
from ingest.counters.carriers import with_blocks
from ingest.settle.digest import digest
from ingest.settle.inventory import continued
from ingest.settle.load import Loaded
from ingest.settle.one_per_key import one_per_key
from ingest.warehouse.store import WHOLE, Warehouse


def newest_rows(cells: pd.DataFrame) -> pd.DataFrame:
    """One row a cell, the one valid from the latest day; a row without a day is the oldest.

    `cells`: rows of table `cell`, several a cell where it changed.
    """
    dated = cells.sort_values(["cell_id", "valid_from"], na_position="first", kind="stable")
    return dated.drop_duplicates("cell_id", keep="last")


def zones_of(cell_ids: pd.Series, cells: pd.DataFrame, settings: Settings) -> pd.Series | str:
    """Zone of each row's cell; one text where no cell has a zone of its own.

    `cell_ids`: cell_id of each row. `cells`: rows of table `cell`, those with a missing `timezone`
    too. `settings`: the operator's zone counts for a cell without one of its own, or that is not in
    `cells`.
    """
    # most inventories name none, and this is asked for every day
    own = (
        newest_rows(cells).dropna(subset=["timezone"]) if cells["timezone"].notna().any() else None
    )
    if own is None or own.empty:
        return settings.operator.timezone
    return cell_ids.map(own.set_index("cell_id")["timezone"]).fillna(settings.operator.timezone)


def settle_inventory(
    warehouse: Warehouse, settings: Settings, loaded: list[Loaded]
) -> dict[str, Any]:
    """Cells with their sites, sectors and regions; returns the facts of that.

    `warehouse`: with the pieces of table `cell`. `settings`: grid, operator and regions. `loaded`:
    the run's files, those of other tables too. Raises InputError where the file of regions is not
    there.
    """
    loads = sorted(item.load for item in loaded if item.table == "cell")
    how = digest(
        "inventory-4",
        loads,
        settings.grid.level,
        settings.operator.model_dump(),
        _content(settings.operator.regions, settings),
    )
    done = warehouse.read_settled("cell", WHOLE)
    if done is not None and done["signature"] == how:
        return done
    warehouse.forget_settled("cell", WHOLE)
    pieces = warehouse.read_pieces("cell", WHOLE)
    shared = shared_ids(pieces)
    pieces["cell_id"] = kept_apart(pieces["cell_id"], pieces["technology"], shared)
    rows, again = one_per_key(pieces, TABLES["cell"])
    cells, faults = continued(_with_regions(with_blocks(with_sites(rows)), settings))
    warehouse.write_repeated("cell", WHOLE, pd.concat([again, faults], ignore_index=True))
    warehouse.write("cell", cells)
    facts = {
        "table": "cell",
        "signature": how,
        "n_accepted": len(rows),
        "n_refused": len(again),
        "as_of": "",
        "shared": sorted(shared),
    }
    warehouse.write_settled("cell", WHOLE, facts)
    return facts


def _content(path: str, settings: Settings) -> str:
    file = settings.resolve(path)
    if path and not file.is_file():
        raise InputError("[operator] regions can't be read", [f"{file}: no such file"])
    return hashlib.sha256(file.read_bytes()).hexdigest() if path else ""


def _with_regions(cells: pd.DataFrame, settings: Settings) -> pd.DataFrame:
    polygons = regions.polygons(settings)
    if polygons is None:
        return cells
    placed = cells["lat"].notna()
    hexes = hexgrid.hexes_of(
        lat=cells.loc[placed, "lat"], lon=cells.loc[placed, "lon"], level=settings.grid.level + 1
    )
    region = regions.regions_of(hexes, polygons).set_axis(cells.index[placed])
    return cells.assign(region=cells["region"].fillna(region))
