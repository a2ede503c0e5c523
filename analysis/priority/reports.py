"""Hexagons ranked by what callers reported, where there are no counters."""

import numpy as np
import pandas as pd

from analysis.priority.rank import lasting_rises
from analysis.priority.reasons import since, times
from contracts.settings.sections import Settings
from contracts.written import per_cent
from geo import hexgrid

SIMPLE = "simple-1"


def rank_places(
    rates: pd.DataFrame, changes: pd.DataFrame, hexes: pd.DataFrame, settings: Settings
) -> pd.DataFrame:
    """Hexagons ranked by what callers reported of the network.

    `rates`: table `place_rate`. `changes`: table `change_point`, of hexagons. `hexes`: table
    `hex_place`. `settings`: the level of calls and the operator's zone. Without rows where nothing
    was reported.
    """
    reported = rates[
        (rates["metric"] == "call_drop_rate") & (rates["level"] == settings.grid.levels["call"])
    ]
    if reported.empty:
        return pd.DataFrame()
    places = hexes[["hex_id", "region", "lat", "lon"]].astype({"hex_id": "UInt64"})
    placed = reported.drop(columns="region").merge(places, on="hex_id", how="left")
    network = rates[(rates["metric"] == "call_drop_rate") & (rates["place_type"] == "network")]
    whole = pd.concat([placed, network[network["shown"] == "shown"]], ignore_index=True)
    return rank_reports(whole, changes, zone=settings.operator.timezone)


def rank_reports(reports: pd.DataFrame, changes: pd.DataFrame, *, zone: str) -> pd.DataFrame:
    """Hexagons of the newest month by calls reported dropped above the network's rate.

    For networks of which only crowd reports are known. `reports`: rows of `place_rate` for
    call_drop_rate, with region, lat and lon, and the network's; what is not released is not ranked.
    Where the network's is not, its rate is that of all hexagons shown. The excess is of the
    reports, not of all calls. `changes`: table `change_point`, of hexagons; a place's change is
    the rise it is still in. `zone`: IANA zone of the operator.
    """
    is_hex = reports["place_type"] == "hex"
    newest = reports[reports["period_start"] == reports.loc[is_hex, "period_start"].max()]
    newest = newest[newest["shown"] == "shown"]
    shown, network = (newest[newest["place_type"] == kind] for kind in ("hex", "network"))
    if shown.empty:
        return pd.DataFrame()
    whole = network if len(network) else shown
    normal = whole["numerator"].sum() / whole["denominator"].sum()
    listed = shown.rename(
        columns={"value": "drop_rate", "value_lo": "drop_rate_lo", "value_hi": "drop_rate_hi",
                 "numerator": "dropped_calls", "denominator": "call_attempts"}
    ).assign(normal_rate=normal)  # fmt: skip
    for end in ("", "_lo", "_hi"):
        above = listed[f"drop_rate{end}"] - normal
        listed[f"drops_excess_month{end}"] = above * listed["call_attempts"]
    listed["place_name"] = hexgrid.as_text(listed["hex_id"])
    listed = listed.sort_values(
        ["drops_excess_month", "place_name"], ascending=[False, True], ignore_index=True
    )
    rises = listed[["hex_id"]].merge(lasting_rises(changes, "hex_id"), on="hex_id", how="left")
    listed[["change_id", "change_utc"]] = rises[["change_id", "change_utc"]]
    listed["seen"] = [
        f"{per_cent(place['drop_rate'], 1)} of {place['call_attempts']:,.0f} reported calls "
        f"dropped, {times(place['drop_rate'], normal)}the network's {per_cent(normal, 1)}. "
        f"{since(rise, zone)}: no load is known, no cause can be named."
        for place, rise in zip(listed.to_dict("records"), rises.to_dict("records"), strict=True)
    ]
    listed["rank"] = np.arange(1, len(listed) + 1)
    columns = ["rank", "place_type", "hex_id", "level", "place_name", "region", "lat", "lon",
               "period_start", "period_end",
               "call_attempts", "dropped_calls", "drop_rate", "drop_rate_lo", "drop_rate_hi",
               "normal_rate", "drops_excess_month", "drops_excess_month_lo",
               "drops_excess_month_hi", "change_id", "change_utc", "seen"]  # fmt: skip
    return listed[columns].assign(
        shown_hex_id=listed["hex_id"], simple_rank=listed["rank"], method_version=SIMPLE
    )
