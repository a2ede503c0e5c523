"""Counters that stay in their files settle as if they were copied, whatever comes later."""

import os
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
from dask.distributed import Client

from contracts.errors import InputError
from contracts.settings.sections import Run
from ingest import run
from ingest.counters import references
from ingest.running.workers import workers
from tests.ingest.conftest import CONFIG, Operator

TABLES = ("cell_hour", "cell_day", "hex_day", "receipt", "lineage")
DAYS = ("2026-03-01", "2026-03-02", "2026-03-03", "2026-03-04")


@pytest.fixture
def client() -> Iterator[Client]:
    """Workers for several runs."""
    with workers(Run()) as one:
        yield one


def _operator(folder: Path, reader: str) -> Operator:
    folder.mkdir()
    ending = {"parquet": "parquet", "delimited": "csv"}[reader]
    text = CONFIG.replace(
        'path = "raw/pm_*.csv"', f'path = "raw/pm_*.{ending}"\nreader = "{reader}"'
    )
    (folder / "hexperience.toml").write_text(text, encoding="utf-8")
    one = Operator(folder)
    one.write("cells.csv", "cell,tech,lat,lon,azimuth\n001,lte,19.0,73.0,0\n002,lte,19.1,73.0,\n")
    return one


def _deliver(operator: Operator, name: str, rows: pd.DataFrame, arrived: int) -> None:
    raw = operator.folder / "raw"
    if "parquet" in operator.config.read_text("utf-8"):
        path = raw / f"pm_{name}.parquet"
        rows.to_parquet(path)
    else:
        path = raw / f"pm_{name}.csv"
        rows.to_csv(path, index=False)
    os.utime(path, (1_780_000_000 + arrived,) * 2)


def _rows(*days: str, shift: int = 0, n: int = 96) -> pd.DataFrame:
    parts = []
    for day in days:
        for cell in ("001", "002"):
            start = pd.date_range(day, periods=96, freq="15min")[:n]
            count = (start.hour + shift) * 1.0
            parts.append(
                pd.DataFrame(
                    {"cell": cell, "start": start, "attempts": 10 + count, "drops": count % 3,
                     "prb": 20 + count / 7, "users": count / 3}
                )
            )  # fmt: skip
    return pd.concat(parts, ignore_index=True)


def _references(operator: Operator, day: str) -> int:
    return len(operator.warehouse.references(day))


def _figures(operator: Operator) -> dict[str, pd.DataFrame]:
    named = ["source_file", "file_hash", "run_id"]
    return {
        name: operator.warehouse.read(name).drop(columns=named, errors="ignore") for name in TABLES
    }


def test_what_comes_later_is_settled_as_of_copied_rows(tmp_path: Path, client: Client) -> None:
    both = [_operator(tmp_path / reader, reader) for reader in ("parquet", "delimited")]
    twice = pd.concat([_rows(DAYS[2]), _rows(DAYS[2], shift=2, n=3)])
    later = {
        # a part of a day comes again, a file is corrected, rows repeat, one is of two days
        "6": _rows(DAYS[0], shift=1, n=7),
        "2": _rows(DAYS[1], shift=3),
        "3": twice,
        "7": _rows(DAYS[3], "2026-03-05").assign(users=None),
        "8": _rows("2026-03-06"),
    }
    for operator in both:
        for number, day in enumerate(DAYS, 1):
            _deliver(operator, str(number), _rows(day), number)
        run.run(operator.settings, client)
    ours, theirs = both
    assert [_references(ours, day) for day in DAYS] == [1, 1, 1, 1]
    for operator in both:
        for name, rows in later.items():
            _deliver(operator, name, rows, 60)
        run.run(operator.settings, client)
    days = ours.warehouse.days("cell_day")
    assert [_references(ours, day) for day in days] == [0, 1, 0, 0, 0, 1]
    for name, rows in _figures(ours).items():
        pd.testing.assert_frame_equal(rows, _figures(theirs)[name], check_exact=True, obj=name)
    # a file goes, and with it the day; source rows are read while a file is what it was
    (ours.folder / "raw" / "pm_8.parquet").unlink()
    run.run(ours.settings, client)
    assert ours.warehouse.days("cell_day") == days[:-1]
    rows = references.rows_on(ours.warehouse, ours.settings, DAYS[1], "002")
    assert rows["source_row"].tolist() == list(range(97, 193))
    assert set(rows["source_file"]) == {"raw/pm_2.parquet"}
    _deliver(ours, "2", _rows(DAYS[1], shift=1), 1)
    with pytest.raises(InputError, match="gone or changed since the run"):
        references.rows_on(ours.warehouse, ours.settings, DAYS[1], "002")
