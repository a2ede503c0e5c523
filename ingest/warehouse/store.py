"""The warehouse's folder: pieces of source files, notes, and tables; written and read here.

Below the warehouse's folder::

    pieces/<table>/<day>/<load>.parquet   accepted rows of one source file
    pieces/pm/<day>/<load>.json           where counters of a plain file lie
    loads/<table>/<load>.json             what became of that file's rows
    refused/<table>/<load>.parquet        rows and values refused, masked
    repeated/<table>/<day>.parquet        rows that repeat the key of a newer one
    settled/<table>/<day>.json            what a day's tables were made from
    tables/<table>/<day>.parquet          settled, rolled-up and found tables
    snapshots/<name>/marts.duckdb         published, immutable (`publish`, `marts`)
    current -> snapshots/<name>           switched atomically
    acknowledgements/                     what people noted, the screen's user's; no run touches it
    schema.json                           which layout and which columns the folder has
    lock                                  held while a run is at work; lock-batch: a batch
    progress.json                         how far the newest run is or was
    mark                                  by which a cluster's workers know the folder, for a moment
    kept_from.json                        first day of which each kind of row is kept

Every file appears whole or not at all, and is known as it was written (`ingest.warehouse.files`).
Nothing in the folder is believed that another user than its owner put there, who could be the
screen's: that one writes in `acknowledgements/` alone.
"""

import fcntl
import os
import shutil
import stat
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from contracts.errors import ContractError, Damaged, InputError, NothingFound
from contracts.tables import Table, assemble, check, check_arrow, table
from ingest.warehouse import duck
from ingest.warehouse.files import (
    log,
    make_folder,
    put_rows,
    read_head,
    read_note,
    read_parquet,
    read_rows,
    verify,
    whole,
    write_arrow,
    write_note,
    write_parquet,
)
from ingest.warehouse.marts import Marts, damage_of, owners_of

WHOLE = "all"
"""Name of the only partition of a table that has no days."""
_PARTS = ("pieces", "loads", "refused", "repeated", "settled", "tables")
"""Folders that runs fill; published snapshots are judged as wholes."""
_LOGS = "acknowledgements"
"""How the names of what the screen's user may write begin: the folder, and the file of before."""


class Warehouse:
    """The tables of one operator below one folder."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def marts(self) -> Marts:
        """What is published of it, for readers."""
        return Marts(self.path)

    # ------------------------------------------------------------------- who is at work here

    @contextmanager
    def alone(self, work: str = "run") -> Iterator[None]:
        """Holds off any other such work on this warehouse; raises InputError if there is one.

        `work`: its name; works of other names go on beside it.
        """
        make_folder(self.path)
        self._refuse_foreign()
        lock = _opened_lock(self.path / ("lock" if work == "run" else f"lock-{work}"))
        try:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                fault = f"another {work} is at work here; wait for its end"
                raise InputError(f"{self.path} is taken", [fault]) from None
            if work == "run":
                self.sweep()
            yield
        finally:
            os.close(lock)

    def _refuse_foreign(self) -> None:
        """Raises InputError with all that stands in the folder and is not its owner's."""
        owners = owners_of(self.path)
        faults = [
            f"{entry.name}: user {entry.lstat().st_uid} put it there, who does not own the folder; "
            "look at it, and take it away"
            for entry in sorted(self.path.iterdir())
            if entry.lstat().st_uid not in owners and not entry.name.startswith(_LOGS)
        ]
        if faults:
            remedy = "let nobody else write there: docs/install.md, Who may read what"
            raise InputError(f"{self.path} holds what others put there", [*faults, remedy])

    def is_taken(self) -> bool:
        """Whether a run is at work here now."""
        try:
            with (self.path / "lock").open() as lock:
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except FileNotFoundError:
            return False
        except BlockingIOError:
            return True
        return False

    @property
    def progress(self) -> dict[str, Any] | None:
        """How far the newest run is or was, as noted; None = none noted anything."""
        return self._note_or_again(self.path / "progress.json")

    def write_progress(self, facts: Mapping[str, Any]) -> None:
        """Notes how far the run is, for `hexperience status`; only the lock's holder may.

        `facts`: as `views.console.progress` notes them.
        """
        write_note(self.path / "progress.json", facts)

    def sweep(self) -> None:
        """Takes away what killed runs began and nobody will end; only the lock's holder may."""
        own = [self.path / part for part in (*_PARTS, "snapshots")]
        for kind in (".part-*", ".link-*"):
            for path in [*self.path.glob(kind), *(p for part in own for p in part.rglob(kind))]:
                path.unlink(missing_ok=True)
        for path in (self.path / "snapshots").glob(".building-*"):
            shutil.rmtree(path)

    @contextmanager
    def marked(self, text: str) -> Iterator[None]:
        """Leaves a mark in the folder by which others can tell that they see the same one.

        `text`: what the mark says. It is gone at the end.
        """
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

    # --------------------------------------------------------------------- which days are kept

    def kept_from(self) -> dict[str, str]:
        """First day of which rows are kept, by kind; a kind that is not named is kept whole."""
        return self.note(self.path / "kept_from.json") or {}

    def keep_from(self, days: Mapping[str, str]) -> None:
        """Hides all earlier days from every reader of pieces; `parts.drop` takes them away.

        `days`: first kept days as YYYY-MM-DD, by kind of row.
        """
        write_note(self.path / "kept_from.json", days)

    # ----------------------------------------------------------------- pieces of source files

    def write_piece(self, name: str, day: str, load: str, frame: pd.DataFrame) -> None:
        """Accepted rows of one source file that belong to one day.

        `name`: the source table. `day`: local day as YYYY-MM-DD, or WHOLE. `load`: name of the
        file's load. `frame`: the rows, with all columns of the table.
        """
        write_parquet(self.path / "pieces" / name / day / f"{load}.parquet", frame, table(name))

    def write_counters(self, day: str, load: str, rows: pa.Table) -> None:
        """As `write_piece`, of counters as Arrow has them.

        `day` and `load`: as of `write_piece`. `rows`: in the schema of table `pm`.
        """
        write_arrow(self.path / "pieces" / "pm" / day / f"{load}.parquet", [rows], table("pm"))

    def read_pieces(
        self,
        name: str,
        day: str,
        *,
        columns: Sequence[str] | None = None,
        only: tuple[str, Sequence[Any]] | None = None,
    ) -> pd.DataFrame:
        """All accepted rows of one day, from all files, in no promised order.

        `name`: the source table. `day`: local day as YYYY-MM-DD, or WHOLE. `columns` and `only`: as
        of `read`. What `references` name is not among them.
        """
        return read_parquet(self._pieces(name, day), table(name), columns=columns, only=only)

    def read_counters(self, day: str, columns: Sequence[str]) -> pa.Table:
        """Accepted counter rows of one day as Arrow has them, `cell_id` as a dictionary.

        `day`: local day as YYYY-MM-DD. `columns`: of table `pm`.
        """
        schema = table("pm").schema
        names = [schema.field(name) for name in columns if name != "cell_id"]
        how = {"columns": list(columns), "read_dictionary": ["cell_id"], "use_threads": False}
        parts = [read_rows(path, **how) for path in self._pieces("pm", day)]
        ids = pa.field("cell_id", pa.dictionary(pa.int32(), pa.string()))
        empty = pa.schema([ids, *names]).empty_table()
        whole_day = pa.concat_tables([empty, *(part.select(empty.column_names) for part in parts)])
        return whole_day.unify_dictionaries().combine_chunks()

    def write_reference(self, day: str, load: str, facts: Mapping[str, Any]) -> None:
        """Notes where counters of one day lie, in place of their piece.

        `day` and `load`: as of `write_piece`. `facts`: with n_rows, source_file and file_hash.
        """
        write_note(self._reference(day, load), facts)

    def references(self, day: str) -> dict[str, dict[str, Any]]:
        """References to counters of a day, by the name of their load.

        `day`: local day as YYYY-MM-DD.
        """
        notes = sorted((self.path / "pieces" / "pm" / day).glob("*.json"))
        # where making a piece of one was broken off behind its end, the piece counts
        left = [path for path in notes if not path.with_suffix(".parquet").exists()]
        return {path.stem: facts for path in left if (facts := read_note(path))}

    def has_pieces(self, day: str) -> bool:
        """Whether a day has pieces of counters. `day`: local day as YYYY-MM-DD."""
        return bool(self._pieces("pm", day))

    def forget_reference(self, day: str, load: str) -> None:
        """Takes a reference away. `day` and `load`: as of `write_reference`."""
        self._reference(day, load).unlink(missing_ok=True)

    def _reference(self, day: str, load: str) -> Path:
        return self.path / "pieces" / "pm" / day / f"{load}.json"

    def keys_of_several_days(self, name: str, days: Iterable[str]) -> pd.DataFrame:
        """The keys whose first column has rows on several of these days: columns day, key.

        `name`: the source table. `days`: local days as YYYY-MM-DD.
        """
        pieces = [path for day in days for path in self._pieces(name, day)]
        return duck.keys_of_several_folders(pieces, table(name).key[0])

    def piece_days(self, name: str) -> dict[str, list[str]]:
        """Days that have pieces and are kept, each with its loads; ascending.

        `name`: the source table.
        """
        first = self.kept_from().get(name, "")
        folders = sorted((self.path / "pieces" / name).glob("*"))
        days = {
            folder.name: sorted({path.stem for path in folder.glob("[!.]*.*")})
            for folder in folders
            if folder.name >= first
        }
        return {day: loads for day, loads in days.items() if loads}

    def counter_days(self) -> dict[str, list[str]]:
        """Days of counters with their loads; without any where only what was made of them stays."""
        first = self.kept_from().get("pm", "")
        older = {day: list[str]() for day in self.days("cell_day") if day < first}
        return older | self.piece_days("pm")

    def piece_facts(self, name: str) -> pd.DataFrame:
        """day, source_file, file_hash and n_rows of every piece or reference that has rows.

        `name`: the source table.
        """
        rows = []
        for path in sorted((self.path / "pieces" / name).glob("*/*.parquet")):
            head = read_head(path)
            if head.num_rows:
                # both are the same in all rows of a piece, so the head's smallest tells them
                file, file_hash = (_smallest(head, name) for name in ("source_file", "file_hash"))
                rows.append((path.parent.name, file, file_hash, head.num_rows))
        for folder in sorted((self.path / "pieces" / name).glob("*")) if name == "pm" else ():
            for facts in self.references(folder.name).values():
                of_file = (facts["source_file"], facts["file_hash"], facts["n_rows"])
                rows.append((folder.name, *of_file))
        return pd.DataFrame(rows, columns=["day", "source_file", "file_hash", "n_rows"])

    def _pieces(self, name: str, day: str) -> list[Path]:
        return sorted((self.path / "pieces" / name / day).glob("*.parquet"))

    # -------------------------------------------------------------- what became of each file

    def write_load(self, name: str, load: str, facts: Mapping[str, Any]) -> None:
        """Notes that a file is loaded whole: the last thing written of it.

        `name`: the source table. `load`: name of the file's load. `facts`: such as its counts of
        rows.
        """
        write_note(self._note("loads", name, load), facts)

    def read_load(self, name: str, load: str) -> dict[str, Any] | None:
        """What became of a file's rows; None = not loaded, or not to its end.

        `name`: the source table. `load`: name of the file's load.
        """
        return self._note_or_again(self._note("loads", name, load))

    def loads(self, name: str) -> dict[str, dict[str, Any]]:
        """What became of each file that is loaded, by the name of its load.

        `name`: the source table.
        """
        notes = sorted((self.path / "loads" / name).glob("*.json"))
        return {path.stem: facts for path in notes if (facts := self._note_or_again(path))}

    def keep_loads(self, name: str, loads: set[str]) -> None:
        """Forgets files that are no longer among the sources, or were read in another way.

        `name`: the source table. `loads`: names of the loads that stay.
        """
        for part in ("pieces", "loads", "refused"):
            for path in (self.path / part / name).rglob("*.*"):
                if path.stem not in loads:
                    # a worker whose run was killed may just be moving its part into place
                    path.unlink(missing_ok=True)

    def write_refused(self, name: str, load: str, frame: pd.DataFrame) -> None:
        """Refused rows and values of one file.

        `name`: the source table. `load`: name of the file's load. `frame`: rows of table `refused`.
        """
        write_parquet(self._refused(name, load), frame, table("refused"))

    def read_refused_of(self, name: str, load: str) -> pd.DataFrame:
        """Refused rows and values of one file.

        `name`: the source table. `load`: name of the file's load; without rows where nothing was
        refused.
        """
        path = self._refused(name, load)
        return read_parquet([path] if path.exists() else [], table("refused"))

    def write_repeated(self, name: str, day: str, frame: pd.DataFrame) -> None:
        """Rows of one day that repeat the key of a newer one.

        `name`: the source table. `day`: local day as YYYY-MM-DD, or WHOLE. `frame`: rows of table
        `refused`; without any there is no file.
        """
        path = self.path / "repeated" / name / f"{day}.parquet"
        if len(frame):
            write_parquet(path, frame, table("refused"))
        else:
            path.unlink(missing_ok=True)

    def read_refused(self, name: str) -> pd.DataFrame:
        """Everything refused of one source table.

        `name`: the source table.
        """
        folders = (self.path / part / name for part in ("refused", "repeated"))
        files = [path for folder in folders for path in sorted(folder.glob("*.parquet"))]
        return read_parquet(files, table("refused"))

    def _refused(self, name: str, load: str) -> Path:
        return self.path / "refused" / name / f"{load}.parquet"

    def _note(self, part: str, name: str, key: str) -> Path:
        return self.path / part / name / f"{key}.json"

    def note(self, path: Path) -> dict[str, Any] | None:
        """Facts of a note; None = there is none. Raises Damaged, and InputError for another's.

        `path`: of the note, below the folder.
        """
        return read_note(path, owners=owners_of(self.path))

    def _note_or_again(self, path: Path) -> dict[str, Any] | None:
        """As `note`; a damaged one is as none, so that what it spoke of is done again."""
        try:
            return self.note(path)
        except Damaged as error:
            log.warning("%s: what it spoke of is done again", error)
            return None

    def damages(self) -> Iterator[Damaged | InputError]:
        """The refusal of each file that is not as it was written, or not the owner's.

        What the present user may not read is passed over.
        """
        notes = [*self.path.glob("*.json"), *self._files(".json")]
        looks: list[tuple[Callable[[Path], Any], Path]]
        looks = [(self.note, path) for path in sorted(notes)]
        looks += [(verify, path) for path in sorted(self._files(".parquet"))]
        for look, path in looks:
            try:
                look(path)
            except (Damaged, InputError) as error:
                yield error
            except (FileNotFoundError, PermissionError):
                # a run at work takes files away; rows of persons are not for everybody
                continue
        snapshots = sorted((self.path / "snapshots").glob("[0-9]*"))
        yield from filter(None, map(damage_of, snapshots))

    def _files(self, ending: str) -> Iterator[Path]:
        for part in _PARTS:
            yield from (self.path / part).rglob(f"[!.]*{ending}")

    # --------------------------------------------------------------------------- settled days

    def write_settled(self, name: str, day: str, facts: Mapping[str, Any]) -> None:
        """Notes that a day is settled: the last thing written of it.

        `name`: the table. `day`: local day as YYYY-MM-DD, or WHOLE. `facts`: with `signature`, by
        which a day that is done is known.
        """
        write_note(self._note("settled", name, day), facts)

    def read_settled(self, name: str, day: str) -> dict[str, Any] | None:
        """Facts of a settled day; None = not settled, or not to its end.

        `name`: the table. `day`: local day as YYYY-MM-DD, or WHOLE.
        """
        return self._note_or_again(self._note("settled", name, day))

    def forget_settled(self, name: str, day: str) -> None:
        """Takes the note of a day away before its tables are written anew.

        `name`: the table. `day`: local day as YYYY-MM-DD, or WHOLE.
        """
        self._note("settled", name, day).unlink(missing_ok=True)

    def forget_days(self, name: str, *, keep: set[str], tables: tuple[str, ...]) -> None:
        """Takes away settled days of a source, and its partitions of other tables.

        `name`: the source table. `keep`: the days that stay. `tables`: names of the tables that are
        made of the source.
        """
        folders = [self.path / part / name for part in ("settled", "repeated")]
        folders += [self.path / "tables" / made for made in tables]
        for path in [path for folder in folders for path in folder.glob("*")]:
            if path.stem not in keep:
                path.unlink(missing_ok=True)

    # --------------------------------------------------------------------------------- tables

    def write(self, name: str, frame: pd.DataFrame, *, day: str = WHOLE) -> None:
        """Puts one partition in place; raises ContractError with all faults of the frame.

        `name`: the table. `frame`: its rows, as its contract has them. `day`: local day as
        YYYY-MM-DD; WHOLE = the table has one partition.
        """
        if faults := check(frame, table(name)):
            raise ContractError(f"{name} {day}: the table breaks its contract", faults)
        write_parquet(self._partition(name, day), frame, table(name))

    def write_arrow(self, name: str, parts: Iterable[pa.Table], *, day: str) -> None:
        """As `write`, of rows that come part by part and whose keys are known not to repeat.

        `name`: the table. `parts`: rows as its schema has them, in the key's order. `day`: local
        day as YYYY-MM-DD.
        """
        of = table(name)
        write_arrow(self._partition(name, day), (self._kept(rows, of, day) for rows in parts), of)

    @staticmethod
    def _kept(rows: pa.Table, of: Table, day: str) -> pa.Table:
        if faults := check_arrow(rows, of):
            raise ContractError(f"{of.name} {day}: the table breaks its contract", faults)
        return rows

    def write_findings(self, findings: Mapping[str, pd.DataFrame], *, day: str = WHOLE) -> None:
        """Puts finding tables of the run at hand in place, each as its contract has it.

        `findings`: rows by the name of their table. They may come in any order, and without
        `run_id`, which is filled in here; a column that a frame lacks is missing in every row.
        `day`: name of the partition; WHOLE = the table has one. Raises NothingFound before table
        `run` is written, and ContractError with all faults of the first frame that has any.
        """
        run_id = self.run_id
        for name, rows in findings.items():
            stamped = assemble([rows], table(name)).assign(run_id=run_id)
            self.write(name, stamped, day=day)

    def write_possible_actions(self, rows: pd.DataFrame) -> None:
        """Keeps the actions that plans of the run at hand can choose from.

        `rows`: as `analysis.plan.kept` makes them.
        """
        kept = rows.assign(run_id=self.run_id)
        put_rows(self._possible_actions, pa.Table.from_pandas(kept, preserve_index=False))

    def read_possible_actions(self) -> tuple[pd.DataFrame, str]:
        """The kept actions, and the run that they are of; no rows and empty where none are kept."""
        if not self._possible_actions.exists():
            return pd.DataFrame(), ""
        rows = read_rows(self._possible_actions).to_pandas()
        run_id = str(rows["run_id"].iloc[0]) if len(rows) else ""
        return rows.drop(columns="run_id"), run_id

    @property
    def _possible_actions(self) -> Path:
        return self.path / "tables" / "possible_actions" / "all.parquet"

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
        """One table as its contract has it, or some of its days or columns; without rows if none.

        `name`: the table. `days`: partitions; None = all. `columns`: None = all. `only`: a column
        and its values; rows with others stay on disk: `("cell_id", ["a", "b"])`.
        """
        files = self.files(name) if days is None else [self._partition(name, day) for day in days]
        present = [path for path in files if path.exists()]
        return read_parquet(present, table(name), columns=columns, only=only)

    def days(self, name: str, *, filled: bool = False) -> list[str]:
        """Partitions of a table, ascending; of `filled`, those with rows.

        `name`: the table. `filled`: whether partitions without rows are left out.
        """
        return [path.stem for path in self.files(name) if not filled or read_head(path).num_rows]

    def files(self, name: str) -> list[Path]:
        """The Parquet files of a table, by day ascending.

        `name`: the table.
        """
        return sorted((self.path / "tables" / name).glob("*.parquet"))

    def _partition(self, name: str, day: str) -> Path:
        return self.path / "tables" / name / f"{day}.parquet"


def _opened_lock(path: Path) -> int:
    """A lock file's handle, to be closed; what stands there is neither followed nor emptied."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK, 0o644)
    except OSError as error:
        if path.is_symlink():
            raise InputError(f"{path} is a symbolic link", ["take it away"]) from None
        raise error
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise InputError(f"{path} is no file", ["take it away"])
    return handle


def _smallest(head: pq.FileMetaData, column: str) -> str:
    """The smallest value of a column, as the head of a Parquet file has it."""
    position = head.schema.names.index(column)
    return str(head.row_group(0).column(position).statistics.min)
