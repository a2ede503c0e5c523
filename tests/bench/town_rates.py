"""Rates of the invented town's hexagons and cells, by week and month, with customers' figures."""

from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd

from contracts.tables import assemble, table
from geo import hexgrid
from tests.bench.frames import rows
from tests.bench.town_network import DAYS, FIRST_DAY, WORSE_CELL, cells, served_hexes, wide_hexes


def rates(days: pd.DataFrame, by_hex: pd.DataFrame, hexes: hexgrid.Hexes) -> pd.DataFrame:
    """Rows of `place_rate`: eight weeks and two months of cells and hexagons, April's customers."""
    weeks = [(FIRST_DAY + timedelta(weeks=w), 7) for w in range(8)]
    months = [(date(2025, 3, 1), 31), (date(2025, 4, 1), 30)]
    spans = [("week", *week) for week in weeks] + [("month", *month) for month in months]
    parts = [part for span in spans for part in _counter_rates(by_hex, *span)]
    parts += [part for span in spans for part in _cell_rates(days, *span)]
    parts += [*_customer_rates(hexes), _change_ratios(hexes)]
    return assemble(parts, table("place_rate"))


def _counter_rates(by_hex: pd.DataFrame, grain: str, first: date, days: int) -> list[pd.DataFrame]:
    last = first + timedelta(days=days - 1)
    sums = (
        by_hex[by_hex["day_local"].between(first, last)]
        .groupby("hex_id")[
            ["call_attempts", "dropped_calls", "prb_dl_used_prb_s", "prb_dl_avail_prb_s"]
        ]
        .sum()
    )
    drops, calls = sums["dropped_calls"].to_numpy(), sums["call_attempts"].to_numpy()
    rate, width = drops / calls, 1.645 * np.sqrt(drops) / calls
    used, available = sums["prb_dl_used_prb_s"].to_numpy(), sums["prb_dl_avail_prb_s"].to_numpy()
    common = {"period_grain": grain, "period_start": first, "period_end": last}
    month = 30 / days
    return [
        rate_rows(
            sums.index,
            "drop_rate",
            "all",
            numerator=drops,
            denominator=calls,
            value=rate,
            value_lo=np.clip(rate - width, 0, 1),
            value_hi=rate + width,
            **common,
        ),
        rate_rows(
            sums.index,
            "prb_dl_util_bh_pct",
            "all",
            numerator=used,
            denominator=available,
            value=100 * used / available / 0.6,
            **common,
        ),
        rate_rows(
            sums.index,
            "drops_excess_month",
            "all",
            numerator=drops,
            denominator=calls,
            value=month * (drops - 0.014 * calls),
            value_lo=month * (drops - 0.014 * calls - width * calls),
            value_hi=month * (drops - 0.014 * calls + width * calls),
            **common,
        ),
    ]


def _cell_rates(days: pd.DataFrame, grain: str, first: date, length: int) -> list[pd.DataFrame]:
    """Drop rate and excess of the cells, and the drop rate of them all."""
    last = first + timedelta(days=length - 1)
    seen = days[days["day_local"].between(first, last)]
    counts = ["dropped_calls", "call_attempts"]
    cells = seen.groupby("cell_id")[counts].sum().reset_index()
    common = {
        "period_grain": grain,
        "period_start": first,
        "period_end": last,
        "outcome_class": "all",
        "shown": "shown",
        "run_id": "r",
    }
    parts = []
    whole = seen[counts].sum().to_frame().T.assign(cell_id="")
    for kind, found in (("cell", cells), ("network", whole)):
        drops, calls = found["dropped_calls"], found["call_attempts"]
        rate, width = drops / calls, 1.645 * np.sqrt(drops) / calls
        ends = {"value": rate, "value_lo": rate - width, "value_hi": rate + width}
        metrics = {"drop_rate": ends}
        if kind == "cell":
            per_month = {name: 30 / length * (end - 0.014) * calls for name, end in ends.items()}
            metrics["drops_excess_month"] = per_month
        parts += [
            rows(
                "place_rate",
                place_type=kind,
                cell_id=found["cell_id"],
                metric=metric,
                numerator=drops,
                denominator=calls,
                **values,
                **common,
            )
            for metric, values in metrics.items()
        ]
    return parts


def _customer_rates(hexes: hexgrid.Hexes) -> list[pd.DataFrame]:
    rng = np.random.default_rng(11)
    count, base = rng.poisson(6, len(hexes)), rng.integers(10, 2000, len(hexes))
    shown = np.select([base < 100, count < 5], ["hidden", "few"], "shown")
    value = np.where(shown == "shown", 1000 * count / base, np.nan)
    april = {
        "period_grain": "month",
        "period_start": date(2025, 4, 1),
        "period_end": date(2025, 4, 30),
    }
    wide = wide_hexes(hexes)
    nps = rng.normal(12, 18, len(wide)).clip(-100, 100)
    answers = np.full(len(wide), 40.0)
    return [
        rate_rows(
            hexes,
            "complaints_per_1000",
            "network",
            value=value,
            value_lo=value * 0.6,
            value_hi=value * 1.5,
            numerator=np.where(shown == "shown", count, np.nan),
            denominator=np.where(shown == "shown", base, np.nan),
            shown=shown,
            **april,
        ),
        rate_rows(hexes, "complaints_per_1000", "account", value=np.nan, shown="hidden", **april),
        rate_rows(
            wide,
            "nps",
            "relationship",
            level=6,
            value=nps,
            value_lo=nps - 15,
            value_hi=nps + 15,
            denominator=answers,
            **april,
        ),
    ]


def _change_ratios(hexes: hexgrid.Hexes) -> pd.DataFrame:
    served = served_hexes(cells(), hexes)
    worse = (served["cell_id"] == WORSE_CELL).to_numpy()
    return rate_rows(
        hexes[worse],
        "change_ratio",
        "all",
        value=2.0,
        value_lo=1.8,
        value_hi=2.2,
        period_grain="all",
        period_start=FIRST_DAY,
        period_end=FIRST_DAY + timedelta(days=DAYS - 1),
    )


def rate_rows(
    hexes: Any,
    metric: str,
    outcome_class: str,
    *,
    level: int = 8,
    shown: Any = "shown",
    **given: Any,
) -> pd.DataFrame:
    """Rows of `place_rate` of hexagons; what is not given is missing."""
    return rows(
        "place_rate",
        place_type="hex",
        hex_id=np.asarray(hexes, np.uint64),
        level=level,
        cell_id="",
        metric=metric,
        outcome_class=outcome_class,
        shown=shown,
        method_version="test",
        run_id="r",
        **given,
    )
