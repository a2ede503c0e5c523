"""Surveys by the mappings that docs/files/surveys.md gives; who was asked and who answered."""

import tomllib
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from contracts.settings.sections import Settings
from contracts.source import Source
from ingest import sources
from ingest.clean.rows import clean
from ingest.privacy.door import Door
from ingest.privacy.keys import Key
from ingest.quality import surveys
from ingest.settle.repeats import superseded
from ingest.warehouse.publish import publish
from tests.bench.operator import Operator

DOCS = Path(__file__).parents[3] / "docs" / "files" / "surveys.md"
MEDALLIA = """\
Survey ID,Survey Program,Response Date,Invitation Sent,Likelihood to Recommend,Customer ID,\
Fiscal Period,Segment,Weight,Home Latitude,Home Longitude,Comment
881,Annual Relationship,07/01/2026 03:05 PM,06/28/2026,10,3125550100,FY26P07,pay,1.5,41.88,-87.63,ok
882,Contact Center,07/02/2026 09:00 AM,N/A,N/A,312 555 0101,FY26P07,prepaid,1,41.88,-87.63,
883,Retail Visit,07/02/2026 09:00 AM,N/A,6,3125550100,FY26P07,postpaid,0.5,N/A,N/A,call 312 555 0100
884,Pulse,07/02/2026 09:00 AM,N/A,6,3125550100,FY26P07,postpaid,0.5,N/A,N/A,
"""


def _documented(path: str) -> Source:
    blocks = DOCS.read_text(encoding="utf-8").split("```toml\n")[1:]
    strata = [tomllib.loads(block.partition("```")[0]) for block in blocks]
    (mapping,) = [m["source"][0] for m in strata if m["source"][0]["path"].endswith(path)]
    return Source.model_validate(mapping)


def test_the_documented_mappings_have_no_fault() -> None:
    for path in ("qualtrics_*.csv", "medallia_*.csv"):
        assert list(_documented(path).faults()) == []


def test_a_medallia_export_by_its_documented_mapping(tmp_path: Path) -> None:
    path, source = tmp_path / "m.csv", _documented("medallia_*.csv")
    path.write_text(MEDALLIA, encoding="utf-8")
    assert sources.missing_columns(path, source) == []
    raw = sources.read(path, source, door=Door(lambda: [Key(b"k" * 32)], country="US"))
    strata = clean(raw, source, Settings(), file="m.csv", file_hash="abc")
    rows = strata.accepted.set_index("response_id")
    assert rows["survey_type"].to_dict() == {"881": "relationship", "883": "transactional"}
    assert rows["answered_utc"]["881"] == pd.Timestamp("2026-07-01T20:05Z")
    assert rows["invited_utc"]["881"] == pd.Timestamp("2026-06-28T05:00Z")
    assert rows["survey_weight"].tolist() == [1.5, 0.5]
    assert rows["subscriber_id"]["881"] == rows["subscriber_id"]["883"]
    assert rows["text_redacted"]["883"] == "call [number]"
    assert rows["loc_method"].tolist() == ["point", "none"]
    # an answer without a score, and one of a survey of neither kind
    refused = strata.refused[strata.refused["scope"] == "row"]
    assert refused["source_row"].tolist() == [3, 5]


# --------------------------------------------------------------- who was asked, who answered


def _answers(*rows: tuple[str, str | None, str | None, str, str]) -> pd.DataFrame:
    names = ["response_id", "subscriber_id", "wave", "survey_type", "answered_utc"]
    frame = pd.DataFrame(rows, columns=names).assign(stratum="a")
    return frame.assign(
        answered_utc=pd.to_datetime(frame["answered_utc"], utc=True, format="ISO8601")
    )


def test_the_last_answer_of_a_person_type_and_wave_counts() -> None:
    answers = _answers(
        ("1", "p", "w1", "relationship", "2026-07-03"),
        ("2", "p", "w1", "relationship", "2026-07-01"),
        ("3", "p", "w2", "relationship", "2026-07-02"),
        ("4", "p", "w1", "transactional", "2026-07-02"),
        ("5", None, "w1", "relationship", "2026-07-02"),
        ("6", None, "w1", "relationship", "2026-07-02"),
        ("7", "q", None, "relationship", "2026-07-31T18:00"),
        ("8", "q", None, "relationship", "2026-07-31T19:00"),  # August in Kolkata
        ("9", "q", None, "relationship", "2026-08-01"),
    )
    again = superseded(answers, zone="Asia/Kolkata")
    assert answers["response_id"][again].tolist() == ["2", "8"]


def _invites(*rows: tuple[str, str, float, float | None], **given: object) -> pd.DataFrame:
    names = ["wave", "stratum", "n_invited", "n_completed"]
    frame = pd.DataFrame(rows, columns=names).astype({"n_completed": float})
    return frame.assign(n_delivered=frame["n_invited"], **{"survey_type": None, **given})


def _responses(invites: pd.DataFrame, answers: pd.DataFrame) -> pd.DataFrame:
    strata = surveys.responses(invites, answers, zone="UTC", fewest=16)
    return strata.set_index(["wave", "stratum"])


def test_small_strata_are_not_shown_nor_what_would_give_them_away() -> None:
    invites = _invites(
        ("w1", "a", 400, 90), ("w1", "b", 300, 60), ("w1", "c", 15, 9),
        ("w2", "a", 400, 90), ("w2", "b", 300, 4), ("w2", "c", 12, 9),
        ("w3", "a", 400, 90), ("w3", "b", 300, 60),
    )  # fmt: skip
    strata = _responses(invites, _answers(("1", "p", "w1", "relationship", "2026-07-03")))
    hidden = strata[strata["shown"] == "hidden"]
    assert hidden.index.tolist() == [("w1", "b"), ("w1", "c"), ("w2", "b"), ("w2", "c")]
    assert hidden[["n_invited", "n_delivered", "n_completed", "n_answers"]].isna().all(axis=None)
    assert strata.loc[("w1", "a"), "n_answers"] == 1


def test_completed_answers_are_those_that_came_in_where_nobody_counts_them() -> None:
    answers = _answers(
        *[(f"{n}", f"p{n % 6}", "w1", "relationship", f"2026-07-0{1 + n // 6}") for n in range(12)]
    )
    invites = _invites(("w1", "a", 40, None), ("w1", "b", 50, 20))
    strata = _responses(invites, answers)
    assert strata["n_completed"].tolist() == [6, 20]
    # answers of two kinds are never put together: the invitations must say which they were for
    both = pd.concat([answers, _answers(("x", "x", "w1", "transactional", "2026-07-01"))])
    strata = _responses(invites, both.reset_index(drop=True))
    assert strata["n_answers"].isna().all()
    stated = _invites(("w1", "a", 40, None), survey_type="transactional")
    assert _responses(stated, both.reset_index(drop=True))["shown"].tolist() == ["hidden"]


def test_a_scale_without_zero_is_known_by_its_ones() -> None:
    from_one = pd.Series([1] * 5 + [9] * 95)
    assert surveys.lacks_zero(from_one)
    assert not surveys.lacks_zero(from_one.replace({1: 0}))
    assert not surveys.lacks_zero(from_one.head(99))
    # nobody who is very unhappy answered
    assert not surveys.lacks_zero(pd.Series([7] * 100))


def test_what_weights_cost() -> None:
    assert surveys.design_effect(pd.Series([2.0, 2.0, 2.0])) == pytest.approx(1)
    # 1 + cv^2 = 1 + 0.25
    assert surveys.design_effect(pd.Series([1.0, 3.0])) == pytest.approx(1.25)


SURVEYS = """
[[source]]
table = "nps"
path = "raw/nps.csv"
subscriber = "account"
[source.columns]
response_id = "id"
subscriber_id = "who"
survey_type = "type"
wave = "wave"
stratum = "stratum"
answered_utc = "at"
score = "score"
survey_weight = "weight"
[[source]]
table = "nps_invite"
path = "raw/invites.csv"
[source.columns]
wave = "wave"
stratum = "stratum"
n_invited = "invited"
[source.constants]
survey_type = "relationship"
"""


def test_a_run_tells_response_rates_repetitions_and_weights(
    operator: Operator, counters: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HEXPERIENCE_KEY", "k" * 32)
    operator.configure(SURVEYS)
    operator.write("pm_1.csv", counters("2026-03-01", n=4))
    answers = [
        f"{n},p{n % 30},relationship,w1,{'ab'[n % 2]},2026-03-0{1 + n // 30},9,{1 + n % 2}"
        for n in range(40)
    ]
    head = "id,who,type,wave,stratum,at,score,weight\n"
    operator.write("nps.csv", head + "\n".join(answers) + "\n")
    operator.write("invites.csv", "wave,stratum,invited\nw1,a,100\nw1,b,50\n")
    operator.ingest()
    publish(operator.warehouse, "surveys", keep=1)
    rates = operator.warehouse.marts.query("response_rates").set_index("stratum")["response_rate"]
    assert rates.to_dict() == {"a": 0.15, "b": 0.3}
    messages = operator.warehouse.read("quality").set_index("check_name")["message"]
    assert messages["response rate relationship"].startswith("20.0 % of 150 invited in wave w1")
    assert messages["several answers of one person"].startswith("10 of 40 answers")
    assert "30 relationship answers worth 27" in messages["weights: relationship"]
