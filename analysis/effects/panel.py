"""One KPI of cells or sites, day by day, and its sums over spans of days."""

from dataclasses import dataclass

import numpy as np

from analysis.arrays import Flags, Floats, Indices
from analysis.uncertainty.intervals import Noise, inflation

_LEAST_KNOWN = 0.6
"""Share of a span's days that must be known."""


@dataclass(frozen=True)
class Panel:
    """One KPI of units by day: what is counted, and among what; (unit, day), NaN = not known.

    `noise`: how counts scatter from day to day, by unit; None = `above` is no count, and units
    alone show how far they scatter. `is_log`: whether an effect is a ratio; else it is a
    difference, as of an availability, which is 1 on most days.
    """

    above: Floats
    below: Floats
    noise: Noise | None
    is_log: bool = True


@dataclass(frozen=True)
class Sums:
    """One KPI of some units over one span of days, each (unit,)."""

    above: Floats
    below: Floats
    values: Floats
    """Logarithm of the ratio, or the ratio; NaN = too few days known, or nothing counted."""
    scatter: Floats
    """Variance of `above` over its mean, with the memory of days; 0 where it is no count."""
    is_known: Flags
    """Whether enough of the days are known, whatever was counted on them."""

    def variance(self, expected: Floats) -> Floats:
        """Variance of the values that counting alone gives.

        `expected`: what was to be counted, (unit,) or of a shape that the scatter broadcasts to.
        """
        return self.scatter / np.maximum(expected, 0.5)


def sums(panel: Panel, units: Indices, first: int, end: int) -> Sums:
    """Sums of some units from one day to before another.

    `panel`: the KPI. `units`: rows of it. `first`, `end`: columns; days beyond either side of the
    panel are not known.

    Half of what a count scatters by is added to it: the mean of its logarithm is then that of its
    mean.
    """
    days = slice(max(first, 0), max(end, 0))
    above, below = panel.above[units, days], panel.below[units, days]
    is_day_known = np.isfinite(above) & (below > 0)
    n_days = is_day_known.sum(axis=1)
    counted, among = (np.where(is_day_known, each, 0.0).sum(axis=1) for each in (above, below))
    is_known = n_days >= _LEAST_KNOWN * (end - first)
    scatter = np.zeros(len(units))
    if panel.noise is not None:
        phi, rho = panel.noise.phi[units], panel.noise.rho[units]
        scatter = phi * inflation(rho, np.maximum(n_days, 1))
    shifted = counted + scatter / 2 if panel.is_log else counted
    ratio = np.divide(shifted, among, out=np.full(len(units), np.nan), where=among > 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        values = np.log(ratio) if panel.is_log else ratio
    usable = is_known & np.isfinite(values)
    return Sums(counted, among, np.where(usable, values, np.nan), scatter, is_known)
