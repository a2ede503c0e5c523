"""The story of the wing: settled tables -> findings, family by family."""

import pandas as pd
from dask.distributed import Client

from analysis.association import stage as association
from analysis.benefit import stage as benefit
from analysis.changes import stage as changes
from analysis.delivered import stage as delivered
from analysis.effects import stage as effects
from analysis.events import stage as events
from analysis.inputs import Findings, Inputs
from analysis.neighbours import stage as neighbours
from analysis.network_share import stage as network_share
from analysis.outlook import stage as outlook
from analysis.plan import stage as plan
from analysis.priority import stage as priority
from analysis.rates import stage as rates
from contracts.settings.sections import Settings
from ingest.running.workers import Progress, silent

FAMILIES = (
    changes,
    neighbours,
    events,
    delivered,
    outlook,
    rates,
    association,
    network_share,
    effects,
    benefit,
    plan,
    priority,
)
"""Each has `find(inputs, earlier)` and may read what the families before it found."""


def run(settings: Settings, client: Client, progress: Progress = silent) -> None:
    """Finds what the settled tables hold, and writes every finding table.

    `settings`: name the warehouse and the limits. `client`: the Dask cluster that does the work;
    `progress`: whom to show how far it is. Without counters the changes are those of hexagons with
    enough positioned calls; without positions there are no hexagons; without complaints, NPS or
    call reports none of their rates. What is missing is said in table `quality`. Raises
    SettingsError for a catalogue of actions that can't be used.
    """
    inputs, findings = Inputs(settings, client, progress), Findings()
    # a wrong catalogue is refused before the long search, not after it
    plan.check(inputs)
    for family in FAMILIES:
        label = f"analysing {family.__name__.split('.')[1]}"
        progress(label, 0, 1)
        findings |= family.find(inputs, findings)
        progress(label, 1, 1)
    inputs.warehouse.write_findings(findings.tables)
    if "possible_actions" in findings:
        inputs.warehouse.write_possible_actions(findings.table("possible_actions"))


def find_changes(settings: Settings, client: Client, progress: Progress = silent) -> pd.DataFrame:
    """Finds dated changes alone and writes their tables; returns `change_point`.

    `settings`, `client`, `progress`: as of `run`.
    """
    inputs = Inputs(settings, client, progress)
    findings = Findings(changes.find(inputs, Findings()))
    inputs.warehouse.write_findings(findings.tables)
    return inputs.warehouse.read("change_point")
