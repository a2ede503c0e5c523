"""Who was asked and who answered: answers that count, response rates, and what weights cost."""

import numpy as np
import pandas as pd

from contracts.tables import TABLES, assemble
from ingest.privacy.release import FEWEST_CASES
from ingest.settle.repeats import superseded

WAVE = ["survey_type", "wave"]
_COUNTS = ["n_invited", "n_delivered", "n_completed", "n_answers"]


def responses(
    invites: pd.DataFrame, answers: pd.DataFrame, *, zone: str, fewest: int
) -> pd.DataFrame:
    """Table `survey_response`: of each wave and stratum who was invited, and who answered.

    `invites`: table `nps_invite`; completed answers that it does not count are those that came in.
    No counts are told of a stratum of fewer than `fewest` invited or 5 answers, nor of the next
    smallest where it is alone in its wave: the wave's total would tell of it.
    """
    if invites.empty:
        return assemble([], TABLES["survey_response"])
    found = _with_answers(invites, answers[~superseded(answers, zone=zone)])
    found["n_completed"] = found["n_completed"].fillna(found["n_answers"])
    few = (found["n_invited"] < fewest) | (found["n_completed"] < FEWEST_CASES)
    hidden = few | _beside_one(found, few)
    found[_COUNTS] = found[_COUNTS].astype(float).where(~hidden)
    return assemble(
        [found.assign(shown=np.where(hidden, "hidden", "shown"))], TABLES["survey_response"]
    )


def _with_answers(invites: pd.DataFrame, answers: pd.DataFrame) -> pd.DataFrame:
    """Invitations with the answers that came in, matched by what the invitations say of each."""
    stated = [name for name in (*WAVE, "stratum") if invites[name].notna().any()]
    counted = answers.groupby(stated, dropna=False).size().rename("n_answers").reset_index()
    found = invites[[*WAVE, "stratum", *_COUNTS[:3]]].merge(counted, "left", stated)
    pooled = "survey_type" not in stated and len(set(answers["survey_type"])) > 1
    return found.assign(n_answers=np.nan if pooled else found["n_answers"].fillna(0.0))


def _beside_one(found: pd.DataFrame, few: pd.Series) -> pd.Series:
    """The smallest other stratum of each wave of which exactly one is hidden."""
    wave = found[WAVE].fillna("").agg("|".join, axis=1)
    alone = few.groupby(wave).transform("sum") == 1
    others = found["n_invited"].where(alone & ~few)
    return others.groupby(wave).rank(method="first") == 1


def design_effect(weights: pd.Series) -> float:
    """Answers over what they are worth: n sum w^2 / (sum w)^2, after Kish 1965; 1 = all alike."""
    return float(len(weights) * (weights**2).sum() / weights.sum() ** 2)
