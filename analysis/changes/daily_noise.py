"""How daily drops scatter without a change: overdispersion, autocorrelation, rest days."""

from dataclasses import dataclass, replace

import numpy as np
from scipy.special import gammainc, gammaincinv

from analysis.arrays import Flags, Floats, Indices

# the usual 5 finds less, and at 4 quiet cells still alarm less than .01 a month
PENALTY_PER_LOG_DAY = 4.0


# --- what is searched -------------------------------------------------------------------------


@dataclass(frozen=True)
class Series:
    """The searched days of one cell, one entry a day; `day` is the place in the cube."""

    day: Indices
    drops: Floats
    attempts: Floats
    rest_day: Flags


# --- the story of one cell --------------------------------------------------------------------


@dataclass(frozen=True)
class Fit:
    """One cell's levels: drops are `exposure` times a rate that is new at each of `starts`."""

    series: Series
    drops: Floats
    exposure: Floats
    starts: tuple[int, ...] = ()
    phi: float = np.nan
    rho: float = np.nan
    refused: str = ""

    @property
    def noise(self) -> float:
        return self.phi * (1 + self.rho) / (1 - self.rho)

    @property
    def edges(self) -> tuple[int, ...]:
        return (0, *self.starts, len(self.drops))

    @property
    def penalty(self) -> float:
        return float(PENALTY_PER_LOG_DAY * np.log(max(len(self.drops), 1)))


# --- rest days, bursts and the noise of a day -------------------------------------------------


def exposure_of(series: Series, drops: Floats) -> Floats:
    """Attempts of each day, rest days counted by the drops that they usually bring, (day,)."""
    return series.attempts * np.where(series.rest_day, _rest_day_effect(series, drops), 1.0)


def _rest_day_effect(series: Series, drops: Floats) -> float:
    """Drop rate of a rest day over that of a working day of the same week; 1.0 if unknown.

    Mantel-Haenszel rate ratio over weeks (Rothman, Greenland and Lash 2008, chapter 15), in which
    a lasting step moves no week but its own; drawn towards 1 as if it were known to be 1 +- .3.
    """
    rest, week = series.rest_day, (series.day - series.day[0]) // 7
    work_drops, work = np.bincount(week, drops * ~rest), np.bincount(week, series.attempts * ~rest)
    rest_drops, free = np.bincount(week, drops * rest), np.bincount(week, series.attempts * rest)
    total = np.maximum(work + free, 1.0)
    above, below = (rest_drops * work / total).sum(), (work_drops * free / total).sum()
    if above <= 0 or below <= 0:
        return 1.0
    variance = 1 / rest_drops.sum() + 1 / work_drops.sum()
    return float((above / below) ** (0.09 / (0.09 + variance)))


def provisional_noise(drops: Floats, exposure: Floats) -> tuple[float, float]:
    """`phi` and `rho` from days three and one apart, before any level is known."""
    phi = max(1.0, _pair_dispersion(drops, exposure, lag=3))
    return phi, _plausible_rho(1 - _pair_dispersion(drops, exposure, lag=1) / phi)


def _pair_dispersion(drops: Floats, exposure: Floats, lag: int) -> float:
    """Dispersion of days `lag` apart: `phi (1 - rho_lag)`, whatever their levels.

    Given its sum a pair of days is binomial, so its chi-square does not know the level. The
    largest tenth, and in short series at least the pairs that one step parts, are left out; the
    mean of the rest is held against that of a chi-square trimmed alike.
    """
    first, second = drops[:-lag], drops[lag:]
    both = first + second
    share = exposure[:-lag] / (exposure[:-lag] + exposure[lag:])
    seen = both > 0
    if not seen.any():
        return 1.0
    expected, variance = share * both, share * (1 - share) * both
    chi_square = np.sort(((first - expected)[seen]) ** 2 / variance[seen])
    n_kept = max(min(int(np.ceil(0.9 * len(chi_square))), len(chi_square) - lag), 1)
    return float(chi_square[:n_kept].mean() / _trimmed_mean(n_kept / len(chi_square)))


def _trimmed_mean(kept: float) -> float:
    """Mean of a chi-square with one degree of freedom below its quantile `kept`."""
    return float(gammainc(1.5, gammaincinv(0.5, kept)) / kept)


def clipped(drops: Floats, exposure: Floats, phi: float, min_days: int) -> Floats:
    """Drops, each within 3 sd of the median rate of the days around it, too short for a level."""
    reach = min_days - 1
    rate = np.pad(drops / exposure, reach, constant_values=np.nan)
    around = np.lib.stride_tricks.sliding_window_view(rate, 2 * reach + 1)
    expected = np.nanmedian(around, axis=1) * exposure
    allowed = 3 * np.sqrt(phi * np.maximum(expected, 1.0))
    return np.clip(drops, expected - allowed, expected + allowed)


def with_noise(fit: Fit) -> Fit:
    """The fit with `phi` and `rho` of its residuals; both NaN where there is no drop.

    `phi` is Pearson's chi-square over its degrees of freedom, `rho` the lag-one correlation
    corrected for the levels fitted (Kendall 1954). Where days remember, a level costs more freedom.
    """
    if not fit.drops.any():
        return replace(fit, phi=np.nan, rho=np.nan)
    n, n_fitted = len(fit.drops), len(fit.starts) + 2
    residual = _residuals(fit)
    square = float(residual @ residual)
    next_day = np.diff(fit.series.day) == 1
    product = float((residual[1:] * residual[:-1] * next_day).sum()) / max(next_day.sum(), 1)
    correlation = product / max(square / n, 1e-9)
    rho = _plausible_rho((correlation * n + n_fitted) / max(n - 3 * n_fitted, 1))
    n_free = max(n - n_fitted * (1 + rho) / (1 - rho), n / 2)
    return replace(fit, phi=max(1.0, square / n_free), rho=rho)


def _residuals(fit: Fit) -> Floats:
    expected = np.repeat(_rates(fit), np.diff(fit.edges)) * fit.exposure
    some = expected > 0
    return np.where(some, fit.drops - expected, 0.0) / np.sqrt(np.where(some, expected, 1.0))


def _plausible_rho(rho: float) -> float:
    # negative ones are chance, and above .8 two months no longer tell memory from levels
    return float(np.clip(rho, 0.0, 0.8))


# --- how large a change is, and how small a one could be seen ---------------------------------


def level_sums(fit: Fit, per_day: Floats) -> Floats:
    """Sum of `per_day` over each level, shape (n_levels,)."""
    return np.diff(np.concatenate([[0.0], np.cumsum(per_day)])[list(fit.edges)])


def _rates(fit: Fit) -> Floats:
    return level_sums(fit, fit.drops) / level_sums(fit, fit.exposure)


def inflation(rho: float, n_days: Indices) -> Floats:
    """Variance of a mean over AR(1) days, over that of days that do not remember."""
    beyond = 2 * rho * (1 - rho**n_days) / (n_days * (1 - rho) ** 2)
    return np.subtract((1 + rho) / (1 - rho), beyond)
