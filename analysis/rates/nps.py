"""NPS of places, with its interval and the shares that make it."""

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.rates import estimates
from analysis.rates.released import (
    BY,
    COLUMNS,
    METHOD_VERSION,
    PLACE_MONTH,
    as_rows,
    covered_days,
    month_of,
    nowhere_if_unknown,
    released,
)
from analysis.rates.surveys import known_blocks, survey_places, with_figures
from contracts.settings.sections import Privacy, Targets
from ingest.privacy import once, release
from ingest.privacy.once import EVERYTHING, Leaving

_PROMOTER_FROM, _DETRACTOR_UP_TO = 9, 6


def nps(
    answers: pd.DataFrame,
    *,
    regions: pd.Series,
    level: int,
    rule: Privacy,
    targets: Targets,
    known: npt.ArrayLike | None = None,
    leaving: Leaving = EVERYTHING,
) -> pd.DataFrame:
    """Net promoter score per place, month and survey type, in points with a 90 % interval.

    Survey weights enter through Kish's effective n, which is `n_effective`, as if all answers of
    one person in a month were one. `denominator` is the number of answers. Every known place has a
    row, whether or not somebody answered there; answers of no known place count in the network.

    `answers`: rows of table `answer_counted`.
    `regions`: region of each hexagon of `level`, by hex_id; missing = in none.
    `level`: finest H3 level on which answers leave.
    `rule`: thresholds of the release rule.
    `targets`: what a score is held against.
    `known`: hexagons of `level` that readers know without the answers; None = those with answers,
        and then only places that are shown in some month have rows.
    `leaving`: months that may leave, and what has left.
    """
    rows = answers.assign(period_start=month_of(answers))
    rows = rows[rows["period_start"].isin(covered_days(answers)["period_start"])]
    rows = rows[leaving.are_closed(rows["period_start"])]
    if rows["hex_id"].isna().all():
        return pd.DataFrame(columns=COLUMNS)
    rule = leaving.rule(rule)
    blocks = known_blocks(rows, known, level)
    placed = nowhere_if_unknown(rows, blocks, level)
    weight, score = placed["survey_weight"], placed["score"]
    placed = placed.assign(
        region=placed["hex_id"].map(regions).astype("str"),
        outcome_class=placed["survey_type"],
        promoters=weight.where(score >= _PROMOTER_FROM, 0.0),
        detractors=weight.where(score <= _DETRACTOR_UP_TO, 0.0),
        witness=placed["person_key"],
    )
    shown = survey_places(placed, blocks, regions, fewest=rule.min_nps)
    on_grids = pd.concat([placed.iloc[:0], *release.on_grids(placed, level)], ignore_index=True)
    figures = with_figures(shown, _shares(on_grids), is_fixed=known is not None)
    stamped = once.stamp(METHOD_VERSION, regions, level=level, rule=rule)
    left = once.left_before(leaving.rates, "nps", stamped)
    figures = once.as_left(figures, left, table=BY, place=release.PLACE)
    figures = figures.assign(metric="nps", numerator=np.nan, period_grain="month")
    rates = as_rows(estimates.of_scores(released(figures), targets))
    return rates.assign(method_version=stamped)


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
