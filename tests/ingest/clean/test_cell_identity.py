"""Global identities keep their digits, or say how these were lost."""

import pandas as pd
import pytest

from ingest.clean import cell_identity
from ingest.clean.cell_identity import alike, unwrapped


def _one(text: str | None, technology: str = "lte") -> tuple[object, str]:
    ids, reasons = cell_identity.global_ids(pd.Series([text]), pd.Series([technology]))
    return ids[0], reasons[0]


@pytest.mark.parametrize(
    ("text", "technology", "wanted"),
    [
        ("234-015-26476801", "lte", "234-015-26476801"),
        ("234-01-0026476801", "lte", "234-01-26476801"),
        ("460:00:103423:1", "lte", f"460-00-{103423 * 256 + 1}"),
        ("460_00_103423/255", "lte", f"460-00-{103423 * 256 + 255}"),
        ("310-410-68719476735", "nr", "310-410-68719476735"),
        ("310-410-68719476735", "", "310-410-68719476735"),
        ("460-00-4660-22136", "gsm", "460-00-4660-22136"),
        ("460 00 65535 268435455", "umts", "460-00-65535-268435455"),
    ],
)
def test_one_spelling(text: str, technology: str, wanted: str) -> None:
    assert _one(text, technology) == (wanted, "")
    assert _one(wanted, technology) == (wanted, "")


@pytest.mark.parametrize(
    ("text", "technology", "reason"),
    [
        ("23415268435456", "lte", 'as in "{MCC}-{MNC}-{ECI}"'),
        ("2.34E+14", "lte", "no mcc-mnc-number"),
        ("234-1-26476801", "lte", "a leading zero was lost"),
        ("34-015-26476801", "lte", "a leading zero was lost"),
        ("234-015-268435456", "lte", "28 bits"),
        ("234-015-68719476736", "nr", "36 bits"),
        ("234-015-1048576-1", "lte", "eNodeB of more than 20 bits"),
        ("234-015-1-256", "lte", "cell above 255"),
        ("234-015-65536-1", "gsm", "LAC of more than 16 bits"),
        ("234-015-1-2", "nr", "give the NCI whole"),
        ("234-015-1-2", "", "and the technology"),
        ("234-015-1-2-3", "lte", "no mcc-mnc-number"),
        ("234-015-1A", "lte", "no mcc-mnc-number"),
    ],
)
def test_what_is_none_says_why(text: str, technology: str, reason: str) -> None:
    identity, reason_given = _one(text, technology)
    assert pd.isna(identity)
    assert reason in reason_given


def test_missing_is_missing_and_the_enodeb_is_the_upper_part() -> None:
    assert pd.isna(_one(None)[0])
    assert _one(None)[1] == ""
    ids = pd.Series(["460-00-26476289", None])
    assert cell_identity.enb_ids(ids)[0] == 103423
    assert cell_identity.enb_ids(ids).isna()[1]


def test_numbers_of_a_spreadsheet() -> None:
    ids = pd.Series(
        ["2.34E+14", "2,34E+14", "123456.0", "2E+5", "123456", "1E5", "A1.0", "1.5", None]
    )
    identity = cell_identity.from_a_spreadsheet(ids)
    assert identity.tolist() == [True, True, True, True, False, False, False, False, False]


@pytest.mark.parametrize(
    "text",
    [
        '="00123"',
        "'00123",
        '"00123"',
        "=00123",
        '="00123" ',
        "\u200b00123",
        "00123\u00a0",
        "\ufeff00123",
        "00\u00ad123",
        "\uff10\uff10\uff11\uff12\uff13",
        "\u202a00123\u202c",
        "00123\x00",
        '\'="00123"',
    ],
)
def test_identifiers_lose_what_spreadsheets_put_around_them(text: str) -> None:
    assert unwrapped(pd.Series([text, "00124", None], dtype="str")).tolist()[:2] == [
        "00123",
        "00124",
    ]


def test_identifiers_keep_what_is_theirs() -> None:
    ids = pd.Series(["LDS-03/B1", "a b", "Zürich 1", "x=1", "O'Neill-1", None], dtype="str")
    assert unwrapped(ids).equals(ids)
    assert unwrapped(pd.Series(['=""', "\u200b"], dtype="str")).isna().all()


def test_ids_that_are_alike() -> None:
    others = pd.Series(["00123", "ABC-1", "X_7"])
    ids = pd.Series(["123", "abc-1", "X-7", "X_7", "124"])
    assert alike(ids, others).to_dict() == {"123": "00123", "abc-1": "ABC-1", "X-7": "X_7"}
