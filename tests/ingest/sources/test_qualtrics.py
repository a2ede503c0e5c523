"""Answers as Qualtrics exports them: who answered is hidden, what is no answer is refused."""

import csv
import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from contracts.settings.sections import Operator, Settings
from contracts.source import Source
from ingest import sources
from ingest.clean.rows import Cleaned, clean
from ingest.privacy.door import Door
from ingest.privacy.keys import Key

KEY = Key(b"k" * 32)
PLAIN = {
    "StartDate": "2026-07-01 09:55:00", "EndDate": "2026-07-01 10:00:00", "Status": "IP Address",
    "IPAddress": "203.0.113.7", "Progress": "100", "Finished": "True", "ResponseId": "R_1",
    "RecipientLastName": "Smith", "RecipientEmail": "a.smith@example.org",
    "ExternalReference": "+44 7700 900123", "LocationLatitude": "51.5", "LocationLongitude": "-0.1",
    "DistributionChannel": "email", "Q1": "9", "Q1_NPS_GROUP": "Promoter",
    "Q2": "fine, mail\na.smith@example.org", "Home Cell": "001",
}  # fmt: skip
ZONED = ("StartDate", "EndDate")


def _write(path: Path, *rows: dict[str, str], zone: str = "Europe/London") -> Path:
    imports = [
        json.dumps({"ImportId": name} | ({"timeZone": zone} if name in ZONED and zone else {}))
        for name in PLAIN
    ]
    asked = ["How likely are you\nto recommend us, 0 to 10?" if n == "Q1" else n for n in PLAIN]
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        lines = csv.writer(file)
        lines.writerows([list(PLAIN), asked, imports])
        lines.writerows([list({**PLAIN, **row}.values()) for row in rows])
    return path


def _source(**given: Any) -> Source:
    how = {"timezone": "Europe/London", "constants": {"survey_type": "relationship"}, **given}
    return Source.model_validate({"table": "nps", "path": "x", "reader": "qualtrics", **how})


def _cleaned(path: Path, source: Source) -> Cleaned:
    raw = sources.read(path, source, door=Door(lambda: [KEY]))
    settings = Settings(operator=Operator(timezone="Asia/Kolkata"))
    return clean(raw, source, settings, file=path.name, file_hash="abc")


def test_little_need_be_given(tmp_path: Path) -> None:
    source = _source()
    assert list(source.faults()) == []
    low = {"ResponseId": "R_2", "Q1": "0", "Q1_NPS_GROUP": "1"}
    cleaned = _cleaned(_write(tmp_path / "q.csv", {}, low), source)
    rows = cleaned.accepted
    assert rows["response_id"].tolist() == ["R_1", "R_2"]
    assert rows["score"].tolist() == [9, 0]
    assert rows["answered_utc"][0] == pd.Timestamp("2026-07-01T09:00Z")
    assert rows["source_row"].tolist() == [4, 5]
    assert cleaned.refused.empty
    assert cleaned.faults == []


def test_a_person_is_a_pseudonym_and_the_rest_stays_outside(tmp_path: Path) -> None:
    path = _write(tmp_path / "q.csv", {})
    columns = {"subscriber_id": "ExternalReference", "text_redacted": "Q2", "cell_id": "Home Cell"}
    source = _source(columns=columns)
    assert list(source.faults()) == []
    (row,) = _cleaned(path, source).accepted.to_dict("records")
    assert len(row["subscriber_id"]) == 32
    assert row["text_redacted"] == "fine, mail\n[e-mail]"
    assert row["cell_id"] == "001"
    message = " ".join(map(str, row.values()))
    for secret in ("Smith", "example.org", "900123", "203.0.113"):
        assert secret not in message
    assert pd.isna(row["lat"])


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"lat": "LocationLatitude"}, "not where the customer is"),
        ({"lon": "LocationLongitude"}, "not where the customer is"),
        ({"stratum": "IPAddress"}, "not where the customer is"),
        ({"stratum": "{IPAddress}-{Q1}"}, "not where the customer is"),
        ({"stratum": "RecipientEmail"}, "subscriber_id only"),
        ({"cell_id": "ExternalReference"}, "subscriber_id only"),
        ({"subscriber_id": "RecipientLastName", "wave": "RecipientLastName"}, "subscriber_id only"),
    ],
)
def test_what_tells_an_address_or_a_person_is_never_mapped(
    columns: dict[str, str], message: str
) -> None:
    (fault,) = _source(columns=columns).faults()
    assert message in fault
    assert fault.startswith("[source.columns]")


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({"Status": "Survey Preview"}, "a preview"),
        ({"Status": "1"}, "a preview"),
        ({"Status": "Survey Test"}, "a test"),
        ({"Status": "Spam"}, "a spam"),
        ({"Status": "12"}, "a spam"),  # imported and spam
        ({"Finished": "False"}, "not completed"),
        ({"Finished": "0", "Q1": ""}, "not completed"),
        ({"Q1": "3"}, "Q1 and its group contradict"),
        ({"Q1": "9", "Q1_NPS_GROUP": "2"}, "Q1 and its group contradict"),
        ({"Q1": "11"}, "Q1 and its group contradict"),
    ],
)
def test_what_is_no_customer_s_answer_is_refused(
    tmp_path: Path, row: dict[str, str], reason: str
) -> None:
    good = [{"ResponseId": f"R_{n}", "Status": "IP Address"} for n in range(2, 5)]
    cleaned = _cleaned(_write(tmp_path / "q.csv", row, *good), _source())
    assert cleaned.accepted["response_id"].tolist() == ["R_2", "R_3", "R_4"]
    assert cleaned.refused["source_row"].tolist() == [4]
    assert reason in cleaned.refused["reason"][0]


def test_imported_and_offline_answers_count_and_other_words_for_groups(tmp_path: Path) -> None:
    rows = [{"Status": "4"}, {"Status": "16"}, {"Status": "Imported", "Q1_NPS_GROUP": "Förderer"}]
    rows = [{"ResponseId": f"R_{n}", **row} for n, row in enumerate(rows)]
    assert len(_cleaned(_write(tmp_path / "q.csv", *rows), _source()).accepted) == 3


def test_a_scale_of_one_to_eleven_is_refused_not_shifted(tmp_path: Path) -> None:
    rows = [
        {"ResponseId": f"R_{n}", "Q1": str(n + 1), "Q1_NPS_GROUP": "1" if n < 7 else "3"}
        for n in range(11)
    ]
    path = _write(tmp_path / "q.csv", *rows)
    with pytest.raises(ValueError, match=r"q\.csv.*coded otherwise than 0 to 10; recode"):
        sources.read(path, _source(), door=Door(lambda: [KEY]))


@pytest.mark.parametrize(("zone", "wanted"), [("America/Denver", "America/Denver"), ("Z", "UTC")])
def test_the_zone_that_the_file_names_must_be_the_source_s(
    tmp_path: Path, zone: str, wanted: str
) -> None:
    path = _write(tmp_path / "q.csv", {}, zone=zone)
    (fault,) = sources.missing_columns(path, _source())
    assert f'set [source] timezone = "{wanted}"' in fault
    assert sources.missing_columns(path, _source(timezone=wanted)) == []
    assert sources.missing_columns(_write(path, {}, zone=""), _source(timezone="")) == []


def test_a_file_without_its_three_header_rows_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "q.csv"
    path.write_text("ResponseId,EndDate,Q1\nR_1,2026-07-01 10:00,9\nR_2,2026-07-01 10:00,9\n")
    (fault,) = sources.missing_columns(path, _source())
    assert 'set reader = "delimited"' in fault
    path.write_text("")
    assert sources.missing_columns(path, _source()) == [f"{path}: the file is empty"]


def test_rows_of_another_width_are_refused_by_their_own_number(tmp_path: Path) -> None:
    path = _write(tmp_path / "q.csv", {}, {"ResponseId": "R_2"})
    with path.open("a", encoding="utf-8") as file:
        file.write("2026-07-01,only,three\n")
    cleaned = _cleaned(path, _source())
    assert cleaned.accepted["source_row"].tolist() == [4, 5]
    assert cleaned.refused["source_row"].tolist() == [6]
