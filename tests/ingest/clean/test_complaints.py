"""Complaints from a CRM export and from trouble tickets, through a whole run."""

import json
from pathlib import Path

import pandas as pd
import pytest

from contracts.complaints import TYPES
from contracts.settings.load import load
from ingest.warehouse.store import Warehouse
from tests.bench.operator import Operator

HOUSE = Path(__file__).parents[3]
SOURCES = """
[[source]]
table = "complaint"
path = "raw/crm_*.csv"
[source.columns]
complaint_id = "Ticket"
created_utc = "Opened"
subscriber_id = "MSISDN"
complaint_type = "Category"
postcode = "Post Code"
cell_id = "Cell"
[source.patterns.complaint_type]
call_drop = "drop|cuts? off"
billing = "bill"
[[source]]
table = "complaint"
path = "raw/*.jsonl"
reader = "trouble_ticket"
[source.columns]
subscriber_id = "troubleTicketCharacteristic.msisdn"
"""
PLACE = 'country = "GB"\npostcodes = "raw/postcodes.csv"\n[grid]'
CRM = """Ticket,Opened,MSISDN,Category,Post Code,Cell
C1,13/03/2026 09:00,07700900001,Calls drop,AB1 2CD,001
C2,02/03/2026 09:00,07700900002,My bill,,001
C3,03/03/2026 09:00,07700900002,Bill again,,001
C4,04/03/2026 09:00,07700900003,Rude staff,,999
C5,05/03/2026 09:00,,It cuts off,ZZ9 9ZZ,
"""
TICKETS = [
    {"id": "T1", "creationDate": "2026-03-12T04:30:00Z", "ticketType": "Dropped calls",
     "troubleTicketCharacteristic": [
         {"name": "msisdn", "value": "07700 900001"}, {"name": "cellId", "value": "001"}]},
    {"id": "T2", "creationDate": "2026-03-14T04:30:00Z", "ticketType": "Slow internet",
     "relatedEntity": [{"role": "place", "entity": {"id": "p", "name": "old  town"}}]},
]  # fmt: skip


@pytest.fixture
def warehouse(operator: Operator, monkeypatch: pytest.MonkeyPatch) -> Warehouse:
    monkeypatch.setenv("HEXPERIENCE_KEY", "k" * 32)
    config = operator.folder / "hexperience.toml"
    text = config.read_text("utf-8").replace("[grid]", PLACE)
    counters = text.index('[[source]]\ntable = "pm"')
    config.write_text(text[:counters] + SOURCES, "utf-8")
    operator.write("postcodes.csv", "postcode,place,lat,lon\nab12cd,Old Town,19.01,73.01\n")
    operator.write("crm_1.csv", CRM)
    operator.write("tickets.jsonl", "\n".join([*map(json.dumps, TICKETS), "{broken", ""]))
    receipt = operator.ingest().loc["complaint"]
    assert (receipt["n_read"], receipt["n_accepted"], receipt["n_refused"]) == (8, 7, 1)
    return operator.warehouse


def test_every_complaint_is_of_a_class_and_somewhere(warehouse: Warehouse) -> None:
    table = warehouse.read("complaint").set_index("complaint_id").sort_index()
    assert table["complaint_class"].tolist() == [
        "network", "account", "account", "other", "network", "network", "network"
    ]  # fmt: skip
    assert table["complaint_type"].tolist() == [
        "call_drop", "billing", "billing", "unknown", "call_drop", "call_drop", "data_slow"
    ]  # fmt: skip
    assert table["loc_method"].tolist() == [
        "postcode", "cell", "cell", "cell", "none", "cell", "stated_place"
    ]  # fmt: skip
    # 13/03 tells how the column is written; the operator's clock is five and a half hours ahead
    assert table.loc["C2", "created_utc"] == pd.Timestamp("2026-03-02T03:30Z")
    assert table["subscriber_id"]["C1"] == table["subscriber_id"]["T1"]


def test_what_a_reader_must_know_is_in_the_notes(warehouse: Warehouse) -> None:
    notes = warehouse.read("quality").set_index(["table_name", "check_name"])["message"]
    messages = notes.loc["complaint"]
    assert messages["categories"].startswith(
        "1 complaints (12.5 %) have a category that is not mapped"
    )
    assert messages["categories"].endswith(".csv row 5.")
    assert "crm_1" not in messages["categories"]
    assert messages["repeats"].startswith(
        "2 of 7 contacts (28.6 %) repeat one of the 7 days before"
    )
    assert "28.6 % name no subscriber" in messages["repeats"]
    # cell 999 has no footprint, and ZZ9 9ZZ is no postcode of ours
    assert messages["positions"].startswith("71.4 % of 7 rows can be located (42.9 % cell, 14.3 % ")
    assert "postcode were impossible" in messages["lost values: postcode"]


def test_neither_numbers_nor_postcodes_are_written(warehouse: Warehouse) -> None:
    written = b"".join(path.read_bytes() for path in warehouse.path.rglob("*") if path.is_file())
    for text in (b"7700900", b"7700 900", b"AB1 2CD", b"ab12cd", b"old  town", b"Rude"):
        assert text not in written


def test_the_example_and_the_guide_are_in_step_with_the_taxonomy() -> None:
    example = load(HOUSE / "examples" / "complaints.toml", environ={})
    assert [source.reader for source in example.source] == ["delimited", "trouble_ticket"]
    assert example.source[1].columns["cell_id"] == "troubleTicketCharacteristic.servingCell"
    guide = (HOUSE / "docs" / "files" / "complaints.md").read_text("utf-8")
    for of, types in TYPES.items():
        assert f"| `{of}` | {', '.join(f'`{name}`' for name in types)} |" in guide
