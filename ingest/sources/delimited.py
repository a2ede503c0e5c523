"""A table: delimited text, packed or not, in any encoding, or a sheet of a workbook.

Lines above the header and an export's own totals below are declared in the [source].
"""

import codecs
import csv
import io
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import pandas as pd
import pyarrow as pa
import pyarrow.csv

from contracts.source import Source
from ingest.containers import paths
from ingest.sources import sheets

UNREADABLE = (pa.ArrowInvalid, OSError, UnicodeError, LookupError, csv.Error)
_HEADER_BYTES = 1 << 20
_LOOKED_AT = 200
_ONE_BYTE = ("iso8859", "cp125", "cp437", "cp85", "cp86", "koi8", "mac", "latin")
_UNDECODED = re.compile(r"Row #(\d+): Expected \d+ columns, got \d+")
CUT_OFF = "; the file may have been cut off here"
"""Added to the reason of what stands at a file's end."""

FOOTER = "a row of the export's own totals ([source] footer)"
"""Reason of a row that is a total."""


def header(path: Path, source: Source) -> list[str]:
    """Names in the header line; none where the file has no such line.

    `path`: the file. `source`: its encoding, delimiter and lines above the header.
    """
    if sheets.is_sheet(path, source):
        return next(sheets.records(path, source), [])
    return _start(path, source).names


def records(path: Path, source: Source) -> Iterator[list[str]]:
    """The header line and the first records after it, no further than the file's first megabyte.

    `path`: the file. `source`: its encoding, delimiter and lines above the header.
    """
    if sheets.is_sheet(path, source):
        return sheets.records(path, source)
    return csv.reader(_start(path, source).lines, delimiter=source.delimiter)


class _Start(NamedTuple):
    """How a file begins."""

    encoding: str
    above: int
    """Lines above the header line."""
    lines: list[str]
    """The first lines, from the header line on."""
    names: list[str]
    """Names of the columns; "" = a column without one, that the rows' last separator makes."""
    is_odd: bool
    """Whether the header line has a column more or less than the rows, which is empty."""
    n_lines: int
    """Lines of the header record."""


def _start(path: Path, source: Source) -> _Start:
    with paths.opened(path, source.max_gigabytes) as file:
        start = file.read(_HEADER_BYTES)
    encoding = encoding_of(start, source.encoding)
    text = start.decode(encoding, errors="replace").removeprefix("\ufeff")
    if "\0" in text:
        raise UnicodeError(f"it holds bytes that are no text in {encoding}; set [source] encoding")
    if _is_misread(start, encoding):
        raise UnicodeError(
            f'its letters are UTF-8, not {encoding}; set [source] encoding = "utf-8"'
        )
    above, lines = _below_preamble(list(io.StringIO(text, newline=None)), source)
    reader = csv.reader(lines, delimiter=source.delimiter)
    header = next(reader, [])
    n_lines = reader.line_num
    names = without_trailing(header, list(islice(reader, _LOOKED_AT)))
    return _Start(encoding, above, lines, names, names != header, n_lines)


def encoding_of(start: bytes, stated: str) -> str:
    """A text's encoding: UTF-16 where its bytes say so, else the one stated.

    `start`: its first bytes. `stated`: by the source.
    """
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    # of Latin letters every second byte is zero
    even, odd = start[:_LOOKED_AT:2], start[1:_LOOKED_AT:2]
    for zeros, letters, name in ((odd, even, "utf-16-le"), (even, odd, "utf-16-be")):
        if len(start) > 3 and zeros.count(0) > len(zeros) / 2 and not letters.count(0):
            return name
    return stated


def _is_misread(start: bytes, encoding: str) -> bool:
    """Whether bytes are UTF-8 beyond ASCII where an encoding of one byte a letter is stated."""
    if start.isascii() or not codecs.lookup(encoding).name.startswith(_ONE_BYTE):
        return False
    try:
        # the last letter may be cut
        codecs.getincrementaldecoder("utf-8")().decode(start)
    except UnicodeDecodeError:
        return False
    return True


def without_trailing(header: list[str], rows: list[list[str]]) -> list[str]:
    """The header, fitted to rows that end with a separator where it does not, or the reverse.

    `header`: names in the header line. `rows`: the first records below it. A column that it lacks
    is named "", if it is empty in all that have it, and those are most; one that only the header
    has goes, if it has no name.
    """
    n, widths = len(header), Counter(map(len, rows))
    beyond = [row[-1] for row in rows if len(row) == n + 1]
    if widths[n + 1] > widths[n] and not any(map(str.strip, beyond)):
        return [*header, ""]
    if n > 1 and widths[n - 1] > widths[n] and not header[-1].strip():
        return header[:-1]
    return header


def _below_preamble(lines: list[str], source: Source) -> tuple[int, list[str]]:
    """How many lines stand above the header line, and the lines from there on."""
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
    if sheets.is_sheet(path, source):
        return _of_sheet(path, source, beside)
    odd: list[tuple[int, int, int]] = []
    totals: list[int] = []
    start = _start(path, source)
    # records are numbered from the header line on
    above = start.above + start.n_lines - 1 if start.is_odd else start.above
    trailing = [""] if start.is_odd and not start.names[-1] else []
    first = start.names[:1] if source.footer else []
    footer = re.compile(source.footer or r"(?!)")

    def put_aside(row: pa.csv.InvalidRow) -> str:
        if footer.search(str(row.text).split(source.delimiter)[0].strip('" ')):
            totals.append(row.number - above)
        else:
            wanted = row.expected_columns - len(trailing)
            odd.append((row.number - above, row.actual_columns, wanted))
        return "skip"

    columns = list(dict.fromkeys([*source.theirs, *beside, *first, *trailing]))
    with paths.opened(path, source.max_gigabytes) as stream, _naming_undecoded_rows():
        table = pa.csv.read_csv(
            stream,
            # one thread: rows are numbered only then
            pa.csv.ReadOptions(
                encoding=start.encoding,
                use_threads=False,
                skip_rows=above + start.is_odd,
                column_names=start.names if start.is_odd else None,
            ),
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
    is_cut = any(row == last for row, _, _ in odd)
    _refuse_swallowed_lines(frame, path, source, cut=is_cut)
    if trailing:
        frame, beyond = _without_beyond(frame)
        odd += [(row, len(start.names), len(start.names) - 1) for row in beyond]
    return _without_totals(frame, _malformed(sorted(odd), last=last), first, footer, totals)


def _of_sheet(
    path: Path, source: Source, beside: Sequence[str]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    first = header(path, source)[:1] if source.footer else []
    columns = list(dict.fromkeys([*source.theirs, *beside, *first]))
    frame = sheets.read(path, source, columns)
    footer = re.compile(source.footer or r"(?!)")
    return _without_totals(frame, _malformed([], last=0), first, footer, [])


def _without_beyond(frame: pd.DataFrame) -> tuple[pd.DataFrame, list[int]]:
    """The rows without a value behind the last column, and the numbers of the others."""
    is_beyond = frame[""].str.strip() != ""
    rows = frame.loc[is_beyond, "source_row"].tolist()
    return frame[~is_beyond].drop(columns="").reset_index(drop=True), rows


def _without_totals(
    frame: pd.DataFrame,
    malformed: pd.DataFrame,
    first: list[str],
    footer: re.Pattern[str],
    totals: list[int],
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Rows and refusals; `totals`: rows of another width that are an export's own totals."""
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


def _refuse_swallowed_lines(frame: pd.DataFrame, path: Path, source: Source, *, cut: bool) -> None:
    """Raises ArrowInvalid where a quotation mark swallows the file from some row to its end."""
    has_break = len(frame) and frame.iloc[-1].astype("str").str.contains("\n").any()
    if not (has_break or cut):
        return
    n_quotes = sum(one.count(b'"') for one in paths.unpacked(path, source.max_gigabytes))
    if n_quotes % 2:
        row = frame["source_row"].max() + cut if len(frame) else 2
        raise pa.ArrowInvalid(f"row {row}: a quotation mark opens and never closes; mend that line")
