"""A planted knee comes back, a cell without one has none, and one that was never full says so."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from analysis.arrays import Floats
from analysis.attribution import response
from analysis.attribution.hours import hours_of
from tests.bench.hours import cube_of_hours

N_DAYS = 42
BY_HOUR = 12 + 10 * np.sin((np.arange(24) - 9) / 24 * 2 * np.pi)


def cells(rng: np.random.Generator, harm: Floats, knee: float) -> xr.Dataset:
    """Returns cells whose drop rate rises by `harm` (log) over 15 points above the knee."""
    n = len(harm)
    noise = np.exp(rng.normal(0, 0.12, (n, N_DAYS * 24)))
    prb = np.clip(np.tile(3 * BY_HOUR + 12, N_DAYS) * noise, 2, 99)
    attempts = np.round(np.tile(60 * BY_HOUR + 100, N_DAYS) * np.ones((n, 1)))
    rate = 0.008 * np.exp(harm[:, None] * np.clip((prb - knee) / 15, 0, 1))
    drops = rng.poisson(rng.gamma(10, attempts * rate / 10)).astype(float)
    return cube_of_hours(prb, drops, attempts)


@pytest.fixture(scope="module")
def fitted() -> tuple[Floats, pd.DataFrame]:
    """Sixty cells, every other with a knee at 60 %: harm, and their rows."""
    rng = np.random.default_rng(5)
    harm = np.where(np.arange(60) % 2, 1.0, 0.0)
    cube = cells(rng, harm, 60.0)
    hours = hours_of(cube)
    found = response.respond(hours, response.prior_of(hours))
    names = cube["cell_id"].to_numpy()
    return harm, response.table(names, hours, found, np.full(60, ""))


def test_a_planted_knee_is_found_with_its_interval(fitted: tuple[Floats, pd.DataFrame]) -> None:
    harm, rows = fitted
    harmed = rows[harm > 0]
    assert harmed["knee_pct"].notna().mean() > 0.9
    assert harmed["knee_pct"].median() == pytest.approx(61.4, abs=5)  # a tenth above the plain rate
    held = (harmed["knee_lo_pct"] <= 61.4) & (harmed["knee_hi_pct"] >= 61.4)
    assert held.mean() > 0.8
    assert harmed["slope"].median() == pytest.approx(10 / 15, rel=0.35)


def test_cells_that_load_does_not_harm_have_no_knee(fitted: tuple[Floats, pd.DataFrame]) -> None:
    harm, rows = fitted
    assert rows.loc[harm == 0, "knee_pct"].isna().mean() > 0.9


def test_a_cell_that_was_never_full_says_how_far_it_went() -> None:
    rng = np.random.default_rng(6)
    cube = cells(rng, np.zeros(4), 60.0)
    cube["prb_dl_util_pct"] = cube["prb_dl_util_pct"] * 0.4
    hours = hours_of(cube)
    rows = response.table(
        cube["cell_id"].to_numpy(), hours, response.respond(hours, response.FLAT), np.full(4, "")
    )
    assert rows["knee_pct"].isna().all()
    assert rows["unsafe_reason"].str.fullmatch(r"never above \d\d %").all()
