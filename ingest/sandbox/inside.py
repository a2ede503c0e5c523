"""The process in which a stranger's SQL runs: one file of marts, one SELECT at a time.

It is started by `ingest.sandbox.process`, which also ends it; it loads DuckDB and Arrow alone. It
opens the marts, gives up all else (`ingest.sandbox.confine`), and then answers what comes by its
standard input, until that is closed. A message either way is two lengths, a head in JSON, and
tables as Arrow streams.
"""

import io
import json
import os
import queue
import re
import struct
import sys
import threading
from datetime import date
from typing import Any, BinaryIO

import duckdb
import pyarrow as pa

from ingest.sandbox.confine import confine

SIZES = struct.Struct("<QQ")
_OPEN_TO_ALL = frozenset({
    "duckdb_columns", "duckdb_constraints", "duckdb_functions", "duckdb_keywords", "duckdb_schemas",
    "duckdb_tables", "duckdb_types", "duckdb_views", "generate_series", "histogram",
    "histogram_values", "icu_calendar_names", "json_each", "json_tree", "pg_timezone_names",
    "pragma_show", "pragma_table_info", "pragma_version", "range", "repeat", "repeat_row",
    "summary", "test_all_types", "unnest",
})  # fmt: skip
"""Table functions that look at nothing but marts and numbers; the others are refused by name."""
_SHUT = frozenset({"current_setting", "pg_settings", "write_log"})
_HALVES = ("duckdb_", "pragma_")
"""What names of DuckDB's own views begin with, which need no brackets."""
_DAMAGE = (duckdb.FatalException, duckdb.SerializationException)


class Refused(Exception):
    """The SQL is not answered; the text says why, `kind` what it comes from."""

    def __init__(self, kind: str, text: str) -> None:
        super().__init__(text)
        self.kind = kind


def serve() -> None:
    """Opens, confines itself, answers; ends with its standard input."""
    requests: queue.SimpleQueue[tuple[dict[str, Any], bytes]] = queue.SimpleQueue()
    source, sink = _pipes()
    how, _ = _received(source) or sys.exit(1)
    # before the process confines itself: afterwards there are no new threads
    threading.Thread(target=_listen, args=(source, requests), daemon=True).start()
    try:
        marts = Opened(how)
    except (duckdb.Error, OSError) as error:
        _send(sink, {"refused": "damaged", "text": str(error).splitlines()[0]}, b"")
        return
    _send(sink, {"schema": marts.schema, "shut": marts.shut}, b"")
    while True:
        request, log = requests.get()
        try:
            head, content = marts.answer(request, log)
        except Refused as refusal:
            head, content = {"refused": refusal.kind, "text": str(refusal)}, b""
        _send(sink, head, content)


def _pipes() -> tuple[BinaryIO, BinaryIO]:
    """Where messages come from and go to; whatever a library prints goes nowhere."""
    source, sink = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nowhere = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(nowhere, standard)
    return source, sink


def _listen(source: BinaryIO, requests: queue.SimpleQueue[tuple[dict[str, Any], bytes]]) -> None:
    """Hands requests on; who sends none any more ends the process, even within an answer."""
    while request := _received(source):
        requests.put(request)
    os._exit(0)


def _received(source: BinaryIO) -> tuple[dict[str, Any], bytes] | None:
    sizes = source.read(SIZES.size)
    if len(sizes) < SIZES.size:
        return None
    n_head, n_content = SIZES.unpack(sizes)
    return json.loads(source.read(n_head)), source.read(n_content)


def _send(sink: BinaryIO, head: dict[str, Any], content: bytes) -> None:
    text = json.dumps(head).encode()
    sink.write(SIZES.pack(len(text), len(content)) + text)
    sink.write(content)
    sink.flush()


class Opened:
    """The marts, in a process that can reach nothing else any more."""

    def __init__(self, how: dict[str, Any]) -> None:
        self._paths = {how["marts"]: "marts", os.path.dirname(how["marts"]): "", sys.prefix: ""}  # noqa: PTH120
        memory = how["memory_mb"]
        self._connection = duckdb.connect(":memory:", config={
            "threads": how["threads"], "memory_limit": f"{max(memory * 3 // 4, 64)}MB",
            "temp_directory": "", "secret_directory": "", "extension_directory": "",
            "home_directory": "/", "python_enable_replacements": False,
            "autoload_known_extensions": False, "autoinstall_known_extensions": False,
            "allow_community_extensions": False,
        })  # fmt: skip
        self.schema = self._open(how["marts"])
        self._shut_names = self._names_of_functions() - _OPEN_TO_ALL | _SHUT
        self._warm()
        self.shut = confine(memory * 1_000_000)

    def _open(self, marts: str) -> list[Any]:
        """Attaches the marts, then locks every setting; returns their schema's version, if any."""
        quoted = marts.replace("'", "''")
        for statement in (
            f"attach '{quoted}' as marts (read_only)",
            "use marts",
            "set global TimeZone = 'UTC'",
            "set enable_external_access = false",
            "set disabled_filesystems = 'LocalFileSystem'",
            "set lock_configuration = true",
        ):
            self._connection.execute(statement)
        rows = self._connection.execute("select schema_version from run").fetchall()
        return [version for (version,) in rows]

    def _names_of_functions(self) -> frozenset[str]:
        """Functions that can stand where a table does: some of them reach out of the marts."""
        kinds = "('table', 'table_macro')"
        asked = f"select function_name from duckdb_functions() where function_type in {kinds}"  # noqa: S608
        names = self._connection.execute(f"{asked} and database_name = 'system'").fetchall()
        return frozenset(name for (name,) in names)

    def _warm(self) -> None:
        """Loads what is loaded late: once confined, the process opens no file and no thread."""
        rows = self._connection.sql(
            "select i, date '2026-01-01' + i::int as day, now() as at, strftime(now(), '%x') as t "
            "from range(5000) r(i) order by i % 7"
        )
        _packed(pa.RecordBatchReader.from_stream(rows), 10, 1000)

    def answer(self, request: dict[str, Any], log: bytes) -> tuple[dict[str, Any], bytes]:
        """Head and rows of an answer; raises Refused.

        `request`: sql, params, most_rows, most_bytes. `log`: the log of acknowledgements as an
        Arrow stream.
        """
        text = request["sql"]
        try:
            self._judge(text)
            self._connection.register("acknowledgement", pa.ipc.open_stream(log).read_all())
            values = {name: _value(*given) for name, given in request["params"].items()}
            # as a stream: rows beyond the limits are never made
            rows = pa.RecordBatchReader.from_stream(self._connection.sql(text, params=values))
            return _packed(rows, request["most_rows"], request["most_bytes"])
        except duckdb.ParserException as error:
            raise Refused("question", str(error)) from None
        except (duckdb.OutOfMemoryException, MemoryError, pa.ArrowMemoryError):
            raise Refused("memory", "") from None
        except _DAMAGE as error:
            raise Refused("damaged", self._without_paths(str(error).splitlines()[0], "")) from None
        except (duckdb.Error, pa.ArrowException, ValueError, OverflowError, RuntimeError) as error:
            if "bad allocation" in str(error) or "std::bad_alloc" in str(error):
                raise Refused("memory", "") from None
            raise Refused("question", self._without_paths(str(error), text)) from None

    def _judge(self, text: str) -> None:
        """Raises Refused for all that is not exactly one SELECT that keeps to the marts."""
        kinds = [statement.type for statement in duckdb.extract_statements(text)]
        is_pivot = kinds == [duckdb.StatementType.MULTI] and _is_select(text)
        if kinds != [duckdb.StatementType.SELECT] and not is_pivot:
            raise Refused("question", "give exactly one SELECT")
        for word, is_called in _words(text):
            is_own_view = word.startswith(_HALVES) and word not in _OPEN_TO_ALL
            if word in _SHUT or is_own_view or (is_called and word in self._shut_names):
                raise Refused("question", f"{word} looks beyond the marts, which SQL can't leave")

    def _without_paths(self, error: str, text: str) -> str:
        """What DuckDB says, without paths of this machine that were not in the SQL."""
        for path, shown in self._paths.items():
            error = error.replace(path, shown)
        return re.sub(
            r"(?<![\w/])/(?:[\w.+@-]+/)+[\w.+@-]*",
            lambda path: path[0] if path[0].rstrip(".") in text else "(a path)",
            error,
        )


def _is_select(text: str) -> bool:
    """Whether a statement of several steps is a PIVOT that finds its columns, and writes nothing.

    What can stand in brackets behind FROM is a SELECT: DuckDB's own grammar decides.
    """
    try:
        within = duckdb.extract_statements(f"from (\n{text.strip().rstrip(';')}\n)")
    except duckdb.Error:
        return False
    return [statement.type for statement in within] == [duckdb.StatementType.MULTI]


def _words(text: str) -> list[tuple[str, bool]]:
    """Each word of the SQL outside of strings and comments, and whether a bracket follows it."""
    content = text.encode()
    kinds = (duckdb.token_type.identifier, duckdb.token_type.keyword)
    tokens = [token for token in duckdb.tokenize(text) if token[1] != duckdb.token_type.comment]
    ends = [begin for begin, _ in tokens[1:]] + [len(content)]
    pieces = [content[begin:end] for (begin, _), end in zip(tokens, ends, strict=True)]
    follows = [piece[:1] == b"(" for piece in pieces[1:]] + [False]
    return [
        (re.split(rb"\s|--|/\*", piece)[0].strip(b'"').decode(errors="replace").lower(), is_called)
        for (_, kind), piece, is_called in zip(tokens, pieces, follows, strict=True)
        if kind in kinds
    ]


def _value(kind: str, value: Any) -> Any:
    return date.fromisoformat(value) if kind == "date" else value


def _packed(
    reader: pa.RecordBatchReader, most_rows: int, most_bytes: int
) -> tuple[dict[str, Any], bytes]:
    """As many first rows as the limits allow, and which limit cut them: rows, bytes or none."""
    batches, n_rows, n_bytes, cut = [], 0, 0, ""
    for batch in reader:
        room = most_rows - n_rows
        if batch.num_rows > room:
            batch, cut = batch.slice(0, room), "rows"  # noqa: PLW2901  its first rows
        if n_bytes + batch.nbytes > most_bytes:
            batch, cut = _fitting(batch, most_bytes - n_bytes), "bytes"  # noqa: PLW2901
        batches.append(batch)
        n_rows, n_bytes = n_rows + batch.num_rows, n_bytes + batch.nbytes
        if cut:
            break
    if cut == "bytes" and not n_rows:
        raise Refused("bytes", "")
    sink = io.BytesIO()
    with pa.ipc.new_stream(sink, reader.schema) as writer:
        for batch in batches:
            writer.write_batch(batch)
    return {"cut": cut, "rows": n_rows}, sink.getvalue()


def _fitting(batch: pa.RecordBatch, most_bytes: int) -> pa.RecordBatch:
    """The first rows of a batch that fit into so many bytes."""
    few, many = 0, batch.num_rows
    while few < many:
        half = (few + many + 1) // 2
        few, many = (half, many) if batch.slice(0, half).nbytes <= most_bytes else (few, half - 1)
    return batch.slice(0, few)


if __name__ == "__main__":
    serve()
