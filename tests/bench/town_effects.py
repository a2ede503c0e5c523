"""What came of the works of the invented town: one that helped, by drops and by traffic."""

from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from tests.bench.frames import rows


def effects() -> pd.DataFrame:
    """Rows of `effect`: one that helped, two KPIs of it, and one too young."""
    helped = {
        "sheet_id": "W1",
        "metric": "drop_rate",
        "effect_kind": "better",
        "judged_with": "W3",
        "value_before": 0.031,
        "value_after": 0.019,
        "value_expected": 0.027,
        "effect_size": -30.0,
        "effect_size_lo": -42.0,
        "effect_size_hi": -12.0,
        "p_value": 0.008,
        "drift_to_undo": 6.0,
        "realised": 210.0,
        "realised_lo": 70.0,
        "realised_hi": 320.0,
    }
    faster = {
        "sheet_id": "W1",
        "metric": "dl_user_thp_mbps",
        "effect_kind": "not_shown",
        "value_before": 20.0,
        "value_after": 21.0,
        "value_expected": 20.5,
        "effect_size": 2.4,
        "effect_size_lo": -4.0,
        "effect_size_hi": 9.0,
        "p_value": 0.5,
    }
    young = {
        "sheet_id": "W2",
        "metric": "drop_rate",
        "effect_kind": "unknown",
        "work_until": date(2025, 4, 24),
        "after_until": date(2025, 5, 22),
        "no_effect_reason": "the 28 days after it are not over",
    }
    frame = pd.DataFrame([_row(each) for each in (helped, faster, young)])
    return rows("effect", **frame.to_dict("series"))


def _row(own: dict[str, Any]) -> dict[str, Any]:
    return {
        "sheet_kind": "intervention",
        "judged_at": "cell",
        "work_from": date(2025, 4, 23),
        "work_until": date(2025, 4, 23),
        "after_until": date(2025, 4, 27),
        "n_places_worked": 1,
        "n_places_judged": 0 if own["effect_kind"] == "unknown" else 1,
        "n_controls": 60,
        "spill_basis": "handovers",
        "n_placebo": 120,
        "effect_unit": "pct",
        "method_version": "effects-2",
        "run_id": "r",
        **own,
    }


def effect_days() -> pd.DataFrame:
    """Rows of `effect_day` of the work that helped."""
    day = np.array([-2, -1, 1, 2])
    return rows(
        "effect_day",
        sheet_kind="intervention",
        sheet_id="W1",
        event_day=day,
        value_of_day=np.where(day > 0, 0.019, 0.031),
        expected_of_day=np.where(day > 0, 0.027, 0.031),
        expected_of_day_lo=0.02,
        expected_of_day_hi=0.04,
        run_id="r",
    )


def kind_effects() -> pd.DataFrame:
    """Rows of `kind_effect`: tilts."""
    return rows(
        "kind_effect",
        kind=["tilt"],
        n_judged=9,
        n_better=4,
        predicted_size=-12.0,
        predicted_size_lo=-33.0,
        predicted_size_hi=14.0,
        run_id="r",
    )


def predictions() -> pd.DataFrame:
    """Rows of `prediction`: of the work that helped, and of one that is to come."""
    return rows(
        "prediction",
        intervention_id=["W1", "W9"],
        kind="tilt",
        registered_utc=pd.Timestamp("2025-04-20", tz="UTC"),
        n_judged=9,
        predicted_size=-12.0,
        predicted_size_lo=-33.0,
        predicted_size_hi=14.0,
        predicted=84.0,
        predicted_lo=-98.0,
        predicted_hi=231.0,
        run_id="r",
    )
