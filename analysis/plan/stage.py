"""The stage that plans works: what treating cells would spare -> works on offer, plans of them."""

import pandas as pd

from analysis.inputs import Findings, Inputs
from analysis.plan import solver
from analysis.plan.catalogue import Catalogue, catalogue_of
from analysis.plan.on_offer import offered, shares
from contracts.tables import TABLES

NAMES = ("action_share", "plan", "plan_budget", "plan_limit")


def check(inputs: Inputs) -> None:
    """Raises SettingsError where the catalogue of actions, or what [plan] names, can't be used."""
    catalogue_of(inputs.settings, inputs.cells)


def find(inputs: Inputs, earlier: Findings) -> Findings:
    """Tables action_share, plan, plan_budget and plan_limit: plans by budgets."""
    findings = Findings({name: TABLES[name].empty().to_pandas() for name in NAMES})
    if not inputs.has_counters:
        return findings
    works = offered(inputs, earlier)
    plans = solver.ladder(works.options, inputs.settings.plan)
    for name, table in {"action_share": shares(works), **plans}.items():
        findings[name] = _priced(table, works.catalogue)
    return findings


def _priced(frame: pd.DataFrame, catalogue: Catalogue) -> pd.DataFrame:
    return frame.assign(cost_currency=catalogue.currency, costs_invented=catalogue.invented)
