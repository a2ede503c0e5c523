"""Counters as they come, measurement by measurement -> one row of text per object and period."""

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
    """Counters that a mapping asks for, in its order."""
    return [name for name in source.theirs if not name.startswith("@")]


def may_be_absent(name: str) -> bool:
    """Whether a file may lack this column: not every element has every counter."""
    return not name.startswith("@")


def instant(text: str) -> datetime:
    """A time as PM files write it, with whatever offset or none; ValueError where it is none."""
    text = text.strip()
    compact = text[:14].isdecimal() and len(text) >= 14
    return datetime.fromisoformat(f"{text[:8]}T{text[8:]}" if compact else text)


class Measured:
    """What single measurements say, gathered and told by object and period.

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
        """Number of a managed element's period, for `add`; ValueError where it can't be."""
        seconds = int(length.total_seconds())
        if seconds <= 0:
            raise ValueError(f"a period of {seconds} s")
        try:
            end = start + length
        except OverflowError:
            raise ValueError(f"a period of {seconds} s") from None
        told = (element, start.isoformat(), end.isoformat(), str(seconds))
        return self._periods.setdefault(told, len(self._periods))

    def add(
        self,
        ordinals: Sequence[int],
        periods: Sequence[int],
        objects: Sequence[str],
        suspect: Sequence[bool],
    ) -> None:
        """Measurements, in the order of their ordinals."""
        number = self._objects
        numbers = [number.setdefault(name, len(number)) for name in objects]
        told = zip(periods, numbers, strict=True)
        self._keys.extend([period << 32 | name for period, name in told])
        self._ordinals.extend(ordinals)
        self._suspect.extend(suspect)

    def give(self, counter: str, ordinals: Sequence[int], texts: Sequence[str | None]) -> None:
        """A counter's texts in these measurements."""
        self._counters[counter].add(ordinals, texts)

    def refuse(self, ordinal: int, reason: str) -> None:
        """Puts one measurement aside."""
        self._refused[ordinal] = reason

    def told(self) -> tuple[pd.DataFrame, pd.DataFrame]:
        """One row per managed element, object and period, and the measurements refused.

        `source_row` is the ordinal of a row's first measurement; a row is suspect where any of its
        measurements is. A counter given again is merged where both texts agree; else the later
        measurement is refused. To be asked once.
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
        each = [counter.disputed(row_of) for counter in self._counters.values()]
        disputed = np.unique(np.concatenate([np.empty(0, np.int64), *each]))
        for at in disputed.tolist():
            told = "gives a counter of its object and period once more, with another value"
            self.refuse(self._ordinals[at], told)
        return disputed

    def _identity(
        self, keys: np.ndarray, row_of: np.ndarray, disputed: np.ndarray
    ) -> dict[str, pa.Array]:
        periods = pa.array(list(self._periods), pa.list_(pa.string()))
        of_period = {"@managed_element": 0, "@start": 1, "@end": 2, "@duration_s": 3}
        told = {
            name: pc.list_element(periods, place).take(pa.array(keys >> 32))
            for name, place in of_period.items()
            if name in self._asked
        }
        if "@object" in self._asked:
            objects = pa.array(list(self._objects), pa.string())
            told["@object"] = objects.take(pa.array(keys & 0xFFFFFFFF))
        if "@suspect" in self._asked:
            doubted = np.array(self._suspect, bool)
            doubted[disputed] = False
            rows = np.bincount(row_of, weights=doubted, minlength=len(keys)) > 0
            told["@suspect"] = pa.array(np.where(rows, "true", "false"), pa.string())
        return told


class _Counter:
    """One counter's known texts, and which measurement each is of."""

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
        given, texts = zip(*self._packed, strict=True)
        at = np.searchsorted(ordinals, np.concatenate(given))
        order = np.argsort(at, kind="stable")
        self._whole = at[order], pa.concat_arrays(texts).take(pa.array(order))
        self._packed = []

    def disputed(self, row_of: np.ndarray) -> np.ndarray:
        """Measurements that give it again for a row with another text."""
        at, texts = self._whole
        _, first, row = np.unique(row_of[at], return_index=True, return_inverse=True)
        if len(first) == len(at):
            return at[:0]
        other = pc.not_equal(texts, texts.take(pa.array(first[row])))
        return at[np.asarray(other)]

    def spread(self, row_of: np.ndarray, n_rows: int, disputed: np.ndarray) -> pa.Array:
        """Its text in each row, null where missing; the first of several."""
        at, texts = self._whole
        kept = np.flatnonzero(~np.isin(at, disputed))[::-1]
        place = np.full(n_rows, -1)
        place[row_of[at[kept]]] = kept
        return texts.take(pa.array(place, mask=place < 0))

    def _pack(self) -> None:
        texts = pc.utf8_trim_whitespace(pa.array(self._texts, pa.large_string()))
        missing = pc.is_in(texts, pa.array(_MISSING, texts.type), skip_nulls=False)
        known = ~np.asarray(missing)
        ordinals = np.array(self._ordinals, np.int32)[known]
        self._packed.append((ordinals, texts.filter(pa.array(known))))
        self._ordinals, self._texts = array("q"), []
