"""The reports that a batch writes by itself, and what it says of its work at the end."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from contracts.settings.sections import Settings
from ingest.warehouse.marts import Marts
from views.console.printing import ERR
from views.report import write as report


def write_due(marts: Marts, settings: Settings, now: datetime, config: str) -> dict[str, list[str]]:
    """Writes every report that is due: names of those `written` and of those `revised`.

    `marts`: what is published. `settings`: name the folder, which periods are due, and the
    audiences; their reports have their name before that of the period. `now`: periods that are over
    by then are due. `config`: name of the configuration, for the footer.
    """
    done: dict[str, list[str]] = {"written": [], "revised": []}
    for reader in report.readers(settings):
        folder = report.folder_of(settings, reader)
        names_before = {name for name, _, _ in report.written(folder)}
        for period in report.due_for(marts, settings, now, reader):
            page = report.write(marts, period, folder, settings, config, reader=reader)
            ERR.print(f"report {page}")
            kind = "revised" if period.key in names_before else "written"
            done[kind].append(f"{reader.name}/{period.key}" if reader.name else period.key)
    return done


def summary(marts: Marts, run_before: str, reports: Mapping[str, list[str]]) -> dict[str, Any]:
    """What a batch has done, for its last line.

    `marts`: what is published now. `run_before`: the run that was published before it; empty =
    none. `reports`: as of `write_due`.
    """
    receipt = marts.query("receipt")
    return {
        "run_id": marts.run_id,
        "new": marts.run_id != run_before,
        "rows": {name: int(receipt[f"n_{name}"].sum()) for name in ("read", "accepted", "refused")},
        **reports,
        "verdicts": marts.query("quality_notes")["verdict"].value_counts().to_dict(),
    }
