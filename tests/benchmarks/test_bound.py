"""The oracle of benchmarks/bound.py: it knows the noise, and finds what stands out of it."""

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from benchmarks import bound
from benchmarks.bound import DAYS, Step
from ingest.synth.radio import network as synth
from ingest.synth.radio.country import clock_of
from tests.bench.networks import networks

N_DAYS = 56
HEAVY = synth.NOISE["heavy"]
MEMORY = bound.memory_of(HEAVY, N_DAYS)
SHAPES = bound.shapes(N_DAYS, DAYS, 11.0, 10.0)


def steps_in(levels: np.ndarray, seed: int, least: float = 0.0) -> list[Step]:
    """Steps found in counts at these log levels, with the noise that `network` gives them."""
    rng = np.random.default_rng(seed)
    luck = rng.multivariate_normal(np.zeros(N_DAYS), MEMORY.drops)
    mean, phi = 200.0 * np.exp(levels + luck), 2.0
    counts = rng.poisson(rng.gamma(mean / (phi - 1), phi - 1)).astype(float)
    found = bound.fit_counts(counts, np.full(N_DAYS, 200.0), phi, MEMORY.drops, SHAPES)
    return bound.sure(found, SHAPES, least)


def test_the_load_behind_prb_is_known_beyond_100() -> None:
    offered = np.array([0.5, 30, 80, 99, 120, 180])
    assert bound._offered(synth._shown(offered)) == pytest.approx(offered, rel=1e-3)


def test_the_noise_of_drops_is_that_of_the_network() -> None:
    clock = clock_of(date(2026, 8, 3), N_DAYS)
    plain = replace(HEAVY, bad_day_share=0.0)
    logs = np.log(synth._bad_luck(np.random.default_rng(1), 20_000, clock, plain))
    assert np.cov(logs.T) == pytest.approx(MEMORY.drops, abs=0.001)


def test_a_step_is_dated_and_sized() -> None:
    day = np.arange(N_DAYS)
    for seed in range(5):
        step = max(steps_in(0.8 * (day >= 30), seed), key=lambda step: step.posterior)
        assert abs(step.day - 30) <= 1
        assert step.size == pytest.approx(0.8, abs=0.3)
        assert step.posterior > 0.9


def test_up_and_down_again_are_two_steps_and_a_bad_day_is_none() -> None:
    day = np.arange(N_DAYS)
    box = 0.9 * ((day >= 20) & (day < 26))
    for seed in range(1, 6):
        up, down = steps_in(box, seed)
        assert (up.day, down.day) == pytest.approx((20, 26), abs=1.5)
        assert up.size > 0 > down.size
        assert not steps_in(1.1 * (day == 20), seed)


def test_noise_alone_is_reported_as_rarely_as_is_wanted() -> None:
    steps_of_networks = [
        steps_in(np.zeros(N_DAYS), seed, bound.LEAST_POSTERIOR["heavy"]) for seed in range(100)
    ]
    assert sum(map(len, steps_of_networks)) / len(steps_of_networks) / (N_DAYS / 30) <= 0.03


def test_the_sd_of_load_is_the_one_that_was_drawn() -> None:
    (network,) = (of for noise, _, of in networks((7,)) if noise == "heavy")
    load_sd = bound.load_sd_of(7, "heavy")
    events = set(network.truth["cell_id"])
    quiet = np.array([cell_id not in events for cell_id in network.cells["cell_id"]])
    cells = bound.cells_of(network, load_sd)
    seen = np.array([np.nanstd(cell.load[1::2]) for cell in cells])
    assert np.corrcoef(seen[quiet], load_sd[quiet])[0, 1] > 0.5
