"""Counters of all families: what is counted fits together, and what is planted is in the counts."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

from ingest.synth.radio.families import (
    SHOWN_IN,
    FamilyEvent,
    family_truth,
    with_families,
)
from ingest.synth.radio.network import Network, invent_network

Planted = tuple[Network, Network, tuple[FamilyEvent, ...]]

NESTED = (
    ("rrc_att", "rrc_succ", "s1ng_succ", "bearer_att", "bearer_succ"),
    ("ho_prep_att", "ho_prep_succ", "ho_exe_succ"),
)


@pytest.fixture(scope="module")
def planted() -> Planted:
    """The calls alone, the network with all families, and its events: 30 cells, 310 days."""
    calls = invent_network(
        np.random.default_rng(4), n_cells=30, n_days=310, causes={"fault_cleared": 4}
    )
    return calls, *with_families(np.random.default_rng(5), calls, recent_days=60)


def _truth(planted: Planted) -> pd.DataFrame:
    _, network, events = planted
    return family_truth(network, events).set_index("kind")


def test_one_event_of_each_family_in_cells_that_nothing_else_befalls(planted: Planted) -> None:
    calls, _, events = planted
    assert [event.kind for event in events] == list(SHOWN_IN)
    assert len({event.cell for event in events}) == len(events)
    taken = {e.cell for e in calls.events} | {work.cell for work in calls.works}
    assert {e.kind for e in events if e.cell in taken} == {"handover_misset"}


def test_calls_are_the_same_but_in_the_sleeping_and_the_growing_cell(planted: Planted) -> None:
    calls, network, events = planted
    changed = {e.cell for e in events if e.kind in ("sleeping_cell", "growth_to_knee")}
    others = [cell for cell in range(len(calls.cells)) if cell not in changed]
    for name, values in calls.counters.items():
        assert np.array_equal(values[others], network.counters[name][others], equal_nan=True)


def test_what_succeeds_was_attempted_and_what_is_added_up_is_whole(planted: Planted) -> None:
    counters = planted[1].counters
    for chain in NESTED:
        for more, fewer in pairwise(chain):
            assert (counters[fewer] <= counters[more]).all(), fewer
    assert (counters["dropped_calls"] <= counters["call_setups"]).all()
    assert (counters["call_setups"] <= counters["call_attempts"]).all()
    for name in ("rrc_att", "ho_exe_succ", "dl_thp_vol_kbit", "dl_thp_time_ms"):
        assert np.array_equal(counters[name], np.round(counters[name]))


def test_each_event_moves_its_kpi_as_far_as_the_truth_says(planted: Planted) -> None:
    truth = _truth(planted)
    before, after, strength = (truth[n] for n in ("value_before", "value_after", "strength"))
    for kind in ("access_barring", "handover_misset"):
        assert before[kind] > 0.97
        assert before[kind] - after[kind] == pytest.approx(strength[kind], abs=0.02)
    assert after["slow_backhaul"] / before["slow_backhaul"] == pytest.approx(
        strength["slow_backhaul"], rel=0.15
    )
    assert before["sleeping_cell"] > 1
    assert after["sleeping_cell"] == 0
    assert after["growth_to_knee"] > 1.15 * before["growth_to_knee"]
    assert truth["months_to_knee"].notna().tolist() == [
        kind == "growth_to_knee" for kind in SHOWN_IN
    ]


def test_a_sleeping_cell_says_it_is_available(planted: Planted) -> None:
    _, network, events = planted
    event = next(e for e in events if e.kind == "sleeping_cell")
    asleep = {name: values[event.cell, event.start :] for name, values in network.counters.items()}
    assert asleep["availability_pct"].mean() > 99
    assert asleep["rrc_att"].sum() == asleep["dl_thp_vol_kbit"].sum() == 0
    assert np.isnan(asleep["rsrp_p50_dbm"]).all()


def test_without_a_swap_or_a_long_history_those_kinds_are_left_out(planted: Planted) -> None:
    calls = replace(planted[0], works=())
    _, events = with_families(np.random.default_rng(5), calls, recent_days=60)
    assert "handover_misset" not in {event.kind for event in events}
    short = invent_network(np.random.default_rng(6), n_cells=12, n_days=20)
    _, events = with_families(np.random.default_rng(6), short, recent_days=20)
    assert not {"growth_to_knee", "handover_misset"} & {event.kind for event in events}
