"""Nokia OMeS files: PMSetup with the START of a period, counters as elements named by them.

One row is one object in one period, whatever PMTarget its counters stand in; rows and refusals are
numbered by PMMOResult, from 1. A PMMOResult without any counter that is asked for is not read.
"""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pandas as pd

from contracts.source import Source
from ingest.sources.elements import UNREADABLE, Stream, local
from ingest.sources.measured import ALWAYS, Measured, instant, may_be_absent, wanted_of

__all__ = ["UNREADABLE", "header", "may_be_absent", "read"]


def header(path: Path, source: Source) -> list[str]:
    """Names of counters in the file, as far as it must be read to find all that are asked for.

    `path`: the file. `source`: the mapping. One of `UNREADABLE` where it can't be read.
    """
    wanted, names = set(wanted_of(source)), dict.fromkeys(ALWAYS)
    for name, elements in _stream(path, source):
        if name == "PMMOResult":
            names |= {local(counter): None for one in elements for counter in _counters(one)}
            if wanted and wanted <= names.keys():
                break
    return list(names)


def read(path: Path, source: Source) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The counters asked for as text, one row per object and period, and the PMMOResults refused.

    `path`: the file. `source`: the mapping. `source_row` is the ordinal of a row's first
    PMMOResult. Of a file that breaks off, what stood before is kept and the break is one more
    refusal. One of `UNREADABLE` where nothing can be read.
    """
    measured, stream, n = Measured(source), _stream(path, source), 0
    tags = [f"{{*}}{counter}" for counter in wanted_of(source)]
    for name, elements in stream:
        for result in elements if name == "PMMOResult" else ():
            n += 1
            counters = list(_counters(result, *tags)) if tags else []
            if counters or not tags:
                _take(measured, n, result, counters)
    if stream.broken:
        measured.refuse(n + 1, stream.broken)
    elif not n:
        measured.refuse(1, "the file holds no measurement: it has no PMMOResult")
    return measured.rows()


def _stream(path: Path, source: Source) -> Stream:
    return Stream(path, source, roots=("OMeS",), names=("PMSetup", "PMMOResult"))


def _counters(result: Any, *tags: str) -> Iterator[Any]:
    """Counters in all targets of a result; older files name the target by the kind of element."""
    for target in result.iterchildren("{*}*"):
        if local(target) != "MO":
            yield from target.iterchildren(*tags or ("{*}*",))


def _take(measured: Measured, n: int, result: Any, counters: list[Any]) -> None:
    try:
        name, period = _object(result), _period(measured, result)
        texts = {local(counter): counter.text for counter in counters}
        if len(texts) < len(counters):
            raise ValueError("gives a counter twice")
    except ValueError as error:
        measured.refuse(n, str(error))
        return
    measured.add([n], [period], [name], [False])
    for counter, text in texts.items():
        measured.give(counter, [n], [text])


def _object(result: Any) -> str:
    """Distinguished name; of a relation those of both ends."""
    names = [(dn.text or "").strip() for dn in result.iterfind("{*}MO/{*}DN")]
    if not names or not all(names):
        raise ValueError("no MO with a DN")
    return "|".join(names)


def _period(measured: Measured, result: Any) -> int:
    """Number of the period of a result; ValueError where PMSetup gives none."""
    setup = result.getparent()
    start_time, interval = setup.get("startTime", ""), setup.get("interval", "")
    try:
        start = instant(start_time)
    except ValueError:
        raise ValueError(f"PMSetup startTime '{start_time}' is no time") from None
    try:
        length = timedelta(minutes=float(interval))
    except (ValueError, OverflowError):
        raise ValueError(f"PMSetup interval '{interval}' is no number of minutes") from None
    # the network element is the second step: PLMN-PLMN/MRBTS-1
    element = "/".join(_object(result).split("/")[:2])
    return measured.period(element, start, length)
