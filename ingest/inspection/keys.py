"""What names a row of an unknown table once: its key, and date and hour in two columns as one."""

import re

import pandas as pd

from contracts.tables import Table
from ingest.inspection.times import moments_of

_NETWORK = ("mcc", "mnc", "net", "lac", "tac", "area")
_MORE = (
    *("radio", "rat", "technology", "tech", "site", "enodeb", "enb", "gnb", "gnodeb", "node"),
    *("sector", "carrier", "band", "freq", "earfcn", "plmn"),
)
_HOUR = re.compile(r"\d{1,2}|\d{1,2}:\d{2}(:\d{2})?|\d{1,2}:\d{2} ?[AaPp]\.?[Mm]\.?")
_HOURS = {"hour", "hours", "hr", "hh", "time", "clock", "uhrzeit", "stunde", "heure", "hora", "tod"}
_DAYS = {"date", "day", "datum", "tag", "jour", "fecha", "data", "dt"}
_FEWEST = 2


def with_hours(sample: pd.DataFrame) -> pd.DataFrame:
    """The columns of a sample, a date and an hour beside each other put into one.

    `sample`: rows as text. The new column stands where the date stood and is named as
    [source.columns] joins them, such as `{Date} {Hour}`.
    """
    for day in [str(name) for name in sample if _words(str(name)) & _DAYS]:
        hour = next((n for n in map(str, sample) if n != day and _is_hour_of(day, n, sample)), "")
        if hour and _is_day(sample[day]):
            joined = f"{{{day}}} {{{hour}}}"
            # the hour that ends a day is the first of the next one, and no format reads it
            hours = sample[hour].str.strip().replace("24", "00")
            whole = sample[day].str.strip() + " " + hours
            at = list(sample).index(day)
            sample = sample.drop(columns=[day, hour])
            sample.insert(min(at, sample.shape[1]), joined, whole)
    return sample


def ends_at_24(sample: pd.DataFrame) -> bool:
    """Whether hours run from 1 to 24, so that they are the ends of periods.

    `sample`: rows as text, before `with_hours`.
    """
    for name in sample:
        hours = pd.to_numeric(sample[name], errors="coerce") if _words(str(name)) & _HOURS else None
        if hours is not None and hours.notna().any() and hours.min() >= 1 and hours.max() == 24:
            return True
    return False


def _is_hour_of(day: str, name: str, sample: pd.DataFrame) -> bool:
    """Whether a column holds the hours of a day's column, by its name and all of its values."""
    words = _words(name)
    if not words & _HOURS or words & _DAYS:
        return False
    # of several pairs, such as start and end, each has its own other words
    if (words - _HOURS) ^ (_words(day) - _DAYS) - {"of"} - _HOURS:
        return False
    texts = sample[name].dropna().str.strip()
    texts = texts[texts != ""]
    return len(texts) > 0 and bool(texts.str.fullmatch(_HOUR).all())


def _is_day(texts: pd.Series) -> bool:
    filled = texts.dropna().str.strip()
    filled = filled[filled != ""]
    moments = moments_of(filled)
    has_clock = any("%H" in layout or "%I" in layout for layout in moments.formats)
    is_iso = not moments.formats and filled.str.contains(":").any()
    return moments.share > 0.9 and not has_clock and not is_iso and not moments.epoch


def _words(name: str) -> set[str]:
    apart = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name)
    return {*re.findall(r"[^\W_]+", apart.lower())}


def unique(sample: pd.DataFrame, ours: dict[str, str], table: Table) -> tuple[str, str]:
    """Their columns whose values name a cell once in the sample, and what repeats all the same.

    `sample`: rows as text. `ours`: our column -> theirs that is surely like it. `table`: ours. The
    first is as [source.columns] takes it; the second is in words, "" where each key stands once.
    """
    key = table.key[0]
    if key not in ours or ours[key] not in sample:
        return "", ""
    # a local day follows from the time
    rest = [table.day_of if name == "day_local" else name for name in table.key[1:]]
    beside = [ours[name] for name in rest if name in ours and ours[name] in sample]
    names = [str(name) for name in sample if name not in beside]
    network = [n for n in names if n.lower() in _NETWORK and n != ours[key]]
    parts = [*network, ours[key]] if key == "cell_id" and len(network) > 1 else [ours[key]]
    more = [n for n in names if _words(n) & {*_MORE} and n not in parts]
    repeated = _repeated(sample, [*parts, *beside])
    for name in more if key == "cell_id" else ():
        n = _repeated(sample, [name, *parts, *beside])
        if repeated and n < repeated:
            parts, repeated = [name, *parts], n
    text = parts[0] if len(parts) == 1 else "-".join(f"{{{name}}}" for name in parts)
    if not repeated:
        return text, ""
    what = " and ".join([*parts, *beside])
    share = f"{repeated:,} of {len(sample):,} rows looked at repeat {what}"
    return text, f"{share}; of each only one row will count"


def _repeated(sample: pd.DataFrame, names: list[str]) -> int:
    """How many rows repeat the values of an earlier one, those without any left out."""
    rows = sample[names].dropna()
    filled = rows[(rows.apply(lambda column: column.str.strip()) != "").all(axis=1)]
    return int(filled.duplicated().sum())
