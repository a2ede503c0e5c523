"""Numbers as people and spreadsheets write them: marks, units, words at the ends of a scale.

A text such as 1.182 says nothing by itself: what a mark means is judged over the whole column, as
the order of day and month is. Readers, `ingest.clean` and `ingest.inspection` all judge by these
functions. All of them are pure, and look at distinct texts only where a column is not plain.
"""

import re
import unicodedata
from collections.abc import Collection, Iterable
from typing import Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

BLANKS: Final = " \u00a0\u2007\u2009\u202f'\u2019\u00b4`"
"""Marks that can divide nothing but thousands: blanks of all widths, and apostrophes."""

_PLAIN = r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?"
# a column of amounts needs as many numbers of three decimals before they are taken for thousands:
# of amounts cut after the third decimal one in ten ends in a zero that is not written
_ENOUGH = 20
_PREFIXES = {"": 1.0, "k": 1e3, "m": 1e6, "g": 1e9, "t": 1e12}
_SIZES = {
    **{f"{prefix}byte": ("data", 8 * size) for prefix, size in _PREFIXES.items()},
    **{f"{prefix}b": ("data", 8 * size) for prefix, size in _PREFIXES.items()},
    **{f"{prefix}bit": ("data", size) for prefix, size in _PREFIXES.items()},
    **{f"{prefix}hz": ("frequency", size) for prefix, size in _PREFIXES.items()},
    "ms": ("time", 0.001),
    "s": ("time", 1.0),
    "sec": ("time", 1.0),
    "min": ("time", 60.0),
    "h": ("time", 3600.0),
    "d": ("time", 86_400.0),
    "m": ("length", 1.0),
    "km": ("length", 1000.0),
    "ft": ("length", 0.3048),
}
_SIGNS = str.maketrans({"\u2212": "-", "\u2013": "-"})
_UNIT = re.compile(r"([+-]?\d[\d.,]*)\s*([^\d\s.,;+-][^\d]{0,11}?)")
_SCALE = re.compile(r"\(?\[?(\d{1,2})(?:\.0+)?\)?\]?(?:\s*[-\u2013\u2014:=.,|/(\[]\s*|\s+)(\D*)")
_SCALE_BEHIND = re.compile(r"(\D*?)(?:\s*[-\u2013\u2014:=|(\[]\s*|\s+)(\d{1,2})[)\]]?")


def numbers_of(
    raw: pd.Series,
    decimal: str,
    *,
    thousands: str = "",
    units: Collection[str] = (),
    whole: bool = False,
) -> pd.Series:
    """Texts as float64; NaN where missing, infinite or no number.

    `raw`: texts, or numbers already. `decimal`: the decimal mark of texts, "." or ",". `thousands`:
    the mark between thousands; empty = blanks and apostrophes are read, with a decimal comma also
    points, and with a decimal point commas where the column leaves no doubt. `units`: texts that
    stand behind or before numbers, and go. `whole`: whether the column counts something.

    >>> numbers_of(pd.Series(["1.234,5", "401.0", "1 182"]), ",").tolist()
    [1234.5, nan, 1182.0]
    >>> numbers_of(pd.Series(["1,182", "12,34,567", "7"]), ".").tolist()
    [1182.0, 1234567.0, 7.0]
    """
    if not pd.api.types.is_string_dtype(raw):
        return _finite(pd.to_numeric(raw, errors="coerce").astype(float))
    if decimal == "." and not units:
        try:  # much faster, where all are numbers
            numbers = pa.array(raw, type=pa.string(), from_pandas=True).cast(pa.float64())
            return _finite(pd.Series(numbers.to_numpy(zero_copy_only=False), index=raw.index))
        except (pa.ArrowInvalid, pa.ArrowTypeError):
            pass
    code, distinct = pd.factorize(raw)
    texts = pd.Series(distinct, dtype="str")
    texts = _without_units(texts.str.translate(_SIGNS), units)
    numbers = _plain(texts, decimal, thousands, whole=whole)
    values = pd.to_numeric(numbers, errors="coerce").astype(float).to_numpy()
    return _finite(pd.Series(np.append(values, np.nan)[code], index=raw.index))


def _finite(values: pd.Series) -> pd.Series:
    is_infinite = np.isinf(values)
    return values.mask(is_infinite) if is_infinite.any() else values


def _without_units(texts: pd.Series, units: Collection[str]) -> pd.Series:
    for unit in sorted(units, key=len, reverse=True):
        mark = re.escape(unit.strip())
        texts = texts.str.replace(rf"^(?:{mark}\s*)?(.*?)(?:\s*{mark})?$", r"\1", regex=True)
    return texts


def _plain(texts: pd.Series, decimal: str, thousands: str, *, whole: bool) -> pd.Series:
    """The texts with a decimal point and no other mark; `?` where a mark makes no sense."""
    texts = texts.map(lambda text: unicodedata.normalize("NFKC", text) if text else text)
    blank = texts.str.fullmatch(_grouped(f"[{BLANKS}]", decimal), na=False)
    texts = texts.mask(blank, texts.str.replace(f"[{BLANKS}]", "", regex=True))
    mark = thousands or (
        "." if decimal == "," else "," if _divides(texts, ",", ".", whole=whole) else ""
    )
    if mark and mark != decimal:
        has_mark = texts.str.contains(mark, regex=False, na=False)
        is_grouped = texts.str.fullmatch(_grouped(re.escape(mark), decimal), na=False)
        # 401.0 with a decimal comma would become 4010
        texts = texts.mask(has_mark & ~is_grouped, "?").str.replace(mark, "", regex=False)
    return texts.str.replace(",", ".", regex=False) if decimal == "," else texts


def _grouped(mark: str, decimal: str) -> str:
    """Regex of a number whose thousands `mark` divides, by threes or as in India by twos."""
    groups = rf"(?:{mark}\d{{3}})+|(?:{mark}\d{{2}})+{mark}\d{{3}}"
    return rf"[+-]?[1-9]\d{{0,2}}(?:{groups})(?:{re.escape(decimal)}\d*)?"


def _divides(texts: pd.Series, mark: str, decimal: str, *, whole: bool) -> bool:
    """Whether `mark` divides thousands wherever it stands in a column, without a doubt.

    `texts`: distinct ones, missing allowed. `decimal`: the decimal mark if it does.
    """
    has_mark = texts.str.contains(mark, regex=False, na=False)
    marked, others = texts[has_mark], texts[~has_mark & texts.notna()]
    if marked.empty or not marked.str.fullmatch(_grouped(re.escape(mark), decimal)).all():
        return False
    is_sure = marked.str.count(re.escape(mark)) > 1
    is_sure |= marked.str.contains(decimal, regex=False)
    if is_sure.any():
        return True
    # nothing above 999 goes without a mark, and nothing below has one
    small = others.str.fullmatch(r"[+-]?\d{1,3}", na=False)
    has_large = others.str.fullmatch(rf"[+-]?\d{{4,}}(?:{re.escape(decimal)}\d*)?", na=False).any()
    return not has_large and (whole or (bool(small.any()) and len(marked) >= _ENOUGH))


def mark_doubt(raw: pd.Series, decimal: str, *, thousands: str = "", whole: bool = False) -> str:
    """Why a column's decimal mark seems to divide thousands, in words; empty = it does not.

    `raw`: the column; numbers are never in doubt. `decimal` and `thousands`: the marks that the
    source names; with a mark of thousands nothing is in doubt. `whole`: whether the column counts
    something: then 1.182 is no count, and three digits behind every mark are doubt enough.

    >>> mark_doubt(pd.Series(["737", "1.182"]), ".", whole=True)[:44]
    '1 of 2 numbers have three digits behind a ".'
    """
    if thousands or not pd.api.types.is_string_dtype(raw) or _is_decimal(raw.head(1000), decimal):
        return ""
    if not _has(raw, decimal):
        return ""
    texts = pd.Series(raw.dropna().unique(), dtype="str").str.translate(_SIGNS)
    other = "," if decimal == "." else "."
    marked = texts[texts.str.contains(decimal, regex=False)]
    if marked.empty or not marked.str.fullmatch(_grouped(re.escape(decimal), other)).all():
        return ""
    ends = marked.str.extract(r"(\d{3})\D*$")[0]
    mixed = whole and bool((ends != "000").any())
    if not (mixed or _divides(texts, decimal, other, whole=whole)):
        return ""
    n = int(raw.isin(marked).sum())
    return (
        f'{n:,} of {int(raw.notna().sum()):,} numbers have three digits behind a "{decimal}", '
        f'none another: it seems to divide thousands; set [source] thousands = "{decimal}" and '
        f'decimal = "{other}", or, if it is the decimal mark, thousands = "{other}"'
    )


def _has(raw: pd.Series, mark: str) -> bool:
    """Whether a mark stands in any text."""
    texts = pa.array(raw, type=pa.string(), from_pandas=True)
    return bool(pc.any(pc.match_substring(texts, mark)).as_py())


def _is_decimal(raw: pd.Series, decimal: str) -> bool:
    """Whether some text has a mark that can only be the decimal mark; quick, of the first rows."""
    mark = re.escape(decimal)
    texts = pa.array(raw, type=pa.string(), from_pandas=True)
    certain = rf"^[+-]?0*{mark}|^[+-]?\d{{4,}}{mark}|^[+-]?\d*{mark}(?:\d{{1,2}}|\d{{4,}})$"
    return bool(pc.any(pc.match_substring_regex(texts, certain)).as_py())


def other_mark(texts: pd.Series, decimal: str) -> int:
    """How many texts seem to have the other decimal mark.

    `texts`: those that are no numbers, missing allowed. `decimal`: the mark that the source names.
    """
    if texts.empty:
        return 0
    other = re.escape("." if decimal == "," else ",")
    return int(texts.str.fullmatch(rf"[+-]?\d*{other}\d+", na=False).sum())


def units_in(texts: pd.Series) -> dict[str, int]:
    """Units that stand behind numbers, the most frequent first, each with how many texts have it.

    `texts`: those that are no numbers, missing allowed.

    >>> units_in(pd.Series(["20 MHz", "10 MHz", "120\u00b0", "none"]))
    {'MHz': 2, '\u00b0': 1}
    """
    counts = texts.value_counts()
    units: dict[str, int] = {}
    for text, n in counts.items():
        if match := _UNIT.fullmatch(str(text).strip()):
            units[match[2]] = units.get(match[2], 0) + int(n)
    return dict(sorted(units.items(), key=lambda unit: -unit[1]))


def sizes_differ(units: Iterable[str]) -> bool:
    """Whether some of the units measure the same in other sizes, as MB and GB do, or ms and s.

    `units`: as `units_in` gives them; those nobody knows differ from none.

    >>> sizes_differ(["MB", "GB"]), sizes_differ(["MHz", "mhz"]), sizes_differ(["GB", "s"])
    (True, False, False)
    """
    sizes: dict[str, set[float]] = {}
    for unit in units:
        kind, size = _SIZES.get(unit.strip().lower(), ("", 0.0))
        sizes.setdefault(kind, set()).add(size)
    sizes.pop("", None)
    return any(len(of_kind) > 1 for of_kind in sizes.values())


def scale_numbers(texts: pd.Series, high: float) -> pd.Series:
    """Numbers of answers on a scale that have words beside them; NaN = none that is certain.

    `texts`: answers that are no numbers, such as "10 - Extremely likely", "0 = Not at all",
    "Likely (8)" or "9 out of 10"; missing allowed. `high`: the largest number of the scale. A text
    that holds two numbers, or one beyond the scale, is not understood; nor are words alone.

    >>> scale_numbers(pd.Series(["10 - Extremely likely", "Never (0)", "9/10", "7 or 8"]), 10)
    0    10.0
    1     0.0
    2     9.0
    3     NaN
    dtype: float64
    """
    of_all = re.compile(rf"\s*(?:/|out of|of|von|sur|de|su)\s*{high:.0f}(?!\d)", re.IGNORECASE)
    numbers = {
        text: _on_scale(of_all.sub(" ", str(text)), high) for text in texts.dropna().unique()
    }
    return texts.map(numbers).astype(float)


def _on_scale(text: str, high: float) -> float:
    plain = " ".join(unicodedata.normalize("NFKC", text).split())
    if plain.isdecimal():
        number = plain
    elif match := _SCALE.fullmatch(plain):
        number = match[1]
    elif match := _SCALE_BEHIND.fullmatch(plain):
        number = match[2]
    else:
        return np.nan
    return float(number) if int(number) <= high else np.nan
