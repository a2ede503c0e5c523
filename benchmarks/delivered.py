"""How well are changes of drop rates found that come by the day without counts? Planted steps.

Invents cells whose calls are drawn and then thrown away, has `analysis.delivered` search the rates,
and writes docs/accuracy/delivered.md: `python -m benchmarks.delivered`.
"""

import argparse
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from analysis.arrays import Floats, Indices
from analysis.changes import daily
from analysis.delivered import days as delivered
from contracts.settings.sections import Operator
from ingest.clock import wall_clock

PAGE = Path(__file__).parents[1] / "docs" / "accuracy" / "delivered.md"
OPERATOR = Operator(name="x", timezone="Europe/London", country="")
FIRST_DAY, N_DAYS, N_CELLS = "2026-03-02", 56, 200
SEEDS, FIRST_SEED = 6, 9001
STEPS = (1.0, 1.5, 2.0)
SCATTERS = {"normal": 0.15, "heavy": 0.4}
"""Sd of the log of a day's rate beyond chance, by noise."""
_SHOWN_SD, _DAYS_APART, _EDGE_DAYS = 4.0, 4, 10
_DAYS_A_MONTH = 30.0


@dataclass(frozen=True)
class World:
    """Rates of invented cells, and the truth behind them; arrays are (cell,)."""

    rates: pd.DataFrame
    """Rows of `cell_rate`: cell_id, day_local, drop_rate_pct in hundredths of a per cent."""
    day: Indices
    """First day of each cell's new rate."""
    ratio: Floats
    """New over old rate."""
    shown_sd: Floats
    """Log ratio of the counts that nobody sees, over its Poisson sd."""


def invent(seed: int, step: float, *, scatter: float, n_cells: int = N_CELLS) -> World:
    """Cells of 150 to 6,000 calls a day, each rate stepped up or down once.

    `seed`: of all draws. `step`: ratio up, or its inverse down, half of the cells each. `scatter`:
    sd of the log of a day's rate. `n_cells`: how many.
    """
    random = np.random.default_rng(seed)
    days = pd.date_range(FIRST_DAY, periods=N_DAYS)
    is_rest = days.day_of_week >= 5
    usual = np.exp(random.uniform(np.log(150), np.log(6000), (n_cells, 1)))
    busy = np.where(is_rest, 0.75, 1.0) * np.exp(random.normal(0, 0.1, (n_cells, N_DAYS)))
    calls = np.maximum(random.poisson(usual * busy), 1)
    day = random.integers(_EDGE_DAYS, N_DAYS - _EDGE_DAYS, n_cells)
    ratio = np.where(random.random(n_cells) < 0.5, step, 1 / step)
    is_new = np.arange(N_DAYS) >= day[:, None]
    rate = np.exp(random.normal(np.log(0.008), 0.5, (n_cells, 1))) * np.where(is_rest, 0.9, 1.0)
    rate = rate * np.where(is_new, ratio[:, None], 1.0)
    rate = rate * np.exp(random.normal(0, scatter, calls.shape))
    drops = random.binomial(calls, np.clip(rate, 0, 1))
    sides = [np.maximum((drops * side).sum(axis=1), 0.5) for side in (is_new, ~is_new)]
    rows = pd.DataFrame(
        {
            "cell_id": np.repeat([f"c{i:03d}" for i in range(n_cells)], N_DAYS),
            "day_local": np.tile(days.date, n_cells),
            "drop_rate_pct": (100 * drops / calls).round(2).ravel(),
        }
    )
    sd = np.sqrt(1 / sides[0] + 1 / sides[1])
    return World(rows, day, ratio, np.abs(np.log(ratio)) / sd)


def judged(world: World) -> dict[str, float]:
    """Changes found, true ones, shown and found ones, and intervals that hold, as counts.

    `world`: as `invent` makes it. A find is true where it is dated at most four days off and of the
    step's direction.
    """
    changes = delivered.search(delivered.of_days(world.rates, OPERATOR), daily.search).changes
    cell = changes["cell_id"].str[1:].astype(int).to_numpy()
    # days of the calendar: one of them has 23 hours
    clock = wall_clock(changes["change_utc"], OPERATOR.timezone)
    day = (clock - pd.Timestamp(FIRST_DAY)).dt.days.to_numpy()
    truth, ratio = world.ratio[cell], changes["ratio"].to_numpy()
    is_true = (np.abs(day - world.day[cell]) <= _DAYS_APART) & ((ratio > 1) == (truth > 1))
    is_true &= truth != 1
    holds = (changes["ratio_lo"] <= truth) & (truth <= changes["ratio_hi"])
    is_shown = world.shown_sd >= _SHOWN_SD
    return {
        "found": len(changes),
        "true": int(is_true.sum()),
        "holds": int((holds & is_true).sum()),
        "shown": int(is_shown.sum()),
        "hits": int(is_shown[np.unique(cell[is_true])].sum()),
        "cells": len(world.day),
    }


def measured(n_seeds: int) -> pd.DataFrame:
    """One row a noise and step: sums of `judged` over networks. `n_seeds`: how many networks."""
    seeds = range(FIRST_SEED, FIRST_SEED + n_seeds)
    rows = [
        {"noise": noise, "step": step, **judged(invent(seed, step, scatter=scatter))}
        for noise, scatter in SCATTERS.items()
        for step in STEPS
        for seed in seeds
    ]
    return pd.DataFrame(rows).groupby(["noise", "step"], sort=False).sum().reset_index()


def page(rows: pd.DataFrame, n_seeds: int) -> str:
    """docs/accuracy/delivered.md. `rows`: as of `measured`; `n_seeds`: networks of each."""
    lines = [_HEAD.format(seeds=n_seeds, first=FIRST_SEED, last=FIRST_SEED + n_seeds - 1)]
    lines += [_line(row) for row in rows[rows["step"] > 1].to_dict("records")]
    lines += [_QUIET]
    for row in rows[rows["step"] == 1].to_dict("records"):
        months = row["cells"] * N_DAYS / _DAYS_A_MONTH
        alarms, error = row["found"] / months, np.sqrt(max(row["found"], 1)) / months
        lines.append(f"| {row['noise']} | {alarms:.4f} ± {error:.4f} |")
    return "\n".join(lines) + "\n"


def _line(row: dict[Any, Any]) -> str:
    holds, recall, right = (
        row[part] / row[whole]
        for part, whole in (("holds", "true"), ("hits", "shown"), ("true", "found"))
    )
    error = np.sqrt(holds * (1 - holds) / row["true"])
    shares = f"{recall:.2f} | {right:.2f} | {holds:.3f} ± {error:.3f}"
    return f"| {row['noise']} | x {row['step']:g} and its inverse | {row['shown']:.0f} | {shares} |"


_HEAD = """# Drop rates without counts

Written by `python -m benchmarks.delivered`; do not edit.

{seeds} networks of 200 cells and 56 days for each row (seeds {first} to {last}, on which nothing
was tuned): 150 to 6,000 calls a day, a rate of .8 % in the middle, delivered in hundredths of a per
cent; days scatter by 15 % beyond chance, under heavy noise by 40 %. A step is shown where the
counts behind the rates, which the search does not get, differ by 4 sd of Poisson. ± is the Monte
Carlo error.

| noise | step | shown | of these found | finds that are true | 90 % interval of the ratio holds |
|---|---|---|---|---|---|"""
_QUIET = """
Networks in which nothing changes:

| noise | false alarms a cell and month |
|---|---|"""


def main() -> None:
    """Measures, and writes the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=SEEDS)
    n_seeds = parser.parse_args().seeds
    text = page(measured(n_seeds), n_seeds)
    print(text)
    if n_seeds == SEEDS:
        PAGE.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
