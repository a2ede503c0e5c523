"""The invented network: every cause of docs/methods.md 5.13, and a truth that counts bear out."""

from datetime import date

import numpy as np
import pandas as pd
import pytest

from ingest.synth.radio.causes import CAUSES, ENDS, quiet_cells
from ingest.synth.radio.country import clock_of
from ingest.synth.radio.network import NOISE, Network, invent_network


@pytest.fixture(scope="module")
def network() -> Network:
    """280 cells, 56 days."""
    return invent_network(np.random.default_rng(20))


@pytest.fixture(scope="module")
def truth(network: Network) -> pd.DataFrame:
    return network.truth.set_index("kind")


def _rate(network: Network, cell: int, hours: slice) -> float:
    drops, calls = (network.measured[n][cell, hours] for n in ("dropped_calls", "call_attempts"))
    return float(np.nansum(drops) / np.nansum(calls))


def test_every_cause_is_planted_each_in_a_cell_of_its_own(
    network: Network, truth: pd.DataFrame
) -> None:
    assert set(truth.index) - {"work_that_helped"} == {*CAUSES, *ENDS.values()}
    begun = truth.drop(list(ENDS.values()))
    assert begun["cell_id"].is_unique
    dead = set(truth.loc["neighbour_outage", "partner_cell_id"])
    assert not dead & set(truth["cell_id"])
    assert len(quiet_cells(network.events, 280)) >= 280 / 3
    assert {3, 7, 14} <= set(truth["age_days"])


@pytest.mark.parametrize("noise", ["normal", "heavy"])
def test_the_same_stream_gives_the_same_network(noise: str) -> None:
    one, same = (
        invent_network(np.random.default_rng(3), n_cells=20, n_days=21, noise=noise)
        for _ in range(2)
    )
    pd.testing.assert_frame_equal(one.truth, same.truth)
    for name, values in one.measured.items():
        np.testing.assert_array_equal(values, same.measured[name])


def test_a_plain_fault_is_in_the_counts_as_the_truth_says(
    network: Network, truth: pd.DataFrame
) -> None:
    plain = truth.loc[["interference", "hardware_fault", "parameter_change", "fault_cleared"]]
    z = []
    for event in plain.itertuples():
        before = _rate(network, event.cell, slice(0, event.start))
        after = _rate(network, event.cell, slice(event.ramp_end, event.end))
        z.append(np.log(after / before / event.ratio) * event.visible_sd
                 / abs(np.log(event.ratio)))  # fmt: skip
    # counts alone would give 1; days and weeks have luck of their own
    assert np.median(np.abs(z)) < 1.5
    assert np.abs(z).max() < 8


def test_load_and_other_causes_are_kept_apart(truth: pd.DataFrame) -> None:
    share = truth["load_share"]
    for kind in ("load_step", "load_ramp", "capacity_upgrade", "neighbour_outage"):
        assert share[kind].dropna().between(0.99, 1.01).all(), kind
    for kind in ("interference", "interference_raising_prb", "fault_behind_load", "fault_cleared"):
        assert share[kind].abs().max() < 0.1, kind
    assert share["load_and_fault"].between(0.2, 0.8).all()
    assert set(truth.loc["capacity_upgrade", "attribution"]) == {"relief"}
    assert set(truth.loc["neighbour_outage_over", "attribution"]) == {"relief"}
    assert set(truth.loc["carriers_rebalanced", "attribution"]) <= {"load", "relief", "none"}
    assert set(truth.loc["load_growth_with_headroom", "attribution"]) == {"none"}


def test_parts_and_shares_say_the_same(truth: pd.DataFrame) -> None:
    assert np.allclose(truth["ratio"], truth["drops_with"] / truth["drops_without"])
    quiet = np.log(truth["ratio"]).abs() < np.log(1.1)
    assert (truth["load_share"].isna() == quiet).all()
    assert ((truth["attribution"] == "none") == quiet).all()


def test_prb_moves_with_demand_and_with_efficiency_but_not_with_a_fault(
    truth: pd.DataFrame,
) -> None:
    moved = truth["prb_moved"]
    for kind in ("load_step", "fault_behind_load", "interference_raising_prb", "capacity_upgrade"):
        assert moved[kind].all(), kind
    for kind in ("interference", "hardware_fault", "fault_cleared", "passing_fault"):
        assert not moved[kind].any(), kind


def test_interference_raises_prb_while_attempts_stay(network: Network, truth: pd.DataFrame) -> None:
    ratios = []
    for event in truth.loc["interference_raising_prb"].itertuples():
        sides = slice(0, event.start), slice(event.ramp_end, event.end)
        for name in ("call_attempts", "prb_dl_util_pct", "dl_vol_mb"):
            before, after = (np.nanmean(network.measured[name][event.cell, s]) for s in sides)
            ratios.append((name, after / before))
    medians = pd.DataFrame(ratios, columns=["name", "ratio"]).groupby("name")["ratio"].median()
    assert medians["prb_dl_util_pct"] > 1.25
    assert medians[["call_attempts", "dl_vol_mb"]].between(0.85, 1.15).all()


def test_a_threshold_on_prb_is_a_poor_judge() -> None:
    """The rule the planted networks must not flatter: busy-hour PRB above 70 % means overload."""
    hits, alarms, misses, fooled = 0, 0, 0, []
    for seed in range(4):
        network = invent_network(np.random.default_rng(seed))
        prb = network.counters["prb_dl_util_pct"][:, -7 * 24 :].reshape(280, 7, 24)
        flagged = prb.max(axis=2).mean(axis=1) > 70
        lasting = network.truth[network.truth["end_utc"].isna()]
        load = np.isin(np.arange(280), lasting.query("attribution == 'load'")["cell"])
        hits, alarms = hits + (flagged & load).sum(), alarms + (flagged & ~load).sum()
        misses += (~flagged & load).sum()
        fooled += flagged[lasting.query("kind == 'interference_raising_prb'")["cell"]].tolist()
    assert 0.4 < 2 * hits / (2 * hits + alarms + misses) < 0.7
    assert 0.5 < np.mean(fooled) < 0.9


def test_heavy_noise_scatters_more_than_normal() -> None:
    scatter = {}
    for noise in NOISE:
        network = invent_network(np.random.default_rng(5), n_days=42, noise=noise, causes={})
        drops, calls = (
            network.clock.by_day(network.counters[n]) for n in ("dropped_calls", "call_attempts")
        )
        busy = calls.mean(axis=1) > 2000
        rate = np.log((drops + 0.5) / calls)[busy]
        scatter[noise] = rate.std(axis=1).mean()
    assert scatter["heavy"] > 1.3 * scatter["normal"]


def test_many_full_cells_drop_no_more() -> None:
    network = invent_network(np.random.default_rng(6), causes={})
    assert set(network.truth["kind"]) <= {"work_that_helped"}
    full = network.cells["prb_busy_pct"] > 75
    assert 0.08 < full.mean() < 0.4
    assert 0.35 < (network.cells.loc[full, "harm"] == 0).mean() < 0.75


def test_the_feed_loses_rows_and_resets_counters(network: Network) -> None:
    assert 0.003 < network.lost.mean() < 0.03
    assert network.lost.all(axis=0).sum() == 1  # the collector's hour
    assert network.resets.sum() >= 3
    measured = network.measured
    assert np.isnan(measured["call_attempts"][network.lost]).all()
    assert np.isnan(measured["dropped_calls"][network.resets]).all()
    assert not np.isnan(measured["call_attempts"][network.resets]).any()


def test_a_dead_neighbour_counts_nothing_and_is_a_known_outage(network: Network) -> None:
    for event in network.events:
        if event.kind == "neighbour_outage":
            assert event.partner is not None
            assert network.counters["call_attempts"][event.partner, slice(*event.acts)].sum() == 0
            assert (event.partner, *event.acts) in {(o.cell, o.start, o.end)
                                                    for o in network.outages}  # fmt: skip


@pytest.mark.parametrize("seed", range(4))
def test_a_dozen_cells_are_enough_for_some_kinds(seed: int) -> None:
    network = invent_network(np.random.default_rng(seed), n_cells=12, n_days=20)
    assert len(network.truth) >= 4
    assert network.truth[["ratio", "drops_with", "drops_before"]].gt(0).all(axis=None)


def test_a_day_on_which_the_clock_changes_has_its_own_hours() -> None:
    clock = clock_of(date(2026, 10, 24), 3)
    assert np.bincount(clock.day).tolist() == [24, 25, 24]
    assert clock.by_day(np.ones((2, 73))).tolist() == [[24, 25, 24]] * 2


def test_holidays_are_free_days_with_less_traffic() -> None:
    network = invent_network(np.random.default_rng(7), n_days=42, causes={})  # 31 August is one
    clock = network.clock
    assert clock.is_free[clock.is_holiday].all()
    day = clock.by_day(network.counters["call_attempts"]).sum(axis=0)
    monday, week_before = (clock.days.get_loc(d) for d in ("2026-08-31", "2026-08-24"))
    assert day[monday] < 0.9 * day[week_before]


def test_cells_chosen_because_they_were_bad_recover_by_themselves() -> None:
    network = invent_network(np.random.default_rng(8), n_cells=200, n_days=200)
    drops, calls = (
        network.clock.by_day(network.counters[name]) for name in ("dropped_calls", "call_attempts")
    )
    change = {True: list[float](), False: list[float]()}
    for work in network.works:
        if work.chosen_because_bad and work.finish < (200 - 28) * 24:
            # the 28 days it was chosen by ended at most 8 days before
            day = int(network.clock.day[work.finish])
            chosen_by, after = slice(max(day - 34, 0), day - 6), slice(day + 1, day + 29)
            rates = [drops[work.cell, d].sum() / calls[work.cell, d].sum()
                     for d in (chosen_by, after)]  # fmt: skip
            change[work.true_ratio == 1].append(np.log(rates[1] / rates[0]))
    assert len(change[True]) >= 5
    assert np.mean(change[True]) < -0.05  # recovered, though nothing was done to them
    assert np.mean(change[False]) < np.log(0.85)
