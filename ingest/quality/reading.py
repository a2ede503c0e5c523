"""What reading changed, in words: identifiers that were unwrapped, and ids that only look alike."""

from collections.abc import Iterator

import pandas as pd

from ingest.clean.cell_identity import alike
from ingest.warehouse.store import Warehouse

Note = tuple[str, str, str, str]
"""Table, check, verdict, message."""

# rows that a group loses before it is no accident, hours of a cell, and days of an hour
_ENOUGH, _DAY_OF_A_CELL, _DAYS = 8, 24, 3
_KINDS = ("value", "format", "hour", "class", "day", "cell", "file")
_OF_CLASS = _KINDS.index("class")
_WORDS = {
    "value": 'the value "{}"',
    "format": 'texts of the form "{}"',
    "hour": "hour {} of the days",
    "day": "the day {}",
    "cell": "cell {}",
    "file": "whole files",
}


def wrapped_ids(warehouse: Warehouse, table: str) -> Iterator[Note]:
    """A note on identifiers of a source table that came with marks around them; one at most.

    `warehouse`: the settled one. `table`: its name.
    """
    counts = [load.get("unwrapped", {}) for load in warehouse.loads(table).values()]
    n = sum(sum(columns.values()) for columns in counts)
    if n:
        names = ", ".join(sorted({name for columns in counts for name in columns}))
        yield (
            table,
            "wrapped identifiers",
            "ok",
            f'{n:,} identifiers ({names}) came as spreadsheets keep them, such as ="00123", or '
            "with marks that nobody sees; what stood around them was taken off.",
        )


def ids_alike(counted: pd.Series, inventory: pd.Series) -> Iterator[Note]:
    """A note on cells whose counters come under an id that is only like one of the inventory.

    `counted` and `inventory`: distinct cell_id of the counters and of the cells.
    """
    spelling = alike(counted, inventory)
    if len(spelling):
        yield (
            "cell",
            "ids alike",
            "unsafe",
            f"cell_id: {len(spelling):,} cells of the counters are in the inventory under ids that "
            "differ only in case, in leading zeros or in the marks between their parts; first: "
            f"{spelling.index[0]} and {spelling.iloc[0]}. Where they are one cell, give [source] "
            "id_case, export ids as text, or put one together in [source.columns].",
        )


def ids_shared(counted: pd.Series, shared: list[str]) -> Iterator[Note]:
    """A note on counters under an id that cells of several technologies have; one at most.

    `counted`: distinct cell_id of the counters. `shared`: ids that the inventory shares out.
    """
    joined = sorted({*counted} & {*shared})
    if joined:
        yield (
            "cell",
            "ids of several technologies",
            "unsafe",
            f"cell_id: {len(joined):,} ids stand for cells of several technologies, first "
            f"{joined[0]}: they are two cells, kept apart by the technology behind their ids. "
            "Counters that do not tell theirs join neither, and may take each other's place: give "
            'technology in their sources, such as [source.constants] technology = "nr".',
        )


def systematic_losses(warehouse: Warehouse, table: str) -> Iterator[Note]:
    """Notes on values, formats, hours, classes, days, cells and files that lost most of their rows.

    `warehouse`: the settled one. `table`: name of the source table. Losses of several files are
    added up; a group must lose some rows, an hour on several days. Of one column the group that
    lost most is named, the most particular of equal ones.
    """
    rows = [loss for load in warehouse.loads(table).values() for loss in load.get("losses", [])]
    if not rows:
        return
    sums = {"n_lost": "sum", "n_rows": "sum", "days": "sum", "reason": "first"}
    groups = pd.DataFrame(rows).groupby(["column", "kind", "group"], as_index=False).agg(sums)
    order = groups["kind"].map({kind: n for n, kind in enumerate(_KINDS)}).fillna(_OF_CLASS)
    enough = groups["n_lost"] >= groups["kind"].map({"cell": _DAY_OF_A_CELL}).fillna(_ENOUGH)
    enough &= (groups["kind"] != "hour") | (groups["days"].map(lambda days: len({*days})) >= _DAYS)
    groups = groups.assign(order=order)[enough]
    groups = groups.sort_values(["column", "n_lost", "order"], ascending=[True, False, True])
    for column, group in groups.drop_duplicates("column").set_index("column").iterrows():
        what = _WORDS.get(group["kind"], f"{group['kind']} {{}}").format(group["group"])
        yield (
            table,
            f"systematic loss: {column}",
            "unsafe",
            f"{column}: {what} lost {group['n_lost']:,} of {group['n_rows']:,} rows or values "
            f"({group['reason']}): what is left of the column says something else. Mend it, map it "
            "in [source.values], or name in [source] na what means missing.",
        )
