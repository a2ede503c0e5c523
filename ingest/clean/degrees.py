"""Coordinates as people write them: degrees, minutes and seconds, and letters of the compass."""

import re

import numpy as np
import pandas as pd

LETTERS = {"lat": "NS", "lon": "EW"}
"""Letters of the compass on each axis."""

# prime, apostrophe and double prime, closing quotation mark, masculine ordinal
_MARKS = str.maketrans(
    {"\u2032": "'", "\u2019": "'", "\u2033": '"', "\u201d": '"', "\u00ba": "\u00b0", ",": "."}
)
_NUMBER = r"\d+(?:\.\d+)?"
_WRITTEN = re.compile(
    rf"([NSEW+-])?\s*({_NUMBER})\s*(?:[\u00b0:\s]\s*)?"
    rf"(?:(?<=[\u00b0:\s])({_NUMBER})\s*(?:[':\s]\s*)?(?:(?<=[':\s])({_NUMBER})\s*\"?\s*)?)?([NSEW])?"
)


def decimal(texts: pd.Series, *, letters: str) -> pd.Series:
    """Decimal degrees of texts such as 51°30'26"N, N51 30.43 or 0.1276W; NaN = not so written.

    `texts`: as a file has them. `letters`: those of the axis, NS or EW; a text with a letter of the
    other axis, with two letters or with both a letter and a sign is not understood. A decimal comma
    is as good as a point.

    >>> decimal(pd.Series(["51 30 36 N", "N51,51", "0.1276W"]), letters="NS").tolist()
    [51.51, 51.51, nan]
    """
    distinct = texts.dropna().unique()
    return texts.map({text: _one(str(text), letters) for text in distinct}).astype(float)


def _one(text: str, letters: str) -> float:
    plain = text.strip().upper().translate(_MARKS).replace("''", '"')
    match = _WRITTEN.fullmatch(plain)
    if not match:
        return np.nan
    before, *numbers, after = match.groups()
    degrees, minutes, seconds = (float(number or 0) for number in numbers)
    mark = (before or "") + (after or "")
    if mark not in ("", "+", "-", *letters) or max(minutes, seconds) >= 60:
        return np.nan
    size = degrees + minutes / 60 + seconds / 3600
    return -size if mark in ("-", "S", "W") else size
