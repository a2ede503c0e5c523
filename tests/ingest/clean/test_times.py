"""Days without a clock, ends of days, ends that mean "never": right, or refused with a reason."""

import pandas as pd
import pytest

from contracts.settings.sections import Operator, Settings
from contracts.source import Source
from ingest.clean.rows import Cleaned, clean
from ingest.clean.times import localized, parsed, without_ends
from ingest.sources import Raw

COUNTERS = {"cell_id": "A", "call_attempts": "100", "dropped_calls": "2", "period_s": "3600"}
OUTAGE = {"outage_id": "O1", "cell_id": "A", "start_utc": "2026-09-04 20:00"}


def _clean(rows: list[dict[str, str]], table: str, zone: str = "UTC", **mapping: object) -> Cleaned:
    frame = pd.DataFrame(rows).astype("str")
    columns = {name: name for name in frame}
    frame["source_row"] = range(2, len(rows) + 2)
    source = Source.model_validate({"table": table, "path": "x", "columns": columns, **mapping})
    raw = Raw(frame, pd.DataFrame({"source_row": [], "reason": []}))
    settings = Settings(operator=Operator(timezone=zone))
    return clean(raw, source, settings, file="f.csv", file_hash="abc")


def _starts(texts: list[str], **mapping: object) -> Cleaned:
    rows = [{**COUNTERS, "period_start_utc": text} for text in texts]
    return _clean(rows, "pm", **mapping)


@pytest.mark.parametrize(
    ("zone", "day", "begins"),
    [
        ("America/Santiago", "2026-09-06", "2026-09-06T04:00Z"),
        ("Africa/Cairo", "2026-04-24", "2026-04-23T22:00Z"),
        ("Asia/Beirut", "2026-03-29", "2026-03-28T22:00Z"),
        ("America/Sao_Paulo", "2018-11-04", "2018-11-04T03:00Z"),
        ("America/Asuncion", "2017-10-01", "2017-10-01T04:00Z"),
        # there the clock shows midnight twice
        ("America/Havana", "2026-11-01", "2026-11-01T04:00Z"),
        ("Atlantic/Azores", "2026-10-25", "2026-10-25T00:00Z"),
    ],
)
def test_a_day_without_a_clock_begins_at_its_first_instant(
    zone: str, day: str, begins: str
) -> None:
    rows = [{"complaint_id": "1", "created_utc": day, "complaint_type": "call_drop"}]
    cleaned = _clean(rows, "complaint", zone)
    assert list(cleaned.accepted["created_utc"]) == [pd.Timestamp(begins)]
    assert list(cleaned.accepted["time_grain"]) == ["day"]
    counters = {**COUNTERS, "period_start_utc": day, "period_s": "82800"}
    assert list(_clean([counters], "pm", zone).accepted["period_start_utc"]) == [
        pd.Timestamp(begins)
    ]


def test_an_hour_at_a_midnight_that_is_none_stays_refused() -> None:
    cleaned = _starts(["2026-09-06 00:00"], zone="America/Santiago")
    assert cleaned.accepted.empty
    assert "clock change" in cleaned.refused["reason"][0]


def test_a_month_begins_where_the_clock_jumps() -> None:
    month = pd.Series(pd.to_datetime(["2017-10-01"]))
    begins = localized(month, pd.Series([True]), "America/Asuncion")
    assert begins.iloc[0] == pd.Timestamp("2017-10-01T04:00Z")


@pytest.mark.parametrize(
    ("text", "layouts"),
    [
        ("2026-03-11 24:00", ()),
        ("2026-03-11T24:00:00Z", ()),
        ("20260311T240000", ()),
        ("2026-03-11 24", ()),
        ("2026-03-11 24:00:00+00:00", ()),
        ("11.03.2026 24:00", ("%d.%m.%Y %H:%M",)),
        ("2026031124", ("%Y%m%d%H",)),
        ("20260311 24", ("%Y%m%d %H",)),
        ("2026-03-11 24:00", ("%d/%m/%Y %H:%M", "%Y-%m-%d %H:%M")),
    ],
)
def test_a_day_may_end_at_24(text: str, layouts: tuple[str, ...]) -> None:
    times = parsed(pd.Series([text, None], dtype="str"), layouts)
    read = times.instant.dt.tz_localize(None).fillna(times.naive)
    assert read[0] == pd.Timestamp("2026-03-12")
    assert times.bad.tolist() == [False, False]


@pytest.mark.parametrize("text", ["2026-03-11 24:10", "2026-03-11 25:00", "2026-03-11 02:60"])
def test_no_other_clock_is_beyond_24(text: str) -> None:
    assert parsed(pd.Series([text], dtype="str"), ()).bad.tolist() == [True]


def test_hours_1_to_24_are_ends() -> None:
    texts = [f"2026-03-11 {hour:02}:00" for hour in range(1, 25)]
    ends = _starts(texts, time_is="end")
    assert ends.accepted["period_start_utc"].dt.hour.tolist() == list(range(24))
    assert ends.faults == []
    starts = _starts(texts)
    assert 'set [source] time_is = "end"' in starts.faults[0]


@pytest.mark.parametrize("early", ["59:59", "59"])
def test_ends_a_second_or_a_minute_early(early: str) -> None:
    texts = [f"2026-03-11 {hour:02}:{early}" for hour in range(24)]
    cleaned = _starts(texts, time_is="end")
    assert cleaned.accepted["period_start_utc"].dt.strftime("%H:%M:%S").tolist() == [
        f"{hour:02}:00:00" for hour in range(24)
    ]


@pytest.mark.parametrize("text", ["", "n/a", "-", "open", "9999-12-31", "31/12/9999 00:00", "NULL"])
def test_ends_that_mean_never(text: str) -> None:
    cleaned = _clean([{**OUTAGE, "end_utc": text}], "outage", na=["x"])
    assert cleaned.accepted["end_utc"].isna().tolist() == [True] if text else True
    assert without_ends(pd.Series([text], dtype="str")).notna().tolist() == [text == ""]


@pytest.mark.parametrize("text", ["2026-09-05 02:60", "tomorrow", "0000-00-00", "2026-09-03 20:00"])
def test_an_end_that_cannot_be_read_is_not_never(text: str) -> None:
    cleaned = _clean([{**OUTAGE, "end_utc": text}], "outage")
    assert cleaned.accepted.empty
    assert cleaned.refused[["column_name", "scope"]].to_numpy().tolist() == [["end_utc", "row"]]
    assert cleaned.beside[0][:2] == ["A", "2026-09-04"]


def test_an_end_that_is_a_day_is_the_end_of_it() -> None:
    row = {**OUTAGE, "start_utc": "2026-09-04", "end_utc": "2026-09-04"}
    cleaned = _clean([row], "outage", "America/Santiago")
    assert list(cleaned.accepted["end_utc"]) == [pd.Timestamp("2026-09-05T04:00Z")]


def test_periods_of_validity_that_cannot_be_read() -> None:
    cell = {"cell_id": "A", "lat": "51.5", "lon": "-0.1"}
    rows = [
        {**cell, "valid_from": "1900-01-01", "valid_to": "9999-12-31"},
        {**cell, "valid_from": "2026-01-01", "valid_to": "2026-13-41"},
    ]
    cleaned = _clean(rows, "cell")
    assert cleaned.accepted[["valid_from", "valid_to"]].isna().all(axis=None)
    assert cleaned.refused[["source_row", "scope"]].to_numpy().tolist() == [[3, "row"]]


def test_a_list_of_formats_reads_each_text_by_the_first_that_fits() -> None:
    texts = ["2026-03-11 10:00", "12/03/2026 11:00"]
    layouts = ["%Y-%m-%d %H:%M", "%d/%m/%Y %H:%M"]
    cleaned = _starts(texts, formats={"period_start_utc": layouts})
    assert cleaned.accepted["period_start_utc"].dt.strftime("%d %H").tolist() == ["11 10", "12 11"]


def test_words_at_the_ends_of_a_scale_lose_no_answer() -> None:
    scores = ["10 - Extremely likely", "7", "0 - Not at all likely"]
    row = {"survey_type": "relationship", "answered_utc": "2026-03-01 10:00"}
    rows = [{**row, "response_id": str(n), "score": text} for n, text in enumerate(scores)]
    assert _clean(rows, "nps").accepted["score"].tolist() == [10, 7, 0]


@pytest.mark.parametrize(
    ("values", "fault"),
    [
        ({"call_attempts": ["737", "1.182"]}, 'thousands = "."'),
        ({"prb_dl_util_pct": ["12,5", "40,2"]}, 'decimal = ","'),
        ({"prb_dl_util_pct": ["45 %", "50 %"]}, '[source.units] prb_dl_util_pct = "%"'),
    ],
)
def test_marks_and_units_are_faults_that_tell_the_line_to_write(
    values: dict[str, list[str]], fault: str
) -> None:
    rows = [
        {**COUNTERS, "period_start_utc": f"2026-03-01 0{n}:00"}
        | {name: texts[n] for name, texts in values.items()}
        for n in range(2)
    ]
    assert fault in " ".join(_clean(rows, "pm").faults)


def test_formats_that_read_one_text_differently_are_a_fault() -> None:
    layouts = ["%d/%m/%Y %H:%M", "%m/%d/%Y %H:%M"]
    faults = _starts(["05/03/2026 10:00"], formats={"period_start_utc": layouts}).faults
    assert "1 texts fit several formats" in faults[0]
    assert not _starts(["25/03/2026 10:00"], formats={"period_start_utc": layouts}).faults


def test_hours_of_one_digit_are_read_as_those_of_two() -> None:
    texts = pd.Series([f"2026-03-11 {hour}" for hour in range(1, 25)], dtype="str")
    times = parsed(texts, ())
    assert not times.bad.any()
    assert times.naive.dt.hour.tolist() == [*range(1, 24), 0]
