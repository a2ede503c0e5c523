"""What goes with what customers say in the invented town: one relation to trust, one not."""

from datetime import date
from typing import Any

import pandas as pd

from tests.bench.frames import rows

_KINDS = {("network", 1): "network", ("promoters", 0): "control_too"}
_METRICS = {"promoters": "nps"}
_N_LAGS = 3


def associations() -> pd.DataFrame:
    """Rows of `association`: drop rate against complaints of two classes and promoters."""
    known = [
        _row(name, lag, _KINDS.get((name, lag), "none"))
        for name in ("network", "account", "promoters")
        for lag in range(_N_LAGS)
    ]
    unknown = {
        "metric": "nps",
        "outcome_class": "detractors",
        "lag_months": 0,
        "association_kind": "unknown",
        "unsafe_reason": "40 cases in 9 places that tell anything",
    }
    frame = pd.DataFrame([*known, unknown])
    return rows("association", **frame.assign(kpi="drop_rate", run_id="r").to_dict("series"))


def network_shares() -> pd.DataFrame:
    """Rows of `network_share`: April's complaints and detractors of the network, and one region."""
    common = {
        "period_start": date(2025, 4, 1),
        "network_share": 0.2,
        "network_share_lo": 0.15,
        "network_share_hi": 0.28,
        "network_share_visible": 0.1,
        "run_id": "r",
    }
    places = [("network", "", "nps"), ("region", "Leeds", "complaints_per_1000")]
    named = [
        common | dict(zip(("place_type", "region", "metric"), place, strict=True))
        for place in places
    ]
    return rows("network_share", **pd.DataFrame(named).to_dict("series"))


def _row(name: str, lag: int, kind: str) -> dict[str, Any]:
    effect = {"network": 3.0, "control_too": -4.0}.get(kind, 0.5)
    return {
        "metric": _METRICS.get(name, "complaints_per_1000"),
        "outcome_class": name,
        "lag_months": lag,
        "association_kind": kind,
        "effect_pct": effect,
        "effect_pct_lo": effect - 2,
        "effect_pct_hi": effect + 2,
        "beyond_pct": effect - 0.5,
        "beyond_pct_lo": effect - 2.5,
        "beyond_pct_hi": effect + 1.5,
        "p_adjusted": 0.5 if kind == "none" else 0.001,
        "reading": f"Reading of {name} at {lag}.",
        "rank_correlation": -0.3,
        "rank_p": 0.0004,
        "n_effective": 17.0,
        "explained_ahead": 0.2,
        "explained_place_mean": 0.15,
        "explained_last_month": -0.4,
        "n_places": 24,
        "n_places_dropped": 5,
        "n_months": 10,
    }
