"""Global identities keep their digits, or say how these were lost."""

import pandas as pd
import pytest

from ingest.clean import cell_identity
from ingest.clean.cell_identity import alike, kept_apart, shared_ids, unwrapped


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


def test_ids_that_a_spreadsheet_rounded_are_known_by_their_zeros() -> None:
    true = pd.Series([f"3102601234567{n:03d}" for n in range(101, 111)])
    assert not cell_identity.are_rounded(true)
    rounded = true.str[:15] + "0"
    # ten ids of sixteen digits became two
    assert rounded.nunique() == 2
    many = pd.Series([f"31026012345{n:04d}0" for n in range(40)])
    assert cell_identity.are_rounded(many)
    assert not cell_identity.are_rounded(pd.concat([many, true.head(1)]))
    assert not cell_identity.are_rounded(many.str[:15])


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


def test_letters_of_other_scripts_and_marks_of_thousands_are_alike() -> None:
    ids = pd.Series(["\u0421\u0410-7", "1,234,500", "1,23"])
    assert alike(ids, pd.Series(["CA7", "CA-7", "1234500", "123"])).to_dict() == {
        "\u0421\u0410-7": "CA-7",
        "1,234,500": "1234500",
    }


def _inventory(*rows: tuple[str, str | None, str | None, str]) -> pd.DataFrame:
    columns = ["cell_id", "technology", "valid_from", "source_file"]
    return pd.DataFrame(list(rows), columns=columns)


def test_cells_of_two_technologies_share_an_id() -> None:
    one_file = _inventory(("1", "lte", None, "a"), ("1", "nr", None, "a"), ("2", "lte", None, "a"))
    two_files = _inventory(("1", "lte", None, "lte.csv"), ("1", "nr", None, "nr.csv"))
    assert shared_ids(one_file) == shared_ids(two_files) == {"1"}


def test_a_cell_that_changes_its_technology_shares_no_id() -> None:
    history = _inventory(("1", "lte", "2025-01-01", "a"), ("1", "nr", "2026-01-01", "a"))
    later = _inventory(
        ("1", "lte", None, "may"), ("2", "nr", None, "may"), ("1", "nr", None, "june"),
        ("2", "nr", None, "june"), ("3", "lte", None, "june"),
    )  # fmt: skip
    unknown = _inventory(("1", "lte", None, "a"), ("1", None, None, "a"))
    assert shared_ids(history) == shared_ids(later) == shared_ids(unknown) == set()


def test_shared_ids_carry_their_technology() -> None:
    ids, technology = pd.Series(["1", "1", "1", "2"]), pd.Series(["lte", "nr", None, "nr"])
    assert kept_apart(ids, technology, {"1"}).tolist() == ["1 lte", "1 nr", "1", "2"]


@pytest.mark.parametrize("text", ["Total", "GRAND TOTAL", "Sum:", "Gesamt", "Average (12 cells)"])
def test_totals_are_no_cells(text: str) -> None:
    assert cell_identity.of_totals(pd.Series([text, "TOTAL01", None])).tolist() == [
        True,
        False,
        False,
    ]
