"""How many complainants and detractors does one dropped call make?

One coefficient for the whole network and each outcome, until associations are looked at place by
place: provisional, and it says so. Counts of a place and week are compared with the drops there in
that week and before. Each place and each week has a term of its own, so that only what moved with a
place's drops counts:

    E[n] = exposure (place + week) + b0 drops + b1 drops of the week before + ...

It is fitted by least squares on rates, weighted as counts would be. The coefficient is
b0 + b1 + ..., with errors clustered. It speaks of places, not of persons. Complaints that no
network causes are the control: where they go with drops too, the coefficient may be nothing at all.
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

METHOD_VERSION = "pooled-2"
PROVISIONAL = "provisional: one coefficient for the whole network"
MIN_WEEKS, MIN_PLACES, MIN_CASES = 5, 10, 100
Z90 = 1.6449
_SWEEPS = 60
_PLACE_WEEK = ["place", "week"]

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
    """The pooled slope of one outcome on drops; not known, and why, where the panel is too small.

    `panel`: one row a place and week: place, cluster, week, n (cases), exposure (who could have
        been a case) and the columns of `lags`.
    `lags`: columns of drops, of the week and of weeks before; their slopes are added.
    """
    panel = panel[panel["exposure"] > 0]
    n_weeks, n_places = panel["week"].nunique(), panel["place"].nunique()
    cases = panel["n"].sum()
    if n_weeks < MIN_WEEKS or n_places < MIN_PLACES or cases < MIN_CASES:
        counted = f"{cases:.0f} cases in {n_places} places and {n_weeks} weeks"
        needed = f"{MIN_CASES}, {MIN_PLACES} and {MIN_WEEKS} are needed"
        return UNKNOWN._replace(why=f"{counted}; {needed}")
    return Slope(*_fitted(panel, list(lags)), n_places)


def _fitted(panel: pd.DataFrame, lags: list[str]) -> tuple[float, float]:
    """Sum of the lags' slopes, and its standard error by clusters (Liang and Zeger 1986)."""
    place, week, cluster = (pd.factorize(panel[c])[0] for c in ("place", "week", "cluster"))
    exposure = panel["exposure"].to_numpy(float)
    weight = _weights(panel[lags[0]].to_numpy(float), exposure, place)
    # rates of cases (row,) and of drops (row, lag)
    y = panel["n"].to_numpy(float) / exposure
    x = panel[lags].to_numpy(float) / exposure[:, None]
    within = _within(np.column_stack([y, x]), weight, place, week)
    y, x = within[:, 0], within[:, 1:]
    bread = np.linalg.pinv(x.T @ (weight[:, None] * x))
    beta = bread @ (x.T @ (weight * y))
    residual = y - x @ beta
    n_clusters = cluster.max() + 1
    score = np.zeros((n_clusters, len(lags)))
    np.add.at(score, cluster, x * (weight * residual)[:, None])
    # of a sum of slopes: all entries of the covariance together
    variance = (bread @ (score.T @ score) @ bread).sum() * n_clusters / max(n_clusters - 1, 1)
    return float(beta.sum()), float(np.sqrt(variance))


def _weights(drops: Floats, exposure: Floats, place: Labels) -> Floats:
    """Weight of each row of a panel, (row,): one over the variance of its rate, up to a factor.

    A count's variance goes with its mean. Half of the mean is taken to be alike everywhere, half
    to go with the place's usual drops.
    """
    usual = np.bincount(place, drops) / np.bincount(place, exposure)
    relative = usual * exposure.sum() / drops.sum()
    return exposure / (0.5 + 0.5 * relative[place])


def _within(values: Floats, weight: Floats, place: Labels, week: Labels) -> Floats:
    """The values less their weighted means by place and by week, in turn until both are gone.

    `values`: (row, column). `weight`, `place`, `week`: (row,).
    """
    left = values.copy()
    for _ in range(_SWEEPS):
        for group in (place, week):
            total = np.bincount(group, weight)
            for k in range(left.shape[1]):
                left[:, k] -= (np.bincount(group, weight * left[:, k]) / total)[group]
    return left


def per_drop(outcome: str, slope: Slope, control: Slope | None = None) -> PerDrop:
    """Persons that one drop less avoids, by a slope and the control's; NaN where not known.

    A call that does not drop makes nobody complain: what is below 0 is 0. Where the control
    responds too, any part of the slope may be due to what moves both, down to all of it.

    `outcome`: name of what the slope is of; it seeds the draws.
    `slope`: cases for one drop more; NaN = not known.
    `control`: that of complaints that no drop makes; None = the outcome has none.
    """
    rng = np.random.default_rng([SEED, zlib.crc32(outcome.encode())])
    expected = np.maximum(slope.value, 0.0)
    draws = np.maximum(slope.value + slope.se * rng.normal(size=N_DRAWS), 0.0)
    if control is not None and control.responds:
        # in a fifth of the draws nothing is due to drops, in the others any share of the slope
        due = np.maximum(rng.uniform(-0.25, 1.0, N_DRAWS), 0.0)
        expected, draws = expected * due.mean(), draws * due
    return PerDrop(float(expected), draws)


def per_drops(associations: pd.DataFrame, revenue: float) -> Slopes:
    """What one drop less avoids, by the name of the column that it fills.

    `associations`: table `association`; without rows nothing follows.
    `revenue`: value at stake with each detractor, a month; NaN = not known.
    """
    if associations.empty:
        return {}
    associations = associations[associations["kpi"] == "dropped_calls"]
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

    `cases`: place, week, n; a place without a row has 0 in the weeks that have some.
    `exposure`: place, week, exposure (who could complain).
    `drops`: place, cluster, week (its Monday), drops and attempts, of whole weeks.
    """
    lagged = _with_weeks_before(drops, 2)
    panel = lagged[lagged["week"].isin(cases["week"])].merge(exposure, on=_PLACE_WEEK)
    panel = panel.merge(cases[[*_PLACE_WEEK, "n"]], "left", _PLACE_WEEK).fillna({"n": 0.0})
    return slope(panel, ["drops", "drops_1", "drops_2"])


def detractors(answers: pd.DataFrame, exposure: pd.DataFrame, drops: pd.DataFrame) -> Slope:
    """Subscribers more who would answer 0 to 6, for one drop more in four weeks.

    What a subscriber felt is the place's drop rate of the four weeks that end with the answer's,
    times the calls that a subscriber makes in four weeks on average. The place's own calls are not
    used: where calls are made is not quite where people live.

    `answers`: place, week, answers and n (the detractors among them).
    `exposure`: place, week, exposure (subscribers).
    `drops`: place, cluster, week (its Monday), drops and attempts, of whole weeks.
    """
    lagged = _with_weeks_before(drops, 3)
    dropped, attempted = (
        lagged[[name, *(f"{name}_{lag}" for lag in (1, 2, 3))]].sum(axis=1)
        for name in ("drops", "attempts")
    )
    drop_rate = dropped / attempted.where(attempted > 0)
    felt = lagged.assign(felt=drop_rate * _calls_in_four_weeks(drops, exposure))
    panel = felt.dropna(subset=["felt"]).merge(answers, on=_PLACE_WEEK)
    # n is counted among the answers, so the drops must be those that the answering felt
    panel = panel.assign(drops=panel["felt"] * panel["answers"], exposure=panel["answers"])
    return slope(panel, ["drops"])


def _calls_in_four_weeks(drops: pd.DataFrame, exposure: pd.DataFrame) -> float:
    """Calls of one subscriber in four weeks, the network's mean; NaN without subscribers."""
    in_weeks = exposure[exposure["week"].isin(drops["week"])]
    subscriber_weeks = in_weeks["exposure"].sum()
    return 4 * drops["attempts"].sum() / subscriber_weeks if subscriber_weeks > 0 else np.nan


def _with_weeks_before(drops: pd.DataFrame, n_weeks: int) -> pd.DataFrame:
    """Drops and attempts of each week beside those of so many weeks before: drops_1, drops_2, ...

    Only weeks of which all those before are known.
    """
    lagged = drops
    for lag in range(1, n_weeks + 1):
        names = {name: f"{name}_{lag}" for name in ("drops", "attempts")}
        earlier = drops[["place", *names]].rename(columns=names)
        earlier["week"] = drops["week"] + pd.Timedelta(weeks=lag)
        lagged = lagged.merge(earlier, on=_PLACE_WEEK)
    return lagged
