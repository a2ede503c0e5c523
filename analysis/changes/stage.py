"""The stage that finds changes: settled counters -> dated changes of cells, and what load did.

Hours of load and drops are searched by `hourly`, in the newest days; days before them, and cells
without hours or without PRB, by `daily`, where attribution is undecided. Without counters the
changes are those of hexagons with enough positioned calls (`hexagons`).
"""

from datetime import date

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr

from analysis import safety
from analysis.arrays import Floats, Instants
from analysis.attribution.levers import levers_dataset, unknown
from analysis.attribution.rows import load_moved_by
from analysis.changes import hexagons, hourly, identity, network_note, sector_note, standing
from analysis.changes.daily import by_day
from analysis.changes.merge import joined, merged
from analysis.inputs import Findings, Inputs
from contracts.tables import TABLES, assemble

_BESIDE_DAYS, _DAY = 14, np.timedelta64(24, "h")


def find(inputs: Inputs, earlier: Findings) -> Findings:  # noqa: ARG001 - families are alike
    """Tables change_point, change_day, change_curve and load_response.

    Beside them `visibility`, the smallest rise that could be seen in each cell (cell_id,
    min_visible_ratio; NaN = none), and `levers`, what treating each cell would do. Each change says
    why it can't be trusted, where it rests on data that failed a check. `inputs`: settled tables,
    with the changes of the run before. `earlier`: is not read, as this is the first family.
    """
    if inputs.has_counters:
        findings = _of_cells(inputs)
    else:
        findings = _nothing()
        findings["change_point"] = hexagons.of_calls(inputs)
    changes = findings.table("change_point")
    unsafe = safety.of_changes(changes, inputs.table("cell_quality"))
    findings["change_point"] = changes.assign(unsafe_reason=unsafe)
    return findings


def _of_cells(inputs: Inputs) -> Findings:
    """Changes of every cell, named and with their interventions.

    What hours showed before and no longer can stands as it was reported (`standing`).
    """
    counters = inputs.counters
    days = by_day(counters, inputs.settings, inputs.client, inputs.progress)
    hours = hourly.by_hour(inputs.warehouse, inputs.settings, inputs.client, inputs.progress)
    seen = hours.visibility[hours.visibility["refused"] == ""].set_index("cell_id")
    earlier = standing.earlier_changes(inputs)
    standing_rows = standing.standing_changes(earlier, counters, seen["hours_from_utc"])
    changes = merged(days.changes, hours, standing_rows)
    named = _identified(changes, earlier.changes, inputs)
    changed_days = _of_changes(hours.days, earlier.days, named)
    named["days_hash"] = standing.days_hash(named, changed_days, counters)
    return Findings(
        change_point=named.drop(columns="change"),
        change_day=changed_days,
        change_curve=_of_changes(hours.curves, earlier.curves, named),
        load_response=hours.response.assign(month=_month(counters)),
        visibility=_visibility(seen, days.visibility),
        levers=levers_dataset(hours.levers),
    )


def _visibility(by_hour: pd.DataFrame, by_day: pd.DataFrame) -> pd.DataFrame:
    """The smallest visible rise of each cell: as hours show it, else as days do."""
    fallback = by_day.set_index("cell_id")["min_visible_ratio"]
    smallest = by_hour["min_visible_ratio"].reindex(fallback.index).fillna(fallback)
    return smallest.rename_axis("cell_id").reset_index()


def _month(counters: xr.Dataset) -> date:
    """First day of the month of the last local day; the data may end with the next month's 0:00."""
    newest = pd.Timestamp(counters["day_local"].to_numpy()[-1])
    return newest.replace(day=1).date()


def _identified(changes: pd.DataFrame, earlier: pd.DataFrame, inputs: Inputs) -> pd.DataFrame:
    """The changes with their names, the interventions they follow, and notes.

    `changes`: as of `merged`. `earlier`: table `change_point` of the run before.
    """
    as_of, counters = inputs.as_of, inputs.counters
    cells = inputs.newest_cells.set_index("cell_id")
    changes = changes.assign(metric="drop_rate", place_type="cell")
    changes["stated_utc"] = _reported_last(changes, as_of)
    named = identity.keep_identity(changes, earlier, as_of=as_of)
    for notes in (
        sector_note.notes(named, cells, counters),
        network_note.notes(named, counters.sizes["cell"]),
        standing.notes(named, as_of),
    ):
        named["attribution_note"] = _joined_notes(named["attribution_note"], notes)
    ids = identity.interventions_of(changes, inputs.interventions, cells["site_id"])
    # what moved the load is judged by each day's fullest hour; what is said is the busy hour's
    named = named.assign(intervention_id=ids, load_moved_by=load_moved_by(named))
    return with_busy_hour_load(named, counters)


def with_busy_hour_load(changes: pd.DataFrame, counters: xr.Dataset) -> pd.DataFrame:
    """The changes with the mean PRB % of busy hours in the fortnights before and after.

    `changes`: cell_id, change_utc, ramp_end_utc and until_utc, prb_before_pct and prb_after_pct.
    `counters`: by cell and day. These are the busy hours that lists and histories show. Where none
    is known on one side both figures stay as they are.
    """
    cells = pd.Index(counters["cell_id"].to_numpy())
    used, there = (counters[f"bh_prb_dl_{part}_prb_s"].to_numpy() for part in ("used", "avail"))
    load = 100 * used / np.where(there > 0, there, np.nan)
    starts = counters["day_start_utc"].to_numpy().astype("datetime64[s]")
    whole = changes.assign(ramp_end_utc=changes["ramp_end_utc"].fillna(changes["change_utc"]))
    rows = [
        _beside(load[cell], starts[cell], change) if cell >= 0 else [np.nan, np.nan]
        for cell, change in zip(
            cells.get_indexer(pd.Index(whole["cell_id"])),
            whole[["change_utc", "ramp_end_utc", "until_utc"]].to_numpy(),
            strict=True,
        )
    ]
    columns = ["prb_before_pct", "prb_after_pct"]
    means = pd.DataFrame(rows, changes.index, columns, dtype="float64")
    is_known = means.notna().all(axis=1)
    return changes.assign(**{name: means[name].where(is_known, changes[name]) for name in columns})


def _beside(load: Floats, starts: Instants, change: npt.NDArray[np.object_]) -> list[float]:
    """Mean load of the last whole days before a change, and of the first ones after it."""
    begin, ramp_end, until = (np.datetime64(at.tz_convert(None), "s") for at in change)
    is_before = starts + _DAY <= begin
    is_after = (starts >= ramp_end) & (starts + _DAY <= until)
    sides = load[is_before][-_BESIDE_DAYS:], load[is_after][:_BESIDE_DAYS]
    return [float(np.nanmean(side)) if np.isfinite(side).any() else np.nan for side in sides]


def _reported_last(changes: pd.DataFrame, as_of: pd.Timestamp) -> pd.Series:
    """End of the data of the run whose row it is: of those that stand an earlier one."""
    earlier = changes.get("stated_utc", pd.Series(pd.NaT, changes.index))
    return pd.to_datetime(earlier, utc=True).fillna(as_of).dt.as_unit("us")


def _joined_notes(one: pd.Series, other: pd.Series) -> pd.Series:
    """Both notes in one; missing = neither."""
    both = one.astype("str") + "; " + other.astype("str")
    return both.fillna(one).fillna(other).astype("str")


def _of_changes(rows: pd.DataFrame, earlier: pd.DataFrame, named: pd.DataFrame) -> pd.DataFrame:
    """Rows of days or curves under the names of their changes; of those that stand, `earlier`."""
    names = named.dropna(subset=["change"])[["change", "change_id", "cell_id"]]
    new_rows = rows.join(names.set_index("change"), on="change").dropna(subset=["change_id"])
    standing_names = names.loc[names["change"] < 0, ["change_id", "cell_id"]]
    old_rows = earlier.drop(columns=["cell_id", "run_id"]).merge(standing_names, on="change_id")
    return joined([new_rows.drop(columns="change"), old_rows])


def _nothing() -> Findings:
    """No change of no cell."""
    names = ("change_point", "change_day", "change_curve", "load_response")
    tables = {name: assemble([], TABLES[name]) for name in names}
    visibility = pd.DataFrame({"cell_id": [], "min_visible_ratio": []})
    return Findings(tables, visibility=visibility, levers=levers_dataset(unknown([], "")))
