"""Changes that are said to be found in the invented town, and a work that one follows."""

from datetime import UTC, datetime, timedelta

import pandas as pd

from tests.bench.frames import rows
from tests.bench.town_network import CHANGE_DAY, DAYS, FIRST_DAY, WORSE_CELL


def changes() -> pd.DataFrame:
    """The planted change and a small one that is no more than an interval, of `change_point`."""
    at = datetime.combine(FIRST_DAY, datetime.min.time(), UTC) + timedelta(days=CHANGE_DAY)
    return rows(
        "change_point",
        change_id=["c1", "c2"],
        place_type="cell",
        cell_id=[WORSE_CELL, "LDS-05"],
        metric="drop_rate",
        change_utc=[at, at - timedelta(days=20)],
        change_lo_utc=[at - timedelta(days=1), at - timedelta(days=23)],
        change_hi_utc=[at + timedelta(days=1), at - timedelta(days=18)],
        until_utc=at + timedelta(days=DAYS - CHANGE_DAY),
        direction=["up", "down"],
        ratio=[2.0, 0.8],
        ratio_lo=[1.8, 0.7],
        ratio_hi=[2.2, 0.92],
        drops_excess=[980.0, -310.0],
        drops_excess_lo=[820.0, -420.0],
        drops_excess_hi=[1130.0, -190.0],
        attribution=["load", "undecided"],
        p_load=[0.97, None],
        load_share=[0.7, None],
        load_share_lo=[0.5, None],
        load_share_hi=[0.9, None],
        drops_load=[686.0, None],
        drops_other=[294.0, None],
        attribution_note=[None, "load is not known by the hour"],
        prb_before_pct=[51.0, 65.0],
        prb_after_pct=[69.0, 64.0],
        attempts_before=4900.0,
        attempts_after=4910.0,
        min_visible_ratio=1.2,
        first_reported_utc=at,
        run_id="r",
    )


def works() -> pd.DataFrame:
    """One work on the worse cell, as a row of `intervention`."""
    at = datetime(2025, 4, 23, 22, 30, tzinfo=UTC)
    return rows(
        "intervention",
        intervention_id=["W1"],
        kind=["tilt"],
        start_utc=[at],
        end_utc=[at],
        cell_id=[WORSE_CELL],
        status=["done"],
        description=["two degrees"],
    )


def change_days(days: pd.DataFrame) -> pd.DataFrame:
    """The days about the planted change, as rows of `change_day`."""
    mine = days[days["cell_id"] == WORSE_CELL]
    changed = mine["day_local"] >= FIRST_DAY + timedelta(days=CHANGE_DAY)
    usual = mine["dropped_calls"].where(~changed, mine["dropped_calls"] / 2)
    return rows(
        "change_day",
        change_id="c1",
        cell_id=WORSE_CELL,
        day_local=mine["day_local"],
        call_attempts=mine["call_attempts"],
        dropped_calls=mine["dropped_calls"],
        drops_usual=usual,
        drops_with_load=usual.where(~changed, usual * 1.7),
        run_id="r",
    )


def change_curve() -> pd.DataFrame:
    """Drop rate by load before and after it, as rows of `change_curve`."""
    return rows(
        "change_curve",
        change_id="c1",
        cell_id=WORSE_CELL,
        prb_pct=[47.5, 67.5],
        drop_rate_before=[0.014, None],
        drop_rate_after=[0.015, 0.03],
        drop_rate_curve=[0.014, 0.028],
        run_id="r",
    )
