"""Pieces of many files -> one table per day: repetitions refused, counters rolled up.

A day is done again only when its files, the inventory or the method changed.
"""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from itertools import chain
from typing import Any

import pandas as pd
from dask.distributed import Client

from contracts.settings.sections import Settings
from contracts.tables import TABLES
from ingest.clock import local_days
from ingest.running.workers import Progress, each, silent
from ingest.settle import counter_days, inventory
from ingest.settle.counter_days import DayDone, Network
from ingest.settle.digest import digest
from ingest.settle.one_per_key import newest_first, one_per_key
from ingest.warehouse.store import WHOLE, Warehouse

_METHOD = "settle-4"
# an id that is made of file and row (`call`) can't be another day's
_CORRECTED = ("complaint", "nps")
# enough for the workers to end together, and for progress to be seen
_BATCHES_A_WORKER = 8
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


def settle(
    client: Client, tasks: Sequence[DayToSettle], *, label: str, progress: Progress = silent
) -> list[dict[str, Any]]:
    """Settles all days that are not done; returns row counts and newest instant of each, in order.

    `client`: of the workers. `tasks`: days of one warehouse, each with what it depends on; a day
    with its signature is done. `label` and `progress`: as of `each`. Days go to the workers in
    batches: what they need of the inventory is read once a batch.
    """
    facts = [_done(task) for task in tasks]
    pending = [task for task, done in zip(tasks, facts, strict=True) if done is None]
    n_batches = _BATCHES_A_WORKER * max(sum(client.nthreads().values()), 1)
    n = max(-(-len(pending) // n_batches), 1)
    batches = [pending[first : first + n] for first in range(0, len(pending), n)]
    settled = chain.from_iterable(
        each(client, _settle_batch, batches, label=label, progress=progress)
    )
    return [next(settled) if done is None else done for done in facts]


def _done(task: DayToSettle) -> dict[str, Any] | None:
    """What was noted of a day that is settled as its task wants it; None = it is not."""
    warehouse = Warehouse(task.settings.resolve(task.settings.warehouse.path))
    done = warehouse.read_settled(task.table, task.day)
    return done if done is not None and done["signature"] == task.signature else None


def _settle_batch(tasks: Sequence[DayToSettle]) -> list[dict[str, Any]]:
    settings = tasks[0].settings
    network = Network(Warehouse(settings.resolve(settings.warehouse.path)), settings)
    return [_settle_day(task, network) for task in tasks]


def _settle_day(task: DayToSettle, network: Network) -> dict[str, Any]:
    warehouse = network.warehouse
    # a crash from here on must not leave new tables under an old note
    warehouse.forget_settled(task.table, task.day)
    if task.table == "pm":
        done = counter_days.settle(task.day, task.loads, network)
    else:
        done = _settle_events(task, network)
    facts = {"table": task.table, "day": task.day, "signature": task.signature, **asdict(done)}
    warehouse.write_settled(task.table, task.day, facts)
    return facts


def _settle_events(task: DayToSettle, network: Network) -> DayDone:
    pieces = network.warehouse.read_pieces(task.table, task.day)
    rows, again = one_per_key(
        _under_newest_ids(pieces, task, network.cells), TABLES[task.table], moved=task.moved
    )
    network.warehouse.write_repeated(task.table, task.day, again)
    network.warehouse.write(task.table, rows, day=task.day)
    return DayDone(len(rows), len(again), _as_of(rows, task))


def _under_newest_ids(pieces: pd.DataFrame, task: DayToSettle, cells: pd.DataFrame) -> pd.DataFrame:
    days: pd.Series | str | None = task.day if task.day != WHOLE else None
    if task.table in ("outage", "intervention"):
        days = local_days(pieces["start_utc"], task.settings.operator.timezone)
    elif task.table == "subscriber_base":
        days = pieces["month"].astype("str")
    return inventory.under_newest_ids(pieces, cells, days)


def _as_of(rows: pd.DataFrame, task: DayToSettle) -> str:
    """End of the newest period or event, as ISO text; empty for a table without time."""
    start = TABLES[task.table].day_of
    if rows.empty or not start:
        return ""
    if "time_grain" not in rows:
        ends = rows[start] + pd.to_timedelta(rows["period_s"], unit="s")
        return str(ends.max().isoformat())
    # a month ends by the local calendar
    local = rows[start].dt.tz_convert(task.settings.operator.timezone)
    newest = local.groupby(rows["time_grain"]).max()
    end = max(instant + _GRAINS[str(grain)] for grain, instant in newest.items())
    return str(end.tz_convert("UTC").isoformat())
