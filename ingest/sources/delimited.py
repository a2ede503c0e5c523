"""Delimited text, plain or compressed, one header line, any encoding."""

import csv
import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.csv

from contracts.settings import Source

UNREADABLE = (pa.ArrowInvalid, OSError, UnicodeError, LookupError)
_HEADER_BYTES = 1 << 20
_UNDECODED = re.compile(r"Row #(\d+): Expected \d+ columns, got \d+")
CUT_OFF = "; the file may have been cut off here"


def header(path: Path, source: Source) -> list[str]:
    """Names in the first line."""
    with pa.input_stream(str(path)) as stream:
        start = stream.read(_HEADER_BYTES).decode(source.encoding, errors="replace")
    lines = csv.reader(
        io.StringIO(start.lstrip("\ufeff"), newline=None), delimiter=source.delimiter
    )
    return next(lines, [])


def may_be_absent(name: str) -> bool:  # noqa: ARG001  (one signature for all readers)
    """Never: a table has all of its columns in every file."""
    return False


def read(path: Path, source: Source) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The mapped columns as text with `source_row`, and the rows of another width.

    Rows are counted as records, the header being row 1 and empty lines not counted.
    """
    odd: list[tuple[int, int, int]] = []

    def put_aside(row: pa.csv.InvalidRow) -> str:
        odd.append((row.number, row.actual_columns, row.expected_columns))
        return "skip"

    wanted = list(source.theirs)
    with pa.input_stream(str(path)) as stream, _naming_undecoded_rows():
        table = pa.csv.read_csv(
            stream,
            # one thread: rows are numbered only then
            pa.csv.ReadOptions(encoding=source.encoding, use_threads=False),
            pa.csv.ParseOptions(
                delimiter=source.delimiter, newlines_in_values=True, invalid_row_handler=put_aside
            ),
            pa.csv.ConvertOptions(
                column_types=dict.fromkeys(wanted, pa.string()),
                include_columns=wanted,
                strings_can_be_null=False,
            ),
        )
    frame = table.to_pandas()
    frame["source_row"] = _row_numbers(len(frame), {row for row, _, _ in odd})
    last = len(frame) + len(odd) + 1
    _refuse_swallowed_lines(frame, path, cut=any(row == last for row, _, _ in odd))
    return frame, _malformed(odd, last=last)


@contextmanager
def _naming_undecoded_rows() -> Iterator[None]:
    # pyarrow can't put a row aside whose text it can't decode
    try:
        yield
    except pa.ArrowInvalid as error:
        found = _UNDECODED.search(str(error))
        if not found:
            raise
        raise pa.ArrowInvalid(f"row {found[1]}: of another width, and no UTF8") from None


def _row_numbers(n: int, odd: set[int]) -> list[int]:
    every = range(2, n + len(odd) + 2)
    return [row for row in every if row not in odd]


def _malformed(odd: list[tuple[int, int, int]], *, last: int) -> pd.DataFrame:
    reasons = [
        f"{got} columns, the header has {wanted}"
        + (CUT_OFF if row == last and got < wanted else "")
        for row, got, wanted in odd
    ]
    return pd.DataFrame({"source_row": [row for row, _, _ in odd], "reason": reasons})


def _refuse_swallowed_lines(frame: pd.DataFrame, path: Path, *, cut: bool) -> None:
    """Raises ArrowInvalid where a quotation mark swallows the file from some row to its end."""
    broken = len(frame) and frame.iloc[-1].astype("str").str.contains("\n").any()
    if not (broken or cut):
        return
    with pa.input_stream(str(path)) as stream:
        open_quote = stream.read().count(b'"') % 2
    if open_quote:
        row = frame["source_row"].max() + cut if len(frame) else 2
        raise pa.ArrowInvalid(f"row {row}: a quotation mark opens and never closes; mend that line")
