"""The door to DuckDB: connections, answers, tables."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pyarrow as pa

from contracts.errors import QuestionError
from contracts.tables import TABLES, Table
from ingest.warehouse.files import as_frame
from ingest.warehouse.questions import QUERIES

MACROS = QUERIES / "macros" / "hexagons.sql"


@contextmanager
def connect(
    marts: Path, beside: Mapping[str, pa.Table] | None = None
) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection that can read this one file, tables in memory `beside` it, and nothing else."""
    connection = duckdb.connect(str(marts), read_only=True)
    try:
        connection.execute("set TimeZone = 'UTC'")
        for name, held in (beside or {}).items():
            connection.register(name, held)
        connection.execute("set enable_external_access = false")
        connection.execute("set lock_configuration = true")
        yield connection
    finally:
        connection.close()


def answer(connection: duckdb.DuckDBPyConnection, sql: str, params: dict[str, Any]) -> pd.DataFrame:
    """What a connection answers; raises QuestionError in DuckDB's words."""
    try:
        arrow = connection.sql(sql, params=params).to_arrow_table()
    except duckdb.Error as error:
        raise QuestionError(f"sql: {error}") from None
    return as_frame(arrow, date_as_object=False)


def create_table(connection: duckdb.DuckDBPyConnection, of: Table) -> None:
    """An empty table with the contract's columns, types and comments."""
    columns = ", ".join(f"{field.name} {field.type}" for field in of.fields)
    connection.execute(f"create table {of.name} ({columns})")
    connection.execute(f"comment on table {of.name} is {_quoted(of.grain)}")
    for field in of.fields:
        unit = f" [{field.unit}]" if field.unit else ""
        connection.execute(
            f"comment on column {of.name}.{field.name} is {_quoted(field.meaning + unit)}"
        )


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def empty_marts() -> duckdb.DuckDBPyConnection:
    """A connection in memory to all tables without rows: what SQL tests bind on."""
    connection = duckdb.connect(":memory:").begin()
    connection.execute(MACROS.read_text(encoding="utf-8"))
    for of in TABLES.values():
        create_table(connection, of)
    return connection.commit()
