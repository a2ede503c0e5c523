"""The stage that dates changes of every KPI, and puts those of one cell and time together.

Changes of the drop rate are those of family changes, with the hours and what load did; here they
are symptoms beside the others.
"""

from collections.abc import Iterator
from functools import partial

import numpy as np
import pandas as pd

from analysis import safety
from analysis.arrays import Floats
from analysis.changes import identity
from analysis.cube import day_values
from analysis.events import merging, moved, searching
from analysis.events.levels import Limits
from analysis.events.searching import Asked, Found
from analysis.inputs import Findings, Inputs
from analysis.rates import kpis
from contracts.kpis import Catalogue
from contracts.kpis import catalogue as kpi_catalogue
from contracts.tables import TABLES, assemble
from ingest.running.workers import each

DROPS = "drop_rate"
"""Its changes are those of table `change_point`."""
MIN_SD = 3.0
_COLUMNS = (
    "prb_dl_used_prb_s",
    "prb_dl_avail_prb_s",
    "covered_s",
    "dl_vol_kbit",
    "rrc_user_s",
    "rrc_covered_s",
    "call_attempts",
)


def find(inputs: Inputs, earlier: Findings) -> Findings:
    """Tables kpi_change and kpi_search.

    `inputs`: without counters both are empty; with the changes of the run before. `earlier`: holds
    `change_point`, of family changes.
    """
    if not inputs.has_counters:
        return Findings({name: assemble([], TABLES[name]) for name in ("kpi_change", "kpi_search")})
    catalogue = kpi_catalogue(inputs.settings.kpi)
    changes, searched = [_of_drops(inputs, earlier.table("change_point"), catalogue)], []
    helpers = moved.helpers_of(_columns(inputs))
    for one in _asked(inputs, catalogue):
        found = _searched(one, inputs)
        rows = moved.moved_by(found.changes, one, helpers)
        changes.append(rows.assign(kpi=one.kpi, change_id=None))
        reasons = found.searched["no_search_reason"].replace("", None)
        searched.append(
            found.searched.assign(
                kpi=one.kpi, no_search_reason=reasons, method_version=_version(one)
            )
        )
    rows = _merged(changes, catalogue, inputs)
    return Findings(
        kpi_change=assemble([rows] if len(rows) else [], TABLES["kpi_change"]),
        kpi_search=assemble(searched, TABLES["kpi_search"]),
    )


def _version(one: Asked) -> str:
    return searching.FAILURES if one.how == "failures" else searching.LEVEL


def _columns(inputs: Inputs) -> dict[str, Floats]:
    days = inputs.table("cell_day")
    values = day_values(days, inputs.counters, *_COLUMNS)
    return dict(zip(_COLUMNS, values, strict=True))


def _asked(inputs: Inputs, catalogue: Catalogue) -> Iterator[Asked]:
    """Each KPI that is searched and whose counters are there, one after the other."""
    counters, days, rows = inputs.counters, inputs.table("cell_day"), inputs.table("kpi")
    absent = frozenset(rows.loc[rows["absent_reason"].notna(), "kpi"])
    where = kpis.place_in(counters, days)
    for kpi, of in catalogue.kpis.items():
        how = catalogue.search(kpi)
        if kpi in absent or kpi == DROPS or how == "none":
            continue
        part = next(kpis.counted(kpi, catalogue, days, where, counters["outage"].shape))
        if not np.isnan(part.numerator).all():
            yield searching.asked(kpi, of, how, (part.numerator, part.denominator), counters)


def _searched(one: Asked, inputs: Inputs) -> Found:
    """The search of one KPI on the workers; the same for any number of them."""
    changes = inputs.settings.changes
    limits = Limits(changes.min_ratio, changes.min_days, MIN_SD)
    task = partial(searching.search, limits=limits)
    label = f"searching days of {one.kpi}"
    parts = searching.parts_of(one)
    return searching.joined(each(inputs.client, task, parts, label=label, progress=inputs.progress))


def _of_drops(inputs: Inputs, changes: pd.DataFrame, catalogue: Catalogue) -> pd.DataFrame:
    """Changes of the drop rate of cells, as symptoms: rows of `change_point` under other names."""
    of_cells = changes[changes["place_type"] == "cell"].reset_index(drop=True)
    part = next(_drops_counted(inputs, catalogue))
    one = searching.asked(
        DROPS,
        catalogue.kpis[DROPS],
        "failures",
        (part.numerator, part.denominator),
        inputs.counters,
    )
    by_date = of_cells.sort_values(["cell_id", "change_utc"], ignore_index=True)
    names = ["cell_id", "change_id", *searching.DATED, "load_share", "method_version"]
    rows = searching.with_values(by_date[names], one)
    # relief is load that went
    causes = {"load": "load", "relief": "load", "other": "other"}
    return rows.assign(kpi=DROPS, moved_by=by_date["attribution"].map(causes), change_sd=np.nan)


def _drops_counted(inputs: Inputs, catalogue: Catalogue) -> Iterator[kpis.Counted]:
    counters, days = inputs.counters, inputs.table("cell_day")
    where = kpis.place_in(counters, days)
    yield from kpis.counted(DROPS, catalogue, days, where, counters["outage"].shape)


def _merged(parts: list[pd.DataFrame], catalogue: Catalogue, inputs: Inputs) -> pd.DataFrame:
    """All changes with their names, events, interventions, and what they can't be trusted for."""
    with_rows = [part for part in parts if len(part)]
    if not with_rows:
        return pd.DataFrame()
    families = {kpi: of.family for kpi, of in catalogue.kpis.items()}
    rows = merging.with_events(pd.concat(with_rows, ignore_index=True), families)
    rows = _named(rows, inputs)
    # an event is called by its first symptom
    rows["event_id"] = rows.groupby("event")["change_id"].transform("first")
    sites = inputs.newest_cells.set_index("cell_id")["site_id"]
    rows["intervention_id"] = identity.interventions_of(rows, inputs.interventions, sites)
    rows["unsafe_reason"] = safety.of_changes(rows, inputs.table("cell_quality"))
    rows["is_worse"] = [
        _is_worse(kpi, direction == "up", catalogue)
        for kpi, direction in zip(rows["kpi"], rows["direction"], strict=True)
    ]
    return rows.drop(columns="event")


def _is_worse(kpi: str, is_up: bool, catalogue: Catalogue) -> bool | None:
    """Whether a change is for the worse; of failures more are, None = it says how much."""
    better = catalogue.kpis[kpi].better
    if better == "neither":
        return None
    if catalogue.search(kpi) == "failures":
        return is_up
    return is_up == (better == "lower")


def _named(rows: pd.DataFrame, inputs: Inputs) -> pd.DataFrame:
    """The changes with change_id and first_reported_utc, kept from the run before."""
    earlier = inputs.table("kpi_change")
    keys = _keyed(rows), _keyed(earlier)
    named = identity.keep_identity(*keys, as_of=inputs.as_of)
    ids = rows["change_id"].where(rows["change_id"].notna(), named["change_id"])
    return rows.assign(change_id=ids, first_reported_utc=named["first_reported_utc"])


def _keyed(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows as changes of one place each: a cell's KPI."""
    return rows.assign(cell_id=rows["cell_id"] + "-" + rows["kpi"], metric=rows["kpi"])
