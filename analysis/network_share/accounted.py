"""How much of what customers say the network accounts for, and the least that could be seen.

    share = 1 - exp(-sum over KPIs and lags of coefficient x distance)

The coefficients are those beyond the control (`association.beyond_control`). The distance is by how
much the KPI's logarithm lies above that of the best tenth of places and months: what nobody reaches
is not the network's to give. The population attributable fraction of Rockhill, Newman and Weinberg
1998 (American Journal of Public Health 88) for one exposure that all share.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from scipy import stats

from analysis.arrays import Floats
from analysis.association.associate import Beyond
from analysis.association.panels import Panel, lagged

BEST = 0.1
_MISS, _POWER = 0.1, 0.8


class Shares(NamedTuple):
    """Of each row the share and its 90 % interval, and the least that is seen; NaN = not known.

    `visible`: a share as large is seen four times in five.
    """

    value: Floats
    low: Floats
    high: Floats
    visible: Floats


def best_of(panel: Panel, kpis: Sequence[str]) -> dict[str, float]:
    """The logarithm that a tenth of places and months do not exceed, by KPI.

    `panel`: places and months. `kpis`: ids; of each, more is worse.
    """
    return {kpi: float(np.nanquantile(panel.kpis[kpi], BEST)) for kpi in kpis}


def distances(logs: Mapping[str, Floats], best: Mapping[str, float], n_lags: int) -> Floats:
    """By how much each KPI is worse than the best at each lag, (place, month, k); NaN = not known.

    `logs`: logarithm of each KPI, (place, month), in the order of the coefficients. `best`: of
    each. `n_lags`: months back, beside the month itself.
    """
    above = [np.maximum(lagged(values, n_lags) - best[kpi], 0.0) for kpi, values in logs.items()]
    return np.moveaxis(np.concatenate(above), 0, -1)


def accounted(beyond: Beyond, distance: Floats) -> Shares:
    """The share that the network accounts for in each row.

    Whether anything is seen is asked once, of all rows together; where it is not, every interval
    begins at 0. So a network that does nothing claims something once in twenty times and not once
    in twenty rows.

    `beyond`: the coefficients. `distance`: (row, k); NaN = not known.
    """
    index, error = distance @ beyond.coefficient, beyond.errors(distance)
    reach = stats.t.ppf(1 - _MISS / 2, beyond.freedom)
    known = ~np.isnan(index)
    lowest = index - reach * error if known.any() and _is_seen(beyond, distance[known]) else 0.0
    enough = (reach + stats.t.ppf(_POWER, beyond.freedom)) * error
    ends = (index, np.where(known, lowest, np.nan), index + reach * error, enough)
    return Shares(*(-np.expm1(-np.maximum(end, 0.0)) for end in ends))


def _is_seen(beyond: Beyond, distance: Floats) -> bool:
    mean = distance.mean(axis=0, keepdims=True)
    # of two outcomes each gets half of the one in twenty
    reach = stats.t.ppf(1 - _MISS / 4, beyond.freedom)
    return bool((mean @ beyond.coefficient > reach * beyond.errors(mean)).item())
