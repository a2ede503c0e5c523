"""Messages of alerts: what is new and what is over since the last one, of each audience.

A message is a folder, and what is known since then lies within: the folder appears whole or not at
all, so that no row is said twice or lost. Until the next message nothing else is noted.
"""

import json
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd

from contracts.errors import NothingFound, QuestionError
from contracts.settings.audiences import Audience
from contracts.settings.sections import Settings
from ingest.alerts import alert_of
from ingest.warehouse.files import make_folder, read_note, to_disk, whole, write_note
from ingest.warehouse.marts import Marts
from views.console import export
from views.console.printing import ERR
from views.delivery import asking
from views.delivery.asking import Beside, Row
from views.delivery.parcel import OPEN, ROWS, folder_of_alerts, id_of, messages

_SHOWN = 10
"""Rows of an alert that a message names; the table beside it has all."""

Known = dict[str, dict[str, dict[str, str]]]
"""What was said and is not over: text and first day, by key, by alert."""


@dataclass(frozen=True)
class News:
    """What a message to one audience says, and what is known after it."""

    reader: str
    audience: Audience
    today: date
    last_day: date | None
    fresh: tuple[Row, ...]
    over: tuple[tuple[str, str, str], ...]
    known: Known

    @property
    def state(self) -> str:
        """How it stands: nothing new, quiet (the last message is too young), or due."""
        if not self.fresh and not self.over:
            return "nothing new"
        if self.last_day is None:
            return "due"
        is_quiet = (self.today - self.last_day).days < self.audience.quiet_days
        return "quiet" if is_quiet else "due"


def news(marts: Marts, settings: Settings, now: datetime) -> Iterator[News]:
    """What there is to say to each audience that has alerts.

    `marts`: what is published. `settings`: with audiences and alerts. `now`: of the clock. An alert
    that can't be asked is named on standard error; what was said of it stays as it was.
    """
    today = now.astimezone(ZoneInfo(settings.operator.timezone)).date()
    readers = [(name, each) for name, each in sorted(settings.audience.items()) if each.alerts]
    if not readers:
        return
    beside = asking.beside(marts, today)
    for reader, audience in readers:
        note = _last_note(settings, reader)
        answers = _answers(marts, settings, audience, beside)
        last_day = date.fromisoformat(note["day"]) if note else None
        known = note["known"] if note else {}
        fresh, over, after = compared(known, answers, today)
        yield News(reader, audience, today, last_day, fresh, over, after)


def _last_note(settings: Settings, reader: str) -> dict[str, Any]:
    folders = messages(settings, reader)
    return (read_note(folders[-1] / OPEN) or {}) if folders else {}


def _answers(
    marts: Marts, settings: Settings, audience: Audience, beside: Beside
) -> dict[str, list[Row] | None]:
    answers: dict[str, list[Row] | None] = {}
    for name in dict.fromkeys(audience.alerts):
        try:
            answers[name] = asking.rows(marts, settings, name, audience, beside)
        except (NothingFound, QuestionError) as error:
            ERR.print(f"alert {name}: {error}", markup=False, highlight=False, soft_wrap=True)
            answers[name] = None
    return answers


def compared(
    known: Known, answers: Mapping[str, list[Row] | None], today: date
) -> tuple[tuple[Row, ...], tuple[tuple[str, str, str], ...], Known]:
    """Rows that are new, those that are over (alert, text, first day), and what is known then.

    `known`: as of the last message. `answers`: rows of each alert that is switched on; None = it
    could not be asked. `today`: the first day of what is new.
    """
    fresh: list[Row] = []
    over: list[tuple[str, str, str]] = []
    after: Known = {}
    for name, answer in answers.items():
        before = known.get(name, {})
        if answer is None:
            after[name] = before
            continue
        keys = {row.key for row in answer}
        started = [row for row in answer
                   if row.begins and not row.muted and row.key not in before]  # fmt: skip
        gone = {key: entry for key, entry in before.items() if key not in keys}
        over += [(name, entry["says"], entry["first_day"]) for entry in gone.values()]
        entries = {row.key: {"says": row.says, "first_day": str(today)} for row in started}
        after[name] = {key: before[key] for key in before if key in keys} | entries
        fresh += started
    return tuple(fresh), tuple(over), after


def write_due(marts: Marts, settings: Settings, now: datetime) -> list[Path]:
    """Writes the message of each audience to which there is something to say; their folders.

    `marts`, `settings`, `now`: as of `news`. `send.send_due` sends them.
    """
    return [_written(each, settings) for each in news(marts, settings, now) if each.state == "due"]


def _written(each: News, settings: Settings) -> Path:
    before = [int(folder.name[-4:]) for folder in messages(settings, each.reader)]
    name = f"alerts-{each.reader}-{max(before, default=0) + 1:04d}"
    folder = folder_of_alerts(settings, each.reader) / name
    make_folder(folder.parent)
    part = Path(tempfile.mkdtemp(prefix=".part-", dir=folder.parent))
    try:
        _fill(part, folder.name, each, settings)
        to_disk(part)
        part.rename(folder)
        to_disk(folder.parent)
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return folder


def _fill(part: Path, what: str, each: News, settings: Settings) -> None:
    note = said(each, settings)
    text = "\n\n".join([note["headline"], *(f"{word}: {line}" for word, line in note["lines"])])
    files = {
        "alerts.txt": f"{text}\n".encode(),
        "message.json": json.dumps(note, indent=1, ensure_ascii=False).encode(),
        ROWS: export.encoded(table(each), "csv"),
    }
    for name, content in files.items():
        with whole(part / name) as path:
            path.write_bytes(content)
    to = [id_of(each.reader, each.audience, what, recipient)
          for recipient in each.audience.recipients]  # fmt: skip
    write_note(part / OPEN, {"day": str(each.today), "known": each.known, "to": to})


def said(each: News, settings: Settings) -> dict[str, Any]:
    """A message as it is sent: subject, headline and a line for what is new and over by alert.

    `each`: with something to say. `settings`: give titles, and the name of the operator.
    """
    counts = [(len(each.fresh), "new"), (len(each.over), "over")]
    summary = ", ".join(f"{count} {word}" for count, word in counts if count)
    n_open = sum(map(len, each.known.values())) - len(each.fresh)
    reader = each.audience.title or each.reader
    return {
        "subject": f"{settings.operator.name}: alerts for {reader}, {summary}",
        "headline": f"{summary}; {n_open} still open of those said before.",
        "lines": list(_lines(each, settings)),
        "picture": "",
    }


def _lines(each: News, settings: Settings) -> Iterator[list[str]]:
    for name in each.known:
        title = alert_of(settings, name).title
        fresh = [row.says for row in each.fresh if row.alert == name]
        over = [f"{text} (first said {day})" for alert, text, day in each.over if alert == name]
        if fresh:
            yield [f"{title}, new", _shortened(fresh)]
        if over:
            yield [f"{title}, over", _shortened(over)]


def _shortened(texts: list[str]) -> str:
    n_more = len(texts) - _SHOWN
    shown = "; ".join(texts[:_SHOWN])
    return f"{shown}; and {n_more} more in {ROWS}" if n_more > 0 else shown


def table(each: News) -> pd.DataFrame:
    """Every row that a message speaks of, and those that stay open: alert, state, says, first_day.

    `each`: what is said to one audience.
    """
    fresh = {(row.alert, row.says) for row in each.fresh}
    open_rows = [(name, entry["says"], entry["first_day"])
                 for name, entries in each.known.items() for entry in entries.values()]  # fmt: skip
    states = [(alert, "new" if (alert, text) in fresh else "open", text, day)
              for alert, text, day in open_rows]  # fmt: skip
    gone = [(alert, "over", text, day) for alert, text, day in each.over]
    return pd.DataFrame([*states, *gone], columns=["alert", "state", "says", "first_day"])


def would_go(marts: Marts, settings: Settings, now: datetime) -> pd.DataFrame:
    """What a call at `now` would say to whom, a row for each new or past row of an alert.

    `marts`, `settings`, `now`: as of `news`. `message`: due, or quiet where the last is too young.
    """
    parts = [
        table(each).query("state != 'open'").assign(audience=each.reader, message=each.state)
        for each in news(marts, settings, now)
    ]
    names = ["audience", "message", "alert", "state", "says", "first_day"]
    return pd.concat(parts)[names] if parts else pd.DataFrame(columns=names)
