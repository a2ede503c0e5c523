"""The oracle of benchmarks/bound.py: it knows the noise, and finds what stands out of it."""

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from benchmarks import bound
from benchmarks.bound import DAYS, Series
from ingest.synth import network as synth
from ingest.synth.country import clock_of

N_DAYS = 56
HEAVY = synth.NOISE["heavy"]
MEMORY = bound.memory_of(HEAVY, N_DAYS)
SHAPES = bound.shapes(N_DAYS, DAYS, 11.0, 10.0)


def series_of(levels: np.ndarray, seed: int, per_day: float = 200.0, phi: float = 2.0) -> Series:
    """Counts at these log levels, with the noise that `network` gives them."""
    rng = np.random.default_rng(seed)
    luck = rng.multivariate_normal(np.zeros(N_DAYS), MEMORY.drops)
    mean = per_day * np.exp(levels + luck)
    counts = rng.poisson(rng.gamma(mean / (phi - 1), phi - 1)).astype(float)
    return Series(counts, np.full(N_DAYS, per_day), phi, MEMORY.drops)


def test_the_load_behind_prb_is_known_beyond_100() -> None:
    offered = np.array([0.5, 30, 80, 99, 120, 180])
    assert bound._offered(synth._shown(offered)) == pytest.approx(offered, rel=1e-3)


def test_the_noise_of_drops_is_that_of_the_network() -> None:
    clock = clock_of(date(2026, 8, 3), N_DAYS)
    plain = replace(HEAVY, bad_day_share=0.0)
    logs = np.log(synth._bad_luck(np.random.default_rng(1), 20_000, clock, plain))
    assert np.cov(logs.T) == pytest.approx(MEMORY.drops, abs=0.001)


def test_what_a_step_explains_is_what_it_takes_from_the_whitened_squares() -> None:
    memory = MEMORY.drops + 0.01 * np.eye(N_DAYS)
    logs = np.random.default_rng(2).normal(size=N_DAYS) / 10
    series = Series(np.exp(logs), np.ones(N_DAYS), 0.0, memory)
    one = bound.gains(series, SHAPES, bound.fit(series, SHAPES, ())).one

    def squares(design: np.ndarray) -> float:
        inverse = np.linalg.inv(memory)
        size = np.linalg.solve(design.T @ inverse @ design, design.T @ inverse @ logs)
        rest = logs - design @ size
        return float(rest @ inverse @ rest)

    flat = np.ones((N_DAYS, 1))
    for shape in (3, 40, 90):
        stepped = np.column_stack([flat, SHAPES.columns[:, shape]])
        told = squares(flat) - squares(stepped) - SHAPES.price[shape]
        assert one[shape] == pytest.approx(told, rel=1e-6)


def test_a_step_is_dated_and_sized() -> None:
    day = np.arange(N_DAYS)
    for seed in range(5):
        (step,) = bound.steps_of(series_of(0.8 * (day >= 30), seed), SHAPES)
        assert abs(step.day - 30) <= 1
        assert step.size == pytest.approx(0.8, abs=0.3)
        assert step.posterior > 0.9


def test_up_and_down_again_are_two_steps_and_a_bad_day_is_none() -> None:
    day = np.arange(N_DAYS)
    box = 0.9 * ((day >= 20) & (day < 26))
    up, down = sorted(bound.steps_of(series_of(box, 3), SHAPES), key=lambda step: step.day)
    assert (round(up.day), round(down.day)) == (20, 26)
    assert up.size > 0 > down.size
    assert not list(bound.steps_of(series_of(1.1 * (day == 20), 3), SHAPES))


def test_noise_alone_is_told_of_as_rarely_as_the_page_says() -> None:
    told = [
        bound._sure(bound.steps_of(series_of(np.zeros(N_DAYS), s), SHAPES), "heavy")
        for s in range(40)
    ]
    assert sum(map(len, told)) <= 2


def test_the_sd_of_load_is_the_one_that_was_drawn() -> None:
    network, load_sd = bound.network_of(7, "heavy")
    events = set(network.truth["cell_id"])
    cells = bound.cells_of(network, load_sd)
    quiet = np.array([cell_id not in events for cell_id in network.cells["cell_id"]])
    seen = np.array([np.nanstd(cell.load[1::2]) for cell in cells])
    assert np.corrcoef(seen[quiet], load_sd[quiet])[0, 1] > 0.5
