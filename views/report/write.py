"""Writes the report of one week or month: one HTML page that stands by itself, its tables as CSV.

Everything comes from the published marts by query; `contents` puts it into words and draws it. The
same marts, period and acknowledgements give the same bytes. No Streamlit in it.
"""

import json
import shutil
import tempfile
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import jinja2
import pandas as pd

from contracts.errors import NothingFound, nearest
from contracts.settings.sections import Settings
from ingest.warehouse.files import damaged, read_note
from ingest.warehouse.marts import Marts
from ingest.warehouse.publish import drop_older_snapshots
from ingest.warehouse.store import Warehouse
from views.console import export
from views.report import contents, message
from views.report.lines import Answers, still_true
from views.report.part import EVERYBODY, Reader
from views.words import numbers, periods
from views.words.numbers import amount
from views.words.periods import Period, parse

_EVERYTHING = 10_000_000
_NOTE = "report.json"
# before the name of an audience: folders of periods begin with a digit
_OF = "of-"
# names of counts in notes of reports written until 0.1
_RENAMED = {"n_works": "n_interventions"}
_COUNTED = {
    "n_days_known": "days known", "n_cell_days": "days of cells", "call_attempts": "call attempts",
    "dropped_calls": "dropped calls", "n_customer_figures": "released customer figures",
    "n_customer_cases": "complainants, answers and reported drops in shown hexagons",
    "n_changes": "dated changes", "n_interventions": "interventions",
}  # fmt: skip


@dataclass(frozen=True)
class Edition:
    """Which edition of a period's report this is, and what was counted in the one before."""

    revision: int = 1
    before: dict[str, Any] | None = None


# --- on the disk ------------------------------------------------------------------------------


def write(
    marts: Marts,
    period: Period,
    folder: Path,
    settings: Settings,
    config: str = "",
    *,
    reader: Reader = EVERYBODY,
) -> Path:
    """Writes the report's folder, whole or not at all; returns the page.

    `marts`: what is published. `period`: one that it holds. `folder`: of all reports; made where it
    is missing. `settings`: name the file of the regions. `config`: name of the configuration, for
    the footer. `reader`: whose part it holds. Where the counts of the period have changed since an
    earlier report in `folder`, the new one is the next revision and says so.
    """
    target = folder / period.key
    _heal(target)
    counts = counted(_offered(marts)[period])
    edition = _edition(target, counts)
    files = build(marts, period, settings, edition=edition, config=config, reader=reader)
    folder.mkdir(parents=True, exist_ok=True)
    building = Path(tempfile.mkdtemp(prefix=f".building-{period.key}-", dir=folder))
    try:
        building.chmod(0o755)
        for name, content in files.items():
            (building / name).write_bytes(content)
        note = {"revision": edition.revision, "before": edition.before, "counts": counts}
        (building / _NOTE).write_text(json.dumps(note, indent=1), encoding="utf-8")
        _swap(building, target)
    finally:
        shutil.rmtree(building, ignore_errors=True)
    return target / f"{period.key}.html"


def due(marts: Marts, settings: Settings, now: datetime) -> list[Period]:
    """Periods that are over, are no longer waited for, and have no report of what they hold.

    `marts`: what is published. `settings`: name the folder, which grains are written, and how many
    hours after the end. `now`: an instant with its zone.
    """
    wait = timedelta(hours=settings.report.after_hours)
    zone, folder = settings.operator.timezone, settings.resolve(settings.report.folder)
    return [
        period
        for period, row in _offered(marts).items()
        if period.grain in settings.report.every
        and period.end(zone) + wait <= now
        and (_note(folder / period.key) or {}).get("counts") != counted(row)
    ]


def due_for(marts: Marts, settings: Settings, now: datetime, reader: Reader) -> list[Period]:
    """As `due`, for an audience: of each grain the newest, and what came after the first one sent.

    `marts`, `settings`, `now`: as of `due`. `reader`: an audience. Who is new does not get the
    reports of years.
    """
    if reader.audience is None:
        return due(marts, settings, now)
    report = settings.report.model_copy(
        update={"every": reader.audience.schedule, "folder": str(folder_of(settings, reader))}
    )
    waiting = due(marts, settings.model_copy(update={"report": report}), now)
    there = [parse(name) for name, _, _ in written(folder_of(settings, reader))]
    # of a grain that has none yet, the newest alone
    newest = {period.grain: period.first for period in waiting}
    since = newest | {period.grain: period.first for period in sorted(there, key=_first_last)}
    return [period for period in waiting if period.first >= since[period.grain]]


def _first_last(period: Period) -> int:
    """Orders periods so that the oldest comes last."""
    return -period.first.toordinal()


def folder_of(settings: Settings, reader: Reader) -> Path:
    """Folder of the reports of an audience, or of everybody's.

    `settings`: name that of all reports. `reader`: whose.
    """
    folder = settings.resolve(settings.report.folder)
    return folder / f"{_OF}{reader.name}" if reader.audience else folder


def readers(settings: Settings) -> list[Reader]:
    """Everybody, and each audience by its name.

    `settings`: with the audiences.
    """
    return [EVERYBODY, *(Reader(name, each) for name, each in sorted(settings.audience.items()))]


def reader_of(settings: Settings, name: str) -> Reader:
    """The audience of that name, or everybody where it is empty; raises NothingFound.

    `settings`: with the audiences. `name`: as in [audience.NAME].
    """
    if not name:
        return EVERYBODY
    if name not in settings.audience:
        known = nearest(name, settings.audience) if settings.audience else "; none is configured"
        raise NothingFound(f"no [audience.{name}]{known}")
    return Reader(name, settings.audience[name])


def anew(marts: Marts, folder: Path, settings: Settings, config: str) -> list[str]:
    """Writes all reports of a folder again as first editions, which say nothing of earlier ones.

    `marts`: what is published. `folder`, `settings`, `config`: as of `write`. Returns the names of
    those written; periods that the marts no longer hold stay as they are. Those of audiences are
    written likewise; the folder of one that there is no more is taken away.
    """
    names = _anew(marts, folder, settings, config, EVERYBODY)
    known = {f"{_OF}{reader.name}": reader for reader in readers(settings) if reader.audience}
    for below in sorted(folder.glob(f"{_OF}*")):
        if below.name in known:
            mine = _anew(marts, below, settings, config, known[below.name])
            names += [f"{below.name}/{name}" for name in mine]
        else:
            shutil.rmtree(below)
    return names


def _anew(marts: Marts, folder: Path, settings: Settings, config: str, reader: Reader) -> list[str]:
    offered = {period.key: period for period in _offered(marts)}
    names = [name for name, _, _ in written(folder) if name in offered]
    for name in names:
        shutil.rmtree(folder / name)
        write(marts, offered[name], folder, settings, config, reader=reader)
    return names


def after_forgetting(warehouse: Warehouse, settings: Settings, config: str) -> pd.DataFrame:
    """Takes older snapshots away and writes all reports anew: what was done, as what, where, done.

    Neither may hold anything of a person who is forgotten. `warehouse`: where that person was
    forgotten already. `settings`: name the folder of the reports. `config`: as of `write`.
    """
    snapshots = drop_older_snapshots(warehouse)
    names = anew(warehouse.marts, settings.resolve(settings.report.folder), settings, config)
    done = [("snapshot", name, "removed") for name in snapshots]
    done += [("report", name, "written anew") for name in names]
    return pd.DataFrame(done, columns=["what", "where", "done"])


def written(folder: Path) -> list[tuple[str, Path, int]]:
    """Reports that lie in a folder, the newest period first: its name, its page, its revision."""
    notes = [(path.parent, _note(path.parent)) for path in folder.glob(f"[0-9]*/{_NOTE}")]
    reports = [(path.name, path / f"{path.name}.html", note["revision"])
               for path, note in notes if note]  # fmt: skip
    return sorted(reports, reverse=True)


def counted(row: pd.Series) -> dict[str, float]:
    """What was counted in one period: a row of the query `periods` without its rates."""
    return {name: float(row[name]) for name in _COUNTED}


def _offered(marts: Marts) -> dict[Period, pd.Series]:
    return periods.by_period(marts.query("periods"))


def _edition(target: Path, counts: dict[str, float]) -> Edition:
    old = _note(target)
    if old is None:
        return Edition()
    if old["counts"] == counts:
        return Edition(old["revision"], old["before"])
    return Edition(old["revision"] + 1, old["counts"])


def _note(target: Path) -> dict[str, Any] | None:
    """What an earlier report noted of itself: revision, before, counts; None = there is none."""
    path = target / _NOTE
    if not path.exists():
        return None
    note = read_note(path) or {}
    if not {"revision", "counts"} <= {*note}:
        raise damaged(path, "it is no note of a report")
    return note | {name: _by_new_names(note.get(name)) for name in ("before", "counts")}


def _by_new_names(counts: dict[str, Any] | None) -> dict[str, Any] | None:
    return counts and {_RENAMED.get(name, name): count for name, count in counts.items()}


def _swap(building: Path, target: Path) -> None:
    """Puts a folder in another's place; `_heal` mends a stop between the two steps."""
    old = _aside(target)
    if target.exists():
        target.rename(old)
    building.rename(target)
    shutil.rmtree(old, ignore_errors=True)


def _heal(target: Path) -> None:
    old = _aside(target)
    if old.exists() and not target.exists():
        old.rename(target)
    shutil.rmtree(old, ignore_errors=True)
    for left in target.parent.glob(f".building-{target.name}-*"):
        shutil.rmtree(left, ignore_errors=True)


def _aside(target: Path) -> Path:
    return target.with_name(f".old-{target.name}")


# --- the report -------------------------------------------------------------------------------


def build(
    marts: Marts,
    period: Period,
    settings: Settings,
    *,
    edition: Edition | None = None,
    config: str = "",
    reader: Reader = EVERYBODY,
) -> dict[str, bytes]:
    """The report's files by name: the page and its tables.

    `marts`: what is published. `period`: one that it holds. `settings`: name the file of the
    regions. `edition`: None = the first. `config`: name of the configuration, for the footer.
    `reader`: whose part it holds, and in which formats.
    """
    answers = reader.narrowed(_answers(marts, period), marts.query("cell_groups"))
    row = _offered(marts)[period]
    edition = edition or Edition()
    page = contents.context(marts, period, row, answers, settings, reader=reader)
    html = _template().render(
        page, config=config, edition=edition, revised=_revised(edition, counted(row))
    )
    # a per cent sign stays beside its number
    html = html.replace(" %", "\u00a0%")
    tables = reader.tables(answers)
    page_itself = {f"{period.key}.html": html.encode()}
    if reader.audience is None:
        return page_itself | tables_as(tables, ("csv",))
    beside = message.files(page, period, answers["network"])
    return page_itself | beside | tables_as(tables, reader.audience.formats)


def tables_as(tables: Answers, formats: Collection[str]) -> dict[str, bytes]:
    """Tables of a report as files by name, in the formats that are asked for.

    `tables`: by name. `formats`: of [audience.NAME].
    """
    files = {}
    if "csv" in formats:
        files = {f"{name}.csv": export.encoded(one, "csv") for name, one in tables.items()}
    if "xlsx" in formats:
        files["tables.xlsx"] = export.workbook_of(tables)
    if "gpkg" in formats and len(tables.get("hexagons", ())):
        files["hexagons.gpkg"] = export.encoded(tables["hexagons"], "gpkg")
    return files


def _answers(marts: Marts, period: Period) -> Answers:
    span: dict[str, Any] = {"period_grain": period.grain, "period_start": period.first}
    within = {"since": period.first, "until": period.last}
    ask = marts.query
    look_first = still_true(ask("worst_places", top=_EVERYTHING), period)
    return {
        "network": ask("network_periods", **span),
        "steps": ask("region_steps", **span),
        "hexagons": ask("period_hexes", **span, top=_EVERYTHING),
        "cells": ask("period_cells", **span, top=_EVERYTHING),
        "changes": ask("change_points", **within, top=_EVERYTHING),
        "customers": ask("customer_places", until=period.last),
        "shares": ask("network_shares", region=""),
        "look_first": look_first,
        # what is foreseen is so from the newest day on: an older period has no part in it
        "capacity": _capacity(marts).head(1 if len(look_first) else 0),
        **_regulator(marts, period),
        "interventions": ask("interventions", **within),
        "effects": ask(
            "effects", judged_since=period.first, judged_until=period.last, top=_EVERYTHING
        ),
        "receipt": ask("receipt"),
        "notes": ask("quality_notes"),
    }


def _capacity(marts: Marts) -> pd.DataFrame:
    """How many cells are full at their knee, or will be: one row, none without counters."""
    counts = marts.query("full_counts")
    return counts[(counts["place_type"] == "cell") & (counts["limit_kind"] == "knee")]


def _regulator(marts: Marts, period: Period) -> Answers:
    """A week's worst cells; a month's percentiles, and those of the quarter that it ends."""
    if period.grain == "week":
        return {"worst_cells": marts.query("worst_cells", week=period.first)}
    ask = partial(marts.query, "regulator_percentiles")
    percentiles = [ask(period_grain="month", period_start=period.first)]
    if period.first.month % 3 == 0:
        started = period.first.replace(month=period.first.month - 2)
        percentiles.append(ask(period_grain="quarter", period_start=started))
    return {"percentiles": pd.concat(percentiles)}


def _template() -> jinja2.Template:
    loader = jinja2.FileSystemLoader(Path(__file__).with_name("templates"))
    world = jinja2.Environment(
        loader=loader, autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip
    world.filters.update(amount=amount, day=numbers.day)
    return world.get_template("report.html")


def _revised(edition: Edition, counts: dict[str, float]) -> list[str]:
    return [
        f"{_COUNTED[name]} {amount(before)}, now {amount(counts[name])}"
        for name, before in (edition.before or {}).items()
        if before != counts[name]
    ]
