"""Keys, epochs and pseudonyms: one person one name, and another key another name."""

import hashlib
import hmac
from pathlib import Path

import pandas as pd
import pytest

from contracts.errors import SettingsError
from contracts.fields import FIELDS
from contracts.settings.sections import Privacy, Settings
from contracts.source import Source
from contracts.tables import TABLES
from ingest.privacy import door as privacy_door
from ingest.privacy.door import Door
from ingest.privacy.keys import Key, pseudonym_key

OLD, NEW = "o" * 32, "n" * 32


def _settings(folder: Path, **given: str) -> Settings:
    return Settings(folder=folder, privacy=Privacy(key_file="a.key", **given))  # type: ignore[arg-type]


def _source(subscriber: str = "msisdn", table: str = "complaint") -> Source:
    return Source.model_validate({"table": table, "path": "x", "subscriber": subscriber})


def _passed(door: Door, values: list[object], subscriber: str = "msisdn") -> pd.DataFrame:
    ours = pd.DataFrame({"source_row": range(2, len(values) + 2), "subscriber_id": values})
    return door.passed(ours, _source(subscriber))[0]


def test_a_pseudonym_is_what_the_documentation_says() -> None:
    wanted = hmac.new(OLD.encode(), b"msisdn|2026Q4|447700900123", hashlib.sha256).hexdigest()[:32]
    door = Door(lambda: [Key(OLD.encode(), "2026Q4")], "GB")
    assert _passed(door, ["07700 900123"])["subscriber_id"].tolist() == [wanted]


def test_domains_and_epochs_never_meet() -> None:
    keys = [Key(OLD.encode(), epoch) for epoch in ("", "2026Q3", "2026Q4")]
    pseudonyms = {
        _passed(Door(lambda key=key: [key]), [text], domain)["subscriber_id"][0]
        for domain, text in (("msisdn", "+44770090012345"), ("imsi", "44770090012345"),
                             ("account", "44770090012345"))
        for key in keys
    }  # fmt: skip
    assert len(pseudonyms) == 9


@pytest.mark.parametrize(
    ("domain", "spellings"),
    [
        ("imsi", ["234150123456789", "234-15-0123456789", "234150123456789.0"]),
        ("account", ["ACC 0012", "acc0012", " Acc0012 "]),
        ("account", ["0012345", "0012345.0"]),
        ("email", ["Jo.Do@Example.org", " jo.do@example.org"]),
    ],
)
def test_other_identifiers_have_one_spelling_too(domain: str, spellings: list[object]) -> None:
    frame = _passed(Door(lambda: [Key(OLD.encode())]), spellings, domain)
    assert len(set(frame["subscriber_id"])) == 1
    assert frame["subscriber_id"].notna().all()


def test_numbers_of_a_parquet_file_may_be_numbers() -> None:
    door = Door(lambda: [Key(OLD.encode())], "GB")
    found = {_passed(door, [value])["subscriber_id"][0]
             for value in (447700900123, 447700900123.0, "447700900123")}  # fmt: skip
    assert len(found) == 1


def test_what_is_no_identifier_is_missing_with_a_reason_and_unquoted() -> None:
    ours = pd.DataFrame(
        {"source_row": [2, 3, 4], "subscriber_id": ["4.47E+11", "+447700900123", None]}
    )
    kept, refused = Door(lambda: [Key(OLD.encode())], "GB").passed(ours, _source())
    assert kept["subscriber_id"].isna().tolist() == [True, False, True]
    assert refused["source_row"].tolist() == [2]
    assert refused["scope"].tolist() == ["value"]
    assert "rounded away" in refused["reason"].iloc[0]
    assert "4.47" not in refused["reason"].iloc[0]


def test_who_is_forgotten_is_refused_under_an_older_key_too() -> None:
    old, new = Key(OLD.encode(), "2026Q3"), Key(NEW.encode(), "2026Q4")
    forgotten = {old.id: frozenset([old.pseudonym("msisdn", "447700900123")])}
    ours = pd.DataFrame({"source_row": [2, 3], "subscriber_id": ["07700900123", "07700900124"]})
    kept, refused = Door(lambda: [old, new], "GB", forgotten=forgotten).passed(ours, _source())
    assert kept["subscriber_id"].tolist() == [new.pseudonym("msisdn", "447700900124")]
    assert refused[["source_row", "scope", "reason"]].to_numpy().tolist() == [
        [2, "row", privacy_door.FORGOTTEN]
    ]


def test_a_key_file_lists_epochs_and_the_newest_is_used(tmp_path: Path) -> None:
    path = tmp_path / "a.key"
    path.write_text(f"# quarterly\n2026Q3 = {OLD}\n2026Q4={NEW}\n", "utf-8")
    path.chmod(0o600)
    settings = _settings(tmp_path)
    assert pseudonym_key(settings, {}) == Key(NEW.encode(), "2026Q4")
    older = _settings(tmp_path, epoch="2026Q3")
    assert pseudonym_key(older, {}) == Key(OLD.encode(), "2026Q3")
    assert privacy_door.door(older, {}).keys()[-1].epoch == "2026Q3"
    with pytest.raises(SettingsError, match="'2027Q1' is none of: 2026Q3, 2026Q4"):
        pseudonym_key(_settings(tmp_path, epoch="2027Q1"), {})


def test_one_key_alone_needs_no_epoch_even_if_it_ends_in_equal_signs(tmp_path: Path) -> None:
    base64 = "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVo0NTY3ODk="
    assert pseudonym_key(_settings(tmp_path), {"HEXPERIENCE_KEY": base64}) == Key(base64.encode())


@pytest.mark.parametrize(
    ("text", "mode", "fault"),
    [
        ("short", 0o600, "5 characters; give at least 32"),
        (f"2026Q3 = {OLD}\n2026Q4 = short", 0o600, "5 characters; give at least 32"),
        ("", 0o600, "0 characters"),
        (OLD, 0o640, "open to others"),
    ],
)
def test_an_unfit_key_is_refused(tmp_path: Path, text: str, mode: int, fault: str) -> None:
    path = tmp_path / "a.key"
    path.write_text(text, "utf-8")
    path.chmod(mode)
    with pytest.raises(SettingsError, match=fault):
        pseudonym_key(_settings(tmp_path), {})


def test_a_lost_key_of_the_forgotten_is_named(tmp_path: Path) -> None:
    (tmp_path / "forgotten.txt").write_text(f"abcd1234 {'0' * 32} 2026-11-22\n", "utf-8")
    door = privacy_door.door(_settings(tmp_path), {"HEXPERIENCE_KEY": OLD})
    with pytest.raises(SettingsError, match="pseudonyms of key abcd1234: put that key back"):
        door.keys()


def test_names_are_read_from_the_operator_s_list(tmp_path: Path) -> None:
    (tmp_path / "names.txt").write_text("# ours\nJosé\nAnne-Marie\n", "utf-8")
    door = privacy_door.door(_settings(tmp_path, names_file="names.txt"))
    ours = pd.DataFrame({"source_row": [2], "text_redacted": ["JOSÉ and anne call"]})
    kept = door.passed(ours, _source())[0]
    assert kept["text_redacted"].tolist() == ["[name] and anne call"]
    with pytest.raises(SettingsError, match="names_file can't be read"):
        privacy_door.door(_settings(tmp_path, names_file="none.txt"))


def test_every_text_of_a_person_s_row_is_looked_through() -> None:
    """A column is hidden, redacted, chosen from a list, or a key; there is nothing else."""
    for name in privacy_door.PERSONS:
        apart = {*privacy_door.IDENTIFIERS, *privacy_door.FREE_TEXT, *privacy_door._labels(name)}
        for field in TABLES[name].fields:
            if field.type == "VARCHAR" and field.name not in apart and not field.choices:
                assert field.name.endswith("_id") or field.name in ("source_file", "file_hash")
    assert set(privacy_door.FREE_TEXT) <= set(FIELDS)
    assert privacy_door.PERSONS == ("call", "complaint", "nps")


def test_labels_of_persons_lose_telephone_numbers() -> None:
    ours = pd.DataFrame({"source_row": [2], "status": ["call back +447700900123"],
                         "complaint_id": ["447700900123"]})  # fmt: skip
    kept = Door(list).passed(ours, _source())[0]
    assert kept["status"].tolist() == ["call back [number]"]
    # a ticket's number is what everybody calls it by
    assert kept["complaint_id"].tolist() == ["447700900123"]
