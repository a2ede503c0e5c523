"""The actions possible now: what could be done, and what each kind of it avoids in each cell."""

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
from analysis.plan import placed_actions, solver
from analysis.plan.actions import Actions
from analysis.plan.catalogue import Catalogue, catalogue_of
from analysis.plan.placed_actions import Relievable
from geo.footprint import valid_on
from ingest.settle.cells import newest_rows


@dataclass(frozen=True)
class PossibleActions:
    """Actions that could be done, and what each kind of them avoids in each cell with counters."""

    catalogue: Catalogue
    actions: Actions
    treats: sparse.csr_array
    """Which cells of the counters each treats, (A, cell), 1 or 0."""
    avoided: dict[str, Floats]
    """Drops a month by action, (cell, draw); 0 = nothing is known."""
    drops_month: Floats
    """As counted, (cell,); NaN = not known."""
    cell_ids: npt.NDArray[np.object_]
    is_listed: npt.NDArray[np.bool_]
    """Whether the inventory of the newest day has the cell, (cell,)."""


def possible_actions(inputs: Inputs, earlier: Findings) -> PossibleActions:
    """Actions that could be done on the newest day of the inventory.

    `inputs`: with counters and an inventory. `earlier`: holds `treatable`, of family benefit.
    Raises SettingsError where the catalogue can't be used.
    """
    catalogue = catalogue_of(inputs.settings, inputs.cells)
    counters = inputs.counters
    cells, seen = _serving(inputs.cells, counters), counters["cell_id"].to_numpy()
    drawn, present = benefit_spared.treatable_from(earlier.draws("treatable"))
    treatable = relievable(drawn, present)
    rows = pd.Index(seen).get_indexer(pd.Index(cells["cell_id"]))
    planned = _planned(inputs.interventions)
    actions = placed_actions.placed_actions(catalogue, cells, _of_rows(treatable, rows), planned)
    counted = rows >= 0
    entries = (np.ones(counted.sum()), (np.flatnonzero(counted), rows[counted]))
    avoided = placed_actions.avoided_by(catalogue, treatable)
    return PossibleActions(
        catalogue,
        actions,
        sparse.csr_array(actions.treats @ sparse.csr_array(entries, (len(rows), len(seen)))),
        {name: np.nan_to_num(drops) for name, drops in avoided.items()},
        benefit_present.drops_month(present),
        seen,
        np.isin(seen.astype(str), cells["cell_id"].to_numpy(str)),
    )


def action_shares(possible: PossibleActions) -> pd.DataFrame:
    """Each possible action, cell by cell: the share of the cell's drops that it avoids.

    `possible`: as of `possible_actions`.
    """
    treats, actions = possible.treats.tocoo(), possible.actions.known
    action, cell = treats.coords
    places = action_at(actions).to_numpy()
    parts = []
    for name, drops in possible.avoided.items():
        is_named = (actions["action"] == name).to_numpy()[action]
        counted = possible.drops_month[cell[is_named]]
        avoided = drops.mean(axis=1)[cell[is_named]]
        share = np.divide(avoided, counted, out=np.zeros(len(counted)), where=counted > 0)
        part = {
            "action": name,
            "cell_id": possible.cell_ids[cell[is_named]],
            "action_at": places[action[is_named]],
            "cost_amount": possible.actions.cost[action[is_named]],
            "avoidable_action": share,
        }
        parts.append(pd.DataFrame(part))
    return pd.concat(parts, ignore_index=True).assign(method_version=solver.METHOD_VERSION)


def action_at(actions: pd.DataFrame) -> pd.Series:
    """Key of the cell, sector or site at which each action is done.

    `actions`: with cell_id, sector_id and site_id; missing = finer than the place.
    """
    return actions["cell_id"].fillna(actions["sector_id"]).fillna(actions["site_id"])


def relievable(cells: Treatable, present: Present) -> Relievable:
    """What is known of the cells, as `placed_actions` takes it.

    `cells`: with draws of their drops. `present`: of the same cells. Draws of a cell's drops are
    made to mean what the list expects: both give one figure.
    """
    expected_over_counted = cells.levers.expected_over_counted
    month = expected_over_counted * benefit_present.drops_month(present)
    mean = cells.drops_month.mean(axis=1)
    scaled = replace(cells, drops_month=cells.drops_month * (month / mean)[:, None])
    by_relief = np.stack([benefit_spared.of_relief(scaled, share) for share in LADDER], axis=1)
    return Relievable(scaled.drops_month, LADDER, by_relief, benefit_spared.of_undoing(scaled))


def _serving(cells: pd.DataFrame, counters: xr.Dataset) -> pd.DataFrame:
    """One row of each cell that is in the inventory on the newest day of counters."""
    newest = pd.Timestamp(counters["day_local"].to_numpy()[-1]).date()
    return newest_rows(valid_on(cells, newest))


def _of_rows(relievable: Relievable, rows: npt.NDArray[np.intp]) -> Relievable:
    """The rows, -1 for a cell of which nothing is known."""

    def taken(values: Floats) -> Floats:
        unknown = (rows < 0).reshape(-1, *[1] * (values.ndim - 1))
        return np.where(unknown, np.nan, values[rows])

    by_relief, by_undoing = taken(relievable.by_relief), taken(relievable.by_undoing)
    return Relievable(taken(relievable.drops_month), relievable.shares, by_relief, by_undoing)


def _planned(interventions: pd.DataFrame) -> pd.DataFrame:
    return interventions.loc[interventions["status"] == "planned", ["kind", "cell_id", "site_id"]]
