"""Figures of persons leave once: when a day or month may, and as what it left before.

Two snapshots a day apart would say who complained in between. So a day leaves when it has been over
for some days, a month when its last day has, and what has left stays as it left: rows that come
later move no figure. The rows that left are those of the warehouse's last run. They are of the same
grid if they carry the same `stamp`; on another grid (levels, regions, thresholds) everything leaves
anew.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from contracts.settings.sections import Privacy
from contracts.tables import TABLES, assemble
from ingest.privacy.pieces import Flags
from ingest.privacy.release import NETWORK, REGION


@dataclass(frozen=True)
class Leaving:
    """What may leave in this run, and what has left before.

    `until`: the newest local day that may leave, without a zone; None = whatever there is.
    `rates`, `parts`: rows of `place_rate` and `rate_part` as they left; none = nothing has.
    `has_persons`: whether the rows are of persons; those of a public set leave as they are.
    """

    until: pd.Timestamp | None = None
    rates: pd.DataFrame = field(default_factory=lambda: assemble([], TABLES["place_rate"]))
    parts: pd.DataFrame = field(default_factory=lambda: assemble([], TABLES["rate_part"]))
    has_persons: bool = True

    def are_over(self, days: pd.Series) -> Flags:
        """Which of these local days may leave.

        `days`: midnights without a zone.
        """
        if self.until is None:
            return np.ones(len(days), bool)
        return (days <= self.until).to_numpy(bool)

    def are_closed(self, months: pd.Series) -> Flags:
        """Which of these months may leave: those whose last day may.

        `months`: first days of months.
        """
        return self.are_over(months + pd.offsets.MonthEnd())

    def fewest(self, threshold: float) -> float:
        """The threshold where rows are of persons, else 0, with which nothing is hidden."""
        return threshold if self.has_persons else 0

    def rule(self, rule: Privacy) -> Privacy:
        """The thresholds that hold, of `rule` where rows are of persons, else 0."""
        if self.has_persons:
            return rule
        none = dict.fromkeys(("min_subscribers", "min_nps", "min_respondents"), 0)
        return rule.model_copy(update=none)


EVERYTHING = Leaving()
"""Whatever there is may leave, and nothing has left before."""


def stamp(method: str, regions: pd.Series, *, level: int, rule: Privacy) -> str:
    """Version of a method with a hash of the grids on which its figures leave.

    `method`: its version. `regions`: region of each hexagon, by hex_id. `level`: finest H3 level.
    `rule`: the thresholds.
    """
    grid = pd.util.hash_pandas_object(regions.astype("str").sort_index()).to_numpy()
    thresholds = (level, rule.min_subscribers, rule.min_nps, rule.min_respondents)
    digest = hashlib.sha256(grid.tobytes() + repr(thresholds).encode())
    return f"{method} {digest.hexdigest()[:8]}"


def left_before(rates: pd.DataFrame, metric: str, stamped: str) -> pd.DataFrame:
    """One metric's rows that left on the same grid, named as `release` names places.

    `rates`: rows of `place_rate`. `metric`: as there. `stamped`: as of `stamp`.

    Columns PLACE, outcome_class, period_grain, period_start, shown, numerator, denominator and what
    else is published of a figure.
    """
    rows = rates[(rates["metric"] == metric) & (rates["method_version"] == stamped)]
    level = rows["level"].astype("Int64")
    level = level.mask(rows["place_type"] == "network", NETWORK)
    level = level.mask(rows["place_type"] == "region", REGION)
    return rows.assign(
        level=level.astype("int64"),
        hex_id=rows["hex_id"].astype("UInt64").fillna(0).astype("uint64"),
        region=rows["region"].fillna("").astype("object"),
        outcome_class=rows["outcome_class"].astype("object"),
        period_start=pd.to_datetime(rows["period_start"]).dt.as_unit("s"),
    )


def as_left(
    figures: pd.DataFrame, left: pd.DataFrame, *, table: Sequence[str], place: Sequence[str]
) -> pd.DataFrame:
    """The figures, those of tables that have left as they left.

    `figures`: of this run. `left`: as of `left_before`. `table`: columns that name a table, such as
    the month and the class; if any of its rows left, all did. `place`: columns that name a row of
    it. What both have is taken from `left`; a place that had not left stays hidden.
    """
    columns = [name for name in figures if name in left and name not in (*table, *place)]
    keys = [*table, *place]
    rows = figures.merge(left[[*keys, *columns]], "left", keys, suffixes=("", "_left"))
    tables = left[list(table)].drop_duplicates()
    has_left = rows.merge(tables, "left", list(table), indicator="_has")["_has"] == "both"
    for name in columns:
        rows[name] = rows[name].where(~has_left, rows[f"{name}_left"])
    rows["shown"] = rows["shown"].fillna("hidden")
    return rows[list(figures)]
