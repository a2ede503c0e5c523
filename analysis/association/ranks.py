"""Rank correlation between places, and how many independent places there are."""

from typing import NamedTuple

import numpy as np
from scipy import stats

from analysis.arrays import Floats

_MOST_PLACES = 1_200
_N_CLASSES = 20


class RankCorrelation(NamedTuple):
    """Spearman's correlation, the places it is worth, and its p-value; NaN = not known."""

    value: float
    n_effective: float
    p_value: float


UNKNOWN = RankCorrelation(np.nan, np.nan, np.nan)


def rank_correlation(
    one: Floats, other: Floats, lat: Floats, lon: Floats, *, n_sites: int
) -> RankCorrelation:
    """Spearman's correlation of two values over places, with the effective number of places.

    Neighbours are alike, so n places are worth fewer: `1 + 1 / var(r)` with the variance of r by
    what both values have in common at each distance (Clifford, Richardson and Hemon 1989,
    Biometrics 45; Dutilleul 1993). Correlation at a distance is learnt from 1,200 places at most,
    evenly chosen.

    `one`, `other`: (place,); NaN = not known, and then the place is left out.
    `lat`, `lon`: of each place, in degrees.
    `n_sites`: sites that serve them; the effective number is never more.
    """
    known = ~np.isnan(one + other)
    n = int(known.sum())
    if n < 10:
        return UNKNOWN
    ranks = [stats.rankdata(values[known]) for values in (one, other)]
    scaled = [(rank - rank.mean()) / max(rank.std(), 1e-12) for rank in ranks]
    value = float(np.mean(scaled[0] * scaled[1]))
    variance = 1 / n + _shared(scaled, lat[known], lon[known])
    n_effective = float(np.clip(1 + 1 / max(variance, 1e-12), 3.0, max(min(n, n_sites), 3)))
    freedom = max(n_effective - 2, 1.0)
    t = value * np.sqrt(freedom / max(1 - value**2, 1e-12))
    return RankCorrelation(value, n_effective, float(2 * stats.t.sf(abs(t), freedom)))


def _shared(scaled: list[Floats], lat: Floats, lon: Floats) -> float:
    """What pairs of different places add to the variance of r: their autocorrelations' product."""
    some = np.linspace(0, len(lat) - 1, min(len(lat), _MOST_PLACES)).astype(int)
    one, other = (values[some] for values in scaled)
    north, east = lat[some], lon[some] * np.cos(np.radians(lat[some].mean()))
    first, second = np.triu_indices(len(some), 1)
    distance = np.hypot(north[first] - north[second], east[first] - east[second])
    edges = np.quantile(distance, np.linspace(0, 1, _N_CLASSES + 1)[1:-1])
    bin_of = np.searchsorted(edges, distance)
    pairs = np.bincount(bin_of, minlength=_N_CLASSES)
    alike = [
        np.bincount(bin_of, values[first] * values[second], _N_CLASSES) / np.maximum(pairs, 1)
        for values in (one, other)
    ]
    share = pairs / pairs.sum() * (1 - 1 / len(lat))
    return float(np.sum(share * alike[0] * alike[1]))
