"""Which KPIs works are judged on, and their panels of cells and of sites."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr
from scipy import sparse

from analysis.arrays import Flags, Floats
from analysis.effects.panel import Panel
from analysis.rates import kpis as rated_kpis
from analysis.rates.kpis import Counted, Rated
from analysis.uncertainty import intervals
from contracts.kpis import Catalogue, Kpi

JUDGED = (
    "drop_rate", "volte_setup_sr", "rrc_setup_sr", "erab_setup_sr", "ho_exec_sr", "availability",
    "dl_user_thp_mbps", "prb_dl_util_bh_pct", "dl_volume_gb", "call_attempts_n",
)  # fmt: skip
"""What an acceptance sheet holds: drops first, then set-up, handover, availability, throughput,
load, and the traffic won. The operator's own ratios come after them."""
_SEGMENT_DAYS = 14


class KpiPanel(NamedTuple):
    """One KPI: its id and definition, and its panel.

    `is_failure`: the panel counts failures. `shown`: what its values are multiplied by to be shown.
    """

    kpi: str
    of: Kpi
    panel: Panel
    is_failure: bool
    shown: float = 1.0


def judged_kpis(known: Catalogue) -> Catalogue:
    """The KPIs that works are judged on: those of the sheet, and the operator's own ratios.

    `known`: all KPIs.
    """
    own = [name for name, of in known.kpis.items() if known.is_own(name) and of.form == "ratio"]
    names = [name for name in JUDGED if name in known.kpis] + own
    return Catalogue({name: known.kpis[name] for name in names})


def panels(
    days: pd.DataFrame, counters: xr.Dataset, known: Catalogue, absent: frozenset[str]
) -> Iterator[KpiPanel]:
    """Each KPI's panel of cells, one after the other: its arrays are large.

    Days in outages and days that failed a check are not known; an availability keeps its outages.

    `days`: table `cell_day`. `counters`: the same by cell and day. `known`: as of `judged_kpis`.
    `absent`: ids of those that lack a counter.
    """
    outage = counters["outage"].to_numpy()
    has_failed = counters["failed"].to_numpy() > 0
    for one in rated_kpis.rated(days, counters, known, absent):
        is_odd = has_failed if one.of.family == "availability" else has_failed | outage
        counted = _counted(one, is_odd)
        noise = one.noise[0] if one.noise else None
        yield _kpi_panel(one, counted, noise)


def _counted(one: Rated, is_odd: Flags) -> Counted:
    """Failures among tries, or what is divided; odd days are not known."""
    part = one.parts[0]
    if one.of.form == "sum":
        above, below = one.of.factor * part.numerator, np.ones_like(part.numerator)
    elif one.noise:
        above, below = part.failures(one.of), part.denominator
    else:
        above, below = one.of.factor * part.numerator, part.denominator
    return Counted(*(np.where(is_odd, np.nan, each) for each in (above, below)))


def _kpi_panel(one: Rated, counted: Counted, noise: intervals.Noise | None) -> KpiPanel:
    # an availability is 1 on most days: its logarithm says nothing
    is_log = noise is not None or one.of.unit != "share"
    panel = Panel(counted.numerator, counted.denominator, noise, is_log)
    return KpiPanel(one.kpi, one.of, panel, noise is not None)


def of_sites(cells: KpiPanel, member: sparse.csr_array, rest_day: Flags) -> KpiPanel:
    """The same KPI by site.

    `cells`: by cell. `member`: (site, cell), 1 = it is of the site. `rest_day`: weekend or public
    holiday, (cell, day).

    A day counts where all cells of the site that have begun and not ended are known.
    """
    panel = cells.panel
    above, below = (_whole(each, member) for each in (panel.above, panel.below))
    if cells.of.form == "sum":
        below = np.where(np.isfinite(above), 1.0, np.nan)
    noise = None
    if panel.noise is not None:
        segments = np.broadcast_to(np.arange(above.shape[1]) // _SEGMENT_DAYS, above.shape)
        rest = rest_day[member.argmax(axis=1)]
        noise = intervals.dispersion(above, np.nan_to_num(below), segments, rest)
    return cells._replace(panel=Panel(above, below, noise, panel.is_log))


def membership(
    cell_sites: npt.NDArray[np.object_],
) -> tuple[npt.NDArray[np.object_], sparse.csr_array]:
    """Names of the sites, and which cells are of each, (site, cell), 1 = it is.

    `cell_sites`: site of each cell; missing = none.
    """
    code, names = pd.factorize(cell_sites, sort=True)
    column = np.flatnonzero(code >= 0)
    entries = (np.ones(len(column)), (code[column], column))
    return np.asarray(names, object), sparse.csr_array(entries, (len(names), len(cell_sites)))


def _whole(values: Floats, member: sparse.csr_array) -> Floats:
    """Sums over each site; NaN where a cell is missing between its first and its last known day."""
    is_known = np.isfinite(values)
    has_begun = np.maximum.accumulate(is_known, axis=1)
    is_over = ~np.maximum.accumulate(is_known[:, ::-1], axis=1)[:, ::-1]
    n_missing = member @ (has_begun & ~is_over & ~is_known).astype(float)
    n_known = member @ is_known.astype(float)
    is_whole = (n_missing == 0) & (n_known > 0)
    return np.where(is_whole, member @ np.nan_to_num(values), np.nan)
