"""From finds to benefits: one setting changes what it should and nothing else."""

import dataclasses
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from scipy import sparse

from analysis.association import slopes as association_slopes
from analysis.association import weeks as association_weeks
from analysis.association.per_drop import Slopes
from analysis.attribution import levers, search
from analysis.attribution.search import Search
from analysis.benefit import gain, present, stage
from analysis.benefit.gain import Gain, gain_of_cells
from analysis.benefit.spared import treatable_from
from analysis.inputs import Findings, Inputs
from analysis.places import neighbours, spare_load
from analysis.places.subscribers import Residents
from analysis.rates import network
from contracts.settings.sections import Settings
from geo import hexgrid
from ingest.synth.radio.network import Network, invent_network
from tests.bench.networks import cube_of, days_of


@pytest.fixture(scope="module")
def planted() -> Network:
    """Forty cells, some with faults and some near their harm."""
    causes = {"load_step": 5, "hardware_fault": 5}
    return invent_network(np.random.default_rng(9), n_cells=40, causes=causes)


@pytest.fixture(scope="module")
def counters(planted: Network) -> xr.Dataset:
    """What they counted by day."""
    return days_of(planted)


@pytest.fixture(scope="module")
def searched(planted: Network) -> Search:
    """What the search found in them."""
    cube = cube_of(planted)
    return search.search(cube, search.learn_prior(cube))


class Found(NamedTuple):
    """What the stage found, and the gain of its cells."""

    benefits: pd.DataFrame
    ladder: pd.DataFrame
    cells: Gain


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Found]:
    """Finds benefits of counters and a search, under settings of [priority]."""
    folder = tmp_path_factory.mktemp("no warehouse")

    def find(counters: xr.Dataset, searched: Search, **priority: float) -> Found:
        settings = Settings.model_validate({"priority": priority}).model_copy(
            update={"folder": folder}
        )
        inputs = Inputs(settings, client=None)
        nobody = Residents(pd.Series(dtype=float), np.full(counters.sizes["cell"], np.nan), 16)
        vars(inputs).update(counters=counters, residents=nobody, filled=frozenset({"pm"}))
        earlier = Findings(
            levers=levers.levers_dataset(searched.levers),
            noise=network.noise_dataset(network.noise_of(counters, searched.changes)),
            association=pd.DataFrame(),
        )
        findings = stage.find(inputs, earlier)
        cells, present = treatable_from(findings.draws("treatable"))
        gain = gain_of_cells(cells, present, settings.priority.relief_pct / 100)
        return Found(findings.table("benefit"), findings.table("what_if"), gain)

    return find


def test_benefits_are_near_the_planted_ones(
    planted: Network, counters: xr.Dataset, searched: Search, found: Callable[..., Found]
) -> None:
    benefits = found(counters, searched).benefits.set_index("cell_id")
    truth = planted.avoidable.set_index("cell_id")
    true = truth["drops_month"] - truth["both_30"]
    assert benefits["drops_avoidable_month"].sum() == pytest.approx(true.sum(), rel=0.15)
    first = benefits["drops_avoidable_month"].nlargest(8).index
    assert true[first].sum() > 0.9 * true.nlargest(8).sum()


def test_more_relief_spares_more_by_load_and_changes_nothing_else(
    counters: xr.Dataset, searched: Search, found: Callable[..., Found]
) -> None:
    less, more = found(counters, searched), found(counters, searched, relief_pct=40)
    pd.testing.assert_frame_equal(less.ladder, more.ladder)
    same = ["cell_id", "present_since", "dropped_calls", "days_worth", "unknown_reason"]
    pd.testing.assert_frame_equal(less.benefits[same], more.benefits[same])
    assert (more.cells.by_load >= less.cells.by_load - 1e-9).all()
    assert more.cells.by_load.sum() > 1.02 * less.cells.by_load.sum()
    # a fix after more relief has less left to spare
    assert (more.cells.by_other <= less.cells.by_other + 1e-9).all()


def test_settings_of_value_and_room_change_no_benefit(
    counters: xr.Dataset, searched: Search, found: Callable[..., Found]
) -> None:
    one, other = found(counters, searched), found(
        counters, searched, churn_per_detractor=0.3, room_pct=80
    )  # fmt: skip
    pd.testing.assert_frame_equal(one.benefits, other.benefits)
    pd.testing.assert_frame_equal(one.ladder, other.ladder)


def test_the_same_finds_give_the_same_figures(
    counters: xr.Dataset, searched: Search, found: Callable[..., Found]
) -> None:
    one, other = found(counters, searched), found(counters, searched)
    assert (one.cells.drops == other.cells.drops).all()


def test_of_cells_that_were_not_searched_by_the_hour_nothing_is_known(
    counters: xr.Dataset, searched: Search, found: Callable[..., Found]
) -> None:
    fields = dataclasses.fields(levers.Levers)
    some = levers.Levers(*(getattr(searched.levers, f.name)[3:] for f in fields))
    partly = found(counters, searched._replace(levers=some))
    unsearched = partly.benefits.set_index("cell_id").loc[searched.levers.cell_id[:3]]
    assert unsearched["drops_avoidable_month"].isna().all()
    assert (unsearched["unknown_reason"] == "load is not known by the hour").all()
    assert not partly.ladder["cell_id"].isin(unsearched.index).any()
    whole = found(counters, searched)
    assert (partly.cells.drops[3:] == whole.cells.drops[3:]).all()


def test_days_over_a_weekend_are_worth_less_than_as_many_working_days(
    counters: xr.Dataset, searched: Search
) -> None:
    noise = network.noise_of(counters, searched.changes)
    days = counters["day_local"].to_numpy().astype("datetime64[D]")
    rest = counters["rest_day"].to_numpy()[0, -3:]
    assert rest.tolist() == [False, True, True]  # the data end with a Sunday
    late = dataclasses.replace(searched.levers, present_since=np.full(40, days[-2]))
    worth = present.present_of(counters, late, noise, 28).days_worth
    calls = counters["call_attempts"].to_numpy()[:, -28:]
    quiet = np.nanmean(calls[:, -2:], axis=1) < 0.9 * np.nanmean(calls, axis=1)
    assert quiet.sum() > 10
    assert (worth[quiet] < 1.95).all()


def test_places_add_up_their_cells_and_say_how_many_are_unknown() -> None:
    drops = np.array([[100.0, 120.0], [10.0, 12.0], [np.nan, np.nan]])
    cells = Gain(
        np.array([80.0, 0, np.nan]), np.array([30.0, 11, np.nan]), drops, np.array([0, 0, 1])
    )
    share = sparse.csr_array([[1, 0.5, 0], [0, 0.5, 1], [0, 0, 1]])
    places = gain.gain_of_places(share, cells)
    assert places.by_load.tolist()[:2] == [80, 0]
    assert places.by_other.tolist()[:2] == [35.5, 5.5]
    assert places.drops[0].tolist() == [105, 126]
    assert np.isnan(places.expected[2])
    assert places.n_unknown.tolist() == [0, 1, 1]


# --- who could take load ----------------------------------------------------------------------


def test_neighbours_with_room_are_named_with_their_part_of_the_handovers() -> None:
    pairs = pd.DataFrame({
        "cell_id": ["a", "a", "a"],
        "neighbour_cell_id": ["b", "c", "d"],
        "ho_exe_att": [30, 60, 10],
        "ho_exe_succ": [30, 60, 10],
    })  # fmt: skip
    prb = pd.Series({"b": 30.0, "c": 70.0, "d": 40.0})
    named = spare_load.relief_cells(
        neighbours.by_handovers(pairs), prb, pd.Series(["a"]), room_pct=50
    )
    assert named["a"] == "b (30 %, 30 % of handovers), d (40 %, 10 % of handovers)"


def test_only_cells_on_the_same_ground_with_room_are_named() -> None:
    weights = pd.DataFrame({
        "cell_id": ["a", "a", "b", "b", "c", "d", "d", "e"],
        "hex_id": [1, 2, 1, 2, 3, 2, 3, 1],
        "weight": [0.5, 0.5, 0.4, 0.6, 1.0, 0.5, 0.5, 1.0],
    })  # fmt: skip
    prb = pd.Series({"a": 90.0, "b": 30.0, "c": 20.0, "d": 40.0, "e": 80.0})
    ground = neighbours.by_geography(weights, ["a", "c"])
    relief_cells = spare_load.relief_cells(ground, prb, pd.Series(["a", "c", None]), room_pct=50)
    assert relief_cells["a"] == "b (30 %), d (40 %), by geography"
    assert relief_cells["c"] == "d (40 %), by geography"
    strict = spare_load.relief_cells(ground, prb, pd.Series(["a"]), room_pct=35)
    assert strict["a"] == "b (30 %), by geography"
    assert "a" not in spare_load.relief_cells(ground, prb, pd.Series(["a"]), room_pct=10)


# --- weeks ------------------------------------------------------------------------------------


def _complaint(who: str, hex_id: int, day: str, of: str = "network") -> dict[str, object]:
    at = pd.Timestamp(day, tz="UTC")
    return {"complaint_id": f"{who}{day}", "person_key": who, "hex_id": hex_id, "weight": 1.0,
            "created_utc": at, "day_local": at.date(), "complaint_class": of}  # fmt: skip


def test_a_person_counts_once_a_week_and_only_in_whole_weeks() -> None:
    fine = int(hexgrid.hexes_of(lat=[53.8], lon=[-1.5], level=8)[0])
    rows = [
        _complaint("p", fine, "2025-06-02"), _complaint("p", fine, "2025-06-04"),
        _complaint("p", fine, "2025-06-10"), _complaint("q", fine, "2025-06-11"),
        _complaint("r", fine, "2025-06-15", "account"), _complaint("s", fine, "2025-06-18"),
    ]  # fmt: skip
    frame = pd.DataFrame(rows).astype({"hex_id": "UInt64"})
    complainants = association_weeks.complainants(frame, "network", level=6)
    assert complainants["week"].dt.strftime("%m-%d").tolist() == ["06-02", "06-09"]
    assert complainants["n"].tolist() == [1, 2]
    none = association_weeks.complainants(frame, "device", level=6)
    assert none["n"].tolist() == [0, 0]


def test_a_week_has_the_subscribers_of_its_thursdays_month() -> None:
    months = pd.to_datetime(["2025-06-01", "2025-07-01"])
    known = pd.DataFrame({"hex_id": 1, "period_start": months, "n": [100.0, 200.0]})
    weeks = pd.Series(pd.to_datetime(["2025-06-23", "2025-06-30"]))
    assert association_weeks.exposure(known, weeks)["exposure"].tolist() == [100, 200]


def test_where_the_control_responds_detractors_are_doubted_as_complainants_are() -> None:
    def per_drops(control: float) -> Slopes:
        associations = pd.DataFrame(
            {
                "kpi": "dropped_calls",
                "outcome_class": ["network", "account", "detractors"],
                "coefficient": [0.02, control, 0.5],
                "coefficient_se": [0.001, 0.01, 0.05],
            }
        )
        return association_slopes.per_drops(associations, revenue=np.nan)

    silent, moved = per_drops(0.0), per_drops(0.02)
    assert silent["detractors_avoided"].expected == 0.5
    assert np.quantile(moved["detractors_avoided"].draws, 0.05) == 0
    assert moved["detractors_avoided"].expected < 0.25
