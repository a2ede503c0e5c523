"""Makes tests/ingest/warehouse/warehouse_of_0_1_0.tar.xz, with the code of version 0.1.0.

In a checkout of that version, with its own environment::

    .venv/bin/python /path/to/tests/bench/warehouse_of_0_1_0.py warehouse_of_0_1_0.tar.xz

It holds a small operator as 0.1.0 left it: sources, settings, a warehouse with two changes, a
report, and acknowledgements of a change and a place. The counters of one more day have arrived
since its run. What a run makes anew is left out but for one day of each table.
"""

import csv
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

import duckdb

KEPT_CELLS = {"BRD01B1", "WKF01C1", "LDS01A1", "LDS01B1", "LDS02B1", "RUR01A1"}
EVERY_NTH_HEXAGON = 4
# tables that a run makes anew of the pieces
MADE_ANEW = ("cell_day", "cell_hex", "cell_hour", "complaint", "hex_day", "hex_place", "nps",
             "subscriber_base", "place_rate", "priority")  # fmt: skip
ROWS_OF_MARTS = 50


def main(target: Path) -> None:
    """Writes the archive to a path."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "operator"
        _invent(home)
        newest = max((home / "raw" / "pm").glob("PM_*.csv"))
        aside = Path(folder) / newest.name
        shutil.move(newest, aside)
        _work_with(home)
        shutil.move(aside, newest)
        _strip(home)
        with tarfile.open(target, "w:xz", preset=9) as archive:
            archive.add(home, "operator")


def _invent(home: Path) -> None:
    from ingest.synth import write_operator  # noqa: PLC0415  of 0.1.0

    write_operator(home, seed=7, n_cells=12, n_days=35, n_months=2)
    cells = {row["cell_id"] for row in csv.DictReader((home / "truth" / "cells.csv").open())}
    for path in (home / "raw").rglob("*.csv"):
        lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
        kept = [line for line in lines if not any(cell in line for cell in cells - KEPT_CELLS)]
        path.write_text("".join(kept), encoding="utf-8")
    _thin(home / "raw" / "base" / "subscribers.csv")
    shutil.rmtree(home / "truth")


def _thin(path: Path) -> None:
    head, *lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    hexagons = sorted({line.split(",")[0] for line in lines})[::EVERY_NTH_HEXAGON]
    kept = [line for line in lines if line.split(",")[0] in set(hexagons)]
    path.write_text("".join([head, *kept]), encoding="utf-8")


def _work_with(home: Path) -> None:
    """A run, a report, and what colleagues note."""
    config = str(home / "hexperience.toml")
    _hexperience("run", "--config", config)
    _hexperience("report", "--config", config)
    with duckdb.connect(str(home / "warehouse" / "current" / "marts.duckdb"), read_only=True) as db:
        ((change,),) = db.sql("select min(change_id) from change_point").fetchall()
    site = "site:WKF01"
    for subject, owner in ((f"change:{change}", "Ann Lee"), (site, "Ben"), (site, "Ann Lee")):
        _hexperience(
            "acknowledge", subject, "--status", "in_work", "--owner", owner, "--by", "Ann Lee",
            "--comment", "antenna ordered", "--config", config,
        )  # fmt: skip


def _hexperience(*arguments: str) -> None:
    command = [sys.executable, "-c", "import hexperience; hexperience.main()", *arguments]
    subprocess.run(command, check=True)


def _strip(home: Path) -> None:
    """Leaves out what a run makes anew, but for one day of each table."""
    tables = home / "warehouse" / "tables"
    for name in MADE_ANEW:
        for path in sorted((tables / name).glob("*.parquet"))[1:]:
            path.unlink()
    for name in ("place_rate", "subscriber_base"):
        shutil.rmtree(tables / name)
    marts = (home / "warehouse" / "current" / "marts.duckdb").resolve()
    whole = marts.with_name("whole.duckdb")
    marts.rename(whole)
    with duckdb.connect(str(marts)) as db:
        db.execute(f"attach '{whole}' as whole (read_only)")
        names = db.sql("select table_name from duckdb_tables where database_name = 'whole'")
        for (name,) in names.fetchall():
            db.execute(
                f"create table {name} as select * from whole.main.{name} limit {ROWS_OF_MARTS}"
            )
    whole.unlink()
    marts.chmod(0o444)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
