"""What readers open: the published marts, the questions they answer, and the log beside them.

Nothing here needs the write side of the warehouse. A reader keeps the file that it opened while a
run publishes the next one.
"""

import os
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa

from contracts.errors import Damaged, HexperienceError, InputError, NothingFound, QuestionError
from contracts.settings.sections import Privacy
from contracts.tables import SCHEMA_VERSION, assemble, table, to_arrow
from ingest.warehouse import acknowledgements, duck, files
from ingest.warehouse.acknowledgements import Subject, Word
from ingest.warehouse.questions import (
    check_names,
    read_check,
    read_query,
    typed,
)

MARTS = "marts.duckdb"
_SEAL = "marts.json"
_LOG = "acknowledgement"


class Marts:
    """The published answers of one operator, below the folder of the warehouse."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @property
    def file(self) -> Path:
        """The published file as it stands now; raises NothingFound before the first run.

        Raises Damaged where it was published and is gone.
        """
        link = self.folder / "current"
        if not os.path.lexists(link):
            raise NothingFound(
                f"{self.folder}: nothing is published yet; do 'hexperience run' first"
            )
        if link.lstat().st_uid not in owners_of(self.folder):
            fault = f"user {link.lstat().st_uid} put it there, who does not own the warehouse"
            raise InputError(f"{link} is not believed", [f"{fault}: take it away"])
        # resolved, so that a reader keeps its snapshot while the link moves on
        file = Path(os.path.realpath(link)) / MARTS
        if not file.exists():
            raise Damaged(f"{file} is damaged: it is gone; the next run publishes anew")
        return file

    @property
    def damage(self) -> Damaged | None:
        """Why what is published is not as it was published; None = it is, or nothing is.

        It reads the whole file.
        """
        try:
            return damage_of(self.file.parent)
        except Damaged as error:
            return error
        except NothingFound:
            return None

    @property
    def log(self) -> Path:
        """The log of acknowledgements, which `ingest.warehouse.acknowledgements` reads.

        Until 0.2 it stood in the warehouse's folder itself, where it is still found.
        """
        before = self.folder / "acknowledgements.sqlite"
        log = self.folder / "acknowledgements" / before.name
        return before if before.is_file() and not log.exists() else log

    @property
    def log_fault(self) -> str:
        """Why the log of acknowledgements can't be read; empty = it can, or there is none yet."""
        try:
            self._log_entries()
        except HexperienceError as error:
            return str(error)
        return ""

    @property
    def log_state(self) -> tuple[int, int]:
        """As `acknowledgements.state`; of a log that can't be read, (-1, instant of its change)."""
        try:
            return acknowledgements.state(self.log)
        except HexperienceError:
            return -1, files.changed_ns(self.log)

    @property
    def run_id(self) -> str:
        """The run behind what is published; empty before the first."""
        try:
            return str(self.query("run_facts")["run_id"].iloc[0])
        except NothingFound:
            return ""

    def query(self, name: str, **params: Any) -> pd.DataFrame:
        """Answer of one query file.

        `name`: of the file, without its ending. `params`: values by the names in the query's head,
        as values or as text; one that has a default may stay out. Raises NothingFound where there
        is no such query, nothing is published or the marts are of another schema; QuestionError for
        values that the query can't take.
        """
        question = read_query(name)
        values = typed(question, params)
        return self._ask(question.sql, values, with_log=_LOG in question.reads)

    def query_over(self, name: str, over: Mapping[str, pa.Table], **params: Any) -> pd.DataFrame:
        """Answer of one query file in which some published tables are replaced by others.

        `name`, `params`: as of `query`. `over`: rows by the name of the table that they stand for.
        """
        question = read_query(name)
        log = {_LOG: self.log_rows()} if _LOG in question.reads else {}
        with duck.connect(self.file, {**over, **log}) as connection:
            self._refuse_other_schema(connection)
            return duck.answer(connection, question.sql, typed(question, params))

    def guilty(self, rule: Privacy) -> pd.DataFrame:
        """Rows of the published marts that break a promise: check, reason; none = all are kept.

        `rule`: the thresholds of the release rule, against which some checks hold the marts.
        """
        with duck.connect(self.file) as connection:
            self._refuse_other_schema(connection)
        return guilty_rows(self.file, rule)

    def acknowledge(self, subject: Subject, word: Word, *, by: str, at: datetime) -> int:
        """Adds an entry to the log, and returns its number.

        `subject`: a change or place that is published or was noted before. `word`: what is said of
        it. `by`: who writes it. `at`: when. Raises QuestionError where there is no such subject.
        """
        if self.query("subject", **subject.asked).empty:
            fault = f"no {subject.kind} '{subject.id}' is published, and none was noted before"
            raise QuestionError(f"not acknowledged: {fault}")
        return acknowledgements.note(self.log, subject, word, by=by, at=at)

    def _ask(self, sql: str, params: dict[str, Any], *, with_log: bool) -> pd.DataFrame:
        beside = {_LOG: self.log_rows()} if with_log else {}
        with duck.connect(self.file, beside) as connection:
            self._refuse_other_schema(connection)
            return duck.answer(connection, sql, params)

    def _refuse_other_schema(self, connection: duck.Connection) -> None:
        """Raises NothingFound where the marts are of another schema than the queries."""
        run = duck.answer(connection, "select schema_version from run", {})
        refuse_other_schema(self.folder, run["schema_version"].tolist())

    def log_rows(self) -> pa.Table:
        """The log as table `acknowledgement`, without rows where it can't be read.

        It must not keep anybody from the marts.
        """
        try:
            return self._log_entries()
        except HexperienceError as error:
            files.log.warning("%s; answers are without acknowledgements", error)
            return to_arrow(assemble([], table(_LOG)), table(_LOG))

    def _log_entries(self) -> pa.Table:
        return to_arrow(acknowledgements.read(self.log), table(_LOG))


def refuse_other_schema(folder: Path, versions: Sequence[int]) -> None:
    """Raises NothingFound where the marts are of another schema than the queries.

    `folder`: of the warehouse. `versions`: what table `run` of the marts has; none = no run.
    """
    if versions and list(versions) != [SCHEMA_VERSION]:
        fault = f"the marts are of schema {versions[0]}, this software reads {SCHEMA_VERSION}"
        raise NothingFound(f"{folder}: {fault}; do 'hexperience run' first")


def owners_of(folder: Path) -> frozenset[int]:
    """Users whose files in a warehouse are believed: its owner, root, and who asks.

    `folder`: of the warehouse; one that is not there yet will be who asks'.
    """
    owner = {folder.stat().st_uid} if folder.exists() else set[int]()
    return frozenset({*owner, 0, os.geteuid()})


def seal(folder: Path) -> None:
    """Notes size and checksum of the marts in a folder, beside them.

    `folder`: of a snapshot that is being built.
    """
    marts = folder / MARTS
    facts = {"bytes": marts.stat().st_size, "crc32": files.crc32_of(marts)}
    files.write_note(folder / _SEAL, facts)
    (folder / _SEAL).chmod(0o644)


def damage_of(folder: Path) -> Damaged | None:
    """Why the marts of a snapshot are not as they were published; None = they are.

    `folder`: of the snapshot. One of before 0.3 has no checksum: it is only opened.
    """
    marts = folder / MARTS
    if not folder.exists():
        return None  # a run at work has just taken it away
    remedy = "the next batch publishes anew, and an older one can be taken away"
    try:
        facts = files.read_note(folder / _SEAL)
        if not marts.exists() or not marts.stat().st_size:
            return Damaged(f"{marts} is damaged: it is gone or empty; {remedy}")
        if facts is None:
            with duck.connect(marts):
                return None
        same = facts == {"bytes": marts.stat().st_size, "crc32": files.crc32_of(marts)}
    except Damaged as error:
        return Damaged(f"{error}; {remedy}")
    return None if same else Damaged(f"{marts} is damaged: its checksum is another; {remedy}")


def guilty_rows(file: Path, rule: Privacy) -> pd.DataFrame:
    """Rows of one file of marts that break a promise of queries/checks: check, reason.

    `file`: the marts. `rule`: the thresholds that some checks take as parameters.
    """
    thresholds = rule.model_dump()
    parts = []
    with duck.connect(file) as connection:
        for name in check_names():
            promise = read_check(name)
            limits = {key: thresholds[key] for key in promise.params}
            rows = duck.answer(connection, promise.sql, limits)
            parts.append(rows[["reason"]].assign(check=name)[["check", "reason"]])
    return pd.concat(parts, ignore_index=True)
