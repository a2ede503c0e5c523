"""The stage that rates places: drops, load and what customers say, with intervals.

Figures of customers are those of the release rule; figures of the network are of counters, and
not personal.
"""

from collections.abc import Iterator

import pandas as pd

from analysis import cube, safety
from analysis.inputs import Findings, Inputs
from analysis.places import members, serving
from analysis.rates import call_reports, kpis, network, nps
from analysis.rates.complaints import rates_and_parts
from analysis.uncertainty.intervals import Noise
from contracts import regulator
from contracts.kpis import catalogue as kpi_catalogue
from contracts.tables import TABLES, assemble
from geo import hexgrid
from ingest.quality.lateness import late_months

METRICS = {
    "cell": ("drop_rate", "drops_excess_month"),
    "hex": ("drop_rate", "prb_dl_util_bh_pct", "drops_excess_month"),
    "region": ("drop_rate", "prb_dl_util_bh_pct", "drops_excess_month"),
}
"""What is rated of each kind of place; a site is rated in the list alone."""


def find(inputs: Inputs, earlier: Findings) -> Findings:
    """Tables place_rate, rate_part, place_cell, kpi_noise, threshold and calendar.

    Beside them `noise`, how daily drops scatter in each cell (phi and rho, by cell), where there
    are counters. `inputs`: settled tables. `earlier`: findings of families changes and outlook; of
    the first, `change_point` is read where there are counters.
    """
    limits = inputs.settings.regulator
    findings = Findings(
        place_cell=pd.DataFrame(),
        kpi_noise=pd.DataFrame(),
        threshold=regulator.in_force(limits.limits, limits.source),
    )
    customers = list(_customer_rates(inputs))
    parts = [*(rates for rates, _ in customers), *_inventory_rates(inputs)]
    parts += _full_soon(inputs, earlier.table("capacity_outlook"))
    findings["rate_part"] = assemble(
        [splits for _, splits in customers if len(splits)], TABLES["rate_part"]
    )
    if inputs.has_counters:
        changes = earlier.table("change_point")
        noise = network.noise_of(inputs.counters, changes)
        parts += _network_rates(inputs, changes, noise)
        findings["place_cell"] = members.members(inputs.kinds, inputs.cells)
        findings["noise"] = network.noise_dataset(noise)
        rates_of_kpis, scatter = _kpi_rates(inputs)
        parts += rates_of_kpis
        findings["kpi_noise"] = assemble(scatter, TABLES["kpi_noise"])
    # what is the same for the whole run is stamped as the table is written
    findings["place_rate"] = assemble(parts, TABLES["place_rate"])
    findings["calendar"] = _calendar(inputs, findings.table("place_rate"))
    return findings


def _calendar(inputs: Inputs, rates: pd.DataFrame) -> pd.DataFrame:
    """Table calendar: the days of all years in which a place is rated; none = no place is."""
    if rates.empty:
        return assemble([], TABLES["calendar"])
    operator = inputs.settings.operator
    return cube.calendar_days(
        rates["period_start"].min(),
        rates["period_end"].max(),
        weekend=operator.weekend,
        country=operator.country,
        subdivision=operator.subdivision,
    )


def _customer_rates(inputs: Inputs) -> Iterator[tuple[pd.DataFrame, pd.DataFrame]]:
    """Complaints, NPS and call reports of places, as released, and their parts."""
    settings = inputs.settings
    levels, rule = settings.grid.levels, settings.privacy
    complaints = _rated_complaints(inputs)
    if len(complaints):
        rates, splits = rates_and_parts(
            complaints,
            inputs.exposure.rows,
            metric=inputs.exposure.metric,
            level=levels["complaint"],
            regions=inputs.regions,
            rule=rule,
            targets=settings.targets,
            leaving=inputs.leaving("complaint"),
        )
        yield _marked(rates, "complaint", inputs), _marked(splits, "complaint", inputs)
    if "nps" in inputs.filled:
        footprints = inputs.weights(settings.grid.level)["hex_id"]
        rates = nps.nps(
            inputs.answers,
            level=levels["nps"],
            regions=inputs.regions,
            rule=rule,
            targets=settings.targets,
            known=hexgrid.parents(footprints, level=levels["nps"]) if len(footprints) else None,
            leaving=inputs.leaving("nps"),
        )
        yield _marked(rates, "nps", inputs), pd.DataFrame()
    yield call_reports.of_calls(inputs), call_reports.parts_of_calls(inputs)


def _rated_complaints(inputs: Inputs) -> pd.DataFrame:
    """Complaints of days on which it is known who could have complained."""
    if "complaint" not in inputs.filled or inputs.complaints.empty:
        return pd.DataFrame()
    complaints = inputs.complaints
    if inputs.exposure.metric == "complaints_per_10k_attempts":
        # attempts are known on days with counters only
        days = complaints["day_local"].astype("str")
        complaints = complaints[days.isin(inputs.warehouse.days("cell_day"))]
    return complaints


def _marked(rates: pd.DataFrame, source: str, inputs: Inputs) -> pd.DataFrame:
    """Rates, marked unsafe where a check of their source says so, or rows came too late."""
    months = late_months(inputs.warehouse, source)
    reason = safety.of_rates(rates, inputs.table("quality"), source, months)
    return rates.assign(unsafe_reason=reason)


def _inventory_rates(inputs: Inputs) -> Iterator[pd.DataFrame]:
    """How many cells serve each hexagon, where any has a footprint."""
    weights = inputs.weights(inputs.settings.grid.level)
    if len(weights):
        yield serving.cells_serving(inputs.newest_cells, weights, day=inputs.newest_day)


def _full_soon(inputs: Inputs, outlook: pd.DataFrame) -> Iterator[pd.DataFrame]:
    """Which part of each hexagon's cells will soon be full, where any has a knee."""
    weights = inputs.weights(inputs.settings.grid.level)
    if len(weights) and outlook["p_full_6_months"].notna().any():
        yield serving.full_soon(outlook, weights, day=inputs.newest_day)


def _kpi_rates(inputs: Inputs) -> tuple[list[pd.DataFrame], list[pd.DataFrame]]:
    """Rows of `place_rate` and of `kpi_noise`: every KPI whose counters are there."""
    counters = inputs.counters
    catalogue, rows = kpi_catalogue(inputs.settings.kpi), inputs.table("kpi")
    absent = frozenset(rows.loc[rows["absent_reason"].notna(), "kpi"])
    levels = inputs.settings.grid.map_levels
    seen = pd.DataFrame({"cell_id": counters["cell_id"].to_numpy(), "place": "", "weight": 1.0})
    shown = [
        (kind, members.of_weights(kind.weights, counters, rest=kind.rest))
        for kind in members.with_coarser(inputs.kinds, levels)
        if kind.name in ("hex", "region")
    ]
    network_whole = members.of_weights(seen, counters)
    rows_of_kinds: list[list[pd.DataFrame]] = [[] for _ in shown]
    whole, scatter = [], []
    for one in kpis.rated(inputs.table("cell_day"), counters, catalogue, absent):
        scatter.append(kpis.noise_rows(one, counters))
        for period in kpis.periods(counters) if one.kpi not in kpis.RATED_APART else ():
            for rows_of_kind, (_, places) in zip(rows_of_kinds, shown, strict=True):
                rows_of_kind.append(kpis.rows_of(one, counters, places, period))
            whole.append(kpis.rows_of(one.of_days(), counters, network_whole, period))
    # named once a kind: once a KPI and period costs as much as the figures themselves
    rates = [
        members.of_kind(pd.concat(rows_of_kind, ignore_index=True), kind)
        for rows_of_kind, (kind, _) in zip(rows_of_kinds, shown, strict=True)
        if rows_of_kind
    ]
    rates += [pd.concat(whole, ignore_index=True).assign(place_type="network")] if whole else []
    return rates, [rows for rows in scatter if len(rows)]


def _network_rates(inputs: Inputs, changes: pd.DataFrame, noise: Noise) -> Iterator[pd.DataFrame]:
    """Drop rates, load and excess drops of places and periods, and how drops changed."""
    counters, settings = inputs.counters, inputs.settings
    yield from network.whole_network(counters)
    newest = network.newest_days(counters, settings.priority.days)
    for kind in members.with_coarser(inputs.kinds, settings.grid.map_levels):
        places = members.of_weights(kind.weights, counters, rest=kind.rest)
        for period in network.periods_of(counters) if kind.name in METRICS else ():
            rates = network.drop_rates(counters, places, period, noise)
            for metric in METRICS[kind.name]:
                yield members.of_kind(network.as_metric(rates, metric, period), kind)
        if kind.name == "hex":
            ratios = network.change_ratios(counters, places, newest, changes)
            yield members.of_kind(ratios, kind)
