"""A world in which drops follow the delay of a scheduler's queue, and the queue remembers.

Users come and each brings a volume. What is not carried within an hour waits into the next. A call
drops more often the larger the share of packets that come too late: rho exp(-c (1 - rho)) while
the cell keeps up, as in a queue with one server, and with what waits beyond. Busy hours wander,
cells of a district have their days in common, users grow by the week.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy.ndimage import gaussian_filter1d

from analysis.arrays import Flags, Floats
from benchmarks.worlds import planted
from benchmarks.worlds.planted import Kind, Parts, Rng, Span, World

STREAM = 2707
DISTRICT = 8  # cells that have their days in common
PRB_NOISE, WAITS = 0.03, 0.55
# minutes of an hour differ: how full they are over the hour's mean
MINUTES = np.array([0.62, 0.84, 0.98, 1.13, 1.43])


class Noise(NamedTuple):
    """How much happens for no reason, as log sd: of districts, days, hours and of drops."""

    district: float
    day: Span
    hour: float
    drops_day: float
    drops_district: float
    burst: Span
    """Of a call's hour, by which drops scatter beyond chance."""


NOISE = {
    "normal": Noise(0.03, (0.03, 0.06), 0.07, 0.06, 0.02, (0.15, 0.35)),
    "heavy": Noise(0.05, (0.05, 0.09), 0.12, 0.11, 0.04, (0.25, 0.5)),
}
KINDS: Mapping[str, Kind] = {
    "crowd": Kind(4.5, "answering", demand=(1.2, 1.6)),
    "neighbour_down": Kind(
        3.5, "answering", demand=(1.25, 1.6), lasts_days=(3, 10), takes_neighbour=True
    ),
    "fair": Kind(3, "answering", demand=(1.25, 1.6), lasts_days=(3, 10)),
    "district_filling": Kind(3, "answering", demand=(1.4, 1.75), ramp_days=(5, 14)),
    "carrier_added": Kind(3.5, "full", room=(1.35, 2.0)),
    "crowd_and_fault": Kind(5, "answering", demand=(1.2, 1.55), fault=(1.15, 1.7)),
    "crowd_with_room": Kind(2.5, "room", demand=(1.3, 1.7)),
    "fault_behind_crowd": Kind(2.5, "room", demand=(1.3, 1.7), fault=(1.3, 2.2)),
    "jammer_raising_prb": Kind(3, efficiency=(0.6, 0.8), fault=(1.3, 2.2)),
    "jammer": Kind(2.5, fault=(1.2, 2.0)),
    "jammer_by_day": Kind(2.5, fault=(1.4, 2.4), hours_of_day=(7, 19)),
    "broken_unit": Kind(3, fault=(1.25, 2.6)),
    "passing_fault": Kind(2.5, fault=(1.4, 2.3), lasts_days=(3, 10)),
    "tilted": Kind(2, efficiency=(0.85, 0.95), fault=(1.3, 2.0), demand=(0.88, 0.97)),
    "mended": Kind(2, fault=(0.4, 0.72)),
}


@dataclass(frozen=True)
class Cells:
    """What cells are like, each (cell, 1)."""

    users: Floats
    """Connected in the busiest hour."""
    calls_a_user: Floats
    rate: Floats
    """Drops per attempt without delay."""
    late_rate: Floats
    """Drops per attempt that come on top where every packet is late, over `rate`."""
    budget: Floats
    """c: how much delay a packet may have, in service times."""
    full: Floats
    """rho of the busiest hour of a usual day."""
    up_over_down: Floats
    whole_pct: Flags


@dataclass(frozen=True)
class Chance:
    """All that is drawn once, so that a run without an event has the same luck, (cell, hour)."""

    users: Floats
    volume: Floats
    uplink: Floats
    drops: Floats


class Queue(NamedTuple):
    """A direction's hours, (cell, hour)."""

    rho: Floats
    """What is asked, with what waited, over what can be carried."""
    waiting: Floats
    """What goes into the next hour, in hours of service."""


def invent(
    seed: int, noise: str, *, n_cells: int = 280, n_days: int = 56, signs: str = "all"
) -> World:
    """The world of a seed.

    `noise`: normal or heavy. `signs`: which signs of demand are delivered, a key of
    `planted.SIGNS`.
    """
    luck, rng = NOISE[noise], np.random.default_rng([STREAM, seed])
    cells, chance = _cells(rng, n_cells), _chance(rng, luck, n_cells, n_days)
    shape = chance.users.shape
    events = planted.plant(rng, KINDS, _fits(cells), shape[1])
    parts, is_down = planted.parts_of(events, shape), planted.down_of(events, shape)
    present = cells.users * chance.users * parts.demand
    attempts = rng.poisson(cells.calls_a_user * present).astype(float)
    burst = rng.uniform(*luck.burst, (n_cells, 1))
    mean = attempts * _rate(cells, chance, parts)
    mixed = mean * rng.lognormal(-(burst**2) / 2, burst, shape)
    drops = np.minimum(rng.poisson(mixed), attempts).astype(float)
    down, up = _queues(cells, chance, parts)
    carried = parts.room * parts.efficiency

    def prb(queue: Queue) -> Floats:
        shown = _busy_share(queue.rho) * 100 * rng.normal(1, PRB_NOISE, shape)
        shown = np.clip(shown, 0, 100)
        return np.where(cells.whole_pct, np.floor(shown), shown)

    counters = {
        "call_attempts": attempts,
        "dropped_calls": drops,
        "prb_dl_util_pct": prb(down),
        "prb_ul_util_pct": prb(up),
        "rrc_users_mean": present * (1 + 0.5 * down.waiting) * rng.normal(1, 0.05, shape),
        "dl_vol_kbit": 7e6 * carried * _busy_share(down.rho) * rng.normal(1, 0.03, shape),
        "ul_vol_kbit": 1e6 * carried * _busy_share(up.rho) * rng.normal(1, 0.03, shape),
    }
    phi = 1 + (np.exp(burst**2) - 1)[:, 0] * (mean**2).sum(axis=1) / mean.sum(axis=1)
    changes = planted.truth_of(events, lambda under: _rate(cells, chance, under), attempts, phi)
    cube = planted.cube_of(counters, is_down, signs)
    return planted.world_of(cube, changes, events)


def _cells(rng: Rng, n_cells: int) -> Cells:
    one = (n_cells, 1)
    is_deaf, is_uplink_bound = rng.random(one) < 0.25, rng.random(one) < 0.22
    return Cells(
        users=rng.lognormal(np.log(30), 0.5, one),
        calls_a_user=rng.uniform(5, 12, one),
        rate=0.005 * rng.lognormal(0, 0.4, one),
        late_rate=np.where(is_deaf, 0.0, rng.uniform(1.0, 4.0, one)),
        budget=rng.uniform(3, 9, one),
        full=0.4 + 0.9 * rng.beta(2, 2.2, one),
        up_over_down=np.where(
            is_uplink_bound, rng.uniform(1.1, 1.4, one), rng.uniform(0.25, 0.75, one)
        ),
        whole_pct=rng.random(one) < 1 / 3,
    )


def _fits(cells: Cells) -> dict[str, Flags]:
    """Which cells each need of a kind allows, (cell,)."""
    fullest = (cells.full * np.maximum(cells.up_over_down, 1))[:, 0]
    answers = cells.late_rate[:, 0] > 0
    return {
        "any": np.ones(len(fullest), bool),
        "answering": answers & (fullest > 0.6),
        "full": answers & (fullest > 0.85),
        "room": (fullest < 0.6) & (~answers | (cells.budget[:, 0] > 6)),
    }


def _chance(rng: Rng, luck: Noise, n_cells: int, n_days: int) -> Chance:
    n_hours, n_districts = 24 * n_days, -(-n_cells // DISTRICT)
    clock, day = np.arange(n_hours) % 24, np.arange(n_hours) // 24
    district = np.arange(n_cells) // DISTRICT
    # the busy hour wanders by an hour or so, from week to week
    later = gaussian_filter1d(rng.normal(0, 1.6, (n_cells, n_days)), 3, axis=1)[:, day]
    middle = rng.uniform(13, 20, (n_cells, 1)) + later
    wave = 0.5 + 0.5 * np.cos(2 * np.pi * (clock - middle) / 24)
    profile = 0.06 + 0.94 * wave ** rng.uniform(1.2, 2.2, (n_cells, 1))
    rest = np.where(day % 7 >= 5, rng.uniform(0.7, 1.15, (n_cells, 1)), 1.0)
    growth = 1 + rng.normal(0.004, 0.003, (n_cells, 1)) * (day // 7)
    in_common = luck.district * _walking(rng, n_districts, n_days, 0.5)[district]
    own = rng.uniform(*luck.day, (n_cells, 1)) * _walking(rng, n_cells, n_days, 0.4)
    hourly = np.exp(luck.hour * rng.normal(size=(n_cells, n_hours)))
    bad = luck.drops_day * _walking(rng, n_cells, n_days, 0.35)
    bad += luck.drops_district * _walking(rng, n_districts, n_days, 0.8)[district]
    return Chance(
        users=profile * rest * growth * np.exp(in_common + own)[:, day] * hourly,
        volume=np.exp(0.08 * rng.normal(size=(n_cells, n_hours))),
        uplink=np.exp(0.08 * rng.normal(size=(n_cells, n_hours))),
        drops=np.exp(bad)[:, day],
    )


def _walking(rng: Rng, n_rows: int, n_days: int, memory: float) -> Floats:
    """Noise of sd 1 by day, each day drawn to the one before, (row, day)."""
    values = rng.normal(size=(n_rows, n_days))
    for day in range(1, n_days):
        values[:, day] = memory * values[:, day - 1] + np.sqrt(1 - memory**2) * values[:, day]
    return values


def _queues(cells: Cells, chance: Chance, parts: Parts) -> tuple[Queue, Queue]:
    """Downlink and uplink."""
    asked = cells.full * chance.users * chance.volume * parts.demand
    down = asked / (parts.room * parts.efficiency)
    return _queue(down), _queue(down * cells.up_over_down * chance.uplink)


def _queue(asked: Floats) -> Queue:
    """`asked`: over what can be carried in the hour, (cell, hour)."""
    rho, waiting = np.empty_like(asked), np.empty_like(asked)
    left = np.zeros(len(asked))
    for hour in range(asked.shape[1]):
        rho[:, hour] = asked[:, hour] + left
        # half of those who can't be served give up
        left = np.clip(WAITS * (rho[:, hour] - 1), 0, 1)
        waiting[:, hour] = left
    return Queue(rho, waiting)


def _rate(cells: Cells, chance: Chance, parts: Parts) -> Floats:
    """Drops to expect per attempt, (cell, hour)."""
    late = np.maximum(*(_late(cells, queue) for queue in _queues(cells, chance, parts)))
    return np.asarray(cells.rate * (1 + cells.late_rate * late) * chance.drops * parts.fault)


def _late(cells: Cells, queue: Queue) -> Floats:
    """Share of packets that wait longer than they may; above 1 where more waits than is served."""
    served = np.minimum(queue.rho, 1)
    return np.asarray(served * np.exp(-cells.budget * (1 - served)) + queue.waiting)


def _busy_share(rho: Floats) -> Floats:
    """Part of an hour's blocks that are used, (cell, hour): some of its minutes are full first."""
    return np.asarray(np.mean([np.minimum(rho * minute, 1) for minute in MINUTES], axis=0))
