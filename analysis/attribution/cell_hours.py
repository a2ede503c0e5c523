"""One cell's hours in a row, with what the channels know of it."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from analysis.arrays import Floats
from analysis.attribution import load_steps, response
from analysis.attribution.drop_steps import DropChannel
from analysis.attribution.load_steps import LoadChannel
from analysis.attribution.response import FACTOR, Hours, Response


@dataclass(frozen=True)
class Cell:
    """One cell's hours in a row, shape (hour,), and what is known of it."""

    attempts: Floats
    drops: Floats
    """Bursts cut, as the drop channel has them."""
    counted: Floats
    """Drops as they were counted."""
    exposure: Floats
    """Attempts by the course of the day."""
    factor: Floats
    """Expected factor of load."""
    load: Floats
    load_residual: Floats
    efficiency_residual: Floats
    log_weights: Floats
    """Log posterior of each curve of the shelf, shape (curve,)."""
    mean_weights: Floats
    """Posterior of each curve, as the channels have it."""
    jump_sd: float
    """Of load from one day to the next, as `blur` of the network has it."""
    long_run_sd: float
    phi: float
    log_rate: Floats
    """Of each day's drops over what load's mean factor lets expect, bursts cut."""
    precision: Floats
    """Inverse of its covariance, shape (day, day)."""

    @cached_property
    def log_rates(self) -> Floats:
        """The same under each curve of the shelf, shape (day, curve)."""
        bins = response.bins_of(self.load) + len(FACTOR) * (np.arange(len(self.load)) // 24)
        size = len(self.log_rate) * len(FACTOR)
        per_bin = np.bincount(bins, self.exposure, size).reshape(-1, len(FACTOR))
        expected = per_bin @ np.column_stack([FACTOR, FACTOR @ self.mean_weights])
        log = np.log(np.maximum(expected, 1e-12))
        return np.asarray(self.log_rate[:, None] + log[:, -1:] - log[:, :-1])

    def mean_factor(self, hours: slice, by: float) -> Floats:
        """Load's expected factor in each hour, had log load been less `by`."""
        bins = response.bins_of(self.load[hours] * np.exp(-by))
        return np.asarray((self.mean_weights @ FACTOR.T)[bins])


def cells_of(
    hours: Hours,
    found: Response,
    log_weights: Floats,
    load: LoadChannel,
    drops: DropChannel,
    *,
    blur: float,
) -> Callable[[int], Cell]:
    """What gives the cell of a row. `log_weights`: log posterior of each curve, (cell, curve)."""
    raw = hours.drops.sum(axis=2)
    kept = np.divide(drops.rates.drops, raw, out=np.ones_like(raw), where=raw > 0)
    factor, sd, jump_sd = found.mean_factor(), blur * load.long_run_sd, blur * load.jump_sd
    # each direction is held against what is usual for itself
    down, up = (per_demand - load_steps.usual(per_demand, hours) for per_demand in hours.efficiency)
    efficiency = np.where(hours.uplink, up, down)

    def cell(i: int) -> Cell:
        return Cell(
            attempts=hours.attempts[i].ravel(),
            drops=(hours.drops[i] * kept[i][:, None]).ravel(),
            counted=hours.drops[i].ravel(),
            exposure=found.exposure[i].ravel(),
            factor=factor[i].ravel(),
            load=hours.load[i].ravel(),
            load_residual=load.residual[i].ravel(),
            efficiency_residual=efficiency[i].ravel(),
            log_weights=log_weights[i],
            mean_weights=found.weights[i],
            jump_sd=float(jump_sd[i]),
            long_run_sd=float(sd[i]),
            phi=float(found.phi[i]),
            log_rate=drops.rates.log_rate[i],
            precision=drops.rates.precision[i],
        )

    return cell
