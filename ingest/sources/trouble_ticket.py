"""TM Forum trouble tickets (TMF621, versions 4 and 5): JSON, plain or gzip.

A file is one ticket, an array of them, one a line, or one after the other. Their columns are paths:
`status`, `channel.name`, `relatedParty[role=customer].id`, and of a list of names and values
`troubleTicketCharacteristic.msisdn`. Of a list the first that has the rest of the path counts; of
alternatives, `a | b`, the first that is there.
"""

import codecs
import json
import re
from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from contracts.source import Source
from ingest.containers import paths
from ingest.containers.streams import BROKEN
from ingest.sources.delimited import CUT_OFF, encoding_of
from ingest.sources.ticket_events import Histories, no_complaint

_CHUNK = 1 << 16
_LARGEST = 1 << 24
"""Characters of one ticket; what is longer is none."""
_BLANK = "\ufeff \t\r\n"
_STEP = r"([^.\[\]|=\s]+)(?:\[([^\]=]+)=([^\]]*)\])?"
_PATH = re.compile(rf"{_STEP}(?:\.{_STEP})*")
_BETWEEN = re.compile("[\ufeff\\s,]*")
_REST = "; neither it nor what follows can be read"
# numbers stay the text they were written as, like those of any other file
_DECODER = json.JSONDecoder(parse_int=str, parse_float=str, parse_constant=str)


class NoTicketsError(ValueError):
    """The file is no JSON of tickets at all."""


UNREADABLE = (NoTicketsError, OSError, UnicodeError, LookupError)


class _Place(NamedTuple):
    """One place of the file: its row, and the ticket, or why there is none."""

    row: int
    ticket: dict[str, Any]
    reason: str = ""


def header(path: Path, source: Source) -> list[str]:
    """The paths that are asked for and can be followed: a ticket names no columns of its own.

    `path`: the file. `source`: the mapping. NoTicketsError where it is no JSON.
    """
    start, _ = _opened(_chunks(path, source))
    if start and start[0] not in "[{" and not _is_by_line(start):
        raise NoTicketsError("it starts with neither a JSON object nor an array")
    return [theirs for theirs in source.theirs if may_be_absent(theirs)] if start else []


def may_be_absent(name: str) -> bool:
    """Whether `name` is a path: what no ticket of a file says is missing in its rows."""
    return all(_PATH.fullmatch(way.strip()) for way in name.split("|"))


def read(path: Path, source: Source) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The paths' values as text with `source_row`, and what could not be read: source_row, reason.

    `path`: the file. `source`: the mapping. A row is a line of a file of lines, else the ticket's
    number in the file, from 1; events of one ticket are one row, that of the first. A broken line
    costs itself; where an array breaks, the rest of it is lost, and refused as one row.
    """
    ways = {t: [_steps(way) for way in t.split("|")] for t in source.theirs}
    named = {steps[0][0] for alternatives in ways.values() for steps in alternatives if steps}
    rows: dict[int, list[str | None]] = {}
    malformed: list[tuple[int, str]] = []
    histories = Histories(named)
    for place in _tickets(_chunks(path, source)):
        reason = place.reason or no_complaint(place.ticket)
        if reason:
            malformed.append((place.row, reason))
        elif not histories.take(place.row, place.ticket):
            rows[place.row] = [_first(place.ticket, ways[theirs]) for theirs in ways]
    for row, ticket in histories.tickets():
        rows[row] = [_first(ticket, ways[theirs]) for theirs in ways]
    numbers = sorted(rows)
    columns = {
        t: pd.Series([rows[row][n] for row in numbers], dtype="str") for n, t in enumerate(ways)
    }
    refused = pd.DataFrame(malformed, columns=["source_row", "reason"])
    return pd.DataFrame(columns).assign(source_row=numbers), refused


# ------------------------------------------------------------------------------ from the bytes


def _chunks(path: Path, source: Source) -> Iterator[str]:
    """The file's text; of what is packed and broken, what comes before the break."""
    pieces = paths.unpacked(path, source.max_gigabytes)
    start = next(pieces, b"")
    encoding = encoding_of(start, source.encoding)
    decoder = codecs.getincrementaldecoder(encoding)("surrogateescape")
    try:
        for piece in chain([start], pieces):
            yield decoder.decode(piece)
    except (EOFError, *BROKEN):
        return
    yield decoder.decode(b"", final=True)


def _opened(chunks: Iterator[str]) -> tuple[str, Iterator[str]]:
    """The text's start without blanks, its first line at least; and the whole text."""
    start = ""
    for chunk in chunks:
        start += chunk
        if len(start) > _LARGEST or (len(start) > _CHUNK and "\n" in start.strip(_BLANK)):
            break
    return start.lstrip(_BLANK), chain([start], chunks)


def _tickets(chunks: Iterator[str]) -> Iterator[_Place]:
    start, text = _opened(chunks)
    values = _by_line(text) if _is_by_line(start) else _by_value(text, in_array=start[:1] == "[")
    for row, value, reason in values:
        if reason or isinstance(value, dict):
            yield _Place(row, value, reason)
        else:
            yield _Place(row, {}, f"no ticket, but a {_KINDS.get(type(value), 'null')}")


_KINDS: dict[type, str] = {list: "list", str: "text or number", bool: "flag"}


def _is_by_line(start: str) -> bool:
    """Whether each line is a ticket: one of the first is."""
    lines = (line for line in start.split("\n", 20)[:20] if line.startswith("{"))
    return start[:1] != "[" and any(not _decoded(line)[1] for line in lines)


def _by_line(chunks: Iterator[str]) -> Iterator[tuple[int, Any, str]]:
    for row, (line, ended) in enumerate(_lines(chunks), 1):
        if line.strip(_BLANK):
            value, reason = _decoded(line)
            yield row, value, reason + CUT_OFF * bool(reason and not ended)


def _lines(chunks: Iterator[str]) -> Iterator[tuple[str, bool]]:
    """Each line, and whether it has an end; too long a one is cut, and then no ticket."""
    rest = ""
    for chunk in chunks:
        *lines, rest = (rest + chunk).split("\n")
        yield from ((line, True) for line in lines)
        if len(rest) > _LARGEST:
            yield rest, True
            rest = ""
    if rest:
        yield rest, False


def _decoded(line: str) -> tuple[Any, str]:
    try:
        return _DECODER.decode(line.strip(_BLANK)), ""
    except json.JSONDecodeError as error:
        return None, f"broken JSON at character {error.pos + 1}: {error.msg}"
    except RecursionError:
        return None, "nested too deep"


def _by_value(chunks: Iterator[str], *, in_array: bool) -> Iterator[tuple[int, Any, str]]:
    """Values one after the other, in an array or not; the first broken one ends them."""
    text = _Text(chunks)
    if in_array:
        text.next_character(skip=1)
    row, end = 1, "]" if in_array else ""
    while (character := text.next_character()) not in ("", end):
        value, reason = text.next_value()
        yield row, value, reason
        if reason:
            return
        row += 1
    if in_array and not character:
        yield row, None, "the array does not end" + CUT_OFF
    elif in_array and text.next_character(skip=1):
        yield row, None, f"text after the end of the array{_REST}"


class _Text:
    """The file's text, of which no more is kept than is being read."""

    def __init__(self, chunks: Iterator[str]) -> None:
        self._chunks, self._buffer, self._at, self._passed = chunks, "", 0, 0

    def next_character(self, skip: int = 0) -> str:
        """The next one after blanks and commas and `skip` characters more; empty = none."""
        if skip:
            self.next_character()
            self._at += skip
        while True:
            if blanks := _BETWEEN.match(self._buffer, self._at):
                self._at = blanks.end()
            if self._at < len(self._buffer) or not self._grows():
                return self._buffer[self._at : self._at + 1]

    def next_value(self) -> tuple[Any, str]:
        """The JSON value that begins here, or why it is none."""
        while True:
            try:
                value, self._at = _DECODER.raw_decode(self._buffer, self._at)
            except RecursionError:
                return None, f"nested too deep at character {self._passed + self._at + 1}{_REST}"
            except json.JSONDecodeError as error:
                fault = f"broken JSON at character {self._passed + error.pos + 1}: {error.msg}"
                at_end = error.pos >= len(self._buffer) - 1 or error.msg.startswith("Unterminated")
                if not self._grows():
                    cut = at_end and not next(self._chunks, "")
                    return None, fault + _REST + CUT_OFF * cut
            else:
                return value, ""

    def _grows(self) -> bool:
        """More text, as much again: so a long ticket is not tried too often."""
        self._passed, self._buffer, self._at = self._passed + self._at, self._buffer[self._at :], 0
        more, n = "", len(self._buffer)
        while len(more) <= n <= _LARGEST and (chunk := next(self._chunks, "")):
            more += chunk
        self._buffer += more
        return bool(more)


# ------------------------------------------------------------------------------ along the paths


_Step = tuple[str, str, str]
"""Name; and of a list of objects, which key must have which value."""


def _steps(path: str) -> list[_Step]:
    return re.findall(_STEP, path.strip())


def _first(ticket: dict[str, Any], alternatives: list[list[_Step]]) -> str | None:
    for steps in alternatives:
        if (value := _value(ticket, steps)) is not None:
            return value
    return None


def _value(node: Any, steps: Sequence[_Step]) -> str | None:
    """The text at the end of the steps; None = there is none."""
    if isinstance(node, list):
        # of lists in lists nobody speaks, and they may be many
        items = (item for item in node if not isinstance(item, list))
        return next((v for item in items if (v := _value(item, steps)) is not None), None)
    if not steps:
        return _text(node)
    if not isinstance(node, dict):
        return None
    (name, key, wanted), *rest = steps
    inner = node.get(name)
    if inner is None and "value" in node and _same(node.get("name"), name):
        inner = node["value"]
    if key:
        all_of_it = inner if isinstance(inner, list) else [inner]
        inner = [i for i in all_of_it if isinstance(i, dict) and _same(i.get(key), wanted)]
    return _value(inner, rest)


def _same(theirs: object, wanted: str) -> bool:
    return isinstance(theirs, str) and theirs.casefold() == wanted.casefold()


def _text(value: Any) -> str | None:
    """A text, number or flag as text; blanks and nothing are none."""
    if isinstance(value, bool):
        return str(value).lower()
    if not isinstance(value, str) or not value.strip():
        return None
    # half of a character, written as an escape or as bytes of another encoding, is none
    return value.encode("utf-8", "replace").decode()
