"""Alerts: questions that are put after each batch, with which parameters, and for whom."""

from collections.abc import Iterator
from datetime import date
from typing import Any

from contracts.errors import NothingFound, QuestionError
from contracts.settings.audiences import Alert, Audience
from contracts.settings.sections import Settings
from ingest.warehouse.questions import Query, read_query, typed

HOMES = ("region", "cell_id", "site_id")
"""Columns by which a row's region is known."""


def alert_of(settings: Settings, name: str) -> Alert:
    """An alert with its question and title filled in.

    `settings`: may have a section of it. `name`: as an audience names it.
    """
    alert = settings.alert.get(name, Alert())
    title = alert.title or name.replace("_", " ").capitalize()
    return alert.model_copy(update={"title": title, "question": alert.question or name})


def faults(settings: Settings) -> Iterator[tuple[str, str]]:
    """Alerts that can't be asked: the section, and what is wrong with the remedy.

    `settings`: well formed.
    """
    for name in settings.alert:
        yield from ((f"alert {name}", fault) for fault in _question_faults(settings, name))
    for reader, audience in settings.audience.items():
        for name in audience.alerts:
            if not list(_question_faults(settings, name)):
                part_faults = _part_faults(settings, name, audience)
                yield from ((f"audience {reader}", fault) for fault in part_faults)


def _question_faults(settings: Settings, name: str) -> Iterator[str]:
    alert = alert_of(settings, name)
    try:
        question = read_query(alert.question)
        typed(question, _examples(question) | _as_text(alert))
    except (NothingFound, QuestionError) as error:
        yield str(error)


def _examples(question: Query) -> dict[str, Any]:
    """A value for what thresholds of an audience give where the alert does not."""
    return {"limit_value": "0"} if "limit_value" in question.params else {}


def _part_faults(settings: Settings, name: str, audience: Audience) -> Iterator[str]:
    question = read_query(alert_of(settings, name).question)
    if audience.regions and not {*HOMES} & {*question.returns}:
        columns = ", ".join(HOMES)
        yield (f"alert '{name}' does not say in which region a row lies: it can't go to an "
               f"audience of regions; let {question.name} return one of {columns}")  # fmt: skip
    if not list(calls(settings, name, audience, date.min)):
        yield f"alert '{name}' has no limit; give thresholds, or [alert.{name}] params limit_value"


def _as_text(alert: Alert) -> dict[str, str]:
    return {name: str(value) for name, value in alert.params.items()}


def calls(
    settings: Settings, name: str, audience: Audience, today: date
) -> Iterator[dict[str, str]]:
    """Parameters of each time that the question of an alert is put for an audience.

    `settings`, `name`: of the alert. `audience`: whose thresholds give the limit that a question
    asks for and the alert does not name; without thresholds it is not put. `today`: the operator's
    local day, for a question that takes one.
    """
    alert = alert_of(settings, name)
    takes = read_query(alert.question).params
    given = _as_text(alert)
    if "today" in takes and "today" not in given:
        given["today"] = today.isoformat()
    if "limit_value" not in takes or "limit_value" in given:
        yield given
        return
    for kpi, limit in audience.thresholds.items():
        if given.get("kpi", kpi) == kpi:
            yield {**given, "kpi": kpi, "limit_value": str(limit)}
