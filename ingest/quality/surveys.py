"""Who was asked and who answered: response rates, and what weights cost."""

import numpy as np
import pandas as pd

from contracts.tables import TABLES, assemble
from ingest.privacy.pieces import FEWEST_CASES
from ingest.settle.repeats import superseded

WAVE = ["survey_type", "wave"]
"""Columns that name one wave of one survey."""
# answers, and ones among them, from which on a lack of zeros is no chance
_MANY, _ONES = 100, 5
_COUNTS = ["n_invited", "n_delivered", "n_completed", "n_answers"]


def responses(
    invites: pd.DataFrame, answers: pd.DataFrame, *, zone: str, fewest: int
) -> pd.DataFrame:
    """Table `survey_response`: of each wave and stratum who was invited, and who answered.

    `invites`: table `nps_invite`; where n_completed is missing, the answers that came in count.
    `answers`: table `nps`. `zone`: the operator's IANA zone. `fewest`: a stratum of fewer invited,
    or of fewer than 5 answers, shows no counts; nor does the next smallest where it is the only one
    of its wave, for the wave's total would give it away.
    """
    if invites.empty:
        return assemble([], TABLES["survey_response"])
    strata = _with_answers(invites, answers[~superseded(answers, zone=zone)])
    strata["n_completed"] = strata["n_completed"].fillna(strata["n_answers"])
    is_small = (strata["n_invited"] < fewest) | (strata["n_completed"] < FEWEST_CASES)
    is_hidden = is_small | _beside_one(strata, is_small)
    strata[_COUNTS] = strata[_COUNTS].astype(float).where(~is_hidden)
    strata["shown"] = np.where(is_hidden, "hidden", "shown")
    return assemble([strata], TABLES["survey_response"])


def _with_answers(invites: pd.DataFrame, answers: pd.DataFrame) -> pd.DataFrame:
    """Invitations with the answers that came in, matched by what the invitations say of each."""
    keys = [name for name in (*WAVE, "stratum") if invites[name].notna().any()]
    counts = answers.groupby(keys, dropna=False).size().rename("n_answers").reset_index()
    strata = invites[[*WAVE, "stratum", *_COUNTS[:3]]].merge(counts, "left", keys)
    # answers of several surveys can't be given to invitations that name none
    is_mixed = "survey_type" not in keys and len(set(answers["survey_type"])) > 1
    return strata.assign(n_answers=np.nan if is_mixed else strata["n_answers"].fillna(0.0))


def _beside_one(strata: pd.DataFrame, is_small: pd.Series) -> pd.Series:
    """The smallest other stratum of each wave of which exactly one is hidden."""
    wave = strata[WAVE].fillna("").agg("|".join, axis=1)
    is_alone = is_small.groupby(wave).transform("sum") == 1
    others = strata["n_invited"].where(is_alone & ~is_small)
    return others.groupby(wave).rank(method="first") == 1


def lacks_zero(scores: pd.Series) -> bool:
    """Whether answers seem to be on a scale of 1 to 10: some say 1, and of very many none says 0.

    `scores`: answers of one survey, 0 to 10, none missing. Where 0 can be chosen it is the
    commonest answer of those below 5.
    """
    return len(scores) >= _MANY and int((scores == 1).sum()) >= _ONES and bool(scores.min() > 0)


def design_effect(weights: pd.Series) -> float:
    """Answers over what they are worth: n sum w^2 / (sum w)^2, after Kish 1965; 1 = all alike.

    `weights`: above 0, none missing.

    >>> design_effect(pd.Series([1.0, 3.0]))
    1.25
    """
    return float(len(weights) * (weights**2).sum() / weights.sum() ** 2)
