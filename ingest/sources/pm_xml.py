"""3GPP PM files: TS 32.435 measCollecFile, TS 28.532 measDataFile and the older mdc of TS 32.401.

One row is one object in one period, whatever measInfo its counters stand in; rows and refusals are
numbered by measValue, from 1. A measInfo without any counter that is asked for is not read.
"""

import re
from collections import Counter
from datetime import datetime, timedelta
from operator import itemgetter
from pathlib import Path
from typing import Any

import pandas as pd

from contracts.source import Source
from ingest.sources.elements import UNREADABLE, Stream, local
from ingest.sources.measured import ALWAYS, Measured, instant, may_be_absent, wanted_of

__all__ = ["UNREADABLE", "header", "may_be_absent", "read"]

_ROOTS = ("measCollecFile", "measDataFile", "mdc")
# the last of each is mdc's
_ELEMENT = ("managedElement", "measEntity", "neid")
_VALUE = ("measValue", "mv")
# in the words of the standards; the last of each is mdc's
_PARTS = (("fileHeader", "mfh"), ("measData", "md"), ("measInfo", "mi"))
_FULL_OF = {"measInfo": "measValue", "mi": "mv"}
_TYPE = ("{*}measType", "{*}mt")
_DURATION = re.compile(
    r"P(?:(\d{1,9})D)?(?:T(?:(\d{1,9})H)?(?:(\d{1,9})M)?(?:(\d{1,9})(?:\.0*)?S)?)?"
)
_PERIOD = ("{*}gp", "{*}mts")
_TRUE = ("true", "1")
_AT_ONCE = 10_000


def header(path: Path, source: Source) -> list[str]:
    """Names of counters that have values, as far as the file must be read to find all asked for.

    `path`: the file. `source`: the mapping. One of `UNREADABLE` where it can't be read.
    """
    wanted, names = set(wanted_of(source)), dict.fromkeys(ALWAYS)
    last_info = None
    for name, elements in _stream(path, source):
        info = elements[0].getparent()
        if name in _VALUE and info is not last_info:
            last_info = info
            names |= dict.fromkeys(name for name, _ in _names(_declared(elements[0])))
            if wanted and wanted <= names.keys():
                break
    return list(names)


def read(path: Path, source: Source) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The counters asked for as text, one row per object and period, and the measValues refused.

    `path`: the file. `source`: the mapping. `source_row` is the ordinal of a row's first measValue.
    Of a file that breaks off, what stood before is kept and the break is one more refusal. One of
    `UNREADABLE` where nothing can be read.
    """
    file, stream = _File(source), _stream(path, source)
    for name, elements in stream:
        file.take(name, elements)
    return file.rows(stream.broken)


def _stream(path: Path, source: Source) -> Stream:
    # a file of nothing but its header is a PM file too
    names = (*_ELEMENT, *_VALUE, *(name for part in _PARTS for name in part))
    return Stream(path, source, roots=_ROOTS, names=names, full_of=_FULL_OF)


_Declared = tuple[str | None, tuple[tuple[str, str | None], ...]]
"""Text of measTypes, None = there is none; else name and p of each measType."""


def _declared(first: Any) -> _Declared:
    """The text of measTypes, and name and p of each measType, before a measInfo's first value."""
    listed = first.getprevious()
    if listed is None or local(listed) != "measTypes":
        listed = next(first.itersiblings("{*}measTypes", preceding=True), None)
    if listed is not None and (listed.text or "").strip():
        return listed.text or "", ()
    # some write an empty measTypes beside each measType
    return None, tuple((kind.text or "", kind.get("p")) for kind in _before(first, *_TYPE))


def _before(first: Any, *tags: str) -> list[Any]:
    return list(first.itersiblings(*tags, preceding=True))[::-1]


def _names(declared: _Declared) -> list[tuple[str, str]]:
    """Name and p of each type; by position they count from 1."""
    listed, single = declared
    types = single if listed is None else ((name, None) for name in listed.split())
    return [(n.strip(), str(place) if p is None else p) for place, (n, p) in enumerate(types, 1)]


class _File:
    """Where in a file the stream stands, and what was read so far."""

    def __init__(self, source: Source) -> None:
        self._wanted = set(wanted_of(source))
        self._measured = Measured(source)
        self._element, self._n = "", 0
        self._seen: set[str] = set()
        # network elements of one kind say the same time and again
        self._known: dict[_Declared, _Types] = {}
        self._periods: dict[tuple[str, str, str], int] = {}
        self._info: Any = None
        self._types = _Types([], set())
        self._period, self._fault = 0, ""
        self._ordinals: list[int] = []
        self._in_period: list[int] = []
        self._objects: list[str] = []
        self._suspect: list[bool] = []

    def take(self, name: str, elements: list[Any]) -> None:
        """Goes on by some elements of one name."""
        self._seen.add(name)
        if name in _VALUE:
            self._values(elements)
        elif name in _ELEMENT:
            self._element = _named(elements[-1])

    def rows(self, broken: str) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Rows and refusals of all that was taken, and of the break after it."""
        self._flush()
        if broken:
            self._measured.refuse(self._n + 1, broken)
        elif not self._n:
            self._measured.refuse(1, self._nothing())
        return self._measured.rows()

    def _nothing(self) -> str:
        """Why a whole file holds no measurement."""
        parts = (*_PARTS[:2], _ELEMENT, *_PARTS[2:], _VALUE)
        lacking = [names[0] for names in parts if not self._seen & {*names}]
        return f"the file holds no measurement: it has no {', no '.join(lacking)}"

    def _values(self, values: list[Any]) -> None:
        ordinals = range(self._n + 1, self._n + 1 + len(values))
        self._n += len(values)
        info = values[0].getparent()
        if info is not self._info:
            self._info, self._types = info, self._enter(values[0])
        types = self._types
        if types.asked and self._fault:
            for ordinal in ordinals:
                self._measured.refuse(ordinal, self._fault)
        elif types.asked:
            self._read(types, ordinals, values)

    def _read(self, types: "_Types", ordinals: range, values: list[Any]) -> None:
        for ordinal, value in zip(ordinals, values, strict=True):
            try:
                name, suspect, texts = types.read(value)
            except ValueError as error:
                self._measured.refuse(ordinal, str(error))
                continue
            self._objects.append(name)
            self._suspect.append(suspect)
            self._ordinals.append(ordinal)
            self._in_period.append(self._period)
            types.ordinals.append(ordinal)
            types.texts += texts
        if len(self._ordinals) >= _AT_ONCE:
            self._flush()

    def _enter(self, first: Any) -> "_Types":
        """What the measInfo of a first value declares; sets its period or its fault."""
        declared = _declared(first)
        types = self._known.get(declared)
        if types is None:
            types = self._known[declared] = _Types(_names(declared), self._wanted)
        self._fault = types.fault
        if types.asked and not self._fault:
            self._when(*_period(first))
        return types

    def _when(self, ended: str, lasts: str) -> None:
        """Sets the period of the measInfo that begins, or the fault that all its values have."""
        texts = (self._element, ended, lasts)
        try:
            if texts not in self._periods:
                start, length = _start(ended, lasts)
                self._periods[texts] = self._measured.period(self._element, start, length)
            self._period = self._periods[texts]
        except ValueError as error:
            self._fault = str(error)

    def _flush(self) -> None:
        """Hands on what was gathered: few calls of many values each are fast."""
        self._measured.add(self._ordinals, self._in_period, self._objects, self._suspect)
        self._ordinals, self._in_period, self._objects, self._suspect = [], [], [], []
        for types in [types for types in self._known.values() if types.ordinals]:
            for n, counter in enumerate(types.counters):
                texts = types.texts[n :: len(types.counters)]
                self._measured.give(counter, types.ordinals, texts)
            types.ordinals, types.texts = [], []


def _period(first: Any) -> tuple[str, str]:
    """When a measInfo's period ended and how long it was, in its own words."""
    period = next(first.itersiblings("{*}granPeriod", preceding=True), None)
    if period is not None:
        return period.get("endTime", ""), period.get("duration", "")
    texts = {local(child): (child.text or "").strip() for child in _before(first, *_PERIOD)}
    return texts.get("mts", ""), f"PT{texts['gp']}S" if "gp" in texts else ""


def _start(ended: str, lasts: str) -> tuple[datetime, timedelta]:
    length = _length(lasts)
    try:
        return instant(ended) - length, length
    except (ValueError, OverflowError):
        raise ValueError(f"granPeriod endTime '{ended}' is no time") from None


def _length(duration: str) -> timedelta:
    match = _DURATION.fullmatch(duration.strip())
    units = ("days", "hours", "minutes", "seconds")
    numbers = zip(units, match.groups("0"), strict=True) if match else ()
    try:
        length = timedelta(**{unit: int(number) for unit, number in numbers})
    except OverflowError:
        length = timedelta()
    if not length:
        raise ValueError(f"granPeriod duration '{duration}' is no length of time")
    return length


class _Types:
    """The counters a measInfo declares, and how to take what is wanted of each measValue.

    `asked`: whether its measValues are read at all; `fault`: why none of them can be.
    """

    def __init__(self, types: list[tuple[str, str]], wanted: set[str]) -> None:
        self._size, self._ps = len(types), [p for _, p in types]
        asked = [(place, *one) for place, one in enumerate(types) if one[0] in wanted]
        self._wanted = [(place, p) for place, _, p in asked]
        # an item more, so that of one asked for it is a tuple too
        self._picked = itemgetter(*(place for place, _, _ in asked), -1, -1)
        self.counters = [name for _, name, _ in asked]
        self.ordinals: list[int] = []
        self.texts: list[str | None] = []
        self.asked = bool(asked) or not wanted or not types
        twice = [f"'{name}'" for name, n in Counter(self.counters).items() if n > 1]
        twice += [f"p={p}" for p, n in Counter(self._ps).items() if n > 1]
        repeats = f"its measInfo declares {', '.join(twice)} twice" if twice else ""
        self.fault = repeats if types else "its measInfo declares no measTypes"

    def read(self, value: Any) -> tuple[str, bool, list[str | None]]:
        """Object, suspect and wanted texts of a measValue.

        `value`: the element. ValueError, saying why, where there are none.
        """
        name, n = value.get("measObjLdn"), len(value)
        last: Any = value[-1] if n else None
        # the tag of an entity is no text
        doubt = n > 0 and str(last.tag).endswith("suspect")
        texts = self._usual(value, n - doubt) if name else None
        if texts is None:
            return self._unusual(value, name)
        return name, doubt and _is_true(last.text), texts

    def _usual(self, value: Any, n: int) -> list[str | None] | None:
        """The wanted texts, looking at nothing else; None unless they stand in their usual place.

        `n`: how many elements the value has, not counting suspect.
        """
        if n == 1 and str(value[0].tag).endswith("measResults"):
            return [*self._picked(self._positional(value[0].text))[:-2]]
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
                texts = dict(zip(self._ps, self._positional(child.text), strict=True))
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
        if p not in self._ps:
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
