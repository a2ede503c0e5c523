"""Complaint rates of hexagons, regions and the network, as they may be released.

Every figure is made on all grids of `ingest.privacy`, which says what may leave. Where a figure may
not leave, the count, the value and its interval are missing, and `shown` says why. Estimates come
after that, from what is left (`analysis.rates.estimates`).
"""

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.places.complainants import first_complaints
from analysis.rates import estimates, rate_parts
from analysis.rates.released import (
    BY,
    COLUMNS,
    METHOD_VERSION,
    as_rows,
    covered_days,
    day_of,
    days_in_month,
    month_of,
    nowhere_if_unknown,
    released,
)
from contracts.settings.sections import Privacy, Targets
from geo import hexgrid
from ingest.privacy import once, parts, release, unseen
from ingest.privacy.once import EVERYTHING, Leaving
from ingest.privacy.pieces import FEWEST_CASES

# if most complaints have no position, a place's rate would be low for want of positions
_LEAST_PLACED = 0.5
_DAY = [*BY, "day"]


def complaint_rates(complaints: pd.DataFrame, exposure: pd.DataFrame, **how: Any) -> pd.DataFrame:
    """Complainants of each class per place and month, against those who could have complained.

    `complaints`, `exposure`, `how`: as of `rates_and_parts`, of whose two answers this is the
    first.
    """
    return rates_and_parts(complaints, exposure, **how)[0]


def rates_and_parts(
    complaints: pd.DataFrame,
    exposure: pd.DataFrame,
    *,
    metric: str,
    regions: pd.Series,
    level: int,
    rule: Privacy,
    targets: Targets,
    leaving: Leaving = EVERYTHING,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Rows of `place_rate` and of `rate_part`: complainants of each class per place and month.

    A person counts once a month and class, where and when he first complained, so that counts add
    over places and days; one without a known place counts in the network alone. A place with
    exposure and no complaint has 0; months without a complaint have no row. There is no rate at all
    where fewer than half of the complaints have a position. The network and its regions also have
    rates by day, where every complaint is known to the day, and parts by type and by channel.
    `n_effective` is the number of complainants; sums of weights are rounded to whole ones.

    `complaints`: rows of table `complaint_counted`.
    `exposure`: hex_id of `level`, period_start (first day of the month), n (active subscribers, or
        call attempts), and `day` where it is known by day.
    `metric`: complaints_per_1000 (subscribers and month) or complaints_per_10k_attempts.
    `regions`: region of each hexagon of `level`, by hex_id; missing = in none.
    `level`: finest H3 level on which complaints leave.
    `rule`: thresholds of the release rule.
    `targets`: what a rate is held against.
    `leaving`: days and months that may leave, and what has left.
    """
    is_placed = complaints.drop_duplicates("complaint_id")["hex_id"].notna()
    if is_placed.empty or is_placed.mean() < _LEAST_PLACED:
        return pd.DataFrame(columns=COLUMNS), pd.DataFrame()
    rule = leaving.rule(rule)
    days = covered_days(complaints)
    blocks = _blocks(exposure, days, regions)
    first = _first_of_month(complaints, blocks, level)
    counted = _counted(blocks, complaints["complaint_class"].unique(), first)
    counted["persons"] = counted["n"] if metric == "complaints_per_1000" else np.nan
    stamped = once.stamp(METHOD_VERSION, regions, level=level, rule=rule)
    left = once.left_before(leaving.rates, metric, stamped)
    daily = None
    if not (complaints["time_grain"] == "month").any():
        daily = _daily(counted, first, days, left, leaving, crowd=rule.min_subscribers)
        counted = unseen.with_days(counted, first, daily, BY)
    monthly = _monthly(counted, left, leaving, crowd=rule.min_subscribers)
    covered = monthly["period_start"].map(days.groupby("period_start").size())
    figures = [monthly.assign(period_grain="month", months=covered / days_in_month(monthly))]
    if daily is not None:
        by_day = _day_figures(daily, blocks, exposure if "day" in exposure else None)
        days_left = left[left["period_grain"] == "day"]
        day = ["outcome_class", "period_start"]
        figures.append(once.as_left(by_day, days_left, table=day, place=release.PLACE))
    both = pd.concat([part for part in figures if len(part)] or figures, ignore_index=True)
    rates = _complaint_figures(both, metric, targets).assign(method_version=stamped)
    marks = {"metric": metric, "method_version": stamped}
    splits = rate_parts.of_counts(first, monthly, marks, leaving)
    return rates, splits


def _monthly(
    counted: pd.DataFrame, left: pd.DataFrame, leaving: Leaving, *, crowd: int
) -> pd.DataFrame:
    """How each place's closed months leave: BY, PLACE, numerator, denominator, shown."""
    closed = counted[leaving.are_closed(counted["period_start"])]
    fewest = leaving.fewest(FEWEST_CASES)
    places = release.counts(closed, BY, crowd=crowd, fewest=fewest)
    figures = places.rename(columns={"count": "numerator", "n": "denominator"})
    months_left = left[left["period_grain"] == "month"]
    return once.as_left(figures, months_left, table=BY, place=release.PLACE)


def _blocks(exposure: pd.DataFrame, days: pd.DataFrame, regions: pd.Series) -> pd.DataFrame:
    """Every hexagon with exposure and month: hex_id, period_start, n, region; and nowhere's row."""
    blocks = exposure[exposure["period_start"].isin(days["period_start"])]
    blocks = blocks.groupby(["hex_id", "period_start"])["n"].sum().reset_index()
    blocks["region"] = blocks["hex_id"].map(regions).astype("str")
    months = blocks[["period_start"]].drop_duplicates()
    nowhere = months.assign(hex_id=np.uint64(hexgrid.NO_HEX), n=0.0)
    blocks["hex_id"] = blocks["hex_id"].astype("uint64")
    return pd.concat([blocks, nowhere], ignore_index=True)


def _first_of_month(complaints: pd.DataFrame, blocks: pd.DataFrame, level: int) -> pd.DataFrame:
    """Where each person of a month and class first complained, at a known place if at any.

    One row a person and hexagon: hex_id, period_start, outcome_class, region, day, `weight`, and
    `home`, 1 in the person's likeliest hexagon and else 0; the type and channel of the complaint.
    """
    rows = complaints.assign(
        day=day_of(complaints),
        period_start=month_of(complaints),
        outcome_class=complaints["complaint_class"],
    )
    rows = nowhere_if_unknown(rows, blocks, level)
    rows = rows[rows["period_start"].isin(blocks["period_start"])]
    person = [*BY, "person_key"]
    has_place = (rows["hex_id"] != hexgrid.NO_HEX).groupby(rows["complaint_id"]).transform("any")
    placed = first_complaints(rows[has_place], by=BY)
    others = rows[~has_place].merge(placed[person].drop_duplicates(), "left", person, indicator="_")
    others = others[others["_"] == "left_only"].drop(columns="_")
    both = pd.concat([placed, first_complaints(others, by=BY)], ignore_index=True)
    kinds = [name for name in ("complaint_type", "channel") if name in both]
    keys = [*person, "day", "hex_id", *kinds]
    both[kinds] = both[kinds].fillna("unknown")
    persons_parts = both.groupby(keys)[["weight"]].sum().round(9).reset_index()
    likeliest_first = [True] * len(person) + [False, True]
    persons_parts = persons_parts.sort_values(
        [*person, "weight", "hex_id"], ascending=likeliest_first
    )
    persons_parts["home"] = (~persons_parts.duplicated(person)).astype(float)
    regions = blocks[["hex_id", "period_start", "region"]]
    return persons_parts.drop(columns="person_key").merge(regions, on=["hex_id", "period_start"])


def _counted(blocks: pd.DataFrame, classes: npt.ArrayLike, first: pd.DataFrame) -> pd.DataFrame:
    """Every hexagon, month and class with its cases, zeros too."""
    keys = ["hex_id", *BY]
    counted = blocks.merge(pd.Series(classes, name="outcome_class"), how="cross")
    counted = counted.merge(unseen.cases(first, keys), "left", keys)
    return counted.fillna(dict.fromkeys(unseen.CASES, 0.0))


# ---------------------------------------------------------------------------------------- the days


def _daily(
    counted: pd.DataFrame,
    first: pd.DataFrame,
    days: pd.DataFrame,
    left: pd.DataFrame,
    leaving: Leaving,
    *,
    crowd: int,
) -> pd.DataFrame:
    """How each day of the network and of every region leaves: as of `parts.days`, and is_named."""
    named = _named(counted, left, crowd)
    if not leaving.has_persons:
        named = named.assign(is_named=named["region"].notna(), is_barred=False)
    over = days[leaving.are_over(days["day"])]
    cells = named.merge(over, on="period_start")
    key = [*_DAY, "region"]
    cells = cells.merge(unseen.cases(first, key), "left", key)
    cells = cells.fillna(dict.fromkeys(unseen.CASES, 0.0))
    cells = _as_days_left(cells, left[left["period_grain"] == "day"])
    return parts.days(cells, BY, fewest=leaving.fewest(FEWEST_CASES)).merge(
        named[[*BY, "region", "is_named"]].dropna(), "left", [*BY, "region"]
    )


def _named(counted: pd.DataFrame, left: pd.DataFrame, crowd: int) -> pd.DataFrame:
    """Regions of each month and class, and what is outside: is_named, and is_barred.

    A region has days of its own if it had cases enough in the month before. What has left decides:
    the month before as it left, and of a month of which days have left the regions that had some.
    """
    grouped = counted.groupby([*BY, "region"], dropna=False)
    # persons who are unknown are none too few
    rows = grouped[["count", "persons"]].sum(min_count=1).reset_index()
    of_region = left[left["level"] == release.REGION]
    monthly = of_region[(of_region["period_grain"] == "month") & (of_region["shown"] == "shown")]
    key = [*BY, "region"]
    rows = rows.merge(monthly[[*key, "numerator"]], "left", key)
    before = rows[[*key]].assign(n_before=rows["numerator"].fillna(rows["count"]))
    before["n_before"] /= days_in_month(before)
    before["period_start"] += pd.offsets.MonthBegin()
    rows = rows.merge(before, "left", key)
    is_crowd = ~(rows["persons"] < crowd) & rows["region"].notna()
    is_named = is_crowd & (rows["n_before"] >= parts.NAMED_FROM)
    daily = left[left["period_grain"] == "day"]
    daily = daily.assign(period_start=_month_start(daily))
    with_days = daily[(daily["level"] == release.REGION) & (daily["shown"] == "shown")]
    has_days = unseen.is_among(rows, with_days, key)
    rows["is_named"] = np.where(unseen.is_among(rows, daily, BY), has_days, is_named)
    unnamed = rows["persons"].where(~rows["is_named"]).groupby([rows[name] for name in BY])
    rest = unnamed.transform("sum", min_count=1)
    rows["is_barred"] = ~rows["is_named"] & (rest > 0) & (rest < crowd)
    return rows[[*key, "is_named", "is_barred"]]


def _month_start(rows: pd.DataFrame) -> pd.Series:
    """First day of the month of each row's `period_start`."""
    return rows["period_start"].dt.to_period("M").dt.start_time.dt.as_unit("s")


def _as_days_left(cells: pd.DataFrame, left: pd.DataFrame) -> pd.DataFrame:
    """The cells with `before` and `count_before`; what is not named left as the network did.

    The count of all that is not named stands with what lies outside all regions.
    """
    key = [*_DAY, "region"]
    days_left = left.assign(day=left["period_start"], period_start=_month_start(left))
    days_left = days_left[[*key, "level", "shown", "numerator"]]
    of_regions = days_left[days_left["level"] == release.REGION]
    rows = cells.merge(of_regions.drop(columns="level"), "left", key)
    of_network = days_left[days_left["level"] == release.NETWORK].drop(columns=["level", "region"])
    rows = rows.merge(of_network, "left", _DAY, suffixes=("", "_network"))
    own = rows["numerator"].where(rows["is_named"])
    others = own.groupby([rows[name] for name in _DAY]).transform("sum")
    rest = (rows["numerator_network"] - others).where(rows["region"].isna(), 0.0)
    return rows.assign(
        before=rows["shown"].where(rows["is_named"], rows["shown_network"]).astype("object"),
        count_before=own.where(rows["is_named"], rest).fillna(0.0),
    )


def _day_figures(
    daily: pd.DataFrame, blocks: pd.DataFrame, n_by_day: pd.DataFrame | None
) -> pd.DataFrame:
    """Days as figures: PLACE, outcome_class, period_start (the day), shown, both counts, months."""
    n, keys = blocks, ["period_start"]
    if n_by_day is not None:
        in_regions = blocks[["hex_id", "period_start", "region"]]
        n, keys = n_by_day.merge(in_regions, on=["hex_id", "period_start"]), ["day"]
    of_network = n.groupby(keys)["n"].sum().reset_index().assign(region="")
    of_regions = n.dropna(subset=["region"]).groupby([*keys, "region"])["n"].sum().reset_index()
    both = pd.concat([of_regions, of_network])
    figures = daily.merge(both, "left", [*keys, "region"])
    return figures.assign(
        months=1 / days_in_month(figures), hex_id=np.uint64(hexgrid.NO_HEX), period_grain="day",
        period_start=figures["day"],
    ).rename(columns={"count": "numerator", "n": "denominator"})  # fmt: skip


def _complaint_figures(figures: pd.DataFrame, metric: str, targets: Targets) -> pd.DataFrame:
    figures["numerator"] = figures["n_effective"] = figures["numerator"].round()
    figures = released(figures.assign(metric=metric))
    # per 10,000 attempts, whatever the time
    per = figures["months"] / 1000 if metric == "complaints_per_1000" else 1 / 10_000
    figures["exposure"] = figures["denominator"] * per
    return as_rows(estimates.of_counts(figures, metric, targets))
