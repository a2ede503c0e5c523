import json
from typing import Any

import altair as alt
import numpy as np
import pandas as pd
import pytest

from views.drawing import charts
from views.words.looks import look_of


def days(n: int = 10, without: tuple[int, ...] = ()) -> pd.DataFrame:
    frame = pd.DataFrame({
        "day_local": pd.date_range("2025-03-25", periods=n), "call_attempts": 1000.0,
        "dropped_calls": 10.0, "drop_rate": 0.01, "prb_dl_util_bh_pct": 40.0,
    })  # fmt: skip
    return frame.drop(index=list(without))


def changes(*at: str, cell_id: str = "A") -> pd.DataFrame:
    times = pd.to_datetime(list(at), utc=True)
    n = len(times)
    return pd.DataFrame({
        "change_id": [f"c{i}" for i in range(n)], "cell_id": cell_id, "change_utc": times,
        "change_lo_utc": times - pd.Timedelta(days=1),
        "change_hi_utc": times + pd.Timedelta(days=1), "direction": "up",
        "ratio": np.linspace(1.9, 3, n), "ratio_lo": 1.6, "ratio_hi": 2.3, "drops_excess": 12.0,
        "prb_before_pct": 40.0, "prb_after_pct": 60.0, "attribution": "undecided",
    })  # fmt: skip


def data_of(chart: Any) -> list[list[dict[str, Any]]]:
    return list(chart.to_dict()["datasets"].values())


def rows_with(chart: Any, column: str) -> list[dict[str, Any]]:
    return [row for rows in data_of(chart) for row in rows if column in row]


def test_a_day_without_data_is_a_gap_and_no_zero() -> None:
    chart = charts.history(days(without=(4, 5)), changes(), timezone="UTC")
    rates = {row["day"]: row["drop_rate"] for row in rows_with(chart, "drop_rate")}
    assert len(rates) == 10
    assert rates["Sat 29 Mar 2025"] is None
    assert rates["Mon 31 Mar 2025"] == 0.01


def test_a_change_stands_at_its_wall_clock_time_with_its_interval() -> None:
    late = changes("2025-03-30 20:00")
    drawn = rows_with(charts.history(days(), late, timezone="Asia/Kolkata"), "label")[0]
    assert (drawn["at"], drawn["from"], drawn["to"]) == (
        "2025-03-31T01:30:00+00:00", "2025-03-30T01:30:00+00:00", "2025-04-01T01:30:00+00:00",
    )  # fmt: skip
    assert drawn["label"] == "×1.9 up, A"
    assert drawn["when"] == "31 Mar 2025 (30 Mar to 1 Apr)"


def test_without_a_change_there_are_rate_and_load_alone() -> None:
    assert len(charts.history(days(), changes(), timezone="UTC").vconcat) == 2


def test_only_the_first_changes_are_named() -> None:
    many = changes(*[f"2025-03-{26 + i}" for i in range(6)])
    chart = charts.history(days(), many, timezone="UTC", labelled=4)
    assert {row["change_id"] for row in rows_with(chart, "change_id")} == {"c0", "c1", "c2", "c3"}


def test_one_day_is_history_enough_to_draw() -> None:
    assert rows_with(charts.history(days(1), changes(), timezone="UTC"), "drop_rate")


@pytest.mark.parametrize("zone", ["Europe/London", "Asia/Kolkata", "America/St_Johns"])
def test_days_are_the_same_in_every_zone(zone: str) -> None:
    # 30 March 2025 has 23 hours in London; a local day is a local day
    chart = charts.history(days(), changes(), timezone=zone)
    at = [row["at"] for row in rows_with(chart, "drop_rate")]
    assert at[5:7] == ["2025-03-30T00:00:00+00:00", "2025-03-31T00:00:00+00:00"]


def test_the_timeline_holds_every_change_at_its_strength() -> None:
    chart = charts.timeline(changes("2025-03-26", "2025-03-28"), timezone="UTC")
    drawn = {row["change_id"]: row["ratio"] for row in rows_with(chart, "change_id")}
    assert drawn == {"c0": 1.9, "c1": 3.0}


def test_the_timeline_of_one_change_spans_days() -> None:
    chart = charts.timeline(changes("2025-03-26"), timezone="UTC")
    drawn = pd.to_datetime([row["at"] for row in rows_with(chart, "at")])
    assert drawn.max() - drawn.min() == pd.Timedelta(days=14)


def test_a_history_shows_the_busy_hour_s_load_at_a_height_that_can_be_read() -> None:
    panels = charts.history(days(), changes("2025-03-28"), timezone="UTC").to_dict()["vconcat"]
    load = panels[-1]
    assert (
        load["title"]["text"]
        == "Downlink PRB in the busy hour of each day that is known by the hour"
    )
    assert "prb_dl_util_bh_pct" in json.dumps(load["layer"])
    assert load["height"] >= 80


def test_months_leave_out_what_is_not_released() -> None:
    rates = pd.DataFrame({
        "period_start": pd.to_datetime(["2018-04-01", "2018-05-01"]),
        "period_end": pd.to_datetime(["2018-04-30", "2018-05-12"]), "value": [0.1, np.nan],
        "value_lo": [0.08, np.nan], "value_hi": [0.12, np.nan],
    })  # fmt: skip
    drawn = rows_with(charts.months(rates, look_of("call_drop_rate")), "month")
    assert [(row["month"], row["value"], row["said"], row["between"]) for row in drawn] == [
        ("Apr 2018", 0.1, "10.0 %", "8.00 % to 12.0 %"), ("May 2018, to 12", None, "–", ""),
    ]  # fmt: skip


def test_a_chart_is_whole_in_itself() -> None:
    text = json.dumps(charts.history(days(), changes("2025-03-28"), timezone="UTC").to_dict())
    assert text.count("http") == 1  # the name of the schema, which nothing fetches


def test_the_trend_has_every_period_and_stresses_the_newest() -> None:
    periods = pd.DataFrame({
        "period_start": pd.to_datetime(["2025-03-31", "2025-03-24"]), "drop_rate": [0.02, 0.01],
        "drop_rate_lo": [0.018, 0.009], "drop_rate_hi": [0.022, 0.011],
    })  # fmt: skip
    drawn = rows_with(charts.trend(periods, grain="week"), "drop_rate")
    assert [(row["drop_rate"], row["newest"]) for row in drawn] == [(0.02, True), (0.01, False)]


def test_a_still_is_the_same_again_and_takes_the_page_s_colour() -> None:
    chart = charts.history(days(), changes("2025-03-28", cell_id="<b>A</b>"), timezone="UTC")
    svg = charts.still(chart, width=400, title='cell "A" <b>')
    assert svg == charts.still(chart, width=400, title='cell "A" <b>')
    assert 'aria-label="cell &quot;A&quot; &lt;b&gt;"' in svg
    assert "currentColor" in svg
    assert "<b>" not in svg


def test_a_still_fetches_nothing() -> None:
    far = alt.Chart("https://example.org/data.csv").mark_point().encode(x="a:Q")
    with pytest.raises(ValueError, match="External data url not allowed"):
        charts.still(far, width=100, title="x")


def test_a_picture_of_a_change_shades_loads_part_and_the_rest_from_the_change_on() -> None:
    (change,) = changes("2025-03-30 09:00").assign(ratio=2.0).to_dict("records")
    by_day = days().drop(columns=["drop_rate", "prb_dl_util_bh_pct"])
    by_day = by_day.assign(
        change_id="c0", cell_id="A", drops_usual=5.0, drops_with_load=[5.0] * 5 + [8.0] * 5
    )
    curve = pd.DataFrame({
        "change_id": "c0", "cell_id": "A", "prb_pct": [42.5, 87.5],
        "drop_rate_before": [0.01, None],
        "drop_rate_after": [0.01, 0.03], "drop_rate_curve": [0.01, 0.028],
    })  # fmt: skip
    chart = charts.attributed(by_day, curve, pd.Series(change), timezone="Europe/London")
    shaded = [rows for rows in data_of(chart) if rows and "drops_expected" in rows[0]]
    assert sorted(len(rows) for rows in shaded) == [5, 10]
    after = min(shaded, key=len)
    assert {
        (row["drops_usual"], row["drops_with_load"], row["drops_expected"]) for row in after
    } == {(5.0, 8.0, 10.0)}
    assert [row["drop_rate_after"] for row in rows_with(chart, "drop_rate_curve")] == [0.01, 0.03]
    json.dumps(chart.to_dict())


def test_over_a_year_an_axis_tells_its_years() -> None:
    long = charts.timeline(changes("2024-03-26", "2025-03-28"), timezone="UTC").to_dict()
    short = charts.timeline(changes("2025-03-26", "2025-03-28"), timezone="UTC").to_dict()
    formats = [chart["layer"][0]["encoding"]["x"]["axis"]["format"] for chart in (long, short)]
    assert formats == ["%b %Y", "%-d %b"]
