"""Between which of the demo operator's cells calls are handed over, and how often that fails."""

import numpy as np
import pandas as pd

from ingest.synth.radio.cells import Rng
from ingest.synth.radio.country import KM_PER_DEGREE, Floats, Ints, km_between
from ingest.synth.radio.network import Network

RELATION_DAYS = 28
MOST_NEIGHBOURS = 8
BEAM_KM = 0.5
KM_OF_A_CELL = 0.7
"""At least so far a cell reaches, by which handovers to cells farther off get fewer."""


def invent_relations(rng: Rng, network: Network) -> pd.DataFrame:
    """One row per cell, neighbour and day of the newest 28: handovers, and those that succeeded.

    `rng`: the same stream gives the same rows. `network`: as `with_families` gives it; the rows of
    a cell and day add up to its counters `ho_prep_succ` and `ho_exe_succ`. A cell hands over to the
    eight cells whose beams lie nearest, the more the nearer. Columns: `cell` and `neighbour` (rows
    of cells), `day` (of the clock), `attempts`, `successes`; pairs without an attempt are left out.
    """
    first = max(len(network.clock.days) - RELATION_DAYS, 0)
    prepared, executed = (
        network.clock.by_day(network.counters[name])[:, first:].astype(np.int64)
        for name in ("ho_prep_succ", "ho_exe_succ")
    )
    neighbours, shares = _nearest(network.cells)
    attempts = rng.multinomial(prepared, shares[:, None, :])
    failures = _spread(rng, prepared - executed, attempts)
    cell, day, place = np.nonzero(attempts)
    return pd.DataFrame(
        {
            "cell": cell,
            "neighbour": neighbours[cell, place],
            "day": day + first,
            "attempts": attempts[cell, day, place],
            "successes": (attempts - failures)[cell, day, place],
        }
    )


def _nearest(cells: pd.DataFrame) -> tuple[Ints, Floats]:
    """The cells whose beams lie nearest, and the share of handovers to each, (cell, neighbour)."""
    azimuth = np.radians(cells["azimuth_deg"].to_numpy(np.float64))
    aimed = np.column_stack([np.cos(azimuth), np.sin(azimuth)]) * BEAM_KM
    # a cell that serves all round has its middle at the mast
    beams = cells[["lat", "lon"]].to_numpy() + np.nan_to_num(aimed) / KM_PER_DEGREE
    km = km_between(beams, beams)
    np.fill_diagonal(km, np.inf)
    nearest = np.argsort(km, axis=1, kind="stable")[:, :MOST_NEIGHBOURS]
    away = np.take_along_axis(km, nearest, axis=1)
    reach = np.maximum(away.mean(axis=1, keepdims=True) / 2, KM_OF_A_CELL)
    weights = np.exp(-away / reach)
    return nearest, weights / weights.sum(axis=1, keepdims=True)


def _spread(rng: Rng, failures: Ints, attempts: Ints) -> Ints:
    """Failures of each cell and day among its attempts by neighbour, each attempt alike to fail.

    `failures`: (cell, day). `attempts`: (cell, day, neighbour).
    """
    spread, left = np.zeros_like(attempts), failures.copy()
    others = attempts.sum(axis=2)
    for place in range(attempts.shape[2]):
        others = others - attempts[:, :, place]
        spread[:, :, place] = rng.hypergeometric(attempts[:, :, place], others, left)
        left -= spread[:, :, place]
    return spread
