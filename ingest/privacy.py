"""What protects persons as columns are read: pseudonyms and redaction.

Raw identifiers never reach disk, logs or other processes' memory: they are replaced in the
function that reads them.
"""

import hashlib
import hmac
import os
import re
from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from contracts.errors import SettingsError
from contracts.settings import Settings

IDENTIFIERS = ("subscriber_id",)
FREE_TEXT = ("text_redacted",)
_SHORTEST_KEY = 32

_EMAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_NUMBER = re.compile(r"\+?\d(?:[\s().-]?\d){5,}")
_LETTER, _DIGIT = re.compile(r"[^\W\d_]"), re.compile(r"\d")


def pseudonym_key(settings: Settings, environ: Mapping[str, str] = os.environ) -> bytes:
    """The secret key of all pseudonyms; raises SettingsError where none fit is to be had."""
    if text := environ.get("HEXPERIENCE_KEY", "").strip():
        return _long_enough(text, "$HEXPERIENCE_KEY")
    if not settings.privacy.key_file:
        raise SettingsError(
            "a source holds subscriber numbers, and there is no pseudonym key",
            [
                "set $HEXPERIENCE_KEY, or [privacy] key_file to a file of mode 0600, for example: "
                "(umask 077; openssl rand -hex 32 > pseudonym.key)",
            ],
        )
    path = settings.resolve(settings.privacy.key_file)
    return _long_enough(_secret(path), str(path))


def _secret(path: Path) -> str:
    try:
        open_to_others = path.stat().st_mode & 0o077
        text = path.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise SettingsError("[privacy] key_file can't be read", [f"{path}: {error}"]) from None
    if open_to_others:
        raise SettingsError("[privacy] key_file is open to others", [f"do: chmod 600 {path}"])
    return text


def _long_enough(text: str, where: str) -> bytes:
    if len(text) < _SHORTEST_KEY:
        remedy = f"{where}: {len(text)} characters; give at least {_SHORTEST_KEY} random ones"
        raise SettingsError("the pseudonym key is too short", [remedy])
    return text.encode()


def key_id(key: bytes) -> str:
    """A name for the key that does not tell it: another key gives other pseudonyms."""
    return hmac.new(key, b"key id", hashlib.sha256).hexdigest()[:8]


def pseudonyms(numbers: pd.Series, *, key: bytes) -> pd.Series:
    """Keyed pseudonym of each identifier, 32 hex digits; missing stays missing.

    HMAC-SHA256: a plain hash of a phone number is undone by trying all numbers.
    """
    known = {n: _token(n, key) for n in numbers.dropna().unique()}
    return numbers.map(known).astype("str")


def _token(number: object, key: bytes) -> str:
    # 00447700900123, +44 7700 900123 and the 447700900123.0 of a spreadsheet are one person
    spelling = re.sub(r"\.0$", "", str(number))
    spelling = re.sub(r"[\s().-]", "", spelling).lower()
    spelling = re.sub(r"^(?:\+|00)", "", spelling)
    return hmac.new(key, f"subscriber|{spelling}".encode(), hashlib.sha256).hexdigest()[:32]


def redact(texts: pd.Series) -> pd.Series:
    """Free text with e-mails and runs of six or more digits taken out; missing stays missing."""
    without_mail = texts.str.replace(_EMAIL, "[e-mail]", regex=True)
    return without_mail.str.replace(_NUMBER, "[number]", regex=True)


def masked(values: pd.Series) -> pd.Series:
    """The shape of each value, letters as x and digits as 9, to show why it was refused."""
    shape = values.astype("str").str.slice(0, 40)
    shape = shape.str.replace(_LETTER, "x", regex=True)
    return shape.str.replace(_DIGIT, "9", regex=True)
