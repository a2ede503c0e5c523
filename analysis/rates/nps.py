"""NPS of places, with its interval and the shares that make it."""

import numpy as np
import pandas as pd

from analysis.rates import estimates
from analysis.rates.call_reports import witnesses
from analysis.rates.released import (
    BY,
    COLUMNS,
    PLACE_MONTH,
    as_rows,
    covered_days,
    month_of,
    on_level,
    released,
)
from contracts.settings.sections import Privacy, Targets
from ingest.privacy import release

_PROMOTER_FROM, _DETRACTOR_UP_TO = 9, 6


def nps(
    answers: pd.DataFrame, *, regions: pd.Series, level: int, rule: Privacy, targets: Targets
) -> pd.DataFrame:
    """Net promoter score per place, month and survey type, in points with a 90 % interval.

    Survey weights enter through Kish's effective n, which is `n_effective`, as if all answers of
    one person in a month were one. `denominator` is the number of answers.

    `answers`: rows of table `answer_counted`.
    `regions`: region of each hexagon of `level`, by hex_id; missing = in none.
    `level`: finest H3 level on which answers leave.
    `rule`: thresholds of the release rule.
    `targets`: what a score is held against.
    """
    placed = on_level(answers, level)
    placed = placed.assign(period_start=month_of(placed))
    placed = placed[placed["period_start"].isin(covered_days(answers)["period_start"])]
    if placed.empty:
        return pd.DataFrame(columns=COLUMNS)
    weight, score = placed["survey_weight"], placed["score"]
    placed = placed.assign(
        region=placed["hex_id"].map(regions).astype("str"),
        outcome_class=placed["survey_type"],
        promoters=weight.where(score >= _PROMOTER_FROM, 0.0),
        detractors=weight.where(score <= _DETRACTOR_UP_TO, 0.0),
        witness=placed["person_key"],
    )
    shown = release.survey(witnesses(placed), BY, fewest=rule.min_nps)
    on_grids = pd.concat([placed.iloc[:0], *release.on_grids(placed, level)], ignore_index=True)
    figures = _shares(on_grids).merge(shown, on=PLACE_MONTH)
    figures = figures.assign(metric="nps", numerator=np.nan, period_grain="month")
    return as_rows(estimates.of_scores(released(figures), targets))


def _shares(on_grids: pd.DataFrame) -> pd.DataFrame:
    """Shares of promoters and detractors of each place and month, answers and effective n."""
    grouped = on_grids.groupby(PLACE_MONTH)
    shares = grouped[["promoters", "detractors", "survey_weight"]].sum()
    shares["denominator"] = grouped.size().astype(float)
    for kind in ("promoter", "detractor"):
        share = shares[f"{kind}s"] / shares["survey_weight"]
        shares[f"{kind}_share"] = share.clip(0, 1)
    persons = on_grids.groupby([*PLACE_MONTH, "witness"])[["survey_weight"]].sum() ** 2
    squares = persons.groupby(PLACE_MONTH)["survey_weight"].sum()
    # Kish 1965, section 11.7: (sum w)^2 / sum w^2
    return shares.assign(n_effective=shares["survey_weight"] ** 2 / squares).reset_index()
