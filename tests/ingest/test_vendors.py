"""Vendors' exports with their traps -> the rows they are known to mean."""

from pathlib import Path

import pandas as pd
import pytest

from contracts import vendors
from contracts.settings import Settings, Source, vendor_faults
from ingest import sources
from ingest.clean import clean
from ingest.sources.delimited import FOOTER
from tests.ingest.conftest import Operator

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
    return sources.read(folder / source.path, source, key=lambda: b"")


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
    told = raw.absent["dl_vol_kbit"]
    assert told == 'no column "L.Thrp.bits.DL (bit)", but L.Thrp.bits.DL (kbit)'


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


def test_a_text_where_a_counter_should_be_is_told(tmp_path: Path) -> None:
    row = f"2026-03-01 10:00,60,NE,{OBJECT.format(n=1)},100,98,many,8000,30.5,100,0,36\n"
    rows, refused = _clean(tmp_path, _source(tmp_path, "huawei_csv", _huawei(row)))
    assert rows["dropped_calls"].isna().all()
    assert refused[["column_name", "reason", "masked_value"]].to_numpy().tolist() == [
        ["dropped_calls", "not a number", "xxxx"],
        ["v_rel_abn", "not a whole number", "xxxx"],
    ]


HOUSE = """
[operator]
timezone = "Asia/Kolkata"
[[source]]
table = "cell"
path = "raw/cells.csv"
[source.columns]
cell_id = "cell"
technology = "tech"
lat = "lat"
lon = "lon"
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
    assert not any(name.startswith("KPI") for name in notes.index)


def test_a_kpi_that_lacks_a_counter_is_disabled_with_the_reason(operator: Operator) -> None:
    (operator.folder / "hexperience.toml").write_text(HOUSE, encoding="utf-8")
    row = f"2026-03-01 10:00,60,NE,{OBJECT.format(n=1)},100,98,2,8000,30.5,100,0,36\n"
    operator.write("pm_1.csv", _huawei(row).replace("L.ChMeas.PRB.DL.Avail", "Other"))
    operator.ingest()
    notes = operator.warehouse.read("quality").set_index("check_name")
    told = 'prb_dl_avail: no column "L.ChMeas.PRB.DL.Avail" in raw/pm_1.csv'
    assert notes.loc["KPI prb_dl_util_bh_pct", "message"] == (
        f"prb_dl_util_bh_pct is disabled: {told}."
    )
    assert notes.loc["not available: prb_dl_avail", "verdict"] == "warn"
    assert operator.warehouse.read("cell_day")["prb_dl_avail_prb_s"].isna().all()
