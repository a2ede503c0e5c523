"""The sentences that say why a place is on the list."""

from collections.abc import Hashable, Mapping
from typing import Any

import numpy as np
import pandas as pd

TOP = 20
# what to do, from this share of load in the drops to avoid on
_WORKS = (
    (0.65, "Add capacity"),
    (0.35, "Add capacity and find what else raised drops"),
    (-np.inf, "Find what raised drops beside load"),
)
LEAST_DROPS = 1.0


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
    parts = [f"{_share(rate)} of calls dropped, {times(rate, normal)}the network's "
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


def _share(rate: float) -> str:
    return f"{100 * rate:.2f} %"


def times(rate: float, normal: float) -> str:
    """How many times the normal rate a rate is, in words."""
    return f"{rate / normal:.1f} times " if normal > 0 else "against "


def since(change: Mapping[Hashable, Any], zone: str) -> str:
    """When a place's rise began, and how large it is, in words."""
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
