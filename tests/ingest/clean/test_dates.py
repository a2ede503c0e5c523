"""Day or month first: right, or refused with a reason; never silently exchanged."""

import random
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta

import pandas as pd
import pytest

from contracts.settings.sections import Settings
from contracts.source import Source
from ingest.clean import dates
from ingest.clean.rows import Cleaned, clean
from ingest.sources import Raw

Style = Callable[[datetime], str]
START = datetime(2025, 12, 20, 9, 30)  # noqa: DTZ001  (a clock reading, no instant)


def _style(order: str, sep: str = "/", *, padded: bool = True, clock: str = " %H:%M") -> Style:
    def written(time: datetime) -> str:
        day, month = (f"{n:02}" if padded else str(n) for n in (time.day, time.month))
        parts = {"d": day, "m": month, "y": str(time.year)}
        return sep.join(parts[name] for name in order) + (time.strftime(clock) if clock else "")

    return written


ISO = _style("ymd", "-", clock=" %H:%M:%S")
STYLES = [
    _style(order, sep, padded=padded, clock=clock)
    for order in ("dmy", "mdy")
    for sep in ("/", "-", ".")
    for padded in (True, False)
    for clock in ("", " %H:%M", " %H:%M:%S", " %I:%M %p")
]


def _exchanged(time: datetime) -> datetime:
    """As a spreadsheet of the other order takes it, where it can."""
    return time.replace(day=time.month, month=time.day) if time.day <= 12 else time


def _column(texts: Iterable[str], ids: Sequence[object] | None = None) -> dates.Iso:
    column = pd.Series(list(texts), dtype="str").str.upper()
    return dates.iso(column, None if ids is None else pd.Series(ids))


def _read(column: dates.Iso) -> list[datetime | None]:
    times = pd.to_datetime(column.texts.mask(column.unsure), format="ISO8601", errors="coerce")
    return [time.to_pydatetime() if pd.notna(time) else None for time in times]


def _assert_never_wrong(texts: list[str], truth: list[datetime], ids: list[int] | None) -> None:
    column = _column(texts, ids)
    if column.fault:
        return
    for text, read, time in zip(texts, _read(column), truth, strict=True):
        # a text without a clock, or without seconds, tells no more than it tells
        assert read is None or read.date() == time.date(), (text, read, time)


def _days(n: int, *, span: int, rng: random.Random) -> list[datetime]:
    return [
        START + timedelta(days=rng.randrange(span), minutes=rng.randrange(900)) for _ in range(n)
    ]


ORDERS: dict[str, Callable[[datetime], object]] = {
    "by time": lambda time: time,
    "by day of the month": lambda time: (time.day, time.month, time.year),
    "by month": lambda time: (time.month, time.day, time.year),
    "at random": lambda time: random.Random(str(time)).random(),  # noqa: S311
}


@pytest.mark.parametrize("seed", range(8))
def test_a_column_of_one_order_is_never_read_in_the_other(seed: int) -> None:
    rng = random.Random(seed)  # noqa: S311
    for _ in range(60):
        style, n = rng.choice(STYLES), rng.choice([1, 2, 5, 10, 20, 60])
        truth = sorted(_days(n, span=rng.choice([1, 3, 14, 60, 400]), rng=rng))
        order = ORDERS[rng.choice(list(ORDERS))]
        rows = sorted(range(n), key=lambda i: order(truth[i]))  # type: ignore[arg-type,return-value]
        ids = rng.choice([None, [1000 + 3 * i for i in rows], list(range(n))])
        truth = [truth[i] for i in rows]
        _assert_never_wrong([style(time) for time in truth], truth, ids)


@pytest.mark.parametrize("seed", range(8))
def test_a_column_that_a_spreadsheet_touched_is_never_read_wrongly(seed: int) -> None:
    """What the other order allows is taken so and written in another way; the rest stays."""
    rng = random.Random(seed)  # noqa: S311
    n_refused = 0
    for _ in range(60):
        style, other = rng.choice(STYLES), rng.choice([ISO, ISO, *STYLES])
        truth = _days(rng.choice([2, 5, 20, 60]), span=rng.choice([20, 60, 400]), rng=rng)
        texts = [other(_exchanged(time)) if time.day <= 12 else style(time) for time in truth]
        looks = {write(START).translate(_SHAPE) for write in (style, other)}
        if len(looks) == 2 and any(time.day > 12 for time in truth):
            _assert_never_wrong(texts, truth, None)
            n_refused += bool(_column(texts).fault)
    assert n_refused > 20


_SHAPE = str.maketrans("123456789", "0" * 9)


@pytest.mark.parametrize("seed", range(8))
def test_two_orders_in_one_column_are_read_only_where_each_row_is_certain(seed: int) -> None:
    rng = random.Random(seed)  # noqa: S311
    both = [_style("dmy"), _style("mdy")]
    for n in (0, 1, 2, 20):
        truth = [START.replace(day=13), START.replace(day=14), *_days(n, span=400, rng=rng)]
        later = (rng.choice(both)(time) for time in truth[2:])
        texts = [both[0](truth[0]), both[1](truth[1]), *later]
        if any(time.day <= 12 and time.day != time.month for time in truth):
            assert "first: other rows need different orders" in _column(texts).fault
        else:
            assert _read(_column(texts)) == truth


@pytest.mark.parametrize("style", STYLES, ids=lambda style: style(START.replace(day=1)))
def test_a_column_of_one_order_is_read_where_a_day_shows_it(style: Style) -> None:
    rng = random.Random(5)  # noqa: S311
    for span in (14, 60, 400):
        truth = _days(300, span=span, rng=rng)
        column = _column([style(time) for time in truth])
        assert not column.fault
        assert [time.date() for time in _read(column) if time] == [time.date() for time in truth]


@pytest.mark.parametrize(
    ("text", "iso"),
    [
        ("13/04/2026 9:05", "2026-04-13T09:05"),
        ("04/13/2026 12:05 am", "2026-04-13T00:05"),
        ("04-13-2026 12:05:09 PM", "2026-04-13T12:05:09"),
        ("13.4.2026, 10:00:01.250", "2026-04-13T10:00:01.250"),
        ("13/04/2026T10:00Z", "2026-04-13T10:00Z"),
        ("13/04/2026 10:00 +0530", "2026-04-13T10:00+0530"),
        ("05/05/2026", "2026-05-05"),
        ("2026-04-05", "2026-04-05"),
        ("31/02/2026", "2026-02-31"),
        ("13/04/2026 13:00 PM", "13/04/2026 13:00 PM"),
        ("13/13/2026", "13/13/2026"),
        ("13/04-2026", "13/04-2026"),
        ("soon", "SOON"),
    ],
)
def test_clocks_and_offsets_stay(text: str, iso: str) -> None:
    column = _column([text])
    assert (column.texts.tolist(), column.fault) == ([iso], "")


@pytest.mark.parametrize(
    ("texts", "fault"),
    [
        (["05/03/2026", "06/03/2026"], "2 dates may be day or month first: nothing in the column"),
        (["05/03/2026", "13/03/2026", "03/14/2026"], "other rows need different orders"),
        (["5/3/2026", "13/03/2026", "05/03/2026"], "written in several ways"),
        (["5/3/2026", "13/03/2026 10:00"], "written in several ways"),
        (["2026-05-03", "2026-06-03", "13/03/2026"], "all on days up to 12"),
        (["13/03/26", "14/03/26"], "years have two digits"),
        (["2026-13-03", "2026-04-03"], "both orders after the year"),
    ],
)
def test_what_nothing_decides_is_a_fault(texts: list[str], fault: str) -> None:
    assert fault in _column(texts).fault


def test_a_stray_row_costs_itself_alone() -> None:
    column = _column(["2026-03-13", "2026-03-14", "2026-03-15", "05/03/2026", None])  # type: ignore[list-item]
    assert not column.fault
    assert column.unsure.tolist() == [False, False, False, True, False]


def test_ids_tell_the_order_where_no_day_does() -> None:
    truth = [datetime(2026, month, day) for month in (1, 2, 3) for day in (4, 8, 11)]  # noqa: DTZ001
    ids = [f"T-{n:04}" for n in (3, 10, 11, 15, 21, 30, 31, 42, 57)]
    for order in ("dmy", "mdy"):
        texts = [_style(order, clock="")(time) for time in truth]
        rows = [4, 7, 0, 2, 1, 8, 3, 6, 5]
        column = _column([texts[i] for i in rows], [ids[i] for i in rows])
        # months and then days, as text too, is also how a file sorted as text looks
        assert bool(column.fault) == (order == "mdy")
        assert order == "mdy" or _read(column) == [truth[i] for i in rows]
    numbered = _column([_style("dmy", clock="")(time) for time in truth], list(range(9)))
    assert "nothing in the column tells" in numbered.fault


def test_dates_that_only_fit_when_exchanged_are_refused() -> None:
    """A spreadsheet that writes as the source did: the range of the certain dates shows it."""
    rng = random.Random(1)  # noqa: S311
    truth = [datetime(2026, 4, 1) + timedelta(days=rng.randrange(30)) for _ in range(60)]  # noqa: DTZ001
    written = _style("dmy", clock="")
    assert not _column([written(time) for time in truth]).fault
    touched = [written(_exchanged(time)) for time in truth]
    assert "only fit them when exchanged" in _column(touched).fault


def test_ids_speak_against_exchanged_dates_over_years() -> None:
    rng = random.Random(2)  # noqa: S311
    truth = sorted(_days(300, span=700, rng=rng))
    ids = sorted(rng.sample(range(10_000), 300))
    written = _style("dmy")
    assert not _column([written(time) for time in truth], ids).fault
    assert "only fit" in _column([written(_exchanged(time)) for time in truth], ids).fault


def _clean(*opened: str, **mapping: object) -> Cleaned:
    n = len(opened)
    frame = pd.DataFrame({"complaint_id": [f"c{i}" for i in range(n)], "created_utc": opened,
                          "complaint_class": "network", "source_row": range(2, n + 2)})  # fmt: skip
    columns = {name: name for name in frame if name != "source_row"}
    source = Source.model_validate(
        {"table": "complaint", "path": "x", "columns": columns, **mapping}
    )
    raw = Raw(frame, pd.DataFrame({"source_row": [], "reason": []}))
    return clean(raw, source, Settings(), file="f.csv", file_hash="h")


def test_a_file_is_refused_with_the_remedy_and_an_explicit_format_stands() -> None:
    opened = ("05/03/2026 10:00", "06/03/2026 11:00")
    (fault,) = _clean(*opened).faults
    assert fault == (
        "created_utc: 2 dates may be day or month first: nothing in the column tells; "
        'give [source.formats] created_utc, such as "%d/%m/%Y" or "%m/%d/%Y"'
    )
    read = _clean(*opened, formats={"created_utc": "%d/%m/%Y %H:%M"})
    assert read.faults == []
    assert read.accepted["created_utc"].dt.month.tolist() == [3, 3]


def test_a_file_is_read_without_a_format_where_its_column_tells() -> None:
    read = _clean("05/03/2026 10:00", "13/03/2026 11:00", "40/03/2026 11:00")
    assert read.faults == []
    assert read.accepted["created_utc"].tolist() == [
        pd.Timestamp("2026-03-05T10:00Z"), pd.Timestamp("2026-03-13T11:00Z")
    ]  # fmt: skip
    assert read.refused["reason"].tolist() == ["not a time"]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("22-Apr-15", "2015-04-22"),
        ("01-MAY-98 13:45:00", "1998-05-01T13:45:00"),
        ("1-May-2015 01.45.00 PM", "2015-05-01T13:45:00"),
        ("Apr 2, 2015 1:05 pm", "2015-04-02T13:05"),
        ("Mon, 05 Jan 2026 10:00:00 +0000", "2026-01-05T10:00:00+0000"),
        ("22. Dezember 2015", "2015-12-22"),
        ("3 août 2016", "2016-08-03"),
        ("5 de marzo de 2016", "2016-03-05"),
        ("2015 Apr 22 10:00", "2015-04-22T10:00"),
        ("22APR2015", "2015-04-22"),
        ("22 Foo 2015", "22 FOO 2015"),
    ],
)
def test_months_by_their_names(text: str, wanted: str) -> None:
    assert _column([text]).texts.tolist() == [wanted]


@pytest.mark.parametrize("layout", ["{d}/{m}/{y}", "{m}/{d}/{y} 10:00", "{y}-{m}-{d}"])
def test_years_of_two_digits_where_the_days_of_a_month_tell(layout: str) -> None:
    texts = [layout.format(d=f"{day:02}", m="04", y="15") for day in range(1, 29)]
    assert [time.date().isoformat() for time in _read(_column(texts)) if time] == [
        f"2015-04-{day:02}" for day in range(1, 29)
    ]


def test_years_of_two_digits_that_nothing_tells() -> None:
    assert "two digits" in _column(["22/04/15", "22/04/16"]).fault


def _half_exchanged(n: int) -> tuple[list[str], list[datetime]]:
    """Days that a spreadsheet of the other order exchanged where it could, and wrote as ISO."""
    truth = [START + timedelta(days=day) for day in range(n)]
    texts = [
        ISO(_exchanged(time)) if time.day <= 12 else time.strftime("%d/%m/%Y %H:%M:%S")
        for time in truth
    ]
    return texts, truth


def test_two_ways_of_writing_are_named_with_their_numbers() -> None:
    texts, _ = _half_exchanged(60)
    fault = _column(texts).fault
    assert "24 dates begin with the year" in fault
    assert "36 with the day" in fault
    assert '["%Y-%d-%m", "%d/%m/%Y"]' in fault


def test_the_order_of_ids_tells_whether_years_are_exchanged() -> None:
    texts, truth = _half_exchanged(60)
    column = _column(texts, [n * 3 for n in range(60)])
    assert column.fault == ""
    assert _read(column) == truth


def test_the_order_of_rows_tells_where_the_ways_of_writing_change_often() -> None:
    texts, truth = _half_exchanged(400)
    column = _column(texts)
    assert column.fault == ""
    assert _read(column) == truth
