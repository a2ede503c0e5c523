"""Pieces of many files -> one table per day: repetitions refused, counters rolled up.

A day is done again only when its files, the inventory or the method changed.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

import pandas as pd

from contracts.settings.sections import Settings
from contracts.tables import TABLES
from ingest.clock import local_days
from ingest.settle import carriers, inventory, rollup
from ingest.settle.cells import zones_of
from ingest.settle.digest import digest
from ingest.settle.one_per_key import newest_first, one_per_key
from ingest.warehouse.store import WHOLE, Warehouse

_METHOD = "settle-3"
# an id that is made of file and row (`call`) can't be another day's
_CORRECTED = ("complaint", "nps")
_GRAINS = {
    "instant": pd.Timedelta(0),
    "hour": pd.DateOffset(hours=1),
    "day": pd.DateOffset(days=1),
    "month": pd.DateOffset(months=1),
}


@dataclass(frozen=True)
class DayToSettle:
    """One table's day, the files that speak of it, and what its roll-up depends on."""

    table: str
    day: str
    loads: tuple[str, ...]
    settings: Settings
    inventory: str = ""
    """Digest of what is used of the inventory that day: zones, weights, blocks, changed ids."""
    moved: tuple[str, ...] = ()
    """Keys of rows that a newer file has under another day."""

    @property
    def signature(self) -> str:
        """Name of all that the day's tables depend on."""
        zone = self.settings.operator.timezone
        return digest(_METHOD, self.loads, self.inventory, zone, self.moved)


def moved_keys(warehouse: Warehouse, name: str, days: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Of each day, the keys whose newest row lies on another: their time was corrected.

    `warehouse`: with the pieces of all files. `name`: the source table. `days`: local days as
    YYYY-MM-DD; a day without such keys is left out.

    Only of tables whose key does not hold the time, and whose source gives it.
    """
    table, days = TABLES[name], list(days)
    if name not in _CORRECTED or not days:
        return {}
    several = warehouse.keys_of_several_days(name, days)
    if several.empty:
        return {}
    columns = [*table.key, "loaded_utc", "source_file", "source_row"]
    parts = [
        warehouse.read_pieces(
            name, str(day), columns=columns, only=(table.key[0], keys.to_list())
        ).assign(day=day)
        for day, keys in several.groupby("day")["key"]
    ]
    rows = newest_first(pd.concat(parts), table)
    moved = rows[rows["day"] != rows.groupby(list(table.key))["day"].transform("first")]
    return {str(day): tuple(sorted({*ids})) for day, ids in moved.groupby("day")[table.key[0]]}


def settle_day(task: DayToSettle) -> dict[str, Any]:
    """Settles one day unless that is done; returns its row counts and its newest instant.

    `task`: the day, and what it depends on; a day with its signature is done.
    """
    warehouse = Warehouse(task.settings.resolve(task.settings.warehouse.path))
    done = warehouse.read_settled(task.table, task.day)
    if done is not None and done["signature"] == task.signature:
        return done
    # a crash from here on must not leave new tables under an old note
    warehouse.forget_settled(task.table, task.day)
    pieces = _under_newest_ids(warehouse.read_pieces(task.table, task.day), task, warehouse)
    rows, again = one_per_key(pieces, TABLES[task.table], moved=task.moved)
    warehouse.write_repeated(task.table, task.day, again)
    if task.table == "pm" and not task.loads:
        _spread(warehouse.read("cell_day", days=[task.day]), task, warehouse)
    elif task.table == "pm":
        _roll_up(rows, task, warehouse)
    else:
        warehouse.write(task.table, rows, day=task.day)
    facts = {
        "table": task.table,
        "day": task.day,
        "signature": task.signature,
        "n_accepted": len(rows),
        "n_refused": len(again),
        "as_of": _as_of(rows, task),
    }
    warehouse.write_settled(task.table, task.day, facts)
    return facts


def _under_newest_ids(
    pieces: pd.DataFrame, task: DayToSettle, warehouse: Warehouse
) -> pd.DataFrame:
    days: pd.Series | str | None = task.day if task.day != WHOLE else None
    if task.table in ("outage", "intervention"):
        days = local_days(pieces["start_utc"], task.settings.operator.timezone)
    elif task.table == "subscriber_base":
        days = pieces["month"].astype("str")
    return inventory.under_newest_ids(pieces, warehouse.read("cell"), days)


def _roll_up(pm: pd.DataFrame, task: DayToSettle, warehouse: Warehouse) -> None:
    cells = warehouse.read("cell")
    pm = carriers.in_blocks(pm, inventory.blocks_on(cells, date.fromisoformat(task.day)))
    zones = zones_of(pm["cell_id"], cells, task.settings)
    hours = rollup.cell_hours(pm, zones)
    days = rollup.cell_days(hours, rollup.day_totals(pm, zones))
    warehouse.write("cell_hour", hours, day=task.day)
    warehouse.write("cell_day", days, day=task.day)
    _spread(days, task, warehouse)


def _spread(days: pd.DataFrame, task: DayToSettle, warehouse: Warehouse) -> None:
    weights = warehouse.read("cell_hex", days=[str(task.settings.grid.level)])
    warehouse.write("hex_day", rollup.hex_days(days, weights), day=task.day)


def _as_of(rows: pd.DataFrame, task: DayToSettle) -> str:
    """End of the newest period or event, as ISO text; empty for a table without time."""
    start = TABLES[task.table].day_of
    if rows.empty or not start:
        return ""
    if task.table == "pm":
        end = (rows[start] + pd.to_timedelta(rows["period_s"], unit="s")).max()
        return str(end.isoformat())
    # a month ends by the local calendar
    local = rows[start].dt.tz_convert(task.settings.operator.timezone)
    newest = local.groupby(rows["time_grain"]).max()
    end = max(instant + _GRAINS[str(grain)] for grain, instant in newest.items())
    return str(end.tz_convert("UTC").isoformat())
