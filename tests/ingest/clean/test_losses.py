"""What loses most of its rows is named: a value, a format, an hour, a class, a day, a cell."""

from typing import Any

import pandas as pd
import pytest

from contracts.settings.sections import Settings
from contracts.source import Source
from ingest.clean.losses import Loss, of_width
from ingest.clean.rows import clean
from ingest.quality.reading import systematic_losses
from ingest.sources import Raw


class _Loads:
    """As a warehouse, of which only the loads are asked for."""

    def __init__(self, *losses: list[Loss]) -> None:
        self._loads = {str(n): {"losses": rows} for n, rows in enumerate(losses)}

    def loads(self, table: str) -> dict[str, Any]:  # noqa: ARG002  (as the warehouse has it)
        return self._loads


def _counters(days: int = 4, cells: int = 3, start: str = "2026-03-01") -> pd.DataFrame:
    times = pd.date_range(start, periods=24 * days, freq="h")
    names = [f"C{n}" for n in range(cells)]
    rows = pd.MultiIndex.from_product([names, times], names=["cell_id", "time"]).to_frame(False)
    return pd.DataFrame(
        {
            "cell_id": rows["cell_id"],
            "period_start_utc": rows["time"].dt.strftime("%Y-%m-%d %H:%M"),
            "period_s": "3600",
            "call_attempts": "100",
            "dropped_calls": "2",
        }
    ).astype("str")


def _losses(frame: pd.DataFrame, table: str = "pm") -> list[Loss]:
    columns = {name: name for name in frame}
    source = Source.model_validate({"table": table, "path": "x", "columns": columns})
    rows = frame.assign(source_row=range(2, len(frame) + 2))
    raw = Raw(rows, pd.DataFrame({"source_row": [], "reason": []}))
    return clean(raw, source, Settings(), file="f", file_hash="h").losses


def _messages(*losses: list[Loss]) -> list[str]:
    return [note[3] for note in systematic_losses(_Loads(*losses), "pm")]  # type: ignore[arg-type]


def test_nothing_is_lost_and_nothing_is_said() -> None:
    assert _losses(_counters()) == []
    assert _messages([]) == []


def test_a_stray_value_is_no_system() -> None:
    frame = _counters()
    frame.loc[[5, 99, 200], "dropped_calls"] = ["x1", "??", "-"]
    assert _messages(_losses(frame)) == []


@pytest.mark.parametrize(
    ("where", "text", "named"),
    [
        (lambda f: f.index % 30 == 0, "n/a", 'the value "n/a" lost 10 of 10'),
        (lambda f: f["period_start_utc"].str.endswith("23:00"), "-5", 'the value "-5" lost 12'),
        (lambda f: f["period_start_utc"].str.startswith("2026-03-02"), "?", 'the value "?" lost'),
    ],
)
def test_a_value_that_is_lost(where: Any, text: str, named: str) -> None:
    frame = _counters()
    frame["dropped_calls"] = frame["dropped_calls"].mask(where(frame), text)
    assert named in _messages(_losses(frame))[0]


@pytest.mark.parametrize(
    ("where", "named"),
    [
        (
            lambda f: f["period_start_utc"].str.endswith("23:00"),
            "hour 23 of the days lost 12 of 12",
        ),
        (
            lambda f: f["period_start_utc"].str.startswith("2026-03-02"),
            "the day 2026-03-02 lost 72",
        ),
        (lambda f: f["cell_id"] == "C1", "cell C1 lost 96 of 96"),
    ],
)
def test_an_hour_a_day_or_a_cell_that_is_lost(where: Any, named: str) -> None:
    frame = _counters()
    negative = pd.Series([f"-{n}" for n in range(1, len(frame) + 1)], dtype="str")
    frame["dropped_calls"] = frame["dropped_calls"].mask(where(frame), negative)
    assert named in _messages(_losses(frame))[0]


def test_a_format_that_is_lost() -> None:
    frame = _counters()
    odd = pd.Series([f"{n} / {n + 100}" for n in range(len(frame))], dtype="str")
    frame["dropped_calls"] = frame["dropped_calls"].mask(frame.index % 25 == 0, odd)
    assert 'texts of the form "9 / 9" lost 12 of 12' in _messages(_losses(frame))[0]


def test_an_hour_of_daily_files_adds_up_and_one_of_one_day_does_not() -> None:
    files = []
    for day in ("2026-03-01", "2026-03-02", "2026-03-03"):
        frame = _counters(days=1, start=day)
        is_last = frame["period_start_utc"].str.endswith("23:00")
        frame["period_start_utc"] = frame["period_start_utc"].mask(is_last, day + " 23:75")
        files.append(_losses(frame))
    assert "hour 23" in _messages(*files)[0] or "23:75" in _messages(*files)[0]
    assert _messages(files[0]) == []


def test_no_text_of_a_person_is_kept() -> None:
    rows = {
        "response_id": [str(n) for n in range(40)],
        "survey_type": "relationship",
        "answered_utc": "2026-03-01 10:00",
        "score": ["Anna Smith says yes"] * 20 + ["9"] * 20,
    }
    losses = _losses(pd.DataFrame(rows).astype("str"), "nps")
    assert "Anna" not in str(losses)
    assert any(loss["kind"] == "value" and loss["n_lost"] == 20 for loss in losses)


@pytest.mark.parametrize("column", ["answered_utc", "wave", "cell_id", "channel"])
def test_no_text_of_a_person_is_kept_as_a_group_either(column: str) -> None:
    rows = {
        "response_id": [str(n) for n in range(40)],
        "survey_type": "relationship",
        "answered_utc": "2026-03-01 10:00",
        "score": "never",
        "cell_id": "A",
        "wave": "1",
        "channel": "sms",
        column: "07712345678",
    }
    assert "7712345678" not in str(_losses(pd.DataFrame(rows).astype("str"), "nps"))


def test_rows_of_another_width_are_one_format() -> None:
    rows = pd.DataFrame({"source_row": range(9), "reason": "6 columns, the header has 5"})
    assert "lost 9 of 9" in _messages(of_width(rows))[0]
    assert _messages(of_width(rows.head(3))) == []
