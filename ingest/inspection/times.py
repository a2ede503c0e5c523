"""How an unknown column writes times: format, order of day and month, offset.

An order that the values leave open is said to be open; nothing is guessed. What is open is judged
as it is when the column is read (`ingest.dates`).
"""

import re
from dataclasses import dataclass, replace

import pandas as pd

from ingest.clean import dates

_TIMES = ("%H:%M:%S", "%H:%M", "%I:%M:%S %p", "%I:%M %p", "")
_DAYS = ("%d{0}%m{0}%Y", "%m{0}%d{0}%Y", "%Y{0}%m{0}%d", "%d{0}%b{0}%Y", "%d{0}%B{0}%Y")
_WHOLE = ("%Y%m%d%H%M%S", "%Y%m%d%H%M", "%Y%m%d %H:%M", "%Y%m%d", "%Y-%m", "%b %Y", "%B %Y")
_OFFSET = re.compile(r" ?[+-]\d{2}:?\d{2}$")
_ISO = re.compile(
    r"\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?)?(?P<offset>Z| ?[+-]\d{2}:?\d{2})?"
)
_MOST = 0.98
_LOOKED_AT = 2000


@dataclass(frozen=True)
class Moments:
    """How a column writes its times."""

    formats: tuple[str, ...] = ()
    """strptime formats that fit nearly all values; empty = ISO 8601, or no times."""
    share: float = 0.0
    """Part of the values that are times."""
    has_offset: bool = False
    epoch: bool = False
    """Seconds since 1970, which must be turned into a time before they are read."""
    fault: str = ""
    """Why day and month can't be told apart; formats of both orders stand then."""

    @property
    def is_open(self) -> bool:
        """Whether day and month could stand in either order."""
        orders = {layout.find("%d") < layout.find("%m") for layout in self.formats}
        return len(orders) > 1


def moments_of(values: pd.Series) -> Moments:
    """How these texts write times; a share of 0 where they do not."""
    text = values.head(_LOOKED_AT).drop_duplicates()
    if text.empty:
        return Moments()
    iso = text.str.extract(f"^{_ISO.pattern}$", expand=True)["offset"]
    is_iso = text.str.fullmatch(_ISO)
    if is_iso.mean() >= _MOST:
        return Moments((), float(is_iso.mean()), bool(iso[is_iso].notna().all()))
    if text.str.fullmatch(r"1\d{9}").mean() >= _MOST:
        return Moments((), 1.0, has_offset=True, epoch=True)
    if text.str.fullmatch(r"[\d.,-]+").mean() >= _MOST and not _could_be_days(text):
        return Moments()
    shares = {layout: _share(text, layout) for layout in _layouts(str(text.iloc[0]))}
    best = max(shares.values(), default=0.0)
    if best < _MOST:
        return Moments((), best if best > 0.5 else 0.0)
    fitting = tuple(layout for layout, share in shares.items() if share == best)
    return Moments(fitting, best, has_offset=all("%z" in layout for layout in fitting))


def judged(found: Moments, texts: pd.Series, ids: pd.Series | None) -> Moments:
    """The same, of one order or with a fault. `ids`: keys of the rows, whose order may tell."""
    layouts = [layout for layout in found.formats if "%d" in layout and "%m" in layout]
    if not layouts:
        return found
    upper = texts.str.upper()
    read = dates.iso(upper, ids)
    if read.fault:
        both = dict.fromkeys([*layouts, *map(_exchanged, layouts)])
        return replace(found, formats=tuple(both), fault=read.fault)
    true = pd.to_datetime(read.texts, format="ISO8601", errors="coerce")
    same = {
        layout: (pd.to_datetime(upper, format=layout, errors="coerce") == true).mean()
        for layout in layouts
    }
    return replace(found, formats=tuple(x for x in layouts if same[x] == max(same.values())))


def _exchanged(layout: str) -> str:
    """The layout with day and month in the other order."""
    return re.sub("%[dm]", lambda mark: "%m" if mark[0] == "%d" else "%d", layout)


def _could_be_days(text: pd.Series) -> bool:
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
        for day in days for time in _TIMES for gap in " T,"
    ]  # fmt: skip
    return [
        layout for layout in dict.fromkeys([*joined, *_WHOLE]) if _share(pd.Series([first]), layout)
    ]


def _share(text: pd.Series, layout: str) -> float:
    found = pd.to_datetime(text, format=layout, errors="coerce", utc="%z" in layout)
    return float(found.dt.year.between(1990, 2100).mean())
