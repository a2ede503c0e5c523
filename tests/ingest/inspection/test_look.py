"""An unknown file is known for what it is, its identifiers are not shown, and its starter runs."""

import gzip
import os
import tomllib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

import hexperience
from contracts.errors import InputError, QuestionError
from contracts.settings.load import load
from contracts.source import Source
from ingest import run, sources
from ingest.inspection import draft
from ingest.inspection.look import Looks, look
from ingest.inspection.times import Moments, moments_of
from ingest.running.workers import workers
from ingest.warehouse.store import Warehouse
from tests.ingest.sources.test_vendors import HUAWEI, OBJECT, PREAMBLE

OUTSIDE = Path(os.environ.get("HEXPERIENCE_OUTSIDE", "/nowhere"))
PM_XML = """<?xml version="1.0"?>
<measCollecFile xmlns="http://www.3gpp.org/ftp/specs/archive/32_series/32.435#measCollec">
<measData><managedElement localDn="N1"/><measInfo>
<granPeriod duration="PT900S" endTime="2026-03-01T00:15:00+0100"/>
<measTypes>RRC.ConnEstabAtt RRU.PrbUsedDl RRU.PrbAvailDl</measTypes>
<measValue measObjLdn="ManagedElement=N1,NRCellDU=7"><measResults>5 10 50</measResults></measValue>
</measInfo></measData></measCollecFile>"""
OMES = """<OMeS version="2.3"><PMSetup startTime="2019-08-20T09:30:00.000+09:00" interval="15">
<PMMOResult><MO dimension="network_element"><DN>PLMN-PLMN/MRBTS-1/LNBTS-1/LNCEL-1</DN></MO>
<PMTarget measurementType="LTE_EPS_Bearer"><M8006C188>5</M8006C188><M8006C197>1</M8006C197>
</PMTarget></PMMOResult></PMSetup></OMeS>"""
TICKETS = """[{"id": "T-77001", "creationDate": "2026-03-01T10:00:00Z", "severity": "Minor",
"status": "resolved", "relatedParty": [{"id": "447700900123", "name": "Ada Lovelace"}]}]"""
QUALTRICS = (
    "StartDate,ResponseId,RecipientEmail,Q1,Q1_NPS_GROUP,RecordedDate\n"
    'Start Date,Response ID,Recipient Email,"How likely, 0 to 10?",Group,Recorded Date\n'
    + ",".join(f'"{{""ImportId"":""{n}"",""timeZone"":""UTC""}}"' for n in range(6))
    + "\n2026-03-01 10:00:00,R_1,ada@example.org,9,Promoter,2026-03-01 10:05:00\n"
    "2026-03-01 11:00:00,R_2,bob@example.org,3,Detractor,2026-03-01 11:05:00\n"
)


def _look(folder: Path, content: str | bytes, name: str = "unknown.csv") -> Looks:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return look(path)


def _ours(looks: Looks) -> dict[str, str]:
    return {like.ours: like.theirs for like in looks.fits[0].columns if like.confidence >= 0.6}


def _settings_of(looks: Looks, folder: Path) -> Path:
    """The starter as a file whose settings are taken."""
    out = folder / "starter.toml"
    draft.write([looks], out)
    load(out, environ={})
    return out


# --------------------------------------------------------------------------------- what it is


def test_a_plain_table_of_counters(tmp_path: Path, counters: Callable[..., str]) -> None:
    looks = _look(tmp_path, counters("2026-03-01"))
    assert (looks.reader, looks.encoding, looks.delimiter) == ("delimited", "utf-8", ",")
    assert looks.fits[0].table == "pm"
    assert looks.period_s == 900
    assert _ours(looks) == {
        "cell_id": "cell",
        "period_start_utc": "start",
        "call_attempts": "attempts",
        "dropped_calls": "drops",
        "prb_dl_util_pct": "prb",
        "rrc_users_mean": "users",
    }


def test_an_export_of_a_vendor_of_the_shelf(tmp_path: Path) -> None:
    rows = [
        f"2026-03-01 {h:02}:00,60,NE,{OBJECT.format(n=1)},10,9,NIL,8,20,100,0,0\n" for h in range(9)
    ]
    looks = _look(tmp_path, PREAMBLE + HUAWEI + "".join(rows) + "Total,,,,90,81,0,72,,,,\n")
    assert (looks.vendor, looks.preamble, looks.na, looks.footer) == (
        "huawei_csv",
        7,
        ("NIL",),
        "Total",
    )
    padded = PREAMBLE.replace(",", ";").replace("\n", ";" * 11 + "\n", 2)
    looks = _look(tmp_path, padded + (HUAWEI + "".join(rows)).replace(",", ";"))
    assert (looks.vendor, looks.delimiter) == ("huawei_csv", ";")


@pytest.mark.parametrize(
    ("content", "reader", "vendor"),
    [
        (PM_XML, "pm_xml", "threegpp_xml"),
        (PM_XML.replace("RR", "XX"), "pm_xml", ""),
        (OMES, "omes", "nokia_omes"),
        (TICKETS, "trouble_ticket", ""),
        (QUALTRICS, "qualtrics", ""),
        ("<html><body/></html>", "", ""),
        ('{"a": 1}', "", ""),
        (b"\x00\x01\x02\x03" * 20, "", ""),
        ("just some words\nand some more\n", "", ""),
    ],
)
def test_every_kind_of_file_is_known_by_its_signature(
    tmp_path: Path, content: str | bytes, reader: str, vendor: str
) -> None:
    looks = _look(tmp_path, content)
    assert (looks.reader, looks.vendor) == (reader, vendor)
    assert bool(looks.notes) == (not reader)
    packed = gzip.compress(content if isinstance(content, bytes) else content.encode())
    assert _look(tmp_path, packed, "unknown.gz").reader == reader
    if not reader:
        with pytest.raises(QuestionError, match="nothing to start from"):
            draft.write([looks], tmp_path / "starter.toml")


def test_a_parquet_table(tmp_path: Path) -> None:
    start = pd.date_range("2026-03-01", periods=4, freq="1h", tz="UTC")
    frame = pd.DataFrame({"Cell Name": ["a", "b"] * 2, "Start Time": start, "Drops": [1, 2, 3, 4]})
    frame.assign(**{"Call Attempts": 9}).to_parquet(tmp_path / "unknown.bin", index=False)
    looks = look(tmp_path / "unknown.bin")
    assert (looks.reader, looks.fits[0].table, looks.period_s) == ("parquet", "pm", 3600)
    assert looks.times["Start Time"].has_offset
    assert "dropped_calls" in _ours(looks)


def test_encoding_decimal_mark_and_missing_texts(tmp_path: Path) -> None:
    text = "Zelle;Latitude;Longitude;Größe\nÄ1;52,5;13,4;1\nÄ2;52,6;13,5;N/A\nÄ3;52,7;N/A;3\n"
    looks = _look(tmp_path, text.encode("cp1252"))
    assert (looks.encoding, looks.delimiter, looks.decimal) == ("cp1252", ";", ",")
    assert looks.na == ("N/A",)
    assert _ours(looks)["lat"] == "Latitude"
    assert "not UTF-8" in looks.notes[0]
    assert _look(tmp_path, text.encode("utf-16")).encoding == "utf-16"


def test_an_order_of_day_and_month_that_is_open_is_said_and_not_guessed(tmp_path: Path) -> None:
    head = "Ticket,Created,Category\n"
    open_ = _look(tmp_path, head + "1,03/04/2026 10:00,Network\n2,05/04/2026 11:00,Network\n")
    assert open_.fits[0].table == "complaint"
    assert open_.times["Created"].is_open
    why = "Created: 2 dates may be day or month first: nothing in the column tells"
    assert why in draft.summary(open_)
    written = draft.toml(open_)
    assert "# day or month first? CHOOSE: created_utc =" in written
    assert '\ncreated_utc = "%' not in written
    closed = _look(tmp_path, head + "1,03/04/2026 10:00,Network\n2,25/04/2026 11:00,Network\n")
    assert 'created_utc = "%d/%m/%Y %H:%M"' in draft.toml(closed)


def _tickets(dates: list[str], ids: list[int] | None = None) -> str:
    rows = zip(ids or range(len(dates)), dates, strict=True)
    return "Ticket,Created,Category\n" + "".join(f"T{n},{at},Network\n" for n, at in rows)


def test_an_order_is_found_as_it_is_when_the_file_is_read(tmp_path: Path) -> None:
    # days that grow with the ids, which have gaps: month first would go back and forth
    days = [f"{day:02d}/{month:02d}/2026 10:00" for month in (3, 4) for day in range(1, 12, 2)]
    grown = _look(tmp_path, _tickets(days, [7 * n + n % 3 for n in range(len(days))]))
    assert not grown.times["Created"].is_open
    assert 'created_utc = "%d/%m/%Y %H:%M"' in draft.toml(grown)


def test_a_column_that_a_spreadsheet_mixed_gets_no_format(tmp_path: Path) -> None:
    # one certain date in a hundred is written the other way: a format would lose it, not see others
    days = [f"{day}/03/2026 10:{minute:02d}" for day in (25, 12) for minute in range(60)]
    days.append("03/25/2026 10:00")
    mixed = _look(tmp_path, _tickets(days))
    assert "other rows need different orders" in mixed.times["Created"].fault
    assert "# day or month first? CHOOSE: created_utc =" in draft.toml(mixed)


def test_end_zone_and_units_stand_in_names(tmp_path: Path) -> None:
    rows = "".join(f"c{n},2026-03-01T0{n}:00Z,15,99.{n},1,2\n" for n in range(5))
    head = "Cell,End Time UTC,Granularity (min),Availability (%),Drops,Attempts\n"
    written = draft.toml(_look(tmp_path, head + rows))
    for line in (
        'time_is = "end"',
        'timezone = "UTC"\n',
        "period_s = 60",
        "availability = 0.01",
        'period_s = "Granularity (min)"',
    ):
        assert line in written, line


def test_identifiers_are_not_shown(tmp_path: Path) -> None:
    text = (
        "Case Number,Opened,MSISDN,Customer Name,Description\n"
        "C-5501,2026-03-01 10:00,447700900123,Ada Lovelace,call me at ada@example.org\n"
        "C-5502,2026-03-02 10:00,447700900124,Bob Kahn,no signal at 12 High Street\n"
    )
    for content in (text, text.split("\n", 1)[1], TICKETS, QUALTRICS):
        looks = _look(tmp_path, content)
        shown = draft.report(looks) + draft.toml(looks)
        for secret in (
            "447700",
            "Ada",
            "Kahn",
            "example.org",
            "High Street",
            "C-55",
            "T-77",
            "R_1",
        ):
            assert secret not in shown, secret
    assert "no header line" in _look(tmp_path, text.split("\n", 1)[1]).notes[0]


@pytest.mark.parametrize("content", [b"", b"  \n \n", gzip.compress(b"", mtime=0)])
def test_an_empty_file_is_refused(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(InputError, match="the file is empty"):
        _look(tmp_path, content)


def test_a_broken_archive_and_a_broken_parquet_file_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="can't be opened"):
        _look(tmp_path, b"\x1f\x8b\x08\x00broken")
    with pytest.raises(InputError, match="ZIP archive that is cut off or damaged"):
        _look(tmp_path, b"PK\x03\x04rest of a workbook")
    with pytest.raises(InputError, match="can't be read as parquet"):
        _look(tmp_path, b"PAR1 no parquet PAR1")


@pytest.mark.parametrize("seed", range(60))
def test_no_mutation_of_a_file_breaks_the_inspection(
    tmp_path: Path, counters: Callable[..., str], seed: int
) -> None:
    random = np.random.default_rng(seed)
    kinds = [counters("2026-03-01", n=8), PREAMBLE + HUAWEI, PM_XML, OMES, TICKETS, QUALTRICS]
    content = bytearray(kinds[seed % len(kinds)].encode())
    for _ in range(random.integers(1, 9)):
        at, length = random.integers(len(content)), random.integers(1, 40)
        piece = random.choice([b"", b"\0", b'"', b";;\n", b"\xff\xfe", b"9" * 20, b"{'\\"])
        content[at : at + length] = piece
    try:
        looks = _look(tmp_path, bytes(content))
    except InputError as error:
        text = str(error)
    else:
        text = draft.report(looks) + str(tomllib.loads(draft.toml(looks)))
    assert str(tmp_path) in text


def test_a_field_without_end_is_noted(tmp_path: Path) -> None:
    looks = _look(tmp_path, 'a,b\n1,"' + "x" * 200_000)
    assert (looks.reader, looks.notes) == (
        "",
        ("text that is no table: field larger than field limit (131072)",),
    )


# ---------------------------------------------------------------------------------- round trip


def _run(config: Path) -> pd.DataFrame:
    settings = load(config, environ={})
    with workers(settings.run) as client:
        return run.run(settings, client).set_index("table_name")


def test_the_starter_of_a_plain_table_runs(tmp_path: Path, counters: Callable[..., str]) -> None:
    looks = _look(tmp_path, counters("2026-03-01", n=96))
    receipt = _run(_settings_of(looks, tmp_path)).loc["pm"]
    assert (receipt["n_read"], receipt["n_refused"]) == (288, 0)
    days = Warehouse(tmp_path / "warehouse").read("cell_day")
    assert days["call_attempts"].sum() == sum(10 + i % 7 + c for c in (1, 2, 3) for i in range(96))


def test_the_starter_of_a_huawei_export_runs(tmp_path: Path) -> None:
    rows = [
        f"2026-03-01 {h:02}:00;60;NE;{OBJECT.format(n=1)};10;9;1;8;20,5;100;0;0\n"
        for h in range(24)
    ]
    text = PREAMBLE + HUAWEI.replace(",", ";") + "".join(rows) + "Total;;;;240;216;24;;;;;\n"
    looks = _look(tmp_path, text)
    receipt = _run(_settings_of(looks, tmp_path)).loc["pm"]
    assert (receipt["n_read"], receipt["n_refused"]) == (25, 1)
    days = Warehouse(tmp_path / "warehouse").read("cell_day")
    assert days["call_attempts"].tolist() == [240]
    assert days["prb_dl_used_prb_s"].tolist() == [20.5 * 86_400]


@pytest.mark.parametrize("content", [PM_XML, PM_XML.replace("RR", "XX"), OMES, TICKETS, QUALTRICS])
def test_the_starter_of_any_kind_is_taken_as_settings(tmp_path: Path, content: str) -> None:
    looks = _look(tmp_path, content)
    if looks.reader not in sources._READERS:
        pytest.skip(f"there is no reader {looks.reader} yet")
    config = _settings_of(looks, tmp_path)
    if looks.reader == "qualtrics":
        (source,) = load(config, environ={}).source
        assert (source.columns["score"], source.timezone) == ("Q1", "UTC")
        assert sources.missing_columns(looks.path, source) == []


def test_what_could_not_be_seen_is_refused_by_name(tmp_path: Path) -> None:
    looks = _look(tmp_path, "Cell,When,What\na,2026-03-01 10:00,1\nb,2026-03-01 11:00,2\n")
    config = draft.toml(looks)
    assert "CHOOSE_THEIR_COLUMN" in config
    (source,) = load(_settings_of(looks, tmp_path), environ={}).source
    faults = sources.missing_columns(looks.path, source)
    assert any("no column 'CHOOSE_THEIR_COLUMN'" in fault for fault in faults)


def test_the_console_tells_and_writes_once(tmp_path: Path, counters: Callable[..., str]) -> None:
    path = tmp_path / "pm.csv"
    path.write_text(counters("2026-03-01", n=2), encoding="utf-8")
    command = ["inspect", str(path), "--out", str(tmp_path / "start.toml")]
    first = CliRunner().invoke(hexperience.app, command)
    assert first.exit_code == 0
    assert "looks like table pm" in first.output
    assert isinstance(load(tmp_path / "start.toml", environ={}).source[0], Source)
    again = CliRunner().invoke(hexperience.app, command)
    assert again.exit_code == 2
    assert "there is such a file" in again.output


# ------------------------------------------------------------------------------------- outside


@pytest.mark.outside
@pytest.mark.skipif(not OUTSIDE.is_dir(), reason="no outside data")
@pytest.mark.parametrize(
    ("name", "reader", "table", "wanted"),
    [
        ("opencellid_london/opencellid_london.csv", "delimited", "cell", {"cell_id", "lat", "lon"}),
        ("trai_mycall/MyCall_Data_October_2019.csv", "delimited", "call", {"lat", "rating_1to5"}),
        ("pm_xml/A20230515.0700+0100-0715+0100_GNODEB-0.xml", "pm_xml", "", set()),
        ("tmf621/TroubleTicket_list_example_response.json", "trouble_ticket", "", set()),
    ],
)
def test_outside_files_are_known_for_what_they_are(
    tmp_path: Path, name: str, reader: str, table: str, wanted: set[str]
) -> None:
    looks = look(OUTSIDE / name)
    assert looks.reader == reader
    if table:
        assert looks.fits[0].table == table
        assert wanted <= {*_ours(looks)}
    if reader in sources._READERS:
        _settings_of(looks, tmp_path)


def test_what_tells_who_or_from_where_somebody_answered_is_not_proposed(tmp_path: Path) -> None:
    lines = QUALTRICS.splitlines()
    more = ["LocationLatitude", "Latitude", '"{""ImportId"":""l""}"', "53.1", "53.2"]
    text = "\n".join(f"{line},{cell}" for line, cell in zip(lines, more, strict=True)) + "\n"
    looks = _look(tmp_path, text)
    assert {like.theirs for like in looks.fits[0].columns} <= {"ResponseId", "RecordedDate", "Q1"}
    assert "LocationLatitude" in looks.header


def test_every_file_of_the_demo_is_known_for_its_table(demo_config: Path) -> None:
    settings = load(demo_config)
    for source in settings.source:
        first = min(settings.folder.glob(source.path))
        assert look(first).fits[0].table == source.table, first.name


def test_a_local_time_with_its_offset_and_a_month_are_times() -> None:
    at = moments_of(pd.Series(["19.07.2026 00:00 +0100", "25.10.2026 03:00 +0000"]))
    assert at == Moments(("%d.%m.%Y %H:%M %z",), 1.0, has_offset=True)
    assert moments_of(pd.Series(["2025-08", "2025-12"])).formats == ("%Y-%m",)
    assert not moments_of(pd.Series(["2025-13", "1.5"])).share
