"""Which works are judged together, what they touch, and the rows that come of it."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from analysis.effects import kpis, sheets
from analysis.effects.judge import When
from analysis.effects.kpis import KpiPanel
from analysis.effects.panel import Panel
from analysis.effects.rows import Sheet, day_rows, effect_row
from analysis.effects.sheets import Works
from analysis.effects.stage import _sheets
from analysis.effects.verdicts import OfDays, Verdict
from contracts.kpis import BUILT_IN, catalogue
from contracts.tables import TABLES, assemble, check

CALENDAR = pd.date_range("2026-01-01", periods=200, unit="s")
SITES = pd.Series({"a1": "A", "a2": "A", "b1": "B"})


def _log(*rows: dict[str, Any]) -> pd.DataFrame:
    log = assemble([pd.DataFrame(rows)], TABLES["intervention"])
    for name in ("start_utc", "end_utc"):
        log[name] = pd.to_datetime(log[name], utc=True)
    return log


def _work(name: str, day: str, end: str | None = None, **at: str) -> dict[str, Any]:
    over = end or day
    return {"intervention_id": name, "kind": "tilt", "start_utc": f"2026-{day}T01:00Z",
            "end_utc": f"2026-{over}T04:00Z", **at}  # fmt: skip


def _begun(*rows: dict[str, Any]) -> pd.DataFrame:
    return sheets.done(_log(*rows), SITES, CALENDAR, "UTC")


def test_planned_works_and_works_at_unknown_places_are_not_judged() -> None:
    begun = _begun(
        _work("w1", "05-01", cell_id="a1"),
        _work("w2", "05-01", cell_id="a1", status="planned"),
        _work("w3", "05-01", cell_id="nowhere"),
        _work("w4", "05-02", "05-04", site_id="B", status="rolled_back"),
    )
    assert begun["intervention_id"].tolist() == ["w1", "w4"]
    assert begun[["site_id", "start", "end"]].to_numpy().tolist() == [
        ["A", 120, 121],
        ["B", 121, 124],
    ]


def test_works_of_one_place_whose_weeks_overlap_are_one_from_the_oldest_start() -> None:
    begun = _begun(
        _work("w1", "04-01", cell_id="a1"),
        _work("w2", "04-20", cell_id="a1"),
        # another cell of the site is another place
        _work("w3", "04-20", cell_id="a2"),
        # after the 28 days: one of its own, whose past is the 28 days
        _work("w4", "05-25", cell_id="a1"),
        _work("w5", "04-20", cell_id="b1"),
        _work("w6", "04-25", site_id="B"),
    )
    works = {each.ids: each for each in sheets.together(begun)}
    assert set(works) == {("w1", "w2"), ("w3",), ("w4",), ("w5", "w6")}
    first = works["w1", "w2"]
    assert (first.place_type, first.place_id, first.start, first.end) == ("cell", "a1", 90, 110)
    assert (first.n_spans, works[("w4",)].n_spans) == (3, 2)
    assert works["w5", "w6"].place_type == "site"


def test_two_rings_around_a_mast_are_touched_with_it() -> None:
    places = pd.DataFrame({"site_id": ["A", "B", "far"], "lat": [53.80, 53.805, 54.5],
                           "lon": [-1.55, -1.55, -1.55]})  # fmt: skip
    near = sheets.neighbours(places, 8)
    assert near["A"] == {"B"}
    assert near["far"] == frozenset()
    begun = _begun(_work("w1", "01-03", "01-04", cell_id="a1"))
    units = pd.Series(["A", "A", "B", "far"])
    flags = sheets.touched(begun, units, 10, near)
    assert flags.any(axis=1).tolist() == [True, True, True, False]
    assert np.flatnonzero(flags[2]).tolist() == [2, 3]
    assert sheets.is_alone(flags, When(5, 6)).tolist() == [False, False, False, True]


def test_where_handovers_are_known_they_say_which_sites_are_touched() -> None:
    sites = pd.Series({"a1": "A", "a2": "A", "b1": "B", "c1": "C", "d1": "D"})
    neighbour = pd.DataFrame(
        {
            "cell_id": ["a1", "a1", "a1", "b1", "d1"],
            "neighbour_cell_id": ["a2", "c1", "b1", "a1", "a1"],
            "handover_share": [0.6, 0.36, 0.04, 1.0, 1.0],
            "basis": ["handovers"] * 4 + ["geography"],
        }
    )
    near = sheets.by_handovers(neighbour, sites, {"A", "D"})
    # a2 and c1 take 96 %; nobody asked for B; D has no handovers, so its hexagons stand in
    assert near == {"A": {"C"}}
    row = _row("drop_rate", _verdict(-0.6, -0.4, -0.2), basis=("handovers", "geography"))
    assert row["spill_basis"] == "both"


def test_a_project_has_a_sheet_of_all_its_works() -> None:
    begun = _begun(
        _work("w1", "04-01", cell_id="a1", project_id="P"),
        _work("w2", "04-01", cell_id="b1", project_id="P"),
        _work("w3", "04-01", cell_id="a2", status="rolled_back"),
    )
    found = {each.id: each for each in _sheets(begun, list(sheets.together(begun)))}
    assert list(found) == ["w1", "w2", "w3", "P"]
    assert len(found["P"].works) == 2
    assert found["w3"].reason == "it was rolled back"


def test_a_site_counts_on_days_on_which_all_its_cells_that_are_there_are_known() -> None:
    names, member = kpis.membership(SITES.to_numpy(object))
    above = np.ones((3, 6))
    above[1, :2] = np.nan  # a2 begins on the third day
    above[0, 3] = np.nan
    below = np.where(np.isnan(above), np.nan, 100.0)
    cells = KpiPanel("dl_volume_gb", BUILT_IN["dl_volume_gb"], Panel(above, below, None), False)
    of = kpis.of_sites(cells, member, np.zeros(above.shape, bool)).panel
    assert names.tolist() == ["A", "B"]
    assert of.above[0].tolist() == pytest.approx([1, 1, 2, np.nan, 2, 2], nan_ok=True)
    assert of.below[0].tolist() == pytest.approx([1, 1, 1, np.nan, 1, 1], nan_ok=True)


def test_the_sheet_has_drops_first_and_no_product() -> None:
    assert next(iter(kpis.judged_kpis(catalogue()).kpis)) == "drop_rate"
    assert "accessibility" not in kpis.judged_kpis(catalogue()).kpis


def _verdict(low: float, effect: float, high: float) -> Verdict:
    return Verdict(
        effect=effect, low=low, high=high, p_value=0.01, n_placebo=99, n_controls=60, n_treated=1,
        value_before=0.02, value_after=0.01, value_expected=0.0125, counted=80.0,
        expected_count=112.0, n_months_between=2.0, reason=None,
    )  # fmt: skip


def _row(
    kpi: str, verdict: Verdict, basis: tuple[str, ...] = ("handovers",), **panel: Any
) -> dict[str, Any]:
    of = KpiPanel(kpi, BUILT_IN[kpi], Panel(np.ones((1, 1)), np.ones((1, 1)), None, **panel),
                  is_failure=kpi.endswith("_sr"))  # fmt: skip
    works = [Works("cell", "a1", 90, 91, 3, ("w1", "w2"), "A", each) for each in basis]
    return effect_row(Sheet("intervention", "w1", (0,)), of, works, verdict, CALENDAR)


def test_the_row_says_how_large_which_way_and_what_would_undo_it() -> None:
    row = _row("drop_rate", _verdict(-0.6, -0.4, -0.2))
    assert row["effect_size"] == pytest.approx(100 * np.expm1(-0.4))
    assert row["effect_kind"] == "better"
    assert row["judged_with"] == "w2"
    # a drift of a tenth of the log a month over two months
    assert row["drift_to_undo"] == pytest.approx(100 * np.expm1(0.1))
    # 112 drops in 28 days are 120 in a month
    assert row["realised"] == pytest.approx(-120 * np.expm1(-0.4))
    assert row["realised_lo"] == pytest.approx(-120 * np.expm1(-0.2))
    frame = assemble([pd.DataFrame([row]).assign(run_id="r", method_version="m")], TABLES["effect"])
    assert check(frame, TABLES["effect"]) == []


@pytest.mark.parametrize(
    ("kpi", "ends", "said"),
    [
        ("drop_rate", (0.1, 0.3), "worse"),
        ("drop_rate", (-0.1, 0.3), "not_shown"),
        # of a success rate what fails is judged
        ("volte_setup_sr", (-0.3, -0.1), "better"),
        ("dl_user_thp_mbps", (0.1, 0.3), "better"),
        ("dl_user_thp_mbps", (-0.3, -0.1), "worse"),
        ("dl_volume_gb", (0.1, 0.3), "more"),
        ("dl_volume_gb", (-0.3, -0.1), "less"),
    ],
)
def test_which_way_is_good_the_kpi_says(kpi: str, ends: tuple[float, float], said: str) -> None:
    row = _row(kpi, _verdict(ends[0], sum(ends) / 2, ends[1]))
    assert row["effect_kind"] == said
    assert np.isnan(row["drift_to_undo"]) == (said == "not_shown")


def test_days_of_several_places_are_added() -> None:
    day = np.array([-1, 1])
    one = OfDays(
        day, np.array([2.0, 1.0]), np.full(2, 100.0), np.array([2.0, 2.0]), np.full(2, 0.5)
    )
    rows = day_rows(Sheet("project", "P", (0, 1)), [one, one])
    assert rows["value_of_day"].tolist() == [0.02, 0.01]
    assert rows["expected_of_day"].tolist() == [0.02, 0.02]
    assert (rows["expected_of_day_lo"] < 0.02).all()
    assert (rows["expected_of_day_hi"] > 0.02).all()
