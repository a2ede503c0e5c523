"""Weeks of places, side by side: drops, who could complain, who did, who answered.

Raw counts of persons, for the slopes of `analysis.association.slopes` alone: nothing of it is
published. Complaints and answers are those that count (`complaint_counted`, `answer_counted`), as
for the rates. Places are hexagons of one level. A week is named by its Monday and counts if all its
days are known. The places of one hexagon a level coarser are a cluster: they share cells and may
err alike.
"""

import numpy as np
import pandas as pd

from analysis.places.complainants import first_complaints
from geo import hexgrid

_WEEK = "W-SUN"
_DETRACTOR_UP_TO = 6


def drops(days: pd.DataFrame, *, level: int) -> pd.DataFrame:
    """place, cluster, week, drops and attempts, of whole weeks.

    `days`: table `hex_day`.
    `level`: H3 level of the places.
    """
    placed = days.assign(place=hexgrid.parents(days["hex_id"], level=level), day=_day(days))
    whole = placed[placed["day"].isin(_whole_weeks(placed["day"]))]
    grouped = whole.groupby(["place", _monday(whole["day"])])
    sums = grouped.agg(drops=("dropped_calls", "sum"), attempts=("call_attempts", "sum"))
    sums = sums.rename_axis(["place", "week"]).reset_index()
    return sums.assign(cluster=hexgrid.parents(sums["place"], level=max(level - 1, 0)))


def complainants(complaints: pd.DataFrame, outcome_class: str, *, level: int) -> pd.DataFrame:
    """place, week and n: persons who first complained of that class in that week.

    A person counts once a week, where and when he first complained, in parts over the footprint
    where only the cell is known. Every whole week from the first to the last complaint of any class
    is there, if only with a place that has none.

    `complaints`: rows of table `complaint_counted`.
    `outcome_class`: value of complaint_class.
    `level`: H3 level of the places, not finer than the hexagons of `complaints`.
    """
    placed = _placed(complaints, level)
    days = pd.Series(pd.date_range(placed["day"].min(), placed["day"].max()))
    placed = placed[placed["day"].isin(_whole_weeks(days))]
    of_class = placed[placed["complaint_class"] == outcome_class]
    first = first_complaints(of_class, by=["week"])
    counted = first[["place", "week"]].assign(n=first["weight"])
    none = placed.drop_duplicates("week")[["place", "week"]].assign(n=0.0)
    return pd.concat([counted, none]).groupby(["place", "week"])["n"].sum().reset_index()


def answers(counted: pd.DataFrame, *, level: int) -> pd.DataFrame:
    """place, week, answers and n, the detractors among them; of one kind of survey alone.

    Both are sums of survey weights, which are scaled to a mean of 1. The survey is that about the
    brand if there are such answers, else that about contacts: the two are never pooled.

    `counted`: rows of table `answer_counted`.
    `level`: H3 level of the places, not finer than the hexagons of `counted`.
    """
    is_brand = counted["survey_type"] == "relationship"
    placed = _placed(counted[is_brand] if is_brand.any() else counted, level)
    placed["answers"] = placed["survey_weight"] / placed["survey_weight"].mean()
    placed["n"] = placed["answers"].where(placed["score"] <= _DETRACTOR_UP_TO, 0.0)
    return placed.groupby(["place", "week"])[["n", "answers"]].sum().reset_index()


def exposure(persons: pd.DataFrame, weeks: pd.Series) -> pd.DataFrame:
    """place, week and exposure: who could complain in each week.

    By month, a week has the subscribers of the month in which its Thursday lies.

    `persons`: hex_id, period_start (first day of the month), n, and `day` where it is known by day.
    `weeks`: Mondays of the weeks wanted; needed by month alone.
    """
    if "day" in persons:
        summed = persons.groupby(["hex_id", _monday(persons["day"])])["n"].sum()
        return summed.rename("exposure").rename_axis(["place", "week"]).reset_index()
    week = pd.DataFrame({"week": weeks.unique()})
    thursday = week["week"] + pd.Timedelta(days=3)
    week["period_start"] = thursday.dt.to_period("M").dt.start_time.dt.as_unit("s")
    named = persons.rename(columns={"hex_id": "place", "n": "exposure"})
    return named.merge(week, on="period_start")[["place", "week", "exposure"]]


def coarser(persons: pd.DataFrame, *, level: int) -> pd.DataFrame:
    """The rows summed to a coarser H3 level.

    `persons`: hex_id, n and whatever else tells rows apart.
    `level`: H3 level, no finer than theirs.
    """
    on_level = persons.assign(hex_id=hexgrid.parents(persons["hex_id"], level=level))
    keys = [name for name in persons if name != "n"]
    return on_level.groupby(keys)["n"].sum().reset_index()


def _placed(events: pd.DataFrame, level: int) -> pd.DataFrame:
    """Events with a hexagon, with their place, day and week."""
    placed = events[events["hex_id"].notna()].copy()
    placed["place"] = hexgrid.parents(placed["hex_id"], level=level)
    placed["day"] = _day(placed)
    return placed.assign(week=_monday(placed["day"]))


def _day(rows: pd.DataFrame) -> pd.Series:
    return pd.to_datetime(rows["day_local"]).dt.as_unit("s")


def _monday(day: pd.Series) -> pd.Series:
    return day.dt.to_period(_WEEK).dt.start_time.dt.as_unit("s")


def _whole_weeks(day: pd.Series) -> pd.Series:
    """The days of weeks of which all seven are there."""
    days = pd.Series(np.sort(day.unique()))
    return days[days.groupby(_monday(days)).transform("size") == 7]
