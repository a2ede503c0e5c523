"""Do the slopes of what customers say on drops come back, counted persons against raw rows?

Plants complainants and detractors for one drop (`tests.bench.persons`: 60 cells over three hexagons
each, 16 weeks), once with every ill of real files alone and once with all of them, and writes
docs/accuracy/slopes.md: `python -m benchmarks.slopes`.
"""

import argparse
from pathlib import Path

import pandas as pd

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

SEEDS = 60
PAGE = Path(__file__).parents[1] / "docs" / "accuracy" / "slopes.md"
NETWORKS = {
    "nothing beside": Ills(),
    "a third of the contacts repeat another": Ills(again=ALL.again),
    "a third of the contacts known by cell alone": Ills(by_cell=ALL.by_cell),
    "seven in ten detractors answer twice": Ills(twice=ALL.twice),
    "who bears drops least answers most": Ills(touchy=ALL.touchy),
    "all of it": ALL,
}
TRUTHS = {"complainants": PER_DROP, "detractors": DETRACTORS_PER_DROP}


def measured(n_seeds: int) -> pd.DataFrame:
    """One row a network, seed, outcome and way: ratio to the truth, its error, and whether held."""
    rows = []
    for name, ills in NETWORKS.items():
        for seed in range(n_seeds):
            planted = town(seed, ills)
            for counted in (True, False):
                for outcome, slope in (
                    ("complainants", complainants_per_drop(planted, counted=counted)),
                    ("detractors", detractors_per_drop(planted, counted=counted)),
                ):
                    low, high = slope.interval
                    truth = TRUTHS[outcome]
                    rows.append((name, outcome, "counted" if counted else "raw",
                                 slope.value / truth, slope.se / truth,
                                 low <= truth <= high))  # fmt: skip
    columns = ["network", "outcome", "way", "ratio", "se", "holds"]
    return pd.DataFrame(rows, columns=columns)


def page(rows: pd.DataFrame, n_seeds: int) -> str:
    """docs/accuracy/slopes.md."""
    lines = [_HEAD.format(cells=N_CELLS, weeks=N_WEEKS, seeds=n_seeds, complainants=PER_DROP,
                          detractors=DETRACTORS_PER_DROP)]  # fmt: skip
    for outcome in TRUTHS:
        lines += ["", f"## {outcome.capitalize()} for one drop", "",
                  "| beside the truth is planted | slope over truth: counted | raw rows "
                  "| 90 % interval holds: counted | raw rows |",
                  "|---|---|---|---|---|"]  # fmt: skip
        of_outcome = rows[rows["outcome"] == outcome]
        for name in NETWORKS:
            ways = of_outcome[of_outcome["network"] == name].groupby("way")
            ratio, holds = ways["ratio"].agg(["mean", "std"]), ways["holds"].mean()
            cells = [f"{ratio.loc[way, 'mean']:.2f} ± {ratio.loc[way, 'std']:.2f}"
                     for way in ("counted", "raw")]  # fmt: skip
            cells += [f"{holds[way]:.2f}" for way in ("counted", "raw")]
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
as the cell's drops are, so it costs no bias and takes noise away. Survey weights cost some noise
where answers need none of them. Not in these networks are footprints that are off: in the hexagons
of NPS, of which the slopes are made, they flatten a slope.
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
