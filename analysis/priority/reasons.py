"""What to do at a place, and what is seen there, in words: `advice` and `seen` of `priority`."""

from collections.abc import Hashable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from contracts.written import per_cent

TOP = 20
"""Places of a list that count as its first ones."""
# what to do, from this share of load in the drops to avoid on
_ADVICE = (
    (0.65, "Add capacity."),
    (0.35, "Add capacity and find what else raised drops."),
    (-np.inf, "Find what raised drops beside load."),
)
LEAST_DROPS = 1.0
"""Avoidable drops a month below which nothing is advised."""


def advice(place: Mapping[Hashable, Any]) -> str | None:
    """What to do at a place, in one sentence; None where nothing is known to help.

    `place`: drops_avoidable_month and drops_avoidable_load, in drops a month, NaN = not known.
    """
    drops = place["drops_avoidable_month"]
    if not drops >= LEAST_DROPS:
        return None
    load = place["drops_avoidable_load"] / drops
    return next(words for least, words in _ADVICE if load >= least)


def seen(place: Mapping[Hashable, Any], change: Mapping[Hashable, Any], *, zone: str) -> str:
    """What is seen at a place: its drop rate, its worst cell, and since when that drops more.

    `place`: drop_rate, normal_rate, dominant_cell_id, knee_pct (NaN = no knee), min_visible_ratio
    and prb_dl_util_bh_pct (both NaN = not known). `change`: the rise that its dominant cell is
    still in, a row of `change_point`; change_id missing = none. `zone`: dates are of this IANA
    zone.
    """
    rate, normal = place["drop_rate"], place["normal_rate"]
    parts = [f"{_share(rate)} of calls dropped, {times(rate, normal)}the network's "
             f"{_share(normal)}"]  # fmt: skip
    if pd.notna(place["dominant_cell_id"]):
        parts.append(f"mostly in {place['dominant_cell_id']}")
    knee = place.get("knee_pct", np.nan)
    if np.isfinite(knee):
        parts.append(f"which drops more from {knee:.0f} % PRB on")
    if pd.notna(change["change_id"]):
        return ", ".join(parts) + ". " + _rise(change, zone) + "."
    return ", ".join(parts) + ". " + _no_rise(place)


def times(rate: float, normal: float) -> str:
    """How many times the normal rate a rate is, in words; both are shares of calls.

    `rate`, `normal`: 0 to 1; where `normal` is 0 there is no such number.
    """
    return f"{rate / normal:.1f} times " if normal > 0 else "against "


def since(change: Mapping[Hashable, Any], zone: str) -> str:
    """When a place's rise began, and how large it is, in words.

    `change`: as `seen` takes it. `zone`: IANA zone in which the date is given.
    """
    if pd.isna(change["change_id"]):
        return "No rise is dated there"
    return _up(change, zone) + _after(change)


def _share(rate: float) -> str:
    return per_cent(rate, 2)


def _no_rise(place: Mapping[Hashable, Any]) -> str:
    load, least = place["prb_dl_util_bh_pct"], place["min_visible_ratio"]
    full = f"; busy-hour PRB {load:.0f} %" if np.isfinite(load) else ""
    unseen = (
        f"one below ×{least:.1f} could not be seen" if np.isfinite(least) else "none could be seen"
    )
    return f"No rise is dated there ({unseen}){full}."


def _rise(change: Mapping[Hashable, Any], zone: str) -> str:
    text = _up(change, zone)
    before, after = change["prb_before_pct"], change["prb_after_pct"]
    if pd.notna(before) and pd.notna(after):
        text += f", busy-hour PRB {before:.0f} to {after:.0f} %"
    return text + _after(change) + "; " + _due_to(change)


def _up(change: Mapping[Hashable, Any], zone: str) -> str:
    day = pd.Timestamp(str(change["change_utc"])).tz_convert(zone)
    return f"Up ×{change['ratio']:.1f} since {day:%-d %b %Y}"


def _after(change: Mapping[Hashable, Any]) -> str:
    intervention = change["intervention_id"]
    return f", after intervention {intervention}" if pd.notna(intervention) else ""


def _due_to(change: Mapping[Hashable, Any]) -> str:
    """What the rise is due to, with how sure that is, in words."""
    if change["attribution"] == "undecided" and pd.isna(change["p_load"]):
        return "whether due to load is undecided: not tested against load by the hour"
    share = f"load's part {100 * change['load_share']:.0f} %"
    if change["attribution"] == "load":
        return f"due to load ({share})"
    if change["attribution"] == "other":
        return f"mostly not due to load ({share})"
    return f"whether due to load is undecided ({share}, p(load) {100 * change['p_load']:.0f} %)"
