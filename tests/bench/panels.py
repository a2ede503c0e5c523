"""Planted panels: places and months whose complainants and answers come of known coefficients.

What makes it hard is in it: KPIs that neighbours share and that remember the month before, rates
that a site's places share and that drift, months that are bad for a whole side of the map, counts
that scatter more than Poisson's, few cases hidden as the release rule hides them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from analysis.arrays import Floats, Indices
from analysis.association.fit import Outcome
from analysis.association.panels import CONTROL, Key, Panel

CLASSES = ("network", "device", CONTROL, "other")
COMPLAINTS = "complaints_per_1000"
Where = tuple[Floats, Indices]
"""Latitude and site of each place."""
WORDS = {"drop_rate": "drop rate a tenth higher", "prb_dl_util_pct": "load a tenth higher"}


@dataclass(frozen=True)
class Planted:
    """What is planted: by class or kind of answer the coefficient of each lag, on the first KPI.

    `everywhere`: added to the coefficient of all outcomes at lag 0, the control's too: it is not
    the network. `drift`: how far the rates of a site wander, as a standard deviation of logarithms.
    """

    n_places: int = 150
    n_months: int = 24
    coefficients: Mapping[str, Mapping[int, float]] = field(default_factory=dict)
    everywhere: float = 0.0
    drift: float = 0.2


def planted_panel(seed: int, planted: Planted) -> Panel:
    """The panel of one planted network."""
    rng = np.random.default_rng(seed)
    n_places, n_months = planted.n_places, planted.n_months
    lat, lon = rng.uniform(52, 53, n_places), rng.uniform(-1, 0.5, n_places)
    site = np.arange(n_places) // 2
    # places of a site stand together
    lat, lon = lat[site * 2], lon[site * 2]
    kpis = {
        "drop_rate": np.log(0.01) + _kpi(rng, lat, lon, n_months),
        "prb_dl_util_pct": np.log(0.4) + 0.5 * _kpi(rng, lat, lon, n_months),
    }
    persons = np.exp(rng.normal(np.log(9000), 0.6, n_places))[:, None] * np.ones(n_months)
    outcomes: dict[Key, Outcome] = {}
    for name, share in zip(CLASSES, (0.004, 0.001, 0.003, 0.001), strict=True):
        rate = share * np.exp(_log_rate(rng, planted, name, kpis["drop_rate"], (lat, site)))
        cases = rng.poisson(persons * rate).astype(float)
        outcomes[COMPLAINTS, name] = Outcome(cases, persons, (cases > 0) & (cases < 5))
    outcomes |= _answers(rng, planted, kpis["drop_rate"], (lat, site))
    months = pd.date_range("2024-01-01", periods=n_months, freq="MS", unit="s").to_numpy()
    return Panel(months, kpis, outcomes, site, lat, lon)


def _kpi(rng: np.random.Generator, lat: Floats, lon: Floats, n_months: int) -> Floats:
    """A KPI in logarithms: places that differ, months, and what a place and its side remember."""
    own = rng.normal(0, 0.4, (len(lat), 1)) + 0.3 * np.sin(6 * lat + 4 * lon)[:, None]
    moved = _remembering(rng, len(lat), n_months, 0.6) * 0.25
    sides = _remembering(rng, 4, n_months, 0.3) * 0.1
    side = (lat > np.median(lat)) * 2 + (lon > np.median(lon))
    return own + moved + sides[side] + rng.normal(0, 0.1, n_months)


def _remembering(rng: np.random.Generator, n: int, n_months: int, memory: float) -> Floats:
    """Series of standard deviation 1, (n, month), that remember the month before."""
    values = rng.normal(size=(n, n_months))
    for month in range(1, n_months):
        fresh = np.sqrt(1 - memory**2) * values[:, month]
        values[:, month] = memory * values[:, month - 1] + fresh
    return values


def _log_rate(
    rng: np.random.Generator, planted: Planted, name: str, kpi: Floats, where: Where
) -> Floats:
    """How much above the usual rate each place and month is, as a logarithm."""
    n_places, n_months = kpi.shape
    lat, site = where
    drift = _remembering(rng, site.max() + 1, n_months, 0.5)[site] * planted.drift
    sides = _remembering(rng, 4, n_months, 0.3) * 0.05
    side = (lat > np.median(lat)) * 2 + (site % 2)
    rate = rng.normal(0, 0.3, (n_places, 1)) + drift + sides[side] + rng.normal(0, 0.1, n_months)
    rate = rate + rng.normal(0, 0.1, kpi.shape) + planted.everywhere * (kpi - kpi.mean())
    for lag, coefficient in planted.coefficients.get(name, {}).items():
        before = np.concatenate([kpi[:, :1].repeat(lag, axis=1), kpi[:, : n_months - lag]], axis=1)
        rate = rate + coefficient * (before - kpi.mean())
    return np.asarray(rate)


def _answers(
    rng: np.random.Generator, planted: Planted, kpi: Floats, where: Where
) -> dict[Key, Outcome]:
    """Detractors, promoters and the score of 30 to 120 answers a place and month."""
    answers = np.round(rng.uniform(30, 120, kpi.shape[0]))[:, None] * np.ones(kpi.shape[1])
    less = Planted(coefficients=planted.coefficients, everywhere=planted.everywhere,
                   drift=planted.drift / 2)  # fmt: skip
    share = 0.25 * np.exp(0.5 * _log_rate(rng, less, "none", kpi, where))
    for lag, coefficient in planted.coefficients.get("detractors", {}).items():
        before = np.concatenate([kpi[:, :1].repeat(lag, axis=1), kpi[:, : kpi.shape[1] - lag]], 1)
        share = share * np.exp(coefficient * (before - kpi.mean()))
    down = rng.binomial(answers.astype(int), np.clip(share, 0.01, 0.7)).astype(float)
    up = rng.binomial((answers - down).astype(int), 0.45).astype(float)
    none = np.zeros(kpi.shape, bool)
    score = 100 * (up - down) / answers
    return {
        ("nps", "detractors"): Outcome(down, answers, none),
        ("nps", "promoters"): Outcome(up, answers, none),
        ("nps", "nps"): Outcome(score, answers, none, is_score=True),
    }
