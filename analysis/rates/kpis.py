"""KPIs of hexagons, regions and the network, per month and for the newest weeks, with intervals.

Counts and times are added over days and, by their weights, over cells; a ratio is formed last. What
a KPI counts, the catalogue of `contracts.kpis` says.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr
from scipy import sparse, stats

from analysis import safety
from analysis.arrays import Floats
from analysis.places.members import Places
from analysis.rates.network import Period, periods_of
from analysis.uncertainty import intervals
from analysis.uncertainty.intervals import Noise
from contracts.expressions import Expression
from contracts.kpis import Catalogue, Kpi
from ingest.sources.expressions import value_of

METHOD_VERSION = "kpi-1"
RATED_APART = frozenset({"drop_rate", "prb_dl_util_bh_pct"})
"""KPIs of which `network.drop_rates` makes the rows, for all periods."""
_NEWEST_WEEKS = 2
_SEGMENT_DAYS = 14
_CONFIDENCE = 0.95


@dataclass(frozen=True)
class Counted:
    """One ratio of a KPI by cell and day, (cell, day); NaN = a counter of the KPI is not known.

    The denominators of a sum are missing throughout.
    """

    numerator: Floats
    denominator: Floats

    def failures(self, of: Kpi) -> Floats:
        """What is counted as a failure, (cell, day): the numerator, or what it lacks."""
        return self.numerator if of.better == "lower" else self.denominator - self.numerator


@dataclass(frozen=True)
class Rated:
    """One KPI: its id and definition, what was counted, and how its failures scatter, part by part.

    `noise` is empty where the interval is not one of counts.
    """

    kpi: str
    of: Kpi
    interval: str
    parts: tuple[Counted, ...]
    noise: tuple[Noise, ...]

    def of_days(self) -> "Rated":
        """The same, with intervals that days alone show, as a network needs them.

        What moves all cells alike is in its days, and in no sum over its cells.
        """
        return replace(self, noise=())


@dataclass(frozen=True)
class _Figures:
    """Values of places with the ends of their 90 % intervals, (place,)."""

    value: Floats
    lo: Floats
    hi: Floats
    n_effective: Floats


def rated(
    days: pd.DataFrame, cube: xr.Dataset, known: Catalogue, absent: frozenset[str]
) -> Iterator[Rated]:
    """Each KPI whose counters are there, one after the other: its arrays are large.

    `days`: table `cell_day`. `cube`: counters by cell and day. `known`: all KPIs. `absent`: ids of
    those that lack a counter.
    """
    where = place_in(cube, days)
    n_days = cube.sizes["day"]
    segments = np.broadcast_to(np.arange(n_days) // _SEGMENT_DAYS, cube["outage"].shape)
    for kpi, of in known.kpis.items():
        if kpi in absent:
            continue
        parts = tuple(counted(kpi, known, days, where, cube["outage"].shape))
        if all(np.isnan(part.numerator).all() for part in parts):
            continue
        interval = known.interval(kpi)
        is_of_counts = interval == "counts"
        noise = tuple(_noise(one, of, cube, segments) for one in parts if is_of_counts)
        yield Rated(kpi, of, interval, parts, noise)


def noise_rows(one: Rated, cube: xr.Dataset) -> pd.DataFrame:
    """Rows of table `kpi_noise` of one KPI; none where its interval is not one of counts.

    `one`: the KPI. `cube`: counters by cell and day.
    """
    cells = cube["cell_id"].to_numpy()
    rows = [
        pd.DataFrame({"cell_id": cells, "phi": noise.phi, "rho": noise.rho}).assign(kpi_part=number)
        for number, noise in enumerate(one.noise, 1)
    ]
    return pd.concat(rows).assign(kpi=one.kpi) if rows else pd.DataFrame()


def periods(cube: xr.Dataset) -> list[Period]:
    """All months with days enough, and the newest weeks.

    `cube`: counters by cell and day.
    """
    every = periods_of(cube)
    weeks = [period for period in every if period.grain == "week"]
    return [period for period in every if period.grain == "month"] + weeks[-_NEWEST_WEEKS:]


def rows_of(one: Rated, cube: xr.Dataset, places: Places, period: Period) -> pd.DataFrame:
    """Rows of `place_rate` but for the kind of place: a KPI of each place in one period.

    `one`: the KPI. `cube`: counters by cell and day. `places`: whose. `period`: days that count.

    The numerator of a product is missing, its denominator the least of its parts'. Where the
    denominator is below the least one there is no value. A place without any is left out.
    """
    daily = [_of_places(part, one.of, places, period) for part in one.parts]
    counted = [(above.sum(axis=1), below.sum(axis=1)) for above, below in daily]
    figures = _figures(one, places, period, daily)
    denominator = np.min([below for _, below in counted], axis=0)
    is_known = np.logical_or.reduce([(above.any(axis=1)) | (d > 0) for (above, _), (_, d) in
                                     zip(daily, counted, strict=True)])  # fmt: skip
    is_sum = one.of.form == "sum"
    is_enough = is_sum | (denominator >= one.of.least)
    value, lo, hi, n_effective = (
        np.where(is_enough, values, np.nan)
        for values in (figures.value, figures.lo, figures.hi, figures.n_effective)
    )
    # made at once: a column put in by itself costs as much as the whole of a small frame
    rows = pd.DataFrame(
        {
            "place": places.ids,
            "metric": one.kpi,
            "numerator": counted[0][0] if len(counted) == 1 else np.nan,
            "denominator": np.nan if is_sum else denominator,
            "value": value,
            "value_lo": lo,
            "value_hi": hi,
            "n_effective": n_effective,
            "unsafe_reason": safety.of_places(_failed(cube, places, period)),
            "outcome_class": "all",
            "period_grain": period.grain,
            "period_start": period.start,
            "period_end": period.end,
            "shown": "shown",
            "method_version": METHOD_VERSION,
        }
    )
    return rows[is_known].reset_index(drop=True)


# ---------------------------------------------------------------------------------- counting


Where = tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]
"""Row and column of each cell's day in the arrays of a cube."""


def place_in(cube: xr.Dataset, days: pd.DataFrame) -> Where:
    """Where in the arrays of the cube each row of `cell_day` stands.

    `cube`: counters by cell and day. `days`: table `cell_day`, of which the cube was made.
    """
    row = pd.Index(cube["cell_id"].to_numpy()).get_indexer(pd.Index(days["cell_id"]))
    calendar = pd.DatetimeIndex(cube["day_local"].to_numpy())
    return row, calendar.get_indexer(pd.DatetimeIndex(pd.to_datetime(days["day_local"])))


def counted(
    kpi: str, known: Catalogue, days: pd.DataFrame, where: Where, shape: tuple[int, ...]
) -> Iterator[Counted]:
    """What each part of a KPI counts, by cell and day, one part after the other.

    `kpi`: id. `known`: all KPIs. `days`: table `cell_day`. `where`: as of `place_in`. `shape`: of
    the arrays, (cell, day). A day counts where all counters of the KPI are known.
    """
    sides = [(part.numerator, part.denominator) for part in known.parts(kpi)]
    values = [(_values(above, days), _values(below, days)) for above, below in sides]
    is_known = np.logical_and.reduce([
        ~np.isnan(side) for pair in values for side in pair if side is not None
    ])  # fmt: skip
    for above, below in values:
        yield Counted(*(_dense(side, is_known, where, shape) for side in (above, below)))


def _values(expression: Expression | None, days: pd.DataFrame) -> Floats | None:
    if expression is None:
        return None
    values = value_of(expression, lambda name: days[name.text].astype(float), days.index)
    return values.to_numpy(float, na_value=np.nan)


def _dense(
    values: Floats | None,
    is_known: npt.NDArray[np.bool_],
    where: Where,
    shape: tuple[int, ...],
) -> Floats:
    array = np.full(shape, np.nan)
    if values is not None:
        array[where] = np.where(is_known, values, np.nan)
    return array


def _noise(part: Counted, of: Kpi, cube: xr.Dataset, segments: npt.NDArray[np.intp]) -> Noise:
    outage = cube["outage"].to_numpy()
    failures = np.where(outage, np.nan, part.failures(of))
    rest_day = cube["rest_day"].to_numpy()
    return intervals.dispersion(failures, np.nan_to_num(part.denominator), segments, rest_day)


# ----------------------------------------------------------------------------------- places


def _of_places(part: Counted, of: Kpi, places: Places, period: Period) -> tuple[Floats, Floats]:
    """Numerators and denominators of places by day, (place, day); 0 = nothing known."""
    above = places.parts(part.numerator, period.days)
    below = places.parts(part.denominator, period.days)
    if of.form != "state_mean":
        return places.share @ np.nan_to_num(above), places.share @ np.nan_to_num(below)
    # a state adds over cells and is a mean over time: its denominator is the time of one cell
    mean = np.divide(above, below, out=np.zeros_like(above), where=below > 0)
    time = _most(places.share, np.nan_to_num(below))
    return (places.share @ mean) * time, time


def _most(share: sparse.csr_array, values: Floats) -> Floats:
    """The largest value among the parts of each place, (place, day)."""
    is_part = share.astype(bool)
    columns = [is_part.multiply(day[None, :]).max(axis=1).toarray().ravel() for day in values.T]
    return np.column_stack(columns).astype(np.float64)


def _figures(
    one: Rated, places: Places, period: Period, daily: list[tuple[Floats, Floats]]
) -> _Figures:
    if one.of.form == "sum":
        total = one.of.factor * daily[0][0].sum(axis=1)
        missing = np.full_like(total, np.nan)
        return _Figures(total, missing, missing, missing)
    if one.noise:
        parts = [
            _share(part, noise, one.of, places, period)
            for part, noise in zip(one.parts, one.noise, strict=True)
        ]
    else:
        parts = [_mean_of_days(*each) for each in daily]
    return _scaled(_product(parts), one.of)


def _share(part: Counted, noise: Noise, of: Kpi, places: Places, period: Period) -> _Figures:
    """A share of counts among counts, with the scatter that its failures have in its cells."""
    failures = places.parts(part.failures(of), period.days)
    tries = places.parts(part.denominator, period.days)
    n_days = np.maximum((tries > 0).sum(axis=1), 1).astype(float)
    rate = intervals.spread_rate(
        places.share,
        np.nansum(failures, axis=1),
        np.nansum(tries, axis=1),
        noise.phi[places.cell],
        noise.rho[places.cell],
        n_days,
    )
    if of.better == "lower":
        return _Figures(rate.rate, rate.lo, rate.hi, rate.n_eff)
    return _Figures(1 - rate.rate, 1 - rate.hi, 1 - rate.lo, rate.n_eff)


def _mean_of_days(above: Floats, below: Floats) -> _Figures:
    """A ratio of sums over days, with the interval that its days alone show.

    `above`, `below`: (place, day). The variance is that of a ratio clustered by day, which a
    bootstrap of days converges to (Cochran 1977, 6.4), with Student's t for the few days there are.
    """
    total = below.sum(axis=1)
    ratio = np.divide(above.sum(axis=1), total, out=np.full_like(total, np.nan), where=total > 0)
    n_days = (below > 0).sum(axis=1).astype(float)
    residual = above - ratio[:, None] * below
    several = np.where(n_days > 1, n_days, np.nan)
    variance = np.square(residual).sum(axis=1) * several / (several - 1)
    half = (
        stats.t.ppf(_CONFIDENCE, several - 1)
        * np.sqrt(variance)
        / np.where(total > 0, total, np.nan)
    )
    return _Figures(ratio, ratio - half, ratio + half, n_days)


def _product(parts: list[_Figures]) -> _Figures:
    """The product of independent ratios; their relative half intervals add as squares."""
    if len(parts) == 1:
        return parts[0]
    value = np.prod([part.value for part in parts], axis=0)

    def half(ends: list[Floats]) -> Floats:
        shares = [
            np.divide(end, part.value, out=np.ones_like(end), where=part.value > 0) - 1
            for end, part in zip(ends, parts, strict=True)
        ]
        return np.asarray(value * np.sqrt(np.sum(np.square(shares), axis=0)))

    n_effective = np.min([part.n_effective for part in parts], axis=0)
    lo, hi = half([part.lo for part in parts]), half([part.hi for part in parts])
    return _Figures(value, value - lo, value + hi, n_effective)


def _scaled(figures: _Figures, of: Kpi) -> _Figures:
    """In the unit of the KPI; a share's interval stays within 0 and 1, or its value."""
    lo, value, hi = (of.factor * side for side in (figures.lo, figures.value, figures.hi))
    lo = np.maximum(lo, 0.0)
    if of.unit == "share":
        hi = np.minimum(hi, np.maximum(value, 1.0))
    return _Figures(value, np.minimum(lo, value), hi, figures.n_effective)


def _failed(cube: xr.Dataset, places: Places, period: Period) -> pd.Series:
    """Share of the days of each place's cells that failed a check."""
    failed = places.counts(cube, "failed", period.days)
    own = places.share @ (~np.isnan(failed)).sum(axis=1)
    share = np.divide(places.share @ np.nansum(failed, axis=1), own, where=own > 0, out=0 * own)
    return pd.Series(share)
