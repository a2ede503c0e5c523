"""Load's noise is as planted, its steps are found in parts of days, and bursts are no change."""

import numpy as np
import pytest

from analysis.attribution import dating, load_steps
from analysis.attribution.dating import Candidate
from analysis.attribution.hours import hours_of
from ingest.synth.radio.network import invent_network
from tests.bench.networks import cube_of


def test_the_covariance_of_nights_and_days_is_that_of_the_noise_planted() -> None:
    rng, n_cells, n_days = np.random.default_rng(8), 400, 60
    day_sd, memory, hour_sd = 0.1, 0.5, 0.12
    day = rng.normal(0, day_sd, (n_cells, n_days))
    for t in range(1, n_days):
        day[:, t] = memory * day[:, t - 1] + np.sqrt(1 - memory**2) * day[:, t]
    hours = day[..., None] + rng.normal(0, hour_sd, (n_cells, n_days, 24))
    values = np.stack([hours[..., part].mean(axis=2) for part in load_steps.PARTS], axis=2)
    known = np.broadcast_to([7.0, 17.0], values.shape)
    whole = hours.mean(axis=2)
    channel = load_steps.LoadChannel([], hours, whole, *load_steps._jump_and_memory(whole))
    ours_mean = load_steps._covariance(channel, values, known).mean(axis=0)
    seen = np.cov(values.reshape(n_cells, -1), rowvar=False)
    for near in (0, 1, 2):
        ours, theirs = (np.diagonal(matrix, near)[::2].mean() for matrix in (ours_mean, seen))
        # memory is drawn to what is usual, .35
        assert ours == pytest.approx(theirs, rel=0.17)


def test_a_busy_hour_that_wanders_blurs_parts_of_days_and_not_the_days() -> None:
    rng, n_cells, n_days = np.random.default_rng(9), 300, 60
    wanders = rng.normal(0, 0.2, (n_cells, n_days))
    # what the night gains the day loses
    parts = np.stack([wanders, -7 / 17 * wanders], axis=2)
    values = parts + rng.normal(0, 0.03, parts.shape)
    known = np.broadcast_to([7.0, 17.0], values.shape)
    whole = (values * [7, 17]).sum(axis=2) / 24
    channel = load_steps.LoadChannel([], values, whole, *load_steps._jump_and_memory(whole))
    covariance = load_steps._covariance(channel, values, known).mean(axis=0)
    night, day = covariance[0, 0], covariance[1, 1]
    assert night == pytest.approx(0.04, rel=0.2)
    assert covariance[0, 1] == pytest.approx(-0.9 * np.sqrt(night * day), rel=0.1)
    assert np.linalg.eigvalsh(covariance).min() > 0


def test_days_without_hours_are_no_calm_ones() -> None:
    rng = np.random.default_rng(10)
    daily = rng.normal(0, 0.1, (200, 56))
    whole, _ = load_steps._jump_and_memory(daily)
    for known in (slice(36, None), slice(0, None, 2)):
        young = np.full_like(daily, np.nan)
        young[:, known] = daily[:, known]
        sd, _ = load_steps._jump_and_memory(young)
        assert np.median(sd) == pytest.approx(np.median(whole), rel=0.1)
    assert load_steps._jump_and_memory(np.full((1, 56), np.nan))[0] == pytest.approx(
        load_steps._LOAD_SD
    )


def test_a_neighbours_outage_of_some_days_is_seen_to_begin_and_end() -> None:
    planted = invent_network(
        np.random.default_rng(9), n_cells=100, causes={"neighbour_outage": 20}, noise="heavy"
    )
    hours = hours_of(cube_of(planted))
    channel = load_steps.load_channel(hours)
    day = planted.truth["start"].to_numpy() // 24
    near = [
        any(abs(step - own) <= 1 for step in channel.steps[cell])
        for cell, own in zip(planted.truth["cell"], day, strict=True)
    ]
    assert len(near) >= 30
    assert np.mean(near) > 0.7


def test_what_lasts_less_than_three_days_is_no_change_unless_load_stepped() -> None:
    def at(*hours: int, load: bool = False) -> list[Candidate]:
        return [Candidate(hour, hour, is_load_step=load) for hour in hours]

    assert dating._without_bursts(at(100, 150)) == []
    assert dating._without_bursts(at(100, 172)) == at(100, 172)
    assert dating._without_bursts(at(100, 150, 400)) == at(400)
    assert dating._without_bursts(at(100, 150, load=True)) == at(100, 150, load=True)
