"""How do a cell's daily drops scatter without a change? Overdispersion, memory, rest days, bursts.

The noise is quasi-Poisson with memory: the variance of a day's drops is `phi` times their mean
(McCullagh and Nelder 1989, section 6.2) and a day's deviation correlates with the next day's by
`rho`. Arrays are of one cell, one entry a searched day, shape (day,).
"""

from dataclasses import dataclass, replace

import numpy as np
from scipy.special import gammainc, gammaincinv

from analysis.arrays import Flags, Floats, Indices

# the usual 5 finds less, and at 4 quiet cells still alarm less than .01 a month
PENALTY_PER_LOG_DAY = 4.0
# sd of the log of the rest-day effect before the data, squared
_REST_DAY_VARIANCE = 0.09
# standard deviations by which a day may exceed the median of the days around it
_BURST_SD = 3


@dataclass(frozen=True)
class Series:
    """The searched days of one cell."""

    day: Indices
    """Place of each day in the cube."""
    drops: Floats
    attempts: Floats
    rest_day: Flags
    """Weekend or public holiday."""


@dataclass(frozen=True)
class Fit:
    """One cell's segments: drops are `exposure` times a rate that is new at each of `starts`."""

    series: Series
    drops: Floats
    """As counted, bursts cut."""
    exposure: Floats
    """Attempts, rest days weighed as of `exposure_of`."""
    starts: tuple[int, ...] = ()
    """First day of each segment but the first, as a place in these arrays."""
    phi: float = np.nan
    """Variance of a day's drops over their mean, 1 or more; NaN = too few days, or no drop."""
    rho: float = np.nan
    """Correlation of a day with the next, 0 to .8; NaN = too few days, or no drop."""
    refused: str = ""
    """Why the cell is not searched, in words; "" = it is."""

    @property
    def noise(self) -> float:
        """Variance of a sum over many days, over its mean."""
        return self.phi * (1 + self.rho) / (1 - self.rho)

    @property
    def edges(self) -> tuple[int, ...]:
        """Start of each segment, and the end of the last."""
        return (0, *self.starts, len(self.drops))

    @property
    def penalty(self) -> float:
        """Gain in twice the log likelihood, over the noise, that pays for one more segment."""
        return float(PENALTY_PER_LOG_DAY * np.log(max(len(self.drops), 1)))


# --- rest days and bursts ---------------------------------------------------------------------


def exposure_of(series: Series, drops: Floats) -> Floats:
    """Attempts of each day, those of rest days times the drop rate that these usually have.

    `series`: searched days of one cell. `drops`: of each day, bursts cut or not.
    """
    return series.attempts * np.where(series.rest_day, _rest_day_effect(series, drops), 1.0)


def _rest_day_effect(series: Series, drops: Floats) -> float:
    """Drop rate of a rest day over that of a working day of the same week; 1.0 if unknown.

    Mantel-Haenszel rate ratio over weeks (Rothman, Greenland and Lash 2008, chapter 15), in which
    a lasting step moves no week but its own; drawn towards 1 as if it were known to be 1 +- .3.
    """
    is_rest, week = series.rest_day, (series.day - series.day[0]) // 7

    def per_week(counts: Floats, is_kind: Flags) -> Floats:
        return np.bincount(week, counts * is_kind).astype(np.float64)

    work_drops, work_attempts = (per_week(n, ~is_rest) for n in (drops, series.attempts))
    rest_drops, rest_attempts = (per_week(n, is_rest) for n in (drops, series.attempts))
    attempts = np.maximum(work_attempts + rest_attempts, 1.0)
    above = (rest_drops * work_attempts / attempts).sum()
    below = (work_drops * rest_attempts / attempts).sum()
    if above <= 0 or below <= 0:
        return 1.0
    variance = 1 / rest_drops.sum() + 1 / work_drops.sum()
    return float((above / below) ** (_REST_DAY_VARIANCE / (_REST_DAY_VARIANCE + variance)))


def clipped(drops: Floats, exposure: Floats, phi: float, min_days: int) -> Floats:
    """Drops of each day, cut where it is far from the days around it: bursts are no change.

    `drops`, `exposure`: of each searched day of one cell, (day,). A day is kept within 3 sd of the
    median rate of the `min_days - 1` days on either side and its own. `phi`: dispersion of a day's
    drops. A change of `min_days` or more moves that median.
    """
    reach = min_days - 1
    rate = np.pad(drops / exposure, reach, constant_values=np.nan)
    rates_around = np.lib.stride_tricks.sliding_window_view(rate, 2 * reach + 1)
    expected = np.nanmedian(rates_around, axis=1) * exposure
    allowed = _BURST_SD * np.sqrt(phi * np.maximum(expected, 1.0))
    return np.clip(drops, expected - allowed, expected + allowed)


# --- the noise of a day -----------------------------------------------------------------------


def provisional_noise(drops: Floats, exposure: Floats) -> tuple[float, float]:
    """`phi` and `rho` from differences of days three and one apart, before any change is known.

    `drops`, `exposure`: of each searched day of one cell, (day,); bursts cut or not.
    """
    phi = max(1.0, _pair_dispersion(drops, exposure, lag=3))
    return phi, _plausible_rho(1 - _pair_dispersion(drops, exposure, lag=1) / phi)


def _pair_dispersion(drops: Floats, exposure: Floats, lag: int) -> float:
    """Dispersion of days `lag` apart: `phi (1 - rho_lag)`, whatever their rates.

    Given its sum a pair of days is binomial, so its chi-square does not know the rate. The
    largest tenth, and in short series at least the pairs that one step parts, are left out; the
    mean of the rest is held against that of a chi-square trimmed alike.
    """
    first, second = drops[:-lag], drops[lag:]
    both = first + second
    share = exposure[:-lag] / (exposure[:-lag] + exposure[lag:])
    has_drops = both > 0
    if not has_drops.any():
        return 1.0
    expected, variance = share * both, share * (1 - share) * both
    chi_squares = np.sort(((first - expected)[has_drops]) ** 2 / variance[has_drops])
    n_pairs = len(chi_squares)
    n_kept = max(min(int(np.ceil(0.9 * n_pairs)), n_pairs - lag), 1)
    return float(chi_squares[:n_kept].mean() / _trimmed_mean(n_kept / n_pairs))


def _trimmed_mean(share: float) -> float:
    """Mean of a chi-square with one degree of freedom below its quantile of this share."""
    return float(gammainc(1.5, gammaincinv(0.5, share)) / share)


def with_noise(fit: Fit) -> Fit:
    """The fit with `phi` and `rho` of its residuals; both NaN where there is no drop.

    `fit`: of one cell, with its segments. `phi` is Pearson's chi-square over its degrees of
    freedom, `rho` the lag-one correlation corrected for the rates fitted (Kendall 1954). Where days
    remember, a segment costs more freedom.
    """
    if not fit.drops.any():
        return replace(fit, phi=np.nan, rho=np.nan)
    # the rate of each segment, and the rest-day effect
    n, n_fitted = len(fit.drops), len(fit.starts) + 2
    residual = _residuals(fit)
    squares = float(residual @ residual)
    is_next_day = np.diff(fit.series.day) == 1
    product = float((residual[1:] * residual[:-1] * is_next_day).sum()) / max(is_next_day.sum(), 1)
    correlation = product / max(squares / n, 1e-9)
    # each rate fitted lowers the correlation by about (1 + 3 rho) / n
    rho = _plausible_rho((correlation * n + n_fitted) / max(n - 3 * n_fitted, 1))
    n_free = max(n - n_fitted * (1 + rho) / (1 - rho), n / 2)
    return replace(fit, phi=max(1.0, squares / n_free), rho=rho)


def _residuals(fit: Fit) -> Floats:
    """Pearson's residuals: drops less expected ones, over the root of these; 0 where none are."""
    rates = segment_sums(fit, fit.drops) / segment_sums(fit, fit.exposure)
    expected = np.repeat(rates, np.diff(fit.edges)) * fit.exposure
    is_expected = expected > 0
    deviation = np.where(is_expected, fit.drops - expected, 0.0)
    return deviation / np.sqrt(np.where(is_expected, expected, 1.0))


def _plausible_rho(rho: float) -> float:
    # negative ones are chance, and above .8 two months no longer separate memory from changes
    return float(np.clip(rho, 0.0, 0.8))


def segment_sums(fit: Fit, per_day: Floats) -> Floats:
    """Sum of `per_day`, shape (day,), over each segment of the fit, shape (segment,).

    `fit`: of one cell; `per_day` is of its searched days.
    """
    return np.diff(np.concatenate([[0.0], np.cumsum(per_day)])[list(fit.edges)])
