"""The only file that knows the warehouse's paths, and DuckDB: write, read, publish, query.

Below the warehouse's folder::

    pieces/<table>/<day>/<load>.parquet   accepted rows of one source file
    loads/<table>/<load>.json             what became of that file's rows
    refused/<table>/<load>.parquet        rows and values refused, masked
    repeated/<table>/<day>.parquet        rows that repeat the key of a newer one
    settled/<table>/<day>.json            what a day's tables were made from
    tables/<table>/<day>.parquet          settled, rolled-up and found tables
    snapshots/<name>/marts.duckdb         published, immutable
    current -> snapshots/<name>           switched atomically
    acknowledgements.sqlite               what people noted; no run touches it
    schema.json                           which layout and which columns the folder has
    lock                                  held while a run is at work; lock-batch: a batch
    mark                                  by which a cluster's workers know the folder, for a moment
    kept_from.json                        first day of which each kind of row is kept

Every file appears whole or not at all (`ingest.files`).
"""

import fcntl
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from contracts.errors import ContractError, InputError, NothingFound, QuestionError
from contracts.settings.sections import Privacy
from contracts.tables import PUBLISHED, SCHEMA_VERSION, TABLES, assemble, check, table, to_arrow
from ingest.warehouse import acknowledgements
from ingest.warehouse.acknowledgements import Subject, Word
from ingest.warehouse.duck import MACROS, answer, connect, create_table
from ingest.warehouse.files import (
    as_frame,
    read_note,
    read_parquet,
    whole,
    write_note,
    write_parquet,
)
from ingest.warehouse.questions import (
    BLOCKING,
    check_names,
    read_check,
    read_query,
    typed,
    where_it_stands,
)

WHOLE = "all"
"""Name of the only partition of a table that has no days."""

_SETTLED = ("source", "middle")
"""Layers that ingest makes of the files."""

_TOLD = 3
"""Guilty rows of a check that are told by a note."""

_LOG = "acknowledgement"


@dataclass(frozen=True)
class Part:
    """One file of the warehouse: its path below it, day, load ('' = settled) and rows concerned."""

    path: str
    day: str
    load: str
    rows: tuple[int, ...]
    source_file: str = ""


class Warehouse:
    """The tables of one operator below one folder."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @contextmanager
    def alone(self, work: str = "run") -> Iterator[None]:
        """Holds off any other such work on this warehouse; raises InputError if there is one."""
        self.path.mkdir(parents=True, exist_ok=True)
        with (self.path / ("lock" if work == "run" else f"lock-{work}")).open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                told = f"another {work} is at work here; wait for its end"
                raise InputError(f"{self.path} is taken", [told]) from None
            if work == "run":
                self._sweep()
            yield

    @contextmanager
    def marked(self, text: str) -> Iterator[None]:
        """Leaves a mark in the folder by which others can tell that they see the same one."""
        with whole(self.path / "mark") as path:
            path.write_text(text, encoding="utf-8")
        try:
            yield
        finally:
            (self.path / "mark").unlink(missing_ok=True)

    @property
    def mark(self) -> str | None:
        """The mark in the folder; None = there is none."""
        path = self.path / "mark"
        return path.read_text(encoding="utf-8") if path.exists() else None

    def migrate(self) -> None:
        """Brings an older warehouse up to this software's tables.

        Pieces, receipts of files and the changes that were told stay. All that is made of them is
        made anew by the run that follows. Raises InputError where a newer software wrote here.
        """
        note, wanted = (
            self.path / "schema.json",
            {"version": SCHEMA_VERSION, "columns": _columns_id()},
        )
        # the first layout had no note
        held = read_note(note) or {"version": 1}
        if held["version"] > SCHEMA_VERSION:
            told = f"it has schema {held['version']}, this software knows {SCHEMA_VERSION}: "
            remedy = "install the newer hexperience again, or restore a backup of the folder"
            raise InputError(f"{self.path} was written by a newer hexperience", [told + remedy])
        if held != wanted:
            made = [
                self.path / "tables" / of.name for of in TABLES.values() if of.layer in _SETTLED
            ]
            lasting = [day for day, loads in self.counter_days().items() if not loads]
            # the notes first: a crash from here on must not leave them without their tables
            for path in (p for folder in (self.path / "settled", *made) for p in folder.glob("*")):
                # counters whose files are no longer kept can't be made anew
                if not (path.parent.name in ("cell_hour", "cell_day") and path.stem in lasting):
                    shutil.rmtree(path) if path.is_dir() else path.unlink()
            write_note(note, wanted)

    # ------------------------------------------------------------------ pieces of source files

    def write_piece(self, name: str, day: str, load: str, frame: pd.DataFrame) -> None:
        """Accepted rows of one source file that belong to one day."""
        write_parquet(self.path / "pieces" / name / day / f"{load}.parquet", frame, table(name))

    def read_pieces(
        self,
        name: str,
        day: str,
        *,
        columns: Sequence[str] | None = None,
        only: tuple[str, Sequence[Any]] | None = None,
    ) -> pd.DataFrame:
        """All accepted rows of one day, from all files, in no promised order; else as `read`."""
        paths = sorted((self.path / "pieces" / name / day).glob("*.parquet"))
        return read_parquet(paths, table(name), columns=columns, only=only)

    def keys_of_several_days(self, name: str, days: Iterable[str]) -> pd.DataFrame:
        """The keys whose first column has rows on several of these days: columns day, key."""
        folders = [self.path / "pieces" / name / day for day in days]
        files = [str(path) for folder in folders for path in sorted(folder.glob("*.parquet"))]
        held = (
            f"select {table(name).key[0]} as key, hash(key) as code, "
            "split_part(filename, '/', -2) as day from read_parquet($files, filename = true)"
        )
        with duckdb.connect() as connection:
            found = connection.sql(
                f"with held as ({held}), several as "
                "(select code from held group by code having min(day) <> max(day)) "
                "select distinct day, key from held semi join several using (code) order by all",
                params={"files": files},
            )
            return as_frame(found.to_arrow_table())

    def piece_days(self, name: str) -> dict[str, list[str]]:
        """Days that have pieces and are kept, each with its loads; ascending."""
        first = self.kept_from().get(name, "")
        folders = sorted(f for f in (self.path / "pieces" / name).glob("*") if f.name >= first)
        days = {f.name: sorted(p.stem for p in f.glob("*.parquet")) for f in folders}
        return {day: loads for day, loads in days.items() if loads}

    def counter_days(self) -> dict[str, list[str]]:
        """Days of counters with their loads; without any where only what was made of them stays."""
        first = self.kept_from().get("pm", "")
        older = {day: list[str]() for day in self.days("cell_day") if day < first}
        return older | self.piece_days("pm")

    def piece_facts(self, name: str) -> pd.DataFrame:
        """day, source_file, file_hash and n_rows of every piece, as its foot tells."""
        rows = []
        for path in sorted((self.path / "pieces" / name).glob("*/*.parquet")):
            foot = pq.read_metadata(path)
            if foot.num_rows:
                group = foot.row_group(0)
                at = [foot.schema.names.index(c) for c in ("source_file", "file_hash")]
                file, hash_ = (group.column(i).statistics.min for i in at)
                rows.append((path.parent.name, file, hash_, foot.num_rows))
        return pd.DataFrame(rows, columns=["day", "source_file", "file_hash", "n_rows"])

    def keep_loads(self, name: str, loads: set[str]) -> None:
        """Forgets files that are no longer among the sources, or were read in another way."""
        for part in ("pieces", "loads", "refused"):
            for path in (self.path / part / name).rglob("*.*"):
                if path.stem not in loads:
                    # a worker whose run was killed may just be moving its part into place
                    path.unlink(missing_ok=True)

    def write_load(self, name: str, load: str, facts: Mapping[str, Any]) -> None:
        """Notes that a file is loaded whole: the last thing written of it."""
        write_note(self._note("loads", name, load), facts)

    def read_load(self, name: str, load: str) -> dict[str, Any] | None:
        """What became of a file's rows; None = not loaded, or not to its end."""
        return read_note(self._note("loads", name, load))

    def loads(self, name: str) -> dict[str, dict[str, Any]]:
        """What became of each file that is loaded, by the name of its load."""
        notes = sorted((self.path / "loads" / name).glob("*.json"))
        return {path.stem: facts for path in notes if (facts := read_note(path))}

    def _note(self, part: str, name: str, key: str) -> Path:
        return self.path / part / name / f"{key}.json"

    def write_refused(self, name: str, load: str, frame: pd.DataFrame) -> None:
        """Refused rows and values of one file."""
        write_parquet(self.path / "refused" / name / f"{load}.parquet", frame, table("refused"))

    def write_repeated(self, name: str, day: str, frame: pd.DataFrame) -> None:
        """Rows of one day that repeat the key of a newer one."""
        write_parquet(self.path / "repeated" / name / f"{day}.parquet", frame, table("refused"))

    def read_refused(self, name: str) -> pd.DataFrame:
        """Everything refused of one source table."""
        folders = (self.path / part / name for part in ("refused", "repeated"))
        files = [path for folder in folders for path in sorted(folder.glob("*.parquet"))]
        return read_parquet(files, table("refused"))

    def write_settled(self, name: str, day: str, facts: Mapping[str, Any]) -> None:
        """Notes that a day is settled: the last thing written of it."""
        write_note(self._note("settled", name, day), facts)

    def read_settled(self, name: str, day: str) -> dict[str, Any] | None:
        """Facts of a settled day; None = not settled, or not to its end."""
        return read_note(self._note("settled", name, day))

    def forget_settled(self, name: str, day: str) -> None:
        """Takes the note of a day away before its tables are written anew."""
        self._note("settled", name, day).unlink(missing_ok=True)

    def forget_days(self, name: str, *, keep: set[str], tables: tuple[str, ...]) -> None:
        """Takes away settled days of a source, and its partitions of other tables."""
        parts = [self.path / part / name for part in ("settled", "repeated")]
        parts += [self.path / "tables" / of for of in tables]
        for path in (path for part in parts for path in part.glob("*")):
            if path.stem not in keep:
                path.unlink(missing_ok=True)

    # ------------------------------------------------- rows of persons, and rows that are old

    def rows_of(self, name: str, column: str, values: Collection[str]) -> list[Part]:
        """Pieces and settled partitions of a table that hold rows of these values."""
        paths = [
            *sorted((self.path / "pieces" / name).glob("*/*.parquet")),
            *sorted((self.path / "tables" / name).glob("*.parquet")),
        ]
        wanted = pa.array(list(values), pa.string())
        found = []
        for path in paths:
            held = pq.read_table(path, columns=[column, "source_row", "source_file"])
            held = held.filter(pc.is_in(held[column], wanted))
            if len(held):
                rows, files = held["source_row"].to_pylist(), held["source_file"].to_pylist()
                found.append(_part(path, self.path, tuple(rows), files[0]))
        return found

    def take_out(self, part: Part, column: str, values: Collection[str]) -> None:
        """Writes a part anew without the rows of these values; a part without rows goes."""
        held = pq.read_table(self.path / part.path)
        left = held.filter(pc.invert(pc.is_in(held[column], pa.array(list(values), pa.string()))))
        if part.load and not len(left):
            (self.path / part.path).unlink()
        else:
            self._put(part.path, left)

    def unblanked(
        self, name: str, column: str, *, days: tuple[str, str], where: str = ""
    ) -> list[Part]:
        """Parts of a table from one day to before another that `make_blank` would change."""
        paths = [
            *(self.path / "pieces" / name).glob("*/*"),
            *(self.path / "tables" / name).glob("*"),
        ]
        found = []
        for path in sorted(paths):
            if not days[0] <= _part(path, self.path, (), "").day < days[1]:
                continue
            held = pq.read_table(path, columns=[column, *([where] if where else [])])
            known = pc.and_(pc.is_valid(held[column]), pc.is_valid(held[where or column]))
            if n := pc.sum(known).as_py():
                found.append(_part(path, self.path, tuple(range(n)), ""))
        return found

    def make_blank(self, part: Part, column: str, where: str = "") -> None:
        """Writes a part anew with a column emptied: everywhere, or where another has a value."""
        held = pq.read_table(self.path / part.path)
        at, kind = held.schema.get_field_index(column), held.schema.field(column)
        gone = pc.is_valid(held[where]) if where else pa.scalar(True)
        emptied = pc.if_else(gone, pa.scalar(None, kind.type), held[column])
        self._put(part.path, held.set_column(at, kind, emptied))

    def _put(self, path: str, rows: pa.Table) -> None:
        with whole(self.path / path) as part:
            pq.write_table(rows, part, compression="zstd")

    def read_refused_of(self, name: str, load: str) -> pd.DataFrame:
        """Refused rows and values of one file."""
        path = self.path / "refused" / name / f"{load}.parquet"
        return read_parquet([path] if path.exists() else [], table("refused"))

    def kept_from(self) -> dict[str, str]:
        """First day of which rows are kept, by kind; a kind that is not named is kept whole."""
        return read_note(self.path / "kept_from.json") or {}

    def keep_from(self, days: Mapping[str, str]) -> None:
        """Hides all earlier days from every reader of pieces; `drop_days` takes them away."""
        write_note(self.path / "kept_from.json", days)

    def days_before(self, name: str, first: str, *, tables: Sequence[str]) -> list[Part]:
        """Pieces and partitions of days that are no longer kept, each with its number of rows."""
        paths = [*(self.path / "pieces" / name).glob("*/*.parquet")]
        old = [path for path in paths if path.parent.name < first]
        paths = [path for of in tables for path in (self.path / "tables" / of).glob("*.parquet")]
        old += [path for path in paths if path.stem < first]
        return [
            _part(path, self.path, tuple(range(pq.read_metadata(path).num_rows)), "")
            for path in sorted(old)
        ]

    def drop(self, name: str, parts: Iterable[Part]) -> None:
        """Takes parts of a source away, and what was noted of their days."""
        for part in parts:
            for note in (f"settled/{name}/{part.day}.json", f"repeated/{name}/{part.day}.parquet"):
                (self.path / note).unlink(missing_ok=True)
            (self.path / part.path).unlink(missing_ok=True)
            if part.load and not any((self.path / part.path).parent.iterdir()):
                (self.path / part.path).parent.rmdir()

    def piece_rows(self, name: str, load: str) -> dict[str, int]:
        """Rows of one file by day, as its pieces hold them."""
        paths = (self.path / "pieces" / name).glob(f"*/{load}.parquet")
        return {path.parent.name: pq.read_metadata(path).num_rows for path in paths}

    def drop_older_snapshots(self) -> list[str]:
        """Takes away all snapshots but the present one; returns their names."""
        held = sorted(path.name for path in (self.path / "snapshots").glob("[0-9]*"))
        _clean_snapshots(self.path / "snapshots", 1)
        return held[:-1]

    # ------------------------------------------------------------------------------- tables

    def write(self, name: str, frame: pd.DataFrame, *, day: str = WHOLE) -> None:
        """Puts one partition in place; raises ContractError with all faults of the frame."""
        if faults := check(frame, table(name)):
            raise ContractError(f"{name} {day}: the table breaks its contract", faults)
        write_parquet(self._partition(name, day), frame, table(name))

    def write_findings(self, findings: Mapping[str, pd.DataFrame], *, day: str = WHOLE) -> None:
        """Puts finding tables of the run at hand in place, each as its contract has it.

        `findings`: rows by the name of their table. They may come in any order, and without
        `run_id`, which is filled in here; a column that a frame lacks is missing in every row.
        Raises NothingFound before table `run` is written, and ContractError with all faults of
        the first frame that has any.
        """
        run_id = self.run_id
        for name, rows in findings.items():
            stamped = assemble([rows], table(name)).assign(run_id=run_id)
            self.write(name, stamped, day=day)

    @property
    def run_id(self) -> str:
        """The run at hand, which all findings carry; raises NothingFound before the first."""
        runs = self.read("run")
        if runs.empty:
            raise NothingFound(f"{self.path}: no run is at hand; do 'hexperience run' first")
        return str(runs["run_id"].iloc[0])

    def read(
        self,
        name: str,
        *,
        days: list[str] | None = None,
        columns: Sequence[str] | None = None,
        only: tuple[str, Sequence[Any]] | None = None,
    ) -> pd.DataFrame:
        """One table as its contract says, or some of its days or columns; without rows if none.

        `only`: a column and its values; rows with others stay on disk: `("cell_id", ["a", "b"])`.
        """
        folder = self.path / "tables" / name
        wanted = (
            sorted(folder.glob("*.parquet"))
            if days is None
            else [path for day in days if (path := self._partition(name, day)).exists()]
        )
        return read_parquet(wanted, table(name), columns=columns, only=only)

    def days(self, name: str, *, filled: bool = False) -> list[str]:
        """Partitions of a table, ascending; of `filled`, those with rows."""
        paths = (self.path / "tables" / name).glob("*.parquet")
        kept = (p for p in paths if not filled or pq.read_metadata(p).num_rows)
        return sorted(path.stem for path in kept)

    def _partition(self, name: str, day: str) -> Path:
        return self.path / "tables" / name / f"{day}.parquet"

    # -------------------------------------------------------------------- published snapshots

    @property
    def marts(self) -> Path:
        """The published marts as they stand now; raises NothingFound before the first run."""
        link = self.path / "current"
        if not link.exists():
            raise NothingFound(f"{self.path}: nothing is published yet; do 'hexperience run' first")
        # resolved, so that a reader keeps its snapshot while the link moves on
        return Path(os.path.realpath(link)) / "marts.duckdb"

    def publish(self, name: str, *, keep: int, rule: Privacy | None = None) -> Path:
        """Makes a new snapshot of all published tables and switches `current` to it.

        Raises ContractError with the guilty rows where a promise of BLOCKING is broken; `current`
        stays what it was. Rows that break another are published, and told in `quality`.
        """
        snapshots = self.path / "snapshots"
        snapshots.mkdir(parents=True, exist_ok=True)
        new = snapshots / f"{_next_number(snapshots):06d}-{name}"
        building = Path(tempfile.mkdtemp(prefix=".building-", dir=snapshots))
        building.chmod(0o755)
        try:
            marts = building / "marts.duckdb"
            self._build(marts)
            guilty = guilty_rows(marts, rule or Privacy())
            _hold(guilty)
            _tell(guilty, marts)
            marts.chmod(0o444)
        except BaseException:
            shutil.rmtree(building)
            raise
        building.rename(new)
        link = snapshots / f".link-{new.name}"
        link.symlink_to(Path("snapshots") / new.name)
        link.replace(self.path / "current")
        _clean_snapshots(snapshots, keep)
        self._sweep()
        return new

    def _sweep(self) -> None:
        """Takes away what killed runs began and nobody will end; only the lock's holder may."""
        for path in [p for kind in (".part-*", ".link-*") for p in self.path.rglob(kind)]:
            path.unlink(missing_ok=True)
        for path in (self.path / "snapshots").glob(".building-*"):
            shutil.rmtree(path)

    def _build(self, path: Path) -> None:
        with duckdb.connect(str(path)) as connection:
            connection.begin()
            connection.execute(MACROS.read_text(encoding="utf-8"))
            for name in PUBLISHED:
                create_table(connection, table(name))
                files = [str(p) for p in sorted((self.path / "tables" / name).glob("*.parquet"))]
                if files:
                    connection.execute(
                        f"insert into {name} by name select * "
                        "from read_parquet($files, union_by_name = true)",
                        {"files": files},
                    )
            connection.commit()

    # ------------------------------------------------------------------------------ questions

    def query(self, name: str, **params: Any) -> pd.DataFrame:
        """Answer of one query file; raises NothingFound or QuestionError."""
        question = read_query(name)
        given = typed(question, params)
        try:
            return self._ask(question.sql, given, beside=_LOG in question.reads)
        except QuestionError:
            self._refuse_old_marts()
            raise

    def published_run(self) -> str:
        """The run behind what is published; empty before the first."""
        try:
            return str(self.query("run_facts")["run_id"].iloc[0])
        except NothingFound:
            return ""

    def _refuse_old_marts(self) -> None:
        """Raises NothingFound where the marts are of another schema than the queries."""
        held = self._ask("select schema_version from run", {})["schema_version"].tolist()
        if held and held != [SCHEMA_VERSION]:
            told = f"the marts are of schema {held[0]}, this software reads {SCHEMA_VERSION}"
            raise NothingFound(f"{self.path}: {told}; do 'hexperience run' first")

    def guilty(self, rule: Privacy) -> pd.DataFrame:
        """Rows of the published marts that break a promise: check, reason; none = all are kept."""
        self._refuse_old_marts()
        return guilty_rows(self.marts, rule)

    def sql(self, text: str) -> pd.DataFrame:
        """Answer of one ad-hoc SELECT on the marts, which it cannot change or leave."""
        try:
            statements = duckdb.extract_statements(text)
        except duckdb.Error as error:
            raise QuestionError(f"sql: {error}") from None
        if [s.type for s in statements] != [duckdb.StatementType.SELECT]:
            raise QuestionError("sql: give exactly one SELECT")
        try:
            return self._ask(text, {}, beside=True)
        except QuestionError as error:
            raise QuestionError(f"{error}{where_it_stands(str(error))}") from None

    @property
    def acknowledgements(self) -> Path:
        """The log that `ingest.acknowledgements` reads and writes."""
        return self.path / "acknowledgements.sqlite"

    def acknowledge(self, subject: Subject, word: Word, *, by: str, at: datetime) -> int:
        """Adds an entry to that log, on a change or place that is published or was noted before.

        Raises QuestionError where there is none such.
        """
        if self.query("subject", **subject.asked).empty:
            told = f"no {subject.kind} '{subject.id}' is published, and none was noted before"
            raise QuestionError(f"not acknowledged: {told}")
        return acknowledgements.note(self.acknowledgements, subject, word, by=by, at=at)

    def _ask(self, sql: str, params: dict[str, Any], *, beside: bool = False) -> pd.DataFrame:
        log = self._log() if beside else {}
        with connect(self.marts, log) as connection:
            return answer(connection, sql, params)

    def _log(self) -> dict[str, pa.Table]:
        return {_LOG: to_arrow(acknowledgements.read(self.acknowledgements), table(_LOG))}


def guilty_rows(marts: Path, rule: Privacy) -> pd.DataFrame:
    """Rows of one marts file that break a promise of queries/checks: check, reason."""
    thresholds, found = rule.model_dump(), []
    with connect(marts) as connection:
        for name in check_names():
            promise = read_check(name)
            limits = {key: thresholds[key] for key in promise.params}
            rows = answer(connection, promise.sql, limits)
            found.append(rows[["reason"]].assign(check=name)[["check", "reason"]])
    return pd.concat(found, ignore_index=True)


def _hold(guilty: pd.DataFrame) -> None:
    told = [
        f"{name}: {len(rows)} row(s), such as: {rows['reason'].iloc[0]}"
        for name, rows in guilty[guilty["check"].isin(BLOCKING)].groupby("check")
    ]
    if told:
        raise ContractError("not published: these tables break their promises", told)


def _tell(guilty: pd.DataFrame, marts: Path) -> None:
    """Adds what a snapshot is published in spite of to its notes on quality."""
    with duckdb.connect(str(marts)) as connection:
        for name, rows in guilty.groupby("check"):
            some = "; ".join(rows["reason"].head(_TOLD))
            text = f"{len(rows)} row(s) break the check {name}, such as: {some}."
            connection.execute(
                "insert into quality by name select $of as table_name, $name as check_name, "
                "'unsafe' as verdict, $text as message, (select max(run_id) from run) as run_id",
                {"of": read_check(str(name)).reads[0], "name": name, "text": text},
            )


def _columns_id() -> str:
    """A name for all columns that settled tables are made of: another one = settle anew."""
    kept = {of.name: of for of in TABLES.values() if of.layer in _SETTLED}
    told = {name: [*map(str, of.schema), *of.key, of.day_of] for name, of in kept.items()}
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()[:16]


def _next_number(snapshots: Path) -> int:
    return max((int(path.name[:6]) for path in snapshots.glob("[0-9]*")), default=0) + 1


def _clean_snapshots(snapshots: Path, keep: int) -> None:
    for old in sorted(snapshots.glob("[0-9]*"))[:-keep]:
        shutil.rmtree(old)


def _part(path: Path, root: Path, rows: tuple[int, ...], source_file: str) -> Part:
    below = path.relative_to(root).as_posix()
    if below.startswith("pieces"):
        return Part(below, path.parent.name, path.stem, rows, source_file)
    return Part(below, path.stem, "", rows, source_file)
