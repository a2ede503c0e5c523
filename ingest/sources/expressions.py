"""Expressions over a file's own columns -> our numbers.

Missing stays missing: an operand that is missing or a divisor that is zero gives no value, unless
the expression itself says ``known(...)``.
"""

import re
from collections.abc import Callable

import numpy as np
import pandas as pd
import pyarrow as pa

from contracts.expressions import Expression, Known, Name, Number, Product

_THOUSANDS = re.compile(r"[+-]?\d{1,3}(?:\.\d{3})+(?:,\d+)?")
_BETWEEN_ELEMENTS = re.compile(r"[,;\s]\s*")


def numbers_of(raw: pd.Series, decimal: str) -> pd.Series:
    """Texts as float64; NaN where missing, infinite or no number (`odd` tells which)."""
    if pd.api.types.is_string_dtype(raw) and decimal == ",":
        # a point may only part thousands: 401.0 would become 4010
        odd = raw.str.contains(".", regex=False, na=False) & ~raw.str.fullmatch(
            _THOUSANDS, na=False
        )
        raw = raw.mask(odd, "?").str.replace(".", "").str.replace(",", ".")
    values = _converted(raw)
    return values.mask(np.isinf(values))


def _converted(raw: pd.Series) -> pd.Series:
    if pd.api.types.is_string_dtype(raw):
        try:  # much faster, where all are numbers
            numbers = pa.array(raw, type=pa.string(), from_pandas=True).cast(pa.float64())
            return pd.Series(numbers.to_numpy(zero_copy_only=False), index=raw.index)
        except (pa.ArrowInvalid, pa.ArrowTypeError):
            pass
    return pd.to_numeric(raw, errors="coerce").astype(float)


def elements(raw: pd.Series, which: int | str) -> pd.Series:
    """One element of each vector, or the "sum" of all: a text of numbers such as 1,0,3.

    Missing where the vector is shorter, or where an element of the sum is missing or no number.
    """
    parts = raw.astype("str").str.strip("[] ").str.split(_BETWEEN_ELEMENTS, regex=True)
    if which != "sum":
        return pd.to_numeric(parts.str[int(which)], errors="coerce").astype(float)
    long = pd.to_numeric(parts.explode(), errors="coerce").astype(float)
    return long.groupby(level=0).sum(skipna=False).reindex(raw.index)


def value_of(of: Expression, column: Callable[[Name], pd.Series], like: pd.Index) -> pd.Series:
    """The expression's value in each row; `column` gives a counter's numbers."""
    if isinstance(of, Number):
        return pd.Series(of.value, index=like)
    if isinstance(of, Name):
        return column(of)
    if isinstance(of, Known):
        terms = [value_of(term, column, like) for term in of.terms]
        return pd.concat(terms, axis=1).sum(axis=1, min_count=1)
    if isinstance(of, Product):
        value = pd.Series(1.0, index=like)
        for mark, factor in of.factors:
            operand = value_of(factor, column, like)
            value = value * operand if mark == "*" else value / operand.mask(operand == 0)
    else:
        value = pd.Series(0.0, index=like)
        for sign, term in of.terms:
            value = value + sign * value_of(term, column, like)
    return value.mask(np.isinf(value))


class Header:
    """Which of their columns an expression's name stands for.

    Exports write units and numbers behind a name: "L.Cell.Avail.Dur (s)", "MAX_RTWP (M8005C314)".
    A column is known by its whole text, by what stands before the bracket, and by what stands in
    it. A name given with a unit also fits a column without any, and none with another.
    """

    def __init__(self, columns: list[str]) -> None:
        self._parts = {text: _head_and_bracket(text) for text in columns}

    def find(self, name: str) -> str:
        """Their column; empty where none or several could be meant."""
        fitting = [name] if name in self._parts else self._fitting(name)
        return fitting[0] if len(fitting) == 1 else ""

    def why_not(self, name: str) -> str:
        """Why `find` finds nothing, in words."""
        head = _head_and_bracket(name)[0]
        alike = self._fitting(name) or [t for t, (of, _) in self._parts.items() if of == head]
        return f'no column "{name}"' + (f", but {', '.join(alike)}" if alike else "")

    def _fitting(self, name: str) -> list[str]:
        head, unit = _head_and_bracket(name)
        if unit:
            fit = {(head, unit), (head, ""), (head, "None")}
            return [text for text, parts in self._parts.items() if parts in fit]
        return [text for text, parts in self._parts.items() if head in parts]


def _head_and_bracket(text: str) -> tuple[str, str]:
    found = re.fullmatch(r"(.+?)\s*\(([^()]*)\)", text.strip())
    return (found[1], found[2].strip()) if found else (text.strip(), "")
