"""The stage of drop rates that come without counts: days -> each cell's rate, dated changes."""

import pandas as pd

from analysis.changes import identity
from analysis.changes.daily import by_day
from analysis.delivered import days as delivered_days
from analysis.inputs import Findings, Inputs
from contracts.tables import TABLES, assemble

_NAMES = ("delivered_rate", "delivered_change")


def find(inputs: Inputs, earlier: Findings) -> Findings:  # noqa: ARG001 - families are alike
    """Tables delivered_rate and delivered_change: each cell's usual rate, and when it changed.

    `inputs`: without table `cell_rate` both are empty. `earlier`: is not read.
    """
    rates = inputs.table("cell_rate")
    if rates.empty:
        return Findings({name: assemble([], TABLES[name]) for name in _NAMES})
    days = delivered_days.of_days(rates, inputs.settings.operator)
    work = (inputs.settings, inputs.client, inputs.progress)
    search = delivered_days.search(days, lambda some: by_day(some, *work))
    changes = delivered_days.rates_beside(search.changes, days)
    sites = inputs.newest_cells.set_index("cell_id")["site_id"]
    ids = identity.interventions_of(changes, inputs.interventions, sites)
    changes = changes.assign(intervention_id=ids, method_version=delivered_days.METHOD_VERSION)
    tables = (_usual(rates, search.visibility), changes)
    return Findings({name: _shaped(rows, name) for name, rows in zip(_NAMES, tables, strict=True)})


def _usual(rates: pd.DataFrame, visibility: pd.DataFrame) -> pd.DataFrame:
    """The median rate of each cell's days, and the smallest rise that could be seen."""
    by_cell = rates.groupby("cell_id")
    usual = by_cell.agg(
        n_days=("day_local", "size"),
        period_start=("day_local", "min"),
        period_end=("day_local", "max"),
        drop_rate_pct=("drop_rate_pct", "median"),
    )
    seen = visibility.set_index("cell_id")
    reasons = seen["refused"].where(seen["refused"] != "")
    usual = usual.assign(min_visible_ratio=seen["min_visible_ratio"], unknown_reason=reasons)
    return usual.reset_index().assign(method_version=delivered_days.METHOD_VERSION)


def _shaped(rows: pd.DataFrame, name: str) -> pd.DataFrame:
    """The columns of a table, without `run_id`, which the warehouse stamps."""
    wanted = [column for column in TABLES[name].columns if column != "run_id"]
    return assemble([rows[wanted]], TABLES[name])
