"""Verdicts as rows of the tables."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.arrays import Floats
from analysis.effects.judge import AFTER_DAYS
from analysis.effects.kpis import KpiPanel
from analysis.effects.sheets import Works
from analysis.effects.verdicts import OfDays, Verdict
from analysis.uncertainty.intervals import Z90

METHOD_VERSION = "effects-2"
_DAYS_A_MONTH = 30.0
ROLLED_BACK = "it was rolled back"


@dataclass(frozen=True)
class Sheet:
    """One intervention or project: what is judged, and which of the works it is made of.

    `works`: numbers of the works, in their order. `reason`: why none of them is judged; None = they
    are.
    """

    kind: str
    id: str
    works: tuple[int, ...]
    reason: str | None = None


def effect_row(
    sheet: Sheet, of: KpiPanel, works: Sequence[Works], verdict: Verdict, calendar: pd.DatetimeIndex
) -> dict[str, object]:
    """One row of table `effect`, but for what is the same for the whole run.

    `sheet`: what is judged. `of`: the KPI. `works`: those of the sheet. `verdict`: what came of
    them. `calendar`: days of the counters.
    """
    places, bases = (
        {getattr(each, name) for each in works} for name in ("place_type", "spill_basis")
    )
    others = sorted({name for each in works for name in each.ids} - {sheet.id})
    first, last = min(each.start for each in works), max(each.end for each in works) - 1
    start = calendar[0]
    return {
        "sheet_kind": sheet.kind,
        "sheet_id": sheet.id,
        "metric": of.kpi,
        "judged_at": places.pop() if len(places) == 1 else "both",
        "judged_with": ",".join(others) if others and sheet.kind == "intervention" else None,
        "work_from": (start + pd.Timedelta(days=first)).date(),
        "work_until": (start + pd.Timedelta(days=last)).date(),
        "after_until": (start + pd.Timedelta(days=last + AFTER_DAYS)).date(),
        "n_places_worked": len(works),
        "n_places_judged": verdict.n_treated,
        "n_controls": verdict.n_controls,
        "spill_basis": bases.pop() if len(bases) == 1 else "both",
        "value_before": of.shown * verdict.value_before,
        "value_after": of.shown * verdict.value_after,
        "value_expected": of.shown * verdict.value_expected,
        **_effect(of, verdict),
        "p_value": verdict.p_value,
        "n_placebo": verdict.n_placebo,
        **_realised(of, verdict),
        "no_effect_reason": sheet.reason or verdict.reason,
    }


def _effect(of: KpiPanel, verdict: Verdict) -> dict[str, object]:
    """The effect in per cent or points, what its interval says, and what would undo that."""
    is_log = of.panel.is_log
    names = ("effect_size", "effect_size_lo", "effect_size_hi")
    sizes = dict(zip(names, (verdict.effect, verdict.low, verdict.high), strict=True))
    nearest_end = max(verdict.low, -verdict.high, 0.0)
    a_month = nearest_end / verdict.n_months_between
    return {
        "effect_unit": "pct" if is_log else "points",
        **{name: _shown(value, is_log=is_log) for name, value in sizes.items()},
        "effect_kind": _kind(of, verdict),
        "drift_to_undo": _shown(a_month, is_log=is_log) if nearest_end > 0 else np.nan,
    }


def _shown(value: float, *, is_log: bool) -> float:
    return 100 * float(np.expm1(value) if is_log else value)


def _kind(of: KpiPanel, verdict: Verdict) -> str:
    if verdict.reason is not None:
        return "unknown"
    if verdict.low <= 0 <= verdict.high:
        return "not_shown"
    is_more = verdict.low > 0
    if of.of.better == "neither":
        return "more" if is_more else "less"
    is_good_up = of.of.better == "higher" and not of.is_failure
    return "better" if is_more == is_good_up else "worse"


def _realised(of: KpiPanel, verdict: Verdict) -> dict[str, float]:
    """Drops avoided a month, with interval; of other KPIs not known."""
    if of.kpi != "drop_rate" or verdict.reason is not None:
        return dict.fromkeys(("realised", "realised_lo", "realised_hi"), np.nan)
    a_month = verdict.expected_count * _DAYS_A_MONTH / AFTER_DAYS
    return {
        "realised": -a_month * float(np.expm1(verdict.effect)),
        "realised_lo": -a_month * float(np.expm1(verdict.high)),
        "realised_hi": -a_month * float(np.expm1(verdict.low)),
    }


def day_rows(sheet: Sheet, days: Sequence[OfDays]) -> pd.DataFrame:
    """Rows of table `effect_day`: all places of a sheet together.

    `sheet`: what is judged. `days`: of each of its places that can be judged, one or more.
    """
    parts = [
        pd.DataFrame({
            "event_day": each.event_day, "above": each.above, "below": each.below,
            "expected": each.expected, "squares": each.variance * each.expected**2,
        })
        for each in days
    ]  # fmt: skip
    by_day = pd.concat(parts).groupby("event_day").sum().reset_index()
    seen = by_day[(by_day["below"] > 0) & (by_day["expected"] > 0)]
    half = Z90 * np.sqrt(seen["squares"].to_numpy()) / seen["expected"].to_numpy()
    expected: Floats = (seen["expected"] / seen["below"]).to_numpy()
    return pd.DataFrame(
        {
            "sheet_kind": sheet.kind,
            "sheet_id": sheet.id,
            "event_day": seen["event_day"],
            "value_of_day": seen["above"] / seen["below"],
            "expected_of_day": expected,
            "expected_of_day_lo": expected * np.exp(-half),
            "expected_of_day_hi": expected * np.exp(half),
        }
    )
