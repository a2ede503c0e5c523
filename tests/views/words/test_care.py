"""What to tell a customer says what is known, since when, and never a date that nobody set."""

from typing import Any

import pandas as pd
import pytest

from views.words.care import came_of, care_card, near

TODAY = pd.Timestamp("2026-11-16", tz="Europe/London")
NONE = pd.DataFrame(columns=["change_utc", "attribution"])
RANKED = {"unsafe_reason": None, "place_state": "act", "drop_rate": 0.0151, "normal_rate": 0.0067}


def rise(day: str, attribution: str = "load") -> dict[str, Any]:
    return {"change_utc": pd.Timestamp(day, tz="UTC"), "attribution": attribution}


def intervention(**what: Any) -> pd.DataFrame:
    row = {"kind": "new_carrier", "status": "planned", "start_day": pd.Timestamp("2027-03-11"),
           "is_ahead": True, "cell_id": "MOR04A1", "site_name": "Morley 04", "description": None,
           "change_id": None, "n_changes": 0}  # fmt: skip
    return pd.DataFrame([row | what])


def card(ranked: Any = RANKED, rises: Any = NONE, done: Any = None) -> dict[str, str]:
    interventions = intervention().head(0) if done is None else done
    return dict(care_card(ranked, rises, interventions, today=TODAY))


@pytest.mark.parametrize(
    ("km", "bearing", "text"),
    [(1.24, 44, "near Leeds 21, 1.2 km NE"), (0.7, 359, "near Leeds 21, 0.7 km N"),
     (0.01, 90, "at Leeds 21")],
)  # fmt: skip
def test_a_spot_is_called_by_its_nearest_site(km: float, bearing: float, text: str) -> None:
    assert near("Leeds 21", km, bearing) == text


def test_trouble_has_its_days_and_its_cause() -> None:
    said = card(rises=pd.DataFrame([rise("2026-10-22"), rise("2026-08-16", "other")]))
    assert said["Known trouble"].startswith("Yes. 1.51 % of calls dropped")
    assert said["Since"] == "16 Aug 2026; more calls drop there since 22 Oct 2026 too."
    assert "more than they can carry" in said["Why"]
    assert "in others it is something else" in said["Why"]
    alone = card(rises=pd.DataFrame([rise("2026-08-16", "other")]))
    assert alone["Why"].startswith("It is not for want of capacity")
    assert said["Planned"] == "Nothing is logged as planned there. Promise no date."


@pytest.mark.parametrize(
    ("ranked", "text"),
    [(RANKED | {"place_state": "well"}, "None is known. 1.51 %"),
     (RANKED | {"place_state": "high"}, "no remedy is known"),
     (RANKED | {"unsafe_reason": "gap"}, "Not known: the data of this place failed a check."),
     (RANKED | {"drop_rate": float("nan")}, "Yes."), (None, "None is known.")],
)  # fmt: skip
def test_a_place_that_is_well_or_unknown_has_no_trouble_told(ranked: Any, text: str) -> None:
    said = card(ranked)
    assert text in said["Known trouble"]
    assert "Since" not in said


def test_what_is_planned_has_its_day_and_what_is_overdue_promises_none() -> None:
    assert card(done=intervention())["Planned"] == "New carrier at MOR04A1 on 11 Mar 2027."
    late = intervention(is_ahead=False, start_day=pd.Timestamp("2026-09-01"))
    assert "was planned for 1 Sep 2026 and is not logged as done" in card(done=late)["Planned"]


def test_what_was_done_lately_says_what_came_of_it() -> None:
    changed = {"change_id": "x", "direction": "down", "ratio": 0.5, "ratio_lo": 0.4,
               "ratio_hi": 0.6, "n_changes": 2}  # fmt: skip
    done = intervention(status="done", is_ahead=False, start_day=pd.Timestamp("2026-11-13"))
    assert card(done=done)["Done lately"].endswith("no change is dated with it.")
    said = came_of(next(done.assign(**changed).itertuples()))
    assert said == "drops went down to ×0.5 (×0.4 to ×0.6), and 1 more"
    old = done.assign(start_day=pd.Timestamp("2026-01-13"))
    assert "Done lately" not in card(done=old)
