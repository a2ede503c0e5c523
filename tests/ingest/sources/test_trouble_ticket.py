"""TMF621 tickets: whatever shape the file has, each ticket is a row or a reason."""

import gzip
import json
import os
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from contracts.errors import InputError
from contracts.settings.sections import Settings
from contracts.source import Source
from ingest import sources
from ingest.clean.rows import Cleaned, clean
from ingest.privacy.door import Door
from ingest.privacy.keys import Key
from ingest.sources import trouble_ticket

KEY = Key(b"k" * 32)
OUTSIDE = os.environ.get("HEXPERIENCE_OUTSIDE", "")
SOURCE = Source.model_validate({"table": "complaint", "path": "x", "reader": "trouble_ticket"})
DROPS = {
    "id": "1", "creationDate": "2026-05-31T07:34:45.968Z", "ticketType": "Calls drop at home",
    "description": "cuts off; call +44 7700 900123", "severity": "Major", "status": "inProgress",
}  # fmt: skip


def _ticket(number: int = 1, **more: Any) -> dict[str, Any]:
    return {**DROPS, "id": str(number), **more}


def _read(path: Path, source: Source = SOURCE) -> sources.Raw:
    assert sources.missing_columns(path, source) == []
    return sources.read(path, source, door=Door(lambda: [KEY]))


def _written(folder: Path, content: str | bytes, name: str = "t.json") -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def _cleaned(path: Path) -> Cleaned:
    return clean(_read(path), SOURCE, Settings(), file="t.json", file_hash="h")


def _one(folder: Path, **more: Any) -> dict[str, Any]:
    """A single ticket as it is read: our columns that have a value."""
    frame = _read(_written(folder, json.dumps(_ticket(**more)))).frame
    (row,) = frame.to_dict("records")
    return {name: value for name, value in row.items() if not pd.isna(value)}


SHAPES: dict[str, Callable[[list[dict[str, Any]]], str]] = {
    "array": json.dumps,
    "pretty array": lambda tickets: json.dumps(tickets, indent=2),
    "lines": lambda tickets: "\n".join(map(json.dumps, tickets)),
    "lines with blanks": lambda tickets: "\ufeff\r\n" + "\r\n\r\n".join(map(json.dumps, tickets)),
    "one after the other": lambda tickets: "\n".join(json.dumps(t, indent=1) for t in tickets),
}


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("packed", [False, True])
def test_every_shape_of_file_gives_the_same_tickets(
    tmp_path: Path, shape: str, packed: bool
) -> None:
    text = SHAPES[shape]([_ticket(n, name="ü" * n) for n in range(1, 400)])
    data = text.encode()
    raw = _read(_written(tmp_path, gzip.compress(data) if packed else data))
    assert raw.malformed.empty
    assert raw.frame["complaint_id"].tolist() == [str(n) for n in range(1, 400)]
    assert raw.frame["source_row"].is_unique


def test_a_ticket_needs_no_mapping(tmp_path: Path) -> None:
    cleaned = _cleaned(_written(tmp_path, json.dumps(_ticket())))
    (row,) = cleaned.accepted.to_dict("records")
    assert row["created_utc"] == pd.Timestamp("2026-05-31T07:34:45.968Z")
    assert (row["complaint_class"], row["complaint_type"]) == ("network", "call_drop")
    assert (row["severity"], row["status"]) == (2, "inProgress")
    assert row["text_redacted"] == "cuts off; call [number]"


@pytest.mark.parametrize("version", [4, 5])
def test_persons_and_places_of_both_versions(tmp_path: Path, version: int) -> None:
    def related(role: str, wrap: str, **reference: str) -> dict[str, Any]:
        return {"role": role, **(reference if version == 4 else {wrap: reference})}

    texts = _one(
        tmp_path,
        relatedParty=[
            related("member", "partyOrPartyRole", id="7"),
            related("Customer", "partyOrPartyRole", id="447700900123"),
        ],
        relatedEntity=[
            related("disputedBill", "entity", id="B1"),
            related("cell", "entity", id="234-15-1"),
            related("place", "entity", name="Ilkley"),
        ],
    )
    assert len(texts["subscriber_id"]) == 32
    assert (texts["cell_id"], texts["place_text"]) == ("234-15-1", "Ilkley")


def test_a_customer_is_an_account_and_a_number_that_is_named_a_number(tmp_path: Path) -> None:
    assert SOURCE.subscriber == "account"
    columns = {"subscriber_id": "ticketCharacteristic.msisdn"}
    source = Source(table="complaint", path="x", reader="trouble_ticket", columns=columns)
    assert source.subscriber == "msisdn"
    spellings = ("+44 7700 900123", "0044 7700900123")
    texts = {
        str(_read(_written(tmp_path, json.dumps(ticket)), source).frame["subscriber_id"][0])
        for text in spellings
        for ticket in [_ticket(ticketCharacteristic=[{"name": "MSISDN", "value": text}])]
    }
    assert len(texts) == 1
    assert _one(tmp_path, relatedParty=[{"role": "customer", "id": "C-77"}])["subscriber_id"]


def test_places_in_characteristics_keep_their_digits(tmp_path: Path) -> None:
    text = json.dumps(_ticket(troubleTicketCharacteristic=[
        {"name": "latitude", "value": 1}, {"name": "longitude", "value": "-1.55"},
        {"name": "postcode", "value": "BD1 1AA"}, {"name": "cellId", "value": "LDS01A1"},
        {"name": "location", "value": {"latitude": 9}},
    ]))  # fmt: skip
    text = text.replace('"value": 1}', '"value": 53.790000000000000001}')
    (row,) = _read(_written(tmp_path, text)).frame.to_dict("records")
    assert (row["lat"], row["lon"]) == ("53.790000000000000001", "-1.55")
    assert (row["postcode"], row["cell_id"]) == ("BD1 1AA", "LDS01A1")


def test_paths_are_the_user_s_to_choose(tmp_path: Path) -> None:
    columns = {
        "cell_id": "nowhere | blank | x[kind=Cell].deep.id",
        "channel": "",
        "complaint_type": "kind",
    }
    source = Source.model_validate({**SOURCE.model_dump(exclude_unset=True), "columns": columns})
    ticket = _ticket(
        blank=" ", x=[{"kind": "site"}, {"kind": "cell", "deep": [{"id": True}]}], kind="fee"
    )
    (row,) = _read(_written(tmp_path, json.dumps(ticket)), source).frame.to_dict("records")
    assert row["cell_id"] == "true"
    assert row["complaint_type"] == "fee"
    assert "channel" not in row


def test_a_path_that_is_none_is_a_fault(tmp_path: Path) -> None:
    columns = {"cell_id": "relatedEntity[role"}
    source = Source.model_validate({**SOURCE.model_dump(exclude_unset=True), "columns": columns})
    (fault,) = sources.missing_columns(_written(tmp_path, json.dumps(DROPS)), source)
    assert "no column 'relatedEntity[role' (for cell_id)" in fault


def test_broken_lines_are_refused_one_by_one(tmp_path: Path) -> None:
    lines = [json.dumps(_ticket(1)), '{"id": 2,', "", "[1]", "7", json.dumps(_ticket(6)), '{"id"']
    raw = _read(_written(tmp_path, "\n".join(lines)))
    assert raw.frame["source_row"].tolist() == [1, 6]
    assert raw.malformed["source_row"].tolist() == [2, 4, 5, 7]
    reasons = raw.malformed["reason"].tolist()
    assert reasons[0].startswith("broken JSON at character 10")
    assert reasons[1:3] == ["no ticket, but a list", "no ticket, but a text or number"]
    assert reasons[3].endswith("the file may have been cut off here")


def test_where_an_array_breaks_is_named_and_what_was_before_is_kept(tmp_path: Path) -> None:
    whole = json.dumps([_ticket(n) for n in range(1, 1001)])
    at = whole.index('{"id": "700"')
    broken = whole[:at] + "{'id'" + whole[at + 5 :]
    raw = _read(_written(tmp_path, broken))
    assert raw.frame["source_row"].tolist() == list(range(1, 700))
    assert raw.malformed["source_row"].tolist() == [700]
    (reason,) = raw.malformed["reason"]
    assert reason.startswith(f"broken JSON at character {at + 2}: ")
    assert reason.endswith("neither it nor what follows can be read")


@pytest.mark.parametrize("packed", [False, True])
def test_a_file_that_ends_too_early_says_so(tmp_path: Path, packed: bool) -> None:
    rng = random.Random(3)  # noqa: S311  (no secret)
    noise = [_ticket(n, name=str(rng.random())) for n in range(1, 20_000)]
    data = json.dumps(noise).encode()
    data = gzip.compress(data) if packed else data
    raw = _read(_written(tmp_path, data[: len(data) // 2]))
    n = len(raw.frame)
    assert 5_000 < n < 15_000
    assert raw.malformed["source_row"].tolist() == [n + 1]
    assert raw.malformed["reason"][0].endswith("the file may have been cut off here")


@pytest.mark.parametrize("end", ["", ",", "] x"])
def test_an_array_without_its_end_and_text_after_it_are_refused(tmp_path: Path, end: str) -> None:
    raw = _read(_written(tmp_path, "[" + json.dumps(DROPS) + end))
    assert len(raw.frame) == 1
    assert raw.malformed["source_row"].tolist() == [2]


@pytest.mark.parametrize("bomb", ["[" * 200_000, '{"a":' * 200_000, '[{"a":' + "[" * 200_000])
def test_a_nesting_bomb_is_refused(tmp_path: Path, bomb: str) -> None:
    raw = _read(_written(tmp_path, bomb))
    assert raw.frame.empty
    assert "nested too deep" in raw.malformed["reason"][0]


def test_deep_lists_and_half_characters_do_no_harm(tmp_path: Path) -> None:
    deep = "[" * 400 + "]" * 400
    text = json.dumps(_ticket())[:-1] + f', "relatedParty": {deep}, "description": "\\ud800x"}}'
    (row,) = _read(_written(tmp_path, text)).frame.to_dict("records")
    assert row["text_redacted"] == "?x"


@pytest.mark.parametrize("content", ["hello", "complaint_id,x\n1,2\n", b"\x00\x01\x02", "7"])
def test_a_file_of_something_else_is_refused(tmp_path: Path, content: str | bytes) -> None:
    (fault,) = sources.missing_columns(_written(tmp_path, content), SOURCE)
    assert "can't be read as trouble_ticket: it starts with neither" in fault


def test_an_empty_file_is_named_as_such(tmp_path: Path) -> None:
    assert "the file is empty" in sources.missing_columns(_written(tmp_path, " \n"), SOURCE)[0]


def test_mutated_files_lose_nothing_and_raise_nothing_else(tmp_path: Path) -> None:
    rng = random.Random(20)  # noqa: S311
    for shape in SHAPES.values():
        whole = shape([_ticket(n) for n in range(1, 6)]).encode()
        for _ in range(60):
            data = bytearray(whole)
            for _ in range(rng.randint(1, 4)):
                data[rng.randrange(len(data))] = rng.choice(b'{}[],:"\\0\xff\n ')
            path = _written(tmp_path, bytes(data[: rng.randint(1, len(data))]))
            try:
                if not sources.missing_columns(path, SOURCE):
                    raw = sources.read(path, SOURCE, door=Door(lambda: [KEY]))
                    rows = [*raw.frame["source_row"], *raw.malformed["source_row"]]
                    assert len(set(rows)) == len(rows) > 0
            except InputError:
                pass


def test_a_long_file_is_read_piece_by_piece(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every place where a piece may end: within a ticket, a character, a line."""
    for shape in SHAPES.values():
        data = shape([_ticket(n, name="ü, [{") for n in range(1, 4)]).encode()
        path = _written(tmp_path, data)
        for size in (1, 2, 3, 7, 50):
            monkeypatch.setattr(trouble_ticket, "_CHUNK", size)
            assert _read(path).frame["complaint_id"].tolist() == ["1", "2", "3"]


@pytest.mark.outside
@pytest.mark.skipif(not OUTSIDE, reason="HEXPERIENCE_OUTSIDE names no folder of outside data")
def test_the_official_tickets_go_in_without_any_mapping() -> None:
    texts = {}
    for path in sorted((Path(OUTSIDE) / "tmf621").glob("*.json")):
        cleaned = _cleaned(path)
        rows = cleaned.accepted
        assert rows["subscriber_id"].str.len().eq(32).all()
        assert rows["channel"].eq("web").all()
        texts[path.name.split("_")[1]] = (rows["complaint_id"].tolist(), len(cleaned.refused))
    billing = rows.set_index("complaint_id")["complaint_class"]
    assert billing.to_dict() == {"3180": "account"}
    # the request has no id and no date yet; a commerce issue is no category of ours
    assert texts == {
        "create": ([], 2), "list": (["3256", "3180"], 1),
        "partialupdate": (["3180"], 0), "retrieve": (["3180"], 0),
    }  # fmt: skip


def _event(kind: str, time: str, **ticket: Any) -> dict[str, Any]:
    return {
        "eventId": time,
        "eventTime": time,
        "eventType": f"TroubleTicket{kind}Event",
        "event": {"troubleTicket": ticket},
    }


def test_events_of_one_ticket_are_one_complaint_with_its_history(tmp_path: Path) -> None:
    created = _event("Create", "2026-05-31T08:00:00Z", **_ticket(7))
    resolved = _event("StatusChange", "2026-06-02T09:00:00Z", id="7", status="resolved")
    changed = _event("AttributeValueChange", "2026-06-01T09:00:00Z", id="7", severity="Minor")
    closed = _event("StatusChange", "2026-06-05T09:00:00Z", id="7", status="closed")
    other = _event("Create", "2026-05-31T09:00:00Z", **_ticket(8))
    events = [other, created, closed, changed, resolved]
    cleaned = _cleaned(_written(tmp_path, json.dumps(events)))
    assert len(cleaned.refused) == 0
    rows = cleaned.accepted.set_index("complaint_id")
    assert rows["source_row"].to_dict() == {"8": 1, "7": 2}
    assert str(rows.loc["7", "resolved_utc"]) == "2026-06-02 09:00:00+00:00"
    assert str(rows.loc["7", "created_utc"])[:19] == "2026-05-31 07:34:45"
    assert pd.isna(rows.loc["8", "resolved_utc"])


def test_a_ticket_that_was_opened_again_is_not_resolved(tmp_path: Path) -> None:
    times = [f"2026-06-0{n}T09:00:00Z" for n in range(1, 4)]
    events = [
        _event("Create", times[0], **_ticket(7)),
        _event("StatusChange", times[1], id="7", status="resolved", resolutionDate=times[1]),
        _event("StatusChange", times[2], id="7", status="inProgress"),
    ]
    cleaned = _cleaned(_written(tmp_path, "\n".join(map(json.dumps, events))))
    assert cleaned.accepted["resolved_utc"].isna().tolist() == [True]


def test_a_created_event_without_a_date_is_dated_by_its_event(tmp_path: Path) -> None:
    ticket = {name: value for name, value in _ticket(7).items() if name != "creationDate"}
    event = _event("Create", "2026-05-31T08:00:00Z", **ticket)
    cleaned = _cleaned(_written(tmp_path, json.dumps(event)))
    assert str(cleaned.accepted["created_utc"].iloc[0]) == "2026-05-31 08:00:00+00:00"


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ({"id": "1", "name": "x", "@type": "TroubleTicketSpecification"}, "is no complaint"),
        ({"id": "1", "name": "x", "lifecycleStatus": "Active"}, "is no complaint"),
        (
            {"eventType": "TroubleTicketSpecificationCreateEvent",
             "event": {"troubleTicketSpecification": {"id": "1"}}},
            "something else than a ticket",
        ),
        (_event("Delete", "2026-05-31T08:00:00Z", id="1"), "a deletion"),
    ],
)  # fmt: skip
def test_what_only_looks_like_a_ticket_is_refused_as_what_it_is(
    value: dict[str, Any], reason: str, tmp_path: Path
) -> None:
    raw = _read(_written(tmp_path, json.dumps([_ticket(), value])))
    assert raw.frame["complaint_id"].tolist() == ["1"]
    assert raw.malformed["source_row"].tolist() == [2]
    assert reason in raw.malformed["reason"].iloc[0]
