from datetime import UTC, date, datetime

import pandas as pd
import pytest

from contracts.errors import NothingFound, QuestionError
from views.words.periods import Period, by_period, choose, parse


@pytest.mark.parametrize(
    ("text", "first", "last", "days"),
    [
        ("2026-W46", date(2026, 11, 9), date(2026, 11, 15), "9 to 15 Nov 2026"),
        ("2026-W01", date(2025, 12, 29), date(2026, 1, 4), "29 Dec 2025 to 4 Jan 2026"),
        ("2026-W53", date(2026, 12, 28), date(2027, 1, 3), "28 Dec 2026 to 3 Jan 2027"),
        ("2026-10", date(2026, 10, 1), date(2026, 10, 31), "1 to 31 Oct 2026"),
        ("2028-02", date(2028, 2, 1), date(2028, 2, 29), "1 to 29 Feb 2028"),
    ],
)
def test_a_name_and_its_days_go_together(text: str, first: date, last: date, days: str) -> None:
    period = parse(text)
    assert (period.first, period.last, period.key, period.days) == (first, last, text, days)


@pytest.mark.parametrize("text", ["2025-W53", "2026-W00", "2026-13", "2026", "w46", "../2026-W46"])
def test_what_is_no_period_is_refused_with_the_way_to_write_one(text: str) -> None:
    with pytest.raises(QuestionError, match="write a week as 2026-W46"):
        parse(text)


def test_a_period_ends_at_midnight_on_the_operator_s_clock() -> None:
    # the clock of London went back on 25 October 2026
    assert parse("2026-W43").end("Europe/London") == datetime(2026, 10, 26, tzinfo=UTC)
    assert parse("2026-W42").end("Europe/London") == datetime(2026, 10, 18, 23, tzinfo=UTC)
    assert parse("2026-W42").end("Asia/Kolkata") == datetime(2026, 10, 18, 18, 30, tzinfo=UTC)


def offered(*given: tuple[str, int, bool]) -> dict[Period, pd.Series]:
    periods = [(parse(name), n_known, over) for name, n_known, over in given]
    return by_period(pd.DataFrame([
        {"period_grain": p.grain, "period_start": p.first, "is_over": over, "n_days_known": n_known,
         "n_days": (p.last - p.first).days + 1} for p, n_known, over in periods
    ]))  # fmt: skip


def test_unasked_the_newest_whole_week_is_taken() -> None:
    some = offered(("2026-09", 30, True), ("2026-W38", 7, True), ("2026-W39", 7, True),
                   ("2026-W40", 7, False), ("2026-W41", 3, False))  # fmt: skip
    assert choose(some).key == "2026-W39"
    assert choose(some, "2026-W41").key == "2026-W41"
    assert choose(offered(("2018-04", 0, True), ("2018-05", 0, False))).key == "2018-05"


def test_a_period_outside_the_data_is_refused_with_what_there_is() -> None:
    some = offered(("2026-09", 30, True), ("2026-W38", 7, True), ("2026-W39", 7, True))
    message = (
        "2026-W46: outside the data; there are weeks 2026-W38 to 2026-W39 and the month 2026-09"
    )
    with pytest.raises(NothingFound, match=message):
        choose(some, "2026-W46")
    with pytest.raises(NothingFound, match="nothing published has a rate"):
        choose({})
