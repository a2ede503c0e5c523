"""How long rows stay: what is older goes, and does not come back with a file that still holds it.

`retain` notes the first day that is kept of each kind of row (`kept_from.json`); from then on no
reader sees earlier pieces, and a file that is read anew is cut there. Rows of persons go by whole
local months, the first of which may be younger than allowed: a figure of half a month would be
wrong. What was released of the months that go stays published as it was.
"""

from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pandas as pd

from contracts.errors import InputError
from contracts.settings.sections import Retention, Settings
from contracts.tables import TABLES
from ingest.warehouse import acknowledgements, parts
from ingest.warehouse.parts import Part
from ingest.warehouse.store import Warehouse

COLUMNS = ("what", "where", "rows", "done")
RELEASED = "released"
_BLANKED = {"text": ("text_redacted",), "position": ("lat", "lon")}
_WHERE = {"text": "", "position": "subscriber_id"}
"""Positions go where a person is known; a spot without one says of nobody."""
_MADE_OF = {
    "pm": (),
    "hour": ("cell_hour",),
    "complaint": ("complaint", "complaint_counted"),
    "nps": ("nps", "answer_counted"),
}
"""Tables whose days go with the rows of a kind; others go with their own."""
_PERSONS = ("call", "complaint", "nps")
_FIGURES = ("place_rate", "rate_part")
"""Tables of released figures."""
_METRICS = {
    "complaint": ("complaints_per_1000", "complaints_per_10k_attempts"),
    "nps": ("nps",),
    "call": ("call_drop_rate", "rating_mean"),
}


def retain(settings: Settings, *, now: datetime, dry_run: bool = False) -> pd.DataFrame:
    """Takes away what is older than [retention] allows; what was done: what, where, rows, done.

    `settings`: with [retention], and the operator's zone. `now`: from when on days are counted
    back, in the operator's zone. `dry_run`: change nothing, and say what would go. Call it while
    nothing else is at work on the warehouse. What once went does not come back with a longer
    period. A stop in the middle is mended by calling it again.
    """
    warehouse = Warehouse(settings.resolve(settings.warehouse.path))
    now_local = now.astimezone(ZoneInfo(settings.operator.timezone))
    before = warehouse.kept_from()
    first = {
        kind: max(day, before.get(kind, ""))
        for kind, day in first_days(settings.retention, now_local).items()
    }
    if not dry_run:
        warehouse.keep_from(first)
        _keep_released(warehouse, first)
    lines = [*_days_gone(warehouse, first, dry_run=dry_run)]
    lines += _blanked(warehouse, first, dry_run=dry_run)
    lines += _logs_gone(settings, now, dry_run=dry_run)
    lines += _acknowledgements_gone(warehouse, settings, now, dry_run=dry_run)
    return pd.DataFrame(lines, columns=list(COLUMNS))


def first_days(periods: Retention, now: datetime) -> dict[str, str]:
    """First local day of which each kind of row may stay, as YYYY-MM-DD.

    `periods`: section [retention], in days. `now`: in the operator's zone. Rows of persons stay
    from a first day of a month on.
    """
    by_month = {
        "call": periods.call_days,
        "complaint": periods.complaint_days,
        "nps": periods.survey_days,
    }
    by_day = {
        "text": periods.text_days,
        "position": periods.position_days,
        "pm": periods.pm_days,
        "hour": periods.hour_days,
    }
    today = now.date()
    first = {kind: _month_from(today - timedelta(days=n)) for kind, n in by_month.items()}
    return first | {kind: str(today - timedelta(days=n)) for kind, n in by_day.items()}


def _month_from(day: date) -> str:
    """First day of a month that begins on a day or after it."""
    if day.day == 1:
        return str(day)
    # four days after the 28th it is the next month, whatever month it is
    return str((day.replace(day=28) + timedelta(days=4)).replace(day=1))


def cut(
    rows: pd.DataFrame, days: pd.Series, table: str, first: Mapping[str, str]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Rows of one table as they may be kept, and those that are too old.

    `rows`: of the table, as cleaned. `days`: their local days as YYYY-MM-DD. `table`: its name.
    `first`: first days by kind of row, as `first_days` gives them; empty = all are kept.

    Of a kept row what has a shorter period is empty.
    """
    if not first:
        return rows, rows.iloc[:0]
    old = days < first.get(table, "")
    kept, gone = rows[~old].copy(), rows[old]
    for kind, columns in _BLANKED.items():
        if table in _PERSONS and kind in first:
            late = days[~old] < first[kind]
            if _WHERE[kind]:
                late &= kept[_WHERE[kind]].notna()
            for column in kept.columns.intersection(list(columns)):
                kept[column] = kept[column].mask(late)
    return kept, gone


def carry(warehouse: Warehouse) -> None:
    """Takes released figures of months that went into the run at hand.

    `warehouse`: of the run at hand, its table `run` written.
    """
    for name in _FIGURES:
        rows = warehouse.read(name, days=[RELEASED])
        if len(rows):
            warehouse.write_findings({name: rows}, day=RELEASED)


def notes(warehouse: Warehouse) -> Iterator[tuple[str, str, str, str]]:
    """What was read and not kept, for table `quality`: table, check, verdict, message.

    `warehouse`: with the notes of all loaded files. A table of which nothing is too old has no
    note.
    """
    first = warehouse.kept_from()
    for name in sorted(first.keys() & TABLES.keys()):
        if n := sum(facts.get("n_expired", 0) for facts in warehouse.loads(name).values()):
            text = f"{n:,} rows are of days before {first[name]} and are not kept ([retention])."
            yield name, "retention", "ok", text


# ------------------------------------------------------------------------------ what is there


def _days_gone(
    warehouse: Warehouse, first: Mapping[str, str], *, dry_run: bool
) -> Iterator[tuple[str, str, int, str]]:
    for kind in ("pm", "hour", *_PERSONS):
        tables = _MADE_OF.get(kind, (kind,))
        old = parts.days_before(warehouse, kind, first[kind], tables=tables)
        if not dry_run:
            _count_expired(warehouse, kind, first[kind], {part.load for part in old} - {""})
            parts.drop(warehouse, kind, old)
        for place, same in _by_place(old).items():
            days = sorted({part.day for part in same})
            n_rows = sum(len(part.rows) for part in same)
            yield place, f"{days[0]} to {days[-1]}", n_rows, "would go" if dry_run else "gone"


def _by_place(old: list[Part]) -> dict[str, list[Part]]:
    """Parts by what they are part of: pieces/call, tables/call."""
    places: dict[str, list[Part]] = {}
    for part in old:
        places.setdefault("/".join(part.path.split("/")[:2]), []).append(part)
    return places


def _count_expired(warehouse: Warehouse, name: str, first: str, loads: set[str]) -> None:
    """Moves rows from read to expired in their files' notes; from what is kept: twice is once."""
    for load, facts in warehouse.loads(name).items():
        if load in loads:
            n_rows = parts.piece_rows(warehouse, name, load)
            total = facts["n_read"] + facts.get("n_expired", 0)
            n_kept = sum(n for day, n in n_rows.items() if day >= first)
            facts["n_read"] = n_kept + facts["n_refused"]
            facts["n_expired"] = total - facts["n_read"]
            warehouse.write_load(name, load, facts)


def _blanked(
    warehouse: Warehouse, first: Mapping[str, str], *, dry_run: bool
) -> Iterator[tuple[str, str, int, str]]:
    done = "would be emptied" if dry_run else "emptied"
    for kind, columns in _BLANKED.items():
        for name in _PERSONS:
            for column in set(columns) & set(TABLES[name].columns):
                how = {"column": column, "where": _WHERE[kind]}
                filled = parts.unblanked(warehouse, name, days=(first[name], first[kind]), **how)
                for part in filled if not dry_run else ():
                    parts.make_blank(warehouse, part, **how)
                if n := sum(len(part.rows) for part in filled):
                    yield f"{name}.{column}", f"before {first[kind]}", n, done


def _keep_released(warehouse: Warehouse, first: Mapping[str, str]) -> None:
    """Sets released figures of the months that go aside: they can't be made again."""
    for table in _FIGURES:
        figures = warehouse.read(table)
        starts = figures["period_start"].astype("str")
        old_figures = [
            figures[figures["metric"].isin(metrics) & (starts < first[name])]
            for name, metrics in _METRICS.items()
        ]
        released = pd.concat(old_figures).drop_duplicates(list(TABLES[table].key))
        if len(released):
            warehouse.write(table, released, day=RELEASED)


def _logs_gone(
    settings: Settings, now: datetime, *, dry_run: bool
) -> Iterator[tuple[str, str, int, str]]:
    oldest = (now - timedelta(days=settings.retention.log_days)).timestamp()
    log = settings.resolve(settings.run.log) if settings.run.log else Path("none/none")
    for path in sorted(log.parent.glob(f"{log.name}.[0-9]*")):
        if path.stat().st_mtime < oldest:
            if not dry_run:
                path.unlink()
            yield "log", path.name, 0, "would go" if dry_run else "gone"


def _acknowledgements_gone(
    warehouse: Warehouse, settings: Settings, now: datetime, *, dry_run: bool
) -> Iterator[tuple[str, str, int, str]]:
    oldest = now - timedelta(days=settings.retention.acknowledgement_days)
    where, log = f"before {oldest:%Y-%m-%d}", warehouse.marts.log
    try:
        old = acknowledgements.older(log, oldest)
    except InputError as error:
        yield "acknowledgements", where, 0, f"not looked at: {error.about}"
        return
    if not old:
        return
    done = "would go" if dry_run else "gone"
    if not dry_run:
        try:
            acknowledgements.remove(log, old)
        except InputError as error:
            # the screen's user keeps the log: who is stronger must not write in that one's folder
            numbers = " ".join(f"--remove {entry}" for entry in old)
            done = f"still there: {error.about}; as that user do: hexperience acknowledge {numbers}"
    yield "acknowledgements", where, len(old), done
