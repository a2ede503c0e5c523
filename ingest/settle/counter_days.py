"""Days of counters settled: one row a key, rolled up to hours and days, spread over hexagons."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cache, cached_property, partial

import pandas as pd
import pyarrow as pa

from contracts.settings.sections import Settings
from contracts.tables import TABLES
from geo.footprint import valid_on
from ingest.counters import carriers, dense, hexagons, references, rollup
from ingest.counters.plain import PlainRows
from ingest.settle import inventory
from ingest.settle.cells import newest_rows
from ingest.settle.one_per_key import one_per_key
from ingest.warehouse.store import Warehouse

_CELLS_A_BLOCK = 20_000


@dataclass(frozen=True)
class DayDone:
    """What became of a day: rows that count, rows refused, end of the newest period as ISO text."""

    n_accepted: int
    n_refused: int
    as_of: str


@dataclass
class Network:
    """What days need of inventory and footprints, read once for many days."""

    warehouse: Warehouse
    settings: Settings
    _split: tuple[int, hexagons.Split] | None = None

    @cached_property
    def cells(self) -> pd.DataFrame:
        """Table `cell` as settled."""
        return self.warehouse.read("cell")

    def zones(self, cell_ids: pd.Series) -> pd.Series | str:
        """Zone of each cell, or one for all: as `cells.zones_of`.

        `cell_ids`: cell_id of each.
        """
        default = self.settings.operator.timezone
        own = self._own_zones
        return default if own.empty else cell_ids.map(own).fillna(default)

    def split(self, day: date) -> hexagons.Split:
        """Footprint weights that hold on a day.

        `day`: local day.
        """
        span = bisect_right(self._edges, day)
        if self._split is None or self._split[0] != span:
            self._split = (span, hexagons.split_of(valid_on(self._weights, day)))
        return self._split[1]

    @cached_property
    def _own_zones(self) -> pd.Series:
        return newest_rows(self.cells).dropna(subset=["timezone"]).set_index("cell_id")["timezone"]

    @cached_property
    def _weights(self) -> pd.DataFrame:
        return self.warehouse.read("cell_hex", days=[str(self.settings.grid.level)])

    @cached_property
    def _edges(self) -> list[date]:
        """Days on which weights begin or end to hold, ascending."""
        ends = pd.concat([self._weights["valid_from"], self._weights["valid_to"]])
        return sorted(ends.dropna().unique())


def settle(day: str, loads: Sequence[str], network: Network) -> DayDone:
    """Writes the tables of a day of counters; a plain day goes the fast way, to the same bits.

    `day`: local day as YYYY-MM-DD. `loads`: names of the loads that speak of it; without any, its
    hexagons alone are made anew. `network`: of the warehouse.
    """
    if not loads:
        _spread(network.warehouse.read("cell_day", days=[day]), day, network)
        return DayDone(0, 0, "")
    plain, column = _plain_day(day, network)
    if plain is None:
        references.make_pieces(network.warehouse, network.settings, day)
        return _settle_any(day, network)
    network.warehouse.write_repeated("pm", day, TABLES["refused"].empty().to_pandas())
    _spread(_roll_up(column, plain, network).to_pandas(), day, network)
    newest = pd.Timestamp(plain.newest_us, unit="us", tz="UTC")
    return DayDone(len(plain.order), 0, newest.isoformat())


def _plain_day(day: str, network: Network) -> tuple[dense.Day | None, dense.Column]:
    """Where the rows of a plain day stand, and their columns; None = the day is odd.

    Rows are taken from the files that references name; where there are pieces too, from pieces.
    """
    warehouse, settings = network.warehouse, network.settings
    key: dense.Key | None
    column: dense.Column
    if warehouse.has_pieces(day):
        references.make_pieces(warehouse, settings, day)
        table = warehouse.read_counters(day, dense.READ)
        key, column = dense.key_of(table), partial(dense.column_of, table)
    else:
        notes = warehouse.references(day).values()
        rows = PlainRows([references.opened(note, settings) for note in notes])
        key, column = rows.key, rows.numbers
    if key is None:
        return None, column
    names = pd.DataFrame({"cell_id": pd.Series(key.ids, dtype="str")})
    newest = inventory.under_newest_ids(names, network.cells, day)["cell_id"]
    key = replace(key, ids=newest.to_numpy(object))
    return dense.plain_day(key, date.fromisoformat(day), network.zones), column


def _roll_up(column: dense.Column, day: dense.Day, network: Network) -> pa.Table:
    """Writes hours and days of a plain day; returns the days."""
    blocks_on = inventory.blocks_on(network.cells, day.day)
    if len(day.cells) > _CELLS_A_BLOCK:
        # a column is decoded once, and not for every block
        column = cache(column)
    days = []

    def hours_by_block() -> Iterator[pa.Table]:
        for block in day.blocks(_CELLS_A_BLOCK):
            hours = dense.hours_of(column, block, blocks_on)
            days.append(dense.cell_days(dense.days_of(hours, block), block))
            yield dense.cell_hours(hours, block)

    network.warehouse.write_arrow("cell_hour", hours_by_block(), day=str(day.day))
    network.warehouse.write_arrow("cell_day", days, day=str(day.day))
    return pa.concat_tables(days)


def _settle_any(day: str, network: Network) -> DayDone:
    """The way of any day: repetitions refused, values filled up, periods of all kinds."""
    warehouse = network.warehouse
    pieces = warehouse.read_pieces("pm", day)
    rows, again = one_per_key(inventory.under_newest_ids(pieces, network.cells, day), TABLES["pm"])
    warehouse.write_repeated("pm", day, again)
    blocks = inventory.blocks_on(network.cells, date.fromisoformat(day))
    pm, zones = carriers.in_blocks(rows, blocks), network.zones(rows["cell_id"])
    hours = rollup.cell_hours(pm, zones)
    days = rollup.cell_days(hours, rollup.day_totals(pm, zones))
    warehouse.write("cell_hour", hours, day=day)
    warehouse.write("cell_day", days, day=day)
    _spread(days, day, network)
    if rows.empty:
        return DayDone(0, len(again), "")
    end = (rows["period_start_utc"] + pd.to_timedelta(rows["period_s"], unit="s")).max()
    return DayDone(len(rows), len(again), str(end.tz_convert("UTC").isoformat()))


def _spread(days: pd.DataFrame, day: str, network: Network) -> None:
    network.warehouse.write("hex_day", hexagons.hex_days(days, network.split), day=day)
