"""Day or month first? Recognised over a whole column; where nothing decides, nothing is guessed.

A text such as 05/03/2026 says nothing by itself. What decides is a part above 12 anywhere in the
column, or, without one, the order of the rows' ids; the range of the certain dates, and the ids,
must not contradict it. A column written in more than one way went through a spreadsheet, which
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
_CLOCK: Final = (
    r"(?:[ T,]+(?P<h>\d{1,2})[:.](?P<min>\d{2})(?:[:.](?P<sec>\d{2})(?P<part>\.\d+)?)?"
    r"\s*(?P<half>[AP]M)?\s*(?P<zone>Z|[+-]\d{2}(?::?\d{2})?)?)?$"
)
_WEEKDAY: Final = r"^(?:[A-Z]{2,9}\.?,?\s+)?"
_MONTH_NAME: Final = r"(?P<name>[^\W\d_]{3,10})\.?"
_NAMED: Final = (
    rf"{_WEEKDAY}(?P<d>\d{{1,2}})(?:ST|ND|RD|TH|\.)?[ /-]*(?:DE )?{_MONTH_NAME}(?: DE)?[ ,/-]*"
    rf"(?P<y>\d{{4}}|\d{{2}}){_CLOCK}",
    rf"{_WEEKDAY}{_MONTH_NAME}[ /-]+(?P<d>\d{{1,2}})(?:ST|ND|RD|TH)?,?[ /-]+(?P<y>\d{{4}}){_CLOCK}",
    rf"^(?P<y>\d{{4}})[ /-]+{_MONTH_NAME}[ /-]+(?P<d>\d{{1,2}}){_CLOCK}",
)
# English, German, French, Spanish, Portuguese, Italian; a month's beginnings that no other has
_MONTHS: Final = {
    1: "JAN GEN ENE", 2: "FEB FEV FÉV", 3: "MAR MÄR MRZ", 4: "APR AVR ABR",
    5: "MAY MAI MAG", 6: "JUN JUIN GIU", 7: "JUL JUIL LUG", 8: "AUG AOU AOÛ AGO",
    9: "SEP SET", 10: "OCT OKT OTT OUT", 11: "NOV", 12: "DEC DEZ DÉC DIC",
}  # fmt: skip
_SHORT: Final = r"^(\d{1,2})([/.-])(\d{1,2})([/.-])(\d{2})((?:\D.*)?)$"
# years that two digits may span, and the first of the last century among them
_SPAN, _LAST_CENTURY = 5, 70
# changes between two ways of writing before the order of rows is no result of sorting
_INTERLEAVED = 8
# rows that contradict an order before it is given up
_ENOUGH = 3
# distinct texts before the order of the ids decides
_ORDERED = 8
# seconds by which a date may lie outside the range of the certain ones
_MONTH: Final = 31 * 86_400

Flags = npt.NDArray[np.bool_]
Seconds = npt.NDArray[np.float64]


class Iso(NamedTuple):
    """Texts with dates as ISO 8601, and what about them stays open."""

    texts: pd.Series
    """The column's texts, those that begin with a day or a month turned round."""
    unsure: pd.Series
    """Flag of each text: it may be day or month first."""
    fault: str = ""
    """Why no row of the column may be used, in words; empty = it may."""


def iso(texts: pd.Series, ids: pd.Series | None = None) -> Iso:
    """A column of times as ISO 8601, judged as a whole: day first or month first.

    `texts`: times in upper case; what is no date that begins with a day or a month stays as it is,
    and missing stays missing. `ids`: keys of the same rows, whose numbers say in which order the
    rows came; None where there are none.

    >>> iso(pd.Series(["05/03/2026", "31/03/2026"])).texts.tolist()
    ['2026-03-05', '2026-03-31']
    >>> iso(pd.Series(["05/03/2026", "06/03/2026"])).fault
    '2 dates may be day or month first: nothing in the column tells'
    """
    texts = _with_whole_years(_without_names(texts))
    if not texts.str.contains(_ODD, na=False).any():
        return Iso(texts, pd.Series(False, index=texts.index))
    # code: position of each row's text among the distinct ones; -1 = missing, the last position
    code, distinct = pd.factorize(texts)
    column = _Column(pd.Series(distinct, dtype="str"), _arrival(code, ids), code)
    fault = column.fault()
    turned = pd.Series(column.turned().array.take(code, allow_fill=True), index=texts.index)
    unsure = np.append(column.either & (not column.one_way), False)[code]
    return Iso(turned, pd.Series(unsure, index=texts.index), fault)


def _without_names(texts: pd.Series) -> pd.Series:
    """The texts, those with a month's name as ISO 8601."""
    named = texts[texts.str.contains(r"[^\W\d_]{3}", regex=True, na=False)].drop_duplicates()
    if named.empty:
        return texts
    iso: dict[str, str] = {}
    for pattern in _NAMED:
        parts = named[~named.isin(iso.keys())].str.extract(pattern).dropna(subset=["name"])
        month = parts["name"].map(_month_of)
        parts, month = parts[month > 0].fillna(""), month[month > 0]
        numbers = {name: pd.to_numeric(parts[name]).to_numpy(float) for name in ("d", "y")}
        date = pd.Series(_whole(numbers["y"])).astype(int).astype("str").set_axis(parts.index)
        date += "-" + _two(month.to_numpy(float)).set_axis(parts.index)
        date += "-" + _two(numbers["d"]).set_axis(parts.index)
        iso |= dict(zip(named[parts.index], date + _clock(parts), strict=True))
    return texts.map(lambda text: iso.get(text, text)).astype("str") if iso else texts


def _month_of(name: str) -> int:
    """Number of a month by its name, in six languages; 0 = none."""
    plain = name.upper()
    starts = {start: n for n, all_starts in _MONTHS.items() for start in all_starts.split()}
    return next((n for start, n in starts.items() if plain.startswith(start)), 0)


def _clock(parts: pd.DataFrame) -> pd.Series:
    """The clock behind a date as ISO 8601; empty = none."""
    hour = pd.to_numeric(parts["h"], errors="coerce").fillna(0)
    half = parts["half"].to_numpy()
    hours = np.where(half == "", hour, hour % 12 + 12 * (half == "PM"))
    clock = "T" + _two(hours).set_axis(parts.index) + ":" + parts["min"]
    clock += parts["sec"].mask(parts["sec"] != "", ":" + parts["sec"]) + parts["part"]
    return (clock + parts["zone"]).where(parts["h"] != "", "")


def _whole(years: Seconds) -> Seconds:
    """Years of four digits of those of two: 70 to 99 are of the last century."""
    century = np.where(years < _LAST_CENTURY, 2000, 1900)
    return np.where(years < 100, years + century, years)


def _with_whole_years(texts: pd.Series) -> pd.Series:
    """The texts, years of two digits as four where the column tells which part is the year.

    It is the part that spans few numbers, while the other spans the days of a month.
    """
    distinct = pd.Series(texts.dropna().unique(), dtype="str")
    parts = distinct.str.extract(_SHORT).dropna(subset=[0])
    parts = parts[parts[1] == parts[3]]
    if not len(parts) or 2 * len(parts) <= len(distinct):
        return texts
    first, middle, last = (pd.to_numeric(parts[part]).to_numpy(float) for part in (0, 2, 4))
    # a day in the middle stands behind its month
    is_last = np.ptp(last) <= _SPAN < np.ptp(first) or bool((last > 31).any() | (middle > 12).any())
    is_first = np.ptp(first) <= _SPAN < np.ptp(last) or bool((first > 31).any())
    if is_last == is_first:
        return texts
    year = pd.Series(_whole(last if is_last else first)).astype(int).astype("str")
    year = year.set_axis(parts.index)
    date = (
        parts[0] + parts[1] + parts[2] + parts[1] + year
        if is_last
        else year + "-" + parts[2].str.zfill(2) + "-" + parts[4]
    )
    whole = dict(zip(distinct[parts.index], date + parts[5], strict=True))
    return texts.map(lambda text: whole.get(text, text)).astype("str")


def _arrival(code: npt.NDArray[np.intp], ids: pd.Series | None) -> npt.NDArray[np.intp]:
    """The distinct texts in the order in which they first came; none where the ids show none.

    `code`: the number of each row's text, shape (rows,); -1 = missing.
    """
    unknown = np.zeros(0, np.intp)
    if ids is None:
        return unknown
    digits = ids.astype("str").str.extract(r"(\d{1,15})$")[0]
    numbers = pd.to_numeric(digits, errors="coerce").to_numpy(float)
    # ids without a gap may be row numbers, given after somebody sorted by a date read wrongly
    if (
        np.isnan(numbers).any()
        or len(np.unique(numbers)) < len(ids)
        or (np.diff(numbers) == 1).all()
    ):
        return unknown
    codes = code[np.argsort(numbers)]
    distinct, first = np.unique(codes[codes >= 0], return_index=True)
    return distinct[np.argsort(first)]


class _Column:
    """The distinct texts of a column, taken apart; all arrays have shape (texts,), -1 = no number.

    Parts of a text: `a`, `b`, `c` the three numbers of its date, `s` and `t` the marks between
    them, then the clock. Kinds of a text, as flags: `year_first`; `short_year`; and of those that
    end with a year of four digits `by_day` (a above 12), `by_month` (b above 12), `alike` (a is b)
    and `either` (day or month first). Of the column: `many_styles`; `days_lead` (day first);
    `one_way` (that order holds for all of `either`).
    """

    def __init__(
        self, texts: pd.Series, arrival: npt.NDArray[np.intp], rows: npt.NDArray[np.intp]
    ) -> None:
        self.texts, self.arrival = texts, arrival
        codes, first = np.unique(rows[rows >= 0], return_index=True)
        # positions of the texts in the order of their first rows
        self.order_of_rows = codes[np.argsort(first)]
        self.parts = _parts(texts)
        self.a, self.b, self.c = (self._numbers(name) for name in "abc")
        hour, half = self._numbers("h"), self.parts["half"].to_numpy()
        # 12 AM is hour 0, 12 PM hour 12
        self.hour = np.where(half == "", hour, hour % 12 + 12 * (half == "PM"))
        self._name_kinds(self._is_date() & ((half == "") | (hour <= 12)))
        self.many_styles = self._has_many_styles()
        self.days_lead = bool(self.by_day.any())
        self.one_way = self.days_lead != bool(self.by_month.any()) and not self.many_styles
        self.years_exchanged = False
        if not (self.by_day | self.by_month).any():
            self._take_order_of_ids()
        self.years_open = self._years_may_be_exchanged() and not self._take_order_of_years()

    def _is_date(self) -> Flags:
        """Whether both marks are alike, and a gap stands where a clock follows."""
        has_gap, has_clock = self.parts["gap"] != "", self.parts["h"] != ""
        return ((self.parts["s"] == self.parts["t"]) & (has_gap == has_clock)).to_numpy()

    def _name_kinds(self, is_date: Flags) -> None:
        size = {name: self.parts[name].str.len().to_numpy() for name in "abc"}
        self.year_first = is_date & (size["a"] == 4) & (size["c"] <= 2)
        self.short_year = is_date & (size["a"] <= 2) & (size["c"] == 2)
        year_last = is_date & (size["a"] <= 2) & (size["c"] == 4)
        a_may_be_month = (self.a >= 1) & (self.a <= 12)
        b_may_be_month = (self.b >= 1) & (self.b <= 12)
        self.by_day = year_last & (self.a > 12) & (self.a <= 31) & b_may_be_month
        self.by_month = year_last & (self.b > 12) & (self.b <= 31) & a_may_be_month
        self.alike = year_last & a_may_be_month & (self.a == self.b)
        self.either = year_last & a_may_be_month & b_may_be_month & ~self.alike
        self.turnable = self.by_day | self.by_month | self.alike | self.either

    def fault(self) -> str:
        """Why no row can be trusted; empty = it is enough to refuse the uncertain rows."""
        if self._years_then_days():
            return "day and month stand in both orders after the year"
        if 2 * self.short_year.sum() > len(self.texts):
            return "years have two digits, and may be days"
        if (self.by_day | self.by_month).any() and self.years_open:
            return self._two_ways()
        if self.one_way and self._contradicted():
            return (
                f"day {'first' if self.days_lead else 'second'} by its certain dates, and the "
                f"{self.either.sum():,} others only fit them when exchanged; export it again"
            )
        are_few = self.year_first.sum() > self.turnable.sum()
        if self.either.any() and not self.one_way and not are_few:
            return f"{self.either.sum():,} dates may be day or month first: {self._why()}"
        return ""

    def _why(self) -> str:
        if self.by_day.any() and self.by_month.any():
            n_days, n_months = int(self.by_day.sum()), int(self.by_month.sum())
            return (
                f"other rows need different orders ({n_days:,} the day first, {n_months:,} the "
                "month first)"
            )
        if self.many_styles:
            return "the column is written in several ways, as spreadsheets leave it"
        return "nothing in the column tells"

    def _two_ways(self) -> str:
        """What is said of a column of which a spreadsheet may have exchanged a part."""
        n_years, leads = int(self.year_first.sum()), "day" if self.days_lead else "month"
        mark = self.parts["s"][self.turnable].mode()[0]
        layout = f"%d{mark}%m{mark}%Y" if self.days_lead else f"%m{mark}%d{mark}%Y"
        return (
            f"{n_years:,} dates begin with the year, all on days up to 12, and "
            f"{int(self.turnable.sum()):,} with the {leads}: a spreadsheet may have exchanged day "
            "and month in the former; export it again, or give a list of formats that reads both, "
            f'such as ["%Y-%m-%d", "{layout}"] or, where it did, ["%Y-%d-%m", "{layout}"]'
        )

    def turned(self) -> pd.Series:
        """The texts, with those that begin with a day or a month as ISO 8601."""
        day_leads = self.by_day | (self.either & self.days_lead)
        day, month = np.where(day_leads, self.a, self.b), np.where(day_leads, self.b, self.a)
        parts = self.parts
        text = parts["c"] + "-" + _two(month) + "-" + _two(day)
        clock = "T" + _two(self.hour) + ":" + parts["min"]
        clock += parts["sec"].mask(parts["sec"] != "", ":" + parts["sec"]) + parts["part"]
        text += (clock + parts["zone"]).where(parts["h"] != "", "")
        years = parts["a"] + "-" + _two(self.c) + "-" + _two(self.b)
        is_exchanged = self.year_first & self.years_exchanged
        text = text.mask(is_exchanged, years + (clock + parts["zone"]).where(parts["h"] != "", ""))
        return text.where(self.turnable | is_exchanged, self.texts)

    def _numbers(self, name: str) -> Seconds:
        return pd.to_numeric(self.parts[name], errors="coerce").fillna(-1).to_numpy(float)

    def _years_then_days(self) -> bool:
        """Whether days stand before months in texts that begin with the year, and never after."""
        exchanged = self.year_first & (self.b > 12) & (self.c <= 12)
        return bool(exchanged.any() and not (self.year_first & (self.c > 12)).any())

    def _years_may_be_exchanged(self) -> bool:
        """Whether no text that begins with the year is certain, and some are uncertain."""
        is_open = self.year_first & (self.b <= 12) & (self.c <= 12) & (self.b != self.c)
        return bool(is_open.any() and not (self.year_first & (self.c > 12)).any())

    def _take_order_of_years(self) -> bool:
        """Whether ids or rows tell if day and month stand exchanged behind the year.

        Rows do only where the two ways of writing change often: one who sorted by dates read
        wrongly put each of them together.
        """
        kinds = self.year_first[self.order_of_rows]
        is_mixed = int((np.diff(kinds.astype(int)) != 0).sum()) >= _INTERLEAVED
        order = self.arrival if len(self.arrival) else self.order_of_rows
        if len(order) < _ORDERED or not (len(self.arrival) or is_mixed):
            return False
        leads = np.full(len(self.texts), self.days_lead)
        turned = self._seconds(leads)
        backs = [
            _n_back(np.where(self.year_first, self._seconds_of_years(exchanged), turned)[order])
            for exchanged in (False, True)
        ]
        self.years_exchanged = backs[1] == 0 < backs[0]
        return (backs[0] == 0) != (backs[1] == 0)

    def _seconds_of_years(self, exchanged: bool) -> Seconds:
        """Seconds of texts that begin with the year, in months of 31 days."""
        month, day = (self.c, self.b) if exchanged else (self.b, self.c)
        minute = self.hour.clip(0) * 60 + self._numbers("min").clip(0)
        return ((self.a * 12 + month) * 31 + day) * 86_400 + minute * 60

    def _has_many_styles(self) -> bool:
        """Whether dates are written in more than one way: separators, clock, leading zeros."""
        if self.year_first.any():
            return True
        parts = self.parts[self.turnable]
        has = {name: parts[name] != "" for name in ("h", "sec", "half", "zone")}
        styles = parts[["s", "gap"]].assign(**has)
        numbers = parts["a"] + "/" + parts["b"]
        with_zero = numbers.str.contains(r"\b0").any()
        without_zero = numbers.str.contains(r"\b[1-9]\b").any()
        return len(styles.drop_duplicates()) > 1 or bool(with_zero and without_zero)

    def _seconds(self, day_leads: Flags) -> Seconds:
        """Seconds of each text in months of 31 days, days first where `day_leads`; NaN = none."""
        day, month = np.where(day_leads, self.a, self.b), np.where(day_leads, self.b, self.a)
        minute = self.hour.clip(0) * 60 + self._numbers("min").clip(0)
        seconds = ((self.c * 12 + month) * 31 + day) * 86_400 + minute * 60
        return np.where(self.turnable, seconds, np.nan)

    def _take_order_of_ids(self) -> None:
        """Takes the order of day and month in which time goes the way the ids go, if one does."""
        if self.many_styles or len(self.arrival) < _ORDERED or self._sorted_as_text():
            return
        orders = [np.full(len(self.texts), day_leads) for day_leads in (True, False)]
        days_fit, months_fit = (
            _n_back(self._seconds(order)[self.arrival]) == 0 for order in orders
        )
        self.one_way, self.days_lead = days_fit != months_fit, days_fit

    def _sorted_as_text(self) -> bool:
        """Whether ids follow the texts as such: somebody sorted them, and ids say nothing."""
        texts = self.texts.iloc[self.arrival]
        return texts.is_monotonic_increasing or texts.is_monotonic_decreasing

    def _contradicted(self) -> bool:
        """Whether the uncertain dates fit the certain ones when exchanged, and not as they are."""
        is_certain = self.by_day | self.by_month
        if not is_certain.any():
            return False
        order = np.full(len(self.texts), self.days_lead)
        # as chosen, and with day and month of the uncertain dates exchanged
        readings = (self._seconds(order), self._seconds(order ^ self.either))
        certain = readings[0][is_certain]
        low, high = np.nanmin(certain) - _MONTH, np.nanmax(certain) + _MONTH
        n_outside = [int(((s < low) | (s > high))[self.either].sum()) for s in readings]
        n_back = [_n_back(s[self.arrival]) for s in readings]
        pairs = [n_outside] if self._sorted_as_text() else [n_outside, n_back]
        return any(chosen >= _ENOUGH and 2 * exchanged < chosen for chosen, exchanged in pairs)


def _parts(texts: pd.Series) -> pd.DataFrame:
    """The named parts of each text, empty where it has none."""
    match = pc.extract_regex(pa.array(texts, pa.string()), _DATE)
    names = ("a", "s", "b", "t", "c", "gap", "h", "min", "sec", "part", "half", "zone")
    parts = {name: pc.struct_field(match, name).to_pandas() for name in names}
    return pd.DataFrame(parts).fillna("").astype("str")


def _two(numbers: Seconds) -> pd.Series:
    """Numbers as text of two digits."""
    return pd.Series(numbers).clip(0).astype(int).astype("str").str.zfill(2)


def _n_back(seconds: Seconds) -> int:
    """How often time goes back, or forward if that is less: rows may come newest first."""
    steps = np.diff(seconds[~np.isnan(seconds)])
    return min(int((steps < 0).sum()), int((steps > 0).sum()))
