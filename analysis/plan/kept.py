"""The actions that plans can choose from, kept beside the tables: any budget can be asked."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
import pandas as pd
from pydantic import ValidationError
from scipy import sparse

from analysis.plan import solver
from analysis.plan.actions import Actions
from analysis.plan.catalogue import Catalogue
from contracts.errors import NothingFound, SettingsError
from contracts.settings.sections import Plan as PlanSettings
from contracts.tables import assemble, table
from ingest.warehouse.store import Warehouse


@dataclass(frozen=True)
class Asked:
    """What a plan is asked for: a budget, and limits that stand for those of the settings."""

    budget: float
    crew_weeks: Mapping[str, float] = field(default_factory=dict)
    """Crew weeks by region, '*' = of any other; empty = as the settings have them."""
    floors: Mapping[str, float] = field(default_factory=dict)
    """Least shares by region, '*' = of any other; empty = as the settings have them."""

    def within(self, settings: PlanSettings) -> PlanSettings:
        """The settings with this budget and these limits; raises SettingsError for impossible ones.

        `settings`: section [plan].
        """
        own: dict[str, object] = {"budgets": (self.budget,)}
        own |= {"crew_weeks": dict(self.crew_weeks)} if self.crew_weeks else {}
        own |= {"floors": dict(self.floors)} if self.floors else {}
        try:
            return PlanSettings.model_validate(settings.model_dump() | own)
        except ValidationError as error:
            faults = [f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors()]
            raise SettingsError("the plan can't be asked so", faults) from None


def rows_of(actions: Actions, catalogue: Catalogue) -> pd.DataFrame:
    """Actions as rows: what each is, cost, weeks, draws, and the numbers of the cells it treats.

    `actions`: those that can be chosen. `catalogue`: names the currency of their costs.
    """
    treats = actions.treats.tocsr()
    numbers = treats.indices.astype(np.int32)
    cells = [numbers[start:end] for start, end in pairwise(treats.indptr)]
    return actions.known.assign(
        kept_cost=actions.cost,
        kept_weeks=actions.crew_weeks,
        kept_benefit=list(actions.benefit),
        kept_cells=pd.Series(cells, actions.known.index, dtype=object),
        kept_n_cells=treats.shape[1],
        kept_currency=catalogue.currency,
        kept_invented=catalogue.invented,
    )


def actions_of(rows: pd.DataFrame) -> Actions:
    """The actions that `rows_of` made rows of, to the last bit.

    `rows`: as it gives them, one at least.
    """
    cells = [np.asarray(one, int) for one in rows["kept_cells"]]
    starts = np.concatenate([[0], np.cumsum([len(one) for one in cells])])
    treated = np.concatenate(cells)
    shape = (len(cells), int(rows["kept_n_cells"].iloc[0]))
    return Actions(
        rows.drop(columns=rows.columns[rows.columns.str.startswith("kept_")]),
        rows["kept_cost"].to_numpy(float),
        rows["kept_weeks"].to_numpy(float),
        np.stack(rows["kept_benefit"].to_list()).astype(float),
        sparse.csr_array((np.ones(len(treated)), treated, starts), shape=shape),
    )


def solve(warehouse: Warehouse, settings: PlanSettings, asked: Asked) -> dict[str, pd.DataFrame]:
    """Tables plan, plan_budget and plan_limit of one budget, from the actions of the newest run.

    `warehouse`: holds those actions. `settings`: section [plan]. `asked`: the budget and limits.
    Raises NothingFound where the run kept no actions, or what is published is of another run.
    """
    rows, run_id = warehouse.read_possible_actions()
    if rows.empty:
        raise NothingFound(f"{warehouse.path}: no action is kept: there is none to be taken, or "
                           "no run yet; 'hexperience run' looks for them")  # fmt: skip
    if run_id != warehouse.marts.run_id:
        raise NothingFound(f"{warehouse.path}: the actions are of another run than what is "
                           "published; do 'hexperience run' first")  # fmt: skip
    tables = solver.ladder(actions_of(rows), asked.within(settings))
    priced = {
        "cost_currency": rows["kept_currency"].iloc[0],
        "costs_invented": rows["kept_invented"].iloc[0],
        "run_id": run_id,
    }
    return {
        name: assemble([tables[name].assign(**priced)] if name in tables else [], table(name))
        for name in ("plan", "plan_budget", "plan_limit")
    }
