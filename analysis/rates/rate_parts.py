"""Parts of the figures of a month: types and channels of complaints, operators of call reports.

They leave by network and region, each kind by itself and never crossed, as `ingest.privacy.parts`
says; complaints within their class.
"""

from collections.abc import Mapping
from itertools import product

import numpy as np
import pandas as pd

from analysis.rates.released import BY
from contracts.complaints import TYPES, UNKNOWN
from contracts.fields import FIELDS
from contracts.tables import TABLES, assemble
from ingest.privacy import parts, release
from ingest.privacy.once import Leaving
from ingest.privacy.pieces import FEWEST_CASES

_KEY = [*BY, "region"]
_GRIDS = (release.NETWORK, release.REGION)


def of_counts(
    first: pd.DataFrame, monthly: pd.DataFrame, marks: Mapping[str, str], leaving: Leaving
) -> pd.DataFrame:
    """Rows of `rate_part`: how many of a class's complainants have each type, came by each channel.

    `numerator` of `denominator`, all complainants of the class there; `value` is the share. What
    the source does not say is the part unknown. Parts of months that left before stay as they left.

    `first`: one row a person and hexagon: BY, region, weight, home, and complaint_type and channel
    where they are known. `monthly`: how months leave: BY, PLACE, numerator, shown. `marks`: metric
    and method_version. `leaving`: what left before.
    """
    tables = [pd.DataFrame()]
    for split in ("complaint_type", "channel"):
        if split in first and len(monthly):
            cells = _cells(first, monthly, split)
            shown = parts.parts(cells, BY, split, fewest=leaving.fewest(FEWEST_CASES))
            rows = _with_whole(shown.rename(columns={split: "part"}), monthly)
            tables.append(not_left(rows.assign(split=split, **marks), leaving.parts))
    return pd.concat([table for table in tables if len(table)] or tables, ignore_index=True)


def of_surveys(
    cells: pd.DataFrame, monthly: pd.DataFrame, figures: pd.DataFrame, *, fewest: float
) -> pd.DataFrame:
    """How each part of a survey leaves, with its figures: BY, region, part, level, shown, ...

    `cells`: BY, region (missing = none), part, count (answers), homes (persons, each in one cell),
    touched (answers). `monthly`: as for `of_counts`. `figures`: BY, PLACE, part and columns of
    figures. `fewest`: persons of a part that leaves.
    """
    complete = _complete(cells, monthly, "part", sorted(cells["part"].unique()))
    shown = parts.parts(complete, BY, "part", fewest=fewest).drop(columns="count")
    rows = shown.merge(figures, "left", [*BY, "part", "level", "region"])
    is_none = rows["shown"].eq("shown") & ~(rows["denominator"] > 0)
    return rows.assign(shown=rows["shown"].mask(is_none, "hidden"))


def as_rows(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows of `rate_part`, without what may not leave.

    `rows`: BY, level, region, split, part, shown, the figures, metric and method_version.
    """
    secret = ["numerator", "denominator", "value", "value_lo", "value_hi", "n_effective"]
    secret = [name for name in secret if name in rows]
    rows = rows.assign(
        place_type=np.where(rows["level"] == release.NETWORK, "network", "region"),
        region=rows["region"].where(rows["level"] == release.REGION),
        period_end=rows["period_start"] + pd.offsets.MonthEnd(),
    )
    rows[secret] = rows[secret].where(rows["shown"] == "shown")
    return assemble([rows], TABLES["rate_part"]).drop(columns="run_id")


def _cells(first: pd.DataFrame, monthly: pd.DataFrame, split: str) -> pd.DataFrame:
    """Cases of each region and part of a class's split, zeros too."""
    grouped = first.groupby([*_KEY, split], dropna=False)
    cases = grouped.agg(count=("weight", "sum"), homes=("home", "sum"), touched=("home", "size"))
    return _complete(cases.astype(float).round(9).reset_index(), monthly, split, _fixed(split))


def _fixed(split: str) -> list[str]:
    """Every part that there can be, so that a row does not say that somebody named it."""
    if split == "channel":
        return sorted({*FIELDS["channel"].choices, UNKNOWN})
    return sorted({UNKNOWN, *(name for types in TYPES.values() for name in types)})


def _complete(
    cells: pd.DataFrame, monthly: pd.DataFrame, part: str, names: list[str]
) -> pd.DataFrame:
    """The cells of every region and of what lies outside, for all parts, with what left."""
    of_network = monthly[monthly["level"] == release.NETWORK]
    of_regions = monthly[monthly["level"] == release.REGION]
    whole = of_network[BY].assign(network_shown=of_network["shown"] == "shown")
    places = of_regions[_KEY].assign(month_shown=of_regions["shown"] == "shown")
    outside = whole[BY].assign(region=None, month_shown=False)
    rows = pd.concat([places, outside], ignore_index=True).merge(whole, on=BY)
    rows = rows.merge(pd.Series(names, name=part), how="cross")
    if part == "complaint_type":
        # a class has its own types
        is_own = [
            name == UNKNOWN or name in TYPES.get(kind, ())
            for name, kind in zip(rows[part], rows["outcome_class"], strict=True)
        ]
        rows = rows[is_own]
    rows["region"], cells["region"] = (x["region"].astype("str") for x in (rows, cells))
    sums = ["count", "homes", "touched"]
    return rows.merge(cells, "left", [*_KEY, part]).fillna(dict.fromkeys(sums, 0.0))


def _with_whole(shown: pd.DataFrame, monthly: pd.DataFrame) -> pd.DataFrame:
    """The parts with `denominator`, the whole of their place, and `value`, their share of it."""
    whole = monthly[monthly["level"].isin(_GRIDS)][[*_KEY, "level", "numerator"]]
    whole = whole.rename(columns={"numerator": "denominator"})
    rows = shown.merge(whole, "left", [*_KEY, "level"])
    rows[["count", "denominator"]] = rows[["count", "denominator"]].round()
    share = rows["count"] / rows["denominator"].where(rows["denominator"] > 0)
    return rows.rename(columns={"count": "numerator"}).assign(value=share.clip(upper=1))


def not_left(rows: pd.DataFrame, left: pd.DataFrame) -> pd.DataFrame:
    """Rows of `rate_part`: those of months that left before as they left, and the new ones.

    `rows`: as for `as_rows`, of one metric, split and method_version. `left`: rows of `rate_part`
    as they left, of any.
    """
    made = as_rows(rows)
    same = ["metric", "split", "method_version"]
    of_one = left.merge(made[same].drop_duplicates(), on=same).drop(columns="run_id")
    # a table of the warehouse has dates, a new one instants
    for table, name in product((made, of_one), ("period_start", "period_end")):
        table[name] = pd.to_datetime(table[name]).dt.as_unit("s")
    keys = ["outcome_class", "period_start"]
    has_left = made[keys].merge(of_one[keys].drop_duplicates(), "left", keys, indicator="_")
    return pd.concat([of_one, made[(has_left["_"] == "left_only").to_numpy()]], ignore_index=True)
