"""The demo operator's planted truth, found again by the whole chain."""

import shutil
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import analysis.run
import ingest.run
from analysis.inputs import Inputs
from analysis.rates.complaints import complaint_rates
from contracts.settings.load import load
from contracts.tables import PUBLISHED, TABLES, check
from geo import hexgrid
from ingest.running.workers import workers
from ingest.warehouse.store import Warehouse

OF_NO_DEMO = {"cell_rate", "delivered_rate", "delivered_change"}
"""Tables of drop rates without counts: the demo has their counts."""
# and its works have no 28 days before and 28 after them
OF_NO_DEMO |= {"effect_day", "kind_effect", "prediction"}


@pytest.fixture(scope="module")
def truth(demo_config: Path) -> pd.DataFrame:
    """Planted events with their starts as times."""
    events = pd.read_csv(demo_config.parent / "truth" / "events.csv")
    events["start_utc"] = pd.to_datetime(events["start_utc"], utc=True)
    return events


@pytest.fixture(scope="module")
def found(demo: Warehouse) -> pd.DataFrame:
    """Changes that were found."""
    return demo.read("change_point")


def _is_found(event: pd.Series, found: pd.DataFrame) -> bool:
    """Whether a change of the right direction has the true start in its date's interval."""
    up, a_day = event["ratio"] > 1, pd.Timedelta(days=1)
    here = found[(found["cell_id"] == event["cell_id"]) & ((found["direction"] == "up") == up)]
    early, late = here["change_lo_utc"] - a_day, here["change_hi_utc"] + a_day
    return bool(((early <= event["start_utc"]) & (event["start_utc"] <= late)).any())


def test_most_material_changes_are_found_and_dated(
    truth: pd.DataFrame, found: pd.DataFrame
) -> None:
    material = truth[np.abs(np.log(truth["ratio"])) > np.log(1.5)]
    assert len(material) >= 10
    hits = [_is_found(event, found) for _, event in material.iterrows()]
    assert np.mean(hits) >= 0.75


def test_growth_with_headroom_and_quiet_cells_raise_no_alarm(
    truth: pd.DataFrame, found: pd.DataFrame, demo: Warehouse
) -> None:
    growing = truth[truth["kind"] == "load_growth_with_headroom"]["cell_id"]
    assert len(growing) > 0
    assert not set(growing) & set(found["cell_id"])
    quiet = set(demo.read("cell_day")["cell_id"]) - set(truth["cell_id"])
    false = found["cell_id"].isin(quiet).sum()
    assert false / (len(quiet) * 2) <= 0.05  # a cell and month; the demo lasts two months


def test_a_change_that_follows_a_work_names_it(truth: pd.DataFrame, found: pd.DataFrame) -> None:
    upgraded = truth[truth["kind"] == "capacity_upgrade"]["cell_id"]
    relieved = found[found["cell_id"].isin(upgraded) & (found["direction"] == "down")]
    assert len(relieved) > 0
    assert relieved["intervention_id"].notna().all()


def test_worst_sites_are_those_where_something_was_planted(
    truth: pd.DataFrame, demo: Warehouse
) -> None:
    worst = demo.marts.query("worst_places", place_type="site", top=5)
    assert worst["dominant_cell_id"].isin(truth["cell_id"]).sum() >= 3
    assert worst["benefit_month"].is_monotonic_decreasing


def test_every_published_table_keeps_its_contract(demo: Warehouse) -> None:
    for name in PUBLISHED:
        frame = demo.read(name)
        assert check(frame, TABLES[name]) == []
        assert len(frame) > 0 or name in OF_NO_DEMO, name


def test_intervals_hold_their_value(demo: Warehouse) -> None:
    rates = demo.read("place_rate").dropna(subset=["value_lo"])
    assert set(rates["metric"]) > {"drop_rate", "complaints_per_1000", "nps", "change_ratio"}
    assert (rates["value_lo"] <= rates["value"]).all()
    assert (rates["value"] <= rates["value_hi"]).all()


def test_hexagon_rates_add_up_to_the_network(demo: Warehouse) -> None:
    rates = demo.read("place_rate").query("metric == 'drop_rate' and period_grain == 'month'")
    placed = set(demo.read("cell_hex")["cell_id"])
    for _, month in rates.groupby("period_start"):
        cells = month[month["cell_id"].isin(placed)]
        levels = month[month["place_type"] == "hex"].groupby("level")
        assert len(levels) == 4
        for (_, hexes), name in product(levels, ("numerator", "denominator")):
            assert hexes[name].sum() == pytest.approx(cells[name].sum(), rel=1e-9)


def test_small_counts_of_persons_do_not_leave(demo: Warehouse) -> None:
    rates = demo.read("place_rate")
    complaints = rates[rates["metric"] == "complaints_per_1000"]
    assert not complaints["numerator"].between(1, 4).any()
    few = complaints[complaints["shown"] == "few"]
    assert len(few) > 0
    assert few[["numerator", "value", "value_lo", "value_hi", "n_effective"]].isna().all(axis=None)
    nps = rates[(rates["metric"] == "nps") & rates["value"].notna()]
    assert nps["denominator"].min() >= 30


def test_what_remains_of_a_published_place_is_nobody_or_at_least_five(
    demo_config: Path, demo: Warehouse
) -> None:
    settings = load(demo_config, environ={})
    inputs = Inputs(settings, client=None)
    complaints = inputs.complaints
    # of those on a cell's footprint sums are rounded: what remains of them tells nothing here
    whole_ones = complaints[complaints["weight"] == 1]
    rates = complaint_rates(
        whole_ones,
        inputs.exposure.rows,
        metric=inputs.exposure.metric,
        level=7,
        targets=settings.targets,
        regions=inputs.regions,
        rule=settings.privacy,
    )
    rates["period_start"] = rates["period_start"].dt.date
    regions = demo.read("hex_place").set_index("hex_id")["region"]
    monthly, daily = (rates[rates["period_grain"] == grain] for grain in ("month", "day"))
    hexes, whole = (monthly[monthly["place_type"] == kind] for kind in ("hex", "region"))
    finest = hexes[hexes["level"] == 7]
    for inner, outer, of in (
        (_under(hexes, 6, 5), hexes, "hex_id"),
        (_under(hexes, 7, 6), hexes, "hex_id"),
        (finest.assign(region=finest["hex_id"].map(regions)), whole, "region"),
        (daily.assign(period_start=_months(daily)), whole, "region"),
    ):
        by = [of, "outcome_class", "period_start"]
        shown = inner.groupby(by)["numerator"].sum().rename("shown_numerator").reset_index()
        left = outer.dropna(subset=["numerator"]).merge(shown, on=by)
        left = left["numerator"] - left["shown_numerator"]
        assert len(left) > 10
        assert ((left == 0) | (left >= 5)).all()


def _under(hexes: pd.DataFrame, level: int, above: int) -> pd.DataFrame:
    inner = hexes[hexes["level"] == level]
    return inner.assign(hex_id=hexgrid.parents(inner["hex_id"], level=above))


def _months(daily: pd.DataFrame) -> pd.Series:
    return pd.to_datetime(daily["period_start"]).dt.to_period("M").dt.start_time.dt.date


def test_no_subscriber_number_is_written_anywhere(demo_config: Path) -> None:
    raw = pd.read_csv(next(demo_config.parent.glob("raw/crm/*.csv")), dtype=str)
    numbers = raw["MSISDN"].dropna().str.removeprefix("+").unique()[:50]
    assert len(numbers) == 50
    for path in (demo_config.parent / "warehouse").rglob("*"):
        if path.is_file() and not path.is_symlink():
            content = path.read_bytes()
            assert not any(number.encode() in content for number in numbers), path


def test_a_second_run_publishes_the_same_marts(
    demo_config: Path, demo: Warehouse, tmp_path: Path
) -> None:
    copy = shutil.copytree(demo_config.parent, tmp_path / "demo", symlinks=True)
    settings = load(copy / demo_config.name, environ={})
    with workers(settings.run) as client:
        ingest.run.run(settings, client)
        analysis.run.run(settings, client)
    again = Warehouse(copy / "warehouse")
    for name in PUBLISHED:
        pd.testing.assert_frame_equal(again.read(name), demo.read(name), obj=name)


def test_coarser_hexagons_of_the_map_are_sums_over_sums(demo: Warehouse) -> None:
    rates = demo.read("place_rate").query("place_type == 'hex'")
    drops = rates[(rates["metric"] == "drop_rate") & (rates["period_grain"] == "month")]
    period = drops["period_start"].max()
    finest = int(drops["level"].max())
    by_level = {
        level: part.set_index("hex_id")
        for level, part in drops[drops["period_start"] == period].groupby("level")
    }
    assert sorted(by_level) == [finest - 3, finest - 2, finest - 1, finest]
    fine = by_level[finest]
    for level in range(finest - 3, finest):
        coarse = by_level[level]
        parents = hexgrid.parents(fine.index.to_numpy("uint64"), level=level)
        sums = fine.groupby(parents)[["numerator", "denominator"]].sum()
        assert sums.index.tolist() == sorted(coarse.index)
        mine = coarse.loc[sums.index]
        assert mine["denominator"].to_numpy() == pytest.approx(sums["denominator"].to_numpy())
        value = (sums["numerator"] / sums["denominator"]).to_numpy()
        assert mine["value"].to_numpy() == pytest.approx(value)
        assert (mine["value_lo"] <= mine["value"]).all()
        assert (mine["value"] <= mine["value_hi"]).all()
        # many cells together are surer than the least sure of their places
        widest = (fine["value_hi"] - fine["value_lo"]).groupby(parents).max().loc[sums.index]
        width = mine["value_hi"] - mine["value_lo"]
        assert (width.to_numpy() <= widest.to_numpy() + 1e-12).mean() > 0.95
