"""Planted causes come back with their date, their name and load's share; quiet cells stay quiet."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from analysis.attribution import load_share, response
from analysis.attribution.dating import Candidate
from analysis.attribution.rows import Change
from analysis.attribution.search import (
    NetworkPrior,
    Search,
    _expected_over_counted,
    _log_weights,
    learn_prior,
    search,
)
from analysis.attribution.wander import Wander
from ingest.synth.radio.network import Network, invent_network
from tests.bench.networks import cube_of
from tests.bench.scores import score, truth_of

KINDS = (
    "load_step",
    "hardware_fault",
    "capacity_upgrade",
    "interference_raising_prb",
    "fault_behind_load",
    "load_growth_with_headroom",
)


@pytest.fixture(scope="module")
def planted() -> Network:
    """Eighty cells of 56 days with four of each of six causes."""
    return invent_network(np.random.default_rng(41), n_cells=80, causes=dict.fromkeys(KINDS, 4))


@pytest.fixture(scope="module")
def cube(planted: Network) -> xr.Dataset:
    """What the operator measured of them."""
    return cube_of(planted)


@pytest.fixture(scope="module")
def prior(cube: xr.Dataset) -> NetworkPrior:
    """What these cells teach."""
    return learn_prior(cube)


@pytest.fixture(scope="module")
def results(cube: xr.Dataset, prior: NetworkPrior) -> Search:
    """What is found in them."""
    return search(cube, prior)


def of_kind(planted: Network, results: Search, kind: str) -> pd.DataFrame:
    """Returns what was found within 48 h of changes of that kind, with the truth beside it."""
    truth = planted.truth[planted.truth["kind"] == kind]
    pairs = results.changes.merge(truth, on="cell_id", suffixes=("", "_true"))
    apart = (pairs["change_utc"] - pairs["start_utc"]).abs()
    return pairs[apart <= pd.Timedelta(hours=48)]


def test_the_figures_of_a_small_network_are_those_of_the_benchmark(
    planted: Network, results: Search
) -> None:
    figures = score(truth_of(planted), results.changes)
    assert figures["detection F1"] > 0.8
    assert figures["load and relief F1"] > 0.8
    assert figures["attribution right when decided"] > 0.93
    assert figures["p_load Brier"] < 0.05
    assert figures["onset error h, median"] <= 3


@pytest.mark.parametrize(
    ("kind", "attributed"),
    [
        ("load_step", "load"),
        ("capacity_upgrade", "relief"),
        ("hardware_fault", "other"),
        ("interference_raising_prb", "other"),
        ("fault_behind_load", "other"),
    ],
)
def test_each_cause_is_named_for_what_it_is(
    planted: Network, results: Search, kind: str, attributed: str
) -> None:
    pairs = of_kind(planted, results, kind)
    assert len(pairs) >= 2
    assert (pairs["attribution"] == attributed).mean() >= 0.75


@pytest.mark.parametrize("counted", [("rrc_users_mean",), ()])
def test_without_volume_users_or_attempts_separate_lost_efficiency_from_load(
    planted: Network,
    cube: xr.Dataset,
    prior: NetworkPrior,
    counted: tuple[str, ...],
) -> None:
    blind = cube.copy()
    for name in {"dl_vol_kbit", "rrc_users_mean"} - set(counted):
        blind[name] = blind[name] * np.nan
    results = search(blind, prior)
    for kind, attributed in (("interference_raising_prb", "other"), ("load_step", "load")):
        pairs = of_kind(planted, results, kind)
        assert len(pairs) >= 2
        assert (pairs["attribution"] == attributed).mean() >= 0.75


def test_uplink_that_binds_is_held_against_its_own_volume(
    cube: xr.Dataset, prior: NetworkPrior
) -> None:
    downlink = (cube["prb_dl_util_pct"] < cube["prb_ul_util_pct"]).sum("hour") == 0
    plain = cube.isel(cell=np.flatnonzero(downlink))
    # the same story of uplink, beside a downlink of which always the same is asked
    turned = plain.assign(
        prb_ul_util_pct=plain["prb_dl_util_pct"],
        prb_dl_util_pct=plain["prb_ul_util_pct"],
        ul_vol_kbit=plain["dl_vol_kbit"],
        dl_vol_kbit=plain["dl_vol_kbit"] * 0 + 1e6,
    )
    one, other = (search(side, prior).changes for side in (plain, turned))
    assert set(one["attribution"]) >= {"load", "relief", "other"}
    pd.testing.assert_frame_equal(one, other)


def test_a_step_of_capacity_is_not_taken_for_a_fall_in_demand(
    cube: xr.Dataset,
    prior: NetworkPrior,
    planted: Network,
    results: Search,
) -> None:
    upgraded = of_kind(planted, results, "capacity_upgrade")
    cells = np.flatnonzero(np.isin(cube["cell_id"], upgraded["cell_id"]))
    began = planted.truth.set_index("cell_id")["start"].reindex(cube["cell_id"].to_numpy()[cells])
    # the same cells, whose room stayed and half of whose traffic went: their last week, halved
    left = cube.isel(cell=cells).copy(deep=True)
    for i, start in enumerate(began.astype(int)):
        for name in ("prb_dl_util_pct", "dl_vol_kbit", "rrc_users_mean", "call_attempts"):
            values = left[name].to_numpy()[i]
            values[start:] = np.resize(values[start - 168 : start], len(values) - start) / 2
        # half as many calls drop half as many, at the rate that the upgrade brought
        drops = left["dropped_calls"].to_numpy()[i]
        drops[start:] = np.round(drops[start:] / 2)
    emptied = search(left, prior).changes
    emptied = emptied[emptied["attribution"] == "relief"]
    assert len(upgraded) >= 2
    assert (upgraded["prb_per_traffic_ratio"] < 0.75).all()
    assert len(emptied) >= 2
    assert emptied["prb_per_traffic_ratio"].between(0.95, 1.05).all()


def test_load_that_grows_with_headroom_is_no_change(planted: Network, results: Search) -> None:
    assert of_kind(planted, results, "load_growth_with_headroom").empty


def test_rows_agree_with_themselves_and_with_their_days(results: Search) -> None:
    rows = results.changes
    assert (rows["change_lo_utc"] <= rows["change_utc"]).all()
    assert (rows["change_utc"] <= rows["change_hi_utc"]).all()
    assert (rows["change_utc"] < rows["until_utc"]).all()
    assert (rows["ratio_lo"] <= rows["ratio"]).all()
    assert (rows["ratio"] <= rows["ratio_hi"]).all()
    assert rows["load_share"].between(rows["load_share_lo"], rows["load_share_hi"]).all()
    assert rows["p_load"].between(0, 1).all()
    assert np.allclose(rows["drops_load"] + rows["drops_other"], rows["drops_excess"])
    for row in rows.itertuples():
        days = results.days[results.days["change"] == row.Index]
        after = days[days["day_local"] > row.change_utc.tz_localize(None)]
        load = (after["drops_with_load"] - after["drops_usual"]).sum()
        # but for the hours of the first day
        assert load == pytest.approx(row.drops_load, rel=0.4, abs=25)


def test_a_cells_answer_does_not_depend_on_its_neighbours(
    cube: xr.Dataset, prior: NetworkPrior, results: Search
) -> None:
    parts = [search(cube.isel(cell=slice(i, i + 31)), prior) for i in (0, 31, 62)]
    for name in ("changes", "visibility", "response"):
        together = pd.concat([getattr(part, name) for part in parts], ignore_index=True)
        pd.testing.assert_frame_equal(getattr(results, name), together, rtol=1e-9)


def test_too_little_data_is_refused_in_words(cube: xr.Dataset, prior: NetworkPrior) -> None:
    short = search(cube.isel(cell=slice(0, 3), hour=slice(0, 24 * 5)), prior)
    assert short.changes.empty
    assert short.visibility["refused"].str.startswith("too little data: 5 days").all()
    silent = cube.isel(cell=slice(0, 2)).copy()
    silent["dropped_calls"] = silent["dropped_calls"] * 0
    none = search(silent, prior)
    assert none.changes.empty
    assert none.visibility["refused"].tolist() == ["too little data: 0 drops, 30 are needed"] * 2
    assert none.visibility["min_visible_ratio"].isna().all()


def test_without_load_nothing_is_searched_by_the_hour(
    cube: xr.Dataset, prior: NetworkPrior
) -> None:
    blind = cube.isel(cell=slice(0, 2)).copy()
    for name in ("prb_dl_util_pct", "prb_ul_util_pct"):
        blind[name] = blind[name] * np.nan
    assert (search(blind, prior).visibility["refused"] != "").all()


def test_parts_of_two_factors_are_shared_as_shapley_has_it() -> None:
    load, other = np.log([2.0, 1.0, 2.0, 0.5]), np.log([1.0, 2.0, 2.0, 1.0])
    assert load_share.shapley(load, other) == pytest.approx([1.0, 0.0, 0.5, 1.0])
    assert load_share.shapley(np.zeros(1), np.zeros(1)).tolist() == [0.0]


def test_many_drops_say_no_more_of_a_curve_than_a_thousand() -> None:
    prior = response.FLAT
    seen = response.Response(
        np.tile(np.arange(2.0), (3, 1)),
        np.ones((3, 2)),
        np.ones(1),
        np.ones(1, np.intp),
        np.ones(3),
    )
    two = NetworkPrior(response.Prior(np.ones(2), prior.by_hour), Wander(), 1.0)
    log_weights = _log_weights(seen, two, np.array([0.0, 1000.0, 1e6]))
    # drops times what each one says
    assert log_weights[:, 1] == pytest.approx([1.0, 0.5, 0.001], rel=1e-2)


def test_demand_that_remembers_blurs_shifts_of_load() -> None:
    blur = [
        learn_prior(
            cube_of(invent_network(np.random.default_rng(3), n_cells=60, causes={}, noise=noise))
        ).blur
        for noise in ("normal", "heavy")
    ]
    assert 1.0 <= blur[0] < blur[1] < 2.0


def test_intervals_hold_load_s_share_in_large_cells_with_two_causes_at_once() -> None:
    rng = np.random.default_rng(6201)
    planted = invent_network(rng, n_cells=200, causes={"load_and_fault": 90})
    cube = cube_of(planted)
    pairs = of_kind(planted, search(cube, learn_prior(cube)), "load_and_fault")
    large = pairs[(pairs["drops_before"] + pairs["drops_after"] > 3000) & (pairs["ratio"] > 1)]
    holds = large["load_share_true"].between(large["load_share_lo"], large["load_share_hi"])
    assert len(large) >= 30
    assert holds.mean() >= 0.8
    assert (large["load_share_hi"] - large["load_share_lo"]).median() < 0.5


@pytest.mark.parametrize(
    ("luck", "days_after", "expected"),
    [(0.4, 3, np.exp(-0.4 * 27 / 30)), (0.4, 27, np.exp(-0.2)), (-0.4, 3, 1.0), (0.0, 3, 1.0)],
)
def test_luck_lies_on_the_side_with_fewer_days_and_never_raises_what_is_expected(
    luck: float, days_after: int, expected: float
) -> None:
    none, start = np.zeros(1), 27 * 24
    share = load_share.LoadShare(none, none, none, np.array([luck]), np.ones(1), 0.1)
    after = slice(start, start + 24 * days_after)
    change = Change(
        Candidate(start, start, is_load_step=False), slice(0, start), after, after.stop, share
    )
    assert _expected_over_counted(change) == pytest.approx(expected)
