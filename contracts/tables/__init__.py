"""Every table: what a row is, its columns, its key, and what must be there."""

from contracts.errors import NothingFound
from contracts.tables import findings, log, middle, sources
from contracts.tables.columns import ADDITIVE as ADDITIVE
from contracts.tables.columns import COUNTED as COUNTED
from contracts.tables.columns import LINEAGE as LINEAGE
from contracts.tables.columns import TIME_WEIGHTED as TIME_WEIGHTED
from contracts.tables.table import Table as Table
from contracts.tables.table import assemble as assemble
from contracts.tables.table import check as check
from contracts.tables.table import check_arrow as check_arrow
from contracts.tables.table import to_arrow as to_arrow

_ALL = [*sources.TABLES, *middle.TABLES, *findings.TABLES, *log.TABLES]

TABLES: dict[str, Table] = {table.name: table for table in _ALL}
SOURCES: tuple[str, ...] = tuple(t.name for t in _ALL if t.layer == "source")
PUBLISHED: tuple[str, ...] = (
    *(
        "cell",
        "cell_rate",
        "intervention",
        "cell_hex",
        "hex_place",
        "hex_outline",
        "cell_day",
        "hex_day",
    ),
    *(t.name for t in _ALL if t.layer == "finding" and t.filled),
)
"""Tables of the released marts; persons' rows and refused rows are not among them."""

SCHEMA_VERSION = 8
"""Raised with each release that changes tables or the warehouse's layout; table `run` carries it.

1: until 0.1. 2: footprints with validity, regions, coverage; the warehouse notes its schema.
3: benefits, plans, costs of places, lineage, verdicts on cells' days; rates borrow from their
surroundings. 4: version 0.1.0. 5: complaints and answers as counted, advice apart from what is
seen, columns renamed (`ingest.warehouse.migration`). 6: cells that are spoken of in a place, and
whether there is anything to do there. 7: the catalogue of KPIs; when cells and sectors are full.
8: drop rates that come without counts; what came of interventions; handovers between cells.
"""

# A pm row says something only with one of these pairs.
PAIRS = (
    ("call_attempts", "dropped_calls"),
    ("rel_norm", "rel_abn_act"),
    ("prb_dl_avail", "prb_dl_used"),
)


def table(name: str) -> Table:
    """The table of that name; raises NothingFound with the known names.

    `name`: of a table of any layer.
    """
    if name not in TABLES:
        raise NothingFound(f"no table '{name}'; there are: {', '.join(TABLES)}")
    return TABLES[name]
