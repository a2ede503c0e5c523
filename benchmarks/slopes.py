"""Do the slopes of what customers say on drops come back, counted persons against raw rows?

Plants complainants and detractors for one drop (`tests.bench.persons`: 60 cells over three hexagons
each, 16 weeks), once with every ill of real files alone and once with all of them, and writes
docs/accuracy/slopes.md: `python -m benchmarks.slopes`.
"""

import argparse
from collections.abc import Callable
from pathlib import Path

import pandas as pd

from analysis.association.slopes import Slope
from tests.bench.persons import (
    ALL,
    DETRACTORS_PER_DROP,
    N_CELLS,
    N_WEEKS,
    PER_DROP,
    Ills,
    complainants_per_drop,
    detractors_per_drop,
    town,
)

SEEDS = 20
PAGE = Path(__file__).parents[1] / "docs" / "accuracy" / "slopes.md"
NETWORKS = {
    "complainants": {
        "nothing beside": Ills(),
        "a third of the contacts repeat another": Ills(again=ALL.again),
        "a third of the contacts known by cell alone": Ills(by_cell=ALL.by_cell),
        "all of it": ALL,
    },
    "detractors": {
        "nothing beside": Ills(),
        "seven in ten detractors answer twice": Ills(twice=ALL.twice),
        "who bears drops least answers most": Ills(touchy=ALL.touchy),
        "all of it": ALL,
    },
}
MEASURES: dict[str, Callable[..., Slope]] = {
    "complainants": complainants_per_drop,
    "detractors": detractors_per_drop,
}
TRUTHS = {"complainants": PER_DROP, "detractors": DETRACTORS_PER_DROP}
WAYS = {"counted": True, "raw": False}


def measured(n_seeds: int) -> pd.DataFrame:
    """One row an outcome, network, seed and way: slope over the truth, and whether it is held.

    `n_seeds`: of each network, from 0.
    """
    rows = []
    for outcome, networks in NETWORKS.items():
        truth = TRUTHS[outcome]
        for name, ills in networks.items():
            for seed in range(n_seeds):
                planted = town(seed, ills)
                for way, counted in WAYS.items():
                    slope = MEASURES[outcome](planted, counted=counted)
                    low, high = slope.interval
                    rows.append((outcome, name, way, slope.value / truth, low <= truth <= high))
    return pd.DataFrame(rows, columns=["outcome", "network", "way", "ratio", "holds"])


def page(rows: pd.DataFrame, n_seeds: int) -> str:
    """docs/accuracy/slopes.md.

    `rows`: as of `measured`. `n_seeds`: as there.
    """
    lines = [_HEAD.format(cells=N_CELLS, weeks=N_WEEKS, seeds=n_seeds, complainants=PER_DROP,
                          detractors=DETRACTORS_PER_DROP)]  # fmt: skip
    for outcome in TRUTHS:
        lines += ["", f"## {outcome.capitalize()} for one drop", "",
                  "| beside the truth is planted | slope over truth: counted | raw rows "
                  "| 90 % interval holds: counted | raw rows |",
                  "|---|---|---|---|---|"]  # fmt: skip
        of_outcome = rows[rows["outcome"] == outcome]
        for name in NETWORKS[outcome]:
            ways = of_outcome[of_outcome["network"] == name].groupby("way")
            ratio, holds = ways["ratio"].agg(["mean", "std"]), ways["holds"].mean()
            cells = [f"{ratio.loc[way, 'mean']:.2f} ± {ratio.loc[way, 'std']:.2f}" for way in WAYS]
            cells += [f"{holds[way]:.2f}" for way in WAYS]
            lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join([*lines, _FOOT])


_HEAD = """# Complainants and detractors for one drop

Written by `python -m benchmarks.slopes`; do not edit.

The pooled slopes of table `association` against planted ones: {complainants} complainants for one
drop, {detractors} detractors for one drop that a subscriber felt in four weeks. {cells} invented
cells with known footprints, {weeks} weeks, {seeds} seeds a line. *Counted* is what the product
does: complaints and answers of the tables `complaint_counted` and `answer_counted`, as the rates
read them. *Raw rows* is what it did until then: every contact that has a place, scaled up for those
that have none, and every answer alike."""

_FOOT = """
Repeats come a few days after the first contact, often in the next week, and more of them where
drops are many: raw contacts take them for complainants. A contact known by its cell alone is spread
as the cell's drops are, so it adds no bias. Without weights the answers of those who answer most
would stand for all. Footprints that are off are not in these networks: they flatten a slope.
"""


def main() -> None:
    """Runs the benchmark and writes the page."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=SEEDS, help="seeds a network")
    n_seeds = parser.parse_args().seeds
    text = page(measured(n_seeds), n_seeds)
    PAGE.write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
