"""One subscriber's wish: no row of theirs, now or after any later run.

What is remembered is a pseudonym, so that their rows are known again when they are delivered
again. It is written first; every later step can be taken twice, so a stop in the middle is mended
by asking again. Marts and reports hold no persons, and still count them: whoever calls this runs
and publishes anew, then takes older snapshots away.
"""

import os
from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import date
from pathlib import Path

import pandas as pd

from contracts.errors import InputError, QuestionError
from contracts.settings.sections import Settings
from ingest.privacy import door, keys
from ingest.warehouse import acknowledgements
from ingest.warehouse.parts import Part, rows_of, take_out
from ingest.warehouse.retain import RELEASED
from ingest.warehouse.store import WHOLE, Warehouse

COLUMNS = ("what", "where", "rows", "done")
_WHO = "subscriber_id"
_COUNTED = {"complaint": "complaint_counted", "nps": "answer_counted"}
"""Tables made of persons' rows, which the next run makes anew."""


def forget(
    identifier: str, domain: str, settings: Settings, *, today: date, dry_run: bool = False
) -> pd.DataFrame:
    """Takes one subscriber's rows out of the warehouse; what was done: what, where, rows, done.

    `identifier`: as the person or a colleague writes it. `domain`: msisdn, imsi, email or account.
    `today`: noted beside the pseudonym. `dry_run`: change nothing, and say what would be done.
    `settings`: with the keys of all epochs, and where the warehouse lies.

    Rows under the keys of all epochs are found. Call it while nothing else is at work on the
    warehouse. Raises QuestionError where the identifier is none of its domain; the message never
    quotes it.
    """
    if domain not in door.DOMAINS:
        raise QuestionError(f"no kind '{domain}'; there are: {', '.join(door.DOMAINS)}")
    text, why = door.identifier(identifier, domain, settings.operator.country)
    if not text:
        raise QuestionError(f"nobody can be found: {why}")
    who = {key.pseudonym(domain, text) for key in keys.pseudonym_keys(settings)}
    warehouse = Warehouse(settings.resolve(settings.warehouse.path))
    parts = {name: rows_of(warehouse, name, column=_WHO, values=who) for name in door.PERSONS}
    counted = _counted_days(warehouse, who)
    if not dry_run:
        key = keys.pseudonym_key(settings)
        _remember(settings, key.id, key.pseudonym(domain, text), today)
        for name, parts_of_table in parts.items():
            _take_out(warehouse, name, parts_of_table, who)
        for name, days in counted.items():
            _drop_days(warehouse, name, set(days))
    lines = [
        *_what_goes(parts, settings, dry_run=dry_run),
        *_counted_parts(counted, dry_run=dry_run),
        *_what_stays(warehouse),
    ]
    return pd.DataFrame(lines, columns=list(COLUMNS))


def _counted_days(warehouse: Warehouse, who: set[str]) -> dict[str, dict[str, int]]:
    """Rows of the person by day, in each table of what counts.

    They are searched for themselves: a run that was killed may have taken the source row away and
    not yet the row that counts.
    """
    days = dict[str, dict[str, int]]()
    for name in _COUNTED.values():
        columns, only = ["person_key", "day_local"], ("person_key", sorted(who))
        rows = warehouse.read(name, columns=columns, only=only)
        n_rows = rows.groupby(rows["day_local"].astype("str")).size()
        days[name] = {str(day): int(n) for day, n in n_rows.items()}
    return days


def _drop_days(warehouse: Warehouse, name: str, days: set[str]) -> None:
    """Takes days of a table of what counts away; the next run makes them anew."""
    if days:
        warehouse.forget_days(name, keep={*warehouse.days(name)} - days, tables=(name,))


def _remember(settings: Settings, key_id: str, pseudonym: str, today: date) -> None:
    if pseudonym in door.read_forgotten(settings).get(key_id, frozenset()):
        return
    path = settings.resolve(settings.privacy.forgotten_file)
    before = path.read_text(encoding="utf-8") if path.exists() else ""
    _replace(path, f"{before}{key_id} {pseudonym} {today}\n")


def _replace(path: Path, text: str) -> None:
    """Puts a file for its owner alone in place, on the disk before anything is taken away."""
    part = path.with_name(f".{path.name}.part")
    part.unlink(missing_ok=True)
    with os.fdopen(os.open(part, os.O_CREAT | os.O_WRONLY, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)


def _take_out(warehouse: Warehouse, name: str, parts: list[Part], who: set[str]) -> None:
    if parts and name == "call":
        # shares of a cell's calls are made of persons' places
        warehouse.forget_settled("footprint", WHOLE)
    if name in _COUNTED:
        _drop_days(warehouse, _COUNTED[name], {part.day for part in parts})
    for part in parts:
        warehouse.forget_settled(name, part.day)
    of_load = defaultdict[str, list[Part]](list)
    for part in parts:
        of_load[part.load].append(part)
    for load, pieces in of_load.items():
        if load:
            _note_refused(warehouse, name, load, pieces)
        for part in pieces:
            take_out(warehouse, part, column=_WHO, values=who)


def _note_refused(warehouse: Warehouse, name: str, load: str, pieces: list[Part]) -> None:
    """Counts the rows as refused, as a load from now on would; before they are taken out."""
    facts, before = warehouse.loads(name)[load], warehouse.read_refused_of(name, load)
    rows = [row for part in pieces for row in part.rows]
    forgotten = pd.DataFrame({"source_row": rows}).assign(
        table_name=name,
        source_file=facts["file"],
        file_hash=facts.get("hash", ""),
        column_name="",
        scope="row",
        reason=door.FORGOTTEN,
        masked_value="",
    )
    refused = pd.concat([before[~before["source_row"].isin(rows)], forgotten[before.columns]])
    warehouse.write_refused(name, load, refused.sort_values(["source_row", "column_name"]))
    facts["n_refused"] = int(refused.loc[refused["scope"] == "row", "source_row"].nunique())
    facts["n_values_missing"] = int((refused["scope"] == "value").sum())
    warehouse.write_load(name, load, facts)


def _what_goes(
    parts: dict[str, list[Part]], settings: Settings, *, dry_run: bool
) -> Iterator[tuple[str, str, int, str]]:
    """Our files that are written anew, source files that hold the person, and the list."""
    done = "would be rewritten" if dry_run else "rewritten"
    every_part = [part for parts_of_table in parts.values() for part in parts_of_table]
    for part in every_part:
        kind = "piece" if part.load else "table"
        yield kind, part.path, len(part.rows), done
    for file, n in _source_files(every_part):
        yield "source file", file, n, "still holds the number: yours to delete; no longer read"
    path = settings.privacy.forgotten_file
    yield "list", path, 1, "would be noted" if dry_run else "pseudonym noted: later rows refused"


def _counted_parts(
    counted: dict[str, dict[str, int]], *, dry_run: bool
) -> Iterator[tuple[str, str, int, str]]:
    """Days of what counts that hold the person."""
    done = "would be removed" if dry_run else "removed, made anew by the run"
    for name, days in counted.items():
        for day, n in sorted(days.items()):
            yield "table", f"tables/{name}/{day}.parquet", n, done


def _what_stays(warehouse: Warehouse) -> Iterator[tuple[str, str, int, str]]:
    """What may speak of the person and can't be made anew or searched by a number."""
    if n := len(warehouse.read("place_rate", days=[RELEASED])):
        why = "stay as released: their rows went by [retention], nobody can tell whom they count"
        yield "figures", "place_rate of months that went", n, why
    changes, first = warehouse.read("change_point"), warehouse.kept_from().get("call", "")
    days = changes.loc[changes["place_type"] == "hex", "change_utc"].dt.strftime("%Y-%m-%d")
    if n := int((days < first).sum()):
        why = "stay as released: the calls before them went by [retention]"
        yield "figures", "change_point of hexagons in months that went", n, why
    try:
        comments = acknowledgements.read(warehouse.marts.log)["ack_comment"]
    except InputError as error:
        yield "acknowledgements", "comments", 0, f"not looked at: {error.about}"
        return
    if n := int((comments != "").sum()):
        why = "hold no numbers; names may stand there: look, and 'acknowledge --remove'"
        yield "acknowledgements", "comments", n, why


def _source_files(parts: Iterable[Part]) -> list[tuple[str, int]]:
    files = defaultdict[str, int](int)
    for part in parts:
        if part.load:
            files[part.source_file] += len(part.rows)
    return sorted(files.items())
