"""Changes of hexagons, where there are no counters: positioned calls with times -> dated changes.

Of a hexagon's local day count the calls that went well or dropped; `daily` searches these days as
it searches a cell's. Nothing is known of load, so attribution is undecided.

The calls are persons'. A change cuts a hexagon's series in segments, and its ratio and drops give
their sums away, beside the sums of months that are published: so all changes of a hexagon leave
together, and only if its months do and each segment has enough witnesses in each month, or none.
Means over the days next to a change would be further sums, and are left out.
"""

import numpy as np
import pandas as pd
import xarray as xr
from dask.distributed import Client

from analysis import cube, safety
from analysis.changes import daily, identity, merge
from analysis.inputs import Inputs
from analysis.rates import call_reports
from contracts.settings.sections import Operator, Settings
from contracts.tables import TABLES, assemble
from geo import hexgrid
from ingest.clock import wall_clock
from ingest.running.workers import Progress
from ingest.warehouse.retain import RELEASED

GRAINS = ("instant", "hour", "day")
"""How exactly the time of a call must be known for its day to be searched."""

NOTE = "no load is known here: what it is due to was not tested"
_STANDS = "calls of then are no longer kept; as reported by the run of data up to"
_REACH = pd.Timedelta(days=28)
# a cell is one of a hexagon's if it has this part of all that serves it
_SERVES = 0.2


def of_calls(inputs: Inputs) -> pd.DataFrame:
    """Rows of table change_point: what positioned calls show of changes, named and kept.

    `inputs`: with table `call`; where it is empty there are no rows.
    """
    calls = inputs.calls
    if calls.empty:
        return assemble([], TABLES["change_point"])
    rates = call_reports.of_calls(inputs)
    settings = inputs.settings
    rule = inputs.leaving("call").rule(settings.privacy)
    settings = settings.model_copy(update={"privacy": rule})
    changes = hexagon_changes(calls, rates, settings, inputs.client, inputs.progress)
    weights, earlier = inputs.weights(inputs.settings.grid.level), inputs.table("change_point")
    changes = named(
        changes,
        earlier,
        inputs.interventions,
        inputs.newest_cells.set_index("cell_id")["site_id"],
        weights[weights["valid_to"].isna()],
        as_of=inputs.as_of,
    )
    if first := inputs.warehouse.kept_from().get("call"):
        released_before = inputs.warehouse.read("place_rate", days=[RELEASED])
        level = inputs.settings.grid.levels["call"]
        changes = with_standing(changes, earlier, rates, released_before, first, level=level)
    return changes.assign(unsafe_reason=safety.of_table(inputs.table("quality"), "call"))


def hexagon_changes(
    calls: pd.DataFrame, rates: pd.DataFrame, settings: Settings, client: Client, progress: Progress
) -> pd.DataFrame:
    """Dated changes of hexagons of the finest level of calls, without name and run.

    `calls`: table `call`. `rates`: their released rates, as of `call_reports.call_reports`.
    `settings`: levels, zone, rest days and the release rule. `client`, `progress`: as of
    `daily.by_day`.
    """
    level, zone = settings.grid.levels["call"], settings.operator.timezone
    reports = call_reports.reported(calls, level=level, zone=zone)
    reports = reports[reports["hex_id"].isin(_released(rates, level))]
    # a change would tell of the days of a month that has not left
    reports = reports[reports["period_start"].isin(rates["period_start"])]
    dated = reports[reports["time_grain"].isin(GRAINS)]
    if dated.empty:
        return assemble([], TABLES["change_point"])
    days = series(dated, settings.operator)
    changes = daily.by_day(days, settings, client, progress).changes
    changes["hex_id"] = hexgrid.from_text(changes["cell_id"])
    has_subscribers = calls["subscriber_id"].notna().any()
    rule = settings.privacy
    fewest = rule.min_subscribers if has_subscribers else rule.min_respondents
    return _as_rows(changes[may_leave(changes, reports, fewest=fewest)])


def _released(rates: pd.DataFrame, level: int) -> pd.Index:
    """Hexagons all of whose months are shown."""
    months = rates[(rates["metric"] == "call_drop_rate") & (rates["level"] == level)]
    is_shown = (months["shown"] == "shown").groupby(months["hex_id"]).all()
    return is_shown.index[is_shown]


def series(reports: pd.DataFrame, operator: Operator) -> xr.Dataset:
    """Days of calls and drops of each hexagon, as the cube that `daily.search` takes.

    `operator`: gives the zone and rest days. `reports`: as of `call_reports.reported`. A hexagon
    stands by its text where a cell would; a day without calls is a gap.
    """
    clock = wall_clock(reports["start_utc"], operator.timezone)
    by_day = reports.groupby(["hex_id", clock.dt.date.rename("day_local")])["dropped"]
    days = by_day.agg(call_attempts="size", dropped_calls="sum").reset_index()
    return cube.of_cell_days(
        assemble([days.assign(cell_id=hexgrid.as_text(days["hex_id"]))], TABLES["cell_day"]),
        zones=operator.timezone,
        outages=assemble([], TABLES["outage"]),
        weekend=operator.weekend,
        country=operator.country,
        subdivision=operator.subdivision,
    )


def may_leave(changes: pd.DataFrame, reports: pd.DataFrame, *, fewest: int) -> pd.Series:
    """Which changes leave: their hexagon's segments hold `fewest` witnesses or none in each month.

    `changes`: hex_id and change_utc; `reports`: as of `call_reports.reported`. Reports whose day is
    not known belong to no segment and count by themselves: a subtraction would give them too.
    """
    of_hexes = reports[reports["hex_id"].isin(changes["hex_id"])]
    dates = changes.sort_values("change_utc").groupby("hex_id")["change_utc"]
    n_witnesses = {
        hex_id: _fewest_witnesses(rows, dates.get_group(hex_id))
        for hex_id, rows in of_hexes.groupby("hex_id")
    }
    return changes["hex_id"].map(n_witnesses) >= fewest


def _fewest_witnesses(reports: pd.DataFrame, dates: pd.Series) -> int:
    """Of one hexagon's segments, which begin at these dates, in any month."""
    segment = dates.searchsorted(reports["start_utc"], side="right")
    segment = np.where(reports["time_grain"].isin(GRAINS), segment, -1)
    return int(reports.groupby([reports["period_start"], segment])["witness"].nunique().min())


def _as_rows(changes: pd.DataFrame) -> pd.DataFrame:
    """Changes of series as rows of `change_point` of hexagons."""
    rows = changes.assign(
        place_type="hex",
        cell_id=None,
        metric="drop_rate",
        attribution="undecided",
        attribution_note=NOTE,
        attempts_before=np.nan,
        attempts_after=np.nan,
    )
    return rows.astype({"hex_id": "UInt64"})


def named(
    changes: pd.DataFrame,
    earlier: pd.DataFrame,
    interventions: pd.DataFrame,
    sites: pd.Series,
    weights: pd.DataFrame,
    *,
    as_of: pd.Timestamp,
) -> pd.DataFrame:
    """The changes with the names they had, and the interventions they follow.

    `changes`: rows of `change_point` with hex_id. An intervention is named if it was done on the
    cell or site of a footprint (`weights`, of the hexagons' level) that makes up a fifth or more of
    what serves the hexagon. `earlier`: table `change_point` of the run before. `interventions`:
    table `intervention`. `sites`: site of each cell by cell_id; missing = none. `as_of`: end of the
    data of this run, in UTC.
    """
    rows = identity.keep_identity(changes, earlier, as_of=as_of)
    shares = weights["weight"] / weights.groupby("hex_id")["weight"].transform("sum")
    serving = weights.loc[shares >= _SERVES, ["hex_id", "cell_id"]].astype({"hex_id": "UInt64"})
    # each change once for every cell that serves its hexagon
    of_cells = rows.drop(columns="cell_id").reset_index().merge(serving, on="hex_id")
    of_cells["intervention"] = identity.interventions_of(of_cells, interventions, sites)
    with_one = of_cells.dropna(subset=["intervention"]).drop_duplicates("index")
    ids = with_one.set_index("index")["intervention"]
    return rows.assign(intervention_id=ids.reindex(rows.index), stated_utc=as_of)


def with_standing(
    changes: pd.DataFrame,
    earlier: pd.DataFrame,
    rates: pd.DataFrame,
    removed_rates: pd.DataFrame,
    first_day: str,
    *,
    level: int,
) -> pd.DataFrame:
    """The changes, and those that were reported of days that `retain` has removed since.

    They were released, and stay as they were, like figures of the months removed, while all months
    of their hexagon are shown. `changes`: of this run, as of `named`. `earlier`: table
    `change_point` of the run before. `rates` and `removed_rates`: released rates of months that are
    kept and of those removed; either may have no rows. `first_day`: that is kept. `level`: the
    finest that calls are rated on. A change up to 28 days later was judged by days removed, too.
    """
    old = earlier[earlier["place_type"] == "hex"]
    old = old[old["change_utc"] < pd.Timestamp(first_day, tz="UTC") + _REACH]
    released_hexes = set(_released(pd.concat([rates, removed_rates]), level))
    hexes = set(removed_rates["hex_id"].dropna()) & released_hexes
    old = old[old["hex_id"].isin(hexes)]
    notes = old["stated_utc"].dt.strftime(f"{NOTE}; {_STANDS} %Y-%m-%d")
    new = changes[~merge.again(changes, old, on=["hex_id", "direction"])]
    parts = [part for part in (new, old.assign(attribution_note=notes)) if len(part)]
    return pd.concat(parts, ignore_index=True) if parts else changes
