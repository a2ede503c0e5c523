"""Are works judged rightly? Planted effects at the worst cells of invented networks, fresh seeds.

Invents networks with works (`benchmarks.worlds.treated`), has `analysis.effects` judge them, and
writes docs/accuracy/effects.md: `python -m benchmarks.effects`.
"""

import time
from pathlib import Path

import numpy as np
import pandas as pd

from analysis.arrays import Flags, Floats
from analysis.effects.panel import Panel
from analysis.effects.sheets import Works
from analysis.effects.verdicts import of_works, verdict_of
from analysis.uncertainty import intervals
from benchmarks.worlds import treated

PAGE = Path(__file__).parents[1] / "docs" / "accuracy" / "effects.md"
SEEDS, FIRST_SEED = 40, 7000
GAIN = float(np.log(0.75))
_RINGS = 2.3
_PLAIN_DAYS = 28


def measured(
    n_seeds: int, first_seed: int = FIRST_SEED, *, log_effect: float = 0.0, spill: float = 0.0,
    is_worst: bool = True,
) -> pd.DataFrame:  # fmt: skip
    """One row a work: effect, low, high, p_value, holds, plain, truth, is_refused, has_near.

    `n_seeds`: networks of ten works each. `first_seed`: of the first. `log_effect`, `spill`,
    `is_worst`: as of `treated.invent`. `plain`: log of the 28 days after over the 28 before.
    `has_near`: whether others worked next door within its weeks. A refused work has NaN.
    """
    rows = []
    for seed in range(first_seed, first_seed + n_seeds):
        world = treated.invent(seed, log_effect=log_effect, spill=spill, is_worst=is_worst)
        rows += _judged(world)
    return pd.DataFrame(rows)


def _judged(world: treated.World) -> list[dict[str, float]]:
    segments = np.broadcast_to(np.arange(treated.DAYS) // 14, world.drops.shape)
    rest_day = np.arange(treated.DAYS) % 7 >= 5
    noise = intervals.dispersion(world.drops, world.attempts, segments, rest_day)
    panel = Panel(world.drops, world.attempts, noise)
    works = [
        Works("cell", str(cell), day, day + 1, 3, (str(number),))
        for number, (cell, day) in enumerate(
            zip(world.cell.tolist(), world.day.tolist(), strict=True)
        )
    ]
    members = of_works(panel, works, world.cell, _touched(world))
    rows = []
    for number, member in enumerate(members):
        verdict = verdict_of(panel, [member])
        truth = float(world.log_effect[number])
        rows.append({
            "effect": verdict.effect, "low": verdict.low, "high": verdict.high,
            "p_value": verdict.p_value, "truth": truth, "is_refused": verdict.reason is not None,
            "holds": float(verdict.low <= truth <= verdict.high),
            "plain": _plain(world, number), "has_near": _has_near(world, number),
        })  # fmt: skip
    return rows


def _touched(world: treated.World) -> Flags:
    """Days of works at each cell and within two rings of it."""
    flags = np.zeros(world.drops.shape, bool)
    for cell, day in zip(world.cell, world.day, strict=True):
        flags[_away(world, cell) < _RINGS, day] = True
    return flags


def _away(world: treated.World, cell: int) -> Floats:
    return np.asarray(np.hypot(*(world.xy - world.xy[cell]).T))


def _plain(world: treated.World, number: int) -> float:
    cell, day = world.cell[number], world.day[number]
    before, after = (
        world.drops[cell, days].sum() / world.attempts[cell, days].sum()
        for days in (slice(day - _PLAIN_DAYS, day), slice(day + 1, day + 1 + _PLAIN_DAYS))
    )
    return float(np.log(after / before))


def _has_near(world: treated.World, number: int) -> bool:
    near = (_away(world, world.cell[number])[world.cell] < _RINGS) & (
        np.arange(len(world.cell)) != number
    )
    day = world.day[number]
    return bool((near & (world.day > day - 57) & (world.day < day + 29)).any())


def figures(rows: pd.DataFrame) -> dict[str, float]:
    """What a table of works comes to, refused ones left out but where they are counted.

    `rows`: as of `measured`.
    """
    known = rows[~rows["is_refused"]]
    error = known["effect"] - known["truth"]
    plain = rows["plain"] - rows["truth"]
    return {
        "works": float(len(rows)),
        "refused": float(rows["is_refused"].sum()),
        "holds": float(known["holds"].mean()),
        "p10": float((known["p_value"] <= 0.1).mean()),
        "p05": float((known["p_value"] <= 0.05).mean()),
        "error": float(error.mean()),
        "scatter": float(error.std()),
        "plain_error": float(plain.mean()),
        "plain_scatter": float(plain.std()),
    }


def page(tables: dict[str, pd.DataFrame], seconds: float) -> str:
    """docs/accuracy/effects.md.

    `tables`: rows of `measured` by the name of their world. `seconds`: what judging one KPI of
    `SCALE` took.
    """
    lines = [_HEAD.format(seeds=SEEDS, first=FIRST_SEED, gain=np.exp(GAIN))]
    lines += [_line(name, figures(rows)) for name, rows in tables.items()]
    lines += ["", _HEAD_NEAR]
    for near, rows in tables["a quarter fewer, a fifth of it next door"].groupby("has_near"):
        which = "others worked next door meanwhile" if near else "nobody else worked next door"
        of = figures(rows)
        share = 100 * of["error"] / GAIN
        lines.append(
            f"| {which} | {of['works']:.0f} | {of['refused']:.0f} | {of['error']:+.3f} "
            f"| {-share:+.0f} % |"
        )
    return "\n".join([*lines, "", _FOOT.format(seconds=seconds, **SCALE)])


def _line(name: str, of: dict[str, float]) -> str:
    shares = [f"{of[key]:.2f}" for key in ("holds", "p10", "p05")]
    errors = [
        f"{of[key]:+.3f} ({of[spread]:.2f})"
        for key, spread in (("error", "scatter"), ("plain_error", "plain_scatter"))
    ]
    cells = [name, f"{of['works']:.0f}", f"{of['refused']:.0f}", *shares, *errors]
    return "| " + " | ".join(cells) + " |"


SCALE = {"cells": 10_000, "works": 500, "days": 400}


def seconds_of_scale() -> float:
    """How long one KPI takes in a network of `SCALE`, scatter of days and verdicts alike."""
    rng = np.random.default_rng(1)
    shape = (SCALE["cells"], SCALE["days"])
    attempts = np.full(shape, 1500.0)
    drops = rng.poisson(15 * np.exp(rng.normal(0, 0.4, shape[0]))[:, None], shape).astype(float)
    starts = rng.integers(100, SCALE["days"] - 40, SCALE["works"])
    cells = rng.choice(shape[0], SCALE["works"], replace=False)
    flags = np.zeros(shape, bool)
    flags[cells, starts] = True
    begin = time.process_time()
    segments = np.broadcast_to(np.arange(shape[1]) // 14, shape)
    noise = intervals.dispersion(drops, attempts, segments, np.arange(shape[1]) % 7 >= 5)
    panel = Panel(drops, attempts, noise)
    works = [
        Works("cell", str(cell), int(day), int(day) + 1, 3, (str(cell),))
        for cell, day in zip(cells, starts, strict=True)
    ]
    for member in of_works(panel, works, cells, flags):
        verdict_of(panel, [member])
    return time.process_time() - begin


_HEAD = """# What came of works

Written by `python -m benchmarks.effects`; do not edit.

Works whose effect is known, in {seeds} invented networks of 150 cells and 200 days with ten works
each, seeds {first} and on (`benchmarks/worlds/treated.py`, which shares no code with the method).
A work that takes away a quarter leaves {gain:.2f} of the drops. Works are placed at cells that were
among the worst tenth of the four weeks before: these would fall back without any work.
Each cell has a level, bad and good weeks that it forgets in some three weeks,
days that scatter, weekends of its own, and weather that a region shares.

`holds`: share of 90 % intervals that hold the planted effect. `p <= .10`: share of works whose
placebo p-value is so low; of works that do nothing it should be .10, of others it is the power.
`error`: mean of the log effect less the planted one, and its standard deviation. `plain`: the same
of two plain means, 28 days after over 28 before, as acceptance sheets have them. Refused: an
untouched past like theirs was not found, or too few untouched places were left. They are in no
share and in no error but the plain ones.

| works that | works | refused | holds | p <= .10 | p <= .05 | error (sd) | plain error (sd) |
| --- | --- | --- | --- | --- | --- | --- | --- |"""

_HEAD_NEAR = """With a fifth of the gain going next door, by whether others worked there meanwhile:

| works | works | refused | error of the log effect | of the planted one |
| --- | --- | --- | --- | --- |"""

_FOOT = """**Time**: {seconds:.0f} s of one processor for one KPI of {cells} cells, {days} days and
{works} works. Ten times as many cells and works, and ten KPIs, would be a hundred times that; it
was not run. Reading is not in it.

The networks are ours: how long real cells keep a bad week, nobody has measured for us yet.
"""


def main() -> None:
    """Measures all worlds and writes the page."""
    worlds = {
        "do nothing, at the worst cells": {},
        "do nothing, anywhere": {"is_worst": False},
        "take away a quarter of the drops": {"log_effect": GAIN},
        "a quarter fewer, a fifth of it next door": {"log_effect": GAIN, "spill": 0.2},
    }
    tables = {name: measured(SEEDS, **world) for name, world in worlds.items()}  # type: ignore[arg-type]
    PAGE.write_text(page(tables, seconds_of_scale()), encoding="utf-8")


if __name__ == "__main__":
    main()
