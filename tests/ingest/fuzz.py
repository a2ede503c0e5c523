"""Files spoilt at random, read and cleaned: refused in words, or every row accounted for.

    python -m tests.ingest.fuzz [number] [--start N] [--reader NAME]      what `make soak` runs

Each input is made from a small sound file and a number alone. What fails is kept below
`fuzz-failures` in the temporary folder, and named by its number and place.
"""

import argparse
import bz2
import csv
import gzip
import json
import random
import re
import signal
import struct
import sys
import tarfile
import tempfile
import traceback
import warnings
import xml.etree.ElementTree as ET
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from io import BytesIO, StringIO
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from contracts.errors import InputError
from contracts.settings.sections import Settings
from contracts.source import Source
from ingest import sources
from ingest.clean.rows import clean
from ingest.containers import paths
from ingest.containers.streams import BROKEN
from ingest.privacy.door import Door
from ingest.privacy.keys import Key
from ingest.settle.load import files_of
from ingest.sources.delimited import encoding_of
from tests.ingest.pm_files import FORMS, Info, written
from tests.ingest.workbook_files import TIME, Cell
from tests.ingest.workbook_files import written as workbook

SETTINGS = Settings.model_validate(
    {"operator": {"timezone": "Europe/Oslo", "bbox": (-10, 35, 30, 72)}}
)
SECONDS = 60
KEY = Key(b"k" * 32)
KEPT = Path(tempfile.gettempdir()) / "fuzz-failures"


class Hang(BaseException):
    """More than SECONDS on one input; no `except` of a reader may take it for its own."""


@dataclass(frozen=True)
class Seed:
    """A small sound file and how it is read."""

    name: str
    content: bytes
    source: Source

    @property
    def ending(self) -> str:
        """What its name ends with."""
        return self.name.rpartition(".")[2]


def _seed(name: str, content: str | bytes, table: str, **source: object) -> Seed:
    whole = Source.model_validate({"table": table, "path": name, **source})
    return Seed(name, content.encode() if isinstance(content, str) else content, whole)


def _pm_csv() -> Seed:
    lines = [
        f"{cell:03d};{hour:02d}.03.2026 {hour:02d}:15;{cell * 7};{hour};41,{cell};97"
        for cell in range(1, 5)
        for hour in range(1, 9)
    ]
    head = "Cell Name;Start Time;VoLTE Attempts;VoLTE Drops;DL PRB (%);Availability (%)"
    columns = {
        "cell_id": "Cell Name",
        "period_start_utc": "Start Time",
        "call_attempts": "VoLTE Attempts",
        "dropped_calls": "VoLTE Drops",
        "prb_dl_util_pct": "DL PRB (%)",
        "availability": "Availability (%)",
    }
    return _seed(
        "pm.csv",
        "\n".join([head, *lines]) + "\n",
        "pm",
        delimiter=";",
        decimal=",",
        na=["NIL"],
        columns=columns,
        formats={"period_start_utc": "%d.%m.%Y %H:%M"},
        scale={"availability": 0.01},
        constants={"period_s": 3600},
    )


def _complaints() -> Seed:
    lines = [
        f'{n},2026-03-{n:02d}T10:00:00+01:00,Drops,"no signal, call +47 400 00 {n:03d}\nsince '
        f'noon",+47400000{n:02d},59.{n},10.{n}'
        for n in range(1, 25)
    ]
    columns = {
        "complaint_id": "Ticket",
        "created_utc": "At",
        "complaint_class": "Class",
        "text_redacted": "Text",
        "subscriber_id": "Who",
        "lat": "Lat",
        "lon": "Lon",
    }
    return _seed(
        "complaints.csv",
        "\n".join(["Ticket,At,Class,Text,Who,Lat,Lon", *lines]) + "\n",
        "complaint",
        columns=columns,
        values={"complaint_class": {"network": ["Drops"]}},
    )


def _calls() -> Seed:
    starts = pd.date_range("2026-03-01", periods=40, freq="7min", tz="UTC")
    table = pa.table(
        {
            "id": pa.array(range(40), pa.int64()),
            "at": pa.array(starts),
            "how": ["success", "drop"] * 20,
            "lat": [59.0 + n / 40 for n in range(40)],
            "lon": [10.0] * 39 + [None],
            "rate": pa.array([3, 4, 5, None] * 10, pa.int8()),
        }
    )
    columns = {
        "call_id": "id",
        "start_utc": "at",
        "outcome": "how",
        "lat": "lat",
        "lon": "lon",
        "rating_1to5": "rate",
    }
    return _seed("calls.parquet", _parquet(table), "call", reader="parquet", columns=columns)


def _parquet(table: pa.Table) -> bytes:
    pq.write_table(table, out := BytesIO(), row_group_size=16)
    return out.getvalue()


PLACES = {
    "cell_id": "@object",
    "period_start_utc": "@start",
    "period_s": "@duration_s",
    "suspect": "@suspect",
}


def _pm_xml(form: str) -> Seed:
    first = Info(
        ["Att", "Drop", "Vector"],
        {f"C={n}": [f"{n}0", str(n), "0,1"] for n in range(4)},
        suspect=frozenset({"C=2"}),
    )
    second = Info(["Prb.1", "Att"], {f"C={n}": [f"4{n}.5", f"{n}0"] for n in range(3)})
    columns = PLACES | {"call_attempts": "Att", "dropped_calls": "Drop", "prb_dl_util_pct": "Prb.1"}
    return _seed(
        f"{form}.xml", written([first, second], form), "pm", reader="pm_xml", columns=columns
    )


def _omes() -> Seed:
    results = "\n".join(
        f'<PMMOResult><MO dimension="network_element"><DN>PLMN-PLMN/MRBTS-1/LNCEL-{n}</DN></MO>'
        f'<PMTarget measurementType="{kind}"><{att}>{n}0</{att}><{drop}>{n}</{drop}></PMTarget>'
        "</PMMOResult>"
        for kind, att, drop in (("A", "M1C1", "M1C2"), ("B", "M2C1", "M2C2"))
        for n in range(4)
    )
    text = (
        f'<?xml version="1.0"?>\n<OMeS version="2.3"><PMSetup startTime="2026-03-01T09:30:00'
        f'.000-04:00:00" interval="15">\n{results}\n</PMSetup></OMeS>\n'
    )
    columns = PLACES | {"call_attempts": "M1C1", "dropped_calls": "M1C2", "prb_dl_util_pct": "M2C1"}
    return _seed("omes.xml", text, "pm", reader="omes", columns=columns)


def _tickets(form: str) -> Seed:
    tickets = [
        {
            "id": str(n),
            "creationDate": f"2026-03-{n:02d}T10:00:00.000Z",
            "ticketType": "Calls drop",
            "description": f'cut off, "again"; call +47 400 00 {n:03d}',
            "severity": "Major",
            "relatedParty": [{"role": "customer", "id": f"c{n}"}, {"role": "agent", "id": "a"}],
            "troubleTicketCharacteristic": [{"name": "msisdn", "value": f"+47400000{n:02d}"}],
        }
        for n in range(1, 13)
    ]
    text = json.dumps(tickets, indent=1) if form == "array" else "\n".join(map(json.dumps, tickets))
    return _seed(f"{form}.json", text, "complaint", reader="trouble_ticket")


def _answers() -> Seed:
    names = ["StartDate", "EndDate", "Status", "Finished", "ResponseId", "Q1", "Q1_NPS_GROUP", "Q2"]
    imports = [json.dumps({"ImportId": name, "timeZone": "Europe/Oslo"}) for name in names]
    groups = {6: "Detractor", 7: "Passive", 9: "Promoter"}
    rows = [
        [f"2026-03-{n:02d} 09:55:00", f"2026-03-{n:02d} 10:00:00", "IP Address",
         str(n % 9 > 0), f"R_{n}", str(score), groups[score], "slow,\nsince noon"]
        for n, score in enumerate((6, 7, 9) * 8, 1)
    ]  # fmt: skip
    lines = csv.writer(out := StringIO(), lineterminator="\n")
    lines.writerows([names, [f"{name}?" for name in names], imports, *rows])
    columns = {"response_id": "ResponseId", "answered_utc": "EndDate", "score": "Q1"}
    return _seed(
        "answers.csv",
        out.getvalue(),
        "nps",
        reader="qualtrics",
        timezone="Europe/Oslo",
        columns=columns,
        constants={"survey_type": "relationship"},
    )


def _trailing() -> Seed:
    """Rows that end with a separator, in UTF-16."""
    lines = [f"C{n}\t59.{n}\t10.{n}\t{n}\t" for n in range(1, 30)]
    text = "\n".join(["Cells of March", "Cell\tLat\tLon\tAz", *lines]) + "\n"
    columns = {"cell_id": "Cell", "lat": "Lat", "lon": "Lon", "azimuth_deg": "Az"}
    return _seed(
        "trailing.csv",
        text.encode("utf-16"),
        "cell",
        columns=columns,
        delimiter="\t",
        header_column="Cell",
    )


def _cells_book() -> bytes:
    rows: list[list[Cell]] = [
        [f"{n:05d}", 59 + n / 100, 10.5, ("n", 46082.25 + n, TIME), n % 2 > 0, None, "S"]
        for n in range(1, 25)
    ]
    rows[3][1], rows[5][6] = ("f", 59.5), ("e", "#N/A")
    head: list[Cell] = ["Cell", "Lat", "Lon", "Since", "On", "Empty", "Site"]
    sheets = {"Notes": [["nothing here"]], "Cells": [["Cells of March"], [], head, *rows]}
    return workbook(sheets, merged=["A1:F1", "G4:G9"])


CELLS = {"cell_id": "Cell", "lat": "Lat", "lon": "Lon", "valid_from": "Since", "site_id": "Site"}


def _workbook() -> Seed:
    return _seed("cells.xlsx", _cells_book(), "cell", columns=CELLS)


def _zip() -> Seed:
    """A ZIP of one more format each: text, packed text, a workbook in a folder."""
    whole = _pm_csv()
    with zipfile.ZipFile(out := BytesIO(), "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in (
            ("in/pm_1.csv", whole.content),
            ("pm.gz", gzip.compress(b"a", mtime=0)),
            ("book.xlsx", _cells_book()),
        ):
            archive.writestr(zipfile.ZipInfo(name), data, zipfile.ZIP_DEFLATED)
    source = whole.source.model_copy(update={"path": "export.zip/**/*.csv"})
    return Seed("export.zip", out.getvalue(), source)


def _tar(form: str) -> Seed:
    """A tar of PM XML, packed."""
    inner = next(seed for seed in map(_pm_xml, FORMS))
    packed = gzip.compress(b"<a/>", mtime=0)
    with tarfile.open(fileobj=(out := BytesIO()), mode="w") as archive:
        for name, data in (("a/A1.xml", inner.content), ("a/A2.xml.gz", packed)):
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, BytesIO(data))
    source = inner.source.model_copy(update={"path": f"export.tar.{form}/a/A1.xml"})
    tar = out.getvalue()
    whole = gzip.compress(tar, mtime=0) if form == "gz" else bz2.compress(tar)
    return Seed(f"export.tar.{form}", whole, source)


def _packed() -> Seed:
    """Text packed by bzip2, whose name says nothing of it."""
    whole = _complaints()
    source = whole.source.model_copy(update={"path": "packed.bz2"})
    return Seed("packed.bz2", bz2.compress(whole.content), source)


def _events() -> Seed:
    """Events of trouble tickets: two of each."""
    events = [
        {
            "eventId": f"{n}{kind}",
            "eventTime": f"2026-03-{n:02d}T1{hour}:00:00Z",
            "eventType": f"TroubleTicket{kind}Event",
            "event": {"troubleTicket": {"id": f"T{n}", "status": status, "ticketType": "Drops",
                                        "creationDate": f"2026-03-{n:02d}T10:00:00Z"}},
        }
        for n in range(1, 9)
        for kind, hour, status in (("Create", 1, "new"), ("StatusChange", 2, "resolved"))
    ]  # fmt: skip
    text = "\n".join(map(json.dumps, events))
    return _seed("events.json", text, "complaint", reader="trouble_ticket")


SEEDS = [
    _pm_csv(),
    _trailing(),
    _workbook(),
    _zip(),
    _tar("gz"),
    _tar("bz2"),
    _packed(),
    _events(),
    _complaints(),
    _calls(),
    *map(_pm_xml, FORMS),
    _omes(),
    _tickets("array"),
    _tickets("lines"),
    _answers(),
]

# ----------------------------------------------------------------------------------- spoiling

JUNK = [
    b"\x00",
    b"\xff\xfe",
    b"\xef\xbb\xbf",
    b'"',
    b"'",
    b"\r",
    b"\n\n",
    b"\t",
    b",,,,",
    b";",
    b"<",
    b"</",
    b"/>",
    b"]]>",
    b"<!--",
    b"<![CDATA[",
    b"&amp;",
    b"&x;",
    b"&#0;",
    b"&#x10FFFF;",
    b"<r/>",
    b'<!DOCTYPE x [<!ENTITY x "y">]>',
    b"NULL",
    b"NaN",
    b"inf",
    b"=1+1",
    b"\xc3\x28",
    b"\x80" * 9,
    b"\xf0\x9f\x98\x80",
    b" " * 99,
    b"{",
    b"}",
    b"%s",
    b"\\",
    b"-",
    b"0000-00-00",
    b"<measInfo>",
    b"</measInfo>",
    b"<suspect>true</suspect>",
    b'p="1"',
    b"T24:00:00",
    b"A" * 5000,
]
NUMBERS = [
    b"9" * 30,
    b"9" * 400,
    b"-1",
    b"1e999",
    b"1e-999",
    b"0",
    b"1,5",
    b"1.2.3",
    b"0x10",
    b"nan",
    b"4294967296",
    b"9223372036854775808",
    b"-0.0",
    b"1_000",
    b"\xd9\xa1\xd9\xa2",
    b"",
]
Spoiler = Callable[[bytes, random.Random], bytes]


def _spot(data: bytes, rng: random.Random) -> tuple[int, int]:
    start = rng.randrange(len(data) + 1)
    return start, min(len(data), start + rng.choice((1, 8, 80, 800)))


def _flip(data: bytes, rng: random.Random) -> bytes:
    spoilt = bytearray(data)
    for _ in range(rng.choice((1, 1, 3, 30)) if data else 0):
        spoilt[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
    return bytes(spoilt)


def _cut(data: bytes, rng: random.Random) -> bytes:
    return data[: rng.randrange(len(data) + 1)]


def _drop(data: bytes, rng: random.Random) -> bytes:
    start, end = _spot(data, rng)
    return data[:start] + data[end:]


def _repeat(data: bytes, rng: random.Random) -> bytes:
    start, end = _spot(data, rng)
    return data[:end] + data[start:end] * rng.choice((1, 1, 40)) + data[end:]


def _insert(data: bytes, rng: random.Random) -> bytes:
    start, _ = _spot(data, rng)
    return data[:start] + rng.choice(JUNK) * rng.choice((1, 1, 7)) + data[start:]


def _swap_lines(data: bytes, rng: random.Random) -> bytes:
    lines = data.split(b"\n")
    one, other = rng.randrange(len(lines)), rng.randrange(len(lines))
    lines[one], lines[other] = lines[other], lines[one]
    return b"\n".join(lines)


def _renumber(data: bytes, rng: random.Random) -> bytes:
    found = list(re.finditer(rb"\d+", data))
    if not found:
        return data
    start, end = rng.choice(found).span()
    return data[:start] + rng.choice(NUMBERS) + data[end:]


def _swap_words(data: bytes, rng: random.Random) -> bytes:
    found = list(re.finditer(rb"[\w@.]+", data))
    if not found:
        return data
    (a, b), (c, d) = sorted(rng.choice(found).span() for _ in range(2))
    return data if c < b else data[:a] + data[c:d] + data[b:c] + data[a:b] + data[d:]


def _edit_head(data: bytes, rng: random.Random) -> bytes:
    head = min(len(data), 200)
    return rng.choice((_flip, _drop, _insert, _swap_words))(data[:head], rng) + data[head:]


def _recode(data: bytes, rng: random.Random) -> bytes:
    text = data.decode("utf-8", errors="replace")
    how = rng.choice(("utf-16", "utf-16-le", "latin-1", "utf-8-sig", "cp037", "gzip", "gzip cut"))
    if how.startswith("gzip"):
        packed = gzip.compress(data, mtime=0)
        return packed if how == "gzip" else packed[: rng.randrange(len(packed))]
    return text.encode(how, errors="replace")


def _line_ends(data: bytes, rng: random.Random) -> bytes:
    return data.replace(b"\n", rng.choice((b"\r\n", b"\r", b"\n\n", b" \n")))


SPOILERS: list[Spoiler] = [
    _flip,
    _cut,
    _drop,
    _repeat,
    _insert,
    _swap_lines,
    _renumber,
    _swap_words,
    _edit_head,
    _recode,
    _line_ends,
]
TYPES = [
    pa.string(),
    pa.large_binary(),
    pa.float64(),
    pa.int8(),
    pa.uint64(),
    pa.bool_(),
    pa.date32(),
    pa.timestamp("ns"),
    pa.timestamp("us", "Asia/Tokyo"),
    pa.decimal128(38, 5),
    pa.duration("s"),
    pa.time32("s"),
    pa.null(),
    pa.list_(pa.int64()),
    pa.float16(),
    pa.dictionary(pa.int8(), pa.string()),
    pa.struct({"a": pa.int8()}),
]


def _retype(data: bytes, rng: random.Random) -> bytes:
    """A Parquet file of which a column has another type, another name, or is not there."""
    try:
        table = pq.read_table(BytesIO(data))
    except (pa.ArrowException, OSError):
        return data
    at = rng.randrange(table.num_columns)
    name, column = table.column_names[at], table.column(at)
    kind = rng.choice(TYPES)
    try:
        changed = column.cast(kind, safe=False)
    except pa.ArrowException:
        changed = pa.nulls(len(column), kind)
    table = table.set_column(at, rng.choice((name, name, name, "id", "")), changed)
    return _parquet(table.slice(0, rng.choice((0, 1, 40))))


def _refill(data: bytes, rng: random.Random) -> bytes:
    """A ZIP or workbook of which one part is spoilt, or named otherwise."""
    try:
        with zipfile.ZipFile(BytesIO(data)) as archive:
            parts = {info.filename: archive.read(info) for info in archive.infolist()}
    except (zipfile.BadZipFile, zlib.error, *FAULTS):
        return data
    name = rng.choice(sorted(parts) or [""])
    renamed = rng.choice((name, name, name, name, "../up", "in/pm_1.csv", name.upper()))
    spoiler = rng.choice(SPOILERS)
    parts = {renamed if n == name else n: part for n, part in parts.items()}
    parts = {n: spoiler(part, rng) if n == renamed else part for n, part in parts.items()}
    with zipfile.ZipFile(out := BytesIO(), "w", zipfile.ZIP_DEFLATED) as archive:
        for n, part in parts.items():
            archive.writestr(zipfile.ZipInfo(n), part, zipfile.ZIP_DEFLATED)
    return out.getvalue()


# of a ZIP whose directory is spoilt
FAULTS = (OSError, EOFError, ValueError, KeyError, NotImplementedError, RuntimeError, struct.error)


def _retar(data: bytes, rng: random.Random) -> bytes:
    """A packed tar of which some bytes inside are spoilt."""
    for unpack, pack in ((gzip.decompress, gzip.compress), (bz2.decompress, bz2.compress)):
        with suppress(OSError, EOFError, ValueError, zlib.error):
            packed = pack(rng.choice(SPOILERS)(unpack(data), rng))
            # without the time at which it was packed
            return packed[:4] + bytes(4) + packed[8:] if pack is gzip.compress else packed
    return data


OWN = {"parquet": _retype, "xlsx": _refill, "zip": _refill, "gz": _retar, "bz2": _retar}
"""What spoils the inside of a file that nobody could open any more otherwise."""


def spoilt(seed: Seed, number: int) -> bytes:
    """The input of that number: one to four faults."""
    rng = random.Random(f"{seed.name}:{number}")  # noqa: S311  (a seed is what is wanted)
    data = seed.content
    spoilers = [*SPOILERS, *[OWN[seed.ending]] * 19] if seed.ending in OWN else SPOILERS
    for _ in range(rng.choice((1, 1, 2, 4))):
        data = rng.choice(spoilers)(data, rng)
    return data


# ----------------------------------------------------------------------------------- judging


def tried(path: Path, seed: Seed) -> str:
    """How one input fared: refused, or read with so many rows; AssertionError where a row is lost.

    Any error but the house's own goes through to the caller.
    """
    there = SETTINGS.model_copy(update={"folder": path.parent})
    hows = [_tried_one(one, seed) for one in files_of(seed.source, there)]
    # a run refuses a source of which no member has the name any more
    return max(hows, default="refused", key=["refused", "0", "1"].index)


def _tried_one(path: Path, seed: Seed) -> str:
    faults = sources.missing_columns(path, seed.source)
    if faults:
        assert all(str(paths.outer(path)) in fault for fault in faults), faults
        assert all(map(str.isprintable, faults)), faults
        return "refused"
    assert len(paths.content_hash(path, 1)) == 64
    try:
        raw = sources.read(path, seed.source, door=Door(lambda: [KEY]))
    except InputError:
        return "refused"
    rows, odd = raw.frame["source_row"].tolist(), raw.malformed["source_row"].tolist()
    assert len({*rows, *odd}) == len(rows) + len(odd), "a row is named twice"
    assert all(raw.malformed["reason"]), "a refusal without a reason"
    COUNTED[seed.source.reader](path, seed.source, raw)
    cleaned = clean(raw, seed.source, SETTINGS, file=path.name, file_hash="h")
    refused = cleaned.refused.loc[cleaned.refused["scope"] == "row", "source_row"]
    rows_after = {*cleaned.accepted["source_row"], *refused}
    assert rows_after == {*rows, *odd}, (
        f"rows {sorted({*rows, *odd} ^ rows_after)[:9]} are not accounted for"
    )
    assert not {*cleaned.accepted["source_row"]} & {*refused}, "accepted and refused"
    return "refused" if cleaned.faults else f"{min(len(cleaned.accepted), 1)}"


def _data(path: Path) -> bytes:
    """All bytes of a file or member, unpacked; nothing where it is broken."""
    try:
        return b"".join(paths.unpacked(path, 1))
    except (EOFError, OSError, *BROKEN):
        return b""


def _records(path: Path, source: Source, raw: sources.Raw) -> None:
    """Without quotation marks a record is a line that is not empty."""
    if paths.is_workbook(path, 1):
        _sheet_rows(path, raw)
        return
    data = _data(path)
    if b'"' in data:
        return
    text = data.decode(encoding_of(data, source.encoding), "replace").removeprefix("\ufeff")
    lines = [line for line in re.split("[\r\n]+", text) if line]
    if source.header_column:
        fits = (source.header_column in line.split(source.delimiter) for line in lines)
        lines = lines[[*fits].index(True) :]
    n = len(raw.frame) + len(raw.malformed)
    assert n == len(lines) - 1, f"{n} rows named, {len(lines) - 1} lines"


def _sheet_rows(path: Path, raw: sources.Raw) -> None:
    """Every row below the header that has a text, by another reader of XML."""
    with zipfile.ZipFile(paths.outer(path)) as archive:
        parts = [name for name in archive.namelist() if "worksheets/" in name]
        trees = [_tree(archive, name) for name in parts]
    numbers: list[set[int]] = []
    for tree in trees:
        rows = [row for row in tree.iter() if _local(row) == "row"]
        filled = [row for row in rows if any((one.text or "").strip() for one in row.iter())]
        numbers.append({int(row.get("r", "0")) for row in filled})
    rows_read = {*raw.frame["source_row"], *raw.malformed["source_row"]}
    assert any(rows_read <= filled for filled in numbers), "a row that is in no sheet"
    header = min(rows_read, default=0)
    fits = any(rows_read == {n for n in filled if n >= header} for filled in numbers)
    assert fits or not rows_read, "a row of the sheet is lost"


def _tree(archive: zipfile.ZipFile, name: str) -> ET.Element:
    try:
        return ET.fromstring(archive.read(name))  # noqa: S314
    except (ET.ParseError, zipfile.BadZipFile, zlib.error):
        return ET.Element("broken")


def _parquet_rows(path: Path, _: Source, raw: sources.Raw) -> None:
    assert len(raw.frame) == pq.ParquetFile(paths.seekable(path, 1)).metadata.num_rows


def _objects(
    path: Path,
    source: Source,
    raw: sources.Raw,
    found: Callable[[ET.Element], "Iterator[Measurement]"],
) -> None:
    """Each measurement of a wanted counter is refused, or its object has a row."""
    try:
        root = ET.fromstring(_data(path))  # noqa: S314
    except (ET.ParseError, ValueError):
        return
    refused, rows = {*raw.malformed["source_row"]}, {*raw.frame["source_row"]}
    wanted = {name for name in source.theirs if not name.startswith("@")}
    measurements = list(found(root))
    if any(counters is None for _, counters in measurements):
        return
    asked = {
        n: name
        for n, (name, counters) in enumerate(measurements, 1)
        if wanted & (counters or wanted)
    }
    kept = {n: name.strip() for n, name in asked.items() if n not in refused}
    nothing = {1} if not asked else set()
    assert refused <= {*asked} | nothing, "refused what nobody asked for"
    assert rows <= {*kept}, "a row of no measurement"
    assert {*raw.frame["cell_id"].dropna()} == {*kept.values()} - {""}, "an object is lost"


# object and counters of a measurement; no counters = the file has none, None = nobody can tell
Measurement = tuple[str, set[str] | None]


def _local(element: ET.Element) -> str:
    return element.tag.rpartition("}")[2]


def _ended(element: ET.Element) -> Iterator[tuple[ET.Element, ET.Element]]:
    """Every element below with its parent, in the order of their ends."""
    for child in element:
        yield from _ended(child)
        yield element, child


def _meas_values(root: ET.Element) -> Iterator[Measurement]:
    for info, value in _ended(root):
        if _local(value) in ("measValue", "mv"):
            texts = [child.text or "" for child in value if _local(child) == "moid"]
            name = value.get("measObjLdn") or "".join(texts[-1:])
            yield name, _types(info) if _local(info) in ("measInfo", "mi") else None


_HOLDERS = {
    *("measInfo", "mi", "measData", "md", "managedElement", "measEntity", "neid"),
    *("fileHeader", "mfh"),
}


def _types(info: ET.Element) -> set[str] | None:
    names, kinds = set[str](), [_local(child) for child in info]
    first = min(kinds.index(kind) for kind in ("measValue", "mv") if kind in kinds)
    inside = {_local(element) for element in info.iter() if element is not info}
    # a structure that no standard knows
    if _HOLDERS & inside or kinds[:first].count("measTypes") > 1:
        return None
    for child in info[:first]:
        if _local(child) == "measTypes":
            return {*(child.text or "").split()}
        if _local(child) in ("measType", "mt"):
            names.add((child.text or "").strip())
    return names


def _mo_results(root: ET.Element) -> Iterator[Measurement]:
    for _, result in _ended(root):
        if _local(result) == "PMMOResult":
            dns = [
                dn.text or ""
                for mo in result
                for dn in mo
                if (_local(mo), _local(dn)) == ("MO", "DN")
            ]
            counters = {_local(c) for target in result if _local(target) != "MO" for c in target}
            yield "|".join(map(str.strip, dns)), counters or {""}


def _found_tickets(path: Path, _: Source, raw: sources.Raw) -> None:
    """A sound array's items, or the lines of a file of lines, are a row or a refusal each."""
    try:
        whole = json.loads(_data(path).decode("utf-8-sig"), parse_int=str)
    except (ValueError, RecursionError):
        return
    n = len(whole) if isinstance(whole, list) else 1
    assert len(raw.frame) + len(raw.malformed) == n, f"{n} tickets"


def _answer_rows(path: Path, _: Source, raw: sources.Raw) -> None:
    """Every record below the three rows of names, by another reader of CSV."""
    data = _data(path)
    if b"\r" in data or b"\0" in data:
        return
    records = list(csv.reader(StringIO(data.decode("utf-8-sig", "replace"), newline="")))
    # of quotation marks out of place, readers differ
    if any('"' in cell for record in records[3:] for cell in record) or data.count(b'"') % 2:
        return
    n = sum(1 for record in records[3:] if record)
    assert len(raw.frame) + len(raw.malformed) == n, f"{n} answers"


COUNTED: dict[str, Callable[[Path, Source, sources.Raw], None]] = {
    "delimited": _records,
    "parquet": _parquet_rows,
    "pm_xml": lambda path, source, raw: _objects(path, source, raw, _meas_values),
    "trouble_ticket": _found_tickets,
    "qualtrics": _answer_rows,
    "omes": lambda path, source, raw: _objects(path, source, raw, _mo_results),
}

# ------------------------------------------------------------------------------------ running


def _hang(*_: object) -> None:
    raise Hang(f"more than {SECONDS} s")


@contextmanager
def _guarded() -> Iterator[None]:
    """A clock that ends a hang, and warnings as errors."""
    before = signal.signal(signal.SIGALRM, _hang)
    signal.alarm(SECONDS)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def fuzz(seed: Seed, numbers: range, folder: Path) -> tuple[dict[str, int], list[str]]:
    """How the inputs of these numbers fared, and what failed, in words."""
    fared, failures = dict[str, int](), []
    for number in numbers:
        path = folder / seed.name
        path.write_bytes(spoilt(seed, number))
        try:
            with _guarded():
                how = tried(path, seed)
        except (Exception, Hang):  # noqa: BLE001  (whatever it is, it is what is looked for)
            how = "failed"
            kept = KEPT / f"{number}-{seed.name}"
            KEPT.mkdir(exist_ok=True)
            kept.write_bytes(path.read_bytes())
            failures.append(
                f"{seed.name} number {number}, kept as {kept}:\n{traceback.format_exc()}"
            )
        fared[how] = fared.get(how, 0) + 1
    return fared, failures


def _tell(*lines: str) -> None:
    sys.stdout.write("\n".join([*lines, ""]))
    sys.stdout.flush()


def main() -> int:
    """Tries that many inputs over all seeds; 1 if any failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("number", nargs="?", type=int, default=20_000)
    parser.add_argument("--start", type=int, default=0, help="first number of each seed")
    parser.add_argument("--reader", default="", help="only this reader's seeds")
    given = parser.parse_args()
    seeds = [seed for seed in SEEDS if given.reader in ("", seed.source.reader)]
    each, n_failed = -(-given.number // len(seeds)), 0
    with tempfile.TemporaryDirectory(prefix="hexperience-fuzz-") as folder:
        for seed in seeds:
            fared, failures = fuzz(seed, range(given.start, given.start + each), Path(folder))
            n_failed += len(failures)
            counts = ", ".join(f"{n:,} {FARED[how]}" for how, n in sorted(fared.items()))
            _tell(f"{seed.name}: {each:,} inputs: {counts}", *failures)
    _tell(f"{each * len(seeds):,} inputs, {n_failed} failed")
    return 1 if n_failed else 0


FARED = {"0": "read without a row", "1": "read", "refused": "refused", "failed": "FAILED"}

if __name__ == "__main__":
    sys.exit(main())
