"""Numbers as people write them: read where they are plain, named as a fault where they are not."""

import pandas as pd
import pytest

from ingest.numerals import mark_doubt, numbers_of, scale_numbers, units_in


def _texts(*texts: str | None) -> pd.Series:
    return pd.Series(texts, dtype="str")


@pytest.mark.parametrize(
    "text", ["1 182", "1\u00a0182", "1\u202f182", "1\u2009182", "1'182", "1\u2019182", "+1182.0"]
)
def test_blanks_and_apostrophes_divide_thousands(text: str) -> None:
    assert numbers_of(_texts(text, "7"), ".").tolist() == [1182, 7]


def test_a_mark_of_thousands_is_read_where_the_column_leaves_no_doubt() -> None:
    assert numbers_of(_texts("1,182", "737"), ".", whole=True).tolist() == [1182, 737]
    assert numbers_of(_texts("12,34,567.5", "1,182"), ".").tolist() == [1234567.5, 1182]
    assert numbers_of(_texts("1,182", "7,5"), ".", whole=True).isna().all()
    assert numbers_of(_texts("1,182"), ".", thousands=",").tolist() == [1182]
    # no thousands begin with a nought
    assert numbers_of(_texts("0.123"), ",").isna().all()


@pytest.mark.parametrize(
    ("texts", "whole", "is_doubted"),
    [
        (["737", "1.182"], True, True),
        (["1.182", "1500"], True, True),
        (["737", "1.234.567"], False, True),
        (["737", "1.182", "0.5"], True, False),
        (["12.345", "7.125"], False, False),
        (["7", *(f"{n}.{n}" for n in range(101, 131))], False, True),
        (["7000", *(f"{n}.{n}" for n in range(101, 131))], False, False),
        (["737", "1182"], True, False),
    ],
)
def test_a_decimal_mark_that_divides_thousands(
    texts: list[str], whole: bool, is_doubted: bool
) -> None:
    assert bool(mark_doubt(_texts(*texts), ".", whole=whole)) == is_doubted
    commas = _texts(*(text.replace(".", ",") for text in texts))
    assert bool(mark_doubt(commas, ",", whole=whole)) == is_doubted
    assert mark_doubt(_texts(*texts), ".", thousands=",", whole=whole) == ""


def test_units_are_named_and_taken_off_where_they_are_declared() -> None:
    texts = _texts("20 MHz", "10MHz", "5", None)
    assert units_in(texts) == {"MHz": 2}
    assert numbers_of(texts, ".", units=["MHz"]).tolist()[:3] == [20, 10, 5]
    assert numbers_of(_texts("\u00a31,200.50", "45 %"), ".", units=["\u00a3", "%"]).tolist() == [
        1200.5,
        45,
    ]
    assert units_in(_texts("12:30", "2026-03-01", "x", "1e5")) == {}


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("10 - Extremely likely", 10),
        ("0 = Not at all likely", 0),
        ("10 (Extremely likely)", 10),
        ("Extremely likely (10)", 10),
        ("Extremely likely - 10", 10),
        ("(10) Extremely likely", 10),
        ("10: Extremely likely", 10),
        ("0 \u2013 \u00dcberhaupt nicht", 0),
        ("\uff11\uff10", 10),
        ("9/10", 9),
        ("9 out of 10", 9),
        ("8 sur 10", 8),
    ],
)
def test_words_beside_a_number_of_a_scale(text: str, number: int) -> None:
    assert scale_numbers(_texts(text), 10).tolist() == [number]


@pytest.mark.parametrize(
    "text", ["7 or 8", "11 - more", "likely", "-1 - none", "2026-03-01", "7.5"]
)
def test_what_is_no_number_of_a_scale(text: str) -> None:
    assert scale_numbers(_texts(text), 10).isna().all()
