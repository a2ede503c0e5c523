"""The story of the wing: settled tables -> changes, rates, priorities, in the warehouse."""

from collections.abc import Iterator
from datetime import date
from typing import Any

import pandas as pd
import xarray as xr
from dask.distributed import Client

from analysis import cube, safety
from analysis.association import stage
from analysis.benefit.stage import find, nothing
from analysis.changes import hexagons
from analysis.changes import stage as changes_stage
from analysis.places import members as places_members
from analysis.places import serving, subscribers
from analysis.places.located import located
from analysis.places.members import Kind
from analysis.places.subscribers import Residents
from analysis.plan import stage as plan_stage
from analysis.priority.reports import rank_reports
from analysis.priority.stage import Known, rank
from analysis.rates import call_reports, network, nps
from analysis.rates.complaints import complaint_rates
from analysis.uncertainty.intervals import Noise
from contracts import regulator
from contracts.settings.sections import Settings
from contracts.tables import TABLES, assemble
from geo import hexgrid
from geo.footprint import coarser, valid_on
from ingest.clock import local_days
from ingest.quality.repeats import repeats
from ingest.running.workers import Progress, silent
from ingest.settle.cells import newest_rows, zones_of
from ingest.warehouse.retain import RELEASED
from ingest.warehouse.store import Warehouse


def run(settings: Settings, client: Client, progress: Progress = silent) -> None:
    """Finds what the settled tables hold, and writes every finding table.

    Without counters the changes are those of hexagons with enough positioned calls; without
    positions there are no hexagons; without complaints, NPS or call reports none of their rates.
    What is missing is told in table `quality`.
    """
    warehouse = Warehouse(settings.resolve(settings.warehouse.path))
    run_id = str(warehouse.read("run")["run_id"].iloc[0])
    catalogue, planned = (
        plan_stage.catalogue_of(settings, warehouse.read("cell")),
        plan_stage.nothing(),
    )
    told = list(_customer_rates(warehouse, settings))
    rates = [*told, *_inventory_rates(warehouse, settings)]
    gained, belonging = nothing(), pd.DataFrame()
    if "cell_day" in _filled(warehouse):
        counters = _counters(warehouse, settings)
        found = changes_stage.find(counters, warehouse, settings, client, progress)
        progress("rates and priorities", 0, 1)
        noise = network.noise_of(counters, found.changes)
        kinds = _kinds(warehouse, settings)
        belonging = places_members.members(kinds, warehouse.read("cell"))
        rates += _network_rates(counters, kinds, found.changes, noise, settings)
        by_drop = stage.slopes_of(warehouse, *_exposure(warehouse, settings), settings)
        living = _residents(warehouse, counters, settings)
        gained = find(
            counters, found.levers, noise, *by_drop, at_most=living.of_cells(), settings=settings
        )
        where: dict[str, Any] = {"warehouse": warehouse, "settings": settings}
        offered = plan_stage.offered(catalogue, counters, found.levers, noise, **where)
        finer = _weights(warehouse, settings, finer=1).rename(columns={"hex_id": "place"})
        knees = found.responses.set_index("cell_id")["knee_pct"]
        known = Known(
            counters, noise, found.changes, found.visible, knees, gained, offered, living, finer
        )
        ranked = list(rank(known, kinds, told, settings))
        planned = plan_stage.tables(offered, settings)
    else:
        found = _hex_changes(warehouse, settings, told, client, progress)
        ranked = [_rank_reports(told, found.changes, warehouse.read("hex_place"), settings)]
    _write_changes(warehouse, found, run_id)
    limits = regulator.in_force(settings.regulator.limits, settings.regulator.source)
    warehouse.write("threshold", limits.assign(run_id=run_id))
    for name, parts in (
        ("place_rate", rates),
        ("priority", ranked),
        ("place_cell", [belonging]),
        ("benefit", [gained.benefits]),
        ("what_if", [gained.ladder]),
        ("association", [gained.associations]),
        *((name, [frame]) for name, frame in planned.items()),
    ):
        finding = assemble(parts, TABLES[name]).assign(run_id=run_id)
        warehouse.write(name, finding)
    progress("rates and priorities", 1, 1)


def changes(settings: Settings, client: Client, progress: Progress = silent) -> pd.DataFrame:
    """Finds dated changes alone and writes their tables; returns `change_point`."""
    warehouse = Warehouse(settings.resolve(settings.warehouse.path))
    run_id = str(warehouse.read("run")["run_id"].iloc[0])
    if "cell_day" in _filled(warehouse):
        counters = _counters(warehouse, settings)
        found = changes_stage.find(counters, warehouse, settings, client, progress)
    else:
        rates = list(_call_rates(warehouse, settings))
        found = _hex_changes(warehouse, settings, rates, client, progress)
    _write_changes(warehouse, found, run_id)
    return warehouse.read("change_point")


def _hex_changes(
    warehouse: Warehouse,
    settings: Settings,
    rates: list[pd.DataFrame],
    client: Client,
    progress: Progress,
) -> changes_stage.Found:
    """What positioned calls tell of changes, where there are no counters. `rates`: of customers."""
    calls = warehouse.read("call")
    if calls.empty:
        return changes_stage.nothing()
    released = pd.concat(rates)
    found = hexagons.find(calls, released, settings, client, progress)
    weights, told = _weights(warehouse, settings), warehouse.read("change_point")
    named = hexagons.named(
        found,
        told,
        warehouse.read("intervention"),
        newest_rows(warehouse.read("cell")).set_index("cell_id")["site_id"],
        weights[weights["valid_to"].isna()],
        as_of=warehouse.read("run")["as_of_utc"].iloc[0],
    )
    if first := warehouse.kept_from().get("call"):
        went = warehouse.read("place_rate", days=[RELEASED])
        named = hexagons.with_standing(named, told, released, went, first)
    unsafe = safety.of_table(warehouse.read("quality"), "call")
    return changes_stage.nothing()._replace(changes=named.assign(unsafe_reason=unsafe))


def _write_changes(warehouse: Warehouse, found: changes_stage.Found, run_id: str) -> None:
    unsafe = safety.of_changes(found.changes, warehouse.read("cell_quality"))
    for name, table in (
        ("change_point", found.changes.assign(unsafe_reason=unsafe)),
        ("change_day", found.days),
        ("change_curve", found.curves),
        ("load_response", found.responses),
    ):
        warehouse.write(name, assemble([table], TABLES[name]).assign(run_id=run_id))


def _filled(warehouse: Warehouse) -> set[str]:
    """Tables that have rows; a file with a header alone gives none."""
    receipt = warehouse.read("receipt")
    filled = set(receipt.loc[receipt["n_accepted"] > 0, "table_name"])
    return filled | ({"cell_day"} if "pm" in filled else set())


def _counters(warehouse: Warehouse, settings: Settings) -> xr.Dataset:
    days, operator = warehouse.read("cell_day"), settings.operator
    cells = pd.Series(days["cell_id"].unique())
    zones = zones_of(cells, warehouse.read("cell"), settings)
    counters = cube.of_cell_days(
        days,
        zones=zones if isinstance(zones, str) else zones.set_axis(cells),
        outages=warehouse.read("outage"),
        weekend=operator.weekend,
        country=operator.country,
        subdivision=operator.subdivision,
    )
    return safety.with_failed_days(counters, warehouse.read("cell_quality"))


def _kinds(warehouse: Warehouse, settings: Settings) -> list[Kind]:
    return list(
        places_members.kinds(
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
        yield serving.cells_serving(cells, weights, day=_day(warehouse))


# ------------------------------------------------------------------------------------ rates


def _customer_rates(warehouse: Warehouse, settings: Settings) -> Iterator[pd.DataFrame]:
    filled, levels = _filled(warehouse), settings.grid.levels
    how = {**_how(warehouse, settings), "targets": settings.targets}
    if "complaint" in filled and len(complaints := _complaints(warehouse, settings)):
        metric, exposure = _exposure(warehouse, settings)
        if metric == "complaints_per_10k_attempts":
            # calls are known on days with counters only
            days = local_days(complaints["created_utc"], settings.operator.timezone)
            complaints = complaints[days.isin(warehouse.days("cell_day"))]
        found = complaint_rates(
            complaints,
            exposure,
            metric=metric,
            level=levels["complaint"],
            **how,
        )
        yield _judged(found, "complaint", warehouse)
    if "nps" in filled:
        found = nps.nps(warehouse.read("nps"), level=levels["nps"], **how)
        yield _judged(found, "nps", warehouse)
    yield from _call_rates(warehouse, settings)


def _call_rates(warehouse: Warehouse, settings: Settings) -> Iterator[pd.DataFrame]:
    if "call" in _filled(warehouse):
        how = _how(warehouse, settings)
        found = call_reports.call_reports(
            warehouse.read("call"), level=settings.grid.levels["call"], **how
        )
        yield _judged(found, "call", warehouse)


def _how(warehouse: Warehouse, settings: Settings) -> dict[str, Any]:
    """What all figures of customers are made by."""
    regions = warehouse.read("hex_place").set_index("hex_id")["region"]
    return {"regions": regions, "zone": settings.operator.timezone, "rule": settings.privacy}


def _judged(found: pd.DataFrame, source: str, warehouse: Warehouse) -> pd.DataFrame:
    return found.assign(unsafe_reason=safety.of_table(warehouse.read("quality"), source))


def _complaints(warehouse: Warehouse, settings: Settings) -> pd.DataFrame:
    """Complaints without those that repeat another, each on its hexagons."""
    rows, zone = warehouse.read("complaint"), settings.operator.timezone
    again = repeats(rows, days=settings.complaints.repeat_days, zone=zone)
    level = settings.grid.levels["complaint"]
    return located(rows[~again], coarser(_weights(warehouse, settings), level=level), zone=zone)


def _exposure(warehouse: Warehouse, settings: Settings) -> tuple[str, pd.DataFrame]:
    """Who could have complained: subscribers where they are known, else call attempts by day."""
    level = settings.grid.levels["complaint"]
    if "subscriber_base" in _filled(warehouse):
        base = warehouse.read("subscriber_base")
        return "complaints_per_1000", subscribers.subscribers(
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


def _residents(warehouse: Warehouse, counters: xr.Dataset, settings: Settings) -> Residents:
    finer, weights = (
        valid_on(_weights(warehouse, settings, finer=levels), _day(warehouse)) for levels in (1, 0)
    )
    return subscribers.known(
        warehouse.read("subscriber_base"),
        finer,
        weights,
        counters,
        level=settings.grid.level,
        crowd=settings.privacy.min_subscribers,
    )


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
    for kind in places_members.with_coarser(kinds, settings.grid.map_levels):
        members = places_members.of_weights(kind.weights, counters, rest=kind.rest)
        for period in network.periods_of(counters) if kind.name in metrics else ():
            rates = network.drop_rates(counters, members, period, noise)
            for metric in metrics[kind.name]:
                yield places_members.of_kind(network.as_metric(rates, metric, period), kind)
        if kind.name == "hex":
            yield places_members.of_kind(
                network.change_ratios(counters, members, newest, found), kind
            )


# ------------------------------------------------------------------------------- priorities


def _rank_reports(
    rates: list[pd.DataFrame], found: pd.DataFrame, hexes: pd.DataFrame, settings: Settings
) -> pd.DataFrame:
    """Hexagons ranked by what callers reported, where there are no counters."""
    if not rates:
        return pd.DataFrame()
    known = hexes[["hex_id", "region", "lat", "lon"]].astype({"hex_id": "UInt64"})
    whole = pd.concat(rates).drop(columns="region")
    reports = whole[(whole["metric"] == "call_drop_rate")
                    & (whole["level"] == settings.grid.levels["call"])]  # fmt: skip
    return rank_reports(
        reports.merge(known, on="hex_id", how="left"), found, zone=settings.operator.timezone
    )
