"""From which files a figure comes: rows of each file and day, down to row numbers."""

from collections.abc import Callable, Iterator

import pandas as pd

from contracts.errors import NothingFound
from contracts.tables import SOURCES, TABLES, assemble
from ingest.privacy import door
from ingest.warehouse.migration import refuse_older
from ingest.warehouse.store import WHOLE, Warehouse

_SHOWN = (
    "period_start_utc",
    "call_attempts",
    "dropped_calls",
    "source_file",
    "file_hash",
    "source_row",
)
_OF_PERSONS = frozenset({"call", "complaint", "nps", "nps_invite"})


def of_files(warehouse: Warehouse) -> pd.DataFrame:
    """Table `lineage`: accepted rows of each file, counters by day.

    `warehouse`: with the pieces of all files.

    What persons gave is counted by file alone: a day's few complaints are not published. Such a
    file is named by its hash and kind; its name stays in the notes of loads.
    """
    return assemble((_of_table(warehouse, name) for name in SOURCES), TABLES["lineage"])


def _of_table(warehouse: Warehouse, name: str) -> pd.DataFrame:
    pieces = warehouse.piece_facts(name).assign(table_name=name)
    by_file = name in _OF_PERSONS or not TABLES[name].day_of
    days = pieces["day"].where((pieces["day"] != WHOLE) & (not by_file))
    names = pieces[["source_file", "file_hash"]].itertuples(index=False)
    pieces["source_file"] = [door.published_name(file, name, code) for file, code in names]
    pieces["day_local"] = pd.to_datetime(days).dt.as_unit("s")
    keys = ["table_name", "day_local", "source_file", "file_hash"]
    return pieces.groupby(keys, dropna=False)["n_rows"].sum().reset_index()


Rows = Callable[[str, str], pd.DataFrame]
"""Counter rows of a day, as YYYY-MM-DD, and a cell, as table `pm` has them."""


def behind(warehouse: Warehouse, cell_id: str, rows_on: Rows) -> pd.DataFrame:
    """Source rows of the days on which a cell stands in the list: those of step 1 of query `why`.

    `warehouse`: with the findings of a run. `cell_id`: a cell of table `benefit`. `rows_on`: reads
    counters wherever they are kept. Raises
    NothingFound for a cell of which no benefit is known, and where the tables are of an older
    schema.
    """
    refuse_older(warehouse)
    benefits = warehouse.read("benefit")
    if benefits.empty:
        raise NothingFound(f"{warehouse.path}: no benefits yet; do 'hexperience run' first")
    benefits = benefits[benefits["cell_id"] == cell_id].dropna(subset=["present_since"])
    if benefits.empty:
        remedy = "'hexperience query worst_places --param place_type=cell' names cells"
        raise NothingFound(f"no benefit is known of a cell '{cell_id}'; {remedy}")
    days = pd.date_range(benefits["present_since"].iloc[0], benefits["present_until"].iloc[0])
    names = days.strftime("%Y-%m-%d").tolist()
    return pd.concat(rows_of(rows_on, cell_id, names), ignore_index=True)


def rows_of(rows_on: Rows, cell_id: str, days: list[str]) -> Iterator[pd.DataFrame]:
    """Source rows of one cell's counters on some days: file, its hash, row number and counts.

    `rows_on`: as of `behind`. `cell_id`: as the files have it. `days`: local
    days as YYYY-MM-DD; a frame for each, without rows where none are kept.
    """
    for day in days:
        rows = rows_on(day, cell_id).sort_values(["period_start_utc", "source_row"])
        yield rows[list(_SHOWN)].assign(day_local=day)
