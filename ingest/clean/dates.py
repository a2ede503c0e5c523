"""Day or month first? Recognised over a whole column; where it can't be told, nothing is guessed.

A text such as 05/03/2026 says nothing by itself. What decides is a part above 12 anywhere in the
column, or, without one, the order of the rows' ids; the range of the certain dates, and the ids,
must not speak against it. A column written in more than one way went through a spreadsheet, which
exchanges day and month where it can: there each row must be certain by itself.
"""

from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

_ODD: Final = r"^(?:\d{1,2}[/.-]\d{1,2}[/.-]\d{2,4}(?:\D|$)|\d{4}[/.-](?:1[3-9]|[23]\d)[/.-])"
_DATE: Final = (
    r"^(?P<a>\d{1,4})(?P<s>[/.-])(?P<b>\d{1,2})(?P<t>[/.-])(?P<c>\d{1,4})"
    r"(?P<gap>[ T,]+)?(?:(?P<h>\d{1,2})[:.](?P<min>\d{2})(?:[:.](?P<sec>\d{2})(?P<part>\.\d+)?)?"
    r"\s*(?P<half>[AP]M)?\s*(?P<zone>Z|[+-]\d{2}(?::?\d{2})?)?)?$"
)
# rows, and how far off, from which on the wrong order shows
_ENOUGH = 3
_ORDERED = 8
_MONTH: Final = 31 * 86_400

Flags = npt.NDArray[np.bool_]
Seconds = npt.NDArray[np.float64]


class Iso(NamedTuple):
    """Texts with dates as ISO 8601; which of them nobody can tell; why the column can't be read."""

    texts: pd.Series
    unsure: pd.Series
    fault: str = ""


def iso(texts: pd.Series, ids: pd.Series | None = None) -> Iso:
    """A column of times, those that begin with a day or a month turned round; upper-case texts.

    `ids`: keys of the same rows, whose numbers tell in which order they came. What is no such time
    stays as it is. `fault` is empty or says, in words, why day and month can't be told apart; then
    no row may be used.
    """
    sure = pd.Series(False, index=texts.index)
    if not texts.str.contains(_ODD, na=False).any():
        return Iso(texts, sure)
    code, distinct = pd.factorize(texts)
    found = _Column(pd.Series(distinct, dtype="str"), _came(code, ids))
    fault = found.fault()
    turned = pd.Series(found.turned().array.take(code, allow_fill=True), index=texts.index)
    unsure = np.append(found.either & (not found.one_way), False)[code]
    return Iso(turned, pd.Series(unsure, index=texts.index), fault)


def _came(code: npt.NDArray[np.intp], ids: pd.Series | None) -> npt.NDArray[np.intp]:
    """The distinct texts in the order in which they first came; none where the ids don't tell."""
    nobody = np.zeros(0, np.intp)
    if ids is None:
        return nobody
    found = ids.astype("str").str.extract(r"(\d{1,15})$")[0]
    numbers = pd.to_numeric(found, errors="coerce").to_numpy(float)
    # ids without a gap may be row numbers, given after somebody sorted by a date read wrongly
    if (
        np.isnan(numbers).any()
        or len(np.unique(numbers)) < len(ids)
        or (np.diff(numbers) == 1).all()
    ):
        return nobody
    ordered = code[np.argsort(numbers)]
    distinct, first = np.unique(ordered[ordered >= 0], return_index=True)
    return distinct[np.argsort(first)]


class _Column:
    """The distinct texts of a column, taken apart."""

    def __init__(self, texts: pd.Series, came: npt.NDArray[np.intp]) -> None:
        self.texts, self.came = texts, came
        parts = pc.extract_regex(pa.array(texts, pa.string()), _DATE)
        self.parts = pd.DataFrame({
            name: pc.struct_field(parts, name).to_pandas()
            for name in ("a", "s", "b", "t", "c", "gap", "h", "min", "sec", "part", "half", "zone")
        }).fillna("").astype("str")  # fmt: skip
        size = {name: self.parts[name].str.len().to_numpy() for name in "abc"}
        whole = (
            (self.parts["s"] == self.parts["t"])
            & ((self.parts["gap"] != "") == (self.parts["h"] != ""))
        ).to_numpy()
        self.a, self.b, self.c = (self._numbers(name) for name in "abc")
        hour, half = self._numbers("h"), self.parts["half"].to_numpy()
        self.hour = np.where(half == "", hour, hour % 12 + 12 * (half == "PM"))
        whole = whole & ((half == "") | (hour <= 12))
        self.year_first = whole & (size["a"] == 4) & (size["c"] <= 2)
        self.short_year = whole & (size["a"] <= 2) & (size["c"] == 2)
        last = whole & (size["a"] <= 2) & (size["c"] == 4)
        small_a, small_b = (self.a >= 1) & (self.a <= 12), (self.b >= 1) & (self.b <= 12)
        self.by_day = last & (self.a > 12) & (self.a <= 31) & small_b
        self.by_month = last & (self.b > 12) & (self.b <= 31) & small_a
        self.alike = last & small_a & (self.a == self.b)
        self.either = last & small_a & small_b & ~self.alike
        self.turnable = self.by_day | self.by_month | self.alike | self.either
        self.many_styles = self._has_many_styles()
        self.days_lead = bool(self.by_day.any())
        self.one_way = self.days_lead != bool(self.by_month.any()) and not self.many_styles
        if not (self.by_day | self.by_month).any():
            self._take_order_of_ids()

    def fault(self) -> str:
        """Why no row can be trusted; empty = the uncertain ones are told by themselves."""
        if self._years_then_days():
            return "day and month stand in both orders after the year"
        if 2 * self.short_year.sum() > len(self.texts):
            return "years have two digits, and may be days"
        if (self.by_day | self.by_month).any() and self._years_may_be_exchanged():
            return (
                "some dates begin with the year, all on days up to 12, and others do not: a "
                "spreadsheet may have exchanged day and month in the former; export it again"
            )
        if self.one_way and self._contradicted():
            return (
                f"day {'first' if self.days_lead else 'second'} by its certain dates, and the "
                f"{self.either.sum():,} others only fit them when exchanged; export it again"
            )
        few = self.year_first.sum() > self.turnable.sum()
        if self.either.any() and not self.one_way and not few:
            return f"{self.either.sum():,} dates may be day or month first: {self._why()}"
        return ""

    def _why(self) -> str:
        if self.by_day.any() and self.by_month.any():
            return "other rows need different orders"
        if self.many_styles:
            return "the column is written in several ways, as spreadsheets leave it"
        return "nothing in the column tells"

    def turned(self) -> pd.Series:
        """The texts, with those that begin with a day or a month as ISO 8601."""
        lead = self.by_day | (self.either & self.days_lead)
        day, month = np.where(lead, self.a, self.b), np.where(lead, self.b, self.a)
        part, timed = self.parts, self.parts["h"] != ""
        text = part["c"] + "-" + _two(month) + "-" + _two(day)
        clock = "T" + _two(self.hour) + ":" + part["min"]
        clock += part["sec"].mask(part["sec"] != "", ":" + part["sec"]) + part["part"]
        text += (clock + part["zone"]).where(timed, "")
        return text.where(self.turnable, self.texts)

    def _numbers(self, name: str) -> Seconds:
        return pd.to_numeric(self.parts[name], errors="coerce").fillna(-1).to_numpy(float)

    def _years_then_days(self) -> bool:
        exchanged = self.year_first & (self.b > 12) & (self.c <= 12)
        return bool(exchanged.any() and not (self.year_first & (self.c > 12)).any())

    def _years_may_be_exchanged(self) -> bool:
        open_ = self.year_first & (self.b <= 12) & (self.c <= 12) & (self.b != self.c)
        return bool(open_.any() and not (self.year_first & (self.c > 12)).any())

    def _has_many_styles(self) -> bool:
        """Whether dates are written in more than one way: separators, clock, leading zeros."""
        if self.year_first.any():
            return True
        of = self.parts[self.turnable]
        style = of[["s", "gap"]].assign(
            **{name: of[name] != "" for name in ("h", "sec", "half", "zone")}
        )
        both = of["a"] + "/" + of["b"]
        padded, bare = both.str.contains(r"\b0").any(), both.str.contains(r"\b[1-9]\b").any()
        return len(style.drop_duplicates()) > 1 or bool(padded and bare)

    def _at(self, lead: Flags) -> Seconds:
        """Seconds of each text, days first where `lead`; of what is none, NaN."""
        day, month = np.where(lead, self.a, self.b), np.where(lead, self.b, self.a)
        minute = self.hour.clip(0) * 60 + self._numbers("min").clip(0)
        at = ((self.c * 12 + month) * 31 + day) * 86_400 + minute * 60
        return np.where(self.turnable, at, np.nan)

    def _take_order_of_ids(self) -> None:
        """The one order in which time goes the way the ids go."""
        if self.many_styles or len(self.came) < _ORDERED or self._sorted_as_text():
            return
        leads = [np.full(len(self.texts), lead) for lead in (True, False)]
        days_go, months_go = (_n_back(self._at(lead)[self.came]) == 0 for lead in leads)
        self.one_way, self.days_lead = days_go != months_go, days_go

    def _sorted_as_text(self) -> bool:
        came = self.texts.iloc[self.came]
        return came.is_monotonic_increasing or came.is_monotonic_decreasing

    def _contradicted(self) -> bool:
        """Whether the uncertain dates fit the certain ones when exchanged, and not as they are."""
        certain = self.by_day | self.by_month
        if not certain.any():
            return False
        lead = np.full(len(self.texts), self.days_lead)
        chosen, exchanged = self._at(lead), self._at(lead ^ self.either)
        low, high = np.nanmin(chosen[certain]) - _MONTH, np.nanmax(chosen[certain]) + _MONTH
        outside = [int(((at < low) | (at > high))[self.either].sum()) for at in (chosen, exchanged)]
        back = [_n_back(at[self.came]) for at in (chosen, exchanged)]
        pairs = [outside] if self._sorted_as_text() else [outside, back]
        return any(ours >= _ENOUGH and 2 * theirs < ours for ours, theirs in pairs)


def _two(numbers: Seconds) -> pd.Series:
    return pd.Series(numbers).clip(0).astype(int).astype("str").str.zfill(2)


def _n_back(at: Seconds) -> int:
    known = at[~np.isnan(at)]
    return min(int((np.diff(known) < 0).sum()), int((np.diff(known) > 0).sum()))
