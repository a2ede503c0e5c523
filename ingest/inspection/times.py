"""How an unknown column writes times: format, order of day and month, offset.

An order that the values leave open is called open; nothing is guessed. What is open is judged as it
is when the column is read (`ingest.clean.dates`).
"""

import re
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from itertools import product

import pandas as pd

from ingest.clean import dates

_TIMES = ("%H:%M:%S", "%H:%M", "%I:%M:%S %p", "%I:%M %p", "%H", "")
_DAYS = ("%d{0}%m{0}%Y", "%m{0}%d{0}%Y", "%Y{0}%m{0}%d", "%d{0}%b{0}%Y", "%d{0}%B{0}%Y")
_WHOLE = ("%Y%m%d%H%M%S", "%Y%m%d%H%M", "%Y%m%d %H:%M", "%Y%m%d", "%Y-%m", "%b %Y", "%B %Y")
_OFFSET = re.compile(r" ?[+-]\d{2}:?\d{2}$")
_ISO = re.compile(
    r"\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?)?(?P<offset>Z| ?[+-]\d{2}:?\d{2})?"
)
# share of a column's values that a format must fit
_MOST = 0.98
# values looked at, the first of the column
_LOOKED_AT = 2000


@dataclass(frozen=True)
class Moments:
    """How a column writes its times."""

    formats: tuple[str, ...] = ()
    """strptime formats that fit nearly all values; empty = ISO 8601, or no times."""
    share: float = 0.0
    """Part of the values that are times."""
    has_offset: bool = False
    """Whether every value has an offset from UTC."""
    epoch: bool = False
    """Seconds since 1970, which must be turned into a time before they are read."""
    fault: str = ""
    """Why day or month may come first, in words; formats of both orders stand then."""

    @property
    def is_open(self) -> bool:
        """Whether day and month could stand in either order."""
        orders = {layout.find("%d") < layout.find("%m") for layout in self.formats}
        return len(orders) > 1


def moments_of(values: pd.Series) -> Moments:
    """How texts write times; a share of 0 where they do not.

    `values`: the texts of one column, none missing; the first 2,000 of them are looked at.

    >>> moments_of(pd.Series(["31/03/2026 10:15", "01/04/2026 10:15"])).formats
    ('%d/%m/%Y %H:%M',)
    """
    return _moments(tuple(values.head(_LOOKED_AT).drop_duplicates()))


@lru_cache(maxsize=512)
def _moments(texts: tuple[str, ...]) -> Moments:
    """As `moments_of`; each column is asked about once for each of our times."""
    text = pd.Series(texts, dtype="str")
    if text.empty:
        return Moments()
    iso = text.str.extract(f"^{_ISO.pattern}$", expand=True)["offset"]
    is_iso = text.str.fullmatch(_ISO)
    if is_iso.mean() >= _MOST:
        return Moments((), float(is_iso.mean()), bool(iso[is_iso].notna().all()))
    for layout, digits in (("%s", 9), ("%Q", 12)):
        if text.str.fullmatch(rf"1\d{{{digits}}}").mean() >= _MOST:
            return Moments((layout,), 1.0, has_offset=True, epoch=True)
    if text.str.fullmatch(r"[\d.,-]+").mean() >= _MOST and not _could_be_days(text):
        return Moments()
    shares = {layout: _share(text, layout) for layout in _layouts(str(text.iloc[0]))}
    best = max(shares.values(), default=0.0)
    if best < _MOST:
        return Moments((), best if best > 0.5 else 0.0)
    layouts = tuple(layout for layout, share in shares.items() if share == best)
    return Moments(layouts, best, has_offset=all("%z" in layout for layout in layouts))


def with_order(moments: Moments, texts: pd.Series, ids: pd.Series | None) -> Moments:
    """The same moments, with one order of day and month or with a fault.

    `moments`: what `moments_of` says of the column. `texts`: all of its values. `ids`: keys of the
    same rows, whose numbers say in which order the rows came; None where there are none.
    """
    layouts = [layout for layout in moments.formats if "%d" in layout and "%m" in layout]
    if not layouts:
        return moments
    upper = texts.str.upper()
    iso = dates.iso(upper, ids)
    if iso.fault:
        both = dict.fromkeys([*layouts, *map(_exchanged, layouts)])
        return replace(moments, formats=tuple(both), fault=iso.fault)
    times = pd.to_datetime(iso.texts, format="ISO8601", errors="coerce")
    # share of the values that a layout reads as `dates.iso` does
    shares = {
        layout: (pd.to_datetime(upper, format=layout, errors="coerce") == times).mean()
        for layout in layouts
    }
    best = max(shares.values())
    return replace(moments, formats=tuple(name for name in layouts if shares[name] == best))


def _exchanged(layout: str) -> str:
    """The layout with day and month in the other order."""
    return re.sub("%[dm]", lambda mark: "%m" if mark[0] == "%d" else "%d", layout)


def _could_be_days(text: pd.Series) -> bool:
    """Whether digits and marks may be dates after all, and are not only numbers."""
    return bool(
        text.str.fullmatch(
            r"\d{1,4}[.-]\d{1,2}[.-]\d{1,4}|20\d{6}(\d{4}){0,1}(\d\d)?|20\d\d-(0\d|1[0-2])"
        ).all()
    )


def _layouts(first: str) -> list[str]:
    """Formats that a text like the first could have."""
    marks = [mark for mark in "./- " if mark in first]
    days = [day.format(mark) for mark in marks for day in _DAYS]
    offset = _OFFSET.search(first)
    zone = f"{' ' * offset[0].startswith(' ')}%z" if offset else ""
    joined = [
        f"{day}{gap}{time}{zone}" if time else day
        for day, time, gap in product(days, _TIMES, " T,")
    ]
    layouts = dict.fromkeys([*joined, *_WHOLE])
    return [layout for layout in layouts if _reads(first, layout)]


def _reads(text: str, layout: str) -> bool:
    try:
        return 1990 <= datetime.strptime(text, layout).year <= 2100  # noqa: DTZ007  (only the year)
    except ValueError:
        return False


def _share(text: pd.Series, layout: str) -> float:
    """Part of the texts that a layout reads as a time of our age."""
    times = pd.to_datetime(text, format=layout, errors="coerce", utc="%z" in layout)
    return float(times.dt.year.between(1990, 2100).mean())
