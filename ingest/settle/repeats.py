"""Which contacts and answers do not count: one complaint made again, one wave answered again."""

import pandas as pd

from ingest.clock import wall_clock


def repeats(complaints: pd.DataFrame, *, days: int, zone: str) -> pd.Series:
    """Whether each contact repeats a former one; where the source says it, that stands.

    A contact repeats the former contact of the same subscriber and class if at most `days` local
    days lie between the two. It does not matter whether the former one was a repeat itself. A
    contact without a subscriber repeats none.

    `complaints`: rows of table `complaint`, all of them at once, in any order: complaint_id,
        subscriber_id, complaint_class, created_utc, is_repeat (missing = the source does not say).
    `days`: setting `[complaints] repeat_days`.
    `zone`: the operator's zone, by which days are local.

    Returns flags with the index of `complaints`.
    """
    who = ["subscriber_id", "complaint_class"]
    contacts = complaints.dropna(subset=who)
    contacts = contacts.sort_values([*who, "created_utc", "complaint_id"], kind="stable")
    is_same = contacts[who].eq(contacts[who].shift()).all(axis=1)
    day = wall_clock(contacts["created_utc"], zone).dt.normalize()
    is_repeat = is_same & (day.diff() <= pd.Timedelta(days=days))
    stated = complaints["is_repeat"].astype("boolean")
    return stated.fillna(is_repeat.reindex(complaints.index, fill_value=False)).astype(bool)


def superseded(answers: pd.DataFrame, *, zone: str) -> pd.Series:
    """Whether a later answer of the same person, survey type and wave takes the row's place.

    An answer without a wave belongs to its local month. An answer without a person has no other
    beside it.

    `answers`: rows of table `nps`, all of them at once, in any order: response_id, subscriber_id,
        survey_type, wave, answered_utc.
    `zone`: the operator's zone, by which months are local.

    Returns flags with the index of `answers`.
    """
    ordered = answers.sort_values(["answered_utc", "response_id"])
    month = wall_clock(ordered["answered_utc"], zone).dt.strftime("%Y-%m")
    keys = pd.DataFrame({
        "person": ordered["subscriber_id"].fillna(ordered["response_id"]),
        "survey_type": ordered["survey_type"],
        "wave": ordered["wave"].fillna(month),
    })  # fmt: skip
    return keys.duplicated(keep="last").reindex(answers.index)
