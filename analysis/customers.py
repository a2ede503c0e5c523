"""Complaint rates, NPS and crowd reports of hexagons and regions, as they may be released.

Every figure is made on all grids of `ingest.release`, which says what may leave. Where it may not,
the count, the value and its interval are missing, and `shown` says why. Estimates of complaint
rates and NPS come after that, from what is left (`analysis.estimates`).
"""

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis import estimates
from analysis.uncertainty import intervals
from contracts.settings import Privacy, Targets
from contracts.tables import TABLES
from geo import hexgrid
from ingest import release
from ingest.clock import wall_clock

METHOD_VERSION = "customers-3"
# a month known for fewer days has no rate worth a place on the map
_MIN_DAYS = 7
# if most complaints have no position, a place's rate would be low for want of positions
_LEAST_PLACED = 0.5
_COLUMNS = [
    name
    for name in TABLES["place_rate"].columns
    if name not in ("cell_id", "unsafe_reason", "run_id")
]
_SECRET = ["numerator", "value", "value_lo", "value_hi", "n_effective", "promoter_share",
           "detractor_share"]  # fmt: skip
_REPORTED = ("success", "drop")
_BY = ["period_start", "outcome_class"]
_CASES = ["count", "homes", "touched"]
_PLACE_MONTH = [*_BY, *release.PLACE]


def months_of(utc: pd.Series, zone: str) -> pd.Series:
    """First day of each instant's local calendar month."""
    return wall_clock(utc, zone).dt.to_period("M").dt.start_time.dt.as_unit("s")


def complaint_rates(
    complaints: pd.DataFrame,
    exposure: pd.DataFrame,
    *,
    metric: str,
    regions: pd.Series,
    level: int,
    zone: str,
    rule: Privacy,
    targets: Targets,
) -> pd.DataFrame:
    """Complainants of each class per place and month, against those who could have complained.

    `complaints`: optionally with `weight`: a complaint known only by its cell has a row in every
    hexagon of the footprint, and its weights sum to 1. `exposure`: hex_id of `level`, period_start,
    n (active subscribers, or call attempts), and `day` where it is known by day. `regions`: region
    of each hexagon of `level`. Regions also by day, where every complaint is known to the day.

    A person counts once a month and class, where and when he first complained, so that counts add
    over places and days; a complaint without a person counts as one. A place with exposure and no
    complaint has 0; months without a complaint file have no row. No rate at all where fewer than
    half of the complaints have a position. `n_effective` is the number of complainants; sums of
    weights are told to the nearest whole one.
    """
    complaints = _with_weights(complaints)
    placed = complaints.drop_duplicates("complaint_id")["hex_id"].notna()
    if placed.empty or placed.mean() < _LEAST_PLACED:
        return pd.DataFrame(columns=_COLUMNS)
    days = _covered_days(complaints["created_utc"], zone)
    blocks = exposure[exposure["period_start"].isin(days["period_start"])]
    blocks = blocks.groupby(["hex_id", "period_start"])["n"].sum().reset_index()
    blocks["region"] = blocks["hex_id"].map(regions).astype("str")
    first = _first_complaints(complaints, level, zone).merge(blocks.drop(columns="n"))
    counted = _counted(blocks, complaints["complaint_class"].unique(), first)
    counted["persons"] = counted["n"] if metric == "complaints_per_1000" else np.nan
    places = release.counts(counted, _BY, crowd=rule.min_subscribers)
    months = places["period_start"].map(days.groupby("period_start").size())
    found = [places.assign(period_grain="month", months=months / _days_in_month(places))]
    if not (complaints["time_grain"] == "month").any():
        n_by_day = exposure.merge(blocks.drop(columns="n")) if "day" in exposure else None
        found.append(_region_days(places, first, days, n_by_day))
    return _complaint_figures(pd.concat(found, ignore_index=True), metric, targets)


def _with_weights(complaints: pd.DataFrame) -> pd.DataFrame:
    return complaints if "weight" in complaints else complaints.assign(weight=1.0)


def _first_complaints(complaints: pd.DataFrame, level: int, zone: str) -> pd.DataFrame:
    """Where each person of a month and class first complained.

    One row a person and hexagon: hex_id, period_start, outcome_class, day, `weight`, and `home`, 1
    in the person's likeliest hexagon and else 0.
    """
    placed = _placed(complaints, level, complaints["created_utc"], zone)
    placed["day"] = wall_clock(placed["created_utc"], zone).dt.normalize().dt.as_unit("s")
    placed["who"] = placed["subscriber_id"].fillna(placed["complaint_id"])
    placed["outcome_class"] = placed["complaint_class"]
    ordered = placed.sort_values(["created_utc", "complaint_id"])
    person = [*_BY, "who"]
    first = ordered.drop_duplicates(person)[[*person, "complaint_id"]]
    kept = ordered.merge(first, on=[*person, "complaint_id"])
    at = kept.groupby([*person, "day", "hex_id"])["weight"].sum().round(9).reset_index()
    at = at.sort_values([*person, "weight", "hex_id"], ascending=[True] * 3 + [False, True])
    return at.assign(home=(~at.duplicated(person)).astype(float)).drop(columns="who")


def _cases(first: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    """What `release.counts` wants to know: count, and the persons touched and at home."""
    grouped = first.groupby(keys)
    found = grouped.agg(count=("weight", "sum"), homes=("home", "sum"), touched=("home", "size"))
    return found.astype(float).round(9).reset_index()


def _counted(blocks: pd.DataFrame, classes: npt.ArrayLike, first: pd.DataFrame) -> pd.DataFrame:
    """Every hexagon, month and class with its cases, zeros too."""
    keys = ["hex_id", *_BY]
    counted = blocks.merge(pd.Series(classes, name="outcome_class"), how="cross")
    counted = counted.merge(_cases(first, keys), "left", keys)
    return counted.fillna(dict.fromkeys(_CASES, 0.0))


def _region_days(
    places: pd.DataFrame, first: pd.DataFrame, days: pd.DataFrame, n_by_day: pd.DataFrame | None
) -> pd.DataFrame:
    """Every region's covered days: as `places`, with the day as period_start."""
    month, keys = ["region", *_BY], ["region", "outcome_class", "day"]
    daily = places[places["level"] == release.REGION].rename(columns={"shown": "month_shown"})
    daily = daily.drop(columns="count").merge(days, on="period_start")
    daily = daily.merge(_cases(first, keys), "left", keys).fillna(dict.fromkeys(_CASES, 0.0))
    daily["shown"] = release.days(daily, month)
    if n_by_day is not None:
        n = n_by_day.groupby(["region", "day"])["n"].sum().reset_index()
        daily = daily.drop(columns="n").merge(n, "left", ["region", "day"])
    daily["months"] = 1 / _days_in_month(daily)
    return daily.assign(period_grain="day", period_start=daily["day"])


def _complaint_figures(found: pd.DataFrame, metric: str, targets: Targets) -> pd.DataFrame:
    found["numerator"] = found["n_effective"] = found["count"].round()
    found = _released(found.rename(columns={"n": "denominator"}).assign(metric=metric))
    # per 10,000 attempts, whatever the time
    per = found["months"] / 1000 if metric == "complaints_per_1000" else 1 / 10_000
    found["exposure"] = found["denominator"] * per
    return _as_rows(estimates.of_counts(found, metric, targets))


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
    placed = _placed(last, level, last["answered_utc"], zone)
    days = _covered_days(answers["answered_utc"], zone)
    placed = placed[placed["period_start"].isin(days["period_start"])]
    if placed.empty:
        return pd.DataFrame(columns=_COLUMNS)
    placed["region"] = placed["hex_id"].map(regions).astype("str")
    placed["outcome_class"], weight = placed["survey_type"], placed["survey_weight"]
    placed["promoters"] = weight.where(placed["score"] >= 9, 0.0)
    placed["detractors"] = weight.where(placed["score"] <= 6, 0.0)
    placed["witness"] = who
    shown = release.survey(_witnesses(placed), _BY, fewest=rule.min_nps)
    everywhere = pd.concat([placed.iloc[:0], *release.on_grids(placed, level)], ignore_index=True)
    found = _shares(everywhere).merge(shown, on=_PLACE_MONTH)
    found = _released(found.assign(metric="nps", numerator=np.nan, period_grain="month"))
    return _as_rows(estimates.of_scores(found, targets))


def _shares(everywhere: pd.DataFrame) -> pd.DataFrame:
    """Shares of promoters and detractors of each place and month, answers and effective n."""
    sums = ["promoters", "detractors", "survey_weight"]
    grouped = everywhere.groupby(_PLACE_MONTH)
    found = grouped[sums].sum().assign(denominator=grouped.size().astype(float))
    for kind in ("promoter", "detractor"):
        share = found[f"{kind}s"] / found["survey_weight"]
        found[f"{kind}_share"] = share.clip(0, 1)
    persons = everywhere.groupby([*_PLACE_MONTH, "witness"])[["survey_weight"]].sum() ** 2
    squares = persons.groupby(_PLACE_MONTH)["survey_weight"].sum()
    return found.assign(n_effective=found["survey_weight"] ** 2 / squares).reset_index()


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
    found = [pd.DataFrame(columns=_COLUMNS)]
    for metric, figures, reports in (
        ("call_drop_rate", _drop_rates, placed),
        ("rating_mean", _mean_ratings, placed[placed["rating"].notna()]),
    ):
        shown = release.survey(_witnesses(reports), _BY, fewest=rule.min_respondents)
        for placed_on in release.on_grids(reports, level):
            made = figures(placed_on).merge(shown, on=_PLACE_MONTH)
            found.append(_as_rows(_released(made.assign(metric=metric, period_grain="month"))))
    return pd.concat([part for part in found if len(part)] or found, ignore_index=True)


def reported(calls: pd.DataFrame, *, level: int, zone: str) -> pd.DataFrame:
    """Placed calls that went well or dropped: hex_id of `level`, period_start, dropped, witness.

    The witness is the person; where none is known, a spot of some 100 m stands for one. Failed
    set-ups and calls that the user gave up are no calls that could drop.
    """
    counted = calls[calls["outcome"].isin(_REPORTED)]
    placed = _placed(counted, level, counted["start_utc"], zone)
    spot = placed["lat"].round(3).astype("str") + "," + placed["lon"].round(3).astype("str")
    placed["witness"] = placed["subscriber_id"].fillna(spot)
    placed["dropped"] = (placed["outcome"] == "drop").astype(float)
    return placed


def _witnesses(reports: pd.DataFrame) -> pd.DataFrame:
    """Reports of each hexagon and month, and witnesses: who reports from several counts in one."""
    keys = ["hex_id", *_BY]
    answers = reports.groupby([*keys, "region"], dropna=False).size().rename("answers")
    homes = reports.groupby([*_BY, "witness"])["hex_id"].min().reset_index()
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
    within = placed["rating"] - placed.groupby(_PLACE_MONTH)["rating"].transform("mean")
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
    grouped = placed.groupby(_PLACE_MONTH)
    found = pd.DataFrame(grouped[outcome].agg(numerator="sum", denominator="size")).astype(float)
    sizes = placed.groupby([*_PLACE_MONTH, "witness"])[[outcome]].count().reset_index()
    sizes["square"] = sizes[outcome].pow(2)
    squares = sizes.groupby(_PLACE_MONTH)[["square"]].sum()["square"]
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


def _placed(events: pd.DataFrame, level: int, utc: pd.Series, zone: str) -> pd.DataFrame:
    known = events["hex_id"].notna()
    placed = events[known].copy()
    placed["hex_id"] = hexgrid.parents(placed["hex_id"], level=level)
    placed["period_start"] = months_of(utc[known], zone)
    return placed


def _covered_days(utc: pd.Series, zone: str) -> pd.DataFrame:
    """Days from the first to the last event, with their month; months of a few days left out."""
    clock = wall_clock(utc, zone)
    day = pd.Series(pd.date_range(clock.min().normalize(), clock.max().normalize(), freq="D"))
    start = day.dt.to_period("M").dt.start_time.dt.as_unit("s")
    days = pd.DataFrame({"day": day.dt.as_unit("s"), "period_start": start})
    return days[days.groupby("period_start")["day"].transform("size") >= _MIN_DAYS]


def _days_in_month(places: pd.DataFrame) -> pd.Series:
    return places["period_start"].dt.days_in_month


def _released(found: pd.DataFrame) -> pd.DataFrame:
    """The figures without what may not leave."""
    secret = [name for name in _SECRET if name in found]
    found[secret] = found[secret].where(found["shown"] == "shown")
    # where too few live or answer, not even how many is said
    return found.assign(denominator=found["denominator"].where(found["shown"] != "hidden"))


def _as_rows(found: pd.DataFrame) -> pd.DataFrame:
    """Rows of `place_rate`."""
    of_hex, monthly = found["level"] != release.REGION, found["period_grain"] == "month"
    start = found["period_start"]
    found = found.assign(
        place_type=np.where(of_hex, "hex", "region"),
        level=found["level"].where(of_hex),
        hex_id=found["hex_id"].astype("UInt64").where(of_hex),
        region=found["region"].where(~of_hex),
        period_end=start.where(~monthly, start + pd.offsets.MonthEnd()),
        method_version=METHOD_VERSION,
    )
    return found[[name for name in _COLUMNS if name in found]]
