"""Publishing: the warehouse's tables as one new file of marts, put in place by one switch.

Each publication is a folder below `snapshots`, never changed afterwards. `current` is a link to
the newest; moving it is atomic, so a reader sees the old marts or the new ones, and never a part.
"""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pandas as pd

from contracts.errors import ContractError
from contracts.kpis import Catalogue
from contracts.settings.sections import Privacy
from contracts.tables import PUBLISHED
from ingest.warehouse import duck
from ingest.warehouse.files import make_folder, to_disk
from ingest.warehouse.marts import MARTS, guilty_rows, seal
from ingest.warehouse.questions import BLOCKING, read_check
from ingest.warehouse.store import Warehouse

_EXAMPLES = 3
"""Guilty rows of a check that a note quotes."""


def publish(
    warehouse: Warehouse,
    name: str,
    *,
    keep: int,
    rule: Privacy | None = None,
    kpis: Catalogue | None = None,
) -> Path:
    """Makes a new snapshot of all published tables and switches `current` to it.

    `warehouse`: with the tables of a whole run. `name`: what the snapshot is called after its
    number, as a rule the run's id. `keep`: how many snapshots stay, with this one. `rule`:
    thresholds of the release rule, else the defaults. `kpis`: those of the operator, else the
    built-in ones. Raises ContractError with the guilty rows
    where a promise of BLOCKING is broken; `current` stays what it was. Rows that break another
    promise are published, with a note in `quality`.
    """
    snapshots = warehouse.path / "snapshots"
    make_folder(snapshots)
    new = snapshots / f"{_next_number(snapshots):06d}-{name}"
    with _building(snapshots) as folder:
        marts = folder / MARTS
        duck.build(marts, {table: warehouse.files(table) for table in PUBLISHED}, kpis)
        _judge(marts, rule or Privacy())
        to_disk(marts)
        seal(folder)
        marts.chmod(0o444)
        to_disk(folder)
        folder.rename(new)
    to_disk(snapshots)
    current = warehouse.path / "current"
    damaged = warehouse.marts.damage and snapshots / Path(os.path.realpath(current)).name
    _switch(current, new)
    if damaged:
        shutil.rmtree(damaged, ignore_errors=True)
    _clean(snapshots, keep)
    warehouse.sweep()
    return new


def drop_older_snapshots(warehouse: Warehouse) -> list[str]:
    """Takes away all snapshots but the present one; returns their names.

    `warehouse`: one that published nothing has no snapshots.
    """
    snapshots = warehouse.path / "snapshots"
    names = sorted(path.name for path in snapshots.glob("[0-9]*"))
    _clean(snapshots, 1)
    return names[:-1]


@contextmanager
def _building(snapshots: Path) -> Iterator[Path]:
    """A folder to build in; it is taken away where the building fails."""
    folder = Path(tempfile.mkdtemp(prefix=".building-", dir=snapshots))
    folder.chmod(0o755)
    try:
        yield folder
    except BaseException:
        shutil.rmtree(folder)
        raise


def _judge(marts: Path, rule: Privacy) -> None:
    """Raises where a blocking check is broken; notes all other guilty rows in `quality`."""
    guilty = guilty_rows(marts, rule)
    _refuse(guilty[guilty["check"].isin(BLOCKING)])
    duck.add_quality_notes(
        marts, [_note(str(name), rows) for name, rows in guilty.groupby("check")]
    )


def _refuse(blocking: pd.DataFrame) -> None:
    faults = [
        f"{name}: {len(rows)} row(s), such as: {rows['reason'].iloc[0]}"
        for name, rows in blocking.groupby("check")
    ]
    if faults:
        raise ContractError("not published: these tables break their promises", faults)


def _note(check: str, rows: pd.DataFrame) -> dict[str, str]:
    examples = "; ".join(rows["reason"].head(_EXAMPLES))
    return {
        "table_name": read_check(check).reads[0],
        "check_name": check,
        "verdict": "unsafe",
        "message": f"{len(rows)} row(s) break the check {check}, such as: {examples}.",
    }


def _switch(current: Path, new: Path) -> None:
    link = new.parent / f".link-{new.name}"
    link.symlink_to(Path("snapshots") / new.name)
    link.replace(current)
    to_disk(current.parent)


def _next_number(snapshots: Path) -> int:
    return max((int(path.name[:6]) for path in snapshots.glob("[0-9]*")), default=0) + 1


def _clean(snapshots: Path, keep: int) -> None:
    for old in sorted(snapshots.glob("[0-9]*"))[:-keep]:
        shutil.rmtree(old)
