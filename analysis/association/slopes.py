"""How many complainants and detractors does one dropped call make?

One coefficient for the whole network and each outcome, until associations are looked at place by
place: provisional, and it says so. Counts of a place and week are held against the drops there in
that week and before, with a level of its own for each place and each week, so that only what moved
with a place's drops counts:

    E[n] = exposure (place + week) + b0 drops + b1 drops of the week before + ...

by least squares on rates, weighted as counts would be; what is told is b0 + b1 + ..., with errors
clustered. It speaks of places, not of persons. Complaints that no network causes are the control:
where they go with drops too, the coefficient may be nothing at all (METHODS 6 and 8).
"""

import zlib
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.arrays import Floats
from analysis.association.per_drop import PerDrop, Slopes
from analysis.uncertainty.draws import N_DRAWS, SEED

METHOD_VERSION = "pooled-1"
PROVISIONAL = "provisional: one coefficient for the whole network"
MIN_WEEKS, MIN_PLACES, MIN_CASES = 5, 10, 100
Z90 = 1.6449
_SWEEPS = 60

Labels = npt.NDArray[np.intp]


class Slope(NamedTuple):
    """Cases for one drop more, with its cluster-robust standard error; NaN and why = not known."""

    value: float
    se: float
    n_places: int
    why: str = ""

    @property
    def interval(self) -> tuple[float, float]:
        """Ends of the 90 % interval."""
        return self.value - Z90 * self.se, self.value + Z90 * self.se

    @property
    def responds(self) -> bool:
        """Whether it is surely above nothing."""
        return bool(self.interval[0] > 0)


CONTROL = "account"
"""Class of complaints that no drop makes."""

UNKNOWN = Slope(np.nan, np.nan, 0, "not known")


def slope(panel: pd.DataFrame, lags: Sequence[str]) -> Slope:
    """The pooled slope of one outcome on drops, the columns `lags`, which count together.

    `panel`: one row a place and week, with place, cluster, week, n (cases), exposure (who could
    have been one) and the lags.
    """
    panel = panel[panel["exposure"] > 0]
    n_weeks, n_places = panel["week"].nunique(), panel["place"].nunique()
    cases = panel["n"].sum()
    if n_weeks < MIN_WEEKS or n_places < MIN_PLACES or cases < MIN_CASES:
        told = f"{cases:.0f} cases in {n_places} places and {n_weeks} weeks"
        needed = f"{MIN_CASES}, {MIN_PLACES} and {MIN_WEEKS} are needed"
        return UNKNOWN._replace(why=f"{told}; {needed}")
    return Slope(*_fitted(panel, list(lags)), n_places)


def _fitted(panel: pd.DataFrame, lags: list[str]) -> tuple[float, float]:
    """Sum of the lags' slopes, and its standard error by clusters (Liang and Zeger 1986)."""
    place, week, cluster = (pd.factorize(panel[c])[0] for c in ("place", "week", "cluster"))
    exposure = panel["exposure"].to_numpy(float)
    y, x = panel["n"].to_numpy(float) / exposure, panel[lags].to_numpy(float) / exposure[:, None]
    # a count's variance goes with its mean: half of it as the place's usual drops do, half even
    usual = np.bincount(place, panel[lags[0]]) / np.bincount(place, exposure)
    weight = exposure / (0.5 + 0.5 * usual[place] * exposure.sum() / panel[lags[0]].sum())
    own = _within(np.column_stack([y, x]), weight, place, week)
    bread = np.linalg.pinv(own[:, 1:].T @ (weight[:, None] * own[:, 1:]))
    beta = bread @ (own[:, 1:].T @ (weight * own[:, 0]))
    residual = own[:, 0] - own[:, 1:] @ beta
    n = cluster.max() + 1
    score = np.zeros((n, len(lags)))
    np.add.at(score, cluster, own[:, 1:] * (weight * residual)[:, None])
    variance = (bread @ (score.T @ score) @ bread).sum() * n / max(n - 1, 1)
    return float(beta.sum()), float(np.sqrt(variance))


def _within(values: Floats, weight: Floats, place: Labels, week: Labels) -> Floats:
    """The values less their weighted means by place and by week, in turn until both are gone."""
    left = values.copy()
    for _ in range(_SWEEPS):
        for group in (place, week):
            total = np.bincount(group, weight)
            for k in range(left.shape[1]):
                left[:, k] -= (np.bincount(group, weight * left[:, k]) / total)[group]
    return left


def per_drop(of: str, found: Slope, control: Slope | None = None) -> PerDrop:
    """What follows from a slope.

    A call that does not drop makes nobody complain: what is below 0 is 0. Where the control
    responds too, any part of the slope may be owed to what moves both, down to all of it.
    """
    rng = np.random.default_rng([SEED, zlib.crc32(of.encode())])
    expected = np.maximum(found.value, 0.0)
    draws = np.maximum(found.value + found.se * rng.normal(size=N_DRAWS), 0.0)
    if control is not None and control.responds:
        owed = np.maximum(rng.uniform(-0.25, 1.0, N_DRAWS), 0.0)
        expected, draws = expected * owed.mean(), draws * owed
    return PerDrop(float(expected), draws)


def per_drops(associations: pd.DataFrame, revenue: float) -> Slopes:
    """What one drop less avoids, by the name of the column that it fills.

    `associations`: table association; without rows nothing follows. `revenue`: value at stake with
    each detractor, a month; NaN = not known.
    """
    if associations.empty:
        return {}
    slope = {
        str(row["outcome_class"]): Slope(row["coefficient"], row["coefficient_se"], 0)
        for row in associations.to_dict("records")
    }
    complainants = per_drop("complainants", slope["network"], slope[CONTROL])
    # surveys have no control of their own: what moves complaints of bills may move opinions
    detractors = per_drop("detractors", slope["detractors"], slope[CONTROL])
    return {
        "complainants_avoided": complainants,
        "detractors_avoided": detractors,
        "value_month": detractors._replace(worth=revenue),
    }


# --- the panels -------------------------------------------------------------------------------


def complainants(cases: pd.DataFrame, exposure: pd.DataFrame, drops: pd.DataFrame) -> Slope:
    """Complainants for one drop more, in its week or the two after.

    `cases`: place, week, n; a place without any has 0 in the weeks that have some. `exposure`:
    place, week, exposure. `drops`: place, cluster, week (its Monday) and drops, of whole weeks.
    """
    lagged = drops
    for lag in (1, 2):
        lagged = lagged.merge(_later(drops, lag), on=["place", "week"])
    whole = lagged[lagged["week"].isin(cases["week"])].merge(exposure, on=["place", "week"])
    return slope(_counted(whole, cases), ["drops", "drops_1", "drops_2"])


def detractors(answers: pd.DataFrame, exposure: pd.DataFrame, drops: pd.DataFrame) -> Slope:
    """Subscribers more who would answer 0 to 6, for one drop more in four weeks.

    `answers`: place, week, n (detractors) and answers; the others as of `complainants`, with
    subscribers as exposure, and attempts beside drops. What a subscriber felt is the place's drop
    rate of the four weeks that end with the answer's, at the calls that one makes on average: where
    calls are made is not quite where people live.
    """
    felt = drops
    for lag in (1, 2, 3):
        felt = felt.merge(_later(drops, lag), on=["place", "week"])
    people = exposure[exposure["week"].isin(drops["week"])]["exposure"].sum()
    calls = 4 * drops["attempts"].sum() / people if people > 0 else np.nan
    dropped, tried = (
        felt[[name, *(f"{name}_{lag}" for lag in (1, 2, 3))]].sum(axis=1)
        for name in ("drops", "attempts")
    )
    asked = felt.assign(felt=calls * dropped / tried.where(tried > 0))
    each = asked.dropna(subset=["felt"]).merge(answers, on=["place", "week"])
    # as if the answers were all there are
    return slope(
        each.assign(drops=each["felt"] * each["answers"], exposure=each["answers"]), ["drops"]
    )


def _later(drops: pd.DataFrame, lag: int) -> pd.DataFrame:
    """Drops and attempts of so many weeks before, under the week that feels them."""
    week = drops["week"] + pd.Timedelta(weeks=lag)
    names = {name: f"{name}_{lag}" for name in ("drops", "attempts")}
    return drops[["place", *names]].rename(columns=names).assign(week=week)


def _counted(whole: pd.DataFrame, cases: pd.DataFrame) -> pd.DataFrame:
    keys = ["place", "week"]
    return whole.merge(cases[[*keys, "n"]], "left", keys).fillna({"n": 0.0})
