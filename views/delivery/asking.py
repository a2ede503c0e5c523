"""Rows of an audience's alerts: what its questions answer, of its part alone."""

from dataclasses import dataclass
from datetime import date
from typing import Any

import pandas as pd

from contracts.settings.audiences import Audience
from contracts.settings.sections import Settings
from ingest.alerts import HOMES, alert_of, calls
from ingest.warehouse.marts import Marts
from ingest.warehouse.questions import read_query

_SUBJECTS = {"change_id": "change", "cell_id": "cell", "site_id": "site", "hex_text": "hex"}
"""What an acknowledgement may be of, by the column that names it."""
_MUTING = ("acknowledged", "in_work", "rejected")


@dataclass(frozen=True)
class Row:
    """One row of an alert: `key` stays the same from day to day.

    `begins`: whether it is enough to speak of it; False = it only keeps open what was said before.
    `muted`: somebody is with it already.
    """

    alert: str
    key: str
    says: str
    begins: bool
    muted: bool


@dataclass(frozen=True)
class Beside:
    """What all alerts need beside their own answers: the operator's local day, and two answers."""

    today: date
    groups: pd.DataFrame
    noted: pd.DataFrame


def beside(marts: Marts, today: date) -> Beside:
    """Cells' groups, and what somebody is with, by their questions.

    `marts`: what is published. `today`: the operator's local day.
    """
    return Beside(today, marts.query("cell_groups"), marts.query("acknowledgements"))


def rows(
    marts: Marts, settings: Settings, name: str, audience: Audience, known: Beside
) -> list[Row]:
    """What one alert says of an audience's part today, in the order of its question.

    `marts`: what is published. `settings`, `name`: of the alert. `audience`: whose part. `known`:
    as of `beside`. Raises NothingFound or QuestionError where it can't be asked.
    """
    question = read_query(alert_of(settings, name).question)
    answers = [marts.query(question.name, **params)
               for params in calls(settings, name, audience, known.today)]  # fmt: skip
    parts = [of_part(answer, audience, known.groups) for answer in answers]
    return [row for part in parts for row in as_rows(part, name, question.grain, known.noted)]


def of_part(answer: pd.DataFrame, audience: Audience, groups: pd.DataFrame) -> pd.DataFrame:
    """The rows of an answer that lie in an audience's part.

    `answer`: of a question. `audience`: whose regions and generations count. `groups`: answer of
    cell_groups. Rows without a cell have all generations.
    """
    if audience.regions:
        answer = answer[_regions(answer, groups).isin(audience.regions)]
    if audience.technologies and "cell_id" in answer:
        mine = groups[groups["technology"].isin(audience.technologies)]["cell_id"]
        answer = answer[answer["cell_id"].isna() | answer["cell_id"].isin(mine)]
    return answer


def _regions(answer: pd.DataFrame, groups: pd.DataFrame) -> pd.Series:
    """The region of each row; missing where it is not known, which is no region of anybody's."""
    if "region" in answer:
        return answer["region"]
    for column in HOMES[1:]:
        if column in answer:
            homes = groups.dropna(subset=[column]).drop_duplicates(column)
            return answer[column].map(homes.set_index(column)["region"])
    return pd.Series(None, answer.index, dtype="object")


def as_rows(
    answer: pd.DataFrame, name: str, grain: tuple[str, ...], noted: pd.DataFrame
) -> list[Row]:
    """The rows of an answer as an alert has them.

    `answer`: with the columns of `grain`, and of `begins` and `says` if it has them. `name`: of the
    alert. `noted`: answer of acknowledgements.
    """
    status = noted.set_index(["subject_type", "subject_id"])["ack_status"].to_dict()
    return [
        Row(
            alert=name,
            key=" ".join(str(record[column]) for column in grain),
            says=str(record["says"] if "says" in record else _in_words(record)),
            begins=bool(record.get("begins", True)),
            muted=_is_muted(record, grain, status),
        )
        for record in answer.to_dict("records")
    ]


def _in_words(record: dict[Any, Any]) -> str:
    shown = {name: value for name, value in record.items() if name != "begins"}
    return ", ".join(f"{name} {value}" for name, value in shown.items() if not pd.isna(value))


def _is_muted(record: dict[Any, Any], grain: tuple[str, ...], status: dict[Any, Any]) -> bool:
    """Whether somebody is with the thing that the grain names, by its newest acknowledgement."""
    subjects = [(_SUBJECTS[column], record[column]) for column in grain if column in _SUBJECTS]
    if {"place_type", "place_id"} <= {*grain}:
        subjects.append((record["place_type"], record["place_id"]))
    if "region" in grain:
        subjects.append(("region", record["region"]))
    # a change that is done with stays in the data; a place that is back is news
    return any(status.get(subject) in _MUTING or (subject[0] == "change" and
               status.get(subject) == "done") for subject in subjects)  # fmt: skip
