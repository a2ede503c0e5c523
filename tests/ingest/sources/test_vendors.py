"""Vendors' exports with their traps -> the rows they are known to mean."""

import re
from pathlib import Path

import pandas as pd
import pytest

from contracts import vendors
from contracts.settings.load import vendor_faults
from contracts.settings.sections import Settings
from contracts.source import Source
from ingest import sources
from ingest.clean.rows import clean
from ingest.privacy.door import Door
from ingest.privacy.keys import Key
from ingest.sources.delimited import FOOTER
from tests.bench.operator import CELLS, Operator

PREAMBLE = "".join(f"{line}\n" for line in ("Report,LTE cells", "By,ops", "", "a", "b", "c", "d"))
HUAWEI = (
    "Start Time,Period (min),NE Name,Cell,L.E-RAB.AttEst.QCI.1 (None),"
    "L.E-RAB.SuccEst.QCI.1 (None),L.E-RAB.AbnormRel.QCI.1 (None),L.Thrp.bits.DL (bit),"
    "L.ChMeas.PRB.DL.Used.Avg (None),L.ChMeas.PRB.DL.Avail (None),"
    "L.Cell.Unavail.Dur.Sys (s),L.Cell.Unavail.Dur.Manual (s)\n"
)
OBJECT = (
    '"eNodeB Function Name=S{n}, Local Cell ID={n}, Cell Name=C0{n}, eNodeB ID=10{n}, '
    'Cell FDD TDD indication=CELL_FDD"'
)


def _source(folder: Path, vendor: str, text: str, name: str = "pm.csv", **own: object) -> Source:
    """A source of that vendor as a configuration gives it, and its one file."""
    (folder / name).write_text(text, encoding="utf-8")
    of_vendor = vendors.read(vendors.file_of(vendor, folder))
    return Source(**vendors.laid_under(of_vendor, {"path": name, **own}))


def _read(folder: Path, source: Source) -> sources.Raw:
    return sources.read(folder / source.path, source, door=Door(lambda: [Key(b"k" * 32)]))


def _clean(folder: Path, source: Source) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Accepted rows by cell and start, and what was refused."""
    assert sources.missing_columns(folder / source.path, source) == []
    done = clean(_read(folder, source), source, Settings(), file=source.path, file_hash="h")
    assert done.faults == []
    return done.accepted.set_index(["cell_id", "period_start_utc"]).sort_index(), done.refused


def _at(text: str) -> pd.Timestamp:
    return pd.Timestamp(text, tz="UTC")


@pytest.mark.parametrize("name", vendors.names())
def test_every_vendor_on_the_shelf_is_without_fault(name: str) -> None:
    file = vendors.file_of(name, Path())
    given = vendors.read(file)
    if given.get("reader", "delimited") not in sources._READERS:
        pytest.skip(f"there is no reader {given['reader']} yet")
    assert vendor_faults(file, given) == []
    assert [*Source(**given, path="x").faults()] == []


# -------------------------------------------------------------------------------------- Huawei


def _huawei(*rows: str) -> str:
    return PREAMBLE + HUAWEI + "".join(rows)


def test_a_huawei_export_means_what_it_is_known_to_mean(tmp_path: Path) -> None:
    text = _huawei(
        f"2026-03-01 10:00,60,NE,{OBJECT.format(n=1)},100,98,2,8000,30.5,100,0,36\n",
        f"2026-03-01 10:00,60,NE,{OBJECT.format(n=2)},50,NIL,1,NIL,/0,50,NIL,5\n",
        '2026-03-01 11:00,60,NE,"LABEL=C03, CellIndex=8, CGI=25094C35",7,7,0,0,1,50,0,0\n',
        "2026-03-01 12:00,60,NE,no cell at all,7,7,0,0,1,50,0,0\n",
        "Total,,,,157,105,3,8000,,,,\n",
    )
    source = _source(tmp_path, "huawei_csv", text, timezone="Europe/Berlin")
    rows, refused = _clean(tmp_path, source)
    one, two, three = (rows.loc[f"C0{n}"].iloc[0] for n in (1, 2, 3))
    # 10:00 in Berlin is 9:00 by UTC in winter
    assert rows.index[0] == ("C01", _at("2026-03-01 09:00"))
    assert (one["period_s"], one["call_attempts"], one["call_setups"]) == (3600, 100, 98)
    assert (one["dropped_calls"], one["dl_vol_kbit"], one["unavail_s"]) == (2, 8, 36)
    assert two["call_attempts"] == 50
    # NIL and a division by nothing are missing, and so is a sum with NIL in it
    assert two[["call_setups", "dl_vol_kbit", "prb_dl_used", "unavail_s"]].isna().all()
    assert three["call_attempts"] == 7
    assert refused.set_index("source_row")["reason"].to_dict() == {
        5: "no cell: its object fits no pattern of [source.objects] Cell",
        6: FOOTER,
    }


def test_a_huawei_export_that_excel_saved_again_has_semicolons(tmp_path: Path) -> None:
    row = f"2026-03-01 10:00;60;NE;{OBJECT.format(n=1)};100;98;2;8000;30,5;100;0;36\n"
    text = PREAMBLE.replace(",", ";") + HUAWEI.replace(",", ";") + row + "Total;;\n"
    source = _source(tmp_path, "huawei_csv", text, delimiter=";", decimal=",")
    rows, refused = _clean(tmp_path, source)
    assert rows["prb_dl_used"].tolist() == [30.5]
    # a total of another width is no file that was cut off
    assert refused["reason"].tolist() == [FOOTER]


def test_another_unit_than_the_vendor_s_is_not_taken(tmp_path: Path) -> None:
    row = f"2026-03-01 10:00,60,NE,{OBJECT.format(n=1)},100,98,2,8000,30.5,100,0,36\n"
    text = _huawei(row).replace("L.Thrp.bits.DL (bit)", "L.Thrp.bits.DL (kbit)")
    raw = _read(tmp_path, _source(tmp_path, "huawei_csv", text))
    assert "dl_vol_kbit" not in raw.frame
    reason = raw.absent["dl_vol_kbit"]
    assert reason == 'no column "L.Thrp.bits.DL (bit)", but L.Thrp.bits.DL (kbit)'


def test_an_absent_counter_is_never_zero_and_a_file_without_a_pair_is_refused(
    tmp_path: Path,
) -> None:
    row = f"2026-03-01 10:00,60,NE,{OBJECT.format(n=1)},100,98,2,8000,30.5,100,0,36\n"
    without = _huawei(row).replace("L.ChMeas.PRB.DL.Used.Avg", "Other")
    source = _source(tmp_path, "huawei_csv", without)
    assert sources.missing_columns(tmp_path / "pm.csv", source) == []
    rows, _ = _clean(tmp_path, source)
    assert rows["prb_dl_used"].isna().all()
    assert _read(tmp_path, source).absent["prb_dl_used"] == 'no column "L.ChMeas.PRB.DL.Used.Avg"'
    no_pair = without.replace("L.E-RAB.AbnormRel.QCI.1", "Another")
    source = _source(tmp_path, "huawei_csv", no_pair)
    (fault,) = sources.missing_columns(tmp_path / "pm.csv", source)
    assert "no complete pair of counters" in fault
    assert 'dropped_calls: no column "L.E-RAB.AbnormRel.QCI.1"' in fault
    assert 'prb_dl_used: no column "L.ChMeas.PRB.DL.Used.Avg"' in fault


def test_a_text_where_a_counter_should_be_is_refused(tmp_path: Path) -> None:
    row = f"2026-03-01 10:00,60,NE,{OBJECT.format(n=1)},100,98,many,8000,30.5,100,0,36\n"
    rows, refused = _clean(tmp_path, _source(tmp_path, "huawei_csv", _huawei(row)))
    assert rows["dropped_calls"].isna().all()
    assert refused[["column_name", "reason", "masked_value"]].to_numpy().tolist() == [
        ["dropped_calls", "not a number", "xxxx"],
        ["v_rel_abn", "not a whole number", "xxxx"],
    ]


HOUSE = f"""
[operator]
timezone = "Asia/Kolkata"
{CELLS.strip()}
[[source]]
vendor = "huawei_csv"
path = "raw/pm_*.csv"
"""


def test_huawei_files_go_through_a_whole_run(operator: Operator) -> None:
    (operator.folder / "hexperience.toml").write_text(HOUSE, encoding="utf-8")
    rows = [
        f"2026-03-01 {hour:02}:00,60,NE,{OBJECT.format(n=n)},{hour + n},{n},1,800,20,100,0,0\n"
        for hour in range(24)
        for n in (1, 2)
    ]
    operator.write("pm_1.csv", _huawei(*rows, "Total,,,,1,1,1,1,,,,\n"))
    receipt = operator.ingest().loc["pm"]
    assert (receipt["n_read"], receipt["n_accepted"], receipt["n_refused"]) == (49, 48, 1)
    days = operator.warehouse.read("cell_day").set_index("cell_id")
    assert days.loc["C02", "call_attempts"] == sum(range(24)) + 48
    notes = operator.warehouse.read("quality").set_index("check_name")["message"]
    assert notes["not available: rrc_att"].startswith(
        'rrc_att not available: no column "L.RRC.ConnReq.Att" in raw/pm_1.csv'
    )
    disabled = {name.removeprefix("KPI ") for name in notes.index if name.startswith("KPI ")}
    assert "rrc_setup_sr" in disabled
    assert not disabled & {"drop_rate", "prb_dl_util_pct", "prb_dl_util_bh_pct"}


def test_a_kpi_that_lacks_a_counter_is_disabled_with_the_reason(operator: Operator) -> None:
    (operator.folder / "hexperience.toml").write_text(HOUSE, encoding="utf-8")
    row = f"2026-03-01 10:00,60,NE,{OBJECT.format(n=1)},100,98,2,8000,30.5,100,0,36\n"
    operator.write("pm_1.csv", _huawei(row).replace("L.ChMeas.PRB.DL.Avail", "Other"))
    operator.ingest()
    notes = operator.warehouse.read("quality").set_index("check_name")
    reason = 'prb_dl_avail: no column "L.ChMeas.PRB.DL.Avail" in raw/pm_1.csv'
    assert notes.loc["KPI prb_dl_util_bh_pct", "message"] == (
        f"prb_dl_util_bh_pct is disabled: {reason}."
    )
    assert notes.loc["not available: prb_dl_avail", "verdict"] == "warn"
    assert operator.warehouse.read("cell_day")["prb_dl_avail_prb_s"].isna().all()


# --------------------------------------------------------------------------------------- Nokia


def test_a_nokia_report_has_month_first_dates_and_numbered_counters(tmp_path: Path) -> None:
    text = (
        "LNCEL name;PERIOD_START_TIME;ERAB_INI_SETUP_ATT_QCI1 (M8006C188);"
        "ERAB_ADD_SETUP_ATT_QCI1 (M8006C197);PDCP_SDU_VOL_DL (M8012C20);"
        "SAMPLES_CELL_AVAIL (M8020C3);DENOM_CELL_AVAIL (M8020C6);"
        "ERAB_INI_SETUP_SUCC_QCI1 (M8006C206);ERAB_ADD_SETUP_SUCC_QCI1 (M8006C215);"
        + ";".join(
            f"R{n} (M8006C{n})" for n in (273, 266, 267, 270, 272, 301, 316, 317, 318, 319, 320)
        )
        + "\n"
        + "000123;02.03.2026 14:00:00;10;5;125;350;360;9;5;7;9;2;1;1;1;1;0;0;0;0\n"
    )
    source = _source(tmp_path, "nokia_csv", text, timezone="America/New_York")
    rows, refused = _clean(tmp_path, source)
    # the third of February in New York, five hours behind; a leading zero is part of the name
    assert rows.index.tolist() == [("000123", _at("2026-02-03 19:00"))]
    row = rows.iloc[0]
    assert (row["call_attempts"], row["call_setups"], row["dropped_calls"]) == (15, 14, 12)
    assert (row["dl_vol_kbit"], row["unavail_s"]) == (1000, 100)
    assert refused.empty
    assert pd.isna(row["prb_dl_used"])  # not certain, so not on the shelf


# ------------------------------------------------------------------------------------ Ericsson


def _eniq(kind: str, columns: str, *rows: str) -> str:
    head = f"DATE_ID,HOUR_ID,ERBS,EUTRANCELL{kind},UTC_DATETIME_ID,{columns}\n"
    return head + "".join(f"2026-03-01,12,E1,{row}\n" for row in rows)


def test_eniq_tables_of_fdd_and_tdd_and_of_families_become_one(operator: Operator) -> None:
    config = HOUSE.replace("huawei_csv", "ericsson_csv").replace("pm_*.csv", "eniq_*.csv")
    (operator.folder / "hexperience.toml").write_text(config, encoding="utf-8")
    voice = (
        "pmErabEstabAttInitQci1,pmErabEstabAttAddedQci1,"
        "pmErabRelAbnormalEnbActQci1,pmErabRelAbnormalMmeActQci1"
    )
    load = "pmPrbUsedUlDtch,pmPrbUsedUlSrb,pmPrbAvailUl,pmRrcConnLevSum,pmRrcConnLevSamp"
    when = "2026-03-01 10:00:00"
    operator.write("eniq_fdd_voice.csv", _eniq("FDD", voice, f"F1,{when},8,2,1,0"))
    operator.write("eniq_tdd_voice.csv", _eniq("TDD", voice, f"T1,{when},80,20,10,0"))
    operator.write(
        "eniq_fdd_load.csv", _eniq("FDD", load, f"F1,{when},20,5,50,90,9", f"F2,{when},1,1,50,4,0")
    )
    receipt = operator.ingest().loc["pm"]
    assert (receipt["n_read"], receipt["n_accepted"], receipt["n_refused"]) == (4, 4, 0)
    hours = operator.warehouse.read("cell_hour").set_index("cell_id")
    # by UTC, whatever the operator's zone is
    assert hours["hour_start_utc"].dt.strftime("%H:%M").unique().tolist() == ["09:30"]
    assert hours.loc["T1", ["call_attempts", "dropped_calls"]].tolist() == [100, 10]
    assert hours.loc["F1", ["call_attempts", "dropped_calls"]].tolist() == [10, 1]
    assert hours.loc["F1", "prb_ul_used_prb_s"] == 25 * 900
    assert hours.loc["F1", "rrc_user_s"] == 10 * 900
    assert pd.isna(hours.loc["F2", "rrc_user_s"])  # no samples: unknown, not zero
    notes = operator.warehouse.read("quality").set_index("check_name")
    # given by another table of the same source, so nothing is amiss
    assert "not available: prb_ul_used" not in notes.index
    assert "not available: prb_dl_used" in notes.index


def test_relations_are_summed_to_their_cell(tmp_path: Path) -> None:
    names = ("Att", "Succ")
    counters = [f"pmHoExe{n}LteIntraF" for n in names] + [f"pmHoExe{n}LteInterF" for n in names]
    text = _eniq(
        "FDD",
        ",".join(["EUtranCellRelation", *counters]),
        "F1,2026-03-01 10:00:00,r1,10,9,1,1",
        "F1,2026-03-01 10:00:00,r2,20,18,0,0",
        "F2,2026-03-01 10:00:00,r1,5,5,0,0",
        "F2,2026-03-01 10:00:00,r2,NULL,5,0,0",
        "F3,nonsense,r1,5,5,0,0",
        "F3,nonsense,r2,5,5,0,0",
    )
    source = _source(tmp_path, "ericsson_csv", text, repeated_rows="sum")
    rows, refused = _clean(tmp_path, source)
    assert rows["ho_exe_att"].fillna(-1).tolist() == [31, -1]
    assert rows["ho_exe_succ"].tolist() == [28, 10]
    # relations of a cell are one row, the first of them
    assert rows["source_row"].tolist() == [2, 4]
    assert refused["source_row"].tolist() == [6]


def test_a_vector_that_fills_a_row_an_element_is_put_together(tmp_path: Path) -> None:
    when = "2026-03-01 10:00:00"
    text = _eniq(
        "FDD",
        "DCVECTOR_INDEX,pmBins",
        *(f"F1,{when},{i},{n}" for i, n in ((1, 20), (0, 10), (3, 5))),
        *(f"F2,{when},{i},{i + 1}" for i in range(4)),
    )
    counters = {"rrc_users_max": "pmBins[0] + 2 * pmBins[1]", "cqi_mean": "sum(pmBins)"}
    source = _source(tmp_path, "ericsson_csv", text, counters=counters)
    rows, _ = _clean(tmp_path, source)
    assert rows["rrc_users_max"].tolist() == [50, 5]
    # element 2 of the first is missing, and so is the sum
    assert rows["cqi_mean"].fillna(-1).tolist() == [-1, 10]


# --------------------------------------------------------------------------- repeated, half, END


OWN = {
    "table": "pm",
    "path": "pm.csv",
    "columns": {"cell_id": "cell", "period_start_utc": "end"},
    "constants": {"period_s": 900},
    "counters": {"call_attempts": "a + b", "dropped_calls": "d"},
    "time_is": "end",
}


def _own(folder: Path, text: str, **more: object) -> Source:
    (folder / "pm.csv").write_text(text, encoding="utf-8")
    return Source.model_validate({**OWN, **more})


def test_the_end_of_a_period_becomes_its_start(tmp_path: Path) -> None:
    source = _own(tmp_path, "cell,end,a,b,d\n1,2026-03-01T00:00+0100,1,2,3\n")
    rows, _ = _clean(tmp_path, source)
    assert rows.index.tolist() == [("1", _at("2026-02-28 22:45"))]


def test_rows_of_one_cell_with_other_counters_are_combined_before_expressions(
    tmp_path: Path,
) -> None:
    at = "2026-03-01T00:15Z"
    text = f"cell,end,a,b,d\n1,{at},1,,3\n1,{at},,2,\n1,{at},9,,\n2,{at},5,5,5\n"
    rows, refused = _clean(tmp_path, _own(tmp_path, text, repeated_rows="combine"))
    # of the sum each row has one term; the third says what the first said, so it is left alone
    assert rows["call_attempts"].fillna(-1).tolist() == [3, -1, 10]
    assert rows["source_row"].tolist() == [2, 4, 5]
    assert refused.empty


def test_a_header_that_is_not_there_is_named(tmp_path: Path) -> None:
    source = _own(tmp_path, "one,two\n1,2\n", header_column="Start Time")
    (fault,) = sources.missing_columns(tmp_path / "pm.csv", source)
    assert "no line with the column 'Start Time' ([source] header_column)" in fault


def test_lines_above_the_header_are_skipped_by_number_too(tmp_path: Path) -> None:
    at = "2026-03-01T00:15Z"
    source = _own(tmp_path, f"x\n\ncell,end,a,b,d\n1,{at},1,2,3\n1,2\n", skip_lines=2)
    raw = _read(tmp_path, source)
    assert raw.frame["source_row"].tolist() == [2]
    assert raw.malformed["source_row"].tolist() == [3]


# ------------------------------------------------------------------------------ guide and shelf


def _blocks(kind: str) -> list[str]:
    page = (Path(__file__).parents[3] / "docs" / "vendors.md").read_text(encoding="utf-8")
    return re.findall(rf"```{kind}\n(.*?)```", page, flags=re.DOTALL)


def test_the_vendor_of_the_guide_works(operator: Operator) -> None:
    (sample,) = _blocks("text")
    _, vendor, config = _blocks("toml")
    folder = operator.folder
    for name, text in {"acme.csv": sample, "acme.toml": vendor, "hexperience.toml": config}.items():
        (folder / name).write_text(text, encoding="utf-8")
    lines = [line for line in vendor.splitlines() if line and not line.startswith("[")]
    assert len(lines) <= 20
    receipt = operator.ingest().loc["pm"]
    assert (receipt["n_read"], receipt["n_accepted"], receipt["n_refused"]) == (3, 2, 1)
    hours = operator.warehouse.read("cell_hour").set_index("cell_id")
    # eleven is the end, and an hour of Berlin's winter is one behind UTC
    assert hours["hour_start_utc"].unique().tolist() == [_at("2026-03-01 09:00")]
    assert hours["call_attempts"].to_dict() == {"S1-C1": 100, "S1-C2": 80}
    assert hours["dropped_calls"].to_dict() == {"S1-C1": 2, "S1-C2": 2}
    assert hours["prb_dl_used_prb_s"].to_dict() == {"S1-C1": 30.5 * 3600, "S1-C2": 25 * 3600}


def test_the_guide_names_every_vendor_of_the_shelf() -> None:
    page = (Path(__file__).parents[3] / "docs" / "vendors.md").read_text(encoding="utf-8")
    assert {name for name in vendors.names() if f"`{name}`" not in page} == set()


# our column -> vendors for which public sources attest it (docs/standards.md 4, marks A and B)
ATTESTED = {
    "rrc_att rrc_succ bearer_att bearer_succ rel_abn_act rel_norm ho_exe_att ho_exe_succ "
    "call_attempts call_setups dropped_calls v_rel_norm dl_vol_kbit ul_thp_vol_kbit "
    "ul_thp_time_ms dl_thp_time_ms rrc_users_max unavail_s": "ericsson huawei nokia",
    "s1ng_att s1ng_succ rel_abn dl_thp_vol_kbit prb_dl_used prb_dl_avail prb_ul_used "
    "prb_ul_avail rrc_users_mean": "ericsson huawei",
    "ho_prep_att": "ericsson huawei",
    "ho_prep_succ": "ericsson",
    "session_time_s": "ericsson nokia",
    "ul_interference_dbm": "huawei nokia",
    "unavail_planned_s": "nokia",
}
FILES = {
    "huawei": ("huawei_csv",),
    "nokia": ("nokia_csv", "nokia_omes"),
    "ericsson": ("ericsson_csv",),
}


@pytest.mark.parametrize("file", [file for files in FILES.values() for file in files])
def test_every_attested_counter_is_on_the_shelf_and_no_other_of_those(file: str) -> None:
    maker = file.split("_", maxsplit=1)[0]
    given = {*vendors.read(vendors.SHELF / f"{file}.toml")["counters"]}
    attested = {
        c for columns, makers in ATTESTED.items() for c in columns.split() if maker in makers
    }
    assert attested - given == set()
    unsure = {"prb_dl_used", "prb_dl_util_pct", "s1ng_att", "dl_thp_vol_kbit"}
    assert maker != "nokia" or not unsure & given


def test_two_ways_to_the_same_counters_say_the_same() -> None:
    def counters(name: str) -> dict[str, str]:
        return vendors.read(vendors.SHELF / f"{name}.toml")["counters"]

    assert counters("nokia_csv") == counters("nokia_omes")
    by_cell, by_relation = counters("ericsson_xml"), counters("ericsson_relations_xml")
    assert not by_cell.keys() & by_relation.keys()
    assert counters("ericsson_csv") == by_cell | by_relation


# ----------------------------------------------------------------------------------------- XML


def _needs(reader: str) -> pytest.MarkDecorator:
    absent = reader not in sources._READERS
    return pytest.mark.skipif(absent, reason=f"there is no reader {reader} yet")


def _measured(ldn: str, types: str, *values: tuple[str, str], node: str = "N1") -> str:
    rows = "".join(
        f'<measValue measObjLdn="{object_}{ldn}"><measResults>{results}</measResults></measValue>'
        for object_, results in values
    )
    return (
        f'<measData><managedElement localDn="{node}"/><measInfo>'
        '<granPeriod duration="PT900S" endTime="2026-03-01T00:15:00+0100"/>'
        f"<measTypes>{types}</measTypes>{rows}</measInfo></measData>"
    )


def _file(*parts: str) -> str:
    space = "http://www.3gpp.org/ftp/specs/archive/32_series/32.435#measCollec"
    return (
        f'<measCollecFile xmlns="{space}"><fileHeader fileFormatVersion="32.435 V10.0">'
        '<fileSender/><measCollec beginTime="2026-03-01T00:00:00+0100"/></fileHeader>'
        f'{"".join(parts)}<fileFooter><measCollec endTime="2026-03-01T00:15:00+0100"/>'
        "</fileFooter></measCollecFile>"
    )


@_needs("pm_xml")
def test_the_cu_and_the_du_of_a_cell_become_one_row(tmp_path: Path) -> None:
    text = _file(
        _measured("", "RRC.ConnEstabAtt.sum RRC.ConnMean", ("GNBCUCPFunction=1,NRCellCU=7", "5 2")),
        _measured("", "RRU.PrbUsedDl RRU.PrbAvailDl", ("GNBDUFunction=1,NRCellDU=7", "10 50")),
        _measured(
            "",
            "RRC.ConnEstabAtt.sum ERAB.RelActNbr.1 RRU.PrbTotDl",
            ("ENodeBFunction=1,EUtranCellFDD=7", "8 NULL 30"),
            ("ENodeBFunction=1", "9 9 9"),
        ),
    )
    source = _source(tmp_path, "threegpp_xml", text)
    rows, refused = _clean(tmp_path, source)
    # END in Berlin's winter
    assert rows.index.tolist() == [
        ("N1,EUtranCell=7", _at("2026-02-28 23:00")),
        ("N1,NRCell=7", _at("2026-02-28 23:00")),
    ]
    lte, nr = rows.iloc[0], rows.iloc[1]
    assert (nr["rrc_att"], nr["rrc_users_mean"], nr["prb_dl_used"], nr["prb_dl_avail"]) == (
        5,
        2,
        10,
        50,
    )
    assert lte["rrc_att"] == 8
    assert pd.isna(lte["dropped_calls"])
    assert refused["reason"].tolist() == [
        "no cell: its object fits no pattern of [source.objects] @object"
    ]


@_needs("pm_xml")
def test_ericsson_s_relations_name_their_neighbour(tmp_path: Path) -> None:
    relation = "ENodeBFunction=1,EUtranCellFDD=7,EUtranFreqRelation=1,EUtranCellRelation="
    types = "pmHoExeAttLteIntraF pmHoExeAttLteInterF pmHoExeSuccLteIntraF pmHoExeSuccLteInterF"
    text = _file(
        _measured(
            "",
            types,
            (f"{relation}234-15-1234-1", "10 2 9 1"),
            (f"{relation}234-15-1234-2", "NULL 2 NULL 1"),
            ("ENodeBFunction=1,EUtranCellFDD=7", "9 9 9 9"),
        )
    )
    source = _source(tmp_path, "ericsson_neighbours_xml", text)
    rows, refused = _clean(tmp_path, source)
    (row,) = rows.reset_index().to_dict("records")
    assert (row["cell_id"], row["neighbour_cell_id"]) == ("N1,EUtranCell=7", "234-15-1234-1")
    assert (row["ho_exe_att"], row["ho_exe_succ"]) == (12, 10)
    # an attempt that is missing is not zero, and a cell is no relation
    assert sorted(refused["column_name"]) == ["", "ho_exe_att"]


@_needs("pm_xml")
def test_ericsson_s_cells_and_their_relations_meet_in_one_row(operator: Operator) -> None:
    cells = HOUSE.replace("huawei_csv", "ericsson_xml").replace("pm_*.csv", "pm_*.xml")
    relations = '[[source]]\nvendor = "ericsson_relations_xml"\npath = "raw/pm_*.xml"\n'
    (operator.folder / "hexperience.toml").write_text(cells + relations, encoding="utf-8")
    of_cells = ("ENodeBFunction=1,EUtranCellFDD=F1", "ENodeBFunction=1,EUtranCellTDD=T1")
    ho = [f"pmHoExe{what}Lte{freq}" for freq in ("IntraF", "InterF") for what in ("Att", "Succ")]
    relation = ",EUtranFreqRelation=1,EUtranCellRelation="
    text = _file(
        _measured(
            "",
            "pmRrcConnEstabAtt pmErabRelAbnormalEnbAct pmErabRelAbnormalMmeAct pmPrbAvailDl",
            (of_cells[0], "100 2 1 50"),
            (of_cells[1], "200 0 0 100"),
        ),
        _measured(
            "",
            " ".join(ho),
            (f"{of_cells[0]}{relation}1", "10 9 1 1"),
            (f"{of_cells[0]}{relation}2", "20 20 0 0"),
            (f"{of_cells[1]}{relation}1", "5 5 NULL 5"),
        ),
    )
    operator.write("pm_1.xml", text)
    receipt = operator.ingest().loc["pm"]
    assert (receipt["n_read"], receipt["n_accepted"], receipt["n_refused"]) == (4, 4, 0)
    hours = operator.warehouse.read("cell_hour").set_index("cell_id")
    assert len(hours) == 2
    one, other = hours.loc["N1,EUtranCell=F1"], hours.loc["N1,EUtranCell=T1"]
    assert (one["rrc_att"], one["rel_abn_act"]) == (100, 3)
    assert (one["ho_exe_att"], one["ho_exe_succ"]) == (31, 30)
    assert (other["rrc_att"], other["ho_exe_succ"]) == (200, 10)
    assert pd.isna(other["ho_exe_att"])


@_needs("omes")
def test_nokia_s_omes_starts_where_it_says_and_lacks_cells_without_counters(tmp_path: Path) -> None:
    def result(cell: int, kind: str, **counters: int) -> str:
        inside = "".join(f"<{name}>{value}</{name}>" for name, value in counters.items())
        dn = f"PLMN-PLMN/MRBTS-9/LNBTS-9/LNCEL-{cell}"
        return (
            f'<PMMOResult><MO dimension="network_element"><DN>{dn}</DN></MO>'
            f'<PMTarget measurementType="{kind}">{inside}</PMTarget></PMMOResult>'
        )

    text = (
        '<OMeS version="2.3"><PMSetup startTime="2026-03-01T09:30:00.000+09:00" interval="15">'
        + result(1, "LTE_EPS_Bearer", M8006C188=5, M8006C197=2)
        + result(1, "LTE_Intra_eNB_HO", M8009C6=3, M8009C7=3)
        + result(1, "LTE_Inter_eNB_HO", M8014C6=2, M8014C7=1, M8014C18=1, M8014C19=1)
        + result(2, "LTE_EPS_Bearer", M8006C188=7, M8006C197=0)
        + "</PMSetup></OMeS>"
    )
    rows, refused = _clean(tmp_path, _source(tmp_path, "nokia_omes", text))
    assert rows.index.tolist() == [
        ("MRBTS-9/LNCEL-1", _at("2026-03-01 00:30")),
        ("MRBTS-9/LNCEL-2", _at("2026-03-01 00:30")),
    ]
    assert rows["call_attempts"].tolist() == [7, 7]
    # of several measurement types, added up
    assert rows["ho_exe_att"].fillna(-1).tolist() == [6, -1]
    assert rows["period_s"].tolist() == [900, 900]
    assert refused.empty
