"""The stage that plans: what treating cells would avoid -> possible actions, plans of them."""

import pandas as pd

from analysis.inputs import Findings, Inputs
from analysis.plan import kept, solver
from analysis.plan.catalogue import Catalogue, catalogue_of
from analysis.plan.possible_actions import action_shares, possible_actions
from contracts.tables import TABLES

NAMES = ("action_share", "plan", "plan_budget", "plan_limit")


def check(inputs: Inputs) -> None:
    """Raises SettingsError where the catalogue of actions, or what [plan] names, can't be used.

    `inputs`: its settings and table `cell` alone are read.
    """
    catalogue_of(inputs.settings, inputs.cells)


def find(inputs: Inputs, earlier: Findings) -> Findings:
    """Tables action_share, plan, plan_budget and plan_limit: plans by budgets.

    Beside them `possible_actions`, what plans of other budgets can be made of (`kept.rows_of`).
    `inputs`: without counters all four tables are empty. `earlier`: holds `treatable`, of family
    benefit.
    """
    findings = Findings({name: TABLES[name].empty().to_pandas() for name in NAMES})
    if not inputs.has_counters:
        return findings
    possible = possible_actions(inputs, earlier)
    plans = solver.ladder(possible.actions, inputs.settings.plan)
    for name, table in {"action_share": action_shares(possible), **plans}.items():
        findings[name] = _priced(table, possible.catalogue)
    findings["possible_actions"] = kept.rows_of(possible.actions, possible.catalogue)
    return findings


def _priced(frame: pd.DataFrame, catalogue: Catalogue) -> pd.DataFrame:
    return frame.assign(cost_currency=catalogue.currency, costs_invented=catalogue.invented)
