"""What reading changed, in words: identifiers that were unwrapped, and ids that only look alike."""

from collections.abc import Iterator

import pandas as pd

from ingest.clean.cell_identity import alike
from ingest.warehouse.store import Warehouse

Note = tuple[str, str, str, str]
"""Table, check, verdict, message."""


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
