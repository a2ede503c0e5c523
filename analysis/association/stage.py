"""The stage that associates drops with what customers say: complainants, detractors, value."""

import numpy as np
import pandas as pd

from analysis.association import slopes as association_slopes
from analysis.association import weeks as association_weeks
from analysis.association.per_drop import Slopes
from analysis.association.slopes import Slope
from contracts.settings.sections import Settings
from contracts.tables import TABLES
from ingest.warehouse.store import Warehouse

_CONTROL, _PER_PERSON = "account", "complaints_per_1000"


# --- what a drop does to customers ------------------------------------------------------------


def slopes_of(
    warehouse: Warehouse, metric: str, exposure: pd.DataFrame, settings: Settings
) -> tuple[pd.DataFrame, Slopes]:
    """Rows of table `association` and the slopes that follow; NaN where nothing can be told.

    `exposure`: who could complain, as `metric` counts them (`complaints.complaint_rates`).
    """
    network = control = detractors = association_slopes.UNKNOWN
    weeks = _Weeks(warehouse, exposure, settings)
    if weeks.known:
        network, control = (weeks.complainants(of) for of in ("network", _CONTROL))
        # calls are no persons, so of calls no detractors follow
        detractors = weeks.detractors() if metric == _PER_PERSON else association_slopes.UNKNOWN
    of_complainants = association_slopes.per_drop("complainants", network, control)
    # surveys have no control of their own: what moves complaints of bills may move opinions
    of_detractors = association_slopes.per_drop("detractors", detractors, control)
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
            self.drops = association_weeks.drops(days, self.level)
            coarse = association_weeks.coarser(exposure, self.level)
            self.exposure = association_weeks.exposure(coarse, self.drops["week"])

    def complainants(self, of: str) -> Slope:
        """For one drop, those without a position among them: they are thought to be alike."""
        mine = self.complaints[self.complaints["complaint_class"] == of]
        if not (placed := mine["hex_id"].notna().mean()) > 0:
            return association_slopes.UNKNOWN._replace(
                why=f"no complaint of class {of} has a position"
            )
        cases = association_weeks.complainants(
            self.complaints, of, level=self.level, zone=self.zone
        )
        found = association_slopes.complainants(cases, self.exposure, self.drops)
        return found._replace(value=found.value / placed, se=found.se / placed)

    def detractors(self) -> Slope:
        """For one drop a month; not known where no answer has a position."""
        if not self.answers["hex_id"].notna().any():
            return association_slopes.UNKNOWN._replace(why="no survey answer has a position")
        asked = association_weeks.answers(self.answers, level=self.level, zone=self.zone)
        return association_slopes.detractors(asked, self.exposure, self.drops)


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
        "n_places": found.n_places or np.nan, "method_version": association_slopes.METHOD_VERSION,
        "unsafe_reason": found.why or association_slopes.PROVISIONAL,
    }  # fmt: skip
    columns = [name for name in TABLES["association"].columns if name != "run_id"]
    return pd.DataFrame([row]).reindex(columns=columns)
