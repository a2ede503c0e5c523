"""The audit log: who asked what in SQL, and what became of it; a line of JSON each."""

import json
import os
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ingest.warehouse.files import log

_LARGEST = 10_000_000
"""Bytes from which a log is put aside as the older one, in place of the one before it."""


def note(path: Path | None, entry: Mapping[str, Any]) -> None:
    """Adds a line to the log, with the instant; a log that can't be written is warned of.

    `path`: the log; None = none is kept. `entry`: what is noted, by name.
    """
    if path is None:
        return
    at = datetime.now(UTC).isoformat(timespec="milliseconds")
    line = json.dumps({"at": at, **entry}, default=str) + "\n"
    try:
        _append(path, line.encode())
    except OSError as error:
        log.warning("%s: not noted who asked in SQL: %s", path, error.strerror)


def _append(path: Path, line: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.exists() and path.stat().st_size > _LARGEST:
        path.replace(path.with_name(f"{path.name}.1"))
    # of two processes at once each line is whole: it is appended by one call
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW, 0o640)
    try:
        os.write(handle, line)
    finally:
        os.close(handle)
