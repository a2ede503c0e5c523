"""The sandbox from outside: a process for strangers' SQL, started, asked, and ended.

What the process may use of time, memory and room is held from here, whatever happens in it: it is
killed at its deadline, and by whoever cancels. What comes out of it is believed no more than a file
of a stranger: lengths are bounded, and Arrow looks at all that it reads.
"""

import io
import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from contracts.errors import Damaged, QuestionError, TooMuch
from contracts.settings.sections import Sql
from ingest.sandbox.inside import SIZES

_HOUSE = Path(__file__).resolve().parents[2]
_START_S = 60.0
"""Longest wait for a process that starts: reading libraries from a cold disk takes time."""
_LARGEST_HEAD = 1_000_000
_RUN = "import sys; sys.path = sys.argv[1:]; from ingest.sandbox.inside import serve; serve()"


@dataclass(frozen=True)
class Reply:
    """Rows that came out of the sandbox, and the limit that cut them: rows, bytes or none."""

    table: pa.Table
    cut: str
    n_bytes: int


class Sandbox:
    """One process that can read one file of marts; to be closed.

    `marts`: the published file. `limits`: what an answer may take.
    """

    def __init__(self, marts: Path, limits: Sql) -> None:
        self.marts, self._limits = marts, limits
        self._cancelled = False
        threads = limits.threads or min(os.cpu_count() or 1, 4)
        how = {"marts": str(marts), "memory_mb": limits.memory_mb, "threads": threads}
        self._process = subprocess.Popen(  # noqa: S603  our own
            [sys.executable, "-I", "-S", "-X", "utf8", "-c", _RUN, str(_HOUSE), *sys.path],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            # a Ctrl-C at the console is for us: the process is killed, and says nothing
            start_new_session=True,
            cwd="/",
            env={"OPENBLAS_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "2"},
            bufsize=0,
        )
        try:
            self._send(how, b"")
            head, _ = self._receive(time.monotonic() + _START_S)
        except BaseException:
            self.close()
            raise
        self._refuse(head)
        self.schema: list[Any] = head["schema"]
        self.is_shut: bool = head["shut"]

    def ask(self, sql: str, params: Mapping[str, Any], log: pa.Table) -> Reply:
        """What one SELECT answers; raises QuestionError, and TooMuch where a limit ended it.

        `sql`: as somebody wrote it. `params`: values by the names that it has as $name. `log`: the
        log of acknowledgements, which stands beside the marts. After TooMuch the process is gone.
        """
        most_bytes = self._limits.max_mb * 1_000_000
        request = {
            "sql": sql,
            "params": {name: _sendable(value) for name, value in params.items()},
            "most_rows": self._limits.max_rows,
            "most_bytes": most_bytes,
        }
        try:
            deadline = time.monotonic() + self._limits.seconds
            self._send(request, _as_stream(log))
            head, content = self._receive(deadline, 2 * most_bytes + _LARGEST_HEAD)
        except BaseException:
            self.close()
            raise
        self._refuse(head)
        return Reply(_believed(content), str(head["cut"]), len(content))

    def cancel(self) -> None:
        """Ends the process, and what it is asked at the moment; from any thread."""
        self._cancelled = True
        self._kill()

    @property
    def is_there(self) -> bool:
        """Whether the process can be asked."""
        return self._process.poll() is None

    def close(self) -> None:
        """Ends the process for good."""
        self._kill()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with suppress(OSError):
                    pipe.close()
        self._process.wait()

    def __del__(self) -> None:
        # a window of the screen is closed without a word
        if hasattr(self, "_process"):
            self.close()

    def _kill(self) -> None:
        with suppress(ProcessLookupError):
            self._process.send_signal(signal.SIGKILL)

    def _send(self, head: Mapping[str, Any], content: bytes) -> None:
        text = json.dumps(head).encode()
        pipe = self._process.stdin
        if pipe is None:
            raise self._ended()
        try:
            for part in (SIZES.pack(len(text), len(content)), text, content):
                _write_all(pipe.fileno(), part)
        except (OSError, ValueError):
            raise self._ended() from None

    def _receive(self, deadline: float, most: int = _LARGEST_HEAD) -> tuple[dict[str, Any], bytes]:
        n_head, n_content = SIZES.unpack(self._read(SIZES.size, deadline))
        if n_head > _LARGEST_HEAD or n_content > most:
            raise self._ended()
        head = json.loads(self._read(n_head, deadline))
        return head, self._read(n_content, deadline)

    def _read(self, n_bytes: int, deadline: float) -> bytes:
        pipe = self._process.stdout
        if pipe is None or pipe.closed:
            raise self._ended()
        parts = []
        while n_bytes:
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([pipe], [], [], left)[0]:
                raise TooMuch(
                    f"stopped after {self._limits.seconds:g} s, which is [sql] seconds: ask for "
                    "less, or raise it"
                )
            part = os.read(pipe.fileno(), min(n_bytes, 1 << 20))
            if not part:
                raise self._ended()
            parts.append(part)
            n_bytes -= len(part)
        return b"".join(parts)

    def _ended(self) -> QuestionError:
        if self._cancelled:
            return TooMuch("cancelled")
        return TooMuch(
            "the process that answers broke off, as it does where more memory is needed at once "
            f"than [sql] memory_mb, {self._limits.memory_mb}, allows: ask for less, or raise it"
        )

    def _refuse(self, head: Mapping[str, Any]) -> None:
        """Raises what the process says instead of an answer."""
        kind = head.get("refused")
        if kind is None:
            return
        if kind != "question":
            # a process that hit a limit is not asked again: what it holds is not given back
            self.close()
        if kind == "damaged":
            why = f"{head['text']}; the next batch publishes anew"
            raise Damaged(f"{self.marts} is damaged: {why}")
        if kind == "memory":
            most = self._limits.memory_mb
            raise TooMuch(f"it needs more than [sql] memory_mb, {most}: ask for less, or raise it")
        if kind == "bytes":
            most = self._limits.max_mb
            raise TooMuch(f"its first row has more than [sql] max_mb, {most}: ask for less")
        raise QuestionError(f"sql: {head['text']}")


def _write_all(handle: int, content: bytes) -> None:
    view = memoryview(content)
    while view:
        view = view[os.write(handle, view) :]


def _sendable(value: Any) -> tuple[str, Any]:
    if isinstance(value, datetime):
        # DuckDB reads an instant's text where one is wanted
        return "plain", value.isoformat()
    value = value.item() if isinstance(value, np.generic) else value
    return ("date", value.isoformat()) if isinstance(value, date) else ("plain", value)


def _as_stream(table: pa.Table) -> bytes:
    sink = io.BytesIO()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue()


def _believed(content: bytes) -> pa.Table:
    """The rows of an Arrow stream, once Arrow has looked at all of it."""
    table = pa.ipc.open_stream(content).read_all()
    table.validate(full=True)
    return table
