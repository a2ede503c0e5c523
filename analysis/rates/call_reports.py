"""Drop rates and ratings of places from positioned call reports."""

import numpy as np
import pandas as pd

from analysis import safety
from analysis.inputs import Inputs
from analysis.rates.released import BY, COLUMNS, PLACE_MONTH, as_rows, placed_rows, released
from analysis.uncertainty import intervals
from contracts.settings.sections import Privacy
from ingest.privacy import release

_REPORTED = ("success", "drop")


def of_calls(inputs: Inputs) -> pd.DataFrame:
    """Rows of table place_rate: what callers reported, as released; without rows if nothing."""
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

    Hundreds of reports of one witness (see `reported`) are not hundreds of witnesses. It bars a
    figure of fewer than may be released, and it widens the intervals; `n_effective` is what the
    reports are worth.
    """
    placed = reported(calls, level=level, zone=zone)
    placed["rating"] = placed["rating_1to5"].astype(float)
    placed["region"], placed["outcome_class"] = placed["hex_id"].map(regions).astype("str"), "all"
    found = [pd.DataFrame(columns=COLUMNS)]
    for metric, figures, reports in (
        ("call_drop_rate", _drop_rates, placed),
        ("rating_mean", _mean_ratings, placed[placed["rating"].notna()]),
    ):
        shown = release.survey(witnesses(reports), BY, fewest=rule.min_respondents)
        for placed_on in release.on_grids(reports, level):
            made = figures(placed_on).merge(shown, on=PLACE_MONTH)
            found.append(as_rows(released(made.assign(metric=metric, period_grain="month"))))
    return pd.concat([part for part in found if len(part)] or found, ignore_index=True)


def reported(calls: pd.DataFrame, *, level: int, zone: str) -> pd.DataFrame:
    """Placed calls that went well or dropped: hex_id of `level`, period_start, dropped, witness.

    The witness is the person; where none is known, a spot of some 100 m stands for one. Failed
    set-ups and calls that the user gave up are no calls that could drop.
    """
    counted = calls[calls["outcome"].isin(_REPORTED)]
    placed = placed_rows(counted, level, counted["start_utc"], zone)
    spot = placed["lat"].round(3).astype("str") + "," + placed["lon"].round(3).astype("str")
    placed["witness"] = placed["subscriber_id"].fillna(spot)
    placed["dropped"] = (placed["outcome"] == "drop").astype(float)
    return placed


def witnesses(reports: pd.DataFrame) -> pd.DataFrame:
    """Reports of each hexagon and month, and witnesses: who reports from several counts in one."""
    keys = ["hex_id", *BY]
    answers = reports.groupby([*keys, "region"], dropna=False).size().rename("answers")
    homes = reports.groupby([*BY, "witness"])["hex_id"].min().reset_index()
    persons = homes.groupby(keys).size().rename("persons").reset_index()
    return answers.reset_index().merge(persons, "left", keys).fillna({"persons": 0})


def _drop_rates(placed: pd.DataFrame) -> pd.DataFrame:
    found = _witnessed(placed, "dropped")
    found["value"], found["value_lo"], found["value_hi"] = intervals.crowd_rate(
        found["numerator"].to_numpy(),
        found["denominator"].to_numpy(),
        (found["denominator"] / found["n_effective"]).to_numpy(),
    )
    return found


def _mean_ratings(placed: pd.DataFrame) -> pd.DataFrame:
    found = _witnessed(placed, "rating")
    found["value"] = found["numerator"] / found["denominator"]
    # the spread of the whole network: a place with few ratings has none of its own worth trusting
    within = placed["rating"] - placed.groupby(PLACE_MONTH)["rating"].transform("mean")
    variance = within.pow(2).sum() / max(len(within) - len(found), 1)
    half = intervals.Z90 * np.sqrt(variance / found["n_effective"])
    found["value_lo"] = (found["value"] - half).clip(1, 5)
    found["value_hi"] = (found["value"] + half).clip(1, 5)
    return found


def _witnessed(placed: pd.DataFrame, outcome: str) -> pd.DataFrame:
    """Sum, reports and effective reports of each place and month.

    Reports of one witness resemble each other by a correlation that is estimated over the network;
    a place's n is divided by 1 + (mean cluster - 1) x that correlation (Kish 1965, section 5.4).
    """
    grouped = placed.groupby(PLACE_MONTH)
    found = pd.DataFrame(grouped[outcome].agg(numerator="sum", denominator="size")).astype(float)
    sizes = placed.groupby([*PLACE_MONTH, "witness"])[[outcome]].count().reset_index()
    sizes["square"] = sizes[outcome].pow(2)
    squares = sizes.groupby(PLACE_MONTH)[["square"]].sum()["square"]
    effect = intervals.design_effect(
        placed.groupby("witness").ngroup().to_numpy(),
        placed[outcome].to_numpy(),
        grouped.ngroup().to_numpy(),
    )
    beyond = squares.sum() / found["denominator"].sum() - 1
    alike = min((effect - 1) / beyond, 1.0) if beyond > 0 else 0.0
    in_place = squares / found["denominator"] - 1
    found["n_effective"] = found["denominator"] / (1 + in_place * alike)
    return found.reset_index()
