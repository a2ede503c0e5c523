"""What an unknown file seems to be: reader, encoding, separator, times, and which column is which.

Identifiers are not shown: of every value only its shape is.
"""

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from contracts import vendors
from contracts.errors import InputError
from contracts.exports import of_persons
from contracts.fields import FIELDS
from contracts.source import Source
from contracts.tables import TABLES
from ingest.containers import paths
from ingest.containers.workbooks import UNCOMPUTED, Sheet
from ingest.inspection import keys
from ingest.inspection.likeness import SURE, Fit, fits
from ingest.inspection.times import Moments, moments_of, with_order
from ingest.numerals import units_in
from ingest.privacy import door
from ingest.sources.counters import asked_of
from ingest.sources.delimited import encoding_of, without_trailing

_PERSONAL = {"ip address", "email", "email address", "first name", "last name", "full name"}
_START = 4 << 20
_GIGABYTES = 8.0
_ROWS = 3000
_DELIMITERS = (",", ";", "\t", "|")
_NA = (
    *("NIL", "NULL", "null", "NaN", "nan", "N/A", "n/a", "NA", "None", "\\N"),
    *("-", "--", "?", "/0", "#N/A", "#DIV/0!"),
)
_XML = {"measCollecFile": "pm_xml", "measDataFile": "pm_xml", "mdc": "pm_xml", "OMeS": "omes"}
_TICKET = {"creationDate", "ticketType", "severity", "statusChange", "statusChangeDate", "@type"}
_PSEUDO = ["@managed_element", "@object", "@start", "@end", "@duration_s", "@suspect"]
_ZONE = re.compile(r"\b(?:UTC|GMT)(?:\s?[+-]\d{1,2}(?::?\d{2})?)?|\b[A-Z][a-z]+/[A-Z][a-z_A-Z]+\b")
_ALIAS = {"gsm": "2g", "umts": "3g", "lte": "4g", "nr": "5g"}
_PERIODS = (300, 900, 1800, 3600, 86_400)


@dataclass(frozen=True)
class Looks:
    """What one file seems to be."""

    path: Path
    reader: str
    """delimited, parquet, pm_xml, omes, trouble_ticket, qualtrics; empty = nothing we read."""
    encoding: str = "utf-8"
    delimiter: str = ","
    preamble: int = 0
    """Lines above the header line."""
    in_sheet: bool = False
    """Whether it is a sheet of a workbook."""
    header: tuple[str, ...] = ()
    """Names of the columns, or of counters in XML; empty where it has none."""
    decimal: str = "."
    na: tuple[str, ...] = ()
    """Texts that mean missing."""
    footer: str = ""
    """First text of a last row that is no row like the others."""
    times: dict[str, Moments] = field(default_factory=dict)
    """Their columns of times."""
    is_end: bool = False
    """Whether its hours run from 1 to 24, the ends of periods."""
    zone: str = ""
    """The zone that the file states; empty = none."""
    period_s: int = 0
    """Seconds of a measuring period; 0 = not seen."""
    samples: dict[str, str] = field(default_factory=dict)
    """A value of each column as its shape."""
    fits: tuple[Fit, ...] = ()
    """Our tables, the best fitting first."""
    vendor: str = ""
    """Name on the shelf of vendors; empty = none fits."""
    n_counters: tuple[int, int] = (0, 0)
    """Counters of the vendor's TOML that the file has, and all."""
    choices: dict[str, dict[str, str]] = field(default_factory=dict)
    """Their column -> our word -> their text, where a column holds words like ours."""
    objects: tuple[str, ...] = ()
    """Kinds of objects in PM XML, such as NRCellDU."""
    notes: tuple[str, ...] = ()
    """What to know besides, or why nothing was seen, in words."""
    units: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Their column -> units that stand behind its numbers."""
    key: str = ""
    """Their columns whose values name a cell once, as [source.columns] takes them."""
    repeats: str = ""
    """What is not unique in the rows looked at, in words; empty = the key is."""
    files: tuple[Path, ...] = ()
    """All files that look so, where several were looked at."""


def look(path: Path) -> Looks:
    """What a file seems to be, by its first megabytes.

    `path`: the file. InputError where it can't be opened or is empty.
    """
    try:
        if paths.is_workbook(path, _GIGABYTES):
            return _of_workbook(path)
        with paths.opened(path, _GIGABYTES) as file:
            start = file.read(_START)
    except OSError as error:
        raise InputError(f"{path}: can't be opened", [str(error)]) from None
    if not start.strip(b"\0 \t\r\n"):
        raise InputError(f"{path}: the file is empty", ["give a file with some rows"])
    if start.startswith(b"PAR1"):
        return _table(Looks(path, "parquet"), _of_parquet(path))
    encoding, text, doubt = _decoded(start)
    looks = Looks(path, "", encoding=encoding, notes=doubt)
    return _of_text(looks, text)


def look_at(named: Sequence[Path]) -> list[Looks]:
    """What some files seem to be, those that look alike together.

    `named`: files, archives, of which each member is a file, and workbooks. Of each kind it is what
    the first one seems to be, `files` being all and `path` what names them. InputError where one
    can't be opened or is empty.
    """
    files = [file for path in named for file in paths.found(path, _GIGABYTES)]
    if missing := [path for path in named if not paths.outer(path).is_file()]:
        raise InputError(f"{missing[0]}: no such file", ["give files that are there"])
    alike: dict[tuple[object, ...], list[Looks]] = {}
    for looks in map(look, files):
        alike.setdefault(_kind_of(looks), []).append(looks)
    return [_together(group) for group in alike.values()]


def _kind_of(looks: Looks) -> tuple[object, ...]:
    """What files must share to be read by one [[source]]; of what is not read, the file itself."""
    if not looks.reader:
        return (looks.path,)
    if looks.reader in ("pm_xml", "omes", "trouble_ticket"):
        return (looks.reader, looks.vendor)
    how = (looks.encoding, looks.delimiter, looks.decimal, looks.preamble > 0, looks.vendor)
    return (looks.reader, looks.header, looks.in_sheet, *how)


def _together(group: list[Looks]) -> Looks:
    """The first of a group, named by a glob that means all of the group and no other file."""
    first, mine = group[0], sorted(looks.path for looks in group)
    base = paths.outer(first.path)
    globs = [base, *(base / glob for glob in (f"**/*{first.path.suffix}", "*"))]
    globs += [base.parent / f"*{base.suffix}", base.parent / f"*{base.suffix}" / "*"]
    named = first.path
    if len(group) > 1:
        fitting = (glob for glob in globs if paths.found(glob, _GIGABYTES) == mine)
        named = next(fitting, named)
    return replace(first, path=named, files=tuple(mine))


def _of_text(looks: Looks, text: str) -> Looks:
    if "\0" in text:
        return replace(looks, notes=("bytes that are no text: no file of a kind we read",))
    bare = text.lstrip("\ufeff \t\r\n")
    if bare.startswith("<"):
        return _of_xml(looks, bare)
    if bare.startswith(("{", "[")):
        return _of_json(looks, bare)
    try:
        return _of_lines(looks, text.removeprefix("\ufeff"))
    except csv.Error as error:
        return replace(looks, notes=(*looks.notes, f"text that is no table: {error}"))


def _of_workbook(path: Path) -> Looks:
    """What a workbook seems to be: the sheet with the most rows, if it has several."""
    sheets = paths.sheets(path, _GIGABYTES)
    tables = {sheet.name: _rows(path, sheet) for sheet in sheets}
    name = max(tables, key=lambda name: len(tables[name]), default="")
    if not name or not tables[name]:
        raise InputError(f"{path}: no sheet has a row", ["give a workbook with some rows"])
    whole = path if paths.place(path, _GIGABYTES).sheet else path / name
    others = [other for other in tables if other != name]
    notes = (f"sheets not looked at: {', '.join(others)}",) if others else ()
    records = tables[name]
    width = Counter(map(len, records)).most_common(1)[0][0]
    return _of_records(Looks(whole, "", in_sheet=True, notes=notes), records, width)


def _rows(path: Path, sheet: Sheet) -> list[list[str]]:
    rows = islice(paths.rows(path, sheet, _GIGABYTES), _ROWS + 100)
    # formulas that nobody computed are none here; reading the file refuses them
    texts = [[text * (text != UNCOMPUTED) for text in row] for _, row in rows]
    return [row for row in texts if any(row)]


def _decoded(start: bytes) -> tuple[str, str, tuple[str, ...]]:
    """Encoding, text and what is unsure about it."""
    name = encoding_of(start, "utf-8")
    if name != "utf-8":
        return name, start[: len(start) // 2 * 2].decode(name, errors="replace"), ()
    try:
        # the last character may be cut in two
        return "utf-8", _utf8(start), ()
    except UnicodeDecodeError:
        note = "not UTF-8: taken for cp1252 (Western Europe); look whether names come out right"
        return "cp1252", start.decode("cp1252", errors="replace"), (note,)


def _utf8(start: bytes) -> str:
    """UTF-8 text whose last character may be cut; raises UnicodeDecodeError where it is none."""
    return start.decode("utf-8") if len(start) < _START else start[:-4].decode("utf-8")


# ----------------------------------------------------------------------------- XML and JSON


def _of_xml(looks: Looks, text: str) -> Looks:
    root = re.search(r"<(?:\w+:)?([A-Za-z]\w*)", re.sub(r"<!--.*?-->", "", text, flags=re.DOTALL))
    reader = _XML.get(root[1], "") if root else ""
    if not reader:
        note = f"XML of a kind we do not read: its root is {root[1] if root else 'not to be seen'}"
        return replace(looks, notes=(*looks.notes, note))
    names, kinds = _in_omes(text) if reader == "omes" else _in_pm_xml(text)
    header = (*_PSEUDO, *dict.fromkeys(names))
    objects = tuple(kind for kind, _ in Counter(kinds).most_common())
    return _with_vendor(replace(looks, reader=reader, header=header, objects=objects))


def _in_omes(text: str) -> tuple[list[str], list[str]]:
    """Names of counters, and the kind of each object."""
    names = re.findall(r"<(M\d+C\d+)\b", text)
    objects = re.findall(r"<DN>([^<]*)</DN>", text)
    return names, [re.sub(r"-\d+", "", dn.rsplit("/", 1)[-1]) for dn in objects]


def _in_pm_xml(text: str) -> tuple[list[str], list[str]]:
    """Names of counters, and the kind of each object."""
    lists = re.findall(r"<(?:\w+:)?measTypes>([^<]*)<", text)
    single = re.findall(r"<(?:\w+:)?(?:measType|mt)(?:\s[^>]*)?>([^<]*)<", text)
    names = [name for part in lists for name in part.split()] + [n.strip() for n in single]
    objects = re.findall(r'measObjLdn\s*=\s*"([^"]*)"|<moid>([^<]*)<', text)
    return names, [(a or b).rsplit(",", 1)[-1].split("=")[0] for a, b in objects]


def _of_json(looks: Looks, text: str) -> Looks:
    keys = set(re.findall(r'"([@\w]+)"\s*:', text))
    if len(keys & _TICKET) >= 2:
        return replace(looks, reader="trouble_ticket", header=tuple(sorted(keys)))
    note = "JSON of a kind we do not read: no trouble tickets (TMF621)"
    return replace(looks, notes=(*looks.notes, note))


# ------------------------------------------------------------------------------------- tables


def _of_parquet(path: Path) -> pd.DataFrame:
    try:
        file = pq.ParquetFile(paths.seekable(path, _GIGABYTES))
        batch = next(file.iter_batches(_ROWS), None)
    except (pa.ArrowInvalid, OSError) as error:
        raise InputError(
            f"{path}: can't be read as parquet", [str(error).splitlines()[0]]
        ) from None
    rows = batch.to_pandas() if batch is not None else pd.DataFrame()
    return pd.DataFrame({name: rows[name].astype("str").mask(rows[name].isna()) for name in rows})


def _of_lines(looks: Looks, text: str) -> Looks:
    lines = list(islice(io.StringIO(text, newline=None), _ROWS + 100))
    delimiter, width = _separator(lines)
    records = list(csv.reader(lines, delimiter=delimiter))
    return _of_records(replace(looks, delimiter=delimiter), records, width)


def _of_records(looks: Looks, records: list[list[str]], width: int) -> Looks:
    """What a table seems to be. `width`: how many fields most of its rows have."""
    if width < 2:
        note = "text without columns: no separator divides all lines alike"
        return replace(looks, notes=(*looks.notes, note))
    above = _above_header(records, width)
    if _holds_data(records[above]):
        note = "no header line: its first row looks like data; write a line of names above it"
        return replace(looks, notes=(*looks.notes, note))
    header, rows = without_trailing(records[above], records[above + 1 :]), records[above + 1 :]
    looks = replace(looks, reader="delimited", preamble=above)
    looks = replace(looks, zone=_zone_of(["".join(row) for row in records[:above]]))
    if len(rows) > 1 and any("ImportId" in cell for cell in rows[1]):
        zone = re.search(r'"timeZone"\s*:\s*"([^"]+)"', " ".join(rows[1]))
        looks, rows = replace(looks, reader="qualtrics", zone=zone[1] if zone else ""), rows[2:]
    elif rows and _is_subheading(rows[0]):
        note = "the row below the header has sub-headings: it will be one refused row"
        looks, rows = replace(looks, notes=(*looks.notes, note)), rows[1:]
    if looks.in_sheet:
        rows = [row + [""] * (len(header) - len(row)) for row in rows]
    return _table(_with_footer(looks, rows, len(header)), _framed(header, rows))


def _is_subheading(row: list[str]) -> bool:
    """Whether a row is the second line of SurveyMonkey's names."""
    return sum(text in ("Response", "Open-Ended Response") for text in row) > 0 and not row[0]


def _separator(lines: list[str]) -> tuple[str, int]:
    """The separator that divides most lines into equally many fields, and into how many."""
    candidates = []
    for delimiter in _DELIMITERS:
        widths = Counter(len(record) for record in csv.reader(lines, delimiter=delimiter))
        widths.pop(0, 0)
        width, n = max(widths.items(), key=lambda item: (item[0] > 1, item[1]), default=(0, 0))
        candidates.append((n * (width > 1), width, delimiter))
    _, width, delimiter = max(candidates)
    return delimiter, width


def _above_header(records: list[list[str]], width: int) -> int:
    """How many records stand above the header: the first of the table's width without gaps."""
    wide = [n for n, record in enumerate(records) if width - 1 <= len(record) <= width + 1]
    filled = [n for n in wide if all(cell.strip() for cell in records[n][: width - 1])]
    # a preamble that a spreadsheet saved again is as wide as the table, with gaps
    return next(iter([n for n in filled if n < wide[0] + 20] or wide))


def _holds_data(header: list[str]) -> bool:
    """Whether a header line has what only data has: numbers, times, addresses."""
    data = [
        cell for cell in header if re.fullmatch(r"[+-]?[\d.,:/ TZ+-]+|\S+@\S+\.\S+", cell.strip())
    ]
    return len(data) > len(header) / 3 or any(re.search(r"\d{6,}|@", cell) for cell in data)


def _framed(header: list[str], rows: list[list[str]]) -> pd.DataFrame:
    """The rows of the header's width; a name that stands twice gets its number."""
    names = [name if header.index(name) == n else f"{name}#{n}" for n, name in enumerate(header)]
    wide = [row for row in rows if len(row) == len(header)]
    frame = pd.DataFrame(wide, columns=names, dtype="str")
    # what the rows' last separator makes is no column
    return frame.iloc[:, :-1] if header and not header[-1] else frame


def _with_footer(looks: Looks, rows: list[list[str]], width: int) -> Looks:
    """With the first text of the last row, where that is a total: a word, or another width."""
    filled = [row for row in rows if row]
    if len(filled) < 3:
        return looks
    last = filled[-1]
    word = last[0].strip()
    is_total = re.fullmatch(r"(?i)(grand )?totals?|sum|average|mean", word.strip(": "))
    is_odd = len(last) != width and word.isalpha()
    return replace(looks, footer=word) if is_total or is_odd else looks


def _table(looks: Looks, sample: pd.DataFrame) -> Looks:
    """With all that the values say; `sample`: the first rows as text."""
    header = tuple(str(name) for name in sample)
    if looks.footer:
        sample = sample[sample.iloc[:, 0].str.strip() != looks.footer]
    is_end = keys.ends_at_24(sample)
    sample = keys.with_hours(sample)
    decimal = _decimal(sample, looks)
    na = _missing_texts(sample)
    columns = {str(name): _without_na(sample[name], na) for name in sample}
    personal = {name for name in sample if _is_of_a_person(str(name), looks)}
    times = {name: moments_of(values) for name, values in columns.items() if len(values)}
    times = {name: moments for name, moments in times.items() if moments.share > 0.5}
    looks = replace(
        looks,
        header=header,
        decimal=decimal,
        na=na,
        times=times,
        is_end=is_end,
        units={name: tuple(units) for name, v in columns.items() if (units := units_in(v))},
        samples={n: str(door.masked(v.head(1)).iloc[0]) for n, v in columns.items() if len(v)},
        fits=tuple(fits(sample.drop(columns=[*personal]), na, decimal)),
    )
    looks = replace(looks, times=_times(columns, looks))
    looks = _with_key(looks, sample)
    looks = replace(looks, period_s=_period(columns, looks), choices=_choices(columns, looks))
    return _with_vendor(looks) if looks.reader in ("delimited", "parquet") else looks


def _is_of_a_person(name: str, looks: Looks) -> bool:
    """Whether a column tells who answered or from which address: nothing of ours is made of it."""
    plain = re.sub(r"[^a-z]+", " ", name.lower()).strip()
    return name in of_persons(looks.reader) or plain in _PERSONAL


def _with_key(looks: Looks, sample: pd.DataFrame) -> Looks:
    """With what names a row of the best table once, or what says that nothing does."""
    if not looks.fits or looks.vendor:
        return looks
    best = looks.fits[0]
    ours = {like.ours: like.theirs for like in best.columns if like.confidence >= SURE}
    key, repeats = keys.unique(sample, ours, TABLES[best.table])
    return replace(looks, key=key, repeats=repeats)


def _times(columns: dict[str, pd.Series], looks: Looks) -> dict[str, Moments]:
    """Times with the order of day and month that reading would find, by the rows' keys too."""
    best = looks.fits[0] if looks.fits else None
    key = TABLES[best.table].key[0] if best else ""
    theirs = next((like.theirs for like in best.columns if like.ours == key), "") if best else ""
    times = {}
    for name, moments in looks.times.items():
        ids = columns[theirs].reindex(columns[name].index) if theirs not in ("", name) else None
        times[name] = with_order(moments, columns[name], ids)
    return times


def _choices(columns: dict[str, pd.Series], looks: Looks) -> dict[str, dict[str, str]]:
    """Of each column that holds words like ours: our word -> their text."""
    choices = {}
    for like in looks.fits[0].columns if looks.fits else ():
        ours = FIELDS[like.ours].choices
        texts = {text.lower(): text for text in columns[like.theirs].unique()[:50]}
        words = {
            one: texts[text] for one in ours for text in (one, _ALIAS.get(one, "")) if text in texts
        }
        if words:
            choices[like.theirs] = words
    return choices


def _without_na(column: pd.Series, na: tuple[str, ...]) -> pd.Series:
    text = column.dropna().str.strip()
    return text[~text.isin(["", *na])]


def _decimal(sample: pd.DataFrame, looks: Looks) -> str:
    if looks.delimiter == ",":
        return "."
    texts = pd.concat([sample[name].dropna() for name in sample] or [pd.Series(dtype="str")])
    comma = texts.str.fullmatch(r"[+-]?\d+,\d+").sum()
    return "," if comma > texts.str.fullmatch(r"[+-]?\d+\.\d+").sum() else "."


def _missing_texts(sample: pd.DataFrame) -> tuple[str, ...]:
    """Texts that usually mean missing, where they stand among numbers or times."""
    texts: set[str] = set()
    for name in sample:
        text = sample[name].dropna().str.strip()
        marks = text[text.isin(_NA)]
        rest = text[~text.isin(["", *_NA])]
        share = rest.str.fullmatch(r"[+-]?[\d.,:/ eE+-]+").mean() if len(rest) else 0.0
        if len(marks) and (share > 0.9 or not len(rest)):
            texts.update(marks)
    return tuple(sorted(texts))


def _zone_of(preamble: list[str]) -> str:
    match = _ZONE.search(" ".join(preamble))
    return match[0] if match else ""


def _period(columns: dict[str, pd.Series], looks: Looks) -> int:
    """Seconds between the times of a pm file, where they are those of a measuring period."""
    column = next(
        (c.theirs for f in looks.fits[:1] for c in f.columns if c.ours == "period_start_utc"), ""
    )
    moments = looks.times.get(column)
    if moments is None or moments.is_open or moments.epoch:
        return 0
    how = moments.formats[0] if moments.formats else "ISO8601"
    times = pd.to_datetime(columns[column], format=how, errors="coerce", utc=True)
    steps = times.drop_duplicates().sort_values().diff().dt.total_seconds().dropna()
    usual = int(steps.mode().iloc[0]) if len(steps) else 0
    return usual if usual in _PERIODS else 0


# ------------------------------------------------------------------------------------- vendors


def _with_vendor(looks: Looks) -> Looks:
    """The vendor of the shelf whose columns and most of whose counters the file has."""
    candidates = [(n, total, name) for name, n, total in _vendors(looks)]
    if not candidates:
        return looks
    n, total, name = max(candidates)
    return replace(looks, vendor=name, n_counters=(n, total))


def _vendors(looks: Looks) -> Iterator[tuple[str, int, int]]:
    """Vendors whose columns the file has, and how many of their counters of how many."""
    header = list(looks.header)
    for name in vendors.names():
        given = vendors.read(vendors.SHELF / f"{name}.toml")
        if given.get("reader", "delimited") != looks.reader:
            continue
        # its reader is the file's own, whether or not we have it
        source = Source.model_construct(**{**Source(table="pm", path="x").model_dump(), **given})
        asked = asked_of(source, header)
        needed = [*source.theirs, *([source.header_column] if source.header_column else [])]
        objects = [c for columns in source.groups.values() for c in columns]
        if {*needed} <= {*header} and (not objects or {*objects} & {*header}) and asked.expressions:
            yield name, len(asked.expressions), len(source.counters)
