"""Drop rates and ratings of places from positioned call reports."""

import numpy as np
import pandas as pd

from analysis import safety
from analysis.inputs import Inputs
from analysis.rates.released import (
    BY,
    COLUMNS,
    PLACE_MONTH,
    as_rows,
    months_of,
    on_level,
    released,
)
from analysis.uncertainty import intervals
from contracts.settings.sections import Privacy
from ingest.privacy import release

_REPORTED = ("success", "drop")


def of_calls(inputs: Inputs) -> pd.DataFrame:
    """Rows of table place_rate: what callers reported, as released; without rows if nothing.

    `inputs`: with table `call`, and the levels and release rule of the settings.
    """
    if "call" not in inputs.filled:
        return pd.DataFrame(columns=COLUMNS)
    settings = inputs.settings
    rates = call_reports(
        inputs.calls,
        regions=inputs.regions,
        level=settings.grid.levels["call"],
        zone=settings.operator.timezone,
        rule=settings.privacy,
    )
    return rates.assign(unsafe_reason=safety.of_table(inputs.table("quality"), "call"))


def call_reports(
    calls: pd.DataFrame, *, regions: pd.Series, level: int, zone: str, rule: Privacy
) -> pd.DataFrame:
    """Share of calls reported dropped, and their mean rating, per place and month.

    Hundreds of reports of one witness (see `reported`) are not hundreds of witnesses. A figure of
    fewer witnesses than may be released is hidden, and intervals are as wide as witnesses are few;
    `n_effective` is what the reports are worth.

    `calls`: rows of table `call`.
    `regions`: region of each hexagon of `level`, by hex_id; missing = in none.
    `level`: finest H3 level on which reports leave.
    `zone`: the operator's zone, by which months are local.
    `rule`: thresholds of the release rule.
    """
    placed = reported(calls, level=level, zone=zone)
    placed["rating"] = placed["rating_1to5"].astype(float)
    placed["region"], placed["outcome_class"] = placed["hex_id"].map(regions).astype("str"), "all"
    parts = [pd.DataFrame(columns=COLUMNS)]
    for metric, figures, reports in (
        ("call_drop_rate", _drop_rates, placed),
        ("rating_mean", _mean_ratings, placed[placed["rating"].notna()]),
    ):
        shown = release.survey(witnesses(reports), BY, fewest=rule.min_respondents)
        for on_grid in release.on_grids(reports, level):
            rows = figures(on_grid).merge(shown, on=PLACE_MONTH)
            parts.append(as_rows(released(rows.assign(metric=metric, period_grain="month"))))
    return pd.concat([part for part in parts if len(part)] or parts, ignore_index=True)


def reported(calls: pd.DataFrame, *, level: int, zone: str) -> pd.DataFrame:
    """Placed calls that went well or dropped: hex_id of `level`, period_start, dropped, witness.

    `calls`: rows of table `call`. `level`: H3 level. `zone`: IANA zone by which months are local.
    The witness is the person; where none is known, a spot of some 100 m stands for one. Failed
    set-ups and calls that the user gave up are no calls that could drop.
    """
    counted = calls[calls["outcome"].isin(_REPORTED)]
    placed = on_level(counted, level)
    placed["period_start"] = months_of(placed["start_utc"], zone)
    spot = placed["lat"].round(3).astype("str") + "," + placed["lon"].round(3).astype("str")
    placed["witness"] = placed["subscriber_id"].fillna(spot)
    placed["dropped"] = (placed["outcome"] == "drop").astype(float)
    return placed


def witnesses(reports: pd.DataFrame) -> pd.DataFrame:
    """Reports of each hexagon and month, and witnesses: who reports from several counts in one.

    `reports`: as of `reported`, with region and outcome_class.
    """
    keys = ["hex_id", *BY]
    answers = reports.groupby([*keys, "region"], dropna=False).size().rename("answers")
    homes = reports.groupby([*BY, "witness"])["hex_id"].min().reset_index()
    persons = homes.groupby(keys).size().rename("persons").reset_index()
    return answers.reset_index().merge(persons, "left", keys).fillna({"persons": 0})


def _drop_rates(placed: pd.DataFrame) -> pd.DataFrame:
    rates = _witnessed(placed, "dropped")
    rates["value"], rates["value_lo"], rates["value_hi"] = intervals.crowd_rate(
        rates["numerator"].to_numpy(),
        rates["denominator"].to_numpy(),
        (rates["denominator"] / rates["n_effective"]).to_numpy(),
    )
    return rates


def _mean_ratings(placed: pd.DataFrame) -> pd.DataFrame:
    means = _witnessed(placed, "rating")
    means["value"] = means["numerator"] / means["denominator"]
    # the spread of the whole network: a place with few ratings has none of its own worth trusting
    within = placed["rating"] - placed.groupby(PLACE_MONTH)["rating"].transform("mean")
    variance = within.pow(2).sum() / max(len(within) - len(means), 1)
    half = intervals.Z90 * np.sqrt(variance / means["n_effective"])
    means["value_lo"] = (means["value"] - half).clip(1, 5)
    means["value_hi"] = (means["value"] + half).clip(1, 5)
    return means


def _witnessed(placed: pd.DataFrame, outcome: str) -> pd.DataFrame:
    """Sum, reports and effective reports of each place and month.

    Reports of one witness resemble each other by a correlation that is estimated over the network;
    a place's n is divided by 1 + (mean cluster - 1) x that correlation (Kish 1965, section 5.4).
    """
    grouped = placed.groupby(PLACE_MONTH)
    sums = pd.DataFrame(grouped[outcome].agg(numerator="sum", denominator="size")).astype(float)
    sizes = placed.groupby([*PLACE_MONTH, "witness"])[[outcome]].count().reset_index()
    sizes["square"] = sizes[outcome].pow(2)
    squares = sizes.groupby(PLACE_MONTH)[["square"]].sum()["square"]
    effect = intervals.design_effect(
        placed.groupby("witness").ngroup().to_numpy(),
        placed[outcome].to_numpy(),
        grouped.ngroup().to_numpy(),
    )
    # mean cluster less one: over the network, and in each place
    beyond = squares.sum() / sums["denominator"].sum() - 1
    in_place = squares / sums["denominator"] - 1
    correlation = min((effect - 1) / beyond, 1.0) if beyond > 0 else 0.0
    sums["n_effective"] = sums["denominator"] / (1 + in_place * correlation)
    return sums.reset_index()
