"""What each value means and whether it can be: nothing is lost, nothing is guessed."""

import numpy as np
import pandas as pd
import pytest

from contracts.settings.sections import Operator, Settings
from contracts.source import Source
from contracts.tables import TABLES, check
from geo import hexgrid
from ingest.clean.rows import Cleaned, clean
from ingest.settle.one_per_key import one_per_key
from ingest.sources import Raw

LONDON = Settings(operator=Operator(timezone="Europe/London", bbox=(-0.6, 51.2, 0.4, 51.8)))
PM = {
    "cell_id": "001",
    "period_start_utc": "2026-07-01 10:00",
    "period_s": "3600",
    "call_attempts": "100",
    "dropped_calls": "2",
}
CELL = {"cell_id": "001", "lat": "51.5", "lon": "-0.1"}


def _clean(*rows: dict[str, object], table: str = "pm", **mapping: object) -> Cleaned:
    frame = pd.DataFrame(list(rows))
    frame["source_row"] = range(2, len(rows) + 2)
    columns = {name: name for name in frame if name != "source_row"}
    source = Source.model_validate({"table": table, "path": "x", "columns": columns, **mapping})
    raw = Raw(frame, pd.DataFrame({"source_row": [], "reason": []}))
    return clean(raw, source, LONDON, file="f.csv", file_hash="abc")


def _column(cleaned: Cleaned, name: str) -> list[object]:
    return list(cleaned.accepted[name])


def _refusals(cleaned: Cleaned) -> list[tuple[str, str]]:
    return list(zip(cleaned.refused["column_name"], cleaned.refused["scope"], strict=True))


def test_accepted_rows_keep_the_contract() -> None:
    cleaned = _clean(PM, {**PM, "cell_id": "002"})
    assert check(cleaned.accepted.assign(loaded_utc=pd.Timestamp(0, tz="UTC")), TABLES["pm"]) == []
    assert _column(cleaned, "cell_id") == ["001", "002"]
    assert cleaned.refused.empty
    assert cleaned.faults == []


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("2026-07-01 10:00", "2026-07-01T09:00Z"),  # London is an hour ahead in summer
        ("2026-01-01 10:00", "2026-01-01T10:00Z"),
        ("2026-07-01T10:00:00Z", "2026-07-01T10:00Z"),
        ("2026-07-01T10:00:00+05:30", "2026-07-01T04:30Z"),
        ("2026-07-01T10:00:00+0530", "2026-07-01T04:30Z"),
        ("2026-07-01 10:00:00+00", "2026-07-01T10:00Z"),
        ("2026-07-01T10:00:00+5:30", "2026-07-01T04:30Z"),
        ("2026-07-01t10:00:00z", "2026-07-01T10:00Z"),
    ],
)
def test_times_with_and_without_an_offset(text: str, utc: str) -> None:
    cleaned = _clean({**PM, "period_start_utc": text})
    assert _column(cleaned, "period_start_utc") == [pd.Timestamp(utc)]


def test_a_source_may_stand_in_another_zone_and_format() -> None:
    row = {**PM, "period_start_utc": "01.07.2026 10:00"}
    cleaned = _clean(row, timezone="Asia/Kolkata", formats={"period_start_utc": "%d.%m.%Y %H:%M"})
    assert _column(cleaned, "period_start_utc") == [pd.Timestamp("2026-07-01T04:30Z")]


@pytest.mark.parametrize("text", ["2026-10-25 01:30", "2026-03-29 01:30"])
def test_a_local_time_of_a_clock_change_is_refused_not_guessed(text: str) -> None:
    cleaned = _clean({**PM, "period_start_utc": text}, PM)
    assert len(cleaned.accepted) == 1
    assert _refusals(cleaned) == [("period_start_utc", "row")]
    assert "clock change" in cleaned.refused["reason"][0]


@pytest.mark.parametrize(
    ("column", "value", "reason"),
    [
        ("call_attempts", "-5", "outside 0..1e+12 n"),
        ("dropped_calls", "many", "not a number"),
        ("call_setups", "101", "more than call_attempts"),
        ("dropped_calls", "inf", "not a number"),
        ("dropped_calls", "530", "more than 5 times call_attempts"),
        ("dropped_calls", "4294967290", "above 100,000,000: a counter gone round"),
    ],
)
def test_an_impossible_value_is_missing_and_refused(column: str, value: str, reason: str) -> None:
    cleaned = _clean({**PM, column: value})
    assert pd.isna(cleaned.accepted[column][0])
    assert _refusals(cleaned) == [(column, "value")]
    assert reason in cleaned.refused["reason"][0]


def test_an_impossible_year_and_a_swallowed_line_are_refused() -> None:
    cleaned = _clean({**PM, "period_start_utc": "9999-12-31T00:00:00Z"}, {**PM, "cell_id": "1\n2"})
    assert cleaned.accepted.empty
    assert cleaned.refused["reason"].tolist() == [
        "not a time", "holds a line break; look for a stray quotation mark"
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "number"),
    [("44,09", 44.09), ("1.234,5", 1234.5), ("401.0", None), ("1.234.567", 1234567)],
)
def test_with_a_decimal_comma_a_point_parts_thousands_only(text: str, number: float | None) -> None:
    cleaned = _clean({**PM, "dl_vol_kbit": text}, decimal=",")
    (value,) = cleaned.accepted["dl_vol_kbit"]
    assert pd.isna(value) if number is None else value == number


def test_a_row_without_its_key_is_refused_with_its_own_reason() -> None:
    cleaned = _clean({**PM, "cell_id": None}, {**PM, "period_start_utc": "yesterday"}, PM)
    assert len(cleaned.accepted) == 1
    assert _refusals(cleaned) == [("cell_id", "row"), ("period_start_utc", "row")]
    assert cleaned.refused["reason"][1] == "not a time"
    assert cleaned.refused["masked_value"][1] == "xxxxxxxxx"
    assert cleaned.refused["source_row"].tolist() == [2, 3]


def test_per_cents_and_availability_become_what_adds_up() -> None:
    row = {**PM, "prb_dl_util_pct": "62.5", "availability": "99"}
    cleaned = _clean(row, scale={"availability": 0.01})
    # how many blocks that is, the inventory says
    assert _column(cleaned, "prb_dl_util_pct") == [62.5]
    assert _column(cleaned, "prb_dl_avail") == [None]
    assert _column(cleaned, "unavail_s") == pytest.approx([36.0])


@pytest.mark.parametrize(
    ("column", "value", "fault"),
    [
        ("prb_dl_util_pct", "625", "another unit; give [source.scale] prb_dl_util_pct"),
        ("availability", "99", "another unit; give [source.scale] availability"),
    ],
)
def test_a_wrong_unit_is_a_fault_of_the_file(column: str, value: str, fault: str) -> None:
    cleaned = _clean({**PM, column: value})
    assert fault in cleaned.faults[0]


def test_a_share_given_as_per_cent_is_a_fault_of_the_file() -> None:
    cleaned = _clean(*[{**PM, "prb_dl_util_pct": "0.6"}] * 1000)
    assert "a share; give [source.scale] prb_dl_util_pct = 100" in cleaned.faults[0]


@pytest.mark.parametrize(("lat", "lon"), [("0", "0"), ("-1", "-1"), ("55", "-0.1"), ("", "")])
def test_a_cell_without_a_usable_position_still_counts(lat: str, lon: str) -> None:
    cleaned = _clean(CELL, {"cell_id": "002", "lat": lat or None, "lon": lon or None}, table="cell")
    assert len(cleaned.accepted) == 2
    assert cleaned.accepted["lat"].isna().tolist() == [False, True]


def test_exchanged_coordinates_are_a_fault_of_the_file() -> None:
    cleaned = _clean({"cell_id": "001", "lat": "-0.1", "lon": "51.5"}, table="cell")
    assert "1 of 1 positions lie in [operator] bbox only when exchanged" in cleaned.faults[0]


def test_coverage_is_placed_by_pixel_or_by_hexagon_text() -> None:
    pixel = {"cell_id": "a", "lat": "51.5", "lon": "0.1"}
    cleaned = _clean(pixel, table="coverage")
    (hex_id,) = cleaned.accepted["hex_id"]
    texts = {"cell_id": "a", "hex_text": hexgrid.as_text([hex_id])[0]}
    cleaned = _clean(texts, {**texts, "hex_text": "nonsense"}, table="coverage")
    assert cleaned.accepted["hex_id"].tolist() == [hex_id]
    assert cleaned.refused["column_name"].tolist() == ["hex_id"]


def test_an_event_gets_its_hexagon_or_none() -> None:
    row = {"complaint_id": "1", "created_utc": "2026-07-01 10:00", "complaint_class": "network"}
    cleaned = _clean(
        {**row, "lat": "51.5", "lon": "0.1"}, {**row, "complaint_id": "2"}, table="complaint"
    )
    assert cleaned.accepted["hex_id"].isna().tolist() == [False, True]
    assert cleaned.accepted["loc_method"].tolist() == ["point", "none"]


def test_a_text_that_is_not_mapped_is_refused_with_the_remedy() -> None:
    row = {"response_id": "1", "survey_type": "rel", "answered_utc": "2026-07-01", "score": "9"}
    cleaned = _clean(row, table="nps")
    assert cleaned.accepted.empty
    assert "map it in [source.values.survey_type]" in cleaned.refused["reason"][0]


COMPLAINT = {"complaint_id": "1", "created_utc": "2026-07-01 10:00"}


@pytest.mark.parametrize(
    ("given", "class_and_type", "columns"),
    [
        ({"complaint_class": "network"}, ("network", None), []),
        ({"complaint_type": "billing"}, ("account", "billing"), []),
        ({"complaint_class": "network", "complaint_type": "outage"}, ("network", "outage"), []),
        ({"complaint_class": "Noise"}, ("other", "unknown"), ["complaint_class"]),
        ({"complaint_type": "Noise"}, ("other", "unknown"), ["complaint_type"]),
        ({"complaint_class": "network", "complaint_type": "?"}, ("network", "unknown"),
         ["complaint_type"]),
        ({"complaint_class": "network", "complaint_type": "billing"}, ("network", "unknown"),
         ["complaint_type"]),
        ({"complaint_type": None}, ("other", "unknown"), ["complaint_class"]),
    ],
)  # fmt: skip
def test_a_complaint_is_of_its_type_s_class_and_never_lost(
    given: dict[str, object], class_and_type: tuple[str, str | None], columns: list[str]
) -> None:
    cleaned = _clean({**COMPLAINT, **given}, table="complaint")
    (of,), (kind,) = cleaned.accepted["complaint_class"], cleaned.accepted["complaint_type"]
    assert (of, kind if isinstance(kind, str) else None) == class_and_type
    assert _refusals(cleaned) == [(name, "value") for name in columns]


def _pieces(*rows: tuple[str, bool, str, str, int]) -> pd.DataFrame:
    names = ["cell_id", "suspect", "loaded_utc", "source_file", "source_row"]
    frame = pd.DataFrame(rows, columns=names)
    frame["loaded_utc"] = pd.to_datetime(frame["loaded_utc"], utc=True)
    start = pd.Timestamp("2026-07-01", tz="UTC")
    return frame.assign(period_start_utc=start, period_s=900, file_hash="h")


def test_of_repeated_rows_the_newest_sound_one_is_kept_whatever_the_order() -> None:
    rows = [
        ("a", False, "2026-07-02", "first.csv", 2),
        ("a", False, "2026-07-03", "again.csv", 2),
        ("a", True, "2026-07-04", "doubted.csv", 2),
        ("b", False, "2026-07-02", "first.csv", 3),
    ]
    for order in (rows, rows[::-1]):
        settled, again = one_per_key(_pieces(*order), TABLES["pm"])
        assert settled["source_file"].tolist() == ["again.csv", "first.csv"]
        assert sorted(again["source_file"]) == ["doubted.csv", "first.csv"]
        assert len(settled) + len(again) == len(rows)


def test_a_row_with_exchanged_coordinates_is_refused_and_not_mended() -> None:
    rows = [{**CELL, "cell_id": str(n)} for n in range(3)]
    cleaned = _clean(*rows, {"cell_id": "9", "lat": "-0.1", "lon": "51.5"}, table="cell")
    assert cleaned.faults == []
    assert cleaned.accepted["lat"].isna().tolist() == [False, False, False, True]
    assert "only with lat and lon exchanged" in cleaned.refused["reason"][0]
    assert cleaned.refused["source_row"].tolist() == [5]


def test_a_latitude_beyond_the_pole_is_refused() -> None:
    cleaned = _clean(CELL, {**CELL, "cell_id": "2", "lat": "139.7", "lon": "35.7"}, table="cell")
    assert cleaned.accepted["lat"].isna().tolist() == [False, True]
    assert len(cleaned.refused) == 1


def test_degrees_minutes_and_seconds_are_read() -> None:
    texts = {"lat": "51°30'26\"N", "lon": "0°7'39\"W"}
    cleaned = _clean(
        {**CELL, **texts}, {**CELL, "cell_id": "2", "lat": "51°30'26\"E"}, table="cell"
    )
    assert cleaned.accepted["lat"][0] == pytest.approx(51.507222, abs=1e-6)
    assert cleaned.accepted["lon"][0] == pytest.approx(-0.1275)
    assert cleaned.accepted["lat"].isna()[1]
    assert "degrees, minutes and seconds" in cleaned.refused["reason"][0]


@pytest.mark.parametrize(
    ("lat", "lon", "decimal", "message"),
    [
        ("51,5074", "-0,1278", ".", 'set [source] decimal = ","'),
        ("51.5074", "-0.1278", ",", 'set [source] decimal = "."'),
        ("51507400", "-127800", ".", "give [source.scale] lat = 1e-06 and lon = 1e-06"),
        ("515074000", "-1278000", ".", "give [source.scale] lat = 1e-07 and lon = 1e-07"),
    ],
)
def test_a_column_in_another_spelling_is_a_fault_with_its_remedy(
    lat: str, lon: str, decimal: str, message: str
) -> None:
    cleaned = _clean({**CELL, "lat": lat, "lon": lon}, table="cell", decimal=decimal)
    assert message in cleaned.faults[0]


def test_half_a_position_is_none() -> None:
    row = {"complaint_id": "1", "created_utc": "2026-07-01 10:00", "complaint_class": "network"}
    cleaned = _clean({**row, "lat": "412"}, table="complaint")
    assert cleaned.accepted["lat"].isna().all()


def test_global_identities_get_one_spelling_and_tell_their_enodeb() -> None:
    given = {"ecgi_or_ncgi": "460 00 103423 1", "technology": "lte"}
    lost = {"cell_id": "2", "ecgi_or_ncgi": "460-0-26476289", "technology": "lte"}
    cleaned = _clean({**CELL, **given}, {**CELL, **lost}, table="cell")
    assert cleaned.accepted["ecgi_or_ncgi"][0] == "460-00-26476289"
    assert cleaned.accepted["enb_id"][0] == 103423
    assert cleaned.accepted["ecgi_or_ncgi"].isna()[1]
    assert _refusals(cleaned) == [("ecgi_or_ncgi", "value")]


def test_an_identifier_that_a_spreadsheet_made_a_number_of_is_refused_with_the_remedy() -> None:
    rows = [{**PM, "cell_id": f"{n:03d}"} for n in range(200)]
    cleaned = _clean(*rows, {**PM, "cell_id": "2.34E+14"})
    assert len(cleaned.accepted) == 200
    assert "format the column as text" in cleaned.refused["reason"][0]
    assert cleaned.faults == []
    cleaned = _clean({**PM, "cell_id": 123456.0}, {**PM, "cell_id": 123457.0})
    assert cleaned.faults[0].startswith("cell_id: 2 texts are a number as a spreadsheet writes it")


def test_rows_of_one_key_from_files_with_other_counters_become_one() -> None:
    given = {"voice.csv": ["call_attempts", "dropped_calls"], "load.csv": ["prb_dl_used"]}
    rows = [
        (c, False, f"2026-07-0{d}", f, 2)
        for c in "ab"
        for d, f in ((2, "voice.csv"), (3, "load.csv"))
    ]
    pieces = _pieces(*rows)
    for name in ("call_attempts", "dropped_calls", "prb_dl_used"):
        pieces[name] = [
            10.0 * i if name in given[file] else np.nan
            for i, file in enumerate(pieces["source_file"])
        ]
    # of a counter that its file gives nothing is taken from another file
    pieces.loc[0, "dropped_calls"] = np.nan
    for order in (pieces, pieces[::-1]):
        settled, again = one_per_key(order, TABLES["pm"])
        assert again.empty
        assert settled["call_attempts"].tolist() == [0, 20]
        assert settled["prb_dl_used"].tolist() == [10, 30]
        assert settled["dropped_calls"].isna().tolist() == [True, False]
        assert settled["source_file"].tolist() == ["load.csv"] * 2


def test_a_newer_delivery_decides_on_the_counters_it_gives() -> None:
    rows = [
        ("a", False, "2026-07-02", "old.csv", 2),
        ("a", False, "2026-07-03", "new.csv", 2),
        ("b", False, "2026-07-03", "new.csv", 3),
        ("a", True, "2026-07-04", "doubted.csv", 2),
    ]
    pieces = _pieces(*rows).assign(
        call_attempts=[5.0, 6.0, 7.0, np.nan],
        dropped_calls=[1.0, np.nan, 2.0, np.nan],
        prb_dl_used=[40.0, np.nan, np.nan, 99.0],
    )
    settled, again = one_per_key(pieces, TABLES["pm"])
    # what the new file left empty stays so; what it has no column for comes from the old one,
    # not from what its own source doubts
    assert settled["call_attempts"].tolist() == [6, 7]
    assert settled["dropped_calls"].fillna(-1).tolist() == [-1, 2]
    assert settled["prb_dl_used"].fillna(-1).tolist() == [40, -1]
    assert again["source_file"].tolist() == ["doubted.csv"]


def test_rows_of_one_file_become_one_only_where_they_share_no_counter() -> None:
    rows = [("a", False, "2026-07-02", "one.xml", n) for n in (2, 3, 4)]
    pieces = _pieces(*rows).assign(
        call_attempts=[5.0, np.nan, 6.0],
        ho_exe_att=[np.nan, 9.0, np.nan],
        prb_dl_used=[np.nan, np.nan, 1.0],
    )
    settled, again = one_per_key(pieces, TABLES["pm"])
    assert settled[["call_attempts", "ho_exe_att"]].to_numpy().tolist() == [[5, 9]]
    assert settled["prb_dl_used"].isna().all()
    assert again["source_row"].tolist() == [4]


def test_a_position_in_one_column_and_a_row_of_totals() -> None:
    cells = [{"cell_id": "1", "lat": "(51.5, -0.1)", "lon": "(51.5, -0.1)"}]
    source = {"columns": {"cell_id": "cell_id", "lat": "place", "lon": "place"}}
    assert _column(_clean(*cells, table="cell", **source), "lon") == [-0.1]
    cleaned = _clean(PM, {**PM, "cell_id": "Total", "call_attempts": "9000"})
    assert _column(cleaned, "cell_id") == ["001"]
    assert cleaned.refused["reason"].tolist() == ["a row of totals, and no cell"]
    assert cleaned.losses == []


def test_a_doubt_that_cannot_be_read_is_a_doubt() -> None:
    rows = [
        {**PM, "cell_id": str(n), "suspect": text} for n, text in enumerate(["maybe", "false", ""])
    ]
    assert _column(_clean(*rows, na=[""]), "suspect")[:2] == [True, False]
