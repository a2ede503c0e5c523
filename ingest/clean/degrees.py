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

_DEGREES = r"([+-]?\d{1,3}(?:\.\d+)?)"
_POINT = re.compile(rf"(?i)POINT\s*Z?\s*\(\s*{_DEGREES}\s+{_DEGREES}")
_PAIR = re.compile(rf"(?:^|[(\[])\s*{_DEGREES}\s*(?:[,;/|]\s*|\s+){_DEGREES}\s*(?:$|[)\]])")


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


def of_pairs(texts: pd.Series, name: str) -> pd.Series:
    """Latitude or longitude of texts that hold both; NaN = none.

    `texts`: such as "51.5, -0.1", "(51.5; -0.1)", "Leeds (53.8, -1.5)" or "POINT (-0.1 51.5)",
    which begins with the longitude. `name`: lat or lon.

    >>> of_pairs(pd.Series(["TX 78701 (30.3, -97.7)", "POINT (-97.7 30.3)", "TX"]), "lat").tolist()
    [30.3, 30.3, nan]
    """
    point = texts.str.extract(_POINT).rename(columns={0: "lon", 1: "lat"})
    pair = texts.str.extract(_PAIR).rename(columns={0: "lat", 1: "lon"})
    return pd.to_numeric(point[name].fillna(pair[name]), errors="coerce").astype(float)


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
