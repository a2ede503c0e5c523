"""What each value means and whether it can be: nothing is lost, nothing is guessed."""

import pandas as pd
import pytest

from contracts.settings import Operator, Settings, Source
from contracts.tables import TABLES, check
from geo import hexgrid
from ingest.clean import Cleaned, clean, settle
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


def _told(cleaned: Cleaned) -> list[tuple[str, str]]:
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
    assert _told(cleaned) == [("period_start_utc", "row")]
    assert "clock change" in cleaned.refused["reason"][0]


@pytest.mark.parametrize(
    ("column", "value", "reason"),
    [
        ("call_attempts", "-5", "outside 0..1e+12 n"),
        ("dropped_calls", "many", "not a number"),
        ("call_setups", "101", "more than call_attempts"),
        ("dropped_calls", "inf", "not a number"),
    ],
)
def test_an_impossible_value_is_missing_and_told(column: str, value: str, reason: str) -> None:
    cleaned = _clean({**PM, column: value})
    assert pd.isna(cleaned.accepted[column][0])
    assert _told(cleaned) == [(column, "value")]
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
    assert _told(cleaned) == [("cell_id", "row"), ("period_start_utc", "row")]
    assert cleaned.refused["reason"][1] == "not a time"
    assert cleaned.refused["masked_value"][1] == "xxxxxxxxx"
    assert cleaned.refused["source_row"].tolist() == [2, 3]


def test_per_cents_and_availability_become_what_adds_up() -> None:
    row = {**PM, "prb_dl_util_pct": "62.5", "availability": "99"}
    cleaned = _clean(row, scale={"availability": 0.01})
    assert _column(cleaned, "prb_dl_used") == [62.5]
    assert _column(cleaned, "prb_dl_avail") == [100.0]
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
    row = {"complaint_id": "1", "created_utc": "2026-07-01 10:00", "complaint_class": "Noise"}
    cleaned = _clean(row, table="complaint")
    assert cleaned.accepted.empty
    assert "map it in [source.values.complaint_class]" in cleaned.refused["reason"][0]


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
        kept, again = settle(_pieces(*order), TABLES["pm"])
        assert kept["source_file"].tolist() == ["again.csv", "first.csv"]
        assert sorted(again["source_file"]) == ["doubted.csv", "first.csv"]
        assert len(kept) + len(again) == len(rows)
