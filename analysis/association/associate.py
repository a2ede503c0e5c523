"""Every KPI against every outcome at every lag: rows of table `association`, from a panel."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from scipy import stats

from analysis.arrays import Floats
from analysis.association import ahead, family, ranks
from analysis.association.fit import (
    FEW,
    Fit,
    Outcome,
    by_site,
    covariance,
    degrees_of_freedom,
    fit,
    standard_errors,
)
from analysis.association.panels import CONTROL, SCORE, Key, Panel, lagged
from analysis.association.readings import reading

METHOD_VERSION = "panel-1"
MIN_MONTHS, MIN_PLACES, MIN_CASES = 6, 10, 100
MOST_LAGS = 6
SIGNIFICANT = 0.05
_MISS = 0.1
_TENTH_MORE = np.log(1.1)


class Fitted(NamedTuple):
    """One outcome's fit on one KPI, or why there is none."""

    fit: Fit | None
    why: str = ""


class Beyond(NamedTuple):
    """What an outcome's coefficients on several KPIs are beyond the control's; why = not known.

    `coefficient`: (k,), KPI by KPI, lag by lag. `covariances`: of them, clustered by site and month
    and by site alone, (2, k, k). `freedom`: degrees of freedom of the t distribution.
    """

    coefficient: Floats
    covariances: Floats
    freedom: int
    why: str = ""

    def errors(self, directions: Floats) -> Floats:
        """Standard error of sums of coefficients, (row,); never below that by site alone.

        `directions`: by how much each coefficient counts, (row, k); NaN = not known.
        """
        variances = np.einsum("rk,vkl,rl->vr", directions, self.covariances, directions)
        return np.asarray(np.sqrt(np.maximum(variances[0], variances[1])))


def associate(panel: Panel, words: Mapping[str, str]) -> pd.DataFrame:
    """Rows of table `association`, one a KPI, outcome and lag; one at lag 0 where one is refused.

    `panel`: places and months. `words`: each KPI in a sentence, such as "drop rate a tenth higher".
    """
    rows: list[dict[str, Any]] = []
    for kpi, values in panel.kpis.items():
        x = lagged(values, n_lags(values))
        fits = {key: fitted(outcome, x) for key, outcome in panel.outcomes.items()}
        for key in panel.outcomes:
            rows += _rows(panel, kpi, key, x, fits)
    return _judged(pd.DataFrame(rows), words) if rows else pd.DataFrame()


def n_lags(values: Floats) -> int:
    """Months back that are looked at: six, and no more than a third of the history.

    `values`: a KPI, (place, month); NaN = not known.
    """
    n_months = int((~np.isnan(values)).any(axis=0).sum())
    return min(MOST_LAGS, n_months // 3)


def fitted(outcome: Outcome, x: Floats) -> Fitted:
    """The fit of one outcome; none, and why, where there is too little.

    `outcome`: of each place and month. `x`: (lag, place, month), NaN = not known.
    """
    n_months = int((~np.isnan(x[0])).any(axis=0).sum())
    if n_months < MIN_MONTHS:
        return Fitted(None, f"{n_months} months of counters; {MIN_MONTHS} are needed")
    found = fit(outcome, x)
    cases = outcome.exposure if outcome.is_score else outcome.amount + FEW[0] * outcome.is_few
    n_cases = cases[found.is_used].sum()
    if found.n_places < MIN_PLACES or n_cases < MIN_CASES:
        counted = f"{n_cases:.0f} cases in {found.n_places} places that tell anything"
        return Fitted(None, f"{counted}; {MIN_CASES} and {MIN_PLACES} are needed")
    if np.isnan(found.coefficient).any():
        return Fitted(None, "the lags can't be told apart")
    return Fitted(found)


def control_of(key: Key, fits: Mapping[Key, Fitted]) -> Fit | None:
    """The fit of the complaints that no network causes; None = there is none, or it is that one.

    `key`: metric and class of the outcome. `fits`: of one KPI.
    """
    if key[1] == CONTROL:
        return None
    of_control = [one.fit for (_, name), one in fits.items() if name == CONTROL]
    return of_control[0] if of_control else None


def beyond_control(panel: Panel, key: Key, kpis: Sequence[str]) -> Beyond:
    """The coefficients of an outcome on several KPIs at all lags, less those of the control.

    Without complaints about bills nothing is known: what else moves would be in it.

    `panel`: places and months. `key`: metric and class of the outcome. `kpis`: ids, in the order in
    which their coefficients come.
    """
    n = min(n_lags(panel.kpis[kpi]) for kpi in kpis)
    x = np.concatenate([lagged(panel.kpis[kpi], n) for kpi in kpis])
    nothing = Beyond(np.full(len(x), np.nan), np.full((2, len(x), len(x)), np.nan), 1)
    controls = [name for name in panel.outcomes if name[1] == CONTROL]
    if key not in panel.outcomes or not controls:
        return nothing._replace(why="no figures of it, or of complaints about bills")
    found, control = (fitted(panel.outcomes[name], x) for name in (key, controls[0]))
    if found.fit is None or control.fit is None:
        of_bills = "" if found.fit is None else "complaints about bills: "
        return nothing._replace(why=of_bills + (found.why or control.why))
    alike = moved_alike(panel, key)
    influence = found.fit.influence - alike * control.fit.influence
    return Beyond(
        found.fit.coefficient - alike * control.fit.coefficient,
        np.array([covariance(influence, influence, panel.site), by_site(influence, panel.site)]),
        degrees_of_freedom(found.fit, panel.site),
    )


def moved_alike(panel: Panel, key: Key) -> float:
    """How an outcome's coefficient would be, of one of the control's of 1, if both moved alike.

    What makes people complain of anything makes them promote less: promoters fall as complaints
    rise, and the score falls by both its parts.

    `panel`: its outcomes. `key`: metric and class of the outcome.
    """
    if key[1] == "promoters":
        return -1.0
    if key[1] != SCORE:
        return 1.0
    parts = [panel.outcomes[key[0], name] for name in ("promoters", "detractors")]
    return -100.0 * sum(float(part.amount.sum() / part.exposure.sum()) for part in parts)


def _rows(
    panel: Panel, kpi: str, key: Key, x: Floats, fits: Mapping[Key, Fitted]
) -> list[dict[str, Any]]:
    found, why = fits[key]
    metric, name = key
    head = {"kpi": kpi, "metric": metric, "outcome_class": name, "method_version": METHOD_VERSION}
    if found is None:
        return [{**head, "lag_months": 0, "unsafe_reason": why}]
    outcome = panel.outcomes[key]
    errors = standard_errors(found.influence, panel.site)
    beyond = beyond_errors = np.full(len(x), np.nan)
    if (control := control_of(key, fits)) is not None:
        alike = moved_alike(panel, key)
        beyond = found.coefficient - alike * control.coefficient
        beyond_errors = standard_errors(found.influence - alike * control.influence, panel.site)
    between = _ranked(panel, panel.kpis[kpi], outcome, found)
    later = ahead.explained(outcome, x)
    of_all = {
        **head,
        "freedom": degrees_of_freedom(found, panel.site),
        "n_places": found.n_places,
        "n_places_dropped": found.n_places_known - found.n_places,
        "n_months": int(found.is_used.any(axis=0).sum()),
        "rank_correlation": between.value,
        "rank_p": between.p_value,
        "n_effective": between.n_effective,
        "explained_ahead": later.model,
        "explained_place_mean": later.place_mean,
        "explained_last_month": later.last_month,
        "unsafe_reason": None,
    }
    return [
        {
            **of_all,
            "lag_months": lag,
            "coefficient": found.coefficient[lag],
            "coefficient_se": errors[lag],
            "beyond_control": beyond[lag],
            "beyond_control_se": beyond_errors[lag],
        }
        for lag in range(len(x))
    ]


def _ranked(panel: Panel, values: Floats, outcome: Outcome, found: Fit) -> ranks.RankCorrelation:
    """Of places' means, over the months that were used."""
    used = found.is_used
    n_used = used.sum(axis=1)
    empty = np.full(len(used), np.nan)
    of_kpi = np.divide(np.where(used, values, 0.0).sum(axis=1), n_used, out=empty.copy(),
                       where=n_used > 0)  # fmt: skip
    cases = np.where(outcome.is_few, FEW.mean(), outcome.amount)
    above = cases * outcome.exposure if outcome.is_score else cases
    below = np.where(used, outcome.exposure, 0.0).sum(axis=1)
    rate = np.divide(np.where(used, above, 0.0).sum(axis=1), below, out=empty, where=below > 0)
    n_sites = len(np.unique(panel.site[n_used > 0]))
    return ranks.rank_correlation(of_kpi, rate, panel.lat, panel.lon, n_sites=n_sites)


# --- the whole family -------------------------------------------------------------------------


def _judged(rows: pd.DataFrame, words: Mapping[str, str]) -> pd.DataFrame:
    """The rows with intervals, p-values, what survives, and the sentence."""
    needed = ["freedom", "coefficient", "coefficient_se", "beyond_control", "beyond_control_se"]
    rows = rows.reindex(columns=list(dict.fromkeys([*rows, *needed])))
    value, error, beyond, beyond_error = (rows[name].to_numpy(float) for name in needed[1:])
    freedom = np.maximum(rows["freedom"].to_numpy(float), 1.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        p = 2 * stats.t.sf(np.abs(value / error), freedom)
    q = family.adjusted(p)
    survives = q < SIGNIFICANT
    plain = stats.t.ppf(1 - _MISS / 2, freedom)
    reach = family.selected_quantile(survives, int((~np.isnan(p)).sum()), freedom, miss=_MISS)
    kind = _kinds(rows, survives, beyond, reach * beyond_error)
    columns = {
        "coefficient_lo": value - plain * error,
        "coefficient_hi": value + plain * error,
        "selected_lo": value - reach * error,
        "selected_hi": value + reach * error,
        "beyond_control_lo": beyond - plain * beyond_error,
        "beyond_control_hi": beyond + plain * beyond_error,
        "p_value": p,
        "p_adjusted": q,
        "association_kind": kind,
    }
    judged = rows.assign(**columns)
    is_score = (rows["outcome_class"] == SCORE).to_numpy()
    ends = {"": 0.0, "_lo": -reach, "_hi": reach}
    effects = {f"effect_pct{end}": _effect(value + n * error, is_score) for end, n in ends.items()}
    less = {f"beyond_pct{end}": _effect(beyond + n * beyond_error, is_score)
            for end, n in ends.items()}  # fmt: skip
    judged = judged.assign(**effects, **less)
    sentences = [
        reading(words[row["kpi"]], row["outcome_class"], row["lag_months"],
                row["association_kind"], tuple(row[name] for name in effects))
        for row in judged.to_dict("records")
    ]  # fmt: skip
    return judged.assign(reading=sentences)


def _kinds(rows: pd.DataFrame, survives: Any, beyond: Floats, reach: Floats) -> Any:
    """association_kind of each row, (row,)."""
    is_known = rows["coefficient"].notna().to_numpy()
    # in the direction of the coefficient itself: what moves less than bills do is not the network's
    is_beyond = np.sign(rows["coefficient"].to_numpy(float)) * beyond > reach
    is_control = (rows["outcome_class"] == CONTROL).to_numpy()
    return np.select(
        [~is_known, ~survives, is_control, is_beyond], ["unknown", "none", "control", "network"],
        "control_too",
    )  # fmt: skip


def _effect(coefficient: Floats, is_score: Any) -> Floats:
    """What goes with a tenth more of the KPI: per cent more cases, or points of a score."""
    moved = coefficient * _TENTH_MORE
    return np.asarray(np.where(is_score, moved, 100 * np.expm1(moved)))
