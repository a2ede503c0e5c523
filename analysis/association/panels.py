"""Places and months side by side: what customers said, as released, and what the network did.

Of persons nothing is read but figures that have left (table `place_rate`), so an association gives
nothing away that a reader of them could not compute.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr

from analysis.arrays import Floats, Indices
from analysis.association.fit import Outcome
from geo import hexgrid

CONTROL = "account"
"""Class of complaints that no network causes: the negative control."""
SCORE = "nps"
_PER_PERSON = "complaints_per_1000"
_PER_CALL = "complaints_per_10k_attempts"
_BRAND = "relationship"

_PARTS = ("amount", "exposure", "is_few")
_PLACES = ("site", "lat", "lon")

Key = tuple[str, str]
"""Metric and class of an outcome."""


class Panel(NamedTuple):
    """Places and months, (place,) and (month,), in one order for all that follows.

    `kpis`: logarithm of each KPI, (place, month); NaN = not known. `outcomes`: each (place, month).
    `site`: number of the site that serves most of each place, (place,). `lat`, `lon`: (place,).
    """

    months: npt.NDArray[np.datetime64]
    kpis: Mapping[str, Floats]
    outcomes: Mapping[Key, Outcome]
    site: Indices
    lat: Floats
    lon: Floats


def panel(rates: pd.DataFrame, kpis: Mapping[str, pd.DataFrame], site: pd.Series) -> Panel:
    """The panel of one level.

    `rates`: rows of `place_rate` of hexagons of that level by month.
    `kpis`: by id, their logarithms: by hex_id, a column a month.
    `site`: site that serves most of each hexagon, by hex_id; a hexagon without one is its own.
    """
    places = np.sort(pd.unique(pd.concat([frame.index.to_series() for frame in kpis.values()])))
    months = _months(rates["period_start"], *(frame.columns for frame in kpis.values()))
    grid = pd.MultiIndex.from_product([places, months], names=["hex_id", "period_start"])
    logs = {
        name: frame.reindex(index=places, columns=months).to_numpy(float)
        for name, frame in kpis.items()
    }
    outcomes: dict[Key, Outcome] = {}
    for (metric, name), rows in _of_one_survey(rates).groupby(
        ["metric", "outcome_class"], observed=True
    ):
        on_grid = rows.set_index(["hex_id", "period_start"]).reindex(grid)
        shape = (len(places), len(months))
        outcomes |= _outcomes(str(metric), str(name), on_grid, shape)
    known = site.reindex(places)
    own = pd.Series([f"hexagon {place}" for place in places], known.index)
    lat, lon = hexgrid.centres(places)
    return Panel(months.to_numpy(), logs, outcomes, pd.factorize(known.fillna(own))[0], lat, lon)


def _months(*known: pd.Series | pd.Index) -> pd.DatetimeIndex:
    """Every month from the first to the last, without a gap."""
    first = min(pd.Timestamp(months.min()) for months in known)
    last = max(pd.Timestamp(months.max()) for months in known)
    return pd.date_range(first, last, freq="MS", unit="s")


def _of_one_survey(rates: pd.DataFrame) -> pd.DataFrame:
    """The rates with one kind of survey: that about the brand if there is one; two do not mix."""
    is_score = rates["metric"] == SCORE
    is_brand = is_score & (rates["outcome_class"] == _BRAND)
    return rates[~is_score | is_brand] if is_brand.any() else rates


def _outcomes(
    metric: str, name: str, rows: pd.DataFrame, shape: tuple[int, int]
) -> dict[Key, Outcome]:
    """Complainants of a class; of a survey detractors, promoters and the score itself."""
    columns = {
        column: rows[column].to_numpy(float).reshape(shape)
        for column in ("numerator", "denominator", "n_effective", "promoter_share",
                       "detractor_share", "value_raw")
    }  # fmt: skip
    shown, few = (rows["shown"].eq(kind).to_numpy().reshape(shape) for kind in ("shown", "few"))
    if metric in (_PER_PERSON, _PER_CALL):
        exposure = np.where(shown | few, np.nan_to_num(columns["denominator"]), 0.0)
        return {(metric, name): Outcome(np.nan_to_num(columns["numerator"]), exposure, few)}
    answers = np.where(shown, np.nan_to_num(columns["n_effective"]), 0.0)
    none = np.zeros(shape, bool)
    counts = {
        f"{kind}s": Outcome(np.nan_to_num(columns[f"{kind}_share"]) * answers, answers, none)
        for kind in ("detractor", "promoter")
    }
    score = Outcome(np.nan_to_num(columns["value_raw"]), answers, none, is_score=True)
    return {(SCORE, kind): outcome for kind, outcome in {**counts, SCORE: score}.items()}


def panel_dataset(panel: Panel) -> xr.Dataset:
    """The panel as families pass it on, by place and month.

    `panel`: places and months.
    """
    at, outcomes = ("place", "month"), panel.outcomes.items()
    values: dict[str, Any] = {f"kpi.{name}": (at, kpi) for name, kpi in panel.kpis.items()}
    for (metric, name), outcome in outcomes:
        for part, amounts in zip(_PARTS, outcome[:3], strict=True):
            values[f"{part}.{metric}.{name}"] = (at, amounts)
    places = {name: ("place", getattr(panel, name)) for name in _PLACES}
    scores = [f"{metric}.{name}" for (metric, name), outcome in outcomes if outcome.is_score]
    return xr.Dataset(values | places, {"month": panel.months}, {"scores": scores})


def panel_from(dataset: xr.Dataset) -> Panel:
    """The panel of a dataset that `panel_dataset` made; without months it is empty.

    `dataset`: by place and month.
    """
    known = {str(name): dataset[name].to_numpy() for name in dataset.data_vars}
    kpis = {name[4:]: values for name, values in known.items() if name.startswith("kpi.")}
    outcomes: dict[Key, Outcome] = {}
    for name in known:
        part, _, key = name.partition(".")
        if part == _PARTS[0]:
            metric, _, outcome_class = key.partition(".")
            amount, exposure, is_few = (known[f"{part}.{key}"] for part in _PARTS)
            is_score = key in dataset.attrs["scores"]
            outcomes[metric, outcome_class] = Outcome(amount, exposure, is_few, is_score)
    return Panel(dataset["month"].to_numpy(), kpis, outcomes, *(known[n] for n in _PLACES))


def lagged(values: Floats, n_lags: int) -> Floats:
    """What was known so many months before, (lag, place, month); NaN before the first month.

    `values`: (place, month). `n_lags`: months back, beside the month itself.
    """
    lags = np.full((n_lags + 1, *values.shape), np.nan)
    for lag in range(n_lags + 1):
        lags[lag, :, lag:] = values[:, : values.shape[1] - lag]
    return lags


def site_of_places(weights: pd.DataFrame, cells: pd.DataFrame, *, level: int) -> pd.Series:
    """The site that serves most of each place, by hex_id; of two alike the first by name.

    `weights`: footprints of one day, not coarser than `level`. `cells`: one row a cell, with
    site_id. `level`: H3 level of the places.
    """
    sites = cells.set_index("cell_id")["site_id"]
    parts = pd.DataFrame(
        {
            "hex_id": hexgrid.parents(weights["hex_id"], level=level),
            "site_id": weights["cell_id"].map(sites),
            "weight": weights["weight"],
        }
    )
    summed = parts.groupby(["hex_id", "site_id"])["weight"].sum().reset_index()
    first = summed.sort_values(["hex_id", "weight", "site_id"], ascending=[True, False, True])
    return first.drop_duplicates("hex_id").set_index("hex_id")["site_id"]
