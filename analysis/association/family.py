"""What survives where many associations are looked at together."""

import numpy as np
from scipy import stats

from analysis.arrays import Flags, Floats


def adjusted(p: Floats) -> Floats:
    """p-values after Benjamini and Hochberg (1995), (test,); NaN stays NaN and counts for nothing.

    `p`: p-values of the whole family, (test,).

    >>> adjusted(np.array([0.01, np.nan, 0.02, 0.9])).round(3).tolist()
    [0.03, nan, 0.03, 0.9]
    """
    is_known = ~np.isnan(p)
    order = np.argsort(p[is_known], kind="stable")
    n = len(order)
    scaled = p[is_known][order] * n / np.arange(1, n + 1)
    least = np.minimum.accumulate(scaled[::-1])[::-1]
    q = np.full(len(p), np.nan)
    q[np.flatnonzero(is_known)[order]] = np.minimum(least, 1.0)
    return q


def selected_quantile(is_selected: Flags, n_tests: int, freedom: Floats, *, miss: float) -> Floats:
    """By how many standard errors an interval reaches to each side, (test,).

    Of what is selected no more than a share `miss` of the intervals miss on average (false-coverage
    rate, Benjamini and Yekutieli 2005, JASA 100); without a selection it is the plain interval.

    `is_selected`: (test,). `n_tests`: tests with a p-value. `freedom`: degrees of freedom, (test,).
    `miss`: share of intervals that may miss.
    """
    n_selected = int(is_selected.sum())
    share = miss * n_selected / n_tests if n_selected else miss
    each = np.where(is_selected, share, miss)
    return np.asarray(stats.t.ppf(1 - each / 2, freedom))
