"""Expressions over a file's own columns -> our numbers.

Missing stays missing: an operand that is missing or a divisor that is zero gives no value, unless
the expression itself says ``known(...)``.
"""

import re
from collections.abc import Callable

import numpy as np
import pandas as pd

from contracts.expressions import Expression, Known, Name, Number, Product

_BETWEEN_ELEMENTS = re.compile(r"[,;\s]\s*")


def elements(raw: pd.Series, which: int | str) -> pd.Series:
    """One element of each vector, or the sum of all its elements.

    `raw`: vectors as texts of numbers such as 1,0,3. `which`: position of the element from 0, or
    "sum". NaN where the vector is shorter, or where an element of the sum is missing or no number.

    >>> elements(pd.Series(["1,0,3"]), 2).tolist(), elements(pd.Series(["1,0,3"]), "sum").tolist()
    ([3.0], [4.0])
    """
    parts = raw.astype("str").str.strip("[] ").str.split(_BETWEEN_ELEMENTS, regex=True)
    if which != "sum":
        return pd.to_numeric(parts.str[int(which)], errors="coerce").astype(float)
    numbers = pd.to_numeric(parts.explode(), errors="coerce").astype(float)
    return numbers.groupby(level=0).sum(skipna=False).reindex(raw.index)


def value_of(
    expression: Expression, column: Callable[[Name], pd.Series], index: pd.Index
) -> pd.Series:
    """The expression's value in each row; NaN where an operand is missing or a divisor is zero.

    `expression`: a formula over counters. `column`: gives a counter's numbers by its name. `index`:
    the rows, as the numbers have them.
    """
    if isinstance(expression, Number):
        return pd.Series(expression.value, index=index)
    if isinstance(expression, Name):
        return column(expression)
    if isinstance(expression, Known):
        terms = [value_of(term, column, index) for term in expression.terms]
        return pd.concat(terms, axis=1).sum(axis=1, min_count=1)
    if isinstance(expression, Product):
        value = pd.Series(1.0, index=index)
        for mark, factor in expression.factors:
            operand = value_of(factor, column, index)
            value = value * operand if mark == "*" else value / operand.mask(operand == 0)
    else:
        value = pd.Series(0.0, index=index)
        for sign, term in expression.terms:
            value = value + sign * value_of(term, column, index)
    return value.mask(np.isinf(value))


class Header:
    """Which of their columns an expression's name stands for.

    Exports write units and numbers behind a name: "L.Cell.Avail.Dur (s)", "MAX_RTWP (M8005C314)".
    A column is known by its whole text, by what stands before the bracket, and by what stands in
    it. A name given with a unit also fits a column without any, and none with another.

    >>> columns = Header(["L.Cell.Avail.Dur (s)", "MAX_RTWP (M8005C314)"])
    >>> columns.find("L.Cell.Avail.Dur"), columns.find("M8005C314"), columns.find("RTWP")
    ('L.Cell.Avail.Dur (s)', 'MAX_RTWP (M8005C314)', '')
    """

    def __init__(self, columns: list[str]) -> None:
        self._parts = {text: _head_and_bracket(text) for text in columns}

    def find(self, name: str) -> str:
        """Their column for a `name` of an expression; empty where none or several fit."""
        columns = [name] if name in self._parts else self._fitting(name)
        return columns[0] if len(columns) == 1 else ""

    def why_not(self, name: str) -> str:
        """Why `find` gives no column for a `name`, in words."""
        head = _head_and_bracket(name)[0]
        columns = self._fitting(name) or [
            text for text, (its_head, _) in self._parts.items() if its_head == head
        ]
        return f'no column "{name}"' + (f", but {', '.join(columns)}" if columns else "")

    def _fitting(self, name: str) -> list[str]:
        head, unit = _head_and_bracket(name)
        if unit:
            heads = {(head, unit), (head, ""), (head, "None")}
            return [text for text, parts in self._parts.items() if parts in heads]
        return [text for text, parts in self._parts.items() if head in parts]


def _head_and_bracket(text: str) -> tuple[str, str]:
    match = re.fullmatch(r"(.+?)\s*\(([^()]*)\)", text.strip())
    return (match[1], match[2].strip()) if match else (text.strip(), "")
