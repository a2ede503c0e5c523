"""The stage that plans works: what treating cells would spare -> works on offer, plans of them."""

import difflib
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr
from scipy import sparse

from analysis.arrays import Floats
from analysis.attribution.levers import LADDER, Levers, aligned
from analysis.benefit import present as benefit_present
from analysis.benefit import spared as benefit_spared
from analysis.benefit.present import Present
from analysis.benefit.spared import Treatable
from analysis.plan import offer, solver
from analysis.plan.catalogue import DEFAULT, Catalogue, read_catalogue
from analysis.plan.offer import Relievable
from analysis.plan.options import Options
from analysis.uncertainty.intervals import Noise
from contracts.errors import SettingsError
from contracts.settings.sections import Plan as PlanSettings
from contracts.settings.sections import Settings
from contracts.tables import TABLES
from geo.footprint import valid_on
from ingest.settle.cells import newest_rows
from ingest.warehouse.store import Warehouse

NAMES = ("action_share", "plan", "plan_budget", "plan_limit")
_NO_HOURS = "load is not known by the hour"


@dataclass(frozen=True)
class Offered:
    """Works that could be done, and what each kind of them spares each cell of the counters."""

    catalogue: Catalogue
    options: Options
    treats: sparse.csr_array
    """Which cells of the counters each treats, (O, cell), 1 or 0."""
    spared: dict[str, Floats]
    """Drops a month by action, (cell, draw); 0 = nothing is known."""
    drops_month: Floats
    """As counted, (cell,); NaN = not known."""
    cell_ids: npt.NDArray[np.object_]
    is_listed: npt.NDArray[np.bool_]
    """Whether the inventory of the newest day has the cell, (cell,)."""


def catalogue_of(settings: Settings, cells: pd.DataFrame) -> Catalogue:
    """The catalogue of the settings, else the packaged one.

    `cells`: table `cell`. Raises SettingsError where the catalogue can't be used, and where it or
    [plan] names a place that no cell is at: an exclusion that excludes nothing is a slip.
    """
    named = settings.plan.catalogue
    found = read_catalogue(settings.resolve(named) if named else DEFAULT)
    if len(cells) and (unknown := list(_unknown(found, settings.plan, cells))):
        raise SettingsError("[plan] and its catalogue name places that are not known", unknown)
    return found


def _unknown(catalogue: Catalogue, limits: PlanSettings, cells: pd.DataFrame) -> Iterator[str]:
    """Each place that is named and is not in the inventory of any day, with the nearest there."""
    regions = {"crew_weeks": limits.crew_weeks, "floors": limits.floors}
    named = [(where, "region", name) for where, of in regions.items() for name in of if name != "*"]
    for number, exclusion in enumerate(catalogue.exclude, 1):
        named += [(f"[[exclude]] number {number}", *of) for of in exclusion.where.items()]
    known = {column: set(cells[column].dropna()) for column in {column for _, column, _ in named}}
    for where, column, name in named:
        if name not in known[column]:
            close = difflib.get_close_matches(name, known[column], 1)
            nearest = f"; did you mean {close[0]}?" if close else ""
            yield f"{where}: no cell has {column} '{name}'{nearest}"


def nothing() -> dict[str, pd.DataFrame]:
    """The tables without any work."""
    return {name: TABLES[name].empty().to_pandas() for name in NAMES}


def offered(
    catalogue: Catalogue, counters: xr.Dataset, levers: Levers, noise: Noise, *,
    warehouse: Warehouse, settings: Settings,
) -> Offered:  # fmt: skip
    """Works that could be done on the newest day of the inventory. `counters`: of_cell_days."""
    cells, seen = _serving(warehouse.read("cell"), counters), counters["cell_id"].to_numpy()
    known = aligned(levers, seen, _NO_HOURS)
    present = benefit_present.present_of(counters, known, noise, settings.priority.days)
    treatable = relievable(benefit_spared.treatable(known, present), present)
    rows = pd.Index(seen).get_indexer(pd.Index(cells["cell_id"]))
    options = offer.offer(catalogue, cells, _of(treatable, rows), _planned(warehouse))
    counted = rows >= 0
    at = (np.ones(counted.sum()), (np.flatnonzero(counted), rows[counted]))
    spared = offer.spared_by(catalogue, treatable)
    return Offered(
        catalogue,
        options,
        sparse.csr_array(options.treats @ sparse.csr_array(at, (len(rows), len(seen)))),
        {name: np.nan_to_num(drops) for name, drops in spared.items()},
        benefit_present.drops_month(present),
        seen,
        np.isin(seen.astype(str), cells["cell_id"].to_numpy(str)),
    )


def tables(found: Offered, settings: Settings) -> dict[str, pd.DataFrame]:
    """Tables action_share, plan, plan_budget and plan_limit without run_id; plans by budgets."""
    made = {"action_share": shares(found), **solver.ladder(found.options, settings.plan)}
    return nothing() | {name: _priced(frame, found.catalogue) for name, frame in made.items()}


def shares(found: Offered) -> pd.DataFrame:
    """Each work that could be done, cell by cell: the share of the cell's drops that it avoids."""
    treats, told = found.treats.tocoo(), found.options.known
    work, cell = treats.coords
    parts = []
    for name, drops in found.spared.items():
        mine = (told["action"] == name).to_numpy()[work]
        before = found.drops_month[cell[mine]]
        after = drops.mean(axis=1)[cell[mine]]
        share = np.divide(after, before, out=np.zeros(len(before)), where=before > 0)
        parts.append(pd.DataFrame({
            "action": name, "cell_id": found.cell_ids[cell[mine]],
            "action_at": action_at(told).to_numpy()[work[mine]],
            "cost_amount": found.options.cost[work[mine]], "avoidable_action": share,
        }))  # fmt: skip
    return pd.concat(parts, ignore_index=True).assign(method_version=solver.METHOD_VERSION)


def action_at(works: pd.DataFrame) -> pd.Series:
    """Key of the cell, sector or site at which each work is done."""
    return works["cell_id"].fillna(works["sector_id"]).fillna(works["site_id"])


def relievable(cells: Treatable, present: Present) -> Relievable:
    """What is known of the cells, as `offer.offer` takes it.

    Draws of a cell's level are made to mean what the list expects: both tell one figure.
    """
    ladder, month = (
        LADDER,
        cells.levers.expected_over_counted * benefit_present.drops_month(present),
    )
    level = cells.drops_month.mean(axis=1)
    scaled = replace(cells, drops_month=cells.drops_month * (month / level)[:, None])
    by_relief = np.stack([benefit_spared.of_relief(scaled, share) for share in ladder], axis=1)
    return Relievable(scaled.drops_month, ladder, by_relief, benefit_spared.of_fix(scaled))


def _serving(cells: pd.DataFrame, counters: xr.Dataset) -> pd.DataFrame:
    """One row of each cell that is in the inventory on the newest day of counters."""
    newest = pd.Timestamp(counters["day_local"].to_numpy()[-1]).date()
    return newest_rows(valid_on(cells, newest))


def _of(known: Relievable, rows: npt.NDArray[np.intp]) -> Relievable:
    """The rows, -1 for a cell of which nothing is known."""

    def taken(values: Floats) -> Floats:
        unknown = (rows < 0).reshape(-1, *[1] * (values.ndim - 1))
        return np.where(unknown, np.nan, values[rows])

    by = (taken(values) for values in (known.by_relief, known.by_fix))
    return Relievable(taken(known.drops_month), known.shares, *by)


def _planned(warehouse: Warehouse) -> pd.DataFrame:
    works = warehouse.read("intervention")
    return works.loc[works["status"] == "planned", ["kind", "cell_id", "site_id"]]


def _priced(frame: pd.DataFrame, catalogue: Catalogue) -> pd.DataFrame:
    return frame.assign(cost_currency=catalogue.currency, costs_invented=catalogue.invented)
