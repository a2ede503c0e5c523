"""The stage that says what treating cells would spare: finds of the search -> benefits, what-ifs.

Drops avoided come from the cells' own curves and changes (`benefit`), complainants, detractors and
value from them by one coefficient for the network each (`chain`).
"""

from typing import NamedTuple

import numpy as np
import pandas as pd
import xarray as xr

from analysis import benefit, chain, panels
from analysis.arrays import Floats
from analysis.attribution.levers import Levers, aligned
from analysis.benefit import Gain, Slopes
from analysis.chain import Slope
from analysis.uncertainty import draws
from analysis.uncertainty.intervals import Noise
from contracts.settings import Settings
from contracts.tables import TABLES
from ingest.warehouse import Warehouse

_NO_HOURS = "load is not known by the hour"
_CONTROL, _PER_PERSON = "account", "complaints_per_1000"


class Found(NamedTuple):
    """What treating each cell of the counters would spare, and tables without run_id.

    `slopes`: cases a drop less spares, by the name of the column that they fill.
    """

    cells: Gain
    slopes: Slopes
    benefits: pd.DataFrame
    ladder: pd.DataFrame
    associations: pd.DataFrame


def find(
    counters: xr.Dataset,
    levers: Levers,
    noise: Noise,
    associations: pd.DataFrame,
    slopes: Slopes,
    *,
    at_most: Floats,
    settings: Settings,
) -> Found:
    """The gain of each cell of `counters` (`cube.of_cell_days`), in their order.

    `at_most`: subscribers whom each cell serves (`residents`).
    """
    known = aligned(levers, counters["cell_id"].to_numpy(), _NO_HOURS)
    present = benefit.present_of(counters, known, noise, settings.priority.days)
    cells, relief = benefit.treatable(known, present), settings.priority.relief_pct / 100
    gain = benefit.gain_of_cells(cells, present, relief)
    until = pd.Timestamp(counters["day_local"].to_numpy()[-1])
    benefits = benefit.table(cells, present, gain, relief=relief).assign(level_until=until)
    ladder = benefit.what_if(cells, present, slopes, at_most)
    return Found(gain, slopes, benefits, ladder, associations)


def nothing() -> Found:
    """No gain of no cell."""
    none, empty = pd.DataFrame(), np.empty(0)
    gain = Gain(empty, empty, np.empty((0, draws.N_DRAWS)), empty.astype(np.int64))
    return Found(gain, {}, none, none, none)


# --- what a drop does to customers ------------------------------------------------------------


def slopes_of(
    warehouse: Warehouse, metric: str, exposure: pd.DataFrame, settings: Settings
) -> tuple[pd.DataFrame, Slopes]:
    """Rows of table `association` and the slopes that follow; NaN where nothing can be told.

    `exposure`: who could complain, as `metric` counts them (`customers.complaint_rates`).
    """
    network = control = detractors = chain.UNKNOWN
    weeks = _Weeks(warehouse, exposure, settings)
    if weeks.known:
        network, control = (weeks.complainants(of) for of in ("network", _CONTROL))
        # calls are no persons, so of calls no detractors follow
        detractors = weeks.detractors() if metric == _PER_PERSON else chain.UNKNOWN
    of_complainants = chain.per_drop("complainants", network, control)
    # surveys have no control of their own: what moves complaints of bills may move opinions
    of_detractors = chain.per_drop("detractors", detractors, control)
    told = [
        _association(network, metric, "network", of_complainants.expected),
        _association(control, metric, _CONTROL, np.nan),
        _association(detractors, "nps", "detractors", of_detractors.expected),
    ]
    slopes = {
        "complainants_avoided": of_complainants,
        "detractors_avoided": of_detractors,
        "value_month": of_detractors._replace(worth=_revenue(warehouse, settings)),
    }
    return pd.concat(told, ignore_index=True), slopes


class _Weeks:
    """Weeks of hexagons as coarse as those of NPS.

    Footprints are less off there than in finer ones, and drops counted at the wrong place make a
    slope look flatter than it is.
    """

    def __init__(self, warehouse: Warehouse, exposure: pd.DataFrame, settings: Settings) -> None:
        self.level, self.zone = settings.grid.levels["nps"], settings.operator.timezone
        self.complaints, self.answers = warehouse.read("complaint"), warehouse.read("nps")
        days = warehouse.read("hex_day")
        self.known = len(days) > 0 and len(exposure) > 0
        if self.known:
            self.drops = panels.drops(days, self.level)
            coarse = panels.coarser(exposure, self.level)
            self.exposure = panels.exposure(coarse, self.drops["week"])

    def complainants(self, of: str) -> Slope:
        """For one drop, those without a position among them: they are thought to be alike."""
        mine = self.complaints[self.complaints["complaint_class"] == of]
        if not (placed := mine["hex_id"].notna().mean()) > 0:
            return chain.UNKNOWN._replace(why=f"no complaint of class {of} has a position")
        cases = panels.complainants(self.complaints, of, level=self.level, zone=self.zone)
        found = chain.complainants(cases, self.exposure, self.drops)
        return found._replace(value=found.value / placed, se=found.se / placed)

    def detractors(self) -> Slope:
        """For one drop a month; not known where no answer has a position."""
        if not self.answers["hex_id"].notna().any():
            return chain.UNKNOWN._replace(why="no survey answer has a position")
        asked = panels.answers(self.answers, level=self.level, zone=self.zone)
        return chain.detractors(asked, self.exposure, self.drops)


def _revenue(warehouse: Warehouse, settings: Settings) -> float:
    """Revenue at stake with each detractor, a month; NaN where none is supplied or set."""
    base = warehouse.read("subscriber_base").dropna(subset=["arpu"])
    if base.empty or settings.priority.churn_per_detractor == 0:
        return np.nan
    newest = base[base["month"] == base["month"].max()]
    mean = np.average(newest["arpu"], weights=newest["n_active_subscribers"])
    return float(mean * settings.priority.churn_per_detractor)


def _association(found: Slope, metric: str, outcome_class: str, per_drop: float) -> pd.DataFrame:
    low, high = found.interval
    row = {
        "kpi": "dropped_calls", "metric": metric, "outcome_class": outcome_class, "lag_months": 0,
        "coefficient": found.value, "coefficient_lo": low, "coefficient_hi": high,
        "per_drop": per_drop,
        "n_places": found.n_places or np.nan, "method_version": chain.METHOD_VERSION,
        "unsafe_reason": found.why or chain.PROVISIONAL,
    }  # fmt: skip
    columns = [name for name in TABLES["association"].columns if name != "run_id"]
    return pd.DataFrame([row]).reindex(columns=columns)
