"""Worlds of daily counters in which set-up, handover and throughput change, and nothing else does.

Truth is the day of each planted step, its KPI and its factor: on failures of set-ups and handovers,
on throughput. Load, traffic and users move by themselves, with memory; no step is planted in them.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import xarray as xr

from analysis.arrays import Floats

PLANTED = ("rrc_setup_sr", "ho_exec_sr", "dl_user_thp_mbps")
NOISES = ("normal", "heavy")
_FACTORS = (1.5, 2.0)
FIRST_DAY = np.datetime64("2026-03-02")


@dataclass(frozen=True)
class Planted:
    """One step of one KPI of one cell."""

    cell: int
    kpi: str
    day: int
    ratio: float
    """Of failures, or of throughput, after over before."""
    sd: float
    """How many standard deviations the counts alone make of it, who knows the day and the noise."""


@dataclass(frozen=True)
class World:
    """Counters by cell and day, and what was planted."""

    days: pd.DataFrame
    """As table `cell_day`."""
    counters: xr.Dataset
    """As of `cube.of_cell_days`, without drops."""
    planted: tuple[Planted, ...]


def invent(seed: int, *, noise: str, n_cells: int = 120, n_days: int = 56) -> World:
    """A network, a third of whose cells have one step.

    `seed`: of all that is drawn. `noise`: normal or heavy. `n_cells`, `n_days`: how many.
    """
    rng = np.random.default_rng([seed, NOISES.index(noise)])
    shape = (n_cells, n_days)
    spread = {"normal": 1.0, "heavy": 1.8}[noise]
    weekend = np.arange(n_days) % 7 >= 5
    busy = np.exp(rng.normal(0, 0.8, (n_cells, 1)))
    demand = busy * np.exp(
        np.log(0.8) * weekend
        + _memory(rng, shape, 0.06 * spread, 0.4)
        + _memory(rng, (1, n_days), 0.03, 0.6)
    )
    planted = _steps(rng, n_cells, n_days)
    ratio = {kpi: np.ones(shape) for kpi in PLANTED}
    for cell, (kpi, day, factor) in planted.items():
        ratio[kpi][cell, day:] = factor
    columns, sd = _counters(rng, demand, ratio, spread)
    truth = tuple(
        Planted(cell, kpi, day, factor, sd[kpi](cell, day))
        for cell, (kpi, day, factor) in planted.items()
    )
    return World(_frame(columns), _cube(columns, weekend), truth)


def cell_id(cell: int) -> str:
    """Name of a cell.

    `cell`: its number.
    """
    return f"C{cell:04d}"


def _steps(
    rng: np.random.Generator, n_cells: int, n_days: int
) -> dict[int, tuple[str, int, float]]:
    """Cell -> KPI, day and factor of its step; two cells in three are quiet."""
    cells = rng.permutation(n_cells)[: n_cells // 3]
    return {
        int(cell): (
            PLANTED[i % len(PLANTED)],
            int(rng.integers(7, n_days - 7)),
            float(rng.choice(_FACTORS) ** rng.choice([-1, 1])),
        )
        for i, cell in enumerate(cells)
    }


def _memory(rng: np.random.Generator, shape: tuple[int, int], sd: float, rho: float) -> Floats:
    """Noise whose days remember the one before, (cell, day)."""
    fresh = rng.normal(0, sd * np.sqrt(1 - rho**2), shape)
    fresh[:, 0] /= np.sqrt(1 - rho**2)
    for day in range(1, shape[1]):
        fresh[:, day] += rho * fresh[:, day - 1]
    return fresh


def _counters(rng, demand, ratio, spread):  # type: ignore[no-untyped-def]
    """Columns of `cell_day`, and the standard deviations of a step by its counts."""
    shape = demand.shape
    columns, sds = {}, {}
    rates = {"rrc": 0.012, "ho_exe": 0.02, "s1ng": 0.004, "bearer": 0.008, "ho_prep": 0.01}
    volumes = {"rrc": 12000, "ho_exe": 5000, "s1ng": 11000, "bearer": 13000, "ho_prep": 5200}
    of_kpi = {"rrc": "rrc_setup_sr", "ho_exe": "ho_exec_sr"}
    for name, rate in rates.items():
        phi_sd, rho = 0.10 * spread, 0.3
        own = np.exp(rng.normal(0, 0.4, (shape[0], 1)))
        tries = rng.poisson(volumes[name] * demand)
        wobble = np.exp(_memory(rng, shape, phi_sd, rho))
        step = ratio.get(of_kpi.get(name, ""), np.ones(shape))
        expected = tries * rate * own * wobble
        failures = np.minimum(rng.poisson(_with_bursts(rng, expected * step)), tries)
        columns |= {f"{name}_att": tries, f"{name}_succ": tries - failures}
        if name in of_kpi:
            sds[of_kpi[name]] = _sd_of_counts(expected / wobble, step, phi_sd, rho)
    load = np.clip(45 * demand / demand.mean(), 2, 98)
    noise, rho = 0.06 * spread, 0.3
    level = 22 * np.exp(rng.normal(0, 0.3, (shape[0], 1)))
    thp = level * np.exp(-0.008 * (load - 45) + _memory(rng, shape, noise, rho))
    thp = thp * ratio["dl_user_thp_mbps"]
    thp = np.where(rng.random(shape) < 0.01, thp * rng.uniform(0.4, 0.8, shape), thp)
    volume = 4e8 * demand
    per_load = np.std(np.diff(-0.008 * load, axis=1), axis=1, keepdims=True) / np.sqrt(2)
    variance = noise**2 + per_load**2
    sds["dl_user_thp_mbps"] = _sd_of_levels(variance[:, 0], ratio["dl_user_thp_mbps"], rho)
    day_s = np.full(shape, 86_400.0)
    columns |= {
        "covered_s": day_s,
        "unavail_s": np.zeros(shape),
        "dl_vol_kbit": volume,
        "ul_vol_kbit": 0.1 * volume,
        "dl_thp_vol_kbit": 0.9 * volume,
        "dl_thp_time_ms": 0.9 * volume / thp,
        "prb_dl_avail_prb_s": 75 * day_s,
        "prb_dl_used_prb_s": 0.75 * load * day_s,
        "rrc_user_s": 40 * demand * np.exp(_memory(rng, shape, 0.02, 0.2)) * day_s,
        "rrc_covered_s": day_s,
        "call_attempts": rng.poisson(3000 * demand),
    }
    return columns, sds


def _with_bursts(rng: np.random.Generator, expected: Floats) -> Floats:
    """One cell's day in a hundred fails up to four times as often."""
    return np.where(
        rng.random(expected.shape) < 0.01, expected * rng.uniform(1.5, 4, expected.shape), expected
    )


def _long_run(rho: float) -> float:
    return (1 + rho) / (1 - rho)


def _sd_of_counts(expected: Floats, step: Floats, day_sd: float, rho: float):  # type: ignore[no-untyped-def]
    def sds(cell: int, day: int) -> float:
        sides = [(expected * step)[cell, part] for part in (slice(day), slice(day, None))]
        variance = sum(1 / side.sum() + day_sd**2 * _long_run(rho) / len(side) for side in sides)
        return float(abs(np.log(step[cell, -1])) / np.sqrt(variance))

    return sds


def _sd_of_levels(variance: Floats, step: Floats, rho: float):  # type: ignore[no-untyped-def]
    def sds(cell: int, day: int) -> float:
        n_days = step.shape[1]
        of_mean = variance[cell] * _long_run(rho) * (1 / day + 1 / (n_days - day))
        return float(abs(np.log(step[cell, -1])) / np.sqrt(of_mean))

    return sds


def _frame(columns: dict[str, Floats]) -> pd.DataFrame:
    n_cells, n_days = columns["covered_s"].shape
    flat = {name: values.ravel().astype(float) for name, values in columns.items()}
    cells = np.repeat([cell_id(i) for i in range(n_cells)], n_days)
    days = np.tile(FIRST_DAY + np.arange(n_days), n_cells)
    return pd.DataFrame({"cell_id": cells, "day_local": days, **flat})


def _cube(columns: dict[str, Floats], weekend: Floats) -> xr.Dataset:
    shape, dims = columns["covered_s"].shape, ("cell", "day")
    days = FIRST_DAY + np.arange(shape[1])
    load = 100 * columns["prb_dl_used_prb_s"] / columns["prb_dl_avail_prb_s"]
    starts = np.broadcast_to(days.astype("datetime64[ns]"), shape)
    return xr.Dataset(
        {
            "availability": (dims, np.ones(shape)),
            "outage": (dims, np.zeros(shape, bool)),
            "rest_day": (dims, np.broadcast_to(weekend, shape).copy()),
            "day_start_utc": (dims, starts.copy()),
            "bh_prb_dl_util_pct": (dims, load),
        },
        coords={
            "cell_id": ("cell", [cell_id(i) for i in range(shape[0])]),
            "day_local": ("day", days),
        },
    )
