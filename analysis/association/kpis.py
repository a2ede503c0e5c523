"""KPIs of the catalogue by place and month: what was counted there is added, and divided last."""

from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd

from analysis.arrays import Floats
from contracts.expressions import Expression, Known, Name, Number, Product, Sum, names
from contracts.kpis import Catalogue, Kpi
from geo import hexgrid
from geo.footprint import valid_on

# a month of fewer days of counters is no month
_MIN_DAYS = 14


class PlaceMonths(NamedTuple):
    """One KPI: its name in a sentence, and its logarithm by place and month.

    `words`: such as "drop rate a tenth higher". `values`: a frame by hex_id, a column a month; NaN
    = not known. Of a success rate it is the share that failed, so that more is worse.
    """

    words: str
    values: pd.DataFrame


def by_place_month(
    days: pd.DataFrame, weights: pd.DataFrame, catalogue: Catalogue, *, level: int
) -> dict[str, PlaceMonths]:
    """The KPIs that the counters give, by id; sums and states say how many, not how well: left out.

    A month counts with at least 14 days of counters. A cell's month is spread by its footprint of
    the month's fifteenth. Half an event more, and one more to be had, so that none has a logarithm.

    `days`: table `cell_day`. `weights`: table `cell_hex`, not coarser than `level`. `catalogue`:
    all KPIs. `level`: H3 level of the places.
    """
    day = pd.to_datetime(days["day_local"])
    month = day.dt.to_period("M").dt.start_time.dt.as_unit("s")
    n_days = day.groupby(month).nunique()
    is_whole = month.isin(n_days.index[n_days >= _MIN_DAYS])
    whole = days[is_whole].assign(month=month[is_whole])
    placed = _footprints(weights, whole["month"].drop_duplicates(), level)
    kpis = {}
    for kpi, of in catalogue.kpis.items():
        columns = {name for part in catalogue.parts(kpi) for name in part.columns}
        if of.form in ("ratio", "product") and columns <= set(whole) and len(whole):
            values = _values(list(_sums(catalogue, kpi, whole, placed)), of)
            if values.notna().any(axis=None):
                kpis[kpi] = PlaceMonths(_words(of), values)
    return kpis


def _footprints(weights: pd.DataFrame, months: pd.Series, level: int) -> pd.DataFrame:
    """cell_id, month, hex_id of `level` and weight."""
    parts = [weights.iloc[:0].assign(month=pd.Series(dtype="datetime64[s]"))]
    for month in months:
        middle = (month + pd.Timedelta(days=14)).date()
        parts.append(valid_on(weights, middle).assign(month=month))
    rows = pd.concat(parts, ignore_index=True)
    rows["hex_id"] = hexgrid.parents(rows["hex_id"], level=level)
    rows["month"] = rows["month"].astype("datetime64[s]")
    return rows.groupby(["cell_id", "month", "hex_id"])["weight"].sum().reset_index()


def _sums(
    catalogue: Catalogue, kpi: str, days: pd.DataFrame, placed: pd.DataFrame
) -> Iterator[pd.DataFrame]:
    """Numerator and denominator of each part, `above` and `below`, by hex_id and month."""
    for part in catalogue.parts(kpi):
        above, below = (_evaluated(x, days) for x in (part.numerator, part.denominator) if x)
        known = np.isfinite(above) & np.isfinite(below)
        counted = pd.DataFrame(
            {"above": np.where(known, above, np.nan), "below": np.where(known, below, np.nan)}
        )
        keys = [days["cell_id"].to_numpy(), days["month"].to_numpy()]
        by_cell = counted.groupby(keys).sum(min_count=1).rename_axis(["cell_id", "month"])
        rows = placed.merge(by_cell.dropna().reset_index(), on=["cell_id", "month"])
        for name in ("above", "below"):
            rows[name] *= rows["weight"]
        yield rows.groupby(["hex_id", "month"])[["above", "below"]].sum()


def _values(parts: list[pd.DataFrame], kpi: Kpi) -> pd.DataFrame:
    """Logarithm of a KPI, by hex_id and month, from the sums of its parts."""
    ratios = [
        (part["above"] + 0.5) / (part["below"].where(part["below"] > 0) + 1) for part in parts
    ]
    value = ratios[0]
    for ratio in ratios[1:]:
        value = value * ratio
    if kpi.unit == "share" and kpi.better == "higher":
        failed = (parts[0]["below"] - parts[0]["above"] + 0.5) / (parts[0]["below"] + 1)
        value = failed if len(parts) == 1 else 1 - value
    logs = value.where(value > 0).map(np.log)
    return logs.reset_index(name="value").pivot_table("value", "hex_id", "month")


def _words(kpi: Kpi) -> str:
    fails = kpi.unit == "share" and kpi.better == "higher"
    return f"{kpi.name} {'failing a tenth more often' if fails else 'a tenth higher'}"


# --- formulas ---------------------------------------------------------------------------------


def _evaluated(expression: Expression, days: pd.DataFrame) -> Floats:
    """An expression over columns, (row,); NaN where it is missing."""
    columns = {name: days[name].to_numpy(float) for name in names(expression)}
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.broadcast_to(_value(expression, columns), len(days)).astype(np.float64)


def _value(expression: Expression, columns: Mapping[str, Floats]) -> Floats:
    value: Callable[[Expression], Floats] = lambda part: _value(part, columns)  # noqa: E731
    match expression:
        case Number():
            return np.asarray(expression.value)
        case Name():
            return columns[expression.text]
        case Sum():
            return np.asarray(sum(sign * value(term) for sign, term in expression.terms))
        case Product():
            product = np.asarray(1.0)
            for mark, factor in expression.factors:
                product = product * value(factor) if mark == "*" else product / value(factor)
            return product
        case Known():
            terms = np.broadcast_arrays(*(value(term) for term in expression.terms))
            return np.where(np.isnan(terms).all(axis=0), np.nan, np.nansum(terms, axis=0))
