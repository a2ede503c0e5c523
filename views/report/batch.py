"""The reports that a batch writes by itself, and what it says of its work at the end."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from contracts.settings.sections import Settings
from ingest.warehouse.marts import Marts
from views.console.printing import ERR
from views.report import write as report


def write_due(marts: Marts, settings: Settings, now: datetime, config: str) -> dict[str, list[str]]:
    """Writes every report that is due: names of those `written` and of those `revised`.

    `marts`: what is published. `settings`: name the folder, and which periods are due. `now`:
    periods that are over by then are due. `config`: name of the configuration, for the footer.
    """
    folder = settings.resolve(settings.report.folder)
    names_before = {name for name, _, _ in report.written(folder)}
    names = list(_written(marts, settings, now, config))
    return {
        "written": [name for name in names if name not in names_before],
        "revised": [name for name in names if name in names_before],
    }


def _written(marts: Marts, settings: Settings, now: datetime, config: str) -> Iterator[str]:
    folder = settings.resolve(settings.report.folder)
    for period in report.due(marts, settings, now):
        page = report.write(marts, period, folder, settings, config)
        ERR.print(f"report {page}")
        yield period.key


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
