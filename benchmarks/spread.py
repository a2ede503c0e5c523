"""Footprints and spreading at an operator's size: two ways of each, side by side in one run.

    python -m benchmarks.spread [cells]      100,000 by default

Builds the footprints of an invented country of sites with three sectors and four carriers by the
sector model and by Voronoi; then spreads one day of every cell over hexagons by the sparse product
that `ingest.counters.hexagons` uses (it counts each hexagon's cells besides) and by pandas' merge
and groupby, which must give the same sums. Prints seconds, ratios, and the process's peak memory
after each step. Compare ratios, not seconds.
"""

import resource
import sys
import time
from collections.abc import Callable
from datetime import date

import numpy as np
import pandas as pd

from contracts.tables import ADDITIVE, TIME_WEIGHTED
from geo import footprint, sites
from ingest.counters import hexagons

SECTORS, CARRIERS = 3, 4
KM2_A_SITE = 6.0
COUNTS = ("call_attempts", "call_setups", "dropped_calls", "prb_dl_used_prb_s",
          "prb_dl_avail_prb_s", "dl_vol_kbit", "rrc_user_s")  # fmt: skip


def inventory(n_cells: int, rng: np.random.Generator) -> pd.DataFrame:
    """Sites spread evenly over a square country, a third of them in dense towns.

    `n_cells`: twelve a site. `rng`: all randomness.
    """
    n_sites = -(-n_cells // (SECTORS * CARRIERS))
    side = np.sqrt(n_sites * KM2_A_SITE)
    spot = rng.uniform(0, side, (n_sites, 2))
    towns = rng.uniform(0, side, (max(n_sites // 300, 1), 2))
    dense = rng.random(n_sites) < 1 / 3
    spot[dense] = rng.choice(towns, int(dense.sum())) + rng.normal(0, 3, (int(dense.sum()), 2))
    site = np.repeat(np.arange(n_sites), SECTORS * CARRIERS)[:n_cells]
    number = np.arange(n_cells) % (SECTORS * CARRIERS)
    turn = rng.uniform(0, 120, n_sites)[site]
    return sites.with_sites(pd.DataFrame({
        "cell_id": [f"c{i:06d}" for i in range(n_cells)],
        "lat": 46 + spot[site, 1] / 111.2, "lon": 2 + spot[site, 0] / 77.0,
        "azimuth_deg": (turn + 120 * (number // CARRIERS)) % 360,
        "operator": None, "technology": "lte", "cell_type": None, "site_id": None,
        "sector_id": None, "derived": None, "h_beamwidth_deg": np.nan, "power_dbm": np.nan,
        "range_m": np.nan, "valid_from": None, "valid_to": None,
    }))  # fmt: skip


def one_day(cells: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Table `cell_day` of one day, as far as spreading reads it.

    `cells`: as of `inventory`. `rng`: draws the counts.
    """
    counts = {name: rng.poisson(500, len(cells)).astype(float) for name in COUNTS}
    absent = [name for name in (*ADDITIVE, *TIME_WEIGHTED) if name not in counts]
    day = pd.DataFrame({"cell_id": cells["cell_id"], "day_local": date(2026, 1, 1), **counts})
    return day.assign(**dict.fromkeys(absent, np.nan))


def merged(days: pd.DataFrame, weights: pd.DataFrame) -> pd.DataFrame:
    """The same sums on paper: a row for each cell and hexagon, then a group for each hexagon.

    `days`: as of `one_day`. `weights`: cell_id, hex_id, weight, the part of the cell, 0 to 1.
    """
    joined = days[["cell_id", *COUNTS]].merge(weights[["cell_id", "hex_id", "weight"]])
    joined[list(COUNTS)] = joined[list(COUNTS)].mul(joined["weight"], axis=0)
    return joined.groupby("hex_id")[list(COUNTS)].sum()


def timed(name: str, work: Callable[[], pd.DataFrame]) -> tuple[pd.DataFrame, float]:
    """The answer of `work` and its seconds, printed with the peak memory so far.

    `name`: of the work, in print.
    """
    start = time.perf_counter()
    answer = work()
    seconds = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(f"{name:36} {seconds:7.1f} s  peak {peak:5.2f} GB  {len(answer):>11,} rows", flush=True)
    return answer, seconds


def main(n_cells: int) -> None:
    """Runs the four and prints the two ratios.

    `n_cells`: of the invented country.
    """
    rng = np.random.default_rng(1)
    cells = inventory(n_cells, rng)
    print(f"{n_cells:,} cells on {cells['site_id'].nunique():,} sites, level 9, range 10 km")
    how = {"level": 9, "max_range_m": 10_000.0}
    _, voronoi = timed("Voronoi", lambda: footprint.of_layer(cells, "voronoi", **how))
    fine, sector = timed("sector model", lambda: footprint.of_layer(cells, "sector_model", **how))
    fine = fine.assign(
        cell_id=cells["cell_id"].to_numpy()[fine["row"]], level=9, valid_from=None, valid_to=None
    )
    weights, _ = timed("summed to level 8", lambda: footprint.coarser(fine, level=8))
    days = one_day(cells, rng)
    sparse, product = timed(
        "one day: sparse product",
        lambda: hexagons.hex_days(days, lambda _: hexagons.split_of(weights)),
    )
    paper, merge = timed("one day: pandas merge and groupby", lambda: merged(days, weights))
    ours = sparse.set_index("hex_id")[list(COUNTS)]
    np.testing.assert_allclose(ours, paper.loc[ours.index], rtol=1e-9)
    np.testing.assert_allclose(ours.sum(), days[list(COUNTS)].sum(), rtol=1e-9)
    print("both spread alike, and conserve every total to 1e-9")
    print(f"sector model / Voronoi: {sector / voronoi:.1f} x the time")
    print(f"pandas / sparse product: {merge / product:.1f} x the time")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
