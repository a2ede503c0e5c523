"""Worlds that are not our own: what they plant is there, and their truth is a run without it."""

from types import ModuleType

import numpy as np
import pytest

from benchmarks import three
from benchmarks.worlds import offered, planted, queued

WORLDS = [offered, queued]
PURE_LOAD = {
    *("load_step", "neighbour_outage", "load_episode", "load_ramp", "upgrade"),
    *("crowd", "neighbour_down", "fair", "district_filling", "carrier_added"),
}
PURE_OTHER = {"interference", "hardware_fault", "passing_fault", "jammer", "broken_unit"}


@pytest.mark.parametrize("world", WORLDS)
def test_shares_are_those_of_what_was_planted(world: ModuleType) -> None:
    truth = world.invent(1, "normal", n_cells=120).truth.changes
    clear = truth[truth["load_share"].notna()]
    kind = clear["kind"].str.removesuffix("_over")
    assert clear.loc[kind.isin(PURE_LOAD), "load_share"].to_numpy() == pytest.approx(1.0)
    assert clear.loc[kind.isin(PURE_OTHER), "load_share"].to_numpy() == pytest.approx(0.0)
    mixed = clear.loc[kind.isin({"load_and_fault", "crowd_and_fault"}), "load_share"]
    assert mixed.between(0.02, 0.98).mean() > 0.7
    raising = clear.loc[kind.str.endswith("raising_prb"), "attribution"]
    assert set(raising) == {"other"}


@pytest.mark.parametrize("world", WORLDS)
def test_what_ends_goes_back_the_other_way(world: ModuleType) -> None:
    truth = world.invent(2, "normal", n_cells=120).truth.changes.set_index("kind")
    for start in {kind.removesuffix("_over") for kind in truth.index if kind.endswith("_over")}:
        assert (truth.loc[[start], "ratio"] >= 1).all()
        assert (truth.loc[[f"{start}_over"], "ratio"] <= 1).all()


@pytest.mark.parametrize("world", WORLDS)
def test_a_seed_gives_one_world_and_signs_that_are_not_delivered_are_missing(
    world: ModuleType,
) -> None:
    full, bare = (world.invent(3, "heavy", n_cells=20, signs=signs) for signs in ("all", "none"))
    assert bare.cube["call_attempts"].equals(full.cube["call_attempts"])
    assert full.truth.changes.equals(bare.truth.changes)
    for name in planted.ALL_SIGNS:
        assert np.isnan(bare.cube[name]).all()
        assert not np.isnan(full.cube[name]).all()


def test_prb_pegs_where_users_grow_on() -> None:
    cube = offered.invent(4, "normal", n_cells=200).cube
    prb, users = cube["prb_dl_util_pct"].to_numpy(), cube["rrc_users_mean"].to_numpy()
    fullest = np.argsort(np.nanmean(prb, axis=1))[-10:]
    some, most = (np.nanquantile(users[fullest], share, axis=1) for share in (0.7, 0.98))
    grown = np.log(most / some).mean()
    shown = np.nanquantile(prb[fullest], 0.98, axis=1) / np.nanquantile(prb[fullest], 0.7, axis=1)
    assert np.log(shown).mean() < grown / 3


def test_what_waits_in_a_queue_comes_in_the_next_hour() -> None:
    queue = queued._queue(np.array([[0.5, 1.4, 0.5, 0.5]]))
    assert queue.rho[0] == pytest.approx([0.5, 1.4, 0.5 + queued.WAITS * 0.4, 0.5])


def test_a_calibrated_probability_has_the_gap_that_chance_leaves() -> None:
    rng = np.random.default_rng(1)
    p = rng.random(4000)
    assert three._gap(p, (rng.random(4000) < p).astype(float)) < 0.03
    assert three._gap(p, np.ones(4000)) == pytest.approx(0.5, abs=0.02)
