"""The door to DuckDB: marts are built, asked and annotated here, and nowhere else."""

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pyarrow as pa

from contracts.errors import Damaged, QuestionError
from contracts.kpis import Catalogue, catalogue
from contracts.tables import PUBLISHED, TABLES, Table, table
from ingest.kpi_views import parts_view
from ingest.warehouse.files import as_frame, verify
from ingest.warehouse.questions import QUERIES, meanings_of

Connection = duckdb.DuckDBPyConnection
_BROKEN = (duckdb.FatalException, duckdb.SerializationException)
"""What DuckDB raises where blocks of a file are not as they were written."""
_OPENING = threading.Lock()
MACROS = QUERIES / "macros"
VIEWS = QUERIES / "views"

# ------------------------------------------------------------------------------ to be read


@contextmanager
def connect(marts: Path, beside: Mapping[str, pa.Table] | None = None) -> Iterator[Connection]:
    """A connection that can read this one file, tables in memory `beside` it, and nothing else.

    `marts`: the published file. `beside`: Arrow tables by the name they are asked under; None =
    none.
    """
    try:
        # connections of one process to one file share a database, which the first one sets up
        with _OPENING:
            connection = duckdb.connect(str(marts), read_only=True)
    except duckdb.Error as error:
        raise _damaged(marts, error) from None
    try:
        with _OPENING:
            _shut(connection)
            for name, rows in (beside or {}).items():
                connection.register(name, rows)
        yield connection
    except duckdb.Error as error:
        if _is_damage(error):
            raise _damaged(marts, error) from None
        raise
    finally:
        connection.close()


def _shut(connection: Connection) -> None:
    """Keeps a connection to its file for good; those of one process to one file are kept together.

    Two pages that are drawn at once have the same database: who comes second finds it shut.
    """
    is_shut = connection.execute("select current_setting('lock_configuration')").fetchall()
    if is_shut != [(True,)]:
        connection.execute("set global TimeZone = 'UTC'")
        connection.execute("set enable_external_access = false")
        connection.execute("set lock_configuration = true")


def answer(connection: Connection, sql: str, params: dict[str, Any]) -> pd.DataFrame:
    """What a connection answers; raises QuestionError in DuckDB's words.

    `connection`: as `connect` gives it. `sql`: one SELECT. `params`: values by the names that it
    has as $name; None = NULL.
    """
    try:
        rows = connection.sql(sql, params=params).to_arrow_table()
    except duckdb.Error as error:
        if _is_damage(error):
            raise
        raise QuestionError(f"sql: {error}") from None
    return frame_of(rows)


def frame_of(rows: pa.Table) -> pd.DataFrame:
    """An answer's rows in pandas: hexagons whole numbers, days instants at midnight.

    `rows`: as DuckDB gives them.
    """
    return as_frame(_plain_numbers(rows), date_as_object=False)


def _is_damage(error: Exception) -> bool:
    # a connection can reach no other file, so what it can't read is this one
    is_unread = isinstance(error, duckdb.IOException) and "space" not in str(error)
    return is_unread or isinstance(error, _BROKEN)


def _damaged(marts: Path, error: Exception) -> Damaged:
    why = str(error).splitlines()[0] if str(error) else type(error).__name__
    return Damaged(f"{marts} is damaged: {why}; the next batch publishes anew")


def _plain_numbers(rows: pa.Table) -> pa.Table:
    """The same rows, numbers of more digits than a machine counts in as whole or floating ones.

    Sums of whole numbers come as such; a frame would hold each of them as an object.
    """
    for position, column in enumerate(rows.schema):
        if pa.types.is_decimal(column.type):
            is_whole = column.type.scale == 0
            values = rows.column(position)
            try:
                values = values.cast(pa.int64() if is_whole else pa.float64())
            except pa.ArrowInvalid:
                values = values.cast(pa.float64())
            rows = rows.set_column(position, column.name, values)
    return rows


# ------------------------------------------------------------------------------- to be made


def build(marts: Path, files: Mapping[str, Sequence[Path]], kpis: Catalogue | None = None) -> None:
    """Makes a file of all published tables, empty or with the rows of their Parquet files.

    `marts`: path of the file; it must not be there yet. `files`: the Parquet files by table; a
    table that is not named has no rows. `kpis`: what the views of KPIs hold; None = the built-in
    ones.
    """
    with duckdb.connect(str(marts)) as connection:
        connection.begin()
        for name in PUBLISHED:
            create_table(connection, table(name))
            _fill(connection, name, files.get(name, ()))
        # some macros look up tables
        _create_macros(connection)
        _create_views(connection, kpis or catalogue())
        connection.commit()


def _create_views(connection: Connection, kpis: Catalogue) -> None:
    """The view of all KPIs' parts, and the views of queries/views on it, with their comments."""
    connection.execute(parts_view(kpis))
    for path in sorted(VIEWS.glob("*.sql")):
        text = path.read_text(encoding="utf-8")
        connection.execute(text)
        for name, meaning in meanings_of(text, "view").items():
            connection.execute(f"comment on view {name} is {_quoted(meaning)}")


def _fill(connection: Connection, name: str, files: Sequence[Path]) -> None:
    for path in files:
        verify(path)
    if files:
        connection.execute(
            f"insert into {name} by name select * from read_parquet($files, union_by_name = true)",
            {"files": [str(path) for path in files]},
        )


def _create_macros(connection: Connection) -> None:
    """Every macro of queries/macros, with the comment lines above it as its comment."""
    for path in sorted(MACROS.glob("*.sql")):
        text = path.read_text(encoding="utf-8")
        connection.execute(text)
        for name, meaning in meanings_of(text, "macro").items():
            connection.execute(f"comment on macro {name} is {_quoted(meaning)}")


def create_table(connection: Connection, of: Table) -> None:
    """An empty table with the contract's columns, types and comments.

    `connection`: one that may write. `of`: the contract.
    """
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


def empty_marts() -> Connection:
    """A connection in memory to all tables without rows: what SQL tests bind on."""
    connection = duckdb.connect(":memory:").begin()
    for one in TABLES.values():
        create_table(connection, one)
    _create_macros(connection)
    _create_views(connection, catalogue())
    return connection.commit()


def add_quality_notes(marts: Path, notes: Sequence[Mapping[str, str]]) -> None:
    """Adds notes to table `quality` of a file: table_name, check_name, verdict and message.

    `marts`: the file. `notes`: values by the names of those columns. They carry the run of the
    file.
    """
    with duckdb.connect(str(marts)) as connection:
        for note in notes:
            connection.execute(
                "insert into quality by name select $table_name as table_name, "
                "$check_name as check_name, $verdict as verdict, $message as message, "
                "(select max(run_id) from run) as run_id",
                dict(note),
            )


# ------------------------------------------------------------------------- over Parquet files


def keys_of_several_folders(files: Sequence[Path], column: str) -> pd.DataFrame:
    """The values of a column that stand in files of several folders: columns day, key.

    `files`: Parquet files, each in a folder of its day. `column`: the key.

    `day` is the name of the folder; each value has one row for each of its folders.
    """
    for path in files:
        verify(path)
    rows = (
        f"select {column} as key, hash(key) as code, "
        "split_part(filename, '/', -2) as day from read_parquet($files, filename = true)"
    )
    with duckdb.connect() as connection:
        keys = connection.sql(
            f"with rows as ({rows}), several as "
            "(select code from rows group by code having min(day) <> max(day)) "
            "select distinct day, key from rows semi join several using (code) order by all",
            params={"files": [str(path) for path in files]},
        )
        return as_frame(keys.to_arrow_table())
