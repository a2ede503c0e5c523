"""Complaints and NPS around works: months, hexagons, and what can't be parted."""

import numpy as np
import pandas as pd
import pytest

from analysis.effects import customers
from analysis.effects.judge import When
from analysis.effects.sheets import Works
from analysis.effects.verdicts import of_dates, verdict_of
from geo import hexgrid
from tests.bench.frames import rows

LEVEL = 7
CALENDAR = pd.date_range("2026-01-01", periods=300, unit="s")
CENTRE = int(hexgrid.hexes_of(lat=[53.8], lon=[-1.5], level=LEVEL)[0])
HEXES = hexgrid.disk(CENTRE, 4)
MONTHS = pd.date_range("2026-01-01", periods=9, freq="MS")


def _rates(ratio: float = 1.0) -> pd.DataFrame:
    """Complaints of 61 hexagons and nine months; those of the middle one change in July."""
    rng = np.random.default_rng(4)
    hex_id, month = (each.ravel() for each in np.meshgrid(HEXES, MONTHS, indexing="ij"))
    is_after = (hex_id == CENTRE) & (month >= np.datetime64("2026-07-01"))
    numerator = rng.poisson(100 * np.where(is_after, ratio, 1.0)).astype(float)
    return rows(
        "place_rate", place_type="hex", hex_id=hex_id, level=LEVEL, metric="complaints_per_1000",
        outcome_class="network", period_grain="month", period_start=month, numerator=numerator,
        denominator=20_000.0, value=numerator / 20, shown="shown",
    )  # fmt: skip


def _figures(rates: pd.DataFrame) -> customers.Figures:
    (figures,) = customers.panels(rates, {"complaint": LEVEL, "nps": LEVEL})
    return figures


def test_fewer_complaints_after_works_are_seen_in_the_months_after_theirs() -> None:
    figures = _figures(_rates(0.4))
    works = [Works("site", "A", 160, 161, 3, ("w",), "A")]  # in June
    (when,) = customers.whens(figures, works, CALENDAR)
    assert (when.start, when.end, when.unit) == (5, 6, "months")
    places = pd.DataFrame({"site_id": ["A", "B"], "lat": [53.8, np.nan], "lon": [-1.5, np.nan]})
    row = customers.rows_of(figures, places, ["A", "B", "unknown"])
    assert figures.hexes[row[0]] == CENTRE
    assert row[1:].tolist() == [-1, -1]
    begun = pd.DataFrame({"site_id": ["A"], "start": [160], "end": [161]})
    flags = customers.touched(figures, begun, pd.Series(row[:2], ["A", "B"]), {}, CALENDAR)
    assert np.argwhere(flags).tolist() == [[row[0], 5]]
    panel = figures.panel.panel
    verdict = verdict_of(panel, of_dates(panel, [when], row[:1], flags))
    assert verdict.reason is None
    assert verdict.low < np.log(0.4) < verdict.high < 0
    assert figures.panel.shown * verdict.value_before == pytest.approx(5, rel=0.1)


def test_a_hidden_month_is_not_known_and_months_to_come_are_waited_for() -> None:
    rates = _rates()
    is_hidden = (rates["hex_id"] == CENTRE) & (rates["period_start"] == MONTHS[4])
    rates["shown"] = rates["shown"].mask(is_hidden, "hidden")
    figures = _figures(rates)
    row = np.array([figures.hexes.get_loc(CENTRE)])
    flags = np.zeros((len(figures.hexes), len(figures.months)), bool)
    reasons = []
    for day in (160, 250):
        works = [Works("site", "A", day, day + 1, 3, ("w",), "A")]
        members = of_dates(
            figures.panel.panel, customers.whens(figures, works, CALENDAR), row, flags
        )
        reasons.append(verdict_of(figures.panel.panel, members).reason)
    assert reasons == ["too few months before it are known", "the 2 months after it are not over"]


def test_works_of_one_hexagon_in_the_same_months_can_not_be_parted() -> None:
    def when(month: int) -> When:
        return When(month, month + 1, 3, customers.PAST_MONTHS, customers.AFTER_MONTHS, "months")

    rows_of = np.array([0, 0, 1, 0])
    reasons = customers.others(rows_of, [when(5), when(7), when(5), when(20)])
    assert [reason is None for reason in reasons] == [False, False, True, True]


def test_nps_is_judged_in_points_weighted_by_answers() -> None:
    rates = _rates().assign(metric="nps", outcome_class="relationship", value=20.0, denominator=50)
    figures = _figures(rates)
    panel = figures.panel.panel
    assert panel.noise is None
    assert not panel.is_log
    assert panel.above[0, 0] == pytest.approx(10)
    assert figures.panel.shown == 100
