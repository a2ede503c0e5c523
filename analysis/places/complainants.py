"""Where and when each person first complained: rates do so by month, slopes by week."""

from collections.abc import Sequence

import pandas as pd


def first_complaints(complaints: pd.DataFrame, *, by: Sequence[str]) -> pd.DataFrame:
    """The complaint with which each person of a group began, with all its hexagons.

    So persons add up over places and times: each counts where and when he first complained.

    `complaints`: rows of table `complaint_counted`, with the columns of `by`.
    `by`: columns that name a group, for example the month and the class.
    """
    person = [*by, "person_key"]
    ordered = complaints.sort_values(["created_utc", "complaint_id"], kind="stable")
    first = ordered.drop_duplicates(person)[[*person, "complaint_id"]]
    return ordered.merge(first, on=[*person, "complaint_id"])
