"""The stage that associates what the network does with what customers say, place by place.

KPIs of the catalogue by hexagon and month against what has left of customers (`associate`), and,
until that takes its place, one coefficient of drops for the whole network (`slopes`).
"""

import numpy as np
import pandas as pd

from analysis import safety
from analysis.association import kpis, panels
from analysis.association import slopes as association_slopes
from analysis.association import weeks as association_weeks
from analysis.association.associate import associate
from analysis.association.panels import Panel
from analysis.association.slopes import CONTROL, Slope
from analysis.inputs import Findings, Inputs
from contracts.kpis import catalogue
from contracts.tables import TABLES, assemble

_PER_PERSON = "complaints_per_1000"


def find(inputs: Inputs, earlier: Findings) -> Findings:
    """Table association: every KPI against complaints and NPS at every lag; and cases for one drop.

    Beside it `panel`, the places and months that it was found in (`panels.panel_dataset`), where
    there are any.

    `inputs`: settled tables; without counters the table is empty. `earlier`: table `place_rate` is
    read, of persons nothing else.
    """
    if not inputs.has_counters:
        return Findings(association=pd.DataFrame())
    network = control = detractors = association_slopes.UNKNOWN
    metric, weeks = inputs.exposure.metric, _Weeks(inputs)
    if weeks.is_known:
        network, control = (weeks.complainants(name) for name in ("network", CONTROL))
        # calls are no persons, so of calls no detractors follow
        detractors = weeks.detractors() if metric == _PER_PERSON else association_slopes.UNKNOWN
    rows = [
        _association(network, metric, "network"),
        _association(control, metric, CONTROL),
        _association(detractors, "nps", "detractors"),
    ]
    associations = pd.concat(rows, ignore_index=True)
    followed = association_slopes.per_drops(associations, revenue=1.0)
    expected = [followed[name].expected for name in ("complainants_avoided", "detractors_avoided")]
    pooled = associations.assign(per_drop=[expected[0], np.nan, expected[1]])
    panel, words = _panel(inputs, earlier.table("place_rate"))
    parts = [pooled] if panel is None else [pooled, _associations(inputs, panel, words)]
    passed_on = {} if panel is None else {"panel": panels.panel_dataset(panel)}
    return Findings(association=assemble(parts, TABLES["association"]), **passed_on)


def _panel(inputs: Inputs, rates: pd.DataFrame) -> tuple[Panel | None, dict[str, str]]:
    """KPIs and outcomes side by side, and each KPI in words; no panel without figures of customers.

    Hexagons are as coarse as those of NPS, so that all outcomes stand on the same places, and the
    control with them.
    """
    levels = inputs.settings.grid.levels
    level = min(levels["nps"], levels["complaint"])
    is_outcome = rates["metric"].eq("nps") | rates["metric"].str.startswith("complaints_")
    is_monthly = rates["level"].eq(level) & rates["period_grain"].eq("month")
    figures = rates[is_outcome & is_monthly & rates["place_type"].eq("hex")]
    if figures.empty:
        return None, {}
    known = kpis.by_place_month(
        inputs.table("cell_day"),
        inputs.weights(inputs.settings.grid.level),
        catalogue(inputs.settings.kpi),
        level=level,
    )
    if not known:
        return None, {}
    site = panels.site_of_places(
        inputs.newest_weights(inputs.settings.grid.level), inputs.newest_cells, level=level
    )
    values = {name: kpi.values for name, kpi in known.items()}
    words = {name: kpi.words for name, kpi in known.items()}
    return panels.panel(figures, values, site), words


def _associations(inputs: Inputs, panel: Panel, words: dict[str, str]) -> pd.DataFrame:
    """Every KPI against every outcome."""
    found = associate(panel, words)
    quality = inputs.table("quality")
    for metric in ("complaint", "nps"):
        of_metric = found["metric"].str.startswith(metric) & found["unsafe_reason"].isna()
        found.loc[of_metric, "unsafe_reason"] = safety.of_table(quality, metric)
    return found


class _Weeks:
    """Weeks of hexagons as coarse as those of NPS.

    Footprints are less off there than in finer ones, and drops counted at the wrong place make a
    slope look flatter than it is.
    """

    def __init__(self, inputs: Inputs) -> None:
        levels = inputs.settings.grid.levels
        # complaints are not known in finer hexagons than those of their rates
        self.level = min(levels["nps"], levels["complaint"])
        self.complaints, self.answers = inputs.complaints, inputs.answers
        days, exposure = inputs.table("hex_day"), inputs.exposure.rows
        self.is_known = len(days) > 0 and len(exposure) > 0
        if self.is_known:
            self.drops = association_weeks.drops(days, level=self.level)
            coarse = association_weeks.coarser(exposure, level=self.level)
            self.exposure = association_weeks.exposure(coarse, self.drops["week"])

    def complainants(self, outcome_class: str) -> Slope:
        """For one drop, those without a position among them: they are thought to be alike."""
        is_of_class = self.complaints["complaint_class"] == outcome_class
        of_class = self.complaints[is_of_class].drop_duplicates("complaint_id")
        placed_share = of_class["hex_id"].notna().mean()
        if not placed_share > 0:
            return association_slopes.UNKNOWN._replace(
                why=f"no complaint of class {outcome_class} has a position"
            )
        cases = association_weeks.complainants(self.complaints, outcome_class, level=self.level)
        slope = association_slopes.complainants(cases, self.exposure, self.drops)
        return slope._replace(value=slope.value / placed_share, se=slope.se / placed_share)

    def detractors(self) -> Slope:
        """For one drop a month; not known where no answer has a position."""
        if not self.answers["hex_id"].notna().any():
            return association_slopes.UNKNOWN._replace(why="no survey answer has a position")
        answers = association_weeks.answers(self.answers, level=self.level)
        return association_slopes.detractors(answers, self.exposure, self.drops)


def _association(slope: Slope, metric: str, outcome_class: str) -> pd.DataFrame:
    """One row of table association, without what follows for one drop."""
    low, high = slope.interval
    row = {
        "kpi": "dropped_calls",
        "metric": metric,
        "outcome_class": outcome_class,
        "lag_months": 0,
        "coefficient": slope.value,
        "coefficient_se": slope.se,
        "coefficient_lo": low,
        "coefficient_hi": high,
        "n_places": slope.n_places or np.nan,
        "method_version": association_slopes.METHOD_VERSION,
        "unsafe_reason": slope.why or association_slopes.PROVISIONAL,
    }
    columns = [name for name in TABLES["association"].columns if name != "run_id"]
    return pd.DataFrame([row]).reindex(columns=columns)
