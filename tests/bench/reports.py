"""A country of which only monthly reports of calls are known, as published marts."""

from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd

from geo import hexgrid
from ingest.warehouse.publish import publish
from ingest.warehouse.store import Warehouse
from tests.bench.frames import rows
from tests.bench.marts import run_row, write_config
from tests.bench.town import Town
from tests.bench.town_rates import rate_rows


def build_reports(folder: Path) -> Town:
    """Publishes monthly reports without cells or counters below a folder."""
    config = write_config(folder, "Reports", "Asia/Kolkata", level=5)
    warehouse = Warehouse(folder / "warehouse")
    centre = int(hexgrid.hexes_of(lat=[19.0], lon=[73.0], level=5)[0])
    hexes = hexgrid.disk(centre, 3)
    lat, lon = hexgrid.centres(hexes)
    warehouse.write("hex_place", rows("hex_place", hex_id=hexes, level=5, lat=lat, lon=lon))
    warehouse.write(
        "place_rate",
        pd.concat(
            [
                _report_rates(hexes, metric, first)
                for metric in ("call_drop_rate", "rating_mean")
                for first in (date(2018, 4, 1), date(2018, 5, 1))
            ]
        ),
    )
    warehouse.write(
        "receipt",
        rows(
            "receipt",
            table_name=["call"],
            n_read=[65_678],
            n_accepted=[65_678],
            n_refused=[0],
            n_values_missing=[12],
            run_id="r",
        ),
    )
    warehouse.write(
        "quality",
        rows(
            "quality",
            table_name=["call"],
            check_name=["no_load"],
            verdict=["warn"],
            run_id="r",
            message=["Without load and exact times no cause and no change can be named."],
        ),
    )
    warehouse.write("run", run_row("Reports", "Asia/Kolkata", 5))
    publish(warehouse, "reports", keep=3)
    worse = hexgrid.as_text([centre])[0]
    return Town(config, warehouse.path, hexgrid.as_text(hexes), worse, "")


def _report_rates(hexes: hexgrid.Hexes, metric: str, first: date) -> pd.DataFrame:
    rng = np.random.default_rng(first.month)
    calls = rng.integers(12, 900, len(hexes)).astype(float)
    share = rng.beta(2, 12, len(hexes))
    value = share if metric == "call_drop_rate" else 5 - 6 * share.clip(0, 0.5)
    wide = 0.5 / np.sqrt(calls)
    shown = np.where(calls < 16, "hidden", "shown")
    value, calls = (np.where(shown == "shown", x, np.nan) for x in (value, calls))
    return rate_rows(
        hexes,
        metric,
        "all",
        level=5,
        value=value,
        value_lo=(value - wide).clip(0),
        value_hi=value + wide,
        denominator=calls,
        shown=shown,
        period_grain="month",
        period_start=first,
        period_end=first + timedelta(days=29),
    )
