"""Footprints as the warehouse keeps them: from inventory, coverage and calls, one file a level.

They are made anew only when something they are made from changed; a day is spread anew only when
the weights that hold on it changed.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from contracts.settings.sections import Settings
from geo import footprint, hexgrid
from ingest.privacy import release
from ingest.settle.digest import digest
from ingest.settle.inventory import undivided
from ingest.warehouse.store import WHOLE, Warehouse

_METHOD = "footprints-2"
_NOTE = "footprint"
# positions worth a hexagon of their own; the others follow from the cell, or tell a home
_POSITIONED = ("gnss", "mdt", "point")
# part of a cell's witnesses that must stand where they may be counted
_LEAST_COUNTED = 0.8


def settle_footprints(
    warehouse: Warehouse, settings: Settings, made_from: Mapping[str, Any]
) -> dict[str, str]:
    """Table `cell_hex` at the map's level and one finer; what names the weights of each pm day.

    `warehouse`: with settled cells, coverage, calls and counters. `settings`: grid and `[privacy]
    min_subscribers`. `made_from`: signatures of the settled inventory, coverage and calls.
    """
    days = _days(warehouse)
    calls = _whole_months(made_from["call"])
    signature = digest(
        _METHOD, made_from["cell"], made_from["coverage"], calls, _passed(warehouse, days),
        settings.grid.model_dump(), settings.privacy.min_subscribers,
    )  # fmt: skip
    done = warehouse.read_settled(_NOTE, WHOLE)
    if done is None or done["signature"] != signature:
        warehouse.forget_settled(_NOTE, WHOLE)
        names = _write(warehouse, settings, days, list(calls))
        done = {"signature": signature, "names": names}
        warehouse.write_settled(_NOTE, WHOLE, done)
    names = done["names"]
    begun = sorted(names)
    return {
        day: names[begun[int(np.searchsorted(begun, day, side="right")) - 1]]
        for day in warehouse.counter_days()
    }


def names_of_weights(warehouse: Warehouse) -> dict[str, str]:
    """Names of the settled weights, by the day from which they hold; none = not settled yet.

    `warehouse`: one without settled footprints gives no names. Days are YYYY-MM-DD.
    """
    note = warehouse.read_settled(_NOTE, WHOLE)
    return note["names"] if note else {}


def of_coverage(pixels: pd.DataFrame, *, level: int) -> pd.DataFrame:
    """Supplied coverage as weights: cell_id, hex_id at `level`, weight, method.

    `pixels`: table `coverage`. Finer hexagons are summed up, coarser ones spread evenly.
    """
    hexes = pixels["hex_id"].to_numpy(np.uint64)
    weight = pixels["pixel_weight"].fillna(1.0).to_numpy(float)
    coarse = hexgrid.levels(hexes) < level
    # hexagons inside the coarse pixels, and the pixel that each lies in
    parts, pixel = hexgrid.children(hexes[coarse], level=level)
    n_parts = np.bincount(pixel, minlength=int(coarse.sum()))
    cell = pixels["cell_id"].to_numpy()
    weights = pd.DataFrame(
        {
            "cell_id": np.r_[cell[~coarse], cell[coarse][pixel]],
            "hex_id": np.r_[hexgrid.parents(hexes[~coarse], level=level), parts],
            "weight": np.r_[weight[~coarse], (weight[coarse] / n_parts)[pixel]],
        }
    )
    weights = weights.groupby(["cell_id", "hex_id"])["weight"].sum().reset_index()
    return weights.assign(method="coverage")


def of_calls(calls: pd.DataFrame, *, level: int, fewest: int) -> pd.DataFrame:
    """Where each cell's calls were, as weights: cell_id, hex_id at `level`, weight, method.

    A weight counts witnesses (persons, or spots of 100 m where no person is known), each once a
    hexagon. Hexagons of fewer than `fewest` are left out, and a cell of which more than a fifth
    would be left out has no event shares at all. Then a cell has at least as many witnesses as 16 a
    hexagon give, which puts a share off by less than a model does.

    `calls`: rows of table `call`.
    `level`: H3 level of the weights.
    `fewest`: witnesses of a hexagon that may shape a published share.
    """
    is_exact = calls["loc_accuracy_m"].isna() | (calls["loc_accuracy_m"] <= hexgrid.edge_m(level))
    is_placed = calls["loc_method"].isin(_POSITIONED) & calls["hex_id"].notna()
    placed = calls[is_exact & is_placed].dropna(subset=["start_cell_id"])
    spot = placed["lat"].round(3).astype("str") + "," + placed["lon"].round(3).astype("str")
    witnesses = pd.DataFrame(
        {
            "cell_id": placed["start_cell_id"],
            "hex_id": hexgrid.parents(placed["hex_id"], level=level),
            "witness": placed["subscriber_id"].fillna(spot),
        }
    ).drop_duplicates()
    shares = witnesses.groupby(["cell_id", "hex_id"]).size().rename("n").reset_index()
    shares["weight"] = release.witnesses(shares["n"], fewest=fewest)
    cell, may_count = shares["cell_id"], shares["weight"].notna()
    counted = shares["n"].where(may_count).groupby(cell).transform("sum")
    is_enough = counted >= _LEAST_COUNTED * shares["n"].groupby(cell).transform("sum")
    shares = shares[is_enough & may_count].assign(method="event_shares")
    return shares[["cell_id", "hex_id", "weight", "method"]]


def _write(
    warehouse: Warehouse, settings: Settings, days: tuple[date, date], calls: list[str]
) -> dict[str, str]:
    level = settings.grid.level
    fine = footprint.footprints(
        undivided(warehouse.read("cell")), _supplied(warehouse, settings, calls),
        level=level + 1, max_range_m=settings.grid.max_range_m, days=days,
    )  # fmt: skip
    shown = footprint.coarser(fine, level=level)
    kept = {str(level): shown, str(level + 1): fine}
    warehouse.forget_days("cell_hex", keep=set(kept), tables=("cell_hex",))
    for name, weights in kept.items():
        warehouse.write("cell_hex", weights, day=name)
    return _names(shown)


def _supplied(warehouse: Warehouse, settings: Settings, calls: list[str]) -> pd.DataFrame:
    fine = settings.grid.level + 1
    coverage = of_coverage(warehouse.read("coverage"), level=fine)
    shares = of_calls(
        warehouse.read("call", days=calls), level=fine, fewest=settings.privacy.min_subscribers
    )
    # calls do not tell which of a cell's footprints they were made in
    rows = undivided(warehouse.read("cell"))["cell_id"]
    elsewhere = shares["cell_id"].isin(coverage["cell_id"])
    changed = shares["cell_id"].isin(rows[rows.duplicated()])
    return pd.concat([coverage, shares[~elsewhere & ~changed]], ignore_index=True)


def _days(warehouse: Warehouse) -> tuple[date, date]:
    """First and last day of counters; without any, the day on which the inventory arrived."""
    if days := list(warehouse.counter_days()):
        return date.fromisoformat(days[0]), date.fromisoformat(days[-1])
    arrived = warehouse.read("cell")["loaded_utc"].max()
    day = date(1970, 1, 1) if pd.isna(arrived) else arrived.date()
    return day, day


def _passed(warehouse: Warehouse, days: tuple[date, date]) -> list[int]:
    """How many dates of the inventory each of two days has reached: no other day matters to it."""
    cells = warehouse.read("cell")
    dates = pd.concat([cells["valid_from"], cells["valid_to"]]).dropna().unique()
    return [sum(on <= day for on in dates) for day in days]


def _whole_months(signatures: Mapping[str, str]) -> dict[str, str]:
    """Days of calls in calendar months that are over: shares change once a month, not daily."""
    newest = max(signatures, default="")[:7]
    return {day: name for day, name in signatures.items() if day[:7] < newest}


def _names(weights: pd.DataFrame) -> dict[str, str]:
    """Name of the weights that hold from each day on; the first holds before it too."""
    row = pd.util.hash_pandas_object(weights[["cell_id", "hex_id", "weight"]], index=False)
    hashes = row.to_numpy(np.uint64)
    edges = pd.concat([weights["valid_from"], weights["valid_to"]]).dropna().unique()
    names = {}
    for day in [date(1, 1, 1), *sorted(edges)]:
        rows = weights.index.get_indexer(footprint.valid_on(weights, day).index)
        names[day.isoformat()] = f"{int(hashes[rows].sum()):016x}"
    return names
