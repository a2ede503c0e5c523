"""Which days of which cells can't be relied on? Holes, resets, impossible values, shifted clocks.

Pure functions of settled tables. A day that passes every check has no row. Verdicts are those of
`ingest.quality`: warn (mind it), unsafe (what is found on that day must not be trusted).
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

COLUMNS = ["cell_id", "day_local", "check_name", "verdict", "message"]

# share of a day's time that must be covered by counters
_WHOLE, _HALF = 0.9, 0.5
# a value lost in each hundredth, in each second period
_SOME_LOST, _MANY_LOST = 0.01, 0.5

_HOURS = 24
# nats by which a shifted clock must explain a day better than the cell's own: three times what
# blamed no cell of four invented networks (280 cells, 56 days), for real counters are wilder
_GAIN = 15.0

Floats = npt.NDArray[np.float64]
Names = npt.NDArray[np.object_]


class Activity(NamedTuple):
    """Calls by local hour, (cell, day, 24), NaN = hour not measured; and what its axes are."""

    calls: Floats
    cells: Names
    days: Names


def of_days(days: pd.DataFrame, length_s: pd.Series) -> pd.DataFrame:
    """The checks that rows of `cell_day` alone can fail; columns COLUMNS.

    `length_s`: seconds that each row's local day has, 82800 to 90000.
    """
    parts = [_incomplete(days, length_s), _lost(days), _resets(days), _gaps(days)]
    return pd.concat(parts, ignore_index=True)[COLUMNS]


def _incomplete(days: pd.DataFrame, length_s: pd.Series) -> pd.DataFrame:
    share = days["covered_s"] / length_s
    told = (100 * share).map("{:.0f} % of the day is covered by counters".format)
    return _rows(days, "incomplete", told, warn=share < _WHOLE, unsafe=share < _HALF)


def _lost(days: pd.DataFrame) -> pd.DataFrame:
    n, hours = days["n_values_missing"].fillna(0), days["n_hours"].clip(lower=1)
    told = n.map("{:.0f} impossible values were set to missing".format)
    warn, unsafe = n > _SOME_LOST * hours, n > _MANY_LOST * hours
    return _rows(days, "impossible values", told, warn=warn, unsafe=unsafe)


def _resets(days: pd.DataFrame) -> pd.DataFrame:
    n = days["n_resets"].fillna(0)
    told = n.map("{:.0f} counters were below zero: they were reset on that day".format)
    return _rows(days, "reset", told, warn=n > 0, unsafe=n > 0)


def _rows(
    days: pd.DataFrame, name: str, told: pd.Series, *, warn: pd.Series, unsafe: pd.Series
) -> pd.DataFrame:
    verdict = pd.Series(np.where(unsafe, "unsafe", "warn"), index=days.index, dtype="str")
    failed = days[["cell_id", "day_local"]].assign(check_name=name, verdict=verdict, message=told)
    return failed[warn | unsafe]


def _gaps(days: pd.DataFrame) -> pd.DataFrame:
    """Days without any counter between a cell's first and last, and the first after its last."""
    cells, row = np.unique(days["cell_id"].to_numpy(object), return_inverse=True)
    first = pd.to_datetime(days["day_local"]).min()
    day = (pd.to_datetime(days["day_local"]) - first).dt.days.to_numpy()
    seen = np.zeros((len(cells), day.max() + 1 if len(days) else 0), bool)
    seen[row, day] = True
    begun = np.logical_or.accumulate(seen, axis=1)
    goes_on = np.logical_or.accumulate(seen[:, ::-1], axis=1)[:, ::-1]
    silent = begun & ~goes_on
    silent[:, 1:] &= ~silent[:, :-1].copy()
    parts = [
        (begun & goes_on & ~seen, "gap", "unsafe", "no counters on that day"),
        (silent, "silent", "warn", "no counters from that day on"),
    ]
    return pd.concat([_at(where, cells, first, *told) for where, *told in parts])


def _at(
    where: npt.NDArray[np.bool_], cells: Names, first: pd.Timestamp, *told: str
) -> pd.DataFrame:
    cell, day = np.nonzero(where)
    dates = pd.Series(first + pd.to_timedelta(day, unit="D")).dt.date
    name, verdict, message = told
    return pd.DataFrame(
        {"cell_id": cells[cell], "day_local": dates, "check_name": name, "verdict": verdict,
         "message": message}
    )  # fmt: skip


# --- clocks -----------------------------------------------------------------------------------


def clock_shifts(activity: Activity) -> pd.DataFrame:
    """Days on which a cell's calls come hours earlier or later than is usual; columns COLUMNS.

    A day of a cell is expected to look as it usually does, times what all cells do on that day
    (a weekend, a holiday). The lag that explains it best, by Poisson likelihood, must beat its own
    clock by 15 nats on two days running or more. Cells of some two hundred calls a day or fewer
    hardly ever do, and a shift that lasts more than half of the days passes for usual. Where all
    cells together are hours off their usual day, that is told of every cell instead.
    """
    calls, cells, days = activity
    network = _network_lag(calls)
    expected = _expected(np.nan_to_num(calls), ~np.isnan(calls))
    lag, gain = _best_lag(calls, expected)
    own = _lasting(np.where((gain > _GAIN) & (network == 0), lag, 0))
    of_all = np.where(~np.isnan(calls).all(axis=2), network, 0)
    parts = [("clock shift", "its day", own), ("clock of all cells", "every cell's day", of_all)]
    return pd.concat([_shifted(*part, cells, days) for part in parts], ignore_index=True)


def _shifted(
    name: str, whose: str, lag: npt.NDArray[np.int64], cells: Names, days: Names
) -> pd.DataFrame:
    cell, day = np.nonzero(lag)
    told = [
        f"{whose} is {abs(h)} h {'late' if h > 0 else 'early'}: a clock or zone is off"
        for h in lag[cell, day]
    ]
    return pd.DataFrame(
        {"cell_id": cells[cell], "day_local": days[day], "check_name": name,
         "verdict": "unsafe", "message": pd.Series(told, dtype="str")}
    )  # fmt: skip


def _network_lag(calls: Floats) -> npt.NDArray[np.int64]:
    """Hours by which the days of all cells together are late, (day,).

    An hour is not told: everybody sleeps longer on days of rest, and so many calls prove anything.
    """
    total = np.nansum(calls, axis=0)[None]
    lag, gain = _best_lag(total, np.broadcast_to(_usual(total)[:, None], total.shape))
    found: npt.NDArray[np.int64] = _lasting(np.where((gain > _GAIN) & (np.abs(lag) > 1), lag, 0))[0]
    return found


def _expected(calls: Floats, known: npt.NDArray[np.bool_]) -> Floats:
    """How each day of each cell shares out over its hours if no clock is off."""
    # the middle cell, so that a third of them off does not move it
    some = calls.sum(axis=(1, 2)) > 0
    network = np.median(_shares(calls[some]), axis=0) if some.any() else _shares(calls[0])
    usual_network = np.median(network, axis=0)
    today = network / np.maximum(usual_network, 1e-9)
    own = _usual(np.where(known.all(axis=2, keepdims=True), calls, 0.0))
    return _shares(own[:, None] * today)


def _usual(calls: Floats) -> Floats:
    """The middle of the days' shares by hour, (cell, 24); days without calls are left out."""
    some = calls.sum(axis=2, keepdims=True) > 0
    shares = np.where(some, _shares(calls), np.nan)
    known = some.any(axis=(1, 2))
    middle = np.full((calls.shape[0], _HOURS), 1 / _HOURS)
    middle[known] = np.nanmedian(shares[known], axis=1)
    return middle


def _shares(calls: Floats) -> Floats:
    """Parts of a day that sum to 1; an hour never has none, or a single call would prove all."""
    some = calls + 0.002 * calls.sum(axis=-1, keepdims=True) + 1e-12
    shares: Floats = some / some.sum(axis=-1, keepdims=True)
    return shares


def _best_lag(calls: Floats, expected: Floats) -> tuple[npt.NDArray[np.int64], Floats]:
    """Hours by which each day is late, and the nats by which that beats 0; (cell, day)."""
    counted, told = np.nan_to_num(calls), np.log(expected)
    lags = np.arange(-_HOURS // 2, _HOURS // 2)
    fits = np.stack([(counted * np.roll(told, lag, axis=2)).sum(axis=2) for lag in lags])
    best = fits.argmax(axis=0)
    gain: Floats = fits.max(axis=0) - fits[_HOURS // 2]
    return lags[best], gain


def _lasting(lag: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Lags that stand on consecutive days, others 0."""
    same = (lag[:, 1:] == lag[:, :-1]) & (lag[:, 1:] != 0)
    kept = np.zeros(lag.shape, bool)
    kept[:, 1:] |= same
    kept[:, :-1] |= same
    return np.where(kept, lag, 0)
