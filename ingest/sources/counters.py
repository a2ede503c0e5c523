"""A vendor's counters -> our columns: which of them a file can give, and their values.

A counter that a file does not have disables ours with the reason; nothing becomes zero.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from contracts.expressions import Expression, Name, lacking, names, parse, vectors
from contracts.source import Source
from contracts.tables import PAIRS
from ingest.numerals import mark_doubt, numbers_of
from ingest.sources.expressions import Header, elements, value_of

_UTIL = ("prb_dl_util_pct",)


@dataclass(frozen=True)
class Asked:
    """What is asked of one file: our counters it can give, and why it can't give the others."""

    expressions: dict[str, Expression]
    """Ours that the file can give -> the formula over its counters."""
    column: dict[str, str]
    """Each name in the expressions -> their column; a name that is absent is not in it."""
    absent: dict[str, str]
    """Ours -> why not, in words."""

    def faults(self, source: Source) -> list[str]:
        """Why the file says nothing that can be used, in words; none = it does.

        `source`: the mapping that the file is read by.
        """
        given = source.given - self.absent.keys()
        has_pair = any({*pair} <= given for pair in (*PAIRS, _UTIL))
        if not source.counters or source.table != "pm" or has_pair:
            return []
        if source.partial and self.expressions:
            return []
        missing = [name for pair in (*PAIRS, _UTIL) for name in pair if name in self.absent]
        reasons = [f"{name}: {self.absent[name]}" for name in (missing or self.absent)]
        return [f"no complete pair of counters; {'; '.join(reasons)}"]


def asked_of(source: Source, header: list[str]) -> Asked:
    """What of a source's counters a file can give.

    `source`: the mapping; of several formulas for one of ours the first that can be used counts.
    `header`: names of the file's columns.
    """
    columns = Header(header)
    formulas = [(ours, parse(text)) for ours, text in source.formulas]
    column = {name: columns.find(name) for _, formula in formulas for name in names(formula)}
    column = {name: theirs for name, theirs in column.items() if theirs}
    # the last of equal keys wins: reversed, the first formula that can be used, the first lack
    lacks = [
        (ours, formula, lacking(formula, column.__contains__))
        for ours, formula in reversed(formulas)
    ]
    usable = {ours: formula for ours, formula, lack in lacks if not lack}
    absent = {ours: columns.why_not(lack) for ours, _, lack in lacks if ours not in usable}
    in_use = {name for formula in usable.values() for name in names(formula)}
    return Asked(usable, {name: t for name, t in column.items() if name in in_use}, absent)


def counted(theirs: pd.DataFrame, ours: pd.DataFrame, asked: Asked, source: Source) -> pd.DataFrame:
    """Our columns with the counters' values added; rows that are joined count as their first.

    `theirs`: the file's columns, the counters among them. `ours`: our columns so far, on one index
    with `theirs`. `asked`: what `asked_of` says of the file. `source`: the mapping. A value is NaN
    where an operand is missing; where an operand is no number, its text is the value, and `clean`
    refuses it.
    """
    columns = dict.fromkeys(asked.column.values())
    counters = pd.DataFrame({t: _without_na(theirs.get(t), theirs, source) for t in columns})
    counters, is_kept = _joined_rows(counters, theirs, ours, source)
    values = _Values(counters[is_kept], asked, source)
    new = {name: values.of(expression) for name, expression in asked.expressions.items()}
    return ours[is_kept].assign(**new).reset_index(drop=True)


class _Values:
    """Counters of one file as numbers, each text turned into numbers once."""

    def __init__(self, counters: pd.DataFrame, asked: Asked, source: Source) -> None:
        self._counters, self._asked, self._source = counters, asked, source
        self._numbers: dict[str, pd.Series] = {}

    def of(self, expression: Expression) -> pd.Series:
        """The expression's value in each row; the text of an operand that is no number."""
        value = value_of(expression, self._column, self._counters.index)
        within_vectors = {*vectors(expression)}
        for name in dict.fromkeys(names(expression)):
            if name in self._asked.column and name not in within_vectors:
                text = self._counters[self._asked.column[name]]
                is_odd = text.notna() & self._column(Name(name)).isna()
                value = value.astype(object).where(~is_odd, text) if is_odd.any() else value
        return value

    def _column(self, name: Name) -> pd.Series:
        """Numbers of a counter; NaN where the file does not have it."""
        theirs = self._asked.column.get(name.text)
        if theirs is None:
            return pd.Series(np.nan, index=self._counters.index)
        if name.element is not None:
            return elements(self._counters[theirs], name.element)
        if theirs not in self._numbers:
            self._numbers[theirs] = _numbers(self._counters[theirs], self._source)
        return self._numbers[theirs]


def mark_faults(theirs: pd.DataFrame, asked: Asked, source: Source) -> list[str]:
    """Counters whose decimal mark seems to divide thousands, in words; none = all are plain.

    `theirs`: the file's columns. `asked`: what `asked_of` says of the file. `source`: the mapping.
    """
    doubts = {
        name: mark_doubt(theirs[name], source.decimal, thousands=source.thousands)
        for name in dict.fromkeys(asked.column.values())
        if name in theirs
    }
    return [f"{name}: {doubt}" for name, doubt in doubts.items() if doubt]


def _numbers(texts: pd.Series, source: Source) -> pd.Series:
    """Numbers of one of their columns, by the marks that the source names."""
    return numbers_of(texts, source.decimal, thousands=source.thousands)


def _without_na(raw: pd.Series | None, theirs: pd.DataFrame, source: Source) -> pd.Series:
    """One of their columns without the texts that mean missing."""
    if raw is None:
        return pd.Series(np.nan, index=theirs.index)
    if not pd.api.types.is_string_dtype(raw):
        return raw
    text = raw.str.strip()
    return text.mask(text.isin(["", *source.na]))


def _joined_rows(
    counters: pd.DataFrame, theirs: pd.DataFrame, ours: pd.DataFrame, source: Source
) -> tuple[pd.DataFrame, pd.Series]:
    """The counters, and which rows are kept: those that did not go into the first of their kind."""
    all_rows = pd.Series(True, index=ours.index)
    if source.repeated_rows == "refuse" and source.vector_index not in theirs:
        return counters, all_rows
    # rows of one group say the same but for their counters
    group = ours.drop(columns="source_row").groupby(list(ours.columns[1:]), dropna=False).ngroup()
    if not group.duplicated().any():
        return counters, all_rows
    if source.vector_index in theirs:
        index = pd.to_numeric(theirs[source.vector_index], errors="coerce")
        return _vectors(counters, group, index)
    if source.repeated_rows == "combine":
        return _combined(counters, group)
    return _summed(counters, group, source), ~group.duplicated()


def _combined(counters: pd.DataFrame, group: pd.Series) -> tuple[pd.DataFrame, pd.Series]:
    """Rows that say what no earlier row of their group says go into its first row."""
    is_given, is_repeated = counters.notna(), group.duplicated()
    is_new = is_given & (is_given.groupby(group).cumsum() == 1)
    first_values = counters.groupby(group).first().reindex(group).set_axis(group.index)
    return counters.where(is_repeated, first_values), ~(is_repeated & is_new.any(axis=1))


def _summed(counters: pd.DataFrame, group: pd.Series, source: Source) -> pd.DataFrame:
    """All rows of a group added up; missing where one is missing, its text where one is odd."""
    numbers = counters.apply(_numbers, source=source)
    texts = counters.where(numbers.isna()).groupby(group).first()
    total = numbers.groupby(group).sum(skipna=False)
    if texts.notna().any(axis=None):
        total = total.astype(object).where(texts.isna(), texts)
    return total.reindex(group).set_axis(group.index)


def _vectors(
    counters: pd.DataFrame, group: pd.Series, index: pd.Series
) -> tuple[pd.DataFrame, pd.Series]:
    """Elements that fill a row each as one vector; the second row of an element is left over."""
    is_over = pd.DataFrame({"group": group, "index": index}).duplicated() | index.isna()
    single = counters[~is_over].fillna("")
    single.index = pd.MultiIndex.from_arrays([group[~is_over], index[~is_over].astype("int64")])
    positions = range(int(index.max()) + 1) if len(single) else []
    # a row for each position of each group, so that a missing element keeps its place
    full = single.reindex(pd.MultiIndex.from_product([group.unique(), positions]), fill_value="")
    joined = full.groupby(level=0).agg(",".join)
    return joined.reindex(group).set_axis(group.index), is_over | ~group.duplicated()
