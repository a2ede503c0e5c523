"""The stage that judges works: counters and the log of interventions -> what came of each."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.arrays import Flags, Indices
from analysis.effects import customers, kpis, ledger, sheets
from analysis.effects.kpis import KpiPanel
from analysis.effects.rows import METHOD_VERSION, ROLLED_BACK, Sheet, day_rows, effect_row
from analysis.effects.sheets import Works
from analysis.effects.verdicts import Member, days_of, of_dates, of_works, verdict_of
from analysis.inputs import Findings, Inputs
from analysis.places.neighbours import HANDOVERS
from contracts.kpis import catalogue
from contracts.tables import TABLES, assemble
from geo import sphere

_NEWEST_DAYS = 28


def find(inputs: Inputs, earlier: Findings) -> Findings:
    """Tables effect, effect_day, kind_effect and prediction.

    Every intervention and project on each KPI of the sheet, on complaints and NPS; what works of
    each kind brought; and what is said of works that did not begin yet, beside what was said in
    runs before.

    `inputs`: without counters or without works that were begun there are no effects. `earlier`:
    tables `neighbour` and `place_rate` are read, of persons nothing else.
    """
    effects, days = list[pd.DataFrame](), list[pd.DataFrame]()
    if inputs.has_counters and len(inputs.interventions):
        for rows, rows_by_day in _judged(inputs, earlier):
            effects.append(rows)
            days.append(rows_by_day)
    effect = assemble(effects, TABLES["effect"])
    works = inputs.interventions
    of = ledger.learnt(effect, works.set_index("intervention_id")["kind"])
    said = ledger.registered(inputs.table("prediction"), _coming(inputs), of, inputs.as_of)
    return Findings(
        effect=effect,
        effect_day=assemble(days, TABLES["effect_day"]),
        kind_effect=assemble([ledger.kind_rows(of)], TABLES["kind_effect"]),
        prediction=assemble([said], TABLES["prediction"]),
    )


def _coming(inputs: Inputs) -> pd.DataFrame:
    """Works that did not begin by the end of the data, and the newest 28 days' drops there."""
    works = inputs.interventions[inputs.interventions["start_utc"] >= inputs.as_of]
    columns = works[["intervention_id", "kind"]]
    if works.empty or not inputs.has_counters:
        return columns.assign(drops=np.nan)
    counters = inputs.counters
    newest = counters["dropped_calls"].to_numpy()[:, -_NEWEST_DAYS:]
    is_known = np.isfinite(newest).any(axis=1)
    drops = pd.Series(
        np.where(is_known, np.nansum(newest, axis=1), np.nan), counters["cell_id"].to_numpy()
    )
    site_of = inputs.newest_cells.set_index("cell_id")["site_id"].reindex(drops.index)
    of_sites = drops.groupby(site_of.to_numpy(object)).sum(min_count=1)
    at_cell, at_site = works["cell_id"].map(drops), works["site_id"].map(of_sites)
    return columns.assign(drops=at_cell.where(works["cell_id"].notna(), at_site))


@dataclass(frozen=True)
class _Kind:
    """Places of one kind, and what was done at which of them."""

    works: Indices
    """Numbers of the works that are judged at such a place."""
    rows: Indices
    """Row of the place of each."""
    flags: Flags


def _judged(inputs: Inputs, earlier: Findings) -> Iterator[tuple[pd.DataFrame, pd.DataFrame]]:
    """Rows of both tables, KPI by KPI."""
    counters = inputs.counters
    calendar = pd.DatetimeIndex(counters["day_local"].to_numpy())
    cells = counters["cell_id"].to_numpy()
    newest = inputs.newest_cells.set_index("cell_id")
    sites = newest["site_id"].fillna(pd.Series(newest.index, newest.index))
    site_of = sites.reindex(cells)
    begun = sheets.done(inputs.interventions, site_of, calendar, inputs.settings.operator.timezone)
    works = list(sheets.together(begun))
    if not works:
        return
    handed = sheets.by_handovers(
        earlier.table("neighbour"), sites, {each.site_id for each in works}
    )
    works = [
        replace(each, spill_basis=HANDOVERS) if each.site_id in handed else each for each in works
    ]
    asked = list(_sheets(begun, works))
    names, member = kpis.membership(site_of.to_numpy(object))
    near = sheets.neighbours(_sites(inputs), inputs.settings.grid.level) | handed
    kinds = {
        "cell": _kind("cell", works, cells, site_of, begun, near, len(calendar)),
        "site": _kind("site", works, names, pd.Series(names, names), begun, near, len(calendar)),
    }
    known, listed = kpis.judged_kpis(catalogue(inputs.settings.kpi)), inputs.table("kpi")
    absent = frozenset(listed.loc[listed["absent_reason"].notna(), "kpi"])
    for of_cells in kpis.panels(inputs.table("cell_day"), counters, known, absent):
        panels = {"cell": of_cells}
        if len(kinds["site"].works):
            panels["site"] = kpis.of_sites(of_cells, member, counters["rest_day"].to_numpy())
        yield _of_kpi(panels, kinds, works, asked, calendar)
    if len(calendar):
        yield from _of_customers(
            inputs, earlier.table("place_rate"), _Begun(begun, works, asked, near, calendar)
        )


@dataclass(frozen=True)
class _Begun:
    """The works, by row and as they are judged, their sheets and neighbours, and the days."""

    rows: pd.DataFrame
    works: Sequence[Works]
    sheets: Sequence[Sheet]
    near: dict[str, frozenset[str]]
    calendar: pd.DatetimeIndex


def _of_customers(
    inputs: Inputs, rates: pd.DataFrame, begun: _Begun
) -> Iterator[tuple[pd.DataFrame, pd.DataFrame]]:
    """Rows of table `effect`: complaints and NPS of the hexagons of the works."""
    places = _sites(inputs)
    for figures in customers.panels(rates, inputs.settings.grid.levels):
        row_of_site = pd.Series(
            customers.rows_of(figures, places, places["site_id"].tolist()), places["site_id"]
        )
        row = row_of_site.reindex([each.site_id for each in begun.works]).fillna(-1)
        which = np.flatnonzero(row.to_numpy() >= 0)
        works = customers.at_hexes(begun.works)
        at_hex, rows = [works[n] for n in which], row.to_numpy(np.intp)[which]
        dates = customers.whens(figures, at_hex, begun.calendar)
        flags = customers.touched(figures, begun.rows, row_of_site, begun.near, begun.calendar)
        found = of_dates(figures.panel.panel, dates, rows, flags)
        members = dict(zip(which.tolist(), found, strict=True))
        others = dict(zip(which.tolist(), customers.others(rows, dates), strict=True))
        lines = []
        for sheet in begun.sheets:
            numbers = [n for n in sheet.works if n in members]
            if not numbers:
                continue
            clean = [n for n in numbers if others[n] is None]
            reason = sheet.reason or (None if clean else others[numbers[0]])
            verdict = verdict_of(
                figures.panel.panel, [members[n] for n in clean or numbers], reason
            )
            of_sheet = [works[n] for n in sheet.works]
            lines.append(effect_row(sheet, figures.panel, of_sheet, verdict, begun.calendar))
        if lines:
            yield pd.DataFrame(lines).assign(method_version=METHOD_VERSION), pd.DataFrame()


def _sites(inputs: Inputs) -> pd.DataFrame:
    """site_id, lat and lon: the middle of each site's cells."""
    cells = inputs.newest_cells
    placed = cells.assign(site_id=cells["site_id"].fillna(cells["cell_id"]))
    placed = placed.dropna(subset=["lat", "lon"])
    middles = sphere.middles(placed, placed["site_id"])
    return middles.rename_axis("site_id").reset_index()


def _kind(  # noqa: PLR0917  # one call site, each a table of the same run
    place_type: str,
    works: Sequence[Works],
    places: npt.NDArray[np.object_],
    site_of: pd.Series,
    begun: pd.DataFrame,
    near: dict[str, frozenset[str]],
    n_days: int,
) -> _Kind:
    """The works at one kind of place, and where on which days something was done."""
    which = [n for n, each in enumerate(works) if each.place_type == place_type]
    rows = pd.Index(places).get_indexer(pd.Index([works[n].place_id for n in which]))
    flags = sheets.touched(begun, site_of.reset_index(drop=True), n_days, near)
    return _Kind(np.array(which, np.intp), np.asarray(rows, np.intp), flags)


def _sheets(begun: pd.DataFrame, works: Sequence[Works]) -> Iterator[Sheet]:
    """A sheet of each intervention, and of each project with the works that belong to it."""
    number = {name: n for n, each in enumerate(works) for name in each.ids}
    status = begun.set_index("intervention_id")["status"]
    for name in begun["intervention_id"]:
        reason = ROLLED_BACK if status[name] == "rolled_back" else None
        yield Sheet("intervention", str(name), (number[name],), reason)
    for project, rows in begun.dropna(subset=["project_id"]).groupby("project_id", sort=True):
        of_project = tuple(sorted({number[name] for name in rows["intervention_id"]}))
        yield Sheet("project", str(project), of_project)


def _of_kpi(
    panels: dict[str, KpiPanel],
    kinds: dict[str, _Kind],
    works: Sequence[Works],
    asked: Sequence[Sheet],
    calendar: pd.DatetimeIndex,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Rows of both tables of one KPI."""
    members: dict[int, Member] = {}
    for place_type, panel in panels.items():
        kind = kinds[place_type]
        at_kind = [works[n] for n in kind.works]
        found = of_works(panel.panel, at_kind, kind.rows, kind.flags)
        members |= dict(zip(kind.works.tolist(), found, strict=True))
    rows, days = [], [pd.DataFrame()]
    for sheet in asked:
        of_sheet = [members[n] for n in sheet.works]
        place_types = [works[n].place_type for n in sheet.works]
        panel = panels[place_types[0]]
        verdict = verdict_of(panel.panel, of_sheet, sheet.reason)
        rows.append(effect_row(sheet, panel, [works[n] for n in sheet.works], verdict, calendar))
        if panel.kpi == "drop_rate" and verdict.reason is None:
            pairs = zip(place_types, of_sheet, strict=True)
            of_days = [days_of(panels[kind].panel, each) for kind, each in pairs]
            days.append(day_rows(sheet, [each for each in of_days if each is not None]))
    effects = pd.DataFrame(rows).assign(method_version=METHOD_VERSION)
    return effects, pd.concat(days, ignore_index=True)
