"""The log of acknowledgements: who looks after a change or a place, how far it is, what they say.

The only door to SQLite. The file has a folder of its own beside the marts (`Marts.log`), so it
outlives every run, publication and change of layout, and who writes there, as a rule the screen's
user, need not write anywhere else. What stands in that folder is believed no more than that user
is: a link is not followed, and a log that can't be read is refused, which ends no other answer.

It is a log: an entry is never changed, the newest one of a subject is its state. Who is named in it
is a person too: an entry can be taken out as a whole, and then nothing of it is left in the file.
Subjects are named by keys that stay the same from run to run: `change_id`
(`analysis.changes.identity`), cell_id, site_id, a hexagon's text, a region's name.

A rollback journal and not a write-ahead log: one file to back up, readable by who may not write.
Writers wait for each other, `_PATIENCE_S` at most.
"""

import os
import pwd
import sqlite3
import stat
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd

from contracts.errors import InputError, QuestionError
from contracts.fields import FIELDS
from contracts.tables import TABLES, assemble, check
from ingest.privacy import redact
from ingest.warehouse.files import make_folder

SUBJECTS = FIELDS["subject_type"].choices
STATUSES = FIELDS["ack_status"].choices
_PATIENCE_S = 30.0
_LONGEST = {"subject_id": 200, "ack_owner": 80, "ack_by": 80, "ack_comment": 2000}

_SCHEMA = (
    "create table if not exists acknowledgement ("
    "entry_id integer primary key autoincrement, "
    "subject_type text not null, subject_id text not null, ack_status text not null, "
    "ack_owner text not null, ack_comment text not null, ack_by text not null, "
    "ack_utc text not null) strict",
    *(
        f"create trigger if not exists never_{what} before {what} on acknowledgement "
        "begin select raise(abort, 'the log of acknowledgements is append-only'); end"
        for what in ("update", "delete")
    ),
)


@dataclass(frozen=True)
class Subject:
    """What an entry speaks of: a kind out of SUBJECTS, and its stable key."""

    kind: str
    id: str

    @classmethod
    def parse(cls, text: str) -> "Subject":
        """The subject written as kind:key, such as site:LDS1; raises QuestionError.

        `text`: as a person writes it; spaces around the key go.
        """
        kind, colon, key = text.partition(":")
        if not colon or kind not in SUBJECTS or not key.strip():
            forms = ", ".join(f"{name}:..." for name in SUBJECTS)
            raise QuestionError(f"subject {text}: write it as one of {forms}")
        return cls(kind, key.strip())

    @property
    def asked(self) -> dict[str, str]:
        """As the queries about it want it."""
        return {"subject_type": self.kind, "subject_id": self.id}


@dataclass(frozen=True)
class Word:
    """What is said of a subject: its state, whose it is, and a comment in free text."""

    status: str
    owner: str
    comment: str = ""


def note(path: Path, subject: Subject, word: Word, *, by: str, at: datetime) -> int:
    """Adds an entry to the log at `path` and returns its number.

    `subject`: what it speaks of. `word`: what is said; e-mails and numbers are taken out of its
    comment before it is kept. `by`: who writes it. `at`: when. Raises QuestionError for what can't
    be kept as it is said, InputError where the file can't be written.
    """
    row = {
        **subject.asked,
        "ack_status": word.status,
        "ack_owner": word.owner.strip(),
        "ack_comment": _redacted(word.comment),
        "ack_by": by.strip(),
        "ack_utc": at.astimezone(UTC).isoformat(timespec="microseconds"),
    }
    _refuse(row)
    with _writing(path) as connection:
        added = connection.execute(
            "insert into acknowledgement (subject_type, subject_id, ack_status, ack_owner, "
            "ack_comment, ack_by, ack_utc) values (:subject_type, :subject_id, :ack_status, "
            ":ack_owner, :ack_comment, :ack_by, :ack_utc)",
            row,
        )
        return int(added.lastrowid or 0)


def read(path: Path) -> pd.DataFrame:
    """The whole log as table `acknowledgement`; empty before the first entry.

    `path`: the log. Raises InputError where the file is no log, or can't be read.
    """
    if not _begun(path):
        return assemble([], TABLES["acknowledgement"])
    with _open(path, mode="ro") as connection:
        if (fault := connection.execute("pragma integrity_check(1)").fetchone()[0]) != "ok":
            raise sqlite3.DatabaseError(fault)
        entries = connection.execute("select * from acknowledgement order by entry_id")
        columns = [column[0] for column in entries.description]
        log = pd.DataFrame(entries.fetchall(), columns=columns)
    try:
        log["ack_utc"] = pd.to_datetime(log["ack_utc"], utc=True).dt.as_unit("us")
        log["is_newest"] = ~log.duplicated(["subject_type", "subject_id"], keep="last")
        log = assemble([log], TABLES["acknowledgement"])
        faults = check(log, TABLES["acknowledgement"])
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        faults = [f"{type(error).__name__}"]
    if faults:
        raise _unreadable(path, f"its entries are none of ours ({faults[0]})")
    return log


def state(path: Path) -> tuple[int, int]:
    """Number of the newest entry, and how many there are; by both, whether an answer is still true.

    `path`: the log; (0, 0) before the first entry.
    """
    if not _begun(path):
        return 0, 0
    with _open(path, mode="ro") as connection:
        counts = connection.execute("select max(entry_id), count(*) from acknowledgement")
        newest, n_entries = counts.fetchone()
    return int(newest or 0), int(n_entries)


def remove(path: Path, entries: Collection[int]) -> int:
    """Takes entries out of the log at `path` for good, and returns how many.

    `entries`: their numbers, which are not given again. A subject's state is then what was noted
    before. Raises QuestionError where one is not there, and takes out none.
    """
    if unknown := sorted(set(entries) - set(read(path)["entry_id"])):
        raise QuestionError(f"no entry {unknown[0]}: 'hexperience acknowledge --list' names them")
    with _writing(path) as connection:
        # what is deleted is overwritten, in the file and in its journal
        connection.execute("pragma secure_delete = on")
        connection.execute("drop trigger never_delete")
        numbers = [(entry,) for entry in set(entries)]
        connection.executemany("delete from acknowledgement where entry_id = ?", numbers)
        for statement in _SCHEMA:
            connection.execute(statement)
    return len(numbers)


def older(path: Path, than: datetime) -> list[int]:
    """Numbers of the entries of the log at `path` that were written before an instant.

    `path`: the log. `than`: the instant, with its zone.
    """
    log = read(path)
    return log.loc[log["ack_utc"] < than, "entry_id"].astype(int).tolist()


def _redacted(comment: str) -> str:
    return str(redact.texts(pd.Series([comment.strip()], dtype="str")).iloc[0])


def _refuse(row: dict[str, str]) -> None:
    faults = [
        f"{name.removeprefix('ack_')}: at most {most} characters"
        for name, most in _LONGEST.items()
        if len(row[name]) > most
    ]
    if row["subject_type"] not in SUBJECTS:
        faults.append(f"subject: '{row['subject_type']}' is none of {', '.join(SUBJECTS)}")
    if row["ack_status"] not in STATUSES:
        faults.append(f"status: '{row['ack_status']}' is none of {', '.join(STATUSES)}")
    faults += [
        f"{name.removeprefix('ack_')}: missing"
        for name in ("subject_id", "ack_owner", "ack_by")
        if not row[name]
    ]
    if faults:
        raise QuestionError("not acknowledged: " + "; ".join(faults))


@contextmanager
def _writing(path: Path) -> Iterator[sqlite3.Connection]:
    """One transaction that holds other writers off; the first one makes the table."""
    _refuse_anothers(path)
    with _open(path, mode="rwc") as connection:
        connection.execute("begin immediate")
        for statement in _SCHEMA:
            connection.execute(statement)
        yield connection
        connection.commit()


@contextmanager
def _open(path: Path, *, mode: str) -> Iterator[sqlite3.Connection]:
    address = f"{path.absolute().as_uri()}?mode={mode}"
    try:
        connection = sqlite3.connect(address, uri=True, timeout=_PATIENCE_S)
        try:
            _beware(connection)
            yield connection
        finally:
            connection.close()  # takes back what was not committed
    except (sqlite3.DatabaseError, OverflowError, UnicodeError) as error:
        raise _unreadable(path, str(error)) from None


def _beware(connection: sqlite3.Connection) -> None:
    """Keeps a file that somebody made up from running what it likes, or for ever."""
    until = time.monotonic() + 2 * _PATIENCE_S
    connection.set_progress_handler(lambda: time.monotonic() > until, 100_000)
    connection.execute("pragma trusted_schema = off")
    kinds = connection.execute("select type from sqlite_master where name = 'acknowledgement'")
    if (kind := kinds.fetchone()) and kind[0] != "table":
        raise sqlite3.DatabaseError(f"acknowledgement is a {kind[0]}")


def _begun(path: Path) -> bool:
    """Whether there are entries to read; raises InputError where no log of ours stands there."""
    try:
        facts = path.lstat()
    except FileNotFoundError:
        return False
    except OSError as error:
        raise _unreadable(path, str(error.strerror)) from None
    if not stat.S_ISREG(facts.st_mode):
        raise _unreadable(path, "it is a link or no file")
    # the first writer's file is empty until it is done
    if not facts.st_size and time.time() - facts.st_mtime > 2 * _PATIENCE_S:
        raise _unreadable(path, "it is empty")
    return facts.st_size > 0


def _refuse_anothers(path: Path) -> None:
    """Makes the log's folder; raises InputError where log or folder are another user's.

    Who can write a folder can put links there, by which a stronger user would write elsewhere.
    """
    try:
        make_folder(path.parent)
    except OSError as error:
        raise _unreadable(path, f"its folder can't be made: {error.strerror}") from None
    owner = (path if _begun(path) else path.parent).stat().st_uid
    if owner != os.geteuid():
        remedy = f"acknowledge as that user: sudo -u {_name_of(owner)} hexperience acknowledge ..."
        raise InputError(f"{path} is written by user {_name_of(owner)} alone", [remedy])


def _name_of(user: int) -> str:
    try:
        return pwd.getpwuid(user).pw_name
    except KeyError:
        return f"#{user}"


def _unreadable(path: Path, why: str) -> InputError:
    remedy = "it must be a log of ours, and who acknowledges must be able to write it"
    return InputError(f"{path} can't be read or written", [f"{why}; {remedy}"])
