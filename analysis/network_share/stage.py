"""The stage that says how much of what customers say is the network's, by region and month.

Of persons it reads what has left alone: table `place_rate`, and the panel that stands on it.
"""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.arrays import Floats
from analysis.association import panels
from analysis.association.associate import Beyond, beyond_control, n_lags
from analysis.association.panels import Panel
from analysis.inputs import Findings, Inputs
from analysis.network_share import accounted
from analysis.network_share.said import CLASSES, class_shares
from contracts.tables import TABLES, assemble

METHOD_VERSION = "share-1"
KPIS = ("drop_rate", "prb_dl_util_pct")
"""What the network is taken to be: dropped calls and load."""
_PLACES = ("region", "network")
_WHERE = ["place_type", "region", "period_start"]
_PARTS = ["network_share", "network_share_lo", "network_share_hi", "network_share_visible"]


def find(inputs: Inputs, earlier: Findings) -> Findings:  # noqa: ARG001 - as of every family
    """Table network_share: of complaints and of detractors what drops and load account for.

    `inputs`: not read. `earlier`: table `place_rate`, and `panel` where there is one; without it
    the table is empty.
    """
    if "panel" not in earlier:
        return Findings(network_share=pd.DataFrame())
    rows = shares(panels.panel_from(earlier.draws("panel")), earlier.table("place_rate"))
    return Findings(network_share=assemble([rows], TABLES["network_share"]))


def shares(panel: Panel, rates: pd.DataFrame) -> pd.DataFrame:
    """Rows of table `network_share`; none without a KPI or without months.

    `panel`: places and months. `rates`: table `place_rate`.
    """
    kpis = [kpi for kpi in KPIS if kpi in panel.kpis]
    is_wanted = rates["place_type"].isin(_PLACES) & rates["period_grain"].eq("month")
    of_regions = rates[is_wanted].assign(
        region=rates["region"].fillna(""),
        period_start=pd.to_datetime(rates["period_start"]).dt.as_unit("s"),
    )
    logs, where = _logs(of_regions, kpis, panel.months)
    if not kpis or where.empty:
        return pd.DataFrame()
    n = min(n_lags(panel.kpis[kpi]) for kpi in kpis)
    distance = accounted.distances(logs, accounted.best_of(panel, kpis), n)
    rows = where.reset_index(drop=True)
    flat = distance.reshape(len(rows), -1)
    complaints = next((m for m, name in panel.outcomes if name == "network"), "")
    parts = []
    if complaints:
        beyond = beyond_control(panel, (complaints, "network"), kpis)
        said = class_shares(of_regions[of_regions["metric"] == complaints])
        parts.append(_of_complaints(rows.assign(metric=complaints), beyond, flat, said))
    beyond = beyond_control(panel, (panels.SCORE, "detractors"), kpis)
    if (panels.SCORE, "detractors") in panel.outcomes:
        parts.append(_of_detractors(rows.assign(metric=panels.SCORE), beyond, flat, of_regions))
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()


def _logs(
    rates: pd.DataFrame, kpis: list[str], months: npt.NDArray[np.datetime64]
) -> tuple[Mapping[str, Floats], pd.DataFrame]:
    """Logarithm of each KPI, (region, month), as `association` takes it; and what the rows are."""
    of_kpis = rates[rates["metric"].isin(kpis)]
    places = of_kpis[["place_type", "region"]].drop_duplicates().sort_values(["region"])
    grid = places.merge(pd.DataFrame({"period_start": months}), how="cross")
    logs = {}
    for kpi in kpis:
        mine = of_kpis[of_kpis["metric"] == kpi].set_index(_WHERE)
        log = ((mine["numerator"] + 0.5) / (mine["denominator"] + 1)).map(np.log)
        known = log.reindex(pd.MultiIndex.from_frame(grid[_WHERE])).to_numpy(float)
        logs[kpi] = known.reshape(len(places), len(months))
    return logs, grid


def _of_complaints(
    rows: pd.DataFrame, beyond: Beyond, distance: Floats, said: pd.DataFrame
) -> pd.DataFrame:
    """Of all complaints: those about the network, and of these what the network accounts for."""
    of_network = accounted.accounted(beyond, distance)
    mine = rows.merge(said.reset_index(), "left", ["region", "period_start"])
    ends = [mine["network"], mine["network_lo"], mine["network_hi"], mine["network"]]
    parts = {name: share * part for name, share, part in zip(_PARTS, ends, of_network, strict=True)}
    classes = {f"{name}_class_share": mine[name] for name in CLASSES}
    return _said(rows.assign(**classes, **parts), beyond)[mine["n_classes"].notna()]


def _of_detractors(
    rows: pd.DataFrame, beyond: Beyond, distance: Floats, rates: pd.DataFrame
) -> pd.DataFrame:
    """Of the detractors: what the network accounts for; nobody says what they are about."""
    scores = rates.loc[rates["metric"].eq(panels.SCORE), [*_WHERE, "shown"]].drop_duplicates(_WHERE)
    shown = rows.merge(scores, "left", _WHERE)["shown"]
    shares = pd.DataFrame(dict(zip(_PARTS, accounted.accounted(beyond, distance), strict=True)))
    of_shown = shares.where(shown.eq("shown"))
    return _said(rows.assign(**of_shown), beyond)[shown.notna()]


def _said(rows: pd.DataFrame, beyond: Beyond) -> pd.DataFrame:
    """The rows with method and reason; a share that is not known is NULL."""
    return rows.assign(method_version=METHOD_VERSION, unsafe_reason=beyond.why or None)
