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
    """Names of counters in the file, as far as it must be read to find all that are asked for."""
    wanted, found = set(wanted_of(source)), dict.fromkeys(ALWAYS)
    for name, elements in _stream(path, source):
        if name == "PMMOResult":
            found |= {local(counter): None for one in elements for counter in _counters(one)}
            if wanted and wanted <= found.keys():
                break
    return list(found)


def read(path: Path, source: Source) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The counters asked for as text, one row per object and period, and the PMMOResults refused.

    `source_row` is the ordinal of a row's first PMMOResult. Of a file that breaks off, what stood
    before is kept and the break is one more refusal.
    """
    gathered, stream, n = Measured(source), _stream(path, source), 0
    tags = [f"{{*}}{counter}" for counter in wanted_of(source)]
    for name, elements in stream:
        for result in elements if name == "PMMOResult" else ():
            n += 1
            counters = list(_counters(result, *tags)) if tags else []
            if counters or not tags:
                _take(gathered, n, result, counters)
    if stream.broken:
        gathered.refuse(n + 1, stream.broken)
    return gathered.told()


def _stream(path: Path, source: Source) -> Stream:
    return Stream(path, source, roots=("OMeS",), names=("PMSetup", "PMMOResult"))


def _counters(result: Any, *tags: str) -> Iterator[Any]:
    """Counters in all targets of a result; older files name the target by the kind of element."""
    for target in result.iterchildren("{*}*"):
        if local(target) != "MO":
            yield from target.iterchildren(*tags or ("{*}*",))


def _take(gathered: Measured, n: int, result: Any, counters: list[Any]) -> None:
    try:
        name, period = _object(result), _period(gathered, result)
        texts = {local(counter): counter.text for counter in counters}
        if len(texts) < len(counters):
            raise ValueError("gives a counter twice")
    except ValueError as error:
        gathered.refuse(n, str(error))
        return
    gathered.add([n], [period], [name], [False])
    for counter, text in texts.items():
        gathered.give(counter, [n], [text])


def _object(result: Any) -> str:
    """Distinguished name; of a relation those of both ends."""
    names = [(dn.text or "").strip() for dn in result.iterfind("{*}MO/{*}DN")]
    if not names or not all(names):
        raise ValueError("no MO with a DN")
    return "|".join(names)


def _period(gathered: Measured, result: Any) -> int:
    setup = result.getparent()
    started, interval = setup.get("startTime", ""), setup.get("interval", "")
    try:
        start = instant(started)
    except ValueError:
        raise ValueError(f"PMSetup startTime '{started}' is no time") from None
    try:
        length = timedelta(minutes=float(interval))
    except (ValueError, OverflowError):
        raise ValueError(f"PMSetup interval '{interval}' is no number of minutes") from None
    # the network element is the second step: PLMN-PLMN/MRBTS-1
    element = "/".join(_object(result).split("/")[:2])
    return gathered.period(element, start, length)
