"""Drop rates, load and excess drops of cells and hexagons, per week and month, with intervals."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr
from scipy import sparse

from analysis import safety
from analysis.arrays import Floats
from analysis.places.members import Places
from analysis.uncertainty import intervals
from analysis.uncertainty.draws import CORRELATION

METHOD_VERSION = "network-1"
_DAYS_A_MONTH = 30.0
_MIN_DAYS = {"week": 3, "month": 7}
_PERIOD = {"week": "W-SUN", "month": "M"}
# A day's scatter is measured around the rate of so many days: over 28 a step of a fifth passed for
# noise (seen 1 time in 15), over 7 days that remember long were called too sure (.84 for .90).
_SEGMENT_DAYS = 14


@dataclass(frozen=True)
class Period:
    """A span of the cube's days."""

    grain: str
    start: pd.Timestamp
    end: pd.Timestamp
    days: npt.NDArray[np.bool_]


def periods_of(cube: xr.Dataset) -> list[Period]:
    """Weeks from Monday and calendar months with days enough to speak of, ascending.

    `cube`: counters by cell and day. A week needs 3 days, a month 7.
    """
    calendar = pd.DatetimeIndex(cube["day_local"].to_numpy())
    return [
        Period(grain, span.start_time, days[-1], np.asarray(calendar.isin(days)))
        for grain, rule in _PERIOD.items()
        for span, days in _spans(calendar, rule)
        if len(days) >= _MIN_DAYS[grain]
    ]


def newest_days(cube: xr.Dataset, n: int) -> Period:
    """The newest `n` days of the cube.

    `cube`: counters by cell and day; with fewer than `n` days, all of them.
    """
    calendar = pd.DatetimeIndex(cube["day_local"].to_numpy())
    days = np.zeros(len(calendar), bool)
    days[-n:] = True
    return Period("all", calendar[days][0], calendar[days][-1], days)


def noise_of(cube: xr.Dataset, changes: pd.DataFrame) -> intervals.Noise:
    """How each cell's daily drops scatter around the rates between its changes.

    `cube`: counters by cell and day, days in outages left out. `changes`: table `change_point`, of
    cells.
    """
    drops = cube["dropped_calls"].where(~cube["outage"]).to_numpy()
    return intervals.dispersion(
        drops,
        cube["call_attempts"].to_numpy(),
        _segments(cube, changes),
        cube["rest_day"].to_numpy(),
    )


def noise_dataset(noise: intervals.Noise) -> xr.Dataset:
    """The noise of each cell as families pass it on: phi and rho, by cell.

    `noise`: as of `noise_of`.
    """
    return xr.Dataset({"phi": ("cell", noise.phi), "rho": ("cell", noise.rho)})


def noise_from(dataset: xr.Dataset) -> intervals.Noise:
    """The noise of each cell, of a dataset that `noise_dataset` made.

    `dataset`: with phi and rho, (cell,).
    """
    return intervals.Noise(dataset["phi"].to_numpy(), dataset["rho"].to_numpy())


def drop_rates(
    cube: xr.Dataset, places: Places, period: Period, noise: intervals.Noise
) -> pd.DataFrame:
    """One row a place: drops, attempts, rate with its 90 % interval, normal rate, load, excess.

    `cube`: counters by cell and day. `places`: whose rates. `period`: days of the cube that count.
    `noise`: of the cube's cells, as of `noise_of`.

    Columns place, dropped_calls, call_attempts, drop_rate, drop_rate_lo, drop_rate_hi, n_effective,
    normal_rate, prb_dl_util_bh_pct, unsafe_reason, drops_excess_month and its interval. The
    interval is of the network's own scatter from day to day; how far the footprint is off is not in
    it. Excess = (rate - normal rate) x attempts, per 30 days. Places without attempts are left out.
    """
    drops, attempts, n_days = _totals(cube, period, places)
    phi, rho = noise.phi[places.cell], noise.rho[places.cell]
    spread = intervals.spread_rate(places.share, drops, attempts, phi, rho, n_days)
    normal = _normal(drops, attempts, places)
    rates = pd.DataFrame(
        {
            "place": places.ids,
            "dropped_calls": places.share @ drops,
            "call_attempts": places.share @ attempts,
            "drop_rate": spread.rate,
            "drop_rate_lo": spread.lo,
            "drop_rate_hi": spread.hi,
            "n_effective": spread.n_eff,
            "normal_rate": normal,
            "prb_dl_util_bh_pct": _load(cube, places, period),
            "unsafe_reason": safety.of_places(_failed(cube, places, period)),
        }
    )
    to_month = rates["call_attempts"] * _DAYS_A_MONTH / period.days.sum()
    for end in ("", "_lo", "_hi"):
        rates[f"drops_excess_month{end}"] = (rates[f"drop_rate{end}"] - normal) * to_month
    return rates[rates["call_attempts"] > 0].reset_index(drop=True)


def whole_network(cube: xr.Dataset) -> Iterator[pd.DataFrame]:
    """Rows of `place_rate`: drop rate of all cells together, each period with its 90 % interval.

    `cube`: counters by cell and day. The network is taken as one cell: what moves all cells alike
    on one day is in its scatter, and would not be in a sum of the cells' variances.
    """
    drops, attempts = (
        np.nansum(cube[name].to_numpy(), axis=0)[None]
        for name in ("dropped_calls", "call_attempts")
    )
    segments = np.arange(drops.shape[1])[None] // _SEGMENT_DAYS
    rest_day = cube["rest_day"].to_numpy().mean(axis=0) > 0.5
    noise = intervals.dispersion(drops, attempts, segments, rest_day)
    for period in periods_of(cube):
        counted = drops[:, period.days].sum(), attempts[:, period.days].sum()
        n_days = max((attempts[:, period.days] > 0).sum(), 1)
        network_rate = intervals.drop_rate(*counted, noise.phi, noise.rho, n_days)
        yield pd.DataFrame(
            {
                "place_type": "network",
                "metric": "drop_rate",
                "numerator": counted[0],
                "denominator": counted[1],
                "value": network_rate.rate,
                "value_lo": network_rate.lo,
                "value_hi": network_rate.hi,
                "n_effective": network_rate.n_eff,
            }
        ).assign(**_columns_of(period))


def as_metric(rates: pd.DataFrame, metric: str, period: Period) -> pd.DataFrame:
    """Rows of `place_rate` for one metric of `drop_rates`.

    `rates`: as of `drop_rates`. `metric`: one of its columns. `period`: that of `rates`. Load is a
    census: it has no interval.
    """
    is_rate = metric == "drop_rate"
    return pd.DataFrame(
        {
            "place": rates["place"],
            "metric": metric,
            "numerator": rates["dropped_calls"] if is_rate else np.nan,
            "denominator": rates["call_attempts"],
            "value": rates[metric],
            "value_lo": rates.get(f"{metric}_lo", np.nan),
            "value_hi": rates.get(f"{metric}_hi", np.nan),
            "n_effective": rates["n_effective"] if is_rate else np.nan,
            "unsafe_reason": rates["unsafe_reason"],
        }
    ).assign(**_columns_of(period))


def change_ratios(
    cube: xr.Dataset, places: Places, period: Period, changes: pd.DataFrame
) -> pd.DataFrame:
    """Rows of `place_rate`: drops of the period over what the rate before would have given.

    `cube`: counters by cell and day. `places`: whose ratios. `period`: days of the cube that count.
    `changes`: table `change_point`, ascending by date.

    Of each cell the latest change counts. Places without a changed cell are left out. Errors of
    different cells correlate by `CORRELATION`, as in query `drops_by_attribution`.
    """
    drops = np.nan_to_num(places.counts(cube, "dropped_calls", period.days))
    actual = places.share @ drops.sum(axis=1)
    last = changes.drop_duplicates("cell_id", keep="last").set_index("cell_id")
    last = last.reindex(cube["cell_id"].to_numpy()[places.cell])
    starts = cube["day_start_utc"].to_numpy()[places.cell]
    is_after = ((starts >= _instants(last["change_utc"])) & places.days)[:, period.days]
    has_change = places.share @ is_after.any(axis=1).astype(float) > 0

    def before(name: str) -> Floats:
        ratio = last[name].fillna(1.0).to_numpy(float)[:, None]
        return np.asarray(np.where(is_after, drops / ratio, drops).sum(axis=1))

    usual, least, most = (before(name) for name in ("ratio", "ratio_hi", "ratio_lo"))
    whole = places.share @ usual
    rows = pd.DataFrame({"place": places.ids, "metric": "change_ratio", "numerator": actual})
    for end, usual_drops in (
        ("value", whole),
        ("value_lo", whole + _added(places, most - usual)),
        ("value_hi", whole - _added(places, usual - least)),
    ):
        rows[end] = np.divide(
            actual, usual_drops, out=np.full_like(usual_drops, np.nan), where=usual_drops > 0
        )
    rows["denominator"] = whole
    return rows[has_change & (actual > 0)].assign(**_columns_of(period))


def _added(places: Places, half: Floats) -> Floats:
    """Half the interval of each place, from those of its parts; a cell's own parts err alike."""
    of_cell = sparse.csr_array((np.ones(len(half)), (np.arange(len(half)), places.cell)))
    by_cell = sparse.csr_array(places.share.multiply(half[None, :]) @ of_cell)
    alone = by_cell.power(2).sum(axis=1)
    return np.asarray(np.sqrt((1 - CORRELATION) * alone + CORRELATION * by_cell.sum(axis=1) ** 2))


def dominant_cells(
    cube: xr.Dataset, places: Places, period: Period, rates: pd.DataFrame
) -> pd.Series:
    """The cell with most excess drops in each place of `drop_rates`; missing = none has any.

    `cube`, `places` and `period`: as of `drop_rates`. `rates`: its rows.
    """
    drops, attempts, _ = _totals(cube, period, places)
    excess = drops - _normal(drops, attempts, places) * attempts
    entry = places.share.tocoo()
    row, column = entry.coords
    parts = pd.DataFrame({"row": row, "column": column, "excess": entry.data * excess[column]})
    parts["column"] = places.cell[parts["column"]]
    parts = parts.groupby(["row", "column"])["excess"].sum().reset_index()
    parts = parts.sort_values(["row", "excess", "column"], ascending=[True, False, True])
    most = parts[parts["excess"] > 0].drop_duplicates("row").set_index("row")["column"]
    names = pd.Series(cube["cell_id"].to_numpy()[most], index=places.ids[most.index])
    return rates["place"].map(names).astype("str")


def normal_rate(drops: Floats, attempts: Floats) -> float:
    """Rate of the cell that carries the network's middle attempt: bad cells do not move it.

    `drops`, `attempts`: of each cell, (cell,); one without attempts is left out. NaN = there is no
    other.
    """
    rate = drops / np.where(attempts > 0, attempts, np.nan)
    is_known = np.isfinite(rate)
    order = np.argsort(rate[is_known], kind="stable")
    carried = np.cumsum(attempts[is_known][order])
    if carried.size == 0:
        return np.nan
    return float(rate[is_known][order][np.searchsorted(carried, carried[-1] / 2)])


def _spans(calendar: pd.DatetimeIndex, rule: str) -> Iterator[tuple[pd.Period, pd.DatetimeIndex]]:
    spans = calendar.to_period(rule)
    for span in spans.unique():
        yield span, calendar[spans == span]


def _normal(drops: Floats, attempts: Floats, places: Places) -> float:
    """The normal rate of cells, whatever parts they are in."""
    of_cell = (np.bincount(places.cell, part).astype(np.float64) for part in (drops, attempts))
    return normal_rate(*of_cell)


def _totals(cube: xr.Dataset, period: Period, places: Places) -> tuple[Floats, Floats, Floats]:
    """Drops, attempts and days with data of each part in a period; one without data has 0."""
    drops = places.counts(cube, "dropped_calls", period.days)
    attempts = places.counts(cube, "call_attempts", period.days)
    n_days = np.maximum((attempts > 0).sum(axis=1), 1).astype(float)
    return np.nansum(drops, axis=1), np.nansum(attempts, axis=1), n_days


def _segments(cube: xr.Dataset, changes: pd.DataFrame) -> npt.NDArray[np.intp]:
    """Number of changes before each day, shape (cell, day)."""
    starts = cube["day_start_utc"].to_numpy()
    segment = np.zeros(starts.shape, np.intp)
    cells = pd.Index(cube["cell_id"].to_numpy()).get_indexer(pd.Index(changes["cell_id"]))
    for cell, change in zip(cells, _instants(changes["change_utc"])[:, 0], strict=True):
        segment[cell] += starts[cell] >= change
    return segment


def _instants(utc: pd.Series) -> npt.NDArray[np.datetime64]:
    """Instants as datetime64[ns] without a zone, shape (n, 1); missing = never."""
    never = pd.Timestamp("2200-01-01", tz="UTC")
    return utc.fillna(never).dt.tz_localize(None).to_numpy("datetime64[ns]")[:, None]


def _columns_of(period: Period) -> dict[str, Any]:
    return {
        "outcome_class": "all",
        "period_grain": period.grain,
        "period_start": period.start,
        "period_end": period.end,
        "shown": "shown",
        "method_version": METHOD_VERSION,
    }


def _failed(cube: xr.Dataset, places: Places, period: Period) -> pd.Series:
    """Share of the days of each place's cells that failed a check."""
    failed = places.counts(cube, "failed", period.days)
    own = places.share @ (~np.isnan(failed)).sum(axis=1)
    share = np.divide(places.share @ np.nansum(failed, axis=1), own, where=own > 0, out=0 * own)
    return pd.Series(share)


def _load(cube: xr.Dataset, places: Places, period: Period) -> Floats:
    used, available = (
        places.share @ np.nansum(places.counts(cube, name, period.days), axis=1)
        for name in ("bh_prb_dl_used_prb_s", "bh_prb_dl_avail_prb_s")
    )
    return 100 * np.divide(used, available, where=available > 0, out=np.full_like(used, np.nan))
