"""Seeded draws, and the intervals that they give."""

import zlib

import numpy as np

from analysis.arrays import Floats

N_DRAWS = 200
SEED = 8
CORRELATION = 0.1
"""Of the errors of two cells' changes, which share the network's prior and its days.

Chosen on planted networks (docs/accuracy/sums.md).
"""


def cell_rng(cell_id: str, purpose: str) -> np.random.Generator:
    """The generator of one cell's draws for one purpose, the same in any order of cells.

    `cell_id`: name of the cell, or "" for draws that all cells share. `purpose`: what is drawn;
    each purpose has a stream of its own.

    >>> cell_rng("a", "order").random() == cell_rng("a", "order").random()
    True
    >>> cell_rng("a", "order").random() == cell_rng("b", "order").random()
    False
    """
    return np.random.default_rng([SEED, zlib.crc32(purpose.encode()), zlib.crc32(cell_id.encode())])


def with_interval(name: str, expected: Floats, draws: Floats) -> dict[str, Floats]:
    """Columns `name`, `name_lo` and `name_hi`: expected values with their 90 % intervals.

    `expected`: shape (row,). `draws`: shape (row, draw); a row with NaN has no interval. Of skewed
    draws the expected value may lie outside them; an interval is widened to hold it.

    >>> with_interval("drops", np.array([2.0]), np.array([[1.0, 1.0, 1.0]]))["drops_hi"]
    array([2.])
    """
    low, high = interval(draws)
    columns = {
        name: expected,
        f"{name}_lo": np.minimum(low, expected),
        f"{name}_hi": np.maximum(high, expected),
    }
    # so that a sum in another order is the same number
    return {key: values.round(6) for key, values in columns.items()}


def interval(draws: Floats) -> tuple[Floats, Floats]:
    """The 5th and 95th percentile of each row of draws; NaN where a draw is NaN or infinite.

    `draws`: shape (..., draw); the percentiles have the shape without the last axis.

    >>> low, high = interval(np.array([[0.0, 50.0, 100.0], [0.0, np.nan, 1.0]]))
    >>> low.tolist(), high.tolist()
    ([5.0, nan], [95.0, nan])
    """
    is_known = np.isfinite(draws).all(axis=-1)
    low, high = np.full(draws.shape[:-1], np.nan), np.full(draws.shape[:-1], np.nan)
    low[is_known], high[is_known] = np.quantile(draws[is_known], (0.05, 0.95), axis=-1)
    return low, high
