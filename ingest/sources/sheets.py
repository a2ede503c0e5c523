"""A table in a sheet of an Excel workbook, as the text that a person would read there.

Rows are numbered as Excel numbers them. The header line is the first that has all of our columns;
[source] header_column or skip_lines name another.
"""

import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import islice
from pathlib import Path

import pandas as pd

from contracts.fields import FIELDS
from contracts.source import Source
from ingest.containers import paths
from ingest.containers.kinds import NotOpened
from ingest.containers.workbooks import UNCOMPUTED, Sheet, moment

_SEARCHED = 100
"""Rows in which a header line is looked for."""
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d(?: \d\d:\d\d:\d\d(?:\.\d{3})?)?")


def is_sheet(path: Path, source: Source) -> bool:
    """Whether `path` is a workbook or one of its sheets. `source`: the mapping."""
    return paths.is_workbook(path, source.max_gigabytes)


def records(path: Path, source: Source) -> Iterator[list[str]]:
    """Texts of the header line and of the rows after it; none where there is no such line.

    `path`: the workbook or the sheet. `source`: the mapping. NotOpened where it can't be read.
    """
    return (texts for _, texts in _table(path, source))


def read(path: Path, source: Source, columns: Sequence[str]) -> pd.DataFrame:
    """Some columns as text, with `source_row`: the row's number in the sheet.

    `path`: the workbook or the sheet. `source`: the mapping. `columns`: names in the header line,
    each there. NotOpened where it can't be read, or where a cell of them has a formula without a
    value.
    """
    table = _table(path, source)
    _, header = next(table, (0, []))
    places = [header.index(name) for name in columns]
    numbers: list[int] = []
    texts: list[list[str]] = [[] for _ in columns]
    for number, cells in table:
        numbers.append(number)
        for column, n in zip(texts, places, strict=True):
            column.append(cells[n] if n < len(cells) else "")
    frame = pd.DataFrame(
        {name: pd.Series(column, dtype="str") for name, column in zip(columns, texts, strict=True)}
    )
    frame["source_row"] = pd.Series(numbers, dtype="int64")
    _refuse_uncomputed(frame, columns)
    (sheet,) = parts(path, source)
    return _as_formats_say(_without_serials(frame, source, sheet), source)


def parts(path: Path, source: Source) -> list[Sheet]:
    """Sheets that a path means: the one it names, or all that can be seen and have a row.

    `path`, `source`: as of `records`.
    """
    return paths.sheets(path, source.max_gigabytes)


def _table(path: Path, source: Source) -> Iterator[tuple[int, list[str]]]:
    """Number and texts of the header line and of the rows after it."""
    sheets = parts(path, source)
    if len(sheets) != 1:
        names = ", ".join(sheet.name for sheet in sheets)
        raise NotOpened(f"it has several sheets ({names}); write one behind its path: {path}/NAME")
    rows = paths.rows(path, sheets[0], source.max_gigabytes, source.decimal)
    above = [row for row in islice(rows, _SEARCHED) if row[0] > source.skip_lines]
    start = _header_at(above, source)
    if start is None:
        return
    number, header = above[start]
    under = above[start - 1] if start and above[start - 1][0] == number - 1 else (0, [])
    yield number, _named(header, under[1])
    yield from above[start + 1 :]
    yield from rows


def _header_at(rows: list[tuple[int, list[str]]], source: Source) -> int | None:
    """Which of the first rows is the header line: the first that has most of our columns.

    Where none has any, it is the fullest, whose names are shown then.
    """
    wanted = {source.header_column} if source.header_column else {*source.theirs, *source.objects}
    names = [{*map(str.strip, texts)} - {""} for _, texts in rows]
    n_wanted = max((len(wanted & row) for row in names), default=0)
    if not rows or (source.header_column and not n_wanted):
        return None
    counted = [row & wanted if n_wanted else row for row in names]
    return max(range(len(rows)), key=lambda n: len(counted[n]))


def _named(header: list[str], above: list[str]) -> list[str]:
    """Names of the columns; of one that has none, what is merged into it from the row above."""
    n = max(len(header), len(above))
    names, upper = ([*map(str.strip, row), *[""] * (n - len(row))] for row in (header, above))
    return [name or text for name, text in zip(names, upper, strict=True)]


def _refuse_uncomputed(frame: pd.DataFrame, columns: Sequence[str]) -> None:
    for name in columns:
        rows = frame.loc[frame[name] == UNCOMPUTED, "source_row"]
        if len(rows):
            raise NotOpened(
                f"column '{name}', row {rows.iloc[0]}: a formula that nobody has computed; "
                "open the workbook in Excel, and save it"
            )


def _without_serials(frame: pd.DataFrame, source: Source, sheet: Sheet) -> pd.DataFrame:
    """Days and times that lost their format, and stand as Excel's numbers of days, as times."""
    for ours, theirs in source.columns.items():
        if theirs in frame and (FIELDS[ours].is_time or FIELDS[ours].type == "DATE"):
            texts = frame[theirs].str.replace(source.decimal, ".", regex=False)
            is_serial = texts.str.fullmatch(r"[2-7]\d{4}(?:\.\d+)?").astype(bool)
            times = [
                moment(float(text), "d h" if "." in text else "d", from_1904=sheet.from_1904)
                for text in texts[is_serial]
            ]
            frame.loc[is_serial, theirs] = times
    return frame


def _as_formats_say(frame: pd.DataFrame, source: Source) -> pd.DataFrame:
    """Cells that are dates, in columns whose texts have a format, written in that format."""
    for ours, given in source.formats.items():
        theirs, layout = source.columns.get(ours, ""), _first_of(given)
        if theirs in frame and layout:
            is_date = frame[theirs].str.fullmatch(_MOMENT).astype(bool)
            written = [_written(text, layout) for text in frame.loc[is_date, theirs]]
            frame.loc[is_date, theirs] = written
    return frame


def _first_of(formats: str | Sequence[str]) -> str:
    return formats if isinstance(formats, str) else next(iter(formats), "")


def _written(text: str, layout: str) -> str:
    """A day or time in another format; as it is, where the format would lose a part of it."""
    moment = datetime.fromisoformat(text)
    try:
        written = moment.strftime(layout)
        is_whole = datetime.strptime(written, layout) == moment  # noqa: DTZ007  (both have no zone)
    except ValueError:
        return text
    return written if is_whole else text
