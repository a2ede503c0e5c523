"""Weeks of places, side by side: drops, who could complain, who did, who answered.

Raw counts of persons, for the slopes of `analysis.chain` alone: nothing of it is published.
Places are hexagons of one level; a week is named by its Monday and counts if it is known whole.
Those of one hexagon a level coarser are a cluster: they share cells and may err alike.
"""

import numpy as np
import pandas as pd

from geo import hexgrid
from ingest.clock import wall_clock

_WEEK = "W-SUN"
_DETRACTOR_UP_TO = 6


def drops(days: pd.DataFrame, level: int) -> pd.DataFrame:
    """place, cluster, week, drops and attempts. `days`: table `hex_day`."""
    on_level = days.assign(place=hexgrid.parents(days["hex_id"], level=level))
    on_level["day"] = pd.to_datetime(on_level["day_local"]).dt.as_unit("s")
    on_level = on_level[on_level["day"].isin(_whole_weeks(on_level["day"]))]
    grouped = on_level.groupby(["place", _monday(on_level["day"])])
    found = grouped.agg(drops=("dropped_calls", "sum"), attempts=("call_attempts", "sum"))
    found = found.rename_axis(["place", "week"]).reset_index()
    return found.assign(cluster=hexgrid.parents(found["place"], level=max(level - 1, 0)))


def complainants(complaints: pd.DataFrame, of: str, *, level: int, zone: str) -> pd.DataFrame:
    """place, week and n: persons who first complained of that class in that week.

    A person counts once a week, where and when he first complained; every whole week between the
    first and the last complaint of any class is there, if only with a place that has none.
    """
    placed = _placed(complaints, complaints["created_utc"], level, zone)
    weeks = _whole_weeks(pd.Series(pd.date_range(placed["day"].min(), placed["day"].max())))
    placed = placed[placed["day"].isin(weeks)]
    mine = placed[placed["complaint_class"] == of].sort_values(["created_utc", "complaint_id"])
    who = mine["subscriber_id"].fillna(mine["complaint_id"])
    first = mine[~pd.DataFrame({"who": who, "week": mine["week"]}).duplicated()]
    counted = first.groupby(["place", "week"]).size().rename("n").reset_index()
    none = placed.drop_duplicates("week")[["place", "week"]].assign(n=0)
    return pd.concat([counted, none]).groupby(["place", "week"])["n"].sum().reset_index()


def answers(surveys: pd.DataFrame, *, level: int, zone: str) -> pd.DataFrame:
    """place, week, answers and n, the detractors among them; of one kind of survey alone.

    About the brand if there are such answers, else about contacts: the two are never pooled.
    """
    kind = "relationship" if (surveys["survey_type"] == "relationship").any() else "transactional"
    mine = surveys[surveys["survey_type"] == kind]
    placed = _placed(mine, mine["answered_utc"], level, zone)
    placed["n"] = (placed["score"] <= _DETRACTOR_UP_TO).astype(float)
    grouped = placed.groupby(["place", "week"])["n"]
    return grouped.agg(n="sum", answers="size").reset_index()


def exposure(known: pd.DataFrame, weeks: pd.Series) -> pd.DataFrame:
    """place, week and exposure. `known`: hex_id, period_start, n, and `day` where known by day.

    By month, a week has the subscribers of the month in which its Thursday lies.
    """
    if "day" in known:
        summed = known.groupby(["hex_id", _monday(known["day"])])["n"].sum()
        return summed.rename("exposure").rename_axis(["place", "week"]).reset_index()
    week = pd.DataFrame({"week": weeks.unique()})
    thursday = week["week"] + pd.Timedelta(days=3)
    week["period_start"] = thursday.dt.to_period("M").dt.start_time.dt.as_unit("s")
    named = known.rename(columns={"hex_id": "place", "n": "exposure"})
    return named.merge(week, on="period_start")[["place", "week", "exposure"]]


def coarser(known: pd.DataFrame, level: int) -> pd.DataFrame:
    """Who is known by hexagon, by the hexagons of a coarser level."""
    on_level = known.assign(hex_id=hexgrid.parents(known["hex_id"], level=level))
    keys = [name for name in known if name != "n"]
    return on_level.groupby(keys)["n"].sum().reset_index()


def _placed(events: pd.DataFrame, utc: pd.Series, level: int, zone: str) -> pd.DataFrame:
    known = events["hex_id"].notna()
    placed = events[known].copy()
    placed["place"] = hexgrid.parents(placed["hex_id"], level=level)
    placed["day"] = wall_clock(utc[known], zone).dt.normalize().dt.as_unit("s")
    return placed.assign(week=_monday(placed["day"]))


def _monday(day: pd.Series) -> pd.Series:
    return day.dt.to_period(_WEEK).dt.start_time.dt.as_unit("s")


def _whole_weeks(day: pd.Series) -> pd.Series:
    """The days of weeks of which all seven are there."""
    days = pd.Series(np.sort(day.unique()))
    return days[days.groupby(_monday(days)).transform("size") == 7]
