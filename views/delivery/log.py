"""The log `delivery`: what went to whom, what did not, and what nobody knows; a line of JSON each.

It is only added to, and each line is on the disk before the next step is taken. A line that a stop
has cut in two is none. It names recipients, so it lies outside the marts, where no SQL reaches it.
"""

import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

import pandas as pd

from contracts.errors import InputError
from ingest.warehouse.files import make_folder

State = Literal["sending", "sent", "refused", "unclear", "failed"]
FINAL = ("sent", "failed")


@dataclass(frozen=True)
class Entry:
    """One line: of which delivery, its state, the attempt (from 1), when, to whom, the answer.

    `state`: sending = begun; sent = taken; refused = surely not taken; unclear = nobody knows;
    failed = refused as often as is tried.
    """

    delivery_id: str
    state: State
    attempt: int
    at_utc: str
    audience: str
    what: str
    channel: str
    recipient: str
    answer: str = ""


def add(path: Path, entry: Entry) -> None:
    """Adds a line to the log; it is on the disk when this returns.

    `path`: the log; its folder is made where it is missing. `entry`: the line.
    """
    make_folder(path.parent)
    text = json.dumps(asdict(entry), ensure_ascii=False) + "\n"
    # recipients are persons: nobody else need read them
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW, 0o600)
    with os.fdopen(handle, "rb+") as file:
        _drop_half_a_line(file.fileno())
        file.write(text.encode())
        file.flush()
        os.fsync(file.fileno())


def _drop_half_a_line(handle: int) -> None:
    size = os.fstat(handle).st_size
    before = os.pread(handle, size, 0)
    if not before.endswith(b"\n"):
        os.ftruncate(handle, before.rfind(b"\n") + 1)


def read(path: Path) -> list[Entry]:
    """All lines of the log, oldest first; none before the first delivery.

    `path`: the log. Raises InputError with the line that is none of ours.
    """
    if not path.exists():
        return []
    return list(_entries(path))


def _entries(path: Path) -> Iterator[Entry]:
    whole, _, _ = path.read_text(encoding="utf-8").rpartition("\n")
    for number, line in enumerate(whole.splitlines(), start=1):
        try:
            yield Entry(**json.loads(line))
        except (ValueError, TypeError):
            remedy = "put it aside; what was sent before is then not known, and is sent again"
            raise InputError(f"{path} line {number} is none of ours", [remedy]) from None


def newest(entries: list[Entry]) -> dict[str, list[Entry]]:
    """The lines of each delivery, by its id, oldest first.

    `entries`: as of `read`.
    """
    by_id: dict[str, list[Entry]] = {}
    for entry in entries:
        by_id.setdefault(entry.delivery_id, []).append(entry)
    return by_id


def table(entries: list[Entry]) -> pd.DataFrame:
    """The log as a table, a row a line, newest first.

    `entries`: as of `read`.
    """
    names = [*Entry.__dataclass_fields__]
    return pd.DataFrame([asdict(entry) for entry in reversed(entries)], columns=names)
