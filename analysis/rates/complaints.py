"""Complaint rates, NPS and crowd reports of hexagons and regions, as they may be released.

Every figure is made on all grids of `ingest.release`, which says what may leave. Where it may not,
the count, the value and its interval are missing, and `shown` says why. Estimates of complaint
rates and NPS come after that, from what is left (`analysis.estimates`).
"""

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.rates import estimates
from analysis.rates.released import (
    BY,
    COLUMNS,
    as_rows,
    covered_days,
    days_in_month,
    placed_rows,
    released,
)
from contracts.settings.sections import Privacy, Targets
from ingest.clock import wall_clock
from ingest.privacy import release

# if most complaints have no position, a place's rate would be low for want of positions
_LEAST_PLACED = 0.5
_CASES = ["count", "homes", "touched"]


def complaint_rates(
    complaints: pd.DataFrame,
    exposure: pd.DataFrame,
    *,
    metric: str,
    regions: pd.Series,
    level: int,
    zone: str,
    rule: Privacy,
    targets: Targets,
) -> pd.DataFrame:
    """Complainants of each class per place and month, against those who could have complained.

    `complaints`: optionally with `weight`: a complaint known only by its cell has a row in every
    hexagon of the footprint, and its weights sum to 1. `exposure`: hex_id of `level`, period_start,
    n (active subscribers, or call attempts), and `day` where it is known by day. `regions`: region
    of each hexagon of `level`. Regions also by day, where every complaint is known to the day.

    A person counts once a month and class, where and when he first complained, so that counts add
    over places and days; a complaint without a person counts as one. A place with exposure and no
    complaint has 0; months without a complaint file have no row. No rate at all where fewer than
    half of the complaints have a position. `n_effective` is the number of complainants; sums of
    weights are told to the nearest whole one.
    """
    complaints = _with_weights(complaints)
    placed = complaints.drop_duplicates("complaint_id")["hex_id"].notna()
    if placed.empty or placed.mean() < _LEAST_PLACED:
        return pd.DataFrame(columns=COLUMNS)
    days = covered_days(complaints["created_utc"], zone)
    blocks = exposure[exposure["period_start"].isin(days["period_start"])]
    blocks = blocks.groupby(["hex_id", "period_start"])["n"].sum().reset_index()
    blocks["region"] = blocks["hex_id"].map(regions).astype("str")
    first = _first_complaints(complaints, level, zone).merge(blocks.drop(columns="n"))
    counted = _counted(blocks, complaints["complaint_class"].unique(), first)
    counted["persons"] = counted["n"] if metric == "complaints_per_1000" else np.nan
    places = release.counts(counted, BY, crowd=rule.min_subscribers)
    months = places["period_start"].map(days.groupby("period_start").size())
    found = [places.assign(period_grain="month", months=months / days_in_month(places))]
    if not (complaints["time_grain"] == "month").any():
        n_by_day = exposure.merge(blocks.drop(columns="n")) if "day" in exposure else None
        found.append(_region_days(places, first, days, n_by_day))
    return _complaint_figures(pd.concat(found, ignore_index=True), metric, targets)


def _with_weights(complaints: pd.DataFrame) -> pd.DataFrame:
    return complaints if "weight" in complaints else complaints.assign(weight=1.0)


def _first_complaints(complaints: pd.DataFrame, level: int, zone: str) -> pd.DataFrame:
    """Where each person of a month and class first complained.

    One row a person and hexagon: hex_id, period_start, outcome_class, day, `weight`, and `home`, 1
    in the person's likeliest hexagon and else 0.
    """
    placed = placed_rows(complaints, level, complaints["created_utc"], zone)
    placed["day"] = wall_clock(placed["created_utc"], zone).dt.normalize().dt.as_unit("s")
    placed["who"] = placed["subscriber_id"].fillna(placed["complaint_id"])
    placed["outcome_class"] = placed["complaint_class"]
    ordered = placed.sort_values(["created_utc", "complaint_id"])
    person = [*BY, "who"]
    first = ordered.drop_duplicates(person)[[*person, "complaint_id"]]
    kept = ordered.merge(first, on=[*person, "complaint_id"])
    at = kept.groupby([*person, "day", "hex_id"])["weight"].sum().round(9).reset_index()
    at = at.sort_values([*person, "weight", "hex_id"], ascending=[True] * 3 + [False, True])
    return at.assign(home=(~at.duplicated(person)).astype(float)).drop(columns="who")


def _cases(first: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    """What `release.counts` wants to know: count, and the persons touched and at home."""
    grouped = first.groupby(keys)
    found = grouped.agg(count=("weight", "sum"), homes=("home", "sum"), touched=("home", "size"))
    return found.astype(float).round(9).reset_index()


def _counted(blocks: pd.DataFrame, classes: npt.ArrayLike, first: pd.DataFrame) -> pd.DataFrame:
    """Every hexagon, month and class with its cases, zeros too."""
    keys = ["hex_id", *BY]
    counted = blocks.merge(pd.Series(classes, name="outcome_class"), how="cross")
    counted = counted.merge(_cases(first, keys), "left", keys)
    return counted.fillna(dict.fromkeys(_CASES, 0.0))


def _region_days(
    places: pd.DataFrame, first: pd.DataFrame, days: pd.DataFrame, n_by_day: pd.DataFrame | None
) -> pd.DataFrame:
    """Every region's covered days: as `places`, with the day as period_start."""
    month, keys = ["region", *BY], ["region", "outcome_class", "day"]
    daily = places[places["level"] == release.REGION].rename(columns={"shown": "month_shown"})
    daily = daily.drop(columns="count").merge(days, on="period_start")
    daily = daily.merge(_cases(first, keys), "left", keys).fillna(dict.fromkeys(_CASES, 0.0))
    daily["shown"] = release.days(daily, month)
    if n_by_day is not None:
        n = n_by_day.groupby(["region", "day"])["n"].sum().reset_index()
        daily = daily.drop(columns="n").merge(n, "left", ["region", "day"])
    daily["months"] = 1 / days_in_month(daily)
    return daily.assign(period_grain="day", period_start=daily["day"])


def _complaint_figures(found: pd.DataFrame, metric: str, targets: Targets) -> pd.DataFrame:
    found["numerator"] = found["n_effective"] = found["count"].round()
    found = released(found.rename(columns={"n": "denominator"}).assign(metric=metric))
    # per 10,000 attempts, whatever the time
    per = found["months"] / 1000 if metric == "complaints_per_1000" else 1 / 10_000
    found["exposure"] = found["denominator"] * per
    return as_rows(estimates.of_counts(found, metric, targets))
