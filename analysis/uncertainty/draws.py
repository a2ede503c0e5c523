"""Seeded draws, and the intervals that they give."""

import zlib

import numpy as np

from analysis.arrays import Floats

N_DRAWS = 200
SEED = 8


def cell_rng(cell_id: str, of: str) -> np.random.Generator:
    """The generator of one cell's draws for one purpose, the same in any order of cells."""
    return np.random.default_rng([SEED, zlib.crc32(of.encode()), zlib.crc32(cell_id.encode())])


def with_interval(name: str, expected: Floats, draws: Floats) -> dict[str, Floats]:
    """Columns `name`, `name_lo` and `name_hi`; of skewed draws the mean may lie outside them."""
    low, high = interval(draws)
    ends = {f"{name}_lo": np.minimum(low, expected), f"{name}_hi": np.maximum(high, expected)}
    # so that a sum in another order is the same number
    return {key: values.round(6) for key, values in {name: expected, **ends}.items()}


def interval(draws: Floats) -> tuple[Floats, Floats]:
    """The 5th and 95th percentile of each row of draws; NaN where there are none."""
    known = np.isfinite(draws).all(axis=-1)
    low, high = np.full(draws.shape[:-1], np.nan), np.full(draws.shape[:-1], np.nan)
    low[known], high[known] = np.quantile(draws[known], (0.05, 0.95), axis=-1)
    return low, high


# of the errors of two cells' changes, which share the network's prior and its days: chosen on
# planted networks (docs/accuracy/sums.md)
CORRELATION = 0.1
