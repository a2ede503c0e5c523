"""Contacts joined to complaints: who calls again about the same thing complains once."""

import pandas as pd

from ingest.clock import wall_clock


def repeats(complaints: pd.DataFrame, *, days: int, zone: str) -> pd.Series:
    """Whether each row of `complaint` repeats a former contact; what the source says of it stands.

    A contact repeats the same subscriber's former one of the same class if at most `days` local
    days lie between, whether or not that one was a repeat itself. A contact without a subscriber
    repeats none. All complaints are to be given at once; their order does not matter.
    """
    who = ["subscriber_id", "complaint_class"]
    known = complaints.dropna(subset=who)
    ordered = known.sort_values([*who, "created_utc", "complaint_id"], kind="stable")
    same = ordered[who].eq(ordered[who].shift()).all(axis=1)
    day = wall_clock(ordered["created_utc"], zone).dt.normalize()
    again = same & (day.diff() <= pd.Timedelta(days=days))
    stated = complaints["is_repeat"].astype("boolean")
    return stated.fillna(again.reindex(complaints.index, fill_value=False)).astype(bool)
