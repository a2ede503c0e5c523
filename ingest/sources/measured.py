"""Counters as they come, measurement by measurement -> one row of text per object and period.

In private functions a measurement is known by its position in the order of ordinals, shape (m,);
`row_of` is the row of each, shape (m,).
"""

from array import array
from collections.abc import Sequence
from datetime import datetime, timedelta

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from contracts.source import Source

ALWAYS = ("@managed_element", "@object", "@start", "@end", "@duration_s", "@suspect")
_MISSING = ["", "NULL", None]
_PACKED_AT = 1 << 16


def wanted_of(source: Source) -> list[str]:
    """Counters that a mapping asks for, in its order. `source`: the mapping."""
    return [name for name in source.theirs if not name.startswith("@")]


def may_be_absent(name: str) -> bool:
    """Whether a file may lack the column `name`: not every element has every counter."""
    return not name.startswith("@")


def instant(text: str) -> datetime:
    """A time as PM files write it, with whatever offset or none.

    `text`: ISO 8601 or digits alone. ValueError where it is no time.

    >>> instant("20260301101500+0100").isoformat()
    '2026-03-01T10:15:00+01:00'
    """
    text = text.strip()
    compact = text[:14].isdecimal() and len(text) >= 14
    return datetime.fromisoformat(f"{text[:8]}T{text[8:]}" if compact else text)


class Measured:
    """Single measurements, gathered into one row per managed element, object and period.

    A measurement is what a file says of one object in one place, known by its ordinal in the file,
    from 1. Texts are packed as they come: a Python object for each would not fit.
    """

    def __init__(self, source: Source) -> None:
        self._asked = {name for name in ALWAYS if name in source.theirs}
        self._counters = {name: _Counter() for name in wanted_of(source)}
        self._periods: dict[tuple[str, str, str, str], int] = {}
        self._objects: dict[str, int] = {}
        self._ordinals, self._keys, self._suspect = array("q"), array("q"), array("b")
        self._refused: dict[int, str] = {}

    def period(self, element: str, start: datetime, length: timedelta) -> int:
        """Number of a managed element's period, for `add`.

        `element`: name of the managed element. `start`: when the period begins. `length`: how long
        it is. ValueError where it is not longer than zero or ends after the year 9999.
        """
        seconds = int(length.total_seconds())
        if seconds <= 0:
            raise ValueError(f"a period of {seconds} s")
        try:
            end = start + length
        except OverflowError:
            raise ValueError(f"a period of {seconds} s") from None
        texts = (element, start.isoformat(), end.isoformat(), str(seconds))
        return self._periods.setdefault(texts, len(self._periods))

    def add(
        self,
        ordinals: Sequence[int],
        periods: Sequence[int],
        objects: Sequence[str],
        suspect: Sequence[bool],
    ) -> None:
        """Adds measurements in the order of their ordinals.

        `ordinals`: number of each in the file. `periods`: numbers from `period`. `objects`: name
        of the object measured. `suspect`: whether the element doubts it. All of one length.
        """
        number = self._objects
        numbers = [number.setdefault(name, len(number)) for name in objects]
        # one integer stands for period and object
        pairs = zip(periods, numbers, strict=True)
        self._keys.extend([period << 32 | name for period, name in pairs])
        self._ordinals.extend(ordinals)
        self._suspect.extend(suspect)

    def give(self, counter: str, ordinals: Sequence[int], texts: Sequence[str | None]) -> None:
        """A counter's texts in some measurements.

        `counter`: its name, one of those the mapping asks for. `ordinals`: the measurements.
        `texts`: its text in each; None, "" and NULL = missing.
        """
        self._counters[counter].add(ordinals, texts)

    def refuse(self, ordinal: int, reason: str) -> None:
        """Refuses the measurement of number `ordinal` for a `reason` in words."""
        self._refused[ordinal] = reason

    def rows(self) -> tuple[pd.DataFrame, pd.DataFrame]:
        """One row per managed element, object and period, and the measurements refused.

        `source_row` is the ordinal of a row's first measurement; a row is suspect where any of its
        measurements is. A counter given again is merged where both texts agree; else the later
        measurement is refused. To be called once: it frees what was gathered.
        """
        row_of, keys = pd.factorize(np.array(self._keys, np.int64))
        ordinals = np.array(self._ordinals, np.int64)
        for counter in self._counters.values():
            counter.close(ordinals)
        disputed = self._disputed(row_of)
        frame = pa.table(self._identity(keys, row_of, disputed)).to_pandas()
        for name in list(self._counters):
            column = self._counters.pop(name).spread(row_of, len(keys), disputed)
            frame[name] = column.to_pandas()
        _, first = np.unique(row_of, return_index=True)
        frame["source_row"] = ordinals[first]
        refused = dict(sorted(self._refused.items()))
        return frame, pd.DataFrame({"source_row": refused.keys(), "reason": refused.values()})

    def _disputed(self, row_of: np.ndarray) -> np.ndarray:
        """Measurements that contradict an earlier one of their row; each is refused."""
        each = [counter.disputed(row_of) for counter in self._counters.values()]
        disputed = np.unique(np.concatenate([np.empty(0, np.int64), *each]))
        for position in disputed.tolist():
            reason = "gives a counter of its object and period once more, with another value"
            self.refuse(self._ordinals[position], reason)
        return disputed

    def _identity(
        self, keys: np.ndarray, row_of: np.ndarray, disputed: np.ndarray
    ) -> dict[str, pa.Array]:
        """The columns that are asked for besides counters; `keys`: of each row, shape (rows,)."""
        periods = pa.array(list(self._periods), pa.list_(pa.string()))
        parts = {"@managed_element": 0, "@start": 1, "@end": 2, "@duration_s": 3}
        columns = {
            name: pc.list_element(periods, part).take(pa.array(keys >> 32))
            for name, part in parts.items()
            if name in self._asked
        }
        if "@object" in self._asked:
            objects = pa.array(list(self._objects), pa.string())
            columns["@object"] = objects.take(pa.array(keys & 0xFFFFFFFF))
        if "@suspect" in self._asked:
            is_suspect = np.array(self._suspect, bool)
            is_suspect[disputed] = False
            in_row = np.bincount(row_of, weights=is_suspect, minlength=len(keys)) > 0
            columns["@suspect"] = pa.array(np.where(in_row, "true", "false"), pa.string())
        return columns


class _Counter:
    """One counter's texts that are not missing, and the measurement of each."""

    def __init__(self) -> None:
        self._ordinals, self._texts = array("q"), list[str | None]()
        self._packed: list[tuple[np.ndarray, pa.Array]] = []

    def add(self, ordinals: Sequence[int], texts: Sequence[str | None]) -> None:
        self._ordinals.extend(ordinals)
        self._texts += texts
        if len(self._texts) >= _PACKED_AT:
            self._pack()

    def close(self, ordinals: np.ndarray) -> None:
        """Ends adding; these are the ordinals of all measurements."""
        self._pack()
        packed_ordinals, texts = zip(*self._packed, strict=True)
        position = np.searchsorted(ordinals, np.concatenate(packed_ordinals))
        order = np.argsort(position, kind="stable")
        self._sorted = position[order], pa.concat_arrays(texts).take(pa.array(order))
        self._packed = []

    def disputed(self, row_of: np.ndarray) -> np.ndarray:
        """Measurements that give it again for a row with another text."""
        position, texts = self._sorted
        _, first, row = np.unique(row_of[position], return_index=True, return_inverse=True)
        if len(first) == len(position):
            return position[:0]
        differs = pc.not_equal(texts, texts.take(pa.array(first[row])))
        return position[np.asarray(differs)]

    def spread(self, row_of: np.ndarray, n_rows: int, disputed: np.ndarray) -> pa.Array:
        """Its text in each row, null where missing; the first of several."""
        position, texts = self._sorted
        # from the last to the first, which so is the one that stays
        usable = np.flatnonzero(~np.isin(position, disputed))[::-1]
        # of each row the place of its text; -1 = it has none
        place = np.full(n_rows, -1)
        place[row_of[position[usable]]] = usable
        return texts.take(pa.array(place, mask=place < 0))

    def _pack(self) -> None:
        texts = pc.utf8_trim_whitespace(pa.array(self._texts, pa.large_string()))
        is_missing = pc.is_in(texts, pa.array(_MISSING, texts.type), skip_nulls=False)
        is_given = ~np.asarray(is_missing)
        ordinals = np.array(self._ordinals, np.int32)[is_given]
        self._packed.append((ordinals, texts.filter(pa.array(is_given))))
        self._ordinals, self._texts = array("q"), []
