"""What the families stand on: the settled tables, each read once, and the findings before them."""

from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import NamedTuple

import numpy as np
import pandas as pd
import xarray as xr
from dask.distributed import Client

from analysis import cube, safety
from analysis.places import subscribers
from analysis.places.members import Kind, kinds
from analysis.places.subscribers import Residents
from contracts.settings.sections import Settings
from contracts.tables import TABLES
from geo import hexgrid
from geo.footprint import valid_on
from ingest.privacy.once import Leaving
from ingest.running.workers import Progress, silent
from ingest.settle.cells import newest_rows, zones_of
from ingest.warehouse.store import Warehouse

Frame = pd.DataFrame | xr.Dataset


class Findings(dict[str, Frame]):
    """What the families so far have found, by name.

    A name of the contracts is a finding table: a frame of rows without `run_id`, which the
    warehouse stamps. Any other name is passed on in memory alone: draws over cells, as a dataset
    with the dimensions cell and draw, or a frame by cell.
    """

    def table(self, name: str) -> pd.DataFrame:
        """The frame of that name; raises TypeError for a dataset, KeyError for an unknown name.

        `name`: of a finding table, or of a frame that is passed on in memory.
        """
        frame = self[name]
        if not isinstance(frame, pd.DataFrame):
            raise TypeError(f"{name} is no table")
        return frame

    @property
    def tables(self) -> dict[str, pd.DataFrame]:
        """The finding tables among them, by name."""
        return {name: self.table(name) for name in self if name in TABLES}

    def draws(self, name: str) -> xr.Dataset:
        """The dataset of that name; raises TypeError for a table, KeyError for an unknown name.

        `name`: of draws that are passed on in memory.
        """
        frame = self[name]
        if not isinstance(frame, xr.Dataset):
            raise TypeError(f"{name} is no dataset")
        return frame


class Exposure(NamedTuple):
    """Who could have complained, hexagon by hexagon.

    `metric`: how it is counted, complaints_per_1000 or complaints_per_10k_attempts. `rows`:
    hex_id, period_start (first day of the month), n (subscribers, or attempts by `day`).
    """

    metric: str
    rows: pd.DataFrame


@dataclass(frozen=True)
class Inputs:
    """The settled tables of one warehouse, each read when it is first asked for and then kept.

    `client`: the Dask cluster to give tasks to; `progress`: whom to show how far they are. No
    family reads hours here: workers of the hourly search read those of their own cells for
    themselves (`changes.hourly`).
    """

    settings: Settings
    client: Client
    progress: Progress = silent
    _tables: dict[str, pd.DataFrame] = field(default_factory=dict, repr=False, compare=False)

    @cached_property
    def warehouse(self) -> Warehouse:
        """The warehouse of the settings."""
        return Warehouse(self.settings.resolve(self.settings.warehouse.path))

    def table(self, name: str) -> pd.DataFrame:
        """A table as it stands in the warehouse; a caller may change its own copy.

        `name`: of a table of the contracts.
        """
        if name not in self._tables:
            self._tables[name] = self.warehouse.read(name)
        return self._tables[name].copy(deep=False)

    def weights(self, level: int) -> pd.DataFrame:
        """Footprints at an H3 level, `cell_hex` of all days.

        `level`: H3 level; one without footprints has no rows.
        """
        name = f"cell_hex {level}"
        if name not in self._tables:
            self._tables[name] = self.warehouse.read("cell_hex", days=[str(level)])
        return self._tables[name].copy(deep=False)

    def newest_weights(self, level: int) -> pd.DataFrame:
        """Footprints at an H3 level on the newest day.

        `level`: as of `weights`.
        """
        return valid_on(self.weights(level), self.newest_day)

    # --- what there is

    @cached_property
    def filled(self) -> frozenset[str]:
        """Source tables that have rows; a file with a header alone gives none."""
        receipt = self.table("receipt")
        return frozenset(receipt.loc[receipt["n_accepted"] > 0, "table_name"])

    @property
    def has_counters(self) -> bool:
        """Whether any cell has counters."""
        return "pm" in self.filled

    @property
    def as_of(self) -> pd.Timestamp:
        """The instant up to which the data goes."""
        as_of: pd.Timestamp = self.table("run")["as_of_utc"].iloc[0]
        return as_of

    @cached_property
    def newest_day(self) -> date:
        """Newest day of counters; without any, the day on which the inventory arrived."""
        if days := self.warehouse.days("cell_day"):
            return date.fromisoformat(days[-1])
        arrived: pd.Timestamp = self.table("cell")["loaded_utc"].max()
        return arrived.date()

    # --- the network

    @property
    def cells(self) -> pd.DataFrame:
        """Table `cell`: one row a cell and period of validity."""
        return self.table("cell")

    @property
    def newest_cells(self) -> pd.DataFrame:
        """One row a cell, as the newest inventory has it."""
        return newest_rows(self.cells)

    @property
    def interventions(self) -> pd.DataFrame:
        """Table `intervention`: what was done, and what is logged as planned."""
        return self.table("intervention")

    @cached_property
    def counters(self) -> xr.Dataset:
        """Counters by cell and day (`cube.of_cell_days`), with the days that fail a check."""
        days, operator = self.table("cell_day"), self.settings.operator
        cells = pd.Series(days["cell_id"].unique())
        zones = zones_of(cells, self.cells, self.settings)
        counters = cube.of_cell_days(
            days,
            zones=zones if isinstance(zones, str) else zones.set_axis(cells),
            outages=self.table("outage"),
            weekend=operator.weekend,
            country=operator.country,
            subdivision=operator.subdivision,
        )
        return safety.with_failed_days(counters, self.table("cell_quality"))

    @cached_property
    def kinds(self) -> list[Kind]:
        """Kinds of places that cells with counters make up: cells, sites, hexagons, regions."""
        level = self.settings.grid.level
        seen = self.table("cell_day")["cell_id"].drop_duplicates()
        return list(
            kinds(seen, self.cells, self.weights(level), self.table("hex_place"), level=level)
        )

    @property
    def regions(self) -> pd.Series:
        """Region of each hexagon, by hex_id; missing = in none."""
        return self.table("hex_place").set_index("hex_id")["region"]

    # --- customers

    @property
    def complaints(self) -> pd.DataFrame:
        """Table `complaint_counted`: one row a complaint that counts and a hexagon it may be of."""
        return self.table("complaint_counted")

    @property
    def answers(self) -> pd.DataFrame:
        """Table `answer_counted`: one row a survey answer that counts."""
        return self.table("answer_counted")

    @property
    def calls(self) -> pd.DataFrame:
        """Table `call`: one row a call, or a report of one."""
        return self.table("call")

    def leaving(self, name: str) -> Leaving:
        """Which days and months of a table of persons may leave, and what has left before.

        `name`: complaint, nps or call.
        """
        if not self.settings.holds_persons(name):
            return Leaving(has_persons=False)
        now = self.as_of.tz_convert(self.settings.operator.timezone).tz_localize(None)
        over = now.normalize() - pd.Timedelta(days=1 + self.settings.privacy.release_after_days)
        return Leaving(over, self.table("place_rate"), self.table("rate_part"))

    @cached_property
    def exposure(self) -> Exposure:
        """Who could have complained: subscribers where they are known, else attempts by day."""
        level = self.settings.grid.levels["complaint"]
        if "subscriber_base" in self.filled:
            footprints = self.newest_weights(self.settings.grid.level + 1)
            base = self.table("subscriber_base")
            rows = subscribers.subscribers(base, footprints, level=level)
            return Exposure("complaints_per_1000", rows)
        days = self.table("hex_day")
        day = pd.to_datetime(days["day_local"]).dt.as_unit("s")
        month = day.dt.to_period("M").dt.start_time.dt.as_unit("s")
        hexes = hexgrid.parents(days["hex_id"], level=level)
        rows = days.assign(hex_id=hexes, day=day, period_start=month)
        attempts = rows.groupby(["hex_id", "period_start", "day"])["call_attempts"].sum()
        return Exposure("complaints_per_10k_attempts", attempts.rename("n").reset_index())

    @cached_property
    def residents(self) -> Residents:
        """Subscribers of the newest month, by where they live and by the cell that serves them."""
        level = self.settings.grid.level
        return subscribers.known(
            self.table("subscriber_base"),
            self.newest_weights(level + 1),
            self.newest_weights(level),
            self.counters,
            level=level,
            crowd=self.settings.privacy.min_subscribers,
        )

    @property
    def detractor_revenue(self) -> float:
        """Revenue at stake with each detractor, a month; NaN where none is supplied or set."""
        base = self.table("subscriber_base").dropna(subset=["arpu"])
        churn = self.settings.priority.churn_per_detractor
        if base.empty or churn == 0:
            return np.nan
        newest = base[base["month"] == base["month"].max()]
        mean = np.average(newest["arpu"], weights=newest["n_active_subscribers"])
        return float(mean * churn)
