"""How each metric is named and drawn."""

from dataclasses import dataclass
from typing import Literal

from contracts.fields import FIELDS
from contracts.kpis import BUILT_IN
from views.words.numbers import Figure


@dataclass(frozen=True)
class Look:
    """How one metric appears: its title, how its numbers are written, which way is bad."""

    metric: str
    title: str
    figure: Figure
    unit: str = ""
    bad: Literal["high", "low"] = "high"
    centre: float | None = None
    """Value between good and bad, drawn neutral; None = one colour that only deepens."""
    counted: tuple[str, str] = ("", "")
    """What numerator and denominator count; empty = not worth a line."""
    joint: str = " about "
    """Between the title and a class within the metric."""


_CALLS = ("dropped", "calls")
_PEOPLE = ("complainants", "subscribers")
# in the order in which they are offered
_LOOKS = (
    Look("drops_excess_month", "Excess drops", "count", "drops a month", centre=0, counted=_CALLS),
    Look("drop_rate", "Drop rate", "share", "of calls dropped", counted=_CALLS),
    Look("call_drop_rate", "Reported drop rate", "share", "of reported calls dropped",
         counted=("reported dropped", "reports")),
    Look("prb_dl_util_bh_pct", "Busy-hour load", "percent", "of downlink PRB in use"),
    Look("full_6_months_share", "Full within 6 months", "share", "of the cells there, expected"),
    Look("change_ratio", "Latest change", "ratio", "of the drops before", centre=1),
    Look("complaints_per_1000", "Complaints", "plain", "per 1,000 subscribers a month",
         counted=_PEOPLE),
    Look("complaints_per_10k_attempts", "Complaints by calls", "plain", "per 10,000 call attempts",
         counted=("complainants", "call attempts")),
    Look("nps", "NPS", "points", "points", bad="low", centre=0, counted=("", "answers")),
    Look("rating_mean", "Call rating", "plain", "1 worst to 5 best", bad="low",
         counted=("", "ratings")),
    Look("cells_serving", "Cells serving", "size", "cells reach the hexagon", joint=": "),
)  # fmt: skip
LOOKS = {look.metric: look for look in _LOOKS}


def look_of_kpi(kpi: str, name: str, unit: str, better: str) -> Look:
    """How a KPI of table `kpi` appears; one with a look of its own keeps that.

    `kpi`: id. `name`, `unit`, `better`: its row's kpi_name, kpi_unit and better.
    """
    figures: dict[str, Figure] = {"share": "share", "%": "percent"}
    bad: Literal["high", "low"] = "low" if better == "higher" else "high"
    unit_shown = "" if unit in figures else unit
    return LOOKS.get(kpi) or Look(kpi, name, figures.get(unit, "plain"), unit_shown, bad)


def look_of(metric: str) -> Look:
    """How a metric appears; one without a look of its own goes by its name and unit."""
    if metric in LOOKS:
        return LOOKS[metric]
    if metric in BUILT_IN:
        one = BUILT_IN[metric]
        return look_of_kpi(metric, one.name, one.unit, one.better)
    unit = FIELDS[metric].unit if metric in FIELDS else ""
    return Look(metric, metric.replace("_", " ").capitalize(), "plain", unit)
