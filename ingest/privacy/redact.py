"""Free text without what shows who wrote it: numbers, addresses of the net, names.

It errs on the side of taking out: a date in digits goes with the telephone numbers. What it can't
know stays: a name that is in no list and that nothing introduces (docs/privacy.md).
"""

import re
from pathlib import Path

import pandas as pd

from contracts.errors import SettingsError
from ingest.privacy.msisdn import UNSEEN as _UNSEEN
from ingest.privacy.msisdn import plain

_MAIL = re.compile(
    r"(?<!\S)\S*(?:@|%40)\S+|(?<![\w.+-])[\w.+-]+\s?[(\[{]\s?at\s?[)\]}]\s?[\w-]+(?:\s?(?:\.|[(\[{]\s?dot\s?[)\]}])\s?[\w-]+)+",
    re.IGNORECASE,
)
_LINK = re.compile(r"\b(?:[a-z][a-z0-9+.-]{0,30}://|www\.)\S+", re.IGNORECASE)
_ACCOUNT = re.compile(r"\b[A-Z]{2}\d{2}(?:[ -]?[A-Z0-9]{4}){2,7}(?:[ -]?[A-Z0-9]{1,3})?\b", re.I)
_KEYED = re.compile(
    r"\b(?P<said>(?:account|customer|contract|subscriber|kunden?|konto|vertrags?|compte|client"
    r"|cuenta|conto|cliente)(?:\s?-?(?:no\.?|number|id|nr\.?|nummer|numéro|número|numero))?)"
    r"\s?[:#]?\s*(?=[\w-]*\d)[A-Za-z0-9][\w-]{3,}",
    re.IGNORECASE,
)
_ADDRESS = re.compile(
    r"\b\d{1,3}(?:\.\d{1,3}){3}\b"
    r"|\b[0-9a-f]{2}(?:[:-][0-9a-f]{2}){5}\b"
    r"|(?<![\w:])(?=[0-9a-f:]*:[0-9a-f:]*:)[0-9a-f]{0,4}(?::[0-9a-f]{0,4}){2,7}(?![\w:])",
    re.IGNORECASE,
)
# \d is any script's digit; up to three signs or spaces may part two of them
_NUMBER = re.compile(r"\(?\+?\d(?:[\W_]{0,3}\d){5,}")

_WORD = r"[^\W\d_]+(?:['’`-][^\W\d_]+)*"
_PARTICLE = r"(?:(?:von|van|der|den|de|del|della|di|da|do|dos|du|la|le|al|el|bin|ibn|ben|af|zu)\s+)"
_CAPITAL = r"(?-i:[^\Wa-zß-öø-ÿ\d_])"
_GIVEN = rf"{_PARTICLE}*{_CAPITAL}(?:\w|['’`-](?=\w))*\.?"
_NAMES = rf"{_GIVEN}(?:\s+{_GIVEN}){{0,3}}"
_TITLE = re.compile(
    r"\b(?P<title>mr|mrs|ms|miss|mx|dr|prof|sir|herrn?|frau|sr|sra|srta|senhora?|señora?|don|doña"
    r"|m|mm|mme|mlle|monsieur|madame|mademoiselle|sig|signora?|sig\.ra|dott|dhr|mevr|mevrouw|meneer"
    rf"|pan|pani|shri|smt|kumari)\b\.?\s+(?:{_NAMES}|(?<=mr )\w+|(?<=mrs )\w+|(?<=mr\. )\w+)",
    re.IGNORECASE,
)
_SAID = re.compile(
    r"\b(?P<said>(?:my|the|her|his)?\s?(?:first |last |full )?name(?:'s| is|\s?[:=])"
    r"|(?:nom|prénom|nombre|nome|naam|vorname|nachname|apellido)\s?[:=]"
    r"|je m['’]appelle|mon nom est|ich hei(?:ß|ss)e|mein name ist|me llamo|mi nombre es"
    r"|meu nome é|(?:eu )?me chamo|chamo-me|mi chiamo|il mio nome è|mijn naam is|ik heet"
    rf"|nazywam się|mera naam)\s+{_WORD}(?:\s+{_WORD})?(?:\s+{_GIVEN}){{0,2}}",
    re.IGNORECASE,
)
_SIGNED = re.compile(
    r"\b(?P<said>(?:best|kind|warm)?\s?regards|sincerely|yours truly|(?:gr(?:ü|ue)(?:ß|ss)en?)"
    r"|cordialement|saludos|atentamente|saluti|groet(?:en)?|i am|i'm|this is|ich bin|je suis|soy)"
    rf"[\s,.!-]+{_NAMES}",
    re.IGNORECASE,
)
_TOKEN = re.compile(_WORD)

# in labels and in names of files digits are dates and counters as a rule
_CODED_MAIL = re.compile(
    r"(?<![\w.+-])[\w.+-]+(?:@|%40|\s?[(\[{]\s?at\s?[)\]}]\s?)[\w-]+"
    r"(?:\s?(?:\.|[(\[{]\s?dot\s?[)\]}])\s?[\w-]+)*",
    re.IGNORECASE,
)
_CODED = re.compile(r"(?<!\d)\(?\+?\d(?:[\W_]{0,3}\d){6,}")
_FEWEST_DIGITS, _FEWEST_ABROAD, _FEWEST_BEHIND_LETTERS = 8, 7, 9
_YEAR, _MONTH, _DAY = r"(?:199\d|20[0-3]\d)", r"(?:0[1-9]|1[0-2])", r"(?:0[1-9]|[12]\d|3[01])"
_SIXTY = r"[0-5]\d"
_CLOCK = (
    rf"(?:[01]\d|2[0-4])(?::?{_SIXTY}(?::?{_SIXTY}(?:[.,]\d{{1,9}})?)?)?"
    rf"(?:Z|[+-](?:0\d|1[0-4]):?{_SIXTY})?"
)
_WHEN = re.compile(
    rf"(?<![\d+])(?:{_YEAR}{_MONTH}{_DAY}(?:[T_.-]?{_CLOCK}(?:-{_CLOCK})?)?"
    rf"|{_YEAR}(?P<sign>[-_./]){_MONTH}(?P=sign){_DAY}(?:[T _.-]{_CLOCK})?"
    rf"|{_DAY}(?P<mark>[-_./]){_MONTH}(?P=mark){_YEAR}(?:[T _.-]{_CLOCK})?"
    rf"|{_YEAR}[-_./]{_MONTH})(?!\d)"
)
_BESIDE_DATES = 3
"""Digits that may stand beside a date: a counter, a number of a file."""
_CLASS = re.compile(r"([1-9]\d{0,5}0[01])\s?[-–]\s?([1-9]\d{0,5}(?:00|99))")
"""A class of amounts, such as 10000-19999, which strata are named after."""
_OURS = re.compile(r"\b\d{6}-(?=\d*[a-f])[0-9a-f]{12}\b|~(?=\d*[a-f])[0-9a-f]{8}\b")
"""Names of our snapshots, and what keeps names of files apart."""


def read_names(path: Path) -> frozenset[str]:
    """Every word of a list of names, folded; raises SettingsError where it can't be read.

    `path`: a text in UTF-8; lines that begin with # are no names.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeError) as error:
        raise SettingsError("[privacy] names_file can't be read", [f"{path}: {error}"]) from None
    lines = (line for line in text.splitlines() if not line.lstrip().startswith("#"))
    return frozenset(word.casefold() for line in lines for word in _TOKEN.findall(plain(line)))


def texts(values: pd.Series, names: frozenset[str] = frozenset()) -> pd.Series:
    """Free text with e-mails, links, numbers and names taken out; missing stays missing.

    `values`: one text a row. `names`: folded words that are somebody's name wherever they stand.
    """
    redacted = {text: _redacted(str(text), names) for text in values.dropna().unique()}
    return values.map(redacted).astype("str")


def codes(values: pd.Series) -> pd.Series:
    """Labels and codes with e-mails and telephone numbers taken out; dates and short ones stay.

    `values`: one text a row; missing stays missing. As of `code`.
    """
    redacted = {text: code(str(text)) for text in values.dropna().unique()}
    return values.map(redacted).astype("str")


def code(text: str) -> str:
    """One label, name of a file or line of a log, without e-mails and telephone numbers.

    `text`: the label, name or line. Taken out are eight digits or more, seven behind a plus or two
    zeros, with up to three signs or spaces between two of them. A date, with its clock, stays, and
    a class of amounts: where a number can be read as a date it is taken for one.
    """
    text = _CODED_MAIL.sub("[e-mail]", _UNSEEN.sub("", text))
    parts, begin = [], 0
    for ours in _OURS.finditer(text):
        parts += [_CODED.sub(_number_or, text[begin : ours.start()]), ours[0]]
        begin = ours.end()
    return "".join([*parts, _CODED.sub(_number_or, text[begin:])])


def _number_or(match: re.Match[str]) -> str:
    """What becomes of a run of digits and signs: it stays where it is a date, or too short."""
    text = match[0]
    amounts = _CLASS.fullmatch(text)
    if _count_digits(text) < _fewest(match) or (amounts and int(amounts[1]) < int(amounts[2])):
        return text
    rest, n_dates = _WHEN.subn(" ", text)
    is_date = n_dates > 0 and _count_digits(rest) <= _BESIDE_DATES
    return text if is_date else "[number]"


def _fewest(match: re.Match[str]) -> float:
    """Digits from which a run of them may be a telephone number."""
    before, after = match.string[: match.start()][-1:], match.string[match.end() :][:1]
    if match[0].lstrip("(").startswith(("+", "00")):
        return _FEWEST_ABROAD
    if not before.isalpha():
        return _FEWEST_DIGITS
    # between letters it is part of a digest or an id
    return float("inf") if after.isalpha() and match[0].isdigit() else _FEWEST_BEHIND_LETTERS


def _count_digits(text: str) -> int:
    return sum(map(str.isdigit, text))


def _redacted(text: str, names: frozenset[str]) -> str:
    text = plain(text)
    text = _LINK.sub("[link]", text)
    text = _MAIL.sub("[e-mail]", text)
    text = _ACCOUNT.sub("[account]", text)
    text = _KEYED.sub(r"\g<said> [account]", text)
    text = _ADDRESS.sub("[address]", text)
    text = _NUMBER.sub("[number]", text)
    text = _TITLE.sub(r"\g<title> [name]", text)
    text = _SAID.sub(r"\g<said> [name]", text)
    text = _SIGNED.sub(r"\g<said> [name]", text)
    if names:
        text = _TOKEN.sub(lambda word: _name_or(word[0], names), text)
    return text


def _name_or(word: str, names: frozenset[str]) -> str:
    parts = re.split(r"['’`-]", word.casefold())
    return "[name]" if word.casefold() in names or names.intersection(parts) else word
