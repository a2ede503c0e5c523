"""Invented hexagons of positioned calls, drops of some rising on one day; how finds are scored."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.arrays import Floats
from analysis.changes import daily, hexagons
from analysis.rates import call_reports
from contracts.settings.sections import Operator
from contracts.tables import TABLES, assemble
from geo import hexgrid

ZONE, LEVEL = "Europe/London", 8
FIRST, N_DAYS, STEP_DAY = pd.Timestamp("2026-03-02"), 60, 35
STEP = (FIRST + pd.Timedelta(days=STEP_DAY)).tz_localize(ZONE)
BOX = {"west": -1.8, "south": 53.7, "east": -1.4, "north": 53.9}
N_HEXES, N_WORSE = 60, 20
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
