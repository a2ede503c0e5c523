"""Actions on offer now: what could be done, and what each kind avoids in each cell."""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr
from scipy import sparse

from analysis.arrays import Floats
from analysis.attribution.levers import LADDER
from analysis.benefit import present as benefit_present
from analysis.benefit import spared as benefit_spared
from analysis.benefit.present import Present
from analysis.benefit.spared import Treatable
from analysis.inputs import Findings, Inputs
from analysis.plan import offer, solver
from analysis.plan.catalogue import Catalogue, catalogue_of
from analysis.plan.offer import Relievable
from analysis.plan.options import Options
from geo.footprint import valid_on
from ingest.settle.cells import newest_rows


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


def offered(inputs: Inputs, earlier: Findings) -> Offered:
    """Works that could be done on the newest day of the inventory.

    `earlier`: holds `treatable`, of family benefit. Raises SettingsError where the catalogue can't
    be used.
    """
    catalogue = catalogue_of(inputs.settings, inputs.cells)
    counters = inputs.counters
    cells, seen = _serving(inputs.cells, counters), counters["cell_id"].to_numpy()
    drawn, present = benefit_spared.treatable_from(earlier.draws("treatable"))
    treatable = relievable(drawn, present)
    rows = pd.Index(seen).get_indexer(pd.Index(cells["cell_id"]))
    options = offer.offer(catalogue, cells, _of(treatable, rows), _planned(inputs.interventions))
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
    expected_over_counted = cells.levers.expected_over_counted
    month = expected_over_counted * benefit_present.drops_month(present)
    level = cells.drops_month.mean(axis=1)
    scaled = replace(cells, drops_month=cells.drops_month * (month / level)[:, None])
    by_relief = np.stack([benefit_spared.of_relief(scaled, share) for share in LADDER], axis=1)
    return Relievable(scaled.drops_month, LADDER, by_relief, benefit_spared.of_fix(scaled))


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


def _planned(interventions: pd.DataFrame) -> pd.DataFrame:
    return interventions.loc[interventions["status"] == "planned", ["kind", "cell_id", "site_id"]]
