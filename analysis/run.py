"""The story of the wing: settled tables -> changes, rates, priorities, in the warehouse."""

from collections.abc import Iterator
from datetime import date
from functools import partial
from typing import Any

import pandas as pd
import xarray as xr
from dask.distributed import Client

from analysis import changes, cube, customers, identity, inventory, network, places, priority
from analysis.places import Kind
from analysis.rates import Noise
from contracts.settings import Settings
from contracts.tables import TABLES, assemble
from geo import hexgrid
from geo.footprint import valid_on
from ingest.clean import local_days
from ingest.settle import newest_rows, zones_of
from ingest.warehouse import Warehouse
from ingest.workers import Progress, each, silent

_CELLS_A_TASK = 100


def run(settings: Settings, client: Client, progress: Progress = silent) -> None:
    """Finds what the settled tables hold, and writes every finding table.

    Without counters there are no changes; without positions no hexagons; without complaints, NPS
    or call reports none of their rates. What is missing is told in table `quality`.
    """
    warehouse = Warehouse(settings.resolve(settings.warehouse.path))
    run_id = str(warehouse.read("run")["run_id"].iloc[0])
    rates = [*_customer_rates(warehouse, settings), *_inventory_rates(warehouse, settings)]
    ranked = [_rank_reports(rates, warehouse.read("hex_place"), settings)]
    found = pd.DataFrame()
    if "cell_day" in _filled(warehouse):
        counters = _counters(warehouse, settings)
        search = _search(counters, settings, client, progress)
        progress("rates and priorities", 0, 1)
        found = _identified(search.changes, warehouse)
        noise = network.noise_of(counters, search.changes)
        kinds = _kinds(warehouse, settings)
        rates += _network_rates(counters, kinds, found, noise, settings)
        visible = search.visibility.set_index("cell_id")["min_visible_ratio"]
        how: dict[str, Any] = {"visible": visible, "rates": rates, "settings": settings}
        ranked = list(_rank_places(counters, kinds, found, noise, **how))
    for name, parts in (("change_point", [found]), ("place_rate", rates), ("priority", ranked)):
        finding = assemble(parts, TABLES[name]).assign(run_id=run_id)
        warehouse.write(name, finding)
    progress("rates and priorities", 1, 1)


def _filled(warehouse: Warehouse) -> set[str]:
    """Tables that have rows; a file with a header alone gives none."""
    receipt = warehouse.read("receipt")
    filled = set(receipt.loc[receipt["n_accepted"] > 0, "table_name"])
    return filled | ({"cell_day"} if "pm" in filled else set())


def _counters(warehouse: Warehouse, settings: Settings) -> xr.Dataset:
    days, operator = warehouse.read("cell_day"), settings.operator
    cells = pd.Series(days["cell_id"].unique())
    zones = zones_of(cells, warehouse.read("cell"), settings)
    return cube.of_cell_days(
        days,
        zones=zones if isinstance(zones, str) else zones.set_axis(cells),
        outages=warehouse.read("outage"),
        weekend=operator.weekend,
        country=operator.country,
        subdivision=operator.subdivision,
    )


def _kinds(warehouse: Warehouse, settings: Settings) -> list[Kind]:
    return list(
        places.kinds(
            warehouse.read("cell_day")["cell_id"].drop_duplicates(),
            warehouse.read("cell"),
            _weights(warehouse, settings),
            warehouse.read("hex_place"),
            level=settings.grid.level,
        )
    )


def _weights(warehouse: Warehouse, settings: Settings, *, finer: int = 0) -> pd.DataFrame:
    return warehouse.read("cell_hex", days=[str(settings.grid.level + finer)])


def _day(warehouse: Warehouse) -> date:
    """Newest day of counters; without any, the day on which the inventory arrived."""
    if days := warehouse.days("cell_day"):
        return date.fromisoformat(days[-1])
    arrived: pd.Timestamp = warehouse.read("cell")["loaded_utc"].max()
    return arrived.date()


def _inventory_rates(warehouse: Warehouse, settings: Settings) -> Iterator[pd.DataFrame]:
    weights, cells = _weights(warehouse, settings), newest_rows(warehouse.read("cell"))
    if len(weights):
        yield inventory.cells_serving(cells, weights, day=_day(warehouse))


# ---------------------------------------------------------------------------------- changes


def _search(
    counters: xr.Dataset, settings: Settings, client: Client, progress: Progress
) -> changes.Search:
    n = counters.sizes["cell"]
    parts = [
        counters.isel(cell=slice(start, start + _CELLS_A_TASK))
        for start in range(0, n, _CELLS_A_TASK)
    ]
    limits = settings.changes
    search = partial(changes.search, min_ratio=limits.min_ratio, min_days=limits.min_days)
    answers = each(client, search, parts, label="searching for changes", progress=progress)
    return changes.Search(
        pd.concat([answer.changes for answer in answers], ignore_index=True),
        pd.concat([answer.visibility for answer in answers], ignore_index=True),
    )


def _identified(found: pd.DataFrame, warehouse: Warehouse) -> pd.DataFrame:
    """The changes with their names, the works they follow and what is not known of them yet."""
    as_of = warehouse.read("run")["as_of_utc"].iloc[0]
    found = found.assign(metric="drop_rate")
    named = identity.keep_identity(found, warehouse.read("change_point"), as_of=as_of)
    cells = newest_rows(warehouse.read("cell"))
    works = identity.name_works(
        found, warehouse.read("intervention"), cells.set_index("cell_id")["site_id"]
    )
    # load is shown beside; how much of the change it explains is not tested yet
    return named.assign(place_type="cell", attribution="undecided", intervention_id=works)


# ------------------------------------------------------------------------------------ rates


def _customer_rates(warehouse: Warehouse, settings: Settings) -> Iterator[pd.DataFrame]:
    filled, levels = _filled(warehouse), settings.grid.levels
    regions = warehouse.read("hex_place").set_index("hex_id")["region"]
    how: dict[str, Any] = {
        "regions": regions, "zone": settings.operator.timezone, "rule": settings.privacy,
    }  # fmt: skip
    if "complaint" in filled:
        metric, exposure = _exposure(warehouse, settings)
        complaints = warehouse.read("complaint")
        if metric == "complaints_per_10k_attempts":
            # calls are known on days with counters only
            days = local_days(complaints["created_utc"], settings.operator.timezone)
            complaints = complaints[days.isin(warehouse.days("cell_day"))]
        yield customers.complaint_rates(
            complaints, exposure, metric=metric, level=levels["complaint"], **how
        )
    if "nps" in filled:
        yield customers.nps(warehouse.read("nps"), level=levels["nps"], **how)
    if "call" in filled:
        yield customers.call_reports(warehouse.read("call"), level=levels["call"], **how)


def _exposure(warehouse: Warehouse, settings: Settings) -> tuple[str, pd.DataFrame]:
    """Who could have complained: subscribers where they are known, else call attempts by day."""
    level = settings.grid.levels["complaint"]
    if "subscriber_base" in _filled(warehouse):
        base = warehouse.read("subscriber_base")
        return "complaints_per_1000", customers.subscribers(
            base, valid_on(_weights(warehouse, settings, finer=1), _day(warehouse)), level=level
        )
    days = warehouse.read("hex_day")
    day = pd.to_datetime(days["day_local"]).dt.as_unit("s")
    months = day.dt.to_period("M").dt.start_time.dt.as_unit("s")
    known = days.assign(
        hex_id=hexgrid.parents(days["hex_id"], level=level), day=day, period_start=months
    )
    n = known.groupby(["hex_id", "period_start", "day"])["call_attempts"].sum().rename("n")
    return "complaints_per_10k_attempts", n.reset_index()


def _network_rates(
    counters: xr.Dataset,
    kinds: list[Kind],
    found: pd.DataFrame,
    noise: Noise,
    settings: Settings,
) -> Iterator[pd.DataFrame]:
    metrics = {
        "cell": ("drop_rate", "drops_excess_month"),
        "hex": ("drop_rate", "prb_dl_util_bh_pct", "drops_excess_month"),
        "region": ("drop_rate", "prb_dl_util_bh_pct", "drops_excess_month"),
    }
    yield from network.whole_network(counters)
    newest = network.newest_days(counters, settings.priority.days)
    for kind in places.with_coarser(kinds, settings.grid.map_levels):
        members = places.of_weights(kind.weights, counters, rest=kind.rest)
        for period in network.periods_of(counters) if kind.name in metrics else ():
            rates = network.drop_rates(counters, members, period, noise)
            for metric in metrics[kind.name]:
                yield _of_kind(network.as_metric(rates, metric, period), kind)
        if kind.name == "hex":
            yield _of_kind(network.change_ratios(counters, members, newest, found), kind)


def _of_kind(found: pd.DataFrame, kind: Kind) -> pd.DataFrame:
    column = "region" if kind.name == "region" else f"{kind.name}_id"
    named = found.assign(place_type=kind.name, **{column: found["place"]})
    return named.assign(level=hexgrid.levels(found["place"])) if kind.name == "hex" else named


# ------------------------------------------------------------------------------- priorities


def _rank_places(
    counters: xr.Dataset,
    kinds: list[Kind],
    found: pd.DataFrame,
    noise: Noise,
    *,
    visible: pd.Series,
    rates: list[pd.DataFrame],
    settings: Settings,
) -> Iterator[pd.DataFrame]:
    newest = network.newest_days(counters, settings.priority.days)
    for kind in kinds:
        members = places.of_weights(kind.weights, counters, rest=kind.rest)
        facts = network.drop_rates(counters, members, newest, noise)
        facts["dominant_cell_id"] = network.dominant_cells(counters, members, newest, facts)
        facts = _of_kind(facts.merge(kind.known, on="place", how="left"), kind)
        facts["place_name"] = facts["place_name"].fillna(facts["place"].astype("str"))
        facts = priority.with_customers(facts, rates, settings.grid.levels)
        facts["min_visible_ratio"] = facts["dominant_cell_id"].map(visible)
        ranked = priority.rank(facts, found, zone=settings.operator.timezone)
        yield ranked.assign(period_start=newest.start, period_end=newest.end)


def _rank_reports(
    rates: list[pd.DataFrame], hexes: pd.DataFrame, settings: Settings
) -> pd.DataFrame:
    """Hexagons ranked by what callers reported, where there are no counters."""
    if not rates:
        return pd.DataFrame()
    known = hexes[["hex_id", "region", "lat", "lon"]].astype({"hex_id": "UInt64"})
    whole = pd.concat(rates).drop(columns="region")
    reports = whole[(whole["metric"] == "call_drop_rate")
                    & (whole["level"] == settings.grid.levels["call"])]  # fmt: skip
    return priority.rank_reports(reports.merge(known, on="hex_id", how="left"))
