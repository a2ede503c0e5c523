"""An invented town as published marts: what the screen's tests read, whatever the demo holds."""

import json
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from contracts import regulator
from geo import hexgrid
from ingest.warehouse.publish import publish
from ingest.warehouse.store import Warehouse
from tests.bench import (
    town_association,
    town_changes,
    town_effects,
    town_network,
    town_plans,
    town_rates,
)
from tests.bench.frames import rows
from tests.bench.marts import run_row, write_config


@dataclass(frozen=True)
class Town:
    """Where an invented operator's configuration lies, and what was planted in it."""

    config: Path
    warehouse: Path
    hexes: list[str]
    worse_hex: str
    worse_cell: str


def build_town(folder: Path) -> Town:
    """Publishes the invented town below a folder."""
    config = write_config(
        folder, "Aire <Mobile>", "Europe/London", level=8, regions="regions.geojson"
    )
    _write_regions(folder / "regions.geojson")
    warehouse = Warehouse(folder / "warehouse")
    cells, hexes = town_network.cells(), town_network.hexes()
    served = town_network.served_hexes(cells, hexes)
    days = town_network.cell_days(cells)
    by_hex = town_network.hex_days(served, days)
    for name, part in {
        "cell": cells,
        "cell_hex": served,
        "cell_day": days,
        "hex_place": town_network.places(hexes),
        "hex_day": by_hex,
        "change_point": town_changes.changes(),
        "change_day": town_changes.change_days(days),
        "change_curve": town_changes.change_curve(),
        "place_rate": town_rates.rates(days, by_hex, hexes),
        "association": town_association.associations(),
        "network_share": town_association.network_shares(),
        "intervention": town_changes.works(),
        "effect": town_effects.effects(),
        "effect_day": town_effects.effect_days(),
        "kind_effect": town_effects.kind_effects(),
        "prediction": town_effects.predictions(),
        "priority": town_plans.priority(cells),
        **town_plans.plans(cells),
        "receipt": _receipt(),
        "quality": _quality(),
        "survey_response": _responses(),
        "threshold": regulator.in_force({}, "").assign(run_id="r"),
        "run": run_row("Aire <Mobile>", "Europe/London", 8),
    }.items():
        warehouse.write(name, part)
    publish(warehouse, "town", keep=3)
    worse = served[served["cell_id"] == town_network.WORSE_CELL]["hex_id"].iloc[0]
    (worse_hex,) = hexgrid.as_text([worse])
    return Town(config, warehouse.path, hexgrid.as_text(hexes), worse_hex, town_network.WORSE_CELL)


def _write_regions(path: Path) -> None:
    boxes = {"West & <b>hills</b>": (-1.9, -1.55), "East": (-1.55, -1.2)}
    features = [_region(name, west, east) for name, (west, east) in boxes.items()]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}), "utf-8")


def _region(name: str, west: float, east: float) -> dict[str, object]:
    ring = [[west, 53.6], [east, 53.6], [east, 54.0], [west, 54.0], [west, 53.6]]
    return {
        "type": "Feature",
        "properties": {"name": name},
        "geometry": {"type": "Polygon", "coordinates": [ring]},
    }


def _responses() -> pd.DataFrame:
    return rows(
        "survey_response",
        survey_type="relationship",
        wave="2025-Q1",
        stratum=["a", "b"],
        n_invited=[400, None],
        n_delivered=[380, None],
        n_completed=[90, None],
        n_answers=[88, None],
        shown=["shown", "hidden"],
        run_id="r",
    )


def _receipt() -> pd.DataFrame:
    return rows(
        "receipt",
        table_name=["complaint", "pm"],
        n_read=[5_120, 345_600],
        n_accepted=[5_000, 345_590],
        n_refused=[120, 10],
        n_values_missing=[3, 0],
        run_id="r",
    )


def _quality() -> pd.DataFrame:
    return rows(
        "quality",
        table_name=["complaint", "pm"],
        check_name=["refused", "gaps"],
        verdict=["warn", "ok"],
        run_id="r",
        message=["2.3 % of rows were refused; see refused rows.", "All hours are there."],
    )
