"""The network's share of complaints and detractors on planted panels: does its interval hold?

Panels of 150 places in ten regions and 24 months (`tests.bench.panels`), of seeds that nothing was
tuned on; writes docs/accuracy/network_share.md: `python -m benchmarks.network_share`.
"""

import argparse
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from analysis.arrays import Floats
from analysis.association.associate import beyond_control, n_lags
from analysis.association.panels import Key, Panel
from analysis.network_share import accounted
from analysis.network_share.accounted import Shares
from analysis.network_share.stage import KPIS
from tests.bench.panels import COMPLAINTS, Planted, planted_panel

N_SEEDS, N_REGIONS = 200, 10
FIRST_SEED = 310_000
PAGE = Path(__file__).parents[1] / "docs" / "accuracy" / "network_share.md"
OUTCOMES: dict[str, Key] = {"complaints about the network": (COMPLAINTS, "network"),
                            "detractors": ("nps", "detractors")}  # fmt: skip
NULLS = {
    "nothing is planted": Planted(),
    "rates of sites wander twice as far": Planted(drift=0.4),
    "12 months": Planted(n_months=12),
    "all complaints rise with drops, those of bills too": Planted(everywhere=0.3),
}


class Judged(NamedTuple):
    """The shares of one panel's regions and months, and by how much each KPI was worse there."""

    shares: Shares
    distance: Floats


def judged(panel: Panel, key: Key) -> Judged:
    """The shares of one outcome in ten regions of fifteen places each.

    `panel`: places and months. `key`: metric and class of the outcome.
    """
    region = np.arange(len(panel.site)) * N_REGIONS // len(panel.site)
    logs = {
        kpi: np.array([panel.kpis[kpi][region == r].mean(axis=0) for r in range(N_REGIONS)])
        for kpi in KPIS
    }
    n = n_lags(panel.kpis[KPIS[0]])
    distance = accounted.distances(logs, accounted.best_of(panel, KPIS), n)
    flat = distance.reshape(-1, distance.shape[-1])
    return Judged(accounted.accounted(beyond_control(panel, key, KPIS), flat), flat)


def nulls(n_seeds: int) -> pd.DataFrame:
    """One row a world and seed: whether any region and month is claimed, of either outcome.

    `n_seeds`: of each world.
    """
    rows = []
    for world, planted in NULLS.items():
        for seed in range(FIRST_SEED, FIRST_SEED + n_seeds):
            panel = planted_panel(seed, planted)
            claims = {name: bool(np.nanmax(judged(panel, key).shares.low) > 0)
                      for name, key in OUTCOMES.items()}  # fmt: skip
            rows.append({"world": world, "any": any(claims.values()), **claims})
    return pd.DataFrame(rows)


def planted(n_seeds: int) -> pd.DataFrame:
    """One row a seed and outcome: how often the interval holds, whether anything is seen.

    `n_seeds`: panels; the lag of the effect goes from 0 to 6 with them.
    """
    rows = []
    for number in range(n_seeds):
        lag = number % 7
        coefficients = {name: {lag: 0.3} for name in ("network", "detractors")}
        panel = planted_panel(2 * FIRST_SEED + number, Planted(coefficients=coefficients))
        for name, key in OUTCOMES.items():
            shares, distance = judged(panel, key)
            truth = -np.expm1(-0.3 * distance[:, lag])
            is_known = ~np.isnan(shares.value)
            held = (shares.low <= truth) & (truth <= shares.high)
            rows.append({"outcome": name, "holds": held[is_known].mean(),
                         "seen": bool(np.nanmax(shares.low) > 0),
                         "truth": truth[is_known].mean(), "value": np.nanmean(shares.value),
                         "visible": np.nanmedian(shares.visible)})  # fmt: skip
    return pd.DataFrame(rows)


def page(none: pd.DataFrame, some: pd.DataFrame) -> str:
    """docs/accuracy/network_share.md.

    `none`: as of `nulls`. `some`: as of `planted`.
    """
    lines = [_HEAD, "", "## Where the network does nothing", "",
             "| world | panels | anything claimed, in any region, month and outcome | "
             + " | ".join(OUTCOMES) + " |", "|---|---|---|---|---|"]  # fmt: skip
    for world, rows in none.groupby("world", sort=False):
        shares = " | ".join(_share(rows[name].astype(float)) for name in ("any", *OUTCOMES))
        lines.append(f"| {world} | {len(rows)} | {shares} |")
    lines += ["", "## Where a share is planted", "",
              "Coefficient .3, at lags of 0 to 6 months in turn.", "",
              "| outcome | panels | share planted, mean | estimated, mean | 90 % interval holds "
              "| seen in any region | least share seen four times in five |",
              "|---|---|---|---|---|---|---|"]  # fmt: skip
    for name, rows in some.groupby("outcome", sort=False):
        lines.append(
            f"| {name} | {len(rows)} | {rows['truth'].mean():.3f} | {rows['value'].mean():.3f} "
            f"| {_share(rows['holds'])} | {_share(rows['seen'].astype(float))} "
            f"| {rows['visible'].median():.2f} |"
        )
    return "\n".join([*lines, ""])


def _share(values: pd.Series) -> str:
    """A mean over panels with its Monte Carlo error."""
    return f"{values.mean():.3f} ± {values.std(ddof=0) / np.sqrt(len(values)):.3f}"


_HEAD = """# The network's share of what customers say

Written by `python -m benchmarks.network_share`; do not edit.

Planted panels (`tests/bench/panels.py`): 150 places in ten regions, 24 months, drop rate and load;
what is hard in them is said on [associations](association.md). The share is that of complaints
about the network, or of detractors; its truth is `1 - exp(-.3 x distance)`. Seeds are new: nothing
was tuned on them. ± is the Monte Carlo error over panels; all of one panel stands on one fit."""


def main() -> None:
    """Writes the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=N_SEEDS)
    n_seeds = parser.parse_args().seeds
    PAGE.write_text(page(nulls(n_seeds), planted(n_seeds)), encoding="utf-8")


if __name__ == "__main__":
    main()
