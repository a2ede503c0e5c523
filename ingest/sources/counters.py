"""A vendor's counters -> our columns: which of them a file has, and what they come to.

A counter that a file does not have disables ours with the reason; nothing becomes zero.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from contracts.expressions import Expression, Name, lacking, names, parse, vectors
from contracts.source import Source
from contracts.tables import PAIRS
from ingest.sources.expressions import Header, elements, numbers_of, value_of

_UTIL = ("prb_dl_util_pct",)


@dataclass(frozen=True)
class Asked:
    """What is asked of one file: our counters it can give, and why it can't give the others."""

    expressions: dict[str, Expression]
    column: dict[str, str]
    """Each name in the expressions -> their column; a name that is absent is not in it."""
    absent: dict[str, str]
    """Ours -> why not, in words."""

    def faults(self, source: Source) -> list[str]:
        """Why the file says nothing that can be used, in words; none = it does."""
        given = source.given - self.absent.keys()
        whole = any({*pair} <= given for pair in (*PAIRS, _UTIL))
        if not source.counters or source.table != "pm" or whole:
            return []
        if source.partial and self.expressions:
            return []
        of_pairs = [name for pair in (*PAIRS, _UTIL) for name in pair if name in self.absent]
        why = [f"{name}: {self.absent[name]}" for name in (of_pairs or self.absent)]
        return [f"no complete pair of counters; {'; '.join(why)}"]


def asked_of(source: Source, header: list[str]) -> Asked:
    """What of a source's counters a file with this header can give."""
    known = Header(header)
    parsed = [(ours, parse(text)) for ours, text in source.formulas]
    column = {name: known.find(name) for _, of in parsed for name in names(of)}
    column = {name: theirs for name, theirs in column.items() if theirs}
    lacks = [(ours, of, lacking(of, column.__contains__)) for ours, of in parsed]
    usable = {ours: of for ours, of, lack in reversed(lacks) if not lack}
    absent = {ours: known.why_not(lack) for ours, _, lack in reversed(lacks) if ours not in usable}
    used = {name for of in usable.values() for name in names(of)}
    return Asked(usable, {name: t for name, t in column.items() if name in used}, absent)


def counted(theirs: pd.DataFrame, ours: pd.DataFrame, asked: Asked, source: Source) -> pd.DataFrame:
    """Our columns with the counters' values added; rows that are joined count as their first.

    A value is the text of an operand that is no number, for `clean` to tell.
    """
    texts = dict.fromkeys(asked.column.values())
    counters = pd.DataFrame({t: _known(theirs.get(t), theirs, source) for t in texts})
    counters, kept = _joined_rows(counters, theirs, ours, source)
    values = _Values(counters[kept], asked, source)
    made = {name: values.of(expression) for name, expression in asked.expressions.items()}
    return ours[kept].assign(**made).reset_index(drop=True)


class _Values:
    """Counters of one file as numbers, each text turned into numbers once."""

    def __init__(self, counters: pd.DataFrame, asked: Asked, source: Source) -> None:
        self._counters, self._asked, self._source = counters, asked, source
        self._numbers: dict[str, pd.Series] = {}

    def of(self, expression: Expression) -> pd.Series:
        value = value_of(expression, self._column, self._counters.index)
        inside = {*vectors(expression)}
        for name in dict.fromkeys(names(expression)):
            if name in self._asked.column and name not in inside:
                text = self._counters[self._asked.column[name]]
                odd = text.notna() & self._column(Name(name)).isna()
                value = value.astype(object).where(~odd, text) if odd.any() else value
        return value

    def _column(self, name: Name) -> pd.Series:
        theirs = self._asked.column.get(name.text)
        if theirs is None:
            return pd.Series(np.nan, index=self._counters.index)
        if name.element is not None:
            return elements(self._counters[theirs], name.element)
        if theirs not in self._numbers:
            self._numbers[theirs] = numbers_of(self._counters[theirs], self._source.decimal)
        return self._numbers[theirs]


def _known(raw: pd.Series | None, theirs: pd.DataFrame, source: Source) -> pd.Series:
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
    every = pd.Series(True, index=ours.index)
    if source.repeated_rows == "refuse" and source.vector_index not in theirs:
        return counters, every
    group = ours.drop(columns="source_row").groupby(list(ours.columns[1:]), dropna=False).ngroup()
    if not group.duplicated().any():
        return counters, every
    if source.vector_index in theirs:
        index = pd.to_numeric(theirs[source.vector_index], errors="coerce")
        return _vectors(counters, group, index)
    if source.repeated_rows == "combine":
        return _combined(counters, group)
    return _summed(counters, group, source), ~group.duplicated()


def _combined(counters: pd.DataFrame, group: pd.Series) -> tuple[pd.DataFrame, pd.Series]:
    """Rows that say what no earlier row of their group says go into its first row."""
    known, again = counters.notna(), group.duplicated()
    new = known & (known.groupby(group).cumsum() == 1)
    filled = counters.groupby(group).first().reindex(group).set_axis(group.index)
    return counters.where(again, filled), ~(again & new.any(axis=1))


def _summed(counters: pd.DataFrame, group: pd.Series, source: Source) -> pd.DataFrame:
    """All rows of a group added up; missing where one is missing."""
    numbers = counters.apply(numbers_of, decimal=source.decimal)
    odd = counters.where(numbers.isna()).groupby(group).first()
    total = numbers.groupby(group).sum(skipna=False)
    total = total.astype(object).where(odd.isna(), odd) if odd.notna().any(axis=None) else total
    return total.reindex(group).set_axis(group.index)


def _vectors(
    counters: pd.DataFrame, group: pd.Series, index: pd.Series
) -> tuple[pd.DataFrame, pd.Series]:
    """Elements that fill a row each as one vector; an element told twice leaves a row over."""
    over = pd.DataFrame({"group": group, "index": index}).duplicated() | index.isna()
    single = counters[~over].fillna("")
    single.index = pd.MultiIndex.from_arrays([group[~over], index[~over].astype("int64")])
    places = range(int(index.max()) + 1) if len(single) else []
    every = single.reindex(pd.MultiIndex.from_product([group.unique(), places]), fill_value="")
    joined = every.groupby(level=0).agg(",".join)
    return joined.reindex(group).set_axis(group.index), over | ~group.duplicated()
