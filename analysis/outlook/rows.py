"""The rows of table `capacity_outlook`: what is foreseen of each place, in months."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.arrays import Flags, Floats
from analysis.outlook import growth
from analysis.outlook.crossing import (
    MONTHS_A_WEEK,
    N_DRAWS,
    Crossing,
    Limit,
    crossing_of,
    quantile,
)
from analysis.outlook.weeks import weekly

METHOD_VERSION = "drift-1"
SOON_MONTHS, SOON_P = 6, 0.45
"""Full soon is a cell that is full within these months with at least this probability."""
_DAYS_A_MONTH = 365.25 / 12
_CHUNK = 64
"""Cells that are looked at together, to bound memory."""


@dataclass(frozen=True)
class Asked:
    """Places of one kind, and the limit that each is held against."""

    place_type: str
    limit_kind: str
    place_ids: npt.NDArray[np.object_]
    daily: Floats
    """What is to meet the limit from below, above 0, NaN = not known; (place, day)."""
    rest_day: Flags
    """Weekend or public holiday, (place, day)."""
    limit: Limit
    """NaN = the place has none."""
    no_limit_reason: npt.NDArray[np.object_]
    """Why a place has no limit, (place,)."""
    unsafe_reason: npt.NDArray[np.object_]
    """Why its figures can't be trusted, None = they can; (place,)."""

    def rows(self, places: slice) -> "Asked":
        """Some of the places; `places`: which."""
        limit = Limit(self.limit.value[places], self.limit.low[places], self.limit.high[places])
        return replace(
            self,
            place_ids=self.place_ids[places],
            daily=self.daily[places],
            rest_day=self.rest_day[places],
            limit=limit,
            no_limit_reason=self.no_limit_reason[places],
            unsafe_reason=self.unsafe_reason[places],
        )


def outlook_of(asked: Asked, newest_day: pd.Timestamp) -> pd.DataFrame:
    """Rows of `capacity_outlook`, one a place, without `run_id`.

    `asked`: places and limits; of kind throughput its daily values and limits are 1 / Mbps.
    `newest_day`: last day of the daily values. A place with fewer than 13 known weeks, or without a
    limit, has no month and a reason.
    """
    load = growth.without_odd_weeks(_log(weekly(asked.daily, asked.rest_day)))
    prior = growth.prior_of(load)
    parts = [
        _chunk(asked.rows(places), load[places], prior)
        for start in range(0, len(load), _CHUNK)
        for places in [slice(start, start + _CHUNK)]
    ]
    rows = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()
    if rows.empty:
        return rows
    days = pd.to_timedelta((rows["months_to_full"] * _DAYS_A_MONTH).round(), unit="D")
    return rows.assign(
        place_type=asked.place_type,
        limit_kind=asked.limit_kind,
        full_on=newest_day.normalize() + days,
        method_version=METHOD_VERSION,
    )


def _log(load: Floats) -> Floats:
    return np.log(np.where(load > 0, load, np.nan))


def _chunk(asked: Asked, load: Floats, prior: growth.Prior) -> pd.DataFrame:
    """Rows of some places; what is not known is missing."""
    n_weeks = np.isfinite(load).sum(axis=1)
    has_growth = n_weeks >= growth.LEAST_WEEKS
    has_limit = np.isfinite(asked.limit.value)
    posterior = growth.fit(load, prior)
    # a limit that nobody has is met by no draw that counts
    drawn = crossing_of(posterior, _filled(asked.limit))
    has_season = growth.span_weeks(load) >= growth.SEASON_WEEKS
    of_growth = _growth(drawn)
    of_growth["season_peak_pct"] = np.where(has_season, 100 * np.expm1(drawn.season), np.nan)
    load_now = np.exp(drawn.now)
    limit_value = asked.limit.value
    if asked.limit_kind == "throughput":
        load_now, limit_value = 1 / load_now, 1 / limit_value
    columns = {
        "place_id": asked.place_ids,
        "limit_value": limit_value,
        "n_weeks": n_weeks,
        "load_now": np.where(has_growth, load_now, np.nan),
        **{name: np.where(has_growth, values, np.nan) for name, values in of_growth.items()},
        **_months(drawn.weeks, has_growth & has_limit),
        "no_month_reason": _reasons(n_weeks, asked.no_limit_reason, has_limit),
        "unsafe_reason": asked.unsafe_reason,
    }
    return pd.DataFrame(columns)


def _filled(limit: Limit) -> Limit:
    """The limits, 1 where there is none."""
    return Limit(*(np.where(np.isfinite(x), x, 1.0) for x in (limit.value, limit.low, limit.high)))


def _growth(drawn: Crossing) -> dict[str, Floats]:
    """Columns growth_year_pct and its interval."""
    ends = (("", 0.5), ("_lo", 0.05), ("_hi", 0.95))
    return {
        f"growth_year_pct{end}": 100 * np.expm1(quantile(drawn.growth, share))
        for end, share in ends
    }


def _months(weeks: Floats, is_known: Flags) -> Mapping[str, Any]:
    """Columns months_to_full, its interval, p_full_6_months and outlook.

    `weeks`: of each draw until it is full, (place, draw). `is_known`: of each place.
    """
    months = weeks * MONTHS_A_WEEK
    low, middle, high = (quantile(months, share) for share in (0.05, 0.5, 0.95))
    p_soon = (months <= SOON_MONTHS).sum(axis=1) / N_DRAWS
    kinds = [~is_known, middle == 0, p_soon >= SOON_P, np.isfinite(middle)]
    names = ["unknown", "full", "within_6", "within_24"]
    return {
        **{
            name: np.where(is_known & np.isfinite(value), value, np.nan)
            for name, value in (
                ("months_to_full", middle),
                ("months_to_full_lo", low),
                ("months_to_full_hi", high),
            )
        },
        "p_full_6_months": np.where(is_known, p_soon, np.nan),
        "outlook": np.select(kinds, names, "not_within_24"),
    }


def _reasons(
    n_weeks: npt.NDArray[np.intp], no_limit: npt.NDArray[np.object_], has_limit: Flags
) -> list[str | None]:
    """Why each place has no month; None = it has, or is not full within two years."""
    reasons: list[str | None] = []
    for n, why, has in zip(n_weeks, no_limit, has_limit, strict=True):
        few = f"{n} weeks are known, {growth.LEAST_WEEKS} are needed"
        reasons.append(str(why) if not has else few if n < growth.LEAST_WEEKS else None)
    return reasons
