"""Files that would be read wrongly without a word: the right value, or a refusal with its remedy.

Each is one of a kind; `../shared/cases` has others. Files are read as a run reads them.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from contracts.settings.sections import Settings
from contracts.source import Source
from ingest import sources
from ingest.clean.rows import Cleaned, clean
from ingest.privacy.door import Door
from ingest.privacy.keys import Key

BOX = (-10, 35, 30, 72)
PM = {
    "cell_id": "Cell",
    "period_start_utc": "Time",
    "call_attempts": "Calls",
    "dropped_calls": "Drops",
}
HOURS = [pd.Timestamp("2026-03-02") + pd.Timedelta(hours=n) for n in range(48)]
Row = Callable[[int], str]


@dataclass
class Read:
    """What became of one file."""

    cleaned: Cleaned

    @property
    def words(self) -> str:
        """Everything that is said of it."""
        faults = self.cleaned.faults + self.cleaned.refused["reason"].tolist()
        losses = [f"{loss['kind']} lost {loss['reason']}" for loss in self.cleaned.losses]
        return "\n".join([*faults, *losses])

    def values(self, name: str) -> list[Any]:
        """A column of the accepted rows."""
        return list(self.cleaned.accepted[name])


@pytest.fixture
def read(tmp_path: Path) -> Callable[..., Read]:
    def _read(content: str | bytes, table: str, columns: dict[str, str], **source: Any) -> Read:
        path = tmp_path / "file.csv"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        zone = source.pop("zone", "Europe/Oslo")
        settings = Settings.model_validate({"operator": {"timezone": zone, "bbox": BOX}})
        how = Source.model_validate({"table": table, "path": "x", "columns": columns, **source})
        assert not sources.missing_columns(path, how)
        raw = sources.read(path, how, door=Door(lambda: [Key(b"k" * 32)]))
        return Read(clean(raw, how, settings, file="file.csv", file_hash="h"))

    return _read


def _pm(
    *,
    calls: Row = lambda n: f"{100 + n % 7}",
    drops: Row = lambda n: f"{n % 3}",
    time: Row = lambda n: f"{HOURS[n]:%Y-%m-%d %H:%M}",
    cell: Row = lambda _: "C",
    more: tuple[str, ...] = (),
) -> str:
    rows = [f"{cell(n)},{time(n)},{calls(n)},{drops(n)}" for n in range(len(HOURS))]
    return "\n".join(["Cell,Time,Calls,Drops", *rows, *more, ""])


def _hours(read: Callable[..., Read], text: str, **source: Any) -> Read:
    return read(text, "pm", PM, **({"constants": {"period_s": 3600}} | source))


# ------------------------------------------------------------------------------------ numbers


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("1\u00a0100", 1100),
        ("1\u202f100", 1100),
        ("1'100", 1100),
        ('"1,100"', 1100),
        ('"1,100.00"', 1100),
        ("1.1E+03", 1100),
        ("\uff11\uff11\uff10\uff10", 1100),
    ],
)
def test_marks_of_numbers_are_read(read: Callable[..., Read], written: str, value: int) -> None:
    result = _hours(read, _pm(calls=lambda _: written))
    assert result.words == ""
    assert {*result.values("call_attempts")} == {value}


@pytest.mark.parametrize("written", ["120-", "(120)", "\u2212120", "1_100", "1.1k", "120 n/a"])
def test_what_is_no_count_is_no_other_number(read: Callable[..., Read], written: str) -> None:
    result = _hours(read, _pm(calls=lambda n: written if n % 4 else "120"))
    assert "lost" in result.words
    assert {*pd.Series(result.values("call_attempts")).dropna()} == {120}


@pytest.mark.parametrize("code", [9999, 65535, 2**31 - 1])
def test_a_number_that_means_missing_is_named(read: Callable[..., Read], code: int) -> None:
    result = _hours(read, _pm(calls=lambda n: f"{code}" if n % 9 == 5 else f"{100 + n % 7}"))
    assert f'na = ["{code}"]' in result.words
    mended = _hours(
        read, _pm(calls=lambda n: f"{code}" if n % 9 == 5 else f"{100 + n % 7}"), na=[str(code)]
    )
    assert mended.words == ""
    assert max(pd.Series(mended.values("call_attempts")).dropna()) == 106


def test_a_busy_hour_is_no_code(read: Callable[..., Read]) -> None:
    result = _hours(read, _pm(calls=lambda n: "999" if n == 9 else f"{200 + n % 70}"))
    assert result.words == ""


@pytest.mark.parametrize("given", [{}, {"units": {"dl_vol_kbit": ["GB", "MB"]}}])
def test_units_of_several_sizes_are_no_column(
    read: Callable[..., Read], given: dict[str, Any]
) -> None:
    text = "\n".join(
        ["Cell,Time,Calls,Drops,Volume"]
        + [f"C,{hour:%Y-%m-%d %H:%M},100,1,{'1.5 GB' if hour.hour % 2 else '1500 MB'}"
           for hour in HOURS]
    )  # fmt: skip
    result = read(
        text, "pm", {**PM, "dl_vol_kbit": "Volume"}, constants={"period_s": 3600}, **given
    )
    assert "units of several sizes" in result.words


def _load(read: Callable[..., Read], load: Row) -> Read:
    rows = [f"C,{hour:%Y-%m-%d %H:%M},{100 + n % 7},{n % 3},{load(n)}" for n, hour in
            enumerate(HOURS)]  # fmt: skip
    text = "\n".join(["Cell,Time,Calls,Drops,PRB", *rows])
    return read(text, "pm", {**PM, "prb_dl_util_pct": "PRB"}, constants={"period_s": 3600})


def test_fractions_are_no_per_cent(read: Callable[..., Read]) -> None:
    assert "prb_dl_util_pct = 100" in _load(read, lambda n: f"0.{30 + n * 7 % 40}").words
    mixed = _load(read, lambda n: f"0.{30 + n * 7 % 40}" if n % 2 else f"{30 + n * 7 % 40}").words
    assert "shares and per cent in one column" in mixed


def test_an_idle_cell_is_no_share(read: Callable[..., Read]) -> None:
    assert _load(read, lambda n: "0.02" if n % 2 else f"{30 + n * 7 % 40}").words == ""
    assert _load(read, lambda n: f"0.0{1 + n % 5}").words == ""


def test_drops_are_some_of_the_calls(read: Callable[..., Read]) -> None:
    assert "calls that ended well" in _hours(read, _pm(drops=lambda n: f"{98 + n % 3}")).words


# -------------------------------------------------------------------------------------- rows


@pytest.mark.parametrize(
    "label",
    ["Gesamtergebnis", "\u0418\u0442\u043e\u0433\u043e:", "Suma", "C Total", "\u5408\u8ba1"],
)
def test_totals_are_no_cells(read: Callable[..., Read], label: str) -> None:
    result = _hours(read, _pm(more=(f"{label},2026-03-05 00:00,4800,48",)))
    assert "a row of totals" in result.words
    assert len(result.values("cell_id")) == len(HOURS)


@pytest.mark.parametrize("word", ["N/A", "null", "-", "(blank)", "#REF!", r"\N"])
def test_a_word_for_nothing_is_no_cell(read: Callable[..., Read], word: str) -> None:
    result = _hours(read, _pm(cell=lambda n: "C" if n % 2 else word))
    assert {*result.values("cell_id")} == {"C"}
    assert len(result.cleaned.refused) == len(HOURS) / 2


def test_merged_cells_are_a_loss(read: Callable[..., Read]) -> None:
    words = _hours(read, _pm(cell=lambda n: "" if n else "C")).words
    assert "file lost empty, and required; of merged cells only the first is filled" in words


def test_a_counter_that_runs_on_is_no_count(read: Callable[..., Read]) -> None:
    rising = _pm(calls=lambda n: f"{1000 + 100 * n}", drops=lambda n: f"{3 * n}")
    assert "counters that run on" in _hours(read, rising).words
    of_days = _pm(calls=lambda n: f"{1 + 100 * (n % 24)}", drops=lambda n: f"{3 * (n % 24)}")
    assert "counters that run on" in _hours(read, of_days).words


def test_a_period_that_comes_twice_is_no_row(read: Callable[..., Read]) -> None:
    quarters = [f"C,2026-03-02 {h:02d}:{m:02d},25,1" for h in range(24) for m in (0, 15, 30, 45)]
    hours = [f"C,2026-03-02 {h:02d}:00,100,4" for h in range(24)]
    text = "\n".join(["Cell,Time,Calls,Drops", *quarters, *hours])
    words = _hours(read, text, constants={"period_s": 900}).words
    assert "24 of 120 rows repeat a cell and period with other counts" in words
    twice = "\n".join(["Cell,Time,Calls,Drops", *quarters, *quarters])
    assert _hours(read, twice, constants={"period_s": 900}).words == ""


@pytest.mark.parametrize(("said", "word"), [(900, "period_s = 3600"), (86_400, "periods overlap")])
def test_a_period_is_as_long_as_its_rows_are_apart(
    read: Callable[..., Read], said: int, word: str
) -> None:
    assert word in _hours(read, _pm(), constants={"period_s": said}).words


# ------------------------------------------------------------------------------------- times


@pytest.mark.parametrize(
    ("layout", "written"),
    [
        ("%s", lambda hour: f"{(hour - pd.Timestamp('1970-01-01')).total_seconds() - 3600:.0f}"),
        ("%Q", lambda hour: f"{(hour - pd.Timestamp('1970-01-01')).total_seconds() - 3600:.0f}000"),
        (
            "serial",
            lambda hour: f"{(hour - pd.Timestamp('1899-12-30')).total_seconds() / 86_400:.6f}",
        ),
        ("%G-W%V-%uT%H:%M", lambda hour: f"2026-W10-{hour.isoweekday()}T{hour:%H:%M}"),
        ("%Y%m%d%H", lambda hour: f"{hour:%Y%m%d%H}"),
        ("%Y%m%d%H%M", lambda hour: f"{hour:%Y%m%d%H%M}"),
    ],
)
def test_times_of_other_kinds_name_the_format_that_reads_them(
    read: Callable[..., Read], layout: str, written: Callable[[pd.Timestamp], str]
) -> None:
    text = _pm(time=lambda n: written(HOURS[n]))
    assert f'[source.formats] period_start_utc = "{layout}"' in _hours(read, text).words
    result = _hours(read, text, formats={"period_start_utc": layout})
    assert result.words == ""
    wanted = pd.DatetimeIndex(HOURS).tz_localize("Europe/Oslo").tz_convert("UTC")
    assert result.values("period_start_utc") == list(wanted)


@pytest.mark.parametrize(
    ("zone", "day", "hour"),
    [
        ("Europe/Oslo", "2026-03-29", 2),
        ("Europe/Oslo", "2026-10-25", 2),
        ("Australia/Lord_Howe", "2026-10-04", 2),
        ("America/Nuuk", "2026-03-28", 23),
        ("Africa/Cairo", "2026-04-24", 0),
        ("America/Santiago", "2026-09-06", 0),
    ],
)
def test_an_hour_that_no_clock_shows_once_is_refused_alone(
    read: Callable[..., Read], zone: str, day: str, hour: int
) -> None:
    rows = [f"C,{day} {n:02d}:00,{100 + n % 7},1" for n in range(24)]
    text = "\n".join(["Cell,Time,Calls,Drops", *rows])
    refused = _hours(read, text, zone=zone).cleaned.refused
    assert refused["source_row"].tolist() == [hour + 2]
    assert "give UTC or offset" in refused["reason"].iloc[0]


def test_a_mistyped_year_does_not_make_all_others_old(read: Callable[..., Read]) -> None:
    text = _pm(
        time=lambda n: f"{HOURS[n]:%Y-%m-%d %H:%M}".replace("2026", "2062" if n == 9 else "2026")
    )
    result = _hours(read, text)
    assert result.cleaned.refused["source_row"].tolist() == [11]
    assert "a mistyped year?" in result.words
    years = _pm(
        time=lambda n: (
            f"{2015 + n // 4}-03-02 {n:02d}:00"
            if n < 24
            else f"2021-01-0{n % 9 + 1} {n % 24:02d}:00"
        )
    )
    assert "mistyped" not in _hours(read, years).words


OUTAGE = {"outage_id": "Id", "cell_id": "Cell", "start_utc": "From", "end_utc": "To"}


@pytest.mark.parametrize(
    "end",
    [
        *("2026-03-01 09:00", "2026-03-02 25:00", "still down", "0000-00-00 00:00", "11:30", "+2h"),
        *("2062-03-01 11:00", "en cours", "2026-02-30 10:00", "1970-01-01 00:00"),
    ],
)
def test_an_end_that_is_given_is_never_no_end(read: Callable[..., Read], end: str) -> None:
    text = f"Id,Cell,From,To\n1,A,2026-03-01 10:00,{end}\n2,A,2026-03-04 10:00,\n"
    result = read(text, "outage", OUTAGE)
    assert result.values("outage_id") == ["2"]
    assert result.cleaned.refused["column_name"].tolist() == ["end_utc"]


# --------------------------------------------------------------------------------- positions

CELL = {"cell_id": "Cell", "lat": "Lat", "lon": "Lon"}


@pytest.mark.parametrize(
    ("lat", "lon", "words"),
    [
        ("1.03{n}", "0.18{n}", "lat = 57.29577951"),
        ("66441{n:02d}", "5971{n:02d}", "metres of a map projection"),
        ("10.5", "59.1{n}", "exchange them in [source.columns]"),
        ('"59,1{n}"', '"10,5"', 'decimal = ","'),
    ],
)
def test_positions_that_are_none_name_what_mends_them(
    read: Callable[..., Read], lat: str, lon: str, words: str
) -> None:
    rows = [f"C{n},{lat.format(n=n)},{lon.format(n=n)}" for n in range(30)]
    result = read("\n".join(["Cell,Lat,Lon", *rows]), "cell", CELL)
    assert words in result.words


def test_degrees_minutes_and_seconds_are_read(read: Callable[..., Read]) -> None:
    rows = ['A,"59\u00b054\'30""N","10\u00b030\'00""E"', "B,59 54 30,10 30 0"]
    result = read("\n".join(["Cell,Lat,Lon", *rows]), "cell", CELL)
    assert result.values("lat") == pytest.approx([59.908333, 59.908333])
    assert result.values("lon") == [10.5, 10.5]


# ----------------------------------------------------------------------------------- answers

NPS = {"response_id": "R", "answered_utc": "At", "score": "S"}


@pytest.mark.parametrize(("low", "high"), [(1, 5), (1, 7)])
def test_a_scale_of_stars_is_no_scale_of_nps(
    read: Callable[..., Read], low: int, high: int
) -> None:
    rows = [f"r{n},2026-03-02T10:00Z,{low + n % (high - low + 1)}" for n in range(60)]
    text, survey = "\n".join(["R,At,S", *rows]), {"survey_type": "relationship"}
    words = read(text, "nps", NPS, constants=survey).words
    assert f"all 60 answers lie within {low} to {high}" in words
    kept = {name: NPS[name] for name in ("response_id", "answered_utc")}
    meant = read(text, "nps", kept, constants=survey, counters={"score": "S"})
    assert meant.words == ""


def test_few_or_usual_answers_are_on_their_scale(read: Callable[..., Read]) -> None:
    survey = {"survey_type": "relationship"}
    for scores in ([1, 2, 3] * 5, [0, 3, 6] * 20, [*range(11)] * 5):
        rows = [f"r{n},2026-03-02T10:00Z,{score}" for n, score in enumerate(scores)]
        assert read("\n".join(["R,At,S", *rows]), "nps", NPS, constants=survey).words == ""


# ---------------------------------------------------------------------------------- encodings


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_encodings_that_show_are_read(read: Callable[..., Read], encoding: str) -> None:
    text = _pm(cell=lambda _: "Zell\u00e9")
    assert {*_hours(read, text.encode(encoding)).values("cell_id")} == {"Zell\u00e9"}


@pytest.mark.parametrize("encoding", ["cp1251", "shift-jis", "cp932", "koi8-r"])
def test_encodings_that_are_stated_are_read(read: Callable[..., Read], encoding: str) -> None:
    name = "\u57fa\u5730" if encoding in ("shift-jis", "cp932") else "\u0421\u043e\u0442\u0430"
    text = _pm(cell=lambda _: name).encode(encoding)
    assert {*_hours(read, text, encoding=encoding).values("cell_id")} == {name}


def test_letters_of_utf_8_are_no_letters_of_latin_1(tmp_path: Path) -> None:
    path = tmp_path / "file.csv"
    path.write_text(_pm(cell=lambda _: "Zell\u00e9"), encoding="utf-8")
    how = Source.model_validate(
        {"table": "pm", "path": "x", "columns": PM, "constants": {"period_s": 3600}}
        | {"encoding": "latin-1"}
    )
    assert 'set [source] encoding = "utf-8"' in sources.missing_columns(path, how)[0]


@pytest.mark.parametrize(
    ("spoil", "remedy"),
    [
        (lambda text: text.replace(",", ";"), 'delimiter = ";"'),
        (lambda text: text.replace("Time", "TIME "), "differ in case or blanks alone"),
        (lambda text: f"sep=,\n{text}", "[source] header_column = "),
        (lambda text: f"# of March\n\n{text}", "header_column = "),
    ],
)
def test_a_header_that_lacks_columns_names_what_mends_it(
    tmp_path: Path, spoil: Callable[[str], str], remedy: str
) -> None:
    path = tmp_path / "file.csv"
    path.write_text(spoil(_pm()), encoding="utf-8")
    how = Source.model_validate(
        {"table": "pm", "path": "x", "columns": PM, "constants": {"period_s": 3600}}
    )
    assert remedy in sources.missing_columns(path, how)[0]
