"""A world in which drops follow the load that is offered, and PRB shows it until it pegs.

r is what is asked over what the cell can carry. PRB is 100 r / (1 + r^m)^(1/m): it pegs, users and
attempts grow on. Each cell answers r by a curve of a family of its own. Demand is two bells a day;
what makes days differ for no reason is remembered for three days and then forgotten.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from analysis.arrays import Flags, Floats
from benchmarks.worlds import planted
from benchmarks.worlds.planted import Kind, Parts, Rng, Span, World

STREAM = 1501  # beside a seed: no other world has its chances


class Noise(NamedTuple):
    """How much happens for no reason: log sd of days and hours, of demand and of drops."""

    demand_day: Span
    demand_hour: float
    drops_day: float
    drops_slow: float
    phi: Span


NOISE = {
    "normal": Noise((0.04, 0.08), 0.06, 0.06, 0.03, (1.2, 1.9)),
    "heavy": Noise((0.06, 0.11), 0.1, 0.1, 0.05, (1.6, 2.8)),
}
KINDS: Mapping[str, Kind] = {
    "load_step": Kind(4.5, "answering", demand=(1.2, 1.6)),
    "neighbour_outage": Kind(
        3.5, "answering", demand=(1.25, 1.6), lasts_days=(3, 10), takes_neighbour=True
    ),
    "load_episode": Kind(3, "answering", demand=(1.25, 1.6), lasts_days=(3, 10)),
    "load_ramp": Kind(3, "answering", demand=(1.3, 1.65), ramp_days=(5, 14)),
    "upgrade": Kind(3.5, "full", room=(1.4, 2.0)),
    "load_and_fault": Kind(5, "answering", demand=(1.2, 1.55), fault=(1.15, 1.7)),
    "load_with_room": Kind(2.5, "room", demand=(1.3, 1.7)),
    "fault_behind_load": Kind(2.5, "room", demand=(1.3, 1.7), fault=(1.3, 2.2)),
    "interference_raising_prb": Kind(3, efficiency=(0.6, 0.8), fault=(1.3, 2.2)),
    "interference": Kind(2.5, fault=(1.2, 2.0)),
    "interference_by_day": Kind(2.5, fault=(1.4, 2.4), hours_of_day=(8, 20)),
    "hardware_fault": Kind(3, fault=(1.25, 2.6)),
    "passing_fault": Kind(2.5, fault=(1.4, 2.3), lasts_days=(3, 10)),
    "coverage_loss": Kind(2, efficiency=(0.85, 0.95), fault=(1.3, 2.0), demand=(0.88, 0.97)),
    "fault_mended": Kind(2, fault=(0.4, 0.72)),
}


@dataclass(frozen=True)
class Cells:
    """What cells are like, each (cell, 1)."""

    calls: Floats
    """Attempts in the busiest hour."""
    rate: Floats
    """Drops per attempt without load."""
    full: Floats
    """r of the busiest hour of a usual day."""
    bends: Floats
    """m: how sharply PRB pegs."""
    up_over_down: Floats
    """r of the uplink over that of the downlink."""
    family: Floats
    """Of its curve: 0 none, 1 straight beyond a knee, 2 power, 3 Gompertz."""
    knee: Floats
    height: Floats
    steepness: Floats
    whole_pct: Floats
    """1 where PRB is counted in whole per cent."""


@dataclass(frozen=True)
class Chance:
    """All that is drawn once, so that a run without an event has the same luck, (cell, hour)."""

    demand: Floats
    """What is asked, over a usual busiest hour."""
    calls: Floats
    uplink: Floats
    drops: Floats


def invent(
    seed: int, noise: str, *, n_cells: int = 280, n_days: int = 56, signs: str = "all"
) -> World:
    """The world of a seed.

    `noise`: normal or heavy. `signs`: which signs of demand are delivered, a key of
    `planted.SIGNS`.
    """
    luck, rng = NOISE[noise], np.random.default_rng([STREAM, seed])
    cells = _cells(rng, n_cells)
    chance = _chance(rng, luck, n_cells, n_days)
    shape = chance.demand.shape
    events = planted.plant(rng, KINDS, _fits(cells), shape[1])
    parts, is_down = planted.parts_of(events, shape), planted.down_of(events, shape)
    down, up = _offered(cells, chance, parts)
    attempts = rng.poisson(cells.calls * (chance.demand * parts.demand) ** 0.9 * chance.calls)
    attempts = attempts.astype(float)
    phi = rng.uniform(*luck.phi, n_cells)[:, None]
    mean = attempts * _rate(cells, chance, parts)
    drops = np.minimum(rng.poisson(rng.gamma(mean / (phi - 1) + 1e-12, phi - 1)), attempts)
    prb_down, prb_up = (_shown(r, cells) for r in (down, up))
    crowd = 1 + 0.7 * np.maximum(np.maximum(down, up) - 0.95, 0)

    def blurred(values: Floats, sd: float) -> Floats:
        return values * rng.lognormal(0, sd, shape)

    carried = parts.room * parts.efficiency
    counters = {
        "call_attempts": attempts,
        "dropped_calls": drops.astype(float),
        "prb_dl_util_pct": _counted(prb_down, cells),
        "prb_ul_util_pct": _counted(prb_up, cells),
        "rrc_users_mean": blurred(20 * chance.demand * parts.demand * crowd, 0.06),
        "dl_vol_kbit": blurred(9e6 * carried * prb_down / 100, 0.05),
        "ul_vol_kbit": blurred(2e6 * carried * prb_up / 100, 0.05),
    }
    changes = planted.truth_of(
        events, lambda under: _rate(cells, chance, under), attempts, phi[:, 0]
    )
    cube = planted.cube_of(counters, is_down, signs)
    return planted.world_of(cube, changes, events)


def _cells(rng: Rng, n_cells: int) -> Cells:
    def drawn(low: float, high: float) -> Floats:
        return rng.uniform(low, high, (n_cells, 1))

    is_uplink_bound = rng.random((n_cells, 1)) < 0.22
    family = rng.choice(4, (n_cells, 1), p=[0.25, 0.25, 0.25, 0.25])
    return Cells(
        calls=rng.lognormal(np.log(240), 0.6, (n_cells, 1)),
        rate=0.005 * rng.lognormal(0, 0.4, (n_cells, 1)),
        full=0.4 + 1.3 * rng.beta(2, 2.2, (n_cells, 1)),
        bends=drawn(6, 10),
        up_over_down=np.where(is_uplink_bound, drawn(1.15, 1.5), drawn(0.3, 0.75)),
        family=family,
        knee=np.where(family == 3, drawn(0.75, 1.3), drawn(0.55, 1.1)),
        height=np.choose(family, [drawn(0, 0), drawn(2, 6), drawn(0.5, 1.6), drawn(1.2, 3.5)]),
        steepness=np.choose(family, [drawn(1, 1), drawn(1, 1), drawn(3, 6), drawn(0.07, 0.16)]),
        whole_pct=(rng.random((n_cells, 1)) < 1 / 3).astype(float),
    )


def _fits(cells: Cells) -> dict[str, Flags]:
    """Which cells each need of a kind allows, (cell,)."""
    fullest = (cells.full * np.maximum(cells.up_over_down, 1))[:, 0]
    answers = cells.family[:, 0] > 0
    return {
        "any": np.ones(len(fullest), bool),
        "answering": answers & (fullest > 0.6),
        "full": answers & (fullest > 0.85),
        "room": fullest < 0.65,
    }


def _chance(rng: Rng, luck: Noise, n_cells: int, n_days: int) -> Chance:
    n_hours = 24 * n_days
    clock, day = np.arange(n_hours) % 24, np.arange(n_hours) // 24
    first, second = rng.uniform(8, 13, (n_cells, 1)), rng.uniform(16.5, 21, (n_cells, 1))
    morning = rng.uniform(0.4, 1.1, (n_cells, 1)) * np.exp(-(((clock - first) / 3.4) ** 2))
    evening = np.exp(-(((clock - second) / 3.6) ** 2))
    profile = 0.07 + morning + evening
    profile = profile / profile.max(axis=1, keepdims=True)
    weekend = np.where(day % 7 >= 5, rng.uniform(0.65, 1.1, (n_cells, 1)), 1.0)
    spread = rng.uniform(*luck.demand_day, (n_cells, 1))
    days = np.exp(spread * _three_days(rng, n_cells, n_days))[:, day]
    hours = np.exp(luck.demand_hour * rng.normal(size=(n_cells, n_hours)))
    bad_days = luck.drops_day * _three_days(rng, n_cells, n_days)[:, day]
    phase, period = rng.uniform(0, 6.28, (n_cells, 1)), rng.uniform(30, 70, (n_cells, 1))
    slow = luck.drops_slow * np.sin(phase + 6.28 * np.arange(n_hours) / 24 / period)
    by_hour = 0.08 * np.cos((clock - rng.uniform(0, 24, (n_cells, 1))) * 0.2618)
    return Chance(
        demand=profile * weekend * days * hours,
        calls=np.exp(0.05 * rng.normal(size=(n_cells, n_hours))),
        uplink=np.exp(0.06 * rng.normal(size=(n_cells, n_hours))),
        drops=np.exp(bad_days + slow + by_hour),
    )


def _three_days(rng: Rng, n_cells: int, n_days: int) -> Floats:
    """Noise of sd 1 by day, with heavy tails, that three days share; (cell, day)."""
    shock = rng.standard_t(5, (n_cells, n_days + 2)) / np.sqrt(5 / 3)
    return np.asarray((shock[:, 2:] + 0.7 * shock[:, 1:-1] + 0.3 * shock[:, :-2]) / np.sqrt(1.58))


def _offered(cells: Cells, chance: Chance, parts: Parts) -> tuple[Floats, Floats]:
    """r of downlink and of uplink, (cell, hour)."""
    down = cells.full * chance.demand * parts.demand / (parts.room * parts.efficiency)
    return down, down * cells.up_over_down * chance.uplink


def _rate(cells: Cells, chance: Chance, parts: Parts) -> Floats:
    """Drops to expect per attempt, (cell, hour)."""
    fuller = np.maximum(*_offered(cells, chance, parts))
    straight = 1 + cells.height * np.maximum(fuller - cells.knee, 0)
    power = 1 + cells.height * fuller**cells.steepness
    gompertz = 1 + cells.height * np.exp(-np.exp((cells.knee - fuller) / cells.steepness))
    flat = np.ones_like(fuller)
    harm = np.choose(cells.family, [flat, straight, power, gompertz])
    return np.asarray(cells.rate * harm * chance.drops * parts.fault)


def _shown(r: Floats, cells: Cells) -> Floats:
    """PRB in per cent, (cell, hour)."""
    return np.asarray(100 * r / (1 + r**cells.bends) ** (1 / cells.bends))


def _counted(prb: Floats, cells: Cells) -> Floats:
    return np.where(cells.whole_pct == 1, np.round(prb), prb)
