"""Complaint rates, NPS and crowd reports per hexagon and month, as they may be released.

Each figure leaves on one grid only: one level x month x class, without totals over it. Below the
thresholds of [privacy] the count, the value and its interval are missing, and `shown` says why.
"""

import numpy as np
import pandas as pd

from analysis import rates
from contracts.settings import Privacy
from geo import hexgrid
from ingest import privacy
from ingest.clean import wall_clock

METHOD_VERSION = "customers-1"
# a month known for fewer days has no rate worth a place on the map
_MIN_DAYS = 7
# if most complaints have no position, a place's rate would be low for want of positions
_LEAST_PLACED = 0.5
_COLUMNS = [
    "hex_id",
    "metric",
    "outcome_class",
    "period_start",
    "numerator",
    "denominator",
    "value",
    "value_lo",
    "value_hi",
    "n_effective",
    "shown",
]
_REPORTED = ("success", "drop")
_PLACE_MONTH = ["hex_id", "period_start"]


def months_of(utc: pd.Series, zone: str) -> pd.Series:
    """First day of each instant's local calendar month."""
    return wall_clock(utc, zone).dt.to_period("M").dt.start_time.dt.as_unit("s")


def complaint_rates(
    complaints: pd.DataFrame,
    exposure: pd.DataFrame,
    *,
    metric: str,
    level: int,
    zone: str,
    rule: Privacy,
) -> pd.DataFrame:
    """Complainants of each class per hexagon and month, against those who could have complained.

    `exposure`: hex_id, period_start, n (active subscribers, or call attempts), at `level`. A
    hexagon with exposure and no complaint has 0; months without a complaint file have no row. One
    person counts once a month and class; a complaint without a person counts as one. No rate at all
    where fewer than half of the complaints have a position. 90 % Garwood
    intervals. `n_effective` is the number of complainants.
    """
    if complaints["hex_id"].notna().mean() < _LEAST_PLACED:
        return pd.DataFrame(columns=_COLUMNS)
    placed = _placed(complaints, level, complaints["created_utc"], zone)
    placed["who"] = placed["subscriber_id"].fillna(placed["complaint_id"])
    keys = ["hex_id", "period_start", "complaint_class"]
    counted = placed.groupby(keys)["who"].nunique().rename("numerator")
    months = _covered_months(complaints["created_utc"], zone)
    cells = exposure[exposure["period_start"].isin(months.index)].merge(
        pd.Series(complaints["complaint_class"].unique(), name="complaint_class"), how="cross"
    )
    found = cells.merge(counted.reset_index(), on=keys, how="left")
    found["numerator"] = found["numerator"].fillna(0.0)
    per = {"complaints_per_1000": 1.0, "complaints_per_10k_attempts": 0.1}[metric]
    found["value"], found["value_lo"], found["value_hi"] = rates.complaint_rate(
        found["numerator"].to_numpy(),
        found["n"].to_numpy() * per,
        found["period_start"].map(months).to_numpy() if metric == "complaints_per_1000" else 1.0,
    )
    persons = found["n"] if metric == "complaints_per_1000" else found["n"] * np.nan
    found["shown"] = privacy.release_counts(
        found["numerator"], persons=persons, crowd=rule.min_subscribers
    )
    found = found.rename(columns={"complaint_class": "outcome_class", "n": "denominator"})
    return _released(found.assign(metric=metric, n_effective=found["numerator"]))


def subscribers(base: pd.DataFrame, cell_hex: pd.DataFrame, *, level: int) -> pd.DataFrame:
    """Active subscribers per hexagon and month: hex_id, period_start, n.

    Places of type hex must be as fine as `level`; those of type cell are spread by the cells'
    footprints, and are then no whole numbers. Regions are not spread: they give no row.
    """
    base = base.assign(month=pd.to_datetime(base["month"]).dt.to_period("M").dt.start_time)
    on_hex = base[base["place_type"] == "hex"]
    hexes = hexgrid.from_text(on_hex["place_id"])
    fine = hexgrid.levels(hexes) >= level
    direct = pd.DataFrame(
        {
            "hex_id": hexgrid.parents(hexes[fine], level=level),
            "month": on_hex.loc[fine, "month"].to_numpy(),
            "n": on_hex.loc[fine, "n_active_subscribers"].to_numpy(float),
        }
    )
    finest = cell_hex[cell_hex["level"] == cell_hex["level"].max()]
    # one month is told by hexagon or by cell: both would count everybody twice
    by_cell = base[(base["place_type"] == "cell") & ~base["month"].isin(on_hex["month"])]
    on_cell = by_cell.merge(
        finest[["cell_id", "hex_id", "weight"]], left_on="place_id", right_on="cell_id"
    )
    spread = pd.DataFrame(
        {
            "hex_id": hexgrid.parents(on_cell["hex_id"], level=level),
            "month": on_cell["month"],
            "n": on_cell["n_active_subscribers"] * on_cell["weight"],
        }
    )
    both = pd.concat([direct, spread.astype(direct.dtypes)], ignore_index=True)
    both["period_start"] = pd.to_datetime(both["month"]).dt.as_unit("s")
    return both.groupby(["hex_id", "period_start"])["n"].sum().reset_index()


def nps(answers: pd.DataFrame, *, level: int, zone: str, rule: Privacy) -> pd.DataFrame:
    """Net promoter score per hexagon, month and survey type, in points with a 90 % interval.

    One answer a person and wave: the last. Survey weights enter through Kish's effective n, which
    is `n_effective`; `denominator` counts the answers.
    """
    last = answers.sort_values(["answered_utc", "response_id"])
    who = last["subscriber_id"].fillna(last["response_id"])
    wave = last["wave"].fillna(months_of(last["answered_utc"], zone).astype("str"))
    last = last[
        ~pd.DataFrame({"who": who, "wave": wave, "type": last["survey_type"]}).duplicated(
            keep="last"
        )
    ]
    placed = _placed(last, level, last["answered_utc"], zone)
    months = _covered_months(answers["answered_utc"], zone)
    placed = placed[placed["period_start"].isin(months.index)]
    weight = placed["survey_weight"]
    placed["promoters"] = weight.where(placed["score"] >= 9, 0.0)
    placed["detractors"] = weight.where(placed["score"] <= 6, 0.0)
    placed["squares"] = weight**2
    grouped = placed.groupby(["hex_id", "period_start", "survey_type"])
    found = grouped[["promoters", "detractors", "survey_weight", "squares"]].sum()
    found["denominator"] = grouped.size().astype(float)
    found = found.reset_index().rename(columns={"survey_type": "outcome_class"})
    passives = found["survey_weight"] - found["promoters"] - found["detractors"]
    found["n_effective"] = found["survey_weight"] ** 2 / found["squares"]
    found["value"], found["value_lo"], found["value_hi"] = rates.nps(
        found["promoters"].to_numpy(),
        passives.to_numpy(),
        found["detractors"].to_numpy(),
        n_eff=found["n_effective"].to_numpy(),
    )
    found["shown"] = privacy.release_survey(found["denominator"], fewest=rule.min_nps)
    return _released(found.assign(metric="nps", numerator=np.nan))


def call_reports(calls: pd.DataFrame, *, level: int, zone: str, rule: Privacy) -> pd.DataFrame:
    """Share of calls reported dropped, and their mean rating, per hexagon and month.

    Where no person is known, a spot of some 100 m stands for one: hundreds of reports from it are
    one witness, not hundreds. It bars a figure of fewer witnesses than may be released, and it
    widens the intervals; `n_effective` is what the reports are worth.
    """
    reported = calls[calls["outcome"].isin(_REPORTED)]
    placed = _placed(reported, level, reported["start_utc"], zone)
    spot = placed["lat"].round(3).astype("str") + "," + placed["lon"].round(3).astype("str")
    placed["witness"] = placed["subscriber_id"].fillna(spot)
    placed["dropped"] = (placed["outcome"] == "drop").astype(float)
    placed["rating"] = placed["rating_1to5"].astype(float)
    drops = _witnessed(placed, "dropped").assign(metric="call_drop_rate")
    drops["value"], drops["value_lo"], drops["value_hi"] = rates.crowd_rate(
        drops["numerator"].to_numpy(),
        drops["denominator"].to_numpy(),
        (drops["denominator"] / drops["n_effective"]).to_numpy(),
    )
    ratings = _mean_rating(placed[placed["rating"].notna()])
    found = pd.concat([part for part in (drops, ratings) if len(part)], ignore_index=True)
    found["shown"] = privacy.release_survey(found["witnesses"], fewest=rule.min_respondents)
    return _released(found.assign(outcome_class="all"))


def _mean_rating(placed: pd.DataFrame) -> pd.DataFrame:
    found = _witnessed(placed, "rating").assign(metric="rating_mean")
    found["value"] = found["numerator"] / found["denominator"]
    # the spread of the whole network: a place with few ratings has none of its own worth trusting
    within = placed["rating"] - placed.groupby(_PLACE_MONTH)["rating"].transform("mean")
    variance = within.pow(2).sum() / max(len(within) - len(found), 1)
    half = rates.Z90 * np.sqrt(variance / found["n_effective"])
    found["value_lo"] = (found["value"] - half).clip(1, 5)
    found["value_hi"] = (found["value"] + half).clip(1, 5)
    return found


def _witnessed(placed: pd.DataFrame, outcome: str) -> pd.DataFrame:
    """Sum, reports, witnesses and effective reports of each hexagon and month.

    Reports of one witness resemble each other by a correlation that is estimated over the network;
    a place's n is divided by 1 + (mean cluster - 1) x that correlation (Kish 1965, section 5.4).
    """
    grouped = placed.groupby(_PLACE_MONTH)
    found = pd.DataFrame(grouped[outcome].agg(numerator="sum", denominator="size")).astype(float)
    sizes = placed.groupby([*_PLACE_MONTH, "witness"])[[outcome]].count().reset_index()
    found["witnesses"] = sizes.groupby(_PLACE_MONTH)[[outcome]].count()[outcome]
    sizes["square"] = sizes[outcome].pow(2)
    squares = sizes.groupby(_PLACE_MONTH)[["square"]].sum()["square"]
    effect = rates.design_effect(
        placed.groupby("witness").ngroup().to_numpy(),
        placed[outcome].to_numpy(),
        grouped.ngroup().to_numpy(),
    )
    beyond = squares.sum() / found["denominator"].sum() - 1
    alike = min((effect - 1) / beyond, 1.0) if beyond > 0 else 0.0
    in_place = squares / found["denominator"] - 1
    found["n_effective"] = found["denominator"] / (1 + in_place * alike)
    return found.reset_index()


def _placed(events: pd.DataFrame, level: int, utc: pd.Series, zone: str) -> pd.DataFrame:
    known = events["hex_id"].notna()
    placed = events[known].copy()
    placed["hex_id"] = hexgrid.parents(placed["hex_id"], level=level)
    placed["period_start"] = months_of(utc[known], zone)
    return placed


def _covered_months(utc: pd.Series, zone: str) -> pd.Series:
    """Part of each month between the first and the last event; months of a few days left out."""
    clock = wall_clock(utc, zone)
    days = pd.Series(pd.date_range(clock.min().normalize(), clock.max().normalize(), freq="D"))
    start = days.dt.to_period("M").dt.start_time.dt.as_unit("s")
    counted = days.groupby(start).size()
    counted = counted[counted >= _MIN_DAYS]
    return counted / counted.index.to_series().dt.days_in_month


def _released(found: pd.DataFrame) -> pd.DataFrame:
    secret = ["numerator", "value", "value_lo", "value_hi", "n_effective"]
    found[secret] = found[secret].where(found["shown"] == "shown")
    # where too few live or answer, not even how many is said
    found["denominator"] = found["denominator"].where(found["shown"] != "hidden")
    return found[_COLUMNS]
