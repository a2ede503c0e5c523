"""Hexagons of positioned calls: planted steps are dated, quiet ones stay so, few aren't earlier."""

import shutil
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import analysis.run
import ingest.run
from analysis.changes import hexagons
from analysis.rates import call_reports
from contracts.settings.load import load
from contracts.tables import TABLES, assemble
from geo import hexgrid
from ingest.running.workers import workers
from ingest.warehouse.marts import Marts
from ingest.warehouse.publish import publish
from ingest.warehouse.retain import retain
from ingest.warehouse.store import Warehouse
from tests.bench.calls import (
    FIRST,
    LEVEL,
    N_DAYS,
    STEP,
    STEP_DAY,
    ZONE,
    Town,
    found_in,
    score,
    town,
)

AS_OF = pd.Timestamp("2026-05-02", tz="UTC")


@pytest.fixture(scope="module")
def small() -> Town:
    """Returns four hexagons, two with drops that treble."""
    return town(3, n_hexes=4, n_worse=2, a_day=300, ratio=3.0)


def test_planted_rises_are_dated_within_their_intervals_and_quiet_hexagons_stay_quiet() -> None:
    for seed in (11, 12):
        earlier = score(made := town(seed, n_hexes=30, n_worse=10, a_day=300, ratio=3.0),
                     found_in(made.calls))  # fmt: skip
        assert earlier["recall"] >= 0.9
        assert earlier["n_held"] >= 0.9 * earlier["n_hits"]
        assert earlier["n_false"] <= 1


def test_calls_that_could_not_drop_do_not_count(small: Town) -> None:
    calls = small.calls[small.calls["outcome"] != "setup_failure"]
    pd.testing.assert_frame_equal(found_in(small.calls), found_in(calls))


# --- what leaves --------------------------------------------------------------------------------


def _reports(*spells: tuple[str, int, str]) -> pd.DataFrame:
    """Each spell: its day, how many witnesses, and how exactly their time is known."""
    rows = [
        {"hex_id": np.uint64(7), "start_utc": pd.Timestamp(day, tz="UTC"), "time_grain": grain,
         "period_start": pd.Timestamp(day).replace(day=1), "witness": f"w{i}"}
        for day, n, grain in spells for i in range(n)
    ]  # fmt: skip
    return pd.DataFrame(rows)


def _leaves(*spells: tuple[str, int, str]) -> bool:
    changes = pd.DataFrame(
        {
            "hex_id": np.array([7], np.uint64),
            "change_utc": [pd.Timestamp("2026-06-20", tz="UTC")],
        }
    )
    (may_leave,) = hexagons.may_leave(changes, _reports(*spells), fewest=10)
    return bool(may_leave)


def test_a_change_leaves_if_no_month_of_its_segments_has_few_witnesses() -> None:
    sound = (("2026-05-03", 10, "hour"), ("2026-06-03", 10, "day"), ("2026-06-21", 10, "instant"))
    assert _leaves(*sound)
    assert not _leaves(("2026-06-03", 9, "day"), ("2026-06-21", 10, "day"))
    assert not _leaves(("2026-06-03", 10, "day"), ("2026-06-21", 9, "day"))
    assert not _leaves(*sound, ("2026-07-01", 9, "day"))


def test_what_a_subtraction_would_leave_of_a_month_counts_too() -> None:
    sound = (("2026-06-03", 10, "day"), ("2026-06-21", 10, "day"))
    assert _leaves(*sound, ("2026-06-01", 10, "month"))
    assert not _leaves(*sound, ("2026-06-01", 3, "month"))


def test_a_hexagon_of_which_a_month_is_hidden_is_not_searched(small: Town, tmp_path: Path) -> None:
    settings = load(_config(tmp_path), environ={})
    rates = call_reports.call_reports(
        small.calls, regions=pd.Series(dtype="str"), level=LEVEL, zone=ZONE, rule=settings.privacy
    )
    one = rates["hex_id"] == small.worse[0]
    hidden = rates.assign(shown=rates["shown"].mask(one & (rates["period_start"] == FIRST.replace(
        day=1)), "hidden"))  # fmt: skip
    with workers(settings.run) as client:
        found, fewer = (
            hexagons.hexagon_changes(small.calls, known, settings, client, lambda *_, **__: None)
            for known in (rates, hidden)
        )
    assert set(found["hex_id"]) == set(small.worse)
    assert set(fewer["hex_id"]) == set(small.worse[1:])


# --- names and works ----------------------------------------------------------------------------


def _found(small: Town) -> pd.DataFrame:
    return hexagons._as_rows(found_in(small.calls))


def _named(found: pd.DataFrame, earlier: pd.DataFrame, weight: float = 1.0) -> pd.DataFrame:
    works = assemble([pd.DataFrame({
        "intervention_id": ["W"], "cell_id": "a", "status": "done", "start_utc": STEP,
    })], TABLES["intervention"])  # fmt: skip
    weights = pd.DataFrame({"cell_id": ["a", "b"], "hex_id": found["hex_id"].iloc[0],
                            "weight": [weight, 1.0]})  # fmt: skip
    sites = pd.Series({"a": "S", "b": "T"})
    return hexagons.named(found, earlier, works, sites, weights, as_of=AS_OF)


def test_a_change_keeps_its_name_and_names_the_work_of_who_serves_it(small: Town) -> None:
    found = _found(small)
    first = _named(found, assemble([], TABLES["change_point"]))
    text = hexgrid.as_text(found["hex_id"])
    assert [name[:15] for name in first["change_id"]] == text
    assert first["intervention_id"].fillna("").tolist() == ["W", ""]
    assert _named(found, first, weight=0.1)["intervention_id"].isna().all()
    moved = found.assign(change_utc=found["change_utc"] + pd.Timedelta(days=1))
    assert _named(moved, first)["change_id"].tolist() == first["change_id"].tolist()


# --- the whole chain ----------------------------------------------------------------------------


def _config(folder: Path) -> Path:
    config = folder / "hexperience.toml"
    config.write_text(
        f'[operator]\ntimezone = "{ZONE}"\ncountry = "GB"\nbbox = [-2, 53, -1, 54]\n'
        "[privacy]\nrelease_after_days = 0\n"
        '[[source]]\ntable = "call"\npath = "calls.csv"\n[source.columns]\n'
        'call_id = "call_id"\nstart_utc = "start_utc"\noutcome = "outcome"\nlat = "lat"\n'
        'lon = "lon"\n',
        "utf-8",
    )
    return config


@pytest.fixture(scope="module")
def marts(small: Town, tmp_path_factory: pytest.TempPathFactory) -> Marts:
    """Returns published marts of an operator who gives positioned calls and nothing else."""
    folder = tmp_path_factory.mktemp("calls")
    columns = ["call_id", "start_utc", "outcome", "lat", "lon"]
    # April leaves once a day of May is known
    of_may = {"call_id": "of May", "start_utc": pd.Timestamp("2026-05-01 12:00", tz="UTC")}
    calls = pd.concat([small.calls, small.calls.head(1).assign(**of_may)])
    earlier = calls.assign(start_utc=calls["start_utc"].dt.strftime("%Y-%m-%dT%H:%M:%SZ"))
    earlier[columns].to_csv(folder / "calls.csv", index=False)
    settings = load(_config(folder), environ={})
    with workers(settings.run) as client:
        ingest.run.run(settings, client)
        alone = analysis.run.find_changes(settings, client)
        analysis.run.run(settings, client)
    warehouse = Warehouse(folder / "warehouse")
    pd.testing.assert_frame_equal(alone, warehouse.read("change_point"))
    publish(warehouse, "calls", keep=2)
    return warehouse.marts


def test_the_chain_tells_of_hexagons_without_counters(marts: Marts, small: Town) -> None:
    earlier = marts.query("change_points")
    assert set(earlier["hex_text"]) == set(hexgrid.as_text(small.worse))
    assert set(earlier["place_type"]) == {"hex"}
    assert earlier["cell_id"].isna().all()
    assert set(earlier["attribution"]) == {"undecided"}
    assert earlier["attribution_note"].str.contains("no load is known").all()
    assert earlier[["attempts_before", "attempts_after", "prb_before_pct"]].isna().all(axis=None)
    assert ((earlier["change_lo_utc"] <= STEP) & (earlier["change_hi_utc"] >= STEP)).all()
    assert marts.query("change_days").empty
    assert (earlier["until_utc"].max() - STEP).days <= N_DAYS - STEP_DAY


def test_the_list_names_the_rise(marts: Marts, small: Town) -> None:
    places = marts.query("worst_places", place_type="hex").set_index("hex_text")
    for text in hexgrid.as_text(small.worse):
        assert "since 6 Apr 2026: no load is known, no cause" in places.loc[text, "seen"]
        assert places.loc[text, "change_id"].startswith(text)
    for text in hexgrid.as_text(small.quiet):
        assert "No rise is dated there" in places.loc[text, "seen"]


def test_what_was_reported_of_months_that_went_stays_as_released(
    marts: Marts, small: Town, tmp_path: Path
) -> None:
    shutil.copytree(marts.folder.parent, tmp_path / "town", symlinks=True)
    config = tmp_path / "town" / "hexperience.toml"
    text = config.read_text("utf-8") + "[retention]\ncall_days = 31\n"
    config.write_text(text, "utf-8")
    settings, warehouse = load(config, environ={}), Warehouse(tmp_path / "town" / "warehouse")
    before = warehouse.read("change_point").set_index("change_id")
    # the rises of 6 April stay in a month that is kept, all days before April go
    retain(settings, now=datetime(2026, 5, 2, 12, tzinfo=UTC))
    assert warehouse.kept_from()["call"] == "2026-04-01"
    for _ in range(2):
        with workers(settings.run) as client:
            ingest.run.run(settings, client)
            analysis.run.run(settings, client)
        now = warehouse.read("change_point").set_index("change_id")
        same = ["hex_id", "change_utc", "ratio", "ratio_lo", "drops_excess", "first_reported_utc"]
        pd.testing.assert_frame_equal(now.loc[before.index, same], before[same])
        assert set(now["hex_id"]) == set(small.worse)
        assert now["attribution_note"].str.contains("as reported by the run of data up to").all()
    publish(warehouse, "retained", keep=2)
    assert set(warehouse.marts.query("change_points")["hex_text"]) == set(
        hexgrid.as_text(small.worse)
    )


def test_of_a_hexagon_with_a_hidden_month_nothing_stands(small: Town) -> None:
    found = _found(small)
    earlier = _named(found, assemble([], TABLES["change_point"]))
    shown = ["shown", "shown", "shown", "hidden"]
    rates = pd.DataFrame({"hex_id": np.repeat(small.worse, 2), "metric": "call_drop_rate",
                          "level": LEVEL, "shown": shown})  # fmt: skip
    stands = hexagons.with_standing(
        found.iloc[:0], earlier, rates, rates, "2026-05-01", level=LEVEL
    )
    assert stands["hex_id"].tolist() == [small.worse[0]]
    none = rates.iloc[:0]
    # nothing was removed, or no call of the months that are kept can be rated
    for kept in (rates, none):
        changes = found.iloc[:0]
        assert hexagons.with_standing(changes, earlier, kept, none, "2026-05-01", level=LEVEL).empty
