"""The only door to phonenumbers: many spellings of a telephone number -> E.164 digits.

A national number is understood by the country's own rules: trunk prefixes differ (0 in Britain,
none in Italy, 8 in Russia), and a digit too many or too few is somebody else.
"""

import re
import unicodedata

import phonenumbers

_FLOAT = re.compile(r"\.0+$")
_EXPONENT = re.compile(r"^[+-]?\d+(?:[.,]\d+)?e[+-]?\d+$")
UNSEEN = re.compile(r"[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]")
"""Signs that nobody sees."""
_FEWEST, _MOST = 7, 15

LOST_DIGITS = "a number whose last digits a spreadsheet has rounded away; export it as text"
NO_NUMBER = "no telephone number; what else it may be, [source] subscriber can say"
NO_COUNTRY = "a telephone number without its country; set [operator] country"


def plain(text: str) -> str:
    """A value without what nobody sees: odd digits, odd spaces, signs of no width.

    `text`: as a source writes it.
    """
    return UNSEEN.sub("", unicodedata.normalize("NFKC", text)).strip()


def e164(text: str, country: str) -> tuple[str, str]:
    """Digits of E.164 without the plus, or '' and why not; the reason never quotes the number.

    `text`: as a source writes it, with spaces, signs or tel: in it. `country`: ISO code by which
    national numbers are understood; '' = there must be none. What begins with + or 00 is taken as
    it is, if a calling code stands there: networks test with numbers that no numbering plan has.
    """
    text = plain(text).lower()
    text = _FLOAT.sub("", text.removeprefix("tel:"))
    if _EXPONENT.match(text):
        return "", LOST_DIGITS
    text = re.sub(r"^\s*\(?00", "+", text)
    international = text.lstrip(" (").startswith("+")
    if not international and not country:
        # an export without the plus still holds its country, if it is a number anywhere
        return _valid(text) or ("", NO_COUNTRY)
    number = _parsed(text, country)
    if number is None:
        return "", NO_NUMBER
    if international or (_own(text, country) is None and phonenumbers.is_possible_number(number)):
        return _digits(number) or ("", NO_NUMBER)
    return _valid(text) or ("", NO_NUMBER)


def _own(text: str, country: str) -> tuple[str, str] | None:
    """A number of the country that only lacks the plus: 4915123456789, also a landline of Leer."""
    code = phonenumbers.country_code_for_region(country)
    return _valid(text) if re.sub(r"\D", "", text).startswith(str(code)) else None


def _parsed(text: str, country: str) -> phonenumbers.PhoneNumber | None:
    try:
        return phonenumbers.parse(text, country or None)
    except phonenumbers.NumberParseException:
        return None


def _valid(text: str) -> tuple[str, str] | None:
    number = _parsed("+" + text, "")
    return _digits(number) if number and phonenumbers.is_valid_number(number) else None


def _digits(number: phonenumbers.PhoneNumber) -> tuple[str, str] | None:
    written = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    digits = written.removeprefix("+")
    return (digits, "") if _FEWEST <= len(digits) <= _MOST else None
