"""Complaint rates of hexagons and regions, as they may be released.

Every figure is made on all grids of `ingest.privacy.release`, which says what may leave. Where a
figure may not leave, the count, the value and its interval are missing, and `shown` says why.
Estimates come after that, from what is left (`analysis.rates.estimates`).
"""

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.places.complainants import first_complaints
from analysis.rates import estimates
from analysis.rates.released import (
    BY,
    COLUMNS,
    as_rows,
    covered_days,
    day_of,
    days_in_month,
    month_of,
    on_level,
    released,
)
from contracts.settings.sections import Privacy, Targets
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
    rule: Privacy,
    targets: Targets,
) -> pd.DataFrame:
    """Complainants of each class per place and month, against those who could have complained.

    A person counts once a month and class, where and when he first complained, so that counts add
    over places and days. A place with exposure and no complaint has 0; months without a complaint
    have no row. There is no rate at all where fewer than half of the complaints have a position.
    Regions also have rates by day, where every complaint is known to the day. `n_effective` is the
    number of complainants; sums of weights are rounded to whole ones.

    `complaints`: rows of table `complaint_counted`.
    `exposure`: hex_id of `level`, period_start (first day of the month), n (active subscribers, or
        call attempts), and `day` where it is known by day.
    `metric`: complaints_per_1000 (subscribers and month) or complaints_per_10k_attempts.
    `regions`: region of each hexagon of `level`, by hex_id; missing = in none.
    `level`: finest H3 level on which complaints leave.
    `rule`: thresholds of the release rule.
    `targets`: what a rate is held against.
    """
    is_placed = complaints.drop_duplicates("complaint_id")["hex_id"].notna()
    if is_placed.empty or is_placed.mean() < _LEAST_PLACED:
        return pd.DataFrame(columns=COLUMNS)
    days = covered_days(complaints)
    blocks = exposure[exposure["period_start"].isin(days["period_start"])]
    blocks = blocks.groupby(["hex_id", "period_start"])["n"].sum().reset_index()
    blocks["region"] = blocks["hex_id"].map(regions).astype("str")
    first = _first_of_month(complaints, level).merge(blocks.drop(columns="n"))
    counted = _counted(blocks, complaints["complaint_class"].unique(), first)
    counted["persons"] = counted["n"] if metric == "complaints_per_1000" else np.nan
    places = release.counts(counted, BY, crowd=rule.min_subscribers)
    months = places["period_start"].map(days.groupby("period_start").size())
    figures = [places.assign(period_grain="month", months=months / days_in_month(places))]
    if not (complaints["time_grain"] == "month").any():
        n_by_day = exposure.merge(blocks.drop(columns="n")) if "day" in exposure else None
        figures.append(_region_days(places, first, days, n_by_day))
    return _complaint_figures(pd.concat(figures, ignore_index=True), metric, targets)


def _first_of_month(complaints: pd.DataFrame, level: int) -> pd.DataFrame:
    """Where each person of a month and class first complained.

    One row a person and hexagon: hex_id, period_start, outcome_class, day, `weight`, and `home`, 1
    in the person's likeliest hexagon and else 0.
    """
    placed = on_level(complaints, level)
    placed = placed.assign(
        day=day_of(placed), period_start=month_of(placed), outcome_class=placed["complaint_class"]
    )
    person = [*BY, "person_key"]
    parts = first_complaints(placed, by=BY).groupby([*person, "day", "hex_id"])[["weight"]].sum()
    parts = parts.round(9).reset_index()
    likeliest_first = [True] * len(person) + [False, True]
    parts = parts.sort_values([*person, "weight", "hex_id"], ascending=likeliest_first)
    parts["home"] = (~parts.duplicated(person)).astype(float)
    return parts.drop(columns="person_key")


def _cases(first: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    """What `release.counts` needs: how many complain, how many are touched, how many at home."""
    grouped = first.groupby(keys)
    cases = grouped.agg(count=("weight", "sum"), homes=("home", "sum"), touched=("home", "size"))
    return cases.astype(float).round(9).reset_index()


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


def _complaint_figures(figures: pd.DataFrame, metric: str, targets: Targets) -> pd.DataFrame:
    figures["numerator"] = figures["n_effective"] = figures["count"].round()
    figures = released(figures.rename(columns={"n": "denominator"}).assign(metric=metric))
    # per 10,000 attempts, whatever the time
    per = figures["months"] / 1000 if metric == "complaints_per_1000" else 1 / 10_000
    figures["exposure"] = figures["denominator"] * per
    return as_rows(estimates.of_counts(figures, metric, targets))
