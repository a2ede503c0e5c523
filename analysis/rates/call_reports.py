"""Drop rates and ratings of places from positioned call reports."""

from collections.abc import Callable, Iterator

import numpy as np
import pandas as pd

from analysis import safety
from analysis.inputs import Inputs
from analysis.rates import rate_parts
from analysis.rates.released import (
    BY,
    COLUMNS,
    METHOD_VERSION,
    PLACE_MONTH,
    as_rows,
    months_of,
    released,
)
from analysis.rates.surveys import survey_places, with_figures, witnesses
from analysis.uncertainty import intervals
from contracts.settings.sections import Privacy
from geo import hexgrid
from ingest.privacy import once, release
from ingest.privacy.once import EVERYTHING, Leaving
from ingest.quality.lateness import late_months

_Figures = Callable[[pd.DataFrame], pd.DataFrame]
"""Figures of each place and month, of reports with PLACE."""
_REPORTED = ("success", "drop")


def of_calls(inputs: Inputs) -> pd.DataFrame:
    """Rows of table place_rate: what callers reported, as released; without rows if nothing.

    `inputs`: with table `call`, and the levels and release rule of the settings.
    """
    return _marked(inputs, call_reports)


def parts_of_calls(inputs: Inputs) -> pd.DataFrame:
    """Rows of table rate_part: what callers reported of each operator; without rows if nothing.

    `inputs`: as of `of_calls`.
    """
    return _marked(inputs, operators)


def _marked(inputs: Inputs, rated: Callable[..., pd.DataFrame]) -> pd.DataFrame:
    if "call" not in inputs.filled:
        return pd.DataFrame(columns=COLUMNS)
    settings = inputs.settings
    rates = rated(
        inputs.calls,
        regions=inputs.regions,
        level=settings.grid.levels["call"],
        zone=settings.operator.timezone,
        rule=settings.privacy,
        leaving=inputs.leaving("call"),
    )
    months = late_months(inputs.warehouse, "call")
    reason = safety.of_rates(rates, inputs.table("quality"), "call", months)
    return rates.assign(unsafe_reason=reason)


def call_reports(
    calls: pd.DataFrame,
    *,
    regions: pd.Series,
    level: int,
    zone: str,
    rule: Privacy,
    leaving: Leaving = EVERYTHING,
) -> pd.DataFrame:
    """Share of calls reported dropped, and their mean rating, per place and month.

    Hundreds of reports of one witness (see `reported`) are not hundreds of witnesses. A figure of
    fewer witnesses than may be released is hidden, and intervals are as wide as witnesses are few;
    `n_effective` is what the reports are worth. Reports without a position count in the network. A
    hexagon that is shown in no month has no row.

    `calls`: rows of table `call`.
    `regions`: region of each hexagon of `level`, by hex_id; missing = in none.
    `level`: finest H3 level on which reports leave.
    `zone`: the operator's zone, by which months are local.
    `rule`: thresholds of the release rule.
    `leaving`: months that may leave, and what has left.
    """
    rule = leaving.rule(rule)
    stamped = once.stamp(METHOD_VERSION, regions, level=level, rule=rule)
    placed = _in_closed_months(calls, regions, level=level, zone=zone, leaving=leaving)
    parts = [pd.DataFrame(columns=COLUMNS)]
    for metric, figures, reports in _metrics(placed):
        if (reports["hex_id"] == hexgrid.NO_HEX).all():
            continue
        blocks = reports[["hex_id"]].drop_duplicates()
        shown = survey_places(reports, blocks, regions, fewest=rule.min_respondents)
        on_grids = [figures(on_grid) for on_grid in release.on_grids(reports, level)]
        rows = with_figures(shown, pd.concat(on_grids), is_fixed=False)
        left = once.left_before(leaving.rates, metric, stamped)
        rows = once.as_left(rows, left, table=BY, place=release.PLACE)
        parts.append(as_rows(released(rows.assign(metric=metric, period_grain="month"))))
    both = pd.concat([part for part in parts if len(part)] or parts, ignore_index=True)
    return both.assign(method_version=stamped)


def operators(
    calls: pd.DataFrame,
    *,
    regions: pd.Series,
    level: int,
    zone: str,
    rule: Privacy,
    leaving: Leaving = EVERYTHING,
) -> pd.DataFrame:
    """Rows of `rate_part`: share dropped and mean rating of each operator, by network and region.

    Operators that never have witnesses enough in a month are one part, other. Where fewer than two
    operators are named there is nothing to compare, and no row.

    `calls`, `regions`, `level`, `zone`, `rule`, `leaving`: as of `call_reports`.
    """
    rule = leaving.rule(rule)
    stamped = once.stamp(METHOD_VERSION, regions, level=level, rule=rule)
    placed = _in_closed_months(calls, regions, level=level, zone=zone, leaving=leaving)
    placed = placed.assign(part=_large(placed, rule.min_respondents))
    tables = [pd.DataFrame()]
    if len(placed["part"].drop_duplicates()) > 1:
        for metric, figures, reports in _metrics(placed):
            marks = {"metric": metric, "split": "operator", "method_version": stamped}
            rows = _by_operator(reports, regions, figures, fewest=rule.min_respondents)
            tables.append(rate_parts.not_left(rows.assign(**marks), leaving.parts))
    return pd.concat([table for table in tables if len(table)] or tables, ignore_index=True)


def _by_operator(
    reports: pd.DataFrame, regions: pd.Series, figures: _Figures, *, fewest: float
) -> pd.DataFrame:
    """Each operator's figures in the network and in every region, and how they leave."""
    blocks = reports[["hex_id"]].drop_duplicates()
    monthly = survey_places(reports, blocks, regions, fewest=fewest)
    cells = witnesses(reports, [*BY, "region", "part"])
    cells = cells.rename(columns={"answers": "count", "persons": "homes"})
    of_parts = reports.assign(outcome_class=reports["part"])
    on_grids = [release.on_grid(of_parts, level) for level in (release.NETWORK, release.REGION)]
    made = [figures(on_grid) for on_grid in on_grids if len(on_grid)]
    by_part = pd.concat(made, ignore_index=True).rename(columns={"outcome_class": "part"})
    by_part = by_part.drop(columns="hex_id").assign(outcome_class="all")
    cells = cells.assign(touched=cells["count"])
    return rate_parts.of_surveys(cells, monthly, by_part, fewest=fewest)


def _large(placed: pd.DataFrame, fewest: int) -> pd.Series:
    """Each report's operator; unknown, and other for one that never has witnesses enough."""
    names = placed["operator"].astype("object").fillna("unknown")
    n = placed.assign(name=names).groupby(["name", "period_start"])["witness"].nunique()
    most = n.groupby("name").max()
    return names.where(names.map(most) >= fewest, "other")


def _metrics(placed: pd.DataFrame) -> Iterator[tuple[str, _Figures, pd.DataFrame]]:
    """Each metric of reports, what makes it of them, and the reports that tell of it."""
    yield "call_drop_rate", _drop_rates, placed
    yield "rating_mean", _mean_ratings, placed[placed["rating"].notna()]


def _in_closed_months(
    calls: pd.DataFrame, regions: pd.Series, *, level: int, zone: str, leaving: Leaving
) -> pd.DataFrame:
    """Reports of months that may leave: as of `_reports`, with rating, region and one class."""
    placed = _reports(calls, level=level, zone=zone)
    placed = placed[leaving.are_closed(placed["period_start"])]
    return placed.assign(
        rating=placed["rating_1to5"].astype(float),
        region=placed["hex_id"].map(regions).astype("str"),
        outcome_class="all",
    )


def reported(calls: pd.DataFrame, *, level: int, zone: str) -> pd.DataFrame:
    """Placed calls that went well or dropped: hex_id of `level`, period_start, dropped, witness.

    `calls`: rows of table `call`. `level`: H3 level. `zone`: IANA zone by which months are local.
    The witness is the person; where none is known, a spot of some 100 m stands for one. Failed
    set-ups and calls that the user gave up are no calls that could drop.
    """
    reports = _reports(calls, level=level, zone=zone)
    return reports[reports["hex_id"] != hexgrid.NO_HEX].copy()


def _reports(calls: pd.DataFrame, *, level: int, zone: str) -> pd.DataFrame:
    """As `reported`, with those without a position, whose hexagon is NO_HEX.

    Where neither a person nor a spot is known, all such reports of a month are one witness.
    """
    counted = calls[calls["outcome"].isin(_REPORTED)].copy()
    nowhere = np.uint64(hexgrid.NO_HEX)
    counted["hex_id"] = hexgrid.parents(counted["hex_id"].fillna(nowhere), level=level)
    counted["period_start"] = months_of(counted["start_utc"], zone)
    spot = counted["lat"].round(3).astype("str") + "," + counted["lon"].round(3).astype("str")
    counted["witness"] = counted["subscriber_id"].fillna(spot).fillna("nowhere")
    counted["dropped"] = (counted["outcome"] == "drop").astype(float)
    return counted


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
