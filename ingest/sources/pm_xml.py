"""3GPP PM files: TS 32.435 measCollecFile, TS 28.532 measDataFile and the older mdc of TS 32.401.

One row is one object in one period, whatever measInfo its counters stand in; rows and refusals are
numbered by measValue, from 1. A measInfo without any counter that is asked for is not read.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pandas as pd

from contracts.settings import Source
from ingest.sources.elements import UNREADABLE, Stream, local
from ingest.sources.measured import ALWAYS, Measured, instant, may_be_absent, wanted_of

__all__ = ["UNREADABLE", "header", "may_be_absent", "read"]

_ROOTS = ("measCollecFile", "measDataFile", "mdc")
# the last of each is mdc's
_ELEMENT = ("managedElement", "measEntity", "neid")
_TYPES = ("measTypes", "measType", "mt")
_VALUE = ("measValue", "mv")
_PERIOD = ("granPeriod", "gp", "mts")
_END = ("measInfo", "mi")
_AROUND = ("fileHeader", "measData", "mfh", "md")
_DURATION = re.compile(
    r"P(?:(\d{1,9})D)?(?:T(?:(\d{1,9})H)?(?:(\d{1,9})M)?(?:(\d{1,9})(?:\.0*)?S)?)?"
)
_TRUE = ("true", "1")
_AT_ONCE = 10_000


def header(path: Path, source: Source) -> list[str]:
    """Names of counters in the file, as far as it must be read to find all that are asked for."""
    wanted, found = set(wanted_of(source)), dict.fromkeys(ALWAYS)
    for name, element in _stream(path, source):
        if name in _TYPES:
            found |= dict.fromkeys(_names(name, element))
            if wanted and wanted <= found.keys():
                break
    return list(found)


def read(path: Path, source: Source) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The counters asked for as text, one row per object and period, and the measValues refused.

    `source_row` is the ordinal of a row's first measValue. Of a file that breaks off, what stood
    before is kept and the break is one more refusal.
    """
    file, stream = _File(source), _stream(path, source)
    for name, element in stream:
        file.take(name, element)
    return file.told(stream.broken)


def _stream(path: Path, source: Source) -> Stream:
    names = (*_ELEMENT, *_TYPES, *_VALUE, *_PERIOD, *_END, *_AROUND)
    return Stream(path, source, roots=_ROOTS, names=names)


def _names(name: str, element: Any) -> list[str]:
    text = element.text or ""
    return text.split() if name == "measTypes" else [text.strip()]


class _File:
    """Where in a file the stream stands, and what it told so far."""

    def __init__(self, source: Source) -> None:
        self._wanted = set(wanted_of(source))
        self._measured = Measured(source)
        self._element, self._n = "", 0
        self._group: _Group | None = None
        self._rows: list[tuple[int, str, bool]] = []
        self._texts: list[str | None] = []
        self._leave()

    def take(self, name: str, element: Any) -> None:
        """Goes on by one element of the stream."""
        if name in _VALUE:
            self._value(element)
        elif name in _TYPES:
            self._types(name, element)
        elif name in _PERIOD:
            self._gran_period(name, element)
        elif name in _ELEMENT:
            self._element = _named(element)
        elif name in _END:
            self._leave()

    def told(self, broken: str) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Rows and refusals of all that was taken, and of the break after it."""
        self._leave()
        if broken:
            self._measured.refuse(self._n + 1, broken)
        return self._measured.told()

    def _leave(self) -> None:
        self._flush()
        self._names, self._ps = list[str](), list[str]()
        self._duration = self._ended = ""

    def _flush(self) -> None:
        if self._group and self._rows:
            group = self._group
            self._measured.add(group.period, self._rows, group.counters, self._texts)
        self._group = None
        self._rows, self._texts = [], []

    def _types(self, name: str, element: Any) -> None:
        self._flush()
        names = _names(name, element)
        given = element.get("p")
        at = range(len(self._names) + 1, len(self._names) + len(names) + 1)
        self._names += names
        self._ps += [given] if given is not None and len(names) == 1 else map(str, at)

    def _gran_period(self, name: str, element: Any) -> None:
        self._flush()
        if name == "mts":
            self._ended = element.text or ""
        elif name == "gp":
            self._duration = f"PT{(element.text or '').strip()}S"
        else:
            self._ended, self._duration = element.get("endTime", ""), element.get("duration", "")

    def _value(self, element: Any) -> None:
        self._n += 1
        group = self._group = self._group or self._opened()
        if not group.asked:
            return
        try:
            name, suspect, texts = group.read(element)
        except ValueError as error:
            self._measured.refuse(self._n, str(error))
            return
        self._rows.append((self._n, name, suspect))
        self._texts += texts
        if len(self._rows) >= _AT_ONCE:
            self._flush()

    def _opened(self) -> "_Group":
        """The present measInfo, its types and period known."""
        asked = [(i, n) for i, n in enumerate(self._names) if n in self._wanted]
        group = _Group(self._ps, [i for i, _ in asked], [n for _, n in asked])
        group.asked = bool(asked) or not self._wanted or not self._names
        try:
            group.period = self._period()
        except ValueError as error:
            group.fault = str(error)
        return group

    def _period(self) -> int:
        found = _DURATION.fullmatch(self._duration.strip())
        parts = ("days", "hours", "minutes", "seconds")
        given = zip(parts, found.groups("0"), strict=True) if found else ()
        try:
            length = timedelta(**{part: int(number) for part, number in given})
        except OverflowError:
            length = timedelta()
        if not length:
            raise ValueError(f"granPeriod duration '{self._duration}' is no length of time")
        try:
            start = instant(self._ended) - length
        except (ValueError, OverflowError):
            raise ValueError(f"granPeriod endTime '{self._ended}' is no time") from None
        return self._measured.period(self._element, start, length)


@dataclass
class _Group:
    """The types of one measInfo, and how to take what is asked for from each of its measValues."""

    ps: Sequence[str]
    places: Sequence[int]
    counters: Sequence[str]
    period: int = 0
    asked: bool = True
    fault: str = ""

    def __post_init__(self) -> None:
        """Which types stand twice, so that no value of them can be told."""
        twice = [f"'{name}'" for name, n in Counter(self.counters).items() if n > 1]
        twice += [f"p={p}" for p, n in Counter(self.ps).items() if n > 1]
        if twice:
            self.fault = f"its measInfo declares {', '.join(twice)} twice"
        elif not self.ps:
            self.fault = "its measInfo declares no measTypes"
        self._size = len(self.ps)
        self._wanted = [(place, self.ps[place]) for place in self.places]

    def read(self, value: Any) -> tuple[str, bool, list[str | None]]:
        """Object, suspect and wanted texts of a measValue; ValueError saying why there are none."""
        if self.fault:
            raise ValueError(self.fault)
        name = value.get("measObjLdn")
        last: Any = value[-1] if len(value) else None
        doubt = last is not None and str(last.tag).endswith("suspect")
        # where all stands in its usual place, only what is wanted is looked at
        texts = self._usual(value, len(value) - doubt) if name else None
        if texts is None:
            return self._unusual(value, name)
        return name, doubt and _is_true(last.text), texts

    def _usual(self, value: Any, n: int) -> list[str | None] | None:
        if n == 1 and str(value[0].tag).endswith("measResults"):
            results = self._positional(value[0].text)
            return [results[place] for place in self.places]
        if n != self._size:
            return None
        texts = []
        for place, p in self._wanted:
            r = value[place]
            if r.get("p") != p:
                return None
            texts.append(r.text)
        return texts

    def _positional(self, text: str | None) -> list[str]:
        results = (text or "").split()
        self._refuse_other_size(len(results))
        return results

    def _refuse_other_size(self, n: int) -> None:
        if n != self._size:
            raise ValueError(f"{n} values, its measInfo declares {self._size} types")

    def _unusual(self, value: Any, name: str | None) -> tuple[str, bool, list[str | None]]:
        """Values in any order, with gaps, among elements unknown, or mdc's without p."""
        texts, doubt = dict[str, str | None](), False
        for child in value:
            kind = local(child)
            if kind in ("suspect", "sf"):
                doubt = _is_true(child.text)
            elif kind == "moid":
                name = child.text
            elif kind == "measResults":
                texts = dict(zip(self.ps, self._positional(child.text), strict=True))
            elif kind == "r":
                self._put(texts, child.get("p", str(len(texts) + 1)), child.text)
        if any("p" not in r.attrib for r in value if local(r) == "r"):
            self._refuse_other_size(len(texts))
        if not name:
            raise ValueError("no measObjLdn")
        return name, doubt, [texts.get(p) for _, p in self._wanted]

    def _put(self, texts: dict[str, str | None], p: str, text: str | None) -> None:
        if p in texts:
            raise ValueError(f"two values with p={p}")
        if p not in self.ps:
            raise ValueError(f"a value with p={p}, its measInfo declares no such type")
        texts[p] = text


def _is_true(text: str | None) -> bool:
    return (text or "").strip().lower() in _TRUE


def _named(element: Any) -> str:
    """Name of a managed element: of localDn and userLabel the first that is given, mdc's alike."""
    inside = {local(child): (child.text or "").strip() for child in element}
    names = (
        element.get("localDn"),
        element.get("userLabel"),
        inside.get("nedn"),
        inside.get("neun"),
    )
    return next((name for name in names if name), "")
