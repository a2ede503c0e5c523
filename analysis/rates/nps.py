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
    months_of,
    placed_rows,
    released,
)
from contracts.settings.sections import Privacy, Targets
from ingest.privacy import release


def nps(
    answers: pd.DataFrame,
    *,
    regions: pd.Series,
    level: int,
    zone: str,
    rule: Privacy,
    targets: Targets,
) -> pd.DataFrame:
    """Net promoter score per place, month and survey type, in points with a 90 % interval.

    One answer a person and wave: the last. Survey weights enter through Kish's effective n, which
    is `n_effective`, as if all answers of one person in a month were one; `denominator` counts the
    answers.
    """
    last = answers.sort_values(["answered_utc", "response_id"])
    who = last["subscriber_id"].fillna(last["response_id"])
    wave = last["wave"].fillna(months_of(last["answered_utc"], zone).astype("str"))
    last = last[
        ~pd.DataFrame({"who": who, "wave": wave, "type": last["survey_type"]}).duplicated(
            keep="last"
        )
    ]
    placed = placed_rows(last, level, last["answered_utc"], zone)
    days = covered_days(answers["answered_utc"], zone)
    placed = placed[placed["period_start"].isin(days["period_start"])]
    if placed.empty:
        return pd.DataFrame(columns=COLUMNS)
    placed["region"] = placed["hex_id"].map(regions).astype("str")
    placed["outcome_class"], weight = placed["survey_type"], placed["survey_weight"]
    placed["promoters"] = weight.where(placed["score"] >= 9, 0.0)
    placed["detractors"] = weight.where(placed["score"] <= 6, 0.0)
    placed["witness"] = who
    shown = release.survey(witnesses(placed), BY, fewest=rule.min_nps)
    everywhere = pd.concat([placed.iloc[:0], *release.on_grids(placed, level)], ignore_index=True)
    found = _shares(everywhere).merge(shown, on=PLACE_MONTH)
    found = released(found.assign(metric="nps", numerator=np.nan, period_grain="month"))
    return as_rows(estimates.of_scores(found, targets))


def _shares(everywhere: pd.DataFrame) -> pd.DataFrame:
    """Shares of promoters and detractors of each place and month, answers and effective n."""
    sums = ["promoters", "detractors", "survey_weight"]
    grouped = everywhere.groupby(PLACE_MONTH)
    found = grouped[sums].sum().assign(denominator=grouped.size().astype(float))
    for kind in ("promoter", "detractor"):
        share = found[f"{kind}s"] / found["survey_weight"]
        found[f"{kind}_share"] = share.clip(0, 1)
    persons = everywhere.groupby([*PLACE_MONTH, "witness"])[["survey_weight"]].sum() ** 2
    squares = persons.groupby(PLACE_MONTH)["survey_weight"].sum()
    return found.assign(n_effective=found["survey_weight"] ** 2 / squares).reset_index()
