"""Handovers between cells add up to the counters of the cells."""

import numpy as np

from ingest.synth.radio.families import with_families
from ingest.synth.radio.network import invent_network
from ingest.synth.radio.relations import MOST_NEIGHBOURS, RELATION_DAYS, invent_relations


def test_rows_of_a_cell_and_day_add_up_to_its_handovers() -> None:
    calls = invent_network(np.random.default_rng(1), n_cells=20, n_days=30, causes={})
    network, _ = with_families(np.random.default_rng(2), calls, recent_days=30)
    rows = invent_relations(np.random.default_rng(3), network)
    assert (rows["cell"] != rows["neighbour"]).all()
    assert (rows["successes"] <= rows["attempts"]).all()
    assert rows["attempts"].min() > 0
    assert rows["day"].nunique() == RELATION_DAYS
    assert rows.groupby("cell")["neighbour"].nunique().max() == MOST_NEIGHBOURS
    sums = rows.groupby(["cell", "day"])[["attempts", "successes"]].sum()
    for ours, theirs in (("attempts", "ho_prep_succ"), ("successes", "ho_exe_succ")):
        by_day = network.clock.by_day(network.counters[theirs])
        cell, day = (sums.index.get_level_values(name) for name in ("cell", "day"))
        assert np.array_equal(sums[ours], by_day[cell, day])
