"""Changes of hexagons, where there are no counters: positioned calls with times -> dated changes.

Of a hexagon's local day count the calls that went well or dropped; `daily` searches these days as
it searches a cell's. Nothing is known of load, so attribution is undecided.

The calls are persons'. A change cuts a hexagon's series in levels, and its ratio and drops give
their sums away, beside the sums of months that are published: so all changes of a hexagon leave
together, and only if its months do and each level has enough witnesses in each month, or none.
Means over the days next to a change would be further sums, and are not told.
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

NOTE = "no load is known here: what it is owed to was not tested"
_AS_TOLD = "calls of then are no longer kept; as told by the run of data up to"
_REACH = pd.Timedelta(days=28)
# a cell is one of a hexagon's if it has this part of all that serves it
_SERVES = 0.2


def of_calls(inputs: Inputs) -> pd.DataFrame:
    """Rows of table change_point: what positioned calls show of changes, named and kept."""
    calls = inputs.calls
    if calls.empty:
        return assemble([], TABLES["change_point"])
    rates = call_reports.of_calls(inputs)
    changes = find(calls, rates, inputs.settings, inputs.client, inputs.progress)
    weights, stated = inputs.weights(inputs.settings.grid.level), inputs.table("change_point")
    changes = named(
        changes,
        stated,
        inputs.interventions,
        inputs.newest_cells.set_index("cell_id")["site_id"],
        weights[weights["valid_to"].isna()],
        as_of=inputs.as_of,
    )
    if first := inputs.warehouse.kept_from().get("call"):
        released_before = inputs.warehouse.read("place_rate", days=[RELEASED])
        changes = with_standing(changes, stated, rates, released_before, first)
    return changes.assign(unsafe_reason=safety.of_table(inputs.table("quality"), "call"))


def find(
    calls: pd.DataFrame, rates: pd.DataFrame, settings: Settings, client: Client, progress: Progress
) -> pd.DataFrame:
    """Dated changes of hexagons of the finest level of calls, without name and run.

    `calls`: table `call`. `rates`: their released rates, as of `call_reports.call_reports`.
    """
    level, zone = settings.grid.levels["call"], settings.operator.timezone
    reports = call_reports.reported(calls, level=level, zone=zone)
    reports = reports[reports["hex_id"].isin(_released(rates, level))]
    dated = reports[reports["time_grain"].isin(GRAINS)]
    if dated.empty:
        return assemble([], TABLES["change_point"])
    found = daily.by_day(series(dated, settings.operator), settings, client, progress).changes
    found["hex_id"] = hexgrid.from_text(found["cell_id"])
    known = calls["subscriber_id"].notna().any()
    rule = settings.privacy
    fewest = rule.min_subscribers if known else rule.min_respondents
    return _as_rows(found[may_leave(found, reports, fewest=fewest)])


def _released(rates: pd.DataFrame, level: int) -> pd.Index:
    """Hexagons all of whose months are shown."""
    months = rates[(rates["metric"] == "call_drop_rate") & (rates["level"] == level)]
    shown = (months["shown"] == "shown").groupby(months["hex_id"]).all()
    return shown.index[shown]


def series(reports: pd.DataFrame, operator: Operator) -> xr.Dataset:
    """Days of calls and drops of each hexagon, as the cube that `daily.search` takes.

    A hexagon stands by its text where a cell would; a day without calls is a gap.
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


def may_leave(found: pd.DataFrame, reports: pd.DataFrame, *, fewest: int) -> pd.Series:
    """Which changes leave: their hexagon's levels hold `fewest` witnesses or none in each month.

    `found`: hex_id and change_utc; `reports`: as of `call_reports.reported`. Reports
    whose day is not known belong to no level and count by themselves: a subtraction would give
    them too.
    """
    here = reports[reports["hex_id"].isin(found["hex_id"])]
    begun = found.sort_values("change_utc").groupby("hex_id")["change_utc"]
    fewest_here = {
        place: _fewest_witnesses(at, begun.get_group(place)) for place, at in here.groupby("hex_id")
    }
    return found["hex_id"].map(fewest_here) >= fewest


def _fewest_witnesses(reports: pd.DataFrame, begun: pd.Series) -> int:
    """Of one hexagon's levels, which begin at these instants, in any month."""
    level = begun.searchsorted(reports["start_utc"], side="right")
    level = np.where(reports["time_grain"].isin(GRAINS), level, -1)
    return int(reports.groupby([reports["period_start"], level])["witness"].nunique().min())


def _as_rows(found: pd.DataFrame) -> pd.DataFrame:
    return found.assign(
        place_type="hex", cell_id=None, metric="drop_rate", attribution="undecided",
        attribution_note=NOTE, attempts_before=np.nan, attempts_after=np.nan,
    ).astype({"hex_id": "UInt64"})  # fmt: skip


def named(
    found: pd.DataFrame,
    told: pd.DataFrame,
    works: pd.DataFrame,
    sites: pd.Series,
    weights: pd.DataFrame,
    *,
    as_of: pd.Timestamp,
) -> pd.DataFrame:
    """The changes with the names they had, and the works they follow.

    A work is named if it was done on the cell or site of a footprint (`weights`, of the hexagons'
    level) that makes up a fifth or more of what serves the hexagon. The others: as of `identity`.
    """
    kept = identity.keep_identity(found, told, as_of=as_of)
    shares = weights["weight"] / weights.groupby("hex_id")["weight"].transform("sum")
    serving = weights.loc[shares >= _SERVES, ["hex_id", "cell_id"]].astype({"hex_id": "UInt64"})
    at = kept.drop(columns="cell_id").reset_index().merge(serving, on="hex_id")
    at["work"] = identity.name_works(at, works, sites)
    first = at.dropna(subset=["work"]).drop_duplicates("index").set_index("index")["work"]
    return kept.assign(intervention_id=first.reindex(kept.index), told_utc=as_of)


def with_standing(
    found: pd.DataFrame, told: pd.DataFrame, rates: pd.DataFrame, went: pd.DataFrame, first: str
) -> pd.DataFrame:
    """`found`, and the changes that were told of days that `retain` has taken away since.

    They were released, and stay as they were, like figures of the months that went, while all
    months of their hexagon are shown. `told`: table `change_point` of the run before. `rates` and
    `went`: released rates of months that are kept and that went. `first`: first day that is kept.
    A change up to 28 days later was judged by days that went, too.
    """
    old = told[told["place_type"] == "hex"]
    old = old[old["change_utc"] < pd.Timestamp(first, tz="UTC") + _REACH]
    shown = pd.concat([rates, went])
    hexes = set(went["hex_id"].dropna()) & set(_released(shown, int(shown["level"].max())))
    old = old[old["hex_id"].isin(hexes)]
    day = old["told_utc"].dt.strftime(f"{NOTE}; {_AS_TOLD} %Y-%m-%d")
    fresh = found[~merge.again(found, old, on=["hex_id", "direction"])]
    parts = [part for part in (fresh, old.assign(attribution_note=day)) if len(part)]
    return pd.concat(parts, ignore_index=True) if parts else found
