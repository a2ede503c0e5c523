"""Sheets of Excel workbooks (.xlsx, .xlsm), row by row, as text that a person would read there.

A number is written as it is stored, a date as ISO 8601, an error as its own mark (#DIV/0!). The
values are those that Excel kept; a formula that nobody computed has none, and is told apart.
Source: ECMA-376, part 1, 18.3 (sheets), 18.4 (texts), 18.8 (formats).
"""

import io
import posixpath
import re
import struct
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import IO, Any, cast

from lxml import etree

from ingest.containers.kinds import NotOpened
from ingest.containers.streams import BROKEN, ByPlace, copied, refuse_bombs

_SAFE: dict[str, Any] = {"resolve_entities": False, "no_network": True, "load_dtd": False}
_MOST_SHEETS, _MOST_COLUMNS = 1000, 16_384
_CHUNK = 1 << 16
# of one row, or of one text
_LARGEST = 1 << 26
_ESCAPED = re.compile("_x([0-9A-Fa-f]{4})_")
_MERGED = re.compile(rb"<(?:\w+:)?mergeCell\s+ref=[\"']([A-Z]+)(\d+):[A-Z]+(\d+)[\"']")
_BUILT_IN = {14: "d", 15: "d", 16: "d", 17: "d", 18: "h", 19: "h", 20: "h", 21: "h", 22: "d h"}
_BUILT_IN |= {45: "h", 46: "[h]", 47: "h"} | dict.fromkeys([*range(27, 37), *range(50, 59)], "d")
_DAMAGED = (
    *(zipfile.BadZipFile, etree.XMLSyntaxError, struct.error, EOFError),
    *(KeyError, ValueError, NotImplementedError, RuntimeError, *BROKEN),
)
UNCOMPUTED = "\0formula"
"""Text of a cell whose formula nobody has computed."""


@dataclass(frozen=True)
class Sheet:
    """One sheet: its name, whether it is hidden, and which part of the workbook holds it."""

    name: str
    is_hidden: bool
    part: str
    from_1904: bool = False
    """Whether its days are counted from 1904."""


@dataclass(frozen=True)
class _Book:
    """A workbook, opened: its sheets, texts, and the format of each style of cell."""

    archive: zipfile.ZipFile
    sheets: tuple[Sheet, ...]
    from_1904: bool = False
    is_stale: bool = False
    """Whether its writer computed nothing and left that to Excel."""
    texts: list[str] = field(default_factory=list)
    formats: tuple[str, ...] = ()
    decimal: str = "."


def sheets(file: Path | IO[bytes], gigabytes: float) -> tuple[Sheet, ...]:
    """The sheets of a workbook, in its order.

    `file`: its path, or the open file. `gigabytes`: how many one part may have when unpacked.
    NotOpened where it can't be read.
    """
    return _book(file, gigabytes).sheets


def rows(
    file: Path | IO[bytes], sheet: Sheet, gigabytes: float, decimal: str = "."
) -> Iterator[tuple[int, list[str]]]:
    """Number in the sheet, from 1, and texts of each row that is not empty; "" = an empty cell.

    `file`: path of the workbook, or the open file. `sheet`: one of `sheets`. `gigabytes`: how many
    it may have when unpacked. `decimal`: the mark to write in numbers. A cell below the first of a
    merged range has its text. `UNCOMPUTED` stands where a formula has no value. NotOpened where it
    can't be read.
    """
    book = replace(_book(file, gigabytes), decimal=decimal)
    below = _merged(book, sheet, gigabytes)
    # ranges do not overlap: of a column one can be open
    opened: dict[int, tuple[int, str]] = {}
    for number, cells in _cells(book, sheet, gigabytes):
        for column, end in below.get(number, ()):
            opened[column] = (end, cells.get(column, ""))
        for column, (end, text) in opened.items():
            if number <= end and text:
                cells.setdefault(column, text)
        if cells:
            yield number, [cells.get(n, "") for n in range(max(cells) + 1)]


# -------------------------------------------------------------------------------- the workbook


def _book(file: Path | IO[bytes], gigabytes: float) -> _Book:
    if not isinstance(file, Path):
        return _opened(copied(file), gigabytes)
    stat = file.stat()
    return _book_of(file, stat.st_mtime_ns, stat.st_size, gigabytes)


@lru_cache(maxsize=2)
def _book_of(path: Path, _changed_ns: int, _size: int, gigabytes: float) -> _Book:
    with path.open("rb") as file:
        return _opened(ByPlace(file), gigabytes)


def _opened(file: ByPlace, gigabytes: float) -> _Book:
    try:
        archive = zipfile.ZipFile(cast(IO[bytes], file))
        if any(info.flag_bits & 1 for info in archive.infolist()):
            raise NotOpened("the workbook has a password: save it without one")
        workbook = _tree(archive, "xl/workbook.xml", gigabytes)
        targets = _targets(archive, gigabytes)
        properties = _first(workbook, "workbookPr")
        from_1904 = properties.get("date1904") in ("1", "true")
        calculation = _first(workbook, "calcPr")
        book = _Book(
            archive,
            tuple(_sheets(workbook, targets, from_1904=from_1904)),
            from_1904=from_1904,
            is_stale=calculation.get("fullCalcOnLoad") in ("1", "true"),
            formats=tuple(_formats(archive, gigabytes)),
        )
        book.texts.extend(_texts(archive, gigabytes))
    except _DAMAGED as error:
        fault = _words(error)
    else:
        return book
    raise NotOpened(f"a workbook that is cut off or damaged ({fault}): send it again")


def _words(error: Exception) -> str:
    """What is wrong; not the words of errors that quote a cell."""
    is_ours = isinstance(error, _PlacedWrongly | zipfile.BadZipFile | etree.XMLSyntaxError)
    return str(error).splitlines()[0] if is_ours and str(error) else type(error).__name__


class _PlacedWrongly(ValueError):
    """A row or cell where none can be."""


def _part(archive: zipfile.ZipFile, name: str, gigabytes: float) -> IO[bytes]:
    info = archive.getinfo(name)
    refuse_bombs(info.file_size, info.compress_size, gigabytes)
    return archive.open(info)


def _tree(archive: zipfile.ZipFile, name: str, gigabytes: float) -> Any:
    with _part(archive, name, gigabytes) as part:
        if archive.getinfo(name).file_size > _LARGEST:
            raise NotOpened(f"its part {name} has more than {_LARGEST >> 20} MB: save it anew")
        root = etree.parse(part, etree.XMLParser(**_SAFE)).getroot()
    _refuse_dtd(root)
    return root


def _refuse_dtd(element: Any) -> None:
    if element.getroottree().docinfo.internalDTD is not None:
        raise NotOpened("its XML declares entities of its own, as no Excel does: save it anew")


def _first(root: Any, name: str) -> Any:
    return next(root.iter(f"{{*}}{name}"), {})


def _targets(archive: zipfile.ZipFile, gigabytes: float) -> dict[str, str]:
    """Id of each relation of the workbook to a worksheet -> name of the part."""
    relations = _tree(archive, "xl/_rels/workbook.xml.rels", gigabytes)
    return {
        one.get("Id"): posixpath.normpath(posixpath.join("/xl", one.get("Target", ""))).lstrip("/")
        for one in relations.iter("{*}Relationship")
        if one.get("Type", "").endswith("/worksheet")
    }


def _sheets(workbook: Any, targets: dict[str, str], *, from_1904: bool) -> Iterator[Sheet]:
    for n, sheet in enumerate(workbook.iter("{*}sheet")):
        if n >= _MOST_SHEETS:
            raise NotOpened(f"the workbook has more than {_MOST_SHEETS:,} sheets: split it")
        relation = next((v for k, v in sheet.attrib.items() if k.endswith("}id")), "")
        if relation in targets:
            is_hidden = sheet.get("state", "visible") != "visible"
            yield Sheet(sheet.get("name", ""), is_hidden, targets[relation], from_1904)


def _formats(archive: zipfile.ZipFile, gigabytes: float) -> Iterator[str]:
    """Of each style of cell what its numbers are: letters of a date, zeros, or nothing."""
    if "xl/styles.xml" not in archive.namelist():
        return
    styles = _tree(archive, "xl/styles.xml", gigabytes)
    codes = {one.get("numFmtId"): one.get("formatCode", "") for one in styles.iter("{*}numFmt")}
    for style in _first(styles, "cellXfs"):
        number = style.get("numFmtId", "0")
        code = codes.get(number)
        built_in = _BUILT_IN.get(int(number), "") if number.isdecimal() else ""
        yield built_in if code is None else _kind_of(code)


def _kind_of(code: str) -> str:
    """The letters of a number format that make it a date or a time; or its zeros."""
    plain = re.sub(r'"[^"]*"|\\.|_.|\*.', "", code.partition(";")[0]).lower()
    if re.fullmatch("0{2,}", plain):
        return plain
    if re.search(r"\[[hms]+\]", plain):
        return "[h]"
    letters = re.sub(r"\[[^\]]*\]|am/pm|a/p|general", "", plain)
    has_time, has_day = bool(re.search("[hs]", letters)), bool(re.search("[dy]", letters))
    has_day = has_day or ("m" in letters and not has_time)
    return " ".join(kind for kind, there in (("d", has_day), ("h", has_time)) if there)


def _texts(archive: zipfile.ZipFile, gigabytes: float) -> Iterator[str]:
    """The texts that cells point to."""
    if "xl/sharedStrings.xml" not in archive.namelist():
        return
    with _part(archive, "xl/sharedStrings.xml", gigabytes) as part:
        for item in _elements(part, "si"):
            yield _text(item)


def _text(item: Any) -> str:
    """Text of an item without the reading aid that stands beside Japanese."""
    runs = [t.text or "" for t in item.iter("{*}t") if not t.getparent().tag.endswith("}rPh")]
    return _ESCAPED.sub(lambda match: chr(int(match[1], 16)), "".join(runs))


# ----------------------------------------------------------------------------------- one sheet


class _Fed(io.RawIOBase):
    """A part on its way to the parser, which must make something of every 64 MB."""

    def __init__(self, part: IO[bytes]) -> None:
        super().__init__()
        self._part, self.strange = part, 0

    def read(self, n: int = -1) -> bytes:
        data = self._part.read(min(n, _CHUNK) if n > 0 else _CHUNK)
        self.strange += len(data)
        if self.strange > _LARGEST:
            raise NotOpened(f"one row or text of it has more than {_LARGEST >> 20} MB: mend it")
        return data


def _elements(part: IO[bytes], name: str) -> Iterator[Any]:
    """The elements of that name, each gone when the next is asked for."""
    fed = _Fed(part)
    for n, (_, element) in enumerate(etree.iterparse(fed, tag=f"{{*}}{name}", **_SAFE)):
        if not n:
            _refuse_dtd(element)
        fed.strange = 0
        yield element
        element.clear()
        while element.getprevious() is not None:
            del element.getparent()[0]


def _cells(book: _Book, sheet: Sheet, gigabytes: float) -> Iterator[tuple[int, dict[int, str]]]:
    """Number of each row, and its texts by column, from 0; those that are empty left out."""
    number = 0
    try:
        with _part(book.archive, sheet.part, gigabytes) as part:
            for row in _elements(part, "row"):
                place = int(row.get("r", number + 1))
                if place <= number:
                    raise _PlacedWrongly(f"row {place} once more")
                number = place
                yield number, _of_row(book, row)
    except _DAMAGED as error:
        fault = _words(error)
    else:
        return
    raise NotOpened(f"the sheet is damaged at row {number} or below ({fault}): save it anew")


def _of_row(book: _Book, row: Any) -> dict[int, str]:
    cells, column = {}, -1
    for cell in row.iterchildren("{*}c"):
        place = cell.get("r")
        column = _column(place) if place else column + 1
        if column >= _MOST_COLUMNS:
            raise _PlacedWrongly(f"a cell in column {column + 1:,}")
        text = _value(book, cell)
        if text:
            cells[column] = text
    return cells


@lru_cache(maxsize=_MOST_COLUMNS)
def _letters(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number - 1


def _column(place: str) -> int:
    """Column of a cell's place such as AB12, from 0."""
    letters = place.rstrip("0123456789")
    if not (letters.isascii() and letters.isalpha() and letters.isupper() and len(letters) < 4):
        raise _PlacedWrongly("a cell at no place")
    return _letters(letters)


def _value(book: _Book, cell: Any) -> str:
    """Text of one cell; "" = there is none."""
    kind = cell.get("t", "n")
    if kind == "inlineStr":
        return _text(cell)
    value = formula = None
    for child in cell:
        name = child.tag.rpartition("}")[2] if isinstance(child.tag, str) else ""
        value = child.text or "" if name == "v" else value
        formula = child if name == "f" else formula
    if formula is not None and _is_uncomputed(book, kind, value):
        return UNCOMPUTED
    return _written(book, kind, value, cell.get("s")) if value else ""


def _written(book: _Book, kind: str, value: str, style: str | None) -> str:
    if kind == "s":
        return _shared(book, int(value))
    if kind == "b":
        return "TRUE" if value.strip() == "1" else "FALSE"
    if kind == "n":
        return _number(book, value.strip(), style)
    return _ESCAPED.sub(lambda match: chr(int(match[1], 16)), value)


def _is_uncomputed(book: _Book, kind: str, value: str | None) -> bool:
    """Whether nobody computed a formula; some that write workbooks put a 0 in its place."""
    if kind in ("str", "e", "b"):
        return value is None
    return not value or (book.is_stale and value.strip() == "0")


def _shared(book: _Book, place: int) -> str:
    if not 0 <= place < len(book.texts):
        raise _PlacedWrongly(f"a cell points to text {place}, which is not there")
    return book.texts[place]


def _number(book: _Book, value: str, style: str | None) -> str:
    """A number as it is stored, or the date or time that its format makes of it."""
    try:
        number = float(value)
    except ValueError:
        return value
    kind = book.formats[int(style)] if style and int(style) < len(book.formats) else ""
    if kind and kind[0] in "dh[":
        text = moment(number, kind, from_1904=book.from_1904)
        return text or plain(number).replace(".", book.decimal)
    text = plain(number).replace(".", book.decimal)
    return text.zfill(len(kind)) if kind and text.isdecimal() else text


def plain(number: float) -> str:
    """A number in the fifteen digits that Excel has, without an exponent where it is whole.

    >>> plain(234560000000001.0), plain(0.1 + 0.2)
    ('234560000000001', '0.3')
    """
    if number == number // 1 and abs(number) < 1e18:
        return str(int(number))
    return format(number, ".15g")


def moment(serial: float, kind: str, *, from_1904: bool = False) -> str:
    """A serial number as day, time of day, both, or a length of time; "" where it is none.

    `serial`: days since the workbook's first. `kind`: d, h, both, or [h]. `from_1904`: whether that
    first day is in 1904. Days before March 1900 are those that Excel shows.

    >>> moment(46082.5, "d h"), moment(46082, "d"), moment(0.75, "h"), moment(1.25, "[h]")
    ('2026-03-01 12:00:00', '2026-03-01', '18:00:00', '30:00:00')
    """
    if not 0 <= serial < 2_958_466:
        return ""
    if kind == "[h]":
        seconds = round(serial * 86_400)
        return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"
    first = datetime(1904, 1, 1, tzinfo=UTC) if from_1904 else datetime(1899, 12, 30, tzinfo=UTC)
    if not from_1904 and serial < 60:
        first += timedelta(days=1)
    # a double knows a time of our days to a microsecond or so
    time = first + timedelta(milliseconds=round(serial * 86_400_000))
    clock = f"{time:%H:%M:%S}" + (f".{time.microsecond // 1000:03d}" if time.microsecond else "")
    if kind == "h" and serial < 1:
        return clock
    is_day = kind == "d" and serial == serial // 1
    return f"{time:%Y-%m-%d}" if is_day else f"{time:%Y-%m-%d} {clock}"


def _merged(book: _Book, sheet: Sheet, gigabytes: float) -> dict[int, list[tuple[int, int]]]:
    """First row of each range merged over several rows -> its first column and last row."""
    ranges: dict[int, list[tuple[int, int]]] = {}
    rest = b""
    try:
        with _part(book.archive, sheet.part, gigabytes) as part:
            while data := part.read(1 << 20):
                text = rest + data
                for letters, top, bottom in _MERGED.findall(text):
                    if int(bottom) > int(top):
                        place = (_column(letters.decode()), int(bottom))
                        ranges.setdefault(int(top), []).append(place)
                # a place that is cut in two
                rest = text[text.rfind(b"<") :] if b"<" in text[-200:] else b""
    except _DAMAGED as error:
        fault = _words(error)
    else:
        return ranges
    raise NotOpened(f"the sheet is damaged ({fault}): save the workbook anew")
