"""How well is it foreseen when a cell is full? Planted growth, fresh seeds.

Invents networks whose busy hours grow towards a knee (`benchmarks.worlds.growing`), has
`analysis.outlook` say when they meet it, and writes docs/accuracy/outlook.md:
`python -m benchmarks.outlook`.
"""

import argparse
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd

from analysis.arrays import Floats
from analysis.outlook.crossing import MONTHS_A_WEEK, Limit, crossing_of, quantile
from analysis.outlook.growth import SEASON_WEEKS, fit, prior_of, without_odd_weeks
from analysis.outlook.rows import SOON_P
from analysis.outlook.weeks import weekly
from benchmarks.worlds import growing

PAGE = Path(__file__).parents[1] / "docs" / "accuracy" / "outlook.md"
HISTORIES = (26, 60, 110)
SEEDS, FIRST_SEED = 12, 9000


def measured(n_seeds: int, first_seed: int = FIRST_SEED) -> pd.DataFrame:
    """One row a cell that is not full yet, with its truth and what is foreseen of it.

    Columns kind, weeks, truth, low, middle, high, p_soon, p_best and line.
    `n_seeds`: networks of each kind and history. `first_seed`: of the first. Weeks are counted from
    the newest one; inf = not within two years. `p_soon`: within six months; `p_best` the same
    for who knows all but the steps to come. `line`: where a straight line through the log of the
    weeks meets the knee.
    """
    parts = []
    for kind, n_weeks, seed in product(growing.KINDS, HISTORIES, range(n_seeds)):
        world = growing.invent(kind, first_seed + seed, n_weeks=n_weeks)
        rest = np.broadcast_to(world.rest_day, world.prb_pct.shape)
        load = without_odd_weeks(np.log(weekly(world.prb_pct, rest)))
        drawn = crossing_of(fit(load, prior_of(load)), Limit(*world.knee)).weeks
        low, middle, high = (quantile(drawn, share) for share in (0.05, 0.5, 0.95))
        rows = pd.DataFrame({
            "kind": kind, "weeks": n_weeks, "truth": world.full_week,
            "low": low, "middle": middle, "high": high,
            "p_soon": (drawn <= growing.SOON_WEEKS).mean(axis=1), "p_best": world.p_soon,
            "line": _line(load, world.knee[0]),
        })  # fmt: skip
        parts.append(rows[world.full_week > 0])
    return pd.concat(parts, ignore_index=True)


def _line(load: Floats, knee: Floats) -> Floats:
    """Week in which the least squares line of each cell meets its knee; inf = not in two years."""
    weeks = np.arange(load.shape[1]) - load.shape[1] + 1.0
    found = []
    for values, limit in zip(load, np.log(knee), strict=True):
        known = np.isfinite(values)
        slope, level = np.polyfit(weeks[known], values[known], 1)
        found.append(max(limit - level, 0) / slope if slope > 0 else np.inf)
    return np.where(np.array(found) > growing.WEEKS_AHEAD, np.inf, found)


def scores(rows: pd.DataFrame) -> pd.DataFrame:
    """By kind and weeks: share of intervals that hold, recall and precision of "within 6 months".

    `rows`: as of `measured`. Intervals of cells whose month is stated count; the others' are wide.
    """
    worlds = [
        {"kind": kind, "weeks": n_weeks, **_scores(world)}
        for (kind, n_weeks), world in rows.groupby(["kind", "weeks"])
    ]
    return pd.DataFrame(worlds)


def _scores(world: pd.DataFrame) -> dict[str, float]:
    """The scores of the cells of one kind of world."""
    stated = world[np.isfinite(world["middle"])]
    width = stated["high"].clip(upper=growing.WEEKS_AHEAD) - stated["low"]
    found = {
        "n_stated": float(len(stated)),
        "holds": float(stated["truth"].between(stated["low"], stated["high"]).mean()),
        "width": float(width.median()),
    }
    is_soon = world["truth"] <= growing.SOON_WEEKS
    calls = {
        "": world["p_soon"] >= SOON_P,
        "best_": world["p_best"] >= SOON_P,
        "line_": world["line"] <= growing.SOON_WEEKS,
    }
    for name, is_called in calls.items():
        found[f"{name}recall"] = float(is_called[is_soon].mean())
        found[f"{name}precision"] = float(is_soon[is_called].mean())
    return found


def page(table: pd.DataFrame, n_seeds: int) -> str:
    """docs/accuracy/outlook.md.

    `table`: as of `scores`. `n_seeds`: networks of each kind and history.
    """
    lines = [_HEAD.format(seeds=n_seeds, first=FIRST_SEED, soon=SOON_P, scores=_SCORES)]
    for row in table.to_dict("records"):
        width = f"{row['width'] * MONTHS_A_WEEK:.1f}"
        cells = [
            row["kind"],
            f"{row['weeks']}",
            f"{row['n_stated']:.0f}",
            _two(row["holds"]),
            width,
        ]
        cells += [_two(row[name]) for name in _SHARES]
        lines.append("| " + " | ".join(cells) + " |")
    with_year = table[table["weeks"] >= SEASON_WEEKS]
    lines += ["", _worst("of at least a year of history", with_year), "", _worst("of all", table)]
    return "\n".join([*lines, _FOOT])


def _two(share: float) -> str:
    return f"{share:.2f}"


def _worst(which: str, table: pd.DataFrame) -> str:
    """The lowest figure of each kind, and the world that it is of."""
    titles = {"holds": "intervals hold in", "recall": "recall", "precision": "precision"}
    parts = []
    for name, title in titles.items():
        row = table.sort_values(name).to_dict("records")[0]
        parts.append(f"{title} {_two(row[name])} ({row['kind']}, {row['weeks']} weeks)")
    return f"Worst {which}: {', '.join(parts)}."


_HEAD = """# When a cell is full

Written by `python -m benchmarks.outlook`; do not edit.

Busy hours that grow towards a planted knee, {seeds} networks of 150 cells of each kind and length
of history, seeds {first} and on. Cells stand up to 45 % of their load below the knee; those that
are full already are left out. The truth is the first week in which the load that is expected of a
working day is at the knee. Steps to come are drawn like those of the past: nobody can know them.

- smooth: the same growth each week (22 % a year, sd 12), days that scatter by 5 to 12 %.
- steps: the same growth in four steps a year, a fifth of them in all cells at once, over a season
  of 7 % that cells share in part, with holidays and weeks that remember the one before.
- slowing: growth that halves each year, which no model here expects, over such a season.

Knees are measured with an error of 2 to 5 %. Intervals are those of cells whose month is stated, at
90 %; the width is the median, in months, ends beyond two years cut off. "Full within 6 months" is
said from a probability of {soon} on, chosen on other seeds. Recall and precision are of that;
beside them those of whoever knows knee, level, season and growth of each cell and how steps come,
but not the steps to come; and those of a straight line through the log of the weeks.

| world | weeks | cells with a month | interval holds | width | {scores} |
|---|---|---|---|---|---|---|---|---|---|---|"""
_SHARES = ("recall", "precision", "best_recall", "best_precision", "line_recall", "line_precision")
_SCORES = "recall | precision | knowing all: recall | precision | line: recall | precision"

_FOOT = """
With less than a year of history growth and season look alike: no season is claimed, and intervals
are as wide as a usual season makes them.
"""


def main() -> None:
    """Measures and writes the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=SEEDS)
    n_seeds = parser.parse_args().seeds
    text = page(scores(measured(n_seeds)), n_seeds)
    PAGE.write_text(text, "utf-8")
    print(text)


if __name__ == "__main__":
    main()
