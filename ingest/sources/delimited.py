"""Delimited text, plain or compressed, one header line, any encoding.

Lines above the header and an export's own totals below are declared in the [source].
"""

import csv
import io
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.csv

from contracts.source import Source

UNREADABLE = (pa.ArrowInvalid, OSError, UnicodeError, LookupError, csv.Error)
_HEADER_BYTES = 1 << 20
_UNDECODED = re.compile(r"Row #(\d+): Expected \d+ columns, got \d+")
CUT_OFF = "; the file may have been cut off here"
"""Added to the reason of what stands at a file's end."""

FOOTER = "a row of the export's own totals ([source] footer)"
"""Reason of a row that is a total."""


def header(path: Path, source: Source) -> list[str]:
    """Names in the header line; none where the file has no such line.

    `path`: the file. `source`: its encoding, delimiter and lines above the header.
    """
    return next(records(path, source), [])


def records(path: Path, source: Source) -> Iterator[list[str]]:
    """The header line and the first records after it, no further than the file's first megabyte.

    `path`: the file. `source`: its encoding, delimiter and lines above the header.
    """
    return csv.reader(_lines(path, source)[1], delimiter=source.delimiter)


def _lines(path: Path, source: Source) -> tuple[int, list[str]]:
    """How many lines stand above the header line, and the first lines from there on."""
    with pa.input_stream(str(path)) as stream:
        start = stream.read(_HEADER_BYTES).decode(source.encoding, errors="replace")
    lines = list(io.StringIO(start.removeprefix("\ufeff"), newline=None))
    if not source.header_column:
        return source.skip_lines, lines[source.skip_lines :]
    for above, line in enumerate(lines[source.skip_lines :], source.skip_lines):
        if source.header_column in next(csv.reader([line], delimiter=source.delimiter), []):
            return above, lines[above:]
    return 0, []


def may_be_absent(name: str) -> bool:  # noqa: ARG001  (one signature for all readers)
    """False for every `name`: a table has all of its columns in every file."""
    return False


def read(
    path: Path, source: Source, *, beside: Sequence[str] = ()
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The mapped columns as text with `source_row`, and the rows refused: source_row, reason.

    `path`: the file. `source`: how it is written and which columns are mapped. `beside`: their
    columns that are read too, though none of ours needs them. Refused are rows of another width and
    the export's own totals. Rows are counted as records, the header being row 1 and empty lines not
    counted. One of `UNREADABLE` where the file can't be read whole.
    """
    odd: list[tuple[int, int, int]] = []
    totals: list[int] = []
    above, lines = _lines(path, source)
    first = next(csv.reader(lines, delimiter=source.delimiter), [])[:1] if source.footer else []
    footer = re.compile(source.footer or r"(?!)")

    def put_aside(row: pa.csv.InvalidRow) -> str:
        if footer.search(str(row.text).split(source.delimiter)[0].strip('" ')):
            totals.append(row.number - above)
        else:
            odd.append((row.number - above, row.actual_columns, row.expected_columns))
        return "skip"

    columns = list(dict.fromkeys([*source.theirs, *beside, *first]))
    with pa.input_stream(str(path)) as stream, _naming_undecoded_rows():
        table = pa.csv.read_csv(
            stream,
            # one thread: rows are numbered only then
            pa.csv.ReadOptions(encoding=source.encoding, use_threads=False, skip_rows=above),
            pa.csv.ParseOptions(
                delimiter=source.delimiter, newlines_in_values=True, invalid_row_handler=put_aside
            ),
            pa.csv.ConvertOptions(
                column_types=dict.fromkeys(columns, pa.string()),
                include_columns=columns,
                strings_can_be_null=False,
            ),
        )
    frame = table.to_pandas()
    aside = {*totals, *(row for row, _, _ in odd)}
    frame["source_row"] = _row_numbers(len(frame), aside)
    last = len(frame) + len(aside) + 1
    _refuse_swallowed_lines(frame, path, cut=any(row == last for row, _, _ in odd))
    malformed = _malformed(odd, last=last)
    if not first:
        return frame, malformed
    is_total = frame[first[0]].map(lambda text: bool(footer.search(text))).astype(bool)
    totals += frame.loc[is_total, "source_row"].tolist()
    total_rows = pd.DataFrame({"source_row": sorted(totals), "reason": FOOTER})
    return frame[~is_total].reset_index(drop=True), pd.concat([malformed, total_rows])


@contextmanager
def _naming_undecoded_rows() -> Iterator[None]:
    # pyarrow can't put a row aside whose text it can't decode
    try:
        yield
    except pa.ArrowInvalid as error:
        match = _UNDECODED.search(str(error))
        if not match:
            raise
        raise pa.ArrowInvalid(f"row {match[1]}: of another width, and no UTF8") from None


def _row_numbers(n: int, aside: set[int]) -> list[int]:
    """Numbers of the `n` rows read, in a file whose rows `aside` were not."""
    return [row for row in range(2, n + len(aside) + 2) if row not in aside]


def _malformed(odd: list[tuple[int, int, int]], *, last: int) -> pd.DataFrame:
    reasons = [
        f"{got} columns, the header has {wanted}"
        + (CUT_OFF if row == last and got < wanted else "")
        for row, got, wanted in odd
    ]
    return pd.DataFrame({"source_row": [row for row, _, _ in odd], "reason": reasons})


def _refuse_swallowed_lines(frame: pd.DataFrame, path: Path, *, cut: bool) -> None:
    """Raises ArrowInvalid where a quotation mark swallows the file from some row to its end."""
    has_break = len(frame) and frame.iloc[-1].astype("str").str.contains("\n").any()
    if not (has_break or cut):
        return
    with pa.input_stream(str(path)) as stream:
        n_quotes = stream.read().count(b'"')
    if n_quotes % 2:
        row = frame["source_row"].max() + cut if len(frame) else 2
        raise pa.ArrowInvalid(f"row {row}: a quotation mark opens and never closes; mend that line")
