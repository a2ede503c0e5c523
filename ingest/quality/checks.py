"""Which days of which cells can't be relied on? Holes, resets, impossible values, shifted clocks.

Pure functions of settled tables. A day that passes every check has no row. Verdicts: warn (mind
it), unsafe (what is found on that day must not be trusted).
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

COLUMNS = ["cell_id", "day_local", "check_name", "verdict", "message"]
"""Of every answer: one row for each check that a day of a cell fails."""

# shares of a day's time that counters must cover, else warn, else unsafe
_WHOLE, _HALF = 0.9, 0.5
# values lost an hour, above which warn, above which unsafe
_SOME_LOST, _MANY_LOST = 0.01, 0.5

_HOURS = 24
# nats by which a shifted clock must explain a day better than the cell's own: three times what
# blamed no cell of four invented networks (280 cells, 56 days), for real counters are wilder
_GAIN = 15.0

Floats = npt.NDArray[np.float64]
Names = npt.NDArray[np.object_]


class Activity(NamedTuple):
    """Calls of cells by local day and hour."""

    calls: Floats
    """Shape (cell, day, 24); NaN = hour not measured."""
    cells: Names
    """cell_id, shape (cell,)."""
    days: Names
    """Local days as dates without a gap, shape (day,)."""


def of_days(days: pd.DataFrame, length_s: pd.Series) -> pd.DataFrame:
    """The checks that rows of `cell_day` alone can fail; columns COLUMNS.

    `days`: cell_id, day_local, covered_s, n_hours, n_values_missing, n_resets; counts missing = 0.
    `length_s`: seconds that each row's local day has, 82800 to 90000.
    """
    parts = [_incomplete(days, length_s), _lost(days), _resets(days), _gaps(days)]
    return pd.concat(parts, ignore_index=True)[COLUMNS]


def _incomplete(days: pd.DataFrame, length_s: pd.Series) -> pd.DataFrame:
    share = days["covered_s"] / length_s
    message = (100 * share).map("{:.0f} % of the day is covered by counters".format)
    return _rows(days, "incomplete", message, warn=share < _WHOLE, unsafe=share < _HALF)


def _lost(days: pd.DataFrame) -> pd.DataFrame:
    n, hours = days["n_values_missing"].fillna(0), days["n_hours"].clip(lower=1)
    message = n.map("{:.0f} impossible values were set to missing".format)
    warn, unsafe = n > _SOME_LOST * hours, n > _MANY_LOST * hours
    return _rows(days, "impossible values", message, warn=warn, unsafe=unsafe)


def _resets(days: pd.DataFrame) -> pd.DataFrame:
    n = days["n_resets"].fillna(0)
    message = n.map("{:.0f} counters were below zero: they were reset on that day".format)
    return _rows(days, "reset", message, warn=n > 0, unsafe=n > 0)


def _rows(
    days: pd.DataFrame, name: str, message: pd.Series, *, warn: pd.Series, unsafe: pd.Series
) -> pd.DataFrame:
    """The days that fail a check, where either flag is true."""
    verdict = pd.Series(np.where(unsafe, "unsafe", "warn"), index=days.index, dtype="str")
    rows = days[["cell_id", "day_local"]].assign(check_name=name, verdict=verdict, message=message)
    return rows[warn | unsafe]


def _gaps(days: pd.DataFrame) -> pd.DataFrame:
    """Days without any counter between a cell's first and last, and the first after its last."""
    cells, row = np.unique(days["cell_id"].to_numpy(object), return_inverse=True)
    first = pd.to_datetime(days["day_local"]).min()
    day = (pd.to_datetime(days["day_local"]) - first).dt.days.to_numpy()
    # flags of shape (cell, day)
    has_counters = np.zeros((len(cells), day.max() + 1 if len(days) else 0), bool)
    has_counters[row, day] = True
    has_begun = np.logical_or.accumulate(has_counters, axis=1)
    goes_on = np.logical_or.accumulate(has_counters[:, ::-1], axis=1)[:, ::-1]
    is_gap = has_begun & goes_on & ~has_counters
    is_silent = has_begun & ~goes_on
    is_silent[:, 1:] &= ~is_silent[:, :-1].copy()
    gaps = _flagged(is_gap, cells, first).assign(
        check_name="gap", verdict="unsafe", message="no counters on that day"
    )
    silent = _flagged(is_silent, cells, first).assign(
        check_name="silent", verdict="warn", message="no counters from that day on"
    )
    return pd.concat([gaps, silent])


def _flagged(flags: npt.NDArray[np.bool_], cells: Names, first: pd.Timestamp) -> pd.DataFrame:
    """Cell and day of each flag that is true, (cell, day); `first`: the first of the days."""
    cell, day = np.nonzero(flags)
    dates = pd.Series(first + pd.to_timedelta(day, unit="D")).dt.date
    return pd.DataFrame({"cell_id": cells[cell], "day_local": dates})


# --- clocks -----------------------------------------------------------------------------------


def clock_shifts(activity: Activity) -> pd.DataFrame:
    """Days on which a cell's calls come hours earlier or later than is usual; columns COLUMNS.

    `activity`: calls by cell, local day and hour; two months show what is usual. A day of a cell is
    expected to look as it usually does, times what all cells do on that day (a weekend, a holiday).
    The lag that explains it best, by Poisson likelihood, must beat its own clock by 15 nats on two
    days running or more. Cells of some two hundred calls a day or fewer hardly ever do, and a shift
    that lasts more than half of the days passes for usual. Where all cells together are hours off
    their usual day, every cell gets a row for that instead.
    """
    calls, cells, days = activity
    network = _network_lag(calls)
    expected = _expected(np.nan_to_num(calls), ~np.isnan(calls))
    lag, gain = _best_lag(calls, expected)
    own = _lasting(np.where((gain > _GAIN) & (network == 0), lag, 0))
    common = np.where(~np.isnan(calls).all(axis=2), network, 0)
    parts = [("clock shift", "its day", own), ("clock of all cells", "every cell's day", common)]
    return pd.concat([_shifted(*part, cells, days) for part in parts], ignore_index=True)


def _shifted(
    name: str, whose: str, lag: npt.NDArray[np.int64], cells: Names, days: Names
) -> pd.DataFrame:
    """A row for each cell and day with a lag; `lag`: hours late, shape (cell, day)."""
    cell, day = np.nonzero(lag)
    messages = [
        f"{whose} is {abs(h)} h {'late' if h > 0 else 'early'}: a clock or zone is off"
        for h in lag[cell, day]
    ]
    return pd.DataFrame(
        {
            "cell_id": cells[cell],
            "day_local": days[day],
            "check_name": name,
            "verdict": "unsafe",
            "message": pd.Series(messages, dtype="str"),
        }
    )


def _network_lag(calls: Floats) -> npt.NDArray[np.int64]:
    """Hours by which the days of all cells together are late, (day,).

    One hour counts as none: everybody sleeps longer on days of rest, and so many calls prove
    anything.
    """
    total = np.nansum(calls, axis=0)[None]
    lag, gain = _best_lag(total, np.broadcast_to(_usual(total)[:, None], total.shape))
    late: npt.NDArray[np.int64] = _lasting(np.where((gain > _GAIN) & (np.abs(lag) > 1), lag, 0))[0]
    return late


def _expected(calls: Floats, is_measured: npt.NDArray[np.bool_]) -> Floats:
    """Share of each day's calls in each of its hours if no clock is off, (cell, day, 24)."""
    # the median cell, so that a third of them off does not move it
    has_calls = calls.sum(axis=(1, 2)) > 0
    network = np.median(_shares(calls[has_calls]), axis=0) if has_calls.any() else _shares(calls[0])
    usual_network = np.median(network, axis=0)
    today = network / np.maximum(usual_network, 1e-9)
    own = _usual(np.where(is_measured.all(axis=2, keepdims=True), calls, 0.0))
    return _shares(own[:, None] * today)


def _usual(calls: Floats) -> Floats:
    """The middle of the days' shares by hour, (cell, 24); days without calls are left out."""
    has_calls = calls.sum(axis=2, keepdims=True) > 0
    shares = np.where(has_calls, _shares(calls), np.nan)
    # flag of shape (cell,); a cell without any calls is taken to be alike at all hours
    is_used = has_calls.any(axis=(1, 2))
    usual = np.full((calls.shape[0], _HOURS), 1 / _HOURS)
    usual[is_used] = np.nanmedian(shares[is_used], axis=1)
    return usual


def _shares(calls: Floats) -> Floats:
    """Parts of a day that sum to 1; an hour never has none, or a single call would prove all."""
    padded = calls + 0.002 * calls.sum(axis=-1, keepdims=True) + 1e-12
    shares: Floats = padded / padded.sum(axis=-1, keepdims=True)
    return shares


def _best_lag(calls: Floats, expected: Floats) -> tuple[npt.NDArray[np.int64], Floats]:
    """Hours by which each day is late, and the nats by which that beats 0; (cell, day)."""
    counts, log_shares = np.nan_to_num(calls), np.log(expected)
    lags = np.arange(-_HOURS // 2, _HOURS // 2)
    # log likelihood but for a constant, (lag, cell, day)
    fits = np.stack([(counts * np.roll(log_shares, lag, axis=2)).sum(axis=2) for lag in lags])
    best = fits.argmax(axis=0)
    gain: Floats = fits.max(axis=0) - fits[_HOURS // 2]
    return lags[best], gain


def _lasting(lag: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Lags that stand on consecutive days, others 0."""
    is_same = (lag[:, 1:] == lag[:, :-1]) & (lag[:, 1:] != 0)
    lasts = np.zeros(lag.shape, bool)
    lasts[:, 1:] |= is_same
    lasts[:, :-1] |= is_same
    return np.where(lasts, lag, 0)
