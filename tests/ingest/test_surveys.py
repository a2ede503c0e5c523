"""Surveys of other tools, by the mappings that docs/your-files.md gives as examples."""

import tomllib
from pathlib import Path

import pandas as pd

from contracts.settings import Settings, Source
from ingest import sources
from ingest.clean import clean
from ingest.privacy import Door, Key

DOCS = Path(__file__).parents[2] / "docs" / "your-files.md"
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
    found = [tomllib.loads(block.partition("```")[0]) for block in blocks]
    (mapping,) = [m["source"][0] for m in found if m["source"][0]["path"].endswith(path)]
    return Source.model_validate(mapping)


def test_the_documented_mappings_have_no_fault() -> None:
    for path in ("qualtrics_*.csv", "medallia_*.csv"):
        assert list(_documented(path).faults()) == []


def test_a_medallia_export_by_its_documented_mapping(tmp_path: Path) -> None:
    path, source = tmp_path / "m.csv", _documented("medallia_*.csv")
    path.write_text(MEDALLIA, encoding="utf-8")
    assert sources.missing_columns(path, source) == []
    raw = sources.read(path, source, door=Door(lambda: [Key(b"k" * 32)]))
    found = clean(raw, source, Settings(), file="m.csv", file_hash="abc")
    rows = found.accepted.set_index("response_id")
    assert rows["survey_type"].to_dict() == {"881": "relationship", "883": "transactional"}
    assert rows["answered_utc"]["881"] == pd.Timestamp("2026-07-01T20:05Z")
    assert rows["invited_utc"]["881"] == pd.Timestamp("2026-06-28T05:00Z")
    assert rows["survey_weight"].tolist() == [1.5, 0.5]
    assert rows["subscriber_id"]["881"] == rows["subscriber_id"]["883"]
    assert rows["text_redacted"]["883"] == "call [number]"
    assert rows["loc_method"].tolist() == ["point", "none"]
    # an answer without a score, and one of a survey of neither kind
    refused = found.refused[found.refused["scope"] == "row"]
    assert refused["source_row"].tolist() == [3, 5]
