"""What to do first: places by the drops that treating them would spare, with the reason in words.

METHODS section 8. Beside it stands the simple rank, (rate - normal rate) x attempts: it says where
most calls drop, not whether any work would help.
"""

from collections.abc import Hashable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.arrays import Floats
from analysis.association import per_drop
from analysis.association.per_drop import Slopes
from analysis.benefit import tables
from analysis.benefit.gain import Gain
from analysis.uncertainty.draws import with_interval
from geo import hexgrid

SIMPLE = "simple-1"
TOP = 20
# what to do, from this share of load in the drops to avoid on
_WORKS = (
    (0.65, "Add capacity"),
    (0.35, "Add capacity and find what else raised drops"),
    (-np.inf, "Find what raised drops beside load"),
)
LEAST_DROPS = 1.0


def rank(
    places: pd.DataFrame, gain: Gain, changes: pd.DataFrame, slopes: Slopes, *, zone: str
) -> pd.DataFrame:
    """The places by what treating them would spare, with their ranks, parts and `reason`.

    `places`: place_name, the columns of `network.drop_rates`, persons_at_most (NaN = not known),
    dominant_cell_id and what is known of that cell: the smallest rise that could be seen in it,
    min_visible_ratio, its knee_pct (both NaN = none). `gain`: of the same places. `changes`: table
    `change_point`; a place's change is the rise its dominant cell is still in. Places of which no
    benefit is known come last, by their excess drops, and so go ties, then by name: every run says
    the same.
    """
    at_most = places["persons_at_most"].to_numpy(float)
    found = places.assign(
        drops_avoidable_load=gain.by_load.round(6),
        drops_avoidable_other=gain.by_other.round(6),
        n_cells_unknown=gain.n_unknown,
        **with_interval("drops_avoidable_month", gain.expected, gain.drops),
        **per_drop.following(gain.expected, gain.drops, slopes, at_most),
        **rank_intervals(gain.expected, gain.drops),
    )
    simple = found.sort_values(["drops_excess_month", "place_name"], ascending=[False, True])
    found["simple_rank"] = pd.Series(np.arange(1, len(found) + 1), index=simple.index)
    # both parts unknown sort last
    ranked = found.sort_values(
        ["drops_avoidable_month", "simple_rank"], ascending=[False, True], ignore_index=True
    )
    ranked["rank"] = np.arange(1, len(ranked) + 1)
    known = ranked[["dominant_cell_id"]].merge(
        _lasting_rises(changes, "cell_id"),
        left_on="dominant_cell_id",
        right_on="cell_id",
        how="left",
    )
    ranked[["change_id", "change_utc"]] = known[["change_id", "change_utc"]]
    ranked["reason"] = [
        reason(place, change, zone=zone)
        for place, change in zip(ranked.to_dict("records"), known.to_dict("records"), strict=True)
    ]
    return ranked.assign(method_version=tables.METHOD_VERSION)


def rank_intervals(expected: Floats, draws: Floats) -> dict[str, Floats]:
    """Rank's 90 % interval and P(among the first 20), over draws, (place, draw); NaN = not known.

    Of no more places than 20 each is among them: that tells nothing, and is not told.
    """
    known = np.flatnonzero(~np.isnan(expected))
    low, high, top = (np.full(len(expected), np.nan) for _ in range(3))
    if len(known):
        order = np.argsort(-draws[known], axis=0, kind="stable")
        ranks = np.empty_like(order)
        np.put_along_axis(ranks, order, np.arange(1, len(known) + 1)[:, None], axis=0)
        low[known] = np.quantile(ranks, 0.05, axis=1, method="lower")
        high[known] = np.quantile(ranks, 0.95, axis=1, method="higher")
        if len(known) > TOP:
            top[known] = (ranks <= TOP).mean(axis=1)
    return {"rank_lo": low, "rank_hi": high, "p_top20": top}


def top_of(names: npt.NDArray[np.generic], gain: Gain) -> set[Any]:
    """Names of the first 20 places with the most expected gain."""
    expected = np.nan_to_num(gain.expected, nan=-1.0)
    order = np.lexsort((names, -expected.round(6)))
    return set(names[order[:TOP]].tolist())


# --- in words ---------------------------------------------------------------------------------


def reason(place: Mapping[Hashable, Any], change: Mapping[Hashable, Any], *, zone: str) -> str:
    """Why a place stands where it stands: what to do, what it would spare, and what is seen."""
    return _advice(place) + _seen(place, change, zone)


def _advice(place: Mapping[Hashable, Any]) -> str:
    """What to do and what for; empty where no benefit is known or there is none to speak of."""
    drops = place["drops_avoidable_month"]
    if not drops >= LEAST_DROPS:
        return ""
    load = place["drops_avoidable_load"] / drops
    what = next(words for least, words in _WORKS if load >= least)
    told = f"{what}: about {_amount(place, 'drops_avoidable_month')} dropped calls a month fewer"
    if pd.notna(place["p_top20"]):
        told += f", {_sure(place['p_top20'])} sure to be in the first {TOP}"
    # only who is surely there is told in words; detractors are who there are, not who comes
    persons = [
        f"{_amount(place, column)} {who}"
        for column, who in (("complainants_avoided", "complainants a month"),
                            ("detractors_avoided", "detractors"))
        if place.get(f"{column}_lo", np.nan) >= 1
    ]  # fmt: skip
    return f"{told}; provisionally {' and '.join(persons)}. " if persons else f"{told}. "


def _sure(p: float) -> str:
    """A share of draws, of which no number makes anything certain."""
    return "over 99 %" if p > 0.995 else f"{100 * p:.0f} %"


def _amount(place: Mapping[Hashable, Any], name: str) -> str:
    low, high = place[f"{name}_lo"], place[f"{name}_hi"]
    return f"{place[name]:,.0f} ({low:,.0f} to {high:,.0f})"


def _seen(place: Mapping[Hashable, Any], change: Mapping[Hashable, Any], zone: str) -> str:
    rate, normal = place["drop_rate"], place["normal_rate"]
    parts = [f"{_share(rate)} of calls dropped, {_times(rate, normal)}the network's "
             f"{_share(normal)}"]  # fmt: skip
    if pd.notna(place["dominant_cell_id"]):
        parts.append(f"mostly in {place['dominant_cell_id']}")
    knee = place.get("knee_pct", np.nan)
    if np.isfinite(knee):
        parts.append(f"which drops more from {knee:.0f} % PRB on")
    if pd.notna(change["change_id"]):
        return ", ".join(parts) + ". " + _told(change, zone) + "."
    load = place["prb_dl_util_bh_pct"]
    full = f"; busy-hour PRB {load:.0f} %" if np.isfinite(load) else ""
    least = place["min_visible_ratio"]
    seen = (
        f"one below ×{least:.1f} could not be seen" if np.isfinite(least) else "none could be seen"
    )
    return ", ".join(parts) + f". No rise is dated there ({seen}){full}."


def rank_reports(reports: pd.DataFrame, changes: pd.DataFrame, *, zone: str) -> pd.DataFrame:
    """Hexagons of the newest month by calls reported dropped above the network's rate.

    For networks of which only crowd reports are known. `reports`: rows of `place_rate` for
    call_drop_rate, with region, lat and lon; what is not released is not ranked. The excess is of
    the reports, not of all calls. `changes`: table `change_point`, of hexagons; a place's change is
    the rise it is still in.
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
    known = found[["hex_id"]].merge(_lasting_rises(changes, "hex_id"), on="hex_id", how="left")
    found[["change_id", "change_utc"]] = known[["change_id", "change_utc"]]
    found["reason"] = [
        f"{100 * place['drop_rate']:.1f} % of {place['call_attempts']:,.0f} reported calls "
        f"dropped, {_times(place['drop_rate'], normal)}the network's {100 * normal:.1f} %. "
        f"{_since(change, zone)}: no load is known, no cause can be named."
        for place, change in zip(found.to_dict("records"), known.to_dict("records"), strict=True)
    ]
    found["rank"] = np.arange(1, len(found) + 1)
    columns = ["rank", "place_type", "hex_id", "level", "place_name", "region", "lat", "lon",
               "period_start", "period_end",
               "call_attempts", "dropped_calls", "drop_rate", "drop_rate_lo", "drop_rate_hi",
               "normal_rate", "drops_excess_month", "drops_excess_month_lo",
               "drops_excess_month_hi", "change_id", "change_utc", "reason"]  # fmt: skip
    return found[columns].assign(simple_rank=found["rank"], method_version=SIMPLE)


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


def _share(rate: float) -> str:
    return f"{100 * rate:.2f} %"


def _times(rate: float, normal: float) -> str:
    return f"{rate / normal:.1f} times " if normal > 0 else "against "


def _lasting_rises(changes: pd.DataFrame, place: str) -> pd.DataFrame:
    last = changes.sort_values([place, "change_utc"]).drop_duplicates(place, keep="last")
    return last[last["direction"] == "up"]


def _since(change: Mapping[Hashable, Any], zone: str) -> str:
    if pd.isna(change["change_id"]):
        return "No rise is dated there"
    return _up(change, zone) + _after_work(change)


def _up(change: Mapping[Hashable, Any], zone: str) -> str:
    since = pd.Timestamp(str(change["change_utc"])).tz_convert(zone)
    return f"Up ×{change['ratio']:.1f} since {since:%-d %b %Y}"


def _after_work(change: Mapping[Hashable, Any]) -> str:
    work = change["intervention_id"]
    return f", after work {work}" if pd.notna(work) else ""


def _told(change: Mapping[Hashable, Any], zone: str) -> str:
    text = _up(change, zone)
    before, after = change["prb_before_pct"], change["prb_after_pct"]
    if pd.notna(before) and pd.notna(after):
        text += f", busy-hour PRB {before:.0f} to {after:.0f} %"
    return text + _after_work(change) + "; " + _owed(change)


def _owed(change: Mapping[Hashable, Any]) -> str:
    """What the rise is owed to, with how sure that is, in words."""
    if change["attribution"] == "undecided" and pd.isna(change["p_load"]):
        return "cause undecided, not tested against load by the hour"
    share = f"load's part {100 * change['load_share']:.0f} %"
    if change["attribution"] not in ("load", "other"):
        return f"load or not is undecided ({share}, p(load) {100 * change['p_load']:.0f} %)"
    told = {"load": "owed to load", "other": "mostly not load"}
    return f"{told[change['attribution']]} ({share})"
