"""What to look at first: places by drops above the network's normal rate, with the reason in words.

The simple rank of METHODS section 8, (rate - normal rate) x attempts. It says where most calls
could be saved, not yet by what work.
"""

from collections.abc import Hashable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from geo import hexgrid

METHOD_VERSION = "simple-1"


def rank(places: pd.DataFrame, changes: pd.DataFrame, *, zone: str) -> pd.DataFrame:
    """The places by drops_excess_month, worst first, with `rank` and `reason`.

    `places`: place_name, the columns of `network.drop_rates`, dominant_cell_id and the smallest
    rise that could be seen in it, min_visible_ratio (NaN = none). `changes`:
    table `change_point`; a place's change is the rise its dominant cell is still in. Ties go by
    name, so that every run says the same.
    """
    order = ["drops_excess_month", "place_name"]
    ranked = places.sort_values(order, ascending=[False, True], ignore_index=True)
    ranked["rank"] = np.arange(1, len(ranked) + 1)
    lasting = _lasting_rises(changes)
    known = ranked[["dominant_cell_id"]].merge(
        lasting, left_on="dominant_cell_id", right_on="cell_id", how="left"
    )
    ranked[["change_id", "change_utc"]] = known[["change_id", "change_utc"]]
    ranked["reason"] = [
        reason(place, change, zone=zone)
        for place, change in zip(ranked.to_dict("records"), known.to_dict("records"), strict=True)
    ]
    return ranked.assign(method_version=METHOD_VERSION)


def reason(place: Mapping[Hashable, Any], change: Mapping[Hashable, Any], *, zone: str) -> str:
    """Why a place stands where it stands, in one or two sentences."""
    rate, normal = place["drop_rate"], place["normal_rate"]
    parts = [f"{rate:.2%} of calls dropped, {_times(rate, normal)}the network's {normal:.2%}"]
    if pd.notna(place["dominant_cell_id"]):
        parts.append(f"mostly in cell {place['dominant_cell_id']}")
    if pd.notna(change["change_id"]):
        return ", ".join(parts) + ". " + _told(change, zone) + "."
    load = place["prb_dl_util_bh_pct"]
    full = f"; busy-hour PRB {load:.0f} %" if np.isfinite(load) else ""
    least = place["min_visible_ratio"]
    seen = (
        f"one below x{least:.1f} could not be seen" if np.isfinite(least) else "none could be seen"
    )
    return ", ".join(parts) + f". No rise is dated there ({seen}){full}."


def rank_reports(reports: pd.DataFrame) -> pd.DataFrame:
    """Hexagons of the newest month by calls reported dropped above the network's rate.

    For networks of which only crowd reports are known. `reports`: rows of `place_rate` for
    call_drop_rate, with region, lat and lon; what is not released is not ranked. The excess is of
    the reports, not of all calls.
    """
    newest = reports[reports["period_start"] == reports["period_start"].max()]
    shown = newest[newest["shown"] == "shown"]
    if shown.empty:
        return pd.DataFrame()
    normal = shown["numerator"].sum() / shown["denominator"].sum()
    found = shown.rename(
        columns={"value": "drop_rate", "value_lo": "drop_rate_lo", "value_hi": "drop_rate_hi",
                 "numerator": "dropped_calls", "denominator": "call_attempts"}
    ).assign(normal_rate=normal)  # fmt: skip
    for end in ("", "_lo", "_hi"):
        above = found[f"drop_rate{end}"] - normal
        found[f"drops_excess_month{end}"] = above * found["call_attempts"]
    found["place_name"] = hexgrid.as_text(found["hex_id"])
    found = found.sort_values(
        ["drops_excess_month", "place_name"], ascending=[False, True], ignore_index=True
    )
    found["reason"] = [
        f"{rate:.1%} of {n:,.0f} reported calls dropped, {_times(rate, normal)}the network's "
        f"{normal:.1%}. No load and no time of day are known: no cause can be named."
        for rate, n in zip(found["drop_rate"], found["call_attempts"], strict=True)
    ]
    found["rank"] = np.arange(1, len(found) + 1)
    columns = ["rank", "place_type", "hex_id", "level", "place_name", "region", "lat", "lon",
               "period_start", "period_end",
               "call_attempts", "dropped_calls", "drop_rate", "drop_rate_lo", "drop_rate_hi",
               "normal_rate", "drops_excess_month", "drops_excess_month_lo",
               "drops_excess_month_hi", "reason"]  # fmt: skip
    return found[columns].assign(method_version=METHOD_VERSION)


def with_customers(
    places: pd.DataFrame, rates: list[pd.DataFrame], levels: dict[str, int]
) -> pd.DataFrame:
    """The places with `complainants` and `nps` of the coarser hexagon they lie in, as released.

    `rates`: what customers told, rows of `place_rate`.
    """
    columns = ["metric", "outcome_class", "period_start", "level", "hex_id", "numerator", "value",
               "shown"]  # fmt: skip
    parts = [found[columns] for found in rates if "hex_id" in found]
    whole = pd.concat(parts) if parts else pd.DataFrame(columns=columns, dtype="object")
    whole["metric"] = whole["metric"].astype("str")
    network = whole[whole["metric"].str.startswith("complaints_")]
    network = network[network["level"] == levels["complaint"]]
    complaints = _newest(network[network["outcome_class"] == "network"])
    nps = _newest(whole[(whole["metric"] == "nps") & (whole["level"] == levels["nps"])])
    told = complaints["numerator"].map("{:.0f}".format).where(complaints["shown"] == "shown", "<5")
    told = told.where(complaints["shown"] != "hidden")
    return places.assign(
        complainants=_of_parent(places["hex_id"], told, levels["complaint"]),
        nps=_of_parent(places["hex_id"], nps["value"], levels["nps"]),
    )


def _newest(found: pd.DataFrame) -> pd.DataFrame:
    newest = found[found["period_start"] == found["period_start"].max()]
    return newest.drop_duplicates("hex_id").set_index("hex_id")


def _of_parent(hexes: pd.Series, values: pd.Series, level: int) -> pd.Series:
    known = hexes.notna()
    parent = pd.Series(hexgrid.parents(hexes[known], level=level), index=hexes.index[known])
    return parent.map(values).reindex(hexes.index)


def _times(rate: float, normal: float) -> str:
    return f"{rate / normal:.1f} x " if normal > 0 else "against "


def _lasting_rises(changes: pd.DataFrame) -> pd.DataFrame:
    last = changes.sort_values(["cell_id", "change_utc"]).drop_duplicates("cell_id", keep="last")
    return last[last["direction"] == "up"]


def _told(change: Mapping[Hashable, Any], zone: str) -> str:
    since = pd.Timestamp(str(change["change_utc"])).tz_convert(zone)
    text = f"Up x{change['ratio']:.1f} since {since:%-d %b %Y}"
    before, after = change["prb_before_pct"], change["prb_after_pct"]
    if pd.notna(before) and pd.notna(after):
        text += f", busy-hour PRB {before:.0f} to {after:.0f} %"
    if pd.notna(change["intervention_id"]):
        text += f", after work {change['intervention_id']}"
    return text + "; " + _owed(change)


def _owed(change: Mapping[Hashable, Any]) -> str:
    """What the rise is owed to, with how sure that is, in words."""
    if change["attribution"] == "undecided" and pd.isna(change["p_load"]):
        return "cause undecided, not tested against load by the hour"
    share = f"load's part {change['load_share']:.0%}, p(load) {change['p_load']:.2f}"
    told = {"load": "owed to load", "other": "mostly not load"}
    return f"{told.get(change['attribution'], 'load or not is undecided')} ({share})"
