"""The stage that plans works: what treating cells would spare -> plans for each budget."""

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr

from analysis import actions, benefit, plan
from analysis.actions import Catalogue, Relievable
from analysis.benefit import Levers, Treatable
from analysis.rates import Noise
from contracts.settings import Settings
from contracts.tables import TABLES
from geo.footprint import valid_on
from ingest.settle import newest_rows
from ingest.warehouse import Warehouse

NAMES = ("plan", "plan_budget", "plan_limit")
_NO_HOURS = "load is not known by the hour"


def catalogue_of(settings: Settings) -> Catalogue | None:
    """The catalogue to plan with, None where no budget is set; raises SettingsError."""
    if not settings.plan.budgets:
        return None
    named = settings.plan.catalogue
    return actions.read_catalogue(settings.resolve(named) if named else actions.DEFAULT)


def nothing() -> dict[str, pd.DataFrame]:
    """The tables without any plan."""
    return {name: TABLES[name].empty().to_pandas() for name in NAMES}


def find(
    catalogue: Catalogue | None, counters: xr.Dataset, levers: Levers, noise: Noise, *,
    warehouse: Warehouse, settings: Settings,
) -> dict[str, pd.DataFrame]:  # fmt: skip
    """Tables plan, plan_budget and plan_limit without run_id. `counters`: `cube.of_cell_days`."""
    cells = _serving(warehouse.read("cell"), counters)
    if catalogue is None or cells.empty:
        return nothing()
    seen = counters["cell_id"].to_numpy()
    known = benefit.aligned(levers, seen, _NO_HOURS)
    present = benefit.present_of(counters, known, noise, settings.priority.days)
    treatable = relievable(benefit.treatable(known, present))
    treatable = _of(treatable, pd.Index(seen).get_indexer(pd.Index(cells["cell_id"])))
    offered = actions.offer(catalogue, cells, treatable, _planned(warehouse))
    found = plan.ladder(offered, settings.plan)
    return nothing() | {name: _named(frame, catalogue) for name, frame in found.items()}


def relievable(cells: Treatable) -> Relievable:
    """What is known of the cells, as `actions.offer` takes it."""
    ladder = benefit.LADDER
    by_relief = np.stack([benefit.of_relief(cells, share) for share in ladder], axis=1)
    return Relievable(cells.drops_month, ladder, by_relief, benefit.of_fix(cells))


def _serving(cells: pd.DataFrame, counters: xr.Dataset) -> pd.DataFrame:
    """One row of each cell that is in the inventory on the newest day of counters."""
    newest = pd.Timestamp(counters["day_local"].to_numpy()[-1]).date()
    return newest_rows(valid_on(cells, newest))


def _of(known: Relievable, rows: npt.NDArray[np.intp]) -> Relievable:
    """The rows, -1 for a cell of which nothing is known."""

    def taken(values: actions.Floats) -> actions.Floats:
        unknown = (rows < 0).reshape(-1, *[1] * (values.ndim - 1))
        return np.where(unknown, np.nan, values[rows])

    by = (taken(values) for values in (known.by_relief, known.by_fix))
    return Relievable(taken(known.drops_month), known.shares, *by)


def _planned(warehouse: Warehouse) -> pd.DataFrame:
    works = warehouse.read("intervention")
    return works.loc[works["status"] == "planned", ["kind", "cell_id", "site_id"]]


def _named(frame: pd.DataFrame, catalogue: Catalogue) -> pd.DataFrame:
    return frame.assign(cost_currency=catalogue.currency, costs_invented=catalogue.invented)
