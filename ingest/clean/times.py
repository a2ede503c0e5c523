"""Times of a column in UTC, and days; a local time that no clock shows once is not guessed.

A text without a clock is a day and no instant: it is certain on days too on which the clock jumps
at midnight.
"""

import re
from typing import NamedTuple

import numpy as np
import pandas as pd

from contracts.fields import Field
from contracts.settings.sections import Settings
from contracts.source import FromName, Source
from contracts.tables import TABLES
from ingest.clean import dates
from ingest.clean.findings import Findings
from ingest.clock import UTC_TIME

_OFFSET = r"\d{2}:\d{2}.*(?:Z|[+-]\d{1,2}(?::?\d{1,2})?)$"
_CLOCK = r"[ T,]\d{1,2}(?:[:.]?\d{2}|$| ?[AP]M)|^\d{4}-?\d{2}-?\d{2}T?\d{2,}"
_YEARS = (1990, 2100)
_NO_END = r"(?:n/?a|none|null|nil|nan|nat|-+|\.|\?|open|ongoing|active|current|unlimited|never)"
_NO_END_YEARS = (
    r"^(?:\d{1,2}[./ -]\w{1,9}[./, -]+)?(?:9999|2999|4712|3000|2199|2100)(?:[-./ T]|\d{4}|$)"
)
_NO_START_YEARS = r"^(?:\d{1,2}[./ -]\w{1,9}[./, -]+)?(?:0001|1899|1900)(?:[-./ T]|\d{4}|$)"
_HOUR_24 = r"(?:\d[ T,]+|^\d{8}T?)24(?:[:.]?00){0,2}(?:\.0+)?(?:[Z+-].*)?$"
_HOUR_0 = r"(?:\d[ T,]+|^\d{8}T?)00?(?:[:.]?00){0,2}(?:\.0+)?(?:[Z+-].*)?$"
_MIDNIGHT_24 = re.compile(
    r"^(.*\d[ T,]+)24(?=$|[:.Z+-])([:.]00)?([:.]00(?:\.0+)?)?(?![:.]?\d)(.*)$"
)
_COMPACT_24 = r"^(\d{8}T)24((?:00){0,2}(?:\.0+)?(?:Z|[+-].*)?)$"
_DIRECTIVES = {"%Y": r"\d{4}", "%m": r"\d{1,2}", "%d": r"\d{1,2}", "%y": r"\d{2}", "%j": r"\d{1,3}",
               "%M": "0{1,2}", "%S": "0{1,2}", "%f": "0+", "%H": "(24)", "%%": "%"}  # fmt: skip
_OF_CLOCK = ("%H", "%I", "%X", "%c", "%T", "%R", "%s")
_HOUR_S = 3600
_DAY, _NO_DAY = pd.Timedelta(days=1), pd.Timedelta(0)
_ONE_DIGIT = r"^(\d{4}-\d{2}-\d{2}[ T])(\d)$"
_QUARTER_S = 900
_SHORTEST_DAY_S = 82_800
# rows that all show midnight before they are taken for days
_ENOUGH = 20

# numbers that count from a day: the seconds of one, and that day
_COUNTS = {
    "%s": (1.0, "1970-01-01"),
    "%Q": (0.001, "1970-01-01"),
    "serial": (86_400.0, "1899-12-30"),
}
_LAST_SECOND = 4.2e9
# shapes of texts that are no ISO 8601, and what reads them
_LAYOUTS = (
    (r"(?:19|20)\d{2}[01]\d[0-3]\d[0-2]\d", "%Y%m%d%H"),
    (r"(?:19|20)\d{2}[01]\d[0-3]\d[0-2]\d[0-5]\d", "%Y%m%d%H%M"),
    (r"1\d{9}(?:\.\d+)?", "%s"),
    (r"1\d{12}", "%Q"),
    (r"[34]\d{4}(?:\.\d+)?", "serial"),
    (r"\d{4}-?W\d{2}-?\d", "%G-W%V-%u"),
    (r"\d{4}-?W\d{2}-?\d[ T]\d{2}:\d{2}", "%G-W%V-%uT%H:%M"),
    (r"\d{4}-\d{3}", "%Y-%j"),
)

NEVER_OVER = ("end_utc", "valid_to", "valid_from", "resolved_utc")
"""Our columns in which nothing means that there is no such end."""


class Times(NamedTuple):
    """A column of times as its texts give them, before the zone is applied."""

    naive: pd.Series
    """Clock readings without an offset; NaT = none."""
    instant: pd.Series
    """Times with an offset, in UTC; NaT = none."""
    is_day: pd.Series
    """Flag of each: a day without a clock."""
    bad: pd.Series
    """Flag of each: given, and no time."""


def as_time(
    theirs: pd.DataFrame, column: Field, source: Source, settings: Settings, findings: Findings
) -> tuple[pd.Series, pd.Series]:
    """A column of times in UTC, or of dates; and a flag of each: a day without a clock.

    `theirs`: the file's columns under our names. `column`: which of them. `source`: its formats and
    zone. `settings`: the operator's zone. Missing is what is none, or ambiguous: `findings` gets a
    line for each, and the faults of the column. Where missing means "never over", words such as
    "open" and years such as 9999 mean it too. An end that is a day is the end of that day.
    """
    raw, rule = theirs[column.name], source.from_name.get(column.name)
    if column.name in NEVER_OVER:
        raw = without_ends(raw, starts=column.name == "valid_from")
    layouts = (rule.format,) if isinstance(rule, FromName) else source.layouts(column.name)
    layouts = tuple(layout for layout in layouts if layout)
    if not layouts and pd.api.types.is_string_dtype(raw):
        raw = _unambiguous(raw, theirs, column, source, findings)
    times = parsed(raw, layouts)
    if n := _n_read_twice(raw, layouts):
        findings.file.append(
            f"{column.name}: {n:,} texts fit several formats and mean another time in each; give "
            f"[source.formats] {column.name} the one that is right"
        )
    of_format = f" of format {' or '.join(layouts)}" * bool(layouts)
    never = ', and nothing would mean "never"' * (column.name in NEVER_OVER)
    hint = "" if layouts else _hint(raw[times.bad], raw, column.name)
    findings.add("value", column.name, theirs, times.bad, f"not a time{of_format}{hint}{never}")
    if column.type == "DATE":
        clock = times.naive.fillna(times.instant.dt.tz_localize(None)).dt.normalize()
        return clock.dt.date.where(clock.notna(), None), times.is_day
    is_day = times.is_day | _midnights(times.naive)
    if "period_s" in theirs:
        is_day &= pd.to_numeric(theirs["period_s"], errors="coerce") >= _SHORTEST_DAY_S
    naive = times.naive
    if column.name == "end_utc":
        naive = naive.mask(times.is_day, naive + _DAY)
    local = localized(naive, is_day, settings.zone(source))
    is_ambiguous = naive.notna() & local.isna()
    findings.add(
        "value",
        column.name,
        theirs,
        is_ambiguous,
        "a local time that a clock change makes ambiguous or impossible; give UTC or offset",
    )
    instants = times.instant.fillna(local.dt.tz_convert("UTC")).astype(UTC_TIME)
    return instants, is_day & instants.notna()


def _hint(bad: pd.Series, raw: pd.Series, name: str) -> str:
    """Which format would read a column of which most texts are no times; empty = most are.

    `bad`: those that are none. `raw`: all. `name`: our column.
    """
    if not pd.api.types.is_string_dtype(raw) or 2 * len(bad) <= raw.notna().sum():
        return ""
    for shape, layout in _LAYOUTS:
        if bad.str.fullmatch(shape).mean() > 0.5:
            return f'; give [source.formats] {name} = "{layout}"'
    return f'; give [source.formats] {name}, such as "%d.%m.%Y %H:%M"'


def without_ends(raw: pd.Series, *, starts: bool = False) -> pd.Series:
    """The column, missing where it says that there is no end: "n/a", "open", 9999-12-31.

    `raw`: texts, or times. `starts`: whether they are starts, and the year 1900 says that there is
    none.
    """
    if pd.api.types.is_datetime64_any_dtype(raw):
        return raw.mask((raw.dt.year < _YEARS[0]) if starts else (raw.dt.year >= _YEARS[1]))
    if not pd.api.types.is_string_dtype(raw):
        return raw
    years = _NO_START_YEARS if starts else _NO_END_YEARS
    is_word = raw.str.fullmatch(_NO_END, case=False, na=False)
    return raw.mask(is_word | raw.str.contains(years, regex=True, na=False))


def _midnights(naive: pd.Series) -> pd.Series:
    """Flag of each reading: of a long column that shows midnight alone, which is one of days."""
    known = naive.dropna()
    is_one_of_days = len(known) >= _ENOUGH and bool((known == known.dt.normalize()).all())
    return naive.notna() & is_one_of_days


def localized(naive: pd.Series, is_day: pd.Series, zone: str) -> pd.Series:
    """Clock readings as instants of a zone; NaT where a clock change makes one ambiguous or none.

    `naive`: readings without a zone. `is_day`: flag of each: a day, which begins at its first
    instant, whatever the clock shows then. `zone`: IANA name.
    """
    local = naive.dt.tz_localize(zone, ambiguous="NaT", nonexistent="NaT")
    is_lost = is_day & local.isna() & naive.notna()
    if not is_lost.any():
        return local
    first = np.ones(int(is_lost.sum()), bool)
    begins = naive[is_lost].dt.tz_localize(zone, ambiguous=first, nonexistent="shift_forward")
    local[is_lost] = begins
    return local


def _unambiguous(
    raw: pd.Series, theirs: pd.DataFrame, column: Field, source: Source, findings: Findings
) -> pd.Series:
    """The column's texts as ISO 8601; missing where day and month can't be kept apart."""
    key = TABLES[source.table].key[0]
    iso = dates.iso(raw.str.upper(), theirs[key] if key in theirs and key != column.name else None)
    remedy = f'give [source.formats] {column.name}, such as "%d/%m/%Y" or "%m/%d/%Y"'
    if iso.fault:
        findings.file.append(f"{column.name}: {iso.fault}; {remedy}")
    findings.add("value", column.name, theirs, iso.unsure, f"may be day or month first; {remedy}")
    return iso.texts.mask(iso.unsure)


def parsed(raw: pd.Series, layouts: tuple[str, ...]) -> Times:
    """Times without an offset, times with one (in UTC), which are days, and which are neither.

    `raw`: texts, or times of another type. `layouts`: strptime formats, the first that reads a text
    counts; none = ISO 8601. The end of a day may be written as 24:00. %s counts seconds and %Q
    milliseconds since 1970, serial the days of a spreadsheet.
    """
    if isinstance(raw.dtype, pd.DatetimeTZDtype):
        instant = raw.dt.tz_convert("UTC").astype(UTC_TIME)
        return _within_years(_no_times(raw, "datetime64[us]"), instant, raw)
    if pd.api.types.is_datetime64_any_dtype(raw):
        return _within_years(raw.astype("datetime64[us]"), _no_times(raw, UTC_TIME), raw)
    text = raw.astype("str").mask(raw.isna())
    if not layouts:
        return _of_texts(text.str.upper(), "ISO8601", raw)
    times = _of_texts(text, layouts[0], raw)
    for layout in layouts[1:]:
        more = _of_texts(text.where(times.bad), layout, raw.where(times.bad))
        times = Times(
            times.naive.fillna(more.naive),
            times.instant.fillna(more.instant),
            times.is_day.where(~times.bad, more.is_day),
            times.bad & more.bad,
        )
    return times


def _n_read_twice(raw: pd.Series, layouts: tuple[str, ...]) -> int:
    """How many texts several formats read, each as another time."""
    if len(layouts) < 2 or not pd.api.types.is_string_dtype(raw):
        return 0
    each = [parsed(raw, (layout,)) for layout in layouts]
    times = pd.concat(
        [part.instant.dt.tz_localize(None).fillna(part.naive) for part in each], axis=1
    )
    return int((times.max(axis=1) > times.min(axis=1)).sum())


def _no_times(raw: pd.Series, kind: str) -> pd.Series:
    return pd.Series(pd.NaT, index=raw.index, dtype=kind)


def _of_texts(text: pd.Series, how: str, raw: pd.Series) -> Times:
    """Texts of one format, or of ISO 8601."""
    if how in _COUNTS:
        return _of_counts(text, how, raw)
    is_iso = how == "ISO8601"
    has_offset = (
        text.str.contains(_OFFSET, regex=True, na=False)
        if is_iso
        else pd.Series("%z" in how, index=raw.index)
    )
    naive, instant = _no_times(raw, "datetime64[us]"), _no_times(raw, UTC_TIME)
    with_offset = pd.to_datetime(text[has_offset], format=how, utc=True, errors="coerce")
    instant[has_offset] = with_offset.astype(UTC_TIME)
    # as UTC, so that an offset nobody looks for is no error
    without = pd.to_datetime(text[~has_offset], format=how, utc=True, errors="coerce")
    naive[~has_offset] = without.dt.tz_localize(None).astype("datetime64[us]")
    is_odd = naive.isna() & instant.isna() & text.notna()
    if is_odd.any():
        hours = text[is_odd].where(text[is_odd].str.fullmatch(_ONE_DIGIT))
        for again, more in ((hours, _NO_DAY), (_of_midnight(text[is_odd], how), _DAY)):
            if again.notna().any():
                texts = again.str.replace(_ONE_DIGIT, r"\g<1>0\g<2>", regex=True)
                times = _of_texts(texts, how, again)
                naive = naive.fillna((times.naive + more).reindex(naive.index))
                instant = instant.fillna((times.instant + more).reindex(instant.index))
    times = _within_years(naive, instant, raw)
    no_clock = ~text.str.contains(_CLOCK, regex=True, na=False) if is_iso else _is_day_format(how)
    return times._replace(is_day=times.naive.notna() & no_clock)


def _of_counts(text: pd.Series, how: str, raw: pd.Series) -> Times:
    """Seconds or milliseconds since 1970, in UTC, or days of a spreadsheet, of a clock."""
    seconds, origin = _COUNTS[how]
    numbers = pd.to_numeric(text, errors="coerce").astype(float)
    numbers = numbers.where((numbers * seconds).between(0, _LAST_SECOND))
    is_serial = how == "serial"
    since = pd.to_timedelta(numbers * seconds, unit="s").dt.round("s" if is_serial else "ms")
    times = pd.Timestamp(origin) + since
    if is_serial:
        days = _within_years(times.astype("datetime64[us]"), _no_times(raw, UTC_TIME), raw)
        return days._replace(is_day=days.naive.notna() & (numbers % 1 == 0))
    instants = times.dt.tz_localize("UTC").astype(UTC_TIME)
    return _within_years(_no_times(raw, "datetime64[us]"), instants, raw)


def _is_day_format(layout: str) -> bool:
    return not any(mark in layout for mark in _OF_CLOCK)


def _within_years(naive: pd.Series, instant: pd.Series, raw: pd.Series) -> Times:
    naive = naive.where(naive.dt.year.between(*_YEARS))
    instant = instant.where(instant.dt.year.between(*_YEARS))
    none = pd.Series(False, index=raw.index)
    return Times(naive, instant, none, naive.isna() & instant.isna() & raw.notna())


def _of_midnight(text: pd.Series, how: str) -> pd.Series:
    """Texts that end a day at 24:00 as the day's begin; missing where a text is no such."""
    if how == "ISO8601":
        parts = text.str.extract(_MIDNIGHT_24)
        clock = parts[1].fillna(":00") + parts[2].fillna("")
        compact = text.str.replace(_COMPACT_24, r"\g<1>00\g<2>", regex=True)
        return (parts[0] + "00" + clock + parts[3]).fillna(compact.where(compact != text))
    if "%H" not in how or how.count("%H") > 1:
        return text.mask(text.notna())
    pattern = "".join(
        _DIRECTIVES.get(part, r".+?") if part.startswith("%") else re.escape(part)
        for part in re.findall(r"%.|[^%]+", how)
    )
    match = text.str.fullmatch(pattern, na=False)
    begins = [
        str(value)[: found.start(1)] + "00" + str(value)[found.end(1) :]
        for value in text[match]
        if (found := re.fullmatch(pattern, str(value)))
    ]
    return pd.Series(begins, index=text.index[match], dtype="str").reindex(text.index)


def starts_of(ends: pd.Series, period_s: pd.Series) -> pd.Series:
    """Starts of periods whose ends are given; an end of a last second or minute is the next one's.

    `ends`: instants in UTC. `period_s`: lengths in seconds. Ends that all stand a second (23:59:59)
    or a minute (23:59) before a quarter of an hour are moved there.
    """
    known = ends.dropna()
    seconds = known.astype("int64") // 1_000_000
    for early in (1, 60):
        if len(known) and ((seconds + early) % _QUARTER_S == 0).all():
            ends = ends + pd.Timedelta(seconds=early)
            break
    return ends - pd.to_timedelta(period_s, unit="s")


def hour_fault(raw: pd.Series, times: pd.Series, period_s: pd.Series) -> str:
    """Why periods' times must be their ends, in words; empty = they may be starts.

    `raw`: texts of the times. `times`: what they mean. `period_s`: seconds of each period. Hours
    that run from 1 to 24 number the hours of a day by their ends; taken for starts they would come
    an hour late.
    """
    if not pd.api.types.is_string_dtype(raw) or not (period_s <= _HOUR_S).any():
        return ""
    n = int((raw.str.contains(_HOUR_24, regex=True, na=False) & times.notna()).sum())
    n_zero = int(raw.str.contains(_HOUR_0, regex=True, na=False).sum())
    if not n or 2 * n_zero > n:
        return ""
    return (
        f"{n:,} times are of hour 24, and hours run from 1 to 24: they are the ends of periods; "
        'set [source] time_is = "end"'
    )
