"""SQL of strangers on the published marts: the one way for console, pages, notebooks and alerts.

A person has one process that answers (`ingest.sandbox.process`) and one question at a time.
"""

import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Self

import pandas as pd
import pyarrow as pa

from contracts.errors import HexperienceError, QuestionError
from contracts.settings.sections import Settings, Sql
from ingest.sandbox import audit
from ingest.sandbox.process import Reply, Sandbox
from ingest.warehouse.duck import frame_of
from ingest.warehouse.marts import Marts, refuse_other_schema
from ingest.warehouse.questions import headed, read_query, typed, where_it_stands

_CUTS = {
    "rows": "only the first {n:,} rows: that is [sql] max_rows",
    "bytes": "only the first {n:,} rows: more would be larger than [sql] max_mb, {max_mb:,}",
}


@dataclass(frozen=True)
class Answer:
    """Rows of an answer; `notes` says in words which limit cut it, `seconds` how long it took."""

    table: pa.Table
    notes: tuple[str, ...]
    seconds: float

    @property
    def frame(self) -> pd.DataFrame:
        """The rows in pandas; hexagons stay whole numbers, days are instants at midnight."""
        return frame_of(self.table)


class Asker:
    """Who asks: one process, one question at a time; to be closed, or used with `with`.

    `settings`: of the operator. `user`: who asks, for the audit log. `door`: by which way, such as
    console, page, notebook.
    """

    def __init__(self, settings: Settings, *, user: str, door: str) -> None:
        self._marts = Marts(settings.resolve(settings.warehouse.path))
        self._limits: Sql = settings.sql
        self._audit = settings.resolve(settings.sql.audit) if settings.sql.audit else None
        self._who = {"user": user, "door": door}
        self._at_work = threading.Lock()
        self._sandbox: Sandbox | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def sql(self, text: str, params: Mapping[str, Any] | None = None) -> Answer:
        """What one SELECT of a person's own answers.

        `text`: the SELECT; one with the head of a query file has that head's parameters and their
        defaults. `params`: values by the names that it has as $name; of a SELECT without a head
        they stay what they are. Raises QuestionError where it is none or fails, with the place or
        new name of a column that is not there; TooMuch where a limit of [sql] ended it.
        """
        question = headed(text)
        values = dict(params or {}) if question is None else typed(question, params or {})
        try:
            return self._answer(text, values, "sql")
        except QuestionError as error:
            remedy = where_it_stands(str(error))
            if not remedy:
                raise
            raise QuestionError(f"{error}{remedy}") from None

    def query(self, name: str, params: Mapping[str, Any] | None = None) -> Answer:
        """What one of the questions in queries/ answers.

        `name`: of the file, without its ending. `params`: values by the names in its head, as
        values or as text; one that has a default may stay out. Raises as `sql` does, and
        NothingFound where there is no such question.
        """
        question = read_query(name)
        return self._answer(question.sql, typed(question, params or {}), name)

    def cancel(self) -> None:
        """Ends what is being asked, from another thread; it raises TooMuch there."""
        if sandbox := self._sandbox:
            sandbox.cancel()

    def close(self) -> None:
        """Ends the process; the next question starts another."""
        if sandbox := self._sandbox:
            sandbox.close()
        self._sandbox = None

    def _answer(self, text: str, values: Mapping[str, Any], name: str) -> Answer:
        with self._alone():
            started = time.monotonic()
            entry: dict[str, Any] = {**self._who, "asked": name, "params": dict(values)}
            entry |= {"sql": text} if name == "sql" else {}
            try:
                reply = self._reply(text, values)
                entry |= {"rows": reply.table.num_rows, "bytes": reply.n_bytes, "cut": reply.cut}
            except BaseException as error:
                is_ours = isinstance(error, HexperienceError)
                entry["refused"] = str(error).split("\n")[0] if is_ours else type(error).__name__
                raise
            finally:
                seconds = time.monotonic() - started
                audit.note(self._audit, {**entry, "seconds": round(seconds, 3)})
        return Answer(reply.table, self._notes(reply), seconds)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        if not self._at_work.acquire(blocking=False):
            raise QuestionError("sql: another question is being answered: wait, or cancel it")
        try:
            yield
        finally:
            self._at_work.release()

    def _reply(self, text: str, values: Mapping[str, Any]) -> Reply:
        log = self._marts.log_rows()
        return self._open().ask(text, values, log)

    def _open(self) -> Sandbox:
        """The process that has the marts open which are published now."""
        file = self._marts.file
        sandbox = self._sandbox
        if sandbox is None or sandbox.marts != file or not sandbox.is_there:
            self.close()
            sandbox = Sandbox(file, self._limits)
            self._sandbox = sandbox
            refuse_other_schema(self._marts.folder, sandbox.schema)
        return sandbox

    def _notes(self, reply: Reply) -> tuple[str, ...]:
        if reply.cut not in _CUTS:
            return ()
        n_rows = reply.table.num_rows
        return (_CUTS[reply.cut].format(n=n_rows, max_mb=self._limits.max_mb),)
