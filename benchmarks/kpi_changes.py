"""How well are changes of KPIs found and dated? Planted steps, fresh seeds.

Invents networks in which set-ups, handovers and throughput change (`benchmarks.worlds.counted`),
has `analysis.events` search every KPI of the catalogue, and writes docs/accuracy/kpi_changes.md:
`python -m benchmarks.kpi_changes`.
"""

import argparse
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from analysis.changes import daily
from analysis.events import merging, searching
from analysis.events.levels import Limits
from analysis.events.stage import MIN_SD
from analysis.rates.kpis import counted, place_in
from benchmarks.worlds import counted as worlds
from benchmarks.worlds.counted import PLANTED, World
from contracts.kpis import Catalogue, catalogue

PAGE = Path(__file__).parents[1] / "docs" / "accuracy" / "kpi_changes.md"
SEEDS, FIRST_SEED = 6, 9100
LIMITS = Limits(daily.MIN_RATIO, daily.MIN_DAYS, MIN_SD)
_SHOWN_SD, _DAYS_APART, _DAYS_A_MONTH = 3.0, 4, 30.0


def found_in(
    world: World, known: Catalogue, seconds: dict[str, float] | None = None
) -> pd.DataFrame:
    """All changes that the search finds in a world, those of one event together.

    `world`: invented. `known`: all KPIs. `seconds`: takes the processor time of each KPI's search.
    """
    where, parts = place_in(world.counters, world.days), []
    for kpi, of in known.kpis.items():
        how, columns = known.search(kpi), {x for p in known.parts(kpi) for x in p.columns}
        if how == "none" or not columns <= set(world.days):
            continue
        part = next(counted(kpi, known, world.days, where, world.counters["outage"].shape))
        begin = time.process_time()
        sides = (part.numerator, part.denominator)
        one = searching.asked(kpi, of, how, sides, world.counters)
        changes = searching.search(one, LIMITS).changes
        if seconds is not None:
            seconds[kpi] = seconds.get(kpi, 0.0) + time.process_time() - begin
        parts.append(changes.assign(kpi=kpi))
    families = {kpi: of.family for kpi, of in known.kpis.items()}
    return merging.with_events(pd.concat(parts, ignore_index=True), families)


def measured(noise: str, n_seeds: int, first_seed: int = FIRST_SEED) -> pd.DataFrame:
    """One row a seed: what was found of each planted KPI and what was false, in quiet cells too.

    `noise`: normal or heavy. `n_seeds`: how many networks. `first_seed`: of the first.
    """
    known = catalogue()
    rows = []
    for seed in range(first_seed, first_seed + n_seeds):
        world = worlds.invent(seed, noise=noise)
        seconds: dict[str, float] = {}
        found = found_in(world, known, seconds)
        rows.append(
            {
                "noise": noise,
                "seed": seed,
                **_of_planted(world, found),
                **_of_quiet(world, found),
                **_cost(world, seconds),
            }
        )
    return pd.DataFrame(rows)


def _of_planted(world: World, found: pd.DataFrame) -> dict[str, float]:
    """Hits, steps to be found, false ones and intervals that hold, by KPI, as `kpi hits`."""
    day = (found["change_utc"].dt.tz_convert(None) - pd.Timestamp(worlds.FIRST_DAY)).dt.days
    figures = dict[str, float]()
    for kpi in PLANTED:
        steps = [step for step in world.planted if step.kpi == kpi]
        mine = found[found["kpi"] == kpi]
        matches = [_match(step, mine, day[mine.index]) for step in steps]
        shown = [
            (step, match)
            for step, match in zip(steps, matches, strict=True)
            if step.sd >= _SHOWN_SD
        ]
        hits = [(step, mine.loc[match]) for step, match in shown if match is not None]
        # a step that counts alone do not show is neither missed nor false
        of_steps = {match for match in matches if match is not None}
        figures |= {
            f"{kpi} steps": float(len(shown)),
            f"{kpi} hits": float(len(hits)),
            f"{kpi} false": float(len(mine) - len(of_steps)),
            f"{kpi} holds": float(
                sum(row["ratio_lo"] <= step.ratio <= row["ratio_hi"] for step, row in hits)
            ),
            f"{kpi} dated": float(sum(_is_dated(step, row) for step, row in hits)),
        }
    return figures


def _match(step: worlds.Planted, found: pd.DataFrame, day: pd.Series) -> int | None:
    """The find nearest to a step, of its cell and way, at most four days from it."""
    is_it = (found["cell_id"] == worlds.cell_id(step.cell)) & (
        (day - step.day).abs() <= _DAYS_APART
    )
    is_it &= (found["ratio"] > 1) == (step.ratio > 1)
    apart = (day - step.day).abs()[is_it]
    return int(apart.idxmin()) if len(apart) else None


def _is_dated(step: worlds.Planted, row: Any) -> bool:
    begin = pd.Timestamp(worlds.FIRST_DAY, tz="UTC") + pd.Timedelta(days=step.day)
    return bool(row["change_lo_utc"] <= begin <= row["change_hi_utc"])


def _of_quiet(world: World, found: pd.DataFrame) -> dict[str, float]:
    """False changes in cells without a step, by KPI, and false events; and how long they are."""
    stepped = {worlds.cell_id(step.cell) for step in world.planted}
    quiet = found[~found["cell_id"].isin(stepped)]
    n_cells = world.counters.sizes["cell"] - len(stepped)
    of_kpi = {f"false {kpi}": float(n) for kpi, n in quiet["kpi"].value_counts().items()}
    months = n_cells * world.counters.sizes["day"] / _DAYS_A_MONTH
    return {"false events": float(quiet["event"].nunique()), "quiet months": months} | of_kpi


def _cost(world: World, seconds: dict[str, float]) -> dict[str, float]:
    n_cells = world.counters.sizes["cell"]
    return {
        "ms of the dearest KPI": 1000 * max(seconds.values()) / n_cells,
        "ms of all KPIs": 1000 * sum(seconds.values()) / n_cells,
        "KPIs": float(len(seconds)),
    }


def scores(rows: pd.DataFrame) -> pd.DataFrame:
    """By noise and planted KPI: F1, its error over networks, recall, precision, and what holds.

    `rows`: as of `measured`. The error is the spread of networks' F1 over the root of their number.
    """
    return pd.DataFrame(
        [
            {"noise": noise, "kpi": kpi, **_scores(of_noise, kpi)}
            for noise, of_noise in rows.groupby("noise", sort=False)
            for kpi in PLANTED
        ]
    )


def _scores(rows: pd.DataFrame, kpi: str) -> dict[str, float]:
    steps, hits, false = (rows[f"{kpi} {what}"] for what in ("steps", "hits", "false"))
    f1 = 2 * hits / (steps + hits + false)
    return {
        "steps": steps.sum(),
        "f1": 2 * hits.sum() / (steps + hits + false).sum(),
        "error": f1.std() / np.sqrt(len(rows)),
        "worst": f1.min(),
        "recall": hits.sum() / steps.sum(),
        "precision": hits.sum() / (hits + false).sum(),
        "holds": rows[f"{kpi} holds"].sum() / hits.sum(),
        "dated": rows[f"{kpi} dated"].sum() / hits.sum(),
    }


def alarms(rows: pd.DataFrame) -> pd.DataFrame:
    """By noise: false changes a quiet cell and month, of the worst KPI and of all, and their error.

    `rows`: as of `measured`. The error of all is that of a count, over the months.
    """
    figures = []
    for noise, of_noise in rows.groupby("noise", sort=False):
        months = of_noise["quiet months"].sum()
        names = [name for name in of_noise if name.startswith("false ") and name != "false events"]
        of_kpi = (of_noise[names].sum() / months).sort_values()
        events = of_noise["false events"].sum()
        figures.append(
            {
                "noise": noise,
                "worst kpi": of_kpi.index[-1].removeprefix("false "),
                "of worst kpi": of_kpi.iloc[-1],
                "events": events / months,
                "error": np.sqrt(events) / months,
            }
        )
    return pd.DataFrame(figures)


def page(rows: pd.DataFrame, n_seeds: int) -> str:
    """docs/accuracy/kpi_changes.md.

    `rows`: as of `measured`. `n_seeds`: networks of each noise.
    """
    last = FIRST_SEED + n_seeds - 1
    lines = [_HEAD.format(seeds=n_seeds, first=FIRST_SEED, last=last)]
    for row in scores(rows).to_dict("records"):
        shares = [f"{row[name]:.2f}" for name in _SHARES]
        figure = f"{row['f1']:.2f} ± {row['error']:.2f}"
        lines.append(
            f"| {row['noise']} | {row['kpi']} | {row['steps']:.0f} | {figure} | "
            + " | ".join(shares)
            + " |"
        )
    lines += ["", _ALARMS]
    for row in alarms(rows).to_dict("records"):
        lines.append(
            f"| {row['noise']} | {row['worst kpi']} | {row['of worst kpi']:.4f} | "
            f"{row['events']:.4f} ± {row['error']:.4f} |"
        )
    cost = rows[["ms of the dearest KPI", "ms of all KPIs", "KPIs"]].mean()
    return "\n".join(
        [
            *lines,
            "",
            _FOOT.format(
                dearest=cost.iloc[0], all=cost.iloc[1], n=cost.iloc[2], limit=merging.ALONE_SD
            ),
        ]
    )


_SHARES = ("worst", "recall", "precision", "holds", "dated")
_HEAD = """# Changes of every KPI

Written by `python -m benchmarks.kpi_changes`; do not edit.

Daily counters of {seeds} networks of 120 cells and 56 days for each noise, seeds {first} to
{last}, on which nothing was tuned. One cell in three has one step, at least a week from either end:
its set-up failures, its handover failures or its throughput change by a factor of 1.5 or 2, up or
down. The other KPIs and cells are quiet. A median cell fails 130 set-ups and 90 handovers a day.
Traffic differs between cells (log sd .8), remembers the day before, and has weekends; days of
failures scatter by 10 % beyond counting (heavy: 18 %) with a memory of .3, throughput by 6 % (11 %)
about a line over load; one day in a hundred is a burst.

Steps count that the counts alone show: 3 standard deviations or more, for who knows the day, the
noise and its memory. A find is right within four days of a step of its cell, KPI and way. The error
is that of the mean over networks; "worst" is the lowest F1 of one network. "Holds" is the share of
right finds whose 90 % interval of the ratio holds the planted one, "dated" of those whose interval
of dates does.

| noise | KPI | steps | F1 | worst | recall | precision | holds | dated |
|---|---|---|---|---|---|---|---|---|"""
_ALARMS = """False changes a quiet cell and month, of the KPI with most of them and of all KPIs
together, after symptoms of one event are merged:

| noise | KPI with most | of it | of all |
|---|---|---|---|"""
_FOOT = """A change that no KPI of another family joins needs {limit:g} standard deviations.

Cost: {all:.1f} ms of processor a cell for {n:.0f} KPIs, {dearest:.1f} ms for the dearest (120
cells, 56 days; docs/performance.md has the search of drops).
"""


def main() -> None:
    """Measures and writes the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=SEEDS)
    n_seeds = parser.parse_args().seeds
    rows = pd.concat([measured(noise, n_seeds) for noise in worlds.NOISES], ignore_index=True)
    text = page(rows, n_seeds)
    PAGE.write_text(text, "utf-8")
    print(text)


if __name__ == "__main__":
    main()
