"""The dry run: all that is wrong with configuration and data, shown at once; nothing is kept.

Files are read, cleaned, settled and rolled up as a run does it, in a temporary folder. The
warehouse is only looked at, so that this works while a run is at work.
"""

import shutil
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import groupby
from pathlib import Path
from typing import Any, Literal

import pandas as pd
from dask.distributed import Client

from contracts.errors import (
    ContractError,
    Damaged,
    InputError,
    NothingFound,
    QuestionError,
    SettingsError,
    nearest,
)
from contracts.settings.sections import Settings
from contracts.tables import SOURCES
from geo.regions import polygons
from ingest import alerts
from ingest.containers import paths
from ingest.privacy import door
from ingest.run import run_files
from ingest.running.workers import Progress, silent
from ingest.settle.load import FileToLoad, listed
from ingest.warehouse.marts import Marts
from ingest.warehouse.store import Warehouse

_REASONS = 20
# marts.duckdb over the settled and rolled-up tables it is made from, on the demo operator
_MARTS_TO_TABLES = 1.2


@dataclass(frozen=True)
class Finding:
    """One thing looked at: ok, warn (read the figures with it in mind) or fault (mend it)."""

    verdict: Literal["ok", "warn", "fault"]
    about: str
    message: str


def rehearse(
    settings: Settings, client: Client, *, newest: int = 0, progress: Progress = silent
) -> list[Finding]:
    """What a run would say of key, polygons, files, rows and disk.

    `settings`: all of them. `client`: of the workers. `progress`: called as the work goes on.
    `newest`: only that many files of each source, the last by name; 0 = all.
    """
    amiss = [*_key_faults(settings), *_region_faults(settings)]
    files, faults = listed(settings)
    tried = _newest(files, newest)
    if any(finding.about == "key" for finding in amiss):
        tried = [task for task in tried if not task.source.given & set(door.IDENTIFIERS)]
    findings = [*amiss, *(Finding("fault", "files", fault) for fault in faults)]
    with tempfile.TemporaryDirectory(prefix="hexperience-check-") as folder:
        there = _elsewhere(settings, folder, regions=not amiss)
        tasks = [replace(task, settings=there) for task in tried]
        judged = list(_tried(tasks, there, client, progress))
        findings += [*_containers(files), *_rows(Warehouse(Path(folder))), *judged]
        if not any(finding.verdict == "fault" for finding in findings):
            share = _bytes(tried) / max(_bytes(files), 1)
            findings.append(_disk(Path(folder), settings, share))
    return findings


def promises(
    settings: Settings, *, now: datetime, max_age: timedelta | None = None
) -> list[Finding]:
    """Whether the published marts keep the promises of queries/checks, and are recent enough.

    `settings`: where the warehouse lies, and the thresholds of the release rule. `now`: to which
    their age is counted. `max_age`: how old the newest data may be; None = any. Without marts
    there is a fault where an age is asked for, else a warning. A file of the warehouse that is not
    as it was written is a fault; all are read that the present user may read.
    """
    warehouse = Warehouse(settings.resolve(settings.warehouse.path))
    marts = warehouse.marts
    amiss = [Finding("fault", "damaged", str(error)) for error in warehouse.damages()]
    if fault := marts.log_fault:
        amiss.append(Finding("warn", "acknowledgements", fault))
    try:
        guilty = marts.guilty(settings.privacy)
        as_of = marts.query("run_facts")["as_of_utc"].max()
    except (Damaged, InputError) as error:
        return amiss or [Finding("fault", "damaged", str(error))]
    except (NothingFound, QuestionError) as error:
        amiss += _alert_faults(settings)
        return [*amiss, Finding("warn" if max_age is None else "fault", "marts", str(error))]
    findings = [
        Finding("fault", str(name), reason)
        for name, rows in guilty.groupby("check")
        for reason in _shortened(rows["reason"].tolist())
    ]
    findings = findings or [Finding("ok", "marts", "they keep all promises of queries/checks")]
    findings = [*amiss, *findings, *_audience_faults(settings, warehouse.marts)]
    return findings if max_age is None else [*findings, _age(as_of, now, max_age)]


def _audience_faults(settings: Settings, marts: Marts) -> Iterator[Finding]:
    """Alerts that can't be asked, and regions of audiences that nothing published lies in."""
    yield from _alert_faults(settings)
    known = {*marts.query("cell_groups")["region"].dropna()}
    for name, audience in settings.audience.items():
        for region in audience.regions:
            if region not in known:
                fault = f"no cell lies in a region '{region}'{nearest(region, known)}"
                yield Finding("fault", f"audience {name}", fault)


def _alert_faults(settings: Settings) -> Iterator[Finding]:
    for about, fault in alerts.faults(settings):
        yield Finding("fault", about, fault)


def _age(as_of: Any, now: datetime, max_age: timedelta) -> Finding:
    if pd.isna(as_of):
        return Finding("fault", "age", "no time in the data")
    is_stale = now - as_of > max_age
    text = f"data as of {as_of:%Y-%m-%d %H:%M} UTC"
    return Finding("fault" if is_stale else "ok", "age", text)


# ------------------------------------------------------------------------------- before a row


def _key_faults(settings: Settings) -> Iterator[Finding]:
    if any(source.given & set(door.IDENTIFIERS) for source in settings.source):
        try:
            door.door(settings).keys()
        except SettingsError as error:
            effect = "sources with subscriber numbers are not tried until it is mended"
            faults = "; ".join(error.faults)
            yield Finding("fault", "key", f"{error.about}: {faults}; {effect}")


def _region_faults(settings: Settings) -> Iterator[Finding]:
    try:
        polygons(settings)
    except InputError as error:
        yield Finding("fault", "regions", f"{error.about}: {'; '.join(error.faults)}")


def _newest(files: list[FileToLoad], newest: int) -> list[FileToLoad]:
    if not newest:
        return files
    by_source = groupby(files, key=lambda task: id(task.source))
    return [task for _, tasks in by_source for task in list(tasks)[-newest:]]


def _elsewhere(settings: Settings, folder: str, *, regions: bool) -> Settings:
    """The same settings, with the warehouse in the temporary folder."""
    there: Mapping[str, Any] = {"warehouse": settings.warehouse.model_copy(update={"path": folder})}
    if not regions:
        there = {**there, "operator": settings.operator.model_copy(update={"regions": ""})}
    return settings.model_copy(update=there)


# ------------------------------------------------------------------------------------- rows


def _tried(
    files: list[FileToLoad], there: Settings, client: Client, progress: Progress
) -> Iterator[Finding]:
    if not files:
        return
    try:
        run_files(files, there, client, progress)
    except InputError as error:
        yield from (Finding("fault", "files", fault) for fault in error.faults)
    except ContractError as error:
        yield from (Finding("fault", "contract", f"{error.about}: {f}") for f in error.faults)
    else:
        notes = Warehouse(Path(there.warehouse.path)).read("quality")
        for note in notes[~notes["check_name"].isin(["refused rows"])].to_dict("records"):
            verdict: Any = {"unsafe": "fault"}.get(note["verdict"], note["verdict"])
            yield Finding(verdict, note["table_name"], note["message"])


def _rows(tried: Warehouse) -> Iterator[Finding]:
    """Of each source its rows read and refused, then the refusals by reason."""
    for name in SOURCES:
        facts = [*tried.loads(name).values()]
        refused = tried.read_refused(name)
        if not facts:
            continue
        n_read = sum(fact["n_read"] for fact in facts)
        rows = refused[refused["scope"] == "row"]
        n_refused = len(rows.drop_duplicates(["source_file", "source_row"]))
        text = f"{len(facts)} file(s): {n_read:,} rows read, {n_refused:,} refused"
        yield Finding("fault" if n_refused == n_read > 0 else "ok", name, text)
        alike = refused.groupby(["scope", "column_name", "reason"], sort=False)
        lines = [_refusal(group) for _, group in alike]
        yield from (Finding("warn", name, line) for line in _shortened(lines))


def _containers(files: list[FileToLoad]) -> Iterator[Finding]:
    """What of archives and workbooks is read."""
    by_limit: dict[float, list[Path]] = {}
    for task in files:
        by_limit.setdefault(task.source.max_gigabytes, []).append(task.path)
    for gigabytes, members in by_limit.items():
        lines = [*paths.described(members, gigabytes)]
        yield from (Finding("ok", "files", line) for line in _shortened(lines))


def _refusal(alike: pd.DataFrame) -> str:
    """Refusals of one scope, column and reason, in words."""
    first = alike.iloc[0]
    scope = f"{len(alike):,} {first['scope']}(s) "
    scope += "refused: " if first["scope"] == "row" else "set to missing: "
    column = f"{first['column_name']}: " if first["column_name"] else ""
    return (
        f"{scope}{column}{first['reason']}; first: {first['source_file']} row {first['source_row']}"
    )


def _shortened(lines: list[str]) -> list[str]:
    rest = len(lines) - _REASONS
    return lines if rest <= 0 else [*lines[:_REASONS], f"and {rest:,} more"]


# ------------------------------------------------------------------------------------- disk


def _disk(tried: Path, settings: Settings, share: float) -> Finding:
    """Space that all files would take in the warehouse against what is free there."""
    where = settings.resolve(settings.warehouse.path).absolute()
    pieces, tables = (_size(tried / part) / share for part in ("pieces", "tables"))
    snapshots = _MARTS_TO_TABLES * tables * (settings.warehouse.keep_snapshots + 1)
    needed = pieces + tables + snapshots - _size(where)
    disk = next(path for path in (where, *where.parents) if path.exists())
    free = shutil.disk_usage(disk).free
    text = f"{where} needs about {max(needed, 0) / 1e9:,.2f} GB more, {free / 1e9:,.1f} GB are free"
    return Finding("ok" if needed < free else "fault", "disk", text)


def _bytes(files: list[FileToLoad]) -> int:
    return sum(paths.outer(task.path).stat().st_size for task in files)


def _size(folder: Path) -> int:
    # files of a run at work come and go
    return sum(p.stat().st_size for p in folder.rglob("*") if p.is_file() and not p.is_symlink())
