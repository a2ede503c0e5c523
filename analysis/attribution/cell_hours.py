"""One cell's hours in a row, with what the steps before have read from them."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from analysis.arrays import Floats
from analysis.attribution.drop_steps import DropChannel
from analysis.attribution.hours import Hours
from analysis.attribution.load_steps import LoadChannel, usual
from analysis.attribution.offered import Scale
from analysis.attribution.response import FACTOR, Response, bins_of


@dataclass(frozen=True)
class Cell:
    """One cell's hours, shape (hour,), from the first local day's hour 0 on, and what is known."""

    attempts: Floats
    """Call attempts; 0 = the hour is left out."""
    drops: Floats
    """Dropped calls, bursts cut as in the drop channel."""
    counted: Floats
    """Dropped calls as they were counted."""
    exposure: Floats
    """Attempts by the cell's course over the day."""
    factor: Floats
    """Expected factor of load on drops."""
    prb: Floats
    """PRB in % of the fuller direction; NaN = left out."""
    load: Floats
    """Load in % that was offered; NaN = left out."""
    scale: Scale
    """By which PRB stands for load."""
    load_residual: Floats
    """Log load over what is usual for the hour; NaN = left out."""
    prb_per_traffic_residual: Floats
    """Log PRB of the same traffic, over what is usual for the hour; NaN = not known."""
    log_weights: Floats
    """Log posterior of each curve of the shelf as far as it is trusted, shape (curve,)."""
    mean_weights: Floats
    """Posterior of each curve, as the channels have it, shape (curve,); it sums to 1."""
    jump_sd: float
    """Log sd of load from one day to the next, blurred as the network's shifts are."""
    long_run_sd: float
    """Log sd of a mean load of n days times root n, blurred alike."""
    phi: float
    """Dispersion of an hour's drops, 1 or more."""
    log_rate: Floats
    """Log of each day's drops over what load's mean factor lets expect, bursts cut; (day,)."""
    precision: Floats
    """Inverse of its covariance, shape (day, day)."""

    @cached_property
    def log_rates(self) -> Floats:
        """`log_rate` under each curve of the shelf in place of the mean one, (day, curve)."""
        n_bins = len(FACTOR)
        place = bins_of(self.load) + n_bins * (np.arange(len(self.load)) // 24)
        bin_exposure = np.bincount(place, self.exposure, len(self.log_rate) * n_bins)
        factors = np.column_stack([FACTOR, FACTOR @ self.mean_weights])
        expected = bin_exposure.reshape(-1, n_bins) @ factors  # (day, curve + the mean one)
        log_expected = np.log(np.maximum(expected, 1e-12))
        return np.asarray(self.log_rate[:, None] + log_expected[:, -1:] - log_expected[:, :-1])

    def mean_factor(self, hours: slice, log_less: float) -> Floats:
        """Load's expected factor in each of these hours, had log load been less by `log_less`.

        `hours`: of the cell, from its first local day's hour 0 on.
        """
        bins = bins_of(self.load[hours] * np.exp(-log_less))
        return np.asarray((self.mean_weights @ FACTOR.T)[bins])


def cells_of(
    hours: Hours,
    response: Response,
    log_weights: Floats,
    load: LoadChannel,
    drops: DropChannel,
    *,
    blur: float,
) -> Callable[[int], Cell]:
    """The function that gives the cell of a row.

    `hours`: of all cells. `response`: posterior of their curves, as of `response.respond`. `load`,
    `drops`: channels of the same cells. `log_weights`: log posterior of each curve, shape (cell,
    curve). `blur`: of the network's prior, the factor by which shifts of load are larger than their
    sd.
    """
    day_drops = hours.drops.sum(axis=2)
    # part of each day's drops that cutting bursts leaves, (cell, day)
    kept_part = np.divide(
        drops.rates.drops, day_drops, out=np.ones_like(day_drops), where=day_drops > 0
    )
    factor = response.mean_factor()
    long_run_sd, jump_sd = blur * load.long_run_sd, blur * load.jump_sd
    # each direction is held against what is usual for itself
    down, up = (log_prb - usual(log_prb, hours) for log_prb in hours.prb_per_traffic)
    prb_per_traffic = np.where(hours.is_uplink_fuller, up, down)

    def cell(i: int) -> Cell:
        return Cell(
            attempts=hours.attempts[i].ravel(),
            drops=(hours.drops[i] * kept_part[i][:, None]).ravel(),
            counted=hours.drops[i].ravel(),
            exposure=response.exposure[i].ravel(),
            factor=factor[i].ravel(),
            prb=hours.prb[i].ravel(),
            load=hours.load[i].ravel(),
            scale=hours.scale,
            load_residual=load.residual[i].ravel(),
            prb_per_traffic_residual=prb_per_traffic[i].ravel(),
            log_weights=log_weights[i],
            mean_weights=response.weights[i],
            jump_sd=float(jump_sd[i]),
            long_run_sd=float(long_run_sd[i]),
            phi=float(response.phi[i]),
            log_rate=drops.rates.log_rate[i],
            precision=drops.rates.precision[i],
        )

    return cell
