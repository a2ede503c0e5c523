"""What associations find where nothing is planted, and whether planted ones come back.

Panels of 150 places and 24 months (`tests.bench.panels`), of seeds that nothing was tuned on;
writes docs/accuracy/association.md: `python -m benchmarks.association`.
"""

import argparse
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from analysis.association.associate import associate, fitted, n_lags
from analysis.association.panels import CONTROL, lagged
from tests.bench.panels import COMPLAINTS, WORDS, Planted, planted_panel

NULLS, PLANTED = 200, 200
FIRST_SEED = 70_000
PAGE = Path(__file__).parents[1] / "docs" / "accuracy" / "association.md"
EFFECTS = {"network": 0.3, "detractors": 0.3}
WORLDS = {
    "nothing is planted": Planted(),
    "rates of sites wander twice as far": Planted(drift=0.4),
    "12 months": Planted(n_months=12),
}


def nulls(n_seeds: int) -> pd.DataFrame:
    """One row a world and seed: whether anything is found, and what is trusted.

    `n_seeds`: of each world.
    """
    rows = []
    for world, planted in WORLDS.items():
        for seed in range(FIRST_SEED, FIRST_SEED + n_seeds):
            found = associate(planted_panel(seed, planted), WORDS)
            of_control = found["outcome_class"] == CONTROL
            survives = found["p_adjusted"] < 0.05
            rows.append({"world": world, "any": (survives & ~of_control).any(),
                         "control": (survives & of_control).any(),
                         "trusted": (found["association_kind"] == "network").any()})  # fmt: skip
    return pd.DataFrame(rows)


def moved_alike(n_seeds: int) -> pd.DataFrame:
    """One row a seed of a world in which all complaints rise with drops, those of bills too."""
    rows = []
    for seed in range(FIRST_SEED, FIRST_SEED + n_seeds):
        found = associate(planted_panel(seed, Planted(everywhere=0.3)), WORDS)
        survives = found["p_adjusted"] < 0.05
        rows.append({"any": survives.any(),
                     "trusted": (found["association_kind"] == "network").any()})  # fmt: skip
    return pd.DataFrame(rows)


def planted(n_seeds: int) -> pd.DataFrame:
    """One row a seed and planted outcome: the coefficient at its lag, held, and where the peak is.

    `n_seeds`: panels; the lag goes from 0 to 6 with them.
    """
    return pd.DataFrame(_planted(n_seeds))


def _planted(n_seeds: int) -> Iterator[dict[str, Any]]:
    for number in range(n_seeds):
        lag = number % 7
        coefficients = {name: {lag: value} for name, value in EFFECTS.items()}
        panel = planted_panel(2 * FIRST_SEED + number, Planted(coefficients=coefficients))
        found = associate(panel, WORDS)
        of_kpi = found[found["kpi"] == "drop_rate"].set_index(["outcome_class", "lag_months"])
        for name, truth in EFFECTS.items():
            lags = of_kpi.loc[name]
            row = lags.loc[lag]
            peak = (lags["coefficient"] / lags["coefficient_se"]).abs().idxmax()
            yield {
                "outcome": name,
                "ratio": row["coefficient"] / truth,
                "holds": row["coefficient_lo"] <= truth <= row["coefficient_hi"],
                "beyond": row["beyond_control_lo"] <= truth <= row["beyond_control_hi"],
                "strong": truth >= 4 * row["coefficient_se"],
                "near": abs(int(str(peak)) - lag) <= 1,
                "found": row["p_adjusted"] < 0.05,
            }


def seconds_of_one_kpi(n_places: int = 20_000, n_months: int = 24) -> tuple[float, float]:
    """Processor seconds that one KPI takes against seven outcomes, and one fit of them alone."""
    panel = planted_panel(1, Planted(n_places=n_places, n_months=n_months))
    one = panel._replace(kpis={"drop_rate": panel.kpis["drop_rate"]})
    began = time.process_time()
    associate(one, WORDS)
    whole = time.process_time() - began
    x = lagged(one.kpis["drop_rate"], n_lags(one.kpis["drop_rate"]))
    began = time.process_time()
    fitted(one.outcomes[COMPLAINTS, "network"], x)
    return whole, time.process_time() - began


def page(none: pd.DataFrame, alike: pd.DataFrame, some: pd.DataFrame, whole: float) -> str:
    """docs/accuracy/association.md.

    `none`: as of `nulls`. `alike`: as of `moved_alike`. `some`: as of `planted`. `whole`: seconds
    of one KPI.
    """
    lines = [_HEAD, "", "## Where nothing is planted", "",
             "| world | panels | an association with q < .05 | one of the control "
             "| one called the network's |",
             "|---|---|---|---|---|"]  # fmt: skip
    for world, rows in none.groupby("world", sort=False):
        shares = " | ".join(_share(rows[name]) for name in ("any", "control", "trusted"))
        lines.append(f"| {world} | {len(rows)} | {shares} |")
    lines += ["", "Where all complaints rise with drops, those of bills too (coefficient .3), "
              f"{_share(alike['any'])} of {len(alike)} panels have an association with q < .05, "
              f"and {_share(alike['trusted'])} one that is called the network's.", "",
              "## Where a coefficient is planted", "",
              "| outcome | planted | mean over the truth | 90 % interval holds "
              "| that of the difference to the control | found (q < .05) "
              "| at least four standard errors | of these: peak within a month of its lag |",
              "|---|---|---|---|---|---|---|---|"]  # fmt: skip
    for name, rows in some.groupby("outcome", sort=False):
        strong = rows[rows["strong"]]
        near = f"{strong['near'].mean():.2f}" if len(strong) else "-"
        lines.append(
            f"| {name} | {EFFECTS[str(name)]} | {rows['ratio'].mean():.2f} "
            f"| {_share(rows['holds'])} | {_share(rows['beyond'])} | {_share(rows['found'])} "
            f"| {len(strong)} of {len(rows)} | {near} |"
        )
    return "\n".join(
        [*lines, "", "## Time", "", _TIME.format(whole=whole, all=whole * 20 / 60), ""]
    )


def _share(flags: pd.Series) -> str:
    """A share with its Monte Carlo error."""
    mean = float(flags.mean())
    return f"{mean:.3f} ± {np.sqrt(mean * (1 - mean) / len(flags)):.3f}"


_HEAD = """# Associations of KPIs with what customers say

Written by `python -m benchmarks.association`; do not edit.

Planted panels (`tests/bench/panels.py`): 150 places of 75 sites, 24 months, two KPIs, four classes
of complaints and three figures of NPS: 98 tests a panel. KPIs remember the month before and are
shared by neighbours, rates of sites wander, months are bad for a side of the map, counts scatter
more than Poisson's, and 1 to 4 cases are hidden as `<5`. Seeds are new: nothing was tuned on them.
± is the Monte Carlo error."""

_TIME = """One KPI against seven outcomes at seven lags, over 20,000 places and 24 months:
{whole:.0f} seconds of one core. 20 KPIs: {all:.1f} minutes of one core, the product."""


def main() -> None:
    """Runs the benchmark and writes the page."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=NULLS, help="panels of each kind")
    n_seeds = parser.parse_args().seeds
    whole, _ = seconds_of_one_kpi()
    text = page(nulls(n_seeds), moved_alike(n_seeds // 4), planted(n_seeds), whole)
    PAGE.write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
