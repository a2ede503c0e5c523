"""Which changes do positioned calls tell of, without counters? Planted truth, fresh seeds.

Invents hexagons of calls, in a third of which drops rise on one day, has `analysis.reported` search
them, and counts what is found: `python -m benchmarks.reported` writes docs/accuracy/reported.md.
"""

import argparse
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.arrays import Floats
from analysis.changes import daily, hexagons
from analysis.rates import call_reports
from contracts.settings.sections import Operator
from contracts.tables import TABLES, assemble
from geo import hexgrid

PAGE = Path(__file__).parents[1] / "docs" / "accuracy" / "reported.md"
ZONE, LEVEL = "Europe/London", 8
FIRST, N_DAYS, STEP_DAY = pd.Timestamp("2026-03-02"), 60, 35
STEP = (FIRST + pd.Timedelta(days=STEP_DAY)).tz_localize(ZONE)
BOX = {"west": -1.8, "south": 53.7, "east": -1.4, "north": 53.9}
SEEDS, N_HEXES, N_WORSE = range(6), 60, 20
RATIOS, CALLS_A_DAY = (1.5, 2.0, 3.0), (60, 200, 600)
NEAR = pd.Timedelta(hours=48)

Hexes = npt.NDArray[np.uint64]


@dataclass(frozen=True)
class Town:
    """Rows of table `call`, and the hexagons in which drops rise on STEP and not."""

    calls: pd.DataFrame
    worse: Hexes
    quiet: Hexes


# --- what is planted ----------------------------------------------------------------------------


def town(
    seed: int,
    *,
    n_hexes: int = N_HEXES,
    n_worse: int = N_WORSE,
    a_day: float = 200,
    ratio: float = 2.0,
) -> Town:
    """Hexagons of about `a_day` calls a day; drops of the first `n_worse` go to `ratio` of theirs.

    Hexagons and days differ in how many call (sd 30 and 10 %), and in how many drop: 1.5 to 3 %,
    which varies from day to day (sd 18 %). One call in twenty is not set up.
    """
    rng = np.random.default_rng(seed)
    hexes = rng.permutation(hexgrid.hexes_in_box(**BOX, level=LEVEL))[:n_hexes]
    calls = a_day * rng.lognormal(0, 0.3, (n_hexes, 1)) * rng.lognormal(0, 0.1, N_DAYS)
    rate = rng.uniform(0.015, 0.03, (n_hexes, 1)) * rng.gamma(30, 1 / 30, (n_hexes, N_DAYS))
    rate[:n_worse, STEP_DAY:] *= ratio
    return Town(_calls(hexes, rng.poisson(calls), rate, rng), hexes[:n_worse], hexes[n_worse:])


def _calls(
    hexes: Hexes, n: npt.NDArray[np.int64], rate: Floats, rng: np.random.Generator
) -> pd.DataFrame:
    place, day = (np.repeat(at.ravel(), n.ravel()) for at in np.indices(n.shape))
    lat, lon = (at + rng.uniform(-2e-3, 2e-3, len(at)) for at in hexgrid.centres(hexes[place]))
    clock = FIRST + pd.to_timedelta(day + rng.beta(4, 3, len(day)), "D")
    dropped, unset = rng.random(len(day)) < rate[place, day], rng.random(len(day)) < 0.05
    utc = clock.tz_localize(ZONE, nonexistent="shift_forward").tz_convert("UTC").floor("s")
    rows = pd.DataFrame({
        "call_id": [f"k{i}" for i in range(len(day))], "start_utc": utc, "time_grain": "instant",
        "outcome": np.select([unset, dropped], ["setup_failure", "drop"], "success"),
        "lat": lat, "lon": lon, "hex_id": hexgrid.hexes_of(lat=lat, lon=lon, level=LEVEL + 1),
    })  # fmt: skip
    return assemble([rows], TABLES["call"])


# --- what is found ------------------------------------------------------------------------------


def found_in(calls: pd.DataFrame) -> pd.DataFrame:
    """Changes of hexagons, with their hex_id."""
    reports = call_reports.reported(calls, level=LEVEL, zone=ZONE)
    operator = Operator(timezone=ZONE, country="GB")
    found = daily.search(hexagons.series(reports, operator)).changes
    return found.assign(hex_id=hexgrid.from_text(found["cell_id"]))


def score(town: Town, found: pd.DataFrame) -> dict[str, float]:
    """Recall and dates of the planted rises, and changes that nobody planted in quiet hexagons."""
    rises = found[found["hex_id"].isin(town.worse) & (found["direction"] == "up")]
    hits = rises[(rises["change_utc"] - STEP).abs() <= NEAR]
    held = (hits["change_lo_utc"] <= STEP) & (hits["change_hi_utc"] >= STEP)
    return {
        "recall": hits["hex_id"].nunique() / len(town.worse),
        "n_hits": len(hits),
        "n_held": int(held.sum()),
        "n_false": int(found["hex_id"].isin(town.quiet).sum()),
        "quiet_months": len(town.quiet) * N_DAYS / 30,
    }


def page() -> str:
    """The page: a row for each size of step and number of calls."""
    lines = [_HEAD]
    for ratio in RATIOS:
        for a_day in CALLS_A_DAY:
            towns = (town(seed, a_day=a_day, ratio=ratio) for seed in SEEDS)
            scores = pd.DataFrame([score(each, found_in(each.calls)) for each in towns])
            total, recall = scores.sum(), scores["recall"]
            lines.append(
                f"| {ratio} | {a_day} | {recall.mean():.2f} ± {recall.std():.2f} "
                f"| {total['n_held']:.0f} of {total['n_hits']:.0f} "
                f"| {total['n_false']:.0f} in {total['quiet_months']:.0f} |\n"
            )
    return "".join([*lines, _FOOT])


_HEAD = f"""# Changes of hexagons, from positioned calls

Where there are no counters, `analysis.reported` searches the days of each hexagon's calls. Planted
truth of `benchmarks/reported.py` (`python -m benchmarks.reported`): {len(SEEDS)} seeds, each of
{N_HEXES} hexagons of {N_DAYS} days; in {N_WORSE} of them drops rise on day {STEP_DAY}, from 1.5 to
3 % of calls. Found is a rise dated within 48 h; mean and sd over seeds. The
interval is the date's, of 90 %. Quiet months, of 30 days, are of hexagons without a rise.

| rise, times | calls a day | recall | interval of the date holds | false, in quiet months |
|---|---|---|---|---|
"""

_FOOT = """
What it cannot do: it is blind where few call. Fewer than 30 drops in the whole series and a hexagon
is not searched; its `min_visible_ratio` stands beside each change. Calls say nothing of load, so
what a change is owed to stays undecided. A hexagon is told only if all its months are released and
its levels hold enough witnesses in each month ([privacy](../privacy.md)). Known outages of cells
hide no days of hexagons here. An app or probe that comes to be used elsewhere, or by others, looks
like a change of the network. Times known to the month only date nothing.
"""


def main() -> None:
    """Runs the benchmark and writes the page."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=PAGE)
    parser.parse_args().out.write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
