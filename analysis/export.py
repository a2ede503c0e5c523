"""Settled tables as Zarr cubes for other tools, built in parts so that memory stays bounded."""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pandas as pd
import xarray as xr

from analysis import cube
from contracts.errors import NothingFound
from contracts.settings.sections import Settings
from contracts.tables import TABLES
from ingest.running.workers import Progress, silent
from ingest.settle.cells import zones_of
from ingest.warehouse.store import Warehouse

CUBES = {"cell_hour": ("cell_id", "hour_start_utc"), "hex_day": ("hex_id", "day_local")}
"""Tables that can be had as cubes, and what their axes are labelled by."""

# places times periods in memory at once, of each variable
_VALUES_A_PART = 500_000


def export(settings: Settings, table: str, out: Path, progress: Progress = silent) -> None:
    """Writes `cell_hour` (cell, hour) or `hex_day` (hex, day) as a Zarr store, whole or not at all.

    `settings`: name the warehouse. `table`: one of the two. `out`: folder of the store, not there
    yet. `progress`: is called with what is done, how much of it, and how much there is. Raises
    NothingFound for another table or an empty one, InputError where `out` is taken.
    """
    if table not in CUBES:
        raise NothingFound(f"no cube of '{table}'; there are: {', '.join(CUBES)}")
    warehouse = Warehouse(settings.resolve(settings.warehouse.path))
    if not warehouse.days(table):
        raise NothingFound(f"{warehouse.path}: {table} is empty; do 'hexperience run' first")
    with warehouse.alone():
        cube.write_zarr(_parts(warehouse, settings, table, progress), out)


def _parts(
    warehouse: Warehouse, settings: Settings, table: str, progress: Progress
) -> Iterator[xr.Dataset]:
    """The cube in parts of whole places, all on the same time axis."""
    label, _ = CUBES[table]
    places, times = _labels(warehouse, table)
    build = _builder(warehouse, settings, table, times)
    attributes = _attributes(warehouse, table)
    size = max(_VALUES_A_PART // len(times), 1)
    for start in range(0, len(places), size):
        progress(f"writing {table}", start, len(places))
        labels = places[start : start + size].to_list()
        rows = warehouse.read(table, columns=_columns(table), only=(label, labels))
        yield build(rows).assign_attrs(attributes)
    progress(f"writing {table}", len(places), len(places))


def _labels(warehouse: Warehouse, table: str) -> tuple[pd.Series, pd.Series]:
    """Every place and every time of a table, ascending, read a day at a time."""
    days = [warehouse.read(table, days=[d], columns=CUBES[table]) for d in warehouse.days(table)]
    place, time = (
        pd.concat([day[name].drop_duplicates() for day in days]).drop_duplicates().sort_values()
        for name in CUBES[table]
    )
    return place, time


def _builder(
    warehouse: Warehouse, settings: Settings, table: str, times: pd.Series
) -> Callable[[pd.DataFrame], xr.Dataset]:
    """What makes a cube of rows of a table, on the axis of all `times`."""
    if table == "hex_day":
        return partial(cube.of_hex_days, axis=cube.day_axis(times))
    operator, cells = settings.operator, warehouse.read("cell")
    outages, axis = warehouse.read("outage"), cube.hour_axis(times)

    def build(rows: pd.DataFrame) -> xr.Dataset:
        ids = pd.Series(rows["cell_id"].unique())
        zones = zones_of(ids, cells, settings)
        return cube.of_cell_hours(
            rows,
            zones=zones if isinstance(zones, str) else zones.set_axis(ids),
            outages=outages,
            weekend=operator.weekend,
            country=operator.country,
            subdivision=operator.subdivision,
            axis=axis,
        )

    return build


def _columns(table: str) -> list[str]:
    if table == "hex_day":
        return list(TABLES[table].columns)
    return [*CUBES[table], *cube.HOURLY]


def _attributes(warehouse: Warehouse, table: str) -> dict[str, str]:
    """Whose data a cube holds, and of which run; by the CF conventions."""
    run = warehouse.read("run").iloc[0]
    return {
        "title": f"{table}: {TABLES[table].grain}",
        "institution": str(run["operator_name"]),
        "source": f"Hexperience {run['software_version']}, run {run['run_id']}",
        "history": f"data as of {run['as_of_utc'].isoformat()}",
    }
