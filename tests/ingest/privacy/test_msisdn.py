"""One subscriber, one spelling: whatever a spreadsheet or a switch made of the number."""

import phonenumbers
import pytest

from ingest.privacy.msisdn import LOST_DIGITS, NO_COUNTRY, NO_NUMBER, e164


@pytest.mark.parametrize(
    "spelling",
    [
        "447700900123", "+447700900123", "+44 7700 900123", "+44 (0) 7700-900.123",
        "00447700900123", "0044 7700 900 123", "07700900123", "07700 900123", "7700900123",
        "tel:+44-7700-900123", "TEL:07700900123", "447700900123.0", "(07700) 900123",
        "+4407700900123", "07700\u200b900123", "0770090012\uff13", "٠٧٧٠٠٩٠٠١٢٣",
        " 07700\u00a0900123\ufeff",
    ],
)  # fmt: skip
def test_all_spellings_of_a_number_are_one(spelling: str) -> None:
    assert e164(spelling, "GB") == ("447700900123", "")


@pytest.mark.parametrize(
    ("spelling", "country", "digits"),
    [
        ("06 12 34 56 78", "FR", "33612345678"),
        ("347 123 4567", "IT", "393471234567"),
        ("06 1234 5678", "IT", "390612345678"),  # Italy keeps its zero
        ("8 916 123-45-67", "RU", "79161234567"),
        ("06 20 123 4567", "HU", "36201234567"),
        ("(202) 555-0123", "US", "12025550123"),
        ("011 44 7700 900123", "US", "447700900123"),
        ("0044 7700 900123", "US", "447700900123"),
        ("98123 45678", "IN", "919812345678"),
        ("919812345678", "GB", "919812345678"),  # a guest's, without the plus
        ("447400123456", "", "447400123456"),
        ("+44123456", "", "44123456"),
    ],
)
def test_national_numbers_follow_their_country(spelling: str, country: str, digits: str) -> None:
    assert e164(spelling, country) == (digits, "")


@pytest.mark.parametrize("country", ["GB", "FR", "DE", "IN", "BR", "NG", "RU", "ID"])
def test_every_form_of_a_country_s_own_example_is_one(country: str) -> None:
    number = phonenumbers.example_number_for_type(country, phonenumbers.PhoneNumberType.MOBILE)
    assert number is not None
    forms = phonenumbers.PhoneNumberFormat
    written = [
        phonenumbers.format_number(number, form)
        for form in (forms.E164, forms.INTERNATIONAL, forms.NATIONAL, forms.RFC3966)
    ]
    digits = written[0].removeprefix("+")
    assert {e164(text, country) for text in [*written, digits, f"00{digits}"]} == {(digits, "")}


@pytest.mark.parametrize(
    ("text", "country", "reason"),
    [
        ("4.47700900123E+11", "GB", LOST_DIGITS),
        ("4,477E+11", "DE", LOST_DIGITS),
        ("07700900123", "", NO_COUNTRY),
        ("unknown", "GB", NO_NUMBER),
        ("077009001234567", "GB", NO_NUMBER),
        ("+", "GB", NO_NUMBER),
        ("", "GB", NO_NUMBER),
    ],
)
def test_what_is_nobody_s_number_is_refused_with_a_reason(
    text: str, country: str, reason: str
) -> None:
    assert e164(text, country) == ("", reason)
